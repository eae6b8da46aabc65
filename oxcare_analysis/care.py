"""The children looked after, and the work and money that growth costs: what pages 21 and 22 are
made of.
"""

from pathlib import Path

import pandas as pd

from oxcare_analysis import door, figures
from oxcare_analysis.thinking import care_routes, outlook, workload
from oxcare_analysis.thinking import looked_after as children
from oxcare_analysis.thinking import spend as spending
from oxcare_analysis.thinking.study import Study

ROUTES_TABLE = ("scrutiny_2014", "13 table")  # where a table of routes into care is stated
PLACEMENTS = {
    "unregistered_placements_count": "placements in homes that are not registered",
    "placement_cost_gbp_per_week": "pounds a week for some of the most complex placements",
    "new_residential_homes_count": "new children's homes proposed",
    "homes_purchased_count": "homes to be bought by the council",
    "homes_for_solo_care_count": "of those, homes for children who cannot live with others",
    "transfer_scheme_expected_count": "children expected under the national transfer scheme",
}
MONEY = {
    "budget_gbp": "budget of children's social care, pounds",
    "extra_investment_gbp": "extra money for new workers, pounds",
    "new_workers_funded_count": "workers that extra money pays for",
    "overspend_forecast_gbp": "overspend foreseen, pounds",
    "children_budget_cut_gbp": "cut agreed for children, education and families, pounds",
}


def looked_after(study: Study) -> children.LookedAfter:
    """The number of children looked after since the first year held, beside England and neighbours.

    >>> from oxcare_analysis import load
    >>> looked_after(load("Oxfordshire", 2013, 2018)).table.set_index("year")["count"][[2006, 2013, 2018]].tolist()
    [430.0, 416.0, 684.0]
    """
    return children.looked_after(study)


def ages(study: Study) -> children.Ages:
    """The ages of the children looked after at 31 March, beside the ages in England.

    >>> from oxcare_analysis import load
    >>> ages(load("Oxfordshire", 2013, 2018)).table.query("year == 2014 and age == '1_4'")["count"].item()
    73.0
    """
    return children.ages(study)


def unaccompanied(study: Study) -> children.Unaccompanied:
    """Children looked after with and without unaccompanied asylum-seeking children.

    >>> from oxcare_analysis import load
    >>> unaccompanied(load("Oxfordshire", 2013, 2018)).table.query("year == 2018")["unaccompanied"].item()
    57.0
    """
    return children.unaccompanied(study)


def in_need(study: Study) -> children.InNeed:
    """Children in need who are neither on a plan nor looked after: did plans take the place of
    other help?

    >>> from oxcare_analysis import load
    >>> in_need(load("Oxfordshire", 2013, 2018)).without
    (2625.0, 2922.0)
    """
    return children.in_need(study)


def routes(study: Study, data_dir: str | Path | None = None) -> care_routes.Routes:
    """What help had come before care, as the council counts it, with its double counting taken
    apart.

    >>> from oxcare_analysis import load
    >>> routes(load("Oxfordshire", 2013, 2018)).totals["extra"].tolist()
    [81.0, 131.0, 32.0]
    """
    rows = _stated(study, data_dir)
    source, place = ROUTES_TABLE
    return care_routes.routes(
        study.area.name, rows[rows["source"].eq(source) & rows["locator"].eq(place)]
    )


def placements(study: Study, data_dir: str | Path | None = None) -> pd.DataFrame:
    """What the documents state about placements: what, period, value, precision, source, locator.

    >>> from oxcare_analysis import load
    >>> len(placements(load("Rotherham", 2013, 2018)))
    0
    """
    return _listed(study, PLACEMENTS, data_dir)


def money(study: Study, data_dir: str | Path | None = None) -> pd.DataFrame:
    """What the documents state about budgets: the same columns as `placements`.

    >>> from oxcare_analysis import load
    >>> money(load("Oxfordshire", 2013, 2018))["value"].tolist()[:2]
    [24000000.0, 40000000.0]
    """
    return _listed(study, MONEY, data_dir)


def workforce(study: Study, data_dir: str | Path | None = None) -> workload.Workforce:
    """Social workers, caseloads, agency, turnover and vacancies, published and as the documents
    state them.

    >>> from oxcare_analysis import load
    >>> workforce(load("Oxfordshire", 2013, 2018)).teams["target"].tolist()
    [14.0, 16.0, 18.0]
    """
    return workload.workforce(study, _stated(study, data_dir))


def spend(study: Study) -> spending.Spend:
    """Gross spend per child and per child looked after, in the pounds of each year.

    >>> from oxcare_analysis import load
    >>> spend(load("Oxfordshire", 2017, 2024)).split["to"]
    100387060.0
    """
    return spending.spend(study)


def next_year(study: Study) -> outlook.Outlook:
    """Open plans a year after the newest year held, should starts and exits go on as they are.

    >>> from oxcare_analysis import load
    >>> next_year(load("Oxfordshire", 2013, 2018)).table["open_from"].tolist()[-1]
    527.0
    """
    return door.once(study, "next year", lambda: outlook.outlook(study))


def caseload(
    study: Study,
    cases_per_plan: float = 1.0,
    other_cases_change: float = 0.0,
    workers_change: float = 0.0,
) -> workload.Caseload:
    """Cases per worker a year on, under stated assumptions: cases a plan makes, change in other
    cases and in workers.

    The changes are shares: 0.1 is a tenth more. Raises UsageError where one leaves no workers or no
    cases.

    >>> from oxcare_analysis import load
    >>> caseload(load("Oxfordshire", 2013, 2018)).table["per_worker"].round(1).tolist()
    [13.1, 14.0, 15.2]
    """
    return workload.caseload(
        study, next_year(study), cases_per_plan, other_cases_change, workers_change
    )


def _stated(study: Study, data_dir: str | Path | None) -> pd.DataFrame:
    """Figures the documents state about this area and that were out by the as-of month, retellings
    left out.
    """
    rows = figures.stated_by(study, data_dir)
    rows = rows[~rows["note"].str.contains("retells")]
    return rows.assign(value=pd.to_numeric(rows["value"]))


def _listed(study: Study, wanted: dict[str, str], data_dir: str | Path | None) -> pd.DataFrame:
    rows = _stated(study, data_dir)
    rows = rows[rows["measure"].isin(wanted)]
    return rows.assign(what=rows["measure"].map(wanted))[
        ["what", "period", "value", "precision", "source", "locator"]
    ].reset_index(drop=True)
