"""The documents' statements and what was found of each: a table a document, and the tally in
words.
"""

from dataclasses import dataclass, field
from html import escape

import pandas as pd

from oxcare_analysis.showing.exhibit import Exhibit
from oxcare_analysis.showing.wording import DOCUMENTS, RESULTS, paragraph
from oxcare_analysis.words.columns import MEASURES

NOT_BORNE_OUT, REVISED, BORNE_OUT, NOT_SETTLED = RESULTS


@dataclass(frozen=True)
class StatementsShown:
    """One table a document. `table` is the plain frame behind it, with evidence as text."""

    caption: str
    table: pd.DataFrame = field(repr=False, compare=False)
    source: str
    rows: pd.DataFrame = field(repr=False, compare=False)

    def _repr_html_(self) -> str:
        return self.html()

    def html(self) -> str:
        """A table a document: statement, result in word and symbol, what was found, and the rows
        behind it folded.
        """
        if self.rows.empty:
            return (
                f'<p class="nothing">{escape(self.caption)}: no document about this area is'
                " held.</p>"
            )
        parts = [_document(name, group) for name, group in self.rows.groupby("source", sort=False)]
        return "".join(parts) + f'<p class="source">{escape(self.source)}</p>'


def exhibit(found) -> StatementsShown:
    """Every statement with its result, by document; the published rows behind each are one click
    away.
    """
    t = found.table
    return StatementsShown(
        f"Statements about {found.area}, checked",
        pd.DataFrame(
            {
                "Document": t["source"].map(DOCUMENTS),
                "Where": t["locator"].map(paragraph),
                "Statement": t["statement"],
                "Result": t["result"].map(_marked),
                "What was found": t["statistic"],
                "Would be settled by": t["settled_by"],
                "Keep in mind": t["caution"],
                "Rows behind it": ["; ".join(map(_row, rows)) for rows in t["evidence"]],
            }
        ),
        found.source,
        t,
    )


def stated(frame: pd.DataFrame) -> Exhibit:
    """What the documents state beside what was published, from the frame of ox.stated."""
    return Exhibit(
        "Figures stated in the documents beside the published ones",
        pd.DataFrame(
            {
                "Document": frame["source"].map(DOCUMENTS),
                "Where": frame["locator"].map(paragraph),
                "Figure": frame["measure"],
                "Date": frame["period"].str[:4].radd("31 March "),
                "Stated": [
                    _as_stated(p, v)
                    for p, v in zip(frame["precision"], frame["stated"], strict=True)
                ],
                "Published": frame["published"],
                "Difference": frame["difference"],
            }
        ),
    )


def sentence(found) -> str:
    """How many statements have each result; then those not borne out, furthest from the published
    number first, and those since revised, with what was found. A figure that another document only
    retells is said to be one figure.
    """
    if found.table.empty:
        return f"No document about {found.area} is held, so there is no statement to check."
    counts = found.table["result"].value_counts()
    tally = "; ".join(
        f"{counts.get(r, 0)} {r}" for r in (BORNE_OUT, REVISED, NOT_BORNE_OUT, NOT_SETTLED)
    )
    documents = found.table["source"].nunique()
    wrong = found.table[found.table["result"] == NOT_BORNE_OUT]
    retold = sum("_retold_" in name for name in wrong["statement_id"])
    again = (
        f" Of those not borne out, {retold} only retell{'s' * (retold == 1)} another document's"
        " figure: no further error."
        if retold
        else ""
    )
    lines = [
        f"Of {len(found.table)} statements in {documents} document{'s' * (documents > 1)} about"
        f" {found.area}: {tally}.{again}"
    ]
    for result in (NOT_BORNE_OUT, REVISED):
        lines += [
            f"- {_marked(result)}: {row.statement} ({DOCUMENTS[row.source]},"
            f" {paragraph(row.locator)}). Found: "
            f"{row.statistic.partition('. Beside it: ')[0]}.{f' {row.caution}' if row.caution else ''}"
            for row in (
                found.table[found.table["result"] == result]
                .sort_values("gap", ascending=False, kind="stable")
                .itertuples()
            )
        ]
    return "\n".join(lines)


def _as_stated(precision: str, value: str) -> str:
    number = f"{int(value):,}" if value.isdigit() else value
    return f"{precision.replace('_', ' ')} {number}".removeprefix("exact ")


def _document(name: str, rows: pd.DataFrame) -> str:
    head = "".join(
        f'<th scope="col">{text}</th>'
        for text in ("Where", "Statement", "Result", "What was found")
    )
    body = "".join(
        f'<tr><td>{escape(paragraph(r.locator))}</td><th scope="row">{escape(r.statement)}</th>'
        f"<td>{_marked(r.result)}</td><td>{_found(r)}</td></tr>"
        for r in rows.itertuples()
    )
    title = escape(DOCUMENTS[name], quote=True)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{title}: statements"><table'
        f' class="exhibit"><caption>{title}: {len(rows)}'
        f" statements</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _found(row) -> str:
    parts = [
        f"{row.statistic[:1].upper()}{row.statistic[1:]}." if row.statistic else "",
        f"Would be settled by {row.settled_by}." if row.settled_by else "",
        row.caution,
    ]
    text = " ".join(escape(part) for part in parts if part)
    if not row.evidence:
        return text
    listed = "".join(f"<li>{escape(_row(e))}</li>" for e in row.evidence)
    return (
        f"{text}<details><summary>Figures behind it ({len(row.evidence)}):"
        f" {escape(row.statement)}</summary><ul>{listed}</ul></details>"
    )


def _row(e: dict) -> str:
    label = (
        MEASURES[e["measure"]].label if e["measure"] in MEASURES else e["measure"].replace("_", " ")
    )
    value = "no number" if e["value"] is None else f"{e['value']:,.10g}"
    where = DOCUMENTS.get(e["source"], f"{e['source'].replace('_', ' ')}, edition")
    return (
        f"{e['area']}, {e['year']}, {label}: {value} ({e['status'].replace('_', ' ')}; {where}"
        f" {e['edition']}, {e['table'].replace('_', ' ')})"
    )


def _marked(result: str) -> str:
    return f"{RESULTS[result]} {result[0].upper()}{result[1:]}"
