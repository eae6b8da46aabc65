"""The two index pages: of one report, and of all reports."""

import json
from html import escape
from pathlib import Path

from oxcare_analysis import diagnostics, door
from oxcare_analysis.refresh import compare, pages
from oxcare_analysis.showing import charts, exhibits, sentences, wording


def report_index(study, changes: dict, place: pages.Place) -> str:
    """The first page of a report: the story, the growth, the ledger, four cards, what changed, what to take away."""
    premise, findings, ledger = door.premise(study), door.assess_all(study), door.ledger(study)
    window = f"{study.first_year} to {study.last_year}"
    parts = [f"<h1>Why are more children on child protection plans? {escape(study.area.name)}, {window}</h1>",
             "<h2>In short</h2>", _paragraphs(sentences.premise(premise), "lead"), _headline(premise, findings)]
    parts += [_html(charts.comparison(diagnostics.compare(study, "open_per_child"))),
              "<h2>Four explanations, tested</h2>", _cards(findings, _asked_otherwise(study, findings)),
              "<h2>Where the change came from</h2>", _html(charts.ledger(ledger)),
              _paragraphs(sentences.ledger(ledger)),
              "<h2>How much of this is just here</h2>", _html(charts.just_here(premise)),
              _paragraphs(sentences.just_here(premise) if premise.table is not None else premise.reason),
              "<h2>The story by period</h2>"]
    story = door.story(study)
    parts += [exhibits.story(story).html(), _list(sentences.story(story).split("\n")),
              "<h2>What changed since the last report</h2>", _paragraphs("\n".join(compare.report_words(changes))),
              "<h2>How fresh the figures are</h2>", _fresh(study),
              "<h2>What these figures cannot say</h2>", _limits(),
              "<h2>Pages and downloads</h2>", _downloads(place), _citation(study)]
    return pages.of_parts(parts, "Start", place, "index.html")


def write_front_page(out: Path) -> None:
    """OUT/index.html over all months and areas, newest month first."""
    reports = []
    for path in sorted(out.glob("*/*/verdicts.json"), reverse=True):
        if path.parent.name.startswith("."):
            continue
        reports.append((path.parent, json.loads(path.read_text(encoding="utf-8"))))
    checked = json.loads((out / "checked.json").read_text(encoding="utf-8"))
    rows = "".join(_row(folder, document, out) for folder, document in reports)
    head = "".join(f'<th scope="col">{text}</th>' for text in
                   ("Figures published by", "Area and window", "Open plans", "Coming on", "Coming off", "Need",
                    "Awareness"))
    table = (f'<div class="scroll" tabindex="0" role="region" aria-label="All reports"><table class="exhibit">'
             f"<caption>All reports</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>")
    month = max((document["as_of"] for _, document in reports), default=checked["newest"])
    words = f"Checked {escape(checked['checked'])}, " + (
        f"published then; newest figures {escape(month)}." if checked["new"] else f"nothing new since {escape(month)}.")
    place = pages.Place("All reports", "Analysis: oxcare_analysis.", (("index.html", "All reports"),))
    html = pages.of_parts(["<h1>Why are more children on child protection plans?</h1>", f"<p>{words}</p>", table],
                          "All reports", place, "index.html")
    partial = out / "index.html.part"
    partial.write_text(html, encoding="utf-8", newline="\n")
    partial.replace(out / "index.html")


def _row(folder: Path, document: dict, out: Path) -> str:
    href = escape(folder.relative_to(out).as_posix() + "/index.html", quote=True)
    plans, window = document["premise"]["open_plans"], document["window"]
    name = f"{document['area']['name']}, {window['from']} to {window['to']}"
    ends = " → ".join("not published" if v is None else f"{v:,}" for v in (plans["from"], plans["to"]))
    cells = [document["as_of"], f'<a href="{href}">{escape(name)}</a>', ends,
             *(exhibits.SYMBOLS[h["verdict"]] + " " + wording.VERDICTS[h["verdict"]].lower()
               for h in document["hypotheses"])]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _html(shown) -> str:
    return shown.html() if isinstance(shown, charts.Chart) else shown._repr_html_()


def _paragraphs(text: str, kind: str = "") -> str:
    mark = f' class="{kind}"' if kind else ""
    return "".join(f"<p{mark}>{escape(part)}</p>" for part in text.split("\n"))


