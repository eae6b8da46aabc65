"""Nothing let in: any bytes, any name, any figure; links, workbooks, places outside the folder;
what is handed out.
"""

import csv
import os
import zipfile

import pytest
import yaml
from fuzzing.originals import originals
from fuzzing.trial import run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from oxcare_analysis.intake import identity, raw, registers, sources
from oxcare_analysis.refresh import downloads, standing
from oxcare_analysis.tables import checks, tables
from oxcare_analysis.words.errors import DataError, OxcareError

PLAINLY = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
PLANS = next(s for s in originals() if s.name.startswith("2025_d5"))
OXFORDSHIRE = next(i for i, row in enumerate(PLANS.rows) if "Oxfordshire" in row)
FIGURE = PLANS.header.index("CPP_At31")


def given_file(tmp_path, content):
    """What a reader makes of these bytes: the file as understood, or what it says against it."""
    path = tmp_path / "given.csv"
    path.write_bytes(content)
    try:
        return sources.read_file(path), ""
    except DataError as problem:
        return None, str(problem)


def kept(intake, column):
    rows = intake.rows
    return rows.loc[
        (rows["area_code"] == "931") & (rows["year"] == PLANS.rows[OXFORDSHIRE][0]), column
    ].item()


# Anything at all


@PLAINLY
@given(content=st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_any_bytes_at_all_are_refused_in_one_paragraph(tmp_path, content):
    intake, said = given_file(tmp_path, content)
    assert intake is None and said and said.isprintable() and len(said) < 1000


@PLAINLY
@given(name=st.text(st.characters(codec="utf-8"), min_size=1, max_size=60))
def test_any_name_is_kept_exactly_or_refused(tmp_path, name):
    intake, said = given_file(
        tmp_path, PLANS.changed(OXFORDSHIRE, PLANS.at("name"), name).written()
    )
    assert said.isprintable() and (intake is None or kept(intake, "name") == name)
    assert intake is not None or not name.isprintable() or "code" in said


@PLAINLY
@given(
    figure=st.text(max_size=12)
    | st.from_regex(r"[0-9,.e+-]{1,9}", fullmatch=True)
    | st.integers().map(str)
)
def test_any_figure_is_kept_as_published_or_refused(tmp_path, figure):
    intake, said = given_file(tmp_path, PLANS.changed(OXFORDSHIRE, FIGURE, figure).written())
    if intake is None:
        assert said.isprintable()
        return
    text = kept(intake, "plans_open_count")
    assert text == figure.strip()
    assert text in ("", "c", "x", "z", "u", ":", "low") or 0 <= float(text.replace(",", "")) <= 1e12


@PLAINLY
@given(
    cells=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
        min_size=2,
        max_size=5,
    )
)
def test_nothing_in_a_csv_that_is_handed_out_is_a_formula_and_nothing_is_lost(tmp_path, cells):
    downloads._write_rows(tmp_path / "out.csv", [cells])
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        (found,) = csv.reader(file)
    assert [c.removeprefix("'") for c in found] == [
        c.replace("\r", " ").removeprefix("'") for c in cells
    ]
    assert not [
        c
        for c in found
        if c.startswith(downloads.FORMULA_STARTS) and not downloads.NUMBER.fullmatch(c)
    ]


# Files coming in


def test_a_zip_bomb_called_a_workbook_is_refused_without_being_opened(tmp_path):
    path = tmp_path / "figures.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/worksheets/sheet1.xml", b"0" * 100_000_000)
    assert path.stat().st_size < 200_000
    code, out, err = run(["data", "add", str(path), "--data-dir", str(tmp_path / "data")])
    assert (code, out) == (3, "") and "never opened" in err and not (tmp_path / "data").exists()


def test_a_workbook_with_a_link_to_another_is_refused(tmp_path):
    book = Workbook()
    book.active["A1"] = "='[http://example.org/other.xlsx]Sheet1'!A1"
    book.save(tmp_path / "linked.xlsx")
    with pytest.raises(DataError, match="CSV UTF-8"):
        sources.read_file(tmp_path / "linked.xlsx")


def test_a_percentage_over_100_is_refused_however_it_is_written(wide_csv):
    row = ["2024", "la", "E10000981", "981", "Testshire"]
    for text in ("101", "1,250", "1e3"):
        with pytest.raises(DataError, match="at most 100"):
            sources.read_file(wide_csv(["sw_agency_rate_pct"], [*row, text]))


@pytest.mark.parametrize(
    ("held", "arriving", "said"),
    [
        (
            [("931", "E10000025", "Oxfordshire")],
            [("886", "E10000025", "Oxfordshire")],
            "931 elsewhere",
        ),
        (
            [("931", "E10000025", "Oxfordshire")],
            [("931", "E10000025", "Oxfordshire"), ("886", "", "oxfordshire")],
            "886",
        ),
        ([], [("931", "E10000025", "Oxfordshire"), ("886", "E10000025", "Kent")], "E10000025"),
        (
            [("886", "E10000016", "Kent")],
            [("931", "E10000025", "Kent County Council")],
            "Kent County Council",
        ),
    ],
)
def test_an_authority_under_anothers_code_or_name_is_refused(held, arriving, said):
    with pytest.raises(DataError, match=said):
        identity.check(arriving, held, "d1.csv")


