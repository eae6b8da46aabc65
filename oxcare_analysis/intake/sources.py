"""Publishers' files → the project's own layout: one reader for official files, one for the documented CSV.

The layout (docs/data_format.md): one CSV a table, text as published, columns year, level, area_code, ons_code,
name, region_code, then one column a measure.
"""

import csv
import io
import re
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from oxcare_analysis.intake import values
from oxcare_analysis.intake.areas import RETIRED_ONS_CODES
from oxcare_analysis.intake.mappings import (MONTHLY_COLUMNS, OFFICIAL_KEYS, OFFICIAL_LEVELS, OFFICIAL_TABLES,
                                             PLAIN_TABLES, RELEASES_COLUMNS, TABULATED_TABLES, WIDE_KEYS, WIDE_LEVELS,
                                             Table)
from oxcare_analysis.words.columns import ENGLAND, MEASURES
from oxcare_analysis.words.errors import DataError

KEYS = ["year", "level", "area_code", "ons_code", "name", "region_code"]
LARGEST_FILE_BYTES = 50_000_000


@dataclass(frozen=True)
class Intake:
    """One file as understood: where it goes, its edition, its rows as text in our layout.

    `columns`: measure → the publisher's column, where the file has a column a measure.
    `published`, `version`: the month it came out and the publisher's version of it, where the publisher says.
    """

    source: str
    edition: str
    table: str
    title: str
    rows: pd.DataFrame
    file_name: str
    file_bytes: bytes
    columns: dict[str, str] = field(default_factory=dict)
    published: str | None = None
    version: str | None = None


def read_file(path: str | Path, edition: str | None = None) -> Intake:
    """Read one publisher's file, recognised by its header.

    Returns an Intake; `edition` defaults to the last year in the file.
    Raises DataError on a file that is unreadable, unknown, lacks columns, repeats rows or holds unknown text.
    """
    path = Path(path)
    raw = _read_bytes(path)
    header, frame = _parse(raw, path.name)
    plain = next((key for key, columns in PLAIN_TABLES.items() if header == list(columns)), None)
    if header == list(MONTHLY_COLUMNS):
        return Intake("local", edition or "months", "monthly", "The analyst's own monthly figures",
                      _checked_months(frame, path.name), path.name, raw)
    if plain:
        year = frame["model"].str[-4:].max() if "model" in frame else frame["year"].max()
        return Intake(*_placed(plain[0], edition or year), plain[1], plain[0].replace("_", " "), frame, path.name, raw)
    if header == list(RELEASES_COLUMNS):
        rows = _releases(frame)
        return Intake(*_placed("provenance", edition or rows["last_year"].max()), "releases",
                      "The release each tabulated figure came from", rows, path.name, raw)
    table, rows = _official(header, frame, path.name) or _tabulated(header, frame, path.name) or _unknown(header, path)
    rows = _checked_rows(rows, path.name)
    source, edition = _placed(table.source, edition or str(rows["year"].astype(int).max()))
    for measure in rows.columns.difference(KEYS):
        cells = rows.set_index(["name", "year"])[measure]
        values.read_values(cells[cells != ""], source, edition, f"{path.name}, column for {measure}")
    return Intake(source, edition, table.name, table.title, rows, path.name, raw, _found(table, header))


def _placed(source: str, edition: str) -> tuple[str, str]:
    if not re.fullmatch(r"\d{4}(-\d{1,2})?", edition):
        raise DataError(f"The edition {edition!r} of {source} cannot be used: an edition is a year such as 2025, or "
                        "a year and a number such as 2025-2. Give it with --edition.")
    return source, edition


def _read_bytes(path: Path) -> bytes:
    if not path.is_file():
        raise DataError(f"There is no file {path}. Expected a CSV as the publisher gives it; check the name and try "
                        "again.")
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise DataError(f"{path.name} is {path.stat().st_size:,} bytes; no file this project reads is over "
                        f"{LARGEST_FILE_BYTES:,}. Check that it is the right file.")
    return path.read_bytes()


def _parse(raw: bytes, name: str) -> tuple[list[str], pd.DataFrame]:
    try:
        # A file written by `>` in Windows PowerShell 5 is UTF-16, with its mark.
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as problem:
        raise DataError(f"{name} is not UTF-8 text (byte {problem.start}). Save it as 'CSV UTF-8' and add it "
                        "again.") from None
    try:
        lines = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error as problem:
        raise DataError(f"{name} cannot be read as CSV: {problem}. Download it again from the publisher.") from None
    if len(lines) < 2:
        raise DataError(f"{name} has no rows of figures: found {len(lines)} line(s), expected a header and rows.")
    header = [column.strip() for column in lines[0]]
    repeated = sorted({column for column in header if header.count(column) > 1})
    if repeated:
        raise DataError(f"{name} has two columns called {repeated[0]!r}; expected each once. Download it again.")
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(header):
            raise DataError(f"{name}, line {number}, has {len(line)} cells where the header has {len(header)}. The "
                            "file may be cut short or carry footnotes; use the publisher's data file unmodified.")
    return header, pd.DataFrame(lines[1:], columns=header)


