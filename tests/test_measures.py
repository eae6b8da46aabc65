"""Counts that are worked out from published ones, by hand, and the ratios made of them."""

import numpy as np
import pandas as pd
import pytest

from oxcare_analysis.thinking import measures
from oxcare_analysis.thinking.measures import RATIOS, derive, series
from oxcare_analysis.words.columns import MEASURES
from oxcare_analysis.words.panel import year_before

NONE = float("nan")
COUNTS = [
    "plans_open_count",
    "plans_started_count",
    "plans_ended_count",
    "plans_open_0_3_months_count",
    "plans_open_3_6_months_count",
    "plans_open_24_plus_months_count",
    "plans_ended_0_3_months_count",
    "plans_ended_3_6_months_count",
    "plans_ended_24_plus_months_count",
    "referrals_received_count",
    "no_further_action_count",
    "not_in_need_count",
]
# Simulated. 2013 has no year before it; the longest band is suppressed in 2014; 2015 is missing;
# the stock of 982 rises
# by more than the plans started in 2015, which no number of ends can explain.
SIMULATED = {
    ("981", 2013): (100, 120, 110, 30, 20, 4, 25, 15, 6, 1000, 200, 150),
    ("981", 2014): (130, 150, 118, 35, 25, NONE, 20, 18, NONE, 1100, 300, NONE),
    ("981", 2016): (90, 80, 95, 20, 10, 2, 12, NONE, 3, 900, 90, 210),
    ("982", 2014): (50, 60, NONE, 10, 10, 1, 5, 5, 1, 400, 0, 100),
    ("982", 2015): (120, 10, 20, 15, NONE, 1, 5, 5, 1, 380, NONE, 100),
}


@pytest.fixture(scope="module")
def simulated():
    index = pd.MultiIndex.from_tuples(SIMULATED, names=["area_code", "year"])
    frame = pd.DataFrame(list(SIMULATED.values()), index, COUNTS, dtype=float)
    return derive(frame.reindex(columns=list(MEASURES)))


@pytest.fixture(scope="module")
def derived(panel):
    return derive(panel)


def test_plans_ended_are_those_the_stock_implies(simulated):
    # 2014: 100 open at the start + 150 started - 130 open at the end, whatever was recorded (118).
    assert simulated.loc[("981", 2014), "implied_ends_count"] == 120
    assert simulated.loc[("981", 2014), "mean_open_count"] == 115


@pytest.mark.parametrize(
    ("key", "ends", "mean_open"),
    [
        (("981", 2013), 110, 95),  # opening stock 100 - 120 + 110 = 90
        (("981", 2016), 95, 97.5),  # 2015 is not held: 90 - 80 + 95 = 105
    ],
)
def test_an_opening_stock_that_is_not_held_is_worked_back_from_the_recorded_ends(
    simulated, key, ends, mean_open
):
    assert simulated.loc[key, "implied_ends_count"] == ends
    assert simulated.loc[key, "mean_open_count"] == mean_open


def test_without_an_opening_stock_and_recorded_ends_there_is_no_implied_end(simulated):
    assert np.isnan(simulated.loc[("982", 2014), "implied_ends_count"])
    assert np.isnan(simulated.loc[("982", 2014), "mean_open_count"])


def test_a_negative_number_of_ends_is_no_number(simulated):
    assert np.isnan(simulated.loc[("982", 2015), "implied_ends_count"])  # 50 + 10 - 120
    assert simulated.loc[("982", 2015), "mean_open_count"] == 85


def test_plans_of_six_months_and_more_need_no_long_band(simulated):
    # Open: 100 - 30 - 20 = 50, then 130 - 35 - 25 = 70. Ended in 2014: 118 - 20 - 18, as recorded.
    assert simulated.loc[("981", 2014), "mean_open_6_plus_count"] == 60
    assert simulated.loc[("981", 2014), "ended_6_plus_count"] == 80


def test_a_suppressed_short_band_leaves_no_figure_for_six_months_and_more(simulated):
    assert np.isnan(simulated.loc[("981", 2016), "ended_6_plus_count"])
    assert np.isnan(simulated.loc[("982", 2015), "mean_open_6_plus_count"])


def test_the_mean_stock_of_six_months_and_more_needs_both_ends_of_the_year(simulated):
    assert np.isnan(simulated.loc[("981", 2013), "mean_open_6_plus_count"])
    assert np.isnan(simulated.loc[("981", 2016), "mean_open_6_plus_count"])


def test_no_need_adds_the_two_ways_a_referral_is_closed(simulated):
    assert simulated.loc[("981", 2013), ["no_need_count", "referrals_in_need_count"]].tolist() == [
        350,
        650,
    ]
    assert simulated.loc[("982", 2014), ["no_need_count", "referrals_in_need_count"]].tolist() == [
        100,
        300,
    ]


