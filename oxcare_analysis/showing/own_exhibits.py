"""Tables of what an authority's own records give; reached through `ox.exhibits` like the rest."""

import numpy as np
import pandas as pd

from oxcare_analysis.showing.exhibit import Exhibit, span
from oxcare_analysis.showing.wording import HYPOTHESES, VERDICTS, upper, whose

HELD_BACK = "held back"


def own_records(x) -> Exhibit:
    """What is held, year by year."""
    return _made(
        x,
        "What the records hold",
        x.table,
        lambda t: {
            "Year to March": t["year"].astype(str),
            **{upper(c.replace("_", " ")): _counts(t[c]) for c in t.columns[1:]},
        },
    )


def own_funnel(x) -> Exhibit:
    """Cases that reached each step, by year of the referral."""
    return _made(
        x,
        "Referrals followed to a plan, by year of the referral",
        x.table,
        lambda t: {
            "Year to March": t["year"].astype(str),
            "Referrals": _counts(t["referrals"]),
            "In need": _counts(t["in_need"]),
            "Then an enquiry": _counts(t["enquiry"]),
            "Then a conference": _counts(t["conference"]),
            "Then a plan": _counts(t["plan"]),
        },
    )


def own_kinds(x) -> Exhibit:
    """The plans that started, by year: families, repeats, infants, unborn children."""
    return _made(
        x,
        "Plans started, whose they were",
        x.kinds,
        lambda t: {
            "Year to March": t["year"].astype(str),
            "Plans": _counts(t["plans"]),
            "Families": (
                _counts(t["families"]) if t["families"].notna().any() else ["not known"] * len(t)
            ),
            "Within two years of an earlier plan": _counts(t["repeat"]),
            "Child under one or unborn": _counts(t["under_1"]),
            "Of those, unborn": _counts(t["unborn"]),
        },
    )


def own_stays(x) -> Exhibit:
    """The share still on a plan at set times, by the year in which the plan started."""

    def shown(t: pd.DataFrame) -> dict:
        t = t.assign(
            told=[
                f"{s * 100:.0f} ({a * 100:.0f} to {b * 100:.0f})"
                for s, a, b in zip(t["on_plan"], t["low"], t["high"], strict=True)
            ]
        )
        wide = t.pivot(index="cohort", columns="months", values="told").reindex(
            dict.fromkeys(t["cohort"])
        )
        plans = t.drop_duplicates("cohort").set_index("cohort")["plans"].reindex(wide.index)
        return {
            "Started in the year to March": (
                wide.index.to_series().replace("all", "any year").tolist()
            ),
            "Plans": _counts(plans),
            **{
                f"After {months} months": wide[months].fillna("not yet known").tolist()
                for months in wide
            },
        }

    return _made(
        x, "Per cent still on the plan (95 per cent interval), by when it started", x.table, shown
    )


def own_endings(x) -> Exhibit:
    """How the plans that ended did."""
    return _made(
        x,
        "How plans ended",
        x.endings,
        lambda t: {"What ended the plan": t["label"].map(upper), "Plans": _counts(t["plans"])},
    )


def own_hazards(x) -> Exhibit:
    """Steps down a year per plan open, by time on a plan and year."""

    def shown(t: pd.DataFrame) -> dict:
        wide = t.pivot(index="year", columns="label", values="rate")[
            list(dict.fromkeys(t["label"]))
        ]
        return {
            "Year to March": wide.index.astype(str),
            **{
                upper(label): [f"{v:.1f}" if np.isfinite(v) else HELD_BACK for v in wide[label]]
                for label in wide
            },
        }

    return _made(x, "Plans stepped down a year per plan open, by time on the plan", x.table, shown)


def own_control(x) -> Exhibit:
    """The months that signal, with the rule each broke."""
    t = x.table[x.table["signal"].ne("")] if len(x.table) else x.table
    if not x.missing and t.empty:
        return Exhibit(
            f"Months that signal: {x.label}, {whose(x)}",
            pd.DataFrame({"None": ["no month signals"]}),
            x.source,
        )
    return _made(
        x,
        f"Months that signal: {x.label}",
        t,
        lambda t: {
            "Month": t["month"],
            "Value": _counts(t["value"]),
            "Limits": [f"{a:,.0f} to {b:,.0f}" for a, b in zip(t["low"], t["high"], strict=True)],
            "Why it signals": t["signal"].map(upper),
        },
    )


def own_ledger(x) -> Exhibit:
    """Every driver of the ledger in months."""
    rows = (
        [
            *x.table[["label", "plans", "low", "high"]].itertuples(index=False, name=None),
            ("Carry-over from before", x.momentum, x.momentum_low, x.momentum_high),
            ("Change in open plans", x.change, np.nan, np.nan),
        ]
        if x.testable
        else []
    )
    table = pd.DataFrame(rows, columns=["step", "plans", "low", "high"])
    return _made(
        x,
        "Ledger of open plans, in children",
        table,
        lambda t: {
            "Step": t["step"],
            "Children": t["plans"].map("{:+,.0f}".format),
            "95 per cent interval": [
                span(a, b, "exact") for a, b in zip(t["low"], t["high"], strict=True)
            ],
        },
        x.reason,
    )


def own_verdicts(x) -> Exhibit:
    """The four verdicts on the authority's own months."""
    return _made(
        x,
        "Four hypotheses on own months",
        x.table,
        lambda t: {
            "Hypothesis: that ...": t["hypothesis"].map(HYPOTHESES),
            "Verdict": t["verdict"].map(VERDICTS),
            "Why": t["reason"],
        },
    )


def own_measures(x) -> Exhibit:
    """What every measure did between both ends of the months: the primaries and what tells the
    hypotheses apart.
    """
    return _made(
        x,
        "What every measure did between both ends of the months",
        x.measures,
        lambda t: {
            "Measure": t["label"].map(upper),
            "Unit": t["per"],
            "Before": t["from"].map(_level),
            "After": t["to"].map(_level),
            "Change, per cent": [
                f"{round(np.expm1(e) * 100):+d}" if np.isfinite(e) else "too few"
                for e in t["estimate"]
            ],
            "95 per cent interval": [
                span(np.expm1(a) * 100, np.expm1(b) * 100, "too few")
                for a, b in zip(t["low"], t["high"], strict=True)
            ],
        },
    )


def own_against_published(x) -> Exhibit:
    """Own counts beside the published ones, with what would make a difference."""
    return _made(
        x,
        "Own counts beside the published ones",
        x.table,
        lambda t: {
            "Year to March": t["year"].astype(str),
            "Figure": t["label"].map(upper),
            "Own": _counts(t["own"]),
            "Published": _counts(t["published"]),
            "Difference": t["difference"].map("{:+,.0f}".format),
            "Reading": t["agrees"].map({True: "they agree", False: "apart"}),
        },
    )


def _made(x, caption: str, table: pd.DataFrame, columns, missing: str = "") -> Exhibit:
    caption = f"{caption}, {whose(x)}"
    if missing or getattr(x, "missing", ""):  # the chart or the sentence beside it has said why
        return Exhibit(caption, pd.DataFrame())
    if table.empty:
        return Exhibit(
            caption, pd.DataFrame({"Not held": ["no year is covered as a whole"]}), x.source
        )
    return Exhibit(caption, pd.DataFrame(columns(table.reset_index(drop=True))), x.source)


def _level(value: float) -> str:
    return f"{value:,.0f}" if np.isfinite(value) else "too few"


def _counts(values) -> list[str]:
    return [f"{v:,.0f}" if pd.notna(v) else HELD_BACK for v in values]
