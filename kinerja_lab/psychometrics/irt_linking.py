"""How is last year's scale laid over this year's, when some items were asked in both?"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import optimize

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.core.options import as_option
from kinerja_lab.numeric.category_curves import category_curves
from kinerja_lab.numeric.intervals import normal_quantile
from kinerja_lab.numeric.quadrature import normal_grid
from kinerja_lab.psychometrics.irt_model import IrtModel

__all__ = ["LinkMethod", "ScaleLink", "link_scales"]

LEAST_COMMON = 2
_STEP = 1e-4


class LinkMethod(StrEnum):
    """By means and spreads of thresholds, by item curves (Haebara), or by the test curve (Stocking and Lord)."""

    MEAN_SIGMA = "mean_sigma"
    MEAN_MEAN = "mean_mean"
    HAEBARA = "haebara"
    STOCKING_LORD = "stocking_lord"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScaleLink:
    """Places of the new scale on the old one: ``slope * place + shift``.

    Parameters
    ----------
    slope, shift : Estimate
        With intervals that carry the errors of both calibrations.
    items : tuple of str
        Items used.
    method : LinkMethod
        How.
    gaps : tuple of Estimate
        By common item: mean difference between the two expected answers after linking, in points of the answer scale; a
        large one marks an item that has drifted.
    """

    slope: Estimate
    shift: Estimate
    items: tuple[str, ...]
    method: LinkMethod
    gaps: tuple[Estimate, ...]


def link_scales(new: IrtModel, *, old: IrtModel, method: LinkMethod | str, level: float,
                items: tuple[str, ...] | None = None) -> ScaleLink:
    """Link two calibrations of one group each.

    Parameters
    ----------
    new, old : IrtModel
        Fitted to different respondents, with the same model.
    method : LinkMethod or str
        How.
    level : float
        Confidence level, between 0 and 1.
    items : tuple of str or None
        Common items to use; all by default.

    Returns
    -------
    ScaleLink
        In models with equal slopes ``slope`` is 1 without an interval (``slope_fixed``).

    Raises
    ------
    KinerjaError
        ``models_differ``, ``no_such_answer_item``.
    NotApplicable
        ``too_few_common``, ``link_negative``.

    Notes
    -----
    Mean-sigma: slope = sd of the old thresholds over sd of the new. Haebara and Stocking-Lord minimise the squared
    difference of item or test curves over the old group and, mirrored, the new one. Errors by the delta method over
    both sets of item parameters. Fixed anchors and concurrent calibration: ``item_response`` with ``anchors`` or with
    several groups.

    References
    ----------
    Kolen, M. J., Brennan, R. L. (2014). Test equating, scaling, and linking, 3rd ed., chapter 6. Haebara, T. (1980).
    Japanese Psychological Research 22, 144-149. Stocking, M. L., Lord, F. M. (1983). Applied Psychological Measurement
    7, 201-210.
    """
    method, quantile = as_option(LinkMethod, method), normal_quantile(level)
    common = _common(new, old, items)
    parts = [_parts(model, common) for model in (new, old)]
    point = _solve(parts[0][0], parts[1][0], new, old, common, method)
    gap = _gaps(parts[0][0], parts[1][0], new, common, point)
    bend = _bend(parts[0][0], parts[1][0], new, old, common, method, point)
    lean_link, lean_gap = [], []
    for side in (0, 1):
        held, covariance = parts[side]
        rows_link, rows_gap = np.zeros((held.size, 2)), np.zeros((held.size, len(common)))
        for place, cell in enumerate(np.ndindex(held.shape)):
            if np.isnan(held[cell]) or covariance[place, place] == 0:
                continue
            both = []
            for sign in (1, -1):
                moved = [parts[0][0].copy(), parts[1][0].copy()]
                moved[side][cell] += sign * _STEP
                shifted = point - bend(moved) if bend else _solve(*moved, new, old, common, method)
                both.append((shifted, _gaps(*moved, new, common, shifted)))
            rows_link[place] = (both[0][0] - both[1][0]) / (2 * _STEP)
            rows_gap[place] = (both[0][1] - both[1][1]) / (2 * _STEP)
        lean_link.append(rows_link.T @ covariance @ rows_link)
        lean_gap.append(np.einsum("pi,pq,qi->i", rows_gap, covariance, rows_gap))
    se, se_gap = np.sqrt(np.diag(sum(lean_link))), np.sqrt(sum(lean_gap))
    n, name = new.n + old.n, f"{method.value}, delta method"
    fixed = new.model.equal_slopes
    return ScaleLink(
        slope=_estimate("link_slope", point[0], np.nan if fixed else quantile * se[0], level, n, name, "ratio",
                        "slope_fixed" if fixed else ""),
        shift=_estimate("link_shift", point[1], quantile * se[1], level, n, name, "logit", ""), items=common,
        method=method, gaps=tuple(_estimate(code, value, quantile * half, level, n, name, "scale_points", "")
                                  for code, value, half in zip(common, gap, se_gap, strict=True)))


def _estimate(label, value, half, level, n, method, unit, note) -> Estimate:
    note = note or ("weights_need_units" if np.isnan(half) else "")
    return Estimate(label=label, value=float(value), low=float(value - half), high=float(value + half), level=level,
                    n=n, method=method, unit=unit, note=note)


def _common(new: IrtModel, old: IrtModel, items: tuple[str, ...] | None) -> tuple[str, ...]:
    if new.model is not old.model or len(new.groups) > 1 or len(old.groups) > 1:
        raise KinerjaError("models_differ", new=str(new), old=str(old))
    wanted = new.items if items is None else items
    lost = [code for code in wanted if items is not None and not (code in new.items and code in old.items)]
    if lost:
        raise KinerjaError("no_such_answer_item", items=", ".join(lost), choices=", ".join(old.items))
    common = tuple(code for code in wanted if code in old.items
                   and old.levels[old.items.index(code)] == new.levels[new.items.index(code)])
    if len(common) < LEAST_COMMON:
        raise NotApplicable("too_few_common", n=len(common), least=LEAST_COMMON)
    return common


def _parts(model: IrtModel, common: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Slopes and intercepts of the common items and their covariance."""
    longest = model.intercepts.shape[2] + 1
    rows = np.concatenate([np.arange(longest) + model.items.index(code) * longest for code in common])
    lean = model.jacobian[0][rows]
    places = [model.items.index(code) for code in common]
    held = np.column_stack([model.slopes[0], model.intercepts[0]])[places]
    return held, lean @ model.covariance @ lean.T


