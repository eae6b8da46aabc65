"""Spells, stays and hazards of own records: worked by hand, and beside statsmodels on the same
spells.
"""

import numpy as np
import pandas as pd
import pytest
from own_records import made, person, plan

from oxcare_analysis.local import hazards, simulator, spells, stays
from oxcare_analysis.local.spells import ENDINGS


@pytest.fixture(scope="module")
def simulated():
    return simulator.simulate(children=30_000, months=84, cause="none", seed=11)


def hand_worked():
    """Ten plans, one of each kind of ending, one of each way of being seen in part, two that do not
    count.
    """
    people = [
        person("a", "f1"),
        person("b", "f1"),
        person("c"),
        person("d", birth="2003-03-10"),
        person("e", death_date="2021-05-01"),
        person("f"),
        person("g"),
        person("h"),
        person("i"),
        person("j"),
    ]
    plans = [
        plan("a", "2020-02-01", "2020-08-01"),
        plan("b", "2020-02-01", "2020-08-01"),
        plan("c", "2020-03-01", "2021-03-01"),
        plan("d", "2020-06-01", "2021-03-08"),
        plan("e", "2020-06-01", "2021-05-01"),
        plan("f", "2020-09-01", "2021-02-01"),
        plan("g", "2019-06-01", "2020-04-01"),
        plan("h", "2023-01-01"),
        plan("i", "2020-05-01", "2021-05-01", other_authority=True),
        plan("j", "2018-01-01", "2019-12-31"),
    ]
    care = [
        {"care_id": "1", "person_id": "c", "start_date": "2021-03-20", "end_date": None},
        {"care_id": "2", "person_id": "a", "start_date": "2020-09-15", "end_date": None},
    ]
    referrals = [
        {
            "referral_id": "1",
            "person_id": "f",
            "referral_date": "2020-08-01",
            "close_date": "2021-02-10",
            "close_reason": "RC5",
        }
    ]
    return made(persons=people, plans=plans, care=care, referrals=referrals)


def test_what_ended_each_plan_is_read_from_care_birthday_death_and_closure():
    frame = spells.spells(hand_worked()).set_index("person_id")
    assert frame["ending"].to_dict() == {
        "a": "step_down",  # care came six weeks after: too late to be what ended it
        "b": "step_down",
        "c": "care",
        "d": "eighteen",
        "e": "death",
        "f": "transfer",
        "g": "step_down",
        "h": "",
    }


def test_other_authorities_plans_and_plans_over_before_the_records_begin_are_no_spells():
    assert not {"i", "j"} & set(spells.spells(hand_worked())["person_id"])


def test_a_plan_open_when_the_records_begin_is_seen_from_then_and_one_still_open_until_they_were_taken():
    frame = spells.spells(hand_worked()).set_index("person_id")
    assert frame.loc["g", ["first_day", "last_day"]].tolist() == [214, 305]
    assert frame.loc["h", ["first_day", "last_day"]].tolist() == [0, 364]
    assert not frame.loc["h", "ended"]


def test_the_share_still_on_a_plan_by_hand_with_late_entry():
    """At risk on day 182: all but g (seen from 214) and f (gone on 153): a, b, c, d, e, h = 6, and
    two end.
    """
    drawn = stays.curve(spells.spells(hand_worked()), fewest=1).set_index("days")
    assert drawn["at_risk"].to_dict() == {153: 7, 182: 6, 280: 5, 305: 4, 334: 3, 365: 1}
    expected = np.cumprod([6 / 7, 4 / 6, 4 / 5, 3 / 4, 2 / 3, 0 / 1])
    assert np.allclose(drawn["on_plan"], expected)


def test_competing_endings_by_hand_add_up_with_those_still_on_a_plan():
    drawn = stays.curve(spells.spells(hand_worked()), fewest=1).set_index("days")
    assert drawn.loc[153, "transfer"] == pytest.approx(1 / 7)
    assert drawn.loc[182, "step_down"] == pytest.approx(6 / 7 * 2 / 6)
    assert drawn.loc[280, "eighteen"] == pytest.approx(6 / 7 * 4 / 6 * 1 / 5)
    assert drawn.loc[365, "care"] == pytest.approx(6 / 7 * 4 / 6 * 4 / 5 * 3 / 4 * 2 / 3)
    assert np.allclose(drawn["on_plan"] + drawn[list(ENDINGS)].sum(axis=1), 1)


def test_the_curve_is_that_of_statsmodels_with_late_entry(simulated):
    from statsmodels.duration.survfunc import SurvfuncRight

    frame = spells.spells(simulated)
    theirs = SurvfuncRight(
        frame["last_day"] + 0.5, frame["ended"].astype(int), entry=frame["first_day"] - 0.5
    )
    ours = stays.curve(frame, fewest=0)
    assert (frame["first_day"] > 0).any()
    assert np.allclose(theirs.surv_times - 0.5, ours["days"])
    assert np.allclose(theirs.surv_prob, ours["on_plan"])


def test_the_shares_of_endings_are_those_of_statsmodels_where_none_enters_late(simulated):
    from statsmodels.duration.survfunc import CumIncidenceRight

    frame = spells.spells(simulated)
    frame = frame[frame["first_day"] == 0]
    code = (
        frame["ending"]
        .map({name: i for i, name in enumerate(ENDINGS, start=1)})
        .fillna(0)
        .astype(int)
    )
    theirs = CumIncidenceRight(frame["last_day"] + 0.5, code)
    ours = stays.curve(frame, fewest=0)
    for i, name in enumerate(ENDINGS):
        if (code == i + 1).any():
            at = np.searchsorted(theirs.times - 0.5, ours["days"], side="right") - 1
            assert np.allclose(theirs.cinc[i][at], ours[name]), name


