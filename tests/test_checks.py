"""Checks: nothing unexplained on the shipped figures, no stale reason, and a planted fault for
every check.
"""

from dataclasses import replace

import pandas as pd
import pandera.errors
import pytest

from oxcare_analysis.intake import raw, registers
from oxcare_analysis.tables import checks
from oxcare_analysis.tables import tables as tables_module
from oxcare_analysis.words.columns import MEASURES

OXFORDSHIRE, LEEDS, YORK, BURY, ROTHERHAM, ENGLAND = "931", "383", "816", "351", "372", "E92000001"
COLUMNS = ["check", "severity", "area_code", "year", "measure", "found", "expected", "reason"]
HIDDEN = {"value": float("nan"), "status": "not_available", "note": "planted"}
# Each fault: the check it must fail, the severity, then what is changed: (edition, table, area,
# year, measure, new).
# York and Bury have suppressed parts in 2023, so that a changed total does not also break a sum of
# parts.
FAULTS = [
    (
        "stock and flow",
        "error",
        [
            ("2024", "plans", BURY, 2023, "plans_ended_count", {"value": 300.0}),
            ("2024", "plans_ended_by_duration", BURY, 2023, "plans_ended_count", {"value": 300.0}),
            ("2024", "plans", BURY, 2023, "plans_ended_rate_10k", HIDDEN),
        ],
    ),
    (
        "bands of open plans",
        "error",
        [
            (
                "2024",
                "plans_open_by_duration",
                ROTHERHAM,
                2023,
                "plans_open_0_3_months_count",
                {"value": 91.0},
            ),
            (
                "2025",
                "plans_open_by_duration",
                ROTHERHAM,
                2023,
                "plans_open_0_3_months_count",
                {"value": 91.0},
            ),
        ],
    ),
    (
        "bands of ended plans",
        "error",
        [
            (
                "2024",
                "plans_ended_by_duration",
                OXFORDSHIRE,
                2023,
                "plans_ended_24_plus_months_count",
                {"value": 32.0},
            )
        ],
    ),
    (
        "categories of plans started",
        "error",
        [
            (
                "2024",
                "plans_started_by_category",
                OXFORDSHIRE,
                2023,
                "plans_started_neglect_count",
                {"value": 475.0},
            )
        ],
    ),
    (
        "categories of open plans",
        "error",
        [
            (
                "2024",
                "plans_open_by_category",
                OXFORDSHIRE,
                2023,
                "plans_open_multiple_count",
                {"value": 1.0},
            )
        ],
    ),
    (
        "sources of referrals",
        "error",
        [
            (
                "2024",
                "referral_sources",
                OXFORDSHIRE,
                2023,
                "referrals_from_police_count",
                {"value": 1485.0},
            )
        ],
    ),
    (
        "months of referrals",
        "error",
        [
            (
                "2024",
                "referrals_by_month",
                OXFORDSHIRE,
                2023,
                "referrals_in_april_count",
                {"value": 0.0},
            )
        ],
    ),
    (
        "England and its authorities",
        "error",
        [("2025", "plans_open_by_duration", ENGLAND, 2025, "plans_open_count", {"value": 52000.0})],
    ),
    (
        "more than the step before",
        "error",
        [
            (
                "2024",
                "enquiries_and_conferences",
                YORK,
                2023,
                "conferences_held_count",
                {"value": 196.0},
            ),
            ("2024", "enquiries_and_conferences", YORK, 2023, "conferences_held_rate_10k", HIDDEN),
        ],
    ),
    (
        "one total, two tables",
        "error",
        [("2024", "plans_open_by_category", YORK, 2023, "plans_open_count", {"value": 106.0})],
    ),
    (
        "published rate",
        "error",
        [("2024", "plans", OXFORDSHIRE, 2023, "plans_open_rate_10k", {"value": 37.5})],
    ),
    (
        "share of referrals jumps",
        "note",
        [
            ("2024", "referrals", LEEDS, 2023, "no_further_action_count", {"value": 4000.0}),
            ("2025", "referrals", LEEDS, 2023, "no_further_action_count", {"value": 4000.0}),
        ],
    ),
    (
        "low reliability",
        "note",
        [
            (
                "2024",
                "primary_need",
                LEEDS,
                2023,
                "need_abuse_or_neglect_count",
                {**HIDDEN, "note": "low reliability"},
            )
        ],
    ),
    (
        "categories of referrals swapped",
        "note",
        [
            (edition, "referrals", LEEDS, 2023, measure, {"value": value})
            for edition in ("2024", "2025")
            for measure, value in (
                ("no_further_action_count", 2898.0),
                ("not_in_need_count", 3565.0),
            )
        ],
    ),
    (
        "population rebased",
        "note",
        [("2025", "population", YORK, 2023, "children_0_17_count", {"value": 35200.0})],
    ),
    (
        "revised between editions",
        "note",
        [("2025", "children_in_need", LEEDS, 2023, "children_in_need_count", {"value": 1.0})],
    ),
]
FAULT_IDS = [fault[0] for fault in FAULTS]


