"""Exit hazards by band and the period life table: closed forms, bands worked out from totals,
published tables.
"""

import numpy as np
import pandas as pd
import pytest

from oxcare_analysis import diagnostics, door
from oxcare_analysis.thinking import lifetable
from oxcare_analysis.words.columns import BANDS


@pytest.fixture(scope="module")
def oxfordshire():
    return diagnostics.exits(door.load("Oxfordshire", 2013, 2018))


def hazards(**rates):
    frame = pd.DataFrame([rates], columns=[*BANDS, lifetable.LONG])
    return frame.astype(float)


def test_a_constant_hazard_gives_its_reciprocal_as_the_stay():
    for h in (0.3, 1.25, 4.0):
        stay = lifetable.expected_stay(hazards(**dict.fromkeys([*BANDS, lifetable.LONG], h)))
        assert stay["stay"].item() == pytest.approx(1 / h)


def test_a_life_table_worked_by_hand():
    # Nobody leaves in the first year; half of those left leave in the second; then one leaves for
    # each year lived.
    rates = {"0_3": 0.0, "3_6": 0.0, "6_12": 0.0, "12_24": np.log(2), "24_plus": 1.0}
    by_hand = 1.0 + 0.5 / np.log(2) + 0.5 * 1.0
    assert lifetable.expected_stay(hazards(**rates))["stay"].item() == pytest.approx(by_hand)


def test_the_two_longest_bands_are_taken_together_where_one_is_not_known():
    stay = lifetable.expected_stay(hazards(**{"0_3": 1.0, "3_6": 1.0, "6_12": 1.0, "12_plus": 1.0}))
    assert stay["stay"].item() == pytest.approx(1.0) and stay["merged"].item()


def test_one_missing_band_is_worked_out_from_the_total_and_flagged_and_two_are_not():
    index = pd.MultiIndex.from_tuples([("901", 2020), ("902", 2020)], names=["area_code", "year"])
    columns = {f"plans_open_{b}_months_count": [10.0, 10.0] for b in BANDS} | {
        "plans_open_count": [57.0, 57.0]
    }
    panel = pd.DataFrame(columns, index=index)
    panel.loc[("901", 2020), "plans_open_24_plus_months_count"] = np.nan
    panel.loc[
        ("902", 2020), ["plans_open_24_plus_months_count", "plans_open_12_24_months_count"]
    ] = np.nan
    bands, was_filled = lifetable.filled(panel, "open")
    assert bands.loc[("901", 2020), "24_plus"] == 17 and was_filled.loc[("901", 2020), "24_plus"]
    assert np.isnan(bands.loc[("902", 2020), "24_plus"]) and not was_filled.loc[("902", 2020)].any()
    assert list(bands["12_plus"]) == [27, 27]


def test_the_stay_in_oxfordshire_and_england_is_the_one_worked_out_from_the_published_tables(
    oxfordshire,
):
    # 2013 to 2022 from tables D5 and D7 of the 2024 edition (2012 stock: SFR27/2012), worked out
    # independently.
    stays = oxfordshire.table.set_index("year")["value"].round(1)
    expected = [12.1, 10.7, 10.4, 9.4, 9.2, 11.0, 9.2, 8.7, 7.7, 9.2]
    assert stays.loc[2013:2022].tolist() == expected
    england = oxfordshire.table.set_index("year")["england"].round(1)
    assert (england[2013], england[2018], england[2024]) == (9.8, 9.3, 9.5)
