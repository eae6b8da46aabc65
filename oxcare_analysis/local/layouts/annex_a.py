"""Annex A (inspection lists): a workbook with a sheet a list, or a CSV a list; lists known by their
headers.

One edition holds six months and no id but the child's, so every other id is made of the child's and
a date. Only the columns named here are read.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from oxcare_analysis.intake import text
from oxcare_analysis.local import workbook
from oxcare_analysis.local.cells import NOTHING, read
from oxcare_analysis.local.extract import Extract, as_tables, newest_day, with_ids
from oxcare_analysis.local.layouts.ssd import periods
from oxcare_analysis.local.records import conform
from oxcare_analysis.words.errors import DataError

KIND = "annex_a"
WINDOW = pd.DateOffset(months=6)
HEADER_WITHIN = 12  # rows: some authorities put a title above the header
CHILD = ("childuniqueid", "childid", "uniquechildid")
BORN = {"birth_date": (False, ("dateofbirth", "dob"))}
# The second names are those of the Standard Safeguarding Dataset's script for Annex A, one misspelt
# there.
# list → column → (whether it must be there, its names in small letters and digits alone); the first
# is its mark.
LISTS = {
    "referrals": {
        "referral_date": (True, ("dateofreferral", "referraldate")),
        "source": (False, ("referralsource",)),
        "no_further_action": (True, ("referralnfa",)),
    },
    "enquiries": {
        "start_date": (
            True,
            ("strategydiscussioninitiatingsection47enquirystartdate", "stratdiscussiondate"),
        ),
        "conference_date": (True, ("dateofinitialchildprotectionconference", "initialcpconfdate")),
        "led_to_plan": (
            False,
            (
                "didtheinitialchildprotectionconferenceresultinachildprotectionplan",
                "cpconfresultincpplan",
            ),
        ),
    },
    "closures": {
        "referral_date": (True, ("cinstartdate",)),
        "close_date": (True, ("cinclosuredate",)),
        "close_reason": (False, ("reasonforclosure",)),
    },
    "plans": {
        "start_date": (True, ("childprotectionplanstartdate", "cppstartdate")),
        "end_date": (True, ("childprotectionplanenddate", "cppenddate")),
        "category_initial": (False, ("initialcategoryofabuse",)),
        "category_latest": (False, ("latestcategoryofabuse",)),
        "review_date": (False, ("dateoflatestreviewconference", "dateoflatestreviewconf")),
    },
    "care": {
        "start_date": (
            True,
            ("datestartedtobelookedafter", "lookedafterstartdate", "loookedafterstartdate"),
        ),
        "end_date": (False, ("dateceasedtobelookedafter", "ceasedlookedafterdate")),
    },
}


def list_of(header: list[object]) -> str:
    """Which list a header is of, by the column only that list has; '' where it is none that is
    read.
    """
    names = {_plain(cell) for cell in header}
    return next(
        (name for name, columns in LISTS.items() if names & set(next(iter(columns.values()))[1])),
        "",
    )


def _plain(cell: object) -> str:
    return re.sub(r"[^a-z0-9]", "", str(cell or "").lower())


def extract(files: list[Path], day: pd.Timestamp | None = None) -> Extract:
    """One edition: a workbook, or the CSVs of its lists. `day`: when it was taken; else the newest
    day in it.

    Raises DataError on a list twice, a column missing, a formula, or no list of child protection
    plans.
    """
    lists: dict[str, pd.DataFrame] = {}
    for path in files:
        for title, name, frame in _workbook(path) if path.suffix.lower() == ".xlsx" else _csv(path):
            if name in lists:
                raise DataError(
                    f"{title} is a second list of {name} in one edition; expected one. Put each"
                    " edition in a folder or a workbook of its own."
                )
            lists[name] = frame
    if "plans" not in lists:
        raise DataError(
            f"{files[0].name} holds no list of child protection plans (a column 'Child Protection"
            " Plan Start Date'); expected list 7 of Annex A. Check that it is the right file."
        )
    raw = _raw(lists)
    closures = raw.pop("closures", None)
    tables, found, unread = as_tables(raw)
    if closures is not None:
        tables["referrals"] = _closed(tables["referrals"], closures)
    tables = with_ids(tables)
    tables["care"] = periods(tables["care"])
    taken = day or newest_day(tables)
    missing = tuple(
        name for name in ("referrals", "enquiries", "conferences", "care") if name not in found
    )
    return Extract(
        KIND,
        tables,
        taken,
        taken + pd.Timedelta(days=1) - WINDOW,
        tuple(path.name for path in files),
        found,
        unread,
        "",
        missing,
    )


def _csv(path: Path) -> Iterator[tuple[str, str, pd.DataFrame]]:
    header = text.header(path)
    name, places = list_of(header), {}
    if name:
        places = _places(header, name, path.name)
        yield path.name, name, text.read_columns(path, list(places)).rename(columns=places)


def _workbook(path: Path) -> Iterator[tuple[str, str, pd.DataFrame]]:
    def chosen(where: str, row: list[str]) -> dict[int, str]:
        name = list_of(row)
        return _places(row, name, where) if name else {}

    for where, header, frame in workbook.read_lists(path, HEADER_WITHIN, chosen):
        yield where, list_of(header), frame


def _places(header: list[object], name: str, where: str) -> dict[int, str]:
    """Column number → our column. Raises DataError with the columns a list lacks or has twice."""
    names = [_plain(cell) for cell in header]
    places, lacks = {}, []
    for ours, (needed, theirs) in {"person_id": (True, CHILD), **BORN, **LISTS[name]}.items():
        found = [place for place, one in enumerate(names) if one in theirs]
        if len(found) > 1:
            raise DataError(
                f"{where} has the column {text.shown(header[found[0]])} twice; expected each once."
                " Take one out."
            )
        if found:
            places[found[0]] = ours
        elif needed:
            lacks.append(theirs[0])
    if lacks:
        raise DataError(
            f"{where} lacks {', '.join(lacks)} (spaces and signs left out); expected the headers of"
            " Annex A, as list 3, 5, 6, 7 or 8 has them. Restore the column, or its name."
        )
    return places


def _raw(lists: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The lists as text tables under our names; 'closures' beside them, and no ids but the
    child's.
    """
    born = pd.concat(
        [frame for frame in lists.values() if "birth_date" in frame] or list(lists.values())
    )
    known = (
        born.reindex(columns=["person_id", "birth_date"]).astype("object").fillna("").astype("str")
    )
    known = known.assign(filled=_filled(known["birth_date"])).sort_values("filled", kind="stable")
    raw = {"persons": known.drop_duplicates("person_id", keep="last").drop(columns="filled")}
    plain = {
        name: frame.drop(columns="birth_date", errors="ignore") for name, frame in lists.items()
    }
    for name in ("referrals", "closures", "care"):
        if name in plain:
            raw[name] = plain[name]
    if "enquiries" in plain:
        both = plain["enquiries"]
        asked, met = _filled(both["start_date"]), _filled(both["conference_date"])
        raw["enquiries"] = both.loc[asked, ["person_id", "start_date"]]
        raw["conferences"] = both[met].rename(columns={"start_date": "enquiry_id"})
    plans = plain["plans"]
    raw["plans"] = plans.drop(columns="review_date", errors="ignore").assign(other_authority="N")
    if "review_date" in plans:
        reviews = plans.loc[
            _filled(plans["review_date"]), ["person_id", "review_date", "start_date"]
        ]
        raw["reviews"] = reviews.rename(columns={"start_date": "plan_id"})
    return {name: frame.reset_index(drop=True) for name, frame in raw.items()}


def _filled(cells: pd.Series) -> pd.Series:
    return ~cells.str.strip().str.lower().isin(NOTHING)


def _closed(referrals: pd.DataFrame, closures: pd.DataFrame) -> pd.DataFrame:
    """Referrals (list 3) with the closing of the case that began that day (list 6), and the cases
    of list 6 alone.

    These have no `no_further_action`: they may close a referral of an earlier edition, and are
    dropped where none is.
    """
    closing, _ = read("referrals", closures)
    keys = ["person_id", "referral_date"]
    closing = closing.dropna(subset=keys).drop_duplicates(keys, keep="last")[
        [*keys, "close_date", "close_reason"]
    ]
    referrals = referrals.assign(no_further_action=referrals["no_further_action"].fillna(False))
    both = referrals.drop(columns=["close_date", "close_reason"]).merge(
        closing, on=keys, how="outer"
    )
    return conform("referrals", both)
