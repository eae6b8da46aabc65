"""Simulated records as children in need census files: one a year, said to be simulated in a comment
and the header.
"""

from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

import pandas as pd

from oxcare_analysis.local.records import Records
from oxcare_analysis.local.window import seen_on
from oxcare_analysis.words.errors import UsageError

YEAR, DAY = pd.DateOffset(years=1), pd.Timedelta(days=1)


def write_cin(records: Records, folder: Path) -> list[Path]:
    """A census file for every whole year ending 31 March. Raises UsageError where there is none."""
    newest = records.extract_date
    day = pd.Timestamp(newest.year - ((newest.month, newest.day) < (3, 31)), 3, 31)
    written = []
    while day - YEAR + DAY >= records.complete_from:
        folder.mkdir(parents=True, exist_ok=True)
        written.append(folder / f"simulated_cin_{day.year}.xml")
        with written[-1].open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(_census(records, day))
        day -= YEAR
    if not written:
        raise UsageError(
            "No census can be written: the months hold no whole year from 1 April to 31 March."
            " Simulate at least 24 months."
        )
    return written[::-1]


def _census(records: Records, day: pd.Timestamp) -> Iterator[str]:
    """The text of the census of the year ending on `day`: every case open in the year, and what it
    held in the year.
    """
    first = day - YEAR + DAY
    seen = seen_on(records, day, first)
    cases = records.referrals[records.referrals["referral_date"] <= day]
    cases = cases.assign(close_date=cases["close_date"].where(cases["close_date"] <= day))
    cases = cases[cases["close_date"].isna() | (cases["close_date"] >= first)]
    met = seen.conferences[["enquiry_id", "conference_id", "person_id", "conference_date"]]
    asked = records.enquiries[records.enquiries["start_date"] <= day].merge(
        met, how="left", on=["enquiry_id", "person_id"]
    )
    asked = asked[(asked["start_date"] >= first) | asked["conference_date"].notna()]
    moved_in = pd.merge_asof(
        met[met["enquiry_id"].isna()].sort_values("conference_date"),
        cases.sort_values("referral_date"),
        left_on="conference_date",
        right_on="referral_date",
        by="person_id",
    ).dropna(subset=["referral_id"])
    plans = seen.plans[~seen.plans["other_authority"]]
    inside = {
        "Section47": _grouped(asked, "referral_id"),
        "moved_in": _grouped(moved_in, "referral_id"),
        "plans": _grouped(plans, "referral_id"),
        "reviews": _grouped(seen.reviews, "plan_id"),
    }
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!-- Simulated records: no child in this file'
        " exists. -->\n"
        f"<Message><Header><CollectionDetails><Collection>CIN</Collection><Year>{day.year}</Year>"
        f"<ReferenceDate>{day:%Y-%m-%d}</ReferenceDate></CollectionDetails><Source><SourceLevel>L</SourceLevel>"
        "<LEA>999</LEA><SoftwareCode>SIMULATED</SoftwareCode><SerialNo>001</SerialNo></Source></Header>"
        "<Children>\n"
    )
    persons = {person.person_id: person for person in records.persons.itertuples(index=False)}
    for person, rows in _grouped(cases, "person_id").items():
        about = persons[person]
        born = (
            _tag("PersonBirthDate", about.birth_date)
            if about.birth_date <= day
            else _tag("ExpectedPersonBirthDate", about.expected_birth_date)
        )
        died = _tag("PersonDeathDate", about.death_date) if about.death_date <= day else ""
        yield f"<Child><ChildIdentifiers>{_tag('LAchildID', person)}{born}{died}</ChildIdentifiers>"
        yield from (_case(row, inside) for row in rows)
        yield "</Child>\n"
    yield "</Children></Message>\n"


def _grouped(frame: pd.DataFrame, by: str) -> dict[str, list]:
    """Rows as named tuples, by the value of a column."""
    groups: dict[str, list] = {}
    for row in frame.itertuples(index=False):
        groups.setdefault(getattr(row, by), []).append(row)
    return groups


def _case(case: tuple, inside: dict[str, dict[str, list]]) -> str:
    """One CINdetails element, in the order of the schema."""
    reason = case.close_reason if pd.notna(case.close_date) else None
    parts = [
        _tag("CINreferralDate", case.referral_date),
        _tag("ReferralSource", case.source),
        _tag("CINclosureDate", case.close_date),
        _tag("ReasonForClosure", reason),
    ]
    parts += [
        _tag("DateOfInitialCPC", row.conference_date)
        for row in inside["moved_in"].get(case.referral_id, [])
    ]
    parts += [
        f"<Section47>{_tag('S47ActualStartDate', row.start_date)}{_tag('DateOfInitialCPC', row.conference_date)}"
        "</Section47>"
        for row in inside["Section47"].get(case.referral_id, [])
    ]
    parts.append(_tag("ReferralNFA", "true" if case.no_further_action else "false"))
    for plan in inside["plans"].get(case.referral_id, []):
        held = "".join(
            _tag("CPPreviewDate", row.review_date)
            for row in inside["reviews"].get(plan.plan_id, [])
        )
        parts.append(
            "<ChildProtectionPlans>"
            + _tag("CPPstartDate", plan.start_date)
            + _tag("CPPendDate", plan.end_date)
            + _tag("InitialCategoryOfAbuse", plan.category_initial)
            + _tag("LatestCategoryOfAbuse", plan.category_latest)
            + (f"<Reviews>{held}</Reviews>" if held else "")
            + "</ChildProtectionPlans>"
        )
    return f"<CINdetails>{''.join(parts)}</CINdetails>"


def _tag(name: str, value: object) -> str:
    """An element, or nothing where there is no value."""
    if pd.isna(value):
        return ""
    text = value.date().isoformat() if isinstance(value, pd.Timestamp) else escape(str(value))
    return f"<{name}>{text}</{name}>"
