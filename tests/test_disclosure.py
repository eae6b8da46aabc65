"""Own counts made fit to be shown: by size, by what sums tell, by what earlier editions tell. All
counts simulated.
"""

import itertools

import numpy as np
import pandas as pd
import pytest

import oxcare_analysis as ox
from oxcare_analysis.intake import raw
from oxcare_analysis.local import (
    disclosed,
    disclosure,
    feasible,
    intruder,
    monthly_ledger,
    showable,
)
from oxcare_analysis.local.disclosure import MONTHS, Shape, protect
from oxcare_analysis.words import paths
from oxcare_analysis.words.errors import DataError, UsageError

SPLIT = Shape((("total", ("first", "again")),))
SQUARE = Shape((("total", ("a", "b")),), total_row="All")


@pytest.fixture(scope="module")
def oxfordshire(tables):
    return ox.load("Oxfordshire", 2013, 2018)


def split(*rows):
    """Rows of (first, again) with their totals."""
    table = pd.DataFrame(rows, columns=["first", "again"], dtype=float)
    return table.assign(total=table.sum(axis=1))[["total", "first", "again"]]


def authority(months=60, rate=11.0, seed=0):
    """Six columns of a simulated authority, stock and flows in step."""
    rng, stock, rows = np.random.default_rng(seed), int(rate * 10), []
    for _ in range(months):
        started, ended = rng.poisson(rate), min(stock, rng.poisson(stock / 10))
        stock += started - ended
        rows.append((stock, started, ended, *rng.poisson([rate * 2.5, rate * 1.4, rate * 9])))
    index = pd.period_range("2020-04", periods=months, freq="M")
    return pd.DataFrame(
        rows,
        index,
        [
            "plans_open",
            "plans_started",
            "plans_ended",
            "enquiries_started",
            "conferences_held",
            "referrals_received",
        ],
        dtype=float,
    )


def register_of(*editions, shape=MONTHS, **kwargs):
    """The register after these tables were shown one after another, and what each was shown as."""
    register, shown = disclosed.EMPTY, []
    for table in editions:
        shown.append(protect(table, shape, disclosed.earlier(register), **kwargs))
        register = pd.concat([register, disclosed.news(table, shown[-1], register)])
    return register, shown


def one(count):
    return pd.DataFrame({"n": [count]}, index=["x"], dtype=float)


# By size


def test_under_ten_is_held_back_and_the_rest_is_to_the_nearest_five():
    table = pd.DataFrame({"n": np.arange(0.0, 40)}, index=range(40))
    given = protect(table, Shape())
    assert (
        given.values["n"].iloc[:10].isna().all()
        and (given.statuses["n"].iloc[:10] == "suppressed").all()
    )
    left = given.values["n"].iloc[10:]
    assert (left % 5 == 0).all() and ((left - table["n"].iloc[10:]).abs() <= 2).all()
    assert (given.statuses["n"].iloc[10:] == "rounded").all() and given.held_back == 10


def test_a_nought_is_held_back_unless_asked_for_and_a_gap_is_no_count():
    table = pd.DataFrame({"n": [0, np.nan, 12]}, dtype=float)
    assert protect(table, Shape()).statuses["n"].tolist() == [
        "suppressed",
        "not_available",
        "rounded",
    ]
    assert protect(table, Shape(), zeros_shown=True).values["n"].iloc[0] == 0


def test_another_protection_is_refused():
    with pytest.raises(UsageError, match="expected full, primary, unrounded, none"):
        protect(one(3), Shape(), protection="off")


def test_rates_are_made_of_what_is_shown():
    rate = disclosure.rate([10, np.nan, 35], [20, 40, 70], per=100)
    assert rate.tolist()[::2] == [50, 50] and np.isnan(rate[1])


def test_a_curve_goes_in_steps_of_ten_events():
    at_risk, events = np.arange(60, 0, -1), np.ones(60)
    curve = pd.DataFrame(
        {
            "days": np.arange(60.0) + 2,
            "events": events,
            "at_risk": at_risk,
            "survival": np.cumprod(1 - events / at_risk),
        }
    )
    thinned = disclosure.thin(curve)
    assert thinned["days"].tolist() == [11, 21, 31, 41, 51, 61] and "events" not in thinned
    assert thinned["survival"].tolist() == [0.83, 0.67, 0.5, 0.33, 0.17, 0.0]
    assert thinned["at_risk"].tolist()[:5] == [50, 40, 30, 20, 10] and np.isnan(
        thinned["at_risk"].iloc[5]
    )