def test_one_of_the_two_missing_leaves_no_sum(simulated):
    for key in (("981", 2014), ("982", 2015)):
        assert simulated.loc[key, ["no_need_count", "referrals_in_need_count"]].isna().all()


def test_the_year_before_is_by_year_and_never_by_row(simulated):
    before = year_before(simulated["plans_open_count"])
    assert before[("981", 2014)] == 100
    assert np.isnan(before[("981", 2016)])  # the row above is 2014
    assert np.isnan(before[("982", 2014)])  # the row above is another authority
    assert before[("982", 2015)] == 50


def test_deriving_leaves_the_published_counts_alone(simulated):
    assert simulated[COUNTS].equals(
        pd.DataFrame(list(SIMULATED.values()), simulated.index, COUNTS, dtype=float)
    )
    assert set(simulated.columns) == {*MEASURES, *measures.DERIVED}


def test_ratios_are_worked_on_the_log_scale_with_the_smaller_count(simulated):
    frame = series(simulated, "exit_rate")
    row = frame.loc[("981", 2014)]
    assert row.to_dict() == pytest.approx(
        {"top": 120, "bottom": 115, "value": 120 / 115, "log": 0.0425596144, "n": 115}, abs=1e-9
    )
    share = series(simulated, "no_need_share").loc[("981", 2013)]
    assert (share["value"], share["n"]) == (0.35, 350)


def test_a_ratio_of_nothing_is_zero_and_has_no_log_and_one_over_nothing_does_not_exist():
    index = pd.MultiIndex.from_product(
        [["981"], [2013, 2014, 2015, 2016, 2017]], names=["area_code", "year"]
    )
    counts = pd.DataFrame(
        {"repeat_plans_count": [10.0, 0, 5, NONE, 0], "plans_started_count": [40.0, 40, 0, 40, 0]},
        index,
    )
    frame = series(counts, "repeat_share").droplevel("area_code")
    np.testing.assert_array_equal(frame["value"], [0.25, 0, NONE, NONE, NONE])
    np.testing.assert_array_equal(frame["log"], [np.log(0.25), NONE, NONE, NONE, NONE])
    np.testing.assert_array_equal(frame["n"], [10, NONE, NONE, NONE, NONE])


@pytest.mark.parametrize("ratio", RATIOS.values(), ids=list(RATIOS))
def test_both_counts_of_every_ratio_are_in_the_panel(derived, ratio):
    assert ratio.top in derived
    assert ratio.bottom in derived
    mine = series(derived, ratio.name).xs("931", level="area_code")["log"]
    assert mine.notna().any()
    assert ratio.label and ratio.per > 0


# (measure, year, top, bottom) of Oxfordshire, typed from the publishers' files or worked out from
# them by hand.
BY_HAND = [
    ("open_per_child", 2013, 430, 138956),
    ("exit_rate", 2018, 609 + 773 - 687, (609 + 687) / 2),
    (
        "exit_rate",
        2010,
        306,
        (266 + 247) / 2,
    ),  # the stock of March 2009 worked back: 266 - 325 + 306 = 247
    ("no_need_share", 2014, 2269 + 721, 5905),
    ("referrals_in_need_per_child", 2016, 6750 - 565 - 2122, 141385),
    ("plans_per_enquiry", 2014, 579, 1582),
]


@pytest.mark.parametrize(("measure", "year", "top", "bottom"), BY_HAND)
def test_oxfordshire_has_the_ratios_worked_out_by_hand(derived, measure, year, top, bottom):
    row = series(derived, measure).loc[("931", year)]
    assert (row["top"], row["bottom"]) == (top, bottom)
    assert row["value"] == pytest.approx(top / bottom)
    assert row["n"] == min(top, bottom)


def test_the_share_of_referrals_without_need_hardly_moved_while_its_two_parts_changed_places(
    derived,
):
    # 43 per cent of referrals were closed with no further action in 2013 and 8 in 2016; the sum
    # went from 54 to 40.
    share = series(derived, "no_need_share").xs("931", level="area_code")["value"] * 100
    assert share.loc[2013:2024].round().tolist() == [54, 51, 43, 40, 48, 47, 44, 48, 46, 38, 38, 48]


def test_only_single_authorities_are_compared(derived):
    codes = measures.authorities(derived).index.get_level_values("area_code").unique()
    assert codes.str.fullmatch(r"\d{3}").all()
    assert 150 <= len(codes) <= 160
    assert {"931", "372", "201"} <= set(codes)


def test_a_number_that_is_not_held_is_nan_and_not_an_error(derived):
    assert measures.at(derived, "931", 2013, "plans_open_count") == 430
    assert np.isnan(measures.at(derived, "931", 1999, "plans_open_count"))
    assert np.isnan(measures.at(derived, "999", 2013, "plans_open_count"))
    assert np.isnan(measures.at(derived, "931", 2013, "no_such_count"))
