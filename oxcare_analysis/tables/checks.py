"""Every check of the published figures, as one table with severities.

error  a figure that cannot be right, or that nobody has looked at yet
known  looked at before: the reason is in data/known_problems.csv
note   worth knowing beside a result; never stops anything
"""

from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from oxcare_analysis.intake import raw, registers
from oxcare_analysis.tables.tables import Tables, panel, resolve, revisions
from oxcare_analysis.words.columns import (
    BANDS,
    CATEGORIES,
    ENGLAND,
    LEVELS,
    MEASURES,
    MONTHS,
    SOURCES,
    STATUSES,
    SUPPRESSED,
)
from oxcare_analysis.words.panel import year_before

COLUMNS = ["check", "severity", "area_code", "year", "measure", "found", "expected", "reason"]
IDENTITY_TOLERANCE = (
    0.10  # stock-flow residual as a share of mean stock; median .3%, 95th percentile 4.7%
)
SHARE_JUMP = 0.15  # a share of referrals that moves this much in a year is looked at
SWAP = 0.10  # so is one that moves this much while another takes up most of it
POPULATION_JUMP = 0.01  # a population this far from the one it is set beside rests on another basis
FIRST_ON_CENSUS_2011 = 2012  # mid-2011: the years before rest on the census of 2001
ENGLAND_TOLERANCE = 0.005  # suppressed and missing authorities, and rounding to 10
# Parts that must add up to their whole: check name → (whole, parts).
BREAKDOWNS = {
    "bands of open plans": ("plans_open_count", [f"plans_open_{b}_months_count" for b in BANDS]),
    "bands of ended plans": ("plans_ended_count", [f"plans_ended_{b}_months_count" for b in BANDS]),
    "categories of plans started": (
        "plans_started_count",
        [f"plans_started_{c}_count" for c in CATEGORIES],
    ),
    "categories of open plans": ("plans_open_count", [f"plans_open_{c}_count" for c in CATEGORIES]),
    "sources of referrals": (
        "referrals_received_count",
        [f"referrals_from_{s}_count" for s in SOURCES],
    ),
    "months of referrals": (
        "referrals_received_count",
        [f"referrals_in_{m}_count" for m in MONTHS],
    ),
}
ENGLAND_TOTALS = (
    "plans_open_count",
    "plans_started_count",
    "plans_ended_count",
    "enquiries_started_count",
    "conferences_held_count",
    "referrals_received_count",
    "children_0_17_count",
)
FUNNEL_STEPS = (
    ("plans_started_count", "conferences_held_count"),
    ("conferences_held_count", "enquiries_started_count"),
)

FIGURES_SCHEMA = pa.DataFrameSchema(
    {
        "level": pa.Column(str, pa.Check.isin(LEVELS)),
        "status": pa.Column(str, pa.Check.isin(STATUSES)),
        "measure": pa.Column(str, pa.Check.isin(list(MEASURES))),
        "year": pa.Column(int, pa.Check.in_range(2000, 2100)),
        "value": pa.Column(float, pa.Check.ge(0), nullable=True),
    },
    checks=pa.Check(
        lambda f: ~((f["status"] == SUPPRESSED) & f["value"].notna()),
        error="suppressed has no number",
    ),
    unique=["source", "edition", "table", "area_code", "year", "measure"],
)


def run(tables: Tables, data_dir: str | Path | None = None) -> pd.DataFrame:
    """Run every check.

    Returns columns check, severity (error, known or note), area_code, year, measure, found,
    expected, reason; errors first. Raises pandera's SchemaError where the figures table itself is
    malformed.
    """
    FIGURES_SCHEMA.validate(tables.figures)
    numbers = panel(resolve(tables)).reindex(columns=list(MEASURES))
    authorities = numbers[numbers.index.get_level_values("area_code").str.fullmatch(r"\d{3}")]
    found = [
        _changed_by_hand(data_dir),
        _left_out(tables.figures),
        _identity(authorities),
        _breakdowns(tables.figures),
        _england(numbers, authorities),
        _funnel(authorities),
        _totals_agree(tables.figures),
        _rates(tables),
        _jumps(authorities),
        _swaps(authorities),
        _rebased(authorities),
        _low_reliability(tables.figures),
        _revised(tables),
    ]
    failed = [f for f in found if len(f)] or [pd.DataFrame(columns=COLUMNS)]
    rows = pd.concat(failed, ignore_index=True).reindex(columns=COLUMNS)
    return _with_reasons(rows, registers.known_problems(data_dir)).sort_values(
        ["severity", "check", "area_code", "year"], ignore_index=True
    )


