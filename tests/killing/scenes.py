"""What is killed: publishing a report, adding files, building the tables. Each scene says what may
stand afterwards.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import pandas as pd
from fuzzing.originals import HERE, MONTHS
from killing.child import Step

from oxcare_analysis.intake import raw
from oxcare_analysis.refresh import all_reports, standing
from oxcare_analysis.tables import kept, tables
from oxcare_analysis.words import durable

MONTH, AREA, OTHER = "2025-10", "testshire", "mockham"
PAGES, PICTURES = 14, 8
LEFT_OVER = re.compile(r"^\.partial-|^\.swap\.json$|^\..*\.(new|old)$|\.part$")
FILES = HERE / "real_files"
HELD = ("2024_d1_*", "2024_c1_*", "2024_c4_*", "2024_ons_*")
ARRIVING = ("2024_d5_*", "2025_d5_*", "2025_c1_*", "2025_ons_*", "child_population*")


def contents(folder: Path) -> dict[str, str]:
    """Every file by its place, as a hash."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def left_over(folder: Path) -> list[str]:
    """What a run that ended may not leave: anything made ready, moved aside, half written, or a
    journal.
    """
    return [
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if LEFT_OVER.search(path.name)
    ]


@dataclass
class Publishing:
    """A report replaced by another, beside one of another area. `windows` takes the single step of
    Linux away.
    """

    folder: Path
    windows: bool = False
    turn: int = 0
    name: str = "publish"
    editions: dict[int, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.name = f"publish, {'by two renames' if self.windows else 'in one step'}"
        for number in (0, 1):
            self._make(number)
            self.editions[number] = contents(self.folder / f"edition {number}")
        for area in (OTHER, AREA):
            publish(self.out, self.folder / "edition 0", area)

    @property
    def out(self) -> Path:
        return self.folder / "reports"

    @property
    def watched(self) -> Path:
        return self.out

    def work(self) -> None:
        """Publish the edition whose turn it is."""

        def none(*_) -> bool:
            return False

        with mock.patch.object(durable, "exchange", none if self.windows else durable.exchange):
            publish(self.out, self.folder / f"edition {self.turn}", AREA)

    def next(self) -> None:
        """Before a trial: the other edition's turn."""
        self.turn = 1 - self.turn

    @property
    def lock(self) -> Path:
        """What a run holds."""
        return self.out / ".lock"

    def saw(self, step: Step) -> None:
        """Nothing is to be noted on the way."""

    def found(self) -> tuple[str, str]:
        """As a reader finds it before any other command: the state, and what is wrong with it."""
        if contents(self.out / MONTH / OTHER) != self.editions[0]:
            return "", "the report of another area has changed"
        if not (self.out / MONTH / AREA).exists():
            return ("between two renames", "") if self.windows else ("", "the report is missing")
        return self._state()

    def recovered(self) -> tuple[str, str]:
        """After the next command, of another area, has begun."""
        with standing.held(self.out):
            all_reports.write(self.out)
        state, fault = self._state()
        return state, fault or (
            "" if self._links() == {AREA, OTHER} else "the front page does not list what stands"
        )

    def ended(self) -> str:
        """After the next run has come to its end: what is wrong, if anything."""
        state, fault = self._state()
        checked = json.loads((self.out / "checked.json").read_text(encoding="utf-8"))
        if fault or state != "new" or not checked["new"] or self._links() != {AREA, OTHER}:
            return fault or f"the next run has left the {state} report, {checked}"
        return f"left over: {left_over(self.out)}" if left_over(self.out) else ""

    def _state(self) -> tuple[str, str]:
        found = contents(self.out / MONTH / AREA)
        states = {"new": self.editions[self.turn], "old": self.editions[1 - self.turn]}
        state = next((name for name, edition in states.items() if edition == found), "")
        return (
            state,
            "" if state else f"the report is neither the old nor the new one: {len(found)} files",
        )

    def _links(self) -> set[str]:
        text = (self.out / "index.html").read_text(encoding="utf-8")
        return {
            area
            for area in (AREA, OTHER)
            if f'href="{MONTH}/{area}/index.html"' in text
            and (self.out / MONTH / area / "index.html").exists()
        }

    def _make(self, number: int) -> None:
        """A report of as many files as a real one, simulated."""
        folder = self.folder / f"edition {number}"
        for place in ("charts", "data"):
            (folder / place).mkdir(parents=True)
        words = f"Simulated, edition {number}. " * 400
        for page in range(PAGES):
            (folder / f"{page:02}_page.html").write_text(words, encoding="utf-8")
        for picture in range(PICTURES):
            (folder / "charts" / f"{picture:02}.svg").write_text(words, encoding="utf-8")
            (folder / "data" / f"{picture:02}.csv").write_text(words, encoding="utf-8")
        hypotheses = [{"verdict": "inconclusive"}] * 4
        (folder / "verdicts.json").write_text(
            json.dumps(
                {
                    "area": {"name": "Testshire (simulated)"},
                    "window": {"from": 2013, "to": 2018},
                    "as_of": MONTH,
                    "premise": {"verdict": "supported", "open_plans": {"from": 1, "to": 2}},
                    "hypotheses": hypotheses,
                }
            ),
            encoding="utf-8",
        )
        (folder / "run.json").write_text(json.dumps({"key": f"edition {number}"}), encoding="utf-8")
        (folder / "index.html").write_text(words, encoding="utf-8")


def publish(out: Path, edition: Path, area: str) -> None:
    """What refresh.publish does about the folder of reports, with a report that is ready."""
    target = out / MONTH / area
    with standing.held(out):
        standing.key_of(target)
        standing.before(out, area, target)
        partial = out / f"{standing.PARTIAL}simulated"
        partial.mkdir()
        durable.copy(edition, partial / "report")
        durable.LOG.debug("publish: made")
        standing.put_in_place(partial / "report", target)
        durable.remove(partial)
        standing.note_checked(out, MONTH, new=True)
        all_reports.write(out)


class _OfFigures:
    """A scene in a data folder, which is as it was held before each trial."""

    @property
    def watched(self) -> Path:
        return self.folder / "data"

    def next(self) -> None:
        """Before a trial: the folder as it was held."""
        shutil.rmtree(self.watched, ignore_errors=True)
        shutil.copytree(self.folder / "held", self.watched)


@dataclass
class Adding(_OfFigures):
    """Files that join an edition held, begin others, and the analyst's months: taken in together or
    not at all.
    """

    folder: Path
    name: str = "data add"

    def __post_init__(self) -> None:
        raw.add_files(_slices(HELD), data_dir=self.folder / "held")
        months = self.folder / "monthly.csv"
        months.write_text(MONTHS, encoding="utf-8")
        self.given = [*_slices(ARRIVING), months]
        self.next()
        self.before = self._read()
        self.work()
        self.after = self._read()

    @property
    def lock(self) -> Path:
        """What a run holds."""
        return self.watched / ".lock"

    def work(self) -> None:
        """Add them all."""
        raw.add_files(self.given, data_dir=self.watched)

    def saw(self, step: Step) -> None:
        """Nothing is to be noted on the way."""

    def found(self) -> tuple[str, str]:
        """On the disk, before any other command: every table that was held is there, whole."""
        here = set(contents(self.watched).values())
        lost = [
            name
            for name, found in self.before.items()
            if name.endswith(".csv") and found not in here
        ]
        if lost:
            return "", f"lost: {lost}"
        return "between two renames" if (self.watched / ".swap.json").exists() else "settled", ""

    def recovered(self) -> tuple[str, str]:
        """As the next command that reads finds it."""
        raw.editions(self.watched)
        found = self._read()
        state = "old" if found == self.before else "new" if found == self.after else ""
        return state, "" if state else "some of the files are in, some are not"

    def ended(self) -> str:
        """After the same files have been added again."""
        if self._read() != self.after or raw.changed_since(self.watched):
            return "adding the files again does not give what adding them once gives"
        return f"left over: {left_over(self.watched)}" if left_over(self.watched) else ""

    def _read(self) -> dict[str, str]:
        return {
            name: found
            for name, found in contents(self.watched).items()
            if not any(part.startswith(".") for part in name.split("/"))
        }


@dataclass
class Building(_OfFigures):
    """The tables built of figures that have changed."""

    folder: Path
    name: str = "data build"

    def __post_init__(self) -> None:
        raw.add_files(_slices(HELD), data_dir=self.folder / "held")
        tables.build(self.folder / "held")
        raw.add_files(_slices(ARRIVING), data_dir=self.folder / "held")
        self.next()
        self.figures = contents(self.watched / "raw")
        built = tables.build(self.watched)
        self.right = {name: getattr(built, name) for name in tables.TABLE_NAMES}

    @property
    def lock(self) -> Path:
        """What a run holds."""
        return self.watched / "processed" / ".build.lock"

    def work(self) -> None:
        """Build."""
        tables.build(self.watched)

    def saw(self, step: Step) -> None:
        """Nothing is to be noted on the way."""

    def found(self) -> tuple[str, str]:
        """The figures are as they were."""
        return "settled", (
            "" if contents(self.watched / "raw") == self.figures else "the figures have changed"
        )

    def recovered(self) -> tuple[str, str]:
        """Tables as the next command loads them, building again what is not whole."""
        told: list[str] = []
        kept.forget()  # what stands on the disk is asked for, not what this process remembers of it
        built = tables.load(self.watched, told.append)
        return "old" if told else "new", self._wrong(built)

    def ended(self) -> str:
        """After the next build."""
        return self._wrong(tables.load(self.watched)) or (
            f"left over: {left_over(self.watched)}" if left_over(self.watched) else ""
        )

    def _wrong(self, built: tables.Tables) -> str:
        return ", ".join(
            f"{name} is not what the figures give"
            for name, frame in self.right.items()
            if not _same(frame, getattr(built, name))
        )


Scene = Publishing | Adding | Building
SCENES: tuple[Callable[[Path], Scene], ...] = (
    Publishing,
    lambda folder: Publishing(folder, windows=True),
    Adding,
    Building,
)


def _same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    try:
        pd.testing.assert_frame_equal(one, other)
    except AssertionError:
        return False
    return True


def _slices(patterns: tuple[str, ...]) -> list[Path]:
    return [path for pattern in patterns for path in sorted(FILES.glob(f"{pattern}.csv"))]
