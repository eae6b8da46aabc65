"""From published counts to the ratios that are tested: one Ratio a measure, all worked on the log
scale.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from oxcare_analysis.words.panel import year_before


@dataclass(frozen=True)
class Ratio:
    """A ratio of two counts.

    `years`: first year for which the ratio is comparable; earlier years are not used with later
    ones. `per`: multiplier for showing it (10,000 children, 100 plans ...).
    """

    name: str
    label: str
    top: str
    bottom: str
    per: int = 100
    per_words: str = "per 100"
    years: int = 2010


# Conferences and enquiries were under-recorded in the first years of the census: not comparable
# across 2012 and 2013.
COMPARABLE = 2013
RATIOS = {
    r.name: r
    for r in (
        Ratio(
            "open_per_child",
            "children on a plan per 10,000 children",
            "plans_open_count",
            "children_0_17_count",
            10_000,
            "per 10,000 children",
        ),
        Ratio(
            "referrals_per_child",
            "referrals per 10,000 children",
            "referrals_received_count",
            "children_0_17_count",
            10_000,
            "per 10,000 children",
        ),
        Ratio(
            "referrals_in_need_per_child",
            "referrals in need per 10,000 children",
            "referrals_in_need_count",
            "children_0_17_count",
            10_000,
            "per 10,000 children",
            COMPARABLE,
        ),
        Ratio(
            "no_need_share",
            "share of referrals closed as not in need or with no further action",
            "no_need_count",
            "referrals_received_count",
            100,
            "per cent of referrals",
            COMPARABLE,
        ),
        Ratio(
            "enquiries_per_referral",
            "enquiries per 100 referrals",
            "enquiries_started_count",
            "referrals_received_count",
            100,
            "per 100 referrals",
        ),
        Ratio(
            "conferences_per_enquiry",
            "conferences per 100 enquiries",
            "conferences_held_count",
            "enquiries_started_count",
            100,
            "per 100 enquiries",
            COMPARABLE,
        ),
        Ratio(
            "plans_per_conference",
            "plans started per 100 conferences",
            "plans_started_count",
            "conferences_held_count",
            100,
            "per 100 conferences",
            COMPARABLE,
        ),
        Ratio(
            "enquiries_per_child",
            "enquiries per 10,000 children",
            "enquiries_started_count",
            "children_0_17_count",
            10_000,
            "per 10,000 children",
        ),
        Ratio(
            "plans_per_enquiry",
            "plans started per 100 enquiries",
            "plans_started_count",
            "enquiries_started_count",
            100,
            "per 100 enquiries",
        ),
        Ratio(
            "plans_per_referral",
            "plans started per 100 referrals",
            "plans_started_count",
            "referrals_received_count",
            100,
            "per 100 referrals",
        ),
        Ratio(
            "enquiries_per_need_referral",
            "enquiries per 100 referrals in need",
            "enquiries_started_count",
            "referrals_in_need_count",
            100,
            "per 100 referrals in need",
            COMPARABLE,
        ),
        Ratio(
            "plans_per_need_referral",
            "plans started per 100 referrals in need",
            "plans_started_count",
            "referrals_in_need_count",
            100,
            "per 100 referrals in need",
            COMPARABLE,
        ),
        Ratio(
            "plans_started_per_child",
            "plans started per 10,000 children",
            "plans_started_count",
            "children_0_17_count",
            10_000,
            "per 10,000 children",
        ),
        Ratio(
            "exit_rate",
            "plans ended per 100 open",
            "implied_ends_count",
            "mean_open_count",
            100,
            "per 100 open plans a year",
        ),
        Ratio(
            "exit_hazard_6_plus",
            "plans ended per 100 open six months or more",
            "ended_6_plus_count",
            "mean_open_6_plus_count",
            100,
            "per 100 plans open six months or more, a year",
        ),
        Ratio(
            "ended_within_3_share",
            "share of ended plans that lasted up to 3 months",
            "plans_ended_0_3_months_count",
            "plans_ended_count",
            100,
            "per cent of ended plans",
        ),
        Ratio(
            "repeat_share",
            "share of plans started that were a second or later plan",
            "repeat_plans_count",
            "plans_started_count",
            100,
            "per cent of plans started",
        ),
        Ratio(
            "care_starts_per_plan",
            "children starting to be looked after per 100 plans started",
            "looked_after_started_count",
            "plans_started_count",
            100,
            "per 100 plans started",
        ),
        Ratio(
            "looked_after_per_child",
            "children looked after per 10,000 children",
            "looked_after_count",
            "children_0_17_count",
            10_000,
            "per 10,000 children",
        ),
        Ratio(
            "looked_after_here_per_child",
            "children looked after who did not arrive unaccompanied, per 10,000 children",
            "looked_after_here_count",
            "children_0_17_count",
            10_000,
            "per 10,000 children",
            2011,
        ),
        Ratio(
            "care_starts_per_child",
            "children starting to be looked after per 10,000 children",
            "looked_after_started_count",
            "children_0_17_count",
            10_000,
            "per 10,000 children",
        ),
        Ratio(
            "care_exit_rate",
            "children who ceased to be looked after per 100 looked after",
            "looked_after_implied_ends_count",
            "looked_after_mean_count",
            100,
            "per 100 looked after, a year",
        ),
        Ratio(
            "in_need_without_plan_per_child",
            "children in need, neither on a plan nor looked after, per 10,000 children",
            "in_need_without_plan_count",
            "children_0_17_count",
            10_000,
            "per 10,000 children",
            COMPARABLE,
        ),
    )
}
# Ratios on which no hypothesis rests: about the children looked after and those in need without a
# plan.
BESIDE = (
    "looked_after_per_child",
    "looked_after_here_per_child",
    "care_starts_per_child",
    "care_exit_rate",
    "in_need_without_plan_per_child",
)
# Derived count → the published counts of the same year it is worked from.
DERIVED = {
    "referrals_in_need_count": (
        "referrals_received_count",
        "no_further_action_count",
        "not_in_need_count",
    ),
    "no_need_count": ("no_further_action_count", "not_in_need_count"),
    "implied_ends_count": ("plans_open_count", "plans_started_count", "plans_ended_count"),
    "mean_open_count": ("plans_open_count",),
    "ended_6_plus_count": (
        "plans_ended_count",
        "plans_ended_0_3_months_count",
        "plans_ended_3_6_months_count",
    ),
    "mean_open_6_plus_count": (
        "plans_open_count",
        "plans_open_0_3_months_count",
        "plans_open_3_6_months_count",
    ),
    "looked_after_here_count": ("looked_after_count", "looked_after_unaccompanied_count"),
    "looked_after_implied_ends_count": (
        "looked_after_count",
        "looked_after_started_count",
        "looked_after_ceased_count",
    ),
    "looked_after_mean_count": ("looked_after_count",),
    "in_need_without_plan_count": (
        "children_in_need_count",
        "plans_open_count",
        "looked_after_count",
    ),
}


def derive(panel: pd.DataFrame) -> pd.DataFrame:
    """The panel, (area_code, year) by measure, with the counts in DERIVED added.

    An opening stock that is not held is worked back from the recorded ends: stock − started +
    ended. Bands of six months or more are the whole less the two shorter bands, so a suppressed
    long band does no harm.
    """
    f = panel.copy()
    f["no_need_count"] = f["no_further_action_count"] + f["not_in_need_count"]
    f["referrals_in_need_count"] = f["referrals_received_count"] - f["no_need_count"]
    f["implied_ends_count"], f["mean_open_count"] = _flow(
        f["plans_open_count"], f["plans_started_count"], f["plans_ended_count"]
    )
    f["looked_after_implied_ends_count"], f["looked_after_mean_count"] = _flow(
        f["looked_after_count"], f["looked_after_started_count"], f["looked_after_ceased_count"]
    )
    f["looked_after_here_count"] = f["looked_after_count"] - f["looked_after_unaccompanied_count"]
    f["in_need_without_plan_count"] = (
        f["children_in_need_count"] - f["plans_open_count"] - f["looked_after_count"]
    )
    for event in ("open", "ended"):
        f[f"{event}_6_plus_count"] = (
            f[f"plans_{event}_count"]
            - f[f"plans_{event}_0_3_months_count"]
            - f[f"plans_{event}_3_6_months_count"]
        )
    f["mean_open_6_plus_count"] = (f["open_6_plus_count"] + year_before(f["open_6_plus_count"])) / 2
    return f.drop(columns="open_6_plus_count")


def _flow(stock: pd.Series, started: pd.Series, ended: pd.Series) -> tuple[pd.Series, pd.Series]:
    """The ends that a stock and its starts imply, and the mean of its opening and closing level."""
    opening = year_before(stock).fillna(stock - started + ended)
    return (opening + started - stock).where(lambda ends: ends >= 0), (opening + stock) / 2


def series(panel: pd.DataFrame, measure: str) -> pd.DataFrame:
    """One measure over the derived panel: columns top, bottom, value, log, n (the smaller count);
    NaN where unknown.
    """
    ratio = RATIOS[measure]
    top, bottom = panel[ratio.top], panel[ratio.bottom]
    value = (top / bottom).where(bottom > 0)
    log = np.log(value.where(value > 0))
    return pd.DataFrame(
        {
            "top": top,
            "bottom": bottom,
            "value": value,
            "log": log,
            "n": np.minimum(top, bottom).where(log.notna()),
        }
    )


def made_of(measure: str) -> set[str]:
    """The published counts a ratio is worked from. Growth shared with others uses none here but the
    children.
    """
    if measure not in RATIOS:
        return {"children_0_17_count"}
    return {
        part
        for count in (RATIOS[measure].top, RATIOS[measure].bottom)
        for part in DERIVED.get(count, (count,))
    }


def authorities(panel: pd.DataFrame) -> pd.DataFrame:
    """The rows of single authorities, without England and the regions."""
    return panel[panel.index.get_level_values("area_code").str.fullmatch(r"\d{3}")]


def at(panel: pd.DataFrame, code: str, year: int, measure: str) -> float:
    """One number, NaN where there is none."""
    if (code, year) not in panel.index or measure not in panel:
        return float("nan")
    return float(panel.at[(code, year), measure])
