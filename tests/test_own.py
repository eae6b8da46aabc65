"""What page 31 shows of own records: marked simulated where they are, protected everywhere, silent
about no child.
"""

import re
from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

import oxcare_analysis as ox
from oxcare_analysis import own
from oxcare_analysis.local import disclosed, held_months, store
from oxcare_analysis.local.simulator import simulate
from oxcare_analysis.refresh.asked import Request
from oxcare_analysis.showing.drawing import Chart, Nothing
from oxcare_analysis.words.errors import UsageError

NO_NUMBER = re.compile(r"\b(nan|NaN|inf|None|NaT)\b|<NA>")
MADE = {
    "records": ox.own_records,
    "funnel": ox.own_funnel,
    "stays": ox.own_stays,
    "hazards": ox.own_hazards,
    "limits": ox.own_control,
    "limits of a share": lambda study, **more: ox.own_control(study, "found_in_need", **more),
    "ledger": ox.own_ledger,
    "verdicts": ox.own_verdicts,
    "beside published": ox.own_against_published,
}
CHARTS = {
    "funnel": ox.charts.own_funnel,
    "stays": ox.charts.own_stays,
    "hazards": ox.charts.own_hazards,
    "limits": ox.charts.own_control,
    "limits of a share": ox.charts.own_control,
    "ledger": ox.charts.own_ledger,
    "verdicts": ox.charts.own_verdicts,
}
TABLES = {
    "records": [ox.exhibits.own_records],
    "funnel": [ox.exhibits.own_funnel, ox.exhibits.own_kinds],
    "stays": [ox.exhibits.own_stays, ox.exhibits.own_endings],
    "hazards": [ox.exhibits.own_hazards],
    "limits": [ox.exhibits.own_control],
    "ledger": [ox.exhibits.own_ledger],
    "verdicts": [ox.exhibits.own_verdicts, ox.exhibits.own_measures],
    "beside published": [ox.exhibits.own_against_published],
}


@pytest.fixture(scope="module")
def records():
    return simulate(children=60_000, months=84, cause="exit_threshold", seed=5)


@pytest.fixture(scope="module")
def folder(records, tmp_path_factory):
    """A data folder with the months of the simulated records."""
    place = tmp_path_factory.mktemp("own")
    held_months.write(records, place)
    return place


@pytest.fixture(scope="module")
def study(tables):
    return ox.load("Oxfordshire", 2013, 2018)


@pytest.fixture
def holding(monkeypatch):
    """A function that makes the package hold these records."""

    def hold(records):
        monkeypatch.setattr(store, "load", lambda data_dir=None: SimpleNamespace(records=records))
        monkeypatch.setattr(store, "fingerprint", lambda data_dir=None: str(id(records)).encode())

    return hold


@pytest.fixture(scope="module")
def found(records, folder, study):
    """A function that gives one result of the simulated records, once."""

    def make(what):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(store, "load", lambda data_dir=None: SimpleNamespace(records=records))
            patch.setattr(store, "fingerprint", lambda data_dir=None: b"simulated")
            return MADE[what](study, data_dir=folder)

    return cache(make)


@pytest.mark.parametrize("what", MADE)
def test_what_is_said_of_simulated_records_says_that_they_are(found, what):
    said = ox.say(found(what))
    assert "SIMULATED" in said or "simulated" in said
    assert said.endswith(".") and not NO_NUMBER.search(said)
    assert not re.search(r"_|  | ,| \.|\(\)|\b1 children\b", said)


@pytest.mark.parametrize("what", CHARTS)
def test_a_chart_of_simulated_records_says_so_in_title_and_source(found, what):
    chart = CHARTS[what](found(what))
    assert isinstance(chart, Chart) and "SIMULATED" in chart.title and "simulated" in chart.source
    assert 60 <= len(chart.alt) <= 300 and re.search(r"\d|supported", chart.alt)
    assert not NO_NUMBER.search(chart.alt + chart.title + chart.note) and not chart.alt.endswith(
        "…"
    )
    assert len(chart.table) >= 2 and not chart.own
    assert chart.png.startswith(b"\x89PNG")