# By what sums tell


def test_the_other_part_of_a_total_goes_with_a_small_part():
    given = protect(split((20, 4), (30, 12)), SPLIT)
    assert given.statuses.loc[0].tolist() == ["rounded", "suppressed", "suppressed"]
    assert given.values.loc[1].tolist() == [40, 30, 10]
    alone = protect(split((20, 4), (30, 12)), SPLIT, protection="primary")
    assert alone.statuses.loc[0].tolist() == ["rounded", "rounded", "suppressed"]


def test_starts_are_not_told_by_stock_and_ends():
    # 60 + starts - 10 = 55, rounded (10 is 10 to 12): starts are 1 to 11, which may stay. 55 to 45
    # leaves 0 to 6.
    open_by = [60, 55, 45, 60]
    ended = [np.nan, 10, 12, 10]
    started = [np.nan, 5, 2, 25]
    table = pd.DataFrame(
        {"plans_open": open_by, "plans_started": started, "plans_ended": ended},
        pd.period_range("2024-01", periods=4, freq="M"),
        dtype=float,
    )
    alone, full = (protect(table, protection=p) for p in ("primary", "full"))
    shown = intruder.Shown(
        alone.values.to_numpy().ravel(),
        (alone.statuses == "suppressed").to_numpy().ravel(),
        disclosure.sums_in(table, MONTHS),
    )
    told = intruder.deduce(shown)
    assert (told.low[4], told.high[4], told.narrow[4]) == (1, 11, False)
    assert (told.low[7], told.high[7], told.narrow[7]) == (0, 6, True)
    assert full.held_back > alone.held_back and full.statuses.iloc[1, 1] == "suppressed"


def possible(given, shape, cap=44):
    """Every value each cell of a two-by-two table with totals can have, by trying all tables there
    are.
    """
    value = given.values.to_numpy().ravel()
    ranges = [
        np.arange(cap) if np.isnan(value[i]) else np.arange(max(value[i] - 2, 10), value[i] + 3)
        for i in (1, 2, 4, 5)
    ]
    a, b, c, d = (grid.ravel() for grid in np.meshgrid(*ranges, indexing="ij"))
    cells = np.array([a + b, a, b, c + d, c, d, a + b + c + d, a + c, b + d])
    fits = np.ones(len(a), dtype=bool)
    for i, row in enumerate(cells):
        if not np.isnan(value[i]):
            fits &= (row >= max(value[i] - 2, 10)) & (row <= value[i] + 2)
    return cells[:, fits]


def squares():
    """Simulated two-by-two tables with totals and small counts among them."""
    rng = np.random.default_rng(5)
    for _ in range(25):
        table = pd.DataFrame(rng.poisson([[15, 5], [12, 14]]), columns=["a", "b"], dtype=float)
        table = table.assign(total=table.sum(axis=1))[["total", "a", "b"]].rename(index=str)
        table.loc["All"] = table.sum()
        if (table < 10).any(axis=None):
            yield table


def test_every_table_that_fits_what_is_shown_leaves_each_count_held_back_open():
    tried = 0
    for table in squares():
        given = protect(table, SQUARE)
        cells, marks = possible(given, SQUARE), (given.statuses == "suppressed").to_numpy().ravel()
        for row in cells[marks]:
            assert row.min() >= 10 or row.max() - row.min() >= intruder.WIDE
        tried += marks.sum()
    assert tried > 40


def test_the_ranges_of_an_intruder_are_those_of_every_table_that_fits():
    for table in itertools.islice(squares(), 8):
        given = protect(table, SQUARE, protection="primary")
        value, mark = (
            given.values.to_numpy().ravel(),
            (given.statuses == "suppressed").to_numpy().ravel(),
        )
        low, high = intruder.box(value)
        low, high = feasible.intervals(low, high, disclosure.sums_in(table, SQUARE), mark, 1e9)
        cells = possible(given, SQUARE)
        assert low[mark].tolist() == cells[mark].min(axis=1).tolist()
        assert high[mark].tolist() == cells[mark].max(axis=1).tolist()


def test_three_sums_in_a_ring_tell_what_no_two_do():
    # a + b = 10, b + c = 10, a + c = 10: each alone leaves 0 to 10, together a = b = c = 5
    sums = feasible.sums_of([{0: 1, 1: 1, 3: -1}, {1: 1, 2: 1, 3: -1}, {0: 1, 2: 1, 3: -1}])
    low, high, asked = (
        np.array([0, 0, 0, 10]),
        np.array([99, 99, 99, 10]),
        np.array([True, True, True, False]),
    )
    assert [bound[:3].tolist() for bound in feasible.passed(low, high, sums)[:2]] == [
        [0] * 3,
        [10] * 3,
    ]
    assert [bound[:3].tolist() for bound in feasible.intervals(low, high, sums, asked, 9)] == [
        [5] * 3,
        [5] * 3,
    ]


