"""The XML of a sheet, or of the strings its cells share, as a stream → rows of cells as written, or
strings by number.

Read by the parser of the standard library itself: openpyxl's, made safe by defusedxml, is written
in Python and takes three times as long. No document type is let in, so no entity either, and no
more depth or text than a workbook has.
"""

from collections.abc import Iterator
from functools import cache
from typing import IO
from xml.parsers import expat

from openpyxl.utils import column_index_from_string
from openpyxl.xml.constants import SHEET_MAIN_NS

from oxcare_analysis.words.errors import DataError

MOST_COLUMNS, MOST_ROWS = 100, 1_048_576
DEEPEST, LONGEST_TEXT = 30, 100_000  # Excel's own cells hold 32,767 characters at most
READ_AT_ONCE = 8_192  # bytes: a few rows, since of many a sheet only the first are wanted
CELL, FORMULA, INLINE, SPOKEN, ROW, SHARED, TEXT, VALUE = (
    f"{SHEET_MAIN_NS}}}{name}" for name in ("c", "f", "is", "rPh", "row", "si", "t", "v")
)
# A cell that holds something: its type ('f' for a formula, whose text begins with '='), its style
# and its text.
Cell = tuple[str, str, str]


def rows(part: IO[bytes]) -> Iterator[tuple[int, dict[int, Cell]]]:
    """The number of each row that holds anything, and its cells by column, from 0.

    Columns and rows beyond the most are passed over, and so is a row out of order. Raises DataError
    or ExpatError.
    """
    last = 0
    for read in _read(part):
        for number, cells in read.rows:
            if last < number <= MOST_ROWS:
                last = number
                yield number, cells
        read.rows.clear()


def strings(part: IO[bytes], wanted: set[int]) -> dict[int, str]:
    """The shared strings of the numbers wanted; no other is kept. Raises DataError or
    ExpatError.
    """
    found, first, last = {}, 0, max(wanted)
    for read in _read(part):
        found |= {
            number: string
            for number, string in enumerate(read.strings, start=first)
            if number in wanted
        }
        first += len(read.strings)
        read.strings.clear()
        if first > last:
            break
    return found


class _Part:
    """What the parser calls; `rows` and `strings` are those that have ended, until they are taken
    out.
    """

    def __init__(self) -> None:
        self.rows: list[tuple[int, dict[int, Cell]]] = []
        self.strings: list[str] = []
        self.cells: dict[int, Cell] = {}
        self.number, self.column, self.type, self.style = 0, -1, "", ""
        self.value: str | None = None
        self.formula: str | None = None
        self.runs: list[str] = []  # of a string: a part in a font of its own is a run
        self.text: list[str] | None = None  # a list while text is gathered
        self.depth, self.length, self.spoken = 0, 0, False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise DataError(
                f"its elements lie {self.depth} deep, where a workbook has {DEEPEST} at most"
            )
        if name == CELL:
            place = attributes.get("r")
            self.column = self.column + 1 if place is None else _column(place.rstrip("0123456789"))
            self.type, self.style = attributes.get("t", "n"), attributes.get("s", "0")
            self.value, self.formula, self.runs, self.length = None, None, [], 0
        elif name in (VALUE, TEXT, FORMULA):
            self.text = []
        elif name == ROW:
            self.number = (
                int(float(attributes["r"])) if "r" in attributes else self.number + 1
            )  # some write 2 as 2.0
            self.cells, self.column = {}, -1
        elif name in (INLINE, SHARED):
            self.runs, self.length = [], 0
        elif name == SPOKEN:
            self.spoken = True

    def characters(self, content: str) -> None:
        """Text, which may come in parts."""
        if self.text is not None:
            self.text.append(content)
            self.length += len(content)
            if self.length > LONGEST_TEXT:
                raise DataError(f"a cell holds over {LONGEST_TEXT:,} characters")

    def end(self, name: str) -> None:  # noqa: C901 (a case an element)
        """An element ends."""
        self.depth -= 1
        if name == CELL:
            cell = (
                (self.type, self.style, self.value)
                if self.formula is None
                else ("f", self.style, self.formula)
            )
            if cell[2] is not None and self.column < MOST_COLUMNS:
                self.cells[self.column] = cell
        elif name == VALUE:
            self.value = self._gathered() or None
        elif name == ROW:
            if self.cells:
                self.rows.append((self.number, self.cells))
        elif name == TEXT:
            text = self._gathered()
            if not self.spoken:  # how a string is said, in East Asian writing, is no part of it
                self.runs.append(text)
        elif name == FORMULA:
            self.formula = "=" + self._gathered()
        elif name == INLINE:
            self.value = "".join(self.runs)
        elif name == SHARED:
            self.strings.append(
                "".join(self.runs).replace("_x005F_", "_")
            )  # so '_' is written before an 'x'
        elif name == SPOKEN:
            self.spoken = False

    def _gathered(self) -> str:
        text, self.text = "".join(self.text or ()), None
        return text


@cache
def _column(letters: str) -> int:
    return column_index_from_string(letters) - 1


def _read(part: IO[bytes]) -> Iterator[_Part]:
    """Feed the parser a piece of the part at a time, and give what has been read after each."""
    into, parser = _Part(), expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = into.start, into.end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = into.characters, _refuse
    while piece := part.read(READ_AT_ONCE):
        parser.Parse(piece, False)
        yield into
    parser.Parse(b"", True)
    yield into


def _refuse(*_: object) -> None:
    raise DataError("it declares a document type")
