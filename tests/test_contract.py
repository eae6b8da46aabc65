"""The JSON documents and the command line keep their contract: keys, order, words, nulls, exit
codes.
"""

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import oxcare_analysis as ox
from oxcare_analysis import documents
from oxcare_analysis.words.errors import OxcareError

PROJECT = Path(__file__).resolve().parents[1]
AREAS = (
    "Oxfordshire",
    "Rotherham",
    "Hackney",  # nothing for 2021 and 2022
    "Hampshire",  # 2024 of low reliability
    "City of London",  # suppressed in most years
    "West Northamptonshire",  # from 2022
    "Cumberland",  # from 2024
    "Bournemouth",  # until 2019
    "Isles of Scilly",
    "Dorset",  # the new one, from 2020
)
WINDOWS = (None, (2013, 2018), (2021, 2024))
WORDS = {"supported", "contradicted", "negligible", "inconclusive", "not_testable"}
DRIVERS = [
    "children",
    "referrals_per_child",
    "enquiries_per_referral",
    "conferences_per_enquiry",
    "plans_per_conference",
    "exit_rate",
]
HYPOTHESES = ["entry_threshold", "exit_threshold", "population_need", "awareness"]
# The contract. A key may be added, never renamed or dropped; `number` may be null where none
# exists.
CONTRACT = {
    "schema": int,
    "area": {"code": str, "name": str},
    "window": {"from": int, "to": int},
    "as_of": str,
    "premise": {
        "verdict": str,
        "open_plans": {"from": "number", "to": "number"},
        "rate_10k": {"from": "number", "to": "number"},
        "just_here": {"england": "number", "median_neighbour": "number", "given_start": "number"},
        "reason": str,
    },
    "ledger": {
        "base_years": [int],
        "drivers": [
            {
                "driver": str,
                "plans": "number",
                "low": "number",
                "high": "number",
                "stable_sign": "yes or no",
            }
        ],
        "momentum": "number",
        "change": "number",
        "recording_residual": "number",
    },
    "hypotheses": [
        {
            "hypothesis": str,
            "verdict": str,
            "reason": str,
            "rivals": [str],
            "primary": {
                "measure": str,
                "estimate": "number",
                "low": "number",
                "high": "number",
                "p_value": "number",
                "p_adjusted": "number",
                "margin": float,
                "minimum_detectable_effect": "number",
                "placebo_rank": "number",
                "placebo_of": "number",
                "peculiar": "yes or no",
            },
            "supporting": [
                {
                    "measure": str,
                    "predicted": str,
                    "estimate": "number",
                    "low": "number",
                    "high": "number",
                    "agrees": "yes or no",
                }
            ],
            "council_2014": "text",
            "agreement": str,
        }
    ],
    "provenance": {
        "editions": {"children_in_need": str},
        "data_sha256": str,
        "code_version": str,
        "rules_sha256": str,
    },
}
MAY_BE_NULL = {"number": (int, float), "yes or no": (bool,), "text": (str,)}


def problems(value, contract, where=""):
    """Where a document departs from the contract."""
    if isinstance(contract, dict):
        if not isinstance(value, dict):
            return [f"{where}: {value!r} is no object"]
        missing = [f"{where}.{key} is missing" for key in contract if key not in value]
        kept = [key for key in value if key in contract]
        disorder = [f"{where}: keys in the order {kept}"] * (
            kept != [key for key in contract if key in value]
        )
        deeper = [
            p
            for key, c in contract.items()
            if key in value
            for p in problems(value[key], c, f"{where}.{key}")
        ]
        return missing + disorder + deeper
    if isinstance(contract, list):
        if not isinstance(value, list):
            return [f"{where}: {value!r} is no list"]
        return [
            p for i, item in enumerate(value) for p in problems(item, contract[0], f"{where}[{i}]")
        ]
    if contract in MAY_BE_NULL:
        fits = value is None or isinstance(value, MAY_BE_NULL[contract])
        fits &= contract == "yes or no" or not isinstance(value, bool)
    else:
        fits = isinstance(value, contract) and not isinstance(value, bool)
    return [] if fits else [f"{where}: {value!r} is no {contract}"]


