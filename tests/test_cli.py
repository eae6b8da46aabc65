"""The command line: what each command prints, the exit codes, errors of one paragraph, working
copies kept.
"""

import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from oxcare_analysis.cli import lab
from oxcare_analysis.cli import options
from oxcare_analysis.refresh import run
from oxcare_analysis.words import errors, paths

COMMANDS = ("data", "ledger", "verdicts", "statements", "figure", "refresh", "lab")
MONTHLY = [
    "month",
    "plans_open",
    "plans_started",
    "plans_ended",
    "enquiries_started",
    "conferences_held",
    "referrals_received",
]
pytestmark = pytest.mark.usefixtures("tables")  # built once, before any command asks for them
OPEN_2018 = ("figure", "--area", "Oxfordshire", "--year", "2018", "--measure", "plans_open_count")


@pytest.fixture
def work(tmp_path, monkeypatch):
    """Working copies go into a temporary folder, never beside an analyst's own."""
    monkeypatch.setattr(paths, "WORK", tmp_path / "work")
    return tmp_path / "work"


def parameters(path):
    book = nbformat.read(path, as_version=4)
    return next(cell.source for cell in book.cells if "parameters" in cell.metadata.get("tags", []))


def strict(text):
    """JSON, NaN and Infinity refused."""
    return json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))


def test_help_lists_the_commands(oxcare):
    code, out, _ = oxcare("--help")
    assert code == 0
    listed = out.split("Commands:")[1]
    assert [name for name in COMMANDS if f"\n  {name} " not in listed] == []


@pytest.mark.parametrize(
    "command",
    [(name,) for name in COMMANDS]
    + [("data", n) for n in ("add", "build", "changes", "check", "update")],
    ids=" ".join,
)
def test_every_command_says_what_it_does(oxcare, command):
    code, out, _ = oxcare(*command, "--help")
    assert code == 0
    assert out.startswith("Usage: ")
    assert f" {' '.join(command)} " in out.splitlines()[0]


@pytest.mark.parametrize("option", ["--area", "--as-of", "--from", "--to", "--data-dir", "--json"])
@pytest.mark.parametrize("command", ["ledger", "verdicts", "statements"])
def test_the_options_of_the_contract_are_there(oxcare, command, option):
    assert option in oxcare(command, "--help")[1]


def test_the_monthly_template_is_its_header_alone(oxcare):
    code, out, _ = oxcare("data", "template", "monthly")
    assert code == 0
    assert list(csv.reader(out.splitlines())) == [MONTHLY]


def test_another_template_is_bad_usage(oxcare):
    assert oxcare("data", "template", "weekly") == (
        2,
        "",
        "oxcare: There is no template called 'weekly'; expected monthly.\n",
    )


def test_the_shipped_figures_pass_every_check(oxcare):
    code, out, _ = oxcare("data", "check")
    assert code == 0
    assert "\n0 errors, " in out
    assert " known " in out
    assert " note " not in out.split("\n0 errors")[0]


def test_a_planted_error_fails_the_checks(oxcare, tmp_path, shipped_dir):
    shutil.copytree(shipped_dir / "raw", tmp_path / "raw")
    shutil.copy(shipped_dir / "known_problems.csv", tmp_path)
    path = tmp_path / "raw" / "children_in_need" / "2025" / "plans_open_by_duration.csv"
    text = path.read_text(encoding="utf-8")
    line = next(
        line for line in text.splitlines() if line.startswith("2018,") and ",Oxfordshire," in line
    )
    assert ",687," in line
    path.write_text(
        text.replace(line, line.replace(",687,", ",867,")), encoding="utf-8", newline="\n"
    )
    code, out, _ = oxcare("data", "check", "--data-dir", tmp_path)
    assert code == 3
    planted = [
        line
        for line in out.splitlines()
        if line.startswith("   error ") or line.startswith("error ")
    ]
    assert planted
    assert all(
        "Oxfordshire" in line and "2018" in line
        for line in planted
        if "bands of open plans" in line
    )
    assert any("bands of open plans" in line for line in planted)
    assert "0 errors" not in out


