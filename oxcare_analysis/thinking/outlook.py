"""The next 12 months: open plans should starts and exits go on as they are, with intervals tried on
every past year.

Starts per child and the exit rate each have a level that drifts and a year's own noise
(thinking/models/noise.py). The level of today is filtered from the years so far; next year adds a
year's drift, a year's noise and a national movement nobody knows yet. What that spreads to in open
plans is drawn, the two errors correlated as they were in the past.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from oxcare_analysis.thinking import measures
from oxcare_analysis.thinking.findings import NONE
from oxcare_analysis.thinking.models import noise
from oxcare_analysis.thinking.study import Study
from oxcare_analysis.words.result import Result

STARTS, EXITS = "plans_started_per_child", "exit_rate"
FIRST_FORECAST = noise.FIRST_YEAR + 1  # the first with two comparable years behind it
DRAWS, SEED = 2000, 20140925
EARLY = (
    2018  # what ranges are worth is tried once more with the noise measured to here and no later
)
QUANTILES = {"low": 2.5, "low_80": 10, "high_80": 90, "high": 97.5}


@dataclass(frozen=True, repr=False)
class Outlook(Result):
    """Open plans a year on, and how such forecasts did in the past.

    `year`: the newest 31 March held, from which it looks a year on. `starts` (plans) and
    `exit_rate` (plans ended per plan open, a year): their levels now, smoothed over the years;
    `own_starts`, `own_exit_rate`: those of the newest year itself. `table`, a row a forecast of
    this authority, the next one last: from_year, year, open_from, expected, low, low_80, high_80,
    high, actual (NaN in the last row). `tried`: a row a level (80 and 95 per cent): level, held
    (share of all authorities' past forecasts within it), of, own_held, own_of; and early_held,
    early_of: the same of forecasts from EARLY on, the noise measured to EARLY (none where
    `early_of` is 0). `typical_error`, `typical_change`: half of all past forecasts missed by less
    than this share of what came, and half of all stocks changed by less. `missing` says why there
    is no forecast.
    """

    area: str
    year: int | None = None
    starts: float = NONE
    exit_rate: float = NONE
    own_starts: float = NONE
    own_exit_rate: float = NONE
    typical_error: float = NONE
    typical_change: float = NONE
    early: int = EARLY
    missing: str = ""
    source: str = ""
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    tried: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    @property
    def next(self) -> pd.Series:
        """The forecast of the year that is not out yet."""
        return self.table.iloc[-1]

    def _repr_html_(self) -> str:
        return self.missing or self.table.to_html(
            index=False, float_format="{:.0f}".format, na_rep="not yet"
        )


def outlook(study: Study) -> Outlook:
    """Open plans a year after the newest year held, and every earlier forecast of every authority
    for comparison.
    """
    if not np.isfinite(study.models.loc[[STARTS, EXITS], ["a", "sigma"]].to_numpy()).all():
        return Outlook(
            study.area.name,
            missing=(
                "too few authorities and years are held to measure how far starts and "
                "exits move in a year"
            ),
            source=study.source,
        )
    everyone = study.of_all(("forecasts",), lambda: forecasts(study))
    if everyone.empty:
        return Outlook(
            study.area.name,
            missing=f"nothing had been published on {FIRST_FORECAST} or later",
            source=study.source,
        )
    mine = everyone[everyone["area_code"] == study.area.code].drop(columns="area_code")
    newest = int(everyone["from_year"].max())
    if mine.empty or mine["from_year"].iloc[-1] < newest:
        return Outlook(
            study.area.name,
            missing=f"the plans open, started and ended of {newest} are not all published",
            source=study.source,
        )
    past = everyone.dropna(subset="actual")
    own = past["area_code"] == study.area.code
    early, rows = study.of_all(("early forecasts",), lambda: _early(study)), []
    for level, low, high in ((80, "low_80", "high_80"), (95, "low", "high")):
        held = past["actual"].between(past[low], past[high])
        rows.append(
            (
                level,
                held.mean(),
                len(past),
                int(held[own].sum()),
                int(own.sum()),
                early["actual"].between(early[low], early[high]).mean(),
                len(early),
            )
        )
    last = mine.iloc[-1]
    return Outlook(
        study.area.name,
        newest,
        last["starts"],
        last["exit_rate"],
        study.at(newest, "plans_started_count"),
        float(measures.series(study.table, EXITS).at[newest, "value"]),
        float((past["actual"] / past["expected"] - 1).abs().median()),
        float((past["actual"] / past["open_from"] - 1).abs().median()),
        source=study.source,
        table=mine.drop(columns=["starts", "exit_rate"]).reset_index(drop=True),
        tried=pd.DataFrame(
            rows, columns=["level", "held", "of", "own_held", "own_of", "early_held", "early_of"]
        ),
    )


def forecasts(study: Study, known_to: int | None = None) -> pd.DataFrame:
    """Every authority's forecast from every year since FIRST_FORECAST; `actual` where that is out.

    Columns: area_code, from_year, year, open_from, starts, exit_rate, expected, low, low_80,
    high_80, high, actual. The noise model, the national movement and the correlation of misses are
    those of the years to `known_to`, of all years let in where that is None: then earlier forecasts
    knew more of noise, not of levels, than they could have.
    """
    levels = {m: _levels(study, m, known_to) for m in (STARTS, EXITS)}
    wide = {
        c: study.authorities[c].unstack("year") for c in ("plans_open_count", "children_0_17_count")
    }
    stock = wide["plans_open_count"]
    correlation = _correlation(levels, known_to)
    z = np.random.default_rng(SEED).standard_normal((2, 1, DRAWS))
    z[1] = correlation * z[0] + np.sqrt(1 - correlation**2) * z[1]
    rows = []
    for year in [y for y in stock.columns if y >= FIRST_FORECAST]:
        now = pd.DataFrame(
            {
                "open_from": stock[year],
                "children": wide["children_0_17_count"][year],
                **{f"{m}_{k}": levels[m][k][year] for m in levels for k in ("level", "sd", "seen")},
            }
        )
        now = now[now[f"{STARTS}_seen"].eq(True) & now[f"{EXITS}_seen"].eq(True)].dropna()
        if now.empty:
            continue
        starts, exits = (
            now["children"] * np.exp(now[f"{STARTS}_level"]),
            np.exp(now[f"{EXITS}_level"]),
        )
        drawn = _a_year_on(
            now["open_from"].to_numpy()[:, None],
            *(
                level.to_numpy()[:, None] * np.exp(now[f"{m}_sd"].to_numpy()[:, None] * draw)
                for level, m, draw in zip((starts, exits), (STARTS, EXITS), z, strict=True)
            ),
        )
        ends = np.percentile(drawn, list(QUANTILES.values()), axis=1)
        after = stock[year + 1] if year + 1 in stock else pd.Series(np.nan, stock.index)
        rows.append(
            pd.DataFrame(
                {
                    "from_year": year,
                    "year": year + 1,
                    "open_from": now["open_from"],
                    "starts": starts,
                    "exit_rate": exits,
                    "expected": _a_year_on(now["open_from"], starts, exits),
                    **dict(zip(QUANTILES, ends, strict=True)),
                    "actual": after.reindex(now.index),
                }
            ).reset_index()
        )
    columns = [
        "area_code",
        "from_year",
        "year",
        "open_from",
        "starts",
        "exit_rate",
        "expected",
        *QUANTILES,
        "actual",
    ]
    return pd.concat(rows)[columns] if rows else pd.DataFrame(columns=columns)


def _early(study: Study) -> pd.DataFrame:
    """Forecasts from EARLY on whose year is out, of a study that knew of no later noise."""
    past = forecasts(study, EARLY).dropna(subset=["low", "actual"])
    return past[past["from_year"] >= EARLY]


def _a_year_on(stock, starts, exit_rate):
    """The stock a year later: what the exit rate leaves of the mean of both ends, plus the
    starts.
    """
    return (stock * (1 - exit_rate / 2) + starts) / (1 + exit_rate / 2)


def _levels(study: Study, measure: str, known_to: int | None) -> dict[str, pd.DataFrame]:
    """By authority and year: the filtered level, the sd of next year's log around it, the miss,
    whether it was seen.
    """
    model, frame = study.models.loc[measure], measures.series(study.authorities, measure)
    y, n = (frame[c].unstack("year") for c in ("log", "n"))
    years = [t for t in y.columns if t >= noise.FIRST_YEAR]
    y, n = y[years], n[years]
    known = y.loc[:, :known_to]
    if known_to is not None:
        past = frame[frame.index.get_level_values("year") <= known_to]
        model = pd.Series(noise.fit(past["log"], past["n"], fewest=known.shape[1]))
    variance, drift = noise.variance(model, n), noise.drift_variance(model)
    level, spread = (
        pd.DataFrame(part, y.index, years)
        for part in noise.filtered(y.to_numpy(), variance.to_numpy(), drift)
    )
    national = float(known.diff(axis=1).median().var())
    return {
        "level": level,
        "sd": np.sqrt(spread + drift + variance + national),
        "seen": y.notna(),
        "miss": y.shift(-1, axis=1) - level,
    }


def _correlation(levels: dict[str, dict[str, pd.DataFrame]], known_to: int | None) -> float:
    """Correlation of the misses of starts and exits over all authorities and years; a miss is known
    a year later.
    """
    misses = pd.DataFrame(
        {m: levels[m]["miss"].loc[:, : known_to and known_to - 1].stack() for m in levels}
    )
    misses = misses[misses.index.get_level_values("year") >= FIRST_FORECAST].dropna()
    correlation = misses.corr().iloc[0, 1]
    return float(correlation) if np.isfinite(correlation) else 0.0  # none where nothing ever missed
