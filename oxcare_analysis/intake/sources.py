"""Publishers' files → the project's own layout: one reader for official files, one for the
documented CSV.

The layout (docs/data_format.md): one CSV a table, text as published, columns year, level,
area_code, ons_code, name, region_code, then one column a measure.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from oxcare_analysis.intake import plain, text, values
from oxcare_analysis.intake.areas import RETIRED_ONS_CODES, core
from oxcare_analysis.intake.mappings import (
    MONTHLY_COLUMNS,
    OFFICIAL_KEYS,
    OFFICIAL_LEVELS,
    OFFICIAL_TABLES,
    PLAIN_TABLES,
    RELEASES_COLUMNS,
    TABULATED_TABLES,
    WIDE_KEYS,
    WIDE_LEVELS,
    Table,
)
from oxcare_analysis.intake.text import shown
from oxcare_analysis.words.columns import ENGLAND, MEASURES
from oxcare_analysis.words.errors import DataError

KEYS = ["year", "level", "area_code", "ons_code", "name", "region_code"]
LONGEST_NAME = 200
# Codes of the Office for National Statistics by level: England, a region (or half of London), an
# authority.
ONS_CODES = {"england": ENGLAND, "region": r"E1[23][0-9]{6}", "authority": r"E[0-9]{8}"}


@dataclass(frozen=True)
class Intake:
    """One file as understood: where it goes, its edition, its rows as text in our layout.

    `columns`: measure → the publisher's column, where the file has a column a measure. `published`,
    `version`: the month it came out and the publisher's version of it, where the publisher says.
    `left_out`: columns of the file that are not kept.
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
    left_out: tuple[str, ...] = ()


def read_file(path: str | Path, edition: str | None = None) -> Intake:
    """Read one publisher's file, recognised by its header.

    Returns an Intake; `edition` defaults to the last year in the file. Raises DataError on a file
    that is unreadable, unknown, lacks columns, repeats rows or holds unknown text.
    """
    path = Path(path)
    raw = text.read_bytes(path)
    header, lines = text.parse(raw, path.name)
    frame = pd.DataFrame(lines, columns=header, dtype=str)
    if sorted(header) == sorted(MONTHLY_COLUMNS):
        return Intake(
            "local",
            edition or "months",
            "monthly",
            "The analyst's own monthly figures",
            plain.months(frame[list(MONTHLY_COLUMNS)], path.name),
            path.name,
            raw,
        )
    for (source, name), columns in PLAIN_TABLES.items():
        if sorted(header) == sorted(columns):
            rows = plain.CHECKS[source](frame[list(columns)], path.name)
            year = rows["model"].str[-4:] if "model" in rows else rows["year"]
            return Intake(
                *_placed(source, edition or year.max()),
                name,
                source.replace("_", " "),
                rows,
                path.name,
                raw,
            )
    if sorted(header) == sorted(RELEASES_COLUMNS):
        rows = plain.releases(frame, path.name)
        return Intake(
            *_placed("provenance", edition or rows["last_year"].max()),
            "releases",
            "The release each tabulated figure came from",
            rows,
            path.name,
            raw,
        )
    table, rows = (
        _official(header, frame, path.name)
        or _tabulated(header, frame, path.name)
        or _unknown(header, path)
    )
    rows = _checked_rows(rows, path.name)
    source, edition = _placed(table.source, edition or str(rows["year"].astype(int).max()))
    by_area = rows.set_index(["name", "year"])
    for measure in rows.columns.difference(KEYS):
        cells = by_area[measure]
        values.read_values(
            cells[cells != ""], source, edition, f"{path.name}, column for {measure}"
        )
    return Intake(
        source,
        edition,
        table.name,
        table.title,
        rows,
        path.name,
        raw,
        _found(table, header),
        left_out=_left_out(table, header, frame),
    )


def _placed(source: str, edition: str) -> tuple[str, str]:
    if not re.fullmatch(r"[0-9]{4}(-[0-9]{1,2})?", edition):
        raise DataError(
            f"The edition {edition!r} of {source} cannot be used: an edition is a year such as"
            " 2025, or a year and a number such as 2025-2. Give it with --edition."
        )
    return source, edition


def _found(table: Table, header: list[str]) -> dict[str, str]:
    """measure → the column that carries it in this header."""
    return {m: name for m, names in table.columns.items() for name in names if name in header}


def _left_out(table: Table, header: list[str], frame: pd.DataFrame) -> tuple[str, ...]:
    """Indicators of the documented CSV that the project does not keep; official files have many,
    known by layout.
    """
    if table not in TABULATED_TABLES:
        return ()
    given = frame["indicator"].unique() if "indicator" in header else header
    return tuple(
        sorted(
            set(given) - {*WIDE_KEYS, *(name for names in table.columns.values() for name in names)}
        )
    )


