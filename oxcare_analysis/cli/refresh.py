"""`oxcare refresh`: run the notebooks and publish reports."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from oxcare_analysis.cli.options import AsOf, DataDir, From, To
from oxcare_analysis.words import paths
from oxcare_analysis.words.errors import OxcareError, RunError


def command(area: Annotated[list[str] | None, typer.Option("--area", help="May be given more than once.")] = None,
            everyone: Annotated[bool, typer.Option("--all", help="Every authority that exists today.")] = False,
            as_of: AsOf = "latest", first: From = None, last: To = None,
            out: Annotated[Path, typer.Option("--out", help="Where reports go.")] = paths.REPORTS,
            data_dir: DataDir = None,
            workers: Annotated[int, typer.Option("--workers", min=1, help="Notebooks run at a time.")] = 2,
            force: Annotated[bool, typer.Option("--force", help="Publish even where nothing is new.")] = False) -> None:
    """Run every notebook for an area (default Oxfordshire) and publish the report, whole or not at all."""
    from oxcare_analysis import door
    from oxcare_analysis.refresh.publish import Request, publish

    names = list(area or ["Oxfordshire"])
    if everyone:
        listed = door.areas(data_dir=data_dir)
        names = listed.loc[listed["last_year"] == listed["last_year"].max(), "name"].tolist()
    elif len(names) > 1:
        for name in names:
            door.find(name, data_dir)  # a misspelt name is bad usage, before anything is run
    failed = []
    for name in names:
        request = Request(name, first, last, as_of, out.resolve(), paths.data_dir(data_dir), workers, force,
                          alone=len(names) == 1)
        try:
            outcome = publish(request, lambda line: print(line, file=sys.stderr, flush=True))
        except OxcareError as problem:
            # One area's failure is reported and stops nothing else; a single area simply fails.
            if len(names) == 1:
                raise
            print(f"oxcare: {name}: {problem}", file=sys.stderr)
            failed.append(name)
            continue
        if not outcome.new:
            print(f"{name}: nothing new since the standing report.", file=sys.stderr)
        print(outcome.index)
    if failed:
        raise RunError(f"{len(failed)} of {len(names)} areas failed: {', '.join(failed)}. The others are published; "
                       "run these again once the reason given above is mended.")
