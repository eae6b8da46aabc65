"""A refresh publishes a whole report or none: one real one, then nothing new, another window, by
force, a failure.
"""

import base64
import csv
import getpass
import hashlib
import json
import platform
import re
import sys
import tempfile
import zipfile
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from conftest import NOBODY, run_as_nobody
from nbconvert.filters import markdown2html
from PIL import Image

import oxcare_analysis as ox
from oxcare_analysis import documents
from oxcare_analysis.refresh import downloads, pages, run, standing
from oxcare_analysis.showing import wording
from oxcare_analysis.words import paths
from oxcare_analysis.words.errors import RunError

AREA, FOLDER = "Rutland", "rutland"
PAGES = ("index", *(path.stem for path in run.notebooks(own_months=False)), "sources")
FILES = (
    "verdicts.json",
    "findings.csv",
    "figures.csv",
    "changes.json",
    "run.json",
    "briefing.md",
    "tables.xlsx",
)
PLANTED = "1+cmd|x <img src=x onerror=f()> ![a](//x/1) [b](javascript:f()) `c` <script>f()</script>"
FILLER = "No description has been provided for this image"
# A folder of some machine, of this one or another; written in parts, so that it is not found here.
ROOTS = "|".join(("home", "Users", "root", "tmp", "usr", "opt", "mnt", "var", "private"))
ABSOLUTE = re.compile(rf"(?<![\w.~>$/-])/(?:{ROOTS})/[\w.-]+|\b[A-Z]:\\\w+")
# The notebooks folder is the first argument; the rest is the command line.
WITH_NOTEBOOKS = (
    "import sys; from pathlib import Path; from oxcare_analysis.words import paths; "
    "paths.NOTEBOOKS = Path(sys.argv.pop(1)); from oxcare_analysis.cli.main import main; main()"
)


def oxcare(*arguments, notebooks=None):
    """Run the command line in a process of its own, where told to on another folder of
    notebooks.
    """
    start = (
        ["-m", "oxcare_analysis"] if notebooks is None else ["-c", WITH_NOTEBOOKS, str(notebooks)]
    )
    return run_as_nobody([sys.executable, *start, *map(str, arguments)])


