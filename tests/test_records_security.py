"""Nothing let in with records: entities, depth, bombs, formulas, links; no name, address, worker or
free text kept.
"""

import contextlib
import csv
import random
import shutil
import sys
import zipfile

import pandas as pd
import pytest
from openpyxl import Workbook

from oxcare_analysis.intake import text
from oxcare_analysis.local import census_writer, reading, store, workbook, writers
from oxcare_analysis.local.layouts import cin, ssd
from oxcare_analysis.local.records import COLUMNS
from oxcare_analysis.local.simulator import simulate
from oxcare_analysis.words.errors import DataError, OxcareError

PLANTED = ("Zebedee", "Quillonby", "12 Marmalade Row", "worker-7731", "mother said so", "AB1 2CD")
HEADER = (
    "<Header><CollectionDetails><Collection>CIN</Collection><Year>2025</Year><ReferenceDate>2025-03-31"
    "</ReferenceDate></CollectionDetails><Source><LEA>999</LEA></Source></Header>"
)
CASE = (
    "<CINdetails><CINreferralDate>2024-05-01</CINreferralDate><ReferralSource>6</ReferralSource>"
    "<DateOfInitialCPC>{case}</DateOfInitialCPC><Section47><S47ActualStartDate>2024-05-03</S47ActualStartDate>"
    "<DateOfInitialCPC>{enquiry}</DateOfInitialCPC></Section47><ReferralNFA>{nfa}</ReferralNFA>"
    "<ChildProtectionPlans><CPPstartDate>2024-05-24</CPPstartDate><InitialCategoryOfAbuse>NEG"
    "</InitialCategoryOfAbuse><Reviews><CPPreviewDate>2024-08-01</CPPreviewDate><CPPreviewDate>2025-01-10"
    "</CPPreviewDate></Reviews></ChildProtectionPlans></CINdetails>"
)


def census(
    tmp_path,
    body="",
    before="",
    header=HEADER,
    sex="<Sex>1</Sex>",
    opening="<Message>",
    nfa="false",
    case="",
    enquiry="2024-05-24",
    name="census.xml",
):
    """A census file of one child, with what is to be tried put in."""
    child = (
        "<Child><ChildIdentifiers><LAchildID>A</LAchildID><PersonBirthDate>2015-01-01</PersonBirthDate>"
        f"{sex}</ChildIdentifiers>{CASE.format(case=case, enquiry=enquiry, nfa=nfa)}</Child>"
    )
    path = tmp_path / name
    path.write_text(
        "<?xml"
        f' version="1.0"?>{before}{opening}{header}<Children>{child}{body}</Children></Message>',
        encoding="utf-8",
    )
    return path


# XML


@pytest.mark.parametrize(
    "before",
    [
        '<!DOCTYPE Message SYSTEM "http://example.org/cin.dtd">',
        '<!DOCTYPE Message [<!ENTITY name SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE Message [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>',
        "<!DOCTYPE Message>",
    ],
)
def test_a_document_type_an_entity_or_an_outside_reference_is_refused(tmp_path, before):
    with pytest.raises(DataError, match="declares a document type"):
        cin.extract([census(tmp_path, before=before)])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"body": "<x>" * 40 + "</x>" * 40}, "deep"),
        (
            {
                "body": (
                    "<Child><ChildIdentifiers><LAchildID>"
                    + "A" * 5_000
                    + "</LAchildID></ChildIdentifiers></Child>"
                )
            },
            "longer than any",
        ),
        ({"body": "<Child>"}, "cannot be read as XML"),
        ({"header": HEADER.replace("CIN<", "SSDA903<")}, "not a children in need census"),
        ({"header": HEADER.replace("2025-03-31", "2025-02-31")}, "ReferenceDate"),
        (
            {
                "body": (
                    "<Child><ChildIdentifiers><LAchildID>B\u200b</LAchildID></ChildIdentifiers></Child>"
                )
            },
            "cannot be seen",
        ),
    ],
)
def test_xml_that_is_no_census_is_refused(tmp_path, change, said):
    with pytest.raises(DataError, match=said) as refused:
        cin.extract([census(tmp_path, **change)])
    assert len(str(refused.value)) < 400 and "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"sex": "<Gender>2</Gender>"},
        {"sex": "<GenderCurrent>9</GenderCurrent>"},
        {"nfa": "0"},
        {"case": "2024-05-24", "enquiry": ""},
        {"case": "2024-05-24"},
        {
            "opening": (
                '<Message xmlns="http://example.org/cin"'
                ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
            )
        },
    ],
)
def test_a_census_of_any_year_gives_the_same_case(tmp_path, change):
    one = cin.extract([census(tmp_path, **change)])
    assert [len(one.tables[name]) for name in COLUMNS] == [1, 1, 1, 1, 1, 2, 0]
    assert one.tables["conferences"]["conference_date"].tolist() == [pd.Timestamp("2024-05-24")]
    assert (
        one.tables["plans"]["plan_id"].tolist()
        == ["A/2024-05-24"]
        == one.tables["reviews"]["plan_id"].unique()
    )
    assert (one.day, one.first, one.area) == (
        pd.Timestamp("2025-03-31"),
        pd.Timestamp("2024-04-01"),
        "999",
    )


