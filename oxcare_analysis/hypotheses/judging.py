"""What the four hypotheses have in common: gather the evidence once, adjust together, decide, say
why.
"""

from dataclasses import dataclass, field, replace
from importlib import import_module

import numpy as np
import pandas as pd

from oxcare_analysis.thinking import evidence as moves
from oxcare_analysis.thinking import measures, recording, rivals
from oxcare_analysis.thinking.findings import (
    INCONCLUSIVE,
    NEGLIGIBLE,
    NOT_TESTABLE,
    SIGNIFICANT,
    SUPPORTED,
    Estimate,
    Finding,
    Support,
    Variant,
    decide,
    holm,
)
from oxcare_analysis.thinking.premise import Premise
from oxcare_analysis.thinking.study import Study

NAMES = ("entry_threshold", "exit_threshold", "population_need", "awareness")
HOLM_FAMILY = ("entry_threshold", "exit_threshold", "awareness")
RECORDING = (
    rivals.Mechanism(
        "recording",
        "fewer referrals recorded",
        {"referrals_per_child": -0.29, "enquiries_per_referral": 0.29},
        {
            "plans_per_need_referral": 0.29,
            "plans_per_referral": 0.29,
            "referrals_in_need_per_child": -0.29,
        },
    ),
    rivals.Mechanism(
        "recording",
        "more referrals recorded",
        {"referrals_per_child": 0.29, "enquiries_per_referral": -0.29},
        {
            "plans_per_need_referral": -0.29,
            "plans_per_referral": -0.29,
            "referrals_in_need_per_child": 0.29,
        },
    ),
)
# The 2014 conclusions belong beside this authority and windows that end by then.
COUNCIL_CODE, COUNCIL_LAST_YEAR = "931", 2015


@dataclass(frozen=True)
class Evidence:
    """Everything the four judgements share: the primaries, their adjusted p-values, the indicators
    and their spread.

    `without`: kind of recording change → the evidence with the points it touched left out.
    """

    study: Study
    primaries: dict[str, Estimate]
    p_adjusted: dict[str, float]
    indicators: dict[str, Estimate]
    spread: pd.Series
    correlations: pd.DataFrame
    without: dict[str, "Evidence"] = field(default_factory=dict)


# What was said at the time, beside the window it was said of
# (data/raw/published_figures/statements.csv).
EXPLAINED_THEN = {
    (
        2010,
        2014,
    ): (
        "In 2014 the council found no evidence of a lower bar for coming on, some of a higher bar"
        " for coming off, no real evidence of need, and significant evidence of awareness."
    ),
    (
        2013,
        2015,
    ): (
        "In 2015 the council's director pointed to public awareness and a national trend, mostly of"
        " neglect; a local charity to poverty."
    ),
    (2015, 2018): "In 2018 the council pointed to better awareness and reporting since 2015.",
}


def module(name: str):
    """The module of a hypothesis."""
    return import_module(f"oxcare_analysis.hypotheses.{name}")


def gather(study: Study) -> Evidence:
    """Everything the four judgements share, and again without the points that each kind of
    recording change touched.

    The latter where those points are in a primary and in a year the test reads: others cannot
    change a verdict.
    """
    evidence = _as_recorded(study)
    made_of = set().union(*(measures.made_of(p.measure) for p in evidence.primaries.values()))
    return replace(
        evidence,
        without={
            what: _without(evidence, points)
            for what, points in recording.points(study).items()
            if recording.read(study, points) and made_of & {count for _, count in points}
        },
    )


def _as_recorded(study: Study) -> Evidence:
    """Estimate the primaries and indicators of one study and adjust the p-values together."""
    primaries = {name: primary(study, name) for name in NAMES}
    adjusted = holm({name: primaries[name].p_value for name in HOLM_FAMILY})
    indicators = {m: moves.estimate(study, m) for m in rivals.INDICATORS}
    correlations = study.of_all(
        ("correlations", study.first_year, study.last_year),
        lambda: rivals.correlation(moves.changes_everywhere(study, rivals.INDICATORS)),
    )
    return Evidence(
        study, primaries, adjusted, indicators, moves.spread(study, indicators), correlations
    )


