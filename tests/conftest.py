"""Fixtures of all tests: the shipped tables once a session, and a small simulated data folder for
each test.
"""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from oxcare_analysis.cli import main as command_line
from oxcare_analysis.intake import raw
from oxcare_analysis.tables import tables as tables_module
from oxcare_analysis.words import forks

NOBODY = "quillonby-tester"  # stands in for the user's name
SHIPPED = Path(__file__).resolve().parents[1] / "data"
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: two processes share the cores
os.environ.pop("OXCARE_DATA_DIR", None)  # an analyst's own folder must not change what is tested

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FOUND = next((path for path in map(shutil.which, BROWSERS) if path), None)
NEEDS_FORK = pytest.mark.skipif(
    not forks.CAN_FORK, reason="notebooks run in kernels where a process cannot fork"
)
NEEDS_BROWSER = pytest.mark.skipif(FOUND is None, reason="no Chromium or Chrome is installed here")
KEY_COLUMNS = [
    "time_period",
    "time_identifier",
    "geographic_level",
    "country_code",
    "country_name",
    "region_code",
    "region_name",
    "old_la_code",
    "new_la_code",
    "la_name",
]
# The columns of the department's own files, in their order, beside the key columns.
OFFICIAL_COLUMNS = {
    "d1": [
        "category",
        "CPP_start",
        "CPP_start_rate",
        "CPP_child_start",
        "CPP_child_start_rate",
        "CPP_end",
        "CPP_end_rate",
        "CPP_child_end",
        "CPP_child_end_rate",
        "CPP_anypoint",
        "CPP_anypoint_rate",
        "CPP_child_anypoint",
        "CPP_child_anypoint_rate",
        "CPP_At31",
        "CPP_At31_rate",
    ],
    "d3": ["category", "CPP_start", "CPP_subsequent", "CPP_subsequent_percent"],
    "d5": [
        "category",
        "CPP_At31",
        "3_months_or_less",
        "3_months_or_less_percent",
        "more_than_3_months_6_months",
        "more_than_3_months_6_months_percent",
        "more_than_6_months_less_than_1_year",
        "more_than_6_months_less_than_1_year_percent",
        "1_year_less_than_2_years",
        "1_year_less_than_2_years_percent",
        "2_years_or_more",
        "2_years_or_more_percent",
    ],
    "d5 of 2020": [
        "category",
        "CPP_At31",
        "3_months_or_less",
        "3_months_or_less_percent",
        "more_than_3_months_6_months",
        "more_than_3_months_6_months_percent",
        "more_than_6_months_less_than_1_year",
        "more_than_6_months_less_than_1_year_percent",
        "1_2_years",
        "1_2_years_percent",
        "2_years+",
        "2_years+_percent",
    ],
    "c1": [
        "category",
        "Referrals",
        "Referrals_rate",
        "Re_referrals",
        "Re_referrals_percent",
        "No_Further_Action",
        "No_Further_Action_percent",
        "Not_in_Need",
        "Not_in_Need_percent",
        "Referrals_child",
        "Referrals_child_rate",
        "Re_referrals_child",
        "Re_referrals_child_percent",
    ],
    "c1 of 2025": [
        "category",
        "referral_count",
        "rereferral_count",
        "rereferral_percent",
        "no_further_action_count",
        "no_further_action_percent",
        "not_in_need_count",
        "not_in_need_percent",
        "referral_child_count",
        "rereferral_child_count",
        "rereferral_child_percent",
    ],
    "c4": [
        "category",
        "Section47",
        "Section47_rate",
        "Section47_child",
        "Section47_child_rate",
        "ICPC",
        "ICPC_rate",
        "ICPC_child",
        "ICPC_child_rate",
        "Duration_0-10_days",
        "Duration_11-15_days",
        "Duration_16-20_days",
        "Duration_21+_days",
        "Duration_25th_Percentile",
        "Duration_median",
        "Duration_75th_Percentile",
    ],
    "population": ["age_group", "population_estimate"],
}

