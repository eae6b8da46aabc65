"""How often are the verdicts wrong? The package run on worlds whose cause is known.

Each condition plants a cause (or none) in a target of a given size, still or drifting, among
simulated authorities. The noise model is fitted to those authorities, never to the target, and
never told the truth. An oracle runs the same rules with a, φ and σ as good as known (the mean of
fits to many times as many authorities): the price of not knowing them is what lies between.
"""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import lru_cache
from multiprocessing import get_context

import numpy as np
import pandas as pd

from oxcare_analysis.hypotheses import judging
from oxcare_analysis.thinking import ledger as ledgers
from oxcare_analysis.thinking import measures
from oxcare_analysis.thinking.models import noise
from oxcare_analysis.thinking.study import Area, Study
from oxcare_analysis.words.columns import MEASURES
from oxcare_analysis.words.errors import RunError
from oxcare_analysis.worlds import files
from oxcare_analysis.worlds import world as worlds
from oxcare_analysis.worlds.causes import CAUSES, GROWTH

# Margins were looked at on the first seed (and kept); error rates are reported on the others, each
# named in this file
# before it was run. The second was added, rules and worlds unchanged, as on the first alone a wrong
# support stood at
# 5.1 per cent with an interval from 3 to 9. An earlier one, 20261122, had worlds without national
# movement.
CHOOSING_SEED, REPORTING_SEEDS = 1, (20261123, 20261124)
WINDOW = (2015, 2020)
ONE_YEAR_BASE, ELEVEN_YEARS = (
    (2013, 2019),
    (2013, 2024),
)  # no referrals in need in 2012: 2013 alone is both bases
SIZES = (600, 300, 150)
SURROUNDINGS, ORACLE_SURROUNDINGS = 10, 8
EXPECTED_TIMES = 30  # as many children, to see a target without noise


@dataclass(frozen=True)
class Condition:
    """What is planted, in whom, and how many of every thousand worlds it gets."""

    causes: tuple[str, ...]
    size: float = 600
    drift: bool = False
    growth: float = GROWTH
    weight: int = 40
    window: tuple[int, int] = WINDOW

    @property
    def truths(self) -> frozenset[str]:
        """The hypotheses that are true."""
        return frozenset(CAUSES[c].hypothesis for c in self.causes) - {""}

    @property
    def share(self) -> float:
        """Of the causes' full size."""
        return float(np.log1p(self.growth) / np.log1p(GROWTH))

    @property
    def words(self) -> str:
        """The condition in words."""
        what = " and ".join(CAUSES[c].words for c in self.causes)
        grown = f" at {self.growth:.0%} growth" if self.growth != GROWTH else ""
        years = f", {self.window[0]} to {self.window[1]}" if self.window != WINDOW else ""
        return (
            f"{what}{grown}, {'drifting' if self.drift else 'still'} target, {self.size:.0f} open"
            f" plans{years}"
        )


MAIN = ("conference_bar", "exit_bar", "more_families", "more_referrals")
RECORDED = ("fewer_recorded", "more_recorded")
CONDITIONS = (
    *(Condition(("none",), size, weight=70) for size in SIZES),
    *(Condition(("none",), size, drift=True, weight=65) for size in SIZES[:2]),
    *(
        Condition((cause,), weight=80 if cause in RECORDED else 40)
        for cause in CAUSES
        if cause != "none"
    ),
    *(Condition((cause,), size, weight=25) for cause in MAIN for size in SIZES[1:]),
    *(Condition((cause,), growth=growth, weight=20) for cause in MAIN[:2] for growth in (0.2, 0.8)),
    Condition(("exit_bar", "conference_bar")),
    Condition(("exit_bar", "more_referrals")),
    *(
        Condition((cause,), window=window, weight=40 if cause == "none" else 20)
        for window in (ONE_YEAR_BASE, ELEVEN_YEARS)
        for cause in ("none", *MAIN[:2])
    ),
)


