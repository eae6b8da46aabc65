"""The recording sentinel: dated changes in how figures were recorded, what they touch, and the
study without them.
"""

import dataclasses

import numpy as np
import pandas as pd

from oxcare_analysis.thinking import evidence, measures
from oxcare_analysis.thinking.study import Study

CLASSED, NO_NEED, SWAP = (
    "jump in how referrals are classed",
    "jump in no-need share",
    "referrals moved between 'no further action' and 'not in need'",
)
SOURCES, UNNAMED, SOURCE_SWAP = (
    "jump in sources of referrals",
    "jump in referrals without a named source",
    "referrals moved between schools and education services",
)
STEP, BANDS = "one step of the funnel under-recorded", "lengths of ended plans incomplete"
RECORDS, FRONT_DOOR = "change of records system", "change at the front door"
# Check, or check and measure where one check finds several kinds → what is said of it.
CHECKS = {
    ("share of referrals jumps", "no_further_action_count"): CLASSED,
    ("share of referrals jumps", "not_in_need_count"): CLASSED,
    ("share of referrals jumps", "no_need_count"): NO_NEED,
    ("share of referrals jumps", "referrals_unnamed_count"): UNNAMED,
    ("categories of referrals swapped", "no_further_action_count"): SWAP,
    "share of referrals jumps": SOURCES,
    "categories of referrals swapped": SOURCE_SWAP,
    "low reliability": "figures marked of low reliability",
    "stock and flow": "ended plans and the stock disagree",
    "more than the step before": STEP,
    "one total, two tables": "two tables print different totals",
    "bands of ended plans": BANDS,
    "population rebased": "population rebased",
}
EVENTS = {"system": RECORDS, "front_door": FRONT_DOOR}  # kind in events.csv
HALVES = ("no_further_action_count", "not_in_need_count")
# A jump in a part is not told again where the whole, or a swap, is told of the same year: kind →
# (parts, beside what).
SAID_ALREADY = {
    CLASSED: (HALVES, (NO_NEED, SWAP)),
    SOURCES: (("referrals_from_other_count", "referrals_from_unknown_count"), (UNNAMED,)),
}
TESTED = set().union(*(measures.made_of(m) for m in measures.RATIOS if m not in measures.BESIDE))
# Counts a change touches, where they are not just the row's own. What is closed at once can also be
# kept out of the
# count of referrals, so a jump in class touches that count too; a swap between the two halves does
# not.
TOUCHED = {
    CLASSED: ("referrals_received_count", *HALVES),
    NO_NEED: ("referrals_received_count", *HALVES),
    FRONT_DOOR: ("referrals_received_count", *HALVES),
    SWAP: HALVES,
    RECORDS: tuple(sorted(TESTED - {"children_0_17_count"})),
    BANDS: ("plans_ended_0_3_months_count", "plans_ended_3_6_months_count"),
}
STEP_BEFORE = {
    "plans_started_count": "conferences_held_count",
    "conferences_held_count": "enquiries_started_count",
}


def register(study: Study) -> pd.DataFrame:
    """Recording changes that could touch the window: year, what, measure, found, expected, reason;
    oldest first.

    A jump is dated by its later year. The year before the first counts too: it is averaged into the
    base.
    """
    if "register" in study.found:
        return study.found["register"]
    rows = study.checks
    kinds = [
        CHECKS.get((check, measure), CHECKS.get(check))
        for check, measure in zip(rows["check"], rows["measure"], strict=True)
    ]
    rows = rows.assign(what=kinds).dropna(subset="what")
    # A return of low reliability marks every figure of a year: only those a tested measure is made
    # of are told.
    rows = pd.concat(
        [rows[rows["check"].ne("low reliability") | rows["measure"].isin(TESTED)], _dated(study)]
    )
    for what, (parts, beside) in SAID_ALREADY.items():
        said = rows["year"].isin(rows.loc[rows["what"].isin(beside), "year"])
        rows = rows[~(rows["what"].eq(what) & rows["measure"].isin(parts) & said)]
    rows = rows[rows["year"].between(study.first_year - 1, study.last_year)]
    columns = ["year", "what", "measure", "found", "expected", "reason"]
    study.found["register"] = rows[columns].sort_values("year", kind="stable", ignore_index=True)
    return study.found["register"]


