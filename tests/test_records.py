"""An authority's own records: three layouts to one monthly table, hand-worked months, cells,
snapshots kept.
"""

import csv
import errno
import json
import shutil

import pandas as pd
import pytest

from oxcare_analysis.intake import raw
from oxcare_analysis.local import cells, census_writer, held_months, reading, store, writers
from oxcare_analysis.local.layouts import annex_a, ssd
from oxcare_analysis.local.months import monthly
from oxcare_analysis.local.records import COLUMNS, MARK, Records, conform, empty
from oxcare_analysis.local.simulator import simulate
from oxcare_analysis.words import durable
from oxcare_analysis.words.errors import DataError, RunError, UsageError

CHILDREN, MONTHS = 6_000, 36
LAYOUTS = {
    "ssd": writers.write_ssd,
    "annex_a": writers.write_annex_a,
    "cin": census_writer.write_cin,
}


@pytest.fixture(scope="module")
def simulated():
    return simulate(CHILDREN, MONTHS, seed=3)


@pytest.fixture(scope="module")
def files(simulated, tmp_path_factory):
    """Simulated files of every layout: layout → its folder (Annex A as workbooks and as CSVs)."""
    root = tmp_path_factory.mktemp("simulated")
    for name, write in LAYOUTS.items():
        write(simulated, root / name)
    return {
        "ssd": root / "ssd",
        "annex_a": root / "annex_a" / "workbooks",
        "annex_a as CSV": root / "annex_a" / "csv",
        "cin": root / "cin",
    }


@pytest.fixture
def extract_csv(tmp_path):
    """A function that writes tables of a Standard Safeguarding Dataset extract: folder, table →
    rows (dicts).
    """

    def write(folder, **tables):
        place = tmp_path / folder
        place.mkdir(parents=True, exist_ok=True)
        for name, rows in tables.items():
            theirs, columns = ssd.TABLES[name]
            with (place / f"{theirs}.csv").open("w", newline="", encoding="utf-8") as file:
                out = csv.writer(file)
                out.writerow(columns.values())
                out.writerows([[row.get(ours, "") for ours in columns] for row in rows])
        return place

    return write


def plan(number, child, start, end="", **others):
    return {
        "plan_id": f"L{number}",
        "person_id": child,
        "start_date": start,
        "end_date": end,
        "other_authority": "N",
        "category_initial": "Neglect",
        "category_latest": "Neglect",
    } | others


def records(plans=(), complete_from="2025-01-01", extract_date="2025-03-31", **tables):
    """Records made by hand: rows of plans as (child, start, end, other authority's), other tables
    as frames.
    """
    rows = pd.DataFrame(
        [(f"L{i}", *row, *[False] * (4 - len(row))) for i, row in enumerate(plans)],
        columns=["plan_id", "person_id", "start_date", "end_date", "other_authority"],
    )
    made = {
        name: conform(name, pd.DataFrame(tables[name])) if name in tables else empty(name)
        for name in COLUMNS
    }
    return Records(
        **made | {"plans": conform("plans", rows)},
        extract_date=pd.Timestamp(extract_date),
        complete_from=pd.Timestamp(complete_from),
        area="Testshire",
        simulated=False,
    )


def held(snapshots, data_dir, **options):
    return store.add(reading.extracts([snapshots], **options)[0], "Testshire", data_dir)[0]


# Three layouts, one table


@pytest.mark.parametrize("layout", ["ssd", "annex_a", "annex_a as CSV", "cin"])
def test_each_layout_gives_the_monthly_table_of_the_records_it_was_written_from(
    files, simulated, tmp_path, layout
):
    first = (
        simulated.complete_from if layout == "ssd" else None
    )  # six years by default: longer than these months
    found = held(files[layout], tmp_path, first=first)
    pd.testing.assert_frame_equal(monthly(found.records), monthly(simulated))
    assert found.records.simulated and found.records.extract_date == simulated.extract_date
    assert found.found["rows"].sum() == 0