def assess_all(study: Study) -> dict[str, Finding]:
    """All four hypotheses judged together, by name and in order."""
    evidence = gather(study)
    return {name: module(name).assess(evidence) for name in NAMES}


def words(study: Study) -> dict[str, str]:
    """The four verdicts in one word each, without their reasons, which tell of recording
    changes.
    """
    evidence = _as_recorded(study)
    return {name: _decided(evidence, name)[0] for name in NAMES}


def _without(evidence: Evidence, points: set[tuple[int, str]]) -> Evidence:
    """The evidence with these points of the authority left out; how all authorities move together
    stays.
    """
    other, counts = recording.leave_out(evidence.study, points), {count for _, count in points}
    primaries = {
        name: primary(other, name) if counts & measures.made_of(p.measure) else p
        for name, p in evidence.primaries.items()
    }
    indicators = {
        m: moves.estimate(other, m) if counts & measures.made_of(m) else e
        for m, e in evidence.indicators.items()
    }
    # A question that cannot be asked without the points stays one of the three: fewer would be
    # easier on the others.
    adjusted = holm(
        {
            name: (primaries if primaries[name].known else evidence.primaries)[name].p_value
            for name in HOLM_FAMILY
        }
    )
    return replace(
        evidence,
        study=other,
        primaries=primaries,
        p_adjusted=adjusted,
        indicators=indicators,
        spread=moves.spread(other, indicators),
    )


def primary(study: Study, name: str) -> Estimate:
    """The primary measure of a hypothesis in this window, or the one that stands in for it."""
    rules = module(name)
    if name == "population_need":
        return rules.shared_growth(study)
    if name == "exit_threshold":
        banded = moves.estimate(study, rules.PRIMARY)
        return banded if banded.known else moves.estimate(study, rules.WITHOUT_BANDS)
    return moves.estimate(
        study, rules.BEFORE_2013 if study.first_year < measures.COMPARABLE else rules.PRIMARY
    )


def judge(evidence: Evidence, name: str) -> Finding:
    """Apply a hypothesis's own constants to the evidence."""
    rules, study, primary = module(name), evidence.study, evidence.primaries[name]
    p = evidence.p_adjusted.get(name, primary.p_value)
    verdict, fitted, fitting = _decided(evidence, name)
    moved = primary.known and p < SIGNIFICANT and primary.estimate * rules.DIRECTION > 0
    # A move the other way can be one of recording too; that does not change the word, but it is
    # said.
    doubts = tuple(fitting.loc[fitting["hypothesis"] == "recording", "mechanism"])
    named = tuple(dict.fromkeys(fitting["hypothesis"])) if moved else ()
    council, agreement = _council(study, rules, verdict)
    supporting = _supports(study, rules.SUPPORTING)
    without = {
        what: _decided(evidence.without[what], name)[0]
        for what in recording.touching(study, primary.measure)
        if what in evidence.without
    }
    variants = tuple(
        Variant(words, _supports(study, signs))
        for words, signs in getattr(rules, "VARIANTS", {}).items()
    )
    return Finding(
        name,
        rules.QUESTION,
        verdict,
        reason(verdict, primary, rules, moved, tuple(fitting["mechanism"]), doubts),
        primary,
        evidence.p_adjusted.get(name, float("nan")),
        rules.MARGIN,
        named,
        supporting,
        council,
        agreement,
        bool(moved),
        study.area.name,
        (study.first_year, study.last_year),
        _notes(evidence, name, verdict, without),
        tuple(fitting["mechanism"]) if moved else (),
        study.source,
        rules.COUNCIL_COULD_SHOW if council else "",
        variants=variants,
        table=told_beside(primary, supporting),
        fits=fitted,
        without=tuple(without.items()),
    )


def _decided(evidence: Evidence, name: str) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """The verdict, how well every mechanism fits, and the rivals that fit nearly as well."""
    rules, primary = module(name), evidence.primaries[name]
    fitted = _fits(evidence, name)
    fitting = rivals.plausible(fitted, name)
    verdict = decide(
        testable=primary.known,
        estimate=primary.estimate,
        se=primary.se,
        p_adjusted=evidence.p_adjusted.get(name, primary.p_value),
        direction=rules.DIRECTION,
        margin=rules.MARGIN,
        rivals=tuple(fitting["mechanism"]),
        ceiling=getattr(rules, "CEILING", SUPPORTED),
    )
    return verdict, fitted, fitting