def test_prefixed_elements_are_read_too(tmp_path):
    path = census(tmp_path)
    prefixed = (
        path.read_text(encoding="utf-8")
        .replace("<", "<c:")
        .replace("<c:/", "</c:")
        .replace("<c:?", "<?")
    )
    path.write_text(prefixed.replace("<c:Message>", '<c:Message xmlns:c="x">'), encoding="utf-8")
    assert len(cin.extract([path]).tables["plans"]) == 1


# Workbooks


def book(tmp_path, *rows, name="annex_2025-03-31.xlsx"):
    made = Workbook()
    for row in rows:
        made.active.append(row)
    made.save(tmp_path / name)
    return tmp_path / name


LIST_7 = [
    "Child Unique ID",
    "Child Protection Plan Start Date",
    "Child Protection Plan End Date",
    "Allocated Worker",
]


def test_a_workbook_is_read_below_a_title_with_dates_as_dates_or_text(tmp_path):
    path = book(
        tmp_path,
        ["List 7: child protection"],
        [],
        LIST_7,
        [7, pd.Timestamp("2025-01-02"), None, PLANTED[0]],
        ["B", "03/02/2025", "04/03/2025", None],
    )
    plans = reading.extracts([path])[0][0].tables["plans"]
    assert plans["plan_id"].tolist() == ["7/2025-01-02", "B/2025-02-03"]


def test_an_edition_in_which_nothing_of_a_kind_happened_is_read(tmp_path):
    book(tmp_path, LIST_7, ["A", pd.Timestamp("2025-01-02"), None, None])
    made = Workbook()
    made.active.append(LIST_7)
    made.active.append(["A", pd.Timestamp("2025-01-02"), None, None])
    asked = made.create_sheet("List 5")
    asked.append(
        [
            "Child Unique ID",
            "Strategy discussion initiating Section 47 Enquiry Start Date",
            "Date of Initial Child Protection Conference",
        ]
    )
    asked.append(["A", pd.Timestamp("2025-01-01"), None])
    made.create_sheet("List 3").append(["Child Unique ID", "Date of Referral", "Referral NFA?"])
    made.save(tmp_path / "annex_2025-03-31.xlsx")
    tables = reading.extracts([tmp_path])[0][0].tables
    assert [len(tables[name]) for name in ("referrals", "enquiries", "conferences", "plans")] == [
        0,
        1,
        0,
        1,
    ]


def test_a_formula_in_a_column_that_is_read_is_refused_and_in_another_is_passed_over(tmp_path):
    row = ["A", pd.Timestamp("2025-01-02"), None, "=1+1"]
    assert len(reading.extracts([book(tmp_path, LIST_7, row)])[0][0].tables["plans"]) == 1
    with pytest.raises(DataError, match="not a formula"):
        reading.extracts([book(tmp_path, LIST_7, ["A", "=TODAY()", None, ""])])


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    path = tmp_path / "bomb_2025-03-31.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 3_000_000)
    monkeypatch.setattr(workbook, "LARGEST_UNPACKED", 2_000_000)
    monkeypatch.setattr(
        workbook, "ExcelReader", lambda *args, **options: pytest.fail("it was opened")
    )
    with pytest.raises(DataError, match="would unpack to 3,000,000 bytes"):
        reading.extracts([path])