def test_a_figure_is_printed_with_all_that_stands_behind_it(oxcare):
    code, out, _ = oxcare(*OPEN_2018)
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "Oxfordshire 2018, children on a plan at 31 March: 687 children"
    assert lines[1].startswith("From data/raw/children_in_need/2025/")
    assert "Oxfordshire 2018, column plans_open_count." in lines[1]
    assert lines[2].startswith("Children aged 0 to 17: 142,703 (edition ")
    assert lines[3].startswith("The department's own rate: 48.1 per 10,000 (edition 2024); ours ")
    assert lines[4].startswith("Another value: 720 in news_2018 paragraph p18")
    assert lines[5].split() == ["source", "edition", "table", "value", "status", "note", "used"]
    assert {row.split()[1] for row in lines[5:]} >= {"2024", "2025"}
    assert [row.split()[-1] for row in lines[5:]].count("True") == 1


def test_the_row_a_figure_came_from_holds_it(oxcare, shipped_dir):
    place = strict(oxcare(*OPEN_2018, "--json")[1])["row"]
    file, where, column = place.split(", ")
    with (shipped_dir / Path(file).relative_to("data")).open(
        encoding="utf-8", newline=""
    ) as opened:
        rows = [r for r in csv.DictReader(opened) if f"{r['name']} {r['year']}" == where]
    assert [row[column.removeprefix("column ")] for row in rows] == ["687"]


def test_a_revised_rate_is_explained(oxcare):
    figure = strict(
        oxcare(
            "figure", "--area", "931", "--year", 2023, "--measure", "plans_open_count", "--json"
        )[1]
    )
    rate = figure["published_rate"]
    assert rate["value"] is not None
    assert (abs(rate["ours"] - rate["value"]) > 0.051) == (rate["why_it_differs"] is not None)


def test_two_tables_that_print_different_totals_are_named_with_the_reason_on_record(oxcare):
    asked = (
        "figure",
        "--area",
        "West Sussex",
        "--year",
        2013,
        "--measure",
        "plans_open_count",
        "--json",
    )
    figure = strict(oxcare(*asked)[1])
    assert (
        figure["value"] == 379 and figure["published_rate"]["value"] == 25.6
    )  # 424 of 165,851 children
    assert "424" in figure["published_rate"]["why_it_differs"]
    assert [o["value"] for o in figure["other_values"]] == [424]
    assert "424 in table D1 and 379 in table D5" in figure["other_values"][0]["why_it_differs"]


def test_a_number_that_a_document_states_otherwise_is_beside_the_published_one(oxcare):
    asked = ("figure", "--area", "931", "--year", 2018, "--measure", "plans_open_count", "--json")
    other = strict(oxcare(*asked)[1])["other_values"]
    assert [(o["source"], o["value"]) for o in other] == [("news_2018", 720)]
    assert "more than" in other[0]["why_it_differs"]


@pytest.mark.parametrize(
    ("area", "year", "measure", "status"),
    [
        ("City of London", 2013, "plans_open_count", "suppressed"),
        ("Hackney", 2021, "plans_open_count", "not_available"),
    ],
)
def test_a_figure_that_is_missing_is_null_with_its_reason(oxcare, area, year, measure, status):
    ask = ("figure", "--area", area, "--year", year, "--measure", measure)
    code, out, _ = oxcare(*ask, "--json")
    document = strict(out)
    assert code == 0
    assert (document["value"], document["status"]) == (None, status)
    assert document["editions"]
    assert all(
        edition["value"] is None for edition in document["editions"] if edition["status"] == status
    )
    said = oxcare(*ask)[1].splitlines()[0]
    assert status.replace("_", " ") in said
    assert document["note"] in said


@pytest.mark.parametrize(
    "ask",
    [
        (*OPEN_2018, "--json"),
        (
            "figure",
            "--area",
            "City of London",
            "--year",
            "2014",
            "--measure",
            "plans_open_count",
            "--json",
        ),
        ("ledger", "--area", "City of London", "--json"),
        ("verdicts", "--area", "City of London", "--from", "2013", "--to", "2018", "--json"),
    ],
    ids=["figure", "missing figure", "ledger", "verdicts"],
)
def test_json_has_null_and_never_a_word_that_is_not_json(oxcare, ask):
    code, out, _ = oxcare(*ask)
    assert code == 0
    strict(out)
    assert "NaN" not in out


def test_a_number_that_is_not_json_is_never_printed(capsys):
    with pytest.raises(ValueError, match="JSON"):
        options.print_json({"value": float("nan")})
    assert capsys.readouterr().out == ""


