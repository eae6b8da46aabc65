"""Charts that stand beside the evidence on one hypothesis; reached through `ox.charts` like the rest."""

import numpy as np

from oxcare_analysis.showing.drawing import FOCUS, NEIGHBOURS, Chart, finish, label_ends, new_axes, nothing, went


def care_endings(x) -> Chart | str:
    """The exit rate, and the band in which the rate of endings other than into care must lie."""
    if len(x.table) < 2:
        return nothing(x.missing or "too few years have figures")
    table = x.table.set_index("year")
    table = table.reindex(range(table.index.min(), table.index.max() + 1))  # a gap stays a gap
    figure, axes = new_axes()
    axes.axvspan(x.first_year, x.last_year, color="#f0f0ee", zorder=0)
    axes.fill_between(table.index, table["step_down_low"], table["step_down_high"], color=NEIGHBOURS, alpha=0.2,
                      linewidth=0)
    axes.plot(table.index, table["step_down_low"], color=NEIGHBOURS, linewidth=2, linestyle=(0, (4, 2)))
    axes.plot(table.index, table["exit_rate"], "o-", color=FOCUS, linewidth=3)
    told = table[table["stated"].eq(True)]
    axes.plot(told.index, told["step_down_low"], "D", color=NEIGHBOURS, markersize=8)
    axes.set_ylim(bottom=0)
    last = table.iloc[-1]
    label_ends(axes, [(last["exit_rate"], "All endings", FOCUS),
                      (last["step_down_low"], "Fewest possible\nnot into care", NEIGHBOURS)], table.index.max())
    axes.set(xlabel="Year ending 31 March", ylabel="Plans ended per plan\nopen, a year")
    window = x.table[x.table["year"].between(x.first_year, x.last_year)]
    alt = f"Line chart of exits with a band. No figures for {x.area} from {x.first_year} to {x.last_year}."
    if len(window):
        a, b = window.iloc[0], window.iloc[-1]
        alt = (f"Line chart with a band, {x.area}. Plans ended per plan open {went(a['exit_rate'], b['exit_rate'], 2)} "
               f"between {a['year']:.0f} and {b['year']:.0f}; without endings into care the rate lay between "
               f"{a['step_down_low']:.2f} and {a['step_down_high']:.2f}, then {b['step_down_low']:.2f} and "
               f"{b['step_down_high']:.2f}.")
    return finish(figure, "care_endings", f"Exits with and without endings into care, {x.area}", alt, x.source,
                  x.table.assign(stated=np.where(x.table["stated"], "yes", "no")),
                  "Tan: where endings other than into care must lie. Diamonds: years the council counted itself.")
