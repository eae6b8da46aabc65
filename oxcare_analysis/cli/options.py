"""Options that several commands share, and printing."""

import json
from pathlib import Path
from typing import Annotated

import typer

Area = Annotated[str, typer.Option("--area", help="Name, ONS code or three-digit code.")]
From = Annotated[
    int | None, typer.Option("--from", help="First year (ending 31 March) of the window.")
]
To = Annotated[int | None, typer.Option("--to", help="Last year of the window.")]
AsOf = Annotated[
    str, typer.Option("--as-of", help="Use only what was published by this month, e.g. 2014-09.")
]
DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="The data folder; default OXCARE_DATA_DIR or data/."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def print_json(document) -> None:
    """One JSON document on standard output."""
    print(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False))
