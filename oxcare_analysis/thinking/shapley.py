"""The Shapley value of drivers along a stock's path (Shapley 1953; for decompositions Sastre and
Trannoy 2002).
"""

from itertools import combinations
from math import factorial

import numpy as np


def shapley(start: float, logs: np.ndarray, base: np.ndarray) -> tuple[np.ndarray, float]:
    """Share of the final stock due to each driver, and momentum.

    `logs`: drivers by year (log levels, exit rate last), optionally with draws as the leading axis;
    `base`: the base log level of each driver. Shares and momentum sum to the final stock less
    `start`.
    """
    count = logs.shape[-2]
    final = {
        mask: _final(start, np.where(_mask(mask, count)[:, None], logs, base[..., None]))
        for size in range(count + 1)
        for mask in combinations(range(count), size)
    }
    shares = np.zeros((*logs.shape[:-2], count))
    for mask, value in final.items():
        for d in set(range(count)) - set(mask):
            weight = factorial(len(mask)) * factorial(count - len(mask) - 1) / factorial(count)
            shares[..., d] += weight * (final[tuple(sorted((*mask, d)))] - value)
    return shares, final[()] - start


def _mask(members: tuple[int, ...], count: int) -> np.ndarray:
    return np.isin(np.arange(count), members)


def _final(start: float, logs: np.ndarray) -> np.ndarray:
    stock = np.full(logs.shape[:-2], float(start))
    starts, exits = np.exp(logs[..., :-1, :].sum(axis=-2)), np.exp(logs[..., -1, :])
    for year in range(logs.shape[-1]):
        h = exits[..., year]
        stock = (stock * (1 - h / 2) + starts[..., year]) / (1 + h / 2)
    return stock if stock.ndim else float(stock)
