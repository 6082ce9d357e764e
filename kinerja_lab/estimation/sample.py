"""How was the sample drawn? Weights, strata, clusters and the size of the population, checked before they count."""

from dataclasses import dataclass

import numpy as np

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.survey import SurveyData
from kinerja_lab.estimation.design import design_labels
from kinerja_lab.numeric.linearisation import LONELY

__all__ = ["Sample", "sample_of"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """A sample as it was drawn, one entry a respondent.

    Parameters
    ----------
    weights : numpy.ndarray of float, shape (n,)
        Positive: how many people of the population a respondent stands for.
    strata, clusters : numpy.ndarray or None, shape (n,)
        Labels; no strata means one, no clusters means that each respondent is one. A cluster label is read within its
        stratum.
    population : numpy.ndarray of float or None, shape (n,)
        Clusters (respondents where there are none) that the respondent's stratum has in the population; None means no
        finite population correction.
    lonely : str
        What a stratum of one cluster does: ``"fail"``, ``"certainty"``, ``"centre"`` or ``"average"``.
    auxiliary : numpy.ndarray of float or None, shape (n, k)
        What the weights were calibrated to (``estimation.weighting``); None where they were not.
    drawn_weights : numpy.ndarray of float or None, shape (n,)
        Weights before calibration; with ``auxiliary``, both or none.

    Raises
    ------
    KinerjaError
        ``bad_weights``, ``lengths_differ`` or ``unknown_option``.
    """

    weights: np.ndarray
    strata: np.ndarray | None = None
    clusters: np.ndarray | None = None
    population: np.ndarray | None = None
    lonely: str = "fail"
    auxiliary: np.ndarray | None = None
    drawn_weights: np.ndarray | None = None

    def __post_init__(self) -> None:
        weights = np.asarray(self.weights, dtype=float)
        bad = ~(np.isfinite(weights) & (weights > 0))
        if weights.ndim != 1 or bad.any():
            raise KinerjaError("bad_weights", n=int(bad.sum()))
        for labels in (self.strata, self.clusters, self.population, self.auxiliary, self.drawn_weights):
            if labels is not None and len(labels) != len(weights):
                raise KinerjaError("lengths_differ", first=len(weights), second=len(labels))
        if self.lonely not in LONELY:
            raise KinerjaError("unknown_option", name="lonely", value=str(self.lonely), choices=", ".join(LONELY),
                               nearest="-")
        object.__setattr__(self, "weights", weights)

    @property
    def n(self) -> int:
        """Respondents."""
        return len(self.weights)

    @property
    def labels(self) -> dict[str, np.ndarray | None]:
        """Strata, clusters and population, as ``numeric.linearisation`` takes them."""
        return {"strata": self.strata, "clusters": self.clusters, "population": self.population}

    def settled(self, scores: np.ndarray) -> np.ndarray:
        """Linearised scores less what calibration has settled: only what the auxiliaries do not explain still varies.

        Parameters
        ----------
        scores : numpy.ndarray of float, shape (n,)
            Weighted linearised scores.

        Notes
        -----
        Residuals of the unweighted scores on the auxiliaries, fitted with the weights as drawn, times the weights.

        References
        ----------
        Deville, J.-C., Sarndal, C.-E. (1992). Calibration estimators in survey sampling. JASA 87, 376-382, section 3.
        """
        if self.auxiliary is None:
            return scores
        root = np.sqrt(self.drawn_weights)
        plain = scores / self.weights
        slope = np.linalg.lstsq(self.auxiliary * root[:, None], plain * root, rcond=1e-11)[0]
        return self.weights * (plain - self.auxiliary @ slope)


def sample_of(survey: SurveyData, *, lonely: str = "centre") -> Sample:
    """The sample behind a survey.

    Parameters
    ----------
    survey : SurveyData
        Answers with their design.
    lonely : str
        What a stratum of one cluster does; see ``Sample``.

    Returns
    -------
    Sample
    """
    strata, clusters = design_labels(survey)
    return Sample(weights=survey.weights(), strata=strata, clusters=clusters, lonely=lonely)
