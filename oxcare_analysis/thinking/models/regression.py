"""The same questions as regressions an analyst knows, in statsmodels: quasi-Poisson rates and a
cross-section.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from oxcare_analysis.thinking import measures
from oxcare_analysis.thinking.study import Study
from oxcare_analysis.words.columns import BANDS
from oxcare_analysis.words.result import Result

FEWEST_ROWS = 4


@dataclass(frozen=True, repr=False)
class Regression(Result):
    """A fitted model: formula in words, coefficients and a residual check.

    `table`: term, estimate, low, high, p_value (estimates are logs: 0.1 is about 10 per cent).
    `residuals`: year, observed, fitted, pearson. `dispersion`: Pearson chi-square over its degrees
    of freedom (1 = as scattered as chance alone; the intervals are widened by it).
    `autocorrelation`: of the residuals, a year apart.
    """

    name: str
    words: str
    missing: str = ""
    dispersion: float = float("nan")
    autocorrelation: float = float("nan")
    observations: int = 0
    source: str = ""
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    residuals: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    def _repr_html_(self) -> str:
        return (
            self.table.to_html(index=False, float_format="{:.3f}".format)
            if len(self.table)
            else self.missing
        )


def rate_trend(study: Study, measure: str) -> Regression:
    """Quasi-Poisson: the top count of a ratio on the year, with the log of the bottom count as
    offset.
    """
    ratio = measures.RATIOS[measure]
    frame = measures.series(study.panel.loc[[study.area.code]], measure).reset_index()
    frame = frame[
        frame["year"].between(max(study.first_year, ratio.years), study.last_year)
    ].dropna(subset=["top", "bottom"])
    words = (
        f"{_plain(ratio.top)} = {_plain(ratio.bottom)} × exp(constant + trend × years since the"
        " start), scatter wider than chance allowed for (quasi-Poisson)"
    )
    return _quasi_poisson(study, frame, words, f"trend in {ratio.label}")


def exits_by_band(study: Study) -> Regression:
    """Quasi-Poisson: plans ended on duration band (six months or more) and year, offset by mean
    open plans.
    """
    table, rows = study.table, []
    for band in list(BANDS)[2:]:
        open_plans = table[f"plans_open_{band}_months_count"]
        exposure = (open_plans + open_plans.shift().where(table.index.to_series().diff() == 1)) / 2
        rows.append(
            pd.DataFrame(
                {
                    "year": table.index,
                    "band": BANDS[band],
                    "bottom": exposure,
                    "top": table[f"plans_ended_{band}_months_count"],
                }
            )
        )
    frame = pd.concat(rows).dropna()
    frame = frame[frame["year"].between(study.first_year, study.last_year) & (frame["bottom"] > 0)]
    words = (
        "plans ended = mean open plans × exp(level of the duration band + trend × years since the"
        " start), for plans open six months or more (quasi-Poisson)"
    )
    return _quasi_poisson(study, frame, words, "exit rate of longer plans by band", "+ C(band)")


def growth_on_children(study: Study) -> Regression:
    """Least squares over all authorities: growth in plans started on growth in children and in low
    income.
    """
    import statsmodels.formula.api as smf

    words = (
        "growth in plans started = constant + a × growth in children + b × growth in children in"
        " low income, one row an authority, robust errors (HC1)"
    )
    b, t = study.first_year, study.last_year
    columns = {
        "starts": "plans_started_count",
        "children": "children_0_17_count",
        "low_income": "low_income_children_count",
    }
    wide = {
        name: np.log(study.authorities[c].where(lambda s: s > 0)).unstack("year")
        for name, c in columns.items()
    }
    if any(y not in w or w[y].notna().sum() < 30 for w in wide.values() for y in (b, t)):
        wide.pop("low_income")
        words = words.replace(" + b × growth in children in low income", "")
        words += "; no low-income series covers the window"
    if t <= b or any(y not in w for w in wide.values() for y in (b, t)):
        return Regression(
            "growth on need, all authorities",
            words,
            "the window is not covered",
            source=study.source,
        )
    frame = pd.DataFrame({name: w[t] - w[b] for name, w in wide.items()}).dropna()
    if len(frame) < 30:
        return Regression(
            "growth on need, all authorities",
            words,
            "too few authorities have both years",
            source=study.source,
        )
    fitted = smf.ols("starts ~ " + " + ".join(c for c in frame if c != "starts"), frame).fit(
        cov_type="HC1"
    )
    residuals = pd.DataFrame(
        {
            "area_code": frame.index,
            "observed": frame["starts"],
            "fitted": fitted.fittedvalues,
            "pearson": fitted.resid_pearson,
        }
    ).reset_index(drop=True)
    return Regression(
        "growth on need, all authorities",
        words,
        observations=len(frame),
        source=study.source,
        table=_coefficients(fitted),
        residuals=residuals,
    )


def _quasi_poisson(
    study: Study, frame: pd.DataFrame, words: str, name: str, extra: str = ""
) -> Regression:
    import statsmodels.api as sm
    import statsmodels.formula.api as smf

    frame = frame[frame["bottom"] > 0].reset_index(drop=True)
    frame = frame.assign(since=frame["year"] - frame["year"].min())
    if frame["year"].nunique() < FEWEST_ROWS or not frame["top"].sum() > 0:
        return Regression(
            name,
            words,
            f"fewer than {FEWEST_ROWS} years have every figure the model needs",
            source=study.source,
        )
    model = smf.glm(
        f"top ~ since {extra}", frame, family=sm.families.Poisson(), offset=np.log(frame["bottom"])
    )
    fitted = model.fit(scale="X2", use_t=True)
    residuals = pd.DataFrame(
        {
            "year": frame["year"],
            "observed": frame["top"],
            "fitted": fitted.fittedvalues,
            "pearson": fitted.resid_pearson / np.sqrt(fitted.scale),
        }
    )
    yearly = residuals.groupby("year")["pearson"].mean()
    return Regression(
        name,
        words,
        dispersion=float(fitted.scale),
        observations=len(frame),
        source=study.source,
        autocorrelation=float(yearly.autocorr(1)),
        table=_coefficients(fitted),
        residuals=residuals.reset_index(drop=True),
    )


def _coefficients(fitted) -> pd.DataFrame:
    interval = fitted.conf_int()
    names = {
        "Intercept": "constant",
        "since": "trend a year",
        "children": "growth in children",
        "low_income": "growth in low income",
    }
    terms = [
        names.get(t, t.replace("C(band)[T.", "band ").rstrip("]")) for t in fitted.params.index
    ]
    return pd.DataFrame(
        {
            "term": terms,
            "estimate": fitted.params.to_numpy(),
            "low": interval[0].to_numpy(),
            "high": interval[1].to_numpy(),
            "p_value": fitted.pvalues.to_numpy(),
        }
    )


def _plain(count: str) -> str:
    return count.replace("_count", "").replace("_0_17", "").replace("_", " ")