def test_one_simulated_edition_left_out_would_be_seen(files, simulated, tmp_path):
    shutil.copytree(files["cin"], tmp_path / "cin")
    (tmp_path / "cin" / "simulated_cin_2025.xml").unlink()
    found = held(tmp_path / "cin", tmp_path / "data")
    assert found.unused == ("2024-03-31",) and found.records.complete_from == pd.Timestamp(
        "2025-04-01"
    )
    pd.testing.assert_frame_equal(
        monthly(found.records),
        monthly(simulated)
        .tail(13)
        .reset_index(drop=True)
        .assign(
            **{
                column: lambda frame, column=column: frame[column].mask(frame.index == 0)
                for column in raw.plain.MONTHLY_COLUMNS[2:]
            }
        ),
    )


def test_every_file_of_simulated_records_says_so(files):
    for folder in files.values():
        for path in folder.rglob("*.*"):
            assert path.name.startswith("simulated_")
            if path.suffix == ".csv":
                rows = path.read_text(encoding="utf-8").splitlines()[1:]
                assert all(MARK in row for row in rows)
            elif path.suffix == ".xml":
                text = path.read_text(encoding="utf-8")
                assert "<!-- Simulated records" in text and "<SoftwareCode>SIMULATED<" in text


# Hand-worked months

WORKED = [
    ("A", "2025-01-15", "2025-03-31"),
    ("B", "2025-02-28", None),
    ("C", "2025-01-10", None),
    ("C", "2025-02-10", None),
    ("D", "2025-01-05", None, True),
    ("E", "2025-02-05", "2025-02-05"),
    ("F", "2025-01-20", "2025-02-14"),
    ("F", "2025-02-14", None),
    ("G", "2025-03-03", None),
    ("H", "2019-06-01", "2025-02-20"),
]


def test_stock_starts_and_ends_of_a_worked_example():
    # December: H. January: A, C, F, H. February: A, B, C (once, though on two plans), F (again).
    # March: B, C, F, G.
    months = monthly(records(WORKED))
    assert months["month"].tolist() == ["2024-12", "2025-01", "2025-02", "2025-03"]
    assert months["plans_open"].tolist() == [1, 4, 4, 4]
    assert months["plans_started"].tolist()[1:] == [3, 4, 1] and pd.isna(months["plans_started"][0])
    assert months["plans_ended"].tolist()[1:] == [0, 3, 1]


def test_a_table_without_rows_gives_no_counts_rather_than_noughts():
    months = monthly(records(WORKED))
    assert (
        months[["enquiries_started", "conferences_held", "referrals_received"]]
        .isna()
        .all(axis=None)
    )


def test_months_before_the_window_and_an_unfinished_month_are_left_out():
    months = monthly(records(WORKED, complete_from="2025-01-02", extract_date="2025-03-30"))
    assert months["month"].tolist() == ["2025-01", "2025-02"]
    assert months["plans_started"].isna().tolist() == [True, False] and months[
        "plans_open"
    ].tolist() == [4, 4]


def test_an_enquiry_over_several_children_counts_each_and_a_conference_on_a_transfer_counts():
    two = {
        "enquiry_id": ["E", "E"],
        "person_id": ["A", "C"],
        "start_date": ["2025-01-02", "2025-01-02"],
    }
    met = {
        "conference_id": ["M", "N"],
        "person_id": ["A", "G"],
        "conference_date": ["2025-01-15", "2025-03-03"],
        "transfer_in": [False, True],
    }
    months = monthly(records(WORKED, enquiries=two, conferences=met)).set_index("month")
    assert months["enquiries_started"].tolist()[1:] == [2, 0, 0]
    assert months["conferences_held"].tolist()[1:] == [1, 0, 1]


# Cells


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2025-03-31", "2025-03-31"),
        ("2025-03-31T00:00:00", "2025-03-31"),
        ("2025-03-31 23:59:59.997", "2025-03-31"),
        ("31/03/2025", "2025-03-31"),
        ("1/3/2025", "2025-03-01"),
        ("31/03/2025 00:00", "2025-03-31"),
        ("2025-03-31T10:00:00Z", "2025-03-31"),
    ],
)
def test_dates_as_systems_write_them(cell, day):
    table, unread = cells.read("plans", pd.DataFrame({"start_date": [cell]}))
    assert table["start_date"].tolist() == [pd.Timestamp(day)] and unread == {}


@pytest.mark.parametrize(
    "cell", ["31/02/2025", "2025-13-01", "45747", "03/31/2025", "soon", "1066-10-14", "31/03/25"]
)
def test_a_date_that_cannot_be_read_sets_its_row_aside(cell):
    table, unread = cells.read("plans", pd.DataFrame({"start_date": [cell, "2025-03-31"]}))
    assert len(table) == 1 and unread == {cells.UNREAD_DATE: 1}


