"""From rows of worlds to what was asked of the verdicts: one line a requirement, with its Monte
Carlo interval.
"""

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from oxcare_analysis.calibration.run import CONDITIONS, MAIN, RECORDED
from oxcare_analysis.worlds.causes import CAUSES, GROWTH

SMALLEST_BAR_SE = 1.0  # children: a bar without noise has no interval to speak of
WRONG_IN = (
    "conference_bar",
    "enquiry_bar",
    "more_families",
    "more_severe",
    "better_aimed",
    "more_referrals",
    *RECORDED,
    "exit_bar",
)
COLUMNS = [
    "requirement",
    "worlds of",
    "share",
    "low",
    "high",
    "of",
    "asked",
    "bound",
    "met",
    "sure",
]


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """What the contract asks of the verdicts, and what was found.

    Columns: requirement, worlds of (the condition in words), share, low, high (95 per cent Wilson
    interval), of (worlds or bars), asked, bound (what an oracle reaches, where that is what
    counts), met (whether the share is what was asked), sure (whether the whole interval says the
    same).
    """
    found = rows[rows["hypothesis"].notna()].assign(
        true=lambda f: f["true"].astype(bool),
        supported=lambda f: f["verdict"] == "supported",
        moved=lambda f: f["moved"].eq(True),
        oracle_moved=lambda f: f["oracle_moved"].eq(True),
        oracle_supported=lambda f: f["oracle"] == "supported",
    )
    lines = [
        *_nothing_planted(found),
        *_planted(found),
        *_wrong(found),
        *_two_causes(found),
        *_ledger(rows),
    ]
    return pd.DataFrame(lines, columns=COLUMNS)


def _where(found: pd.DataFrame, wanted) -> pd.DataFrame:
    return found[found["condition"].isin([i for i, c in enumerate(CONDITIONS) if wanted(c)])]


def _by_world(found: pd.DataFrame, hit: pd.Series) -> pd.Series:
    """Whether any row of each world is a hit."""
    return hit.groupby(found["world"]).any()


def _line(
    requirement: str,
    words: str,
    hits: pd.Series,
    asked: str,
    most: float = 1.0,
    least: float = 0.0,
    bound: float = np.nan,
) -> tuple:
    hits = hits.dropna().astype(bool)
    if not len(hits):
        return requirement, words, np.nan, np.nan, np.nan, 0, asked, bound, None, None
    low, high = proportion_confint(int(hits.sum()), len(hits), method="wilson")
    share = float(hits.mean())
    inside = least <= share <= most
    sure = bool(high <= most and low >= least) if inside else bool(low > most or high < least)
    return (
        requirement,
        words,
        share,
        float(low),
        float(high),
        len(hits),
        asked,
        bound,
        bool(inside),
        sure,
    )


def _nothing_planted(found: pd.DataFrame) -> list[tuple]:
    lines = []
    for i, condition in enumerate(CONDITIONS):
        if condition.causes != ("none",) or condition.drift:
            continue
        still, words = (
            found[found["condition"] == i],
            condition.words.removeprefix(f"{CAUSES['none'].words}, "),
        )
        lines.append(
            _line(
                "nothing planted: any hypothesis supported",
                words,
                _by_world(still, still["supported"]),
                "under 5%",
                0.05,
            )
        )
        tested = still[
            still["hypothesis"] != "population_need"
        ]  # need reads what the neighbours really did
        lines.append(
            _line(
                "nothing planted: entry, exit or awareness contradicted",
                words,
                _by_world(tested, tested["verdict"] == "contradicted"),
                "shown",
            )
        )
    drifting = _where(found, lambda c: c.causes == ("none",) and c.drift)
    tested = drifting[drifting["realised"].notna()]
    # Need has no realised change of its own: it is what neighbours did.
    against = tested["supported"] & (np.sign(tested["estimate"]) != np.sign(tested["realised"]))
    lines.append(
        _line(
            "nothing planted: supported against what really happened",
            "drifting target",
            _by_world(tested, against),
            "under 5%",
            0.05,
        )
    )
    for name in ("entry_threshold", "exit_threshold", "awareness"):
        peculiar = drifting.loc[drifting["hypothesis"] == name, "peculiar"]
        lines.append(
            _line(
                f"nothing planted: {name} called peculiar",
                "drifting target",
                peculiar.dropna(),
                "under 10%",
                0.10,
            )
        )
    return lines


