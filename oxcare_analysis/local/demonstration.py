"""What each protection is good for: simulated counts published with and without it, and attacked.

The counts are of no authority. Two editions a month apart: in the second the last months have been
revised by a few, as late recording does, and a month has been added. The folders are made to be
thrown away; nothing here can be reached from a refresh.
"""

import tempfile
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd

from oxcare_analysis.local import attack, disclosed, disclosure
from oxcare_analysis.local.disclosure import Protected, Protection, Shape
from oxcare_analysis.words.columns import SIMULATED

MONTHS, REVISED = 36, 4
NAMES = (
    "plans_open",
    "plans_started",
    "plans_ended",
    "enquiries_started",
    "conferences_held",
    "referrals_received",
)
CATEGORIES = {
    "Neglect": 0.42,
    "Emotional": 0.40,
    "Physical": 0.08,
    "Sexual": 0.05,
    "Multiple": 0.05,
}
SHAPES = {
    "months": disclosure.MONTHS,
    "again": Shape((("Total", ("First plan", "Again")),), total_row="All"),
    "category": Shape((("Total", tuple(CATEGORIES)),), total_row="All"),
}
WORDS = {
    "months": "stock, starts, ends and the funnel by month, a small authority",
    "again": "plans started by month, first plan or again, with totals",
    "category": "plans started by month and category, with totals",
}
MODES: dict[Protection, str] = {
    "full": "full protection",
    "primary": "only secondary suppression off",
    "unrounded": "secondary suppression and rounding off",
    "none": "suppression off",
}

STANDS = NO_SUM, BESIDE, ALONE = (
    "in_no_sum",
    "beside_another",
    "alone",
)  # how a small count stands in the sums


def run(seed: int = 1) -> pd.DataFrame:
    """A row a table and protection: small counts, how many stand alone in a sum, and what of them
    was recovered.
    """
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for protection, words in MODES.items():
            for name in SHAPES:
                folder = publish(Path(scratch) / protection / name, name, protection, seed)
                rows.append(
                    {
                        "table": WORDS[name],
                        "protection": words,
                        **told(attack.attack(folder), tables(name, seed)[-1], SHAPES[name]),
                    }
                )
    return pd.DataFrame(rows)


def told(found: attack.Attack, table: pd.DataFrame, shape: Shape) -> dict[str, float]:
    """What an attack got of a table whose exact counts are known: numbers of counts, and shares of
    them.

    A small count is recovered where all that is published leaves fewer counts open than is promised
    of a mark, the true one among them. It stands alone where every other count of a sum is shown:
    there nothing but secondary suppression and rounding hide it. One in no sum no margin gives
    back; two in a sum hide each other.
    """
    small = small_counts(table, shape)
    claims = (
        found.recovered[found.recovered["how"] != attack.REVISION]
        .set_index("cell")[["low", "high"]]
        .join(small["count"], how="inner")
    )
    small["recovered"] = small.index.isin(
        claims[claims["count"].between(claims["low"], claims["high"])].index
    )
    alone = small[small["stands"] == ALONE]
    return {
        "small_counts": len(small),
        **small["stands"].value_counts().reindex(STANDS, fill_value=0),
        "held_back": found.held_back,
        "recovered": int(small["recovered"].sum()),
        "share": _share(small["recovered"]),
        "alone_recovered": int(alone["recovered"].sum()),
        "alone_share": _share(alone["recovered"]),
        "revisions_told": int((found.recovered["how"] == attack.REVISION).sum()),
    }


def small_counts(table: pd.DataFrame, shape: Shape) -> pd.DataFrame:
    """The counts under ten of a table, by the attack's names of cells: the `count` and how it
    `stands` in the sums.
    """
    counts, sums = table.to_numpy(dtype=float).ravel(), disclosure.sums_in(table, shape)
    small = counts < disclosure.THRESHOLD
    stands = np.full(len(counts), NO_SUM, dtype=object)
    known = [
        within
        for within in (sums.cell[sums.number == number] for number in range(sums.size))
        if not np.isnan(counts[within]).any()
    ]
    for within in known:
        stands[within] = BESIDE
    for within in known:
        if small[within].sum() == 1:
            stands[within[small[within]]] = ALONE
    names = [f"{row}, {str(column).lower()}" for row in table.index for column in table.columns]
    return pd.DataFrame({"count": counts, "stands": stands}, index=names)[small]


def _share(recovered: pd.Series) -> float:
    return round(float(recovered.mean()), 3) if len(recovered) else float("nan")


