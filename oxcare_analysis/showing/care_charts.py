"""Charts of the children looked after; reached through `ox.charts` like the rest."""

import numpy as np

from oxcare_analysis.showing.beside import draw_beside, mark_window
from oxcare_analysis.showing.drawing import (
    ENGLAND,
    FAINT,
    FOCUS,
    NEIGHBOURS,
    Chart,
    finish,
    label_ends,
    new_axes,
    nothing,
)
from oxcare_analysis.showing.wording import COUNCIL_2014, went


def looked_after(x) -> Chart | str:
    """The number of children looked after as a per cent of the first year's, beside England and
    neighbours.
    """
    t = x.table
    if len(t) < 2:
        return nothing(
            f"the number of children looked after in {x.area} is not published for enough years"
        )
    figure, axes = new_axes()
    mark_window(axes, x.first_year, x.last_year)
    axes.fill_between(
        t["year"],
        t["neighbours_low"],
        t["neighbours_high"],
        color=NEIGHBOURS,
        alpha=0.15,
        linewidth=0,
    )
    ends = draw_beside(axes, t["year"], t, x.area, own="here", marker="o", markersize=5)
    axes.set_ylim(bottom=0)
    label_ends(axes, ends, t["year"].max())
    first, last = t.iloc[0], t.iloc[-1]
    axes.set(xlabel="At 31 March", ylabel=f"Children looked after,\n{first['year']:.0f} = 100")
    alt = (
        f"Line chart of children looked after. {x.area} {went(first['count'], last['count'], 0)}"
        f" children from {first['year']:.0f} to {last['year']:.0f}: {last['here']:.0f} per cent of"
        f" the first year's number; England {last['england']:.0f}; the median neighbour "
        + (f"{last['neighbours']:.0f}." if np.isfinite(last["neighbours"]) else "is not known.")
    )
    return finish(
        figure,
        "looked_after",
        f"Children looked after since {first['year']:.0f}, {x.area}",
        alt,
        x.source,
        t,
        "Grey: the years under test. Tan: the middle half of neighbours.",
    )


def ages(x) -> Chart | str:
    """Children looked after by age, one line a band."""
    if x.table.empty:
        return nothing(f"the ages of the children looked after in {x.area} are not published")
    years = range(x.table["year"].min(), x.table["year"].max() + 1)
    figure, axes = new_axes()
    ends, looks = (
        [],
        (
            ("#8a8a8a", "o", (0, (1, 1.5))),
            (NEIGHBOURS, "s", (0, (4, 2))),
            ("#4a4a4a", "D", "-"),
            (FOCUS, "^", "-"),
            ("#7b2d7b", "v", (0, (3, 1, 1, 1))),
        ),
    )
    bands = x.table.drop_duplicates("age").set_index("age")["label"]
    for (age, label), (colour, marker, dash) in zip(bands.items(), looks, strict=False):
        line = (
            x.table[x.table["age"] == age].set_index("year")["count"].reindex(years)
        )  # a gap stays a gap
        axes.plot(
            line.index, line, color=colour, marker=marker, markersize=5, linestyle=dash, linewidth=2
        )
        ends.append((line.dropna().iloc[-1], label, colour))
    axes.set_ylim(bottom=0)
    label_ends(axes, ends, max(years))
    axes.set(xlabel="At 31 March", ylabel="Children looked after")
    alt = f"Line chart of children looked after in {x.area} by age."
    if x.ends:
        both = x.table.pivot_table(index="label", columns="year", values="count")[
            list(x.ends)
        ].dropna()
        gone = both[x.ends[1]] - both[x.ends[0]]
        if len(gone):
            most = gone.abs().idxmax()
            alt += (
                f" The age that changed most in number from {x.ends[0]} to {x.ends[1]}: {most},"
                f" which {went(both.at[most, x.ends[0]], both.at[most, x.ends[1]], 0)}."
            )
    return finish(
        figure,
        "looked_after_ages",
        f"Children looked after by age, {x.area}",
        alt,
        x.source,
        x.table.drop(columns="age"),
        "A gap: ages not published that year.",
    )


