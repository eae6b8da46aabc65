"""Cells of records as text → dates, flags, codes. What cannot be read is counted, and never
guessed.
"""

import re

import pandas as pd

from oxcare_analysis.local.records import CODE, COLUMNS, DATE, FLAG, ID, conform

NOTHING = {"", "null", "none", "nat", "nan", "na", "n/a"}
TIME = r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})" + TIME)
BRITISH = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})" + TIME)
FIRST_YEAR, LAST_YEAR = 1900, 2100
YES, NO = {"y", "yes", "true", "1", "a) yes"}, {"n", "no", "false", "0", "b) no"}
# How a category of abuse begins in words; what names several is multiple.
CATEGORY_WORDS = {
    "neg": "NEG",
    "phy": "PHY",
    "sex": "SAB",
    "sab": "SAB",
    "emo": "EMO",
    "mul": "MUL",
}
LETTERED = re.compile(r"^[a-z0-9]\)\s*")
LEADING = {
    "source": re.compile(r"(10|[1-9][A-F]?)(?![0-9A-Z])"),
    "close_reason": re.compile(r"(RC[1-9])(?![0-9])"),
}
UNREAD_DATE, UNREAD_CODE = "a date that cannot be read", "a code that is not known"


def read(name: str, raw: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Text under our column names → the table of that name, and how many rows had a cell that could
    not be read.

    A row with a date that cannot be read is left out, but for children's own dates; these, and a
    flag or code that is not known, become missing.
    """
    columns, counts, good = {}, {}, pd.Series(True, index=raw.index)
    for column in raw:
        kind = COLUMNS[name][column]
        if kind == ID:
            ids = raw[column].str.strip().astype(ID)
            columns[column] = ids.mask(ids.str.lower().isin(NOTHING))
            continue
        keys, texts = pd.factorize(raw[column].str.strip())
        texts = pd.Series(texts, dtype="object")
        nothing = texts.str.lower().isin(NOTHING)
        values = pd.Series(
            [
                pd.NA if none else _value(kind, column, text)
                for text, none in zip(texts, nothing, strict=True)
            ],
            dtype="object",
        )
        bad = (values.isna() & ~nothing).to_numpy()[keys]
        if bad.any():
            word = UNREAD_DATE if kind == DATE else UNREAD_CODE
            counts[word] = counts.get(word, 0) + int(bad.sum())
            if kind == DATE and name != "persons":
                good &= ~bad
        columns[column] = _of_kind(kind, values, keys, raw.index)
    return conform(name, pd.DataFrame(columns, index=raw.index)[good]), counts


def dates(cells: pd.Series) -> pd.Series:
    """Text as dates; missing where it is empty or cannot be read."""
    found = {text: _date(text.strip()) for text in cells.dropna().unique()}
    return pd.to_datetime(cells.astype("object").map(found)).astype(DATE)


def _of_kind(kind: str, values: pd.Series, keys, index: pd.Index) -> pd.Series:
    if kind == CODE:
        known = pd.Index(values.dropna().unique())
        return pd.Series(
            pd.Categorical.from_codes(known.get_indexer(values)[keys], known), index=index
        )
    typed = pd.to_datetime(values).astype(DATE) if kind == DATE else values.astype(FLAG)
    return typed.take(keys).set_axis(index)


def _value(kind: str, column: str, text: str) -> object:
    """The value of a cell that is not empty; NA where it cannot be read."""
    if kind == DATE:
        return _date(text)
    if kind == FLAG:
        return True if text.lower() in YES else False if text.lower() in NO else pd.NA
    if column in LEADING:
        found = LEADING[column].match(text.upper())
        return found.group(1) if found else pd.NA
    return _category(text)


def _date(text: str) -> object:
    found = ISO.fullmatch(text)
    year, month, day = (found.groups() if found else None) or (
        british.groups()[::-1] if (british := BRITISH.fullmatch(text)) else ("", "", "")
    )
    if not year or not FIRST_YEAR <= int(year) <= LAST_YEAR:
        return pd.NA
    try:
        return pd.Timestamp(int(year), int(month), int(day))
    except ValueError:
        return pd.NA


def _category(text: str) -> object:
    words = LETTERED.sub("", text.lower())
    named = {code for word, code in CATEGORY_WORDS.items() if re.search(rf"\b{word}", words)}
    return pd.NA if not named else named.pop() if len(named) == 1 else "MUL"
