"""docs/calibration.md: what was asked of the verdicts, what was found, and how like the panel the
worlds are.
"""

import pandas as pd

from oxcare_analysis import door
from oxcare_analysis.calibration import run
from oxcare_analysis.showing import charts, exhibits
from oxcare_analysis.thinking import measures
from oxcare_analysis.words import durable, paths
from oxcare_analysis.worlds.causes import BASE_YEAR, CAUSES, GROWTH

PAGE = paths.PROJECT / "docs" / "calibration.md"
SIZE, GREW = "open plans at the start", "growth of open plans, per cent"
SOURCE = "Simulated figures of authorities that do not exist. Analysis: oxcare_analysis."
REAL_WINDOWS = ((2013, 2018), (2015, 2020), (2018, 2023))
TYPICAL_COUNT = 600  # at which transitory noise is compared


def text(
    summary: pd.DataFrame,
    worlds: int,
    seeds: tuple[int, ...],
    published: pd.DataFrame,
    simulated: pd.DataFrame,
    real: dict[tuple[int, int], pd.DataFrame],
) -> str:
    """The page in Markdown.

    `published`, `simulated`: noise models of the real and of the simulated panel. `real`: window →
    what ox.everywhere gives for it.
    """
    first, last = run.WINDOW
    causes = pd.DataFrame(
        [
            {
                "cause": c.words,
                "hypothesis it makes true": c.hypothesis.replace("_", " ") or "none",
                "growth of open plans at full size": f"{c.growth:+.0%}",
            }
            for c in CAUSES.values()
        ]
    )
    parts = [
        "# How often are the verdicts wrong?",
        (
            f"Written by `oxcare calibrate --page` from {worlds:,} simulated worlds, seeds"
            f" {' and '.join(map(str, seeds))}, each named before it was run; not by hand. Apart"
            " from the columns called published and the last section, nothing on this page is"
            " about real authorities."
        ),
        (
            "A world is some 150 authorities that do not exist. Families with a latent risk come"
            " up, are referred, assessed and passed from gate to gate; plans end at a rate that"
            " depends on how long they have run. Thresholds drift and are shaken as the noise"
            " model says they do in England. In one authority, the target, a cause is planted"
            f" after {BASE_YEAR}; the package, which is not told, judges {first} to {last}, or the"
            " years a line names (from 2013 the base is one year). A *still* target has yearly"
            " shocks and no drift: whatever moves in it was planted. A *drifting* target really"
            " does change, so there the question is whether a verdict goes against what happened."
            " The *bound* is what the same rules reach in the same worlds when a, φ and σ are as"
            f" good as known (the mean of fits to {run.ORACLE_SURROUNDINGS} times as many"
            " authorities). Where the bound is low too, it is not for want of knowing the noise:"
            " these rules cannot tell it on these figures. By chance the package can do better"
            " than the bound."
        ),
        "## What was asked, and what was found",
        _table(_shown(summary)),
        *(f"![{c.alt}](pictures/{c.name}.png)" for c in pictures(summary)),
        (
            "*Met* looks at the share; *sure* says that the whole Monte Carlo interval agrees"
            f" (worlds among the same authorities share a noise model, {run.SURROUNDINGS} a seed,"
            " so the intervals are somewhat too narrow). Where a true cause is named less often"
            " than asked, the verdict says `inconclusive` more often than one would wish. Where a"
            " wrong hypothesis is supported, or a true one contradicted, more often than asked, no"
            " word of the verdict protects the reader: that line is a failure. An answer that is"
            " never `supported`, whatever is planted, cannot say yes: need on these figures, and"
            " mostly awareness. Coverage is asked of the bars pooled; single drivers fall short or"
            " run over."
        ),
        "## What was planted",
        _table(causes),
        (
            f"Full size is {GROWTH:.0%} growth where the cause can reach it. A lower bar for an"
            " enquiry, better aim and more referrals run out of children to find and stop short."
            " Shared causes move the neighbours and the region too."
        ),
        "## How like England the worlds are",
        (
            "The noise model fitted to the published panel beside the one fitted to simulated"
            f" authorities. Transitory sd is for a count of {TYPICAL_COUNT}."
        ),
        _table(_noise(published, simulated)),
        (
            "All authorities move together as well, by steps about as large beside an authority's"
            " own as those of England; a still target does not. Only need that leaves a trace moves"
            " the number of children and of those in low-income families, in the target, its"
            " neighbours and its region. Families are not referred twice in a year."
        ),
        "## Real authorities",
        "The same rules on the published figures: number of authorities with each verdict.",
        *(
            exhibits.everywhere(frame, window).table.pipe(
                lambda t, w=window: _table(
                    t.rename(columns={"That ...": f"{w[0]} to {w[1]}: that ..."})
                )
            )
            for window, frame in real.items()
        ),
        (
            f"A hypothesis that is supported for more than {door.MOST_OF_ENGLAND:.0%} of"
            " authorities says so beside each such verdict: it is then no news about one of them."
        ),
    ]
    return "\n\n".join(parts) + "\n"


