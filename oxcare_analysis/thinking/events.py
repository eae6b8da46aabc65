"""Did referrals move after a dated event of this authority, more than where there was no such
event? An event study.

One authority had the event, so the error is the spread of the same change, over the same calendar
years, in all the others: randomisation inference (Fisher 1935, The Design of Experiments; for a
difference in differences with one treated group, Conley and Taber 2011, Review of Economics and
Statistics 93:113).
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from oxcare_analysis.thinking import measures
from oxcare_analysis.thinking.findings import holm
from oxcare_analysis.thinking.study import Study
from oxcare_analysis.words.result import Result

# Schools and education services are one source: authorities move cases between the two.
SOURCES = {
    "police": ("police",),
    "schools and education services": ("schools", "education_services"),
    "health services": ("health",),
    "other agencies": ("housing", "council_services", "other_legal"),
    "individuals": ("individual",),
}
TRAINED, UNTRAINED, CONTRAST = (
    tuple(SOURCES)[:3],
    "individuals",
    "trained sources against individuals",
)
UNNAMED = ("other", "unknown")
# of all referrals, about what individuals send: a jump this large can hide or make a change of
# theirs
JUMP = 0.10
LONGEST, FEWEST = (
    3,
    20,
)  # years followed after an event; authorities that a rank needs, as in evidence.placebo
COLUMNS = [
    "year",
    "event",
    "date",
    "measure",
    "k",
    "tested",
    "change",
    "others",
    "estimate",
    "low",
    "high",
    "p_value",
    "p_adjusted",
    "n",
]


@dataclass(frozen=True, repr=False)
class EventStudy(Result):
    """Changes after the dated local events of one authority.

    `table`: year (ending 31 March, in which the events fell), event (all of that year, joined),
    date, measure (its label, a source of referrals, per child, or CONTRAST), k (years after: '1',
    or '1 to 3' for their mean), tested (one row a measure: all years after together), change and
    others (log change here, and the median elsewhere), estimate (change less what authorities of
    its starting level and size did), low, high (95 per cent, from the placebo changes), p_value,
    p_adjusted (the measure itself is one question; the sources and their contrast of one year are
    another, by Holm), n (authorities, this one too). `missing`: what cannot be told, and why.
    """

    area: str
    first_year: int
    last_year: int
    missing: tuple[str, ...] = ()
    source: str = ""
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False, float_format="{:+.2f}".format)


def events(study: Study, measure: str) -> EventStudy:
    """Follow `measure`, and referrals per child by source, up to three years after each year with
    local events.

    The base is the mean of the two years before, or the one before alone where only that is held;
    the year of the event is left out, as only part of it came after. Years after the window are not
    used. Events of one financial year cannot be told apart on annual figures and are taken
    together; national ones reached every authority and are only named. A year in which the share of
    referrals without a named source has jumped is not used by source.
    """
    groups, missing = _groups(study)
    ratio, code = measures.RATIOS[measure], study.area.code
    people = study.authorities.reindex(
        pd.MultiIndex.from_product(
            [
                study.authorities.index.unique("area_code"),
                range(study.first_year - 2, study.last_year + 1),
            ],
            names=["area_code", "year"],
        )
    )
    unnamed, sources = by_source(people)
    whole = measures.series(people, measure)["log"].where(
        people.index.get_level_values("year") >= ratio.years
    )
    logs = {ratio.label: whole.unstack("year")} | sources
    size = np.log(people["children_0_17_count"].unstack("year"))
    rows = []
    for year, event in groups.iterrows():
        after = range(year + 1, min(year + LONGEST, study.last_year) + 1)
        jumped = ~(
            unnamed.sub(unnamed[year - 1], axis=0).abs() <= JUMP
        )  # a share that is not known may have jumped
        missing += [
            f"by source, {y} after the events of {year}: {100 * unnamed.at[code, y]:.0f} per cent"
            f" of referrals had no named source, against {100 * unnamed.at[code, year - 1]:.0f} in"
            f" {year - 1}"
            for y in after
            if unnamed.sub(unnamed[year - 1], axis=0).abs().at[code, y] > JUMP
        ]
        short = []
        for name, wide in logs.items():
            held = wide.mask(jumped) if name in sources else wide
            years = (
                [y for y in after if pd.notna(held.at[code, y])]
                if pd.notna(held.at[code, year - 1])
                else []
            )
            together = changes(held, size, year, years)
            if len(together) < FEWEST:
                short.append(name)
                continue
            alone = [([y], changes(held, size, year, [y])) for y in years if len(years) > 1]
            rows += [
                {
                    "year": year,
                    **event,
                    "measure": name,
                    "tested": span == years,
                    "k": f"{span[0] - year}" + f" to {span[-1] - year}" * (len(span) > 1),
                    **_against_placebos(changes, code),
                }
                for span, changes in [*alone, (years, together)]
            ]
        names = "every source" if set(short) == set(sources) else ", ".join(short)
        missing += [
            f"{names} after the events of {year}: no usable figure for {year - 1} and a year after,"
            f" here or in at least {FEWEST} authorities"
        ] * bool(short)
    table = pd.DataFrame(rows, columns=COLUMNS)
    table["p_adjusted"] = adjusted(table[table["tested"].eq(True)], ["year"], ratio.label)
    return EventStudy(
        study.area.name, study.first_year, study.last_year, tuple(missing), study.source, table
    )


def _groups(study: Study) -> tuple[pd.DataFrame, list[str]]:
    """Local events that a year of the window follows, one row a year (event, date), and why the
    others are left out.
    """
    dated = study.events.sort_values("date")
    dated = dated.assign(
        name=dated["label"], year=[int(d[:4]) + (int(d[5:7]) >= 4) for d in dated["date"]]
    )
    dated = dated[dated["year"].between(study.first_year, study.last_year)]
    national = dated["area"] == "England"
    groups = (
        dated[~national]
        .groupby("year")
        .agg(
            event=("name", ", ".join),
            date=("date", lambda dates: " to ".join(dict.fromkeys(dates.iloc[[0, -1]]))),
        )
    )
    last = groups.index == study.last_year
    missing = [
        f"{', '.join(dated.loc[national, 'name'])}: national, so there is no authority to compare"
        " with"
    ] * bool(national.any()) + [
        f"{names}: no year of the window comes after" for names in groups.loc[last, "event"]
    ]
    return groups[~last], missing


def by_source(people: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Share of referrals without a named source, and logs of referrals per child by source:
    authority by year.
    """

    def count(keys: tuple[str, ...], needed: int) -> pd.DataFrame:
        return (
            people[[f"referrals_from_{key}_count" for key in keys]]
            .sum(axis=1, min_count=needed)
            .unstack("year")
        )

    received, children = (
        people[c].unstack("year") for c in ("referrals_received_count", "children_0_17_count")
    )
    counts = {name: count(keys, len(keys)).where(lambda n: n > 0) for name, keys in SOURCES.items()}
    trained = sum(counts[name] for name in TRAINED)
    logs = {name: np.log(n / children) for name, n in counts.items()} | {
        CONTRAST: np.log(trained / counts[UNTRAINED])
    }
    return count(UNNAMED, 1) / received, logs


