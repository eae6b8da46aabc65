"""entry_threshold: has the bar for coming on to a plan dropped?"""

from oxcare_analysis.hypotheses.judging import Evidence, judge
from oxcare_analysis.thinking.findings import Finding
from oxcare_analysis.thinking.rivals import Mechanism

NAME = "entry_threshold"
QUESTION = "Has the bar for coming on to a child protection plan dropped?"
PRIMARY, BEFORE_2013 = "plans_per_need_referral", "plans_per_referral"
ALTERNATIVES = ("plans_per_need_referral", "plans_per_referral", "plans_per_enquiry")
DIRECTION, MARGIN = 1, 0.25
SUPPORTING = (
    ("enquiries_per_need_referral", "+"),
    ("conferences_per_enquiry", "+"),
    ("ended_within_3_share", "+"),
    ("care_starts_per_plan", "-"),
)
# Sizes of a cause that adds 40 per cent to open plans: docs/hypotheses.md, "Sizes".
MECHANISMS = (
    Mechanism(
        NAME,
        "a lower bar at the conference",
        {
            "conferences_per_enquiry": 0.33,
            "ended_within_3_share": 0.04,
            "care_starts_per_plan": -0.38,
        },
        {"plans_per_need_referral": 0.38, "plans_per_referral": 0.38},
    ),
    Mechanism(
        NAME,
        "a lower bar for an enquiry",
        {
            "enquiries_per_referral": 1.39,
            "conferences_per_enquiry": -0.90,
            "ended_within_3_share": 0.04,
            "care_starts_per_plan": -0.38,
        },
        {"plans_per_need_referral": 0.38, "plans_per_referral": 0.38, "enquiries_per_child": 1.39},
    ),
    Mechanism(
        NAME,
        "a stricter entry that leaves heavier and longer plans",
        {
            "conferences_per_enquiry": -0.33,
            "plans_per_conference": -0.05,
            "ended_within_3_share": -0.04,
        },
        {
            "plans_per_need_referral": -0.38,
            "plans_per_referral": -0.38,
            "exit_hazard_6_plus": -0.05,
            "exit_rate": -0.05,
        },
    ),
)
COUNCIL_2014 = "no evidence"
COUNCIL_AGREES = ("negligible", "contradicted")
COUNCIL_COULD_SHOW = (
    "The council's audit of four months of new plans asked whether each met the bar then in force. "
    "It could find plans below that bar; it could not show whether the bar itself had moved."
)
CHANGED = "plans started per referral in need"


def assess(evidence: Evidence) -> Finding:
    """Judge the hypothesis on the evidence of one study."""
    return judge(evidence, NAME)
