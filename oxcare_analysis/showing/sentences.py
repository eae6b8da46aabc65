"""One function a finding → plain words made from its numbers. ox.say(x) picks the function."""

import math

from oxcare_analysis.thinking.findings import SIGNIFICANT
from oxcare_analysis.words.errors import UsageError

HYPOTHESES = {"entry_threshold": "the bar for coming on to a plan dropped",
              "exit_threshold": "the bar for coming off a plan rose",
              "population_need": "need in the population rose",
              "awareness": "awareness and identification improved"}
VERDICTS = {"supported": "Supported", "contradicted": "Contradicted", "negligible": "Smaller than the margin",
            "inconclusive": "Cannot tell", "not_testable": "Not testable"}
COMPARISONS = {"england": "if it had followed England", "median_neighbour": "if it had followed its median neighbour",
               "given_start": "if it had moved as authorities that started where it did"}


class Words(str):
    """Text that shows as a paragraph in a notebook and prints as itself."""

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        from html import escape
        return "".join(f"<p>{escape(part)}</p>" for part in str(self).split("\n"))


def say(result) -> Words:
    """Read a result out in words made from its numbers.

    Takes what ox.premise, ledger, assess, decompose, compare, regression, story, recording, exits, specifications,
    care_endings or events return.

    >>> import oxcare_analysis as ox
    >>> ox.say(ox.ledger(ox.load("City of London", 2013, 2018)))
    There is no growth ledger for City of London, 2013 to 2018: the number of children on a plan at 31 \
March is not published for 2013 (suppressed to protect confidentiality).
    """
    speakers = {"Premise": premise, "Ledger": ledger, "Finding": finding, "Trend": trend, "Comparison": comparison,
                "Regression": regression, "Story": story, "Recording": recording, "LifeTable": exits,
                "Specifications": specifications, "CareEndings": care_endings,
                "EventStudy": events}
    kind = type(result).__name__
    if kind not in speakers:
        raise UsageError(f"ox.say reads out a result such as ox.premise(study) or ox.assess(study, ...); got a {kind}.")
    return Words(speakers[kind](result))


def people(count: float) -> str:
    """A count of children in words: '1 child', '1,140 children'."""
    number = round(abs(count))
    return f"{number:,} {'child' if number == 1 else 'children'}"


def times(log_change: float) -> str:
    """A log change in words, as a rise or fall."""
    if not math.isfinite(log_change):
        return "no figure"
    change = math.expm1(log_change) * 100
    if round(change) == 0:
        return "no change"
    return f"{'a rise' if change > 0 else 'a fall'} of {abs(change):.0f} per cent"


def went(start: float, end: float) -> str:
    """'rose from 430 to 687', 'fell from ...', 'stayed at ...'."""
    if round(start) == round(end):
        return f"stayed at {start:,.0f}"
    return f"{'rose' if end > start else 'fell'} from {start:,.0f} to {end:,.0f}"


def premise(p) -> str:
    """What happened to open plans, whether it is more than noise, and how much is just here."""
    if p.verdict == "not_testable":
        return f"{p.area}, {p.first_year} to {p.last_year}: {p.reason}"
    points = ", ".join(f"{count:,.0f} in {year}" for year, count in p.path)
    first = (f"The number of {p.area} children on a plan {went(p.open_from, p.open_to)} between March {p.first_year} "
             f"and March {p.last_year}" + (f" ({points})" if len(p.path) > 2 else "") + f". {p.reason}")
    edges = f" The window {' and '.join(p.extremes)}, which exaggerates a change." if p.extremes else ""
    return f"{first}{edges}\n{just_here(p)}"


