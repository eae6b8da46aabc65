"""A report executes nothing that came from data: planted payloads in a real browser, with and
without the defences.
"""

import ast
import base64
import hashlib
import html
import re
import warnings
from html.parser import HTMLParser

import planting
import pytest
from conftest import NEEDS_BROWSER
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from oxcare_analysis import door
from oxcare_analysis.refresh import pages

pytestmark = NEEDS_BROWSER
MANY = 12  # kinds of payload that fire on the page where fewest do, or more
ASKED = r"https://x/(\d+)"
SETTLED, QUIET = (
    100,
    3,
)  # milliseconds for frames and requests to come up, and how often they pass with nothing new
# how often they may pass in all: a page of payloads is read in 2 s here, a busy machine takes
# longer
PATIENCE = 600
# What a reader's hand does: goes through the page by keyboard, follows links, sends forms off.
HAND = (
    "for (const e of document.querySelectorAll('[tabindex]')) e.focus()",
    "for (const e of document.querySelectorAll('a[href^=\"javascript:\"]')) e.click()",
    "for (const e of document.querySelectorAll('form')) e.requestSubmit()",
)


@pytest.fixture(scope="module")
def patch():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def made(tmp_path_factory, tables, shipped_dir, patch):
    """Pages on planted figures, as they are published (True) and with text put in as it is
    (False).
    """
    base = tmp_path_factory.mktemp("planted")
    folder = planting.plant(shipped_dir, base / "data")
    fitted = door.load(planting.AREA, *planting.WINDOW, data_dir=shipped_dir).noise
    patch.setenv("OXCARE_DATA_DIR", str(folder))
    with warnings.catch_warnings(), planting.quickly(patch, fitted):
        warnings.simplefilter("ignore")  # charts whose titles are a page long do not fit
        study = door.load(planting.AREA, *planting.WINDOW)
        ran = {path: planting.run_cells(path, study) for path in planting.notebooks()}
        defended = planting.report(study, ran, folder, base / "defended")
        with planting.undefended(patch):
            bare = planting.report(study, ran, folder, base / "undefended")
    return {True: defended, False: {name: planting.thinned(text) for name, text in bare.items()}}


@pytest.fixture(scope="module")
def fired(browser, made, tmp_path_factory):
    """(escaped, policy) → page → the payloads that ran, as (kind, place)."""
    folder, found = tmp_path_factory.mktemp("pages"), {}
    for escaped, texts in made.items():
        for policy in (True, False):
            found[escaped, policy] = {
                name: _ran(browser, text if policy else planting.without_policy(text), folder)
                for name, text in texts.items()
            }
    return found


def _ran(browser, text, folder, name="page.html"):
    """The marks that show when a page is opened and gone through."""
    path, marks = folder / name, []
    path.write_text(text, encoding="utf-8")
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(10_000)

    def asked(route):
        marks.append(re.match(ASKED, route.request.url))
        route.fulfill(
            status=204
        )  # a page that is led away stays, so that the other payloads are seen too

    context.route(re.compile("^https?:"), asked)
    page.on("console", lambda message: marks.append(re.fullmatch(r"mark (\d+)", message.text)))
    page.add_init_script("window.f = mark => console.log(`mark ${mark}`)")
    page.goto(path.as_uri(), wait_until="commit")
    for _ in range(PATIENCE):  # waiting for "load" would wait for the pages that payloads lead to
        page.wait_for_timeout(SETTLED)
        if page.evaluate("document.readyState") == "complete":
            break
    marks.append(re.match(ASKED, page.evaluate("document.baseURI")))
    for step in HAND:
        page.evaluate(step)
        page.wait_for_timeout(SETTLED)
    counts = []
    while len(counts) < PATIENCE and (len(counts) < QUIET or counts[-QUIET] < len(marks)):
        counts.append(len(marks))
        page.wait_for_timeout(SETTLED)
    context.close()
    return {planting.MARKS[int(mark[1])] for mark in marks if mark}


