"""Disclosure control: what of an authority's own counts may be shown, and as what. Pure functions.

Counts under ten are held back; so are others, as few as will do, wherever a margin, a sum that must
hold or an earlier edition would give one back; the rest are shown as the nearest multiple of five.
The promise, its reasons and how it is tested: docs/disclosure.md. Cell suppression with an audit by
feasibility intervals: Hundepool and others (2012), Statistical Disclosure Control, chapter 4. The
threshold, noughts under it, is that of UK LLC; the base OpenSAFELY's.
"""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import pandas as pd

from oxcare_analysis.local import feasible, intruder
from oxcare_analysis.local.intruder import BASE, THRESHOLD, Shown
from oxcare_analysis.words.columns import NOT_AVAILABLE, PUBLISHED, ROUNDED, SUPPRESSED
from oxcare_analysis.words.errors import UsageError

Protection = Literal["full", "primary", "unrounded", "none"]
EVENTS_A_STEP = 10  # of a survival curve
TRIED = 6  # cells of a sum, smallest first, tried as the one more to hold back
SHARE_DIGITS = (
    2  # a share to a whole per cent: closer, and counts behind it could be told from the fraction
)


@dataclass(frozen=True)
class Shape:
    """Which sums hold in a table of counts, rows by columns.

    `sums`: (whole column, part columns). `flows`: (stock, started, ended): stock = the row before's
    + started − ended, between rows of consecutive months. `total_row`: the row that adds up the
    others ("" if none); `total_rows`: (row, rows it adds up), as a year of its months. Stocks have
    no total.
    """

    sums: tuple[tuple[str, tuple[str, ...]], ...] = ()
    flows: tuple[tuple[str, str, str], ...] = ()
    total_row: str = ""
    total_rows: tuple[tuple[str, tuple[str, ...]], ...] = ()


MONTHS = Shape(flows=(("plans_open", "plans_started", "plans_ended"),))


@dataclass(frozen=True)
class Protected:
    """A table made fit to be shown: `values` (NaN where nothing is shown) and `statuses`, as wide
    as it came.
    """

    values: pd.DataFrame
    statuses: pd.DataFrame

    @property
    def held_back(self) -> int:
        """How many cells are held back."""
        return int((self.statuses == SUPPRESSED).to_numpy().sum())


def rounded(counts: np.ndarray) -> np.ndarray:
    """Counts as the nearest multiple of BASE."""
    return np.floor(np.asarray(counts, dtype=float) / BASE + 0.5) * BASE


def rate(numerator, denominator, per: float = 1.0, digits: int = SHARE_DIGITS):
    """A rate of two protected counts; NaN where either is held back. Never call it with exact
    counts.
    """
    top, bottom = pd.Series(numerator, dtype=float), pd.Series(denominator, dtype=float)
    return (per * top / bottom.where(bottom > 0)).round(digits)


def thin(curve: pd.DataFrame, events: str = "events", at_risk: str = "at_risk") -> pd.DataFrame:
    """A survival or incidence curve in steps of at least ten events, so that no step is told of a
    few children.

    `curve`: in the order of time, `events` at each time, `at_risk` just before it, other columns
    estimates between 0 and 1 (kept to a whole per cent) or a time (kept). A row is kept once ten
    events have come since the last row kept; the row before the first event is kept. The column of
    events goes, at risk is rounded, missing where under ten.
    """
    since, kept = 0.0, []
    for i, number in enumerate(curve[events]):
        since += number
        if since >= EVENTS_A_STEP or (since == 0 and not kept):
            kept.append(i)
            since = 0.0
    thinned = curve.iloc[kept].drop(columns=events).reset_index(drop=True)
    if at_risk in thinned:
        few = thinned[at_risk] < THRESHOLD
        thinned[at_risk] = pd.Series(rounded(thinned[at_risk])).mask(few.to_numpy())
    shares = [
        name
        for name in thinned
        if name != at_risk
        and thinned[name].dtype.kind == "f"
        and thinned[name].dropna().between(0, 1).all()
    ]
    return thinned.assign(**{name: thinned[name].round(SHARE_DIGITS) for name in shares})


