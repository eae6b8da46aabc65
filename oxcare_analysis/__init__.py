"""Why are more children on child protection plans? Four hypotheses tested on published figures.

    import oxcare_analysis as ox
    study = ox.load("Oxfordshire", 2013, 2018)
    ox.say(ox.assess(study, "exit_threshold"))
"""

from importlib import import_module

# Public name → where it lives. Nothing is imported until it is used, so `import oxcare_analysis` costs nothing.
_PUBLIC = {
    "load": "door", "areas": "door", "figure": "door", "premise": "door", "ledger": "door", "assess": "door",
    "assess_all": "door", "decompose": "door", "regression": "door", "story": "door", "recording": "door", "compare": "door",
    "published": "door", "stated": "door", "revised": "door", "say": "showing.sentences", "charts": "showing.charts", "exhibits": "showing.exhibits",
}
__all__ = sorted(_PUBLIC)


def __getattr__(name: str):
    if name not in _PUBLIC:
        raise AttributeError(f"oxcare_analysis has no {name!r}; its public names are {', '.join(__all__)}")
    module = import_module(f"oxcare_analysis.{_PUBLIC[name]}")
    return module if _PUBLIC[name].endswith(f".{name}") else getattr(module, name)


def __dir__() -> list[str]:
    return __all__
