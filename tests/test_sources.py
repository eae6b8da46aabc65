"""Publishers' files → our layout: recognition by header, every way a file can be wrong, and the
documented CSV.
"""

import csv
import datetime

import pandas as pd
import pytest

from oxcare_analysis.intake import sources
from oxcare_analysis.intake.mappings import OFFICIAL_KEYS, OFFICIAL_TABLES, TABULATED_TABLES
from oxcare_analysis.words.errors import DataError

LONG = ["year", "geography_level", "la_code", "old_la_code", "name", "indicator", "value"]
RATES = ["cpp_at_31_march_rate", "section47_rate"]
TESTSHIRE = ["la", "E10000981", "981", "Testshire"]
ONE_ROW = {
    "time_period": "2024",
    "geographic_level": "Local authority",
    "country_code": "E92000001",
    "region_code": "E12000008",
    "region_name": "South East",
    "old_la_code": "981",
    "new_la_code": "E10000981",
    "la_name": "Testshire",
}
MOCKHAM = ["la", "E10000982", "982", "Mockham"]


# Which of the publisher's columns each measure is: typed from the files, to tell columns apart that
# look alike.
COLUMN_OF = {
    "plans_started_by_category": {  # D2: the initial category
        "plans_started_count": "CPP_start",
        "plans_started_neglect_count": "Neglect_Initial",
        "plans_started_physical_count": "Physical_Initial",
        "plans_started_sexual_count": "Sexual_Initial",
        "plans_started_emotional_count": "Emotional_Initial",
        "plans_started_multiple_count": "Multiple_Initial",
    },
    "plans_open_by_category": {  # D4: the latest category
        "plans_open_count": "CPP_At31",
        "plans_open_neglect_count": "Neglect_Latest",
        "plans_open_physical_count": "Physical_Latest",
        "plans_open_sexual_count": "Sexual_Latest",
        "plans_open_emotional_count": "Emotional_Latest",
        "plans_open_multiple_count": "Multiple_Latest",
    },
    "plans_ended_by_duration": {
        "plans_ended_count": "CPP_End",
        "plans_ended_0_3_months_count": "3_months_or_less",
        "plans_ended_3_6_months_count": "more_than_3_months_6_months",
        "plans_ended_6_12_months_count": "more_than_6_months_less_than_1_year",
        "plans_ended_12_24_months_count": "1_year_less_than_2_years",
        "plans_ended_24_plus_months_count": "2_years_or_more",
    },
    "plans_open_by_duration": {
        "plans_open_count": "CPP_At31",
        "plans_open_0_3_months_count": "3_months_or_less",
        "plans_open_3_6_months_count": "more_than_3_months_6_months",
        "plans_open_6_12_months_count": "more_than_6_months_less_than_1_year",
        "plans_open_12_24_months_count": "1_2_years",
        "plans_open_24_plus_months_count": "2_years+",
    },
    "early_ends": {
        "early_ends_0_3_months_count": "3_months_or_less",
        "early_ends_0_3_months_transfer_count": "3_months_or_less_transfer",
    },
    "plans": {
        "plans_started_count": "CPP_start",
        "plans_ended_count": "CPP_end",
        "plans_open_count": "CPP_At31",
        "plans_started_rate_10k": "CPP_start_rate",
        "plans_ended_rate_10k": "CPP_end_rate",
        "plans_open_rate_10k": "CPP_At31_rate",
    },
    "referrals": {
        "referrals_received_count": "referral_count",
        "re_referrals_count": "rereferral_count",
        "no_further_action_count": "no_further_action_count",
        "not_in_need_count": "not_in_need_count",
    },
    "enquiries_and_conferences": {
        "enquiries_started_count": "Section47",
        "conferences_held_count": "ICPC",
        "enquiries_started_rate_10k": "Section47_rate",
        "conferences_held_rate_10k": "ICPC_rate",
    },
    "children_in_need": {
        "children_in_need_count": "At31_episodes",
        "children_in_need_started_count": "Started_episodes",
        "children_in_need_ended_count": "Ended_episodes",
    },
}


def cell(intake, code, year, measure):
    rows = intake.rows
    return rows.loc[(rows["area_code"] == code) & (rows["year"] == str(year)), measure].item()


def edited(path, old, new, count=1):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, count), encoding="utf-8")
    return path


def refused(path, *words, edition=None):
    with pytest.raises(DataError) as caught:
        sources.read_file(path, edition)
    message = str(caught.value)
    assert all(word in message for word in words), message
    assert "\n" not in message
    return message