class Page(HTMLParser):
    """What a test asks of a page: every tag with its attributes, and what stands inside each
    table.
    """

    def __init__(self, path):
        super().__init__()
        self.text = path.read_text(encoding="utf-8")
        self.tags, self.tables = [], []
        self.feed(self.text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "table":
            self.tables.append([])
        elif self.tables:
            self.tables[-1].append((tag, dict(attributes)))

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture(scope="module")
def out(published):
    """The folder of reports after one real refresh."""
    return published


@pytest.fixture(scope="module")
def report(out):
    return out / month(out) / FOLDER


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A folder with one notebook that is run in a moment."""
    return write_notebook(
        tmp_path_factory.mktemp("notebooks"), "print(area, first_year, last_year, as_of)"
    )


@pytest.fixture(scope="module")
def window(tmp_path_factory, tables, small):
    """The folder of reports after a refresh of another window than the default."""
    folder = tmp_path_factory.mktemp("windows")
    done = oxcare(
        "refresh", "--area", "857", "--from", 2013, "--to", 2018, "--out", folder, notebooks=small
    )
    assert done.returncode == 0, done.stderr
    return folder


def write_notebook(folder, source):
    new = nbformat.v4
    declared = (
        'area: str = "Oxfordshire"\nfirst_year: int = 2013\nlast_year: int = 2018\nas_of: str ='
        ' "latest"'
    )
    cells = [
        new.new_markdown_cell("# A small page"),
        new.new_code_cell(declared, metadata={"tags": ["parameters"]}),
        new.new_code_cell(source),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(
        new.new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / "01_small.ipynb"
    )
    return folder


def month(folder):
    return next(
        path.name for path in sorted(folder.iterdir()) if re.fullmatch(r"\d{4}-\d\d", path.name)
    )


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def left_over(folder):
    return [
        path.name
        for path in folder.rglob("*")
        if re.search(r"^\.partial-|\.old$|\.part$", path.name)
    ]


def spoken(text):
    """A page or file as it reads: no style sheet, no script, no pictures."""
    unread = r"<style.*?</style>|<script.*?</script>|data:image/[^\"]*|\"png\": \"[^\"]*\""
    return re.sub(unread, "", text, flags=re.DOTALL)


def texts(folder):
    """Everything published that is text, the workbook's parts and what pictures say of themselves
    among it.
    """
    found = {}
    for path in folder.rglob("*"):
        if path.suffix in (".html", ".json", ".csv", ".md", ".svg"):
            found[path.relative_to(folder).as_posix()] = path.read_text(encoding="utf-8")
        elif path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as book:
                found |= {
                    f"{path.name}/{part}": book.read(part).decode("utf-8")
                    for part in book.namelist()
                }
        elif path.suffix == ".png":
            with Image.open(path) as picture:
                found[path.relative_to(folder).as_posix()] = json.dumps(picture.info, default=str)
    return found


def test_every_file_of_the_contract_is_published(report):
    published = contents(report)
    assert {*FILES, *(f"{name}.html" for name in PAGES), "charts/alt_text.csv"} <= set(published)
    assert all(published[name] for name in published)
    charts = {
        Path(name).stem
        for name in published
        if name.startswith("charts/") and name.endswith(".png")
    }
    assert charts
    assert charts == {Path(name).stem for name in published if name.endswith(".svg")}
    tables = {
        Path(name).stem for name in published if name.startswith("data/") and name.endswith(".csv")
    }
    assert tables == charts | {"statements"}


def test_the_path_of_the_first_page_is_all_that_is_printed(out, report):
    assert out.with_suffix(".stdout").read_text(encoding="utf-8").splitlines() == [
        str(report / "index.html")
    ]


def test_the_verdicts_are_those_of_the_command_line(report):
    said = oxcare("verdicts", "--area", AREA, "--json")
    assert json.loads((report / "verdicts.json").read_text(encoding="utf-8")) == json.loads(
        said.stdout
    )


def test_the_run_record_says_how_the_report_was_made(report):
    record = json.loads((report / "run.json").read_text(encoding="utf-8"))
    verdicts = json.loads((report / "verdicts.json").read_text(encoding="utf-8"))
    assert record["parameters"] == {
        "area": AREA,
        "first_year": verdicts["window"]["from"],
        "last_year": verdicts["window"]["to"],
        "as_of": "latest",
    }
    assert record["provenance"] == verdicts["provenance"]
    assert set(record["versions"]) >= {
        "pandas",
        "statsmodels",
        "papermill",
        "nbconvert",
        "seaborn",
        "matplotlib",
    }
    assert record["python"] == platform.python_version()
    assert set(record["seconds"]) == {*PAGES[1:-1], "index and workbook"}
    assert all(seconds > 0 for seconds in record["seconds"].values())
    assert record["commit"] is None or re.fullmatch("[0-9a-f]{40}", record["commit"])


def test_the_first_report_says_that_it_is_the_first(report):
    changes = json.loads((report / "changes.json").read_text(encoding="utf-8"))
    assert changes == {"since": None, "verdicts": []} | dict.fromkeys(
        ("figures_changed", "rules_changed", "new_years", "revisions")
    )
    assert "This is the first report for this area and window." in (
        report / "index.html"
    ).read_text(encoding="utf-8")


def test_the_alt_texts_are_published_beside_the_charts(report):
    with (report / "charts" / "alt_text.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["chart"] for row in rows} == {
        path.stem for path in (report / "charts").glob("*.png")
    }
    assert all(60 <= len(row["alt_text"]) <= 300 for row in rows)


def test_the_briefing_is_five_whole_sentences_to_paste(report):
    lines = (report / "briefing.md").read_text(encoding="utf-8").splitlines()
    numbered = [line for line in lines if re.match(r"\d\. ", line)]
    assert [line[0] for line in numbered] == list("12345")
    assert all(len(line) > 40 and line.endswith(".") for line in numbered)


def test_the_briefing_of_a_name_with_a_full_stop_is_whole_sentences_too(tables):
    text = downloads.briefing(ox.load("St. Helens", 2013, 2018))
    assert re.search(
        r"^1\. The number of St\. Helens children on a plan \w+ (from|at) \d+",
        text,
        flags=re.MULTILINE,
    )


def test_nothing_in_the_name_of_an_area_is_run_by_what_is_taken_away(tables, tmp_path):
    study = ox.load(AREA, 2013, 2018)
    named = replace(study.area, name=f"={PLANTED}")
    study = replace(study, area=named, names=study.names | {named.code: named.name})
    downloads.make_folders(tmp_path / "report")
    downloads.write_results(study, documents.verdicts_document(study), tmp_path / "report")
    cells = []
    for path in (tmp_path / "report").rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            cells += [cell for row in csv.reader(file) for cell in row]
    assert any(PLANTED in cell for cell in cells)
    assert [
        c
        for c in cells
        if c.startswith(downloads.FORMULA_STARTS) and not downloads.NUMBER.fullmatch(c)
    ] == []
    html = markdown2html((tmp_path / "report" / "briefing.md").read_text(encoding="utf-8"))
    assert "onerror" in html and not re.search('<(img|script|code|a (?!class="anchor-link"))', html)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_nothing_from_anywhere(report, name):
    page = Page(report / f"{name}.html")
    only_scripts_of_the_template(page)
    assert not [
        tag for tag, _ in page.tags if tag in ("iframe", "object", "embed", "link", "base", "form")
    ]
    assert not re.findall(r"@import|url\(", page.text)
    sources = [
        value
        for _, a in page.tags
        for key, value in a.items()
        if key in ("src", "srcset", "poster", "data")
    ]
    assert all(
        source.startswith(("data:image/png;base64,", "data:image/svg+xml,")) for source in sources
    )
    assert not [key for _, a in page.tags for key in a if key.startswith("on")]
    policy = [a for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert len(policy) == 1
    assert "default-src 'none'" in policy[0]["content"]


def only_scripts_of_the_template(page):
    """At most one script, word for word one of the template's, and the policy lets in no other."""
    scripts = re.findall(r"<script>(.*?)</script>", page.text, flags=re.DOTALL)
    assert len(scripts) == page.text.lower().count("<script") <= 1
    assert set(scripts) <= {
        path.read_text(encoding="utf-8") for path in pages.TEMPLATE.glob("*.js")
    }
    digests = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts
    ]
    policy = next(
        a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.endswith("script-src " + (" ".join(f"'sha256-{d}'" for d in digests) or "'none'"))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_links_only_to_files_that_are_there(report, name):
    links = [a["href"].split("#") for a in Page(report / f"{name}.html").all("a")]
    assert [link for link in links if link[0] and not (report / link[0]).is_file()] == []
    places = {
        page: {a.get("id") for _, a in Page(report / page).tags}
        for page in {link[0] or f"{name}.html" for link in links if link[1:]}
    }
    assert [
        link for link in links if link[1:] and link[1] not in places[link[0] or f"{name}.html"]
    ] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_its_language_its_title_and_what_each_picture_shows(report, name):
    page = Page(report / f"{name}.html")
    assert [a.get("lang") for a in page.all("html")] == ["en-GB"]
    assert len(page.all("h1")) == 1
    assert len(page.all("main")) == 1
    assert FILLER not in page.text
    assert all(60 <= len(a.get("alt", "")) <= 300 for a in page.all("img"))
    assert all(re.search(r"\d", a["alt"]) for a in page.all("img"))
    marks = [a["id"] for _, a in page.tags if "id" in a]
    assert len(marks) == len(set(marks))


@pytest.mark.parametrize("name", PAGES)
def test_every_table_has_a_caption_and_scoped_headers(report, name):
    for table in Page(report / f"{name}.html").tables:
        assert [tag for tag, _ in table].count("caption") == 1
        headers = [attributes for tag, attributes in table if tag == "th"]
        assert headers
        assert all(attributes.get("scope") in ("col", "row") for attributes in headers)


def test_the_pages_have_pictures_and_tables_to_look_at(report):
    read = [Page(report / f"{name}.html") for name in PAGES]
    assert sum(len(page.all("img")) for page in read) > 10
    assert all(page.tables for page in read)


def test_nothing_published_names_this_machine(out, report):
    folders = (out, paths.PROJECT, Path.home(), Path(sys.prefix), Path(tempfile.gettempdir()))
    words = [
        form for folder in folders for form in (str(folder), folder.as_posix(), folder.as_uri())
    ] + [NOBODY]
    names = [name for name in (getpass.getuser(), platform.node()) if len(name) > 3]
    published = texts(out)
    for name, text in list(
        published.items()
    ):  # charts within pages are pictures with words of their own
        found = re.findall(r"data:image/svg\+xml,([^\"]*)", text)
        published |= {f"{name}, chart {i}": unquote(svg) for i, svg in enumerate(found)}
    assert {Path(name).suffix for name in published} >= {
        ".html",
        ".json",
        ".csv",
        ".md",
        ".svg",
        ".png",
        ".xml",
    }
    for name, text in published.items():
        read = spoken(text)
        assert [word for word in words if word in read] == [], name
        assert [word for word in names if re.search(rf"\b{re.escape(word)}\b", read)] == [], name
        assert ABSOLUTE.findall(read) == [], name


HOME = str(Path.home())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            f"{paths.PACKAGE / 'showing' / 'drawing.py'}:152: UserWarning: no room",
            "drawing.py:152: UserWarning: no room",
        ),
        (f"open('{HOME}/of mine/a.csv')", "open('of mine/a.csv')"),
        ("D:\\figures\\clone\\a.py:3: Warning", "a.py:3: Warning"),
        ("at \\\\server\\share\\a.csv", "at a.csv"),
        ("file:///srv/someone/a.csv", "a.csv"),
        ("~/figures/a.csv", "a.csv"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("1/2, and/or/else, https://example.org/a/b", "1/2, and/or/else, https://example.org/a/b"),
    ],
)
def test_what_a_cell_printed_is_shown_without_the_folders_of_this_machine(text, shown):
    assert pages.printed(text) == shown
    new = nbformat.v4
    outputs = [
        new.new_output("stream", name="stderr", text=text),
        new.new_output("execute_result", {"text/plain": text}, execution_count=1),
        new.new_output("error", ename="E", evalue=text),
    ]
    book = new.new_notebook(
        cells=[new.new_markdown_cell("# A"), new.new_code_cell("a", outputs=outputs)]
    )
    page = pages.render(book, "A", pages.Place("A", "B", ()), "a.html")
    found = re.findall(r'<pre class="(?:result|error)" tabindex="0">(.*?)</pre>', page)
    assert [unescape(words) for words in found] == [shown] * 3


