"""Sentences: the verdict's own words, the record's own numbers, nothing that noise could have
made.
"""

import inspect
import math
import re
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

import oxcare_analysis as ox
from oxcare_analysis.hypotheses import judging
from oxcare_analysis.showing import sentences, wording
from oxcare_analysis.thinking.findings import VERDICTS, Estimate
from oxcare_analysis.words.errors import UsageError

# A change of the primary and its standard error that give each verdict, and how the sentence must
# tell it.
CHANGES = {
    "supported": (0.40, 0.05, "up 49 per cent"),
    "contradicted": (-0.40, 0.05, "down 33 per cent"),
    "negligible": (0.01, 0.02, "up 1 per cent"),
    "inconclusive": (0.20, 0.30, "up 22 per cent"),
    "not_testable": (math.nan, math.nan, "no figure for 2018 (not held)"),
}
# What a lower bar at the conference leaves, and none of its rivals.
LEFT = {
    "referrals_per_child": 0.0,
    "enquiries_per_referral": 0.0,
    "conferences_per_enquiry": 0.35,
    "care_starts_per_plan": -0.40,
}
NO_RIVAL = {
    name: Estimate(name, name.replace("_", " "), change, 0.05) for name, change in LEFT.items()
}
BASE, END = (2012, 2013), (2017, 2018)
NO_NUMBER = re.compile(r"\b(nan|NaN|inf|None|NaT)\b|<NA>")


@pytest.fixture(scope="module")
def oxfordshire(tables):
    return ox.load("Oxfordshire", 2013, 2018)


@pytest.fixture(scope="module")
def rotherham(tables):
    return ox.load("Rotherham", 2015, 2018)


@pytest.fixture(scope="module")
def city(tables):
    return ox.load("City of London", 2013, 2018)


@pytest.fixture(scope="module")
def growth(oxfordshire):
    return ox.ledger(oxfordshire)


def planted(study, name, estimate, se, indicators):
    """A hypothesis judged on a planted change of its primary and on the indicators given, no
    others.
    """
    rules = judging.module(name)
    missing = "" if math.isfinite(estimate) else "no figure for 2018 (not held)"
    primary = Estimate(
        rules.PRIMARY,
        rules.CHANGED,
        estimate,
        se,
        10.0,
        10.0 * math.exp(estimate),
        "per 100",
        BASE,
        END,
        missing=missing,
    )
    everything = judging.gather(study)
    primaries, adjusted = (
        everything.primaries | {name: primary},
        everything.p_adjusted | {name: primary.p_value},
    )
    shared = replace(everything, primaries=primaries, p_adjusted=adjusted, indicators=indicators)
    return rules.assess(replace(shared, spread=everything.spread * 0 + 0.1))


def bars(ledger, **plans):
    """A ledger whose steps are the ones given: plans, low, high, stable sign."""
    rows = ledger.subtotals.set_index("step")
    for step, values in plans.items():
        rows.loc[step, ["plans", "low", "high", "stable_sign"]] = values
    return replace(ledger, subtotals=rows.reset_index())


def quiet(ledger):
    """A ledger with every step and the carry-over within noise."""
    still = bars(ledger, **{step: (1.0, -50.0, 50.0, True) for step in ledger.subtotals["step"]})
    return replace(still, momentum=1.0, momentum_low=-50.0, momentum_high=50.0)


def label(ledger, step):
    """A step's name as it stands inside a sentence."""
    row = ledger.subtotals.set_index("step").loc[step]
    if step == "exits":
        return f"{'slower' if row['plans'] > 0 else 'faster'} endings"
    name = row["label"]
    return name[0].lower() + name[1:]


def with_open_plans(study, first, last):
    """The study with other counts of open plans at both ends of its window."""
    panel = study.panel.copy()
    for year, count in ((study.first_year, first), (study.last_year, last)):
        panel.loc[(study.area.code, year), "plans_open_count"] = count
    return replace(study, panel=panel)


@pytest.mark.parametrize("verdict", CHANGES)
def test_a_finding_is_told_in_the_words_of_its_verdict(oxfordshire, verdict):
    estimate, se, size = CHANGES[verdict]
    finding = planted(oxfordshire, "entry_threshold", estimate, se, NO_RIVAL)
    said = sentences.finding(finding)
    assert finding.verdict == verdict
    assert said.startswith(
        f"That the bar for coming on to a plan dropped: {wording.VERDICTS[verdict].lower()}"
    )
    assert size in said
    assert finding.reason in said
    assert not NO_NUMBER.search(said)


