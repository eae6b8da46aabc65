"""Whole refreshes of a real area with one small notebook, killed with every process they
started.
"""

import io
import logging
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import nbformat
from killing.child import Step
from killing.scenes import contents, left_over

from oxcare_analysis.cli.main import main
from oxcare_analysis.refresh import all_reports, standing
from oxcare_analysis.tables import tables
from oxcare_analysis.words import paths

AREAS = {"Rutland": "rutland", "Barnet": "barnet"}  # to the folder of its report
DECLARED = (
    'area: str = "Oxfordshire"\nfirst_year: int = 2013\nlast_year: int = 2018\nas_of: str ='
    ' "latest"'
)
BUILT_ANEW = 4  # one trial in so many begins with tables that are to be built


class _Unheard(io.StringIO):
    """Standard output that nobody reads."""

    def reconfigure(self, **_) -> None:
        """As the command line asks of a console."""


class _Log(_Unheard):
    """Standard error as lines of the run's log."""

    def write(self, text: str) -> int:
        if text.strip():
            logging.getLogger("oxcare_analysis").debug(
                "refresh: %s", text.strip().partition(",")[0]
            )
        return len(text)


def notebook(folder: Path, source: str) -> None:
    """A notebook of one cell beside its parameters."""
    new = nbformat.v4
    cells = [
        new.new_markdown_cell("# A small page"),
        new.new_code_cell(DECLARED, metadata={"tags": ["parameters"]}),
        new.new_code_cell(source),
    ]
    book = new.new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
    )
    nbformat.write(book, folder / "01_small.ipynb")


@dataclass
class Refreshing:
    """`oxcare refresh --force` of some areas: each trial begins on what the kill before has left.

    `standing` and `ready`: area → its report as it stood before the trial, and as it was made.
    """

    folder: Path
    shipped: Path
    areas: tuple[str, ...] = tuple(AREAS)[:1]
    name: str = ""
    trials: int = 0
    standing: dict[str, dict[str, str]] = field(default_factory=dict)
    ready: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.name = "refresh" if len(self.areas) == 1 else f"refresh of {len(self.areas)} areas"
        shutil.copytree(self.shipped / "raw", self.data / "raw")
        shutil.copy(self.shipped / "known_problems.csv", self.data)
        self.figures = contents(self.data / "raw")
        tables.load(self.data)
        self.notebooks.mkdir()
        notebook(
            self.notebooks, "import time; time.sleep(1); print(area, first_year, last_year, as_of)"
        )

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def notebooks(self) -> Path:
        return self.folder / "notebooks"

    @property
    def out(self) -> Path:
        return self.folder / "reports"

    @property
    def watched(self) -> Path:
        return self.folder

    @property
    def lock(self) -> Path:
        """What a run holds."""
        return self.out / ".lock"

    def next(self) -> None:
        """Before a trial: what stands is what a reader may find again."""
        self.standing, self.ready = self._reports(), {}
        self.trials += 1
        if self.trials % BUILT_ANEW == 0:
            (self.data / "processed" / tables.STAMP).unlink(missing_ok=True)

    def saw(self, step: Step) -> None:
        """Once a new report is on the disk, and before it is put in place: what it is."""
        if step == Step(
            "swap: on the disk", "went on"
        ):  # just that: a step later the two may have changed places
            for record in self.out.glob(f"{standing.PARTIAL}*/**/run.json"):
                # A report that a worker is still making is not the one that is put in place: it is
                # looked at later.
                area = (standing.read_json(record) or {}).get("parameters", {}).get("area")
                self.ready[area] = contents(record.parent)

    def work(self) -> None:
        """The command."""
        asked = [word for area in self.areas for word in ("--area", area)]
        arguments = [
            "oxcare",
            "refresh",
            *asked,
            "--out",
            str(self.out),
            "--data-dir",
            str(self.data),
            "--workers",
            str(len(self.areas)),
            "--force",
        ]
        with (
            mock.patch.object(sys, "argv", arguments),
            mock.patch.object(paths, "NOTEBOOKS", self.notebooks),
            mock.patch.object(sys, "stderr", _Log()),
            mock.patch.object(sys, "stdout", _Unheard()),
        ):
            main()

    def found(self) -> tuple[str, str]:
        """As a reader finds it: of each area the report of before or the new one, whole; the
        figures as they were.
        """
        if contents(self.data / "raw") != self.figures:
            return "", "the figures have changed"
        found = self._reports()
        if found == self.standing:
            return "old", ""
        torn = [
            area
            for area in self.areas
            if found[area] != self.standing[area]
            and not (found[area] and found[area] == self.ready.get(area))
        ]
        return ("", f"of {torn} neither the old report nor the new one") if torn else ("new", "")

    def recovered(self) -> tuple[str, str]:
        """After the next command has begun."""
        if self.out.exists():
            with standing.held(self.out):
                if (self.out / "checked.json").exists():
                    all_reports.write(self.out)
        return self.found()

    def ended(self) -> str:
        """After a run that came to its end."""
        self.standing = self._reports()
        front = (self.out / "index.html").read_text(encoding="utf-8")
        if any(
            "index.html" not in self.standing[area] or f"/{AREAS[area]}/index.html" not in front
            for area in self.areas
        ):
            return "the next run has not published"
        left = left_over(self.out) + left_over(self.data / "raw")
        return f"left over: {left}" if left else ""

    def _reports(self) -> dict[str, dict[str, str]]:
        return {
            area: next(
                (contents(path.parent) for path in self.out.glob(f"*/{AREAS[area]}/index.html")), {}
            )
            for area in self.areas
        }