def just_here(p) -> str:
    """How much of the change is just this authority, in children."""
    parts = [(key, value) for key, value in p.just_here.items() if math.isfinite(value)]
    if not parts:
        return "How much of this is just here cannot be worked out from the figures held."
    rows = p.table.set_index("comparison")
    words = []
    for key, _ in parts:
        row = rows.loc[key]
        spread = (f" (the middle half of such authorities: {p.open_to - row['high']:,.0f} to "
                  f"{p.open_to - row['low']:,.0f})" if math.isfinite(row["low"]) else "")
        words.append(f"{row['expected']:,.0f} {COMPARISONS[key]}{spread}")
    signs = {value > 0 for _, value in parts}
    close = ("" if len(signs) == 1 else f" The comparisons point both ways, so the figures do not single out {p.area}.")
    return (f"At March {p.last_year} there would have been " + "; ".join(words)
            + f". In fact there were {p.open_to:,.0f}.{close}")


def ledger(x) -> str:
    """Where the change came from, naming only bars that the noise and the choice of base carry."""
    if not x.testable:
        return f"There is no growth ledger for {x.area}, {x.first_year} to {x.last_year}: {x.reason}"
    clear = x.subtotals[(x.subtotals["low"] * x.subtotals["high"] > 0) & x.subtotals["stable_sign"].eq(True)
                        & ~x.subtotals["doubtful"]]
    clear = clear.reindex(clear["plans"].abs().sort_values(ascending=False).index)
    head = (f"Open plans in {x.area} {went(x.open_from, x.open_to)} ({x.change:+,.0f}) from {x.first_year} to "
            f"{x.last_year}.")
    if clear.empty:
        return (f"{head} No single step of the ledger stands clear of its own noise, of how it was recorded and of "
                "the choice of base.")
    told = "; ".join(f"{row.label[0].lower() + row.label[1:]} {'added' if row.plans > 0 else 'took away'} about "
                     f"{people(row.plans)} (95 per cent interval {row.low:+,.0f} to {row.high:+,.0f})"
                     for row in clear.itertuples())
    carried = x.momentum_low * x.momentum_high > 0 and x.momentum_stable
    rest = len(x.subtotals) - len(clear) + (not carried)
    tail = f" The other {'step is' if rest == 1 else f'{rest} steps are'} within noise." if rest else ""
    carry = (f" Carry-over from before {'added' if x.momentum > 0 else 'took away'} about {people(x.momentum)}."
             if carried else "")
    return f"{head} In arithmetic, not cause: {told}.{carry}{tail}"


def finding(f) -> str:
    """The verdict in a sentence, the reason, and what the council concluded where that belongs."""
    plain, word = VERDICTS[f.verdict].lower(), f.verdict.replace("_", " ")
    text = f"That {HYPOTHESES[f.hypothesis]}: {plain}{'' if plain == word else f' ({word})'}. {f.reason}"
    e = f.primary
    if e.placebo_rank:
        text += (f" Allowing for where it started and its size, this change ranks {e.placebo_rank} of {e.placebo_of} "
                 f"authorities with figures at both ends (1 = the largest rise), which is "
                 f"{'unusual' if e.peculiar else 'not unusual'}.")
    if f.notes:
        text += f" Beside it: {'; '.join(f.notes)}."
    for v in f.variants:
        signs = "; ".join(f"{word}: {', '.join(s.estimate.label for s in part)}" for word, part in
                          (("as predicted", v.agreeing), ("against it", v.against), ("cannot tell", v.unknown)) if part)
        text += f"\nRead as {v.words}: {v.reading} ({signs})."
    if f.council_2014:
        text += f"\nThe council in 2014: {f.council_2014}. Beside these figures: {f.agreement}. {f.council_could_show}"
    return text


def trend(t) -> str:
    """How the change over the window divides into shared and local parts."""
    if t.missing or t.table.empty:
        return f"{t.label[0].upper() + t.label[1:]} in {t.area} cannot be decomposed: {t.missing or 'no figures'}."
    last = t.table.dropna(subset=["change"]).iloc[-1]
    first = t.table.iloc[0]
    parts = ", ".join(f"{name} {math.expm1(last[name]) * 100:+.0f}" for name in
                      ("national", "regional", "neighbour", "local"))
    return (f"{t.label[0].upper() + t.label[1:]} in {t.area} went from {first['value']:,.1f} in {first['year']:.0f} to "
            f"{last['value']:,.1f} in {last['year']:.0f}, {times(last['change'])}. In parts, each in per cent: {parts} "
            "(they multiply up to the whole). Single years are noisy; the verdict uses two-year means.")


