"""Tables for readers: captions, scoped headers, aligned figures, and the reason wherever a number is missing.

>>> import oxcare_analysis as ox
>>> ox.exhibits.ledger(ox.ledger(ox.load("Oxfordshire", 2013, 2018))).table["Step"].iloc[0]
'Number of children in the area'
"""

import re
from dataclasses import dataclass, field
from html import escape

import numpy as np
import pandas as pd

from oxcare_analysis.showing.wording import HYPOTHESES, VERDICTS

SYMBOLS = {"supported": "●", "contradicted": "✕", "negligible": "=", "inconclusive": "?", "not_testable": "–"}
RISE = {"supported": "● yes", "contradicted": "✕ fell", "negligible": "= hardly moved",
        "inconclusive": "? not clear of swings", "not_testable": "– not testable"}
COMPARISONS = {"england": "England", "median_neighbour": "Median statistical neighbour",
               "given_start": "Authorities that started at its rate and size"}


@dataclass(frozen=True)
class Exhibit:
    """A table with a caption. `table` is the plain frame behind it."""

    caption: str
    table: pd.DataFrame = field(repr=False, compare=False)
    source: str = ""

    def _repr_html_(self) -> str:
        return self.html()

    def html(self) -> str:
        """The table as accessible HTML: caption, scoped headers, a focusable frame that scrolls when narrow."""
        styler = self.table.reset_index(drop=True).style.hide(axis="index").set_caption(escape(self.caption)).format(
            precision=1, na_rep="none", escape="html").set_table_attributes('class="exhibit"')
        styler = styler.format_index(escape="html", axis=1)
        numbers = [c for c in self.table if pd.api.types.is_numeric_dtype(self.table[c])]
        styler = styler.set_properties(subset=numbers, **{"text-align": "right"})
        identity = "".join(c for c in self.caption.lower() if c.isalnum())[:24]
        html = styler.to_html(doctype_html=False, exclude_styles=False, table_uuid=identity)
        html = re.sub(r"<th id=", '<th scope="col" id=', html)
        source = f'<p class="source">{escape(self.source)}</p>' if self.source else ""
        return (f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(self.caption, quote=True)}">'
                f"{html}</div>{source}")


def premise(p) -> Exhibit:
    """What each comparison would have given, in children."""
    table = p.table if len(p.table) else pd.DataFrame(columns=["comparison", "expected", "above", "low", "high"])
    return Exhibit(f"Children on a plan in {p.area} at March {p.last_year}, had it moved like others", pd.DataFrame({
        "Had it moved like": table["comparison"].map(COMPARISONS),
        "Children on a plan": table["expected"].map(_whole),
        "More (+) or fewer (−) in fact": table["above"].map(_signed),
        "Middle half of such authorities": [_range(a, b) for a, b in zip(table["low"], table["high"], strict=True)]}),
        p.source)


def ledger(x) -> Exhibit:
    """Every driver of the growth ledger with intervals and what other bases give."""
    if not x.testable:
        return Exhibit(f"Growth ledger, {x.area}, {x.first_year} to {x.last_year}",
                       pd.DataFrame({"No ledger": [x.reason]}), x.source)
    joined = {d for name in x.merged["driver"] for d in name.split(" + ")}
    bars = pd.concat([x.table[~x.table["driver"].isin(joined)], x.merged])
    rows = [*bars[["label", "plans", "low", "high", "stable_sign", "doubtful", "one_year_base"]].itertuples(
        index=False, name=None),
        ("Carry-over from before", x.momentum, x.momentum_low, x.momentum_high, x.momentum_stable, False, np.nan)]
    table = pd.DataFrame(rows, columns=["step", "plans", "low", "high", "stable", "doubtful", "one"])
    table = pd.concat([table, pd.DataFrame([{"step": "Change in open plans", "plans": x.change}])])
    base = " and ".join(str(y) for y in x.base_years)
    return Exhibit(
        f"Growth ledger, {x.area}, {x.first_year} to {x.last_year}, in children (base: {base})", pd.DataFrame({
            "Step": table["step"], "Children": table["plans"].map(_signed),
            "95 per cent interval": [_range(a, b) for a, b in zip(table["low"], table["high"], strict=True)],
            "One-year base": table["one"].map(_signed),
            "Reading": [_reading(r) for r in table.itertuples()]}), x.source)


