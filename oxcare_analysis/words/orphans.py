"""A process that works for another ends when that one is killed."""

import ctypes
import os
import signal
import threading
from multiprocessing import parent_process

from oxcare_analysis.words import forks

WHEN_PARENT_DIES = 1  # PR_SET_PDEATHSIG


def end_with_parent() -> None:
    """For a worker to call first: it would else wait for work for ever, with all the memory it has."""
    if forks.CAN_FORK:  # the system sees to it: a process with a second thread is not safe to fork
        ctypes.CDLL(None).prctl(WHEN_PARENT_DIES, signal.SIGKILL)
        if not parent_process().is_alive():
            os._exit(1)
    else:
        threading.Thread(target=_wait, daemon=True).start()


def _wait() -> None:
    parent_process().join()
    os._exit(1)
