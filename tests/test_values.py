"""Text → number and status: every published symbol, thousands commas, and text nobody knows."""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oxcare_analysis.intake import values
from oxcare_analysis.words.columns import (
    NOT_APPLICABLE,
    NOT_AVAILABLE,
    PUBLISHED,
    ROUNDED,
    STATUSES,
    SUPPRESSED,
)
from oxcare_analysis.words.errors import DataError

OFFICIAL = ("children_in_need", "2024")
OLDER = ("children_in_need", "2012")
TABULATED = ("workforce", "2025")
EVERY_SYMBOL = [
    (place, symbol)
    for place in (OFFICIAL, OLDER, TABULATED)
    for symbol in values.symbol_table(*place)
]


def read(text, place=OFFICIAL):
    return values.read_values(pd.Series([text]), *place, "somewhere").iloc[0]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("430", 430),
        ("007", 7),
        ("30.9", 30.9),
        ("0.0", 0),
        ("1,234", 1234),
        ("36,900", 36900),
        ("1,234,567", 1234567),
        ("1,234.5", 1234.5),
        (" 430 ", 430),
        ("7.0000000000000007E-2", 0.07),
        ("1.482554952e+10", 14825549520),
        ("18.399999999999999", 18.4),
    ],
)
def test_a_number_is_read_as_printed(text, number):
    row = read(text)
    assert row["value"] == pytest.approx(number, rel=1e-12)
    assert (row["status"], row["note"]) == (PUBLISHED, "")


@settings(max_examples=50, deadline=None)
@given(st.integers(min_value=0, max_value=10**12))
def test_any_whole_number_reads_the_same_with_and_without_thousands_commas(number):
    assert read(f"{number:,}")["value"] == read(str(number))["value"] == number


@pytest.mark.parametrize(
    ("symbol", "status", "note"),
    [
        ("c", SUPPRESSED, "suppressed to protect confidentiality"),
        ("x", NOT_AVAILABLE, "not available"),
        ("z", NOT_APPLICABLE, "not applicable"),
        ("u", NOT_AVAILABLE, "low reliability"),
        (":", NOT_AVAILABLE, "not available"),
        ("low", ROUNDED, "rounds to zero but is not zero"),
        ("", NOT_AVAILABLE, "not supplied"),
        (" c ", SUPPRESSED, "suppressed to protect confidentiality"),
    ],
)
def test_an_official_symbol_is_read_as_the_department_explains_it(symbol, status, note):
    row = read(symbol)
    assert (row["status"], row["note"]) == (status, note)
    assert math.isnan(row["value"])


def test_a_figure_of_low_reliability_is_not_available_and_says_why():
    row = read("u")
    assert row["status"] == "not_available"
    assert row["note"] == "low reliability"


@pytest.mark.parametrize(
    ("symbol", "status"), [("c", SUPPRESSED), ("x", NOT_AVAILABLE), ("low", ROUNDED)]
)
@pytest.mark.parametrize("place", [OLDER, TABULATED])
def test_a_symbol_of_the_tabulated_files_is_read_as_their_notes_explain_it(place, symbol, status):
    assert read(symbol, place)["status"] == status


@pytest.mark.parametrize(("place", "symbol"), EVERY_SYMBOL)
def test_a_symbol_is_never_a_number_and_never_zero(place, symbol):
    row = read(symbol, place)
    assert math.isnan(row["value"])
    assert row["status"] in STATUSES and row["status"] != PUBLISHED
    assert row["note"]


@pytest.mark.parametrize("place", [OLDER, TABULATED])
@pytest.mark.parametrize("symbol", ["u", "z", ":", ""])
def test_a_symbol_that_the_tabulated_files_do_not_use_is_refused_there(place, symbol):
    with pytest.raises(DataError):
        read(symbol, place)


@pytest.mark.parametrize(
    "text",
    [
        "-",
        "..",
        ".",
        "n/a",
        "nan",
        "inf",
        "C",
        "X",
        "cc",
        "-3",
        "+3",
        "12,34",
        "1,2345",
        "1234,567",
        ",123",
        "1 234",
        "5%",
        "£5",
        "0x1F",
        "1e",
        "=1+1",
        "<5",
        "3 [r]",
        "½",
        "1.2.3",
        "1,234,56",
    ],
)
def test_unknown_text_is_refused(text):
    with pytest.raises(DataError):
        read(text)


def test_unknown_text_is_refused_with_what_was_found_and_where():
    texts = pd.Series(
        ["430", "oops", "c"], index=["Testshire 2022", "Mockham 2023", "Sampleton 2024"]
    )
    with pytest.raises(DataError) as caught:
        values.read_values(texts, *OFFICIAL, "d1.csv, column CPP_At31")
    message = str(caught.value)
    assert (
        "'oops'" in message and "d1.csv, column CPP_At31" in message and "Mockham 2023" in message
    )
    assert "'c'" in message and "'z'" in message  # what was expected instead
    assert caught.value.exit_code == 3


def test_the_index_and_the_order_of_the_texts_are_kept():
    texts = pd.Series(["2", "c", "1", "c", "2"], index=list("vwxyz"))
    read_back = values.read_values(texts, *OFFICIAL, "somewhere")
    assert list(read_back.index) == list("vwxyz")
    assert list(read_back["value"].fillna(-1)) == [2, -1, 1, -1, 2]
    assert list(read_back["status"]) == [PUBLISHED, SUPPRESSED, PUBLISHED, SUPPRESSED, PUBLISHED]


def test_a_column_without_a_single_number_still_has_numbers_for_type():
    read_back = values.read_values(pd.Series(["c", "x"]), *OFFICIAL, "somewhere")
    assert read_back["value"].dtype == float and read_back["value"].isna().all()


def test_no_texts_at_all_give_an_empty_frame():
    read_back = values.read_values(pd.Series([], dtype=str), *OFFICIAL, "somewhere")
    assert list(read_back.columns) == ["value", "status", "note"] and read_back.empty


def test_an_edition_not_yet_listed_follows_its_source():
    assert values.symbol_table("children_in_need", "2031") is values.EXPLORE_EDUCATION_STATISTICS
    assert values.symbol_table("children_in_need", "2024-2") is values.EXPLORE_EDUCATION_STATISTICS
    assert values.symbol_table("children_in_need", "2012") is values.TABULATED
    assert values.symbol_table("spend", "2025") is values.TABULATED


def test_a_number_too_large_to_hold_is_refused():
    with pytest.raises(DataError):
        read("1e999")
