"""Tables for readers: a caption, scoped headers, the reason where a number is missing, text that is
never markup.
"""

import re
from dataclasses import replace
from functools import cache
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

import oxcare_analysis as ox
from oxcare_analysis import door
from oxcare_analysis.showing import exhibits

MARKUP = "<b>Ox & \"Ford's</b>"
# What is shown of a study, by name: how it is made.
SHOWN = {
    "premise": lambda study: exhibits.premise(ox.premise(study)),
    "ledger": lambda study: exhibits.ledger(ox.ledger(study)),
    "evidence on entry": lambda study: exhibits.evidence(ox.assess(study, "entry_threshold")),
    "evidence on exit": lambda study: exhibits.evidence(ox.assess(study, "exit_threshold")),
    "evidence on need": lambda study: exhibits.evidence(ox.assess(study, "population_need")),
    "evidence on awareness": lambda study: exhibits.evidence(ox.assess(study, "awareness")),
    "verdicts": lambda study: exhibits.verdicts(ox.assess_all(study)),
    "story": lambda study: exhibits.story(ox.story(study)),
    "model of entry": lambda study: exhibits.coefficients(ox.regression(study, "entry_threshold")),
    "model of exit": lambda study: exhibits.coefficients(ox.regression(study, "exit_threshold")),
    "model of need": lambda study: exhibits.coefficients(ox.regression(study, "population_need")),
    "variants": lambda study: exhibits.variants(ox.assess(study, "awareness")),
    "events": lambda study: exhibits.events(ox.events(study)),
    "comparable events": lambda study: exhibits.comparable_events(ox.comparable_events(study)),
    "errors": lambda study: exhibits.errors(ox.errors(study, "entry_threshold")),
    "recording": lambda study: exhibits.recording(ox.recording(study)),
    "months": lambda study: exhibits.months(ox.months(study)),
    "steps": lambda study: exhibits.steps(ox.months(study)),
    "published": lambda study: exhibits.published(ox.published(study), source=study.source),
    "ledger of care": lambda study: exhibits.ledger(ox.ledger(study, "looked_after")),
    "ages": lambda study: exhibits.ages(ox.ages(study)),
    "routes": lambda study: exhibits.routes(ox.routes(study)),
    "links": lambda study: exhibits.links(ox.care_endings(study)),
    "in need": lambda study: exhibits.in_need(ox.in_need(study)),
    "workforce": lambda study: exhibits.workforce(ox.workforce(study)),
    "spend": lambda study: exhibits.spend(ox.spend(study)),
    "next year": lambda study: exhibits.outlook(ox.next_year(study)),
    "cases": lambda study: exhibits.caseload(ox.caseload(study)),
    "placements": lambda study: exhibits.listed(ox.placements(study), "Placements, as stated"),
    "stated": lambda study: exhibits.stated(ox.stated(study)),
    "revised": lambda study: exhibits.register(ox.revised(study), "Revised since first published"),
}


@pytest.fixture(scope="module")
def studies(tables):
    """A large authority, one with hardly a figure, and one whose name is made of markup."""
    large, least = ox.load("Oxfordshire", 2013, 2018), ox.load("City of London", 2013, 2018)
    marked = replace(large, area=replace(large.area, name=MARKUP))
    return {"Oxfordshire": large, "City of London": least, MARKUP: marked}


@pytest.fixture(scope="module")
def show(studies):
    """A function that makes one exhibit of one area, once."""
    return cache(lambda area, what: SHOWN[what](studies[area]))


