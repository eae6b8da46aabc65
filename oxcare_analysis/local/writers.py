"""Simulated records as the files an authority would export: each layout with its own columns,
editions and words.

Every id begins with the mark of simulated records and every file name with 'simulated';
census_writer has the third layout.
"""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from openpyxl import Workbook

from oxcare_analysis.local.layouts import ssd
from oxcare_analysis.local.records import Records
from oxcare_analysis.local.window import seen_on
from oxcare_analysis.words.errors import UsageError

SSD_EVERY, ANNEX_EVERY = pd.DateOffset(years=5), pd.DateOffset(months=6)
DAY = pd.Timedelta(days=1)
CATEGORY_WORDS = {
    "NEG": "Neglect",
    "PHY": "Physical abuse",
    "SAB": "Sexual abuse",
    "EMO": "Emotional abuse",
    "MUL": "Multiple/not recommended",
}
# Lists of Annex A, with the columns that are not simulated left empty.
ANNEX = {
    "List 3": [
        "Child Unique ID",
        "Gender",
        "Ethnicity",
        "Date of Birth",
        "Age of Child (Years)",
        "Date of referral",
        "Referral Source",
        "Referral NFA?",
        "Number of Referrals in Last 12 Months",
        "Allocated Team",
        "Allocated Worker",
    ],
    "List 5": [
        "Child Unique ID",
        "Gender",
        "Ethnicity",
        "Date of Birth",
        "Age of Child (Years)",
        "Strategy discussion initiating Section 47 Enquiry Start Date",
        "Was an Initial Child Protection Conference deemed unnecessary?",
        "Date of Initial Child Protection Conference",
        "Did the Initial Child Protection Conference Result in a Child Protection Plan",
        "Number of Section 47 Enquiries in the last 12 months",
        "Number of ICPCs in the last 12 months",
        "Allocated Team",
        "Allocated Worker",
    ],
    "List 6": [
        "Child Unique ID",
        "Gender",
        "Ethnicity",
        "Date of Birth",
        "Age of Child (Years)",
        "CIN Start Date",
        "Primary Need Code",
        "Date Child Was Last Seen",
        "CIN Closure Date",
        "Reason for Closure",
        "Case Status",
    ],
    "List 7": [
        "Child Unique ID",
        "Gender",
        "Ethnicity",
        "Date of Birth",
        "Age of Child (Years)",
        "Child Protection Plan Start Date",
        "Initial Category of Abuse",
        "Latest Category of Abuse",
        "Date of the Last Statutory Visit",
        "Was the Child Seen Alone?",
        "Date of latest review conference",
        "Child Protection Plan End Date",
        "Number of Previous Child Protection Plans",
    ],
    "List 8": [
        "Child Unique ID",
        "Gender",
        "Ethnicity",
        "Date of Birth",
        "Age of Child (Years)",
        "Date Started to be Looked After",
        "Child's Category of Need",
        "Date Ceased to be Looked After",
    ],
}


def write_ssd(records: Records, folder: Path) -> list[Path]:
    """Six-year extracts of the Standard Safeguarding Dataset, five years apart, each in a folder
    named by its day.
    """
    written = []
    for day in _days(records, SSD_EVERY, lambda day: day - ssd.WINDOW):
        first = max(day - ssd.WINDOW, records.complete_from)
        seen = seen_on(records, day, first)
        referrals, enquiries = seen.referrals, seen.enquiries  # of these the extract keeps less
        seen = seen.with_tables(
            {
                "referrals": referrals[
                    referrals["close_date"].isna() | (referrals["referral_date"] >= first)
                ],
                "enquiries": enquiries[
                    enquiries["end_date"].isna() | (enquiries["end_date"] >= first)
                ],
            }
        )
        place = folder / f"{day:%Y-%m-%d}"
        place.mkdir(parents=True)
        tables = {**seen.tables, "families": seen.persons.dropna(subset=["family_id"])}
        for name, (theirs, columns) in ssd.TABLES.items():
            frame = tables[name]
            for column in ("category_initial", "category_latest"):
                if column in frame:
                    frame = frame.assign(**{column: frame[column].map(CATEGORY_WORDS)})
            for column in frame.columns[frame.dtypes == "boolean"]:
                frame = frame.assign(**{column: frame[column].map({True: "Y", False: "N"})})
            frame = frame[list(columns)].rename(columns=columns)
            written.append(place / f"simulated_{theirs}.csv")
            frame.to_csv(
                written[-1],
                index=False,
                encoding="utf-8",
                lineterminator="\n",
                date_format="%Y-%m-%dT00:00:00",
            )
    return written


