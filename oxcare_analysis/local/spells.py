"""Spells on a plan: from when each is seen, until when, and what ended it.

A plan that was open when the records begin has been seen only since then (left truncation); one
open when they were taken has not ended yet (right censoring). What ended a plan is not recorded: it
is read from the child's care periods, eighteenth birthday, death and the reason the case was
closed, in that order of ENDINGS.
"""

import numpy as np
import pandas as pd

from oxcare_analysis.local.records import Records

ENDINGS = {
    "death": "the child died",
    "eighteen": "the child turned eighteen",
    "care": "the child came into care",
    "transfer": "the child moved to another authority",
    "step_down": "the plan was stepped down",
}
STEP_DOWN, CARE = "step_down", "care"
# A plan ends at a conference or review that follows what ended it, or is recorded a little late:
# four weeks are let
# pass. A birthday is known beforehand, so a plan is closed in the days before it as well.
DAYS_TO_CARE = DAYS_TO_TRANSFER = DAYS_FROM_DEATH = 28
DAYS_BEFORE_BIRTHDAY = 7
ADULT = 18
MOVED = "RC5"  # the case was closed because the child moved to another authority
DAY = np.timedelta64(1, "D")
NO_CARE = "these records hold no periods of care, so plans that ended in care count as stepped down"
NO_FAMILIES = (
    "these records do not say who is of one family, so each child counts as a family of their own"
    " and the intervals are too narrow"
)


def spells(records: Records) -> pd.DataFrame:
    """One row a plan of this authority that was open on a day the records cover.

    Columns: plan_id, person_id, family_id (the person's own id where no family is known), start,
    seen_from (start, or the day the records begin), until (end, or the day the records were taken),
    ended, ending (one of ENDINGS, or empty), first_day and last_day (days since the start at which
    it was first and last seen).
    """
    plans = own(records.plans)
    begin, taken = records.complete_from, records.extract_date
    plans = plans[
        (plans["start_date"] <= taken)
        & ~(plans["end_date"] < begin)
        & ~(plans["end_date"] < plans["start_date"])
    ]
    frame = plans[["plan_id", "person_id"]].astype("object").reset_index(drop=True)
    frame["family_id"] = families(records, frame["person_id"])
    frame["start"] = plans["start_date"].to_numpy()
    frame["seen_from"] = frame["start"].clip(lower=begin)
    end = pd.Series(plans["end_date"].to_numpy())
    frame["ended"] = (end <= taken).to_numpy()
    frame["until"] = end.where(frame["ended"], taken)
    frame["ending"] = _endings(records, frame)
    frame["first_day"] = _days(frame["seen_from"] - frame["start"])
    frame["last_day"] = _days(frame["until"] - frame["start"])
    return frame


def lacking(records: Records) -> tuple[str, ...]:
    """What the layout of the records does not carry, and what that does to the results."""
    return (
        *[NO_CARE] * records.care.empty,
        *[NO_FAMILIES] * bool(records.persons["family_id"].isna().all()),
    )


def own(plans: pd.DataFrame) -> pd.DataFrame:
    """Plans with a start date that are this authority's: not another's, whose children only live
    here.
    """
    return plans[plans["start_date"].notna() & ~plans["other_authority"].fillna(False).astype(bool)]


def families(records: Records, people: pd.Series) -> np.ndarray:
    """The family of each person; a person whose family is not known is one of their own."""
    known = (
        records.persons.drop_duplicates("person_id")
        .set_index("person_id")["family_id"]
        .astype("object")
        .dropna()
    )
    return people.map(known).astype("object").fillna(people).to_numpy()


def _endings(records: Records, frame: pd.DataFrame) -> np.ndarray:
    """What ended each spell: the first of ENDINGS whose rule holds."""
    who, end = frame["person_id"], frame["until"]
    person = records.persons.drop_duplicates("person_id").set_index(
        records.persons.drop_duplicates("person_id")["person_id"].astype("object")
    )
    birth, death = (
        pd.to_datetime(who.map(person[column])) for column in ("birth_date", "death_date")
    )
    adult = birth + pd.DateOffset(years=ADULT)
    rules = {
        "death": death.notna() & (death - end).le(DAYS_FROM_DEATH * DAY),
        "eighteen": adult.notna() & (adult - end).le(DAYS_BEFORE_BIRTHDAY * DAY),
        "care": in_care(records.care, who, end),
        "transfer": _moved(records.referrals, who, end),
    }
    found = np.select([rules[name].to_numpy(dtype=bool) for name in rules], list(rules), STEP_DOWN)
    return np.where(frame["ended"], found, "")


def in_care(care: pd.DataFrame, who: pd.Series, end: pd.Series) -> pd.Series:
    """Whether each person was in care on that day, or came into care in the four weeks after."""
    began, ceased = care["start_date"], care["end_date"]
    return _any_within(
        care["person_id"], began, ceased, who, end - pd.Timedelta(0), end + DAYS_TO_CARE * DAY
    )


def _moved(referrals: pd.DataFrame, who: pd.Series, end: pd.Series) -> pd.Series:
    """Whether each person's case was closed because of a move within four weeks of that day."""
    moved = referrals[
        referrals["close_reason"].astype("object").eq(MOVED) & referrals["close_date"].notna()
    ]
    return _any_within(
        moved["person_id"],
        moved["close_date"],
        moved["close_date"],
        who,
        end - DAYS_TO_TRANSFER * DAY,
        end + DAYS_TO_TRANSFER * DAY,
    )


def _any_within(
    person: pd.Series,
    began: pd.Series,
    ceased: pd.Series,
    who: pd.Series,
    low: pd.Series,
    high: pd.Series,
) -> pd.Series:
    """Whether a person has a period that began by `high` and had not ceased before `low`."""
    asked = pd.DataFrame(
        {
            "person": who.astype("object").to_numpy(),
            "low": low.to_numpy(),
            "high": high.to_numpy(),
            "row": np.arange(len(who)),
        }
    )
    periods = pd.DataFrame(
        {
            "person": person.astype("object").to_numpy(),
            "began": began.to_numpy(),
            "ceased": ceased.to_numpy(),
        }
    )
    both = asked.merge(periods, on="person")
    hit = both[(both["began"] <= both["high"]) & ~(both["ceased"] < both["low"])]
    return pd.Series(np.isin(np.arange(len(who)), hit["row"].to_numpy()), index=who.index)


def _days(span: pd.Series) -> np.ndarray:
    return (span // pd.Timedelta(days=1)).to_numpy(dtype=float)


def family_effect(events: pd.DataFrame, by: str) -> float:
    """How much more events scatter because brothers and sisters have them together: Σn² ÷ Σn over
    families.

    `events`: a row an event, columns family_id and `by` (what makes events of a family come
    together: a month, a day). 1 where every child is alone (the design effect of clusters of
    unequal size: Kish 1965, Survey Sampling, ch. 5).
    """
    sizes = events.groupby(["family_id", by], observed=True).size().to_numpy(dtype=float)
    return float((sizes**2).sum() / sizes.sum()) if len(sizes) else 1.0
