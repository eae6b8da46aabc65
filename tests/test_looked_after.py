"""Looked-after children: published counts, a ledger that adds up, routes without double counting,
substitution.
"""

import dataclasses
from math import log

import numpy as np
import pandas as pd
import pytest

import oxcare_analysis as ox
from oxcare_analysis.thinking import care_routes
from oxcare_analysis.thinking import ledger as ledgers
from oxcare_analysis.thinking.study import Area
from oxcare_analysis.words.errors import UsageError

WINDOWS = ((2010, 2014), (2013, 2018), (2018, 2021), (2021, 2025))


@pytest.fixture(scope="module")
def study(tables):
    return ox.load("Oxfordshire", 2013, 2018)


def planted(study, **columns):
    """The study with columns of its own area's table set: a number for every year, or year →
    number.
    """
    panel = study.panel.copy()
    for name, values in columns.items():
        for year, value in (
            values if isinstance(values, dict) else dict.fromkeys(range(2010, 2026), values)
        ).items():
            panel.loc[(study.area.code, year), name] = value
    return dataclasses.replace(study, panel=panel)


# Published counts


def test_the_counts_are_the_published_ones(study):
    # The department's releases, March of each year: first, at the council's report, the inspection,
    # the newest.
    counts = ox.looked_after(study).table.set_index("year")
    assert counts.index.tolist() == list(range(2006, 2026))
    assert counts["count"][[2006, 2010, 2013, 2014, 2015, 2018, 2023, 2025]].tolist() == [
        430,
        449,
        416,
        462,
        510,
        684,
        882,
        800,
    ]
    assert counts.loc[2014, ["started", "ceased"]].tolist() == [296, 261]
    assert counts.loc[2018, "here"] == pytest.approx(684 / 430 * 100)
    assert counts.loc[2018, "england"] == pytest.approx(75370 / 60300 * 100)


def test_the_rate_is_the_departments_and_its_rank_the_councils(study):
    found = ox.looked_after(study)
    rates = ox.compare(study, "looked_after_per_child").table.set_index("year")["value"]
    assert rates[2013] == pytest.approx(
        30.0, abs=0.1
    )  # paragraph 4c of the 2014 report, on the population of then
    assert rates[2018] == pytest.approx(48, abs=0.5)
    assert (
        abs(found.rank_from - 6) <= 3
    )  # said to be 6th lowest; ranks move with the list of authorities
    assert found.rank_to > found.rank_from


def test_an_end_that_is_not_published_is_said(tables):
    assert "is not published for both 2006 and 2018" in ox.say(
        dataclasses.replace(ox.looked_after(ox.load("Cumberland", 2013, 2018)), first_year=2006)
    )


def test_a_rank_counts_as_unusual_exactly_where_the_rank_test_says_so(study):
    # Two-sided at 1 in 20 of 151: 2 × 3 / 152 is .039 and 2 × 4 / 152 is .053, so three at each
    # end.
    found = ox.looked_after(study)
    assert (found.change.placebo_of, found.unusual, found.change.peculiar) == (151, 3, False)
    for rank, standing in (
        (3, "one of them"),
        (4, "just outside them"),
        (5, "not one of them"),
        (148, "just outside"),
    ):
        change = dataclasses.replace(found.change, placebo_rank=rank, peculiar=rank <= 3)
        assert f"it is {standing}" in ox.say(dataclasses.replace(found, change=change))


@pytest.mark.parametrize(
    ("first", "last", "read"),
    [(2013, 2018, "together"), (2018, 2021, "apart"), (2021, 2025, "unclear")],
)
def test_care_and_plans_move_together_apart_or_not_clearly(study, first, last, read):
    # 416 → 684 and 430 → 687; 684 → 782 and 687 → 451; 782 → 800, but fewer per child.
    assert ox.looked_after(ox.load("Oxfordshire", first, last)).beside_plans == read


# The ledger


