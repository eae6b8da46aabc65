"""The growth ledger: why a stock went from S_b to S_T, in children, adding up exactly.

Plans started are children × referrals per child × enquiries per referral × conferences per enquiry
× plans per conference; children who start to be looked after are children × starts per child. Exit
rate = implied ends ÷ mean of opening and closing stock, so S_t = (S_t−1(1 − h/2) + F) / (1 + h/2)
exactly. Drivers held at their base level give counterfactual paths; the Shapley value shares the
change among them. `momentum` is the path with every driver at base.
"""

from dataclasses import dataclass, field
from html import escape

import numpy as np
import pandas as pd

from oxcare_analysis.thinking.measures import COMPARABLE
from oxcare_analysis.thinking.models import noise
from oxcare_analysis.thinking.shapley import shapley
from oxcare_analysis.thinking.study import Study
from oxcare_analysis.words.columns import MEASURES
from oxcare_analysis.words.result import Result

DRIVERS = (
    "children",
    "referrals_per_child",
    "enquiries_per_referral",
    "conferences_per_enquiry",
    "plans_per_conference",
    "exit_rate",
)
CHAIN = (
    "children_0_17_count",
    "referrals_received_count",
    "enquiries_started_count",
    "conferences_held_count",
    "plans_started_count",
)
SUBTOTALS = {
    "children": ("children",),
    "found_per_child": ("referrals_per_child", "enquiries_per_referral"),
    "plans_per_enquiry": ("conferences_per_enquiry", "plans_per_conference"),
    "exits": ("exit_rate",),
}
LABELS = {
    "children": "Number of children in the area",
    "referrals_per_child": "Referrals per child",
    "enquiries_per_referral": "Enquiries per referral",
    "conferences_per_enquiry": "Conferences per enquiry",
    "plans_per_conference": "Plans per conference",
    "exit_rate": "Slower endings (+) or faster (−)",
    "found_per_child": "Enquiries per child",
    "plans_per_enquiry": "Plans per enquiry",
    "exits": "Slower endings (+) or faster (−)",
    "momentum": "Carry-over from before",
    "care_starts_per_child": "Starts per child in the area",
    "starts": "Starts per child in the area",
    "care_exit_rate": "Slower endings (+) or faster (−)",
}
SMALLEST_STOCK = 40
DRAWS, SEED = 1000, 20140925
RESIDUAL_SHARE = 0.10


@dataclass(frozen=True)
class Flow:
    """One stock, what feeds it and what empties it: all that one ledger differs from another in.

    `drivers`: the children, the ratios along `chain` (published counts, starts last), the exit
    rate. `many`: how a number of the stock is said; `source`: the folder in data/raw it is from.
    """

    name: str
    stock: str
    mean: str
    ends: str
    recorded: str
    chain: tuple[str, ...]
    drivers: tuple[str, ...]
    subtotals: dict[str, tuple[str, ...]]
    many: str
    source: str


PLANS = Flow(
    "plans",
    "plans_open_count",
    "mean_open_count",
    "implied_ends_count",
    "plans_ended_count",
    CHAIN,
    DRIVERS,
    SUBTOTALS,
    "plans were open",
    "children_in_need",
)
LOOKED_AFTER = Flow(
    "looked_after",
    "looked_after_count",
    "looked_after_mean_count",
    "looked_after_implied_ends_count",
    "looked_after_ceased_count",
    ("children_0_17_count", "looked_after_started_count"),
    ("children", "care_starts_per_child", "care_exit_rate"),
    {"children": ("children",), "starts": ("care_starts_per_child",), "exits": ("care_exit_rate",)},
    "children were looked after",
    "children_looked_after",
)
FLOWS = {flow.name: flow for flow in (PLANS, LOOKED_AFTER)}


