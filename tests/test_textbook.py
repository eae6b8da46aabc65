"""A published or textbook result for each method, reached by this package's own functions.

Where a source gives a rule and not a number, the rule is worked out here in its own way and
compared.
"""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.stats.weightstats import ztost

from oxcare_analysis import door
from oxcare_analysis.thinking import errors, lifetable, specification
from oxcare_analysis.thinking.findings import Estimate, decide, holm
from oxcare_analysis.thinking.shapley import shapley
from oxcare_analysis.words.columns import BANDS

NO_EXITS = -np.inf  # log of an exit rate of zero: the stock is then the sum of what starts
# Das Gupta (1993), Standardization and Decomposition of Rates: A User's Manual, examples 2.1, 2.2
# and 2.3: two
# populations and the factors whose product is the rate (as given in the documentation of the R
# package DasGuptR).
EARNINGS = ((10930, 0.717892), (16591, 0.825974))
BIRTHS = ((51.78746, 0.45919, 0.52638), (84.90502, 0.75756, 0.51065))
TEENAGE_BIRTHS = ((25.3, 0.214, 0.279, 0.949), (32.7, 0.290, 0.473, 0.986))
# Weeks to relapse on placebo in Freireich et al. (1963), Blood 21:699, as in Cox and Oakes (1984),
# ch. 1.
WEEKS = np.array([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23])


@pytest.fixture(scope="module")
def study():
    return door.load("Oxfordshire", 2013, 2018)


def effects(one, other):
    """The ledger's shares where there is one year, no stock before and no exit: a product of
    factors.
    """
    logs, base = np.log(np.array(other))[:, None], np.log(np.array(one))
    shares, _ = shapley(0.0, np.vstack([logs, [[NO_EXITS]]]), np.append(base, NO_EXITS))
    assert shares[-1] == 0
    return shares[:-1]


# The ledger


def test_two_factors_are_kitagawas():
    # Kitagawa (1955), J. Am. Stat. Assoc. 50:1168: each change at the mean of the other factor.
    (a, b), (A, B) = EARNINGS
    assert effects(*EARNINGS) == pytest.approx([(A - a) * (B + b) / 2, (B - b) * (A + a) / 2])
    assert effects(*EARNINGS).sum() == pytest.approx(A * B - a * b)


def test_three_factors_are_das_guptas():
    def rest(x, X, y, Y):
        return (x * y + X * Y) / 3 + (x * Y + X * y) / 6

    (a, b, c), (A, B, C) = BIRTHS
    by_formula = [
        (A - a) * rest(b, B, c, C),
        (B - b) * rest(a, A, c, C),
        (C - c) * rest(a, A, b, B),
    ]
    assert effects(*BIRTHS) == pytest.approx(by_formula)


def test_four_factors_are_das_guptas():
    def rest(x, y, z):
        (x, X), (y, Y), (z, Z) = x, y, z
        mixed = x * y * Z + x * Y * z + X * y * z + X * Y * z + X * y * Z + x * Y * Z
        return (x * y * z + X * Y * Z) / 4 + mixed / 12

    pairs = list(zip(*TEENAGE_BIRTHS, strict=True))
    by_formula = [
        (pair[1] - pair[0]) * rest(*(p for p in pairs if p is not pair)) for pair in pairs
    ]
    assert effects(*TEENAGE_BIRTHS) == pytest.approx(by_formula)


def test_the_airport_game():
    # Littlechild and Owen (1973), Management Science 20:370: each stretch of runway is shared by
    # those who need it.
    # With runways that cost 8, 11, 13 and 18 the four pay 8/4; + 3/3; + 2/2; + 5. A year here is a
    # unit of runway, of
    # which one "starts" where no aircraft that needs it has come, so that a coalition of aircraft
    # takes its cost away.
    logs = np.zeros((5, 18))
    for aircraft, cost in enumerate((8, 11, 13, 18)):
        logs[aircraft, :cost] = -np.inf
    logs[4] = NO_EXITS
    shares, without_any = shapley(0.0, logs, np.array([0, 0, 0, 0, NO_EXITS]))
    assert without_any == 18
    assert -shares == pytest.approx([2, 3, 4, 9, 0])


