"""Annex A as workbooks: read as its CSVs are, cell by cell as openpyxl reads it; what is no plain
workbook refused.
"""

import time
import zipfile
from datetime import date, datetime
from xml.sax.saxutils import escape

import pandas as pd
import pytest
from openpyxl import Workbook, load_workbook

from oxcare_analysis.local import reading, sheet_rows, workbook, writers
from oxcare_analysis.local.layouts import annex_a
from oxcare_analysis.local.months import monthly
from oxcare_analysis.local.simulator import simulate
from oxcare_analysis.local.store import add
from oxcare_analysis.words.errors import DataError

HEADER = [
    "Child Unique ID",
    "Child Protection Plan Start Date",
    "Child Protection Plan End Date",
    "Allocated Worker",
]
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
SHARED = (
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml",
    "xl/sharedStrings.xml",
)
ROOT = "worksheet"
DAY, HOURS = 1, 2  # styles of `package`
BLANK = f's="{DAY}">'


def text(words):
    return f't="inlineStr"><is><t>{escape(words)}</t></is>'


def line(number, *cells):
    """A row of a sheet; a cell is the inside of its element, from the attributes on, or None."""
    return (
        f'<row r="{number}">'
        + "".join(
            f'<c r="{"ABCDEFGH"[place]}{number}" {cell}</c>'
            for place, cell in enumerate(cells)
            if cell
        )
        + "</row>"
    )


def headed(*rows, below=1):
    """A sheet with the header of list 7, and rows."""
    return sheet(line(below, *map(text, HEADER)) + "".join(rows))


def sheet(rows):
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><{ROOT}'
        f" {MAIN}><sheetData>{rows}</sheetData></{ROOT}>"
    )


