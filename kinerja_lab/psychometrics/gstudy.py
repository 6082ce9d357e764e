"""Where does the variation of answers come from, and how many respondents or items would be enough? G and D studies."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.numeric.analogous import analogous_components
from kinerja_lab.numeric.nested import anova_components, nested_crossed, reml_components

__all__ = ["DStudy", "GStudy", "UNIT_DESIGN", "d_study", "g_study", "g_study_units", "needed"]

UNIT_DESIGN = (("unit",), ("unit", "person"), ("item",), ("unit", "item"), ("unit", "person", "item"))
"""Respondents inside units, all answering the same items; the last is the residual."""

COMPONENTS = ("reml", "anova")
_MOST = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GStudy:
    """Variance components of single answers.

    Parameters
    ----------
    components : EstimateTable
        Label ``"unit"``, ``"unit:person"``, ...: facets joined by a colon; unit ``"variance"``.
    design : tuple of tuple of str
        Facets of each component, in the order of the rows; a nested facet stands with those it is nested in.
    covariance : numpy.ndarray
        Of the components' logarithms; NaN where it is not known.
    sizes : mapping of str to float
        Levels of each facet seen (harmonic mean within a unit for persons of ``g_study_units``).
    """

    components: EstimateTable
    design: tuple[tuple[str, ...], ...]
    covariance: np.ndarray
    sizes: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DStudy:
    """How well objects can be told apart by means over so many conditions.

    Parameters
    ----------
    relative : Estimate
        Generalisability coefficient: for ranking.
    absolute : Estimate
        Dependability coefficient: for judging against a fixed bar, where the conditions' own level counts too.
    universe, relative_error, absolute_error : float
        Variance of the objects, and the two error variances of their means.
    """

    relative: Estimate
    absolute: Estimate
    universe: float
    relative_error: float
    absolute_error: float


def g_study_units(
    answers: np.ndarray, *, units: np.ndarray, level: float, components: str = "reml",
) -> GStudy:
    """G study of respondents inside units, crossed with items.

    Parameters
    ----------
    answers : numpy.ndarray, shape (n, items)
        Complete answers, one row a respondent, at least two items.
    units : numpy.ndarray, shape (n,)
        Unit of each respondent; sizes may differ.
    level : float
        Confidence level, between 0 and 1.
    components : str
        ``"reml"`` (none below 0, with intervals) or ``"anova"`` (mean squares, may be below 0, without).

    Returns
    -------
    GStudy

    Raises
    ------
    KinerjaError
        ``scores_not_finite``, ``lengths_differ``, ``bad_level`` or ``unknown_option``.
    NotApplicable
        ``too_few_items``, ``too_few_units``, ``one_respondent_each`` or ``no_residual_variation``.

    Notes
    -----
    answer = mean + unit + person in unit + item + unit x item + rest. The cost is a few sums over respondents: see
    ``numeric.nested``. Limits on the logarithm from the curvature of the restricted likelihood; a component at 0 has
    none (``variance_at_zero``).

    References
    ----------
    Brennan, R. L. (2001). Generalizability theory, chapters 3 and 7. Springer.
    """
    answers = np.asarray(answers, dtype=float)
    if components not in COMPONENTS:
        raise KinerjaError("unknown_option", name="components", value=str(components), choices=", ".join(COMPONENTS),
                           nearest="-")
    names, codes = _checked(answers, units, level)
    layout = nested_crossed(answers, codes, count=len(names))
    if layout.within <= 1e-12 * float((answers - answers.mean()).ravel() @ (answers - answers.mean()).ravel() + 1e-300):
        raise NotApplicable("no_residual_variation")
    sizes = {"unit": float(len(names)), "item": float(answers.shape[1]),
             "person": len(names) / float((1 / layout.means.sizes).sum())}
    if components == "anova":
        values, covariance = anova_components(layout), np.full((5, 5), np.nan)
    else:
        fit = reml_components(layout)
        values, covariance = fit.components, fit.covariance
    method = "REML" if components == "reml" else "mean squares (Henderson 1)"
    return GStudy(components=_table(values, covariance, UNIT_DESIGN, level, len(answers), method), design=UNIT_DESIGN,
                  covariance=covariance, sizes=sizes)


def _checked(answers: np.ndarray, units: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    if len(answers) != len(units):
        raise KinerjaError("lengths_differ", first=len(answers), second=len(units))
    if not np.isfinite(answers).all():
        raise KinerjaError("scores_not_finite", n=int((~np.isfinite(answers)).any(axis=1).sum()))
    if answers.ndim != 2 or answers.shape[1] < 2:
        raise NotApplicable("too_few_items", n=1 if answers.ndim < 2 else answers.shape[1], least=2)
    codes, names = pd.factorize(np.asarray(units), sort=True)
    if len(names) < 2:
        raise NotApplicable("too_few_units", n=len(names), least=2)
    if len(names) == len(answers):
        raise NotApplicable("one_respondent_each", n=len(names))
    return np.asarray(names), codes


def g_study(
    scores: np.ndarray, *, facets: Mapping[str, np.ndarray], design: Sequence[Sequence[str]], level: float,
) -> GStudy:
    """G study of any design: crossed, nested, unbalanced, with empty cells.

    Parameters
    ----------
    scores : numpy.ndarray, shape (n,)
        One finite score a row.
    facets : mapping of str to numpy.ndarray
        Level of each row: units, persons, raters, items, occasions.
    design : sequence of sequence of str
        The facets of each component; the last is the residual. A nested facet stands with those it is nested in:
        raters in tasks are ``("task", "rater")``.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    GStudy
        Components by mean squares; they may be below 0 and have no interval (``instrument_component_no_interval``).

    Raises
    ------
    KinerjaError
        ``scores_not_finite``, ``lengths_differ``, ``bad_level``, ``instrument_unknown_facet`` or
        ``instrument_design_repeats``.
    NotApplicable
        ``instrument_design_confounded`` when the data cannot separate two components.

    Notes
    -----
    Henderson's method 1 ("analogous ANOVA"): sums of squared totals over level sizes are set equal to their
    expectations. Balanced designs give the ANOVA estimates.

    References
    ----------
    Henderson, C. R. (1953). Estimation of variance and covariance components. Biometrics 9, 226-252.
    Brennan, R. L. (2001). Generalizability theory, section 7.1.1. Springer.
    """
    scores = np.asarray(scores, dtype=float)
    effects = tuple(tuple(effect) for effect in design)
    _check_design(scores, facets, effects, level)
    levels = {name: pd.factorize(np.asarray(codes), sort=True)[0] for name, codes in facets.items()}
    values = analogous_components(scores, [np.stack([levels[name] for name in effect]) for effect in effects])
    if values is None:
        raise NotApplicable("instrument_design_confounded")
    covariance = np.full((len(effects),) * 2, np.nan)
    return GStudy(components=_table(values, covariance, effects, level, len(scores), "mean squares (Henderson 1)"),
                  design=effects, covariance=covariance,
                  sizes={name: float(codes.max() + 1) for name, codes in levels.items()})


def _check_design(scores: np.ndarray, facets, effects, level: float) -> None:
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    if not np.isfinite(scores).all():
        raise KinerjaError("scores_not_finite", n=int((~np.isfinite(scores)).sum()))
    for codes in facets.values():
        if len(codes) != len(scores):
            raise KinerjaError("lengths_differ", first=len(scores), second=len(codes))
    unknown = [name for effect in effects for name in effect if name not in facets]
    if unknown:
        raise KinerjaError("instrument_unknown_facet", value=unknown[0], choices=", ".join(facets))
    if len({frozenset(effect) for effect in effects}) < len(effects):
        raise KinerjaError("instrument_design_repeats")


def _table(values, covariance, design, level: float, n: int, method: str) -> EstimateTable:
    z = float(special.ndtri((1 + level) / 2))
    rows = []
    for place, (value, effect) in enumerate(zip(values, design, strict=True)):
        spread = covariance[place, place]
        known = value > 0 and np.isfinite(spread)
        ends = (value * np.exp(-z * np.sqrt(spread)), value * np.exp(z * np.sqrt(spread))) if known else (np.nan,) * 2
        reml = method == "REML"
        note = "" if known else ("variance_at_zero" if value <= 0 else "variance_flat") if reml else (
            "instrument_component_no_interval")
        rows.append(Estimate(label=":".join(effect), value=float(value), low=float(ends[0]), high=float(ends[1]),
                             level=level, n=n, method=method, unit="variance", note=note))
    return EstimateTable.from_estimates(rows)


def d_study(
    study: GStudy, *, objects: Sequence[str], sizes: Mapping[str, float], fixed: Collection[str] = (),
) -> DStudy:
    """Generalisability and dependability of means over so many conditions.

    Parameters
    ----------
    study : GStudy
        From ``g_study`` or ``g_study_units``.
    objects : sequence of str
        What is told apart, e.g. ``("unit",)``; a component of the design.
    sizes : mapping of str to float
        Conditions of every other facet in the mean (within one level of what it is nested in), positive.
    fixed : collection of str
        Facets whose conditions are all there is, e.g. ``("item",)`` when the nine elements are the instrument: what
        they share with the object is then part of the object.

    Returns
    -------
    DStudy

    Raises
    ------
    KinerjaError
        ``instrument_unknown_facet`` or ``instrument_sizes_missing``.
    NotApplicable
        ``instrument_no_differences`` when the objects' variance is estimated as 0 or below.

    Notes
    -----
    Each component is divided by the conditions of its facets that are not the object's. Those that hold the object are
    relative error, the others absolute error too. Estimates below 0 count as 0. Limits on the logit by the delta method
    from the components' covariance; none for components by mean squares (``instrument_component_no_interval``).

    References
    ----------
    Brennan, R. L. (2001). Generalizability theory, sections 4.1 and 4.4. Springer.
    """
    target = frozenset(objects)
    names = {name for effect in study.design for name in effect}
    if target not in {frozenset(effect) for effect in study.design}:
        raise KinerjaError("instrument_unknown_facet", value=":".join(objects), choices=", ".join(
            ":".join(effect) for effect in study.design))
    absent = [name for name in sorted(names - target) if not sizes.get(name, 0) > 0]
    if absent:
        raise KinerjaError("instrument_sizes_missing", names=", ".join(absent))
    kinds, divisors = [], []
    for effect in study.design:
        others = set(effect) - target
        divisors.append(float(np.prod([sizes[name] for name in others])) if others else 1.0)
        holds = target <= set(effect)
        kinds.append("universe" if holds and others <= set(fixed) else "relative" if holds else
                     "none" if others <= set(fixed) else "absolute")
    kinds, divisors = np.array(kinds), np.array(divisors)
    values = np.maximum(study.components.frame["value"].to_numpy(), 0.0) / divisors
    universe = float(values[kinds == "universe"].sum())
    if universe <= 0:
        raise NotApplicable("instrument_no_differences")
    error = float(values[kinds == "relative"].sum())
    level_error = float(values[kinds == "absolute"].sum())
    how = ", ".join(f"{name} {sizes[name]:g}" for name in sorted(names - target))
    return DStudy(
        relative=_coefficient(study, "generalisability", values, kinds, ("relative",), how),
        absolute=_coefficient(study, "dependability", values, kinds, ("relative", "absolute"), how),
        universe=universe, relative_error=error, absolute_error=error + level_error)


def _coefficient(study: GStudy, label: str, values, kinds, errors: tuple[str, ...], how: str) -> Estimate:
    first = study.components.frame.iloc[0]
    universe = float(values[kinds == "universe"].sum())
    error = float(values[np.isin(kinds, errors)].sum())
    value = universe / (universe + error)
    against = np.where(np.isin(kinds, errors), -values / max(error, 1e-300), 0.0)
    slope = np.where(kinds == "universe", values / universe, against)
    used = slope != 0
    variance = float(slope[used] @ study.covariance[np.ix_(used, used)] @ slope[used])
    bare = {"label": label, "value": value, "level": float(first["level"]), "n": int(first["n"]),
            "method": f"{first['method']}; mean over {how}", "unit": "coefficient"}
    if not np.isfinite(variance) or variance < 0 or error <= 0:
        note = "variance_flat" if str(first["method"]) == "REML" else "instrument_component_no_interval"
        return Estimate(low=np.nan, high=np.nan, note=note, **bare)
    half = float(special.ndtri((1 + bare["level"]) / 2)) * np.sqrt(variance)
    logit = np.log(universe / error)
    return Estimate(low=float(special.expit(logit - half)), high=float(special.expit(logit + half)), **bare)


def needed(
    study: GStudy, *, objects: Sequence[str], facet: str, sizes: Mapping[str, float], target: float,
    fixed: Collection[str] = (),
) -> float:
    """Conditions of one facet needed for a generalisability coefficient, the others as given.

    Parameters
    ----------
    study : GStudy
        From ``g_study`` or ``g_study_units``.
    objects : sequence of str
        What is told apart.
    facet : str
        Which facet grows, e.g. ``"person"``.
    sizes : mapping of str to float
        Conditions of the other facets.
    target : float
        Coefficient wanted, between 0 and 1.
    fixed : collection of str
        As in ``d_study``.

    Returns
    -------
    float
        A whole number, or infinity where no number of them is enough.

    Raises
    ------
    KinerjaError
        ``instrument_bad_target``, or that of ``d_study``.
    NotApplicable
        That of ``d_study``.
    """
    if not 0 < target < 1:
        raise KinerjaError("instrument_bad_target", value=str(target))

    def error_at(count: float) -> tuple[float, float]:
        found = d_study(study, objects=objects, sizes={**sizes, facet: count}, fixed=fixed)
        return found.universe, found.relative_error

    universe, remaining = error_at(float(_MOST) ** 2)
    room = universe * (1 - target) / target - remaining
    if room <= 0:
        return np.inf
    one = error_at(1.0)[1]
    return max(float(np.ceil(np.round((one - remaining) / room, 9))), 1.0)
