"""Reports made by the workers of an existing dask scheduler, on this machine or others.

A worker needs a clone of the project with the same figures, library and packages; it sends the
report back packed, so it needs no folder in common. It makes each report in a process of its own: a
worker has threads, and a process with threads is not safe to fork.
"""

import io
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from oxcare_analysis.refresh import standing
from oxcare_analysis.refresh.asked import Request
from oxcare_analysis.words import paths
from oxcare_analysis.words.errors import OxcareError, RunError, UsageError

SECONDS_TO_CONNECT = 20
TRIES = 3  # of a report whose worker was lost
HELD = (
    "verdicts.json",
    "run.json",
    "index.html",
)  # of a standing report: what the next is compared with


@contextmanager
def connected(address: str) -> Iterator[Callable[[Request, Path], Future]]:
    """A function that submits to the workers of the scheduler at `address`. Raises UsageError where
    there is none.
    """
    try:
        from distributed import Client
    except ImportError:
        raise UsageError(
            "--scheduler needs dask, which is not installed. Install it with: pip install "
            "'oxcare_analysis[cluster]'"
        ) from None
    try:
        client = Client(address, timeout=SECONDS_TO_CONNECT, set_as_default=False)
    except (OSError, ValueError) as problem:
        raise UsageError(
            f"There is no dask scheduler at {address}: {problem}. Give the address it printed when"
            " it started, such as tcp://127.0.0.1:8786."
        ) from None
    with client, client.get_executor(retries=TRIES, pure=False) as executor:
        yield lambda request, _: executor.submit(
            build_away, request, _held(request), request.depends_on
        )


def build_away(request: Request, held: dict[str, bytes], depends_on: str):
    """On a worker: the report in a new process, packed. Raises what that raised."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        place = Path(folder)
        for name, content in held.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(content)
        data_dir = request.data_dir if request.data_dir.is_dir() else paths.data_dir()
        here = replace(request, out=place, data_dir=data_dir)
        if here.depends_on != depends_on:
            raise RunError(
                f"A worker could not make the report of {request.area}: its figures, its library or"
                " its packages are not those of this machine. Bring its clone to the same commit"
                " and data/ to the same state, install the same lock, and run again."
            )
        (place / "request").write_bytes(pickle.dumps(here))
        ended = subprocess.run(
            [sys.executable, "-m", "oxcare_analysis.refresh.cluster", folder],
            check=False,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        if not (place / "answer").exists():
            raise RunError(
                f"A worker could not make the report of {request.area}; its process ended with"
                f" {ended.returncode}: {' '.join(ended.stderr.split())[-300:]}. Nothing of it was"
                " published."
            )
        answer = pickle.loads((place / "answer").read_bytes())
    if isinstance(answer, OxcareError):
        raise answer
    return answer


def unpack(packed: bytes, folder: Path) -> Path:
    """The report in a folder of its own again."""
    with zipfile.ZipFile(io.BytesIO(packed)) as held:
        held.extractall(folder / "report")
    return folder / "report"


def _held(request: Request) -> dict[str, bytes]:
    """The standing reports of this area, as far as a new one depends on them, by place in the
    folder of reports.
    """
    found = request.out.glob(f"{standing.MONTHS}/{standing.slug(request.area)}*/index.html")
    return {
        (index.parent / name).relative_to(request.out).as_posix(): (
            (index.parent / name).read_bytes()
        )
        for index in found
        for name in HELD
        if (index.parent / name).exists()
    }


def _answer(folder: Path):
    from oxcare_analysis.refresh import publish

    try:
        scratch = folder / "scratch"
        scratch.mkdir()
        built = publish.build(
            pickle.loads((folder / "request").read_bytes()), scratch, lambda line: None
        )
    except OxcareError as problem:
        return problem
    if built.staged is None:
        return built
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as held:
        for path in sorted(built.staged.rglob("*")):
            held.write(path, path.relative_to(built.staged).as_posix())
    return replace(built, staged=None, packed=packed.getvalue())


if __name__ == "__main__":
    into = Path(sys.argv[1])
    written = into / "answer.part"
    written.write_bytes(pickle.dumps(_answer(into)))
    written.replace(into / "answer")