def test_a_new_ons_code_and_a_successor_that_takes_the_name_are_no_mistake():
    identity.check(
        [("825", "E06000060", "Buckinghamshire"), ("838", "E06000059", "Dorset")],
        [("825", "E10000002", "Buckinghamshire"), ("835", "E10000009", "Dorset")],
        "d1.csv",
    )


def test_two_files_given_together_are_held_against_each_other(tmp_path, official):
    wrong = official("d5", name="d5.csv")
    wrong.write_text(wrong.read_text(encoding="utf-8").replace(",981,", ",984,"), encoding="utf-8")
    with pytest.raises(DataError, match="code 98[14]"):
        raw.add_files([official("d1"), wrong], data_dir=tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_what_a_documented_csv_holds_besides_is_named_when_it_is_left_out(tmp_path, wide_csv):
    path = wide_csv(
        ["sw_fte", "tea_price"], ["2024", "la", "E10000981", "981", "Testshire", "5", "3"]
    )
    assert raw.add_files([path], data_dir=tmp_path / "new")[0].endswith(
        "left out, not kept by this project: tea_price"
    )


def test_the_name_of_a_file_cannot_write_over_the_console():
    code, _, err = run(["data", "add", "a\x1b[31m\nb.csv"])
    assert code == 3 and err.startswith("oxcare: ") and err.strip().isprintable()


# What lies in the data folder


def rewritten(path, old, new):
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")


def test_a_held_figure_changed_by_hand_is_an_error_of_the_checks(small_data_dir):
    assert "changed by hand" not in set(
        checks.run(tables.build(small_data_dir), small_data_dir)["check"]
    )
    rewritten(small_data_dir / "raw" / "children_in_need" / "2024" / "plans.csv", "470", "471")
    found = (
        checks.run(tables.build(small_data_dir), small_data_dir)
        .set_index("check")
        .loc["changed by hand"]
    )
    assert found["severity"] == "error" and "children_in_need/2024/plans.csv" in found["found"]


@pytest.mark.parametrize(
    ("old", "new"),
    [("area_code", "code"), ("2024", "2O24"), (",470,", ",470?,"), ("year", ""), ("981", "98\n1")],
)
def test_a_held_table_changed_by_hand_into_something_else_is_refused_with_its_place(
    small_data_dir, old, new
):
    rewritten(small_data_dir / "raw" / "children_in_need" / "2024" / "plans.csv", old, new)
    with pytest.raises(DataError, match="plans.csv"):
        tables.build(small_data_dir)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "a: &a [*a]",
        "first_published: 2024-10\ntables: {}",
        "tables:\n  x: {}",
        "!!python/object/apply:os.system [exit]",
        "first_published: '2024-10'\ntables: {../../outside: {our_file_sha256: x}}",
        *(
            f'first_published: 2024-10\ntitle: "{unseen}"\n'
            "tables: {plans: {our_file_sha256: x}}"
            for unseen in (r"\e[31mred", r"\u202Ereversed", r"\0")
        ),
    ],
)
def test_a_source_card_that_is_none_is_refused(small_data_dir, text):
    (small_data_dir / "raw" / "children_in_need" / "2024" / "source.yml").write_text(
        text, encoding="utf-8"
    )
    with pytest.raises(DataError, match="children_in_need/2024/source.yml"):
        tables.build(small_data_dir)


@pytest.mark.parametrize(
    "row", ["children_in_need,soon,2024-10", "children_in_need,2024,October", "a"]
)
def test_a_month_of_first_publication_that_is_none_is_refused(small_data_dir, row):
    (small_data_dir / "raw" / "first_published.csv").write_text(
        f"source,year,month\n{row}\n", encoding="utf-8"
    )
    with pytest.raises(DataError, match="first_published.csv"):
        raw.first_published(small_data_dir)


@pytest.mark.parametrize(
    "text",
    [
        "check,area_code\na,b\n",
        "check,area_code,first_year,last_year,measure,reason\nstock and flow,931,then,2013,*,why\n",
        "\x00",
    ],
)
def test_a_list_of_known_problems_that_is_none_is_refused(small_data_dir, text):
    (small_data_dir / "known_problems.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="known_problems.csv"):
        registers.known_problems(small_data_dir)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2008-11", "2008-13"),
        ("2008-11", "2199-01"),
        ("haringey_verdicts", ""),
        ("kind", "sort"),
        ("Haringey", "Harin\u202egey"),
    ],
)
def test_a_register_of_another_form_is_refused(small_data_dir, shipped_dir, old, new):
    text = (shipped_dir / "raw" / "published_figures" / "events.csv").read_text(encoding="utf-8")
    folder = small_data_dir / "raw" / "published_figures"
    folder.mkdir()
    (folder / "events.csv").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError, match="events.csv"):
        tables.events(data_dir=small_data_dir)


