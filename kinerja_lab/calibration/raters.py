"""Are some raters more severe than others, and does it move units? Crossed random effects of units and raters."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import MEASURED_IN, Estimate, EstimateTable
from kinerja_lab.numeric.intervals import normal_quantile, t_interval
from kinerja_lab.numeric.twoway import CrossedFixed, CrossedRandom, TwoWay, crossed_fixed, crossed_random, two_way

__all__ = ["RaterEffects", "adjust_for_raters"]

SHIFT = 0.10
"""A unit's rank has moved when it moved by more than this share of the list (house convention)."""
NO_RESIDUAL = 1e-5
"""Below this share of a component the residual variance is rounding noise."""
METHOD = "crossed random effects, REML"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RaterEffects:
    """How severe raters are and what that does to units.

    Parameters
    ----------
    components : EstimateTable
        Variances, labels ``"unit"``, ``"rater"``, ``"residual"``.
    shares : EstimateTable
        The same as shares of their sum, 0 to 1.
    severity : EstimateTable
        Label is the rater: how many points lower than the average rater he scores (negative: more lenient).
    units : EstimateTable
        Groups ``("unit",)``, labels ``"raw"`` (plain mean), ``"rater_free"`` (plain mean of the scores less what the
        model predicts their raters give, not drawn in), ``"adjusted"`` (random effects, drawn towards the mean of all)
        and ``"adjusted_fixed"`` (least squares, not drawn in).
    rank_shift : Estimate
        Share of units whose rank moves by more than a tenth of the list between ``raw`` and ``adjusted``.
    mean : float
        Grand mean.
    n : int
        Ratings.
    """

    components: EstimateTable
    shares: EstimateTable
    severity: EstimateTable
    units: EstimateTable
    rank_shift: Estimate
    mean: float
    n: int

    @property
    def rater_share(self) -> Estimate:
        """Share of the variance that lies between raters."""
        return self.shares.row("rater")


def adjust_for_raters(scores: np.ndarray, units: np.ndarray, raters: np.ndarray, *, level: float) -> RaterEffects:
    """Separate what belongs to units from what belongs to raters.

    Parameters
    ----------
    scores : numpy.ndarray of float, shape (n,)
        One finite score a rating.
    units, raters : numpy.ndarray, shape (n,)
        Who was rated, and by whom.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    RaterEffects

    Raises
    ------
    KinerjaError
        ``scores_not_finite``, ``lengths_differ`` or ``bad_level``.
    NotApplicable
        ``too_few_units``, ``too_few_raters``, ``raters_nested`` (no rater rated two units), ``raters_not_repeated`` (no
        more ratings than units and raters), ``scores_constant`` or ``no_residual_variation``.

    Notes
    -----
    score = mean + unit + rater + residual. Variances by REML; their limits are normal on the log scale (logit for
    shares) from the curvature of the likelihood. A unit's adjusted mean is the grand mean plus its predicted effect,
    which is n / (n + residual / unit variance) times what its rater-free mean differs from the grand mean.

    References
    ----------
    Bates, D., Maechler, M., Bolker, B., Walker, S. (2015). Fitting linear mixed-effects models using lme4. Journal of
    Statistical Software 67(1).
    Searle, S. R. (1987). Linear models for unbalanced data, chapter 9. Wiley.
    """
    z = normal_quantile(level)
    scores, unit_codes, unit_names, rater_codes, rater_names = _checked(scores, units, raters)
    layout = two_way(scores, unit_codes, rater_codes)
    random = crossed_random(layout)
    if random.residual <= NO_RESIDUAL * max(random.variances):
        raise NotApplicable("no_residual_variation")
    raw = _raw(scores, unit_codes, unit_names, level)
    adjusted = random.mean + random.effects[0]
    half = z * random.level_se[0]
    received = np.bincount(unit_codes, weights=random.effects[1][rater_codes]) / raw["n"].to_numpy()
    free = raw["value"].to_numpy() - received
    table = pd.concat([
        raw, _rows(unit_names, "rater_free", free, np.nan, np.nan, raw["n"], level, METHOD, "rater_free_no_interval"),
        _rows(unit_names, "adjusted", adjusted, adjusted - half, adjusted + half, raw["n"], level, METHOD),
        _fixed_rows(layout, unit_names, raw["n"], level),
    ], ignore_index=True)
    order = np.arange(len(table)).reshape(4, -1).T.ravel()
    severity, spread = -random.effects[1], z * random.effect_se[1]
    return RaterEffects(
        components=_components(random, z, level), shares=_shares(random, z, level),
        severity=EstimateTable(frame=pd.DataFrame({
            "label": rater_names, "value": severity, "low": severity - spread, "high": severity + spread,
            "level": level, "n": np.bincount(rater_codes), "method": METHOD, "unit": "scale_points", "note": "",
        })),
        units=EstimateTable(frame=table.iloc[order], groups=("unit",)),
        rank_shift=_rank_shift(raw["value"].to_numpy(), adjusted, level), mean=random.mean, n=layout.n,
    )


