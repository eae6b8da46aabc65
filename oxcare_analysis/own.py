"""What an authority's own records give: what page 31 is made of besides the months themselves.

Every result comes as it may be shown: counts under ten held back, the others rounded to five,
everything else made of them (docs/disclosure.md). `protect=False` gives exact numbers for the
analyst's own eyes; no refresh uses it, and its charts do not hand themselves over. Without records
each says so in one line.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import pandas as pd

from oxcare_analysis.local.own_result import OwnResult
from oxcare_analysis.intake import raw
from oxcare_analysis.local import against_published as beside
from oxcare_analysis.local import cohorts, control, disclosed, disclosure, judging, showable, store
from oxcare_analysis.local import hazards as rates
from oxcare_analysis.local import monthly_ledger as ledgers
from oxcare_analysis.local import stays as lasting
from oxcare_analysis.local.disclosure import Shape
from oxcare_analysis.local.records import Records
from oxcare_analysis.local.spells import own
from oxcare_analysis.thinking.study import Study
from oxcare_analysis.words.errors import UsageError

NONE_HELD = "no records of children are held"
HOW_TO_TAKE = f"{NONE_HELD}: take them with `oxcare local add`"
OTHER_AREA = "the records held are of {}, not of {}"
NOT_PUBLISHED = (
    "the records are simulated, and of an authority that does not exist no figures are published"
)
NO_MONTHS = "no months of your own are held"
COUNTS = "counts under ten held back, the others rounded to five"
SOURCE = (
    "Source: the council's own records, on its own machine; {counts}; not published statistics."
    " Analysis: oxcare_analysis."
)
SIMULATED = (
    "Source: simulated records of an authority that does not exist; {counts}. Analysis:"
    " oxcare_analysis."
)
EVENTS = {
    "referrals": "referral_date",
    "enquiries": "start_date",
    "conferences": "conference_date",
    "plans": "start_date",
}
TOTALS_IN = {
    "own_kinds": "plans",
    "own_entry_cohorts": "plans",
    "own_cohorts": "referrals",
}  # tables that repeat them
Kind = TypeVar("Kind")


@dataclass(frozen=True, repr=False)
class Held(OwnResult):
    """What is held. `begin`, `taken`: the first day from which starts are complete, the day of the
    newest extract.

    `table`: year (ending 31 March, whole ones), and how many referrals, enquiries, conferences and
    plans began in it.
    """

    begin: str = ""
    taken: str = ""
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)


def own_records(study: Study, data_dir: str | Path | None = None, protect: bool = True) -> Held:
    """What the records held on this machine hold, year by year.

    >>> from oxcare_analysis import load
    >>> own_records(load("Oxfordshire"), "no such folder").missing[:30]
    'no records of children are hel'
    """

    def make(records: Records, counts: showable.Counts) -> Held:
        return _held(records, counts, raw.read_months(data_dir), _months(data_dir, protect))

    found = _made(study, data_dir, protect, Held, make)
    return replace(found, missing=HOW_TO_TAKE) if found.missing == NONE_HELD else found


def own_funnel(
    study: Study, data_dir: str | Path | None = None, protect: bool = True
) -> cohorts.Funnel:
    """Referrals followed to a plan, by year of the referral; whose plans they were, families,
    infants, repeats.

    >>> from oxcare_analysis import load
    >>> len(own_funnel(load("Oxfordshire"), "no such folder").table)
    0
    """

    def make(records: Records, counts: showable.Counts) -> cohorts.Funnel:
        found = cohorts.funnel(records)
        return found if found.missing else showable.funnel(found, counts)

    return _made(study, data_dir, protect, cohorts.Funnel, make)


def own_stays(
    study: Study, data_dir: str | Path | None = None, protect: bool = True
) -> lasting.Stays:
    """How long plans last and what ends them: late entry, censoring and competing endings allowed
    for.

    >>> from oxcare_analysis import load
    >>> len(own_stays(load("Oxfordshire"), "no such folder").curve)
    0
    """

    def make(records: Records, counts: showable.Counts) -> lasting.Stays:
        return showable.stays(lasting.stays(records, *[showable.thinned] * protect), counts)

    return _made(study, data_dir, protect, lasting.Stays, make)


def own_hazards(
    study: Study, data_dir: str | Path | None = None, protect: bool = True
) -> rates.Hazards:
    """How fast plans are stepped down by time on the plan, by calendar year and by entry cohort.

    >>> from oxcare_analysis import load
    >>> len(own_hazards(load("Oxfordshire"), "no such folder").ratios)
    0
    """
    return _made(
        study,
        data_dir,
        protect,
        rates.Hazards,
        lambda records, counts: showable.hazards(rates.hazards(records), counts),
    )


def own_control(
    study: Study,
    measure: str = "plans_started",
    data_dir: str | Path | None = None,
    protect: bool = True,
) -> control.Control:
    """A process-control chart of one count, or of one share of the records' cohorts, by month.

    Counts need only the monthly file. Raises UsageError on a measure that has no chart.

    >>> from oxcare_analysis import load
    >>> own_control(load("Oxfordshire"), data_dir="no such folder").missing
    'no months of your own are held'
    """
    if measure not in control.CHARTS:
        raise UsageError(
            f"There is no control chart of {measure!r}; expected one of"
            f" {', '.join(control.CHARTS)}."
        )
    label, events, cases, _ = control.CHARTS[measure]
    area, simulated, _ = _whose(study, data_dir)
    months = own_funnel(study, data_dir, protect).months if cases else _months(data_dir, protect)
    if events not in months:
        return control.Control(area, measure, label, missing=NONE_HELD if cases else NO_MONTHS)
    return _told(
        control.control(
            months[events],
            months[cases] if cases else None,
            measure,
            area,
            simulated,
            disclosure.BASE * (protect and not cases),
        ),
        protect,
    )


def own_ledger(
    study: Study, data_dir: str | Path | None = None, protect: bool = True
) -> ledgers.MonthlyLedger:
    """The growth ledger in months, from the monthly file alone: where the change in open plans came
    from.

    >>> from oxcare_analysis import load
    >>> own_ledger(load("Oxfordshire"), "no such folder").testable
    False
    """
    area, simulated, _ = _whose(study, data_dir)
    found = ledgers.monthly_ledger(raw.read_months(data_dir), area, simulated=simulated)
    return _told(showable.ledger(found, _months(data_dir, protect)) if protect else found, protect)


def own_verdicts(
    study: Study, data_dir: str | Path | None = None, protect: bool = True
) -> judging.Verdicts:
    """The four hypotheses judged on the records' own months, by the rules and words of the
    published figures.

    >>> from oxcare_analysis import load
    >>> own_verdicts(load("Oxfordshire"), "no such folder").findings
    {}
    """

    def make(records: Records, counts: showable.Counts) -> judging.Verdicts:
        # The number of children is that of the study's area; simulated records are of none that has
        # one.
        found = judging.verdicts(
            records, None if records.simulated else study.table["children_0_17_count"]
        )
        return showable.verdicts(found) if protect else found

    return _made(study, data_dir, protect, judging.Verdicts, make)


def own_against_published(
    study: Study, data_dir: str | Path | None = None, protect: bool = True
) -> beside.AgainstPublished:
    """Own months beside the published counts: the stock at 31 March, the year's totals, why they
    may differ.

    >>> from oxcare_analysis import load
    >>> len(own_against_published(load("Oxfordshire"), "no such folder").table)
    0
    """
    area, simulated, missing = _whose(study, data_dir)
    if missing or simulated:
        return beside.AgainstPublished(area, simulated, NOT_PUBLISHED if simulated else missing)
    return _told(beside.against_published(study, _months(data_dir, protect)), protect)


def _held(
    records: Records, counts: showable.Counts, months: pd.DataFrame, months_shown: pd.DataFrame
) -> Held:
    tables = records.tables | {"plans": own(records.plans)}
    by_year = pd.DataFrame(
        {
            name: lasting.year_ending(tables[name][column].dropna()).value_counts()
            for name, column in EVENTS.items()
        }
    ).fillna(0)
    table = by_year.reindex(lasting.whole_years(records), fill_value=0)
    shown = showable.years(table.set_axis(table.index.astype(str)), months, months_shown, counts)
    return Held(
        records.area,
        records.simulated,
        begin=f"{records.complete_from:%Y-%m-%d}",
        taken=f"{records.extract_date:%Y-%m-%d}",
        table=shown.rename_axis("year").reset_index().astype({"year": int}),
    )


def _made(
    study: Study,
    data_dir: str | Path | None,
    protect: bool,
    kind: type[Kind],
    make: Callable[[Records, showable.Counts], Kind],
) -> Kind:
    """What `make` makes of the records, told with its source; `kind` with the reason where there
    are none.
    """
    area, _, missing = _whose(study, data_dir)
    records = None if missing else _records(study, data_dir)
    if records is None:
        return kind(area, missing=missing or NONE_HELD)
    key = (kind.__name__, str(data_dir), protect, store.fingerprint(data_dir))
    if key not in study.found:
        study.found[key] = _told(make(records, partial(_shown, study, data_dir, protect)), protect)
    return study.found[key]


def _whose(study: Study, data_dir: str | Path | None) -> tuple[str, bool, str]:
    """Whose records are held (the study's area where none are), whether simulated, why they are not
    of this study.
    """
    records = _records(study, data_dir)
    if records is None:
        return study.area.name, False, ""
    name = records.area
    codes = {
        code for code, known in study.names.items() if name.casefold() in (known.casefold(), code)
    }
    other = not records.simulated and codes and study.area.code not in codes
    return name, records.simulated, OTHER_AREA.format(name, study.area.name) if other else ""


def _records(study: Study, data_dir: str | Path | None) -> Records | None:
    """The records held, read once a study."""
    key = ("own records", str(data_dir), store.fingerprint(data_dir))
    if key not in study.found:
        held = store.load(data_dir)
        study.found[key] = held.records if held else None
    return study.found[key]


def _months(data_dir: str | Path | None, protect: bool) -> pd.DataFrame:
    """The monthly file, as it may be shown; under the name it has everywhere else."""
    held = raw.read_months(data_dir)
    return (
        disclosed.shown("months", held, data_dir=data_dir, protect=protect).values
        if len(held)
        else held
    )


def _shown(
    study: Study,
    data_dir: str | Path | None,
    protect: bool,
    name: str,
    table: pd.DataFrame,
    shape: Shape,
    taken: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Counts as they may be shown. Totals of years that own_records shows too are shown as
    there.
    """
    if protect and name in TOTALS_IN:
        totals = own_records(study, data_dir).table.set_index("year")[[TOTALS_IN[name]]]
        totals = totals.set_axis(totals.index.astype(str))
        totals = totals.loc[totals.index.intersection(table.index)]
        taken = disclosed.as_taken(table.loc[totals.index, list(totals)], totals)
    return disclosed.shown(name, table, shape, data_dir, protect, taken).values


def _told(found: Kind, protect: bool) -> Kind:
    """The result with its source line, and whether it holds exact counts."""
    line = (SIMULATED if found.simulated else SOURCE).format(
        counts=COUNTS if protect else "exact counts"
    )
    return replace(found, source=line, exact=not protect)
