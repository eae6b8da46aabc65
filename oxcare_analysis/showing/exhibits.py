"""Tables for readers: captions, scoped headers, aligned figures, and the reason wherever a number
is missing.

>>> import oxcare_analysis as ox
>>> ox.exhibits.ledger(ox.ledger(ox.load("Oxfordshire", 2013, 2018))).table["Step"].iloc[0]
'Number of children in the area'
"""

import numpy as np
import pandas as pd

from oxcare_analysis.showing.care_exhibits import (
    ages,
    caseload,
    in_need,
    links,
    listed,
    outlook,
    routes,
    spend,
    workforce,
)
from oxcare_analysis.showing.evidence_exhibits import (
    coefficients,
    comparable_events,
    errors,
    events,
    fits,
    steps,
    variants,
)
from oxcare_analysis.showing.exhibit import NONE, Exhibit, one_decimal, pair, signed, span, whole
from oxcare_analysis.showing.own_exhibits import (
    own_against_published,
    own_control,
    own_endings,
    own_funnel,
    own_hazards,
    own_kinds,
    own_ledger,
    own_measures,
    own_records,
    own_stays,
    own_verdicts,
)
from oxcare_analysis.showing.statements import stated
from oxcare_analysis.showing.wording import HYPOTHESES, LEDGERS, VERDICTS, upper
from oxcare_analysis.showing.statements import exhibit as statements

__all__ = [
    "Exhibit",
    "ages",
    "caseload",
    "coefficients",
    "comparable_events",
    "errors",
    "events",
    "everywhere",
    "evidence",
    "fits",
    "in_need",
    "ledger",
    "links",
    "listed",
    "months",
    "outlook",
    "own_against_published",
    "own_control",
    "own_endings",
    "own_funnel",
    "own_hazards",
    "own_kinds",
    "own_ledger",
    "own_measures",
    "own_records",
    "own_stays",
    "own_verdicts",
    "premise",
    "published",
    "recording",
    "register",
    "routes",
    "spend",
    "stated",
    "statements",
    "steps",
    "story",
    "variants",
    "verdicts",
    "workforce",
]

SYMBOLS = {
    "supported": "●",
    "contradicted": "✕",
    "negligible": "=",
    "inconclusive": "?",
    "not_testable": "–",
}
RISE = {
    "supported": "● yes",
    "contradicted": "✕ fell",
    "negligible": "= hardly moved",
    "inconclusive": "? not clear of swings",
    "not_testable": "– not testable",
}
COMPARISONS = {
    "england": "England",
    "median_neighbour": "Median statistical neighbour",
    "given_start": "Authorities that started at its rate and size",
}


def premise(p) -> Exhibit:
    """What each comparison would have given, in children."""
    table = (
        p.table
        if len(p.table)
        else pd.DataFrame(columns=["comparison", "expected", "above", "low", "high"])
    )
    return Exhibit(
        f"Children on a plan in {p.area} at March {p.last_year}, had it moved like others",
        pd.DataFrame(
            {
                "Had it moved like": table["comparison"].map(COMPARISONS),
                "Children on a plan": table["expected"].map(whole),
                "More (+) or fewer (−) in fact": [
                    signed(a, "cannot be worked out") for a in table["above"]
                ],
                "Middle half of such authorities": [
                    span(a, b, "one path has no spread")
                    for a, b in zip(table["low"], table["high"], strict=True)
                ],
            }
        ),
        p.source,
    )


