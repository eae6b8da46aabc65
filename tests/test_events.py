"""Events: a planted jump found in its own source, a national one in none, p-values uniform, years,
refusals.
"""

import dataclasses

import numpy as np
import pandas as pd
import pytest

import oxcare_analysis as ox
from oxcare_analysis.thinking import comparable
from oxcare_analysis.thinking import events as studies
from oxcare_analysis.thinking.study import Area, Study
from oxcare_analysis.words.columns import SOURCES
from oxcare_analysis.words.errors import UsageError

AREA, NUMBER = "901", 150
COUNTS = [f"referrals_from_{key}_count" for key in SOURCES]
POLICE, INDIVIDUALS = "referrals_from_police_count", "referrals_from_individual_count"
HUB = [("hub_start", "2015-05", "Testshire", "system")]  # in the year ending 31 March 2016


@pytest.fixture(scope="module")
def study(tables):
    return ox.load("Oxfordshire", 2013, 2018)


def world(seed, changes=(), events=HUB, spread=0.1):
    """A simulated panel of 150 authorities, 2013 to 2019; `changes`: (who, years, columns,
    factor).
    """
    random = np.random.default_rng(seed)
    codes = [str(901 + i) if 901 + i < 1000 else f"{i - 99:03d}" for i in range(NUMBER)]
    index = pd.MultiIndex.from_product([codes, range(2013, 2020)], names=["area_code", "year"])
    size = np.repeat(np.exp(random.uniform(9, 12, NUMBER)), 7)
    panel = pd.DataFrame(np.exp(random.normal(0, spread, (len(index), len(COUNTS)))), index, COUNTS)
    panel = panel.mul(size * 0.005, axis=0)
    panel[["referrals_from_other_count", "referrals_from_unknown_count"]] *= 0.1
    for who, years, columns, factor in changes:
        rows = panel.index.get_level_values("year").isin(years)
        if who != "everyone":
            rows &= panel.index.get_level_values("area_code") == who
        panel.loc[rows, columns] *= factor
    panel["referrals_received_count"] = panel[COUNTS].sum(axis=1)
    panel["children_0_17_count"] = size
    dated = pd.DataFrame(events, columns=["label", "date", "area", "kind"])
    none = pd.DataFrame()
    area = Area(AREA, "E00000000", "Testshire", "E12000008", 2013, 2019)
    return Study(
        area, 2014, 2019, "2026-04", panel, none, none, (), {}, none, dated, {"editions": {}}
    )


def rows_tested(study):
    table = studies.events(study, "referrals_per_child").table
    return table[table["tested"].eq(True)].set_index("measure")


def test_a_planted_jump_is_found_in_its_own_source_with_the_smallest_p():
    rows = rows_tested(world(1, [(AREA, (2017, 2018, 2019), [POLICE], 2.0)]))
    assert rows.loc["police", "estimate"] == pytest.approx(np.log(2), abs=0.15)
    assert rows.loc["police", "p_value"] == pytest.approx(1 / NUMBER)
    assert rows.loc["police", "low"] > 0
    assert (
        rows["p_value"].drop(["police", studies.CONTRAST, "referrals per 10,000 children"]).min()
        > 0.02
    )
    assert rows.loc["police", "p_adjusted"] == pytest.approx(6 / NUMBER)
    assert rows.loc["police", ["year", "k", "n"]].tolist() == [2016, "1 to 3", NUMBER]


def test_without_noise_the_change_is_that_of_the_means_after_and_before_by_hand():
    # Two years before, 2014 and 2015; the year of the event, 2016, is left out; three after.
    factors = [
        (AREA, (2014,), [POLICE], 1.1),
        (AREA, (2016,), [POLICE], 9.0),
        (AREA, (2018,), [POLICE], 1.3),
    ]
    table = studies.events(world(1, factors, spread=1e-9), "referrals_per_child").table
    police = table[table["measure"] == "police"].set_index("k")
    assert police.loc["2", "change"] == pytest.approx(np.log(1.3) - np.log(1.1) / 2)
    assert police.loc["1 to 3", "change"] == pytest.approx(np.log(1.3) / 3 - np.log(1.1) / 2)
    assert police.index.tolist() == ["1", "2", "3", "1 to 3"]
    assert police["others"].abs().max() < 1e-6


def test_a_national_jump_gives_nothing():
    rows = rows_tested(world(2, [("everyone", (2017, 2018, 2019), COUNTS, 1.5)]))
    assert rows[["change", "others"]].drop(studies.CONTRAST).min().min() > 0.25
    assert rows["estimate"].abs().max() < 0.25
    assert rows["p_adjusted"].min() > 0.2


def test_trained_sources_against_individuals_is_a_difference_of_differences():
    both = rows_tested(world(3, [(AREA, (2017, 2018, 2019), COUNTS, 2.0)]))
    assert both.loc["police", "p_value"] < 0.02  # all sources doubled ...
    assert abs(both.loc[studies.CONTRAST, "estimate"]) < 0.2  # ... so training is not it
    fewer = rows_tested(world(3, [(AREA, (2017, 2018, 2019), [INDIVIDUALS], 0.5)]))
    assert fewer.loc[studies.CONTRAST, "estimate"] == pytest.approx(np.log(2), abs=0.2)


