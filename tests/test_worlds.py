"""Simulated worlds: the causes do what they say, the files are what the department would publish,
the books balance.
"""

import numpy as np
import pandas as pd
import pytest

import oxcare_analysis as ox
from oxcare_analysis.calibration.run import study_of
from oxcare_analysis.intake import raw
from oxcare_analysis.thinking import measures
from oxcare_analysis.words.columns import BANDS, MEASURES
from oxcare_analysis.worlds import causes, files, model, world
from oxcare_analysis.worlds.causes import CAUSES

LARGE = 12_000  # open plans: chance has next to no part


@pytest.fixture(scope="module")
def around():
    return world.surroundings(4, 40)


@pytest.fixture(scope="module")
def one(around):
    return world.world(("exit_bar",), 150, 5, around)


def test_simulated_files_added_and_built_are_the_tables_calibration_uses(one, tmp_path):
    (tmp_path / "data" / "raw").mkdir(parents=True)
    raw.add_files(files.write(one, tmp_path / "files"), data_dir=tmp_path / "data")
    built = ox.load(files.name_of(world.TARGET, one.causes), 2015, 2020, data_dir=tmp_path / "data")
    in_memory = study_of(one, built.noise)
    shared = [m for m in one.counts.columns] + list(measures.DERIVED)
    pd.testing.assert_frame_equal(
        built.panel[shared].sort_index(),
        in_memory.panel[shared],
        check_names=False,
        check_dtype=False,
    )
    assert built.neighbours == in_memory.neighbours
    assert built.area.region_code == in_memory.area.region_code
    here = {code: r for code, r in built.provenance["regions"].items() if code in one.regions}
    assert here == one.regions


def test_whatever_is_shown_of_a_simulated_authority_says_that_it_does_not_exist(one):
    study = study_of(one, pd.DataFrame(columns=["measure"]))
    assert study.area.name.startswith("Simulated")
    assert "do not exist" in study.source and "Department" not in study.source


@pytest.mark.parametrize("name", [n for n, cause in CAUSES.items() if cause.levers])
def test_each_cause_makes_open_plans_grow_by_what_it_says(name):
    def open_plans(names):
        return (
            world.expected(names, 30_000, 6, None, 1.0, 1)["plans_open_count"]
            .loc["001"]
            .loc[2019:]
            .mean()
        )

    growth = open_plans((name,)) / open_plans(("none",)) - 1
    assert growth == pytest.approx(CAUSES[name].growth, abs=0.025)


@pytest.mark.parametrize(
    ("name", "moved", "flat"),
    [
        (
            "conference_bar",
            {"conferences_per_enquiry": 1, "care_starts_per_plan": -1},
            "referrals_per_child",
        ),
        (
            "enquiry_bar",
            {"enquiries_per_referral": 1, "conferences_per_enquiry": -1},
            "referrals_per_child",
        ),
        ("exit_bar", {"exit_rate": -1, "exit_hazard_6_plus": -1}, "plans_started_per_child"),
        (
            "more_families",
            {"referrals_per_child": 1, "plans_started_per_child": 1},
            "enquiries_per_referral",
        ),
        ("more_severe", {"enquiries_per_referral": 1, "no_need_share": -1}, "care_starts_per_plan"),
        ("better_aimed", {"no_need_share": -1, "enquiries_per_referral": 1}, "referrals_per_child"),
        ("more_referrals", {"referrals_per_child": 1, "no_need_share": 1}, "exit_rate"),
        (
            "fewer_recorded",
            {"referrals_per_child": -1, "enquiries_per_referral": 1},
            "plans_started_per_child",
        ),
    ],
)
def test_each_cause_moves_the_steps_it_is_about_and_leaves_the_others(name, moved, flat):
    def levels(names):
        counts = world.expected(names, LARGE, 6, None, 1.0, 1).reindex(columns=list(MEASURES))
        panel = measures.derive(counts)
        return {
            m: measures.series(panel, m)["log"].xs(2020, level="year").item()
            for m in (*moved, flat)
        }

    before, after = levels(("none",)), levels((name,))
    change = {m: after[m] - before[m] for m in before}
    assert abs(change[flat]) < 0.05
    assert {m: np.sign(change[m]) for m in moved} == moved
    assert all(abs(change[m]) > 0.07 for m in moved)


def test_plans_that_start_and_end_are_the_change_in_plans_open(one):
    counts = one.counts.reset_index("year")
    before = counts.groupby(level="area_code")["plans_open_count"].shift()
    change = (counts["plans_open_count"] - before).dropna()
    flow = (counts["plans_started_count"] - counts["plans_ended_count"])[before.notna()]
    assert (change == flow).all()
    for event in ("open", "ended"):
        bands = one.counts[[f"plans_{event}_{band}_months_count" for band in BANDS]].sum(axis=1)
        assert (bands == one.counts[f"plans_{event}_count"]).all()


