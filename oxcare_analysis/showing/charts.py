"""One function a figure. Each takes a finding, returns a Chart: picture, alt text written from its
table, the table.

>>> import oxcare_analysis as ox
>>> ox.charts.ledger(ox.ledger(ox.load("Oxfordshire", 2013, 2018))).name
'growth_ledger'

To add a chart: write a function that draws on `new_axes()` and returns `finish(...)`. The colours
are told apart without colour too: by place, direct labels, dash and hatch.
"""

import numpy as np
import pandas as pd

from oxcare_analysis.showing.beside import draw_beside, mark_window
from oxcare_analysis.showing.care_charts import ages, in_need, looked_after, routes, unaccompanied
from oxcare_analysis.showing.drawing import (
    ENGLAND,
    FAINT,
    FOCUS,
    LONGEST_ALT,
    MIME,
    NEIGHBOURS,
    Chart,
    Nothing,
    figures_beside,
    finish,
    label_ends,
    mark_events,
    new_axes,
    nothing,
    slug,
)
from oxcare_analysis.showing.evidence_charts import (
    care_endings,
    comparable_events,
    events,
    months,
    power,
)
from oxcare_analysis.showing.exhibit import span
from oxcare_analysis.showing.growth_charts import just_here, ledger
from oxcare_analysis.showing.own_charts import (
    own_control,
    own_funnel,
    own_hazards,
    own_ledger,
    own_stays,
    own_verdicts,
)
from oxcare_analysis.showing.wording import HYPOTHESES, upper, went
from oxcare_analysis.showing.work_charts import outlook, spend, teams, workforce
from oxcare_analysis.words.errors import UsageError
from oxcare_analysis.showing.pictures import wrap

__all__ = [
    "Chart",
    "LONGEST_ALT",
    "MIME",
    "Nothing",
    "ages",
    "care_endings",
    "comparable_events",
    "comparison",
    "events",
    "expected_stay",
    "finding",
    "hazards",
    "in_need",
    "just_here",
    "ledger",
    "looked_after",
    "months",
    "nothing",
    "outlook",
    "own_control",
    "own_funnel",
    "own_hazards",
    "own_ledger",
    "own_stays",
    "own_verdicts",
    "power",
    "residuals",
    "routes",
    "specifications",
    "spend",
    "teams",
    "trend",
    "unaccompanied",
    "workforce",
]


def comparison(
    c, events: bool = False, beside: tuple[str, ...] = ("england", "neighbours")
) -> Chart | str:
    """A measure through the years: this authority, England, and the neighbours' median and
    quartiles.

    `events`: whether dated events are marked, numbered, with the key in the note. `beside`: which
    of england and neighbours to draw.
    """
    table, known = c.table, ("neighbours", "england")
    if set(beside) - set(known):
        raise UsageError(
            f"A measure can be drawn beside {' and '.join(known)}; got {tuple(beside)!r}."
        )
    if table["value"].notna().sum() == 0:
        return nothing(f"no figure is held for {c.label} in {c.area}")
    figure, axes = new_axes()
    mark_window(axes, c.first_year, c.last_year)
    if "neighbours" in beside:
        axes.fill_between(
            table["year"],
            table["neighbours_low"],
            table["neighbours_high"],
            color=NEIGHBOURS,
            alpha=0.15,
            linewidth=0,
        )
    ends = draw_beside(axes, table["year"], table, c.area, beside)
    axes.errorbar(
        table["year"],
        table["value"],
        yerr=[table["value"] - table["low"], table["high"] - table["value"]],
        fmt="o",
        color=FOCUS,
        markersize=5,
        linewidth=1,
        capsize=2,
    )
    label_ends(axes, ends, table["year"].max())
    axes.set_ylim(bottom=0)
    axes.set(xlabel="Year ending 31 March", ylabel=wrap(c.per_words.capitalize(), 30))
    dated = (
        c.events[c.events["date"].str[:4].astype(int).between(c.first_year - 1, c.last_year)]
        if events
        else None
    )
    # A year stands where it ends, at 31 March; events outside the years under test would only crowd
    # the picture.
    key = (
        mark_events(axes, dated, "Numbered: dated events", shift=-0.25)
        if events and len(dated)
        else ""
    )
    window = table[table["year"].between(c.first_year, c.last_year)]
    alt = f"No figures for {c.label} in {c.area} in the window."
    if len(window) == 1:
        alt = (
            f"Chart of {c.label} in {c.area}: one year is held in the window,"
            f" {window['year'].iloc[0]:.0f}, at {window['value'].iloc[0]:,.1f}."
        )
    elif len(window):
        a, b = window.iloc[0], window.iloc[-1]
        others = [
            f"; {name} {went(a[column], b[column], 1)}"
            for column, name in (("england", "England"), ("neighbours", "the median neighbour"))
            if column in beside
        ]
        alt = (
            f"Line chart of {c.label}. {c.area} {went(a['value'], b['value'], 1)} between"
            f" {a['year']:.0f} and {b['year']:.0f}{''.join(others)}."
        )
    return finish(
        figure,
        f"{c.measure}",
        upper(f"{c.label}, {c.area}"),
        alt,
        c.source,
        table,
        "Grey: the years under test. Whiskers: year-to-year noise, 95 per cent."
        + " Tan: the middle half of neighbours." * ("neighbours" in beside)
        + f" {key}" * bool(key),
    )


