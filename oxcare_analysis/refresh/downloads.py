"""What a reader can take away: verdicts, charts, the data behind each chart, a workbook, a
briefing.
"""

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
MARKUP = re.compile(r"([<\[`\\])")  # what could begin a tag, a link, a picture or code in Markdown
WORDS = ("title", "alt", "source")
LONGEST_SHEET = 31  # characters, by the rules of the format


def make_folders(folder: Path) -> None:
    """The empty folders of a report."""
    for name in ("", "charts", "charts/slides", "data"):
        (folder / name).mkdir()


def charts_of(book: nbformat.NotebookNode, page: str) -> dict[str, dict]:
    """Every chart that a notebook drew, by page and name; a chart drawn twice is kept once.

    Own figures are among them as they may be shown: a chart of exact own counts does not hand
    itself over.
    """
    found: dict[str, dict] = {}
    for cell in book.cells:
        for output in cell.get("outputs", []):
            if CHART in output.get("data", {}):
                chart = output["data"][CHART]
                found.setdefault(f"{page[:2]}_{chart['name']}", chart)
    return found


def files_of(name: str, slides: bool) -> list[str]:
    """The files of a chart, as wide as a page, as SVG, its data, and for a slide where wanted."""
    return [
        f"charts/{name}.png",
        f"charts/{name}.svg",
        f"data/{name}.csv",
        *([f"charts/slides/{name}.png"] if slides else []),
    ]


def write_pictures(charts: dict[str, dict], folder: Path) -> None:
    """The pictures of charts in charts/ and charts/slides/, their data in data/."""
    for name, chart in charts.items():
        (folder / "charts" / f"{name}.svg").write_text(chart["svg"], encoding="utf-8", newline="\n")
        for place, size in (("charts", "page"), ("charts", "screen"), ("charts/slides", "slide")):
            if size in chart:
                (folder / place / f"{name}.png").write_bytes(base64.b64decode(chart[size]))
        _write_rows(folder / "data" / f"{name}.csv", list(csv.reader(io.StringIO(chart["csv"]))))


def write_results(study, document: dict, folder: Path, data_dir: Path | None = None) -> None:
    """Write verdicts.json, findings.csv, figures.csv, briefing.md and data/statements.csv.

    The last has no row where no document is held.
    """
    (folder / "verdicts.json").write_text(
        json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n",
        encoding="utf-8",
        newline="\n",
    )
    _write_rows(folder / "findings.csv", _findings(document))
    _write_rows(folder / "figures.csv", sources.rows(study))
    (folder / "briefing.md").write_text(briefing(study), encoding="utf-8", newline="\n")
    statements = exhibits.statements(figures.statements(study, data_dir)).table
    _write_rows(
        folder / "data" / "statements.csv", [list(statements), *statements.to_numpy().tolist()]
    )


def write_tables(charts: dict[str, dict], folder: Path) -> None:
    """The alt texts, and a workbook with a sheet for the data of each chart.

    `charts`: the words of each chart by name; its data is in data/ already.
    """
    book = Workbook()
    book.remove(book.active)
    for name, chart in charts.items():
        with (folder / "data" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            _sheet(book, name, chart, list(csv.reader(file)))
    if charts:
        book.save(folder / "tables.xlsx")
    _write_rows(
        folder / "charts" / "alt_text.csv",
        [["chart", "title", "alt_text"], *([n, c["title"], c["alt"]] for n, c in charts.items())],
    )


def briefing(study) -> str:
    """Five sentences ready to paste."""
    premise, findings = door.premise(study), door.assess_all(study)
    settled = [
        f for f in findings.values() if f.verdict in ("supported", "contradicted", "negligible")
    ]
    open_words = [wording.HYPOTHESES[n] for n, f in findings.items() if f not in settled]
    verdict = (
        "; ".join(
            f"that {wording.HYPOTHESES[f.hypothesis]}: {wording.VERDICTS[f.verdict].lower()}"
            for f in settled
        )
        or "none of the four can be settled"
    )
    _, *here = sentences.premise(premise).split("\n")
    happened = (
        premise.reason
        if premise.verdict == "not_testable"
        else (
            f"The number of {study.area.name} children on a plan"
            f" {wording.went(premise.open_from, premise.open_to)} between March {study.first_year}"
            f" and March {study.last_year}."
        )
    )
    lines = [
        happened,
        " ".join(here) or premise.reason,
        sentences.ledger(door.ledger(study)),
        f"Of the four hypotheses of 2014, on published figures: {verdict}."
        + (f" Open: that {', that '.join(open_words)}." if settled and open_words else ""),
        f"These are counts by year; they cannot follow a child or a family. {study.source}",
    ]
    return MARKUP.sub(
        r"\\\1",
        f"# {study.area.name}, {study.first_year} to {study.last_year}\n\n"
        + "\n".join(f"{i}. {line}" for i, line in enumerate(lines, start=1))
        + "\n",
    )


def _findings(document: dict) -> list[list]:
    head = [
        "hypothesis",
        "verdict",
        "moved",
        "measure",
        "estimate",
        "low",
        "high",
        "p_value",
        "p_adjusted",
        "margin",
        "minimum_detectable_effect",
        "placebo_rank",
        "placebo_of",
        "peculiar",
        "rivals",
        "reason",
    ]
    rows = [
        [
            h["hypothesis"],
            h["verdict"],
            h["moved"],
            *(h["primary"][k] for k in head[3:14]),
            "; ".join(h["rivals"]),
            h["reason"],
        ]
        for h in document["hypotheses"]
    ]
    return [head, *rows]


def _sheet(book: Workbook, name: str, chart: dict, rows: list[list]) -> None:
    """One sheet: title, header, rows, source. Names are cut to what the format allows, and kept
    apart.
    """
    short, number = name[:LONGEST_SHEET], 1
    while short in book.sheetnames:
        number += 1
        short = f"{name[: LONGEST_SHEET - len(str(number)) - 1]} {number}"
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
    """A cell as one piece of text that a spreadsheet will not run as a formula; numbers stay as
    they are.
    """
    text = "" if cell is None else str(cell).replace("\r", " ")  # readers of CSV break a row at one
    return f"'{text}" if text.startswith(FORMULA_STARTS) and not NUMBER.fullmatch(text) else text


def _write_rows(path: Path, rows: list[list]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(
            [_safe(cell) for cell in row] for row in rows
        )
