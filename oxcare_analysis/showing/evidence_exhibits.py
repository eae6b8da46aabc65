"""Tables that stand beside the evidence on one hypothesis; reached through `ox.exhibits` like the
rest.
"""

import numpy as np
import pandas as pd

from oxcare_analysis.showing.exhibit import Exhibit, one_decimal, signed, span, three_decimals
from oxcare_analysis.showing.wording import AROUND, HYPOTHESES, event_kind

TOO_FEW_MONTHS = "too few months"


def fits(f) -> Exhibit:
    """How well each explanation fits, given how far the primary moved."""
    caption = f"How well each explanation fits what moved: {f.area}, {f.window[0]} to {f.window[1]}"
    if not f.beyond_noise or f.fits.empty:
        why = (
            "No explanation held here predicts a move this way."
            if f.beyond_noise
            else "The test did not move beyond its noise, so there is nothing to explain."
        )
        return Exhibit(caption, pd.DataFrame({"Nothing to compare": [why]}), f.source)
    t = f.fits.sort_values("loglik", ascending=False, na_position="last")
    own = t.loc[t["hypothesis"] == f.hypothesis, "loglik"].max()
    best = own if np.isfinite(own) else t["loglik"].max()
    return Exhibit(
        caption,
        pd.DataFrame(
            {
                "Explanation": t["mechanism"],
                "Of": t["hypothesis"].map(lambda h: HYPOTHESES.get(h, "how figures are recorded")),
                "Needed, times full size": t["size"].map(one_decimal),
                "Log-likelihood, from this hypothesis's best": (
                    (t["loglik"] - best).map(
                        lambda v: (
                            f"{v:+.1f}" if np.isfinite(v) else "cannot be told from one authority"
                        )
                    )
                ),
            }
        ),
        f.source,
    )


def variants(f) -> Exhibit:
    """The ways a hypothesis can be meant, apart: each predicted sign, what the measure did, and the
    whole.
    """
    words = {"+": "up", "-": "down", "0": "flat", "0+": "flat or up", "0-": "flat or down"}
    answers = {True: "yes", False: "no", None: "cannot tell"}
    rows = [
        (
            f"{v.words} ({v.reading})",
            s.estimate.label,
            words[s.predicted],
            (
                f"{np.expm1(s.estimate.estimate) * 100:+.0f}"
                if s.estimate.known
                else s.estimate.missing
            ),
            span(np.expm1(s.estimate.low) * 100, np.expm1(s.estimate.high) * 100),
            answers[s.agrees],
        )
        for v in f.variants
        for s in v.supports
    ]
    return Exhibit(
        f"Ways to mean that {HYPOTHESES[f.hypothesis]}: {f.area}, {f.window[0]} to {f.window[1]}",
        pd.DataFrame(
            rows,
            columns=[
                "Variant (as a whole)",
                "Measure",
                "Predicted",
                "Change, per cent",
                "95 per cent interval",
                "As predicted?",
            ],
        ),
        f.source,
    )


def events(x) -> Exhibit:
    """What each measure and source did after the events of each year, against all other
    authorities.
    """
    t = x.table[x.table["tested"].eq(True)]
    shown = [f"{np.expm1(e) * 100:+.0f}" for e in t["estimate"]]
    return Exhibit(
        f"After dated events, against all other authorities, {x.area}, {x.first_year} to"
        f" {x.last_year}",
        pd.DataFrame(
            {
                "Year ending": t["year"].astype(str),
                "Events": t["event"].mask(t["year"].duplicated(), "the same"),
                "Measure": t["measure"],
                "Years after": t["k"],
                "Change against others, per cent": shown,
                "95 per cent interval": [
                    span(np.expm1(a) * 100, np.expm1(b) * 100)
                    for a, b in zip(t["low"], t["high"], strict=True)
                ],
                "p": t["p_value"].map("{:.2f}".format),
                "p, several tests": t["p_adjusted"].map("{:.2f}".format),
                "Authorities": t["n"].astype(str),
            }
        ),
        x.source,
    )


