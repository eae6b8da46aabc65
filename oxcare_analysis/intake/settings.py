"""What a user asks for, checked: area, window, as-of month."""

import re

from oxcare_analysis.words.errors import UsageError

LATEST = "latest"
EARLIEST_YEAR = 2010
MONTH = re.compile(r"(19|20)\d\d-(0[1-9]|1[0-2])")


def month(as_of: str | None) -> str | None:
    """A YYYY-MM month, or None for the newest. Raises UsageError on any other form."""
    if as_of is None or as_of == LATEST:
        return None
    if not MONTH.fullmatch(str(as_of)):
        raise UsageError(
            f"The as-of month {as_of!r} cannot be used; expected a form such as 2014-09, or"
            " 'latest'."
        )
    return str(as_of)


def window(
    first_year: int | None, last_year: int | None, default: tuple[int, int], area: str
) -> tuple[int, int]:
    """The window asked for, each end defaulting. Raises UsageError where it is not two years in
    order.
    """
    first, last = (
        default[0] if first_year is None else first_year,
        default[1] if last_year is None else last_year,
    )
    for name, year in (("first_year", first), ("last_year", last)):
        if isinstance(year, bool) or not isinstance(year, int):
            raise UsageError(f"{name} must be a year such as 2013; got {year!r}.")
        if not EARLIEST_YEAR <= year <= 2100:
            raise UsageError(
                f"{name} is {year}; published counts are held from {EARLIEST_YEAR}. Choose a later"
                " year."
            )
    if last < first:
        raise UsageError(
            f"The window for {area} ends ({last}) before it starts ({first}). Give the earlier "
            "year first."
        )
    return first, last
