"""population_need: has the level of need in the population risen?"""

import numpy as np

from oxcare_analysis.hypotheses.judging import Evidence, judge
from oxcare_analysis.thinking import evidence as moves
from oxcare_analysis.thinking.findings import Estimate, Finding
from oxcare_analysis.thinking.rivals import Mechanism
from oxcare_analysis.thinking.study import Study

NAME = "population_need"
QUESTION = "Has the level of need in the population risen?"
OUTCOME, PRIMARY = "plans_started_per_child", "shared_growth"
DIRECTION, MARGIN = 1, 0.15
CEILING = "inconclusive"
FEWEST_NEIGHBOURS = 4
SUPPORTING = (
    ("referrals_per_child", "+"),
    ("no_need_share", "0"),
    ("enquiries_per_referral", "0"),
    ("conferences_per_enquiry", "0"),
    ("care_starts_per_plan", "0"),
)
MECHANISMS = (
    Mechanism(
        NAME,
        "more families in need",
        {"referrals_per_child": 0.34},
        {"referrals_in_need_per_child": 0.34, "enquiries_per_child": 0.34},
    ),
    Mechanism(
        NAME,
        "more severe need",
        {
            "referrals_per_child": 0.19,
            "enquiries_per_referral": 0.08,
            "conferences_per_enquiry": 0.05,
        },
        {
            "referrals_in_need_per_child": 0.25,
            "enquiries_per_child": 0.27,
            "plans_per_need_referral": 0.08,
            "plans_per_referral": 0.13,
        },
    ),
)
# Growth that similar areas share can be a change of practice they share: no sign seen here could
# rule that out.
EVERYWHERE = (
    Mechanism("entry_threshold", "a lower bar everywhere", {}, {"shared_growth": 1}),
    Mechanism("awareness", "greater awareness everywhere", {}, {"shared_growth": 1}),
)
COUNCIL_2014 = "no real evidence"
COUNCIL_AGREES = ("negligible", "contradicted")
COUNCIL_COULD_SHOW = (
    "The council compared districts within the county. No count of plans by district is published, "
    "so its argument cannot be checked here; nor could it see need that rises everywhere at once."
)
CHANGED = "the growth of similar areas would have changed plans started here"


def shared_growth(study: Study) -> Estimate:
    """The primary: growth in plans started per child shared with neighbours and region, plus growth
    in children.

    The shared part is the mean of the median neighbour's change and the median change of the
    region's other authorities. Its standard error is that of the neighbours' median (1.25 × robust
    spread ÷ √number).
    """
    label = "growth that similar areas would have given (plans started)"
    everyone = moves.contrasts(study, OUTCOME, study.first_year, study.last_year)
    base, end = moves.years_of(study.first_year, study.last_year, OUTCOME)
    count = np.log(study.table["children_0_17_count"])
    children = count.reindex(end).mean() - count.reindex(base).mean()
    others = everyone["estimate"].drop(index=study.area.code, errors="ignore")
    near = others[others.index.isin(study.neighbours)]
    region = others[
        [study.provenance["regions"].get(c) == study.area.region_code for c in others.index]
    ]
    missing = (
        "the window is shorter than a year"
        if study.last_year <= study.first_year
        else (
            "the number of children is not held for the window"
            if not np.isfinite(children)
            else (
                "fewer than four statistical neighbours have figures for the window"
                if len(near) < FEWEST_NEIGHBOURS
                else ""
            )
        )
    )
    if missing:
        return Estimate(PRIMARY, label, missing=missing)
    shared = near.median() if region.empty else (near.median() + region.median()) / 2
    se = 1.2533 * 1.4826 * (near - near.median()).abs().median() / np.sqrt(len(near))
    return Estimate(
        PRIMARY,
        label,
        shared + children,
        max(se, 0.01),
        per_words="log change",
        base_years=base,
        end_years=end,
        national=float(everyone["estimate"].median()),
    )


def assess(evidence: Evidence) -> Finding:
    """Judge the hypothesis on the evidence of one study."""
    return judge(evidence, NAME)