# Recognition by header


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        ("d1", "plans"),
        ("d3", "repeat_plans"),
        ("d5", "plans_open_by_duration"),
        ("d5 of 2020", "plans_open_by_duration"),
        ("c1", "referrals"),
        ("c1 of 2025", "referrals"),
        ("c4", "enquiries_and_conferences"),
        ("population", "population"),
    ],
)
def test_a_file_is_recognised_by_its_header_whatever_it_is_called(official, kind, table):
    intake = sources.read_file(official(kind, name="holiday photos.csv"))
    assert (intake.source, intake.edition, intake.table) == ("children_in_need", "2024", table)
    assert len(intake.rows) == 15  # three years of England, a region and three authorities


@pytest.mark.parametrize("newest", [False, True])
@pytest.mark.parametrize("table", OFFICIAL_TABLES, ids=lambda table: table.name)
def test_every_official_table_is_recognised_by_its_oldest_and_by_its_newest_column_names(
    csv_file, table, newest
):
    columns = {names[-1 if newest else 0]: "5" for names in table.columns.values()}
    keys = {
        "time_period": "2024",
        "geographic_level": "Local authority",
        "country_code": "E92000001",
        "region_code": "E12000008",
        "region_name": "South East",
        "old_la_code": "981",
        "new_la_code": "E10000981",
        "la_name": "Testshire",
    }
    assert set(keys) == set(OFFICIAL_KEYS.values())
    path = csv_file("some.csv", [*keys, *columns], [[*keys.values(), *columns.values()]])
    intake = sources.read_file(path)
    assert intake.table == table.name
    assert intake.rows[list(table.columns)].eq("5").all(axis=None)


@pytest.mark.parametrize(("table", "column_of"), COLUMN_OF.items(), ids=list(COLUMN_OF))
def test_each_measure_is_taken_from_its_own_column_of_the_publisher(csv_file, table, column_of):
    decoys = [
        f"{kind}_{which}"
        for kind in ("Neglect", "Physical", "Sexual", "Emotional", "Multiple")
        for which in ("Initial", "Latest")
        if table.endswith("by_category")
    ]
    numbers = {
        column: str(number)
        for number, column in enumerate([*column_of.values(), *decoys], start=11)
    }
    intake = sources.read_file(
        csv_file("some.csv", [*ONE_ROW, *numbers], [[*ONE_ROW.values(), *numbers.values()]])
    )
    assert intake.table == table
    taken = intake.rows.drop(columns=sources.KEYS).iloc[0].to_dict()
    assert taken == {measure: numbers[column] for measure, column in column_of.items()}


@pytest.mark.parametrize("table", TABULATED_TABLES, ids=lambda table: table.name)
def test_every_tabulated_table_is_recognised_by_its_indicators(wide_csv, table):
    columns = [names[0] for names in table.columns.values()]
    intake = sources.read_file(wide_csv(columns, ["2024", *TESTSHIRE, *["5"] * len(columns)]))
    assert (intake.source, intake.table) == (table.source, table.name)


def test_the_bands_of_2020_and_of_today_are_the_same_measures(official):
    then, now = sources.read_file(official("d5 of 2020")), sources.read_file(official("d5"))
    pd.testing.assert_frame_equal(then.rows, now.rows)
    assert "plans_open_24_plus_months_count" in now.rows


def test_referrals_of_2024_and_of_2025_differ_only_by_the_rate_that_was_dropped(official):
    then, now = sources.read_file(official("c1")), sources.read_file(official("c1 of 2025"))
    pd.testing.assert_frame_equal(then.rows.drop(columns="referrals_received_rate_10k"), now.rows)


def test_the_order_of_the_columns_does_not_matter(csv_file, official):
    path = official("d1")
    straight = sources.read_file(path)
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    turned = csv_file("turned.csv", rows[0][::-1], [row[::-1] for row in rows[1:]])
    pd.testing.assert_frame_equal(
        sources.read_file(turned).rows[list(straight.rows.columns)], straight.rows
    )


def test_the_order_of_the_rows_does_not_matter(csv_file, official):
    path = official("d1")
    straight = sources.read_file(path)
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    turned = csv_file("turned.csv", header, rows[::-1])
    pd.testing.assert_frame_equal(sources.read_file(turned).rows, straight.rows)


