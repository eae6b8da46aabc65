"""The worked cases of docs/why_figures_differ.md, worked again from the figures held."""

import re

import pytest

from oxcare_analysis.words import paths

OXFORDSHIRE, KINGSTON, RICHMOND, PAIR, WEST_SUSSEX = "931", "314", "318", "314 / 318", "938"
REASONS = (
    "Rebased population",
    "Vintage",
    "Rounding",
    "Suppression",
    "Plans against children",
    "Joint authorities",
    "Local against census counts",
)


@pytest.fixture(scope="module")
def cases():
    """Reason → the numbers of its worked case, as printed."""
    text = (paths.PROJECT / "docs" / "why_figures_differ.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", text, flags=re.MULTILINE)
    return {reason: re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", case) for reason, case in rows}


@pytest.fixture(scope="module")
def held(tables):
    """A function: the value of a figure as an edition and table print it."""

    def value(area, year, measure, table, edition="2025"):
        f = tables.figures
        found = f[
            (f["area_code"] == area)
            & (f["year"] == year)
            & (f["measure"] == measure)
            & (f["table"] == table)
            & (f["edition"] == edition)
        ]
        assert found["value"].nunique(dropna=False) == 1
        return found.iloc[0]

    return value


@pytest.mark.parametrize("reason", REASONS)
def test_every_named_reason_has_a_case_with_figures(cases, reason):
    assert len(cases[reason]) >= 2


def test_the_rebased_population_gives_both_rates(cases, held):
    count = held(OXFORDSHIRE, 2024, "plans_open_count", "plans_open_by_duration")["value"]
    for edition in ("2024", "2025"):
        children = held(OXFORDSHIRE, 2024, "children_0_17_count", "population", edition)["value"]
        assert {f"{children:,.0f}", f"{count / children * 10_000:.1f}"} <= set(
            cases["Rebased population"]
        )
    assert f"{count:.0f}" in cases["Rebased population"]


def test_england_is_rounded_and_its_authorities_are_not(cases, tables):
    f = tables.figures
    year = f[
        (f["edition"] == "2024")
        & (f["table"] == "plans")
        & (f["measure"] == "plans_open_count")
        & (f["year"] == 2023)
    ]
    authorities, england = year[year["level"] == "authority"], year[year["level"] == "england"]
    assert set(authorities["status"]) == {"published"}
    assert {f"{england['value'].iloc[0]:,.0f}", f"{authorities['value'].sum():,.0f}"} <= set(
        cases["Rounding"]
    )


def test_the_hidden_cells_hold_what_the_others_leave(cases, held):
    def at(name):
        return held(OXFORDSHIRE, 2023, f"plans_open_{name}count", "plans_open_by_duration")

    shorter = [at(f"{band}_months_")["value"] for band in ("0_3", "3_6", "6_12")]
    assert {at(f"{band}_months_")["status"] for band in ("12_24", "24_plus")} == {"suppressed"}
    total = at("")["value"]
    assert {f"{v:.0f}" for v in (total, *shorter, total - sum(shorter))} <= set(
        cases["Suppression"]
    )


def test_the_pair_and_each_of_the_two_have_the_same_social_workers(cases, held):
    values = {
        held(area, 2024, "social_workers_fte", "workforce")["value"]
        for area in (KINGSTON, RICHMOND, PAIR)
    }
    assert [f"{v:.1f}" for v in values] == [n for n in cases["Joint authorities"] if "." in n]


def test_the_census_counts_beside_the_local_ones(cases, held):
    for year in (2015, 2018):
        count = held(OXFORDSHIRE, year, "plans_open_count", "plans_open_by_duration")["value"]
        assert f"{count:.0f}" in cases["Local against census counts"]


def test_two_tables_of_one_edition(cases, held):
    for table in ("plans", "plans_open_by_duration"):
        count = held(WEST_SUSSEX, 2013, "plans_open_count", table, "2024")["value"]
        assert f"{count:.0f}" in cases["Two tables of one edition"]
