"""A world as the files the department would publish: official columns and levels, small numbers
suppressed.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from oxcare_analysis.intake.mappings import (
    OFFICIAL_KEYS,
    OFFICIAL_LEVELS,
    OFFICIAL_TABLES,
    TABULATED_TABLES,
    WIDE_KEYS,
    WIDE_LEVELS,
)
from oxcare_analysis.words import durable
from oxcare_analysis.words.columns import BANDS, ENGLAND, SIMULATED
from oxcare_analysis.worlds.world import TARGET, World

SMALLEST_SHOWN = 6  # counts of 1 to 5 are suppressed
SUPPRESSED, NOT_SIMULATED = "c", ":"
TABLES = (
    "plans",
    "referrals",
    "enquiries_and_conferences",
    "plans_open_by_duration",
    "plans_ended_by_duration",
    "population",
)
WIDE_TABLES = ("children_looked_after", "poverty")
EDITION = "2024"


def published(counts: pd.DataFrame) -> pd.DataFrame:
    """Counts as printed text: 1 to 5 suppressed, and a second band of a row where one alone could
    be worked out.
    """
    hidden = (counts > 0) & (counts < SMALLEST_SHOWN)
    for event in ("open", "ended"):
        bands = [f"plans_{event}_{band}_months_count" for band in BANDS]
        alone = hidden[bands].sum(axis=1) == 1
        others = (
            counts[bands].mask(hidden[bands] | (counts[bands] == 0)).loc[alone].dropna(how="all")
        )
        for row, band in others.idxmin(axis=1).items():
            hidden.at[row, band] = True
    return counts.astype(int).astype(str).mask(hidden, SUPPRESSED)


def tables(world: World) -> pd.DataFrame:
    """Every printed figure as text, by (level, area_code, year): authorities, regions, England."""
    counts = world.counts
    region = counts.index.get_level_values("area_code").map(world.regions)
    levels = {"authority": published(counts)}
    sums = {
        "region": counts.groupby([region, counts.index.get_level_values("year")]).sum(),
        "england": pd.concat({ENGLAND: counts.groupby("year").sum()}),
    }
    for level, total in sums.items():  # to the nearest 10, as England and the regions are published
        rounded = total.mask(
            np.broadcast_to(total.columns != "children_0_17_count", total.shape), total.round(-1)
        )
        levels[level] = rounded.astype(int).astype(str)
    return pd.concat(
        {level: frame.rename_axis(["area_code", "year"]) for level, frame in levels.items()},
        names=["level"],
    )


def name_of(code: str, causes: tuple[str, ...]) -> str:
    """What a simulated authority is called: a reader must see at once that it does not exist."""
    return (
        f"{SIMULATED} target ({' and '.join(causes)})" if code == TARGET else f"{SIMULATED} {code}"
    )


def write(world: World, folder: Path) -> list[Path]:
    """Write the official-layout files, care starts, poverty and neighbours of a world into
    `folder`; the paths.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = tables(world).reset_index()
    official = [table for table in OFFICIAL_TABLES if table.name in TABLES]
    written = [
        _save(_official(table, text, world), folder / f"{table.name}.csv") for table in official
    ]
    written += [
        _save(_wide(table, text, world), folder / f"{table.name}.csv")
        for table in TABULATED_TABLES
        if table.name in WIDE_TABLES
    ]
    near = pd.DataFrame(
        {
            "model": f"Simulated {EDITION}",
            "old_la_code": TARGET,
            "la_name": name_of(TARGET, world.causes),
            "rank": range(1, len(world.neighbours) + 1),
            "neighbour_old_la_code": world.neighbours,
            "neighbour_name": [name_of(code, world.causes) for code in world.neighbours],
            "closeness": "",
        }
    )
    written.append(_save(near, folder / "statistical_neighbours.csv"))
    return written


def _official(table, text: pd.DataFrame, world: World) -> pd.DataFrame:
    authority, region = text["level"] == "authority", text["level"] == "region"
    code = text["area_code"]
    frame = pd.DataFrame(
        {
            OFFICIAL_KEYS["year"]: text["year"] - table.year_offset,
            OFFICIAL_KEYS["level"]: (
                text["level"].map({ours: theirs for theirs, ours in OFFICIAL_LEVELS.items()})
            ),
            OFFICIAL_KEYS["country"]: ENGLAND,
            OFFICIAL_KEYS["region"]: (
                code.where(region, code.map(world.regions)).where(region | authority, "")
            ),
            OFFICIAL_KEYS["region_name"]: np.where(region | authority, "Simulated region", ""),
            OFFICIAL_KEYS["area_code"]: code.where(authority, ""),
            OFFICIAL_KEYS["ons_code"]: ("E99000" + code).where(authority, ""),
            OFFICIAL_KEYS["name"]: [
                name_of(c, world.causes) if yes else ""
                for c, yes in zip(code, authority, strict=True)
            ],
        }
    )
    for measure, names in table.columns.items():
        if measure in text:
            frame[names[0]] = text[measure]
        elif measure not in table.optional:
            frame[names[0]] = NOT_SIMULATED
    return frame


def _wide(table, text: pd.DataFrame, world: World) -> pd.DataFrame:
    authority, code = text["level"] == "authority", text["area_code"]
    keys = (
        text["year"],
        text["level"].map({ours: theirs for theirs, ours in WIDE_LEVELS.items()}),
        ("E99000" + code).where(authority, code),
        code.where(authority, ""),
        [name_of(c, world.causes) if yes else c for c, yes in zip(code, authority, strict=True)],
    )
    frame = pd.DataFrame(dict(zip(WIDE_KEYS, keys, strict=True)))
    for measure, names in table.columns.items():
        if measure in text:
            frame[names[0]] = text[measure]
    return frame


def _save(frame: pd.DataFrame, path: Path) -> Path:
    durable.write(path, frame.to_csv(index=False, lineterminator="\n"))
    return path
