"""Models of an authority's own months and spells: a change in a ratio, and the rate of ending by
duration band.

Months scatter more than chance alone gives: brothers and sisters come on and off together, and
practice varies. Both are measured here, never assumed: φ is the scatter of the months about season
and level (Pearson's, with quasi-Poisson standard errors: McCullagh and Nelder 1989, section 4.5),
and is never taken as less than what siblings alone make.
"""

import numpy as np
import pandas as pd

from oxcare_analysis.thinking.findings import Z_95

# Season is taken out where both ends have whole years; eleven month levels (models/monthly.py says
# why not waves).
FEWEST_DEGREES = 6


def change(
    events: pd.Series, exposure: pd.Series, after: np.ndarray, siblings: float
) -> tuple[float, float, float]:
    """The log change of events per exposure from the months before to the months after: estimate,
    se, φ.

    `events`, `exposure`: by month (a monthly PeriodIndex), months of both ends only; `after`: True
    in the end months. `siblings`: the φ that families alone make. NaN where either end has no event
    or a month no exposure. The se allows for φ being estimated (Student's t at 95 per cent).
    """
    import statsmodels.api as sm
    from scipy import stats

    if any(events.to_numpy()[side].sum() <= 0 for side in (after, ~after)) or (exposure <= 0).any():
        return np.nan, np.nan, np.nan
    season = np.eye(12)[pd.PeriodIndex(events.index).month - 1]
    columns = np.column_stack(
        [np.ones(len(events)), after.astype(float), season[:, :11] - season[:, 11:]]
    )
    if (
        len(events) - columns.shape[1] < FEWEST_DEGREES
        or (events.groupby(events.index.month).sum() <= 0).any()
    ):
        columns = columns[:, :2]
    fitted = sm.GLM(
        events.to_numpy(dtype=float),
        columns,
        family=sm.families.Poisson(),
        offset=np.log(exposure.to_numpy(dtype=float)),
    ).fit()
    degrees = len(events) - columns.shape[1]
    phi = max(float((fitted.resid_pearson**2).sum() / degrees), siblings)
    wider = stats.t.ppf(0.975, degrees) / Z_95
    return float(fitted.params[1]), float(fitted.bse[1] * np.sqrt(phi) * wider), phi


def piecewise(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """Rates of stepping down by level of `by`, against its first, allowing for the duration band.

    A piecewise-exponential model: Poisson counts with the log of the time at risk as offset
    (Holford 1980, Biometrics 36:299), standard errors robust to families being clusters. `rows`:
    from hazards.pieces. Returns `by`, ratio, low, high, p_value; the first level has ratio 1 and no
    interval.
    """
    import statsmodels.api as sm

    levels = sorted(rows[by].unique())
    kept = rows[rows["years"] > 0]
    # Rows of one family in one cell share their covariates: summed, they say the same with fewer
    # rows.
    kept = (
        kept.groupby(["family_id", by, "band"], observed=True)[["years", "stepped_down"]]
        .sum()
        .reset_index()
    )
    bands = pd.get_dummies(kept["band"].astype(str), dtype=float)
    bands = bands.loc[:, [c for c in bands if kept.loc[bands[c] > 0, "stepped_down"].sum() > 0]]
    kept = kept[bands.sum(axis=1).gt(0).to_numpy()]
    bands = bands.loc[kept.index]
    steps = np.column_stack([(kept[by] == level).to_numpy(dtype=float) for level in levels[1:]])
    some = [bool(kept.loc[kept[by] == level, "stepped_down"].sum()) for level in levels]
    if not some[0]:
        return pd.DataFrame(columns=[by, "ratio", "low", "high", "p_value"])
    use = np.array(some[1:])
    keep_rows = (
        kept[by].isin([level for level, ok in zip(levels, some, strict=True) if ok]).to_numpy()
    )
    x = np.column_stack([bands.to_numpy(), steps[:, use]])[keep_rows]
    used = kept[keep_rows]
    fitted = sm.GLM(
        used["stepped_down"].to_numpy(dtype=float),
        x,
        family=sm.families.Poisson(),
        offset=np.log(used["years"].to_numpy()),
    ).fit(cov_type="cluster", cov_kwds={"groups": pd.factorize(used["family_id"])[0]})
    at = bands.shape[1]
    b, se, p = (np.asarray(v)[at:] for v in (fitted.params, fitted.bse, fitted.pvalues))
    later = pd.DataFrame(
        {
            by: [level for level, ok in zip(levels[1:], use, strict=True) if ok],
            "ratio": np.exp(b),
            "low": np.exp(b - Z_95 * se),
            "high": np.exp(b + Z_95 * se),
            "p_value": p,
        }
    )
    first = pd.DataFrame(
        {by: [levels[0]], "ratio": [1.0], "low": [np.nan], "high": [np.nan], "p_value": [np.nan]}
    )
    return pd.concat([first, later], ignore_index=True)
