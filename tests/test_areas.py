"""Areas: finding one in any form of its name, reorganisations, and codes that were once mixed
up.
"""

import pandas as pd
import pytest

from oxcare_analysis.intake import areas as areas_module
from oxcare_analysis.words.errors import UsageError

# First and last years (ending 31 March) of authorities' own figures, from the orders that changed
# them.
FIRST_YEAR = {"838": 2020, "839": 2020, "940": 2022, "941": 2022, "942": 2024, "943": 2024}
LAST_YEAR = {"835": 2019, "836": 2019, "837": 2019, "928": 2021, "909": 2023}
OPEN = "plans_open_count"


# Finding


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("Oxfordshire", "931"),
        ("oxfordshire", "931"),
        ("OXFORDSHIRE", "931"),
        ("  Oxfordshire ", "931"),
        ("E10000025", "931"),
        ("e10000025", "931"),
        ("931", "931"),
        (" 931 ", "931"),
        (931, "931"),
        ("Rotherham", "372"),
        ("rotherham", "372"),
        ("E08000018", "372"),
        ("Hackney", "204"),
        ("HACKNEY", "204"),
        ("Bristol", "801"),
        ("bristol", "801"),
        ("Bristol, City of", "801"),
        ("bristol, city of", "801"),
        ("Bristol City of", "801"),
        ("County Durham", "840"),
        ("East Riding", "811"),
        ("East Riding of Yorkshire", "811"),
        ("Kingston upon Hull", "810"),
        ("Kingston-upon-Hull", "810"),
        ("Kingston upon Hull, City of", "810"),
        ("Herefordshire", "884"),
        ("Herefordshire, County of", "884"),
        ("St. Helens", "342"),
        ("St Helens", "342"),
        ("Southend-on-Sea", "882"),
        ("Southend on Sea", "882"),
        ("Southend", "882"),
        ("Stoke-on-Trent", "861"),
        ("Stoke", "861"),
        ("Stockton", "808"),
        ("Newcastle", "391"),
        ("Brighton & Hove", "846"),
        ("Brighton", "846"),
        ("Hammersmith & Fulham", "205"),
        ("Telford", "894"),
        ("Windsor", "868"),
        ("Redcar", "807"),
        ("Blackburn", "889"),
        ("Barking", "301"),
        ("Bath", "800"),
        ("Bournemouth, Christchurch & Poole", "839"),
        ("Bournemouth Christchurch and Poole", "839"),
        ("Westmorland", "943"),
        ("Cheshire West", "896"),
        ("City of London", "201"),
        ("Isle of Wight", "921"),
        ("Buckinghamshire", "825"),
        ("North Yorkshire", "815"),
        ("Somerset", "933"),
    ],
)
def test_an_authority_is_found_by_name_ons_code_or_three_digit_code_in_any_case(
    tables, asked, code
):
    assert areas_module.find(tables.areas, asked)["area_code"] == code


def test_every_authority_is_found_by_each_of_its_own_codes_and_its_published_name(tables):
    authorities = tables.areas[tables.areas["level"] == "authority"]
    for area in authorities.itertuples():
        for asked in (area.area_code, area.ons_code, area.ons_code.lower()):
            assert areas_module.find(tables.areas, asked)["area_code"] == area.area_code
        if area.name != "Dorset":  # the one name that two authorities have had: below
            assert areas_module.find(tables.areas, area.name.upper())["area_code"] == area.area_code