def test_a_childs_own_date_that_cannot_be_read_is_missing_and_the_child_stays():
    table, unread = cells.read(
        "persons", pd.DataFrame({"person_id": ["A"], "expected_birth_date": ["1066-04-13"]})
    )
    assert (
        len(table) == 1
        and table["expected_birth_date"].isna().all()
        and unread == {cells.UNREAD_DATE: 1}
    )


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("NEG", "NEG"),
        ("Neglect", "NEG"),
        ("a) Neglect", "NEG"),
        ("Physical abuse", "PHY"),
        ("Sexual Abuse", "SAB"),
        ("emotional abuse", "EMO"),
        ("Multiple/not recommended", "MUL"),
        ("Neglect, Physical abuse", "MUL"),
    ],
)
def test_categories_as_codes_or_words(cell, code):
    assert cells.read("plans", pd.DataFrame({"category_initial": [cell]}))[0][
        "category_initial"
    ].tolist() == [code]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("Y", True),
        ("true", True),
        ("1", True),
        ("a) Yes", True),
        ("N", False),
        ("FALSE", False),
        ("0", False),
        ("b) No", False),
    ],
)
def test_flags_as_letters_words_and_figures(cell, value):
    assert cells.read("plans", pd.DataFrame({"other_authority": [cell]}))[0][
        "other_authority"
    ].tolist() == [value]


def test_a_code_that_is_not_known_is_missing_and_counted():
    table, unread = cells.read(
        "referrals",
        pd.DataFrame(
            {
                "source": ["1A", "6: police", "XX", "NULL", "10"],
                "close_reason": ["RC5", "RC99", "", "", ""],
            }
        ),
    )
    assert table["source"].astype("object").fillna("").tolist() == ["1A", "6", "", "", "10"]
    assert unread == {cells.UNREAD_CODE: 2}


def test_episodes_of_care_that_follow_on_are_one_period():
    care = conform(
        "care",
        pd.DataFrame(
            {
                "care_id": ["1", "2", "3", "4"],
                "person_id": ["A", "A", "A", "B"],
                "start_date": ["2024-01-01", "2024-02-01", "2024-06-01", "2024-01-10"],
                "end_date": ["2024-02-01", "2024-03-01", None, None],
            }
        ),
    )
    joined = ssd.periods(care)
    assert joined["care_id"].tolist() == ["1", "3", "4"]
    assert joined["end_date"].fillna(pd.Timestamp("2099-01-01")).dt.strftime(
        "%Y-%m-%d"
    ).tolist() == ["2024-03-01", "2099-01-01", "2099-01-01"]


# Headers


@pytest.mark.parametrize("name", list(ssd.TABLES))
def test_an_extract_without_a_needed_column_is_refused_with_its_name(extract_csv, name):
    theirs, columns = ssd.TABLES[name]
    for column in set(columns.values()) - ssd.OPTIONAL:
        place = extract_csv(f"x_{column}", **{"plans": [plan(1, "A", "2025-01-01")], name: []})
        path = place / f"{theirs}.csv"
        for other in ("", column + "_new"):  # taken out, or under another name
            path.write_text(
                path.read_text(encoding="utf-8").replace(column, other), encoding="utf-8"
            )
            with pytest.raises(DataError, match=f"lacks .*{column}"):
                reading.extracts([place])
            path.write_text(",".join(columns.values()) + "\n", encoding="utf-8")


@pytest.mark.parametrize("layout", ["annex_a as CSV"])
@pytest.mark.parametrize(
    ("place", "column", "said"),
    [
        ("simulated_list_7.csv", "Child Protection Plan End Date", "childprotectionplanenddate"),
        ("simulated_list_3.csv", "Referral NFA?", "referralnfa"),
        (
            "simulated_list_5.csv",
            "Date of Initial Child Protection Conference",
            "dateofinitialchildprotectionconference",
        ),
        ("simulated_list_6.csv", "CIN Closure Date", "cinclosuredate"),
        ("simulated_list_7.csv", "Child Unique ID", "childuniqueid"),
    ],
)
def test_a_list_without_a_needed_column_is_refused_with_its_name(
    files, tmp_path, layout, place, column, said
):
    edition = tmp_path / "2026-03-31"
    shutil.copytree(files[layout] / "2026-03-31", edition)
    header, *rows = (edition / place).read_text(encoding="utf-8").splitlines()
    for changed, expected in (
        (header.replace(column, "Something else"), f"lacks .*{said}"),
        (header.replace("Ethnicity", column), "twice"),
    ):
        (edition / place).write_text("\n".join([changed, *rows]), encoding="utf-8")
        with pytest.raises(DataError, match=expected):
            reading.extracts([edition])


