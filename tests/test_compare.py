"""What changed: the real editions of 2024 and 2025, planted changes of every kind, and why a
verdict changed.
"""

import csv

import pandas as pd
import pytest

from oxcare_analysis.intake import raw
from oxcare_analysis.refresh import compare
from oxcare_analysis.tables import tables as tables_module

YEARS = (2022, 2023, 2024, 2025)
ESSEX = "881"
LATER = {"edition": "2025", "published": "2025-10"}


@pytest.fixture(scope="module")
def real(tables, shipped_dir):
    return compare.editions(tables, shipped_dir)


@pytest.fixture
def changed(small_data_dir, official):
    """A function that adds a later edition of one file and returns what it changed."""

    def run(kind, changes=None, years=YEARS, **places):
        raw.add_files(
            [official(kind, changes, years=years)], data_dir=small_data_dir, **(LATER | places)
        )
        return compare.editions(tables_module.load(small_data_dir), small_data_dir)

    return run


def cells(changes):
    """area, year, measure, kind of every changed figure, in order."""
    return list(
        changes.cells[["area_code", "year", "measure", "kind"]].itertuples(index=False, name=None)
    )


# The real editions


def test_the_real_correction_of_repeat_plans_leads_its_table(real):
    # d3_cpps_subsequent_plan_2013_to_2024.csv and ..._to_2025.csv
    lines = compare.cell_lines(real.where("table", "repeat_plans").cells, real.names)
    assert (
        lines[0]
        == "Yorkshire and The Humber, plans started that were a second or later plan, 2022: 2,100 →"
        " 1,660"
    )
    assert (
        "Doncaster, plans started that were a second or later plan, 2022: 437 → not available"
        in lines
    )
    assert len(lines) == 6


def test_the_real_figures_taken_back_are_told(real):
    gone = real.cells[real.cells["kind"] == "withdrawn"]
    found = set(
        zip(gone["area_code"], gone["year"], gone["measure"], gone["value_before"], strict=True)
    )
    # B1, C1 and D3 of 2024 as printed; the same cells are 'x' or 'u' in 2025
    assert ("884", 2024, "children_in_need_started_count", 808.0) in found
    assert ("302", 2024, "no_further_action_count", 0.0) in found
    assert len(found) == 4


def test_the_real_columns_that_were_renamed_and_lost_are_the_publishers(real):
    here = real.where("table", "referrals").columns
    renamed = here[here["change"] == "renamed"]
    assert dict(zip(renamed["column_before"], renamed["column_after"], strict=True)) == {
        "Referrals": "referral_count",
        "Re_referrals": "rereferral_count",
        "No_Further_Action": "no_further_action_count",
        "Not_in_Need": "not_in_need_count",
    }
    assert here.loc[here["change"] == "lost", "column_before"].tolist() == ["Referrals_rate"]
    assert set(real.columns["table"]) == {"referrals"}


def test_the_real_editions_bring_one_year_and_no_area(real):
    assert set(real.years["year"]) == {2025}
    assert len(real.years) == 6
    assert real.areas.empty


def test_the_real_populations_revised_are_those_that_differ_in_the_two_files(real, shipped_dir):
    def read(edition):
        with (shipped_dir / "raw" / "children_in_need" / edition / "population.csv").open(
            encoding="utf-8"
        ) as file:
            return {
                (row["area_code"], row["year"]): row["children_0_17_count"]
                for row in csv.DictReader(file)
            }

    before, after = read("2024"), read("2025")
    differ = {key for key in before.keys() & after.keys() if before[key] != after[key]}
    here = real.where("table", "population").cells
    found = set(zip(here["area_code"], here["year"].astype(str), strict=True))
    own_years = {
        key for key in differ if key in found
    }  # an authority counts in the years in which it existed
    assert found == own_years and len(found) > 300
    assert differ - found == set()


def test_only_editions_of_the_same_table_are_compared(real):
    # D1 of 2025 is not held, and open plans of D5 are not compared with those of D1; nor 2013 on
    # with 2010 to 2012
    assert set(real.cells["table"]) <= {
        "children_in_need",
        "referrals",
        "repeat_plans",
        "population",
    }
    assert set(real.years["edition_before"]) == {"2024"}


