"""A workbook from outside → columns of its lists, under guards: no bomb is unpacked, no formula or
link followed.

openpyxl tells which parts are sheets and which styles are dates; the sheets themselves sheet_rows
reads.
"""

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import chain, islice, takewhile
from pathlib import Path
from typing import IO
from warnings import catch_warnings

import pandas as pd
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils.datetime import from_excel, from_ISO8601
from openpyxl.xml.constants import SHARED_STRINGS

from oxcare_analysis.intake import text
from oxcare_analysis.local import sheet_rows
from oxcare_analysis.words.errors import DataError

LARGEST_PACKED, LARGEST_UNPACKED, MOST_PARTS = 50_000_000, 600_000_000, 1_000
REFUSED = {
    "xl/externalLinks/": "links to another workbook",
    "xl/vbaProject": "macros",
    "xl/embeddings/": "embedded files",
}


@dataclass(frozen=True)
class _List:
    """Where a list is, as errors say it; the part it is in, the row of its header, and the columns
    chosen.
    """

    where: str
    part: str
    below: int
    header: list[str]
    places: dict[int, str]


def read_lists(
    path: Path, within: int, chosen: Callable[[str, list[str]], dict[int, str]]
) -> list[tuple[str, list[str], pd.DataFrame]]:
    """The lists of a workbook: where each is, as errors say it, its header, and the columns chosen
    of its rows.

    `chosen` is given the first rows of a sheet (as many as `within`), where it is and one row's
    cells at a time, until one is the header of a list: then it gives the numbers of the columns to
    read and their new names. Every cell is text as a CSV would have it; no cell of another column
    is kept. Raises DataError, and on a formula in those columns.
    """
    _guard(path)
    with path.open("rb") as file:
        with _readable(path):
            book = _Book(file)
            tops = book.tops(within)
        lists = []
        for title, part, top in tops:
            where = f"{path.name}, sheet {text.shown(title)}"
            heads = (
                _List(where, part, number, row, places)
                for number, row in top
                if (places := chosen(where, row))
            )
            lists += islice(heads, 1)
        with _readable(path):
            below = book.below(lists)
            book.reads.cache_clear()  # the first rows of a sheet may have names in them
    for one, columns in zip(lists, below, strict=True):
        _refuse_formulas(one.where, columns)
    return [
        (
            one.where,
            one.header,
            pd.DataFrame(dict(zip(one.places.values(), columns, strict=True)), dtype="str"),
        )
        for one, columns in zip(lists, below, strict=True)
    ]


