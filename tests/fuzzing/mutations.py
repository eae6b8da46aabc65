"""What is done to a file, and what is right for it: said before any reader sees it.

Each mutation takes a Sheet and a random.Random and gives a Mutant, or None where the file has no
place for it.
"""

import collections
import csv
import datetime
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from fuzzing.originals import Sheet

SAME = "read with the same cells"
DIFFERENT = "read with different cells that are valid"
REFUSED = "refused"
EITHER = "refused, or read as it now stands"
BY_AREA = ("official", "wide", "long")
ADDED = (
    "official",
    "wide",
    "long",
    "monthly",
    "statistical_neighbours",
    "oxfordshire_districts",
    "sources",
)
NUMBER = re.compile(r"\d+(\.\d+)?")
UNKNOWN = (
    "..",
    "n/a",
    "N/A",
    "-",
    "*",
    "NULL",
    "nan",
    "inf",
    "1e999",
    "<5",
    "~",
    "12a",
    "1 234",
    "1.234,5",
    "£12",
    "12%",
    "#REF!",
    "=1+1",
    "+5",
    "@5",
    "−5",
    "٣",
    "½",
    "1,23",
    "0x1F",
    "1_000",
    "c.",
    "(3)",
    "999999999999999",
)
FORMULAS = (
    '=HYPERLINK("http://example.org","x")',
    "+1+cmd|' /C calc'!A0",
    "@SUM(A1:A9)",
    "-2+3",
    "=1+1",
)
MARKUP = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</td></table>",
    "&lt;b&gt;",
    "${7*7}",
    "$x^2$",
    "**bold**",
    "[a](javascript:alert(1))",
)
PATHS = ("../../outside", "..\\..\\outside", "/etc/passwd", "C:\\Windows", "a/b:c*?", "CON")
INVISIBLE = ("\u202e", "\u200f", "\u2066", "\u200b", "\ufeff", "\u00ad", "\u2028")
CONTROL = ("\x00", "\x07", "\x1b[31m", "\x7f", "\x85", "\x0c")


@dataclass(frozen=True)
class Mutant:
    """A mutated file and what is right for it; `checked` names the check that must see it once it
    is in.
    """

    content: bytes
    right: str
    checked: str = ""


Mutation = Callable[[Sheet, random.Random], Mutant | None]


def _figure(
    sheet: Sheet, rng: random.Random, least: float = 0, column: str | None = None
) -> tuple[int, int] | None:
    """A cell that holds a number of `least` or more and is kept."""
    places = [sheet.header.index(c) for c in ([column] if column else sheet.read)]
    kept = _kept_rows(sheet)
    cells = [
        (i, j)
        for i in kept
        for j in places
        if NUMBER.fullmatch(sheet.rows[i][j]) and float(sheet.rows[i][j]) >= least
    ]
    return rng.choice(cells) if cells else None


def _kept_rows(sheet: Sheet) -> list[int]:
    """The rows that say something the project keeps."""
    if sheet.kind != "sources":
        return list(range(len(sheet.rows)))
    kept = {
        "cpp_at_31_march",
        "section47",
        "icpc",
        "cla_at_31_march",
        "sw_fte",
        "population_0_17",
        "fsm_primary_pct",
    }
    return [i for i, row in enumerate(sheet.rows) if row[sheet.header.index("indicator")] in kept]


def _authority(sheet: Sheet, rng: random.Random) -> int:
    """A row of one authority with a figure in it, in files that are area by year; else any row that
    is kept.
    """
    if sheet.kind not in BY_AREA:
        return rng.choice(_kept_rows(sheet))
    return rng.choice(_authorities(sheet))


def _authorities(sheet: Sheet) -> list[int]:
    """The rows of one authority with a figure in them; without those that complete another row, but
    in long files.
    """
    level, code, year = sheet.at("level"), sheet.at("code"), sheet.at("year")
    places = [sheet.header.index(c) for c in sheet.read]
    times = collections.Counter((row[code], row[year]) for row in sheet.rows)
    return [
        i
        for i, row in enumerate(sheet.rows)
        if row[level] in ("la", "Local authority")
        and re.fullmatch(r"\d{3}", row[code])
        and any(row[j] for j in places)
        and (sheet.kind == "long" or times[row[code], row[year]] == 1)
    ]


