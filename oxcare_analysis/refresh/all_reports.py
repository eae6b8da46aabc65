"""OUT/index.html: every report, newest month first, in a table that sorts and narrows."""

from collections.abc import Iterable
from html import escape
from pathlib import Path
from urllib.parse import quote

from oxcare_analysis.refresh import pages, standing
from oxcare_analysis.showing import exhibits, wording
from oxcare_analysis.words import durable

HEADERS = (
    "Area",
    "Years",
    "Figures published by",
    "Open plans",
    "Change",
    "Rise beyond yearly swings?",
    "Coming on",
    "Coming off",
    "Need",
    "Awareness",
)


def write(out: Path) -> None:
    """The front page over all months and areas; `out` is held. Every report in it stands, whole."""
    reports = sorted(standing.reports(out), key=lambda folder: folder.parent.name, reverse=True)
    rows = {folder: row for folder in reports if (row := _row(folder, out))}
    checked = standing.read_json(out / "checked.json")
    month = max((folder.parent.name for folder in rows), default=checked["newest"])
    words = f"Checked {escape(checked['checked'])}, " + (
        f"published then; newest figures {escape(month)}."
        if checked["new"]
        else f"nothing new since {escape(month)}."
    )
    top = (
        "<h1>Why are more children on child protection plans?</h1><p>Four explanations of growth,"
        " tested on published figures, for each authority and month below. Follow an area to its"
        " report. Under each explanation stands its verdict: supported, contradicted, smaller than"
        f" the margin, cannot tell or not testable.</p><p>{words}</p>"
    )
    place = pages.Place("Child protection plans: all reports", "Analysis: oxcare_analysis.", ())
    html = pages.of_parts(
        top, [_tools(), _table(rows.values())], "All reports", place, "index.html", "table.js"
    )
    durable.write(out / "index.html", html)
    durable.LOG.debug("publish: index.html")


def _tools() -> str:
    return (
        '<div id="table-tools" role="search" hidden><label for="table-wanted">Show only rows that'
        ' contain</label> <input id="table-wanted" type="text" autocomplete="off"></div><p'
        ' id="table-told" role="status"></p>'
    )


def _table(rows: Iterable[str]) -> str:
    body = "".join(rows)
    head = "".join(f'<th scope="col">{text}</th>' for text in HEADERS)
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="All reports"><table'
        ' class="exhibit sortable"><caption>All'
        f" reports</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(folder: Path, out: Path) -> str | None:
    """One report; None where its verdicts were changed by hand into something else."""
    try:
        return _cells(standing.read_json(folder / "verdicts.json"), folder, out)
    except (KeyError, TypeError, ValueError, AttributeError):
        durable.LOG.warning(
            "%s/%s is left out of the page over all reports: its verdicts.json is not as it was "
            "written. Refresh that area again with --force.",
            folder.parent.name,
            folder.name,
        )
        return None


def _cells(document: dict, folder: Path, out: Path) -> str:
    """One report as a row; a cell's data-key, where it has one, is what it sorts by."""
    href = quote(folder.relative_to(out).as_posix()) + "/index.html"
    premise, window = document["premise"], document["window"]
    start, end = premise["open_plans"]["from"], premise["open_plans"]["to"]
    name, years = document["area"]["name"], escape(f"{window['from']} to {window['to']}")
    change = None if start is None or end is None else end - start
    verdicts = "".join(
        f"<td>{exhibits.SYMBOLS[h['verdict']]} {wording.VERDICTS[h['verdict']].lower()}</td>"
        for h in document["hypotheses"]
    )
    moved = "not known" if change is None else f"{change:+,}"
    ends = " → ".join("not published" if v is None else f"{v:,}" for v in (start, end))
    return (
        f'<tr><th scope="row"><a href="{href}">{escape(name)}<span class="hidden">,'
        f" {years}</span></a></th>"
        f'<td class="whole">{years}</td><td class="whole">{escape(document["as_of"])}</td>'
        f'<td class="number" data-key="{-1 if end is None else end}">{ends}</td>'
        f'<td class="number" data-key="{_sortable(change)}">{moved}</td>'
        f"<td>{exhibits.RISE[premise['verdict']]}</td>{verdicts}</tr>"
    )


def _sortable(change: int | None) -> int:
    """A change as a number above zero, so that text sorts as numbers do: unknown first, then falls,
    then rises.
    """
    return 0 if change is None else 1_000_000 + change
