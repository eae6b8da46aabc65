"""The core's door: the functions behind the public names of `oxcare_analysis`."""

import dataclasses
import hashlib
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pandas as pd

from oxcare_analysis.hypotheses import judging
from oxcare_analysis.intake import areas as areas_intake
from oxcare_analysis.intake import raw, settings
from oxcare_analysis.tables import kept
from oxcare_analysis.tables import tables as built
from oxcare_analysis.thinking import ledger as ledgers
from oxcare_analysis.thinking import measures
from oxcare_analysis.thinking import premise as premises
from oxcare_analysis.thinking import story as stories
from oxcare_analysis.thinking.findings import Finding
from oxcare_analysis.thinking.models import noise
from oxcare_analysis.thinking.study import Area, Study
from oxcare_analysis.words import paths
from oxcare_analysis.words.columns import MEASURES, SIMULATED
from oxcare_analysis.words.errors import UsageError

FUNNEL = (
    "referrals_received_count",
    "enquiries_started_count",
    "conferences_held_count",
    "plans_started_count",
    "plans_open_count",
)
DEFAULT_AREA, DEFAULT_FIRST_YEAR = "Oxfordshire", 2013
MOST_OF_ENGLAND = 0.40  # of authorities with a verdict, above which it is no news about one of them
# The windows the documents and the turning points of the series suggest; every area gets the same
# ones.
PERIODS = ((2010, 2014), (2013, 2015), (2013, 2018), (2015, 2018), (2018, 2021), (2021, 2024))


def load(
    area: str = DEFAULT_AREA,
    first_year: int | None = None,
    last_year: int | None = None,
    as_of: str = settings.LATEST,
    data_dir: str | Path | None = None,
) -> Study:
    """Everything needed to judge one authority over one window, as a Study.

    `area`: name, ONS code or three-digit code. Years end on 31 March; without them, 2013 (or the
    area's first full year) to the last year with all five funnel counts. `as_of`: use only what was
    published by this month (YYYY-MM). Raises UsageError on an unknown area, window or month;
    DataError where there are no figures.

    >>> load("rotherham", 2013, 2018)
    Study(Rotherham, 2013 to 2018, figures published by 2026-04, children in need edition 2025)
    """
    tables = built.load(data_dir, say=_tell)
    month = settings.month(as_of)
    found = areas_intake.find(tables.areas, area)
    place = (paths.data_dir(data_dir), tables.data_sha256)
    resolved, panel = kept.remembered(("in force", *place, month), lambda: _in_force(tables, month))
    if resolved.empty:
        raise UsageError(
            f"Nothing that is held had been published by {month}. Give a later month, or 'latest'."
        )
    if found["area_code"] not in panel.index:
        raise UsageError(
            f"Nothing on {found['name']} had been published by {month}; its first year is "
            f"{found['first_year']}. Give a later month, or 'latest'."
        )
    mine = Area(
        found["area_code"],
        found["ons_code"],
        found["name"],
        found["region_code"],
        int(found["first_year"]),
        int(found["last_year"]),
    )
    first, last = settings.window(first_year, last_year, _default_window(panel, mine), mine.name)
    return kept.remembered(
        ("study", *place, mine.code, first, last, month),
        lambda: _study(mine, first, last, month, tables, resolved, panel, data_dir),
    )


def areas(text: str = "", data_dir: str | Path | None = None) -> pd.DataFrame:
    """Authorities whose name contains `text` (or is like it): area_code, ons_code, name,
    first_year, last_year.

    >>> areas("roth")["name"].tolist()
    ['Rotherham']
    """
    register = built.load(data_dir, say=_tell).areas
    register = register[register["level"] == "authority"]
    if text:
        register = register[register["name"].isin(areas_intake.matching(register, text, limit=200))]
    columns = ["area_code", "ons_code", "name", "first_year", "last_year"]
    return register[columns].sort_values("name", ignore_index=True)


def find(name: str, data_dir: str | Path | None = None) -> pd.Series:
    """The authority of that name or code, as a row of the register. Raises UsageError naming the
    nearest.
    """
    return areas_intake.find(built.load(data_dir, say=_tell).areas, name)


def premise(study: Study) -> premises.Premise:
    """Did the rate of open plans rise, and how much of it is just this authority?

    >>> premise(load("Oxfordshire", 2013, 2018)).verdict
    'supported'
    """
    return once(study, "premise", lambda: premises.premise(study))


def ledger(study: Study, stock: str = ledgers.PLANS.name) -> ledgers.Ledger:
    """The growth ledger: the change in open plans shared among six drivers, in children, adding up
    exactly.

    `stock`: "plans", or "looked_after" for the children looked after, shared among three.

    >>> ledger(load("Oxfordshire", 2013, 2018)).change
    257.0
    """
    if stock not in ledgers.FLOWS:
        raise UsageError(
            f"There is no ledger of {stock!r}; expected one of {', '.join(ledgers.FLOWS)}."
        )
    return once(study, f"ledger {stock}", lambda: ledgers.ledger(study, ledgers.FLOWS[stock]))


