"""What every chart shares: the record, the one style, the helpers that write labels."""

import base64
import os
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import rc_context
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from oxcare_analysis.showing import exhibit, pictures
from oxcare_analysis.showing.wording import month_words, upper
from oxcare_analysis.words import durable, paths
from oxcare_analysis.words.errors import UsageError

# Far enough apart in lightness for grey print, in hue for the usual kinds of colour blindness, and
# dark enough to
# write with on white; a test holds all three. No line or bar is told by its colour alone.
FOCUS, ENGLAND, NEIGHBOURS = "#003c71", "#555555", "#b55e00"
UP, DOWN, TOTAL, FAINT = NEIGHBOURS, FOCUS, ENGLAND, "#8a8a8a"
LONGEST_ALT = 300
MIME = "application/vnd.oxcare.chart+json"
SAFE_IN_URL = " /:;=,?!'&+.-*"


@dataclass(frozen=True)
class Chart:
    """A finished figure. Shows itself in a notebook as an HTML figure with its data a click away.

    `own`: drawn from the analyst's own exact figures, which do not hand themselves over: no refresh
    publishes them.
    """

    name: str
    title: str
    alt: str
    source: str
    figure: Figure = field(repr=False, compare=False)
    table: pd.DataFrame = field(repr=False, compare=False)
    note: str = ""
    own: bool = False

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        bundle = {"text/html": self.html(), "text/plain": f"{self.title}\n{self.alt}"}
        if not self.own:
            bundle[MIME] = {
                "name": self.name,
                "title": self.title,
                "alt": self.alt,
                "source": self.source,
                "csv": self.table.to_csv(index=False),
            } | self._pictures()
        return bundle

    def _pictures(self) -> dict[str, str]:
        """The pictures that a refresh asked for: nothing otherwise."""
        wanted = os.environ.get(paths.TAKE_AWAY, "").split()
        if not wanted:
            return {}
        return {"svg": self.picture(kind="svg").decode()} | {
            size: base64.b64encode(png).decode("ascii")
            for size, png in pictures.stacked_pngs(self, wanted).items()
        }

    @cached_property
    def laid_out(self) -> Figure:
        """The figure, its parts in their places once and for all: laid out again they would move a
        little.
        """
        if engine := self.figure.get_layout_engine():
            with rc_context(pictures.SET_TEXT):
                engine.execute(self.figure)
        self.figure.set_layout_engine("none")
        return self.figure

    @cached_property
    def drawn(self) -> str:
        """The figure as SVG."""
        return pictures.drawing(self.laid_out, self.name)

    @cached_property
    def svg(self) -> str:
        """The chart alone, without title and source, as the page shows it: sharp at any size."""
        return pictures.alone(self)

    @property
    def png(self) -> bytes:
        """The chart with its title and source, as wide as the text of an A4 page."""
        return self.picture("page")

    def picture(self, size: str = "page", kind: str = "png") -> bytes:
        """The chart with title, note and source drawn in: `size` one of pictures.SIZES, `kind` png
        or svg.
        """
        if size not in pictures.SIZES:
            raise UsageError(
                f"There is no size called {size!r}; expected one of {', '.join(pictures.SIZES)}."
            )
        return (
            pictures.stacked_svg(self).encode()
            if kind == "svg"
            else pictures.stacked_pngs(self, [size])[size]
        )

    def html(self) -> str:
        """The figure as HTML: picture with alt text, title, source, and the data as a table."""
        title, picture = escape(self.title, quote=True), quote(self.svg, safe=SAFE_IN_URL)
        width, height = (round(96 * inches) for inches in self.figure.get_size_inches())
        return (
            '<figure class="chart"><div class="scroll" tabindex="0" role="region"'
            f' aria-label="{title}: chart">'
            f'<img alt="{escape(self.alt, quote=True)}" width="{width}" height="{height}" '
            f'src="data:image/svg+xml,{picture}"></div>'
            f"<figcaption><strong>{title}</strong> {escape(self.note)} <span"
            f' class="source">{escape(self.source)}'
            f"</span></figcaption><details><summary>Data of this chart: {title}</summary>"
            f"{exhibit.plain(f'{self.title}: the data', self.table.rename(columns=_heading))}</details></figure>"
        )


def save(chart: Chart, path: str | Path, size: str = "page") -> Path:
    """Write a chart to a .png or .svg file, `size` "page", "slide" (300 dpi) or "screen" (150); the
    path written.

    Title, note and source are drawn in; title and alt text go along as the file's own description.
    Raises UsageError on another kind of file, another size, or something that is no chart.

    >>> import tempfile
    >>> import oxcare_analysis as ox
    >>> chart = ox.charts.ledger(ox.ledger(ox.load("Oxfordshire", 2013, 2018)))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ox.save(chart, f"{folder}/growth.png", size="slide").name
    'growth.png'
    """
    path = Path(path)
    if not isinstance(chart, Chart):
        raise UsageError(
            "ox.save writes a chart, such as ox.charts.ledger(ox.ledger(study)); got"
            f" {str(chart)!r}."
            if isinstance(chart, str)
            else f"ox.save writes a chart; got a {type(chart).__name__}."
        )
    if path.suffix.lower() not in (".png", ".svg"):
        raise UsageError(
            f"ox.save writes .png or .svg files; got {path.name!r}. Give the file one of these"
            " endings."
        )
    durable.write(path, chart.picture(size, path.suffix.lower()[1:]))
    return path


