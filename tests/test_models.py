"""The regressions against statsmodels itself and planted slopes, and the trend decomposition by
hand.
"""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

import oxcare_analysis as ox
from oxcare_analysis.thinking import measures
from oxcare_analysis.thinking.models.regression import exits_by_band, growth_on_children, rate_trend
from oxcare_analysis.words.columns import BANDS

HERE = "931"
STARTS, CHILDREN, ENQUIRIES = (
    "plans_started_count",
    "children_0_17_count",
    "enquiries_started_count",
)
PARTS = ["national", "regional", "neighbour", "local"]


@pytest.fixture(scope="module")
def study(tables):
    return ox.load("Oxfordshire", 2013, 2018)


def planted(study, measure, values):
    """Simulated: the study with this authority's counts of `measure` set for the years given."""
    panel = study.panel.copy()
    for year, value in values.items():
        panel.loc[(HERE, year), measure] = value
    return dataclasses.replace(study, panel=panel)


def coefficients(model):
    return model.table.set_index("term")


# Quasi-Poisson trends


@pytest.mark.parametrize(
    ("measure", "top", "bottom"),
    [("plans_per_enquiry", STARTS, ENQUIRIES), ("plans_started_per_child", STARTS, CHILDREN)],
)
def test_a_trend_is_the_quasi_poisson_of_statsmodels(study, measure, top, bottom):
    rows = study.table.loc[2013:2018]
    x = sm.add_constant(pd.Series(np.arange(6.0), rows.index, name="since"))
    direct = sm.GLM(rows[top], x, family=sm.families.Poisson(), offset=np.log(rows[bottom])).fit(
        scale="X2", use_t=True
    )
    ours = rate_trend(study, measure)
    np.testing.assert_allclose(ours.table["estimate"], direct.params, rtol=1e-6)
    np.testing.assert_allclose(ours.table[["low", "high"]], direct.conf_int(), rtol=1e-6)
    np.testing.assert_allclose(ours.table["p_value"], direct.pvalues, rtol=1e-5)
    assert ours.dispersion == pytest.approx(direct.pearson_chi2 / direct.df_resid)
    assert ours.observations == 6
    np.testing.assert_allclose(ours.residuals["fitted"], direct.fittedvalues, rtol=1e-6)
    np.testing.assert_allclose(
        ours.residuals["pearson"],
        direct.resid_pearson / np.sqrt(direct.scale),
        rtol=1e-5,
        atol=1e-8,
    )


@pytest.mark.filterwarnings("ignore:Perfect separation")
@pytest.mark.parametrize("slope", [0.12, 0.0, -0.3])
def test_exact_exponential_growth_has_its_own_slope(study, slope):
    children = study.table[CHILDREN]
    grown = {
        year: 0.004 * children[year] * np.exp(slope * (year - 2013)) for year in range(2013, 2019)
    }
    found = coefficients(rate_trend(planted(study, STARTS, grown), "plans_started_per_child"))
    assert found.loc["trend a year", "estimate"] == pytest.approx(slope, abs=1e-7)
    assert found.loc["constant", "estimate"] == pytest.approx(np.log(0.004), abs=1e-7)


def test_scatter_widens_the_interval_and_leaves_the_slope_alone(study):
    children = study.table[CHILDREN]
    widths = []
    for wobble in (1.02, 1.2):
        # Up, down, down, up about a straight line: no slope of its own, nor any pull on the first
        # or last year.
        grown = {
            year: 0.004 * children[year] * np.exp(0.1 * (year - 2014)) * wobble**sign
            for year, sign in zip(range(2013, 2017), (1, -1, -1, 1), strict=True)
        }
        four = dataclasses.replace(planted(study, STARTS, grown), last_year=2016)
        model = rate_trend(four, "plans_started_per_child")
        trend = coefficients(model).loc["trend a year"]
        assert trend["estimate"] == pytest.approx(0.1, abs=0.02)
        widths.append((trend["high"] - trend["low"], model.dispersion))
    assert widths[1][0] > 5 * widths[0][0]
    assert widths[0][1] < 1 < widths[1][1]


def test_years_before_a_measure_was_comparable_are_left_out_of_its_trend(study):
    early = dataclasses.replace(study, first_year=2010)
    assert rate_trend(early, "conferences_per_enquiry").observations == 6
    assert rate_trend(early, "plans_per_enquiry").observations == 9


def test_three_years_are_too_few_for_a_trend_and_four_are_enough(study):
    three = rate_trend(dataclasses.replace(study, last_year=2015), "plans_per_enquiry")
    assert "fewer than 4 years" in three.missing
    assert three.table.empty and np.isnan(three.dispersion)
    four = rate_trend(dataclasses.replace(study, last_year=2016), "plans_per_enquiry")
    assert four.missing == "" and four.observations == 4


