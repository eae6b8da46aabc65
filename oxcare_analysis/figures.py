"""Numbers and what stands behind each: one figure, the funnel, documents, dated events, revisions,
errors.
"""

from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import pandas as pd

from oxcare_analysis.checking import judging as checked
from oxcare_analysis.intake import areas as areas_intake
from oxcare_analysis.intake import registers, settings
from oxcare_analysis.tables import tables as built
from oxcare_analysis.thinking.study import Study
from oxcare_analysis.words.columns import ENGLAND, MEASURES
from oxcare_analysis.words.errors import DataError, UsageError

SHOWN = (
    "plans_open_count",
    "plans_started_count",
    "plans_ended_count",
    "conferences_held_count",
    "enquiries_started_count",
    "referrals_received_count",
    "no_further_action_count",
    "not_in_need_count",
    "children_0_17_count",
)
# The month each document came out, for as_of; where it bears no date, the month its figures point
# to, or the last of
# the year it is filed under.
DOCUMENT_MONTHS = {
    "scrutiny_2014": "2014-09",
    "oxford_mail_2014": "2014-09",
    "oxford_mail_2015": "2015-07",
    "news_2018": "2018-05",
    "scrutiny_2023": "2023-12",
}


@dataclass(frozen=True, repr=False)
class Figure:
    """One published number and all that stands behind it.

    `table`: one row an edition and source that prints it: source, edition, table, value, status,
    note, used.
    """

    area: dict
    year: int
    measure: str
    label: str
    unit: str
    value: float | None
    status: str
    note: str
    row: str
    denominator: dict | None
    published_rate: dict | None
    other_values: list[dict]
    table: pd.DataFrame = field(repr=False, compare=False)

    def __repr__(self) -> str:
        shown = (
            self.status.replace("_", " ")
            if self.value is None
            else f"{self.value:,.10g} {self.unit}"
        )
        return f"{self.area['name']} {self.year}, {self.label}: {shown}"

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>{self.table.to_html(index=False)}"


def figure(area: str, year: int, measure: str, data_dir: str | Path | None = None) -> Figure:
    """One number: its value in every edition, status, denominator, the department's own rate and
    where it came from.

    Raises UsageError on an unknown area or measure, or a year for which nothing is held.

    >>> figure("Oxfordshire", 2018, "plans_open_count").value
    687.0
    """
    tables = built.load(data_dir)
    found = areas_intake.find(tables.areas, area)
    if measure not in MEASURES:
        near = [m for m in MEASURES if any(word in m for word in measure.lower().split("_"))][:6]
        raise UsageError(
            f"There is no measure called {measure!r}. Nearest:"
            f" {', '.join(near) or 'plans_open_count'}. All are listed in docs/data_dictionary.md."
        )
    mine = tables.figures[
        (tables.figures["area_code"] == found["area_code"]) & (tables.figures["year"] == year)
    ]
    rows = mine[mine["measure"] == measure]
    if rows.empty:
        years = tables.figures.loc[
            (tables.figures["area_code"] == found["area_code"])
            & (tables.figures["measure"] == measure),
            "year",
        ]
        held = (
            f"held for {years.min()} to {years.max()}"
            if len(years)
            else "not held for this area at all"
        )
        raise UsageError(
            f"No {MEASURES[measure].label} is held for {found['name']} in {year}; it is {held}."
        )
    resolved = built.resolve(tables)
    here = resolved[
        (resolved["area_code"] == found["area_code"]) & (resolved["year"] == year)
    ].set_index("measure")
    used = here.loc[measure]
    table = rows.assign(
        used=(
            rows["source"].eq(used["source"])
            & rows["edition"].eq(used["edition"])
            & rows["table"].eq(used["table"])
        )
    )
    table = table[["source", "edition", "table", "value", "status", "note", "used"]].reset_index(
        drop=True
    )
    known = _known_reason(found["area_code"], year, measure, data_dir)
    others = table[~table["used"] & table["value"].notna() & table["value"].ne(used["value"])]
    return Figure(
        {"code": found["ons_code"], "name": found["name"]},
        year,
        measure,
        MEASURES[measure].label,
        MEASURES[measure].unit,
        _number(used["value"]),
        used["status"],
        used["note"],
        f"data/raw/{used['source']}/{used['edition']}/{used['table']}.csv, {found['name']} {year},"
        f" column {measure}",
        _denominator(here, measure),
        _published_rate(mine, here, measure),
        [
            {
                "source": r.source,
                "edition": r.edition,
                "table": r.table,
                "value": r.value,
                "why_it_differs": known or _why_differs(r, used),
            }
            for r in others.itertuples()
        ]
        + _in_documents(found["name"], year, measure, used["value"], data_dir),
        table,
    )