def _cell(
    text: str | tuple[str, ...], right: str, kinds: tuple[str, ...] | None = None, least: float = 0
) -> Mutation:
    """Put a text in place of a number."""

    def mutate(sheet: Sheet, rng: random.Random) -> Mutant | None:
        place = _figure(sheet, rng, least) if kinds is None or sheet.kind in kinds else None
        chosen = text if isinstance(text, str) else rng.choice(text)
        return place and Mutant(sheet.changed(*place, chosen).written(), right)

    return mutate


def _key(
    role: str,
    text: str | tuple[str, ...] | Callable,
    right: str,
    kinds: tuple[str, ...] | None = None,
) -> Mutation:
    """Put a text in place of, or made from, the cell of an authority's row that plays a part."""

    def mutate(sheet: Sheet, rng: random.Random) -> Mutant | None:
        if role not in sheet.roles or (kinds and sheet.kind not in kinds):
            return None
        row, column = _authority(sheet, rng), sheet.at(role)
        made = (
            text(sheet.rows[row][column], rng)
            if callable(text)
            else text
            if isinstance(text, str)
            else (rng.choice(text))
        )
        # A long file names an authority once a figure: a name unlike the others is refused, one
        # that is alike is not.
        one_of_many = sheet.kind == "long" and right == DIFFERENT
        return Mutant(sheet.changed(row, column, made).written(), EITHER if one_of_many else right)

    return mutate


def _bytes(change: Callable[[bytes, random.Random], bytes], right: str) -> Mutation:
    return lambda sheet, rng: Mutant(change(sheet.written(), rng), right)


# Encodings and line ends


def _cp1252(sheet: Sheet, rng: random.Random) -> Mutant | None:
    if "name" not in sheet.roles:
        return None
    row, column = _authority(sheet, rng), sheet.at("name")
    accented = replace(sheet.changed(row, column, sheet.rows[row][column] + "é"), mark=b"")
    return Mutant(accented.written().decode().encode("cp1252", errors="replace"), REFUSED)


def _mark(sheet: Sheet, rng: random.Random) -> Mutant:
    return Mutant(replace(sheet, mark=b"" if sheet.mark else b"\xef\xbb\xbf").written(), SAME)


def _line_ends(sheet: Sheet, rng: random.Random) -> Mutant:
    return Mutant(replace(sheet, end="\n" if sheet.end == "\r\n" else "\r\n").written(), SAME)


def _utf_16(sheet: Sheet, rng: random.Random) -> Mutant:
    return Mutant(replace(sheet, mark=b"").written().decode().encode("utf-16"), SAME)


def _blank_lines(sheet: Sheet, rng: random.Random) -> Mutant:
    rows = list(sheet.rows)
    for _ in range(rng.randint(1, 3)):
        rows.insert(rng.randrange(len(rows) + 1), [])
    return Mutant(replace(sheet, rows=rows).written(), SAME)


# Columns


def _without(sheet: Sheet, column: str) -> Sheet:
    at = sheet.header.index(column)
    return replace(
        sheet,
        header=[*sheet.header[:at], *sheet.header[at + 1 :]],
        rows=[[*row[:at], *row[at + 1 :]] for row in sheet.rows],
    )


def _needed_column_missing(sheet: Sheet, rng: random.Random) -> Mutant:
    return Mutant(_without(sheet, rng.choice(sheet.needed)).written(), REFUSED)


def _figures_column_missing(sheet: Sheet, rng: random.Random) -> Mutant | None:
    """A measure the documented CSV does not have to carry."""
    if sheet.kind != "wide" or len(sheet.read) < 2:
        return None
    return Mutant(_without(sheet, rng.choice(sheet.read)).written(), DIFFERENT)


