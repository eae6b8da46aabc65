"""How each statement of the scrutiny report of September 2014 is checked. Figures are those of the
register.
"""

from oxcare_analysis.checking.arithmetic import (
    above,
    changes_by,
    implied_children,
    overlap,
    part_of,
    two_readings,
)
from oxcare_analysis.checking.checks import bracket, count, grew, one_in, rank, rate, times
from oxcare_analysis.checking.claims import (
    beside,
    differ,
    grew_most,
    level,
    like_named,
    longer_stay,
    moved,
    nearer,
    went,
)
from oxcare_analysis.checking.specification import Specification
from oxcare_analysis.words.columns import AGES, ENGLAND

NEED, PLANS, CARE = "children_in_need_count", "plans_open_count", "looked_after_count"
STARTED, ENDED, OVER_2 = "plans_started_count", "plans_ended_count", "plans_ended_24_plus_percent"
REFERRALS, ENQUIRIES, CONFERENCES = (
    "referrals_received_count",
    "enquiries_started_count",
    "conferences_held_count",
)
NO_NEED = ("no_further_action_count", "not_in_need_count")
NO_NEED_LABEL = "closed as not in need or with no further action"
CARE_STARTED, AGED_1_4 = "looked_after_started_count", "looked_after_age_1_4_count"
ROUTES = ("early_help", "in_need_plan", "protection_plan", "looked_after")
# The report names none. Taken from the public record of 2008 to September 2014: a child's death
# that led to national
# inquiry (Haringey, Doncaster, Birmingham, Coventry, Bradford), or convictions or an inquiry on
# group exploitation
# (Derby, Rochdale, Telford and Wrekin, Peterborough, Rotherham). Chosen for their cases, not their
# figures.
WELL_KNOWN = {
    "309": "Haringey",
    "371": "Doncaster",
    "330": "Birmingham",
    "331": "Coventry",
    "380": "Bradford",
    "831": "Derby",
    "354": "Rochdale",
    "894": "Telford and Wrekin",
    "874": "Peterborough",
    "372": "Rotherham",
}
INSPECTIONS = "Ofsted's published inspection outcomes, which are not among the tables held"
MONTHLY = "the council's own monthly count of {}, by one definition throughout"
SCALING = (
    "A way of scaling, not a share: the children counted are not all deprived. It rests on the"
    " report's own shares of deprived children."
)
NEED_RECORD = (
    "household incomes after housing costs, parents' illness and injuries to children, year by"
    " year, counted whoever refers"
)
EARLY = "A count taken for a report can be a few out from the return that is published weeks later."
WORKFORCE_2014 = (
    "the department's experimental workforce tables of 2013 to 2015, or the council's caseload"
    " returns"
)


def _f(name: str) -> str:
    return f"scrutiny_2014_{name}"


def _routes(period: str):
    return overlap(
        _f(f"looked_after_started_{period}"),
        _f(f"care_from_none_{period}"),
        tuple(_f(f"care_from_{route}_{period}") for route in ROUTES),
    )


