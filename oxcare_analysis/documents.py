"""Results as JSON documents, in the shape the contracts fix. A number that does not exist is
null.
"""

import json
from pathlib import Path

import pandas as pd

from oxcare_analysis import door, figures
from oxcare_analysis.thinking import ledger as ledgers
from oxcare_analysis.thinking.findings import Finding, Support
from oxcare_analysis.thinking.study import Study


def verdicts_document(study: Study) -> dict:
    """Premise, ledger and four hypotheses as one JSON-ready document; a number that does not exist
    is null.
    """
    found, result = door.premise(study), door.assess_all(study)
    document = {
        **_heading(study),
        "premise": {
            "verdict": found.verdict,
            "open_plans": _ends(found.open_from, found.open_to),
            "rate_10k": _ends(found.rate_from, found.rate_to, 1),
            "just_here": {k: _round(v) for k, v in found.just_here.items()},
            "reason": found.reason,
            "window_at_extreme": list(found.extremes),
        },
        "ledger": _ledger_document(door.ledger(study)),
        "hypotheses": [_finding_document(f) for f in result.values()],
        "provenance": _provenance(study),
    }
    return json.loads(json.dumps(document, allow_nan=False))


def ledger_document(study: Study) -> dict:
    """The ledger alone, with the same objects."""
    return {
        **_heading(study),
        "ledger": _ledger_document(door.ledger(study)),
        "provenance": _provenance(study),
    }


def statements_document(study: Study, data_dir: str | Path | None = None) -> list[dict]:
    """Every statement of the documents about this area, checked: one object each, none without
    documents.

    Keys: statement_id, source, locator, statement, test, statistic, result, evidence (rows),
    settled_by, caution, gap.
    """
    return json.loads(
        json.dumps(figures.statements(study, data_dir).table.to_dict("records"), allow_nan=False)
    )


def _heading(study: Study) -> dict:
    return {
        "schema": 1,
        "area": {"code": study.area.ons_code, "name": study.area.name},
        "window": {"from": study.first_year, "to": study.last_year},
        "as_of": study.as_of,
    }


def _provenance(study: Study) -> dict:
    return {
        k: study.provenance[k]
        for k in (
            "editions",
            "data_sha256",
            "code_version",
            "rules_sha256",
            "values_as_revised_in",
            "noise_model",
        )
    }


def _round(value, digits: int = 2):
    return None if value is None or pd.isna(value) else round(float(value), digits)


def _ends(start: float, end: float, digits: int = 0) -> dict:
    as_number = (
        (lambda v: None if pd.isna(v) else int(v)) if digits == 0 else lambda v: _round(v, digits)
    )
    return {"from": as_number(start), "to": as_number(end)}


def _bars(table: pd.DataFrame, name: str) -> list[dict]:
    return [
        {
            name: row[name],
            "plans": _round(row["plans"]),
            "low": _round(row["low"]),
            "high": _round(row["high"]),
            "stable_sign": None if pd.isna(row["stable_sign"]) else bool(row["stable_sign"]),
            "doubtful": None if pd.isna(row["doubtful"]) else bool(row["doubtful"]),
        }
        for row in table.to_dict("records")
    ]


def _ledger_document(result: ledgers.Ledger) -> dict:
    if not result.testable:
        empty = pd.DataFrame({"driver": ledgers.DRIVERS}).assign(
            plans=None, low=None, high=None, stable_sign=None, doubtful=None
        )
        return {
            "base_years": [],
            "drivers": _bars(empty, "driver"),
            "momentum": None,
            "change": None if pd.isna(result.change) else int(result.change),
            "recording_residual": None,
            "reason": result.reason,
        }
    return {
        "base_years": list(result.base_years),
        "drivers": _bars(result.table, "driver"),
        "momentum": _round(result.momentum),
        "change": int(result.change),
        "recording_residual": result.recording_residual,
        "reason": None,
        "momentum_interval": [_round(result.momentum_low), _round(result.momentum_high)],
        "subtotals": _bars(result.subtotals, "step"),
        "merged": _bars(result.merged, "driver"),
    }


def _finding_document(f: Finding) -> dict:
    e = f.primary
    return {
        "hypothesis": f.hypothesis,
        "verdict": f.verdict,
        "reason": f.reason,
        "rivals": list(f.rivals),
        "moved": f.moved,
        "rival_mechanisms": list(f.rival_mechanisms),
        "recording_notes": list(f.notes),
        "primary": {
            "measure": e.measure,
            "estimate": _round(e.estimate, 4),
            "low": _round(e.low, 4),
            "high": _round(e.high, 4),
            "p_value": _round(e.p_value, 5),
            "p_adjusted": _round(f.p_adjusted, 5),
            "margin": f.margin,
            "minimum_detectable_effect": _round(e.detectable, 4),
            "placebo_rank": e.placebo_rank,
            "placebo_of": e.placebo_of,
            "peculiar": e.peculiar,
        },
        "supporting": _supports(f.supporting),
        "council_2014": f.council_2014,
        "agreement": f.agreement,
        "variants": [
            {"variant": v.words, "reading": v.reading, "supporting": _supports(v.supports)}
            for v in f.variants
        ],
    }


def _supports(supports: tuple[Support, ...]) -> list[dict]:
    return [
        {
            "measure": s.estimate.measure,
            "predicted": s.predicted,
            "estimate": _round(s.estimate.estimate, 4),
            "low": _round(s.estimate.low, 4),
            "high": _round(s.estimate.high, 4),
            "agrees": s.agrees,
        }
        for s in supports
    ]
