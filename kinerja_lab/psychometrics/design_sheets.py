"""Which answer sheets came from which unit, with which weight? What errors under a design need beside the patterns."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.core.survey import SurveyData
from kinerja_lab.numeric.latent_rows import distinct_rows
from kinerja_lab.psychometrics.sheets import require_complete

__all__ = ["LEAST_CLUSTERS", "DesignSheets", "design_sheets", "plain_sheets"]

LEAST_CLUSTERS = 10
"""Clusters below which errors between clusters are not computed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DesignSheets:
    """Complete answer sheets and what is known of the design behind them.

    Parameters
    ----------
    patterns : ResponsePatterns
        Complete sheets of items that vary.
    squares : numpy.ndarray, shape (patterns,)
        Sum of squared weights of the respondents with each sheet.
    totals : scipy.sparse.csr_array or None, shape (clusters, patterns)
        Weight of each sheet in each cluster; None where respondents are independent.
    """

    patterns: ResponsePatterns
    squares: np.ndarray
    totals: sparse.csr_array | None = None

    @property
    def clusters(self) -> int:
        """Clusters; respondents where each stands alone."""
        return self.patterns.n if self.totals is None else self.totals.shape[0]


def plain_sheets(patterns: ResponsePatterns) -> DesignSheets:
    """Sheets of independent respondents.

    Parameters
    ----------
    patterns : ResponsePatterns
        Complete sheets; respondents with the same sheet count as having the same weight.

    Raises
    ------
    KinerjaError, NotApplicable
        As ``psychometrics.sheets.require_complete``.
    """
    require_complete(patterns)
    return DesignSheets(patterns=patterns, squares=patterns.weights**2 / patterns.counts)


def design_sheets(survey: SurveyData, *, cluster: str = "", leave_out: tuple[str, ...] = ()) -> DesignSheets:
    """Complete sheets of a survey with weights and clusters.

    Parameters
    ----------
    survey : SurveyData
        Answers; incomplete sheets are left out and counted in ``patterns.dropped``.
    cluster : str
        Column that names the cluster (``"unit"``, or the survey design's own); empty: respondents are independent.
    leave_out : tuple of str
        Items not used (those in which nobody differs).

    Raises
    ------
    KinerjaError
        ``missing_columns``.
    NotApplicable
        ``too_few_items``, ``too_few_sheets``, ``constant_items``, ``all_items_constant`` or ``too_few_units`` (one
        cluster only).
    """
    if cluster and cluster not in survey.frame.columns:
        raise KinerjaError("missing_columns", columns=cluster)
    instrument = survey.instrument
    kept = tuple(code for code in instrument.item_codes if code not in leave_out)
    turn = np.array([item.reverse for item in instrument.items])
    answers = np.where(turn, instrument.low + instrument.high - survey.answers(), survey.answers())
    answers = answers[:, [instrument.item_codes.index(code) for code in kept]]
    whole = ~np.isnan(answers).any(axis=1)
    rows = np.flatnonzero(whole)
    values, place = distinct_rows(answers[rows].astype(np.int16), categories=instrument.high + 1)
    weights = survey.weights()[rows]
    patterns = ResponsePatterns(
        items=kept, values=values, counts=np.bincount(place, minlength=len(values)),
        weights=np.bincount(place, weights=weights, minlength=len(values)), low=instrument.low, high=instrument.high,
        dropped=int((~whole).sum()))
    require_complete(patterns)
    squares = np.bincount(place, weights=weights**2, minlength=len(values))
    if not cluster:
        return DesignSheets(patterns=patterns, squares=squares)
    names, code = np.unique(survey.frame[cluster].astype(str).to_numpy()[rows], return_inverse=True)
    if len(names) < 2:
        raise NotApplicable("too_few_units", n=len(names), least=2)
    totals = sparse.csr_array((weights, (code.ravel(), place)), shape=(len(names), len(values)))
    return DesignSheets(patterns=patterns, squares=squares, totals=totals)
