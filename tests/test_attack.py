"""The attack on a published folder: it finds what is planted, all that unprotected tables tell, and
nothing in ours.

All counts and children here are simulated.
"""

import base64
import json
import re
import shutil
import struct
import zipfile
import zlib
from urllib.parse import quote

import nbformat
import numpy as np
import pandas as pd
import pytest
from conftest import NEEDS_FORK, SHIPPED
from openpyxl import load_workbook
from typer.testing import CliRunner

import oxcare_analysis as ox
from oxcare_analysis.cli.main import app
from oxcare_analysis.intake import raw
from oxcare_analysis.local import (
    attack,
    demonstration,
    disclosed,
    disclosure,
    published_folder,
    writers,
)
from oxcare_analysis.local.simulator import simulate
from oxcare_analysis.refresh import downloads, pages, run
from oxcare_analysis.words import forks, paths
from oxcare_analysis.words.errors import UsageError

SAFE = "<p>nothing here</p>"


@pytest.fixture(scope="module")
def demonstrated():
    """Every table under every protection, attacked."""
    return demonstration.run().set_index(["table", "protection"])


@pytest.fixture
def report(tmp_path):
    """A function that writes the page of own months (and any other files) of one month's report;
    the folder.
    """

    def write(page=SAFE, month="2031-02", **files):
        folder = tmp_path / month / "testshire"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "index.html").write_text("<p>Simulated</p>", encoding="utf-8")
        (folder / "31_local_months.html").write_text(page, encoding="utf-8")
        for name, content in files.items():
            (folder / name.replace("__", ".")).write_bytes(
                content if isinstance(content, bytes) else content.encode()
            )
        return folder

    return write


def table(*rows, header=("month", "Total", "First plan", "Again")):
    cells = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rows)
    return f"<table><tr>{''.join(f'<th>{h}</th>' for h in header)}</tr>{cells}</table>"


# What is recovered


def test_nothing_is_recovered_under_full_protection(demonstrated):
    full = demonstrated.xs("full protection", level="protection")
    assert full[["recovered", "revisions_told"]].to_numpy().sum() == 0
    assert (full["held_back"] >= full["small_counts"]).all() and full["small_counts"].min() > 20


def test_all_is_recovered_where_suppression_is_off(demonstrated):
    assert (demonstrated.xs("suppression off", level="protection")["share"] >= 0.9).all()


def test_nine_tenths_of_those_alone_in_a_sum_are_recovered_where_figures_are_exact(demonstrated):
    exact = demonstrated.xs("secondary suppression and rounding off", level="protection")
    assert (exact["alone_share"] >= 0.9).all() and exact["alone"].sum() > 50


def test_nine_tenths_are_recovered_where_a_total_and_the_other_part_stand_beside_a_small_part(
    demonstrated,
):
    alone = demonstrated.xs("only secondary suppression off", level="protection")
    assert alone.loc[demonstration.WORDS["again"], "share"] >= 0.9
    assert (alone["recovered"] > 0).all() and (alone["revisions_told"] > 0).all()


def test_every_small_count_is_in_no_sum_or_beside_another_or_alone(demonstrated):
    assert (
        demonstrated["small_counts"] == demonstrated[list(demonstration.STANDS)].sum(axis=1)
    ).all()
    two = pd.DataFrame(
        {
            "whole": [20, 12, 40, np.nan],
            "a": [4, 5, 20, 6],
            "b": [16, 7, 20, 20],
            "other": [3, 30, 30, 30],
        },
        dtype=float,
    )
    stands = demonstration.small_counts(two, disclosure.Shape((("whole", ("a", "b")),)))["stands"]
    assert stands.to_dict() == {
        "0, a": "alone",
        "0, other": "in_no_sum",
        "1, a": "beside_another",
        "1, b": "beside_another",
        "3, a": "in_no_sum",
    }


def test_a_claim_that_leaves_the_true_count_out_is_not_counted():
    exact = pd.DataFrame({"n": [4, 7]}, index=["x", "y"], dtype=float)
    claims = pd.DataFrame(
        [("t", "x, n", 0, 5, attack.MARGIN), ("t", "y, n", 1, 5, attack.MARGIN)],
        columns=["table", "cell", "low", "high", "how"],
    )
    assert (
        demonstration.told(attack.Attack("f", 1, 2, 2, claims), exact, disclosure.Shape())[
            "recovered"
        ]
        == 1
    )