def _list(lines: list[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def _headline(premise, findings: dict) -> str:
    """One sentence over the cards. When open plans fell, it is what moved, and nothing is said to explain growth."""
    if premise.verdict == "not_testable":
        return _paragraphs(premise.reason)
    # What similar areas' growth would have given is a comparison, not something that moved here.
    moved = [f for f in findings.values() if f.beyond_noise and f.hypothesis != "population_need"]
    words = "; ".join(f"{f.primary.label} ({wording.times(f.primary.estimate)})" for f in moved)
    start = "Open plans fell, so there is no growth to explain. " if premise.fell else ""
    supported = [wording.HYPOTHESES[f.hypothesis] for f in findings.values() if f.verdict == "supported"]
    if supported and not premise.fell:
        return _paragraphs(f"The figures support that {' and that '.join(supported)}.")
    none = "none of the three measures of this authority that were tested"
    return _paragraphs(f"{start}What moved beyond its noise: {words or none}."
                       + ("" if premise.fell else " The figures settle no one explanation."))


def _cards(findings: dict, otherwise: dict[str, str]) -> str:
    items = []
    for f in findings.values():
        page = {"entry_threshold": "11_entry_threshold", "exit_threshold": "12_exit_threshold",
                "population_need": "13_population_need", "awareness": "14_awareness"}[f.hypothesis]
        council = (f"<p>Council, 2014: {escape(f.council_2014)} ({escape(f.agreement)}). "
                   f"{escape(f.council_could_show)}</p>" if f.council_2014 else "")
        notes = f"<p>Keep in mind: {escape('; '.join(f.notes))}.</p>" if f.notes else ""
        notes += _signs(f) + otherwise.get(f.hypothesis, "")
        items.append(f'<li class="{f.verdict}"><h3>{escape(f.question)}</h3><p class="verdict">'
                     f"{exhibits.SYMBOLS[f.verdict]} {escape(wording.VERDICTS[f.verdict])}</p>"
                     f'<p>{escape(f.reason)}</p>{notes}{council}<p><a href="{page}.html">Evidence: '
                     f"{escape(f.question)}</a></p></li>")
    return f'<ul class="cards">{"".join(items)}</ul>'


def _asked_otherwise(study, findings: dict) -> dict[str, str]:
    """For each verdict that can be asked in other ways, how many of them are beyond noise, and which way."""
    lines = {}
    for name, finding in findings.items():
        if name == "population_need" or finding.verdict == "not_testable":
            continue
        curve = diagnostics.specifications(study, name)
        lines[name] = (f"<p>Asked {len(curve.table)} ways: {curve.beyond:.0%} beyond noise as predicted, "
                       f"{curve.against:.0%} beyond it the other way.</p>")
    return lines


def _signs(f) -> str:
    """Which supporting measures moved as predicted and which did not, beyond noise."""
    if f.variants:
        return "".join(f"<p>Read as {escape(v.words)}: {escape(v.reading)}.</p>" for v in f.variants)
    lines = []
    for words, answer in (("Moved as predicted", True), ("Did not move as predicted", False)):
        named = [s.estimate.label for s in f.supporting if s.agrees is answer and s.predicted != "0"]
        if named:
            lines.append(f"<p>{words}: {escape('; '.join(named))}.</p>")
    return "".join(lines)


def _fresh(study) -> str:
    listed = [f"{source.replace('_', ' ').capitalize()}: edition {edition}, newest year it supplies "
              f"{study.resolved.loc[study.resolved['source'] == source, 'year'].max()}"
              for source, edition in study.provenance["editions"].items()]
    revised = study.provenance["values_as_revised_in"]
    if revised:
        listed.append(f"Values for earlier years are as revised in the edition of {revised}: what was first printed "
                      "is not held for every year.")
    return _list(listed)


def _limits() -> str:
    return _list([
        "Counts by authority and year cannot follow a child from referral to plan, or tell families from children.",
        "Entry, need and awareness leave much the same signs in these figures; exits can be told from the rest.",
        "A change in how cases are recorded can look like a change in practice: see the page on published figures.",
        "Need that the council does not itself record (injury admissions, police incidents, births) is not held.",
    ])


def _downloads(place: pages.Place) -> str:
    links = [(h, t) for h, t in place.pages if h != "index.html"]
    links += [("briefing.md", "Briefing: five sentences to paste"), ("verdicts.json", "Verdicts as data"),
              ("findings.csv", "Findings as a table"), ("tables.xlsx", "Data of every chart, workbook"),
              ("charts/alt_text.csv", "Charts as PNG and SVG, in the folder charts, with their alt text"),
              ("run.json", "How this report was made")]
    return "<ul>" + "".join(f'<li><a href="{escape(h, quote=True)}">{escape(t)}</a></li>' for h, t in links) + "</ul>"


def _citation(study) -> str:
    return _paragraphs(f"To cite: oxcare_analysis {study.provenance['code_version']}, {study.area.name}, "
                       f"{study.first_year} to {study.last_year}, figures published by {study.as_of_words}, data "
                       f"{study.provenance['data_sha256'][:12]}.")