def protect(
    table: pd.DataFrame,
    shape: Shape = MONTHS,
    earlier: pd.DataFrame | None = None,
    protection: Protection = "full",
    zeros_shown: bool = False,
) -> Protected:
    """A table of exact counts (rows by columns, NaN where not known) made fit to be shown.

    `earlier`: what earlier editions let out, by cell name "row|column", oldest first: `value` shown
    (NaN: held back), the `count` it stood for, the number of the `edition`; a row wherever what is
    shown of a cell changed. `protection` other than "full" is for demonstrations and tests alone:
    "primary" leaves out what keeps margins and editions from giving small counts back, "unrounded"
    leaves the rest exact besides, "none" shows every count as it is.
    """
    if protection not in get_args(Protection):
        raise UsageError(
            f"There is no protection called {protection!r}; expected"
            f" {', '.join(get_args(Protection))}."
        )
    counts = table.to_numpy(dtype=float).ravel()
    if protection == "none":
        return _framed(table, counts, np.zeros(len(counts), dtype=bool), exact=True)
    before = _before(earlier, table, counts) if protection == "full" else None
    mark, value = _settled(counts, zeros_shown, before)
    if protection == "unrounded":
        value = np.where(mark, np.nan, counts)
    shown = Shown(value, mark, sums_in(table, shape), lowest=int(zeros_shown))
    if protection == "full":
        stays = np.zeros(len(counts), dtype=bool) if before is None else value == before[0]
        shown = _with_complements(
            replace(shown, known=_known(earlier, table, shown.sums)), counts, stays
        )
    return _framed(table, shown.value, shown.mark)


def cell_names(table: pd.DataFrame) -> list[str]:
    """The name of every cell, row by row: "2025-04|plans_started"."""
    return [f"{row}|{column}" for row in table.index for column in table.columns]


def sums_in(table: pd.DataFrame, shape: Shape) -> feasible.Sums:
    """The sums of a shape as signed sums over the cells of a table, row by row."""
    width, place = table.shape[1], {name: i for i, name in enumerate(table.columns)}
    names = [str(row) for row in table.index]
    found = [
        {i * width + place[whole]: -1} | {i * width + place[part]: 1 for part in parts}
        for i in range(len(names))
        for whole, parts in shape.sums
        if {whole, *parts} <= set(place)
    ]
    stocks = {stock for stock, _, _ in shape.flows}
    whole_table = (shape.total_row, tuple(name for name in names if name != shape.total_row))
    row_of = {name: i for i, name in enumerate(names)}
    for total, rows in (whole_table, *shape.total_rows):
        if {total, *rows} <= set(names):
            found += [
                {row_of[total] * width + k: -1} | {row_of[row] * width + k: 1 for row in rows}
                for name, k in place.items()
                if name not in stocks
            ]
    for stock, started, ended in shape.flows:
        if {stock, started, ended} <= set(place):
            found += [
                {
                    (i - 1) * width + place[stock]: 1,
                    i * width + place[started]: 1,
                    i * width + place[ended]: -1,
                    i * width + place[stock]: -1,
                }
                for i in range(1, len(names))
                if _follows(names[i - 1], names[i])
            ]
    return feasible.sums_of(found)


def _follows(before: str, after: str) -> bool:
    try:
        return pd.Period(before, "M") + 1 == pd.Period(after, "M")
    except ValueError:
        return False


