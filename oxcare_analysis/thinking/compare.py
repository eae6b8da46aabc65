"""One measure through the years: this authority beside England and its statistical neighbours."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from oxcare_analysis.thinking import measures
from oxcare_analysis.thinking.models import noise
from oxcare_analysis.thinking.study import Study
from oxcare_analysis.words.columns import ENGLAND
from oxcare_analysis.words.result import Result


@dataclass(frozen=True, repr=False)
class Comparison(Result):
    """`table`: one row a year: year, value, low, high (this authority with its year-to-year noise),
    england, neighbours (their median), neighbours_low, neighbours_high (their quartiles).
    """

    area: str
    measure: str
    label: str
    per_words: str
    first_year: int
    last_year: int
    events: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    source: str = ""
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False, float_format="{:.1f}".format)


def compare(study: Study, measure: str) -> Comparison:
    """Every year held of one ratio, for this authority, England and the neighbours' median and
    quartiles.
    """
    ratio = measures.RATIOS[measure]
    frame = measures.series(study.panel, measure)
    values = frame["value"].unstack("year") * ratio.per
    years = [
        y
        for y in values.columns
        if y >= ratio.years
        and (
            values.loc[study.area.code].notna().get(y, False)
            if study.area.code in values.index
            else False
        )
    ]
    near = values.reindex(list(study.neighbours))
    model = study.models.loc[measure]
    n = frame["n"].unstack("year").reindex(index=[study.area.code]).iloc[0]
    sd = np.sqrt(noise.variance(model, n))
    mine = values.reindex(index=[study.area.code]).iloc[0]
    table = pd.DataFrame(
        {
            "value": mine,
            "low": mine * np.exp(-1.96 * sd),
            "high": mine * np.exp(1.96 * sd),
            "england": values.reindex(index=[ENGLAND]).iloc[0],
            "neighbours": near.median(),
            "neighbours_low": near.quantile(0.25),
            "neighbours_high": near.quantile(0.75),
        }
    )
    return Comparison(
        study.area.name,
        measure,
        ratio.label,
        ratio.per_words,
        study.first_year,
        study.last_year,
        study.events,
        study.cite(*_sources(measure)),
        table.loc[years].rename_axis("year").reset_index(),
    )


def _sources(measure: str) -> list[str]:
    """Which of the department's releases a ratio is from."""
    counts = measures.made_of(measure) - {"children_0_17_count"}
    care = {count.startswith("looked_after") for count in counts}
    return ["children_in_need"] * (False in care) + ["children_looked_after"] * (True in care)
