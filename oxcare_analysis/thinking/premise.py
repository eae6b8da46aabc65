"""Did open plans grow at all, and how much of it is just this authority?"""

from dataclasses import dataclass, field
from html import escape

import numpy as np
import pandas as pd

from oxcare_analysis.thinking import evidence, measures
from oxcare_analysis.thinking.findings import NOT_TESTABLE, Estimate, decide
from oxcare_analysis.thinking.models import noise
from oxcare_analysis.thinking.study import Study
from oxcare_analysis.words.result import Result

MARGIN = (
    0.30  # no narrower than the 90 per cent half-width of a large authority (about 600 open plans)
)
MIDDLE_HALF = 0.6745  # standard deviations that hold the middle half of authorities
COMPARISONS = ("england", "median_neighbour", "given_start")


@dataclass(frozen=True, repr=False)
class Premise(Result):
    """Whether the rate of open plans rose, and the plans above what each comparison would have
    given.

    `just_here`: plans above following England, above following the median neighbour, above what
    authorities that started as low (and as large) went to; NaN where it cannot be worked out.
    `path`: (year, open plans) at both ends, at the highest and lowest year between, and at the
    newest year held after the window. `table`: one row a comparison with columns comparison,
    expected, above, low, high.
    """

    area: str
    first_year: int
    last_year: int
    verdict: str
    reason: str
    open_from: float
    open_to: float
    rate_from: float
    rate_to: float
    estimate: Estimate
    just_here: dict[str, float]
    extremes: tuple[str, ...] = ()
    path: tuple[tuple[int, float], ...] = ()
    source: str = ""
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    @property
    def fell(self) -> bool:
        """Whether there were fewer open plans at the end."""
        return self.open_to < self.open_from

    def _repr_html_(self) -> str:
        return f"<p><strong>{self.verdict.replace('_', ' ')}</strong>: {escape(self.reason)}</p>"


def premise(study: Study) -> Premise:
    """Judge the growth itself: the published end points, the noise of the stock, and three
    comparisons.
    """
    b, t = study.first_year, study.last_year
    stock, rate = (
        [study.at(y, "plans_open_count") for y in (b, t)],
        [
            study.at(y, "plans_open_count") / study.at(y, "children_0_17_count") * 10_000
            for y in (b, t)
        ],
    )
    shell = {
        "area": study.area.name,
        "first_year": b,
        "last_year": t,
        "open_from": stock[0],
        "open_to": stock[1],
        "rate_from": rate[0],
        "rate_to": rate[1],
    }
    estimate = _end_points(study, b, t)
    if not estimate.known:
        return Premise(
            **shell,
            verdict=NOT_TESTABLE,
            reason=f"Open plans cannot be compared: {estimate.missing}.",
            estimate=estimate,
            just_here=dict.fromkeys(COMPARISONS, float("nan")),
            source=study.source,
        )
    table = _just_here(study, b, t)
    verdict = decide(
        testable=True,
        estimate=estimate.estimate,
        se=estimate.se,
        p_adjusted=estimate.p_value,
        direction=1,
        margin=MARGIN,
    )
    extremes = tuple(evidence.at_extreme(study))
    return Premise(
        **shell,
        verdict=verdict,
        reason=_reason(verdict, rate, estimate),
        estimate=estimate,
        just_here=dict(zip(table["comparison"], table["above"], strict=True)),
        extremes=extremes,
        path=_path(study, b, t),
        source=study.source,
        table=table,
    )


def _path(study: Study, b: int, t: int) -> tuple[tuple[int, float], ...]:
    """The turning points a reader must not miss between and after two dates."""
    held = study.table["plans_open_count"].dropna()
    inside = held[(held.index >= b) & (held.index <= t)]
    peak = int(inside.idxmax())
    years = {b, t, peak, int(inside.idxmin()), int(inside[inside.index >= peak].idxmin())}
    if held.index.max() > t:
        years.add(int(held.index.max()))
    return tuple((year, float(held[year])) for year in sorted(years))


