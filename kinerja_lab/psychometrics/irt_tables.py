"""How are the parameters of an item response model written down, each with its interval?"""

import numpy as np
import pandas as pd

from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.numeric.latent_groups import GroupLayout
from kinerja_lab.psychometrics.irt_sheets import PreparedSheets

__all__ = ["distribution_table", "parameter_table"]


def parameter_table(
    prepared: PreparedSheets, *, plain: np.ndarray, jacobian: np.ndarray, covariance: np.ndarray, quantile: float,
    note: str, shared: bool, level: float, n: int, method: str,
) -> EstimateTable:
    """Slopes and thresholds of every item.

    Parameters
    ----------
    prepared : PreparedSheets
        The sheets.
    plain : array of float, shape (groups, items, answers)
        Slope and intercepts.
    jacobian : array of float, shape (groups, items * answers, free)
        Their derivatives by the free parameters.
    covariance : array of float, shape (free, free)
        Of the free parameters.
    quantile : float
        Standard errors to either side.
    note : str
        Why there are no intervals; empty where there are.
    shared : bool
        Whether all groups share the parameters: then they stand once, without a group.
    level, n, method
        Columns of the table.

    Returns
    -------
    EstimateTable
        A threshold has no interval where that of the slope holds 0 (``slope_near_zero``): it could lie anywhere.

    Notes
    -----
    Threshold = -intercept / slope, its variance by the delta method.
    """
    rows = []
    groups = prepared.groups[:1] if shared else prepared.groups
    for group, name in enumerate(groups):
        own = jacobian[group] @ covariance @ jacobian[group].T
        for item, (code, size) in enumerate(zip(prepared.items, prepared.sizes, strict=True)):
            start = item * plain.shape[2]
            spread = own[start:start + size, start:start + size]
            slope, steps = plain[group, item, 0], plain[group, item, 1:size]
            se, held = float(np.sqrt(spread[0, 0])), note or ("slope_fixed" if spread[0, 0] == 0 else "")
            rows.append((name, code, "slope", slope, se, held))
            loose = note or ("slope_near_zero" if abs(slope) <= quantile * se else "")
            for step, value in enumerate(steps, start=1):
                lean = np.zeros(size)
                lean[0], lean[step] = value / slope**2, -1 / slope
                variance = lean @ spread @ lean
                fixed = "slope_fixed" if not loose and variance == 0 else loose
                rows.append((name, code, f"threshold_{step}", -value / slope, float(np.sqrt(variance)), fixed))
    frame = pd.DataFrame(rows, columns=["group", "item", "label", "value", "se", "note"])
    return _table(frame, quantile, ("item",) if shared else ("group", "item"), level=level, n=n, method=method)


def distribution_table(
    groups: tuple[str, ...], *, layout: GroupLayout, point: np.ndarray, covariance: np.ndarray, scale: float,
    quantile: float, note: str, equal: bool, level: float, n: int, method: str,
) -> EstimateTable:
    """Mean and standard deviation of each group on the scale.

    Parameters
    ----------
    groups : tuple of str
        Group names.
    layout : GroupLayout
        What was fitted.
    point : array of float
        The free parameters.
    covariance : array of float
        Of the free parameters.
    scale : float
        What the standard normal scale of the fit is multiplied with.
    quantile : float
        Standard errors to either side.
    note : str
        Why there are no intervals; empty where there are.
    equal : bool
        Whether the scale is a free parameter (the first one).
    level, n, method
        Columns of the table.
    """
    rows = []
    for group, name in enumerate(groups):
        (mean, spread), (at_mean, at_spread) = layout.distribution(point, group), layout.places(group)
        for label, value, place, grow in (("mean", mean, at_mean, 1.0), ("sd", spread, at_spread, spread)):
            lean = np.zeros(len(point))
            if place is not None:
                lean[place] = scale * grow
            if equal:
                lean[0] = value
            variance = float(lean @ covariance @ lean) if lean.any() else 0.0
            held = note if lean.any() else "scale_origin"
            rows.append((name, label, value * scale, float(np.sqrt(variance)), held))
    frame = pd.DataFrame(rows, columns=["group", "label", "value", "se", "note"])
    return _table(frame, quantile, ("group",), level=level, n=n, method=method)


def _table(frame: pd.DataFrame, quantile: float, groups: tuple[str, ...], **common: object) -> EstimateTable:
    half = np.where(frame["note"] == "", quantile * frame["se"], np.nan)
    low, high = frame["value"] - half, frame["value"] + half
    low = np.where(frame["label"] == "sd", frame["value"] * np.exp(-half / frame["value"]), low)
    high = np.where(frame["label"] == "sd", frame["value"] * np.exp(half / frame["value"]), high)
    return EstimateTable(frame=frame.assign(low=low, high=high, unit="logit", **common), groups=groups)
