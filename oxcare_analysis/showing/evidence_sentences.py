"""Sentences on what stands beside a verdict: one function a result; reached through `ox.say` like
the rest.
"""

import math

from oxcare_analysis.showing.wording import event_kind, month, month_words, people, times, upper
from oxcare_analysis.thinking.findings import SIGNIFICANT, Z_95


def trend(t) -> str:
    """How the change over the window divides into shared and local parts."""
    if t.missing or t.table.empty:
        return f"{upper(t.label)} in {t.area} cannot be decomposed: {t.missing or 'no figures'}."
    last = t.table.dropna(subset=["change"]).iloc[-1]
    first = t.table.iloc[0]
    parts = ", ".join(
        f"{name} {math.expm1(last[name]) * 100:+.0f}"
        for name in ("national", "regional", "neighbour", "local")
    )
    return (
        f"{upper(t.label)} in {t.area} went from {first['value']:,.1f} in {first['year']:.0f} to"
        f" {last['value']:,.1f} in {last['year']:.0f}, {times(last['change'])}. In parts, each in"
        f" per cent: {parts} (they multiply up to the whole). Single years are noisy; the verdict"
        " uses two-year means."
    )


def comparison(c) -> str:
    """The first and last value in the window, beside England's and the neighbours'."""
    rows = c.table[c.table["year"].between(c.first_year, c.last_year)]
    if rows.empty:
        return f"No figures are held for {c.label} in {c.area} in this window."
    a, b = rows.iloc[0], rows.iloc[-1]
    if len(rows) == 1:
        return (
            f"{c.area}: {a['value']:,.1f} in {a['year']:.0f} ({c.per_words}), the one year held in"
            " this window."
        )
    beside = [
        f"{name} {a[key]:,.1f} to {b[key]:,.1f}"
        for key, name in (("england", "England"), ("neighbours", "the median neighbour"))
        if math.isfinite(a[key] + b[key])
    ]
    return (
        f"{c.area}: {a['value']:,.1f} in {a['year']:.0f}, {b['value']:,.1f} in {b['year']:.0f}"
        f" ({c.per_words})" + (f"; {'; '.join(beside)}." if beside else ".")
    )


def exits(x) -> str:
    """The expected stay at both ends of the window, beside England's."""
    rows = x.table[x.table["year"].between(x.first_year, x.last_year)] if len(x.table) else x.table
    if rows.empty:
        return (
            f"The lengths of plans in {x.area} are not published for enough years to work out the"
            " expected stay."
        )
    a, b = rows.iloc[0], rows.iloc[-1]
    known = math.isfinite(a["england"] + b["england"])
    beside = f" (England {a['england']:.1f} and {b['england']:.1f})" if known else ""
    merged = (
        " In some years the longest bands are suppressed and taken together."
        if rows["merged"].any()
        else ""
    )
    return (
        f"A plan in {x.area} that met the exit rates of {a['year']:.0f} would have lasted"
        f" {a['value']:.1f} months; of {b['year']:.0f}, {b['value']:.1f} months{beside}.{merged}"
    )


def care_endings(x) -> str:
    """How many endings may have been into care, and what that leaves of the change in the exit
    rate.
    """
    window = (
        x.table[x.table["year"].between(x.first_year, x.last_year)] if len(x.table) else x.table
    )
    if x.missing or window.empty:
        return (
            f"How many plans in {x.area} ended because the child came into care cannot be bounded"
            f" from {x.first_year} to {x.last_year}:"
            f" {x.missing or 'plans ended are not published'}."
        )
    most = window["into_care_high"].sum() / window["plans_ended"].sum()
    stated = window[window["stated"]]
    told = "".join(
        f" In {row.year} the council counted {people(row.into_care_high)} who came into care and"
        " had been on a plan, not all straight from it."
        for row in stated.itertuples()
    )
    bounds = " and ".join(
        times(end) if math.isfinite(end) else "a change without limit" for end in (x.low, x.high)
    )
    word = "has the same sign at both extremes" if x.sign_survives else "can have either sign"
    return (
        f"No published table says how many plans in {x.area} ended because the child came into"
        f" care: from none to {most * 100:.0f} per cent of those that ended from {x.first_year} to"
        f" {x.last_year}.{told} Between two-year means the exit rate saw"
        f" {times(x.change.estimate)}; that of endings other than into care something between"
        f" {bounds}, before any noise, so it {word}. The exit test reads all endings together."
    )


