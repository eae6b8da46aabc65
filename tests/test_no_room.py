"""A full disk, a folder that may not be written, a worker that is ended: one paragraph, and nothing
is lost.

A small disk is mounted where the user of the tests may; else files above a size are refused, as by
a full disk.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys

import pytest
from fuzzing.originals import HERE
from fuzzing.trial import run
from killing.refreshing import notebook
from killing.scenes import MONTH, Publishing, contents, left_over, publish
from test_refresh import oxcare

from oxcare_analysis.intake import raw
from oxcare_analysis.refresh import standing
from oxcare_analysis.tables import tables as built
from oxcare_analysis.words import durable, paths
from oxcare_analysis.words.errors import RunError, UsageError

SLICES = HERE / "real_files"
HELD = ("2024_d1_*", "2024_c1_*", "2024_c4_*", "2024_ons_*")
posix = pytest.mark.skipif(
    os.name == "nt", reason="no small disk and no limit of file sizes on Windows"
)


def slices(*patterns):
    return [str(path) for pattern in patterns for path in sorted(SLICES.glob(f"{pattern}.csv"))]


def mount(*arguments):
    return subprocess.run(["mount", *map(str, arguments)], capture_output=True).returncode == 0


@pytest.fixture
def small_disk(tmp_path):
    """A disk of four million bytes, and a file that leaves no room on it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if not (shutil.which("mount") and mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", disk)):
        pytest.skip("this user may not mount a disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@contextlib.contextmanager
def full(disk, left=0):
    """Write the disk full, but for so many bytes; take that away afterwards."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"0" * 4096):
            pass
    os.truncate(ballast, max(0, ballast.stat().st_size - left))
    yield
    ballast.unlink()


@contextlib.contextmanager
def no_file_over(size):
    """No file may grow beyond `size` bytes, as where a quota ends."""
    import resource
    import signal

    before, heard = (
        resource.getrlimit(resource.RLIMIT_FSIZE),
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
    )
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, heard)


def one_paragraph(err, code, *words):
    assert err.startswith("oxcare: ") and err.count("\n") == 1, err
    assert all(word in err for word in words), err
    return code


def refused_then_taken(data, command, code, words, without_room):
    """The command is refused in one paragraph where there is no room, changes nothing, and ends
    when there is.
    """
    raw_before = contents(data / "raw")
    with without_room:
        ended, _, err = run(command)
    assert one_paragraph(err, ended, *words) == code
    assert contents(data / "raw") == raw_before
    assert left_over(data) == []
    assert run(command)[0] == 0
    assert left_over(data) == []


# No room


@posix
@pytest.mark.parametrize("left", [0, 8192, 30_000])
def test_adding_to_a_full_disk_changes_nothing(small_disk, left):
    data = small_disk / "data"
    raw.add_files(slices(*HELD), data_dir=data)
    command = [
        "data",
        "add",
        *slices("2024_d5_*", "2025_d5_*", "2025_c1_*"),
        "--data-dir",
        str(data),
    ]
    refused_then_taken(
        data, command, 4, ["No space left on device", "Make room"], full(small_disk, left)
    )
    assert len(raw.editions(data)["children_in_need"]) == 2


@posix
@pytest.mark.parametrize("left", [0, 20_000])
def test_building_on_a_full_disk_changes_no_figure_and_the_next_build_ends(small_disk, left):
    data = small_disk / "data"
    raw.add_files(slices(*HELD), data_dir=data)
    refused_then_taken(
        data,
        ["data", "build", "--data-dir", str(data)],
        4,
        ["No space left on device", "Make room"],
        full(small_disk, left),
    )
    assert len(built.load(data).figures) > 100


@posix
@pytest.mark.parametrize("left", [0, 100_000, 250_000])
def test_publishing_on_a_full_disk_leaves_the_standing_report(small_disk, tmp_path, left):
    scene = Publishing(small_disk)
    scene.next()
    before = contents(scene.out / MONTH)
    shutil.move(scene.folder / "edition 1", tmp_path)
    with (
        full(small_disk, left),
        pytest.raises(
            RunError,
            match=(
                "^The folder of reports reports/ could not be written.*"
                "No space left on device.*Make room"
            ),
        ),
    ):
        publish(scene.out, tmp_path / "edition 1", "testshire")
    assert contents(scene.out / MONTH) == before
    with standing.held(scene.out):
        assert left_over(scene.out) == []
    publish(scene.out, tmp_path / "edition 1", "testshire")
    assert scene.ended() == ""


@posix
def test_a_refresh_on_a_full_disk_leaves_what_stands(small_disk, tmp_path, tables, monkeypatch):
    out = Publishing(small_disk).out
    notebook(tmp_path, "print(area, first_year, last_year, as_of)")
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path)
    before = contents(out)
    with full(small_disk):
        ended, _, err = run(["refresh", "--area", "Rutland", "--out", str(out), "--workers", "1"])
    assert ended == 4
    assert re.search(
        r"^oxcare: The folder of reports reports/ .*No space left on device.*Make room", err, re.M
    )
    assert contents(out) == before and not left_over(out)


@posix
def test_a_refresh_of_many_areas_on_a_full_disk_leaves_what_stands(small_disk, tmp_path, tables):
    out = Publishing(small_disk).out
    notebook(tmp_path, "print(area, first_year, last_year, as_of)")
    before = contents(out)
    with full(small_disk):
        ended = oxcare(
            "refresh", "--area", "Rutland", "--area", "Barnet", "--out", out, notebooks=tmp_path
        )
    said = [line for line in ended.stderr.splitlines() if line.startswith("oxcare: ")]
    assert ended.returncode == 4 and len(said) == 3 and "Traceback" not in ended.stderr, (
        ended.stderr
    )
    assert all("No space left on device" in line and "Make room" in line for line in said[:2])
    assert said[2].startswith("oxcare: 2 of 2 areas failed: ") and "None was published" in said[2]
    assert contents(out) == before and not left_over(out)


@posix
def test_files_that_may_not_grow_are_refused_as_on_a_full_disk(tmp_path):
    data = tmp_path / "data"
    raw.add_files(slices(*HELD), data_dir=data)
    command = ["data", "add", *slices("2024_d5_*", "2025_d5_*"), "--data-dir", str(data)]
    refused_then_taken(data, command, 4, ["File too large", "Make room"], no_file_over(500))
    refused_then_taken(
        data, ["data", "build", "--data-dir", str(data)], 4, ["File too large"], no_file_over(500)
    )


# No leave to write


@pytest.fixture
def read_only(tmp_path):
    """A function that makes a folder read-only: by its permissions, or for an administrator by its
    disk.
    """
    done = []

    def make(folder):
        if os.name == "nt":
            pytest.skip("Windows keeps no folder read-only by its attribute")
        if os.geteuid():
            folder.chmod(0o555)
            done.append(lambda: folder.chmod(0o755))
        elif mount("--bind", folder, folder) and mount("-o", "remount,bind,ro", folder):
            done.append(lambda: subprocess.run(["umount", str(folder)], check=True))
        else:
            pytest.skip("an administrator may write anywhere, and may not mount here")

    yield make
    for undo in done:
        undo()


@pytest.mark.parametrize(
    ("place", "command"),
    [
        ("", ["data", "add", *slices("2024_d5_*")]),
        ("raw/children_in_need", ["data", "add", *slices("2024_d5_*")]),
        ("processed", ["data", "build"]),
        ("local", ["data", "add", "MONTHS"]),
    ],
)
def test_a_data_folder_that_may_not_be_written_is_said_in_one_paragraph(
    tmp_path, read_only, monthly_csv, place, command
):
    data = tmp_path / "data"
    raw.add_files(slices(*HELD), data_dir=data)
    for name in ("processed", "local"):
        (data / name).mkdir()
    months = str(monthly_csv(["2025-03", 1, 2, 3, 4, 5, 6]))
    before = contents(data)
    read_only(data / place)
    ended, _, err = run(
        [*(months if word == "MONTHS" else word for word in command), "--data-dir", str(data)]
    )
    assert (
        one_paragraph(
            err, ended, "could not be written", "--data-dir", (place or "data").split("/")[-1]
        )
        == 2
    )
    assert {name: found for name, found in contents(data).items() if not name.endswith("lock")} == {
        name: found for name, found in before.items() if not name.endswith("lock")
    }


def test_a_folder_of_reports_that_may_not_be_written_is_said_in_one_paragraph(tmp_path, read_only):
    out = tmp_path / "reports"
    out.mkdir()
    read_only(out)
    with pytest.raises(
        UsageError, match="^The folder of reports reports/ could not be written.*--out"
    ):
        with standing.held(out):
            pass
    with pytest.raises(UsageError, match="--out"):
        with standing.held(out / "deeper"):
            pass


def test_many_areas_into_a_folder_that_may_not_be_written_are_refused_in_one_paragraph(
    tmp_path, read_only, tables
):
    out = tmp_path / "reports"
    out.mkdir()
    read_only(out)
    ended, printed, err = run(
        ["refresh", "--area", "Rutland", "--area", "Barnet", "--out", str(out)]
    )
    assert (
        one_paragraph(err, ended, "The folder of reports reports/ could not be written", "--out")
        == 2
    )
    assert printed == ""


def test_a_place_for_reports_that_is_a_file_is_said_in_one_paragraph(tmp_path):
    (tmp_path / "reports").write_text("mine", encoding="utf-8")
    with pytest.raises(
        UsageError, match="^The folder of reports reports/ could not be written.*exists"
    ):
        with standing.held(tmp_path / "reports"):
            pass
    assert (tmp_path / "reports").read_text(encoding="utf-8") == "mine"


def test_a_data_folder_without_figures_says_how_to_add_them(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        ended, _, err = run(["data", "build", "--data-dir", str(folder)])
        assert (
            one_paragraph(
                err, ended, "There are no 'Children in need' figures in raw/", "oxcare data add"
            )
            == 3
        )
    assert not (tmp_path / "nowhere").exists()


def test_figures_that_may_only_be_read_are_read(tmp_path, read_only):
    data = tmp_path / "data"
    raw.add_files(slices(*HELD), data_dir=data)
    built.build(data)
    read_only(data)
    assert len(built.load(data).figures) > 100


# Memory


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL on Windows")
def test_a_process_that_runs_a_notebook_and_is_ended_is_said_and_nothing_is_published(
    tmp_path, tables
):
    notebook(tmp_path, "import os; os.kill(os.getpid(), 9)")
    out = Publishing(tmp_path / "simulated").out
    before = contents(out)
    ended = oxcare(
        "refresh", "--area", "Rutland", "--out", out, "--workers", "1", notebooks=tmp_path
    )
    said = [line for line in ended.stderr.splitlines() if line.startswith("oxcare: ")]
    assert ended.returncode == 4 and len(said) == 1, ended.stderr
    assert "Nothing was published" in said[0] and "Traceback" not in ended.stderr
    assert contents(out) == before and not left_over(out)


def test_a_lock_is_held_by_no_more_than_the_command(tmp_path):
    with durable.lock(tmp_path / ".lock", "a test"):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        with durable.lock(tmp_path / ".lock", "a test", seconds=0.5):
            assert child.poll() is None
    finally:
        child.kill()
        child.wait()
