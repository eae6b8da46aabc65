"""The one shape that tables and thinking share: a series indexed by (area_code, year)."""

import pandas as pd


def year_before(series: pd.Series) -> pd.Series:
    """The value a year earlier on the same (area_code, year) index; NaN where it is not held."""
    earlier = series.copy()
    earlier.index = pd.MultiIndex.from_arrays(
        [series.index.get_level_values(0), series.index.get_level_values(1) + 1],
        names=series.index.names,
    )
    return earlier.reindex(series.index)
