"""Mutated real files, a few of each mutation; the full run is `make fuzz`. And proof that a fault
would be seen.
"""

import csv
import io
import random

import pytest
from fuzzing.mutations import MUTATIONS, REFUSED, mutate
from fuzzing.originals import HERE, originals
from fuzzing.trial import Desk, run, trial

from oxcare_analysis.intake import raw, sources, text
from oxcare_analysis.words.errors import DataError

FILES_EACH = 7
SLICES = sorted((HERE / "real_files").glob("*.csv"))


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return Desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def plans():
    return next(s for s in originals() if s.name.startswith("2025_d5"))


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_mutated_file_is_read_as_it_says_or_refused_in_one_paragraph(desk, mutation):
    fit = [s for s in originals() if mutate(s, mutation, 1)]
    tried = [
        trial(desk, s, mutation, 1)
        for s in random.Random(mutation).sample(fit, min(FILES_EACH, len(fit)))
    ]
    assert [(r.file, r.fault) for r in tried if r.fault] == []
    assert len(tried) == min(FILES_EACH, len(fit)) > 0


def test_at_least_four_mutants_in_five_differ_from_their_original():
    made = [(s, mutate(s, kind, 1)) for kind in MUTATIONS for s in originals()]
    differ = [mutant.content != sheet.written() for sheet, mutant in made if mutant]
    assert sum(differ) >= 0.8 * len(differ) and len(differ) > 1500


@pytest.mark.parametrize("path", SLICES, ids=lambda path: path.stem)
def test_the_slices_say_what_the_shipped_figures_say(shipped_dir, path):
    intake = sources.read_file(path)
    edition = {"2024": "2024", "2025": "2025"}.get(
        path.name[:4], raw.editions(shipped_dir)[intake.source][0]
    )
    held = raw.read_table(intake.source, edition, intake.table, shipped_dir)
    mine, theirs = (
        {tuple(row) for row in frame.itertuples(index=False)} for frame in (intake.rows, held)
    )
    assert len(mine) >= 10 and mine <= theirs


def test_the_readers_leave_a_real_file_as_it_is(desk, plans):
    assert list(csv.reader(io.StringIO(plans.written().decode())))[0] == plans.header
    assert (
        run(
            [
                "data",
                "add",
                str(HERE / "real_files" / f"{plans.name}.csv"),
                "--data-dir",
                str(desk.data),
            ]
        )[0]
        == 0
    )
    desk.restore()


# What is wrong with a reader shows


def faults(desk, plans, mutation="another number"):
    result = trial(desk, plans, mutation, 2)
    desk.restore()
    return result.fault


def test_a_row_that_a_reader_drops_is_a_fault(desk, plans, monkeypatch):
    checked = sources._checked_rows
    monkeypatch.setattr(sources, "_checked_rows", lambda rows, name: checked(rows, name).iloc[:-1])
    assert "cells wrong" in faults(desk, plans)


def test_a_cell_that_a_reader_changes_is_a_fault(desk, plans, monkeypatch):
    checked = sources._checked_rows
    monkeypatch.setattr(
        sources, "_checked_rows", lambda rows, name: checked(rows, name).replace("c", "0")
    )
    assert "cells wrong" in faults(desk, plans)


def test_a_traceback_is_a_fault(desk, plans, monkeypatch):
    monkeypatch.setattr(text, "parse", lambda content, name: 1 / 0)
    assert "exit 1" in faults(desk, plans)


def test_a_refusal_after_something_was_written_is_a_fault(desk, plans, monkeypatch):
    def half(item, folder, published):
        (folder.parent / "half.csv").write_bytes(b"year\n")
        raise DataError("Refused too late.")

    monkeypatch.setattr(raw, "_write", half)
    assert "the folder has changed" in faults(desk, plans)


def test_a_refusal_that_says_more_than_its_paragraph_is_a_fault(desk, plans, monkeypatch):
    def talkative(content, name):
        print("Looking at it ...")
        raise DataError("It is bad.")

    monkeypatch.setattr(text, "parse", talkative)
    assert "not one paragraph" in faults(desk, plans)


def test_a_refusal_that_repeats_the_whole_file_is_a_fault(desk, plans, monkeypatch):
    def long_winded(content, name):
        raise DataError(content.decode())

    monkeypatch.setattr(text, "parse", long_winded)
    assert "nobody can read" in faults(desk, plans)


def test_a_mutant_let_in_that_should_be_refused_is_a_fault(desk, plans, monkeypatch):
    monkeypatch.setattr(sources, "_years", lambda years, name: None)
    assert f"expected {REFUSED}" in faults(desk, plans, "a year to come")
