"""What is new at the publisher, tried on a copy first, then added: all of it or none."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from oxcare_analysis.intake import raw, text
from oxcare_analysis.intake.mappings import OFFICIAL_TABLES
from oxcare_analysis.intake.sources import Intake, read_file
from oxcare_analysis.refresh import compare
from oxcare_analysis.tables import checks, tables
from oxcare_analysis.update.api import Api, DataSet, Publication, plain
from oxcare_analysis.words.errors import DataError

LISTED = Path(__file__).with_name("data_sets.yml")
SOURCES = {table.name: table.source for table in OFFICIAL_TABLES}


@dataclass(frozen=True)
class Wanted:
    """One line of data_sets.yml."""

    table: str
    title: str

    @property
    def source(self) -> str:
        """Where its figures are kept."""
        return SOURCES[self.table]


def update(
    api: Api, data_dir: str | Path | None, dry_run: bool, say: Callable[[str], None]
) -> bool:
    """Look for new editions, say what they would change, and add them unless `dry_run`; whether
    there were any.

    Raises DataError (nothing added) where a data set that came this way before is gone, or one that
    arrived is cut short, not the table it should be, or laid out in a new way; RunError where the
    service cannot be reached.
    """
    listed = yaml.safe_load(LISTED.read_text(encoding="utf-8"))
    publication = api.publication(listed["publication"])
    offered = api.data_sets(publication)
    with tempfile.TemporaryDirectory(prefix="oxcare-") as scratch:
        news, by_hand = [], []
        pairs = [
            (wanted, _same(wanted, offered))
            for wanted in (Wanted(**entry) for entry in listed["data_sets"])
        ]
        # The oldest first: of two editions that arrive at once the later one has the later number.
        for wanted, found in sorted(pairs, key=lambda pair: pair[1].month if pair[1] else ""):
            version = _version_held(wanted, data_dir)
            if found or version:
                arrived, words = _look(api, wanted, found, version, data_dir, Path(scratch), news)
                say(f"{wanted.title}: {words}.")
                news += [arrived] if arrived else []
            else:
                by_hand.append(wanted)
        _say_by_hand(by_hand, publication, data_dir, say)
        if not news:
            say("Nothing new; the figures held are as they were.")
            return False
        _show(news, data_dir, Path(scratch) / "trial", say)
        if dry_run:
            say("Nothing was added: this was a dry run.")
        else:
            for line in raw.add(news, data_dir):
                say(line)
    return True


def _say_by_hand(
    wanted: list[Wanted],
    publication: Publication,
    data_dir: str | Path | None,
    say: Callable[[str], None],
) -> None:
    """Name the data sets that the service does not offer, and those that have come out since they
    were taken.
    """
    if not wanted:
        return
    say(
        "Not offered by the service, so to be downloaded from the publisher's site and added with"
        f" oxcare data add: {', '.join(w.title.split()[0] for w in wanted)}."
    )
    older = []
    for one in wanted:
        months = [
            card["first_published"]
            for card in _cards(one.source, data_dir).values()
            if one.table in card["tables"]
        ]
        if not months or max(months) < publication.month:
            older.append(one.title.split()[0])
    if older:
        say(
            f"{publication.title!r} was last published in {publication.month}; of these, what is"
            f" held is older for {', '.join(older)}."
        )


def _look(
    api: Api,
    wanted: Wanted,
    found: DataSet | None,
    version: str | None,
    data_dir: str | Path | None,
    folder: Path,
    news: list[Intake],
) -> tuple[Intake | None, str]:
    """What has arrived of one data set, if anything new, and what is to be said.

    `version` is the one held; `news` what has arrived of others and will be added with it.
    """
    if found is None:
        raise DataError(
            f"The statistics service no longer offers {wanted.title!r}, of which version {version}"
            " is held. Nothing was added. Look at the publication on the publisher's site: if the"
            " data set was renamed or stopped, correct oxcare_analysis/update/data_sets.yml."
        )
    if found.version == version:
        return None, f"version {version} is held already"
    if version and _order(found.version) < _order(version):
        raise DataError(
            f"The newest version of {found.title!r} is {found.version}, and {version} is held: the"
            " publisher has withdrawn it. Nothing was added. Read the publisher's note, and remove"
            " the edition from data/raw if its figures are not to be used."
        )
    arrived = read_file(api.fetch(found, folder))
    if arrived.table != wanted.table:
        raise DataError(
            f"The data set {found.title!r} is laid out as {arrived.title!r}; expected"
            f" {wanted.title!r}. Nothing was added. Correct its title in"
            " oxcare_analysis/update/data_sets.yml."
        )
    if len(arrived.rows) != found.rows:
        raise DataError(
            f"The data set {found.title!r} came with {len(arrived.rows):,} rows where the service"
            f" says {found.rows:,}. Nothing was added; run again."
        )
    arrived = replace(arrived, published=found.month, version=found.version)
    edition = _edition(arrived, data_dir, news)
    if edition is None:
        return None, f"version {found.version} is the same as the edition held"
    return (
        replace(arrived, edition=edition),
        (
            f"version {found.version}, published {found.month}, is new: edition "
            f"{edition}, {len(arrived.rows):,} rows"
        ),
    )


def _same(wanted: Wanted, offered: list[DataSet]) -> DataSet | None:
    """The data set of the same title; else the one whose title begins with the same table
    number.
    """
    same = [d for d in offered if plain(d.title) == plain(wanted.title)]
    number = wanted.title.split()[0]
    if not same and any(c.isdigit() for c in number):
        same = [d for d in offered if d.title.split()[:1] == [number]]
    if len(same) > 1:
        raise DataError(
            f"The statistics service offers {len(same)} data sets for {wanted.title!r}:"
            f" {'; '.join(d.title for d in same)}. Nothing was added. Write the title of the right"
            " one into oxcare_analysis/update/data_sets.yml."
        )
    return same[0] if same else None


def _cards(source: str, data_dir: str | Path | None) -> dict[str, dict]:
    """edition → its source.yml, newest first."""
    return {
        e: raw.source_card(source, e, data_dir)
        for e in reversed(raw.editions(data_dir).get(source, []))
    }


def _version_held(wanted: Wanted, data_dir: str | Path | None) -> str | None:
    """The publisher's version of the newest edition held of a table, where it came this way."""
    held = [
        card["tables"][wanted.table]
        for card in _cards(wanted.source, data_dir).values()
        if wanted.table in card["tables"]
    ]
    return held[0].get("publishers_version") if held else None


