"""Files, folders and locks: what stands after a refusal, a wait, a swap that fails or is found half
done.
"""

import ast
import json
import multiprocessing
import os
import re
import shutil
import signal
import time

import pandas as pd
import pytest
from fuzzing.originals import HERE
from killing.child import FORK
from killing.scenes import AREA, MONTH, OTHER, Publishing, contents, left_over, publish

from oxcare_analysis.intake import raw
from oxcare_analysis.refresh import standing
from oxcare_analysis.tables import tables
from oxcare_analysis.words import durable, paths, swap
from oxcare_analysis.words.errors import DataError, RunError, UsageError

links = pytest.mark.skipif(os.name == "nt", reason="Windows lets only an administrator make links")
# Calls that write: methods whatever they are called on, and functions of modules.
METHODS = {
    "write_text",
    "write_bytes",
    "to_parquet",
    "to_excel",
    "savefig",
    "save",
    "unlink",
    "symlink_to",
}
FUNCTIONS = {
    "shutil": {"copy", "copy2", "copyfile", "copytree", "move", "rmtree"},
    "nbformat": {"write"},
    "os": {"replace", "rename", "renames", "remove", "unlink", "rmdir"},
    "tempfile": {"mkstemp", "mkdtemp", "TemporaryDirectory", "NamedTemporaryFile"},
}
# Where a module writes past words/durable.py, and why nothing is lost by it.
ALLOWED = {
    "words/durable.py": "the one place that writes",
    "words/swap.py": "takes its own journal away",
    "intake/raw.py": "`copy` takes tables out of a folder for a trial",
    "refresh/standing.py": (
        "files of a report that is being made; all are seen onto the disk before the swap"
    ),
    "refresh/downloads.py": "files of a report that is being made",
    "refresh/compare.py": "a copy of the figures for a trial",
    "update/editions.py": "a folder for downloads and a trial",
    "update/api.py": "a download, in that folder",
    "intake/text.py": "a table as bytes",
    "tables/kept.py": "a frame, through the durable writer",
    "refresh/make.py": "takes pages that stand into a report that is being made",
    "refresh/cluster.py": "a folder of a worker's own, and what it sends",
    "refresh/run.py": "an empty folder for a notebook to run in",
    "showing/pictures.py": "draws into memory",
    "local/store.py": (
        "files of a snapshot that is being made; all are seen onto the disk before the swap"
    ),
    "local/writers.py": "simulated files, into the folder that was asked for",
    "local/census_writer.py": "the same",
    "local/demonstration.py": "a simulated report, for the attack to be tried on",
    "tables/tables.py": "takes the stamp of built tables away before any of them is written",
}


def two(folder):
    """Two folders that stand and two that are ready to take their place."""
    pairs = []
    for name in ("one", "two"):
        target = folder / name
        for place, words in ((target, "old"), (swap.staged(target), "new")):
            place.mkdir(parents=True)
            (place / "file.txt").write_text(words, encoding="utf-8")
        pairs.append((swap.staged(target), target))
    return pairs


def read(pairs):
    return [(target / "file.txt").read_text(encoding="utf-8") for _, target in pairs]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# Files


def test_a_text_is_written_with_the_line_ends_it_has(tmp_path):
    durable.write(tmp_path / "a.txt", "é\nb\r\n")
    assert (tmp_path / "a.txt").read_bytes() == "é\nb\r\n".encode()
    assert names(tmp_path) == ["a.txt"]


