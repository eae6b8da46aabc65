"""What stands in the folder of reports: the one before, the swap of a finished one into place, the day last checked."""

import json
import os
import re
import shutil
from datetime import date
from pathlib import Path

from oxcare_analysis.intake.areas import plain
from oxcare_analysis.words.errors import RunError


def slug(name: str) -> str:
    """A folder name: ASCII lower case, other characters to '-'."""
    return re.sub(r"[^a-z0-9]+", "-", plain(name)).strip("-") or "area"


def key_of(target: Path) -> str | None:
    """The key of the whole report that stands at `target`; None where there is none."""
    path = target / "run.json"
    if not (path.exists() and (target / "index.html").exists()):
        return None
    return json.loads(path.read_text(encoding="utf-8")).get("key")


def before(out: Path, folder: str, target: Path) -> dict | None:
    """The verdicts of the last report of the same area and window: this month's own if it stands, else an earlier."""
    months = sorted((p for p in out.glob(f"*/{folder}/verdicts.json") if p.parent.parent.name <= target.parent.name),
                    key=lambda p: p.parent.parent.name)
    if not months:
        return None
    record = json.loads((months[-1].parent / "run.json").read_text(encoding="utf-8"))
    return json.loads(months[-1].read_text(encoding="utf-8")) | {"month": months[-1].parent.parent.name,
                                                                 "held": record.get("held")}


def put_in_place(staged: Path, target: Path) -> None:
    """Swap a finished report in. A reader sees the old one or the new one, whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    leaving = target.with_name(f".{target.name}.old")
    if leaving.exists() and not target.exists():
        leaving.rename(target)  # an earlier swap was interrupted: this is the standing report
    shutil.rmtree(leaving, ignore_errors=True)
    try:
        if target.exists():
            target.rename(leaving)
        staged.rename(target)
    except OSError as problem:
        if leaving.exists() and not target.exists():
            leaving.rename(target)
        raise RunError(f"The finished report could not be put at {target.name}: {problem.strerror}. If a page of it is "
                       "open in another program, close it and run again; the old report still stands.") from None
    shutil.rmtree(leaving, ignore_errors=True)


def note_checked(out: Path, month: str, new: bool) -> None:
    """Write down that figures were looked at today, and whether that gave a new report."""
    write_json(out / "checked.json", {"checked": date.today().isoformat(), "newest": month, "new": new})


def write(path: Path, text: str) -> None:
    """Write a text and see it onto the disk."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def write_json(path: Path, content: dict) -> None:
    """Write JSON under another name, then put it in place whole."""
    partial = path.with_name(path.name + ".part")
    write(partial, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    partial.replace(path)
