"""How far a measure moved: contrasts by hand, reference changes and ranks, planted outliers, and
local extremes.
"""

import dataclasses
from math import log, sqrt

import numpy as np
import pandas as pd
import pytest

import oxcare_analysis as ox
from oxcare_analysis.thinking import evidence
from oxcare_analysis.thinking.evidence import at_extreme, contrasts
from oxcare_analysis.thinking.findings import Estimate
from oxcare_analysis.thinking.study import Area, Study

WINDOWS = ((2010, 2014), (2013, 2015), (2013, 2018), (2015, 2018), (2018, 2021), (2021, 2024))
A, PHI = 0.01, 2.0
STARTS, ENQUIRIES = "plans_started_count", "enquiries_started_count"
# Simulated: (code, year) -> plans started of 100 enquiries.
SIMULATED = {
    "901": {2014: 50, 2015: 80, 2016: 70, 2017: 60, 2018: 90},
    "902": {2015: 80, 2016: 70, 2017: 60, 2018: 90},  # no year before the first
    "903": {2014: 50, 2015: 80, 2016: 70, 2017: 60},  # no last year
    "904": {2014: 50, 2015: 80, 2018: 90},  # no year before the last
    "905": {2014: 50, 2016: 70, 2017: 60, 2018: 90},  # no first year
    "906": {2014: 50, 2015: 0, 2017: 60, 2018: 90},  # nothing to take a log of
}


@pytest.fixture(scope="module")
def study(tables):
    return ox.load("Oxfordshire", 2013, 2018)


def planted(panel, first, last, code="901", neighbours=()):
    """A study of a simulated panel, with the same noise for every measure and no published figure
    behind it.
    """
    noise = pd.DataFrame(
        {"measure": list(evidence.measures.RATIOS), "a": A, "phi": PHI, "sigma": 0.1}
    )
    area = Area(code, "E00000000", "Testshire", "E12000008", 2010, 2025)
    nothing = pd.DataFrame(columns=["area_code", "year", "measure", "status", "note"])
    return Study(
        area,
        first,
        last,
        "2026-04",
        panel,
        nothing,
        noise,
        tuple(neighbours),
        {},
        nothing,
        nothing,
        {},
    )


def simulated(counts, top=STARTS, bottom=ENQUIRIES):
    rows = {
        (code, year): (float(n), 100.0)
        for code, years in counts.items()
        for year, n in years.items()
    }
    index = pd.MultiIndex.from_tuples(rows, names=["area_code", "year"])
    return pd.DataFrame(list(rows.values()), index, [top, bottom]).sort_index()


def v(*counts):
    """Variance of the mean of logs whose smaller counts are these."""
    return sum(A + PHI / n for n in counts) / len(counts) ** 2


# Contrasts by hand


def test_the_change_is_between_two_year_means_and_its_error_is_that_of_four_years():
    row = contrasts(planted(simulated(SIMULATED), 2015, 2018), "plans_per_enquiry", 2015, 2018).loc[
        "901"
    ]
    assert row["base"] == pytest.approx((log(0.5) + log(0.8)) / 2)
    assert row["end"] == pytest.approx((log(0.6) + log(0.9)) / 2)
    assert row["estimate"] == pytest.approx(0.5 * log(0.54 / 0.40))
    assert row["se"] == pytest.approx(
        sqrt((4 * 0.01 + 2 * (1 / 50 + 1 / 80 + 1 / 60 + 1 / 90)) / 4)
    )
    assert row["n"] == 80
    assert evidence.years_of(2015, 2018, "plans_per_enquiry") == ((2014, 2015), (2017, 2018))


@pytest.mark.parametrize(
    ("code", "change", "variance", "base_years", "end_years"),
    [
        ("902", log(0.54) / 2 - log(0.8), v(80) + v(60, 90), (2015,), (2017, 2018)),
        ("904", log(0.9) - log(0.4) / 2, v(50, 80) + v(90), (2014, 2015), (2018,)),
    ],
)
def test_a_year_beside_the_window_that_is_not_held_is_left_out(
    code, change, variance, base_years, end_years
):
    row = contrasts(planted(simulated(SIMULATED), 2015, 2018), "plans_per_enquiry", 2015, 2018).loc[
        code
    ]
    assert row["estimate"] == pytest.approx(change)
    assert row["se"] == pytest.approx(sqrt(variance))
    e = evidence.estimate(planted(simulated(SIMULATED), 2015, 2018, code), "plans_per_enquiry")
    assert (e.base_years, e.end_years) == (base_years, end_years)


