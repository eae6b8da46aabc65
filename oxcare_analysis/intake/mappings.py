"""One mapping table per published file: our measure → the publisher's column, with the names it has
had.

To add a file, add a Table here. A file is recognised by its columns alone, never by its name.
"""

from dataclasses import dataclass, field

from oxcare_analysis.words.columns import BANDS, CATEGORIES, MONTHS, SOURCES


@dataclass(frozen=True)
class Table:
    """How one published file is read.

    `columns`: measure → column names seen in the editions, newest last.
    `optional`: measures that some editions do not carry.
    `year_offset`: added to the printed year (a mid-year population is the next year's denominator).
    """

    source: str
    name: str
    title: str
    columns: dict[str, tuple[str, ...]]
    optional: tuple[str, ...] = ()
    year_offset: int = 0
    keys: dict[str, str] = field(default_factory=dict)


# Columns of every official "Children in need" data file that say which area and year a row is for.
OFFICIAL_KEYS = {
    "year": "time_period",
    "level": "geographic_level",
    "country": "country_code",
    "region": "region_code",
    "region_name": "region_name",
    "area_code": "old_la_code",
    "ons_code": "new_la_code",
    "name": "la_name",
}
OFFICIAL_LEVELS = {"National": "england", "Regional": "region", "Local authority": "authority"}
# Columns of the documented wide CSV (docs/data_format.md); the long one has indicator and value
# besides.
WIDE_KEYS = ("year", "geography_level", "la_code", "old_la_code", "name")
WIDE_LEVELS = {"england": "england", "region": "region", "la": "authority"}

PUBLISHERS = {
    "children_in_need": ("Department for Education", "Children in need"),
    "child_population": (
        "Office for National Statistics",
        "Mid-year population estimates, children",
    ),
    "child_protection_rates": (
        "Department for Education",
        "Local authority interactive tool, child protection rates",
    ),
    "children_looked_after": (
        "Department for Education",
        "Children looked after in England including adoptions",
    ),
    "poverty": (
        "DWP, HMRC, DfE and MHCLG",
        "Children in low-income families, free school meals, deprivation indices",
    ),
    "workforce": ("Department for Education", "Children's social work workforce"),
    "spend": ("Department for Education", "Section 251 outturn, children's services"),
    "statistical_neighbours": ("Department for Education", "Statistical neighbours"),
    "provenance": ("various", "Releases behind the tabulated figures"),
    "oxfordshire_districts": (
        "DWP, HMRC, ONS and MHCLG",
        "Oxfordshire districts: low income, population, deprivation",
    ),
}


