"""Many areas over one executor: each is published, one's failure stops no other, a lost worker
costs a retry.
"""

import gc
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import nbformat
import pytest
from conftest import NEEDS_FORK
from killing.child import FORK

from oxcare_analysis.cli import refresh as command
from oxcare_analysis.intake import raw
from oxcare_analysis.local import disclosed
from oxcare_analysis.refresh import asked, cluster, many, publish, standing
from oxcare_analysis.words import forks
from oxcare_analysis.words.errors import OxcareError, RunError, UsageError

DECLARED = (
    'area: str = "Oxfordshire"\nfirst_year: int = 2013\nlast_year: int = 2018\nas_of: str ='
    ' "latest"'
)
AREAS = ("Rutland", "Barnet", "City of London")


@pytest.fixture
def asking(tmp_path, shipped_dir, tables):
    """A function that gives a request for each area, over one small notebook of this code."""

    def make(code, areas=AREAS, **more):
        new, folder = nbformat.v4, tmp_path / "notebooks"
        folder.mkdir(exist_ok=True)
        cells = [new.new_markdown_cell("# A small page"), new.new_code_cell(code)]
        cells.insert(1, new.new_code_cell(DECLARED, metadata={"tags": ["parameters"]}))
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(
            new.new_notebook(cells=cells, metadata={"kernelspec": kernel}),
            folder / "01_small.ipynb",
        )
        return [
            asked.Request(
                area, None, None, "latest", tmp_path / "out", shipped_dir, notebooks=folder, **more
            )
            for area in areas
        ]

    return make


def wait_for(happened, seconds):
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def published(out):
    return sorted(path.parent.name for path in out.glob("*/*/index.html"))


@NEEDS_FORK  # the planted fault ends the process that forked the notebook
def test_one_areas_failure_stops_no_other_and_a_worker_that_is_ended_costs_a_retry(
    asking, tmp_path
):
    once = tmp_path / "ended once"
    requests = asking(
        f"import os, pathlib, signal\nonce = pathlib.Path({str(once)!r})\n"
        "if area == 'Rutland':\n    raise ValueError('a planted fault')\n"
        "if area == 'Barnet' and not once.exists():\n    once.touch()\n"
        "    os.kill(os.getppid(), signal.SIGKILL)"
    )
    told = []
    found = {
        request.area: outcome
        for request, outcome in many.publish_all(requests, 2, None, told.append)
    }
    assert isinstance(found["Rutland"], RunError) and "a planted fault" in str(found["Rutland"])
    assert once.exists() and any("its worker was ended from outside" in line for line in told)
    assert published(requests[0].out) == ["barnet", "city-of-london"]
    assert re.fullmatch(r"3 of 3 areas, [\d.]+ a minute, about 0 minutes left", told[-1])
    assert not list(requests[0].out.glob(".partial-*"))
    again = [replace(request) for request in requests if request.area != "Rutland"]
    assert [outcome.new for _, outcome in many.publish_all(again, 1, None, print)] == [False, False]
    assert "nothing new since" in (requests[0].out / "index.html").read_text(encoding="utf-8")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="the test looks for processes in /proc")
@pytest.mark.parametrize("names", [("Rutland",), AREAS])
def test_a_killed_command_leaves_no_process_behind_and_the_next_one_publishes_all(
    asking, tmp_path, names
):
    marks, again = tmp_path / "at work", tmp_path / "again"
    marks.mkdir()
    requests = asking(
        f"import os, pathlib, time\nmarks, again = pathlib.Path({str(marks)!r}), {str(again)!r}\n"
        "for process in (os.getpid(), os.getppid()):\n    (marks / str(process)).touch()\n"
        "if not pathlib.Path(again).exists():\n    time.sleep(120)",
        names,
    )
    command = get_context(FORK).Process(target=refresh, args=(requests,))
    command.start()
    wait_for(lambda: len(list(marks.iterdir())) >= 2 * min(2, len(names)), 120)
    command.kill()  # it alone
    command.join()
    left = [int(path.name) for path in marks.iterdir()]
    try:
        wait_for(lambda: all(map(ended, left)), 10)
    finally:
        for process in left:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
    again.touch()
    refresh(requests)
    assert published(requests[0].out) == sorted(standing.slug(name) for name in names)
    assert not list(requests[0].out.glob(".partial-*"))


