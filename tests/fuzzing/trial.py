"""One mutant given to the command line, and whether what came of it is right."""

import contextlib
import hashlib
import io
import shutil
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from fuzzing.mutations import DIFFERENT, EITHER, REFUSED, SAME, mutate
from fuzzing.originals import Sheet, originals
from fuzzing.reading import Contradicts, alike, lines, numbers, said, written

from oxcare_analysis.cli.main import main
from oxcare_analysis.intake import raw, registers
from oxcare_analysis.tables import checks, tables
from oxcare_analysis.words.errors import DataError

LONGEST_PARAGRAPH = 1500


@dataclass(frozen=True)
class Result:
    """What came of one mutant: `outcome` is one of the three words, `fault` says what is wrong (''
    if nothing).
    """

    file: str
    mutation: str
    seed: int
    outcome: str
    differs: bool
    content: bytes  # hash of the mutant's bytes
    fault: str


class Desk:
    """A data folder with a little in it already, put back as it was after every mutant."""

    def __init__(self, folder: Path):
        self.folder, self.data = folder, folder / "data"
        plans = next(s for s in originals() if s.name.startswith("2024_d1"))
        (folder / "plans.csv").write_bytes(plans.written())
        raw.add_files([folder / "plans.csv"], "2020", self.data)
        self.before = self.contents()

    def contents(self) -> dict[str, bytes]:
        """Every file by its place, and every folder that is empty."""
        return {
            p.relative_to(self.data).as_posix(): p.read_bytes() if p.is_file() else b""
            for p in self.data.rglob("*")
            if p.is_file() or not any(p.iterdir())
        }

    def restore(self) -> None:
        """Take away what a mutant that was read has left."""
        shutil.rmtree(self.data)
        for place, content in self.before.items():
            (self.data / place).parent.mkdir(parents=True, exist_ok=True)
            (self.data / place).write_bytes(content)


def run(arguments: list[str]) -> tuple[int, str, str]:
    """The command line in this process: exit code, standard output, standard error."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in "oe")
    code = 0
    with (
        mock.patch.object(sys, "argv", ["oxcare", *arguments]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as done:
            code = done.code or 0
        except BaseException:
            code = 1
            print(traceback.format_exc(), file=err)
    texts = []
    for stream in (out, err):
        stream.seek(0)
        texts.append(stream.read())
    return code, *texts


def trial(desk: Desk, sheet: Sheet, mutation: str, seed: int) -> Result | None:
    """Make one mutant, give it to its reader and judge; None where the file has no place for the
    mutation.
    """
    mutant = mutate(sheet, mutation, seed)
    if mutant is None:
        return None
    give = _register if sheet.kind == "register" else _added
    outcome, fault = give(desk, sheet, mutant)
    if not fault and mutant.right not in (EITHER, outcome):
        fault = f"expected {mutant.right}, found {outcome}"
    return Result(
        sheet.name,
        mutation,
        seed,
        outcome,
        mutant.content != sheet.written(),
        hashlib.sha256(mutant.content).digest(),
        fault,
    )


def _added(desk: Desk, sheet: Sheet, mutant) -> tuple[str, str]:
    path = desk.folder / "mutant.csv"
    path.write_bytes(mutant.content)
    code, out, err = run(["data", "add", str(path), "--data-dir", str(desk.data)])
    if code == 3:
        return REFUSED, _badly_refused(out, err) or (
            "" if desk.contents() == desk.before else "the folder has changed"
        )
    if code:
        return "failed", f"exit {code}: {err.strip()[-300:]}"
    try:
        return _read(desk, sheet, mutant, out)
    finally:
        desk.restore()


def _read(desk: Desk, sheet: Sheet, mutant, out: str) -> tuple[str, str]:
    after = desk.contents()
    if {p: after.get(p) for p in desk.before} != desk.before:
        return "failed", "a file that was held has changed"
    new = [p for p in after if p not in desk.before and p.endswith(".csv")]
    if len(new) != 1 or len(after) - len(desk.before) != (1 if sheet.kind == "monthly" else 2):
        return "failed", f"wrote {sorted(set(after) - set(desk.before))}"
    outcome, fault = _compared(sheet, mutant.content, after[new[0]])
    silent = [c for c in _left_out(sheet, mutant.content) if c not in out]
    if not fault and silent:
        fault = f"left out without a word: {silent}"
    if not fault and mutant.checked:
        found = checks.run(tables.build(desk.data), desk.data)
        fault = (
            ""
            if mutant.checked in set(found["check"])
            else f"not found by the check '{mutant.checked}'"
        )
    return outcome, fault


def _register(desk: Desk, sheet: Sheet, mutant) -> tuple[str, str]:
    path = desk.data / "raw" / "published_figures" / f"{sheet.name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(mutant.content)
    try:
        frame = registers.read(sheet.name, desk.data)
    except DataError as problem:
        return REFUSED, _badly_refused("", f"oxcare: {problem}\n")
    except BaseException:
        return "failed", traceback.format_exc()[-300:]
    finally:
        shutil.rmtree(path.parent)
    kept = frame[[column for column in sheet.header if column in frame]]
    return _compared(
        sheet, mutant.content, kept.to_csv(index=False, lineterminator="\n").encode("utf-8")
    )


def _compared(sheet: Sheet, content: bytes, kept: bytes) -> tuple[str, str]:
    try:
        expected = said(sheet, content)
    except (Contradicts, KeyError, ValueError, StopIteration) as problem:
        return (
            "failed",
            f"read, though no reading of it is right: {type(problem).__name__} {problem}",
        )
    found = written(sheet, kept)
    outcome = SAME if numbers(expected) == numbers(said(sheet, sheet.written())) else DIFFERENT
    wrong = [
        key
        for key in expected.keys() | found.keys()
        if not alike(expected.get(key), found.get(key))
    ]
    return (
        outcome,
        (
            f"{len(wrong)} cells wrong, first {wrong[0]}: {expected.get(wrong[0])!r} in the file, "
            f"{found.get(wrong[0])!r} kept"
            if wrong
            else ""
        ),
    )


def _left_out(sheet: Sheet, content: bytes) -> list[str]:
    """Columns of the documented CSV that the project does not keep: it has to say so."""
    if sheet.kind != "wide":
        return []
    ours = {c for (c,) in sheet.table.columns.values()}
    return [c for c in lines(content)[0] if c not in ours and c not in sheet.roles.values()]


def _badly_refused(out: str, err: str) -> str:
    """What is wrong with a refusal: it is one paragraph on standard error that begins with the
    program's name.
    """
    if out or not err.startswith("oxcare: ") or "\n" in err.strip() or "Traceback" in err:
        return f"not one paragraph: {err[:200]!r}"
    if len(err) > LONGEST_PARAGRAPH or not err.strip().isprintable():
        return f"a paragraph nobody can read: {len(err)} characters, {err[:200]!r}"
    return ""
