"""`oxcare lab`: JupyterLab on the notebooks, or on working copies set to an area."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from oxcare_analysis.cli.options import AsOf, DataDir, From, To
from oxcare_analysis.words import durable, paths
from oxcare_analysis.words.errors import UsageError

GUIDE = "guide.ipynb"


def command(
    area: Annotated[
        str | None, typer.Option("--area", help="Work on copies set to this area.")
    ] = None,
    first: From = None,
    last: To = None,
    as_of: AsOf = "latest",
    data_dir: DataDir = None,
    prepare_only: Annotated[
        bool, typer.Option("--prepare-only", help="Make the copies; do not start.")
    ] = False,
) -> None:
    """Open JupyterLab on a short guide. With --area, to working copies under work/ with the
    parameters set.
    """
    folder = paths.NOTEBOOKS if area is None else working_copies(area, first, last, as_of, data_dir)
    print(f"Notebooks: {folder}", file=sys.stderr)
    if prepare_only:
        return
    if (
        shutil.which("jupyter-lab") is None
        and subprocess.run(
            [sys.executable, "-m", "jupyterlab", "--version"], capture_output=True, check=False
        ).returncode
    ):
        raise UsageError(
            "JupyterLab is not installed in this environment. Install it with: pip install"
            " jupyterlab"
        )
    raise typer.Exit(
        subprocess.run(
            [sys.executable, "-m", "jupyterlab", *options(folder)],
            env={**os.environ, "OXCARE_DATA_DIR": str(paths.data_dir(data_dir))},
            check=False,
        ).returncode
    )


def options(folder: Path) -> list[str]:
    """What JupyterLab is started with: the folder, and the guide in it."""
    return [f"--ServerApp.root_dir={folder}", f"--LabApp.default_url=/lab/tree/{GUIDE}"]


def working_copies(area: str, first: int | None, last: int | None, as_of: str, data_dir):
    """Copies of every notebook under work/<area>/ with the parameters set; copies already there are
    kept.
    """
    import nbformat

    from oxcare_analysis import door
    from oxcare_analysis.refresh.standing import slug

    study = door.load(area, first, last, as_of, data_dir)
    month = "" if as_of == "latest" else f"-{as_of}"
    folder = paths.WORK / f"{slug(study.area.name)}-{study.first_year}-{study.last_year}{month}"
    folder.mkdir(parents=True, exist_ok=True)
    values = {
        "area": study.area.name,
        "first_year": study.first_year,
        "last_year": study.last_year,
        "as_of": as_of,
    }
    for path in sorted(paths.NOTEBOOKS.glob("*.ipynb")):
        target = folder / path.name
        if target.exists():
            continue  # an analyst's own changes are never written over
        book = nbformat.read(path, as_version=4)
        for cell in book.cells:
            if "parameters" in cell.metadata.get("tags", []):
                cell.source = "\n".join(
                    f"{name}: {type(value).__name__} = {value!r}" for name, value in values.items()
                )
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        durable.write(
            target, nbformat.writes(book) + "\n"
        )  # a half would be kept as the analyst's own
    return folder
