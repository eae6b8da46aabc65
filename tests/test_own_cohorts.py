"""The funnel by cohort and the process-control charts of an authority's own records, worked by
hand.
"""

import numpy as np
import pandas as pd
import pytest
from own_records import made, person, plan

from oxcare_analysis.local import cohorts, control, simulator
from oxcare_analysis.local.control import RULES


def referral(name, date, **more):
    return {
        "referral_id": f"{name}-{date}",
        "person_id": name,
        "referral_date": date,
        "no_further_action": False,
    } | more


def enquiry(name, date):
    return {"enquiry_id": f"{name}-{date}", "person_id": name, "start_date": date}


def conference(name, date, **more):
    return {
        "conference_id": f"{name}-{date}",
        "person_id": name,
        "conference_date": date,
        "transfer_in": False,
    } | more


def hand_worked():
    """Six children referred in March 2022, each lost or kept at another step; the records begin in
    January 2020.
    """
    return made(
        persons=[
            person("a", "f"),
            person("b", "f"),
            person("c"),
            person("d"),
            person("e"),
            person("g"),
            person("u", birth=None, expected_birth_date="2022-09-01"),
            person("k", birth="2022-01-15"),
        ],
        referrals=[
            referral("a", "2022-03-01"),
            referral("b", "2022-03-01"),
            referral("c", "2022-03-10"),
            referral("d", "2022-03-15", no_further_action=True),
            referral("e", "2022-03-20", close_date="2022-04-20", close_reason="RC8"),
            referral("g", "2022-03-31"),
        ],
        enquiries=[
            enquiry("a", "2022-03-05"),
            enquiry("b", "2022-03-05"),
            enquiry("c", "2022-06-08"),
            enquiry("g", "2022-06-30"),
        ],
        conferences=[
            conference("a", "2022-04-15"),
            conference("b", "2022-04-15"),
            conference("c", "2022-08-01"),
            conference("k", "2022-05-01", transfer_in=True),
        ],
        plans=[
            plan("a", "2022-04-15", "2022-07-15"),
            plan("b", "2022-05-01", "2022-07-20"),
            plan("a", "2023-02-01"),
            plan("u", "2022-06-01"),
            plan("k", "2022-05-01"),
            plan("b", "2021-03-01", "2021-04-01", other_authority=True),
        ],
        care=[{"care_id": "1", "person_id": "a", "start_date": "2022-05-10", "end_date": None}],
    )


def by_month(records):
    """The counts of each month, under the month as text."""
    found = cohorts.funnel(records).months
    return found.set_axis(found.index.astype(str))


@pytest.fixture(scope="module")
def months():
    return by_month(hand_worked())


@pytest.mark.parametrize(
    ("step", "count"),
    [
        ("referrals", 6),
        ("in_need", 4),  # d closed at once, e assessed as not in need
        ("enquiry", 3),  # g's came 91 days on, c's on the 90th
        ("conference", 2),  # c's came 54 days after the enquiry
        ("plan", 1),
    ],
)  # b's started 16 days after the conference
def test_the_funnel_of_one_month_by_hand(months, step, count):
    assert months.loc["2022-03", step] == count


def test_enquiries_and_conferences_are_followed_from_their_own_month(months):
    assert months.loc["2022-03", ["enquiries", "with_conference"]].tolist() == [2, 2]
    assert months.loc["2022-06", ["enquiries", "with_conference"]].tolist() == [2, 0]
    assert months.loc["2022-04", ["conferences", "with_plan"]].tolist() == [2, 1]


def test_a_child_who_moved_in_with_a_plan_had_no_initial_conference_here(months):
    assert months.loc["2022-05", "conferences"] == 0
    assert months.loc["2022-05", "plans"] == 2


def test_repeat_plans_infants_unborn_and_short_plans_by_hand(months):
    assert months.loc["2023-02", "repeat"] == 1  # a's first ended seven months before
    assert months.loc["2022-05", ["repeat", "under_1", "unborn"]].tolist() == [
        0,
        1,
        0,
    ]  # another authority's is none
    assert months.loc["2022-06", ["under_1", "unborn"]].tolist() == [1, 1]
    assert months.loc["2022-04", "short"] == 1  # three months to the day
    assert months.loc["2022-04", "families"] == 1
    assert months.loc["2022-05", "care_starts"] == 1


def test_a_plan_more_than_two_years_after_the_last_is_no_repeat():
    records = made(
        persons=[person("a")],
        plans=[plan("a", "2020-02-01", "2021-05-31"), plan("a", "2023-06-01")],
    )
    counted = by_month(records)
    assert counted.loc["2023-06", ["plans", "repeat"]].tolist() == [1, 0]