def test_an_authority_without_the_first_or_the_last_year_has_no_change():
    everyone = contrasts(planted(simulated(SIMULATED), 2015, 2018), "plans_per_enquiry", 2015, 2018)
    assert list(everyone.index) == ["901", "902", "904"]
    assert contrasts(
        planted(simulated(SIMULATED), 2015, 2019), "plans_per_enquiry", 2015, 2019
    ).empty


def test_a_window_of_one_year_does_not_use_its_first_year_twice():
    row = contrasts(planted(simulated(SIMULATED), 2015, 2016), "plans_per_enquiry", 2015, 2016).loc[
        "901"
    ]
    assert row["estimate"] == pytest.approx(log(0.7) - log(0.4) / 2)
    assert row["se"] == pytest.approx(sqrt(v(50, 80) + v(70)))
    assert evidence.years_of(2015, 2016, "plans_per_enquiry") == ((2014, 2015), (2016,))


def test_a_year_before_the_measure_was_comparable_is_no_part_of_the_base():
    counts = {"901": {2011: 20, 2012: 10, 2013: 50, 2014: 60, 2015: 90}}
    panel = simulated(counts, "conferences_held_count", ENQUIRIES)
    row = contrasts(planted(panel, 2013, 2015), "conferences_per_enquiry", 2013, 2015).loc["901"]
    assert row["estimate"] == pytest.approx(log(0.54) / 2 - log(0.5))
    years = [evidence.years_of(b, 2015, "conferences_per_enquiry")[0] for b in (2013, 2014)]
    assert years == [(2013,), (2013, 2014)]
    before = contrasts(planted(panel, 2012, 2013), "conferences_per_enquiry", 2011, 2012).loc["901"]
    assert before["estimate"] == pytest.approx(log(0.5))  # the early years with one another


def test_a_window_across_the_year_a_measure_became_comparable_gives_no_estimate(study):
    e = evidence.estimate(study, "conferences_per_enquiry", 2012, 2015)
    assert not e.known
    assert e.missing == "not comparable before and after 2013"
    assert evidence.estimate(study, "plans_per_enquiry", 2012, 2015).known


@pytest.mark.parametrize(("code", "named"), [("903", "2018"), ("905", "2015")])
def test_a_missing_end_of_the_window_is_said_by_year(code, named):
    e = evidence.estimate(planted(simulated(SIMULATED), 2015, 2018, code), "plans_per_enquiry")
    assert not e.known
    assert f"no figure for {named}" in e.missing or f"no usable figure for {named}" in e.missing


def test_a_count_of_nothing_is_said_to_be_unusable_and_not_unpublished():
    e = evidence.estimate(planted(simulated(SIMULATED), 2015, 2018, "906"), "plans_per_enquiry")
    assert e.missing == "no usable figure for 2015"


def test_the_publishers_reason_stands_where_a_figure_was_not_published(tables):
    city = ox.load("City of London", 2013, 2018)
    assert (
        "suppressed to protect confidentiality"
        in evidence.estimate(city, "plans_per_enquiry").missing
    )


def test_an_estimate_shows_the_levels_it_compares(study):
    e = evidence.estimate(study, "plans_per_enquiry")
    assert e.level_from == pytest.approx(100 * sqrt(477 / 1218 * 446 / 1313))
    assert e.level_to == pytest.approx(100 * sqrt(800 / 1927 * 773 / 1805))
    assert e.estimate == pytest.approx(log(e.level_to / e.level_from))
    assert (e.base_years, e.end_years) == ((2012, 2013), (2017, 2018))
    assert e.neighbour_of == 11 and 1 <= e.neighbour_rank <= 11


def test_without_a_noise_model_there_is_no_standard_error_and_no_estimate():
    # Fewer than twenty authorities are held, as in a folder with one council's own files.
    study = planted(simulated(SIMULATED), 2015, 2018)
    unknown = dataclasses.replace(study, noise=study.noise.assign(a=np.nan, phi=np.nan))
    e = evidence.estimate(unknown, "plans_per_enquiry")
    assert not e.known
    assert e.missing