@pytest.mark.parametrize("rate", [3, 8, 11, 60])
def test_nothing_is_told_of_authorities_of_any_size_and_a_large_one_loses_nothing(rate):
    table = authority(rate=rate)
    given = protect(table)
    shown = intruder.Shown(
        given.values.to_numpy().ravel(),
        (given.statuses == "suppressed").to_numpy().ravel(),
        disclosure.sums_in(table, MONTHS),
    )
    assert not intruder.deduce(shown, table.to_numpy().ravel()).narrow.any()
    small = int((table < 10).to_numpy().sum())
    assert small <= given.held_back <= small * 1.5
    assert rate < 60 or given.held_back == 0


def test_sums_that_do_not_hold_are_no_help_and_do_no_harm():
    table = authority(months=24)
    table["plans_open"] = np.random.default_rng(1).permutation(table["plans_open"] * 3)
    assert protect(table).held_back >= (table < 10).to_numpy().sum()


# By what earlier editions tell


def column(counts):
    """Counts one below the other, in no sum with each other."""
    return pd.DataFrame({"n": np.asarray(counts, dtype=float)}, index=range(len(counts)))


def test_no_two_editions_ever_tell_a_change_of_fewer_than_ten():
    before, now = np.array(list(itertools.product(range(45), range(45)))).T
    _, (first, second) = register_of(column(before), column(now), shape=Shape())
    a, b = first.values["n"].to_numpy(), second.values["n"].to_numpy()
    assert np.isnan(b[now < 10]).all() and (np.abs(b - now)[~np.isnan(b)] <= 4).all()
    differ = ~np.isnan(a) & ~np.isnan(b) & (a != b)
    assert differ.sum() > 500 and (np.abs(now - before)[differ] >= 10).all()
    assert not intruder.few(*intruder.revised(a[differ], b[differ])).any()


def test_nor_do_three_or_more_editions():
    counts = np.random.default_rng(3).integers(8, 45, (4, 3000))
    shown = [s.values["n"].to_numpy() for s in register_of(*map(column, counts), shape=Shape())[1]]
    for a, b in itertools.combinations(shown, 2):
        differ = ~np.isnan(a) & ~np.isnan(b) & (a != b)
        assert (
            differ.sum() > 100 and not intruder.few(*intruder.revised(a[differ], b[differ])).any()
        )


def test_a_small_revision_leaves_the_figure_and_a_middling_one_takes_it_away():
    assert [s.values.iat[0, 0] for s in register_of(one(22), one(24), shape=Shape())[1]] == [20, 20]
    shown = register_of(one(22), one(26), one(33), shape=Shape())[1]
    assert shown[0].values.iat[0, 0] == 20 and np.isnan(shown[1].values.iat[0, 0])
    assert shown[2].values.iat[0, 0] == 35


def test_the_same_counts_are_shown_the_same_for_ever():
    table = authority()
    _, shown = register_of(table, table, table)
    for later in shown[1:]:
        pd.testing.assert_frame_equal(later.values, shown[0].values)


def test_what_was_let_out_before_is_known_and_a_new_month_is_held_back_for_it():
    table = authority(months=48)
    grown = authority(months=60)
    register, (first, second) = register_of(table, grown)
    pd.testing.assert_frame_equal(second.values.loc[table.index], first.values)
    value, mark = (
        second.values.to_numpy().ravel(),
        (second.statuses == "suppressed").to_numpy().ravel(),
    )
    assert not intruder.deduce(
        intruder.Shown(value, mark, disclosure.sums_in(grown, MONTHS))
    ).narrow.any()
    assert len(register) == second.values.size


