"""What an authority's own records give, as it may be shown: counts held back or rounded, everything
else made of them.

Every result passes here once, before a chart, table or sentence sees it (docs/disclosure.md).
Shares and rates are made from the protected counts, curves are thinned and their marks read from
the thinned curve, and control charts are drawn on protected months. The ledger, whose bars each
rest on whole years, is told to the nearest five. Changes between both ends of the months rest on
whole years and on at least changes.FEWEST_EVENTS events at either end, and are told to a whole per
cent.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pandas as pd

from oxcare_analysis.local import disclosed, disclosure
from oxcare_analysis.local.against_published import AgainstPublished
from oxcare_analysis.local.cohorts import STEPS, Funnel
from oxcare_analysis.local.disclosure import Shape
from oxcare_analysis.local.hazards import Hazards
from oxcare_analysis.local.judging import Verdicts
from oxcare_analysis.local.laid_together import YEARLY, months_of
from oxcare_analysis.local.monthly_ledger import STOCK, MonthlyLedger
from oxcare_analysis.local.spells import CARE, ENDINGS, STEP_DOWN
from oxcare_analysis.local.stays import Stays

KINDS = (("plans", "families"), ("plans", "repeat"), ("plans", "under_1"), ("under_1", "unborn"))
# A table of exact counts under its name, its shape, and cells taken from another table → the counts
# that may be shown.
Counts = Callable[..., pd.DataFrame]
Any = TypeVar("Any", AgainstPublished, Verdicts)
STOCK_HELD_BACK = (
    "the number of children on a plan at its first or last month end is held back, and its bars"
    " would give that number away."
)
LOST = "not_"  # in front of a count's name: those of the count before it that are not in it
STAGES = (("referrals", "in_need"), ("enquiries", "with_conference"), ("conferences", "with_plan"))


def years(
    table: pd.DataFrame, months: pd.DataFrame, months_shown: pd.DataFrame, counts: Counts
) -> pd.DataFrame:
    """What began in each year, held back where the months as they are shown beside it would give a
    month away.

    `table`: by year ending 31 March, as text. `months`, `months_shown`: the monthly file, and what
    is shown of it.
    """
    names = {month: year for year, month in YEARLY.items()}
    exact, shown = (
        t.set_axis(t.index.astype(str)).rename(columns=names) for t in (months, months_shown)
    )
    shape = Shape(
        flows=tuple(tuple(names.get(c, c) for c in flow) for flow in disclosure.MONTHS.flows),
        total_rows=tuple((year, months_of(year)) for year in table.index),
    )
    beside = pd.concat([exact, table.astype(float)])
    return counts("own_records", beside, shape, disclosed.as_taken(exact, shown)).loc[
        table.index, list(table)
    ]


def funnel(found: Funnel, counts: Counts) -> Funnel:
    """Cohorts and kinds of plan by year, and the months the control charts are drawn from."""
    steps = ["referrals", *STEPS]
    table = _parted(
        found.table, tuple(zip(steps[:-1], steps[1:], strict=True)), "own_cohorts", counts
    )[list(found.table.columns)]
    known = [pair for pair in KINDS if found.kinds[pair[1]].notna().all()]
    kinds = _parted(found.kinds, tuple(known), "own_kinds", counts).reindex(
        columns=found.kinds.columns
    )
    months = found.months
    if len(months):
        named = months.set_axis(months.index.astype(str))
        months = pd.concat(
            [_parts(named, (pair,), f"own_months_{pair[1]}", counts) for pair in STAGES], axis=1
        )
        months.index = found.months.index
    return replace(found, table=table, kinds=kinds, months=months)


def thinned(curve: pd.DataFrame) -> pd.DataFrame:
    """A curve in steps of ten endings, its shares to a whole per cent; one ending's share only
    where ten ended so.
    """
    if curve.empty:
        return curve
    others = [name for name in ENDINGS if name not in (STEP_DOWN, CARE)]
    so_far = {name: curve[f"{name}_ended"].cumsum() for name in (STEP_DOWN, CARE)}
    shown = curve.assign(
        **{name: curve[name].where(so_far[name] >= disclosure.THRESHOLD) for name in so_far}
    )
    shown = shown.drop(columns=[*others, *(f"{name}_ended" for name in ENDINGS)])
    return disclosure.thin(shown, events="ended").assign(days=lambda t: t["days"].astype(float))


def stays(found: Stays, counts: Counts) -> Stays:
    """Endings and the number of plans; the curves are thinned as they are made (see thinned)."""
    if found.missing:
        return found
    ends = found.endings.set_index("ending")["plans"]
    table = pd.DataFrame(
        [{**ends, "ended": ends.sum(), "open": found.open, "plans": found.plans}], index=["all"]
    )
    shown = counts(
        "own_endings", table, Shape((("ended", tuple(ends.index)), ("plans", ("ended", "open"))))
    ).iloc[0]
    cohorts = found.table.drop_duplicates("cohort").set_index("cohort")[["plans"]].astype(float)
    sizes = counts("own_entry_cohorts", cohorts, Shape())["plans"]
    early = counts(
        "own_left_truncated",
        pd.DataFrame(
            {"early": [found.early], "later": [found.plans - found.early], "plans": [found.plans]},
            index=["all"],
        ),
        Shape((("plans", ("early", "later")),)),
    ).iloc[0]
    return replace(
        found,
        plans=shown["plans"],
        open=shown["open"],
        early=early["early"],
        endings=found.endings.assign(plans=shown[list(ends.index)].to_numpy()),
        table=found.table.assign(plans=found.table["cohort"].map(sizes)),
    )


def hazards(found: Hazards, counts: Counts) -> Hazards:
    """Counts by band and year, rates made from them; ratios to two digits."""
    if found.missing or found.table.empty:
        return found
    bands = list(dict.fromkeys(found.table["band"]))
    wide = found.table.pivot(index="year", columns="band", values="stepped_down")[bands].astype(
        float
    )
    wide.columns, wide.index = list(map(str, wide.columns)), wide.index.astype(str)
    down = counts("own_steps_down", wide, Shape())
    table = found.table[["year", "band", "label"]].assign(
        plans_years=found.table["plans_years"].round(),
        stepped_down=[
            down.at[str(y), b]
            for y, b in zip(found.table["year"], found.table["band"], strict=True)
        ],
    )
    table["rate"] = (
        (table["stepped_down"] / table["plans_years"]).where(table["plans_years"] > 0).round(1)
    )
    return replace(
        found,
        table=table,
        ratios=found.ratios.round({"ratio": 2, "low": 2, "high": 2, "p_value": 3}),
    )


def ledger(found: MonthlyLedger, months: pd.DataFrame) -> MonthlyLedger:
    """Stocks as `months` shows them, bars to the nearest five; the carry-over is what remains, so
    all still adds up.

    None where the stock of either end is held back: with the bars and the other end it could be
    worked out.
    """
    if not found.testable:
        return found
    stocks = [
        float(months[STOCK].get(pd.Period(month, "M"), np.nan))
        for month in (found.first, found.last)
    ]
    if np.isnan(stocks).any():
        return MonthlyLedger(found.area, simulated=found.simulated, reason=STOCK_HELD_BACK)
    table, steps = (
        t.assign(**{c: disclosure.rounded(t[c]) for c in ("plans", "low", "high")})
        for t in (found.table, found.subtotals)
    )
    table["plans"] = _adding_up(table, steps)
    low, high = (float(disclosure.rounded(v)) for v in (found.momentum_low, found.momentum_high))
    return replace(
        found,
        open_from=stocks[0],
        open_to=stocks[1],
        table=table,
        subtotals=steps,
        momentum_low=low,
        momentum_high=high,
        momentum=stocks[1] - stocks[0] - float(steps["plans"].sum()),
    )


def _adding_up(table: pd.DataFrame, steps: pd.DataFrame) -> pd.Series:
    """Rounded bars of the drivers, the last of each step put right so that they add up to the
    step's rounded bar.
    """
    plans = table["plans"].copy()
    for step in steps.itertuples():
        inside = table.index[table["step"] == step.step]
        plans[inside[-1]] += step.plans - plans[inside].sum()
    return plans


def verdicts(found: Verdicts) -> Verdicts:
    """Changes to a whole per cent and levels to the nearest five of their thousand, so that no
    count can be told.
    """
    if found.missing:
        return found
    table = _rounded(found.table)
    findings = {name: replace(f, table=_rounded(f.table)) for name, f in found.findings.items()}
    return replace(found, table=table, findings=findings, measures=_rounded(found.measures))


def _rounded(table: pd.DataFrame) -> pd.DataFrame:
    """Logs moved to where they are a whole per cent, levels to the nearest five, none under ten."""
    logs = {c: np.log1p((np.expm1(table[c])).round(2)) for c in ("estimate", "low", "high")}
    levels = {
        c: disclosure.rounded(table[c].where(table[c] >= disclosure.THRESHOLD))
        for c in ("from", "to")
    }
    return table.assign(**logs, **levels)


def _parted(
    table: pd.DataFrame, pairs: tuple[tuple[str, str], ...], name: str, counts: Counts
) -> pd.DataFrame:
    """A table by year, its column `year` kept."""
    if table.empty:
        return table
    shown = _parts(
        table.set_index(table["year"].astype(str)).drop(columns="year"), pairs, name, counts
    )
    return shown.reset_index(drop=True).assign(year=table["year"].to_numpy())


def _parts(
    table: pd.DataFrame, pairs: tuple[tuple[str, str], ...], name: str, counts: Counts
) -> pd.DataFrame:
    """Counts of which some are part of others (whole, part): what is left of the whole is protected
    with them.
    """
    columns = list(dict.fromkeys(column for pair in pairs for column in pair))
    left = {LOST + part: table[whole] - table[part] for whole, part in pairs}
    sums = tuple((whole, (part, LOST + part)) for whole, part in pairs)
    return counts(name, table[columns].astype(float).assign(**left), Shape(sums))[columns]
