"""One snapshot of an authority's records as a layout's reader gives it."""

from dataclasses import dataclass, field

import pandas as pd

from oxcare_analysis.local.cells import dates, read
from oxcare_analysis.local.records import BEGINS, COLUMNS, MARK, empty


@dataclass(frozen=True, eq=False)
class Extract:
    """One snapshot, read.

    `tables`: of records.COLUMNS, empty where the layout or the files have none. `day`: on which it
    was taken; `first`: from which it holds every start. `read`, `unread`: rows found and rows with
    a cell that could not be read, by table (and what it was). `files`: names of the files. `area`:
    the authority's code, where the layout carries it.
    """

    kind: str
    tables: dict[str, pd.DataFrame]
    day: pd.Timestamp
    first: pd.Timestamp
    files: tuple[str, ...]
    read: dict[str, int]
    unread: dict[tuple[str, str], int]
    area: str = ""
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def simulated(self) -> bool:
        """Whether any child's id says that the records are simulated."""
        return any(table["person_id"].str.startswith(MARK).any() for table in self.tables.values())


def as_tables(
    raw: dict[str, pd.DataFrame],
) -> tuple[dict[str, pd.DataFrame], dict[str, int], dict[tuple[str, str], int]]:
    """Text tables under our names → every table of records, rows found, rows with a cell that could
    not be read.
    """
    tables, unread = {name: empty(name) for name in COLUMNS}, {}
    for name, text in raw.items():
        tables[name], counts = read(name, text)
        unread |= {(name, word): count for word, count in counts.items()}
    return tables, {name: len(text) for name, text in raw.items()}, unread


def newest_day(tables: dict[str, pd.DataFrame]) -> pd.Timestamp:
    """The newest day, not after today, on which anything began: the day of an extract that does not
    say its own.
    """
    today = pd.Timestamp.today().normalize()
    newest = [
        dates[dates <= today].max()
        for name, column in BEGINS.items()
        if len(dates := tables[name][column])
    ]
    known = [day for day in newest if pd.notna(day)]
    return max(known) if known else today


def with_ids(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Tables of a layout that has no ids but the child's: every row's is the child's and the day it
    began.

    Two of a child that began on one day are told apart by their order. An id of another table
    stands in the cell as the day that began on, as text; a day that cannot be read, or none, gives
    a missing id.
    """
    named = dict(tables)
    for name, column in BEGINS.items():
        key, table = next(iter(COLUMNS[name])), named[name]
        made = _made(table["person_id"], table[column])
        again = made.groupby(made).cumcount().where(made.notna(), 0)
        named[name] = table.assign(
            **{key: made.where(again.eq(0), made + "/" + (again + 1).astype("string"))}
        )
    for name, column in (
        ("conferences", "enquiry_id"),
        ("plans", "referral_id"),
        ("plans", "conference_id"),
        ("reviews", "plan_id"),
        ("enquiries", "referral_id"),
    ):
        table = named[name]
        named[name] = table.assign(**{column: _made(table["person_id"], dates(table[column]))})
    return named


def _made(person: pd.Series, day: pd.Series) -> pd.Series:
    return (person + "/" + day.dt.strftime("%Y-%m-%d").astype("string")).astype("string")
