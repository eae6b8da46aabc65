"""Which other explanations would leave the same signs? The rivals test in its first form, by sign alone."""

from dataclasses import dataclass

from oxcare_analysis.thinking.findings import Estimate

INDICATORS = ("referrals_per_child", "no_need_share", "enquiries_per_referral", "conferences_per_enquiry",
              "plans_per_conference", "exit_hazard_6_plus", "ended_within_3_share", "care_starts_per_plan")


@dataclass(frozen=True)
class Mechanism:
    """One way a hypothesis could work: the sign it predicts for each indicator, and for each primary measure."""

    hypothesis: str
    words: str
    signs: dict[str, int]
    primaries: dict[str, int]


def plausible(mechanism: Mechanism, indicators: dict[str, Estimate], primary: str, direction: int) -> bool:
    """Whether a rival mechanism could have moved `primary` in `direction` and fits the signs seen.

    It could not where it predicts no move, or the opposite one. It does not fit where an indicator it predicts to move
    has moved beyond its noise the other way, or where no more than half of those it predicts point the right way.
    """
    if mechanism.primaries.get(primary, 0) != direction:
        return False
    predicted = {m: s for m, s in mechanism.signs.items() if s and m in indicators and indicators[m].known}
    if any(indicators[m].moved == -s for m, s in predicted.items()):
        return False
    agreeing = sum(indicators[m].estimate * s > 0 for m, s in predicted.items())
    return not predicted or agreeing * 2 > len(predicted)
