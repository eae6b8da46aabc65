"""Mutated real files given to every reader: `make fuzz`, or `python tests/fuzz.py --mutants 20000
--processes 2`.

Each mutant is a slice of a publisher's file (some 25 rows: England, two regions, six authorities),
so that a reader takes milliseconds over it; each goes through `oxcare data add` in this process,
into a folder that already holds a table. Prints the counts; exit 1 where any mutant was neither
read as it says nor refused in one paragraph.
"""

import argparse
import collections
import multiprocessing
import sys
import tempfile
import time
from pathlib import Path

from fuzzing.mutations import DIFFERENT, MUTATIONS, REFUSED, SAME
from fuzzing.originals import originals
from fuzzing.trial import Desk, Result, trial

OUTCOMES = (REFUSED, SAME, DIFFERENT)
DIFFER_AT_LEAST = 0.8
PAGE = Path(__file__).parents[1] / "docs" / "security.md"
START, END = "<!-- fuzz: written by tests/fuzz.py --page -->", "<!-- end of fuzz -->"


def share(number: int, of: int, mutants: int, first_seed: int) -> list[Result]:
    """The part of a run that falls to one process: every file and mutation in turn, seed after
    seed.
    """
    results: list[Result] = []
    pairs = [(sheet, kind) for kind in MUTATIONS for sheet in originals()]
    with tempfile.TemporaryDirectory() as folder:
        desk, seed = Desk(Path(folder)), first_seed + number
        while len(results) < mutants:
            for sheet, kind in pairs:
                made = trial(desk, sheet, kind, seed)
                results += [made] if made else []
                if len(results) == mutants:
                    break
            seed += of
    return results


def run(mutants: int, processes: int = 1, first_seed: int = 1) -> list[Result]:
    """Try that many mutants."""
    parts = [
        (n, processes, mutants // processes + (n < mutants % processes), first_seed)
        for n in range(processes)
    ]
    if processes == 1:
        return share(*parts[0])
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        return [result for part in pool.starmap(share, parts) for result in part]


def report(results: list[Result], seconds: float) -> str:
    """The counts as a table, one row a mutation."""
    counts = {kind: collections.Counter() for kind in MUTATIONS}
    for result in results:
        counts[result.mutation][result.outcome] += 1
    total = sum(counts.values(), collections.Counter())
    differ = sum(result.differs for result in results) / len(results)
    faults = sum(bool(result.fault) for result in results)
    rows = [
        f"| {name} | " + " | ".join(f"{c[o]:,}" for o in OUTCOMES) + f" | {c.total():,} |"
        for name, c in [*counts.items(), ("**all**", total)]
    ]
    return "\n".join(
        [
            (
                f"{len(results):,} mutants of {len({r.file for r in results})} files in"
                f" {seconds:,.0f} seconds; {differ:.1%} differ from the original,"
                f" {len({r.content for r in results}):,} are distinct; {faults:,} faults."
            ),
            "",
            "| mutation | refused | read, same cells | read, different cells, valid | all |",
            "|---|---|---|---|---|",
            *rows,
        ]
    )


def main() -> None:
    """Parse the options, run, print, and exit 1 on any fault."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--mutants", type=int, default=20_000)
    options.add_argument("--processes", type=int, default=2)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument(
        "--page", action="store_true", help="write the counts into docs/security.md"
    )
    given = options.parse_args()
    started = time.perf_counter()
    results = run(given.mutants, given.processes, given.seed)
    counts = report(results, time.perf_counter() - started)
    print(counts)
    if given.page:
        before, rest = PAGE.read_text(encoding="utf-8").split(START)
        PAGE.write_text(
            f"{before}{START}\n\n{counts}\n\n{END}{rest.split(END)[1]}",
            encoding="utf-8",
            newline="\n",
        )
    for result in [r for r in results if r.fault][:50]:
        print(
            f"FAULT {result.file}, {result.mutation}, seed {result.seed}: {result.fault}",
            file=sys.stderr,
        )
    few = sum(r.differs for r in results) < DIFFER_AT_LEAST * len(results)
    sys.exit(1 if few or any(r.fault for r in results) else 0)


if __name__ == "__main__":
    main()
