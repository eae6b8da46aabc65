"""A file → its header and its rows, every cell as text: the one place where bytes from outside are
read.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path

import pandas as pd

from oxcare_analysis.words.errors import DataError

LARGEST_FILE_BYTES = 50_000_000
LARGEST_RECORDS_BYTES = 2_000_000_000  # an authority's own extract, read a row at a time
LONGEST_SHOWN = 60
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
WORKBOOK_STARTS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # xlsx, ods and any zip; xls
# Control characters but for tab and line ends, marks that change the direction of writing or cannot
# be seen, and the
# sign that a decoder puts where it lost a letter, or a carriage return alone: no published figure
# or name holds one.
UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffd]|\r(?!\n)"
)


def read_csv(path: Path, root: Path | None = None) -> pd.DataFrame:
    """A CSV of the data folder as text, every cell kept; `root` is the folder that it must really
    lie in.

    Raises DataError where it cannot be read, or is a link that leads out of `root`.
    """
    if root is not None and not path.resolve().is_relative_to(root.resolve()):
        raise DataError(
            f"{path.relative_to(root).as_posix()} leads out of {root.name}/ by a link; expected a"
            " file in the data folder. Put the file itself there."
        )
    header, rows = parse(read_bytes(path), path.name, needs_rows=False)
    return pd.DataFrame(rows, columns=header, dtype=str)


def read_bytes(path: Path) -> bytes:
    """The bytes of a file of a sensible size. Raises DataError otherwise."""
    if not path.is_file():
        raise DataError(
            f"There is no file {path}. Expected a CSV as the publisher gives it; check the name and"
            " try again."
        )
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise DataError(
            f"{path.name} is {path.stat().st_size:,} bytes; no file this project reads is over "
            f"{LARGEST_FILE_BYTES:,}. Check that it is the right file."
        )
    return path.read_bytes()


def parse(content: bytes, name: str, needs_rows: bool = True) -> tuple[list[str], list[list[str]]]:
    """The header (its cells stripped) and the rows of a CSV in UTF-8, or in UTF-16 with its mark.

    Every row has as many cells as the header; blank lines are passed over. `name` stands for the
    file in errors. Raises DataError.
    """
    try:
        lines = [
            row
            for row in csv.reader(io.StringIO(_decoded(content, name), newline=""), strict=True)
            if row
        ]
    except csv.Error as problem:
        raise DataError(
            f"{name} cannot be read as CSV: {problem}. Download it again from the publisher."
        ) from None
    if len(lines) < 1 + needs_rows:
        raise DataError(
            f"{name} has no rows of figures: found {len(lines)} line(s), expected a header and"
            " rows. Download it again from the publisher."
        )
    header = [column.strip() for column in lines[0]]
    repeated = sorted({column for column in header if header.count(column) > 1})
    if repeated:
        raise DataError(
            f"{name} has two columns called {shown(repeated[0])}; expected each once. Download it"
            " again."
        )
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(header):
            raise DataError(
                f"{name}, line {number}, has {len(line)} cells where the header has {len(header)}."
                " The file may be cut short or carry footnotes; use the publisher's data file"
                " unmodified."
            )
    if lines[0] in lines[1:]:
        raise DataError(
            f"{name} repeats its header below the first line; expected it once. Two files may have"
            " been put together: add each by itself."
        )
    return header, lines[1:]


def header(path: Path) -> list[str]:
    """The first row of a CSV of any size, its cells stripped. Raises DataError where there is
    none.
    """
    with _opened(path) as lines:
        names = [column.strip() for column in next(lines, [])]
    if not any(names):
        raise DataError(
            f"{path.name} has no header; expected the names of its columns in the first row. Export"
            " it again."
        )
    return names


def read_columns(path: Path, positions: list[int]) -> pd.DataFrame:
    """Some columns of a CSV of any size, as text, numbered as in the file; no cell of another
    column is kept.

    Read a row at a time, by the rules of parse, but for bytes that are no UTF-8: these may stand in
    a column that is not read, such as a name in an older encoding. Raises DataError.
    """
    width, pick, kept = len(header(path)), itemgetter(*positions), []
    with _opened(path) as lines:
        next(lines)
        for number, row in enumerate(lines, start=2):
            if len(row) == width:
                kept.append(pick(row))
            elif row:
                raise DataError(
                    f"{path.name}, line {number}, has {len(row)} cells where the header has"
                    f" {width}. The file may be cut short; export it again."
                )
    columns = list(zip(*kept, strict=True)) if len(positions) > 1 else [tuple(kept)]
    for position, cells in zip(positions, columns or [()] * len(positions), strict=True):
        unseen = UNSEEN.search("\n".join(cells))
        if unseen:
            raise DataError(
                f"{path.name} holds a character that cannot be seen or read"
                f" (U+{ord(unseen.group()):04X}) in column {position + 1}; expected plain text."
                " Export it again as 'CSV UTF-8'."
            )
    return pd.DataFrame(
        dict(zip(positions, columns or [()] * len(positions), strict=True)), dtype="str"
    )


@contextmanager
def _opened(path: Path) -> Iterator[Iterator[list[str]]]:
    """The rows of a CSV, while it is open."""
    if not path.is_file():
        raise DataError(f"There is no file {path}. Check the name and try again.")
    if path.stat().st_size > LARGEST_RECORDS_BYTES:
        raise DataError(
            f"{path.name} is {path.stat().st_size:,} bytes; no file of records is over "
            f"{LARGEST_RECORDS_BYTES:,}. Check that it is the right file."
        )
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(WORKBOOK_STARTS):
        raise DataError(
            f"{path.name} is a workbook or a zip file; expected a CSV. Give a workbook its own"
            " ending, .xlsx."
        )
    encoding = "utf-16" if start.startswith(UTF_16_MARKS) else "utf-8-sig"
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        try:
            yield csv.reader(file, strict=True)
        except csv.Error as problem:
            raise DataError(
                f"{path.name} cannot be read as CSV: {problem}. Export it again."
            ) from None


def shown(found: object) -> str:
    """Text from a file as an error shows it: quoted, nothing unseen in it, and no longer than a
    line.
    """
    text = repr(str(found))
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 4]}...'"


def _decoded(content: bytes, name: str) -> str:
    if content.startswith(WORKBOOK_STARTS):
        raise DataError(
            f"{name} is a workbook or a zip file, which is never opened here. Save the sheet as"
            " 'CSV UTF-8', or unpack the CSV, and add that."
        )
    try:
        # A file written by `>` in Windows PowerShell 5 is UTF-16, with its mark.
        text = content.decode("utf-16" if content.startswith(UTF_16_MARKS) else "utf-8-sig")
    except UnicodeDecodeError as problem:
        raise DataError(
            f"{name} is not UTF-8 text (byte {problem.start}). Save it as 'CSV UTF-8' and add it "
            "again."
        ) from None
    unseen = UNSEEN.search(text)
    if unseen:
        character = unseen.group()
        line = text.count("\n", 0, unseen.start()) + 1
        raise DataError(
            f"{name}, line {line}, holds a character that cannot be seen (U+{ord(character):04X}"
            f" {unicodedata.name(character, 'control character').lower()}); expected plain text. It"
            " may be damaged, or not UTF-8: download it again, or save it as 'CSV UTF-8'."
        )
    return text


def as_csv(frame: pd.DataFrame) -> bytes:
    """A table as the bytes it is kept in."""
    buffer = io.StringIO()
    frame.to_csv(buffer, index=False, lineterminator="\n")
    return buffer.getvalue().encode("utf-8")
