"""Files and folders given by the analyst → snapshots: which layout each is of, and which belong
together.
"""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd

from oxcare_analysis.intake import text
from oxcare_analysis.local.extract import Extract
from oxcare_analysis.local.layouts import annex_a, cin, ssd
from oxcare_analysis.words.errors import DataError, UsageError

LAYOUTS = {layout.KIND: layout for layout in (ssd, annex_a, cin)}
NAMES = {
    "ssd": "Standard Safeguarding Dataset",
    "annex_a": "Annex A",
    "cin": "children in need census",
}
OF_ENDING = {".xml": "cin", ".xlsx": "annex_a"}
DAY = re.compile(r"(?<![0-9])(20[0-9]{2}-[01][0-9]-[0-3][0-9])(?![0-9])")


def extracts(
    given: list[Path],
    kind: str | None = None,
    day: pd.Timestamp | None = None,
    first: pd.Timestamp | None = None,
) -> tuple[list[Extract], list[str]]:
    """Read every snapshot in the files and folders given; the snapshots, and the names of files
    passed over.

    Together go the CSVs of one folder; a workbook and a census file are each a snapshot. A
    snapshot's day is `day`, else one in the name of its file or folder, else the newest day in it;
    `first` says from when it is complete, where the layout's usual window does not hold. Raises
    DataError, or UsageError on options that do not fit.
    """
    if kind is not None and kind not in LAYOUTS:
        raise UsageError(f"There is no kind {kind!r}; expected one of {', '.join(LAYOUTS)}.")
    groups, passed = _groups(given)
    kinds = sorted({of for of, _ in groups})
    if not groups or len(kinds) > 1 or (kind and kinds != [kind]):
        found = " and ".join(NAMES[of] for of in kinds) or "no file of records"
        raise DataError(
            f"Found {found} in what was given; expected"
            f" {NAMES[kind] if kind else 'files of one kind'}. Give the files of one layout at a"
            " time: ssd (CSV), annex_a (workbook or CSV) or cin (XML)."
        )
    if (day is not None or first is not None) and len(groups) > 1:
        raise UsageError(
            f"A day was given for {len(groups)} snapshots; expected one snapshot. Add them one at a"
            " time, or put the day of each (such as 2026-03-31) in the name of its file or folder."
        )
    read = []
    for (of, place), files in groups.items():
        one = LAYOUTS[of].extract(sorted(files), day or _named_day(place, files))
        read.append(one if first is None else _from(one, first))
    days = [one.day for one in read]
    twice = next((one for one in days if days.count(one) > 1), None)
    if twice is not None:
        raise DataError(
            f"Two of the snapshots given are of {twice:%Y-%m-%d}:"
            f" {text.shown(', '.join(one.files[0] for one in read if one.day == twice))}. Give each"
            " day once; for two extracts of one day, the newer alone."
        )
    if late := [one for one in read if one.day > pd.Timestamp.today()]:
        raise DataError(
            f"The snapshot of {late[0].files[0]} is of {late[0].day:%Y-%m-%d}, which is still to"
            " come. Check the day in its name, in its header or after --snapshot."
        )
    return sorted(read, key=lambda one: one.day), passed


def _groups(given: list[Path]) -> tuple[dict[tuple[str, Path], list[Path]], list[str]]:
    """(kind, file or folder) → its files; and files of a folder that no layout reads."""
    groups: dict[tuple[str, Path], list[Path]] = {}
    passed = []
    for path in given:
        if not path.exists():
            raise DataError(f"There is no file or folder {path}. Check the name and try again.")
        for file in _inside(path) if path.is_dir() else [path]:
            of = OF_ENDING.get(file.suffix.lower()) or (
                _of_csv(file) if file.suffix.lower() == ".csv" else ""
            )
            if of:
                files = groups.setdefault(
                    (of, file.parent if file.suffix.lower() == ".csv" else file), []
                )
                files += [] if file in files else [file]
            elif path.is_dir():
                passed.append(file.name)
            else:
                raise DataError(
                    f"{file.name} is of no layout that is read: expected a CSV with the columns of"
                    " the Standard Safeguarding Dataset or of Annex A, an Annex A workbook (.xlsx)"
                    " or a census file (.xml). Check that it is the right file."
                )
    return groups, passed


def _inside(folder: Path) -> list[Path]:
    """The files of a folder and the folders in it; those hidden, or locks of an open workbook, are
    left out.
    """
    root, files = folder.resolve(), []
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.name.startswith((".", "~$")):
            if not file.resolve().is_relative_to(root):
                raise DataError(
                    f"{file.relative_to(folder).as_posix()} leads out of {folder.name}/ by a link; "
                    "expected a file in the folder. Put the file itself there."
                )
            files.append(file)
    return files


def _of_csv(path: Path) -> str:
    header = text.header(path)
    return ssd.KIND if ssd.table_of(header) else annex_a.KIND if annex_a.list_of(header) else ""


def _named_day(place: Path, files: list[Path]) -> pd.Timestamp | None:
    """The day in the name of a snapshot's file or folder, where there is one."""
    found = {
        day for name in (place.name, *(file.name for file in files)) for day in DAY.findall(name)
    }
    try:
        return pd.Timestamp(found.pop()) if len(found) == 1 else None
    except ValueError:
        return None


def _from(one: Extract, first: pd.Timestamp) -> Extract:
    if first > one.day:
        raise UsageError(
            f"The records cannot be complete from {first:%Y-%m-%d}, after the day of the snapshot "
            f"({one.day:%Y-%m-%d})."
        )
    return replace(one, first=first)
