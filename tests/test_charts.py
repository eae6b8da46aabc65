"""Charts: each function on real findings, alt text that follows the table, a reason where there is
nothing to draw.
"""

import inspect
import io
import re
from dataclasses import replace
from functools import cache, partial
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib import rc_context
from matplotlib.colors import to_rgb
from PIL import Image, ImageChops

import oxcare_analysis as ox
from oxcare_analysis.showing import (
    care_charts,
    charts,
    drawing,
    evidence_charts,
    growth_charts,
    pictures,
    work_charts,
)
from oxcare_analysis.words import paths
from oxcare_analysis.words.errors import UsageError

MARKUP = "<b>Ox & \"Ford's</b>"


# What is drawn of a study, by name: the chart function and the result it takes.
def simulated_power(study):
    """Shares of simulated worlds, made up for the picture alone."""
    return pd.DataFrame(
        {
            "cause": ["one cause"] * 3 + ["another"] * 3,
            "open plans at the start": [150, 300, 600] * 2,
            "share": [0.4, 0.6, 0.8, 0.5, 0.7, 0.9],
            "low": 0.3,
            "high": 0.95,
            "bound": 0.8,
        }
    )


def documented(result):
    """What the documents state of Oxfordshire, under the name of the study: no other name has
    documents.
    """
    return lambda study: replace(
        result(replace(study, area=replace(study.area, name="Oxfordshire"))), area=study.area.name
    )


DRAWN = {
    "open plans": (charts.comparison, lambda study: ox.compare(study, "open_per_child")),
    "longer plans": (charts.comparison, lambda study: ox.compare(study, "exit_hazard_6_plus")),
    "ledger": (charts.ledger, ox.ledger),
    "entry": (charts.finding, lambda study: ox.assess(study, "entry_threshold")),
    "exit": (charts.finding, lambda study: ox.assess(study, "exit_threshold")),
    "need": (charts.finding, lambda study: ox.assess(study, "population_need")),
    "awareness": (charts.finding, lambda study: ox.assess(study, "awareness")),
    "trend": (charts.trend, lambda study: ox.decompose(study, "plans_started_per_child")),
    "longer trend": (charts.trend, lambda study: ox.decompose(study, "exit_hazard_6_plus")),
    "hazards": (charts.hazards, ox.exits),
    "stay": (charts.expected_stay, ox.exits),
    "endings into care": (charts.care_endings, ox.care_endings),
    "events": (charts.events, ox.events),
    "comparable events": (charts.comparable_events, ox.comparable_events),
    "ways of asking": (
        charts.specifications,
        lambda study: ox.specifications(study, "entry_threshold"),
    ),
    "just here": (charts.just_here, ox.premise),
    "months": (charts.months, ox.months),
    "residuals of entry": (charts.residuals, lambda study: ox.regression(study, "entry_threshold")),
    "residuals of exit": (charts.residuals, lambda study: ox.regression(study, "exit_threshold")),
    "power": (
        partial(charts.power, across="open plans at the start", source="Simulated."),
        simulated_power,
    ),
    "looked after": (charts.looked_after, ox.looked_after),
    "ledger of care": (charts.ledger, lambda study: ox.ledger(study, "looked_after")),
    "ages": (charts.ages, ox.ages),
    "unaccompanied": (charts.unaccompanied, ox.unaccompanied),
    "routes": (charts.routes, documented(ox.routes)),
    "in need": (charts.in_need, ox.in_need),
    "caseloads": (partial(charts.workforce, measure="caseload_average"), ox.workforce),
    "teams": (charts.teams, documented(ox.workforce)),
    "spend": (partial(charts.spend, measure="spend_looked_after_gbp"), ox.spend),
    "next year": (charts.outlook, ox.next_year),
    "residuals of need": (charts.residuals, lambda study: ox.regression(study, "population_need")),
}
SPARSE = ("months", "open plans", "exit", "need", "trend", "just here", "residuals of need")
REFUSED = (
    "months",
    "ledger",
    "longer trend",
    "just here",
    "residuals of entry",
    "residuals of exit",
)


