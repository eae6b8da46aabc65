"""A table for readers, and how its numbers are written."""

import re
import zlib
from dataclasses import dataclass, field
from html import escape

import numpy as np
import pandas as pd
from pandas.io.formats.style import Styler

NONE = "no figure"
YEARS = (
    "year",
    "Year",
    "Window",
    "Month",
    "month",
    "Year ending",
)  # they head rows, and are never added up


@dataclass(frozen=True)
class Exhibit:
    """A table with a caption. `table` is the plain frame behind it."""

    caption: str
    table: pd.DataFrame = field(repr=False, compare=False)
    source: str = ""

    def _repr_html_(self) -> str:
        return self.html()

    def html(self) -> str:
        """The table as accessible HTML with its source beneath; nothing where there is no table."""
        if not len(self.table.columns):
            return ""
        source = f'<p class="source">{escape(self.source)}</p>' if self.source else ""
        return plain(self.caption, self.table) + source


def plain(caption: str, table: pd.DataFrame) -> str:
    """A frame as accessible HTML: caption, scoped headers, figures aligned, a focusable frame that
    scrolls.

    The first column heads its rows where no two of them are alike there. A bare number that does
    not exist is "no figure"; whoever makes the table gives the reason where one is known.
    """
    table = table.reset_index(drop=True)
    figures = [i for i, name in enumerate(table) if _figures(table[name])]
    styler = Styler(table, uuid=f"{zlib.crc32(caption.encode()):08x}", cell_ids=False).hide(
        axis="index"
    )
    styler = (
        styler.set_caption(escape(caption))
        .set_table_attributes('class="exhibit"')
        .format({name: _written(table[name]) for name in table}, na_rep=NONE, escape="html")
        .format_index(escape="html", axis=1)
    )
    if figures:
        styler = styler.set_table_styles(
            [
                {
                    "selector": ", ".join(f".col{i}" for i in figures),
                    "props": "text-align: right; font-variant-numeric: tabular-nums",
                }
            ]
        )
    html = styler.to_html(doctype_html=False).replace("<th ", '<th scope="col" ')
    if len(table.columns) > 1 and table.iloc[:, 0].is_unique:
        html = re.sub(
            r'<td (class="data row\d+ col0[^>]*>.*?)</td>',
            r'<th scope="row" \1</th>',
            html,
            flags=re.S,
        )
    return (
        '<div class="scroll" tabindex="0" role="region"'
        f' aria-label="{escape(caption, quote=True)}">{html}</div>'
    )


def _figures(column: pd.Series) -> bool:
    """Whether most of a column is figures, so that they stand in line; years and words are not."""
    if pd.api.types.is_bool_dtype(column):
        return False
    if pd.api.types.is_numeric_dtype(column):
        return column.name not in YEARS
    return bool(column.astype(str).str.match(r"[+−-]?\d").mean() > 0.5) and column.name not in YEARS


def _written(column: pd.Series):
    """How the values of a column are written: yes or no, text as it is, numbers all to as many
    decimals as it needs.
    """
    if pd.api.types.infer_dtype(column) == "boolean":
        return lambda value: "yes" if value else "no"
    if not pd.api.types.is_numeric_dtype(column):
        return None
    known = column.dropna().abs()
    digits = (
        0 if (known % 1 == 0).all() else 1 if known.max() >= 10 else 2 if known.max() >= 1 else 3
    )
    return f"{{:{'' if column.name in YEARS else ','}.{digits}f}}"


def whole(value: float) -> str:
    """A whole number, or that there is none."""
    return f"{value:,.0f}" if np.isfinite(value) else "cannot be worked out"


def one_decimal(value: float) -> str:
    """A number to one decimal."""
    return f"{value:,.1f}" if pd.notna(value) else NONE


def signed(value, missing: str = NONE) -> str:
    """A whole number with its sign, or `missing`: why there is none."""
    return f"{value:+,.0f}" if pd.notna(value) else missing


def span(low: float, high: float, missing: str = "not worked out") -> str:
    """An interval of signed whole numbers, or `missing`: why there is none."""
    return f"{low:+,.0f} to {high:+,.0f}" if pd.notna(low) and pd.notna(high) else missing


def three_decimals(value: float) -> str:
    """A number to three decimals."""
    return f"{value:.3f}" if np.isfinite(value) else "not worked out"


def pair(a: float, b: float, digits: int) -> str:
    """Both ends of a change: 430 → 687."""
    return " → ".join(f"{v:,.{digits}f}" if np.isfinite(v) else "not published" for v in (a, b))
