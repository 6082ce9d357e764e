"""Which units lie outside what chance and ordinary variation explain? Funnel limits after overdispersion."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import MEASURED_IN, EstimateTable
from kinerja_lab.core.options import MeasureKind, Polarity
from kinerja_lab.core.outcome import Measure
from kinerja_lab.numeric.false_discovery import q_values
from kinerja_lab.numeric.intervals import binomial_exact, normal_quantile, poisson_exact
from kinerja_lab.numeric.overdispersion import (
    additive_variance,
    arcsine_scores,
    consistent_factor,
    consistent_variance,
    dispersion,
    log_ratio_scores,
    paule_mandel_variance,
    root_ratio_scores,
    trimmed,
    winsorised,
)
from kinerja_lab.profiling.funnel_rules import Ends, FunnelRules, FunnelScale, Overdispersion, Tau2, house_rules
from kinerja_lab.profiling.limits import LEVELS, exact_z, limits_frame, mixture_z

__all__ = ["Funnel", "flags_together", "funnel"]

LEAST_UNITS = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Funnel:
    """Units against the limits of a funnel plot.

    Parameters
    ----------
    measure : str
        Code of the measure.
    polarity : Polarity
        Which way is better.
    target : float
        The ratio that a unit as expected has, 1.
    units : EstimateTable
        Groups ``("agency", "unit")``, label ``"ratio"``: observed over expected with its exact interval (without the
        variation between units); ``n`` is the denominator.
    limits : pandas.DataFrame
        ``expected, low_95, high_95, low_998, high_998`` on a grid.
    phi : float
        Mean square of the (trimmed or winsorised) scores; 1 under chance.
    tau2 : float
        Variance between units beyond chance, on the scale of the scores, as the published convention computes it.
    flags : tuple of (str, str, float)
        Unit, ``"high"`` or ``"low"``, and its score, for units outside the 99.8 % limits; sorted by unit.
    method : str
        The conventions used.
    expected : numpy.ndarray, shape (units,)
        Expected events of each row of ``units``: where the unit stands along the funnel.
    tau2_limits : float
        The variance between units that limits and flags use: ``tau2`` without the loss that trimming causes.
    factor : float
        What the limits multiply the variance of chance with; 1 unless the overdispersion is multiplicative.
    rules : FunnelRules or None
        The convention.
    z, p, q : numpy.ndarray, shape (units,)
        Score of each row of ``units`` (see ``funnel``), its two-sided p-value, and its Benjamini-Hochberg q-value over
        ``looks`` looks.
    looks : int
        Looks over which false discoveries are counted: the units of this funnel, or after ``flags_together`` those of
        all funnels of a report.
    """

    measure: str
    polarity: Polarity
    target: float
    units: EstimateTable
    limits: pd.DataFrame
    phi: float
    tau2: float
    flags: tuple[tuple[str, str, float], ...]
    method: str
    expected: np.ndarray = field(default_factory=lambda: np.zeros(0))
    tau2_limits: float = 0.0
    factor: float = 1.0
    rules: FunnelRules | None = None
    z: np.ndarray = field(default_factory=lambda: np.zeros(0))
    p: np.ndarray = field(default_factory=lambda: np.zeros(0))
    q: np.ndarray = field(default_factory=lambda: np.zeros(0))
    looks: int = 0

    def flag_q(self) -> dict[str, float]:
        """q-value of every flagged unit."""
        known = dict(zip(self.units.frame["unit"].astype(str), self.q.tolist(), strict=False))
        return {unit: known.get(unit, float("nan")) for unit, _, _ in self.flags}

    def kept_flags(self, rate: float) -> tuple[tuple[str, str, float], ...]:
        """Flags that hold when false discoveries are capped at a rate, between 0 and 1."""
        q = self.flag_q()
        return tuple(flag for flag in self.flags if q[flag[0]] <= rate)


def funnel(table: pd.DataFrame, *, measure: Measure, level: float, rules: FunnelRules | None = None) -> Funnel:
    """Ratios of observed over expected, funnel limits and the units outside them.

    Parameters
    ----------
    table : pandas.DataFrame
        As ``OutcomeData.by_unit`` gives it: ``agency, unit, events, denominator, expected``. Without any expected count
        it is the denominator times the pooled rate of this table.
    measure : Measure
        A proportion (binomial) or a rate (Poisson).
    level : float
        Confidence level of the units' intervals, between 0 and 1; the limits are always 95 and 99.8 %.
    rules : FunnelRules, optional
        The convention; ``house_rules`` of the measure's kind by default. ``PUBLISHED`` holds those of others.

    Returns
    -------
    Funnel

    Raises
    ------
    NotApplicable
        ``funnel_needs_counts``, ``funnel_too_few_units``, ``funnel_partly_expected``, ``funnel_no_events`` or
        ``funnel_all_events``.
    KinerjaError
        ``funnel_bad_counts``, ``funnel_scale`` or ``bad_level``.

    Notes
    -----
    A unit is flagged when both its score with the variance between units, and the exact tail of chance alone, lie
    beyond 99.8 %; its ``z`` is the smaller of the two. Limits are the wider of the two, so a flag and the picture
    agree. Without ``rules.exact`` the first of the two decides alone. The p-value of a unit is its exact tail when
    units vary around their expectation (``mixture_z``; the ``z`` itself where the overdispersion is multiplicative), by
    Student's t with units less one degrees of freedom where that variation was estimated.

    References
    ----------
    Spiegelhalter, D. J. (2005). Funnel plots for comparing institutional performance. Statistics in Medicine 24,
    1185-1202.
    Spiegelhalter, D. J. (2005). Handling over-dispersion of performance indicators. Quality and Safety in Health Care
    14, 347-351.
    """
    if measure.kind is MeasureKind.MEAN:
        raise NotApplicable("funnel_needs_counts", measure=measure.words)
    proportion = measure.kind is MeasureKind.PROPORTION
    rules = house_rules(measure.kind) if rules is None else rules
    if proportion != (rules.scale is FunnelScale.ARCSINE):
        raise KinerjaError("funnel_scale", scale=rules.scale.value, measure=measure.words)
    rows, pooled = _counts(table, measure, rules)
    events, expected, denominator = (rows[name].to_numpy() for name in ("events", "expected", "denominator"))
    root = rules.scale is FunnelScale.ROOT
    if proportion:
        scores, se = arcsine_scores(events, denominator, expected)
    else:
        scores, se = (root_ratio_scores if root else log_ratio_scores)(events, expected)
    kept_z, kept_se = _ends_treated(scores / se, se, rules, tie=expected)
    between, factor = _spread(scores, se, kept_z, kept_se, rules)
    z = scores / np.sqrt(factor * se**2 + between)
    if rules.exact:
        exact = exact_z(events, expected, n=denominator if proportion else None)
        z = np.where(np.abs(exact) < np.abs(z), exact, z)
    alarm = normal_quantile(LEVELS["998"])
    flags = sorted((str(unit), "high" if score > 0 else "low", float(score))
                   for unit, score in zip(rows["unit"], z, strict=True) if abs(score) > alarm)
    p = _p_values(events, expected, denominator if proportion else None, z, between, factor, root)
    return Funnel(
        measure=measure.code, polarity=measure.polarity, target=1.0, units=_units(rows, level, proportion),
        limits=limits_frame(expected, tau2=between, share=pooled if proportion else None, factor=factor, root=root,
                            exact=rules.exact),
        phi=dispersion(kept_z), tau2=additive_variance(kept_z, kept_se), flags=tuple(flags), method=rules.described(),
        expected=expected, tau2_limits=between, factor=factor, rules=rules, z=z, p=p, q=q_values(p), looks=len(p),
    )


def flags_together(
    funnels: Mapping[str, Funnel | NotApplicable],
) -> dict[str, Funnel | NotApplicable]:
    """Funnels whose q-values count the units of all of them: with many looks, some flags are chance.

    Parameters
    ----------
    funnels : mapping of str to (Funnel or NotApplicable)
        By measure code.

    Returns
    -------
    dict
        The same funnels with ``q`` and ``looks`` over all; reasons stay as they are.

    References
    ----------
    Benjamini, Y., Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the Royal Statistical Society B
    57, 289-300. Jones, H. E., Ohlssen, D. I., Spiegelhalter, D. J. (2008). Use of the false discovery rate when
    comparing multiple health care providers. Journal of Clinical Epidemiology 61, 232-240.
    """
    drawn = {code: found for code, found in funnels.items() if isinstance(found, Funnel)}
    if not drawn:
        return dict(funnels)
    q = q_values(np.concatenate([found.p for found in drawn.values()]))
    ends = np.cumsum([len(found.p) for found in drawn.values()])
    parts = dict(zip(drawn, np.split(q, ends[:-1]), strict=True))
    return {code: replace(found, q=parts[code], looks=int(ends[-1])) if code in parts else found
            for code, found in funnels.items()}


def _p_values(events, expected, n, z, between: float, factor: float, root: bool) -> np.ndarray:
    """Two-sided; Student's t once the variation between units had to be estimated from the same units."""
    score = z if factor > 1 else mixture_z(events, expected, n=n, tau2=between, root=root)
    estimated = between > 0 or factor > 1
    return 2 * (special.stdtr(len(z) - 1, -np.abs(score)) if estimated else special.ndtr(-np.abs(score)))


