"""The register of what earlier editions let out, and the one way a table of own counts comes to be
shown.

Kept in data/local/disclosed/, one file a table: it holds exact counts, so it never leaves the
machine. A refresh writes what its pages show into `waiting/`; only when the report is finished,
just before it is put in its place, does that become part of the register, so a failed run leaves no
trace and a figure looked at in JupyterLab is not taken for one that was published.
"""

import os
import secrets
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from oxcare_analysis.intake import text
from oxcare_analysis.local import disclosure
from oxcare_analysis.local.disclosure import MONTHS, Protected, Shape
from oxcare_analysis.words import durable, paths
from oxcare_analysis.words.columns import NOT_AVAILABLE
from oxcare_analysis.words.errors import DataError

COLUMNS = ["edition", "cell", "value", "count", "status"]
EMPTY = pd.DataFrame(
    {c: pd.Series(dtype=float if c in ("value", "count") else object) for c in COLUMNS}
)
REMEDY = (
    "It remembers what earlier reports let out and is written by the refresh alone: put back a copy"
    " of it, or delete the file if no report with a page of your own figures was ever passed on"
)


def shown(
    name: str,
    table: pd.DataFrame,
    shape: Shape = MONTHS,
    data_dir: str | Path | None = None,
    protect: bool = True,
    taken: pd.DataFrame | None = None,
) -> Protected:
    """A table of own counts as it may be shown, given every edition before. `name`: of the table,
    the same each month.

    During a refresh what is shown waits to enter the register. `protect=False` gives the exact
    counts, for the analyst's own eyes. `taken`: those of its cells that another table shows, as
    that table has them (as_taken); they stay as they are, and are that table's to remember. Raises
    DataError where the register was changed by hand.
    """
    if not protect:
        return disclosure.protect(table, shape, protection="none")
    register = read(name, data_dir)
    before = earlier(register)
    given = disclosure.protect(
        table, shape, before if taken is None else pd.concat([before, taken])
    )
    if os.environ.get(paths.TAKE_AWAY):
        new = news(table, given, register)
        _wait(
            name,
            pd.concat([register, new if taken is None else new[~new["cell"].isin(taken.index)]]),
            data_dir,
        )
    return given


def as_taken(table: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    """Cells of another table by name, the `value` shown (NaN: held back) and the `count`; `table`
    has the counts.
    """
    rows = pd.DataFrame(
        {
            "value": values.to_numpy(dtype=float).ravel(),
            "count": table.to_numpy(dtype=float).ravel(),
        },
        index=disclosure.cell_names(table),
    )
    return rows.dropna(subset="count").assign(edition=np.nan)


def read(name: str, data_dir: str | Path | None = None) -> pd.DataFrame:
    """The register of one table: edition (day), cell, value let out (NaN: held back), the exact
    count, status.
    """
    path = folder(data_dir) / f"{name}.csv"
    if not path.exists():
        return EMPTY
    held = text.read_csv(path)
    numbers = (
        held.reindex(columns=["value", "count"])
        .replace("", "nan")
        .apply(pd.to_numeric, errors="coerce")
    )
    if list(held) != COLUMNS or numbers["count"].isna().any():
        raise DataError(
            f"{path.name} in data/local/disclosed has the columns {', '.join(held)}, or a count"
            f" that is no number; expected {', '.join(COLUMNS)}. {REMEDY}."
        )
    return held.assign(**{c: numbers[c] for c in numbers})


def earlier(register: pd.DataFrame) -> pd.DataFrame | None:
    """Every row of the register by its cell: `value` let out (NaN: held back), the `count`, the
    number of the edition.

    A new edition begins with a new day, or with a cell that the last one has already.
    """
    if register.empty:
        return None
    numbers, day, met = [], None, set()
    for edition, cell in zip(register["edition"], register["cell"], strict=True):
        if edition != day or cell in met:
            day, met = edition, set()
        numbers.append((numbers[-1] if numbers else 0) + (not met))
        met.add(cell)
    return register.set_index("cell")[["value", "count"]].assign(edition=numbers)


def news(table: pd.DataFrame, given: Protected, register: pd.DataFrame) -> pd.DataFrame:
    """The rows this edition adds: cells not met before, let out anew, or held back after they were
    let out.
    """
    rows = pd.DataFrame(
        {
            "edition": date.today().isoformat(),
            "cell": disclosure.cell_names(table),
            "value": given.values.to_numpy(dtype=float).ravel(),
            "count": table.to_numpy(dtype=float).ravel(),
            "status": given.statuses.to_numpy().ravel(),
        }
    )
    rows = rows[rows["status"] != NOT_AVAILABLE]
    last = register.groupby("cell")["value"].last().reindex(rows["cell"]).to_numpy()
    met = rows["cell"].isin(register["cell"]).to_numpy()
    same = (last == rows["value"].to_numpy()) | (np.isnan(last) & rows["value"].isna().to_numpy())
    return rows[~(met & same)]


def folder(data_dir: str | Path | None = None) -> Path:
    """Where the register is kept."""
    return paths.local_dir(data_dir) / "disclosed"


def secret(data_dir: str | Path | None = None) -> bytes:
    """Random bytes that never leave this machine, made when they are first asked for.

    With them in it, a hash over exact counts that is published beside a report confirms no guess at
    the counts.
    """
    path = folder(data_dir) / "secret"
    if not path.exists():
        with durable.refusing("The folder of what was let out", "--data-dir"):
            path.parent.mkdir(parents=True, exist_ok=True)
            with durable.lock(path.with_name(".secret.lock"), "data/local/disclosed"):
                if not path.exists():
                    durable.write(path, secrets.token_bytes(32))
    return path.read_bytes()


def forget_waiting(data_dir: str | Path | None = None) -> None:
    """Before a refresh: drop what a run that failed left waiting."""
    durable.remove(folder(data_dir) / "waiting")


def enter_waiting(data_dir: str | Path | None = None) -> None:
    """When a report is finished: what it lets out becomes part of the register."""
    for path in sorted((folder(data_dir) / "waiting").glob("*.csv")):
        durable.move(path, folder(data_dir) / path.name)
    forget_waiting(data_dir)


def _wait(name: str, register: pd.DataFrame, data_dir: str | Path | None) -> None:
    path = folder(data_dir) / "waiting" / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    durable.write(path, text.as_csv(register[COLUMNS]))
