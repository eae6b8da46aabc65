"""One function a figure. Each takes a finding, returns a Chart: picture, alt text written from its table, the table.

To add a chart: write a function that draws on `_axes()` and returns `_chart(...)`. The colours are told apart without
colour too: by place, direct labels, dash and hatch.
"""

import base64
import io
from dataclasses import dataclass, field
from html import escape

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

FOCUS, ENGLAND, NEIGHBOURS = "#0b4f8a", "#4a4a4a", "#a8560a"
UP, DOWN, TOTAL, FAINT = "#a8560a", "#0b4f8a", "#4a4a4a", "#8a8a8a"
SHORTEST_ALT, LONGEST_ALT = 60, 300
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


def comparison(c, zero: bool = True) -> Chart:
    """A measure through the years: this authority, England, and the neighbours' median and quartiles."""
    figure, axes = _axes()
    table = c.table
    axes.axvspan(c.first_year, c.last_year, color="#f0f0ee", zorder=0)
    axes.fill_between(table["year"], table["neighbours_low"], table["neighbours_high"], color=NEIGHBOURS, alpha=0.15,
                      linewidth=0)
    lines = (("neighbours", "Median neighbour", NEIGHBOURS, (4, 2)), ("england", "England", ENGLAND, (1, 1.5)),
             ("value", c.area, FOCUS, ""))
    for column, _, colour, dash in lines:
        sns.lineplot(x=table["year"], y=table[column], ax=axes, color=colour, errorbar=None,
                     linewidth=3 if column == "value" else 2, dashes=dash or True,
                     linestyle="-" if not dash else (0, dash), legend=False)
    axes.errorbar(table["year"], table["value"], yerr=[table["value"] - table["low"], table["high"] - table["value"]],
                  fmt="o", color=FOCUS, markersize=5, linewidth=1, capsize=2)
    ends = [(table[column].dropna().iloc[-1], label, colour) for column, label, colour, _ in lines
            if table[column].notna().any()]
    for place, label, colour in _apart(ends, axes.get_ylim()):
        axes.annotate(label, (table["year"].max(), place), xytext=(8, 0), textcoords="offset points", color=colour,
                      va="center", fontweight="bold" if colour == FOCUS else "normal")
    if zero:
        axes.set_ylim(bottom=0)
    axes.set(xlabel="Year ending 31 March", ylabel=c.per_words.capitalize())
    window = table[table["year"].between(c.first_year, c.last_year)]
    alt = f"No figures for {c.label} in {c.area} in the window."
    if len(window):
        a, b = window.iloc[0], window.iloc[-1]
        alt = (f"Line chart of {c.label}. {c.area} {_went(a['value'], b['value'])} between {a['year']:.0f} and "
               f"{b['year']:.0f}; England {_went(a['england'], b['england'])}; the median neighbour "
               f"{_went(a['neighbours'], b['neighbours'])}.")
    return _chart(figure, f"{c.measure}", _upper(f"{c.label}, {c.area}"), alt, c.source, table,
                  "Grey: the years under test. Whiskers: year-to-year noise. Tan: the middle half of neighbours.")