def _ends_treated(z: np.ndarray, se: np.ndarray, rules: FunnelRules, *, tie) -> tuple[np.ndarray, np.ndarray]:
    """Scores and their errors after trimming or winsorising."""
    if rules.ends is Ends.KEEP:
        return z, se
    if rules.ends is Ends.WINSORISE:
        return winsorised(z, share=rules.share), se
    keep = trimmed(z, share=rules.share, tie=tie)
    return z[keep], se[keep]


def _spread(scores, se, kept_z, kept_se, rules: FunnelRules) -> tuple[float, float]:
    """Variance between units that is added to chance, and what chance is multiplied with."""
    consistent = rules.estimator is Tau2.CONSISTENT
    if rules.overdispersion is Overdispersion.NONE:
        return 0.0, 1.0
    if rules.overdispersion is Overdispersion.MULTIPLICATIVE:
        return 0.0, consistent_factor(scores / se, share=rules.share) if consistent else max(dispersion(kept_z), 1.0)
    if consistent:
        return consistent_variance(scores, se, share=rules.share), 1.0
    if rules.estimator is Tau2.PAULE_MANDEL:
        return paule_mandel_variance(kept_z * kept_se, kept_se), 1.0
    return additive_variance(kept_z, kept_se), 1.0


def _counts(table: pd.DataFrame, measure: Measure, rules: FunnelRules) -> tuple[pd.DataFrame, float]:
    """Units with a denominator and their expected counts, and the pooled expected rate."""
    rows = table[["agency", "unit", "events", "denominator", "expected"]].astype(
        {"events": float, "denominator": float, "expected": float})
    rows = rows[rows["denominator"] > 0].dropna(subset=["events"]).reset_index(drop=True)
    if len(rows) < LEAST_UNITS:
        raise NotApplicable("funnel_too_few_units", n=len(rows), least=LEAST_UNITS)
    known = rows["expected"].notna()
    if known.any() and not known.all():
        raise NotApplicable("funnel_partly_expected", n=int((~known).sum()))
    if not known.any():
        rows["expected"] = rows["denominator"] * rows["events"].sum() / rows["denominator"].sum()
    if rules.decimals is not None:
        rows["expected"] = rows["expected"].round(rules.decimals)
    if rows["expected"].sum() <= 0 or (not known.any() and rows["events"].sum() <= 0):
        raise NotApplicable("funnel_no_events", measure=measure.words)
    pooled = float(rows["expected"].sum() / rows["denominator"].sum())
    proportion = measure.kind is MeasureKind.PROPORTION
    if proportion and pooled >= 1:
        raise NotApplicable("funnel_all_events", measure=measure.words)
    bad = (rows["expected"] <= 0) | (rows["events"] < 0)
    if proportion:
        bad |= (rows["expected"] >= rows["denominator"]) | (rows["events"] > rows["denominator"])
    if bad.any():
        raise KinerjaError("funnel_bad_counts", n=int(bad.sum()), unit=str(rows.loc[bad, "unit"].iloc[0]))
    return rows, pooled


def _units(rows: pd.DataFrame, level: float, proportion: bool) -> EstimateTable:
    events, expected, denominator = (rows[name].to_numpy() for name in ("events", "expected", "denominator"))
    if proportion:
        low, high = (limit * denominator / expected for limit in binomial_exact(events, denominator, level=level))
        method = "observed / expected, exact binomial"
    else:
        low, high = (limit / expected for limit in poisson_exact(events, level=level))
        method = "observed / expected, exact Poisson"
    return EstimateTable(groups=("agency", "unit"), frame=rows[["agency", "unit"]].assign(
        label="ratio", value=events / expected, low=low, high=high, level=level,
        n=np.round(denominator).astype(np.int64), method=method, note="", **{MEASURED_IN: "ratio"}))