def finding(f) -> Chart | str:
    """A hypothesis's primary and supporting measures: change, interval, and what was predicted."""
    table = f.table[f.table["estimate"].notna()]
    if not (table["role"] == "primary").any():
        return nothing(f.reason)
    table = pd.DataFrame(
        {
            "measure": table["label"],
            "role": table["role"],
            "predicted": table["predicted"],
            **{c: np.expm1(table[c]) * 100 for c in ("estimate", "low", "high")},
        }
    ).reset_index(drop=True)
    figure, axes = new_axes(height=1.3 + 0.62 * len(table), grid="x")
    axes.axvline(0, color="black", linewidth=1)
    margin = np.expm1(f.margin) * 100
    axes.axvspan(
        np.expm1(-f.margin) * 100, margin, ymin=1 - 1 / len(table), color="#dddddd", zorder=0
    )
    words = {"+": "predicted up", "-": "predicted down", "0": "predicted flat", "": "the test"}
    for i, row in table.iterrows():
        main = row["role"] == "primary"
        clear = row["low"] * row["high"] > 0
        axes.plot(
            [row["low"], row["high"]],
            [i, i],
            color=FOCUS if main else ENGLAND,
            linewidth=4 if main else 2,
        )
        axes.plot(
            row["estimate"],
            i,
            "o",
            markersize=11 if main else 8,
            color=FOCUS if main else ENGLAND,
            markerfacecolor=(FOCUS if main else ENGLAND) if clear else "white",
            markeredgewidth=2,
        )
    axes.set_yticks(
        range(len(table)),
        [f"{wrap(row['measure'])}\n({words[row['predicted']]})" for _, row in table.iterrows()],
    )
    axes.set_ylim(len(table) - 0.5, -0.5)
    axes.set(xlabel="Change, per cent")
    figures_beside(
        axes,
        ("Per cent", "95 per cent interval"),
        [
            (
                f"{row['estimate']:+.0f}",
                span(row["low"], row["high"]),
                FOCUS if row["role"] == "primary" else ENGLAND,
                bool(row["low"] * row["high"] > 0),
            )
            for _, row in table.iterrows()
        ],
    )
    first = table.iloc[0]
    alt = (
        f"Dot chart of changes from {f.window[0]} to {f.window[1]} in {f.area}. The test,"
        f" {first['measure']}: {first['estimate']:+.0f} per cent, interval {first['low']:+.0f} to"
        f" {first['high']:+.0f}. {int((table['low'] * table['high'] > 0).sum())} of {len(table)}"
        " measures moved beyond noise."
    )
    return finish(
        figure,
        f"{f.hypothesis}_evidence",
        "What moved, and what was predicted if "
        f"{HYPOTHESES[f.hypothesis]}: {f.area}, {f.window[0]} to {f.window[1]}",
        alt,
        f.source,
        table,
        "Lines: 95 per cent intervals. Filled: beyond noise. Grey band: a change of the test within"
        " it is smaller than the margin.",
    )


