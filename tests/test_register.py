"""The register of the documents: every figure they state, every statement, every dated event, and
how they join.
"""

import re
from collections import Counter

import pandas as pd
import pytest

from oxcare_analysis.checking import judging
from oxcare_analysis.figures import DOCUMENT_MONTHS
from oxcare_analysis.showing.wording import DOCUMENTS, RESULTS

COLUMNS = {
    "figures": [
        "figure_id",
        "source",
        "locator",
        "area",
        "measure",
        "period",
        "value",
        "unit",
        "precision",
        "note",
    ],
    "statements": ["statement_id", "source", "locator", "statement", "test", "figure_ids"],
    "events": ["event_id", "date", "area", "kind", "event", "source"],
}
# Counted by hand in the documents, paragraph by paragraph. Not figures: dates, ages of people
# quoted, and definitions
# ("a plan that lasted over two years"). "1 in 10 of them" has two readings and counts twice; a
# table cell counts once.
STATED = {
    "scrutiny_2014": {
        "3": 7,
        "4a": 6,
        "4b": 8,
        "4c": 8,
        "5": 2,
        "6": 1,
        "7": 2,
        "8": 8,
        "10": 1,
        "10a": 1,
        "10c": 2,
        "10d": 1,
        "10e": 1,
        "11": 2,
        "11 table": 6,
        "12": 2,
        "13": 1,
        "13 table": 18,
        "16": 1,
        "17": 3,
        "17a": 3,
        "17b": 3,
        "17c": 3,
    },
    "oxford_mail_2014": {
        "p2": 2,
        "p14": 1,
        "p16": 2,
        "p20": 2,
        "p22": 3,
        "p23": 2,
        "p24": 3,
        "p25": 3,
        "p26": 3,
    },
    "oxford_mail_2015": {"p3": 1, "p4": 3, "p5": 1, "p10": 2, "p19": 1, "p22": 2, "p23": 1},
    "news_2018": {"p3": 1, "p9": 1, "p12": 1, "p17": 2, "p18": 3, "p19": 2},
    "scrutiny_2023": {"p9": 1, "p15": 5, "p16": 3, "p20": 3, "p21": 3, "p24": 1},
}
# Typed from the documents: the table of routes into care, and the caseloads of paragraph 17.
ROUTES = {
    "no_earlier_help": (83, 72, 25),
    "after_early_help": (40, 65, 19),
    "after_in_need_plan": (56, 87, 8),
    "after_protection_plan": (123, 163, 33),
    "looked_after_before": (26, 42, 15),
}
CASELOADS = {
    "looked after teams": (14, 10.5, 17.8, 14.5),
    "family support teams": (16, 13.6, 24.2, 18.0),
    "disability teams": (18, 16.2, 26.4, 21.1),
}


@pytest.fixture(scope="module")
def register(shipped_dir):
    folder = shipped_dir / "raw" / "published_figures"
    return {
        name: pd.read_csv(
            folder / f"{name}.csv", dtype=str, keep_default_na=False, encoding="utf-8"
        )
        for name in COLUMNS
    }


@pytest.mark.parametrize("name", COLUMNS)
def test_the_files_have_the_columns_of_the_contract_and_an_id_each(register, name):
    assert (
        list(register[name])[: len(COLUMNS[name])] == COLUMNS[name]
    )  # more may be added after them
    ids = register[name].iloc[:, 0]
    assert ids.is_unique and ids.str.fullmatch(r"[a-z0-9_]+").all()


def test_every_figure_of_every_paragraph_is_there_and_no_other(register):
    figures = register["figures"]
    assert {
        source: dict(Counter(rows["locator"])) for source, rows in figures.groupby("source")
    } == STATED
    assert len(figures) == 148