def comparable_events(x) -> Exhibit:
    """What followed one kind of event wherever it happened, by measure, and what the same test
    finds before it.
    """
    t = x.table
    return Exhibit(
        f"After {event_kind(x.kind)}: against authorities without one",
        pd.DataFrame(
            {
                "Measure": t["measure"],
                "When": t["when"].map(AROUND),
                "Events": t["events"].astype(str),
                "Mean change against others, per cent": [
                    f"{np.expm1(e) * 100:+.0f}" for e in t["estimate"]
                ],
                "95 per cent interval": [
                    span(np.expm1(a) * 100, np.expm1(b) * 100)
                    for a, b in zip(t["low"], t["high"], strict=True)
                ],
                "p": t["p_value"].map("{:.2f}".format),
                "p, several tests": t["p_adjusted"].map("{:.2f}".format),
            }
        ),
        x.source,
    )


def steps(m) -> Exhibit:
    """Dated events and the step in level at each, in per cent, each beside trend and season
    alone.
    """
    t, caption = m.steps, f"Steps at dated events: {m.label} by month, {m.area}"
    if t.empty:
        why = m.missing or "no dated event falls in these months"
        return Exhibit(caption, pd.DataFrame({"Not tested": [why]}), m.source)
    return Exhibit(
        caption,
        pd.DataFrame(
            {
                "Event": t["event"],
                "First month after it": t["date"],
                "Step, per cent": [
                    signed(step, TOO_FEW_MONTHS) for step in np.expm1(t["estimate"]) * 100
                ],
                "95 per cent interval": [
                    span(np.expm1(a) * 100, np.expm1(b) * 100, TOO_FEW_MONTHS)
                    for a, b in zip(t["low"], t["high"], strict=True)
                ],
                "p": t["p_value"].map(_probability),
                "p, all dates at once": t["p_adjusted"].map(_probability),
            }
        ),
        m.source,
    )


def errors(x) -> Exhibit:
    """The standard error of one change in four ways: interval of the change, z, and how well the
    error is known.
    """
    caption = (
        f"How sure, counted in four ways: {x.change.label}, {x.area}, {x.first_year} to"
        f" {x.last_year}"
    )
    if x.missing:
        return Exhibit(caption, pd.DataFrame({"No standard error": [x.missing]}), x.source)
    t, answers = x.table, {True: "yes", False: "no", None: "cannot tell"}
    return Exhibit(
        caption,
        pd.DataFrame(
            {
                "What is called noise": t["method"],
                "Standard error, in logs": t["se"].map(three_decimals),
                "Change, per cent": f"{np.expm1(x.change.estimate) * 100:+.0f}",
                "95 per cent interval": [
                    span(np.expm1(a) * 100, np.expm1(b) * 100)
                    for a, b in zip(t["low"], t["high"], strict=True)
                ],
                "z": [f"{z:+.1f}" if np.isfinite(z) else "not worked out" for z in t["z"]],
                "Beyond noise?": [answers[b] for b in t["beyond"]],
                "95 per cent interval of the standard error": [
                    (
                        f"{three_decimals(a)} to {three_decimals(b)}"
                        if np.isfinite(a)
                        else "not worked out"
                    )
                    for a, b in zip(t["se_low"], t["se_high"], strict=True)
                ],
            }
        ),
        x.source,
    )


def coefficients(r) -> Exhibit:
    """Coefficients of a regression, in logs."""
    table = r.table if len(r.table) else pd.DataFrame({"not fitted": [r.missing]})
    shown = table.rename(columns={"p_value": "p"}).map(
        lambda v: f"{v:.3f}" if isinstance(v, float) else v
    )
    return Exhibit(f"Model: {r.words}", shown, r.source)


def _probability(p: float) -> str:
    return TOO_FEW_MONTHS if pd.isna(p) else "under 0.01" if p < 0.01 else f"{p:.2f}"
