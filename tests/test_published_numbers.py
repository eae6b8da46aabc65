"""Published numbers typed by hand from the publishers' files, and raw text read again without the
library.
"""

import csv
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd
import pytest

OXFORDSHIRE, ROTHERHAM, LEEDS, ENGLAND, YORKSHIRE = "931", "372", "383", "E92000001", "E12000003"
OPEN, STARTED, ENDED = "plans_open_count", "plans_started_count", "plans_ended_count"
CIN = "children_in_need"
# (source, edition, table, area, year, measure, number as printed), three or more from each file.
PUBLISHED = [
    # children_in_need_2010_2012.csv
    (CIN, "2012", "three_releases_2010_to_2012", OXFORDSHIRE, 2010, OPEN, 266),
    (CIN, "2012", "three_releases_2010_to_2012", OXFORDSHIRE, 2010, STARTED, 325),
    (
        CIN,
        "2012",
        "three_releases_2010_to_2012",
        OXFORDSHIRE,
        2010,
        "plans_ended_24_plus_months_count",
        27,
    ),
    (CIN, "2012", "three_releases_2010_to_2012", LEEDS, 2011, "referrals_received_count", 12945),
    (CIN, "2012", "three_releases_2010_to_2012", ROTHERHAM, 2012, "enquiries_started_count", 863),
    (CIN, "2012", "three_releases_2010_to_2012", ROTHERHAM, 2012, "plans_open_neglect_count", 258),
    (
        CIN,
        "2012",
        "three_releases_2010_to_2012",
        ROTHERHAM,
        2012,
        "plans_started_neglect_count",
        259,
    ),
    (CIN, "2012", "three_releases_2010_to_2012", ENGLAND, 2012, OPEN, 42900),
    # b1_children_in_need_2013_to_2024.csv
    (CIN, "2024", "children_in_need", OXFORDSHIRE, 2014, "children_in_need_count", 3504),
    (CIN, "2024", "children_in_need", ROTHERHAM, 2018, "children_in_need_started_count", 2779),
    (CIN, "2024", "children_in_need", ENGLAND, 2013, "children_in_need_ended_count", 348930),
    # b3_cin_primary_need_2013_to_2024.csv
    (CIN, "2024", "primary_need", OXFORDSHIRE, 2014, "need_abuse_or_neglect_count", 1527),
    (CIN, "2024", "primary_need", ROTHERHAM, 2018, "need_abuse_or_neglect_count", 2738),
    (CIN, "2024", "primary_need", LEEDS, 2024, "need_abuse_or_neglect_count", 3971),
    # c1_children_in_need_referrals_and_rereferrals_2013_to_2024.csv
    (CIN, "2024", "referrals", OXFORDSHIRE, 2014, "referrals_received_count", 5905),
    (CIN, "2024", "referrals", OXFORDSHIRE, 2014, "no_further_action_count", 2269),
    (CIN, "2024", "referrals", ROTHERHAM, 2018, "not_in_need_count", 1655),
    (CIN, "2024", "referrals", LEEDS, 2024, "re_referrals_count", 2399),
    (CIN, "2024", "referrals", ENGLAND, 2013, "referrals_received_rate_10k", 520.4),
    # c3_factors_identified_at_end_of_assessment_2018_to_2024.csv
    (CIN, "2024", "assessment_factors", ROTHERHAM, 2018, "assessments_with_factors_count", 3420),
    (
        CIN,
        "2024",
        "assessment_factors",
        OXFORDSHIRE,
        2023,
        "factor_domestic_abuse_parent_count",
        834,
    ),
    (CIN, "2024", "assessment_factors", LEEDS, 2024, "factor_neglect_count", 1599),
    # c4_children_in_need_section_47s_and_icpcs_2013_to_2024.csv
    (CIN, "2024", "enquiries_and_conferences", OXFORDSHIRE, 2014, "enquiries_started_count", 1582),
    (CIN, "2024", "enquiries_and_conferences", OXFORDSHIRE, 2014, "conferences_held_count", 617),
    (CIN, "2024", "enquiries_and_conferences", ROTHERHAM, 2018, "conferences_held_rate_10k", 169.6),
    (CIN, "2024", "enquiries_and_conferences", ENGLAND, 2013, "enquiries_started_count", 127190),
    # c5_children_in_need_referrals_by_source_2014_to_2024.csv
    (CIN, "2024", "referral_sources", OXFORDSHIRE, 2014, "referrals_from_police_count", 1873),
    (
        CIN,
        "2024",
        "referral_sources",
        ROTHERHAM,
        2018,
        "referrals_from_council_services_count",
        1243,
    ),
    (CIN, "2024", "referral_sources", LEEDS, 2024, "referrals_from_schools_count", 2976),
    # c6_children_in_need_referrals_by_month_2013_to_2024.csv
    (CIN, "2024", "referrals_by_month", OXFORDSHIRE, 2014, "referrals_in_april_count", 478),
    (CIN, "2024", "referrals_by_month", ROTHERHAM, 2018, "referrals_in_december_count", 388),
    (CIN, "2024", "referrals_by_month", LEEDS, 2024, "referrals_in_march_count", 865),
    # d1_child_protection_plans_2013_to_2024.csv
    (CIN, "2024", "plans", OXFORDSHIRE, 2014, STARTED, 579),
    (CIN, "2024", "plans", OXFORDSHIRE, 2014, ENDED, 503),
    (CIN, "2024", "plans", ROTHERHAM, 2018, "plans_open_rate_10k", 114.8),
    (CIN, "2024", "plans", "938", 2013, OPEN, 424),
    # d2_cpps_starting_by_category_of_abuse_2013_to_2024.csv: the initial category, not the latest
    (
        CIN,
        "2024",
        "plans_started_by_category",
        OXFORDSHIRE,
        2014,
        "plans_started_neglect_count",
        225,
    ),
    (
        CIN,
        "2024",
        "plans_started_by_category",
        ROTHERHAM,
        2018,
        "plans_started_multiple_count",
        401,
    ),
    (CIN, "2024", "plans_started_by_category", LEEDS, 2024, "plans_started_emotional_count", 405),
    # d3_cpps_subsequent_plan_2013_to_2024.csv
    (CIN, "2024", "repeat_plans", OXFORDSHIRE, 2014, "repeat_plans_count", 125),
    (CIN, "2024", "repeat_plans", ROTHERHAM, 2018, "repeat_plans_count", 204),
    (CIN, "2024", "repeat_plans", YORKSHIRE, 2022, "repeat_plans_percent", 28),
    # d4_cpps_at31march_by_category_of_abuse_2013_to_2024.csv: the latest category, not the initial
    (CIN, "2024", "plans_open_by_category", OXFORDSHIRE, 2014, "plans_open_neglect_count", 235),
    (CIN, "2024", "plans_open_by_category", ROTHERHAM, 2018, "plans_open_multiple_count", 304),
    (CIN, "2024", "plans_open_by_category", LEEDS, 2024, "plans_open_emotional_count", 341),
    # d5_cpps_at31march_by_duration_2013_to_2024.csv
    (
        CIN,
        "2024",
        "plans_open_by_duration",
        OXFORDSHIRE,
        2014,
        "plans_open_24_plus_months_count",
        34,
    ),
    (CIN, "2024", "plans_open_by_duration", ROTHERHAM, 2018, "plans_open_6_12_months_count", 164),
    (CIN, "2024", "plans_open_by_duration", LEEDS, 2024, "plans_open_3_6_months_count", 153),
    # d7_cpps_ending_by_duration_2013_to_2024.csv
    (
        CIN,
        "2024",
        "plans_ended_by_duration",
        OXFORDSHIRE,
        2013,
        "plans_ended_24_plus_months_count",
        24,
    ),
    (CIN, "2024", "plans_ended_by_duration", OXFORDSHIRE, 2013, ENDED, 380),
    (
        CIN,
        "2024",
        "plans_ended_by_duration",
        OXFORDSHIRE,
        2014,
        "plans_ended_24_plus_months_count",
        47,
    ),
    (
        CIN,
        "2024",
        "plans_ended_by_duration",
        ROTHERHAM,
        2018,
        "plans_ended_12_24_months_count",
        112,
    ),
    # d8_cpps_ending_in_first_6months_by_duration_2013_to_2024.csv
    (CIN, "2024", "early_ends", OXFORDSHIRE, 2014, "early_ends_0_3_months_count", 29),
    (CIN, "2024", "early_ends", ROTHERHAM, 2018, "early_ends_0_3_months_transfer_count", 16),
    (CIN, "2024", "early_ends", LEEDS, 2024, "early_ends_0_3_months_count", 165),
    # ons_mid-year_population_estimates_2012_to_2023.csv: mid-2023 is the denominator of 2024
    (CIN, "2024", "population", OXFORDSHIRE, 2024, "children_0_17_count", 152505),
    (CIN, "2024", "population", ROTHERHAM, 2019, "children_0_17_count", 56735),
    (CIN, "2024", "population", ENGLAND, 2014, "children_0_17_count", 11473080),
    # b1_children_in_need_2013_to_2025.csv
    (CIN, "2025", "children_in_need", OXFORDSHIRE, 2025, "children_in_need_count", 3672),
    (CIN, "2025", "children_in_need", OXFORDSHIRE, 2025, "children_in_need_started_count", 2801),
    (CIN, "2025", "children_in_need", LEEDS, 2024, "children_in_need_ended_count", 3249),
    # c1_children_in_need_referrals_and_rereferrals_2013_to_2025.csv
    (CIN, "2025", "referrals", OXFORDSHIRE, 2025, "referrals_received_count", 5047),
    (CIN, "2025", "referrals", OXFORDSHIRE, 2025, "not_in_need_count", 2085),
    (CIN, "2025", "referrals", ROTHERHAM, 2018, "no_further_action_count", 59),
    # c3_factors_identified_at_end_of_assessment_2018_to_2025.csv
    (
        CIN,
        "2025",
        "assessment_factors",
        OXFORDSHIRE,
        2025,
        "factor_mental_health_parent_count",
        1290,
    ),
    (CIN, "2025", "assessment_factors", OXFORDSHIRE, 2025, "factor_alcohol_parent_count", 536),
    (CIN, "2025", "assessment_factors", ROTHERHAM, 2025, "factor_neglect_count", 488),
    # d3_cpps_subsequent_plan_2013_to_2025.csv
    (CIN, "2025", "repeat_plans", OXFORDSHIRE, 2025, STARTED, 563),
    (CIN, "2025", "repeat_plans", OXFORDSHIRE, 2025, "repeat_plans_count", 168),
    (CIN, "2025", "repeat_plans", YORKSHIRE, 2022, "repeat_plans_percent", 23.6),
    # d5_cpps_at31march_by_duration_2013_to_2025.csv
    (CIN, "2025", "plans_open_by_duration", OXFORDSHIRE, 2025, OPEN, 527),
    (CIN, "2025", "plans_open_by_duration", OXFORDSHIRE, 2025, "plans_open_12_24_months_count", 79),
    (CIN, "2025", "plans_open_by_duration", "938", 2013, OPEN, 379),
    # ons_mid-year_population_estimates_2012_to_2024.csv
    (CIN, "2025", "population", ENGLAND, 2025, "children_0_17_count", 12183016),
    (CIN, "2025", "population", "E12000001", 2025, "children_0_17_count", 542710),
    (CIN, "2025", "population", OXFORDSHIRE, 2024, "children_0_17_count", 153988),
    # child_population.csv
    ("child_population", "2025", "population", OXFORDSHIRE, 2012, "children_0_17_count", 138000),
    ("child_population", "2025", "population", ROTHERHAM, 2019, "children_0_16_count", 54251),
    ("child_population", "2025", "population", ENGLAND, 2010, "children_0_17_count", 11012300),
    # child_protection_rates_2013_2025.csv
    ("child_protection_rates", "2025", "rates", OXFORDSHIRE, 2013, "plans_open_rate_10k", 30.9),
    ("child_protection_rates", "2025", "rates", OXFORDSHIRE, 2018, "plans_open_rate_10k", 48.1),
    ("child_protection_rates", "2025", "rates", ENGLAND, 2013, "plans_open_rate_10k", 37.8),
    (
        "child_protection_rates",
        "2025",
        "rates",
        ROTHERHAM,
        2019,
        "enquiries_started_rate_10k",
        382.1,
    ),
    (
        "child_protection_rates",
        "2025",
        "rates",
        OXFORDSHIRE,
        2025,
        "conferences_held_rate_10k",
        43.3,
    ),
    # children_looked_after_2006_2025.csv
    (
        "children_looked_after",
        "2025",
        "children_looked_after",
        OXFORDSHIRE,
        2013,
        "looked_after_count",
        416,
    ),
    (
        "children_looked_after",
        "2025",
        "children_looked_after",
        OXFORDSHIRE,
        2006,
        "looked_after_started_count",
        205,
    ),
    (
        "children_looked_after",
        "2025",
        "children_looked_after",
        OXFORDSHIRE,
        2014,
        "looked_after_age_under_1_count",
        32,
    ),
    (
        "children_looked_after",
        "2025",
        "children_looked_after",
        LEEDS,
        2024,
        "looked_after_count",
        1546,
    ),
    (
        "children_looked_after",
        "2025",
        "children_looked_after",
        ENGLAND,
        2024,
        "looked_after_unaccompanied_count",
        7440,
    ),
    # deprivation_and_poverty.csv
    ("poverty", "2025", "poverty", OXFORDSHIRE, 2015, "low_income_children_count", 13344),
    ("poverty", "2025", "poverty", OXFORDSHIRE, 2019, "idaci_average_score", 0.101),
    ("poverty", "2025", "poverty", ROTHERHAM, 2019, "imd_rank", 35),
    ("poverty", "2025", "poverty", ROTHERHAM, 2024, "free_school_meals_primary_percent", 26.6),
    # workforce_2016_2025.csv
    ("workforce", "2025", "workforce", OXFORDSHIRE, 2016, "caseload_average", 23.3),
    ("workforce", "2025", "workforce", OXFORDSHIRE, 2025, "agency_percent", 20.3),
    ("workforce", "2025", "workforce", LEEDS, 2024, "social_workers_fte", 640.6),
    ("workforce", "2025", "workforce", ENGLAND, 2019, "turnover_percent", 15),
    # spend.csv
    ("spend", "2025", "spend", OXFORDSHIRE, 2025, "spend_looked_after_gbp", 107370972),
    ("spend", "2025", "spend", ROTHERHAM, 2024, "spend_safeguarding_gbp", 21795626),
    ("spend", "2025", "spend", ENGLAND, 2024, "spend_children_services_gbp", 14825549520),
]
# (edition, table, area, year, measure, status, the symbol that is printed)
WITHOUT_A_NUMBER = [
    (
        "2012",
        "three_releases_2010_to_2012",
        "921",
        2011,
        OPEN,
        "not_available",
        "x",
    ),  # Isle of Wight
    (
        "2024",
        "plans_open_by_duration",
        ROTHERHAM,
        2018,
        "plans_open_24_plus_months_count",
        "suppressed",
        "c",
    ),
    (
        "2024",
        "early_ends",
        OXFORDSHIRE,
        2014,
        "early_ends_0_3_months_transfer_count",
        "suppressed",
        "c",
    ),
    ("2024", "plans", "850", 2024, OPEN, "not_available", "u"),  # Hampshire
    ("2025", "plans_open_by_duration", "850", 2024, OPEN, "not_available", "u"),
    (
        "2025",
        "children_in_need",
        "884",
        2024,
        "children_in_need_started_count",
        "not_available",
        "u",
    ),  # Herefordshire
]
OXFORDSHIRE_OPEN = {
    2010: 266,
    2011: 332,
    2012: 364,
    2013: 430,
    2014: 504,
    2015: 569,
    2016: 571,
    2017: 609,
    2018: 687,
    2019: 592,
    2020: 543,
    2021: 451,
    2022: 559,
    2023: 560,
    2024: 532,
    2025: 527,
}
COUNTS = {
    "plans": [OPEN, STARTED, ENDED],
    "referrals": ["referrals_received_count"],
    "enquiries_and_conferences": ["enquiries_started_count", "conferences_held_count"],
}
# West Sussex 2013: the newest edition holds only the total of D5 (379), the 2024 edition D1 as well
# (424).
IN_FORCE_DIFFERS = {("938", "2013", OPEN)}