@pytest.mark.parametrize("part", list(workbook.REFUSED))
def test_links_macros_and_embedded_files_are_refused(tmp_path, part):
    path = book(tmp_path, LIST_7)
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr(part + "x", b"x")
    with pytest.raises(DataError, match="holds "):
        reading.extracts([path])


def test_what_a_library_says_of_a_part_is_not_said_to_the_user(tmp_path, recwarn):
    path = book(tmp_path, LIST_7, ["A", pd.Timestamp("2025-01-02"), None, None])
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    name = "xl/_rels/workbook.xml.rels"
    with zipfile.ZipFile(path, "w") as packed:
        for part, content in parts.items():
            packed.writestr(
                part,
                (
                    content.replace(b"</Relationships>", b"<x/></Relationships>")
                    if part == name
                    else content
                ),
            )
    with contextlib.suppress(DataError):
        reading.extracts([path])
    assert [str(said.message) for said in recwarn] == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + b"0" * 40, b"not a workbook"])
def test_what_is_no_workbook_is_refused(tmp_path, content):
    (tmp_path / "x.xlsx").write_bytes(content)
    with pytest.raises(DataError, match="is not an .xlsx workbook"):
        reading.extracts([tmp_path / "x.xlsx"])


# CSV


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04 and more", "is a workbook"),
        (b"", "no header"),
        (b'a,"b\n', "cannot be read as CSV"),
        (b"cppl_cp_plan_id,cppl_person_id,cppl_cp_plan_start_date\n1,2\n", "lacks"),
    ],
)
def test_bytes_that_are_no_csv_of_records_are_refused(tmp_path, content, said):
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(DataError, match=said):
        reading.extracts([tmp_path / "x.csv"])


def test_a_short_row_and_a_sign_that_cannot_be_seen_are_refused_only_where_they_are_read(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(
        b"id,name\n1,Ren\xe9e\n2,two\n"
    )  # an older encoding, in a column that is not read
    assert text.read_columns(path, [0])[0].tolist() == ["1", "2"]
    with pytest.raises(DataError, match="cannot be seen or read"):
        text.read_columns(path, [1])
    path.write_text("id,name\n1,a\n2\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 3, has 1 cells"):
        text.read_columns(path, [0])


@pytest.mark.skipif(sys.platform == "win32", reason="only an administrator makes links there")
def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path):
    (tmp_path / "elsewhere.csv").write_text("cppl_cp_plan_id\n", encoding="utf-8")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "plans.csv").symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(DataError, match="leads out of in/ by a link"):
        reading.extracts([tmp_path / "in"])


# Any bytes

PIECES = (
    b"",
    b"NULL",
    b"2025-99-99",
    b"9999-12-31",
    b"=1+1",
    b"\x00",
    b"\xff\xfe",
    b'"',
    b",",
    b"\r",
    b"<x>",
    b"</Child>",
    b"&a;",
    b"<!DOCTYPE a>",
    b"A" * 300,
    "\u200b".encode(),
    b"1e400",
    b"9" * 400,
)


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """Small files of every layout: a folder, a workbook or a census each."""
    root, records = tmp_path_factory.mktemp("originals"), simulate(1_500, 12, seed=1)
    written = [
        *writers.write_ssd(records, root / "ssd"),
        *writers.write_annex_a(records, root / "annex_a"),
        *census_writer.write_cin(records, root / "cin"),
    ]
    return sorted({path.parent if path.suffix == ".csv" else path for path in written})


def mutated(content, chance):
    """Bytes with a few turned, lost, put in or put in twice."""
    content = bytearray(content)
    for _ in range(chance.choice([1, 1, 3, 20])):
        place, other = chance.randrange(len(content) + 1), chance.randrange(len(content) + 1)
        change = chance.randrange(4)
        if change == 0:
            content[place : place + 1] = bytes([chance.randrange(256)])
        elif change == 1:
            del content[place : place + chance.randrange(1, 60)]
        else:
            content[place:place] = (
                chance.choice(PIECES) if change == 2 else content[other : other + 200]
            )
    return bytes(content)