def _official(
    header: list[str], frame: pd.DataFrame, name: str
) -> tuple[Table, pd.DataFrame] | None:
    if "time_period" not in header or "geographic_level" not in header:
        return None
    lacking_keys = [column for column in OFFICIAL_KEYS.values() if column not in header]
    scored = []
    for table in OFFICIAL_TABLES:
        found = _found(table, header)
        needed = [m for m in table.columns if m not in table.optional]
        scored.append((sum(m in found for m in needed) / len(needed), len(needed), table, found))
    share, _, table, found = max(scored, key=lambda s: s[:2])
    lacking = lacking_keys + [
        " or ".join(table.columns[m])
        for m in table.columns
        if m not in found and m not in table.optional
    ]
    if lacking:
        raise DataError(
            f"{name} is laid out in a way not seen before. It is nearest to '{table.title}', and"
            f" lacks the column(s) {', '.join(lacking)}. If the publisher renamed them, add the new"
            " names to OFFICIAL_TABLES in oxcare_analysis/intake/mappings.py."
        )
    level = frame["geographic_level"]
    unknown = sorted(set(level) - set(OFFICIAL_LEVELS))
    if unknown:
        raise DataError(
            f"{name} has rows for {shown(unknown[0])}; expected one of"
            f" {', '.join(OFFICIAL_LEVELS)}."
        )
    rows = pd.DataFrame(
        {
            "year": frame["time_period"],
            "level": level.map(OFFICIAL_LEVELS),
            "area_code": frame["old_la_code"],
            "ons_code": frame["new_la_code"],
            "name": frame["la_name"],
            "region_code": frame["region_code"],
        }
    )
    england, region = rows["level"] == "england", rows["level"] == "region"
    rows.loc[england, ["area_code", "ons_code", "name"]] = [ENGLAND, ENGLAND, "England"]
    for column in ("area_code", "ons_code"):
        rows.loc[region, column] = frame.loc[region, "region_code"]
    rows.loc[region, "name"] = frame.loc[region, "region_name"]
    _years(rows["year"], name)
    rows["year"] = (rows["year"].astype(int) + table.year_offset).astype(str)
    _years(rows["year"], name)
    for measure, column in found.items():
        rows[measure] = frame[column].str.strip()
    return table, rows


def _tabulated(
    header: list[str], frame: pd.DataFrame, name: str
) -> tuple[Table, pd.DataFrame] | None:
    if not set(WIDE_KEYS) <= set(header):
        return None
    if set(header) == {*WIDE_KEYS, "indicator", "value"}:
        keys = list(WIDE_KEYS)
        twice = frame[frame.duplicated([*(key for key in keys if key != "name"), "indicator"])]
        if len(twice):
            row = twice.iloc[0]
            raise DataError(
                f"{name} gives {row['indicator']} for {row['name']} in {row['year']} twice;"
                " expected once."
            )
        frame = frame.set_index([*keys, "indicator"])["value"].unstack(fill_value="").reset_index()
        header = list(frame.columns)
    best = max(TABULATED_TABLES, key=lambda t: len(_found(t, header)))
    found = _found(best, header)
    if not found:
        raise DataError(
            f"{name} has the key columns of the documented CSV but none of the indicators this"
            f" project keeps; found {shown(', '.join(c for c in header if c not in WIDE_KEYS))}."
            " The indicators are listed in TABULATED_TABLES in oxcare_analysis/intake/mappings.py."
        )
    unknown = sorted(set(frame["geography_level"]) - set(WIDE_LEVELS))
    if unknown:
        raise DataError(
            f"{name} has geography_level {shown(unknown[0])}; expected one of"
            f" {', '.join(WIDE_LEVELS)}."
        )
    rows = pd.DataFrame(
        {
            "year": frame["year"],
            "level": frame["geography_level"].map(WIDE_LEVELS),
            "area_code": (
                frame["old_la_code"].where(frame["geography_level"] == "la", frame["la_code"])
            ),
            "ons_code": frame["la_code"],
            "name": frame["name"],
            "region_code": "",
        }
    )
    rows["area_code"] = rows["area_code"].where(
        rows["area_code"] != "", rows["ons_code"].map(RETIRED_ONS_CODES)
    )
    rows["area_code"] = rows["area_code"].fillna("")
    for measure, column in found.items():
        rows[measure] = frame[column].str.strip()
    # Some authorities return their workforce figures jointly; such a row belongs to neither alone.
    rows.loc[rows["area_code"].str.fullmatch(r"[0-9]{3}( / [0-9]{3})+"), "level"] = "joint"
    _years(rows["year"], name)
    kept = rows[list(found)].ne("").any(axis=1)
    return best, _merged(rows[kept], name)