def _order(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _edition(arrived: Intake, data_dir: str | Path | None, news: list[Intake]) -> str | None:
    """Where figures that differ from those held go: 2026, or 2026-2 and on where an edition 2026
    came out before.

    None where they are the figures held.
    """
    cards = _cards(arrived.source, data_dir)
    year = arrived.edition
    same_year = [
        e
        for e, card in cards.items()
        if e.split("-")[0] == year and arrived.table in card["tables"]
    ]
    if same_year:
        held = raw.read_table(arrived.source, same_year[0], arrived.table, data_dir)
        if text.as_csv(held) == text.as_csv(arrived.rows):
            return None
    coming = {one.edition: one.published for one in news if one.source == arrived.source}
    number = 1
    while True:
        edition = year if number == 1 else f"{year}-{number}"
        card = cards.get(
            edition, {"first_published": coming.get(edition, arrived.published), "tables": ()}
        )
        # An edition has one month of publication: what came out in another month is an edition of
        # its own.
        if arrived.table not in card["tables"] and card["first_published"] == arrived.published:
            return edition
        number += 1


def _show(
    news: list[Intake], data_dir: str | Path | None, trial: Path, say: Callable[[str], None]
) -> None:
    """Add to a copy of the figures, and say what that changes and what the checks find."""
    raw.copy(data_dir, trial)
    raw.add(news, trial)
    built = tables.build(trial)
    changed = compare.editions(built, trial)
    say(compare.words(changed.only({(item.source, item.edition, item.table) for item in news})))
    errors = checks.run(built, trial)["severity"].eq("error").sum()
    say(f"With these, oxcare data check finds {errors} error(s).")