class Table(HTMLParser):
    """The tags, scopes, cells and caption of an exhibit's HTML."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.scopes, self.cells, self.captions, self.attributes = [], [], [], [], []
        self.feed(re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL))

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes.append(dict(attributes))
        if tag == "th":
            self.scopes.append(dict(attributes).get("scope"))
        if tag in ("td", "caption") or self.scopes[-1:] == ["row"] and tag == "th":
            (self.captions if tag == "caption" else self.cells).append("")

    def handle_data(self, data):
        if (
            self.tags[-1] in ("td", "caption")
            or self.scopes[-1:] == ["row"]
            and self.tags[-1] == "th"
        ):
            into = self.captions if self.tags[-1] == "caption" else self.cells
            into[-1] += data.strip()


def words(html):
    return re.sub(r"<[^>]*>", " ", re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL))


@pytest.mark.parametrize("area", ["Oxfordshire", "City of London"])
@pytest.mark.parametrize("what", SHOWN)
def test_an_exhibit_has_a_caption_and_scoped_headers(show, what, area):
    exhibit = show(area, what)
    table = Table(exhibit.html())
    assert table.tags.count("table") == 1
    assert table.captions == [exhibit.caption]
    named = exhibit.table.shape[1] > 1 and exhibit.table.iloc[:, 0].is_unique
    assert table.scopes == ["col"] * exhibit.table.shape[1] + ["row"] * len(exhibit.table) * named
    assert len(table.cells) == exhibit.table.size
    assert exhibit._repr_html_() == exhibit.html()


@pytest.mark.parametrize("what", SHOWN)
def test_an_exhibit_can_be_scrolled_with_the_keyboard_and_has_a_name(show, what):
    exhibit = show("Oxfordshire", what)
    frame = Table(exhibit.html()).attributes[0]
    assert (frame["tabindex"], frame["role"], frame["aria-label"]) == (
        "0",
        "region",
        exhibit.caption,
    )


@pytest.mark.parametrize("area", ["Oxfordshire", "City of London"])
@pytest.mark.parametrize("what", SHOWN)
def test_no_exhibit_shows_a_number_that_does_not_exist(show, what, area):
    assert (
        re.findall(r"\b(?:nan|NaN|inf|None|NaT)\b|<NA>|&lt;NA&gt;", words(show(area, what).html()))
        == []
    )


@pytest.mark.parametrize("what", SHOWN)
def test_an_area_name_made_of_markup_is_shown_and_never_obeyed(show, what):
    exhibit, plain = show(MARKUP, what), show("Oxfordshire", what)
    table = Table(exhibit.html())
    assert "b" not in table.tags
    assert table.captions == [plain.caption.replace("Oxfordshire", MARKUP)]


def test_text_of_a_file_is_shown_and_never_obeyed():
    marked = exhibits.register(pd.DataFrame({"what": [MARKUP]}), "Any table", source=MARKUP).html()
    plain = exhibits.register(pd.DataFrame({"what": ["words"]}), "Any table", source="words").html()
    assert Table(marked).tags == Table(plain).tags


def test_the_name_of_a_column_is_shown_and_never_obeyed():
    assert (
        "b"
        not in Table(exhibits.register(pd.DataFrame({MARKUP: ["words"]}), "Any table").html()).tags
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda study: study,
        lambda study: replace(ox.premise(study), reason=MARKUP),
        lambda study: replace(ox.assess(study, "exit_threshold"), reason=MARKUP),
        lambda study: replace(ox.ledger(study), reason=MARKUP),
        lambda study: replace(
            ox.figure("931", 2018, "plans_open_count"), area={"name": MARKUP, "code": ""}
        ),
    ],
    ids=["study", "premise", "finding", "ledger", "figure"],
)
def test_the_own_html_of_a_result_shows_a_name_and_never_obeys_it(studies, make):
    html = make(studies[MARKUP])._repr_html_()
    assert "<b>" not in html
    assert MARKUP in unescape(html)


def test_a_missing_figure_is_given_as_its_reason(show):
    cells = show("City of London", "published").table
    opened = cells.set_index("Year")["children on a plan at 31 March"]
    assert opened["2013"] == "(suppressed to protect confidentiality)"
    assert opened["2014"] == "0"


def test_a_measure_that_cannot_be_compared_gives_its_reason_in_place_of_a_change(studies, show):
    table = show("City of London", "evidence on entry").table
    finding = ox.assess(studies["City of London"], "entry_threshold")
    missing = [
        e.missing
        for e in (finding.primary, *(s.estimate for s in finding.supporting))
        if not e.known
    ]
    assert missing
    assert [
        cell for cell in table["Change, per cent"] if not re.fullmatch(r"[+-]\d+", cell)
    ] == missing
    assert set(table.loc[table["Change, per cent"].isin(missing), "95 per cent interval"]) == {
        "not worked out"
    }


def test_a_comparison_that_cannot_be_made_says_so(studies):
    premise = ox.premise(studies["Oxfordshire"])
    cut = replace(
        premise, table=premise.table.assign(expected=np.nan, above=np.nan, low=np.nan, high=np.nan)
    )
    shown = exhibits.premise(cut).table
    assert set(shown["Children on a plan"]) == {"cannot be worked out"}
    assert set(shown["More (+) or fewer (−) in fact"]) == {"cannot be worked out"}


def test_a_ledger_that_cannot_be_made_says_why(studies, show):
    assert show("City of London", "ledger").table.to_dict("list") == {
        "No ledger": [ox.ledger(studies["City of London"]).reason]
    }


def test_a_model_that_cannot_be_fitted_says_why(studies, show):
    assert show("City of London", "model of exit").table.to_dict("list") == {
        "not fitted": [ox.regression(studies["City of London"], "exit_threshold").missing]
    }


def test_the_ledger_shown_is_the_ledger_and_adds_up(studies, show):
    ledger, shown = ox.ledger(studies["Oxfordshire"]), show("Oxfordshire", "ledger").table
    children = [int(text.replace(",", "")) for text in shown["Children"]]
    assert shown["Step"].iloc[-1] == "Change in open plans"
    assert children[-1] == ledger.change == 257
    assert abs(sum(children[:-1]) - ledger.change) <= len(children) / 2
    held = ledger.table["plans"].dropna().astype(float).round().astype(int).tolist()
    assert [count for count in children if count in held][: len(held)] == held


def test_a_bar_of_the_ledger_is_read_by_its_noise_and_its_bases(studies):
    ledger = ox.ledger(studies["Oxfordshire"])
    changed = ledger.table.assign(
        low=[-5.0, 5.0, 5.0, 5.0, 5.0, 5.0], high=9.0, stable_sign=True, doubtful=False
    )
    changed["stable_sign"] = [True, False, True, True, True, True]
    changed["doubtful"] = [False, False, True, False, False, False]
    read = (
        exhibits.ledger(replace(ledger, table=changed, merged=ledger.merged[:0]))
        .table["Reading"]
        .tolist()
    )
    assert read[:4] == [
        "within noise",
        "changes sign with the base: not read",
        "doubtful: recording",
        "clear of noise",
    ]
    assert read[-1] == "the whole"


def test_the_evidence_shown_is_the_finding(studies, show):
    finding, shown = (
        ox.assess(studies["Oxfordshire"], "exit_threshold"),
        show("Oxfordshire", "evidence on exit").table,
    )
    primary = finding.primary
    assert shown["Measure"].tolist() == [
        primary.label,
        *(s.estimate.label for s in finding.supporting),
    ]
    assert shown["Change, per cent"][0] == f"{np.expm1(primary.estimate) * 100:+.0f}"
    assert shown["From"][0] == f"{primary.level_from:,.1f}"
    assert shown["To"][0] == f"{primary.level_to:,.1f}"
    assert shown["Rank among authorities"][0] == f"{primary.placebo_rank} of {primary.placebo_of}"
    assert shown["Predicted"].tolist() == ["(the test)", "down", "flat", "flat"]


def test_the_verdicts_are_told_by_a_word_and_a_sign_of_their_own(studies, show):
    assert (
        len(set(exhibits.SYMBOLS.values())) == len(exhibits.SYMBOLS) == len(exhibits.VERDICTS) == 5
    )
    finding = ox.assess(studies["Oxfordshire"], "exit_threshold")
    for verdict, word in exhibits.VERDICTS.items():
        told = (
            exhibits.verdicts({"exit_threshold": replace(finding, verdict=verdict)})
            .table["Verdict"]
            .tolist()
        )
        assert told == [f"{exhibits.SYMBOLS[verdict]} {word}"]


def test_the_story_has_a_row_for_each_window_it_is_told_of(show):
    shown = show("Oxfordshire", "story").table
    assert shown["Window"].tolist() == [
        f"{first} to {last}" for first, last in sorted(door.PERIODS)
    ]
    row = shown.set_index("Window").loc["2013 to 2018"]
    assert (row["Open plans"], row["Per 10,000"]) == ("430 → 687", "30.9 → 48.1")


def test_a_window_without_a_published_end_says_so_in_the_story(show):
    row = show("City of London", "story").table.set_index("Window").loc["2013 to 2018"]
    assert "not published" in row["Open plans"]


def test_an_area_with_no_window_yet_has_an_empty_story():
    cumberland = ox.story(ox.load("Cumberland", 2024, 2024))
    assert exhibits.story(cumberland).table.empty


def test_a_model_of_one_year_says_that_it_is_not_fitted():
    model = ox.regression(ox.load("Cumberland", 2024, 2024), "population_need")
    assert exhibits.coefficients(model).table.columns.tolist() == ["not fitted"]


def styled(html, column):
    """Whether a column of an exhibit's HTML is set to the right."""
    return re.search(rf"\.col{column} \{{\s*text-align: right", html) is not None


