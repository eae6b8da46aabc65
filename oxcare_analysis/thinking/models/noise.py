"""How noisy is a measure? Transitory noise and lasting drift, told apart over all authorities.

log y_it = μ_it + e_it;  μ_it = μ_i,t−1 + g_t + w_it;  e ~ N(0, a + φ/n_it);  w ~ σ·t₅;  g_t a
national year effect. Only e is noise when asking whether a measure changed in one authority: drift
is change.

a, φ and σ are fitted by maximum likelihood. The level is one-dimensional, so the likelihood is
computed on a grid of levels (a point-mass filter: Kitagawa 1987, JASA 82:1032), which takes the t₅
drift as it is.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import optimize

from oxcare_analysis.words import forks

FIRST_YEAR, FEWEST_YEARS, FEWEST_AUTHORITIES = 2013, 8, 20
GRID_POINTS = 161
# of a bootstrap replicate and a fit's first search: within one in a hundred of the finer grid
COARSE_POINTS = 81
# slope at which a search may end: a tenth of a log farther would gain 0.005 of log-likelihood
STEEPEST = 0.05
APART = 1e-5  # of two values whose difference gives a slope, in logs
REPLICATES, SEED = 40, 20140925
WIDEST = 2.0  # grid half-width in logs; an authority further from its own mean is clipped to it
DRIFT_DF = 5
SMALLEST = 1e-5
FLOOR = (
    1e-7  # of a parameter: beneath it the likelihood is flat, and the search would wander for ever
)


def fit(log: pd.Series, n: pd.Series, fewest: int = FEWEST_YEARS) -> dict[str, float]:
    """Fit the model to one measure.

    `log`, `n`: the measure and its smaller count, indexed (area_code, year). Authorities with fewer
    than `fewest` years from 2013 are left out. Returns a, phi, sigma, loglik, authorities; NaN
    parameters where under 20 authorities are left.
    """
    return _fit(*_held(log, n, fewest))


def bootstrap(
    log: pd.Series, n: pd.Series, replicates: int = REPLICATES, seed: int = SEED
) -> pd.DataFrame:
    """How uncertain the fitted noise is: the fit repeated on authorities drawn with replacement (a
    cluster bootstrap).

    `log`, `n`: as in `fit`. Whole authorities are drawn, as the years of one are not independent.
    One row a replicate: a, phi, sigma, loglik, authorities; NaN parameters where there are too few
    authorities to fit. Some tens of replicates are enough for a standard error, not for percentiles
    (Efron and Tibshirani 1993, section 6.4).
    """
    y, counts = _held(log, n)
    best = _search(y, counts, COARSE_POINTS)
    picks = np.random.default_rng(seed).integers(len(y), size=(replicates, len(y)))
    return pd.DataFrame(
        [
            _named(_search(y.iloc[pick], counts.iloc[pick], COARSE_POINTS, best), len(y))
            for pick in picks
        ]
    )


def _held(
    log: pd.Series, n: pd.Series, fewest: int = FEWEST_YEARS
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Logs and counts, authorities by years, of those with enough years."""
    y, counts = _square(log), _square(n)
    enough = y.notna().sum(axis=1) >= fewest
    return y[enough], counts[enough]


def _fit(y: pd.DataFrame, counts: pd.DataFrame) -> dict[str, float]:
    """The fit from squares: first on the coarse grid, then from there on the fine one."""
    return _named(_search(y, counts, GRID_POINTS, _search(y, counts, COARSE_POINTS)), len(y))


def _search(
    y: pd.DataFrame, counts: pd.DataFrame, points: int, near: optimize.OptimizeResult | None = None
) -> optimize.OptimizeResult | None:
    """Where the likelihood of log a, phi and sigma is highest; with `near` the search begins where
    that one ended.

    None where there are too few authorities. By gradients: a search by simplex took three times as
    long and stopped 13 short of the highest log-likelihood in one of 23 measures.
    """
    if len(y) < FEWEST_AUTHORITIES:
        return None
    minus_loglik, moments = _likelihood(y, counts, points)
    if near is None:
        start, curvature = moments, np.eye(3)
    else:  # not from the floor, where there is no slope to leave it by
        start, curvature = np.maximum(near.x, np.log(SMALLEST)), near.hess_inv
    return optimize.minimize(
        minus_loglik,
        start,
        method="BFGS",
        options={"gtol": STEEPEST, "eps": APART, "hess_inv0": (curvature + curvature.T) / 2},
    )


def _likelihood(y: pd.DataFrame, counts: pd.DataFrame, points: int) -> tuple[Callable, np.ndarray]:
    """Minus the log-likelihood as a function of log a, phi and sigma, and where to begin from
    moments.
    """
    national = y.diff(axis=1).median().fillna(0).cumsum()
    centred = y.sub(national, axis=1)
    centred = centred.sub(centred.mean(axis=1), axis=0).to_numpy()
    per_case = (1 / counts).to_numpy()
    half = min(WIDEST, np.nanmax(np.abs(centred)) + 0.3)
    grid = np.linspace(-half, half, points)
    centred = np.clip(centred, -half, half)
    start = _start(centred, per_case)
    # An authority that was drawn more than once is worked out once.
    _, first, times = np.unique(y.index, return_index=True, return_counts=True)
    centred, per_case = centred[first], per_case[first]

    def minus_loglik(parameters: np.ndarray) -> float:
        a, phi, sigma = np.maximum(np.exp(parameters), FLOOR)
        return -float(times @ _loglik(centred, a + phi * per_case, sigma, grid))

    return minus_loglik, start


