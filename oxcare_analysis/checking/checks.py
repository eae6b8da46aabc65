"""The general checks. Each is made with what to look up, and answers from one vantage: holds (True,
False, or None where the figures it needs are not there) and what was found, in words made of
numbers.
"""

from collections.abc import Callable

import numpy as np

from oxcare_analysis.checking.vantage import (
    EXACT,
    OWN,
    TRUNCATED,
    Vantage,
    agreement,
    dated,
    named,
    shown,
    when,
)

Answer = tuple[bool | None, str]
Check = Callable[[Vantage], Answer]
RANKS_APART = 3  # which authorities are in the list moves a rank by as much
ABOUT = 0.10  # "about": within a tenth
CLOSE, CLOSE_SHARE = (
    2,
    0.01,
)  # what rounding to the nearest 5, or a count taken weeks before the return, moves a number


def count(figure: str, measure: str, year: int, area: str = OWN) -> Check:
    """The stated number against the published one, as precisely as it is stated."""

    def check(x: Vantage) -> Answer:
        value, text, how = (
            x.read(measure, year, area),
            x.value_text(figure),
            x.stated.at[figure, "precision"],
        )
        what = f"{dated(measure, year)}{of(x, area)}"
        if not np.isfinite(value):
            return None, f"{what}: {number(text)} stated, no figure is published"
        gap = abs(float(text) - value)
        if how in ("about", "more_than", "up_to"):
            holds = {
                "about": abs(float(text) / value - 1) <= ABOUT,
                "more_than": value > float(text),
                "up_to": value <= float(text),
            }[how]
            if not holds:
                x.gaps.append(gap / value)
            return (
                holds,
                f"{what}: {how.replace('_', ' ')} {number(text)} stated, {value:,.10g} published",
            )
        agrees, counted = agreement(text, value), measure.endswith("_count")
        if agrees:
            return True, f"{what}: {number(text)} stated, {value:,.10g} published{_how(agrees)}"
        x.gaps.append(gap / value)
        close = (
            f"off by {show(gap)}: " if counted and gap <= max(CLOSE, CLOSE_SHARE * value) else ""
        )
        beside = x.alike(figure, measure, year) if area == OWN else []
        same = (
            f"; {number(text)} is the published number of {' and of '.join(beside)}"
            if beside
            else ""
        )
        return (
            False,
            (
                f"{close}{what}: {number(text)} stated, {value:,.10g} published, so {show(gap)}"
                f"{f' ({gap / value:.1%})' * counted} too "
                f"{'high' if float(text) > value else 'low'}{same}"
            ),
        )

    return check


def to_hundred(figure: str, measure: str, year: int) -> Check:
    """A stated number that looks rounded to the nearest hundred."""

    def check(x: Vantage) -> Answer:
        value, text = x.read(measure, year), x.value_text(figure)
        holds = None if not np.isfinite(value) else shown(value / 100, 0) * 100 == float(text)
        return (
            holds,
            (
                f"{dated(measure, year)}: {number(text)} stated, {show(value)} published, read to"
                " the nearest 100"
            ),
        )

    return check


def rate(figure: str, measure: str, year: int, area: str = OWN, digits: int | None = None) -> Check:
    """The stated rate per 10,000 children; `digits` where the department prints fewer than the
    document.
    """

    def check(x: Vantage) -> Answer:
        value, text = x.rate(measure, year, area), x.value_text(figure)
        if not np.isfinite(value):
            return None, f"rate{of(x, area)}: not published"
        agrees = agreement(text, value, digits)
        instead = f" to {shown(value, digits or 0):.0f}" if agrees == TRUNCATED else ""
        return (
            bool(agrees),
            (
                f"per 10,000 children{of(x, area)}: {text} stated, {value:.1f} "
                f"{'as out then' if x.then else 'from counts as they are now'}{_how(agrees)}{instead}"
            ),
        )

    return check


def rank(
    figure: str,
    measure: str,
    year: int,
    per_child: bool = True,
    at: float | None = None,
    stated_count: str | None = None,
) -> Check:
    """The stated rank from the lowest, allowing for which authorities are listed. Ranked in `year`.

    `stated_count`: a figure of a later date (with `at`, the year of its population) placed among
    the rates of `year`.
    """

    def check(x: Vantage) -> Answer:
        values = x.everyone(measure, year)
        if per_child:
            values = values / x.everyone("children_0_17_count", year)
        values, mine = values.dropna().sort_values(), values.get(x.code(OWN), float("nan"))
        if stated_count:
            mine = x.value(stated_count) / x.read("children_0_17_count", at)
        values = values.drop(x.code(OWN), errors="ignore")
        if values.empty or not np.isfinite(mine):
            return None, f"rank in {year}: not published"
        place = int((values < mine).sum()) + 1
        next_to = [*values.index[max(place - 2, 0) : place]]
        for code in next_to if stated_count else (OWN, *next_to):
            x.read(measure, year, code)
            if per_child:
                x.read("children_0_17_count", year, code)
        text, listed = x.value_text(figure), len(values) + 1
        own, *others = (
            f"{v * 10_000:.1f}" if per_child else f"{v:.3f}" for v in (mine, *values[next_to])
        )
        beside = ", ".join(f"{x.name(code)} {v}" for code, v in zip(next_to, others, strict=True))
        where = f" among the rates of {year}" if stated_count else f" in {year}"
        apart = abs(place - float(text))
        near = f", within {RANKS_APART}" if 0 < apart <= RANKS_APART else ""
        what = "rate" if per_child else f"by {named(measure)},"
        return (
            apart <= RANKS_APART,
            (
                f"rank from the lowest {what}{where}: {text} stated, {place} of {listed}{near} "
                f"({own}; next to it {beside})"
            ),
        )

    return check


