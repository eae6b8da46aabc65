"""Attack a published folder as an intruder would, with nothing but what is published: this edition
and earlier ones.

Every table of own figures is read, the sums in it are guessed from names and from the figures
themselves, and each count held back is worked out by margins, sums, and differences between
editions (local/intruder.py). What does not meet the eye is searched for months with counts, and
everything for rows that look like children.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from oxcare_analysis.local import disclosure, feasible, intruder, laid_together, published_folder
from oxcare_analysis.local.disclosure import MONTHS
from oxcare_analysis.local.intruder import BASE, THRESHOLD, Shown
from oxcare_analysis.thinking.months import LABELS
from oxcare_analysis.words.columns import SUPPRESSED
from oxcare_analysis.words.errors import UsageError

MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
PAIR = re.compile(
    r"((?:19|20)\d\d-(?:0[1-9]|1[0-2]))[\"'|\w ]*[:=,;\t]+\s*[\"']?(\d{1,5})(?![\d.-])"
)
CHILD = re.compile(
    r"\b(person|child|family|plan|referral|enquiry|conference|care)[_ ]?(unique[_ ]?)?id\b|"
    r"\b(birth[_ ]?date|date[_ ]of[_ ]birth|dob|upn|postcode|surname|forename|lachildid)\b",
    re.I,
)
DAY = re.compile(r"\d{4}-\d\d-\d\d|\d\d/\d\d/\d{4}")
DAYS = 5  # in one column: a list of people, not of events
NOT_COUNTS = re.compile(
    r"per cent|percent|share|rate|trend|low\b|high\b|season|fitted|remainder|interval|^(year|month|"
    r"day)|\bp\b|ratio|estimate|status|z\b|limit|centre",
    re.I,
)
HELD_BACK = ("held back", SUPPRESSED)  # marks that only a count has
TOTALS = ("all", "total", "together")
ROWS_TO_GUESS = 4  # complete rows that must add up before a sum is believed that no name speaks of


@dataclass(frozen=True)
class Attack:
    """What an intruder got: counts met `held_back`, `recovered` (table, cell, low, high, how),
    signs of `children`.
    """

    folder: str
    editions: int
    cells: int
    held_back: int
    recovered: pd.DataFrame = field(repr=False, compare=False)
    children: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Of all sensitive counts (held back, or shown though small), how many were recovered; NaN
        where none.
        """
        small = int((self.recovered["how"] == SHOWN_SMALL).sum())
        all_of_them = self.held_back + small
        return (
            len(self.recovered[self.recovered["how"] != REVISION]) / all_of_them
            if all_of_them
            else float("nan")
        )


SHOWN_SMALL, MARGIN, REVISION, HIDDEN = (
    "a count under ten is shown",
    "told by what else is shown",
    "a small change between editions",
    "in text, or hidden beside it",
)


def attack(folder: Path) -> Attack:
    """Attack a report, with the earlier months' reports of the same area beside it. Raises
    UsageError where none is.
    """
    if not (folder / "index.html").exists() and not list(folder.glob(f"{published_folder.OWN}*")):
        raise UsageError(
            f"{folder.name} holds no report: expected a folder such as reports/2025-10/oxfordshire,"
            " with its index.html."
        )
    before = sorted(
        p
        for p in folder.resolve().parent.parent.glob(f"*/{folder.resolve().name}")
        if MONTH.fullmatch(p.parent.name) and p.parent.name < folder.resolve().parent.name
    )
    editions = [published_folder.folder(path) for path in (*before, folder)]
    tables = [
        laid_together.with_all_else(counted(edition.tables), edition.tables) for edition in editions
    ]
    found, cells, held_back = [], 0, 0
    for name, table in tables[-1].items():
        others = [other for key, other in tables[-1].items() if key != name]
        rows, met, marks = _table(name, table, [t[name] for t in tables[:-1] if name in t], others)
        found, cells, held_back = found + rows, cells + met, held_back + marks
    found += _hidden(editions[-1])
    recovered = pd.DataFrame(found, columns=["table", "cell", "low", "high", "how"])
    return Attack(
        folder.name, len(editions), cells, held_back, recovered, tuple(_children(editions[-1]))
    )