def test_an_unseen_layout_is_refused_naming_the_nearest_table_and_the_columns_it_lacks(official):
    path = edited(official("d1"), "CPP_At31,", "CPP_on_31_March,")
    message = refused(path, "d1.csv", "D1 Child protection plans", "CPP_At31", "mappings.py")
    assert "CPP_start" not in message


def test_a_layout_that_lacks_a_renamed_column_is_told_both_names_it_has_had(official):
    refused(edited(official("c1"), ",Referrals,", ",Received,"), "Referrals or referral_count")


@pytest.mark.parametrize("key", sorted(OFFICIAL_KEYS.values()))
def test_an_official_file_without_a_key_column_is_refused(official, key):
    refused(
        edited(official("d1"), key, "another"),
        "another" if key in ("time_period", "geographic_level") else key,
    )


def test_a_file_of_no_known_kind_is_refused_with_what_was_found_and_expected(csv_file):
    path = csv_file("shopping.csv", ["item", "price"], [["tea", "2"]])
    refused(path, "shopping.csv", "item, price", "Children in need", "monthly template")


def test_the_documented_csv_without_a_known_indicator_is_refused(wide_csv):
    refused(wide_csv(["tea_price"], ["2024", *TESTSHIRE, "2"]), "tea_price", "indicators")


# Areas, years and symbols as kept


def test_england_and_its_regions_get_their_own_codes_and_names(official):
    rows = sources.read_file(official("d1")).rows
    assert set(rows.loc[rows["level"] == "england", "area_code"]) == {"E92000001"}
    assert set(rows.loc[rows["level"] == "england", "name"]) == {"England"}
    assert set(rows.loc[rows["level"] == "region", "area_code"]) == {"E12000008"}
    assert set(rows.loc[rows["level"] == "region", "name"]) == {"South East"}
    assert set(rows.loc[rows["level"] == "authority", "area_code"]) == {"981", "982", "983"}
    assert set(rows.loc[rows["level"] == "authority", "region_code"]) == {"E12000008"}


def test_symbols_and_numbers_are_kept_as_text(official):
    intake = sources.read_file(
        official(
            "d1",
            {
                ("981", 2024, "CPP_At31"): "c",
                ("982", 2024, "CPP_At31"): "1,234",
                ("983", 2024, "CPP_At31"): "u",
            },
        )
    )
    assert cell(intake, "981", 2024, "plans_open_count") == "c"
    assert cell(intake, "982", 2024, "plans_open_count") == "1,234"
    assert cell(intake, "983", 2024, "plans_open_count") == "u"
    assert cell(intake, "981", 2023, "plans_open_count") == "430"


def test_a_mid_year_population_belongs_to_the_year_that_ends_the_next_march(official):
    path = official("population")
    assert "\n2023,Reporting year,Local authority" in path.read_text(encoding="utf-8").replace(
        "\r", ""
    )
    intake = sources.read_file(path)
    assert set(intake.rows["year"]) == {"2022", "2023", "2024"}
    assert cell(intake, "981", 2024, "children_0_17_count") == "142000"
    assert intake.edition == "2024"


def test_the_edition_is_the_last_year_in_the_file_unless_one_is_given(official):
    assert sources.read_file(official("d1", years=(2022, 2023))).edition == "2023"
    assert sources.read_file(official("d1", years=(2024, 2022))).edition == "2024"
    assert sources.read_file(official("d1"), "2024-2").edition == "2024-2"


@pytest.mark.parametrize(
    "edition", ["newest", "24", "2024-", "2024-123", "../2024", "2024/2", "2024 ", "2024\n"]
)
def test_an_edition_that_is_not_a_year_is_refused(official, edition):
    refused(official("d1"), "edition", "2025", edition=edition)


# Files that are wrong


def test_a_repeated_row_is_refused_with_its_area_and_year(official):
    path = official("d1")
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[3]]), encoding="utf-8")
    refused(path, "d1.csv", "Testshire", "2022", "more than one row")


def test_a_repeated_column_is_refused_with_its_name(official):
    refused(
        edited(official("d1"), "CPP_child_start,", "CPP_start,"), "two columns called 'CPP_start'"
    )


def test_a_row_that_is_too_short_is_refused_with_its_line(official):
    path = official("d1")
    path.write_text(
        path.read_text(encoding="utf-8").rstrip().rpartition(",")[0], encoding="utf-8"
    )  # cut short
    refused(path, "line 16", "24 cells", "25")


def test_a_footnote_under_the_figures_is_refused_with_its_line(official):
    path = official("d1")
    path.write_text(
        path.read_text(encoding="utf-8") + "Source: an invented return\n", encoding="utf-8"
    )
    refused(path, "line 17", "1 cells", "footnotes")


