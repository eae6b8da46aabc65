"""Every rule on records: a row that breaks it is found, and set aside, mended or counted as the
rule says.
"""

import pandas as pd
import pytest

from oxcare_analysis.local import rules
from oxcare_analysis.local.layouts import ssd
from oxcare_analysis.local.records import COLUMNS, Records, conform
from oxcare_analysis.local.simulator import simulate
from oxcare_analysis.words import paths

# Two children, each referred, enquired into, met about and on a plan: nothing here breaks a rule.
SOUND = {
    "persons": [("A", "F1", "2015-05-01", None, None), ("B", "F1", "2018-05-01", None, None)],
    "referrals": [
        ("R1", "A", "2024-05-01", "6", False, None, None),
        ("R2", "B", "2024-05-01", "6", False, None, None),
    ],
    "enquiries": [
        ("E1", "A", "R1", "2024-05-03", "2024-05-20"),
        ("E1", "B", "R2", "2024-05-03", "2024-05-20"),
    ],
    "conferences": [
        ("C1", "A", "E1", "2024-05-24", False, True),
        ("C1", "B", "E1", "2024-05-24", False, True),
    ],
    "plans": [
        ("L1", "A", "R1", "C1", "2024-05-24", "2024-11-20", False, "NEG", "NEG"),
        ("L2", "B", "R2", "C1", "2024-05-24", None, False, "NEG", "NEG"),
    ],
    "reviews": [("L1", "A", "2024-08-20"), ("L2", "B", "2024-08-20")],
    "care": [("K1", "A", "2024-11-20", None)],
}
MET_AGAIN = ("C2", "A", "E1", "2024-12-02", False, True)
AGAIN = ("L3", "A", "R1", "C2", "2024-12-02", None, False, "NEG", "NEG")

# rule, table → what is put into the sound records: (table, rows added), or (table, place, column,
# value)
BROKEN = {
    **{("no-identity", name): [(name, [(None, *SOUND[name][0][1:])])] for name in COLUMNS},
    ("begins-later", "referrals"): [
        ("referrals", [("R9", "A", "2026-01-05", "6", False, None, None)])
    ],
    ("begins-later", "enquiries"): [("enquiries", [("E9", "A", "R1", "2026-01-05", None)])],
    ("begins-later", "conferences"): [
        ("conferences", [("C9", "A", "E1", "2026-01-05", False, False)])
    ],
    ("8720", "plans"): [
        ("plans", [("L9", "A", None, None, "2026-01-05", None, True, "NEG", "NEG")])
    ],
    ("begins-later", "care"): [("care", [("K9", "A", "2026-01-05", None)])],
    ("ends-later", "referrals"): [("referrals", 0, "close_date", "2026-02-01")],
    ("ends-later", "enquiries"): [("enquiries", 0, "end_date", "2026-02-01")],
    ("ends-later", "plans"): [("plans", 1, "end_date", "2026-02-01")],
    ("ends-later", "care"): [("care", 0, "end_date", "2026-02-01")],
    ("ends-before", "referrals"): [
        ("referrals", [("R9", "A", "2024-06-02", "6", False, "2024-06-01", "RC8")])
    ],
    ("ends-before", "enquiries"): [("enquiries", [("E9", "A", "R1", "2024-06-02", "2024-06-01")])],
    ("8925", "plans"): [
        ("plans", [("L9", "A", None, None, "2024-12-02", "2024-12-01", True, "NEG", "NEG")])
    ],
    ("ends-before", "care"): [("care", [("K9", "A", "2024-06-02", "2024-06-01")])],
    ("8915", "plans"): [
        ("persons", [("D", "F2", "2015-05-01", None, "2024-06-01")]),
        ("plans", [("L9", "D", None, None, "2024-06-02", "2024-07-01", True, "NEG", "NEG")]),
    ],
    ("8920", "plans"): [("persons", 1, "death_date", "2025-01-05")],
    ("adult", "plans"): [
        ("plans", [("L9", "E", None, None, "2024-06-02", None, True, "NEG", "NEG")]),
        ("persons", [("E", "F2", "1990-05-01", None, None)]),
    ],
    ("8935", "plans"): [
        ("plans", [("L3", "B", "R2", "C1", "2024-05-24", None, False, "NEG", "NEG")])
    ],
    ("8940-inside", "plans"): [
        ("conferences", [("C3", "A", "E1", "2024-07-01", False, True)]),
        ("plans", [("L3", "A", "R1", "C3", "2024-07-01", "2024-08-01", False, "NEG", "NEG")]),
    ],
    ("8940", "plans"): [
        ("conferences", [("C3", "A", "E1", "2024-07-01", False, True)]),
        ("plans", [("L3", "A", "R1", "C3", "2024-07-01", "2025-08-01", False, "NEG", "NEG")]),
    ],
    ("8840", "plans"): [
        ("conferences", [MET_AGAIN]),
        ("plans", [(*AGAIN[:5], "2024-12-02", *AGAIN[6:])]),
    ],
    ("1105", "plans"): [("referrals", 1, "referral_date", "2024-05-25")],
    ("2885", "plans"): [
        ("conferences", [MET_AGAIN]),
        ("plans", [(*AGAIN[:4], "2024-12-03", *AGAIN[5:])]),
    ],
    ("no-conference", "plans"): [("plans", [(*AGAIN[:4], "2025-12-02", *AGAIN[5:])])],
    ("2883", "persons"): [("plans", [(*AGAIN[:4], "2025-12-02", *AGAIN[5:])])],
    ("2889", "enquiries"): [("referrals", 1, "referral_date", "2024-05-04")],
    ("8615", "conferences"): [
        ("enquiries", 1, "start_date", "2024-05-25"),
        ("enquiries", 1, "end_date", None),
    ],
    ("1104", "conferences"): [("referrals", 1, "referral_date", "2024-05-25")],
    ("8841", "reviews"): [("reviews", [("L1", "A", "2024-05-24")])],
}
# What cannot be broken alone: a plan without a conference begins on the day of none, and so on.
ALSO = {
    "8720": set(),
    "8935": {"8940-inside"},
    "1105": {"2889", "1104"},
    "1104": {"2889", "1105"},
    "no-conference": {"2885", "2883"},
    "2883": {"2885", "no-conference"},
}