def test_a_write_that_fails_leaves_the_file_and_nothing_beside_it(tmp_path):
    def fail(partial):
        partial.write_text("half", encoding="utf-8")
        raise OSError(28, "No space left on device")

    durable.write(tmp_path / "a.txt", "whole")
    with pytest.raises(OSError, match="No space"):
        durable.write_by(fail, tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "whole" and names(tmp_path) == [
        "a.txt"
    ]


@pytest.mark.parametrize(("refusals", "stands"), [(2, "new"), (len(durable.WAITS) + 1, "old")])
def test_windows_is_asked_again_for_a_file_that_another_program_has_open(
    tmp_path, monkeypatch, refusals, stands
):
    path, asked, replace = tmp_path / "a.txt", [], os.replace
    durable.write(path, "old")

    def busy(source, target):
        asked.append(target)
        if len(asked) <= refusals:
            raise PermissionError(13, "Permission denied")
        replace(source, target)

    monkeypatch.setattr(durable, "WINDOWS", True)
    monkeypatch.setattr(durable, "WAITS", (0,) * len(durable.WAITS))
    monkeypatch.setattr(os, "replace", busy)
    if stands == "new":
        durable.write(path, "new")
    else:
        with pytest.raises(PermissionError):
            durable.write(path, "new")
    assert path.read_text(encoding="utf-8") == stands and names(tmp_path) == ["a.txt"]


def test_a_file_is_on_the_disk_before_it_has_its_name_and_its_name_after(tmp_path, monkeypatch):
    done, fsync, replace = [], os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (done.append("fsync"), fsync(handle)))
    monkeypatch.setattr(os, "replace", lambda *a: (done.append("replace"), replace(*a)))
    durable.write(tmp_path / "a.txt", "x")
    assert done == (["fsync", "replace"] if durable.WINDOWS else ["fsync", "replace", "fsync"])


# Folders


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("at_once", [True, False])
def test_folders_are_swapped_and_nothing_is_left_beside_them(tmp_path, monkeypatch, count, at_once):
    if not at_once:
        monkeypatch.setattr(durable, "exchange", lambda *_: False)
    pairs = two(tmp_path)[:count]
    swap.put_all(tmp_path, pairs)
    assert read(pairs) == ["new"] * count
    assert [name for name in names(tmp_path) if name.startswith(".")] == [".two.new"][: 2 - count]


@pytest.mark.parametrize("fails_at", [1, 2, 3, 4])
def test_a_swap_that_is_refused_puts_every_old_one_back(tmp_path, monkeypatch, fails_at):
    pairs, moves, move = two(tmp_path), [], durable.move

    def refused(source, target):
        if source.is_dir():
            moves.append(target)
            if len(moves) == fails_at:
                raise PermissionError(13, "Permission denied")
        move(source, target)

    monkeypatch.setattr(durable, "move", refused)
    with pytest.raises(PermissionError):
        swap.put_all(tmp_path, pairs)
    assert read(pairs) == ["old", "old"] and not swap.is_open(tmp_path)
    assert all((finished / "file.txt").exists() for finished, _ in pairs)


@pytest.mark.parametrize("stops_at", [1, 2, 3, 4])
def test_a_swap_that_was_cut_off_is_carried_to_its_end(tmp_path, monkeypatch, stops_at):
    pairs, moves, move = two(tmp_path), [], durable.move

    def cut_off(source, target):
        if source.is_dir():
            moves.append(target)
            if len(moves) == stops_at:
                raise KeyboardInterrupt
        move(source, target)

    with monkeypatch.context() as interrupted, pytest.raises(KeyboardInterrupt):
        interrupted.setattr(durable, "move", cut_off)
        swap.put_all(tmp_path, pairs)
    assert swap.is_open(tmp_path)
    swap.settle(tmp_path)
    assert read(pairs) == ["new", "new"] and names(tmp_path) == ["one", "two"]


@pytest.mark.parametrize(
    "journal",
    [
        "",
        "{}",
        "[]",
        '{"moves": [["a"]]}',
        '{"moves": [["../a", "b"]]}',
        '{"moves": [["a", "/b"]]}',
        '{"moves": [["a", "C:b"]]}',
        '{"moves": [["a", "..\\\\b"]]}',
        '{"moves": 7}',
    ],
)
def test_a_journal_that_is_none_or_leads_out_is_refused(tmp_path, journal):
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "a").mkdir()
    (inside / swap.JOURNAL).write_text(journal, encoding="utf-8")
    with pytest.raises(RunError, match="Remove that file"):
        swap.settle(inside)
    assert names(tmp_path) == ["a", "inside"]


