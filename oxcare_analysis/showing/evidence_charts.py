"""Charts that stand beside the evidence on one hypothesis; reached through `ox.charts` like the
rest.
"""

import numpy as np
import pandas as pd

from oxcare_analysis.showing.beside import mark_window
from oxcare_analysis.showing.drawing import (
    ENGLAND,
    FAINT,
    FOCUS,
    NEIGHBOURS,
    UP,
    Chart,
    decimal_year,
    figures_beside,
    finish,
    label_ends,
    mark_events,
    new_axes,
    nothing,
    panel_below,
)
from oxcare_analysis.showing.evidence_sentences import trend_by_month
from oxcare_analysis.showing.exhibit import span
from oxcare_analysis.showing.wording import AROUND, event_kind, month, month_words, upper, went
from oxcare_analysis.thinking.findings import SIGNIFICANT


def care_endings(x) -> Chart | str:
    """The exit rate, and the band in which the rate of endings other than into care must lie."""
    if len(x.table) < 2:
        return nothing(x.missing or "too few years have figures")
    table = x.table.set_index("year")
    table = table.reindex(range(table.index.min(), table.index.max() + 1))  # a gap stays a gap
    figure, axes = new_axes()
    mark_window(axes, x.first_year, x.last_year)
    axes.fill_between(
        table.index,
        table["step_down_low"],
        table["step_down_high"],
        color=NEIGHBOURS,
        alpha=0.2,
        linewidth=0,
    )
    axes.plot(
        table.index, table["step_down_low"], color=NEIGHBOURS, linewidth=2, linestyle=(0, (4, 2))
    )
    axes.plot(table.index, table["exit_rate"], "o-", color=FOCUS, linewidth=3)
    told = table[table["stated"].eq(True)]
    axes.plot(told.index, told["step_down_low"], "D", color=NEIGHBOURS, markersize=8)
    axes.set_ylim(bottom=0)
    last = table.iloc[-1]
    label_ends(
        axes,
        [
            (last["exit_rate"], "All endings", FOCUS),
            (last["step_down_low"], "Fewest possible\nnot into care", NEIGHBOURS),
        ],
        table.index.max(),
    )
    axes.set(xlabel="Year ending 31 March", ylabel="Plans ended per plan\nopen, a year")
    window = x.table[x.table["year"].between(x.first_year, x.last_year)]
    alt = (
        f"Line chart of exits with a band. No figures for {x.area} from {x.first_year} to"
        f" {x.last_year}."
    )
    if len(window):
        a, b = window.iloc[0], window.iloc[-1]
        alt = (
            f"Line chart with a band, {x.area}. Plans ended per plan open"
            f" {went(a['exit_rate'], b['exit_rate'], 2)} between {a['year']:.0f} and"
            f" {b['year']:.0f}; without endings into care the rate lay between"
            f" {a['step_down_low']:.2f} and {a['step_down_high']:.2f}, then"
            f" {b['step_down_low']:.2f} and {b['step_down_high']:.2f}."
        )
    return finish(
        figure,
        "care_endings",
        f"Exits with and without endings into care, {x.area}",
        alt,
        x.source,
        x.table.assign(stated=np.where(x.table["stated"], "yes", "no")),
        "Tan: where endings other than into care must lie. Diamonds: years the council counted"
        " itself.",
    )