# Planted changes


KINDS = [
    ("5151", "revised", ""),
    ("c", "suppressed", ""),
    ("x", "withdrawn", ""),
    ("5151", "released", "c"),
    ("5151", "supplied", "x"),
    ("c", "marked", "x"),
]


@pytest.mark.parametrize(("after", "kind", "before"), KINDS, ids=[k for _, k, _ in KINDS])
def test_each_kind_of_change_is_told(changed, small_data_dir, official, after, kind, before):
    cell = ("981", 2023, "CPP_subsequent")
    first = official("d3", {cell: before} if before else {}, name="first.csv")
    raw.add_files([first], data_dir=small_data_dir)
    found = changed("d3", {cell: after})
    assert cells(found) == [("981", 2023, "repeat_plans_count", kind)]
    assert f"1 figure {compare.KINDS[kind]}" in compare.words(found)


def test_figures_that_stayed_the_same_are_not_told(changed):
    found = changed("c1 of 2025")
    assert found.cells.empty and found.areas.empty
    assert found.years["year"].tolist() == [2025]


def test_the_largest_relative_change_comes_first_and_then_what_cannot_be_measured(changed):
    places = [("981", 2023), ("982", 2023), ("983", 2022), ("983", 2023)]
    found = changed(
        "c1 of 2025",
        {
            (a, y, "referral_count"): v
            for (a, y), v in zip(places, ("5151", "1900", "c", "205"), strict=True)
        },
    )
    size = (found.cells["value_after"] / found.cells["value_before"] - 1).abs()
    assert found.cells["kind"].tolist() == ["revised", "revised", "revised", "suppressed"]
    assert size[:3].is_monotonic_decreasing and size[0] > size[2]
    assert cells(found)[0][:2] == ("983", 2023)


