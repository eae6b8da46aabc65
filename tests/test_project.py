"""The project as a whole: nothing of one machine in it, one list of dependencies, names explained,
layers held.
"""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import oxcare_analysis as ox
from oxcare_analysis.words import paths

PROJECT = paths.PROJECT
# Written in parts, so that this file does not hold what it looks for.
FOLDERS = "|".join(["work", "root", "farm", "home/[a-z]", "Users/[A-Za-z]"])
MACHINE = re.compile(rf"(?<![\w.~>$-])/(?:{FOLDERS})[/\w-]|\b[A-Z]:\\{{1,2}}Users\\{{1,2}}\w")
REGISTRIES = [
    "pypi" + ".org",
    "python" + "hosted",
    "registry." + "npmjs",
    "registry." + "yarnpkg",
    "repo." + "anaconda",
    "conda." + "anaconda",
]
NAMES_IN_CONDA = {"matplotlib": "matplotlib-base"}
# What a package is called where its import has another name.
NAMES_OF_IMPORTS = {"yaml": "pyyaml", "PIL": "pillow", "IPython": "ipython"}
LICENCE_OF_FIGURES = "Open Government Licence v3.0"
HEAVY = (
    "pandas",
    "numpy",
    "scipy",
    "statsmodels",
    "matplotlib",
    "seaborn",
    "papermill",
    "nbconvert",
    "pandera",
)
# Written from nothing by the test itself: folder, name of the user, line that must be found.
LEAKS = [
    "/" + "work/main/data",
    'open("/' + 'root/figures.csv")',
    "at /" + "home/someone/clone",
    "C:" + "\\Users\\someone\\clone",
    "C:" + "\\\\Users\\\\someone",
    "see /" + "Users/someone/clone",
]
HARMLESS = ["work/rotherham", "care/home/visits", "and/or", "under work/<area>/"]
HARMLESS += ["../" + "work/", "~/" + "work/", "$HOME/" + "work/x"]