@pytest.mark.parametrize(
    ("cells", "right"),
    [
        ([1.5, 2.0], True),
        (["+184", "−8"], True),
        (["+103 to +274", "exact"], False),
        (["+103 to +274", "-12 to +166", "exact"], True),
        (["430 → 687", "(suppressed)", "12"], True),
        (["yes", "no"], False),
        ([True, False], False),
        (["two", "words"], False),
    ],
)
def test_figures_stand_in_line_and_words_do_not(cells, right):
    table = pd.DataFrame({"what": list("xyz")[: len(cells)], "n": cells})
    html = exhibits.Exhibit("Caption", table).html()
    assert styled(html, 1) is right


def test_bare_numbers_of_one_column_have_the_same_decimals_and_years_no_comma():
    table = pd.DataFrame(
        {"year": [2013, 2014, 2015], "rate": [0.5, 12.25, np.nan], "children": [1234.0, 5.0, 6.0]}
    )
    cells = Table(exhibits.Exhibit("Caption", table).html()).cells
    assert cells == ["2013", "0.5", "1,234", "2014", "12.2", "5", "2015", "no figure", "6"]


def test_a_first_column_that_repeats_itself_heads_no_row():
    assert (
        Table(
            exhibits.Exhibit("Caption", pd.DataFrame({"a": ["x", "x"], "b": [1, 2]})).html()
        ).scopes
        == ["col"] * 2
    )


@pytest.mark.parametrize("area", ["Oxfordshire", "City of London"])
@pytest.mark.parametrize("what", SHOWN)
def test_a_cell_without_a_number_says_why(show, what, area):
    """A bare 'none' is no reason; the recording register and the rivals of a verdict list what may
    be absent.
    """
    assert not {"none", ""} & set(Table(show(area, what).html()).cells) or what in (
        "recording",
        "verdicts",
    )


def test_the_one_year_base_adds_up_to_the_change_as_well(studies, show):
    ledger, shown = ox.ledger(studies["Oxfordshire"]), show("Oxfordshire", "ledger").table
    steps = shown["One-year base"].str.replace(",", "").astype(int)
    assert abs(steps[:-1].sum() - ledger.change) <= len(steps) / 2  # each is rounded