def published(study: Study) -> pd.DataFrame:
    """The funnel as published: one row a year; a figure that is missing is given as its reason in
    words.

    >>> from oxcare_analysis import load
    >>> published(load("Oxfordshire", 2013, 2018)).loc[2013, "children on a plan at 31 March"]
    '430'
    """
    rows = study.resolved[
        (study.resolved["area_code"] == study.area.code) & study.resolved["measure"].isin(SHOWN)
    ]
    text = (
        rows["value"].map("{:,.0f}".format).where(rows["value"].notna(), "(" + rows["note"] + ")")
    )
    wide = rows.assign(text=text).pivot(index="year", columns="measure", values="text")
    wide = (
        wide[wide.index >= settings.EARLIEST_YEAR]
        .reindex(columns=list(SHOWN))
        .fillna("(count not held)")
    )
    return wide.rename(columns={m: MEASURES[m].label for m in SHOWN}).rename_axis(columns=None)


def stated(study: Study, data_dir: str | Path | None = None) -> pd.DataFrame:
    """Figures the documents state for this area at a 31 March, beside the published count for the
    same date.

    Returns source, locator, measure, period, stated, precision, published, difference; empty for an
    area without documents.

    >>> from oxcare_analysis import load
    >>> stated(load("Oxfordshire", 2013, 2018)).query("source == 'news_2018'")["difference"].tolist()
    ['33 more stated', 'as published']
    """
    columns = [
        "source",
        "locator",
        "measure",
        "period",
        "stated",
        "precision",
        "published",
        "difference",
    ]
    register = stated_by(study, data_dir)
    register = register[
        register["measure"].isin(MEASURES) & register["period"].str.fullmatch(r"20\d\d-03-31")
    ]
    rows = []
    for row in register.itertuples():
        printed, said = study.at(int(row.period[:4]), row.measure), float(row.value)
        unlike = (
            "not held"
            if pd.isna(printed)
            else (
                "as published"
                if abs(printed - said) < 0.05
                else (f"{abs(said - printed):,.10g} {'more' if said > printed else 'fewer'} stated")
            )
        )
        rows.append(
            (
                row.source,
                row.locator,
                MEASURES[row.measure].label,
                row.period,
                row.value,
                row.precision,
                "not held" if pd.isna(printed) else f"{printed:,.10g}",
                unlike,
            )
        )
    return pd.DataFrame(rows, columns=columns)


def revised(study: Study, data_dir: str | Path | None = None) -> pd.DataFrame:
    """This area's figures that changed between editions of the same table, largest first.

    >>> from oxcare_analysis import load
    >>> sorted(set(revised(load("Oxfordshire", 2013, 2018))["year"]))
    [2023, 2024]
    """
    rows = built.revisions(built.load(data_dir))
    mine = rows[rows["area_code"] == study.area.code]
    return pd.DataFrame(
        {
            "year": mine["year"],
            "measure": mine["measure"].map(lambda m: MEASURES[m].label),
            "before": (
                mine["value_before"]
                .map("{:,.10g}".format)
                .where(mine["value_before"].notna(), mine["status_before"])
            ),
            "after": (
                mine["value_after"]
                .map("{:,.10g}".format)
                .where(mine["value_after"].notna(), mine["status_after"])
            ),
            "editions": mine["edition_before"] + " → " + mine["edition_after"],
        }
    ).reset_index(drop=True)


def statements(study: Study, data_dir: str | Path | None = None) -> checked.Statements:
    """Every statement the documents make about this area, checked on published figures; empty
    without documents.

    Documents that came out after the study's as-of month are left out.

    >>> from oxcare_analysis import load
    >>> found = statements(load("Oxfordshire", 2013, 2018)).table.set_index("statement_id")
    >>> found.loc["scrutiny_2014_plans_doubled", "result"]
    'borne out'
    """
    sources = stated_by(study, data_dir)["source"].unique()
    register = registers.read("statements", data_dir)
    tables = built.load(data_dir)
    mine = tables.figures[tables.figures["area_code"].isin([study.area.code, ENGLAND])]
    return checked.check_all(
        study,
        register[register["source"].isin(sources)],
        registers.read("figures", data_dir).set_index("figure_id"),
        {source: _as_written(tables, mine, DOCUMENT_MONTHS[source]) for source in sources},
    )


def stated_by(study: Study, data_dir: str | Path | None) -> pd.DataFrame:
    """What the documents that were out by the study's as-of month state about its area. Raises
    DataError.
    """
    rows = stated_figures(study.area.name, data_dir)
    undated = sorted(set(rows["source"]) - set(DOCUMENT_MONTHS))
    if undated:
        raise DataError(
            f"figures.csv names the document(s) {', '.join(undated)}, whose month is not known;"
            f" expected only {', '.join(DOCUMENT_MONTHS)}. Add the month to DOCUMENT_MONTHS in"
            " figures.py."
        )
    return rows[rows["source"].map(DOCUMENT_MONTHS) <= study.as_of]


