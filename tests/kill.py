"""Kill the real code at chosen steps and look at what stands: `make kills`, or `python
tests/kill.py --kills 200`.

Most kills fall on the part that writes (publishing, adding, building), which takes a moment; the
rest on whole refreshes of a real area, or of two at once, with one small notebook, whose processes
are all killed. Prints the counts by phase of the run's own log; exit 1 where anything was lost.
"""

import argparse
import collections
import contextlib
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from killing.refreshing import AREAS, Refreshing
from killing.scenes import SCENES
from killing.trial import ENDED, Kill, Point, points, steps_of, trial

from oxcare_analysis.tables import tables

PAGE = Path(__file__).parents[1] / "docs" / "security.md"
SHIPPED = Path(__file__).parents[1] / "data"
START, END = "<!-- kills: written by tests/kill.py --page -->", "<!-- end of kills -->"
SHARES = (0.26, 0.26, 0.3, 0.1)  # of the scenes in their order; whole refreshes get the rest
# of whole refreshes, one in so many is followed by a run to the end (of the others, every one)
ENDED_EVERY = 6
LONGEST_DELAY = 12  # seconds, for kills while the notebooks run
# What the log says from a report made to the front page written; a kill after any of them but the
# last is inside.
INSIDE = (
    "publish: made",
    "swap: on the disk",
    "swap: new in place, in one step",
    "swap: journal written",
    "swap: old moved aside",
    "swap: new in place",
    "swap: old taken away",
    "swap: done",
    "publish: checked.json",
)
ORDER = (
    "the start",
    "building tables",
    "measuring noise",
    "publish: locked",
    "notebooks run",
    "add: read and checked",
    "add: made ready",
    "build: read",
    *(f"build: {name} saved" for name in tables.TABLE_NAMES),
    "build: done",
    *INSIDE,
    "publish: index.html",
    "what changed",
    "one area in place",
    "both areas in place",
)


def run(kills: int, seed: int, say=print) -> list[Kill]:
    """Kill that many runs."""
    done: list[Kill] = []
    for make, share in zip(SCENES, SHARES, strict=True):
        with _folder() as folder:
            scene = make(folder)
            for point in points(steps_of(scene), round(kills * share), seed):
                done.append(trial(scene, point))
            say(
                f"{scene.name}: {len(done)} of {kills} kills, {sum(bool(k.fault) for k in done)}"
                " faults"
            )
    of_many = (kills - len(done)) // 3
    for areas, number in ((("Rutland",), kills - len(done) - of_many), (tuple(AREAS), of_many)):
        with _folder() as folder:
            done += (
                _refreshes(Refreshing(folder, SHIPPED, areas), number, random.Random(seed), say)
                if number
                else []
            )
    return done


def _refreshes(scene: Refreshing, kills: int, draw: random.Random, say) -> list[Kill]:
    """Whole refreshes: most killed at a step, some a while after they began to run the
    notebooks.
    """
    done: list[Kill] = []
    steps_of(scene)  # the first report, with nothing to replace
    steps = steps_of(scene)
    waiting = Point("publish: locked", sum(step.phase == "publish: locked" for step in steps) - 1)
    for number, point in enumerate(points(steps, 2 * kills, draw.randrange(1000))):
        late = number % 4 == 3
        kill = trial(
            scene,
            waiting if late else point,
            draw.uniform(0.1, LONGEST_DELAY) if late else 0,
            to_the_end=number % ENDED_EVERY == ENDED_EVERY - 1,
        )
        done += [kill] if kill.fault != ENDED else []  # of no use: nothing was killed
        say(f"{scene.name}: {len(done)} of {kills}: {kill}")
        if len(done) == kills:
            break
    return done


@contextlib.contextmanager
def _folder():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder).resolve()


def report(done: list[Kill], seconds: float) -> str:
    """The counts as a table, a row a scene and phase in the order of the run."""
    rows = collections.defaultdict(collections.Counter)
    for kill in done:
        row = rows[kill.scene, _phase(kill)]
        row["kills"] += 1
        row[kill.found or "fault"] += 1
        row[f"then {kill.recovered or 'fault'}"] += 1
    head = ("old", "new", "settled", "between two renames", "then old", "then new")
    scenes = list(dict.fromkeys(kill.scene for kill in done))
    lines = [
        f"| {scene} | {phase} | {row['kills']} | " + " | ".join(str(row[h]) for h in head) + " |"
        for (scene, phase), row in sorted(
            rows.items(), key=lambda r: (scenes.index(r[0][0]), _place(r[0][1]))
        )
    ]
    faults, within = sum(bool(k.fault) for k in done), sum(inside_publish(k) for k in done)
    return "\n".join(
        [
            (
                f"{len(done)} kills in {seconds:,.0f} seconds, {within} of them inside publish;"
                f" {faults} faults."
            ),
            "",
            (
                "| killed | after the log said | kills | found: old | new | figures whole | between"
                " two renames | next command: old | new |"
            ),
            "|---|---|---|---|---|---|---|---|---|",
            *lines,
        ]
    )


def _phase(kill: Kill) -> str:
    """A phase in words that do not depend on the area or the month."""
    words = {
        "refresh: Rutland: 01_small": "notebooks run",
        "refresh: Rutland: ": "what changed",
        "refresh: Measuring": "measuring noise",
        "refresh: Building": "building tables",
        "refresh: 1 of 2 areas": "one area in place",
        "refresh: 2 of 2 areas": "both areas in place",
    }
    return next((word for start, word in words.items() if kill.phase.startswith(start)), kill.phase)


def inside_publish(kill: Kill) -> bool:
    """Whether a kill fell between a report made and the front page written."""
    return kill.scene.startswith(("publish", "refresh")) and kill.phase in INSIDE


def _place(phase: str) -> int:
    return ORDER.index(phase) if phase in ORDER else len(ORDER)


def main() -> None:
    """Parse the options, run, print, and exit 1 on any fault."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=200)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument(
        "--page", action="store_true", help="write the counts into docs/security.md"
    )
    given = options.parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    started = time.perf_counter()
    done = run(given.kills, given.seed, lambda line: print(line, file=sys.stderr, flush=True))
    counts = report(done, time.perf_counter() - started)
    print(counts)
    if given.page:
        before, rest = PAGE.read_text(encoding="utf-8").split(START)
        PAGE.write_text(
            f"{before}{START}\n\n{counts}\n\n{END}{rest.split(END)[1]}",
            encoding="utf-8",
            newline="\n",
        )
    for kill in [k for k in done if k.fault]:
        print(f"FAULT {kill}", file=sys.stderr)
    sys.exit(1 if any(k.fault for k in done) else 0)


if __name__ == "__main__":
    main()