def test_no_number_that_does_not_exist_is_published(report):
    for path in report.rglob("*.json"):
        json.loads(
            path.read_text(encoding="utf-8"),
            parse_constant=lambda word, p=path: pytest.fail(f"{word} in {p}"),
        )
    for name in PAGES:
        read = re.sub(
            r"<[^>]*>", " ", spoken((report / f"{name}.html").read_text(encoding="utf-8"))
        )
        assert re.findall(r"\b(?:nan|NaN|inf|None|NaT)\b|<NA>", read) == [], name


def test_a_second_run_finds_nothing_new_and_leaves_the_report_alone(out, report):
    before = contents(report)
    again = oxcare("refresh", "--area", AREA.upper(), "--out", out)
    assert again.returncode == 0
    assert again.stdout.splitlines() == [str(report / "index.html")]
    assert "nothing new" in again.stderr
    assert contents(report) == before
    assert [path.name for path in report.parent.iterdir()] == [FOLDER]
    assert re.search(
        r"Checked \d{4}-\d\d-\d\d, nothing new since \d{4}-\d\d\.",
        (out / "index.html").read_text("utf-8"),
    )
    assert left_over(out) == []


def test_a_failing_notebook_publishes_nothing_and_leaves_the_standing_report(out, report, tmp_path):
    planted, before = write_notebook(tmp_path, "raise ValueError('a planted fault')"), contents(out)
    failed = oxcare("refresh", "--area", AREA, "--out", out, notebooks=planted)
    assert failed.returncode == 4
    assert failed.stdout == ""
    said = [line for line in failed.stderr.splitlines() if not line.startswith("[IPKernelApp]")]
    assert len(said) == 1
    assert said[0].startswith("oxcare: 01_small.ipynb failed for Rutland in cell 3: ")
    assert said[0].endswith("ValueError: a planted fault. Nothing was published.")
    assert contents(out) == before
    assert left_over(out) == []


