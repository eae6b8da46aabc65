"""One measure month by month: trend, season and remainder, steps at dated events, the likeliest
break in level.

The parts multiply: value = trend × season × remainder, in every month with a figure. The models are
in models/monthly.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from oxcare_analysis.thinking.findings import SIGNIFICANT, holm
from oxcare_analysis.thinking.models import monthly
from oxcare_analysis.thinking.study import Study
from oxcare_analysis.words.columns import MONTHS, NOT_AVAILABLE, SUPPRESSED
from oxcare_analysis.words.result import Result

PUBLISHED = ("referrals_received",)
STOCK = "plans_open"
LABELS = {
    STOCK: "children on a plan",
    "plans_started": "plans started",
    "plans_ended": "plans ended",
    "enquiries_started": "section 47 enquiries started",
    "conferences_held": "initial conferences held",
    "referrals_received": "referrals received",
}
NONE_HELD = (
    "no months of your own are held. Print the template with `oxcare data template monthly`, fill"
    " it in and add it with `oxcare data add`"
)
NOT_FILLED_IN = "none of your own months has this count filled in"
ALL_HELD_BACK = (
    "all its counts are under ten, or would give such a count away, so none is shown. On your own"
    " machine ox.months(study, measure, own=True, protect=False) shows them"
)
OWN_SOURCE = (
    "Source: the council's own monthly figures, as added to this copy; not published statistics. {}"
    " Analysis: oxcare_analysis."
)
PROTECTED = (
    "Counts under ten are held back, and others that would give one away; the rest are to the"
    " nearest five."
)
EXACT = "EXACT COUNTS, small ones among them: for the analyst alone, not to be passed on."


@dataclass(frozen=True, repr=False)
class Months(Result):
    """One series by month.

    `table`: one row a calendar month from first to last: month (2013-04), value (NaN in a gap),
    trend (the level of an average month), low, high (95 per cent interval of the trend), season (1
    = an average month), fitted (trend × season), remainder (value ÷ fitted); of own months made fit
    to be shown, the status of the value too. `steps`: event, date (first month after it), label (in
    a few words), estimate, low, high (logs), p_value, p_adjusted (Holm over the dates), each date
    in a model of its own; NaN where too few months about it have a figure. `break_`: the likeliest
    break (date, low, high, p_value) or None. `dispersion`: scatter of the counts over what chance
    alone gives (NaN for a stock). `autocorrelation`: of remainders a month apart. `held_back`: own
    months in which the count may not be shown. `exact`: own counts as they are, never to leave the
    machine; all else of own months, the models too, is worked out from what may be shown.
    """

    area: str
    measure: str
    label: str
    source: str
    own: bool = False
    missing: str = ""
    first: str = ""
    last: str = ""
    break_: monthly.Break | None = None
    dispersion: float = float("nan")
    autocorrelation: float = float("nan")
    steps: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    held_back: int = 0
    exact: bool = False

    @property
    def stock(self) -> bool:
        """Whether this is a number open, not a count of events."""
        return self.measure == STOCK

    @property
    def broke(self) -> bool:
        """Whether the break stands clear of trend, season and noise."""
        return self.break_ is not None and self.break_.p_value < SIGNIFICANT

    def _repr_html_(self) -> str:
        return (
            self.table.to_html(index=False, float_format="{:,.2f}".format)
            if len(self.table)
            else self.missing
        )


def months(
    study: Study,
    measure: str,
    own: pd.DataFrame | None = None,
    statuses: pd.DataFrame | None = None,
) -> Months:
    """Model a measure by month: published referrals of the study's area, or the analyst's `own`
    table (by month).

    `statuses`: of the own counts, where they are made fit to be shown; without it they are taken as
    exact.
    """
    if own is None:
        return model(
            referrals(study).dropna(), study.events, study.area.name, measure, study.source
        )
    series, name = own.get(measure, pd.Series(dtype=float)).dropna(), "your own months"
    source = OWN_SOURCE.format(EXACT if statuses is None else PROTECTED)
    status = (
        pd.Series(dtype=object)
        if statuses is None
        else statuses.get(measure, pd.Series(dtype=object))
    )
    held_back, exact = int((status == SUPPRESSED).sum()), statuses is None
    if series.empty:
        why = NONE_HELD if own.empty else ALL_HELD_BACK if held_back else NOT_FILLED_IN
        return Months(
            name, measure, LABELS[measure], source, True, why, held_back=held_back, exact=exact
        )
    found = replace(
        model(series, study.events, name, measure, source, True), held_back=held_back, exact=exact
    )
    if exact or found.table.empty:
        return found
    by_month = status.set_axis(status.index.astype(str))
    return replace(
        found,
        table=found.table.assign(
            status=by_month.reindex(found.table["month"]).fillna(NOT_AVAILABLE).to_numpy()
        ),
    )


def referrals(study: Study) -> pd.Series:
    """Referrals received by month, as published by year ending 31 March, on a monthly
    PeriodIndex.
    """
    wide = study.table[[f"referrals_in_{month}_count" for month in MONTHS]]
    index = pd.PeriodIndex(
        [pd.Period(f"{year - 1}-04", "M") + i for year in wide.index for i in range(12)]
    )
    return pd.Series(wide.to_numpy(dtype=float).ravel(), index=index)


def model(
    series: pd.Series, events: pd.DataFrame, area: str, measure: str, source: str, own: bool = False
) -> Months:
    """Trend, season, remainder, steps and break of a series on a monthly PeriodIndex without gaps
    filled.
    """
    stock = measure == STOCK
    missing = monthly.refusal(series, stock)
    if missing:
        return Months(area, measure, LABELS[measure], source, own, missing)
    columns = np.hstack(monthly.design(series.index, series.index))
    fit = monthly.fit(series, columns, stock)
    every = pd.period_range(series.index.min(), series.index.max(), freq="M")
    trend, season = monthly.design(every, series.index)
    level, low, high = np.exp(fit.interval(np.hstack([trend, 0 * season]))[:3])
    table = pd.DataFrame(
        {
            "month": every.astype(str),
            "value": series.reindex(every).to_numpy(),
            "trend": level,
            "low": low,
            "high": high,
            "season": np.exp(season @ fit.coefficients[trend.shape[1] :]),
        }
    )
    table["fitted"] = table["trend"] * table["season"]
    table["remainder"] = table["value"] / table["fitted"]
    return Months(
        area,
        measure,
        LABELS[measure],
        source,
        own,
        "",
        str(every[0]),
        str(every[-1]),
        monthly.find_break(fit.pearson, fit.weighted, fit.weight, series.index),
        float("nan") if stock else fit.dispersion,
        fit.autocorrelation,
        _steps(series, columns, stock, events),
        table,
    )


def _steps(
    series: pd.Series, columns: np.ndarray, stock: bool, events: pd.DataFrame
) -> pd.DataFrame:
    """A step at the first month most of which lies after each event, each date tested beside trend
    and season alone.
    """
    dates = (pd.to_datetime(events["date"], format="ISO8601") + pd.Timedelta(days=15)).dt.to_period(
        "M"
    )
    rows = pd.DataFrame(
        {"event": events["event"], "date": dates, "label": events.get("label", events["event"])}
    )
    rows = rows[(dates > series.index.min()) & (dates <= series.index.max())].sort_values(
        "date", kind="stable"
    )
    names = ["estimate", "low", "high", "p_value"]
    tested = dict.fromkeys(rows["date"], [float("nan")] * len(names))
    for date in tested:
        step = (series.index >= date).astype(float)
        if monthly.can_step(series.index, date) and monthly.told_apart(step[:, None], columns)[0]:
            tested[date] = monthly.fit(series, np.column_stack([columns, step]), stock).last
    adjusted = holm({date: found[-1] for date, found in tested.items()})
    rows[names] = np.array([tested[date] for date in rows["date"]]).reshape(-1, len(names))
    return rows.assign(
        date=rows["date"].astype(str), p_adjusted=rows["date"].map(adjusted)
    ).reset_index(drop=True)
