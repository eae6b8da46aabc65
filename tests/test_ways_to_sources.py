"""From a number on a page to the published figure: the links, the page of sources, figures.csv."""

import re

import pytest

import oxcare_analysis as ox
from oxcare_analysis.refresh import pages, sources
from oxcare_analysis.thinking.measures import DERIVED
from oxcare_analysis.words import paths

PLACE = pages.Place("Oxfordshire, 2013 to 2018", "", ())


@pytest.fixture(scope="module")
def study(tables):
    return ox.load("Oxfordshire", 2013, 2018)


@pytest.fixture(scope="module")
def html(study):
    return sources.page(study, paths.PROJECT / "data", PLACE)


def rows_of(html, measure):
    """The rows of a measure's table: year → the text of its cells."""
    table = re.search(rf'<table id="{measure}">.*?</table>', html, flags=re.DOTALL)[0]
    rows = re.findall(r'<th scope="row">(\d+)</th>(.*?)</tr>', table, flags=re.DOTALL)
    return {int(year): re.findall(r"<td[^>]*>(.*?)</td>", cells) for year, cells in rows}


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("open_per_child", "#open_per_child"),
        ("exit_hazard_6_plus_trend", "#exit_hazard_6_plus"),  # a chart named after a measure
        ("plans_per_need_referral", "#plans_per_need_referral"),
        ("growth_ledger", ""),
        ("", ""),
    ],
)
def test_a_link_leads_to_the_measure_a_chart_is_named_after(name, mark):
    assert f'href="sources.html{mark}"' in sources.link(name)


def test_only_what_has_a_source_beneath_gets_a_way_back():
    assert sources.way_back("<p>words</p>", {}) == "<p>words</p>"
    assert "sources.html" in sources.way_back('<p class="source">Source: x</p>', {})


def test_every_derived_count_says_how_it_is_worked():
    assert set(sources.WORKED) == set(DERIVED)


def test_the_page_gives_each_published_count_with_its_origin(html):
    open_plans = rows_of(html, "plans_open_count")
    table = "Department for Education, Children in need: D5 Plans at 31 March by duration"
    assert open_plans[2013] == ["430", "published", table, "2025"]  # the department's own counts
    assert open_plans[2018] == ["687", "published", table, "2025"]
    assert (
        open_plans[2010][2]
        == "Department for Education, Children in need: OSR28/2010, OSR26/2011 and SFR27/2012"
    )


def test_a_suppressed_figure_is_none_with_its_reason(html):
    hidden = rows_of(html, "plans_open_24_plus_months_count")[2023]
    assert hidden[:2] == ["none", "suppressed to protect confidentiality"]


def test_the_table_of_figures_has_the_area_england_and_its_neighbours(study):
    head, *rows = sources.rows(study)
    held = {(row[0], row[1], row[2]): dict(zip(head, row, strict=True)) for row in rows}
    assert held["Oxfordshire", 2018, "plans_open_count"] == {
        "area": "Oxfordshire",
        "year": 2018,
        "measure": "plans_open_count",
        "value": 687.0,
        "unit": "children",
        "status": "published",
        "note": "",
        "source": "children_in_need",
        "edition": "2025",
        "table": "plans_open_by_duration",
    }
    assert held["England", 2018, "plans_open_count"]["value"] == 53790.0
    assert {row[0] for row in rows} == {
        "Oxfordshire",
        "England",
        *(study.names[code] for code in study.neighbours),
    }
    assert {row["value"] for row in held.values() if row["status"] == "suppressed"} == {""}


def test_a_name_is_never_read_as_markup_or_style():
    place = pages.Place('Q"</style><script>alert(1)</script>', "<b>", (("a.html", "<i>", ""),))
    html = pages.of_parts("<h1>Heading</h1>", ["<h2>One</h2>"], "<u>", place, "index.html")
    assert html.count("<style>") == html.count("</style>") == 1
    assert re.findall(r"<script|<b>|<i>|<u>", html) == []