@pytest.fixture(scope="module")
def shipped_checks(tables, shipped_dir):
    return checks.run(tables, shipped_dir)


@pytest.fixture(scope="module")
def recent(tables):
    """The department's own figures from 2022 on, so that a test takes a moment."""
    figures = tables.figures
    return replace(
        tables,
        figures=figures[
            (figures["year"] >= 2022) & (figures["source"] == "children_in_need")
        ].reset_index(drop=True),
    )


@pytest.fixture(scope="module")
def recent_checks(recent, shipped_dir):
    return checks.run(recent, shipped_dir)


def plant(tables, *changes):
    figures = tables.figures.copy()
    for edition, table, area, year, measure, new in changes:
        hit = (
            (figures["edition"] == edition)
            & (figures["table"] == table)
            & (figures["area_code"] == area)
            & (figures["year"] == year)
            & (figures["measure"] == measure)
        )
        assert hit.sum() == 1
        figures.loc[hit, list(new)] = list(new.values())
    return replace(tables, figures=figures)


def new_rows(before, after):
    known = set(before[COLUMNS[:-1]].itertuples(index=False, name=None))
    return after[
        [row not in known for row in after[COLUMNS[:-1]].itertuples(index=False, name=None)]
    ]


def matching(rows, problem):
    return rows[
        rows["check"].eq(problem.check)
        & rows["year"].between(problem.first_year, problem.last_year)
        & (rows["area_code"].eq(problem.area_code) | (problem.area_code == "*"))
        & (rows["measure"].eq(problem.measure) | (problem.measure == "*"))
    ]


# An authority left out


def test_an_authority_that_one_table_leaves_out_for_a_year_is_an_error(
    recent, recent_checks, shipped_dir
):
    figures = recent.figures
    gone = (
        figures["table"].eq("plans_open_by_duration")
        & figures["edition"].eq("2025")
        & figures["area_code"].eq(YORK)
        & figures["year"].eq(2023)
    )
    assert gone.any() and "authority left out" not in set(recent_checks["check"])
    found = checks.run(replace(recent, figures=figures[~gone].reset_index(drop=True)), shipped_dir)
    lost = found[found["check"] == "authority left out"]
    assert lost[["area_code", "year", "severity"]].values.tolist() == [[YORK, 2023, "error"]]
    assert lost["found"].item() == "no row in plans_open_by_duration, edition 2025"


# The shipped figures


def test_there_is_no_error_in_the_shipped_figures(shipped_checks):
    errors = shipped_checks[shipped_checks["severity"] == "error"]
    assert errors.empty, errors.to_string()


def test_every_known_problem_comes_with_its_reason(shipped_checks):
    known = shipped_checks[shipped_checks["severity"] == "known"]
    assert len(known) > 100
    assert known["reason"].str.len().ge(20).all()


def test_every_reason_on_file_still_explains_something(shipped_checks, shipped_dir):
    stale = [
        problem
        for problem in registers.known_problems(shipped_dir).itertuples()
        if matching(shipped_checks, problem).empty
    ]
    assert not stale, stale


