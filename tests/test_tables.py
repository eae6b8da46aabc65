"""Clean tables: which figure is in force, as-of, revisions between editions, and rebuilding when
raw changes.
"""

import shutil
from dataclasses import fields

import pandas as pd
import pytest

from oxcare_analysis.intake import raw
from oxcare_analysis.tables import kept
from oxcare_analysis.tables import tables as tables_module
from oxcare_analysis.words.columns import MEASURES, STATUSES
from oxcare_analysis.words.errors import DataError

FRAMES = tables_module.TABLE_NAMES
OPEN, REFERRALS = "plans_open_count", "referrals_received_count"


def load(folder, as_of=None):
    return tables_module.resolve(tables_module.load(folder), as_of)


def figure(resolved, code, year, measure):
    hit = resolved[
        (resolved["area_code"] == code)
        & (resolved["year"] == year)
        & (resolved["measure"] == measure)
    ]
    assert len(hit) == 1, hit
    return hit.iloc[0]


def add(
    folder,
    official,
    kind,
    changes=None,
    edition="2025",
    published="2025-10",
    years=(2022, 2023, 2024),
):
    raw.add_files(
        [official(kind, changes, years)], edition=edition, data_dir=folder, published=published
    )


# The figure in force


def test_the_newest_edition_wins(small_data_dir, official):
    add(small_data_dir, official, "d5", {("981", 2024, "CPP_At31"): 481})
    row = figure(load(small_data_dir), "981", 2024, OPEN)
    assert (row["value"], row["edition"], row["status"]) == (481, "2025", "published")


@pytest.mark.parametrize(
    ("symbol", "note"),
    [
        ("x", "not available"),
        ("u", "low reliability"),
        ("", "not supplied"),
        (":", "not available"),
    ],
)
def test_the_newest_edition_does_not_win_where_it_has_no_figure(
    small_data_dir, official, symbol, note
):
    add(
        small_data_dir,
        official,
        "d5",
        {("981", 2024, "CPP_At31"): symbol, ("982", 2024, "CPP_At31"): 211},
    )
    resolved = load(small_data_dir)
    row = figure(resolved, "981", 2024, OPEN)
    assert (row["value"], row["edition"], row["note"]) == (470, "2024", "")
    assert figure(resolved, "982", 2024, OPEN)["value"] == 211
    held = tables_module.load(small_data_dir).figures
    assert note in set(held.loc[held["edition"] == "2025", "note"])


def test_a_newer_suppression_beats_an_older_number(small_data_dir, official):
    assert figure(load(small_data_dir), "983", 2023, REFERRALS)["value"] == 410
    add(small_data_dir, official, "c1 of 2025", {("983", 2023, "referral_count"): "c"})
    row = figure(load(small_data_dir), "983", 2023, REFERRALS)
    assert pd.isna(row["value"])
    assert (row["status"], row["edition"]) == ("suppressed", "2025")


def test_a_newer_not_applicable_beats_an_older_number(small_data_dir, official):
    add(small_data_dir, official, "c1 of 2025", {("983", 2023, "referral_count"): "z"})
    row = figure(load(small_data_dir), "983", 2023, REFERRALS)
    assert (row["status"], row["edition"]) == ("not_applicable", "2025")


def test_a_newer_suppression_is_listed_as_a_revision(small_data_dir, official):
    add(small_data_dir, official, "c1 of 2025", {("983", 2023, "referral_count"): "c"})
    changed = tables_module.revisions(tables_module.load(small_data_dir))
    assert len(changed) == 1
    row = changed.iloc[0]
    assert (row["area_code"], row["year"], row["measure"]) == ("983", 2023, REFERRALS)
    assert (row["edition_before"], row["value_before"], row["status_before"]) == (
        "2024",
        410,
        "published",
    )
    assert (row["edition_after"], row["status_after"]) == ("2025", "suppressed") and pd.isna(
        row["value_after"]
    )


def test_a_newer_number_beats_an_older_suppression(small_data_dir, official):
    add(
        small_data_dir,
        official,
        "d1",
        {("981", 2023, "CPP_At31"): "c"},
        edition="2023",
        published="2023-10",
    )
    assert figure(load(small_data_dir), "981", 2023, OPEN)["value"] == 430


def test_a_replaced_release_beats_the_one_it_replaces_and_loses_to_the_next_year(
    small_data_dir, official
):
    add(small_data_dir, official, "d1", {("981", 2023, "CPP_At31"): 431}, edition="2024-2")
    assert figure(load(small_data_dir), "981", 2023, OPEN)["edition"] == "2024-2"
    add(small_data_dir, official, "d5", {("981", 2023, "CPP_At31"): 432}, edition="2025")
    assert figure(load(small_data_dir), "981", 2023, OPEN)["value"] == 432