def _checked(scores, units, raters):
    scores, units, raters = np.asarray(scores, dtype=float), np.asarray(units), np.asarray(raters)
    if not len(scores) == len(units) == len(raters):
        raise KinerjaError("lengths_differ", first=len(scores), second=min(len(units), len(raters)))
    if not np.isfinite(scores).all():
        raise KinerjaError("scores_not_finite", n=int((~np.isfinite(scores)).sum()))
    unit_codes, unit_names = pd.factorize(units, sort=True)
    rater_codes, rater_names = pd.factorize(raters, sort=True)
    if len(unit_names) < 2:
        raise NotApplicable("too_few_units", n=len(unit_names), least=2)
    if len(rater_names) < 2:
        raise NotApplicable("too_few_raters", n=len(rater_names), least=2)
    if len(np.unique(unit_codes * len(rater_names) + rater_codes)) == len(rater_names):
        raise NotApplicable("raters_nested")
    if len(scores) <= len(unit_names) + len(rater_names):
        raise NotApplicable("raters_not_repeated", n=len(scores), units=len(unit_names), raters=len(rater_names))
    if scores.max() - scores.min() <= 1e-12 * (1 + np.abs(scores).max()):
        raise NotApplicable("scores_constant")
    return scores, unit_codes, np.asarray(unit_names), rater_codes, np.asarray(rater_names)


def _rows(names, label, value, low, high, n, level, method, note="") -> pd.DataFrame:
    return pd.DataFrame({"unit": names, "label": label, "value": value, "low": low, "high": high, "level": level,
                         "n": np.asarray(n), "method": method, MEASURED_IN: "scale_points", "note": note})


def _raw(scores, codes, names, level) -> pd.DataFrame:
    n = np.bincount(codes)
    mean = np.bincount(codes, weights=scores) / n
    squares = np.bincount(codes, weights=(scores - mean[codes]) ** 2)
    some = (n > 1) & (squares > 0)
    se = np.sqrt(squares / np.maximum(n - 1, 1) / n)
    low, high = t_interval(mean, se, np.where(some, n - 1, 0), level=level)
    note = np.select([n < 2, ~some], ["too_few_respondents", "no_variation"], default="")
    return _rows(names, "raw", mean, low, high, n, level, "mean, t", note)


def _fixed_rows(layout: TwoWay, names, n, level) -> pd.DataFrame:
    method = "two-way least squares, t"
    if layout.pieces > 1:
        return _rows(names, "adjusted_fixed", np.nan, np.nan, np.nan, n, level, method, "not_connected")
    fixed: CrossedFixed = crossed_fixed(layout)
    low, high = t_interval(fixed.levels, fixed.se, fixed.df, level=level)
    flat = ~(fixed.se > 1e-10 * (1 + np.abs(fixed.levels)))
    return _rows(names, "adjusted_fixed", fixed.levels, np.where(flat, np.nan, low), np.where(flat, np.nan, high), n,
                 level, method, np.where(flat, "no_variation", ""))


def _components(random: CrossedRandom, z: float, level: float) -> EstimateTable:
    """Limits on the log scale: log variance = log ratio + log residual variance."""
    covariance = np.nan_to_num(random.ratio_covariance)
    slope = random.residual_slope
    own = 2 / (random.n - 1) + slope @ covariance @ slope
    rows = []
    for position, label in enumerate(("unit", "rater")):
        spread = covariance[position, position] + 2 * covariance[position] @ slope + own
        note = _at_zero(random, position)
        rows.append(_scaled(label, random.variances[position], spread, note, z, level, random.n))
    rows.append(_scaled("residual", random.residual, own, "", z, level, random.n))
    return EstimateTable.from_estimates(rows)


def _at_zero(random: CrossedRandom, position: int) -> str:
    if np.isnan(random.log_ratios[position]):
        return "variance_at_zero"
    return "variance_flat" if np.isnan(random.ratio_covariance[position, position]) else ""


def _scaled(label: str, value: float, spread: float, note: str, z: float, level: float, n: int) -> Estimate:
    reach = np.nan if note else np.exp(z * np.sqrt(spread))
    return Estimate(label=label, value=value, low=value / reach, high=value * reach, level=level, n=n,
                    method=f"{METHOD}, log scale", unit="variance", note=note)


def _shares(random: CrossedRandom, z: float, level: float) -> EstimateTable:
    """Limits on the logit scale; the shares depend on the two ratios alone."""
    ratio = np.where(np.isnan(random.log_ratios), 0.0, np.exp(np.nan_to_num(random.log_ratios)))
    covariance = np.nan_to_num(random.ratio_covariance)
    unit, rater = ratio
    total = 1 + unit + rater
    both = max(unit + rater, np.finfo(float).tiny)
    parts = [("unit", unit, np.array([1.0, -rater / (1 + rater)]), _at_zero(random, 0)),
             ("rater", rater, np.array([-unit / (1 + unit), 1.0]), _at_zero(random, 1)),
             ("residual", 1.0, np.array([-unit, -rater]) / both,
              "variance_at_zero" if np.isnan(random.ratio_covariance).all() else "")]
    rows = []
    for label, part, slope, note in parts:
        share = part / total
        reach = np.nan if note else z * np.sqrt(slope @ covariance @ slope)
        odds = np.nan if note else np.log(share / (1 - share))
        ends = [float(1 / (1 + np.exp(-(odds + sign * reach)))) for sign in (-1, 1)]
        rows.append(Estimate(label=label, value=float(share), low=ends[0], high=ends[1], level=level, n=random.n,
                             method=f"{METHOD}, logit scale", unit="share", note=note))
    return EstimateTable.from_estimates(rows)


def _rank_shift(raw: np.ndarray, adjusted: np.ndarray, level: float) -> Estimate:
    ranks = [pd.Series(np.round(values, 12)).rank().to_numpy() for values in (raw, adjusted)]
    moved = np.abs(ranks[0] - ranks[1]) > SHIFT * len(raw)
    return Estimate(label="rank_shift", value=float(moved.mean()), low=np.nan, high=np.nan, level=level, n=len(raw),
                    method="rank of raw mean against rank of adjusted mean", unit="share", note="ranks_no_interval")
