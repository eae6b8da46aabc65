"""`oxcare statements`: what the documents say, checked on published figures."""

import sys

from oxcare_analysis.cli.options import Area, AsOf, DataDir, From, Json, To, print_json


def command(
    area: Area,
    first: From = None,
    last: To = None,
    as_of: AsOf = "latest",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """The documents' statements against the statistics: each with its result and the rows that
    settle it.
    """
    from oxcare_analysis import documents, door

    study = door.load(area, first, last, as_of, data_dir)
    found = documents.statements_document(study, data_dir)
    if not found:
        print(
            f"No document about {study.area.name} had come out by {study.as_of_words} among those"
            " held, so there is no statement to check.",
            file=sys.stderr,
        )
    if as_json:
        print_json(found)
        return
    for row in found:
        print(
            f"[{row['result']}] {row['statement_id']}, paragraph {row['locator']}:"
            f" {row['statement']}"
        )
        settled_by = f"Would be settled by {row['settled_by']}" if row["settled_by"] else ""
        for words in filter(None, (row["statistic"], row["caution"], settled_by)):
            print(f"    {words.rstrip('.')}.")
        print(f"    Rows behind it: {len(row['evidence'])}.\n")
    print(study.source)