def write_annex_a(records: Records, folder: Path) -> list[Path]:
    """Annex A of every six months: a workbook, and the same lists as CSVs in a folder beside it."""
    written = []
    for day in _days(records, ANNEX_EVERY, lambda day: day + DAY - ANNEX_EVERY, whole=True):
        book = Workbook(write_only=True)
        books, lists = folder / "workbooks", folder / "csv" / f"{day:%Y-%m-%d}"
        for place in (books, lists):
            place.mkdir(parents=True, exist_ok=True)
        for name, frame in _annex_lists(records, day).items():
            frame = frame.reindex(columns=ANNEX[name])
            written.append(lists / f"simulated_{name.lower().replace(' ', '_')}.csv")
            frame.to_csv(
                written[-1],
                index=False,
                encoding="utf-8",
                lineterminator="\n",
                date_format="%d/%m/%Y",
            )
            sheet = book.create_sheet(name)
            sheet.append(list(frame.columns))
            for row in frame.astype("object").where(frame.notna(), None).itertuples(index=False):
                sheet.append(
                    [
                        cell.to_pydatetime() if isinstance(cell, pd.Timestamp) else cell
                        for cell in row
                    ]
                )
        written.append(books / f"simulated_annex_a_{day:%Y-%m-%d}.xlsx")
        book.save(written[-1])
    return written


def _annex_lists(records: Records, day: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """The lists that are read, as they would stand on `day`, under Annex A's columns."""
    first = day + DAY - ANNEX_EVERY
    seen = seen_on(records, day, first)
    yes_no = {True: "a) Yes", False: "b) No"}
    held = seen.conferences[
        ["conference_id", "enquiry_id", "person_id", "conference_date", "led_to_plan"]
    ]
    asked = records.enquiries[records.enquiries["start_date"] <= day].merge(
        held, how="outer", on=["enquiry_id", "person_id"]
    )
    asked = asked[(asked["start_date"] >= first) | asked["conference_date"].notna()]
    referrals = seen.referrals[seen.referrals["referral_date"] >= first]
    cases = records.referrals[records.referrals["referral_date"] <= day]
    cases = cases.assign(close_date=cases["close_date"].where(cases["close_date"] <= day))
    cases = cases[cases["close_date"].isna() | (cases["close_date"] >= first)]
    plans = seen.plans[~seen.plans["other_authority"]]
    latest = seen.reviews.groupby("plan_id")["review_date"].max()
    lists = {
        "List 3": (
            referrals,
            {
                "Date of referral": referrals["referral_date"],
                "Referral Source": referrals["source"],
                "Referral NFA?": referrals["no_further_action"].map(yes_no),
            },
        ),
        "List 5": (
            asked,
            {
                ANNEX["List 5"][5]: asked["start_date"],
                ANNEX["List 5"][7]: asked["conference_date"],
                ANNEX["List 5"][8]: asked["led_to_plan"].map(yes_no),
            },
        ),
        "List 6": (
            cases,
            {
                "CIN Start Date": cases["referral_date"],
                "CIN Closure Date": cases["close_date"],
                "Reason for Closure": cases["close_reason"].where(cases["close_date"].notna()),
            },
        ),
        "List 7": (
            plans,
            {
                "Child Protection Plan Start Date": plans["start_date"],
                "Initial Category of Abuse": plans["category_initial"].map(CATEGORY_WORDS),
                "Latest Category of Abuse": plans["category_latest"].map(CATEGORY_WORDS),
                "Date of latest review conference": plans["plan_id"].map(latest),
                "Child Protection Plan End Date": plans["end_date"],
            },
        ),
        "List 8": (
            seen.care,
            {
                "Date Started to be Looked After": seen.care["start_date"],
                "Date Ceased to be Looked After": seen.care["end_date"],
            },
        ),
    }
    born = seen.persons.set_index("person_id")["birth_date"]
    return {
        name: pd.DataFrame(
            {
                "Child Unique ID": rows["person_id"],
                "Date of Birth": rows["person_id"].map(born),
                **columns,
            }
        )
        for name, (rows, columns) in lists.items()
    }


def _days(
    records: Records,
    every: pd.DateOffset,
    opens: Callable[[pd.Timestamp], pd.Timestamp],
    whole: bool = False,
) -> list[pd.Timestamp]:
    """The days of the extracts, back from the newest until their windows (from `opens`) reach the
    first record.

    With `whole`, no window may open before the first record; else the earliest one does.
    """
    days, day = [], records.extract_date
    while opens(day) >= records.complete_from:
        days.append(day)
        day = (records.extract_date + DAY - every * len(days)) - DAY
    if not whole and (not days or opens(days[-1]) > records.complete_from):
        days.append(day)
    if not days:
        raise UsageError(
            "No edition can be written: its window is longer than the months simulated. Simulate at"
            " least 6 months for Annex A."
        )
    return days[::-1]