def implied_ends(numbers: pd.DataFrame) -> pd.Series:
    """Plans that must have ended for the stock to move as published: opening stock + starts −
    closing stock.
    """
    opening = year_before(numbers["plans_open_count"])
    return opening + numbers["plans_started_count"] - numbers["plans_open_count"]


def _rows(check: str, severity: str, hits: pd.DataFrame) -> pd.DataFrame:
    """Failures, indexed by (area_code, year) with measure, found and expected, in the common
    shape.
    """
    return hits.reset_index().assign(check=check, severity=severity)


def _changed_by_hand(data_dir: str | Path | None) -> pd.DataFrame:
    """A table held is as it was when it was taken in, by the hash in its source.yml."""
    hits = [
        (
            ENGLAND,
            int(edition[:4]),
            "",
            f"{source}/{edition}/{table}.csv changed by hand",
            "the hash in source.yml; add the publisher's file again",
        )
        for source, edition, table in raw.changed_since(data_dir)
    ]
    return pd.DataFrame(hits, columns=["area_code", "year", "measure", "found", "expected"]).assign(
        check="changed by hand", severity="error"
    )


def _left_out(figures: pd.DataFrame) -> pd.DataFrame:
    """An authority that one of the department's tables has for a year is in every table of that
    year.
    """
    official = figures[
        (figures["source"] == "children_in_need") & (figures["level"] == "authority")
    ]
    table = ["edition", "table", "year"]
    rows = official[[*table, "area_code"]].drop_duplicates()
    wanted = (
        rows[table]
        .drop_duplicates()
        .merge(rows[["area_code", "year"]].drop_duplicates(), on="year")
    )
    wanted = wanted.merge(rows, how="left", indicator=True)
    first = official.drop_duplicates(table).set_index(table)["measure"]
    lost = wanted[wanted["_merge"] == "left_only"].join(first, on=table)
    return _rows(
        "authority left out",
        "error",
        lost.assign(
            found="no row in " + lost["table"] + ", edition " + lost["edition"],
            expected="a row, as in other tables of the year",
        ).set_index(["area_code", "year"])[["measure", "found", "expected"]],
    )


def _identity(numbers: pd.DataFrame) -> pd.DataFrame:
    stock = numbers["plans_open_count"]
    mean_stock = (stock + year_before(stock)) / 2
    residual = numbers["plans_ended_count"] - implied_ends(numbers)
    bad = (residual.abs() > IDENTITY_TOLERANCE * mean_stock) & (residual.abs() > 5)
    hits = pd.DataFrame(
        {
            "measure": "plans_ended_count",
            "found": numbers["plans_ended_count"].map("{:.0f}".format),
            "expected": implied_ends(numbers).map("{:.0f} implied by the stock".format),
        }
    )[bad]
    return _rows("stock and flow", "error", hits)


def _breakdowns(figures: pd.DataFrame) -> pd.DataFrame:
    """Within one table of one edition, published parts never exceed the whole, and equal it when
    all are published.
    """
    parts = []
    for check, (whole, names) in BREAKDOWNS.items():
        table = figures[figures["measure"].isin(names)]
        places = table[["source", "edition", "table"]].drop_duplicates()
        for place in places.itertuples(index=False):
            mine = figures[
                (figures["edition"] == place.edition)
                & (figures["table"] == place.table)
                & (figures["level"] == "authority")
            ]
            wide = mine.pivot(index=["area_code", "year"], columns="measure", values="value")
            total, count = wide[names].sum(axis=1), wide[names].notna().sum(axis=1)
            bad = ((total > wide[whole]) | ((count == len(names)) & (total != wide[whole]))) & wide[
                whole
            ].notna()
            parts.append(
                _rows(
                    check,
                    "error",
                    pd.DataFrame(
                        {
                            "measure": whole,
                            "found": total.map("{:.0f} over the parts".format),
                            "expected": wide[whole].map("{:.0f}".format),
                        }
                    )[bad],
                )
            )
    return pd.concat(parts) if parts else pd.DataFrame()