def events(x) -> Chart | str:
    """Changes after the events of each year against those of all other authorities, with 95 per
    cent intervals.
    """
    table = x.table[x.table["tested"].eq(True)].reset_index(drop=True)
    if table.empty:
        return nothing(
            f"no dated local event of {x.area} from {x.first_year} to {x.last_year} can be followed"
        )
    table = table.assign(
        **{c: np.expm1(table[c]) * 100 for c in ("change", "others", "estimate", "low", "high")}
    )
    figure, axes = new_axes(height=1.3 + 0.3 * len(table), grid="x")
    clear = table["p_adjusted"] < SIGNIFICANT
    for i, row in enumerate(table.itertuples()):
        colour = (
            FOCUS if i == 0 or row.year != table["year"][i - 1] else ENGLAND
        )  # the measure itself, then sources
        axes.plot([row.low, row.high], [i, i], color=colour, linewidth=2)
        axes.plot(
            row.estimate,
            i,
            "o",
            markersize=8,
            color=colour,
            markeredgewidth=2,
            markerfacecolor=colour if clear[i] else "white",
        )
        if colour == FOCUS and i:
            axes.axhline(i - 0.5, color="#9a9a9a", linewidth=0.8)
    axes.axvline(0, color="black", linewidth=1)
    axes.set_yticks(range(len(table)), [f"{row.year}: {row.measure}" for row in table.itertuples()])
    axes.set_ylim(len(table) - 0.5, -0.5)
    axes.set(xlabel="Change against all other authorities, per cent")
    figures_beside(
        axes,
        ("Per cent", "95 per cent interval"),
        [
            (f"{row.estimate:+.0f}", span(row.low, row.high), ENGLAND, bool(clear[i]))
            for i, row in enumerate(table.itertuples())
        ],
    )
    named = "; ".join(f"{year}, {rows['event'].iloc[0]}" for year, rows in table.groupby("year"))
    largest = table.loc[table["estimate"].abs().idxmax()]
    alt = (
        f"Dot chart of changes after local events in {x.area}. Tests: {len(table)}; beyond chance:"
        f" {int(clear.sum())}. Largest: {largest['measure']} after {largest['year']},"
        f" {largest['estimate']:+.0f} per cent, interval {largest['low']:+.0f} to"
        f" {largest['high']:+.0f}."
    )
    return finish(
        figure,
        "events",
        f"After dated events, against all other authorities, {x.area}",
        alt,
        x.source,
        table.drop(columns="tested"),
        "Lines: 95 per cent intervals. Filled: beyond chance, with all tests "
        f"allowed for. Years end on 31 March; the events that fell in each: {named}.",
    )


def comparable_events(x) -> Chart | str:
    """The change after one kind of event in each authority that had one, and their mean with its
    interval.
    """
    if x.table.empty:
        return nothing(
            f"too few authorities that had {event_kind(x.kind)} have figures before and after"
        )
    label = x.table["measure"].iloc[0]
    each = x.each[(x.each["measure"] == label) & (x.each["when"] == "after")].sort_values(
        "estimate"
    )
    pooled = x.table[x.table["measure"] == label].set_index("when")
    rows = [
        (f"{row.area}, {month_words(row.date[:7])}", row.estimate, row.estimate, row.estimate)
        for row in each.itertuples()
    ]
    rows += [
        (f"mean of {row.events}, {AROUND[when]}", row.estimate, row.low, row.high)
        for when, row in pooled.iterrows()
    ]
    table = pd.DataFrame(rows, columns=["event", "estimate", "low", "high"])
    table = table.assign(**{c: np.expm1(table[c]) * 100 for c in ("estimate", "low", "high")})
    figure, axes = new_axes(height=1.3 + 0.3 * len(table), grid="x")
    for i, row in enumerate(table.itertuples()):
        alone = i < len(each)
        colour = FOCUS if not alone or row.event.startswith(f"{x.area},") else ENGLAND
        axes.plot([row.low, row.high], [i, i], color=colour, linewidth=2)
        axes.plot(row.estimate, i, "o" if alone else "D", markersize=8, color=colour)
    axes.axhline(len(each) - 0.5, color="#9a9a9a", linewidth=0.8)
    axes.axvline(0, color="black", linewidth=1)
    axes.set_yticks(range(len(table)), table["event"])
    axes.set_ylim(len(table) - 0.5, -0.5)
    axes.set(xlabel=f"{upper(label)}:\nchange against authorities without such an event, per cent")
    figures_beside(
        axes,
        ("Per cent", "95 per cent interval"),
        [
            (
                f"{row.estimate:+.0f}",
                "" if i < len(each) else span(row.low, row.high),
                ENGLAND,
                i >= len(each),
            )
            for i, row in enumerate(table.itertuples())
        ],
    )
    last = table.iloc[len(each)]
    alt = (
        f"Dot chart of {label} after {event_kind(x.kind)}: {len(each)} authorities,"
        f" {table['estimate'].iloc[0]:+.0f} to {table['estimate'].iloc[len(each) - 1]:+.0f} per"
        f" cent. Mean: {last['estimate']:+.0f} per cent, interval {last['low']:+.0f} to"
        f" {last['high']:+.0f}."
    )
    return finish(
        figure,
        f"{x.kind}_events",
        f"After {event_kind(x.kind)}",
        alt,
        x.source,
        table,
        "Diamonds: means, with 95 per cent intervals from authorities drawn at random.",
    )