# Simulated: three authorities that do not exist, under codes that are in use nowhere, with invented
# numbers.
NAMES = {"981": "Testshire", "982": "Mockham", "983": "Sampleton"}
YEARS = (2022, 2023, 2024)
# (code, year): plans open, started, ended, repeat; conferences, enquiries; referrals, again,
# closed, not in need;
# children. Ends are those the stock implies; a repeat plan is a plan started; every step is fewer
# than the one before.
SIMULATED = {
    ("981", 2022): (400, 500, 480, 100, 600, 1500, 5000, 1000, 400, 1600, 140000),
    ("981", 2023): (430, 520, 490, 110, 620, 1550, 5100, 1010, 410, 1610, 141000),
    ("981", 2024): (470, 560, 520, 120, 650, 1600, 5200, 1020, 420, 1620, 142000),
    ("982", 2022): (200, 260, 250, 60, 300, 900, 2000, 420, 90, 800, 50000),
    ("982", 2023): (190, 240, 250, 55, 290, 880, 1950, 410, 95, 790, 50500),
    ("982", 2024): (210, 270, 250, 65, 310, 920, 2100, 430, 100, 810, 51000),
    ("983", 2022): (30, 40, 35, 8, 50, 120, 400, 80, 20, 100, 9000),
    ("983", 2023): (32, 42, 40, 8, 52, 125, 410, 82, 21, 101, 9100),
    ("983", 2024): (35, 45, 42, 9, 55, 130, 420, 84, 22, 102, 9200),
}


@pytest.fixture(scope="session")
def tables(tmp_path_factory):
    with FileLock(
        tmp_path_factory.getbasetemp().parent / "oxcare-tables.lock"
    ):  # one worker builds, the rest load
        return tables_module.load(SHIPPED)


@pytest.fixture(scope="session")
def published(tmp_path_factory, tables):
    """The folder of reports after one real refresh of Rutland: made by the first worker that asks,
    read by all.
    """
    base = tmp_path_factory.getbasetemp()
    out = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "published"
    with FileLock(out.with_suffix(".lock")):
        if not (out / "index.html").exists():
            command = [
                sys.executable,
                "-m",
                "oxcare_analysis",
                "refresh",
                "--area",
                "Rutland",
                "--out",
                str(out),
            ]
            done = run_as_nobody(command)
            assert done.returncode == 0, done.stderr
            out.with_suffix(".stdout").write_text(done.stdout, encoding="utf-8")
    return out


def run_as_nobody(command):
    """Run a command from the project's folder for a user whose name is known; its output as
    text.
    """
    names = dict.fromkeys(("USER", "LOGNAME", "USERNAME"), NOBODY)
    return subprocess.run(
        command,
        cwd=SHIPPED.parent,
        env=os.environ | names | {"PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
    )


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=FOUND, args=["--no-sandbox", "--disable-gpu"]
        )
        yield started
        started.close()


