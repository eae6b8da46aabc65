"""Models of one monthly series: trend, season and remainder; steps at given dates; one break at a
date not given.

Counts: quasi-Poisson on the log, a piecewise-linear trend (a piece for each three years) and a
level for each calendar month. Eleven month levels, not Fourier pairs: school holidays and short
months make sharp dips no wave follows. Remainder: variance φ times Poisson's; months k apart
correlate by θρ^k, a lasting part beside chance (Zeger 1988, Biometrika 75:621), with k from the
calendar, so a gap is only a longer distance. Standard errors from lagged scores (Newey and West)
are too small at such lengths, and autocorrelation is underestimated (Turner et al. 2021, BMC Med
Res Methodol 21:181): φ, θ and ρ are therefore matched to what residuals of this design would show.
A stock is modelled by its log, with the same remainder.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

FEWEST_MONTHS, FEWEST_OF_EACH, MONTHS_A_PIECE = 24, 2, 36
# A step needs figures just before and just after its date: at least four of the six months on
# either side.
NEAR, FEWEST_NEAR = 6, 4
# A negative autocorrelation would narrow intervals: it is taken as none.
RHOS, THETAS = np.arange(0, 0.99, 0.02), np.arange(0.1, 1.01, 0.1)
MIDDLE, BOOTSTRAPS, SEED = 0.70, 999, 1993
APART = 1e-6  # of a step that trend and season leave: below it the step is one of their sums


@dataclass(frozen=True)
class Fit:
    """Coefficients in logs with their covariance; `pearson` residuals and the `weighted` design
    they came from.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    degrees: int
    dispersion: float
    autocorrelation: float
    pearson: np.ndarray
    weighted: np.ndarray
    weight: np.ndarray

    def interval(self, rows: np.ndarray) -> np.ndarray:
        """Rows of a design times the coefficients: estimate, low, high (95 per cent, Student's t),
        p-value.
        """
        from scipy import stats

        estimate = rows @ self.coefficients
        se = np.sqrt(np.einsum("ij,jk,ik->i", rows, self.covariance, rows))
        half = stats.t.ppf(0.975, self.degrees) * se
        return np.array(
            [
                estimate,
                estimate - half,
                estimate + half,
                2 * stats.t.sf(np.abs(estimate / se), self.degrees),
            ]
        )

    @property
    def last(self) -> np.ndarray:
        """Estimate, low, high and p-value of the last column's coefficient."""
        return self.interval(np.eye(len(self.coefficients))[-1:])[:, 0]


@dataclass(frozen=True)
class Break:
    """The likeliest break in level: the first month at the new level, its 95 per cent interval,
    sup-F, p-value.
    """

    date: pd.Period
    low: pd.Period
    high: pd.Period
    f: float
    p_value: float


def refusal(series: pd.Series, stock: bool) -> str:
    """Why a series (on a monthly PeriodIndex, gaps absent) cannot be modelled; empty where it
    can.
    """
    seen = series.index.month.value_counts().reindex(range(1, 13), fill_value=0)
    if len(series) < FEWEST_MONTHS or seen.min() < FEWEST_OF_EACH:
        return (
            f"{len(series)} months have a figure; trend and season need {FEWEST_MONTHS} and each"
            f" calendar month at least {FEWEST_OF_EACH} times"
        )
    if (
        len(series) * 2 < np.ptp(series.index.asi8) + 1
    ):  # small counts are the ones suppressed: what is left is biased
        return "more than half of the months have no figure"
    if series.min() <= 0 if stock else series.groupby(series.index.month).sum().min() == 0:
        return "the counts are too small: the log of a zero does not exist"
    return ""


def can_step(index: pd.PeriodIndex, date: pd.Period) -> bool:
    """Whether enough months on both sides of `date` have a figure to tell a step there."""
    apart = index.asi8 - date.ordinal
    return (
        min(((apart < 0) & (apart >= -NEAR)).sum(), ((apart >= 0) & (apart < NEAR)).sum())
        >= FEWEST_NEAR
    )


