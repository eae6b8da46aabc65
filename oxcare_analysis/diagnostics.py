"""What stands beside a verdict: trends, comparisons, life tables, regressions, bounds, events,
months.
"""

import dataclasses
import hashlib
from pathlib import Path

import pandas as pd

from oxcare_analysis import door, figures
from oxcare_analysis.hypotheses import judging
from oxcare_analysis.intake import raw
from oxcare_analysis.local import disclosed, store
from oxcare_analysis.tables import kept
from oxcare_analysis.tables import tables as built
from oxcare_analysis.thinking import care_endings as endings
from oxcare_analysis.thinking import comparable as stacked
from oxcare_analysis.thinking import compare as comparisons
from oxcare_analysis.thinking import decompose as trends
from oxcare_analysis.thinking import errors as uncertainties
from oxcare_analysis.thinking import events as studies
from oxcare_analysis.thinking import lifetable as lifetables
from oxcare_analysis.thinking import measures
from oxcare_analysis.thinking import months as monthly
from oxcare_analysis.thinking import specification as curves
from oxcare_analysis.thinking import story as stories
from oxcare_analysis.thinking.models import noise
from oxcare_analysis.thinking.models import regression as regressions
from oxcare_analysis.thinking.study import Study
from oxcare_analysis.words.errors import UsageError

# The row of the council's table of routes into care.
FROM_PLANS = "looked_after_started_after_protection_plan_count"
SIMULATED = (
    "Source: simulated records of an authority that does not exist. {} Analysis: oxcare_analysis."
)


def decompose(study: Study, measure: str) -> trends.Trend:
    """A measure's path as national + regional + neighbour + local parts that add up.

    >>> from oxcare_analysis import load
    >>> decompose(load("Oxfordshire", 2013, 2018), "exit_rate").table["year"].tolist()
    [2013, 2014, 2015, 2016, 2017, 2018]
    """
    _known_ratio(measure)
    return trends.decompose(study, measure)


def compare(study: Study, measure: str) -> comparisons.Comparison:
    """One measure through the years beside England and the statistical neighbours.

    >>> from oxcare_analysis import load
    >>> compare(load("Oxfordshire", 2013, 2018), "open_per_child").table["value"].round(1).iloc[-7:-5].tolist()
    [41.3, 37.6]
    """
    _known_ratio(measure)
    return comparisons.compare(study, measure)


def exits(study: Study) -> lifetables.LifeTable:
    """Exit hazards by time on a plan and the stay they imply, beside England and neighbours.

    >>> from oxcare_analysis import load
    >>> exits(load("Oxfordshire", 2013, 2018)).table.query("year == 2013")["value"].round(1).item()
    12.1
    """
    return lifetables.lifetable(study)


def regression(study: Study, hypothesis: str) -> regressions.Regression:
    """The hypothesis's primary as a named statsmodels model: formula in words, coefficients,
    residual check.

    >>> from oxcare_analysis import load
    >>> regression(load("Oxfordshire", 2013, 2018), "entry_threshold").table["term"].tolist()
    ['constant', 'trend a year']
    """
    if hypothesis not in judging.NAMES:
        raise UsageError(
            f"There is no hypothesis called {hypothesis!r}; expected one of"
            f" {', '.join(judging.NAMES)}."
        )
    if hypothesis == "population_need":
        return regressions.growth_on_children(study)
    primary = judging.primary(study, hypothesis)
    if primary.measure == "exit_hazard_6_plus":
        return regressions.exits_by_band(study)
    return regressions.rate_trend(study, primary.measure)


def specifications(study: Study, hypothesis: str) -> curves.Specifications:
    """The specification curve: the same question asked in every reasonable way, one row each.

    For entry_threshold, exit_threshold and awareness; population_need has one measure, made of
    comparisons already.

    >>> from oxcare_analysis import load
    >>> len(specifications(load("Oxfordshire", 2013, 2018), "entry_threshold").table) <= 100
    True
    """
    if hypothesis not in judging.HOLM_FAMILY:
        raise UsageError(
            f"There is no specification curve for {hypothesis!r}; expected one of "
            f"{', '.join(judging.HOLM_FAMILY)}."
        )
    rules = judging.module(hypothesis)
    return door.once(
        study,
        f"specifications {hypothesis}",
        lambda: curves.specifications(
            study,
            hypothesis,
            rules.ALTERNATIVES,
            judging.primary(study, hypothesis).measure,
            rules.DIRECTION,
        ),
    )


def recording(study: Study) -> stories.Recording:
    """The register of recording changes in the window: jumps in no-need share, source swaps,
    low-reliability years ...

    With the verdicts each could move, and those that would be others with its points left out.

    >>> from oxcare_analysis import load
    >>> 2016 in set(recording(load("Oxfordshire", 2013, 2018)).table["year"])
    True
    """
    return stories.Recording(
        study.area.name,
        study.first_year,
        study.last_year,
        study.source,
        judging.recorded(study, door.assess_all(study)),
    )


