"""Publish a report: every file of an area together, or none; and say when there is nothing new."""

import hashlib
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path

import nbformat

from oxcare_analysis import care, diagnostics, documents, door
from oxcare_analysis.local import disclosed
from oxcare_analysis.refresh import (
    asked,
    cards,
    compare,
    downloads,
    front,
    make,
    pages,
    run,
    sources,
    standing,
)
from oxcare_analysis.refresh.asked import Built, Outcome, Request
from oxcare_analysis.tables import tables
from oxcare_analysis.words import forks, paths

SHORT = {
    "00": "Verdicts",
    "01": "Published figures",
    "02": "Growth",
    "11": "Coming on",
    "12": "Coming off",
    "13": "Need",
    "14": "Awareness",
    "21": "Looked after",
    "22": "Work and cost",
    "31": "Your own months",
}


def publish(request: Request, say: Callable[[str], None]) -> Outcome:
    """Run the notebooks for an area and publish its report. Raises RunError, leaving what stood
    before.
    """
    if forks.is_safe() and request.workers > 1:
        list(forks.each({"the tables": (_build_tables, request)}, 1, meanwhile=make.warm_up))
    # What cannot be loaded is said before any folder is made.
    door.load(request.area, request.first_year, request.last_year, request.as_of, request.data_dir)
    with standing.held(request.out), standing.scratch(request.out) as folder:
        outcome = asked.put(
            request, build(request, folder, lambda line: say(f"{request.area}: {line}"))
        )
        asked.note(request.out, [outcome])
    if outcome.new:
        say(f"{request.area}: {compare.report_words(outcome.changes).replace(chr(10), ' ')}")
    return outcome


def build(request: Request, scratch: str | Path, say: Callable[[str], None]) -> Built:
    """Everything of a report, in `scratch`, where no reader sees it; `request.out` is only read."""
    study = door.load(
        request.area, request.first_year, request.last_year, request.as_of, request.data_dir
    )
    default = door.load(request.area, None, None, request.as_of, request.data_dir)
    window = (study.first_year, study.last_year)
    folder = standing.slug(study.area.name)
    if window != (default.first_year, default.last_year):
        folder += f"--{window[0]}-{window[1]}"
    target = request.out / study.as_of / folder
    wanted = _wanted(study, request)
    key = _sha256("".join(page.key for page in wanted))
    if not request.force and asked.answers(target, key, request):
        return Built(study.as_of, folder, key, None, {})
    staged = Path(scratch) / "report"
    downloads.make_folders(staged)
    if request.own_months:
        disclosed.forget_waiting(request.data_dir)
    document, place = documents.verdicts_document(study), wanted[0].place
    _before_pages(study, request, document, place, staged)
    made = make.make_all(
        wanted, staged, Path(scratch) if request.force else target, request.workers, say
    )
    started = time.perf_counter()
    downloads.write_tables(
        {name: chart for page in made.values() for name, chart in page.charts.items()}, staged
    )
    changes = compare.reports(
        study.area.code,
        document,
        standing.before(request.out, folder, target),
        request.as_of,
        request.data_dir,
    )
    standing.write_json(staged / "changes.json", changes)
    standing.write(
        staged / "index.html", front.report_index(study, changes, place, staged, request.data_dir)
    )
    standing.write_json(
        staged / "run.json",
        {
            "schema": 1,
            "key": key,
            "parameters": wanted[0].job.parameters,
            "published": date.today().isoformat(),
            "provenance": document["provenance"],
            "commit": _commit(),
            "python": platform.python_version(),
            "held": compare.held_tables(request.data_dir),
            "versions": asked.versions(),
            "seconds": (
                {name: page.seconds for name, page in made.items()}
                | {"index and workbook": round(time.perf_counter() - started, 2)}
            ),
            "pages": {name: asdict(page) for name, page in made.items()},
        },
    )
    return Built(study.as_of, folder, key, staged, changes)


def make_ready(request: Request) -> None:
    """Import, load and work out in this process what the reports of all areas share: its forks have
    it then.

    Raises what door.load raises of the one area asked for.
    """
    make.warm_up()
    study = door.load(
        request.area, request.first_year, request.last_year, request.as_of, request.data_dir
    )
    door.everywhere(study)
    _work_out(study, request)


def _build_tables(request: Request) -> None:
    """In a process of its own, which takes the memory that needs with it."""
    tables.load(request.data_dir, say=lambda line: print(line, file=sys.stderr))


def _wanted(study, request: Request) -> list[make.Page]:
    """The pages of a report, each with a hash over all it depends on."""
    notebooks = run.notebooks(bool(request.own_months), request.notebooks)
    parameters = {
        "area": study.area.name,
        "first_year": study.first_year,
        "last_year": study.last_year,
        "as_of": request.as_of,
    }
    for source in notebooks:
        run.check_parameters(source, parameters)
    titles = {
        source.stem: pages.title_of(nbformat.read(source, as_version=4)) for source in notebooks
    }
    edition = study.provenance["editions"].get("children_in_need", "none")
    listed = (
        ("index.html", "Start", ""),
        *((f"{name}.html", SHORT.get(name[:2], title), title) for name, title in titles.items()),
        (sources.PAGE, "Sources", sources.TITLE),
    )
    place = pages.Place(
        f"{study.area.name}, {study.first_year} to {study.last_year}, figures published by "
        f"{study.as_of_words} (edition {edition})",
        study.source,
        listed,
    )
    verdicts = cards.for_pages(study)
    pictures = ("page", "slide") if request.alone else ("screen",)
    shared = f"{request.depends_on}{parameters}{place}"
    return [
        make.Page(
            run.Job(source, parameters, request.data_dir, pictures),
            place,
            titles[source.stem],
            verdicts.get(source.stem, ""),
            _sha256(shared, source, own=source.stem == run.OWN_MONTHS and request.own_months),
        )
        for source in notebooks
    ]


def _before_pages(
    study, request: Request, document: dict, place: pages.Place, staged: Path
) -> None:
    """What needs no page, and what several pages show: the processes forked from this one have it
    then.

    The verdicts of every authority take as long as all the rest: they are worked out beside it, and
    kept for pages.
    """

    def rest() -> None:
        if forks.CAN_FORK:
            make.warm_up()
        standing.write(staged / sources.PAGE, sources.page(study, request.data_dir, place))
        downloads.write_results(study, document, staged, request.data_dir)
        _work_out(study, request)

    beside = {"the verdicts of every authority": (door.everywhere, study)}
    list(forks.each(beside if forks.CAN_FORK and request.workers > 1 else {}, 1, meanwhile=rest))


def _work_out(study, request: Request) -> None:
    """What several pages show, most of it of all authorities."""
    for name in ("entry_threshold", "exit_threshold", "awareness"):
        diagnostics.specifications(study, name)
    care.next_year(study)
    diagnostics.comparable_events(study, data_dir=request.data_dir)
    door.story(
        study
    )  # last: it may ask for the verdicts of every authority too, and would wait for their lock


def _sha256(text: str, notebook: Path | None = None, own: bytes | bool = b"") -> str:
    digest = hashlib.sha256(text.encode() + (own or b""))
    if notebook:
        digest.update(notebook.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def _commit() -> str | None:
    try:
        found = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=paths.PROJECT,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()
