"""Whether codes and names belong together: an authority's figures must not go in under another's
code or name.
"""

from collections.abc import Iterable

import pandas as pd

from oxcare_analysis.intake.areas import REORGANISATIONS, core
from oxcare_analysis.intake.text import shown
from oxcare_analysis.words.errors import DataError

COLUMNS = ["area_code", "ons_code", "name"]
Who = tuple[str, str, str]  # three-digit code, ONS code ('' where not given), name


def of(rows: pd.DataFrame) -> set[Who]:
    """The authorities of a table: three-digit code, ONS code, name."""
    if "neighbour_name" in rows:
        return {
            (code, "", name)
            for code, name in (
                *zip(rows["old_la_code"], rows["la_name"], strict=True),
                *zip(rows["neighbour_old_la_code"], rows["neighbour_name"], strict=True),
            )
        }
    if "level" not in rows:
        return set()
    return set(rows.loc[rows["level"].eq("authority"), COLUMNS].itertuples(index=False, name=None))


def check(arriving: Iterable[Who], held: Iterable[Who], file_name: str) -> None:
    """Refuse a file in which a name or an ONS code stands for another three-digit code than in
    those held, or for two.

    A name may pass from an authority that ended to one that took over. Raises DataError.
    """
    codes: dict[str, set[str]] = {}
    for code, ons, name in held:
        for key in (ons, core(name)):
            codes.setdefault(key, set()).add(code)
    for code, ons, name in arriving:
        for key, as_printed in ((ons, ons), (core(name), name)):
            known = codes.setdefault(key, {code}) if key else set()
            other = sorted(known - {code})
            if other and not _same_line(code, other[0]):
                raise DataError(
                    f"{file_name} gives the authority code {code} to {shown(as_printed)}, which is "
                    f"{other[0]} elsewhere in it or in the figures held; expected one code for one "
                    "authority. Use the publisher's data file unmodified."
                )
            known.add(code)


def _same_line(one: str, other: str) -> bool:
    """Whether one of these authorities ended and the other took its place."""
    return any({one, other} <= {*change["ended"], *change["began"]} for change in REORGANISATIONS)