def test_figures_are_numbers_with_a_precision_and_an_id_that_says_where_they_come_from(register):
    figures = register["figures"]
    assert pd.to_numeric(figures["value"]).notna().all()
    assert set(figures["precision"]) <= {"exact", "about", "more_than", "up_to"}
    assert all(
        i.startswith(s) for i, s in zip(figures["figure_id"], figures["source"], strict=True)
    )
    assert figures["period"].str.fullmatch(r"\d{4}.*").all() and figures["unit"].ne("").all()


def test_the_table_of_routes_and_the_caseloads_are_those_of_the_report(register):
    figures = register["figures"].assign(value=register["figures"]["value"].astype(float))
    table = figures[figures["locator"] == "13 table"].set_index(["measure", "period"])["value"]
    for route, counts in ROUTES.items():
        measure = f"looked_after_started_{route}_count"
        assert tuple(table[measure][p] for p in ("2012/13", "2013/14", "2014/15 Q1")) == counts
    teams = figures[figures["locator"].str.startswith("17") & figures["source"].eq("scrutiny_2014")]
    for team, numbers in CASELOADS.items():
        rows = teams[teams["note"].str.startswith(team)].set_index("measure")["value"]
        assert (
            tuple(
                rows[m]
                for m in (
                    "caseload_target",
                    "caseload_average_lowest_team",
                    "caseload_average_highest_team",
                    "caseload_average",
                )
            )
            == numbers
        )


def test_every_figure_is_in_a_statement_or_said_to_be_background(register):
    used = {i for ids in register["statements"]["figure_ids"] for i in ids.split(";") if i}
    figures = register["figures"]
    assert used <= set(figures["figure_id"])
    idle = figures[~figures["figure_id"].isin(used)]
    assert idle["note"].str.startswith("background").all()
    assert not figures[figures["figure_id"].isin(used)]["note"].str.startswith("background").any()


def test_every_statement_has_words_a_test_and_a_specification_and_no_specification_is_idle(
    register,
):
    statements = register["statements"]
    assert (statements[["statement", "test", "locator"]] != "").all(axis=None)
    assert set(statements["statement_id"]) == set(judging.SPECIFICATIONS)
    assert set(statements["source"]) == set(STATED) == set(DOCUMENT_MONTHS) == set(DOCUMENTS)


def test_a_specification_looks_up_figures_that_its_statement_names(register):
    """A check that read another statement's figure would settle the wrong one."""
    named = {
        r.statement_id: set(r.figure_ids.split(";")) for r in register["statements"].itertuples()
    }
    looked_up = {
        name: set().union(*(_figures(check) for check in (*spec.checks, *spec.asides)), set())
        for name, spec in judging.SPECIFICATIONS.items()
    }
    ids = set(register["figures"]["figure_id"])
    assert len(set().union(*looked_up.values()) & ids) > 60  # that figures were found at all
    strangers = {name: sorted((found & ids) - named[name]) for name, found in looked_up.items()}
    assert {name: extra for name, extra in strangers.items() if extra} == {}


def test_the_test_of_a_statement_is_words_without_the_published_answer(register):
    allowed = r"\b(20\d\d(/\d\d)?|[A-D]\d|1 in N|within 3|nearest 5 or 10|31 March)\b|scrutiny_2014"
    left = register["statements"]["test"].str.replace(allowed, "", regex=True)
    assert left[left.str.contains(r"\d")].tolist() == []


def test_results_have_a_symbol_each(register):
    assert tuple(RESULTS) == judging.RESULTS


def test_events_have_a_date_and_a_source(register):
    events = register["events"]
    assert (
        events["date"].str.fullmatch(r"\d{4}-\d\d(-\d\d)?").all() and (events["source"] != "").all()
    )


def _figures(check) -> set[str]:
    """Every text a check was made with, also in dicts and tuples."""
    found = set()
    for cell in check.__closure__ or ():
        held = cell.cell_contents
        if isinstance(held, dict):
            found |= {*held, *held.values()}
        elif isinstance(held, tuple):
            found |= set(held)
        elif isinstance(held, str):
            found.add(held)
    return {text for text in found if isinstance(text, str) and re.fullmatch(r"[a-z0-9_]+", text)}