def test_the_tenth_replacement_is_newer_than_the_second(small_data_dir, official):
    for edition, count in (("2024-10", 440), ("2024-2", 432)):
        add(small_data_dir, official, "d1", {("981", 2023, "CPP_At31"): count}, edition=edition)
    assert figure(load(small_data_dir), "981", 2023, OPEN)["value"] == 440


@pytest.mark.parametrize("order", [("d1", "d5"), ("d5", "d1")])
def test_in_one_edition_a_measures_own_table_beats_the_total_of_a_breakdown(
    tmp_path, official, order
):
    for kind in order:
        add(
            tmp_path / "data",
            official,
            kind,
            {("981", 2024, "CPP_At31"): 999 if kind == "d5" else 470},
        )
    row = figure(load(tmp_path / "data"), "981", 2024, OPEN)
    assert (row["value"], row["table"]) == (470, "plans")


def test_the_departments_own_release_beats_the_tabulated_files(small_data_dir, wide_csv):
    raw.add_files(
        [
            wide_csv(
                ["population_0_17"],
                ["2024", "la", "E10000981", "981", "Testshire", "150000"],
                ["2021", "la", "E10000981", "981", "Testshire", "139000"],
            )
        ],
        edition="2026",
        data_dir=small_data_dir,
    )
    resolved = load(small_data_dir)
    assert figure(resolved, "981", 2024, "children_0_17_count")["value"] == 142000
    assert figure(resolved, "981", 2021, "children_0_17_count")["source"] == "child_population"


def test_there_is_one_figure_in_force_for_each_area_year_and_measure(resolved):
    assert not resolved.duplicated(["area_code", "year", "measure"]).any()


def test_every_figure_held_has_one_in_force(tables, resolved):
    keys = ["area_code", "year", "measure"]
    assert len(tables.figures[keys].drop_duplicates()) == len(resolved)


def test_the_panel_holds_the_numbers_in_force_and_nothing_where_there_is_none(
    small_data_dir, official
):
    add(small_data_dir, official, "c1 of 2025", {("983", 2023, "referral_count"): "c"})
    panel = tables_module.panel(load(small_data_dir))
    assert panel.loc[("981", 2024), OPEN] == 470
    assert pd.isna(panel.loc[("983", 2023), REFERRALS])
    assert panel.index.names == ["area_code", "year"] and set(panel.columns) <= set(MEASURES)


# As of a month


def test_without_a_month_every_year_held_is_let_in(small_data_dir):
    resolved = load(small_data_dir)
    assert set(resolved["year"]) == {2022, 2023, 2024}
    assert not resolved["revised"].any()


@pytest.mark.parametrize(
    ("as_of", "years"),
    [
        ("2021-12", set()),
        ("2022-09", set()),
        ("2022-10", {2022}),
        ("2023-09", {2022}),
        ("2023-10", {2022, 2023}),
        ("2024-09", {2022, 2023}),
        ("2024-10", {2022, 2023, 2024}),
        ("2030-01", {2022, 2023, 2024}),
    ],
)
def test_a_month_lets_in_the_years_first_published_by_then(small_data_dir, as_of, years):
    assert set(load(small_data_dir, as_of)["year"]) == years


def test_before_any_edition_held_was_out_the_oldest_is_used_and_flagged(small_data_dir, official):
    add(small_data_dir, official, "d5", {("981", 2023, "CPP_At31"): 999})
    row = figure(load(small_data_dir, "2023-12"), "981", 2023, OPEN)
    assert (row["value"], row["edition"]) == (430, "2024")
    assert row["revised"]


def test_the_newest_edition_out_by_the_month_is_used_and_not_flagged(small_data_dir, official):
    add(small_data_dir, official, "d5", {("981", 2023, "CPP_At31"): 431})
    add(
        small_data_dir,
        official,
        "d5",
        {("981", 2023, "CPP_At31"): 432},
        edition="2026",
        published="2026-10",
    )
    for as_of, value in (
        ("2024-10", 430),
        ("2025-09", 430),
        ("2025-10", 431),
        ("2026-09", 431),
        ("2026-10", 432),
    ):
        row = figure(load(small_data_dir, as_of), "981", 2023, OPEN)
        assert (row["value"], row["revised"]) == (value, False), as_of


def test_an_edition_out_by_the_month_without_a_figure_gives_way_to_an_older_one_out_by_then(
    small_data_dir, official
):
    add(small_data_dir, official, "d5", {("981", 2023, "CPP_At31"): "x"})
    add(
        small_data_dir,
        official,
        "d5",
        {("981", 2023, "CPP_At31"): 432},
        edition="2026",
        published="2026-10",
    )
    assert figure(load(small_data_dir, "2026-01"), "981", 2023, OPEN)["value"] == 430


