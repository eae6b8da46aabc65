"""Which other explanations fit nearly as well? Each predicts a pattern; the panel says how much a
pattern can stray.

Given how far the primary moved, a mechanism predicts how far each indicator should have moved with
it. Its fit is the normal log-likelihood of what the indicators did, with the covariance of such
changes over all authorities (drift and transitory noise: here both are in the way) and with every
predicted size known to within half of itself. A rival within two log-likelihood units of the
hypothesis's own best mechanism is named (Edwards 1972, Likelihood, ch. 4).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from oxcare_analysis.thinking.findings import Estimate

INDICATORS = (
    "referrals_per_child",
    "no_need_share",
    "enquiries_per_referral",
    "conferences_per_enquiry",
    "plans_per_conference",
    "exit_hazard_6_plus",
    "ended_within_3_share",
    "care_starts_per_plan",
)
SUPPORT = 2.0  # log-likelihood units within which a rival fits nearly as well
DOUBT = 0.5  # sd of a predicted size, as a share of it
SHRINK = 0.9  # of a correlation between indicators, estimated on some hundred authorities


@dataclass(frozen=True)
class Mechanism:
    """One way a hypothesis could work, in full size.

    `sizes`: indicator → log change it predicts; the rest stay flat. `moves`: primary measure → log
    change.
    """

    hypothesis: str
    words: str
    sizes: dict[str, float]
    moves: dict[str, float]

    @property
    def signs(self) -> dict[str, int]:
        """The sizes as signs."""
        return {measure: int(np.sign(size)) for measure, size in self.sizes.items()}

    @property
    def primaries(self) -> dict[str, int]:
        """The moves as signs."""
        return {measure: int(np.sign(size)) for measure, size in self.moves.items()}


def correlation(changes: pd.DataFrame) -> pd.DataFrame:
    """Correlation of indicator changes over authorities (rows), by ranks (Pearson 1907), drawn in a
    little.
    """
    by_ranks = 2 * np.sin(np.pi / 6 * changes.corr(method="spearman", min_periods=20).fillna(0))
    drawn_in = by_ranks * SHRINK
    return drawn_in.where(~np.eye(len(drawn_in), dtype=bool), 1.0)


def fits(
    mechanisms: tuple[Mechanism, ...],
    primary: Estimate,
    indicators: dict[str, Estimate],
    spread: pd.Series,
    correlations: pd.DataFrame,
    over: tuple[str, ...] = INDICATORS,
) -> pd.DataFrame:
    """How well each mechanism that could have moved `primary` the way it went fits the indicators
    `over`.

    `spread`: sd of an indicator's change where nothing but drift and noise is at work. Returns
    hypothesis, mechanism, size (of its full size), loglik; one row a mechanism that predicts the
    direction seen. A mechanism that predicts no indicator has a loglik of NaN: nothing in one
    authority's figures speaks for it or against it.
    """
    known = [
        m
        for m in over
        if m in indicators
        and indicators[m].known
        and np.isfinite(spread.get(m, np.nan))
        and m != primary.measure
    ]
    seen = np.array([indicators[m].estimate for m in known])
    sd = spread.reindex(known).to_numpy()
    noise = correlations.reindex(index=known, columns=known).to_numpy() * np.outer(sd, sd)
    rows = []
    for mechanism in mechanisms:
        move = mechanism.moves.get(primary.measure, 0.0)
        if not primary.known or move * primary.estimate <= 0:
            continue
        size = primary.estimate / move
        mean = np.array([mechanism.sizes.get(m, 0.0) for m in known]) * size
        covariance = noise + np.diag((DOUBT * mean) ** 2)
        off = seen - mean
        loglik = (
            -0.5 * (off @ np.linalg.solve(covariance, off) + np.linalg.slogdet(covariance)[1])
            if known
            else 0.0
        )
        rows.append(
            (mechanism.hypothesis, mechanism.words, size, loglik if mechanism.sizes else np.nan)
        )
    return pd.DataFrame(rows, columns=["hypothesis", "mechanism", "size", "loglik"])


def plausible(fitted: pd.DataFrame, hypothesis: str) -> pd.DataFrame:
    """The rows of other hypotheses (or of recording) that fit nearly as well as the best of
    `hypothesis`'s own.
    """
    own = fitted.loc[fitted["hypothesis"] == hypothesis, "loglik"].max()
    others = fitted[fitted["hypothesis"] != hypothesis]
    return others[others["loglik"].isna() | ~(others["loglik"] <= own - SUPPORT)]
