"""What happened in a simulated authority, as tables of records, every id marked as simulated."""

import numpy as np
import pandas as pd

from oxcare_analysis.local.records import COLUMNS, MARK, Records, conform
from oxcare_analysis.local.window import seen_on

NEVER = 10_000_000  # a day that does not come
AREA = "Simulated authority"
CATEGORY_SHARES = {"NEG": 0.47, "EMO": 0.36, "PHY": 0.08, "SAB": 0.05, "MUL": 0.04}
CATEGORY_CHANGES, CHANGES_AFTER = 0.08, 180
REVIEWS_FROM, REVIEWS_EVERY = (
    85,
    170,
)  # days: the first review within three months, the others within six
MOVED_IN, OTHERS = 1, 2


def as_records(
    cases: dict[str, np.ndarray],
    families: dict[str, np.ndarray],
    start: int,
    end: int,
    random: np.random.Generator,
) -> Records:
    """The records of an extract on day `end` whose window begins on day `start`, of cases a row a
    child.
    """
    cases = {name: cells[cases["day"] <= end] for name, cells in cases.items()}
    tables = {"persons": _persons(cases, families), **_funnel(cases), **_plans(cases, end, random)}
    whole = Records(
        **{name: conform(name, tables[name]) for name in COLUMNS},
        extract_date=_date(np.array([end]))[0],
        complete_from=_date(np.array([start]))[0],
        area=AREA,
        simulated=True,
    )
    return seen_on(whole, whole.extract_date, whole.complete_from)


def _date(days: np.ndarray) -> pd.DatetimeIndex:
    """Days since 1970 as dates; NEVER is missing."""
    known = np.where(days >= NEVER, np.datetime64("NaT"), days.astype("datetime64[D]"))
    return pd.DatetimeIndex(known.astype("datetime64[s]"))


def _ids(letter: str, numbers: np.ndarray) -> pd.Series:
    return MARK + letter + pd.Series(numbers).astype("string")


def _persons(cases: dict, families: dict) -> pd.DataFrame:
    child = np.unique(cases["child"])
    born = families["born"][child]
    first_seen = np.full(len(families["born"]), NEVER)
    np.minimum.at(first_seen, cases["child"], cases["day"])
    unborn = first_seen[child] < born
    return pd.DataFrame(
        {
            "person_id": _ids("P", child),
            "family_id": _ids("F", families["child_family"][child]),
            "birth_date": _date(born),
            "expected_birth_date": _date(np.where(unborn, born + 3, NEVER)),
            "death_date": _date(families["died"][child]),
        }
    )


def _funnel(cases: dict) -> dict[str, pd.DataFrame]:
    """Referrals, enquiries, conferences."""
    number = np.arange(len(cases["case"]))
    referred = cases["kind"] != OTHERS
    asked, met = cases["enquiry"] != NEVER, cases["conference"] != NEVER

    def where(mask: np.ndarray, columns: dict) -> pd.DataFrame:
        return pd.DataFrame({name: pd.Series(cells)[mask] for name, cells in columns.items()})

    person, referral, enquiry = (
        _ids("P", cases["child"]),
        _ids("R", number),
        _ids("E", cases["case"]),
    )
    return {
        "referrals": where(
            referred,
            {
                "referral_id": referral,
                "person_id": person,
                "referral_date": _date(cases["day"]),
                "source": pd.Categorical(cases["source"]),
                "no_further_action": cases["no_action"],
                "close_date": _date(cases["closed"]),
                "close_reason": pd.Categorical(cases["reason"]),
            },
        ),
        "enquiries": where(
            asked,
            {
                "enquiry_id": enquiry,
                "person_id": person,
                "referral_id": referral,
                "start_date": _date(cases["enquiry"]),
                "end_date": _date(cases["enquiry_end"]),
            },
        ),
        "conferences": where(
            met,
            {
                "conference_id": _ids("C", cases["case"]),
                "person_id": person,
                "enquiry_id": enquiry.where(asked),
                "conference_date": _date(cases["conference"]),
                "transfer_in": cases["kind"] == MOVED_IN,
                "led_to_plan": cases["plan"] != NEVER,
            },
        ),
    }


def _plans(cases: dict, end: int, random: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Plans with their reviews, and episodes of care."""
    on = cases["plan"] != NEVER
    number = np.flatnonzero(on)
    start, stop, others = cases["plan"][on], cases["plan_end"][on], cases["kind"][on] == OTHERS
    codes = list(CATEGORY_SHARES)
    first = np.searchsorted(
        np.cumsum(list(CATEGORY_SHARES.values()))[:-1], cases["category"][on], side="right"
    )
    changed = (stop - start > CHANGES_AFTER) & (random.random(len(start)) < CATEGORY_CHANGES)
    latest = np.where(changed, (first + 1) % len(codes), first)
    person, plan = _ids("P", cases["child"][on]), _ids("L", number)
    referral, conference = _ids("R", number), _ids("C", cases["case"][on])
    plans = pd.DataFrame(
        {
            "plan_id": plan,
            "person_id": person,
            "referral_id": referral.mask(others),
            "conference_id": conference.mask(others),
            "start_date": _date(start),
            "end_date": _date(stop),
            "other_authority": others,
            "category_initial": pd.Categorical.from_codes(first, codes),
            "category_latest": pd.Categorical.from_codes(latest, codes),
        }
    )
    held = np.maximum((np.minimum(stop, end + 1) - start - REVIEWS_FROM) // REVIEWS_EVERY + 1, 0)
    row = np.repeat(np.arange(len(start)), held)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(held) - held, held)
    reviews = pd.DataFrame(
        {
            "plan_id": plan.iloc[row],
            "person_id": person.iloc[row],
            "review_date": _date(start[row] + REVIEWS_FROM + REVIEWS_EVERY * nth),
        }
    )
    cared = cases["care"] != NEVER
    care = pd.DataFrame(
        {
            "care_id": _ids("A", np.flatnonzero(cared)),
            "person_id": _ids("P", cases["child"][cared]),
            "start_date": _date(cases["care"][cared]),
            "end_date": _date(cases["care_end"][cared]),
        }
    )
    return {"plans": plans, "reviews": reviews, "care": care}