def one_in(
    figure: str,
    top: str,
    year: int,
    area: str = OWN,
    share: str | None = None,
    bottom: str | None = None,
) -> Check:
    """1 in N: N to its own digits, or the nearest 5 or 10. Out of `bottom`, or of the stated
    `share` of children.
    """

    def check(x: Vantage) -> Answer:
        children = x.read(bottom or "children_0_17_count", year, area) * (
            x.value(share) / 100 if share else 1
        )
        ratio, text = children / x.read(top, year, area), x.value_text(figure)
        if not np.isfinite(ratio):
            return None, f"1 in {text} stated{of(x, area)}, not published"
        agrees = agreement(text, ratio)
        for nearest in (5, 10) if not agrees and float(text) % 5 == 0 else ():
            if shown(ratio / nearest, 0) * nearest == float(text):
                agrees = agrees or f"right to the nearest {nearest}"
        return (
            bool(agrees),
            (
                f"1 in {text} stated{of(x, area)}, 1 in {ratio:.1f} from published"
                f" counts{_how(agrees)}"
            ),
        )

    return check


def times(
    figure: str,
    measure: str,
    first: int,
    last: int,
    identity: bool = False,
    per_child: bool = False,
) -> Check:
    """Growth by the stated factor. `identity`: the first stock is the year after's, less its
    starts, plus its ends.
    """

    def check(x: Vantage) -> Answer:
        if identity:
            start = (
                x.read(measure, first + 1)
                - x.read("plans_started_count", first + 1)
                + x.read("plans_ended_count", first + 1)
            )
        else:
            start = x.rate(measure, first) if per_child else x.read(measure, first)
        end = x.rate(measure, last) if per_child else x.read(measure, last)
        factor, text, more = (
            end / start,
            x.value_text(figure),
            x.stated.at[figure, "precision"] == "more_than",
        )
        if not np.isfinite(factor):
            return None, f"{named(measure)}, {first} to {last}: not published"
        holds = factor > float(text) if more else bool(agreement(text, factor, 0))
        how = (
            " (the stock of a year later less its starts plus its ends)"
            if identity
            else " per 10,000"
            if per_child
            else ""
        )
        return (
            holds,
            (
                f"{'more than ' * more}{text} times stated; {show(start)}{how} in"
                f" {when(measure, first)} to {show(end)} in {when(measure, last)} is {factor:.2f}"
                " times"
            ),
        )

    return check


def grew(figure: str, measure: str, first: int, last: int) -> Check:
    """Growth by more than the stated percentage."""

    def check(x: Vantage) -> Answer:
        start, end = x.read(measure, first), x.read(measure, last)
        change = (end / start - 1) * 100
        if not np.isfinite(change):
            return None, f"{named(measure)}, {first} to {last}: not published"
        return (
            change > x.value(figure),
            (
                f"more than {x.value_text(figure)} per cent stated; published {show(start)} in"
                f" {when(measure, first)} to {show(end)} in {when(measure, last)} is {change:+.1f}"
                " per cent"
            ),
        )

    return check


def bracket(figure: str, measure: str, first: int, last: int) -> Check:
    """A local count on a date no table covers, beside the published ones before and after: never
    settles it.
    """

    def check(x: Vantage) -> Answer:
        a, b, stated = x.read(measure, first), x.read(measure, last), x.value(figure)
        where = (
            "cannot be bracketed"
            if not np.isfinite(a + b)
            else (
                "below both"
                if stated < min(a, b)
                else "above both"
                if stated > max(a, b)
                else "between them"
            )
        )
        return (
            None,
            (
                f"{number(x.value_text(figure))} stated for a date no table covers; published"
                f" {show(a)} in March {first} and {show(b)} in March {last}: {where}"
            ),
        )

    return check


def above_all(figure: str, measure: str, first: int, last: int) -> Check:
    """Whether a stated number is above every published one of these years."""

    def check(x: Vantage) -> Answer:
        values = {y: v for y in range(first, last + 1) if np.isfinite(v := x.read(measure, y))}
        if not values:
            return None, f"{named(measure)}, {first} to {last}: not published"
        top = max(values, key=values.get)
        return (
            x.value(figure) > values[top],
            (
                f"{number(x.value_text(figure))} stated; the highest published from {first} to"
                f" {last} of {named(measure)} is {show(values[top])} ({when(measure, top)})"
            ),
        )

    return check


def of(x: Vantage, area: str) -> str:
    """', England', or nothing for the area itself."""
    return "" if area == OWN else f", {x.name(area)}"


def show(value: float) -> str:
    """A published number: whole, or to one decimal."""
    if not np.isfinite(value):
        return "not published"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def number(text: str) -> str:
    """A stated number with its commas."""
    return f"{float(text):,.0f}" if "." not in text else text


def _how(agrees: str) -> str:
    return "" if agrees in ("", EXACT) else f", {agrees}"
