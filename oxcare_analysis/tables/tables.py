"""Build the clean tables from raw, and load them.

figures    one row a published figure: source, edition, table, area_code, level, year, measure,
value, status, note areas      one row an area, from intake.areas.register neighbours one row a
neighbour: model_year, area_code, rank, neighbour_code districts  Oxfordshire's districts, as
published releases   the release behind each tabulated figure
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from oxcare_analysis.intake import areas as areas_intake
from oxcare_analysis.intake import raw, registers, values
from oxcare_analysis.intake.sources import KEYS
from oxcare_analysis.tables import kept
from oxcare_analysis.words import durable, paths
from oxcare_analysis.words.columns import MEASURES, NOT_AVAILABLE, PUBLISHED, ROUNDED
from oxcare_analysis.words.errors import DataError

AREA_SOURCES = (
    "children_in_need",
    "child_population",
    "children_looked_after",
    "poverty",
    "workforce",
    "spend",
    "child_protection_rates",
)  # in the order in which they are believed for the same measure
LEAD_SOURCE = "children_in_need"
STAMP = "built_from.json"
TABLE_NAMES = ("figures", "areas", "neighbours", "districts", "releases")
# The tables whose total is the measure itself; the others repeat it as the total of a breakdown.
HOME_TABLES = {
    "plans_open_count": "plans",
    "plans_started_count": "plans",
    "plans_ended_count": "plans",
    "referrals_received_count": "referrals",
}
FIGURE_COLUMNS = [
    "source",
    "edition",
    "table",
    "area_code",
    "level",
    "year",
    "measure",
    "value",
    "status",
    "note",
]


@dataclass(frozen=True)
class Tables:
    """The built tables and what they were built from."""

    figures: pd.DataFrame
    areas: pd.DataFrame
    neighbours: pd.DataFrame
    districts: pd.DataFrame
    releases: pd.DataFrame
    first_published: dict[tuple[str, int], str]
    edition_months: dict[tuple[str, str], str]
    data_sha256: str


def build(data_dir: str | Path | None = None) -> Tables:
    """Read raw, save data/processed, return the tables. Raises DataError when raw is missing or
    unreadable.
    """
    digest = None
    while digest != raw_sha256(data_dir):  # files may be added while they are read
        digest = raw_sha256(data_dir)
        frames, held = _read(data_dir)
    durable.LOG.debug("build: read")
    folder = paths.processed_dir(data_dir)
    with kept.writing(folder), durable.lock(folder / ".build.lock", f"{folder.name}/"):
        (folder / STAMP).unlink(
            missing_ok=True
        )  # from here to the new one, what stands here is nothing's whole
        for name, frame in frames.items():
            kept.save(frame, folder / f"{name}.parquet")
            durable.LOG.debug("build: %s saved", name)
        durable.write(folder / STAMP, _stamp(digest))
        durable.LOG.debug("build: done")
    return _tables(frames, held, data_dir, digest)


def load(data_dir: str | Path | None = None, say=None) -> Tables:
    """Load the built tables, building them first where they are missing or raw has changed (`say`
    is told so).
    """
    folder, digest = paths.processed_dir(data_dir), raw_sha256(data_dir)
    frames = _built(folder, digest)
    if frames is None:
        if say:
            say("Building the tables from data/raw (once for each change of the figures) ...")
        return build(data_dir)
    return _tables(frames, raw.editions(data_dir), data_dir, digest)


def _read(data_dir: str | Path | None) -> tuple[dict[str, pd.DataFrame], dict[str, list[str]]]:
    """Every table from raw, and the editions held."""
    held = raw.editions(data_dir)
    if LEAD_SOURCE not in held:
        raise DataError(
            f"There are no 'Children in need' figures in {paths.raw_dir(data_dir).name}/. Add the "
            "publisher's data files with: oxcare data add FILE..."
        )
    texts = {
        (source, edition, table): raw.read_table(source, edition, table, data_dir)
        for source in AREA_SOURCES
        for edition in held.get(source, [])
        for table in raw.source_card(source, edition, data_dir)["tables"]
    }
    return {
        "figures": _figures(texts),
        "areas": _areas(texts),
        "neighbours": _neighbours(held, data_dir),
        "districts": _plain("oxfordshire_districts", "districts", held, data_dir),
        "releases": _plain("provenance", "releases", held, data_dir),
    }, held


def _built(folder: Path, digest: str) -> dict[str, pd.DataFrame] | None:
    """The tables built of just these figures; None where there are none, or others are being put in
    their place.
    """
    stamp, wanted = folder / STAMP, _stamp(digest)
    try:
        if stamp.read_text(encoding="utf-8") == wanted:
            frames = kept.remembered(
                ("tables", folder, digest),
                lambda: {name: pd.read_parquet(folder / f"{name}.parquet") for name in TABLE_NAMES},
            )
            if stamp.read_text(encoding="utf-8") == wanted:
                return frames
            kept.forget()  # read while others were being put in their place
    except FileNotFoundError:
        pass
    return None


def _stamp(data_sha256: str) -> str:
    """What built tables depend on: the figures and the code that reads them."""
    return json.dumps({"data_sha256": data_sha256, "code_sha256": code_sha256()})


def code_sha256() -> str:
    """One hash over the code that reads, checks and builds."""
    code = hashlib.sha256()
    for layer in ("words", "intake", "tables"):
        for path in sorted((paths.PACKAGE / layer).glob("*.py")):
            code.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return code.hexdigest()


def raw_sha256(data_dir: str | Path | None = None) -> str:
    """One hash over every raw table, whatever the folder is called."""
    raw.settle(data_dir)
    root, digest = paths.raw_dir(data_dir), hashlib.sha256()
    found = [
        *root.glob("*/*/*.csv"),
        *root.glob("*/*/source.yml"),
        *root.glob("*/*.csv"),
        *root.glob("*.csv"),
        root.parent / "known_problems.csv",
    ]
    for path in sorted(p for p in found if p.exists() and not p.parent.name.startswith(".")):
        digest.update(path.relative_to(root.parent).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def newest_month(tables: Tables) -> str:
    """The newest month in which a figure that is held came out, YYYY-MM."""
    return max(
        published_month(tables, *key)
        for key in (
            tables.figures[["source", "edition", "year"]].drop_duplicates().itertuples(index=False)
        )
    )


def published_month(tables: Tables, source: str, edition: str, year: int) -> str:
    """The month a source's figures for a year came out first; where that is not known, its
    edition's month.
    """
    return tables.first_published.get((source, year)) or tables.edition_months[source, edition]


def resolve(tables: Tables, as_of: str | None = None) -> pd.DataFrame:
    """One row an area, year and measure: the figure in force.

    The newest edition with a row that is not 'not available' wins; a newer suppression beats an
    older number. With `as_of` (YYYY-MM), only years first published by then are let in, from the
    newest edition out by then, else the oldest held. Returns the figures' columns plus `revised`
    (True when the edition used came out after `as_of`).
    """
    figures = tables.figures.assign(revised=False)
    if as_of:
        groups = figures[["source", "edition", "year"]].drop_duplicates()
        groups["out"] = [
            published_month(tables, *row) <= as_of for row in groups.itertuples(index=False)
        ]
        groups["edition_out"] = [
            tables.edition_months[row.source, row.edition] <= as_of
            for row in groups.itertuples(index=False)
        ]
        any_out = groups.groupby(["source", "year"])["edition_out"].transform("any")
        order = groups["edition"].map(_ordered(groups["edition"])).astype(float)
        oldest = order.groupby([groups["source"], groups["year"]]).transform("min") == order
        groups = groups[groups["out"] & (groups["edition_out"] | (~any_out & oldest))]
        figures = figures.drop(columns="revised").merge(
            groups[["source", "edition", "year", "edition_out"]], on=["source", "edition", "year"]
        )
        figures["revised"] = ~figures.pop("edition_out")
    ranks = pd.DataFrame(
        {
            "missing": figures["status"].eq(NOT_AVAILABLE),
            "source": figures["source"].map({s: i for i, s in enumerate(AREA_SOURCES)}),
            "edition": -figures["edition"].map(_ordered(figures["edition"])).astype(float),
            "stand_in": (
                figures["measure"].map(HOME_TABLES).fillna(figures["table"]) != figures["table"]
            ),
        }
    )
    order = ranks.sort_values(["missing", "source", "edition", "stand_in"], kind="stable").index
    chosen = figures.loc[order].drop_duplicates(["area_code", "year", "measure"])
    return chosen.sort_values(["area_code", "year", "measure"], ignore_index=True)


def _ordered(editions: pd.Series) -> dict[str, int]:
    """Each edition's place in time: tuples cannot be ranked quickly."""
    return {
        edition: place
        for place, edition in enumerate(sorted(editions.unique(), key=raw.edition_order))
    }