def test_a_year_that_is_not_held_is_left_out_of_a_trend(study):
    gap = planted(study, STARTS, {2015: np.nan})
    model = rate_trend(gap, "plans_per_enquiry")
    assert model.residuals["year"].tolist() == [2013, 2014, 2016, 2017, 2018]


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_a_year_with_nothing_to_divide_by_is_left_out_of_a_trend(study):
    # As in Isles of Scilly, which had years without an enquiry.
    model = rate_trend(planted(study, ENQUIRIES, {2015: 0}), "plans_per_enquiry")
    assert model.observations == 5


# Exits by duration band


@pytest.mark.filterwarnings("ignore:Perfect separation")
def test_planted_hazards_and_their_trend_are_recovered_by_band(study):
    """Simulated: hazards of 1.2, .9 and .6 a year in 2013, all falling by 7 per cent (in logs) a
    year.
    """
    hazards = {"6_12": 1.2, "12_24": 0.9, "24_plus": 0.6}
    panel = study.panel.copy()
    for i, year in enumerate(range(2012, 2019)):
        for j, (band, hazard) in enumerate(hazards.items()):
            stock = 100 + 40 * j + 13 * i
            panel.loc[(HERE, year), f"plans_open_{band}_months_count"] = stock
            panel.loc[(HERE, year), f"plans_ended_{band}_months_count"] = (
                hazard
                * np.exp(-0.07 * (year - 2013))
                * (stock - 6.5)  # the mean of this stock and 13 fewer
            )
    model = exits_by_band(dataclasses.replace(study, panel=panel))
    found = coefficients(model)["estimate"]
    assert model.observations == 18
    assert found["trend a year"] == pytest.approx(-0.07, abs=1e-6)
    # The first band in alphabetical order, '1 to 2 years', is the constant; the others are set
    # against it.
    levels = {"6_12": found["constant"] + found["band 6 to 12 months"], "12_24": found["constant"]}
    levels["24_plus"] = found["constant"] + found["band 2 years or more"]
    assert {band: np.exp(level) for band, level in levels.items()} == pytest.approx(
        hazards, abs=1e-6
    )


def test_exits_by_band_are_the_quasi_poisson_of_statsmodels(study):
    rows = []
    for band in ("6_12", "12_24", "24_plus"):
        stock = study.table[f"plans_open_{band}_months_count"]
        mean = (stock + stock.shift()) / 2  # every year from 2010 is there
        ended = study.table[f"plans_ended_{band}_months_count"]
        rows.append(
            pd.DataFrame({"year": stock.index, "band": BANDS[band], "mean": mean, "ended": ended})
        )
    frame = pd.concat(rows).dropna()
    frame = frame[frame["year"].between(2013, 2018)]
    direct = smf.glm(
        "ended ~ I(year - 2013) + C(band)",
        frame,
        family=sm.families.Poisson(),
        offset=np.log(frame["mean"]),
    ).fit(scale="X2", use_t=True)
    ours = exits_by_band(study)
    assert sorted(ours.table["estimate"]) == pytest.approx(sorted(direct.params), abs=1e-6)
    p_value = coefficients(ours).loc["trend a year", "p_value"]
    assert p_value == pytest.approx(direct.pvalues["I(year - 2013)"], rel=1e-4)
    assert ours.dispersion == pytest.approx(direct.pearson_chi2 / direct.df_resid)


def test_a_band_without_a_year_before_it_has_no_exposure(study):
    panel = study.panel.copy()
    panel.loc[(HERE, 2015), "plans_open_6_12_months_count"] = np.nan
    years = exits_by_band(dataclasses.replace(study, panel=panel)).residuals["year"].value_counts()
    assert (years[2014], years[2015], years[2016], years[2017]) == (3, 2, 2, 3)


# Growth on need, all authorities


def test_growth_on_need_is_least_squares_with_robust_errors(study):
    later = dataclasses.replace(study, first_year=2015)
    wide = study.authorities[[STARTS, CHILDREN, "low_income_children_count"]].unstack("year")
    logs = np.log(wide.where(wide > 0))
    growth = pd.DataFrame(
        {m: logs[m, 2018] - logs[m, 2015] for m in wide.columns.levels[0]}
    ).dropna()
    x = sm.add_constant(growth[[CHILDREN, "low_income_children_count"]])
    direct = sm.OLS(growth[STARTS], x).fit(cov_type="HC1")
    model = growth_on_children(later)
    assert model.observations == len(growth) > 140
    assert model.table["term"].tolist() == [
        "constant",
        "growth in children",
        "growth in low income",
    ]
    np.testing.assert_allclose(model.table["estimate"], direct.params, rtol=1e-8)
    np.testing.assert_allclose(model.table[["low", "high"]], direct.conf_int(), rtol=1e-6)
    np.testing.assert_allclose(model.table["p_value"], direct.pvalues, rtol=1e-6, atol=1e-12)


def test_without_a_low_income_series_growth_is_set_on_children_alone_and_it_is_said(study):
    model = growth_on_children(study)
    wide = study.authorities[[STARTS, CHILDREN]].unstack("year")
    growth = np.log(
        wide.xs(2018, axis=1, level="year") / wide.xs(2013, axis=1, level="year")
    ).dropna()
    slope, constant = np.polyfit(growth[CHILDREN], growth[STARTS], 1)
    assert model.table["estimate"].tolist() == pytest.approx([constant, slope])
    assert "no low-income series covers the window" in model.words