def events(x) -> str:
    """What moved after dated events beyond what all other authorities did, what could have been
    found, and what not.
    """
    tests = x.table[x.table["tested"].eq(True)]
    untold = f"\nWhat cannot be told: {'; '.join(x.missing)}." if x.missing else ""
    if tests.empty:
        return (
            f"No dated local event of {x.area} from {x.first_year} to {x.last_year} can be"
            f" followed.{untold}"
        )
    clear = tests[tests["p_adjusted"] < SIGNIFICANT]
    found = (
        "; ".join(
            f"{row.measure} after the events of {row.year} ({row.event}): {times(row.estimate)}, p "
            f"{row.p_adjusted:.2f}"
            for row in clear.itertuples()
        )
        or "none"
    )
    floor = (tests.groupby("year")["measure"].transform("size") / tests["n"]) >= SIGNIFICANT
    reach = (
        f" {int(floor.sum())} of them could not have been, whatever had happened: too few"
        " authorities for so many tests."
        if floor.any()
        else ""
    )
    years = sorted(set(tests["year"]))
    close = (
        " Years after one event are years before or of the next, so none stands alone."
        if any(b - a <= 3 for a, b in zip(years, years[1:], strict=False))
        else ""
    )
    return (
        f"Changes tested after local events of {x.area} ({', '.join(map(str, years))}):"
        f" {len(tests)}. Beyond chance against all other authorities, once several tests are"
        f" allowed for: {found}.{reach} Events of one year are taken together, as annual figures"
        f" cannot tell them apart.{close}{untold}"
    )


def comparable_events(x) -> str:
    """What followed such events on average, whether anything did before them, and what that allows
    one to say.
    """
    left = f" Left out: {'; '.join(x.missing)}." if x.missing else ""
    after = x.table[x.table["when"] == "after"]
    if after.empty:
        return (
            f"Too few authorities that had {event_kind(x.kind)} have figures before and"
            f" after.{left}"
        )
    whole, parts = after.iloc[0], after.iloc[1:]
    clear = (
        "; ".join(
            f"{row.measure} ({times(row.estimate)})"
            for row in parts[parts["p_adjusted"] < SIGNIFICANT].itertuples()
        )
        or "none"
    )
    early = "".join(
        f" In the two years before, the same test gives {times(row.estimate)} ({_percents(row)}),"
        f" {'beyond' if row.p_adjusted < SIGNIFICANT else 'within'} what chance gives; those years"
        " are the base of what came after, so a rise that began before the event would hide one"
        " after it."
        for row in x.table[
            (x.table["when"] == "before") & (x.table["measure"] == whole["measure"])
        ].itertuples()
    )
    word = "beyond" if whole["p_adjusted"] < SIGNIFICANT else "within"
    sources = f" Sources beyond chance, once all are allowed for: {clear}." if len(parts) else ""
    return (
        f"In the {whole['events']} authorities that had {event_kind(x.kind)}, {whole['measure']}"
        f" saw {times(whole['estimate'])} on average over the next three years, against authorities"
        f" without one ({_percents(whole)}): {word} what chance gives.{sources}{early}{left}"
    )


def _percents(row) -> str:
    return (
        f"95 per cent interval {math.expm1(row.low) * 100:+.0f} to"
        f" {math.expm1(row.high) * 100:+.0f} per cent"
    )


def specifications(x) -> str:
    """How many ways of asking agree."""
    if x.table.empty:
        return (
            f"No way of asking has the figures it needs for {x.area}, {x.first_year} to"
            f" {x.last_year}."
        )
    return (
        f"Asked {len(x.table)} ways (measure, window, reading of the ends, comparison),"
        f" {x.agreeing:.0%} of the answers have the sign of the one used; {x.beyond:.0%} moved"
        f" beyond noise as the hypothesis predicts and {x.against:.0%} the other way. The ways"
        " share data, so this is a check of choices, not a vote."
    )


def regression(r) -> str:
    """The model in words, its main coefficient and its residual check."""
    if r.missing:
        return f"The model ({r.words}) cannot be fitted: {r.missing}."
    row = r.table[r.table["term"] != "constant"].iloc[0]
    trend_row = r.table[r.table["term"] == "trend a year"]
    row = trend_row.iloc[0] if len(trend_row) else row
    said = (
        f"{row['term']} {row['estimate']:+.3f} (95 per cent interval {row['low']:+.3f} to"
        f" {row['high']:+.3f})"
    )
    checks = f"{r.observations} rows"
    if math.isfinite(r.dispersion):
        checks += f"; scatter {r.dispersion:.1f} times what chance alone gives"
    if math.isfinite(r.autocorrelation):
        checks += f"; neighbouring residuals correlate {r.autocorrelation:+.2f}"
    close = (
        " Read it beside the verdict, which allows for noise that this model, seeing one authority,"
        " cannot know."
        if math.isfinite(r.dispersion)
        else ""
    )
    return f"Model: {r.words}. Result: {said}. Check: {checks}.{close}"