@pytest.mark.parametrize("what", TABLES)
def test_a_table_of_simulated_records_says_so(found, what):
    for make in TABLES[what]:
        shown = make(found(what))
        assert "SIMULATED" in shown.caption
        if len(shown.table.columns):
            assert "simulated" in shown.source and not NO_NUMBER.search(shown.table.to_string())


def test_the_ledger_that_is_shown_is_in_fives_and_still_adds_up(found):
    x = found("ledger")
    for bars in (x.table, x.subtotals):
        assert (bars["plans"] % 5 == 0).all() and bars["plans"].sum() + x.momentum == x.change
    assert x.open_from % 5 == x.open_to % 5 == 0


def test_every_count_that_is_shown_is_a_multiple_of_five_and_none_is_under_ten(found):
    counts = [
        found("records").table.drop(columns="year"),
        found("funnel").table.drop(columns="year"),
        found("funnel").kinds.drop(columns="year"),
        found("funnel").months,
        found("stays").endings[["plans"]],
        found("stays").table[["plans"]],
        found("hazards").table[["stepped_down"]],
        found("limits").table[["events"]],
    ]
    for table in counts:
        values = table.to_numpy(dtype=float).ravel()
        values = values[np.isfinite(values)]
        assert len(values) and (values % 5 == 0).all() and (values >= 10).all()


def test_a_curve_moves_in_steps_of_ten_endings_and_gives_no_share_closer_than_a_whole_per_cent(
    found,
):
    curve = found("stays").curve
    assert curve["days"].is_monotonic_increasing
    assert "ended" not in curve and "death" not in curve
    assert np.allclose(curve["on_plan"] * 100, (curve["on_plan"] * 100).round())
    assert (curve["at_risk"].dropna() % 5 == 0).all()


def test_nothing_shown_holds_a_child(found, records):
    pages = [str(ox.say(found(what))) for what in MADE]
    pages += [CHARTS[what](found(what)).html() for what in CHARTS]
    pages += [make(found(what)).html() for what in TABLES for make in TABLES[what]]
    shown = "\n".join([*pages, *(repr(found(what)) for what in MADE)])
    words = set(re.findall(r"[\w-]+", shown))
    assert "SIMULATED" in words
    for people in (
        records.persons["person_id"],
        records.plans["plan_id"],
        records.persons["family_id"],
        records.persons["birth_date"].dropna().dt.strftime("%Y-%m-%d"),
    ):
        assert not words & set(people.dropna())


def test_the_planted_cause_is_told_in_words(found):
    assert [
        row.hypothesis for row in found("verdicts").table.itertuples() if row.verdict == "supported"
    ] == ["exit_threshold"]
    assert "That the bar for coming off a plan rose: supported." in ox.say(found("verdicts"))


def test_exact_numbers_are_for_the_analyst_alone_and_their_charts_do_not_hand_themselves_over(
    study, records, folder, holding
):
    holding(records)
    exact = ox.own_stays(study, folder, protect=False)
    assert exact.exact and "exact counts" in exact.source
    assert exact.endings["plans"].sum() + exact.open == exact.plans
    chart = ox.charts.own_stays(exact)
    assert chart.own and list(chart._repr_mimebundle_()) == ["text/html", "text/plain"]


@pytest.mark.parametrize("what", [name for name in MADE if not name.startswith("limits")])
def test_without_records_each_says_so_in_one_line(study, tmp_path, what):
    result = MADE[what](study, data_dir=tmp_path)
    said = str(ox.say(result))
    assert "\n" not in said and re.search(r"no records|no year|months in a row", said, re.I)
    if what in CHARTS:
        assert isinstance(CHARTS[what](result), Nothing)
    assert all(make(result).html() == "" for make in TABLES.get(what, []))


def test_with_the_monthly_counts_alone_limits_and_ledger_are_still_drawn(study, folder):
    assert isinstance(ox.charts.own_control(ox.own_control(study, data_dir=folder)), Chart)
    assert ox.own_ledger(study, folder).testable
    assert "records" in ox.own_control(study, "found_in_need", folder).missing