def _supports(study: Study, predictions: tuple[tuple[str, str], ...]) -> tuple[Support, ...]:
    return tuple(Support(moves.estimate(study, measure), sign) for measure, sign in predictions)


def _fits(evidence: Evidence, name: str) -> pd.DataFrame:
    """How well every mechanism, of this hypothesis, the others and recording, fits the way the
    primary went.
    """
    everyone = [m for other in NAMES for m in module(other).MECHANISMS]
    everywhere = getattr(module(name), "EVERYWHERE", ())
    return rivals.fits(
        (*everyone, *RECORDING, *everywhere),
        evidence.primaries[name],
        evidence.indicators,
        evidence.spread,
        evidence.correlations,
    )


def _notes(evidence: Evidence, name: str, verdict: str, without: dict[str, str]) -> tuple[str, ...]:
    """What must be read beside the verdict: recording changes that touch it and flip it, a base of
    one year, caveat.
    """
    study, estimate = evidence.study, evidence.primaries[name]
    notes = [
        line
        + (
            _flip(verdict, without[what])
            if what in evidence.without
            else ": between the years that the verdict reads, so not tested for"
        )
        for what, line in recording.touching(study, estimate.measure).items()
    ]
    if len(estimate.base_years) == 1 and estimate.measure in measures.RATIOS:
        only = (
            f"the base is {estimate.base_years[0]} alone, as the year before is not comparable or"
            " not held"
        )
        later = moves.estimate(study, estimate.measure, study.first_year + 1, study.last_year)
        if estimate.moved and later.known and later.moved != estimate.moved:
            only += f"; with {study.first_year + 1} as the base the change is within noise"
        notes.append(only)
    caveat = getattr(module(name), "CAVEAT", "")
    return (*notes, caveat.rstrip(".")) if caveat else tuple(notes)


def _flip(verdict: str, without: str) -> str:
    if without == verdict:
        return ""
    if without == NOT_TESTABLE:
        return ": cannot be tested without those points"
    return f": without those points the verdict would be {without}"


def recorded(study: Study, findings: dict[str, Finding]) -> pd.DataFrame:
    """The register of recording changes, with the hypotheses each row touches and the verdicts that
    flip without it.
    """
    rows = recording.register(study)
    touched, flipped, tested = ([[] for _ in rows.index] for _ in range(3))
    for name, finding in findings.items():
        without = dict(finding.without)
        for row, what in rows.loc[
            recording.touches(study, finding.primary.measure), "what"
        ].items():
            touched[row].append(name)
            if what in without:
                tested[row].append(name)
            if without.get(what, finding.verdict) != finding.verdict:
                flipped[row].append(f"{name}: {without[what]}")
    columns = {"touches": touched, "verdict_without": flipped, "tested_without": tested}
    return rows.assign(
        **{
            name: pd.Series(["; ".join(words) for words in column], rows.index, dtype=str)
            for name, column in columns.items()
        }
    )


def _council(study: Study, rules, verdict: str) -> tuple[str | None, str]:
    if study.area.code != COUNCIL_CODE or study.last_year > COUNCIL_LAST_YEAR:
        return None, "not asked"
    if verdict in rules.COUNCIL_AGREES:
        return rules.COUNCIL_2014, "agrees"
    return rules.COUNCIL_2014, (
        "cannot tell"
        if verdict
        in (
            INCONCLUSIVE,
            NOT_TESTABLE,
        )
        else "differs"
    )


def percent(log_change: float) -> str:
    """A log change in words: 'up 16 per cent', 'down 3 per cent'."""
    change = np.expm1(log_change)
    return f"{'up' if change >= 0 else 'down'} {abs(change) * 100:.0f} per cent"


