"""One published report in a real browser: rules of accessibility, keyboard, small screens, paper,
scripts off.
"""

import json
import re
import statistics
import unicodedata
from pathlib import Path

import pytest
from conftest import NEEDS_BROWSER
from pypdf import PdfReader

from oxcare_analysis.intake import raw
from oxcare_analysis.refresh import all_reports, run, sources
from oxcare_analysis.thinking.measures import RATIOS

pytestmark = NEEDS_BROWSER
PAGES = ("index", *(path.stem for path in run.notebooks(own_months=False)), "sources")
FILLER = "No description has been provided for this image"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
SMALL, WIDE, ZOOMED = 320, 1280, 640  # 640: a screen of 1280 at 200 per cent
FOLDS = 12  # folds opened for the rules: every kind of fold is among the first of a page
A4_WIDE, A4_HIGH = 673, 986  # what the margins leave of A4, in CSS pixels


@pytest.fixture(scope="module")
def report(published):
    return next(published.glob("*/rutland"))


@pytest.fixture
def page(browser):
    """An empty page of a wide screen, offline."""
    context = browser.new_context(viewport={"width": WIDE, "height": 900}, offline=True)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def shelf(published, tmp_path_factory):
    """A front page over three reports: the real one under three names, with other numbers of
    plans.
    """
    out = tmp_path_factory.mktemp("shelf")
    document = json.loads(
        next(published.glob("*/rutland/verdicts.json")).read_text(encoding="utf-8")
    )
    for name, start, end in (
        ("Mockham", 900, 1000),
        ("Testshire", 40, 90),
        ("Sampleton", 200, 150),
    ):
        folder = out / document["as_of"] / name.lower()
        folder.mkdir(parents=True)
        document["area"]["name"], document["premise"]["open_plans"] = (
            name,
            {"from": start, "to": end},
        )
        (folder / "verdicts.json").write_text(json.dumps(document), encoding="utf-8")
        (folder / "index.html").write_text("A report.", encoding="utf-8")
    (out / "checked.json").write_text(
        json.dumps({"checked": "2026-01-02", "newest": document["as_of"], "new": True})
    )
    all_reports.write(out)
    return out / "index.html"


def broken_rules(page):
    """Rules of WCAG 2.0 to 2.2, A and AA, that the page breaks, light and dark, small and wide.

    Colours do not depend on width, so contrast is read where nothing lies outside the screen.
    """
    axe = Path(pytest.importorskip("axe_playwright_python").__file__).parent / "axe.min.js"
    page.evaluate(
        f"[...document.querySelectorAll('details')].slice(0, {FOLDS}).forEach(fold => fold.open ="
        " true)"
    )
    page.evaluate(axe.read_text(encoding="utf-8") + ";0")
    broken = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (SMALL, WIDE):
            page.set_viewport_size({"width": width, "height": 900})
            options = {
                "resultTypes": ["violations"],
                "runOnly": WCAG,
                "rules": {
                    "target-size": {"enabled": True},
                    "color-contrast": {"enabled": width == WIDE},
                },
            }
            ran = page.evaluate("options => axe.run(options)", options)
            assert len(ran["passes"]) > 10
            broken += [
                (scheme, width, rule["id"], rule["nodes"][0]["html"][:200])
                for rule in ran["violations"]
            ]
    return broken


@pytest.mark.parametrize("name", PAGES)
def test_a_page_breaks_no_rule_of_accessibility(page, report, name):
    page.goto((report / f"{name}.html").as_uri())
    assert broken_rules(page) == []


def test_the_page_of_all_reports_breaks_no_rule_of_accessibility(page, shelf):
    page.goto(shelf.as_uri())
    assert broken_rules(page) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_nothing_of_any_other_place_and_runs_without_a_fault(page, report, name):
    asked, faults = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on(
        "console", lambda message: faults.append(message.text) if message.type == "error" else None
    )
    page.on("pageerror", lambda error: faults.append(str(error)))
    address = (report / f"{name}.html").as_uri()
    page.goto(address)
    assert [url for url in asked if not url.startswith("data:")] == [address]
    assert faults == []
    assert FILLER not in page.content()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [SMALL, ZOOMED])