def test_records_without_families_or_care_are_told_with_what_that_means(
    study, records, folder, holding
):
    holding(
        records.with_tables(
            {"care": records.care.iloc[:0], "persons": records.persons.assign(family_id=None)}
        )
    )
    for make in (ox.own_stays, ox.own_hazards, ox.own_verdicts):
        assert "Keep in mind: these records hold no periods of care" in ox.say(make(study, folder))
    kinds = ox.exhibits.own_kinds(ox.own_funnel(study, folder)).table
    assert set(kinds["Families"]) == {"not known"} and "families" not in ox.say(
        ox.own_funnel(study, folder)
    )


def test_records_of_another_authority_are_not_told_as_this_ones(study, records, folder, holding):
    holding(replace(records, simulated=False, area="Rotherham"))
    assert (
        ox.own_verdicts(study, folder).missing
        == "the records held are of Rotherham, not of Oxfordshire"
    )
    holding(replace(records, simulated=False, area="oxfordshire"))
    assert not ox.own_records(study, folder).missing


def test_own_figures_that_are_not_simulated_stand_beside_the_published_ones(
    study, records, folder, holding
):
    holding(replace(records, simulated=False, area="Oxfordshire"))
    beside = ox.own_against_published(study, folder)
    assert len(beside.table) and beside.agreeing < len(beside.table)
    assert "published" in ox.say(beside) and "SIMULATED" not in ox.say(beside)


def test_months_of_simulated_records_say_so_and_carry_no_event_of_a_real_place(
    study, records, folder, monkeypatch
):
    monkeypatch.setattr(store, "simulated", lambda data_dir=None: True)
    months = ox.months(study, "plans_started", own=True, data_dir=folder)
    assert (
        months.area == "SIMULATED RECORDS" and "simulated" in months.source and months.steps.empty
    )


def test_a_chart_that_does_not_exist_is_refused_in_one_paragraph(study):
    with pytest.raises(UsageError, match="no control chart of 'staff'"):
        ox.own_control(study, "staff")


def test_the_page_is_made_again_when_the_records_change(tmp_path, monkeypatch):
    request = Request("Oxfordshire", None, None, "latest", tmp_path, tmp_path, alone=True)
    assert request.own_months == b""
    monkeypatch.setattr(store, "fingerprint", lambda data_dir=None: b"one snapshot")
    before = request.own_months
    monkeypatch.setattr(store, "fingerprint", lambda data_dir=None: b"two snapshots")
    assert b"" != before != request.own_months
    assert not replace(request, alone=False).own_months


def test_a_published_hash_over_own_months_confirms_no_guess_at_them(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "fingerprint", lambda data_dir=None: b"one snapshot")
    here, there = (
        Request("Oxfordshire", None, None, "latest", tmp_path, tmp_path / place, alone=True)
        for place in ("here", "there")
    )
    for request in (here, there):
        request.data_dir.mkdir()
    assert here.own_months == here.own_months != there.own_months
    assert len(disclosed.secret(here.data_dir)) == 32


def test_the_door_holds_no_more_than_the_page_needs():
    assert {name for name in ox.__all__ if name.startswith("own_")} == {
        name
        for name, function in vars(own).items()
        if name.startswith("own_") and callable(function)
    }


def test_the_total_of_a_year_is_held_back_in_every_table_that_has_it(
    records, study, holding, tmp_path, monkeypatch
):
    same = replace(records)  # none of its results are at hand yet
    holding(same)
    held_months.write(same, tmp_path)
    whole = own.showable.years
    monkeypatch.setattr(
        own.showable, "years", lambda *given: whole(*given).drop("2024").reindex(given[0].index)
    )
    funnel, stays = ox.own_funnel(study, tmp_path), ox.own_stays(study, tmp_path)
    for table, year, column in (
        (funnel.kinds, 2024, "plans"),
        (funnel.table, 2024, "referrals"),
        (stays.table, "2024", "plans"),
    ):
        name = "cohort" if isinstance(year, str) else "year"
        shown = table.set_index(name)[column]
        assert np.isnan(shown[year]).all() and shown.notna().sum() > 1