def test_a_finding_that_moved_with_a_rival_names_the_rival(oxfordshire):
    finding = planted(oxfordshire, "entry_threshold", 0.40, 0.05, {})
    assert finding.verdict == "inconclusive"
    assert finding.rival_mechanisms
    assert all(words in sentences.finding(finding) for words in finding.rival_mechanisms)


@pytest.mark.parametrize("name", judging.NAMES)
def test_a_finding_names_its_hypothesis_in_plain_words(oxfordshire, name):
    said = ox.say(ox.assess(oxfordshire, name))
    assert said.startswith(f"That {wording.HYPOTHESES[name]}: ")
    assert "_" not in said


def test_a_fall_that_was_predicted_is_told_as_a_fall(oxfordshire):
    said = sentences.finding(planted(oxfordshire, "exit_threshold", -0.40, 0.05, NO_RIVAL))
    assert said.startswith("That the bar for coming off a plan rose: ")
    assert "down 33 per cent " in said
    assert "(95 per cent interval -39 to -26 per cent)" in said


def test_a_finding_gives_the_interval_and_rank_of_its_record(oxfordshire):
    finding = ox.assess(oxfordshire, "exit_threshold")
    primary, said = finding.primary, sentences.finding(finding)
    low, high = (np.expm1(end) * 100 for end in (primary.low, primary.high))
    assert f"95 per cent interval {low:+.0f} to {high:+.0f} per cent" in said
    assert f"ranks {primary.placebo_rank} of {primary.placebo_of} authorities" in said


@pytest.mark.parametrize(
    ("peculiar", "word"), [(True, "which is unusual."), (False, "which is not unusual.")]
)
def test_a_finding_says_whether_its_rank_is_unusual(oxfordshire, peculiar, word):
    finding = ox.assess(oxfordshire, "exit_threshold")
    assert word in sentences.finding(
        replace(finding, primary=replace(finding.primary, peculiar=peculiar))
    )


def test_what_the_council_concluded_stands_only_beside_its_own_windows(oxfordshire, rotherham):
    then = replace(oxfordshire, first_year=2013, last_year=2015)
    assert "The council in 2014: some evidence." in ox.say(ox.assess(then, "exit_threshold"))
    for study in (oxfordshire, rotherham):
        assert "The council" not in ox.say(ox.assess(study, "exit_threshold"))


def test_the_premise_reads_out_both_ends(oxfordshire):
    said = ox.say(ox.premise(oxfordshire))
    assert said.startswith(
        "The number of Oxfordshire children on a plan rose from 430 to 687 between March 2013 and "
    )
    assert "from 30.9 to 48.1 per 10,000 children" in said


def test_the_premise_of_another_area_names_it_and_no_other(rotherham):
    said, premise = ox.say(ox.premise(rotherham)), ox.premise(rotherham)
    assert (
        f"Rotherham children on a plan rose from {premise.open_from:.0f} to {premise.open_to:.0f}"
        in said
    )
    assert "Oxfordshire" not in said


@pytest.mark.parametrize(
    ("first", "last", "verdicts", "words"),
    [
        (430, 1400, {"supported"}, "rose from 430 to 1,400"),
        (1400, 430, {"contradicted"}, "fell from 1,400 to 430"),
        (687, 640, {"inconclusive", "negligible"}, "fell from 687 to 640"),
        (687, 687, {"inconclusive", "negligible"}, "stayed at 687"),
        (687, math.nan, {"not_testable"}, "Open plans cannot be compared: 2018, "),
    ],
)
def test_the_premise_is_told_for_a_rise_a_fall_and_a_missing_end(
    oxfordshire, first, last, verdicts, words
):
    premise = ox.premise(with_open_plans(oxfordshire, first, last))
    said = ox.say(premise)
    assert premise.verdict in verdicts
    assert words in said
    assert not NO_NUMBER.search(said)
    assert premise.verdict != "contradicted" or "The rate fell" in said


