"""The raw folder: data/raw/<source>/<edition>/<table>.csv with a source.yml beside. Text in, text out."""

import hashlib
import io
import re
import shutil
from pathlib import Path

import pandas as pd
import yaml

from oxcare_analysis.intake import identity, plain, text
from oxcare_analysis.intake.mappings import PUBLISHERS
from oxcare_analysis.intake.sources import Intake, read_file
from oxcare_analysis.words import paths
from oxcare_analysis.words.errors import DataError

LICENCE = "Open Government Licence v3.0"
FIRST_PUBLISHED = "first_published.csv"
SAFE_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
EDITION = re.compile(r"\d{4}(-\d{1,2})?", re.ASCII)
MONTH = re.compile(r"(19|20)\d\d-(0[1-9]|1[0-2])", re.ASCII)


def add_files(files: list[str | Path], edition: str | None = None, data_dir: str | Path | None = None,
              published: str | None = None) -> list[str]:
    """Take publishers' files into data/raw (the monthly template into data/local): all of them or none.

    `published` is the month the edition came out (YYYY-MM); without it, the month in first_published.csv for the
    edition's year, else this month. Returns one line a file, saying what was done. Raises DataError, leaving the
    folder as it was.
    """
    if published is not None and not MONTH.fullmatch(published):
        raise DataError(f"The month of publication {published!r} cannot be used; expected a form such as 2025-10.")
    return add([read_file(path, edition) for path in files], data_dir, published)


def add(taken: list[Intake], data_dir: str | Path | None = None, published: str | None = None) -> list[str]:
    """As add_files, of files already read; the month that a file itself carries goes before `published`."""
    places = [(i.source, i.edition, i.table) for i in taken]
    twice = {p for p in places if places.count(p) > 1}
    if twice:
        raise DataError(f"Two of the files given are the same table: {'/'.join(sorted(twice)[0])}. Give each once.")
    kept = [i for i in taken if i.source != "local"]
    _check_identities(kept, data_dir)
    news = [i for i in kept if not _held(i, data_dir)]
    targets = sorted({_folder(i, data_dir) for i in news})
    for target in targets:
        _recover(target)
        arriving = _beside(target, "new")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(arriving, ignore_errors=True)
        if target.exists():
            shutil.copytree(target, arriving)
        arriving.mkdir(exist_ok=True)
        for item in news:
            if _folder(item, data_dir) == target:
                _write(item, arriving, item.published or published or _usual_month(item, data_dir))
    _swap_all(targets)
    for item in taken:
        if item.source == "local":
            add_months(item.rows, data_dir)
    return [f"{i.file_name}: {i.source}/{i.edition}/{i.table}, "
            + (f"{len(i.rows):,} rows added" if i in news or i.source == "local" else "already held, nothing to do")
            + (f"; left out, not kept by this project: {', '.join(i.left_out)}" if i.left_out else "")
            for i in taken]


def editions(data_dir: str | Path | None = None) -> dict[str, list[str]]:
    """source → the editions held, oldest first."""
    held: dict[str, list[str]] = {}
    for card in sorted(paths.raw_dir(data_dir).glob("*/*/source.yml")):
        if EDITION.fullmatch(card.parent.name):  # not a folder that an interrupted write left behind
            held.setdefault(card.parent.parent.name, []).append(card.parent.name)
    return {source: sorted(names, key=edition_order) for source, names in held.items()}


def edition_order(edition: str) -> tuple[int, ...]:
    """Sort key: 2025 before 2025-2 before 2026."""
    return tuple(int(part) for part in edition.split("-"))


def read_table(source: str, edition: str, table: str, data_dir: str | Path | None = None) -> pd.DataFrame:
    """One raw table as text. Raises DataError where it cannot be read."""
    root = paths.raw_dir(data_dir)
    return text.read_csv(root / source / edition / f"{table}.csv", root)


def changed_since(data_dir: str | Path | None = None) -> list[tuple[str, str, str]]:
    """(source, edition, table) of every table held whose hash is not the one written down when it was taken in."""
    root = paths.raw_dir(data_dir)
    return [(source, edition, table) for source, names in editions(data_dir).items() for edition in names
            for table, card in source_card(source, edition, data_dir)["tables"].items()
            if _sha256((root / source / edition / f"{table}.csv").read_bytes()) != card["our_file_sha256"]]


