"""A world: some 150 simulated authorities of which one, the target, has a planted cause."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from oxcare_analysis.worlds import causes as planted
from oxcare_analysis.worlds import model

AUTHORITIES, NEIGHBOURS = 150, 10
REGIONS = tuple(f"E1290000{i}" for i in range(1, 10))
TARGET = "001"
OPEN_PER_CHILD = 0.00415  # open plans per child at the start, before any drift
MEDIAN_CHILDREN, SPREAD, FEWEST, MOST = (
    60_000,
    0.65,
    9_000,
    330_000,
)  # England's authorities, roughly


@dataclass(frozen=True)
class World:
    """Yearly counts of every authority, and who is beside the target.

    `counts`: published counts by (area_code, year), before anything is suppressed. `neighbours`:
    area codes, nearest first. `regions`: area_code → region code.
    """

    causes: tuple[str, ...]
    counts: pd.DataFrame
    neighbours: tuple[str, ...]
    regions: dict[str, str]


@dataclass(frozen=True)
class Surroundings:
    """Everyone but the target: drawn once and kept, so that many targets can be set among them.

    `together`: the part of every lever's path that is national.
    """

    children: np.ndarray
    paths: dict[str, np.ndarray]
    counts: pd.DataFrame
    together: dict[str, np.ndarray]

    @property
    def regions(self) -> dict[str, str]:
        """Region of every authority; the target is in the first."""
        return {
            _code(place): REGIONS[place % len(REGIONS)] for place in range(len(self.children) + 1)
        }


def surroundings(seed: int, authorities: int = AUTHORITIES) -> Surroundings:
    """Draw everyone but the target: sizes as in England, thresholds that drift and are shaken."""
    random = np.random.default_rng(seed)
    drawn = np.exp(random.normal(np.log(MEDIAN_CHILDREN), SPREAD, authorities - 1))
    children = np.clip(drawn, FEWEST, MOST).round()
    own, together = model.wander(random, len(children)), model.together(random)
    paths = {lever: path + together[lever] for lever, path in own.items()}
    return Surroundings(
        children,
        paths,
        _coded(model.simulate(children, paths, random), range(1, authorities)),
        together,
    )


def world(
    causes: tuple[str, ...],
    size: float,
    seed: int,
    around: Surroundings,
    drift: bool = False,
    share: float = 1.0,
) -> World:
    """Set a target of about `size` open plans among `around`, with `causes` planted in it.

    A still target (no `drift`) has yearly shocks alone; a drifting one moves with everyone as well.
    A cause that is shared moves its neighbours and the rest of its region too, by the cause's
    share, whose counts are drawn again. `share`: of the cause's full size.
    """
    counts = [_target(causes, size, seed, around.together if drift else None, share), around.counts]
    random = np.random.default_rng((seed, 2))
    near = random.permutation(len(around.children))[:NEIGHBOURS]
    moved = np.union1d(
        near, np.arange(len(REGIONS) - 1, len(around.children), len(REGIONS))
    )  # and its own region
    for name in causes:
        shared = planted.CAUSES[name].shared
        if shared:
            others = {lever: path[moved].copy() for lever, path in around.paths.items()}
            planted.plant(others, (name,), share * shared)
            redrawn = _coded(model.simulate(around.children[moved], others, random), moved + 1)
            counts[1] = pd.concat([around.counts.drop(index=redrawn.index), redrawn])
    return World(
        causes, pd.concat(counts).sort_index(), tuple(_code(i + 1) for i in near), around.regions
    )


def expected(
    causes: tuple[str, ...],
    size: float,
    seed: int,
    together: dict[str, np.ndarray] | None,
    share: float,
    times: int,
) -> pd.DataFrame:
    """The target's counts were there no noise: no shocks, and `times` as many children, scaled
    back.

    `together`: the national path a drifting target moves with; None for a still one.
    """
    return _target(causes, size, seed, together, share, times) / times


def _target(
    causes: tuple[str, ...],
    size: float,
    seed: int,
    together: dict[str, np.ndarray] | None,
    share: float,
    times: int | None = None,
) -> pd.DataFrame:
    random = np.random.default_rng((seed, 1))
    children = np.array([round(size / OPEN_PER_CHILD) * (times or 1)])
    paths = model.wander(random, 1, together is not None, shocks=times is None)
    for lever in together or ():
        paths[lever] += together[lever]
    planted.plant(paths, causes, share)
    return _coded(model.simulate(children, paths, random), (0,))


def _code(place: int) -> str:
    """The area code of a place in the world; the target's place is nought, the others follow."""
    return f"{place + 1:03d}"


def _coded(counts: pd.DataFrame, places: Iterable[int]) -> pd.DataFrame:
    """Counts under the area codes of the places their authorities have, in order."""
    codes = [_code(place) for place in places]
    return counts.set_index(counts.index.set_levels(codes, level=0)).rename_axis(
        ["area_code", "year"]
    )
