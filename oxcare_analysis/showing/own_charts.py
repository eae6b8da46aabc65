"""Charts of what an authority's own records give; reached through `ox.charts` like the rest."""

import numpy as np
import pandas as pd

from oxcare_analysis.showing.drawing import (
    DOWN,
    ENGLAND,
    FAINT,
    FOCUS,
    NEIGHBOURS,
    TOTAL,
    UP,
    Chart,
    decimal_year,
    figures_beside,
    finish,
    label_ends,
    mix,
    new_axes,
    nothing,
)
from oxcare_analysis.showing.exhibit import span
from oxcare_analysis.showing.wording import HYPOTHESES, VERDICTS, month_words, upper, went, whose
from oxcare_analysis.showing.pictures import wrap

BY = {
    "calendar year": ("calendar year in which the plan was open", FOCUS, "o"),
    "entry cohort": ("year in which the plan started", NEIGHBOURS, "s"),
}


def own_funnel(x) -> Chart | str:
    """Of every hundred cases of a step, how many reached the next, by year of the referral."""
    if x.missing or len(x.table) < 2:
        return nothing(x.missing or "fewer than two whole years of referrals have been followed")
    steps = {
        "in_need": ("referrals", "Need, of referrals", ENGLAND, (0, (1, 1.5))),
        "enquiry": ("in_need", "Enquiry, of those in need", "#767676", (0, (4, 2))),
        "conference": ("enquiry", "Conference, of enquiries", NEIGHBOURS, (0, (3, 1, 1, 1))),
        "plan": ("conference", "Plan, of conferences", FOCUS, "-"),
    }
    t = x.table
    shares = pd.DataFrame(
        {
            "year": t["year"],
            **{
                name: (t[name] / t[of] * 100).where(t[of] > 0).round()
                for name, (of, *_) in steps.items()
            },
        }
    )
    figure, axes = new_axes()
    ends = []
    for name, (_, label, colour, dash) in steps.items():
        axes.plot(
            shares["year"],
            shares[name],
            color=colour,
            linestyle=dash,
            marker="o",
            markersize=4,
            linewidth=2,
        )
        known = shares[name].dropna()
        if len(known):
            ends.append((known.iloc[-1], label, colour))
    axes.set_ylim(0, 100)
    label_ends(axes, ends, shares["year"].max())
    axes.set(xlabel="Year ending 31 March of the referral", ylabel="Per cent")
    a, b = shares.iloc[0], shares.iloc[-1]
    told = "; ".join(
        f"{label.lower()} {went(a[name], b[name])} per cent"
        for name, (_, label, _, _) in steps.items()
    )
    return finish(
        figure,
        "own_funnel",
        f"From referral to plan by cohort, {whose(x)}",
        f"Line chart, years to March {a['year']:.0f} and {b['year']:.0f}: {told}.",
        x.source,
        t.merge(shares, on="year", suffixes=("", "_per_cent")),
        "Each case is followed for a set time, not counted in the year it reaches a step.",
        own=x.exact,
    )


def own_stays(x) -> Chart | str:
    """The share of plans still open by months since the start, and those stepped down and ended in
    care.
    """
    if x.missing or x.curve.empty:
        return nothing(x.missing or "too few plans have ended to draw how long they last")
    t = x.curve.assign(months=x.curve["days"] / (365.25 / 12))
    figure, axes = new_axes()
    axes.fill_between(
        t["months"],
        t["low"] * 100,
        t["high"] * 100,
        step="post",
        color=FOCUS,
        alpha=0.2,
        linewidth=0,
    )
    ends = []
    for name, label, colour, dash in (
        ("on_plan", "Still on the plan", FOCUS, "-"),
        ("step_down", "Stepped down", NEIGHBOURS, (0, (4, 2))),
        ("care", "Came into care", ENGLAND, (0, (1, 1.5))),
    ):
        axes.step(
            t["months"],
            t[name] * 100,
            where="post",
            color=colour,
            linestyle=dash,
            linewidth=3 if colour == FOCUS else 2,
        )
        if t[name].notna().any():
            ends.append((t[name].dropna().iloc[-1] * 100, label, colour))
    axes.set(
        xlabel="Months since the plan started",
        ylabel="Per cent of plans",
        ylim=(0, 100),
        xlim=(0, None),
    )
    label_ends(axes, ends, t["months"].max())
    told = "; ".join(
        f"after {row.months} months {row.on_plan * 100:.0f} per cent were still on it"
        for row in x.table[x.table["cohort"] == "all"].itertuples()
    )
    shown = t.assign(
        months=t["months"].round(1),
        **{c: (t[c] * 100).round() for c in ("on_plan", "low", "high", "step_down", "care")},
    )
    return finish(
        figure,
        "own_stays",
        f"How long a plan lasts and how it ends, {whose(x)}",
        f"Step curve of plans: {told}.",
        x.source,
        shown.drop(columns="days"),
        "Band: 95 per cent interval, siblings allowed for. Plans already open when the records"
        " begin count only from then. Steps of ten endings or more.",
        own=x.exact,
    )


