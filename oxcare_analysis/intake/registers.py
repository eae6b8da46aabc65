"""Files kept by hand beside the figures: the registers of the documents, and the list of known
problems.
"""

import re
from datetime import date
from pathlib import Path

import pandas as pd

from oxcare_analysis.intake import text
from oxcare_analysis.words import paths
from oxcare_analysis.words.errors import DataError

FOLDER = "published_figures"
COLUMNS = {
    "figures": (
        "figure_id",
        "source",
        "locator",
        "area",
        "measure",
        "period",
        "value",
        "unit",
        "precision",
        "note",
    ),
    "statements": ("statement_id", "source", "locator", "statement", "test", "figure_ids"),
    "events": ("event_id", "date", "area", "kind", "event", "source"),
}
PROBLEMS = ("check", "area_code", "first_year", "last_year", "measure", "reason")


def read(name: str, data_dir: str | Path | None = None) -> pd.DataFrame:
    """One register, every cell as text: the columns of COLUMNS and any besides; no rows where there
    is no file.

    Raises DataError on a register that lacks columns, uses an id twice or holds a cell of another
    form.
    """
    root = paths.raw_dir(data_dir)
    path = root / FOLDER / f"{name}.csv"
    if not path.exists():
        return pd.DataFrame(columns=list(COLUMNS[name]), dtype=str)
    frame = text.read_csv(path, root)
    lacking = [column for column in COLUMNS[name] if column not in frame]
    if lacking:
        raise DataError(
            f"{FOLDER}/{path.name} lacks the column(s) {', '.join(lacking)}; expected "
            f"{', '.join(COLUMNS[name])}. Put them back."
        )
    key = COLUMNS[name][0]
    twice = frame.loc[frame[key].duplicated() | frame[key].eq(""), key]
    if len(twice):
        raise DataError(
            f"{FOLDER}/{path.name} has the {key} {text.shown(twice.iloc[0])} twice or empty;"
            " expected each once. Give every row a name of its own."
        )
    for column, (right, words) in {key: FORMS["id"], **FORMS}.items():
        wrong = frame[[not right(cell) for cell in frame[column]]] if column in frame else frame[:0]
        if len(wrong):
            raise DataError(
                f"{FOLDER}/{path.name}, {text.shown(wrong[key].iloc[0])}, has the {column} "
                f"{text.shown(wrong[column].iloc[0])}; expected {words}. Correct the cell."
            )
    return frame


def known_problems(data_dir: str | Path | None = None) -> pd.DataFrame:
    """data/known_problems.csv: check, area_code (* for all), first_year, last_year, measure (* for
    all), reason.

    Years are whole numbers; no rows where there is no file. Raises DataError on one of another
    form.
    """
    path = paths.data_dir(data_dir) / "known_problems.csv"
    frame = (
        text.read_csv(path) if path.exists() else pd.DataFrame(columns=list(PROBLEMS), dtype=str)
    )
    years = ["first_year", "last_year"]
    wrong = sorted(set(PROBLEMS) - set(frame)) or [
        cell
        for column in years
        for cell in frame[column]
        if not re.fullmatch(r"(19|20)[0-9]{2}", cell)
    ]
    if wrong:
        raise DataError(
            f"{path.name} lacks a column or has a year that is none, {text.shown(wrong[0])};"
            f" expected {', '.join(PROBLEMS)}, with years of four digits. Correct the file."
        )
    return frame.astype(dict.fromkeys(years, int))


def _is_past(cell: str) -> bool:
    """Whether this is a day or a month that has begun, as YYYY-MM-DD or YYYY-MM."""
    if not re.fullmatch(r"(19|20)[0-9]{2}-[0-9]{2}(-[0-9]{2})?", cell):
        return False
    try:
        return date.fromisoformat(cell if len(cell) == 10 else f"{cell}-01") <= date.today()
    except ValueError:
        return False


# What a cell must be where a program reads it as more than words.
FORMS = {
    "id": (lambda cell: re.fullmatch(r"[a-z0-9_]+", cell), "small letters, digits and _"),
    "value": (lambda cell: re.fullmatch(r"[0-9]+(\.[0-9]+)?", cell), "a plain number"),
    "date": (_is_past, "a past date as YYYY-MM-DD or YYYY-MM"),
}