def test_a_name_that_two_authorities_have_had_is_the_one_that_still_exists(tables):
    assert areas_module.find(tables.areas, "Dorset")["area_code"] == "838"
    assert areas_module.find(tables.areas, "E06000059")["area_code"] == "838"
    assert (
        areas_module.find(tables.areas, "835")["area_code"] == "835"
    )  # the former one, by its own code
    assert areas_module.find(tables.areas, "E10000009")["area_code"] == "835"


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [
        ("Oxfordshir", "Oxfordshire"),
        ("Rotheram", "Rotherham"),
        ("Middlesborough", "Middlesbrough"),
        ("roth", "Rotherham"),
        ("Tyneside", "North Tyneside, South Tyneside"),
        ("Kingston", "Kingston upon Thames"),
        ("Gloucestershir", "Gloucestershire"),
        ("Yorkshire", "North Yorkshire"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(tables, asked, nearest):
    with pytest.raises(UsageError) as caught:
        areas_module.find(tables.areas, asked)
    assert repr(asked) in str(caught.value) and nearest in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("Durham", "County Durham"),
        ("Durham County Council", "County Durham"),
        ("Hull", "Kingston upon Hull, City of"),
        ("City of York", "York"),
        ("City of Bristol", "Bristol, City of"),
        ("Bedford Borough", "Bedford"),
        ("Saint Helens", "St. Helens"),
        ("The Wirral", "Wirral"),
        ("BCP", "Bournemouth, Christchurch and Poole"),
        ("Rotherham MBC", "Rotherham"),
        ("London Borough of Camden", "Camden"),
        ("Royal Borough of Greenwich", "Greenwich"),
        ("Oxfordshire County Council", "Oxfordshire"),
        ("City of London", "City of London"),
    ],
)
def test_an_authority_is_found_with_or_without_the_words_around_its_name(tables, asked, name):
    assert areas_module.find(tables.areas, asked)["name"] == name


@pytest.mark.parametrize(
    "asked",
    [
        "",
        " ",
        "999",
        "E99999999",
        "England",
        "E92000001",
        "South East",
        "E12000008",
        "nowhere at all",
        ".*",
        "Oxfordshire; DROP",
        "\u2603",
    ],
)
def test_what_is_not_an_authority_is_refused_with_some_that_are(tables, asked):
    with pytest.raises(UsageError, match="Nearest: .+, "):
        areas_module.find(tables.areas, asked)


def test_names_that_hold_a_text_come_before_names_that_resemble_it(tables):
    assert areas_module.matching(tables.areas, "roth") == ["Rotherham"]
    assert areas_module.matching(tables.areas, "ham")[0] == "Barking and Dagenham"
    assert len(areas_module.matching(tables.areas, "shire")) == 5
    assert len(areas_module.matching(tables.areas, "shire", limit=3)) == 3


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Bristol, City of", "bristol city of"),
        ("St. Helens", "st helens"),
        ("Brighton & Hove", "brighton and hove"),
        ("Ynys Môn", "ynys mon"),
        ("  Stoke-on-Trent ", "stoke on trent"),
    ],
)
def test_names_are_compared_without_accents_case_or_punctuation(name, plain):
    assert areas_module.plain(name) == plain


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("E10000002", "825"),
        ("E10000023", "815"),
        ("E10000027", "933"),
        ("E06000048", "929"),
        ("E08000020", "390"),
    ],
)
def test_an_authority_is_found_by_an_ons_code_it_had_before(tables, asked, code):
    assert areas_module.find(tables.areas, asked)["area_code"] == code


# Reorganisations


@pytest.mark.parametrize(("code", "year"), FIRST_YEAR.items())
def test_no_figure_of_a_successor_is_older_than_its_own_first_year(tables, code, year):
    assert tables.figures.loc[tables.figures["area_code"] == code, "year"].min() == year
    assert areas_module.successor_first_year(code) == year
    assert tables.areas.set_index("area_code").loc[code, "first_year"] == year


@pytest.mark.parametrize(("code", "year"), LAST_YEAR.items())
def test_no_figure_of_a_predecessor_is_newer_than_its_own_last_year(tables, code, year):
    assert tables.figures.loc[tables.figures["area_code"] == code, "year"].max() == year
    assert areas_module.predecessor_last_year(code) == year
    assert tables.areas.set_index("area_code").loc[code, "last_year"] == year


def test_rows_outside_an_authoritys_own_years_are_told_apart():
    rows = pd.DataFrame(
        {
            "area_code": ["838", "838", "835", "835", "931", "E92000001"],
            "year": [2019, 2020, 2019, 2020, 1990, 2025],
        }
    )
    assert list(areas_module.in_own_years(rows)) == [False, True, True, False, True, True]