def test_a_premise_that_hardly_moved_says_so(oxfordshire):
    premise = ox.premise(oxfordshire)
    said = ox.say(
        replace(premise, verdict="negligible", reason="The rate hardly moved: from 30.9 to 31.0.")
    )
    assert "The rate hardly moved" in said


def test_a_window_at_a_turning_point_says_that_it_exaggerates(oxfordshire):
    premise = ox.premise(oxfordshire)
    assert "ends at a local high of the series, which exaggerates a change" in ox.say(premise)
    assert "exaggerates" not in ox.say(replace(premise, extremes=()))


def test_how_much_is_just_here_gives_the_numbers_of_the_record(oxfordshire):
    premise = ox.premise(oxfordshire)
    said = sentences.just_here(premise)
    for row in premise.table.itertuples():
        assert f"{row.expected:,.0f} {wording.COMPARISONS[row.comparison]}" in said
    assert "March 2018" in said
    assert "687" in said


def test_comparisons_that_point_both_ways_are_said_to(oxfordshire):
    premise = ox.premise(oxfordshire)
    assert "do not single out" not in sentences.just_here(premise)
    both = replace(
        premise, just_here={"england": 151.0, "median_neighbour": -20.0, "given_start": math.nan}
    )
    said = sentences.just_here(both)
    assert "do not single out Oxfordshire" in said
    assert wording.COMPARISONS["given_start"] not in said
    assert not NO_NUMBER.search(said)


def test_no_comparison_at_all_is_said_in_words(oxfordshire):
    none = replace(ox.premise(oxfordshire), just_here=dict.fromkeys(wording.COMPARISONS, math.nan))
    assert (
        sentences.just_here(none)
        == "How much of this is just here cannot be worked out from the figures held."
    )


def test_a_ledger_is_told_with_the_numbers_of_the_record(growth):
    changed = bars(
        quiet(growth), found_per_child=(184.4, 97.1, 282.2, True), exits=(-60.0, -90.0, -30.0, True)
    )
    said = sentences.ledger(changed)
    assert "Open plans in Oxfordshire rose from 430 to 687 (+257) from 2013 to 2018." in said
    assert (
        f"{label(growth, 'found_per_child')} added about 184 children (95 per cent interval +97 to"
        " +282)" in said
    )
    assert (
        f"{label(growth, 'exits')} took away about 60 children (95 per cent interval -90 to -30)"
        in said
    )
    assert said.index("184") < said.index("about 60")


@pytest.mark.parametrize(
    "bar",
    [
        (184.0, -3.0, 370.0, True),
        (184.0, 0.0, 370.0, True),
        (-184.0, -370.0, 3.0, True),
        (184.0, 97.0, 282.0, False),
    ],
    ids=[
        "interval holds nothing",
        "interval touches nothing",
        "a fall within noise",
        "sign changes with the base",
    ],
)
def test_a_bar_within_noise_is_never_named(growth, bar):
    said = sentences.ledger(bars(quiet(growth), found_per_child=bar))
    assert "No single step of the ledger stands clear of its own noise" in said
    for step in growth.subtotals["step"]:
        assert label(growth, step) not in said


def test_only_the_bars_clear_of_noise_are_named(growth):
    changed = bars(quiet(growth), exits=(90.0, 40.0, 140.0, True))
    said = sentences.ledger(changed)
    told = [step for step in growth.subtotals["step"] if label(changed, step) in said]
    assert told == ["exits"]
    assert "could turn the sign." in said


def test_what_was_carried_over_is_told_only_when_it_is_clear(growth):
    clear = replace(
        growth, momentum=-75.0, momentum_low=-120.0, momentum_high=-30.0, momentum_stable=True
    )
    assert "Carry-over from before took away about 75 children." in sentences.ledger(
        bars(clear, exits=(90.0, 40.0, 140.0, True))
    )
    for cloudy in (replace(clear, momentum_high=1.0), replace(clear, momentum_stable=False)):
        assert "Carry-over" not in sentences.ledger(cloudy)


def test_one_child_is_a_child(growth):
    said = sentences.ledger(bars(growth, children=(1.2, 0.4, 2.0, True)))
    assert "number of children in the area added about 1 child (95" in said
    assert [wording.people(count) for count in (0, 1, -1, 1.4, 2, 1140)] == [
        "0 children",
        "1 child",
        "1 child",
        "1 child",
        "2 children",
        "1,140 children",
    ]