def _settled(
    counts: np.ndarray, zeros_shown: bool, earlier: tuple[np.ndarray, np.ndarray] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Cells held back and values shown before any sum is looked at: by size, and by what was let
    out before.

    A figure let out stays while the count is nearer to it than BASE. Farther off, but fewer than
    THRESHOLD from the count behind any figure ever let out, it is held back: that difference is
    itself a small count. So does a count held back stay held back. `earlier`: the last value let
    out and the least move since any.
    """
    mark = counts < THRESHOLD
    if zeros_shown:
        mark &= counts != 0
    value = np.where(mark, np.nan, rounded(counts))
    if earlier is not None:
        let_out, since = earlier
        stays = np.abs(counts - let_out) < BASE
        value = np.where(stays, let_out, value)
        mark = mark | (~stays & (since < THRESHOLD) & ~np.isnan(counts))
    return mark, np.where(mark, np.nan, value)


def _before(
    earlier: pd.DataFrame | None, table: pd.DataFrame, counts: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """The last value let out of each cell (NaN where none was), and how far its count is from the
    nearest before.

    Nearest of all counts behind figures let out; of a cell that never was, from the count first
    held back.
    """
    if earlier is None:
        return None
    names = cell_names(table)
    rows = earlier[earlier.index.isin(names)].astype(float)
    taken = rows[
        rows["edition"].isna()
    ]  # of another table: as that has them, whatever was let out here
    rows = pd.concat([rows[~rows.index.isin(taken.index)], taken])
    let_out = rows.dropna(subset="value")
    never = rows[~rows.index.isin(let_out.index) & ~rows.index.duplicated()]
    rows = pd.concat([let_out, never])
    moved = (pd.Series(counts, names).reindex(rows.index) - rows["count"]).abs()
    return (
        rows["value"].groupby(level=0).last().reindex(names).to_numpy(),
        moved.groupby(level=0).min().reindex(names).to_numpy(),
    )


def _known(
    earlier: pd.DataFrame | None, table: pd.DataFrame, sums: feasible.Sums
) -> tuple[np.ndarray, np.ndarray] | None:
    """Bounds on each cell by what was shown before, of it and of those in sums with it: newer
    editions go first.
    """
    if earlier is None:
        return None
    names = cell_names(table)
    known = np.full(table.size, -np.inf), np.full(table.size, np.inf)
    for edition in sorted(earlier["edition"].dropna().unique(), reverse=True):
        then = earlier["value"][earlier["edition"] <= edition]
        value = then[~then.index.duplicated(keep="last")].reindex(names).to_numpy()
        known = intruder.both(known, intruder.ranges(Shown(value, np.isnan(value), sums)))
    return known


def _with_complements(shown: Shown, counts: np.ndarray, stays: np.ndarray) -> Shown:
    """Hold back more cells, the smallest that help, until no held-back count is told too closely.

    Those that stay as an earlier edition let them out (`stays`) are known anyway. Bounds passed
    along the sums find most of what is needed in no time; linear programming then has the last
    word.
    """
    members = [shown.sums.cell[shown.sums.number == i] for i in range(shown.sums.size)]
    of_cell: dict[int, list[int]] = {}
    for i, cells in enumerate(members):
        for cell in cells:
            of_cell.setdefault(int(cell), []).append(i)
    for exact in (False, True):
        while True:
            chosen = None
            for cell in np.flatnonzero(intruder.deduce(shown, counts, exact).narrow):
                if chosen is not None and not _still_narrow(shown, counts, cell, of_cell, members):
                    # widened by what was chosen for another, unless the next look says otherwise
                    continue
                found = _complement(shown, counts, cell, of_cell, members, stays)
                if found is not None:
                    chosen, shown = found, _held(shown, found)
            if chosen is None:  # nothing is narrow, or all that could help was let out before
                break
    return shown


def _still_narrow(
    shown: Shown,
    counts: np.ndarray,
    cell: int,
    of_cell: dict[int, list[int]],
    members: list[np.ndarray],
) -> bool:
    part, place = _part(
        shown, {j for i in of_cell[cell] for c in members[i] for j in of_cell[int(c)]}
    )
    return bool(intruder.deduce(part, counts[list(place)], exact=False).narrow[place[cell]])


def _complement(
    shown: Shown,
    counts: np.ndarray,
    cell: int,
    of_cell: dict[int, list[int]],
    members: list[np.ndarray],
    stays: np.ndarray,
) -> int | None:
    """The shown cell near a narrow one to hold back: the smallest that widens it enough, else the
    most.

    Looked for in the cell's own sums; where all else of them is held back, in the sums next to
    those, and so on.
    """
    numbers, free = set(of_cell[cell]), set()
    while True:
        for i in numbers:
            able = [
                int(c) for c in members[i] if not shown.mark[c] and counts[c] > 0 and not stays[c]
            ]
            free |= set(sorted(able, key=lambda c: counts[c])[:TRIED])
        wider = {j for i in numbers for c in members[i] for j in of_cell[int(c)]}
        if free or wider == numbers:
            break
        numbers = wider
    if not free:
        return None
    part, place = _part(shown, wider)
    true = counts[list(place)]

    def tried(candidate: int) -> tuple:
        found, at = intruder.deduce(_held(part, place[candidate]), true, exact=False), place[cell]
        return (
            bool(found.narrow[at]),
            found.low[at] - found.high[at] if found.narrow[at] else 0,
            counts[candidate],
        )

    return min(free, key=tried)


def _held(shown: Shown, cell: int) -> Shown:
    mark, value = shown.mark.copy(), shown.value.copy()
    mark[cell], value[cell] = True, np.nan
    return replace(shown, mark=mark, value=value)


def _part(shown: Shown, numbers: set[int]) -> tuple[Shown, dict[int, int]]:
    """The sums with these numbers and their cells alone, and where each cell now stands."""
    keep = np.isin(shown.sums.number, list(numbers))
    cells = np.unique(shown.sums.cell[keep])
    _, number = np.unique(shown.sums.number[keep], return_inverse=True)
    sums = feasible.Sums(
        number, np.searchsorted(cells, shown.sums.cell[keep]), shown.sums.sign[keep]
    )
    known = None if shown.known is None else (shown.known[0][cells], shown.known[1][cells])
    return (
        replace(shown, value=shown.value[cells], mark=shown.mark[cells], sums=sums, known=known),
        {int(cell): i for i, cell in enumerate(cells)},
    )


def _framed(
    table: pd.DataFrame, value: np.ndarray, mark: np.ndarray, exact: bool = False
) -> Protected:
    status = np.where(
        mark, SUPPRESSED, np.where(np.isnan(value), NOT_AVAILABLE, PUBLISHED if exact else ROUNDED)
    )
    frame = {"index": table.index, "columns": table.columns}
    return Protected(
        pd.DataFrame(value.reshape(table.shape), **frame),
        pd.DataFrame(status.reshape(table.shape), **frame, dtype=object),
    )
