"""Checks of the documents against themselves: whether stated figures fit each other, and which are
one figure.
"""

import numpy as np

from oxcare_analysis.checking.checks import Answer, Check
from oxcare_analysis.checking.vantage import Vantage, agreement, when


def changes_by(figure: str, first: str, last: str) -> Check:
    """Whether two stated figures give the stated percentage (at least it, where more is stated)."""

    def check(x: Vantage) -> Answer:
        change, text = (x.value(last) / x.value(first) - 1) * 100, x.value_text(figure)
        more = x.stated.at[figure, "precision"] == "more_than"
        holds = change > float(text) if more else bool(agreement(text, change))
        return (
            holds,
            (
                f"{x.value_text(first)} to {x.value_text(last)}, as stated, is {change:+.1f} per"
                f" cent ({'more than ' * more}{text} stated)"
            ),
        )

    return check


def times_of(last: str, first: str) -> Check:
    """The ratio of two stated figures."""

    def check(x: Vantage) -> Answer:
        ratio = x.value(last) / x.value(first)
        return (
            None,
            f"{x.value(last):,.10g} is {ratio:.2f} times {x.value(first):,.10g}, both as stated",
        )

    return check


def above(pairs: dict[str, str]) -> Check:
    """Whether every stated figure is above its stated target (figure → target)."""

    def check(x: Vantage) -> Answer:
        said = ", ".join(f"{x.value_text(a)} against {x.value_text(b)}" for a, b in pairs.items())
        return all(x.value(a) > x.value(b) for a, b in pairs.items()), f"as stated: {said}"

    return check


def same(pairs: dict[str, str]) -> Check:
    """Whether retold figures are those of an earlier document (retold → first told): one source,
    not two.
    """

    def check(x: Vantage) -> Answer:
        unlike = [a for a, b in pairs.items() if x.value(a) != x.value(b)]
        told = sorted(
            {
                f"{x.stated.at[b, 'source'].replace('_', ' ')}, paragraph"
                f" {x.stated.at[b, 'locator']}"
                for b in pairs.values()
            }
        )
        if unlike:
            return (
                False,
                (
                    f"retold otherwise than in {'; '.join(told)}:"
                    f" {', '.join(x.value_text(a) for a in unlike)}"
                ),
            )
        return True, f"the same figures as {'; '.join(told)}: one source, not two"

    return check


def overlap(total: str, none: str, rows: tuple[str, ...]) -> Check:
    """Whether routes overlap: rows and `none` add to more than the total, and fit children with one
    or more routes.
    """

    def check(x: Vantage) -> Answer:
        whole, some, parts = (
            x.value(total),
            x.value(total) - x.value(none),
            [x.value(r) for r in rows],
        )
        fits = max(parts) <= some <= sum(parts)
        return (
            whole < sum(parts) + x.value(none) and fits,
            (
                f"{x.stated.at[total, 'period']}: rows add to {sum(parts) + x.value(none):,.0f} for"
                f" {whole:,.0f} children; {some:,.0f} had an earlier route, {sum(parts) / some:.1f}"
                " each on average"
            ),
        )

    return check


def part_of(part: str, whole: str) -> Check:
    """A stated figure as a share of another."""

    def check(x: Vantage) -> Answer:
        return (
            None,
            (
                f"{x.value_text(part)} of {x.value_text(whole)} as stated, "
                f"{x.value(part) / x.value(whole):.0%} ({x.stated.at[whole, 'period']})"
            ),
        )

    return check


def implied_children(count: str, rate: str, years: tuple[int, ...]) -> Check:
    """The number of children that a stated count and rate imply, and the nearest published one."""

    def check(x: Vantage) -> Answer:
        implied = x.value(count) / x.value(rate) * 10_000
        held = {y: v for y in years if np.isfinite(v := x.read("children_0_17_count", y))}
        if not held:
            return (
                None,
                (
                    f"{x.value_text(count)} at {x.value_text(rate)} per 10,000 implies"
                    f" {implied:,.0f} children"
                ),
            )
        near = min(held, key=lambda y: abs(held[y] - implied))
        return (
            None,
            (
                f"{x.value_text(count)} at {x.value_text(rate)} per 10,000 implies {implied:,.0f}"
                f" children; the nearest published number is {held[near]:,.0f}"
                f" ({when('children_0_17_count', near)})"
            ),
        )

    return check


def two_readings(share: str, of_all: str, of_part: str) -> Check:
    """What each reading of '1 in N of them' implies for the other whole, given the stated 1 in N of
    the part.
    """

    def check(x: Vantage) -> Answer:
        part = x.value(share)
        return (
            None,
            (
                f"of all starts, 1 in {x.value_text(of_all)} is {part / x.value(of_all):.0%} of"
                f" repeats; of repeats, 1 in {x.value_text(of_part)} is"
                f" {1 / part / x.value(of_part):.0%} of all starts"
            ),
        )

    return check
