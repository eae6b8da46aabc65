"""The first page of a report: five questions answered, four cards, the ledger, what changed, what
to take away.
"""

from html import escape
from pathlib import Path

from oxcare_analysis import diagnostics, door
from oxcare_analysis.intake import raw
from oxcare_analysis.refresh import cards, compare, pages, sources
from oxcare_analysis.showing import answers, charts, exhibits, sentences, wording
from oxcare_analysis.showing.exhibit import Exhibit

DOWNLOADS = {
    "briefing.md": "Briefing: five sentences to paste",
    "verdicts.json": "Verdicts as data",
    "findings.csv": "Findings as a table",
    "figures.csv": "Published figures behind the report, with sources",
    "data/statements.csv": "What the documents state, checked, as a table",
    "tables.xlsx": "Data of every chart, one sheet each",
    "changes.json": "What changed since the last report",
    "run.json": "How this report was made: figures, rules, versions",
}

LEDGER_FOLD = "Every step, with what other base years give"
HERE_FOLD = "As a table, with the spread among such authorities"


def report_index(study, changes: dict, place: pages.Place, folder: Path, data_dir: Path) -> str:
    """The index page. `folder`: where the report's other files are already written; `data_dir`: the
    figures used.
    """
    premise, findings, ledger = door.premise(study), door.assess_all(study), door.ledger(study)
    growth, story = diagnostics.compare(study, "open_per_child"), door.story(study)
    top = (
        f"<h1>Why are more children on child protection plans? {escape(study.area.name)},"
        f" {study.first_year} to"
        f" {study.last_year}</h1>{_in_short(answers.five(premise, findings, ledger, growth))}"
    )
    parts = [
        (
            "<h2>The change to be"
            f" explained</h2>{cards.premise(premise)}{_shown(charts.comparison(growth))}"
        ),
        f"<h2>Four explanations, tested</h2>{cards.four(study)}",
        (
            f"<h2>Where the change came from</h2>{_paragraphs(sentences.ledger(ledger))}"
            f"{_shown(charts.ledger(ledger))}{_fold(LEDGER_FOLD, _shown(exhibits.ledger(ledger)))}"
        ),
        (
            "<h2>How much of this is just"
            f" {escape(study.area.name)}</h2>{_paragraphs(sentences.just_here(premise))}"
            f"{_shown(charts.just_here(premise))}{_fold(HERE_FOLD, _shown(exhibits.premise(premise)))}"
        ),
        (
            f"<h2>The story by period</h2>{_shown(exhibits.story(story))}"
            f"{_fold('The story in words', _list(sentences.story(story).split(chr(10))))}"
        ),
        f"<h2>What changed since the last report</h2>{_paragraphs(compare.report_words(changes))}",
        f"<h2>How fresh the figures are</h2>{_fresh(study, data_dir)}",
        f"<h2>What these figures cannot say</h2>{_limits()}",
        f"<h2>Every page</h2>{_links((h, f'{n}: {t}') for h, n, t in place.pages if t)}",
        f"<h2>Downloads</h2>{_downloads(folder)}",
        f"<h2>How to cite</h2>{_citation(study)}",
    ]
    return pages.of_parts(top, parts, "Start", place, "index.html")


def _in_short(told: dict[str, str]) -> str:
    items = "".join(
        f"<dt>{escape(question)}</dt><dd>{escape(answer)}</dd>" for question, answer in told.items()
    )
    return (
        '<div class="short"><h2>In'
        f" short</h2><dl>{items}</dl>{sources.link('open_per_child')}</div>"
    )


def _shown(item) -> str:
    """A chart or table with the way to the figures behind it; the reason where there is none."""
    html = item.html() if isinstance(item, charts.Chart | Exhibit) else item._repr_html_()
    return sources.way_back(
        html, {charts.MIME: {"name": item.name}} if isinstance(item, charts.Chart) else {}
    )


def _fold(summary: str, html: str) -> str:
    return f"<details><summary>{summary}</summary>{html}</details>"


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(part)}</p>" for part in text.split("\n"))


def _list(lines: list[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def _links(links) -> str:
    return (
        "<ul>"
        + "".join(f'<li><a href="{escape(h, quote=True)}">{escape(t)}</a></li>' for h, t in links)
        + "</ul>"
    )


def _fresh(study, data_dir: Path) -> str:
    """A row a source: newest edition, the month it came out, the newest year it supplies to this
    report.
    """
    lines = ""
    for source, edition in study.provenance["editions"].items():
        year = int(study.resolved.loc[study.resolved["source"] == source, "year"].max())
        out = wording.month_words(
            str(raw.source_card(source, edition, data_dir)["first_published"])
        )
        lines += (
            "<tr><th"
            f' scope="row">{escape(source.replace("_", " ").capitalize())}</th><td>{escape(edition)}</td>'
            f"<td>{out}</td><td>{year}</td></tr>"
        )
    revised = study.provenance["values_as_revised_in"]
    note = (
        f"Values for earlier years are as revised in the edition of {revised}: what was first"
        " printed is not held for every year."
        if revised
        else ""
    )
    return sources.table(
        "Sources of this report",
        ("Source", "Newest edition", "Edition published", "Newest year it supplies"),
        lines,
    ) + _paragraphs(note)


def _limits() -> str:
    return _list(
        [
            (
                "Counts by authority and year cannot follow a child from referral to plan, or tell"
                " families from children."
            ),
            (
                "Entry, need and awareness leave much the same signs in these figures; exits can be"
                " told from the rest."
            ),
            (
                "A change in how cases are recorded can look like a change in practice: see the"
                " page on published figures."
            ),
            (
                "How often such rules are wrong, and what size of change they can find, is measured"
                " on simulated authorities whose cause is known (docs/calibration.md of the"
                " project)."
            ),
            (
                "Need that the council does not itself record (injury admissions, police incidents,"
                " births) is not held."
            ),
        ]
    )


def _downloads(folder: Path) -> str:
    """Every file to take away: those described here by name, then folder by folder."""
    named = _links((name, words) for name, words in DOWNLOADS.items())
    for sub, words in (
        ("charts", "Charts as pictures, with their alt text"),
        ("charts/slides", "Charts for slides"),
        ("data", "Data of each chart, and the statements"),
    ):
        files = sorted(path.name for path in (folder / sub).glob("*") if path.is_file())
        if files:
            named += _fold(
                f"{words}: {len(files)} files", _links((f"{sub}/{name}", name) for name in files)
            )
    return named


def _citation(study) -> str:
    return _paragraphs(
        f"oxcare_analysis {study.provenance['code_version']}: {study.area.name}, {study.first_year}"
        f" to {study.last_year}, figures published by {study.as_of_words}, data"
        f" {study.provenance['data_sha256'][:12]}."
    )