def _unread_column_missing(sheet: Sheet, rng: random.Random) -> Mutant | None:
    unread = [c for c in sheet.header if c not in sheet.read and c not in sheet.needed]
    right = DIFFERENT if sheet.kind == "register" else SAME  # a register's further columns are kept
    return Mutant(_without(sheet, rng.choice(unread)).written(), right) if unread else None


def _column_twice(sheet: Sheet, rng: random.Random) -> Mutant:
    at = rng.randrange(len(sheet.header))
    return Mutant(
        replace(
            sheet,
            header=[*sheet.header, sheet.header[at]],
            rows=[[*row, row[at]] for row in sheet.rows],
        ).written(),
        REFUSED,
    )


def _columns_reordered(sheet: Sheet, rng: random.Random) -> Mutant:
    order = rng.sample(range(len(sheet.header)), len(sheet.header))
    return Mutant(
        replace(
            sheet,
            header=[sheet.header[i] for i in order],
            rows=[[row[i] for i in order] for row in sheet.rows],
        ).written(),
        SAME,
    )


def _column_added(sheet: Sheet, rng: random.Random) -> Mutant:
    more = replace(
        sheet, header=[*sheet.header, "tea_price"], rows=[[*row, "3"] for row in sheet.rows]
    )
    return Mutant(
        more.written(), SAME if sheet.kind in ("official", "wide", "register") else REFUSED
    )


def _column_renamed(sheet: Sheet, rng: random.Random) -> Mutant:
    columns = sheet.needed if sheet.kind != "wide" else (*sheet.needed, *sheet.read)
    column = rng.choice(columns)
    header = [f"{c}_new" if c == column else c for c in sheet.header]
    alone = sheet.kind == "wide" and column in sheet.read and len(sheet.read) > 1
    return Mutant(replace(sheet, header=header).written(), DIFFERENT if alone else REFUSED)


def _header_spaced(sheet: Sheet, rng: random.Random) -> Mutant:
    return Mutant(replace(sheet, header=[f" {c} " for c in sheet.header]).written(), SAME)


# Rows


def _rows(change: Callable[[list, random.Random], list], right: str) -> Mutation:
    return lambda sheet, rng: Mutant(
        replace(sheet, rows=change(list(sheet.rows), rng)).written(), right
    )


def _row_twice(sheet: Sheet, rng: random.Random) -> Mutant:
    row = sheet.rows[_authority(sheet, rng)]
    right = (
        SAME if sheet.kind == "wide" else REFUSED
    )  # two rows that complete each other are documented there
    return Mutant(replace(sheet, rows=[*sheet.rows, row]).written(), right)


def _row_twice_unlike(sheet: Sheet, rng: random.Random) -> Mutant | None:
    place = _figure(sheet, rng)
    if place is None or sheet.kind == "sources":
        return None
    row = list(sheet.rows[place[0]])
    row[place[1]] = str(int(float(row[place[1]])) + 1)
    return Mutant(replace(sheet, rows=[*sheet.rows, row]).written(), REFUSED)


def _footnote(sheet: Sheet, rng: random.Random) -> Mutant:
    note = rng.choice(
        ["Source: the publisher", "1. Figures are rounded.", "Notes:", "© Crown copyright"]
    )
    return Mutant(replace(sheet, rows=[*sheet.rows, [note]]).written(), REFUSED)


def _footnote_padded(sheet: Sheet, rng: random.Random) -> Mutant | None:
    if sheet.kind == "sources":  # a row of an indicator that is not kept is passed over by design
        return None
    note = ["1. Figures are rounded.", *[""] * (len(sheet.header) - 1)]
    return Mutant(replace(sheet, rows=[*sheet.rows, note]).written(), REFUSED)


def _header_again(sheet: Sheet, rng: random.Random) -> Mutant | None:
    if sheet.kind == "sources":
        return None
    return Mutant(replace(sheet, rows=[*sheet.rows, sheet.header]).written(), REFUSED)


