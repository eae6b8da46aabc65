"""`oxcare verdicts`: premise, ledger, four hypotheses."""

from oxcare_analysis.cli.options import Area, AsOf, DataDir, From, Json, To, print_json


def command(
    area: Area,
    first: From = None,
    last: To = None,
    as_of: AsOf = "latest",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Premise, growth ledger and the four hypotheses."""
    from oxcare_analysis import documents, door

    study = door.load(area, first, last, as_of, data_dir)
    if as_json:
        print_json(documents.verdicts_document(study))
        return
    from oxcare_analysis.showing import sentences

    print(sentences.premise(door.premise(study)), end="\n\n")
    print(sentences.ledger(door.ledger(study)), end="\n\n")
    for finding in door.assess_all(study).values():
        print(sentences.finding(finding), end="\n\n")
    print(study.source)
