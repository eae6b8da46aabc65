"""Simulated records: volumes near those published, the same from the same seed, each cause where it
was planted.
"""

import pandas as pd
import pytest

from oxcare_analysis.local import simulator
from oxcare_analysis.local.simulator import CAUSES, STEP, simulate
from oxcare_analysis.local.window import seen_on
from oxcare_analysis.words.errors import UsageError

CHILDREN, MONTHS, YEARS = 140_000, 96, 8
BIG = 4  # times as many children, so that a planted step stands clear of chance


def own(records):
    return records.plans[~records.plans["other_authority"]]


def counted(records, first, last):
    """Events a year from `first` up to `last`, ends a year per plan open, and plans open at the
    end.
    """

    def events(dates):
        return ((dates >= first) & (dates < last)).sum() / ((last - first).days / 365.25)

    plans = own(records)
    stays = plans["end_date"].fillna(last).clip(upper=last) - plans["start_date"].clip(lower=first)
    plan_years = stays.clip(lower=pd.Timedelta(0)).dt.days.sum() / ((last - first).days)
    return pd.Series(
        {
            "referrals": events(records.referrals["referral_date"]),
            "enquiries": events(records.enquiries["start_date"]),
            "conferences": events(records.conferences["conference_date"]),
            "started": events(plans["start_date"]),
            "ended": events(plans["end_date"]),
            "ended per plan": events(plans["end_date"]) / plan_years,
            "care": events(records.care["start_date"]),
            "open": ((plans["start_date"] < last) & ~(plans["end_date"] < last)).sum(),
        }
    )


@pytest.fixture(scope="module")
def oxfordshire():
    return simulate(CHILDREN, MONTHS, seed=6)


@pytest.mark.parametrize(
    ("what", "published"),
    [
        ("referrals", "referrals_received_count"),
        ("enquiries", "enquiries_started_count"),
        ("conferences", "conferences_held_count"),
        ("started", "plans_started_count"),
        ("open", "plans_open_count"),
        ("ended", "plans_ended_count"),
        ("care", "looked_after_started_count"),
    ],
)
def test_volumes_are_about_those_published_for_oxfordshire(oxfordshire, panel, what, published):
    real = panel.loc["931"][published].dropna().loc[2022:].mean()
    found = counted(oxfordshire, oxfordshire.complete_from, oxfordshire.extract_date)
    assert found[what] == pytest.approx(real, rel=0.25)


def test_the_same_seed_gives_the_same_records_and_another_seed_others():
    one, same, other = (simulate(3_000, 24, seed=seed) for seed in (5, 5, 6))
    assert all(same.tables[name].equals(table) for name, table in one.tables.items())
    assert not other.plans.equals(one.plans)


def test_plans_last_about_as_long_as_published(oxfordshire, panel):
    still = own(oxfordshire)[lambda plans: plans["end_date"].isna()]
    months = (oxfordshire.extract_date - still["start_date"]).dt.days / 30.44
    real = panel.loc["931"].loc[2020:]
    bands = {"0_3": (0, 3), "3_6": (3, 6), "6_12": (6, 12), "12_24": (12, 24)}
    for band, (low, high) in bands.items():
        share = (real[f"plans_open_{band}_months_count"] / real["plans_open_count"]).mean()
        assert ((months > low) & (months <= high)).mean() == pytest.approx(share, abs=0.12)


def test_families_go_through_together_and_all_kinds_of_rows_occur(oxfordshire):
    plans = own(oxfordshire).merge(oxfordshire.persons[["person_id", "family_id"]], on="person_id")
    several = plans[plans.duplicated(["family_id", "start_date"], keep=False)].dropna(
        subset=["end_date"]
    )
    off = several.groupby(["family_id", "start_date"])["end_date"].agg(["nunique", "size"])
    assert len(several) > 0.4 * len(plans) and (off["nunique"] == 1).mean() > 0.6
    assert oxfordshire.conferences["transfer_in"].sum() > 20
    assert oxfordshire.plans["other_authority"].sum() > 20
    assert oxfordshire.persons["death_date"].notna().sum() > 0
    assert oxfordshire.persons["expected_birth_date"].notna().sum() > 20
    assert 0.08 < plans["person_id"].duplicated().mean() < 0.3
    assert oxfordshire.enquiries.duplicated("enquiry_id").sum() > 100


@pytest.mark.parametrize(
    ("cause", "moved"),
    [
        ("none", {}),
        (
            "entry_threshold",
            {"conferences": (1.15, 1.4), "started": (1.2, 1.45), "referrals": (0.9, 1.1)},
        ),
        (
            "exit_threshold",
            {"ended per plan": (0.72, 0.88), "open": (1.05, 1.4), "started": (0.9, 1.1)},
        ),
        ("population_need", {"referrals": (1.2, 1.5), "started": (1.15, 1.55)}),
        ("awareness", {"referrals": (1.15, 1.4), "started": (1.1, 1.45)}),
    ],
)
def test_a_cause_moves_what_it_should_from_its_month_on(cause, moved):
    records = simulate(BIG * CHILDREN, 72, cause, seed=2)
    step = records.complete_from + pd.DateOffset(years=3)
    before = counted(records, records.complete_from, step)
    after = counted(records, step + pd.DateOffset(years=1), records.extract_date)
    for what, (low, high) in (
        {name: (0.9, 1.1) for name in before.index} if cause == "none" else moved
    ).items():
        assert low < after[what] / before[what] < high, what


def test_awareness_adds_referrals_from_trained_sources_alone():
    records = simulate(BIG * CHILDREN, 48, "awareness", seed=2)
    referrals = records.referrals[records.referrals["referral_date"] >= records.complete_from]
    late = referrals["referral_date"] >= records.complete_from + pd.DateOffset(years=2)
    trained = referrals["source"].isin(simulator.TRAINED)
    rise = {
        name: (late & which).sum() / (~late & which).sum()
        for name, which in (("t", trained), ("o", ~trained))
    }
    assert rise["t"] > 1 + STEP and rise["o"] < 1.05


def test_an_earlier_extract_knows_less_and_shows_ended_plans_as_open(oxfordshire):
    day = pd.Timestamp("2023-09-30")
    seen = seen_on(oxfordshire, day, pd.Timestamp("2021-04-01"))
    assert (seen.plans["start_date"] <= day).all() and not (seen.plans["end_date"] > day).any()
    assert seen.plans["end_date"].isna().sum() > 300
    assert (seen.plans["end_date"].isna() | (seen.plans["end_date"] >= "2021-04-01")).all()
    assert (
        seen.referrals["close_reason"].notna().sum() == seen.referrals["close_date"].notna().sum()
    )


@pytest.mark.parametrize(
    "wrong", [{"cause": "rain"}, {"children": 5}, {"months": 0}, {"size": 3}, {"seed": -1}]
)
def test_arguments_that_make_no_authority_are_refused(wrong):
    with pytest.raises(UsageError):
        simulate(**{"children": 1_000, "months": 12, **wrong})


def test_the_causes_are_those_of_the_hypotheses_and_none():
    assert CAUSES == ("none", "entry_threshold", "exit_threshold", "population_need", "awareness")