def test_a_ledger_of_a_fall_says_that_it_fell(growth):
    fell = replace(growth, open_from=687.0, open_to=430.0)
    assert "fell from 687 to 430 (-257)" in sentences.ledger(fell)


def test_a_ledger_that_cannot_be_made_says_why(city):
    said = ox.say(ox.ledger(city))
    assert said.startswith("There is no growth ledger for City of London, 2013 to 2018: ")
    assert "suppressed to protect confidentiality" in said


def test_a_trend_is_told_with_the_numbers_of_the_record(oxfordshire):
    trend = ox.decompose(oxfordshire, "plans_started_per_child")
    last, said = trend.table.iloc[-1], ox.say(trend)
    assert (
        f"went from {trend.table['value'].iloc[0]:,.1f} in 2013 to {last['value']:,.1f} in 2018"
        in said
    )
    for part in ("national", "regional", "neighbour", "local"):
        assert f"{part} {np.expm1(last[part]) * 100:+.0f}" in said


def test_a_trend_that_cannot_be_divided_says_why(city):
    said = ox.say(ox.decompose(city, "exit_hazard_6_plus"))
    assert (
        said
        == "Plans ended per 100 open six months or more in City of London cannot be decomposed: no"
        " figure for 2013."
    )


def test_a_comparison_is_told_with_the_numbers_of_the_record(rotherham):
    comparison = ox.compare(rotherham, "open_per_child")
    rows = comparison.table.set_index("year")
    said = [
        f"{rows.at[2015, who]:,.1f} to {rows.at[2018, who]:,.1f}"
        for who in ("england", "neighbours")
    ]
    assert (
        ox.say(comparison)
        == f"Rotherham: {rows.at[2015, 'value']:,.1f} in 2015, {rows.at[2018, 'value']:,.1f} in"
        " 2018 "
        f"(per 10,000 children); England {said[0]}; the median neighbour {said[1]}."
    )


def test_a_comparison_leaves_out_whom_it_has_no_figure_for(rotherham):
    comparison = ox.compare(rotherham, "open_per_child")
    said = ox.say(replace(comparison, table=comparison.table.assign(england=np.nan)))
    assert "England" not in said
    assert "the median neighbour" in said


def test_a_comparison_without_figures_says_so(city):
    assert ox.say(ox.compare(city, "exit_hazard_6_plus")).startswith(
        "No figures are held for plans ended per 100 open"
    )


def test_a_model_is_told_with_its_formula_its_trend_and_its_check(oxfordshire):
    model = ox.regression(oxfordshire, "exit_threshold")
    row = model.table.set_index("term").loc["trend a year"]
    said = ox.say(model)
    assert said.startswith(f"Model: {model.words}. ")
    assert (
        f"trend a year {row['estimate']:+.3f} (95 per cent interval {row['low']:+.3f} to"
        f" {row['high']:+.3f})" in said
    )
    assert (
        f"{model.observations} rows; scatter {model.dispersion:.1f} times what chance alone gives"
        in said
    )


def test_a_model_that_cannot_be_fitted_says_why(city):
    said = ox.say(ox.regression(city, "exit_threshold"))
    assert "cannot be fitted: fewer than 4 years have every figure the model needs." in said


def test_the_expected_stay_is_told_with_the_numbers_of_the_record(oxfordshire):
    exits = ox.exits(oxfordshire)
    rows, said = exits.table.set_index("year"), ox.say(exits)
    first, last = (rows[rows.index.to_series().between(2013, 2018)].iloc[end] for end in (0, -1))
    assert f"{first['value']:.1f} months" in said
    assert f"{last['value']:.1f} months" in said
    assert f"(England {first['england']:.1f} and {last['england']:.1f})" in said


def test_lengths_that_are_not_published_are_said_in_words(city):
    assert ox.say(ox.exits(city)).startswith(
        "The lengths of plans in City of London are not published for enough years"
    )


def test_the_ways_of_asking_are_counted_as_in_the_record(oxfordshire):
    ways = ox.specifications(oxfordshire, "entry_threshold")
    said = ox.say(ways)
    assert said.startswith(f"Asked {len(ways.table)} ways ")
    assert f"{ways.agreeing:.0%} of the answers have the sign of the one used" in said
    assert (
        f"{ways.beyond:.0%} moved beyond noise as the hypothesis predicts and {ways.against:.0%}"
        " the other way" in said
    )