def job(tmp_path):
    return run.Job(tmp_path / "a.ipynb", {"area": AREA}, tmp_path)


@pytest.mark.parametrize(("failures", "starts"), [(1, 2), (2, 2)])
def test_a_kernel_that_lost_its_port_is_started_once_more(tmp_path, monkeypatch, failures, starts):
    import papermill

    calls = []

    def start(*args, **kwargs):
        calls.append(args)
        if len(calls) <= failures:
            raise RuntimeError(f"{run.NEVER_STARTED} to kernel_info")

    monkeypatch.setattr(papermill, "execute_notebook", start)
    monkeypatch.setenv(
        "OXCARE_DATA_DIR", ""
    )  # execute() sets both for the kernel: put back afterwards
    monkeypatch.setenv(paths.TAKE_AWAY, "")
    if failures == 1:
        run.execute(job(tmp_path))
    else:
        with pytest.raises(RunError, match="could not be run for Rutland"):
            run.execute(job(tmp_path))
    assert len(calls) == starts


def test_a_kernel_that_dies_at_work_is_not_started_again(tmp_path, monkeypatch):
    import papermill

    calls = []

    def die(*args, **kwargs):
        calls.append(args)
        raise RuntimeError("Kernel died")

    monkeypatch.setattr(papermill, "execute_notebook", die)
    monkeypatch.setenv("OXCARE_DATA_DIR", "")
    monkeypatch.setenv(paths.TAKE_AWAY, "")
    with pytest.raises(RunError, match="Kernel died"):
        run.execute(job(tmp_path))
    assert len(calls) == 1