def decimals(text):
    return round(float(text), 1)


@pytest.fixture(scope="module")
def by_place(tables):
    return tables.figures.set_index(
        ["source", "edition", "table", "area_code", "year", "measure"]
    ).sort_index()


@pytest.fixture(scope="module")
def edition_2024(shipped_dir):
    """The authorities' rows of the 2024 edition by table, read by the csv module alone."""

    def rows(table):
        path = shipped_dir / "raw" / CIN / "2024" / f"{table}.csv"
        with path.open(newline="", encoding="utf-8") as file:
            return [row for row in csv.DictReader(file) if row["level"] == "authority"]

    return {table: rows(table) for table in (*COUNTS, "population")}


# Typed by hand


@pytest.mark.parametrize(
    ("source", "edition", "table", "area", "year", "measure", "number"), PUBLISHED
)
def test_a_published_number_is_held_as_printed(
    by_place, source, edition, table, area, year, measure, number
):
    assert by_place.loc[(source, edition, table, area, year, measure), "value"] == pytest.approx(
        number, rel=1e-12
    )


@pytest.mark.parametrize(
    ("edition", "table", "area", "year", "measure", "status", "symbol"), WITHOUT_A_NUMBER
)
def test_a_figure_printed_as_a_symbol_has_a_status_and_no_number(
    by_place, shipped_dir, edition, table, area, year, measure, status, symbol
):
    row = by_place.loc[(CIN, edition, table, area, year, measure)]
    assert row["status"] == status and pd.isna(row["value"])
    with (shipped_dir / "raw" / CIN / edition / f"{table}.csv").open(
        newline="", encoding="utf-8"
    ) as file:
        printed = [
            r[measure]
            for r in csv.DictReader(file)
            if (r["area_code"], r["year"]) == (area, str(year))
        ]
    assert printed == [symbol]


