"""The raw folder: data/raw/<source>/<edition>/<table>.csv with a source.yml beside. Text in, text
out.
"""

import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import yaml

from oxcare_analysis.intake import identity, plain, text
from oxcare_analysis.intake.mappings import PUBLISHERS
from oxcare_analysis.intake.sources import Intake, read_file
from oxcare_analysis.words import durable, paths, swap
from oxcare_analysis.words.errors import DataError

LICENCE = "Open Government Licence v3.0"
FIRST_PUBLISHED = "first_published.csv"
LOG, LOCK = durable.LOG, ".lock"
SAFE_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
EDITION = re.compile(r"\d{4}(-\d{1,2})?", re.ASCII)
MONTH = re.compile(r"(19|20)\d\d-(0[1-9]|1[0-2])", re.ASCII)


def add_files(
    files: list[str | Path],
    edition: str | None = None,
    data_dir: str | Path | None = None,
    published: str | None = None,
) -> list[str]:
    """Take publishers' files into data/raw (the monthly template into data/local): all of them or
    none.

    `published` is the month the edition came out (YYYY-MM); without it, the month in
    first_published.csv for the edition's year, else this month. Returns one line a file, saying
    what was done. Raises DataError, leaving the folder as it was.
    """
    if published is not None and not MONTH.fullmatch(published):
        raise DataError(
            f"The month of publication {published!r} cannot be used; expected a form such as"
            " 2025-10."
        )
    return add([read_file(path, edition) for path in files], data_dir, published)


def add(
    taken: list[Intake], data_dir: str | Path | None = None, published: str | None = None
) -> list[str]:
    """As add_files, of files already read; the month that a file itself carries goes before
    `published`.

    Two at once queue. A kill leaves the folder as it was, or the next command that reads it puts
    all in place.
    """
    places = [(i.source, i.edition, i.table) for i in taken]
    twice = {p for p in places if places.count(p) > 1}
    if twice:
        raise DataError(
            f"Two of the files given are the same table: {'/'.join(sorted(twice)[0])}. Give each"
            " once."
        )
    with _alone(data_dir):
        news = _put(taken, data_dir, published)
    return [
        f"{i.file_name}: {i.source}/{i.edition}/{i.table}, "
        + (
            f"{len(i.rows):,} rows added"
            if i in news or i.source == "local"
            else "already held, nothing to do"
        )
        + (f"; left out, not kept by this project: {', '.join(i.left_out)}" if i.left_out else "")
        for i in taken
    ]


def _put(taken: list[Intake], data_dir: str | Path | None, published: str | None) -> list[Intake]:
    """Make all that is new ready beside what is held, then put it in place; the files that were not
    held already.
    """
    kept = [i for i in taken if i.source != "local"]
    _check_identities(kept, data_dir)
    news = [i for i in kept if not _held(i, data_dir)]
    months = _months([i.rows for i in taken if i.source == "local"], data_dir)
    targets = sorted({_folder(i, data_dir) for i in news})
    ready = [
        (swap.staged(target), target)
        for target in [*targets, *([months_file(data_dir)] if months else [])]
    ]
    LOG.debug("add: read and checked")
    try:
        for target in targets:
            _make_ready(target)
        for item in news:
            _write(
                item,
                swap.staged(_folder(item, data_dir)),
                item.published or published or _usual_month(item, data_dir),
            )
        if months:
            months_file(data_dir).parent.mkdir(exist_ok=True)
            durable.write(swap.staged(months_file(data_dir)), months)
        LOG.debug("add: made ready")
        swap.put_all(paths.data_dir(data_dir), ready)
    finally:
        if not swap.is_open(paths.data_dir(data_dir)):
            for arriving, _ in ready:
                durable.remove(arriving)
    return news


def _make_ready(target: Path) -> None:
    """A copy of what is held of an edition, beside it, for what arrives to join."""
    for place in (target.parent, target):
        if durable.is_link(place):
            raise DataError(
                f"{place.relative_to(target.parents[1]).as_posix()} is a link; expected a plain"
                " folder, since nothing is written outside the data folder. Put the folder itself"
                " there."
            )
    target.parent.mkdir(parents=True, exist_ok=True)
    arriving = swap.staged(target)
    durable.copy(target, arriving) if target.exists() else arriving.mkdir()


@contextmanager
def _alone(data_dir: str | Path | None) -> Iterator[None]:
    """The data folder, this command's alone, with what a killed one left put right."""
    folder = paths.data_dir(data_dir)
    stood = folder.exists()
    try:
        with durable.refusing(f"The data folder {folder.name}/", "--data-dir"):
            folder.mkdir(parents=True, exist_ok=True)
            with durable.lock(folder / LOCK, f"{folder.name}/"):
                swap.settle(folder)
                for source in paths.raw_dir(folder).glob("[!.]*"):
                    swap.tidy(source, EDITION)
                swap.tidy(paths.local_dir(folder), re.compile(re.escape(months_file().name)))
                yield
    except DataError:
        if not stood and {path.name for path in folder.iterdir()} <= {
            LOCK
        }:  # a refusal begins no folder
            durable.remove(folder)
        raise