def test_a_year_whose_first_month_is_not_listed_comes_in_with_its_edition(small_data_dir, official):
    add(small_data_dir, official, "d1", edition="2021", published="2022-01", years=(2021,))
    assert set(load(small_data_dir, "2021-12")["year"]) == set()
    assert set(load(small_data_dir, "2022-01")["year"]) == {2021}


def test_the_newest_month_held_is_the_default_of_a_report(small_data_dir, official):
    assert tables_module.newest_month(tables_module.load(small_data_dir)) == "2024-10"
    add(small_data_dir, official, "d1", edition="2021", published="2026-02", years=(2021,))
    assert tables_module.newest_month(tables_module.load(small_data_dir)) == "2026-02"


def test_the_shipped_figures_as_of_november_2014_are_those_of_2014_and_before_from_the_oldest_edition(
    tables,
):
    then = tables_module.resolve(tables, "2014-11")
    lead = then[then["source"] == "children_in_need"]
    assert (lead["year"].min(), lead["year"].max()) == (2010, 2014)
    assert set(lead.loc[lead["year"] <= 2012, "edition"]) == {"2012"}
    assert set(lead.loc[lead["year"] > 2012, "edition"]) == {"2024"}
    assert not lead.loc[lead["year"] <= 2012, "revised"].any()
    assert lead.loc[lead["year"] > 2012, "revised"].all()
    assert figure(then, "931", 2014, OPEN)["value"] == 504


def test_the_shipped_figures_as_of_their_newest_month_are_those_without_a_month(tables, resolved):
    then = tables_module.resolve(tables, tables_module.newest_month(tables))
    columns = ["area_code", "year", "measure", "value", "status", "edition", "table", "revised"]
    pd.testing.assert_frame_equal(then[columns], resolved[columns])


# Revisions


def test_the_real_correction_of_repeat_plans_in_yorkshire_and_the_humber_is_found(tables):
    # d3_cpps_subsequent_plan_2013_to_2024.csv and ..._to_2025.csv: 2,100 became 1,660; England
    # 14,990 became 14,550
    changed = tables_module.revisions(tables).set_index(["area_code", "year", "measure"])
    region = changed.loc[("E12000003", 2022, "repeat_plans_count")]
    assert (region["edition_before"], region["value_before"]) == ("2024", 2100)
    assert (region["edition_after"], region["value_after"]) == ("2025", 1660)
    england = changed.loc[("E92000001", 2022, "repeat_plans_count")]
    assert (england["value_before"], england["value_after"]) == (14990, 14550)


def test_the_correction_is_in_force_only_from_the_month_it_was_made(tables, resolved):
    before = tables_module.resolve(tables, "2025-09")
    assert figure(before, "E12000003", 2022, "repeat_plans_count")["value"] == 2100
    assert figure(resolved, "E12000003", 2022, "repeat_plans_count")["value"] == 1660


def test_figures_that_stayed_the_same_are_no_revisions(small_data_dir, official):
    add(small_data_dir, official, "c1 of 2025")
    assert tables_module.revisions(tables_module.load(small_data_dir)).empty


def test_revisions_are_listed_by_their_relative_size(small_data_dir, official):
    add(
        small_data_dir,
        official,
        "c1 of 2025",
        {
            ("981", 2023, "referral_count"): 5151,
            ("983", 2023, "referral_count"): 205,
            ("982", 2023, "referral_count"): 1900,
        },
    )
    changed = tables_module.revisions(tables_module.load(small_data_dir))
    assert list(changed["area_code"]) == ["983", "982", "981"]


def test_a_revision_is_between_neighbouring_editions(small_data_dir, official):
    add(small_data_dir, official, "d1", {("981", 2023, "CPP_At31"): 431}, edition="2025")
    add(
        small_data_dir,
        official,
        "d1",
        {("981", 2023, "CPP_At31"): 431},
        edition="2026",
        published="2026-10",
    )
    changed = tables_module.revisions(tables_module.load(small_data_dir))
    assert changed[["edition_before", "edition_after"]].values.tolist() == [["2024", "2025"]]


# Building and loading


def test_building_twice_gives_identical_frames(small_data_dir):
    one, two = tables_module.build(small_data_dir), tables_module.build(small_data_dir)
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name))
    assert one.data_sha256 == two.data_sha256


def test_the_shipped_tables_are_those_that_raw_gives_now(tables, shipped_dir, tmp_path):
    shutil.copytree(shipped_dir / "raw", tmp_path / "raw")
    shutil.copy(shipped_dir / "known_problems.csv", tmp_path)
    fresh = tables_module.build(tmp_path)
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(fresh, name), getattr(tables, name))
    for field in ("first_published", "edition_months", "data_sha256"):
        assert getattr(fresh, field) == getattr(tables, field)
    assert {field.name for field in fields(fresh)} == {
        *FRAMES,
        "first_published",
        "edition_months",
        "data_sha256",
    }


