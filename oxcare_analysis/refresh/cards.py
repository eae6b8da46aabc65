"""Verdict cards: the word, its symbol and colour, the reason, what limits it, the council's
conclusion of 2014.
"""

from html import escape

from oxcare_analysis import diagnostics, door
from oxcare_analysis.refresh import sources
from oxcare_analysis.showing import exhibits, wording

PAGES = {
    "entry_threshold": "11_entry_threshold",
    "exit_threshold": "12_exit_threshold",
    "population_need": "13_population_need",
    "awareness": "14_awareness",
}
GROWTH = ("00_summary", "02_growth")


def for_pages(study) -> dict[str, str]:
    """Page → the card that stands under its heading."""
    growth = premise(door.premise(study))
    judged = {
        PAGES[
            name
        ]: f'<div class="card {f.verdict}">{_verdict(f)}{sources.link(f.primary.measure)}</div>'
        for name, f in door.assess_all(study).items()
    }
    return dict.fromkeys(GROWTH, growth) | judged


def premise(p) -> str:
    """Whether open plans grew by more than they swing from year to year."""
    return (
        f'<div class="card {p.verdict}"><p><strong>Did open plans rise by more than they swing from'
        " year to year?"
        f"</strong></p>{_badge(p.verdict, exhibits.RISE[p.verdict])}<p>{escape(p.reason)}</p></div>"
    )


def four(study) -> str:
    """The four hypotheses as a list of cards, each with what lies behind it folded."""
    otherwise = _asked_otherwise(study)
    items = "".join(
        f'<li class="card {f.verdict}"><h3>{escape(f.question)}</h3>{_verdict(f)}{_council(f)}'
        f"<details><summary>What else bears on this{_about(f)}</summary>{_notes(f)}{_signs(f)}"
        f"{otherwise.get(name, '')}{sources.link(f.primary.measure)}</details>"
        f'<p><a href="{PAGES[name]}.html">Evidence{_about(f)}</a></p></li>'
        for name, f in door.assess_all(study).items()
    )
    return f'<ul class="cards">{items}</ul>'


def _about(f) -> str:
    """What a link or fold is about, for those who hear it apart from its card."""
    return f'<span class="hidden">: {escape(f.question)}</span>'


def _verdict(f) -> str:
    words = f"{exhibits.SYMBOLS[f.verdict]} {wording.VERDICTS[f.verdict]}"
    return f"{_badge(f.verdict, words)}<p>{escape(f.reason)}</p>"


def _badge(verdict: str, words: str) -> str:
    symbol, word = words.split(" ", 1)
    return (
        f'<p class="badge {verdict}"><span aria-hidden="true">{symbol}</span>'
        f" {escape(word.capitalize())}</p>"
    )


def _council(f) -> str:
    if not f.council_2014:
        return ""
    return (
        f"<p><strong>The council in 2014:</strong> {escape(f.council_2014)}. Beside these figures: "
        f"{escape(f.agreement)}. {escape(f.council_could_show)}</p>"
    )


def _notes(f) -> str:
    return f"<p>Keep in mind: {escape('; '.join(f.notes))}.</p>" if f.notes else ""


def _asked_otherwise(study) -> dict[str, str]:
    """For each verdict that can be asked in other ways, how many of them are beyond noise, and
    which way.
    """
    lines = {}
    for name, finding in door.assess_all(study).items():
        if name == "population_need" or finding.verdict == "not_testable":
            continue
        curve = diagnostics.specifications(study, name)
        lines[name] = (
            f"<p>Asked {len(curve.table)} ways: {curve.beyond:.0%} beyond noise as predicted, "
            f"{curve.against:.0%} beyond it the other way.</p>"
        )
    return lines


def _signs(f) -> str:
    """Which supporting measures moved as predicted and which did not, beyond noise."""
    if f.variants:
        return "".join(
            f"<p>Read as {escape(v.words)}: {escape(v.reading)}.</p>" for v in f.variants
        )
    lines = []
    for words, answer in (("Moved as predicted", True), ("Did not move as predicted", False)):
        named = [
            s.estimate.label for s in f.supporting if s.agrees is answer and s.predicted != "0"
        ]
        if named:
            lines.append(f"<p>{words}: {escape('; '.join(named))}.</p>")
    return "".join(lines)
