"""Snapshots of one authority, oldest first → its records: what a later window has dropped is kept
from an earlier one.

The newest row of the same plan, conference, enquiry, referral or period of care stands. A row that
a later snapshot should still show and does not has been withdrawn by the authority (deleted, or
merged with another): it is dropped and counted. Snapshots whose windows leave a gap before the
newer ones cannot be used, and are named.
"""

from dataclasses import dataclass

import pandas as pd

from oxcare_analysis.intake.text import shown
from oxcare_analysis.local.extract import Extract
from oxcare_analysis.local.records import BEGINS, COLUMNS, ENDS, KEYS, Records, conform
from oxcare_analysis.words.errors import DataError

DAY = pd.Timedelta(days=1)
# Rows that a snapshot shows if they began in its window, in every layout; the others if they ended
# in it or are open.
BEGAN = ("referrals", "enquiries", "conferences")
MOST_WITHDRAWN, FEW = 0.25, 20
FACTS = ["source", "no_further_action"]


@dataclass(frozen=True, eq=False)
class Combined:
    """Records as all snapshots together have them; `counts`: (table, what was done) → rows;
    `unused`: snapshots.
    """

    records: Records
    counts: dict[tuple[str, str], int]
    unused: tuple[str, ...]


def combine(snapshots: list[Extract], area: str) -> Combined:
    """Put snapshots of one kind together. Raises DataError where there is none, or one shows too
    little to be whole.
    """
    ordered = sorted(snapshots, key=lambda one: one.day)
    run = _unbroken(ordered)
    counts: dict[tuple[str, str], int] = {}
    tables = {}
    for name in COLUMNS:
        held, again = _stacked([one.tables[name] for one in run], name)
        if again:
            counts[name, "the same row twice in one snapshot, the last one taken"] = again
        if name in BEGINS and len(run) > 1:
            held, gone, ended = _checked(held, name, run)
            if gone:
                counts[name, "shown by an earlier snapshot and withdrawn since, set aside"] = gone
            if ended:
                counts[
                    name, "replaced by a later plan without an end, ended on the day that began"
                ] = ended
        tables[name] = conform(name, held)
    if run[0].kind == "annex_a":  # cases known from list 6 alone are not referrals
        referrals = tables["referrals"]
        tables["referrals"] = referrals[referrals["no_further_action"].notna()].reset_index(
            drop=True
        )
    shown_plans = tables["plans"]["plan_id"]
    tables["reviews"] = tables["reviews"][
        tables["reviews"]["plan_id"].isin(shown_plans)
    ].reset_index(drop=True)
    records = Records(
        **tables,
        extract_date=run[-1].day,
        complete_from=min(one.first for one in run),
        area=area,
        simulated=any(one.simulated for one in run),
    )
    return Combined(
        records, counts, tuple(f"{one.day:%Y-%m-%d}" for one in ordered if one not in run)
    )


def _unbroken(ordered: list[Extract]) -> list[Extract]:
    """The newest snapshots whose windows follow on one another without a gap."""
    run, reaches = [], pd.Timestamp.max
    for one in reversed(ordered):
        if one.day + DAY < reaches and run:
            break
        run.append(one)
        reaches = min(reaches, one.first)
    return run[::-1]


def _stacked(parts: list[pd.DataFrame], name: str) -> tuple[pd.DataFrame, int]:
    """Rows of all snapshots, the newest of each; `_in`: the number of the last snapshot that shows
    it.
    """
    again = sum(int(part.duplicated(KEYS[name]).sum()) for part in parts if name != "reviews")
    parts = [part.assign(_in=number) for number, part in enumerate(parts)]
    every = pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]
    newest = every.drop_duplicates(KEYS[name], keep="last").reset_index(drop=True)
    if (
        name == "referrals" and len(parts) > 1
    ):  # a later edition may carry the closing of a case alone
        known = every.dropna(subset=["no_further_action"]).drop_duplicates(KEYS[name], keep="last")
        filled = newest[KEYS[name]].merge(known[[*KEYS[name], *FACTS]], on=KEYS[name], how="left")
        for column in FACTS:
            newest[column] = newest[column].astype("object").fillna(filled[column].astype("object"))
    return newest, again


def _checked(held: pd.DataFrame, name: str, run: list[Extract]) -> tuple[pd.DataFrame, int, int]:
    """Without the rows withdrawn since; how many these are, and how many plans were ended by a
    later one.
    """
    later = held["_in"] + 1
    follows = later < len(run)
    opens = (
        pd.Series([one.first for one in run[1:]] + [pd.Timestamp.max.as_unit("s")])
        .take(held["_in"])
        .set_axis(held.index)
    )
    begins = held[BEGINS[name]]
    due = (
        begins >= opens if name in BEGAN else held[ENDS[name]].isna() | (held[ENDS[name]] >= opens)
    )
    empty = [number for number, one in enumerate(run) if one.tables[name].empty]
    withdrawn = follows & due & ~later.isin(empty)
    ended = pd.Series(False, index=held.index)
    if name == "plans":
        _refuse_partial(held, withdrawn, run)
        if run[0].kind == "annex_a":  # a list of plans may show each child's latest plan alone
            next_start = held.sort_values("start_date").groupby("person_id")["start_date"].shift(-1)
            ended = withdrawn & held["end_date"].isna() & next_start.reindex(held.index).notna()
            held = held.assign(end_date=held["end_date"].mask(ended, next_start))
            withdrawn &= ~ended
    return held[~withdrawn].drop(columns="_in"), int(withdrawn.sum()), int(ended.sum())


def _refuse_partial(plans: pd.DataFrame, withdrawn: pd.Series, run: list[Extract]) -> None:
    """Refuse a snapshot in which many of the plans are missing that the one before had open."""
    for number, one in enumerate(run[1:]):
        gone = int((withdrawn & (plans["_in"] == number)).sum())
        due = len(run[number].tables["plans"])
        if gone > max(FEW, MOST_WITHDRAWN * due):
            raise DataError(
                f"The snapshot of {one.day:%Y-%m-%d} lacks {gone:,} plans that it should still"
                f" show, of {due:,} in the one of {run[number].day:%Y-%m-%d}"
                f" ({shown(', '.join(one.files))}); expected the whole extract of the same"
                " authority. Export it again whole, or keep it in a data folder of its own."
            )
