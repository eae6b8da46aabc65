"""What was published, seen from one month. Every row that is read is kept, as the evidence of what
is said.
"""

from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd

from oxcare_analysis.thinking.study import Study
from oxcare_analysis.words.columns import ENGLAND, MEASURES

OWN, REGION = "own", "region"
EXACT, ROUNDED, TRUNCATED = "the same", "right when rounded", "right when cut off, not when rounded"
KEYS = ["area_code", "year", "measure"]


@dataclass(frozen=True)
class Vantage:
    """The figures of one month, and the figures the documents state.

    `rows`: source, edition, table, value, status by (area_code, year, measure), one row each;
    `stated`: the register, by figure_id; `then`: whether this is what was out when a document was
    written, where the department's own printed rate is read before one worked on newer populations.
    `read_rows` and `stated_rows` fill as figures are read, `gaps` with how far each stated number
    that is not right is from the published one, as a share of it.
    """

    study: Study
    rows: pd.DataFrame = field(repr=False)
    stated: pd.DataFrame = field(repr=False)
    then: bool = False
    read_rows: dict = field(default_factory=dict, repr=False)
    stated_rows: dict = field(default_factory=dict, repr=False)
    gaps: list = field(default_factory=list, repr=False)

    def code(self, area: str) -> str:
        """The code behind OWN, REGION, ENGLAND or a code."""
        return {OWN: self.study.area.code, REGION: self.study.area.region_code}.get(area, area)

    def name(self, area: str = OWN) -> str:
        """The name behind an area."""
        return self.study.names.get(
            self.code(area), "England" if area == ENGLAND else self.code(area)
        )

    def read(self, measure: str, year: int, area: str = OWN) -> float:
        """One published number, NaN where there is none; its row becomes evidence."""
        key = (self.code(area), year, measure)
        if key not in self.rows.index:
            return float("nan")
        row = self.rows.loc[key]
        self.read_rows[(*key, row["edition"], row["table"])] = {
            "source": row["source"],
            "edition": row["edition"],
            "table": row["table"],
            "area": self.name(area),
            "year": int(year),
            "measure": measure,
            "value": None if pd.isna(row["value"]) else float(row["value"]),
            "status": row["status"],
        }
        return float(row["value"])

    def total(self, parts: str | tuple[str, ...], year: int, area: str = OWN) -> float:
        """One number, or the sum of several (NaN where one is missing)."""
        names = (parts,) if isinstance(parts, str) else parts
        return float(sum(self.read(name, year, area) for name in names))

    def rate(self, count: str, year: int, area: str = OWN) -> float:
        """Per 10,000 children to one decimal, as the department prints it: its own of then, else
        worked from counts.
        """
        printed = (
            self.read(count.replace("_count", "_rate_10k"), year, area)
            if self.then
            else float("nan")
        )
        if np.isfinite(printed):
            return printed
        return shown(
            self.read(count, year, area) / self.read("children_0_17_count", year, area) * 10_000, 1
        )

    def everyone(self, measure: str, year: int) -> pd.Series:
        """The number of every single authority, by code."""
        if self.then:
            return pd.Series(
                dtype=float
            )  # what was out then is kept for this area and England alone
        keys = self.rows.index
        wide = self.rows.loc[
            (keys.get_level_values("year") == year) & (keys.get_level_values("measure") == measure)
        ]
        values = wide["value"].droplevel(["year", "measure"]).dropna()
        return values[values.index.str.fullmatch(r"\d{3}")]

    def neighbours(self, measure: str, year: int) -> float:
        """The median of the statistical neighbours."""
        return pd.Series(
            [self.read(measure, year, code) for code in self.study.neighbours], dtype=float
        ).median()

    def alike(self, figure: str, measure: str, year: int) -> list[str]:
        """Rows beside one's own that print the stated number: same table and year, or the years
        either side.
        """
        wanted, own = (
            Decimal(self.value_text(figure)),
            self.rows.loc[(self.code(OWN), year, measure)],
        )
        mine = self.rows.xs(self.code(OWN), level="area_code").reset_index()
        near = mine[
            mine["table"].eq(own["table"])
            & mine["value"].notna()
            & (
                (mine["year"].eq(year) & mine["measure"].ne(measure))
                | (mine["year"].isin([year - 1, year + 1]) & mine["measure"].eq(measure))
            )
        ]
        found = [row for row in near.itertuples() if Decimal(str(row.value)) == wanted]
        return [
            dated(row.measure, row.year)
            for row in found
            if np.isfinite(self.read(row.measure, row.year))
        ]

    def value_text(self, figure: str) -> str:
        """A stated number as it stands in the register."""
        row = self.stated.loc[figure]
        self.stated_rows[figure] = {
            "source": row["source"],
            "edition": f"paragraph {row['locator']}",
            "table": "published_figures",
            "area": row["area"],
            "year": int(row["period"][:4]) + ("/" in row["period"]),
            "measure": row["measure"],
            "value": float(row["value"]),
            "status": f"stated ({row['precision'].replace('_', ' ')})",
        }
        return row["value"]

    def value(self, figure: str) -> float:
        """A stated number."""
        return float(self.value_text(figure))


def named(measure: str) -> str:
    """A measure in words, with its unit where the number alone would not show it."""
    kept = MEASURES[measure]
    return f"{kept.label} ({kept.unit})" if kept.unit in ("per cent", "pounds") else kept.label


def dated(measure: str, year: int) -> str:
    """A measure with its date: 'children on a plan at 31 March 2013', 'plans started, 2012/13'."""
    label = named(measure)
    return f"{label} {year}" if label.endswith("31 March") else f"{label}, {when(measure, year)}"


def when(measure: str, year: int) -> str:
    """What a year of a measure means: March, a year to March, September (workforce), mid-year, or
    the year printed.
    """
    if measure.startswith("children_0_"):
        return f"mid-{year - 1}"
    if measure in ("caseload_average", "agency_percent", "turnover_percent"):
        return f"September {year}"
    if measure.startswith(("idaci", "low_income")):
        return str(year)
    stock = (
        measure.startswith("plans_open")
        or measure == "children_in_need_count"
        or (
            measure.startswith("looked_after")
            and "started" not in measure
            and "ceased" not in measure
        )
    )
    return f"March {year}" if stock else f"{year - 1}/{year % 100:02d}"


def shown(value: float, digits: int) -> float:
    """Rounded half up, as published tables are."""
    return float(_to(value, digits, ROUND_HALF_UP)) if np.isfinite(value) else value


def agreement(text: str, value: float, digits: int | None = None) -> str:
    """How a published value gives the stated number: EXACT, ROUNDED, TRUNCATED, or '' if it does
    not.

    `digits`: decimals to judge at, where the stated number prints more than the department does.
    """
    digits = len(text.partition(".")[2]) if digits is None else digits
    wanted = Decimal(text)
    if Decimal(str(value)) == wanted:
        return EXACT
    if _to(value, digits, ROUND_HALF_UP) == wanted:
        return ROUNDED
    return TRUNCATED if _to(value, digits, ROUND_DOWN) == wanted else ""


def _to(value: float, digits: int, how: str) -> Decimal:
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), rounding=how)