def ledger(x) -> Chart | str:
    """The growth ledger as a waterfall: start, three steps and the number of children, carry-over, end."""
    if not x.testable:
        return nothing(x.reason)
    rows = [*x.subtotals[["label", "plans", "low", "high", "stable_sign"]].itertuples(index=False, name=None),
            ("Carry-over from before", x.momentum, x.momentum_low, x.momentum_high, x.momentum_stable)]
    table = pd.DataFrame([(f"Open at March {x.first_year}", x.open_from, np.nan, np.nan, True), *rows,
                          (f"Open at March {x.last_year}", x.open_to, np.nan, np.nan, True)],
                         columns=["step", "plans", "low", "high", "stable_sign"])
    figure, axes = _axes(height=4.8)
    running = 0.0
    for i, row in enumerate(table.itertuples()):
        total = i in (0, len(table) - 1)
        bottom = 0.0 if total else running
        colour = TOTAL if total else UP if row.plans > 0 else DOWN
        unclear = not total and (not row.stable_sign or row.low * row.high <= 0)
        axes.barh(i, row.plans, left=bottom, height=0.62, color="white" if unclear else colour, edgecolor=colour,
                  hatch="///" if unclear else None, linewidth=1.4)
        if not total:
            axes.plot([bottom + row.low, bottom + row.high], [i, i], color="black", linewidth=1.2, marker="|",
                      markersize=9)
        edge = max(bottom, bottom + row.plans, bottom + (row.high if not total else 0))
        axes.annotate(f"{row.plans:,.0f}" if total else f"{row.plans:+,.0f}", (edge, i), xytext=(6, 0),
                      textcoords="offset points", va="center", fontweight="bold")
        running = row.plans if total else running + row.plans
    axes.set_yticks(range(len(table)), table["step"])
    axes.invert_yaxis()
    axes.set(xlabel="Children on a plan", xlim=(min(0, axes.get_xlim()[0]), axes.get_xlim()[1] * 1.08))
    steps = table.iloc[1:-1]
    biggest = steps.loc[steps["plans"].abs().idxmax()]
    hatched = int(((steps["low"] * steps["high"] <= 0) | ~steps["stable_sign"].astype(bool)).sum())
    alt = (f"Waterfall chart. Open plans in {x.area} {_went(x.open_from, x.open_to, 0)} from {x.first_year} to "
           f"{x.last_year}. Largest step: {biggest['step'].lower()}, {biggest['plans']:+,.0f} children. {hatched} of "
           f"{len(steps)} steps are hatched: within noise.")
    return _chart(figure, "growth_ledger", f"Where the change in open plans came from, {x.area}, {x.first_year} to "
                  f"{x.last_year} (hatched: within noise)", alt, x.source, table)


def finding(f) -> Chart | str:
    """A hypothesis's primary and supporting measures: change, interval, and what was predicted."""
    table = f.table[f.table["estimate"].notna()]
    if table.empty:
        return nothing(f.reason)
    table = pd.DataFrame({"measure": table["label"], "role": table["role"], "predicted": table["predicted"],
                          **{c: np.expm1(table[c]) * 100 for c in ("estimate", "low", "high")}}).reset_index(drop=True)
    figure, axes = _axes(height=1.3 + 0.62 * len(table))
    axes.axvline(0, color="black", linewidth=1)
    margin = np.expm1(f.margin) * 100
    axes.axvspan(np.expm1(-f.margin) * 100, margin, ymin=1 - 1 / len(table), color="#dddddd", zorder=0)
    words = {"+": "predicted up", "-": "predicted down", "0": "predicted flat", "": "the test"}
    for i, row in table.iterrows():
        main = row["role"] == "primary"
        clear = row["low"] * row["high"] > 0
        axes.plot([row["low"], row["high"]], [i, i], color=FOCUS if main else ENGLAND, linewidth=4 if main else 2)
        axes.plot(row["estimate"], i, "o", markersize=11 if main else 8, color=FOCUS if main else ENGLAND,
                  markerfacecolor=(FOCUS if main else ENGLAND) if clear else "white", markeredgewidth=2)
    axes.set_yticks(range(len(table)), [f"{_wrap(row['measure'])}\n({words[row['predicted']]})"
                                        for _, row in table.iterrows()])
    axes.set_ylim(len(table) - 0.5, -0.5)
    axes.set(xlabel="Change, per cent, with 95 per cent interval\nfilled: beyond noise; grey band: margin")
    first = table.iloc[0]
    alt = (f"Dot chart of changes from {f.window[0]} to {f.window[1]} in {f.area}. The test, {first['measure']}: "
           f"{first['estimate']:+.0f} per cent, interval {first['low']:+.0f} to {first['high']:+.0f}. "
           f"{int((table['low'] * table['high'] > 0).sum())} of {len(table)} measures moved beyond noise.")
    return _chart(figure, f"{f.hypothesis}_evidence", f"What moved and what was predicted, {f.area}, {f.window[0]} to "
                  f"{f.window[1]}", alt, f.source, table)