def test_the_page_of_the_docs_has_these_figures(demonstrated):
    page = (paths.PROJECT / "docs" / "disclosure.md").read_text(encoding="utf-8")
    assert demonstration.markdown(demonstrated.reset_index()) in page, (
        "oxcare disclose demonstrate --markdown"
    )


def test_margins_give_a_count_back(report):
    rows = [(f"2031-{m:02}", 40, 30, 10) for m in range(1, 6)]
    assert attack.attack(report(table(*rows))).recovered.empty
    told = attack.attack(report(table(*rows, ("2031-06", 35, 30, "held back")))).recovered
    assert told[["cell", "low", "high"]].to_numpy().tolist() == [["2031-06, again", 1, 9]]


def test_a_column_named_a_total_is_believed_without_a_row_that_is_whole(report):
    rows = [("2031-01", 40, 35, "held back"), ("2031-02", 40, "held back", 35)]
    found = attack.attack(
        report(table(*rows, header=("month", "Total", "First plan", "Again")))
    ).recovered
    assert found["cell"].tolist() == ["2031-01, again", "2031-02, first plan"]


def test_a_column_all_held_back_and_one_named_after_years_are_counts(report):
    page = table(
        ("2030", 80, "held back", 15),
        ("2031", 85, "held back", "held back"),
        header=("Year to March", "Plans", "Unborn", "Within two years of an earlier plan"),
    )
    assert attack.attack(report(page)).held_back == 3


def test_a_count_that_an_earlier_edition_showed_gives_another_away(report):
    rows = [(f"2031-{m:02}", 40, 30, 10) for m in range(1, 6)]
    last = ("2031-06", 35, "held back", "held back")
    assert attack.attack(report(table(*rows, last))).recovered.empty
    report(table(*rows, ("2031-06", "held back", 30, "held back")), month="2031-01")
    found = attack.attack(report(table(*rows, last)))
    assert found.editions == 2 and found.recovered["cell"].tolist() == ["2031-06, again"]


def test_a_count_that_another_table_shows_gives_another_away(report):
    rows = [(f"2031-{m:02}", 40, 30, 10) for m in range(1, 6)]
    first = table(*rows, ("2031-06", 35, "held back", "held back"))
    beside = table(
        *rows[:3], ("2031-06", 35, 30, 99), header=("month", "Total", "First plan", "Other")
    )
    assert attack.attack(report(first + beside)).recovered["cell"].tolist() == ["2031-06, again"]


def own(measure, *rows, header=("month", "value", "status")):
    """A page's table of own months of one measure."""
    caption = f"<caption>31_{measure}_by_month_own</caption><tr>"
    return table(*rows, header=header).replace("<tr>", caption, 1)


def test_two_editions_laid_one_over_the_other_tell_what_neither_does(report):
    # Stocks fell by 6 to 14 and 13 to 17 ended: 0 to 11 started. When all stocks had moved: by 1 to
    # 9, so 4 to 16.
    def page(before, after):
        return "".join(
            [
                own("plans_open", ("2031-01", before, "rounded"), ("2031-02", after, "rounded")),
                own("plans_started", ("2031-01", "", "suppressed"), ("2031-02", "", "suppressed")),
                own("plans_ended", ("2031-01", "15", "rounded"), ("2031-02", "15", "rounded")),
            ]
        )

    assert attack.attack(report(page(110, 105), month="2031-04")).recovered.empty
    assert attack.attack(report(page(100, 90), month="2031-03")).recovered.empty
    found = attack.attack(report(page(110, 105), month="2031-04")).recovered
    assert found[["cell", "low", "high"]].to_numpy().tolist() == [["2031-02, plans_started", 4, 11]]


def test_the_total_of_a_year_gives_its_months_away(report):
    year = [f"2030-{m:02}" for m in range(4, 13)] + [f"2031-{m:02}" for m in range(1, 4)]
    months = own(
        "conferences_held",
        *[(m, "", "suppressed") if i else (m, "10", "rounded") for i, m in enumerate(year)],
    )
    assert attack.attack(report(months)).recovered.empty
    total = table(("2031", "15"), header=("Year to March", "Conferences"))
    found = attack.attack(report(months + total)).recovered
    assert len(found) == 11 and set(found["high"]) == {7}