def own_hazards(x) -> Chart | str:
    """How the rate of stepping down, after six months on a plan, moved by calendar year and by
    entry cohort.
    """
    if x.missing or x.ratios.empty:
        return nothing(x.missing or "too few plans ended to compare the years")
    figure, axes = new_axes()
    axes.axhline(1, color="black", linewidth=1)
    for shift, (kind, (label, colour, marker)) in zip((-0.08, 0.08), BY.items(), strict=True):
        rows = x.ratios[x.ratios["by"] == kind]
        at = rows["year"] + shift
        axes.plot(
            at,
            rows["ratio"],
            color=colour,
            marker=marker,
            linewidth=2,
            label=f"By {label}",
            linestyle="-" if colour == FOCUS else (0, (4, 2)),
        )
        axes.vlines(at, rows["low"], rows["high"], color=colour, linewidth=1.5)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, loc="lower left")
    axes.set(
        xlabel="Year ending 31 March", ylabel="Rate of stepping down,\ntimes that of the first year"
    )
    told = []
    for kind in BY:
        rows = x.ratios[x.ratios["by"] == kind].dropna()
        if len(rows):
            last = rows.iloc[-1]
            told.append(
                f"by {kind}, {last['ratio']:.2f} times the first year's in {last['year']:.0f}"
                f" (interval {last['low']:.2f} to {last['high']:.2f})"
            )
    return finish(
        figure,
        "own_hazards",
        f"Steps down from plans open six months or more, {whose(x)}",
        f"Line chart of the rate of stepping down: {'; '.join(told)}.",
        x.source,
        x.ratios.round(2),
        "Allowing for the time on a plan. Whiskers: 95 per cent, families as clusters. A moved bar"
        " shows by calendar year; different children coming on show by entry cohort.",
        own=x.exact,
    )


def own_control(x) -> Chart | str:
    """A process-control chart: the months, the centre, the limits, and the months that signal."""
    if x.missing:
        return nothing(f"{x.label}: {x.missing}")
    t, time = x.table, x.table["month"].map(decimal_year)
    figure, axes = new_axes()
    axes.plot(time, t["value"], "o-", color=FAINT, markersize=3.5, linewidth=0.9)
    axes.plot(time, t["centre"], color=FOCUS, linewidth=2)
    for side in ("low", "high"):
        axes.step(time, t[side], where="mid", color=FOCUS, linewidth=1.2, linestyle=(0, (4, 2)))
    flagged = t["signal"].ne("")
    axes.plot(
        time[flagged],
        t.loc[flagged, "value"],
        "D",
        color=NEIGHBOURS,
        markersize=7,
        linestyle="none",
    )
    axes.axvspan(
        time[t["baseline"]].min() - 1 / 24,
        time[t["baseline"]].max() + 1 / 24,
        color="#eeeeee",
        zorder=0,
    )
    axes.set(ylabel=upper(wrap(x.label, 26)), ylim=(0, None))
    alt = (
        f"Control chart. {_signalling(t)} Centre {t['centre'].iloc[-1]:,.0f}, limits about "
        f"{t['low'].iloc[-1]:,.0f} to {t['high'].iloc[-1]:,.0f}."
    )
    return finish(
        figure,
        f"own_control_{x.measure}",
        upper(f"{x.label} by month, {whose(x)}"),
        alt,
        x.source,
        t.assign(
            signal=t["signal"].replace("", "none"),
            **{c: t[c].round() for c in ("value", "centre", "low", "high")},
        ),
        "Dashed: limits, as wide as months scatter here. Grey: the months they are made from."
        " Diamonds: months that signal.",
        own=x.exact,
    )


def _signalling(t: pd.DataFrame) -> str:
    months = t.loc[t["signal"].ne(""), "month"]
    if months.empty:
        return f"No month of {len(t)} signals."
    verb = "signals" if len(months) == 1 else "signal"
    return f"{len(months)} of {len(t)} months {verb}, the last {month_words(months.iloc[-1])}."


