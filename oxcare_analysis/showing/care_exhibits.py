"""Tables on children looked after, workload and money; reached through `ox.exhibits` like the
rest.
"""

import numpy as np
import pandas as pd

from oxcare_analysis.showing.exhibit import Exhibit, one_decimal, whole
from oxcare_analysis.showing.wording import COUNCIL_2014, DOCUMENTS, SPENT, WORK, upper


def listed(frame: pd.DataFrame, caption: str) -> Exhibit:
    """Figures the documents state, each with where: what ox.placements and ox.money return."""
    if frame.empty:
        return Exhibit(
            caption, pd.DataFrame({"Not held": ["no document held states any for this area"]})
        )
    about = frame["precision"].map(
        {"exact": "", "about": "about ", "more_than": "more than ", "up_to": "up to "}
    )
    return Exhibit(
        caption,
        pd.DataFrame(
            {
                "What": frame["what"].str[0].str.upper() + frame["what"].str[1:],
                "When": frame["period"],
                "Stated": about + frame["value"].map("{:,.10g}".format),
                "From": (
                    frame["source"].map(DOCUMENTS)
                    + ", paragraph "
                    + frame["locator"].str.removeprefix("p")
                ),
            }
        ),
    )


def ages(x) -> Exhibit:
    """Children looked after by age at both ends of the window, with England's shares."""
    caption = f"Children looked after by age, {x.area}"
    if not x.ends:
        none = pd.DataFrame({"Not held": ["ages are not published for two years of the window"]})
        return Exhibit(caption, none, x.source)
    first, last = (x.table[x.table["year"] == year].set_index("label") for year in x.ends)
    return Exhibit(
        caption,
        pd.DataFrame(
            {
                "Age": last.index,
                f"March {x.ends[0]}": _counts(first["count"].reindex(last.index)),
                f"March {x.ends[1]}": _counts(last["count"]),
                "Per cent of all": (last["share"] * 100).map(one_decimal).tolist(),
                "Per cent in England": (last["england"] * 100).map(one_decimal).tolist(),
            }
        ),
        x.source,
    )


def routes(x) -> Exhibit:
    """The council's table of routes into care, with what its double counting leaves sure."""
    caption = f"What stood before care, {x.area}"
    if x.table.empty:
        return Exhibit(
            caption, pd.DataFrame({"Not held": ["no table of routes into care is held"]})
        )
    t = x.table
    return Exhibit(
        caption,
        pd.DataFrame(
            {
                "Period": t["period"],
                "Before care": t["route"],
                "Children": t["children"].map(whole),
                "Per cent of those who came into care": (t["share"] * 100).map(whole),
                "At least, with nothing else before": t["alone"].map(whole),
            }
        ),
        COUNCIL_2014.format(13),
    )


def links(x) -> Exhibit:
    """Plans and care, both ways: plans that may have ended in care, children in care who had been
    on a plan.
    """
    caption = f"From plans to care and from care back to plans, {x.area}"
    if x.table.empty:
        return Exhibit(
            caption,
            pd.DataFrame({"Not held": [x.missing or "plans ended are not published"]}),
            x.source,
        )
    t = x.table
    if t["implied"].any():
        caption += (
            " (implied: not published, worked out from the plans open a year apart and the plans"
            " started)"
        )
    told = t["into_care_high"].where(t["stated"])
    return Exhibit(
        caption,
        pd.DataFrame(
            {
                "Year ending 31 March": t["year"].astype(str),
                "Plans ended": [
                    f"{whole(row.plans_ended)}{' (implied)' * row.implied}"
                    for row in t.itertuples()
                ],
                "Of them into care, at most": t["into_care_high"].map(whole),
                "Per cent, at most": (t["into_care_high"] / t["plans_ended"] * 100).map(_percent),
                "Came into care": _counts(t["care_starts"]),
                "Of them on a plan before": [
                    whole(v) if np.isfinite(v) else "not counted" for v in told
                ],
                "Per cent": (told / t["care_starts"] * 100).map(_percent),
            }
        ),
        x.source,
    )


def in_need(x) -> Exhibit:
    """Children in need by what stands behind them, year by year."""
    t = x.table
    return Exhibit(
        f"Children in need at 31 March, {x.area}",
        pd.DataFrame(
            {
                "Year": t["year"].astype(str),
                "In need": t["in_need"].map(whole),
                "On a plan": t["on_plan"].map(whole),
                "Looked after": t["looked_after"].map(whole),
                "Neither": t["without_plan"].map(whole),
            }
        ),
        x.source,
    )