@dataclass(frozen=True, repr=False)
class Ledger(Result):
    """The change in a stock (open plans, or the children looked after that `flow` names), shared
    out.

    `table`: one row a driver (in the order of its flow): driver, label, plans, low, high,
    stable_sign, doubtful, one_year_base, three_year_base. Merged drivers have no numbers of their
    own; `merged` holds their joint bars. `subtotals`: the same columns for the steps a reader needs
    first. `reason` says why there is none.
    """

    area: str
    first_year: int
    last_year: int
    open_from: float
    open_to: float
    base_years: tuple[int, ...] = ()
    momentum: float = float("nan")
    momentum_low: float = float("nan")
    momentum_high: float = float("nan")
    momentum_stable: bool = False
    recording_residual: int | None = None
    recorded_ends: pd.DataFrame | None = None
    reason: str = ""
    source: str = ""
    flow: str = PLANS.name
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    subtotals: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    merged: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    @property
    def testable(self) -> bool:
        """Whether the ledger could be computed."""
        return not self.reason

    @property
    def change(self) -> float:
        """The stock at the end less the stock at the start."""
        return self.open_to - self.open_from

    def _repr_html_(self) -> str:
        if not self.testable:
            window = f"{self.first_year} to {self.last_year}"
            return f"<p>No ledger for {escape(self.area)}, {window}: {escape(self.reason)}</p>"
        return self.subtotals.to_html(index=False, float_format="{:+.0f}".format)


def ledger(study: Study, flow: Flow = PLANS) -> Ledger:
    """Share the change in a stock among the drivers of its flow, with intervals from the noise
    model.
    """
    b, t = study.first_year, study.last_year
    shell = {
        "area": study.area.name,
        "first_year": b,
        "last_year": t,
        "open_from": study.at(b, flow.stock),
        "open_to": study.at(t, flow.stock),
        "source": study.cite(flow.source),
        "flow": flow.name,
    }
    reason = _obstacle(study, flow, b, t)
    if reason:
        return Ledger(**shell, reason=reason)
    years = np.arange(b + 1, t + 1)
    groups, counts = _chain(study, flow, b, t)
    logs = _driver_logs(study, flow, counts, np.arange(b, t + 1), flow.ends)
    bases = {k: _base(study, flow, counts, b, k, flow.ends) for k in (2, 1, 3)}
    start = shell["open_from"]
    # A base of the same years as another is no second opinion.
    distinct = {tuple(used): k for k, (base, used) in reversed(bases.items()) if base is not None}
    split = {
        k: shapley(start, logs[:, 1:], bases[k][0])
        for k in sorted({2, *distinct.values()}, reverse=True)
    }
    _, momentum = split[2]
    draws = _draws(study, flow, groups, counts, b, t, start, bases[2][1])
    table = _bars(groups, split, draws)
    if bases[2][1].min() < COMPARABLE <= t:
        # Conferences were under-recorded before: the bars on either side of them are not to be
        # leant on.
        table["doubtful"] = [any("conference" in d for d in group) for group in groups]
    residual = _residual(study, flow, years)
    recorded = _on_recorded_ends(study, flow, counts, t, bases[2][1], b, table)
    lows, highs = np.percentile(draws[:, -1], [2.5, 97.5])
    return Ledger(
        **shell,
        base_years=tuple(int(y) for y in bases[2][1]),
        momentum=momentum,
        momentum_low=lows,
        momentum_high=highs,
        momentum_stable=_stable({k: m for k, (_, m) in split.items()}) is True,
        recording_residual=residual,
        recorded_ends=recorded,
        table=_contract_rows(flow, table),
        subtotals=_subtotals(flow, groups, split, draws, table["doubtful"]),
        merged=table[table["driver"].str.contains("+", regex=False)].reset_index(drop=True),
    )


def _obstacle(study: Study, flow: Flow, b: int, t: int) -> str:
    """Why there can be no ledger, or nothing."""
    if t <= b:
        return f"the window must be at least one year long; got {b} to {t}."
    for year in range(b, t + 1):
        for count in (flow.stock, flow.chain[-1], flow.chain[0]):
            if not np.isfinite(study.at(year, count)):
                return (
                    f"the number of {MEASURES[count].label} is not published for {year} "
                    f"({study.why_missing(year, count)})."
                )
        if not study.at(year, flow.ends) > 0:
            return f"how many ended in {year} cannot be worked out from the figures published."
        if not study.at(year, flow.chain[-1]) > 0:
            return f"none started in {year}."
    if study.at(b, flow.stock) < SMALLEST_STOCK:
        return (
            f"only {study.at(b, flow.stock):.0f} {flow.many} at the start, fewer than "
            f"{SMALLEST_STOCK}: a single family would move every bar."
        )
    return ""