def test_small_numbers_are_suppressed_and_none_can_be_worked_out_from_its_row(around):
    text = files.published(around.counts)
    hidden = text == files.SUPPRESSED
    small = (around.counts > 0) & (around.counts < 6)
    assert small.to_numpy().any()
    assert hidden.to_numpy()[small.to_numpy()].all()
    for event in ("open", "ended"):
        bands = [f"plans_{event}_{band}_months_count" for band in BANDS]
        alone = (hidden[bands].sum(axis=1) == 1) & ~hidden[f"plans_{event}_count"]
        others = (around.counts.loc[alone, bands].mask(hidden[bands]) > 0).sum(axis=1)
        assert (others == 0).all()


def test_the_same_seed_is_the_same_world_and_another_is_not(around):
    def target(seed):
        return world.world(("none",), 300, seed, around).counts.loc["001"]

    assert target(1).equals(target(1))
    assert not target(1).equals(target(2))


def test_a_cause_leaves_the_years_before_it_and_everyone_else_alone(around):
    planted, still = (
        world.world(names, 300, 1, around).counts for names in (("exit_bar",), ("none",))
    )
    early = planted.index.get_level_values("year") <= causes.BASE_YEAR
    assert planted[early].equals(still[early])
    assert planted.drop(index="001").equals(still.drop(index="001"))


def test_need_moves_neighbours_and_region_with_the_target(around):
    shared = world.world(("more_families",), 300, 1, around)
    still = world.world(("none",), 300, 1, around)
    assert shared.neighbours == still.neighbours
    late = [2018, 2019, 2020]
    starts = [
        w.counts["plans_started_count"].unstack("year")[late].sum(axis=1) for w in (shared, still)
    ]
    growth = np.log(starts[0] / starts[1])
    moved = set(shared.neighbours) | {
        c for c, r in shared.regions.items() if r == shared.regions["001"]
    }
    assert set(growth.index[growth.abs() > 0]) == moved
    assert growth[list(moved - {"001"})].median() == pytest.approx(0.7 * 0.35, abs=0.1)


def test_need_that_leaves_a_trace_moves_the_published_children_and_low_income_and_other_need_does_not(
    around,
):
    def late(cause):
        counts = world.world((cause,), 300, 1, around).counts
        children = counts["children_0_17_count"].unstack("year")[2020]
        return children, counts["low_income_children_count"].unstack("year")[2020] / children

    still, traced, unseen = (late(name) for name in ("none", "more_families", "need_unseen"))
    near = list(world.world(("none",), 300, 1, around).neighbours)
    for codes, share in ((["001"], 1.0), (near, 0.7)):
        growth = np.log(traced[0] / still[0])[codes]
        assert growth.median() == pytest.approx(0.03 * share, abs=0.002)
        assert np.log(traced[1] / still[1])[codes].median() == pytest.approx(0.20 * share, abs=0.01)
    assert unseen[0].equals(still[0]) and unseen[1].equals(still[1])


def test_authorities_share_national_steps_about_as_large_as_those_of_england():
    random = np.random.default_rng(0)
    ratios = []
    for _ in range(200):
        together, own = model.together(random)["refer"][0], model.wander(random, 1)["refer"][0]
        ratios.append((np.diff(together).std(), np.diff(own).std()))
    national, local = np.mean(ratios, axis=0)
    assert (
        0.15 < national / local < 0.35
    )  # .18 to .40 over the measures of the published panel that have any


def test_a_still_target_without_noise_stands_still(around):
    quiet = world.expected(("none",), LARGE, 1, None, 1.0, 1)
    assert quiet["plans_started_count"].std() / quiet["plans_started_count"].mean() < 0.03
    drifting = world.expected(("none",), LARGE, 1, around.together, 1.0, 1)
    assert drifting["plans_started_count"].std() / drifting["plans_started_count"].mean() > 0.05


def test_the_first_gate_passes_its_share():
    random = np.random.default_rng(0)
    paths = {lever: np.zeros((1, model.BURN_IN + len(model.YEARS))) for lever in model.LEVERS}
    counts = model.simulate(np.array([500_000]), paths, random).mean()
    sizes = (model.FAMILY_SIZES * model.SIZE_SHARES).sum()
    per_child = model.CONCERNS_PER_CHILD * model.GATES["refer"].passes * sizes
    assert counts["referrals_received_count"] / 500_000 == pytest.approx(per_child, rel=0.01)
    assert counts["enquiries_started_count"] / counts["referrals_received_count"] == pytest.approx(
        0.29, abs=0.005
    )
    assert counts["conferences_held_count"] / counts["enquiries_started_count"] == pytest.approx(
        0.40, abs=0.01
    )
    assert counts["plans_started_count"] / counts["conferences_held_count"] == pytest.approx(
        0.87, abs=0.01
    )


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("exit_threshold", ("exit_bar",)),
        ("exit_bar + more_severe", ("exit_bar", "more_severe")),
        ("none", ("none",)),
    ],
)
def test_causes_are_found_by_hypothesis_or_by_their_own_name(asked, found):
    assert causes.find(asked) == found


def test_an_unknown_cause_is_no_cause():
    with pytest.raises(KeyError, match="weather"):
        causes.find("exit_bar+weather")
