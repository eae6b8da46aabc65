"""`oxcare`: the commands put together, errors shown as one paragraph."""

import gc
import os
import sys
from pathlib import Path

import typer

from oxcare_analysis.cli import (
    calibrate,
    changes,
    data,
    disclose,
    figure,
    lab,
    ledger,
    local,
    refresh,
    simulate,
    statements,
    update,
    verdicts,
)
from oxcare_analysis.words.errors import OxcareError

GARBAGE_SELDOM = (
    50_000,
    20,
    100,
)  # new objects, and rounds, before garbage is looked for: 70, 2 and 10 times the usual

app = typer.Typer(
    help=(
        "Why are more children on child protection plans? Four hypotheses tested on published"
        " figures."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(data.app, name="data", help="Take in, build and check published figures.")
data.app.command("update")(update.command)
data.app.command("changes")(changes.command)
app.add_typer(local.app, name="local", help="Take in an authority's own records, or simulate some.")
app.command("ledger")(ledger.command)
app.command("verdicts")(verdicts.command)
app.command("statements")(statements.command)
app.command("figure")(figure.command)
app.command("refresh")(refresh.command)
app.command("lab")(lab.command)
app.command("calibrate")(calibrate.command)
app.command("simulate")(simulate.command)
app.add_typer(disclose.app, name="disclose", help="Check what a report gives away about children.")


def main() -> None:
    """Run the command line; exit 0 done, 2 bad usage, 3 bad data, 4 a run failed."""
    # Nearly all that is imported and loaded stays to the end: looking through it for garbage took a
    # fifth of the time.
    gc.set_threshold(*GARBAGE_SELDOM)
    # The models work on small matrices in several processes: more threads than cores make each six
    # times slower.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Windows consoles may not be UTF-8; a report's arrow must not stop a command.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        app()
    except OxcareError as problem:
        # What a file or its name holds must not move the cursor or begin a paragraph of its own.
        print(
            "oxcare: " + "".join(c if c.isprintable() else " " for c in str(problem)),
            file=sys.stderr,
        )
        sys.exit(problem.exit_code)
    except (
        OSError
    ) as problem:  # a full disk, a folder that may not be written, a lock that is never let go
        named = f" ({Path(problem.filename).name})" if isinstance(problem.filename, str) else ""
        print(
            f"oxcare: {type(problem).__name__}: {problem.strerror or problem}{named}. Nothing was"
            " published or changed; see to the reason and run again.",
            file=sys.stderr,
        )
        sys.exit(4)