def test_the_stock_a_ledger_begins_with_is_a_stock_of_the_months(report):
    months = own("plans_open", ("2031-01", "", "suppressed"), ("2031-02", "15", "rounded"))
    bars = table(
        ("Open, end of January 2031", "5", ""),
        ("Referrals", "-5", "0"),
        header=("Step", "Children", "Low"),
    )
    assert attack.attack(report(months)).recovered.empty
    assert attack.attack(report(months + bars)).recovered["how"].tolist() == [attack.SHOWN_SMALL]
    no_month = table(
        ("Open, end of Marsh 2031", "5", ""),
        ("Referrals", "-5", "0"),
        header=("Step", "Children", "Low"),
    )
    assert attack.attack(report(months + no_month)).recovered.empty


def test_months_that_a_chart_leaves_out_at_its_ends_were_held_back(report):
    open_by = own("plans_open", *[(f"2031-{m:02}", "30", "rounded") for m in range(1, 6)])
    ended = own("plans_ended", *[(f"2031-{m:02}", "10", "rounded") for m in range(1, 6)])
    chart = own(
        "control_plans_started",
        *[(f"2031-{m:02}", "10", "none") for m in (3, 4)],
        header=("month", "value", "signal"),
    )
    shown = attack.counted(published_folder.folder(report(open_by + ended + chart)).tables)[
        "months"
    ]
    assert np.isnan(shown["plans_started"]).tolist() == [True, True, False, False, True]


def test_a_small_change_between_editions_is_told(report):
    report(table(*[(f"2031-{m:02}", 40, 30, 10) for m in range(1, 6)]), month="2031-01")
    told = attack.attack(
        report(table(*[(f"2031-{m:02}", 40, 30 + 5 * (m == 2), 10) for m in range(1, 6)]))
    ).recovered
    assert told[["cell", "low", "high", "how"]].to_numpy().tolist() == [
        ["2031-02, first plan", 1, 9, attack.REVISION]
    ]


# What does not meet the eye


def png(text):
    body = b"tEXt" + text
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", len(text))
        + body
        + struct.pack(">I", zlib.crc32(body))
    )


@pytest.mark.parametrize(
    "hidden",
    [
        "<p>In 2031-02: 7 plans.</p>",
        "<!-- 2031-02: 7 -->",
        '<img alt="2031-02: 7">',
        '<p data-own="{&quot;2031-02&quot;: 7}">',
        '<p title="2031-02=7">',
        "<script>var own = {'2031-02': 7}</script>",
        "<style>/* 2031-02: 7 */</style>",
        '<img src="data:image/svg+xml;base64,'
        + base64.b64encode(b"<svg><desc>2031-02: 7</desc></svg>").decode()
        + '">',
        '<img src="data:image/svg+xml,' + quote("<svg><desc>2031-02: 7</desc></svg>") + '">',
        '<img src="data:image/png;base64,'
        + base64.b64encode(png(b"Description\x002031-02: 7")).decode()
        + '">',
    ],
)
def test_a_small_count_hidden_in_a_page_is_found(report, hidden):
    assert attack.attack(report(SAFE + hidden)).recovered["how"].tolist() == [attack.HIDDEN]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("verdicts__json", '{"own": {"2031-02": 7}}'),
        ("31_local_months__ipynb", '{"metadata": {"own": "2031-02: 7"}}'),
        ("31_x__svg", "<svg><!-- 2031-02: 7 --></svg>"),
        ("31_x__png", png(b"Own\x002031-02: 7")),
        ("briefing__md", "2031-02: 7"),
        ("alt_text__csv", "chart,alt_text\n31_x,2031-02: 7\n"),
    ],
)
def test_a_small_count_hidden_in_a_file_is_found(report, name, content):
    assert attack.attack(report(**{name: content})).recovered["how"].tolist() == [attack.HIDDEN]