def ledger(x) -> Exhibit:
    """Every driver of the growth ledger with intervals and what other bases give."""
    stock = LEDGERS[x.flow]["stock"]
    if not x.testable:
        return Exhibit(
            f"Ledger of {stock}, {x.area}, {x.first_year} to {x.last_year}",
            pd.DataFrame({"No ledger": [x.reason]}),
            x.source,
        )
    joined = {d for name in x.merged["driver"] for d in name.split(" + ")}
    bars = pd.concat([x.table[~x.table["driver"].isin(joined)], x.merged])
    rows = [
        *bars[
            ["label", "plans", "low", "high", "stable_sign", "doubtful", "one_year_base"]
        ].itertuples(index=False, name=None),
        (
            "Carry-over from before",
            x.momentum,
            x.momentum_low,
            x.momentum_high,
            x.momentum_stable,
            False,
            np.nan,
        ),
    ]
    table = pd.DataFrame(
        rows, columns=["step", "plans", "low", "high", "stable", "doubtful", "one"]
    )
    table.loc[len(table) - 1, "one"] = x.change - table["one"][:-1].sum(
        skipna=False
    )  # the carry-over is what remains
    table = pd.concat(
        [table, pd.DataFrame([{"step": f"Change in {stock}", "plans": x.change, "one": x.change}])]
    )
    base = " and ".join(str(y) for y in x.base_years)
    return Exhibit(
        f"Ledger of {stock}, {x.area}, {x.first_year} to {x.last_year}, in children (base: {base})",
        pd.DataFrame(
            {
                "Step": table["step"],
                "Children": table["plans"].map(signed),
                "95 per cent interval": [
                    span(a, b, "exact") for a, b in zip(table["low"], table["high"], strict=True)
                ],
                "One-year base": [signed(one, "not held") for one in table["one"]],
                "Reading": [_reading(r) for r in table.itertuples()],
            }
        ),
        x.source,
    )


def evidence(f) -> Exhibit:
    """Primary and supporting measures: levels, change, interval, rank, and whether they went as
    predicted.
    """
    t = f.table
    words = {"+": "up", "-": "down", "0": "flat", "": "(the test)"}
    return Exhibit(
        f"Evidence on whether {HYPOTHESES[f.hypothesis]}: {f.area}, {f.window[0]} to {f.window[1]}",
        pd.DataFrame(
            {
                "Measure": t["label"],
                "Predicted": t["predicted"].map(words),
                "From": t["from"].map(one_decimal),
                "To": t["to"].map(one_decimal),
                "Change, per cent": [
                    f"{np.expm1(e) * 100:+.0f}" if np.isfinite(e) else m
                    for e, m in zip(t["estimate"], t["missing"], strict=True)
                ],
                "95 per cent interval": [
                    span(np.expm1(a) * 100, np.expm1(b) * 100)
                    for a, b in zip(t["low"], t["high"], strict=True)
                ],
                "Rank among authorities": [
                    f"{int(r)} of {int(o)}" if pd.notna(r) else "not ranked"
                    for r, o in zip(t["rank"], t["of"], strict=True)
                ],
            }
        ),
        f.source,
    )


def everywhere(frame: pd.DataFrame, window: tuple[int, int], source: str = "") -> Exhibit:
    """How verdicts are spread over all authorities: number with each word, a row a hypothesis."""
    counts = (
        frame.drop(columns="name")
        .apply(pd.Series.value_counts)
        .reindex(list(VERDICTS))
        .fillna(0)
        .astype(int)
        .T
    )
    counts.columns = [VERDICTS[word] for word in counts.columns]
    counts.insert(0, "That ...", [HYPOTHESES[name] for name in counts.index])
    return Exhibit(
        f"The same rules in every authority, {window[0]} to {window[1]}: number with each verdict",
        counts,
        source,
    )


def verdicts(findings: dict) -> Exhibit:
    """The four verdicts in words and symbols."""
    some = next(iter(findings.values()))
    rows = [
        {
            "Hypothesis: that ...": HYPOTHESES[f.hypothesis],
            "Verdict": f"{SYMBOLS[f.verdict]} {VERDICTS[f.verdict]}",
            "Why": f.reason,
            "Rivals that fit": (
                ", ".join(f.rival_mechanisms) or ("none" if f.moved else "not asked: no such move")
            ),
            "Council, 2014": (
                f"{f.council_2014} ({f.agreement})"
                if f.council_2014
                else "not asked of this window"
            ),
        }
        for f in findings.values()
    ]
    return Exhibit(
        f"Four hypotheses, {some.area}, {some.window[0]} to {some.window[1]}",
        pd.DataFrame(rows),
        some.source,
    )


