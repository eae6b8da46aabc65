"""The widgets: every control changes the view, the view is what the public functions give, and the
code repeats it.
"""

import re

import pytest

import oxcare_analysis as ox
from oxcare_analysis.words.errors import UsageError


@pytest.fixture(scope="module")
def study(tables):
    return ox.load("Oxfordshire", 2013, 2018)


@pytest.fixture
def view(study):
    return ox.explore(study)


def alt(view):
    return re.search(r'<img alt="([^"]*)"', view.chart.value)[1]


def repeated(view):
    """What the code of a view displays when it is run."""
    shown = []
    exec(view.code.value, {"display": lambda *things: shown.extend(things)})
    return shown


def same(view):
    """Whether the code of a view gives the chart and both readings that stand in it."""
    chart, told, verdict = repeated(view)
    return [chart.html(), told._repr_html_(), verdict._repr_html_()] == [
        view.chart.value,
        view.told.value,
        view.verdict.value,
    ]


def test_the_first_view_is_the_study_given(view, study):
    assert "Oxfordshire rose from 30.9 to 48.1 between 2013 and 2018" in alt(view)
    assert view.verdict.value == ox.say(ox.assess(study, "entry_threshold"))._repr_html_()
    assert same(view)


def test_a_measure_chosen_is_the_measure_drawn(view):
    view.measure.value = "exit_rate"
    assert alt(view).startswith("Line chart of plans ended per 100 open.")
    assert same(view)


def test_a_window_chosen_is_the_window_read(view):
    view.window.value = (2015, 2018)
    assert "between 2015 and 2018" in alt(view)
    assert (view.study.first_year, view.study.last_year) == (2015, 2018)
    assert same(view)


def test_an_area_chosen_is_loaded_and_named_everywhere(view):
    view.area.value = "Rotherham"
    assert "Rotherham" in alt(view) and "Rotherham" in view.told.value
    assert (
        "Oxfordshire"
        not in view.chart.value + view.told.value + view.verdict.value + view.code.value
    )
    assert same(view)


def test_comparators_left_out_are_not_drawn(view):
    view.comparators["england"].value = False
    assert "England" not in alt(view)
    assert "neighbour" in alt(view)
    view.comparators["neighbours"].value = False
    assert "neighbour" not in alt(view)
    assert same(view)


def test_another_hypothesis_is_read_and_the_chart_stays(view, study):
    before = view.chart.value
    view.hypothesis.value = "awareness"
    assert view.verdict.value == ox.say(ox.assess(study, "awareness"))._repr_html_()
    assert view.chart.value is before
    assert same(view)


def test_a_window_of_no_year_is_answered_in_words_and_the_view_stays(view):
    before = view.chart.value, view.code.value
    view.window.value = (2015, 2015)
    assert "two different years" in view.told.value
    assert (view.chart.value, view.code.value) == before


def test_an_area_with_other_years_fits_the_window_to_them(view):
    view.area.value = "Bournemouth, Christchurch and Poole"
    assert view.window.min >= 2019
    assert "Bournemouth" in view.code.value + view.told.value
    view.area.value = "Oxfordshire"
    assert view.window.min <= 2010


def test_a_measure_without_a_figure_is_a_line_that_says_so(view):
    view.area.value = "City of London"
    view.measure.value = "exit_hazard_6_plus"
    assert view.chart.value.startswith('<p class="nothing">No chart:')


def test_a_comparator_that_is_not_known_is_refused(study):
    with pytest.raises(UsageError, match="beside neighbours and england; got"):
        ox.charts.comparison(ox.compare(study, "open_per_child"), beside=("Wales",))
