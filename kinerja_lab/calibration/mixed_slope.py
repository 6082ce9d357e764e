"""How much outcome goes with a point of the indicator when regions have levels of their own? Random intercepts."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from kinerja_lab.calibration.criterion import LEAST_REGIONS
from kinerja_lab.calibration.unit_rows import unit_rows
from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.numeric.intervals import t_interval
from kinerja_lab.numeric.nested_df import satterthwaite_df
from kinerja_lab.numeric.nested_errors import nested_fit, nested_sums

__all__ = ["mixed_slope"]

_INDEPENDENT = 1e-6


def mixed_slope(frame: pd.DataFrame, *, level: float, case_mix: Sequence[str] = ()) -> EstimateTable:
    """The slope of ``association_slope`` from a model in which every region has a level of its own.

    Parameters
    ----------
    frame : pandas.DataFrame
        As for ``association_parts``: one row a unit, ``unit, region, indicator, outcome`` and the case-mix columns.
    level : float
        Confidence level, between 0 and 1.
    case_mix : sequence of str
        Columns of numbers held constant.

    Returns
    -------
    EstimateTable
        A row a coefficient: ``"indicator"``, then the case-mix columns; ``n`` is units.

    Raises
    ------
    KinerjaError
        ``missing_columns``, ``units_repeated`` or ``bad_level``.
    NotApplicable
        ``too_few_common_units``, ``constant_side``, ``few_regions_mixed``, ``one_unit_each_region``,
        ``columns_not_independent`` or ``perfect_line``.

    Notes
    -----
    outcome = b0 + b1 indicator + case mix + region + unit, regions and units normal, REML; t with Satterthwaite degrees
    of freedom. Where regions do not differ beyond their units, this is least squares with units less columns. It weighs
    units towards comparisons within regions as far as regions differ; least squares with CR2 errors keeps the plain
    slope and asks less of the data (any dependence inside regions), with wider intervals. Where slopes within and
    between regions differ, the two are estimates of different things: see ``association_parts``.

    References
    ----------
    Battese, G. E., Harter, R. M., Fuller, W. A. (1988). An error-components model for prediction of county crop areas.
    JASA 83, 28-36. Kuznetsova, A., Brockhoff, P. B., Christensen, R. H. B. (2017). lmerTest package. Journal of
    Statistical Software 82(13).
    """
    x, y, mix, region = unit_rows(frame, case_mix=case_mix)
    sizes = np.bincount(region)
    if len(sizes) < LEAST_REGIONS:
        raise NotApplicable("few_regions_mixed", n=len(sizes), least=LEAST_REGIONS)
    if sizes.max() < 2:
        raise NotApplicable("one_unit_each_region")
    columns = np.column_stack([x, mix])
    middle, scale = columns.mean(axis=0), columns.std(axis=0)
    if not (scale > 1e-12 * (1 + np.abs(middle))).all():
        raise NotApplicable("columns_not_independent")
    design = np.column_stack([np.ones(len(x)), (columns - middle) / scale])
    values = np.linalg.eigvalsh(design.T @ design / len(x))
    if len(x) <= design.shape[1] + len(sizes) or values.min() <= _INDEPENDENT * values.max():
        raise NotApplicable("columns_not_independent")
    height = y.std()
    fit = nested_fit(sums := nested_sums((y - y.mean()) / height, design, region, count=len(sizes)))
    if fit.within <= 1e-12:
        raise NotApplicable("perfect_line")
    df = satterthwaite_df(sums, fit)[1:]
    size = height / scale
    coef, se = fit.coefficients[1:] * size, np.sqrt(np.diag(fit.inverse))[1:] * size
    low, high = t_interval(coef, se, df, level=level)
    route = "random intercept of" if fit.between > 0 else "no variation between"
    method = f"REML, {route} {len(sizes)} regions, Satterthwaite"
    return EstimateTable.from_estimates(
        Estimate(label=label, value=float(coef[place]), low=float(low[place]), high=float(high[place]), level=level,
                 n=len(x), method=method, unit="slope", note="" if np.isfinite(low[place]) else "no_variation")
        for place, label in enumerate(("indicator", *case_mix)))