@pytest.mark.parametrize("policy", [True, False])
def test_with_text_escaped_nothing_runs_whatever_the_policy(fired, policy):
    assert {name: marks for name, marks in fired[True, policy].items() if marks} == {}


def test_with_the_policy_alone_nothing_runs_but_a_page_can_be_led_away(fired):
    """A policy in a page does not speak of where a page may lead: against that stands escaping
    alone.
    """
    assert {kind for marks in fired[False, True].values() for kind, _ in marks} <= {
        planting.LEADS_AWAY
    }


def test_without_either_every_kind_of_payload_fires_from_every_text_and_on_every_page(fired):
    both = [mark for marks in fired[False, False].values() for mark in marks]
    for kind in planting.KINDS:  # pytest -rP shows the counts of docs/security.md
        print(
            kind,
            sum(kind in {k for k, _ in marks} for marks in fired[False, False].values()),
            sep=": ",
        )
    assert [kind for kind in planting.KINDS if kind not in {kind for kind, _ in both}] == []
    assert [place for place in planting.PLACES if place not in {place for _, place in both}] == []
    assert [
        name
        for name, marks in fired[False, False].items()
        if len({kind for kind, _ in marks}) < MANY
    ] == []


def test_every_page_has_a_policy_no_handler_and_only_scripts_of_the_template(made):
    ours = {path.read_text(encoding="utf-8") for path in pages.TEMPLATE.glob("*.js")}
    for name, text in made[True].items():
        page = Tags()
        page.feed(text)
        (policy,) = (a["content"] for tag, a in page.tags if tag == "meta" and "http-equiv" in a)
        assert {"default-src 'none'", "base-uri 'none'", "form-action 'none'"} <= set(
            policy.split("; ")
        ), name
        assert not [(name, a) for _, a in page.tags for key in a if key.startswith("on")]
        assert set(page.scripts) <= ours, name
        digests = [
            base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
            for script in page.scripts
        ]
        assert policy.endswith(
            "script-src " + (" ".join(f"'sha256-{d}'" for d in digests) or "'none'")
        ), name


def test_every_planted_text_is_on_a_page_for_a_reader_to_see(made):
    """What is shown as it was given is there in full: nothing was made harmless by being left
    out.
    """
    everything = html.unescape("".join(made[True].values()))
    assert [place for place in planting.PLACES if planting.payload(place) not in everything] == []


def test_a_chart_as_a_file_of_its_own_runs_nothing(browser, tmp_path, patch):
    planted = (
        "<script>f(0)</script>",
        "<desc/><script>f(1)</script>",
        "<tspan/><script>f(2)</script>",
    )
    chart = planting.chart(*planted)
    assert _ran(browser, chart.picture(kind="svg").decode(), tmp_path, "chart.svg") == set()
    with planting.undefended(patch):
        assert (
            len(
                _ran(
                    browser,
                    planting.chart(*planted).picture(kind="svg").decode(),
                    tmp_path,
                    "chart.svg",
                )
            )
            == 3
        )


def test_an_area_cannot_write_code_into_the_notebook_that_runs_for_it():
    name = 'a"; import os #\'; import os\n\\"""{area}%s'
    book = parameterize_notebook(load_notebook_node(str(planting.notebooks()[0])), {"area": name})
    source = next(c.source for c in book.cells if "injected-parameters" in c.metadata.tags)
    statements = ast.parse(source).body
    assert [ast.unparse(s.targets[0]) for s in statements] == ["area"]
    assert ast.literal_eval(statements[0].value) == name


class Tags(HTMLParser):
    """Every tag of a page with its attributes, and the text of its scripts."""

    def __init__(self):
        super().__init__()
        self.tags, self.scripts = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.scripts += [""] * (tag == "script")

    def handle_data(self, text):
        if self.cdata_elem == "script":
            self.scripts[-1] += text