def assess_all(study: Study) -> dict[str, Finding]:
    """All four hypotheses, judged together, by name and in order.

    >>> list(assess_all(load("Oxfordshire", 2013, 2018)))
    ['entry_threshold', 'exit_threshold', 'population_need', 'awareness']
    """
    return dict(once(study, "findings", lambda: _assess_all(study)))


def _assess_all(study: Study) -> dict[str, Finding]:
    found = judging.assess_all(study)
    supported = [name for name, finding in found.items() if finding.verdict == "supported"]
    if not supported or study.area.name.startswith(SIMULATED):
        return found
    table = everywhere(study)[supported]
    shares = table.eq("supported").sum() / table.ne("not_testable").sum()
    return {
        name: (
            dataclasses.replace(
                finding,
                notes=(
                    *finding.notes,
                    (
                        f"as in most of England: {shares[name]:.0%} of "
                        "the authorities it could be tested in"
                    ),
                ),
            )
            if shares.get(name, 0) > MOST_OF_ENGLAND
            else finding
        )
        for name, finding in found.items()
    }


def everywhere(study: Study) -> pd.DataFrame:
    """The same rules over the same window in every authority: one row each (area_code), name and
    four verdicts.

    >>> everywhere(load("Oxfordshire", 2013, 2018)).loc["931", "exit_threshold"]
    'inconclusive'
    """
    if study.data_dir is None:
        return _everywhere(study)
    # By content: a study's figures may have been replaced in a notebook since they were loaded.
    content = hashlib.sha256(study.panel.to_numpy().tobytes() + study.noise.to_json().encode())
    key = (
        f"{content.hexdigest()}{study.provenance['data_sha256']}{_rules_sha256()}{study.first_year}"
        f"{study.last_year}"
    )
    return kept.cached(
        "everywhere", _sha256(key), lambda: _everywhere(study).reset_index(), study.data_dir
    ).set_index("area_code")


def _everywhere(study: Study) -> pd.DataFrame:
    rows = {}
    for code in study.authorities.index.unique("area_code"):
        area = dataclasses.replace(
            study.area,
            code=code,
            name=study.names[code],
            region_code=study.provenance["regions"][code],
        )
        part = dataclasses.replace(
            study, area=area, neighbours=study.provenance["neighbours"].get(code, ())
        )
        rows[code] = {"name": area.name} | judging.words(part)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("area_code")


def assess(study: Study, hypothesis: str) -> Finding:
    """One hypothesis, judged beside the others (their p-values are adjusted together).

    >>> assess(load("Oxfordshire", 2013, 2018), "exit_threshold").verdict
    'inconclusive'
    """
    if hypothesis not in judging.NAMES:
        raise UsageError(
            f"There is no hypothesis called {hypothesis!r}; expected one of"
            f" {', '.join(judging.NAMES)}."
        )
    return assess_all(study)[hypothesis]


def story(study: Study) -> stories.Story:
    """The same questions over six windows, side by side (PERIODS), plus the study's own.

    >>> len(story(load("Oxfordshire", 2013, 2018)).table)
    6
    """
    return once(study, "story", lambda: _story(study))


def _story(study: Study) -> stories.Story:
    windows = sorted({*PERIODS, (study.first_year, study.last_year)}, key=lambda w: (w[0], w[1]))
    rows = []
    for first, last in windows:
        if not study.area.first_year <= first < last <= study.area.last_year:
            continue
        part = dataclasses.replace(study, first_year=first, last_year=last)
        p, findings = premise(part), assess_all(part)
        moved = [f for f in findings.values() if f.beyond_noise]
        rows.append(
            {
                "first_year": first,
                "last_year": last,
                "open_from": p.open_from,
                "open_to": p.open_to,
                "rate_from": p.rate_from,
                "rate_to": p.rate_to,
                "premise": p.verdict,
                **{name: f.verdict for name, f in findings.items()},
                "moved": "; ".join(f.primary.label for f in moved),
                "said": judging.told(p, moved, study),
            }
        )
    columns = [
        "first_year",
        "last_year",
        "open_from",
        "open_to",
        "rate_from",
        "rate_to",
        "premise",
        *judging.NAMES,
        "moved",
        "said",
    ]
    return stories.Story(study.area.name, study.source, pd.DataFrame(rows, columns=columns))


def once(study: Study, name: str, make):
    """A result on a study, kept with it: `make` is called where there is none of that name yet."""
    if name not in study.found:
        study.found[name] = make()
    return study.found[name]


def _tell(line: str) -> None:
    print(line, file=sys.stderr)