def refresh(requests):
    """All of them, in a process that is to be killed."""
    if len(requests) == 1:
        publish.publish(*requests, print)
    else:
        found = [outcome for _, outcome in many.publish_all(requests, 2, None, print)]
        assert not [outcome for outcome in found if isinstance(outcome, OxcareError)], found


@NEEDS_FORK
def test_what_fails_while_areas_are_made_ready_stops_none_of_them(asking, monkeypatch):
    requests = asking("print(area)", AREAS[:2])
    monkeypatch.setattr(publish, "make_ready", lambda request: {}["planted"])
    assert [outcome.new for _, outcome in many.publish_all(requests, 2, None, print)] == [
        True,
        True,
    ]


@NEEDS_FORK
def test_what_a_process_inherited_frozen_stays_so():
    def counted():
        before = gc.get_freeze_count()
        list(forks.each({"a page": (int,)}, 1))
        return before, gc.get_freeze_count()

    gc.freeze()
    try:
        ((_, (before, after)),) = forks.each({"a worker": (counted,)}, 1)
    finally:
        gc.unfreeze()
    assert before == after > 0
    assert list(forks.each({"a page": (int,)}, 1)) and not gc.get_freeze_count()


def ended(process):
    """Whether a process is gone, or only waits to be counted."""
    try:
        return (
            Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
            == "Z"
        )
    except OSError:
        return True


def test_a_page_that_depends_on_the_same_is_kept_and_another_is_run_again(asking, tmp_path):
    (request,) = asking("print('first')", ("Rutland",))
    second = request.notebooks / "02_other.ipynb"
    second.write_text(
        (request.notebooks / "01_small.ipynb")
        .read_text(encoding="utf-8")
        .replace("A small", "Another"),
        encoding="utf-8",
    )
    publish.publish(request, print)
    report = next(request.out.glob("*/rutland"))
    text = (report / "02_other.html").read_bytes()
    asking("print('second')", ("Rutland",))  # writes the first notebook anew
    told = []
    assert publish.publish(replace(request), told.append).new
    assert [line for line in told if "01_small" in line] and not [
        line for line in told if "02_other" in line
    ]
    assert (report / "02_other.html").read_bytes() == text
    assert "second" in (report / "01_small.html").read_text(encoding="utf-8")
    (report / "02_other.html").write_bytes(text + b"<!-- by hand -->")
    asking("print('third')", ("Rutland",))
    publish.publish(replace(request), print)
    assert (report / "02_other.html").read_bytes() == text, "a page changed by hand was taken over"
    for number, pages in enumerate(([], {"02_other": 7}, {"02_other": {"key": "k"}})):
        record = json.loads((report / "run.json").read_text(encoding="utf-8")) | {"pages": pages}
        (report / "run.json").write_text(json.dumps(record), encoding="utf-8")
        asking(f"print('changed by hand, {number}')", ("Rutland",))
        told.clear()
        publish.publish(replace(request), told.append)
        assert [line for line in told if "02_other" in line], "what nobody can read was taken over"


def test_an_area_asked_for_twice_is_refreshed_once_and_an_unknown_one_stops_all_before_anything_runs(
    shipped_dir,
):
    assert command._names(["rutland", "857", "Barnet"], False, shipped_dir) == ["Rutland", "Barnet"]
    with pytest.raises(UsageError, match="Barnet"):
        command._names(["Rutland", "Barnett"], False, shipped_dir)
    every = command._names(None, True, shipped_dir)
    assert len(every) == len(set(every)) == 153
    assert {"City of London", "Isles of Scilly", "Hackney", "Hampshire", "Cumberland"} <= set(every)
    assert "Cumbria" not in every


def test_without_a_scheduler_at_the_address_that_is_said(asking, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "SECONDS_TO_CONNECT", 1)
    with pytest.raises(UsageError, match="There is no dask scheduler at tcp://127.0.0.1:9"):
        list(many.publish_all(asking("1"), 1, "tcp://127.0.0.1:9", print))