class _Book:
    """An open workbook: its sheets, and how a cell of them reads as text."""

    def __init__(self, file: IO[bytes]) -> None:
        reader = ExcelReader(file, read_only=True, keep_links=False)
        reader.read_manifest()
        reader.read_workbook()
        apply_stylesheet(reader.archive, reader.wb)
        self.archive, self.epoch = reader.archive, reader.wb.epoch
        self.dates, self.durations = reader.wb._date_formats, reader.wb._timedelta_formats
        self.sheets = [
            (sheet.name, at.target)
            for sheet, at in reader.parser.find_sheets()
            if at.target in reader.valid_files and "chartsheet" not in at.Type
        ]
        shared = reader.package.find(SHARED_STRINGS)
        self.strings = shared.PartName[1:] if shared else ""
        self.reads = cache(self._reads)  # a day or a word stands in many cells

    def tops(self, within: int) -> list[tuple[str, str, list[tuple[int, list[str]]]]]:
        """Of each sheet its title, its part, and the first rows with their numbers."""
        numbers, tops = [], []
        for _, part in self.sheets:
            with self.archive.open(part) as content:
                top = list(takewhile(lambda row: row[0] <= within, sheet_rows.rows(content)))
            numbers.append([number for number, _ in top])
            tops.append(
                [
                    [self.reads(cells.get(place)) for place in range(max(cells) + 1)]
                    for _, cells in top
                ]
            )
        return [
            (title, part, list(zip(of, rows, strict=True)))
            for (title, part), of, rows in zip(
                self.sheets, numbers, self._worded(tops), strict=True
            )
        ]

    def below(self, lists: list[_List]) -> list[list[list[str]]]:
        """The columns chosen of each list, below its header."""
        below = []
        for one in lists:
            columns = {place: [] for place in one.places}
            with self.archive.open(one.part) as content:
                for number, cells in sheet_rows.rows(content):
                    if number > one.below:
                        for place, column in columns.items():
                            column.append(self.reads(cells.get(place)))
            below.append(list(columns.values()))
        return self._worded(below)

    def _worded(self, tables: list[list[list[str | int]]]) -> list[list[list[str]]]:
        """The tables, by row or by column, with the shared strings in place of their numbers."""
        wanted = {
            cell
            for table in tables
            for line in table
            for cell in set(line)
            if isinstance(cell, int)
        }
        words = {}
        if wanted:
            with self.archive.open(self.strings) as content:
                words = sheet_rows.strings(content, wanted)
            if len(words) < len(wanted):
                raise DataError("a cell has a shared string that it does not hold")
        return [[[words.get(cell, cell) for cell in line] for line in table] for table in tables]

    def _reads(self, cell: sheet_rows.Cell | None) -> str | int:
        """A cell as a CSV would have it; a shared string as its number."""
        if cell is None:
            return ""
        kind, style, held = cell
        if kind == "s":
            return int(held)
        if kind == "b":
            return str(bool(int(held)))
        if kind == "d":
            return _day(from_ISO8601(held))
        if kind != "n":
            return held
        number = float(held) if set(held) & set(".Ee") else int(held)
        if int(style) not in self.dates:
            return (
                str(int(number)) if isinstance(number, int) or number.is_integer() else str(number)
            )
        try:
            return _day(from_excel(number, self.epoch, timedelta=int(style) in self.durations))
        except (OverflowError, ValueError):
            return "#VALUE!"  # as Excel itself shows a day that there is not


def _day(found: object) -> str:
    return found.isoformat()[:10] if isinstance(found, date) else str(found)


def _refuse_formulas(where: str, columns: list[list[str]]) -> None:
    for cell in dict.fromkeys(chain.from_iterable(columns)):
        if cell.startswith("=") or text.UNSEEN.search(cell):
            raise DataError(
                f"{where} holds {text.shown(cell)} in a column that is read; expected a value, not"
                " a formula or signs that cannot be seen. Save a copy with values alone (Paste"
                " Special, Values)."
            )


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Refuse a workbook that cannot be read, in whatever way: openpyxl makes no promise for damaged
    files.
    """
    try:
        with catch_warnings(
            action="ignore"
        ):  # they name the folder of the library, and parts that are not read here
            yield
    except Exception as problem:
        why = problem if isinstance(problem, DataError) else type(problem).__name__
        raise DataError(
            f"{path.name} cannot be read as a workbook: {why}. Save it again as 'Excel Workbook"
            " (.xlsx)' and add that."
        ) from None


def _guard(path: Path) -> None:
    """Refuse by the list of parts alone, before anything is unpacked."""
    if path.stat().st_size > LARGEST_PACKED:
        raise DataError(
            f"{path.name} is {path.stat().st_size:,} bytes; no workbook that is read is over "
            f"{LARGEST_PACKED:,}. Save its lists as CSV and add these."
        )
    try:
        with zipfile.ZipFile(path) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, OSError):
        raise DataError(
            f"{path.name} is not an .xlsx workbook. Save it as 'Excel Workbook (.xlsx)', or its"
            " lists as CSV."
        ) from None
    unpacked = sum(part.file_size for part in parts)
    if unpacked > LARGEST_UNPACKED or len(parts) > MOST_PARTS:
        raise DataError(
            f"{path.name} would unpack to {unpacked:,} bytes in {len(parts):,} parts; expected "
            f"{LARGEST_UNPACKED:,} and {MOST_PARTS:,} at most. It was not opened."
        )
    for part in parts:
        for start, what in REFUSED.items():
            if part.filename.startswith(start):
                raise DataError(
                    f"{path.name} holds {what}; expected values alone. Save a copy without them"
                    " (Paste Special, Values) and add that."
                )