def reason(
    verdict: str,
    primary: Estimate,
    rules,
    moved: bool,
    fitting: tuple[str, ...],
    doubts: tuple[str, ...],
) -> str:
    """Why the verdict is what it is, in a sentence made from the numbers; `rules`: the module of
    the hypothesis.
    """
    what = rules.CHANGED[0].upper() + rules.CHANGED[1:]
    if verdict == NOT_TESTABLE:
        return (
            f"{primary.label[0].upper()}{primary.label[1:]} cannot be compared: {primary.missing}."
        )
    years = (
        f" from {_span(primary.base_years)} to {_span(primary.end_years)}"
        if primary.base_years and primary.end_years
        else ""
    )
    size = (
        f"{percent(primary.estimate)}{years} (95 per cent interval"
        f" {np.expm1(primary.low) * 100:+.0f} to {np.expm1(primary.high) * 100:+.0f} per cent)"
    )
    label = (
        what if primary.measure == rules.PRIMARY else primary.label[0].upper() + primary.label[1:]
    )
    if verdict == SUPPORTED:
        return f"{label}: {size}, beyond its noise, and no rival explanation fits nearly as well."
    if moved:
        words = (
            _joined(list(fitting)) or "a change that leaves no trace of its own in these figures"
        )
        if getattr(rules, "CEILING", ""):
            return (
                f"{label}: {size}. Greater need, {words} would all do this; the figures held cannot"
                " settle which."
            )
        return f"{label}: {size}. It moved, but {words} would fit nearly as well, or better."
    if verdict == INCONCLUSIVE and primary.moved:
        return (
            f"{label}: {size}. On its own that is just beyond noise; tested as one of three"
            " questions at once it is not."
        )
    if verdict == INCONCLUSIVE:
        return (
            f"{label}: {size}. Noise alone could do this; a rise under"
            f" {np.expm1(primary.detectable) * 100:.0f} per cent or a fall under"
            f" {-np.expm1(-primary.detectable) * 100:.0f} would usually be missed."
        )
    if verdict == NEGLIGIBLE:
        return (
            f"{label}: {size}, inside the margin of {np.expm1(rules.MARGIN) * 100:.0f} per cent set"
            " beforehand."
        )
    doubt = f" (though {_joined(list(doubts))} would look the same)" if doubts else ""
    return f"{label}: {size}, beyond its noise in the opposite direction{doubt}."


def told(p: Premise, moved: list[Finding], study: Study) -> str:
    """One line of the story: the published fact, then only what moved beyond its noise, then who
    explained it how.
    """
    if p.verdict == "not_testable":
        return f"{p.first_year} to {p.last_year}: {p.reason}"
    growth = (
        f"{p.first_year} to {p.last_year}: open plans went from {p.open_from:,.0f} to"
        f" {p.open_to:,.0f} ({p.rate_from:.1f} to {p.rate_to:.1f} per 10,000), "
        + {
            "supported": "a rise beyond noise",
            "contradicted": "a fall beyond noise",
            "negligible": "hardly a change",
            "inconclusive": "not clear of year-to-year swings",
        }[p.verdict]
        + "."
    )
    if p.extremes:
        growth += f" The window {' and '.join(p.extremes)}."
    what = "; ".join(
        f"{f.primary.label} {percent(f.primary.estimate)}"
        + (f" (rivals: {', '.join(f.rival_mechanisms)})" if f.rival_mechanisms else "")
        for f in moved
    )
    line = f"{growth} Moved beyond noise: {what or 'none of the four primary measures'}."
    said = EXPLAINED_THEN.get((p.first_year, p.last_year))
    return f"{line} {said}" if said and study.area.code == COUNCIL_CODE else line


def _span(years: tuple[int, ...]) -> str:
    return str(years[0]) if len(years) == 1 else f"the mean of {years[0]} and {years[-1]}"


def _joined(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def told_beside(primary: Estimate, supporting: tuple[Support, ...]) -> pd.DataFrame:
    """Primary and supporting measures as one table, for charts and exhibits."""
    rows = [("primary", primary, "")] + [
        ("supporting", s.estimate, s.predicted) for s in supporting
    ]
    return pd.DataFrame(
        [
            {
                "role": role,
                "measure": e.measure,
                "label": e.label,
                "from": e.level_from,
                "to": e.level_to,
                "per": e.per_words,
                "estimate": e.estimate,
                "low": e.low,
                "high": e.high,
                "z": e.z,
                "predicted": predicted,
                "rank": e.placebo_rank,
                "of": e.placebo_of,
                "missing": e.missing,
            }
            for role, e, predicted in rows
        ]
    )
