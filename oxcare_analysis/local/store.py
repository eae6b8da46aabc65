"""Snapshots kept under data/local/records/<day>/: only ever added to, whole or not at all, never
published.
"""

import hashlib
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from oxcare_analysis.intake import raw
from oxcare_analysis.intake.text import UNSEEN, shown
from oxcare_analysis.local import rules
from oxcare_analysis.local.cells import UNREAD_DATE
from oxcare_analysis.local.combine import combine
from oxcare_analysis.local.extract import Extract
from oxcare_analysis.local.months import monthly
from oxcare_analysis.local.records import COLUMNS, Records, conform
from oxcare_analysis.words import durable, paths, swap
from oxcare_analysis.words.errors import DataError, UsageError

CARD, ARRIVING, LOCK, LONGEST_NAME = "snapshot.json", ".arriving", ".lock", 60


@dataclass(frozen=True, eq=False)
class Held:
    """All that is held of one authority, put together and held to the rules.

    `found`: rule, table, message, action, rows. `days`: of the snapshots used; `unused`: of those
    before a gap.
    """

    records: Records
    found: pd.DataFrame
    days: tuple[str, ...]
    unused: tuple[str, ...]


def folder(data_dir: str | Path | None = None) -> Path:
    """Where snapshots are kept."""
    return paths.local_dir(data_dir) / "records"


def load(data_dir: str | Path | None = None) -> Held | None:
    """The authority's records, or None where no snapshot is held. Raises DataError where one was
    changed by hand.
    """
    if swap.is_open(folder(data_dir)):
        with _alone(folder(data_dir)):
            pass
    snapshots, area = _held(data_dir)
    return _together(snapshots, area) if snapshots else None


def fingerprint(data_dir: str | Path | None = None) -> bytes:
    """The monthly file, and the cards of all snapshots held, which carry the hashes of their
    tables; empty where none.
    """
    months = raw.months_file(data_dir)
    cards = sorted(folder(data_dir).glob(f"[0-9]*/{CARD}"))
    return b"".join(path.read_bytes() for path in [*[months] * months.exists(), *cards])


def simulated(data_dir: str | Path | None = None) -> bool:
    """Whether the records held are simulated; False where none are."""
    cards = sorted(folder(data_dir).glob(f"[0-9]*/{CARD}"))
    return any(
        json.loads(path.read_text(encoding="utf-8")).get("simulated", False) for path in cards
    )


def add(
    arriving: list[Extract], area: str | None = None, data_dir: str | Path | None = None
) -> tuple[Held, list[str]]:
    """Keep snapshots beside those held: all or none. The records as they then stand, and a line a
    snapshot.

    One folder holds one authority in one layout. A snapshot held already is passed over; another of
    the same day is refused. Raises DataError or UsageError, leaving the folder as it was.
    """
    root = folder(data_dir)
    with _alone(root):
        held, known = _held(data_dir)
        name = _area(area, known, arriving)
        _refuse_mixed([*held, *arriving])
        if (
            not held
            and any(one.simulated for one in arriving)
            and raw.months_file(data_dir).exists()
        ):
            raise DataError(
                "Months of your own are held in this data folder, and simulated records would"
                " change them. Keep the simulated ones in a folder of their own with --data-dir."
            )
        news = [one for one in arriving if not _already(one, held)]
        together = _together([*held, *news], name)
        _refuse_short(together.records)
        _write(root, news, name)
    return together, [_line(one, one in news) for one in arriving]


def _line(one: Extract, is_new: bool) -> str:
    sizes = ", ".join(
        f"{rules.NAMES[name]} {one.read[name]:,}" for name in COLUMNS if name in one.read
    )
    return (
        f"{one.day:%Y-%m-%d}{' (simulated)' * one.simulated}: "
        + (f"rows read: {sizes}" if is_new else "already held, nothing to do")
        + (f"; not in the files: {', '.join(one.missing)}" if one.missing else "")
        + "".join(f"; {note}" for note in one.notes)
    )


def _together(snapshots: list[Extract], area: str) -> Held:
    combined = combine(snapshots, area)
    records, found = rules.apply(combined.records)
    unread = pd.DataFrame(
        [
            (what, "unread", rules.NAMES[name], what, action, count)
            for one in snapshots
            for (name, what), count in one.unread.items()
            for action in [
                rules.SET_ASIDE if what == UNREAD_DATE and name != "persons" else rules.COUNTED
            ]
        ],
        columns=["by", "rule", "table", "message", "action", "rows"],
    ).drop(columns="by")
    stacked = pd.DataFrame(
        [
            (
                "snapshots",
                rules.NAMES[name],
                what,
                rules.COUNTED if "ended on" in what else rules.SET_ASIDE,
                count,
            )
            for (name, what), count in combined.counts.items()
        ],
        columns=list(found.columns),
    )
    before = pd.concat(
        [part for part in (unread, stacked) if len(part)] or [found.iloc[:0]], ignore_index=True
    )
    before = before.groupby(["rule", "table", "message", "action"], as_index=False, sort=False)[
        "rows"
    ].sum()
    found = pd.concat([before, found], ignore_index=True) if len(before) else found
    days = tuple(f"{one.day:%Y-%m-%d}" for one in sorted(snapshots, key=lambda one: one.day))
    return Held(
        records, found, tuple(day for day in days if day not in combined.unused), combined.unused
    )