def evidence(f) -> Exhibit:
    """Primary and supporting measures: levels, change, interval, rank, and whether they went as predicted."""
    t = f.table
    words = {"+": "up", "-": "down", "0": "flat", "": "(the test)"}
    return Exhibit(f"Evidence on whether {HYPOTHESES[f.hypothesis]}: {f.area}, {f.window[0]} to {f.window[1]}",
                   pd.DataFrame({
        "Measure": t["label"], "Predicted": t["predicted"].map(words), "From": t["from"].map(_one),
        "To": t["to"].map(_one), "Change, per cent": [
            f"{np.expm1(e) * 100:+.0f}" if np.isfinite(e) else m
            for e, m in zip(t["estimate"], t["missing"], strict=True)],
        "95 per cent interval": [_range(np.expm1(a) * 100, np.expm1(b) * 100)
                                 for a, b in zip(t["low"], t["high"], strict=True)],
        "Rank among authorities": [f"{int(r)} of {int(o)}" if pd.notna(r) else "none"
                                   for r, o in zip(t["rank"], t["of"], strict=True)]}), f.source)


def variants(f) -> Exhibit:
    """The ways a hypothesis can be meant, apart: each predicted sign, what the measure did, and the whole."""
    words = {"+": "up", "-": "down", "0": "flat", "0+": "flat or up", "0-": "flat or down"}
    answers = {True: "yes", False: "no", None: "cannot tell"}
    rows = [(f"{v.words} ({v.reading})", s.estimate.label, words[s.predicted],
             f"{np.expm1(s.estimate.estimate) * 100:+.0f}" if s.estimate.known else s.estimate.missing,
             _range(np.expm1(s.estimate.low) * 100, np.expm1(s.estimate.high) * 100), answers[s.agrees])
            for v in f.variants for s in v.supports]
    return Exhibit(f"Ways to mean that {HYPOTHESES[f.hypothesis]}: {f.area}, {f.window[0]} to {f.window[1]}",
                   pd.DataFrame(rows, columns=["Variant (as a whole)", "Measure", "Predicted", "Change, per cent",
                                               "95 per cent interval", "As predicted?"]), f.source)


def events(x) -> Exhibit:
    """What each measure and source did after the events of each year, against all other authorities."""
    t = x.table[x.table["tested"].eq(True)]
    shown = [f"{np.expm1(e) * 100:+.0f}" for e in t["estimate"]]
    return Exhibit(f"After dated events, against all other authorities, {x.area}, {x.first_year} to {x.last_year}",
                   pd.DataFrame({
        "Year ending": t["year"].astype(str), "Events": t["event"].mask(t["year"].duplicated(), "the same"),
        "Measure": t["measure"], "Years after": t["k"],
        "Change against others, per cent": shown,
        "95 per cent interval": [_range(np.expm1(a) * 100, np.expm1(b) * 100)
                                 for a, b in zip(t["low"], t["high"], strict=True)],
        "p": t["p_value"].map("{:.2f}".format), "p, several tests": t["p_adjusted"].map("{:.2f}".format),
        "Authorities": t["n"].astype(str)}), x.source)


def fits(f) -> Exhibit:
    """How well each explanation fits, given how far the primary moved; those within reach of the best are marked."""
    t = f.fits.sort_values("loglik", ascending=False, na_position="last")
    own = t.loc[t["hypothesis"] == f.hypothesis, "loglik"].max()
    best = own if np.isfinite(own) else t["loglik"].max()
    caption = f"How well each explanation fits what moved: {f.area}, {f.window[0]} to {f.window[1]}"
    return Exhibit(caption, pd.DataFrame({
        "Explanation": t["mechanism"],
        "Of": t["hypothesis"].map(lambda h: HYPOTHESES.get(h, "how figures are recorded")),
        "Needed, times full size": t["size"].map(_one),
        "Log-likelihood, from this hypothesis's best": (t["loglik"] - best).map(
            lambda v: f"{v:+.1f}" if np.isfinite(v) else "cannot be told from one authority")}), f.source)


