"""What can be worked out about counts from bounds on them and sums that must hold: the intruder's
arithmetic.

Feasibility intervals as in Hundepool and others (2012), Statistical Disclosure Control, chapter 4:
the lowest and the highest value a cell can take given all that is known. Where the sums make no
ring, passing bounds along them is exact; where they do (rows and columns with totals), linear
programming settles it.
"""

from dataclasses import dataclass, replace

import numpy as np

EPS = 1e-6


@dataclass(frozen=True)
class Sums:
    """Signed sums that are nought: term k says that `cell[k]` stands in sum `number[k]` with
    `sign[k]`.
    """

    number: np.ndarray
    cell: np.ndarray
    sign: np.ndarray

    @property
    def size(self) -> int:
        """How many sums there are."""
        return int(self.number.max()) + 1 if len(self.number) else 0

    def without(self, number: int) -> "Sums":
        """The same with one sum left out (the others keep their numbers)."""
        keep = self.number != number
        return replace(self, number=self.number[keep], cell=self.cell[keep], sign=self.sign[keep])


def sums_of(rows: list[dict[int, int]]) -> Sums:
    """Sums from a list of {cell number: sign}."""
    terms = [(i, cell, sign) for i, row in enumerate(rows) for cell, sign in row.items()]
    number, cell, sign = (
        (np.array(part, dtype=int) for part in zip(*terms, strict=True))
        if terms
        else (np.array([], dtype=int),) * 3
    )
    return Sums(number, cell, sign.astype(float))


def passed(
    low: np.ndarray, high: np.ndarray, sums: Sums
) -> tuple[np.ndarray, np.ndarray, int | None]:
    """Bounds passed along the sums until they settle; and a sum the bounds contradict, or None."""
    low, high = low.astype(float), high.astype(float)
    number, cell, sign = sums.number, sums.cell, sums.sign
    for _ in range(len(low) + 2):
        least = np.where(sign > 0, low[cell], -high[cell])
        most = np.where(sign > 0, high[cell], -low[cell])
        bottom = np.bincount(number, least, sums.size)
        top = np.bincount(number, most, sums.size)
        wrong = np.flatnonzero((bottom > EPS) | (top < -EPS))
        if len(wrong):
            return low, high, int(wrong[0])
        new_least = np.maximum(least, most - top[number])
        new_most = np.minimum(most, least - bottom[number])
        new_low, new_high = low.copy(), high.copy()
        np.maximum.at(new_low, cell, np.where(sign > 0, new_least, -new_most))
        np.minimum.at(new_high, cell, np.where(sign > 0, new_most, -new_least))
        if (new_low <= low + EPS).all() and (new_high >= high - EPS).all():
            break
        low, high = new_low, new_high
    return low, high, None


def consistent(low: np.ndarray, high: np.ndarray, sums: Sums) -> Sums:
    """The sums that what is shown does not contradict: recorded figures need not add up, and an
    intruder sees that.
    """
    while (wrong := passed(low, high, sums)[2]) is not None:
        sums = sums.without(wrong)
    return sums


def believed(
    low: np.ndarray, high: np.ndarray, belief: tuple[np.ndarray, np.ndarray], sums: Sums
) -> tuple[np.ndarray, np.ndarray]:
    """Bounds with a belief (bounds of its own) taken on wherever the sums do not contradict it."""
    held = np.ones(len(low), dtype=bool)
    while True:
        at_least = np.where(held, np.maximum(low, belief[0]), low)
        at_most = np.where(held, np.minimum(high, belief[1]), high)
        odd = held & (at_least > at_most)
        if not odd.any():
            wrong = passed(at_least, at_most, sums)[2]
            if wrong is None:
                return at_least, at_most
            odd = np.zeros(len(low), dtype=bool)
            odd[sums.cell[sums.number == wrong]] = True
            odd &= held & ((at_least > low) | (at_most < high))
            if not odd.any():  # the contradiction comes from farther along: nothing is believed
                odd = held
        held &= ~odd


def intervals(
    low: np.ndarray, high: np.ndarray, sums: Sums, asked: np.ndarray, enough: float
) -> tuple[np.ndarray, np.ndarray]:
    """The feasibility interval of every cell `asked` for; those at least `enough` wide may be given
    wider.

    Bounds must not contradict the sums (`consistent`).
    """
    low, high, wrong = passed(low, high, sums)
    if wrong is not None or not len(sums.number):
        return low, high
    ringed = np.isin(np.arange(len(low)), _in_rings(sums, len(low))) & asked & (high - low > EPS)
    return (
        _programmed(low, high, sums, np.flatnonzero(ringed), enough)
        if ringed.any()
        else (low, high)
    )


def _in_rings(sums: Sums, cells: int) -> np.ndarray:
    """The cells of every group of sums that holds a ring (more links than a tree has)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    nodes = cells + sums.size
    links = coo_array(
        (np.ones(len(sums.cell)), (sums.cell, cells + sums.number)), shape=(nodes, nodes)
    )
    group = connected_components(links, directed=False)[1]
    members, edges = np.bincount(group), np.bincount(group[sums.cell], minlength=group.max() + 1)
    return np.flatnonzero((edges > members - 1)[group[:cells]])


def _programmed(
    low, high, sums: Sums, asked: np.ndarray, enough: float
) -> tuple[np.ndarray, np.ndarray]:
    """Tighten by linear programming. Every solution is also a witness: a cell seen far enough apart
    is left alone.
    """
    from scipy.optimize import linprog
    from scipy.sparse import coo_array

    kept, rows = np.unique(sums.number, return_inverse=True)
    matrix = coo_array((sums.sign, (rows, sums.cell)), shape=(len(kept), len(low))).tocsr()
    low, high = low.copy(), high.copy()
    seen_low, seen_high = np.full(len(low), np.inf), np.full(len(low), -np.inf)

    def solve(objective: np.ndarray) -> float | None:
        found = linprog(
            objective,
            A_eq=matrix,
            b_eq=np.zeros(len(kept)),
            bounds=np.column_stack([low, high]),
            method="highs",
        )
        if found.status != 0:
            return None
        np.minimum(seen_low, found.x, out=seen_low)
        np.maximum(seen_high, found.x, out=seen_high)
        return float(found.fun)

    together = np.zeros(len(low))
    together[asked] = 1
    if solve(together) is None:
        return low, high
    solve(-together)
    for cell in asked:
        if seen_high[cell] - seen_low[cell] >= enough - EPS:
            continue
        one = np.zeros(len(low))
        one[cell] = 1
        least, most = solve(one), solve(-one)
        if least is not None and most is not None:
            low[cell], high[cell] = np.ceil(least - EPS), np.floor(-most + EPS)
    return low, high
