"""Rules that records are held to: an id, a message, which rows break it, and what is done with
these.

Ids of four digits are those of the department's own validation of the children in need census (as
published in the csc-validator and in the Standard Safeguarding Dataset's census script); the others
are ours. `SET_ASIDE`: the row is left out. `COUNTED`: it stays. `MENDED`: one date is changed, as
the message says. Nothing is done without a count.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from oxcare_analysis.local.records import BEGINS, COLUMNS, DATE, ENDS, KEYS, Records

SET_ASIDE, COUNTED, MENDED = "set aside", "counted", "mended"
CONFERENCE_BEFORE = pd.Timedelta(days=60)  # how long before a plan its conference is looked for
NAMES = {
    "persons": "children",
    "referrals": "referrals",
    "enquiries": "enquiries",
    "conferences": "conferences",
    "plans": "plans",
    "reviews": "reviews",
    "care": "periods of care",
}
EIGHTEEN = pd.DateOffset(years=18)


@dataclass(frozen=True)
class Rule:
    """One rule on one table; `find` gives a truth value for every row of it, `mend` the table put
    right.
    """

    code: str
    table: str
    message: str
    action: str
    find: Callable[[Records], pd.Series]
    mend: Callable[[Records, pd.Series], pd.DataFrame] | None = None


def apply(records: Records) -> tuple[Records, pd.DataFrame]:
    """Records without the rows set aside, and what each rule found: rule, table, message, action,
    rows.
    """
    found = []
    for rule in RULES:
        table = records.tables[rule.table]
        bad = (
            rule.find(records).fillna(False).to_numpy(dtype=bool)
            if len(table)
            else np.zeros(0, bool)
        )
        found.append((rule.code, NAMES[rule.table], rule.message, rule.action, int(bad.sum())))
        if bad.any() and rule.action == SET_ASIDE:
            records = records.with_tables({rule.table: table[~bad].reset_index(drop=True)})
        elif bad.any() and rule.mend:
            records = records.with_tables(
                {rule.table: rule.mend(records, pd.Series(bad, index=table.index))}
            )
    return records, pd.DataFrame(found, columns=["rule", "table", "message", "action", "rows"])


def _no_identity(name: str) -> Callable[[Records], pd.Series]:
    wanted = [*KEYS[name], *([BEGINS[name]] if name in BEGINS else [])]
    return lambda records: records.tables[name][wanted].isna().any(axis=1)


def _later(name: str, column: str) -> Callable[[Records], pd.Series]:
    return lambda records: records.tables[name][column] > records.extract_date


def _backwards(name: str) -> Callable[[Records], pd.Series]:
    return lambda records: records.tables[name][ENDS[name]] < records.tables[name][BEGINS[name]]


def _of_child(records: Records, name: str, column: str) -> pd.Series:
    """A date of each row's child."""
    return _dates(records.tables[name]["person_id"], records.persons, "person_id", column)


def _dates(ids: pd.Series, table: pd.DataFrame, by: str, column: str) -> pd.Series:
    """The date that a table has under each id; missing where it has none."""
    if table.empty:
        return pd.Series(pd.NaT, index=ids.index, dtype=DATE)
    return pd.to_datetime(ids.map(table.drop_duplicates(by).set_index(by)[column]))


def _dies_first(records: Records) -> pd.Series:
    death = _of_child(records, "plans", "death_date")
    return death.notna() & (records.plans["end_date"].isna() | (records.plans["end_date"] > death))


def _end_at_death(records: Records, bad: pd.Series) -> pd.DataFrame:
    return records.plans.assign(
        end_date=records.plans["end_date"].mask(bad, _of_child(records, "plans", "death_date"))
    )


def _no_end(name: str) -> Callable[[Records, pd.Series], pd.DataFrame]:
    return lambda records, bad: records.tables[name].assign(
        **{ENDS[name]: records.tables[name][ENDS[name]].mask(bad)}
    )


def _grown_up(records: Records) -> pd.Series:
    return records.plans["start_date"] >= _of_child(records, "plans", "birth_date") + EIGHTEEN


def _two_open(records: Records) -> pd.Series:
    own = records.plans["end_date"].isna() & ~_others(records)
    return own & records.plans[own].sort_values("start_date").duplicated("person_id").reindex(
        records.plans.index, fill_value=False
    )


def _others(records: Records) -> pd.Series:
    return records.plans["other_authority"].fillna(False).astype(bool)


def _spans(records: Records) -> pd.DataFrame:
    """Own plans in order of child and start, with the latest end of the child's plans before."""
    plans = records.plans[~_others(records)]
    spans = pd.DataFrame(
        {
            "child": pd.factorize(plans["person_id"])[0],
            "start": plans["start_date"],
            "end": plans["end_date"].fillna(pd.Timestamp("2200-01-01")),
        },
        index=plans.index,
    )
    spans = spans.sort_values(
        ["child", "start", "end"], ascending=[True, True, False], kind="stable"
    )
    spans["so_far"] = spans.groupby("child")["end"].cummax().groupby(spans["child"]).shift()
    return spans


def _inside(records: Records) -> pd.Series:
    spans = _spans(records)
    return ((spans["start"] < spans["so_far"]) & (spans["end"] <= spans["so_far"])).reindex(
        records.plans.index, fill_value=False
    )


def _overlapping(records: Records) -> pd.Series:
    spans = _spans(records)
    return ((spans["start"] < spans["so_far"]) & (spans["end"] > spans["so_far"])).reindex(
        records.plans.index, fill_value=False
    )


