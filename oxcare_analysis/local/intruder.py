"""What a reader who is determined to can conclude about counts that were held back: the test every
table has to pass.

He knows the rules of docs/disclosure.md, every figure shown in this edition and in earlier ones,
and which sums hold. He is tried in three moods: he takes a mark for what it says (any count may be
behind it); he guesses that every mark hides a small count, wherever that fits; and (`told`, only on
the analyst's machine) he has been told which do.
"""

from dataclasses import dataclass

import numpy as np

from oxcare_analysis.local import feasible
from oxcare_analysis.local.feasible import Sums

THRESHOLD = 10  # counts below it are held back
BASE = 5  # all others are shown as the nearest multiple of it
WIDE = (
    THRESHOLD - 1
)  # from 0 to 9: what a mark leaves open by itself, and what all else must leave open too
CLOSE = BASE  # a range this wide still holds one count more than rounding leaves open


@dataclass(frozen=True)
class Shown:
    """A table as it is shown, cell by cell: `value` (NaN where there is none), `mark` (held back),
    the sums that hold.

    `known`: lowest and highest value by earlier editions (-inf and inf where they say nothing).
    `base`: 1 where figures are shown as they are. `lowest`: the least count a mark may hide (1
    where zeros are shown).
    """

    value: np.ndarray
    mark: np.ndarray
    sums: Sums
    known: tuple[np.ndarray, np.ndarray] | None = None
    base: int = BASE
    lowest: int = 0

    @property
    def box(self) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest count by each cell's own figure alone."""
        return box(self.value, self.base, np.where(self.mark, self.lowest, 0))


@dataclass(frozen=True)
class Deduction:
    """The range of every cell in the mood that tells most of it, and whether it is `narrow`: told
    too closely.
    """

    low: np.ndarray
    high: np.ndarray
    narrow: np.ndarray


def box(
    value: np.ndarray, base: int = BASE, lowest: np.ndarray | int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """The counts a shown figure may stand for; from `lowest` to a count above any other where there
    is none.
    """
    slack, cap = base // 2, 1000 + 2 * np.nansum(np.abs(value))
    floor = np.where(value >= THRESHOLD, THRESHOLD, 0) if base > 1 else 0
    above = np.where(value == 0, 0, slack)  # a nought is shown only where it is one
    return (
        np.where(np.isnan(value), lowest, np.maximum(value - slack, floor)),
        np.where(np.isnan(value), cap, value + above),
    )


def ranges(shown: Shown) -> tuple[np.ndarray, np.ndarray]:
    """What one edition leaves open of every cell, by itself: all that is taken over from it to a
    later one.
    """
    low, high = shown.box
    return feasible.passed(low, high, feasible.consistent(low, high, shown.sums))[:2]


def both(
    known: tuple[np.ndarray, np.ndarray], more: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Two beliefs about every cell put together; where one contradicts the other the first is
    kept.
    """
    low, high = np.maximum(known[0], more[0]), np.minimum(known[1], more[1])
    odd = low > high
    return np.where(odd, known[0], low), np.where(odd, known[1], high)


def deduce(shown: Shown, told: np.ndarray | None = None, exact: bool = True) -> Deduction:
    """Work out every range. `told`: the true counts, for the third mood. `exact`: by linear
    programming where needed.

    A held-back cell is narrow where it may be small and its range is under WIDE, or under CLOSE for
    one who guesses or has been told that it is small.
    """
    low, high = shown.box
    sums = feasible.consistent(low, high, shown.sums)
    if shown.known is not None:
        low, high = feasible.believed(low, high, shown.known, sums)
    wide = _solved(low, high, sums, shown.mark, WIDE, exact)
    narrow = shown.mark & (wide[0] < THRESHOLD) & (wide[1] - wide[0] < WIDE - shown.lowest)
    best_low, best_high = wide
    small = np.where(shown.mark, THRESHOLD - 1.0, np.inf)
    guesses = [(*feasible.believed(low, high, (np.full(len(low), -np.inf), small), sums), sums)]
    if told is not None:
        at_least, at_most = _told(shown, told, low, high)
        guesses.append((at_least, at_most, feasible.consistent(at_least, at_most, sums)))
    for at_least, at_most, held in guesses:
        near = _solved(at_least, at_most, held, shown.mark, CLOSE, exact)
        close = shown.mark & (near[1] < THRESHOLD) & (near[1] - near[0] < CLOSE)
        best_low, best_high = (
            np.where(close, near[0], best_low),
            np.where(close, near[1], best_high),
        )
        narrow = narrow | close
    return Deduction(best_low, best_high, narrow)


def _told(
    shown: Shown, counts: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    is_small = counts < THRESHOLD
    return (
        np.where(shown.mark & ~is_small, np.maximum(low, np.minimum(THRESHOLD, high)), low),
        np.where(shown.mark & is_small, np.maximum(np.minimum(high, THRESHOLD - 1), low), high),
    )


def _solved(
    low, high, sums: Sums, asked: np.ndarray, enough: float, exact: bool
) -> tuple[np.ndarray, np.ndarray]:
    if exact:
        return feasible.intervals(low, high, sums, asked, enough)
    return feasible.passed(low, high, sums)[:2]


def revised(before: np.ndarray, now: np.ndarray, base: int = BASE) -> tuple[np.ndarray, np.ndarray]:
    """By how much a count shown in two editions was revised, at least and at most."""
    (low_before, high_before), (low_now, high_now) = box(before, base), box(now, base)
    return low_now - high_before, high_now - low_before


def few(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Whether a change is told to be of 1 to 9 children, up or down."""
    return ((low >= 1) & (high < THRESHOLD)) | ((high <= -1) & (low > -THRESHOLD))
