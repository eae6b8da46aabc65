"""The four hypotheses on own months, the ledger in months, and own months beside published ones."""

import math

import numpy as np
import pandas as pd
import pytest
from own_records import made, person, plan

import oxcare_analysis as ox
from oxcare_analysis.hypotheses import judging as rules
from oxcare_analysis.local import (
    against_published,
    calibrate,
    changes,
    judging,
    models,
    monthly_ledger,
)
from oxcare_analysis.local.simulator import simulate
from oxcare_analysis.thinking.findings import INCONCLUSIVE, NOT_TESTABLE, SUPPORTED, VERDICTS

MONTHS = pd.period_range("2019-01", periods=72, freq="M")


@pytest.fixture(scope="module", params=["entry_threshold", "exit_threshold"])
def planted(request):
    """A cause planted in a simulated authority of Oxfordshire's size, and what the package makes of
    it.
    """
    found = changes.changes(simulate(cause=request.param, seed=20261122))
    return request.param, judging.judge(found, "Simulated authority")


def test_a_planted_cause_at_the_gates_is_supported_and_no_other_hypothesis_is(planted):
    cause, findings = planted
    assert [name for name, f in findings.items() if f.verdict == SUPPORTED] == [cause]


def test_the_words_and_the_order_are_those_of_the_published_rule(planted):
    _, findings = planted
    assert list(findings) == list(rules.NAMES)
    for name, finding in findings.items():
        assert finding.verdict in VERDICTS
        assert finding.margin == rules.module(name).MARGIN
        assert [s.predicted for s in finding.supporting] == [
            sign for _, sign in rules.module(name).SUPPORTING
        ]


def test_more_families_and_more_referrals_are_named_as_each_others_rivals():
    findings = judging.judge(changes.changes(simulate(cause="population_need", seed=20261122)), "x")
    assert findings["awareness"].verdict == findings["population_need"].verdict == INCONCLUSIVE
    assert "population_need" in findings["awareness"].rivals
    assert "awareness" in findings["population_need"].rivals
    assert SUPPORTED not in {f.verdict for f in findings.values()}


def test_growth_in_the_number_of_children_is_taken_out_where_it_is_known():
    """The same referrals of a quarter more children: a quarter fewer per child."""
    records = simulate(children=20_000, months=84, seed=5)
    flat = changes.changes(records, pd.Series(20_000.0, index=range(2019, 2028)))
    grown = changes.changes(
        records, pd.Series([20_000.0] * 5 + [25_000.0] * 4, index=range(2019, 2028))
    )
    apart = (
        grown.estimates["referrals_in_need_per_child"].estimate
        - flat.estimates["referrals_in_need_per_child"].estimate
    )
    assert apart == pytest.approx(-math.log(1.25), abs=0.06)
    assert grown.estimates["exit_rate"].estimate == flat.estimates["exit_rate"].estimate


def test_the_ends_are_whole_years_and_never_overlap():
    for count, size in ((23, None), (24, 12), (47, 12), (48, 24), (72, 36), (120, 36)):
        ends = changes.ends_of(pd.period_range("2015-01", periods=count, freq="M"))
        assert (ends and len(ends.before)) == size
        assert ends is None or (len(ends.after) == size and ends.before[-1] < ends.after[0])


def test_records_too_short_to_compare_say_so():
    found = judging.verdicts(made(begin="2022-01-01", persons=[person("a")]))
    assert found.missing == changes.TOO_SHORT and not found.findings


def test_too_few_events_at_an_end_are_not_testable():
    plans = [
        plan(f"p{i}", f"2021-{1 + i % 12:02}-05", f"2022-{1 + i % 12:02}-05") for i in range(24)
    ]
    found = judging.verdicts(made(persons=[person(f"p{i}") for i in range(24)], plans=plans))
    assert {f.verdict for f in found.findings.values()} == {NOT_TESTABLE}
    assert changes.TOO_FEW in found.findings["exit_threshold"].reason