def _area(given: str | None, held: str, arriving: list[Extract]) -> str:
    """The authority's name: the one held, else the one given, else what the files say."""
    if given is not None and (
        not given.strip() or len(given) > LONGEST_NAME or UNSEEN.search(given)
    ):
        raise UsageError(
            f"The authority cannot be called {shown(given)}; expected its name, such as"
            " Oxfordshire."
        )
    if held and given and given.strip() != held:
        raise DataError(
            f"The records held are of {held}, not of {shown(given.strip())}; expected one authority"
            " a data folder. Keep the other in a folder of its own with --data-dir."
        )
    said = (
        held
        or (given or "").strip()
        or next((one.area for one in arriving if one.area), "")
        or ("Simulated authority" if any(one.simulated for one in arriving) else "")
    )
    if not said:
        raise UsageError(
            "The files do not say whose records they are. Name the authority, for example --area "
            "Oxfordshire."
        )
    return said


def _refuse_mixed(snapshots: list[Extract]) -> None:
    kinds = sorted({one.kind for one in snapshots})
    if len(kinds) > 1:
        raise DataError(
            f"Snapshots of {' and '.join(kinds)} would lie in one data folder; expected one layout,"
            " as their ids differ. Keep the other in a folder of its own with --data-dir."
        )
    if len({one.simulated for one in snapshots}) > 1:
        raise DataError(
            "Simulated records and records that are not would lie in one data folder. Keep the"
            " simulated ones in a folder of their own with --data-dir."
        )


def _refuse_short(records: Records) -> None:
    if len(monthly(records)) < 2:
        raise DataError(
            f"The records cover no whole month: complete from {records.complete_from:%Y-%m-%d},"
            f" taken on {records.extract_date:%Y-%m-%d}. Expected one month at least. Check the day"
            " of the snapshot."
        )


def _already(one: Extract, held: list[Extract]) -> bool:
    """Whether this snapshot is held; another of the same day is refused."""
    same = next((other for other in held if other.day == one.day), None)
    if same is None:
        return False
    if same.kind == one.kind and all(
        _bytes(same.tables[name]) == _bytes(one.tables[name]) for name in COLUMNS
    ):
        return True
    raise DataError(
        f"A snapshot of {one.day:%Y-%m-%d} is held already and differs from"
        f" {shown(', '.join(one.files))}; snapshots are never written over. If it was taken on"
        " another day, say which with --snapshot; if the one held is wrong, move its folder"
        f" {one.day:%Y-%m-%d} out of data/local/records."
    )


def _bytes(table: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


def _write(root: Path, news: list[Extract], area: str) -> None:
    """Write snapshots beside, then put each in its place; on a failure none of them stays."""
    arriving = root / ARRIVING
    durable.remove(arriving)
    try:
        for one in news:
            place = arriving / f"{one.day:%Y-%m-%d}"
            place.mkdir(parents=True)
            hashes = {}
            for name, table in one.tables.items():
                content = _bytes(table)
                hashes[name] = hashlib.sha256(content).hexdigest()
                (place / f"{name}.parquet").write_bytes(content)
            card = {
                "kind": one.kind,
                "area": area,
                "simulated": one.simulated,
                "first": f"{one.first:%Y-%m-%d}",
                "files": list(one.files),
                "read": one.read,
                "notes": list(one.notes),
                "missing": list(one.missing),
                "unread": [[*where, count] for where, count in one.unread.items()],
                "sha256": hashes,
            }
            (place / CARD).write_text(
                json.dumps(card, indent=1, ensure_ascii=False), encoding="utf-8"
            )
        swap.put_all(
            root,
            (
                [(place, root / place.name) for place in sorted(arriving.iterdir()) if news]
                if arriving.exists()
                else []
            ),
        )
    finally:
        if not swap.is_open(root):
            durable.remove(arriving)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """The folder of snapshots, this command's alone, with an interrupted write carried to its
    end.
    """
    with durable.refusing(f"The folder of own records {root.name}/", "--data-dir"):
        root.mkdir(parents=True, exist_ok=True)
        with durable.lock(root / LOCK, f"{root.name}/"):
            swap.settle(root)
            yield


def _held(data_dir: str | Path | None) -> tuple[list[Extract], str]:
    """Every snapshot held, oldest first, and the authority's name ('' where none is held)."""
    cards = sorted(folder(data_dir).glob(f"[0-9]*/{CARD}"))
    snapshots = [_read(card.parent) for card in cards]
    return snapshots, snapshots[0].area if snapshots else ""


def _read(place: Path) -> Extract:
    try:
        card = json.loads((place / CARD).read_text(encoding="utf-8"))
        contents = {name: (place / f"{name}.parquet").read_bytes() for name in COLUMNS}
        if {
            name: hashlib.sha256(content).hexdigest() for name, content in contents.items()
        } != card["sha256"]:
            raise ValueError
        tables = {
            name: conform(name, pd.read_parquet(io.BytesIO(content)))
            for name, content in contents.items()
        }
        return Extract(
            card["kind"],
            tables,
            pd.Timestamp(place.name),
            pd.Timestamp(card["first"]),
            tuple(card["files"]),
            card["read"],
            {(name, what): count for name, what, count in card["unread"]},
            card["area"],
            tuple(card["missing"]),
            tuple(card["notes"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(
            f"The snapshot {place.name} in data/local/records cannot be used: a file is missing or"
            " is not as it was written. Restore the folder, or take it away and add its extract"
            " again."
        ) from None
