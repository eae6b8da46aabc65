"""exit_threshold: has the bar for coming off a plan risen?"""

from oxcare_analysis.hypotheses.judging import Evidence, judge
from oxcare_analysis.thinking.findings import Finding
from oxcare_analysis.thinking.rivals import Mechanism

NAME = "exit_threshold"
QUESTION = "Has the bar for coming off a child protection plan risen?"
PRIMARY, WITHOUT_BANDS = "exit_hazard_6_plus", "exit_rate"
ALTERNATIVES = ("exit_hazard_6_plus", "exit_rate")
DIRECTION, MARGIN = -1, 0.25
SUPPORTING = (("exit_rate", "-"), ("plans_started_per_child", "0"), ("ended_within_3_share", "0"))
MECHANISMS = (
    Mechanism(
        NAME,
        "a higher bar for coming off",
        {"exit_hazard_6_plus": -0.34},
        {"exit_hazard_6_plus": -0.34, "exit_rate": -0.34},
    ),
)
COUNCIL_2014 = "some evidence"
COUNCIL_AGREES = ("supported",)
COUNCIL_COULD_SHOW = (
    "The council read the share of ended plans that had lasted over two years. That share describes"
    " plans that began years earlier and rests on a few dozen children; it cannot date a change in"
    " the bar."
)
CAVEAT = (
    "some plans end because a child comes into care: a faster exit is not by itself a lower bar."
)
CHANGED = "plans ended per plan open six months or more"


def assess(evidence: Evidence) -> Finding:
    """Judge the hypothesis on the evidence of one study."""
    return judge(evidence, NAME)
