"""Sentences on what an authority's own records give; reached through `ox.say` like the rest."""

import math

from oxcare_analysis.showing.wording import HYPOTHESES, VERDICTS, month_words, people, upper, went

# Whether the rate moved by calendar year and by entry cohort → what that says.
MOVED = {
    (
        True,
        False,
    ): (
        "It moved by calendar year and not by entry cohort, as it would had the bar or the practice"
        " of those years moved."
    ),
    (
        False,
        True,
    ): "It moved by entry cohort and not by calendar year, as it would had other children come on.",
    (True, True): "Both moved: a bar that moved and other children coming on would both do this.",
    (False, False): "Neither moved beyond noise.",
}
SIMULATED = "SIMULATED RECORDS. "


def records(x) -> str:
    """What is held, from when, and what is left out of it."""
    if x.missing:
        return f"{upper(x.missing)}."
    invented = (
        "These are of an authority that does not exist: nothing on this page is about real"
        " children. "
    )
    return (
        f"{_mark(x)}{invented * x.simulated}Records of {x.area} are held on this machine. They were"
        f" taken on {_day(x.taken)} and are complete from {_day(x.begin)}: plans that were open"
        " then are followed from that day on. Counts under ten are held back and the others"
        " rounded to five before anything is shown."
    )


def funnel(x) -> str:
    """What became of the referrals of the first and the last year, and whose plans they were."""
    if x.missing or x.table.empty:
        return (
            "Referrals cannot be followed to a plan:"
            f" {x.missing or 'no whole year has been followed'}."
        )
    a, b = x.table.iloc[0], x.table.iloc[-1]
    steps = []
    for label, top, of in (
        ("referrals found in need", "in_need", "referrals"),
        ("those in need with an enquiry", "enquiry", "in_need"),
        ("enquiries that led to a conference", "conference", "enquiry"),
        ("conferences that led to a plan", "plan", "conference"),
    ):
        shares = [row[top] / row[of] * 100 for row in (a, b)]
        if all(math.isfinite(s) for s in shares):
            steps.append(f"{label} {went(*shares)} per cent")
    head = (
        f"{_mark(x)}Of referrals of the year to March {a['year']:.0f} and of the year to March"
        f" {b['year']:.0f}: {'; '.join(steps)}."
        if steps
        else f"{_mark(x)}Too few referrals reached a plan for their numbers to be shown."
    )
    return (
        f"{head} Each is followed for a set time, so that a case of March that becomes a plan in"
        f" May counts once.{_whose_plans(x)}"
    )


def _whose_plans(x) -> str:
    if x.kinds.empty:
        return ""
    k, parts = x.kinds.iloc[-1], []
    if math.isfinite(k["families"] + k["plans"]):
        parts.append(f"{k['plans']:,.0f} plans started, for {k['families']:,.0f} families")
    for column, words in (
        ("repeat", "followed another within two years"),
        ("under_1", "were of a child under one or unborn"),
    ):
        if math.isfinite(k[column]):
            parts.append(f"{k[column]:,.0f} {words}")
    return f"\nIn the year to March {k['year']:.0f}: {'; '.join(parts)}." if parts else ""


def stays(x) -> str:
    """How many are still on the plan at each mark, and how plans ended."""
    if x.missing or x.curve.empty:
        return f"How long plans last cannot be said: {x.missing or 'too few have ended'}."
    marks = "; ".join(
        f"{row.on_plan * 100:.0f} per cent after {row.months} months"
        for row in x.table[x.table["cohort"] == "all"].itertuples()
    )
    ends = x.endings.dropna(subset=["plans"])
    hidden = len(x.endings) - len(ends)
    how = "; ".join(f"{row.label}, {row.plans:,.0f}" for row in ends.itertuples() if row.plans > 0)
    return (
        f"{_mark(x)}Still on the plan: {marks}. This follows {x.plans:,.0f} plans, of which"
        f" {x.early:,.0f} were already open when the records begin and count only from then, and"
        f" {x.open:,.0f} were open when they were taken.\nHow plans ended: {how}."
        + (
            f" {hidden} other way{'s are' if hidden > 1 else ' is'} held back: too few children."
            if hidden
            else ""
        )
        + " What ended a plan is read from care, birthday, death and closure, not recorded as such."
        + _lacking(x)
    )


def hazards(x) -> str:
    """Whether plans open six months or more are stepped down at another rate, by year and by
    cohort.
    """
    if x.missing or x.ratios.empty:
        return (
            "How fast plans end by time on the plan cannot be said:"
            f" {x.missing or 'too few ended'}."
        )
    said, moved = [], []
    for kind, what in (
        ("calendar year", "plans open six months or more were stepped down in"),
        ("entry cohort", "those that started in"),
    ):
        rows = x.ratios[x.ratios["by"] == kind]
        last = rows.dropna(subset=["low"])
        if len(last):
            r, first = last.iloc[-1], rows["year"].iloc[0]
            moved.append((r["low"] - 1) * (r["high"] - 1) > 0)
            clear = "beyond noise" if moved[-1] else "within noise"
            said.append(
                f"{what} the year to March {r['year']:.0f} at {r['ratio']:.2f} times the rate of"
                f" {first:.0f} (95 per cent interval {r['low']:.2f} to {r['high']:.2f}, {clear})"
            )
    told = (
        f"{_mark(x)}Allowing for the time on the plan, {'; '.join(said)}."
        f" {MOVED.get(tuple(moved), '')}"
    )
    return told.strip() + _lacking(x)


