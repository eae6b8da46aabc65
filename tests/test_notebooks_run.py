"""Notebooks run with other parameters than their own; what is not a parameter is refused before anything runs."""

import os

import nbformat
import pytest

from oxcare_analysis.refresh import run
from oxcare_analysis.showing import charts
from oxcare_analysis.words import paths
from oxcare_analysis.words.errors import RunError

ROTHERHAM = {"area": "Rotherham", "first_year": 2015, "last_year": 2018, "as_of": "latest"}
CITY = {"area": "City of London", "first_year": 2013, "last_year": 2018, "as_of": "latest"}
RUNS = {"00_summary": ROTHERHAM, "12_exit_threshold": ROTHERHAM, "01_published_figures": CITY,
        "21_looked_after_children": CITY, "22_workload_and_cost": ROTHERHAM}
DECLARED = 'area: str = "Oxfordshire"\nfirst_year: int = 2013\nlast_year: int = 2018\nas_of: str = "latest"'


@pytest.fixture(scope="module")
def executed(tmp_path_factory, shipped_dir, tables):
    """The notebooks of RUNS as they stand after a run, by name."""
    folder, before = tmp_path_factory.mktemp("executed"), dict(os.environ)
    for name, parameters in RUNS.items():
        run.execute(run.Job(paths.NOTEBOOKS / f"{name}.ipynb", folder / f"{name}.ipynb", parameters, shipped_dir))
    os.environ.clear()
    os.environ.update(before)
    return {name: nbformat.read(folder / f"{name}.ipynb", as_version=4) for name in RUNS}


@pytest.fixture
def notebook(tmp_path):
    """A function that writes a notebook of code cells; the ones given in `tagged` carry the tag parameters."""

    def write(*sources, tagged=(0,)):
        new = nbformat.v4
        cells = [
            new.new_code_cell(source, metadata={"tags": ["parameters"] * (i in tagged)})
            for i, source in enumerate(sources)
        ]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(new.new_notebook(cells=cells, metadata={"kernelspec": kernel}), tmp_path / "planted.ipynb")
        return tmp_path / "planted.ipynb"

    return write


def outputs(book):
    return [output for cell in book.cells for output in cell.get("outputs", [])]


def text(output):
    return output.get("text", "") + output.get("data", {}).get("text/plain", "")


@pytest.mark.parametrize("name", RUNS)
def test_a_run_leaves_no_error_and_no_warning(executed, name):
    assert {output.output_type for output in outputs(executed[name])} <= {"display_data", "execute_result", "stream"}
    assert [text(o) for o in outputs(executed[name]) if o.output_type == "stream" and o.name == "stderr"] == []


@pytest.mark.parametrize("name", RUNS)
def test_a_run_uses_the_parameters_it_was_given(executed, name):
    injected = [cell.source for cell in executed[name].cells if "injected-parameters" in cell.metadata.get("tags", [])]
    assert len(injected) == 1
    assert all(f"{key} = " in injected[0] for key in run.PARAMETERS)
    study = next(text(output) for output in outputs(executed[name]) if text(output).startswith("Study("))
    given = RUNS[name]
    assert study.startswith(f"Study({given['area']}, {given['first_year']} to {given['last_year']},")


@pytest.mark.parametrize("name", RUNS)
def test_every_call_of_a_chart_gives_one_figure_or_says_why_not(executed, name):
    for cell in executed[name].cells:
        calls = cell.source.count("ox.charts.") if cell.cell_type == "code" else 0
        drawn = [o for o in cell.get("outputs", []) if charts.MIME in o.get("data", {})]
        refused = [o for o in cell.get("outputs", []) if text(o).startswith("No chart: ")]
        assert len(drawn) + len(refused) == calls, cell.source


def test_the_charts_are_of_the_area_asked_for(executed):
    drawn = [o.data[charts.MIME] for o in outputs(executed["12_exit_threshold"]) if charts.MIME in o.get("data", {})]
    assert {"exit_threshold_evidence", "exit_hazard_6_plus", "exit_rate"} <= {chart["name"] for chart in drawn}
    assert all("Rotherham" in chart["alt"] for chart in drawn if not chart["name"].startswith("residuals"))


def test_a_suppressed_figure_is_shown_as_its_reason(executed):
    page = "".join(output.get("data", {}).get("text/html", "") for output in outputs(executed["01_published_figures"]))
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
    [("area", 372), ("first_year", "2015"), ("first_year", 2015.0), ("last_year", True), ("as_of", None)],
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


def test_a_kernel_that_dies_is_a_run_that_failed(notebook, tmp_path, shipped_dir, monkeypatch):
    monkeypatch.setenv("OXCARE_DATA_DIR", str(shipped_dir))
    monkeypatch.setenv(paths.TAKE_AWAY, "")
    planted = notebook(DECLARED, "import os\nos._exit(3)")
    with pytest.raises(RunError, match="planted.ipynb"):
        run.execute(run.Job(planted, tmp_path / "executed.ipynb", ROTHERHAM, shipped_dir))
