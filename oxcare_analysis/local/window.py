"""What an extract taken on one day would have shown of records that go further: ends not known yet, old rows left out.

The rules are those of the Standard Safeguarding Dataset's extract: referrals and care that began in the window or are
open, enquiries and plans that ended in it or are open, conferences held in it (reference: its SQL procedures).
"""

from dataclasses import replace

import pandas as pd

from oxcare_analysis.local.records import Records

# table → (the date a row begins on, the date it ends on; '' where it has no end)
SPANS = {"referrals": ("referral_date", "close_date"), "enquiries": ("start_date", "end_date"),
         "conferences": ("conference_date", ""), "plans": ("start_date", "end_date"), "reviews": ("review_date", ""),
         "care": ("start_date", "end_date")}
BEGAN_IN_WINDOW = ("referrals", "conferences", "care")  # the others: ended in it


def seen_on(records: Records, day: pd.Timestamp, first: pd.Timestamp) -> Records:
    """The records as an extract of `day` would show them whose window begins on `first`."""
    tables = {}
    for name, (begins, ends) in SPANS.items():
        table = records.tables[name]
        table = table[table[begins] <= day]
        if ends:
            table = table.assign(**{ends: table[ends].where(table[ends] <= day)})
        if name != "reviews":
            table = table[table[ends].isna() | (table[begins if name in BEGAN_IN_WINDOW else ends] >= first)
                          if ends else table[begins] >= first]
        tables[name] = table.reset_index(drop=True)
    known = tables["referrals"]["close_date"].notna()
    tables["referrals"] = tables["referrals"].assign(close_reason=tables["referrals"]["close_reason"].where(known))
    tables["reviews"] = tables["reviews"][tables["reviews"]["plan_id"].isin(tables["plans"]["plan_id"])].reset_index(
        drop=True)
    known = pd.concat([table["person_id"] for table in tables.values()]).unique()
    persons = records.persons[records.persons["person_id"].isin(known)].reset_index(drop=True)
    unborn = persons["birth_date"] > day
    tables["persons"] = persons.assign(birth_date=persons["birth_date"].mask(unborn),
                                       death_date=persons["death_date"].where(persons["death_date"] <= day))
    return replace(records.with_tables(tables), extract_date=day, complete_from=first)
