"""`oxcare data changes`: what each edition changed against the one before."""

from typing import Annotated

import typer

from oxcare_analysis.cli.options import DataDir, Json, print_json
from oxcare_analysis.words.errors import UsageError


def command(
    edition: Annotated[
        str | None, typer.Option(help="Only what this edition changed, e.g. 2025.")
    ] = None,
    area: Annotated[str | None, typer.Option("--area", help="Only this area's figures.")] = None,
    listed: Annotated[
        int, typer.Option("--list", min=0, help="Changed figures listed for each table.")
    ] = 10,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Revised, suppressed and released figures, areas and columns gained and lost, new years."""
    from oxcare_analysis import door
    from oxcare_analysis.refresh import compare
    from oxcare_analysis.tables import tables

    built = tables.load(data_dir)
    changed = compare.editions(built, data_dir)
    if edition is not None:
        held = set(built.figures["edition"])
        if edition not in held:
            raise UsageError(
                f"There is no edition {edition!r}; expected one of {', '.join(sorted(held))}."
            )
        changed = changed.where("edition_after", edition)
    if area is not None:
        changed = changed.where("area_code", door.find(area, data_dir)["area_code"])
    if as_json:
        print_json(changed.document())
    else:
        print(compare.words(changed, listed))
