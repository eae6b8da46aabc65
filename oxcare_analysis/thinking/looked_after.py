"""Children looked after: their number against others, their ages, the unaccompanied apart, and need
without a plan.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from oxcare_analysis.thinking import evidence
from oxcare_analysis.thinking.findings import Estimate
from oxcare_analysis.thinking.ledger import SMALLEST_STOCK
from oxcare_analysis.thinking.study import Study
from oxcare_analysis.words.columns import AGES, ENGLAND
from oxcare_analysis.words.result import Result

FEWEST_NEIGHBOURS = 3  # for a median of them
# change in plans, as a share of the first year's, below which there is no substitution to look for
HARDLY = 0.05


@dataclass(frozen=True, repr=False)
class LookedAfter(Result):
    """Growth in the number of children looked after, from the first year held.

    `change`: of the rate per child over the window, with noise and ranks. `rank_from`, `rank_to`:
    place of the rate among `of_from`, `of_to` authorities, 1 the lowest. `table`, a row a year:
    year, count, on_plan, started, ceased, and the number as a per cent of the first year's: here,
    england, neighbours (median), neighbours_low, neighbours_high (quartiles).
    """

    area: str
    first_year: int
    last_year: int
    change: Estimate
    rank_from: int | None
    of_from: int
    rank_to: int | None
    of_to: int
    source: str = ""
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    @property
    def few(self) -> bool:
        """Whether the window starts with too few children for a change to be read, as in the
        ledger.
        """
        return bool(
            (self.table.loc[self.table["year"] == self.first_year, "count"] < SMALLEST_STOCK).any()
        )

    @property
    def beside_plans(self) -> str:
        """'together' or 'apart', as care and plans moved; 'unclear' where one did not; '' where it
        is not known.

        Care moved where its number and its rate, the latter beyond noise, went the same way; plans
        by HARDLY or more.
        """
        ends = self.table.set_index("year")[["count", "on_plan"]].reindex(
            [self.first_year, self.last_year]
        )
        if not self.change.known or ends.isna().any(axis=None):
            return ""
        care, plans = ends.diff().iloc[-1]
        if care * self.change.moved <= 0 or abs(plans) < HARDLY * ends["on_plan"].iloc[0]:
            return "unclear"
        return "together" if care * plans > 0 else "apart"

    @property
    def unusual(self) -> int:
        """How many ranks at each end of `change.placebo_of` count as unusual."""
        of = self.change.placebo_of or 0
        return sum(2 * rank / (of + 1) < evidence.PECULIAR for rank in range(1, of + 1))

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False, float_format="{:.0f}".format)


@dataclass(frozen=True, repr=False)
class Ages(Result):
    """Children looked after by age at 31 March.

    `ends`: the first and last year of the window with ages, or None. `table`: year, age, label,
    count, share (of those whose age is published that year), england (the same share there),
    all_ages (the number published for all ages); a band that is suppressed has no row.
    """

    area: str
    first_year: int
    last_year: int
    ends: tuple[int, int] | None
    source: str = ""
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    @property
    def unequal(self) -> pd.DataFrame:
        """Years whose ages, none suppressed, add up to another number than that of all ages: year,
        added, all_ages.
        """
        years = (
            self.table.groupby("year")
            .agg(added=("count", "sum"), all_ages=("all_ages", "first"), bands=("age", "size"))
            .reset_index()
        )
        return years[
            (years["bands"] == len(AGES))
            & (years["added"] != years["all_ages"])
            & years["all_ages"].notna()
        ]

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False, float_format="{:.2f}".format)


@dataclass(frozen=True, repr=False)
class Unaccompanied(Result):
    """Children looked after with and without unaccompanied asylum-seeking children.

    `table`, a row a year in which both are published: year, count, unaccompanied, and per 10,000
    children: rate, rate_without, england_rate, england_without.
    """

    area: str
    first_year: int
    last_year: int
    source: str = ""
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False, float_format="{:.1f}".format)


@dataclass(frozen=True, repr=False)
class InNeed(Result):
    """Children in need, neither on a plan nor looked after.

    `change`: of their rate over the window; `single`: the same between its first and last year
    alone, in logs. `plans`, `without`: (at the start, at the end) in children, NaN where not
    published. `table`: year, in_need, on_plan, looked_after, without_plan, no_further_action and
    not_in_need (referrals closed so in the year).
    """

    area: str
    first_year: int
    last_year: int
    change: Estimate
    plans: tuple[float, float]
    without: tuple[float, float]
    single: float = float("nan")
    source: str = ""
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    @property
    def reading(self) -> str:
        """Whether plans took the place of other help, one for one, or gave place to it.

        'as substitution would': need without a plan moved beyond its noise, the opposite way to
        plans; 'against substitution': its interval leaves out the move that one child for one would
        have made; 'cannot tell' between them; 'nothing to ask' where plans hardly changed; 'not
        published'.
        """
        grown = self.plans[1] - self.plans[0]
        if not self.change.known or not np.isfinite([*self.plans, *self.without]).all():
            return "not published"
        if abs(grown) < HARDLY * self.plans[0]:
            return "nothing to ask"
        if self.change.moved * grown < 0:
            return "as substitution would"
        one_for_one = np.log(max(self.without[0] - grown, 1) / self.without[0])
        left_out = self.change.low > one_for_one if grown > 0 else self.change.high < one_for_one
        return "against substitution" if left_out else "cannot tell"

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False, float_format="{:.0f}".format)


def looked_after(study: Study) -> LookedAfter:
    """The number of children looked after from the first year held, beside England and the
    statistical neighbours.
    """
    counts = study.panel["looked_after_count"].unstack("year")
    mine = counts.reindex(index=[study.area.code]).iloc[0].dropna()
    index = counts.div(counts[mine.index[0]], axis=0) * 100 if len(mine) else counts[[]]
    near = index.reindex(list(study.neighbours)).loc[:, mine.index]
    near = near.loc[:, near.notna().sum() >= FEWEST_NEIGHBOURS]
    table = pd.DataFrame(
        {
            "count": mine,
            "on_plan": study.table["plans_open_count"].reindex(mine.index),
            **{
                event: study.table[f"looked_after_{event}_count"].reindex(mine.index)
                for event in ("started", "ceased")
            },
            "here": index.reindex(index=[study.area.code]).iloc[0].reindex(mine.index),
            "england": index.reindex(index=[ENGLAND]).iloc[0].reindex(mine.index),
            "neighbours": near.median(),
            "neighbours_low": near.quantile(0.25),
            "neighbours_high": near.quantile(0.75),
        }
    )
    ranks = [_rank_lowest(study, year) for year in (study.first_year, study.last_year)]
    return LookedAfter(
        study.area.name,
        study.first_year,
        study.last_year,
        evidence.estimate(study, "looked_after_per_child"),
        *ranks[0],
        *ranks[1],
        study.cite("children_looked_after"),
        table.rename_axis("year").reset_index(),
    )


def ages(study: Study) -> Ages:
    """The ages of the children looked after, every year held."""
    counts = {
        code: (
            study.panel.xs(code, level="area_code")[
                [f"looked_after_age_{age}_count" for age in AGES]
            ].set_axis(list(AGES), axis=1)
        )
        for code in (study.area.code, ENGLAND)
    }
    shares = {code: frame.div(frame.sum(axis=1), axis=0).stack() for code, frame in counts.items()}
    table = (
        pd.DataFrame(
            {
                "count": counts[study.area.code].stack(),
                "share": shares[study.area.code],
                "england": shares[ENGLAND],
            }
        )
        .rename_axis(["year", "age"])
        .dropna(subset="count")
        .reset_index()
    )
    table.insert(2, "label", table["age"].map(AGES))
    table["all_ages"] = table["year"].map(study.table["looked_after_count"])
    table = table.sort_values(
        ["year", "age"],
        key=lambda c: c.map(list(AGES).index) if c.name == "age" else c,
        ignore_index=True,
    )
    years = sorted(set(table.loc[table["year"].between(study.first_year, study.last_year), "year"]))
    return Ages(
        study.area.name,
        study.first_year,
        study.last_year,
        (int(years[0]), int(years[-1])) if len(years) > 1 else None,
        study.cite("children_looked_after"),
        table,
    )


def unaccompanied(study: Study) -> Unaccompanied:
    """The rate of children looked after with and without unaccompanied asylum-seeking children,
    beside England's.
    """
    parts = ("looked_after_count", "looked_after_here_count")
    here, england = (study.panel.xs(code, level="area_code") for code in (study.area.code, ENGLAND))
    rates = [
        frame[part] / frame["children_0_17_count"] * 10_000
        for frame in (here, england)
        for part in parts
    ]
    names = ("rate", "rate_without", "england_rate", "england_without")
    table = pd.DataFrame(
        {
            "count": here["looked_after_count"],
            "unaccompanied": here["looked_after_unaccompanied_count"],
            **dict(zip(names, rates, strict=True)),
        }
    ).dropna(subset=["rate", "rate_without"])
    return Unaccompanied(
        study.area.name,
        study.first_year,
        study.last_year,
        study.cite("children_looked_after"),
        table.rename_axis("year").reset_index(),
    )


def in_need(study: Study) -> InNeed:
    """Children in need who have neither a plan nor a place in care, and whether plans took their
    place.
    """
    columns = {
        "children_in_need_count": "in_need",
        "plans_open_count": "on_plan",
        "looked_after_count": "looked_after",
        "in_need_without_plan_count": "without_plan",
    }
    change = evidence.estimate(study, "in_need_without_plan_per_child")
    table = study.table[list(columns)].rename(columns=columns).rename_axis(columns=None).dropna()
    table = table.assign(
        no_further_action=study.table["no_further_action_count"],
        not_in_need=study.table["not_in_need_count"],
    )
    logs = evidence.measures.series(study.table, "in_need_without_plan_per_child")["log"]
    ends = [
        tuple(study.at(year, count) for year in (study.first_year, study.last_year))
        for count in ("plans_open_count", "in_need_without_plan_count")
    ]
    single = logs.get(study.last_year, np.nan) - logs.get(study.first_year, np.nan)
    return InNeed(
        study.area.name,
        study.first_year,
        study.last_year,
        change,
        *ends,
        float(single),
        study.cite("children_in_need", "children_looked_after"),
        table[table.index >= evidence.measures.COMPARABLE].rename_axis("year").reset_index(),
    )


def _rank_lowest(study: Study, year: int) -> tuple[int | None, int]:
    """Place of this authority's rate among those of all authorities that have one that year, 1 the
    lowest.
    """
    frame = evidence.measures.series(study.authorities, "looked_after_per_child")["value"]
    rates = frame[frame.index.get_level_values("year") == year].droplevel("year").dropna()
    if study.area.code not in rates.index:
        return None, len(rates)
    return int(rates.rank(method="min")[study.area.code]), len(rates)