def check(document, contract=CONTRACT):
    """The contract, JSON with no NaN, and the words and orders that are fixed."""
    assert problems(document, contract) == []
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["schema"] == 1
    assert re.fullmatch(r"E0[6789]\d{6}|E10\d{6}", document["area"]["code"])
    assert re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", document["as_of"])
    assert document["window"]["from"] <= document["window"]["to"]
    assert [bar["driver"] for bar in document["ledger"]["drivers"]] == DRIVERS
    assert re.fullmatch(r"[0-9a-f]{64}", document["provenance"]["data_sha256"])
    assert re.fullmatch(r"[0-9a-f]{64}", document["provenance"]["rules_sha256"])


@pytest.fixture(scope="module")
def made(tables):
    """The verdicts document and the ledger document of every area and window."""
    out = {}
    for area in AREAS:
        study = ox.load(area)
        for window in WINDOWS:
            first, last = window or (study.first_year, study.last_year)
            part = dataclasses.replace(study, first_year=first, last_year=last)
            out[area, window] = (documents.verdicts_document(part), documents.ledger_document(part))
    return out


CASES = [pytest.param((area, w), id=f"{area} {w or 'default'}") for area in AREAS for w in WINDOWS]


@pytest.mark.parametrize("case", CASES)
def test_the_verdicts_document_keeps_the_contract(made, case):
    document, _ = made[case]
    check(document)
    assert document["area"]["name"] == case[0]
    assert document["premise"]["verdict"] in WORDS
    assert document["premise"]["reason"]
    assert [h["hypothesis"] for h in document["hypotheses"]] == HYPOTHESES
    for h in document["hypotheses"]:
        assert h["verdict"] in WORDS
        assert h["reason"].endswith(".")
        assert set(h["rivals"]) <= {*HYPOTHESES, "recording"} - {h["hypothesis"]}
        assert h["agreement"] in {"agrees", "differs", "cannot tell", "not asked"}
        assert {s["predicted"] for s in h["supporting"]} <= {"+", "-", "0"}
        numbers = [h["primary"][key] for key in ("estimate", "low", "high", "p_value")]
        assert (h["verdict"] == "not_testable") == (numbers == [None] * 4)
    assert document["hypotheses"][2]["verdict"] != "supported"  # need has a ceiling


@pytest.mark.parametrize("case", CASES)
def test_the_ledger_document_holds_the_same_objects(made, case):
    verdicts, ledger = made[case]
    check(
        ledger,
        {
            key: CONTRACT[key]
            for key in ("schema", "area", "window", "as_of", "ledger", "provenance")
        },
    )
    assert list(ledger) == ["schema", "area", "window", "as_of", "ledger", "provenance"]
    assert all(ledger[key] == verdicts[key] for key in ledger)


@pytest.mark.parametrize("case", CASES)
def test_printed_bars_add_up_to_the_printed_change_or_are_all_null(made, case):
    ledger = made[case][0]["ledger"]
    plans = [bar["plans"] for bar in [*ledger["drivers"], *ledger.get("merged", [])]]
    if ledger["reason"] is None:
        assert sum(n for n in plans if n is not None) + ledger["momentum"] == pytest.approx(
            ledger["change"], abs=0.05
        )
        assert ledger["base_years"]
    else:
        assert plans == [None] * 6
        assert ledger["momentum"] is None and ledger["base_years"] == []


def test_the_example_of_the_contract_has_its_published_numbers(made):
    document, _ = made["Oxfordshire", (2013, 2018)]
    assert document["area"] == {"code": "E10000025", "name": "Oxfordshire"}
    assert document["window"] == {"from": 2013, "to": 2018}
    assert document["premise"]["open_plans"] == {"from": 430, "to": 687}
    assert document["premise"]["rate_10k"] == {"from": 30.9, "to": 48.1}
    assert document["premise"]["verdict"] == "supported"
    assert document["ledger"]["base_years"] == [2012, 2013]
    assert document["ledger"]["change"] == 257


@pytest.mark.parametrize(
    ("area", "window"),
    [
        ("Oxfordshire", {"from": 2013, "to": 2024}),
        ("Hampshire", {"from": 2013, "to": 2023}),
        ("Bournemouth", {"from": 2013, "to": 2019}),
        ("Dorset", {"from": 2020, "to": 2024}),
        ("West Northamptonshire", {"from": 2022, "to": 2024}),
        ("Isles of Scilly", {"from": 2013, "to": 2024}),  # none since 2012: England's last
    ],
)
def test_the_default_window_is_2013_or_the_first_year_to_the_last_with_all_five_counts(
    made, area, window
):
    assert made[area, None][0]["window"] == window


