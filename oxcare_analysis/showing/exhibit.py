"""A table for readers, and how its numbers are written."""

import re
from dataclasses import dataclass, field
from html import escape

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Exhibit:
    """A table with a caption. `table` is the plain frame behind it."""

    caption: str
    table: pd.DataFrame = field(repr=False, compare=False)
    source: str = ""

    def _repr_html_(self) -> str:
        return self.html()

    def html(self) -> str:
        """The table as accessible HTML: caption, scoped headers, a focusable frame that scrolls when narrow."""
        styler = self.table.reset_index(drop=True).style.hide(axis="index").set_caption(escape(self.caption)).format(
            precision=1, na_rep="none", escape="html").set_table_attributes('class="exhibit"')
        styler = styler.format_index(escape="html", axis=1)
        numbers = [c for c in self.table if pd.api.types.is_numeric_dtype(self.table[c])]
        styler = styler.set_properties(subset=numbers, **{"text-align": "right"})
        identity = "".join(c for c in self.caption.lower() if c.isalnum())[:24]
        html = styler.to_html(doctype_html=False, exclude_styles=False, table_uuid=identity)
        html = re.sub(r"<th id=", '<th scope="col" id=', html)
        source = f'<p class="source">{escape(self.source)}</p>' if self.source else ""
        return (f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(self.caption, quote=True)}">'
                f"{html}</div>{source}")


def whole(value: float) -> str:
    """A whole number, or that there is none."""
    return f"{value:,.0f}" if np.isfinite(value) else "cannot be worked out"


def one_decimal(value: float) -> str:
    """A number to one decimal."""
    return f"{value:,.1f}" if pd.notna(value) else "none"


def signed(value) -> str:
    """A whole number with its sign."""
    return f"{value:+,.0f}" if pd.notna(value) else "none"


def span(low: float, high: float) -> str:
    """An interval of signed whole numbers."""
    return f"{low:+,.0f} to {high:+,.0f}" if pd.notna(low) and pd.notna(high) else "none"


def three_decimals(value: float) -> str:
    """A number to three decimals."""
    return f"{value:.3f}" if np.isfinite(value) else "none"


def pair(a: float, b: float, digits: int) -> str:
    """Both ends of a change: 430 → 687."""
    return " → ".join(f"{v:,.{digits}f}" if np.isfinite(v) else "not published" for v in (a, b))
