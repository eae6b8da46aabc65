"""The growth ledger in months: why open plans went from one month's end to another's, in children,
adding up exactly.

The machinery of the yearly ledger (thinking/ledger.py, thinking/shapley.py) with steps of one
month, or of a quarter where a month has too few to divide by. It needs no more than the six counts
of the monthly table, so it works for those who fill in the template as well. Endings are those that
the stock implies, so that the bars add up.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from oxcare_analysis.thinking import ledger as yearly
from oxcare_analysis.thinking.shapley import shapley
from oxcare_analysis.words.result import Result

CHAIN = ("referrals_received", "enquiries_started", "conferences_held", "plans_started")
DRIVERS = ("children", *yearly.DRIVERS[1:])
STOCK, ENDS = "plans_open", "implied_ends"
A_YEAR, A_QUARTER = 12, 3
FEWEST = 3  # in a step, of what is divided by: under it a step is a quarter
ALONE = "referrals_received"  # the first driver where the number of children is not at hand
LABELS = yearly.LABELS | {ALONE: "Referrals received"}


@dataclass(frozen=True, repr=False)
class MonthlyLedger(Result):
    """The change in open plans between two month ends, shared out.

    `table`: driver, label, step (of the subtotals), plans, low, high (95 per cent interval).
    `subtotals`: step, label, plans, low, high. Bars and `momentum` (carry-over from before) add up
    to the change exactly. `base`: the first and last month whose levels the drivers are held at.
    `step`: months in a step. `reason` says why there is none.
    """

    area: str
    first: str = ""
    last: str = ""
    open_from: float = float("nan")
    open_to: float = float("nan")
    base: tuple[str, str] = ("", "")
    step: int = 1
    momentum: float = float("nan")
    momentum_low: float = float("nan")
    momentum_high: float = float("nan")
    reason: str = ""
    simulated: bool = False
    source: str = ""
    exact: bool = False
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    subtotals: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    @property
    def testable(self) -> bool:
        """Whether the ledger could be worked out."""
        return not self.reason

    @property
    def change(self) -> float:
        """Open plans at the end less those at the start."""
        return self.open_to - self.open_from


def monthly_ledger(
    months: pd.DataFrame, area: str, children: pd.Series | None = None, simulated: bool = False
) -> MonthlyLedger:
    """Share the change in open plans over the longest stretch of months with all of stock and
    chain.

    `months`: the six counts on a monthly PeriodIndex (NaN where not known). `children`: number of
    children by month, on the same index; without it the first driver is referrals received.
    """
    shell = {"area": area, "simulated": simulated}
    held = _stretch(months)
    if len(held) < 2 * A_YEAR + 1:
        return MonthlyLedger(
            **shell,
            reason=(
                f"{max(0, len(held) - 1)} months in a row have the stock and every step "
                f"to a plan; a ledger needs {2 * A_YEAR} and the stock before them."
            ),
        )
    for step in (1, A_QUARTER):
        frame = _steps(held, step, children)
        if frame[[*CHAIN, ENDS]].min().min() >= FEWEST:
            break
    else:
        return MonthlyLedger(
            **shell,
            reason=(
                "a quarter has too few referrals, enquiries, conferences, plans started "
                "or plans ended to divide by."
            ),
        )
    if frame[STOCK].iloc[A_YEAR // step - 1] < yearly.SMALLEST_STOCK:
        return MonthlyLedger(
            **shell,
            reason=(
                f"fewer than {yearly.SMALLEST_STOCK} plans were open at the start: a "
                "single family would move every bar."
            ),
        )
    drivers = DRIVERS if children is not None else (ALONE, *DRIVERS[2:])
    logs, sd = _logs(frame, drivers)
    n = A_YEAR // step
    start = float(frame[STOCK].iloc[n - 1])
    shares, momentum = shapley(start, logs[:, n:], logs[:, :n].mean(axis=1))
    random = np.random.default_rng(yearly.SEED)
    noisy = logs + sd * random.standard_normal((yearly.DRAWS // 2, *logs.shape))
    drawn = np.column_stack(shapley(start, noisy[:, :, n:], noisy[:, :, :n].mean(axis=2)))
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    table = pd.DataFrame(
        {
            "driver": drivers,
            "label": [LABELS[d] for d in drivers],
            "step": "",
            "plans": shares,
            "low": low[:-1],
            "high": high[:-1],
        }
    )
    subtotals = _subtotals(table, drawn)
    return MonthlyLedger(
        **shell,
        first=str(frame.index[n - 1]),
        last=str(frame.index[-1]),
        open_from=start,
        open_to=float(frame[STOCK].iloc[-1]),
        base=(str(held.index[1]), str(frame.index[n - 1])),
        step=step,
        momentum=float(momentum),
        momentum_low=low[-1],
        momentum_high=high[-1],
        table=table,
        subtotals=subtotals,
    )


def _stretch(months: pd.DataFrame) -> pd.DataFrame:
    """The longest run of months, without a gap, in which stock and chain are all known, with the
    stock before it.
    """
    columns = [STOCK, *CHAIN]
    if months.empty or not set(columns) <= set(months):
        return pd.DataFrame(columns=columns, index=pd.PeriodIndex([], freq="M"))
    every = months.reindex(pd.period_range(months.index.min(), months.index.max(), freq="M"))[
        columns
    ]
    known = every.notna().all(axis=1) & every[STOCK].shift().notna()
    run = (known != known.shift()).cumsum()[known]
    if run.empty:
        return every.iloc[:0]
    longest = run[run == run.value_counts().sort_index().idxmax()].index
    return every.loc[longest[0] - 1 : longest[-1]]


def _steps(held: pd.DataFrame, step: int, children: pd.Series | None) -> pd.DataFrame:
    """Counts by step of so many months, the newest month last: stock at its end, mean stock, chain
    and implied ends.
    """
    flows = held.iloc[1:]
    flows = flows.iloc[len(flows) % step :]
    group = np.arange(len(flows)) // step
    index = flows.index[step - 1 :: step]
    frame = flows[list(CHAIN)].groupby(group).sum().set_axis(index)
    frame[STOCK] = held[STOCK].reindex(index)
    before = held[STOCK].reindex(index - step).to_numpy()
    frame["mean"] = (frame[STOCK] + before) / 2
    frame[ENDS] = before + frame["plans_started"] - frame[STOCK]
    if children is not None:
        frame["children"] = children.reindex(index).to_numpy()
    return frame


def _logs(frame: pd.DataFrame, drivers: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Log level of every driver (rows) by step (columns), and the sd of its scatter from step to
    step.

    Scatter: half the mean square of a step's change, in units of one over the smaller count (von
    Neumann 1941), so that a lasting change is not counted as noise. The number of children has
    none.
    """
    counts = [*(["children"] if drivers[0] == "children" else []), *CHAIN]
    levels = [
        frame[counts[0]],
        *(frame[b] / frame[a] for a, b in zip(counts[:-1], counts[1:], strict=True)),
        frame[ENDS] / frame["mean"],
    ]
    logs = np.log(np.array([level.to_numpy(dtype=float) for level in levels]))
    smaller = (
        [frame[b] for b in counts[1:]] if drivers[0] == "children" else [frame[c] for c in counts]
    )
    sd = [np.zeros(len(frame))] if drivers[0] == "children" else []
    for row, n in zip(logs[len(sd) :], [*smaller, frame[ENDS]], strict=True):
        per = 1 / n.to_numpy(dtype=float)
        phi = np.mean(np.diff(row) ** 2 / (per[1:] + per[:-1]))
        sd.append(np.sqrt(phi * per))
    return logs, np.array(sd)


def _subtotals(table: pd.DataFrame, drawn: np.ndarray) -> pd.DataFrame:
    steps = (
        yearly.SUBTOTALS
        if table["driver"].iloc[0] == "children"
        else {
            "found": (ALONE, "enquiries_per_referral"),
            **{k: yearly.SUBTOTALS[k] for k in ("plans_per_enquiry", "exits")},
        }
    )
    rows = []
    for name, members in steps.items():
        inside = np.flatnonzero(table["driver"].isin(members))
        low, high = np.percentile(drawn[:, inside].sum(axis=1), [2.5, 97.5])
        label = LABELS.get(name, "Enquiries started")
        table.loc[inside, "step"] = name
        rows.append((name, label, table["plans"].iloc[inside].sum(), low, high))
    return pd.DataFrame(rows, columns=["step", "label", "plans", "low", "high"])