def test_no_reason_is_given_twice_or_for_a_check_measure_or_span_that_cannot_be(shipped_dir):
    known = registers.known_problems(shipped_dir)
    assert not known.duplicated(["check", "area_code", "first_year", "last_year", "measure"]).any()
    assert set(known["check"]) <= set(FAULT_IDS)
    assert set(known["measure"]) <= {*MEASURES, "*"}
    assert (known["first_year"] <= known["last_year"]).all() and known["first_year"].ge(2010).all()


def test_an_error_is_never_excused_for_every_authority_and_every_measure_at_once(shipped_dir):
    known = registers.known_problems(shipped_dir)
    wide = known[(known["area_code"] == "*") & (known["measure"] == "*")]
    assert set(wide["check"]) <= {
        "more than the step before"
    }  # conferences before 2014, under-recorded throughout
    assert wide["last_year"].le(2013).all()


def test_the_checks_are_one_table_with_the_worst_first(shipped_checks):
    assert list(shipped_checks.columns) == COLUMNS
    assert list(shipped_checks["severity"].cat.categories) == ["error", "known", "note"]
    assert shipped_checks["severity"].is_monotonic_increasing
    assert (
        shipped_checks[["check", "area_code", "year", "measure", "found", "expected"]]
        .notna()
        .all(axis=None)
    )


@pytest.mark.parametrize(
    ("check", "area", "year"),
    [
        ("one total, two tables", "938", 2013),  # West Sussex: 424 in D1, 379 in D5
        ("England and its authorities", ENGLAND, 2010),  # 14 authorities without open plans
        ("England and its authorities", ENGLAND, 2021),  # Hackney
        ("low reliability", "850", 2024),  # Hampshire
        (
            "share of referrals jumps",
            "931",
            2016,
        ),  # Oxfordshire: closed at once -> assessed not in need
        ("bands of ended plans", "304", 2012),  # Brent
        ("revised between editions", "E12000003", 2022),
    ],
)  # Yorkshire and The Humber: repeat plans
def test_a_problem_known_from_the_publishers_notes_is_found(shipped_checks, check, area, year):
    hit = shipped_checks[
        (shipped_checks["check"] == check)
        & (shipped_checks["area_code"] == area)
        & (shipped_checks["year"] == year)
    ]
    assert len(hit) >= 1


# A fault for every check


def test_every_check_has_a_planted_fault(shipped_checks):
    assert set(shipped_checks["check"]) | set(checks.BREAKDOWNS) <= set(FAULT_IDS)


@pytest.mark.parametrize(("check", "severity", "changes"), FAULTS, ids=FAULT_IDS)
def test_a_planted_fault_fails_the_check_it_was_made_for_and_no_other(
    recent, recent_checks, shipped_dir, check, severity, changes
):
    found = new_rows(recent_checks, checks.run(plant(recent, *changes), shipped_dir))
    assert set(found["check"]) == {check}
    assert set(found["severity"]) == {severity}
    first = changes[0]
    assert ((found["area_code"] == first[2]) & (found["year"] == first[3])).any()


@pytest.mark.parametrize(
    ("changes", "check", "words"),
    [
        (
            [("2024", "plans", OXFORDSHIRE, 2023, "plans_open_rate_10k", {"value": 37.5})],
            "published rate",
            ("37.5", "37.45 from count and population"),
        ),
        (
            [("2024", "plans_open_by_category", YORK, 2023, "plans_open_count", {"value": 106.0})],
            "one total, two tables",
            ("105", "106"),
        ),
    ],
)
def test_a_failure_says_what_was_found_and_what_was_expected(
    recent, recent_checks, shipped_dir, changes, check, words
):
    found = new_rows(recent_checks, checks.run(plant(recent, *changes), shipped_dir))
    row = found[found["check"] == check].iloc[0]
    assert (row["found"], row["expected"]) == words and row["reason"] == ""


