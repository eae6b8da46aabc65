"""The noise model: known noise and drift recovered, the likelihood against exact integrals, and the
real panel.
"""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import oxcare_analysis as ox
from oxcare_analysis.thinking import measures
from oxcare_analysis.thinking.models import noise

YEARS = range(2013, 2025)
# Simulated panels: (a, phi, sigma) about as large as those of the real measures, four seeds each.
TRUTHS = [(0.005, 3, 0.05), (0.004, 3, 0.10), (0.010, 3, 0.15)]
SEEDS = (0, 1, 2, 3)
GRID = np.linspace(-2, 2, 1601)
START = -np.log(len(GRID) * (GRID[1] - GRID[0]))  # log density of the flat start


def simulate(seed, a, phi, sigma, areas=150, years=YEARS):
    """Log measure and smaller count of authorities that drift by t5 steps about a national path,
    with noise on top.
    """
    random = np.random.default_rng(seed)
    n = np.exp(random.uniform(np.log(40), np.log(1500), areas))
    steps = sigma * random.standard_t(5, (areas, len(years)))
    steps[:, 0] = random.normal(0, 0.4, areas)  # where each starts
    level = np.cumsum(steps + random.normal(0, 0.05, len(years)), axis=1)
    log = level + np.sqrt(a + phi / n)[:, None] * random.standard_normal(level.shape)
    index = pd.MultiIndex.from_product(
        [[f"{i:03d}" for i in range(areas)], years], names=["area_code", "year"]
    )
    return pd.Series(log.ravel(), index), pd.Series(np.repeat(n, len(years)), index)


def sd(model, n):
    return float(np.sqrt(noise.variance(model, n)))


@pytest.fixture(
    scope="module",
    params=TRUTHS,
    ids=lambda truth: f"a {truth[0]}, phi {truth[1]}, sigma {truth[2]}",
)
def recovered(request):
    truth = dict(zip(("a", "phi", "sigma"), request.param, strict=True))
    return truth, [noise.fit(*simulate(seed, **truth)) for seed in SEEDS]


@pytest.fixture(scope="module")
def measured(tables):
    return ox.load("Oxfordshire", 2013, 2018).noise.set_index("measure")


def test_noise_at_every_size_and_drift_are_recovered_to_a_fifth(recovered):
    truth, fits = recovered
    for found in fits:
        assert found["sigma"] == pytest.approx(truth["sigma"], rel=0.2)
        for n in (100, 300, 600, 1200):
            assert sd(found, n) == pytest.approx(sd(truth, n), rel=0.2)


def test_there_is_no_bias_beyond_a_tenth_on_average(recovered):
    truth, fits = recovered
    mean = pd.DataFrame(fits).mean()
    assert mean["sigma"] == pytest.approx(truth["sigma"], rel=0.1)
    for n in (150, 600):
        assert np.mean([sd(f, n) for f in fits]) == pytest.approx(sd(truth, n), rel=0.1)
    assert mean["phi"] == pytest.approx(truth["phi"], rel=0.2)
    assert mean["a"] == pytest.approx(
        truth["a"], rel=0.35
    )  # told apart from phi / n only by the large authorities


def test_noise_and_drift_are_told_apart_and_not_shared_out():
    # The same spread of yearly changes, all of it noise in one panel and nearly all of it drift in
    # the other.
    still = noise.fit(*simulate(4, a=0.02, phi=0.01, sigma=0.001))
    drifting = noise.fit(*simulate(4, a=0.0002, phi=0.01, sigma=0.15))
    assert still["sigma"] < 0.03 and sd(still, 600) == pytest.approx(0.141, rel=0.1)
    assert sd(drifting, 600) < 0.05 and drifting["sigma"] == pytest.approx(0.15, rel=0.1)


