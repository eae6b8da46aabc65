"""Writing that a kill or a full disk cannot halve: a file is written under a name of its own, then
put in place whole.

What was written is seen onto the disk before it gets its name, and so is the name. On Windows a
file that is open in another program cannot be replaced: that is tried for a few seconds, then said.
"""

import ctypes
import errno
import logging
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from oxcare_analysis.words.errors import RunError, UsageError

LOG = logging.getLogger(
    "oxcare_analysis"
)  # warnings reach the user; the steps of a write are told at DEBUG
WINDOWS = os.name == "nt"
WAITS = (
    0.05,
    0.1,
    0.2,
    0.4,
    0.8,
    1.6,
)  # seconds between tries at a file that another program has open
AT_FOLDER, SWAPPED = -100, 2  # AT_FDCWD; RENAME_EXCHANGE on Linux and RENAME_SWAP on a Mac
LOCK_SECONDS = 3600
SECONDS_BEFORE_SAYING = 2
UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EEXIST)
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CANNOT_SYNC = (errno.EINVAL, errno.EOPNOTSUPP)  # what some network folders answer


def write(path: Path, content: str | bytes) -> None:
    """Put a file in place whole; text as UTF-8 with the line ends it has. Raises OSError, leaving
    what stood there.
    """
    content = content.encode("utf-8") if isinstance(content, str) else content
    write_by(lambda partial: partial.write_bytes(content), path)


def write_by(make: Callable[[Path], object], path: Path) -> None:
    """As write, of a file that `make` writes at the place it is given. One writer a path: callers
    hold a lock.
    """
    partial = path.with_name(path.name + ".part")
    remove(partial)  # were it a link, what it leads to would be written over
    try:
        make(partial)
        sync(partial)
        move(partial, path)
    except OSError:
        remove(partial)
        raise


def sync(path: Path) -> None:
    """See a file, or every file and folder of a tree, onto the disk; a link is not followed."""
    if is_link(path):
        return
    if path.is_dir():
        for inside in path.iterdir():
            sync(inside)
        sync_folder(path)
    else:
        _fsync(path)


def copy(source: Path, target: Path, hidden: bool = True) -> None:
    """Copy a folder to a new one, with what is `hidden` or without; a link stays a link. Ends at
    the first refusal.
    """
    target.mkdir()
    for path in source.iterdir():
        if path.name.startswith(".") and not hidden:
            continue
        if path.is_dir() and not is_link(path):
            copy(path, target / path.name, hidden)
        else:
            shutil.copyfile(path, target / path.name, follow_symlinks=False)


def move(source: Path, target: Path) -> None:
    """Rename, and see the new name onto the disk; `target` is replaced where it is a file."""
    for wait in (*WAITS, None):
        try:
            os.replace(source, target)
            break
        except PermissionError:
            if wait is None or not WINDOWS:
                raise
            time.sleep(wait)
    for folder in {source.parent, target.parent}:
        sync_folder(folder)


def exchange(one: Path, other: Path) -> bool:
    """Give two folders of a disk each other's names in one step; False, with nothing done, where
    the system cannot.

    Linux and macOS can, on most disks; Windows cannot.
    """
    if WINDOWS:
        return False
    system, names = ctypes.CDLL(None), (os.fsencode(one), os.fsencode(other))
    if hasattr(system, "renameat2"):
        done = system.renameat2(AT_FOLDER, names[0], AT_FOLDER, names[1], SWAPPED)
    elif hasattr(system, "renamex_np"):
        done = system.renamex_np(*names, SWAPPED)
    else:
        return False
    if done == 0:
        for folder in {one.parent, other.parent}:
            sync_folder(folder)
    return done == 0


def remove(path: Path) -> None:
    """Take away a file, a folder with all in it, or a link (never what it leads to); what cannot go
    is left.
    """
    with suppress(OSError):
        if is_link(path):
            # Windows takes a link to a folder away as a folder.
            os.rmdir(path) if WINDOWS and path.is_dir() else os.unlink(path)
        elif path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def is_link(path: Path) -> bool:
    """Whether this is a symbolic link or, on Windows, a junction."""
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISLNK(found.st_mode) or getattr(found, "st_reparse_tag", 0) == getattr(
        stat, "IO_REPARSE_TAG_MOUNT_POINT", -1
    )


@contextmanager
def lock(path: Path, what: str, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold `path` alone, waiting for whoever holds it, and saying so; the system lets go when a
    holder dies.

    `what` completes "Another oxcare process is writing to ...". Raises RunError after `seconds`.
    """
    if is_link(path):
        raise UsageError(
            f"{path.parent.name}/{path.name} is a link; expected a plain file that only locks."
            " Remove the link and run again."
        )
    held = FileLock(path)
    try:
        try:
            held.acquire(timeout=min(seconds, SECONDS_BEFORE_SAYING))
        except Timeout:
            LOG.warning(
                "Another oxcare process is writing to %s; waiting for it, at most %.0f minutes.",
                what,
                seconds / 60,
            )
            held.acquire(timeout=seconds)
    except Timeout:
        raise RunError(
            f"Another oxcare process has been writing to {what} for over {seconds / 60:.0f}"
            " minutes. Nothing was changed. Wait for it to end or end it, then run again: its lock"
            " goes with it."
        ) from None
    try:
        yield
    finally:
        held.release()


@contextmanager
def refusing(what: str, option: str) -> Iterator[None]:
    """Turn the system's refusal to write into one paragraph: UsageError for a place, RunError for
    all else.

    `what` begins the sentence ("The folder of reports"); `option` is how another place is given.
    """
    try:
        yield
    except OSError as problem:
        name = (
            f" ({'/'.join(Path(problem.filename).parts[-2:])})"
            if isinstance(problem.filename, str)
            else ""
        )
        why = (
            f"{what} could not be written{name}: {problem.strerror or problem}. What stood there"
            " still stands. "
        )
        if problem.errno in FULL:
            raise RunError(
                f"{why}Make room on its disk, or give another place with {option}, and run again."
            ) from None
        if problem.errno in UNWRITABLE:
            raise UsageError(
                f"{why}Give a folder that can be written to with {option}; where a file of it is"
                " open in another program, close that first."
            ) from None
        raise RunError(f"{why}Once the reason is mended, run again.") from None


def _fsync(path: Path) -> None:
    handle = os.open(
        path, os.O_RDWR if WINDOWS else os.O_RDONLY
    )  # Windows syncs only what may be written
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """See the names in a folder onto the disk, where the system can: Windows keeps a journal of its
    own instead.
    """
    if WINDOWS:
        return
    try:
        _fsync(folder)
    except OSError as problem:
        if problem.errno not in CANNOT_SYNC:
            raise
