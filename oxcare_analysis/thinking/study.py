"""The Study: one authority, one window, and every table needed to judge it. Made by ox.load."""

from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from pathlib import Path

import pandas as pd

from oxcare_analysis.thinking import measures
from oxcare_analysis.words.columns import ENGLAND, MONTHS, SIMULATED

TITLES = {
    "children_in_need": "Children in need",
    "children_looked_after": "Children looked after",
    "workforce": "Children's social work workforce",
    "spend": "Section 251 outturn",
}
MONTH_NAMES = [name.title() for name in (*MONTHS[9:], *MONTHS[:9])]  # January first


@dataclass(frozen=True)
class Area:
    """An authority: lasting three-digit code, current ONS code and name, region, the years it
    existed in.
    """

    code: str
    ons_code: str
    name: str
    region_code: str
    first_year: int
    last_year: int


@dataclass(frozen=True)
class Study:
    """Everything one analysis reads.

    `panel`: numbers by (area_code, year), derived counts included, for all areas; `resolved`: the
    published figures in force, with status, note, edition and table; `noise`: the noise model, one
    row a measure; `neighbours`: codes of statistical neighbours, nearest first; `names`: area_code
    → name; `checks`: every check row for this area; `provenance`: editions and hashes; `data_dir`:
    where the figures were read, None for those of no folder; `shared`: what was worked out of all
    authorities, kept by `of_all` for every study of the same figures.
    """

    area: Area
    first_year: int
    last_year: int
    as_of: str
    panel: pd.DataFrame = field(repr=False)
    resolved: pd.DataFrame = field(repr=False)
    noise: pd.DataFrame = field(repr=False)
    neighbours: tuple[str, ...]
    names: dict[str, str] = field(repr=False)
    checks: pd.DataFrame = field(repr=False)
    events: pd.DataFrame = field(repr=False)
    provenance: dict = field(repr=False)
    data_dir: Path | None = field(default=None, repr=False, compare=False)
    shared: dict = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def authorities(self) -> pd.DataFrame:
        """The panel without England and the regions."""
        return self.of_all(("authorities",), lambda: measures.authorities(self.panel))

    def of_all(self, key: tuple, make):
        """What `make` works out of the panel and the noise model alone, whichever authority is
        asked for.

        `key`: its name and all else that it depends on. Panel, noise and what is given are the same
        for every study of these figures: to try others, replace them (dataclasses.replace); nobody
        changes one in place.
        """
        held = self.shared.get(key)
        if (
            not held or held[0] is not self.panel or held[1] is not self.noise
        ):  # studies of other figures may share it
            held = self.shared[key] = self.panel, self.noise, make()
        return held[2]

    @cached_property
    def models(self) -> pd.DataFrame:
        """The noise model by measure."""
        return self.noise.set_index("measure")

    @cached_property
    def found(self) -> dict:
        """Results on this study, kept once worked out: several judgements and pages ask for the
        same ones.
        """
        return {}

    @cached_property
    def table(self) -> pd.DataFrame:
        """This authority's numbers, one row a year."""
        return self.panel.xs(self.area.code, level="area_code")

    @property
    def as_of_words(self) -> str:
        """The as-of month in words: 'April 2026'."""
        return f"{MONTH_NAMES[int(self.as_of[5:]) - 1]} {self.as_of[:4]}"

    @property
    def source(self) -> str:
        """The line that stands beneath every chart: publisher, edition, month."""
        return self.cite("children_in_need")

    def cite(self, *sources: str) -> str:
        """The same line for other sources of the department (names of folders in data/raw)."""
        if self.area.name.startswith(SIMULATED):
            return "Simulated figures of authorities that do not exist. Analysis: oxcare_analysis."
        named = ", ".join(
            f"{TITLES[s]}, edition {self.provenance['editions'].get(s, 'none')}" for s in sources
        )
        return (
            f"Source: Department for Education, {named}, and ONS population; figures "
            f"published by {self.as_of_words}. Analysis: oxcare_analysis."
        )

    def at(self, year: int, measure: str, code: str | None = None) -> float:
        """One number of this authority (or of `code`), NaN where there is none."""
        return measures.at(self.panel, code or self.area.code, year, measure)

    def england(self, year: int, measure: str) -> float:
        """One number of England."""
        return measures.at(self.panel, ENGLAND, year, measure)

    def why_missing(self, year: int, measure: str) -> str:
        """Why a published figure is not there, in the publisher's words."""
        rows = self.resolved[
            (self.resolved["area_code"] == self.area.code)
            & (self.resolved["year"] == year)
            & (self.resolved["measure"] == measure)
        ]
        if rows.empty:
            return "not held"
        return rows["note"].iloc[0] or rows["status"].iloc[0].replace("_", " ")

    def __repr__(self) -> str:
        return (
            f"Study({self.area.name}, {self.first_year} to {self.last_year}, figures published by"
            f" {self.as_of}, children in need edition"
            f" {self.provenance['editions'].get('children_in_need')})"
        )

    def _repr_html_(self) -> str:
        editions = ", ".join(
            f"{s.replace('_', ' ')} {e}" for s, e in self.provenance["editions"].items()
        )
        revised = self.provenance.get("values_as_revised_in")
        note = f" Values as revised in {revised}." if revised else ""
        if self.provenance.get("noise_model") == "all years held":
            note += " Year-to-year noise is measured on all years held: too few were out by then."
        name, window = escape(self.area.name), f"{self.first_year} to {self.last_year}"
        return (
            f"<p>{name}, years ending 31 March {window}. Figures published by "
            f" {self.as_of_words}.{note} Editions: {editions}.</p>"
        )
