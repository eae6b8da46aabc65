"""A few kills of each kind; the full run is `make kills`. And proof that a loss would be seen."""

import os
import shutil
from dataclasses import dataclass
from multiprocessing import get_context

import pytest
from killing.child import FORK, Step
from killing.scenes import FILES, Adding, Building, Publishing
from killing.trial import Point, points, steps_of, trial
from test_update import C1, Service

from oxcare_analysis.tables import tables
from oxcare_analysis.update import editions
from oxcare_analysis.update.api import Api
from oxcare_analysis.words import durable, swap

SCENES = {
    "publish": Publishing,
    "publish by two renames": lambda folder: Publishing(folder, windows=True),
    "add": Adding,
}
KILLS_EACH = 4
forked = pytest.mark.skipif(
    FORK != "fork", reason="what is broken on purpose here reaches a child only by fork"
)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """Each scene and the steps of a run of it that comes to its end."""
    made = {name: make(tmp_path_factory.mktemp("scene").resolve()) for name, make in SCENES.items()}
    return {name: (scene, steps_of(scene)) for name, scene in made.items()}


@pytest.mark.parametrize("name", SCENES)
def test_a_killed_run_leaves_all_that_stood_and_the_next_one_ends(scenes, name):
    scene, steps = scenes[name]
    kills = [trial(scene, point) for point in points(steps, KILLS_EACH, 1)]
    assert [kill for kill in kills if kill.fault] == []
    assert len({kill.phase for kill in kills}) > 1


def test_the_log_of_a_publication_tells_its_phases_in_order(scenes):
    phases = list(dict.fromkeys(step.phase for step in scenes["publish by two renames"][1]))
    assert phases == [
        "the start",
        "publish: locked",
        "publish: made",
        "swap: on the disk",
        "swap: journal written",
        "swap: old moved aside",
        "swap: new in place",
        "swap: old taken away",
        "swap: done",
        "publish: checked.json",
        "publish: index.html",
    ]


def test_every_file_of_a_report_is_on_the_disk_before_it_is_put_in_place(scenes):
    scene, steps = scenes["publish"]
    synced = [step for step in steps if (step.phase, step.act) == ("publish: made", "fsync")]
    assert len(synced) > len(scene.editions[0])  # and its folders


@dataclass
class Updating(Adding):
    """New editions of two tables, from a service: asked for, tried on a copy, added together or not
    at all.
    """

    address: str = ""
    name: str = "data update"

    def work(self):
        editions.update(Api(self.address), self.watched, False, lambda line: None)


def said(phase, times):
    """Where to kill: when the log says so for this many times; what is added is first tried on a
    copy.
    """
    return lambda steps: steps.count(Step(phase, "went on")) == times


def serve(pipe):
    """Two new editions, from a process of its own: what has threads is not safe to fork."""
    service = Service()
    service.offer(C1, next(FILES.glob("2025_c1_*")))
    service.offer(
        "D5 Plans at 31 March by duration", next(FILES.glob("2025_d5_*")), published="2026-03-05"
    )
    pipe.send(service.address)
    pipe.recv()


@pytest.fixture
def address():
    here, there = get_context(FORK).Pipe()
    process = get_context(FORK).Process(target=serve, args=(there,), daemon=True)
    process.start()
    yield here.recv()
    process.kill()
    process.join()


@forked
def test_an_update_that_is_killed_has_added_all_or_none_and_the_next_one_ends(address, tmp_path):
    scene = Updating(tmp_path.resolve(), address=address)
    assert set(scene.after) - set(scene.before) >= {
        "raw/children_in_need/2025/referrals.csv",
        "raw/children_in_need/2025-2/plans_open_by_duration.csv",
    }
    kills = [
        trial(scene, said(*point))
        for point in (
            ("swap: journal written", 1),
            ("build: read", 1),
            ("add: read and checked", 2),
            ("add: made ready", 2),
            ("swap: journal written", 2),
            ("swap: new in place", 3),
            ("swap: done", 2),
        )
    ]
    assert [kill for kill in kills if kill.fault] == []
    assert [kill.recovered for kill in kills] == ["old"] * 4 + ["new"] * 3


# What is broken on purpose shows


@forked
def test_a_report_copied_over_the_old_one_is_seen_to_be_torn(scenes, monkeypatch):
    scene, steps = scenes["publish"]

    def copied(root, pairs):
        for finished, target in pairs:
            shutil.copytree(finished, target, dirs_exist_ok=True)

    with monkeypatch.context() as broken:
        broken.setattr(swap, "put_all", copied)
        kill = trial(scene, Point("publish: made", 5))
    assert kill.fault.startswith("the report is neither the old nor the new one")
    steps_of(scene)  # the report is whole again


@forked
def test_a_swap_that_nothing_carries_to_its_end_is_seen(scenes, monkeypatch):
    scene, steps = scenes["add"]
    with monkeypatch.context() as broken:
        broken.setattr(swap, "settle", lambda root: None)
        broken.setattr(swap, "tidy", lambda *_: None)
        kill = trial(scene, Point("swap: new in place", 0))
    assert kill.fault == "some of the files are in, some are not"


@forked
def test_a_lock_that_outlives_its_holder_is_seen(scenes, monkeypatch):
    scene, steps = scenes["publish"]
    monkeypatch.setattr("killing.trial.SECONDS_TO_LET_GO", 0.1)
    monkeypatch.setattr(
        os, "killpg", lambda *_: None
    )  # the run is only told to stop waiting: it goes on to hold
    with durable.lock(scene.lock, "a test"):
        from killing.trial import _let_go

        assert not _let_go(scene)


@forked
def test_tables_stamped_before_they_are_whole_are_seen(tmp_path, monkeypatch):
    scene = Building(tmp_path.resolve())
    assert trial(scene, Point("build: areas saved", 1)).fault == ""

    def early(data_dir=None):
        digest = tables.raw_sha256(data_dir)
        durable.write(scene.watched / "processed" / tables.STAMP, tables._stamp(digest))
        return built(data_dir)

    built = tables.build
    with monkeypatch.context() as broken:
        broken.setattr(tables, "build", early)
        kill = trial(scene, Point("build: read", 0))
    assert "is not what the figures give" in kill.fault
