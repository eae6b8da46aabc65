"""Payloads for a browser: a data folder in which every text that can reach a page holds them, and
its pages.

A payload that runs calls f(mark) or asks https://x/mark for something: both are seen from outside
the page.
"""

import ast
import contextlib
import csv
import functools
import html
import io
import json
import shutil
import sys

import jinja2
import nbformat
import pandas as pd
import yaml
from IPython.core.formatters import DisplayFormatter
from nbconvert.filters import markdown2html
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from oxcare_analysis import documents, door
from oxcare_analysis.refresh import all_reports, cards, compare, front, pages, run, sources
from oxcare_analysis.showing import drawing, sentences
from oxcare_analysis.thinking.models import noise
from oxcare_analysis.words.columns import ENGLAND

AREA, NAME, WINDOW = (
    "931",
    "Oxfordshire",
    (2013, 2018),
)  # the authority with most text: statements, events, documents
SOME = 14  # of the other authorities every so many: enough to rank among, few enough to be quick
REPEATS = 2  # of a planted text on an undefended page
# In each, § is the mark. The order matters where all of them stand in one text: first those that
# break out of quotes.
KINDS = {
    "quotes of an attribute": '\'"onload=f(§) onfocus=f(§) tabindex=1 a="',
    "quotes in the style sheet": '"}}}a{}*{background:url(https://x/§)}a{b:"',
    "end of the style sheet": "</style><script>f(§)</script>",
    "end of the title": "</title><script>f(§)</script>",
    "end of a script": "</script><script>f(§)</script>",
    "end of a comment": "--><script>f(§)</script>",
    "script": "<script>f(§)</script>",
    "picture that fails": "<img src=data:x onerror=f(§)>",
    "svg that loads": "<svg onload=f(§)></svg>",
    "svg that moves": "<svg><animate onbegin=f(§) attributeName=x dur=1s></animate></svg>",
    "fold that opens": "<details open ontoggle=f(§)></details>",
    "javascript: link": "<a href=javascript:f(§)>a</a>",
    "frame with its own page": "<iframe srcdoc='<img src=data:x onerror=top.f(§)>'></iframe>",
    "frame from elsewhere": "<iframe src=https://x/§></iframe>",
    "object from elsewhere": "<object data=https://x/§></object>",
    "picture from elsewhere": "<img src=https://x/§>",
    "style sheet from elsewhere": "<link rel=stylesheet href=https://x/§>",
    "url() in a style": "<p style=background:url(https://x/§)>a</p>",
    "@import in a style": "<style>@import url(https://x/§);</style>",
    "form": "<form action=https://x/§><button>a</button></form>",
    "base": "<base href=https://x/§/>",
    "refresh by meta": "<meta http-equiv=refresh content=0;url=https://x/§>",
    "template": "{{'%cimg src=data:x onerror=f(§)>'|format(60)}}",
    "markdown": "![a](https://x/§)",
}
LEADS_AWAY = (  # leads away from the page: no policy that a page can carry speaks of that
    "refresh by meta"
)
PLACES = (
    "name of the area",
    "name of England",
    "names of other areas",
    "labels of events",
    "events",
    "statements",
    "places in documents",
    "notes on figures",
    "titles of tables",
    "titles of sources",
    "publishers",
    "reasons of known problems",
    "another report",
)
MARKS = [(kind, place) for place in PLACES for kind in KINDS]


def payload(place):
    """All kinds of payload in one text, each with its mark."""
    return "".join(
        text.replace("§", str(MARKS.index((kind, place)))) for kind, text in KINDS.items()
    )


def plant(shipped, folder):
    """A copy of the shipped figures, of fewer authorities, with payloads in every text."""
    shutil.copytree(shipped / "raw", folder / "raw")
    shutil.copy(shipped / "known_problems.csv", folder)
    kept = _kept(folder)
    for path in folder.rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        rows = [
            _planted(path.stem, row)
            for row in rows
            if row.get("level") != "authority" or row["area_code"] in kept
        ]
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    for path in folder.rglob("source.yml"):
        card = yaml.safe_load(path.read_text(encoding="utf-8"))
        card |= {"publisher": payload("publishers"), "title": payload("titles of sources")}
        for table in card["tables"].values():
            table["title"] = payload("titles of tables")
        path.write_text(yaml.safe_dump(card), encoding="utf-8")
    return folder