def hazards(x) -> Chart | str:
    """Exit hazards by time on a plan, year by year, one line a band."""
    table = x.hazards[x.hazards["band"] != "12_plus"] if len(x.hazards) else x.hazards
    if table.empty:
        return nothing("the lengths of plans are not published for enough years")
    figure, axes = new_axes()
    bands = [b for b in ("0_3", "3_6", "6_12", "12_24", "24_plus") if (table["band"] == b).any()]
    colours = dict(
        zip(
            ("0_3", "3_6", "6_12", "12_24", "24_plus"),
            ("#767676", ENGLAND, NEIGHBOURS, FOCUS, "#7b2d7b"),
            strict=True,
        )
    )
    ends = []
    for i, band in enumerate(bands):
        rows = table[table["band"] == band].set_index("year")["hazard"]
        rows = rows.reindex(
            range(table["year"].min(), table["year"].max() + 1)
        )  # a gap stays a gap
        axes.plot(
            rows.index,
            rows,
            marker="osD^v"[i],
            color=colours[band],
            linewidth=2,
            linestyle=("-", (0, (4, 2)), (0, (1, 1.5)), "-", (0, (3, 1, 1, 1)))[i],
        )
        label, year = table.loc[table["band"] == band, "label"].iloc[0], rows.dropna().index.max()
        ends.append(
            (
                rows[year],
                label + (f" (to {year})" if year < table["year"].max() else ""),
                colours[band],
            )
        )
    axes.set_ylim(bottom=0)
    label_ends(axes, ends, table["year"].max())
    axes.set(xlabel="Year ending 31 March", ylabel="Plans ended per plan\nopen, a year")
    inside = table.loc[table["year"].between(x.first_year, x.last_year), "year"]
    ends_of = (inside.min(), inside.max())
    first, last = (table[table["year"] == y].set_index("band")["hazard"] for y in ends_of)
    shared = [b for b in bands if b in first and b in last]
    moved = max(
        shared,
        key=lambda b: abs(np.log(last[b] / first[b])) if first[b] and last[b] else 0,
        default=None,
    )
    alt = f"Line chart of exit hazards by time on a plan in {x.area}, {len(bands)} bands."
    if not moved:
        alt += " No band is published at both ends, so they cannot be compared."
    else:
        name = table.loc[table["band"] == moved, "label"].iloc[0]
        alt += (
            f" The band that changed most between {ends_of[0]} and {ends_of[1]}: {name}, which "
            f"{went(first[moved], last[moved], 2)} a year."
        )
    return finish(
        figure,
        "exit_hazards",
        f"Plans ended per plan open, by time on the plan, {x.area}",
        alt,
        x.source,
        table[["year", "label", "ended", "exposure", "hazard", "filled"]],
    )


def expected_stay(x) -> Chart | str:
    """Months a plan would stay if it met the year's exit hazards in every band."""
    if x.table.empty:
        return nothing("the lengths of plans are not published for enough years")
    figure, axes = new_axes()
    mark_window(axes, x.first_year, x.last_year)
    ends = draw_beside(axes, x.table["year"], x.table, x.area, marker="o")
    axes.set_ylim(bottom=0)
    label_ends(axes, ends, x.table["year"].max())
    axes.set(xlabel="Year ending 31 March", ylabel="Months")
    window = x.table[x.table["year"].between(x.first_year, x.last_year)]
    alt = (
        f"Line chart of the expected stay on a plan in {x.area}; no year of the window has figures."
    )
    if len(window):
        a, b = window.iloc[0], window.iloc[-1]
        alt = (
            f"Line chart of the expected stay on a plan. {x.area} {went(a['value'], b['value'], 1)}"
            f" months between {a['year']:.0f} and {b['year']:.0f}; England"
            f" {went(a['england'], b['england'], 1)}."
        )
    return finish(
        figure,
        "expected_stay",
        f"Expected stay on a plan, months, {x.area}",
        alt,
        x.source,
        x.table,
        "Grey: the years under test.",
    )


