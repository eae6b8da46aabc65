"""Sentences on the children looked after; reached through `ox.say` like the rest."""

import math

from oxcare_analysis.showing.wording import people, times, went

SAME_STORY = {
    "together": (
        "Is it the same story as plans? It may be: both moved the same way, as they would had need"
        " changed. But a bar moved for both, or more or fewer children found, would leave the same,"
        " and these counts do not say which."
    ),
    "apart": (
        "Is it the same story as plans? They moved apart, as they would had one taken the place of"
        " the other. But each may have had reasons of its own, and these counts do not say which."
    ),
    "unclear": (
        "Is it the same story as plans? At least one of the two did not clearly move, so these"
        " counts do not say."
    ),
}
ORDINALS = {1: "st", 2: "nd", 3: "rd"}


def looked_after(x) -> str:
    """How many children are looked after, how that moved beside others, and where the rate
    stands.
    """
    t = x.table.set_index("year")
    if not {x.first_year, x.last_year} <= set(t.index):
        held = f"; it is held from {t.index[0]} to {t.index[-1]}" if len(t) else ""
        return (
            f"The number of children looked after in {x.area} is not published for both"
            f" {x.first_year} and {x.last_year}{held}."
        )
    if x.first_year == x.last_year:
        return (
            f"{people(t.loc[x.last_year, 'count'])} were looked after in {x.area} at March"
            f" {x.last_year}, the one year of this window."
        )
    a, b, start = t.loc[x.first_year], t.loc[x.last_year], t.index[0]
    since = f" ({t.loc[start, 'count']:,.0f} in {start})" if start < x.first_year else ""
    beside = [
        f"{times(math.log(b[column] / a[column]))} {where}"
        for column, where in (("england", "in England"), ("neighbours", "for the median neighbour"))
        if math.isfinite(a[column] + b[column])
    ]
    e = x.change
    plans = (
        f" Children on a plan {went(a['on_plan'], b['on_plan'])} over the same years, "
        f"{times(math.log(b['on_plan'] / a['on_plan']))}."
        if a["on_plan"] > 0 and b["on_plan"] > 0
        else ""
    )
    first = (
        f"The number of children looked after in {x.area} {went(a['count'], b['count'])} between"
        f" March {x.first_year} and March {x.last_year}{since},"
        f" {times(math.log(b['count'] / a['count']))}"
        + (f", against {' and '.join(beside)}." if beside else ".")
        + plans
    )
    if x.few:
        return f"{first} There were so few at the start that a single family moves the rate."
    if not e.known:
        return f"{first} How far the rate moved cannot be judged: {e.missing}."
    places = (
        f" In place from the lowest, its rate was {_nth(x.rank_from)} of {x.of_from} authorities,"
        f" then {_nth(x.rank_to)} of {x.of_to}."
        if x.rank_from and x.rank_to
        else ""
    )
    rank = (
        f" Allowing for where it started and its size, the change is number {e.placebo_rank} of"
        f" {e.placebo_of} authorities (1 = the largest rise). The {x.unusual} at each end count as"
        f" unusual, so that both ends together are fewer than one in twenty; it is {_standing(x)}."
        if e.placebo_rank
        else ""
    )
    return (
        f"{first}\nPer 10,000 children the rate went from {e.level_from:.1f}"
        f" ({_mean(e.base_years)}) to {e.level_to:.1f} ({_mean(e.end_years)}): {times(e.estimate)}"
        f" (95 per cent interval {math.expm1(e.low) * 100:+.0f} to"
        f" {math.expm1(e.high) * 100:+.0f}), {'beyond' if e.moved else 'within'} its year-to-year"
        f" noise.{places}{rank}" + (f"\n{SAME_STORY[x.beside_plans]}" if x.beside_plans else "")
    )


def ages(x) -> str:
    """Which ages the change was in, and how they compare with England at the end."""
    if not x.ends:
        return (
            f"The ages of children looked after in {x.area} are not published for two years of the"
            " window."
        )
    first, last = (x.table[x.table["year"] == year].set_index("label") for year in x.ends)
    both = [label for label in first.index if label in last.index]
    moved = sorted(
        ((last.at[label, "count"] - first.at[label, "count"], label) for label in both),
        reverse=True,
    )
    parts = "; ".join(f"aged {label} {change:+,.0f}" for change, label in moved)
    hidden = (
        " Ages too few to be published are left out."
        if len(both) < max(len(first), len(last))
        else ""
    )
    oldest = last[last["age"].isin(["10_15", "16_plus"])]
    missing = sorted(set(range(x.ends[0], x.ends[1] + 1)) - set(x.table["year"]))
    gap = f" No ages are held for {_and(missing)}." if missing else ""
    return (
        f"From March {x.ends[0]} to March {x.ends[1]}, in children looked after: {parts}.{hidden}"
        f" At the end {oldest['share'].sum() * 100:.0f} per cent were aged 10 or over (England"
        f" {oldest['england'].sum() * 100:.0f}).{gap}{_unequal(x)}"
    )


def unaccompanied(x) -> str:
    """How much of the number and of the change are children who arrived unaccompanied."""
    t = x.table.set_index("year")
    inside = t[(t.index >= x.first_year) & (t.index <= x.last_year)]
    if len(inside) < 2:
        return (
            f"The number of unaccompanied children looked after in {x.area} is too small to be"
            " published, or not held, for two years of the window."
        )
    a, b = inside.iloc[0], inside.iloc[-1]
    return (
        f"{b['unaccompanied']:,.0f} of the {people(b['count'])} looked after in {x.area} at March"
        f" {inside.index[-1]} had come to the country unaccompanied ({a['unaccompanied']:,.0f} of"
        f" {a['count']:,.0f} at March {inside.index[0]}):"
        f" {b['unaccompanied'] - a['unaccompanied']:+,.0f} in a change of"
        f" {b['count'] - a['count']:+,.0f}. Without them the rate per 10,000 went from"
        f" {a['rate_without']:.1f} to {b['rate_without']:.1f} (England {a['england_without']:.1f}"
        f" to {b['england_without']:.1f})."
    )