def test_the_ledger_and_the_verdicts_are_printed_in_words(oxcare):
    window = ("--area", "Oxfordshire", "--from", 2013, "--to", 2018)
    ledger, verdicts = oxcare("ledger", *window), oxcare("verdicts", *window)
    assert ledger[0] == verdicts[0] == 0
    assert ledger[1].startswith(
        "Open plans in Oxfordshire rose from 430 to 687 (+257) from 2013 to 2018."
    )
    assert "Carry-over from before" in ledger[1]
    assert verdicts[1].startswith(
        "The number of Oxfordshire children on a plan rose from 430 to 687"
    )
    assert verdicts[1].count("\nThat ") == 4
    assert all(
        text.rstrip().splitlines()[-1].startswith("Source: ") for _, text, _ in (ledger, verdicts)
    )


def test_working_copies_have_the_parameters_set(oxcare, work):
    code, out, err = oxcare(
        "lab", "--area", "rotherham", "--from", 2015, "--to", 2018, "--prepare-only"
    )
    assert (code, out) == (0, "")
    folder = work / "rotherham-2015-2018"
    assert err.splitlines()[-1] == f"Notebooks: {folder}"
    assert [path.name for path in sorted(folder.iterdir())] == sorted(
        p.name for p in paths.NOTEBOOKS.glob("*.ipynb")
    )
    for path in folder.iterdir():
        assert parameters(path).splitlines() == [
            "area: str = 'Rotherham'",
            "first_year: int = 2015",
            "last_year: int = 2018",
            "as_of: str = 'latest'",
        ]
        run.check_parameters(
            path, {"area": "Rotherham", "first_year": 2015, "last_year": 2018, "as_of": "latest"}
        )
        assert not any(cell.get("outputs") for cell in nbformat.read(path, as_version=4).cells)


def test_working_copies_are_never_written_over(oxcare, work):
    ask = ("lab", "--area", "Rotherham", "--from", 2015, "--to", 2018, "--prepare-only")
    oxcare(*ask)
    changed = work / "rotherham-2015-2018" / "explore.ipynb"
    changed.write_text("an analyst's own work", encoding="utf-8")
    (work / "rotherham-2015-2018" / "00_summary.ipynb").unlink()
    assert oxcare(*ask)[0] == 0
    assert changed.read_text(encoding="utf-8") == "an analyst's own work"
    assert "Rotherham" in parameters(work / "rotherham-2015-2018" / "00_summary.ipynb")


def test_the_guide_leads_to_every_notebook_and_ends_with_what_to_do_next():
    cells = nbformat.read(paths.NOTEBOOKS / lab.GUIDE, as_version=4).cells
    linked = {name for cell in cells for name in re.findall(r"\]\((\w+\.ipynb)\)", cell.source)}
    assert linked == {path.name for path in paths.NOTEBOOKS.glob("*.ipynb")} - {lab.GUIDE}
    assert cells[-1].source.startswith("## What next")