def test_a_row_that_is_too_long_is_refused(official):
    path = official("d1")
    path.write_text(path.read_text(encoding="utf-8").rstrip() + ",5\n", encoding="utf-8")
    refused(path, "line 16", "26 cells")


def test_a_quote_that_is_never_closed_is_refused(official):
    refused(edited(official("d1"), "Mockham", '"Mockham'), "cannot be read as CSV")


def test_blank_lines_are_passed_over(official):
    path = official("d1")
    whole = sources.read_file(path).rows
    path.write_text(path.read_text(encoding="utf-8").replace("\n", "\n\n"), encoding="utf-8")
    pd.testing.assert_frame_equal(sources.read_file(path).rows, whole)


def test_windows_text_is_refused_with_the_way_to_save_it(official):
    path = edited(official("d1"), "Mockham", "Möckham")
    path.write_bytes(path.read_text(encoding="utf-8").encode("cp1252"))
    refused(path, "d1.csv is not UTF-8", "CSV UTF-8")


def test_two_byte_characters_with_their_mark_are_read_as_windows_powershell_writes_them(official):
    path = edited(official("d1"), "Mockham", "Möckham")
    before = sources.read_file(path).rows
    path.write_bytes(path.read_text(encoding="utf-8").encode("utf-16"))
    assert sources.read_file(path).rows.equals(before)


def test_two_byte_characters_without_their_mark_are_refused(official):
    path = edited(official("d1"), "Mockham", "Möckham")
    path.write_bytes(path.read_text(encoding="utf-8").encode("utf-16-be"))
    refused(path)


def test_accents_in_utf_8_are_kept(official):
    intake = sources.read_file(edited(official("d1"), "Mockham", "Möckham", count=-1))
    assert "Möckham" in set(intake.rows["name"])


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_and_either_line_end_change_nothing(official, line_end, mark):
    path = official("d1")
    plain = sources.read_file(path).rows
    path.write_bytes(
        mark + line_end.join(path.read_text(encoding="utf-8").splitlines()).encode("utf-8")
    )
    pd.testing.assert_frame_equal(sources.read_file(path).rows, plain)


def test_a_year_that_has_not_happened_is_refused(official):
    year = datetime.date.today().year + 1
    refused(official("d1", years=(2024, year)), str(year), "not happened yet")


@pytest.mark.parametrize("year", ["202324", "24", "2023/24", "March 2024", "1824", ""])
def test_a_year_that_is_not_four_digits_is_refused_with_its_row(official, year):
    refused(edited(official("d1"), "\n2024,", f"\n{year},"), f"{year!r}", "row 12", "four digits")


@pytest.mark.parametrize("share", ["100.1", "250"])
def test_a_percentage_over_100_is_refused_with_its_area_and_year(official, share):
    path = official("d3", {("982", 2023, "CPP_subsequent_percent"): share})
    refused(path, "Mockham", "2023", share, "at most 100")


def test_a_percentage_of_100_is_taken(official):
    intake = sources.read_file(official("d3", {("982", 2023, "CPP_subsequent_percent"): "100"}))
    assert cell(intake, "982", 2023, "repeat_plans_percent") == "100"


def test_a_percentage_over_100_is_refused_in_the_documented_csv_too(wide_csv):
    refused(
        wide_csv(["sw_agency_rate_pct"], ["2024", *TESTSHIRE, "101"]), "Testshire", "at most 100"
    )


@pytest.mark.parametrize("text", ["-3", "n/a", "..", "1.5.2", "5%"])
def test_a_cell_that_is_neither_number_nor_symbol_is_refused_with_its_column_area_and_year(
    official, text
):
    path = official("d1", {("983", 2022, "CPP_end"): text})
    refused(path, "d1.csv", "plans_ended_count", "Sampleton", "2022", f"{text!r}")


def test_an_empty_cell_of_an_official_file_is_taken_as_not_supplied(official):
    intake = sources.read_file(official("d1", {("983", 2022, "CPP_end"): ""}))
    assert cell(intake, "983", 2022, "plans_ended_count") == ""


@pytest.mark.parametrize("text", ["", "\ufeff", "\n\n", "time_period,geographic_level\n"])
def test_a_file_without_rows_is_refused(tmp_path, text):
    path = tmp_path / "empty.csv"
    path.write_text(text, encoding="utf-8")
    refused(path, "empty.csv", "no rows of figures")


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    refused(tmp_path / "nowhere.csv", "no file", "nowhere.csv")
    refused(tmp_path, "no file")


