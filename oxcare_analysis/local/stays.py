"""How long children stay on a plan, and what ends it: survival with late entry, censoring and
competing endings.

Share still on a plan: Kaplan and Meier (1958), with the risk set of spells seen on that day, so
that a plan already open when the records begin counts only from then (left truncation). Share ended
in each way: Aalen and Johansen (1978). Intervals: Greenwood's variance on the log-log scale, times
how much brothers and sisters who come off together add to the scatter (the family's design effect).
No mean of the stays of ended plans: that describes plans that began years ago, and the short ones
among them most.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from oxcare_analysis.local.own_result import OwnResult
from oxcare_analysis.local.records import Records
from oxcare_analysis.local.spells import ENDINGS, family_effect, lacking, spells
from oxcare_analysis.thinking.findings import Z_95

MARKS = (3, 6, 12, 24)  # months at which a curve is read out
DAYS_A_MONTH = 365.25 / 12
FEWEST = 30  # at risk, under which a curve is not drawn any further
NO_PLANS = "the records hold no plan that was open on a day they cover"


@dataclass(frozen=True, repr=False)
class Stays(OwnResult):
    """Stays on a plan of one authority's own records.

    `curve`: days (since the start), at_risk, ended, on_plan (share), low, high, and for each of
    ENDINGS the share that ended so by then and (…_ended) the number that did on the day; one row a
    day on which a plan ended, as far as FEWEST were at risk. `table`: the same shares at MARKS, by
    entry cohort ('all', then the year ending 31 March in which the plans started): cohort, plans,
    months, on_plan, low, high, step_down, care. `endings`: ending, label, plans: how each ended
    plan ended. `family_effect`: how much siblings who come off together add to the scatter.
    `early`: plans first seen after they had started.
    """

    lacking: tuple[str, ...] = ()
    plans: int = 0
    early: int = 0
    open: int = 0
    family_effect: float = 1.0
    curve: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    endings: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)


def stays(
    records: Records, thinned: Callable[[pd.DataFrame], pd.DataFrame] = lambda drawn: drawn
) -> Stays:
    """Survival on a plan and the endings that compete, over all spells and by the year in which
    they started.

    `thinned`: what is done to every curve before anything is read from it (showable.thinned, where
    it is to be shown).
    """
    frame = spells(records)
    if frame.empty:
        return Stays(records.area, records.simulated, NO_PLANS)
    ends = frame[frame["ended"]]
    effect = family_effect(ends, "until")
    counts = ends["ending"].value_counts().reindex(list(ENDINGS), fill_value=0)
    cohort = year_ending(frame["start"])
    groups = {"all": frame} | {str(year): frame[cohort == year] for year in whole_years(records)}
    return Stays(
        records.area,
        records.simulated,
        plans=len(frame),
        early=int((frame["first_day"] > 0).sum()),
        open=int((~frame["ended"]).sum()),
        family_effect=effect,
        lacking=lacking(records),
        curve=thinned(curve(frame, effect)),
        endings=pd.DataFrame(
            {
                "ending": counts.index,
                "label": [ENDINGS[e] for e in counts.index],
                "plans": counts.to_numpy(),
            }
        ),
        table=pd.concat(
            [_marks(name, group, effect, thinned) for name, group in groups.items()],
            ignore_index=True,
        ),
    )


def curve(frame: pd.DataFrame, effect: float = 1.0, fewest: int = FEWEST) -> pd.DataFrame:
    """Kaplan-Meier and Aalen-Johansen over spells (first_day, last_day, ended, ending): see
    Stays.curve.

    A spell is at risk on every day from first_day to last_day, both included.
    """
    ends = frame[frame["ended"]]
    days = np.unique(ends["last_day"].to_numpy())
    at_risk = np.searchsorted(
        np.sort(frame["first_day"].to_numpy()), days, side="right"
    ) - np.searchsorted(np.sort(frame["last_day"].to_numpy()), days, side="left")
    held = at_risk >= fewest
    held = held & np.logical_and.accumulate(
        held | (np.cumsum(held) == 0)
    )  # from the first day with enough at risk on
    days, at_risk = days[held], at_risk[held].astype(float)
    ended = {name: _count(ends.loc[ends["ending"] == name, "last_day"], days) for name in ENDINGS}
    out = pd.DataFrame({"days": days, "at_risk": at_risk, "ended": sum(ended.values())})
    out["on_plan"] = np.cumprod(1 - out["ended"] / out["at_risk"])
    before = out["on_plan"].shift(fill_value=1.0)
    out["low"], out["high"] = _interval(out, effect)
    for name, count in ended.items():
        out[name], out[f"{name}_ended"] = np.cumsum(before * count / at_risk), count
    return out


def at(frame: pd.DataFrame, months: int) -> pd.Series | None:
    """The row of a curve that holds at that many months; None where the curve does not reach so
    far.
    """
    day = months * DAYS_A_MONTH
    known = frame[frame["days"] <= day]
    return known.iloc[-1] if len(known) and frame["days"].iloc[-1] >= day else None


def whole_years(records: Records) -> list[int]:
    """Years ending 31 March that lie wholly within what the records cover."""
    first, last = (
        int(year_ending(pd.Series([day])).iloc[0])
        for day in (records.complete_from, records.extract_date)
    )
    return [
        y
        for y in range(first, last + 1)
        if pd.Timestamp(y - 1, 4, 1) >= records.complete_from
        and pd.Timestamp(y, 3, 31) <= records.extract_date
    ]


def year_ending(dates: pd.Series) -> pd.Series:
    """The year ending 31 March in which each date falls."""
    return dates.dt.year + (dates.dt.month >= 4)


def _marks(cohort: str, frame: pd.DataFrame, effect: float, thinned: Callable) -> pd.DataFrame:
    drawn = thinned(curve(frame, effect))
    rows = [
        (cohort, len(frame), months, *row[["on_plan", "low", "high", "step_down", "care"]])
        for months in MARKS
        if len(drawn) and (row := at(drawn, months)) is not None
    ]
    return pd.DataFrame(
        rows, columns=["cohort", "plans", "months", "on_plan", "low", "high", "step_down", "care"]
    )


def _interval(out: pd.DataFrame, effect: float) -> tuple[np.ndarray, np.ndarray]:
    """95 per cent on the log-log scale (Kalbfleisch and Prentice 2002, section 1.4), Greenwood's
    variance × effect.
    """
    share = out["on_plan"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(out["ended"] / (out["at_risk"] * (out["at_risk"] - out["ended"])))
        half = Z_95 * np.sqrt(greenwood * effect) / np.abs(np.log(share))
        low, high = share ** np.exp(half), share ** np.exp(-half)
    gone = share <= 0
    return np.where(gone, 0.0, low), np.where(gone, 0.0, high)


def _count(values: pd.Series, days: np.ndarray) -> np.ndarray:
    found = values.value_counts()
    return found.reindex(days, fill_value=0).to_numpy(dtype=float)