def control(x) -> str:
    """How many months signal and why, and how much more than chance the months scatter."""
    if x.missing:
        return f"{upper(x.label)} by month: no limits can be drawn, as {x.missing}."
    t = x.table[x.table["signal"].ne("")]
    scatter = (
        f" Months scatter {x.scatter:.1f} times as widely as chance alone would have them, and the"
        " limits allow for that."
    )
    if t.empty:
        return f"{_mark(x)}{upper(x.label)}: no month of {len(x.table)} signals.{scatter}"
    rules = dict.fromkeys(rule for words in t["signal"] for rule in words.split("; "))
    signal = f"{len(t)} of {len(x.table)} months {'signals' if len(t) == 1 else 'signal'}"
    return (
        f"{_mark(x)}{upper(x.label)}: {signal} ({'; '.join(rules)}), the last in"
        f" {month_words(t['month'].iloc[-1])}. A signal says that something changed, not"
        f" what.{scatter}"
    )


def ledger(x) -> str:
    """Where the change in open plans came from, naming only steps beyond their noise."""
    if not x.testable:
        return f"There is no ledger in months: {x.reason}"
    clear = x.subtotals[x.subtotals["low"] * x.subtotals["high"] > 0]
    clear = clear.reindex(clear["plans"].abs().sort_values(ascending=False).index)
    head = (
        f"{_mark(x)}Open plans {went(x.open_from, x.open_to)} ({x.change:+,.0f}) from the end of "
        f"{month_words(x.first)} to the end of {month_words(x.last)}."
    )
    if clear.empty:
        return f"{head} No single step of the ledger stands clear of its own noise."
    told = "; ".join(
        f"{_step(row)} {'added' if row.plans > 0 else 'took away'} about {people(row.plans)} (95"
        f" per cent interval {row.low:+,.0f} to {row.high:+,.0f})"
        for row in clear.itertuples()
    )
    return (
        f"{head} In arithmetic, not cause: {told}. Every driver is set against its level from "
        f"{month_words(x.base[0])} to {month_words(x.base[1])}."
    )


def _step(row) -> str:
    if row.step == "exits":
        return f"{'slower' if row.plans > 0 else 'faster'} endings"
    return row.label[0].lower() + row.label[1:]


def verdicts(x) -> str:
    """The four verdicts with their reasons."""
    if x.missing:
        return f"The four hypotheses cannot be judged on own months: {x.missing}."
    (a, b), (c, d) = (tuple(month_words(m) for m in ends) for ends in (x.before, x.after))
    lines = [
        f"- That {HYPOTHESES[row.hypothesis]}: {VERDICTS[row.verdict].lower()}. {row.reason}"
        + f" Keep in mind: {row.notes}." * bool(row.notes)
        for row in x.table.itertuples()
    ]
    return "\n".join(
        [
            (
                f"{_mark(x)}The months from {a} to {b} set against those from {c} to {d}, each case"
                " followed for as long as the next:"
            ),
            *lines,
            *[_lacking(x).strip()] * bool(x.lacking),
        ]
    )


def against_published(x) -> str:
    """How many own counts agree with the published ones, and where the largest difference is."""
    if x.missing:
        return f"Own counts cannot be set beside published ones: {x.missing}."
    apart = x.table[~x.table["agrees"]]
    head = (
        f"{_mark(x)}{x.agreeing} of {len(x.table)} yearly counts agree with the published ones, but"
        " for rounding and late revisions."
    )
    if apart.empty:
        return head
    lines = []
    for (label, reasons), rows in apart.groupby(["label", "reasons"], sort=False):
        row = rows.loc[rows["share"].abs().idxmax()]
        lines.append(
            f"- {upper(label)}, {'more' if row['difference'] > 0 else 'fewer'} here in {len(rows)}"
            f" year{'s' * (len(rows) > 1)}, most in {row['year']} ({row['own']:,.0f} here,"
            f" {row['published']:,.0f} published): so it would be if"
            f" {' or if '.join(reasons.split('; '))}."
        )
    return "\n".join([head, *lines])


def _lacking(x) -> str:
    return f" Keep in mind: {'; '.join(x.lacking)}." if x.lacking else ""


def _mark(x) -> str:
    return SIMULATED if x.simulated else ""


def _day(day: str) -> str:
    return f"{int(day[8:])} {month_words(day[:7])}"
