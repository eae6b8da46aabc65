"""Notebooks run with other parameters than their own; what is not a parameter is refused before
anything runs.
"""

import multiprocessing
import os
import time

import nbformat
import pytest
from conftest import NEEDS_FORK

from oxcare_analysis.refresh import make, run
from oxcare_analysis.showing import charts
from oxcare_analysis.words import forks, paths
from oxcare_analysis.words.errors import RunError

ROTHERHAM = {"area": "Rotherham", "first_year": 2015, "last_year": 2018, "as_of": "latest"}
CITY = {"area": "City of London", "first_year": 2013, "last_year": 2018, "as_of": "latest"}
RUNS = {
    "00_summary": ROTHERHAM,
    "12_exit_threshold": ROTHERHAM,
    "01_published_figures": CITY,
    "21_looked_after_children": CITY,
    "22_workload_and_cost": ROTHERHAM,
}
DECLARED = (
    'area: str = "Oxfordshire"\nfirst_year: int = 2013\nlast_year: int = 2018\nas_of: str ='
    ' "latest"'
)


@pytest.fixture(scope="module")
def executed(tmp_path_factory, shipped_dir, tables):
    """The notebooks of RUNS as they stand after a run, by name."""
    before = dict(os.environ)
    books = {
        name: run.execute(run.Job(paths.NOTEBOOKS / f"{name}.ipynb", parameters, shipped_dir))
        for name, parameters in RUNS.items()
    }
    os.environ.clear()
    os.environ.update(before)
    return books


@pytest.fixture
def notebook(tmp_path):
    """A function that writes a notebook of code cells; the ones given in `tagged` carry the tag
    parameters.
    """

    def write(*sources, tagged=(0,)):
        new = nbformat.v4
        cells = [
            new.new_code_cell(source, metadata={"tags": ["parameters"] * (i in tagged)})
            for i, source in enumerate(sources)
        ]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(
            new.new_notebook(cells=cells, metadata={"kernelspec": kernel}),
            tmp_path / "planted.ipynb",
        )
        return tmp_path / "planted.ipynb"

    return write


def outputs(book):
    return [output for cell in book.cells for output in cell.get("outputs", [])]


def text(output):
    return output.get("text", "") + output.get("data", {}).get("text/plain", "")


@pytest.mark.parametrize("name", RUNS)
def test_a_run_leaves_no_error_and_no_warning(executed, name):
    assert {output.output_type for output in outputs(executed[name])} <= {
        "display_data",
        "execute_result",
        "stream",
    }
    assert [
        text(o) for o in outputs(executed[name]) if o.output_type == "stream" and o.name == "stderr"
    ] == []


@pytest.mark.parametrize("name", RUNS)
def test_a_run_uses_the_parameters_it_was_given(executed, name):
    injected = [
        cell.source
        for cell in executed[name].cells
        if "injected-parameters" in cell.metadata.get("tags", [])
    ]
    assert len(injected) == 1
    assert all(f"{key} = " in injected[0] for key in run.PARAMETERS)
    study = next(
        text(output) for output in outputs(executed[name]) if text(output).startswith("Study(")
    )
    given = RUNS[name]
    assert study.startswith(
        f"Study({given['area']}, {given['first_year']} to {given['last_year']},"
    )


@pytest.mark.parametrize("name", RUNS)
def test_every_call_of_a_chart_gives_one_figure_or_says_why_not(executed, name):
    for cell in executed[name].cells:
        calls = cell.source.count("ox.charts.") if cell.cell_type == "code" else 0
        drawn = [o for o in cell.get("outputs", []) if charts.MIME in o.get("data", {})]
        refused = [o for o in cell.get("outputs", []) if text(o).startswith("No chart: ")]
        assert len(drawn) + len(refused) == calls, cell.source


def test_the_charts_are_of_the_area_asked_for(executed):
    drawn = [
        o.data[charts.MIME]
        for o in outputs(executed["12_exit_threshold"])
        if charts.MIME in o.get("data", {})
    ]
    assert {"exit_threshold_evidence", "exit_hazard_6_plus", "exit_rate"} <= {
        chart["name"] for chart in drawn
    }
    assert all(
        "Rotherham" in chart["alt"] for chart in drawn if not chart["name"].startswith("residuals")
    )