# The stay


def test_in_a_stationary_population_the_stock_is_the_starts_times_the_expected_stay(study):
    # Preston, Heuveline and Guillot (2001), Demography, ch. 3: births x life expectancy =
    # population. The survivors
    # are summed here by small steps, not by the life table's own formula.
    hazard = dict(zip(BANDS, (1.1, 0.7, 1.3, 2.0, 0.8), strict=True))
    starts, step, ages = 600, 1e-4, np.arange(0, 40, 1e-4) + 5e-5
    edges = np.cumsum([0, *list(lifetable.WIDTH.values())[:-1], 40])
    in_band = np.searchsorted(edges, ages, side="right") - 1
    rates = np.array(list(hazard.values()))[np.minimum(in_band, 4)]
    alive = np.exp(-(np.cumsum(rates) - rates / 2) * step)
    panel = study.panel.copy()
    for i, band in enumerate(BANDS):
        stock = starts * alive[in_band == i].sum() * step
        panel.loc[[("931", y) for y in (2013, 2014)], f"plans_open_{band}_months_count"] = stock
        panel.loc[("931", 2014), f"plans_ended_{band}_months_count"] = stock * hazard[band]
    stays = lifetable.lifetable(replace(study, panel=panel)).table.set_index("year")["value"]
    assert stays[2014] == pytest.approx(12 * alive.sum() * step, rel=1e-4)


def test_occurrences_over_exposure_by_band_give_back_the_mean_time_to_relapse():
    # 21 relapses in 182 weeks: a mean of 8.67. Ten weeks stand for a year, so bands end at 2.5, 5,
    # 10 and 20 weeks.
    assert WEEKS.sum() == 182 and len(WEEKS) == 21
    years, start, hazards = WEEKS / 10, 0.0, {}
    for band, width in lifetable.WIDTH.items():
        lived = np.clip(years - start, 0, width)
        hazards[band] = ((years > start) & (years <= start + width)).sum() / lived.sum()
        start += width
    stay = lifetable.expected_stay(pd.DataFrame([hazards | {lifetable.LONG: np.nan}]))[
        "stay"
    ].item()
    assert 10 * stay == pytest.approx(182 / 21, rel=0.03)


# Tests and intervals


def test_negligible_is_what_two_one_sided_tests_say():
    # Schuirmann (1987), J. Pharmacokinet. Biopharm. 15:657, at 5 per cent, by statsmodels, over
    # margins about the edge.
    x = np.random.default_rng(7).normal(0.05, 0.5, 60)
    mean, se = x.mean(), x.std(ddof=1) / np.sqrt(len(x))
    margins = np.linspace(0.02, 0.4, 381)
    tests = np.array([ztost(x, -margin, margin)[0] < 0.05 for margin in margins])
    words = [
        decide(testable=True, estimate=mean, se=se, p_adjusted=1.0, direction=1, margin=m)
        for m in margins
    ]
    assert [word == "negligible" for word in words] == tests.tolist()
    assert 50 < tests.sum() < 331


@pytest.mark.parametrize("seed", range(5))
def test_holm_is_the_closed_test_of_bonferroni(seed):
    # Marcus, Peritz and Gabriel (1976), Biometrika 63:655: a hypothesis falls when every
    # intersection with it falls.
    p = dict(zip("abcd", np.random.default_rng(seed).uniform(0, 0.2, 4), strict=True))
    together = [group for size in range(1, 5) for group in combinations(p, size)]
    closed = {
        name: max(min(1.0, len(g) * min(p[m] for m in g)) for g in together if name in g)
        for name in p
    }
    assert holm(p) == pytest.approx(closed)