@pytest.fixture
def oxcare(monkeypatch, capsys):
    """A function that runs the command line here: exit code, standard output, standard error."""

    def run_here(*arguments):
        monkeypatch.setattr(sys, "argv", ["oxcare", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            command_line.main()
        return ended.value.code or 0, *capsys.readouterr()

    return run_here


@pytest.fixture(scope="session")
def resolved(tables):
    return tables_module.resolve(tables)


@pytest.fixture(scope="session")
def panel(resolved):
    return tables_module.panel(resolved)


@pytest.fixture(scope="session")
def shipped_dir():
    return SHIPPED


@pytest.fixture
def official(csv_file):
    """A function that writes one simulated file in an official layout and returns its path.

    official("d1", {("981", 2024, "CPP_At31"): "c"}, years=(2023, 2024), name="d1.csv")
    """

    def write(kind, changes=None, years=YEARS, name=None):
        rows = [
            _row(kind, code, year, changes or {})
            for year in years
            for code in ("England", "South East", *NAMES)
        ]
        return csv_file(
            name or f"{kind.replace(' ', '_')}.csv", KEY_COLUMNS + OFFICIAL_COLUMNS[kind], rows
        )

    return write


@pytest.fixture
def csv_file(tmp_path):
    """A function that writes a CSV: its name, the header, the rows."""

    def write(name, header, rows):
        with (tmp_path / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])
        return tmp_path / name

    return write


@pytest.fixture
def wide_csv(csv_file):
    """A function that writes a file in the documented wide layout: columns besides the keys, then
    rows of text.
    """

    def write(columns, *rows, name="wide.csv"):
        return csv_file(
            name, ["year", "geography_level", "la_code", "old_la_code", "name", *columns], rows
        )

    return write


@pytest.fixture
def monthly_csv(csv_file):
    """A function that writes the monthly template with the rows given."""

    def write(*rows, name="monthly.csv"):
        return csv_file(
            name,
            [
                "month",
                "plans_open",
                "plans_started",
                "plans_ended",
                "enquiries_started",
                "conferences_held",
                "referrals_received",
            ],
            rows,
        )

    return write


@pytest.fixture
def small_data_dir(tmp_path, official):
    """A data folder with edition 2024 of four simulated files, each year published in October of
    that year.
    """
    folder = tmp_path / "small"
    (folder / "raw").mkdir(parents=True)
    (folder / "raw" / raw.FIRST_PUBLISHED).write_text(
        "source,year,month\n"
        + "".join(f"children_in_need,{year},{year}-10\n" for year in range(2022, 2026)),
        encoding="utf-8",
    )
    raw.add_files([official(kind) for kind in ("d1", "c1", "c4", "population")], data_dir=folder)
    return folder


def _row(kind, code, year, changes):
    """One line of an official file; columns nobody reads hold 'z', not applicable."""
    keys = {
        "England": ["National", "E92000001", "England", "", "", "", "", ""],
        "South East": ["Regional", "E92000001", "England", "E12000008", "South East", "", "", ""],
    }.get(
        code,
        [
            "Local authority",
            "E92000001",
            "England",
            "E12000008",
            "South East",
            code,
            f"E10000{code}",
            NAMES.get(code),
        ],
    )
    printed_year = (
        year - 1 if kind == "population" else year
    )  # a mid-year count, one year before its use
    cells = _cells(kind, code, year)
    values = [
        changes.get((code, year, column), cells.get(column, "z"))
        for column in OFFICIAL_COLUMNS[kind]
    ]
    return [printed_year, "Reporting year", *keys, *values]


def _numbers(code, year):
    if code in NAMES:
        return (
            SIMULATED.get((code, year)) or SIMULATED[code, YEARS[-1]]
        )  # later years repeat the last
    totals = [sum(column) for column in zip(*(_numbers(c, year) for c in NAMES), strict=True)]
    return [round(total, -1) for total in totals[:-1]] + totals[
        -1:
    ]  # England and regions to the nearest 10


def _cells(kind, code, year):
    (
        still_open,
        started,
        ended,
        repeat,
        conferences,
        enquiries,
        referrals,
        again,
        closed,
        not_in_need,
        children,
    ) = _numbers(code, year)
    bands = [still_open // 4] * 4 + [still_open - 4 * (still_open // 4)]
    return {
        "d1": {
            "CPP_start": started,
            "CPP_end": ended,
            "CPP_At31": still_open,
            "CPP_start_rate": _rate(started, children),
            "CPP_end_rate": _rate(ended, children),
            "CPP_At31_rate": _rate(still_open, children),
        },
        "d3": {
            "CPP_start": started,
            "CPP_subsequent": repeat,
            "CPP_subsequent_percent": f"{100 * repeat / started:.1f}",
        },
        "d5": dict(
            zip(
                OFFICIAL_COLUMNS["d5"][1:],
                [still_open, *(x for b in bands for x in (b, "z"))],
                strict=True,
            )
        ),
        "d5 of 2020": dict(
            zip(
                OFFICIAL_COLUMNS["d5 of 2020"][1:],
                [still_open, *(x for b in bands for x in (b, "z"))],
                strict=True,
            )
        ),
        "c1": {
            "Referrals": referrals,
            "Referrals_rate": _rate(referrals, children),
            "Re_referrals": again,
            "No_Further_Action": closed,
            "Not_in_Need": not_in_need,
        },
        "c1 of 2025": {
            "referral_count": referrals,
            "rereferral_count": again,
            "no_further_action_count": closed,
            "not_in_need_count": not_in_need,
        },
        "c4": {
            "Section47": enquiries,
            "Section47_rate": _rate(enquiries, children),
            "ICPC": conferences,
            "ICPC_rate": _rate(conferences, children),
        },
        "population": {"age_group": "Children aged 0 to 17 years", "population_estimate": children},
    }[kind]


def _rate(count, children):
    return f"{count / children * 10_000:.1f}"