def _kept(folder):
    """The authority, its neighbours, and some of the others."""
    neighbours = pd.concat(
        pd.read_csv(path, dtype=str) for path in folder.glob("raw/statistical_neighbours/*/*.csv")
    )
    held = sorted(
        pd.read_csv(next(folder.glob("raw/child_population/*/*.csv")), dtype=str)[
            "area_code"
        ].unique()
    )
    return {
        AREA,
        *neighbours.loc[neighbours["old_la_code"] == AREA, "neighbour_old_la_code"],
        *held[::SOME],
    }


def _planted(table, row):
    """One row of a table with payloads in place of its words; ids, codes and numbers stay."""
    names = {NAME: payload("name of the area"), "England": payload("name of England")}
    row |= {column: names[row[column]] for column in ("name", "area") if row.get(column) in names}
    if row.get("name") and row["area_code" if "area_code" in row else "name"] not in (
        AREA,
        ENGLAND,
        *names.values(),
    ):
        row["name"] += payload("names of other areas")
    if table == "events":
        row |= {"event": payload("events"), "label": payload("labels of events")}
    elif table == "statements":
        row |= {
            "statement": payload("statements"),
            "locator": row["locator"] + payload("places in documents"),
        }
    elif table == "figures":
        row |= {
            "note": (
                row["note"] + payload("notes on figures")
            ),  # what a note says of teams and bands is read
            "locator": row["locator"] + payload("places in documents"),
        }
    elif table == "known_problems":
        row |= {"area_code": AREA, "reason": payload("reasons of known problems")}
    return row


@contextlib.contextmanager
def quickly(patch, fitted):
    """What carries no text made short: the noise model as measured on the shipped figures, a small
    bootstrap.
    """
    with patch.context() as short:
        short.setattr(door, "_fit_noise", lambda panel, meanwhile: fitted)
        short.setattr(noise, "bootstrap", functools.partial(noise.bootstrap, replicates=3))
        yield


@contextlib.contextmanager
def undefended(patch):
    """Pages as they would be if text were put into them as it is, and sentences were taken for
    Markdown.
    """

    def as_it_is(text, *_, **__):
        return str(text)

    plain_page = pages._page

    def page(top, rest, title, place, href, script):
        where = jinja2.Environment().from_string(place.where).render()  # noqa: S701
        return plain_page(
            top, rest, title, pages.Place(where, place.foot, place.pages), href, script
        )

    def anew():  # templates keep the filters they were made with
        pages._environment.cache_clear()
        pages._exporter.cache_clear()

    with patch.context() as off:
        for module in [m for name, m in sys.modules.items() if name.startswith("oxcare_analysis")]:
            if getattr(module, "escape", None) is html.escape:
                off.setattr(module, "escape", as_it_is)
        off.setitem(jinja2.defaults.DEFAULT_FILTERS, "e", as_it_is)
        off.setattr("pandas.io.formats.style_render._str_escape", lambda cell, escape: cell)
        off.setattr(
            pd.DataFrame, "to_html", functools.partialmethod(pd.DataFrame.to_html, escape=False)
        )
        for part in ("_escape_cdata", "_escape_attrib", "_escape_comment"):
            off.setattr(f"matplotlib.backends.backend_svg.{part}", as_it_is)
        off.setattr(pages, "_css_text", lambda text: f'"{text}"')
        off.setattr(pages, "_page", page)
        off.setattr(sentences.Words, "_repr_html_", lambda words: markdown2html(str(words)))
        anew()
        yield
    anew()


