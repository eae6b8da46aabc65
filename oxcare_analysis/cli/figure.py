"""`oxcare figure`: one number and all that stands behind it."""

from dataclasses import asdict
from typing import Annotated

import typer

from oxcare_analysis.cli.options import Area, DataDir, Json, print_json


def command(
    area: Area,
    year: Annotated[int, typer.Option(help="Year ending 31 March.")],
    measure: Annotated[
        str, typer.Option(help="A measure of docs/data_dictionary.md, e.g. plans_open_count.")
    ],
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """One number: every edition's value, status, denominator, the department's own rate, and the
    row it came from.
    """
    from oxcare_analysis import figures

    result = figures.figure(area, year, measure, data_dir)
    if as_json:
        document = asdict(result)
        document["editions"] = [
            {k: None if v != v else v for k, v in row.items()}
            for row in document.pop("table").to_dict("records")
        ]
        print_json(document)
        return
    shown = (
        result.status.replace("_", " ")
        if result.value is None
        else f"{result.value:,g} {result.unit}"
    )
    print(
        f"{result.area['name']} {year}, {result.label}: {shown}"
        + (f" ({result.note})" if result.note else "")
    )
    print(f"From {result.row}.")
    if result.denominator:
        print(
            f"Children aged 0 to 17: {result.denominator['value']:,.0f} (edition"
            f" {result.denominator['edition']})."
        )
    if result.published_rate:
        rate = {
            k: "none" if v is None and k != "why_it_differs" else v
            for k, v in result.published_rate.items()
        }
        print(
            f"The department's own rate: {rate['value']} per 10,000 (edition {rate['edition']});"
            f" ours {rate['ours']}."
            + (f" They differ because {rate['why_it_differs']}." if rate["why_it_differs"] else "")
        )
    for other in result.other_values:
        print(
            f"Another value: {other['value']:,g} in {other['source']} {other['edition']},"
            f" {other['table']}: {other['why_it_differs']}."
        )
    print(result.table.to_string(index=False))
