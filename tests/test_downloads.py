"""What is published beside the pages: the workbook, the pictures, text that a spreadsheet could run
made harmless.
"""

import base64

import nbformat
import pytest
from openpyxl import load_workbook

from oxcare_analysis.refresh import downloads


@pytest.fixture
def chart():
    """A function that gives a chart as a notebook hands it over."""

    def make(
        name="growth", csv="year,value\n2013,430\n", title="Growth", source="Source: simulated."
    ):
        picture = base64.b64encode(b"picture").decode()
        return {
            "name": name,
            "title": title,
            "alt": "What it shows.",
            "source": source,
            "csv": csv,
            "svg": "<svg/>",
            "page": picture,
            "slide": picture,
        }

    return make


@pytest.fixture
def write(tmp_path):
    """A function that writes the downloads of a report whose notebooks drew these charts, and gives
    the folder.
    """

    def write(*charts):
        outputs = [nbformat.v4.new_output("display_data", {downloads.CHART: c}) for c in charts]
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("", outputs=outputs)])
        drawn = downloads.charts_of(book, "02_growth")
        downloads.make_folders(tmp_path / "report")
        downloads.write_pictures(drawn, tmp_path / "report")
        downloads.write_tables(drawn, tmp_path / "report")
        return tmp_path / "report"

    return write


def test_the_workbook_has_a_sheet_a_chart_with_its_title_and_source(write, chart):
    book = load_workbook(write(chart("one"), chart("two", source="Source: other.")) / "tables.xlsx")
    assert book.sheetnames == ["02_one", "02_two"]
    rows = list(book["02_two"].values)
    assert rows[0][0] == "Growth"
    assert rows[1:3] == [("year", "value"), (2013, 430)]
    assert rows[-1][0] == "Source: other."


def test_names_of_sheets_keep_to_the_format_and_apart(write, chart):
    long = "residuals_trend_in_plans_started_per_100"
    names = load_workbook(write(*(chart(long + end) for end in "abc")) / "tables.xlsx").sheetnames
    assert len(set(names)) == 3
    assert max(map(len, names)) <= 31


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-cmd|x", "@SUM(A1)", "\tx", "-", "=-1"])
def test_text_that_a_spreadsheet_would_run_is_made_harmless(write, chart, text):
    folder = write(chart(csv=f'year,value\n2013,"{text}"\n', title=text, source=text))
    assert f"'{text}" in (folder / "data" / "02_growth.csv").read_text(encoding="utf-8")
    cells = [
        cell for row in load_workbook(folder / "tables.xlsx").active.iter_rows() for cell in row
    ]
    assert [cell.data_type for cell in cells if cell.value and text in str(cell.value)] == ["s"] * 3
    assert not [
        cell.value for cell in cells if str(cell.value).startswith(downloads.FORMULA_STARTS)
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-5.25", -5.25),
        ("1e-07", 1e-07),
        ("2013_14", "2013_14"),
        ("", None),
        ("nan", "nan"),
        ("2013-04", "2013-04"),
    ],
)
def test_numbers_are_numbers_and_everything_else_is_as_it_was(write, chart, text, value):
    rows = list(
        load_workbook(
            write(chart(csv=f"month,value\nApril,{text}\n")) / "tables.xlsx"
        ).active.values
    )
    assert rows[2][1] == value


def test_a_chart_is_published_for_the_page_for_a_slide_and_as_svg_with_its_alt_text(write, chart):
    folder = write(chart())
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*growth.*")}
    assert names == {
        "charts/02_growth.png",
        "charts/02_growth.svg",
        "charts/slides/02_growth.png",
        "data/02_growth.csv",
    }
    assert "02_growth,Growth,What it shows." in (folder / "charts" / "alt_text.csv").read_text(
        encoding="utf-8"
    )