def stated_figures(area: str, data_dir: str | Path | None) -> pd.DataFrame:
    """What the documents state about an area: data/raw/published_figures/figures.csv, every cell as
    text.
    """
    register = registers.read("figures", data_dir)
    return register[register["area"] == area]


def _as_written(tables: built.Tables, figures: pd.DataFrame, month: str) -> pd.DataFrame:
    """The oldest number held of every figure first published by a month, by area_code, year and
    measure.
    """
    groups = figures[["source", "edition", "year"]].drop_duplicates()
    groups["out"] = [built.published_month(tables, *row) for row in groups.itertuples(index=False)]
    groups["edition_out"] = [
        tables.edition_months[row.source, row.edition] for row in groups.itertuples(index=False)
    ]
    held = figures.dropna(subset=["value"]).merge(
        groups[groups["out"] <= month], on=["source", "edition", "year"]
    )
    held["stand_in"] = held["measure"].map(built.HOME_TABLES).fillna(held["table"]) != held["table"]
    oldest = held.sort_values(["edition_out", "stand_in"], kind="stable").drop_duplicates(
        checked.KEYS
    )
    return oldest.set_index(checked.KEYS).sort_index()


def _number(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


def _denominator(here: pd.DataFrame, measure: str) -> dict | None:
    if not measure.endswith(("_count", "_rate_10k")) or "children_0_17_count" not in here.index:
        return None
    row = here.loc["children_0_17_count"]
    return {
        "measure": "children_0_17_count",
        "value": _number(row["value"]),
        "edition": row["edition"],
    }


def _published_rate(mine: pd.DataFrame, here: pd.DataFrame, measure: str) -> dict | None:
    """The department's own rate, beside ours on the newest population, and why the two differ."""
    name = measure.replace("_count", "_rate_10k")
    if not measure.endswith("_count") or name not in here.index:
        return None
    row, population = here.loc[name], here["value"].get("children_0_17_count")
    ours = here.loc[measure, "value"] / population * 10_000 if population else float("nan")
    differs = pd.notna(ours) and pd.notna(row["value"]) and abs(ours - row["value"]) > 0.051
    return {
        "value": _number(row["value"]),
        "edition": row["edition"],
        "ours": _number(round(ours, 1)),
        "why_it_differs": _why_rate_differs(mine, measure, row["value"]) if differs else None,
    }


def _why_rate_differs(mine: pd.DataFrame, measure: str, rate: float) -> str:
    """Which of the counts and populations that are held give the department's rate, if any does."""
    held = mine.dropna(subset=["value"])
    for population in held[held["measure"] == "children_0_17_count"].itertuples():
        for count in held[held["measure"] == measure].itertuples():
            if population.value and abs(count.value / population.value * 10_000 - rate) <= 0.051:
                source = population.source.replace("_", " ")
                return (
                    f"it is {count.value:,.0f} ({count.table}, edition {count.edition}) over "
                    f"{population.value:,.0f} children ({source}, edition {population.edition})"
                )
    return (
        "it was worked on a population or a count that is not held: both are revised after a rate"
        " is printed"
    )


def _known_reason(area_code: str, year: int, measure: str, data_dir: str | Path | None) -> str:
    """The reason on record for two tables that print different figures, or nothing."""
    known = registers.known_problems(data_dir)
    rows = known[
        known["check"].eq("one total, two tables")
        & known["area_code"].eq(area_code)
        & known["measure"].isin([measure, "*"])
        & (known["first_year"] <= year)
        & (known["last_year"] >= year)
    ]
    return rows["reason"].iloc[0].rstrip(".") if len(rows) else ""


def _in_documents(
    area: str, year: int, measure: str, used: float, data_dir: str | Path | None
) -> list[dict]:
    """What the documents state for the same date or year, where it is not the number used."""
    register = stated_figures(area, data_dir)
    periods = [f"{year}-03-31", f"{year - 1}/{str(year)[2:]}"]
    rows = register[register["measure"].eq(measure) & register["period"].isin(periods)]
    return [
        {
            "source": row.source,
            "edition": f"paragraph {row.locator}",
            "table": "published_figures",
            "value": float(row.value),
            "why_it_differs": "; ".join(
                filter(
                    None, (f"stated in a document ({row.precision.replace('_', ' ')})", row.note)
                )
            ),
        }
        for row in rows.itertuples()
        if float(row.value) != used
    ]


def _why_differs(other, used: pd.Series) -> str:
    if other.edition != used["edition"] and other.source == used["source"]:
        return "vintage: a later edition revised it"
    if other.source != used["source"]:
        return "another source, with its own population or rounding"
    return "another table of the same edition counts differently"