def test_a_suppressed_figure_is_shown_as_its_reason(executed):
    page = "".join(
        output.get("data", {}).get("text/html", "")
        for output in outputs(executed["01_published_figures"])
    )
    assert "suppressed to protect confidentiality" in page


@pytest.mark.parametrize("path", run.notebooks(), ids=lambda path: path.stem)
def test_every_notebook_of_a_refresh_takes_the_parameters(path):
    run.check_parameters(path, ROTHERHAM)


def test_a_refresh_runs_the_numbered_notebooks_in_order():
    names = [path.stem for path in run.notebooks()]
    assert names == sorted(names)
    assert names[0] == "00_summary"
    assert "explore" not in names


def test_an_unknown_parameter_is_refused(notebook):
    with pytest.raises(RunError, match=r"unknown parameter\(s\) \['margin'\]"):
        run.check_parameters(notebook(DECLARED), ROTHERHAM | {"margin": 0.1})


def test_a_missing_parameter_is_refused(notebook):
    given = {name: value for name, value in ROTHERHAM.items() if name != "as_of"}
    with pytest.raises(RunError, match=r"lacks \['as_of'\]"):
        run.check_parameters(notebook(DECLARED), given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("area", 372),
        ("first_year", "2015"),
        ("first_year", 2015.0),
        ("last_year", True),
        ("as_of", None),
    ],
)
def test_a_parameter_of_the_wrong_type_is_refused(notebook, name, value):
    with pytest.raises(RunError, match=f"was given {name}="):
        run.check_parameters(notebook(DECLARED), ROTHERHAM | {name: value})


def test_a_notebook_without_the_parameters_cell_is_refused(notebook):
    with pytest.raises(RunError, match="planted.ipynb declares the parameters none"):
        run.check_parameters(notebook(DECLARED, tagged=()), ROTHERHAM)


def test_a_notebook_with_two_parameters_cells_is_refused(notebook):
    with pytest.raises(RunError, match="expected one cell tagged 'parameters'"):
        run.check_parameters(notebook(DECLARED, DECLARED, tagged=(0, 1)), ROTHERHAM)


@pytest.mark.parametrize(
    "declared",
    [
        DECLARED.replace("first_year: int = 2013\n", ""),
        DECLARED + "\nmargin: float = 0.25",
        DECLARED.replace("first_year: int", "first_year: str"),
        DECLARED.replace("first_year: int = 2013", "first_year = 2013"),
    ],
    ids=["one missing", "one too many", "one of another type", "one untyped"],
)
def test_a_notebook_that_declares_other_parameters_is_refused(notebook, declared):
    with pytest.raises(RunError, match="declares the parameters"):
        run.check_parameters(notebook(declared), ROTHERHAM)


def test_no_notebooks_at_all_is_said_in_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path)
    with pytest.raises(RunError, match="There are no notebooks"):
        run.notebooks()


@NEEDS_FORK
@pytest.mark.parametrize("name", RUNS)
def test_the_warm_engine_gives_what_a_kernel_gives(executed, name, shipped_dir):
    parameters = RUNS[name]
    job = run.Job(paths.NOTEBOOKS / f"{name}.ipynb", parameters, shipped_dir)
    ((_, warm),) = forks.each({name: (run.execute, job, True)}, 1, fork=True)
    assert [cell.source for cell in warm.cells] == [cell.source for cell in executed[name].cells]
    drawn = 0
    for ours, kernels in zip(warm.cells, executed[name].cells, strict=True):
        if ours.cell_type == "code":
            assert ours.execution_count == kernels.execution_count
            assert ours.outputs == kernels.outputs, (
                ours.source
            )  # tables, text and charts, to the byte
            drawn += sum(
                'class="chart"' in o.get("data", {}).get("text/html", "") for o in ours.outputs
            )
    assert drawn > 0 or name == "01_published_figures"