@pytest.fixture(scope="module")
def everywhere(study):
    codes = sorted(set(study.authorities.index.get_level_values("area_code")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledgers, "DRAWS", 2)
        return {
            (code, *w): ox.ledger(
                dataclasses.replace(
                    study,
                    first_year=w[0],
                    last_year=w[1],
                    panel=study.panel.loc[[code]],
                    area=Area(code, "", study.names[code], "", 2010, 2025),
                ),
                "looked_after",
            )
            for code in codes
            for w in WINDOWS
        }


def test_the_ledger_of_every_authority_adds_up_or_says_why_there_is_none(everywhere):
    for case, result in everywhere.items():
        if result.testable:
            assert result.table["plans"].astype(float).sum() + result.momentum == pytest.approx(
                result.change
            ), case
            assert result.subtotals["plans"].sum() + result.momentum == pytest.approx(
                result.change
            ), case
        else:
            assert len(result.reason) > 20 and result.reason.endswith("."), case
    assert sum(result.testable for result in everywhere.values()) > 500
    assert everywhere["931", 2013, 2018].change == 268
    assert (
        "fewer than 40" in everywhere["201", 2013, 2018].reason
        or "not published" in everywhere["201", 2013, 2018].reason
    )  # City of London


def test_planted_causes_fall_to_their_own_drivers_of_care(study):
    """Simulated: a still authority where care starts to end half as fast, then one where twice as
    many start.
    """
    for driver in ("care_exit_rate", "care_starts_per_child"):
        stock, columns = 500.0, {}
        for year in range(2010, 2019):
            h = 0.2 if driver == "care_exit_rate" and year > 2013 else 0.4
            starts = 400 if driver == "care_starts_per_child" and year > 2013 else 200
            now = (stock * (1 - h / 2) + starts) / (1 + h / 2)
            for name, value in {
                "looked_after_count": now,
                "looked_after_started_count": starts,
                "children_0_17_count": 140000,
                "looked_after_implied_ends_count": stock + starts - now,
                "looked_after_mean_count": (stock + now) / 2,
            }.items():
                columns.setdefault(name, {})[year] = value
            stock = now
        result = ox.ledger(planted(study, **columns), "looked_after")
        shares = result.table.set_index("driver")["plans"].astype(float)
        assert shares[driver] == pytest.approx(result.change, abs=1e-6)
        assert result.change > 200


def test_a_stock_that_has_no_ledger_is_refused(study):
    with pytest.raises(UsageError, match="plans, looked_after"):
        ox.ledger(study, "foster_homes")


def test_the_ledger_of_care_speaks_of_care(study):
    care, plans = ox.say(ox.ledger(study, "looked_after")), ox.say(ox.ledger(study))
    assert care.startswith("Children looked after in Oxfordshire rose from 416 to 684 (+268)")
    assert plans.startswith("Open plans in Oxfordshire rose from 430 to 687 (+257)")
    assert "plans" not in care and "looked after" not in plans


# Ages and unaccompanied children


def test_ages_are_the_published_rows(study):
    found = ox.ages(study)
    one_to_four = found.table[found.table["age"] == "1_4"].set_index("year")
    assert one_to_four["count"][[2013, 2014]].tolist() == [58, 73]
    assert found.ends == (2013, 2018)
    shares = found.table.groupby("year")["share"].sum()
    assert shares.to_numpy() == pytest.approx(1)
    assert 2020 not in shares.index and {2019, 2021} <= set(shares.index)
    said = ox.say(ox.ages(dataclasses.replace(study, last_year=2022)))
    assert "No ages are held for 2020" in said


def test_ages_that_do_not_add_up_to_the_published_number_are_said(study):
    # The published ages of 2018: 36 + 75 + 119 + 284 + 171 = 685, and 684 in all; of 2013, 416 both
    # ways.
    unequal = ox.ages(study).unequal.set_index("year")
    assert unequal.loc[2018, ["added", "all_ages"]].tolist() == [685, 684]
    assert unequal.loc[2015, ["added", "all_ages"]].tolist() == [514, 510]
    assert 2013 not in unequal.index
    assert "685 against 684 in 2018" in ox.say(ox.ages(study))
    hidden = ox.ages(planted(study, looked_after_age_under_1_count={2018: np.nan}))
    assert 2018 not in set(hidden.unequal["year"])  # a suppressed age is no difference


def test_an_age_that_is_suppressed_is_left_out_and_never_nought(study):
    hidden = ox.ages(planted(study, looked_after_age_under_1_count={2018: np.nan}))
    rows = hidden.table[hidden.table["year"] == 2018]
    assert "under_1" not in set(rows["age"]) and (rows["count"] > 0).all()
    assert "too few to be published" in ox.say(hidden)


def test_without_unaccompanied_children_is_the_rest_over_all_children(study):
    row = ox.unaccompanied(study).table.set_index("year").loc[2018]
    assert (row["count"], row["unaccompanied"]) == (684, 57)
    assert row["rate_without"] == pytest.approx((684 - 57) / 142703 * 10_000)
    assert row["england_without"] == pytest.approx((75370 - 4560) / 11716740 * 10_000)
    assert "57 of the 684 children" in ox.say(ox.unaccompanied(study))


def test_where_unaccompanied_children_are_too_few_to_publish_nothing_is_said_of_them(study):
    assert ox.say(ox.unaccompanied(planted(study, looked_after_here_count=np.nan))).startswith(
        "The number of unaccom"
    )


# Substitution


def test_children_in_need_without_a_plan_are_the_rest(study):
    # Children in need − on a plan − looked after, worked out by hand from the published tables.
    rest = ox.in_need(study).table.set_index("year")["without_plan"]
    assert rest[[2013, 2014, 2015, 2018, 2021, 2024]].tolist() == [
        2625,
        2538,
        2838,
        2922,
        3047,
        2560,
    ]
    assert ox.in_need(study).reading == "against substitution"  # plans +257, the rest +297


def test_the_change_between_single_years_and_the_year_recording_moved_are_said(study):
    # 2,922 of 142,703 children against 2,625 of 138,956; referrals of 2015 and 2016 as published.
    found, said = ox.in_need(study), ox.say(ox.in_need(study))
    assert found.single == pytest.approx(log(2922 / 142_703 / (2625 / 138_956)))
    assert "between 2013 and 2018 alone, a rise of 8 per cent" in said
    assert (
        "March 2016 all children in need rose from 3,917 to 4,636, while referrals closed with no"
        " further action fell from 1,689 to 565 and those assessed and found not in need rose from"
        " 744 to 2,122" in said
    )


@pytest.mark.parametrize(
    ("rest", "plans", "reading"),
    [
        ({2013: 2625, 2017: 1500, 2018: 1400}, {}, "as substitution would"),
        (
            {2013: 2625, 2017: 2400, 2018: 2368},
            {},
            "cannot tell",
        ),  # 257 fewer: one for one, but within noise
        ({2013: 2625, 2017: 4000, 2018: 4100}, {}, "against substitution"),
        (
            {2013: 2625, 2017: 4000, 2018: 4100},
            {2018: 300.0},
            "as substitution would",
        ),  # plans gave place
        ({2013: 2625, 2017: 1500, 2018: 1400}, {2018: 300.0}, "against substitution"),
        ({}, {2018: 440.0}, "nothing to ask"),
        ({2018: np.nan}, {}, "not published"),
    ],
)
def test_substitution_is_read_from_where_the_rest_went(study, rest, plans, reading):
    found = ox.in_need(planted(study, in_need_without_plan_count=rest, plans_open_count=plans))
    assert found.reading == reading
    assert "nan" not in ox.say(found)


# Routes into care


def test_the_routes_table_is_the_councils(study):
    # Paragraph 13 of the 2014 report and its footnote: children can stand in more than one row.
    totals = ox.routes(study).totals.set_index("period")
    assert totals.loc["2012/13"].tolist() == [247, 83, 164, 40 + 56 + 123 + 26, 245 - 164]
    assert totals.loc["2013/14", ["entered", "none", "extra"]].tolist() == [
        298,
        72,
        65 + 87 + 163 + 42 - 226,
    ]
    plan = ox.routes(study).table.query("route == 'a child protection plan'").set_index("period")
    assert plan["alone"].tolist() == [123 - 81, 163 - 131, 33 - 32]
    assert plan.loc["2012/13", "share"] == pytest.approx(123 / 247)
    none = ox.routes(study).table.query("route == 'none of these recorded'")
    assert none["children"].tolist() == none["alone"].tolist() == [83, 72, 25]


@pytest.mark.parametrize("seed", range(20))
def test_no_fewer_had_one_route_alone_than_the_bound_says(seed):
    """Simulated children, each with any of the four kinds of help or none."""
    random = np.random.default_rng(seed)
    help_had = random.random((80, 4)) < random.uniform(0.1, 0.8, 4)
    measures = list(care_routes.ROUTES)
    cells = {
        care_routes.TOTAL: 80,
        care_routes.NONE_BEFORE: (~help_had.any(axis=1)).sum(),
        **dict(zip(measures, help_had.sum(axis=0), strict=True)),
    }
    stated = pd.DataFrame(
        {"period": "2012/13", "measure": list(cells), "value": [float(v) for v in cells.values()]}
    )
    found = care_routes.routes("Testshire", stated)
    alone = [(help_had[:, i] & (help_had.sum(axis=1) == 1)).sum() for i in range(4)] + [
        cells[care_routes.NONE_BEFORE]
    ]
    assert (found.table["alone"].to_numpy() <= alone).all()
    assert found.totals["extra"].iloc[0] == (np.maximum(help_had.sum(axis=1) - 1, 0)).sum()


def test_an_authority_without_documents_and_a_time_before_them_have_no_routes(tables):
    for study in (ox.load("Rotherham", 2013, 2018), ox.load("Oxfordshire", 2011, 2013, "2014-08")):
        assert ox.routes(study).totals.empty
        assert ox.say(ox.routes(study)).startswith("No table of what stood before care is held")
        assert ox.placements(study).empty


def test_placements_are_listed_as_stated_and_a_retelling_once(study):
    stated = ox.placements(study)
    assert stated.set_index("period").loc["2022", "value"] == 15
    assert stated["what"].is_unique is False and len(stated) == 8


def test_the_sentence_on_growth_has_the_records_numbers(study):
    said = ox.say(ox.looked_after(study))
    for words in (
        "rose from 416 to 684",
        "(430 in 2006)",
        f"a rise of {684 / 416 * 100 - 100:.0f} per cent",
        f"a rise of {75370 / 68110 * 100 - 100:.0f} per cent in England",
    ):
        assert words in said
    change = ox.looked_after(study).change
    assert change.estimate == pytest.approx(
        0.5 * (log(684 / 142703) + log(666 / 142584) - log(416 / 138956) - log(450 / 138000))
    )


def test_where_plans_cannot_be_set_beside_them_nothing_is_said_of_plans():
    children = ox.looked_after(ox.load("Norfolk"))
    assert not children.beside_plans
    assert "same story" not in ox.say(children)