def workforce(x) -> Exhibit:
    """What the documents state of caseloads and workforce, each with what it is a figure of."""
    caption = f"Workforce figures of the council's own and of the press, {x.area}"
    t = x.stated
    if t.empty:
        return Exhibit(
            caption, pd.DataFrame({"Not held": [f"no document held states any for {x.area}"]})
        )
    ranges = [
        one_decimal(a) if a == b or np.isnan(a) else f"{one_decimal(a)} to {one_decimal(b)}"
        for a, b in zip(t["low"], t["high"], strict=True)
    ]
    return Exhibit(
        caption,
        pd.DataFrame(
            {
                "When": t["period"],
                "Figure": t["measure"].map(WORK),
                "Teams": t["team"],
                "Mean": t["value"].map(one_decimal),
                "Range": ranges,
                "Target": t["target"].map(one_decimal),
                "What it is": t["note"],
                "From": t["source"].map(DOCUMENTS),
            }
        ),
    )


def spend(x) -> Exhibit:
    """Spend per child at both ends of the window and in the newest year, each kind, in pounds of
    the year.
    """
    rows = []
    for measure, label in SPENT.items():
        t = x.of(measure).set_index("year")
        if t.empty:
            continue
        for year in dict.fromkeys(
            y for y in (x.first_year, x.last_year, t.index[-1]) if y in t.index
        ):
            row = t.loc[year]
            rows.append(
                (
                    upper(label),
                    str(year),
                    f"{row['spend']:,.0f}",
                    whole(row["value"]),
                    _pounds(row["england"]),
                    _pounds(row["neighbours"]),
                    (
                        "approximate"
                        if not row["exact"]
                        else "out of line"
                        if row["out_of_line"]
                        else "published"
                    ),
                )
            )
    columns = [
        "Spend",
        "Year to March",
        "Pounds",
        "Per child",
        "England",
        "Median neighbour",
        "Keep in mind",
    ]
    table = (
        pd.DataFrame(rows, columns=columns)
        if rows
        else pd.DataFrame({"Not held": ["spend is not published"]})
    )
    return Exhibit(f"Gross spend in pounds of each year, {x.area}", table, x.source)


def outlook(x) -> Exhibit:
    """Every forecast of a year ahead beside what came."""
    caption = f"Open plans a year ahead: what each year pointed to and what came, {x.area}"
    if x.missing:
        return Exhibit(caption, pd.DataFrame({"No look ahead": [x.missing]}), x.source)
    t = x.table
    return Exhibit(
        caption,
        pd.DataFrame(
            {
                "31 March": t["year"].astype(str),
                "A year before": t["open_from"].map(whole),
                "Expected": t["expected"].map(whole),
                "Four times in five": _span(t["low_80"], t["high_80"]),
                "19 times in 20": _span(t["low"], t["high"]),
                "What came": [whole(v) if np.isfinite(v) else "not out" for v in t["actual"]],
            }
        ),
        x.source,
    )


def caseload(x) -> Exhibit:
    """Cases per worker a year on at the expected number of plans and at both ends."""
    caption = f"Cases per worker a year on, under the assumptions given, {x.area}"
    if x.missing:
        return Exhibit(caption, pd.DataFrame({"Not looked ahead to": [x.missing]}), x.source)
    t = x.table
    return Exhibit(
        caption,
        pd.DataFrame(
            {
                "Open plans": t["case"].str.capitalize(),
                "Number": t["plans"].map(whole),
                "Cases held": t["cases"].map(whole),
                "Cases per worker": t["per_worker"].map(one_decimal),
                "Workers for today's caseload": t["workers_needed"].map(whole),
            }
        ),
        x.source,
    )


def _counts(values) -> list[str]:
    return [whole(v) if pd.notna(v) else "not published" for v in values]


def _percent(value: float) -> str:
    return f"{value:.0f}" if np.isfinite(value) else "not counted"


def _pounds(value: float) -> str:
    return f"{value:,.0f}" if np.isfinite(value) else "not held"


def _span(low, high) -> list[str]:
    return [f"{a:,.0f} to {b:,.0f}" for a, b in zip(low, high, strict=True)]
