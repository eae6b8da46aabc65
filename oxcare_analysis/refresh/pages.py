"""Executed notebooks and plain HTML parts → self-contained pages, all through one template."""

from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter

TEMPLATE = Path(__file__).parent / "template"
ANCHOR = "¶"


@dataclass(frozen=True)
class Place:
    """What a page says of itself: where the reader is, the pages beside it, the line at the foot."""

    where: str
    foot: str
    pages: tuple[tuple[str, str], ...]  # (href, title)


def render(notebook: nbformat.NotebookNode, title: str, place: Place, href: str) -> str:
    """One notebook as one HTML page that loads nothing from anywhere."""
    exporter = HTMLExporter(template_name=TEMPLATE.name, extra_template_basedirs=[str(TEMPLATE.parent)],
                            template_file="index.html.j2", exclude_anchor_links=True, embed_images=True)
    resources = {"page_title": f"{title}: {place.where}", "page_where": place.where, "page_foot": place.foot,
                 "page_css": (TEMPLATE / "page.css").read_text(encoding="utf-8"),
                 "pages": [{"href": h, "title": t, "here": h == href} for h, t in place.pages]}
    body, _ = exporter.from_notebook_node(notebook, resources=resources)
    return body


def of_parts(parts: list[str], title: str, place: Place, href: str) -> str:
    """A page made of HTML parts, dressed by the same template as the notebooks."""
    cells = [nbformat.v4.new_code_cell("", outputs=[nbformat.v4.new_output(
        "display_data", {"text/html": part})]) for part in parts]
    return render(nbformat.v4.new_notebook(cells=cells), title, place, href)


def title_of(notebook: nbformat.NotebookNode) -> str:
    """The notebook's one level-one heading."""
    first = next(c for c in notebook.cells if c.cell_type == "markdown")
    return first.source.splitlines()[0].removeprefix("# ").strip()
