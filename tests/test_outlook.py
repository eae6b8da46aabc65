"""A year ahead: the level filtered as by hand, worked examples, and ranges that hold what came as
often as they say.
"""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

import oxcare_analysis as ox
from oxcare_analysis.thinking import outlook as outlooks
from oxcare_analysis.thinking.models import noise

YEARS = range(2013, 2026)


@pytest.fixture(scope="module")
def study(tables):
    return ox.load("Oxfordshire", 2013, 2018)


@pytest.fixture(scope="module")
def everyone(study):
    return outlooks.forecasts(study)


def world(study, starts, exits, sizes):
    """The study with a panel of simulated authorities: starts per child and exit rates (authorities
    by years) make it.

    The first year's stock is that of a steady state; every count follows from the two rates.
    """
    codes, children = [f"{800 + i}" for i in range(len(sizes))], np.array(sizes) * 250.0
    stock = starts[:, 0] * children / exits[:, 0]
    rows = []
    for i, year in enumerate(YEARS):
        now = outlooks._a_year_on(stock, starts[:, i] * children, exits[:, i])
        rows.append(
            pd.DataFrame(
                {
                    "plans_open_count": now,
                    "plans_started_count": starts[:, i] * children,
                    "children_0_17_count": children,
                    "implied_ends_count": stock + starts[:, i] * children - now,
                    "mean_open_count": (stock + now) / 2,
                },
                pd.MultiIndex.from_product([codes, [year]], names=["area_code", "year"]),
            )
        )
        stock = now
    panel = pd.concat(rows).sort_index().reindex(columns=study.panel.columns)
    return dataclasses.replace(
        study, panel=panel, area=dataclasses.replace(study.area, code=codes[0])
    )


def test_a_year_on_as_worked_by_hand():
    # 100 open, 50 start, half of the mean stock ends: (75 + 50) / 1.25 = 100; with 80 starts, 124.
    assert outlooks._a_year_on(100, 50, 0.5) == 100
    assert outlooks._a_year_on(100, 80, 0.5) == 124


def test_the_level_is_that_of_the_joint_normal_distribution():
    # The level of each year given the years so far, from the precision matrix of a random walk seen
    # with noise.
    random = np.random.default_rng(3)
    y, variance = random.normal(0, 0.3, (2, 9)), random.uniform(0.01, 0.05, (2, 9))
    y[0, 4] = np.nan
    level, spread = noise.filtered(y, variance, 0.02)
    for row in range(2):
        for t in (0, 3, 4, 8):
            steps = np.diff(np.eye(t + 1), axis=0)
            weight = np.where(np.isnan(y[row, : t + 1]), 0, 1 / variance[row, : t + 1])
            covariance = np.linalg.inv(steps.T @ steps / 0.02 + np.diag(weight))
            assert level[row, t] == pytest.approx(
                (covariance @ (weight * np.nan_to_num(y[row, : t + 1])))[t]
            )
            assert spread[row, t] == pytest.approx(covariance[t, t])


def test_an_authority_that_stood_still_is_expected_to_stand_still(study):
    still = world(study, np.full((30, 13), 0.004), np.full((30, 13), 1.25), [600] * 30)
    found = outlooks.outlook(still)
    assert (
        found.next["expected"]
        == pytest.approx(found.next["open_from"])
        == pytest.approx(0.004 * 150_000 / 1.25)
    )
    assert found.starts == pytest.approx(600) and found.exit_rate == pytest.approx(1.25)
    assert found.next["low"] < found.next["low_80"] < found.next["expected"] < found.next["high_80"]


def test_more_noise_gives_wider_ranges_and_no_noise_none(study):
    flat = world(study, np.full((30, 13), 0.004), np.full((30, 13), 1.25), [600] * 30)
    widths = []
    for times in (0.0, 1.0, 4.0):
        model = flat.noise.assign(
            a=flat.noise["a"] * times,
            phi=flat.noise["phi"] * times + 1e-12,
            sigma=flat.noise["sigma"] * times + 1e-9,
        )
        ahead = outlooks.outlook(dataclasses.replace(flat, noise=model)).next
        widths.append(ahead["high"] - ahead["low"])
    assert widths[0] < 0.1 < widths[1] < widths[2]


