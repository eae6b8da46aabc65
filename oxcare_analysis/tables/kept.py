"""Results kept once they are worked out: in this process, and in data/processed by what they depend
on.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from oxcare_analysis.words import durable, paths

CACHES_KEPT = 12  # as-of months times recent changes of the figures
REMEMBERED = 16  # results a process keeps: tables, figures in force, noise, checks, studies
_LATELY: OrderedDict = OrderedDict()


def remembered(key: tuple, make):
    """What `make` gives, worked out once in this process; the key names all it depends on, the
    figures' hash included.

    The REMEMBERED results asked for last are kept; nobody changes one in place.
    """
    if key not in _LATELY:
        _LATELY[key] = make()
    _LATELY.move_to_end(key)
    while len(_LATELY) > REMEMBERED:
        _LATELY.popitem(last=False)
    return _LATELY[key]


def forget() -> None:
    """Forget what this process worked out."""
    _LATELY.clear()


def cached(name: str, key: str, make, data_dir: str | Path | None = None) -> pd.DataFrame:
    """A frame kept in data/processed under a content key; `make` is called when there is none yet.

    One process makes it while others wait; the oldest of more than CACHES_KEPT are dropped.
    """
    folder = paths.processed_dir(data_dir)
    path = folder / f"{name}-{key[:16]}.parquet"
    if path.exists():
        return pd.read_parquet(path)
    with writing(folder), durable.lock(folder / f".{name}.lock", f"{folder.name}/"):
        if path.exists():
            return pd.read_parquet(path)
        frame = make()
        for unfinished in folder.glob(f"{name}-*.part"):
            durable.remove(unfinished)
        save(frame, path)
        for old in sorted(folder.glob(f"{name}-*.parquet"), key=lambda p: p.stat().st_mtime)[
            :-CACHES_KEPT
        ]:
            durable.remove(old)
    return frame


def save(frame: pd.DataFrame, path: Path) -> None:
    """Put a frame in place whole, as parquet."""
    durable.write_by(lambda partial: frame.to_parquet(partial, index=False), path)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """The folder of built tables, made where it is missing."""
    with durable.refusing(f"The folder of built tables {folder.name}/", "--data-dir"):
        folder.mkdir(parents=True, exist_ok=True)
        yield
