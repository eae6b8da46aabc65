"""The five questions a reader comes with, answered in a few sentences each from premise, verdicts and ledger."""

import math

from oxcare_analysis.showing.wording import HYPOTHESES, people, times, went

COMPARED = {"england": "England's rate", "median_neighbour": "its neighbours' median",
            "given_start": "authorities that started where it did"}
SPREAD = {"median_neighbour": "its neighbours", "given_start": COMPARED["given_start"]}
SETTLED = {"supported": "The figures support", "contradicted": "The figures contradict",
           "negligible": "Smaller than the margin set beforehand:"}
OPEN = {"inconclusive": "The figures cannot tell", "not_testable": "The figures do not allow a test of"}
SURE = {"supported": "That the rate rose is clear of its ordinary swings from year to year.",
        "contradicted": "That the rate fell is clear of its ordinary swings from year to year.",
        "negligible": "Any change in the rate is smaller than the margin set for it beforehand.",
        "inconclusive": "The change in the rate is not clear of its ordinary swings from year to year."}


def five(p, findings: dict, x) -> dict[str, str]:
    """Question → answer, in the order a reader asks. `p`: premise, `findings`: verdicts by name, `x`: ledger."""
    return {"What happened?": what_happened(p), "Why?": why(p, findings, x), "How sure is that?": how_sure(p, findings),
            f"How much of it is just {p.area}?": how_much_here(p), "What is not known?": not_known(findings)}


def what_happened(p) -> str:
    """The count and the rate at both ends of the window."""
    if p.verdict == "not_testable":
        return p.reason
    return (f"The number of {p.area} children on a plan {went(p.open_from, p.open_to)} between March {p.first_year} "
            f"and March {p.last_year}; for every 10,000 children, {p.rate_from:,.1f} became {p.rate_to:,.1f}.")


def why(p, findings: dict, x) -> str:
    """What the four verdicts settle, then the clear steps of the ledger. Where plans fell, no growth is explained."""
    if p.verdict == "not_testable":
        return "Without the number of open plans at both ends there is no change to explain."
    told = ["Open plans fell, so there is no growth to explain."] if p.fell else []
    told += [f"{words} {_joined(named, 'that')}." for verdict, words in SETTLED.items()
             if (named := _named(findings, verdict))] or ["Published figures settle none of the four explanations."]
    moved = [f for f in findings.values() if f.beyond_noise and f.hypothesis != "population_need"]
    told.append("What moved beyond its noise: " + "; ".join(
        f"{f.primary.label} ({times(f.primary.estimate)})" for f in moved) + "." if moved else
        "None of the three measures of this authority that were tested moved beyond its noise.")
    return " ".join([*told, _steps(x)]).strip()


def how_sure(p, findings: dict) -> str:
    """Whether the rise is more than ordinary swings, and how many verdicts are settled."""
    if p.verdict == "not_testable":
        return "The question cannot be put to the figures held."
    edges = f" The window {' and '.join(p.extremes)}, which exaggerates a change." if p.extremes else ""
    settled = len([f for f in findings.values() if f.verdict not in ("inconclusive", "not_testable")])
    return (f"{SURE[p.verdict]}{edges} Of the four explanations, {settled or 'none'} could be settled; each card gives "
            "the reason.")


def how_much_here(p) -> str:
    """The number there would have been, had it moved like others, in one sentence."""
    known = {key: value for key, value in p.just_here.items() if math.isfinite(value)}
    if not known:
        return "This cannot be worked out from the figures held."
    given = p.table.set_index("comparison")["expected"]
    listed = ", ".join(f"{given[key]:,.0f} following {COMPARED[key]}" for key in known)
    return f"There were {p.open_to:,.0f} at March {p.last_year}; there would have been {listed}. {_gap(p, known)}"


def not_known(findings: dict) -> str:
    """The explanations left open, those that could not be tested, and what such counts can never tell."""
    told = [f"{words} {_joined(named, 'whether', 'or')}." for verdict, words in OPEN.items()
            if (named := _named(findings, verdict))]
    return " ".join([*told, "Counts by year cannot follow a child from referral to plan, nor say whether any child's "
                     "plan was right."])


def _named(findings: dict, verdict: str) -> list[str]:
    return [HYPOTHESES[name] for name, f in findings.items() if f.verdict == verdict]


def _joined(named: list[str], link: str, last: str = "and") -> str:
    """'whether a', 'whether a or whether b', 'whether a, whether b or whether c'."""
    linked = [f"{link} {words}" for words in named]
    return f" {last} ".join(filter(None, [", ".join(linked[:-1]), linked[-1]]))


def _steps(x) -> str:
    """The steps of the ledger that stand clear of noise, base and recording."""
    if not x.testable:
        return ""
    clear = sorted((row for row in x.subtotals.itertuples() if row.low * row.high > 0 and row.stable_sign is True
                    and not row.doubtful), key=lambda row: -abs(row.plans))
    if not clear:
        return "No single step on to a plan or off it stands clear of noise."
    told = "; ".join(f"{_step(row)} {'added' if row.plans > 0 else 'took away'} about {people(row.plans)}"
                     for row in clear)
    rest = " The other steps cannot be told from noise." if len(clear) < len(x.subtotals) else ""
    return f"In arithmetic, not cause, of the change of {x.change:+,.0f}: {told}.{rest}"


def _step(row) -> str:
    if row.step == "exits":
        return "slower endings" if row.plans > 0 else "faster endings"
    return row.label[0].lower() + row.label[1:]


def _gap(p, known: dict[str, float]) -> str:
    signs = {value > 0 for value in known.values()}
    if len(signs) > 1:
        return f"The comparisons point both ways, so the figures do not single out {p.area}."
    few, many = sorted((min(map(abs, known.values())), max(map(abs, known.values()))))
    span = people(few) if round(few) == round(many) else f"{few:,.0f} to {people(many)}"
    usual = [SPREAD[row.comparison] for row in p.table.itertuples() if row.low <= 0 <= row.high]
    among = f" That is within the usual spread of {' and of '.join(usual)} (their middle half)." if usual else ""
    return f"So {span} {'more' if signs == {True} else 'fewer'} than others' course would have given.{among}"