def run_cells(path, study):
    """What each code cell of a notebook printed and showed, with the area of `study`: [(printed,
    result), ...].
    """
    names, found = (
        {
            "area": study.area.code,
            "first_year": study.first_year,
            "last_year": study.last_year,
            "as_of": "latest",
        },
        [],
    )
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "code" or "parameters" in cell.metadata.get("tags", []):
            continue
        body, printed, result = ast.parse(cell.source).body, io.StringIO(), None
        last = body.pop().value if isinstance(body[-1], ast.Expr) else None
        with contextlib.redirect_stdout(printed):
            exec(compile(ast.Module(body, []), path.name, "exec"), names)  # noqa: S102
            if last is not None:
                result = eval(compile(ast.Expression(last), path.name, "eval"), names)  # noqa: S307
        found.append((printed.getvalue(), result))
    return found


def _book(path, cells, study):
    """The notebook as papermill leaves it: parameters put in, outputs as Jupyter would have
    them.
    """
    new, shown = nbformat.v4, DisplayFormatter()
    book = parameterize_notebook(load_notebook_node(str(path)), {"area": study.area.name})
    code = [
        c
        for c in book.cells
        if c.cell_type == "code"
        and not {"parameters", "injected-parameters"} & set(c.metadata.get("tags", []))
    ]
    for cell, (printed, result) in zip(code, cells, strict=True):
        cell.outputs = [new.new_output("stream", text=printed)] if printed else []
        if result is not None:
            data, _ = shown.format(result)
            cell.outputs.append(new.new_output("execute_result", data, execution_count=1))
    return book


def report(study, ran, data_dir, out):
    """Page → its HTML: every page of a report and the page of all reports, made as a refresh makes
    them.
    """
    books = {path.stem: _book(path, cells, study) for path, cells in ran.items()}
    listed = (
        ("index.html", "Start", ""),
        *((f"{name}.html", name, pages.title_of(book)) for name, book in books.items()),
        (sources.PAGE, "Sources", sources.TITLE),
    )
    place, verdicts = pages.Place(study.area.name, study.source, listed), cards.for_pages(study)
    made = {
        name: pages.render(
            book,
            pages.title_of(book),
            place,
            f"{name}.html",
            verdicts.get(name, ""),
            sources.way_back,
        )
        for name, book in books.items()
    }
    document, folder = documents.verdicts_document(study), out / study.as_of / "area"
    folder.mkdir(parents=True)
    made["sources"] = sources.page(study, data_dir, place)
    changes = compare.reports(study.area.code, document, None, "latest", data_dir)
    made["index"] = front.report_index(study, changes, place, folder, data_dir)
    (folder / "index.html").write_text(
        made["index"], encoding="utf-8"
    )  # without it the report does not stand
    document["window"]["from"] = document["area"]["name"] = payload("another report")
    (folder / "verdicts.json").write_text(json.dumps(document), encoding="utf-8")
    checked = {
        "checked": payload("another report"),
        "newest": payload("another report"),
        "new": False,
    }
    (out / "checked.json").write_text(json.dumps(checked), encoding="utf-8")
    all_reports.write(out)
    return made | {"all reports": (out / "index.html").read_text(encoding="utf-8")}


def notebooks():
    """One of each kind: documents and checks, growth and months, a hypothesis, care, work and
    money.
    """
    return [
        path
        for path in run.notebooks(own_months=False)
        if path.stem[:2] in ("01", "02", "14", "21", "22")
    ]


def chart(title, source, label):
    """A small chart with these words in it."""
    figure, axes = drawing.new_axes()
    axes.plot([1, 2], [1, 2])
    axes.set_xlabel(label)
    return drawing.finish(
        figure, "planted", title, "What it shows.", source, pd.DataFrame({"a": [1]})
    )


def thinned(text):
    """An undefended page with each planted text a few times only: frames by the hundred take a
    browser minutes.
    """
    for place in PLACES:
        first, *rest = text.split(payload(place))
        text = first + "".join(
            payload(place) * (number < REPEATS) + part for number, part in enumerate(rest)
        )
    return text


def without_policy(text):
    """A page with its content-security policy taken out."""
    before, found, after = text.partition('<meta http-equiv="Content-Security-Policy"')
    assert found
    return before + after.partition(">")[2]