def test_a_reason_on_file_makes_an_error_known_for_its_own_area_years_and_measure_alone(
    recent, tmp_path
):
    faults = [
        ("2024", "plans", area, 2023, "plans_open_rate_10k", {"value": 99.9})
        for area in (OXFORDSHIRE, LEEDS)
    ]
    (tmp_path / "known_problems.csv").write_text(
        "check,area_code,first_year,last_year,measure,reason\n"
        f"published rate,{OXFORDSHIRE},2022,2023,plans_open_rate_10k,planted\n",
        encoding="utf-8",
    )
    rates = checks.run(plant(recent, *faults), tmp_path).query("check == 'published rate'")
    assert dict(zip(rates["area_code"], rates["severity"], strict=True)) == {
        OXFORDSHIRE: "known",
        LEEDS: "error",
    }
    assert dict(zip(rates["area_code"], rates["reason"], strict=True)) == {
        OXFORDSHIRE: "planted",
        LEEDS: "",
    }


def test_a_reason_beside_a_note_leaves_it_a_note(recent, tmp_path):
    (tmp_path / "known_problems.csv").write_text(
        "check,area_code,first_year,last_year,measure,reason\nlow"
        " reliability,850,2024,2024,*,planted\n",
        encoding="utf-8",
    )
    low = checks.run(recent, tmp_path).query("check == 'low reliability' and area_code == '850'")
    assert set(low["severity"]) == {"note"} and set(low["reason"]) == {"planted"}


def test_without_reasons_on_file_every_problem_is_an_error(recent, recent_checks, tmp_path):
    rows = checks.run(recent, tmp_path)
    assert (rows["severity"] == "known").sum() == 0
    assert (rows["severity"] == "error").sum() == (recent_checks["severity"] == "known").sum() > 0


# What must not fail


def test_suppressed_parts_are_not_read_as_zero(recent, recent_checks, shipped_dir):
    hidden = {"value": float("nan"), "status": "suppressed"}
    fault = [
        (
            "2024",
            "plans_started_by_category",
            OXFORDSHIRE,
            2023,
            f"plans_started_{kind}_count",
            hidden,
        )
        for kind in ("physical", "sexual")
    ]
    assert new_rows(recent_checks, checks.run(plant(recent, *fault), shipped_dir)).empty


def test_published_parts_that_exceed_the_whole_fail_even_where_others_are_suppressed(
    recent, recent_checks, shipped_dir
):
    fault = (
        "2024",
        "plans_started_by_category",
        YORK,
        2023,
        "plans_started_neglect_count",
        {"value": 150.0},
    )
    hidden = (
        "2024",
        "plans_started_by_category",
        YORK,
        2023,
        "plans_started_multiple_count",
        {"value": float("nan"), "status": "suppressed"},
    )
    found = new_rows(recent_checks, checks.run(plant(recent, fault, hidden), shipped_dir))
    assert set(found["check"]) == {"categories of plans started"}


@pytest.mark.parametrize(
    "changes",
    [
        # 37.449 from count and population
        [("2024", "plans", OXFORDSHIRE, 2023, "plans_open_rate_10k", {"value": 37.49})],
        # ends 4 per cent of the stock away from those implied
        [
            ("2024", "plans", BURY, 2023, "plans_ended_count", {"value": 268.0}),
            ("2024", "plans_ended_by_duration", BURY, 2023, "plans_ended_count", {"value": 268.0}),
            ("2024", "plans", BURY, 2023, "plans_ended_rate_10k", HIDDEN),
        ],
        # England a quarter of a per cent more than its authorities
        [("2025", "plans_open_by_duration", ENGLAND, 2025, "plans_open_count", {"value": 49540.0})],
        # a plan for every conference
        [
            (
                "2024",
                "enquiries_and_conferences",
                YORK,
                2023,
                "conferences_held_count",
                {"value": 197.0},
            ),
            ("2024", "enquiries_and_conferences", YORK, 2023, "conferences_held_rate_10k", HIDDEN),
        ],
        # a share of referrals that moves by ten points
        [
            ("2024", "referrals", LEEDS, 2023, "no_further_action_count", {"value": 2600.0}),
            ("2025", "referrals", LEEDS, 2023, "no_further_action_count", {"value": 2600.0}),
        ],
        # a newer population, which every edition revises
        [("2025", "population", LEEDS, 2023, "children_0_17_count", {"value": 173500.0})],
    ],
)
def test_what_is_only_nearly_a_fault_fails_nothing(recent, recent_checks, shipped_dir, changes):
    found = new_rows(recent_checks, checks.run(plant(recent, *changes), shipped_dir))
    assert found.empty, found.to_string()