def _chain(study: Study, flow: Flow, b: int, t: int) -> tuple[list[tuple[str, ...]], list[str]]:
    """Drivers, joined where a middle count is missing in any year needed, and the counts that
    remain.
    """
    needed = [y for y in range(b - 1, t + 1) if y >= b or np.isfinite(study.at(y, flow.chain[-1]))]
    kept, groups, waiting = [flow.chain[0]], [flow.drivers[:1]], []
    for driver, count in zip(flow.drivers[1:-1], flow.chain[1:], strict=True):
        waiting.append(driver)
        held = all(np.isfinite(study.at(y, count)) and study.at(y, count) > 0 for y in needed)
        if held or count == flow.chain[-1]:
            kept.append(count)
            groups.append(tuple(waiting))
            waiting = []
    return [*groups, flow.drivers[-1:]], kept


def _driver_logs(
    study: Study, flow: Flow, counts: list[str], years: np.ndarray, ends: str
) -> np.ndarray:
    """Log level of every driver (rows) in every year (columns)."""
    frame = study.table.reindex(years)
    levels = [
        frame[counts[0]],
        *(
            frame[later] / frame[earlier]
            for earlier, later in zip(counts[:-1], counts[1:], strict=True)
        ),
        frame[ends] / frame[flow.mean],
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(np.array([level.to_numpy(dtype=float) for level in levels]))


def _base(
    study: Study, flow: Flow, counts: list[str], b: int, length: int, ends: str
) -> tuple[np.ndarray | None, np.ndarray]:
    """Geometric mean of each driver over the `length` years to b; shorter where years are not
    held.
    """
    years = np.arange(b - length + 1, b + 1)
    logs = _driver_logs(study, flow, counts, years, ends)
    held = np.isfinite(logs).all(axis=0)
    if length == 3 and held.sum() < 3:
        return None, years[held]
    return logs[:, held].mean(axis=1), years[held]


def _noise_sd(
    study: Study, flow: Flow, groups: list, counts: list[str], years: np.ndarray
) -> np.ndarray:
    """Transitory sd of every driver and year; a joined driver has the variances of its parts;
    children have none.
    """
    models, frame = study.models, study.table.reindex(years)
    rows = [np.zeros(len(years))]
    for group, earlier, later in zip(groups[1:-1], counts[:-1], counts[1:], strict=True):
        n = np.minimum(frame[earlier], frame[later]).to_numpy(dtype=float)
        rows.append(np.sqrt(sum(noise.variance(models.loc[d], n) for d in group)))
    n = np.minimum(frame[flow.ends], frame[flow.mean]).to_numpy(dtype=float)
    return np.array([*rows, np.sqrt(noise.variance(models.loc[flow.drivers[-1]], n))])


def _draws(
    study: Study,
    flow: Flow,
    groups: list,
    counts: list[str],
    b: int,
    t: int,
    start: float,
    base_years: np.ndarray,
) -> np.ndarray:
    """Shares (and momentum, last column) of the ledger redrawn with transitory noise on every
    driver and year.
    """
    early = [y for y in base_years if y < b]
    years = np.array([*early, *range(b, t + 1)])
    levels = _driver_logs(study, flow, counts, years, flow.ends)
    sd = _noise_sd(study, flow, groups, counts, years)
    random = np.random.default_rng(SEED)
    noisy = levels + sd * random.standard_normal((DRAWS, *levels.shape))
    base = noisy[:, :, : len(early) + 1].mean(axis=2)
    shares, momentum = shapley(start, noisy[:, :, len(early) + 1 :], base)
    return np.column_stack([shares, momentum])


def _stable(values: dict[int, float]) -> bool | None:
    """Whether a bar has one sign under every base; None where there is only one base to go by."""
    return len({np.sign(v) for v in values.values()}) == 1 if len(values) > 1 else None


def _bar(values: dict[int, float], draws: np.ndarray) -> dict:
    """One bar: its size under the two-year base, its interval, and what the other bases make of
    it.
    """
    low, high = np.percentile(draws, [2.5, 97.5])
    return {
        "plans": values[2],
        "low": low,
        "high": high,
        "stable_sign": _stable(values),
        "doubtful": False,
        "one_year_base": values.get(1, np.nan),
        "three_year_base": values.get(3, np.nan),
    }


def _bars(groups: list, split: dict, draws: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "driver": " + ".join(group),
                "label": " × ".join(LABELS[d] for d in group),
                **_bar({k: float(shares[i]) for k, (shares, _) in split.items()}, draws[:, i]),
            }
            for i, group in enumerate(groups)
        ]
    )


