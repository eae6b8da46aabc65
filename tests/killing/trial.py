"""One kill, and what stands after it: at once, when the next command has begun, and when the next run has ended."""

import random
from dataclasses import dataclass

from filelock import FileLock, Timeout
from killing.child import Step, kill_at

SECONDS_TO_LET_GO = 10  # for what a killed run had started to notice


@dataclass(frozen=True)
class Kill:
    """A kill: the scene, the phase by the run's own log, the step, the states found, `fault` '' if nothing is wrong."""

    scene: str
    phase: str
    act: str
    found: str
    recovered: str
    fault: str


def steps_of(scene) -> list[Step]:
    """Every step of a run that is let come to its end. Raises AssertionError where that alone goes wrong."""
    scene.next()
    steps, code = kill_at(None, scene)
    fault = f"it ended with {code}" if code else scene.ended()
    if fault:
        raise AssertionError(f"{scene.name}, not killed: {fault}")
    return steps


def points(steps: list[Step], kills: int, seed: int) -> list[int]:
    """Which steps to kill at: the first and last of every phase as far as they go, then by chance, phase by phase."""
    by_phase: dict[str, list[int]] = {}
    for number, step in enumerate(steps):
        by_phase.setdefault(step.phase, []).append(number)
    edges = [number for phase in by_phase.values() for number in dict.fromkeys((phase[0], phase[-1]))]
    draw = random.Random(seed)
    draw.shuffle(edges)
    more = [draw.choice(draw.choice(list(by_phase.values()))) for _ in range(max(0, kills - len(edges)))]
    return (edges + more)[:kills]


def trial(scene, number: int, after: float = 0, to_the_end: bool = True) -> Kill:
    """Kill a run of the scene before its step `number`, then look; and run it to its end."""
    scene.next()
    steps, code = kill_at(number, scene, after)
    at = steps[-1]
    found = recovered = ""
    fault = "" if code else "the run ended before it could be killed"
    if not fault and not _let_go(scene):
        fault = "the lock was left behind"
    if not fault:
        found, fault = scene.found()
    if not fault:
        recovered, fault = scene.recovered()
    if not fault and to_the_end:
        steps, code = kill_at(None, scene)
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