def routes(x) -> str:
    """How many who came into care had had help before, and what can be said of those who had been
    on a plan.
    """
    if x.totals.empty:
        return f"No table of what stood before care is held for {x.area}."
    lines = []
    for total in x.totals.itertuples():
        plan = x.table[
            x.table["period"].eq(total.period) & x.table["route"].str.contains("protection")
        ].iloc[0]
        lines.append(
            f"{total.period}: of {total.entered:.0f} children who came into care {total.none:.0f}"
            f" had none of the listed kinds of help recorded before. The other {total.some:.0f} are"
            f" counted {total.mentions:.0f} times, {total.extra:.0f} more than there are children,"
            f" so the rows cannot be added. {plan['children']:.0f} ({plan['share'] * 100:.0f} per"
            f" cent of all) had been on a protection plan, at least {plan['alone']:.0f} of them"
            " with nothing else before."
        )
    return "\n".join(lines)


def in_need(x) -> str:
    """Whether plans took the place of other help for children in need."""
    if x.reading == "not published":
        return (
            f"Children in need without a plan cannot be followed in {x.area} from {x.first_year} to"
            f" {x.last_year}: {x.change.missing or 'a count it needs is not published at one end'}."
        )
    e = x.change
    head = (
        f"Children on a plan in {x.area} {went(*x.plans)} between March {x.first_year} and March"
        f" {x.last_year}; children in need who had neither a plan nor a place in care"
        f" {went(*x.without)}. Per child in the area, from {_mean(e.base_years)} to"
        f" {_mean(e.end_years)}, the latter saw {times(e.estimate)} (95 per cent interval"
        f" {math.expm1(e.low) * 100:+.0f} to {math.expm1(e.high) * 100:+.0f}){_single(x)}."
    )
    rose = x.plans[1] > x.plans[0]
    said = {
        "as substitution would": (
            "That is what plans taking the place of other help would leave"
            if rose
            else "That is what other help taking the place of plans would leave"
        ),
        "against substitution": (
            "That is not what plans taking the place of other help, child for child, would "
            "leave, unless need or its recording had changed as well"
            if rose
            else (
                "That is not what other help taking the place of plans, child for child, would"
                " leave, unless need or its recording had changed as well"
            )
        ),
        "cannot tell": "That is too uncertain to tell whether one took the place of the other",
        "nothing to ask": "Plans hardly changed, so there is no substitution to look for",
    }[x.reading]
    return (
        f"{head} {said}. {_jump(x)}These are counts of children on one day: no child is followed."
    )


def _single(x) -> str:
    """The change between the two years alone, where the levels were means of more."""
    years = [*x.change.base_years, *x.change.end_years]
    return (
        f"; between {x.first_year} and {x.last_year} alone, {times(x.single)}"
        if len(years) > 2 and math.isfinite(x.single)
        else ""
    )


def _jump(x) -> str:
    """The year in which the number in need moved most, and how referrals were closed in it: a sign
    of recording.
    """
    t = x.table.set_index("year").loc[x.first_year : x.last_year]
    moved = t["in_need"].diff()[t.index.to_series().diff() == 1].dropna()
    if moved.empty:
        return ""
    year = moved.abs().idxmax()
    a, b = t.loc[year - 1], t.loc[year]
    closed = (
        ", while referrals closed with no further action"
        f" {went(a['no_further_action'], b['no_further_action'])} and those assessed and found not"
        f" in need {went(a['not_in_need'], b['not_in_need'])}"
        if math.isfinite(
            a[["no_further_action", "not_in_need"]].sum(skipna=False)
            + b[["no_further_action", "not_in_need"]].sum(skipna=False)
        )
        else ""
    )
    return (
        f"In the year to March {year} all children in need"
        f" {went(a['in_need'], b['in_need'])}{closed}: where more is assessed, or less, the count"
        " can move without need. "
    )


def _unequal(x) -> str:
    """The years of the window in which the published ages add up to another number than the
    published total.
    """
    t = x.unequal[x.unequal["year"].between(*x.ends)]
    told = "; ".join(
        f"{row.added:,.0f} against {row.all_ages:,.0f} in {row.year}" for row in t.itertuples()
    )
    return (
        f" Ages as published do not add up to the number published for all ages: {told}. Changes by"
        " age can differ by as much from the change in all."
        if told
        else ""
    )


def _standing(x) -> str:
    """Whether a rank is among those that count as unusual, or the next one."""
    e = x.change
    beyond = min(e.placebo_rank, e.placebo_of + 1 - e.placebo_rank) - x.unusual
    return (
        "one of them" if e.peculiar else "just outside them" if beyond == 1 else "not one of them"
    )


def _nth(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th ..."""
    return f"{number}{'th' if 10 <= number % 100 <= 20 else ORDINALS.get(number % 10, 'th')}"


def _and(years) -> str:
    return " and ".join(str(year) for year in years)


def _mean(years: tuple[int, ...]) -> str:
    """The years a level is the mean of: '2013', 'the mean of 2012 and 2013'."""
    return f"{'the mean of ' if len(years) > 1 else ''}{_and(years)}"
