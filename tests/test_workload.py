"""Work and money: published and stated figures as printed, shares that add up, assumptions worked
by hand.
"""

import dataclasses

import numpy as np
import pytest

import oxcare_analysis as ox
from oxcare_analysis.thinking import spend as spending
from oxcare_analysis.thinking import workload
from oxcare_analysis.thinking.study import Area
from oxcare_analysis.words.errors import UsageError


@pytest.fixture(scope="module")
def study(tables):
    return ox.load("Oxfordshire", 2013, 2018)


@pytest.fixture(scope="module")
def ahead(study):
    return ox.next_year(study)


def test_the_published_figures_are_the_departments(study):
    # Children's social work workforce, 30 September 2025 and 2016: caseload, agency, turnover,
    # vacancies.
    rows = ox.workforce(study).table.set_index(["year", "measure"])
    assert [rows.at[(2025, m), "value"] for m in workload.SHARES] == [14.1, 20.3, 14.8, 19.8]
    assert [rows.at[(2025, m), "england"] for m in workload.SHARES] == [15.2, 13.0, 11.8, 14.2]
    assert rows.at[(2016, "caseload_average"), "value"] == 23.3
    assert rows.at[(2025, "social_workers_fte"), "value"] == 376.3


def test_the_teams_are_those_of_paragraph_17(study):
    teams = ox.workforce(study).teams.set_index("team")
    assert teams[["low", "value", "high", "target"]].to_dict("index") == {
        "looked after": {"low": 10.5, "value": 14.5, "high": 17.8, "target": 14},
        "family support": {"low": 13.6, "value": 18.0, "high": 24.2, "target": 16},
        "disability": {"low": 16.2, "value": 21.1, "high": 26.4, "target": 18},
    }
    assert "above its target in every kind of team" in ox.say(ox.workforce(study))


def test_stated_figures_keep_their_own_dates_and_are_told_once(study):
    stated = ox.workforce(study).stated
    caseloads = stated[
        stated["measure"].eq("caseload_average") & stated["team"].eq("all")
    ].set_index("period")
    assert caseloads.loc["2015", ["low", "high", "target"]].tolist() == [
        21,
        23,
        15,
    ]  # early twenties, in words
    assert (
        caseloads.loc[["2015", "2023"], "value"].isna().all()
    )  # a band has no mean: nobody stated its middle
    assert caseloads.loc["2023", ["low", "high"]].tolist() == [18, 19]
    assert caseloads.loc["2014-01", "target"] == 14
    assert (
        stated.duplicated(["measure", "when", "team"]).sum() == 0
    )  # the press retells the council's report
    assert stated.loc[stated["period"] == "2014-08", "when"].unique() == pytest.approx(
        [2014 + 7.5 / 12]
    )


def test_a_document_is_not_read_before_it_came_out(tables):
    early = ox.workforce(ox.load("Oxfordshire", 2011, 2013, "2014-10"))
    assert set(early.stated["source"]) == {
        "scrutiny_2014",
        "oxford_mail_2014",
    }  # none of 2015 or 2023
    assert early.table.empty
    assert ox.say(early).startswith("No workforce figures are published for Oxfordshire.")


def test_an_authority_without_documents_has_published_figures_alone(tables):
    other = ox.workforce(ox.load("Rotherham", 2013, 2018))
    assert other.stated.empty and len(other.table) > 40
    assert "Stated in documents" not in ox.say(other)
    assert str(ox.charts.teams(other)).startswith("No chart: ")


def test_cases_per_worker_as_worked_by_hand(study, ahead):
    # 2,840 cases at 14.1 each are 201.4 workers; 527 plans are 527 of the cases.
    found = workload.caseload(study, ahead)
    assert (found.cases, found.now, found.plans) == (2840, 14.1, 527)
    most = found.table.iloc[2]
    assert most["cases"] == pytest.approx(2840 - 527 + ahead.next["high"])
    assert most["per_worker"] == pytest.approx(most["cases"] / (2840 / 14.1))
    assert most["workers_needed"] == pytest.approx(most["cases"] / 14.1)


def test_the_assumptions_do_what_they_say(study, ahead):
    heavy = workload.caseload(
        study, ahead, cases_per_plan=2.0, other_cases_change=0.1, workers_change=-0.2
    )
    middle = heavy.table.iloc[1]
    assert middle["cases"] == pytest.approx((2840 - 2 * 527) * 1.1 + 2 * ahead.next["expected"])
    assert middle["per_worker"] == pytest.approx(middle["cases"] / (2840 / 14.1 * 0.8))
    said = ox.say(heavy)
    assert (
        "2 cases for each child on a plan, other cases +10 per cent, workers -20 per cent" in said
    )


