"""Records → the monthly table of six columns that the template fills too.

Definitions: plans open at a month's end are the different children with a plan that began by that
day and had not ended by it; events are counted from the first to the last day of a month. Plans of
other authorities are left out.
"""

import numpy as np
import pandas as pd

from oxcare_analysis.intake.mappings import MONTHLY_COLUMNS
from oxcare_analysis.local.records import Records


def monthly(records: Records) -> pd.DataFrame:
    """One row a whole month, the columns of the monthly template: month (YYYY-MM), then counts
    (missing: not known).

    From the first month whose starts are complete to the last one that had ended when the extract
    was taken. The month before has its closing stock alone. A table that is empty gives no counts
    rather than noughts.
    """
    first = records.complete_from.to_period("M")
    first = first if records.complete_from == first.start_time else first + 1
    last = (records.extract_date + pd.Timedelta(days=1)).to_period("M") - 1
    months = pd.period_range(first - 1, last, freq="M")
    plans = records.plans[~records.plans["other_authority"].fillna(False).astype(bool)]
    columns = {
        "plans_open": stock(plans, months),
        "plans_started": _count(plans["start_date"], months),
        "plans_ended": _count(plans["end_date"], months),
        "enquiries_started": _count(records.enquiries["start_date"], months),
        "conferences_held": _count(records.conferences["conference_date"], months),
        "referrals_received": _count(records.referrals["referral_date"], months),
    }
    return pd.DataFrame({"month": months.astype(str), **columns})[list(MONTHLY_COLUMNS)]


def stock(plans: pd.DataFrame, months: pd.PeriodIndex) -> np.ndarray:
    """Different children on a plan at the end of each month: begun by its last day, not ended by
    it.
    """
    if plans.empty:
        return _unknown(len(months))
    zero = months[0].ordinal
    plans = plans.dropna(subset=["start_date"])
    first = np.maximum(_ordinal(plans["start_date"]) - zero, 0)
    ended = plans["end_date"]
    # Open at the ends of the months before the one it ended in.
    past = np.where(
        ended.isna(),
        len(months),
        np.minimum(_ordinal(ended.fillna(plans["start_date"])) - zero, len(months)),
    )
    lasts = np.maximum(past - first, 0)
    month = (
        np.arange(lasts.sum())
        - np.repeat(np.cumsum(lasts) - lasts, lasts)
        + np.repeat(first, lasts)
    )
    child = np.repeat(pd.factorize(plans["person_id"])[0], lasts)
    different = np.unique(child.astype(np.int64) * len(months) + month) % len(months)
    return pd.array(np.bincount(different, minlength=len(months)), dtype="Int64")


def _count(dates: pd.Series, months: pd.PeriodIndex) -> pd.api.extensions.ExtensionArray:
    """Events in each month; missing in the first, whose events the window does not hold."""
    if dates.empty:
        return _unknown(len(months))
    place = _ordinal(dates.dropna()) - months[0].ordinal
    counts = pd.array(
        np.bincount(place[(place >= 0) & (place < len(months))], minlength=len(months)),
        dtype="Int64",
    )
    counts[0] = pd.NA
    return counts


def _ordinal(dates: pd.Series) -> np.ndarray:
    return dates.to_numpy().astype("datetime64[M]").astype(np.int64)


def _unknown(length: int) -> pd.api.extensions.ExtensionArray:
    return pd.array([pd.NA] * length, dtype="Int64")
