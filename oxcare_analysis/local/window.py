"""What an extract taken on one day would have shown of records that go further: ends not known yet,
old rows left out.

Kept is what is open or ended in the window, and what happened in it; a layout's own extract may
keep less.
"""

from dataclasses import replace

import pandas as pd

from oxcare_analysis.local.records import BEGINS, ENDS, Records

HAPPEN = {**BEGINS, "reviews": "review_date"}


def seen_on(records: Records, day: pd.Timestamp, first: pd.Timestamp) -> Records:
    """The records as an extract of `day` would show them whose window begins on `first`."""
    tables = {}
    for name, begins in HAPPEN.items():
        table, ends = records.tables[name], ENDS.get(name)
        table = table[table[begins] <= day]
        if ends:
            table = table.assign(**{ends: table[ends].where(table[ends] <= day)})
        if (
            name == "enquiries"
        ):  # one that ended before the window may have led to a conference in it
            held = records.conferences[records.conferences["conference_date"] >= first]
            table = table[
                table[ends].isna()
                | (table[ends] >= first)
                | table["enquiry_id"].isin(held["enquiry_id"])
            ]
        elif name != "reviews":
            table = table[
                table[ends].isna() | (table[ends] >= first) if ends else table[begins] >= first
            ]
        tables[name] = table.reset_index(drop=True)
    known = tables["referrals"]["close_date"].notna()
    tables["referrals"] = tables["referrals"].assign(
        close_reason=tables["referrals"]["close_reason"].where(known)
    )
    tables["reviews"] = tables["reviews"][
        tables["reviews"]["plan_id"].isin(tables["plans"]["plan_id"])
    ].reset_index(drop=True)
    known = pd.concat([table["person_id"] for table in tables.values()]).unique()
    persons = records.persons[records.persons["person_id"].isin(known)].reset_index(drop=True)
    unborn = persons["birth_date"] > day
    tables["persons"] = persons.assign(
        birth_date=persons["birth_date"].mask(unborn),
        death_date=persons["death_date"].where(persons["death_date"] <= day),
    )
    return replace(records.with_tables(tables), extract_date=day, complete_from=first)