@pytest.mark.parametrize("line", ["2025-04,many,1,1,1,1,1", "soon,1,1,1,1,1,1", "2025-04,1"])
def test_months_changed_by_hand_into_something_else_are_refused(small_data_dir, monthly_csv, line):
    raw.add_files([monthly_csv(["2025-03", 1, 2, 3, 4, 5, 6])], data_dir=small_data_dir)
    with raw.months_file(small_data_dir).open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(DataError, match="monthly.csv"):
        raw.read_months(small_data_dir)


links = pytest.mark.skipif(os.name == "nt", reason="Windows lets only an administrator make links")


@links
@pytest.mark.parametrize("linked", ["plans.csv", ""])
def test_a_table_or_an_edition_that_is_a_link_out_of_the_folder_is_refused(
    tmp_path, small_data_dir, linked
):
    place = small_data_dir / "raw" / "children_in_need" / "2024" / linked
    outside = tmp_path / "outside"
    place.rename(outside)
    place.symlink_to(outside)
    with pytest.raises(DataError, match="leads out of raw/"):
        tables.build(small_data_dir)


@links
@pytest.mark.parametrize(
    "linked", ["monthly.csv", ".monthly.csv.new", ".monthly.csv.new.part", ".monthly.csv.old"]
)
def test_a_link_in_the_place_of_a_file_is_replaced_and_what_it_leads_to_is_left(
    tmp_path, small_data_dir, monthly_csv, linked
):
    outside = tmp_path / "outside.csv"
    outside.write_text(
        monthly_csv(["2025-02", 1, 2, 3, 4, 5, 6]).read_text(encoding="utf-8"), encoding="utf-8"
    )
    mine = outside.read_bytes()
    place = raw.months_file(small_data_dir)
    place.parent.mkdir()
    place.with_name(linked).symlink_to(outside)
    raw.add_files([monthly_csv(["2025-03", 1, 2, 3, 4, 5, 6])], data_dir=small_data_dir)
    assert outside.read_bytes() == mine and not place.is_symlink() and place.is_file()
    assert [path.name for path in place.parent.iterdir()] == ["monthly.csv"]


# Parameters and names that try to leave the folder


@pytest.mark.parametrize(
    "arguments",
    [
        ["verdicts", "--area", "../../outside"],
        ["verdicts", "--area", "Oxfordshire", "--as-of", "../../outside"],
        ["refresh", "--area", "../outside"],
        ["refresh", "--as-of", "../../outside"],
        ["figure", "--area", "Oxfordshire", "--year", "2018", "--measure", "../../outside"],
    ],
)
def test_a_parameter_that_tries_to_leave_the_folder_is_bad_usage(tmp_path, arguments, shipped_dir):
    out = ["--out", str(tmp_path / "out" / "reports")] if arguments[0] == "refresh" else []
    code, printed, err = run([*arguments, *out, "--data-dir", str(shipped_dir)])
    assert (code, printed) == (2, "") and err.splitlines()[-1].startswith("oxcare: ")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "edition", ["../2024", "2024/../../outside", "..", "2024-", "2024\n", "２０２４"]
)
def test_an_edition_that_is_a_path_is_refused(tmp_path, edition):
    path = tmp_path / "plans.csv"
    path.write_bytes(PLANS.written())
    code, printed, err = run(
        ["data", "add", str(path), "--edition", edition, "--data-dir", str(tmp_path / "data")]
    )
    assert (code, printed) == (3, "") and "edition" in err and not (tmp_path / "data").exists()


@PLAINLY
@given(
    name=st.text(max_size=40)
    | st.sampled_from(["../../outside", "..\\outside", "C:\\x", "/etc", "a\0b"])
)
def test_the_folder_of_a_report_is_one_plain_name_whatever_the_area_is_called(name):
    assert standing.slug(name) and set(standing.slug(name)) <= set(
        "abcdefghijklmnopqrstuvwxyz0123456789-"
    )


def test_errors_about_files_are_of_the_kind_that_exits_with_3():
    assert issubclass(DataError, OxcareError) and DataError.exit_code == 3


def test_cards_are_written_so_that_a_name_stays_a_name(tmp_path):
    path = tmp_path / "[x] 'y' & - z, #1.csv"
    path.write_bytes(PLANS.written())
    raw.add_files([path], data_dir=tmp_path / "data")
    card = yaml.safe_load(
        (tmp_path / "data/raw/children_in_need/2025/source.yml").read_text(encoding="utf-8")
    )
    assert card["tables"]["plans_open_by_duration"]["publishers_file"] == path.name


def test_a_workbook_that_is_handed_out_holds_texts_and_numbers_and_no_formula(tmp_path):
    book = Workbook()
    chart = {"title": "=1+1", "source": "@x"}
    downloads._sheet(
        book, "name", chart, [["year", "=value"], ["2013", "-5.5"], ["2014", "+cmd|x"]]
    )
    book.save(tmp_path / "t.xlsx")
    cells = [
        cell
        for row in load_workbook(tmp_path / "t.xlsx")["name"].iter_rows()
        for cell in row
        if cell.value
    ]
    assert {cell.data_type for cell in cells} == {"s", "n"} and -5.5 in [
        cell.value for cell in cells
    ]
