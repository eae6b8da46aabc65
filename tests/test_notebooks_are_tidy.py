"""Every notebook keeps to the house rules; the rules themselves are tried on notebooks with a
planted fault.
"""

import ast
import copy
import re

import nbformat
import pytest

from oxcare_analysis.refresh import run
from oxcare_analysis.words import paths

NOTEBOOKS = sorted(paths.NOTEBOOKS.glob("*.ipynb"))
LONGEST_CELL = 12
VERDICT, PARAMETERS = "nbval-check-output", "parameters"
# Digits that belong to a definition or to history; any other digit in prose would be a result typed
# by hand.
DEFINITIONS = ("section 47", "31 March", "2013", "2014", "2023")
STATEMENTS = {
    ast.FunctionDef: "def",
    ast.AsyncFunctionDef: "def",
    ast.ClassDef: "class",
    ast.For: "for",
    ast.AsyncFor: "for",
    ast.While: "while",
    ast.If: "if",
    ast.Try: "try",
    ast.TryStar: "try",
}
BANNED = ("os.chdir", "sys.path", "filterwarnings", "read_csv", "inplace=")
MAGIC = re.compile(r"^\s*[%!]", re.MULTILINE)
PATH = re.compile(r"[/\\]|^~|\.(csv|xlsx?|parquet|json|ipynb|html|png|svg)$")


def is_valid(book):
    try:
        nbformat.validate(book)
    except nbformat.ValidationError as problem:
        return [f"not a valid notebook: {problem.message}"]
    return []


def has_one_title(book):
    titles = [
        i for i, cell in enumerate(book.cells) for line in prose(cell) if line.startswith("# ")
    ]
    return (
        []
        if titles == [0]
        else [f"one level-one heading is expected, in the first cell; found in cells {titles}"]
    )


def has_typed_parameters(book):
    tagged = [i for i, cell in enumerate(book.cells) if PARAMETERS in tags(cell)]
    if tagged != [1]:
        return [f"one cell tagged parameters is expected, the second; found {tagged}"]
    declared = [declaration(line) for line in book.cells[1].source.splitlines()]
    expected = [(name, kind.__name__) for name, kind in run.PARAMETERS.items()]
    return (
        []
        if declared == expected
        else [f"the parameters are {declared}; expected {expected}, one literal a line"]
    )


def names_the_kernel(book):
    name = book.metadata.get("kernelspec", {}).get("name")
    return [] if name == "python3" else [f"kernelspec is {name!r}; expected 'python3'"]


def has_short_cells(book):
    return [
        f"cell {i} has {len(cell.source.splitlines())} lines; at most {LONGEST_CELL}"
        for i, cell in code(book)
        if len(cell.source.splitlines()) > LONGEST_CELL
    ]


def has_no_logic(book):
    found = [
        (i, STATEMENTS[type(node)])
        for i, cell in code(book)
        for node in nodes(cell)
        if type(node) in STATEMENTS
    ]
    return [f"cell {i} has a {word} statement: it belongs in the library" for i, word in found]


def has_no_magic(book):
    return [
        f"cell {i} has a magic or a shell command"
        for i, cell in code(book)
        if MAGIC.search(cell.source)
    ]


def has_plain_imports(book):
    starred = [
        i
        for i, cell in code(book)
        for node in nodes(cell)
        if isinstance(node, ast.ImportFrom) and any(name.name == "*" for name in node.names)
    ]
    return [f"cell {i} imports *" for i in starred]


def has_nothing_banned(book):
    return [
        f"cell {i} has {word}" for i, cell in code(book) for word in BANNED if word in cell.source
    ]