def test_hidden_files_of_the_user_are_let_be(tmp_path):
    for name in (".notes.old", ".notes.new", ".2024.new", "draft.part"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    swap.tidy(tmp_path, raw.EDITION)
    assert names(tmp_path) == [".notes.new", ".notes.old", "draft.part"]


# One command at a time


def hold(lock, held):
    with durable.lock(lock, "a test"):
        held.set()
        time.sleep(60)


@pytest.fixture
def holder(tmp_path):
    """A process that holds a lock."""
    context = multiprocessing.get_context(FORK)
    held = context.Event()
    process = context.Process(target=hold, args=(tmp_path / ".lock", held), daemon=True)
    process.start()
    assert held.wait(60)
    yield process
    process.kill()
    process.join()


def test_a_command_says_what_it_waits_for_and_goes_on_when_the_holder_is_killed(
    tmp_path, holder, monkeypatch, caplog
):
    monkeypatch.setattr(durable, "SECONDS_BEFORE_SAYING", 0.1)
    warn = durable.LOG.warning
    monkeypatch.setattr(durable.LOG, "warning", lambda *a: (warn(*a), holder.kill()))
    with durable.lock(tmp_path / ".lock", "reports/"):
        pass
    assert caplog.messages == [
        "Another oxcare process is writing to reports/; waiting for it, at most 60 minutes."
    ]


def test_a_wait_that_is_too_long_ends_in_one_paragraph(tmp_path, holder):
    with pytest.raises(
        RunError,
        match=r"^Another oxcare process has been writing to reports/ for over 0 minutes\. "
        r"Nothing was changed\. .* its lock goes with it\.$",
    ):
        with durable.lock(tmp_path / ".lock", "reports/", seconds=0.2):
            pass


@pytest.mark.skipif(FORK != "fork", reason="no fork here")
def test_a_worker_that_outlives_a_killed_command_does_not_hold_its_lock(tmp_path):
    def work(pipe):
        with durable.lock(tmp_path / ".lock", "a test"):
            worker = context.Process(target=time.sleep, args=(60,))
            worker.start()
            pipe.send(worker.pid)
            time.sleep(60)

    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    command = context.Process(target=work, args=(there,))
    command.start()
    worker = here.recv()
    command.kill()
    command.join()
    with durable.lock(tmp_path / ".lock", "a test", seconds=5):
        os.kill(worker, signal.SIGKILL)  # it was still there


def add(path, data_dir, edition):
    raw.add_files([path], edition, data_dir)


def test_some_that_add_at_once_are_all_taken_in(tmp_path):
    context, files = (
        multiprocessing.get_context(FORK),
        sorted((HERE / "real_files").glob("2024_[cd][134]_*"))[:4],
    )
    assert len(files) == 4
    started = [
        context.Process(target=add, args=(path, tmp_path / "data", "2024")) for path in files
    ]
    for process in started:
        process.start()
    for process in started:
        process.join()
    assert [process.exitcode for process in started] == [0] * 4
    assert len(raw.source_card("children_in_need", "2024", tmp_path / "data")["tables"]) == 4
    assert raw.changed_since(tmp_path / "data") == []


def test_some_that_publish_at_once_are_all_published(tmp_path):
    scene, context = Publishing(tmp_path.resolve()), multiprocessing.get_context(FORK)
    edition = scene.folder / "edition 1"
    started = [
        context.Process(target=publish, args=(scene.out, edition, area))
        for area in (AREA, OTHER, AREA)
    ]
    for process in started:
        process.start()
    for process in started:
        process.join()
    assert [process.exitcode for process in started] == [0] * 3
    assert [contents(scene.out / MONTH / area) for area in (AREA, OTHER)] == [scene.editions[1]] * 2
    assert left_over(scene.out) == []


def test_figures_that_arrive_while_tables_are_built_are_in_them(
    small_data_dir, official, monkeypatch
):
    read_table, given = raw.read_table, [official("d5")]

    def slow(*arguments):
        if given:
            raw.add_files([given.pop()], data_dir=small_data_dir)
        return read_table(*arguments)

    monkeypatch.setattr(raw, "read_table", slow)
    built = tables.build(small_data_dir)
    assert "plans_open_by_duration" in set(built.figures["table"])
    assert built.data_sha256 == tables.raw_sha256(small_data_dir)


def test_tables_half_built_of_figures_since_taken_back_are_built_again(
    tmp_path, small_data_dir, official, monkeypatch
):
    before = tables.build(small_data_dir)
    shutil.copytree(small_data_dir / "raw", tmp_path / "kept")
    raw.add_files([official("d5")], data_dir=small_data_dir)
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        written = []

        def stop(make, path):
            if written:
                raise KeyboardInterrupt
            make(path)
            written.append(path)

        killed.setattr(durable, "write_by", stop)
        tables.build(small_data_dir)
    shutil.rmtree(small_data_dir / "raw")
    shutil.copytree(tmp_path / "kept", small_data_dir / "raw")
    pd.testing.assert_frame_equal(tables.load(small_data_dir).figures, before.figures)


# Links and names


@links
@pytest.mark.parametrize("linked", ["2025-10", "2025-10/testshire"])
def test_a_report_is_not_put_through_a_link(tmp_path, linked):
    out, outside = tmp_path / "reports", tmp_path / "outside"
    outside.mkdir()
    (outside / "index.html").write_text("mine", encoding="utf-8")
    (out / linked).parent.mkdir(parents=True)
    (out / linked).symlink_to(outside)
    with (
        standing.held(out),
        pytest.raises(RunError, match=f"^{linked} in the folder of reports is a link; "),
    ):
        standing.key_of(out / "2025-10" / "testshire")
    staged = out / f"{standing.PARTIAL}x"
    staged.mkdir()
    with pytest.raises(RunError, match="is a link"):
        standing.put_in_place(staged, out / "2025-10" / "testshire")
    assert standing.reports(out) == [] and names(outside) == ["index.html"]


@links
def test_a_link_in_place_of_what_a_killed_run_leaves_is_taken_away_and_not_followed(tmp_path):
    out, outside = tmp_path / "reports", tmp_path / "outside"
    (out / "2025-10").mkdir(parents=True)
    outside.mkdir()
    (outside / "mine.txt").write_text("mine", encoding="utf-8")
    planted = [
        out / f"{standing.PARTIAL}x",
        out / "2025-10" / ".testshire.old",
        out / "2025-10" / ".testshire.new",
    ]
    for place in planted:
        place.symlink_to(outside)
    with standing.held(out):
        assert names(outside) == ["mine.txt"]
    assert not any(os.path.lexists(place) for place in planted)


@links
def test_a_lock_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    (tmp_path / ".lock").symlink_to(tmp_path / "mine.txt")
    with pytest.raises(UsageError, match="is a link"), standing.held(tmp_path):
        pass
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "mine"


@links
@pytest.mark.parametrize("empty", [True, False])
@pytest.mark.parametrize("linked", ["children_in_need", "children_in_need/2024"])
def test_figures_are_not_added_through_a_link(tmp_path, small_data_dir, official, linked, empty):
    place, outside = small_data_dir / "raw" / linked, tmp_path / "outside"
    place.rename(tmp_path / "taken away" if empty else outside)
    outside.mkdir(exist_ok=True)
    place.symlink_to(outside)
    before = sorted(path.relative_to(outside) for path in outside.rglob("*"))
    with pytest.raises(DataError, match="link"):
        raw.add_files([official("d5")], data_dir=small_data_dir)
    assert sorted(path.relative_to(outside) for path in outside.rglob("*")) == before
    assert place.is_symlink()


@pytest.mark.parametrize("name", ["con", "CON", "Nul", "aux.", "prn ", "COM1", "lpt9", "com1 "])
def test_a_folder_never_has_a_name_that_windows_keeps_for_a_device(name):
    assert not standing.DEVICES.fullmatch(standing.slug(name)) and standing.slug(name).endswith(
        "-area"
    )


def test_a_report_whose_record_was_changed_by_hand_is_made_again(tmp_path):
    target = tmp_path / "2025-10" / "testshire"
    target.mkdir(parents=True)
    (target / "index.html").write_text("A report.", encoding="utf-8")
    (target / "run.json").write_text('{"key": "k"}', encoding="utf-8")
    assert standing.key_of(target) == "k"
    (target / "run.json").write_text('{"key": ', encoding="utf-8")
    (target / "verdicts.json").write_text(json.dumps({"as_of": "2025-10"}), encoding="utf-8")
    assert (
        standing.key_of(target) is None and standing.before(tmp_path, "testshire", target) is None
    )


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("", {"a": 1}),
        ("provenance", {}),
        ("window", {"from": "2013", "to": 2018}),
        ("window", {"from": 2018, "to": 2013}),
        ("as_of", "soon"),
        ("hypotheses", [{"verdict": 7}]),
        ("as_of", 7),
        ("premise", "yes"),
        ("area", []),
        ("area", {"name": 7}),
    ],
)
def test_verdicts_that_were_changed_by_hand_stop_no_other_report(tmp_path, part, value):
    scene = Publishing(tmp_path.resolve())
    stands = scene.out / MONTH / AREA
    whole = json.loads((stands / "verdicts.json").read_text(encoding="utf-8")) | {
        "provenance": {"data_sha256": "f", "rules_sha256": "r"}
    }
    whole["hypotheses"] = [{"hypothesis": "awareness", "verdict": "inconclusive"}]
    durable.write(stands / "verdicts.json", json.dumps(whole))
    assert standing.before(scene.out, AREA, stands)["month"] == MONTH
    durable.write(stands / "verdicts.json", json.dumps(whole | {part: value} if part else value))
    if part != "area":  # of which a comparison reads nothing
        assert standing.before(scene.out, AREA, stands) is None
    publish(scene.out, scene.folder / "edition 1", OTHER)
    front = (scene.out / "index.html").read_text(encoding="utf-8")
    assert f'href="{MONTH}/{OTHER}/index.html"' in front
    listed = part in ("provenance", "window") or value == "soon"
    assert (f'href="{MONTH}/{AREA}/index.html"' in front) == listed


