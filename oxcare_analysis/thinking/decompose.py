"""Trend decomposition: what a measure's path shares with England, the region and neighbours, and
what is its own.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from oxcare_analysis.thinking import measures
from oxcare_analysis.thinking.study import Study
from oxcare_analysis.words.result import Result

PARTS = ("national", "regional", "neighbour", "local")


@dataclass(frozen=True, repr=False)
class Trend(Result):
    """One measure's path from the start of the window, in logs, as parts that add up.

    `table`: one row a year: year, value, change (log, from the first year), national (median
    authority), regional (median of the region beyond that), neighbour (median neighbour beyond
    both), local (the rest).
    """

    area: str
    measure: str
    label: str
    per_words: str
    missing: str = ""
    source: str = ""
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    def _repr_html_(self) -> str:
        return (
            self.table.to_html(index=False, float_format="{:+.2f}".format)
            if len(self.table)
            else self.missing
        )


def decompose(study: Study, measure: str) -> Trend:
    """Split the area's path of `measure` over the window into national, regional, neighbour and
    local parts.

    National: the median authority's change. Regional: the median of the region less national.
    Neighbour: what the median statistical neighbour did beyond national and regional. Local: what
    is left. The four add up to the change in every year; each median leaves this authority out.
    """
    ratio = measures.RATIOS[measure]
    frame = measures.series(study.authorities, measure)
    first = max(study.first_year, ratio.years)
    logs = frame["log"].unstack("year").reindex(columns=range(first, study.last_year + 1))
    code = study.area.code
    if first > study.last_year:
        return Trend(
            study.area.name,
            measure,
            ratio.label,
            ratio.per_words,
            f"it is comparable from {first} on and the window ends in {study.last_year}",
            study.source,
        )
    if code not in logs.index or not np.isfinite(logs.loc[code].iloc[0]):
        return Trend(
            study.area.name,
            measure,
            ratio.label,
            ratio.per_words,
            f"no figure for {first}",
            study.source,
        )
    change = logs.sub(logs[first], axis=0)
    others = change.drop(index=code)
    region = [
        c for c in others.index if study.provenance["regions"].get(c) == study.area.region_code
    ]
    near = [c for c in others.index if c in study.neighbours]
    national = others.median()
    regional = others.loc[region].median().sub(national).fillna(0) if region else national * 0
    neighbour = (
        others.loc[near].median().sub(national + regional).fillna(0) if near else national * 0
    )
    mine = change.loc[code]
    table = pd.DataFrame(
        {
            "year": logs.columns,
            "value": np.exp(logs.loc[code]) * ratio.per,
            "change": mine,
            "national": national,
            "regional": regional,
            "neighbour": neighbour,
            "local": mine - national - regional - neighbour,
        }
    )
    return Trend(
        study.area.name,
        measure,
        ratio.label,
        ratio.per_words,
        source=study.source,
        table=table.reset_index(drop=True),
    )
