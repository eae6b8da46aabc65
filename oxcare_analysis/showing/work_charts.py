"""Charts of workload, money and the year ahead; reached through `ox.charts` like the rest."""

import numpy as np

from oxcare_analysis.showing.beside import LINES, draw_beside
from oxcare_analysis.showing.drawing import (
    FAINT,
    FOCUS,
    NEIGHBOURS,
    Chart,
    finish,
    label_ends,
    new_axes,
    nothing,
)
from oxcare_analysis.showing.wording import COUNCIL_2014, DOCUMENTS, SPENT, WORK, upper, went
from oxcare_analysis.words.columns import CENSUS, MEASURES

COUNTED = ("FTE", "cases")  # units of which an authority has more for being larger


def workforce(x, measure: str) -> Chart | str:
    """One published measure of the workforce, and the council's own figures of it as marks no line
    runs through.
    """
    t = x.of(measure)
    if t.empty:
        return nothing(f"{WORK[measure]} in {x.area} is not published")
    figure, axes = new_axes()
    beside = (
        () if MEASURES[measure].unit in COUNTED else tuple(LINES)
    )  # a country's total dwarfs an authority's
    ends = draw_beside(axes, t["year"] + CENSUS, t, x.area, beside, marker="o")
    told = x.stated[x.stated["measure"].eq(measure) & x.stated["low"].notna()]
    notes = _mark_stated(axes, told)
    axes.set_ylim(bottom=0)
    label_ends(axes, ends, t["year"].max() + CENSUS)
    axes.set(
        xlabel="Calendar year (published figures at 30 September)",
        ylabel=upper(WORK[measure]).replace(" (", "\n("),
    )
    first, last = t.iloc[0], t.iloc[-1]
    alt = (
        f"Line chart of {WORK[measure]}. {x.area} {went(first['value'], last['value'], 1)} from "
        f"{first['year']:.0f} to {last['year']:.0f}"
        + f"; England {went(first['england'], last['england'], 1)}" * bool(beside)
        + "."
    )
    if len(told):
        alt += (
            f" Figures of the documents stand apart: {len(told)}, {told['low'].min():g} to"
            f" {told['high'].max():g}."
        )
    return finish(
        figure,
        f"workforce_{measure}",
        f"{upper(WORK[measure])}, {x.area}",
        alt,
        x.source,
        t.drop(columns="measure"),
        notes,
    )


