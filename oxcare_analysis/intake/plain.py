"""Files that are not area by year: neighbours, districts, the list of releases, the analyst's own
months.

Each function takes a file's rows as text under its columns and returns those to keep. All raise
DataError.
"""

from collections.abc import Callable

import pandas as pd

from oxcare_analysis.intake.mappings import MONTHLY_COLUMNS, TABULATED_TABLES
from oxcare_analysis.intake.text import shown
from oxcare_analysis.words.errors import DataError

CODE, YEAR, COUNT = r"[0-9]{3}", r"(19|20)[0-9]{2}", r"[0-9]{0,7}"
MODEL = r"[A-Za-z]+ (19|20)[0-9]{2}"
MONTH = r"20[0-9]{2}-(0[1-9]|1[0-2])"


def neighbours(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Statistical neighbours, one row a neighbour of an authority in a model."""
    _each(frame, "model", MODEL, "a month and a year such as May 2025", name)
    _begun(frame["model"].str[-4:], pd.Timestamp.today().strftime("%Y"), name)
    for column in ("old_la_code", "neighbour_old_la_code"):
        _each(frame, column, CODE, "three digits", name)
    _each(frame, "rank", r"[1-9][0-9]?", "a rank from 1", name)
    _once(frame, ["model", "old_la_code", "neighbour_old_la_code"], name)
    _once(frame, ["model", "old_la_code", "rank"], name)
    return frame


def districts(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Figures of districts, one row a figure."""
    _each(frame, "year", YEAR, "four digits", name)
    _begun(frame["year"], pd.Timestamp.today().strftime("%Y"), name)
    _each(
        frame, "district_code", r"E07[0-9]{6}", "an ONS code of a district such as E07000178", name
    )
    _each(frame, "value", r"[0-9]{1,9}(\.[0-9]+)?", "a number of zero or more", name)
    _once(frame, ["year", "district_code", "indicator"], name)
    return frame


def releases(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The releases behind the tabulated files, under our source and measure names; only what is
    kept.
    """
    ours = {
        column: (table.source, measure)
        for table in TABULATED_TABLES
        for measure, names in table.columns.items()
        for column in names
    }
    kept = frame[frame["indicator"].isin(list(ours))]
    if kept.empty:
        raise DataError(
            f"{name} lists releases of none of the indicators this project keeps; found "
            f"{shown(', '.join(frame['indicator'].unique()))}. The indicators are listed in "
            "TABULATED_TABLES in oxcare_analysis/intake/mappings.py."
        )
    for column in ("first_year", "last_year"):
        _each(kept, column, YEAR, "four digits", name)
        _begun(kept[column], pd.Timestamp.today().strftime("%Y"), name)
    _once(kept, ["file", "indicator", "release", "first_year", "last_year"], name)
    return pd.DataFrame(
        {
            "source": [ours[i][0] for i in kept["indicator"]],
            "measure": [ours[i][1] for i in kept["indicator"]],
            "release": kept["release"].str.replace(r"\s+", " ", regex=True).str.strip(),
            "first_year": kept["first_year"],
            "last_year": kept["last_year"],
        }
    )


def months(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The monthly template as filled in, in the order of its months."""
    _each(frame, "month", MONTH, "a form such as 2025-04", name)
    _begun(frame["month"], pd.Timestamp.today().strftime("%Y-%m"), name)
    _once(frame, ["month"], name)
    for column in MONTHLY_COLUMNS[1:]:
        _each(frame, column, COUNT, "a whole number, or nothing where there is none", name, "month")
    return frame.sort_values("month", ignore_index=True)


def _each(frame: pd.DataFrame, column: str, form: str, words: str, name: str, by: str = "") -> None:
    """Refuse a column with a cell of another form."""
    bad = frame[~frame[column].str.fullmatch(form)]
    if len(bad):
        where = f"{by} {bad[by].iloc[0]}" if by else f"row {bad.index[0] + 2}"
        raise DataError(
            f"{name}, {where}, has the {column} {shown(bad[column].iloc[0])}; expected {words}."
            " Correct the cell, or use the publisher's file unmodified."
        )


def _begun(cells: pd.Series, now: str, name: str) -> None:
    if cells.max() > now:
        raise DataError(
            f"{name} holds figures for {cells.max()}, which has not happened yet; expected {now} at"
            " the latest. Check the file."
        )


def _once(frame: pd.DataFrame, keys: list[str], name: str) -> None:
    twice = frame[frame.duplicated(keys)]
    if len(twice):
        found = ", ".join(f"{column} {shown(twice[column].iloc[0])}" for column in keys)
        raise DataError(f"{name} has {found} twice; expected each once. Take one of the rows out.")


CHECKS: dict[str, Callable[[pd.DataFrame, str], pd.DataFrame]] = {
    "statistical_neighbours": neighbours,
    "oxfordshire_districts": districts,
}
