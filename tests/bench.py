"""Measure how long the work takes against the plain way, in pairs, and write docs/performance.md.
`make bench` runs it.

The plain way is one `papermill` and one `jupyter nbconvert --to html` command a notebook. Each
figure is the median of pairs run in turn (ours, plain, ours, plain ...), each as a whole process;
ratios are taken pair by pair, so that a machine whose speed drifts does not favour either.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from oxcare_analysis.refresh import run
from oxcare_analysis.words import paths

AREA, WINDOW = "Oxfordshire", (2013, 2025)
IMPORTS = {
    "notebook": "import pandas, seaborn, statsmodels.api",
    "verdicts": "import pandas, statsmodels.api",
}
BIN = Path(sys.executable).parent
FEW, MANY = 10, 40
# One process does one part after another and says what each took; each finds what those before it
# left.
PARTS = """
import json, os, sys, tempfile
from pathlib import Path
data_dir, area = Path(sys.argv[1]), sys.argv[2]
os.environ["OXCARE_DATA_DIR"] = str(data_dir)
found, last = {}, 0.0
def done(what):
    global last
    now = sum(os.times()[:4])  # of this process and of those it forked
    found[what], last = round(now - last, 2), now
from oxcare_analysis import diagnostics, door
from oxcare_analysis.refresh import asked, make, publish
from oxcare_analysis.tables import tables
make.warm_up(); done("importing, and making ready what every page needs")
tables.load(data_dir); done("building the tables from raw")
study = door.load(area, data_dir=data_dir); done("checking the figures, measuring the noise of 23 measures")
for name in ("entry_threshold", "exit_threshold", "awareness"):
    diagnostics.errors(study, name)
done("how sure the noise itself is: 40 fits of each primary measure")
door.everywhere(study); done("the verdicts of every authority")
request = asked.Request(area, None, None, "latest", Path(tempfile.mkdtemp()), data_dir, alone=True, force=True)
def one_by_one(calls, workers, meanwhile=lambda: None):
    meanwhile()
    return [(name, call[0](*call[1:])) for name, call in calls.items()]
