"""`oxcare local`: take in an authority's own records, or simulate some."""

from pathlib import Path
from typing import Annotated

import typer

from oxcare_analysis.cli.options import DataDir
from oxcare_analysis.words.errors import UsageError

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
LAYOUTS = ("ssd", "annex_a", "cin", "all")


@app.command()
def add(
    files: Annotated[
        list[Path], typer.Argument(help="Files of one layout, or folders that hold them.")
    ],
    snapshot: Annotated[
        str | None,
        typer.Option(
            help="Day the extract was taken, YYYY-MM-DD. Default: in the "
            "name of its file or folder, else its newest day."
        ),
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="ssd, annex_a or cin. Default: known by the columns.")
    ] = None,
    area: Annotated[str | None, typer.Option(help="The authority, the first time.")] = None,
    complete_from: Annotated[
        str | None,
        typer.Option(
            help="First day from which the extract holds every start, "
            "if not its layout's usual window."
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Read records into data/local, on this machine only, and fill the monthly table from them."""
    from oxcare_analysis.intake import raw
    from oxcare_analysis.local import reading, store
    from oxcare_analysis.local.held_months import write

    arriving, passed = reading.extracts(list(files), kind, _day(snapshot), _day(complete_from))
    raw.read_months(
        data_dir
    )  # a table of months that cannot be used stops here, before anything is kept
    held, lines = store.add(arriving, area, data_dir)
    for line in lines:
        print(line)
    if passed:
        print(f"Not read, of no table that is used: {', '.join(passed)}")
    _print_rules(held.found)
    if held.unused:
        print(
            "Not used, as their windows leave a gap before the later ones:"
            f" {', '.join(held.unused)}"
        )
    for line in write(held.records, data_dir):
        print(line)
    if held.records.simulated:
        typer.echo("Simulated records: no child in them exists.", err=True)


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(help="An empty or new folder for the files.")],
    children: Annotated[int, typer.Option(help="Aged 0 to 17 in the area.")] = 140_000,
    months: Annotated[int, typer.Option(help="Whole months, the last one March 2026.")] = 120,
    cause: Annotated[
        str,
        typer.Option(
            help="none, entry_threshold, exit_threshold, population_need or "
            "awareness; from the middle month on."
        ),
    ] = "none",
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same records.")] = 1,
    layout: Annotated[str, typer.Option(help="ssd, annex_a, cin or all.")] = "all",
) -> None:
    """Write simulated records of an authority that does not exist, in the layouts that are read."""
    from oxcare_analysis.local import census_writer, simulator, writers

    if layout not in LAYOUTS:
        raise UsageError(f"There is no layout {layout!r}; expected one of {', '.join(LAYOUTS)}.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"{folder.resolve().name} is not an empty folder. Give a new one: simulated records"
            " must not be mixed with real ones."
        )
    records = simulator.simulate(children, months, cause, seed)
    write = {
        "ssd": writers.write_ssd,
        "annex_a": writers.write_annex_a,
        "cin": census_writer.write_cin,
    }
    for name in write if layout == "all" else [layout]:
        for path in write[name](records, folder / name):
            print(path)
    typer.echo(
        "Simulated: no child in these files exists. Add one layout to a data folder of its own,"
        f" for example oxcare local add {folder.name}/ssd --data-dir NEW",
        err=True,
    )


def _day(given: str | None):
    import pandas as pd

    if given is None:
        return None
    try:
        return pd.to_datetime(given, format="%Y-%m-%d")
    except ValueError:
        raise UsageError(
            f"The day {given!r} cannot be used; expected a form such as 2026-03-31."
        ) from None


def _print_rules(found) -> None:
    broken = found[found["rows"] > 0]
    print(
        f"Rules: {len(found)} tried, {len(broken)} broken."
        if len(broken)
        else f"Rules: {len(found)} tried, none broken."
    )
    for row in broken.itertuples(index=False):
        rows = f"{row.rows:,} {'row' if row.rows == 1 else 'rows'}"
        print(f"  {row.rule} ({row.table}): {rows} {row.action}: {row.message}")