def months(m) -> str:
    """The trend and season of a monthly series, the dated steps that stand clear, the break, the
    check.
    """
    if m.missing:
        return f"{upper(m.label)} by month, {m.area}: {m.missing}."
    gaps = int(m.table["value"].isna().sum())
    tested = m.steps.dropna(subset=["p_adjusted"])
    clear = tested[tested["p_adjusted"] < SIGNIFICANT]
    steps = "; ".join(
        f"{r.event} ({month_words(r.date)}: {times(r.estimate)})" for r in clear.itertuples()
    )
    number = tested["date"].nunique()
    dated = (
        f"A step stands clear of trend, season and noise at: {steps}. Another change of that month"
        " would look the same."
        if steps
        else (
            "No step stands clear of trend, season and noise at "
            f"{'the one' if number == 1 else f'any of {number}'} event date{'s' * (number > 1)}."
            if number
            else "No dated event can be tested on these months."
        )
    )
    b = m.break_
    at, low, high = (month_words(str(date)) for date in (b.date, b.low, b.high))
    found = (
        f"Searched for a break in level away from both ends: {'one' if m.broke else 'none'} stands"
        f" clear; the likeliest is at {at} (95 per cent interval {low} to {high}; p"
        f" {'under 0.01' if b.p_value < 0.01 else f'= {b.p_value:.2f}'})."
    )
    scatter = "" if m.stock else f"scatter {m.dispersion:.1f} times what chance alone gives; "
    absent = f" Months without a figure: {gaps}." if gaps else ""
    absent += held_back(m)
    return (
        f"{trend_by_month(m)}{absent}\n{dated} {found}\nCheck: {scatter}remainders of neighbouring"
        f" months correlate {m.autocorrelation:+.2f}; intervals allow for both."
    )


def held_back(m) -> str:
    """In how many own months the count may not be shown; and whether what is shown is exact."""
    if m.exact:
        return " Exact counts, for the analyst alone."
    return (
        f" Held back in {m.held_back} of your months: a count under ten, or one that would give"
        " such a count away."
        if m.held_back
        else ""
    )


def trend_by_month(m) -> str:
    """The trend at both ends with its intervals, and the calendar months furthest from it."""
    a, b, season = m.table.iloc[0], m.table.iloc[-1], m.table.set_index("month")["season"]
    high, low = (
        f"{month(s[5:])} ({(season[s] - 1) * 100:+.0f} per cent)"
        for s in (season.idxmax(), season.idxmin())
    )
    ends = " and ".join(
        f"{r['trend']:,.0f} ({r['low']:,.0f} to {r['high']:,.0f}) in {month_words(r['month'])}"
        for r in (a, b)
    )
    return (
        f"{upper(m.label)}, {m.area}: the trend stood at {ends}. Season: highest in {high}, "
        f"lowest in {low}."
    )


def errors(x) -> str:
    """The change under each meaning of noise, and whether the noise model's own uncertainty could
    turn its reading.
    """
    what = f"{x.change.label} in {x.area}, {x.first_year} to {x.last_year}"
    if x.missing:
        return f"How sure a change is cannot be worked out for {what}: {x.missing}."
    words = {True: "beyond it", False: "within it", None: "cannot tell"}
    told = "; ".join(
        f"{row.method}: {words[row.beyond]}"
        + (
            f" ({math.expm1(row.low) * 100:+.0f} to {math.expm1(row.high) * 100:+.0f} per cent)"
            if math.isfinite(row.se)
            else ""
        )
        for row in x.table.itertuples()
    )
    used = x.table[x.table["method"].str.contains("verdict")].iloc[0]
    known = ""
    if math.isfinite(used["se_low"]):
        turns = [abs(x.change.estimate) > Z_95 * used[end] for end in ("se_low", "se_high")]
        known = (
            " Refitted on authorities drawn with replacement, its standard error of"
            f" {used['se']:.2f} in logs lies between {used['se_low']:.2f} and"
            f" {used['se_high']:.2f}; the reading is "
            + (
                "the same at both."
                if turns[0] == turns[1]
                else "not the same at both, so it is a close call."
            )
        )
    return (
        f"{what[0].upper()}{what[1:]}: {times(x.change.estimate)}. By what is called noise, with 95"
        f" per cent intervals: {told}. The verdict rests on the noise model and allows besides for"
        f" three tests at once.{known}"
    )
