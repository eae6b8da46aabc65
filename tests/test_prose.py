"""Numbers that readers see come from figures: no digit is typed into a sentence, caption or label
of the library.

Notebooks have the same rule (test_notebooks_are_tidy); the rule itself is tried on planted faults.
"""

import ast
import re

import pytest

from oxcare_analysis.words import paths

WRITERS = sorted(
    [
        *(path for path in (paths.PACKAGE / "showing").glob("*.py") if path.stem != "pictures"),
        *(
            paths.PACKAGE / name
            for name in (
                "refresh/front.py",
                "refresh/downloads.py",
                "hypotheses/judging.py",
                "thinking/premise.py",
                "thinking/comparable.py",
                "thinking/events.py",
                "thinking/months.py",
            )
        ),
    ]
)
# Digits that belong to a definition or to dated history; any other would be a result typed by hand.
DEFINITIONS = (
    "95 per cent",
    "31 March",
    "section 47",
    "10,000",
    "19 comparisons of 20",
    "(1 = the largest",
    "under 0.01",
    "beyond 2",
    "council, 2014",
    "council in 2014",
    "four hypotheses of 2014",
    "in 2014 the council",
    "in 2015 the council",
    "in 2018 the council",
    "since 2015",
    "scrutiny committee, september 2014",
    "oxford mail, september 2014",
    "oxford mail, 2015",
    "council news item, may 2018",
    "scrutiny committee minutes, 2023",
    "scrutiny committee of september 2014",
    "30 September",
    "19 times in 20",
    "19 in 20",
    "19-in-20",
    "1 in 40",
    "aged 10 or over",
)
MARKUP = re.compile(r"<[^<>]*(>|$)|^[^<>]*>|data:image[^,]*,|%\w|\\\w")


def typed_digits(source):
    """Pieces of text, of more than a word, with a digit that is no definition: docstrings and
    formats left out.
    """
    tree = ast.parse(source)
    owners = (ast.Module, ast.FunctionDef, ast.ClassDef)
    left_out = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, owners) and isinstance(node.body[0], ast.Expr)
    }
    left_out |= {
        part
        for node in ast.walk(tree)
        if isinstance(node, ast.FormattedValue) and node.format_spec
        for part in ast.walk(node.format_spec)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in left_out:
            text = MARKUP.sub(" ", node.value).lower()
            for definition in DEFINITIONS:
                text = text.replace(definition.lower(), "")
            if re.search(r"[a-z].*\s|\s.*[a-z]", node.value.lower(), re.S) and re.search(
                r"\d", text
            ):
                found.append(node.value)
    return found


@pytest.mark.parametrize("path", WRITERS, ids=lambda path: path.stem)
def test_no_number_is_typed_into_a_sentence(path):
    assert typed_digits(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "planted",
    [
        'said = "Open plans rose by 257."',
        'said = f"{area} had 687 children on a plan"',
        'said = f"{change:+.0f} per cent of 430 "',
        'def f():\n    """Words."""\n    return "as in 2018"',
        'label = "19 authorities"',
        'html = "<p>the rate was 48.1</p>"',
    ],
)
def test_a_number_typed_into_a_sentence_is_found(planted):
    assert len(typed_digits(planted)) == 1


@pytest.mark.parametrize(
    "harmless",
    [
        '"""The 2018 inspection."""',
        'said = f"{change:+.0f} per cent, {low:,.10g} to {high}"',
        'column = "children_0_17_count"',
        'said = "95 per cent interval, years ending 31 March, per 10,000 children"',
        'html = "<h2>In short</h2>"',
        'html = \'<div class="scroll" tabindex="0" role="region"\'',
    ],
)
def test_definitions_formats_names_and_markup_are_no_typed_numbers(harmless):
    assert typed_digits(harmless) == []
