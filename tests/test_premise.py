"""Did open plans grow, and how much of it is just here: published end points, hand arithmetic and
planted panels.
"""

import dataclasses
from math import exp, log, sqrt
from statistics import median

import numpy as np
import pytest

import oxcare_analysis as ox
from oxcare_analysis.thinking.premise import COMPARISONS, MARGIN, premise

OPEN, CHILDREN, ENGLAND = "plans_open_count", "children_0_17_count", "E92000001"
# Open plans and children of the ten statistical neighbours, 2013 and 2018, as published.
NEIGHBOURS = {
    "Cambridgeshire": (202, 128205, 476, 132267),
    "Hertfordshire": (578, 255703, 522, 266791),
    "Buckinghamshire": (190, 116508, 638, 121026),
    "Warwickshire": (550, 111862, 561, 114689),
    "Gloucestershire": (414, 122062, 653, 125902),
    "Hampshire": (909, 280728, 1294, 280006),
    "Bracknell Forest": (112, 26819, 105, 27321),
    "West Sussex": (379, 165851, 775, 172050),
    "West Berkshire": (82, 35483, 168, 35544),
    "South Gloucestershire": (193, 57000, 239, 57490),
}


@pytest.fixture(scope="module")
def study(tables):
    return ox.load("Oxfordshire", 2013, 2018)


def window(study, first, last):
    return dataclasses.replace(study, first_year=first, last_year=last)


def planted(study, factor, factor_here=None, first=2013, last=2018):
    """Simulated: everybody's rate of open plans at the end is its rate at the start times `factor`;
    ours its own.
    """
    panel = study.panel.copy()
    wide = panel[[OPEN, CHILDREN]].unstack("year")
    end = wide[OPEN, first] / wide[CHILDREN, first] * wide[CHILDREN, last] * factor
    if factor_here is not None:
        end["931"] *= factor_here / factor
    rows = panel.index.get_level_values("year") == last
    panel.loc[rows, OPEN] = end.reindex(panel.index[rows].get_level_values("area_code")).to_numpy()
    return dataclasses.replace(study, panel=panel, first_year=first, last_year=last)


def quiet(study, a=1e-4):
    """The same study were there hardly any noise."""
    return dataclasses.replace(study, noise=study.noise.assign(a=a, phi=0.0))


def test_oxfordshires_plans_rose_from_430_to_687_and_from_30_9_to_48_1_per_10000(study):
    found = premise(study)
    assert (found.open_from, found.open_to) == (430, 687)
    assert (round(found.rate_from, 1), round(found.rate_to, 1)) == (30.9, 48.1)
    assert found.verdict == "supported"
    assert not found.fell
    assert found.extremes == ("ends at a local high of the series",)


def test_the_change_is_between_the_two_dates_with_the_noise_of_both(study):
    e = premise(study).estimate
    model = study.noise.set_index("measure").loc["open_per_child"]
    assert e.estimate == pytest.approx(log((687 / 142703) / (430 / 138956)))
    assert e.se == pytest.approx(sqrt(2 * model["a"] + model["phi"] * (1 / 430 + 1 / 687)))
    assert (e.base_years, e.end_years) == ((2013,), (2018,))


def test_following_england_is_hand_arithmetic(study):
    found = premise(study)
    # England went from 37.9 to 45.9 per 10,000 as published: 430 / 138,956 x 142,703 x 45.9 / 37.9
    # = 534.8 plans.
    assert found.just_here["england"] == pytest.approx(687 - 534.8, abs=1.5)
    start, end = (study.england(y, OPEN) / study.england(y, CHILDREN) for y in (2013, 2018))
    assert found.just_here["england"] == pytest.approx(687 - 430 / 138956 * 142703 * end / start)


def test_following_the_median_neighbour_is_hand_arithmetic(study):
    moves = [log(b / bc / (a / ac)) for a, ac, b, bc in NEIGHBOURS.values()]
    assert {study.names[code] for code in study.neighbours} == set(NEIGHBOURS)
    above = 687 - 430 / 138956 * 142703 * exp(median(moves))
    assert premise(study).just_here["median_neighbour"] == pytest.approx(above)


def test_given_start_is_what_a_regression_on_level_and_size_expects(study):
    import statsmodels.api as sm

    table = study.authorities[[OPEN, CHILDREN]].unstack("year")
    first, last = table[OPEN, 2013], table[OPEN, 2018]
    rate = first / table[CHILDREN, 2013]
    ok = (first > 0) & (last > 0)
    x = sm.add_constant(np.log(np.column_stack([rate, first]))[ok])
    y = np.log(last / table[CHILDREN, 2018] / rate)[ok]
    others = y.index != "931"
    fitted = sm.OLS(y[others], x[others]).fit()
    expected = 430 / 138956 * 142703 * np.exp(fitted.predict(x[~others])[0])
    assert premise(study).just_here["given_start"] == pytest.approx(687 - expected)