def edited(path, edit):
    """A file with its lines (dictionaries) edited."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    kept = edit(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(kept)
    return path


def test_an_area_lost_and_an_area_gained_are_told_and_not_each_of_their_figures(
    small_data_dir, official
):
    def moved(rows):
        kept = [row for row in rows if row["old_la_code"] != "983"]
        return kept + [
            row | {"old_la_code": "984", "new_la_code": "E10000984", "la_name": "Newham Regis"}
            for row in rows
            if row["old_la_code"] == "983"
        ]

    raw.add_files([edited(official("d1", years=YEARS), moved)], data_dir=small_data_dir, **LATER)
    found = compare.editions(tables_module.load(small_data_dir), small_data_dir)
    assert set(zip(found.areas["area_code"], found.areas["change"], strict=True)) == {
        ("984", "gained"),
        ("983", "lost"),
    }
    assert found.cells.empty
    assert "areas gained: Newham Regis; areas lost: Sampleton" in compare.words(found)


def test_a_year_of_an_area_that_is_dropped_or_put_in_is_told_by_its_figures(
    small_data_dir, official
):
    def without(rows):
        return [row for row in rows if (row["old_la_code"], row["time_period"]) != ("983", "2022")]

    raw.add_files([edited(official("d1", years=YEARS), without)], data_dir=small_data_dir, **LATER)
    raw.add_files([official("d1", years=YEARS)], "2026", small_data_dir, "2026-10")
    found = compare.editions(tables_module.load(small_data_dir), small_data_dir)
    kinds = {
        (edition, kind)
        for edition, kind in zip(found.cells["edition_after"], found.cells["kind"], strict=True)
    }
    assert kinds == {("2025", "gone"), ("2026", "listed")}
    assert set(zip(found.cells["area_code"], found.cells["year"], strict=True)) == {("983", 2022)}


def test_a_second_edition_of_a_year_is_compared_with_the_first(changed):
    found = changed(
        "d1",
        {("981", 2024, "CPP_At31"): 471},
        years=YEARS[:3],
        edition="2024-2",
        published="2025-01",
    )
    assert cells(found) == [("981", 2024, "plans_open_count", "revised")]
    assert found.cells["edition_after"].tolist() == ["2024-2"]


def test_the_document_has_null_for_what_does_not_exist(changed):
    document = changed("c1 of 2025", {("981", 2023, "referral_count"): "c"}).document()
    assert document["cells"][0]["value_after"] is None
    assert document["cells"][0]["status_after"] == "suppressed"
    assert set(document) == {"schema", "cells", "areas", "columns", "years"}


def test_a_list_that_is_cut_says_how_many_more(changed):
    found = changed(
        "c1 of 2025",
        {(a, y, "referral_count"): "5151" for a in ("981", "982") for y in (2022, 2023)},
    )
    assert compare.cell_lines(found.cells, found.names, 3)[-1] == "and 1 more"
    assert len(compare.cell_lines(found.cells, found.names, 4)) == 4


def test_with_one_edition_there_is_nothing_to_compare(small_data_dir):
    found = compare.editions(tables_module.load(small_data_dir), small_data_dir)
    assert all(getattr(found, name).empty for name in compare.FRAMES)
    assert compare.words(found) == "No edition held differs from the one before it."
    assert isinstance(found.cells, pd.DataFrame)


# Reports


def stated(words, window=(2013, 2018), figures="f1", rules="r1", as_of="2025-10"):
    """A verdicts document as far as it is compared: premise and hypotheses, in this order."""
    names = ("entry_threshold", "exit_threshold", "population_need", "awareness")
    return {
        "window": dict(zip(("from", "to"), window, strict=True)),
        "as_of": as_of,
        "premise": {"verdict": words[0]},
        "hypotheses": [
            {"hypothesis": n, "verdict": w} for n, w in zip(names, words[1:], strict=True)
        ],
        "provenance": {"data_sha256": figures, "rules_sha256": rules},
    }


def five(first):
    return [first] + ["inconclusive"] * 4


@pytest.fixture
def since(monkeypatch, tables, shipped_dir):
    """A function that compares two stated reports of Essex; `planned` gives the verdicts of the
    runs in between.

    They are known by their figures ('then' or 'now') and their window.
    """
    held_then = {
        name: sha256
        for name, sha256 in compare.held_tables(shipped_dir).items()
        if not name.startswith("children_in_need/2025/")
    }

    def run(before, after, planned=None, held=held_then):
        def load(area, first, last, as_of, folder):
            assert area == ESSEX
            return ("now" if folder == shipped_dir else "then", (first, last))

        monkeypatch.setattr(compare.door, "load", load)
        monkeypatch.setattr(
            compare.documents, "verdicts_document", lambda key: stated(planned[key])
        )
        return compare.reports(
            ESSEX, after, before | {"month": "2025-10", "held": held}, "latest", shipped_dir
        )

    return run


def test_the_first_report_has_nothing_before_it(shipped_dir):
    found = compare.reports(ESSEX, stated(five("supported")), None, "latest", shipped_dir)
    assert found == {
        "since": None,
        "verdicts": [],
        "figures_changed": None,
        "rules_changed": None,
        "new_years": None,
        "revisions": None,
    }
    assert compare.report_words(found) == "This is the first report for this area and window."


THEN, NOW, LONGER = ("then", (2013, 2018)), ("now", (2013, 2018)), (2013, 2019)
WHY = {
    "rules alone": (stated(five("supported"), rules="r2"), {}, ["changed_rule"]),
    "figures of the same window": (
        stated(five("supported"), figures="f2"),
        {},
        ["revised_figures"],
    ),
    "a new year that moved it": (
        stated(five("supported"), LONGER, "f2"),
        {NOW: five("inconclusive")},
        ["new_year"],
    ),
    "a new year that did not move it": (
        stated(five("supported"), LONGER, "f2"),
        {NOW: five("supported")},
        ["revised_figures"],
    ),
    "rules and figures, the rule moved it": (
        stated(five("supported"), figures="f2", rules="r2"),
        {THEN: five("supported")},
        ["changed_rule"],
    ),
    "rules and figures, the figures moved it": (
        stated(five("supported"), figures="f2", rules="r2"),
        {THEN: five("inconclusive")},
        ["revised_figures"],
    ),
    "all three, each moved it": (
        stated(five("supported"), LONGER, "f2", "r2"),
        {THEN: five("negligible"), NOW: five("contradicted")},
        ["changed_rule", "revised_figures", "new_year"],
    ),
    "neither": (stated(five("supported")), {}, ["other"]),
}


@pytest.mark.parametrize("case", WHY)
def test_why_a_verdict_changed_is_found_by_changing_one_thing_at_a_time(since, case):
    after, planned, why = WHY[case]
    found = since(stated(five("inconclusive")), after, planned)
    assert found["verdicts"] == [
        {"what": "premise", "before": "inconclusive", "after": "supported", "why": why}
    ]
    text = compare.report_words(found)
    assert "It said “not clear of swings” and now says “yes”, because " in text
    assert all(compare.CAUSES[cause] in text for cause in why)


def test_a_changed_hypothesis_is_told_in_the_words_of_its_card(since):
    found = since(
        stated(five("supported")),
        stated(["supported", "supported", *["inconclusive"] * 3], rules="r2"),
    )
    assert (
        "The bar for coming on to a plan dropped: it said “cannot tell” and now says “supported”,"
        " because the rules changed." in compare.report_words(found).split("\n")
    )


def test_with_no_verdict_changed_nothing_is_run_again(since):
    found = since(
        stated(five("supported")), stated(five("supported"), LONGER, "f2", "r2"), planned=None
    )
    assert found["verdicts"] == []
    assert "no verdict changed" in compare.report_words(found)


def test_a_report_that_does_not_say_what_it_was_made_from_gets_no_reason(since):
    found = since(
        stated(five("inconclusive")), stated(five("supported"), figures="f2", rules="r2"), held=None
    )
    assert found["verdicts"][0]["why"] == []
    assert (found["new_years"], found["revisions"]) == (None, None)


def test_the_figures_of_the_area_that_came_since_are_told(since):
    found = since(stated(five("supported")), stated(five("supported"), figures="f2"))
    assert found["new_years"] == [2025]
    # ons_mid-year_population_estimates of 2024 and 2025: Essex, the estimates of mid-2022 and
    # mid-2023
    assert {(row["measure"], row["year"], row["kind"]) for row in found["revisions"]} == {
        ("children_0_17_count", 2023, "revised"),
        ("children_0_17_count", 2024, "revised"),
    }
    told = compare.report_words(found).split("\n")
    assert told[:2] == [
        "Since the report of October 2025 (figures changed): no verdict changed.",
        "Figures came in for the year to March 2025.",
    ]
    assert told[2].startswith(
        "Figures of this area published before that are no longer the same: 2 revised "
        "(children aged 0 to 17, 2024: "
    )
    assert len(told) == 3


def test_what_the_report_before_was_made_from_is_not_told_again(since, shipped_dir):
    held = compare.held_tables(shipped_dir)
    found = since(stated(five("supported")), stated(five("supported"), rules="r2"), held=held)
    assert (found["new_years"], found["revisions"]) == ([], [])
    assert (
        compare.report_words(found)
        == "Since the report of October 2025 (rules changed): no verdict changed."
    )


def test_a_real_verdict_that_a_new_year_changed(tables, shipped_dir):
    study, earlier = (
        compare.door.load("Essex", 2013, last, data_dir=shipped_dir) for last in (2024, 2023)
    )
    before, after = (compare.documents.verdicts_document(s) for s in (earlier, study))
    before |= {
        "month": "2025-10",
        "held": {},
        "provenance": before["provenance"] | {"data_sha256": "of then"},
    }
    found = compare.reports(ESSEX, after, before, "latest", shipped_dir)
    assert [v["what"] for v in found["verdicts"]] == ["premise"]
    assert found["verdicts"][0]["why"] == ["new_year"]


def test_a_hypothesis_that_the_report_before_did_not_have_is_told_as_new():
    changes = {
        "since": "2025-10",
        "figures_changed": False,
        "rules_changed": True,
        "new_years": [],
        "revisions": [],
        "verdicts": [
            {"what": "exit_threshold", "before": None, "after": "inconclusive", "why": []}
        ],
    }
    assert "was not asked and now says “cannot tell”" in compare.report_words(changes)