def test_a_planted_elasticity_is_recovered(study):
    """Simulated: plans started grew twice as fast as children, everywhere, and by a tenth
    besides.
    """
    panel = study.panel.copy()
    wide = panel[[STARTS, CHILDREN]].unstack("year")
    grown = wide[STARTS, 2013] * (wide[CHILDREN, 2018] / wide[CHILDREN, 2013]) ** 2 * np.exp(0.1)
    rows = panel.index.get_level_values("year") == 2018
    panel.loc[rows, STARTS] = grown.reindex(
        panel.index[rows].get_level_values("area_code")
    ).to_numpy()
    found = coefficients(growth_on_children(dataclasses.replace(study, panel=panel)))["estimate"]
    assert found["constant"] == pytest.approx(0.1)
    assert found["growth in children"] == pytest.approx(2)


def test_a_window_that_is_not_covered_has_no_regression(study):
    model = growth_on_children(dataclasses.replace(study, last_year=2030))
    assert model.missing == "the window is not covered"
    assert model.table.empty


# Trend decomposition


@pytest.mark.parametrize(
    "measure", ["plans_started_per_child", "exit_rate", "plans_per_need_referral", "open_per_child"]
)
def test_the_four_parts_add_up_to_the_change_in_every_year(study, measure):
    table = ox.decompose(dataclasses.replace(study, last_year=2024), measure).table
    assert table["year"].tolist() == list(range(2013, 2025))
    np.testing.assert_allclose(table[PARTS].sum(axis=1), table["change"], atol=1e-12)
    assert table.loc[0, ["change", *PARTS]].tolist() == [0] * 5
    ratio = measures.RATIOS[measure]
    values = study.table.loc[2013:2024, ratio.top] / study.table.loc[2013:2024, ratio.bottom]
    np.testing.assert_allclose(table["change"], np.log(values / values[2013]))


def with_moves(study, move):
    """Simulated: every authority's plans started per child is that of 2013 times exp(move(code,
    year)).
    """
    panel = study.panel.copy()
    wide = panel[[STARTS, CHILDREN]].unstack("year")
    for code, year in panel.index:
        if 2013 < year <= 2018 and (code, 2013) in panel.index:
            start = wide.loc[code, (STARTS, 2013)] / wide.loc[code, (CHILDREN, 2013)]
            panel.loc[(code, year), STARTS] = (
                start * wide.loc[code, (CHILDREN, year)] * np.exp(move(code, year))
            )
    return dataclasses.replace(study, panel=panel)


@pytest.fixture(scope="module")
def region(study):
    regions = study.provenance["regions"]
    return {code for code in regions if regions[code] == study.area.region_code}


@pytest.mark.parametrize("part", PARTS)
def test_a_planted_move_lands_in_its_own_part(study, region, part):
    near = set(study.neighbours)
    assert HERE in region and HERE not in near and len(region) > 10
    planted_in = {
        "national": lambda code: True,
        "regional": lambda code: code in region or code in near,
        "neighbour": lambda code: code in near or code == HERE,
        "local": lambda code: code == HERE,
    }[part]
    moved = with_moves(study, lambda code, year: 0.1 * (year - 2013) * planted_in(code))
    table = ox.decompose(moved, "plans_started_per_child").table.set_index("year")
    expected = pd.Series(0.1 * np.arange(6), table.index)
    np.testing.assert_allclose(table[part], expected, atol=1e-9)
    np.testing.assert_allclose(table[[p for p in PARTS if p != part]], 0, atol=1e-9)


@pytest.mark.parametrize("factor", [50, 0.02])  # past the median from either side
def test_an_authority_is_no_part_of_its_own_medians(study, factor):
    before = ox.decompose(study, "exit_rate").table
    panel = study.panel.copy()
    panel.loc[(HERE, 2016), "implied_ends_count"] *= factor
    after = ox.decompose(dataclasses.replace(study, panel=panel), "exit_rate").table
    pd.testing.assert_frame_equal(before[PARTS[:3]], after[PARTS[:3]])
    assert after.loc[3, "local"] - before.loc[3, "local"] == pytest.approx(np.log(factor))


def test_a_measure_without_a_figure_for_the_first_year_is_not_decomposed(tables):
    trend = ox.decompose(ox.load("City of London", 2013, 2018), "exit_rate")
    assert trend.missing == "no figure for 2013"
    assert trend.table.empty


def test_a_window_that_ends_before_a_measure_can_be_compared_has_no_trend_and_says_why():
    trend = ox.decompose(ox.load("Oxfordshire", 2010, 2012), "plans_per_need_referral")
    assert trend.missing == "it is comparable from 2013 on and the window ends in 2012"
    assert ox.charts.trend(trend) == f"No chart: {trend.missing}."