def test_every_shipped_table_of_figures_has_three_numbers_typed_by_hand(tables):
    typed = pd.DataFrame(PUBLISHED).groupby([0, 1, 2]).size()
    held = (
        tables.figures[["source", "edition", "table"]]
        .drop_duplicates()
        .itertuples(index=False, name=None)
    )
    assert set(typed.index) == set(held)
    assert typed.min() >= 3


def test_neighbours_are_those_published_in_2021_and_2025(tables):
    nearest = tables.neighbours.set_index(["model_year", "area_code", "rank"])["neighbour_code"]
    # statistical_neighbours.csv: Cambridgeshire, Hertfordshire, then Bath in 2021 and
    # Buckinghamshire in 2025
    assert [nearest[2021, OXFORDSHIRE, rank] for rank in (1, 2, 3, 10)] == [
        "873",
        "919",
        "800",
        "938",
    ]
    assert [nearest[2025, OXFORDSHIRE, rank] for rank in (1, 2, 3, 10)] == [
        "873",
        "919",
        "825",
        "803",
    ]
    assert nearest[2021, "201", 1] == "207"
    assert (tables.neighbours.groupby(["model_year", "area_code"]).size() == 10).all()


def test_the_districts_of_oxfordshire_are_those_published(tables):
    value = tables.districts.set_index(["year", "name", "indicator"])["value"]
    assert (
        value["2015", "Cherwell", "children_relative_low_income_bhc"] == "3491"
    )  # oxfordshire_districts.csv
    assert value["2015", "Oxford", "children_relative_low_income_bhc"] == "3649"
    assert value["2025", "West Oxfordshire", "imd_average_score"] == "10.148"
    assert set(tables.districts["name"]) == {
        "Cherwell",
        "Oxford",
        "South Oxfordshire",
        "Vale of White Horse",
        "West Oxfordshire",
    }


