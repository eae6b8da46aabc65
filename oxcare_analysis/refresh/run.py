"""Run one notebook for one area with papermill, in a process of its own, into a temporary place."""

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nbformat

from oxcare_analysis.words import paths
from oxcare_analysis.words.errors import RunError

PARAMETERS = {"area": str, "first_year": int, "last_year": int, "as_of": str}
SECONDS_TO_START = 180
NEVER_STARTED = "Kernel died before replying"  # how jupyter_client says it
OWN_MONTHS = "31_local_months"


@dataclass(frozen=True)
class Job:
    """One notebook to run: source, parameters, the data folder, the sizes of pictures that its
    charts hand over.
    """

    source: Path
    parameters: dict
    data_dir: Path
    pictures: tuple[str, ...] = ("screen",)


def notebooks(own_months: bool = True, folder: Path | None = None) -> list[Path]:
    """The notebooks of a refresh, in order: those that begin with a number; that of own months only
    where wanted.
    """
    folder = folder or paths.NOTEBOOKS
    found = sorted(
        path
        for path in folder.glob("*.ipynb")
        if re.match(r"\d\d_", path.name) and (own_months or path.stem != OWN_MONTHS)
    )
    if not found:
        raise RunError(
            f"There are no notebooks in {folder.name}/; expected files such as 00_summary.ipynb. "
            "Run from a clone of the project."
        )
    return found


def check_parameters(path: Path, given: dict) -> None:
    """Refuse a notebook whose parameters cell and the values given are not the same names and
    types.
    """
    cells = [
        c
        for c in nbformat.read(path, as_version=4).cells
        if "parameters" in c.metadata.get("tags", [])
    ]
    declared = (
        dict(re.findall(r"^(\w+): (\w+) =", cells[0].source, re.M)) if len(cells) == 1 else {}
    )
    expected = {name: kind.__name__ for name, kind in PARAMETERS.items()}
    if declared != expected:
        raise RunError(
            f"{path.name} declares the parameters {declared or 'none'}; expected one cell tagged "
            f"'parameters' with exactly {expected}."
        )
    unknown, missing = sorted(set(given) - set(expected)), sorted(set(expected) - set(given))
    if unknown or missing:
        raise RunError(
            f"{path.name} was given unknown parameter(s) {unknown} and lacks {missing}; expected"
            f" exactly {sorted(expected)}."
        )
    for name, kind in PARAMETERS.items():
        if type(given[name]) is not kind:
            raise RunError(
                f"{path.name} was given {name}={given[name]!r}; expected {kind.__name__}."
            )


def execute(job: Job, warm: bool = False) -> nbformat.NotebookNode:
    """Run a notebook in a kernel of its own, or with `warm` in this process; the notebook with its
    outputs.

    Raises RunError naming the cell that failed.
    """
    os.environ["OXCARE_DATA_DIR"] = str(job.data_dir)
    os.environ[paths.TAKE_AWAY] = " ".join(job.pictures)
    os.environ.setdefault("PYTHONWARNINGS", "ignore::DeprecationWarning")
    os.environ.setdefault("JUPYTER_PLATFORM_DIRS", "1")
    import papermill
    from papermill.exceptions import PapermillExecutionError

    if warm:
        from oxcare_analysis.refresh.warm import NAME as engine
    else:
        engine = None

    def attempt() -> nbformat.NotebookNode:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            return papermill.execute_notebook(
                str(job.source),
                None,
                parameters=job.parameters,
                progress_bar=False,
                kernel_name="python3",
                log_output=False,
                cwd=folder,
                engine_name=engine,
                start_timeout=SECONDS_TO_START,
                **({} if warm else {"extra_arguments": ["--log-level=50"]}),
            )

    try:
        try:
            return attempt()
        except RuntimeError as problem:
            # Two kernels that start at once can choose the same port: the one that lost is started
            # again.
            if NEVER_STARTED not in str(problem):
                raise
            return attempt()
    except PapermillExecutionError as problem:
        raise RunError(
            f"{job.source.name} failed for {job.parameters['area']} in cell {problem.exec_count}: "
            f"{problem.ename}: {problem.evalue}. Nothing was published."
        ) from None
    except RuntimeError as problem:  # the kernel died, or did not start in time
        raise RunError(
            f"{job.source.name} could not be run for {job.parameters['area']}: {problem}. Nothing"
            " was published; run again, with fewer --workers if memory is short."
        ) from None
