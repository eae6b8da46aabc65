"""The README's findings and picture, written from the figures. `make accept` runs it; a test finds
it out of date.
"""

import re

import pandas as pd

from oxcare_analysis import door, figures
from oxcare_analysis.showing import charts, exhibits, sentences
from oxcare_analysis.words import durable, paths

AREA, WINDOW = "Oxfordshire", (2013, 2018)
BEGIN, END = "<!-- findings: written by `make accept`, not by hand -->", "<!-- end of findings -->"
PICTURE = "docs/pictures/growth_ledger.png"


def findings() -> tuple[str, charts.Chart]:
    """The README's section in Markdown, and the picture in it."""
    study = door.load(AREA, *WINDOW)
    story, ledger = exhibits.story(door.story(study)).table, door.ledger(study)
    picture = charts.ledger(ledger)
    lines = [
        _markdown(story),
        "",
        f"![{picture.alt}]({PICTURE})",
        "",
        f"*{picture.note} {picture.source}*",
        "",
        sentences.ledger(ledger),
        "",
        *(f"- {line}" for line in sentences.premise(door.premise(study)).split("\n")),
        (
            f"- {sentences.say(figures.statements(study)).split(chr(10))[0]} How: "
            "[docs/statements.md](docs/statements.md)."
        ),
    ]
    return "\n".join(lines), picture


def write() -> None:
    """Put the section and the picture in place."""
    readme, (section, picture) = paths.PROJECT / "README.md", findings()
    text = readme.read_text(encoding="utf-8")
    new = re.sub(
        f"{re.escape(BEGIN)}.*{re.escape(END)}",
        lambda _: f"{BEGIN}\n\n{section}\n\n{END}",
        text,
        flags=re.S,
    )
    durable.write(readme, new)
    (paths.PROJECT / PICTURE).parent.mkdir(parents=True, exist_ok=True)
    durable.write(paths.PROJECT / PICTURE, picture.png)


def _markdown(table: pd.DataFrame) -> str:
    rows = [list(table.columns), ["---"] * table.shape[1], *table.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


if __name__ == "__main__":
    write()
