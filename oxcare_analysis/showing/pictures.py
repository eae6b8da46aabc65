"""A chart as a picture: SVG for a page; with title, note and source drawn in, PNG or SVG to take
away.

A chart here is what `drawing.Chart` is: name, title, alt, note, source, `laid_out`, its figure with
every part in its place, and `drawn`, that as SVG. Both take long, so they are done once.
"""

import io
import re
import textwrap
import zlib
from dataclasses import dataclass
from functools import cache
from html import escape

from matplotlib import font_manager, rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont, ImageOps
from PIL.PngImagePlugin import PngInfo

# Width and height in inches, dots an inch: the text width of A4, as tall as the chart needs, for
# print or for a screen;
# a slide of 16 by 9.
SIZES = {"page": (6.69, None, 300), "slide": (10.0, 5.625, 300), "screen": (6.69, None, 150)}
TITLE_POINTS, FOOT_POINTS, LINE, MARGIN = (
    12.5,
    8.5,
    1.3,
    0.05,
)  # LINE: in points of the text; MARGIN: inches
COLOURS, APART = (
    16,
    30,
)  # colours of a picture to take away; how far apart, as sums over red, green and blue
SLIDE_EDGE = 0.12  # inches above and beneath what is on a slide
# The first is what the charts are laid out with; the others are as wide, nearly, and on every
# Windows and Mac machine.
FONTS = ["DejaVu Sans", "Verdana", "Arial", "sans-serif"]
SVG_HEAD = '<?xml version="1.0" encoding="utf-8"?>'
GREY = "#555555"
INDENT = 0.008  # of the width, before a line of text
# Text is set alike at every size, and faster, when it is not fitted to the dots of one.
SET_TEXT = {"text.hinting": "none"}


@dataclass(frozen=True)
class Strip:
    """Lines of text as wide as a chart, to stand above or beneath it; sizes in inches and
    points.
    """

    lines: tuple[str, ...]
    width: float
    points: float
    weight: str
    colour: str

    @property
    def height(self) -> float:
        """Just high enough for the lines, in inches."""
        return self.points * LINE / 72 * len(self.lines) + 2 * MARGIN

    def baselines(self) -> list[float]:
        """How far down each line stands, in inches."""
        return [
            MARGIN + self.points / 72 * (0.93 + LINE * number) for number in range(len(self.lines))
        ]

    def drawn(self, dots: float) -> Image.Image:
        """The lines as a picture, at so many dots an inch."""
        picture = Image.new("RGB", (int(self.width * dots), round(self.height * dots)), "white")
        pen, font = ImageDraw.Draw(picture), _font(self.weight, self.points * dots / 72)
        for line, down in zip(self.lines, self.baselines(), strict=True):
            pen.text((INDENT * picture.width, down * dots), line, self.colour, font, anchor="ls")
        return picture

    def svg(self) -> str:
        """The lines as SVG text."""
        named = ", ".join(f"'{name}'" if " " in name else name for name in FONTS)
        lines = "".join(
            f'<text x="{INDENT * self.width * 72:.2f}" y="{down * 72:.2f}">{escape(line)}</text>'
            for line, down in zip(self.lines, self.baselines(), strict=True)
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width * 72:.2f}" '
            f'height="{self.height * 72:.2f}"><g font-family="{named}" font-size="{self.points}px" '
            f'font-weight="{self.weight}" fill="{self.colour}">{lines}</g></svg>'
        )


@cache
def _font(weight: str, pixels: float) -> ImageFont.FreeTypeFont:
    found = font_manager.findfont(font_manager.FontProperties(family=FONTS, weight=weight))
    return ImageFont.truetype(found, pixels, layout_engine=ImageFont.Layout.BASIC)


def alone(chart) -> str:
    """The chart without title and source, as SVG: sharp at any size."""
    return SVG_HEAD + chart.drawn.replace("<svg ", '<svg role="img" ', 1).replace(
        ">", f">{_words(chart)}", 1
    )


def strips(chart) -> tuple[Strip, Strip]:
    """What stands above a chart to take away, its title, and beneath it, note and source."""
    width = chart.figure.get_size_inches()[0]
    foot = [
        part
        for line in (chart.note, chart.source)
        if line
        for part in textwrap.wrap(line, int(width * 15.3))
    ]
    return (
        Strip(
            tuple(textwrap.wrap(chart.title, int(width * 9))), width, TITLE_POINTS, "bold", "black"
        ),
        Strip(tuple(foot), width, FOOT_POINTS, "normal", GREY),
    )


