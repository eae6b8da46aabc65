"""One notebook → its page and what can be taken away of it, in a process of its own; or both as
they stand already.
"""

import hashlib
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path

import nbformat
import pandas as pd

from oxcare_analysis.refresh import downloads, pages, run, sources, standing
from oxcare_analysis.words import forks
from oxcare_analysis.words.errors import RunError

DRAWS = re.compile(r"^ox\.charts\.\w+\(", re.MULTILINE)
SHOWN = ('class="chart"', 'class="nothing"')


@dataclass(frozen=True)
class Page:
    """A page to make: the notebook's job, what all pages say of themselves, its card; `key`: all it
    depends on.
    """

    job: run.Job
    place: pages.Place
    title: str
    card: str
    key: str

    @property
    def name(self) -> str:
        """The notebook's name, without ending."""
        return self.job.source.stem


@dataclass(frozen=True)
class Made:
    """A page that was made: its key, the hash of its file, seconds taken, the words of its charts
    by name.
    """

    key: str
    sha256: str
    seconds: float
    charts: dict[str, dict]


def make(page: Page, staged: Path, warm: bool = forks.CAN_FORK) -> Made:
    """Run the notebook, write its page and its charts under `staged`. Raises RunError where one
    drew no chart.
    """
    started = time.perf_counter()
    book = _without_defaults(run.execute(page.job, warm))
    check_drawn(book, page.job.source.name)
    charts = downloads.charts_of(book, page.name)
    downloads.write_pictures(charts, staged)
    html = pages.render(
        book, page.title, page.place, f"{page.name}.html", page.card, sources.way_back
    )
    standing.write(staged / f"{page.name}.html", html)
    return Made(
        page.key,
        _sha256(staged / f"{page.name}.html"),
        round(time.perf_counter() - started, 2),
        {name: {part: chart[part] for part in downloads.WORDS} for name, chart in charts.items()},
    )


@cache
def warm_up() -> None:
    """Import and make ready in this process what each of its forks would have to otherwise."""
    import oxcare_analysis
    from oxcare_analysis.refresh import warm
    from oxcare_analysis.showing import drawing

    import_module("statsmodels.api")  # which the models import only when they are asked for
    for name in oxcare_analysis.__all__:
        getattr(oxcare_analysis, name)
    warm.ready()
    pages.ready(sources.way_back)
    figure, _ = drawing.new_axes()
    chart = drawing.finish(
        figure, "ready", "Fonts are found once", "", "", pd.DataFrame({"year": [2025]})
    )
    chart.html()
    chart.picture("screen")


def make_all(
    wanted: list[Page], staged: Path, before: Path, workers: int, say: Callable[[str], None]
) -> dict[str, Made]:
    """Every page by name, `workers` at a time; what stands in the report `before` and depends on
    the same is kept.

    The last are begun first: the first are the shortest, and none is left to wait for a long one
    alone.
    """
    made = {page.name: kept for page in wanted if (kept := _kept(page, before, staged))}
    calls = {page.name: (make, page, staged) for page in reversed(wanted) if page.name not in made}
    for name, result in forks.each(calls, workers):
        made[name] = result
        say(f"{name} ({len(made)} of {len(wanted)}, {result.seconds:.1f} s)")
    return {page.name: made[page.name] for page in wanted}


def check_drawn(book: nbformat.NotebookNode, name: str) -> None:
    """Count the charts: each cell that draws one must show it, or say why there is none."""
    cells = [cell for cell in book.cells if cell.cell_type == "code" and DRAWS.search(cell.source)]
    missing = [
        cell.source.splitlines()[-1]
        for cell in cells
        if not any(
            mark in str(output.get("data", {}).get("text/html", ""))
            for output in cell.outputs
            for mark in SHOWN
        )
    ]
    if missing:
        raise RunError(
            f"{name} drew {len(cells) - len(missing)} of {len(cells)} charts; nothing came of:"
            f" {'; '.join(missing)}. Nothing was published. Run the notebook in JupyterLab to see"
            " why."
        )


def _kept(page: Page, before: Path, staged: Path) -> Made | None:
    """The page as it stands in an earlier report, copied, where it depends on just the same and is
    as it was made.
    """
    standing_page = before / f"{page.name}.html"
    try:
        record = Made(**standing.read_json(before / "run.json")["pages"][page.name])
        files = [
            file
            for name in record.charts
            for file in downloads.files_of(name, "slide" in page.job.pictures)
        ]
    except (KeyError, TypeError):  # there is none, or it was changed by hand into something else
        return None
    if (
        record.key != page.key
        or not standing_page.exists()
        or _sha256(standing_page) != record.sha256
    ):
        return None
    if not all((before / file).exists() for file in files):
        return None
    for file in (f"{page.name}.html", *files):
        shutil.copyfile(before / file, staged / file)
    return replace(record, seconds=0.0)


def _without_defaults(book: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Drop the default parameters, which would stand beside the ones used."""
    tags = [cell.metadata.get("tags", []) for cell in book.cells]
    if any("injected-parameters" in t for t in tags):
        book.cells = [
            cell for cell, t in zip(book.cells, tags, strict=True) if "parameters" not in t
        ]
    return book


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
