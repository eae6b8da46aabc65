"""How fast plans end by time on a plan: occurrence over exposure in the department's duration
bands.

Exposure is the time plans were seen open in a band, from the day the records begin to the day they
were taken, so late entry and censoring need no further care. Endings compete: the rate of one
ending counts the others as no longer at risk. By calendar year it says when the bar moved; by entry
cohort, whether it is those who came on that differ.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from oxcare_analysis.local.own_result import OwnResult
from oxcare_analysis.local import models
from oxcare_analysis.local.records import Records
from oxcare_analysis.local.spells import CARE, STEP_DOWN, lacking, spells
from oxcare_analysis.local.stays import NO_PLANS, whole_years, year_ending
from oxcare_analysis.words.columns import BANDS

# Months at which each band after the first begins, and whether the band before still holds that
# very day: three months
# or less, over three up to six, over six but under twelve, one year but under two, two years or
# more.
CUTS = ((3, True), (6, True), (12, False), (24, False))
DAYS_A_YEAR = 365.25
LATE = ("6_12", "12_24", "24_plus")
FEWEST_ENDS = 30  # over all rows of a model, under which it is not fitted


@dataclass(frozen=True, repr=False)
class Hazards(OwnResult):
    """Endings a year on a plan, by duration band.

    `table`: year (ending 31 March), band, label, plans_years (exposure), stepped_down, into_care,
    ended, rate (of stepping down, a year), only of whole years the records cover. `ratios`: by
    ('calendar year' or 'entry cohort'), year, ratio of the rate of stepping down in plans open six
    months or more to the first year of its kind, low, high, p_value: a piecewise-exponential model
    with a level for each band (see models.piecewise), families as clusters.
    """

    lacking: tuple[str, ...] = ()
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    ratios: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)


def hazards(records: Records) -> Hazards:
    """Rates of stepping down by band and calendar year, and how they moved by calendar year and by
    entry cohort.
    """
    frame = spells(records)
    if frame.empty:
        return Hazards(records.area, records.simulated, NO_PLANS)
    rows = pieces(frame, records.complete_from, records.extract_date)
    whole = whole_years(records)
    summed = (
        rows[rows["year"].isin(whole)]
        .groupby(["year", "band"], observed=False)[["years", "stepped_down", "into_care", "ended"]]
        .sum()
        .reset_index()
    )
    table = summed[summed["year"].isin(whole)].rename(columns={"years": "plans_years"})
    table.insert(2, "label", table["band"].map(BANDS))
    table["rate"] = (table["stepped_down"] / table["plans_years"]).where(table["plans_years"] > 0)
    late = rows[rows["band"].isin(LATE)]
    ratios = [
        _ratios(late[late["year"].isin(whole)], "year", "calendar year"),
        _ratios(late[late["cohort"].isin(whole)], "cohort", "entry cohort"),
    ]
    return Hazards(
        records.area,
        records.simulated,
        lacking=lacking(records),
        table=table.reset_index(drop=True),
        ratios=pd.concat(ratios, ignore_index=True),
    )


def pieces(frame: pd.DataFrame, begin: pd.Timestamp, taken: pd.Timestamp) -> pd.DataFrame:
    """Spells cut at the bands' ends and at every 31 March: one row a spell, band and year in which
    it was at risk.

    Columns: family_id, cohort (year ending 31 March of the start), year, band, years (exposure),
    and 0 or 1 in stepped_down, into_care and ended: whether the spell ended so in that piece.
    """
    opened, closed = (
        _day_numbers(frame["seen_from"]),
        _day_numbers(frame["until"]) + 0.5,
    )  # an end counts as midday
    edges = np.vstack([opened, *(_cut(frame["start"], *cut) for cut in CUTS), closed])
    edges = np.clip(edges, opened, closed)
    years = range(
        *(
            int(y)
            for y in (
                year_ending(pd.Series([begin])).iloc[0],
                year_ending(pd.Series([taken])).iloc[0] + 1,
            )
        )
    )
    cohort, family = year_ending(frame["start"]).to_numpy(), frame["family_id"].to_numpy()
    ended, ending = frame["ended"].to_numpy(), frame["ending"].to_numpy()
    parts = []
    for band, low, high in zip(BANDS, edges[:-1], edges[1:], strict=True):
        for year in years:
            start, stop = (_day_number(pd.Timestamp(y, 4, 1)) for y in (year - 1, year))
            a, b = np.maximum(low, start), np.minimum(high, stop)
            here = np.flatnonzero(b > a)
            last = ended[here] & (closed[here] == b[here])
            parts.append(
                pd.DataFrame(
                    {
                        "family_id": family[here],
                        "cohort": cohort[here],
                        "year": year,
                        "band": band,
                        "years": (b - a)[here] / DAYS_A_YEAR,
                        "stepped_down": (last & (ending[here] == STEP_DOWN)).astype(int),
                        "into_care": (last & (ending[here] == CARE)).astype(int),
                        "ended": last.astype(int),
                    }
                )
            )
    rows = pd.concat(parts, ignore_index=True)
    return rows.assign(band=pd.Categorical(rows["band"], categories=list(BANDS)))


def monthly(frame: pd.DataFrame, months: pd.PeriodIndex, from_months: int = 6) -> pd.DataFrame:
    """Exposure (plan-months) and steps down a month, of plans open over `from_months`; one row a
    month of `months`.
    """
    opened = np.maximum(
        _day_numbers(frame["seen_from"]), _cut(frame["start"], from_months, from_months > 0)
    )
    closed = _day_numbers(frame["until"]) + 0.5
    late = past(frame, from_months)
    days = (
        pd.DatetimeIndex(months.to_timestamp())
        .append(pd.DatetimeIndex([(months[-1] + 1).to_timestamp()]))
        .to_numpy()
        .astype("datetime64[D]")
        .astype(float)
    )
    # Time at risk up to each day: what every spell has run by then, from sorted starts and ends.
    so_far = _run_by(opened[late], days) - _run_by(closed[late], days)
    down = frame[late & (frame["ending"] == STEP_DOWN).to_numpy()]
    when = down["until"].dt.to_period("M").value_counts().reindex(months, fill_value=0)
    return pd.DataFrame(
        {"plan_months": np.diff(so_far) / (DAYS_A_YEAR / 12), "stepped_down": when.to_numpy()},
        index=months,
    )


def past(frame: pd.DataFrame, months: int) -> np.ndarray:
    """Whether each spell was seen after more than that many months (0: at all)."""
    opened = np.maximum(_day_numbers(frame["seen_from"]), _cut(frame["start"], months, months > 0))
    return _day_numbers(frame["until"]) + 0.5 > opened


def _run_by(starts: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Σ max(0, day − start) for each day."""
    ordered = np.sort(starts)
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    begun = np.searchsorted(ordered, days)
    return begun * days - sums[begun]