def _referred(records: Records, referral: pd.Series) -> pd.Series:
    """The date of each row's referral."""
    return _dates(referral, records.referrals, "referral_id", "referral_date")


def _enquiry_of(records: Records, column: str) -> pd.Series:
    """A column of the enquiry behind each conference, by enquiry and child."""
    keys = ["enquiry_id", "person_id"]
    known = records.enquiries.drop_duplicates(keys)[[*keys, column]]
    return (
        records.conferences[keys]
        .merge(known, on=keys, how="left")[column]
        .set_axis(records.conferences.index)
    )


def _own_starts(records: Records) -> pd.Series:
    """Own plans that began where conferences are complete."""
    return ~_others(records) & (records.plans["start_date"] >= records.complete_from)


def _other_day(records: Records) -> pd.Series:
    if records.conferences.empty:
        return pd.Series(False, index=records.plans.index)
    met = pd.MultiIndex.from_frame(records.conferences[["person_id", "conference_date"]])
    began = pd.MultiIndex.from_frame(records.plans[["person_id", "start_date"]])
    return _own_starts(records) & ~pd.Series(began.isin(met), index=records.plans.index)


def _no_conference(records: Records) -> pd.Series:
    if records.conferences.empty:
        return pd.Series(False, index=records.plans.index)
    began = records.plans[["person_id", "start_date"]].reset_index().sort_values("start_date")
    met = records.conferences[["person_id", "conference_date"]].sort_values("conference_date")
    near = pd.merge_asof(
        began,
        met,
        left_on="start_date",
        right_on="conference_date",
        by="person_id",
        tolerance=CONFERENCE_BEFORE,
    ).set_index("index")["conference_date"]
    burn_in = records.plans["start_date"] >= records.complete_from + CONFERENCE_BEFORE
    return _own_starts(records) & burn_in & near.reindex(records.plans.index).isna()


def _more_plans(records: Records) -> pd.Series:
    if records.conferences.empty:
        return pd.Series(False, index=records.persons.index)
    plans = records.plans[_own_starts(records)]["person_id"].value_counts()
    met = records.conferences["person_id"].value_counts()
    person = records.persons["person_id"]
    return person.map(plans).fillna(0) > person.map(met).fillna(0)


def _early_review(records: Records) -> pd.Series:
    return records.reviews["review_date"] <= _dates(
        records.reviews["plan_id"], records.plans, "plan_id", "start_date"
    )


def _general() -> list[Rule]:
    """The rules that every table is held to."""
    rules = [
        Rule(
            "no-identity",
            name,
            "no id, no child's id, or no date that it began on",
            SET_ASIDE,
            _no_identity(name),
        )
        for name in COLUMNS
    ]
    rules += [
        Rule(
            "8720" if name == "plans" else "begins-later",
            name,
            "begins after the day of the extract",
            SET_ASIDE,
            _later(name, column),
        )
        for name, column in BEGINS.items()
    ]
    rules += [
        Rule(
            "ends-later",
            name,
            "ends after the day of the extract: taken as open",
            MENDED,
            _later(name, column),
            _no_end(name),
        )
        for name, column in ENDS.items()
    ]
    return rules + [
        Rule(
            "8925" if name == "plans" else "ends-before",
            name,
            "ends before it begins",
            SET_ASIDE,
            _backwards(name),
        )
        for name in ENDS
    ]


RULES = [
    *_general(),
    Rule(
        "8915",
        "plans",
        "begins after the child's death",
        SET_ASIDE,
        lambda records: records.plans["start_date"] > _of_child(records, "plans", "death_date"),
    ),
    Rule(
        "8920",
        "plans",
        "open at the child's death or ends after it: ended that day",
        MENDED,
        _dies_first,
        _end_at_death,
    ),
    Rule(
        "adult", "plans", "begins on or after the child's eighteenth birthday", SET_ASIDE, _grown_up
    ),
    Rule("8935", "plans", "a second open plan of the same child", COUNTED, _two_open),
    Rule(
        "8940-inside",
        "plans",
        "lies wholly within another plan of the same child",
        SET_ASIDE,
        _inside,
    ),
    Rule("8940", "plans", "begins before the child's last plan has ended", COUNTED, _overlapping),
    Rule(
        "8840",
        "plans",
        "begins and ends on one day",
        COUNTED,
        lambda records: records.plans["start_date"] == records.plans["end_date"],
    ),
    Rule(
        "1105",
        "plans",
        "begins before its referral",
        COUNTED,
        lambda records: (
            records.plans["start_date"] < _referred(records, records.plans["referral_id"])
        ),
    ),
    Rule(
        "2885",
        "plans",
        "begins on another day than any conference of the child",
        COUNTED,
        _other_day,
    ),
    Rule(
        "no-conference",
        "plans",
        "no conference of the child in the 60 days up to its start",
        COUNTED,
        _no_conference,
    ),
    Rule("2883", "persons", "more plans than conferences", COUNTED, _more_plans),
    Rule(
        "2889",
        "enquiries",
        "begins before its referral",
        COUNTED,
        lambda records: (
            records.enquiries["start_date"] < _referred(records, records.enquiries["referral_id"])
        ),
    ),
    Rule(
        "8615",
        "conferences",
        "held before its enquiry began",
        COUNTED,
        lambda records: records.conferences["conference_date"] < _enquiry_of(records, "start_date"),
    ),
    Rule(
        "1104",
        "conferences",
        "held before its referral",
        COUNTED,
        lambda records: (
            records.conferences["conference_date"]
            < _referred(records, _enquiry_of(records, "referral_id"))
        ),
    ),
    Rule("8841", "reviews", "on or before the day its plan began", COUNTED, _early_review),
]
