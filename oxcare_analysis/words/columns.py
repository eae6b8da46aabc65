"""Names, labels and units of every measure, and the statuses a value can have."""

from dataclasses import dataclass

PUBLISHED, ROUNDED, SUPPRESSED = "published", "rounded", "suppressed"
NOT_AVAILABLE, NOT_APPLICABLE = "not_available", "not_applicable"
STATUSES = (PUBLISHED, ROUNDED, SUPPRESSED, NOT_AVAILABLE, NOT_APPLICABLE)
LEVELS = ("england", "region", "authority", "joint")

ENGLAND = "E92000001"
CENSUS = 0.75  # 30 September, when the workforce is counted, as a part of the calendar year
SIMULATED = "Simulated"  # begins the name of every authority that does not exist


@dataclass(frozen=True)
class Measure:
    """One named figure: what it counts, in which unit, and what to know before using it."""

    name: str
    label: str
    unit: str
    note: str = ""


BANDS = {
    "0_3": "up to 3 months",
    "3_6": "3 to 6 months",
    "6_12": "6 to 12 months",
    "12_24": "1 to 2 years",
    "24_plus": "2 years or more",
}
AGES = {
    "under_1": "under 1",
    "1_4": "1 to 4",
    "5_9": "5 to 9",
    "10_15": "10 to 15",
    "16_plus": "16 or over",
}
CATEGORIES = ("neglect", "physical", "sexual", "emotional", "multiple")
SOURCES = {
    "individual": "individuals",
    "schools": "schools",
    "education_services": "education services",
    "health": "health services",
    "housing": "housing",
    "council_services": "council services",
    "police": "police",
    "other_legal": "other legal agencies",
    "other": "other sources",
    "anonymous": "anonymous callers",
    "unknown": "unknown sources",
}
MONTHS = (
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "january",
    "february",
    "march",
)


