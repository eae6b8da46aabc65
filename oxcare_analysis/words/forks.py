"""Run calls side by side, each in its own process: forked from this one where the system can, else
started anew.
"""

import ctypes
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait

from oxcare_analysis.words.errors import RunError

# A fork has all that its parent imported and loaded. macOS can fork too, but its own libraries may
# not survive it.
CAN_FORK = sys.platform == "linux"
CORES = os.cpu_count() or 1
END_WITH_PARENT = 1  # PR_SET_PDEATHSIG


def end_with_parent() -> None:
    """For a process that works for another to call first: when that one is killed it ends too, and
    waits for nothing.
    """
    if CAN_FORK:  # the system sees to it: a process with a second thread is not safe to fork
        ctypes.CDLL(None).prctl(END_WITH_PARENT, signal.SIGKILL)
        if not parent_process().is_alive():
            os._exit(1)
    else:
        threading.Thread(target=_end_after, args=(parent_process(),), daemon=True).start()


def _end_after(parent) -> None:
    parent.join()
    os._exit(1)


def is_safe() -> bool:
    """Whether this process can be forked: where another of its threads holds a lock, its fork would
    wait for ever.
    """
    return CAN_FORK and threading.active_count() == 1


class Ended(RunError):
    """A process was ended from outside before it gave its result."""


def _ended(names: str) -> Ended:
    return Ended(
        f"The process at work on {names} was ended from outside (memory is the usual reason)."
        " Nothing was published; run again with --workers 1."
    )


def each(
    calls: dict[str, tuple],
    workers: int,
    fork: bool = CAN_FORK,
    meanwhile: Callable[[], object] = lambda: None,
) -> Iterator[tuple[str, object]]:
    """(name, result) of each call (function, *arguments), as they end, at most `workers` at a time.

    `meanwhile`: what this process does itself once the first have begun; what it has then, later
    forks have too. Raises what a call raised, or Ended; calls that were not begun then never are.
    """
    yield from (_forked if fork else _anew)(calls, max(1, workers), meanwhile)


def _forked(
    calls: dict[str, tuple], workers: int, meanwhile: Callable
) -> Iterator[tuple[str, object]]:
    context, waiting, running = get_context("fork"), list(calls.items()), {}

    def begin() -> None:
        while waiting and len(running) < workers:
            name, call = waiting.pop(0)
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=_answer, args=(theirs, *call))
            process.start()
            theirs.close()
            running[ours] = name, process

    thaw = (
        not gc.get_freeze_count()
    )  # what a fork inherited frozen stays so: to look through it would copy it
    if thaw:
        gc.freeze()
    try:
        begin()
        meanwhile()
        while running:
            for answered in wait(list(running)):
                name, process = running[answered]
                try:
                    result, problem = answered.recv()
                except EOFError:
                    raise _ended(name) from None
                process.join()
                del running[answered]
                answered.close()
                if problem:
                    raise problem
                yield name, result
            begin()
    finally:
        if thaw:
            gc.unfreeze()
        for answered, (_, process) in running.items():
            process.kill()
            process.join()
            answered.close()


def _answer(pipe, function: Callable, *arguments) -> None:
    end_with_parent()
    gc.disable()  # it ends soon, and what it leaves goes with it
    try:
        answer = function(*arguments), None
    except Exception as problem:
        answer = None, problem
    pipe.send(answer)
    pipe.close()


def _anew(
    calls: dict[str, tuple], workers: int, meanwhile: Callable
) -> Iterator[tuple[str, object]]:
    with ProcessPoolExecutor(workers, get_context("spawn"), end_with_parent) as pool:
        waiting = {pool.submit(*call): name for name, call in calls.items()}
        try:
            meanwhile()
            for done in as_completed(waiting):
                yield waiting[done], done.result()
        except BrokenProcessPool:
            raise _ended(
                ", ".join(sorted(name for call, name in waiting.items() if not call.done()))
            ) from None
        except Exception:
            pool.shutdown(cancel_futures=True)
            raise
