"""Months: planted parts come back, intervals cover, the Nile breaks where it is known to, months
add up to years.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.stats.multitest import multipletests

import oxcare_analysis as ox
from oxcare_analysis.intake import raw
from oxcare_analysis.refresh import asked, run
from oxcare_analysis.thinking import months as thinking
from oxcare_analysis.thinking.models import monthly
from oxcare_analysis.words.columns import MONTHS
from oxcare_analysis.words.errors import UsageError

NO_EVENTS = pd.DataFrame({"event": [], "date": []}, dtype=str)
SEASON = np.log([1.0, 0.9, 1.0, 0.95, 1.05, 1.1, 1.05, 0.8, 1.1, 1.15, 1.05, 0.9])
SEASON -= SEASON.mean()


def simulated(seed, n=144, mean=500.0, growth=0.2, step=0.0, at=70, phi=3.0, rho=0.5):
    """Simulated counts by month from April 2012: trend, season and step planted, AR(1) noise of phi
    times Poisson's.
    """
    index, time = pd.period_range("2012-04", periods=n, freq="M"), np.arange(n)
    mu = mean * np.exp(growth * time / n + SEASON[index.month - 1] + step * (time >= at))
    draws, noise = np.random.default_rng(seed).standard_normal(n), np.empty(n)
    noise[0] = draws[0]
    for i in range(1, n):
        noise[i] = rho * noise[i - 1] + np.sqrt(1 - rho**2) * draws[i]
    return pd.Series(np.maximum(np.round(mu + np.sqrt(phi * mu) * noise), 0.0), index=index)


def lingering(seed, n=144, mean=500.0, sd=0.08, rho=0.8):
    """Simulated counts: Poisson about a level that wanders (log AR(1)), the model of Zeger
    (1988).
    """
    rng, index = np.random.default_rng(seed), pd.period_range("2012-04", periods=n, freq="M")
    level = np.empty(n)
    level[0] = rng.standard_normal()
    for i in range(1, n):
        level[i] = rho * level[i - 1] + np.sqrt(1 - rho**2) * rng.standard_normal()
    return pd.Series(
        rng.poisson(mean * np.exp(SEASON[index.month - 1] + sd * level)).astype(float), index=index
    )


def modelled(series, events=NO_EVENTS, measure="referrals_received"):
    return thinking.model(series, events, "Simulated", measure, "Source: simulated.")


def columns(series, after=None):
    parts = [
        *monthly.design(series.index, series.index),
        *([] if after is None else [after[:, None]]),
    ]
    return np.hstack(parts).astype(float)


@pytest.fixture(scope="module")
def oxfordshire(tables):
    return ox.load("Oxfordshire")


# The parts


def test_planted_trend_season_and_step_are_recovered():
    events = pd.DataFrame({"event": ["planted"], "date": ["2018-02"]})
    series = simulated(1, mean=50_000, step=0.3, phi=1.0, rho=0.0)
    step = modelled(series, events).steps.iloc[0]
    assert step["estimate"] == pytest.approx(0.3, abs=0.02) and step["p_adjusted"] < 0.001
    plain = modelled(simulated(2, mean=50_000, phi=1.0, rho=0.0)).table
    assert np.log(plain["trend"].iloc[-1] / plain["trend"].iloc[0]) == pytest.approx(
        0.2 * 143 / 144, abs=0.02
    )
    assert np.log(plain["season"].to_numpy()[:12]) == pytest.approx(np.roll(SEASON, -3), abs=0.01)


def test_the_parts_multiply_up_to_the_figure_exactly(oxfordshire):
    m = ox.months(oxfordshire)
    parts = m.table["trend"] * m.table["season"] * m.table["remainder"]
    assert np.abs(parts - m.table["value"]).max() < 1e-9
    assert np.log(m.table["season"].iloc[:12]).sum() == pytest.approx(0, abs=1e-9)
    assert (m.table["low"] < m.table["trend"]).all() and (m.table["trend"] < m.table["high"]).all()


def test_twelve_months_add_up_to_the_published_year(oxfordshire):
    table = ox.months(oxfordshire).table
    year = table["month"].str[:4].astype(int) + (table["month"].str[5:].astype(int) >= 4)
    sums = table.groupby(year)["value"].sum()
    published = oxfordshire.table["referrals_received_count"]
    assert list(sums.index) == list(range(2013, 2025))
    assert (sums == published.loc[sums.index]).all()
    assert sums[2018] == 6814  # typed in from the department's table of referrals
    assert table.set_index("month").at["2012-04", "value"] == oxfordshire.at(
        2013, f"referrals_in_{MONTHS[0]}_count"
    )


def test_without_autocorrelation_the_errors_are_those_of_statsmodels():
    series = simulated(3, rho=0.0)
    fit = monthly.fit(series, columns(series))
    assert fit.autocorrelation == 0
    same = sm.GLM(series.to_numpy(), columns(series), family=sm.families.Poisson()).fit(scale="X2")
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx(same.bse, rel=1e-6)
    assert fit.dispersion == pytest.approx(same.scale)


def test_counts_are_never_taken_to_scatter_less_than_chance():
    steady = simulated(15, phi=0.2)
    assert monthly.fit(steady, columns(steady)).dispersion == 1


def test_dispersion_and_autocorrelation_are_recovered_without_bias():
    fits = [monthly.fit(s, columns(s)) for s in (simulated(seed) for seed in range(100))]
    assert np.mean([f.autocorrelation for f in fits]) == pytest.approx(0.5, abs=0.04)
    assert np.mean([f.dispersion for f in fits]) == pytest.approx(3.0, abs=0.2)


def test_the_interval_of_a_step_covers_where_plain_poisson_does_not():
    after, covered, naive = np.arange(144) >= 70, 0, 0
    for seed in range(200):
        series = simulated(seed, step=0.1)
        x = columns(series, after)
        _, low, high, _ = monthly.fit(series, x).last
        covered += low <= 0.1 <= high
        poisson = sm.GLM(series.to_numpy(), x, family=sm.families.Poisson()).fit().conf_int()[-1]
        naive += poisson[0] <= 0.1 <= poisson[1]
    assert 0.90 <= covered / 200 <= 0.98
    assert naive / 200 < 0.70


def test_a_stock_is_modelled_by_its_log_and_one_month_hangs_on_the_last():
    rng, covered = np.random.default_rng(4), 0
    index, after = pd.period_range("2014-01", periods=84, freq="M"), np.arange(84) >= 42
    for _ in range(200):
        noise = np.empty(84)
        noise[0] = rng.standard_normal() * 0.1
        for i in range(1, 84):
            noise[i] = 0.9 * noise[i - 1] + np.sqrt(1 - 0.81) * 0.1 * rng.standard_normal()
        x = columns(pd.Series(1.0, index=index), after)
        _, low, high, _ = monthly.fit(
            pd.Series(600 * np.exp(noise), index=index), x, stock=True
        ).last
        covered += low <= 0 <= high
    assert 0.90 <= covered / 200 <= 0.98
    m = modelled(pd.Series(np.round(600 * np.exp(noise)), index=index), measure="plans_open")
    assert m.stock and m.autocorrelation > 0.3 and np.isnan(m.dispersion)
    assert "scatter" not in ox.say(m) and "scatter" in ox.say(modelled(simulated(1)))


# Gaps and short series


def test_a_gap_gives_the_same_as_absent_rows(oxfordshire):
    series = simulated(5)
    gappy = series.drop(series.index[40:45])
    own = pd.DataFrame({"plans_started": series.mask(~series.index.isin(gappy.index))})
    with_gap = thinking.months(oxfordshire, "plans_started", own)
    without = thinking.months(oxfordshire, "plans_started", pd.DataFrame({"plans_started": gappy}))
    pd.testing.assert_frame_equal(with_gap.table, without.table)
    assert with_gap.break_ == without.break_
    assert len(with_gap.table) == 144 and with_gap.table["value"].isna().sum() == 5
    assert with_gap.table["remainder"].isna().sum() == 5 and with_gap.table["trend"].notna().all()
    assert "Months without a figure: 5." in ox.say(with_gap)


def test_months_on_either_side_of_a_gap_are_as_far_apart_as_the_calendar_says():
    series = simulated(6)
    series = series.drop(series.index[[40, 41]])
    fit = monthly.fit(series, columns(series))
    beside, _, correlation = monthly.noise(fit.pearson, fit.weighted, series.index.asi8)
    assert 0.2 < beside < 1
    assert correlation[38, 39] == pytest.approx(beside)
    assert (
        correlation[39, 40] == correlation[30, 33] < beside
    )  # July and October 2015, three months apart


@pytest.mark.parametrize(("dropped", "refused"), [((), False), ((0,), True), ((12,), True)])
def test_two_full_cycles_are_needed_and_are_enough(dropped, refused):
    series = simulated(7, n=24)
    m = modelled(series.drop(series.index[list(dropped)]))
    assert bool(m.missing) == refused
    if refused:
        assert (
            "23 months have a figure; trend and season need 24" in m.missing
            and m.table.empty
            and m.break_ is None
        )


def test_two_years_worth_of_months_without_two_of_each_are_refused():
    series = simulated(8, n=35)
    august = series[series.index.month != 8]
    assert "each calendar month at least 2 times" in modelled(august).missing


def test_counts_too_small_or_mostly_missing_are_refused_with_a_reason(tables):
    series = simulated(9, n=36)
    assert "log of a zero" in modelled(series.where(series.index.month != 8, 0)).missing
    assert (
        "log of a zero"
        in modelled(series.where(series.index.month != 8, 0), measure="plans_open").missing
    )
    assert (
        ox.months(ox.load("City of London")).missing
        == "more than half of the months have no figure"
    )
    assert ox.months(ox.load("Oxfordshire", as_of="2012-11")).missing.startswith(
        "0 months have a figure"
    )


# Steps at given dates


def test_steps_are_tested_at_the_dates_given_and_adjusted_together():
    dates = ["2013-02", "2016-05-15", "2016-05-17", "2018-02", "2030-01", "2012-05"]
    steps = modelled(
        simulated(10, step=0.4), pd.DataFrame({"event": list("abcdef"), "date": dates})
    ).steps
    assert dict(zip(steps["event"], steps["date"], strict=True)) == {
        "f": "2012-05",
        "a": "2013-02",
        "b": "2016-05",
        "c": "2016-06",
        "d": "2018-02",
    }
    assert steps["estimate"].isna().tolist() == [
        True,
        False,
        False,
        False,
        False,
    ]  # f: no six months before it
    tested = steps.dropna()
    assert tested["p_adjusted"].to_numpy() == pytest.approx(
        multipletests(tested["p_value"], method="holm")[1]
    )
    assert tested.set_index("event").at["d", "p_adjusted"] < 0.01


def test_events_of_one_month_are_one_test():
    events = pd.DataFrame({"event": ["a", "b", "c"], "date": ["2015-03", "2015-03-04", "2017-03"]})
    steps = modelled(simulated(11), events).steps.set_index("event")
    assert steps.at["a", "estimate"] == steps.at["b", "estimate"]
    assert steps["p_adjusted"].min() == pytest.approx(min(1, 2 * steps["p_value"].min()))


def test_a_clear_step_is_said_and_shown_and_an_event_is_never_markup():
    events = pd.DataFrame({"event": ["<b>New</b> team", "Other"], "date": ["2018-02", "2014-09"]})
    m = modelled(simulated(12, step=0.5), events)
    assert "<b>New</b> team (February 2018: a rise of" in ox.say(m)
    assert "<b>" not in ox.say(m)._repr_html_() + ox.exhibits.steps(m).html()
    none = modelled(simulated(12), events)
    assert "at any of 2 event dates" in ox.say(none)


# A break at no given date


def test_the_nile_breaks_in_1898():
    flow = sm.datasets.nile.load_pandas().data["volume"].to_numpy()
    years = pd.period_range("1871", periods=100, freq="Y")
    found = monthly.find_break(flow - flow.mean(), np.ones((100, 1)), np.ones(100), years)
    assert found.f == pytest.approx(75.93, abs=0.005)  # sup.F of R's strucchange on the same series
    assert (
        found.date.year - 1 == 1898
    )  # the last year of the old level, as Cobb (1978) and strucchange date it
    assert found.low.year <= 1898 <= found.high.year and found.high.year - found.low.year <= 12
    assert found.p_value < 0.01


@pytest.mark.parametrize("make", [simulated, lingering], ids=["AR(1)", "lasting part under chance"])
def test_a_break_that_is_not_there_is_seldom_found(make):
    found = 0
    for seed in range(200):
        series = make(1000 + seed)
        fit = monthly.fit(series, columns(series))
        found += (
            monthly.find_break(fit.pearson, fit.weighted, fit.weight, series.index).p_value < 0.05
        )
    assert 1 <= found <= 15  # nominal: 10


def test_the_interval_of_a_planted_break_holds_its_date():
    held, clear = 0, 0
    for seed in range(60):
        m = modelled(simulated(seed, step=-0.35, rho=0.3))
        held += str(m.break_.low) <= "2018-02" <= str(m.break_.high)
        clear += m.broke
        assert m.break_.low <= m.break_.date <= m.break_.high
    assert held >= 54 and clear >= 54


def test_a_break_is_told_with_its_interval_and_is_the_same_every_time():
    series = simulated(13, step=-0.4, rho=0.3)
    m = modelled(series)
    assert m.break_ == modelled(series).break_
    assert "one stands clear; the likeliest is at February 2018 (95 per cent interval" in ox.say(m)
    assert ox.charts.months(m).note.endswith("Shaded: where the break may lie.")
    assert "none stands clear" in ox.say(replace(m, break_=replace(m.break_, p_value=0.3)))


# Own months


def test_own_months_come_from_the_template_and_name_no_area(oxfordshire, tmp_path, monthly_csv):
    series = simulated(14, n=30, mean=60.0)
    rows = [
        [str(month), 500 + i, int(v), "", 200, 50, 400]
        for i, (month, v) in enumerate(series.items())
    ]
    raw.add_files([monthly_csv(*rows)], data_dir=tmp_path)
    m = ox.months(oxfordshire, "plans_started", own=True, data_dir=tmp_path, protect=False)
    assert m.table["value"].tolist() == series.tolist()
    assert (m.first, m.last, m.own, m.area) == ("2012-04", "2014-09", True, "your own months")
    chart = ox.charts.months(m)
    assert "not published statistics" in chart.source and "Department" not in chart.source
    assert "Oxfordshire" not in chart.title + chart.alt + ox.say(m)
    assert 60 <= len(chart.alt) <= 300
    empty = ox.months(oxfordshire, "plans_ended", own=True, data_dir=tmp_path)
    assert empty.missing == "none of your own months has this count filled in"


def test_without_own_months_the_way_to_add_them_is_said(oxfordshire, tmp_path):
    m = ox.months(oxfordshire, "plans_open", own=True, data_dir=tmp_path)
    assert "oxcare data template monthly" in ox.say(m)
    assert isinstance(ox.charts.months(m), str)
    assert ox.exhibits.months(m).table.shape == ox.exhibits.steps(m).table.shape == (1, 1)


@pytest.mark.parametrize(
    ("measure", "own"), [("plans_open", False), ("exit_rate", False), ("exit_rate", True)]
)
def test_a_measure_without_months_is_refused_in_one_paragraph(oxfordshire, measure, own):
    with pytest.raises(UsageError, match="expected one of .*referrals_received") as refused:
        ox.months(oxfordshire, measure, own)
    assert "\n" not in str(refused.value)


def test_the_page_of_own_months_is_run_only_for_the_one_area_asked_for(tmp_path, monthly_csv):
    def request(alone):
        return asked.Request("Rutland", None, None, "latest", tmp_path, tmp_path, alone=alone)

    assert not request(True).own_months
    raw.add_files([monthly_csv(["2025-04", 1, 2, 3, 4, 5, 6])], data_dir=tmp_path)
    assert request(True).own_months and not request(False).own_months
    assert run.OWN_MONTHS in {path.stem for path in run.notebooks()}
    assert run.OWN_MONTHS not in {path.stem for path in run.notebooks(own_months=False)}


@pytest.mark.parametrize(("months", "clear"), [(24, False), (30, True)])
def test_a_step_that_is_a_sum_of_trend_and_season_is_not_told(months, clear):
    # In two bare years the thirteenth month begins the second year: month levels and trend already
    # say so.
    index = pd.period_range("2012-04", periods=months, freq="M")
    step = (index >= pd.Period("2013-04", "M")).astype(float)
    assert monthly.told_apart(step[:, None], np.hstack(monthly.design(index, index)))[0] == clear