def everywhere(frame: pd.DataFrame, window: tuple[int, int], source: str = "") -> Exhibit:
    """How verdicts are spread over all authorities: number with each word, a row a hypothesis."""
    counts = frame.drop(columns="name").apply(pd.Series.value_counts).reindex(list(VERDICTS)).fillna(0).astype(int).T
    counts.columns = [VERDICTS[word] for word in counts.columns]
    counts.insert(0, "That ...", [HYPOTHESES[name] for name in counts.index])
    return Exhibit(f"The same rules in every authority, {window[0]} to {window[1]}: number with each verdict", counts,
                   source)


def errors(x) -> Exhibit:
    """The standard error of one change in four ways: interval of the change, z, and how well the error is known."""
    caption = f"How sure, counted in four ways: {x.change.label}, {x.area}, {x.first_year} to {x.last_year}"
    if x.missing:
        return Exhibit(caption, pd.DataFrame({"No standard error": [x.missing]}), x.source)
    t, answers = x.table, {True: "yes", False: "no", None: "cannot tell"}
    return Exhibit(caption, pd.DataFrame({
        "What is called noise": t["method"], "Standard error, in logs": t["se"].map(_three),
        "Change, per cent": f"{np.expm1(x.change.estimate) * 100:+.0f}",
        "95 per cent interval": [_range(np.expm1(a) * 100, np.expm1(b) * 100)
                                 for a, b in zip(t["low"], t["high"], strict=True)],
        "z": [f"{z:+.1f}" if np.isfinite(z) else "none" for z in t["z"]],
        "Beyond noise?": [answers[b] for b in t["beyond"]],
        "95 per cent interval of the standard error": [
            f"{_three(a)} to {_three(b)}" if np.isfinite(a) else "none"
            for a, b in zip(t["se_low"], t["se_high"], strict=True)]}), x.source)


def verdicts(findings: dict) -> Exhibit:
    """The four verdicts in words and symbols."""
    some = next(iter(findings.values()))
    rows = [{"Hypothesis: that ...": HYPOTHESES[f.hypothesis],
             "Verdict": f"{SYMBOLS[f.verdict]} {VERDICTS[f.verdict]}",
             "Why": f.reason, "Rivals that fit": ", ".join(f.rival_mechanisms) or "none named",
             "Council, 2014": f"{f.council_2014} ({f.agreement})" if f.council_2014 else "not asked of this window"}
            for f in findings.values()]
    return Exhibit(f"Four hypotheses, {some.area}, {some.window[0]} to {some.window[1]}", pd.DataFrame(rows),
                   some.source)


def story(s) -> Exhibit:
    """The six windows side by side."""
    t = s.table
    return Exhibit(f"The same questions over each window, {s.area}", pd.DataFrame({
        "Window": [f"{a} to {b}" for a, b in zip(t["first_year"], t["last_year"], strict=True)],
        "Open plans": [_pair(a, b, 0) for a, b in zip(t["open_from"], t["open_to"], strict=True)],
        "Per 10,000": [_pair(a, b, 1) for a, b in zip(t["rate_from"], t["rate_to"], strict=True)],
        "Rise beyond year-to-year swings?": t["premise"].map(RISE),
        "Bar for coming on dropped?": t["entry_threshold"].map(_mark),
        "Bar for coming off rose?": t["exit_threshold"].map(_mark), "Need rose?": t["population_need"].map(_mark),
        "Awareness improved?": t["awareness"].map(_mark)}), s.source)


def coefficients(r) -> Exhibit:
    """Coefficients of a regression, in logs."""
    table = r.table if len(r.table) else pd.DataFrame({"not fitted": [r.missing]})
    shown = table.rename(columns={"p_value": "p"}).map(lambda v: f"{v:.3f}" if isinstance(v, float) else v)
    return Exhibit(f"Model: {r.words}", shown, r.source)