def test_a_comparison_holds_the_middle_half_of_authorities_around_it(study):
    table = premise(study).table.set_index("comparison")
    assert list(table.index) == list(COMPARISONS) == ["england", "median_neighbour", "given_start"]
    assert table.loc["england", ["low", "high"]].isna().all()
    for name in ("median_neighbour", "given_start"):
        low, above, high = table.loc[name, ["low", "above", "high"]]
        assert low < above < high
    moves = np.array([log(b / bc / (a / ac)) for a, ac, b, bc in NEIGHBOURS.values()])
    half = np.median(
        abs(moves - np.median(moves))
    )  # half of the neighbours are no further from their median
    most, least = (
        687 - 430 / 138956 * 142703 * exp(median(moves) + sign * half) for sign in (-1, 1)
    )
    assert table.loc["median_neighbour", ["low", "high"]].tolist() == pytest.approx(
        [least, most], rel=1e-3
    )


@pytest.mark.parametrize("factor", [0.7, 1.0, 1.6])
def test_where_everyone_moved_alike_nothing_is_just_here(study, factor):
    found = premise(planted(study, factor))
    assert found.just_here == pytest.approx(dict.fromkeys(COMPARISONS, 0), abs=1e-6)


def test_where_only_this_authority_grew_all_of_it_is_just_here(study):
    found = premise(planted(study, 1.0, factor_here=1.5))
    stayed = 430 / 138956 * 142703
    assert found.just_here == pytest.approx(dict.fromkeys(COMPARISONS, 0.5 * stayed), rel=1e-6)


def test_a_comparison_without_figures_is_no_number(study):
    panel = study.panel.copy()
    panel.loc[(ENGLAND, 2013), OPEN] = np.nan
    found = premise(dataclasses.replace(study, panel=panel, neighbours=study.neighbours[:2]))
    assert np.isnan(found.just_here["england"]) and np.isnan(found.just_here["median_neighbour"])
    assert np.isfinite(found.just_here["given_start"])


def test_a_fall_is_contradicted_and_said_to_be_a_fall(study):
    found = premise(window(study, 2018, 2021))
    assert found.verdict == "contradicted"
    assert found.fell
    assert "fell from 48.1 to 31.1" in found.reason
    assert found.extremes == (
        "starts at a local high of the series",
        "ends at a local low of the series",
    )


def test_a_planted_fall_is_contradicted_and_a_planted_rise_supported(study):
    assert premise(planted(study, 1.0, factor_here=0.5)).verdict == "contradicted"
    assert premise(planted(study, 1.0, factor_here=2.0)).verdict == "supported"


def test_the_same_rate_is_negligible_where_noise_is_low_and_inconclusive_where_it_is_high(study):
    still = planted(study, 1.3, factor_here=1.0)
    assert premise(quiet(still)).verdict == "negligible"
    assert (
        premise(quiet(still, a=0.04)).verdict == "inconclusive"
    )  # 1.645 x .28 is wider than the margin


def test_the_margin_is_no_narrower_than_a_large_authority_can_meet(study):
    assert 1.645 * premise(study).estimate.se < MARGIN


@pytest.mark.parametrize("years", [(2013, 2018), (2013, 2024), (2021, 2024)])
def test_the_city_of_london_cannot_be_tested_and_says_why(tables, years):
    found = premise(ox.load("City of London", *years))
    assert found.verdict == "not_testable"
    assert "suppressed to protect confidentiality" in found.reason
    assert all(np.isnan(n) for n in found.just_here.values())
    assert list(found.just_here) == list(COMPARISONS)


def test_no_plans_open_at_the_start_is_not_called_published(tables):
    found = premise(ox.load("City of London", 2010, 2012))  # 0 and 7 plans
    assert found.verdict == "not_testable"
    assert "published" not in found.reason.replace("not published", "")


def test_without_a_noise_model_the_premise_says_why_it_cannot_be_tested(study):
    found = premise(dataclasses.replace(study, noise=study.noise.assign(a=np.nan, phi=np.nan)))
    assert found.verdict == "not_testable"
    assert not found.reason.endswith(": .")


def test_a_window_of_no_length_cannot_be_tested(study):
    found = premise(window(study, 2018, 2018))
    assert found.verdict == "not_testable"
    assert "shorter than a year" in found.reason
