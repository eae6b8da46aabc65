"""Own months beside the published figures of the same year: the stock at 31 March and the year's
totals.

The two should agree but for reasons that are known and named. A difference beyond TOLERANCE is told
with the reasons that would make it, as they are known for each count; which of them holds here,
only the records' keeper can say.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from oxcare_analysis.local.own_result import OwnResult
from oxcare_analysis.thinking.study import Study
from oxcare_analysis.words.columns import MEASURES

STOCK, STOCK_PUBLISHED = "plans_open", "plans_open_count"
TOTALS = {
    "plans_started": "plans_started_count",
    "plans_ended": "plans_ended_count",
    "enquiries_started": "enquiries_started_count",
    "conferences_held": "conferences_held_count",
    "referrals_received": "referrals_received_count",
}
TOLERANCE = 0.03  # of the published figure: the published one is itself revised by about as much
ROUNDING = (15, 5)  # children: what rounding twelve months, or one stock, to five can make
LATE = "cases recorded after the department's collection closed are here and not there"
MORE = {
    STOCK: (
        "plans of other authorities' children are counted here",
        "plans ended but not yet closed on the system",
        "two plans of one child are counted here, one child there",
    ),
    "plans_started": (LATE, "transfers in are counted here"),
    "plans_ended": (LATE, "transfers out and plans of other authorities are counted here"),
    "enquiries_started": (
        LATE,
        "an enquiry over several children is counted for each of them",
        "strategy discussions that led to no enquiry are counted here",
    ),
    "conferences_held": (
        LATE,
        "conferences on children who moved in, or review conferences, are counted here",
    ),
    "referrals_received": (LATE, "contacts are counted here, or re-referrals of an open case"),
}
FEWER = {
    STOCK: (
        "plans of children who have since left are missing from the extract",
        "children are counted here, plans there",
    ),
    "plans_started": (
        "old closed cases have dropped out of the extract",
        "transfers in are left out here",
    ),
    "plans_ended": (
        "old closed cases have dropped out of the extract",
        "several plans of one child in a year are one here",
    ),
    "enquiries_started": (
        "old closed cases have dropped out of the extract",
        "one enquiry over several children is counted once here",
    ),
    "conferences_held": (
        "old closed cases have dropped out of the extract",
        "one conference on several children is counted once here",
    ),
    "referrals_received": (
        "old closed cases have dropped out of the extract",
        "one referral of several children is counted once here",
    ),
}


@dataclass(frozen=True, repr=False)
class AgainstPublished(OwnResult):
    """Own months beside published figures.

    `table`: year, measure, label, own, published, difference, share (of the published figure),
    agrees (within TOLERANCE, or what rounding makes), reasons (that would make such a difference;
    empty where it agrees).
    """

    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    @property
    def agreeing(self) -> int:
        """How many pairs agree."""
        return int(self.table["agrees"].sum()) if len(self.table) else 0


def against_published(
    study: Study, months: pd.DataFrame, simulated: bool = False
) -> AgainstPublished:
    """Compare every year of which all twelve months (or March, for the stock) are held.

    `months`: the six counts on a monthly PeriodIndex, NaN where not known.
    """
    rows = []
    for year in study.table.index:
        for own, published in {STOCK: STOCK_PUBLISHED, **TOTALS}.items():
            theirs, ours = study.at(year, published), _year(months, own, int(year))
            if np.isfinite(theirs) and np.isfinite(ours):
                rows.append(_row(int(year), own, published, ours, theirs))
    if not rows:
        return AgainstPublished(
            study.area.name, simulated, "no year has both all its months and a published figure"
        )
    return AgainstPublished(study.area.name, simulated, table=pd.DataFrame(rows))


def _year(months: pd.DataFrame, measure: str, year: int) -> float:
    """The count of a year ending 31 March: its last month for the stock, the sum of twelve months
    for the rest.
    """
    if measure not in months:
        return np.nan
    if measure == STOCK:
        return float(months[measure].reindex([pd.Period(f"{year}-03", "M")]).iloc[0])
    wanted = pd.period_range(f"{year - 1}-04", f"{year}-03", freq="M")
    return float(months[measure].reindex(wanted).sum(skipna=False))


def _row(year: int, own: str, published: str, ours: float, theirs: float) -> dict:
    gap = ours - theirs
    agrees = abs(gap) <= max(ROUNDING[own == STOCK], TOLERANCE * theirs)
    return {
        "year": year,
        "measure": own,
        "label": MEASURES[published].label,
        "own": ours,
        "published": theirs,
        "difference": gap,
        "share": gap / theirs if theirs else np.nan,
        "agrees": bool(agrees),
        "reasons": "" if agrees else "; ".join((MORE if gap > 0 else FEWER)[own]),
    }
