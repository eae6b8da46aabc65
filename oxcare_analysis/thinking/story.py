"""Records for the report's first page: the story by period, and the register of recording
changes.
"""

from dataclasses import dataclass, field

import pandas as pd

from oxcare_analysis.words.result import Result


@dataclass(frozen=True, repr=False)
class Story(Result):
    """The same questions over six windows. `table`: one row a window (first_year, last_year,
    open_from, open_to, rate_from, rate_to, premise, the four hypotheses by name, moved, said).
    """

    area: str
    source: str
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    def _repr_html_(self) -> str:
        return self.table.drop(columns="said").to_html(index=False)


@dataclass(frozen=True, repr=False)
class Recording(Result):
    """Dated recording changes.

    `table`: year, what, measure, found, expected, reason; `touches`, the hypotheses whose primary
    it could have moved; `verdict_without`, those whose verdict is another with the points of all
    changes of that kind left out; `tested_without`, those that could be judged again so: the others
    do not read a year it touches.
    """

    area: str
    first_year: int
    last_year: int
    source: str
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False)