def _named(found: pd.DataFrame, true: str, who: str = "") -> pd.Series:
    """By world: the true hypothesis is supported, or moved and kept open by rivals, or named as
    another's rival.

    `who`: "" for the package, "oracle_" for the oracle.
    """
    moved = found[f"{who}moved"]
    own = (found["hypothesis"] == true) & (found[f"{who}supported"] | moved)
    rival = moved & found[f"{who}rivals"].fillna("").map(
        lambda names: true in names.split()
    ).astype(bool)
    return _by_world(found, own | rival)


def _planted(found: pd.DataFrame) -> list[tuple]:
    lines = []
    true_rows = found[found["true"]]
    lines.append(
        _line(
            "a true cause contradicted",
            "all worlds with a cause, every size",
            true_rows.groupby(["world", "hypothesis"])["verdict"].first() == "contradicted",
            "shown",
        )
    )
    for i, condition in enumerate(CONDITIONS):
        if (
            len(condition.causes) > 1
            or not condition.truths
            or condition.causes[0] == "need_unseen"
        ):
            continue
        true, part = next(iter(condition.truths)), found[found["condition"] == i]
        if condition.growth == GROWTH:
            lines.append(
                _line(
                    "the true cause supported or named",
                    condition.words,
                    _named(part, true),
                    "90%",
                    least=0.90,
                    bound=_named(part, true, "oracle_").mean(),
                )
            )
        if condition.causes[0] in MAIN:
            own = part[part["hypothesis"] == true]
            bound = own["oracle_supported"].mean()
            lines.append(
                _line(
                    "the true cause supported outright",
                    condition.words,
                    own["supported"],
                    "within 5 points of the bound",
                    least=bound - 0.05 if len(own) else 0.0,
                    bound=bound,
                )
            )
    return lines


def _wrong(found: pd.DataFrame) -> list[tuple]:
    lines = []
    for causes in (*((cause,) for cause in WRONG_IN), RECORDED, ("need_unseen",)):
        part = _where(
            found,
            lambda c, k=causes: len(c.causes) == 1 and c.causes[0] in k and c.growth == GROWTH,
        )
        words = " or ".join(CAUSES[cause].words for cause in causes)
        lines.append(
            _line(
                "a wrong hypothesis supported",
                f"{words}, every size and window",
                _by_world(part, part["supported"] & ~part["true"]),
                "under 5%",
                0.05,
            )
        )
    return lines


def _two_causes(found: pd.DataFrame) -> list[tuple]:
    lines = []
    for i, condition in enumerate(CONDITIONS):
        if len(condition.causes) < 2:
            continue
        part = found[(found["condition"] == i) & found["true"]]
        both = (part["supported"] | part["moved"]).groupby(part["world"]).all()
        lines.append(
            _line(
                "both causes found (supported, or moved and kept open by rivals)",
                condition.words,
                both,
                "75%",
                least=0.75,
            )
        )
        lines.append(
            _line(
                "both causes supported outright",
                condition.words,
                part["supported"].groupby(part["world"]).all(),
                "shown",
                bound=part["oracle_supported"].groupby(part["world"]).all().mean(),
            )
        )
    return lines


def _ledger(rows: pd.DataFrame) -> list[tuple]:
    bars = rows[rows["driver"].notna() & (rows["se"] > SMALLEST_BAR_SE)]
    split = bars[bars["driver"] != "momentum"]
    lines = [
        _line(
            "ledger: 95 per cent intervals hold the expected bar",
            "all worlds, bars pooled",
            split["inside"],
            "93% to 97%",
            0.97,
            0.93,
        )
    ]
    for driver, part in bars.groupby("driver"):
        lines.append(_line("ledger: one driver's intervals", str(driver), part["inside"], "shown"))
    return lines