def test_headers_of_annex_a_in_either_form_and_below_a_title(tmp_path):
    short = "ChildUniqueID,DateOfBirth,CPPStartDate,CPPEndDate\nA,01/02/2015,03/03/2025,\n"
    (tmp_path / "list7_2025-03-31.csv").write_text(short, encoding="utf-8")
    one = reading.extracts([tmp_path])[0][0]
    assert one.tables["plans"]["plan_id"].tolist() == ["A/2025-03-03"]
    assert (one.day, one.first) == (pd.Timestamp("2025-03-31"), pd.Timestamp("2024-10-01"))
    assert annex_a.list_of(["Number of things"]) == ""


def test_the_lists_of_the_safeguarding_datasets_own_script_are_read(tmp_path):
    lists = {
        "3": (
            "ChildUniqueID,ReferralDate,ReferralSource,ReferralNFA\nA,02/01/2025,6 - Police,b) No\n"
        ),
        "5": (
            "ChildUniqueID,StratDiscussionDate,InitialCPConfDate,CPConfResultInCPPlan\nA,03/01/2025,20/01/2025,a)"
            " Yes\n"
        ),
        "6": (
            "ChildUniqueID,CINStartDate,CINClosureDate,ReasonForClosure\nA,02/01/2025,03/03/2025,"
            "RC5 - Transferred to services of another local authority\n"
        ),
        "7": (
            "ChildUniqueID,DateOfBirth,ChildProtectionPlanStartDate,InitialCategoryOfAbuse,LatestCategoryOfAbuse,DateOfLatestReviewConf,ChildProtectionPlanEndDate\nA,01/02/2015,20/01/2025,a)"
            " Neglect,e) Multiple/not recommended,27/02/2025,03/03/2025\n"
        ),
        "8": "ChildUniqueID,LoookedAfterStartDate,CeasedLookedAfterDate\nA,04/03/2025,\n",
    }
    for number, content in lists.items():
        (tmp_path / f"AA_{number}.csv").write_text(content, encoding="utf-8")
    one = reading.extracts([tmp_path], day=pd.Timestamp("2025-03-31"))[0][0]
    assert {name: len(table) for name, table in one.tables.items()} == dict.fromkeys(COLUMNS, 1)
    first = {name: table.iloc[0] for name, table in one.tables.items()}
    assert first["referrals"][["source", "no_further_action", "close_reason"]].tolist() == [
        "6",
        False,
        "RC5",
    ]
    assert first["plans"][["category_initial", "category_latest"]].tolist() == ["NEG", "MUL"]
    assert first["plans"]["plan_id"] == first["reviews"]["plan_id"] == "A/2025-01-20"
    assert first["conferences"][["enquiry_id", "led_to_plan"]].tolist() == ["A/2025-01-03", True]
    assert one.unread == {}


def test_a_file_of_no_layout_is_refused_by_name_and_passed_over_in_a_folder(extract_csv):
    place = extract_csv("x", plans=[plan(1, "A", "2025-01-01")])
    (place / "ssd_contacts.csv").write_text(
        "cont_contact_id,cont_person_id\n1,2\n", encoding="utf-8"
    )
    assert reading.extracts([place])[1] == ["ssd_contacts.csv"]
    with pytest.raises(DataError, match="of no layout"):
        reading.extracts([place / "ssd_contacts.csv"])


def test_files_of_two_layouts_at_once_and_another_kind_than_said_are_refused(files):
    with pytest.raises(DataError, match="one kind"):
        reading.extracts([files["ssd"], files["cin"]])
    with pytest.raises(DataError, match="expected Annex A"):
        reading.extracts([files["cin"]], kind="annex_a")
    with pytest.raises(UsageError, match="no kind"):
        reading.extracts([files["cin"]], kind="x")


