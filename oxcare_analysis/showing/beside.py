"""Lines of an authority beside its neighbours and England, and the years under test: what most
charts share.
"""

from oxcare_analysis.showing.drawing import ENGLAND, FOCUS, NEIGHBOURS

LINES = {
    "neighbours": ("Median neighbour", NEIGHBOURS, (0, (4, 2))),
    "england": ("England", ENGLAND, (0, (1, 1.5))),
}


def draw_beside(
    axes,
    years,
    table,
    area: str,
    beside: tuple[str, ...] = tuple(LINES),
    own: str = "value",
    **marks,
) -> list[tuple[float, str, str]]:
    """Draw the columns `beside` of `table` over `years`, then the authority's `own`, with its
    `marks`.

    Returns what label_ends takes: the last value, the label and the colour of every line that has a
    value.
    """
    lines = [(column, *LINES[column]) for column in LINES if column in beside] + [
        (own, area, FOCUS, "-")
    ]
    for column, _, colour, dash in lines:
        axes.plot(
            years,
            table[column],
            color=colour,
            linestyle=dash,
            linewidth=3 if column == own else 2,
            **(marks if column == own else {}),
        )
    return [
        (table[column].dropna().iloc[-1], label, colour)
        for column, label, colour, _ in lines
        if table[column].notna().any()
    ]


def mark_window(axes, first_year: int, last_year: int) -> None:
    """Shade the years under test."""
    axes.axvspan(first_year, last_year, color="#f0f0ee", zorder=0)
