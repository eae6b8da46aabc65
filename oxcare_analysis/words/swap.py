"""Finished files and folders put in place of the old ones: all of them or none, wherever a kill
falls.

A lone one changes places with the old one in a single step where the system has it. Else a journal
(.swap.json in `root`) is written once all that is new is on the disk: before it nothing has
changed, and with it whoever comes next carries the moves to their end. Each old one is then first
moved aside, as .<name>.old. Callers hold the lock of `root`.
"""

import json
import os
import re
from contextlib import suppress
from pathlib import Path, PurePosixPath

from oxcare_analysis.words import durable
from oxcare_analysis.words.durable import LOG
from oxcare_analysis.words.errors import RunError

JOURNAL = ".swap.json"
LEFT = re.compile(r"\.(.+)\.(?:new|old|new\.part)")


def staged(target: Path) -> Path:
    """Where what will stand at `target` is made ready: beside it, out of readers' sight."""
    return target.with_name(f".{target.name}.new")


def put_all(root: Path, pairs: list[tuple[Path, Path]]) -> None:
    """Put each (finished, target) in place. Raises OSError with every target as it was before."""
    if not pairs:
        return
    for finished, target in pairs:
        target.parent.mkdir(parents=True, exist_ok=True)
        durable.sync(finished)
        for parent in target.parents:  # those just made among them
            durable.sync_folder(parent)
            if parent == root:
                break
    LOG.debug("swap: on the disk")
    if len(pairs) == 1 and _at_once(*pairs[0]):
        return
    moves = [[path.relative_to(root).as_posix() for path in pair] for pair in pairs]
    durable.write(root / JOURNAL, json.dumps({"moves": moves}))
    LOG.debug("swap: journal written")
    try:
        _forward(pairs)
    except OSError:
        with suppress(OSError):  # what cannot be put back is carried to its end by the next command
            _back(pairs)
            (root / JOURNAL).unlink()
        raise
    _clean(root, pairs)


def _at_once(finished: Path, target: Path) -> bool:
    """Put a lone one in place in a single step, where the system has one: no reader then finds the
    place empty.
    """
    if not os.path.lexists(target):
        durable.move(finished, target)
    elif not durable.exchange(finished, target):
        return False
    LOG.debug("swap: new in place, in one step")
    durable.remove(finished)
    LOG.debug("swap: old taken away")
    return True


def is_open(root: Path) -> bool:
    """Whether a swap is under way, or was interrupted."""
    return (root / JOURNAL).exists()


def settle(root: Path) -> None:
    """Carry an interrupted swap to its end. Raises RunError where its journal is not one, OSError
    where it fails.
    """
    if is_open(root):
        pairs = _moves(root)
        LOG.debug("swap: an interrupted one is carried to its end")
        _forward(pairs)
        _clean(root, pairs)


def tidy(folder: Path, ours: re.Pattern) -> None:
    """Take away what was made ready in a folder and never put in place; put back what an older
    version moved aside.

    Only of targets whose name is `ours`: a hidden file of the user's own is let be.
    """
    if durable.is_link(folder):
        return
    for path in [
        p
        for p in folder.glob(".*")
        if LEFT.fullmatch(p.name) and ours.fullmatch(LEFT.fullmatch(p.name)[1])
    ]:
        target = path.with_name(LEFT.fullmatch(path.name)[1])
        if path == _aside(target) and not os.path.lexists(target) and not durable.is_link(path):
            durable.move(path, target)
        durable.remove(path)


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")


def _forward(pairs: list[tuple[Path, Path]]) -> None:
    """Every move that is still to be made; called again after a kill, it takes up where that
    fell.
    """
    for finished, target in pairs:
        old = _aside(target)
        if finished.exists():
            if os.path.lexists(target):
                durable.remove(old)
                durable.move(target, old)
                LOG.debug("swap: old moved aside")
            durable.move(finished, target)
            LOG.debug("swap: new in place")
        elif old.exists() and not os.path.lexists(target):
            durable.move(old, target)


def _back(pairs: list[tuple[Path, Path]]) -> None:
    for finished, target in reversed(pairs):
        old = _aside(target)
        if not finished.exists():
            durable.move(target, finished)
        if old.exists() and not os.path.lexists(target):
            durable.move(old, target)


def _clean(root: Path, pairs: list[tuple[Path, Path]]) -> None:
    for _, target in pairs:
        durable.remove(_aside(target))
    LOG.debug("swap: old taken away")
    (root / JOURNAL).unlink()
    durable.sync_folder(root)
    LOG.debug("swap: done")


def _moves(root: Path) -> list[tuple[Path, Path]]:
    """What the journal says, so long as it stays inside `root`."""
    try:
        moves = json.loads((root / JOURNAL).read_text(encoding="utf-8"))["moves"]
        named = [PurePosixPath(name) for pair in moves for name in pair]
        whole = all(len(pair) == 2 for pair in moves) and not any(
            name.is_absolute() or ".." in name.parts or "\\" in str(name) or ":" in str(name)
            for name in named
        )
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise RunError(
            f"{root.name}/{JOURNAL} should list what an interrupted command was putting in place,"
            " and does not. Nothing was changed. Remove that file and run again."
        )
    return [(root / finished, root / target) for finished, target in moves]