def made(changes=()):
    tables = {
        name: pd.DataFrame(rows, columns=list(COLUMNS[name])).astype("object")
        for name, rows in SOUND.items()
    }
    for name, *change in changes:
        if len(change) == 1:
            added = pd.DataFrame(change[0], columns=list(COLUMNS[name])).astype("object")
            tables[name] = pd.concat([tables[name], added], ignore_index=True)
        else:
            place, column, value = change
            tables[name].loc[place, column] = value
    return Records(
        **{name: conform(name, table) for name, table in tables.items()},
        extract_date=pd.Timestamp("2025-12-31"),
        complete_from=pd.Timestamp("2024-01-01"),
        area="Testshire",
        simulated=False,
    )


def broken(found):
    return found[found["rows"] > 0].set_index("rule")["rows"].to_dict()


def test_sound_records_break_no_rule_and_stay_as_they_are():
    records = made()
    kept, found = rules.apply(records)
    assert broken(found) == {}
    for name, table in records.tables.items():
        pd.testing.assert_frame_equal(kept.tables[name], table)


def test_simulated_records_break_no_rule():
    assert broken(rules.apply(simulate(4_000, 36, seed=8))[1]) == {}


def test_the_page_for_analysts_has_every_rule_and_every_column():
    page = (paths.PROJECT / "docs" / "own_records.md").read_text(encoding="utf-8")
    tables = {}
    for rule in rules.RULES:
        tables.setdefault((rule.code, rule.message, rule.action), []).append(
            rules.NAMES[rule.table]
        )
    told = [
        f"| {code} | {', '.join(names)} | {message} | {action} |"
        for (code, message, action), names in tables.items()
    ]
    told += [
        f"SELECT {', '.join(columns.values())} FROM {theirs};"
        for theirs, columns in ssd.TABLES.values()
    ]
    assert [line for line in told if line not in page.splitlines()] == []


def test_every_rule_has_an_example():
    assert set(BROKEN) == {(rule.code, rule.table) for rule in rules.RULES}


@pytest.mark.parametrize(("code", "table"), list(BROKEN))
def test_a_row_that_breaks_a_rule_is_found_and_dealt_with(code, table):
    records = made(BROKEN[code, table])
    rule = next(rule for rule in rules.RULES if (rule.code, rule.table) == (code, table))
    kept, found = rules.apply(records)
    row = found[(found["rule"] == code) & (found["table"] == rules.NAMES[table])].iloc[0]
    assert (row["rows"], row["message"], row["action"]) == (1, rule.message, rule.action)
    assert set(broken(found)) - {code} <= ALSO.get(code, set())
    lost = len(records.tables[table]) - len(kept.tables[table])
    if rule.action == rules.SET_ASIDE:
        assert lost == 1
    elif code not in ALSO:
        assert lost == 0 and kept.tables[table].equals(records.tables[table]) == (
            rule.action == rules.COUNTED
        )


def test_a_plan_open_at_a_childs_death_ends_that_day_and_one_that_ends_later_is_open():
    kept = rules.apply(made(BROKEN["8920", "plans"]))[0]
    assert kept.plans["end_date"][1] == pd.Timestamp("2025-01-05")
    assert pd.isna(rules.apply(made(BROKEN["ends-later", "plans"]))[0].plans["end_date"][1])


def test_plans_of_other_authorities_are_held_to_no_conference_and_to_no_overlap():
    records = made([("plans", [(*AGAIN[:4], "2024-06-02", None, True, "NEG", "NEG")])])
    assert broken(rules.apply(records)[1]) == {}
