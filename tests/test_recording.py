"""The recording sentinel: changes known from the publisher are in the register, and verdicts are
told without them.

Planted panels are simulated: Oxfordshire's place stands still at its counts of 2015. Nothing here
is a finding.
"""

import dataclasses

import pandas as pd
import pytest
from test_hypotheses import HERE, quiet, still

import oxcare_analysis as ox
from oxcare_analysis.hypotheses import judging
from oxcare_analysis.tables import checks
from oxcare_analysis.thinking import measures, recording
from oxcare_analysis.thinking.findings import holm

ENDS = "ended plans and the stock disagree"
# A row of each check that could touch the primaries, as the checks write it.
CHECKED = {
    "stock and flow": "plans_ended_count",
    "share of referrals jumps": "no_need_count",
    "categories of referrals swapped": "no_further_action_count",
    "low reliability": "plans_started_count",
    "bands of ended plans": "plans_ended_count",
    "population rebased": "children_0_17_count",
}


@pytest.fixture(scope="module")
def standing(tables):
    """2015 to 2018 at a standstill with hardly any noise, and nothing in the register."""
    study = quiet(still(ox.load("Oxfordshire", 2015, 2018)))
    return dataclasses.replace(study, checks=study.checks[:0], events=study.events[:0])


def marked(study, year, *names):
    """The study with these checks failing in one year."""
    rows = [(name, "note", HERE, year, CHECKED[name], "planted", "", "") for name in names]
    return dataclasses.replace(study, checks=pd.DataFrame(rows, columns=checks.COLUMNS))


def fewer_ends(study, year, factor=0.1):
    """The study with fewer ends of long plans recorded in one year, though the stock did not
    move.
    """
    panel = study.panel.copy()
    panel.loc[(HERE, year), "plans_ended_count"] -= (1 - factor) * panel.loc[
        (HERE, year), "ended_6_plus_count"
    ]
    return dataclasses.replace(study, panel=measures.derive(panel))


def found(area, first, last):
    return recording.register(ox.load(area, first, last))


# The register


@pytest.mark.parametrize(
    ("area", "first", "last", "year", "what", "measure"),
    [
        ("Oxfordshire", 2013, 2018, 2016, recording.SWAP, "no_further_action_count"),
        ("Oxfordshire", 2013, 2018, 2018, recording.UNNAMED, "referrals_unnamed_count"),
        ("Oxfordshire", 2018, 2021, 2020, recording.SOURCE_SWAP, "referrals_from_schools_count"),
        ("Oxfordshire", 2013, 2018, 2015, recording.FRONT_DOOR, "referrals_received_count"),
        ("Oxfordshire", 2010, 2014, 2012, "population rebased", "children_0_17_count"),
        (
            "Hackney",
            2018,
            2024,
            2021,
            recording.RECORDS,
            "all",
        ),  # October 2020: in the year ending March 2021
        ("Hampshire", 2018, 2024, 2024, "figures marked of low reliability", "plans_open_count"),
        ("Hampshire", 2021, 2023, 2022, recording.NO_NEED, "no_need_count"),
    ],
)
def test_a_change_known_from_the_figures_is_in_the_register(area, first, last, year, what, measure):
    rows = found(area, first, last)
    assert (
        (rows["year"] == year) & (rows["what"] == what) & (rows["measure"] == measure)
    ).sum() == 1


def test_oxfordshire_moved_cases_from_closed_at_once_to_not_in_need(panel):
    shares = checks.recording_shares(panel).loc["931"].loc[[2013, 2016]].mul(100).round()
    assert shares["no_further_action_count"].tolist() == [43, 8]  # C1 2024
    assert shares["not_in_need_count"].tolist() == [11, 31]
    row = found("Oxfordshire", 2013, 2018).query("year == 2016")
    assert row[["found", "expected"]].to_numpy().tolist() == [
        ["8% and 31%", "near 30% and 13%, the year before"]
    ]
    assert row["reason"].str.startswith("Oxfordshire moved cases").all()