def test_a_window_shorter_than_a_year_has_no_estimate(study):
    assert (
        evidence.estimate(study, "exit_rate", 2018, 2018).missing
        == "the window is shorter than a year"
    )


# A separate reading of the same tables: log change of Oxfordshire, rank of its rise, rank with the
# starting level
# allowed for, by window (two-year means; one-year base in 2010).
REFERENCE = {
    "plans_per_enquiry": [
        (-0.27, 76, 89), (0.05, 38, 63), (0.15, 21, 25), (0.10, 27, 22), (-0.07, 73, 46), (-0.18, 89, 66)],
    "exit_rate": [
        (-0.16, None, None), (-0.03, 89, 111), (0.06, 75, 109), (0.09, 57, 97), (0.24, 6, 14), (-0.21, 133, 111)],
    "enquiries_per_child": [
        (0.70, 36, 58), (0.21, 75, 81), (0.36, 84, 98), (0.15, 81, 99), (-0.03, 87, 103), (0.04, 92, 105)],
    "plans_started_per_child": [
        (0.43, 32, 75), (0.26, 41, 67), (0.50, 21, 35), (0.24, 41, 51), (-0.10, 79, 85), (-0.15, 100, 114)],
}  # fmt: skip
CASES = [
    (m, w, *row) for m, rows in REFERENCE.items() for w, row in zip(WINDOWS, rows, strict=True)
]
LABELS = [f"{m} {w[0]}-{w[1]}" for m, w, *_ in CASES]


@pytest.mark.parametrize(("measure", "window", "change", "rank", "given_start"), CASES, ids=LABELS)
def test_oxfordshire_moved_as_in_the_reference_and_ranks_within_six(
    study, measure, window, change, rank, given_start
):
    everyone = contrasts(study, measure, *window)
    assert everyone.loc["931", "estimate"] == pytest.approx(change, abs=0.015)
    assert evidence.estimate(study, measure, *window).estimate == everyone.loc["931", "estimate"]
    if rank:
        assert everyone["estimate"].rank(ascending=False)["931"] == pytest.approx(rank, abs=6)
        # One size for everybody: only the starting level is allowed for. Up to eight more
        # authorities are ranked here.
        assert placebo(everyone.assign(n=1.0), "931")[0] == pytest.approx(given_start, abs=8)


# 95 per cent half-widths of the same reading, for the measures whose noise it measured as we do.
@pytest.mark.parametrize(
    ("measure", "half_width"),
    [("exit_rate", 0.205), ("enquiries_per_child", 0.16), ("plans_started_per_child", 0.22)],
)
def test_intervals_of_a_large_authority_are_about_as_wide_as_in_the_reference(
    study, measure, half_width
):
    e = evidence.estimate(study, measure, 2013, 2018)
    assert (e.high - e.low) / 2 == pytest.approx(half_width, rel=0.15)


# Ranks


def everyone_with(outlier, number, slope=0.0):
    """Simulated changes without noise worth the name; the last authority moved by `outlier`
    besides.
    """
    random = np.random.default_rng(7)
    base, n = random.normal(0, 0.5, number), np.exp(random.uniform(4, 7, number))
    change = slope * base + random.normal(0, 0.05, number)
    change[-1] += outlier
    codes = pd.Index([f"{i:03d}" for i in range(number)], name="area_code")
    return pd.DataFrame({"estimate": change, "base": base, "n": n}, codes), codes[-1]


def placebo(everyone, code):
    """An authority's place among all."""
    return evidence.placebo(evidence.ranks(everyone), code)


@pytest.mark.parametrize(("outlier", "rank"), [(1.0, 1), (-1.0, 150)])
def test_a_planted_outlier_ranks_first_or_last_and_is_peculiar(outlier, rank):
    assert placebo(*everyone_with(outlier, 150)) == (rank, 150, True)


def test_an_ordinary_change_is_not_peculiar():
    rank, of, peculiar = placebo(*everyone_with(0.0, 150))
    assert 10 < rank < 140
    assert (of, peculiar) == (150, False)


@pytest.mark.parametrize(("number", "peculiar"), [(39, False), (40, True)])
def test_being_first_is_peculiar_only_among_forty_or_more(number, peculiar):
    assert placebo(*everyone_with(1.0, number)) == (
        1,
        number,
        peculiar,
    )  # 2 / 40 is not under .05, 2 / 41 is


