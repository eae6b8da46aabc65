"""The five questions a reader comes with, answered in a few sentences each from premise, verdicts
and ledger.
"""

import math

from oxcare_analysis.showing.wording import (
    HYPOTHESES,
    UNREAD,
    clear_steps,
    people,
    step,
    times,
    went,
)

COMPARED = {
    "england": "England's growth",
    "median_neighbour": "the median growth of its neighbours",
    "given_start": "authorities that started where it did",
}
SPREAD = {"median_neighbour": "its neighbours", "given_start": COMPARED["given_start"]}
SETTLED = {
    "supported": "The figures support",
    "contradicted": "The figures contradict",
    "negligible": "Smaller than the margin set beforehand:",
}
OPEN = {
    "inconclusive": "The figures cannot tell",
    "not_testable": "The figures do not allow a test of",
}
SURE = {
    "supported": "That the rate rose is clear of its ordinary swings from year to year.",
    "contradicted": "That the rate fell is clear of its ordinary swings from year to year.",
    "negligible": "Any change in the rate is smaller than the margin set for it beforehand.",
    "inconclusive": "The change in the rate is not clear of its ordinary swings from year to year.",
}
# What could stand behind a step of the ledger, growth and fall alike: a step is where, never why.
BEHIND = {
    "found_per_child": (
        "greater awareness, need in families, the bar for starting an enquiry, or how "
        "referrals are recorded"
    ),
    "plans_per_enquiry": "the bar at the conference, or how serious the cases are that reach one",
    "exits": "the bar for coming off a plan, endings into care, or plans that need longer",
}


def five(p, findings: dict, x, rates) -> dict[str, str]:
    """Question → answer, in the order a reader asks.

    `p`: premise, `findings`: verdicts by name, `x`: ledger, `rates`: open plans per child beside
    England's.
    """
    return {
        "What happened?": what_happened(p, rates),
        "Why?": why(p, findings, x),
        "How sure is that?": how_sure(p, findings),
        f"How much of it is just {p.area}?": how_much_here(p),
        "What is not known?": not_known(findings),
    }


def what_happened(p, rates) -> str:
    """The count and the rate at both ends of the window, England's beside it, and the rate
    since.
    """
    if p.verdict == "not_testable":
        return p.reason
    of = rates.table.set_index("year")
    england = of["england"].reindex([p.first_year, p.last_year]).to_list()
    beside = f" (England's went from {england[0]:,.1f} to {england[1]:,.1f})" * all(
        map(math.isfinite, england)
    )
    since = of["value"].dropna().loc[p.last_year + 1 :]
    later = f" By March {since.index[-1]} it stood at {since.iloc[-1]:,.1f}." if len(since) else ""
    return (
        f"The number of {p.area} children on a plan {went(p.open_from, p.open_to)} between March"
        f" {p.first_year} and March {p.last_year}; for every 10,000 children, {p.rate_from:,.1f}"
        f" became {p.rate_to:,.1f}{beside}.{later}"
    )


def why(p, findings: dict, x) -> str:
    """What the four verdicts settle, then the clear steps of the ledger. Where plans fell, no
    growth is explained.
    """
    if p.verdict == "not_testable":
        return "Without the number of open plans at both ends there is no change to explain."
    told = ["Open plans fell, so there is no growth to explain."] if p.fell else []
    told += [
        f"{words} {_joined(named, 'that')}."
        for verdict, words in SETTLED.items()
        if (named := _named(findings, verdict))
    ] or ["Published figures settle none of the four explanations."]
    moved = [f for f in findings.values() if f.beyond_noise and f.hypothesis != "population_need"]
    told.append(
        "What moved beyond its noise: "
        + "; ".join(f"{f.primary.label} ({times(f.primary.estimate)})" for f in moved)
        + "."
        if moved
        else (
            "Of the three measures tested for entry, exit and awareness, none moved beyond its"
            " noise."
        )
    )
    return " ".join([*told, _steps(x)]).strip()


def how_sure(p, findings: dict) -> str:
    """Whether the rise is more than ordinary swings, and how many verdicts are settled."""
    if p.verdict == "not_testable":
        return "The question cannot be put to the figures held."
    edges = (
        f" The window {' and '.join(p.extremes)}, which exaggerates a change." if p.extremes else ""
    )
    settled = len(
        [f for f in findings.values() if f.verdict not in ("inconclusive", "not_testable")]
    )
    return (
        f"{SURE[p.verdict]}{edges} Of the four explanations, {settled or 'none'} could be settled;"
        " each card gives the reason."
    )


def how_much_here(p) -> str:
    """The number there would have been, had it moved like others, in one sentence."""
    known = {key: value for key, value in p.just_here.items() if math.isfinite(value)}
    if not known:
        return "This cannot be worked out from the figures held."
    given = p.table.set_index("comparison")["expected"]
    listed = ", ".join(f"{given[key]:,.0f} following {COMPARED[key]}" for key in known)
    return (
        f"There were {p.open_to:,.0f} at March {p.last_year}; there would have been {listed}."
        f" {_gap(p, known)}"
    )


def not_known(findings: dict) -> str:
    """The explanations left open, those that could not be tested, and what such counts can never
    tell.
    """
    told = [
        f"{words} {_joined(named, 'whether', 'or')}."
        for verdict, words in OPEN.items()
        if (named := _named(findings, verdict))
    ]
    return " ".join(
        [
            *told,
            (
                "Counts by year cannot follow a child from referral to plan, nor say whether any"
                " child's plan was right."
            ),
        ]
    )


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
    clear = list(clear_steps(x).itertuples())
    if not clear:
        return "No single step on to a plan or off it stands clear of noise."
    told = "; ".join(
        f"{step(row)} {'added' if row.plans > 0 else 'took away'} about {people(row.plans)}"
        for row in clear
    )
    rest = f" {UNREAD.format('The other steps are')}" if len(clear) < len(x.subtotals) else ""
    behind = (
        f" Behind {step(clear[0])} could stand {BEHIND[clear[0].step]}: such counts do not say"
        " which."
        if clear[0].step in BEHIND
        else ""
    )
    return f"In arithmetic, not cause, of the change of {x.change:+,.0f}: {told}.{behind}{rest}"


def _gap(p, known: dict[str, float]) -> str:
    signs = {value > 0 for value in known.values()}
    if len(signs) > 1:
        return f"The comparisons point both ways, so the figures do not single out {p.area}."
    few, many = sorted((min(map(abs, known.values())), max(map(abs, known.values()))))
    span = people(few) if round(few) == round(many) else f"{few:,.0f} to {people(many)}"
    usual = [SPREAD[row.comparison] for row in p.table.itertuples() if row.low <= 0 <= row.high]
    among = (
        f" That is within the usual spread of {' and of '.join(usual)} (their middle half), so none"
        f" of it is clearly {p.area}'s own."
        if usual
        else ""
    )
    return (
        f"So {span} {'more' if signs == {True} else 'fewer'} than others' course would have"
        f" given.{among}"
    )
