"""What each protection is good for: simulated counts published with and without it, and attacked.

The counts are of no authority. Two editions a month apart: in the second the last months have been revised by a few,
as late recording does, and a month has been added. The folders are made to be thrown away; nothing here can be reached
from a refresh.
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
NAMES = ("plans_open", "plans_started", "plans_ended", "enquiries_started", "conferences_held", "referrals_received")
CATEGORIES = {"Neglect": 0.42, "Emotional": 0.40, "Physical": 0.08, "Sexual": 0.05, "Multiple": 0.05}
SHAPES = {
    "months": disclosure.MONTHS,
    "again": Shape((("Total", ("First plan", "Again")),), total_row="All"),
    "category": Shape((("Total", tuple(CATEGORIES)),), total_row="All"),
}
WORDS = {"months": "stock, starts, ends and the funnel by month, a small authority",
         "again": "plans started by month, first plan or again, with totals",
         "category": "plans started by month and category, with totals"}
MODES: dict[Protection, str] = {"full": "full protection", "primary": "only secondary suppression off",
                                "unrounded": "secondary suppression and rounding off", "none": "suppression off"}


def run(seed: int = 1) -> pd.DataFrame:
    """A row a table and protection: small counts, counts held back, recovered, the share of small counts recovered."""
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for protection, words in MODES.items():
            for name in SHAPES:
                folder = publish(Path(scratch) / protection / name, name, protection, seed)
                found = attack.attack(folder)
                small = int((tables(name, seed)[-1] < disclosure.THRESHOLD).to_numpy().sum())
                counts = found.recovered[found.recovered["how"] != attack.REVISION]
                rows.append({"table": WORDS[name], "protection": words, "small_counts": small,
                             "held_back": found.held_back, "recovered": len(counts),
                             "share": round(min(len(counts) / small, 1.0), 3),
                             "revisions_told": len(found.recovered) - len(counts)})
    return pd.DataFrame(rows)


def markdown(rows: pd.DataFrame) -> str:
    """The rows as the table of docs/disclosure.md."""
    return "\n".join(f"| {r.table} | {r.protection} | {r.small_counts} | {r.held_back} | {r.recovered} | "
                     f"{r.share:.0%} | {r.revisions_told} |" for r in rows.itertuples())


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
    make = {"months": _months, "again": lambda r: _split(r, 25, {"First plan": 0.8, "Again": 0.2}),
            "category": lambda r: _split(r, 40, CATEGORIES)}[name]
    later = make(rng)
    first = later.iloc[:-1].copy()
    flows = [c for c in later if c not in ("plans_open", "plans_started", "plans_ended", "Total")]
    for back in range(1, REVISED + 1):  # what came in late: the newer the month, the more is missing
        row = first.index[-back]
        first.loc[row, flows] -= np.minimum(rng.integers(0, REVISED + 1, len(flows)), first.loc[row, flows])
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
    """As a report shows it: a page with the tables, and a CSV of each; months as one table a measure."""
    shown = given.values.map(lambda v: "" if pd.isna(v) else f"{v:.0f}")
    parts = {f"31_{m}_by_month_own": pd.DataFrame({
        "month": shown.index, "value": shown[m].to_numpy(), "status": given.statuses[m].to_numpy()}) for m in NAMES
    } if name == "months" else {f"31_{name}": shown.mask(shown == "", "held back").reset_index()}
    page = ""
    for title, frame in parts.items():
        frame.to_csv(folder / "data" / f"{title}.csv", index=False, lineterminator="\n", encoding="utf-8")
        page += frame.to_html(index=False).replace("<thead>", f"<caption>{escape(title)}</caption><thead>", 1)
    (folder / "31_local_months.html").write_text(
        f'<!DOCTYPE html><html lang="en"><title>{SIMULATED}</title><body><p>{SIMULATED}: counts of no authority.</p>'
        f"{page}</body></html>", encoding="utf-8", newline="\n")
    (folder / "index.html").write_text(f"<p>{SIMULATED}</p>", encoding="utf-8", newline="\n")