def settle(data_dir: str | Path | None = None) -> None:
    """Before the folder is read: wait for files that are being put in place, finish what a killed
    command began.
    """
    if swap.is_open(paths.data_dir(data_dir)):
        with _alone(data_dir):
            pass


def editions(data_dir: str | Path | None = None) -> dict[str, list[str]]:
    """source → the editions held, oldest first."""
    settle(data_dir)
    held: dict[str, list[str]] = {}
    for card in sorted(paths.raw_dir(data_dir).glob("*/*/source.yml")):
        if EDITION.fullmatch(
            card.parent.name
        ):  # not a folder that an interrupted write left behind
            held.setdefault(card.parent.parent.name, []).append(card.parent.name)
    return {source: sorted(names, key=edition_order) for source, names in held.items()}


def edition_order(edition: str) -> tuple[int, ...]:
    """Sort key: 2025 before 2025-2 before 2026."""
    return tuple(int(part) for part in edition.split("-"))


def read_table(
    source: str, edition: str, table: str, data_dir: str | Path | None = None
) -> pd.DataFrame:
    """One raw table as text. Raises DataError where it cannot be read."""
    root = paths.raw_dir(data_dir)
    return text.read_csv(root / source / edition / f"{table}.csv", root)


def changed_since(data_dir: str | Path | None = None) -> list[tuple[str, str, str]]:
    """(source, edition, table) of every table held whose hash is not the one written down when it
    was taken in.
    """
    root = paths.raw_dir(data_dir)
    return [
        (source, edition, table)
        for source, names in editions(data_dir).items()
        for edition in names
        for table, card in source_card(source, edition, data_dir)["tables"].items()
        if _sha256((root / source / edition / f"{table}.csv").read_bytes())
        != card["our_file_sha256"]
    ]


def source_card(source: str, edition: str, data_dir: str | Path | None = None) -> dict:
    """The source.yml of an edition. Raises DataError where it cannot be read or lacks its month or
    its tables.
    """
    path = paths.raw_dir(data_dir) / source / edition / "source.yml"
    try:
        card = yaml.load(path.read_text(encoding="utf-8"), SAFE_LOADER)
        whole = (
            MONTH.fullmatch(card["first_published"])
            and card["tables"]
            and all(
                re.fullmatch(r"\w+", name) and "our_file_sha256" in table
                for name, table in card["tables"].items()
            )
        )
        # An escape such as "\e" in quoted YAML is a character that the file itself does not show.
        words = [
            card.get("publisher"),
            card.get("title"),
            *(t.get("title") for t in card["tables"].values()),
        ]
        whole = whole and not any(text.UNSEEN.search(str(word)) for word in words)
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, KeyError, AttributeError):
        whole = False
    if not whole:
        raise DataError(
            f"{source}/{edition}/source.yml cannot be used: expected first_published as YYYY-MM,"
            " the tables held, and words that can be seen. Restore it, or take the folder away and"
            " add the publisher's files again."
        )
    return card


def first_published(data_dir: str | Path | None = None) -> dict[tuple[str, int], str]:
    """(source, year) → the month its figures came out first, YYYY-MM. Raises DataError on a row of
    another form.
    """
    root = paths.raw_dir(data_dir)
    if not (root / FIRST_PUBLISHED).exists():
        return {}
    months = {}
    for row in text.read_csv(root / FIRST_PUBLISHED, root).to_dict("records"):
        if not (
            re.fullmatch(r"[0-9]{4}", row.get("year", ""))
            and MONTH.fullmatch(row.get("month", ""))
            and "source" in row
        ):
            raise DataError(
                f"{FIRST_PUBLISHED} has a row {text.shown(', '.join(row.values()))}; expected"
                " source, year and month, such as children_in_need, 2013, 2013-10. Correct the"
                " row."
            )
        months[row["source"], int(row["year"])] = row["month"]
    return months


def _check_identities(arriving: list[Intake], data_dir: str | Path | None) -> None:
    """Hold the authorities of every arriving file against those of the figures held and of the
    other files.
    """
    files = {i.file_name: identity.of(i.rows) for i in arriving}
    held = (
        {
            who
            for source, names in editions(data_dir).items()
            for edition in names
            for table in source_card(source, edition, data_dir)["tables"]
            for who in identity.of(read_table(source, edition, table, data_dir))
        }
        if arriving
        else set()
    )
    for name, mine in files.items():
        others = {who for other, theirs in files.items() if other != name for who in theirs}
        identity.check(sorted(mine), sorted(held | others), name)