def touches(study: Study, measure: str) -> pd.Series:
    """For each row of the register, whether it could have moved `measure` in this window."""
    rows = register(study)
    first = (
        evidence.years_of(study.first_year, study.last_year, measure)[0][0]
        if measure in measures.RATIOS
        else 0
    )
    counts = measures.made_of(measure)
    return pd.Series(
        [row.year >= first and not counts.isdisjoint(_counts(row)) for row in rows.itertuples()],
        index=rows.index,
        dtype=bool,
    )


def touching(study: Study, measure: str) -> dict[str, str]:
    """Each kind of recording change that could have moved `measure` in this window → one line with
    its years.
    """
    rows = register(study)[touches(study, measure)]
    return {
        what: f"{what} ({', '.join(str(y) for y in sorted(set(group['year'])))})"
        for what, group in rows.groupby("what")
    }


def points(study: Study) -> dict[str, set[tuple[int, str]]]:
    """The published figures each kind of recording change touched: kind → (year, count)."""
    return {
        what: {(row.year, count) for row in group.itertuples() for count in _counts(row)}
        for what, group in register(study).groupby("what")
    }


def read(study: Study, left_out: set[tuple[int, str]]) -> bool:
    """Whether any of these points, or the year after (whose opening stock it is), is in a year the
    test reads.
    """
    ends = {year for end in (study.first_year, study.last_year) for year in (end - 1, end)}
    return any(year in ends or year + 1 in ends for year, _ in left_out)


def leave_out(study: Study, left_out: set[tuple[int, str]]) -> Study:
    """The study with these figures of its own area missing, and whatever is worked from them."""
    mine = study.panel.xs(study.area.code, level="area_code", drop_level=False).copy()
    held = [
        (year, count)
        for year, count in left_out
        if (study.area.code, year) in mine.index and count in mine
    ]
    for year, count in held:
        mine.loc[(study.area.code, year), count] = np.nan
    mine = measures.derive(mine)
    for year, count in held:  # deriving works some counts back round a missing one
        worked = [derived for derived, parts in measures.DERIVED.items() if count in parts]
        mine.loc[(study.area.code, year), worked] = np.nan
    counts = {count for _, count in held}
    changed = [*counts, *measures.DERIVED]
    panel = study.panel.copy()
    panel.loc[mine.index, changed] = mine[changed]
    other, window = (
        dataclasses.replace(study, panel=panel, shared={}),
        (study.first_year, study.last_year),
    )
    own = panel.loc[mine.index]
    for key, (known, noise, frame) in list(study.shared.items()):
        if (
            known is study.panel
            and noise is study.noise
            and key[0] == evidence.CONTRASTS
            and key[2:] == window
        ):
            if not counts.isdisjoint(
                measures.made_of(key[1])
            ):  # of all authorities only this one has other figures
                anew = evidence.changes_of(other, own, *key[1:])
                frame = pd.concat([frame.drop(study.area.code, errors="ignore"), anew]).sort_index()
            other.shared[key] = panel, noise, frame
    return other


def _counts(row) -> tuple[str, ...]:
    """The published counts that one row of the register puts in doubt."""
    if row.what == STEP:
        return (STEP_BEFORE[row.measure],)
    return TOUCHED.get(row.what, (row.measure,))


def _dated(study: Study) -> pd.DataFrame:
    """This area's own events that changed how things are recorded, from the year ending 31 March
    they fall in.
    """
    events = study.events.reindex(columns=["date", "area", "kind", "event", "source"])
    events = events[events["area"].eq(study.area.name) & events["kind"].isin(EVENTS)]
    year, month = events["date"].str[:4].astype(int), events["date"].str[5:7].astype(int)
    what = events["kind"].map(EVENTS)
    return pd.DataFrame(
        {
            "year": year + (month > 3),
            "what": what,
            "measure": what.map({RECORDS: "all", FRONT_DOOR: "referrals_received_count"}),
            "found": events["date"],
            "expected": "",
            "reason": events["event"],
        }
    )
