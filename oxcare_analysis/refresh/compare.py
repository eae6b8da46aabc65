"""What changed: between editions of the same table, and between two reports of the same area. Like
with like only.
"""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from oxcare_analysis import documents, door
from oxcare_analysis.intake import raw
from oxcare_analysis.showing import exhibits, wording
from oxcare_analysis.tables import tables as built
from oxcare_analysis.words.columns import MEASURES, PUBLISHED, ROUNDED, SUPPRESSED

PAIR = ["source", "table", "edition_before", "edition_after"]
CELL = ["area_code", "year", "measure"]
KINDS = {
    "revised": "revised",
    "suppressed": "newly suppressed",
    "released": "no longer suppressed",
    "withdrawn": "no longer available",
    "supplied": "supplied after all",
    "marked": "marked in another way",
    "gone": "no longer listed",
    "listed": "listed for the first time",
}
# A newer year also tells more of how far single years swing, and so can move the verdict on an
# earlier window.
CAUSES = {
    "changed_rule": "the rules changed",
    "revised_figures": (
        "figures for the same window were revised or added, or newer years showed more or less of "
        "how far single years swing"
    ),
    "new_year": "the window took in a new year",
    "other": "neither rules nor figures changed, but other code did",
}
FRAMES = ("cells", "areas", "columns", "years")
LISTED, FEW = 10, 3


@dataclass(frozen=True)
class DataChanges:
    """What each edition of a table changed against the edition before; every frame begins with
    PAIR's columns.

    cells    area_code, year, measure, kind (one of KINDS), value_before, status_before,
    value_after, status_after;
             revised figures first, the largest relative change first
    areas    area_code, change (gained or lost) columns  measure, change (renamed, gained or lost),
    column_before, column_after (the publisher's names) years    year: those that the edition before
    did not reach

    Beside them the names of the areas by code and the titles of the tables by (source, table).
    """

    cells: pd.DataFrame
    areas: pd.DataFrame
    columns: pd.DataFrame
    years: pd.DataFrame
    names: dict[str, str]
    titles: dict[tuple[str, str], str]

    def only(self, wanted: set[tuple[str, str, str]]) -> "DataChanges":
        """The changes that these editions, each (source, edition, table), brought."""
        return self._kept(
            lambda frame: (
                pd.MultiIndex.from_frame(frame[["source", "edition_after", "table"]]).isin(
                    list(wanted)
                )
                if wanted
                else [False] * len(frame)
            )
        )

    def where(self, column: str, value: str) -> "DataChanges":
        """The changes with this value in a column; a frame without the column is kept as it is."""
        return self._kept(
            lambda frame: frame[column] == value if column in frame else [True] * len(frame)
        )

    def document(self) -> dict:
        """JSON-ready: a list of records a frame; what does not exist is null."""
        return {"schema": 1} | {name: records(getattr(self, name)) for name in FRAMES}

    def _kept(self, mask) -> "DataChanges":
        def kept(frame: pd.DataFrame) -> pd.DataFrame:
            return frame[pd.Series(mask(frame), index=frame.index, dtype=bool)].reset_index(
                drop=True
            )

        return replace(self, **{name: kept(getattr(self, name)) for name in FRAMES})