def test_the_release_behind_a_tabulated_figure_is_named(tables):
    releases = tables.releases[
        (tables.releases["measure"] == OPEN) & (tables.releases["source"] == CIN)
    ]
    by_year = releases.set_index("first_year")["release"]
    assert (
        "OSR28-2010" in by_year["2010"]
        and "OSR26-2011" in by_year["2011"]
        and "SFR27-2012" in by_year["2012"]
    )
    looked_after = tables.releases[
        (tables.releases["measure"] == "looked_after_count")
        & (tables.releases["first_year"] == "2013")
    ]
    assert "SFR36/2013" in looked_after["release"].item()  # sources.csv


# The facts checked before this project began


def test_oxfordshires_open_plans_are_those_published_for_2010_to_2025(panel):
    assert panel.loc[OXFORDSHIRE, OPEN].dropna().astype(int).to_dict() == OXFORDSHIRE_OPEN


def test_430_569_and_687_children_were_on_plans_in_2013_2015_and_2018(panel):
    assert [panel.loc[(OXFORDSHIRE, year), OPEN] for year in (2013, 2015, 2018)] == [430, 569, 687]


def test_that_was_30_9_and_48_1_per_10_000(panel):
    assert panel.loc[(OXFORDSHIRE, 2013), "plans_open_rate_10k"] == 30.9
    assert panel.loc[(OXFORDSHIRE, 2018), "plans_open_rate_10k"] == 48.1
    rate = panel[OPEN] / panel["children_0_17_count"] * 10_000
    assert decimals(rate[OXFORDSHIRE, 2013]) == 30.9 and decimals(rate[OXFORDSHIRE, 2018]) == 48.1