def _contract_rows(flow: Flow, bars: pd.DataFrame) -> pd.DataFrame:
    """A row a driver, in the order of the flow; a driver merged into another has no numbers of its
    own.
    """
    rows = bars.set_index("driver").reindex(flow.drivers)
    rows["label"] = [LABELS[d] for d in flow.drivers]
    return (
        rows.reset_index()
        .astype({"stable_sign": object, "doubtful": object})
        .where(lambda f: f.notna(), None)
    )


def _subtotals(
    flow: Flow, groups: list, split: dict, draws: np.ndarray, doubtful: pd.Series
) -> pd.DataFrame:
    """Bars summed into the steps of the flow; steps that a merged driver straddles are joined."""
    steps, taken = [], set()
    for name, members in flow.subtotals.items():
        inside = [i for i, g in enumerate(groups) if set(g) & set(members) and i not in taken]
        if not inside:
            continue
        taken |= set(inside)
        straddles = {d for i in inside for d in groups[i]} - set(members)
        if straddles:
            other = next(n for n, m in flow.subtotals.items() if straddles & set(m))
            inside += [
                i
                for i, g in enumerate(groups)
                if set(g) & set(flow.subtotals[other]) and i not in taken
            ]
            taken |= set(inside)
            name = "plans_per_child"
        steps.append((name, inside))
    rows = []
    for name, inside in steps:
        values = {k: float(shares[inside].sum()) for k, (shares, _) in split.items()}
        rows.append(
            {
                "step": name,
                "label": LABELS.get(name, "Plans started per child"),
                **_bar(values, draws[:, inside].sum(axis=1)),
                "doubtful": bool(doubtful.iloc[inside].any()),
            }
        )
    return pd.DataFrame(rows)


def _residual(study: Study, flow: Flow, years: np.ndarray) -> int | None:
    frame = study.table.reindex(years)
    gap = frame[flow.ends] - frame[flow.recorded]
    return int(gap.sum()) if gap.notna().all() else None


def _on_recorded_ends(
    study: Study,
    flow: Flow,
    counts: list[str],
    t: int,
    base_years: np.ndarray,
    b: int,
    table: pd.DataFrame,
) -> pd.DataFrame | None:
    """The ledger on recorded ends, where they differ from implied ones by over 10 per cent of stock
    in some year.

    Its bars, its momentum and what recorded ends leave unexplained add up to the change; `table` is
    marked doubtful where a bar differs by more than half its interval.
    """
    start = study.at(b, flow.stock)
    frame = study.table.reindex(range(min(base_years), t + 1))
    gap = (frame[flow.ends] - frame[flow.recorded]).abs()
    if not (gap > RESIDUAL_SHARE * frame[flow.mean]).any() or not (frame[flow.recorded] > 0).all():
        return None
    logs = _driver_logs(study, flow, counts, np.arange(b, t + 1), flow.recorded)
    base, _ = _base(study, flow, counts, b, len(base_years), flow.recorded)
    shares, momentum = shapley(start, logs[:, 1:], base)
    width = (table["high"] - table["low"]).to_numpy() / 2
    table["doubtful"] |= np.abs(shares - table["plans"].to_numpy()) > width
    rows = [*zip(table["driver"], shares, strict=True), ("momentum", momentum)]
    left = study.at(t, flow.stock) - start - shares.sum() - momentum
    return pd.DataFrame([*rows, ("unexplained", left)], columns=["driver", "plans"])