def test_no_way_of_asking_is_said_in_words(city):
    assert ox.say(ox.specifications(city, "entry_threshold")).startswith(
        "No way of asking has the figures it needs"
    )


def test_the_story_is_a_line_for_each_window(oxfordshire):
    story = ox.story(oxfordshire)
    lines = ox.say(story).split("\n")
    assert len(lines) == len(story.table)
    for line, row in zip(lines, story.table.itertuples(), strict=True):
        assert line.startswith(f"{row.first_year} to {row.last_year}: ")
        assert f"open plans went from {row.open_from:,.0f} to {row.open_to:,.0f}" in line
        assert not NO_NUMBER.search(line)


def test_the_recording_changes_are_told_by_year_with_their_reasons(oxfordshire):
    recording = ox.recording(oxfordshire)
    said = ox.say(recording)
    assert f"years {', '.join(str(year) for year in sorted(set(recording.table['year'])))}." in said
    assert all(reason in said for reason in recording.table["reason"])


def test_no_recording_change_is_said_in_words(oxfordshire):
    none = replace(ox.recording(oxfordshire), table=ox.recording(oxfordshire).table[:0])
    assert ox.say(none) == "No recording change stands out for Oxfordshire, 2013 to 2018."


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (math.log(1.5), "a rise of 50 per cent"),
        (math.log(0.5), "a fall of 50 per cent"),
        (0.001, "no change"),
        (-0.001, "no change"),
        (math.nan, "no figure"),
        (math.inf, "no figure"),
    ],
)
def test_a_log_change_is_told_as_a_rise_or_a_fall(change, words):
    assert wording.times(change) == words


@pytest.mark.parametrize("area", ["Oxfordshire", "City of London", "Isles of Scilly"])
def test_no_sentence_says_a_number_that_does_not_exist(tables, area):
    study = ox.load(area, 2013, 2018)
    measures = ("open_per_child", "exit_hazard_6_plus", "conferences_per_enquiry")
    results = [
        ox.premise(study),
        ox.ledger(study),
        *ox.assess_all(study).values(),
        ox.recording(study),
    ]
    results += [
        ox.exits(study),
        ox.specifications(study, "exit_threshold"),
        ox.care_endings(study),
        ox.events(study),
    ]
    results += [ox.errors(study, h) for h in judging.HOLM_FAMILY]
    results += [ox.compare(study, m) for m in measures] + [ox.decompose(study, m) for m in measures]
    for result in results:
        said = ox.say(result)
        assert said
        assert not NO_NUMBER.search(said), said
        assert area in said or type(result).__name__ in ("Finding", "Specifications")


def test_every_verdict_has_a_word_of_its_own():
    assert set(wording.VERDICTS) == set(VERDICTS)
    assert len(set(wording.VERDICTS.values())) == len(VERDICTS)
    assert set(wording.HYPOTHESES) == set(judging.NAMES)


@pytest.mark.parametrize(
    "something",
    [None, "a sentence", 257, pd.DataFrame(), {"verdict": "supported"}],
    ids=lambda s: type(s).__name__,
)
def test_something_that_is_no_result_is_refused(something):
    with pytest.raises(UsageError, match=f"got a {type(something).__name__}"):
        ox.say(something)


def test_words_print_as_themselves_and_show_as_paragraphs():
    words = sentences.Words("More than noise.\nFewer <b>children</b> & less.")
    assert repr(words) == words
    assert (
        words._repr_html_()
        == "<p>More than noise.</p><p>Fewer &lt;b&gt;children&lt;/b&gt; &amp; less.</p>"
    )