def source_card(source: str, edition: str, data_dir: str | Path | None = None) -> dict:
    """The source.yml of an edition. Raises DataError where it cannot be read or lacks its month or its tables."""
    path = paths.raw_dir(data_dir) / source / edition / "source.yml"
    try:
        card = yaml.load(path.read_text(encoding="utf-8"), SAFE_LOADER)
        whole = MONTH.fullmatch(card["first_published"]) and card["tables"] and all(
            re.fullmatch(r"\w+", name) and "our_file_sha256" in table for name, table in card["tables"].items())
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, KeyError, AttributeError):
        whole = False
    if not whole:
        raise DataError(f"{source}/{edition}/source.yml cannot be used: expected first_published as YYYY-MM and the "
                        "tables held. Restore it, or take the folder away and add the publisher's files again.")
    return card


def first_published(data_dir: str | Path | None = None) -> dict[tuple[str, int], str]:
    """(source, year) → the month its figures came out first, YYYY-MM. Raises DataError on a row of another form."""
    root = paths.raw_dir(data_dir)
    if not (root / FIRST_PUBLISHED).exists():
        return {}
    months = {}
    for row in text.read_csv(root / FIRST_PUBLISHED, root).to_dict("records"):
        if not (re.fullmatch(r"[0-9]{4}", row.get("year", "")) and MONTH.fullmatch(row.get("month", ""))
                and "source" in row):
            raise DataError(f"{FIRST_PUBLISHED} has a row {text.shown(', '.join(row.values()))}; expected source, year "
                            "and month, such as children_in_need, 2013, 2013-10. Correct the row.")
        months[row["source"], int(row["year"])] = row["month"]
    return months


def _check_identities(arriving: list[Intake], data_dir: str | Path | None) -> None:
    """Hold the authorities of every arriving file against those of the figures held and of the other files."""
    files = {i.file_name: _who(i.rows) for i in arriving}
    held = {who for source, names in editions(data_dir).items() for edition in names
            for table in source_card(source, edition, data_dir)["tables"]
            for who in _who(read_table(source, edition, table, data_dir))} if arriving else set()
    for name, mine in files.items():
        others = {who for other, theirs in files.items() if other != name for who in theirs}
        identity.check(sorted(mine), sorted(held | others), name)


def _who(rows: pd.DataFrame) -> set[identity.Who]:
    """The authorities of a table: three-digit code, ONS code, name."""
    if "neighbour_name" in rows:
        return {(code, "", name) for code, name in (*zip(rows["old_la_code"], rows["la_name"], strict=True),
                                                    *zip(rows["neighbour_old_la_code"], rows["neighbour_name"],
                                                         strict=True))}
    if "level" not in rows:
        return set()
    return set(rows.loc[rows["level"].eq("authority"), identity.COLUMNS].itertuples(index=False, name=None))


def copy(data_dir: str | Path | None, folder: Path, tables: set[str] | None = None) -> None:
    """Copy the figures into another data folder: all, or of the tables only these (source/edition/table)."""
    shutil.copytree(paths.raw_dir(data_dir), paths.raw_dir(folder), ignore=shutil.ignore_patterns(".*"))
    known = paths.data_dir(data_dir) / "known_problems.csv"
    if known.exists():
        shutil.copy(known, folder / known.name)
    for source, names in editions(folder).items() if tables is not None else ():
        for edition in names:
            card, place = source_card(source, edition, folder), paths.raw_dir(folder) / source / edition
            for table in [t for t in card["tables"] if f"{source}/{edition}/{t}" not in tables]:
                del card["tables"][table]
                (place / f"{table}.csv").unlink()
            if card["tables"]:
                _replace(place / "source.yml", _as_yaml(card))
            else:
                shutil.rmtree(place)


def _folder(item: Intake, data_dir: str | Path | None) -> Path:
    return paths.raw_dir(data_dir) / item.source / item.edition


def as_csv(frame: pd.DataFrame) -> bytes:
    """A table as the bytes it is kept in."""
    buffer = io.StringIO()
    frame.to_csv(buffer, index=False, lineterminator="\n")
    return buffer.getvalue().encode("utf-8")


