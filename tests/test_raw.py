"""The raw folder: all or nothing, editions kept apart, true hashes, and what is shipped."""

import csv
import datetime
import hashlib

import pytest
import yaml

from oxcare_analysis.intake import raw
from oxcare_analysis.words import paths
from oxcare_analysis.words.errors import DataError

CARDS = sorted((paths.PROJECT / "data" / "raw").glob("*/*/source.yml"))
LARGEST_RAW_BYTES = 8_000_000


def contents(folder):
    """Every file under a folder, by its place, with its bytes; and every folder that is empty."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
        if path.is_file() or not any(path.iterdir())
    }


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def card_id(path):
    return "/".join(path.parts[-3:-1])


# Adding


def test_files_are_kept_by_source_edition_and_table_with_a_card_beside(small_data_dir):
    assert set(contents(small_data_dir / "raw")) == {"first_published.csv"} | {
        f"children_in_need/2024/{name}"
        for name in (
            "plans.csv",
            "referrals.csv",
            "enquiries_and_conferences.csv",
            "population.csv",
            "source.yml",
        )
    }


def test_a_bad_second_file_leaves_the_folder_as_it_was(small_data_dir, official):
    before = contents(small_data_dir)
    good, bad = official("d5"), official("d3", {("981", 2024, "CPP_subsequent"): "oops"})
    with pytest.raises(DataError):
        raw.add_files([good, bad], data_dir=small_data_dir)
    assert contents(small_data_dir) == before


def test_a_bad_file_leaves_nothing_of_a_new_folder(tmp_path, official):
    with pytest.raises(DataError):
        raw.add_files(
            [official("d1"), official("c4", {("981", 2024, "ICPC"): "-1"})],
            data_dir=tmp_path / "new",
        )
    assert not (tmp_path / "new").exists()


def test_a_bad_file_beside_the_monthly_template_keeps_the_months_out_too(
    small_data_dir, official, monthly_csv
):
    before = contents(small_data_dir)
    with pytest.raises(DataError):
        raw.add_files(
            [
                monthly_csv(["2025-04", 1, 2, 3, 4, 5, 6]),
                official("d5", {("981", 2024, "CPP_At31"): "?"}),
            ],
            data_dir=small_data_dir,
        )
    assert contents(small_data_dir) == before


def test_a_file_that_conflicts_with_one_held_leaves_the_folder_as_it_was(small_data_dir, official):
    before = contents(small_data_dir)
    with pytest.raises(DataError):
        raw.add_files(
            [official("d5"), official("d1", {("981", 2024, "CPP_At31"): 471})],
            data_dir=small_data_dir,
        )
    assert contents(small_data_dir) == before


def test_a_conflict_leaves_no_folder_of_another_edition_behind(small_data_dir, official):
    before = contents(small_data_dir)
    with pytest.raises(DataError):
        raw.add_files(
            [official("d5", years=(2021, 2022)), official("d1", {("981", 2024, "CPP_At31"): 471})],
            data_dir=small_data_dir,
        )
    assert contents(small_data_dir) == before


def test_adding_the_same_file_twice_says_it_is_already_held_and_changes_nothing(
    small_data_dir, official
):
    before = contents(small_data_dir)
    said = raw.add_files([official("d1", name="again.csv")], data_dir=small_data_dir)
    assert said == ["again.csv: children_in_need/2024/plans, already held, nothing to do"]
    assert contents(small_data_dir) == before


def test_adding_says_what_was_done_one_line_a_file(small_data_dir, official):
    said = raw.add_files([official("d5"), official("d1")], data_dir=small_data_dir)
    assert said == [
        "d5.csv: children_in_need/2024/plans_open_by_duration, 15 rows added",
        "d1.csv: children_in_need/2024/plans, already held, nothing to do",
    ]


def test_a_new_table_joins_its_edition_and_leaves_the_others_alone(small_data_dir, official):
    before = contents(small_data_dir)
    raw.add_files([official("d5")], data_dir=small_data_dir)
    after = contents(small_data_dir)
    place = "raw/children_in_need/2024/"
    assert set(after) - set(before) == {place + "plans_open_by_duration.csv"}
    assert {name for name in before if before[name] != after[name]} == {place + "source.yml"}
    assert len(raw.source_card("children_in_need", "2024", small_data_dir)["tables"]) == 5


def test_different_content_under_the_same_edition_is_refused_with_a_way_out(
    small_data_dir, official
):
    changed = official("d1", {("981", 2024, "CPP_At31"): 471}, name="changed.csv")
    with pytest.raises(DataError, match="changed.csv differs.*--edition 2024-2"):
        raw.add_files([changed], data_dir=small_data_dir)


def test_a_replaced_release_is_kept_as_an_edition_of_its_own(small_data_dir, official):
    before = contents(small_data_dir)
    raw.add_files(
        [official("d1", {("981", 2024, "CPP_At31"): 471})],
        edition="2024-2",
        data_dir=small_data_dir,
    )
    assert raw.editions(small_data_dir)["children_in_need"] == ["2024", "2024-2"]
    assert before.items() <= contents(small_data_dir).items()


def test_the_same_table_twice_in_one_call_is_refused(small_data_dir, official):
    before = contents(small_data_dir)
    with pytest.raises(DataError, match="children_in_need/2024/plans_open_by_duration"):
        raw.add_files([official("d5"), official("d5 of 2020")], data_dir=small_data_dir)
    assert contents(small_data_dir) == before


def test_the_edition_is_the_last_year_in_the_file_unless_one_is_given(tmp_path, official):
    raw.add_files([official("d1", years=(2022, 2023))], data_dir=tmp_path / "given")
    raw.add_files([official("d1", years=(2022, 2023))], edition="2025", data_dir=tmp_path / "given")
    assert raw.editions(tmp_path / "given") == {"children_in_need": ["2023", "2025"]}


def test_editions_are_ordered_by_number_and_not_by_letters():
    names = ["2026", "2025-10", "2025-2", "2025"]
    assert sorted(names, key=raw.edition_order) == ["2025", "2025-2", "2025-10", "2026"]


def test_months_go_to_the_local_folder_and_never_to_raw(small_data_dir, monthly_csv):
    before = contents(small_data_dir / "raw")
    said = raw.add_files([monthly_csv(["2025-04", 1, 2, "", 4, 5, 6])], data_dir=small_data_dir)
    assert said == ["monthly.csv: local/months/monthly, 1 rows added"]
    assert contents(small_data_dir / "raw") == before
    kept = (small_data_dir / "local" / "monthly.csv").read_text(encoding="utf-8")
    assert kept.splitlines()[1] == "2025-04,1,2,,4,5,6"


def test_no_half_written_file_is_left_behind(small_data_dir, official, monthly_csv):
    raw.add_files(
        [official("d5"), monthly_csv(["2025-04", 1, 2, 3, 4, 5, 6])], data_dir=small_data_dir
    )
    assert {name.rpartition(".")[2] for name in contents(small_data_dir)} - {"lock"} == {
        "csv",
        "yml",
    }
    assert {path.name for path in small_data_dir.rglob(".*")} <= {".lock"}


# What is written


def test_the_hashes_on_the_card_are_those_of_the_publishers_file_and_of_ours(
    small_data_dir, official
):
    theirs = official("d5")
    raw.add_files([theirs], data_dir=small_data_dir)
    entry = raw.source_card("children_in_need", "2024", small_data_dir)["tables"][
        "plans_open_by_duration"
    ]
    ours = (
        paths.raw_dir(small_data_dir) / "children_in_need" / "2024" / "plans_open_by_duration.csv"
    )
    assert entry["publishers_file_sha256"] == sha256(theirs.read_bytes())
    assert entry["our_file_sha256"] == sha256(ours.read_bytes())
    assert (entry["publishers_file"], entry["rows"]) == ("d5.csv", 15)
    assert entry["title"] == "D5 Plans at 31 March by duration"


def test_the_publishers_hash_is_of_the_bytes_as_given_and_ours_does_not_depend_on_them(
    tmp_path, official
):
    plain = official("d1", name="plain.csv")
    marked = tmp_path / "marked.csv"
    marked.write_bytes(b"\xef\xbb\xbf" + plain.read_bytes())
    raw.add_files([plain], data_dir=tmp_path / "one")
    raw.add_files([marked], data_dir=tmp_path / "two")
    one, two = (
        raw.source_card("children_in_need", "2024", tmp_path / folder)["tables"]["plans"]
        for folder in ("one", "two")
    )
    assert one["our_file_sha256"] == two["our_file_sha256"]
    assert (
        one["publishers_file_sha256"]
        != two["publishers_file_sha256"]
        == sha256(marked.read_bytes())
    )


def test_the_card_names_the_publisher_the_licence_and_the_edition(small_data_dir):
    card = raw.source_card("children_in_need", "2024", small_data_dir)
    assert card["publisher"] == "Department for Education"
    assert card["licence"] == "Open Government Licence v3.0"
    assert card["edition"] == "2024"


def test_the_month_of_publication_is_the_one_given_else_the_listed_one_else_this_month(
    small_data_dir, official
):
    this_month = datetime.date.today().strftime("%Y-%m")
    raw.add_files([official("d1")], edition="2019", data_dir=small_data_dir)
    raw.add_files([official("d1")], edition="2020", data_dir=small_data_dir, published="2020-11")
    months = {
        edition: raw.source_card("children_in_need", edition, small_data_dir)["first_published"]
        for edition in ("2019", "2020", "2024")
    }
    assert months == {"2019": this_month, "2020": "2020-11", "2024": "2024-10"}


@pytest.mark.parametrize("month", ["2025", "2025-13", "October 2025", "2025-1", ""])
def test_a_month_of_publication_in_another_form_is_refused(small_data_dir, official, month):
    with pytest.raises(DataError, match="2025-10"):
        raw.add_files([official("d5")], data_dir=small_data_dir, published=month)


def test_symbols_are_kept_as_the_publisher_wrote_them(small_data_dir, official):
    symbols = ("c", "x", "z", "u", "", "low", "1,234")
    for number, symbol in enumerate(symbols):
        raw.add_files(
            [official("d1", {("981", 2024, "CPP_At31"): symbol})],
            edition=str(2016 + number),
            data_dir=small_data_dir,
        )
    kept = [
        raw.read_table("children_in_need", str(2016 + n), "plans", small_data_dir)
        .query("area_code == '981' and year == '2024'")["plans_open_count"]
        .item()
        for n in range(len(symbols))
    ]
    assert kept == list(symbols)


def test_every_cell_of_a_raw_table_is_read_as_text(small_data_dir):
    table = raw.read_table("children_in_need", "2024", "plans", small_data_dir)
    assert all(isinstance(cell, str) for column in table for cell in table[column])


# What a killed run leaves


@pytest.mark.parametrize("leftover", [".2024.new", ".2024.old"])
def test_a_folder_left_by_a_killed_run_is_not_an_edition(small_data_dir, leftover):
    source = small_data_dir / "raw" / "children_in_need"
    (source / leftover).mkdir()
    (source / leftover / "source.yml").write_bytes((source / "2024" / "source.yml").read_bytes())
    assert raw.editions(small_data_dir) == {"children_in_need": ["2024"]}


def test_an_edition_caught_between_the_two_renames_of_a_swap_is_not_lost(small_data_dir, official):
    source = small_data_dir / "raw" / "children_in_need"
    (source / "2024").rename(source / ".2024.old")
    raw.add_files([official("d5")], data_dir=small_data_dir)
    assert (source / "2024" / "plans.csv").exists()


# What is shipped


def test_something_is_shipped():
    assert len(CARDS) >= 10


@pytest.mark.parametrize("card_path", CARDS, ids=card_id)
def test_a_shipped_edition_names_its_publisher_its_licence_and_its_month(card_path):
    card = yaml.safe_load(card_path.read_text(encoding="utf-8"))
    assert card["publisher"] and card["title"]
    assert card["licence"] == "Open Government Licence v3.0"
    assert card["edition"] == card_path.parent.name
    assert raw.MONTH.fullmatch(card["first_published"])
    assert card["first_published"] <= datetime.date.today().strftime("%Y-%m")


@pytest.mark.parametrize("card_path", CARDS, ids=card_id)
def test_the_hashes_and_row_counts_of_a_shipped_edition_are_true(card_path):
    tables = yaml.safe_load(card_path.read_text(encoding="utf-8"))["tables"]
    assert {path.stem for path in card_path.parent.glob("*.csv")} == set(tables)
    for name, entry in tables.items():
        content = (card_path.parent / f"{name}.csv").read_bytes()
        assert sha256(content) == entry["our_file_sha256"], name
        assert len(list(csv.reader(content.decode("utf-8").splitlines()))) == entry["rows"] + 1, (
            name
        )
        assert len(entry["publishers_file_sha256"]) == 64 and entry["publishers_file"].endswith(
            ".csv"
        )


def test_no_shipped_raw_table_lacks_a_card(shipped_dir):
    folders = {path.parent for path in (shipped_dir / "raw").glob("*/*/*")}
    assert folders == {card.parent for card in CARDS}


def test_the_shipped_raw_folder_is_small_enough_for_a_repository(shipped_dir):
    assert (
        sum(len(content) for content in contents(shipped_dir / "raw").values()) < LARGEST_RAW_BYTES
    )


def test_shipped_symbols_are_kept_as_text(shipped_dir):
    plans = raw.read_table("children_in_need", "2024", "plans", shipped_dir)
    city = plans[
        (plans["area_code"] == "201") & (plans["year"] == "2013")
    ]  # City of London, D1 2024
    assert city["plans_open_count"].item() == "c" and city["plans_ended_count"].item() == "7"
    duration = raw.read_table("children_in_need", "2025", "plans_open_by_duration", shipped_dir)
    hampshire = duration[(duration["area_code"] == "850") & (duration["year"] == "2024")]  # D5 2025
    assert hampshire["plans_open_count"].item() == "u"
