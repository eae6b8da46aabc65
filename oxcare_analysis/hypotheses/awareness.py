"""awareness: is there greater awareness, and better identification, of children at risk?"""

from oxcare_analysis.hypotheses.judging import Evidence, judge
from oxcare_analysis.thinking.findings import Finding
from oxcare_analysis.thinking.rivals import Mechanism

NAME = "awareness"
QUESTION = "Is there greater awareness and better identification of children at risk?"
PRIMARY, BEFORE_2013 = "referrals_in_need_per_child", "enquiries_per_child"
ALTERNATIVES = ("referrals_in_need_per_child", "referrals_per_child", "enquiries_per_child")
DIRECTION, MARGIN = 1, 0.20
SUPPORTING = (
    ("referrals_per_child", "+"),
    ("no_need_share", "-"),
    ("enquiries_per_referral", "+"),
    ("conferences_per_enquiry", "0"),
)
# Two variants, reported apart: more families found, or as many referrals better aimed. SUPPORTING
# mixes the two.
VARIANTS = {
    "more found": (("referrals_per_child", "+"), ("no_need_share", "0+")),
    "better aimed": (
        ("referrals_per_child", "0-"),
        ("no_need_share", "-"),
        ("enquiries_per_referral", "+"),
        ("conferences_per_enquiry", "0"),
    ),
}
MECHANISMS = (
    Mechanism(
        NAME,
        "more found",
        {"referrals_per_child": 0.50},
        {"referrals_in_need_per_child": 0.40, "enquiries_per_child": 0.34},
    ),
    Mechanism(
        NAME,
        "better-aimed referrals",
        {"no_need_share": -0.40, "enquiries_per_referral": 0.52},
        {
            "referrals_in_need_per_child": 0.25,
            "enquiries_per_child": 0.44,
            "plans_per_need_referral": 0.15,
            "plans_per_referral": 0.43,
        },
    ),
)
COUNCIL_2014 = "significant evidence"
COUNCIL_AGREES = ("supported",)
COUNCIL_COULD_SHOW = (
    "The council counted training, audits and attendance. Those show effort; they cannot show that "
    "the effort, and not a lower bar or greater need, brought more children on to plans."
)
CHANGED = "referrals in need per child"


def assess(evidence: Evidence) -> Finding:
    """Judge the hypothesis on the evidence of one study."""
    return judge(evidence, NAME)