def counted(tables: tuple[published_folder.Found, ...]) -> dict[str, pd.DataFrame]:
    """Every table of counts by a name that is the same in each edition; months of one measure put
    side by side.

    Cells are numbers, NaN where a mark stands, infinite where no figure is given for another
    reason. The same table found twice (page, CSV, workbook) is taken once.
    """
    wide: dict[str, pd.DataFrame] = {}
    months: dict[str, pd.Series] = {}
    told_all = (
        set()
    )  # measures of which a table gives every month, with the reason where it gives no figure
    for table in tables:
        frame = pd.DataFrame(table.rows, columns=[h.strip().lower() for h in table.header])
        frame = frame.loc[:, ~frame.columns.duplicated()].set_index(frame.columns[0])
        measure, published = _measure(table, set(frame))
        if measure:
            frame = frame[
                frame.index.str.fullmatch(MONTH.pattern) & ~frame.index.duplicated()
            ].sort_index()
        if measure and len(frame):
            given = frame["value"].map(_number)
            if "status" in frame:
                given = given.mask(frame["status"].ne(SUPPRESSED) & given.isna(), np.inf)
                told_all.add(measure)
            months[measure] = laid_together.either(months.get(measure, given), given)
        elif not published and not measure:
            counts = frame[[c for c in frame if _is_count(c, frame[c])]].map(_number)
            if counts.notna().any(axis=None) and not _is_curve(table, counts):
                key = re.sub(r"\W+", "_", f"{frame.index.name} {' '.join(counts)}")
                wide.setdefault(key, counts[~counts.index.duplicated()])
    if months:
        shown = sorted(set().union(*(series.index for series in months.values())))
        rows = pd.period_range(shown[0], shown[-1], freq="M").astype(str)
        # A chart that leaves months out, at its ends as well as between, held them back.
        wide["months"] = pd.DataFrame(
            {
                m: s.reindex(rows, fill_value=np.inf if m in told_all else np.nan)
                for m, s in months.items()
            }
        )
    return wide


def _measure(table: published_folder.Found, columns: set[str]) -> tuple[str, bool]:
    """The monthly count a table of one own series is of ("" for any other), and whether it is the
    department's.
    """
    if table.header[0].lower() != "month" or "value" not in columns:
        return "", False
    text = f"{table.place} {table.title}".lower()
    own = "_own" in text or "your own months" in text or "signal" in columns
    if not own:
        return "", "trend" in columns
    named = [
        m
        for m, label in LABELS.items()
        if f"{m}_by_month_own" in text
        or f"own_control_{m}" in text
        or table.title.lower().startswith(f"{label} by month, ")
    ]
    return max(named, key=len, default=""), False


def _is_curve(table: published_folder.Found, counts: pd.DataFrame) -> bool:
    """Whether whole numbers are per cent: the caption says so, or they go one way beside a number
    at risk.
    """
    said = f"{table.title} {' '.join(table.header)}".lower()
    one_way = all(
        c.dropna().is_monotonic_increasing or c.dropna().is_monotonic_decreasing
        for _, c in counts.items()
    )
    return counts.max().max() <= 100 and (
        "per cent" in table.title.lower() or ("at risk" in said.replace("_", " ") and one_way)
    )


def _number(cell: str) -> float:
    text = str(cell).strip().replace(",", "")
    return float(text) if re.fullmatch(r"\d+(\.0)?", text) else float("nan")


def _is_count(name: str, column: pd.Series) -> bool:
    """A column of whole numbers and marks whose name does not say that it is something else."""
    text = column.astype(str).str.strip().str.lower().str.replace(",", "")
    number = text.str.fullmatch(r"\d+(\.0)?")
    given = bool(
        (number | text.isin(published_folder.MARKS)).all() and (number | text.isin(HELD_BACK)).any()
    )
    return given and not NOT_COUNTS.search(name)


def guessed(table: pd.DataFrame, base: int) -> feasible.Sums:
    """The sums an intruder would believe: of months by their names, of wholes and total rows by the
    figures.
    """
    wholes = []
    columns = list(table.columns)
    if not set(columns) <= set(LABELS):
        for whole in columns:
            others = [c for c in columns if c != whole]
            tries = [others[i:j] for i in range(len(others)) for j in range(i + 2, len(others) + 1)]
            good = [tuple(parts) for parts in tries if _adds_up(table, whole, parts, base)]
            wholes += [(whole, max(good, key=len))] if good else []
    total = next((str(row) for row in table.index if str(row).lower() in TOTALS), "")
    shape = disclosure.Shape(tuple(wholes), MONTHS.flows, total, laid_together.year_rows(table))
    return disclosure.sums_in(table, shape)


