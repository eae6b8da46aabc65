"""What changed between both ends of the months held: every measure of the hypotheses, from an
authority's own records.

The first whole years of months are set against the last ones, as the published figures set two
years against two. The noise is measured on the months themselves: their scatter about season and
level, and never less than families alone make (brothers and sisters are referred, come on and come
off together). What a measure drifts by from year to year is measured too: drift is change, so it is
no noise of a primary, but it is in the way where patterns are compared.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from oxcare_analysis.local import cohorts, hazards, models
from oxcare_analysis.local.records import Records
from oxcare_analysis.local.spells import STEP_DOWN, spells
from oxcare_analysis.thinking.findings import Estimate

MOST_MONTHS, A_YEAR = 36, 12
FEWEST_EVENTS = 20  # at either end: under it an estimate would tell of single families
FEWEST_YEARS = 4  # with a figure, to see drift
LATE_MONTHS = 6
TOO_SHORT = "the records cover fewer than two whole years of months once the first year is left out"
TOO_FEW = "too few at one end: single families would make the change"
# measure → how it is said, per what, and the events and cases it is made of: (table, flag or '' for
# every row).
RATIOS = {
    "plans_per_need_referral": (
        "plans started per referral in need",
        "per 1,000 referrals in need",
        1000,
        ("referrals", "plan"),
        ("referrals", "in_need"),
    ),
    "no_need_share": (
        "referrals found not in need",
        "per 1,000 referrals",
        1000,
        ("referrals", "no_need"),
        ("referrals", ""),
    ),
    "enquiries_per_referral": (
        "enquiries per referral",
        "per 1,000 referrals",
        1000,
        ("referrals", "enquiry"),
        ("referrals", ""),
    ),
    "enquiries_per_need_referral": (
        "enquiries per referral in need",
        "per 1,000 referrals in need",
        1000,
        ("referrals", "enquiry"),
        ("referrals", "in_need"),
    ),
    "conferences_per_enquiry": (
        "conferences per enquiry",
        "per 1,000 enquiries",
        1000,
        ("enquiries", "conference"),
        ("enquiries", ""),
    ),
    "plans_per_conference": (
        "plans per conference",
        "per 1,000 conferences",
        1000,
        ("conferences", "plan"),
        ("conferences", ""),
    ),
    "ended_within_3_share": (
        "plans that ended within three months",
        "per 1,000 plans started",
        1000,
        ("plans", "short"),
        ("plans", ""),
    ),
    "care_starts_per_plan": (
        "children who came into care per plan started",
        "per 1,000 plans started",
        1000,
        ("care", ""),
        ("plans", ""),
    ),
}
PER_CHILD = {
    "referrals_in_need_per_child": ("referrals in need per child", ("referrals", "in_need")),
    "referrals_per_child": ("referrals per child", ("referrals", "")),
    "plans_started_per_child": ("plans started per child", ("plans", "")),
}
EXITS = {
    "exit_hazard_6_plus": ("plans stepped down per plan open six months or more", LATE_MONTHS),
    "exit_rate": ("plans stepped down per plan open", 0),
}
MEASURES = (*RATIOS, *PER_CHILD, *EXITS)


@dataclass(frozen=True)
class Ends:
    """The months compared: the first and the last ones."""

    before: pd.PeriodIndex
    after: pd.PeriodIndex

    @property
    def both(self) -> pd.PeriodIndex:
        """Both ends in one index, in order."""
        return self.before.append(self.after)

    @property
    def years_apart(self) -> float:
        """Years between the middles of the ends."""
        return (self.after[0].ordinal - self.before[0].ordinal) / A_YEAR


@dataclass(frozen=True)
class Changes:
    """Every measure's change, and what it would stray by without a cause (noise and drift); a
    reason where there is none.
    """

    ends: Ends | None
    estimates: dict[str, Estimate]
    spread: pd.Series
    per_child: bool = False
    missing: str = ""


def ends_of(months: pd.PeriodIndex) -> Ends | None:
    """The first and the last whole years of months, at most MOST_MONTHS and without overlap; None
    under two years.
    """
    size = min(MOST_MONTHS, len(months) // (2 * A_YEAR) * A_YEAR)
    return Ends(months[:size], months[-size:]) if size else None


def changes(records: Records, children: pd.Series | None = None) -> Changes:
    """Compare both ends of the months of which everything is known.

    `children`: number of children aged 0 to 17 by year (mid-year, as published, index year ending
    31 March); without it the measures per child are per month, and their growth is in the estimate.
    """
    covered = cohorts.months_covered(records)
    covered = covered[cohorts.mature(records, covered, max(cohorts.FOLLOWED.values()))]
    ends = ends_of(covered)
    if ends is None:
        return Changes(None, {}, pd.Series(dtype=float), missing=TOO_SHORT)
    events = cohorts.followed(records)
    events["referrals"] = events["referrals"].assign(no_need=~events["referrals"]["in_need"])
    living = _children(children, covered)
    made = {m: _Cells(*_ratio(events, *RATIOS[m][3:], covered), *RATIOS[m][:3]) for m in RATIOS}
    made |= {
        m: _Cells(
            _cells(events, part, "a", covered),
            living,
            words if children is not None else words.replace("per child", "a month"),
            "per 100,000 children a month" if children is not None else "a month",
            100_000 if children is not None else 1,
        )
        for m, (words, part) in PER_CHILD.items()
    }
    frame = spells(records)
    made |= {
        m: _Cells(*_exits(frame, covered, months), words, "per 1,000 plans a year", 1000 * A_YEAR)
        for m, (words, months) in EXITS.items()
    }
    found = {m: _estimate(m, cells, ends) for m, cells in made.items()}
    return Changes(
        ends,
        found,
        pd.Series({m: _spread(found[m], cells, ends) for m, cells in made.items()}),
        children is not None,
    )


@dataclass(frozen=True)
class _Cells:
    """A measure's events `a` and cases `b` by month and family (long), and its exposure by
    month.
    """

    cells: pd.DataFrame
    exposure: pd.Series
    label: str
    per_words: str
    per: float

    @cached_property
    def events(self) -> pd.Series:
        """Events by month, of the same months as the exposure."""
        return self.cells.groupby("month")["a"].sum().reindex(self.exposure.index, fill_value=0.0)


def _cells(
    events: dict[str, pd.DataFrame], part: tuple[str, str], column: str, months: pd.PeriodIndex
) -> pd.DataFrame:
    table, flag = part
    frame = events[table]
    frame = frame[frame[flag].to_numpy(dtype=bool)] if flag else frame
    cells = pd.DataFrame(
        {
            "month": frame["date"].dt.to_period("M").array,
            "family_id": frame["family_id"].to_numpy(),
            column: 1.0,
        }
    )
    return cells[(cells["month"] >= months[0]) & (cells["month"] <= months[-1])]


def _ratio(
    events: dict[str, pd.DataFrame],
    top: tuple[str, str],
    bottom: tuple[str, str],
    months: pd.PeriodIndex,
) -> tuple[pd.DataFrame, pd.Series]:
    cases = _cells(events, bottom, "b", months)
    both = pd.concat([_cells(events, top, "a", months), cases])
    return both, cases.groupby("month")["b"].sum().reindex(months, fill_value=0.0)


def _exits(
    frame: pd.DataFrame, months: pd.PeriodIndex, late: int
) -> tuple[pd.DataFrame, pd.Series]:
    when = hazards.monthly(frame, months, late)
    down = frame[(frame["ending"] == STEP_DOWN) & hazards.past(frame, late)]
    cells = pd.DataFrame(
        {
            "month": down["until"].dt.to_period("M").array,
            "family_id": down["family_id"].to_numpy(),
            "a": 1.0,
        }
    )
    return (
        cells[(cells["month"] >= months[0]) & (cells["month"] <= months[-1])],
        when["plan_months"],
    )


def _children(children: pd.Series | None, months: pd.PeriodIndex) -> pd.Series:
    """The number of children by month, straight between mid-years; outside them as at the
    nearest.
    """
    if children is None or children.dropna().empty:
        return pd.Series(1.0, index=months)
    known = children.dropna()
    at = (
        known.index.to_numpy(dtype=float) - 0.75
    )  # the estimate is of the mid-year in the year ending 31 March
    when = months.year + (months.month - 0.5) / 12
    return pd.Series(np.interp(when, at, known.to_numpy(dtype=float)), index=months)


def _estimate(measure: str, m: _Cells, ends: Ends) -> Estimate:
    told = {"measure": measure, "label": m.label, "per_words": m.per_words}
    events, exposure = m.events.reindex(ends.both), m.exposure.reindex(ends.both)
    after = np.arange(len(ends.both)) >= len(ends.before)
    counts = [events.to_numpy()[side].sum() for side in (~after, after)]
    if min(counts) < FEWEST_EVENTS:
        return Estimate(**told, missing=TOO_FEW)
    estimate, se, _ = models.change(events, exposure, after, _siblings(m.cells, ends))
    if not np.isfinite(estimate):
        return Estimate(**told, missing="a month has no case to follow")
    levels = [
        m.per * c / exposure.to_numpy()[side].sum()
        for c, side in zip(counts, (~after, after), strict=True)
    ]
    return Estimate(**told, estimate=estimate, se=se, level_from=levels[0], level_to=levels[1])


def _siblings(cells: pd.DataFrame, ends: Ends) -> float:
    """φ of families as clusters: Σ(a − p b)² over families ÷ Σa, p the ratio of each end."""
    total = square = 0.0
    for months in (ends.before, ends.after):
        here = cells[(cells["month"] >= months[0]) & (cells["month"] <= months[-1])]
        sums = (
            here.groupby("family_id")[[c for c in ("a", "b") if c in here]]
            .sum()
            .reindex(columns=["a", "b"], fill_value=0.0)
        )
        p = sums["a"].sum() / sums["b"].sum() if sums["b"].sum() else 0.0
        square += float(((sums["a"] - p * sums["b"]) ** 2).sum())
        total += float(sums["a"].sum())
    return square / total if total else 1.0


def _spread(change: Estimate, m: _Cells, ends: Ends) -> float:
    """What a change would stray by without a cause: its own noise, and drift over the years between
    both ends.

    Drift a year: the median change of the log from one year of months to the next (a single step is
    one of many and does not move it), less what noise alone makes of it.
    """
    months = m.exposure.index
    years = [months[i : i + A_YEAR] for i in range(0, len(months) - A_YEAR + 1, A_YEAR)]
    counts, exposure = (
        np.array([series.reindex(y).sum() for y in years]) for series in (m.events, m.exposure)
    )
    if (
        not change.known
        or len(years) < FEWEST_YEARS
        or (counts < FEWEST_EVENTS).any()
        or (exposure <= 0).any()
    ):
        return change.se
    steps = np.diff(np.log(counts / exposure))
    phi = change.se**2 / sum(1 / m.events.reindex(side).sum() for side in (ends.before, ends.after))
    noise = phi * (1 / counts[1:] + 1 / counts[:-1]).mean()
    drift = max(0.0, (1.4826 * np.median(np.abs(steps - np.median(steps)))) ** 2 - noise)
    return float(np.sqrt(change.se**2 + drift * ends.years_apart))
