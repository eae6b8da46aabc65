"""Widgets over the public functions: one view of one authority, changed by hand, with the code that
repeats it.
"""

import dataclasses
from functools import lru_cache
from html import escape

import ipywidgets as widgets

from oxcare_analysis import diagnostics, door
from oxcare_analysis.showing import charts, sentences
from oxcare_analysis.showing.wording import HYPOTHESES, upper
from oxcare_analysis.thinking.measures import RATIOS
from oxcare_analysis.thinking.study import Study
from oxcare_analysis.words.errors import OxcareError, UsageError

KEPT = 32  # areas and windows that stay worked out while the widgets are open
COMPARATORS = {"england": "England", "neighbours": "Statistical neighbours"}


class Explorer(widgets.VBox):
    """What ox.explore shows; each control is an attribute: area, window, measure, comparators,
    hypothesis, code.
    """

    def __init__(self, study: Study) -> None:
        self._area, self._loaded = study.area.name, {study.area.name: study}
        self._findings = lru_cache(KEPT)(
            lambda area, window: door.assess_all(self._study(area, window))
        )
        held = study.area
        self.area = widgets.Combobox(
            value=held.name,
            options=door.areas()["name"].tolist(),
            ensure_option=True,
            continuous_update=False,
        )
        self.window = widgets.IntRangeSlider(
            value=(study.first_year, study.last_year),
            min=held.first_year,
            max=held.last_year,
            continuous_update=False,
        )
        self.measure = widgets.Dropdown(
            options=[(upper(ratio.label), name) for name, ratio in RATIOS.items()]
        )
        self.comparators = {
            name: widgets.Checkbox(True, description=words, indent=False)
            for name, words in COMPARATORS.items()
        }
        self.hypothesis = widgets.Dropdown(
            options=[(upper(words), name) for name, words in HYPOTHESES.items()]
        )
        self.told, self.chart, self.verdict = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.code = widgets.Textarea(rows=8, layout=widgets.Layout(width="100%"))
        labelled = {
            "Area": self.area,
            "Window, years ending 31 March": self.window,
            "Measure": self.measure,
            "Beside it": widgets.HBox(list(self.comparators.values())),
            "Hypothesis": self.hypothesis,
            "This view as code, to paste into a cell": self.code,
        }
        *controls, code = (
            widgets.VBox([widgets.Label(words), control]) for words, control in labelled.items()
        )
        super().__init__([*controls, self.told, self.chart, self.verdict, code])
        for control in (
            self.area,
            self.window,
            self.measure,
            self.hypothesis,
            *self.comparators.values(),
        ):
            control.observe(self._changed, "value")
        self._show()

    @property
    def study(self) -> Study:
        """The study of the area and window shown, for cells of your own."""
        return self._study(self._area, self.window.value)

    def _study(self, area: str, window: tuple[int, int]) -> Study:
        return dataclasses.replace(self._loaded[area], first_year=window[0], last_year=window[1])

    def _changed(self, change: dict) -> None:
        try:
            if change["owner"] is self.area:
                self._load(change["new"])
            if self.window.value[0] == self.window.value[1]:
                raise UsageError("A window is at least one year long: choose two different years.")
            self._show(drawn=change["owner"] is not self.hypothesis)
        except OxcareError as problem:
            self.told.value = f"<p>{escape(str(problem))}</p>"

    def _load(self, area: str) -> None:
        """Load another area, once; a window outside the years it has becomes its own default."""
        if area not in self._loaded:
            self._loaded[area] = door.load(area, as_of=self.study.as_of)
        loaded, window = self._loaded[area], self.window.value
        self._area, held = area, loaded.area
        self.window.unobserve(
            self._changed, "value"
        )  # the view is shown once, when all is in place
        self.window.max = max(self.window.max, held.last_year)
        self.window.min, self.window.max = held.first_year, held.last_year
        self.window.value = (
            window if window == self.window.value else (loaded.first_year, loaded.last_year)
        )
        self.window.observe(self._changed, "value")

    def _show(self, drawn: bool = True) -> None:
        """Work the view out; the picture only where it is another."""
        study, beside = (
            self.study,
            tuple(name for name, box in self.comparators.items() if box.value),
        )
        if drawn:
            measure = diagnostics.compare(study, self.measure.value)
            picture = charts.comparison(measure, beside=beside)
            self.chart.value = (
                picture._repr_html_() if isinstance(picture, charts.Nothing) else picture.html()
            )
            self.told.value = sentences.say(measure)._repr_html_()
        finding = self._findings(study.area.name, self.window.value)[self.hypothesis.value]
        self.verdict.value = sentences.say(finding)._repr_html_()
        self.code.value = "\n".join(
            [
                "import oxcare_analysis as ox",
                "",
                (
                    f"study = ox.load({study.area.name!r}, {study.first_year}, {study.last_year},"
                    f" {study.as_of!r})"
                ),
                f"measure = ox.compare(study, {self.measure.value!r})",
                f"display(ox.charts.comparison(measure, beside={beside!r}), ox.say(measure),",
                f"        ox.say(ox.assess(study, {self.hypothesis.value!r})))",
            ]
        )


def explore(study: Study) -> Explorer:
    """Widgets for area, window, measure, comparators and hypothesis, with the chart, the verdict
    and the code of it.

    `study` (from ox.load) gives the view to begin with, and the month up to which figures are used.

    >>> import oxcare_analysis as ox
    >>> ox.explore(ox.load("Oxfordshire", 2013, 2018)).code.value.splitlines()[2]
    "study = ox.load('Oxfordshire', 2013, 2018, '2026-04')"
    """
    return Explorer(study)
