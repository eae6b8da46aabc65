"""entry_threshold: has the bar for coming on to a plan dropped?"""

from oxcare_analysis.hypotheses.judging import Evidence, judge
from oxcare_analysis.thinking.findings import Finding
from oxcare_analysis.thinking.rivals import Mechanism

NAME = "entry_threshold"
QUESTION = "Has the bar for coming on to a child protection plan dropped?"
PRIMARY, BEFORE_2013 = "plans_per_need_referral", "plans_per_referral"
ALTERNATIVES = ("plans_per_need_referral", "plans_per_referral", "plans_per_enquiry")
DIRECTION, MARGIN = 1, 0.25
SUPPORTING = (("enquiries_per_need_referral", "+"), ("conferences_per_enquiry", "+"),
              ("ended_within_3_share", "+"), ("care_starts_per_plan", "-"))
MECHANISMS = (
    Mechanism(NAME, "a lower bar at the conference",
              {"conferences_per_enquiry": 1, "ended_within_3_share": 1, "care_starts_per_plan": -1},
              {"plans_per_need_referral": 1, "plans_per_referral": 1}),
    Mechanism(NAME, "a lower bar for an enquiry",
              {"enquiries_per_referral": 1, "conferences_per_enquiry": -1, "ended_within_3_share": 1,
               "care_starts_per_plan": -1},
              {"plans_per_need_referral": 1, "plans_per_referral": 1, "enquiries_per_child": 1}),
    Mechanism(NAME, "a stricter entry that leaves heavier and longer plans",
              {"conferences_per_enquiry": -1, "plans_per_conference": -1, "ended_within_3_share": -1},
              {"plans_per_need_referral": -1, "plans_per_referral": -1, "exit_hazard_6_plus": -1, "exit_rate": -1}),
)
COUNCIL_2014 = "no evidence"
COUNCIL_AGREES = ("negligible", "contradicted")
COUNCIL_COULD_SHOW = ("The council's audit of four months of new plans asked whether each met the bar then in force. "
                      "It could find plans below that bar; it could not show whether the bar itself had moved.")
CHANGED = "plans started per referral in need"


def assess(evidence: Evidence) -> Finding:
    """Judge the hypothesis on the evidence of one study."""
    return judge(evidence, NAME)
