"""The work: caseloads, agency, turnover and vacancies against others, the council's own figures,
and what plans add.
"""

import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from oxcare_analysis.thinking.outlook import Outlook
from oxcare_analysis.thinking.study import Study
from oxcare_analysis.words.columns import ENGLAND
from oxcare_analysis.words.errors import UsageError
from oxcare_analysis.words.result import Result

SHARES = ("caseload_average", "agency_percent", "turnover_percent", "vacancy_percent")
PUBLISHED = ("social_workers_fte", "cases_held_count", *SHARES)
# Measure in the register of the documents → what it is a figure of.
STATED = {
    "caseload_target": "caseload_average",
    "caseload_average": "caseload_average",
    "caseload_average_lowest_team": "caseload_average",
    "caseload_average_highest_team": "caseload_average",
    "social_workers_count": "social_workers_fte",
    "agency_share_percent": "agency_percent",
    "turnover_percent": "turnover_percent",
}
BAND = re.compile(
    r"middle of (\d+) to (\d+)"
)  # a band that the register holds by its middle, which nobody stated
TEAMS = re.compile(r"\b(looked after|family support|disability) teams\b")


@dataclass(frozen=True, repr=False)
class Workforce(Result):
    """Children's social workers at 30 September, beside England and the neighbours, and the
    council's own figures.

    `table`: year, measure, value, england, neighbours (median), rank, of (1 the lowest of all
    authorities). `stated`, a row a figure or range of the documents: measure, when (decimal year),
    period, team, low, value (NaN of a band), high, target, source. Figures of the two are counted
    differently: they share an axis, never a line. `first_year`, `last_year`: the window. `plans`:
    children on a plan at 31 March, by year.
    """

    area: str
    first_year: int
    last_year: int
    source: str = ""
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    stated: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    plans: pd.Series = field(default_factory=pd.Series, repr=False, compare=False)

    def of(self, measure: str) -> pd.DataFrame:
        """The rows of one published measure."""
        return self.table[self.table["measure"] == measure]

    @property
    def teams(self) -> pd.DataFrame:
        """Kinds of team with a target and a range between teams."""
        ranges = self.stated.dropna(subset=["low", "value", "high", "target"])
        return ranges[ranges["team"].ne("all")].reset_index(drop=True)

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False, float_format="{:.1f}".format)


@dataclass(frozen=True, repr=False)
class Caseload(Result):
    """Cases per worker a year on, under stated assumptions.

    `cases`, `plans`, `workers`, `now`: cases held, plans open, workers who hold cases (cases ÷
    average caseload) and cases per worker today. `table`, a row an end of the outlook: case, plans,
    cases, per_worker, workers_needed (for today's cases per worker). `swing`: year, cases of the
    year before and cases, where all cases moved most in a year (None where no two years in a row
    are held). `missing` says why there is none.
    """

    area: str
    cases_per_plan: float
    other_cases_change: float
    workers_change: float
    year: int | None = None
    cases: float = float("nan")
    plans: float = float("nan")
    workers: float = float("nan")
    now: float = float("nan")
    swing: tuple[int, float, float] | None = None
    missing: str = ""
    source: str = ""
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    def _repr_html_(self) -> str:
        return self.missing or self.table.to_html(index=False, float_format="{:.1f}".format)


def workforce(study: Study, stated: pd.DataFrame) -> Workforce:
    """Every published year of the workforce figures and what the documents state about them.

    `stated`: rows of the register of figures (source, measure, period, value, note), retellings
    left out.
    """
    codes = study.authorities.index.get_level_values("area_code").unique()
    tables = []
    for measure in PUBLISHED:
        wide = study.panel[measure].unstack("year")
        mine = wide.reindex(index=[study.area.code]).iloc[0].dropna()
        every = wide.loc[codes, mine.index]
        tables.append(
            pd.DataFrame(
                {
                    "measure": measure,
                    "value": mine,
                    "england": wide.reindex(index=[ENGLAND]).iloc[0].reindex(mine.index),
                    "neighbours": every.reindex(list(study.neighbours)).median(),
                    "rank": every.rank(method="min").loc[study.area.code] if len(mine) else np.nan,
                    "of": every.notna().sum(),
                }
            )
            .rename_axis("year")
            .reset_index()
        )
    return Workforce(
        study.area.name,
        study.first_year,
        study.last_year,
        study.cite("workforce"),
        pd.concat(tables, ignore_index=True),
        _stated(stated),
        study.table["plans_open_count"],
    )


