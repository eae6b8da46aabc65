"""Text → number and status. The only place where a published symbol is read."""

import re

import pandas as pd

from oxcare_analysis.intake.text import shown
from oxcare_analysis.words.columns import (
    NOT_APPLICABLE,
    NOT_AVAILABLE,
    PUBLISHED,
    ROUNDED,
    SUPPRESSED,
)
from oxcare_analysis.words.errors import DataError

# One table per publisher's convention: symbol → (status, what it means).
EXPLORE_EDUCATION_STATISTICS = {
    "c": (SUPPRESSED, "suppressed to protect confidentiality"),
    "x": (NOT_AVAILABLE, "not available"),
    "z": (NOT_APPLICABLE, "not applicable"),
    "u": (NOT_AVAILABLE, "low reliability"),
    ":": (NOT_AVAILABLE, "not available"),
    "low": (ROUNDED, "rounds to zero but is not zero"),
    "": (NOT_AVAILABLE, "not supplied"),
}
TABULATED = {
    "c": (SUPPRESSED, "suppressed to protect confidentiality"),
    "x": (NOT_AVAILABLE, "not available"),
    "low": (ROUNDED, "rounds to zero but is not zero"),
}
# (source, edition) → table; an edition not listed follows its source's entry with edition None.
SYMBOLS = {
    ("children_in_need", "2012"): TABULATED,
    ("children_in_need", None): EXPLORE_EDUCATION_STATISTICS,
    (None, None): TABULATED,
}
_NUMBER = re.compile(r"\d+(\.\d+)?([eE][+-]?\d+)?|\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
LARGEST = 1e12  # a million million: England's spend in pounds is a hundredth of it


def symbol_table(source: str, edition: str) -> dict[str, tuple[str, str]]:
    """The symbols in force for a source and edition."""
    for key in ((source, edition), (source, None), (None, None)):
        if key in SYMBOLS:
            return SYMBOLS[key]
    raise KeyError(source)


def read_values(texts: pd.Series, source: str, edition: str, where: str) -> pd.DataFrame:
    """Read published text as numbers.

    Parameters: `texts`, any index; `source` and `edition` choose the symbol table; `where` names
    the file in errors. Returns a frame on the same index: `value` (float, NaN where there is none),
    `status`, `note`. Raises DataError on text that is neither a number of zero or more nor a known
    symbol.
    """
    symbols = symbol_table(source, edition)
    distinct = {}
    for text in texts.unique():
        bare = text.strip()
        if _NUMBER.fullmatch(bare) and float(bare.replace(",", "")) <= LARGEST:
            distinct[text] = (float(bare.replace(",", "")), PUBLISHED, "")
        elif bare in symbols:
            status, note = symbols[bare]
            distinct[text] = (float("nan"), status, note)
        else:
            at = texts.index[texts == text][0]
            known = ", ".join(repr(s) for s in symbols)
            raise DataError(
                f"A value could not be read: {where}, {at}, found {shown(text)}, expected a number"
                f" of zero or more, at most a million million, or one of the symbols {known}. Check"
                " the publisher's guidance for this edition; a new symbol is added to SYMBOLS in"
                " oxcare_analysis/intake/values.py."
            )
    read = texts.map(distinct)
    return pd.DataFrame(read.tolist(), index=texts.index, columns=["value", "status", "note"])