READ_OUT = {
    "premise": ox.premise,
    "ledger": ox.ledger,
    "entry": lambda study: ox.assess(study, "entry_threshold"),
    "exit": lambda study: ox.assess(study, "exit_threshold"),
    "need": lambda study: ox.assess(study, "population_need"),
    "awareness": lambda study: ox.assess(study, "awareness"),
    "story": ox.story,
    "recording": ox.recording,
    "trend": lambda study: ox.decompose(study, "open_per_child"),
    "comparison": lambda study: ox.compare(study, "open_per_child"),
    "model": lambda study: ox.regression(study, "exit_threshold"),
    "stay": ox.exits,
    "ways of asking": lambda study: ox.specifications(study, "awareness"),
    "endings into care": ox.care_endings,
    "events": ox.events,
    "comparable events": ox.comparable_events,
    "months": ox.months,
    "errors": lambda study: ox.errors(study, "exit_threshold"),
    "looked after": ox.looked_after,
    "ages": ox.ages,
    "unaccompanied": ox.unaccompanied,
    "in need": ox.in_need,
    "routes": ox.routes,
    "workforce": ox.workforce,
    "spend": ox.spend,
    "year ahead": ox.next_year,
    "caseload": ox.caseload,
    "own records": ox.own_records,
    "own funnel": ox.own_funnel,
    "own stays": ox.own_stays,
    "own rates": ox.own_hazards,
    "own limits": ox.own_control,
    "own ledger": ox.own_ledger,
    "own verdicts": ox.own_verdicts,
    "own beside published": ox.own_against_published,
}
# A rise, a fall, hardly a figure; and an area that is not the one the documents are about.
TOLD = {"Rotherham": (2015, 2018), "Oxfordshire": (2018, 2021), "City of London": (2013, 2018)}


@pytest.fixture(scope="module")
def told(tables):
    """A function that reads one result of one area out, once."""
    studies = cache(lambda area: ox.load(area, *TOLD[area]))
    return cache(lambda area, what: ox.say(READ_OUT[what](studies(area))))


def test_every_kind_of_result_is_read_out_here(oxfordshire):
    kinds = {type(make(oxfordshire)).__name__ for make in READ_OUT.values()}
    # What the documents state has lines of its own shape: test_statements.
    assert kinds | {"Statements"} == set(
        re.findall(r'"([A-Z]\w+)":', inspect.getsource(sentences.say))
    )


@pytest.mark.parametrize("area", TOLD)
@pytest.mark.parametrize("what", READ_OUT)
def test_a_sentence_is_whole_of_its_own_area_and_without_marks_made_for_machines(told, what, area):
    said = told(area, what)
    assert not NO_NUMBER.search(said)
    for part in said.split("\n"):
        assert (part[0].isupper() or part[0].isdigit()) and part.endswith("."), part
        assert not re.search(r"_|\.\.|  | ,| \.|\(\)|\b1 children\b|--", part), part
    if area != "Oxfordshire":
        assert (
            "Oxfordshire" not in said or what == "comparable events"
        )  # it is one of those that had such an event


def test_a_fall_is_told_as_a_fall_by_everything_that_tells_of_it(told):
    assert "fell from 687 to 451" in told("Oxfordshire", "premise")
    assert "fell from 687 to 451 (-236) from 2018 to 2021" in told("Oxfordshire", "ledger")
    assert re.search(
        r"went from 48\.1 in 2018 to 31\.1 in 2021, a fall of 35 per cent",
        told("Oxfordshire", "trend"),
    )
    assert "48.1 in 2018, 31.1 in 2021" in told("Oxfordshire", "comparison")
    assert re.search(r"^2018 to 2021.*fell|.*687.*451", told("Oxfordshire", "story"), re.M)


def test_parts_of_a_trend_that_fell_have_their_sign(told, tables):
    table = ox.decompose(ox.load("Oxfordshire", 2018, 2021), "open_per_child").table.iloc[-1]
    assert f"local {math.expm1(table['local']) * 100:+.0f}" in told("Oxfordshire", "trend")
    assert math.expm1(table["change"]) == pytest.approx(31.1 / 48.1 - 1, abs=0.002)


@pytest.mark.parametrize("what", READ_OUT)
def test_a_result_prints_on_one_short_line(oxfordshire, what):
    result = READ_OUT[what](oxfordshire)
    assert repr(result).startswith(f"{type(result).__name__}(")
    assert len(repr(result)) < 120 and "\n" not in repr(result)
    assert "Oxfordshire" in repr(result) or what == "model"


def test_what_is_missing_is_in_the_line_a_result_prints(city):
    assert "missing: " in repr(ox.decompose(city, "exit_hazard_6_plus"))
    assert (
        repr(ox.figure("Oxfordshire", 2018, "plans_open_count"))
        == "Oxfordshire 2018, children on a plan at 31 March: 687 children"
    )
