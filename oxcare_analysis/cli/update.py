"""`oxcare data update`: take in what the publisher has that is not held yet."""

from typing import Annotated

import typer

from oxcare_analysis.cli.options import DataDir


def command(
    data_dir: DataDir = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be added.")
    ] = False,
    api: Annotated[
        str | None,
        typer.Option(
            "--api", envvar="OXCARE_API", show_default=False, help="Address of the statistics API."
        ),
    ] = None,
) -> None:
    """Ask the publisher for newer editions, say what they change, and add them: all of them or
    none.
    """
    from oxcare_analysis.update import editions
    from oxcare_analysis.update.api import ADDRESS, Api

    editions.update(Api(api or ADDRESS), data_dir, dry_run, print)
