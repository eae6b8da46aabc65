"""The five answers on the first page: for each verdict, for growth, fall, and figures that are not
there.
"""

import dataclasses

import pytest

import oxcare_analysis as ox
from oxcare_analysis.showing import answers
from oxcare_analysis.showing.wording import HYPOTHESES, people


@pytest.fixture(scope="module")
def studied(tables):
    """A function: premise, findings and ledger of an area and window."""

    def results(area, first, last):
        study = ox.load(area, first, last)
        return (
            ox.premise(study),
            ox.assess_all(study),
            ox.ledger(study),
            ox.compare(study, "open_per_child"),
        )

    return results


@pytest.fixture(scope="module")
def growth(studied):
    return studied("Oxfordshire", 2013, 2018)


@pytest.fixture(scope="module")
def fall(studied):
    return studied("Oxfordshire", 2018, 2021)


def judged(findings, **verdicts):
    """The same findings with other verdicts; those not named cannot be told."""
    return {
        name: dataclasses.replace(f, verdict=verdicts.get(name, "inconclusive"))
        for name, f in findings.items()
    }


def test_there_are_five_questions_and_each_is_answered_in_whole_sentences(growth):
    told = answers.five(*growth)
    assert list(told) == [
        "What happened?",
        "Why?",
        "How sure is that?",
        "How much of it is just Oxfordshire?",
        "What is not known?",
    ]
    assert all(answer.endswith(".") and "nan" not in answer for answer in told.values())


def test_what_happened_gives_the_published_counts_and_rates(growth):
    told = answers.what_happened(growth[0], growth[3])
    assert (
        "rose from 430 to 687 between March 2013 and March 2018" in told
    )  # the department's own counts
    assert "30.9 became 48.1" in told
    assert "England's went from 37.8 to 45.9" in told and "By March 2025 it stood at 33.6." in told


def test_a_fall_is_told_as_a_fall_and_no_growth_is_explained(fall):
    assert "fell from 687 to 451" in answers.what_happened(fall[0], fall[3])
    told = answers.why(*fall[:3])
    assert told.startswith("Open plans fell, so there is no growth to explain.")
    assert "faster endings took away" in told
    grown = dataclasses.replace(fall[0], open_from=400.0)
    assert "no growth to explain" not in answers.why(grown, *fall[1:3])


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("supported", "The figures support that the bar for coming off a plan rose."),
        ("contradicted", "The figures contradict that the bar for coming off a plan rose."),
        (
            "negligible",
            "Smaller than the margin set beforehand: that the bar for coming off a plan rose.",
        ),
    ],
)
def test_a_settled_verdict_is_in_why_and_not_among_the_unknown(growth, verdict, words):
    premise, findings, ledger = growth[:3]
    other = judged(findings, exit_threshold=verdict)
    assert words in answers.why(premise, other, ledger)
    assert "settle none" not in answers.why(premise, other, ledger)
    assert HYPOTHESES["exit_threshold"] not in answers.not_known(other)
    assert "Of the four explanations, 1 could be settled" in answers.how_sure(premise, other)


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("inconclusive", "The figures cannot tell whether need in the population rose."),
        ("not_testable", "The figures do not allow a test of whether need in the population rose."),
    ],
)
def test_an_open_verdict_is_among_the_unknown_and_not_in_why(growth, verdict, words):
    premise, findings, ledger = growth[:3]
    other = judged(
        findings, **dict.fromkeys(findings, "contradicted") | {"population_need": verdict}
    )
    assert words in answers.not_known(other)
    assert HYPOTHESES["population_need"] not in answers.why(premise, other, ledger)


def test_where_none_is_settled_it_says_so(growth):
    premise, findings, ledger = growth[:3]
    assert "settle none of the four" in answers.why(premise, judged(findings), ledger)
    assert "Of the four explanations, none could be settled" in answers.how_sure(
        premise, judged(findings)
    )


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("supported", "That the rate rose is clear of"),
        ("contradicted", "That the rate fell is clear of"),
        ("negligible", "smaller than the margin"),
        ("inconclusive", "not clear of"),
    ],
)
def test_how_sure_follows_the_verdict_on_growth(growth, verdict, words):
    assert words in answers.how_sure(dataclasses.replace(growth[0], verdict=verdict), growth[1])


def test_the_comparisons_are_those_of_the_premise(growth):
    premise = growth[0]
    told = answers.how_much_here(premise)
    for key, above in premise.just_here.items():
        assert f"{premise.open_to - above:,.0f} following {answers.COMPARED[key]}" in told
    low, high = sorted(premise.just_here.values())[::2]
    assert f"So {low:,.0f} to {high:,.0f} children more than" in told
    assert (
        "within the usual spread of its neighbours" in told
    )  # 687 lies between 455 and 935, their middle half


def test_comparisons_that_point_both_ways_single_nobody_out(growth):
    premise = dataclasses.replace(growth[0], just_here={"england": 20.0, "median_neighbour": -30.0})
    assert answers.how_much_here(premise).endswith("so the figures do not single out Oxfordshire.")


def test_one_child_is_one_child(growth):
    premise = dataclasses.replace(growth[0], just_here={"england": -1.0})
    assert "So 1 child fewer than others' course" in answers.how_much_here(premise)


def test_a_suppressed_count_is_said_and_nothing_is_made_up(studied):
    told = answers.five(*studied("City of London", 2013, 2018))
    assert "suppressed to protect confidentiality" in told["What happened?"]
    assert (
        told["Why?"]
        == "Without the number of open plans at both ends there is no change to explain."
    )
    assert told["How sure is that?"] == "The question cannot be put to the figures held."
    assert (
        told["How much of it is just City of London?"]
        == "This cannot be worked out from the figures held."
    )


def test_only_steps_clear_of_noise_base_and_recording_are_named(growth):
    ledger = growth[2]
    told = answers.why(*growth[:3])
    named = {
        row.step: f"about {people(row.plans)}" in told for row in ledger.subtotals.itertuples()
    }
    clear = {
        row.step: bool(row.low * row.high > 0 and row.stable_sign and not row.doubtful)
        for row in ledger.subtotals.itertuples()
    }
    assert named == clear
    assert any(clear.values()) and not all(clear.values())


def test_what_could_stand_behind_the_largest_clear_step_is_said_without_choosing(growth, fall):
    assert "Behind enquiries per child could stand greater awareness, need" in answers.why(
        *growth[:3]
    )
    assert "Behind faster endings could stand the bar for coming off" in answers.why(*fall[:3])
    assert all("do not say which" in answers.why(*results[:3]) for results in (growth, fall))
