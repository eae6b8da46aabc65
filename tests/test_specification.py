"""The specification curve: its smoother against statsmodels, its rows, and what it says of planted
series.
"""

import numpy as np
import pytest
import statsmodels.api as sm

from oxcare_analysis import diagnostics, door
from oxcare_analysis.thinking import specification
from oxcare_analysis.words.errors import UsageError


@pytest.fixture(scope="module")
def oxfordshire():
    study = door.load("Oxfordshire", 2013, 2018)
    return study, {
        h: diagnostics.specifications(study, h)
        for h in ("entry_threshold", "exit_threshold", "awareness")
    }


def test_the_smoothed_change_is_that_of_the_kalman_smoother():
    random = np.random.default_rng(4)
    y = np.cumsum(random.normal(0, 0.2, 12)) + random.normal(0, 0.1, 12)
    model = sm.tsa.UnobservedComponents(y, "local level")
    model.ssm.initialize_approximate_diffuse(1e9)
    smoothed = model.smooth([0.01, 0.04]).smoothed_state[0]
    change, se = specification.smooth(y, np.full(12, 0.01), 0.04, np.array([2, 9]))
    assert change == pytest.approx(smoothed[9] - smoothed[2], abs=1e-5)
    assert 0 < se < np.sqrt(2 * 0.01)


def test_without_noise_the_smoothed_change_is_the_change_and_a_missing_year_is_bridged():
    y = np.array([0.0, 1.0, np.nan, 3.0])
    assert specification.smooth(y, np.full(4, 1e-9), 1.0, np.array([0, 3]))[0] == pytest.approx(
        3.0, abs=1e-6
    )
    assert specification.smooth(y, np.full(4, 1e-9), 1.0, np.array([0, 2]))[0] == pytest.approx(
        2.0, abs=1e-6
    )


def test_there_are_at_most_a_hundred_ways_and_one_is_the_verdicts_own(oxfordshire):
    study, curves = oxfordshire
    for name, curve in curves.items():
        assert 30 <= len(curve.table) <= 100 and curve.table["main"].sum() == 1
        primary = door.assess(study, name).primary
        assert curve.table.loc[curve.table["main"], "estimate"].item() == pytest.approx(
            primary.estimate
        )


def test_the_shares_count_rows(oxfordshire):
    for curve in oxfordshire[1].values():
        moved = curve.table["moved"]
        assert curve.beyond == pytest.approx((moved == curve.direction).mean())
        assert curve.against == pytest.approx((moved == -curve.direction).mean())


def test_the_exits_of_2021_to_2024_shrink_when_smoothed_because_2021_was_out_of_line():
    # Worked out independently on the published tables: end points -0.35, two-year means -0.21,
    # smoothed about -0.08.
    table = diagnostics.specifications(door.load("Oxfordshire", 2021, 2024), "exit_threshold").table
    rows = table.query(
        "measure == 'exit_rate' and first_year == 2021 and last_year == 2024 and taken_off =="
        " 'nothing'"
    )
    change = rows.set_index("reading")["estimate"]
    assert change["end points"] == pytest.approx(-0.35, abs=0.015)
    assert change["two-year means"] == pytest.approx(-0.21, abs=0.015)
    assert change["smoothed levels"] == pytest.approx(-0.08, abs=0.05)


def test_need_has_no_curve_and_says_so():
    with pytest.raises(UsageError, match="population_need"):
        diagnostics.specifications(door.load("Oxfordshire", 2013, 2018), "population_need")