def test_england_had_37_8_per_10_000_in_2013_as_revised_and_37_9_in_table_d1(panel, by_place):
    assert (
        by_place.loc[
            ("child_protection_rates", "2025", "rates", ENGLAND, 2013, "plans_open_rate_10k"),
            "value",
        ]
        == 37.8
    )
    assert (
        by_place.loc[(CIN, "2024", "plans", ENGLAND, 2013, "plans_open_rate_10k"), "value"] == 37.9
    )
    assert panel.loc[(ENGLAND, 2013), OPEN] == 43140
    assert (
        decimals(
            panel.loc[(ENGLAND, 2013), OPEN]
            / panel.loc[(ENGLAND, 2013), "children_0_17_count"]
            * 1e4
        )
        == 37.8
    )


def test_24_of_380_plans_that_ended_in_2013_and_47_of_503_in_2014_had_lasted_two_years(
    panel, by_place
):
    long, ended = "plans_ended_24_plus_months_count", ENDED
    assert [panel.loc[(OXFORDSHIRE, 2013), m] for m in (long, ended)] == [24, 380]
    assert [panel.loc[(OXFORDSHIRE, 2014), m] for m in (long, ended)] == [47, 503]
    assert (
        decimals(100 * 24 / 380)
        == panel.loc[(OXFORDSHIRE, 2013), "plans_ended_24_plus_percent"]
        == 6.3
    )
    assert (
        decimals(100 * 47 / 503)
        == panel.loc[(OXFORDSHIRE, 2014), "plans_ended_24_plus_percent"]
        == 9.3
    )
    assert (
        decimals(100 * panel.loc[(ENGLAND, 2013), long] / panel.loc[(ENGLAND, 2013), ended]) == 5.2
    )


