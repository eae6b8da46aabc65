"""`oxcare data`: add, build, check, template."""

from pathlib import Path
from typing import Annotated

import typer

from oxcare_analysis.cli.options import DataDir
from oxcare_analysis.words.errors import UsageError

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command()
def add(
    files: Annotated[
        list[Path], typer.Argument(help="Publishers' files, unmodified, or the monthly template.")
    ],
    edition: Annotated[str | None, typer.Option(help="Default: the last year in the file.")] = None,
    published: Annotated[str | None, typer.Option(help="Month it came out, YYYY-MM.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Take files in: all of them or none."""
    from oxcare_analysis.intake import raw

    for line in raw.add_files(list(files), edition, data_dir, published):
        print(line)


@app.command()
def build(data_dir: DataDir = None) -> None:
    """Build the clean tables from data/raw."""
    from oxcare_analysis.tables import tables

    built = tables.build(data_dir)
    print(
        f"{len(built.figures):,} figures on {built.areas['level'].eq('authority').sum()}"
        f" authorities, {built.figures['year'].min()} to {built.figures['year'].max()}, newest"
        f" published {tables.newest_month(built)}."
    )


@app.command()
def check(
    data_dir: DataDir = None,
    notes: Annotated[bool, typer.Option("--notes", help="List the notes too.")] = False,
) -> None:
    """Run every check; exit 3 if any is an error."""
    import pandas as pd

    from oxcare_analysis.tables import checks, tables

    built = tables.load(data_dir)
    rows = checks.run(built, data_dir)
    names = built.areas.set_index("area_code")["name"]
    shown = rows if notes else rows[rows["severity"] != "note"]
    shown = shown.assign(area=shown["area_code"].map(names).fillna(shown["area_code"]))
    with pd.option_context(
        "display.width", 250, "display.max_colwidth", 80, "display.max_rows", None
    ):
        print(
            shown[
                ["severity", "check", "area", "year", "measure", "found", "expected", "reason"]
            ].to_string(index=False)
        )
    counts = rows["severity"].value_counts()
    print(
        f"\n{counts['error']} errors, {counts['known']} known problems, {counts['note']} notes"
        + ("" if notes else " (list them with --notes)")
        + "."
    )
    if counts["error"]:
        raise typer.Exit(3)


@app.command()
def template(kind: Annotated[str, typer.Argument(help="monthly")]) -> None:
    """Print an empty template to fill: monthly."""
    from oxcare_analysis.intake.mappings import MONTHLY_COLUMNS

    if kind != "monthly":
        raise UsageError(f"There is no template called {kind!r}; expected monthly.")
    print(",".join(MONTHLY_COLUMNS))
