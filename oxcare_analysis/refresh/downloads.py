"""What a reader can take away: verdicts, charts, the data behind each chart, a workbook, a briefing."""

import base64
import csv
import io
import json
import re
from pathlib import Path

import nbformat
from openpyxl import Workbook
from openpyxl.styles import Font

from oxcare_analysis import door, figures
from oxcare_analysis.refresh import sources
from oxcare_analysis.showing import exhibits, sentences, wording

CHART = "application/vnd.oxcare.chart+json"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")
LONGEST_SHEET = 31  # characters, by the rules of the format


def write_all(study, document: dict, books: dict[str, nbformat.NotebookNode], folder: Path,
              data_dir: Path | None = None) -> None:
    """Write verdicts.json, findings.csv, figures.csv, briefing.md, charts/, data/, tables.xlsx and alt_text.csv.

    Charts as wide as a page and as SVG in charts/, as slides in charts/slides/; all with title and source drawn in.
    data/ has the data of every chart, and statements.csv, whose rows are none where no document is held.
    """
    (folder / "verdicts.json").write_text(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n",
                                          encoding="utf-8", newline="\n")
    _write_rows(folder / "findings.csv", _findings(document))
    _write_rows(folder / "figures.csv", sources.rows(study))
    (folder / "briefing.md").write_text(briefing(study), encoding="utf-8", newline="\n")
    write_charts(books, folder)
    statements = exhibits.statements(figures.statements(study, data_dir)).table
    _write_rows(folder / "data" / "statements.csv", [list(statements), *statements.to_numpy().tolist()])


def write_charts(books: dict[str, nbformat.NotebookNode], folder: Path) -> None:
    """Every chart of the notebooks: pictures and alt texts in charts/, data in data/ and in the workbook."""
    charts = charts_of(books)
    for name in ("charts", "charts/slides", "data"):
        (folder / name).mkdir()
    book = Workbook()
    book.remove(book.active)
    for name, chart in charts.items():
        for place, size in (("charts", "page"), ("charts/slides", "slide")):
            (folder / place / f"{name}.png").write_bytes(base64.b64decode(chart[size]))
        (folder / "charts" / f"{name}.svg").write_text(chart["svg"], encoding="utf-8", newline="\n")
        rows = list(csv.reader(io.StringIO(chart["csv"])))
        _write_rows(folder / "data" / f"{name}.csv", rows)
        _sheet(book, name, chart, rows)
    if charts:
        book.save(folder / "tables.xlsx")
    _write_rows(folder / "charts" / "alt_text.csv",
                [["chart", "title", "alt_text"], *([n, c["title"], c["alt"]] for n, c in charts.items())])


def charts_of(books: dict[str, nbformat.NotebookNode]) -> dict[str, dict]:
    """Every chart the notebooks drew, by page and name; a chart drawn twice is kept once.

    Own figures are among them as they may be shown: a chart of exact own counts does not hand itself over.
    """
    found: dict[str, dict] = {}
    for page, book in books.items():
        for cell in book.cells:
            for output in cell.get("outputs", []):
                if CHART in output.get("data", {}):
                    chart = output["data"][CHART]
                    found.setdefault(f"{page[:2]}_{chart['name']}", chart)
    return found


def briefing(study) -> str:
    """Five sentences ready to paste."""
    premise, findings = door.premise(study), door.assess_all(study)
    settled = [f for f in findings.values() if f.verdict in ("supported", "contradicted", "negligible")]
    open_words = [wording.HYPOTHESES[n] for n, f in findings.items() if f not in settled]
    verdict = "; ".join(f"that {wording.HYPOTHESES[f.hypothesis]}: {wording.VERDICTS[f.verdict].lower()}"
                        for f in settled) or "none of the four can be settled"
    _, *here = sentences.premise(premise).split("\n")
    happened = premise.reason if premise.verdict == "not_testable" else (
        f"The number of {study.area.name} children on a plan {wording.went(premise.open_from, premise.open_to)} "
        f"between March {study.first_year} and March {study.last_year}.")
    lines = [happened, " ".join(here) or premise.reason,
             sentences.ledger(door.ledger(study)),
             f"Of the four hypotheses of 2014, on published figures: {verdict}."
             + (f" Open: that {', that '.join(open_words)}." if settled and open_words else ""),
             f"These are counts by year; they cannot follow a child or a family. {study.source}"]
    return f"# {study.area.name}, {study.first_year} to {study.last_year}\n\n" + "\n".join(
        f"{i}. {line}" for i, line in enumerate(lines, start=1)) + "\n"


def _findings(document: dict) -> list[list]:
    head = ["hypothesis", "verdict", "moved", "measure", "estimate", "low", "high", "p_value", "p_adjusted", "margin",
            "minimum_detectable_effect", "placebo_rank", "placebo_of", "peculiar", "rivals", "reason"]
    rows = [[h["hypothesis"], h["verdict"], h["moved"], *(h["primary"][k] for k in head[3:14]),
             "; ".join(h["rivals"]), h["reason"]] for h in document["hypotheses"]]
    return [head, *rows]


def _sheet(book: Workbook, name: str, chart: dict, rows: list[list]) -> None:
    """One sheet: title, header, rows, source. Names are cut to what the format allows, and kept apart."""
    short, number = name[:LONGEST_SHEET], 1
    while short in book.sheetnames:
        number += 1
        short = f"{name[:LONGEST_SHEET - len(str(number)) - 1]} {number}"
    sheet = book.create_sheet(short)
    sheet.append([_safe(chart["title"])])
    for row in rows:
        sheet.append([_typed(_safe(cell)) for cell in row])
    sheet.append([])
    sheet.append([_safe(chart["source"])])
    for cell in (*sheet[1], *sheet[2]):
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A3"


def _typed(cell: str) -> float | str | None:
    return float(cell) if NUMBER.fullmatch(cell) else cell or None


def _safe(cell: object) -> str:
    """A cell as one piece of text that a spreadsheet will not run as a formula; numbers stay as they are."""
    text = "" if cell is None else str(cell).replace("\r", " ")  # readers of CSV break a row at one
    return f"'{text}" if text.startswith(FORMULA_STARTS) and not NUMBER.fullmatch(text) else text


def _write_rows(path: Path, rows: list[list]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([_safe(cell) for cell in row] for row in rows)