def changes(logs: pd.DataFrame, size: pd.DataFrame, year: int, after: list[int]) -> pd.DataFrame:
    """Every authority's change from the two years before `year` to the years `after`: change, base,
    size (logs).
    """
    base = logs.reindex(columns=[year - 2, year - 1]).mean(axis=1).where(logs[year - 1].notna())
    change = logs[after].mean(axis=1, skipna=False) - base
    return pd.DataFrame({"change": change, "base": base, "size": size[year - 1]}).dropna()


def left_out(everyone: pd.DataFrame) -> pd.Series:
    """Each authority's change less what base and size predict for it from all the others."""
    x = np.column_stack([np.ones(len(everyone)), everyone["base"], everyone["size"]])
    hat = x @ np.linalg.pinv(x)
    return (everyone["change"] - hat @ everyone["change"]) / (1 - np.diag(hat))


def adjusted(tests: pd.DataFrame, apart: list[str], whole: str) -> pd.Series:
    """p-values by Holm: the measure `whole` is a question of its own, the rest of each group one
    family.
    """
    parts = tests.groupby([*apart, tests["measure"].eq(whole)])["p_value"]
    return pd.concat(
        [pd.Series(holm(part.to_dict()), dtype=float) for _, part in parts]
        or [pd.Series(dtype=float)]
    )


def _against_placebos(everyone: pd.DataFrame, code: str) -> dict[str, float]:
    """One authority's change against those of all the others.

    The errors are computed alike for all, so any of them is as likely to be the largest if nothing
    happened; p = (1 + as large elsewhere) ÷ (1 + number elsewhere), two-sided.
    """
    error = left_out(everyone)
    mine, placebos = error[code], error.drop(code)
    high, low = mine - placebos.quantile([0.025, 0.975])
    return {
        "change": everyone.at[code, "change"],
        "others": everyone["change"].drop(code).median(),
        "estimate": mine,
        "low": low,
        "high": high,
        "p_value": (1 + (placebos.abs() >= abs(mine)).sum()) / (1 + len(placebos)),
        "n": len(everyone),
    }