def unaccompanied(x) -> Chart | str:
    """The rate of children looked after with and without unaccompanied children, here and in
    England.
    """
    t = x.table.set_index("year")
    if len(t) < 2:
        return nothing(
            f"the number of unaccompanied children looked after in {x.area} is not published for"
            " enough years"
        )
    t = t.reindex(range(t.index.min(), t.index.max() + 1))  # a gap stays a gap
    figure, axes = new_axes()
    ends = []
    for column, label, colour, dash in (
        ("england_rate", "England, all", ENGLAND, "-"),
        ("england_without", "England, without", ENGLAND, (0, (4, 2))),
        ("rate", f"{x.area}, all", FOCUS, "-"),
        ("rate_without", "without", FOCUS, (0, (4, 2))),
    ):
        axes.plot(
            t.index, t[column], color=colour, linestyle=dash, linewidth=3 if colour == FOCUS else 2
        )
        ends.append((t[column].dropna().iloc[-1], label, colour))
    axes.set_ylim(bottom=0)
    label_ends(axes, ends, t.index.max())
    axes.set(xlabel="At 31 March", ylabel="Per 10,000 children")
    a, b = t.iloc[0], t.iloc[-1]
    alt = (
        f"Line chart of children looked after per 10,000 in {x.area}, {t.index[0]} to"
        f" {t.index[-1]}. All: {went(a['rate'], b['rate'], 1)}; without unaccompanied children:"
        f" {went(a['rate_without'], b['rate_without'], 1)}; England without them:"
        f" {went(a['england_without'], b['england_without'], 1)}."
    )
    return finish(
        figure,
        "looked_after_unaccompanied",
        f"Children looked after with and without unaccompanied children, {x.area}",
        alt,
        x.source,
        x.table,
    )


def routes(x) -> Chart | str:
    """What help stood before care, period by period: at least so many had nothing else, the rest
    may have had.
    """
    if x.table.empty:
        return nothing(f"no table of routes into care is held for {x.area}")
    t = x.table.reset_index(drop=True)
    figure, axes = new_axes(height=1.3 + 0.34 * len(t), grid="x")
    percent = t["share"] * 100
    alone = percent * t["alone"] / t["children"].where(t["children"] > 0, 1)
    axes.barh(t.index, alone, color=FOCUS, height=0.65)
    axes.barh(
        t.index,
        percent - alone,
        left=alone,
        color="white",
        edgecolor=FOCUS,
        hatch="///",
        height=0.65,
    )
    for i, row in t.iterrows():
        axes.annotate(
            f"{row['children']:.0f}",
            (percent[i], i),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
        )
        if i and row["period"] != t["period"][i - 1]:
            axes.axhline(i - 0.5, color=FAINT, linewidth=0.8)
    axes.set_yticks(t.index, [f"{row.period}: {row.route}" for row in t.itertuples()])
    axes.invert_yaxis()
    axes.set(
        xlabel="Per cent of the children who came into care\n(bars overlap: they do not add up)",
        xlim=(0, percent.max() * 1.1),
    )
    first = t.loc[percent.idxmax()]
    alt = (
        f"Bar chart of help before care, {x.area}. Largest: {first['route']},"
        f" {first['children']:.0f} children in {first['period']}, {first['share'] * 100:.0f} per"
        f" cent of those who came into care; at least {first['alone']:.0f} of them had had nothing"
        " else."
    )
    return finish(
        figure,
        "care_routes",
        f"What stood before care, {x.area}",
        alt,
        COUNCIL_2014.format(13),
        t,
        "Filled: at least so many were in no other row. Hatched: the rest, who may have been.",
    )


def in_need(x) -> Chart | str:
    """Children in need without a plan, on a plan, and looked after, in children."""
    if len(x.table) < 2:
        return nothing(
            f"children in need, on plans and looked after are not all published for {x.area} in"
            " enough years"
        )
    t = x.table.set_index("year")
    t = t.reindex(range(t.index.min(), t.index.max() + 1))  # a gap stays a gap
    figure, axes = new_axes()
    mark_window(axes, x.first_year, x.last_year)
    ends = []
    for column, label, colour, dash in (
        ("without_plan", "In need, neither\non a plan nor in care", FOCUS, "-"),
        ("on_plan", "On a plan", NEIGHBOURS, (0, (4, 2))),
        ("looked_after", "Looked after", ENGLAND, (0, (1, 1.5))),
    ):
        axes.plot(
            t.index,
            t[column],
            color=colour,
            linestyle=dash,
            linewidth=3 if column == "without_plan" else 2,
        )
        ends.append((t[column].dropna().iloc[-1], label, colour))
    axes.set_ylim(bottom=0)
    label_ends(axes, ends, t.index.max())
    axes.set(xlabel="At 31 March", ylabel="Children")
    alt = (
        f"Line chart of children in need, {x.area}, {x.first_year} to {x.last_year}. Without a plan"
        f" or care {went(*x.without, 0)}; on a plan {went(*x.plans, 0)}."
    )
    return finish(
        figure,
        "in_need_without_plan",
        f"Children in need with and without a plan, {x.area}",
        alt,
        x.source,
        x.table,
        "Grey: the years under test.",
    )