def test_the_page_opens_on_the_window_and_says_what_the_range_leaves_out(study):
    # Caseloads of September 2016 and 2018, plans of the Marches before; cases held of September
    # 2021 and 2022.
    first = ox.say(ox.workforce(study)).splitlines()[0]
    assert first.startswith(
        "Cases per social worker in Oxfordshire went from 23.3 in September 2016 (England 16.1) to "
        "16.8 in September 2018 (England 17.4), while children on a plan rose from 571 to 687"
    )
    assert "none is published before 2016" in first
    assert "about 201 workers hold cases" in ox.say(ox.workforce(study))
    cases = ox.caseload(study)
    assert cases.swing == (2022, 3956, 2821)
    assert "the other 81 per cent of cases are only assumed" in ox.say(cases)
    assert ox.exhibits.caseload(cases).table["Open plans"].iloc[0] == "Fewest, 1 in 40 below"
    before = ox.say(ox.workforce(ox.load("Oxfordshire", 2010, 2014))).splitlines()[0]
    assert (
        before
        == "From 2010 to 2014 no change in caseloads is published; they are held from 2016 to 2025."
    )


@pytest.mark.parametrize(
    "wrong", [{"cases_per_plan": -1}, {"other_cases_change": -1.5}, {"workers_change": -1}]
)
def test_assumptions_that_leave_nobody_or_nothing_are_refused(study, ahead, wrong):
    with pytest.raises(UsageError, match="0.1 is a tenth more"):
        workload.caseload(study, ahead, **wrong)


def test_more_cases_of_plans_than_all_cases_is_said(study, ahead):
    assert "more than all 2840 cases" in workload.caseload(study, ahead, cases_per_plan=10).missing


# Money


def test_spend_per_child_looked_after_is_over_the_mean_of_both_ends(study):
    rows = ox.spend(study).of("spend_looked_after_gbp").set_index("year")
    assert rows.loc[2025, "spend"] == 107_370_972
    assert rows.loc[2025, "value"] == pytest.approx(107_370_972 / ((770 + 800) / 2))
    assert rows.index[rows["out_of_line"]].tolist() == [2016]  # 42.7 million between 26.3 and 36.7
    assert rows.index[~rows["exact"]].tolist() == list(range(2010, 2017))


def test_number_and_spend_on_each_share_the_change_exactly(study):
    codes = sorted(set(study.authorities.index.get_level_values("area_code")))
    shared = 0
    for code in codes:
        split = spending.spend(
            dataclasses.replace(
                study, area=Area(code, "", study.names[code], "", 2010, 2025), last_year=2024
            )
        ).split
        if split:
            shared += 1
            assert split["number"] + split["each"] == pytest.approx(split["to"] - split["from"]), (
                code
            )
    assert shared > 130


def test_the_split_by_hand(study):
    # 433 children at 53,083 pounds, then 675 at 73,079: 242 × 63,081 for the number, 19,996 × 554
    # for each.
    split = ox.spend(study).split
    assert split["number"] == pytest.approx(242 * (22_985_000 / 433 + 49_328_456 / 675) / 2)
    assert split["each"] == pytest.approx((49_328_456 / 675 - 22_985_000 / 433) * 554)
    assert split["marked"] == {2013: "approximate"}
    # A year sooner: 629.5 children at 58,277 pounds, so 5,194 × 531 for each.
    early = ox.spend(study).split_before
    assert early["each"] == pytest.approx(
        (36_685_258 / 629.5 - 22_985_000 / 433) * (433 + 629.5) / 2
    )
    said = ox.say(ox.spend(study))
    assert (
        "in 2017, it is +£10.9 million with the number and +£2.8 million with the spend on each"
        in said
    )
    assert "The figure of 2013 is approximate." in said


def test_nothing_is_in_real_terms_and_that_is_said(study):
    assert "no index of prices is held" in ox.say(ox.spend(study))


def test_an_authority_without_spend_says_so(study):
    panel = study.panel.copy()
    panel[[c for c in panel if c.startswith("spend_")]] = np.nan
    none = ox.spend(dataclasses.replace(study, panel=panel))
    assert none.split is None
    assert ox.say(none).startswith(
        "Spend on children looked after is not published for Oxfordshire."
    )
    assert str(ox.charts.spend(none, "spend_looked_after_gbp")).startswith("No chart: ")


def test_a_number_of_workers_is_not_drawn_beside_a_countrys_and_an_average_is():
    work = ox.workforce(ox.load("Oxfordshire", 2013, 2018))
    assert "England" not in ox.charts.workforce(work, "social_workers_fte").alt
    assert "England" in ox.charts.workforce(work, "caseload_average").alt