@pytest.mark.parametrize(("number", "rank"), [(19, None), (20, 1)])
def test_nobody_is_ranked_among_fewer_than_twenty(number, rank):
    assert placebo(*everyone_with(1.0, number))[:2] == (rank, number)


def test_a_change_that_its_start_explains_does_not_stand_out():
    everyone, code = everyone_with(0.0, 150, slope=-0.8)
    everyone.loc[code, "base"] = -3.0
    everyone.loc[code, "estimate"] = (
        -0.8 * -3.0
    )  # the largest rise of all, as its low start predicts
    assert everyone["estimate"].idxmax() == code
    rank, _, peculiar = placebo(everyone, code)
    assert 20 < rank < 130
    assert peculiar is False


def test_a_change_that_its_size_explains_does_not_stand_out():
    everyone, code = everyone_with(0.0, 150)
    everyone["estimate"] += 0.5 * np.log(everyone["n"])
    everyone.loc[code, ["n", "estimate"]] = [np.exp(12), 6.0]
    assert everyone["estimate"].idxmax() == code
    rank, _, peculiar = placebo(everyone, code)
    assert 20 < rank < 130
    assert peculiar is False


def test_rank_one_is_the_largest_rise():
    counts = {f"{900 + i}": {2014: 50, 2015: 50, 2017: 50 + i % 5, 2018: 50} for i in range(40)}
    counts["901"] = {2014: 50, 2015: 50, 2017: 95, 2018: 95}
    counts["902"] = {2014: 50, 2015: 50, 2017: 20, 2018: 20}
    near = ["902", "903", "904"]
    up = evidence.estimate(planted(simulated(counts), 2015, 2018, "901", near), "plans_per_enquiry")
    down = evidence.estimate(
        planted(simulated(counts), 2015, 2018, "902", ["901"]), "plans_per_enquiry"
    )
    assert (up.placebo_rank, up.placebo_of, up.peculiar) == (1, 40, True)
    assert (down.placebo_rank, down.peculiar) == (40, True)
    assert (up.neighbour_rank, up.neighbour_of) == (1, 4)
    assert (down.neighbour_rank, down.neighbour_of) == (2, 2)


# Local extremes


@pytest.mark.parametrize(
    ("window", "said"),
    [
        (
            (2018, 2021),
            ["starts at a local high of the series", "ends at a local low of the series"],
        ),
        ((2021, 2024), ["starts at a local low of the series"]),
        ((2013, 2018), ["ends at a local high of the series"]),
        ((2013, 2015), []),
    ],
)
def test_windows_of_oxfordshire_at_a_peak_or_a_trough_say_so(study, window, said):
    assert at_extreme(dataclasses.replace(study, first_year=window[0], last_year=window[1])) == said


@pytest.mark.parametrize(
    ("stock", "said"),
    [
        ([5, 6, 9, 6, 5, 5, 5], ["starts at a local high of the series"]),
        ([5, 4, 3, 4, 5, 5, 5], ["starts at a local low of the series"]),
        ([5, 9, 9, 6, 5, 5, 5], []),  # no higher than the year before
        ([9, 6, 8, 6, 5, 5, 5], []),  # two years earlier was higher
        ([None, None, 9, 6, 5, 5, 5], []),  # nothing before it to compare with
        ([None, 6, 9, 6, 5, 5, 5], ["starts at a local high of the series"]),
    ],
)
def test_an_extreme_is_higher_or_lower_than_two_years_either_side(stock, said):
    held = {year: n for year, n in zip(range(2013, 2020), stock, strict=True) if n is not None}
    panel = simulated({"901": held}, "plans_open_count", "children_0_17_count")
    assert at_extreme(planted(panel, 2015, 2018)) == said


@pytest.mark.parametrize(
    ("base", "end", "steps"),
    [
        (
            (2014, 2015),
            (2019, 2020),
            5 - 1 / 2,
        ),  # two-year means: one quarter, four whole, one quarter
        (
            (2013,),
            (2018, 2019),
            6 - 3 / 4,
        ),  # a single year to a two-year mean: five whole and one quarter
        ((2013,), (2018,), 5),
    ],
)
def test_drift_between_two_means_adds_up_to_the_steps_between_them(base, end, steps):
    change = Estimate("exit_rate", "exits", 0.1, 0.1, base_years=base, end_years=end)
    assert (evidence.weights(change).cumsum() ** 2).sum() == pytest.approx(steps)