def _area_missing(sheet: Sheet, rng: random.Random) -> Mutant | None:
    if sheet.kind not in BY_AREA:
        return None
    code = sheet.at("code")
    gone = sheet.rows[_authority(sheet, rng)][code]
    left = replace(sheet, rows=[row for row in sheet.rows if row[code] != gone])
    return Mutant(
        left.written(), DIFFERENT, "authority left out" if sheet.kind == "official" else ""
    )


def _row_short(sheet: Sheet, rng: random.Random) -> Mutant:
    rows = [list(row) for row in sheet.rows]
    rng.choice(rows).pop()
    return Mutant(replace(sheet, rows=rows).written(), REFUSED)


# Figures


def _thousands(sheet: Sheet, rng: random.Random) -> Mutant | None:
    place = _figure(sheet, rng, 1000) if sheet.kind in (*BY_AREA, "monthly") else None
    if place is None:
        return None
    text = f"{float(sheet.rows[place[0]][place[1]]):,.10g}"
    return Mutant(sheet.changed(*place, text).written(), SAME)


def _thousands_unquoted(sheet: Sheet, rng: random.Random) -> Mutant | None:
    place = _figure(sheet, rng, 1000) if sheet.kind in BY_AREA else None
    if place is None:
        return None
    comma = sheet.changed(*place, "1\ue000234").written()
    return Mutant(comma.replace("\ue000".encode(), b","), REFUSED)


def _percent_over_100(sheet: Sheet, rng: random.Random) -> Mutant | None:
    percents = [c for c in sheet.read if c.endswith(("_percent", "_pct"))]
    place = (
        _figure(sheet, rng, column=rng.choice(percents))
        if percents and sheet.kind != "long"
        else None
    )
    text = rng.choice(["100.1", "250", "1,250", "1e3"])
    return place and Mutant(sheet.changed(*place, text).written(), REFUSED)


def _negative(sheet: Sheet, rng: random.Random) -> Mutant | None:
    place = _figure(sheet, rng) if sheet.kind in ADDED else None
    return place and Mutant(
        sheet.changed(*place, "-" + sheet.rows[place[0]][place[1]]).written(), REFUSED
    )


def _another_number(sheet: Sheet, rng: random.Random) -> Mutant | None:
    place = _figure(sheet, rng, 1) if sheet.kind in (*BY_AREA, "monthly") else None
    text = place and str(int(float(sheet.rows[place[0]][place[1]]) * 0.9))
    return (
        Mutant(sheet.changed(*place, text).written(), DIFFERENT)
        if place and float(text) != float(sheet.rows[place[0]][place[1]])
        else None
    )


def _part_above_whole(sheet: Sheet, rng: random.Random) -> Mutant | None:
    """One band of a breakdown beyond its total: taken as published, and named by `oxcare data
    check`.
    """
    whole = {
        "plans_open_by_duration": ("CPP_At31", "3_months_or_less", "bands of open plans"),
        "plans_ended_by_duration": ("CPP_End", "3_months_or_less", "bands of ended plans"),
        "plans_started_by_category": (
            "CPP_start",
            "Neglect_Initial",
            "categories of plans started",
        ),
        "plans_open_by_category": ("CPP_At31", "Neglect_Latest", "categories of open plans"),
        "referral_sources": ("Referrals", "Police", "sources of referrals"),
        "referrals_by_month": ("Referrals", "April", "months of referrals"),
    }
    if sheet.kind != "official" or sheet.table.name not in whole:
        return None
    total, part, check = whole[sheet.table.name]
    at = sheet.header.index(total)
    rows = [
        i
        for i, row in enumerate(sheet.rows)
        if row[sheet.at("level")] == "Local authority" and NUMBER.fullmatch(row[at])
    ]
    row = rng.choice(rows)
    above = str(int(float(sheet.rows[row][at])) + rng.randint(1, 99))
    return Mutant(sheet.changed(row, sheet.header.index(part), above).written(), DIFFERENT, check)


# Who is who