def own_ledger(x) -> Chart | str:
    """The ledger in months as a waterfall: start, steps, carry-over, end."""
    if not x.testable:
        return nothing(x.reason)
    rows = [
        *x.subtotals[["label", "plans", "low", "high"]].itertuples(index=False, name=None),
        ("Carry-over from before", x.momentum, x.momentum_low, x.momentum_high),
    ]
    table = pd.DataFrame(
        [
            (f"Open, end of {month_words(x.first)}", x.open_from, np.nan, np.nan),
            *rows,
            (f"Open, end of {month_words(x.last)}", x.open_to, np.nan, np.nan),
        ],
        columns=["step", "children", "low", "high"],
    ).round()
    figure, axes = new_axes(height=4.6, grid="x")
    ends = table["children"].cumsum().to_numpy(copy=True)
    ends[-1] = x.open_to
    told = []
    for i, row in enumerate(table.itertuples()):
        whole = i in (0, len(table) - 1)
        unclear = not whole and row.low * row.high <= 0
        colour = TOTAL if whole else UP if row.children > 0 else DOWN
        bottom = 0.0 if whole else ends[i - 1]
        axes.barh(
            i,
            row.children,
            left=bottom,
            height=0.66,
            color=mix(colour, 0.12) if unclear else colour,
            edgecolor=colour,
            hatch="////" if unclear else None,
            linewidth=1.2,
            zorder=2,
        )
        if not whole:
            axes.plot(
                [bottom + row.low, bottom + row.high],
                [i, i],
                color="black",
                linewidth=1.1,
                marker="|",
                markersize=8,
                zorder=3,
            )
        told.append(
            (f"{row.children:,.0f}", f"{x.change:+,.0f} in all" if i else "", TOTAL, True)
            if whole
            else (f"{row.children:+,.0f}", span(row.low, row.high), colour, not unclear)
        )
    figures_beside(axes, ("Children", "95 per cent interval"), told)
    axes.set_yticks(range(len(table)), [wrap(step, 24) for step in table["step"]])
    axes.set(xlabel="Children on a plan", ylim=(len(table) - 0.5, -0.55))
    steps = table.iloc[1:-1]
    biggest = steps.loc[steps["children"].abs().idxmax()]
    alt = (
        f"Waterfall chart. Open plans {went(x.open_from, x.open_to)} from {month_words(x.first)} to"
        f" {month_words(x.last)}. Largest step: {biggest['step'].lower()},"
        f" {biggest['children']:+,.0f} children."
    )
    return finish(
        figure,
        "own_ledger",
        f"Where the change in open plans came from, {whose(x)}",
        alt,
        x.source,
        table,
        "The steps add up to the change, but for rounding. Hatched: within noise.",
        own=x.exact,
    )


def own_verdicts(x) -> Chart | str:
    """The four primary measures: their change between both ends of the months, with the interval
    and the verdict.
    """
    if x.missing:
        return nothing(x.missing)
    t = x.table[np.isfinite(x.table["estimate"])]
    if t.empty:
        return nothing("none of the four measures can be compared")
    shown = pd.DataFrame(
        {
            "question": [upper(HYPOTHESES[h]) for h in t["hypothesis"]],
            "measure": t["measure"],
            "verdict": t["verdict"].map(VERDICTS),
            **{c: (np.expm1(t[c]) * 100).round() + 0.0 for c in ("estimate", "low", "high")},
        }
    )
    shown = shown.reset_index(drop=True)
    figure, axes = new_axes(height=1.3 + 0.75 * len(shown), grid="x")
    axes.axvline(0, color="black", linewidth=1)
    for i, row in enumerate(shown.itertuples()):
        clear = row.low * row.high > 0
        axes.plot([row.low, row.high], [i, i], color=FOCUS, linewidth=3)
        axes.plot(
            row.estimate,
            i,
            "o",
            markersize=10,
            color=FOCUS,
            markerfacecolor=FOCUS if clear else "white",
            markeredgewidth=2,
        )
    axes.set_yticks(
        range(len(shown)),
        [
            wrap(f"{r.question}: {r.verdict.lower()}", 36) + "\n" + wrap(f"({r.measure})", 36)
            for r in shown.itertuples()
        ],
    )
    axes.set(ylim=(len(shown) - 0.5, -0.5), xlabel="Change, per cent")
    axes.locator_params(axis="x", nbins=6)
    figures_beside(
        axes,
        ("Per cent", "95 per cent interval"),
        [
            (f"{r.estimate:+.0f}", span(r.low, r.high), FOCUS, r.low * r.high > 0)
            for r in shown.itertuples()
        ],
    )
    told = "; ".join(f"{r.question.lower()}, {r.verdict.lower()}" for r in shown.itertuples())
    return finish(
        figure,
        "own_verdicts",
        f"What moved, {whose(x)}: {_ends(x)}",
        f"Dot chart of changes. {upper(told)}.",
        x.source,
        shown,
        "Lines: 95 per cent intervals. Filled: beyond its own noise.",
        own=x.exact,
    )


def _ends(x) -> str:
    (a, b), (c, d) = (tuple(month_words(m) for m in ends) for ends in (x.before, x.after))
    return f"{a} to {b} against {c} to {d}"
