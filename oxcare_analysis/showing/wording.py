"""Words that every sentence shares: the names of things, counts, changes and months."""

import math
import re

import pandas as pd

from oxcare_analysis.words.columns import MONTHS

HYPOTHESES = {
    "entry_threshold": "the bar for coming on to a plan dropped",
    "exit_threshold": "the bar for coming off a plan rose",
    "population_need": "need in the population rose",
    "awareness": "awareness and identification improved",
}
VERDICTS = {
    "supported": "Supported",
    "contradicted": "Contradicted",
    "negligible": "Smaller than the margin",
    "inconclusive": "Cannot tell",
    "not_testable": "Not testable",
}
# Ledger → how its stock, its axis and its ends are written, its file, and what to keep in mind.
LEDGERS = {
    "plans": {
        "stock": "open plans",
        "axis": "Children on a plan",
        "at": "Open at March",
        "name": "growth_ledger",
        "none": "There is no growth ledger for",
        "mind": (
            "Endings here are those "
            "of all plans; the test of the bar for coming off reads plans open six months or more."
        ),
    },
    "looked_after": {
        "stock": "children looked after",
        "axis": "Children looked after",
        "at": "Looked after at March",
        "name": "looked_after_ledger",
        "none": "There is no ledger of the children looked after for",
        "mind": (
            "Each child counts once a year as starting and once as ceasing, however often care"
            " began and ended, so endings are those the number itself implies."
        ),
    },
}
WORK = {
    "social_workers_fte": "children's social workers",
    "cases_held_count": "cases held",
    "caseload_average": "cases per social worker",
    "agency_percent": "agency workers (per cent of social workers)",
    "turnover_percent": "social workers who left (per cent in the year)",
    "vacancy_percent": "vacancies (per cent of posts)",
}
SPENT = {
    "spend_looked_after_gbp": "gross spend per child looked after",
    "spend_safeguarding_gbp": "gross spend on safeguarding per child in the area",
    "spend_family_support_gbp": "gross spend on family support per child in the area",
    "spend_children_services_gbp": "gross spend on all children's services per child in the area",
}
COUNCIL_2014 = (
    "Source: the council's report to its Performance Scrutiny Committee of September 2014,"
    " paragraph {}. Analysis: oxcare_analysis."
)
# What checking a statement can come to, each with its symbol, in the order in which a reader wants
# them.
RESULTS = {
    "not borne out": "✕",
    "borne out when written, since revised": "◐",
    "borne out": "●",
    "not to be settled with published figures": "?",
}
DOCUMENTS = {
    "scrutiny_2014": "Report to the scrutiny committee, September 2014",
    "oxford_mail_2014": "Oxford Mail, September 2014",
    "oxford_mail_2015": "Oxford Mail, 2015",
    "news_2018": "Council news item, May 2018",
    "scrutiny_2023": "Scrutiny committee minutes, 2023",
}
COMPARISONS = {
    "england": "had its rate grown as England's did",
    "median_neighbour": "had it grown by the median growth among its neighbours",
    "given_start": "had it moved as authorities that started where it did",
}
EVENTS = {"publicity": "a trial or inquiry, in the news, about the exploitation of children there"}
UNREAD = "{} not read: noise, recording or the choice of base years could turn the sign."
AROUND = {"after": "up to three years after", "before": "the two years before"}


def event_kind(kind: str) -> str:
    """A kind of event in words, with its article."""
    return EVENTS.get(kind, f"an event of the kind {kind.replace('_', ' ')}")


def people(count: float) -> str:
    """A count of children in words: '1 child', '1,140 children'."""
    number = round(abs(count))
    return f"{number:,} {'child' if number == 1 else 'children'}"


def times(log_change: float) -> str:
    """A log change in words, as a rise or fall."""
    if not math.isfinite(log_change):
        return "no figure"
    change = math.expm1(log_change) * 100
    if round(change) == 0:
        return "no change"
    return f"{'a rise' if change > 0 else 'a fall'} of {abs(change):.0f} per cent"


def went(start: float, end: float, digits: int = 0) -> str:
    """'rose from 430 to 687', 'fell from ...', 'stayed at ...'."""
    if not (math.isfinite(start) and math.isfinite(end)):
        return "has no figure at one end"
    if round(start, digits) == round(end, digits):
        return f"stayed at {start:,.{digits}f}"
    return f"{'rose' if end > start else 'fell'} from {start:,.{digits}f} to {end:,.{digits}f}"


def whose(x) -> str:
    """Whose records a result is of, and that they are simulated where they are."""
    return "SIMULATED RECORDS" if x.simulated else f"{x.area}, own records"


def upper(text: str) -> str:
    """The text with its first letter upper case."""
    return text[0].upper() + text[1:]


def unclear(steps: pd.DataFrame) -> pd.Series:
    """Which steps of a ledger are not read: noise, the choice of base years or recording could turn
    their sign.
    """
    return (
        (steps["low"] * steps["high"] <= 0)
        | ~steps["stable_sign"].eq(True)
        | steps["doubtful"].astype(bool)
    )


def clear_steps(x) -> pd.DataFrame:
    """The steps of a ledger that are read, the largest first."""
    clear = x.subtotals[~unclear(x.subtotals)]
    return clear.reindex(clear["plans"].abs().sort_values(ascending=False).index)


def step(row) -> str:
    """A step of a ledger as it stands inside a sentence."""
    if row.step == "exits":
        return f"{'slower' if row.plans > 0 else 'faster'} endings"
    return row.label[0].lower() + row.label[1:]


def paragraph(locator: str) -> str:
    """Where in a document, without the register's 'p' for numbers that are counted, not printed."""
    return f"paragraph {re.sub(r'p(?=[0-9])', '', locator)}"


def month(number: str) -> str:
    """The name of a calendar month: '04' is April."""
    return MONTHS[(int(number) - 4) % 12].title()


def month_words(year_month: str) -> str:
    """A month in words: '2014-09' is September 2014."""
    return f"{month(year_month[5:])} {year_month[:4]}"