def _ratios(rows: pd.DataFrame, by: str, name: str) -> pd.DataFrame:
    columns = ["by", "year", "ratio", "low", "high", "p_value"]
    levels = sorted(rows[by].unique())
    if len(levels) < 2 or rows["stepped_down"].sum() < FEWEST_ENDS:
        return pd.DataFrame(columns=columns)
    found = models.piecewise(rows, by)
    return found.assign(by=name).rename(columns={by: "year"})[columns]


def _cut(start: pd.Series, months: int, holds: bool) -> np.ndarray:
    """Day number from which a spell is past that many months; a day later where the band before
    holds the day itself.

    A month later is the same day of that month, or its last day where it has no such day.
    """
    first = start.to_numpy().astype("datetime64[D]")
    month = first.astype("datetime64[M]")
    into = (first - month.astype("datetime64[D]")).astype(int)
    then = month + months
    longest = ((then + 1).astype("datetime64[D]") - then.astype("datetime64[D]")).astype(int) - 1
    return (then.astype("datetime64[D]") + np.minimum(into, longest)).astype(float) + holds


def _day_numbers(dates: pd.Series) -> np.ndarray:
    return dates.to_numpy().astype("datetime64[D]").astype(float)


def _day_number(date: pd.Timestamp) -> float:
    return float(np.datetime64(date, "D").astype(int))