def test_tables_are_the_same_whether_built_or_loaded(small_data_dir):
    built, loaded = tables_module.build(small_data_dir), tables_module.load(small_data_dir)
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(built, name), getattr(loaded, name))


def test_tables_are_built_once_and_again_when_raw_changes(small_data_dir, official):
    said = []
    tables_module.load(small_data_dir, said.append)
    tables_module.load(small_data_dir, said.append)
    assert len(said) == 1 and "Building" in said[0]
    add(small_data_dir, official, "d5")
    assert "2025" in set(tables_module.load(small_data_dir, said.append).figures["edition"])
    assert len(said) == 2


@pytest.mark.parametrize(
    "changed",
    [
        "raw/children_in_need/2024/plans.csv",
        "raw/first_published.csv",
        "raw/children_in_need/2024/source.yml",
    ],
)
def test_a_change_of_any_raw_file_is_noticed(small_data_dir, changed):
    before = tables_module.raw_sha256(small_data_dir)
    path = small_data_dir / changed
    path.write_bytes(path.read_bytes() + b"\n")
    assert tables_module.raw_sha256(small_data_dir) != before


@pytest.mark.parametrize("lost", [*[f"{name}.parquet" for name in FRAMES], "built_from.json"])
def test_a_lost_table_is_built_again(small_data_dir, lost):
    tables_module.load(small_data_dir)
    (small_data_dir / "processed" / lost).unlink()
    said = []
    tables_module.load(small_data_dir, said.append)
    assert said and (small_data_dir / "processed" / lost).exists()


def test_the_hash_of_raw_does_not_depend_on_where_the_folder_is(small_data_dir, tmp_path):
    shutil.copytree(small_data_dir, tmp_path / "elsewhere")
    assert tables_module.raw_sha256(tmp_path / "elsewhere") == tables_module.raw_sha256(
        small_data_dir
    )


def test_a_frame_under_a_content_key_is_made_once(small_data_dir):
    made = []

    def make():
        made.append(1)
        return pd.DataFrame({"n": [1, 2]})

    for key in ("a" * 64, "a" * 64, "b" * 64):
        frame = kept.cached("noise", key, make, small_data_dir)
        assert list(frame["n"]) == [1, 2]
    assert len(made) == 2


def test_a_folder_without_children_in_need_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(DataError, match="oxcare data add"):
        tables_module.build(tmp_path)


def test_a_raw_column_that_is_no_measure_is_refused_with_its_name(small_data_dir):
    path = small_data_dir / "raw" / "children_in_need" / "2024" / "plans.csv"
    path.write_text(
        path.read_text(encoding="utf-8").replace("plans_open_count", "plans_afoot_count", 1),
        encoding="utf-8",
    )
    with pytest.raises(DataError, match="plans_afoot_count"):
        tables_module.build(small_data_dir)


# What the figures hold


def test_a_suppressed_figure_never_has_a_number_and_is_never_zero(tables):
    figures = tables.figures
    assert figures.loc[figures["status"] == "suppressed", "value"].isna().all()
    assert (figures["status"] == "suppressed").sum() > 10_000
    assert figures.loc[~figures["status"].isin(["published", "rounded"]), "value"].isna().all()
    assert figures.loc[figures["status"] == "published", "value"].notna().all()


def test_every_status_and_measure_is_one_that_has_a_name(tables):
    assert set(tables.figures["status"]) <= set(STATUSES)
    assert set(tables.figures["measure"]) <= set(MEASURES)


def test_every_measure_that_has_a_name_is_held(tables):
    assert set(MEASURES) - set(tables.figures["measure"]) == set()


def test_englands_counts_are_marked_rounded_and_its_population_and_rates_are_not(resolved):
    england = resolved[resolved["area_code"] == "E92000001"].set_index(["year", "measure"])
    assert england.loc[(2024, OPEN), "status"] == "rounded"
    assert england.loc[(2024, "children_0_17_count"), "status"] == "published"
    assert england.loc[(2024, "plans_open_rate_10k"), "status"] == "published"


def test_an_authoritys_counts_are_not_marked_rounded(tables):
    rounded = tables.figures[
        (tables.figures["level"] == "authority") & (tables.figures["status"] == "rounded")
    ]
    assert rounded["value"].isna().all()  # 'low' alone: rounds to zero but is not zero


def test_low_reliability_is_kept_as_a_note(tables):
    hampshire = tables.figures[
        (tables.figures["area_code"] == "850")
        & (tables.figures["year"] == 2024)
        & (tables.figures["edition"] == "2025")
        & (tables.figures["measure"] == OPEN)
    ]
    assert hampshire[["status", "note"]].values.tolist() == [["not_available", "low reliability"]]