def test_a_column_that_many_suppliers_lack_may_be_missing_and_is_said(extract_csv):
    place = extract_csv("x", plans=[plan(1, "A", "2025-01-01")])
    path = place / "ssd_cp_plans.csv"
    path.write_text(
        "\n".join(
            line.replace(",cppl_cp_plan_ola", "").replace(",N,", ",")
            for line in path.read_text(encoding="utf-8").splitlines()
        ),
        encoding="utf-8",
    )
    one = reading.extracts([place])[0][0]
    assert (
        one.notes[0] == "ssd_cp_plans.csv has no cppl_cp_plan_ola" and len(one.tables["plans"]) == 1
    )


# Snapshots


def test_history_that_a_later_window_has_dropped_is_kept(extract_csv, tmp_path):
    old, new = plan(1, "A", "2017-01-10", "2018-02-01"), plan(2, "B", "2019-01-10", "2024-02-01")
    extract_csv("both/2020-01-31", plans=[old, {**new, "end_date": ""}])
    found = held(extract_csv("both/2025-12-31", plans=[new]).parent, tmp_path / "data")
    assert found.records.plans["plan_id"].tolist() == ["L1", "L2"]
    assert found.records.plans["end_date"].tolist() == [
        pd.Timestamp("2018-02-01"),
        pd.Timestamp("2024-02-01"),
    ]
    assert found.records.complete_from == pd.Timestamp("2014-01-31") and found.days == (
        "2020-01-31",
        "2025-12-31",
    )


def test_an_open_plan_that_a_later_snapshot_lacks_has_been_withdrawn(extract_csv, tmp_path):
    extract_csv("both/2025-01-31", plans=[plan(1, "A", "2024-01-10"), plan(2, "B", "2024-01-10")])
    found = held(
        extract_csv("both/2025-02-28", plans=[plan(2, "B", "2024-01-10")]).parent, tmp_path / "data"
    )
    assert found.records.plans["plan_id"].tolist() == ["L2"]
    gone = found.found[found.found["rule"] == "snapshots"]
    assert (
        gone[["table", "rows"]].values.tolist() == [["plans", 1]]
        and "withdrawn" in gone["message"].iloc[0]
    )


def test_a_list_of_latest_plans_alone_ends_the_plan_before(tmp_path):
    header = "Child Unique ID,Child Protection Plan Start Date,Child Protection Plan End Date\n"
    for day, row in (("2025-03-31", "A,10/01/2025,\n"), ("2025-09-30", "A,05/06/2025,\n")):
        (tmp_path / "csv" / day).mkdir(parents=True)
        (tmp_path / "csv" / day / "list7.csv").write_text(header + row, encoding="utf-8")
    found = held(tmp_path / "csv", tmp_path / "data")
    assert found.records.plans["end_date"].fillna(pd.Timestamp(0)).tolist() == [
        pd.Timestamp("2025-06-05"),
        pd.Timestamp(0),
    ]
    assert monthly(found.records).set_index("month")["plans_open"]["2025-06"] == 1


def test_a_case_of_list_6_closes_an_earlier_referral_and_is_none_itself(tmp_path):
    plans = (
        "Child Unique ID,Child Protection Plan Start Date,Child Protection Plan End"
        " Date\nZ,10/01/2025,\n"
    )
    referrals = "Child Unique ID,Date of referral,Referral Source,Referral NFA?\n"
    cases = "Child Unique ID,CIN Start Date,CIN Closure Date,Reason for Closure\n"
    for day, three, six in (
        ("2025-03-31", "A,02/01/2025,6,\n", "A,02/01/2025,,\nB,05/02/2025,,\n"),
        ("2025-09-30", "", "A,02/01/2025,01/06/2025,RC7\nB,05/02/2025,,\n"),
    ):
        (tmp_path / "csv" / day).mkdir(parents=True)
        for number, content in (("3", referrals + three), ("6", cases + six), ("7", plans)):
            (tmp_path / "csv" / day / f"list{number}.csv").write_text(content, encoding="utf-8")
    found = held(tmp_path / "csv", tmp_path / "data").records.referrals
    assert found["person_id"].tolist() == ["A"] and found["close_date"].tolist() == [
        pd.Timestamp("2025-06-01")
    ]
    assert found["source"].tolist() == ["6"] and found["close_reason"].tolist() == ["RC7"]