make.forks.each = one_by_one
publish.build(request, tempfile.mkdtemp(), lambda line: None)
done("all else: ten pages, their charts drawn and written in three forms, the index, the downloads")
print(json.dumps(found))
"""
# Work that shares nothing with another process but the machine.
COUNTING = "sum(i * i % 7 for i in range(60_000_000))"
OUT = paths.PROJECT / "docs" / "performance.md"


def seconds(*command: str | Path, data_dir: Path | None = None, cwd: Path | None = None) -> float:
    """Wall seconds of one command; stops everything where it fails."""
    environment = os.environ | ({"OXCARE_DATA_DIR": str(data_dir)} if data_dir else {})
    started = time.perf_counter()
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    if done.returncode:
        raise SystemExit(
            f"{' '.join(map(str, command))} ended with {done.returncode}: {done.stderr[-2000:]}"
        )
    return time.perf_counter() - started


def ours(*arguments: str | Path) -> float:
    """Seconds of an oxcare command."""
    return seconds(sys.executable, "-m", "oxcare_analysis", *arguments)


def importing(what: str) -> float:
    """Seconds to import the packages that the work cannot do without."""
    return seconds(sys.executable, "-c", IMPORTS[what])


def plain(data_dir: Path, folder: Path) -> float:
    """Seconds to run and render every notebook of a refresh by the stock commands, caches as they
    are found.
    """
    total = 0.0
    for source in run.notebooks(own_months=False):
        target = folder / source.name
        total += seconds(
            BIN / "papermill",
            source,
            target,
            "--cwd",
            folder,
            "-p",
            "area",
            AREA,
            "-p",
            "first_year",
            str(WINDOW[0]),
            "-p",
            "last_year",
            str(WINDOW[1]),
            "-p",
            "as_of",
            "latest",
            "--no-progress-bar",
            data_dir=data_dir,
        )
        total += seconds(BIN / "jupyter", "nbconvert", "--to", "html", target, data_dir=data_dir)
    return total


def two_at_once() -> float:
    """How often the machine itself does the work of one process when two that only count run side
    by side.
    """
    command = [sys.executable, "-c", COUNTING]
    one = seconds(*command)
    started = time.perf_counter()
    both = [subprocess.Popen(command) for _ in range(2)]
    for process in both:
        process.wait()
    return 2 * one / (time.perf_counter() - started)


class Place:
    """A copy of the figures without caches, and folders to write to."""

    def __init__(self, root: Path):
        self.root, self.data = root, root / "data"
        shutil.copytree(paths.data_dir() / "raw", self.data / "raw")
        known = paths.data_dir() / "known_problems.csv"
        if known.exists():
            shutil.copy(known, self.data)
        self.folders = 0

    def cleared(self) -> "Place":
        """With nothing built and nothing kept."""
        shutil.rmtree(self.data / "processed", ignore_errors=True)
        return self

    def folder(self) -> Path:
        """A new folder."""
        self.folders += 1
        (self.root / str(self.folders)).mkdir()
        return self.root / str(self.folders)


def refresh(place: Place, out: Path, *more: str) -> float:
    """Seconds of a refresh of one area or, with more options, of several."""
    return ours("refresh", "--out", out, "--data-dir", place.data, *more)


def one_area(place: Place, pairs: int) -> dict[str, list[float]]:
    """Refreshes of one area with nothing cached, with nothing changed; the plain way; the imports;
    the verdicts.
    """
    found: dict[str, list[float]] = {}
    for number in range(pairs):
        out = place.folder()
        found.setdefault("cold", []).append(refresh(place.cleared(), out))
        found.setdefault("unchanged", []).append(refresh(place, out))
        found.setdefault("plain", []).append(plain(place.cleared().data, place.folder()))
        found.setdefault("import", []).append(importing("notebook"))
        found.setdefault("verdicts", []).append(
            ours("verdicts", "--area", AREA, "--data-dir", place.data)
        )
        found.setdefault("import for verdicts", []).append(importing("verdicts"))
        print(
            f"pair {number + 1} of {pairs}: "
            + ", ".join(f"{k} {v[-1]:.1f}" for k, v in found.items()),
            flush=True,
        )
    return found


def many_areas(place: Place, names: list[str], workers: int) -> float:
    """Seconds of a refresh of these areas into an empty folder, with what all areas share built as
    it is found.
    """
    out = place.folder()
    taken = refresh(
        place,
        out,
        "--workers",
        str(workers),
        *(part for name in names for part in ("--area", name)),
    )
    shutil.rmtree(out)
    return taken


def several(place: Place, pairs: int) -> dict[str, list[float]]:
    """Refreshes of few and of many areas by two workers, and of few by one."""
    from oxcare_analysis.tables import tables

    areas = tables.load(place.data).areas
    names = areas[
        (areas["level"] == "authority") & (areas["last_year"] == areas["last_year"].max())
    ]["name"].tolist()
    spread = names[:: len(names) // MANY][:MANY]
    found: dict[str, list[float]] = {}
    many_areas(
        place, spread[:: MANY // FEW][:FEW], 2
    )  # not counted: the first to ask builds what all areas share
    for number in range(pairs):
        found.setdefault("two that only count", []).append(two_at_once())
        for name, some, workers in (
            ("few", spread[:: MANY // FEW][:FEW], 2),
            ("many", spread, 2),
            ("few, one worker", spread[:: MANY // FEW][:FEW], 1),
        ):
            found.setdefault(name, []).append(many_areas(place, some, workers))
        print(
            f"several {number + 1} of {pairs}: "
            + ", ".join(f"{k} {v[-1]:.1f}" for k, v in found.items()),
            flush=True,
        )
    return found


def rows(one: dict, more: dict) -> list[tuple[str, str, str]]:
    """What was asked, what must be reached, what was: a ratio pair by pair, the median of those."""

    def ratio(above, below, by=1.0):
        return statistics.median(a / b / by for a, b in zip(above, below, strict=True))

    each = [(m - f) / (MANY - FEW) for m, f in zip(more["many"], more["few"], strict=True)]
    plain_times = [statistics.median(one["plain"])] * len(each)
    few_each, many_each = (
        [t / n for t in more[name]] for name, n in (("few", FEW), ("many", MANY))
    )
    return [
        (
            "Full refresh of Oxfordshire, nothing cached: plain ÷ ours",
            "8 or more",
            f"{ratio(one['plain'], one['cold']):.1f}",
        ),
        (
            "the same ÷ importing pandas, seaborn and statsmodels",
            "under 8",
            f"{ratio(one['cold'], one['import']):.1f}",
        ),
        (
            "Nothing changed: plain ÷ ours",
            "60 or more",
            f"{ratio(one['plain'], one['unchanged']):.0f}",
        ),
        ("the same ÷ that import", "under 1", f"{ratio(one['unchanged'], one['import']):.2f}"),
        (
            "One more authority among several: plain ÷ ours",
            "20 or more",
            f"{ratio(plain_times, each):.1f}",
        ),
        (
            "`oxcare verdicts`, tables built ÷ importing pandas and statsmodels",
            "under 2",
            f"{ratio(one['verdicts'], one['import for verdicts']):.2f}",
        ),
        (
            f"Cost per authority, {MANY} against {FEW}",
            "within 15 per cent",
            f"{ratio(many_each, few_each) - 1:+.0%}",
        ),
        (
            "Two workers against one",
            "1.7 or more",
            f"{ratio(more['few, one worker'], more['few']):.2f}",
        ),
    ]


def page(
    one: dict, more: dict, pairs: int, several_pairs: int, parts: dict, records: list[dict]
) -> str:
    """docs/performance.md."""
    table = "".join(f"| {asked} | {must} | {was} |\n" for asked, must, was in rows(one, more))
    machine = statistics.median(more.pop("two that only count"))
    alone = statistics.median(more["few, one worker"]) / FEW
    times = "".join(
        f"| {name} | {statistics.median(taken):.2f} | {min(taken):.2f} to {max(taken):.2f} |\n"
        for name, taken in (one | more).items()
    )
    own = "".join(
        f"| {r['layout']} | {r['children']:,} | {r['seconds']:.1f} | {r['limit_seconds'] or ''} "
        f"| {r['peak_megabytes']:.0f} | {r['limit_megabytes'] or ''} |\n"
        for r in records
    )
    spent = "".join(f"| {what} | {taken:.1f} |\n" for what, taken in parts.items())
    floor = sum(parts.values()) / (os.cpu_count() or 1)
    return f"""# How long it takes