@pytest.mark.parametrize("code", ["", "98", "9811", "98a", "E10000981", "../"])
def test_an_authority_without_a_three_digit_code_is_refused(official, code):
    refused(edited(official("d1"), ",981,", f",{code},"), "Testshire", "three digits")


@pytest.mark.parametrize("level", ["Ward", "", "LOCAL AUTHORITY"])
def test_a_geographic_level_that_is_not_known_is_refused(official, level):
    refused(edited(official("d1"), ",Local authority,", f",{level},"), repr(level), "Regional")


def test_a_geography_level_that_is_not_known_is_refused_in_the_documented_csv(wide_csv):
    refused(
        wide_csv(RATES, ["2024", "ward", "E10000981", "981", "Testshire", "1", "2"]),
        "'ward'",
        "england",
    )


# The documented CSV, wide and long


def test_the_long_csv_gives_what_the_wide_one_gives(wide_csv, csv_file):
    wide_rows = [
        ["2023", *TESTSHIRE, "38.1", "140.2"],
        ["2024", *TESTSHIRE, "c", "141.3"],
        ["2024", *MOCKHAM, "1,040.5", "x"],
        ["2024", "england", "E92000001", "", "England", "41.4", "186.2"],
    ]
    long_rows = [
        [*row[:5], indicator, value]
        for row in wide_rows
        for indicator, value in zip(RATES, row[5:], strict=True)
    ]
    from_wide = sources.read_file(wide_csv(RATES, *wide_rows))
    from_long = sources.read_file(csv_file("long.csv", LONG, long_rows[::-1]))
    pd.testing.assert_frame_equal(from_long.rows[list(from_wide.rows.columns)], from_wide.rows)
    assert (from_long.source, from_long.edition, from_long.table) == (
        "child_protection_rates",
        "2024",
        "rates",
    )
    assert cell(from_long, "981", 2024, "plans_open_rate_10k") == "c"


def test_a_long_csv_with_gaps_gives_empty_text_there(csv_file):
    path = csv_file(
        "long.csv", LONG, [["2024", *TESTSHIRE, RATES[0], "5"], ["2024", *MOCKHAM, RATES[1], "7"]]
    )
    intake = sources.read_file(path)
    assert cell(intake, "981", 2024, "enquiries_started_rate_10k") == ""
    assert cell(intake, "982", 2024, "enquiries_started_rate_10k") == "7"


def test_a_long_csv_that_gives_one_figure_twice_is_refused(csv_file):
    path = csv_file(
        "long.csv", LONG, [["2024", *TESTSHIRE, RATES[0], "5"], ["2024", *TESTSHIRE, RATES[0], "5"]]
    )
    refused(path, "cpp_at_31_march_rate", "Testshire", "2024", "twice")


def test_columns_this_project_does_not_keep_are_left_out(wide_csv):
    intake = sources.read_file(wide_csv([*RATES, "tea_price"], ["2024", *TESTSHIRE, "1", "2", "3"]))
    assert "tea_price" not in intake.rows


def test_two_rows_of_an_authority_that_complete_each_other_become_one(wide_csv):
    intake = sources.read_file(
        wide_csv(
            RATES,
            ["2024", *TESTSHIRE, "5", ""],
            ["2024", "la", "E06000981", "981", "Testshire", "", "7"],
        )
    )
    assert len(intake.rows) == 1
    assert cell(intake, "981", 2024, "plans_open_rate_10k") == "5"
    assert cell(intake, "981", 2024, "enquiries_started_rate_10k") == "7"
    assert intake.rows["ons_code"].item() == "E06000981"


@pytest.mark.parametrize("other", ["6", "c"])
def test_two_rows_of_an_authority_that_conflict_are_refused(wide_csv, other):
    refused(
        wide_csv(RATES, ["2024", *TESTSHIRE, "5", "7"], ["2024", *TESTSHIRE, other, ""]),
        "Testshire",
        "2024",
        f"5 and as {other}",
        "per 10,000",
    )


def test_rows_with_nothing_in_them_are_left_out(wide_csv):
    intake = sources.read_file(
        wide_csv(RATES, ["2024", *TESTSHIRE, "5", "7"], ["2023", *TESTSHIRE, "", ""])
    )
    assert list(intake.rows["year"]) == ["2024"]


