"""Tables laid beside the months, as an intruder does: a year's total adds up its months, a ledger
begins with a stock.

The same count stands in several tables of a page. Here each figure is put where it belongs among
the months, so that what one table holds back is worked out with what another shows.
"""

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from oxcare_analysis.thinking.months import STOCK

if TYPE_CHECKING:  # the reader of folders is the attack's: what protects a page has no need of it
    from oxcare_analysis.local.published_folder import Found

YEAR = "year to March "  # in front of the year, in the row of its totals
YEARLY = {
    "referrals": "referrals_received",
    "enquiries": "enquiries_started",
    "conferences": "conferences_held",
    "plans": "plans_started",
}
YEAR_ALONE = re.compile(r"(?:19|20)\d\d")
OPENED = re.compile(r"open, end of ([a-z]+ \d{4})")


def months_of(year: str) -> tuple[str, ...]:
    """The twelve months of the year that ends in March of `year`: "2024" from 2023-04 to
    2024-03.
    """
    return tuple(pd.period_range(end=pd.Period(f"{year}-03", "M"), periods=12).astype(str))


def year_rows(table: pd.DataFrame) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The rows of years of a table of months, each with the months it adds up."""
    return tuple(
        (row, months_of(row.removeprefix(YEAR)))
        for row in map(str, table.index)
        if row.startswith(YEAR)
    )


def with_all_else(
    wide: dict[str, pd.DataFrame], found: "tuple[Found, ...]"
) -> dict[str, pd.DataFrame]:
    """The tables of counts (attack.counted), the months among them with all that the others show of
    the same counts.

    A year's total comes as a row below its twelve months. `found`: the tables as the folder has
    them.
    """
    if "months" not in wide:
        return wide
    months = wide["months"].copy()
    years = pd.concat(
        [_years(table) for name, table in wide.items() if name != "months"] or [pd.DataFrame()]
    )
    years = years[[set(months_of(year)) <= set(months.index) for year in years.index]]
    if len(years):  # NaN, a mark, wherever no table shows the total
        months = months.reindex(columns=months.columns.union(years.columns, sort=False))
        years = years.groupby(level=0).first()
        months = pd.concat(
            [months, years.reindex(columns=months.columns, fill_value=np.inf).rename(YEAR.__add__)]
        )
    for month, stock in _stocks(found).items():
        if STOCK in months and month in months.index and np.isnan(months.at[month, STOCK]):
            months.loc[month, STOCK] = stock
    return wide | {"months": months}


def either(one: pd.Series, other: pd.Series) -> pd.Series:
    """Two showings of one series: a figure where either has one, NaN where either has a mark, else
    infinite.
    """
    rows = one.index.union(other.index)
    one, other = (series.reindex(rows, fill_value=np.inf) for series in (one, other))
    return one.where(
        np.isfinite(one), other.where(np.isfinite(other), one.where(one.isna(), other))
    )


def _years(table: pd.DataFrame) -> pd.DataFrame:
    """The totals of years that a table shows of what is counted by month as well, under the names
    of the months.
    """
    if "year" not in str(table.index.name):
        return pd.DataFrame()
    rows = [bool(YEAR_ALONE.fullmatch(str(row))) for row in table.index]
    return table.loc[rows, [c for c in table if c in YEARLY]].rename(columns=YEARLY)


def _stocks(found: "tuple[Found, ...]") -> dict[str, float]:
    """Children on a plan at the end of a month, as a ledger begins and ends with them."""
    ends = {}
    for table in found:
        for row in table.rows:
            said = OPENED.fullmatch(row[0].strip().lower())
            if said and re.fullmatch(r"[\d,]+(\.0)?", row[1]):
                month = pd.to_datetime(said[1].title(), format="%B %Y", errors="coerce")
                if pd.notna(month):
                    ends[month.strftime("%Y-%m")] = float(row[1].replace(",", ""))
    return ends
