"""Simulated records of one authority: families, their children, and what happens to them month by
month.

Families come up all the time, stay for some years and are referred now and again, at rates that
differ between them. Every referral has a risk, made of the family's and its own; an enquiry, a
conference and a plan follow where the risk, seen with an error at each gate, lies above that gate's
bar. Plans end by a hazard that depends on the time on the plan and on the risk, unless a child goes
into care, turns eighteen, dies or moves away first. Brothers and sisters go through the gates
together and mostly come off together. The volumes are those published for Oxfordshire in the years
ending 31 March 2023 and 2024, per child aged 0 to 17. A cause is one step on a known day;
simulated_tables turns what happened into tables.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from oxcare_analysis.local.records import Records
from oxcare_analysis.local.simulated_tables import NEVER, as_records
from oxcare_analysis.words.errors import UsageError

CAUSES = ("none", "entry_threshold", "exit_threshold", "population_need", "awareness")
LAST_MONTH = "2026-03"  # the same seed gives the same records whenever it is run
STEP = 1 / 3  # the planted step, as a share of what it moves
BURN_IN_YEARS, YEARS_EXPOSED, YEAR = 3, 6, 365.25
FAMILIES_A_YEAR = 0.0146  # that come up, per child of the area
REFERRALS_EACH, UNEVENNESS = (
    1.75,
    0.8,
)  # mean while exposed, and the shape of the gamma by which families differ
SIZES, SIZE_SHARES = np.arange(1, 6), np.array([0.50, 0.25, 0.14, 0.07, 0.04])
FAMILY_SHARE = 0.65  # of the variance of a referral's risk that is the family's
NO_ACTION = 0.04  # of referrals, closed at once
# gate → the error with which it sees risk, the share it passes
GATES = {
    "need": (0.8, 0.53),
    "enquiry": (0.8, 0.405),
    "conference": (0.6, 0.41),
    "plan": (0.5, 0.80),
}
CONFERENCE_PART = 0.8  # of a step in the entry threshold (in logs); the rest is at the plan's gate
BAND_STARTS = np.array([0, 0.25, 0.5, 1.0, 2.0])
BAND_HAZARDS = np.array(
    [0.50, 1.10, 1.65, 1.50, 2.00]
)  # plans ended a year per plan open, by years on the plan
RISK_GRADIENT, RISK_ON_PLAN = (
    0.35,
    1.35,
)  # log hazard lower for each unit of risk above that of most plans
TOGETHER_ON, TOGETHER_OFF = 0.95, 0.90
CARE_FROM_PLAN, CARE_GRADIENT = (
    0.13,
    0.6,
)  # of plans that end; log odds higher for each unit of risk
CARE_FROM_REFERRAL, MOVES_AWAY, DIES = 0.11, 0.04, 0.001
TRANSFERS_IN, OTHERS_PLANS = 0.00009, 0.00008  # families a year, per child of the area
SOURCES = {
    "1A": 0.06,
    "1B": 0.03,
    "1D": 0.03,
    "2A": 0.20,
    "2B": 0.03,
    "3A": 0.04,
    "3C": 0.05,
    "3E": 0.05,
    "4": 0.02,
    "5A": 0.06,
    "5B": 0.06,
    "5D": 0.03,
    "6": 0.26,
    "7": 0.02,
    "8": 0.03,
    "9": 0.02,
    "10": 0.01,
}
TRAINED = ("2A", "3A", "3C", "3E", "6")  # from whom the referrals come that awareness adds
FROM_ELSEWHERE = "5C"
SEASON = np.array(
    [1.02, 1.02, 1.06, 0.97, 1.06, 1.03, 1.02, 0.80, 1.02, 1.03, 1.04, 0.93]
)  # referrals, by month
MONTHLY_SHAKE = 0.04  # sd of the log of a month's referrals, beyond chance


USUAL, MOVED_IN, OTHERS = (
    0,
    1,
    2,
)  # kinds of case: referred here; on a plan elsewhere before; another authority's


@dataclass(frozen=True)
class Step:
    """A planted cause: what it is, how large, and the day (since 1970) on which it comes in."""

    cause: str
    size: float
    day: float

    def of(self, cause: str) -> float:
        """What a rate is multiplied by: 1 + the size where this is the cause, else 1."""
        return 1 + self.size if self.cause == cause else 1.0


def simulate(
    children: int = 140_000,
    months: int = 120,
    cause: str = "none",
    seed: int = 1,
    size: float = STEP,
    step_month: str | None = None,
    last_month: str = LAST_MONTH,
) -> Records:
    """Records of a simulated authority with `children` aged 0 to 17, over `months` up to
    `last_month` (YYYY-MM).

    `cause`: one of CAUSES, in full from the first day of `step_month` (the middle month of all by
    default). With `size` 1/3, plans started rise by about a third (entry_threshold: lower bars at
    conference and plan), referrals do (population_need: of every source, from more families;
    awareness: from trained sources alone), or the hazard of leaving a plan falls to three quarters,
    1 / (1 + size) (exit_threshold). Nothing else differs between causes. The same arguments give
    the same records. Raises UsageError on arguments that make no authority.
    """
    if cause not in CAUSES:
        raise UsageError(
            f"There is no cause called {cause!r} for simulated records; expected one of "
            f"{', '.join(CAUSES)}."
        )
    if not (100 <= children <= 5_000_000 and 1 <= months <= 240 and 0 <= size <= 1 and seed >= 0):
        raise UsageError(
            f"Records of {children:,} children over {months} months with a step of {size:g} and"
            f" seed {seed} cannot be made; expected 100 to 5,000,000 children, 1 to 240 months, a"
            " step of 0 to 1 and a seed of 0 or more."
        )
    last = pd.Period(last_month, "M")
    first = last - (months - 1)
    middle = pd.Period(step_month, "M") if step_month else first + months // 2
    start, end = _day(first), _day(last + 1) - 1
    random, step = np.random.default_rng(seed), Step(cause, size, _day(middle))
    families = _families(children, start - round(BURN_IN_YEARS * YEAR), end, step, random)
    return as_records(_cases(families, step, random), families, start, end, random)


def _day(month: pd.Period) -> int:
    return int(month.start_time.asm8.astype("datetime64[D]").astype(int))


def _families(
    children: int, begin: int, end: int, step: Step, random: np.random.Generator
) -> dict[str, np.ndarray]:
    """Families with their children, and the cases about them in order: (family, day, kind,
    source).
    """
    more = step.of("population_need")
    years = (end - begin) / YEAR
    came_in = random.poisson(children * FAMILIES_A_YEAR * more * (years + YEARS_EXPOSED))
    came = random.uniform(begin - YEARS_EXPOSED * YEAR, end, came_in)
    added = random.random(came_in) < 1 - 1 / more
    months = np.arange(begin, end + 1).astype("datetime64[D]").astype("datetime64[M]").astype(int)
    pull = (
        SEASON[months % 12]
        * np.exp(MONTHLY_SHAKE * random.standard_normal(months.max() + 1))[months]
    )
    rate = (
        random.gamma(UNEVENNESS, REFERRALS_EACH / UNEVENNESS, came_in)
        * step.of("awareness")
        * pull.max()
    )
    family = np.repeat(np.arange(came_in), random.poisson(rate))
    day = np.floor(came[family] + YEARS_EXPOSED * YEAR * random.random(len(family))).astype(int)
    kept = (day >= begin) & (day <= end) & ~(added[family] & (day < step.day))
    family, day = family[kept], day[kept]
    extra = random.random(len(day)) < 1 - 1 / step.of("awareness")
    kept = (random.random(len(day)) < pull[day - begin] / pull.max()) & ~(extra & (day < step.day))
    family, day, source = family[kept], day[kept], _sources(extra[kept], random)
    one_off = [random.poisson(children * each * years) for each in (TRANSFERS_IN, OTHERS_PLANS)]
    strangers = came_in + np.arange(sum(one_off))
    family = np.concatenate([family, strangers])
    day = _working_day(np.concatenate([day, random.integers(begin, end + 1, sum(one_off))]))
    kind = np.repeat([USUAL, MOVED_IN, OTHERS], [len(source), *one_off])
    source = np.concatenate([source, np.full(sum(one_off), FROM_ELSEWHERE)])
    order = np.lexsort((day, family))
    came = np.concatenate([came, day[len(day) - sum(one_off) :].astype(float)])
    return {
        **_children(came, random),
        "case_family": family[order],
        "case_day": day[order],
        "case_kind": kind[order],
        "case_source": source[order],
        "risk": random.standard_normal(len(came)),
    }


def _children(came: np.ndarray, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Children of each family: how many, who is the first, when each was born (some of the youngest
    only later).
    """
    size = random.choice(SIZES, len(came), p=SIZE_SHARES)
    first = np.cumsum(size) - size
    of = np.repeat(np.arange(len(came)), size)
    born = came[of] - YEAR * 17 * random.beta(1.0, 1.7, len(of))
    later = (np.arange(len(of)) == first[of]) & (random.random(len(of)) < 0.15)
    born = np.where(later, came[of] + YEAR * (YEARS_EXPOSED * random.random(len(of)) - 0.2), born)
    return {
        "size": size,
        "first": first,
        "child_family": of,
        "born": np.floor(born).astype(int),
        "died": np.full(len(of), NEVER),
    }


