"""A chart as a picture: SVG for a page; with title, note and source drawn in, PNG or SVG to take away.

A chart here is what `drawing.Chart` is: name, title, alt, note, source, `laid_out`, its figure with every part in its
place, and `drawn`, that as SVG. Both take long, so they are done once.
"""

import io
import re
import textwrap
import zlib
from html import escape

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

# Width and height in inches, dots an inch: the text width of A4, as tall as the chart needs, for print or for a screen;
# a slide of 16 by 9.
SIZES = {"page": (6.69, None, 300), "slide": (10.0, 5.625, 300), "screen": (6.69, None, 150)}
TITLE_POINTS, FOOT_POINTS = 12.5, 8.5
COLOURS, APART = 16, 30  # colours of a picture to take away; how far apart, as sums over red, green and blue
SLIDE_EDGE = 0.12  # inches above and beneath what is on a slide
# The first is what the charts are laid out with; the others are as wide, nearly, and on every Windows and Mac machine.
FONTS = ["DejaVu Sans", "Verdana", "Arial", "sans-serif"]
SVG_HEAD = '<?xml version="1.0" encoding="utf-8"?>'
GREY = "#555555"


def alone(chart) -> str:
    """The chart without title and source, as SVG: sharp at any size."""
    return SVG_HEAD + chart.drawn.replace("<svg ", '<svg role="img" ', 1).replace(">", f">{_words(chart)}", 1)


def strips(chart) -> list[Figure]:
    """What is stacked into a picture to take away: title, chart, note and source, all as wide as the chart."""
    width = chart.figure.get_size_inches()[0]
    foot = "\n".join(wrap(line, int(width * 15.3)) for line in (chart.note, chart.source) if line)
    return [_strip(wrap(chart.title, int(width * 9)), width, TITLE_POINTS, fontweight="bold"), chart.laid_out,
            _strip(foot, width, FOOT_POINTS, color=GREY)]


def _strip(text: str, width: float, points: float, **style) -> Figure:
    """Lines of text as a figure just high enough for them."""
    height = points * 1.3 / 72 * (text.count("\n") + 1) + 0.1
    figure = Figure(figsize=(width, height))
    figure.text(0.008, 1 - 0.05 / height, text, va="top", fontsize=points, **style)
    return figure


def stacked_pngs(chart, sizes: list[str]) -> dict[str, bytes]:
    """The strips as one picture of each size, drawn once at the finest; a slide has white around what is on it."""
    parts = strips(chart)
    width, tall = chart.figure.get_size_inches()[0], sum(part.get_size_inches()[1] for part in parts)
    dots = {size: _dots(size, width, tall) for size in sizes}
    drawn = []
    for strip in parts:
        strip.set_dpi(max(dots.values()))
        canvas = FigureCanvasAgg(strip)
        canvas.draw()
        drawn.append(Image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba(), "raw", "RGBA", 0, 1))
    stacked, down = Image.new("RGB", (drawn[0].width, sum(part.height for part in drawn))), 0
    for part in drawn:
        stacked.paste(part, (0, down))
        down += part.height
    palette = _palette(stacked)
    return {size: _png(chart, stacked, dots[size] / max(dots.values()), size, palette) for size in sizes}


def _dots(size: str, width: float, tall: float) -> float:
    """Dots for each inch of the chart, so that all of it fits the paper."""
    paper_width, paper_height, dpi = SIZES[size]
    if paper_height:
        width = max(width, (tall + 2 * SLIDE_EDGE) * paper_width / paper_height)
    return paper_width * dpi / width


def _png(chart, stacked: Image.Image, scale: float, size: str, palette: Image.Image) -> bytes:
    paper_width, paper_height, dpi = SIZES[size]
    if scale < 1:
        stacked = stacked.resize((round(stacked.width * scale), round(stacked.height * scale)),
                                 Image.Resampling.BOX)
    picture = stacked.quantize(palette=palette, dither=Image.Dither.NONE)
    if paper_height:
        wide, high = round(paper_width * dpi) - picture.width, round(paper_height * dpi) - picture.height
        picture = ImageOps.expand(picture, (wide // 2, high // 2, wide - wide // 2, high - high // 2), "white")
    told, file = PngInfo(), io.BytesIO()
    for name, text in (("Title", chart.title), ("Description", chart.alt), ("Source", chart.source)):
        told.add_itxt(name, text)
    # Nearly all of a chart is runs of one colour: to look for other repeats takes half as long again, for 2 per cent.
    picture.save(file, "PNG", dpi=(dpi, dpi), pnginfo=told, compress_type=zlib.Z_RLE)
    return file.getvalue()


def _palette(whole: Image.Image) -> Image.Image:
    """The colours most of a picture has, apart from each other: a third of the bytes, and its own colours exactly."""
    # A ninth of the points has them all: every third of every third line.
    picture = whole.transform(((whole.width + 2) // 3, (whole.height + 2) // 3), Image.Transform.AFFINE,
                              (3, 0, -1, 0, 3, -1))
    found: list[tuple[int, ...]] = []
    for _, colour in sorted(picture.getcolors(picture.width * picture.height), reverse=True):
        if all(sum(abs(a - b) for a, b in zip(colour, other, strict=True)) >= APART for other in found):
            found.append(colour)
        if len(found) == COLOURS:
            break
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in found for part in colour])
    return palette


def stacked_svg(chart) -> str:
    """The strips as one SVG, each a drawing of its own within it."""
    parts, down = [], 0.0
    for number, strip in enumerate(strips(chart)):
        drawn = chart.drawn if strip is chart.laid_out else drawing(strip, f"{chart.name} {number}")
        drawn = re.sub(r'(width|height)="([\d.]+)pt"', r'\1="\2"', drawn, count=2)
        parts.append(drawn.replace("<svg ", f'<svg y="{down:.2f}" ', 1))
        down += strip.get_size_inches()[1] * 72
    width = chart.figure.get_size_inches()[0] * 72
    return (f'{SVG_HEAD}<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width:.2f}pt" height="{down:.2f}pt" '
            f'viewBox="0 0 {width:.2f} {down:.2f}">{_words(chart)}{"".join(parts)}</svg>')


def _words(chart) -> str:
    """Title and alt text as SVG says them, for those who cannot see it."""
    return f"<title>{escape(chart.title)}</title><desc>{escape(chart.alt)}</desc>"


def drawing(figure: Figure, name: str) -> str:
    """The figure as SVG, the same bytes each time: text as text, hundredths of a point, nothing that says nothing."""
    drawn = io.StringIO()
    figure.set_dpi(72)
    with rc_context({"svg.hashsalt": name, "svg.fonttype": "none", "font.sans-serif": FONTS}):
        FigureCanvasSVG(figure).print_svg(drawn, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = drawn.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg "):], flags=re.DOTALL)
    text = re.sub(r"\s*\n\s*", " ", text).replace("> <", "><")
    # In places only, not in what is written.
    text = re.sub(r'="[^"]*"', lambda found: re.sub(r"(\.\d\d)\d+", r"\1", found[0]), text)
    return re.sub(r' id="(?:figure|axes|patch|line2d|text|matplotlib\.axis|xtick|ytick)[\w.]*"', "", text)


def wrap(text: str, width: int = 38) -> str:
    """The text in lines of at most `width` characters."""
    return "\n".join(textwrap.wrap(text, width))
