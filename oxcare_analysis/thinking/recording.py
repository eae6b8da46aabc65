"""The recording sentinel: dated changes in how figures were recorded, and which results they touch."""

import pandas as pd

from oxcare_analysis.thinking.study import Study

# A jump in one of these shares can move any measure built on referrals without anything changing for children.
TOUCHED_BY_REFERRALS = ("referrals_per_child", "referrals_in_need_per_child", "no_need_share",
                        "enquiries_per_referral", "plans_per_referral", "plans_per_need_referral",
                        "enquiries_per_need_referral")
CHECKS = {"share of referrals jumps": "jump in how referrals are classed",
          "low reliability": "figures marked of low reliability",
          "stock and flow": "ended plans and the stock disagree",
          "more than the step before": "one step of the funnel under-recorded",
          "one total, two tables": "two tables print different totals",
          "bands of ended plans": "lengths of ended plans incomplete"}


def register(study: Study) -> pd.DataFrame:
    """Recording changes in or next to the window: year, what, measure, found, expected, reason; oldest first.

    A jump is between a year and the one before, so the base year's own predecessor counts too.
    """
    rows = study.checks
    rows = rows[rows["check"].isin(CHECKS) & rows["year"].between(study.first_year, study.last_year)]
    return rows.assign(what=rows["check"].map(CHECKS))[
        ["year", "what", "measure", "found", "expected", "reason"]].sort_values("year", ignore_index=True)


def touching(study: Study, measure: str) -> tuple[str, ...]:
    """One line for each kind of recording change that could have moved `measure` in this window."""
    rows = register(study)
    referral_rows = rows["what"].eq(CHECKS["share of referrals jumps"])
    no_need = rows["measure"].isin(["no_further_action_count", "not_in_need_count"])
    if measure in ("exit_rate", "exit_hazard_6_plus", "ended_within_3_share"):
        rows = rows[rows["measure"].str.startswith("plans_")]
    elif measure in TOUCHED_BY_REFERRALS:
        rows = rows[(referral_rows & no_need) | rows["measure"].str.startswith(("referrals_rec", "enquiries"))]
    else:
        rows = rows[~referral_rows]
    return tuple(f"{what} ({', '.join(str(y) for y in sorted(set(group['year'])))})"
                 for what, group in rows.groupby("what"))