def test_a_change_by_hand_without_season():
    """100 events a month then 150: log 1.5; the months do not scatter at all, so siblings alone set
    φ.
    """
    months = MONTHS[:24]
    events = pd.Series(np.where(np.arange(24) < 12, 100.0, 150.0), months)
    estimate, se, phi = models.change(
        events, pd.Series(1.0, months), np.arange(24) >= 12, siblings=2.0
    )
    assert estimate == pytest.approx(math.log(1.5))
    assert phi == 2.0
    bare = math.sqrt(2 * (1 / 1200 + 1 / 1800))
    assert bare < se < bare * 1.15  # wider by Student's t alone


def test_season_is_no_noise_and_no_change():
    months = MONTHS[:48]
    season = 1 + 0.4 * np.sin(2 * np.pi * months.month / 12)
    events = pd.Series(200.0 * season, months)
    estimate, _, phi = models.change(events, pd.Series(1.0, months), np.arange(48) >= 24, 1.0)
    assert estimate == pytest.approx(0, abs=1e-9) and phi == 1.0


def test_siblings_alone_make_phi_their_mean_group_size():
    """Families of three who come on together, each family once: Σ3² ÷ Σ3 = 3."""
    cells = pd.DataFrame(
        {
            "month": pd.PeriodIndex(np.repeat(["2019-02", "2021-02"], 6), freq="M"),
            "family_id": np.repeat(list("abcd"), 3),
            "a": 1.0,
        }
    )
    ends = changes.Ends(MONTHS[:24], MONTHS[24:48])
    assert changes._siblings(cells, ends) == pytest.approx(3)


def test_a_family_all_of_whose_cases_go_on_scatters_less_than_its_size():
    """Of cases of which half go on, by families of two: residuals 1 and −1, so Σ1 ÷ Σa = 4 ÷ 4."""
    cells = pd.DataFrame(
        {
            "month": pd.Period("2019-02", "M"),
            "family_id": list("aabbccdd"),
            "b": 1.0,
            "a": [1, 1, 0, 0, 1, 1, 0, 0],
        }
    )
    assert changes._siblings(cells, changes.Ends(MONTHS[:12], MONTHS[12:24])) == pytest.approx(1)


def test_drift_from_year_to_year_widens_the_spread_and_a_single_step_does_not():
    ends = changes.Ends(MONTHS[:36], MONTHS[36:])

    def spread(levels):
        months = MONTHS.repeat(np.repeat(levels, 12))
        cells = pd.DataFrame({"month": months, "family_id": range(len(months)), "a": 1.0})
        measured = changes._Cells(cells, pd.Series(1.0, MONTHS), "x", "", 1)
        change = changes._estimate("exit_rate", measured, ends)
        return changes._spread(change, measured, ends) / change.se

    assert spread([50, 50, 50, 70, 70, 70]) == pytest.approx(1)
    assert spread([50, 90, 40, 100, 45, 95]) > 2


def monthly(**changed):
    """Six counts that stand still but for the columns given; a twelfth of the mean stock ends each
    month.
    """
    frame = pd.DataFrame(
        {
            "referrals_received": 400.0,
            "enquiries_started": 150.0,
            "conferences_held": 60.0,
            "plans_started": 50.0,
        },
        index=MONTHS,
    ).assign(**changed)
    stock = [600.0]
    for started in frame["plans_started"]:
        stock.append((stock[-1] * (1 - 1 / 24) + started) / (1 + 1 / 24))
    return frame.assign(plans_open=stock[1:])


def test_the_ledger_adds_up_exactly_and_gives_a_planted_step_to_its_driver():
    after = np.arange(72) >= 36
    starts = np.where(after, 65.0, 50.0)
    found = monthly_ledger.monthly_ledger(monthly(plans_started=starts), "Simulated authority")
    assert found.table["plans"].sum() + found.momentum == pytest.approx(found.change)
    assert found.subtotals["plans"].sum() + found.momentum == pytest.approx(found.change)
    assert (found.first, found.last, found.step) == ("2020-01", "2024-12", 1)
    bars = found.table.set_index("driver")["plans"]
    assert found.change > 50
    assert bars["plans_per_conference"] == pytest.approx(found.change)
    assert bars.drop("plans_per_conference").abs().max() < 1e-6