class Nothing(str):
    """Said in place of a chart that cannot be drawn."""

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return f'<p class="nothing">{escape(str(self))}</p>'


def nothing(reason: str) -> Nothing:
    """A line that stands where a chart cannot be drawn, and says why."""
    return Nothing(f"No chart: {reason.rstrip('.')}.")


def new_axes(height: float = 4.0, width: float = 8.2, grid: str = "y") -> tuple[Figure, object]:
    """A figure and its axes in the one style, with light lines across at the values of the axis
    `grid`.
    """
    with sns.axes_style("ticks"), sns.plotting_context("notebook", font_scale=0.95):
        figure = Figure(figsize=(width, height), layout="constrained")
        figure.get_layout_engine().set(
            w_pad=0.1
        )  # text beside the axes moves a little after it is laid out
        axes = figure.add_subplot()
    sns.despine(ax=axes)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: minus(f"{v:,.10g}")))
    axes.grid(axis=grid, color="#e3e3e3", linewidth=0.8)
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


def finish(
    figure: Figure,
    name: str,
    title: str,
    alt: str,
    source: str,
    table: pd.DataFrame,
    note: str = "",
    own: bool = False,
) -> Chart:
    """The figure put together with its words and its table."""
    alt = alt if len(alt) <= LONGEST_ALT else alt[: LONGEST_ALT - 1].rsplit(" ", 1)[0] + "…"
    return Chart(name, title, alt, source, figure, table, note, own)


def mark_events(
    axes, events: pd.DataFrame, heading: str = "Dated events", shift: float = 0.0
) -> str:
    """Dotted lines at dated events (date, label), numbered above the axes; the key to the numbers,
    in words.

    `shift`: years to add to a date's place on the axis. Events of one month share a number.
    """
    events = events.assign(month=events["date"].str[:7]).sort_values("date", kind="stable")
    left, right = axes.get_xlim()
    ends, key = (
        [-np.inf] * 3,
        [],
    )  # where the last number of each row ends: numbers too close go a row higher
    for number, (month, rows) in enumerate(events.groupby("month"), start=1):
        x = decimal_year(month) + shift
        row = next((i for i, end in enumerate(ends) if x > end), 0)
        ends[row] = x + (right - left) * 0.022
        axes.axvline(x, color=ENGLAND, linewidth=0.9, linestyle=(0, (1, 2)), zorder=0)
        axes.annotate(
            str(number),
            (x, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3 + 10 * row),
            ha="center",
            textcoords="offset points",
            fontsize=8.5,
            color=ENGLAND,
        )
        key.append(f"{number}\N{NO-BREAK SPACE}{' and '.join(rows['label'])}, {month_words(month)}")
    return f"{heading}: {'; '.join(key)}." if key else ""


def figures_beside(axes, heads: tuple[str, str], rows: list[tuple[str, str, str, bool]]) -> None:
    """Two columns of text at the right of horizontal bars or dots: a figure, and what stands beside
    it.

    `rows`, from the top: the figure, the text beside it, the colour of the figure, whether it
    stands out.
    """
    place = axes.get_yaxis_transform()
    for i, (figure, beside, colour, strong) in enumerate(rows):
        axes.text(
            1.1,
            i,
            minus(figure),
            transform=place,
            ha="right",
            va="center",
            color=colour,
            fontsize=12,
            fontweight="bold" if strong else "normal",
        )
        axes.text(
            1.13,
            i,
            minus(beside),
            transform=place,
            va="center",
            fontsize=9.5,
            color="black" if strong else ENGLAND,
        )
    for x, head, side in zip((1.1, 1.13), heads, ("right", "left"), strict=True):
        axes.annotate(
            head,
            (x, 1),
            xycoords="axes fraction",
            xytext=(0, 4),
            textcoords="offset points",
            ha=side,
            va="bottom",
            fontsize=9.5,
            color=ENGLAND,
        )


def label_ends(axes, ends: list[tuple[float, str, str]], year: int) -> None:
    """Write each line's name (value, name, colour) at its end, pushed apart so that none covers
    another.
    """
    low, high = axes.get_ylim()
    below = -np.inf
    for value, label, colour in sorted(ends):
        below = max(value, below + (high - low) * 0.065)
        axes.annotate(
            label,
            (year, below),
            xytext=(8, 0),
            textcoords="offset points",
            color=colour,
            va="center",
            fontweight="bold" if colour == FOCUS else "normal",
        )


def _heading(name) -> str:
    return upper(str(name).replace("_", " "))


def minus(text: str) -> str:
    """The text with hyphens that stand for minus made the sign itself."""
    return text.replace("-", "−")


def mix(colour: str, share: float) -> tuple[float, ...]:
    """A colour thinned with white, `share` of it left."""
    return tuple(1 - share * (1 - part) for part in to_rgb(colour))


def slug(text: str) -> str:
    """A name for a file."""
    return "".join(c if c.isalnum() else "_" for c in text.lower())[:40]