def comparison(c) -> str:
    """The first and last value in the window, beside England's and the neighbours'."""
    rows = c.table[c.table["year"].between(c.first_year, c.last_year)]
    if rows.empty:
        return f"No figures are held for {c.label} in {c.area} in this window."
    a, b = rows.iloc[0], rows.iloc[-1]
    if len(rows) == 1:
        return f"{c.area}: {a['value']:,.1f} in {a['year']:.0f} ({c.per_words}), the one year held in this window."
    beside = [f"{name} {a[key]:,.1f} to {b[key]:,.1f}" for key, name in
              (("england", "England"), ("neighbours", "the median neighbour")) if math.isfinite(a[key] + b[key])]
    return (f"{c.area}: {a['value']:,.1f} in {a['year']:.0f}, {b['value']:,.1f} in {b['year']:.0f} ({c.per_words})"
            + (f"; {'; '.join(beside)}." if beside else "."))


def exits(x) -> str:
    """The expected stay at both ends of the window, beside England's."""
    rows = x.table[x.table["year"].between(x.first_year, x.last_year)] if len(x.table) else x.table
    if rows.empty:
        return f"The lengths of plans in {x.area} are not published for enough years to work out the expected stay."
    a, b = rows.iloc[0], rows.iloc[-1]
    known = math.isfinite(a["england"] + b["england"])
    beside = f" (England {a['england']:.1f} and {b['england']:.1f})" if known else ""
    merged = (" In some years the longest bands are suppressed and taken together." if rows["merged"].any() else "")
    return (f"A plan in {x.area} that met the exit rates of {a['year']:.0f} would have lasted {a['value']:.1f} months; "
            f"of {b['year']:.0f}, {b['value']:.1f} months{beside}.{merged}")


def care_endings(x) -> str:
    """How many endings may have been into care, and what that leaves of the change in the exit rate."""
    window = x.table[x.table["year"].between(x.first_year, x.last_year)] if len(x.table) else x.table
    if x.missing or window.empty:
        return (f"How many plans in {x.area} ended because the child came into care cannot be bounded from "
                f"{x.first_year} to {x.last_year}: {x.missing or 'plans ended are not published'}.")
    most = window["into_care_high"].sum() / window["plans_ended"].sum()
    stated = window[window["stated"]]
    told = "".join(f" In {row.year} the council counted {people(row.into_care_high)} who came into care and had been "
                   "on a plan, not all straight from it." for row in stated.itertuples())
    bounds = " and ".join(times(end) if math.isfinite(end) else "a change without limit" for end in (x.low, x.high))
    word = "has the same sign at both extremes" if x.sign_survives else "can have either sign"
    return (f"No published table says how many plans in {x.area} ended because the child came into care: from none to "
            f"{most * 100:.0f} per cent of those that ended from {x.first_year} to {x.last_year}.{told} Between "
            f"two-year means the exit rate saw {times(x.change.estimate)}; that of endings other than into care "
            f"something between {bounds}, before any noise, so it {word}. The exit test reads all endings together.")