def pictures(summary: pd.DataFrame) -> list[charts.Chart]:
    """Power by size at full growth, and by growth at the largest size, for the causes planted at
    several of each.
    """
    shown = summary[summary["requirement"] == "the true cause supported outright"].set_index(
        "worlds of"
    )
    rows = [
        {
            "cause": CAUSES[c.causes[0]].words,
            SIZE: c.size,
            GREW: c.growth * 100,
            **shown.loc[c.words, ["share", "low", "high", "bound"]],
        }
        for c in run.CONDITIONS
        if c.words in shown.index and c.causes[0] in run.MAIN[:2] and c.window == run.WINDOW
    ]
    table = pd.DataFrame(rows)
    return [
        charts.power(table[table[GREW] == GROWTH * 100].drop(columns=GREW), SIZE, SOURCE),
        charts.power(table[table[SIZE] == max(run.SIZES)].drop(columns=SIZE), GREW, SOURCE),
    ]


def write(page: str, charted: list[charts.Chart]) -> None:
    """Put the page and its pictures in place."""
    durable.write(PAGE, page)
    for chart in charted:
        durable.write(PAGE.parent / "pictures" / f"{chart.name}.png", chart.png)


def _shown(summary: pd.DataFrame) -> pd.DataFrame:
    def percent(share: float) -> str:
        return "" if pd.isna(share) else f"{share:.1%}"

    answer = {True: "yes", False: "no"}
    return pd.DataFrame(
        {
            "requirement": summary["requirement"],
            "worlds": summary["worlds of"],
            "found": summary["share"].map(percent),
            "95% interval": [
                f"{percent(a)} to {percent(b)}"
                for a, b in zip(summary["low"], summary["high"], strict=True)
            ],
            "of": summary["of"],
            "asked": summary["asked"],
            "bound": summary["bound"].map(percent),
            "met": [
                "shown" if asked == "shown" else answer.get(met, "none run")
                for met, asked in zip(summary["met"], summary["asked"], strict=True)
            ],
            "sure": [
                "" if asked == "shown" else answer.get(sure, "")
                for sure, asked in zip(summary["sure"], summary["asked"], strict=True)
            ],
        }
    )


def _noise(published: pd.DataFrame, simulated: pd.DataFrame) -> pd.DataFrame:
    models = {
        "published": published.set_index("measure"),
        "simulated": simulated.set_index("measure"),
    }
    shared = [m for m in measures.RATIOS if m in models["simulated"].index]
    sd = {
        name: (model["a"] + model["phi"] / TYPICAL_COUNT) ** 0.5 for name, model in models.items()
    }
    return pd.DataFrame(
        [
            {
                "measure": measures.RATIOS[m].label,
                **{
                    f"{what}, {name}": f"{series[name][m]:.3f}"
                    for what, series in (
                        ("transitory sd", sd),
                        ("drift a year", {n: model["sigma"] for n, model in models.items()}),
                    )
                    for name in models
                },
            }
            for m in shared
        ]
    )


def _table(frame: pd.DataFrame) -> str:
    rows = [list(frame.columns), ["---"] * frame.shape[1], *frame.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
