"""Routes into care: what help had come before, as the council counts it, with its double counting
taken apart.
"""

from dataclasses import dataclass, field

import pandas as pd

from oxcare_analysis.words.result import Result

TOTAL, NONE_BEFORE = "looked_after_started_count", "looked_after_started_no_earlier_help_count"
ROUTES = {
    "looked_after_started_after_early_help_count": "early help",
    "looked_after_started_after_in_need_plan_count": "a child in need plan",
    "looked_after_started_after_protection_plan_count": "a child protection plan",
    "looked_after_started_looked_after_before_count": "looked after before",
}
NONE_WORDS = "none of these recorded"


@dataclass(frozen=True, repr=False)
class Routes(Result):
    """What stood before care for the children who came into it, period by period.

    `table`, a row a period and route, the last of a period those with none of them recorded:
    period, route, children, share (of those who came into care), alone (at least so many had
    nothing but this). `totals`, a row a period: period, entered, none (no help of these kinds
    recorded), some, mentions (of the routes together), extra (mentions beyond one a child). Both
    empty where no table is held.
    """

    area: str
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    totals: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False, float_format="{:.2f}".format)


def routes(area: str, stated: pd.DataFrame) -> Routes:
    """Take the double counting of a table of routes apart: rows overlap, so they add up to more
    than the children.

    `stated`: period, measure, value (numbers), one row a cell of the table. A child counted in k
    routes makes k − 1 mentions too many, so of n in a route at most `extra` are in another too, and
    at least n − extra in no other.
    """
    cells = stated[stated["measure"].isin([TOTAL, NONE_BEFORE, *ROUTES])]
    wide = cells.pivot_table(index="period", columns="measure", values="value", sort=False)
    wide = wide.reindex(columns=[TOTAL, NONE_BEFORE, *ROUTES]).dropna()
    totals = pd.DataFrame(
        {
            "entered": wide[TOTAL],
            "none": wide[NONE_BEFORE],
            "some": wide[TOTAL] - wide[NONE_BEFORE],
            "mentions": wide[list(ROUTES)].sum(axis=1),
        }
    )
    totals["extra"] = totals["mentions"] - totals["some"]
    rows = [
        (
            period,
            route,
            row[measure],
            row[measure] / row[TOTAL],
            (
                row[measure]
                if measure == NONE_BEFORE
                else max(0.0, row[measure] - totals.at[period, "extra"])
            ),
        )
        for period, row in wide.iterrows()
        for measure, route in (ROUTES | {NONE_BEFORE: NONE_WORDS}).items()
    ]
    return Routes(
        area,
        pd.DataFrame(rows, columns=["period", "route", "children", "share", "alone"]),
        totals.reset_index(),
    )