def test_a_third_of_oxfordshires_referrals_of_2018_have_no_named_source():
    assert found("Oxfordshire", 2013, 2018).query("measure == 'referrals_unnamed_count'")[
        "found"
    ].tolist() == ["32%"]


def test_hampshires_low_reliability_comes_with_its_reason_and_for_figures_that_are_tested_only():
    rows = found("Hampshire", 2018, 2024).query("year == 2024")
    assert rows["reason"].str.contains("case management system").all()
    assert set(rows["measure"]) == recording.TESTED & set(rows["measure"]) and len(rows) < 20


@pytest.mark.parametrize(
    ("year", "told"), [(2013, False), (2014, True), (2018, True), (2019, False)]
)
def test_the_year_before_the_window_counts_as_it_is_part_of_the_base(standing, year, told):
    assert (year in set(recording.register(marked(standing, year, *CHECKED))["year"])) is told


def test_a_year_before_a_measure_was_comparable_does_not_touch_it():
    study = marked(ox.load("Oxfordshire", 2013, 2018), 2012, "share of referrals jumps")
    assert recording.NO_NEED not in recording.touching(study, "plans_per_need_referral")
    assert (
        recording.touching(study, "referrals_per_child")[recording.NO_NEED]
        == f"{recording.NO_NEED} (2012)"
    )


@pytest.mark.parametrize(
    ("check", "touched"),
    [
        ("stock and flow", {"exit_threshold"}),
        ("bands of ended plans", {"exit_threshold"}),
        ("share of referrals jumps", {"entry_threshold", "awareness"}),
        ("categories of referrals swapped", {"entry_threshold", "awareness"}),
        ("low reliability", {"entry_threshold"}),
        ("population rebased", {"population_need", "awareness"}),
    ],
)
def test_a_change_touches_the_verdicts_whose_figures_it_is_in(standing, check, touched):
    findings = ox.assess_all(marked(standing, 2016, check))
    assert {name for name, finding in findings.items() if finding.without} == touched


# Verdicts without the points touched


def test_a_jump_that_alone_makes_a_verdict_flips_it_when_left_out_and_says_so(standing):
    finding = ox.assess(
        marked(fewer_ends(standing, 2017), 2017, "stock and flow"), "exit_threshold"
    )
    assert finding.verdict == "supported"
    assert finding.without == ((ENDS, "negligible"),)
    said = [note for note in finding.notes if "those points" in note]
    assert said == [f"{ENDS} (2017): without those points the verdict would be negligible"]
    assert "without those points the verdict would be negligible" in ox.say(finding)


def test_a_change_that_is_in_both_years_at_the_end_does_not_flip_when_one_is_left_out(standing):
    study = marked(fewer_ends(fewer_ends(standing, 2017), 2018), 2017, "stock and flow")
    finding = ox.assess(study, "exit_threshold")
    assert (finding.verdict, finding.without) == ("supported", ((ENDS, "supported"),))
    assert f"{ENDS} (2017)" in finding.notes


@pytest.mark.parametrize("year", [2015, 2018])
def test_without_the_first_or_last_year_there_is_nothing_to_test(standing, year):
    finding = ox.assess(
        marked(fewer_ends(standing, 2017), year, "stock and flow"), "exit_threshold"
    )
    assert finding.verdict == "supported"
    assert f"{ENDS} ({year}): cannot be tested without those points" in finding.notes


@pytest.mark.parametrize("year", [2014, 2016, 2017])
def test_a_still_study_has_no_flips(standing, year):
    study = marked(standing, year, *CHECKED)
    for finding in ox.assess_all(study).values():
        assert {verdict for _, verdict in finding.without} <= {finding.verdict}
    assert ox.recording(study).table["verdict_without"].eq("").all()
    assert "No verdict would be another" in ox.say(ox.recording(study))