def test_another_window_has_a_folder_of_its_own(window):
    assert [path.name for path in (window / month(window)).iterdir()] == [f"{FOLDER}--2013-2018"]
    verdicts = json.loads(
        (window / month(window) / f"{FOLDER}--2013-2018" / "verdicts.json").read_text("utf-8")
    )
    assert verdicts["window"] == {"from": 2013, "to": 2018}
    front = Page(window / "index.html")
    assert f"{month(window)}/{FOLDER}--2013-2018/index.html" in [a["href"] for a in front.all("a")]
    assert "2013 to 2018" in front.text


def test_force_publishes_again_though_nothing_is_new(window, small):
    standing = window / month(window) / f"{FOLDER}--2013-2018"
    (standing / "written by hand.txt").write_text(
        "part of the report that stood before", encoding="utf-8"
    )
    ask = ("refresh", "--area", AREA, "--from", 2013, "--to", 2018, "--out", window, "--force")
    again = oxcare(*ask, notebooks=small)
    assert again.returncode == 0
    assert again.stdout.splitlines() == [str(standing / "index.html")]
    assert "nothing new" not in again.stderr
    assert not (standing / "written by hand.txt").exists()
    changes = json.loads((standing / "changes.json").read_text(encoding="utf-8"))
    assert (changes["since"], changes["verdicts"]) == (month(window), [])
    assert (changes["figures_changed"], changes["rules_changed"]) == (False, False)
    assert (changes["new_years"], changes["revisions"]) == ([], [])
    assert left_over(window) == []


def test_the_front_page_is_self_contained_too(window):
    page = Page(window / "index.html")
    only_scripts_of_the_template(page)
    assert [a.get("lang") for a in page.all("html")] == ["en-GB"]
    assert len(page.all("h1")) == 1
    assert all("caption" in [tag for tag, _ in table] for table in page.tables)
    assert [
        link["href"]
        for link in page.all("a")
        if not (link["href"] + "#").startswith("#") and not (window / link["href"]).is_file()
    ] == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Oxfordshire", "oxfordshire"),
        ("St. Helens", "st-helens"),
        ("Bristol, City of", "bristol-city-of"),
        ("Brighton & Hove", "brighton-and-hove"),
        ("Côte d'Azur", "cote-d-azur"),
        ("../..", "area"),
        ("", "area"),
    ],
)
def test_a_folder_name_is_plain_lower_case_and_stays_inside(name, expected):
    assert standing.slug(name) == expected


def test_the_first_page_agrees_with_the_verdicts(report):
    verdicts = json.loads((report / "verdicts.json").read_text(encoding="utf-8"))
    text = (report / "index.html").read_text(encoding="utf-8")
    words = {h["hypothesis"]: h["verdict"] for h in verdicts["hypotheses"]}
    assert re.findall(r'<li class="card (\w+)">', text) == list(words.values())
    told = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", text))
    start, end = (verdicts["premise"]["open_plans"][key] for key in ("from", "to"))
    assert f"from {start:,} to {end:,} between" in told["What happened?"]
    for name, verdict in words.items():
        is_open = verdict in ("inconclusive", "not_testable")
        assert (wording.HYPOTHESES[name] in told["What is not known?"]) == is_open
        assert (wording.HYPOTHESES[name] in told["Why?"]) != is_open
    for above in verdicts["premise"]["just_here"].values():
        assert f"{end - above:,.0f} following" in told[f"How much of it is just {AREA}?"]
