"""Error rates: a small run of the whole, and the summary against shares and intervals worked by
hand.
"""

from concurrent.futures.process import BrokenProcessPool

import numpy as np
import pandas as pd
import pytest

from oxcare_analysis.calibration import page, run, summary
from oxcare_analysis.calibration.run import CONDITIONS
from oxcare_analysis.hypotheses import judging
from oxcare_analysis.thinking.findings import VERDICTS
from oxcare_analysis.words.errors import RunError
from oxcare_analysis.worlds.causes import CAUSES


@pytest.fixture(scope="module")
def small():
    """A world or two of every condition, all among the same authorities."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "SURROUNDINGS", 1)
        patch.setattr(run, "ORACLE_SURROUNDINGS", 1)
        return run.calibrate(60, run.CHOOSING_SEED, 2)


def index_of(cause, **wanted):
    return next(
        i
        for i, c in enumerate(CONDITIONS)
        if c.causes == (cause,) and all(getattr(c, k) == v for k, v in wanted.items())
    )


def rows(condition, verdicts, world=0, **columns):
    """A row for each hypothesis: verdicts by name, inconclusive where not given."""
    truths = CONDITIONS[condition].truths
    return pd.DataFrame(
        [
            {
                "world": world,
                "condition": condition,
                "hypothesis": name,
                "true": name in truths,
                "verdict": verdicts.get(name, "inconclusive"),
                "moved": verdicts.get(name) == "supported",
                "rivals": "",
                "peculiar": False,
                "estimate": 0.1,
                "se": 0.1,
                "oracle": "inconclusive",
                "oracle_moved": False,
                "oracle_rivals": "",
                "realised": 0.1,
                "driver": None,
                "inside": None,
                **columns,
            }
            for name in judging.NAMES
        ]
    )


def line(result, requirement, worlds=None):
    found = result[result["requirement"].str.startswith(requirement)]
    if worlds:
        found = found[found["worlds of"].str.contains(worlds, regex=False)]
    return found.iloc[0]


def test_every_condition_runs_and_gives_one_word_a_hypothesis(small):
    found, model = small
    judged = found[found["hypothesis"].notna()]
    assert set(judged["condition"]) == set(range(len(CONDITIONS)))
    assert all(
        sorted(names) == sorted(judging.NAMES) for _, names in judged.groupby("world")["hypothesis"]
    )
    assert set(judged["verdict"]) <= set(VERDICTS)
    assert set(found["driver"].dropna()) >= {"exit_rate", "momentum"}
    assert (model[["a", "phi", "sigma"]] >= 0).all().all()


def test_a_cause_twice_as_strong_as_it_need_be_is_found(small):
    found = small[0]
    strong = found[
        (found["condition"] == index_of("exit_bar", growth=0.8))
        & (found["hypothesis"] == "exit_threshold")
    ]
    assert set(strong["verdict"]) == {"supported"}
    assert (strong["estimate"] < -0.4).all()


def test_the_noise_of_simulated_authorities_is_that_of_the_published_panel(small, tables):
    import oxcare_analysis as ox

    published = ox.load("Oxfordshire", 2013, 2018).noise.set_index("measure")
    simulated = small[1].set_index("measure")
    for m in (
        "exit_rate",
        "plans_per_need_referral",
        "conferences_per_enquiry",
        "plans_started_per_child",
    ):
        sd = [
            np.sqrt(model.at[m, "a"] + model.at[m, "phi"] / 600) for model in (simulated, published)
        ]
        assert sd[0] == pytest.approx(sd[1], rel=0.35), m
        assert simulated.at[m, "sigma"] == pytest.approx(published.at[m, "sigma"], rel=0.35), m


def test_a_share_comes_with_wilsons_interval():
    still = index_of("none", size=600, drift=False)
    found = pd.concat([rows(still, {}, world) for world in range(20)])
    result = line(summary.summary(found), "nothing planted: any", "600")
    assert (result["share"], result["of"]) == (0, 20)
    assert result["high"] == pytest.approx(
        1.96**2 / (20 + 1.96**2), abs=1e-4
    )  # Wilson 1927, none of twenty
    assert result["met"] and not result["sure"]  # the interval reaches past 5 per cent


def test_one_false_support_in_ten_is_not_met():
    still = index_of("none", size=600, drift=False)
    found = pd.concat(
        [
            rows(still, {"awareness": "supported"} if world % 10 == 0 else {}, world)
            for world in range(200)
        ]
    )
    result = line(summary.summary(found), "nothing planted: any", "600")
    assert result["share"] == pytest.approx(0.1)
    assert not result["met"] and result["sure"]


def test_only_a_hypothesis_that_is_false_counts_as_wrong():
    planted = index_of("exit_bar", size=600, growth=0.4)
    right = pd.concat([rows(planted, {"exit_threshold": "supported"}, w) for w in range(10)])
    assert line(summary.summary(right), "a wrong", "exit bar higher")["share"] == 0
    wrong = pd.concat([rows(planted, {"entry_threshold": "supported"}, w) for w in range(10)])
    assert line(summary.summary(wrong), "a wrong", "exit bar higher")["share"] == 1


def test_the_true_cause_counts_when_it_is_named_as_the_rival_of_one_that_moved():
    planted = index_of("more_families", size=600)
    found = rows(planted, {})
    assert (
        line(summary.summary(found), "the true cause supported or named", "more families")["share"]
        == 0
    )
    named = found.assign(
        moved=found["hypothesis"] == "awareness",
        rivals=np.where(found["hypothesis"] == "awareness", "recording population_need", ""),
    )
    assert (
        line(summary.summary(named), "the true cause supported or named", "more families")["share"]
        == 1
    )


def test_support_against_what_really_happened_is_told_from_support_for_it():
    drifting = index_of("none", size=600, drift=True)
    for realised, share in ((0.2, 0), (-0.2, 1)):
        found = rows(drifting, {"entry_threshold": "supported"}, realised=realised)
        assert line(summary.summary(found), "nothing planted: supported against")["share"] == share


def test_bars_without_noise_are_left_out_of_the_coverage_and_momentum_is_apart():
    bars = pd.DataFrame(
        [
            {"world": 0, "condition": 0, "hypothesis": None, "driver": d, "inside": i, "se": se}
            for d, i, se in (
                ("children", False, 0.1),
                ("exit_rate", True, 60),
                ("momentum", False, 60),
            )
        ]
    )
    result = summary.summary(pd.concat([rows(0, {}), bars]))
    assert line(result, "ledger: 95")[["share", "of"]].tolist() == [1, 1]
    assert line(result, "ledger: one driver", "momentum")["share"] == 0


def test_both_causes_must_be_found():
    planted = next(
        i for i, c in enumerate(CONDITIONS) if c.causes == ("exit_bar", "conference_bar")
    )
    half = rows(planted, {"exit_threshold": "supported"})
    assert line(summary.summary(half), "both causes found")["share"] == 0
    both = rows(planted, {"exit_threshold": "supported", "entry_threshold": "supported"})
    assert line(summary.summary(both), "both causes supported outright")["share"] == 1


def test_the_seeds_and_what_is_planted_are_fixed_and_the_conditions_cover_every_cause():
    assert run.CHOOSING_SEED not in run.REPORTING_SEEDS
    assert {c for condition in CONDITIONS for c in condition.causes} == set(CAUSES)
    assert (
        {c.size for c in CONDITIONS if c.causes == ("none",)} == set(run.SIZES) == {600, 300, 150}
    )


def test_the_page_says_that_it_is_simulated_and_holds_every_requirement(small):
    result = summary.summary(small[0])
    everyone = pd.DataFrame(
        {"name": ["Simulated"], **dict.fromkeys(judging.NAMES, ["inconclusive"])}
    )
    text = page.text(result, 60, (1,), small[1], small[1], {(2015, 2020): everyone})
    assert "not by hand" in text and "nothing on this page is about real authorities" in text
    assert [c.name for c in page.pictures(result)] == ["power_by_open", "power_by_growth"]
    assert all(requirement in text for requirement in result["requirement"])
    assert "nan" not in text.lower().replace("finance", "")


def test_a_worker_that_is_stopped_is_one_paragraph_and_not_a_traceback(monkeypatch):
    class Stopped:
        def __init__(self, *settings, **more):
            raise BrokenProcessPool

    monkeypatch.setattr(run, "ProcessPoolExecutor", Stopped)
    with pytest.raises(RunError, match="0 of 10 sets of authorities done.*Nothing was written"):
        run.calibrate(10, 1)


def test_the_page_in_docs_is_of_the_seeds_fixed_for_reporting():
    written = page.PAGE.read_text(encoding="utf-8")
    assert all(f"{seed}" in written.split("\n\n")[1] for seed in run.REPORTING_SEEDS)