def caseload(
    study: Study,
    outlook: Outlook,
    cases_per_plan: float = 1.0,
    other_cases_change: float = 0.0,
    workers_change: float = 0.0,
) -> Caseload:
    """Cases per worker a year on, at the expected number of open plans and at both ends of its
    interval.

    Assumptions, each an argument: a child on a plan is `cases_per_plan` cases; all other cases
    change by `other_cases_change` and workers who hold cases by `workers_change` (shares: 0.1 is a
    tenth more). Raises UsageError where they leave no workers or fewer than no cases.
    """
    given = {
        "area": study.area.name,
        "cases_per_plan": cases_per_plan,
        "other_cases_change": other_cases_change,
        "workers_change": workers_change,
        "source": study.cite("children_in_need", "workforce"),
    }
    if min(cases_per_plan, 1 + other_cases_change) < 0 or workers_change <= -1:
        raise UsageError(
            "A caseload needs some workers and no fewer than no cases; got cases_per_plan="
            f"{cases_per_plan:g}, other_cases_change={other_cases_change:g}, workers_change="
            f"{workers_change:g}. Changes are shares: 0.1 is a tenth more, -0.1 a tenth fewer."
        )
    held = study.table[["cases_held_count", "caseload_average"]].dropna()
    held = held[(held > 0).all(axis=1)]
    if outlook.missing or held.empty:
        return Caseload(
            **given,
            missing=outlook.missing or "cases held and the average caseload are not published",
        )
    year = int(held.index.max())
    cases, now, plans = (
        held.at[year, "cases_held_count"],
        held.at[year, "caseload_average"],
        outlook.next["open_from"],
    )
    workers, others = cases / now, cases - cases_per_plan * plans
    if others < 0:
        return Caseload(
            **given,
            year=year,
            missing=(
                f"with {cases_per_plan:g} cases a plan, {plans:.0f} plans would be "
                f"more than all {cases:.0f} cases held"
            ),
        )
    rows = []
    for end, column in (
        ("fewest, 1 in 40 below", "low"),
        ("expected", "expected"),
        ("most, 1 in 40 above", "high"),
    ):
        then = others * (1 + other_cases_change) + cases_per_plan * outlook.next[column]
        rows.append(
            (end, outlook.next[column], then, then / (workers * (1 + workers_change)), then / now)
        )
    return Caseload(
        **given,
        year=year,
        cases=cases,
        plans=plans,
        workers=workers,
        now=now,
        swing=_swing(study.table["cases_held_count"]),
        table=pd.DataFrame(
            rows, columns=["case", "plans", "cases", "per_worker", "workers_needed"]
        ),
    )


def _swing(cases: pd.Series) -> tuple[int, float, float] | None:
    """The year in which cases held moved by the largest share, with the cases of the year before
    and its own.
    """
    moved = np.log(cases).diff().abs().dropna()
    if moved.empty:
        return None
    year = int(moved.idxmax())
    return year, float(cases[year - 1]), float(cases[year])


def _stated(register: pd.DataFrame) -> pd.DataFrame:
    """One row a source, date, team and measure: range, mean and target of what the documents
    state.
    """
    rows = register[register["measure"].isin(STATED)].copy()
    columns = [
        "measure",
        "when",
        "period",
        "team",
        "low",
        "value",
        "high",
        "target",
        "source",
        "note",
    ]
    if rows.empty:
        return pd.DataFrame(columns=columns)
    rows["team"] = rows["note"].str.extract(TEAMS, expand=False).fillna("all")
    rows["figure"], rows["measure"] = rows["measure"], rows["measure"].map(STATED)
    out = []
    # A target is set for a month, the snapshot is of another: both stand in the row of their team
    # and year.
    for (source, team, measure, _), group in rows.groupby(
        ["source", "team", "measure", rows["period"].str[:4]], sort=False
    ):
        mean = group[~group["figure"].str.contains("target|lowest|highest")]
        ends = {
            end: group.loc[group["figure"] == f"caseload_average_{end}_team", "value"].squeeze()
            for end in ("lowest", "highest")
            if (group["figure"] == f"caseload_average_{end}_team").any()
        }
        target = group.loc[group["figure"] == "caseload_target", "value"]
        period = (mean if len(mean) else group)["period"].iloc[0]
        bands = (
            mean["note"]
            .str.extract(BAND)
            .astype(float)
            .fillna({0: mean["value"], 1: mean["value"]})
        )
        low, high = bands[0].min(), bands[1].max()
        value = mean["value"].iloc[0] if low == high else np.nan  # of a band no mean is stated
        out.append(
            (
                measure,
                _decimal(period),
                period,
                team,
                ends.get("lowest", low),
                value,
                ends.get("highest", high),
                target.iloc[-1] if len(target) else np.nan,
                source,
                (mean if len(mean) else group)["note"].iloc[0],
            )
        )
    return pd.DataFrame(out, columns=columns).sort_values(
        ["measure", "when"], kind="stable", ignore_index=True
    )


def _decimal(period: str) -> float:
    """The middle of '2014-08', of the calendar year '2015', or the end (31 March) of the year
    '2022/23'.
    """
    year = int(period[:4])
    if re.fullmatch(r"\d{4}-\d{2}", period):
        return year + (int(period[5:]) - 0.5) / 12
    return year + 1.25 if "/" in period else year + 0.5