def _another_code(sheet: Sheet, rng: random.Random) -> Mutant | None:
    """One row of an authority under the code of another, or all of them."""
    if sheet.kind not in (*BY_AREA, "statistical_neighbours"):
        return None
    code = sheet.at("code")
    row = _authority(sheet, rng)
    mine = sheet.rows[row][code]
    other = rng.choice(sorted({"201", "825", "850", "886", "931"} - {mine}))
    rows = [
        [
            (
                other
                if j == code and (i == row or (line[code] == mine and rng.random() < 0.5))
                else text
            )
            for j, text in enumerate(line)
        ]
        for i, line in enumerate(sheet.rows)
    ]
    return Mutant(replace(sheet, rows=rows).written(), REFUSED)


def _another_name(sheet: Sheet, rng: random.Random) -> Mutant | None:
    if sheet.kind not in (*BY_AREA, "statistical_neighbours"):
        return None
    code, name = sheet.at("code"), sheet.at("name")
    row = _authority(sheet, rng)
    lines = [
        sheet.rows[i]
        for i in (_authorities(sheet) if sheet.kind in BY_AREA else range(len(sheet.rows)))
    ]
    others = {
        line[name]
        for line in lines
        if line[code] != sheet.rows[row][code] and line[name] != "Dorset"
    }
    return Mutant(sheet.changed(row, name, rng.choice(sorted(others))).written(), REFUSED)


def _flip(content: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(content))
    return content[:at] + bytes([content[at] ^ (1 << rng.randrange(8))]) + content[at + 1 :]


def _chunk_moved(content: bytes, rng: random.Random) -> bytes:
    a, b = sorted(rng.randrange(len(content)) for _ in "ab")
    at = rng.randrange(len(content))
    return content[:at] + content[a : min(b, a + 400)] + content[at:]


def _chunk_lost(content: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(content))
    return content[:at] + content[at + rng.randint(1, 300) :]


NEXT_YEAR = str(datetime.date.today().year + 1)


def _later(text: str, rng: random.Random) -> str:
    return re.sub(r"\d{4}", NEXT_YEAR, text)


def _inside(pieces: tuple[str, ...]) -> Callable[[str, random.Random], str]:
    """The text of a cell with something put into the middle of it."""

    def made(text: str, rng: random.Random) -> str:
        at = rng.randint(1, max(1, len(text) - 1))
        return text[:at] + rng.choice(pieces) + text[at:]

    return made