def test_the_first_year_and_cases_not_yet_followed_are_left_out():
    found = cohorts.funnel(hand_worked())
    assert (found.first, found.last) == ("2021-01", "2023-12")
    known = by_month(hand_worked())
    assert known["plan"].last_valid_index() == "2023-07"  # 150 days before the last of December
    assert (
        known["with_conference"].last_valid_index() == "2023-10"
    )  # 45 days; of November's 31 have passed
    assert known["referrals"].last_valid_index() == "2023-12"


def test_only_years_with_every_month_known_are_added_up():
    found = cohorts.funnel(hand_worked())
    assert found.table.to_numpy().tolist() == [[2022, 6, 4, 3, 2, 1], [2023, 0, 0, 0, 0, 0]]
    assert found.kinds.columns.tolist() == [
        "year",
        "plans",
        "families",
        "repeat",
        "under_1",
        "unborn",
    ]
    assert found.kinds.to_numpy().tolist()[1] == [
        2023,
        5,
        3,
        1,
        2,
        1,
    ]  # a, b, k, u and a again: a and b are one family


def test_records_of_under_a_year_say_so():
    records = made(begin="2023-06-01", persons=[person("a")])
    assert cohorts.funnel(records).missing == cohorts.EARLY


def test_the_steps_of_simulated_records_never_grow():
    table = cohorts.funnel(simulator.simulate(children=20_000, months=60, seed=3)).table
    steps = table[["referrals", "in_need", "enquiry", "conference", "plan"]].to_numpy()
    assert len(table) and (np.diff(steps, axis=1) <= 0).all() and (steps > 0).all()


MONTHS = pd.period_range("2020-01", periods=36, freq="M")


def test_limits_are_laneys_by_hand():
    """Counts 90 and 110 by turns: centre 100, chance sd 10, so z is ∓1, its mean step 2, and
    sigma-z 2 ÷ 1.128.
    """
    found = control.control(pd.Series([90.0, 110.0] * 18, MONTHS), None, "plans_started", "x")
    sigma = 2 / 1.128
    assert found.scatter == pytest.approx(sigma)
    assert found.table["centre"].unique() == pytest.approx([100])
    assert found.table["high"].iloc[0] == pytest.approx(100 + 3 * 10 * sigma)
    assert found.table["low"].iloc[0] == pytest.approx(100 - 3 * 10 * sigma)


def test_limits_of_a_share_by_hand():
    """40 or 60 of 100: centre a half, chance sd 0.05, so z is ∓2 and its mean step 4; kept within
    nought and all.
    """
    found = control.control(
        pd.Series([40.0, 60.0] * 18, MONTHS), pd.Series(100.0, MONTHS), "found_in_need", "x"
    )
    assert found.scatter == pytest.approx(4 / 1.128)
    assert found.table["low"].iloc[0] == pytest.approx(0, abs=1e-9)
    assert found.table["high"].iloc[0] == pytest.approx(100)
    assert found.table["centre"].iloc[0] == pytest.approx(50)


def test_limits_stand_where_the_first_two_years_put_them():
    steady = pd.Series([95.0, 105.0] * 18, MONTHS)
    raised = steady.where(np.arange(36) < 24, steady + 60)
    before, after = (control.control(s, None, "plans_started", "x").table for s in (steady, raised))
    assert before["high"].tolist() == after["high"].tolist()
    assert (after["signal"] != "").tolist() == [False] * 23 + [True] * 13  # so was the month before


SIGNALS = [
    ([0, 0, 3.1, 0, 0], "outside", [2]),
    ([1] * 7 + [-1, 1, -1], "run", list(range(7))),
    ([1] * 6 + [-1] * 6, "run", []),
    ([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.1], "trend", list(range(6))),
    ([0.1, 0.2, 0.3, 0.4, 0.5, 0.1], "trend", []),
    ([0, 2.2, 0, 2.2, 0, 2.2], "outer", [1, 3, 5]),
    ([0, 2.2, -2.2, 0, 0, 2.2], "outer", []),
]


@pytest.mark.parametrize(("z", "rule", "at"), SIGNALS)
def test_every_rule_signals_where_it_should_and_not_before(z, rule, at):
    told = control.signals(np.array(z, dtype=float))
    assert [i for i, words in enumerate(told) if RULES[rule] in words] == at


def test_sibling_groups_widen_the_limits_so_that_ordinary_months_do_not_signal():
    random = np.random.default_rng(5)
    counts = pd.Series(2.5 * random.poisson(20, 36), MONTHS)  # families of two or three, simulated
    found = control.control(counts, None, "plans_started", "x")
    chance = np.sqrt(found.table["centre"])
    assert (np.abs(found.table["value"] - found.table["centre"]) > 3 * chance).any()
    assert not found.table["signal"].str.contains(RULES["outside"], regex=False).any()


def test_too_few_months_have_no_limits_and_say_how_many():
    assert control.control(
        pd.Series(5.0, MONTHS[:8]), None, "plans_started", "x"
    ).missing.startswith("8 months")
    assert "nought" in control.control(pd.Series(0.0, MONTHS), None, "plans_started", "x").missing