def steps(m) -> Exhibit:
    """Dated events and the step in level at each, in per cent, each beside trend and season alone."""
    t, caption = m.steps, f"Steps at dated events: {m.label} by month, {m.area}"
    if t.empty:
        why = m.missing or "no dated event falls in these months"
        return Exhibit(caption, pd.DataFrame({"Not tested": [why]}), m.source)
    return Exhibit(caption, pd.DataFrame({
        "Event": t["event"], "First month after it": t["date"],
        "Step, per cent": (np.expm1(t["estimate"]) * 100).map(_signed),
        "95 per cent interval": [_range(np.expm1(a) * 100, np.expm1(b) * 100)
                                 for a, b in zip(t["low"], t["high"], strict=True)],
        "p": t["p_value"].map(_probability), "p, all dates at once": t["p_adjusted"].map(_probability)}), m.source)


def months(m) -> Exhibit:
    """Every month: the figure, and the parts that multiply up to it."""
    caption = f"{m.label[0].upper() + m.label[1:]} by month, {m.area}: value = trend × season × remainder"
    if m.missing:
        return Exhibit(caption, pd.DataFrame({"Not modelled": [m.missing]}), m.source)
    t = m.table
    return Exhibit(caption, pd.DataFrame({
        "Month": t["month"], "Value": t["value"].map(lambda v: f"{v:,.0f}" if pd.notna(v) else "no figure"),
        "Trend": t["trend"], "95 per cent interval": [f"{a:,.1f} to {b:,.1f}" for a, b in
                                                      zip(t["low"], t["high"], strict=True)],
        "Season": t["season"].map("{:.2f}".format), "Remainder": t["remainder"].map(
            lambda v: f"{v:.2f}" if pd.notna(v) else "no figure")}), m.source)


def recording(r) -> Exhibit:
    """Dated recording changes with their reasons, the verdicts they touch, and what those would be without them."""
    table = r.table if len(r.table) else pd.DataFrame({"Year": [], "What": []})
    names = {"year": "Year", "what": "What", "measure": "Measure", "found": "Found", "expected": "Expected",
             "reason": "Reason, where known", "touches": "Could move",
             "verdict_without": "Verdict without those points"}
    shown = table.rename(columns=names)
    if "Measure" in shown:
        flips = shown["Verdict without those points"].mask(shown["Verdict without those points"].eq(""), "the same")
        shown = shown.assign(**{
            "Year": shown["Year"].astype(str),
            "Measure": shown["Measure"].str.replace("_count", "").str.replace("_", " "),
            "Could move": shown["Could move"].str.replace("_", " ").replace("", "no verdict"),
            "Verdict without those points": flips.mask(shown["Could move"].eq(""), "").str.replace("_", " ")})
    return Exhibit(f"Recording changes, {r.area}, {r.first_year} to {r.last_year}", shown, r.source)


def published(frame: pd.DataFrame, caption: str = "The funnel as published (years ending 31 March)",
              source: str = "") -> Exhibit:
    """Published figures, a missing one given as its reason in brackets."""
    return Exhibit(caption, frame.rename_axis("Year").reset_index().astype(str), source)


def register(frame: pd.DataFrame, caption: str, source: str = "") -> Exhibit:
    """Any plain table under a caption."""
    shown = frame.rename(columns=lambda c: str(c).replace("_", " ").capitalize())
    return Exhibit(caption, shown.map(lambda v: f"{v:,.10g}" if isinstance(v, float) and np.isfinite(v) else
                                      "none" if isinstance(v, float) else v).astype(str), source)


def _mark(verdict: str) -> str:
    return f"{SYMBOLS[verdict]} {VERDICTS[verdict].lower()}"


def _pair(a: float, b: float, digits: int) -> str:
    return " → ".join(f"{v:,.{digits}f}" if np.isfinite(v) else "not published" for v in (a, b))


def _whole(value: float) -> str:
    return f"{value:,.0f}" if np.isfinite(value) else "cannot be worked out"


def _one(value: float) -> str:
    return f"{value:,.1f}" if pd.notna(value) else "none"


def _three(value: float) -> str:
    return f"{value:.3f}" if np.isfinite(value) else "none"


def _signed(value) -> str:
    return f"{value:+,.0f}" if pd.notna(value) else "none"


def _probability(p: float) -> str:
    return "too few months" if pd.isna(p) else "under 0.01" if p < 0.01 else f"{p:.2f}"


def _range(low: float, high: float) -> str:
    return f"{low:+,.0f} to {high:+,.0f}" if pd.notna(low) and pd.notna(high) else "none"


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