def _mark_stated(axes, told) -> str:
    """Marks of what documents state, a mean as a diamond and a band as a bar; what they are, in
    words.
    """
    if told.empty:
        return ""
    month = told.groupby("when")
    when = (
        told["when"] + (month.cumcount() - (month["when"].transform("size") - 1) / 2) * 0.1
    )  # teams of one month
    band = told["value"].isna()
    axes.vlines(
        when[~band], told.loc[~band, "low"], told.loc[~band, "high"], color=FAINT, linewidth=2
    )
    axes.vlines(
        when[band],
        told.loc[band, "low"],
        told.loc[band, "high"],
        color="black",
        linewidth=8,
        alpha=0.55,
    )
    axes.plot(
        when[~band],
        told.loc[~band, "value"],
        "D",
        color="black",
        markersize=7,
        markerfacecolor="white",
        linestyle="",
    )
    teams = told[told["team"].ne("all")]
    for row in teams.itertuples():
        axes.annotate(
            row.team,
            (when[teams.index].min(), row.value),
            xytext=(-8, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=9.5,
        )
    if len(teams):
        axes.set_xlim(left=teams["when"].min() - 2.9)  # room for their names
    bands = "; ".join(dict.fromkeys(told.loc[band, "source"].map(DOCUMENTS)))
    return (
        "Diamonds: stated in documents, with the range between teams where there is one."
        + f" Thick bars: a band, stated without a mean ({bands})." * bool(bands)
        + " All are counted otherwise than the published figures and so joined by no line."
    )


def teams(x) -> Chart | str:
    """Caseloads by kind of team: the range between teams, the mean, the target."""
    t = x.teams
    if t.empty:
        return nothing(f"no caseloads by kind of team are held for {x.area}")
    figure, axes = new_axes(height=1.4 + 0.6 * len(t), grid="x")
    axes.hlines(t.index, t["low"], t["high"], color=FAINT, linewidth=7)
    axes.plot(t["value"], t.index, "o", color=FOCUS, markersize=11, linestyle="")
    axes.plot(
        t["target"], t.index, "|", color="black", markersize=26, markeredgewidth=3, linestyle=""
    )
    for i, row in t.iterrows():
        axes.annotate(
            f"{row['value']:g} (target {row['target']:g})",
            (row["high"], i),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
        )
    axes.set_yticks(t.index, [upper(f"{team} teams") for team in t["team"]])
    axes.set_ylim(len(t) - 0.5, -0.5)
    axes.set(xlabel="Cases per worker, mean of each team", xlim=(0, t["high"].max() * 1.3))
    told = "; ".join(
        f"{row.team} teams {row.low:g} to {row.high:g}, mean {row.value:g}, target {row.target:g}"
        for row in t.itertuples()
    )
    return finish(
        figure,
        "caseload_teams",
        f"Caseloads against the council's targets, {x.area}",
        f"Range chart of cases per worker, {x.area}. {upper(told)}.",
        COUNCIL_2014.format(17),
        t[["team", "low", "value", "high", "target", "period"]],
        "Bar: lowest to highest team. Dot: mean over all. Black stroke: target.",
    )


def spend(x, measure: str) -> Chart | str:
    """Spend per child in the pounds of each year, beside England and the neighbours."""
    t = x.of(measure)
    if t.empty:
        return nothing(f"{SPENT[measure]} in {x.area} is not published")
    figure, axes = new_axes()
    ends = draw_beside(axes, t["year"], t, x.area)
    rough = t[~t["exact"] | t["out_of_line"]]
    axes.plot(t["year"], t["value"], "o", color=FOCUS, markersize=6, linestyle="")
    axes.plot(
        rough["year"],
        rough["value"],
        "o",
        color=FOCUS,
        markersize=6,
        markerfacecolor="white",
        linestyle="",
    )
    axes.set_ylim(bottom=0)
    label_ends(axes, ends, t["year"].max())
    axes.set(xlabel="Year ending 31 March", ylabel="Pounds of each year")
    first, last = t.iloc[0], t.iloc[-1]
    alt = (
        f"Line chart of {SPENT[measure]}, pounds of each year. {x.area}"
        f" {went(first['value'], last['value'], 0)} from {first['year']:.0f} to {last['year']:.0f};"
        " England then "
        + (f"{last['england']:,.0f}." if np.isfinite(last["england"]) else "is not held.")
    )
    return finish(
        figure,
        measure,
        f"{upper(SPENT[measure])}, {x.area}",
        alt,
        x.source,
        t.drop(columns="measure"),
        "Hollow: approximate, or out of line with the years beside it." if len(rough) else "",
    )


def outlook(x) -> Chart | str:
    """Open plans as they were, every forecast of a year ahead with its ranges, and the next."""
    if x.missing:
        return nothing(x.missing)
    t = x.table
    figure, axes = new_axes()
    known = dict(zip(t["from_year"], t["open_from"], strict=True))
    axes.plot(list(known), list(known.values()), "o-", color=FOCUS, linewidth=3)
    axes.vlines(t["year"], t["low"], t["high"], color=NEIGHBOURS, linewidth=1.5)
    axes.vlines(t["year"], t["low_80"], t["high_80"], color=NEIGHBOURS, linewidth=6, alpha=0.35)
    axes.plot(
        t["year"],
        t["expected"],
        "D",
        color=NEIGHBOURS,
        markersize=7,
        markerfacecolor="white",
        linestyle="",
    )
    ahead = x.next
    axes.annotate(
        f"{ahead['expected']:,.0f}",
        (ahead["year"], ahead["expected"]),
        xytext=(9, 0),
        textcoords="offset points",
        va="center",
        fontweight="bold",
        color=NEIGHBOURS,
    )
    axes.set_ylim(bottom=0)
    axes.set(xlabel="At 31 March", ylabel="Open plans")
    alt = (
        f"Line chart of open plans in {x.area} with each forecast of a year ahead. For"
        f" {ahead['year']:.0f}: {ahead['expected']:,.0f}, four times in five {ahead['low_80']:,.0f}"
        f" to {ahead['high_80']:,.0f}, 19 in 20 {ahead['low']:,.0f} to {ahead['high']:,.0f};"
        f" {ahead['open_from']:,.0f} are open now."
    )
    return finish(
        figure,
        "outlook",
        f"Open plans a year ahead, {x.area}",
        alt,
        x.source,
        t,
        "Diamond: what the levels of the year before pointed to. Thick: four times in five. Thin:"
        " 19 in 20.",
    )