def test_the_same_authorities_end_and_begin_in_the_library_as_in_the_orders():
    ended = {code for change in areas_module.REORGANISATIONS for code in change["ended"]}
    began = {code for change in areas_module.REORGANISATIONS for code in change["began"]}
    assert (ended, began) == (set(LAST_YEAR), set(FIRST_YEAR))


@pytest.mark.parametrize(
    ("code", "ons_code"), [("815", "E06000065"), ("933", "E06000066"), ("825", "E06000060")]
)
def test_an_authority_that_only_changed_its_ons_code_is_one_unbroken_line(
    tables, panel, code, ons_code
):
    area = tables.areas[tables.areas["area_code"] == code]
    assert len(area) == 1
    assert (area["ons_code"].item(), area["first_year"].item(), area["last_year"].item()) == (
        ons_code,
        2010,
        2025,
    )
    line = panel.loc[code, OPEN]
    assert list(line.loc[2010:2025].index) == list(range(2010, 2026))
    assert line.loc[2011:2025].notna().all()


def test_there_are_153_authorities_in_the_newest_year_and_152_ten_years_before(tables):
    authorities = tables.areas[tables.areas["level"] == "authority"]
    assert (authorities["last_year"] == 2025).sum() == 153
    assert authorities["first_year"].le(2015).sum() == 152


# Particular areas


def test_the_isle_of_wight_is_not_england(tables, panel):
    assert areas_module.find(tables.areas, "921")["name"] == "Isle of Wight"
    assert tables.areas.set_index("area_code").loc["921", "ons_code"] == "E06000046"
    assert panel.loc[("921", 2012), OPEN] == 51  # children_in_need_2010_2012.csv
    assert panel.loc[("921", 2014), OPEN] == 164  # d1_child_protection_plans_2013_to_2024.csv
    assert panel.loc[("E92000001", 2012), OPEN] == 42900


def test_england_is_one_area_and_not_an_authority(tables):
    england = tables.areas[tables.areas["level"] == "england"]
    assert list(england["area_code"]) == ["E92000001"] and list(england["name"]) == ["England"]
    assert set(tables.figures.loc[tables.figures["area_code"] == "E92000001", "level"]) == {
        "england"
    }


def test_rotherham_is_in_yorkshire_and_the_humber_for_every_year(tables, panel):
    area = areas_module.find(tables.areas, "Rotherham")
    assert (area["ons_code"], area["region_code"]) == ("E08000018", "E12000003")
    assert panel.loc["372", OPEN].loc[2010:2025].notna().all()


def test_hackney_has_no_figures_for_the_two_years_after_the_attack_and_some_on_either_side(
    panel, resolved
):
    line = panel.loc["204"]
    for measure in (
        OPEN,
        "plans_started_count",
        "enquiries_started_count",
        "referrals_received_count",
    ):
        assert line.loc[[2021, 2022], measure].isna().all()
        assert line.loc[[2020, 2023], measure].notna().all()
    missing = resolved[
        (resolved["area_code"] == "204")
        & resolved["year"].isin([2021, 2022])
        & (resolved["measure"] == OPEN)
    ]
    assert set(missing["status"]) == {"not_available"}
    assert line.loc[[2021, 2022], "children_0_17_count"].notna().all()


def test_the_newest_name_and_code_of_an_area_are_kept():
    rows = pd.DataFrame(
        {
            "area_code": "981",
            "ons_code": ["E06000981", "E10000981"],
            "name": ["New name", "Old name"],
            "level": "authority",
            "region_code": ["", "E12000008"],
            "year": [2024, 2020],
        }
    )
    area = areas_module.register(rows).iloc[0]
    assert (area["name"], area["ons_code"], area["region_code"]) == (
        "New name",
        "E06000981",
        "E12000008",
    )
    assert (area["first_year"], area["last_year"]) == (2020, 2024)