def _end_points(study: Study, b: int, t: int) -> Estimate:
    """The change in the rate from b to T itself (the growth to be explained), with the stock's
    transitory noise.
    """
    ratio = measures.RATIOS["open_per_child"]
    frame = measures.series(study.panel.loc[[study.area.code]], ratio.name).xs(
        study.area.code, level="area_code"
    )
    missing = [y for y in (b, t) if y not in frame.index or not np.isfinite(frame.at[y, "log"])]
    if missing or t <= b:
        none_open = bool(missing) and study.at(missing[0], "plans_open_count") == 0
        why = (
            "no plan was open"
            if none_open
            else (
                study.why_missing(missing[0], "plans_open_count")
                if missing
                else "the window is shorter than a year"
            )
        )
        return Estimate(ratio.name, ratio.label, missing=f"{missing[0]}, {why}" if missing else why)
    model = study.models.loc[ratio.name]
    if not np.isfinite(model["a"]):
        return Estimate(
            ratio.name,
            ratio.label,
            missing="too few authorities and years are held to measure its noise",
        )
    se = np.sqrt(sum(noise.variance(model, frame.at[y, "n"]) for y in (b, t)))
    return Estimate(
        ratio.name,
        ratio.label,
        frame.at[t, "log"] - frame.at[b, "log"],
        se,
        frame.at[b, "value"] * ratio.per,
        frame.at[t, "value"] * ratio.per,
        ratio.per_words,
        (b,),
        (t,),
    )


def _just_here(study: Study, b: int, t: int) -> pd.DataFrame:
    """Plans expected at T had the rate moved as in each comparison, and plans above it.

    low and high hold the middle half of single authorities around the comparison (median neighbour,
    given start); England is one line and has none.
    """
    rates = (study.panel["plans_open_count"] / study.panel["children_0_17_count"]).unstack("year")
    logs = np.log(rates.where(rates > 0))
    moves = (logs[t] - logs[b]).dropna()
    code, here = study.area.code, study.at(t, "plans_open_count")
    start = rates.at[code, b] * study.at(t, "children_0_17_count")
    others = moves[moves.index.str.fullmatch(r"\d{3}") & (moves.index != code)]
    near = others[others.index.isin(study.neighbours)]
    rows = [("england", moves.get("E92000001", np.nan), np.nan)]
    rows.append(
        (
            "median_neighbour",
            near.median() if len(near) >= 3 else np.nan,
            1.4826 * (near - near.median()).abs().median() if len(near) >= 3 else np.nan,
        )
    )
    x = np.column_stack(
        [
            np.ones(len(others)),
            logs.loc[others.index, b],
            np.log(study.panel["plans_open_count"].unstack("year").loc[others.index, b]),
        ]
    )
    if len(others) >= 20:
        fitted, *_ = np.linalg.lstsq(x, others.to_numpy(), rcond=None)
        spread = float(np.std(others - x @ fitted, ddof=3))
        mine = fitted @ np.array([1, logs.at[code, b], np.log(study.at(b, "plans_open_count"))])
        rows.append(("given_start", mine, spread))
    else:
        rows.append(("given_start", np.nan, np.nan))
    table = pd.DataFrame(rows, columns=["comparison", "move", "spread"])
    expected = start * np.exp(table["move"])
    return pd.DataFrame(
        {
            "comparison": table["comparison"],
            "expected": expected,
            "above": here - expected,
            "low": here - start * np.exp(table["move"] + MIDDLE_HALF * table["spread"]),
            "high": here - start * np.exp(table["move"] - MIDDLE_HALF * table["spread"]),
        }
    )


def _reason(verdict: str, rate: list[float], estimate: Estimate) -> str:
    change = f"from {rate[0]:.1f} to {rate[1]:.1f} per 10,000 children"
    swing = 1.96 * estimate.se
    usual = (
        f"ordinary fluctuation between two single years gives changes from {np.expm1(-swing):+.0%}"
        f" to {np.expm1(swing):+.0%} in 19 comparisons of 20; the rate changed by"
        f" {np.expm1(estimate.estimate):+.0%}"
    )
    return {
        "supported": f"The rate rose {change}, beyond ordinary fluctuation ({usual}).",
        "contradicted": f"The rate fell {change}, beyond ordinary fluctuation ({usual}).",
        "negligible": f"The rate hardly moved: {change}.",
        "inconclusive": (
            f"The rate went {change}. The counts are exact, but {usual}: these two dates alone"
            " cannot say whether the change will last."
        ),
    }[verdict]
