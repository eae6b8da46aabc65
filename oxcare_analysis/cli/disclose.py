"""`oxcare disclose`: check a published report for counts that can be worked out; show what each
protection does.
"""

from pathlib import Path
from typing import Annotated

import typer

from oxcare_analysis.cli.options import Json, print_json

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
LISTED = 20


@app.command()
def check(
    folder: Annotated[
        Path, typer.Argument(metavar="REPORT_DIR", help="A report, e.g. reports/2025-10/rutland.")
    ],
    as_json: Json = False,
) -> None:
    """Attack a report as an intruder would; exit 3 if a small count is recovered or a row looks
    like a child's.
    """
    from oxcare_analysis.local import attack

    found = attack.attack(folder)
    recovered = found.recovered
    if as_json:
        print_json(
            {
                "schema": 1,
                "report": found.folder,
                "editions": found.editions,
                "cells": found.cells,
                "held_back": found.held_back,
                "recovered": recovered.to_dict("records"),
                "share": None if found.share != found.share else found.share,
                "child_level": list(found.children),
            }
        )
    else:
        print(
            f"{found.cells:,} own counts in {found.editions} edition{'s' * (found.editions != 1)};"
            f" {found.held_back:,} held back; {len(recovered):,} recovered; {len(found.children)}"
            " signs of rows about children."
        )
        for row in recovered.head(LISTED).itertuples():
            print(f"  {row.table}: {row.cell}: {row.low:g} to {row.high:g} ({row.how})")
        for line in found.children[:LISTED]:
            print(f"  {line}")
        left = max(0, len(recovered) - LISTED) + max(0, len(found.children) - LISTED)
        print(
            f"  ... and {left:,} more; --json lists all." if left else "", end="\n" if left else ""
        )
    if len(recovered) or found.children:
        raise typer.Exit(3)


@app.command()
def demonstrate(
    seed: Annotated[int, typer.Option(help="Of the simulated counts.")] = 1,
    as_json: Json = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="As docs/disclosure.md has it.")
    ] = False,
) -> None:
    """Publish simulated counts with full protection, with parts of it off and with none, and attack
    each.
    """
    from oxcare_analysis.local import demonstration

    rows = demonstration.run(seed)
    if as_json:
        print_json(
            {
                "schema": 1,
                "seed": seed,
                "simulated": True,
                "rows": rows.astype(object).where(rows.notna(), None).to_dict("records"),
            }
        )
    else:
        print("Simulated counts of no authority.\n")
        print(demonstration.markdown(rows) if markdown else rows.to_string(index=False))
