"""docs/data_dictionary.md, written from the measures, the mapping tables and the symbols. `make
accept` runs it.
"""

from oxcare_analysis.intake import values
from oxcare_analysis.intake.mappings import OFFICIAL_TABLES, PUBLISHERS, TABULATED_TABLES
from oxcare_analysis.words import durable, paths
from oxcare_analysis.words.columns import MEASURES

PAGE = paths.PROJECT / "docs" / "data_dictionary.md"


def text() -> str:
    """The page in Markdown."""
    places: dict[str, list[str]] = {}
    for table in (*OFFICIAL_TABLES, *TABULATED_TABLES):
        for measure, columns in table.columns.items():
            places.setdefault(measure, []).append(
                f"{table.source}/{table.name} ({' or '.join(columns)})"
            )
    lines = [
        "# Data dictionary",
        "",
        "Generated from the code by `make accept`: do not edit.",
        "",
        (
            "Years end on 31 March; workforce figures are at 30 September; a mid-year population is"
            " stored under the year after, as the department uses it. A value has a status:"
            " published, rounded, suppressed, not_available or not_applicable. Suppressed is never"
            " zero."
        ),
        "",
        "## Measures",
        "",
        "| measure | what it is | unit | where it is published (source/table, column) | note |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {m.name} | {m.label} | {m.unit} | {'; '.join(places.get(m.name, ['-']))} | {m.note} |"
        for m in MEASURES.values()
    ]
    lines += ["", "## Sources", "", "| folder in data/raw | publisher | title |", "|---|---|---|"]
    lines += [
        f"| {source} | {publisher} | {title} |" for source, (publisher, title) in PUBLISHERS.items()
    ]
    lines += ["", "## Symbols", "", "| where | symbol | status | meaning |", "|---|---|---|---|"]
    for (source, edition), table in values.SYMBOLS.items():
        where = (
            "all other tables"
            if source is None
            else f"{source}, {'other editions' if not edition else edition}"
        )
        lines += [
            f"| {where} | {symbol or '(blank)'} | {status} | {meaning} |"
            for symbol, (status, meaning) in table.items()
        ]
    return "\n".join(lines) + "\n"


def write() -> None:
    """Write the page."""
    durable.write(PAGE, text())


if __name__ == "__main__":
    write()