def has_no_path(book):
    strings = [
        (i, node.value)
        for i, cell in code(book)
        for node in nodes(cell)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return [f"cell {i} has a path: {text!r}" for i, text in strings if PATH.search(text)]


def assigns_names_once(book):
    names = [name for _, cell in code(book) for node in nodes(cell) for name in assigned(node)]
    return [
        f"{name} is assigned {names.count(name)} times"
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]


def types_no_digits_in_prose(book):
    found = []
    for i, cell in enumerate(book.cells):
        text = "\n".join(prose(cell))
        for definition in DEFINITIONS:
            text = re.sub(rf"\b{definition}\b", "", text)
        found += [
            f"cell {i} has the digits {digits!r} typed in prose"
            for digits in re.findall(r"\d[\d.,]*", text)
        ]
    return found


def stores_a_verdict_and_nothing_else(book):
    verdicts = [cell for _, cell in code(book) if VERDICT in tags(cell)]
    found = [] if verdicts else ["no verdict cell"]
    found += [
        "a verdict cell has no stored output" for cell in verdicts if not printed(cell).strip()
    ]
    others = [(i, cell) for i, cell in code(book) if VERDICT not in tags(cell)]
    found += [f"cell {i} has an output that is not a verdict" for i, cell in others if cell.outputs]
    # nbval refuses to compare a kept output whose cell says that it was never run.
    return found + [
        f"cell {i} has an execution count that does not fit its outputs"
        for i, cell in code(book)
        if (cell.execution_count is not None) != bool(cell.outputs)
    ]


def ends_with_words(book):
    return [] if book.cells[-1].source.strip() else ["the last cell is empty"]


def tags(cell):
    return cell.metadata.get("tags", [])


def code(book):
    return [(i, cell) for i, cell in enumerate(book.cells) if cell.cell_type == "code"]


def prose(cell):
    """The lines of a markdown cell that are words, not code or the name of another notebook."""
    if cell.cell_type != "markdown":
        return []
    return re.sub(
        r"^```.*?^```|`[^`]*`|\]\(\w+\.ipynb\)", "", cell.source, flags=re.MULTILINE | re.DOTALL
    ).splitlines()


def nodes(cell):
    """Every node of a code cell's syntax tree, magics left out."""
    return ast.walk(
        ast.parse("\n".join(line for line in cell.source.splitlines() if not MAGIC.match(line)))
    )


def assigned(node):
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [name.asname or name.name for name in node.names]
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return [node.id]
    return []


def declaration(line):
    """Name and type of a parameter line, or the line itself where it is not one typed literal."""
    tree = ast.parse(line).body
    if (
        len(tree) != 1
        or not isinstance(tree[0], ast.AnnAssign)
        or not isinstance(tree[0].value, ast.Constant)
    ):
        return line
    name, kind = tree[0].target.id, tree[0].annotation.id
    return (name, kind) if type(tree[0].value.value).__name__ == kind else line


def printed(cell):
    return "".join(output.get("text", "") for output in cell.outputs)


def add_code(source):
    return lambda book: book.cells.insert(3, nbformat.v4.new_code_cell(source))


def add_words(source, at=3):
    return lambda book: book.cells.insert(at, nbformat.v4.new_markdown_cell(source))


def rewrite(cell, old, new):
    return lambda book: book.cells[cell].update(source=book.cells[cell].source.replace(old, new))


def retag(cell, *names):
    return lambda book: book.cells[cell].metadata.update(tags=list(names))


PLANTED = {
    is_valid: [lambda book: book.cells[4].update(cell_type="paragraph")],
    has_one_title: [
        add_words("# A second title"),
        rewrite(0, "# Has", "## Has"),
        add_words("Words before the title", at=0),
    ],
    has_typed_parameters: [
        retag(1),
        retag(2, PARAMETERS),
        add_words("Words before the parameters", at=1),
        rewrite(1, "first_year: int = 2013\n", ""),
        rewrite(1, "first_year: int = 2013", "first_year = 2013"),
        rewrite(1, "first_year: int = 2013", "first_year: int = 2000 + 13"),
        rewrite(1, "first_year: int = 2013", 'first_year: int = "2013"'),
        rewrite(1, "first_year: int = 2013", "margin: float = 0.25\nfirst_year: int = 2013"),
    ],
    names_the_kernel: [
        lambda book: book.metadata.kernelspec.update(name="ir"),
        lambda book: book.metadata.pop("kernelspec"),
    ],
    has_short_cells: [add_code("\n".join(["ox.areas()"] * (LONGEST_CELL + 1)))],
    has_no_logic: [
        add_code("def f():\n    return study"),
        add_code("class Result:\n    pass"),
        add_code("for y in [study]:\n    print(y)"),
        add_code("while study:\n    print(study)"),
        add_code("if study:\n    print(study)"),
        add_code("try:\n    study\nexcept ValueError:\n    print(study)"),
    ],
    has_no_magic: [add_code("%matplotlib inline"), add_code("!dir"), add_code("%%time\nstudy")],
    has_plain_imports: [add_code("from oxcare_analysis import *")],
    has_nothing_banned: [
        add_code("os.chdir(area)"),
        add_code("sys.path.append(area)"),
        add_code("warnings.filterwarnings('ignore')"),
        add_code("pd.read_csv(area)"),
        add_code("study.table.dropna(inplace=True)"),
    ],
    has_no_path: [
        add_code("ox.load('data/raw')"),
        add_code("ox.load(r'figures\\2025')"),
        add_code("ox.load('~')"),
        add_code("study.table.to_csv('figures.csv')"),
        add_code("ox.load(f'figures/{area}')"),
    ],
    assigns_names_once: [
        add_code("study = ox.load(area)"),
        add_code("area = 'Rotherham'"),
        add_code("import pandas as ox"),
        add_code("(study := ox.areas())"),
        add_code("last_year += 1"),
    ],
    types_no_digits_in_prose: [
        add_words("Open plans rose by 257."),
        add_words("They rose to 48.1 per cent."),
        add_words("In 2018 they were higher."),
        add_words("There were 12014 of them."),
    ],
    stores_a_verdict_and_nothing_else: [
        lambda book: book.cells[3].update(outputs=[]),
        lambda book: book.cells[3].outputs[0].update(text=" \n"),
        retag(3),
        lambda book: book.cells[2].update(outputs=copy.deepcopy(book.cells[3].outputs)),
        lambda book: book.cells[2].update(execution_count=7),
    ],
    ends_with_words: [
        add_words(" \n", at=5),
        lambda book: book.cells.append(nbformat.v4.new_code_cell("")),
    ],
}


@pytest.fixture
def tidy():
    """A notebook with nothing wrong, to plant faults in."""
    new = nbformat.v4
    parameters = (
        'area: str = "Oxfordshire"  # name\nfirst_year: int = 2013\nlast_year: int = 2018\nas_of:'
        ' str = "latest"'
    )
    verdict = new.new_output("stream", name="stdout", text="inconclusive\n")
    cells = [
        new.new_markdown_cell(
            "# Has anything changed?\n\nBefore 2013 it was not counted on 31 March."
        ),
        new.new_code_cell(parameters, metadata={"tags": [PARAMETERS]}),
        new.new_code_cell(
            "import oxcare_analysis as ox\n\nstudy = ox.load(area, first_year, last_year, as_of)"
        ),
        new.new_code_cell(
            "print(ox.premise(study).verdict)",
            metadata={"tags": [VERDICT]},
            outputs=[verdict],
            execution_count=3,
        ),
        new.new_markdown_cell("## What this does not show\n\n`ox.areas()[2]` is code."),
    ]
    return new.new_notebook(
        cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    )


def test_there_are_notebooks_to_look_at():
    assert {"00_summary", "12_exit_threshold", "explore"} <= {path.stem for path in NOTEBOOKS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_keeps_to_every_rule(path):
    book = nbformat.read(path, as_version=4)
    assert [complaint for rule in PLANTED for complaint in rule(book)] == []


def test_a_tidy_notebook_draws_no_complaint(tidy):
    assert [complaint for rule in PLANTED for complaint in rule(tidy)] == []


@pytest.mark.parametrize(
    ("rule", "fault"),
    [(rule, fault) for rule, faults in PLANTED.items() for fault in faults],
    ids=[
        f"{rule.__name__}-{i}"
        for rule, faults in PLANTED.items()
        for i in range(1, len(faults) + 1)
    ],
)
def test_a_planted_fault_breaks_its_own_rule(tidy, rule, fault):
    fault(tidy)
    assert rule(tidy)


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_a_definition_may_have_digits(tidy, definition):
    add_words(f"What {definition} means.")(tidy)
    assert types_no_digits_in_prose(tidy) == []


def test_no_notebook_is_a_copy_of_another():
    assert not [path.name for path in NOTEBOOKS if "copy" in path.stem.lower() or " " in path.stem]