def _held(item: Intake, data_dir: str | Path | None) -> bool:
    """Whether this table is held already; a different one under the same edition is refused."""
    path = _folder(item, data_dir) / f"{item.table}.csv"
    if not path.exists():
        return False
    if path.read_bytes() == as_csv(item.rows):
        return True
    raise DataError(f"{item.file_name} differs from what is held as {item.source}/{item.edition}/{item.table}. If the "
                    f"publisher has replaced it, add it as an edition of its own, for example --edition "
                    f"{item.edition.split('-')[0]}-2; both are then kept and the newer one is used.")


def _usual_month(item: Intake, data_dir: str | Path | None) -> str:
    """The month an edition came out, where first_published.csv has it; else the month it is added."""
    months = first_published(data_dir)
    this_month = pd.Timestamp.today().strftime("%Y-%m")
    # A second edition of a year (2024-2) came out later than the first.
    return this_month if "-" in item.edition else months.get((item.source, int(item.edition)), this_month)


def _write(item: Intake, folder: Path, published: str) -> None:
    content = as_csv(item.rows)
    _replace(folder / f"{item.table}.csv", content)
    card_path = folder / "source.yml"
    card = yaml.safe_load(card_path.read_text(encoding="utf-8")) if card_path.exists() else _new_card(item, published)
    card["tables"][item.table] = {
        "title": item.title, "publishers_file": item.file_name, "rows": len(item.rows),
        "publishers_file_sha256": _sha256(item.file_bytes),
        "our_file_sha256": _sha256(content),
        **({"publishers_version": item.version} if item.version else {}),
        **({"publishers_columns": item.columns} if item.columns else {})}
    _replace(card_path, _as_yaml(card))


def _as_yaml(card: dict) -> bytes:
    return yaml.safe_dump(card, sort_keys=False, allow_unicode=True).encode("utf-8")


def _new_card(item: Intake, published: str) -> dict:
    publisher, title = PUBLISHERS[item.source]
    return {"publisher": publisher, "title": title, "edition": item.edition, "first_published": published,
            "licence": LICENCE, "tables": {}}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that a crash leaves the old one or the new one."""
    partial = path.with_name(path.name + ".part")
    partial.unlink(missing_ok=True)  # were it a link, what it leads to would be written over
    partial.write_bytes(content)
    partial.replace(path)


def add_months(rows: pd.DataFrame, data_dir: str | Path | None) -> None:
    """Put the analyst's months beside those held; a month given again replaces the one held."""
    path = months_file(data_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        held = plain.months(text.read_csv(path), path.name)
        rows = pd.concat([held[~held["month"].isin(rows["month"])], rows]).sort_values("month")
    _replace(path, as_csv(rows))


def read_months(data_dir: str | Path | None = None) -> pd.DataFrame:
    """The analyst's own months: a column a count (NaN where not known), on a monthly PeriodIndex; no rows if none.

    Raises DataError where the file was changed by hand into something that `oxcare data add` would refuse.
    """
    path = months_file(data_dir)
    if not path.exists():
        return pd.DataFrame(index=pd.PeriodIndex([], freq="M"))
    held = plain.months(text.read_csv(path), path.name).set_index("month").replace("", "nan").astype(float)
    return held.set_axis(pd.PeriodIndex(held.index, freq="M"))


def months_file(data_dir: str | Path | None = None) -> Path:
    """Where the analyst's own months are kept."""
    return paths.local_dir(data_dir) / "monthly.csv"


def _beside(target: Path, word: str) -> Path:
    return target.with_name(f".{target.name}.{word}")


def _recover(target: Path) -> None:
    """Put back a folder that an interrupted swap had moved aside."""
    if not target.exists() and _beside(target, "old").exists():
        _beside(target, "old").rename(target)


def _swap_all(targets: list[Path]) -> None:
    """Put every finished folder in place of its old one, or put every old one back."""
    done = []
    try:
        for target in targets:
            leaving = _beside(target, "old")
            shutil.rmtree(leaving, ignore_errors=True)
            if target.exists():
                target.rename(leaving)
            done.append(target)
            _beside(target, "new").rename(target)
    except OSError:
        for target in done:
            if _beside(target, "old").exists():
                shutil.rmtree(target, ignore_errors=True)
                _beside(target, "old").rename(target)
            elif not _beside(target, "new").exists():
                shutil.rmtree(target, ignore_errors=True)
        raise
    for target in targets:
        shutil.rmtree(_beside(target, "old"), ignore_errors=True)
