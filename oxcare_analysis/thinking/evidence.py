"""How far did a measure move here, and is that unusual? One Estimate for any ratio and window."""

import numpy as np
import pandas as pd

from oxcare_analysis.thinking import measures
from oxcare_analysis.thinking.findings import Estimate
from oxcare_analysis.thinking.models import noise
from oxcare_analysis.thinking.study import Study

PECULIAR, FEWEST_RANKED = 0.05, 20  # two-sided rank p; authorities
CONTRASTS = "contrasts"  # what they are kept under, with measure and window


def estimate(
    study: Study, measure: str, first_year: int | None = None, last_year: int | None = None
) -> Estimate:
    """The change of `measure` between two-year means at both ends of the window, with noise and
    placebo ranks.

    The base is years b−1 and b, the end T−1 and T, in logs; a year before the measure was
    comparable, or not held, is left out (and the record says which years were used). A missing b or
    T gives an Estimate without a number.
    """
    b, t = first_year or study.first_year, last_year or study.last_year
    ratio = measures.RATIOS[measure]
    if t <= b:
        return Estimate(
            measure,
            ratio.label,
            per_words=ratio.per_words,
            missing="the window is shorter than a year",
        )
    if b < ratio.years <= t:
        return Estimate(
            measure,
            ratio.label,
            per_words=ratio.per_words,
            missing=f"not comparable before and after {ratio.years}",
        )
    if not np.isfinite(study.models.at[measure, "a"]):
        return Estimate(
            measure,
            ratio.label,
            per_words=ratio.per_words,
            missing="too few authorities and years are held to measure its noise",
        )
    everyone = contrasts(study, measure, b, t)
    code = study.area.code
    if code not in everyone.index:
        absent = next((year for year in (b, t) if not _held(study, ratio, year)), b)
        return Estimate(
            measure, ratio.label, per_words=ratio.per_words, missing=_why(study, ratio, absent)
        )
    mine = everyone.loc[code]
    rank, of, peculiar = placebo(
        study.of_all(("ranks", measure, b, t), lambda: ranks(everyone)), code
    )
    used = [tuple(y for y in years if _held(study, ratio, y)) for years in years_of(b, t, measure)]
    near = everyone["estimate"].reindex(sorted({*study.neighbours, code})).dropna()
    return Estimate(
        measure,
        ratio.label,
        mine["estimate"],
        mine["se"],
        np.exp(mine["base"]) * ratio.per,
        np.exp(mine["end"]) * ratio.per,
        ratio.per_words,
        *used,
        rank,
        of,
        peculiar,
        int(near.rank(ascending=False)[code]),
        len(near),
        float(everyone["estimate"].median()),
    )


def contrasts(study: Study, measure: str, b: int, t: int) -> pd.DataFrame:
    """The change for every authority that has years b and t: estimate, se, base and end (mean
    logs), n.
    """
    return study.of_all(
        (CONTRASTS, measure, b, t), lambda: changes_of(study, study.authorities, measure, b, t)
    )


def changes_of(study: Study, people: pd.DataFrame, measure: str, b: int, t: int) -> pd.DataFrame:
    """As `contrasts`, of these rows of the study's panel alone."""
    model = study.models.loc[measure]
    frame = measures.series(people, measure)
    logs, counts = (frame[c].unstack("year") for c in ("log", "n"))
    base_years, end_years = years_of(b, t, measure)
    logs = logs.reindex(columns=range(base_years[0], t + 1))
    logs = logs[logs[b].notna() & logs[t].notna()] if b in logs and t in logs else logs[:0]
    counts = counts.reindex(index=logs.index, columns=logs.columns)
    out = pd.DataFrame(index=logs.index)
    squared = 0.0
    for side, years in (("base", list(base_years)), ("end", list(end_years))):
        held = logs[years].notna()
        out[side] = logs[years].mean(axis=1)
        spread = noise.variance(model, counts[years]).where(held).sum(axis=1, min_count=1)
        squared = squared + spread / held.sum(axis=1) ** 2
    out["estimate"], out["se"] = out["end"] - out["base"], np.sqrt(squared)
    out["n"] = counts[b] if b in counts else np.nan
    return out[np.isfinite(out["estimate"]) & np.isfinite(out["se"])]


