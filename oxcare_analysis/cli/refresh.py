"""`oxcare refresh`: run the notebooks and publish reports."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from oxcare_analysis.cli.options import AsOf, DataDir, From, To
from oxcare_analysis.words import paths
from oxcare_analysis.words.errors import OxcareError, RunError


def command(
    area: Annotated[
        list[str] | None, typer.Option("--area", help="May be given more than once.")
    ] = None,
    everyone: Annotated[
        bool, typer.Option("--all", help="Every authority that exists today.")
    ] = False,
    as_of: AsOf = "latest",
    first: From = None,
    last: To = None,
    out: Annotated[Path, typer.Option("--out", help="Where reports go.")] = paths.REPORTS,
    data_dir: DataDir = None,
    workers: Annotated[
        int,
        typer.Option(
            "--workers", min=1, help="Notebooks, or areas where there are several, run at a time."
        ),
    ] = 2,
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler", help="Address of a dask scheduler whose workers make the reports."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Publish even where nothing is new.")
    ] = False,
) -> None:
    """Run every notebook for an area (default Oxfordshire) and publish the report, whole or not at
    all.
    """
    from oxcare_analysis.refresh import asked

    names = _names(area, everyone, data_dir, meanwhile=(lambda: None) if scheduler else _warm_up)
    requests = [
        asked.Request(
            name,
            first,
            last,
            as_of,
            out.resolve(),
            paths.data_dir(data_dir),
            workers,
            force,
            alone=len(names) == 1 and not scheduler,
        )  # own months are read on this machine only
        for name in names
    ]
    failed = []
    for request, outcome in _answers(requests, workers, scheduler):
        if isinstance(outcome, OxcareError):
            print(f"oxcare: {request.area}: {outcome}", file=sys.stderr)
            failed.append(request.area)
            continue
        if not outcome.new:
            print(f"{request.area}: nothing new since the standing report.", file=sys.stderr)
        print(outcome.index, flush=True)
    if failed:
        others = "None was" if len(failed) == len(names) else "The others are"
        raise RunError(
            f"{len(failed)} of {len(names)} areas failed: {', '.join(failed)}. {others} published;"
            " run these again once the reason given above is mended."
        )


def _names(
    area: list[str] | None,
    everyone: bool,
    data_dir: Path | None,
    meanwhile: Callable[[], object] = lambda: None,
) -> list[str]:
    """The areas asked for; `meanwhile` is done beside. Raises UsageError at an unknown one before
    anything is run.
    """
    from oxcare_analysis.words import forks

    if not everyone and len(area or []) < 2:
        return list(area or ["Oxfordshire"])
    # Elsewhere, so that the memory that building the tables takes is given back before the workers
    # need it.
    ((_, names),) = forks.each(
        {"names": (_listed, area, everyone, data_dir)}, 1, meanwhile=meanwhile
    )
    return names


def _warm_up() -> None:
    """Import what the workers need, where they are forks of this process."""
    from oxcare_analysis.words import forks

    if forks.CAN_FORK:
        from oxcare_analysis.refresh import make

        make.warm_up()


def _listed(area: list[str], everyone: bool, data_dir: Path | None) -> list[str]:
    from oxcare_analysis.intake import areas
    from oxcare_analysis.tables import tables

    register = tables.load(data_dir, say=_say).areas
    if everyone:
        register = register[register["level"] == "authority"].sort_values("name")
        return register.loc[register["last_year"] == register["last_year"].max(), "name"].tolist()
    return list(dict.fromkeys(areas.find(register, name)["name"] for name in area))


def _answers(requests: list, workers: int, scheduler: str | None) -> Iterator[tuple]:
    """Each request with its outcome, or the error that stopped it where there are others."""
    from oxcare_analysis.refresh import asked

    if len(requests) == 1 and not scheduler:
        standing = asked.answered(requests[0])
        if not standing:
            from oxcare_analysis.refresh.publish import publish

            standing = publish(requests[0], _say)
        yield requests[0], standing
        return
    from oxcare_analysis.refresh.many import publish_all

    yield from publish_all(requests, workers, scheduler, _say)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