MUTATIONS: dict[str, Mutation] = {
    "UTF-16 with its mark": _utf_16,
    "UTF-16 without its mark": _bytes(
        lambda c, rng: c.decode("utf-8-sig").encode("utf-16-le"), REFUSED
    ),
    "cp1252": _cp1252,
    "byte order mark put or taken": _mark,
    "CRLF for LF or LF for CRLF": _line_ends,
    "blank lines": _blank_lines,
    "every cell in quotes": lambda sheet, rng: Mutant(sheet.written(csv.QUOTE_ALL), SAME),
    "no line end after the last row": _bytes(lambda c, rng: c.rstrip(b"\r\n"), SAME),
    "NUL bytes": _bytes(
        lambda c, rng: (lambda at: c[:at] + b"\0" + c[at:])(rng.randrange(len(c))), REFUSED
    ),
    "empty file": _bytes(
        lambda c, rng: rng.choice([b"", b"\n", b"\xef\xbb\xbf", b"\r\n\r\n", b" "]), REFUSED
    ),
    "header only": lambda sheet, rng: Mutant(
        replace(sheet, rows=[]).written(), DIFFERENT if sheet.kind == "register" else REFUSED
    ),
    "a workbook under the name of a CSV": _bytes(lambda c, rng: b"PK\x03\x04\x14\0" + c, REFUSED),
    "needed column missing": _needed_column_missing,
    "column of figures missing": _figures_column_missing,
    "unread column missing": _unread_column_missing,
    "column twice": _column_twice,
    "columns in another order": _columns_reordered,
    "column added": _column_added,
    "column renamed": _column_renamed,
    "spaces around column names": _header_spaced,
    "rows in another order": _rows(lambda rows, rng: rng.sample(rows, len(rows)), SAME),
    "row twice, alike": _row_twice,
    "row twice, unlike": _row_twice_unlike,
    "footnote row": _footnote,
    "footnote row, padded": _footnote_padded,
    "header repeated below": _header_again,
    "row a cell short": _row_short,
    "a whole area missing": _area_missing,
    "thousands separator": _thousands,
    "thousands separator without quotes": _thousands_unquoted,
    "percentage over 100": _percent_over_100,
    "negative count": _negative,
    "part above its whole": _part_above_whole,
    "another number": _another_number,
    "known symbol": _cell(("c", "x"), DIFFERENT, BY_AREA),
    "unknown symbol": _cell(UNKNOWN, REFUSED, ADDED),
    "markup in a figure": _cell(MARKUP, REFUSED, ADDED),
    "a year to come": _key("year", _later, REFUSED, (*ADDED, "register")),
    "a year in another form": _key(
        "year", ("202324", "24", "2023/24", "", "٢٠٢٤", "2024.0", "1824"), REFUSED, ADDED
    ),
    "code in another form": _key(
        "code",
        ("", "98", "9311", "93a", "٩٣١", "../", "E10000025"),
        REFUSED,
        ("official", "statistical_neighbours"),
    ),
    "level in another form": _key("level", ("", "Ward", "LOCAL AUTHORITY", "la "), REFUSED),
    "an authority under another's code": _another_code,
    "an authority under another's name": _another_name,
    "ONS code in another form": _key(
        "ons", ("931", "E1000002", "<b>", "X10000025"), REFUSED, ("official", "wide")
    ),
    "markup in a name": _key("name", _inside(MARKUP), DIFFERENT),
    "quotes in a name": _key("name", _inside(('"', "'", '""', "`", '","')), DIFFERENT),
    "path separators in a name": _key("name", _inside(PATHS), DIFFERENT),
    "formula as a name": _key("name", FORMULAS, DIFFERENT),
    "control character in a name": _key("name", _inside(CONTROL), REFUSED),
    "invisible or right-to-left character in a name": _key("name", _inside(INVISIBLE), REFUSED),
    "line end in a name": _key(
        "name", _inside(("\n", "\r\n", "\r")), REFUSED, ("official", "wide")
    ),
    "very long name": _key(
        "name", lambda text, rng: text * rng.randint(100, 9000), REFUSED, BY_AREA
    ),
    "very long cell": _key("name", lambda text, rng: "x" * 140_000, REFUSED),
    "one bit turned": _bytes(_flip, EITHER),
    "a piece put in twice": _bytes(_chunk_moved, EITHER),
    "a piece lost": _bytes(_chunk_lost, EITHER),
    "cut short": _bytes(lambda c, rng: c[: rng.randrange(len(c))], EITHER),
}
WRAPS = {
    "in UTF-16": lambda content: content.decode("utf-8-sig").encode("utf-16"),
    "with a mark": lambda content: b"\xef\xbb\xbf" + content.removeprefix(b"\xef\xbb\xbf"),
}
WRAPPED_SHARE = 0.2


def mutate(sheet: Sheet, kind: str, seed: int) -> Mutant | None:
    """One mutant of a file; a fifth of those that are still UTF-8 text come in another encoding
    besides.
    """
    rng = random.Random(f"{sheet.name}|{kind}|{seed}")
    mutant = MUTATIONS[kind](sheet, rng)
    if (
        mutant is None
        or mutant.right == EITHER
        or rng.random() > WRAPPED_SHARE
        or not _plain(mutant.content)
    ):
        return mutant
    return replace(mutant, content=WRAPS[rng.choice(list(WRAPS))](mutant.content))


def _plain(content: bytes) -> bool:
    """Whether an encoding around it leaves what is right for it as it is."""
    try:
        return (
            len(content) > 9
            and "\0" not in content.decode("utf-8-sig")
            and not content.startswith(b"PK")
        )
    except UnicodeDecodeError:
        return False