@pytest.fixture(scope="module")
def found(tables):
    """A function that gives one result of one area: large, small, with hardly a figure, or with a
    name of markup.
    """
    large = ox.load("Oxfordshire", 2013, 2018)
    studies = {
        "Oxfordshire": large,
        "Rutland": ox.load("Rutland", 2013, 2018),
        "City of London": ox.load("City of London", 2013, 2018),
        MARKUP: replace(large, area=replace(large.area, name=MARKUP)),
    }
    return cache(lambda area, what: DRAWN[what][1](studies[area]))


@pytest.fixture(scope="module")
def draw(found):
    """A function that draws one result of one area, once."""
    return cache(lambda area, what: DRAWN[what][0](found(area, what)))


class Text(HTMLParser):
    """The tags of a piece of HTML, its words, and the alt texts in it."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.alts, self.words, self.headers = [], [], "", []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag == "img":
            self.alts.append(dict(attributes)["alt"])
        if tag == "th":
            self.headers.append(dict(attributes).get("scope"))

    def handle_data(self, data):
        self.words += data


def size(png):
    """Width and height in the header of a PNG."""
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


def test_every_chart_function_is_drawn_here():
    functions = {
        function
        for name, function in inspect.getmembers(charts, inspect.isfunction)
        if function.__module__
        in {m.__name__ for m in (charts, care_charts, evidence_charts, growth_charts, work_charts)}
        and not name.startswith("_")
        and function is not charts.nothing
    }
    assert functions == {getattr(function, "func", function) for function, _ in DRAWN.values()}


@pytest.mark.parametrize(
    ("area", "what"),
    [*(("Oxfordshire", what) for what in DRAWN), *(("Rutland", what) for what in SPARSE)],
    ids=lambda value: value,
)
def test_a_chart_is_a_picture_twice_over_with_alt_text_source_and_table(draw, area, what):
    chart = draw(area, what)
    assert isinstance(chart, charts.Chart)
    assert chart.png.startswith(b"\x89PNG\r\n\x1a\n")
    assert min(size(chart.png)) > 300
    assert "<svg" in chart.svg
    assert chart.svg.rstrip().endswith("</svg>")
    assert 60 <= len(chart.alt) <= 300
    assert re.search(r"\d", chart.alt)
    assert not re.search(r"\b(nan|inf|None)\b", chart.alt + chart.title)
    assert not chart.alt.endswith("…")
    assert chart.source.startswith(
        ("Source: Department for Education", "Source: the council's report", "Simulated")
    )
    assert isinstance(chart.table, pd.DataFrame)
    assert len(chart.table) >= 2
    assert re.fullmatch(r"[a-z0-9_]+", chart.name)


@pytest.mark.parametrize("what", REFUSED)
def test_a_chart_that_cannot_be_drawn_is_a_line_that_says_why(found, draw, what):
    line, result = draw("City of London", what), found("City of London", what)
    assert isinstance(line, charts.Nothing)
    reason = getattr(result, "missing", "") or getattr(result, "reason", "")
    assert reason
    assert line == f"No chart: {reason.rstrip('.')}."
    assert line._repr_html_() == f'<p class="nothing">{line}</p>'


def test_a_finding_without_any_number_is_a_line_that_says_why(found):
    finding = found("Oxfordshire", "exit")
    bare = replace(
        finding, table=finding.table.assign(estimate=np.nan), reason="Nothing is published."
    )
    assert charts.finding(bare) == "No chart: Nothing is published."


def test_a_comparison_without_any_figure_is_a_line_that_says_why(draw):
    assert isinstance(draw("City of London", "longer plans"), charts.Nothing)


def test_a_finding_whose_test_has_no_number_does_not_call_another_measure_the_test(found):
    finding = found("Oxfordshire", "exit")
    table = finding.table.copy()
    table.loc[table["role"] == "primary", ["estimate", "low", "high"]] = np.nan
    assert isinstance(charts.finding(replace(finding, table=table)), charts.Nothing)


def test_a_trend_of_one_year_is_a_line_that_says_why(found):
    trend = found("Oxfordshire", "trend")
    assert (
        charts.trend(replace(trend, table=trend.table[:1]))
        == "No chart: too few years have figures."
    )


def test_the_reason_in_place_of_a_chart_is_text_not_markup():
    assert (
        charts.nothing("<b>no</b> figure")._repr_html_()
        == '<p class="nothing">No chart: &lt;b&gt;no&lt;/b&gt; figure.</p>'
    )


def test_the_alt_text_of_a_comparison_follows_its_table(found, draw):
    result = found("Oxfordshire", "open plans")
    table = result.table.copy()
    table.loc[table["year"] == 2018, ["value", "low", "high", "england"]] = 20.1, 18.0, 22.0, 99.9
    before, after = (
        draw("Oxfordshire", "open plans").alt,
        charts.comparison(replace(result, table=table)).alt,
    )
    assert "Oxfordshire rose from 30.9 to 48.1 between 2013 and 2018" in before
    assert "Oxfordshire fell from 30.9 to 20.1 between 2013 and 2018; England rose from" in after
    assert "to 99.9;" in after


def test_the_alt_text_of_a_comparison_says_where_england_has_no_figure(found):
    result = found("Oxfordshire", "open plans")
    alt = charts.comparison(replace(result, table=result.table.assign(england=np.nan))).alt
    assert "England has no figure at one end" in alt


def test_one_year_alone_is_not_told_as_a_change(found):
    result = found("Oxfordshire", "open plans")
    alt = charts.comparison(replace(result, table=result.table[result.table["year"] <= 2013])).alt
    assert "between 2013 and 2013" not in alt


def test_the_alt_text_of_a_ledger_follows_its_numbers(found, draw):
    result = found("Oxfordshire", "ledger")
    steps = result.subtotals.copy()
    steps.loc[steps["step"] == "exits", ["plans", "low", "high", "stable_sign"]] = (
        -400.0,
        -500.0,
        -300.0,
        True,
    )
    before = draw("Oxfordshire", "ledger").alt
    after = charts.ledger(replace(result, open_to=101.0, subtotals=steps)).alt
    assert "rose from 430 to 687" in before
    assert "fell from 430 to 101" in after
    label = steps.loc[steps["step"] == "exits", "label"].iloc[0]
    assert f"Largest step: {label.lower()}, -400 children." in after
    hatched = [int(re.search(r"(\d+) of \d+ steps are hatched", alt)[1]) for alt in (before, after)]
    was_hatched = (steps["low"] * steps["high"] <= 0).eq(False) & (
        result.subtotals["low"] * result.subtotals["high"] <= 0
    )
    assert hatched[0] - hatched[1] == was_hatched.sum()


def test_the_data_of_a_ledger_is_in_children_whatever_stock_it_is_of(draw):
    care, plans = (
        draw("Oxfordshire", what).table.set_index("step")["children"]
        for what in ("ledger of care", "ledger")
    )
    assert (care["Looked after at March 2013"], plans["Open at March 2018"]) == (416, 687)


def test_the_alt_text_of_a_finding_follows_its_table(found, draw):
    result = found("Oxfordshire", "exit")
    table = result.table.copy()
    table.loc[0, ["estimate", "low", "high"]] = np.log([1.5, 1.25, 1.8])
    before, after = (
        draw("Oxfordshire", "exit").alt,
        charts.finding(replace(result, table=table)).alt,
    )
    assert "+50 per cent, interval +25 to +80" in after
    assert "+50 per cent" not in before
    beyond = [int(re.search(r"(\d+) of 4 measures", alt)[1]) for alt in (before, after)]
    assert beyond[1] - beyond[0] == 1


def test_the_alt_text_of_a_trend_follows_its_table(found, draw):
    result = found("Oxfordshire", "trend")
    table = result.table.assign(change=np.log(1.4), national=0.0, local=np.log(1.4))
    after = charts.trend(replace(result, table=table)).alt
    assert "By 2018: +40 per cent in all, of which local +40 and national +0 per cent." in after
    assert draw("Oxfordshire", "trend").alt != after


def test_the_alt_text_of_just_here_follows_its_table(found, draw):
    result = found("Oxfordshire", "just here")
    after = charts.just_here(
        replace(result, open_to=612.0, table=result.table.assign(expected=123.0))
    ).alt
    assert "612 children on a plan at March 2018" in after
    assert after.count(" 123") == 3
    assert "687 children on a plan" in draw("Oxfordshire", "just here").alt


def test_the_alt_text_of_the_expected_stay_follows_its_table(found, draw):
    result = found("Oxfordshire", "stay")
    table = result.table[result.table["year"] <= result.last_year].copy()
    table.loc[table.index[-1], "value"] = 27.6
    assert "27.6" in charts.expected_stay(replace(result, table=table)).alt
    assert "27.6" not in draw("Oxfordshire", "stay").alt


def test_the_alt_text_of_the_ways_of_asking_follows_its_table(found, draw):
    result = found("Oxfordshire", "ways of asking")
    table = result.table.copy()
    table.loc[table.index[0], "estimate"] = np.log(9.0)
    after = charts.specifications(replace(result, table=table)).alt
    assert f"{len(table)} ways of asking" in after
    assert "to +800 per cent" in after
    assert "+800" not in draw("Oxfordshire", "ways of asking").alt


def test_the_alt_text_of_residuals_follows_its_table(found):
    result = found("Oxfordshire", "residuals of exit")
    residuals = result.residuals.assign(pearson=0.0)
    residuals.loc[0, "pearson"] = -3.4
    alt = charts.residuals(replace(result, residuals=residuals)).alt
    assert "The largest is 3.4; number beyond 2: 1." in alt


def test_every_number_of_an_alt_text_is_in_the_table_behind_it(draw):
    chart = draw("Oxfordshire", "just here")
    said = {float(n.replace(",", "")) for n in re.findall(r"\d[\d,]*", chart.alt)} - {2018.0}
    assert said <= set(chart.table["children"].round())


@pytest.mark.parametrize(
    "what", ["open plans", "ledger", "exit", "trend", "hazards", "ways of asking", "just here"]
)
def test_drawing_twice_gives_the_same_picture(found, draw, what):
    again = DRAWN[what][0](found("Oxfordshire", what))
    assert again.png == draw("Oxfordshire", what).png
    assert again == draw("Oxfordshire", what)
    assert again.svg == draw("Oxfordshire", what).svg
    assert again.picture("slide", "svg") == draw("Oxfordshire", what).picture("slide", "svg")


@pytest.mark.parametrize("what", DRAWN)
def test_a_chart_shows_itself_as_html_text_and_data(draw, what):
    chart = draw("Oxfordshire", what)
    bundle = chart._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain", charts.MIME}
    assert bundle["text/plain"] == f"{chart.title}\n{chart.alt}"
    packed = bundle[charts.MIME]
    assert {name: packed[name] for name in ("name", "title", "alt", "source")} == {
        name: getattr(chart, name) for name in ("name", "title", "alt", "source")
    }
    assert pd.read_csv(io.StringIO(packed["csv"])).shape == chart.table.shape


@pytest.mark.parametrize("what", DRAWN)
def test_the_html_of_a_chart_has_alt_text_and_its_data_a_click_away(draw, what):
    chart = draw("Oxfordshire", what)
    page = Text(chart.html())
    assert page.alts == [chart.alt]
    assert [
        page.tags.count(tag)
        for tag in ("figure", "figcaption", "details", "summary", "table", "caption")
    ] == [1] * 6
    heads_rows = chart.table.iloc[:, 0].is_unique
    assert page.headers == ["col"] * chart.table.shape[1] + ["row"] * len(chart.table) * heads_rows
    assert not re.search(r"\b(nan|NaN|inf|None)\b|<NA>", page.words)


@pytest.mark.parametrize("what", DRAWN)
def test_an_area_name_made_of_markup_is_shown_and_never_obeyed(draw, what):
    chart, plain = draw(MARKUP, what), draw("Oxfordshire", what)
    page = Text(chart.html())
    assert page.tags == Text(plain.html()).tags
    assert page.alts == [chart.alt]
    assert chart.title in page.words
    assert chart.title == plain.title.replace("Oxfordshire", MARKUP)


def test_names_in_the_data_of_a_chart_are_shown_and_never_obeyed(draw):
    chart = replace(
        draw("Oxfordshire", "just here"), table=pd.DataFrame({MARKUP: [MARKUP], "children": [1]})
    )
    page = Text(chart.html())
    assert (
        page.tags
        == Text(replace(chart, table=chart.table.rename(columns={MARKUP: "what"})).html()).tags
    )
    assert "b" not in page.tags
    assert page.words.count(MARKUP) == 2


def test_the_svg_of_an_area_name_made_of_markup_is_still_one_document(draw):
    root = ElementTree.fromstring(draw(MARKUP, "just here").svg)
    assert MARKUP in "".join(root.itertext())


PALETTE = (drawing.FOCUS, drawing.ENGLAND, drawing.NEIGHBOURS)
# What red-green colour blindness leaves of linear red, green and blue (Machado, Oliveira and
# Fernandes 2009, at its
# most severe).
BLIND = {
    "as seen by most": np.eye(3),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
}


def linear(colour):
    """Linear red, green and blue of a colour (IEC 61966-2-1)."""
    parts = np.array(to_rgb(colour))
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    return linear(colour) @ [0.2126, 0.7152, 0.0722]


def lightness(colour):
    """L* of CIE 1976: equal steps look equal in grey."""
    return 116 * np.cbrt(luminance(colour)) - 16


@pytest.mark.parametrize("colour", PALETTE)
def test_a_colour_of_the_palette_is_dark_enough_to_write_with(colour):
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5  # WCAG 2.2, 1.4.3


def test_the_palette_survives_grey_print_in_steps():
    steps = np.diff(sorted(map(lightness, PALETTE)))
    assert steps.min() >= 8


@pytest.mark.parametrize("eyes", BLIND)
def test_the_palette_survives_colour_blindness(eyes):
    seen = [np.clip(BLIND[eyes] @ linear(colour), 0, 1) ** (1 / 2.4) for colour in PALETTE]
    assert min(np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[:i]) > 0.15


@pytest.mark.parametrize(("size", "width"), [("page", 2007), ("slide", 3000), ("screen", 1004)])
@pytest.mark.parametrize("what", ["ledger", "months", "events", "residuals of need"])
def test_a_picture_to_take_away_is_as_fine_as_its_size_says_and_says_what_it_shows(
    draw, what, size, width
):
    chart = draw("Oxfordshire", what)
    picture = Image.open(io.BytesIO(chart.picture(size)))
    assert abs(picture.width - width) <= 1
    assert picture.info["dpi"] == pytest.approx((pictures.SIZES[size][2],) * 2, abs=0.1)
    assert size != "slide" or picture.width / picture.height == pytest.approx(16 / 9, rel=0.002)
    assert [picture.text[key] for key in ("Title", "Description", "Source")] == [
        chart.title,
        chart.alt,
        chart.source,
    ]


@pytest.mark.parametrize("what", DRAWN)
def test_title_chart_note_and_source_are_inside_the_strips_that_are_stacked(draw, what):
    chart = draw("Oxfordshire", what)
    above, beneath = pictures.strips(chart)
    assert "".join("".join(above.lines).split()) == "".join(chart.title.split())
    assert "".join("".join(beneath.lines).split()).endswith("".join(chart.source.split()))
    for strip in (above, beneath):
        picture = strip.drawn(150)
        left, top, right, bottom = ImageChops.invert(
            picture
        ).getbbox()  # what is cut off reaches the edge
        assert 0 < left < right < picture.width and 0 < top < bottom < picture.height
    figure = chart.laid_out
    for dots in (72, 100, 300):  # an inch, whatever was drawn of it before; a dot of 72 is allowed
        figure.set_dpi(dots)
        with rc_context(pictures.SET_TEXT):
            figure.draw_without_rendering()
            parts = [
                *(text.get_window_extent() for text in figure.texts),
                *(a.get_tightbbox() for a in figure.axes),
            ]
        for part in parts:
            assert part.x0 >= -dots / 72 and part.x1 <= figure.bbox.width + dots / 72
            assert part.y0 >= -dots / 72 and part.y1 <= figure.bbox.height + dots / 72


@pytest.mark.parametrize("what", ["ledger", "months"])
def test_a_picture_of_few_colours_keeps_those_of_its_chart_and_its_white(draw, what):
    picture = Image.open(io.BytesIO(draw("Oxfordshire", what).png)).convert("RGB")
    held = {colour for _, colour in picture.getcolors()}
    assert len(held) <= pictures.COLOURS
    assert {(255, 255, 255), tuple(round(255 * part) for part in to_rgb(drawing.FOCUS))} <= held


@pytest.mark.parametrize("what", ["ledger", "months"])
def test_a_slide_is_white_above_and_beneath_what_is_on_it(draw, what):
    picture = Image.open(io.BytesIO(draw("Oxfordshire", what).picture("slide"))).convert("RGB")
    _, top, _, bottom = ImageChops.invert(picture).getbbox()
    edge = int(pictures.SLIDE_EDGE * picture.width / pictures.SIZES["slide"][0] * 0.8)
    assert top >= edge <= picture.height - bottom


@pytest.mark.parametrize("what", ["ledger", "events"])
def test_an_svg_to_take_away_has_title_alt_text_and_source(draw, what):
    chart = draw("Oxfordshire", what)
    root = ElementTree.fromstring(chart.picture(kind="svg"))
    space = {"svg": "http://www.w3.org/2000/svg"}
    assert root.get("role") == "img"
    assert [root.findtext(f"svg:{part}", namespaces=space) for part in ("title", "desc")] == [
        chart.title,
        chart.alt,
    ]
    assert "".join(chart.source.split()) in "".join(
        "".join(root.itertext()).split()
    )  # it is drawn in lines


def test_taking_a_picture_away_leaves_the_chart_as_it_was(draw, found):
    chart = charts.ledger(found("Oxfordshire", "ledger"))
    page = chart.picture("page")
    chart.picture("slide")
    assert chart.picture("page") == page
    assert chart.svg == draw("Oxfordshire", "ledger").svg


@pytest.mark.parametrize(("name", "start"), [("growth.png", b"\x89PNG"), ("growth.svg", b"<?xml")])
def test_a_chart_is_saved_as_the_kind_its_name_says(draw, tmp_path, name, start):
    path = ox.save(draw("Oxfordshire", "ledger"), tmp_path / name, size="slide")
    assert path == tmp_path / name
    assert path.read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("what", "name", "size", "said"),
    [
        ("ledger", "growth.pdf", "page", "writes .png or .svg files; got 'growth.pdf'"),
        ("ledger", "growth.png", "poster", "expected one of page, slide, screen"),
        ("a frame", "growth.png", "page", "got a DataFrame"),
        ("nothing", "growth.png", "page", "got 'No chart: too few years.'"),
    ],
)
def test_what_cannot_be_saved_is_refused_in_words(draw, tmp_path, what, name, size, said):
    given = {"a frame": pd.DataFrame(), "nothing": charts.nothing("too few years")}
    with pytest.raises(UsageError, match=re.escape(said)):
        ox.save(given[what] if what in given else draw("Oxfordshire", what), tmp_path / name, size)
    assert list(tmp_path.iterdir()) == []


def test_pictures_are_handed_over_only_to_a_refresh(draw, monkeypatch):
    chart = draw("Oxfordshire", "just here")
    monkeypatch.delenv(paths.TAKE_AWAY, raising=False)
    assert not {"svg", *pictures.SIZES} & set(chart._repr_mimebundle_()[charts.MIME])
    monkeypatch.setenv(paths.TAKE_AWAY, "page slide")
    assert {"svg", *pictures.SIZES} & set(chart._repr_mimebundle_()[charts.MIME]) == {
        "svg",
        "page",
        "slide",
    }


def test_a_chart_of_own_months_hands_nothing_over(found, monkeypatch):
    monkeypatch.setenv(paths.TAKE_AWAY, "page")
    own = charts.months(replace(found("Oxfordshire", "months"), own=True, exact=True))
    assert set(own._repr_mimebundle_()) == {"text/html", "text/plain"}


def test_dated_events_are_named_in_words_and_numbered_in_order(found):
    result = found("Oxfordshire", "months")
    note = charts.months(result).note
    numbers = [int(n) for n in re.findall(r"(\d+)\N{NO-BREAK SPACE}", note)]
    assert numbers == list(range(1, result.steps["date"].nunique() + 1))
    assert all(label in note for label in result.steps["label"])
    assert "_" not in note


def test_no_chart_or_table_of_dated_events_shows_a_name_made_for_machines(found, draw):
    result = found("Oxfordshire", "events")
    shown = draw("Oxfordshire", "events").note + ox.exhibits.events(result).html() + ox.say(result)
    names = pd.read_csv(paths.raw_dir() / "published_figures" / "events.csv")["event_id"]
    assert [name for name in names if name in shown or name.replace("_", " ") in shown] == []


def test_a_comparison_marks_the_dated_events_of_its_window_when_asked(found):
    result = found("Oxfordshire", "open plans")
    assert "Safeguarding hub goes live" in charts.comparison(result, events=True).note
    assert "Safeguarding hub" not in charts.comparison(result).note
    early = charts.comparison(replace(result, first_year=2011, last_year=2013), events=True).note
    assert "Safeguarding hub" not in early
    assert "Savile abuse revelations, October 2012" in early
