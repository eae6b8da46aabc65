"""Areas: one lasting code each, their reorganisations, and finding one by name.

The three-digit code of the Department for Education lasts through a change of status
(Buckinghamshire, North Yorkshire and Somerset kept theirs), so every join uses it.
"""

import difflib
import re
import unicodedata

import pandas as pd

from oxcare_analysis.words.errors import UsageError

# Authorities that ended, and the ones that took over: a successor's figures never carry on a
# predecessor's line.
# Territory was split or pooled in each, so a successor's series begins in its own first year.
REORGANISATIONS = (
    {
        "date": "2019-04-01",
        "ended": ("835", "836", "837"),
        "began": ("838", "839"),
        "what": (
            "Dorset, Poole and Bournemouth became Dorset and Bournemouth, Christchurch and Poole"
        ),
    },
    {
        "date": "2021-04-01",
        "ended": ("928",),
        "began": ("940", "941"),
        "what": "Northamptonshire became North Northamptonshire and West Northamptonshire",
    },
    {
        "date": "2023-04-01",
        "ended": ("909",),
        "began": ("942", "943"),
        "what": "Cumbria became Cumberland and Westmorland and Furness",
    },
)
# ONS codes withdrawn in 2013 after small boundary changes; some publishers give no three-digit code
# beside them.
RETIRED_ONS_CODES = {"E06000048": "929", "E08000020": "390"}
# Buckinghamshire (2020), North Yorkshire and Somerset (2023) kept three-digit code and territory:
# one unbroken line.


def successor_first_year(code: str) -> int | None:
    """The first year (ending 31 March) whose figures are a new authority's own; None for all
    others.
    """
    for change in REORGANISATIONS:
        if code in change["began"]:
            return int(change["date"][:4]) + 1
    return None


def predecessor_last_year(code: str) -> int | None:
    """The last year (ending 31 March) of an authority that ended; None for all others."""
    for change in REORGANISATIONS:
        if code in change["ended"]:
            return int(change["date"][:4])
    return None


def register(rows: pd.DataFrame) -> pd.DataFrame:
    """The areas found in the raw tables.

    `rows`: area_code, ons_code, name, level, region_code, year, one row a table row.
    Returns one row an area: area_code, ons_code (newest), ons_codes (all it has had),
    name (newest), level, region_code, first_year, last_year.
    """
    ordered = rows.sort_values("year")
    areas = ordered.groupby("area_code", as_index=False).agg(
        ons_code=("ons_code", "last"),
        ons_codes=("ons_code", lambda codes: " ".join(dict.fromkeys(codes))),
        name=("name", "last"),
        level=("level", "last"),
        first_year=("year", "min"),
        last_year=("year", "max"),
    )
    regions = ordered[ordered["region_code"].ne("") & ordered["level"].eq("authority")]
    areas["region_code"] = (
        areas["area_code"].map(regions.groupby("area_code")["region_code"].last()).fillna("")
    )
    began = areas["area_code"].map(successor_first_year)
    ended = areas["area_code"].map(predecessor_last_year)
    areas["first_year"] = areas["first_year"].where(began.isna(), began).astype(int)
    areas["last_year"] = areas["last_year"].where(ended.isna(), ended).astype(int)
    return areas.sort_values(["level", "name"], ignore_index=True)


def in_own_years(frame: pd.DataFrame) -> pd.Series:
    """True for rows (area_code, year) that fall in the area's own lifetime."""
    began = frame["area_code"].map(successor_first_year).fillna(0)
    ended = frame["area_code"].map(predecessor_last_year).fillna(9999)
    return frame["year"].between(began, ended)


# Words that councils put around their names and publishers leave out, or the other way round.
_AROUND = re.compile(
    r"\b(the|city|county|borough|metropolitan|district|unitary|royal|london|council|mbc|cc|of|towns)\b"
)
_ALSO_CALLED = {"hull": "810", "bcp": "839", "bournemouth christchurch poole": "839"}


def core(name: str) -> str:
    """A name without the words around it: 'County Durham' and 'Durham County Council' are one."""
    text = re.sub(r"\bsaint\b", "st", plain(name))
    return " ".join(_AROUND.sub(" ", text).split()) or text


def plain(name: str) -> str:
    """A name without accents, case or punctuation, for comparing."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", " ", ascii_name.replace("&", " and ")).strip()


def find(areas: pd.DataFrame, asked: str) -> pd.Series:
    """The authority asked for by name, ONS code or three-digit code, in any case.

    Raises UsageError naming the nearest authorities.
    """
    authorities = areas[areas["level"] == "authority"]
    text = plain(str(asked))
    names = authorities["name"].map(plain)
    retired = RETIRED_ONS_CODES.get(text.upper(), _ALSO_CALLED.get(core(text), text))
    hits = authorities[
        (names == text)
        | (authorities["area_code"] == retired)
        | authorities["ons_codes"].map(lambda codes: text in codes.lower().split())
    ]
    if hits.empty and text:
        hits = authorities[authorities["name"].map(core) == core(text)]
    if hits.empty and text:
        # "Kensington" for "Kensington and Chelsea", when no other authority begins so.
        begins = authorities[names.str.startswith(text + " ")]
        hits = begins if len(begins) == 1 else hits
    if len(hits) > 1:
        hits = hits[hits["last_year"] == hits["last_year"].max()]
    if len(hits) == 1:
        return hits.iloc[0]
    near = matching(areas, asked)
    raise UsageError(
        f"There is no authority called {str(asked)!r}. Nearest: {', '.join(near)}. Give a name, an"
        " ONS code such as E10000025 or a three-digit code such as 931."
    )


def matching(areas: pd.DataFrame, text: str, limit: int = 5) -> list[str]:
    """Names that contain the text, else the most similar ones."""
    authorities = areas[areas["level"] == "authority"]
    names = {plain(name): name for name in authorities["name"]}
    asked = plain(str(text))
    holding = [name for key, name in names.items() if asked and asked in key]
    begun = [name for key, name in names.items() if len(asked) > 1 and key.startswith(asked[:2])]
    close = [names[key] for key in difflib.get_close_matches(asked, names, n=limit, cutoff=0.4)]
    similar = sorted(
        begun, key=lambda name: -difflib.SequenceMatcher(None, asked, plain(name)).ratio()
    )[:2]
    return (holding or list(dict.fromkeys([*similar, *close])) or sorted(names.values()))[:limit]