def _england(numbers: pd.DataFrame, authorities: pd.DataFrame) -> pd.DataFrame:
    """England equals the sum of its authorities, but for rounding, suppression and authorities not
    supplied.
    """
    rows = []
    for measure in ENGLAND_TOTALS:
        if ENGLAND not in numbers.index:
            continue
        printed = numbers.loc[ENGLAND, measure].dropna()
        total = authorities[measure].groupby("year").sum(min_count=1)
        for year, value in printed.items():
            short = abs(total.get(year, 0) - value) > max(ENGLAND_TOLERANCE * value, 10)
            if short:
                rows.append(
                    (
                        ENGLAND,
                        year,
                        measure,
                        f"{total.get(year, 0):.0f} over the authorities",
                        f"{value:.0f}",
                    )
                )
    hits = pd.DataFrame(rows, columns=["area_code", "year", "measure", "found", "expected"])
    return hits.assign(check="England and its authorities", severity="error")


def _funnel(numbers: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for later, earlier in FUNNEL_STEPS:
        bad = numbers[later] > numbers[earlier]
        parts.append(
            _rows(
                "more than the step before",
                "error",
                pd.DataFrame(
                    {
                        "measure": later,
                        "found": numbers[later].map("{:.0f}".format),
                        "expected": (
                            numbers[earlier].map(
                                f"at most {{:.0f}} ({MEASURES[earlier].label})".format
                            )
                        ),
                    }
                )[bad],
            )
        )
    return pd.concat(parts)


def _totals_agree(figures: pd.DataFrame) -> pd.DataFrame:
    """The same total printed in two tables of the same source is the same."""
    both = figures[
        (figures["level"] == "authority")
        & figures["value"].notna()
        & figures["measure"].isin(
            [
                "plans_open_count",
                "plans_started_count",
                "plans_ended_count",
                "referrals_received_count",
            ]
        )
    ]
    spread = both.groupby(["area_code", "year", "measure"])["value"].agg(["min", "max"])
    bad = spread[spread["min"] < spread["max"]].reset_index(level="measure")
    return _rows(
        "one total, two tables",
        "error",
        bad.assign(
            found=bad["min"].map("{:.0f}".format), expected=bad["max"].map("{:.0f}".format)
        ).drop(columns=["min", "max"]),
    )


def _rates(tables: Tables) -> pd.DataFrame:
    """A published rate equals its count over the population of the same edition, to the published
    decimal.
    """
    parts = []
    official = tables.figures[tables.figures["source"] == "children_in_need"]
    for edition in official["edition"].unique():
        wide = (
            official[(official["edition"] == edition) & (official["level"] == "authority")]
            .drop_duplicates(["area_code", "year", "measure"])
            .pivot(index=["area_code", "year"], columns="measure", values="value")
        )
        wide = wide.reindex(columns=sorted({*wide, "children_0_17_count"}))
        for rate in [
            m for m in wide if m.endswith("_rate_10k") and m.replace("_rate_10k", "_count") in wide
        ]:
            count = rate.replace("_rate_10k", "_count")
            ours = wide[count] / wide["children_0_17_count"] * 10_000
            bad = (ours - wide[rate]).abs() > 0.051
            parts.append(
                _rows(
                    "published rate",
                    "error",
                    pd.DataFrame(
                        {
                            "measure": rate,
                            "found": wide[rate].map("{:.1f}".format),
                            "expected": ours.map("{:.2f} from count and population".format),
                        }
                    )[bad],
                )
            )
    return pd.concat(parts) if parts else pd.DataFrame()


def recording_shares(numbers: pd.DataFrame) -> pd.DataFrame:
    """Shares of referrals that move when recording changes: no-need share, its two halves, each
    source, and unnamed.

    No-need share is (closed with no further action + assessed as not in need) ÷ referrals, always
    the two together. Unnamed is other and unknown sources together.
    """
    received = numbers["referrals_received_count"]
    shares = {
        "no_further_action_count": numbers["no_further_action_count"] / received,
        "not_in_need_count": numbers["not_in_need_count"] / received,
    }
    shares["no_need_count"] = shares["no_further_action_count"] + shares["not_in_need_count"]
    shares["referrals_unnamed_count"] = (
        numbers["referrals_from_other_count"] + numbers["referrals_from_unknown_count"]
    ) / received
    shares |= {
        f"referrals_from_{s}_count": numbers[f"referrals_from_{s}_count"] / received
        for s in SOURCES
    }
    education = (
        numbers["referrals_from_schools_count"] + numbers["referrals_from_education_services_count"]
    )
    shares["referrals_from_schools_count"] = education / received
    del shares[
        "referrals_from_education_services_count"
    ]  # merged above: authorities move cases between the two
    return pd.DataFrame(shares)


def _jumps(numbers: pd.DataFrame) -> pd.DataFrame:
    shares = recording_shares(numbers)
    parts = []
    for measure, share in shares.items():
        before = year_before(share)
        jump = (share - before).abs() > SHARE_JUMP
        parts.append(
            _rows(
                "share of referrals jumps",
                "note",
                pd.DataFrame(
                    {
                        "measure": measure,
                        "found": share.map("{:.0%}".format),
                        "expected": before.map("near {:.0%}, the year before".format),
                    }
                )[jump],
            )
        )
    return pd.concat(parts)


def _swaps(numbers: pd.DataFrame) -> pd.DataFrame:
    """Two shares of referrals that move opposite ways by about as much: cases were moved from one
    name to the other.
    """
    parts = []
    for one, other in (
        ("no_further_action_count", "not_in_need_count"),
        ("referrals_from_schools_count", "referrals_from_education_services_count"),
    ):
        now = numbers[[one, other]].div(numbers["referrals_received_count"], axis=0)
        before = now.apply(year_before)
        moves = now - before
        smaller = moves.abs().min(axis=1, skipna=False)
        swapped = (
            (smaller > SWAP)
            & (moves[one] * moves[other] < 0)
            & (moves.sum(axis=1).abs() < smaller / 2)
        )
        found, earlier = (
            shares[one].map("{:.0%}".format) + " and " + shares[other].map("{:.0%}".format)
            for shares in (now, before)
        )
        parts.append(
            _rows(
                "categories of referrals swapped",
                "note",
                pd.DataFrame(
                    {
                        "measure": one,
                        "found": found,
                        "expected": "near " + earlier + ", the year before",
                    }
                )[swapped],
            )
        )
    return pd.concat(parts)


def _rebased(numbers: pd.DataFrame) -> pd.DataFrame:
    """Populations on another basis than those beside them.

    The first year on the census of 2011 where it grew unlike the authority's other years, and years
    in which the department's own rate rests on a population other than the newest.
    """
    children = numbers["children_0_17_count"]
    implied = numbers["referrals_received_count"] / numbers["referrals_received_rate_10k"] * 10_000
    growth = children / year_before(children)
    usual = growth.groupby("area_code").transform("median") * year_before(children)
    census = children.index.get_level_values("year") == FIRST_ON_CENSUS_2011
    parts = []
    for beside, words, looked_at in (
        (usual, "had it grown as in other years", census),
        (implied, "implied by the published rate", True),
    ):
        off = ((children / beside - 1).abs() > POPULATION_JUMP) & looked_at
        parts.append(
            _rows(
                "population rebased",
                "note",
                pd.DataFrame(
                    {
                        "measure": "children_0_17_count",
                        "found": children.map("{:,.0f}".format),
                        "expected": beside.map(f"{{:,.0f}} {words}".format),
                    }
                )[off],
            )
        )
    return pd.concat(parts)


def _low_reliability(figures: pd.DataFrame) -> pd.DataFrame:
    low = figures[(figures["note"] == "low reliability") & (figures["level"] == "authority")]
    low = low.drop_duplicates(["area_code", "year", "measure"]).set_index(["area_code", "year"])
    return _rows(
        "low reliability",
        "note",
        pd.DataFrame(
            {"measure": low["measure"], "found": "u", "expected": "a figure"}, index=low.index
        ),
    )


def _revised(tables: Tables) -> pd.DataFrame:
    changed = revisions(tables)
    changed = changed[changed["measure"].ne("children_0_17_count")].set_index(["area_code", "year"])
    text = changed.apply(
        lambda r: r["status_after"] if pd.isna(r["value_after"]) else f"{r['value_after']:g}",
        axis=1,
    )
    before = changed.apply(
        lambda r: (
            r["status_before"]
            if pd.isna(r["value_before"])
            else f"{r['value_before']:g} in the edition before"
        ),
        axis=1,
    )
    return _rows(
        "revised between editions",
        "note",
        pd.DataFrame({"measure": changed["measure"], "found": text, "expected": before}),
    )


def _with_reasons(rows: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    rows = rows.assign(reason="")
    for problem in known.itertuples():
        hit = (
            rows["check"].eq(problem.check)
            & rows["year"].between(problem.first_year, problem.last_year)
            & (rows["area_code"].eq(problem.area_code) | (problem.area_code == "*"))
            & (rows["measure"].eq(problem.measure) | (problem.measure == "*"))
        )
        rows.loc[hit, "reason"] = problem.reason
        rows.loc[hit & rows["severity"].eq("error"), "severity"] = "known"
    order = pd.CategoricalDtype(["error", "known", "note"], ordered=True)
    return rows.astype({"severity": order})
