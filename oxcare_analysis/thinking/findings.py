"""What an analysis can conclude: the records, the five verdict words, and the one rule that chooses
among them.
"""

import math
from dataclasses import dataclass, field
from html import escape

import pandas as pd

from oxcare_analysis.words.result import Result

SUPPORTED, CONTRADICTED, NEGLIGIBLE = "supported", "contradicted", "negligible"
INCONCLUSIVE, NOT_TESTABLE = "inconclusive", "not_testable"
VERDICTS = (SUPPORTED, CONTRADICTED, NEGLIGIBLE, INCONCLUSIVE, NOT_TESTABLE)
SIGNIFICANT = 0.05
Z_95, Z_90, Z_POWER = 1.959964, 1.644854, 0.841621
NONE = float("nan")
# What a predicted sign allows a measure to have done; '0+' is flat or up, '0-' flat or down.
ALLOWED = {"+": (1,), "-": (-1,), "0": (0,), "0+": (0, 1), "0-": (0, -1)}


@dataclass(frozen=True)
class Estimate:
    """A change in one measure, as a difference of logs between the base years and the end years.

    `se` is transitory noise alone. `placebo_rank` is the rank of the change, adjusted for starting
    level and size, of `placebo_of` authorities (1 = the largest rise). `missing` says why there is
    no estimate, when there is none.
    """

    measure: str
    label: str
    estimate: float = NONE
    se: float = NONE
    level_from: float = NONE
    level_to: float = NONE
    per_words: str = ""
    base_years: tuple[int, ...] = ()
    end_years: tuple[int, ...] = ()
    placebo_rank: int | None = None
    placebo_of: int | None = None
    peculiar: bool | None = None
    neighbour_rank: int | None = None
    neighbour_of: int | None = None
    national: float = NONE
    missing: str = ""

    @property
    def known(self) -> bool:
        """Whether there is an estimate with a standard error."""
        return math.isfinite(self.estimate) and math.isfinite(self.se)

    @property
    def z(self) -> float:
        """The estimate in standard errors."""
        return self.estimate / self.se if self.known and self.se > 0 else NONE

    @property
    def p_value(self) -> float:
        """Two-sided p against no change, noise only."""
        return math.erfc(abs(self.z) / math.sqrt(2)) if self.known else NONE

    @property
    def low(self) -> float:
        """Lower end of the 95 per cent interval."""
        return self.estimate - Z_95 * self.se

    @property
    def high(self) -> float:
        """Upper end of the 95 per cent interval."""
        return self.estimate + Z_95 * self.se

    @property
    def detectable(self) -> float:
        """The change that would be found four times in five at the 5 per cent level."""
        return (Z_95 + Z_POWER) * self.se

    @property
    def moved(self) -> int:
        """+1 or −1 where the measure moved beyond its noise, else 0."""
        return (
            int(math.copysign(1, self.estimate)) if self.known and self.p_value < SIGNIFICANT else 0
        )


@dataclass(frozen=True)
class Support:
    """A supporting measure: what the hypothesis predicts for it and what it did."""

    estimate: Estimate
    predicted: str

    @property
    def agrees(self) -> bool | None:
        """True or False where the measure moved beyond its noise or may be flat; None where it
        cannot tell.
        """
        allowed, moved = ALLOWED[self.predicted], self.estimate.moved
        if not self.estimate.known or (moved == 0 and 0 not in allowed):
            return None
        return moved in allowed


@dataclass(frozen=True)
class Variant:
    """One way a hypothesis can be meant, with the signs it predicts; never merged with another."""

    words: str
    supports: tuple[Support, ...]

    @property
    def agreeing(self) -> tuple[Support, ...]:
        """Signs that went as predicted; a flat one counts where no move is seen, which wide noise
        makes easy.
        """
        return tuple(s for s in self.supports if s.agrees is True)

    @property
    def against(self) -> tuple[Support, ...]:
        """Signs that went against it, beyond noise."""
        return tuple(s for s in self.supports if s.agrees is False)

    @property
    def unknown(self) -> tuple[Support, ...]:
        """Signs that cannot be told."""
        return tuple(s for s in self.supports if s.agrees is None)

    @property
    def reading(self) -> str:
        """The variant as a whole: 'does not fit' on one sign against it, 'fits' on all as
        predicted.
        """
        return "does not fit" if self.against else "cannot tell" if self.unknown else "fits"


@dataclass(frozen=True, repr=False)
class Finding(Result):
    """One hypothesis judged in one study.

    `without`: (kind of recording change that touches the primary, the verdict with its points left
    out).
    """

    hypothesis: str
    question: str
    verdict: str
    reason: str
    primary: Estimate
    p_adjusted: float
    margin: float
    rivals: tuple[str, ...]
    supporting: tuple[Support, ...]
    council_2014: str | None
    agreement: str
    moved: bool
    area: str = ""
    window: tuple[int, int] = (0, 0)
    notes: tuple[str, ...] = ()
    rival_mechanisms: tuple[str, ...] = ()
    source: str = ""
    council_could_show: str = ""
    variants: tuple[Variant, ...] = ()
    without: tuple[tuple[str, str], ...] = ()
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    fits: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    @property
    def beyond_noise(self) -> bool:
        """Whether the primary moved at all, either way: by the adjusted p where it has one, else by
        its own.
        """
        p = self.p_adjusted if math.isfinite(self.p_adjusted) else self.primary.p_value
        return self.primary.known and p < SIGNIFICANT

    def _repr_html_(self) -> str:
        return f"<p><strong>{self.verdict.replace('_', ' ')}</strong>: {escape(self.reason)}</p>"


def decide(
    *,
    testable: bool,
    estimate: float,
    se: float,
    p_adjusted: float,
    direction: int,
    margin: float,
    rivals: tuple[str, ...] = (),
    ceiling: str = SUPPORTED,
) -> str:
    """The verdict, from numbers alone.

    supported     moved the predicted way beyond its noise (p_adjusted < .05) and no rival is
    plausible contradicted  moved the other way beyond its noise negligible    the 90 per cent
    interval lies within ± margin (two one-sided tests at 5 per cent) inconclusive  none of these,
    or moved with a rival plausible, or the ceiling stands in the way not_testable  the figures do
    not allow the test

    Raises ValueError when told it is testable without a number, or given a direction that is not
    ±1.
    """
    if not testable:
        return NOT_TESTABLE
    if direction not in (1, -1):
        raise ValueError(f"direction must be 1 or -1; got {direction!r}")
    if (
        not all(math.isfinite(x) for x in (estimate, se, p_adjusted, margin))
        or se < 0
        or margin <= 0
    ):
        raise ValueError(
            f"a testable hypothesis needs numbers; got estimate {estimate}, se {se}, "
            f"p_adjusted {p_adjusted}, margin {margin}"
        )
    if p_adjusted < SIGNIFICANT and estimate:
        if estimate * direction < 0:
            return CONTRADICTED
        return INCONCLUSIVE if rivals or ceiling == INCONCLUSIVE else SUPPORTED
    return NEGLIGIBLE if abs(estimate) + Z_90 * se < margin else INCONCLUSIVE


def holm(p_values: dict[str, float]) -> dict[str, float]:
    """Holm's step-down adjustment (Holm 1979); a missing p (NaN) is not counted and stays NaN."""
    known = sorted((p, name) for name, p in p_values.items() if math.isfinite(p))
    adjusted, worst = {name: NONE for name in p_values}, 0.0
    for rank, (p, name) in enumerate(known):
        worst = max(worst, min(1.0, p * (len(known) - rank)))
        adjusted[name] = worst
    return adjusted