def months(
    study: Study,
    measure: str = "referrals_received",
    own: bool = False,
    data_dir: str | Path | None = None,
    protect: bool = True,
) -> monthly.Months:
    """A measure by month: trend, season and remainder, steps at dated events, the likeliest break
    and its interval.

    Published: referrals received, every month held. `own`: the analyst's own months (data/local),
    which name no area: `study` gives them its dated events. They come as they may be shown: counts
    under ten held back, the rest rounded, models fitted on that (docs/disclosure.md);
    `protect=False` gives exact counts, which no refresh uses, and charts that do not hand
    themselves over. Raises UsageError on a measure that has no months.

    >>> from oxcare_analysis import load
    >>> months(load("Oxfordshire")).last
    '2024-03'
    """
    known = monthly.LABELS if own else monthly.PUBLISHED
    if measure not in known:
        raise UsageError(
            f"There is nothing by month called {measure!r}; expected one of {', '.join(known)}"
            + ("." if own else ", or own=True for months of your own.")
        )
    if not own:
        return monthly.months(study, measure)
    held = raw.read_months(data_dir)
    given = disclosed.shown("months", held, data_dir=data_dir) if protect and len(held) else None
    simulated = store.simulated(data_dir)
    of = (
        dataclasses.replace(study, events=study.events.iloc[:0]) if simulated else study
    )  # no event happened to it
    found = (
        monthly.months(of, measure, held)
        if given is None
        else monthly.months(of, measure, given.values, given.statuses)
    )
    return (
        dataclasses.replace(
            found,
            area="SIMULATED RECORDS",
            source=SIMULATED.format(monthly.EXACT if given is None else monthly.PROTECTED),
        )
        if simulated
        else found
    )


def care_endings(study: Study, data_dir: str | Path | None = None) -> endings.CareEndings:
    """Plans that ended because the child came into care: bounds on how many, and the exit rate
    without them.

    >>> from oxcare_analysis import load
    >>> care_endings(load("Oxfordshire", 2013, 2018)).table.query("stated")["into_care_high"].tolist()
    [123.0, 163.0]
    """
    rows = figures.stated_by(study, data_dir)
    rows = rows[(rows["measure"] == FROM_PLANS) & rows["period"].str.fullmatch(r"20\d\d/\d\d")]
    stated = pd.Series(
        rows["value"].astype(float).to_numpy(), (rows["period"].str[:4].astype(int) + 1).to_numpy()
    )
    return endings.care_endings(study, stated)


def events(study: Study, measure: str = "referrals_per_child") -> studies.EventStudy:
    """What `measure` and referrals by source did after dated local events, against all other
    authorities.

    >>> from oxcare_analysis import load
    >>> sorted(set(events(load("Oxfordshire", 2013, 2018)).table["year"]))
    [2013, 2014, 2015, 2016, 2017]
    """
    _known_ratio(measure)
    return studies.events(study, measure)


def comparable_events(
    study: Study,
    kind: str = "publicity",
    measure: str = "referrals_per_child",
    data_dir: str | Path | None = None,
) -> stacked.ComparableEvents:
    """What followed one kind of dated event in every authority that had one, against all others.

    `kind`: as in events.csv; publicity is a trial or inquiry, in the national news, about children
    exploited here.

    >>> from oxcare_analysis import load
    >>> "Rotherham" in set(comparable_events(load("Oxfordshire", 2013, 2018)).each["area"])
    True
    """
    _known_ratio(measure)
    dated = built.events(data_dir=data_dir)
    if kind not in set(dated["kind"]):
        raise UsageError(
            f"There is no kind of event called {kind!r}; expected one of "
            f"{', '.join(sorted(set(dated['kind'])))}."
        )
    found = study.of_all(
        ("comparable events", kind, measure, dated.to_csv(), tuple(study.names.items())),
        lambda: stacked.comparable(study, dated, kind, measure),
    )
    return dataclasses.replace(
        found,
        area=study.area.name,
        source=study.source,
        each=found.each.copy(),
        table=found.table.copy(),
    )


def errors(
    study: Study, hypothesis: str, data_dir: str | Path | None = None
) -> uncertainties.Errors:
    """The change of a hypothesis's primary with its standard error counted in four ways, side by
    side.

    For entry_threshold, exit_threshold and awareness. The bootstrap of the noise model is kept with
    the tables.

    >>> from oxcare_analysis import load
    >>> len(errors(load("Oxfordshire", 2013, 2018), "exit_threshold").table)
    4
    """
    if hypothesis not in judging.HOLM_FAMILY:
        raise UsageError(
            f"ox.errors takes one of {', '.join(judging.HOLM_FAMILY)}; got {hypothesis!r}. The"
            " primary of population_need is made of other authorities' changes, not a ratio of two"
            " counts, so counting noise has no meaning for it."
        )
    measure = judging.primary(study, hypothesis).measure
    series = measures.series(study.authorities, measure)[["log", "n"]]
    content = series.to_csv().encode() + Path(noise.__file__).read_bytes().replace(b"\r\n", b"\n")
    replicates = kept.cached(
        f"bootstrap_{measure}",
        hashlib.sha256(content).hexdigest(),
        lambda: noise.bootstrap(series["log"], series["n"]),
        data_dir,
    )
    return uncertainties.errors(study, measure, replicates)


def _known_ratio(measure: str) -> None:
    if measure not in measures.RATIOS:
        raise UsageError(
            f"There is no ratio called {measure!r}; expected one of {', '.join(measures.RATIOS)}."
        )
