"""Sentences on workload, money and the year ahead; reached through `ox.say` like the rest."""

import math

from oxcare_analysis.showing.wording import DOCUMENTS, SPENT, month_words, times, went

BESIDE = (("england", "England"), ("neighbours", "median neighbour"))
DEFLATOR = "HM Treasury's series of GDP deflators at market prices"


def workforce(x) -> str:
    """The newest published figures beside England and neighbours, then the council's own against
    its targets.
    """
    lines = [*_in_window(x), _published(x)]
    if len(x.teams):
        over = x.teams[x.teams["value"] > x.teams["target"]]
        told = "; ".join(
            f"{row.team} teams {row.value:g} (target {row.target:g}, teams from {row.low:g} to "
            f"{row.high:g})"
            for row in x.teams.itertuples()
        )
        count = (
            "every kind" if len(over) == len(x.teams) else f"{len(over)} of {len(x.teams)} kinds"
        )
        lines.append(
            f"The council's own count of {month_words(x.teams['period'].iloc[0])}: {told}. The mean"
            f" was above its target in {count} of team."
        )
    caseloads = x.stated[x.stated["measure"].eq("caseload_average") & x.stated["low"].notna()]
    aside = caseloads[caseloads["team"].eq("all")]
    if len(aside):
        told = "; ".join(
            f"{row.low:g}"
            + f" to {row.high:g}" * (row.low < row.high)
            + f" ({DOCUMENTS[row.source]})"
            for row in aside.itertuples()
        )
        lines.append(
            f"Cases per worker as stated in documents: {told}. They are counted otherwise than the"
            " published figures, so they are not compared with them."
        )
    return "\n".join(lines)


def _in_window(x) -> list[str]:
    """Caseloads in the window itself, beside the plans of the same years; nothing where none is
    published at all.
    """
    every = x.of("caseload_average")
    t = every[every["year"].between(x.first_year, x.last_year)]
    if every.empty:
        return []
    if len(t) < 2:
        return [
            f"From {x.first_year} to {x.last_year} no change in caseloads is published; they are"
            f" held from {every['year'].iloc[0]} to {every['year'].iloc[-1]}."
        ]
    a, b = t.iloc[0], t.iloc[-1]
    since = f"; none is published before {a['year']}" if a["year"] > x.first_year else ""
    plans = x.plans.reindex([a["year"], b["year"]]).to_numpy()
    beside = (
        f", while children on a plan {went(*plans)} between the Marches of those years"
        if plans.min() > 0
        else ""
    )
    return [
        f"Cases per social worker in {x.area} went from {a['value']:.1f} in September {a['year']}"
        f" (England {a['england']:.1f}) to {b['value']:.1f} in September {b['year']} (England"
        f" {b['england']:.1f}){beside}{since}."
    ]


def _published(x) -> str:
    """Caseload first, then which of agency, leavers and vacancies stand above England and which do
    not.
    """
    if x.table.empty:
        return f"No workforce figures are published for {x.area}."
    newest = int(x.table["year"].max())
    rows = x.table[x.table["year"] == newest].set_index("measure")
    lines = []
    if "caseload_average" in rows.index:
        row, first = rows.loc["caseload_average"], x.of("caseload_average").iloc[0]
        lines.append(
            f"A social worker in {x.area} held {row['value']:.1f} cases on average at 30 September"
            f" {newest}: {_beside(row['value'], row['england'])} in England ({row['england']:.1f})"
            + (
                f", {_beside(row['value'], first['value'])} here in {first['year']:.0f}"
                f" ({first['value']:.1f})."
                if first["year"] < newest
                else "."
            )
        )
    shares = {
        "agency_percent": "agency workers",
        "turnover_percent": "workers who left in the year",
        "vacancy_percent": "vacant posts",
    }
    told = {words: rows.loc[measure] for measure, words in shares.items() if measure in rows.index}
    for side, above in (("Above England", True), ("Not above England", False)):
        parts = [
            f"{words} {row['value']:.1f} ({row['england']:.1f})"
            for words, row in told.items()
            if (row["value"] > row["england"]) == above
        ]
        if parts:
            lines.append(f"{side}, in per cent: {', '.join(parts)}.")
    if "social_workers_fte" in rows.index:
        both = {"cases_held_count", "caseload_average"} <= set(rows.index)
        average = rows.at["caseload_average", "value"] if both else 0
        holding = (
            f"; about {rows.at['cases_held_count', 'value'] / average:,.0f} workers hold cases"
            " (cases held ÷ cases per worker)"
            if average > 0
            else ""
        )
        lines.append(
            f"{rows.loc['social_workers_fte', 'value']:,.0f} full-time equivalent social workers"
            f" were in post{holding}."
        )
    return " ".join(lines) or f"No workforce figures are published for {x.area} for {newest}."


def _beside(value: float, other: float) -> str:
    return (
        "as many as"
        if round(value, 1) == round(other, 1)
        else "more than"
        if value > other
        else "fewer than"
    )


