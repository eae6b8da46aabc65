"""Read a published folder as an intruder would: every table of own figures, and everything that
does not meet the eye.

Own figures stand on the page of own months and in the files named after it. Nothing of ours is
trusted: a table is whatever HTML, CSV, workbook or JSON holds as rows; hidden text is attributes,
comments, scripts, styles, the words inside pictures, and whatever else a file carries along.
"""

import base64
import csv
import io
import json
import re
import zlib
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pandas as pd
from openpyxl import load_workbook

OWN = "31_"  # how the page of own months, its charts and its files are named
MARKS = ("held back", "suppressed", "c", "no figure", "nan", "none", "")
SKIPPED = {"br", "hr", "img", "input", "link", "meta", "source", "wbr"}
DATA = re.compile(r"data:image/(?:svg\+xml|png)(;base64)?,([^\"]*)")


@dataclass(frozen=True)
class Found:
    """A table as found: where, what it is called, and its cells as text (header first)."""

    place: str
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Folder:
    """What a folder gives away: tables of own figures, and texts outside them, hidden ones too,
    with their place.
    """

    tables: tuple[Found, ...]
    hidden: tuple[tuple[str, str], ...]


def folder(path: Path) -> Folder:
    """Everything of own figures in a report's folder."""
    tables, hidden = [], []
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        name, own = file.relative_to(path).as_posix(), file.name.startswith(OWN)
        if file.suffix == ".html" and own:
            page = _Page(name)
            page.feed(file.read_text(encoding="utf-8"))
            tables += page.tables
            hidden += [(name, text) for text in page.hidden]
        elif file.suffix == ".csv" and own:
            rows = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8"))))
            tables += _table(name, file.stem, rows)
        elif file.suffix == ".xlsx":
            tables += _sheets(file, name, hidden)
        elif file.suffix in (".json", ".ipynb", ".md", ".txt"):
            text = file.read_text(encoding="utf-8")
            hidden.append((name, text))
            tables += _lists(name, text)
        elif file.suffix in (".svg", ".png") and own:
            hidden.append((name, _picture(file.read_bytes())))
        elif file.name == "alt_text.csv":
            hidden += [
                (name, " ".join(row))
                for row in csv.reader(io.StringIO(file.read_text(encoding="utf-8")))
                if row and row[0].startswith(OWN)
            ]
    return Folder(tuple(tables), tuple((place, text) for place, text in hidden if text.strip()))


class _Page(HTMLParser):
    """Tables with their captions, and all words outside them, shown or not."""

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place, self.tables, self.hidden = place, [], []
        self._rows: list[list[str]] | None = None
        self._cell: list[str] | None = None
        self._caption, self._within = "", []

    def handle_starttag(self, tag, attributes):
        if tag not in SKIPPED:
            self._within.append(tag)
        for name, value in attributes:
            if value and name not in ("class", "id", "style", "href"):
                self.hidden += [_picture(content) for content in pictures(value)]
                self.hidden.append(f"{name}={DATA.sub('', value)}")
        if tag == "table":
            self._rows, self._caption = [], ""
        elif tag == "tr" and self._rows is not None:
            self._rows.append([])
        elif tag in ("td", "th") and self._rows:
            self._cell = []

    def handle_endtag(self, tag):
        if tag in self._within:
            while self._within.pop() != tag:
                pass
        if tag in ("td", "th") and self._cell is not None:
            self._rows[-1].append("".join(self._cell).strip())
            self._cell = None
        elif tag == "table" and self._rows is not None:
            self.tables += _table(self.place, self._caption, self._rows)
            self._rows = None

    def handle_data(self, data):
        if self._within and self._within[-1] in ("script", "style", "template"):
            self.hidden.append(data)
        elif self._cell is not None:
            self._cell.append(data)
        elif "caption" in self._within:
            self._caption += data
        elif "table" not in self._within:
            self.hidden.append(data)

    def handle_comment(self, data):
        self.hidden.append(data)


def _table(place: str, title: str, rows: list[list[str]]) -> list[Found]:
    width = len(rows[0]) if rows else 0
    body = [tuple(row) for row in rows[1:] if len(row) == width]
    return [Found(place, title.strip(), tuple(rows[0]), tuple(body))] if body and width > 1 else []


def _sheets(file: Path, name: str, hidden: list) -> list[Found]:
    """The sheets of own figures (a title, a header, rows, a source), and what the workbook says of
    itself.
    """
    book, found = load_workbook(file), []
    hidden.append((name, " ".join(str(v) for v in vars(book.properties).values() if v)))
    for sheet in book.worksheets:
        if sheet.title.startswith(OWN):
            rows = [
                ["" if v is None else f"{v:g}" if isinstance(v, float) else str(v) for v in row]
                for row in sheet.iter_rows(values_only=True)
            ]
            hidden += [
                (name, cell.comment.text)
                for row in sheet.iter_rows()
                for cell in row
                if cell.comment
            ]
            found += _table(f"{name}: {sheet.title}", rows[0][0], rows[1:])
    return found


def _lists(name: str, text: str) -> list[Found]:
    """Lists of records anywhere in a JSON document that begin with a month."""
    try:
        document = json.loads(text)
    except ValueError:
        return []
    found, waiting = [], [document]
    while waiting:
        node = waiting.pop()
        if (
            isinstance(node, list)
            and node
            and all(isinstance(n, dict) and "month" in n for n in node)
        ):
            frame = pd.DataFrame(node)
            frame = frame[["month", *(c for c in frame if c != "month")]]
            found += _table(
                name, name, [list(map(str, frame)), *frame.astype(str).to_numpy().tolist()]
            )
        elif isinstance(node, list | dict):
            waiting += node.values() if isinstance(node, dict) else node
    return found


def pictures(text: str) -> list[bytes]:
    """The pictures that stand in a text as addresses of their own data."""
    return [
        base64.b64decode(coded) if base64ed else unquote_to_bytes(coded)
        for base64ed, coded in DATA.findall(text)
    ]


def _picture(content: bytes) -> str:
    """The words inside an SVG or the text chunks of a PNG."""
    if content.startswith(b"\x89PNG"):
        return " ".join(_chunks(content))
    return " ".join(re.sub(r"<!--|-->|<[^<>]*>", " ", content.decode("utf-8", "replace")).split())


def _chunks(png: bytes) -> list[str]:
    """The texts a PNG carries along, packed ones unpacked."""
    found, at = [], 8
    while at + 8 <= len(png):
        size, kind = int.from_bytes(png[at : at + 4], "big"), png[at + 4 : at + 8]
        body, at = png[at + 8 : at + 8 + size], at + 12 + size
        if kind == b"zTXt":
            key, _, rest = body.partition(b"\0")
            body = key + b" " + zlib.decompress(rest[1:])
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            found.append(body.replace(b"\0", b" ").decode("utf-8", "replace"))
    return found
