"""What settles a statement: its checks, what is said beside them, the record that would settle the
rest.
"""

from dataclasses import dataclass

from oxcare_analysis.checking.checks import Check


@dataclass(frozen=True)
class Specification:
    """One statement's checks.

    `checks` decide, all together; `asides` are found and said but decide nothing. `record`: what
    would settle a statement that published figures do not. `caution`: what the figures, or the
    document's evidence, could not show.
    """

    checks: tuple[Check, ...] = ()
    asides: tuple[Check, ...] = ()
    record: str = ""
    caution: str = ""