def years_of(b: int, t: int, measure: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The years averaged at the base and at the end: two each, one where the other is not
    comparable or not after b.
    """
    first = measures.RATIOS[measure].years if b >= measures.RATIOS[measure].years else 0
    return tuple(y for y in (b - 1, b) if y >= first), tuple(y for y in (t - 1, t) if y > b)


def changes_everywhere(study: Study, names: tuple[str, ...]) -> pd.DataFrame:
    """The change of each measure over the window in every authority: one row an authority, NaN
    where unknown.
    """
    comparable = [
        m for m in names if not study.first_year < measures.RATIOS[m].years <= study.last_year
    ]
    return pd.DataFrame(
        {m: contrasts(study, m, study.first_year, study.last_year)["estimate"] for m in comparable}
    ).reindex(columns=list(names))


def spread(study: Study, estimates: dict[str, Estimate]) -> pd.Series:
    """Standard deviation of each change where only drift and transitory noise are at work, by
    measure.
    """
    models = study.models
    return pd.Series(
        {
            m: np.sqrt(
                noise.drift_variance(models.loc[m]) * (weights(e).cumsum() ** 2).sum() + e.se**2
            )
            for m, e in estimates.items()
            if e.known
        },
        dtype=float,
    )


def weights(change: Estimate) -> pd.Series:
    """How a known change weighs the yearly logs, by year from the first of the base to the last of
    the end.

    Drift is a walk: each of its steps counts by the sum of the weights before it. Between two-year
    means k years apart that adds up to k − ½ steps, from a single year to a two-year mean to k − ¾.
    """
    weight = pd.Series(0.0, index=range(change.base_years[0], change.end_years[-1] + 1))
    weight[list(change.base_years)] = -1 / len(change.base_years)
    weight[list(change.end_years)] = 1 / len(change.end_years)
    return weight


def ranks(everyone: pd.DataFrame) -> pd.Series:
    """Rank of each authority's change, adjusted for starting level and size by least squares; 1 =
    the largest rise.

    NaN where there are fewer than FEWEST_RANKED.
    """
    if len(everyone) < FEWEST_RANKED:
        return pd.Series(np.nan, everyone.index)
    x = np.column_stack([np.ones(len(everyone)), everyone["base"], np.log(everyone["n"])])
    fitted, *_ = np.linalg.lstsq(x, everyone["estimate"].to_numpy(), rcond=None)
    return (everyone["estimate"] - x @ fitted).rank(ascending=False, method="first")


def placebo(ranked: pd.Series, code: str) -> tuple[int | None, int, bool | None]:
    """One authority's rank, the number ranked, and whether the two-sided rank p is under .05; None
    where not ranked.
    """
    of = len(ranked)
    if np.isnan(ranked[code]):
        return None, of, None
    rank = int(ranked[code])
    return rank, of, bool(2 * min(rank, of + 1 - rank) / (of + 1) < PECULIAR)


def at_extreme(study: Study, measure: str = "plans_open_count") -> list[str]:
    """Which ends of the window are a local high or low of the series (higher or lower than two
    years either side).
    """
    series = study.table[measure].dropna()
    words = []
    for year, end in ((study.first_year, "starts"), (study.last_year, "ends")):
        around = series[
            (series.index >= year - 2) & (series.index <= year + 2) & (series.index != year)
        ]
        if (
            year not in series.index
            or not (around.index < year).any()
            or not (around.index > year).any()
        ):
            continue
        if series[year] > around.max():
            words.append(f"{end} at a local high of the series")
        elif series[year] < around.min():
            words.append(f"{end} at a local low of the series")
    return words


def _held(study: Study, ratio: measures.Ratio, year: int) -> bool:
    """Whether this authority has a ratio above zero in a year."""
    return bool(study.at(year, ratio.top) > 0 and study.at(year, ratio.bottom) > 0)


def _why(study: Study, ratio: measures.Ratio, year: int) -> str:
    for count in (ratio.top, ratio.bottom):
        if not np.isfinite(study.at(year, count)):
            published = count if count not in measures.DERIVED else None
            reason = (
                study.why_missing(year, published)
                if published
                else "a count it needs is not published"
            )
            return f"no figure for {year} ({reason})"
    return f"no usable figure for {year}"
