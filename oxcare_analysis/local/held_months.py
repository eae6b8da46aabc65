"""The monthly table of the records put where the template's months are kept, and what it changes
there said.
"""

from pathlib import Path

from oxcare_analysis.intake import raw
from oxcare_analysis.intake.mappings import MONTHLY_COLUMNS
from oxcare_analysis.local.months import monthly
from oxcare_analysis.local.records import Records

MOST_LISTED = 12


def write(records: Records, data_dir: str | Path | None = None) -> list[str]:
    """Put the months of the records beside those held; lines that say which months, and every
    figure that changed.

    A figure that the records give goes before one held; one that they do not give leaves the one
    held.
    """
    months = monthly(records)
    held = raw.read_months(data_dir)
    held.index = held.index.astype(str)
    rows = months.set_index("month")
    before = held.reindex(index=rows.index, columns=rows.columns).astype("Int64")
    changed = before.notna() & rows.notna() & before.ne(rows).fillna(False).astype(bool)
    rows = rows.fillna(before)
    lines = [
        f"  {month}, {column}: {before.at[month, column]:,} held, {rows.at[month, column]:,} by the"
        " records"
        for column in rows
        for month in rows.index[changed[column]]
    ]
    raw.add_months(rows.astype("string").fillna("").reset_index()[list(MONTHLY_COLUMNS)], data_dir)
    said = [
        f"Months {months['month'].iloc[1]} to {months['month'].iloc[-1]} ({len(months) - 1}) filled"
        " from the records."
    ]
    if lines:
        which = (
            "1 figure differs from the one"
            if len(lines) == 1
            else f"{len(lines)} figures differ from those"
        )
        said += [f"{which} held, and the records' now stand:", *lines[:MOST_LISTED]]
        said += [f"  and {len(lines) - MOST_LISTED} more"] if len(lines) > MOST_LISTED else []
    return said
