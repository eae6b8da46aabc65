"""Claims without a number of their own: a direction, a level, a comparison, a move beyond noise.

Each check is made with what to look up, and answers from one vantage as those of checks.py do.
"""

import dataclasses

import numpy as np
import pandas as pd

from oxcare_analysis.checking.checks import Answer, Check, of, show
from oxcare_analysis.checking.vantage import OWN, Vantage, dated, named, when
from oxcare_analysis.thinking import evidence, lifetable, measures
from oxcare_analysis.words.columns import BANDS, ENGLAND

LEVEL = 0.10  # called level or stable: no year further than this from the first


def went(
    parts: str | tuple[str, ...],
    first: int,
    last: int,
    way: str,
    per: str | None = None,
    area: str = OWN,
    every_year: bool = False,
    label: str = "",
) -> Check:
    """The direction of a count, or of a ratio (`per`, its denominator): from first to last year, or
    in every year.

    Every year is said. Nothing is tested against swings from year to year: `moved` does that.
    """

    def check(x: Vantage) -> Answer:
        years = range(first, last + 1)
        values = [
            x.total(parts, y, area) / (x.read(per, y, area) / 100 if per else 1) for y in years
        ]
        first_part = parts if isinstance(parts, str) else parts[0]
        what = (
            (label or named(first_part)) + (f" per 100 {named(per)}" if per else "") + of(x, area)
        )
        judged = values if every_year else [values[0], values[-1]]
        if not np.isfinite(judged).all():
            return (
                None,
                (
                    f"{what}, {first} to {last}: not published for"
                    f" {'every year' if every_year else 'both years'}"
                ),
            )
        path = ", ".join(
            f"{show(v)} ({when(first_part, y)})" for v, y in zip(values, years, strict=True)
        )
        return (
            bool((np.sign(np.diff(judged)) == {"up": 1, "down": -1}[way]).all()),
            f"{what}: {path}",
        )

    return check


def level(measure: str, first: int, last: int, area: str = OWN) -> Check:
    """Level or stable from `first` to the last year out, up to `last`: no year further than LEVEL
    from the first.
    """

    def check(x: Vantage) -> Answer:
        held = {y: v for y in range(first, last + 1) if np.isfinite(v := x.read(measure, y, area))}
        if first not in held or len(held) < 2:
            return None, f"{named(measure)}{of(x, area)}: not published from {first}"
        far = max(held, key=lambda y: abs(held[y] / held[first] - 1))
        return (
            abs(held[far] / held[first] - 1) <= LEVEL,
            (
                f"{named(measure)}{of(x, area)}, {first} to {max(held)}: the year furthest from"
                f" {show(held[first])} has {show(held[far])} ({when(measure, far)},"
                f" {held[far] / held[first] - 1:+.0%})"
            ),
        )

    return check


def remainder(whole: str, parts: tuple[str, ...], first: int, last: int) -> Check:
    """What is left of one count without others, each year: it decides nothing."""

    def check(x: Vantage) -> Answer:
        left = {y: x.read(whole, y) - x.total(parts, y) for y in range(first, last + 1)}
        said = ", ".join(f"{show(v)} ({when(whole, y)})" for y, v in left.items())
        return None, f"{named(whole)} less {' and '.join(map(named, parts))}: {said}"

    return check


def beside(measure: str, year: int, way: str, *others: str) -> Check:
    """This area above or below others: ENGLAND, REGION, or 'neighbours' (their median)."""

    def check(x: Vantage) -> Answer:
        mine = x.read(measure, year)
        theirs = {
            ("the median neighbour" if o == "neighbours" else x.name(o)): (
                x.neighbours(measure, year) if o == "neighbours" else x.read(measure, year, o)
            )
            for o in others
        }
        said = f"{dated(measure, year)}: {show(mine)}; " + ", ".join(
            f"{k} {show(v)}" for k, v in theirs.items()
        )
        if not np.isfinite([mine, *theirs.values()]).all():
            return None, said
        return all(mine > v if way == "above" else mine < v for v in theirs.values()), said

    return check


def nearer(measure: str, first: int, last: int) -> Check:
    """Whether the rate here came nearer to the median statistical neighbour's."""

    def check(x: Vantage) -> Answer:
        here = {y: x.rate(measure, y) for y in (first, last)}
        there = {
            y: pd.Series([x.rate(measure, y, c) for c in x.study.neighbours], dtype=float).median()
            for y in here
        }
        gaps = [here[y] - there[y] for y in here]
        if not np.isfinite(gaps).all():
            return (
                None,
                f"{named(measure)}, {first} and {last}: not published here or for neighbours",
            )
        said = "; ".join(
            f"{here[y]:.1f} per 10,000 and {there[y]:.1f} for the median neighbour in {y}"
            for y in here
        )
        return abs(gaps[1]) < abs(gaps[0]), said

    return check


def moved(ratio: str, first: int, last: int, way: str) -> Check:
    """Whether a ratio moved this way beyond its own year-to-year noise; None where the interval
    holds no change.
    """

    def check(x: Vantage) -> Answer:
        if x.then:
            return None, ""
        e = evidence.estimate(dataclasses.replace(x.study, first_year=first, last_year=last), ratio)
        for part in sorted(measures.made_of(ratio)):
            for year in (first, last):
                x.read(part, year)
        if not e.known:
            return None, f"{e.label}: {e.missing}"
        low, high = (np.expm1(end) * 100 for end in (e.low, e.high))
        said = (
            f"{e.label}, {first} to {last}: {np.expm1(e.estimate):+.0%} (95 per cent interval"
            f" {low:+.0f} to {high:+.0f})"
        )
        if e.low <= 0 <= e.high:
            return None, said
        return (e.estimate > 0) == (way == "up"), said

    return check