# Nothing writes past the one place that is tried above


def writes(source):
    """Calls that write, as (name, line)."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [(ast.unparse(call.func), call.lineno) for call in calls if does_write(call)]


def does_write(call):
    owner, _, name = ast.unparse(call.func).rpartition(".")
    if owner in FUNCTIONS:
        return name in FUNCTIONS[owner]
    if name == "open":
        return bool(re.search(r"['\"][rbt]*[wax+]", ast.unparse(call)))
    if name == "to_csv":  # without a path it gives a text
        return bool(call.args)
    if name == "replace":  # of a path, not of a text or a record
        return len(call.args) == 1 and not call.keywords and bool(owner)
    return name in METHODS or (
        name == "rename" and len(call.args) == 1 and isinstance(call.args[0], ast.Name)
    )


def test_every_writer_goes_through_the_durable_one_or_has_a_reason():
    found = {
        path.relative_to(paths.PACKAGE).as_posix(): writes(path.read_text(encoding="utf-8"))
        for path in paths.PACKAGE.rglob("*.py")
    }
    assert {name: calls for name, calls in found.items() if calls and name not in ALLOWED} == {}
    assert [name for name in ALLOWED if not found[name]] == []


@pytest.mark.parametrize(
    "line",
    [
        "path.write_text(x, encoding='utf-8')",
        "frame.to_parquet(path)",
        "os.replace(a, b)",
        "partial.replace(path)",
        "open(path, 'w')",
        "path.open('wb')",
        "shutil.copytree(a, b)",
        "frame.to_csv(path, index=False)",
        "book.save(path)",
        "partial.rename(path)",
    ],
)
def test_a_planted_writer_is_found(line):
    assert len(writes(line)) == 1


@pytest.mark.parametrize(
    "line",
    [
        "durable.write(path, text)",
        "text.replace('a', 'b')",
        "open(path)",
        "frame.to_csv(index=False)",
        "dataclasses.replace(study, noise=1)",
        "path.open(encoding='utf-8')",
    ],
)
def test_a_call_that_does_not_write_is_let_be(line):
    assert writes(line) == []
