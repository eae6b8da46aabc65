"""The four hypotheses judged on an authority's own months: the same rules, words and decide() as on
published figures.

Direction, margin, predicted signs and the mechanisms of every hypothesis are those of its own
module. What differs is where the numbers come from: cohorts and spells of children instead of
yearly counts, and noise measured on the months instead of on all authorities. Need is judged by
referrals found in need, as no other authority's months are held: at best it cannot be told from
awareness, and never more than inconclusive, as its own rule has it.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from oxcare_analysis.local.own_result import OwnResult
from oxcare_analysis.hypotheses import judging
from oxcare_analysis.local import changes as measured
from oxcare_analysis.local.records import Records
from oxcare_analysis.local.spells import lacking
from oxcare_analysis.thinking import rivals
from oxcare_analysis.thinking.findings import (
    SIGNIFICANT,
    SUPPORTED,
    Estimate,
    Finding,
    Support,
    Variant,
    decide,
    holm,
)

PRIMARIES = {
    "entry_threshold": "plans_per_need_referral",
    "exit_threshold": "exit_hazard_6_plus",
    "population_need": "referrals_in_need_per_child",
    "awareness": "referrals_in_need_per_child",
}
ENTRY, STEPS = (
    "plans_per_need_referral",
    ("enquiries_per_referral", "conferences_per_enquiry", "plans_per_conference"),
)
# correlation of the entry primary with each step it is made of; of three such, no more can be
SHARED = 0.5
NO_NEIGHBOURS = (
    "the months of no other authority are held, so what of this is shared with similar areas cannot"
    " be seen"
)
FROM_RECORDS = "Source: the council's own records, on this machine only. Analysis: oxcare_analysis."


@dataclass(frozen=True, repr=False)
class Verdicts(OwnResult):
    """The four hypotheses on an authority's own months.

    `findings`: name → Finding, in order. `before`, `after`: the months compared, first and last
    (2020-04). `table`: one row a hypothesis: hypothesis, verdict, measure, from, to, per, estimate,
    low, high (logs), reason, notes. `measures`: one row a measure, primary or not: label, per,
    from, to, estimate, low, high.
    """

    lacking: tuple[str, ...] = ()
    before: tuple[str, str] = ("", "")
    after: tuple[str, str] = ("", "")
    findings: dict[str, Finding] = field(default_factory=dict, repr=False, compare=False)
    measures: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)


def verdicts(records: Records, children: pd.Series | None = None) -> Verdicts:
    """Judge the four hypotheses on the records. `children`: as in changes.changes."""
    found = measured.changes(records, children)
    if found.missing:
        return Verdicts(records.area, records.simulated, found.missing)
    findings = judge(found, records.area)
    rows = [
        {
            "hypothesis": name,
            "verdict": f.verdict,
            "measure": f.primary.label,
            "from": f.primary.level_from,
            "to": f.primary.level_to,
            "per": f.primary.per_words,
            "estimate": f.primary.estimate,
            "low": f.primary.low,
            "high": f.primary.high,
            "reason": f.reason,
            "notes": "; ".join(f.notes),
        }
        for name, f in findings.items()
    ]
    every = pd.DataFrame(
        [
            {
                "label": e.label,
                "per": e.per_words,
                "from": e.level_from,
                "to": e.level_to,
                "estimate": e.estimate,
                "low": e.low,
                "high": e.high,
            }
            for e in found.estimates.values()
        ]
    )
    before, after = (
        (str(months[0]), str(months[-1])) for months in (found.ends.before, found.ends.after)
    )
    return Verdicts(
        records.area,
        records.simulated,
        lacking=lacking(records),
        before=before,
        after=after,
        findings=findings,
        measures=every,
        table=pd.DataFrame(rows),
    )


def judge(found: measured.Changes, area: str) -> dict[str, Finding]:
    """All four from the changes alone, by name and in order."""
    adjusted = holm(
        {name: found.estimates[PRIMARIES[name]].p_value for name in judging.HOLM_FAMILY}
    )
    return {name: _finding(found, name, adjusted, area) for name in judging.NAMES}


def _finding(found: measured.Changes, name: str, adjusted: dict[str, float], area: str) -> Finding:
    rules, primary = judging.module(name), found.estimates[PRIMARIES[name]]
    p = adjusted.get(name, primary.p_value)
    fitted = fits(found, primary)
    fitting = rivals.plausible(fitted, name)
    mechanisms = tuple(fitting["mechanism"])
    verdict = decide(
        testable=primary.known,
        estimate=primary.estimate,
        se=primary.se,
        p_adjusted=p,
        direction=rules.DIRECTION,
        margin=rules.MARGIN,
        rivals=mechanisms,
        ceiling=getattr(rules, "CEILING", SUPPORTED),
    )
    moved = bool(primary.known and p < SIGNIFICANT and primary.estimate * rules.DIRECTION > 0)
    doubts = tuple(fitting.loc[fitting["hypothesis"] == "recording", "mechanism"])
    supporting = _supports(found, rules.SUPPORTING)
    variants = tuple(
        Variant(words, _supports(found, signs))
        for words, signs in getattr(rules, "VARIANTS", {}).items()
    )
    told = replace(
        primary, measure=f"own {primary.measure}"
    )  # under its own name, not the published measure's
    return Finding(
        name,
        rules.QUESTION,
        verdict,
        judging.reason(verdict, told, rules, moved, mechanisms, doubts),
        primary,
        adjusted.get(name, float("nan")),
        rules.MARGIN,
        tuple(dict.fromkeys(fitting["hypothesis"])) if moved else (),
        supporting,
        None,
        "not asked",
        moved,
        area,
        notes=_notes(found, name),
        rival_mechanisms=mechanisms if moved else (),
        source=FROM_RECORDS,
        variants=variants,
        table=judging.told_beside(primary, supporting),
        fits=fitted,
    )


def fits(found: measured.Changes, primary: Estimate) -> pd.DataFrame:
    """How well every mechanism of the four hypotheses, and of recording, fits the way the primary
    went.

    Over the indicators of the published rule and the entry primary: followed by cohort, it is as
    good an indicator as they, and a mechanism that would have had to move it far is seen not to
    have.
    """
    everyone = (
        *(m for name in judging.NAMES for m in judging.module(name).MECHANISMS),
        *judging.RECORDING,
    )
    told = tuple(
        replace(m, sizes=m.sizes | {ENTRY: m.moves[ENTRY]}) if ENTRY in m.moves else m
        for m in everyone
    )
    over = (*rivals.INDICATORS, ENTRY)
    together = pd.DataFrame(
        np.eye(len(over)), over, over
    )  # each step's months scatter by themselves
    together.loc[ENTRY, list(STEPS)] = together.loc[list(STEPS), ENTRY] = SHARED
    return rivals.fits(told, primary, found.estimates, found.spread, together, over)


def _supports(
    found: measured.Changes, predictions: tuple[tuple[str, str], ...]
) -> tuple[Support, ...]:
    return tuple(Support(found.estimates[measure], sign) for measure, sign in predictions)


def _notes(found: measured.Changes, name: str) -> tuple[str, ...]:
    notes = [NO_NEIGHBOURS] if name == "population_need" else []
    if not found.per_child and found.estimates[PRIMARIES[name]].measure in measured.PER_CHILD:
        notes.append(
            "the number of children by year is not at hand, so growth in their number is in the"
            " change"
        )
    return tuple(notes)
