"""From a number on a page to the published figure behind it: the page of sources, figures.csv, the
links to both.
"""

from collections.abc import Iterable
from html import escape
from pathlib import Path

import pandas as pd

from oxcare_analysis.intake import raw
from oxcare_analysis.refresh import pages
from oxcare_analysis.showing.charts import MIME
from oxcare_analysis.thinking.measures import DERIVED, RATIOS, made_of
from oxcare_analysis.thinking.study import Study
from oxcare_analysis.words.columns import ENGLAND, MEASURES, SIMULATED

PAGE, TITLE = "sources.html", "Where the figures come from"
# How a derived count is worked from the published ones that thinking.measures.DERIVED names.
WORKED = {
    "referrals_in_need_count": (
        "referrals less those closed with no further action or assessed as not in need"
    ),
    "no_need_count": "those closed with no further action and those assessed as not in need",
    "implied_ends_count": (
        "open a year before, plus started, less open at the end (recorded ends where the year "
        "before is not held)"
    ),
    "mean_open_count": "the mean of open plans at both ends of the year",
    "ended_6_plus_count": "ended plans less those that lasted under six months",
    "mean_open_6_plus_count": (
        "the mean, over both ends of the year, of open plans less those open under six months"
    ),
    "looked_after_here_count": "children looked after less unaccompanied asylum-seeking children",
    "looked_after_implied_ends_count": (
        "looked after a year before, plus started, less looked after at the end "
        "(recorded ends where the year before is not held)"
    ),
    "looked_after_mean_count": "the mean of children looked after at both ends of the year",
    "in_need_without_plan_count": "children in need less those on a plan and those looked after",
}


def way_back(html: str, data: dict) -> str:
    """An output with a link to the figures behind it, where it is a chart or a table with a source
    beneath.
    """
    return html + link(data.get(MIME, {}).get("name", "")) if 'class="source"' in html else html


def link(name: str) -> str:
    """The way to the figures behind a measure, or a chart named after it."""
    found = max((ratio for ratio in RATIOS if name.startswith(ratio)), key=len, default="")
    words = f": {RATIOS[found].label}" if found else ""
    mark = f"#{found}" if found else ""
    return (
        f'<p class="behind"><a href="{PAGE}{mark}">Every figure behind this{escape(words)}</a></p>'
    )


def page(study: Study, data_dir: Path, place: pages.Place) -> str:
    """The page of sources: how each measure is worked, then every published figure of the area with
    its origin.
    """
    mine = study.resolved[study.resolved["area_code"] == study.area.code].sort_values("year")
    keys = ["source", "edition", "table"]
    cards = {
        place: _card(*place, study, data_dir)
        for place in mine[keys].drop_duplicates().itertuples(index=False, name=None)
    }
    newest = mine.groupby("measure").tail(1).set_index("measure")[keys]
    groups: dict[str, list[str]] = {}
    for name in (name for name in MEASURES if name in newest.index):
        groups.setdefault(cards[tuple(newest.loc[name])][1], []).append(name)
    parts = [f"<h2>How each measure is worked</h2>{_worked(set(newest.index))}"]
    for title, names in groups.items():
        parts.append(
            f"<h2>{escape(title)}</h2>"
            + "".join(_fold(name, mine[mine["measure"] == name], cards, study) for name in names)
        )
    top = (
        f"<h1>{TITLE}: {escape(study.area.name)}</h1><p>Every published figure held of"
        f" {escape(study.area.name)}, with its publisher, table, edition and status. Years end on"
        " 31 March; a figure that is missing has its reason. Those of England and the neighbours"
        ' are in <a href="figures.csv">figures.csv</a>. Why a number may differ from one elsewhere'
        " is in docs/why_figures_differ.md of the project.</p>"
    )
    return pages.of_parts(top, parts, "Sources", place, PAGE)