def test_a_year_the_test_does_not_read_is_not_run_again(standing):
    longer = dataclasses.replace(standing, first_year=2013)
    assert judging.gather(marked(longer, 2015, *CHECKED)).without == {}
    assert set(judging.gather(marked(longer, 2017, *CHECKED)).without) == {
        recording.CHECKS[("share of referrals jumps", "no_need_count")],
        recording.SWAP,
        recording.BANDS,
        ENDS,
        "population rebased",
        "figures marked of low reliability",
    }


def test_left_out_are_those_points_and_what_is_worked_from_them_alone(standing):
    other = recording.leave_out(standing, {(2017, "plans_open_count"), (1999, "plans_open_count")})
    before, after = standing.panel.loc[HERE], other.panel.loc[HERE]
    gone = before.notna() & after.isna()
    assert set(gone.columns[gone.loc[2017]]) == {
        "plans_open_count",
        "implied_ends_count",
        "mean_open_count",
        "mean_open_6_plus_count",
        "in_need_without_plan_count",
    }
    assert set(gone.columns[gone.loc[2018]]) == {
        "mean_open_6_plus_count"
    }  # its opening stock by length
    assert not gone.drop(index=[2017, 2018]).any(axis=None)
    pd.testing.assert_frame_equal(
        other.panel.drop(index=HERE, level=0), standing.panel.drop(index=HERE, level=0)
    )


def test_a_question_that_cannot_be_asked_again_keeps_its_place_among_the_three(standing):
    evidence = judging.gather(marked(fewer_ends(standing, 2017), 2018, "share of referrals jumps"))
    other = evidence.without[recording.NO_NEED]
    assert not other.primaries["entry_threshold"].known and other.primaries["exit_threshold"].known
    assert other.p_adjusted == evidence.p_adjusted
    assert other.p_adjusted != holm(
        {name: p.p_value for name, p in other.primaries.items() if name in judging.HOLM_FAMILY}
    )


def test_what_is_kept_from_before_is_what_would_be_worked_out_again(standing):
    study = marked(fewer_ends(standing, 2017), 2017, *CHECKED)
    judging.gather(study)
    for points in recording.points(study).values():
        kept = recording.leave_out(study, points)
        fresh = dataclasses.replace(kept, shared={})
        assert kept.shared
        for name in judging.NAMES:
            assert judging.primary(kept, name) == judging.primary(fresh, name)


# In words


def test_flips_are_said_and_shown_beside_what_they_come_from(standing):
    result = ox.recording(
        marked(fewer_ends(standing, 2017), 2017, "stock and flow", "population rebased")
    )
    rows = result.table.set_index("what")
    assert rows.loc[ENDS, ["touches", "verdict_without"]].tolist() == [
        "exit_threshold",
        "exit_threshold: negligible",
    ]
    assert rows.loc["population rebased", ["touches", "verdict_without"]].tolist() == [
        "population_need; awareness",
        "",
    ]
    assert (
        "Ended plans and the stock disagree: whether the bar for coming off a plan rose, smaller"
        " than the margin." in ox.say(result)
    )
    shown = ox.exhibits.recording(result).table.set_index("What")
    assert shown.loc[ENDS, "Verdict without those points"] == "exit threshold: negligible"
    assert shown.loc["population rebased", "Verdict without those points"] == "the same"


def test_every_authority_has_a_register_and_its_flips_in_words(tables, shipped_dir):
    study, checked, flips = ox.load("Oxfordshire", 2013, 2018), checks.run(tables, shipped_dir), 0
    judging.gather(study)
    for row in ox.areas().query("first_year <= 2013 and last_year >= 2018").itertuples():
        area = dataclasses.replace(study.area, code=row.area_code, name=row.name)
        other = dataclasses.replace(
            study, area=area, checks=checked[checked["area_code"] == row.area_code]
        )
        result = ox.recording(other)
        flipped = result.table["verdict_without"].ne("")
        assert result.table.loc[flipped, "touches"].ne("").all()
        assert ("these verdicts would be others" in ox.say(result)) == flipped.any()
        flips += flipped.any()
    assert flips > 20