def test_a_row_under_a_withdrawn_ons_code_alone_goes_to_its_authority(wide_csv):
    intake = sources.read_file(
        wide_csv(RATES, ["2013", "la", "E08000020", "", "Gateshead", "5", "7"])
    )
    assert intake.rows["area_code"].item() == "390"


def test_a_row_that_two_authorities_return_together_belongs_to_neither(wide_csv):
    intake = sources.read_file(
        wide_csv(["sw_fte"], ["2024", "la", "", "981 / 982", "Testshire and Mockham", "5"])
    )
    assert intake.rows["level"].item() == "joint"


def test_the_isle_of_wight_is_not_england_though_their_codes_were_once_mixed_up(wide_csv):
    intake = sources.read_file(
        wide_csv(
            RATES,
            ["2013", "la", "E06000046", "921", "Isle of Wight", "5", "7"],
            ["2013", "england", "E92000001", "921", "England", "8", "9"],
        )
    )
    assert cell(intake, "921", 2013, "plans_open_rate_10k") == "5"
    assert cell(intake, "E92000001", 2013, "plans_open_rate_10k") == "8"


def test_neighbours_districts_and_the_list_of_releases_are_recognised(csv_file):
    neighbours = csv_file(
        "n.csv",
        [
            "model",
            "old_la_code",
            "la_name",
            "rank",
            "neighbour_old_la_code",
            "neighbour_name",
            "closeness",
        ],
        [["May 2025", "981", "Testshire", "1", "982", "Mockham", "Close"]],
    )
    districts = csv_file(
        "d.csv",
        ["year", "district_code", "name", "indicator", "value", "source"],
        [["2021", "E07000981", "Testham", "children", "5", "invented"]],
    )
    releases = csv_file(
        "r.csv",
        ["file", "indicator", "release", "first_year", "last_year", "values"],
        [
            ["x.csv", "sw_fte", "An  invented\nrelease", "2016", "2024", "9"],
            ["x.csv", "not_ours", "Another", "2016", "2025", "9"],
        ],
    )
    assert [
        (i.source, i.edition, i.table)
        for i in map(sources.read_file, (neighbours, districts, releases))
    ] == [
        ("statistical_neighbours", "2025", "statistical_neighbours"),
        ("oxfordshire_districts", "2021", "districts"),
        ("provenance", "2024", "releases"),
    ]
    kept = sources.read_file(releases).rows
    assert kept[["source", "measure", "release"]].values.tolist() == [
        ["workforce", "social_workers_fte", "An invented release"]
    ]


# The monthly template


def test_the_monthly_template_is_taken_in_the_order_of_its_months(monthly_csv):
    intake = sources.read_file(
        monthly_csv(["2025-05", 532, 40, 41, 180, 60, 430], ["2025-04", 533, 45, "", "", 62, 0])
    )
    assert (intake.source, intake.table) == ("local", "monthly")
    assert list(intake.rows["month"]) == ["2025-04", "2025-05"]
    assert list(intake.rows["plans_ended"]) == ["", "41"]  # nothing is not zero
    assert list(intake.rows["referrals_received"]) == ["0", "430"]


@pytest.mark.parametrize(
    "month",
    [
        "2025-13",
        "2025-00",
        "2025-4",
        "04/2025",
        "April 2025",
        "2025-04-01",
        "1999-04",
        "202504",
        "",
    ],
)
def test_a_month_in_another_form_is_refused_with_its_row(monthly_csv, month):
    refused(
        monthly_csv(["2025-03", 1, 2, 3, 4, 5, 6], [month, 1, 2, 3, 4, 5, 6]),
        "row 3",
        f"{month!r}",
        "2025-04",
    )


def test_a_month_given_twice_is_refused(monthly_csv):
    refused(
        monthly_csv(["2025-04", 1, 2, 3, 4, 5, 6], ["2025-04", 1, 2, 3, 4, 5, 6]),
        "2025-04",
        "twice",
    )


@pytest.mark.parametrize("count", ["-3", "3.5", "1,234", "c", "=1+1", "about 5"])
def test_a_monthly_count_that_is_not_a_whole_number_is_refused(monthly_csv, count):
    refused(
        monthly_csv(["2025-04", 1, 2, 3, count, 5, 6]), "2025-04", "enquiries_started", f"{count!r}"
    )


def test_a_month_that_has_not_happened_is_refused(monthly_csv):
    refused(
        monthly_csv([f"{datetime.date.today().year + 1}-04", 1, 2, 3, 4, 5, 6]), "not happened yet"
    )