def _merged(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """One row an area and year: an authority that changed its ONS code can have two that complete
    each other.
    """
    repeated = rows.duplicated(["year", "area_code"], keep=False)
    joined = []
    for (year, _), group in rows[repeated].groupby(["year", "area_code"]):
        complete = group.iloc[-1].copy()
        if group["name"].map(core).nunique() > 1:
            raise DataError(
                f"{name} gives one authority code to {shown(group['name'].iloc[0])} and to "
                f"{shown(complete['name'])} in {year}; expected one authority for a code."
            )
        for column in rows.columns.difference(KEYS):
            found = [text for text in group[column].unique() if text]
            if len(found) > 1:
                raise DataError(
                    f"{name} gives {MEASURES[column].label} for {complete['name']} in {year} as "
                    f"{' and as '.join(found)}; expected one figure."
                )
            complete[column] = found[0] if found else ""
        joined.append(complete)
    return pd.concat([rows[~repeated], pd.DataFrame(joined, columns=rows.columns)])


def _unknown(header: list[str], path: Path):
    raise DataError(
        f"{path.name} is not a file this project knows. Found the columns"
        f" {shown(', '.join(header))}; expected an official 'Children in need' data file, the"
        " documented long or wide CSV (docs/data_format.md) or the monthly template (oxcare data"
        " template monthly)."
    )


def _years(years: pd.Series, name: str) -> None:
    bad = years[~years.str.fullmatch(r"(19|20)[0-9]{2}")]
    if len(bad):
        raise DataError(
            f"{name}, row {bad.index[0] + 2}, has the year {shown(bad.iloc[0])}; expected four"
            " digits."
        )
    if years.astype(int).max() > pd.Timestamp.today().year:
        raise DataError(
            f"{name} holds figures for {years.max()}, which has not happened yet. Check the file."
        )


def _checked_rows(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    _checked_areas(rows, name)
    repeated = rows[rows.duplicated(["year", "area_code"])]
    if len(repeated):
        first = repeated.iloc[0]
        raise DataError(
            f"{name} has more than one row for {first['name']} in {first['year']}; expected one."
            " Use the publisher's data file unmodified."
        )
    percents = [m for m in rows.columns.difference(KEYS) if MEASURES[m].unit == "per cent"]
    for measure in percents:
        over = rows[pd.to_numeric(rows[measure].str.replace(",", ""), errors="coerce") > 100]
        if len(over):
            first = over.iloc[0]
            raise DataError(
                f"{name} gives {first[measure]} per cent for {MEASURES[measure].label},"
                f" {first['name']} {first['year']}; expected at most 100."
            )
    return rows.sort_values(["level", "area_code", "year"], ignore_index=True)


def _checked_areas(rows: pd.DataFrame, name: str) -> None:
    """Refuse names and codes that are not of their kind."""
    names = rows["name"]
    odd = rows[
        (names.str.len() > LONGEST_NAME)
        | names.str.contains(r"[\r\n\t]")
        | names.str.strip().eq("")
    ]
    if len(odd):
        raise DataError(
            f"{name} has the area name {shown(odd['name'].iloc[0])} in {odd['year'].iloc[0]};"
            f" expected one line of at most {LONGEST_NAME} characters. Use the publisher's data"
            " file unmodified."
        )
    bad = rows[rows["level"].eq("authority") & ~rows["area_code"].str.fullmatch(r"[0-9]{3}")]
    if len(bad):
        raise DataError(
            f"{name} has the authority code {shown(bad['area_code'].iloc[0])} for "
            f"{shown(bad['name'].iloc[0])}; expected three digits."
        )
    for level, form in ONS_CODES.items():
        bad = rows[rows["level"].eq(level) & ~rows["ons_code"].str.fullmatch(form)]
        if len(bad):
            raise DataError(
                f"{name} has the ONS code {shown(bad['ons_code'].iloc[0])} for "
                f"{shown(bad['name'].iloc[0])} in {bad['year'].iloc[0]}; expected one such as "
                f"{ENGLAND if level == 'england' else 'E12000008' if level == 'region' else 'E10000025'}."
            )
    bad = rows[~rows["region_code"].str.fullmatch(r"(E1[23][0-9]{6})?")]
    if len(bad):
        raise DataError(
            f"{name} has the region code {shown(bad['region_code'].iloc[0])} for"
            f" {shown(bad['name'].iloc[0])} in {bad['year'].iloc[0]}; expected one such as"
            " E12000008."
        )