def tracked():
    """Files under version control or about to be; in a copy without git, all but what is made by
    running.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        encoding="utf-8",
    )
    if listed.returncode == 0:
        return [
            PROJECT / name
            for name in listed.stdout.split("\0")
            if name and (PROJECT / name).is_file()
        ]
    made = {".venv", "__pycache__", "processed", "reports", "work", "local"}
    return [
        path
        for path in PROJECT.rglob("*")
        if path.is_file()
        and not made & set(path.parts)
        and not any(part.startswith(".") for part in path.parts[-2:-1])
    ]


def readable(path):
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return path.read_bytes().decode("latin-1")


def project():
    return tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def split(requirement):
    """Name and bound of 'pandas>=3.0'."""
    return re.fullmatch(r"([A-Za-z0-9_.-]+?)\s*((?:[<>=!~].*)?)", requirement).groups()


@pytest.fixture(scope="module")
def files():
    return {path.relative_to(PROJECT).as_posix(): readable(path) for path in tracked()}


def test_no_path_of_a_machine_is_in_any_file(files):
    assert [
        (name, found[0]) for name, text in files.items() if (found := MACHINE.search(text))
    ] == []


def test_no_address_of_a_package_registry_is_in_any_file(files):
    assert [
        (name, word) for name, text in files.items() for word in REGISTRIES if word in text.lower()
    ] == []


@pytest.mark.parametrize("line", LEAKS)
def test_a_planted_path_is_found(line):
    assert MACHINE.search(line)


@pytest.mark.parametrize("line", HARMLESS)
def test_a_path_inside_the_project_is_let_be(line):
    assert not MACHINE.search(line)


def test_what_a_run_makes_is_not_kept(files):
    kept = [
        name
        for name in files
        if name.startswith(("data/local/", "data/processed/", "reports/", "work/"))
    ]
    assert set(kept) <= {"data/processed/README.md"}


def test_the_lock_has_a_hash_for_every_package_and_no_address(files):
    lock = files["requirements.lock"]
    entries = [entry for entry in re.split(r"\n(?=\S)", lock.strip()) if not entry.startswith("#")]
    assert len(entries) > 50
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert [
        entry.splitlines()[0] for entry in entries if not re.match(r"[A-Za-z0-9_.-]+==\S+", entry)
    ] == []
    assert not re.search(r"https?:|@ |--(extra-)?index-url|--find-links", lock)


def test_the_lock_holds_every_dependency(files):
    locked = {
        line.split("==")[0].lower()
        for line in files["requirements.lock"].splitlines()
        if "==" in line
    }
    extras = project()["optional-dependencies"]
    wanted = [*project()["dependencies"], *extras["test"], *extras["cluster"]]
    assert {split(requirement)[0].lower() for requirement in wanted} <= locked


def test_the_conda_environment_has_the_same_names_and_bounds(files):
    environment = yaml.safe_load(files["environment.yml"])
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    packages, last = environment["dependencies"][:-1], environment["dependencies"][-1]
    assert last == {"pip": ["-e ."]}
    same = [
        (NAMES_IN_CONDA.get(name, name), bound)
        for name, bound in map(split, project()["dependencies"])
    ]
    expected = [("python", project()["requires-python"]), *same]
    assert sorted(split(package) for package in packages if package != "pip") == sorted(expected)
    assert "pip" in packages


def test_every_package_the_library_imports_is_a_dependency():
    imported = set()
    for path in paths.PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.split(".")[0])
    imported -= set(sys.stdlib_module_names) | {"oxcare_analysis"}
    named = [*project()["dependencies"], *project()["optional-dependencies"]["cluster"]]
    declared = {split(requirement)[0] for requirement in named}
    assert {NAMES_OF_IMPORTS.get(name, name) for name in imported} <= declared


def test_importing_the_package_imports_nothing_heavy():
    code = (
        "import sys, oxcare_analysis; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, encoding="utf-8", check=True
    )
    loaded = set(ran.stdout.split())
    assert "oxcare_analysis" in loaded
    assert loaded & set(HEAVY) == set()


def test_importing_the_package_imports_one_module_of_ours():
    code = (
        "import sys, oxcare_analysis; print(*(name for name in sys.modules if"
        " name.startswith('oxcare_analysis')))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, encoding="utf-8", check=True
    )
    assert ran.stdout.split() == ["oxcare_analysis"]


@pytest.mark.parametrize("name", ox.__all__)
def test_every_public_name_has_a_docstring_with_an_example(name):
    assert ">>> " in (getattr(ox, name).__doc__ or "")


def test_the_public_names_of_the_design_are_there():
    design = {
        "load",
        "areas",
        "figure",
        "premise",
        "ledger",
        "assess",
        "assess_all",
        "decompose",
        "say",
    }
    assert design | {"charts", "exhibits"} <= set(ox.__all__)
    assert ox.__all__ == sorted(dir(ox))


@pytest.mark.parametrize("name", ox.__all__)
def test_every_public_name_is_in_the_readme(files, name):
    assert re.search(rf"\box\.{name}\b", files["README.md"])


def test_a_name_that_is_not_public_is_answered_with_the_names_that_are():
    with pytest.raises(AttributeError, match="has no 'loda'; its public names are ages, areas, "):
        _ = ox.loda


def test_the_layers_are_held():
    command = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert command, "import-linter is not installed in this environment"
    ran = subprocess.run(
        [command, "--no-cache"],
        cwd=PROJECT,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "0 broken" in ran.stdout


def test_every_module_says_what_it_is_for():
    bare = [
        path.relative_to(PROJECT).as_posix()
        for path in paths.PACKAGE.rglob("*.py")
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert bare == []


def test_the_licence_of_the_code_is_the_one_declared(files):
    assert project()["license"] == "MIT"
    assert project()["license-files"] == ["LICENSE"]
    assert "MIT" in files["LICENSE"]
    assert "Permission is hereby granted" in files["LICENSE"]
    assert "Open Government Licence" in files["LICENSE"]


def test_every_folder_of_figures_states_publisher_licence_and_hashes():
    folders = [path for path in (paths.PROJECT / "data" / "raw").glob("*/*") if path.is_dir()]
    assert len(folders) > 5
    for folder in folders:
        card = yaml.safe_load((folder / "source.yml").read_text(encoding="utf-8"))
        assert card["licence"] == LICENCE_OF_FIGURES, folder.name
        assert card["publisher"], folder.name
        assert {path.stem for path in folder.glob("*.csv")} == set(card["tables"]), folder.name
        assert all(
            re.fullmatch("[0-9a-f]{64}", table["our_file_sha256"])
            for table in card["tables"].values()
        )


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "LICENSE",
        "Makefile",
        "environment.yml",
        ".ci/run",
    ],
)
def test_a_stranger_finds_the_usual_files(name):
    assert (PROJECT / name).stat().st_size > 0


def test_the_changelog_has_the_version_of_the_package(files):
    assert project()["version"] in files["CHANGELOG.md"]


def test_links_of_the_readme_lead_to_files_that_are_there(files):
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)", files["README.md"])
    assert links
    assert [link for link in links if not (PROJECT / link).exists()] == []


def test_the_readme_gives_the_two_commands(files):
    for command in (
        "make report",
        "make test",
        "oxcare refresh",
        "conda env create -f environment.yml",
    ):
        assert command in files["README.md"]