def hazards(x) -> Chart | str:
    """Exit hazards by time on a plan, year by year, one line a band."""
    table = x.hazards[x.hazards["band"] != "12_plus"] if len(x.hazards) else x.hazards
    if table.empty:
        return nothing("the lengths of plans are not published for enough years")
    figure, axes = _axes()
    bands = [b for b in ("0_3", "3_6", "6_12", "12_24", "24_plus") if (table["band"] == b).any()]
    colours = dict(zip(("0_3", "3_6", "6_12", "12_24", "24_plus"),
                       ("#8a8a8a", "#4a4a4a", NEIGHBOURS, FOCUS, "#7b2d7b"), strict=True))
    ends = []
    for i, band in enumerate(bands):
        rows = table[table["band"] == band].set_index("year")["hazard"]
        rows = rows.reindex(range(table["year"].min(), table["year"].max() + 1))  # a gap stays a gap
        axes.plot(rows.index, rows, marker="osD^v"[i], color=colours[band], linewidth=2,
                  linestyle=("-", (0, (4, 2)), (0, (1, 1.5)), "-", (0, (3, 1, 1, 1)))[i])
        label, year = table.loc[table["band"] == band, "label"].iloc[0], rows.dropna().index.max()
        ends.append((rows[year], label + (f" (to {year})" if year < table["year"].max() else ""), colours[band]))
    axes.set_ylim(bottom=0)
    for place, label, colour in _apart(ends, axes.get_ylim()):
        axes.annotate(label, (table["year"].max(), place), xytext=(8, 0), textcoords="offset points", color=colour,
                      va="center")
    axes.set(xlabel="Year ending 31 March", ylabel="Plans ended per plan\nopen, a year")
    first, last = (table[table["year"] == y].set_index("band")["hazard"] for y in (table["year"].min(),
                                                                                  table["year"].max()))
    shared = [b for b in bands if b in first and b in last]
    moved = max(shared, key=lambda b: abs(np.log(last[b] / first[b])) if first[b] and last[b] else 0, default=None)
    alt = f"Line chart of exit hazards by time on a plan in {x.area}, {len(bands)} bands."
    if not moved:
        alt += " No band is published at both ends, so they cannot be compared."
    else:
        name = table.loc[table["band"] == moved, "label"].iloc[0]
        alt += (f" The band that changed most between {table['year'].min()} and {table['year'].max()}: {name}, which "
                f"{_went(first[moved], last[moved], 2)} a year.")
    return _chart(figure, "exit_hazards", f"Plans ended per plan open, by time on the plan, {x.area}", alt, x.source,
                  table[["year", "label", "ended", "exposure", "hazard", "filled"]])


def expected_stay(x) -> Chart | str:
    """Months a plan would stay if it met the year's exit hazards in every band."""
    if x.table.empty:
        return nothing("the lengths of plans are not published for enough years")
    figure, axes = _axes()
    ends = []
    for column, label, colour, dash in (("neighbours", "Median neighbour", NEIGHBOURS, (0, (4, 2))),
                                        ("england", "England", ENGLAND, (0, (1, 1.5))), ("value", x.area, FOCUS, "-")):
        axes.plot(x.table["year"], x.table[column], color=colour, linestyle=dash, marker="o" if dash == "-" else "",
                  linewidth=3 if dash == "-" else 2)
        if x.table[column].notna().any():
            ends.append((x.table[column].dropna().iloc[-1], label, colour))
    axes.set_ylim(bottom=0)
    for place, label, colour in _apart(ends, axes.get_ylim()):
        axes.annotate(label, (x.table["year"].max(), place), xytext=(8, 0), textcoords="offset points", color=colour,
                      va="center")
    axes.set(xlabel="Year ending 31 March", ylabel="Months")
    a, b = x.table.iloc[0], x.table.iloc[-1]
    alt = (f"Line chart of the expected stay on a plan. {x.area} {_went(a['value'], b['value'])} months between "
           f"{a['year']:.0f} and {b['year']:.0f}; England {_went(a['england'], b['england'])}.")
    return _chart(figure, "expected_stay", f"Expected stay on a plan, months, {x.area}", alt, x.source, x.table)