def _found(table: Table, header: list[str]) -> dict[str, str]:
    """measure → the column that carries it in this header."""
    return {m: name for m, names in table.columns.items() for name in names if name in header}


def _official(header: list[str], frame: pd.DataFrame, name: str) -> tuple[Table, pd.DataFrame] | None:
    if "time_period" not in header or "geographic_level" not in header:
        return None
    lacking_keys = [column for column in OFFICIAL_KEYS.values() if column not in header]
    scored = []
    for table in OFFICIAL_TABLES:
        found = _found(table, header)
        needed = [m for m in table.columns if m not in table.optional]
        scored.append((sum(m in found for m in needed) / len(needed), len(needed), table, found))
    share, _, table, found = max(scored, key=lambda s: s[:2])
    lacking = lacking_keys + [" or ".join(table.columns[m]) for m in table.columns
                              if m not in found and m not in table.optional]
    if lacking:
        raise DataError(f"{name} is laid out in a way not seen before. It is nearest to '{table.title}', and lacks "
                        f"the column(s) {', '.join(lacking)}. If the publisher renamed them, add the new names to "
                        "OFFICIAL_TABLES in oxcare_analysis/intake/mappings.py.")
    level = frame["geographic_level"]
    unknown = sorted(set(level) - set(OFFICIAL_LEVELS))
    if unknown:
        raise DataError(f"{name} has rows for {unknown[0]!r}; expected one of {', '.join(OFFICIAL_LEVELS)}.")
    rows = pd.DataFrame({
        "year": frame["time_period"], "level": level.map(OFFICIAL_LEVELS), "area_code": frame["old_la_code"],
        "ons_code": frame["new_la_code"], "name": frame["la_name"], "region_code": frame["region_code"]})
    england, region = rows["level"] == "england", rows["level"] == "region"
    rows.loc[england, ["area_code", "ons_code", "name"]] = [ENGLAND, ENGLAND, "England"]
    for column in ("area_code", "ons_code"):
        rows.loc[region, column] = frame.loc[region, "region_code"]
    rows.loc[region, "name"] = frame.loc[region, "region_name"]
    _years(rows["year"], name)
    rows["year"] = (rows["year"].astype(int) + table.year_offset).astype(str)
    for measure, column in found.items():
        rows[measure] = frame[column].str.strip()
    return table, rows


def _tabulated(header: list[str], frame: pd.DataFrame, name: str) -> tuple[Table, pd.DataFrame] | None:
    if not set(WIDE_KEYS) <= set(header):
        return None
    if set(header) == {*WIDE_KEYS, "indicator", "value"}:
        keys = list(WIDE_KEYS)
        if frame.duplicated([*keys, "indicator"]).any():
            row = frame[frame.duplicated([*keys, "indicator"])].iloc[0]
            raise DataError(f"{name} gives {row['indicator']} for {row['name']} in {row['year']} twice; expected once.")
        frame = frame.set_index([*keys, "indicator"])["value"].unstack(fill_value="").reset_index()
        header = list(frame.columns)
    best = max(TABULATED_TABLES, key=lambda t: len(_found(t, header)))
    found = _found(best, header)
    if not found:
        raise DataError(f"{name} has the key columns of the documented CSV but none of the indicators this project "
                        f"keeps; found {', '.join(c for c in header if c not in WIDE_KEYS)}. The indicators are "
                        "listed in TABULATED_TABLES in oxcare_analysis/intake/mappings.py.")
    unknown = sorted(set(frame["geography_level"]) - set(WIDE_LEVELS))
    if unknown:
        raise DataError(f"{name} has geography_level {unknown[0]!r}; expected one of {', '.join(WIDE_LEVELS)}.")
    rows = pd.DataFrame({
        "year": frame["year"], "level": frame["geography_level"].map(WIDE_LEVELS),
        "area_code": frame["old_la_code"].where(frame["geography_level"] == "la", frame["la_code"]),
        "ons_code": frame["la_code"], "name": frame["name"], "region_code": ""})
    rows["area_code"] = rows["area_code"].where(rows["area_code"] != "", rows["ons_code"].map(RETIRED_ONS_CODES))
    rows["area_code"] = rows["area_code"].fillna("")
    for measure, column in found.items():
        rows[measure] = frame[column].str.strip()
    # Some authorities return their workforce figures jointly; such a row belongs to neither alone.
    rows.loc[rows["area_code"].str.fullmatch(r"\d{3}( / \d{3})+"), "level"] = "joint"
    _years(rows["year"], name)
    kept = rows[list(found)].ne("").any(axis=1)
    return best, _merged(rows[kept], name)


