"""One function a finding → plain words made from its numbers. ox.say(x) picks the function."""

import math
from itertools import groupby

from oxcare_analysis.showing import care_sentences as care
from oxcare_analysis.showing import evidence_sentences as beside
from oxcare_analysis.showing import own_sentences as own
from oxcare_analysis.showing import statements
from oxcare_analysis.showing import work_sentences as work
from oxcare_analysis.showing.wording import (
    COMPARISONS,
    HYPOTHESES,
    LEDGERS,
    UNREAD,
    VERDICTS,
    clear_steps,
    people,
    step,
    went,
)
from oxcare_analysis.words.errors import UsageError


class Words(str):
    """Text that shows as paragraphs in a notebook, lines that begin with "- " as a list, and prints
    as itself.
    """

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        from html import escape

        return "".join(
            (
                f"<ul>{''.join(f'<li>{escape(line[2:])}</li>' for line in lines)}</ul>"
                if listed
                else "".join(f"<p>{escape(line)}</p>" for line in lines)
            )
            for listed, lines in groupby(str(self).split("\n"), lambda line: line.startswith("- "))
        )


def say(result) -> Words:
    """Read a result out in words made from its numbers.

    Takes what ox.premise, ledger, assess, decompose, compare, regression, story, recording, exits,
    specifications, care_endings, events, comparable_events, months, errors, statements,
    looked_after, ages, unaccompanied, in_need, routes, workforce, spend, next_year, caseload or any
    of ox.own_... return.

    >>> import oxcare_analysis as ox
    >>> ox.say(ox.ledger(ox.load("City of London", 2013, 2018)))
    There is no growth ledger for City of London, 2013 to 2018: the number of children on a plan at 31 \
March is not published for 2013 (suppressed to protect confidentiality).
    """
    speakers = {
        "Premise": premise,
        "Ledger": ledger,
        "Finding": finding,
        "Story": story,
        "Recording": recording,
        "Trend": beside.trend,
        "Comparison": beside.comparison,
        "Regression": beside.regression,
        "LifeTable": beside.exits,
        "Specifications": beside.specifications,
        "CareEndings": beside.care_endings,
        "EventStudy": beside.events,
        "Months": beside.months,
        "ComparableEvents": beside.comparable_events,
        "Errors": beside.errors,
        "LookedAfter": care.looked_after,
        "Ages": care.ages,
        "Unaccompanied": care.unaccompanied,
        "InNeed": care.in_need,
        "Routes": care.routes,
        "Workforce": work.workforce,
        "Spend": work.spend,
        "Outlook": work.outlook,
        "Caseload": work.caseload,
        "Statements": statements.sentence,
        "Held": own.records,
        "Funnel": own.funnel,
        "Stays": own.stays,
        "Hazards": own.hazards,
        "Control": own.control,
        "MonthlyLedger": own.ledger,
        "Verdicts": own.verdicts,
        "AgainstPublished": own.against_published,
    }
    kind = type(result).__name__
    if kind not in speakers:
        raise UsageError(
            "ox.say reads out a result such as ox.premise(study) or ox.assess(study, ...); got a"
            f" {kind}."
        )
    return Words(speakers[kind](result))


def premise(p) -> str:
    """What happened to open plans, whether it is more than noise, and how much is just here."""
    if p.verdict == "not_testable":
        return f"{p.area}, {p.first_year} to {p.last_year}: {p.reason}"
    points = ", ".join(f"{count:,.0f} in {year}" for year, count in p.path)
    first = (
        f"The number of {p.area} children on a plan {went(p.open_from, p.open_to)} between March"
        f" {p.first_year} and March {p.last_year}"
        + (f" ({points})" if len(p.path) > 2 else "")
        + f". {p.reason}"
    )
    edges = (
        f" The window {' and '.join(p.extremes)}, which exaggerates a change." if p.extremes else ""
    )
    return f"{first}{edges}\n{just_here(p)}"


def just_here(p) -> str:
    """How much of the change is just this authority, in children."""
    parts = [(key, value) for key, value in p.just_here.items() if math.isfinite(value)]
    if not parts:
        return "How much of this is just here cannot be worked out from the figures held."
    rows = p.table.set_index("comparison")
    words = []
    for key, _ in parts:
        row = rows.loc[key]
        spread = (
            f" (the middle half of such authorities: {p.open_to - row['high']:,.0f} to "
            f"{p.open_to - row['low']:,.0f})"
            if math.isfinite(row["low"])
            else ""
        )
        words.append(f"{row['expected']:,.0f} {COMPARISONS[key]}{spread}")
    signs = {value > 0 for _, value in parts}
    close = (
        ""
        if len(signs) == 1
        else f" The comparisons point both ways, so the figures do not single out {p.area}."
    )
    return (
        f"At March {p.last_year} there would have been "
        + "; ".join(words)
        + f". In fact there were {p.open_to:,.0f}.{close}"
    )