def specifications(x) -> Chart | str:
    """The specification curve: every estimate with its interval, in order, the one used marked."""
    if x.table.empty:
        return nothing("no way of asking has the figures it needs")
    figure, axes = _axes(height=3.6)
    table = x.table.assign(**{c: np.expm1(x.table[c]) * 100 for c in ("estimate", "low", "high")})
    place = np.arange(len(table))
    clear = table["moved"].to_numpy() != 0
    axes.vlines(place, table["low"], table["high"], color=FAINT, linewidth=1.2)
    axes.plot(place[~clear], table["estimate"][~clear], "o", markersize=5, color=ENGLAND, markerfacecolor="white")
    axes.plot(place[clear], table["estimate"][clear], "o", markersize=5, color=FOCUS)
    axes.axhline(0, color="black", linewidth=1)
    main = place[table["main"]]
    if len(main):
        axes.plot(main, table["estimate"].iloc[main], "D", markersize=11, markerfacecolor="none", markeredgewidth=2,
                  color=NEIGHBOURS)
        axes.annotate("used for the verdict", (main[0], table["low"].iloc[main[0]]), xytext=(0, -6), ha="center",
                      va="top", textcoords="offset points", color=NEIGHBOURS)
    axes.set(ylabel="Change, per cent", xlabel="Each way of asking, from lowest to highest (filled: beyond noise)",
             xticks=[])
    alt = (f"{len(table)} ways of asking the same question for {x.area}, {x.first_year} to {x.last_year}. Estimates "
           f"run from {table['estimate'].min():+.0f} to {table['estimate'].max():+.0f} per cent; {x.beyond:.0%} moved "
           f"beyond noise as predicted, {x.against:.0%} the other way.")
    return _chart(figure, f"{x.hypothesis}_specifications", f"The same question asked {len(table)} ways, {x.area}", alt,
                  x.source, table.drop(columns="measure"))


def trend(t) -> Chart | str:
    """A measure's change from the first year as national, regional, neighbour and local parts."""
    table = t.table.dropna(subset=["change"]) if len(t.table) else t.table
    if len(table) < 2:
        return nothing(t.missing or "too few years have figures")
    figure, axes = _axes()
    parts, running = ("national", "regional", "neighbour", "local"), {1: 0.0, -1: 0.0}
    colours, hatches = ("#4a4a4a", "#9a9a9a", NEIGHBOURS, FOCUS), ("", "..", "\\\\", "")
    running = {sign: np.zeros(len(table)) for sign in (1, -1)}
    for part, colour, hatch in zip(parts, colours, hatches, strict=True):
        values = table[part].to_numpy() * 100
        bottom = np.where(values >= 0, running[1], running[-1])
        axes.bar(table["year"], values, bottom=bottom, color=colour, hatch=hatch, edgecolor="white", width=0.7,
                 label=part.capitalize())
        running[1] += np.where(values > 0, values, 0)
        running[-1] += np.where(values < 0, values, 0)
    axes.plot(table["year"], table["change"] * 100, "o-", color="black", linewidth=2, label="All together")
    axes.axhline(0, color="black", linewidth=1)
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False)
    axes.set(xlabel="Year ending 31 March", ylabel="Change since the first year\n(log points × 100)")
    last = table.iloc[-1]
    alt = (f"Stacked bars of the change in {t.label} in {t.area} since {table['year'].iloc[0]:.0f}. By "
           f"{last['year']:.0f}: {np.expm1(last['change']) * 100:+.0f} per cent in all, of which local "
           f"{np.expm1(last['local']) * 100:+.0f} and national {np.expm1(last['national']) * 100:+.0f} per cent.")
    shown = table.assign(**{c: np.expm1(table[c]) * 100 for c in ("change", *parts)}).rename(
        columns={c: f"{c}, per cent" for c in ("change", *parts)})
    return _chart(figure, f"{t.measure}_trend", _upper(f"{t.label}, {t.area}: shared and local parts"), alt, t.source,
                  shown)