def test_a_page_needs_no_sideways_scrolling(page, report, name, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((report / f"{name}.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", PAGES)
def test_headings_are_in_order_and_the_contents_list_has_every_section(page, report, name):
    page.goto((report / f"{name}.html").as_uri())
    levels = page.eval_on_selector_all(
        "h1, h2, h3, h4, h5, h6", "found => found.map(h => +h.tagName[1])"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in zip(levels, levels[1:], strict=False))
    sections = page.eval_on_selector_all(
        "main h2", "found => found.map(h => [h.id, h.textContent])"
    )
    listed = page.eval_on_selector_all(
        ".contents a", "found => found.map(a => [a.hash.slice(1), a.textContent])"
    )
    assert [[mark, words.strip()] for mark, words in sections] == listed
    assert len(listed) >= 2


def test_the_skip_link_is_first_and_leads_to_the_content(page, report):
    page.goto((report / "index.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left >= 0")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_the_contents_list_and_the_folds_work_by_keyboard(page, report):
    page.goto((report / "02_growth.html").as_uri())
    link = page.locator(".contents a").last
    link.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("!!document.querySelector(':target')")
    assert page.locator("h2:target").evaluate("h => h.getBoundingClientRect().top < innerHeight")
    for fold in ("details.code", "figure details"):
        assert page.locator(fold).first.evaluate("d => d.open") is False
        page.locator(f"{fold} > summary").first.focus()
        page.keyboard.press("Enter")
        assert page.locator(fold).first.evaluate("d => d.open") is True


def test_one_switch_shows_and_hides_all_code(page, report):
    page.goto((report / "02_growth.html").as_uri())
    folds, switch = page.locator("details.code"), page.locator("#code-switch")
    assert folds.count() > 3
    for key, shown in (("Enter", True), ("Space", False)):
        switch.focus()
        page.keyboard.press(key)
        assert folds.evaluate_all("found => found.map(d => d.open)") == [shown] * folds.count()
        assert switch.get_attribute("aria-pressed") == str(shown).lower()


def test_the_table_of_all_reports_sorts_and_narrows_by_keyboard(page, shelf):
    page.goto(shelf.as_uri())
    told = page.locator("[role=status]")
    assert told.text_content() == "3 of 3 reports shown"

    def order():
        return page.eval_on_selector_all(
            "tbody tr:not([hidden]) th a", "found => found.map(a => a.firstChild.data)"
        )

    def sort(column):
        page.locator("thead th button", has_text=re.compile(f"^{column}$")).focus()
        page.keyboard.press("Enter")

    for column, ascending in (
        ("Area", ["Mockham", "Sampleton", "Testshire"]),
        ("Open plans", ["Testshire", "Sampleton", "Mockham"]),
        ("Change", ["Sampleton", "Testshire", "Mockham"]),
    ):
        sort(column)
        assert order() == ascending
        assert page.locator("th[aria-sort=ascending]").text_content() == column
        sort(column)
        assert order() == ascending[::-1]
        assert page.locator("th[aria-sort=descending]").text_content() == column
    page.locator("#table-wanted").focus()
    page.keyboard.type("sample")
    assert order() == ["Sampleton"]
    assert told.text_content() == "1 of 3 reports shown"


@pytest.mark.parametrize("name", PAGES)
def test_with_scripts_off_everything_still_shows(browser, report, name):
    shown = []
    for scripts in (True, False):
        context = browser.new_context(java_script_enabled=scripts)
        page = context.new_page()
        page.goto((report / f"{name}.html").as_uri())
        shown.append(page.locator("main .top, main .rest").all_inner_texts())
        if not scripts:
            assert page.locator("#code-switch:visible").count() == 0
            folded = page.locator("details:not([open])")
            before = folded.count()
            folded.first.locator("summary").click()
            assert folded.count() == before - 1
        context.close()
    assert shown[0] == shown[1]


def test_the_table_of_all_reports_shows_with_scripts_off(browser, shelf):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(shelf.as_uri())
    assert page.locator("tbody tr:visible").count() == 3
    assert page.locator("#table-tools:visible").count() == 0
    context.close()


def test_two_clicks_lead_from_a_card_to_the_published_figure(page, report):
    judged = {
        h["hypothesis"]: h
        for h in json.loads((report / "verdicts.json").read_text("utf-8"))["hypotheses"]
    }
    page.goto((report / "12_exit_threshold.html").as_uri())
    page.locator(".card .behind a").click()
    row = page.locator("tr:target")
    assert (
        row.locator("th").text_content()
        == RATIOS[judged["exit_threshold"]["primary"]["measure"]].label
    )
    row.locator("a").first.click()
    table = page.locator("details[open] > .scroll > table:target")
    assert table.is_visible()
    assert table.locator("thead th").all_text_contents() == [
        "Year",
        "Value",
        "Status",
        "Source and table",
        "Edition",
    ]
    assert "Rutland" in table.locator("caption").text_content()
    newest = table.locator("tbody tr").last.locator("td").all_text_contents()
    assert newest[1] in ("published", "rounded") or newest[1].startswith("suppressed")
    assert newest[2].startswith("Department for Education, Children in need: D")
    assert newest[3] in raw.editions()["children_in_need"]


def test_every_chart_and_table_of_the_report_has_a_way_to_its_figures(page, report):
    for name in PAGES[:-1]:
        page.goto((report / f"{name}.html").as_uri())
        without = page.eval_on_selector_all(
            ".source",
            f"""found => found.filter(line => !line.closest(
            '.result, .card').querySelector('a[href^="{sources.PAGE}"]')).length""",
        )
        assert without == 0, name


def plain(text):
    """Text without spaces and ligatures."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


@pytest.mark.parametrize("name", PAGES)
def test_on_paper_no_table_is_cut_and_every_sheet_says_what_it_is(page, report, name, tmp_path):
    page.goto((report / f"{name}.html").as_uri())
    page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
    sheets = [plain(sheet.extract_text()) for sheet in PdfReader(tmp_path / "page.pdf").pages]
    assert [
        sheet[:80] for sheet in sheets if plain(page.locator(".where").text_content()) not in sheet
    ] == []
    assert not any("ox.load(" in sheet or "Showallcode" in sheet for sheet in sheets)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": A4_WIDE, "height": A4_HIGH})
    tables = page.eval_on_selector_all(
        "table",
        """found => found.filter(t => t.checkVisibility({
        contentVisibilityAuto: true})).map(t => [t.innerText, t.offsetHeight, t.offsetWidth])""",
    )
    assert tables or name == "index"
    for text, height, width in tables:
        assert width <= A4_WIDE
        assert height > A4_HIGH or any(plain(text) in sheet for sheet in sheets), text[:80]


def test_the_median_page_is_under_700_kilobytes(report):
    assert statistics.median((report / f"{name}.html").stat().st_size for name in PAGES) < 700_000
