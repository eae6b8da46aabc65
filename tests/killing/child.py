"""Work done in a process that stops before every step it takes on the disk, until it is told to go
on, or killed.

A step is what the run says in its own log, and every file opened for writing, renamed, taken away
or seen onto the disk in the folder that is watched. Nothing of the code that is tried knows of it.
"""

import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

FORK = (
    "fork"
    if "fork" in multiprocessing.get_all_start_methods() and sys.platform != "darwin"
    else "spawn"
)
AUDITED = (
    "os.rename",
    "os.remove",
    "os.rmdir",
    "os.mkdir",
    "os.truncate",
    "shutil.rmtree",
    "shutil.copytree",
)
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
START = "the start"


def never(_: list) -> bool:
    """For a run that is let come to its end."""
    return False


@dataclass(frozen=True)
class Step:
    """Where a run stood: what its log last said, and what it was about to do."""

    phase: str
    act: str


class _Told(logging.Handler):
    """Hands every line of the run's log on."""

    def __init__(self, tell: Callable[[str], None]):
        super().__init__(logging.DEBUG)
        self.tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        self.tell(record.getMessage())


def kill_when(now: Callable[[list[Step]], bool], scene, after: float = 0) -> tuple[list[Step], int]:
    """Run `scene.work()` in a process of its own, and kill it and its group where `now` says so of
    the steps told.

    With `after`, it goes on from there for so many seconds first. Returns the steps told, the last
    one not taken, and the exit code, which is not 0 where it was killed.
    """
    context = multiprocessing.get_context(FORK)
    here, there = context.Pipe()
    process = context.Process(target=_run, args=(there, scene))
    process.start()
    there.close()
    steps, phase = [], START
    try:
        while True:
            kind, words = here.recv()
            if kind == "log":
                phase = words
            steps.append(Step(phase, words if kind == "act" else "went on"))
            scene.saw(steps[-1])
            if now(steps):
                if after:
                    threading.Timer(after, _kill, [process]).start()
                else:
                    _kill(process)
                    break
            here.send("go on")
    except (EOFError, ConnectionError):
        pass
    process.join()
    return steps, process.exitcode


def _kill(process: multiprocessing.Process) -> None:
    """Kill it and all of its group; on Windows it alone."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):  # it came to its end first
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def _run(pipe, scene) -> None:
    if hasattr(os, "setsid"):
        os.setsid()
    watched = str(scene.watched)

    def tell(kind: str, words: str) -> None:
        pipe.send((kind, words))
        pipe.recv()

    def listen(event: str, args: tuple) -> None:
        if (
            event == "open"
            and isinstance(args[2], int)
            and args[2] & WRITES
            and _inside(args[0], watched)
        ):
            tell("act", "open to write")
        elif event in AUDITED and (
            _inside(args[0], watched) or isinstance(args[-1], int) and args[-1] > 0
        ):
            tell("act", event.partition(".")[2])

    synced = os.fsync

    def fsync(handle: int) -> None:
        tell("act", "fsync")
        synced(handle)

    os.fsync = fsync
    log = logging.getLogger("oxcare_analysis")
    log.setLevel(logging.DEBUG)
    log.addHandler(_Told(lambda words: tell("log", words)))
    sys.addaudithook(listen)
    scene.work()


def _inside(path: object, watched: str) -> bool:
    return isinstance(path, (str, os.PathLike)) and str(path).startswith(watched)
