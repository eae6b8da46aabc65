"""Process-control charts: is a month's figure more than the usual scatter of months?

Counts come in sibling groups, so limits from chance alone are too narrow and flag ordinary months.
Laney's p' and u' charts (Laney 2002, Quality Engineering 14:531) widen them by the scatter the
months themselves show: the mean difference between neighbouring months, in units of chance, over
1.128. Centre and limits come from the first BASELINE months and stay: they are not moved to follow
the data, so a lasting change shows as a run. Four rules signal, the ones the NHS uses (Making Data
Count): a month outside the limits; RUN months in a row on one side of the centre; TREND months in a
row rising or falling; two of three in the outer third on one side.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from oxcare_analysis.words.result import Result

BASELINE, FEWEST = 24, 12  # months the limits are made from, and the fewest they can be
RUN, TREND = 7, 6
MOVING_RANGE = 1.128  # the mean range of two, in standard deviations (d2 of Shewhart's tables)
LIMIT, OUTER = 3.0, 2.0  # sigmas
RULES = {
    "outside": "outside the limits",
    "run": f"one of {RUN} or more in a row on one side of the centre",
    "trend": f"one of {TREND} or more in a row rising or falling",
    "outer": "one of two out of three in the outer third, on one side",
}
# Shares only of what a month has many of: rounded to five, a few dozen conferences a month would
# signal by rounding.
# name → label, events, cases (a column of Funnel.months or of the monthly table; '' for a plain
# count), per.
CHARTS = {
    "plans_started": ("plans started", "plans_started", "", 1),
    "plans_ended": ("plans ended", "plans_ended", "", 1),
    "enquiries_started": ("section 47 enquiries started", "enquiries_started", "", 1),
    "conferences_held": ("initial conferences held", "conferences_held", "", 1),
    "referrals_received": ("referrals received", "referrals_received", "", 1),
    "found_in_need": ("referrals found in need, per cent", "in_need", "referrals", 100),
    "conferences_per_enquiry": (
        "enquiries with a conference, per cent",
        "with_conference",
        "enquiries",
        100,
    ),
}


@dataclass(frozen=True, repr=False)
class Control(Result):
    """One chart. `table`: month (2024-03), events, cases, value, centre, low, high, signal (rules
    broken, joined by '; ', or empty), baseline (whether the month is one the limits were made
    from). `scatter`: Laney's sigma-z: 1 where months scatter as chance alone would have them.
    """

    area: str
    measure: str
    label: str
    simulated: bool = False
    missing: str = ""
    scatter: float = float("nan")
    source: str = ""
    exact: bool = False
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)


def control(
    events: pd.Series,
    cases: pd.Series | None,
    measure: str,
    area: str,
    simulated: bool = False,
    rounded_to: float = 0,
) -> Control:
    """The chart of `events` (per `cases`, where given) on a monthly PeriodIndex; months without a
    figure are left out.

    A share of cases gets p' limits, a plain count u' limits with every month as one unit. Of counts
    `rounded_to` some number, one nearer to the centre than half of it is on neither side.
    """
    label, _, _, per = CHARTS[measure]
    shell = {"area": area, "measure": measure, "label": label, "simulated": simulated}
    frame = pd.DataFrame({"events": events, "cases": 1.0 if cases is None else cases}).dropna()
    frame = frame[frame["cases"] > 0]
    if len(frame) < FEWEST:
        return Control(**shell, missing=f"{len(frame)} months have a figure; limits need {FEWEST}")
    base = frame.iloc[:BASELINE]
    centre = base["events"].sum() / base["cases"].sum()
    if not 0 < centre < (np.inf if cases is None else 1):
        return Control(
            **shell,
            missing="the months the limits would be made from are all nought, or all of the cases",
        )
    chance = np.sqrt(centre * (1 if cases is None else 1 - centre) / frame["cases"])
    value = frame["events"] / frame["cases"]
    z = (value - centre) / chance
    scatter = float(z.iloc[:BASELINE].diff().abs().mean() / MOVING_RANGE)
    sigma, side = chance * scatter, ((value - centre).abs() >= rounded_to / 2).to_numpy()
    table = pd.DataFrame(
        {
            "month": frame.index.astype(str),
            "events": frame["events"],
            "cases": frame["cases"],
            "value": value * per,
            "centre": centre * per,
            "low": np.maximum(0, centre - LIMIT * sigma) * per,
            "high": (centre + LIMIT * sigma).clip(upper=np.inf if cases is None else 1) * per,
            "signal": signals((z / scatter).to_numpy() * side if scatter > 0 else z.to_numpy() * 0),
            "baseline": np.arange(len(frame)) < BASELINE,
        }
    ).reset_index(drop=True)
    return Control(**shell, scatter=scatter, table=table)


def signals(z: np.ndarray) -> list[str]:
    """The rules each point breaks, from distances to the centre in sigmas; '' where none."""
    flags = {
        "outside": np.abs(z) > LIMIT,
        "run": _in_a_row(np.sign(z), RUN),
        "trend": _steps(np.sign(np.diff(z)), TREND),
        "outer": _two_of_three(z),
    }
    return ["; ".join(RULES[name] for name, hit in flags.items() if hit[i]) for i in range(len(z))]


def _in_a_row(sign: np.ndarray, length: int) -> np.ndarray:
    """Points that belong to a stretch of at least `length` with one sign, not nought."""
    hit = np.zeros(len(sign), dtype=bool)
    start = 0
    for i in range(1, len(sign) + 1):
        if i == len(sign) or sign[i] != sign[start]:
            if i - start >= length and sign[start]:
                hit[start:i] = True
            start = i
    return hit


def _steps(sign: np.ndarray, length: int) -> np.ndarray:
    """Points of a stretch of at least `length` points each above (or each below) the one before
    it.
    """
    stretch = _in_a_row(sign, length - 1)
    return (
        np.concatenate([stretch, [False]]) | np.concatenate([[False], stretch])
        if len(sign)
        else np.zeros(1, bool)
    )


def _two_of_three(z: np.ndarray) -> np.ndarray:
    hit = np.zeros(len(z), dtype=bool)
    for side in (1, -1):
        far = side * z > OUTER
        for i in range(len(z) - 2):
            three = slice(i, i + 3)
            if far[three].sum() >= 2:
                hit[three] |= far[three]
    return hit
