"""Did referrals move where such an event happened, more than elsewhere? One kind of event in
several authorities.

Events of one kind are stacked, each in its own years (Cengiz et al. 2019, Quarterly Journal of
Economics 134:1405), and their mean change is set against means of as many authorities drawn from
those without one, in the same years: randomisation inference (Rosenbaum 2002, Observational
Studies, ch. 2).
"""

from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pandas as pd

from oxcare_analysis.thinking import events, measures
from oxcare_analysis.thinking.study import Study
from oxcare_analysis.words.result import Result

DRAWS, SEED = 9_999, 20140925
AFTER, BEFORE = "after", "before"
FEWEST_EVENTS = 3
COLUMNS = ["measure", "when", "events", "estimate", "low", "high", "p_value", "p_adjusted"]
EACH = ["area_code", "area", "year", "date", "event", "measure", "when", "estimate"]


@dataclass(frozen=True, repr=False)
class ComparableEvents(Result):
    """What followed one kind of event wherever it happened.

    `table`: measure, when (AFTER: up to three years after; BEFORE: the two years before, as if the
    event had come then, where nothing should be found), events (used), estimate (mean log change
    less what authorities of the same starting level and size did), low, high (95 per cent, from the
    draws), p_value (two-sided), p_adjusted (the measure itself is one question, the sources
    another, by Holm). `each`: one row an event, measure and when. `missing`: what was left out, and
    why.
    """

    kind: str
    area: str
    missing: tuple[str, ...] = ()
    source: str = ""
    each: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False, float_format="{:+.2f}".format)


def comparable(study: Study, dated: pd.DataFrame, kind: str, measure: str) -> ComparableEvents:
    """Follow `measure`, and referrals per child by source, after every event of `kind` in `dated`.

    `dated`: event_id, date, area, kind, event of all areas. Base, years after and what is left out
    are those of events.events, whatever the window of the study: all years let in are used.
    Authorities with an event of the kind never stand for those without.
    """
    ratio, people = measures.RATIOS[measure], study.authorities
    people = people.reindex(
        pd.MultiIndex.from_product(
            [
                people.index.unique("area_code"),
                range(
                    people.index.get_level_values("year").min() - 2,
                    people.index.get_level_values("year").max() + 1,
                ),
            ],
            names=["area_code", "year"],
        )
    )
    unnamed, sources = events.by_source(people)
    whole = measures.series(people, measure)["log"].where(
        people.index.get_level_values("year") >= ratio.years
    )
    logs = {ratio.label: whole.unstack("year")} | sources
    size = np.log(people["children_0_17_count"].unstack("year"))
    had, missing = _had(study, dated, kind)
    each, chance, random = [], {}, np.random.default_rng(SEED)
    for one in had.to_dict("records"):
        code, year = one["area_code"], one["year"]
        spans = {
            AFTER: (year, range(year + 1, year + 1 + events.LONGEST)),
            BEFORE: (year - 2, range(year - 2, year)),
        }
        for (when, (start, after)), (name, wide) in product(spans.items(), logs.items()):
            errors = _errors(
                wide,
                unnamed if name in sources else None,
                size,
                start,
                after,
                code,
                had["area_code"],
            )
            if errors is not None:
                each.append({**one, "measure": name, "when": when, "estimate": errors[code]})
                chance.setdefault((name, when), []).append(random.choice(errors.drop(code), DRAWS))
    each = pd.DataFrame(each, columns=EACH)
    rows = [
        _pooled(name, when, part["estimate"].mean(), len(part), np.mean(chance[name, when], axis=0))
        for (name, when), part in each.groupby(["measure", "when"], sort=False)
        if len(part) >= FEWEST_EVENTS
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    table["p_adjusted"] = events.adjusted(table, ["when"], ratio.label)
    unused = had[~had["area_code"].isin(each["area_code"])]
    missing += [
        f"{row.area} ({row.date}): no usable figures before and after"
        for row in unused.itertuples()
    ]
    return ComparableEvents(kind, study.area.name, tuple(missing), study.source, each, table)


def _had(study: Study, dated: pd.DataFrame, kind: str) -> tuple[pd.DataFrame, list[str]]:
    """The first event of the kind in each authority: area_code, area, year (ending 31 March), date,
    event.
    """
    codes = {
        name: code
        for code, name in study.names.items()
        if code in study.authorities.index.get_level_values("area_code")
    }
    of_kind = dated[(dated["kind"] == kind) & (dated["area"] != "England")].sort_values("date")
    years = [int(date[:4]) + (int(date[5:7]) >= 4) for date in of_kind["date"]]
    of_kind = of_kind.assign(area_code=of_kind["area"].map(codes), year=years)
    later = of_kind[of_kind["area"].duplicated()]
    missing = [f"{row.area} ({row.date}): not its first" for row in later.itertuples()]
    return of_kind.drop_duplicates("area").dropna(subset="area_code")[EACH[:5]], missing


def _errors(
    logs: pd.DataFrame,
    unnamed: pd.DataFrame | None,
    size: pd.DataFrame,
    year: int,
    after: range,
    code: str,
    had: pd.Series,
) -> pd.Series | None:
    """Changes from the two years before `year` to `after`, less what base and size predict: here
    and without an event.

    None where this authority's change is not known, or too few others' are.
    """
    if unnamed is not None:
        logs = logs.mask(~(unnamed.sub(unnamed.get(year - 1), axis=0).abs() <= events.JUMP))
    if year - 1 not in logs or pd.isna(logs.at[code, year - 1]):
        return None
    held = [y for y in after if y in logs and pd.notna(logs.at[code, y])]
    everyone = events.changes(logs, size, year, held) if held else pd.DataFrame(index=[])
    everyone = everyone.drop(index=[c for c in had if c != code], errors="ignore")
    return (
        events.left_out(everyone)
        if code in everyone.index and len(everyone) >= events.FEWEST
        else None
    )


def _pooled(name: str, when: str, estimate: float, number: int, chance: np.ndarray) -> dict:
    high, low = estimate - np.quantile(chance, [0.025, 0.975])
    return {
        "measure": name,
        "when": when,
        "events": number,
        "estimate": estimate,
        "low": low,
        "high": high,
        "p_value": (1 + (np.abs(chance) >= abs(estimate)).sum()) / (1 + DRAWS),
    }