def copy(data_dir: str | Path | None, folder: Path, tables: set[str] | None = None) -> None:
    """Copy the figures into another data folder: all, or of the tables only these
    (source/edition/table).
    """
    folder.mkdir(parents=True, exist_ok=True)
    durable.copy(paths.raw_dir(data_dir), paths.raw_dir(folder), hidden=False)
    known = paths.data_dir(data_dir) / "known_problems.csv"
    if known.exists():
        shutil.copy(known, folder / known.name)
    for source, names in editions(folder).items() if tables is not None else ():
        for edition in names:
            card, place = (
                source_card(source, edition, folder),
                paths.raw_dir(folder) / source / edition,
            )
            for table in [t for t in card["tables"] if f"{source}/{edition}/{t}" not in tables]:
                del card["tables"][table]
                (place / f"{table}.csv").unlink()
            if card["tables"]:
                durable.write(place / "source.yml", _as_yaml(card))
            else:
                shutil.rmtree(place)


def _folder(item: Intake, data_dir: str | Path | None) -> Path:
    return paths.raw_dir(data_dir) / item.source / item.edition


def _held(item: Intake, data_dir: str | Path | None) -> bool:
    """Whether this table is held already; a different one under the same edition is refused."""
    path = _folder(item, data_dir) / f"{item.table}.csv"
    if not path.exists():
        return False
    if path.read_bytes() == text.as_csv(item.rows):
        return True
    raise DataError(
        f"{item.file_name} differs from what is held as {item.source}/{item.edition}/{item.table}."
        " If the publisher has replaced it, add it as an edition of its own, for example --edition"
        f" {item.edition.split('-')[0]}-2; both are then kept and the newer one is used."
    )


def _usual_month(item: Intake, data_dir: str | Path | None) -> str:
    """The month an edition came out, where first_published.csv has it; else the month it is
    added.
    """
    months = first_published(data_dir)
    this_month = pd.Timestamp.today().strftime("%Y-%m")
    # A second edition of a year (2024-2) came out later than the first.
    return (
        this_month
        if "-" in item.edition
        else months.get((item.source, int(item.edition)), this_month)
    )


def _write(item: Intake, folder: Path, published: str) -> None:
    content = text.as_csv(item.rows)
    durable.write(folder / f"{item.table}.csv", content)
    card_path = folder / "source.yml"
    card = (
        yaml.safe_load(card_path.read_text(encoding="utf-8"))
        if card_path.exists()
        else _new_card(item, published)
    )
    card["tables"][item.table] = {
        "title": item.title,
        "publishers_file": item.file_name,
        "rows": len(item.rows),
        "publishers_file_sha256": _sha256(item.file_bytes),
        "our_file_sha256": _sha256(content),
        **({"publishers_version": item.version} if item.version else {}),
        **({"publishers_columns": item.columns} if item.columns else {}),
    }
    durable.write(card_path, _as_yaml(card))


def _as_yaml(card: dict) -> bytes:
    return yaml.safe_dump(card, sort_keys=False, allow_unicode=True).encode("utf-8")


def _new_card(item: Intake, published: str) -> dict:
    publisher, title = PUBLISHERS[item.source]
    return {
        "publisher": publisher,
        "title": title,
        "edition": item.edition,
        "first_published": published,
        "licence": LICENCE,
        "tables": {},
    }


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def add_months(rows: pd.DataFrame, data_dir: str | Path | None) -> None:
    """Put the analyst's months beside those held; a month given again replaces the one held."""
    with _alone(data_dir):
        months_file(data_dir).parent.mkdir(parents=True, exist_ok=True)
        durable.write(months_file(data_dir), _months([rows], data_dir))


def _months(arriving: list[pd.DataFrame], data_dir: str | Path | None) -> bytes:
    """The analyst's months held and arriving, as the file to keep; one given again replaces the one
    held.
    """
    path = months_file(data_dir)
    if not arriving:
        return b""
    if path.exists():
        arriving = [plain.months(text.read_csv(path), path.name), *arriving]
    rows = pd.concat(arriving).drop_duplicates("month", keep="last").sort_values("month")
    return text.as_csv(rows)


def read_months(data_dir: str | Path | None = None) -> pd.DataFrame:
    """The analyst's own months: a column a count (NaN where not known), on a monthly PeriodIndex;
    no rows if none.

    Raises DataError where the file was changed by hand into something that `oxcare data add` would
    refuse.
    """
    settle(data_dir)
    path = months_file(data_dir)
    if not path.exists():
        return pd.DataFrame(index=pd.PeriodIndex([], freq="M"))
    held = (
        plain.months(text.read_csv(path), path.name)
        .set_index("month")
        .replace("", "nan")
        .astype(float)
    )
    return held.set_axis(pd.PeriodIndex(held.index, freq="M"))


def months_file(data_dir: str | Path | None = None) -> Path:
    """Where the analyst's own months are kept."""
    return paths.local_dir(data_dir) / "monthly.csv"