def events(x) -> str:
    """What moved after dated events beyond what all other authorities did, what could have been found, and what not."""
    tests = x.table[x.table["tested"].eq(True)]
    untold = f"\nWhat cannot be told: {'; '.join(x.missing)}." if x.missing else ""
    if tests.empty:
        return f"No dated local event of {x.area} from {x.first_year} to {x.last_year} can be followed.{untold}"
    clear = tests[tests["p_adjusted"] < SIGNIFICANT]
    found = "; ".join(f"{row.measure} after the events of {row.year} ({row.event}): {times(row.estimate)}, p "
                      f"{row.p_adjusted:.2f}" for row in clear.itertuples()) or "none"
    floor = (tests.groupby("year")["measure"].transform("size") / tests["n"]) >= SIGNIFICANT
    reach = (f" {int(floor.sum())} of them could not have been, whatever had happened: too few authorities for so many "
             "tests." if floor.any() else "")
    years = sorted(set(tests["year"]))
    close = (" Years after one event are years before or of the next, so none stands alone." if any(
        b - a <= 3 for a, b in zip(years, years[1:], strict=False)) else "")
    return (f"Changes tested after local events of {x.area} ({', '.join(map(str, years))}): {len(tests)}. Beyond "
            f"chance against all other authorities, once several tests are allowed for: {found}.{reach} Events of one "
            f"year are taken together, as annual figures cannot tell them apart.{close}{untold}")


def specifications(x) -> str:
    """How many ways of asking agree."""
    if x.table.empty:
        return f"No way of asking has the figures it needs for {x.area}, {x.first_year} to {x.last_year}."
    return (f"Asked {len(x.table)} ways (measure, window, reading of the ends, comparison), {x.agreeing:.0%} of the "
            f"answers have the sign of the one used; {x.beyond:.0%} moved beyond noise as the hypothesis predicts and "
            f"{x.against:.0%} the other way. The ways share data, so this is a check of choices, not a vote.")


def regression(r) -> str:
    """The model in words, its main coefficient and its residual check."""
    if r.missing:
        return f"The model ({r.words}) cannot be fitted: {r.missing}."
    row = r.table[r.table["term"] != "constant"].iloc[0]
    trend_row = r.table[r.table["term"] == "trend a year"]
    row = trend_row.iloc[0] if len(trend_row) else row
    said = f"{row['term']} {row['estimate']:+.3f} (95 per cent interval {row['low']:+.3f} to {row['high']:+.3f})"
    checks = f"{r.observations} rows"
    if math.isfinite(r.dispersion):
        checks += f"; scatter {r.dispersion:.1f} times what chance alone gives"
    if math.isfinite(r.autocorrelation):
        checks += f"; neighbouring residuals correlate {r.autocorrelation:+.2f}"
    close = (" Read it beside the verdict, which allows for noise that this model, seeing one authority, cannot know."
             if math.isfinite(r.dispersion) else "")
    return f"Model: {r.words}. Result: {said}. Check: {checks}.{close}"


def story(s) -> str:
    """One line a period: what happened and what moved."""
    return "\n".join(row["said"] for _, row in s.table.iterrows())


def recording(r) -> str:
    """When recording changed, why where that is known, and which verdicts would be others without those points."""
    if r.table.empty:
        return f"No recording change stands out for {r.area}, {r.first_year} to {r.last_year}."
    years = ", ".join(str(y) for y in sorted(set(r.table["year"])))
    reasons = "".join(f" {reason.rstrip('.')}." for reason in dict.fromkeys(r.table["reason"]) if reason)
    told = f"Recording changes to keep in mind for {r.area}: years {years}.{reasons}"
    flips = []
    for what, rows in r.table[r.table["verdict_without"].ne("")].groupby("what"):
        words = [flip.split(": ") for flip in dict.fromkeys("; ".join(rows["verdict_without"]).split("; "))]
        flips.append(f"{what[0].upper()}{what[1:]}: " + "; ".join(
            f"whether {HYPOTHESES[name]}, {VERDICTS[verdict].lower()}" for name, verdict in words) + ".")
    if flips:
        return f"{told}\nWith all points of one kind left out, these verdicts would be others. {' '.join(flips)}"
    if r.table["touches"].ne("").any():
        return (f"{told}\nNo verdict would be another without the points touched. A verdict reads only the years at "
                "both ends of the window, so a lasting change between them is not taken out by this.")
    return f"{told}\nNone of them is in a figure that a verdict rests on."