def _adds_up(table: pd.DataFrame, whole: str, parts: list[str], base: int) -> bool:
    complete = table[[whole, *parts]].dropna()
    off = (complete[whole] - complete[parts].sum(axis=1)).abs()
    rows = {"plans": 1, **dict.fromkeys(TOTALS, 0)}.get(whole.lower(), ROWS_TO_GUESS)
    return (
        bool((off <= base // 2 * (len(parts) + 1)).all())
        and len(complete) >= rows
        and bool((table[whole].max() >= table[parts].max().max()) or rows < ROWS_TO_GUESS)
    )


def _table(
    name: str, table: pd.DataFrame, before: list[pd.DataFrame], others: list[pd.DataFrame]
) -> tuple[list[tuple], int, int]:
    """What is recovered of one table; how many cells it has and how many are held back.

    `before`: the same table in earlier editions. `others`: the tables beside it; a cell of the same
    row and column in them is taken for the same count.
    """
    given = table.to_numpy(dtype=float).ravel()
    mark, value = np.isnan(given), np.where(np.isinf(given), np.nan, given)
    seen = value[~np.isnan(value)]
    base = BASE if len(seen) and (seen % BASE == 0).all() else 1
    cells = [f"{row}, {column}" for row in table.index for column in table.columns]
    let_out = [_like(t, table) for t in before]
    known = (np.full(len(value), -np.inf), np.full(len(value), np.inf))
    for figures in [_like(other, table) for other in others]:
        low, high = intruder.box(figures, base)
        known = tuple(
            np.where(np.isnan(figures), k, bound)
            for k, bound in zip(known, (low, high), strict=True)
        )
    for earlier in reversed(
        before
    ):  # a mark is taken to hide the same count as before, until a figure says otherwise
        known = intruder.both(known, _open_in(earlier, table, base))
    # A row of a year is counted in the table it comes from.
    own = np.repeat(~table.index.astype(str).str.startswith(laid_together.YEAR), table.shape[1])
    rows = [
        (name, cells[i], value[i], value[i], SHOWN_SMALL)
        for i in np.flatnonzero((value < THRESHOLD) & own)
    ]
    told = intruder.deduce(Shown(value, mark, guessed(table, base), known, base))
    rows += [
        (name, cells[i], told.low[i], told.high[i], MARGIN) for i in np.flatnonzero(told.narrow)
    ]
    for earlier in let_out:
        low, high = intruder.revised(earlier, value, base)
        rows += [
            (name, cells[i], low[i], high[i], REVISION)
            for i in np.flatnonzero(intruder.few(low, high) & own)
        ]
    return rows, int(((mark | ~np.isnan(value)) & own).sum()), int((mark & own).sum())


def _open_in(
    earlier: pd.DataFrame, table: pd.DataFrame, base: int
) -> tuple[np.ndarray, np.ndarray]:
    """What an earlier edition left open of the cells of this one, its own sums used."""
    given = earlier.replace(np.inf, np.nan).to_numpy(dtype=float).ravel()
    found = intruder.ranges(Shown(given, np.isnan(given), guessed(earlier, base), base=base))
    frames = [
        pd.DataFrame(bound.reshape(earlier.shape), earlier.index, earlier.columns)
        for bound in found
    ]
    return tuple(
        frame.reindex(index=table.index, columns=table.columns).fillna(nothing).to_numpy().ravel()
        for frame, nothing in zip(frames, (-np.inf, np.inf), strict=True)
    )


def _like(other: pd.DataFrame, table: pd.DataFrame) -> np.ndarray:
    """The figures of another table in the cells of this one; NaN where it has none."""
    return (
        other.reindex(index=table.index, columns=table.columns)
        .replace(np.inf, np.nan)
        .to_numpy(dtype=float)
        .ravel()
    )


def _hidden(edition: published_folder.Folder) -> list[tuple]:
    """Months with a count beside them, in text outside tables or hidden, where the count could not
    be shown.
    """
    return [
        (place, month, float(number), float(number), HIDDEN)
        for place, text in edition.hidden
        for month, number in PAIR.findall(text)
        if int(number) % BASE or int(number) < THRESHOLD
    ]


def _children(edition: published_folder.Folder) -> list[str]:
    """Whatever looks like rows of children: identifiers, dates of birth, columns full of days."""
    found = [
        f"{place}: hidden text names {CHILD.search(text)[0]}"
        for place, text in edition.hidden
        if CHILD.search(text)
    ]
    for table in edition.tables:
        found += [
            f"{table.place}: a column is headed {head}"
            for head in table.header
            if CHILD.search(head)
        ]
        for i, head in enumerate(table.header):
            days = sum(bool(DAY.fullmatch(row[i].strip())) for row in table.rows)
            found += (
                [f"{table.place}: {days} days stand in the column {head}"] if days >= DAYS else []
            )
    return found