def stacked_pngs(chart, sizes: list[str]) -> dict[str, bytes]:
    """Chart and strips as one picture of each size, drawn once at the finest; a slide has white
    around what is on it.
    """
    above, beneath = strips(chart)
    width, tall = chart.laid_out.get_size_inches()
    dots = {size: _dots(size, width, above.height + tall + beneath.height) for size in sizes}
    finest = max(dots.values())
    chart.laid_out.set_dpi(finest)
    canvas = FigureCanvasAgg(chart.laid_out)
    with rc_context(SET_TEXT):
        canvas.draw()
    drawn = [
        above.drawn(finest),
        Image.frombuffer(
            "RGBA", canvas.get_width_height(), canvas.buffer_rgba(), "raw", "RGBA", 0, 1
        ),
        beneath.drawn(finest),
    ]
    stacked, down = Image.new("RGB", (drawn[0].width, sum(part.height for part in drawn))), 0
    for part in drawn:
        stacked.paste(part, (0, down))
        down += part.height
    palette = _palette(stacked)
    return {size: _png(chart, stacked, dots[size] / finest, size, palette) for size in sizes}


def _dots(size: str, width: float, tall: float) -> float:
    """Dots for each inch of the chart, so that all of it fits the paper."""
    paper_width, paper_height, dpi = SIZES[size]
    if paper_height:
        width = max(width, (tall + 2 * SLIDE_EDGE) * paper_width / paper_height)
    return paper_width * dpi / width


def _png(chart, stacked: Image.Image, scale: float, size: str, palette: Image.Image) -> bytes:
    paper_width, paper_height, dpi = SIZES[size]
    if scale < 1:
        stacked = stacked.resize(
            (round(stacked.width * scale), round(stacked.height * scale)), Image.Resampling.BOX
        )
    picture = stacked.quantize(palette=palette, dither=Image.Dither.NONE)
    if paper_height:
        wide, high = (
            round(paper_width * dpi) - picture.width,
            round(paper_height * dpi) - picture.height,
        )
        picture = ImageOps.expand(
            picture, (wide // 2, high // 2, wide - wide // 2, high - high // 2), "white"
        )
    told, file = PngInfo(), io.BytesIO()
    for name, text in (
        ("Title", chart.title),
        ("Description", chart.alt),
        ("Source", chart.source),
    ):
        told.add_itxt(name, text)
    # Nearly all of a chart is runs of one colour: to look for other repeats takes half as long
    # again, for 2 per cent.
    picture.save(file, "PNG", dpi=(dpi, dpi), pnginfo=told, compress_type=zlib.Z_RLE)
    return file.getvalue()


def _palette(whole: Image.Image) -> Image.Image:
    """The colours most of a picture has, apart from each other: a third of the bytes, and its own
    colours exactly.
    """
    # A ninth of the points has them all: every third of every third line.
    picture = whole.transform(
        ((whole.width + 2) // 3, (whole.height + 2) // 3),
        Image.Transform.AFFINE,
        (3, 0, -1, 0, 3, -1),
    )
    found: list[tuple[int, ...]] = []
    for _, colour in sorted(picture.getcolors(picture.width * picture.height), reverse=True):
        if all(
            sum(abs(a - b) for a, b in zip(colour, other, strict=True)) >= APART for other in found
        ):
            found.append(colour)
        if len(found) == COLOURS:
            break
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in found for part in colour])
    return palette


def stacked_svg(chart) -> str:
    """Chart and strips as one SVG, each a drawing of its own within it."""
    above, beneath = strips(chart)
    parts, down = [], 0.0
    width, tall = chart.laid_out.get_size_inches() * 72
    own = re.sub(r'(width|height)="([\d.]+)pt"', r'\1="\2"', chart.drawn, count=2)
    for drawn, height in (
        (above.svg(), above.height * 72),
        (own, tall),
        (beneath.svg(), beneath.height * 72),
    ):
        parts.append(drawn.replace("<svg ", f'<svg y="{down:.2f}" ', 1))
        down += height
    return (
        f'{SVG_HEAD}<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width:.2f}pt"'
        f' height="{down:.2f}pt" viewBox="0 0 {width:.2f}'
        f' {down:.2f}">{_words(chart)}{"".join(parts)}</svg>'
    )


def _words(chart) -> str:
    """Title and alt text as SVG says them, for those who cannot see it."""
    return f"<title>{escape(chart.title)}</title><desc>{escape(chart.alt)}</desc>"


def drawing(figure: Figure, name: str) -> str:
    """The figure as SVG, the same bytes each time: text as text, hundredths of a point, nothing
    that says nothing.
    """
    drawn = io.StringIO()
    figure.set_dpi(72)
    with rc_context({"svg.hashsalt": name, "svg.fonttype": "none", "font.sans-serif": FONTS}):
        FigureCanvasSVG(figure).print_svg(
            drawn, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type"))
        )
    text = drawn.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg ") :], flags=re.DOTALL)
    text = re.sub(r"\s*\n\s*", " ", text).replace("> <", "><")
    # In places only, not in what is written.
    text = re.sub(r'="[^"]*"', lambda found: re.sub(r"(\.\d\d)\d+", r"\1", found[0]), text)
    return re.sub(
        r' id="(?:figure|axes|patch|line2d|text|matplotlib\.axis|xtick|ytick)[\w.]*"', "", text
    )


def wrap(text: str, width: int = 38) -> str:
    """The text in lines of at most `width` characters."""
    return "\n".join(textwrap.wrap(text, width))
