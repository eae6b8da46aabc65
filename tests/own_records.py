"""Tiny records worked by hand, for the tests of what an authority's own records give."""

import pandas as pd

from oxcare_analysis.local import records as shapes
from oxcare_analysis.local.records import Records

BEGIN, TAKEN = "2020-01-01", "2023-12-31"


def made(begin=BEGIN, taken=TAKEN, **tables):
    """Records from lists of dicts, table by table; what a row does not give is missing. Dates as
    text.
    """
    frames = {
        name: shapes.conform(name, pd.DataFrame(tables.get(name, []))) for name in shapes.COLUMNS
    }
    return Records(
        **frames,
        extract_date=pd.Timestamp(taken),
        complete_from=pd.Timestamp(begin),
        area="Hand-worked",
        simulated=True,
    )


def plan(person, start, end=None, **more):
    """One plan of a person."""
    return {
        "plan_id": f"{person}-{start}",
        "person_id": person,
        "start_date": start,
        "end_date": end,
        "other_authority": False,
    } | more


def person(name, family=None, birth="2012-06-01", **more):
    """One person."""
    return {"person_id": name, "family_id": family or name, "birth_date": birth} | more