def test_the_base_of_the_ledger_is_the_mean_of_its_year():
    """Referrals that go up and down by turns have not changed."""
    found = monthly_ledger.monthly_ledger(
        monthly(referrals_received=np.where(np.arange(72) % 2, 380.0, 420.0)), "x"
    )
    assert found.table.set_index("driver").loc["referrals_received", "plans"] == pytest.approx(
        0, abs=3
    )


def test_with_the_number_of_children_referrals_are_per_child():
    living = pd.Series(np.where(np.arange(72) < 36, 100_000.0, 110_000.0), MONTHS)
    referrals = np.where(np.arange(72) < 36, 400.0, 440.0)
    found = monthly_ledger.monthly_ledger(monthly(referrals_received=referrals), "x", living)
    bars = found.table.set_index("driver")["plans"]
    assert list(bars.index) == list(monthly_ledger.DRIVERS)
    assert bars["children"] > 1 and bars["referrals_per_child"] == pytest.approx(0, abs=1e-6)


def test_a_month_with_too_few_makes_the_steps_quarters():
    few = monthly(conferences_held=np.where(np.arange(72) == 40, 1.0, 60.0))
    assert monthly_ledger.monthly_ledger(few, "x").step == 3


@pytest.mark.parametrize(
    ("months", "reason"),
    [
        (monthly().iloc[:20], "19 months in a row"),
        (pd.DataFrame(index=MONTHS[:0]), "0 months in a row"),
        (monthly(conferences_held=0.0), "too few"),
        (monthly().assign(plans_open=30.0), "fewer"),
    ],
)
def test_a_ledger_that_cannot_be_made_says_why(months, reason):
    found = monthly_ledger.monthly_ledger(months, "x")
    assert not found.testable and reason in found.reason


def test_own_counts_are_set_beside_the_published_ones_of_whole_years(tables):
    study = ox.load("Oxfordshire", 2013, 2018)
    months = pd.period_range("2016-05", "2018-03", freq="M")
    published = study.table.loc[2018]
    own = pd.DataFrame(
        {
            "plans_started": published["plans_started_count"] / 12,
            "plans_open": published["plans_open_count"] + 60.0,
        },
        index=months,
    )
    found = against_published.against_published(study, own).table.set_index(["year", "measure"])
    assert list(found.index) == [
        (2017, "plans_open"),
        (2018, "plans_open"),
        (2018, "plans_started"),
    ]
    assert found.loc[(2018, "plans_started"), "agrees"]
    assert found.loc[(2018, "plans_open"), "difference"] == 60
    assert "other authorities" in found.loc[(2018, "plans_open"), "reasons"]


def test_nothing_to_set_beside_says_so(tables):
    found = against_published.against_published(ox.load("Oxfordshire", 2013, 2018), pd.DataFrame())
    assert found.missing and found.agreeing == 0


def test_error_rates_are_counted_by_line():
    rows = pd.DataFrame(
        [
            (0, "exit_threshold", 1, "exit_threshold", "supported", "", -0.3, 0.1),
            (0, "exit_threshold", 1, "awareness", "negligible", "", 0.0, 0.1),
            (
                0,
                "exit_threshold",
                2,
                "exit_threshold",
                "inconclusive",
                "entry_threshold",
                -0.3,
                0.1,
            ),
            (0, "exit_threshold", 2, "awareness", "supported", "", 0.3, 0.1),
            (0, "exit_threshold", 3, "exit_threshold", "inconclusive", "", -0.1, 0.1),
            (0, "exit_threshold", 3, "awareness", "negligible", "", 0.0, 0.1),
        ],
        columns=["line", "cause", "authority", "hypothesis", "verdict", "rivals", "estimate", "se"],
    )
    found = calibrate.summary(rows, (calibrate.Line("exit_threshold"),)).iloc[0]
    shares = [found[c] for c in ("supported", "named", "contradicted", "wrong")]
    assert shares == pytest.approx([1 / 3, 2 / 3, 0, 1 / 3])


def test_wilsons_interval_is_that_of_statsmodels():
    from statsmodels.stats.proportion import proportion_confint

    for hits, of in ((0, 20), (7, 20), (20, 20)):
        assert calibrate.interval(hits / of, of) == pytest.approx(
            proportion_confint(hits, of, method="wilson")
        )