def calibrate(
    worlds_wanted: int = 2600,
    seed: int = CHOOSING_SEED,
    workers: int = 2,
    say: Callable[[str], None] = lambda line: None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run the package on about `worlds_wanted` worlds. Returns their rows, and the oracle's noise
    model.

    Raises RunError when a worker process is stopped.

    One row a world and hypothesis, and one a ledger bar. Columns: world, condition (its number in
    CONDITIONS), hypothesis, true, verdict, moved, rivals, peculiar, estimate, se, oracle (the
    oracle's verdict), oracle_moved, oracle_rivals, realised (log change without noise, drifting
    targets only); for bars: driver, inside (whether the interval holds the expected bar), se.
    """
    jobs = [[] for _ in range(SURROUNDINGS)]
    total, number = sum(c.weight for c in CONDITIONS), 0
    for index, condition in enumerate(CONDITIONS):
        for _ in range(max(1, round(worlds_wanted * condition.weight / total))):
            jobs[number % SURROUNDINGS].append((index, seed * 100_000 + number))
            number += 1
    parts = []
    try:
        oracle = _oracle_noise(seed, workers)
        with ProcessPoolExecutor(max(1, workers), mp_context=get_context("spawn")) as pool:
            waiting = [
                pool.submit(_run, seed * 1000 + i, batch, oracle)
                for i, batch in enumerate(jobs)
                if batch
            ]
            for done, future in enumerate(as_completed(waiting), start=1):
                parts.append(future.result())
                say(f"{done} of {len(waiting)} sets of authorities done")
    except BrokenProcessPool as problem:
        raise RunError(
            f"A worker process stopped with {len(parts)} of {SURROUNDINGS} sets of authorities"
            " done, most likely for want of memory. Nothing was written. Run again with --workers"
            " 1, or fewer --worlds."
        ) from problem
    rows = pd.concat(parts, ignore_index=True).sort_values(
        ["world", "hypothesis", "driver"], ignore_index=True
    )
    return rows, oracle


def study_of(world: worlds.World, model: pd.DataFrame, window: tuple[int, int] = WINDOW) -> Study:
    """A Study of a world's target, built in memory from the text its files would hold."""
    panel = _panel(files.tables(world).droplevel("level").sort_index())
    years = panel.index.get_level_values("year")
    area = Area(
        worlds.TARGET,
        f"E99000{worlds.TARGET}",
        files.name_of(worlds.TARGET, world.causes),
        world.regions[worlds.TARGET],
        int(years.min()),
        int(years.max()),
    )
    checks = pd.DataFrame(
        columns=["severity", "check", "area_code", "year", "measure", "found", "expected", "reason"]
    )
    resolved = pd.DataFrame(
        columns=["source", "edition", "area_code", "year", "measure", "value", "status", "note"]
    )
    return Study(
        area,
        *window,
        "2024-10",
        panel,
        resolved,
        model,
        world.neighbours,
        {},
        checks.astype({"measure": str, "check": str}),
        pd.DataFrame(columns=["date", "event"]),
        {"editions": {}, "regions": world.regions},
    )


def fit_noise(panel: pd.DataFrame) -> pd.DataFrame:
    """The noise model of every ratio whose counts are simulated."""
    held = {m: measures.series(panel, m) for m in measures.RATIOS}
    return noise.fit_all({m: frame for m, frame in held.items() if frame["log"].notna().any()})


def _panel(text: pd.DataFrame) -> pd.DataFrame:
    """Printed figures as numbers, derived counts included; what is suppressed is missing."""
    return measures.derive(
        text.apply(pd.to_numeric, errors="coerce").reindex(columns=list(MEASURES))
    )


def _oracle_noise(seed: int, workers: int) -> pd.DataFrame:
    """a, φ and σ as good as known: fitted to ORACLE_SURROUNDINGS times as many authorities as one
    world has.
    """
    with ProcessPoolExecutor(max(1, workers), mp_context=get_context("spawn")) as pool:
        fitted = list(
            pool.map(_fit_surroundings, [seed * 1000 + 900 + i for i in range(ORACLE_SURROUNDINGS)])
        )
    return pd.concat(fitted).groupby("measure").mean().reset_index()


def _fit_surroundings(seed: int) -> pd.DataFrame:
    return fit_noise(_panel(files.published(worlds.surroundings(seed).counts)))


def _run(around_seed: int, batch: list[tuple[int, int]], oracle: pd.DataFrame) -> pd.DataFrame:
    """All worlds set among the same authorities."""
    around = worlds.surroundings(around_seed)
    model = fit_noise(_panel(files.published(around.counts)))
    return pd.concat(
        [_one(CONDITIONS[index], index, seed, around, model, oracle) for index, seed in batch]
    )


def _one(
    condition: Condition,
    index: int,
    seed: int,
    around: worlds.Surroundings,
    model: pd.DataFrame,
    oracle: pd.DataFrame,
) -> pd.DataFrame:
    world = worlds.world(
        condition.causes, condition.size, seed, around, condition.drift, condition.share
    )
    study = study_of(world, model, condition.window)
    found = judging.assess_all(study)
    ideal = judging.assess_all(replace(study, noise=oracle))
    quiet = _without_noise(study, condition, seed, around)
    rows = []
    for name, finding in found.items():
        realised = (
            judging.primary(quiet, name).estimate
            if condition.drift and name in judging.HOLM_FAMILY
            else float("nan")
        )
        rows.append(
            {
                "hypothesis": name,
                "true": name in condition.truths,
                "verdict": finding.verdict,
                "moved": finding.moved,
                "rivals": " ".join(finding.rivals),
                "peculiar": finding.primary.peculiar,
                "estimate": finding.primary.estimate,
                "se": finding.primary.se,
                "oracle": ideal[name].verdict,
                "oracle_moved": ideal[name].moved,
                "oracle_rivals": " ".join(ideal[name].rivals),
                "realised": realised,
            }
        )
    result, truth = ledgers.ledger(study), ledgers.ledger(quiet)
    if result.testable and truth.testable:
        bars = result.table.assign(true_plans=truth.table["plans"]).dropna(
            subset=["plans", "true_plans"]
        )
        rows += [
            {
                "driver": bar.driver,
                "inside": bar.low <= bar.true_plans <= bar.high,
                "se": (bar.high - bar.low) / 3.92,
            }
            for bar in bars.itertuples()
        ]
        rows.append(
            {
                "driver": "momentum",
                "inside": result.momentum_low <= truth.momentum <= result.momentum_high,
                "se": (result.momentum_high - result.momentum_low) / 3.92,
            }
        )
    return pd.DataFrame(rows).assign(world=seed, condition=index)


def _without_noise(
    study: Study, condition: Condition, seed: int, around: worlds.Surroundings
) -> Study:
    """The same study were the target's counts those expected of it: nothing shaken, nothing left to
    chance.
    """
    counts = (
        worlds.expected(
            condition.causes,
            condition.size,
            seed,
            around.together,
            condition.share,
            EXPECTED_TIMES // 3,
        )
        if condition.drift
        else _expected(condition.causes, condition.size, condition.share)
    )
    panel = study.panel.reindex(columns=list(MEASURES)).astype(float)
    panel.loc[counts.index, counts.columns] = counts
    return replace(study, panel=measures.derive(panel))


@lru_cache(maxsize=64)
def _expected(causes: tuple[str, ...], size: float, share: float) -> pd.DataFrame:
    """A still target without noise is the same in every world."""
    return worlds.expected(causes, size, 0, None, share, EXPECTED_TIMES)