def spend(x) -> str:
    """What is spent per child looked after, and how much of the change is more children and how
    much cost.
    """
    real = (
        "Pounds are those of each year: no index of prices is held, so how much is inflation"
        f" cannot be said here. {DEFLATOR} would allow it."
    )
    t = x.of("spend_looked_after_gbp")
    if t.empty:
        return f"Spend on children looked after is not published for {x.area}. {real}"
    last = t.iloc[-1]
    beside = ", ".join(
        f"{name} £{last[column]:,.0f}" for column, name in BESIDE if math.isfinite(last[column])
    )
    lines = [
        f"In the year to March {last['year']:.0f}, {_millions(last['spend'])} was spent on children"
        f" looked after in {x.area}: £{last['value']:,.0f} for each of {last['divisor']:,.0f} (mean"
        " of both ends of the year" + (f"; {beside})." if beside else ").")
    ]
    s = x.split
    if s:
        rough = "".join(f" The figure of {year} is {why}." for year, why in s["marked"].items())
        early = x.split_before
        other = (
            f" Ending a year sooner, in {x.last_year - 1}, it is {_signed(early['number'])} with"
            f" the number and {_signed(early['each'])} with the spend on each."
            if early
            else ""
        )
        lines.append(
            f"From the year to March {x.first_year} to that to March {x.last_year} it went from"
            f" {_millions(s['from'])} to {_millions(s['to'])}: {_signed(s['number'])} with the"
            f" number of children and {_signed(s['each'])} with the spend on each, from"
            f" £{s['each_from']:,.0f} to £{s['each_to']:,.0f}.{other}{rough}"
        )
    elif x.first_year < x.last_year:
        lines.append(
            f"It is not published for both {x.first_year} and {x.last_year}, so the change is not"
            " shared out."
        )
    every = x.of("spend_children_services_gbp")
    if len(every):
        newest = every.iloc[-1]
        lines[0] += (
            f" {SPENT['spend_children_services_gbp'].capitalize()}: £{newest['value']:,.0f}"
            f" (England £{newest['england']:,.0f})."
        )
    return "\n".join([*lines, real])


def outlook(x) -> str:
    """Open plans a year on with their ranges, and what such forecasts have been worth."""
    if x.missing:
        return f"There is no look ahead for {x.area}: {x.missing}."
    a, tried = x.next, x.tried.set_index("level")
    text = (
        f"If starts and exits in {x.area} go on at their present levels, {a['expected']:,.0f} plans"
        f" will be open at March {a['year']:.0f}; {a['open_from']:,.0f} were at March {x.year}. A"
        f" level is smoothed over the years, as one year is noisy: about {x.starts:,.0f} plans"
        f" started a year ({x.own_starts:,.0f} in the newest year itself) and {x.exit_rate:.2f}"
        f" ended a year per plan open ({x.own_exit_rate:.2f}). Four times in five it should be"
        f" between {a['low_80']:,.0f} and {a['high_80']:,.0f}, 19 times in 20 between"
        f" {a['low']:,.0f} and {a['high']:,.0f}."
    )
    if not len(tried) or not tried["of"].iloc[0]:
        return text
    early = (
        " The noise behind those ranges was measured on all years, also on those after a forecast;"
        f" measured to March {x.early} alone, they held {tried.at[80, 'early_held'] * 100:.0f} and"
        f" {tried.at[95, 'early_held'] * 100:.0f} per cent of the {tried.at[80, 'early_of']:,.0f}"
        " forecasts made from then on."
        if tried["early_of"].iloc[0]
        else ""
    )
    return (
        f"{text}\nTried on {tried['of'].iloc[0]:,} past years of all authorities, the narrower"
        f" range held what came in {tried.at[80, 'held'] * 100:.0f} per cent, the wider in"
        f" {tried.at[95, 'held'] * 100:.0f}; here in {tried.at[80, 'own_held']} and"
        f" {tried.at[95, 'own_held']} of {tried.at[95, 'own_of']}.{early} Half of the forecasts"
        f" missed by less than {x.typical_error * 100:.1f} per cent; expecting no change would have"
        f" missed by less than {x.typical_change * 100:.1f}. So the ranges say how far plans may"
        " move; the middle says little of which way."
    )


def caseload(x) -> str:
    """Cases per worker a year on at both ends of the outlook, under the assumptions as given."""
    if x.missing:
        return f"Cases per worker cannot be looked ahead to for {x.area}: {x.missing}."
    low, middle, high = (x.table.iloc[i] for i in range(3))
    extra = high["workers_needed"] - x.workers
    share = x.cases_per_plan * x.plans / x.cases * 100
    swing = (
        f" All cases went from {x.swing[1]:,.0f} to {x.swing[2]:,.0f} in the one year to September"
        f" {x.swing[0]}, {times(math.log(x.swing[2] / x.swing[1]))}."
        if x.swing
        else ""
    )
    change = (
        f"{abs(extra):,.0f} {'more' if extra > 0 else 'fewer'} workers would keep today's caseload"
        f" at the upper limit. The range is that of plans alone: the other {100 - share:.0f} per"
        f" cent of cases are only assumed.{swing}"
    )
    return (
        f"Assumed: {x.cases_per_plan:g} {'case' if x.cases_per_plan == 1 else 'cases'} for each"
        f" child on a plan, other cases {x.other_cases_change * 100:+.0f} per cent, workers"
        f" {x.workers_change * 100:+.0f} per cent. At September {x.year} {x.area} held"
        f" {x.cases:,.0f} cases, {x.now:.1f} for each of about {x.workers:,.0f} workers; children"
        f" on a plan are {share:.0f} per cent of those. A year on: {middle['per_worker']:.1f} at"
        f" the plans expected, {low['per_worker']:.1f} to {high['per_worker']:.1f} over their"
        f" 19-in-20 range. {change}"
    )


def _millions(pounds: float) -> str:
    return f"£{pounds / 1e6:,.1f} million"


def _signed(pounds: float) -> str:
    return f"{'+' if pounds >= 0 else '−'}{_millions(abs(pounds))}"