def _same(**columns: str | tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Write every column as a tuple of the names it has had."""
    return {
        measure: (names,) if isinstance(names, str) else names for measure, names in columns.items()
    }


# Band columns were renamed after 2020.
_BAND_COLUMNS = {
    "0_3": ("3_months_or_less",),
    "3_6": ("more_than_3_months_6_months",),
    "6_12": ("more_than_6_months_less_than_1_year",),
    "12_24": ("1_2_years", "1_year_less_than_2_years"),
    "24_plus": ("2_years+", "2_years_or_more"),
}
_SOURCE_COLUMNS = {
    "individual": "Individual",
    "schools": "Schools",
    "education_services": "Education_Services",
    "health": "Health_Services",
    "housing": "Housing",
    "council_services": "LA_Services",
    "police": "Police",
    "other_legal": "Other_legal_agency",
    "other": "Other",
    "anonymous": "Anonymous",
    "unknown": "Unknown",
}


def _bands(event: str) -> dict[str, tuple[str, ...]]:
    return {f"plans_{event}_{band}_months_count": _BAND_COLUMNS[band] for band in BANDS}


def _categories(event: str, kind: str) -> dict[str, tuple[str, ...]]:
    return {f"plans_{event}_{c}_count": (f"{c.title()}_{kind}",) for c in CATEGORIES}


def _official(
    name: str, title: str, columns: dict, optional: tuple[str, ...] = (), year_offset: int = 0
) -> Table:
    return Table("children_in_need", name, title, columns, optional, year_offset, OFFICIAL_KEYS)


OFFICIAL_TABLES = (
    _official(
        "children_in_need",
        "B1 Children in need",
        _same(
            children_in_need_count="At31_episodes",
            children_in_need_started_count="Started_episodes",
            children_in_need_ended_count="Ended_episodes",
        ),
    ),
    _official(
        "primary_need", "B3 Primary need", _same(need_abuse_or_neglect_count="N1_Abuse_or_neglect")
    ),
    _official(
        "referrals",
        "C1 Referrals and re-referrals",
        _same(
            referrals_received_count=("Referrals", "referral_count"),
            re_referrals_count=("Re_referrals", "rereferral_count"),
            no_further_action_count=("No_Further_Action", "no_further_action_count"),
            not_in_need_count=("Not_in_Need", "not_in_need_count"),
            referrals_received_rate_10k="Referrals_rate",
        ),
        ("referrals_received_rate_10k",),
    ),
    _official(
        "assessment_factors",
        "C3 Factors identified at the end of assessment",
        _same(
            assessments_with_factors_count="Episodes_with_assessment_factor",
            factor_domestic_abuse_parent_count="Domestic_Abuse_parent",
            factor_neglect_count="Neglect",
            factor_mental_health_parent_count="Mental_Health_parent",
            factor_alcohol_parent_count="Alcohol_Misuse_parent",
            factor_drugs_parent_count="Drug_Misuse_parent",
        ),
    ),
    _official(
        "enquiries_and_conferences",
        "C4 Section 47 enquiries and initial conferences",
        _same(
            enquiries_started_count="Section47",
            conferences_held_count="ICPC",
            enquiries_started_rate_10k="Section47_rate",
            conferences_held_rate_10k="ICPC_rate",
        ),
        ("enquiries_started_rate_10k", "conferences_held_rate_10k"),
    ),
    _official(
        "referral_sources",
        "C5 Referrals by source",
        _same(
            referrals_received_count="Referrals",
            **{f"referrals_from_{key}_count": _SOURCE_COLUMNS[key] for key in SOURCES},
        ),
    ),
    _official(
        "referrals_by_month",
        "C6 Referrals by month",
        _same(
            referrals_received_count="Referrals",
            **{f"referrals_in_{m}_count": m.title() for m in MONTHS},
        ),
    ),
    _official(
        "plans",
        "D1 Child protection plans",
        _same(
            plans_started_count="CPP_start",
            plans_ended_count="CPP_end",
            plans_open_count="CPP_At31",
            plans_started_rate_10k="CPP_start_rate",
            plans_ended_rate_10k="CPP_end_rate",
            plans_open_rate_10k="CPP_At31_rate",
        ),
        ("plans_started_rate_10k", "plans_ended_rate_10k", "plans_open_rate_10k"),
    ),
    _official(
        "plans_started_by_category",
        "D2 Plans started by category of abuse",
        _same(plans_started_count="CPP_start", **_categories("started", "Initial")),
    ),
    _official(
        "repeat_plans",
        "D3 Second or later plans",
        _same(
            plans_started_count="CPP_start",
            repeat_plans_count="CPP_subsequent",
            repeat_plans_percent="CPP_subsequent_percent",
        ),
    ),
    _official(
        "plans_open_by_category",
        "D4 Plans at 31 March by category of abuse",
        _same(plans_open_count="CPP_At31", **_categories("open", "Latest")),
    ),
    _official(
        "plans_open_by_duration",
        "D5 Plans at 31 March by duration",
        _same(plans_open_count="CPP_At31", **_bands("open")),
    ),
    _official(
        "plans_ended_by_duration",
        "D7 Plans ended by duration",
        _same(plans_ended_count="CPP_End", **_bands("ended")),
    ),
    _official(
        "early_ends",
        "D8 Plans ended in the first six months of the year",
        _same(
            early_ends_0_3_months_count="3_months_or_less",
            early_ends_0_3_months_transfer_count="3_months_or_less_transfer",
        ),
    ),
    _official(
        "population",
        "ONS mid-year population estimates",
        _same(children_0_17_count="population_estimate"),
        year_offset=1,
    ),
)


def _tabulated(source: str, name: str, title: str, **columns: str) -> Table:
    return Table(source, name, title, _same(**columns), tuple(columns))


_OLD_BANDS = {
    "0_3": "le_3m",
    "3_6": "3_to_6m",
    "6_12": "6_to_12m",
    "12_24": "1_to_2y",
    "24_plus": "2y_plus",
}
_AGES = ("under_1", "1_4", "5_9", "10_15", "16_plus")
TABULATED_TABLES = (
    _tabulated(
        "children_in_need",
        "three_releases_2010_to_2012",
        "OSR28/2010, OSR26/2011 and SFR27/2012",
        plans_open_count="cpp_at_31_march",
        plans_started_count="cpp_started",
        plans_ended_count="cpp_ended",
        repeat_plans_count="cpp_started_second_or_subsequent",
        enquiries_started_count="section47",
        conferences_held_count="icpc",
        referrals_received_count="referrals",
        re_referrals_count="re_referrals_12m",
        no_further_action_count="referrals_nfa",
        children_in_need_count="cin_at_31_march",
        children_in_need_started_count="cin_started_episodes",
        children_in_need_ended_count="cin_ended_episodes",
        **{
            f"plans_open_{b}_months_count": f"cpp_at_31_march_duration_{old}"
            for b, old in _OLD_BANDS.items()
        },
        **{
            f"plans_ended_{b}_months_count": f"cpp_ended_duration_{old}"
            for b, old in _OLD_BANDS.items()
        },
        **{f"plans_started_{c}_count": f"cpp_started_category_initial_{c}" for c in CATEGORIES},
        **{f"plans_open_{c}_count": f"cpp_at_31_march_category_latest_{c}" for c in CATEGORIES},
    ),
    _tabulated(
        "child_population",
        "population",
        "Children by area, mid-year",
        children_0_17_count="population_0_17",
        children_0_16_count="population_0_16",
    ),
    _tabulated(
        "child_protection_rates",
        "rates",
        "Rates as shown in the benchmarking tool",
        plans_open_rate_10k="cpp_at_31_march_rate",
        plans_started_rate_10k="cpp_started_rate",
        plans_ended_rate_10k="cpp_ended_rate",
        enquiries_started_rate_10k="section47_rate",
        conferences_held_rate_10k="icpc_rate",
        referrals_received_rate_10k="referrals_rate",
        care_applications_rate_10k="cafcass_care_applications_rate",
        plans_ended_24_plus_percent="cpp_ended_duration_2y_plus_pct",
    ),
    _tabulated(
        "children_looked_after",
        "children_looked_after",
        "Looked-after children: number, starts, ends, ages",
        looked_after_count="cla_at_31_march",
        looked_after_started_count="cla_started",
        looked_after_ceased_count="cla_ceased",
        looked_after_rate_10k="cla_at_31_march_rate",
        looked_after_started_rate_10k="cla_started_rate",
        looked_after_ceased_rate_10k="cla_ceased_rate",
        looked_after_unaccompanied_count="cla_at_31_march_uasc",
        looked_after_started_abuse_count="cla_started_need_abuse_or_neglect",
        **{f"looked_after_age_{a}_count": f"cla_at_31_march_age_{a}" for a in _AGES},
        **{f"looked_after_started_age_{a}_count": f"cla_started_age_{a}" for a in _AGES},
    ),
    _tabulated(
        "poverty",
        "poverty",
        "Low income, free school meals and deprivation indices",
        low_income_children_count="children_0_19_relative_low_income_bhc",
        low_income_hmrc_percent="children_low_income_families_pct_hmrc",
        low_income_percent="children_low_income_families_pct_lait",
        free_school_meals_primary_percent="fsm_primary_pct",
        free_school_meals_secondary_percent="fsm_secondary_pct",
        idaci_average_score="idaci_average_score",
        idaci_rank="idaci_rank_of_average_score",
        imd_average_score="imd_average_score",
        imd_rank="imd_rank_of_average_score",
    ),
    _tabulated(
        "workforce",
        "workforce",
        "Children's social workers at 30 September",
        social_workers_fte="sw_fte",
        caseload_average="sw_average_caseload",
        cases_held_count="sw_cases_held",
        agency_percent="sw_agency_rate_pct",
        turnover_percent="sw_turnover_rate_pct",
        vacancy_percent="sw_vacancy_rate_pct",
        absence_percent="sw_absence_rate_pct",
    ),
    _tabulated(
        "spend",
        "spend",
        "Gross spend in pounds, nominal",
        spend_looked_after_gbp="spend_children_looked_after_gross_gbp",
        spend_safeguarding_gbp="spend_safeguarding_gross_gbp",
        spend_family_support_gbp="spend_family_support_gross_gbp",
        spend_children_services_gbp="spend_cyp_services_gross_gbp",
    ),
)
# Tables that are not area by year: kept column for column.
PLAIN_TABLES = {
    ("statistical_neighbours", "statistical_neighbours"): (
        "model",
        "old_la_code",
        "la_name",
        "rank",
        "neighbour_old_la_code",
        "neighbour_name",
        "closeness",
    ),
    ("oxfordshire_districts", "districts"): (
        "year",
        "district_code",
        "name",
        "indicator",
        "value",
        "source",
    ),
}
RELEASES_COLUMNS = ("file", "indicator", "release", "first_year", "last_year", "values")
MONTHLY_COLUMNS = (
    "month",
    "plans_open",
    "plans_started",
    "plans_ended",
    "enquiries_started",
    "conferences_held",
    "referrals_received",
)
