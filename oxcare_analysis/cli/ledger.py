"""`oxcare ledger`: the growth ledger."""

from oxcare_analysis.cli.options import Area, AsOf, DataDir, From, Json, To, print_json


def command(
    area: Area,
    first: From = None,
    last: To = None,
    as_of: AsOf = "latest",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """The growth ledger: where the change in open plans came from, in children."""
    from oxcare_analysis import documents, door

    study = door.load(area, first, last, as_of, data_dir)
    if as_json:
        print_json(documents.ledger_document(study))
        return
    from oxcare_analysis.showing import exhibits, sentences

    result = door.ledger(study)
    print(sentences.ledger(result), end="\n\n")
    if result.testable:
        print(exhibits.ledger(result).table.to_string(index=False))
    print(f"\n{study.source}")
