"""How long an authority's own records take: read, held to the rules, put together, months. Prints
JSON.

python tests/bench_records.py; one size alone: --children 20000. Each is measured in a process of
its own, on simulated files over 10 years: of every layout for the smaller size, Annex A both as
CSVs and as workbooks, and of the Standard Safeguarding Dataset for the larger. Children are those
in the records (rows of ssd_person), not those of the area: a region has some 300,000 in 10 years.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMITS = {20_000: (10, 500), 300_000: (120, 4_000)}  # children → seconds, megabytes
PLACES = {
    "ssd": "ssd",
    "cin": "cin",
    "annex_a, CSV": "annex_a/csv",
    "annex_a, workbooks": "annex_a/workbooks",
}
LAYOUTS = {20_000: tuple(PLACES)}
MONTHS, KNOWN_PER_CHILD = 120, 0.185  # children in the records of 10 years, per child of the area


def make(children: int, layout: str, folder: Path) -> None:
    """Write simulated extracts that hold about as many children."""
    from oxcare_analysis.local import census_writer, simulator, writers

    kind = PLACES[layout].partition("/")[0]
    write = {
        "ssd": writers.write_ssd,
        "cin": census_writer.write_cin,
        "annex_a": writers.write_annex_a,
    }[kind]
    write(simulator.simulate(round(children / KNOWN_PER_CHILD), MONTHS), folder / kind)


def measure(folder: Path, data_dir: Path) -> dict[str, float]:
    """Seconds and peak megabytes of taking the files in and making the monthly table, in this
    process.
    """
    from oxcare_analysis.local import held_months, reading, store

    started = time.perf_counter()
    held, _ = store.add(reading.extracts([folder])[0], "Simulated authority", data_dir)
    held_months.write(held.records, data_dir)
    return {
        "children_in_records": len(held.records.persons),
        "seconds": round(time.perf_counter() - started, 1),
        "peak_megabytes": round(peak_megabytes()),
    }


def peak_megabytes() -> float:
    """The most memory this process has had; not known on Windows, where it is 0."""
    try:
        import resource
    except ImportError:
        return 0.0
    unit = 1_048_576 if sys.platform == "darwin" else 1_024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main() -> None:
    """Measure every size, each in a process of its own, and exit 1 where a limit is passed."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument(
        "--children", type=int, action="append", help="in the records; default 20000 and 300000"
    )
    options.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options.add_argument("--make", nargs=3, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.measure:
        print(json.dumps(measure(*map(Path, given.measure))))
        return
    if given.make:
        make(int(given.make[0]), given.make[1], Path(given.make[2]))
        return
    passed = False
    sizes = given.children or list(LIMITS)
    for children, layout in [
        (size, layout) for size in sizes for layout in LAYOUTS.get(size, ("ssd",))
    ]:
        with tempfile.TemporaryDirectory() as place:
            again = [sys.executable, __file__]
            subprocess.run([*again, "--make", str(children), layout, f"{place}/files"], check=True)
            done = subprocess.run(
                [*again, "--measure", f"{place}/files/{PLACES[layout]}", f"{place}/data"],
                check=True,
                capture_output=True,
                encoding="utf-8",
            )
        found = json.loads(done.stdout)
        seconds, megabytes = LIMITS.get(children, (None, None))
        over = bool(seconds) and (found["seconds"] > seconds or found["peak_megabytes"] > megabytes)
        passed |= over
        print(
            json.dumps(
                {
                    "what": "own records",
                    "layout": layout,
                    "children": children,
                    **found,
                    "limit_seconds": seconds,
                    "limit_megabytes": megabytes,
                    "within": not over,
                }
            ),
            flush=True,
        )
    sys.exit(int(passed))


if __name__ == "__main__":
    main()