def test_the_labels_are_exchangeable_and_p_is_uniform_over_seeds():
    random = np.random.default_rng(0)
    everyone = pd.DataFrame(
        {
            "change": random.normal(size=50),
            "base": random.normal(size=50),
            "size": random.normal(size=50),
        },
        [f"{i:03d}" for i in range(50)],
    )
    given = sorted(studies._against_placebos(everyone, code)["p_value"] for code in everyone.index)
    assert given == pytest.approx(np.arange(1, 51) / 50)  # each label's p once
    p = np.array([rows_tested(world(seed)).loc["police", "p_value"] for seed in range(60)])
    ecdf = np.arange(1, 61) / 60
    assert np.abs(np.sort(p) - ecdf).max() < 1.36 / np.sqrt(60)  # Kolmogorov-Smirnov at 5 per cent


def test_a_year_is_not_used_by_source_once_referrals_without_a_named_source_surge():
    surge = world(4, [(AREA, (2018, 2019), ["referrals_from_unknown_count"], 60.0)])
    found = studies.events(surge, "referrals_per_child")
    by_source = found.table[found.table["measure"] == "police"]
    assert by_source["k"].tolist() == ["1"]
    assert (
        found.table.loc[found.table["measure"] == "referrals per 10,000 children", "k"].tolist()[-1]
        == "1 to 3"
    )
    assert any(
        line.startswith("by source, 2018 after the events of 2016: ") for line in found.missing
    )
    every = studies.events(
        world(4, [(AREA, (2017, 2018, 2019), ["referrals_from_unknown_count"], 60.0)]),
        "referrals_per_child",
    )
    assert set(every.table["measure"]) == {"referrals per 10,000 children"}
    assert any(line.startswith("every source after the events of 2016: ") for line in every.missing)


def test_schools_and_education_services_are_one_source_and_a_suppressed_half_is_not_nothing():
    swapped = world(
        5,
        [
            (AREA, (2017, 2018, 2019), ["referrals_from_schools_count"], 0.1),
            (AREA, (2017, 2018, 2019), ["referrals_from_education_services_count"], 1.9),
        ],
    )
    assert rows_tested(swapped).loc["schools and education services", "p_value"] > 0.2
    suppressed = world(5)
    suppressed.panel.loc[(AREA, 2015), "referrals_from_education_services_count"] = np.nan
    found = studies.events(suppressed, "referrals_per_child")
    assert "schools and education services" not in set(found.table["measure"])
    assert any(
        "schools and education services" in line and "2015" in line for line in found.missing
    )


@pytest.mark.parametrize(
    ("date", "year"), [("2015-03-31", 2015), ("2015-04", 2016), ("2016-03-01", 2016)]
)
def test_an_event_belongs_to_the_year_that_ends_on_31_march(date, year):
    assert set(rows_tested(world(6, events=[("x", date, "Testshire", "review")]))["year"]) == {year}


def test_events_of_one_year_are_one_and_national_or_last_year_ones_are_named_and_not_rows_tested():
    dated = [
        *HUB,
        ("case_review", "2016-02-01", "Testshire", "review"),
        ("verdicts", "2015-06", "England", "public"),
        ("inspection", "2018-10", "Testshire", "inspection"),
    ]
    found = studies.events(world(7, events=dated), "referrals_per_child")
    assert set(found.table["event"]) == {"hub_start, case_review"}
    assert set(found.table["date"]) == {"2015-05 to 2016-02-01"}
    assert found.missing == (
        "verdicts: national, so there is no authority to compare with",
        "inspection: no year of the window comes after",
    )


def test_nobody_is_ranked_among_fewer_than_twenty():
    few = world(8)
    few = dataclasses.replace(few, panel=few.panel.loc[[str(c) for c in range(901, 920)]])
    assert studies.events(few, "referrals_per_child").table.empty


def test_oxfordshire_as_published(study):
    found = ox.events(study)
    rows = found.table[found.table["tested"].eq(True)].set_index(["year", "measure"])
    # Police referrals 1,873 in 2014; 2,323 and 2,385 in 2016 and 2017; a two-year base would need
    # 2013, not collected.
    children = [study.at(year, "children_0_17_count") for year in (2014, 2016, 2017)]
    by_hand = (np.log(2323 / children[1]) + np.log(2385 / children[2])) / 2 - np.log(
        1873 / children[0]
    )
    assert rows.loc[(2015, "police"), "change"] == pytest.approx(by_hand)
    assert (
        rows.loc[(2015, "police"), "k"] == "1 to 2"
    )  # a quarter of 2018's referrals came from "other sources"
    assert (rows["p_adjusted"] > 0.05).all()
    assert "every source after the events of 2014" in " ".join(found.missing)