Written by `make bench`, not by hand. {os.cpu_count()} cores, {platform.system()}, Python {
        platform.python_version()
    }.
Whole processes, in pairs run in turn; a ratio is the median of the ratios of {pairs} pairs ({
        several_pairs
    } for several
authorities). The plain way is one `papermill` and one `jupyter nbconvert --to html` command a notebook, at the same
commit, caches cleared before each; it draws no pictures to take away and makes no index, workbook or page of sources,
which ours does. Several authorities are refreshed with tables and all that areas share built before.

| work | must be | is |
| --- | --- | --- |
{table}
Two processes that do nothing but count did, side by side, {
        machine:.2f} times the work of one on this machine
meanwhile: no two workers can do more. One worker takes {
        alone:.1f} seconds an area, its start included; two that lost
nothing would take {alone / machine:.1f}, and plain ÷ that is {
        statistics.median(one["plain"]) * machine / alone:.1f}.

Seconds behind them:

| | median | range |
| --- | --- | --- |
{times}
## Where a full refresh with nothing cached spends its time

Processor seconds of each part, alone and one after another. Spread evenly over the cores they would take
{floor:.1f} seconds: no way of running the same work on this machine is faster. So the first ratio
above can be at most {statistics.median(one["plain"]) / floor:.1f}, and the second at least {
        floor / statistics.median(one["import"]):.1f}.

| part | seconds |
| --- | --- |
{spent}
{
        f'''## An authority's own records

Read, held to the rules, combined and counted by month, ten years of them, each in a process of its own.

| layout | children | seconds | at most | megabytes | at most |
| --- | --- | --- | --- | --- | --- |
{own}'''
        if own
        else ""
    }"""


def main() -> None:
    """Run everything and write the page."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--pairs", type=int, default=5)
    asked.add_argument("--several-pairs", type=int, default=1)
    asked.add_argument("--no-page", action="store_true", help="print the figures only")
    wanted = asked.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        place = Place(Path(folder))
        one, more = one_area(place, wanted.pairs), several(place, wanted.several_pairs)
        parts = spent(place.cleared().data)
    text = page(one, more, wanted.pairs, wanted.several_pairs, parts, own_records())
    print(text)
    if not wanted.no_page:
        OUT.write_text(text, encoding="utf-8", newline="\n")


def own_records() -> list[dict]:
    """What bench_records.py measures."""
    script = Path(__file__).with_name("bench_records.py")
    if not script.exists():
        return []
    done = subprocess.run(
        [sys.executable, str(script)], check=False, capture_output=True, text=True, encoding="utf-8"
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def spent(data_dir: Path) -> dict[str, float]:
    """Processor seconds of the parts of a full refresh, in one process, caches empty."""
    done = subprocess.run(
        [sys.executable, "-c", PARTS, str(data_dir), AREA],
        check=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