def test_no_two_editions_laid_one_over_the_other_tell_what_neither_does():
    # Worked out here by hand: starts = stock - stock before + ended, in both editions, if neither
    # changed.
    tried = 0
    for seed, moved in itertools.product(range(4), (10, 12, 13, 22)):
        table = authority(seed=seed)[["plans_open", "plans_started", "plans_ended"]]
        later = table.assign(plans_open=table["plans_open"] + moved)
        _, (first, second) = register_of(table, later)
        for part, other, sign in (
            ("plans_started", "plans_ended", 1),
            ("plans_ended", "plans_started", -1),
        ):
            low, high = [], []
            for given in (first, second):
                rose = given.values["plans_open"].diff() * sign + given.values[other]
                low.append(
                    rose - 6 + (given.values[other] == 10) * 2
                )  # 10 is 10 to 12: no count under ten is shown
                high.append(rose + 6)
            least, most = (pd.concat(bounds, axis=1) for bounds in (low, high))
            known = (
                least.notna().all(axis=1)
                & (first.values[other] == second.values[other])
                & second.values[part].isna()
            )
            least, most = least.max(axis=1)[known].clip(lower=0), most.min(axis=1)[known]
            assert ((most - least >= intruder.WIDE) | (least >= 10)).all()
            tried += known.sum()
    assert tried > 100


def test_a_stock_shown_anew_is_held_back_where_it_tells_what_the_old_one_did_not():
    table = authority(seed=1)
    _, shown = register_of(table, table.assign(plans_open=table["plans_open"] + 12))
    for given in shown:
        value, mark = (
            given.values.to_numpy().ravel(),
            (given.statuses == "suppressed").to_numpy().ravel(),
        )
        assert not intruder.deduce(
            intruder.Shown(value, mark, disclosure.sums_in(table, MONTHS))
        ).narrow.any()


# Across tables


def test_the_total_of_a_year_does_not_tell_of_its_months(tmp_path):
    # 10 to 12 in April and 13 to 17 in the year would leave 0 to 7 for each other month.
    index = pd.period_range("2023-04", "2024-03", freq="M")
    months = pd.DataFrame(
        {"conferences_held": [12.0, 0, 0, 1, 0, 0, 2, 0, 0, 0, 0, 0], "referrals_received": 50.0},
        index,
    )
    years = pd.DataFrame({"referrals": [600.0], "conferences": [15.0]}, index=["2024"])

    def counts(name, table, shape, taken):
        return disclosed.shown(name, table, shape, tmp_path, taken=taken).values

    given = showable.years(
        years, months, disclosed.shown("months", months, data_dir=tmp_path).values, counts
    )
    assert np.isnan(given.at["2024", "conferences"]) and given.at["2024", "referrals"] == 600
    alone = showable.years(years, months.iloc[:0], months.iloc[:0], counts)
    assert alone.at["2024", "conferences"] == 15


def test_what_another_table_shows_stays_as_it_is_there_and_is_not_remembered_twice(
    tmp_path, monkeypatch
):
    monkeypatch.setenv(paths.TAKE_AWAY, "1")
    table = pd.DataFrame({"plans": [13.0, 24.0], "repeat": [12.0, 20.0]}, index=["2023", "2024"])
    taken = disclosed.as_taken(
        table[["plans"]], pd.DataFrame({"plans": [np.nan, 25]}, index=table.index)
    )
    given = disclosed.shown("own_kinds", table, Shape(), tmp_path, taken=taken)
    assert (
        given.statuses["plans"].tolist() == ["suppressed", "rounded"]
        and given.values.at["2024", "plans"] == 25
    )
    disclosed.enter_waiting(tmp_path)
    assert set(disclosed.read("own_kinds", tmp_path)["cell"]) == {"2023|repeat", "2024|repeat"}


def test_what_another_table_holds_back_is_held_back_though_it_was_let_out_here_once(
    tmp_path, monkeypatch
):
    monkeypatch.setenv(paths.TAKE_AWAY, "1")
    table = pd.DataFrame({"plans": [42.0]}, index=["2024"])
    assert disclosed.shown("own_kinds", table, Shape(), tmp_path).values.at["2024", "plans"] == 40
    disclosed.enter_waiting(tmp_path)
    taken = disclosed.as_taken(table, table * np.nan)
    given = disclosed.shown("own_kinds", table, Shape(), tmp_path, taken=taken)
    assert given.statuses.at["2024", "plans"] == "suppressed"


@pytest.mark.parametrize("end", ["first", "last"])
def test_a_ledger_does_not_tell_a_stock_that_is_held_back(end):
    months = authority(months=48, rate=20)
    found = monthly_ledger.monthly_ledger(months, "x")
    shown = protect(months).values
    assert found.testable and showable.ledger(found, shown).testable
    shown.loc[pd.Period(getattr(found, end), "M"), "plans_open"] = np.nan
    given = showable.ledger(found, shown)
    assert (
        not given.testable
        and given.table.empty
        and np.isnan([given.open_from, given.open_to]).all()
    )
    assert "held back" in ox.say(given)


# The register


