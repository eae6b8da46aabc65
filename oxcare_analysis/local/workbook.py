"""A workbook from outside → the rows of its sheets, under guards: no bomb is unpacked, no formula or link followed."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from oxcare_analysis.words.errors import DataError

LARGEST_PACKED, LARGEST_UNPACKED, MOST_PARTS = 50_000_000, 600_000_000, 1_000
MOST_COLUMNS, MOST_ROWS = 100, 1_048_576
REFUSED = {"xl/externalLinks/": "links to another workbook", "xl/vbaProject": "macros",
           "xl/embeddings/": "embedded files"}


def sheets(path: Path) -> Iterator[tuple[str, Iterator[tuple]]]:
    """The name of each sheet and its rows of cells (formulas as text that begins with '='). Raises DataError."""
    _guard(path)
    with _readable(path):
        book = load_workbook(path, read_only=True, data_only=False, keep_links=False)
    try:
        for sheet in book.worksheets:
            yield sheet.title, _rows(sheet, path)
    finally:
        book.close()


def _rows(sheet: ReadOnlyWorksheet, path: Path) -> Iterator[tuple]:
    with _readable(path):
        yield from sheet.iter_rows(max_col=MOST_COLUMNS, max_row=MOST_ROWS, values_only=True)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Refuse a workbook that openpyxl stumbles over, in whatever way: it makes no promise for damaged files."""
    try:
        yield
    except Exception as problem:
        raise DataError(f"{path.name} cannot be read as a workbook: {type(problem).__name__}. Save it again as 'Excel "
                        "Workbook (.xlsx)' and add that.") from None


def _guard(path: Path) -> None:
    """Refuse by the list of parts alone, before anything is unpacked."""
    if path.stat().st_size > LARGEST_PACKED:
        raise DataError(f"{path.name} is {path.stat().st_size:,} bytes; no workbook that is read is over "
                        f"{LARGEST_PACKED:,}. Save its lists as CSV and add these.")
    try:
        with zipfile.ZipFile(path) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, OSError):
        raise DataError(f"{path.name} is not an .xlsx workbook. Save it as 'Excel Workbook (.xlsx)', or its lists as "
                        "CSV.") from None
    unpacked = sum(part.file_size for part in parts)
    if unpacked > LARGEST_UNPACKED or len(parts) > MOST_PARTS:
        raise DataError(f"{path.name} would unpack to {unpacked:,} bytes in {len(parts):,} parts; expected "
                        f"{LARGEST_UNPACKED:,} and {MOST_PARTS:,} at most. It was not opened.")
    for part in parts:
        for start, what in REFUSED.items():
            if part.filename.startswith(start):
                raise DataError(f"{path.name} holds {what}; expected values alone. Save a copy without them (Paste "
                                "Special, Values) and add that.")