SPECIFICATIONS = {
    _f(name): spec
    for name, spec in {
        "good_in_2014": Specification(record=INSPECTIONS),
        "failing_councils": Specification(
            record=f"{INSPECTIONS}, beside the workforce figures of the same authorities"
        ),
        "stable_workforce": Specification(
            asides=(
                beside("turnover_percent", 2016, "below", ENGLAND, "neighbours"),
                beside("agency_percent", 2016, "below", ENGLAND, "neighbours"),
            ),
            record=WORKFORCE_2014,
            caution="The first year held is two years later.",
        ),
        "deprivation_low": Specification(
            (rank(_f("deprivation_rank"), "idaci_average_score", 2015, per_child=False),),
            caution=(
                "Judged on the next edition of the index: that of the report's time is not held, so"
                " its two shares of children are not checked."
            ),
        ),
        "oxford_city_deprivation": Specification(
            record=(
                "the income deprivation index by district and by ward, in the "
                "edition of the report's time"
            )
        ),
        "children_in_need_2013": Specification(
            (
                count(_f("children_in_need_2013"), NEED, 2013),
                rate(_f("children_in_need_rate_2013"), NEED, 2013),
                rank(_f("children_in_need_rank_2013"), NEED, 2013),
                rate(_f("children_in_need_rate_england_2013"), NEED, 2013, ENGLAND),
            )
        ),
        "children_in_need_normalised": Specification(
            (
                one_in(
                    _f("children_in_need_per_deprived_2013"),
                    NEED,
                    2013,
                    share=_f("child_deprivation_oxfordshire"),
                ),
                one_in(
                    _f("children_in_need_per_deprived_england_2013"),
                    NEED,
                    2013,
                    ENGLAND,
                    share=_f("child_deprivation_england"),
                ),
            ),
            caution=SCALING,
        ),
        "plans_open_2013": Specification(
            (
                count(_f("plans_open_2013"), PLANS, 2013),
                rate(_f("plans_open_rate_2013"), PLANS, 2013),
                rank(_f("plans_open_rank_2013"), PLANS, 2013),
                rate(_f("plans_open_rate_england_2013"), PLANS, 2013, ENGLAND),
            )
        ),
        "plans_normalised": Specification(
            (
                one_in(
                    _f("plans_per_deprived_2013"),
                    PLANS,
                    2013,
                    share=_f("child_deprivation_oxfordshire"),
                ),
                one_in(
                    _f("plans_per_deprived_england_2013"),
                    PLANS,
                    2013,
                    ENGLAND,
                    share=_f("child_deprivation_england"),
                ),
            ),
            caution=SCALING,
        ),
        "plans_open_2014_09": Specification(
            (bracket(_f("plans_open_2014_09"), PLANS, 2014, 2015),),
            (
                implied_children(
                    _f("plans_open_2014_09"), _f("plans_open_rate_2014_09"), (2012, 2013, 2014)
                ),
            ),
            MONTHLY.format("open plans"),
            "A dip within the year and another way of counting would look the same.",
        ),
        "looked_after_2013": Specification(
            (
                count(_f("looked_after_2013"), CARE, 2013),
                rate(_f("looked_after_rate_2013"), CARE, 2013, digits=0),
                rank(_f("looked_after_rank_2013"), CARE, 2013),
                rate(_f("looked_after_rate_england_2013"), CARE, 2013, ENGLAND, digits=0),
            ),
            caution=(
                "The department prints this rate in whole numbers, so it is judged in whole"
                " numbers."
            ),
        ),
        "looked_after_normalised": Specification(
            (
                one_in(
                    _f("looked_after_per_deprived_2013"),
                    CARE,
                    2013,
                    share=_f("child_deprivation_oxfordshire"),
                ),
                one_in(
                    _f("looked_after_per_deprived_england_2013"),
                    CARE,
                    2013,
                    ENGLAND,
                    share=_f("child_deprivation_england"),
                ),
            ),
            caution=SCALING,
        ),
        "looked_after_2014_09": Specification(
            (bracket(_f("looked_after_2014_09"), CARE, 2014, 2015),),
            (
                implied_children(
                    _f("looked_after_2014_09"), _f("looked_after_rate_2014_09"), (2012, 2013, 2014)
                ),
            ),
            MONTHLY.format("children looked after"),
        ),
        "plans_doubled": Specification(
            (times(_f("plans_growth_times"), PLANS, 2009, 2014, identity=True),)
        ),
        "england_stabilised": Specification(
            (went(PLANS, 2010, 2011, "up", area=ENGLAND), level(PLANS, 2011, 2014, ENGLAND)),
            caution="The next year's figures came a month after the report.",
        ),
        "oxfordshire_unlike_england": Specification(
            (went(PLANS, 2011, 2014, "up", every_year=True), level(PLANS, 2011, 2014, ENGLAND)),
            (bracket(_f("plans_open_2014_09"), PLANS, 2014, 2015),),
            caution=(
                "Growth from March to March; between them there is only the report's own count."
            ),
        ),
        "like_high_profile_areas": Specification(
            asides=(like_named(WELL_KNOWN, PLANS, 2011, 2014),),
            record="the names of the authorities the report had in mind",
            caution=(
                "The report names no authority; the list is this project's, fixed from the public"
                f" record: {', '.join(WELL_KNOWN.values())}."
            ),
        ),
        "entry_unchanged": Specification(
            asides=(
                moved("plans_per_referral", 2010, 2014, "up"),
                moved("plans_per_need_referral", 2013, 2014, "up"),
            ),
            record=(
                "referrals of both years read again, without knowing the year, by people who apply"
                " one threshold to all"
            ),
            caution=(
                "An audit that asks whether new plans met the present threshold cannot see that the"
                " threshold moved."
            ),
        ),
        "entry_profile_same": Specification(
            record="factors found at assessment by authority before 2018, the first year published"
        ),
        "exit_rose": Specification(
            (moved("exit_hazard_6_plus", 2013, 2014, "down"),),
            (went(OVER_2, 2013, 2014, "up"),),
            "a reading of plans at each review, in both years, against one threshold for ending"
            " them",
            "The share of ended plans that lasted over two years describes those that left, not how"
            " readily plans end.",
        ),
        "stay_longer": Specification(
            (longer_stay(2013),),
            caution="The report calls the difference slight; the figure says how large it is.",
        ),
        "over_2_years_2013": Specification(
            (
                count(_f("over_2_years_2013"), OVER_2, 2013),
                count(_f("over_2_years_england_2013"), OVER_2, 2013, ENGLAND),
                beside(OVER_2, 2013, "above", ENGLAND),
            )
        ),
        "over_2_years_2014": Specification(
            (count(_f("over_2_years_2014"), OVER_2, 2014),),
            (differ("plans_ended_24_plus_months_count", ENDED, 2013, 2014),),
        ),
        "repeat_share": Specification(
            (one_in(_f("repeat_plans"), "repeat_plans_count", 2014, bottom=STARTED),)
        ),
        "repeat_rise": Specification(
            (went("repeat_plans_count", 2013, 2014, "up", STARTED),),
            (went("repeat_plans_count", 2010, 2013, "up", STARTED),),
        ),
        "repeat_within_2_years": Specification(
            asides=(
                two_readings(
                    _f("repeat_plans"),
                    _f("repeat_within_2_years_of_starts"),
                    _f("repeat_within_2_years_of_repeats"),
                ),
            ),
            record=(
                "the council's plan records: dates on which each child's plans started and ended"
            ),
        ),
        "repeat_pattern": Specification(
            record="plan and incident records of the same children, beside those who had no repeat"
        ),
        "need_unchanged": Specification(
            asides=(
                went("low_income_hmrc_percent", 2011, 2014, "up"),
                went("children_0_17_count", 2011, 2014, "up"),
            ),
            record=NEED_RECORD,
            caution=(
                "Need that leaves no trace in published tables cannot be excluded; relative low"
                " income can fall while families get poorer."
            ),
        ),
        "need_within_county": Specification(
            record="plans by district or ward, which no published table counts"
        ),
        "awareness_rose": Specification(
            (moved("referrals_in_need_per_child", 2013, 2014, "up"),),
            (moved("no_need_share", 2013, 2014, "down"),),
            "injuries, police incidents and other signs of harm that do not depend on anyone"
            " referring",
            "Training and audits are what was put in; they do not show what came out.",
        ),
        "referrals_fell": Specification((went(REFERRALS, 2012, 2014, "down"),)),
        "referral_risk_rose": Specification(
            asides=(
                went(ENQUIRIES, 2012, 2014, "up", REFERRALS),
                went(CONFERENCES, 2013, 2014, "up", ENQUIRIES),
                moved("no_need_share", 2013, 2014, "down"),
            ),
            record=(
                "referrals of both years read again, without knowing the year, by people who grade"
                " risk on one scale"
            ),
            caution=(
                "A lower bar for starting enquiries would leave the same signs as riskier"
                " referrals."
            ),
        ),
        "agencies_engaged": Specification(record="the safeguarding board's annual reports"),
        "looked_after_stable": Specification((level(CARE, 2006, 2013),)),
        "looked_after_rose": Specification(
            asides=(
                grew(_f("looked_after_change"), CARE, 2013, 2014),
                grew(_f("looked_after_change"), CARE, 2013, 2015),
                changes_by(
                    _f("looked_after_change"), _f("looked_after_2013"), _f("looked_after_2014_09")
                ),
            ),
            record=MONTHLY.format("children looked after"),
            caution="The report was written between two published dates.",
        ),
        "looked_after_2014": Specification(
            (count(_f("table_looked_after_2014"), CARE, 2014),), caution=EARLY
        ),
        "looked_after_expected": Specification(
            (nearer(CARE, 2013, 2015),),
            caution=(
                "Expected is read as the median rate of statistical neighbours; the report does not"
                " say what it expected."
            ),
        ),
        "looked_after_rank_moves": Specification(
            (
                rank(_f("table_looked_after_rank_2013"), CARE, 2013),
                rank(
                    _f("table_looked_after_rank_2014"),
                    CARE,
                    2013,
                    at=2014,
                    stated_count=_f("table_looked_after_2014"),
                ),
                rank(
                    _f("table_looked_after_rank_2014_09"),
                    CARE,
                    2013,
                    at=2014,
                    stated_count=_f("table_looked_after_2014_09"),
                ),
            )
        ),
        "looked_after_1_to_4": Specification(
            (
                count(_f("looked_after_1_to_4_2013"), AGED_1_4, 2013),
                count(_f("looked_after_1_to_4_2014"), AGED_1_4, 2014),
                grew_most(tuple(f"looked_after_age_{a}_count" for a in AGES), AGED_1_4, 2013, 2014),
            )
        ),
        "neglect_practice_shift": Specification(
            asides=(went("looked_after_started_abuse_count", 2013, 2014, "up"),),
            record="the reason each child came into care, read from case files of both years",
            caution="Published figures show when and at what age, not why.",
        ),
        "care_starts": Specification(
            (
                count(_f("looked_after_started_2013"), CARE_STARTED, 2013),
                count(_f("looked_after_started_2014"), CARE_STARTED, 2014),
            ),
            caution=f"No table counts a quarter. {EARLY}",
        ),
        "care_from_plans": Specification(
            asides=tuple(
                part_of(_f(f"care_from_protection_plan_{p}"), _f(f"looked_after_started_{p}"))
                for p in ("2013", "2014", "2014_q1")
            ),
            record="plan and care records of the same children; no table links the two",
        ),
        "care_routes_overlap": Specification(
            tuple(_routes(p) for p in ("2013", "2014", "2014_q1")),
            caution="Checked within the report alone.",
        ),
        "caseload_above_target": Specification(
            asides=(
                above(
                    {
                        _f(f"caseload_{t}"): _f(f"caseload_target_{t}")
                        for t in ("looked_after", "family_support", "disability")
                    }
                ),
                beside("caseload_average", 2016, "above", ENGLAND),
            ),
            record=WORKFORCE_2014,
        ),
        "recent_pressure": Specification(
            asides=(
                went(
                    tuple(
                        f"referrals_in_{m}_count"
                        for m in ("april", "may", "june", "july", "august")
                    ),
                    2014,
                    2015,
                    "up",
                    label="referrals received from April to August",
                ),
                went(CONFERENCES, 2014, 2015, "up"),
                went(STARTED, 2014, 2015, "up"),
                went(CARE_STARTED, 2014, 2015, "up"),
            ),
            record=(
                "the council's counts of new and open cases by month, in the spring and summer of"
                " 2014"
            ),
            caution=(
                "Pressure is not one count: referrals, conferences, plans and care starts can go"
                " different ways."
            ),
        ),
    }.items()
}