@pytest.mark.parametrize("seed", range(5))
def test_any_bytes_are_read_or_refused_in_one_paragraph_with_nothing_kept(
    originals, tmp_path, seed
):
    chance = random.Random(seed)
    for number in range(10):
        place = tmp_path / str(number)
        original = chance.choice(originals)
        if original.is_dir():
            shutil.copytree(original, place / "in")
        else:
            (place / "in").mkdir(parents=True)
            shutil.copy(original, place / "in")
        file = chance.choice(sorted((place / "in").iterdir()))
        if file.suffix == ".xlsx" and chance.random() < 0.8:  # a part inside, packed again
            with zipfile.ZipFile(file) as packed:
                parts = {name: packed.read(name) for name in packed.namelist()}
            name = chance.choice(sorted(parts))
            with zipfile.ZipFile(file, "w") as packed:
                for part, content in parts.items():
                    packed.writestr(part, mutated(content, chance) if part == name else content)
        else:
            file.write_bytes(mutated(file.read_bytes(), chance))
        try:
            store.add(reading.extracts([place / "in"])[0], "Testshire", place / "data")
        except OxcareError as refused:
            assert "\n" not in str(refused) and len(str(refused)) < 900
            assert store.load(place / "data") is None


# What is never loaded


def planted_ssd(folder):
    """An extract whose tables carry a name, an address, a worker and free text in their other
    columns.
    """
    folder.mkdir(parents=True)
    others = [
        "pers_forename",
        "pers_surname",
        "addr_address_json",
        "x_worker_id",
        "x_outcome_json",
        "addr_postcode",
    ]
    dates = {"plans": "start_date", "conferences": "conference_date", "referrals": "referral_date"}
    for name, (theirs, columns) in ssd.TABLES.items():
        cells = {
            "start_date": "2024-05-24",
            dates.get(name, ""): "2024-05-24",
            "other_authority": "N",
        }
        with (folder / f"{theirs}.csv").open("w", newline="", encoding="utf-8") as file:
            out = csv.writer(file)
            out.writerow([*others, *columns.values()])
            out.writerow(
                [
                    *PLANTED,
                    *(cells.get(ours, "A" if ours.endswith("_id") else "") for ours in columns),
                ]
            )
    return folder


def planted_annex_a(folder):
    folder.mkdir(parents=True)
    book(
        folder,
        [*LIST_7, *PLANTED],
        ["A", pd.Timestamp("2025-01-02"), None, *PLANTED, "1", "2", "3"],
    )
    return folder


def planted_cin(folder):
    folder.mkdir(parents=True)
    census(
        folder,
        body="".join(
            f"<Child><ChildIdentifiers><LAchildID>B</LAchildID><Surname>{word}</Surname>"
            f"</ChildIdentifiers><Notes>{word}</Notes></Child>"
            for word in PLANTED
        ),
    )
    return folder


@pytest.mark.parametrize("plant", [planted_ssd, planted_annex_a, planted_cin])
def test_no_name_address_worker_or_free_text_is_loaded_or_kept(tmp_path, plant):
    arriving = reading.extracts([plant(tmp_path / "extract")], day=pd.Timestamp("2025-03-31"))[0]
    store.add(arriving, "Testshire", tmp_path / "data")
    for tables in (arriving[0].tables, store.load(tmp_path / "data").records.tables):
        assert sum(len(table) for table in tables.values()) > 0
        assert {name: list(table) for name, table in tables.items()} == {
            name: list(COLUMNS[name]) for name in COLUMNS
        }
        for table in tables.values():
            everything = table.astype("string").fillna("").to_csv()
            assert [word for word in PLANTED if word in everything] == []
    kept = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert [word for word in PLANTED if word.encode() in kept] == []
    assert b"A" in kept


def test_a_cell_of_another_column_is_not_even_held_in_passing(tmp_path):
    table = text.read_columns(planted_ssd(tmp_path / "extract") / "ssd_cp_plans.csv", [6, 7])
    assert list(table) == [6, 7] and not set(PLANTED) & set(table.to_numpy().ravel())
