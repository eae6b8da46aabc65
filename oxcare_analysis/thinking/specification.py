"""The specification curve: the same question asked in every reasonable way, at most about 100 of
them.

Dimensions: the measure, the window (as asked, starting a year later, ending a year earlier), how
the ends are read (two-year means, end points, smoothed levels) and what is taken off (nothing, the
national median, the neighbours' median). After Simonsohn, Simmons and Nelson 2020, Nature Human
Behaviour 4:1208.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from oxcare_analysis.thinking import evidence, measures
from oxcare_analysis.thinking.findings import Estimate
from oxcare_analysis.thinking.models import noise
from oxcare_analysis.thinking.study import Study
from oxcare_analysis.words.result import Result

READINGS = ("two-year means", "end points", "smoothed levels")
TAKEN_OFF = ("nothing", "the national median", "the neighbours' median")
SMOOTHED_FROM = 2013  # the noise model's first year


@dataclass(frozen=True, repr=False)
class Specifications(Result):
    """Every way of asking, one row each.

    `table`: measure, label, first_year, last_year, reading, taken_off, estimate (log), low, high,
    moved (+1, 0, −1), main (the one the verdict uses). `agreeing`: share of rows whose estimate has
    the main row's sign; `beyond`: share that moved beyond noise in the predicted direction;
    `against`: in the opposite one.
    """

    hypothesis: str
    area: str
    first_year: int
    last_year: int
    direction: int
    agreeing: float
    beyond: float
    against: float
    source: str = ""
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False, float_format="{:+.2f}".format)


def specifications(
    study: Study, hypothesis: str, candidates: tuple[str, ...], main: str, direction: int
) -> Specifications:
    """Ask how far each of `candidates` moved, in every window, reading and comparison."""
    b, t = study.first_year, study.last_year
    windows = [(b, t)] + [w for w in ((b + 1, t), (b, t - 1)) if w[1] - w[0] >= 2]
    rows = []
    for measure in candidates:
        ratio = measures.RATIOS[measure]
        for first, last in windows:
            if first < ratio.years <= last:
                continue
            for reading in READINGS:
                change = study.of_all(
                    ("specification", measure, first, last, reading),
                    lambda way=(measure, first, last, reading): _changes(study, *way),
                )
                if study.area.code not in change.index:
                    continue
                mine = change.loc[study.area.code]
                for off in TAKEN_OFF:
                    level = _level(study, change, off)
                    if not np.isfinite(level):
                        continue
                    e = Estimate(measure, ratio.label, mine["estimate"] - level, mine["se"])
                    rows.append(
                        (
                            measure,
                            ratio.label,
                            first,
                            last,
                            reading,
                            off,
                            e.estimate,
                            e.low,
                            e.high,
                            e.moved,
                            (measure, (first, last), reading, off)
                            == (main, (b, t), READINGS[0], TAKEN_OFF[0]),
                        )
                    )
    table = pd.DataFrame(
        rows,
        columns=[
            "measure",
            "label",
            "first_year",
            "last_year",
            "reading",
            "taken_off",
            "estimate",
            "low",
            "high",
            "moved",
            "main",
        ],
    )
    chosen = table.loc[table["main"], "estimate"]
    sign = np.sign(chosen.iloc[0]) if len(chosen) else np.nan
    share = (lambda hits: float(hits.mean())) if len(table) else (lambda hits: float("nan"))
    return Specifications(
        hypothesis,
        study.area.name,
        b,
        t,
        direction,
        share(np.sign(table["estimate"]) == sign),
        share(table["moved"] == direction),
        share(table["moved"] == -direction),
        study.source,
        table.sort_values("estimate", ignore_index=True),
    )


def _changes(study: Study, measure: str, first: int, last: int, reading: str) -> pd.DataFrame:
    """Change and standard error of every authority under one reading."""
    if reading == "two-year means":
        return evidence.contrasts(study, measure, first, last)[["estimate", "se"]]
    frame = measures.series(study.authorities, measure)
    model = study.models.loc[measure]
    logs, counts = frame["log"].unstack("year"), frame["n"].unstack("year")
    if first not in logs or last not in logs:
        return pd.DataFrame(columns=["estimate", "se"])
    if reading == "end points":
        variance = noise.variance(model, counts[first]) + noise.variance(model, counts[last])
        return pd.DataFrame(
            {"estimate": logs[last] - logs[first], "se": np.sqrt(variance)}
        ).dropna()
    if first < SMOOTHED_FROM:
        return pd.DataFrame(columns=["estimate", "se"])
    years = [y for y in logs.columns if y >= SMOOTHED_FROM]
    logs, variances = logs[years], noise.variance(model, counts[years])
    logs = logs[logs[first].notna() & logs[last].notna()]
    drift = noise.drift_variance(model)
    ends = np.array([years.index(first), years.index(last)])
    smoothed = {
        code: smooth(logs.loc[code].to_numpy(), variances.loc[code].to_numpy(), drift, ends)
        for code in logs.index
    }
    return pd.DataFrame.from_dict(smoothed, orient="index", columns=["estimate", "se"]).dropna()


def smooth(
    y: np.ndarray, variance: np.ndarray, drift: float, ends: np.ndarray
) -> tuple[float, float]:
    """Change between two years of the smoothed level of a random walk seen with noise, and its
    standard error.

    `y`: logs by year, NaN where missing; `variance`: of each; `drift`: variance of the walk's
    yearly step; `ends`: the two positions. The level has a flat prior, so this is the
    fixed-interval (Kalman) smoother in closed form.
    """
    steps = np.diff(np.eye(len(y)), axis=0)
    weight = np.where(np.isnan(y), 0, 1 / variance)
    weight = np.nan_to_num(weight)
    precision = steps.T @ steps / drift + np.diag(weight)
    covariance = np.linalg.inv(precision)
    level = covariance @ (weight * np.nan_to_num(y))
    contrast = np.zeros(len(y))
    contrast[ends] = -1, 1
    return float(contrast @ level), float(np.sqrt(contrast @ covariance @ contrast))


def _level(study: Study, change: pd.DataFrame, off: str) -> float:
    """What is taken off the authority's own change."""
    if off == TAKEN_OFF[0]:
        return 0.0
    others = change["estimate"].drop(index=study.area.code)
    if off == TAKEN_OFF[2]:
        others = others[others.index.isin(study.neighbours)]
        return float(others.median()) if len(others) >= 4 else float("nan")
    return float(others.median())
