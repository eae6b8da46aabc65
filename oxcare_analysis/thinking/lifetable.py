"""Exit hazards by time on a plan, and the stay they imply: a period life table from published
tables alone.

Hazard of a duration band = plans ended in the band ÷ mean of the band's opening and closing stock
(occurrence over exposure). A plan that met the year's hazards in every band would stay the life
table's expected stay (Preston, Heuveline and Guillot 2001, ch. 3): growth in starts, which fills
the short bands, does not move it.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from oxcare_analysis.thinking.study import Study
from oxcare_analysis.words.columns import BANDS, ENGLAND
from oxcare_analysis.words.panel import year_before
from oxcare_analysis.words.result import Result

WIDTH = {"0_3": 0.25, "3_6": 0.25, "6_12": 0.5, "12_24": 1.0, "24_plus": np.inf}  # years
LONG = "12_plus"  # the two longest bands together, where they cannot be told apart
WIDTH_MERGED = {"0_3": 0.25, "3_6": 0.25, "6_12": 0.5, LONG: np.inf}


@dataclass(frozen=True, repr=False)
class LifeTable(Result):
    """Exits of one authority by band and year.

    `hazards`: year, band, label, ended, exposure (mean open plans), hazard (a year), filled (worked
    out from the total). `table`: year, value (expected stay, months), merged (the longest bands
    were taken together), england, neighbours (median).
    """

    area: str
    first_year: int
    last_year: int
    source: str = ""
    hazards: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False, float_format="{:.1f}".format)


def lifetable(study: Study) -> LifeTable:
    """Hazards by band and expected stay for every year whose bands are published, beside England
    and neighbours.
    """
    open_plans, filled_open = filled(study.panel, "open")
    ended, filled_ended = filled(study.panel, "ended")
    exposure = open_plans.apply(lambda band: (band + year_before(band)) / 2)
    hazard = (ended / exposure).where(exposure > 0)
    stays = expected_stay(hazard) * 12
    code = study.area.code
    rows = []
    for band in [*BANDS, LONG]:
        mine = pd.DataFrame(
            {
                "ended": ended[band],
                "exposure": exposure[band],
                "hazard": hazard[band],
                "filled": filled_open[band] | filled_ended[band],
            }
        )
        mine = mine.xs(code, level="area_code").reset_index()
        rows.append(mine.assign(band=band, label=BANDS.get(band, "1 year or more")))
    stay = stays["stay"].unstack("year")
    merged = stays["merged"].unstack("year")
    years = [y for y in stay.columns if np.isfinite(stay.at[code, y])] if code in stay.index else []
    table = pd.DataFrame(
        {
            "value": stay.reindex(index=[code]).iloc[0],
            "merged": merged.reindex(index=[code]).iloc[0],
            "england": stay.reindex(index=[ENGLAND]).iloc[0],
            "neighbours": stay.reindex(index=list(study.neighbours)).median(),
        }
    ).loc[years]
    return LifeTable(
        study.area.name,
        study.first_year,
        study.last_year,
        study.source,
        pd.concat(rows).dropna(subset=["hazard"]).sort_values(["year", "band"], ignore_index=True),
        table.rename_axis("year").reset_index(),
    )


def filled(panel: pd.DataFrame, event: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The bands of `event` (open or ended), one missing band worked out from the total, and which
    were.

    Returns two frames on the panel's index with the five bands and 12_plus, the two longest
    together: whole less the three shorter bands, which needs neither of them.
    """
    bands = pd.DataFrame({band: panel[f"plans_{event}_{band}_months_count"] for band in BANDS})
    whole = panel[f"plans_{event}_count"]
    lone = bands.isna().sum(axis=1) == 1
    left = whole - bands.sum(axis=1)
    gaps = bands.isna().mul(lone & (left >= 0), axis=0)
    bands = bands.mask(gaps, left, axis=0)
    short = bands[["0_3", "3_6", "6_12"]]
    bands[LONG] = (
        (whole - short.sum(axis=1)).where(short.notna().all(axis=1)).where(lambda v: v >= 0)
    )
    return bands, gaps.assign(**{LONG: False})


def expected_stay(hazard: pd.DataFrame) -> pd.DataFrame:
    """Expected stay in years under constant hazards within bands; `merged` where the longest two
    are taken as one.

    `hazard`: a year, columns as in `filled`. NaN where a band is not known, or the last hazard is
    zero.
    """
    full, joined = _stay(hazard, WIDTH), _stay(hazard, WIDTH_MERGED)
    return pd.DataFrame({"stay": full.fillna(joined), "merged": full.isna() & joined.notna()})


def _stay(hazard: pd.DataFrame, widths: dict[str, float]) -> pd.Series:
    alive, total = pd.Series(1.0, index=hazard.index), pd.Series(0.0, index=hazard.index)
    for band, width in widths.items():
        h = hazard[band]
        if np.isinf(width):
            total = total + (alive / h).where(h > 0)
            continue
        leaving = np.exp(-h * width)
        total = total + alive * np.where(h > 0, (1 - leaving) / h.where(h > 0, 1), width) + 0 * h
        alive = alive * leaving
    return total
