"""`oxcare simulate`: a world with a known cause, as official-layout files."""

from pathlib import Path
from typing import Annotated

import typer

from oxcare_analysis.words.errors import UsageError


def command(
    folder: Annotated[Path, typer.Argument(help="An empty or new folder for the files.")],
    cause: Annotated[
        str,
        typer.Option(
            help="none, entry_threshold, exit_threshold, population_need, "
            "awareness, a cause by its own name, or several joined by +."
        ),
    ],
    size: Annotated[float, typer.Option(help="Open plans of the target at the start.")] = 600,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same world.")] = 1,
    authorities: Annotated[int, typer.Option(help="How many, the target among them.")] = 150,
    drift: Annotated[
        bool, typer.Option("--drift", help="Let the target drift as the others do.")
    ] = False,
) -> None:
    """Write simulated figures of authorities that do not exist; the target has the cause planted in
    it.
    """
    from oxcare_analysis.worlds import causes, files
    from oxcare_analysis.worlds import world as worlds

    try:
        planted = causes.find(cause)
    except KeyError as problem:
        known = ", ".join(["none", *causes.NAMES, *(c for c in causes.CAUSES if c != "none")])
        raise UsageError(
            f"There is no cause called {problem.args[0]!r}; expected one of {known}, or several"
            " joined by +."
        ) from None
    if not (20 <= authorities <= 999 and 10 <= size <= 5000):
        raise UsageError(
            f"A world of {authorities} authorities and a target of {size:g} open plans cannot be"
            " made; expected 20 to 999 authorities and 10 to 5,000 plans."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"{folder.resolve().name} is not an empty folder. Give a new one: simulated files must"
            " not be mixed with published ones."
        )
    around = worlds.surroundings(seed, authorities)
    for path in files.write(worlds.world(planted, size, seed, around, drift), folder):
        print(path)
    typer.echo(
        "Simulated, not published. Add the files to a data folder of their own (oxcare data add"
        f" FILE... --data-dir NEW) and look at the area '{files.name_of(worlds.TARGET, planted)}'.",
        err=True,
    )
