"""How sure is a change? Its standard error in four ways, which differ in what they call noise."""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from oxcare_analysis.thinking import evidence, measures
from oxcare_analysis.thinking.findings import Z_95, Estimate
from oxcare_analysis.thinking.models import noise
from oxcare_analysis.thinking.study import Study
from oxcare_analysis.words.result import Result

COUNTING, INDEPENDENT = "counting noise alone", "yearly changes taken as independent"
MODEL, DRIFT = "noise model, used in the verdict", "noise model, drift counted as noise"
# Denominators that are time at risk: their ratios are rates. All others count cases: their ratios
# are shares.
EXPOSURES = ("children_0_17_count", "mean_open_count", "mean_open_6_plus_count")


@dataclass(frozen=True, repr=False)
class Errors(Result):
    """One change, `change`, and its standard error counted in four ways.

    `table`: one row a method, in logs: method, se, low, high (95 per cent interval of the change),
    z, beyond (the interval leaves out no change; None where there is no se), se_low, se_high (95
    per cent bootstrap interval of the se itself, for the two methods that rest on the noise model).
    `missing` says why there is no table.
    """

    area: str
    first_year: int
    last_year: int
    change: Estimate
    missing: str = ""
    source: str = ""
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    def _repr_html_(self) -> str:
        return (
            self.table.to_html(index=False, float_format="{:.3f}".format)
            if len(self.table)
            else self.missing
        )


def errors(study: Study, measure: str, replicates: pd.DataFrame) -> Errors:
    """The change of `measure` over the window, as the verdict takes it, with its standard error in
    four ways.

    counting     Poisson for a rate, 1/top; binomial for a share, 1/top − 1/bottom (variance of a
    log, delta method) independent  the authority's own yearly log changes as independent steps of
    one variance (a random walk) model        transitory noise a + phi/n (thinking.models.noise):
    drift is change drift        the same plus drift, sigma·t5 a year: is the change unusual for an
    authority?

    `replicates`: a, phi, sigma of bootstrap replicates, one a row. A bootstrap interval is
    log-normal (1.96 bootstrap standard errors of log se), as tens of replicates do not carry
    percentiles.
    """
    change = evidence.estimate(study, measure)
    shell = (study.area.name, study.first_year, study.last_year, change)
    if not change.known:
        return Errors(*shell, change.missing, study.source)
    ratio, weight = measures.RATIOS[measure], evidence.weights(change)
    steps, used = (weight.cumsum() ** 2).sum(), weight[weight != 0] ** 2
    series = measures.series(study.table, measure)
    top, bottom, n = (series.loc[used.index, c] for c in ("top", "bottom", "n"))
    share = ratio.bottom not in EXPOSURES
    counting = 1 / top - (1 / bottom).where(share & (bottom > top), 0)
    log = series["log"].reindex(range(ratio.years, series.index.max() + 1))

    def of_model(model: pd.Series) -> pd.Series:
        transitory = (used * noise.variance(model, n)).sum(skipna=False)
        return np.sqrt(
            pd.Series({MODEL: transitory, DRIFT: transitory + noise.drift_variance(model) * steps})
        )

    se = pd.Series(
        {
            COUNTING: np.sqrt((used * counting).sum()),
            INDEPENDENT: log.diff().std() * np.sqrt(steps),
            **of_model(study.models.loc[measure]),
        }
    )
    unsure = np.exp(Z_95 * np.log(replicates.apply(of_model, axis=1)).std()).reindex(se.index)
    read = [replace(change, se=value) for value in se]
    return Errors(
        *shell,
        source=study.source,
        table=pd.DataFrame(
            {
                "method": se.index,
                "se": se.array,
                "low": [x.low for x in read],
                "high": [x.high for x in read],
                "z": [x.z for x in read],
                "beyond": [bool(x.moved) if x.known else None for x in read],
                "se_low": (se / unsure).array,
                "se_high": (se * unsure).array,
            }
        ),
    )
