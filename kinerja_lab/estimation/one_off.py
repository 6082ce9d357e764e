"""Does something go with something else, given how the sample was drawn? Regression and tests by ``svy``.

The one place that knows ``svy``: its interface changes between releases, so it is pinned and everything it gives is
turned into our own values here. It is for single questions in a notebook; what is asked of all regions at once has own
code (``domains``, ``cluster_totals``). ``svy`` brings ``polars``, which starts threads: nothing is imported before it
is called, and the report's kernels never call it.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.core.hypothesis import HypothesisTest
from kinerja_lab.core.message import Message
from kinerja_lab.estimation.sample import Sample

__all__ = ["FAMILIES", "design_independence", "design_regression", "design_t_test"]

FAMILIES = {"gaussian": "linear", "binomial": "logistic", "poisson": "log-linear"}
"""Distribution of the outcome, and what the regression is called."""

_LONELY = {"centre": "center", "average": "scale", "certainty": "skip"}
_LEAST = 3


def design_regression(
    sample: Sample, outcome: np.ndarray, covariates: Mapping[str, np.ndarray], *, level: float,
    family: str = "gaussian",
) -> EstimateTable:
    """Regression whose errors follow the design.

    Parameters
    ----------
    sample : Sample
        How the respondents were drawn; weights as drawn (calibrated ones are refused).
    outcome : numpy.ndarray of float, shape (n,)
        Finite; 0 or 1 under ``"binomial"``, counts under ``"poisson"``.
    covariates : mapping of str to numpy.ndarray
        At least one; numbers, or text for categories (the first in order is the base).
    level : float
        Confidence level, between 0 and 1.
    family : str
        One of ``FAMILIES``.

    Returns
    -------
    EstimateTable
        ``label`` is the term, ``"constant"`` first; unit ``"coefficient"`` (log odds, log rates).

    Raises
    ------
    KinerjaError
        ``unknown_option``, ``lengths_differ``, ``scores_not_finite``, ``events_not_binary``,
        ``regression_without_columns``, ``calibrated_refused``.
    NotApplicable
        ``columns_collinear``, ``events_separated``, ``lonely_strata``, ``design_too_few_clusters`` or ``svy_refused``.

    Notes
    -----
    Weighted estimating equations, sandwich variance over clusters; t with clusters minus strata minus covariates
    degrees of freedom (R survey's ``svyglm``).

    References
    ----------
    Binder, D. A. (1983). On the variances of asymptotically normal estimators from complex surveys. International
    Statistical Review 51, 279-292.
    """
    if family not in FAMILIES:
        raise KinerjaError("unknown_option", name="family", value=str(family), choices=", ".join(FAMILIES), nearest="-")
    if not covariates:
        raise KinerjaError("regression_without_columns")
    outcome = _numbers(sample, outcome)
    if family == "binomial" and not np.isin(outcome, (0.0, 1.0)).all():
        raise KinerjaError("events_not_binary", n=int((~np.isin(outcome, (0.0, 1.0))).sum()))
    columns, kinds = _covariates(sample, covariates)
    numeric = pd.get_dummies(pd.DataFrame(columns), drop_first=True).to_numpy(dtype=float)
    x = np.column_stack([np.ones(sample.n), numeric])
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise NotApplicable("columns_collinear")
    if family == "binomial" and _separated(x, outcome):
        raise NotApplicable("events_separated")
    import svy

    terms = [svy.Cat(name) if kinds[name] else name for name in columns]
    found = _asked(lambda: _svy_sample(sample, {"outcome": outcome, **columns}).glm.fit(
        y="outcome", x=terms, family=family, alpha=1 - level).to_polars().to_pandas())
    if not np.isfinite(found[["estimate", "std_err"]].to_numpy()).all() or (found["df"] < 1).any():
        raise NotApplicable("design_too_few_clusters")
    frame = pd.DataFrame({
        "label": ["constant" if term == "_intercept_" else str(term) for term in found["term"]],
        "value": found["estimate"], "low": found["conf_low"], "high": found["conf_high"], "level": level, "n": sample.n,
        "method": f"design-based {FAMILIES[family]} regression (svy)", "unit": "coefficient", "note": ""})
    return EstimateTable(frame=frame)


def design_t_test(sample: Sample, values: np.ndarray, *, groups: np.ndarray) -> HypothesisTest:
    """Whether two groups have the same mean, given the design.

    Parameters
    ----------
    sample : Sample
        How the respondents were drawn; weights as drawn.
    values : numpy.ndarray of float, shape (n,)
        Finite.
    groups : numpy.ndarray, shape (n,)
        Two labels.

    Returns
    -------
    HypothesisTest

    Raises
    ------
    KinerjaError
        ``lengths_differ``, ``scores_not_finite`` or ``calibrated_refused``.
    NotApplicable
        ``groups_not_two``, ``lonely_strata``, ``scores_constant`` or ``svy_refused``.

    References
    ----------
    Lumley, T. (2010). Complex surveys, section 2.5. Wiley.
    """
    values = _numbers(sample, values)
    labels = _labels(sample, groups)
    if len(set(labels)) != 2:
        raise NotApplicable("groups_not_two", n=len(set(labels)))
    if values.min() == values.max():
        raise NotApplicable("scores_constant")
    found = _asked(lambda: _svy_sample(sample, {"outcome": values, "group": labels}).categorical.ttest(
        "outcome", group="group"))
    return HypothesisTest(statistic=float(found.stats.t), df=float(found.stats.df), p=float(found.stats.p_value),
                          null=Message("null.design_equal_means"), distribution="t", method="design-based t test (svy)",
                          n=sample.n)


def design_independence(sample: Sample, rows: np.ndarray, columns: np.ndarray) -> HypothesisTest:
    """Whether two categories have nothing to do with each other, given the design.

    Parameters
    ----------
    sample : Sample
        How the respondents were drawn; weights as drawn.
    rows, columns : numpy.ndarray, shape (n,)
        Categories, at least two of each.

    Returns
    -------
    HypothesisTest
        ``df`` is that of the numerator of F.

    Raises
    ------
    KinerjaError
        ``lengths_differ`` or ``calibrated_refused``.
    NotApplicable
        ``groups_not_two``, ``lonely_strata`` or ``svy_refused``.

    Notes
    -----
    Pearson's chi-square with the second-order correction of Rao and Scott, as F.

    References
    ----------
    Rao, J. N. K., Scott, A. J. (1984). On chi-squared tests for multiway contingency tables with cell proportions
    estimated from survey data. Annals of Statistics 12, 46-60.
    """
    sides = {"row": _labels(sample, rows), "column": _labels(sample, columns)}
    for side in sides.values():
        if len(set(side)) < 2:
            raise NotApplicable("groups_not_two", n=len(set(side)))
    found = _asked(lambda: _svy_sample(sample, sides).categorical.tabulate("row", "column")).stats.f
    return HypothesisTest(statistic=float(found.value), df=float(found.df_num), p=float(found.p_value),
                          null=Message("null.design_independent"), distribution="F", n=sample.n,
                          method="Rao-Scott, second order (svy)")


def _svy_sample(sample: Sample, columns: Mapping[str, np.ndarray]):
    import polars as pl
    import svy

    if sample.auxiliary is not None:
        raise KinerjaError("calibrated_refused")
    design = {"wgt": "_weight"}
    frame = {"_weight": sample.weights, **columns}
    for name, role, values in (("stratum", "_stratum", sample.strata), ("psu", "_cluster", sample.clusters)):
        if values is not None:
            frame[role] = np.asarray(values).astype(str)
            design[name] = role
    if sample.population is not None and np.isfinite(sample.population).all():
        frame["_population"] = np.asarray(sample.population, dtype=float)
        design["pop_size"] = "_population"
    if sample.lonely != "fail":
        design["singleton"] = _LONELY[sample.lonely]
    return svy.Sample(pl.DataFrame({name: np.asarray(values).tolist() for name, values in frame.items()}),
                      svy.Design(**design))


def _asked(question):
    """The answer of ``svy``, its refusals in our words."""
    import warnings

    import svy

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return question()
    except svy.SvyError as refusal:
        if "ingleton" in str(refusal):
            raise NotApplicable("lonely_strata", n=1) from refusal
        raise NotApplicable("svy_refused", reason=str(getattr(refusal, "title", "") or type(refusal).__name__)
                            ) from refusal


def _numbers(sample: Sample, values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    if values.shape != sample.weights.shape:
        raise KinerjaError("lengths_differ", first=sample.n, second=len(values))
    if not np.isfinite(values).all():
        raise KinerjaError("scores_not_finite", n=int((~np.isfinite(values)).sum()))
    if sample.n < _LEAST:
        raise NotApplicable("empty_sample")
    return values


def _labels(sample: Sample, values: np.ndarray) -> np.ndarray:
    values = np.asarray(values)
    if len(values) != sample.n:
        raise KinerjaError("lengths_differ", first=sample.n, second=len(values))
    if pd.isna(values).any():
        raise KinerjaError("scores_not_finite", n=int(pd.isna(values).sum()))
    return values.astype(str)


def _covariates(sample: Sample, covariates: Mapping[str, np.ndarray]) -> tuple[dict, dict[str, bool]]:
    columns, kinds = {}, {}
    for name, values in covariates.items():
        text = np.asarray(values).dtype.kind not in "biuf"
        columns[name] = _labels(sample, values) if text else _numbers(sample, values)
        kinds[name] = text
    return columns, kinds


def _separated(x: np.ndarray, events: np.ndarray) -> bool:
    """Whether some line through the covariates parts ones from zeros, so that no finite coefficient fits best."""
    from scipy import optimize

    side = (2 * events - 1)[:, None] * x
    found = optimize.linprog(-side.sum(axis=0), A_ub=-side, b_ub=np.zeros(len(x)), bounds=[(-1, 1)] * x.shape[1],
                             method="highs")
    return bool(found.status == 0 and -found.fun > 1e-9)
