"""One kill, and what stands after it: at once, when the next command has begun, and when the next
run has ended.
"""

import random
from collections import Counter
from dataclasses import dataclass

from filelock import FileLock, Timeout
from killing.child import Step, kill_when, never

ENDED = "the run ended before it could be killed"
SECONDS_TO_LET_GO = 10  # for what a killed run had started to notice


@dataclass(frozen=True)
class Kill:
    """A kill: the scene, the phase by the run's own log, the step, the states found, `fault` '' if
    nothing is wrong.
    """

    scene: str
    phase: str
    act: str
    found: str
    recovered: str
    fault: str


def steps_of(scene) -> list[Step]:
    """Every step of a run that is let come to its end. Raises AssertionError where that alone goes
    wrong.
    """
    scene.next()
    steps, code = kill_when(never, scene)
    fault = f"it ended with {code}" if code else scene.ended()
    if fault:
        raise AssertionError(f"{scene.name}, not killed: {fault}")
    return steps


@dataclass(frozen=True)
class Point:
    """Where to kill: before the step of this number of a phase, or the first of the next phase if
    it has fewer.
    """

    phase: str
    number: int

    def __call__(self, steps: list[Step]) -> bool:
        within = [step.phase == self.phase for step in steps]
        return sum(within) == self.number + 1 if within[-1] else any(within)


def points(steps: list[Step], kills: int, seed: int) -> list[Point]:
    """Where to kill: the first and last step of every phase as far as they go, then by chance,
    phase by phase.
    """
    lengths = Counter(step.phase for step in steps)
    edges = [
        Point(phase, at)
        for phase, length in lengths.items()
        for at in dict.fromkeys((0, length - 1))
    ]
    draw = random.Random(seed)
    draw.shuffle(edges)
    phases = [draw.choice(list(lengths)) for _ in range(max(0, kills - len(edges)))]
    return (edges + [Point(phase, draw.randrange(lengths[phase])) for phase in phases])[:kills]


def trial(scene, point: Point, after: float = 0, to_the_end: bool = True) -> Kill:
    """Kill a run of the scene at a point, then look; and run it to its end. Where it ended first,
    `fault` is ENDED.
    """
    scene.next()
    steps, code = kill_when(point, scene, after)
    at = steps[-1]
    found = recovered = ""
    fault = "" if code else ENDED
    if not fault and not _let_go(scene):
        fault = "the lock was left behind"
    if not fault:
        found, fault = scene.found()
    if not fault:
        recovered, fault = scene.recovered()
    if not fault and to_the_end:
        steps, code = kill_when(never, scene)
        fault = f"the next run ended with {code}" if code else scene.ended()
    return Kill(scene.name, at.phase, at.act, found, recovered, fault)


def _let_go(scene) -> bool:
    """Whether the lock of the scene can be had."""
    if not scene.lock.exists():
        return True
    try:
        with FileLock(scene.lock, timeout=SECONDS_TO_LET_GO):
            return True
    except Timeout:
        return False
