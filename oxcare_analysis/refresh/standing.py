"""What stands in the folder of reports: the one before, the swap of a finished one into place, the
day last checked.
"""

import json
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from oxcare_analysis.intake.areas import plain
from oxcare_analysis.words import durable, swap
from oxcare_analysis.words.errors import RunError

# Windows keeps these names for devices, in any folder and with any ending.
DEVICES = re.compile(r"con|prn|aux|nul|(com|lpt)\d")
PARTIAL = ".partial-"
FOLDER = re.compile(r"[a-z0-9-]+")
MONTHS, MONTH = (
    "[0-9][0-9][0-9][0-9]-[0-9][0-9]",
    r"\d{4}-(0[1-9]|1[0-2])",
)  # of folders, of what a report says


def slug(name: str) -> str:
    """A folder name: ASCII lower case, other characters to '-'; never a name that Windows keeps for
    a device.
    """
    found = re.sub(r"[^a-z0-9]+", "-", plain(name)).strip("-") or "area"
    return f"{found}-area" if DEVICES.fullmatch(found) else found


@contextmanager
def held(out: Path) -> Iterator[None]:
    """The folder of reports, this command's alone: made where it is missing, what a killed one left
    put right.

    Another command that writes to it is waited for. What the system refuses is raised as one
    paragraph: UsageError where the folder cannot be written to, RunError where the disk is full.
    """
    with refusing(out):
        out.mkdir(parents=True, exist_ok=True)
        with durable.lock(out / ".lock", f"{out.name}/"):
            durable.LOG.debug("publish: locked")
            settle(out)
            yield


def refusing(out: Path) -> AbstractContextManager:
    """What the system refuses in the folder of reports, told as durable.refusing tells it."""
    return durable.refusing(f"The folder of reports {out.name}/", "--out")


def scratch(out: Path) -> TemporaryDirectory:
    """A folder beside the reports in which one is made; it goes when the report is in place, or by
    the next command.
    """
    return TemporaryDirectory(dir=out, prefix=PARTIAL, ignore_cleanup_errors=True)


def settle(out: Path) -> None:
    """Carry an interrupted swap to its end and take away what no command works on any more. The
    caller holds `out`.
    """
    swap.settle(out)
    for left in out.glob(f"{PARTIAL}*"):
        durable.remove(left)
    for month in out.glob(MONTHS):
        swap.tidy(month, FOLDER)


def is_report(month: str, folder: str) -> bool:
    """Whether these can be the names of a report's folders, and of nothing else."""
    return bool(re.fullmatch(r"[0-9]{4}-[0-9]{2}", month) and FOLDER.fullmatch(folder))


def key_of(target: Path) -> str | None:
    """The key of the whole report that stands at `target`; None where there is none. Raises
    RunError at a link.
    """
    _refuse_link(target)
    if not (target / "index.html").exists():
        return None
    return (read_json(target / "run.json") or {}).get("key")


def before(out: Path, folder: str, target: Path) -> dict | None:
    """The verdicts of the last report of the same area and window: this month's own if it stands,
    else an earlier.
    """
    months = sorted(
        (
            p
            for p in out.glob(f"{MONTHS}/{folder}/verdicts.json")
            if p.parent.parent.name <= target.parent.name
        ),
        key=lambda p: p.parent.parent.name,
    )
    for path in reversed(months):
        record, verdicts = read_json(path.with_name("run.json")), read_json(path)
        if record and verdicts and _can_be_compared(verdicts):
            held = record.get("held")
            return verdicts | {
                "month": path.parent.parent.name,
                "held": held if isinstance(held, dict) else None,
            }
    return None


def _can_be_compared(verdicts: dict) -> bool:
    """Whether verdicts are of the form that is written now, and not changed by hand into
    another.
    """
    try:
        texts = [
            verdicts["as_of"],
            verdicts["premise"]["verdict"],
            verdicts["provenance"]["data_sha256"],
            verdicts["provenance"]["rules_sha256"],
            *(h[part] for h in verdicts["hypotheses"] for part in ("hypothesis", "verdict")),
        ]
        first, last = (verdicts["window"][end] for end in ("from", "to"))
        return (
            all(isinstance(text, str) for text in texts)
            and bool(re.fullmatch(MONTH, texts[0]))
            and (1900 < first < last < 2200)
        )
    except (KeyError, TypeError):
        return False


def reports(out: Path) -> list[Path]:
    """The folders of the whole reports that stand in `out`, by month and name; a link is none."""
    return sorted(
        path.parent
        for path in out.glob(f"{MONTHS}/[!.]*/verdicts.json")
        if read_json(path)
        and path.with_name("index.html").exists()
        and not any(map(durable.is_link, (path.parent, path.parents[1])))
    )


def read_json(path: Path) -> dict | None:
    """What a file of a report says; None where there is none, or where it was changed into
    something else by hand.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def put_in_place(staged: Path, target: Path) -> None:
    """Swap a finished report in: every file on the disk first, then all of them at once or none.
    Callers hold `out`.

    `target` is OUT/<month>/<folder>; `staged` lies anywhere in OUT.
    """
    _refuse_link(target)
    try:
        swap.put_all(target.parents[1], [(staged, target)])
    except PermissionError as problem:
        raise RunError(
            f"The finished report could not be put at {target.parent.name}/{target.name}:"
            f" {problem.strerror}. If a page of it is open in another program, close it and run"
            " again; the old report still stands."
        ) from None


def note_checked(out: Path, month: str, new: bool) -> None:
    """Write down that figures were looked at today, and whether that gave a new report."""
    write_json(
        out / "checked.json", {"checked": date.today().isoformat(), "newest": month, "new": new}
    )
    durable.LOG.debug("publish: checked.json")


def write(path: Path, text: str) -> None:
    """Write a text of a report that is being made; all are seen onto the disk together when it is
    put in place.
    """
    path.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: dict) -> None:
    """Put JSON in place whole."""
    durable.write(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def _refuse_link(target: Path) -> None:
    """A report is not put through a link, where it would replace what lies elsewhere."""
    for place in (target.parent, target):
        if durable.is_link(place):
            raise RunError(
                f"{place.relative_to(target.parents[1]).as_posix()} in the folder of reports is a"
                " link; expected a plain folder, since nothing is written outside it. Nothing was"
                " changed. Take the link away, or give another folder with --out."
            )
