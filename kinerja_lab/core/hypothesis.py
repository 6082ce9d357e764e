"""A test of a null hypothesis that carries the hypothesis in words."""

from dataclasses import dataclass

import pandas as pd

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.message import Message

__all__ = ["HypothesisTest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HypothesisTest:
    """A test result. A method that cannot test raises ``NotApplicable`` instead.

    Parameters
    ----------
    statistic : float
        Value of the statistic.
    df : float
        Degrees of freedom; NaN where the distribution has none.
    p : float
        p-value, 0 to 1.
    null : Message
        The null hypothesis, under ``[null]`` of the catalogues.
    distribution : str
        Reference distribution, e.g. ``"chi2"``.
    method : str
        Name of the test.
    n : int
        Cases used.
    """

    statistic: float
    df: float
    p: float
    null: Message
    distribution: str
    method: str
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.p <= 1:
            raise KinerjaError("bad_p", value=str(self.p))

    def to_frame(self) -> pd.DataFrame:
        """One row, unrounded."""
        return pd.DataFrame([{
            "method": self.method, "statistic": self.statistic, "df": self.df, "p": self.p, "n": self.n,
            "distribution": self.distribution, "null": self.null.code,
        }])

    def __str__(self) -> str:
        return f"{self.method}: {self.statistic:.6g}, df {self.df:.6g}, p {self.p:.4g}, n {self.n}; null {self.null}"

    def _repr_html_(self) -> str:
        return self.to_frame().to_html(index=False)