def test_the_sentence_says_what_was_found_what_could_be_and_what_not(study):
    said = ox.say(ox.events(study))
    assert "several tests are allowed for: none." in said
    assert "12 of them could not have been, whatever had happened" in said
    assert "Rotherham exploitation inquiry reports: national" in said
    planted = ox.say(
        studies.events(world(1, [(AREA, (2017, 2018, 2019), [POLICE], 3.0)]), "referrals_per_child")
    )
    assert "police after the events of 2016 (hub_start): a rise of" in planted
    assert ox.say(ox.events(ox.load("Rutland", 2013, 2018))).startswith(
        "No dated local event of Rutland"
    )


def test_a_measure_that_is_no_ratio_is_refused(study):
    with pytest.raises(UsageError, match="There is no ratio called 'plans'"):
        ox.events(study, "plans")


TRIALS = [
    (f"trial_{i}", f"{2014 + i % 2}-06", str(905 + i), "publicity") for i in range(8)
]  # years ending 2015, 2016


def trials(seed, factor, when=(2017, 2018, 2019)):
    """The mean change after a trial in eight simulated authorities whose referrals from the police
    rise by `factor`.
    """
    changes = [(area, when, [POLICE], factor) for _, _, area, _ in TRIALS] if factor != 1 else []
    study = world(seed, changes, spread=0.3)
    study = dataclasses.replace(
        study, names={code: code for code in study.panel.index.unique("area_code")}
    )
    dated = pd.DataFrame(TRIALS, columns=["event_id", "date", "area", "kind"]).assign(
        event="a trial"
    )
    return comparable.comparable(study, dated, "publicity", "referrals_per_child")


def test_a_rise_after_trials_is_found_by_pooling_where_no_one_authority_shows_it():
    found = trials(1, 1.35)
    after = found.table[found.table["when"] == "after"].set_index("measure")
    assert after.loc["police", "estimate"] == pytest.approx(np.log(1.35), abs=0.2)
    assert after.loc["police", "p_adjusted"] < 0.05
    assert after.loc["police", "low"] > 0
    assert after.loc["police", "events"] == len(TRIALS)
    assert after.drop(["police", studies.CONTRAST])["p_adjusted"].min() > 0.05
    assert found.each.query("measure == 'police' and when == 'after'")[
        "estimate"
    ].mean() == pytest.approx(after.loc["police", "estimate"])


def test_a_rise_that_came_before_the_event_is_found_there_and_not_after_it():
    found = trials(
        2, 2.0, when=range(2015, 2020)
    ).table  # the early ones have no years before that are held
    late = [event for event in TRIALS if event[1] == "2015-06"]
    assert len(late) == 4
    before = found[(found["when"] == "before") & (found["measure"] == "police")]
    assert before["estimate"].item() > 0.2 and before["events"].item() == 4


def test_where_nothing_happened_pooled_p_values_are_uniform():
    p = [
        trials(seed, 1).table.query("when == 'after' and measure == 'police'")["p_value"].item()
        for seed in range(24)
    ]
    assert 0.3 < np.mean(p) < 0.7
    assert 0 <= np.mean(np.array(p) < 0.1) <= 0.25


def test_authorities_with_such_an_event_never_stand_for_those_without():
    huge = trials(
        3, 50.0
    )  # were the other seven among the placebos, a fifty-fold rise would widen the interval
    row = huge.table.query("when == 'after' and measure == 'police'").iloc[0]
    assert row["high"] - row["low"] < 1


def test_an_authoritys_second_event_is_left_out_and_said():
    study = dataclasses.replace(
        world(4), names={code: code for code in world(4).panel.index.unique("area_code")}
    )
    twice = pd.DataFrame(
        [*TRIALS, ("again", "2016-02", "905", "publicity")],
        columns=["event_id", "date", "area", "kind"],
    ).assign(event="a trial")
    found = comparable.comparable(study, twice, "publicity", "referrals_per_child")
    assert found.missing == ("905 (2016-02): not its first",)


def test_the_published_trials_say_what_was_found_and_that_nothing_was_there_before(study):
    found = ox.comparable_events(study)
    text = str(ox.say(found))
    assert {"Rotherham", "Rochdale", "Oxfordshire"} <= set(found.each["area"])
    assert f"{found.table['events'].iloc[0]} authorities" in text and "chance" in text
    with pytest.raises(UsageError, match="no kind of event called 'weather'"):
        ox.comparable_events(study, "weather")


def test_what_an_analyst_does_to_one_answer_does_nothing_to_another_areas():
    one, other = (ox.load(name, 2013, 2018) for name in ("Oxfordshire", "Kent"))
    held = ox.comparable_events(other).table["estimate"].tolist()
    table = ox.comparable_events(one).table
    table["estimate"] = 0.0
    assert ox.comparable_events(other).table["estimate"].tolist() == held
    assert ox.comparable_events(other).area == "Kent"
    renamed = dataclasses.replace(other, names=dict.fromkeys(other.names, "elsewhere"))
    assert ox.comparable_events(renamed).each.empty, "events of other names were handed on"