def _measures() -> dict[str, Measure]:
    """Every published measure the package keeps, by name."""
    rows = [
        ("plans_open_count", "children on a plan at 31 March", "children"),
        ("plans_started_count", "plans started", "plans", "counts plans, not children"),
        (
            "plans_ended_count",
            "plans ended",
            "plans",
            "as recorded; the growth ledger uses ends implied by the stock",
        ),
        (
            "plans_open_rate_10k",
            "children on a plan at 31 March per 10,000, as published",
            "per 10,000 children",
        ),
        ("plans_started_rate_10k", "plans started per 10,000, as published", "per 10,000 children"),
        ("plans_ended_rate_10k", "plans ended per 10,000, as published", "per 10,000 children"),
        ("repeat_plans_count", "plans started that were a second or later plan", "plans"),
        (
            "repeat_plans_percent",
            "share of plans started that were a second or later plan",
            "per cent",
        ),
        ("enquiries_started_count", "section 47 enquiries started", "enquiries"),
        (
            "enquiries_started_rate_10k",
            "section 47 enquiries per 10,000, as published",
            "per 10,000 children",
        ),
        (
            "conferences_held_count",
            "initial child protection conferences held",
            "conferences",
            "whether conferences on children who move in are counted is not confirmed",
        ),
        (
            "conferences_held_rate_10k",
            "initial conferences per 10,000, as published",
            "per 10,000 children",
        ),
        ("referrals_received_count", "referrals received", "referrals"),
        (
            "referrals_received_rate_10k",
            "referrals per 10,000, as published",
            "per 10,000 children",
        ),
        ("re_referrals_count", "referrals within 12 months of an earlier one", "referrals"),
        (
            "no_further_action_count",
            "referrals closed with no further action",
            "referrals",
            "authorities move cases between this and assessed not in need: use the two together",
        ),
        (
            "not_in_need_count",
            "referrals assessed as not in need",
            "referrals",
            "not collected before 2013",
        ),
        (
            "children_in_need_count",
            "children in need at 31 March (episodes)",
            "episodes",
            "revised a lot between editions",
        ),
        ("children_in_need_started_count", "episodes of need started", "episodes"),
        ("children_in_need_ended_count", "episodes of need ended", "episodes"),
        (
            "need_abuse_or_neglect_count",
            "children in need whose primary need is abuse or neglect",
            "episodes",
        ),
        ("assessments_with_factors_count", "assessments with factors recorded", "episodes"),
        (
            "factor_domestic_abuse_parent_count",
            "assessments noting domestic abuse of a parent",
            "episodes",
        ),
        ("factor_neglect_count", "assessments noting neglect", "episodes"),
        (
            "factor_mental_health_parent_count",
            "assessments noting a parent's mental health",
            "episodes",
        ),
        ("factor_alcohol_parent_count", "assessments noting a parent's alcohol misuse", "episodes"),
        ("factor_drugs_parent_count", "assessments noting a parent's drug misuse", "episodes"),
        ("early_ends_0_3_months_count", "plans ended April to September within 3 months", "plans"),
        (
            "early_ends_0_3_months_transfer_count",
            "of those, transfers to another authority",
            "plans",
        ),
        (
            "children_0_17_count",
            "children aged 0 to 17",
            "children",
            "mid-year estimate of the year before, the denominator the department uses",
        ),
        ("children_0_16_count", "children aged 0 to 16", "children"),
        ("looked_after_count", "children looked after at 31 March", "children"),
        ("looked_after_started_count", "children who started to be looked after", "children"),
        ("looked_after_ceased_count", "children who ceased to be looked after", "children"),
        (
            "looked_after_rate_10k",
            "children looked after per 10,000, as published",
            "per 10,000 children",
        ),
        (
            "looked_after_started_rate_10k",
            "started to be looked after per 10,000, as published",
            "per 10,000 children",
        ),
        (
            "looked_after_ceased_rate_10k",
            "ceased to be looked after per 10,000, as published",
            "per 10,000 children",
        ),
        (
            "looked_after_unaccompanied_count",
            "unaccompanied asylum-seeking children looked after",
            "children",
        ),
        (
            "looked_after_started_abuse_count",
            "started to be looked after because of abuse or neglect",
            "children",
        ),
        ("care_applications_rate_10k", "care applications per 10,000", "per 10,000 children"),
        (
            "plans_ended_24_plus_percent",
            "share of ended plans that lasted 2 years or more",
            "per cent",
        ),
        (
            "low_income_children_count",
            "children 0 to 19 in relative low income, before housing costs",
            "children",
            "rounded by the publisher",
        ),
        (
            "low_income_hmrc_percent",
            "children in low-income families (HMRC, 31 August)",
            "per cent",
        ),
        ("low_income_percent", "children in low-income families (benchmarking tool)", "per cent"),
        (
            "free_school_meals_primary_percent",
            "primary pupils eligible for free school meals",
            "per cent",
        ),
        (
            "free_school_meals_secondary_percent",
            "secondary pupils eligible for free school meals",
            "per cent",
        ),
        ("idaci_average_score", "income deprivation affecting children, average score", "score"),
        ("idaci_rank", "income deprivation affecting children, rank of average score", "rank"),
        ("imd_average_score", "multiple deprivation, average score", "score"),
        ("imd_rank", "multiple deprivation, rank of average score", "rank"),
        ("social_workers_fte", "children's social workers, full-time equivalent", "FTE"),
        ("caseload_average", "average caseload", "cases per worker"),
        ("cases_held_count", "cases held", "cases"),
        ("agency_percent", "agency workers as a share of social workers", "per cent"),
        ("turnover_percent", "turnover in the year to 30 September", "per cent"),
        ("vacancy_percent", "vacancies as a share of posts", "per cent"),
        ("absence_percent", "sickness absence", "per cent"),
        ("spend_looked_after_gbp", "gross spend on looked-after children", "pounds"),
        ("spend_safeguarding_gbp", "gross spend on safeguarding", "pounds"),
        ("spend_family_support_gbp", "gross spend on family support", "pounds"),
        ("spend_children_services_gbp", "gross spend on children's services", "pounds"),
    ]
    rows += [
        (
            f"plans_{event}_{band}_months_count",
            f"plans {event}{' at 31 March' * (event == 'open')} after {text}",
            "plans",
        )
        for event in ("open", "ended")
        for band, text in BANDS.items()
    ]
    rows += [
        (
            f"plans_{event}_{kind}_count",
            f"plans {event}, category {kind}",
            "plans",
            "initial category" if event == "started" else "latest category",
        )
        for event in ("started", "open")
        for kind in CATEGORIES
    ]
    rows += [
        (f"referrals_from_{key}_count", f"referrals from {text}", "referrals")
        for key, text in SOURCES.items()
    ]
    rows += [
        (f"referrals_in_{month}_count", f"referrals received in {month.title()}", "referrals")
        for month in MONTHS
    ]
    rows += [
        (f"looked_after_{stage}age_{age}_count", f"children {text} aged {words}", "children")
        for stage, text in (("", "looked after"), ("started_", "who started to be looked after"))
        for age, words in AGES.items()
    ]
    return {row[0]: Measure(*row) for row in rows}


MEASURES = _measures()