@NEEDS_FORK
def test_the_warm_engine_gives_streams_displays_and_results_in_their_order(
    notebook, shipped_dir, monkeypatch
):
    monkeypatch.setenv("OXCARE_DATA_DIR", str(shipped_dir))
    monkeypatch.setenv(paths.TAKE_AWAY, "")
    planted = notebook(
        DECLARED,
        "import sys\nprint('one')\nprint('two')\nsys.stderr.write('three')\n"
        "display('four')\nprint('five')\n'six'",
        "None",
        "x = area;",
        "x, _",
    )
    kernel, (_, warm) = (
        run.execute(run.Job(planted, ROTHERHAM, shipped_dir)),
        *forks.each(
            {"planted": (run.execute, run.Job(planted, ROTHERHAM, shipped_dir), True)}, 1, fork=True
        ),
    )
    assert [cell.get("outputs") for cell in warm.cells] == [
        cell.get("outputs") for cell in kernel.cells
    ]
    assert [o.output_type for o in warm.cells[2].outputs] == [
        "stream",
        "stream",
        "display_data",
        "stream",
        "execute_result",
    ]


@NEEDS_FORK
def test_a_notebook_leaves_nothing_behind_for_the_next(notebook, shipped_dir, monkeypatch):
    monkeypatch.setenv("OXCARE_DATA_DIR", str(shipped_dir))
    monkeypatch.setenv(paths.TAKE_AWAY, "")
    job = run.Job(
        notebook(DECLARED, "left = globals().get('left', 0) + 1\nleft"), ROTHERHAM, shipped_dir
    )
    ran = dict(forks.each({name: (run.execute, job, True) for name in "ab"}, 1, fork=True))
    assert [text(outputs(book)[0]) for book in ran.values()] == ["1", "1"]


@NEEDS_FORK
def test_a_fork_that_is_ended_from_outside_is_said_and_its_neighbours_are_ended(
    notebook, shipped_dir
):
    with pytest.raises(forks.Ended, match="dies"):
        list(forks.each({"dies": (os._exit, 3), "sleeps": (time.sleep, 60)}, 2, fork=True))


@NEEDS_FORK
def test_what_is_done_meanwhile_later_forks_have_and_the_first_has_not():
    held = []
    found = forks.each(
        dict.fromkeys(("first", "second"), (len, held)),
        1,
        fork=True,
        meanwhile=lambda: held.append(1),
    )
    assert dict(found) == {"first": 0, "second": 1}


@NEEDS_FORK
def test_what_fails_meanwhile_ends_those_at_work():
    started = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        list(forks.each({"sleeps": (time.sleep, 60)}, 1, fork=True, meanwhile=lambda: 1 / 0))
    assert time.monotonic() - started < 30 and not multiprocessing.active_children()


def test_where_processes_are_started_anew_the_rest_is_done_meanwhile_too():
    held = []
    assert dict(
        forks.each({"one": (len, "ab")}, 1, fork=False, meanwhile=lambda: held.append(1))
    ) == {"one": 2}
    assert held == [1]


@pytest.mark.parametrize(
    ("shown", "fails"),
    [
        ('<figure class="chart">', False),
        ('<p class="nothing">', False),
        ("<p>", True),
        (None, True),
    ],
)
def test_a_cell_that_draws_nothing_is_told(shown, fails):
    result = (
        [] if shown is None else [nbformat.v4.new_output("execute_result", {"text/html": shown})]
    )
    book = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("x = 1\nox.charts.ledger(x)", outputs=result),
            nbformat.v4.new_code_cell("ox.say(x)"),
        ]
    )
    if fails:
        with pytest.raises(RunError, match="drew 0 of 1 charts; nothing came of: ox.charts.ledger"):
            make.check_drawn(book, "planted.ipynb")
    else:
        make.check_drawn(book, "planted.ipynb")


def test_a_kernel_that_dies_is_a_run_that_failed(notebook, tmp_path, shipped_dir, monkeypatch):
    monkeypatch.setenv("OXCARE_DATA_DIR", str(shipped_dir))
    monkeypatch.setenv(paths.TAKE_AWAY, "")
    planted = notebook(DECLARED, "import os\nos._exit(3)")
    with pytest.raises(RunError, match="planted.ipynb"):
        run.execute(run.Job(planted, ROTHERHAM, shipped_dir))