def longer_stay(year: int) -> Check:
    """Whether a plan would last longer here than in England at the year's exit rates by band
    (period life table).
    """

    def check(x: Vantage) -> Answer:
        if x.then:
            return None, ""
        rows = lifetable.lifetable(x.study).table.set_index("year")
        if year not in rows.index or not np.isfinite(rows.at[year, "england"]):
            return None, f"lengths of plans in {year}: not published"
        mine, theirs = rows.at[year, "value"], rows.at[year, "england"]
        for area in (OWN, ENGLAND):
            for band in BANDS:
                x.read(f"plans_ended_{band}_months_count", year, area)
                x.read(f"plans_open_{band}_months_count", year, area)
        return (
            mine > theirs,
            (
                f"expected stay at the exit rates of {year}: {mine:.1f} months, England"
                f" {theirs:.1f} ({mine / theirs - 1:+.0%})"
            ),
        )

    return check


def most(measure: str, rivals: tuple[str, ...], year: int, by: float = 1) -> Check:
    """The largest of its kind, at least `by` times the next."""

    def check(x: Vantage) -> Answer:
        mine, others = x.read(measure, year), {r: x.read(r, year) for r in rivals}
        known = {r: v for r, v in others.items() if np.isfinite(v)}
        if not np.isfinite(mine) or not known:
            return None, f"{dated(measure, year)}: not published"
        second = max(known, key=known.get)
        return (
            mine > by * known[second],
            f"{dated(measure, year)}: {show(mine)}; next, {named(second)}: {show(known[second])}",
        )

    return check


def share(part: str, whole: str, year: int, first: int | None = None) -> Check:
    """More than half of a whole, or with `first` of its growth since."""

    def check(x: Vantage) -> Answer:
        a, b = x.read(part, year), x.read(whole, year)
        if first:
            a, b = a - x.read(part, first), b - x.read(whole, first)
        since = (
            f"the growth since {when(whole, first)} ({show(b)})"
            if first
            else f"all {show(b)} in {when(whole, year)}"
        )
        if not np.isfinite(a / b):
            return None, f"{named(part)}, {first or year} to {year}: not published"
        return a / b > 0.5, f"{named(part)}: {show(a)} of {since}, {a / b:.0%}"

    return check


def like_named(areas: dict[str, str], measure: str, first: int, last: int) -> Check:
    """How many of these `areas` (code → name) grew as much as here: a list that no document gives
    settles nothing.
    """

    def check(x: Vantage) -> Answer:
        growth = np.log(x.everyone(measure, last) / x.everyone(measure, first))
        growth = growth[np.isfinite(growth)]
        if x.code(OWN) not in growth.index:
            return None, f"{named(measure)}, {first} to {last}: not published"
        mine, listed = growth[x.code(OWN)], growth[growth.index.isin(list(areas))]
        rest = growth.drop([*listed.index, x.code(OWN)])
        for code in (OWN, *listed.index):
            x.read(measure, first, code), x.read(measure, last, code)
        as_much = listed[listed >= mine].sort_values(ascending=False)
        who = (
            f" ({', '.join(f'{areas[code]} {np.expm1(g):+.0%}' for code, g in as_much.items())})"
            * bool(len(as_much))
        )
        return (
            None,
            (
                f"{first} to {last}: {np.expm1(mine):+.0%} here; {len(as_much)} of {len(listed)}"
                f" authorities with well-known cases grew as much{who}, as did"
                f" {(rest >= mine).sum()} of the {len(rest)} others; medians"
                f" {np.expm1(listed.median()):+.0%} and {np.expm1(rest.median()):+.0%}"
            ),
        )

    return check


def grew_most(names: tuple[str, ...], measure: str, first: int, last: int) -> Check:
    """Whether one of several rows grew by the most children."""

    def check(x: Vantage) -> Answer:
        rose = {n: x.read(n, last) - x.read(n, first) for n in names}
        if not np.isfinite(list(rose.values())).all():
            return None, f"{named(measure)} and the rows beside it: not all published"
        said = ", ".join(f"{named(n)} {rose[n]:+,.0f}" for n in names)
        return (
            max(rose, key=rose.get) == measure,
            (
                f"published change by age, {when(measure, first)} to {when(measure, last)}: {said};"
                f" most: {named(max(rose, key=rose.get))}"
            ),
        )

    return check


def differ(part: str, whole: str, first: int, last: int) -> Check:
    """How far a share changed, in standard errors if every child came alone (siblings do not: less
    in truth).
    """

    def check(x: Vantage) -> Answer:
        a, b, m, n = (x.read(k, y) for k in (part, whole) for y in (first, last))
        pooled = (a + b) / (m + n)
        z = (b / n - a / m) / np.sqrt(pooled * (1 - pooled) * (1 / m + 1 / n))
        return None, (
            f"{show(a)} of {show(m)} ({when(part, first)}) to {show(b)} of {show(n)}"
            f" ({when(part, last)})"
            + (
                f": z {z:.1f} if children were independent, less as brothers and sisters are not"
                if np.isfinite(z)
                else ""
            )
        )

    return check