def _told(recovered: int, share: float) -> str:
    return f"{recovered} ({share:.0%})" if share == share else "none there"


def markdown(rows: pd.DataFrame) -> str:
    """The rows as the table of docs/disclosure.md."""
    return "\n".join(
        f"| {r.table} | {r.protection} | {r.small_counts} | {r.in_no_sum} | {r.beside_another} | "
        f"{r.alone} | {r.held_back} | {_told(r.recovered, r.share)} | "
        f"{_told(r.alone_recovered, r.alone_share)} | {r.revisions_told} |"
        for r in rows.itertuples()
    )


def publish(out: Path, name: str, protection: Protection, seed: int = 1) -> Path:
    """Write both editions of one table as a report's folder holds it; the folder of the second."""
    register, folder = disclosed.EMPTY, out
    for number, table in enumerate(tables(name, seed), start=1):
        given = disclosure.protect(table, SHAPES[name], disclosed.earlier(register), protection)
        register = pd.concat([register, disclosed.news(table, given, register)])
        folder = out / f"2031-{number:02}" / "simulated"
        (folder / "data").mkdir(parents=True)
        _write(folder, name, given)
    return folder


def tables(name: str, seed: int = 1) -> list[pd.DataFrame]:
    """The exact counts of both editions."""
    rng = np.random.default_rng(seed)
    make = {
        "months": _months,
        "again": lambda r: _split(r, 25, {"First plan": 0.8, "Again": 0.2}),
        "category": lambda r: _split(r, 40, CATEGORIES),
    }[name]
    later = make(rng)
    first = later.iloc[:-1].copy()
    flows = [c for c in later if c not in ("plans_open", "plans_started", "plans_ended", "Total")]
    for back in range(
        1, REVISED + 1
    ):  # what came in late: the newer the month, the more is missing
        row = first.index[-back]
        first.loc[row, flows] -= np.minimum(
            rng.integers(0, REVISED + 1, len(flows)), first.loc[row, flows]
        )
    return [_totalled(table, SHAPES[name]) for table in (first, later)]


def _months(rng: np.random.Generator) -> pd.DataFrame:
    stock, rows = 110, []
    for _ in range(MONTHS):
        started, ended = rng.poisson(11), min(stock, rng.poisson(stock / 10))
        stock += started - ended
        rows.append((stock, started, ended, rng.poisson(28), rng.poisson(15), rng.poisson(95)))
    return pd.DataFrame(rows, index=_index(), columns=list(NAMES), dtype=float)


def _split(rng: np.random.Generator, mean: int, shares: dict[str, float]) -> pd.DataFrame:
    drawn = [rng.multinomial(n, list(shares.values())) for n in rng.poisson(mean, MONTHS)]
    return pd.DataFrame(drawn, index=_index(), columns=list(shares), dtype=float)


def _index() -> pd.Index:
    return pd.Index(pd.period_range("2028-01", periods=MONTHS, freq="M").astype(str), name="month")


def _totalled(table: pd.DataFrame, shape: Shape) -> pd.DataFrame:
    table = table.assign(**{whole: table[list(parts)].sum(axis=1) for whole, parts in shape.sums})
    if shape.total_row:
        table.loc[shape.total_row] = table.sum()
    return table


def _write(folder: Path, name: str, given: Protected) -> None:
    """As a report shows it: a page with the tables, and a CSV of each; months as one table a
    measure.
    """
    shown = given.values.map(lambda v: "" if pd.isna(v) else f"{v:.0f}")
    parts = (
        {
            f"31_{m}_by_month_own": pd.DataFrame(
                {
                    "month": shown.index,
                    "value": shown[m].to_numpy(),
                    "status": given.statuses[m].to_numpy(),
                }
            )
            for m in NAMES
        }
        if name == "months"
        else {f"31_{name}": shown.mask(shown == "", "held back").reset_index()}
    )
    page = ""
    for title, frame in parts.items():
        frame.to_csv(
            folder / "data" / f"{title}.csv", index=False, lineterminator="\n", encoding="utf-8"
        )
        page += frame.to_html(index=False).replace(
            "<thead>", f"<caption>{escape(title)}</caption><thead>", 1
        )
    (folder / "31_local_months.html").write_text(
        f'<!DOCTYPE html><html lang="en"><title>{SIMULATED}</title><body><p>{SIMULATED}: counts of'
        f" no authority.</p>{page}</body></html>",
        encoding="utf-8",
        newline="\n",
    )
    (folder / "index.html").write_text(f"<p>{SIMULATED}</p>", encoding="utf-8", newline="\n")
