"""What every result on an authority's own records says of itself."""

from dataclasses import dataclass

from oxcare_analysis.words.result import Result


@dataclass(frozen=True, repr=False)
class OwnResult(Result):
    """Whose records, whether simulated, why there is no result, the source line, whether the counts
    are exact ones.
    """

    area: str
    simulated: bool = False
    missing: str = ""
    source: str = ""
    exact: bool = False
