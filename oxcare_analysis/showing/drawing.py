"""What every chart shares: the record, the style, the helpers that write labels and words."""

import base64
import io
import textwrap
from dataclasses import dataclass, field
from html import escape

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

FOCUS, ENGLAND, NEIGHBOURS = "#0b4f8a", "#4a4a4a", "#a8560a"
UP, DOWN, TOTAL, FAINT = "#a8560a", "#0b4f8a", "#4a4a4a", "#8a8a8a"
LONGEST_ALT = 300
MIME = "application/vnd.oxcare.chart+json"


@dataclass(frozen=True)
class Chart:
    """A finished figure. Shows itself in a notebook as an HTML figure with its data a click away."""

    name: str
    title: str
    alt: str
    source: str
    png: bytes = field(repr=False)
    svg: str = field(repr=False)
    table: pd.DataFrame = field(repr=False, compare=False)
    note: str = ""

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        packed = {"name": self.name, "title": self.title, "alt": self.alt, "source": self.source, "svg": self.svg,
                  "png": base64.b64encode(self.png).decode("ascii"), "csv": self.table.to_csv(index=False)}
        return {"text/html": self.html(), "text/plain": f"{self.title}\n{self.alt}", MIME: packed}

    def html(self) -> str:
        """The figure as HTML: picture with alt text, title, source, and the data as a table."""
        data = self.table.to_html(index=False, border=0, float_format="{:,.2f}".format, na_rep="none", escape=True)
        data = data.replace("<thead>", f"<caption>{escape(self.title)}: the data</caption><thead>", 1)
        data = data.replace("<th>", '<th scope="col">')
        title, picture = escape(self.title, quote=True), base64.b64encode(self.png).decode("ascii")
        return (f'<figure class="chart"><div class="scroll" tabindex="0" role="region" aria-label="{title}: chart">'
                f'<img alt="{escape(self.alt, quote=True)}" src="data:image/png;base64,{picture}"></div>'
                f'<figcaption><strong>{title}</strong> {escape(self.note)}<span class="source">{escape(self.source)}'
                f'</span></figcaption><details><summary>Data of this chart: {title}</summary><div class="scroll" '
                f'tabindex="0" role="region" aria-label="{title}: the data">{data}</div></details></figure>')


class Nothing(str):
    """Said in place of a chart that cannot be drawn."""

    def _repr_html_(self) -> str:
        return f'<p class="nothing">{escape(str(self))}</p>'


def nothing(reason: str) -> Nothing:
    """A line that stands where a chart cannot be drawn, and says why."""
    return Nothing(f"No chart: {reason.rstrip('.')}.")


def new_axes(height: float = 4.0, width: float = 8.2) -> tuple[Figure, object]:
    """A figure and its axes in the one style."""
    with sns.axes_style("ticks"), sns.plotting_context("notebook", font_scale=0.95):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.add_subplot()
    sns.despine(ax=axes)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.10g}"))
    axes.grid(axis="y" if height == 4.0 else "x", color="#e3e3e3", linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def panel_below(figure: Figure, axes):
    """Axes of a third of the height beneath the ones given."""
    rows = figure.add_gridspec(2, 1, height_ratios=(3, 1))
    axes.set_subplotspec(rows[0])
    below = figure.add_subplot(rows[1])
    sns.despine(ax=below)
    return below


def decimal_year(month: str) -> float:
    """The middle of a month on an axis of years: '2013-07' is 2013.54."""
    return int(month[:4]) + (int(month[5:]) - 0.5) / 12


def finish(figure: Figure, name: str, title: str, alt: str, source: str, table: pd.DataFrame,
           note: str = "") -> Chart:
    """Draw the figure to PNG and SVG and put it with its words and its table."""
    alt = alt if len(alt) <= LONGEST_ALT else alt[:LONGEST_ALT - 1].rsplit(" ", 1)[0] + "…"
    png, svg = io.BytesIO(), io.StringIO()
    figure.savefig(png, format="png", dpi=150, metadata={"Title": title, "Description": alt})
    with rc_context({"svg.hashsalt": name}):  # the same figure is the same file
        figure.savefig(svg, format="svg", metadata={"Title": title, "Description": alt, "Date": None})
    return Chart(name, title, alt, source, png.getvalue(), svg.getvalue(), table, note)


def label_ends(axes, ends: list[tuple[float, str, str]], year: int) -> None:
    """Write each line's name (value, name, colour) at its end, pushed apart so that none covers another."""
    low, high = axes.get_ylim()
    below = -np.inf
    for value, label, colour in sorted(ends):
        below = max(value, below + (high - low) * 0.065)
        axes.annotate(label, (year, below), xytext=(8, 0), textcoords="offset points", color=colour, va="center",
                      fontweight="bold" if colour == FOCUS else "normal")


def went(start: float, end: float, digits: int = 1) -> str:
    """'rose from a to b', 'fell from a to b' or 'stayed at a'."""
    if not (np.isfinite(start) and np.isfinite(end)):
        return "has no figure at one end"
    if round(start, digits) == round(end, digits):
        return f"stayed at {start:,.{digits}f}"
    return f"{'rose' if end > start else 'fell'} from {start:,.{digits}f} to {end:,.{digits}f}"


def upper(text: str) -> str:
    """The text with its first letter upper case."""
    return text[0].upper() + text[1:]


def wrap(text: str, width: int = 38) -> str:
    """The text in lines of at most `width` characters."""
    return "\n".join(textwrap.wrap(text, width))


def slug(text: str) -> str:
    """A name for a file."""
    return "".join(c if c.isalnum() else "_" for c in text.lower())[:40]