def test_missing_years_are_tolerated_and_seven_years_are_too_few():
    log, n = simulate(1, 0.005, 3, 0.05)
    holes = pd.Series(np.random.default_rng(9).random(len(log)) < 0.15, log.index)
    few = log.index.get_level_values("area_code").isin(["000", "001"])
    years = log.index.get_level_values("year")
    log, n = log.mask(holes & ~few), n.mask(holes & ~few)
    short = (log.index.get_level_values("area_code") == "000") & (
        years >= 2020
    )  # 2013 to 2019: seven
    eight = (log.index.get_level_values("area_code") == "001") & (
        years >= 2021
    )  # 2013 to 2020: eight
    log, n = log.mask(short | eight), n.mask(short | eight)
    found = noise.fit(log, n)
    years_held = log.notna().groupby(level="area_code").sum()
    assert found["authorities"] == (years_held >= 8).sum()
    assert years_held["000"] == 7 and years_held["001"] == 8
    assert found["sigma"] == pytest.approx(0.05, rel=0.25)
    assert sd(found, 600) == pytest.approx(0.1, rel=0.2)


def test_years_before_2013_do_not_count():
    log, n = simulate(2, 0.005, 3, 0.05, years=range(2010, 2025))
    early = log.index.get_level_values("year") < 2013
    assert noise.fit(log.mask(early, log + 5), n) == noise.fit(log[~early], n[~early])


@pytest.mark.parametrize(("areas", "fitted"), [(19, False), (20, True), (0, False)])
def test_fewer_than_twenty_authorities_give_no_numbers(areas, fitted):
    log, n = simulate(3, 0.005, 3, 0.05, areas=20)
    kept = log.index.get_level_values("area_code") < f"{areas:03d}"
    found = noise.fit(log.where(kept), n.where(kept))
    assert found["authorities"] == areas
    assert [np.isfinite(found[name]) for name in ("a", "phi", "sigma", "loglik")] == [fitted] * 4


def test_no_search_stops_short_of_the_top(measured):
    """In steps down and up from what was found for each measure, in every parameter, nothing is
    more likely.
    """
    people = measures.authorities(ox.load("Oxfordshire", 2013, 2018).panel)
    factors = 0.3, 0.6, 1, 1.7, 3
    steps = np.log(list(itertools.product(factors, factors, (0.7, 1, 1.4))))
    for measure, found in measured.iterrows():
        series = measures.series(people, measure)
        minus_loglik, _ = noise._likelihood(
            *noise._held(series["log"], series["n"]), noise.GRID_POINTS
        )
        here = np.log(found[["a", "phi", "sigma"]].astype(float).to_numpy())
        assert min(minus_loglik(here + step) for step in steps) > minus_loglik(here) - 0.1, measure


def test_every_measure_gets_one_row():
    log, n = simulate(0, 0.005, 3, 0.05)
    few = log[log.index.get_level_values("area_code") < "010"]
    table = noise.fit_all(
        {"one": pd.DataFrame({"log": log, "n": n}), "few": pd.DataFrame({"log": few, "n": n})}
    )
    assert table["measure"].tolist() == ["one", "few"]
    assert np.isfinite(table.loc[0, ["a", "phi", "sigma"]].astype(float)).all()
    assert table.loc[1, ["a", "phi", "sigma"]].isna().all()


def test_variance_is_a_fixed_part_and_a_part_that_shrinks_with_the_count():
    assert noise.variance({"a": 0.01, "phi": 3}, 300) == pytest.approx(0.02)
    np.testing.assert_allclose(
        noise.variance({"a": 0.01, "phi": 3}, np.array([30, 3000])), [0.11, 0.011]
    )


def kalman(y, v, q):
    """Log-likelihood of a local level after a flat start on the grid, by the textbook recursion
    (NaN: no update).
    """
    level, spread, total = None, None, 0.0
    for value, noise_variance in zip(y, v, strict=True):
        if level is not None:
            spread += q
        if np.isnan(value):
            continue
        if level is None:
            level, spread, total = value, noise_variance, START
            continue
        variance = spread + noise_variance
        total += stats.norm.logpdf(value, level, np.sqrt(variance))
        gain = spread / variance
        level, spread = level + gain * (value - level), spread * (1 - gain)
    return total


@pytest.mark.parametrize(
    "y",
    [[0.1, -0.2, 0.05, 0.3, 0.0, 0.12], [0.1, np.nan, 0.05, np.nan, np.nan, -0.3]],
    ids=["all years", "gaps"],
)
def test_with_hardly_any_drift_the_likelihood_is_the_kalman_filters(y):
    v = np.array([0.02, 0.03, 0.02, 0.015, 0.02, 0.04])
    sigma = 0.001
    ours = noise._loglik(np.array([y]), v[None, :], sigma, GRID).sum()
    assert ours == pytest.approx(
        kalman(y, v, 5 / 3 * sigma**2), abs=0.005
    )  # the variance of t5 is 5/3


