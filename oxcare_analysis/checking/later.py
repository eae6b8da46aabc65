"""How each statement of the two press articles, the 2018 news item and the 2023 minutes is
checked.
"""

from oxcare_analysis.checking.arithmetic import above, changes_by, same, times_of
from oxcare_analysis.checking.checks import above_all, bracket, count, times, to_hundred
from oxcare_analysis.checking.claims import beside, most, remainder, share, went
from oxcare_analysis.checking.report_2014 import (
    AGED_1_4,
    CARE,
    CARE_STARTED,
    ENQUIRIES,
    INSPECTIONS,
    MONTHLY,
    NEED,
    NEED_RECORD,
    NO_NEED,
    NO_NEED_LABEL,
    PLANS,
    REFERRALS,
    WORKFORCE_2014,
)
from oxcare_analysis.checking.specification import Specification
from oxcare_analysis.checking.vantage import REGION
from oxcare_analysis.words.columns import CATEGORIES, ENGLAND

NEGLECT = "plans_open_neglect_count"
OTHERS = tuple(f"plans_open_{c}_count" for c in CATEGORIES if c != "neglect")
UNACCOMPANIED = "looked_after_unaccompanied_count"
BUDGET = "the council's budgets and monitoring reports of those years, on one definition"
TEAMS = ("looked_after", "family_support", "disability")


def _retold(*names: str) -> dict[str, str]:
    """Figures of the 2014 article → those of the report."""
    return {f"oxford_mail_2014_{n}": f"scrutiny_2014_{n}" for n in names}