def panel(resolved: pd.DataFrame) -> pd.DataFrame:
    """Numbers only: one row an (area_code, year), one column a measure, NaN where there is no
    number.
    """
    return resolved.pivot(index=["area_code", "year"], columns="measure", values="value")


def events(area: str | None = None, data_dir: str | Path | None = None) -> pd.DataFrame:
    """Dated events of an area and of England, or of all areas: event_id, date, area, kind, event,
    source, label.
    """
    held = registers.read("events", data_dir)
    label = (
        held["label"].where(held["label"].ne(""), held["event"])
        if "label" in held
        else held["event"]
    )
    held = held[list(registers.COLUMNS["events"])].assign(label=label)
    return (held if area is None else held[held["area"].isin([area, "England"])]).reset_index(
        drop=True
    )


def revisions(tables: Tables) -> pd.DataFrame:
    """Figures that changed between editions of the same table, or were newly suppressed or
    released.

    Returns source, table, area_code, year, measure, edition_before, value_before, status_before,
    edition_after, value_after, status_after; largest relative change first.
    """
    keys = ["source", "table", "area_code", "year", "measure"]
    ordered = tables.figures.sort_values("edition", key=lambda e: e.map(_ordered(e)))
    shown = ordered[keys + ["edition", "value", "status"]]
    before = shown.groupby(keys)[["edition", "value", "status"]].shift()
    both = shown.assign(**before.add_suffix("_before")).dropna(subset=["edition_before"])
    same = both["value"].eq(both["value_before"]) | (
        both["value"].isna() & both["status"].eq(both["status_before"])
    )
    changed = both[~same].rename(columns={c: f"{c}_after" for c in ("edition", "value", "status")})
    size = (changed["value_after"] / changed["value_before"] - 1).abs().fillna(9)
    return changed.loc[size.sort_values(ascending=False).index].reset_index(drop=True)