def _solve(new_part, old_part, new: IrtModel, old: IrtModel, common, method: LinkMethod) -> np.ndarray:
    new_b, old_b = (-part[:, 1:] / part[:, :1] for part in (new_part, old_part))
    if new.model.equal_slopes:
        slope = 1.0
    elif method is LinkMethod.MEAN_SIGMA:
        slope = float(np.nanstd(old_b) / np.nanstd(new_b))
    else:
        slope = float(new_part[:, 0].mean() / old_part[:, 0].mean())
    if slope <= 0:
        raise NotApplicable("link_negative", slope=slope)
    point = np.array([slope, np.nanmean(old_b) - slope * np.nanmean(new_b)])
    if method in (LinkMethod.MEAN_SIGMA, LinkMethod.MEAN_MEAN):
        return point
    residuals = _residuals(new_part, old_part, new, old, common, method)
    found = optimize.least_squares(residuals, point[1:] if new.model.equal_slopes else point, xtol=1e-12, ftol=1e-12,
                                   gtol=1e-12).x
    return np.array([1.0, found[0]]) if new.model.equal_slopes else found


def _residuals(new_part, old_part, new: IrtModel, old: IrtModel, common, method: LinkMethod):
    """Gaps between curves as a function of slope and shift (of the shift alone where slopes are equal)."""
    def residuals(moved: np.ndarray) -> np.ndarray:
        full = np.array([1.0, moved[0]]) if new.model.equal_slopes else moved
        gaps = _curve_gaps(new_part, old_part, new, old, common, full)
        return (gaps.sum(axis=0) if method is LinkMethod.STOCKING_LORD else gaps).ravel()

    return residuals


def _bend(new_part, old_part, new: IrtModel, old: IrtModel, common, method: LinkMethod, point: np.ndarray):
    """How far the best link moves when parameters move a little (one Newton step); None for closed forms."""
    if method in (LinkMethod.MEAN_SIGMA, LinkMethod.MEAN_MEAN):
        return None
    place = point[1:] if new.model.equal_slopes else point
    steps = _STEP * np.eye(len(place))

    def lean(parts, at: np.ndarray) -> np.ndarray:
        residuals = _residuals(*parts, new, old, common, method)
        middle = residuals(at)
        return np.array([(residuals(at + step) - residuals(at - step)) @ middle for step in steps]) / (2 * _STEP)

    here = (new_part, old_part)
    second = np.array([(lean(here, place + step) - lean(here, place - step)) / (2 * _STEP) for step in steps])
    start = lean(here, place)

    def moved(parts) -> np.ndarray:
        step = np.linalg.solve(second, lean(parts, place) - start)
        return np.array([0.0, step[0]]) if new.model.equal_slopes else step

    return moved


def _moved(part: np.ndarray, point: np.ndarray) -> np.ndarray:
    """Parameters of the new scale on the old one."""
    out = part.copy()
    out[:, 0] = part[:, 0] / point[0]
    out[:, 1:] = part[:, 1:] - (out[:, 0] * point[1])[:, None]
    return out


def _curve_gaps(new_part, old_part, new, old, common, point) -> np.ndarray:
    """Weighted differences of expected answers over both groups, shape (items, points)."""
    nodes, weights = normal_grid(31)
    at = np.concatenate([old.mean[0] + old.sd[0] * nodes, point[1] + point[0] * (new.mean[0] + new.sd[0] * nodes)])
    root = np.sqrt(np.concatenate([weights, weights]) / 2)
    return (_expected(_moved(new_part, point), new, common, at) - _expected(old_part, old, common, at)) * root


def _expected(part: np.ndarray, model: IrtModel, common, at: np.ndarray) -> np.ndarray:
    sizes = np.array([len(model.levels[model.items.index(code)]) for code in common])
    p = category_curves(model.model.kind, part[:, 0], part[:, 1:], sizes, at).p
    answers = np.zeros(p.shape[:2])
    for row, code in enumerate(common):
        answers[row, :sizes[row]] = model.levels[model.items.index(code)]
    return np.einsum("jck,jc->jk", p, answers)


def _gaps(new_part, old_part, new: IrtModel, common, point: np.ndarray) -> np.ndarray:
    nodes, weights = normal_grid(31)
    at = point[1] + point[0] * (new.mean[0] + new.sd[0] * nodes)
    return (_expected(_moved(new_part, point), new, common, at) - _expected(old_part, new, common, at)) @ weights