OXFORD_MAIL_2014 = {
    "retold_looked_after": Specification(
        (
            same(_retold("looked_after_2013", "looked_after_2014_09")),
            count("oxford_mail_2014_looked_after_2013", CARE, 2013),
            bracket("oxford_mail_2014_looked_after_2014_09", CARE, 2014, 2015),
        ),
        record=MONTHLY.format("children looked after"),
    ),
    "exploitation_cause": Specification(
        record="the reason each child came into care; no table of those years counts exploitation"
    ),
    "retold_1_to_4": Specification(
        (
            count("oxford_mail_2014_looked_after_1_to_4_2013", AGED_1_4, 2013),
            same(
                {
                    "oxford_mail_2014_looked_after_1_to_4_2013": (
                        "scrutiny_2014_looked_after_1_to_4_2013"
                    ),
                    "oxford_mail_2014_looked_after_1_to_4_2014_09": (
                        "scrutiny_2014_looked_after_1_to_4_2014"
                    ),
                }
            ),
        ),
        (count("oxford_mail_2014_looked_after_1_to_4_2014_09", AGED_1_4, 2014),),
        caution=(
            "The article dates the end of the rise to September; the report's own number is the"
            " March one."
        ),
    ),
    "agency_low": Specification(
        asides=(beside("agency_percent", 2016, "below", ENGLAND, "neighbours"),),
        record=WORKFORCE_2014,
        caution="The first year held is two years later.",
    ),
    "budget_growth": Specification(
        asides=(
            times_of("oxford_mail_2014_budget_2015", "oxford_mail_2014_budget_2007"),
            went(
                ("spend_looked_after_gbp", "spend_safeguarding_gbp", "spend_family_support_gbp"),
                2010,
                2015,
                "up",
                label=(
                    "gross spend on looked-after children, safeguarding and family support, pounds"
                ),
            ),
        ),
        record=BUDGET,
        caution="Spend as returned to the department is not a budget; neither is net of inflation.",
    ),
    "retold_caseloads": Specification(
        asides=(
            same(
                _retold(
                    *(f"caseload_target_{t}" for t in TEAMS), *(f"caseload_high_{t}" for t in TEAMS)
                )
            ),
            above(
                {
                    f"oxford_mail_2014_caseload_high_{t}": f"oxford_mail_2014_caseload_target_{t}"
                    for t in TEAMS
                }
            ),
        ),
        record=WORKFORCE_2014,
        caution="Only the busiest team of each kind is quoted; the averages are lower.",
    ),
}
OXFORD_MAIL_2015 = {
    "plans_640": Specification(
        (bracket("oxford_mail_2015_plans_open", PLANS, 2015, 2016),),
        (above_all("oxford_mail_2015_plans_open", PLANS, 2010, 2015),),
        MONTHLY.format("open plans"),
    ),
    "plans_more_than_doubled": Specification(
        (
            times("oxford_mail_2015_plans_growth_times", PLANS, 2010, 2015),
            times("oxford_mail_2015_plans_growth_times", PLANS, 2010, 2015, per_child=True),
        )
    ),
    "open_cases_2500": Specification(
        asides=(
            count("oxford_mail_2015_open_cases", NEED, 2015),
            remainder(NEED, (PLANS, CARE), 2014, 2015),
        ),
        record="what the council counted as an open case, and on which date",
        caution=(
            "The council's report of 2014 calls children in need open cases; the article does not"
            " say what it counts."
        ),
    ),
    "caseload_20s": Specification(
        asides=(count("oxford_mail_2015_caseload", "caseload_average", 2016),),
        record=WORKFORCE_2014,
        caution="The first year held is the year after.",
    ),
    "mainly_neglect": Specification(
        (share(NEGLECT, PLANS, 2015), share(NEGLECT, PLANS, 2015, first=2010))
    ),
    "national_trend": Specification(
        (went(PLANS, 2010, 2015, "up", area=ENGLAND), went(PLANS, 2010, 2015, "up")),
        caution=(
            "A shared direction. How much of the growth is shared is on the first page of the"
            " report."
        ),
    ),
    "national_trend_awareness": Specification(
        asides=(went(REFERRALS, 2013, 2015, "up"), went(ENQUIRIES, 2013, 2015, "up")),
        record=(
            "who referred each child and why, beside measures of harm that do not depend on anyone"
            " referring"
        ),
    ),
    "poverty_rose": Specification(
        asides=(went("low_income_hmrc_percent", 2011, 2015, "up"),),
        record=NEED_RECORD,
        caution=(
            "Relative low income: it can fall while families get poorer, and says nothing on family"
            " breakdown."
        ),
    ),
    "poverty_and_welfare": Specification(
        record=(
            "household incomes and benefits of the families with a plan; no published table links"
            " them"
        )
    ),
    "services_cut": Specification(
        asides=(
            went("spend_family_support_gbp", 2013, 2015, "down"),
            went("spend_safeguarding_gbp", 2013, 2015, "up"),
        ),
        record=(
            "spend on children's centres, youth and early intervention services by year, which is"
            " not held"
        ),
    ),
    "care_overspend": Specification(asides=(went(CARE_STARTED, 2014, 2016, "up"),), record=BUDGET),
}
NEWS_2018 = {
    "plans_2015": Specification((count("news_2018_plans_open_2015", PLANS, 2015),)),
    "plans_2015_to_2018": Specification(
        (
            count("news_2018_plans_open_2018", PLANS, 2018),
            count("news_2018_plans_open_2015", PLANS, 2015),
        )
    ),
    "looked_after_2015_to_2018": Specification(
        (
            to_hundred("news_2018_looked_after_2015", CARE, 2015),
            to_hundred("news_2018_looked_after_2018", CARE, 2018),
        )
    ),
    "care_admissions_rose": Specification(
        (went(CARE_STARTED, 2015, 2018, "up"),),
        caution=(
            "The first and last years decide; whether they differ by more than chance is not"
            " tested."
        ),
    ),
    "neglect_rise": Specification(
        asides=(
            changes_by(
                "news_2018_neglect_change",
                "news_2018_neglect_assessments_2015",
                "news_2018_neglect_assessments_2017",
            ),
            went(NEGLECT, 2015, 2018, "up"),
            went("plans_started_neglect_count", 2015, 2018, "up"),
        ),
        record=(
            "assessments that noted neglect, by authority, before 2018, the first year published"
        ),
        caution="The percentage and the two counts are one figure told twice.",
    ),
    "neglect_commonest": Specification((most(NEGLECT, OTHERS, 2018, by=2),)),
    "neglect_commonest_care": Specification(
        asides=(went("looked_after_started_abuse_count", 2015, 2017, "up", CARE_STARTED),),
        record="the reason each child came into care; the published one joins abuse and neglect",
    ),
    "good_three_times": Specification(record=INSPECTIONS),
    "awareness_since_2015": Specification(
        asides=(
            went(REFERRALS, 2015, 2018, "up"),
            went(NO_NEED, 2015, 2018, "down", REFERRALS, label=NO_NEED_LABEL),
            went(ENQUIRIES, 2015, 2018, "up", REFERRALS),
        ),
        record=(
            "measures of harm that do not depend on anyone referring, and sources of referral"
            " recorded alike in all years"
        ),
        caution="Sources cannot be compared across a jump in referrals without a named source.",
    ),
}
SCRUTINY_2023 = {
    "looked_after_trend": Specification(
        asides=(went(CARE, 2020, 2024, "up"), went(CARE, 2020, 2024, "up", area=ENGLAND)),
        record=MONTHLY.format("children looked after"),
        caution=(
            "The minutes date neither the rise nor the fall; published counts cannot say what a"
            " fall was due to."
        ),
    ),
    "caseload_2023": Specification(
        asides=(count("scrutiny_2023_caseload_low", "caseload_average", 2023),),
        record="the council's own caseload returns of those months, with who is counted",
        caution=(
            "The department divides all cases by all workers who hold any; the council's average"
            " may leave some out."
        ),
    ),
    "staffing_2023": Specification(
        (
            beside("agency_percent", 2022, "below", REGION, "neighbours"),
            beside("turnover_percent", 2022, "below", ENGLAND, REGION, "neighbours"),
        ),
        (
            count("scrutiny_2023_agency_share", "agency_percent", 2022),
            count("scrutiny_2023_turnover", "turnover_percent", 2022),
            beside("agency_percent", 2023, "below", REGION),
            beside("turnover_percent", 2023, "below", REGION),
        ),
        caution=(
            "The minutes do not say which year end; judged on September 2022, with the year after"
            " beside it."
        ),
    ),
    "unregistered_placements": Specification(
        record="the council's returns on placements in unregistered settings, and what each cost"
    ),
    "transfer_scheme": Specification(
        (above_all("scrutiny_2023_transfer_expected", UNACCOMPANIED, 2022, 2023),),
        caution="Counts all unaccompanied children looked after in March, however they came.",
    ),
    "transfer_ages": Specification(
        asides=(went("looked_after_age_16_plus_count", 2022, 2024, "up"),),
        record="ages of unaccompanied children by authority, which are not held",
    ),
}
SPECIFICATIONS = {
    f"{source}_{name}": specification
    for source, held in (
        ("oxford_mail_2014", OXFORD_MAIL_2014),
        ("oxford_mail_2015", OXFORD_MAIL_2015),
        ("news_2018", NEWS_2018),
        ("scrutiny_2023", SCRUTINY_2023),
    )
    for name, specification in held.items()
}