def _sources(trained: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A source code for each referral; those that awareness adds come from trained sources
    alone.
    """
    shares = np.array([SOURCES[code] for code in TRAINED])
    usual = random.choice(list(SOURCES), len(trained), p=list(SOURCES.values()))
    return np.where(trained, random.choice(TRAINED, len(trained), p=shares / shares.sum()), usual)


def _working_day(day: np.ndarray) -> np.ndarray:
    weekday = (day + 3) % 7  # day 0 was a Thursday
    return day + np.where(weekday > 4, 7 - weekday, 0)


def _cases(families: dict, step: Step, random: np.random.Generator) -> dict[str, np.ndarray]:
    """What came of every case, a row a child: a round for each family's first case, second, and so
    on.

    A case that comes up while the family's last one is open adds nothing: it is a contact on an
    open case.
    """
    family = families["case_family"]
    starts = (
        np.flatnonzero(np.r_[True, family[1:] != family[:-1]]) if len(family) else np.empty(0, int)
    )
    turn = np.arange(len(family)) - np.repeat(starts, np.diff(np.r_[starts, len(family)]))
    open_until, rounds = np.full(len(families["size"]), -1), []
    for number in range(turn.max(initial=-1) + 1):
        case = np.flatnonzero(turn == number)
        case = case[families["case_day"][case] > open_until[family[case]]]
        rows = _round(case, families, step, random)
        np.maximum.at(open_until, family[rows["case"]], rows["closed"])
        np.minimum.at(families["died"], rows["child"], rows["died"])
        rounds.append(rows)
    return {name: np.concatenate([rows[name] for rows in rounds]) for name in rounds[0]}


def _round(
    case: np.ndarray, families: dict, step: Step, random: np.random.Generator
) -> dict[str, np.ndarray]:
    """One case each of many families: the gates for the family, then what becomes of each child."""
    of, day, kind = (
        families["case_family"][case],
        families["case_day"][case],
        families["case_kind"][case],
    )
    count, bars = len(case), _bars(step.of("entry_threshold"))
    risk = FAMILY_SHARE**0.5 * families["risk"][of] + (
        1 - FAMILY_SHARE
    ) ** 0.5 * random.standard_normal(count)
    closed_at_once = (random.random(count) < NO_ACTION) & (kind == USUAL)

    def passes(gate: str, when: np.ndarray) -> np.ndarray:
        bar = np.where(when >= step.day, bars[1][gate], bars[0][gate])
        return risk + GATES[gate][0] * random.standard_normal(count) > bar

    asked = _working_day(day + random.exponential(8, count).astype(int))
    enquiry = passes("enquiry", asked) & ~closed_at_once & (kind == USUAL)
    met = _working_day(
        np.where(kind == MOVED_IN, day + 14, asked + 15 + random.exponential(4, count).astype(int))
    )
    conference = (passes("conference", met) & enquiry) | (kind == MOVED_IN)
    plan = (passes("plan", met) & conference) | (kind != USUAL)
    begins = np.where(kind == OTHERS, day, met)
    chance, away = random.exponential(1, count), random.random(count) < MOVES_AWAY
    into_care, category = random.random(count), random.random(count)
    in_need = (passes("need", day) | conference) & ~closed_at_once

    row = np.repeat(np.arange(count), families["size"][of])
    nth = np.arange(len(row)) - np.repeat(
        np.cumsum(families["size"][of]) - families["size"][of], families["size"][of]
    )
    child = families["first"][of][row] + nth
    born = families["born"][child]
    eighteen = (born + 18 * YEAR).astype(int)
    here = (day[row] >= born - 150) & (met[row] < eighteen) & (day[row] < families["died"][child])
    row, child, eighteen = row[here], child[here], eighteen[here]
    alone = random.random(len(row)) > TOGETHER_OFF
    chance = np.where(alone, random.exponential(1, len(row)), chance[row])
    on = plan[row] & (random.random(len(row)) < TOGETHER_ON)
    start = np.where(on, begins[row], NEVER)
    pace = np.exp(-RISK_GRADIENT * (risk[row] - RISK_ON_PLAN))
    end = (
        start
        + 1
        + np.ceil(
            YEAR * _stay(chance / pace, (step.day - start) / YEAR, 1 / step.of("exit_threshold"))
        ).astype(int)
    )
    end = np.minimum(_working_day(end), np.maximum(eighteen, start + 1))
    died = np.where(on & (random.random(len(row)) < DIES), random.integers(start, end + 1), NEVER)
    end = np.where(on, np.minimum(end, np.maximum(died, start + 1)), NEVER)
    odds = (
        CARE_FROM_PLAN / (1 - CARE_FROM_PLAN) * np.exp(CARE_GRADIENT * (risk[row] - RISK_ON_PLAN))
    )
    lot = np.where(alone, random.random(len(row)), into_care[row])
    cared = np.where(
        on,
        lot < odds / (1 + odds),
        (lot < CARE_FROM_REFERRAL) & in_need[row] & (kind[row] == USUAL),
    )
    cared &= (died == NEVER) & ~away[row]
    care = np.where(
        on,
        np.maximum(end - random.integers(0, 15, len(row)), start),
        day[row] + 1 + random.exponential(40, len(row)).astype(int),
    )
    care = np.where(cared & (care < eighteen), care, NEVER)
    left = np.minimum(care + 1 + random.exponential(1.6 * YEAR, len(row)).astype(int), eighteen)
    closed = _closed(row, day, met, closed_at_once, in_need, conference, on, end, away, random)
    closed = np.where(
        care == NEVER, closed, np.maximum(closed, left)
    )  # a child in care stays an open case
    reason = np.select(
        [died != NEVER, on & away[row], in_need[row]],
        ["RC2", "RC5", "RC7"],
        np.where(random.random(len(row)) < 0.6, "RC8", "RC9"),
    )
    return {
        "case": case[row],
        "child": child,
        "day": day[row],
        "kind": kind[row],
        "source": families["case_source"][case][row],
        "no_action": closed_at_once[row],
        "closed": closed,
        "reason": reason,
        "enquiry": np.where(enquiry[row], asked[row], NEVER),
        "enquiry_end": asked[row] + 10 + random.exponential(4, len(row)).astype(int),
        "conference": np.where(conference[row], met[row], NEVER),
        "plan": start,
        "plan_end": end,
        "category": category[row],
        "care": care,
        "care_end": np.where(care == NEVER, NEVER, left),
        "died": died,
    }


def _closed(
    row: np.ndarray,
    day: np.ndarray,
    met: np.ndarray,
    at_once: np.ndarray,
    in_need: np.ndarray,
    conference: np.ndarray,
    on: np.ndarray,
    end: np.ndarray,
    away: np.ndarray,
    random: np.random.Generator,
) -> np.ndarray:
    """The day each child's case is closed: at once, after an assessment, after work, or some weeks
    after the plan.
    """
    worked = day + 20 + random.exponential(np.where(in_need, 110, 18)).astype(int)
    worked = np.where(at_once, day, np.where(conference, np.maximum(worked, met + 7), worked))
    after = np.where(away[row], end, end + random.exponential(75, len(row)).astype(int))
    return np.where(on, after, worked[row])


def _stay(target: np.ndarray, until_step: np.ndarray, slower: float) -> np.ndarray:
    """Years on a plan at which the cumulated hazard comes to `target`; after `until_step` years it
    runs `slower`.
    """
    before = _hazard_by(np.maximum(until_step, 0))
    return _hazard_inverse(np.where(target <= before, target, before + (target - before) / slower))


def _cumulated() -> np.ndarray:
    return np.r_[0, np.cumsum(BAND_HAZARDS[:-1] * np.diff(BAND_STARTS))]


def _hazard_by(years: np.ndarray) -> np.ndarray:
    band = np.searchsorted(BAND_STARTS, years, side="right") - 1
    return _cumulated()[band] + BAND_HAZARDS[band] * (years - BAND_STARTS[band])


def _hazard_inverse(hazard: np.ndarray) -> np.ndarray:
    band = np.searchsorted(_cumulated(), hazard, side="right") - 1
    return BAND_STARTS[band] + (hazard - _cumulated()[band]) / BAND_HAZARDS[band]


@lru_cache(maxsize=8)
def _bars(lower: float) -> tuple[dict[str, float], dict[str, float]]:
    """The bar of every gate before the step and after it, by one large draw of risks; `lower`: how
    many more pass.
    """
    found = []
    for times in (1.0, lower):
        random = np.random.default_rng(1)
        risk, bars = random.standard_normal(400_000), {}
        bars["need"] = float(
            np.quantile(
                risk + GATES["need"][0] * random.standard_normal(len(risk)), 1 - GATES["need"][1]
            )
        )
        part = {"conference": times**CONFERENCE_PART, "plan": times ** (1 - CONFERENCE_PART)}
        for gate in ("enquiry", "conference", "plan"):
            error, share = GATES[gate]
            seen = risk + error * random.standard_normal(len(risk))
            bars[gate] = float(np.quantile(seen, 1 - min(share * part.get(gate, 1), 0.97)))
            risk = risk[seen > bars[gate]]
        found.append(bars)
    return found[0], found[1]
