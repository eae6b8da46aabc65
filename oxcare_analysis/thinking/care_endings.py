"""Plan endings into care: worst-case bounds on how many there were, and what they leave of the exit
reading.

A plan ends because the risk has gone (a step down) or because the child comes into care, and no
published table says which. Bounds that assume nothing about what is not seen: Manski 1990, American
Economic Review 80:319.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from oxcare_analysis.thinking import evidence
from oxcare_analysis.thinking.findings import NONE, Estimate
from oxcare_analysis.thinking.study import Study
from oxcare_analysis.words.result import Result


@dataclass(frozen=True, repr=False)
class CareEndings(Result):
    """Endings into care of one authority, and the change in the exit rate with and without them.

    `change`: of the exit rate, all endings. `low`, `high`: bounds on the change of the rate of
    endings other than into care, in logs between the same two-year means; they hold no noise.
    `table`, a row a year: year, plans_ended (as recorded, implied by the stock where not recorded),
    care_starts, into_care_low, into_care_high (plans), exit_rate, step_down_low, step_down_high
    (per plan open, a year), stated (the council's own table gives into_care_high), implied
    (plans_ended is not published, but what the stock and the plans started imply).
    """

    area: str
    first_year: int
    last_year: int
    change: Estimate
    low: float = NONE
    high: float = NONE
    missing: str = ""
    source: str = ""
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    @property
    def sign_survives(self) -> bool:
        """Whether both extremes have the sign of the exit rate's own change."""
        return bool(np.sign(self.low) == np.sign(self.high) == np.sign(self.change.estimate) != 0)

    def _repr_html_(self) -> str:
        return (
            self.table.to_html(index=False, float_format="{:.2f}".format)
            if len(self.table)
            else self.missing
        )


def care_endings(study: Study, from_plans: pd.Series) -> CareEndings:
    """Bound the endings into care of every year, and the change over the window at both extremes.

    `from_plans`: children who came into care and had been on a plan, by year, as the council states
    it; empty where it states none. That is at most how many endings were into care: some had left
    the plan before. It forces no lower bound for the same reason, and because its categories
    overlap, so the lower bound is nought throughout. Where nothing is stated the upper bound is the
    smaller of plans ended and care starts; where care starts are not published either, every ending
    may have been one.
    """
    t = study.table
    ended = t["plans_ended_count"].fillna(t["implied_ends_count"])
    most = np.minimum(ended, t["implied_ends_count"])  # no more left the stock than the rate counts
    stated = from_plans.reindex(t.index)
    high = np.fmin(np.fmin(most, t["looked_after_started_count"]), stated)
    rate = t["implied_ends_count"] / t["mean_open_count"]
    table = pd.DataFrame(
        {
            "plans_ended": ended,
            "care_starts": t["looked_after_started_count"],
            "into_care_low": 0.0,
            "into_care_high": high,
            "exit_rate": rate,
            "step_down_low": rate - high / t["mean_open_count"],
            "step_down_high": rate,
            "stated": stated.notna(),
            "implied": t["plans_ended_count"].isna(),
        }
    ).dropna(subset=["exit_rate", "into_care_high"])
    change = evidence.estimate(study, "exit_rate")
    head = study.area.name, study.first_year, study.last_year, change
    years = [*change.base_years, *change.end_years]
    if not change.known or not set(years) <= set(table.index):
        return CareEndings(
            *head,
            missing=change.missing or "plans ended are not known in every year it compares",
            source=study.source,
            table=table.reset_index(),
        )
    with np.errstate(
        divide="ignore"
    ):  # a year in which every ending may have been into care: no bound on that side
        logs = np.log(table.loc[years, ["step_down_low", "step_down_high"]])
    base, end = logs.loc[list(change.base_years)].mean(), logs.loc[list(change.end_years)].mean()
    return CareEndings(
        *head,
        float(end["step_down_low"] - base["step_down_high"]),
        float(end["step_down_high"] - base["step_down_low"]),
        source=study.source,
        table=table.reset_index(),
    )