def package(tmp_path, *sheets, strings=None, from_1904=False, name="annex_2025-03-31.xlsx"):
    """A workbook whose sheets are given as XML, with a style for days and one for hours."""
    made = Workbook()
    made.active.append([datetime(2025, 1, 1)])
    made.active["A1"].number_format = "dd/mm/yyyy"
    made.active["A2"] = 1
    made.active["A2"].number_format = "[h]:mm"
    for _ in sheets[1:]:
        made.create_sheet()
    if from_1904:
        made.epoch = datetime(1904, 1, 1)
    path = tmp_path / name
    made.save(tmp_path / "plain.xlsx")
    parts = {
        f"xl/worksheets/sheet{number}.xml": content
        for number, content in enumerate(sheets, start=1)
    }
    with (
        zipfile.ZipFile(tmp_path / "plain.xlsx") as plain,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for part in plain.namelist():
            content = parts.get(part) or plain.read(part)
            if part == "[Content_Types].xml" and strings is not None:
                content = content.decode().replace(
                    "</Types>",
                    f'<Override ContentType="{SHARED[0]}" PartName="/{SHARED[1]}"/></Types>',
                )
            packed.writestr(part, content)
        if strings is not None:
            packed.writestr(SHARED[1], f"<sst {MAIN}>{strings}</sst>")
    (tmp_path / "plain.xlsx").unlink()
    return path


def cells(path):
    """The rows of the one list in a workbook."""
    ((_, _, frame),) = annex_a._workbook(path)
    return frame.to_numpy().tolist()


# The same as CSV


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """Simulated records and their Annex A, both as workbooks and as CSVs."""
    folder, records = tmp_path_factory.mktemp("simulated"), simulate(3_000, 24, seed=4)
    writers.write_annex_a(records, folder)
    return records, folder


def test_workbooks_and_csvs_of_the_same_records_give_the_same_tables_and_months(
    simulated, tmp_path
):
    records, folder = simulated
    of = {kind: reading.extracts([folder / kind])[0] for kind in ("workbooks", "csv")}
    assert len(of["workbooks"]) == len(of["csv"]) == 4
    for book, csv in zip(of["workbooks"], of["csv"], strict=True):
        assert (book.day, book.first, book.read, book.unread) == (
            csv.day,
            csv.first,
            csv.read,
            csv.unread,
        )
        for name, table in csv.tables.items():
            pd.testing.assert_frame_equal(book.tables[name], table)
    months = {
        kind: monthly(add(read, "Testshire", tmp_path / kind)[0].records)
        for kind, read in of.items()
    }
    pd.testing.assert_frame_equal(months["workbooks"], months["csv"])
    pd.testing.assert_frame_equal(months["workbooks"], monthly(records))


def test_strings_shared_by_cells_as_excel_saves_them_read_as_those_inside_cells(
    simulated, tmp_path
):
    _, folder = simulated
    path = min((folder / "workbooks").iterdir())
    with zipfile.ZipFile(path) as packed:
        sheets = [packed.read(part).decode() for part in packed.namelist() if "worksheets/" in part]
    numbers, changed = {}, []
    for content in sheets:
        first, *others = content.split('t="inlineStr"><is><t>')
        for one in others:
            words, rest = one.split("</t></is>", 1)
            first += f't="s"><v>{numbers.setdefault(words, len(numbers))}</v>{rest}'
        changed.append(first)
    strings = "".join(f"<si><t>{words}</t></si>" for words in numbers)
    for made, plain in zip(
        annex_a._workbook(package(tmp_path, *changed, strings=strings)),
        annex_a._workbook(path),
        strict=True,
    ):
        assert made[1] == plain[1]
        pd.testing.assert_frame_equal(made[2], plain[2])


# Cells as openpyxl reads them


ODD = [
    (f's="{DAY}"><v>45659</v>', "2025-01-02"),
    (f's="{DAY}"><v>45659.75</v>', "2025-01-02"),
    (f's="{DAY}" t="n"><v>1</v>', "1900-01-01"),
    (f's="{DAY}"><v>99999999</v>', "#VALUE!"),
    (f's="{DAY}"><v>0.5</v>', "12:00:00"),
    (f's="{HOURS}"><v>1.5</v>', "1 day, 12:00:00"),
    ('t="d"><v>2025-01-02</v>', "2025-01-02"),
    ('t="d"><v>2025-01-02T10:30:00</v>', "2025-01-02"),
    (text("2025-01-02"), "2025-01-02"),
    (text("02/01/2025"), "02/01/2025"),
    ("><v>45659</v>", "45659"),
    ("><v>7.0</v>", "7"),
    ("><v>7.25</v>", "7.25"),
    ("><v>1E3</v>", "1000"),
    ('t="b"><v>1</v>', "True"),
    ('t="b"><v>0</v>', "False"),
    ('t="e"><v>#N/A</v>', "#N/A"),
    ('t="str"><v>worked out</v>', "worked out"),
    ('t="s"><v>0</v>', "shared"),
    ('t="s"><v>1</v>', "two runs"),
    ('t="s"><v>2</v>', "_x000D_"),
    ('t="inlineStr"><is><r><t>in</t></r><r><t xml:space="preserve"> two</t></r></is>', "in two"),
    (text("a & b < c"), "a & b < c"),
    ("><v></v>", ""),
    (BLANK, ""),
    (text(""), ""),
]
STRINGS = (
    "<si><t>shared</t></si><si><r><rPr><b/></rPr><t>two</t></r><r><t xml:space='preserve'>"
    " runs</t></r><rPh sb='0' eb='1'><t>said"
    " so</t></rPh></si><si><t>_x005F_x000D_</t></si><si><t>not wanted</t></si>"
)


@pytest.mark.parametrize(("cell", "reads"), ODD)
def test_a_cell_reads_as_a_csv_would_have_it(tmp_path, cell, reads):
    path = package(tmp_path, headed(line(2, text("A"), cell)), strings=STRINGS)
    assert cells(path) == [["A", reads, ""]]


@pytest.mark.filterwarnings("ignore:Cell B5 is marked as a date")
def test_every_cell_is_what_openpyxl_makes_of_it(tmp_path):
    rows = [line(number, text("A"), cell) for number, (cell, _) in enumerate(ODD, start=2)]
    path = package(tmp_path, headed(*rows), strings=STRINGS)
    book = load_workbook(path, read_only=True)
    expected = [
        (
            ""
            if value is None
            else (
                value.isoformat()[:10]
                if isinstance(value, date)
                else (
                    str(int(value))
                    if isinstance(value, float) and value.is_integer()
                    else str(value)
                )
            )
        )
        for (value,) in book.active.iter_rows(2, min_col=2, max_col=2, values_only=True)
    ]
    book.close()
    assert [row[1] for row in cells(path)] == expected == [reads for _, reads in ODD]


def test_days_count_from_1904_where_the_workbook_says_so(tmp_path):
    path = package(tmp_path, headed(line(2, text("A"), f's="{DAY}"><v>44197</v>')), from_1904=True)
    assert cells(path) == [["A", "2025-01-02", ""]]


def test_blank_rows_titles_merged_cells_gaps_and_columns_at_the_end_do_not_shift_a_cell(tmp_path):
    rows = [
        line(6, text("A"), text("2025-01-02"), None, text("W"), BLANK),
        line(7, BLANK),
        line(9, text("B"), None, text("2025-02-03")),
        f"<row><c {text('C')}</c><c {text('2025-01-05')}</c></row>",
        line(12, None, None, None, text("only another column")),
    ]
    above = line(1, text("List 7: child protection")) + line(2, "/><c>")
    content = sheet(above + line(4, *map(text, HEADER)) + "".join(rows)).replace(
        "</sheetData>", '</sheetData><mergeCells count="1"><mergeCell ref="A1:D1"/></mergeCells>'
    )
    assert cells(package(tmp_path, content)) == [
        ["A", "2025-01-02", ""],
        ["B", "", "2025-02-03"],
        ["C", "2025-01-05", ""],
        ["", "", ""],
    ]


def test_the_first_header_of_a_sheet_is_its_header(tmp_path):
    path = package(
        tmp_path, headed(line(3, *map(text, HEADER)), line(4, text("A"), text("2025-01-02")))
    )
    assert cells(path) == [HEADER[:3], ["A", "2025-01-02", ""]]


@pytest.mark.parametrize(("below", "found"), [(12, 1), (13, 0)])
def test_a_header_is_looked_for_in_the_first_rows_alone(tmp_path, below, found):
    path = package(tmp_path, headed(line(20, text("A"), text("2025-01-02")), below=below))
    assert len(list(annex_a._workbook(path))) == found


def test_elements_with_a_prefix_and_a_sheet_in_utf_16_are_read(tmp_path):
    content = headed(line(2, text("A"), f's="{DAY}"><v>45659</v>'))
    prefixed = (
        content.replace("xmlns=", "xmlns:x=")
        .replace("</", "</x:")
        .replace("<", "<x:")
        .replace("<x:/x:", "</x:")
        .replace("<x:?", "<?")
    )
    for one in (prefixed, content.replace("UTF-8", "UTF-16").encode("utf-16")):
        assert cells(package(tmp_path, one)) == [["A", "2025-01-02", ""]]


def test_many_long_cells_are_read_where_one_over_long_is_refused(tmp_path):
    rows = "".join(
        line(number, *[f't="str"><v>{letter * 60}</v>' for letter in "AB"])
        for number in range(2, 2_002)
    )
    assert cells(package(tmp_path, headed(rows))) == [["A" * 60, "B" * 60, ""]] * 2_000


# Refused


@pytest.mark.parametrize(
    "formula",
    [
        "><f>TODAY()</f><v>45659</v>",
        '><f t="shared" si="0"/><v>45659</v>',
        '><f t="array" ref="B2">NOW()</f><v>1</v>',
        '><f t="dataTable" ref="B2" dt2D="1" r1="A1"/><v>1</v>',
        't="str"><f>A1</f><v>2025-01-02</v>',
        text("=1+1"),
        't="s"><v>0</v>',
        text("A\u200b"),
    ],
)
def test_any_kind_of_formula_and_a_sign_that_cannot_be_seen_is_refused_where_it_is_read(
    tmp_path, formula
):
    strings = "<si><t>=1+1</t></si>"
    assert cells(
        package(tmp_path, headed(line(2, text("A"), None, None, formula)), strings=strings)
    ) == [["A", "", ""]]
    with pytest.raises(
        DataError, match="sheet 'Sheet' holds '[=A].* not a formula or signs that cannot be seen"
    ):
        cells(package(tmp_path, headed(line(2, text("A"), formula)), strings=strings))


def test_a_list_on_two_sheets_is_refused(tmp_path):
    one = headed(line(2, text("A"), text("2025-01-02")))
    with pytest.raises(DataError, match="sheet 'Sheet1' is a second list of plans"):
        reading.extracts([package(tmp_path, one, one)])


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize(
    ("before", "inside", "said"),
    [
        (
            '<!DOCTYPE worksheet [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>',
            "&b;",
            "declares a document type",
        ),
        (
            '<!DOCTYPE worksheet [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
            "&a;",
            "declares a document type",
        ),
        ('<!DOCTYPE worksheet SYSTEM "http://example.org/a.dtd">', "", "declares a document type"),
        ("", "&a;", "ExpatError"),
        ("", "<x>" * 40 + "</x>" * 40, "deep"),
        ("", "A" * 200_000, "over 100,000 characters"),
        ("", "</t></r><r><t>".join(["A" * 30_000] * 5), "over 100,000 characters"),
        ("", "<", "ExpatError"),
    ],
)
def test_a_sheet_or_shared_strings_with_more_than_cells_in_it_are_refused(
    tmp_path, before, inside, said, shared
):
    cell = f"<r><t>{inside}</t></r>"
    row = line(2, text("A"), 't="s"><v>0</v>' if shared else f't="inlineStr"><is>{cell}</is>')
    content, strings = headed(row), f"<si>{cell}</si>" if shared else None
    if not shared:
        content = content.replace("?><worksheet", f"?>{before}<worksheet")
    path = package(tmp_path, content, strings=strings)
    if shared and before:
        again = package(tmp_path, content, strings="", name="other_2025-03-31.xlsx")
        with zipfile.ZipFile(again) as old, zipfile.ZipFile(path, "w") as packed:
            for part in old.namelist():
                packed.writestr(
                    part,
                    (
                        before.replace("worksheet", "sst") + f"<sst {MAIN}>{strings}</sst>"
                        if part == SHARED[1]
                        else old.read(part)
                    ),
                )
    with pytest.raises(DataError, match=f"cannot be read as a workbook: .*{said}") as refused:
        cells(path)
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 400


@pytest.mark.parametrize(
    "cell",
    [
        't="s"><v>9</v>',
        't="s"><v>-1</v>',
        't="s"><v>x</v>',
        "><v>x</v>",
        't="d"><v>x</v>',
        's="x"><v>1</v>',
    ],
)
def test_a_cell_that_is_none_is_refused(tmp_path, cell):
    with pytest.raises(DataError, match="cannot be read as a workbook"):
        cells(package(tmp_path, headed(line(2, text("A"), cell)), strings=STRINGS))


def test_a_cell_far_away_costs_nothing_and_is_passed_over(tmp_path):
    far = "".join(
        f'<row r="{row}"><c r="A{row}"><v>{row}</v></c><c r="XFD{row}"><v>1</v></c></row>'
        for row in (1_048_576, 1_048_577, 3)
    )
    beyond = '<row r="4"><c r="CW4"><v>1</v></c></row>'  # the hundred and first column
    path = package(tmp_path, headed(line(2, text("A"), text("2025-01-02")), beyond, far))
    started = time.process_time()
    assert cells(path) == [["A", "2025-01-02", ""], ["1048576", "", ""]]
    assert time.process_time() - started < 1


def test_more_is_never_unpacked_than_the_list_of_parts_says(tmp_path):
    path = package(tmp_path, headed(line(2, text("A"), text("2025-01-02")) * 1_000))
    with zipfile.ZipFile(path) as packed:
        size = packed.getinfo("xl/worksheets/sheet1.xml").file_size
    content = path.read_bytes()
    path.write_bytes(content.replace(size.to_bytes(4, "little"), (size // 2).to_bytes(4, "little")))
    with pytest.raises(DataError, match="cannot be read as a workbook: BadZipFile"):
        cells(path)


# Not kept


def test_no_cell_or_shared_string_of_another_column_leaves_the_reader(tmp_path, monkeypatch):
    kept = []
    strings, read = sheet_rows.strings, workbook._Book._reads
    monkeypatch.setattr(
        sheet_rows, "strings", lambda part, wanted: kept.append(strings(part, wanted)) or kept[-1]
    )
    monkeypatch.setattr(
        workbook._Book, "_reads", lambda self, cell: kept.append(cell) or read(self, cell)
    )
    rows = "".join(
        line(
            number,
            text(f"K{number}"),
            't="s"><v>0</v>',
            None,
            f't="s"><v>{number}</v>' if number % 2 else text(f"Worker {number}"),
        )
        for number in range(13, 200)
    )  # below the rows in which a header is looked for
    words = "<si><t>2025-01-02</t></si>" + "".join(
        f"<si><t>Name {number}</t></si>" for number in range(1, 200)
    )
    assert len(cells(package(tmp_path, headed(rows), strings=words))) == 187
    assert "K199" in str(kept) and "2025-01-02" in str(kept)
    assert "Worker" not in str(kept).replace("Allocated Worker", "") and "Name" not in str(kept)


def test_the_first_rows_which_hold_every_column_are_not_kept_after_the_reading(
    tmp_path, monkeypatch
):
    books, init = [], workbook._Book.__init__
    monkeypatch.setattr(
        workbook._Book, "__init__", lambda book, file: books.append(book) or init(book, file)
    )
    cells(package(tmp_path, headed(line(2, text("K1"), text("2025-01-02"), None, text("A name")))))
    assert [book.reads.cache_info().currsize for book in books] == [0]