def rows(study: Study) -> list[list]:
    """figures.csv: every figure of the area; of England and its neighbours, those a measure is
    worked from.
    """
    counts = set().union(*(made_of(name) for name in RATIOS))
    beside = {ENGLAND, *study.neighbours}
    held = study.resolved[
        (study.resolved["area_code"] == study.area.code)
        | (study.resolved["area_code"].isin(beside) & study.resolved["measure"].isin(counts))
    ]
    head = [
        "area",
        "year",
        "measure",
        "value",
        "unit",
        "status",
        "note",
        "source",
        "edition",
        "table",
    ]
    return [
        head,
        *(
            [
                study.names[row.area_code],
                row.year,
                row.measure,
                "" if pd.isna(row.value) else row.value,
                MEASURES[row.measure].unit,
                row.status,
                row.note,
                row.source,
                row.edition,
                row.table,
            ]
            for row in held.sort_values(["area_code", "measure", "year"]).itertuples()
        ),
    ]


def _worked(held: set[str]) -> str:
    """A row a measure: what is divided by what, with the way to each published count."""
    lines = "".join(
        f'<tr id="{r.name}"><th scope="row">{escape(r.label)}</th><td>{_count(r.top, held)}</td>'
        f"<td>{_count(r.bottom, held)}</td><td>{escape(r.per_words)}</td><td>{r.years}</td></tr>"
        for r in RATIOS.values()
    )
    return table(
        "Measures and the published counts they are worked from",
        ("Measure", "Counted", "Divided by", "Shown", "Comparable from"),
        lines,
    )


def _count(name: str, held: set[str]) -> str:
    worked = f"{escape(WORKED[name])}: " if name in WORKED else ""
    return worked + ", ".join(
        (
            f'<a href="#{part}">{escape(MEASURES[part].label)}</a>'
            if part in held
            else f"{escape(MEASURES[part].label)} (not held)"
        )
        for part in DERIVED.get(name, (name,))
    )


def _fold(name: str, figures: pd.DataFrame, cards: dict, study: Study) -> str:
    measure = MEASURES[name]
    lines = "".join(
        f'<tr><th scope="row">{row.year}</th><td class="number">{_value(row)}</td>'
        f"<td>{escape(_status(row))}</td>"
        f"<td>{escape(', '.join(cards[row.source, row.edition, row.table]))}</td><td>{escape(row.edition)}</td></tr>"
        for row in figures.itertuples()
    )
    label = measure.label[0].upper() + measure.label[1:]
    note = f" ({measure.note})" if measure.note else ""
    years = f"{figures['year'].min()} to {figures['year'].max()}"
    return (
        f"<details><summary>{escape(label)}, {years}</summary>"
        + table(
            f"{label}, {study.area.name}, in {measure.unit}{note}",
            ("Year", "Value", "Status", "Source and table", "Edition"),
            lines,
            name,
        )
        + "</details>"
    )


def _status(row) -> str:
    words = row.status.replace("_", " ")
    return row.note if row.note.startswith(words) else ": ".join(filter(None, (words, row.note)))


def _value(row) -> str:
    return "none" if pd.isna(row.value) else f"{row.value:,.10g}"


def table(caption: str, headers: Iterable[str], lines: str, mark: str = "") -> str:
    """Table rows in HTML under a caption and scoped headers, in a frame that scrolls where it is
    too narrow.

    A link to `mark` leads to the table; a fold around it opens by itself.
    """
    identity = f' id="{mark}"' if mark else ""
    head = "".join(f'<th scope="col">{escape(words)}</th>' for words in headers)
    return (
        '<div class="scroll" tabindex="0" role="region"'
        f' aria-label="{escape(caption, quote=True)}">'
        f"<table{identity}><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{lines}</tbody>"
        "</table></div>"
    )


def _card(source: str, edition: str, table: str, study: Study, data_dir: Path) -> tuple[str, str]:
    """Publisher, and release with table, as the source's own card names them."""
    if study.area.name.startswith(SIMULATED):
        return "simulated", f"Simulated figures: {table.replace('_', ' ')}"
    card = raw.source_card(source, edition, data_dir)
    return (
        card["publisher"],
        f"{card['title']}: {card['tables'].get(table, {}).get('title', table)}",
    )