def test_without_an_area_the_lab_opens_the_notebooks_themselves(oxcare, work):
    before = {path: path.read_bytes() for path in paths.NOTEBOOKS.glob("*.ipynb")}
    assert oxcare("lab", "--prepare-only") == (0, "", f"Notebooks: {paths.NOTEBOOKS}\n")
    assert {path: path.read_bytes() for path in paths.NOTEBOOKS.glob("*.ipynb")} == before
    assert not work.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (
            ("ledger", "--area", "Rothram"),
            2,
            "There is no authority called 'Rothram'. Nearest: Rotherham",
        ),
        (
            ("verdicts", "--area", "Rotherham", "--from", 2018, "--to", 2013),
            2,
            "ends (2013) before it starts (2018)",
        ),
        (
            ("ledger", "--area", "Rotherham", "--as-of", "2014"),
            2,
            "expected a form such as 2014-09",
        ),
        (("ledger", "--area", "Rotherham", "--from", 2005), 2, "held from 2010"),
        (
            ("figure", "--area", "931", "--year", 2018, "--measure", "plans_open"),
            2,
            "Nearest: plans_open_count",
        ),
        (
            ("figure", "--area", "931", "--year", 1990, "--measure", "plans_open_count"),
            2,
            "held for 2010 to 20",
        ),
        (("refresh", "--area", "Nowhere"), 2, "There is no authority called 'Nowhere'"),
        (
            ("lab", "--area", "Nowhere", "--prepare-only"),
            2,
            "There is no authority called 'Nowhere'",
        ),
        (("data", "add", "no such file.csv"), 3, "There is no file"),
    ],
    ids=lambda value: " ".join(map(str, value[:3])) if isinstance(value, tuple) else None,
)
def test_an_error_is_one_paragraph_with_its_exit_code(oxcare, work, arguments, code, words):
    ended, out, err = oxcare(*arguments)
    assert ended == code
    assert out == ""
    assert err.startswith("oxcare: ")
    assert err.count("\n") == 1
    assert words in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("nosuch",),
        ("ledger",),
        ("figure", "--area", "Oxfordshire"),
        ("ledger", "--area", "Oxfordshire", "--from", "x"),
        ("ledger", "--area", "Oxfordshire", "--unknown"),
        ("refresh", "--workers", "0"),
    ],
    ids=" ".join,
)
def test_a_command_line_that_cannot_be_read_is_bad_usage(oxcare, arguments):
    code, out, err = oxcare(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("Usage: ")
    assert "\nError: " in err


def test_a_folder_without_figures_is_bad_data(oxcare, tmp_path):
    code, out, err = oxcare("ledger", "--area", "Oxfordshire", "--data-dir", tmp_path)
    assert (code, out) == (3, "")
    assert err.splitlines()[-1].startswith("oxcare: There are no 'Children in need' figures")


def test_a_run_that_fails_is_exit_code_4(oxcare, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path / "none")
    code, out, err = oxcare("refresh", "--area", "Rutland", "--out", tmp_path / "reports")
    assert (code, out) == (4, "")
    assert err.startswith("oxcare: There are no notebooks in none/")
    assert list((tmp_path / "reports").glob("[0-9]*")) == []


def test_a_place_for_reports_that_is_a_file_is_bad_usage(oxcare, tmp_path):
    (tmp_path / "reports").write_text("a file", encoding="utf-8")
    code, _, err = oxcare("refresh", "--area", "Rutland", "--out", tmp_path / "reports")
    assert code == 2
    assert err.startswith("oxcare: ")


def test_each_kind_of_error_has_its_own_exit_code():
    assert (errors.UsageError.exit_code, errors.DataError.exit_code, errors.RunError.exit_code) == (
        2,
        3,
        4,
    )
    assert all(
        issubclass(kind, errors.OxcareError)
        for kind in (errors.UsageError, errors.DataError, errors.RunError)
    )


@pytest.mark.parametrize(
    "arguments",
    [("figure", *OPEN_2018[1:], "--json"), ("ledger", "--area", "Nowhere")],
    ids=["a figure", "an error"],
)
def test_the_module_is_the_same_as_the_command(arguments):
    command = shutil.which("oxcare", path=str(Path(sys.executable).parent))
    assert command, "the package is not installed in this environment"
    ran = [
        subprocess.run(
            [*start, *arguments], cwd=paths.PROJECT, capture_output=True, encoding="utf-8"
        )
        for start in ([sys.executable, "-m", "oxcare_analysis"], [command])
    ]
    assert ran[0].stdout == ran[1].stdout
    assert ran[0].stderr == ran[1].stderr
    assert ran[0].returncode == ran[1].returncode


@pytest.mark.parametrize("name", [".github/workflows/monthly.yml", "Makefile", "docs/monthly.md"])
def test_every_command_of_the_monthly_chain_is_one(oxcare, name):
    text = (paths.PROJECT / name).read_text(encoding="utf-8")
    commands = set(re.findall(r"(?:oxcare|-m oxcare_analysis) (data \w+|refresh)", text))
    assert {"data update", "data check", "refresh"} <= commands
    for command in commands:
        assert oxcare(*command.split(), "--help")[0] == 0


def test_what_an_edition_changed_is_listed_for_an_area(oxcare):
    code, out, _ = oxcare(
        "data", "changes", "--edition", "2025", "--area", "Doncaster", "--list", "1"
    )
    assert code == 0
    # d3_cpps_subsequent_plan_2013_to_2024.csv: 437 of Doncaster's plans of 2022; 'x' a year on
    assert (
        "  Doncaster, share of plans started that were a second or later plan, 2022: 100 → not"
        " available" in out
    )
    assert "  and 1 more" in out


def test_what_changed_is_one_json_document(oxcare):
    code, out, _ = oxcare("data", "changes", "--area", "Barnet", "--json")
    assert code == 0
    cells = [c for c in strict(out)["cells"] if c["measure"] == "no_further_action_count"]
    assert [(c["year"], c["value_before"], c["value_after"]) for c in cells] == [(2024, 0.0, None)]


def test_an_edition_that_is_not_held_is_bad_usage(oxcare):
    code, out, err = oxcare("data", "changes", "--edition", "1999")
    assert (code, out) == (2, "")
    assert "There is no edition '1999'; expected one of 2012, 2024, 2025." in err
