"""Executed notebooks and plain HTML parts → self-contained pages, all through one template."""

import base64
import hashlib
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2

from oxcare_analysis.words import paths

if TYPE_CHECKING:  # a page without a notebook has no need of it
    import nbformat

TEMPLATE = Path(__file__).parent / "template"
# An absolute path up to its last part, in the form of Windows, of others or of a link; no address
# of the web.
FOLDERS = re.compile(
    r"(?<![\w:/\\.<])(?:file:/+)?(?:[A-Za-z]:[\\/]+|/|~/|\\\\)(?:[^\s\\/:*?\"'<>|]+[\\/]+)+"
)
FOLDER_LEFT_OUT = "/-"
HEADING = re.compile(r'<h2(?: id="([^"]*)")?>(.*?)</h2>', re.DOTALL)


@dataclass(frozen=True)
class Place:
    """What a page says of itself: where the reader is, the pages beside it, the line at the
    foot.
    """

    where: str
    foot: str
    pages: tuple[tuple[str, str, str], ...]  # (href, short name, title)


def render(
    notebook: "nbformat.NotebookNode",
    title: str,
    place: Place,
    href: str,
    card: str = "",
    way_back: Callable[[str, dict], str] = lambda html, data: html,
) -> str:
    """One notebook as one HTML page that loads nothing from anywhere.

    `card` stands under the first heading. `way_back` takes the HTML of an output and all forms of
    that output by media type, and returns the HTML with the way back to the published figures.
    """
    exporter = _exporter(way_back)
    first, later = (
        exporter.from_notebook_node(_part(notebook, cells))[0]
        for cells in (notebook.cells[:1], notebook.cells[1:])
    )
    return _page(
        first.replace("</h1>", f"</h1>{card}", 1),
        later,
        title,
        place,
        href,
        "code.js" if 'class="code"' in later else "",
    )


def of_parts(
    top: str, parts: list[str], title: str, place: Place, href: str, script: str = ""
) -> str:
    """A page made of HTML parts, dressed by the same template as the notebooks; `script`: a file of
    the template.
    """
    return _page(
        top,
        "".join(f'<div class="result">{part}</div>' for part in parts),
        title,
        place,
        href,
        script,
    )


def printed(text: str) -> str:
    """What a cell printed, as a page shows it: no codes for colour, and of every absolute path its
    last part only.

    A warning names the file it comes from, and with it the machine and its user.
    """
    from nbconvert.filters import strip_ansi

    text = strip_ansi(text)
    for known in sorted(
        {
            str(path)
            for path in (paths.PROJECT, Path.home(), Path(tempfile.gettempdir()), Path(sys.prefix))
            if path != Path(path.anchor)
        },
        key=len,
        reverse=True,
    ):
        text = re.sub(re.escape(known) + r"(?=[\\/])", FOLDER_LEFT_OUT, text)  # it may hold spaces
    return FOLDERS.sub("", text)


def title_of(notebook: "nbformat.NotebookNode") -> str:
    """The notebook's one level-one heading."""
    first = next(c for c in notebook.cells if c.cell_type == "markdown")
    return first.source.splitlines()[0].removeprefix("# ").strip()


def ready(way_back: Callable[[str, dict], str]) -> None:
    """Make ready what every page with a notebook needs."""
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

    shown = new_output(
        "execute_result", {"text/html": "<p>ready</p>", "text/plain": "ready"}, execution_count=1
    )
    book = new_notebook(cells=[new_markdown_cell("ready"), new_code_cell("ready", outputs=[shown])])
    _exporter(way_back).from_notebook_node(book)


@cache
def _exporter(way_back: Callable[[str, dict], str]):
    """nbconvert with our template for cells; imported here, as a page without a notebook has no
    need of it.
    """
    from nbconvert import HTMLExporter, TemplateExporter

    class Exporter(HTMLExporter):
        """Without the reading of all it wrote, for marks on cells of the stock template and on
        pictures: ours has none.
        """

        from_notebook_node = TemplateExporter.from_notebook_node

    exporter = Exporter(
        template_name=TEMPLATE.name,
        extra_template_basedirs=[str(TEMPLATE.parent)],
        template_file="cells.html.j2",
        exclude_anchor_links=True,
        embed_images=True,
    )
    exporter.register_filter("with_way_back", way_back)
    exporter.register_filter("printed", printed)
    return exporter


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATE, encoding="utf-8"))


def _part(notebook: "nbformat.NotebookNode", cells: list) -> "nbformat.NotebookNode":
    from nbformat.v4 import new_notebook

    return new_notebook(cells=cells, metadata=notebook.metadata)


def _page(top: str, rest: str, title: str, place: Place, href: str, script: str) -> str:
    top, first = _with_contents(top)
    rest, later = _with_contents(rest)
    text = (TEMPLATE / script).read_text(encoding="utf-8") if script else ""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    css = (
        (TEMPLATE / "page.css")
        .read_text(encoding="utf-8")
        .replace("RUNNING_HEADER", _css_text(place.where))
    )
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            title=title,
            place=place,
            href=href,
            top=top,
            rest=rest,
            contents=first + later,
            css=css,
            script=script,
            script_text=text,
            script_source=f"'sha256-{digest}'" if script else "'none'",
        )
    )


def _with_contents(html: str) -> tuple[str, list[tuple[str, str]]]:
    """The HTML with a mark on every level-two heading, and the marks with their words."""
    contents: list[tuple[str, str]] = []

    def mark(found: re.Match) -> str:
        words = re.sub(r"<[^>]*>", "", found[2]).strip()
        name = found[1] or re.sub(r"\W+", "-", words.lower()).strip("-")
        contents.append((name, words))
        return f'<h2 id="{name}">{found[2]}</h2>'

    return HEADING.sub(mark, html), contents


def _css_text(text: str) -> str:
    """Text as a CSS string, in which nothing of it can be read as CSS or HTML."""
    return '"' + "".join(c if c.isalnum() or c in " ,." else f"\\{ord(c):x} " for c in text) + '"'