def months(m) -> Chart | str:
    """One series by month with its trend and dated events, and the season beneath."""
    if m.missing:
        return nothing(m.missing)
    table, time = m.table, m.table["month"].map(decimal_year)
    figure, axes = new_axes(height=4.8)
    below = panel_below(figure, axes)
    axes.plot(time, table["value"], "o-", color=FAINT, markersize=3, linewidth=0.8)
    axes.fill_between(time, table["low"], table["high"], color=FOCUS, alpha=0.2, linewidth=0)
    axes.plot(time, table["trend"], color=FOCUS, linewidth=3)
    key = (
        mark_events(axes, m.steps, "Numbered: dated events, with the first month after each")
        if len(m.steps)
        else ""
    )
    if m.broke:
        axes.axvspan(
            decimal_year(str(m.break_.low)), decimal_year(str(m.break_.high)), color=UP, alpha=0.2
        )
    axes.set(ylabel=upper(m.label) + ("" if m.stock else "\na month"), ylim=(0, None))
    season = (table.groupby(table["month"].str[5:])["season"].first() - 1) * 100
    below.bar([month(k)[:3] for k in season.index], season, color=ENGLAND)
    below.axhline(0, color="black", linewidth=1)
    below.set(ylabel="Season,\nper cent")
    return finish(
        figure,
        f"{m.measure}_by_month{'_own' * m.own}",
        upper(f"{m.label} by month, {m.area}"),
        f"Line chart. {trend_by_month(m)}",
        m.source,
        table,
        "Line and band: trend, 95 per cent interval. Bars: calendar months."
        + f" {key}" * bool(key)
        + " Shaded: where the break may lie." * m.broke,
        own=m.exact,
    )


def power(table, across: str, source: str) -> Chart | str:
    """How often a planted cause is supported, with its interval, beside the bound; `across` is the
    column on the axis.

    `table`: cause, `across` (a number), share, low, high, bound; one line a cause.
    """
    figure, axes = new_axes()
    ends, colours = [], (FOCUS, NEIGHBOURS)
    for colour, (cause, rows) in zip(
        colours, table.sort_values(across).groupby("cause", sort=False), strict=True
    ):
        percent = rows[["share", "low", "high", "bound"]] * 100
        # Where all or none are supported an end of the interval is the share itself, but for
        # rounding.
        around = [
            (percent["share"] - percent["low"]).clip(lower=0),
            (percent["high"] - percent["share"]).clip(lower=0),
        ]
        axes.errorbar(
            rows[across],
            percent["share"],
            yerr=around,
            color=colour,
            marker="o" if colour == FOCUS else "s",
            linewidth=2,
            capsize=3,
        )
        axes.plot(
            rows[across], percent["bound"], color=colour, linestyle=(0, (1, 1.5)), linewidth=1.5
        )
        ends.append((percent["share"].iloc[-1], cause, colour))
    label_ends(axes, ends, table[across].max())
    axes.set(
        xlabel=across,
        ylabel="Worlds in which the true\ncause is supported, per cent",
        ylim=(0, 105),
        xticks=sorted(table[across].unique()),
    )
    lowest, highest = table[across].min(), table[across].max()
    told = "; ".join(
        f"{cause}, {went(*(100 * rows.sort_values(across)['share'].iloc[[0, -1]]), 0)} per cent"
        for cause, rows in table.groupby("cause", sort=False)
    )
    name = f"power_by_{across.split()[0].lower()}"
    return finish(
        figure,
        name,
        f"How often the true cause is supported, by {across}",
        f"Line chart of simulated worlds. From {lowest:g} to {highest:g} ({across}): {told}.",
        source,
        table,
        "Whiskers: 95 per cent Monte Carlo interval. Dotted: the bound.",
    )
