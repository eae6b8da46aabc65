"""What was asked for, whether just that stands already, and putting what was built for it in place:
by files alone.
"""

import hashlib
import platform
from dataclasses import dataclass, field
from functools import cached_property
from importlib import metadata
from pathlib import Path

from oxcare_analysis.local import disclosed, store
from oxcare_analysis.refresh import all_reports, standing
from oxcare_analysis.tables import tables
from oxcare_analysis.words import paths

REMEMBERED = ".asked.json"
ENVIRONMENT = ("pandas", "statsmodels", "seaborn", "matplotlib", "papermill", "nbconvert")


@dataclass(frozen=True)
class Request:
    """What to publish, where.

    `alone`: the one area asked for. The analyst's own months name no area, so they belong to that
    one and to no other; and it alone gets pictures for print and for slides: those of all
    authorities would fill a disk.
    """

    area: str
    first_year: int | None
    last_year: int | None
    as_of: str
    out: Path
    data_dir: Path
    workers: int = 2
    force: bool = False
    alone: bool = False
    notebooks: Path = field(default_factory=lambda: paths.NOTEBOOKS)

    @property
    def own_months(self) -> bytes:
        """The analyst's own months, the records they are from, and a secret, for hashes of them are
        published.

        Empty where there are none, or where several areas are asked for.
        """
        held = store.fingerprint(self.data_dir) if self.alone else b""
        return held + disclosed.secret(self.data_dir) if held else b""

    @cached_property
    def depends_on(self) -> str:
        """One hash over what every page depends on besides its notebook: figures, library,
        environment.
        """
        digest = hashlib.sha256(tables.raw_sha256(self.data_dir).encode())
        for path in [
            *sorted(paths.PACKAGE.rglob("*.py")),
            *sorted((paths.PACKAGE / "refresh" / "template").iterdir()),
        ]:
            digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
        for part in (platform.python_version(), *versions().values()):
            digest.update(f"{part}|".encode())
        return digest.hexdigest()

    @cached_property
    def digest(self) -> str:
        """One hash over all that the report depends on, with its notebooks and parameters as they
        were given.
        """
        digest = hashlib.sha256(self.depends_on.encode() + self.own_months)
        for part in (
            self.area.strip().casefold(),
            self.first_year,
            self.last_year,
            self.as_of,
            self.alone,
        ):
            digest.update(f"{part}|".encode())
        for path in sorted(self.notebooks.glob("*.ipynb")):
            digest.update(path.name.encode() + path.read_bytes().replace(b"\r\n", b"\n"))
        return digest.hexdigest()


@dataclass(frozen=True)
class Outcome:
    """The report that now stands: its index page, its key, whether it is new; `digest`: of the
    request it answers.
    """

    index: Path
    key: str
    new: bool
    digest: str
    changes: dict = field(default_factory=dict, repr=False)

    @property
    def month(self) -> str:
        """The as-of month, which names the folder."""
        return self.index.parents[1].name


@dataclass(frozen=True)
class Built:
    """A report made and not yet in place: where it belongs, what changed; `staged` None where
    nothing is new.
    """

    month: str
    folder: str
    key: str
    staged: Path | None
    changes: dict
    packed: bytes | None = None  # the files, where they were made on another machine


def versions() -> dict[str, str]:
    """The versions of what a report is made with."""
    return {name: metadata.version(name) for name in ENVIRONMENT}


def answered(request: Request) -> Outcome | None:
    """The report that answers just this request, where it stands as it was published, with today
    noted on the index.
    """
    if request.force or not (request.out / REMEMBERED).exists():
        return None
    with standing.held(request.out):
        kept = _places(request.out).get(request.digest)
        if not kept or not answers(
            target := request.out / kept["month"] / kept["folder"], kept["key"], request
        ):
            return None
        found = Outcome(target / "index.html", kept["key"], False, request.digest)
        note(request.out, [found])
    return found


def put(request: Request, built: Built) -> Outcome:
    """Put what was built in place. The caller holds the folder of reports."""
    target = request.out / built.month / built.folder
    if built.staged:
        if request.own_months:
            disclosed.enter_waiting(
                request.data_dir
            )  # first: a kill in between must not let a report go unremembered
        standing.put_in_place(built.staged, target)
    return Outcome(
        target / "index.html", built.key, built.staged is not None, request.digest, built.changes
    )


def note(out: Path, outcomes: list[Outcome]) -> None:
    """Write down that figures were looked at today, what answers what, and the page over all
    reports.

    The caller holds `out`.
    """
    newest = max(outcomes, key=lambda outcome: (outcome.new, outcome.month))
    held = _places(out)
    if any(outcome.new or outcome.digest not in held for outcome in outcomes):
        stand = {
            digest: place
            for digest, place in held.items()
            if standing.key_of(out / place["month"] / place["folder"]) == place.get("key")
        }
        standing.write_json(
            out / REMEMBERED,
            stand
            | {
                o.digest: {"month": o.month, "folder": o.index.parent.name, "key": o.key}
                for o in outcomes
            },
        )
    standing.note_checked(out, newest.month, newest.new)
    all_reports.write(out)


def answers(target: Path, key: str, request: Request) -> bool:
    """Whether the report at `target` has this key, and the pictures for print where they are
    wanted.
    """
    return standing.key_of(target) == key and not (
        request.alone and not any((target / "charts" / "slides").glob("*.png"))
    )


def _places(out: Path) -> dict[str, dict]:
    """The digest of each request that was answered → where its report is: month, folder, key."""
    return {
        digest: place
        for digest, place in (standing.read_json(out / REMEMBERED) or {}).items()
        if isinstance(place, dict)
        and standing.is_report(str(place.get("month")), str(place.get("folder")))
        and isinstance(place.get("key"), str)
    }
