"""Standard Safeguarding Dataset (version 1.4.5): a CSV a table, columns by their names in the data
model.

Only the columns named here are read: no name, address, worker, team or free text (the outcome
fields in JSON among it).
"""

from pathlib import Path

import numpy as np
import pandas as pd

from oxcare_analysis.intake import text
from oxcare_analysis.local.extract import Extract, as_tables, newest_day
from oxcare_analysis.words.errors import DataError

KIND = "ssd"
WINDOW = pd.DateOffset(years=6)  # @ssd_timeframe_years of the extract
FEW = 30  # dates from which nothing is concluded about the window
# days without an enquiry or a conference at the window's start before it is thought to begin later
SLACK = 60
# our table → theirs, and our column → theirs; the first column of each is the one it is known by.
TABLES = {
    "persons": (
        "ssd_person",
        {
            "person_id": "pers_person_id",
            "birth_date": "pers_dob",
            "expected_birth_date": "pers_expected_dob",
            "death_date": "pers_death_date",
        },
    ),
    "families": ("ssd_family", {"family_id": "fami_family_id", "person_id": "fami_person_id"}),
    "referrals": (
        "ssd_cin_episodes",
        {
            "referral_id": "cine_referral_id",
            "person_id": "cine_person_id",
            "referral_date": "cine_referral_date",
            "source": "cine_referral_source_code",
            "no_further_action": "cine_referral_nfa",
            "close_date": "cine_close_date",
            "close_reason": "cine_close_reason",
        },
    ),
    "enquiries": (
        "ssd_s47_enquiry",
        {
            "enquiry_id": "s47e_s47_enquiry_id",
            "person_id": "s47e_person_id",
            "referral_id": "s47e_referral_id",
            "start_date": "s47e_s47_start_date",
            "end_date": "s47e_s47_end_date",
        },
    ),
    "conferences": (
        "ssd_initial_cp_conference",
        {
            "conference_id": "icpc_icpc_id",
            "person_id": "icpc_person_id",
            "enquiry_id": "icpc_s47_enquiry_id",
            "conference_date": "icpc_icpc_date",
            "transfer_in": "icpc_icpc_transfer_in",
            "led_to_plan": "icpc_icpc_outcome_cp_flag",
        },
    ),
    "plans": (
        "ssd_cp_plans",
        {
            "plan_id": "cppl_cp_plan_id",
            "person_id": "cppl_person_id",
            "referral_id": "cppl_referral_id",
            "conference_id": "cppl_icpc_id",
            "start_date": "cppl_cp_plan_start_date",
            "end_date": "cppl_cp_plan_end_date",
            "other_authority": "cppl_cp_plan_ola",
            "category_initial": "cppl_cp_plan_initial_category",
            "category_latest": "cppl_cp_plan_latest_category",
        },
    ),
    "reviews": (
        "ssd_cp_reviews",
        {
            "plan_id": "cppr_cp_plan_id",
            "person_id": "cppr_person_id",
            "review_date": "cppr_cp_review_date",
        },
    ),
    "care": (
        "ssd_cla_episodes",
        {
            "care_id": "clae_cla_id",
            "person_id": "clae_person_id",
            "start_date": "clae_cla_episode_start_date",
            "end_date": "clae_cla_episode_ceased_date",
        },
    ),
}
# Absent from some suppliers' extracts, or not needed to tell one thing from another.
OPTIONAL = {
    "cppl_cp_plan_ola",
    "pers_expected_dob",
    "pers_death_date",
    "icpc_icpc_transfer_in",
    "clae_cla_id",
    "cine_referral_source_code",
    "cppl_referral_id",
    "cppl_icpc_id",
    "s47e_referral_id",
}
NEEDED = ("plans",)
PREFIXES = {columns["person_id"].split("_")[0]: name for name, (_, columns) in TABLES.items()}


def table_of(header: list[str]) -> str:
    """Which of our tables a header is of, by the prefix that most of its columns have; '' where it
    is of none.
    """
    names = [column.strip().lower() for column in header if column.strip()]
    prefixes = [name.split("_")[0] for name in names]
    usual = max(set(prefixes), key=prefixes.count, default="")
    return PREFIXES.get(usual, "") if 2 * prefixes.count(usual) >= len(names) else ""


