"""The money: gross spend per child and per child looked after, in the pounds of each year."""

from dataclasses import dataclass, field

import pandas as pd

from oxcare_analysis.thinking.study import Study
from oxcare_analysis.words.columns import ENGLAND
from oxcare_analysis.words.result import Result

# earlier years were recovered from a price-adjusted series and agree with print only roughly
EXACT_FROM = 2017
# Spend → what it is divided by. Children looked after: the mean of both 31 Marches, for a year's
# money.
PER = {
    "spend_looked_after_gbp": "looked_after_mean_count",
    "spend_safeguarding_gbp": "children_0_17_count",
    "spend_family_support_gbp": "children_0_17_count",
    "spend_children_services_gbp": "children_0_17_count",
}
# a year that differs from the mean of the years beside it by more than this share is marked
OUT_OF_LINE = 0.25


@dataclass(frozen=True, repr=False)
class Spend(Result):
    """Gross spend in pounds of the year. No deflator is held, so nothing here is in real terms.

    `table`: year, measure, spend, divisor, value (pounds per child, or per child looked after),
    england, neighbours (median of the same), exact (False before EXACT_FROM), out_of_line (far from
    the years beside it). `split`: the change in spend on children looked after over the window
    shared between their number and the spend on each, in pounds, and why an end is rough (marked:
    year → reason); None where a figure is missing. `split_before`: the same, ending a year sooner.
    """

    area: str
    first_year: int
    last_year: int
    split: dict | None = None
    split_before: dict | None = None
    source: str = ""
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    def of(self, measure: str) -> pd.DataFrame:
        """The rows of one kind of spend."""
        return self.table[self.table["measure"] == measure]

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False, float_format="{:,.0f}".format)


def spend(study: Study) -> Spend:
    """Spend of every year held, per child, beside England and the neighbours; and what drove the
    spend on care.
    """
    tables = []
    for measure, divisor in PER.items():
        per = (study.panel[measure] / study.panel[divisor]).unstack("year")
        mine = study.table[[measure, divisor]].dropna()
        value = mine[measure] / mine[divisor]
        tables.append(
            pd.DataFrame(
                {
                    "measure": measure,
                    "spend": mine[measure],
                    "divisor": mine[divisor],
                    "value": value,
                    "england": per.reindex(index=[ENGLAND]).iloc[0].reindex(mine.index),
                    "neighbours": per.reindex(list(study.neighbours)).median().reindex(mine.index),
                    "exact": mine.index >= EXACT_FROM,
                    "out_of_line": _out_of_line(mine[measure]),
                }
            )
            .rename_axis("year")
            .reset_index()
        )
    table = pd.concat(tables, ignore_index=True)
    splits = (
        _split(table, study.first_year, last) for last in (study.last_year, study.last_year - 1)
    )
    return Spend(
        study.area.name,
        study.first_year,
        study.last_year,
        *splits,
        study.cite("spend", "children_looked_after"),
        table,
    )


def _out_of_line(series: pd.Series) -> pd.Series:
    """Whether a year stands out from the mean of the year before and the year after."""
    around = (series.shift() + series.shift(-1)) / 2
    return (series / around - 1).abs() > OUT_OF_LINE


def _split(table: pd.DataFrame, first: int, last: int) -> dict | None:
    """The change in spend on children looked after, shared between number and spend on each (the
    Shapley value of two).

    Spend = number × spend on each, so each takes its own change at the mean of the other's two
    levels, and both add up.
    """
    rows = table[table["measure"].eq("spend_looked_after_gbp")].set_index("year")
    if first not in rows.index or last not in rows.index or last <= first:
        return None
    a, b = rows.loc[first], rows.loc[last]
    number = (b["divisor"] - a["divisor"]) * (a["value"] + b["value"]) / 2
    each = (b["value"] - a["value"]) * (a["divisor"] + b["divisor"]) / 2
    return {
        "from": float(a["spend"]),
        "to": float(b["spend"]),
        "number": float(number),
        "each": float(each),
        "each_from": float(a["value"]),
        "each_to": float(b["value"]),
        "marked": {
            year: "out of line with the years beside it" if row["out_of_line"] else "approximate"
            for year, row in ((first, a), (last, b))
            if row["out_of_line"] or not row["exact"]
        },
    }