@pytest.mark.parametrize(("d", "n"), [(0.2, 393), (0.3, 175), (0.4, 99), (0.5, 64)])
def test_the_detectable_change_is_cohens(d, n):
    # Cohen (1988), Statistical Power Analysis, ch. 2: n a group to find d with power .80 at .05
    # two-sided. His tables
    # are of the t test; from 64 a group on the normal is within one in a hundred of it.
    e = Estimate("m", "", 0.0, np.sqrt(2 / n))
    assert e.detectable / e.se == pytest.approx(2.8, abs=0.002)
    assert e.detectable == pytest.approx(d, rel=0.011)


# Noise


def test_the_smoothed_level_of_the_nile():
    # Durbin and Koopman (2012), Time Series Analysis by State Space Methods, ch. 2: variances 15099
    # and 1469.1.
    noise, drift, (before, after) = (
        15099.0,
        1469.1,
        (27, 70),
    )  # 1898, the year before the fall, and 1941
    y = sm.datasets.nile.load_pandas().data["volume"].to_numpy()
    smoothed = sm.tsa.UnobservedComponents(y, "local level", use_exact_diffuse=True).smooth(
        [noise, drift]
    )
    level = smoothed.smoothed_state[0]
    change, se = specification.smooth(y, np.full(100, noise), drift, np.array([before, after]))
    assert change == pytest.approx(level[after] - level[before], abs=1e-6)
    # Far from the ends and from one another: the filter's steady state (their section 2.11), from
    # both sides.
    predicted = noise * (drift / noise + np.sqrt((drift / noise) ** 2 + 4 * drift / noise)) / 2
    filtered = predicted * noise / (predicted + noise)
    assert filtered == pytest.approx(4032.2, abs=0.1)
    assert se == pytest.approx(np.sqrt(2 / (1 / predicted + 1 / filtered)), rel=1e-4)


def planted(study, measure, first, last, counts):
    """The four standard errors where `counts` (year: top, bottom) are all that is held of a
    measure.
    """
    ratio = errors.measures.RATIOS[measure]
    panel = study.panel.copy()
    panel.loc[["931"], [ratio.top, ratio.bottom]] = np.nan
    for year, pair in counts.items():
        panel.loc[("931", year), [ratio.top, ratio.bottom]] = pair
    part = replace(study, first_year=first, last_year=last, panel=panel)
    return errors.errors(part, measure, pd.DataFrame({"a": [0.01], "phi": [3.0], "sigma": [0.1]}))


def test_counting_noise_of_shares_is_that_of_a_relative_risk(study):
    # Moore, McCabe and Craig, Introduction to the Practice of Statistics (9th ed.), example 8.18:
    # 45 of 411 on aspirin
    # and 73 of 411 on placebo had a vascular event; 95 per cent interval of the relative risk
    # 0.4364 to 0.8707.
    found = planted(study, "plans_per_conference", 2013, 2014, {2013: (73, 411), 2014: (45, 411)})
    row = found.table.set_index("method").loc[errors.COUNTING]
    assert np.exp([row["low"], row["high"]]) == pytest.approx([0.4364, 0.8707], abs=5e-5)


def test_a_change_of_means_of_a_random_walk_has_the_variance_of_working(study):
    # Working (1960), Econometrica 28:916: the first difference of means over m steps has variance
    # (2m² + 1) / 3m.
    logs = dict(zip(range(2013, 2019), np.cumsum([0, 0.1, -0.2, 0.3, 0.1, -0.1]), strict=True))
    found = planted(
        study, "exit_rate", 2014, 2016, {y: (500 * np.exp(v), 500) for y, v in logs.items()}
    )
    assert (found.change.base_years, found.change.end_years) == ((2013, 2014), (2015, 2016))
    step = np.std([0.1, -0.2, 0.3, 0.1, -0.1], ddof=1)
    se = found.table.set_index("method")["se"]
    assert se[errors.INDEPENDENT] == pytest.approx(step * np.sqrt((2 * 2**2 + 1) / (3 * 2)))