def drift(step, sigma):
    return stats.t.pdf(step / sigma, 5) / sigma


@pytest.mark.parametrize("move", [0.0, 0.25, 0.9])
def test_two_years_have_the_likelihood_of_a_t_step_and_two_noises(move):
    v, sigma = np.array([0.01, 0.02]), 0.15
    exact, _ = integrate.quad(
        lambda step: drift(step, sigma) * stats.norm.pdf(move - step, 0, np.sqrt(v.sum())),
        -3,
        3,
        points=[0, move],
    )
    ours = noise._loglik(np.array([[-0.4, -0.4 + move]]), v[None, :], sigma, GRID).sum()
    assert ours == pytest.approx(START + np.log(exact), abs=0.003)


@pytest.mark.parametrize("middle", [0.3, np.nan], ids=["held", "missing"])
def test_three_years_have_the_likelihood_of_brute_force_integration(middle):
    y, v, sigma = np.array([0.0, middle, 0.5]), np.array([0.01, 0.02, 0.03]), 0.1

    levels = np.linspace(-1.2, 1.7, 581)  # of the middle year; a finer grid for the two outer years
    outer = np.linspace(-2, 2.5, 2251)

    def side(year):  # what one outer year says about each middle level
        says = stats.norm.pdf(y[year], outer, np.sqrt(v[year])) * drift(
            levels[:, None] - outer, sigma
        )
        return integrate.trapezoid(says, outer, axis=1)

    seen = 1 if np.isnan(middle) else stats.norm.pdf(middle, levels, np.sqrt(v[1]))
    exact = integrate.trapezoid(seen * side(0) * side(2), levels)
    ours = noise._loglik(y[None, :], v[None, :], sigma, GRID).sum()
    assert ours == pytest.approx(START + np.log(exact), abs=0.003)


def test_authorities_add_their_log_likelihoods():
    y, v = np.array([[0.0, 0.2, 0.1], [0.3, np.nan, -0.1]]), np.full((2, 3), 0.02)
    one_by_one = sum(noise._loglik(y[[i]], v[[i]], 0.1, GRID).sum() for i in (0, 1))
    assert noise._loglik(y, v, 0.1, GRID).sum() == pytest.approx(one_by_one)


# An earlier, separate fit to the 35 authorities with 400 open plans or more (year effects removed,
# local level with a
# t likelihood): transitory sd, lasting drift a year. The count is that of such an authority.
@pytest.mark.parametrize(
    ("measure", "n", "transitory", "lasting"),
    [
        ("exit_rate", 600, 0.105, 0.057),
        ("plans_started_per_child", 600, 0.113, 0.132),
        ("plans_per_enquiry", 600, 0.061, 0.150),
        ("plans_per_conference", 600, 0.026, 0.044),
    ],
)
def test_the_noise_of_the_real_panel_agrees_with_an_earlier_fit(
    measured, measure, n, transitory, lasting
):
    model = measured.loc[measure]
    assert model["authorities"] >= 140
    assert sd(model, n) == pytest.approx(transitory, rel=0.4)
    assert model["sigma"] == pytest.approx(lasting, rel=0.4)


def test_the_exit_rate_drifts_far_less_than_referrals(measured):
    drifts = measured["sigma"].astype(float)
    assert drifts["exit_rate"] < 0.4 * drifts["referrals_per_child"]
    assert drifts["exit_rate"] < drifts["plans_started_per_child"] < drifts["enquiries_per_child"]


def test_every_measure_of_the_real_panel_has_a_noise_model(measured):
    assert np.isfinite(measured[["a", "phi", "sigma"]].astype(float)).all(axis=None)
    assert (measured[["a", "phi"]].astype(float) >= 0).all(axis=None)
    assert (measured["sigma"].astype(float) > 0).all()


def test_the_newest_month_by_name_is_not_measured_again(tables, monkeypatch):
    from oxcare_analysis import door

    latest = door.load("Oxfordshire", 2013, 2018)
    monkeypatch.setattr(door, "_fit_noise", lambda *_, **__: pytest.fail("measured again"))
    assert door.load("Rotherham", 2013, 2018, as_of=latest.as_of).noise.equals(latest.noise)
