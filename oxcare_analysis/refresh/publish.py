"""Publish a report: every file of an area together, or none; and say when there is nothing new."""

import hashlib
import platform
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import date
from importlib import metadata
from multiprocessing import get_context
from pathlib import Path

import nbformat
from filelock import FileLock

from oxcare_analysis import documents, door
from oxcare_analysis.intake import raw
from oxcare_analysis.local import disclosed, store
from oxcare_analysis.refresh import all_reports, cards, compare, downloads, front, pages, run, sources, standing
from oxcare_analysis.words import paths
from oxcare_analysis.words.errors import RunError, UsageError

LOCK_SECONDS = 3600


@dataclass(frozen=True)
class Request:
    """What to publish, where."""

    area: str
    first_year: int | None
    last_year: int | None
    as_of: str
    out: Path
    data_dir: Path
    workers: int = 2
    force: bool = False
    alone: bool = False  # the one area asked for: the analyst's own months name no area and belong to no other

    @property
    def own_months(self) -> bytes:
        """The analyst's own months and the records they are from; empty where none, or if several areas are asked for.
        """
        path = raw.months_file(self.data_dir)
        months = path.read_bytes() if path.exists() else b""
        return months + store.fingerprint(self.data_dir) if self.alone else b""


@dataclass(frozen=True)
class Outcome:
    """The index page of the report that now stands, and whether it is new."""

    index: Path
    new: bool


def publish(request: Request, say: Callable[[str], None]) -> Outcome:
    """Run the notebooks for an area and publish its report. Raises RunError, leaving what stood before."""
    study = door.load(request.area, request.first_year, request.last_year, request.as_of, request.data_dir)
    default = door.load(request.area, None, None, request.as_of, request.data_dir)
    window = (study.first_year, study.last_year)
    folder = standing.slug(study.area.name)
    if window != (default.first_year, default.last_year):
        folder += f"--{window[0]}-{window[1]}"
    target = request.out / study.as_of / folder
    try:
        request.out.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UsageError(f"Reports cannot be put in {request.out.name}: {problem.strerror}. Give a folder that can be "
                         "written to with --out.") from None
    with FileLock(request.out / ".lock", timeout=LOCK_SECONDS):
        key = _key(study, request.own_months)
        if not request.force and standing.key_of(target) == key:
            standing.note_checked(request.out, study.as_of, new=False)
            all_reports.write(request.out)
            return Outcome(target / "index.html", False)
        with tempfile.TemporaryDirectory(dir=request.out, prefix=".partial-", ignore_cleanup_errors=True) as scratch:
            staged = Path(scratch) / "report"
            staged.mkdir()
            disclosed.forget_waiting(request.data_dir)
            changes = _build(study, request, staged, key, standing.before(request.out, folder, target), say)
            disclosed.enter_waiting(request.data_dir)  # first: a kill in between must not let a report go unremembered
            standing.put_in_place(staged, target)
        standing.note_checked(request.out, study.as_of, new=True)
        all_reports.write(request.out)
    say(f"{study.area.name}: {compare.report_words(changes).replace(chr(10), ' ')}")
    return Outcome(target / "index.html", True)


