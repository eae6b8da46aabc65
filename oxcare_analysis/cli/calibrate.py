"""`oxcare calibrate`: how often the verdicts are wrong, on worlds with a known cause."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from oxcare_analysis.cli.options import Json, print_json
from oxcare_analysis.words import durable
from oxcare_analysis.words.errors import UsageError


def command(
    worlds: Annotated[
        int, typer.Option(help="About how many worlds a seed; at least one a condition.")
    ] = 2600,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Default: the seeds fixed for reporting.")
    ] = None,
    workers: Annotated[int, typer.Option(help="Processes at a time.")] = 2,
    rows: Annotated[
        Path | None, typer.Option(help="Also write a row a world and hypothesis, as CSV.")
    ] = None,
    page: Annotated[bool, typer.Option("--page", help="Also write docs/calibration.md.")] = False,
    as_json: Json = False,
) -> None:
    """Run the package on simulated authorities and measure its error rates."""
    import pandas as pd

    from oxcare_analysis.calibration import page as pages
    from oxcare_analysis.calibration import run, summary

    if worlds < 1 or workers < 1:
        raise UsageError(
            f"{worlds} worlds with {workers} workers cannot be run; expected at least one of each."
        )
    for path in ([rows] if rows else []) + ([pages.PAGE] if page else []):
        if not path.resolve().parent.is_dir():  # not after the worlds have been run
            raise UsageError(
                f"{path.name} cannot be written: there is no folder {path.resolve().parent.name}. "
                "Make it first."
            )
    seeds = run.REPORTING_SEEDS if seed is None else (seed,)
    runs = [
        run.calibrate(worlds, one, workers, lambda line: print(line, file=sys.stderr, flush=True))
        for one in seeds
    ]
    found, simulated = pd.concat([rows for rows, _ in runs], ignore_index=True), runs[0][1]
    result, count = summary.summary(found), int(found["world"].nunique())
    if rows:
        durable.write(rows, found.to_csv(index=False, lineterminator="\n"))
    if page:
        from oxcare_analysis import door

        real = {
            window: door.everywhere(door.load(door.DEFAULT_AREA, *window))
            for window in pages.REAL_WINDOWS
        }
        pages.write(
            pages.text(result, count, seeds, door.load().noise, simulated, real),
            pages.pictures(result),
        )
    if as_json:
        records = result.astype(object).where(result.notna(), None).to_dict("records")
        print_json(
            {
                "schema": 1,
                "seed": seeds[0],
                "seeds": seeds,
                "worlds": count,
                "requirements": records,
            }
        )
        return
    with pd.option_context(
        "display.width", 250, "display.max_colwidth", 80, "display.max_rows", None
    ):
        print(result.round(3).to_string(index=False))