@pytest.mark.parametrize(
    ("area", "window"),
    [
        ("City of London", (2013, 2018)),
        ("Isles of Scilly", None),
        ("Cumberland", None),
        ("Dorset", (2013, 2018)),
    ],
)
def test_an_area_that_cannot_be_judged_gets_nulls_and_reasons(made, area, window):
    document = made[area, window][0]
    assert document["premise"]["verdict"] == "not_testable"
    assert document["premise"]["just_here"] == dict.fromkeys(
        ("england", "median_neighbour", "given_start")
    )
    assert document["ledger"]["momentum"] is None
    assert document["ledger"]["reason"]
    assert all(
        h["verdict"] == "not_testable"
        for h in document["hypotheses"]
        if h["hypothesis"] != HYPOTHESES[2]
    )


def test_an_as_of_month_before_anything_was_published_is_an_error_in_words(tables):
    with pytest.raises(OxcareError):
        ox.load("Oxfordshire", as_of="1990-01")


def test_an_as_of_month_before_referrals_were_broken_down_loads_what_was_out(tables):
    study = ox.load("Oxfordshire", as_of="2012-11")
    assert study.at(2012, "plans_open_count") == 364
    assert documents.verdicts_document(study)["as_of"] == "2012-11"


# The command line


@pytest.fixture(scope="module")
def oxcare(tables):
    """A function that runs `oxcare` in a process of its own."""

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "oxcare_analysis", *map(str, arguments)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=PROJECT,
            timeout=120,
        )

    return run


@pytest.mark.parametrize(("command", "which"), [("verdicts", 0), ("ledger", 1)])
def test_json_is_one_document_and_nothing_else(oxcare, made, command, which):
    ran = oxcare(command, "--area", "e10000025", "--from", 2013, "--to", 2018, "--json")
    assert ran.returncode == 0
    assert json.loads(ran.stdout) == made["Oxfordshire", (2013, 2018)][which]
    assert "Traceback" not in ran.stderr


def test_statements_are_a_list_and_an_area_without_documents_gets_an_empty_one_and_a_notice(oxcare):
    about, nobody = (
        oxcare("statements", "--area", area, "--from", 2013, "--to", 2018, "--json")
        for area in ("Oxfordshire", "Rotherham")
    )
    assert about.returncode == nobody.returncode == 0
    keys = {
        "statement_id",
        "source",
        "locator",
        "statement",
        "test",
        "statistic",
        "result",
        "evidence",
    }
    assert len(json.loads(about.stdout)) > 70 and all(
        keys <= set(row) for row in json.loads(about.stdout)
    )
    assert about.stderr == "" or "Measuring" in about.stderr or "Building" in about.stderr
    assert json.loads(nobody.stdout) == []
    assert "No document about Rotherham" in nobody.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("verdicts", "--area", "Oxfordshir", "--json"), 2, "Nearest: Oxfordshire"),
        (
            ("ledger", "--area", "Oxfordshire", "--as-of", "2014-13", "--json"),
            2,
            "as-of month '2014-13'",
        ),
        (
            ("verdicts", "--area", "Oxfordshire", "--from", 2018, "--to", 2013),
            2,
            "ends (2013) before it starts (2018)",
        ),
        (("ledger", "--area", "Oxfordshire", "--from", 1999), 2, "held from 2010"),
    ],
)
def test_bad_usage_is_one_paragraph_and_exit_code_2(oxcare, arguments, code, said):
    ran = oxcare(*arguments)
    assert ran.returncode == code
    assert ran.stdout == ""
    assert ran.stderr.startswith("oxcare: ")
    assert len(ran.stderr.strip().splitlines()) == 1
    assert said in ran.stderr


def test_an_option_left_out_is_exit_code_2(oxcare):
    ran = oxcare("verdicts", "--json")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "--area" in ran.stderr and "Traceback" not in ran.stderr


def test_an_empty_data_folder_is_exit_code_3_and_stays_empty(oxcare, tmp_path):
    ran = oxcare("verdicts", "--area", "Oxfordshire", "--data-dir", tmp_path, "--json")
    assert ran.returncode == 3
    assert ran.stdout == ""
    assert "Traceback" not in ran.stderr
    last = ran.stderr.strip().splitlines()[-1]
    assert last.startswith("oxcare: ") and "oxcare data add" in last
    assert list(tmp_path.iterdir()) == []
