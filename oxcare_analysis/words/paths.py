"""Where things are kept. Nothing here reads or writes."""

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
PROJECT = PACKAGE.parent
NOTEBOOKS = PROJECT / "notebooks"
REPORTS = PROJECT / "reports"
WORK = PROJECT / "work"
# Set by a refresh for the notebooks it runs: their charts then hand over pictures of these sizes to
# be published.
TAKE_AWAY = "OXCARE_TAKE_AWAY"


def data_dir(given: str | Path | None = None) -> Path:
    """The data folder: the one given, else OXCARE_DATA_DIR, else the project's own `data/`."""
    return (
        Path(given or os.environ.get("OXCARE_DATA_DIR") or PROJECT / "data").expanduser().resolve()
    )


def raw_dir(given: str | Path | None = None) -> Path:
    """Published figures as text, one folder a source and edition."""
    return data_dir(given) / "raw"


def processed_dir(given: str | Path | None = None) -> Path:
    """Tables built from raw; safe to delete."""
    return data_dir(given) / "processed"


def local_dir(given: str | Path | None = None) -> Path:
    """The analyst's own figures, ignored by git."""
    return data_dir(given) / "local"