def test_leaving_out_late_entry_would_make_stays_look_longer(simulated):
    frame = spells.spells(simulated)
    early = stays.curve(frame.assign(first_day=0), fewest=0)
    assert (
        early["on_plan"].iloc[len(early) // 2]
        > stays.curve(frame, fewest=0)["on_plan"].iloc[len(early) // 2]
    )


def test_brothers_and_sisters_who_come_off_together_widen_the_interval():
    events = pd.DataFrame({"family_id": list("aabbbc"), "day": [1, 1, 2, 2, 2, 3]})
    assert spells.family_effect(events, "day") == pytest.approx((4 + 9 + 1) / 6)


# A plan from 31 January 2021 that ended on each day, and the band the department puts it in.
BANDS = [
    ("2021-04-30", "0_3"),
    ("2021-05-01", "3_6"),
    ("2021-07-31", "3_6"),
    ("2021-08-01", "6_12"),
    ("2022-01-30", "6_12"),
    ("2022-01-31", "12_24"),
    ("2023-01-30", "12_24"),
    ("2023-01-31", "24_plus"),
    ("2021-01-31", "0_3"),
]


@pytest.mark.parametrize(("end", "band"), BANDS)
def test_an_ending_is_in_the_band_the_department_puts_it_in(end, band):
    records = made(persons=[person("a")], plans=[plan("a", "2021-01-31", end)])
    rows = hazards.pieces(spells.spells(records), records.complete_from, records.extract_date)
    assert rows.loc[rows["ended"] == 1, "band"].tolist() == [band]


def test_the_time_at_risk_adds_up_to_the_time_seen_and_every_ending_is_in_one_piece(simulated):
    frame = spells.spells(simulated)
    rows = hazards.pieces(frame, simulated.complete_from, simulated.extract_date)
    seen = (frame["last_day"] - frame["first_day"] + 0.5).sum() / 365.25
    assert rows["years"].sum() == pytest.approx(seen)
    assert rows["ended"].sum() == frame["ended"].sum()
    assert rows["stepped_down"].sum() == (frame["ending"] == "step_down").sum()


def test_exposure_by_month_is_that_of_the_pieces_over_a_whole_year(simulated):
    frame = spells.spells(simulated)
    months = pd.period_range("2023-04", "2024-03", freq="M")
    late = hazards.monthly(frame, months)
    rows = hazards.pieces(frame, simulated.complete_from, simulated.extract_date)
    rows = rows[(rows["year"] == 2024) & rows["band"].isin(hazards.LATE)]
    assert late["plan_months"].sum() / 12 == pytest.approx(rows["years"].sum())
    assert late["stepped_down"].sum() == rows["stepped_down"].sum()


def test_a_rate_halved_on_a_day_is_found_in_the_years_after_it():
    """Simulated spells of one rate, halved from 1 April 2022 on, each child alone."""
    random, begin, taken = (
        np.random.default_rng(7),
        pd.Timestamp("2018-04-01"),
        pd.Timestamp("2024-03-31"),
    )
    start = begin + pd.to_timedelta(random.integers(0, 6 * 365, 8000), unit="D")
    turn = (pd.Timestamp("2022-04-01") - start).days.to_numpy()
    work = random.exponential(365, len(start))  # days at the first rate
    days = np.where(turn <= 0, 2 * work, np.where(work < turn, work, turn + 2 * (work - turn)))
    end = start + pd.to_timedelta(np.floor(days), unit="D")
    ended = end <= taken
    frame = pd.DataFrame(
        {
            "family_id": np.arange(len(start)),
            "start": start,
            "seen_from": start,
            "until": end.where(ended, taken),
            "ended": ended,
            "ending": np.where(ended, "step_down", ""),
        }
    )
    rows = hazards.pieces(frame, begin, taken)
    found = hazards._ratios(rows, "year", "calendar year").set_index("year")
    assert found.loc[2023, "low"] < 0.5 < found.loc[2023, "high"]
    assert found.loc[2021, "low"] < 1 < found.loc[2021, "high"]
    assert found.loc[2023, "high"] < 0.65


def test_the_simulated_records_give_every_part(simulated):
    found, rates = stays.stays(simulated), hazards.hazards(simulated)
    assert found.plans == len(spells.spells(simulated))
    assert found.endings["plans"].sum() + found.open == found.plans
    assert found.table["cohort"].iloc[0] == "all"
    assert set(rates.table["band"]) == {"0_3", "3_6", "6_12", "12_24", "24_plus"}
    assert found.simulated and rates.simulated


def test_records_without_a_plan_say_so():
    empty = made(persons=[person("a")])
    assert stays.stays(empty).missing == hazards.hazards(empty).missing == stays.NO_PLANS


def test_what_a_layout_does_not_carry_is_said():
    whole = hand_worked()
    assert spells.lacking(whole) == ()
    bare = whole.with_tables(
        {"care": whole.care.iloc[:0], "persons": whole.persons.assign(family_id=pd.NA)}
    )
    assert (
        stays.stays(bare).lacking
        == hazards.hazards(bare).lacking
        == (spells.NO_CARE, spells.NO_FAMILIES)
    )
    assert "c" in set(spells.spells(bare).query("ending == 'step_down'")["person_id"])