def test_on_worlds_of_the_model_the_ranges_hold_what_they_say(study):
    """Simulated: levels that drift (Student's t), a year's own noise, a national movement; 120
    authorities.
    """
    random, held = np.random.default_rng(7), []
    models = study.noise.set_index("measure")
    sizes = random.choice([150, 300, 600], 120)
    rates = {}
    for measure, level in ((outlooks.STARTS, 0.0045), (outlooks.EXITS, 1.2)):
        m = models.loc[measure]
        drift = m["sigma"] * random.standard_t(noise.DRIFT_DF, (120, 13)) + random.normal(
            0, 0.03, 13
        )
        own = random.normal(0, 1, (120, 13)) * np.sqrt(noise.variance(m, sizes))[:, None]
        rates[measure] = level * np.exp(np.cumsum(drift, axis=1) + own)
    past = outlooks.forecasts(
        world(study, rates[outlooks.STARTS], rates[outlooks.EXITS], sizes)
    ).dropna(subset="actual")
    held = [
        past["actual"].between(past[a], past[b]).mean()
        for a, b in (("low_80", "high_80"), ("low", "high"))
    ]
    assert len(past) > 1200
    # Forecasts of one authority share levels: about 120 × 6 independent ones, Monte Carlo sd .015
    # and .008.
    assert held[0] == pytest.approx(0.80, abs=0.05)
    assert held[1] == pytest.approx(0.95, abs=0.03)


def test_on_every_published_year_the_ranges_held_about_as_often_as_they_say(everyone):
    past = everyone.dropna(subset="actual")
    assert len(past) > 1600
    assert 0.77 < past["actual"].between(past["low_80"], past["high_80"]).mean() < 0.83
    assert 0.93 < past["actual"].between(past["low"], past["high"]).mean() < 0.98


def test_past_forecasts_stand_beside_the_published_stock(study, everyone):
    mine = everyone[everyone["area_code"] == "931"].set_index("year")
    assert mine.loc[2018, ["open_from", "actual"]].tolist() == [609, 687]
    assert mine.loc[2021, ["open_from", "actual"]].tolist() == [543, 451]
    assert np.isnan(mine["actual"].iloc[-1]) and mine["actual"].iloc[:-1].notna().all()


def test_a_forecast_knows_no_later_level(study, everyone):
    """What is expected of 2018 is the same when every later count is gone."""
    panel = study.panel.copy()
    panel.loc[
        panel.index.get_level_values("year") > 2017,
        ["plans_open_count", "plans_started_count", "implied_ends_count", "mean_open_count"],
    ] = np.nan
    early = outlooks.forecasts(dataclasses.replace(study, panel=panel))
    mine = [
        f[(f["area_code"] == "931") & (f["year"] == 2018)]["expected"].item()
        for f in (early, everyone)
    ]
    assert mine[0] == pytest.approx(mine[1])


@pytest.mark.parametrize("area", ["City of London", "Hampshire"])
def test_where_the_newest_year_is_not_published_there_is_no_look_ahead(study, area):
    code = {name: code for code, name in study.names.items()}[area]
    found = outlooks.outlook(
        dataclasses.replace(study, area=dataclasses.replace(study.area, code=code, name=area))
    )
    assert "not all published" in found.missing
    assert ox.say(found).startswith(f"There is no look ahead for {area}")


def test_before_there_are_two_comparable_years_there_is_no_look_ahead(study):
    panel = study.panel[study.panel.index.get_level_values("year") <= 2013]
    assert "2014" in outlooks.outlook(dataclasses.replace(study, panel=panel)).missing


def test_the_newest_year_stands_beside_the_smoothed_levels(study):
    # Published for the year to March 2025: 563 started; 532 + 563 − 527 ended, of a mean of 529.5
    # open.
    found = ox.next_year(study)
    assert (found.own_starts, found.own_exit_rate) == (
        563,
        pytest.approx((532 + 563 - 527) / 529.5),
    )
    said = r"\(563 in the newest year itself\) and 1\.\d\d ended a year per plan open \(1\.07\)"
    assert re.search(said, ox.say(found))


def test_what_a_forecast_knew_by_a_year_leaves_later_years_out(study, everyone):
    """Forecasts of 2018 with noise known to 2018 are the same when every later count is changed."""
    panel = study.panel.copy()
    later = panel.index.get_level_values("year") > 2018
    panel.loc[
        later, ["plans_open_count", "plans_started_count", "implied_ends_count", "mean_open_count"]
    ] *= np.tile([[0.5], [2.0]], (later.sum() // 2 + 1, 4))[: later.sum()]
    known = [
        outlooks.forecasts(s, 2018)
        .query("from_year == 2018")
        .set_index("area_code")[list(outlooks.QUANTILES)]
        for s in (study, dataclasses.replace(study, panel=panel))
    ]
    assert len(known[0]) > 130
    pd.testing.assert_frame_equal(*known)
    hindsight = everyone.query("from_year == 2018").set_index("area_code")["high"]
    assert not np.allclose(hindsight, known[0]["high"])
    tried = ox.next_year(study).tried
    assert (tried["early_of"] > 1000).all() and tried["early_held"].between(0.75, 0.99).all()


def test_the_sentence_has_the_records_numbers(study):
    found = ox.next_year(study)
    said = ox.say(found)
    for number in (found.next["expected"], found.next["low"], found.next["high_80"], found.starts):
        assert f"{number:,.0f}" in said
    assert f"{found.tried.set_index('level').at[95, 'held'] * 100:.0f}" in said