def specifications(x) -> Chart | str:
    """The specification curve: every estimate with its interval, in order, the one used marked."""
    if x.table.empty:
        return nothing("no way of asking has the figures it needs")
    figure, axes = new_axes(height=3.6)
    table = x.table.assign(**{c: np.expm1(x.table[c]) * 100 for c in ("estimate", "low", "high")})
    place = np.arange(len(table))
    clear = table["moved"].to_numpy() != 0
    axes.vlines(place, table["low"], table["high"], color=FAINT, linewidth=1.2)
    axes.plot(
        place[~clear],
        table["estimate"][~clear],
        "o",
        markersize=5,
        color=ENGLAND,
        markerfacecolor="white",
    )
    axes.plot(place[clear], table["estimate"][clear], "o", markersize=5, color=FOCUS)
    axes.axhline(0, color="black", linewidth=1)
    main = place[table["main"]]
    if len(main):
        axes.plot(
            main,
            table["estimate"].iloc[main],
            "D",
            markersize=11,
            markerfacecolor="none",
            markeredgewidth=2,
            color=NEIGHBOURS,
        )
        axes.annotate(
            "used for the verdict",
            (main[0], table["low"].iloc[main[0]]),
            xytext=(0, -6),
            ha="center",
            va="top",
            textcoords="offset points",
            color=NEIGHBOURS,
            bbox={"color": "white", "boxstyle": "square,pad=0.1"},
        )
    axes.set(
        ylabel="Change, per cent",
        xlabel="Each way of asking, from lowest to highest (filled: beyond noise)",
        xticks=[],
    )
    alt = (
        f"{len(table)} ways of asking the same question for {x.area}, {x.first_year} to"
        f" {x.last_year}. Estimates run from {table['estimate'].min():+.0f} to"
        f" {table['estimate'].max():+.0f} per cent; {x.beyond:.0%} moved beyond noise as predicted,"
        f" {x.against:.0%} the other way."
    )
    return finish(
        figure,
        f"{x.hypothesis}_specifications",
        f"The same question asked {len(table)} ways, {x.area}",
        alt,
        x.source,
        table.drop(columns="measure"),
    )


def trend(t) -> Chart | str:
    """A measure's change from the first year as national, regional, neighbour and local parts."""
    table = t.table.dropna(subset=["change"]) if len(t.table) else t.table
    if len(table) < 2:
        return nothing(t.missing or "too few years have figures")
    figure, axes = new_axes()
    parts, ends = ("national", "regional", "neighbour", "local"), []
    colours, hatches = (ENGLAND, "#767676", NEIGHBOURS, FOCUS), ("", "..", "\\\\", "")
    running = {sign: np.zeros(len(table)) for sign in (1, -1)}
    for part, colour, hatch in zip(parts, colours, hatches, strict=True):
        values = table[part].to_numpy() * 100
        bottom = np.where(values >= 0, running[1], running[-1])
        axes.bar(
            table["year"],
            values,
            bottom=bottom,
            color=colour,
            hatch=hatch,
            edgecolor="white",
            width=0.7,
        )
        running[1] += np.where(values > 0, values, 0)
        running[-1] += np.where(values < 0, values, 0)
        ends.append((bottom[-1] + values[-1] / 2, part.capitalize(), colour))
    axes.plot(table["year"], table["change"] * 100, "o-", color="black", linewidth=2)
    axes.axhline(0, color="black", linewidth=1)
    label_ends(
        axes, [*ends, (table["change"].iloc[-1] * 100, "All together", "black")], axes.get_xlim()[1]
    )
    axes.set(
        xlabel="Year ending 31 March",
        ylabel=f"Change since {table['year'].iloc[0]:.0f}, log points\n(near per cent while small)",
    )
    last = table.iloc[-1]
    alt = (
        f"Stacked bars of the change in {t.label} in {t.area} since {table['year'].iloc[0]:.0f}. By"
        f" {last['year']:.0f}: {np.expm1(last['change']) * 100:+.0f} per cent in all, of which"
        f" local {np.expm1(last['local']) * 100:+.0f} and national"
        f" {np.expm1(last['national']) * 100:+.0f} per cent."
    )
    shown = table.assign(**{c: np.expm1(table[c]) * 100 for c in ("change", *parts)}).rename(
        columns={c: f"{c}, per cent" for c in ("change", *parts)}
    )
    return finish(
        figure,
        f"{t.measure}_trend",
        upper(f"{t.label}, {t.area}: shared and local parts"),
        alt,
        t.source,
        shown,
        "Bars: the parts of the change, which add up to the line.",
    )


def residuals(r) -> Chart | str:
    """Residuals of a regression against its fitted values."""
    if r.missing:
        return nothing(r.missing)
    figure, axes = new_axes(height=2.8)
    axes.axhline(0, color="black", linewidth=1)
    axes.plot(
        r.residuals["fitted"],
        r.residuals["pearson"],
        "o",
        color=FOCUS,
        markerfacecolor="white",
        markersize=7,
    )
    axes.set(xlabel="Fitted", ylabel="Standardised residual")
    worst = r.residuals["pearson"].abs().max()
    alt = (
        f"Scatter of {len(r.residuals)} standardised residuals of the model for {r.name} against"
        f" fitted values. The largest is {worst:.1f}; number beyond 2:"
        f" {int((r.residuals['pearson'].abs() > 2).sum())}."
    )
    return finish(
        figure, f"residuals_{slug(r.name)}", f"Residual check: {r.name}", alt, r.source, r.residuals
    )