def test_416_children_were_looked_after_in_2013(panel):
    assert panel.loc[(OXFORDSHIRE, 2013), "looked_after_count"] == 416


def test_england_stood_still_from_2011_to_2013_and_rose_in_2014(panel):
    assert list(panel.loc[ENGLAND, OPEN].loc[2011:2014]) == [42700, 42900, 43140, 48300]


def test_fourteen_authorities_lack_open_plans_in_2010_and_the_rest_add_up_to_33_379(tables, panel):
    authorities = tables.areas.loc[tables.areas["level"] == "authority", "area_code"]
    in_2010 = panel.xs(2010, level="year")[OPEN].reindex(authorities)
    held = tables.figures[
        (tables.figures["year"] == 2010)
        & (tables.figures["measure"] == OPEN)
        & (tables.figures["level"] == "authority")
    ]
    assert held["value"].isna().sum() == 14 and in_2010.sum() == 33379
    assert panel.loc[(ENGLAND, 2010), OPEN] == 39100


def test_oxfordshire_moved_referrals_from_no_further_action_to_not_in_need(panel):
    share = 100 * panel["no_further_action_count"] / panel["referrals_received_count"]
    assert [decimals(share[OXFORDSHIRE, year]) for year in (2013, 2015, 2016)] == [43.1, 29.8, 8.4]


