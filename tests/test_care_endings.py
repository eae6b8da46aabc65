"""Endings into care: bounds by hand from the council's routes table, worst cases, and no number
that nobody has.
"""

import dataclasses
from math import inf, log, sqrt

import numpy as np
import pandas as pd
import pytest

import oxcare_analysis as ox
from oxcare_analysis.thinking import care_endings as endings

NOTHING_STATED = pd.Series(dtype=float)


@pytest.fixture(scope="module")
def study(tables):
    return ox.load("Oxfordshire", 2013, 2018)


@pytest.fixture(scope="module")
def found(study):
    return ox.care_endings(study)


def planted(study, **columns):
    """The study with columns of its own area's table set, for every year."""
    panel = study.panel.copy()
    mine = panel.index.get_level_values("area_code") == study.area.code
    for name, value in columns.items():
        panel.loc[mine, name] = value
    return dataclasses.replace(study, panel=panel)


def test_the_routes_table_bounds_the_years_it_covers(found):
    # Paragraph 13 of the 2014 report: 123 of 247 entrants and 163 of 298 had been on a plan; 380
    # and 503 plans ended.
    rows = found.table.set_index("year")
    assert rows.loc[[2013, 2014], "plans_ended"].tolist() == [380, 503]
    assert rows.loc[[2013, 2014], "into_care_high"].tolist() == [123, 163]
    assert rows.loc[2013, "care_starts"] == 247
    assert rows.index[rows["stated"]].tolist() == [2013, 2014]
    # 430 − 364 = 446 − 380 implied ends over a mean stock of 397; 505 over 467.
    assert rows.loc[
        2013, ["exit_rate", "step_down_low", "step_down_high"]
    ].tolist() == pytest.approx([380 / 397, (380 - 123) / 397, 380 / 397])
    assert rows.loc[2014, "step_down_low"] == pytest.approx((505 - 163) / 467)
    assert 123 / 380 == pytest.approx(163 / 503, abs=0.001)  # "up to a third", in both years


def test_elsewhere_the_bound_is_the_smaller_of_plans_ended_and_care_starts(found, study):
    rows = found.table.set_index("year")
    assert rows.loc[2018, "into_care_high"] == 304 == rows.loc[2018, "care_starts"]
    assert (rows["into_care_low"] == 0).all()
    flooded = endings.care_endings(
        planted(study, looked_after_started_count=10_000.0), NOTHING_STATED
    )
    assert (
        flooded.table["step_down_low"].abs() < 0.02
    ).all()  # recorded and implied ends differ by a few
    assert (flooded.table["into_care_high"] <= flooded.table["plans_ended"]).all()


def test_care_starts_that_are_not_published_leave_every_ending_in_doubt(study):
    blind = endings.care_endings(planted(study, looked_after_started_count=np.nan), NOTHING_STATED)
    year = blind.table.set_index("year").loc[2013]
    assert (year["into_care_high"], year["step_down_low"]) == (380, 0)
    assert (blind.low, blind.high) == (-inf, inf)
    assert not blind.sign_survives
    assert "a change without limit" in ox.say(blind)


def test_the_change_is_bounded_by_the_worst_case_at_each_end(found):
    # Base 2012 and 2013, end 2017 and 2018. Implied ends, stock and care starts as published.
    exits = log(sqrt(762 / 590 * 695 / 648)) - log(sqrt(445 / 348 * 380 / 397))
    low = log(sqrt((762 - 353) / 590 * (695 - 304) / 648)) - log(sqrt(445 / 348 * 380 / 397))
    high = log(sqrt(762 / 590 * 695 / 648)) - log(sqrt((445 - 253) / 348 * (380 - 123) / 397))
    assert found.change.estimate == pytest.approx(exits)
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))
    assert found.low < found.change.estimate < found.high
    assert not found.sign_survives


def test_with_no_care_starts_the_bounds_close_on_the_exit_rate_and_the_sign_survives(study):
    none = endings.care_endings(planted(study, looked_after_started_count=0.0), NOTHING_STATED)
    assert (none.low, none.high) == (
        pytest.approx(none.change.estimate),
        pytest.approx(none.change.estimate),
    )
    assert none.sign_survives
    assert "has the same sign at both extremes" in ox.say(none)


def test_a_document_is_not_read_before_it_came_out(tables):
    early = ox.care_endings(ox.load("Oxfordshire", 2011, 2013, "2014-08"))
    assert not early.table["stated"].any()
    assert early.table.set_index("year").loc[2013, "into_care_high"] == 247


def test_another_authority_has_no_routes_table(tables):
    assert not ox.care_endings(ox.load("Rotherham", 2013, 2018)).table["stated"].any()


def test_where_plans_ended_are_not_published_it_says_so(tables):
    city = ox.care_endings(ox.load("City of London", 2013, 2018))
    assert city.missing
    assert ox.say(city).startswith(
        "How many plans in City of London ended because the child came into care cannot be"
    )


def test_plans_ended_that_are_not_published_are_marked_as_implied(found):
    # March 2024 to March 2025: 532 open, 563 started, 527 open a year on, so 568 left; 2024's 608
    # are published.
    rows = found.table.set_index("year")
    assert rows.loc[2025, ["plans_ended", "implied"]].tolist() == [532 + 563 - 527, True]
    shown = ox.exhibits.links(found)
    ended = shown.table.set_index("Year ending 31 March")["Plans ended"]
    assert ended[["2024", "2025"]].tolist() == ["608", "568 (implied)"]
    assert "not published" in shown.caption


def test_the_sentence_gives_the_record_s_own_numbers(found):
    said = ox.say(found)
    for words in (
        "In 2013 the council counted 123 children",
        "In 2014 the council counted 163 children",
        "a rise of 6 per cent",
        "a fall of 42 per cent and a rise of 97 per cent",
        "can have either sign",
    ):
        assert words in said
    assert "nan" not in said
