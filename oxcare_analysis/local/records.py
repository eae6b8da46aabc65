"""Child-level records of one authority: the tables, their columns and kinds. Never shown, never
published.
"""

from dataclasses import dataclass, replace

import pandas as pd

ID, DATE, CODE, FLAG = "string", "datetime64[s]", "category", "boolean"
CATEGORIES = ("NEG", "PHY", "SAB", "EMO", "MUL")
REASONS = tuple(f"RC{number}" for number in range(1, 10))

# table → column → kind; the first column of a table is the id that makes a row one of its kind.
COLUMNS = {
    "persons": {
        "person_id": ID,
        "family_id": ID,
        "birth_date": DATE,
        "expected_birth_date": DATE,
        "death_date": DATE,
    },
    "referrals": {
        "referral_id": ID,
        "person_id": ID,
        "referral_date": DATE,
        "source": CODE,
        "no_further_action": FLAG,
        "close_date": DATE,
        "close_reason": CODE,
    },
    "enquiries": {
        "enquiry_id": ID,
        "person_id": ID,
        "referral_id": ID,
        "start_date": DATE,
        "end_date": DATE,
    },
    "conferences": {
        "conference_id": ID,
        "person_id": ID,
        "enquiry_id": ID,
        "conference_date": DATE,
        "transfer_in": FLAG,
        "led_to_plan": FLAG,
    },
    "plans": {
        "plan_id": ID,
        "person_id": ID,
        "referral_id": ID,
        "conference_id": ID,
        "start_date": DATE,
        "end_date": DATE,
        "other_authority": FLAG,
        "category_initial": CODE,
        "category_latest": CODE,
    },
    "reviews": {"plan_id": ID, "person_id": ID, "review_date": DATE},
    "care": {"care_id": ID, "person_id": ID, "start_date": DATE, "end_date": DATE},
}
# What makes a row the same row in two snapshots: one enquiry or conference may be of several
# children.
KEYS = {
    "persons": ["person_id"],
    "referrals": ["referral_id", "person_id"],
    "enquiries": ["enquiry_id", "person_id"],
    "conferences": ["conference_id", "person_id"],
    "plans": ["plan_id", "person_id"],
    "reviews": ["plan_id", "person_id", "review_date"],
    "care": ["care_id", "person_id"],
}
# The date a row begins on, and the one it ends on, where it has them.
BEGINS = {
    "referrals": "referral_date",
    "enquiries": "start_date",
    "conferences": "conference_date",
    "plans": "start_date",
    "care": "start_date",
}
ENDS = {"referrals": "close_date", "enquiries": "end_date", "plans": "end_date", "care": "end_date"}
MARK = "SIMULATED-"  # begins every id of a simulated record, in any layout


@dataclass(frozen=True, eq=False)
class Records:
    """Child-level records of one authority, on the analyst's machine only.

    Each table has the columns of COLUMNS, a row a child: an enquiry or conference over several
    children is several rows. What a layout does not carry is missing throughout. `extract_date`:
    the day of the newest snapshot; ends after it are not known. `complete_from`: the first day from
    which starts are complete; before it only those who lasted are seen. `area`: the authority the
    analyst named. `simulated`: whether any file said that it was.
    """

    persons: pd.DataFrame
    referrals: pd.DataFrame
    enquiries: pd.DataFrame
    conferences: pd.DataFrame
    plans: pd.DataFrame
    reviews: pd.DataFrame
    care: pd.DataFrame
    extract_date: pd.Timestamp
    complete_from: pd.Timestamp
    area: str
    simulated: bool

    def __repr__(self) -> str:
        """How many rows of each table: never a row, so that no log or notebook can show a child."""
        sizes = ", ".join(f"{name} {len(table):,}" for name, table in self.tables.items())
        return (
            f"Records({self.area}{', simulated' * self.simulated}, to {self.extract_date:%Y-%m-%d}:"
            f" {sizes})"
        )

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The seven tables by name."""
        return {name: getattr(self, name) for name in COLUMNS}

    def with_tables(self, tables: dict[str, pd.DataFrame]) -> "Records":
        """The same records with some tables in place of their own."""
        return replace(self, **tables)


def conform(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """A frame as the table of that name: its columns in order, of their kinds, missing where the
    frame has none.
    """
    frame = frame.reset_index(drop=True)
    columns = {
        column: (
            frame[column]
            if column in frame
            else pd.Series(pd.NA, index=frame.index, dtype="object")
        )
        for column in COLUMNS[name]
    }
    return pd.DataFrame(
        {column: _as_kind(cells, COLUMNS[name][column]) for column, cells in columns.items()},
        index=frame.index,
    )


def empty(name: str) -> pd.DataFrame:
    """The table of that name without rows."""
    return conform(name, pd.DataFrame())


def _as_kind(cells: pd.Series, kind: str) -> pd.Series:
    if kind == DATE:
        return pd.to_datetime(cells).astype(DATE)
    return cells if str(cells.dtype) == kind else cells.astype(kind)