def just_here(p) -> Chart | str:
    """Open plans at the end beside what each comparison would have given."""
    table = p.table[np.isfinite(p.table["expected"])] if len(p.table) else p.table
    if table.empty:
        return nothing(p.reason)
    names = {"england": "Had it followed England", "median_neighbour": "Had it followed the median neighbour",
             "given_start": "Had it moved like authorities that\nstarted where it did"}
    shown = pd.DataFrame({"what": [f"As published, March {p.first_year}", f"As published, March {p.last_year}",
                                   *table["comparison"].map(names)],
                          "children": [p.open_from, p.open_to, *table["expected"]]})
    figure, axes = _axes(height=3.4)
    axes.barh(range(len(shown)), shown["children"], color=[TOTAL, FOCUS] + ["white"] * len(table),
              edgecolor=[TOTAL, FOCUS] + [ENGLAND] * len(table), height=0.62)
    for i, value in enumerate(shown["children"]):
        axes.annotate(f"{value:,.0f}", (value, i), xytext=(6, 0), textcoords="offset points", va="center")
    axes.set_yticks(range(len(shown)), shown["what"])
    axes.invert_yaxis()
    axes.set(xlabel="Children on a plan", xlim=(0, axes.get_xlim()[1] * 1.08), ylabel="")
    listed = ", ".join(f"{names[r.comparison].replace(chr(10), ' ').replace('Had', 'had')} {r.expected:,.0f}"
                       for r in table.itertuples())
    alt = f"Bar chart. {p.area} had {p.open_to:,.0f} children on a plan at March {p.last_year}; {listed}."
    shown["what"] = shown["what"].str.replace("\n", " ")
    return _chart(figure, "just_here", f"How much of this is just {p.area}, March {p.last_year}", alt, p.source, shown)


def residuals(r) -> Chart | str:
    """Residuals of a regression against its fitted values."""
    if r.missing:
        return nothing(r.missing)
    figure, axes = _axes(height=2.8)
    axes.axhline(0, color="black", linewidth=1)
    axes.plot(r.residuals["fitted"], r.residuals["pearson"], "o", color=FOCUS, markerfacecolor="white", markersize=7)
    axes.set(xlabel="Fitted", ylabel="Standardised residual")
    worst = r.residuals["pearson"].abs().max()
    alt = (f"Scatter of {len(r.residuals)} standardised residuals of the model for {r.name} against fitted values. The "
           f"largest is {worst:.1f}; {int((r.residuals['pearson'].abs() > 2).sum())} are beyond 2.")
    return _chart(figure, f"residuals_{_slug(r.name)}", f"Residual check: {r.name}", alt, r.source, r.residuals)


class Nothing(str):
    """Said in place of a chart that cannot be drawn."""

    def _repr_html_(self) -> str:
        return f'<p class="nothing">{escape(str(self))}</p>'


def nothing(reason: str) -> Nothing:
    """A line that stands where a chart cannot be drawn, and says why."""
    return Nothing(f"No chart: {reason.rstrip('.')}.")


def _axes(height: float = 4.0, width: float = 8.2) -> tuple[Figure, object]:
    with sns.axes_style("ticks"), sns.plotting_context("notebook", font_scale=0.95):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.add_subplot()
    sns.despine(ax=axes)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.10g}"))
    axes.grid(axis="y" if height == 4.0 else "x", color="#e3e3e3", linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def _chart(figure: Figure, name: str, title: str, alt: str, source: str, table: pd.DataFrame,
           note: str = "") -> Chart:
    alt = alt if len(alt) <= LONGEST_ALT else alt[:LONGEST_ALT - 1].rsplit(" ", 1)[0] + "…"
    png, svg = io.BytesIO(), io.StringIO()
    figure.savefig(png, format="png", dpi=150, metadata={"Title": title, "Description": alt})
    figure.savefig(svg, format="svg", metadata={"Title": title, "Description": alt, "Date": None})
    return Chart(name, title, alt, source, png.getvalue(), svg.getvalue(), table, note)


def _apart(ends: list[tuple[float, str, str]], limits: tuple[float, float]) -> list[tuple[float, str, str]]:
    """Labels at the end of lines, pushed apart so that none covers another."""
    gap, placed = (limits[1] - limits[0]) * 0.065, []
    for place, label, colour in sorted(ends):
        placed.append((max(place, placed[-1][0] + gap) if placed else place, label, colour))
    return placed


def _went(start: float, end: float, digits: int = 1) -> str:
    if not (np.isfinite(start) and np.isfinite(end)):
        return "has no figure at one end"
    if round(start, digits) == round(end, digits):
        return f"stayed at {start:,.{digits}f}"
    return f"{'rose' if end > start else 'fell'} from {start:,.{digits}f} to {end:,.{digits}f}"


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


def _wrap(text: str, width: int = 38) -> str:
    import textwrap
    return "\n".join(textwrap.wrap(text, width))


def _slug(text: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in text.lower())[:40]