def extract(files: list[Path], day: pd.Timestamp | None = None) -> Extract:
    """One snapshot from the CSVs of one extract. `day`: when it was taken; else the newest day in
    it.

    Raises DataError on a file twice, a column missing, or no plans at all.
    """
    raw, notes = {}, []
    for path in files:
        header = [column.lower() for column in text.header(path)]
        name = table_of(header)
        if name in raw:
            raise DataError(
                f"{path.name} is a second file of {TABLES[name][0]} in one extract; expected one."
                " Put each extract in a folder of its own."
            )
        theirs = TABLES[name][1]
        lacks = [column for column in theirs.values() if column not in header]
        if set(lacks) - OPTIONAL:
            raise DataError(
                f"{path.name} lacks {', '.join(sorted(set(lacks) - OPTIONAL))}; expected the"
                f" columns of {TABLES[name][0]}, Standard Safeguarding Dataset version 1.4.5."
                " Export it again with the columns under these names."
            )
        notes += [f"{path.name} has no {column}" for column in lacks]
        kept = {header.index(column): ours for ours, column in theirs.items() if column in header}
        raw[name] = text.read_columns(path, list(kept)).rename(columns=kept)
    if missing := [TABLES[name][0] for name in NEEDED if name not in raw]:
        raise DataError(
            f"The files {', '.join(path.name for path in files)} hold no {missing[0]}; expected the"
            " plans themselves. Add its CSV to the folder."
        )
    families = raw.pop("families", None)
    tables, found, unread = as_tables(raw)
    if families is not None:
        of = (
            families.apply(lambda cells: cells.str.strip())
            .drop_duplicates("person_id")
            .set_index("person_id")
        )
        persons = tables["persons"]
        tables["persons"] = persons.assign(
            family_id=persons["person_id"].map(of["family_id"]).astype("string")
        )
    tables["care"] = periods(tables["care"])
    taken = day or newest_day(tables)
    missing = tuple(name for name in TABLES if name not in raw and name != "families")
    first = _first(tables, taken)
    if first > taken - WINDOW:
        notes.append(f"nothing began before {first:%Y-%m-%d}, so months before it are left blank")
    return Extract(
        KIND,
        tables,
        taken,
        first,
        tuple(path.name for path in files),
        found,
        unread,
        "",
        missing,
        tuple(notes),
    )


def _first(tables: dict[str, pd.DataFrame], taken: pd.Timestamp) -> pd.Timestamp:
    """The first day of the window: six years back, or where conferences, and ends of enquiries and
    plans, begin.
    """
    first = taken - WINDOW
    dates = pd.concat(
        [
            tables["conferences"]["conference_date"],
            tables["enquiries"]["end_date"],
            tables["plans"]["end_date"],
        ]
    )
    dates = dates[dates >= first]
    begun = dates.min()
    if len(dates) < FEW or begun <= first + pd.Timedelta(days=SLACK):
        return first
    return begun.replace(day=1) if begun.day <= 7 else begun


def periods(care: pd.DataFrame) -> pd.DataFrame:
    """Episodes of care that follow on one another, joined: a row a period, under the id of its
    first episode.
    """
    if care.empty:
        return care
    never = pd.Timestamp("2200-01-01").as_unit("s")
    care = care.dropna(subset=["person_id", "start_date"]).sort_values(
        ["person_id", "start_date"], ignore_index=True
    )
    ends = care["end_date"].fillna(never)
    so_far = ends.groupby(care["person_id"]).cummax().shift()
    child = pd.factorize(care["person_id"])[0]
    same = (
        np.r_[False, child[1:] == child[:-1]]
        & (care["start_date"] <= so_far + pd.Timedelta(days=1)).to_numpy()
    )
    joined = ends.groupby(np.cumsum(~same)).max().to_numpy()
    care = care[~same].reset_index(drop=True).assign(end_date=joined)
    care["end_date"] = care["end_date"].mask(care["end_date"].eq(never))
    return care.assign(
        care_id=care["care_id"].fillna(
            care["person_id"] + "/" + care["start_date"].astype("string")
        )
    )