def ledger(x) -> str:
    """Where the change came from, naming only bars that the noise and the choice of base carry."""
    words = LEDGERS[x.flow]
    if not x.testable:
        return f"{words['none']} {x.area}, {x.first_year} to {x.last_year}: {x.reason}"
    clear = clear_steps(x)
    head = (
        f"{words['stock'].capitalize()} in {x.area} {went(x.open_from, x.open_to)}"
        f" ({x.change:+,.0f}) from {x.first_year} to {x.last_year}."
    )
    if clear.empty:
        return (
            f"{head} No single step of the ledger stands clear of its own noise, of how it was"
            " recorded and of the choice of base."
        )
    told = "; ".join(
        f"{step(row)} {'added' if row.plans > 0 else 'took away'} about "
        f"{people(row.plans)} (95 per cent interval {row.low:+,.0f} to {row.high:+,.0f})"
        for row in clear.itertuples()
    )
    carried = x.momentum_low * x.momentum_high > 0 and x.momentum_stable
    rest = len(x.subtotals) - len(clear) + (not carried)
    tail = (
        f" {UNREAD.format(f'The other {rest} steps are' if rest > 1 else 'The other step is')}"
        if rest
        else ""
    )
    carry = (
        f" Carry-over from before {'added' if x.momentum > 0 else 'took away'} about"
        f" {people(x.momentum)}."
        if carried
        else ""
    )
    return f"{head} In arithmetic, not cause: {told}.{carry}{tail} {words['mind']}"


def finding(f) -> str:
    """The verdict in a sentence, the reason, and what the council concluded where that belongs."""
    plain, word = VERDICTS[f.verdict].lower(), f.verdict.replace("_", " ")
    text = (
        f"That {HYPOTHESES[f.hypothesis]}: {plain}{'' if plain == word else f' ({word})'}."
        f" {f.reason}"
    )
    e = f.primary
    if e.placebo_rank:
        text += (
            f" Allowing for where it started and its size, this change ranks {e.placebo_rank} of"
            f" {e.placebo_of} authorities with figures at both ends (1 = the largest rise), which"
            f" is {'unusual' if e.peculiar else 'not unusual'}."
        )
    if f.notes:
        text += f" Keep in mind: {'; '.join(f.notes)}."
    for v in f.variants:
        signs = "; ".join(
            f"{word}: {', '.join(s.estimate.label for s in part)}"
            for word, part in (
                ("as predicted", v.agreeing),
                ("against it", v.against),
                ("cannot tell", v.unknown),
            )
            if part
        )
        text += f"\nRead as {v.words}: {v.reading} ({signs})."
    if f.council_2014:
        text += (
            f"\nThe council in 2014: {f.council_2014}. Beside these figures: {f.agreement}."
            f" {f.council_could_show}"
        )
    return text


def story(s) -> str:
    """One line a period: what happened and what moved."""
    return "\n".join(row["said"] for _, row in s.table.iterrows())


def recording(r) -> str:
    """When recording changed, why where that is known, and which verdicts would be others without
    those points.
    """
    if r.table.empty:
        return f"No recording change stands out for {r.area}, {r.first_year} to {r.last_year}."
    years = ", ".join(str(y) for y in sorted(set(r.table["year"])))
    reasons = "".join(
        f" {reason.rstrip('.')}." for reason in dict.fromkeys(r.table["reason"]) if reason
    )
    told = f"Recording changes to keep in mind for {r.area}: years {years}.{reasons}"
    flips = []
    for what, rows in r.table[r.table["verdict_without"].ne("")].groupby("what"):
        words = [
            flip.split(": ")
            for flip in dict.fromkeys("; ".join(rows["verdict_without"]).split("; "))
        ]
        flips.append(
            f"{what[0].upper()}{what[1:]}: "
            + "; ".join(
                f"whether {HYPOTHESES[name]}, {VERDICTS[verdict].lower()}"
                for name, verdict in words
            )
            + "."
        )
    if flips:
        told += (
            "\nWith all points of one kind left out, these verdicts would be others."
            f" {' '.join(flips)}"
        )
    elif r.table["touches"].ne("").any():
        told += "\nNo verdict would be another without the points touched."
    if r.table["touches"].ne("").any():
        return (
            f"{told} A verdict reads only the years at both ends of the window, so a lasting change"
            " between them is not taken out by this."
        )
    return f"{told}\nNone of them is in a figure that a verdict rests on."