def _named(best: optimize.OptimizeResult | None, authorities: int) -> dict[str, float]:
    """What a search found, by name; NaN where it had too few authorities."""
    found = [np.nan] * 4 if best is None else [*np.maximum(np.exp(best.x), FLOOR), -best.fun]
    return dict(zip(("a", "phi", "sigma", "loglik"), found, strict=True)) | {
        "authorities": authorities
    }


def fit_all(
    series: dict[str, pd.DataFrame], meanwhile: Callable[[], object] = lambda: None
) -> pd.DataFrame:
    """Fit every measure: `series` maps a name to a frame with columns log and n. One row a measure.

    On all cores where this process may be forked: the fits know nothing of each other. It does
    `meanwhile` itself then; elsewhere that is left undone.
    """
    calls = {name: (fit, frame["log"], frame["n"]) for name, frame in series.items()}
    fitted = (
        dict(forks.each(calls, forks.CORES, fork=True, meanwhile=meanwhile))
        if forks.is_safe()
        else {name: function(*frame) for name, (function, *frame) in calls.items()}
    )
    return (
        pd.DataFrame({name: fitted[name] for name in series}).T.rename_axis("measure").reset_index()
    )


def variance(model: pd.Series, n: float | np.ndarray) -> float | np.ndarray:
    """Transitory variance of a log measure whose smaller count is n."""
    return model["a"] + model["phi"] / n


def drift_variance(model: pd.Series) -> float:
    """Variance of a year's drift of a log measure: that of σ·t₅."""
    return model["sigma"] ** 2 * DRIFT_DF / (DRIFT_DF - 2)


def filtered(y: np.ndarray, variance: np.ndarray, drift: float) -> tuple[np.ndarray, np.ndarray]:
    """The level of a random walk seen with noise, from each year and those before it, and the
    level's variance.

    `y`: logs, a row an authority, a column a year, NaN where missing; `variance`: of each; `drift`:
    variance of the walk's yearly step. The first value seen starts the level (a flat prior): the
    Kalman filter (Harvey 1989, ch. 3).
    """
    level, spread = np.full(len(y), np.nan), np.full(len(y), np.nan)
    levels, spreads = np.full(y.shape, np.nan), np.full(y.shape, np.nan)
    for t in range(y.shape[1]):
        spread = spread + drift
        seen = np.isfinite(y[:, t]) & np.isfinite(variance[:, t])
        first = seen & np.isnan(level)
        gain = np.where(first, 1.0, spread / (spread + variance[:, t]))
        level = np.where(first, y[:, t], np.where(seen, level + gain * (y[:, t] - level), level))
        spread = np.where(first, variance[:, t], np.where(seen, spread * (1 - gain), spread))
        levels[:, t], spreads[:, t] = level, spread
    return levels, spreads


def _square(values: pd.Series) -> pd.DataFrame:
    wide = values.unstack("year")
    return wide[[year for year in wide.columns if year >= FIRST_YEAR]]


def _start(centred: np.ndarray, per_case: np.ndarray) -> np.ndarray:
    """Moments of the yearly changes: the lag-1 covariance is minus the transitory variance."""
    change = np.diff(centred, axis=1)
    lagged = np.nanmean(change[:, 1:] * change[:, :-1])
    transitory = max(-lagged, 0.1 * np.nanvar(change), SMALLEST)
    drift = max(np.nanvar(change) - 2 * transitory, 0.1 * np.nanvar(change), SMALLEST)
    return np.log([transitory / 2, transitory / 2 / np.nanmean(per_case), np.sqrt(drift * 3 / 5)])


def _loglik(y: np.ndarray, v: np.ndarray, sigma: float, grid: np.ndarray) -> np.ndarray:
    """The log-likelihood of each authority (rows of y, NaN where missing), with a flat start."""
    step = grid[1] - grid[0]
    # The steps of a walk depend on the distance alone: each density is worked out once, then laid
    # along the diagonals.
    # What they are multiplied by to add up to one is left to the lines of the kernel, which do not
    # reach to infinity.
    apart = np.arange(1 - len(grid), len(grid)) * step / max(sigma, step / 3)
    steps = (1 + apart**2 / DRIFT_DF) ** (-(DRIFT_DF + 1) / 2)
    kernel = np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(steps, len(grid))[::-1])
    kernel /= kernel.sum(axis=1, keepdims=True)
    weight = np.full((len(y), len(grid)), 1 / len(grid))
    total = np.zeros(len(y))
    for t in range(y.shape[1]):
        if t:
            weight = weight @ kernel
        variance = np.maximum(v[:, t], (step / 3) ** 2)[:, None]
        density = np.exp((y[:, t, None] - grid) ** 2 * (-0.5 / variance)) / np.sqrt(
            2 * np.pi * variance
        )
        density[np.isnan(y[:, t])] = 1.0  # not seen this year: nothing learnt
        weight *= density
        mass = np.maximum(weight.sum(axis=1, keepdims=True), 1e-300)
        total += np.log(mass[:, 0])
        weight /= mass
    return total