def story(s) -> Exhibit:
    """The six windows side by side."""
    t = s.table
    return Exhibit(
        f"The same questions over each window, {s.area}",
        pd.DataFrame(
            {
                "Window": [
                    f"{a} to {b}" for a, b in zip(t["first_year"], t["last_year"], strict=True)
                ],
                "Open plans": [
                    pair(a, b, 0) for a, b in zip(t["open_from"], t["open_to"], strict=True)
                ],
                "Per 10,000": [
                    pair(a, b, 1) for a, b in zip(t["rate_from"], t["rate_to"], strict=True)
                ],
                "Rise beyond year-to-year swings?": t["premise"].map(RISE),
                "Bar for coming on dropped?": t["entry_threshold"].map(_mark),
                "Bar for coming off rose?": t["exit_threshold"].map(_mark),
                "Need rose?": t["population_need"].map(_mark),
                "Awareness improved?": t["awareness"].map(_mark),
            }
        ),
        s.source,
    )


def months(m) -> Exhibit:
    """Every month: the figure, and the parts that multiply up to it."""
    caption = f"{upper(m.label)} by month, {m.area}: value = trend × season × remainder"
    if m.missing:
        return Exhibit(caption, pd.DataFrame({"Not modelled": [m.missing]}), m.source)
    t = m.table
    return Exhibit(
        caption,
        pd.DataFrame(
            {
                "Month": t["month"],
                "Value": t["value"].map(lambda v: f"{v:,.0f}" if pd.notna(v) else "no figure"),
                "Trend": t["trend"],
                "95 per cent interval": [
                    f"{a:,.1f} to {b:,.1f}" for a, b in zip(t["low"], t["high"], strict=True)
                ],
                "Season": t["season"].map("{:.2f}".format),
                "Remainder": (
                    t["remainder"].map(lambda v: f"{v:.2f}" if pd.notna(v) else "no figure")
                ),
            }
        ),
        m.source,
    )


def recording(r) -> Exhibit:
    """Dated recording changes with their reasons, the verdicts they touch, and what those would be
    without them.
    """
    table = r.table if len(r.table) else pd.DataFrame({"Year": [], "What": []})
    names = {
        "year": "Year",
        "what": "What",
        "measure": "Measure",
        "found": "Found",
        "expected": "Expected",
        "reason": "Reason, where known",
        "touches": "Could move",
        "verdict_without": "Verdict without those points",
    }
    unread = table["tested_without"].eq("") if len(r.table) else None
    shown = table.drop(columns="tested_without", errors="ignore").rename(columns=names)
    if "Measure" in shown:
        flips = shown["Verdict without those points"].mask(
            shown["Verdict without those points"].eq(""), "the same"
        )
        flips = flips.mask(unread, "not tested: between the years a verdict reads")
        shown = shown.assign(
            **{
                "Year": shown["Year"].astype(str),
                "Measure": shown["Measure"].str.replace("_count", "").str.replace("_", " "),
                "Could move": shown["Could move"].str.replace("_", " ").replace("", "no verdict"),
                "Verdict without those points": (
                    flips.mask(shown["Could move"].eq(""), "").str.replace("_", " ")
                ),
            }
        )
    return Exhibit(f"Recording changes, {r.area}, {r.first_year} to {r.last_year}", shown, r.source)


def published(
    frame: pd.DataFrame,
    caption: str = "The funnel as published (years ending 31 March)",
    source: str = "",
) -> Exhibit:
    """Published figures, a missing one given as its reason in brackets."""
    return Exhibit(caption, frame.rename_axis("Year").reset_index().astype(str), source)


def register(frame: pd.DataFrame, caption: str, source: str = "") -> Exhibit:
    """Any plain table under a caption."""
    shown = frame.rename(columns=lambda c: str(c).replace("_", " ").capitalize())
    return Exhibit(
        caption,
        shown.map(
            lambda v: (
                f"{v:,.10g}"
                if isinstance(v, float) and np.isfinite(v)
                else NONE
                if isinstance(v, float)
                else v
            )
        ).astype(str),
        source,
    )


def _mark(verdict: str) -> str:
    return f"{SYMBOLS[verdict]} {VERDICTS[verdict].lower()}"


def _reading(row) -> str:
    if pd.isna(row.low):
        return "the whole"
    if row.doubtful is True or row.doubtful == 1:
        return "doubtful: recording"
    if row.low * row.high <= 0:
        return "within noise"
    if pd.isna(row.stable):
        return "only one base is held: not read"
    return "clear of noise" if row.stable else "changes sign with the base: not read"
