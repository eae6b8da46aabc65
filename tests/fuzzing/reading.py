"""What a file says, read a second time without the project's readers: bytes → the cells that have
to be kept.
"""

import csv
import io
import re

from fuzzing.originals import Sheet

from oxcare_analysis.intake.mappings import TABULATED_TABLES

ENGLAND = "E92000001"
RETIRED = {"E06000048": "929", "E08000020": "390"}  # Northumberland and Gateshead before 2013
EITHER_ROW = "the one or the other of two rows that complete each other"
PLAIN_ORDER = {
    "statistical_neighbours": (
        "model",
        "old_la_code",
        "la_name",
        "rank",
        "neighbour_old_la_code",
        "neighbour_name",
        "closeness",
    ),
    "oxfordshire_districts": ("year", "district_code", "name", "indicator", "value", "source"),
}


class Contradicts(Exception):
    """The file says two things of one figure: no reading of it is right."""


def lines(content: bytes) -> tuple[list[str], list[list[str]]]:
    """The header and the rows of a file, blank lines passed over."""
    text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    header, *rows = [line for line in csv.reader(io.StringIO(text, newline="")) if line]
    return [column.strip() for column in header], rows


def said(sheet: Sheet, content: bytes) -> dict[tuple, str]:
    """Every cell that a reader must keep, by where it belongs."""
    header, rows = lines(content)
    records = [dict(zip(header, row, strict=True)) for row in rows]
    if sheet.kind == "official":
        return _once(_official(sheet, header, records))
    if sheet.kind == "wide":
        columns = {c: m for m, (c,) in sheet.table.columns.items() if c in header}
        return _filled((record, {m: record[c] for c, m in columns.items()}) for record in records)
    if sheet.kind == "long":
        ours = {c: m for m, (c,) in sheet.table.columns.items()}
        keys = [
            (*(r[k] for k in ("year", "geography_level", "la_code", "old_la_code", "indicator")),)
            for r in records
        ]
        if len(set(keys)) < len(keys):
            raise Contradicts(sheet.name)
        return _filled(
            (r, {ours[r["indicator"]]: r["value"]}) for r in records if r["indicator"] in ours
        )
    if sheet.kind == "monthly":
        return _once(((r["month"], column), text) for r in records for column, text in r.items())
    if sheet.kind == "sources":
        return _counted(_releases(records))
    order = PLAIN_ORDER.get(sheet.kind) or [column for column in sheet.header if column in header]
    return _counted(tuple(record[column] for column in order) for record in records)


def written(sheet: Sheet, content: bytes) -> dict[tuple, str]:
    """Every cell of a table as the project keeps it, by the same places."""
    header, rows = lines(content)
    if sheet.kind in ("official", "wide", "long"):
        records = [dict(zip(header, row, strict=True)) for row in rows]
        cells = _once(
            (((r["year"], r["area_code"]), column), text)
            for r in records
            for column, text in r.items()
            if column not in ("year", "area_code")
        )
        if sheet.kind == "official":
            return cells
        keep = ("name", "ons_code")
        return {
            key: text
            for key, text in cells.items()
            if key[1] in keep or (text and key[1] not in ("level", "region_code"))
        }
    if sheet.kind == "monthly":
        return _once(
            ((row[0], column), text)
            for row in rows
            for column, text in zip(header, row, strict=True)
        )
    return _counted(tuple(row) for row in rows)


def numbers(cells: dict[tuple, str]) -> dict[tuple, str]:
    """The same cells with thousands separators gone: two files that differ in nothing else say the
    same.
    """
    return {
        key: re.sub(r",(?=\d{3})", "", text) if re.fullmatch(r"[\d,.]+", text) else text
        for key, text in cells.items()
    }


def _official(sheet: Sheet, header: list[str], records: list[dict]):
    columns = {m: c for m, names in sheet.table.columns.items() for c in names if c in header}
    levels = {"National": "england", "Regional": "region", "Local authority": "authority"}
    later = 1 if "population_estimate" in columns.values() else 0
    for r in records:
        level = levels[r["geographic_level"]]
        area = {
            "england": (ENGLAND, ENGLAND, "England"),
            "region": (r["region_code"], r["region_code"], r["region_name"]),
            "authority": (r["old_la_code"], r["new_la_code"], r["la_name"]),
        }[level]
        place = (str(int(r["time_period"]) + later), area[0])
        keys = {
            "level": level,
            "ons_code": area[1],
            "name": area[2],
            "region_code": r["region_code"],
        }
        for measure, text in {**keys, **{m: r[c].strip() for m, c in columns.items()}}.items():
            yield (place, measure), text


def alike(expected: str | None, found: str | None) -> bool:
    """Whether a cell kept is the cell given."""
    return expected == found or (expected == EITHER_ROW and found is not None)


def _filled(records) -> dict[tuple, str]:
    """Figures of the documented CSV: rows that complete each other are one, and rows without a
    figure are none.
    """
    cells: dict[tuple, str] = {}
    for record, figures in records:
        figures = {measure: text.strip() for measure, text in figures.items() if text.strip()}
        if not figures:
            continue
        code = record["old_la_code"] if record["geography_level"] == "la" else record["la_code"]
        place = (record["year"], code or RETIRED[record["la_code"]])
        for measure, text in figures.items():
            if cells.setdefault((place, measure), text) != text:
                raise Contradicts(f"{place} {measure}")
        for key, text in (("name", record["name"]), ("ons_code", record["la_code"])):
            if cells.setdefault((place, key), text) != text:
                cells[place, key] = EITHER_ROW
    return cells


def _releases(records: list[dict]):
    ours = {c: (table.source, m) for table in TABULATED_TABLES for m, (c,) in table.columns.items()}
    for r in records:
        if r["indicator"] in ours:
            yield (
                *ours[r["indicator"]],
                " ".join(r["release"].split()),
                r["first_year"],
                r["last_year"],
            )


def _once(items) -> dict[tuple, str]:
    cells: dict[tuple, str] = {}
    for key, text in items:
        if key in cells:
            raise Contradicts(str(key))
        cells[key] = text
    return cells


def _counted(rows) -> dict[tuple, str]:
    counts: dict[tuple, int] = {}
    for row in rows:
        counts[row] = counts.get(row, 0) + 1
    return {row: str(number) for row, number in counts.items()}