def _merged(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """One row an area and year: an authority that changed its ONS code can have two that complete each other."""
    repeated = rows.duplicated(["year", "area_code"], keep=False)
    joined = []
    for (year, _), group in rows[repeated].groupby(["year", "area_code"]):
        complete = group.iloc[-1].copy()
        for column in rows.columns.difference(KEYS):
            found = [text for text in group[column].unique() if text]
            if len(found) > 1:
                raise DataError(f"{name} gives {MEASURES[column].label} for {complete['name']} in {year} as "
                                f"{' and as '.join(found)}; expected one figure.")
            complete[column] = found[0] if found else ""
        joined.append(complete)
    return pd.concat([rows[~repeated], pd.DataFrame(joined, columns=rows.columns)])


def _releases(frame: pd.DataFrame) -> pd.DataFrame:
    """The list of releases behind the tabulated files, under our source and measure names; only what is kept."""
    ours = {column: (table.source, measure) for table in TABULATED_TABLES
            for measure, names in table.columns.items() for column in names}
    kept = frame[frame["indicator"].isin(list(ours))]
    return pd.DataFrame({"source": [ours[i][0] for i in kept["indicator"]],
                         "measure": [ours[i][1] for i in kept["indicator"]],
                         "release": kept["release"].str.replace(r"\s+", " ", regex=True).str.strip(),
                         "first_year": kept["first_year"], "last_year": kept["last_year"]})


def _unknown(header: list[str], path: Path):
    raise DataError(f"{path.name} is not a file this project knows. Found the columns {', '.join(header[:8])} ...; "
                    "expected an official 'Children in need' data file, the documented long or wide CSV "
                    "(docs/data_format.md) or the monthly template (oxcare data template monthly).")


def _years(years: pd.Series, name: str) -> None:
    bad = years[~years.str.fullmatch(r"(19|20)\d\d")]
    if len(bad):
        raise DataError(f"{name}, row {bad.index[0] + 2}, has the year {bad.iloc[0]!r}; expected four digits.")
    this_year = pd.Timestamp.today().year
    if years.astype(int).max() > this_year:
        raise DataError(f"{name} holds figures for {years.max()}, which has not happened yet. Check the file.")


def _checked_rows(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    authority = rows["level"] == "authority"
    bad = rows[authority & ~rows["area_code"].str.fullmatch(r"\d{3}")]
    if len(bad):
        raise DataError(f"{name} has the authority code {bad['area_code'].iloc[0]!r} for {bad['name'].iloc[0]!r}; "
                        "expected three digits.")
    repeated = rows[rows.duplicated(["year", "area_code"])]
    if len(repeated):
        first = repeated.iloc[0]
        raise DataError(f"{name} has more than one row for {first['name']} in {first['year']}; expected one. Use the "
                        "publisher's data file unmodified.")
    percents = [m for m in rows.columns.difference(KEYS) if MEASURES[m].unit == "per cent"]
    for measure in percents:
        over = rows[pd.to_numeric(rows[measure], errors="coerce") > 100]
        if len(over):
            first = over.iloc[0]
            raise DataError(f"{name} gives {first[measure]} per cent for {MEASURES[measure].label}, {first['name']} "
                            f"{first['year']}; expected at most 100.")
    return rows.sort_values(["level", "area_code", "year"], ignore_index=True)


def _checked_months(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    bad = frame[~frame["month"].str.fullmatch(r"20\d\d-(0[1-9]|1[0-2])")]
    if len(bad):
        raise DataError(f"{name}, row {bad.index[0] + 2}, has the month {bad['month'].iloc[0]!r}; expected a form "
                        "such as 2025-04.")
    this_month = pd.Timestamp.today().strftime("%Y-%m")
    if frame["month"].max() > this_month:
        raise DataError(f"{name} holds the month {frame['month'].max()}, which has not happened yet. Check the file.")
    if frame["month"].duplicated().any():
        raise DataError(f"{name} has the month {frame.loc[frame['month'].duplicated(), 'month'].iloc[0]} twice; "
                        "expected each once.")
    for column in MONTHLY_COLUMNS[1:]:
        wrong = frame[~frame[column].str.fullmatch(r"\d*")]
        if len(wrong):
            raise DataError(f"{name}, month {wrong['month'].iloc[0]}, has {column} {wrong[column].iloc[0]!r}; expected "
                            "a whole number, or nothing where there is none.")
    return frame.sort_values("month", ignore_index=True)