def test_a_small_count_in_a_csv_a_workbook_or_a_list_of_records_is_found(report):
    rows = "month,value,status\n2031-01,20,rounded\n2031-02,7,published\n"
    folder = report(**{"31_plans_started_by_month_own__csv": rows})
    assert attack.attack(folder).recovered["how"].tolist() == [attack.SHOWN_SMALL]
    other, chart = (
        report(month="2031-03"),
        {"title": "t", "alt": "a", "svg": "", "source": "s", "csv": rows},
    )
    for name in ("charts", "data"):
        (other / name).mkdir(exist_ok=True)
    downloads.write_pictures({"31_plans_started_by_month_own": chart}, other)
    downloads.write_tables({"31_plans_started_by_month_own": chart}, other)
    (other / "data" / "31_plans_started_by_month_own.csv").unlink()
    assert load_workbook(other / "tables.xlsx").sheetnames == ["31_plans_started_by_month_own"]
    assert attack.SHOWN_SMALL in set(attack.attack(other).recovered["how"])
    listed = report(
        month="2031-04", own__json=json.dumps({"x": [{"month": "2031-01", "own_count": 3}]})
    )
    assert attack.SHOWN_SMALL in set(attack.attack(listed).recovered["how"])


@pytest.mark.parametrize(
    "page",
    [
        table(("A1", "2031-01"), header=("person_id", "month")),
        table(("A1", "3"), header=("Child Unique ID", "plans")),
        "<!-- birth_date -->",
        table(*[(i, f"2020-01-{i:02}") for i in range(1, 8)], header=("n", "when")),
    ],
)
def test_rows_that_look_like_children_are_found(report, page):
    assert attack.attack(report(page)).children


def test_a_folder_that_is_no_report_is_refused(tmp_path):
    with pytest.raises(UsageError, match="holds no report"):
        attack.attack(tmp_path)


def test_the_command_exits_3_where_something_is_recovered(report):
    clean, leaky = report(), report(SAFE + "<!-- 2031-02: 7 -->", month="2031-05")
    assert CliRunner().invoke(app, ["disclose", "check", str(clean)]).exit_code == 0
    told = CliRunner().invoke(app, ["disclose", "check", str(leaky), "--json"])
    assert told.exit_code == 3 and json.loads(told.stdout)["recovered"][0]["how"] == attack.HIDDEN


# The page of own months


@pytest.fixture(scope="module")
def page31(tmp_path_factory, tables):
    """The page of own months and what it hands out, as a refresh makes them, from simulated records
    of a small place.

    `tables` and the noise model are made beforehand, so that they need not be again beside a copy
    of the figures.
    """
    ox.load("Rutland", 2014, 2024)
    base = tmp_path_factory.mktemp("own")
    records = simulate(children=26_000, months=48, cause="none", seed=4)
    data = base / "data"
    for part in ("raw", "processed"):
        shutil.copytree(SHIPPED / part, data / part)
    writers.write_ssd(records, base / "ssd")
    added = CliRunner().invoke(app, ["local", "add", str(base / "ssd"), "--data-dir", str(data)])
    assert added.exit_code == 0, added.output
    exact = raw.read_months(data)
    return (
        handed_out(base / "reports", data),
        records,
        exact.set_axis(exact.index.astype(str)),
        data,
    )


def handed_out(reports, data, warm=False):
    """Run the notebook of own months and write what a refresh makes of it; the report's folder."""
    folder = reports / "2031-01" / "rutland"
    folder.parent.mkdir(parents=True)
    source = next(path for path in run.notebooks() if path.stem == run.OWN_MONTHS)
    job = run.Job(
        source,
        {"area": "Rutland", "first_year": 2014, "last_year": 2024, "as_of": "latest"},
        data,
        ("page", "slide"),
    )
    with pytest.MonkeyPatch.context() as patched:
        for name in ("OXCARE_DATA_DIR", paths.TAKE_AWAY):
            patched.setenv(name, "")
        book = run.execute(job, warm)
    drawn = downloads.charts_of(book, source.stem)
    downloads.make_folders(folder)
    downloads.write_pictures(drawn, folder)
    downloads.write_tables(drawn, folder)
    place = pages.Place("Simulated", "", (("index.html", "Start", ""),))
    (folder / f"{source.stem}.html").write_text(
        pages.render(book, "Own", place, "x"), encoding="utf-8"
    )
    nbformat.write(book, folder / source.name)
    return folder