def _figures(texts: dict[tuple[str, str, str], pd.DataFrame]) -> pd.DataFrame:
    parts = []
    for (source, edition, table), text in texts.items():
        _check_layout(text, f"{source}/{edition}/{table}.csv")
        long = text.melt(id_vars=KEYS, var_name="measure", value_name="text")
        if values.symbol_table(source, edition) is values.TABULATED:
            long = long[long["text"] != ""]
        read = values.read_values(long["text"], source, edition, f"{source}/{edition}/{table}.csv")
        part = long[["area_code", "level", "measure"]].assign(
            year=long["year"].astype(int), source=source, edition=edition, table=table, **read
        )
        # England's and the regions' counts are published to the nearest 10 (or 100).
        wide = part["level"].isin(["england", "region"]) & part["measure"].str.endswith("_count")
        part.loc[
            wide & part["status"].eq(PUBLISHED) & ~part["measure"].str.startswith("children_0_"),
            "status",
        ] = ROUNDED
        parts.append(part)
    figures = pd.concat(parts, ignore_index=True)
    figures = figures[(figures["level"] != "authority") | areas_intake.in_own_years(figures)]
    unknown = set(figures["measure"]) - set(MEASURES)
    if unknown:
        raise DataError(
            "data/raw has columns that are not measures of this project:"
            f" {', '.join(sorted(unknown))}. Add them to MEASURES in"
            " oxcare_analysis/words/columns.py."
        )
    categories = {
        c: "category"
        for c in ("source", "table", "area_code", "level", "measure", "status", "note")
    }
    return (
        figures[FIGURE_COLUMNS]
        .reset_index(drop=True)
        .astype(categories)
        .astype(
            {c: str for c in ("source", "table", "area_code", "measure", "status", "note", "level")}
        )
    )


def _check_layout(text: pd.DataFrame, place: str) -> None:
    """Refuse a raw table that was changed by hand into one that has no such keys."""
    lacking = [column for column in KEYS if column not in text]
    if lacking or not text["year"].str.fullmatch(r"(19|20)[0-9]{2}").all():
        raise DataError(
            f"data/raw/{place} lacks {', '.join(lacking) or 'a year of four digits in every row'}."
            " It was changed by hand: restore it, or take it out and add the publisher's file"
            " again."
        )


def _areas(texts: dict[tuple[str, str, str], pd.DataFrame]) -> pd.DataFrame:
    # Names and codes come from official files alone, where they are the department's own.
    official = [
        t
        for (source, edition, _), t in texts.items()
        if source == LEAD_SOURCE and values.symbol_table(source, edition) is not values.TABULATED
    ]
    older = [
        t
        for (source, edition, _), t in texts.items()
        if source == LEAD_SOURCE and values.symbol_table(source, edition) is values.TABULATED
    ]
    rows = pd.concat([*older, *official])[
        ["area_code", "ons_code", "name", "level", "region_code", "year"]
    ]
    return areas_intake.register(rows.assign(year=rows["year"].astype(int)).drop_duplicates())


def _neighbours(held: dict[str, list[str]], data_dir: str | Path | None) -> pd.DataFrame:
    text = _plain("statistical_neighbours", "statistical_neighbours", held, data_dir)
    return pd.DataFrame(
        {
            "model_year": text["model"].str[-4:].astype(int),
            "area_code": text["old_la_code"],
            "rank": text["rank"].astype(int),
            "neighbour_code": text["neighbour_old_la_code"],
        }
    )


def _plain(
    source: str, table: str, held: dict[str, list[str]], data_dir: str | Path | None
) -> pd.DataFrame:
    if source not in held:
        columns = {
            "statistical_neighbours": ["model", "old_la_code", "rank", "neighbour_old_la_code"]
        }
        return pd.DataFrame(columns=columns.get(source, ["source"]), dtype=str)
    return raw.read_table(source, held[source][-1], table, data_dir)


def _tables(
    frames: dict[str, pd.DataFrame], held: dict, data_dir: str | Path | None, digest: str
) -> Tables:
    months = {
        (source, edition): raw.source_card(source, edition, data_dir)["first_published"]
        for source, names in held.items()
        for edition in names
    }
    return Tables(
        **frames,
        first_published=raw.first_published(data_dir),
        edition_months=months,
        data_sha256=digest,
    )