# The shape of the figures


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("level", "county"),
        ("status", "guessed"),
        ("measure", "plans_afoot_count"),
        ("year", 1999),
        ("year", 2101),
        ("value", -1.0),
    ],
)
def test_figures_of_the_wrong_shape_are_refused(recent, column, wrong):
    figures = recent.figures.head(50).copy()
    figures.loc[figures.index[7], column] = wrong
    with pytest.raises(pandera.errors.SchemaError, match=column):
        checks.FIGURES_SCHEMA.validate(figures)


def test_a_suppressed_figure_with_a_number_is_refused(recent):
    figures = recent.figures.head(50).copy()
    figures.loc[figures.index[7], ["status", "value"]] = ["suppressed", 0.0]
    with pytest.raises(pandera.errors.SchemaError, match="suppressed has no number"):
        checks.FIGURES_SCHEMA.validate(figures)


def test_the_same_figure_twice_in_one_table_is_refused(recent):
    twice = pd.concat([recent.figures.head(50), recent.figures.head(1)], ignore_index=True)
    with pytest.raises(pandera.errors.SchemaError, match="not unique"):
        checks.FIGURES_SCHEMA.validate(twice)


def test_the_checks_begin_with_the_shape(recent, shipped_dir):
    figures = recent.figures.assign(year=recent.figures["year"] + 200)
    with pytest.raises(pandera.errors.SchemaError):
        checks.run(replace(recent, figures=figures), shipped_dir)


# The helpers that other layers use


def test_implied_ends_are_those_that_move_the_stock_as_published(panel):
    ends = checks.implied_ends(panel)
    assert ends.loc[("931", 2014)] == 430 + 579 - 504  # D1 2024: open 2013, started 2014, open 2014
    assert pd.isna(ends.loc[("931", 2010)])  # no open plans of 2009 are held


def test_the_year_before_is_nothing_where_it_is_not_held():
    series = pd.Series(
        [1.0, 2.0, 4.0, 8.0],
        index=pd.MultiIndex.from_tuples(
            [("981", 2020), ("981", 2021), ("981", 2023), ("982", 2021)],
            names=["area_code", "year"],
        ),
    )
    assert checks.year_before(series).fillna(-1).tolist() == [-1, 1, -1, -1]


def test_the_no_need_halves_and_the_sources_are_shares_of_all_referrals(panel):
    shares = checks.recording_shares(panel).loc[("931", 2014)]
    assert shares["no_further_action_count"] == pytest.approx(2269 / 5905)  # C1 2024
    assert shares["not_in_need_count"] == pytest.approx(721 / 5905)
    assert shares["referrals_from_police_count"] == pytest.approx(1873 / 5905)  # C5 2024
    assert shares["referrals_from_schools_count"] == pytest.approx(
        (707 + 166) / 5905
    )  # with education services
    assert "referrals_from_education_services_count" not in shares


def test_the_checks_run_on_a_folder_that_holds_a_few_tables_only(small_data_dir):
    rows = checks.run(tables_module.load(small_data_dir), small_data_dir)
    assert not rows["severity"].eq("error").any()


def test_a_fault_in_a_folder_of_a_few_tables_is_found(small_data_dir, official):
    raw.add_files(
        [official("d1", {("981", 2024, "CPP_At31_rate"): "99.9"})],
        edition="2025",
        published="2025-10",
        data_dir=small_data_dir,
    )
    raw.add_files([official("population")], edition="2025", data_dir=small_data_dir)
    rows = checks.run(tables_module.load(small_data_dir), small_data_dir)
    assert set(rows.loc[rows["severity"] == "error", "check"]) == {"published rate"}