def protected_less(protection, reports, data):
    """The same with parts of the protection off, in the one function that all counts pass; for a
    process of its own.
    """
    whole = disclosure.protect
    disclosure.protect = lambda table, shape, earlier=None, **_: whole(
        table, shape, earlier, protection
    )
    disclosed._wait = lambda *_: None  # nothing of it is let out
    return handed_out(reports, data, warm=True)


@pytest.fixture(scope="module")
def less(page31, tmp_path_factory):
    """What the attack gets of page 31 with parts of the protection off, by protection."""
    _, _, exact, data = page31
    calls = {
        protection: (protected_less, protection, tmp_path_factory.mktemp(protection), data)
        for protection in ("primary", "unrounded", "none")
    }
    return {
        protection: demonstration.told(attack.attack(folder), exact, disclosure.MONTHS)
        for protection, folder in forks.each(calls, 1, fork=True)
    }


def test_page_31_gives_no_count_back(page31):
    folder, _, exact, _ = page31
    found = attack.attack(folder)
    assert found.recovered.empty and not found.children
    shown = attack.counted(published_folder.folder(folder).tables)["months"]
    small = exact.loc[shown.index, shown.columns] < 10
    assert (
        found.cells > 300
        and found.held_back >= shown.isna().to_numpy().sum()
        and found.held_back > 10
    )
    assert not np.isfinite(shown.to_numpy()[small]).any()


@NEEDS_FORK
def test_all_of_page_31_is_recovered_where_suppression_is_off(less):
    assert (
        less["none"]["share"] >= 0.9
        and less["none"]["small_counts"] > 50
        and less["none"]["held_back"] == 0
    )


@NEEDS_FORK
def test_all_of_page_31_that_stand_alone_in_a_sum_are_recovered_where_only_primary_suppression_is_left(
    less,
):
    assert less["unrounded"]["alone_share"] >= 0.9 and less["unrounded"]["alone"] > 20


@NEEDS_FORK
def test_what_is_recovered_of_page_31_is_what_the_docs_say(less, page31):
    given = demonstration.told(attack.attack(page31[0]), page31[2], disclosure.MONTHS)
    told = (
        f"{given['small_counts']} months under ten, {given['alone']} of them alone in a sum, says"
        f" the same: nothing is recovered under full protection; all {less['none']['recovered']}"
        f" with suppression off; all {less['unrounded']['alone_recovered']} of those alone with"
        f" secondary suppression and rounding off; and {less['primary']['alone_recovered']} of the"
        f" {given['alone']}"
    )
    assert given["recovered"] == 0 and told in (paths.PROJECT / "docs" / "disclosure.md").read_text(
        encoding="utf-8"
    )


def test_all_of_page_31_is_what_the_register_says_was_let_out(page31):
    folder, _, exact, data = page31
    assert disclosed.read("months", data).empty
    disclosed.enter_waiting(data)
    register = disclosed.read("months", data).set_index("cell")["value"]
    shown = attack.counted(published_folder.folder(folder).tables)["months"].stack().dropna()
    shown = shown[~np.isinf(shown)]
    assert len(shown) > 100
    for (month, measure), value in shown.items():
        assert (
            value == register[f"{month}|{measure}"] and abs(value - exact.at[month, measure]) <= 2
        )


def test_no_child_is_anywhere_in_what_page_31_hands_out(page31):
    folder, records, _, _ = page31
    people = (
        set(records.persons["person_id"])
        | set(records.plans["plan_id"])
        | set(records.persons["family_id"])
    )
    born = set(records.persons["birth_date"].dropna().dt.strftime("%Y-%m-%d"))
    words = set()
    for path in folder.rglob("*"):
        if path.is_file():
            text = (
                path.read_bytes().decode("latin-1")
                if path.suffix == ".png"
                else " ".join(everything(path))
            )
            words |= set(re.findall(r"[\w-]+", text))
    assert len(words) > 500
    assert not words & people and not words & born


def everything(path):
    """All text of a file: workbooks opened, pictures inside pages unpacked."""
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            return [book.read(name).decode("utf-8") for name in book.namelist()]
    text = path.read_text(encoding="utf-8")
    return [text, *(content.decode("latin-1") for content in published_folder.pictures(text))]
