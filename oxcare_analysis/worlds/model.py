"""Children in families, latent risk, gates with thresholds: yearly counts of simulated authorities.

Each year families with some concern come up in every authority. A family has a latent risk x
(standard normal) and one or more children. Every gate sees x with an error of its own and passes
what lies above its threshold: referral, in need, enquiry, conference, plan, care. Plans end by a
hazard that depends on time on the plan and on x. Thresholds, volumes and exits differ between
authorities, drift by t₅ steps (lasting change) and are shaken each year (transitory noise), by
amounts chosen so that the noise model fitted to simulated authorities is the one fitted to the
published panel (docs/calibration.md sets the two side by side).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from oxcare_analysis.words.columns import BANDS

FIRST_YEAR, LAST_YEAR, BURN_IN = 2012, 2024, 4
YEARS = tuple(range(FIRST_YEAR, LAST_YEAR + 1))
MONTHS_A_YEAR = 12
DRIFT_DF = 5
KEPT = 0.90  # of a level a year later: what rose tends to fall back
CONCERNS_PER_CHILD = 0.083  # families with a concern a year, per child in the area
FAMILY_SIZES, SIZE_SHARES = np.arange(1, 6), np.array([0.50, 0.25, 0.14, 0.07, 0.04])
BAND_STARTS = np.array(
    [0, 0.25, 0.5, 1.0, 2.0]
)  # years on a plan at which each duration band begins
BAND_HAZARDS = np.array(
    [1.00, 0.60, 2.00, 2.05, 2.10]
)  # plans ended per plan open, a year: nearly England's
RISK_GRADIENT = 0.35  # log hazard of ending, lower for each sd of risk
MEAN_RISK_ON_PLAN = 1.75  # the hazards above are those of a plan of this risk
NFA_SHARE = 0.15  # of referrals not in need, closed at once


@dataclass(frozen=True)
class Gate:
    """A decision: the error with which it sees risk, the share it passes at the start, and how its
    threshold varies.

    `drift`: scale of the yearly t₅ step; `shock`: sd of the yearly shake; both in units of the
    threshold (sds of risk).
    """

    error: float
    passes: float
    drift: float
    shock: float


GATES = {
    "refer": Gate(1.5, 0.35, 0.210, 0.045),
    "need": Gate(0.8, 0.62, 0.110, 0.155),
    "enquire": Gate(0.8, 0.29, 0.125, 0.065),
    "confer": Gate(0.6, 0.40, 0.080, 0.070),
    "plan": Gate(0.5, 0.87, 0.055, 0.015),
    "care": Gate(0.7, 0.047, 0.010, 0.040),
}
COMES_AFTER = {
    "refer": "",
    "need": "refer",
    "enquire": "refer",
    "confer": "enquire",
    "plan": "confer",
    "care": "refer",
}
# Log volumes: families with a concern, exit hazards, those of the first three months alone,
# referrals recorded, the
# share of children in low-income families.
VOLUMES = {
    "families": Gate(0, 1, 0.0, 0.040),
    "exit": Gate(0, 1, 0.042, 0.095),
    "early": Gate(0, 1, 0.100, 0.080),
    "recorded": Gate(0, 1, 0.0, 0.0),
    "poverty": Gate(0, 1, 0.060, 0.020),
}
# What a cause may move besides: mean risk; the error of those who refer (log; the threshold
# follows, so that as many
# are referred); the number of children (log).
OTHERS = ("severity", "aim", "children")
LOW_INCOME = 0.16  # share of children in low-income families, before any drift
NATION = 0.3  # national steps, as a share of an authority's own: about that of the real panel
LEVERS = (*GATES, *VOLUMES, *OTHERS)


def wander(
    random: np.random.Generator, authorities: int, drift: bool = True, shocks: bool = True
) -> dict[str, np.ndarray]:
    """Where every lever stands, (authority, year) from the burn-in on, as a difference from the
    common start.

    With `drift`, levels differ between authorities as they would after a long time; without it they
    stand still at the start, and only the yearly shocks are left. Without `shocks` the drift is the
    same and nothing is shaken.
    """
    paths, shape = {}, (authorities, BURN_IN + len(YEARS))
    for lever in LEVERS:
        gate = _gate(lever)
        steps = gate.drift * random.standard_t(DRIFT_DF, shape) * drift
        steps[:, 0] *= (1 - KEPT**2) ** -0.5  # the spread that such steps come to in the long run
        paths[lever] = _levels(steps) + gate.shock * random.standard_normal(shape) * shocks
    return paths


def together(random: np.random.Generator) -> dict[str, np.ndarray]:
    """How far all authorities move together: by lever, (1, year) from the burn-in on."""
    shape = (1, BURN_IN + len(YEARS))
    return {
        lever: _levels(NATION * _gate(lever).drift * random.standard_normal(shape))
        for lever in LEVERS
    }


def _gate(lever: str) -> Gate:
    return {**GATES, **VOLUMES}.get(lever, Gate(0, 1, 0, 0))


def _levels(steps: np.ndarray) -> np.ndarray:
    """What steps add up to, year by year, when a share of every level is lost again."""
    levels = np.zeros_like(steps)
    for year in range(steps.shape[1]):
        levels[:, year] = KEPT * (levels[:, year - 1] if year else 0) + steps[:, year]
    return levels


def simulate(
    children: np.ndarray, paths: dict[str, np.ndarray], random: np.random.Generator
) -> pd.DataFrame:
    """Counts by measure, one row an (authority number, year); children from `children`, levers from
    `paths`.
    """
    authorities, years = len(children), BURN_IN + len(YEARS)
    thresholds, rows = _thresholds(), []
    stock = {name: np.empty(0) for name in ("area", "since", "risk", "size")}
    for year in range(years):
        at = {lever: path[:, year] for lever, path in paths.items()}
        living = np.round(children * np.exp(at["children"]))
        came = random.poisson(living * CONCERNS_PER_CHILD * np.exp(at["families"]))
        area = np.repeat(np.arange(authorities), came)
        risk = random.standard_normal(len(area)) + at["severity"][area]
        error = GATES["refer"].error * np.exp(at["aim"])
        bar = (
            thresholds["refer"] * np.sqrt((1 + error**2) / (1 + GATES["refer"].error ** 2))
            + at["refer"]
        )
        kept = risk + error[area] * random.standard_normal(len(area)) > bar[area]
        area, risk = area[kept], risk[kept]
        size = random.choice(FAMILY_SIZES, len(area), p=SIZE_SHARES)
        passed = {
            name: _passes(name, risk, area, at, thresholds, random) for name in list(GATES)[1:]
        }
        for name in ("confer", "plan"):
            passed[name] &= passed[COMES_AFTER[name]]
        count = {
            "referrals": np.full(len(area), True),
            **passed,
            "closed": ~passed["need"] & (random.random(len(area)) < NFA_SHARE),
        }
        count = {
            name: np.bincount(area, size * which, authorities) for name, which in count.items()
        }
        new = passed["plan"]
        joining = {
            "area": area[new],
            "since": year + random.random(new.sum()),
            "risk": risk[new],
            "size": size[new],
        }
        stock = {name: np.concatenate([stock[name], joining[name]]) for name in stock}
        stock, ended = _year_of_plans(stock, at, year, authorities, random)
        if year >= BURN_IN:
            rows.append(_row(count, stock, ended, living, at, year + 1, authorities))
    return pd.concat(rows, keys=YEARS, names=["year", "authority"]).swaplevel().sort_index()


def _passes(
    name: str,
    risk: np.ndarray,
    area: np.ndarray,
    at: dict,
    thresholds: dict,
    random: np.random.Generator,
) -> np.ndarray:
    seen = risk + GATES[name].error * random.standard_normal(len(risk))
    return seen > thresholds[name] + at[name][area]


@lru_cache(maxsize=1)
def _thresholds() -> dict[str, float]:
    """The thresholds at which each gate passes its share at the start, by one large draw."""
    random, size = np.random.default_rng(1), 1_000_000
    passed, found = {"": random.standard_normal(size)}, {}
    for name, gate in GATES.items():
        risk = passed[COMES_AFTER[name]]
        seen = risk + gate.error * random.standard_normal(len(risk))
        found[name] = float(np.quantile(seen, 1 - gate.passes))
        passed[name] = risk[seen > found[name]]
    return found


def _year_of_plans(
    stock: dict, at: dict, year: int, authorities: int, random: np.random.Generator
) -> tuple[dict, np.ndarray]:
    """A year of months: who is still on a plan at its end, and plans ended by (authority, duration
    band).
    """
    ended = np.zeros((authorities, len(BAND_STARTS)))
    for month in range(MONTHS_A_YEAR):
        now = year + (month + 1) / MONTHS_A_YEAR
        time_on = now - stock["since"]
        band = np.searchsorted(BAND_STARTS, np.maximum(time_on, 0), side="right") - 1
        area = stock["area"].astype(int)
        moved = at["exit"][area] + np.where(band == 0, at["early"][area], 0)
        hazard = BAND_HAZARDS[band] * np.exp(
            moved - RISK_GRADIENT * (stock["risk"] - MEAN_RISK_ON_PLAN)
        )
        exposed = np.clip(time_on, 0, 1 / MONTHS_A_YEAR)
        leaves = random.random(len(area)) < -np.expm1(-hazard * exposed)
        np.add.at(ended, (area[leaves], band[leaves]), stock["size"][leaves])
        stock = {name: values[~leaves] for name, values in stock.items()}
    return stock, ended


def _row(
    count: dict,
    stock: dict,
    ended: np.ndarray,
    children: np.ndarray,
    at: dict,
    now: float,
    authorities: int,
) -> pd.DataFrame:
    """One year's published counts, under the names the tables use; referrals as they are written
    down.
    """
    written = {
        name: np.round(count[name] * np.exp(at["recorded"]))
        for name in ("referrals", "need", "closed")
    }
    frame = {
        "children_0_17_count": children,
        "low_income_children_count": np.round(children * LOW_INCOME * np.exp(at["poverty"])),
        "referrals_received_count": written["referrals"],
        "no_further_action_count": written["closed"],
        "not_in_need_count": np.maximum(
            written["referrals"] - written["need"] - written["closed"], 0
        ),
        "enquiries_started_count": count["enquire"],
        "conferences_held_count": count["confer"],
        "plans_started_count": count["plan"],
        "plans_ended_count": ended.sum(axis=1),
        "looked_after_started_count": count["care"],
        "plans_open_count": np.bincount(stock["area"].astype(int), stock["size"], authorities),
    }
    band = np.searchsorted(BAND_STARTS, now - stock["since"], side="right") - 1
    still = np.zeros_like(ended)
    np.add.at(still, (stock["area"].astype(int), band), stock["size"])
    for i, name in enumerate(BANDS):
        frame[f"plans_open_{name}_months_count"] = still[:, i]
        frame[f"plans_ended_{name}_months_count"] = ended[:, i]
    return pd.DataFrame(frame)
