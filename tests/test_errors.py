"""How sure, counted in four ways: by hand, on simulated series with a known cause of the swings,
and as published.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import oxcare_analysis as ox
from oxcare_analysis.hypotheses import judging
from oxcare_analysis.showing import evidence_sentences, exhibits
from oxcare_analysis.thinking import errors, evidence, measures
from oxcare_analysis.thinking.errors import COUNTING, DRIFT, INDEPENDENT, MODEL
from oxcare_analysis.thinking.models import noise
from oxcare_analysis.words.errors import UsageError

A, PHI, SIGMA = 0.01, 3.0, 0.1
REPLICATES = pd.DataFrame({"a": [A, A], "phi": [PHI, PHI], "sigma": [SIGMA, SIGMA]})
SIZE, CODES, YEARS = 500, [str(code) for code in range(100, 400)], range(2010, 2025)


@pytest.fixture(scope="module")
def study(tables):
    return ox.load("Oxfordshire", 2013, 2018)


@pytest.fixture(scope="module")
def published(study):
    return {name: ox.errors(study, name) for name in judging.HOLM_FAMILY}


def planted(study, measure, tops, bottom, first=2013, last=2018):
    """The errors where a measure has these tops by year over one bottom, and noise of known
    size.
    """
    ratio, panel, model = (
        measures.RATIOS[measure],
        study.panel.copy(),
        study.noise.set_index("measure"),
    )
    panel.loc[["931"], [ratio.top, ratio.bottom]] = np.nan
    for year, top in tops.items():
        panel.loc[("931", year), [ratio.top, ratio.bottom]] = top, bottom
    model.loc[measure, ["a", "phi", "sigma"]] = A, PHI, SIGMA
    part = replace(study, first_year=first, last_year=last, panel=panel, noise=model.reset_index())
    return errors.errors(part, measure, REPLICATES)


def se(found):
    return found.table.set_index("method")["se"]


# By hand


def test_counting_noise_of_a_rate_is_poissons(study):
    # Four years of 400 ends, each at a weight of a half: variance of the change 4 x 1/4 x 1/400.
    found = planted(study, "exit_rate", dict.fromkeys(range(2010, 2019), 400), 300)
    assert se(found)[COUNTING] == pytest.approx(0.05)


def test_counting_noise_of_a_share_is_binomial(study):
    # 100 of 400, from 2013 on: a year at the base and two at the end. (1/100 - 1/400) x (1 + 1/4 +
    # 1/4).
    found = planted(study, "plans_per_conference", dict.fromkeys(range(2013, 2019), 100), 400)
    assert found.change.base_years == (2013,)
    assert se(found)[COUNTING] == pytest.approx(np.sqrt(0.0075 * 1.5))


def test_a_share_over_one_has_the_noise_of_a_rate(study):
    found = planted(study, "plans_per_conference", dict.fromkeys(range(2013, 2019), 400), 300)
    assert se(found)[COUNTING] == pytest.approx(np.sqrt(1.5 / 400))


# 2010 to 2018 up and down by .3 in logs: eight yearly changes about a mean of none, sd = sqrt(8 x
# .09 / 7).
SWINGS = {year: 500 * np.exp(0.3 * (year % 2)) for year in range(2010, 2019)}


def test_yearly_changes_taken_as_independent_add_up_over_the_window(study):
    # Between the means of 2012-13 and 2017-18: half a step, four whole ones and half a step: 1/4 +
    # 4 + 1/4.
    found = planted(study, "exit_rate", SWINGS, 400)
    assert se(found)[INDEPENDENT] == pytest.approx(np.sqrt(0.72 / 7 * 4.5))


def test_the_noise_model_without_and_with_drift(study):
    # n = 400, the smaller count: .01 + 3/400 a year, four years at a weight of 1/4. Drift: 5/3 of
    # .01 a step.
    found = planted(study, "exit_rate", SWINGS, 400)
    assert se(found)[MODEL] == pytest.approx(np.sqrt(0.0175))
    assert se(found)[DRIFT] == pytest.approx(np.sqrt(0.0175 + 0.01 * 5 / 3 * 4.5))


def test_a_year_that_is_not_held_is_no_yearly_change(study):
    # Without 2015 the changes are +.3, -.3, +.3, -.3 and then +.3 -.3: 2014 to 2016 is two years
    # and is left out.
    found = planted(study, "exit_rate", {y: v for y, v in SWINGS.items() if y != 2015}, 400)
    assert se(found)[INDEPENDENT] == pytest.approx(
        np.std([0.3, -0.3, 0.3, -0.3, 0.3, -0.3], ddof=1) * np.sqrt(4.5)
    )


def test_one_yearly_change_has_no_spread_and_the_rest_is_still_told(study):
    found = planted(study, "exit_rate", {2013: 500, 2014: 600}, 400, 2013, 2014)
    row = found.table.set_index("method").loc[INDEPENDENT]
    assert np.isnan(row["se"]) and row["beyond"] is None
    assert f"{INDEPENDENT}: cannot tell;" in evidence_sentences.errors(found)
    shown = exhibits.errors(found).table.set_index("What is called noise").loc[INDEPENDENT]
    assert (
        shown["Beyond noise?"] == "cannot tell"
        and shown["95 per cent interval"] == "not worked out"
    )


def test_interval_z_and_beyond_follow_from_the_standard_error(published):
    for found in published.values():
        t, change = found.table, found.change.estimate
        assert t["z"].to_list() == pytest.approx((change / t["se"]).to_list())
        assert t["low"].to_list() == pytest.approx((change - 1.959964 * t["se"]).to_list())
        assert t["beyond"].to_list() == (t["low"] * t["high"] > 0).to_list()


# On simulated series


def world(study, seed, level, count=None):
    """Change, and errors by method, in 300 authorities whose log exit rate is `level`(random,
    shape), with counts.
    """
    random = np.random.default_rng(seed)
    logs = level(random, (len(CODES), len(YEARS)))
    tops = SIZE * np.exp(logs + 0.5) if count is None else count(random, SIZE * np.exp(logs + 0.5))
    index = pd.MultiIndex.from_product([CODES, YEARS], names=["area_code", "year"])
    panel = pd.DataFrame(
        {"implied_ends_count": tops.ravel(), "mean_open_count": float(SIZE)}, index=index
    )
    model = pd.DataFrame({"measure": ["exit_rate"], "a": A, "phi": PHI, "sigma": SIGMA})
    simulated = replace(study, panel=panel, noise=model)
    tables = []
    for code in CODES:
        one = replace(simulated, area=replace(study.area, code=code))
        vars(one).update(authorities=simulated.authorities)  # worked out once, for all
        tables.append(errors.errors(one, "exit_rate", REPLICATES).table.assign(code=code))
    return pd.concat(tables).set_index(["code", "method"])


def transitory(random, shape):
    return np.sqrt(A + PHI / SIZE) * random.standard_normal(shape)


def drifting(random, shape):
    return np.cumsum(SIGMA * random.standard_t(5, shape), axis=1) - 0.1


def covers(table, method, truth=0.0):
    rows = table.xs(method, level="method")
    return float(((rows["low"] <= truth) & (truth <= rows["high"])).mean())


# Nominal .95; with 300 authorities three standard errors are .038.
def test_counting_noise_is_enough_where_counts_are_all_there_is_and_far_too_little_where_not(study):
    chance_alone = world(
        study, 1, lambda random, shape: np.zeros(shape), lambda random, mean: random.poisson(mean)
    )
    assert covers(chance_alone, COUNTING) == pytest.approx(0.95, abs=0.038)
    assert covers(chance_alone, MODEL) > 0.99
    assert covers(world(study, 2, transitory), COUNTING) < 0.5


def test_the_noise_model_covers_a_level_that_did_not_move(study):
    still = world(study, 3, transitory)
    assert covers(still, MODEL) == pytest.approx(0.95, abs=0.038)
    assert covers(still, INDEPENDENT) > 0.98  # counts the noise of every year between
    assert covers(still, DRIFT) > 0.98


def test_where_levels_drift_only_drift_counted_as_noise_covers_no_change_and_the_model_finds_the_move(
    study,
):
    both = world(
        study, 4, lambda random, shape: drifting(random, shape) + transitory(random, shape)
    )
    assert covers(both, DRIFT) == pytest.approx(0.95, abs=0.038)
    assert covers(both, MODEL) < 0.75
    walk = world(study, 5, drifting)
    assert (
        0.88 < covers(walk, INDEPENDENT) < 0.97
    )  # an sd of fourteen changes, read as if it were known


# As published


def test_the_four_for_oxfordshire_stand_in_order(published):
    for found in published.values():
        s = se(found)
        assert s[COUNTING] < s[MODEL] < s[DRIFT]
        assert s[COUNTING] < s[INDEPENDENT]


def test_the_noise_model_s_is_the_verdict_s_own_and_drift_is_that_of_the_rivals(study, published):
    for name, found in published.items():
        primary = ox.assess(study, name).primary
        assert found.change == primary
        assert se(found)[MODEL] == pytest.approx(primary.se)
        if len(primary.base_years) == 2:
            spread = evidence.spread(study, {primary.measure: primary})[primary.measure]
            assert se(found)[DRIFT] == pytest.approx(spread)


def test_chance_in_the_counts_alone_would_call_every_change_real(published):
    # Which is why the verdict does not rest on it.
    beyond = {name: found.table.set_index("method")["beyond"] for name, found in published.items()}
    assert all(b[COUNTING] for b in beyond.values())
    assert not any(b[DRIFT] for b in beyond.values())


def test_before_2013_the_primary_that_stands_in_is_used(tables):
    assert (
        ox.errors(ox.load("Oxfordshire", 2010, 2014), "entry_threshold").change.measure
        == "plans_per_referral"
    )


# The bootstrap


def drawn(seed, areas=100):
    """Log measure and smaller count of authorities that drift by t5 steps, with noise on top."""
    random = np.random.default_rng(seed)
    index = pd.MultiIndex.from_product(
        [range(100, 100 + areas), range(2013, 2025)], names=["area_code", "year"]
    )
    n = np.exp(random.uniform(np.log(40), np.log(1500), (areas, 1)))
    level = np.cumsum(0.1 * random.standard_t(5, (areas, 12)), axis=1)
    log = level + np.sqrt(0.005 + 3 / n) * random.standard_normal(level.shape)
    return pd.Series(log.ravel(), index), pd.Series(np.repeat(n, 12), index)


@pytest.fixture(scope="module")
def replicates():
    return noise.bootstrap(*drawn(0))


def test_the_bootstrap_holds_the_fit_and_is_the_same_every_time(replicates):
    point = noise.fit(*drawn(0))
    assert len(replicates) == noise.REPLICATES
    for name in ("a", "phi", "sigma"):
        assert replicates[name].min() < point[name] < replicates[name].max()
    again = noise.bootstrap(*drawn(0), replicates=3)
    pd.testing.assert_frame_equal(again, replicates[:3])
    assert not noise.bootstrap(*drawn(0), replicates=3, seed=1)["a"].equals(again["a"])


def test_the_bootstrap_spread_is_that_of_panels_drawn_afresh(replicates):
    afresh = pd.DataFrame([noise.fit(*drawn(seed)) for seed in range(1, 25)])
    for measured in (lambda f: np.log(f["sigma"]), lambda f: np.log(noise.variance(f, 300))):
        assert measured(replicates).std() == pytest.approx(measured(afresh).std(), rel=0.5)


def test_whole_authorities_are_drawn(monkeypatch):
    log, n = drawn(0, 25)
    seen = []
    numbers = {"a": 1, "phi": 1, "sigma": 1}
    monkeypatch.setattr(noise, "_fit", lambda y, counts, *rest: seen.append((y, counts)) or numbers)
    noise.bootstrap(log, n, replicates=2)
    wide = log.unstack("year")
    for y, counts in seen[1:]:
        assert len(y) == 25 and y.index.duplicated().any()
        assert (y.index == counts.index).all()
        pd.testing.assert_frame_equal(y, wide.loc[y.index])


def test_too_few_authorities_have_no_bootstrap_and_the_errors_say_nothing_of_it(study):
    few = noise.bootstrap(*drawn(0, 19), replicates=2)
    assert few[["a", "phi", "sigma"]].isna().all(axis=None) and len(few) == 2
    found = errors.errors(study, "exit_rate", few)
    assert (
        found.table[["se_low", "se_high"]].isna().all(axis=None) and found.table["se"].notna().all()
    )
    assert "drawn with replacement" not in evidence_sentences.errors(found)


def test_the_interval_of_the_standard_error_is_log_normal(study):
    # Replicates whose noise is e^±.1 times that of the model: sd of the log (two draws) .1 x
    # sqrt(2).
    model = study.noise.set_index("measure").loc["exit_rate", ["a", "phi", "sigma"]].astype(float)
    scaled = pd.DataFrame([model * np.exp([0.2, 0.2, 0.1]), model * np.exp([-0.2, -0.2, -0.1])])
    rows = errors.errors(study, "exit_rate", scaled).table.set_index("method")
    for method in (MODEL, DRIFT):
        s, low, high = rows.loc[method, ["se", "se_low", "se_high"]]
        assert (np.log(high / s), np.log(s / low)) == pytest.approx(
            [1.959964 * 0.1 * np.sqrt(2)] * 2
        )
    assert rows.loc[[COUNTING, INDEPENDENT], "se_low"].isna().all()


def test_the_bootstrap_is_kept_under_the_figures_it_was_made_of(study, published, monkeypatch):
    def refuse(*_):
        raise AssertionError("made again")

    monkeypatch.setattr(noise, "bootstrap", refuse)
    assert ox.errors(study, "exit_threshold").table.equals(published["exit_threshold"].table)
    panel = study.panel.copy()
    panel.loc[("302", 2016), "ended_6_plus_count"] += 1
    with pytest.raises(AssertionError, match="made again"):
        ox.errors(replace(study, panel=panel), "exit_threshold")


# In words


def test_a_close_call_is_called_one(published):
    found = published["entry_threshold"]
    change = found.change.estimate

    def told(low, high):
        return evidence_sentences.errors(
            replace(found, table=found.table.assign(se_low=low, se_high=high))
        )

    assert "not the same at both, so it is a close call" in told(change / 2.1, change / 1.9)
    assert "the reading is the same at both" in told(change / 2.2, change / 2.1)
    assert "the reading is the same at both" in told(change / 1.9, change / 1.8)


def test_the_sentence_gives_each_meaning_of_noise_with_its_reading(published):
    found = published["exit_threshold"]
    said = ox.say(found)
    for row in found.table.itertuples():
        low, high = (f"{np.expm1(end) * 100:+.0f}" for end in (row.low, row.high))
        assert (
            f"{row.method}: {'beyond' if row.beyond else 'within'} it ({low} to {high} per cent)"
            in said
        )


def test_a_primary_without_a_number_says_why(tables):
    found = ox.errors(ox.load("City of London", 2013, 2018), "entry_threshold")
    assert found.table.empty and "no figure for 2013" in found.missing
    assert found.missing in ox.say(found)
    assert exhibits.errors(found).table.iloc[0, 0] == found.missing


@pytest.mark.parametrize("name", ["population_need", "entry"])
def test_need_has_no_count_to_take_the_noise_of_and_says_so(study, name):
    with pytest.raises(UsageError, match=f"got '{name}'.*not a ratio of two counts") as refused:
        ox.errors(study, name)
    assert "\n" not in str(refused.value)
