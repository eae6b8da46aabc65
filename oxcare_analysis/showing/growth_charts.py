"""Charts of where the growth came from and how much of it is just here; reached through `ox.charts`
like the rest.
"""

import numpy as np
import pandas as pd

from oxcare_analysis.showing.drawing import (
    DOWN,
    ENGLAND,
    FAINT,
    FOCUS,
    TOTAL,
    UP,
    Chart,
    figures_beside,
    finish,
    mix,
    new_axes,
    nothing,
)
from oxcare_analysis.showing.exhibit import span
from oxcare_analysis.showing.wording import LEDGERS, unclear, went
from oxcare_analysis.showing.pictures import wrap


def ledger(x) -> Chart | str:
    """The growth ledger as a waterfall: start, three steps and the number of children, carry-over,
    end.
    """
    if not x.testable:
        return nothing(x.reason)
    words = LEDGERS[x.flow]
    columns = ["label", "plans", "low", "high", "stable_sign", "doubtful"]
    rows = [
        *x.subtotals[columns].itertuples(index=False, name=None),
        (
            "Carry-over from before",
            x.momentum,
            x.momentum_low,
            x.momentum_high,
            x.momentum_stable,
            False,
        ),
    ]
    table = pd.DataFrame(
        [
            (f"{words['at']} {x.first_year}", x.open_from, np.nan, np.nan, True, False),
            *rows,
            (f"{words['at']} {x.last_year}", x.open_to, np.nan, np.nan, True, False),
        ],
        columns=["step", *columns[1:]],
    )
    table["unclear"] = unclear(table)
    steps = table.iloc[1:-1]
    biggest = steps.loc[steps["plans"].abs().idxmax()]
    hatched = int(steps["unclear"].sum())
    alt = (
        f"Waterfall chart. {words['stock'].capitalize()} in {x.area}"
        f" {went(x.open_from, x.open_to, 0)} from {x.first_year} to {x.last_year}. Largest step:"
        f" {biggest['step'].lower()}, {biggest['plans']:+,.0f} children. {hatched} of {len(steps)}"
        " steps are hatched: not clear of noise, recording or base years."
    )
    return finish(
        _waterfall(x, table),
        words["name"],
        f"Where the change in {words['stock']} came from, {x.area}, "
        f"{x.first_year} to {x.last_year}",
        alt,
        x.source,
        table.rename(columns={"plans": "children"}),
        "Each bar starts where the one above ends; the steps add up to the change exactly."
        " Whiskers: 95 per cent interval. Hatched: not read, as noise, recording or the choice of"
        " base years could turn its sign.",
    )


def _waterfall(x, table: pd.DataFrame):
    """The bars of the ledger, each from where the last one ended, with its numbers in two columns
    at the right.
    """
    figure, axes = new_axes(height=4.9, grid="x")
    ends = table["plans"].cumsum().to_numpy(copy=True)
    ends[-1] = x.open_to
    for i, row in enumerate(table.itertuples()):
        total = i in (0, len(table) - 1)
        colour = TOTAL if total else UP if row.plans > 0 else DOWN
        bottom = 0.0 if total else ends[i - 1]
        axes.barh(
            i,
            row.plans,
            left=bottom,
            height=0.66,
            color=mix(colour, 0.12) if row.unclear else colour,
            edgecolor=colour,
            hatch="////" if row.unclear else None,
            linewidth=1.2,
            zorder=2,
        )
        if i:
            axes.plot([ends[i - 1]] * 2, [i - 0.67, i + 0.33], color=FAINT, linewidth=0.9, zorder=1)
        if not total:
            axes.plot(
                [bottom + row.low, bottom + row.high],
                [i, i],
                color="black",
                linewidth=1.1,
                marker="|",
                markersize=8,
                zorder=3,
            )
    figures_beside(
        axes,
        ("Children", "95 per cent interval"),
        [
            (
                (f"{row.plans:,.0f}", f"{x.change:+,.0f} in all" if i else "", TOTAL, True)
                if i in (0, len(table) - 1)
                else (
                    f"{row.plans:+,.0f}",
                    span(row.low, row.high),
                    UP if row.plans > 0 else DOWN,
                    not row.unclear,
                )
            )
            for i, row in enumerate(table.itertuples())
        ],
    )
    axes.set_yticks(range(len(table)), [wrap(step, 24) for step in table["step"]])
    axes.set(
        xlabel=LEDGERS[x.flow]["axis"],
        ylim=(len(table) - 0.5, -0.55),
        xlim=(min(0, axes.get_xlim()[0]), None),
    )
    axes.tick_params(axis="y", length=0)
    for tick, row in zip(axes.get_yticklabels(), table.itertuples(), strict=True):
        tick.set_fontweight("normal" if row.unclear else "bold")
    axes.spines["left"].set_visible(False)
    return figure


def just_here(p) -> Chart | str:
    """Open plans at the end beside what each comparison would have given."""
    table = p.table[np.isfinite(p.table["expected"])] if len(p.table) else p.table
    if table.empty:
        return nothing(p.reason)
    names = {
        "england": "Had its rate grown as England's did",
        "median_neighbour": "Had it grown by its\nneighbours' median growth",
        "given_start": "Had it moved like authorities that\nstarted where it did",
    }
    high, low = (p.open_to - table[end] for end in ("low", "high"))
    shown = pd.DataFrame(
        {
            "what": [
                f"As published, March {p.first_year}",
                f"As published, March {p.last_year}",
                *table["comparison"].map(names),
            ],
            "children": [p.open_from, p.open_to, *table["expected"]],
            "middle_half_from": [np.nan, np.nan, *low],
            "middle_half_to": [np.nan, np.nan, *high],
        }
    )
    figure, axes = new_axes(height=3.6, grid="x")
    colours = [TOTAL, FOCUS] + [ENGLAND] * len(table)
    axes.barh(
        range(len(shown)),
        shown["children"],
        color=[TOTAL, FOCUS] + ["white"] * len(table),
        edgecolor=colours,
        height=0.62,
    )
    for i, row in enumerate(shown.itertuples()):
        axes.plot(
            [row.middle_half_from, row.middle_half_to],
            [i, i],
            color="black",
            linewidth=1.1,
            marker="|",
            markersize=8,
        )
    figures_beside(
        axes,
        ("Children", "Middle half of areas"),
        [
            (
                f"{row.children:,.0f}",
                (
                    ""
                    if np.isnan(row.middle_half_from)
                    else f"{row.middle_half_from:,.0f} to {row.middle_half_to:,.0f}"
                ),
                colours[i],
                i < 2,
            )
            for i, row in enumerate(shown.itertuples())
        ],
    )
    axes.set_yticks(range(len(shown)), shown["what"])
    axes.invert_yaxis()
    axes.set(xlabel="Children on a plan", ylabel="")
    listed = ", ".join(
        f"{names[r.comparison].replace(chr(10), ' ').replace('Had', 'had')} {r.expected:,.0f}"
        for r in table.itertuples()
    )
    alt = (
        f"Bar chart. {p.area} had {p.open_to:,.0f} children on a plan at March {p.last_year};"
        f" {listed}."
    )
    shown["what"] = shown["what"].str.replace("\n", " ")
    return finish(
        figure,
        "just_here",
        f"How much of this is just {p.area}, March {p.last_year}",
        alt,
        p.source,
        shown,
        "Outlined: what each comparison would have given. Whiskers: the middle half of such areas.",
    )