def test_only_a_report_that_is_finished_enters_the_register(tmp_path, monkeypatch):
    table = authority(months=24)
    monkeypatch.delenv(paths.TAKE_AWAY, raising=False)
    disclosed.shown("months", table, data_dir=tmp_path)
    assert not disclosed.folder(tmp_path).exists()
    monkeypatch.setenv(paths.TAKE_AWAY, "1")
    given = disclosed.shown("months", table, data_dir=tmp_path)
    assert disclosed.read("months", tmp_path).empty
    disclosed.forget_waiting(tmp_path)
    disclosed.enter_waiting(tmp_path)
    assert disclosed.read("months", tmp_path).empty
    disclosed.shown("months", table, data_dir=tmp_path)
    disclosed.enter_waiting(tmp_path)
    held = disclosed.read("months", tmp_path)
    assert len(held) == table.size and not (disclosed.folder(tmp_path) / "waiting").exists()
    pd.testing.assert_frame_equal(
        disclosed.shown("months", table + 1, data_dir=tmp_path)
        .values.where(given.values.notna())
        .dropna(how="all"),
        given.values.where((table + 1 - given.values).abs() < 5).dropna(how="all"),
        check_names=False,
    )
    disclosed.enter_waiting(tmp_path)
    assert len(disclosed.read("months", tmp_path)) >= len(held)


def test_a_register_changed_by_hand_is_refused(tmp_path):
    disclosed.folder(tmp_path).mkdir(parents=True)
    (disclosed.folder(tmp_path) / "months.csv").write_text(
        "edition,cell\n2031-01-01,x\n", encoding="utf-8"
    )
    with pytest.raises(DataError, match="expected edition, cell, value, count, status"):
        disclosed.shown("months", authority(months=24), data_dir=tmp_path)


# The analyst's own months


def test_own_months_are_protected_unless_asked_otherwise(oxfordshire, tmp_path, monthly_csv):
    table = authority(months=48, rate=14)
    raw.add_files(
        [
            monthly_csv(
                *[
                    [str(m), *map(int, row)]
                    for m, row in zip(table.index, table.to_numpy(), strict=True)
                ]
            )
        ],
        data_dir=tmp_path,
    )
    given, exact = (
        ox.months(oxfordshire, "plans_started", own=True, data_dir=tmp_path, protect=p)
        for p in (True, False)
    )
    value = given.table["value"].dropna()
    assert (
        (value % 5 == 0).all()
        and value.min() >= 10
        and given.held_back >= (table["plans_started"] < 10).sum()
    )
    assert set(given.table["status"]) == {"rounded", "suppressed"}
    assert (
        exact.table["value"].tolist() == table["plans_started"].tolist()
        and "status" not in exact.table
    )
    assert "Held back in" in ox.say(given) and "Exact counts, for the analyst alone" in ox.say(
        exact
    )
    assert "nearest five" in given.source and "EXACT" in exact.source
    chart, alone = ox.charts.months(given), ox.charts.months(exact)
    assert (
        ox.charts.MIME in chart._repr_mimebundle_()
        and ox.charts.MIME not in alone._repr_mimebundle_()
    )


def test_what_is_modelled_is_what_is_shown(oxfordshire, tmp_path, monthly_csv):
    table = authority(months=48, rate=40)
    raw.add_files(
        [
            monthly_csv(
                *[
                    [str(m), *map(int, row)]
                    for m, row in zip(table.index, table.to_numpy(), strict=True)
                ]
            )
        ],
        data_dir=tmp_path,
    )
    given = ox.months(oxfordshire, "plans_open", own=True, data_dir=tmp_path)
    again = pd.DataFrame(
        {
            "plans_open": given.table.set_index(pd.PeriodIndex(given.table["month"], freq="M"))[
                "value"
            ]
        }
    )
    from oxcare_analysis.thinking import months as thinking

    refitted = thinking.months(oxfordshire, "plans_open", again)
    pd.testing.assert_frame_equal(given.table.drop(columns="status"), refitted.table)


def test_where_all_is_held_back_the_page_says_so(oxfordshire, tmp_path, monthly_csv):
    raw.add_files(
        [monthly_csv(*[[f"2024-{i:02}", 8, 1, 2, 3, 1, 7] for i in range(1, 13)])],
        data_dir=tmp_path,
    )
    given = ox.months(oxfordshire, "plans_open", own=True, data_dir=tmp_path)
    assert (
        given.held_back == 12
        and "none is shown" in ox.say(given)
        and "protect=False" in ox.say(given)
    )
