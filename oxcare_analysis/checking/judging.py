"""Each statement of the documents, checked as figures stand now and as they stood when it was
written.
"""

import dataclasses
from dataclasses import dataclass, field
from html import escape

import pandas as pd

from oxcare_analysis.checking import later, report_2014
from oxcare_analysis.checking.checks import Check
from oxcare_analysis.checking.specification import Specification
from oxcare_analysis.checking.vantage import KEYS, Vantage
from oxcare_analysis.thinking.study import Study
from oxcare_analysis.words.errors import DataError

BORNE_OUT, REVISED = "borne out", "borne out when written, since revised"
NOT_BORNE_OUT, NOT_SETTLED = "not borne out", "not to be settled with published figures"
RESULTS = (NOT_BORNE_OUT, REVISED, BORNE_OUT, NOT_SETTLED)  # in the order in which they are read
SPECIFICATIONS: dict[str, Specification] = report_2014.SPECIFICATIONS | later.SPECIFICATIONS
COLUMNS = [
    "statement_id",
    "source",
    "locator",
    "statement",
    "test",
    "statistic",
    "result",
    "evidence",
    "settled_by",
    "caution",
    "gap",
]
NOT_OUT_YET = "the published figures named, which were not out by the month asked for"


@dataclass(frozen=True)
class Statements:
    """Every statement the documents make about an area, checked.

    `table`: one row a statement, in the order of the documents: statement_id, source, locator,
    statement, test, statistic (what was found, in words made of numbers), result (one of RESULTS),
    evidence (the published rows read: a list of {source, edition, table, area, year, measure,
    value, status}; then the documents' own), settled_by (the record that would settle what
    published figures do not; empty where they do), caution (what the figures, or the document's own
    evidence, could not show), gap (the furthest a stated number that decides is from the published
    one without being right, as a share of it; 0 where there is none).
    """

    area: str
    as_of: str
    source: str = ""
    table: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=COLUMNS), repr=False, compare=False
    )

    @property
    def tally(self) -> pd.Series:
        """Number of statements with each result, all four in order."""
        return self.table["result"].value_counts().reindex(list(RESULTS), fill_value=0)

    def _repr_html_(self) -> str:
        if self.table.empty:
            return f"<p>No document about {escape(self.area)} is held.</p>"
        return self.table.drop(columns="evidence").to_html(index=False)


def check_all(
    study: Study, register: pd.DataFrame, stated: pd.DataFrame, as_written: dict[str, pd.DataFrame]
) -> Statements:
    """Check every statement of `register` (statements.csv) with the figures of `stated`
    (figures.csv by figure_id).

    `as_written`: document → the rows out when it was written, in the shape of Vantage.rows. Raises
    DataError on a statement without a specification.
    """
    now = study.resolved.set_index(KEYS)[
        ["source", "edition", "table", "value", "status"]
    ].sort_index()
    rows = []
    for row in register.itertuples():
        if row.statement_id not in SPECIFICATIONS:
            raise DataError(
                f"data/raw/published_figures/statements.csv has the statement {row.statement_id!r},"
                " which no specification in oxcare_analysis/checking/ says how to check. Add one"
                " there, or take the row out."
            )
        found = _judge(
            SPECIFICATIONS[row.statement_id],
            Vantage(study, now, stated),
            Vantage(study, as_written[row.source], stated, then=True),
        )
        rows.append((row.statement_id, row.source, row.locator, row.statement, row.test, *found))
    return Statements(
        study.area.name, study.as_of, study.source, pd.DataFrame(rows, columns=COLUMNS)
    )


def _judge(spec: Specification, now: Vantage, then: Vantage) -> tuple:
    """Statistic, result, evidence, settled_by, caution and gap of one statement. What fails or was
    revised is first.
    """
    answers = sorted(
        (_answer(check, now, then) for check in spec.checks),
        key=lambda answer: (answer[0] is not False, answer[0] != REVISED),
    )
    gap = max(now.gaps, default=0.0)
    asides = [check(now)[1] for check in spec.asides]
    result = result_of([holds for holds, _ in answers])
    settled_by = (spec.record or NOT_OUT_YET) if result == NOT_SETTLED else ""
    statistic = "; ".join(said for _, said in answers if said)
    aside = "; ".join(filter(None, asides))
    statistic = f"{statistic}. Beside it: {aside}" if statistic and aside else statistic or aside
    evidence = [*now.read_rows.values(), *then.read_rows.values(), *now.stated_rows.values()]
    return statistic, result, evidence, settled_by, spec.caution, gap


def _answer(check: Check, now: Vantage, then: Vantage) -> tuple[bool | str | None, str]:
    """What one check finds now; where it does not hold, whether it held on the figures out when it
    was written.
    """
    asked, earlier = (dataclasses.replace(x, read_rows={}) for x in (now, then))
    holds, said = check(asked)
    now.read_rows.update(asked.read_rows)
    if holds is not False:
        return holds, said
    held, said_then = check(earlier)
    if not held:
        return False, said
    then.read_rows.update(earlier.read_rows)
    last, last_then = (max(year for _, year, *_ in x.read_rows) for x in (asked, earlier))
    why = (
        "true of the years then out; the next year differed"
        if last > last_then
        else "true of the figure as first held, which was revised"
    )
    return REVISED, f"{why}: {said}; when written, {said_then}"


def result_of(answers: list[bool | str | None]) -> str:
    """All checks together: one that fails decides; then one that cannot be settled; then one since
    revised.
    """
    if any(a is False for a in answers):
        return NOT_BORNE_OUT
    if not answers or any(a is None for a in answers):
        return NOT_SETTLED
    return REVISED if REVISED in answers else BORNE_OUT
