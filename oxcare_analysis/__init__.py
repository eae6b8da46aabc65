"""Why are more children on child protection plans? Four hypotheses tested on published figures.

import oxcare_analysis as ox
study = ox.load("Oxfordshire", 2013, 2018)
ox.say(ox.assess(study, "exit_threshold"))
"""

from importlib import import_module

# Where the public names live. Nothing is imported until it is used, so `import oxcare_analysis`
# costs nothing.
_PLACES = {
    "door": ("load", "areas", "premise", "ledger", "assess", "assess_all", "everywhere", "story"),
    "diagnostics": (
        "decompose",
        "compare",
        "regression",
        "recording",
        "exits",
        "specifications",
        "months",
        "care_endings",
        "events",
        "comparable_events",
        "errors",
    ),
    "care": (
        "looked_after",
        "ages",
        "unaccompanied",
        "in_need",
        "routes",
        "placements",
        "money",
        "workforce",
        "spend",
        "next_year",
        "caseload",
    ),
    "own": (
        "own_records",
        "own_funnel",
        "own_stays",
        "own_hazards",
        "own_control",
        "own_ledger",
        "own_verdicts",
        "own_against_published",
    ),
    "figures": ("figure", "published", "stated", "revised", "statements"),
    "showing.sentences": ("say",),
    "showing.drawing": ("save",),
    "showing.charts": ("charts",),
    "showing.exhibits": ("exhibits",),
    "exploring": ("explore",),
}
_PUBLIC = {name: place for place, names in _PLACES.items() for name in names}
__all__ = sorted(_PUBLIC)


def __getattr__(name: str):
    if name not in _PUBLIC:
        raise AttributeError(
            f"oxcare_analysis has no {name!r}; its public names are {', '.join(__all__)}"
        )
    module = import_module(f"oxcare_analysis.{_PUBLIC[name]}")
    return module if _PUBLIC[name].endswith(f".{name}") else getattr(module, name)


def __dir__() -> list[str]:
    return __all__