def _default_window(panel: pd.DataFrame, area: Area) -> tuple[int, int]:
    """2013, or the area's first year, to its last year with all five funnel counts (where none,
    England's last).
    """
    full = panel.reindex(columns=list(FUNNEL)).notna().all(axis=1)
    first = max(DEFAULT_FIRST_YEAR, area.first_year)
    held = [year for (code, year), yes in full.items() if yes and code == area.code]
    anywhere = [year for (_, year), yes in full.items() if yes]
    if held and max(anywhere) <= first > settings.EARLIEST_YEAR >= area.first_year:
        first = settings.EARLIEST_YEAR  # an early as-of month: all that was out by then
    years = [year for year in held if year >= first]
    return first, max(years, default=max(first, min(area.last_year, max(anywhere, default=first))))


def _in_force(tables: built.Tables, month: str | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The figures in force in a month, and as a panel with the derived counts."""
    resolved = built.resolve(tables, month)
    return resolved, measures.derive(built.panel(resolved).reindex(columns=list(MEASURES)))


def _study(
    mine: Area,
    first: int,
    last: int,
    month: str | None,
    tables: built.Tables,
    resolved: pd.DataFrame,
    panel: pd.DataFrame,
    data_dir: str | Path | None,
) -> Study:
    key = f"{tables.data_sha256}{built.code_sha256()}"
    known_by = month or built.newest_month(
        tables
    )  # 'latest' and the newest month let in the same figures
    place = (paths.data_dir(data_dir), tables.data_sha256)

    def checked() -> pd.DataFrame:
        return kept.remembered(
            ("checks", *place),
            lambda: kept.cached(
                "checks", _sha256(key), lambda: _checks(tables, data_dir), data_dir
            ),
        )

    # In this process too: studies of one noise model share what is worked out of all authorities.
    fitted = kept.remembered(
        ("noise", *place, month),
        lambda: kept.cached(
            "noise",
            _sha256(f"{key}{known_by}{_code_sha256('measures.py', 'models/noise.py')}"),
            lambda: _fit_noise(panel, meanwhile=checked),
            data_dir,
        ),
    )
    neighbours = kept.remembered(("neighbours", *place), lambda: _neighbours(tables))
    too_few_years = month is not None and fitted["a"].isna().any()
    if (
        too_few_years
    ):  # how noisy a measure is does not depend on what was out; the report says where it is from
        fitted = load(mine.name, None, None, settings.LATEST, data_dir).noise
    checks = checked()
    editions = (
        resolved.groupby("source")["edition"]
        .agg(lambda e: max(e.unique(), key=raw.edition_order))
        .to_dict()
    )
    revised = resolved.loc[resolved["revised"] & resolved["area_code"].eq(mine.code), "edition"]
    return Study(
        mine,
        first,
        last,
        known_by,
        panel,
        resolved,
        fitted,
        neighbours.get(mine.code, ()),
        dict(zip(tables.areas["area_code"], tables.areas["name"], strict=True)),
        checks[checks["area_code"].eq(mine.code) & checks["year"].le(resolved["year"].max())],
        built.events(mine.name, data_dir),
        {
            "editions": editions,
            "data_sha256": tables.data_sha256,
            "code_version": metadata.version("oxcare_analysis"),
            "rules_sha256": _rules_sha256(),
            "values_as_revised_in": max(revised, default=None),
            "noise_model": "all years held" if too_few_years else "years let in",
            "neighbours": neighbours,
            "regions": dict(
                zip(tables.areas["area_code"], tables.areas["region_code"], strict=True)
            ),
        },
        paths.data_dir(data_dir),
        kept.remembered(("shared", *place, month), dict),
    )


def _neighbours(tables: built.Tables) -> dict[str, tuple[str, ...]]:
    """Statistical neighbours of each authority in the newest model that has it, nearest first."""
    rows = tables.neighbours
    newest = rows[rows["model_year"] == rows.groupby("area_code")["model_year"].transform("max")]
    return newest.sort_values("rank").groupby("area_code")["neighbour_code"].agg(tuple).to_dict()


def _fit_noise(panel: pd.DataFrame, meanwhile: Callable[[], object]) -> pd.DataFrame:
    _tell(
        "Measuring how noisy each measure is, over all authorities (once for each change of the"
        " figures) ..."
    )
    people = measures.authorities(panel)
    return noise.fit_all({m: measures.series(people, m) for m in measures.RATIOS}, meanwhile)


def _checks(tables: built.Tables, data_dir: str | Path | None) -> pd.DataFrame:
    from oxcare_analysis.tables import (
        checks,
    )  # what is checked once for each change of the figures is imported then

    return checks.run(tables, data_dir).astype({"severity": str})


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _code_sha256(*names: str) -> str:
    """One hash over these files of thinking."""
    return _sha256(
        "".join((paths.PACKAGE / "thinking" / name).read_text(encoding="utf-8") for name in names)
    )


def _rules_sha256() -> str:
    """One hash over the code that decides: the thinking and the hypotheses."""
    digest = hashlib.sha256()
    for folder in ("thinking", "hypotheses"):
        for path in sorted((paths.PACKAGE / folder).rglob("*.py")):
            digest.update(path.relative_to(paths.PACKAGE).as_posix().encode())
            digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()