@pytest.fixture
def scheduler(tmp_path):
    """The address of a real scheduler with two workers, each a process of its own."""
    pytest.importorskip("distributed")
    address, started = tmp_path / "scheduler.json", []
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
    started.append(
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "distributed.cli.dask_scheduler",
                "--host",
                "127.0.0.1",
                "--port",
                "0",
                "--no-dashboard",
                "--scheduler-file",
                str(address),
            ],
            **quiet,
        )
    )
    wait_for(address.exists, 60)
    started += [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "distributed.cli.dask_worker",
                "--scheduler-file",
                str(address),
                "--no-nanny",
                "--nthreads",
                "1",
                "--no-dashboard",
                "--host",
                "127.0.0.1",
            ],
            **quiet,
        )
        for _ in range(2)
    ]
    yield re.search(r"tcp://[\d.]+:\d+", address.read_text(encoding="utf-8"))[0]
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.skipif(
    not Path("/proc").is_dir(), reason="the test finds the worker to kill through /proc"
)
def test_a_worker_of_a_scheduler_is_killed_at_work_and_every_report_arrives(
    asking, scheduler, tmp_path
):
    mark = tmp_path / "at work"
    requests = asking(
        f"import os, pathlib, time\nmark = pathlib.Path({str(mark)!r})\n"
        "if area == 'Rutland' and not mark.exists():\n    mark.write_text(str(os.getppid()))\n"
        "    time.sleep(120)"
    )
    answers = many.publish_all(requests, 2, scheduler, print)

    def kill():
        wait_for(lambda: mark.exists() and mark.read_text(), 120)
        made = int(mark.read_text())  # the process that makes the report; its parent is the worker
        worker = int(
            re.search(r"PPid:\s*(\d+)", Path(f"/proc/{made}/status").read_text("utf-8"))[1]
        )
        for process in (worker, made):
            os.kill(process, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    found = {request.area: outcome for request, outcome in answers}
    killer.join()
    assert not [outcome for outcome in found.values() if isinstance(outcome, OxcareError)], found
    assert published(requests[0].out) == ["barnet", "city-of-london", "rutland"]
    assert mark.exists() and not list(requests[0].out.glob(".partial-*"))


def test_a_worker_with_other_figures_is_refused(asking):
    (request,) = asking("1", ("Rutland",))
    with pytest.raises(
        RunError, match="its figures, its library or its packages are not those of this machine"
    ):
        cluster.build_away(request, {}, "another hash")


def test_without_dask_the_scheduler_option_says_what_to_install(asking, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"oxcare_analysis\[cluster\]"):
        list(many.publish_all(asking("1"), 1, "tcp://127.0.0.1:9", print))


def test_what_a_report_lets_out_of_own_months_is_remembered_before_it_stands_and_only_then(
    asking, shipped_dir, tmp_path, monthly_csv, monkeypatch
):
    code = (
        "import oxcare_analysis as ox\nox.charts.months(ox.months(ox.load(area), 'plans_open',"
        " own=True))"
    )
    (request,) = asking(code, ("Rutland",), alone=True)
    for part in ("raw", "processed"):
        shutil.copytree(shipped_dir / part, tmp_path / "data" / part)
    request = replace(request, data_dir=tmp_path / "data")
    months = [[f"{2022 + n // 12}-{n % 12 + 1:02}", 60 + n, 20, 19, 40, 30, 90] for n in range(36)]
    raw.add_files([monthly_csv(*months)], data_dir=request.data_dir)
    register = disclosed.folder(request.data_dir)
    monkeypatch.setattr(
        standing, "put_in_place", lambda staged, target: (_ for _ in ()).throw(RunError("no room"))
    )
    with pytest.raises(RunError, match="no room"):
        publish.publish(request, print)
    assert len(disclosed.read("months", request.data_dir)) >= 36, (
        "a report that may stand went unremembered"
    )
    monkeypatch.undo()
    failing = replace(request, notebooks=asking("raise ValueError", ("Rutland",))[0].notebooks)
    shutil.rmtree(register)
    with pytest.raises(RunError, match="ValueError"):
        publish.publish(failing, print)
    assert not list(register.glob("*.csv")), "what no report shows was remembered"


@pytest.mark.parametrize(
    ("scheduler", "alone"), [((), True), (("--scheduler", "tcp://127.0.0.1:9"), False)]
)
def test_own_months_are_read_on_this_machine_only(oxcare, monkeypatch, tmp_path, scheduler, alone):
    asked_for = []

    def answers(requests, *_):
        asked_for.extend(requests)
        return iter(())

    monkeypatch.setattr(command, "_answers", answers)
    assert oxcare("refresh", "--area", "Rutland", "--out", tmp_path, *scheduler)[0] == 0
    assert [request.alone for request in asked_for] == [alone]