# Read again without the library


def test_counts_in_force_are_those_of_the_2024_edition_for_every_authority_and_year(
    edition_2024, panel
):
    compared, authorities = 0, set()
    for table, measures in COUNTS.items():
        for row in edition_2024[table]:
            for measure in measures:
                if (row["area_code"], row["year"], measure) in IN_FORCE_DIFFERS:
                    continue
                held, printed = (
                    panel.at[(row["area_code"], int(row["year"])), measure],
                    row[measure],
                )
                assert held == int(printed) if printed.isdigit() else pd.isna(held), (
                    row["name"],
                    row["year"],
                    measure,
                )
                compared += printed.isdigit()
                authorities.add(row["area_code"])
    assert len(authorities) == 158 and compared > 10_000


def test_every_year_from_2013_to_2024_is_among_them_for_twelve_authorities_that_never_changed(
    edition_2024,
):
    steady = {"931", "372", "383", "330", "886", "873", "919", "891", "916", "306", "352", "894"}
    for table in COUNTS:
        years = {
            code: {row["year"] for row in edition_2024[table] if row["area_code"] == code}
            for code in steady
        }
        assert all(found == {str(year) for year in range(2013, 2025)} for found in years.values())


def test_published_rates_are_count_over_population_of_the_same_edition_to_the_decimal(
    edition_2024, tables
):
    ours = tables.figures[(tables.figures["source"] == CIN) & (tables.figures["edition"] == "2024")]
    values = ours.set_index(["table", "area_code", "year", "measure"])["value"].to_dict()
    compared = 0
    for table, measures in COUNTS.items():
        for row in edition_2024[table]:
            area, year = row["area_code"], int(row["year"])
            for measure in measures:
                printed = row[measure.replace("_count", "_rate_10k")]
                if not printed[:1].isdigit():
                    continue
                children = Decimal(values["population", area, year, "children_0_17_count"])
                rate = Decimal(values[table, area, year, measure]) * 10_000 / children
                rate = rate.quantize(Decimal("0.1"), ROUND_HALF_UP)
                assert rate == Decimal(printed), (row["name"], year, measure)
                compared += 1
    assert compared > 10_000