def _build(study, request: Request, staged: Path, key: str, before: dict | None, say: Callable[[str], None]) -> dict:
    """Everything of a report, in a place no reader sees; returns what changed since the report before."""
    wanted = run.notebooks(bool(request.own_months))
    parameters = {"area": study.area.name, "first_year": study.first_year, "last_year": study.last_year,
                  "as_of": request.as_of}
    for source in wanted:
        run.check_parameters(source, parameters)
    executed = staged.parent / "executed"
    executed.mkdir()
    jobs = [run.Job(source, executed / source.name, parameters, request.data_dir) for source in wanted]
    seconds = _execute(jobs, request.workers, study.area.name, say)
    started = time.perf_counter()
    books = {source.stem: _without_defaults(nbformat.read(executed / source.name, as_version=4))
             for source in wanted}
    document = documents.verdicts_document(study)
    edition = study.provenance["editions"].get("children_in_need", "none")
    where = (f"{study.area.name}, {study.first_year} to {study.last_year}, figures published by {study.as_of_words} "
             f"(edition {edition})")
    listed = (("index.html", "Start", ""), *((f"{name}.html", _short(pages.title_of(book), name), pages.title_of(book))
                                             for name, book in books.items()), (sources.PAGE, "Sources", sources.TITLE))
    place, verdicts = pages.Place(where, study.source, listed), cards.for_pages(study)
    for name, book in books.items():
        standing.write(staged / f"{name}.html", pages.render(book, pages.title_of(book), place, f"{name}.html",
                                                     verdicts.get(name, ""), sources.way_back))
    standing.write(staged / sources.PAGE, sources.page(study, request.data_dir, place))
    downloads.write_all(study, document, books, staged, request.data_dir)
    changes = compare.reports(study.area.code, document, before, request.as_of, request.data_dir)
    standing.write_json(staged / "changes.json", changes)
    standing.write(staged / "index.html", front.report_index(study, changes, place, staged, request.data_dir))
    seconds["pages and downloads"] = round(time.perf_counter() - started, 2)
    standing.write_json(staged / "run.json", {
        "schema": 1, "key": key, "parameters": parameters, "published": date.today().isoformat(),
        "provenance": document["provenance"], "commit": _commit(), "python": platform.python_version(),
        "held": compare.held_tables(request.data_dir),
        "versions": {name: metadata.version(name) for name in ("pandas", "statsmodels", "papermill", "nbconvert",
                                                               "seaborn", "matplotlib")},
        "seconds": seconds})
    return changes


def _without_defaults(book: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Drop the default parameters, which would stand beside the ones used."""
    tags = [cell.metadata.get("tags", []) for cell in book.cells]
    if any("injected-parameters" in t for t in tags):
        book.cells = [cell for cell, t in zip(book.cells, tags, strict=True) if "parameters" not in t]
    return book


def _execute(jobs: list[run.Job], workers: int, area: str, say: Callable[[str], None]) -> dict[str, float]:
    """Run the notebooks, at most `workers` at a time, each in its own process and kernel."""
    seconds = {}
    with ProcessPoolExecutor(max(1, workers), mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(run.execute, job): job for job in jobs}
        try:
            for number, done in enumerate(as_completed(waiting), start=1):
                name = waiting[done].source.stem
                seconds[name] = round(done.result(), 2)
                say(f"{area}: {name} ({number} of {len(jobs)}, {seconds[name]:.0f} s)")
        except BrokenProcessPool:
            raise RunError(f"A process that was running the notebooks for {area} was ended from outside (memory is "
                           "the usual reason). Nothing was published; run again with --workers 1.") from None
        except Exception:
            pool.shutdown(cancel_futures=True)
            raise
    return dict(sorted(seconds.items()))


def _key(study, own_months: bytes) -> str:
    """One hash over all that a report depends on: figures, own months, rules, notebooks, library, window."""
    digest = hashlib.sha256(own_months)
    for part in (study.provenance["data_sha256"], study.area.code, study.first_year, study.last_year, study.as_of):
        digest.update(f"{part}|".encode())
    code = [*sorted(paths.PACKAGE.rglob("*.py")), *sorted((paths.PACKAGE / "refresh" / "template").iterdir())]
    for path in [*run.notebooks(), *code]:
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    for name in ("pandas", "statsmodels", "matplotlib", "nbconvert"):
        digest.update(metadata.version(name).encode())
    return digest.hexdigest()


def _commit() -> str | None:
    try:
        found = subprocess.run(["git", "rev-parse", "HEAD"], cwd=paths.PROJECT, capture_output=True, text=True,
                               timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()


def _short(title: str, name: str) -> str:
    words = {"00": "Verdicts", "01": "Published figures", "02": "Growth", "11": "Coming on", "12": "Coming off",
             "13": "Need", "14": "Awareness", "21": "Looked after", "22": "Work and cost", "31": "Your own months"}
    return words.get(name[:2], title)