"""The causes that can be planted: which levers each one moves, and how far.

In full size a cause makes open plans grow by 40 per cent, or by what it can where that is out of
reach. The amounts were found by bisection on a very large authority without drift or noise; a test
repeats the check. A cause comes in over the three years after the base year, and stays. Need that
leaves a trace moves the published number of children by 3 per cent and of those in low-income
families by about a fifth, as both moved in Oxfordshire in five years.
"""

from dataclasses import dataclass

import numpy as np

from oxcare_analysis.worlds.model import BURN_IN, FIRST_YEAR, YEARS

BASE_YEAR, YEARS_TO_COME_IN = 2015, 3
GROWTH = 0.40


@dataclass(frozen=True)
class Cause:
    """A planted cause: the hypothesis it makes true ('' for none), and how far it moves each lever
    in full size.

    `growth`: of open plans in full size; some causes cannot reach GROWTH, as there are only so many
    children to find. `shared`: how much of it neighbours and region have too.
    """

    hypothesis: str
    words: str
    levers: dict[str, float]
    growth: float = GROWTH
    shared: float = 0.0


CAUSES = {
    "none": Cause("", "nothing", {}, 0.0),
    "conference_bar": Cause(
        "entry_threshold", "conference bar lower", {"confer": -0.44, "plan": -0.17}
    ),
    "enquiry_bar": Cause("entry_threshold", "enquiry bar lower", {"enquire": -1.5}, 0.31),
    "exit_bar": Cause("exit_threshold", "exit bar higher", {"exit": -0.445}),
    "more_families": Cause(
        "population_need",
        "more families in need",
        {"families": 0.305, "children": 0.03, "poverty": 0.20},
        shared=0.7,
    ),
    "more_severe": Cause(
        "population_need", "more severe need", {"severity": 0.17, "poverty": 0.20}, shared=0.7
    ),
    "need_unseen": Cause(
        "population_need", "more families in need, here alone", {"families": 0.335}
    ),
    "better_aimed": Cause("awareness", "better-aimed referrals", {"aim": -1.0}, 0.24),
    "more_referrals": Cause("awareness", "more referrals", {"refer": -1.5}, 0.22),
    "fewer_recorded": Cause(
        "", "a quarter of referrals no longer recorded", {"recorded": float(np.log(0.75))}, 0.0
    ),
    "more_recorded": Cause(
        "", "a third more referrals recorded", {"recorded": float(np.log(4 / 3))}, 0.0
    ),
}
# The contract's names for a hypothesis stand for its most usual cause.
NAMES = {
    "entry_threshold": "conference_bar",
    "exit_threshold": "exit_bar",
    "population_need": "more_families",
    "awareness": "more_referrals",
}


def find(names: str) -> tuple[str, ...]:
    """Causes joined by +, by their own name or a hypothesis's. Raises KeyError on a name that is
    neither.
    """
    found = tuple(NAMES.get(name.strip(), name.strip()) for name in names.split("+"))
    for name in found:
        CAUSES[name]
    return found


def plant(
    paths: dict[str, np.ndarray], names: tuple[str, ...], share: float | np.ndarray = 1.0
) -> None:
    """Move the levers in `paths` from the year after BASE_YEAR on; `share` of full size, or one
    share an authority.
    """
    years = np.arange(BURN_IN + len(YEARS)) + FIRST_YEAR - BURN_IN
    come_in = np.clip((years - BASE_YEAR) / YEARS_TO_COME_IN, 0, 1)
    for name in names:
        for lever, amount in CAUSES[name].levers.items():
            paths[lever] += amount * np.reshape(share, (-1, 1)) * come_in