def test_a_snapshot_that_lacks_many_plans_is_refused_and_nothing_changes(extract_csv, tmp_path):
    extract_csv("both/2025-01-31", plans=[plan(i, f"C{i}", "2024-01-10") for i in range(60)])
    place = extract_csv("both/2025-02-28", plans=[plan(1, "C1", "2024-01-10")])
    with pytest.raises(DataError, match="lacks 59 plans"):
        held(place.parent, tmp_path / "data")
    assert store.load(tmp_path / "data") is None


def test_snapshots_are_only_added_to(files, simulated, tmp_path):
    arriving = reading.extracts([files["ssd"]])[0]
    store.add(arriving, None, tmp_path)
    before = contents(tmp_path)
    assert (
        "already held" in store.add(arriving, None, tmp_path)[1][0] and contents(tmp_path) == before
    )
    other = arriving[0].tables["plans"].iloc[1:]
    changed = [
        arriving[0].__class__(
            **{**vars(arriving[0]), "tables": {**arriving[0].tables, "plans": other}}
        )
    ]
    with pytest.raises(DataError, match="never written over"):
        store.add(changed, None, tmp_path)
    assert contents(tmp_path) == before


def contents(folder):
    return {
        path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_all_snapshots_are_kept_or_none(files, tmp_path, monkeypatch):
    arriving = reading.extracts([files["cin"]])[0]
    renamed, move = [], durable.move

    def fails(source, target):
        if target.name[:2] == "20":  # the folder of a snapshot
            renamed.append(target)
        if len(renamed) == 2:
            raise OSError(errno.ENOSPC, "disk full")
        move(source, target)

    monkeypatch.setattr(durable, "move", fails)
    with pytest.raises(RunError, match="disk full"):
        store.add(arriving, None, tmp_path)
    monkeypatch.undo()
    assert store.load(tmp_path) is None and len(renamed) >= 2
    assert [path.name for path in (tmp_path / "local" / "records").iterdir() if path.is_dir()] == []


def test_a_snapshot_changed_by_hand_is_refused(files, tmp_path):
    store.add(reading.extracts([files["ssd"]])[0], None, tmp_path)
    place = next((tmp_path / "local" / "records").glob("2*/plans.parquet"))
    pd.read_parquet(place).iloc[1:].to_parquet(place, index=False)  # a valid file, one plan short
    with pytest.raises(DataError, match="not as it was written"):
        store.load(tmp_path)


def test_simulated_and_real_records_and_two_layouts_are_kept_apart(files, extract_csv, tmp_path):
    real = reading.extracts(
        [extract_csv("x", plans=[plan(1, "A", "2025-01-01")])], day=pd.Timestamp("2025-06-30")
    )[0]
    store.add(real, "Testshire", tmp_path)
    for other in ("ssd", "cin"):
        with pytest.raises(DataError, match="--data-dir"):
            store.add(reading.extracts([files[other]])[0], None, tmp_path)
    with pytest.raises(DataError, match="of Testshire, not of"):
        store.add(real, "Elsewhere", tmp_path)


def test_simulated_records_do_not_touch_months_typed_in(files, monthly_csv, tmp_path):
    raw.add_files([monthly_csv(["2024-05", "7", "", "", "", "", ""])], data_dir=tmp_path)
    with pytest.raises(DataError, match="simulated records would change them"):
        store.add(reading.extracts([files["ssd"]])[0], None, tmp_path)
    assert store.load(tmp_path) is None


def test_the_authority_must_be_named_where_the_files_do_not_say(extract_csv, tmp_path):
    real = reading.extracts(
        [extract_csv("x", plans=[plan(1, "A", "2025-01-01")])], day=pd.Timestamp("2025-06-30")
    )[0]
    with pytest.raises(UsageError, match="--area"):
        store.add(real, None, tmp_path)
    assert store.load(tmp_path) is None


def test_the_day_is_the_one_given_else_in_the_name_else_the_newest_in_the_files(extract_csv):
    rows = [plan(1, "A", "2025-01-01", "2025-02-01"), plan(2, "B", "2025-03-07")]
    unnamed, named = extract_csv("x", plans=rows), extract_csv("extract 2025-04-30", plans=rows)
    assert reading.extracts([unnamed])[0][0].day == pd.Timestamp("2025-03-07")
    assert reading.extracts([named])[0][0].day == pd.Timestamp("2025-04-30")
    given = reading.extracts([named], day=pd.Timestamp("2025-05-31"))[0][0]
    assert (given.day, given.first) == (pd.Timestamp("2025-05-31"), pd.Timestamp("2019-05-31"))
    with pytest.raises(UsageError, match="one snapshot"):
        reading.extracts([unnamed, named], day=pd.Timestamp("2025-05-31"))
    with pytest.raises(DataError, match="still to come"):
        reading.extracts([unnamed], day=pd.Timestamp.today().normalize() + pd.Timedelta(days=2))


def test_an_extract_whose_records_begin_within_the_window_is_not_said_to_be_complete_before(
    extract_csv,
):
    rows = [
        plan(i, f"C{i}", "2023-03-01", str(day.date()))
        for i, day in enumerate(pd.date_range("2023-04-03", periods=ssd.FEW, freq="7D"))
    ]
    for number, first in ((ssd.FEW, "2023-04-01"), (ssd.FEW - 1, "2019-12-31")):
        place = extract_csv(
            f"of {number} 2025-12-31", plans=rows[-number:] if number == ssd.FEW else rows[1:]
        )
        assert reading.extracts([place])[0][0].first == pd.Timestamp(first)


def test_no_row_of_records_is_shown_when_they_print(simulated):
    assert "SIMULATED-" not in repr(simulated) and "2026-03-31" in repr(simulated)


# The months held, and the commands


def test_a_month_from_the_template_that_differs_is_said(monthly_csv, simulated, tmp_path):
    told = monthly(simulated).iloc[5]
    raw.add_files(
        [
            monthly_csv(
                [told["month"], int(told["plans_open"]) + 3, "", "", "", "", ""],
                ["2021-01", "7", "", "", "", "", ""],
                ["2023-03", "", "5", "", "", "", ""],
            )
        ],
        data_dir=tmp_path,
    )
    lines = held_months.write(simulated, tmp_path)
    assert lines[0] == f"Months 2023-04 to 2026-03 ({MONTHS}) filled from the records."
    assert (
        lines[1].startswith("1 figure differs from the one held")
        and f"{told['month']}, plans_open: " in lines[2]
    )
    own = raw.read_months(tmp_path)
    assert (
        own["plans_started"].loc["2023-03"] == 5
    )  # before the window the records have the stock alone
    assert (
        own["plans_open"].loc["2021-01"] == 7
        and own["plans_open"].loc[told["month"]] == told["plans_open"]
    )
    assert len(held_months.write(simulated, tmp_path)) == 1


def test_the_commands_simulate_and_add(oxcare, tmp_path):
    code, out, err = oxcare(
        "local",
        "simulate",
        tmp_path / "new",
        "--children",
        3000,
        "--months",
        12,
        "--layout",
        "ssd",
        "--cause",
        "exit_threshold",
    )
    assert (
        code == 0
        and "no child in these files exists" in err
        and "simulated_ssd_cp_plans.csv" in out
    )
    code, out, err = oxcare(
        "local",
        "add",
        tmp_path / "new",
        "--data-dir",
        tmp_path / "data",
        "--complete-from",
        "2025-04-01",
    )
    assert (
        code == 0 and "Months 2025-04 to 2026-03 (12)" in out and "no child in them exists" in err
    )
    assert MARK not in out + err
    assert len(raw.read_months(tmp_path / "data")) == 13
    card = json.loads(next((tmp_path / "data").rglob("snapshot.json")).read_text(encoding="utf-8"))
    assert card["simulated"] and card["kind"] == "ssd" and card["first"] == "2025-04-01"


def test_the_commands_refuse_in_one_paragraph(oxcare, tmp_path):
    for arguments, code, said in (
        (["simulate", tmp_path, "--cause", "rain"], 2, "no cause called"),
        (["simulate", tmp_path, "--layout", "pdf"], 2, "no layout"),
        (["add", tmp_path / "nothing"], 3, "no file or folder"),
        (["add", tmp_path, "--snapshot", "31/03/2026"], 2, "2026-03-31"),
    ):
        found, out, err = oxcare("local", *arguments)
        assert (found, out) == (code, "") and said in err and err.count("\n") == 1