def told_apart(step: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Whether steps (columns of 0 and 1) are more than a sum of trend and season: in two bare years
    the 13th is not.
    """
    left = _residual_maker(columns) @ step
    return np.linalg.norm(left, axis=0) > APART * np.linalg.norm(step, axis=0)


def design(months: pd.PeriodIndex, over: pd.PeriodIndex) -> tuple[np.ndarray, np.ndarray]:
    """Trend columns and season columns for `months`; knots spread evenly over the span of `over`.

    Season columns sum to zero over the twelve months, so the trend is the level of an average
    month.
    """
    time, span = months.asi8, over.asi8.max() - over.asi8.min()
    knots = over.asi8.min() + np.linspace(0, span, max(1, round(span / MONTHS_A_PIECE)) + 1)[:-1]
    trend = np.column_stack([np.ones(len(time)), *(np.maximum(time - k, 0) / 12 for k in knots)])
    dummies = np.eye(12)[months.month - 1]
    return trend, dummies[:, :11] - dummies[:, 11:]


def fit(series: pd.Series, columns: np.ndarray, stock: bool = False) -> Fit:
    """Fit `series` on `columns`: quasi-Poisson for counts, least squares on the log for a stock."""
    import statsmodels.api as sm

    if stock:
        fitted, weight = sm.OLS(np.log(series.to_numpy()), columns).fit(), np.ones(len(series))
        pearson = fitted.resid
    else:
        fitted = sm.GLM(series.to_numpy(), columns, family=sm.families.Poisson()).fit()
        weight, pearson = np.sqrt(fitted.mu), fitted.resid_pearson
    weighted = columns * weight[:, None]
    beside, phi, correlation = noise(pearson, weighted, series.index.asi8)
    phi = (
        phi if stock else max(phi, 1.0)
    )  # counts that scatter less than chance alone do so by chance
    bread = np.linalg.pinv(weighted)
    return Fit(
        fitted.params,
        phi * bread @ correlation @ bread.T,
        len(series) - columns.shape[1],
        phi,
        beside,
        pearson,
        weighted,
        weight,
    )


def noise(
    residuals: np.ndarray, columns: np.ndarray, time: np.ndarray
) -> tuple[float, float, np.ndarray]:
    """Correlation a month apart, φ and the correlation matrix under which residuals would correlate
    as these do.

    Matched at one and two months apart, where residuals of `columns` have the products and squares
    they should.
    """
    keep, square = _residual_maker(columns), residuals @ residuals
    apart = np.abs(np.subtract.outer(time, time))
    curves = (THETAS[:, None, None] * RHOS[:, None] ** np.arange(apart.max() + 1)).reshape(
        -1, apart.max() + 1
    )
    curves[:, 0] = 1
    squares, missed = curves @ np.bincount(apart.ravel(), keep.ravel()), 0.0
    for lag in (1, 2):
        pairs = (apart == lag) / 2
        products = curves @ np.bincount(apart.ravel(), (keep @ pairs @ keep).ravel())
        missed = missed + (products / squares - residuals @ pairs @ residuals / square) ** 2
    best = int(np.argmin(missed))
    return float(curves[best, 1]), float(square / squares[best]), curves[best][apart]


def find_break(
    residuals: np.ndarray, columns: np.ndarray, weight: np.ndarray, index: pd.PeriodIndex
) -> Break:
    """Sup-F over the middle 70 per cent (Quandt 1960; Andrews 1993), each candidate a shift in
    level.

    The p-value is from series simulated without a break, the interval for the date from series
    simulated with the break fitted; both have the autocorrelation found here (parametric bootstrap,
    fixed seed). A lasting remainder and a break look alike, and the doubt goes to the remainder:
    the test rejects less often than its level.
    """
    n = len(residuals)
    edge = int(np.ceil(n * (1 - MIDDLE) / 2))
    starts = np.arange(edge, n - edge + 1)
    keep = _residual_maker(columns)
    steps = (np.arange(n)[:, None] >= starts) * weight[:, None]
    clear = told_apart(steps, columns)
    starts, shifts = starts[clear], keep @ steps[:, clear]
    shifts /= np.linalg.norm(shifts, axis=0)
    draws = np.random.default_rng(SEED).standard_normal((n, BOOTSTRAPS))

    def gains(y: np.ndarray) -> np.ndarray:  # F of every candidate, one row each
        gain = (shifts.T @ y) ** 2
        return gain * (n - columns.shape[1] - 1) / (np.square(y).sum(axis=0) - gain)

    seen = gains(residuals)
    best = int(np.argmax(seen))
    none = np.linalg.cholesky(noise(residuals, columns, index.asi8)[2])
    p_value = (1 + (gains(keep @ none @ draws).max(axis=0) >= seen[best]).sum()) / (BOOTSTRAPS + 1)
    jump = shifts[:, best] * (shifts[:, best] @ residuals)
    _, phi, correlation = noise(
        residuals - jump, np.column_stack([columns, shifts[:, best]]), index.asi8
    )
    dates = gains(
        jump[:, None] + keep @ (np.sqrt(phi) * np.linalg.cholesky(correlation)) @ draws
    ).argmax(axis=0)
    low, high = (
        int(np.quantile(dates, q, method=m)) for q, m in ((0.025, "lower"), (0.975, "higher"))
    )
    return Break(
        index[starts[best]],
        index[starts[low]],
        index[starts[high]],
        float(seen[best]),
        float(p_value),
    )


def _residual_maker(columns: np.ndarray) -> np.ndarray:
    return np.eye(len(columns)) - columns @ np.linalg.pinv(columns)