def records(frame: pd.DataFrame) -> list[dict]:
    """Rows as plain dictionaries, missing values as None."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def editions(tables: built.Tables, data_dir: str | Path | None = None) -> DataChanges:
    """Every edition of a table against the edition of that table before it."""
    entries = _entries(data_dir)
    listed: dict[tuple[str, str], list[str]] = {}
    for source, edition, table in entries:
        listed.setdefault((source, table), []).append(edition)
    pairs = [
        (*key, before, after)
        for key, held in listed.items()
        for before, after in zip(held, held[1:], strict=False)
    ]
    figures = tables.figures.set_index(["source", "table", "edition"]).sort_index()
    cells, areas, columns, years = [_revised(tables)], [], [], []
    for source, table, before, after in pairs:
        if (
            source,
            table,
            before,
        ) not in figures.index:  # a table that is not figures, such as neighbours
            continue
        pair = dict(zip(PAIR, (source, table, before, after), strict=True))
        old, new = figures.loc[(source, table, before)], figures.loc[(source, table, after)]
        cells.append(_rows(old, new).assign(**pair))
        areas += [
            {**pair, "area_code": code, "change": change}
            for change, codes in (
                ("gained", set(new["area_code"]) - set(old["area_code"])),
                ("lost", set(old["area_code"]) - set(new["area_code"])),
            )
            for code in sorted(codes)
        ]
        columns += [
            {**pair, **change}
            for change in _columns(entries[source, before, table], entries[source, after, table])
        ]
        years += [
            {**pair, "year": year} for year in sorted(set(new["year"])) if year > old["year"].max()
        ]
    order = {kind: place for place, kind in enumerate(KINDS)}
    found = pd.concat([c for c in cells if len(c)] or cells[:1])
    found = found.sort_values("kind", key=lambda k: k.map(order), kind="stable", ignore_index=True)
    return DataChanges(
        found[
            [*PAIR, *CELL, "kind", "value_before", "status_before", "value_after", "status_after"]
        ],
        pd.DataFrame(areas, columns=[*PAIR, "area_code", "change"]),
        pd.DataFrame(
            columns, columns=[*PAIR, "measure", "change", "column_before", "column_after"]
        ),
        pd.DataFrame(years, columns=[*PAIR, "year"]),
        dict(zip(tables.areas["area_code"], tables.areas["name"], strict=True)),
        {
            (source, table): entries[source, edition, table]["title"]
            for source, table, _, edition in pairs
        },
    )


def words(changes: DataChanges, listed: int = LISTED) -> str:
    """The changes as lines of text, a paragraph for each edition of a table, the largest revisions
    by name.
    """
    parts = []
    pairs = pd.concat(
        [getattr(changes, name)[PAIR] for name in ("years", "columns", "areas", "cells")]
    )
    for source, table, before, after in pairs.drop_duplicates().itertuples(index=False):
        here = changes.only({(source, after, table)})
        counts = here.cells["kind"].value_counts()
        told = [f"new year {', '.join(map(str, here.years['year']))}"] if len(here.years) else []
        told += [
            f"{counts[kind]:,} figure{'' if counts[kind] == 1 else 's'} {text}"
            for kind, text in KINDS.items()
            if kind in counts
        ]
        named = here.areas.assign(
            text=here.areas["area_code"].map(lambda code: changes.names.get(code, code))
        )
        ends = here.columns[["column_before", "column_after"]].apply(
            lambda row: " → ".join(row.dropna()), axis=1
        )
        for what, frame in (
            ("areas", named),
            ("publisher's columns", here.columns.assign(text=ends)),
        ):
            told += [
                f"{what} {change}: {', '.join(group['text'])}"
                for change, group in frame.groupby("change")
            ]
        parts.append(f"{changes.titles[source, table]}, {before} → {after}: {'; '.join(told)}.")
        parts += [f"  {line}" for line in cell_lines(here.cells, here.names, listed)]
    return "\n".join(parts) or "No edition held differs from the one before it."


def cell_lines(cells: pd.DataFrame, names: dict[str, str], listed: int = LISTED) -> list[str]:
    """The first `listed` changed figures, a line each (the area's name first where given), and how
    many more.
    """
    lines = []
    for row in cells.head(listed).itertuples():
        ends = " → ".join(
            _shown(v, s)
            for v, s in ((row.value_before, row.status_before), (row.value_after, row.status_after))
        )
        start = f"{names[row.area_code]}, " if row.area_code in names else ""
        lines.append(f"{start}{MEASURES[row.measure].label}, {row.year}: {ends}")
    more = len(cells) - len(lines)
    return lines + ([f"and {more:,} more"] if more > 0 else [])


def _shown(value: float, status: str | None) -> str:
    if pd.notna(value):
        return f"{value:,.10g}"
    return "not listed" if pd.isna(status) else status.replace("_", " ")


def _entries(data_dir: str | Path | None) -> dict[tuple[str, str, str], dict]:
    """(source, edition, table) → what source.yml says of it, oldest edition first."""
    return {
        (source, edition, table): entry
        for source, held in raw.editions(data_dir).items()
        for edition in held
        for table, entry in raw.source_card(source, edition, data_dir)["tables"].items()
    }


def _revised(tables: built.Tables) -> pd.DataFrame:
    found = built.revisions(tables)
    was, now = (found[f"status_{end}"].isin([PUBLISHED, ROUNDED]) for end in ("before", "after"))
    kind = pd.Series("marked", index=found.index, dtype=object)
    kind[was & now] = "revised"
    kind[was & ~now] = "withdrawn"
    kind[~was & now] = "supplied"
    kind[was & found["status_after"].eq(SUPPRESSED)] = "suppressed"
    kind[now & found["status_before"].eq(SUPPRESSED)] = "released"
    return found.assign(kind=kind)


def _rows(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Cells of areas, measures and years that both editions cover, but that only one of them
    lists.
    """
    covered = []
    for frame, other in ((old, new), (new, old)):
        common = (
            frame["area_code"].isin(other["area_code"])
            & frame["measure"].isin(other["measure"])
            & frame["year"].between(other["year"].min(), old["year"].max())
        )
        covered.append(frame.loc[common, [*CELL, "value", "status"]])
    both = covered[0].merge(
        covered[1], on=CELL, how="outer", suffixes=("_before", "_after"), indicator="kind"
    )
    both["kind"] = both["kind"].map({"left_only": "gone", "right_only": "listed"}).astype(object)
    return both.dropna(subset=["kind"])


def _columns(before: dict, after: dict) -> list[dict]:
    old, new = (entry.get("publishers_columns", {}) for entry in (before, after))
    changes = []
    for measure in sorted(set(old) | set(new)) if old and new else []:
        was, now = old.get(measure), new.get(measure)
        if was != now:
            change = "renamed" if was and now else "gained" if now else "lost"
            changes.append(
                {"measure": measure, "change": change, "column_before": was, "column_after": now}
            )
    return changes


# Reports


def reports(
    area_code: str, document: dict, before: dict | None, as_of: str, data_dir: Path
) -> dict:
    """What changed since the report before, as the document changes.json.

    `before`: that report's verdicts document with `month` (its folder) and `held` (the tables it
    was made from, see held_tables; None where it does not say). Each changed verdict says why: of
    CAUSES, those that moved it when taken one at a time in the order rules, figures on the same
    window, new year.
    """
    if before is None:
        return {
            "since": None,
            "verdicts": [],
            "figures_changed": None,
            "rules_changed": None,
            "new_years": None,
            "revisions": None,
        }
    figures, rules = _changed(before, document)
    old, new = _verdicts(before), _verdicts(document)
    moved = [name for name, word in new.items() if old.get(name) != word]
    why = _why(area_code, old, new, before, document, as_of, data_dir) if moved else {}
    return {
        "since": before["month"],
        "verdicts": [
            {"what": name, "before": old.get(name), "after": new[name], "why": why[name]}
            for name in moved
        ],
        "figures_changed": figures,
        "rules_changed": rules,
        **_figures(area_code, before["held"], data_dir),
    }


def report_words(changes: dict) -> str:
    """What changes.json says, in sentences, a line a paragraph, for the first page of a report."""
    if changes["since"] is None:
        return "This is the first report for this area and window."
    what = {
        (True, True): "figures and rules both changed",
        (True, False): "figures changed",
        (False, True): "rules changed",
        (False, False): "neither figures nor rules changed",
    }
    cause = what[changes["figures_changed"], changes["rules_changed"]]
    start = f"Since the report of {wording.month_words(changes['since'])} ({cause}):"
    told = [start + (" verdicts changed." if changes["verdicts"] else " no verdict changed.")]
    told += [
        _said(v["what"], v["before"], v["after"])
        + (f", because {' and '.join(CAUSES[cause] for cause in v['why'])}." if v["why"] else ".")
        for v in changes["verdicts"]
    ]
    if changes["new_years"]:
        told.append(
            f"Figures came in for the year to March {' and '.join(map(str, changes['new_years']))}."
        )
    if changes["revisions"]:
        cells = pd.DataFrame(changes["revisions"])
        kinds = ", ".join(
            f"{count} {KINDS[kind]}"
            for kind, count in cells["kind"].value_counts(sort=False).items()
        )
        told.append(
            f"Figures of this area published before that are no longer the same: {kinds} "
            f"({'; '.join(cell_lines(cells, {}, FEW))})."
        )
    return "\n".join(told)


def _said(what: str, before: str | None, after: str) -> str:
    """A changed verdict in the words that the page has for it; a hypothesis not asked before had
    none.
    """
    words = (
        {word: shown.partition(" ")[2] for word, shown in exhibits.RISE.items()}
        if what == "premise"
        else {word: shown.lower() for word, shown in wording.VERDICTS.items()}
    )
    asked = (
        "Did open plans rise beyond ordinary swings? It"
        if what == "premise"
        else f"{wording.HYPOTHESES[what][0].upper()}{wording.HYPOTHESES[what][1:]}: it"
    )
    was = f"said “{words.get(before, before)}” and now" if before else "was not asked and now"
    return f"{asked} {was} says “{words[after]}”"


def held_tables(data_dir: str | Path | None = None) -> dict[str, str]:
    """source/edition/table → hash of its file: what a report was made from."""
    return {"/".join(key): entry["our_file_sha256"] for key, entry in _entries(data_dir).items()}


def _figures(area_code: str, held: dict[str, str] | None, data_dir: Path) -> dict:
    """The years that tables come in since have brought, and this area's figures that they
    changed.
    """
    if held is None:
        return {"new_years": None, "revisions": None}
    since = {
        tuple(name.split("/"))
        for name, sha256 in held_tables(data_dir).items()
        if held.get(name) != sha256
    }
    changed = editions(built.load(data_dir), data_dir).only(since)
    return {
        "new_years": sorted({int(year) for year in changed.years["year"]}),
        "revisions": records(changed.where("area_code", area_code).cells),
    }


def _verdicts(document: dict) -> dict[str, str]:
    return {"premise": document["premise"]["verdict"]} | {
        h["hypothesis"]: h["verdict"] for h in document["hypotheses"]
    }


def _changed(before: dict, document: dict) -> tuple[bool, bool]:
    """Whether figures and rules changed."""
    return tuple(
        before["provenance"][k] != document["provenance"][k]
        for k in ("data_sha256", "rules_sha256")
    )


def _why(
    area_code: str, old: dict, new: dict, before: dict, document: dict, as_of: str, data_dir: Path
) -> dict[str, list[str]]:
    """For each verdict, the causes that move it when rules, figures and window are brought up to
    date in turn.
    """
    window, (figures, rules) = before["window"], _changed(before, document)

    def assessed(folder: Path, month: str) -> dict[str, str]:
        return _verdicts(
            documents.verdicts_document(
                door.load(area_code, window["from"], window["to"], month, folder)
            )
        )

    # The rules and figures of now, on the window of then.
    updated = new if window == document["window"] else assessed(data_dir, as_of)
    ruled = old
    if rules and not figures:
        ruled = updated
    elif rules and before["held"] is not None:
        with tempfile.TemporaryDirectory(prefix="oxcare-") as scratch:
            raw.copy(data_dir, Path(scratch), set(before["held"]))
            ruled = assessed(Path(scratch), before["as_of"])
    elif rules:
        return {name: [] for name in new}  # the report before does not say what it was made from
    stages = {
        "changed_rule": (old, ruled),
        "revised_figures": (ruled, updated),
        "new_year": (updated, new),
    }
    return {
        name: (
            [
                cause
                for cause, (was, now) in stages.items()
                if was.get(name) != now.get(name) and (cause != "revised_figures" or figures)
            ]
            or ["other"]
        )
        for name in new
    }
