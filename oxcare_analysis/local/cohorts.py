"""The funnel by cohort: what became of the referrals, enquiries and conferences of each month.

A referral of March can lead to a plan in May: ratios of one month's counts mix cohorts. Here each
case is followed for a stated time, by child and date, which every layout carries (some have no ids
that link the steps). Months whose time to be followed has not passed are left out, and so is the
first year of the records: they drop old closed cases, so what led to an enquiry of that year may be
gone.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from oxcare_analysis.local.own_result import OwnResult
from oxcare_analysis.local.records import Records
from oxcare_analysis.local.spells import NO_FAMILIES, families, lacking, own
from oxcare_analysis.local.stays import year_ending

# How long a case is followed, in days. An assessment may take 45 working days (63 days) and an
# enquiry may follow it;
# a conference is due 15 working days (21 days) after the strategy discussion and is often late; a
# plan starts on the
# day of the conference, and is sometimes recorded later. (Working Together to Safeguard Children,
# for the limits.)
ENQUIRY_WITHIN, CONFERENCE_WITHIN, PLAN_WITHIN = 90, 45, 15
SHORT_MONTHS = 3
REPEAT_MONTHS = 24
BURN_IN_MONTHS = A_YEAR = 12
# Closed after assessment, with no further action or to early help: assessed as not in need.
NOT_IN_NEED = ("RC8", "RC9")
FOLLOWED = {
    "referrals": ENQUIRY_WITHIN + CONFERENCE_WITHIN + PLAN_WITHIN,
    "enquiries": CONFERENCE_WITHIN,
    "conferences": PLAN_WITHIN,
    "plans": 92,
}
STEPS = {
    "in_need": "found in need",
    "enquiry": f"an enquiry within {ENQUIRY_WITHIN} days",
    "conference": f"a conference within {CONFERENCE_WITHIN} days of it",
    "plan": f"a plan within {PLAN_WITHIN} days of that",
}
EARLY = "the records cover no month after their first year, which is left out"


@dataclass(frozen=True, repr=False)
class Funnel(OwnResult):
    """What became of the cases of each month.

    `table`: by year ending 31 March of the referral (only years with every month known): year,
    referrals, in_need, enquiry, conference, plan (of those in the step before, within the time
    allowed). `kinds`: by year ending 31 March of the start: year, plans, families (how many the
    plans are of, NaN where not known), repeat (began within two years of an earlier plan's end),
    under_1 (unborn ones among them), unborn. `months`: on a monthly PeriodIndex, NaN where a
    month's cases have not been followed long enough: referrals and its steps; enquiries,
    with_conference; conferences, with_plan; plans, short (ended within three months), repeat,
    under_1, unborn, families; care_starts. `first`, `last`: its ends.
    """

    first: str = ""
    last: str = ""
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    kinds: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    months: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)


def funnel(records: Records) -> Funnel:
    """Follow every case of the records, by month and by year."""
    events = followed(records)
    counts = by_month(records, events)
    if counts.empty:
        return Funnel(records.area, records.simulated, EARLY)
    starts = events["plans"].assign(year=year_ending(events["plans"]["date"]))
    kinds = _by_year(counts[["plans", "repeat", "under_1", "unborn"]])
    kinds.insert(
        2,
        "families",
        starts.groupby("year")["family_id"].nunique().reindex(kinds["year"]).to_numpy(),
    )
    if NO_FAMILIES in lacking(records):
        kinds["families"] = np.nan
    return Funnel(
        records.area,
        records.simulated,
        first=str(counts.index[0]),
        last=str(counts.index[-1]),
        table=_by_year(counts[["referrals", *STEPS]]),
        kinds=kinds,
        months=counts,
    )


def _by_year(counts: pd.DataFrame) -> pd.DataFrame:
    """Sums by year ending 31 March, of years with all twelve months known."""
    known = counts.dropna()
    year = pd.Index(known.index.year + (known.index.month >= 4), name="year")
    whole = known.groupby(year).sum()[known.groupby(year).size() == A_YEAR]
    return whole.reset_index().astype(int)


def followed(records: Records) -> dict[str, pd.DataFrame]:
    """Every referral, enquiry, conference and plan with what became of it, as flags; and the date
    of each.

    All have person_id, family_id, date. referrals: in_need, enquiry, conference, plan (each only
    where the step before it was reached). enquiries: conference. conferences (initial, not of
    children who moved in): plan. plans: short, repeat, under_1, unborn. care: none.
    """
    referrals = _dated(records, records.referrals, "referral_date")
    enquiries = _dated(records, records.enquiries, "start_date")
    held = records.conferences[~records.conferences["transfer_in"].fillna(False).astype(bool)]
    conferences = _dated(records, held, "conference_date")
    plans = _dated(records, own(records.plans), "start_date")
    led = referrals[["person_id", "date"]]
    to_enquiry = _next(led, enquiries, ENQUIRY_WITHIN)
    to_conference = _next(led.assign(date=to_enquiry), conferences, CONFERENCE_WITHIN)
    to_plan = _next(led.assign(date=to_conference), plans, PLAN_WITHIN)
    need = ~(
        referrals["no_further_action"].fillna(False).astype(bool)
        | referrals["close_reason"].astype("object").isin(NOT_IN_NEED)
    )
    referrals = referrals.assign(
        in_need=need,
        enquiry=need & to_enquiry.notna(),
        conference=need & to_conference.notna(),
        plan=need & to_plan.notna(),
    )
    enquiries = enquiries.assign(
        conference=_next(enquiries, conferences, CONFERENCE_WITHIN).notna()
    )
    conferences = conferences.assign(plan=_next(conferences, plans, PLAN_WITHIN).notna())
    return {
        "referrals": referrals,
        "enquiries": enquiries,
        "conferences": conferences,
        "plans": _described(records, plans),
        "care": _dated(records, records.care, "start_date"),
    }


def by_month(records: Records, events: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Counts of `followed`'s flags a month, on a monthly PeriodIndex; see Funnel.months."""
    months = months_covered(records)
    if months.empty:
        return pd.DataFrame(index=months)
    out = {}
    for name, flags, prefix in (
        ("referrals", ("in_need", "enquiry", "conference", "plan"), ""),
        ("enquiries", ("conference",), "with_"),
        ("conferences", ("plan",), "with_"),
        ("plans", ("short", "repeat", "under_1", "unborn"), ""),
    ):
        frame, month = events[name], events[name]["date"].dt.to_period("M")
        seen = pd.Series(mature(records, months, FOLLOWED[name]), months)
        out[name] = month.value_counts().reindex(months, fill_value=0).astype(float)
        for flag in flags:
            count = (
                month[frame[flag].to_numpy(dtype=bool)]
                .value_counts()
                .reindex(months, fill_value=0)
                .astype(float)
            )
            late = flag in ("repeat", "under_1", "unborn")  # known on the day the plan starts
            out[f"{prefix}{flag}" if prefix else flag] = count if late else count.where(seen)
    out["families"] = (
        events["plans"]
        .groupby(events["plans"]["date"].dt.to_period("M"))["family_id"]
        .nunique()
        .reindex(months, fill_value=0)
        .astype(float)
    )
    out["care_starts"] = (
        events["care"]["date"]
        .dt.to_period("M")
        .value_counts()
        .reindex(months, fill_value=0)
        .astype(float)
    )
    return pd.DataFrame(out, index=months)


def months_covered(records: Records) -> pd.PeriodIndex:
    """Whole months the records cover, without the first year."""
    begin, taken = pd.Timestamp(records.complete_from), pd.Timestamp(records.extract_date)
    first = pd.Period(begin, "M") + (int(begin.day > 1) + BURN_IN_MONTHS)
    last = pd.Period(taken, "M") - int(taken.day < taken.days_in_month)
    return pd.period_range(first, last, freq="M")


def mature(records: Records, months: pd.PeriodIndex, days: int) -> np.ndarray:
    """Whether that many days have passed since the end of each month when the records were
    taken.
    """
    return (
        months.to_timestamp(how="end").normalize() + pd.Timedelta(days=days) <= records.extract_date
    )


def _described(records: Records, plans: pd.DataFrame) -> pd.DataFrame:
    """Plans with what is known of them when they start, and whether they ended within three
    months.
    """
    start = plans["date"]
    person = records.persons.drop_duplicates("person_id")
    person = person.set_index(person["person_id"].astype("object"))
    born = pd.to_datetime(plans["person_id"].map(person["birth_date"]))
    due = pd.to_datetime(plans["person_id"].map(person["expected_birth_date"]))
    unborn = (born.isna() & due.notna()) | (born > start)
    ends = own(records.plans)
    ended = pd.DataFrame(
        {"person_id": ends["person_id"].astype("object"), "date": ends["end_date"]}
    ).dropna()
    back = plans[["person_id"]].assign(date=start)
    earlier = _last(back, ended, start - pd.DateOffset(months=REPEAT_MONTHS))
    return plans.assign(
        short=(plans["end_date"] <= start + pd.DateOffset(months=SHORT_MONTHS)).fillna(False),
        repeat=earlier,
        unborn=unborn,
        under_1=unborn | (start < born + pd.DateOffset(years=1)),
    )


def _dated(records: Records, frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """The rows with a date, by date, with person_id as plain text and the family."""
    frame = frame[frame[column].notna() & frame["person_id"].notna()]
    frame = frame.assign(person_id=frame["person_id"].astype("object"), date=frame[column])
    return frame.assign(family_id=families(records, frame["person_id"])).sort_values(
        "date", kind="stable", ignore_index=True
    )


def _next(cases: pd.DataFrame, steps: pd.DataFrame, days: int) -> pd.Series:
    """The date of the first step of the same person on or within `days` after each case's date (NaT
    where none).
    """
    asked = cases[["person_id", "date"]].assign(row=np.arange(len(cases)))
    asked = asked.dropna(subset=["date"]).sort_values("date", kind="stable")
    target = (
        steps[["person_id", "date"]].assign(found=steps["date"]).sort_values("date", kind="stable")
    )
    both = pd.merge_asof(
        asked,
        target,
        on="date",
        by="person_id",
        direction="forward",
        tolerance=pd.Timedelta(days=days),
    )
    found = pd.Series(pd.NaT, index=range(len(cases)), dtype="datetime64[s]")
    found.loc[both["row"].to_numpy()] = both["found"].to_numpy()
    return found.set_axis(cases.index)


def _last(cases: pd.DataFrame, ended: pd.DataFrame, not_before: pd.Series) -> pd.Series:
    """Whether the same person had a plan that ended before each case's date, and not before
    `not_before`.
    """
    asked = cases.assign(row=np.arange(len(cases)), low=not_before).sort_values(
        "date", kind="stable"
    )
    target = ended.assign(found=ended["date"]).sort_values("date", kind="stable")
    both = pd.merge_asof(
        asked, target, on="date", by="person_id", direction="backward"
    ).sort_values("row")
    return pd.Series((both["found"] >= both["low"]).to_numpy(), index=cases.index)
