"""How often are the verdicts on an authority's own months wrong? Simulated authorities with a known
cause.

    python -m oxcare_analysis.local.calibrate --page

writes docs/own_records_calibration.md.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from oxcare_analysis.local import changes, judging
from oxcare_analysis.local.simulator import CAUSES, STEP, simulate
from oxcare_analysis.thinking.findings import CONTRADICTED, SUPPORTED, Z_95
from oxcare_analysis.words import durable, paths

PAGE = paths.PROJECT / "docs" / "own_records_calibration.md"
SEED = 20261200  # of the first authority of a line; named before it was run
FOUND, WRONG = 0.90, 0.05  # at least, under: what was asked
NEED, NONE = "population_need", "none"


@dataclass(frozen=True)
class Line:
    """One line of the table: what is planted, in how large an authority, over how many months."""

    cause: str
    children: int = 140_000
    months: int = 120
    size: float = STEP
    part: float = 1.0  # of the authorities asked for: a line that is only shown needs fewer

    @property
    def words(self) -> str:
        """The authority in words."""
        return f"{self.children:,} children, {self.months // 12} years"


ASKED = tuple(Line(cause) for cause in CAUSES)  # of Oxfordshire's size
LINES = (
    *ASKED,
    *(Line(cause, months=72, part=0.5) for cause in ("entry_threshold", "exit_threshold", NONE)),
    *(
        Line(cause, children=60_000, part=0.5)
        for cause in ("entry_threshold", "exit_threshold", NONE)
    ),
)


def run(
    authorities: int,
    seed: int = SEED,
    lines: tuple[Line, ...] = LINES,
    say: Callable[[str], None] = lambda line: None,
) -> pd.DataFrame:
    """Judge `authorities` simulated authorities a line; one row an authority and hypothesis.

    Columns: line (number), cause, authority (seed), hypothesis, verdict, rivals, estimate, se.
    """
    rows = []
    for number, line in enumerate(lines):
        count = max(1, round(authorities * line.part))
        for k in range(count):
            records = simulate(line.children, line.months, line.cause, seed + k, line.size)
            found = judging.judge(changes.changes(records), records.area)
            rows += [
                (
                    number,
                    line.cause,
                    seed + k,
                    name,
                    f.verdict,
                    " ".join(f.rivals),
                    f.primary.estimate,
                    f.primary.se,
                )
                for name, f in found.items()
            ]
        say(f"{line.cause}, {line.words}: {count} authorities judged")
    return pd.DataFrame(
        rows,
        columns=["line", "cause", "authority", "hypothesis", "verdict", "rivals", "estimate", "se"],
    )


def summary(rows: pd.DataFrame, lines: tuple[Line, ...] = LINES) -> pd.DataFrame:
    """Shares by line: how often the true cause is supported, supported or named, contradicted; any
    other supported.
    """
    out = []
    for number, own in rows.groupby("line"):
        line = lines[number]
        true = own[own["hypothesis"] == line.cause]
        others = own[own["hypothesis"] != line.cause].groupby("authority")["verdict"]
        named = own.groupby("authority")["rivals"].agg(" ".join).str.contains(line.cause)
        supported = true.set_index("authority")["verdict"].eq(SUPPORTED)
        own_side = true.set_index("authority")["verdict"].eq("inconclusive") & true.set_index(
            "authority"
        )["rivals"].ne("")
        out.append(
            {
                "cause": line.cause,
                "authority": line.words,
                "of": own["authority"].nunique(),
                "supported": _share(supported) if len(true) else np.nan,
                "named": (
                    _share(supported | own_side | named.reindex(supported.index))
                    if len(true)
                    else np.nan
                ),
                "contradicted": _share(true["verdict"].eq(CONTRADICTED)) if len(true) else np.nan,
                "wrong": _share(others.agg(lambda v: v.eq(SUPPORTED).any())),
                "wrongly_contradicted": _share(others.agg(lambda v: v.eq(CONTRADICTED).any())),
            }
        )
    return pd.DataFrame(out)


def interval(share: float, of: int) -> tuple[float, float]:
    """Wilson's 95 per cent interval of a share (Wilson 1927)."""
    middle = (share + Z_95**2 / (2 * of)) / (1 + Z_95**2 / of)
    half = Z_95 / (1 + Z_95**2 / of) * np.sqrt(share * (1 - share) / of + Z_95**2 / (4 * of**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def text(found: pd.DataFrame, judged: pd.DataFrame, seed: int) -> str:
    """The page in Markdown, from the summary and the rows it is of."""
    rows = [
        [
            "planted",
            "authority",
            "of",
            "true cause supported",
            "supported or named",
            "true cause contradicted",
            "another supported",
            "another contradicted",
        ]
    ]
    rows += [
        [
            row.cause.replace("_", " "),
            row.authority,
            str(row.of),
            _told(row.supported, row.of),
            _told(row.named, row.of),
            _told(row.contradicted, row.of),
            _told(row.wrong, row.of),
            _told(row.wrongly_contradicted, row.of),
        ]
        for row in found.itertuples()
    ]
    rows.insert(1, ["---"] * len(rows[0]))
    asked = found.iloc[: len(ASKED)]
    planted = asked[asked["cause"].isin(["entry_threshold", "exit_threshold"])]
    met = {
        "planted entry and exit causes supported in at least 90 of 100": (
            (planted["supported"] >= FOUND).all()
        ),
        "another hypothesis supported in under 5 of 100, whatever is planted": (
            (asked["wrong"] < WRONG).all()
        ),
    }
    return "\n\n".join(
        [
            "# How often are the verdicts on own months wrong?",
            (
                "Written by `python -m oxcare_analysis.local.calibrate --page`; not by hand. Every"
                f" authority here is simulated (`oxcare local simulate`, seeds from {seed} on,"
                " named before they were run); nothing on this page is about a real one."
            ),
            (
                f"A cause is one step of a third ({STEP:.2f}) in the middle month of the records:"
                " plans started rise by it (entry threshold), referrals do (population need: of"
                " every source; awareness: from trained sources alone), or a third more plans"
                " would be open in the long run (exit threshold). The first year of the records is"
                " left out, and the last months, whose cases have not been followed for long"
                " enough; of what is left the first whole years, at most"
                f" {changes.MOST_MONTHS // 12}, are compared with the last ones. *Named* also"
                " counts an `inconclusive` whose rivals or whose own line name the true cause."
            ),
            *(f"- {what}: **{'met' if ok else 'not met'}**" for what, ok in met.items()),
            "\n".join("| " + " | ".join(row) + " |" for row in rows),
            (
                "In brackets: 95 per cent Monte Carlo intervals. *Another contradicted* is not"
                " always wrong: a lower bar for coming on brings lighter plans, which do end"
                " sooner, and more referrals from trained sources bring some that do not become"
                " plans."
            ),
            (
                "Is the noise as large as it is said to be? Where nothing is planted, at"
                " Oxfordshire's size, the estimates scatter about nought with a standard"
                f" deviation, in their own standard errors, of {_joined(_scatter(judged))}; it"
                " should be one."
            ),
            (
                "Awareness and need are never supported, by design: more families in need, more"
                " referrals of the same families and more referrals recorded leave the same marks"
                " in one authority's funnel, and no other authority's months are held. They are"
                " named as one another's rivals. Nothing in the simulator drifts from year to year,"
                " as practice does in life: there a `supported` is less sure than here, and the"
                " drift that the months themselves show is allowed for where patterns are compared."
            ),
            "",
        ]
    )


def _scatter(judged: pd.DataFrame) -> list[str]:
    """Standard deviation of estimate ÷ standard error in the first line, where nothing is planted,
    by hypothesis.
    """
    still = judged[
        (judged["line"] == 0) & judged["hypothesis"].ne(NEED)
    ]  # need has the measure of awareness
    z = (still["estimate"] / still["se"]).groupby(still["hypothesis"], sort=False).std()
    return [f"{sd:.2f} ({name.replace('_', ' ')})" for name, sd in z.items()]


def _joined(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]])


def _share(hits: pd.Series) -> float:
    return float(hits.mean())


def _told(share: float, of: int) -> str:
    if not np.isfinite(share):
        return ""
    low, high = interval(share, of)
    return f"{share:.0%} ({low:.0%} to {high:.0%})"


def main() -> None:
    """Run and print the table; with --page write it."""
    ask = argparse.ArgumentParser(
        description="Error rates of the verdicts on own months, on simulated authorities."
    )
    ask.add_argument("--authorities", type=int, default=100, help="a line")
    ask.add_argument("--seed", type=int, default=SEED)
    ask.add_argument(
        "--page", action="store_true", help="also write docs/own_records_calibration.md"
    )
    given = ask.parse_args()
    judged = run(
        given.authorities, given.seed, say=lambda line: print(line, file=sys.stderr, flush=True)
    )
    found = summary(judged)
    if given.page:
        durable.write(PAGE, text(found, judged, given.seed))
    print(found.round(3).to_string(index=False))


if __name__ == "__main__":
    main()
