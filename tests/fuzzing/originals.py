"""The files that are mutated: slices of the publishers' own files, and the tables that are typed
here.
"""

import csv
import io
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from oxcare_analysis.intake.mappings import OFFICIAL_TABLES, TABULATED_TABLES, Table
from oxcare_analysis.intake.registers import COLUMNS

HERE = Path(__file__).parent
REGISTERS = HERE.parents[1] / "data" / "raw" / "published_figures"
OFFICIAL = {
    "year": "time_period",
    "level": "geographic_level",
    "code": "old_la_code",
    "ons": "new_la_code",
    "name": "la_name",
}
TABULATED = {
    "year": "year",
    "level": "geography_level",
    "code": "old_la_code",
    "ons": "la_code",
    "name": "name",
}
# Files that are not area by year: their columns that play a part, and those that hold numbers.
OTHERS = {
    "statistical_neighbours": (
        {"year": "model", "code": "old_la_code", "name": "la_name"},
        ("rank",),
    ),
    "oxfordshire_districts": (
        {"year": "year", "code": "district_code", "name": "name"},
        ("value",),
    ),
    "sources": ({"year": "last_year"}, ("first_year",)),
}
REGISTER_ROLES = {
    "figures": ({"code": "figure_id", "name": "area"}, ("value",)),
    "statements": ({"code": "statement_id", "name": "statement"}, ()),
    "events": ({"code": "event_id", "year": "date", "name": "area"}, ()),
}
MONTHS = (
    "month,plans_open,plans_started,plans_ended,enquiries_started,conferences_held,referrals_received\n"
    "2025-04,533,45,44,182,62,441\n2025-05,532,40,41,180,60,430\n2025-06,540,50,42,,66,0\n"
)


@dataclass(frozen=True)
class Sheet:
    """A file as a grid of text: `kind` says how it is laid out, `read` which columns hold figures
    that are kept.
    """

    name: str
    kind: str
    header: list[str]
    rows: list[list[str]]
    roles: dict[str, str]
    read: tuple[str, ...]
    needed: tuple[str, ...]
    mark: bytes = b""
    end: str = "\n"
    table: Table | None = None

    def at(self, role: str) -> int | None:
        """The place of the column that plays a part; None where the file has none."""
        return self.header.index(self.roles[role]) if role in self.roles else None

    def changed(self, row: int, column: int, text: str) -> "Sheet":
        """The same sheet with one other cell."""
        rows = [list(line) for line in self.rows]
        rows[row][column] = text
        return replace(self, rows=rows)

    def written(self, quoting: int = csv.QUOTE_MINIMAL) -> bytes:
        """The sheet as the bytes of a file."""
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator=self.end, quoting=quoting).writerows(
            [self.header, *self.rows]
        )
        return self.mark + text.getvalue().encode("utf-8")


@cache
def originals() -> tuple[Sheet, ...]:
    """Every file that a reader of the project takes, small enough to be mutated thousands of
    times.
    """
    found = [
        _sheet(path.stem, path.read_bytes()) for path in sorted((HERE / "real_files").glob("*.csv"))
    ]
    found += [_long(s) for s in found if s.name.startswith("child_protection_rates")]
    found.append(_sheet("monthly", MONTHS.encode()))
    return (
        *found,
        *(_sheet(name, (REGISTERS / f"{name}.csv").read_bytes()) for name in REGISTER_ROLES),
    )


def _sheet(name: str, content: bytes) -> Sheet:
    mark = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
    end = "\r\n" if b"\r\n" in content else "\n"
    header, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    if "time_period" in header:
        table = next(t for t in OFFICIAL_TABLES if t.title.split()[0].lower() in name.split("_"))
        read = {m: c for m, names in table.columns.items() for c in names if c in header}
        needed = [c for m, c in read.items() if m not in table.optional]
        return Sheet(
            name,
            "official",
            header,
            rows,
            OFFICIAL,
            tuple(read.values()),
            (*OFFICIAL.values(), "region_code", "region_name", "country_code", *needed),
            mark,
            end,
            table,
        )
    if "geography_level" in header:
        table = max(TABULATED_TABLES, key=lambda t: sum(c in header for (c,) in t.columns.values()))
        return Sheet(
            name,
            "wide",
            header,
            rows,
            TABULATED,
            tuple(c for (c,) in table.columns.values() if c in header),
            tuple(TABULATED.values()),
            mark,
            end,
            table,
        )
    if name == "monthly":
        return Sheet(
            name, name, header, rows, {"year": "month"}, tuple(header[1:]), tuple(header), mark, end
        )
    kind, named = ("register", REGISTER_ROLES) if name in REGISTER_ROLES else (name, OTHERS)
    roles, read = named[name]
    return Sheet(name, kind, header, rows, roles, read, COLUMNS.get(name, tuple(header)), mark, end)


def _long(wide: Sheet) -> Sheet:
    """The same figures in the documented long layout."""
    keys = len(TABULATED)
    rows = [
        [*line[:keys], column, line[wide.header.index(column)]]
        for line in wide.rows
        for column in wide.read
    ]
    header = [*wide.header[:keys], "indicator", "value"]
    return Sheet(
        f"{wide.name}_long",
        "long",
        header,
        rows,
        TABULATED,
        ("value",),
        tuple(header),
        table=wide.table,
    )
