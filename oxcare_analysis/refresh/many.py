"""Reports of many areas over one Executor: processes of this machine, or the workers of an existing
dask scheduler.

Reports are made by the workers and put in place by one process, this one, so the folder of reports
has one writer.
"""

import gc
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

from oxcare_analysis.refresh import asked, cluster, standing
from oxcare_analysis.refresh.asked import Outcome, Request
from oxcare_analysis.words import forks
from oxcare_analysis.words.errors import OxcareError, RunError


def publish_all(
    requests: list[Request], workers: int, scheduler: str | None, say: Callable[[str], None]
) -> Iterator[tuple[Request, Outcome | OxcareError]]:
    """Each request with its outcome, as they end. One area's failure stops no other; a lost worker
    costs a retry.
    """
    out, started, outcomes = requests[0].out, time.monotonic(), []
    pool = cluster.connected(scheduler) if scheduler else _processes(workers, requests[0])
    with standing.held(out), standing.scratch(out) as scratch, pool as submit:
        waiting = {}
        for number, request in enumerate(requests):
            folder = Path(scratch) / f"{number}-1"
            waiting[submit(request, folder)] = request, folder, 1
        while waiting:
            for done in wait(waiting, return_when=FIRST_COMPLETED).done:
                request, folder, tries = waiting.pop(done)
                try:
                    built = done.result()
                    with standing.refusing(out):
                        if built.packed:
                            built = replace(built, staged=cluster.unpack(built.packed, folder))
                        outcome = asked.put(request, built)
                    outcomes.append(outcome)
                except OxcareError as problem:
                    outcome = problem
                except BrokenProcessPool:
                    if tries < cluster.TRIES:
                        say(
                            f"{request.area}: its worker was ended from outside (memory is the"
                            " usual reason); again"
                        )
                        again = folder.with_name(f"{folder.name.partition('-')[0]}-{tries + 1}")
                        waiting[submit(request, again)] = request, again, tries + 1
                        continue
                    outcome = RunError(
                        f"Its worker was ended from outside {cluster.TRIES} times. Nothing of it"
                        " was published; run it again with --workers 1."
                    )
                except (
                    Exception
                ) as problem:  # whatever it is, the other areas are not to wait for it
                    outcome = RunError(
                        f"{type(problem).__name__}: {problem}. Nothing of it was published."
                    )
                yield request, outcome
                say(
                    _progress(
                        len(requests) - len(waiting), len(requests), time.monotonic() - started
                    )
                )
        if outcomes:
            asked.note(out, outcomes)


def _progress(done: int, of: int, seconds: float) -> str:
    left = seconds / done * (of - done)
    return (
        f"{done} of {of} areas, {60 * done / seconds:.1f} a minute, about {left / 60:.0f} minutes"
        " left"
    )


@contextmanager
def _processes(workers: int, first: Request) -> Iterator[Callable[[Request, Path], Future]]:
    """A function that submits to processes of this machine: forks of this one, which has all that
    areas share, if safe.

    When a process dies its pool is of no use any more: another takes its place, and what it had is
    asked for again.
    """
    pools: list[Executor] = []
    if forks.is_safe():
        from oxcare_analysis.refresh import publish

        with suppress(
            Exception
        ):  # whatever it is, it is told of this area when its turn comes, and stops no other
            publish.make_ready(first)
        gc.freeze()  # else collecting garbage in a fork copies all that it shares with this process

    def submit(request: Request, folder: Path) -> Future:
        if pools:
            try:
                return pools[-1].submit(build_here, request, folder)
            except BrokenProcessPool:
                pass
        context = get_context("fork" if forks.is_safe() else "spawn")
        pools.append(ProcessPoolExecutor(workers, context, forks.end_with_parent))
        return pools[-1].submit(build_here, request, folder)

    try:
        yield submit
    finally:
        for pool in pools:
            pool.shutdown(cancel_futures=True)
        gc.unfreeze()


def build_here(request: Request, folder: Path):
    """A report made in this process, one notebook at a time."""
    from oxcare_analysis.refresh import publish

    gc.disable()
    with standing.refusing(request.out):
        folder.mkdir()
        built = publish.build(replace(request, workers=1), folder, lambda line: None)
    # once an area is soon enough; what it leaves would be copied by every fork of the next
    gc.collect()
    return built
