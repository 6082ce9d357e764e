"""Between which values will the outcome of a new unit lie? Conformal intervals: no model needs to be right."""

from dataclasses import dataclass

import numpy as np

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable

__all__ = ["NewUnitInterval", "new_unit_interval"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NewUnitInterval:
    """Reach around a forecast, for units of each group.

    Parameters
    ----------
    reach : dict of str to float
        Half width by group (one group ``""`` when none was given); infinite where a group has too few units for the
        level.
    level : float
        Share of new units that the interval holds, at least.
    n : dict of str to int
        Units that the reach of a group rests on.
    unit : str
        Unit code of the outcome.
    """

    reach: dict[str, float]
    level: float
    n: dict[str, int]
    unit: str

    def around(self, forecast: np.ndarray, *, groups: np.ndarray | None = None) -> EstimateTable:
        """Interval of each new unit; a group that was not seen, or is too small, has none (``group_too_small``).

        Parameters
        ----------
        forecast : array of float
            Forecasts from the same curve.
        groups : array, optional
            Group of each new unit.
        """
        forecast = np.atleast_1d(np.asarray(forecast, dtype=float))
        names = [""] * len(forecast) if groups is None else [str(group) for group in np.atleast_1d(groups)]
        rows = []
        for value, name in zip(forecast, names, strict=True):
            reach = self.reach.get(name, np.inf)
            known = np.isfinite(reach)
            rows.append(Estimate(label="new_unit", value=float(value), low=float(value - reach) if known else np.nan,
                                 high=float(value + reach) if known else np.nan, level=self.level,
                                 n=self.n.get(name, 0), method="split conformal" + (" within groups" if name else ""),
                                 unit=self.unit, note="" if known else "group_too_small"))
        return EstimateTable.from_estimates(rows, groups=("group",), keys=[(name,) for name in names])


def new_unit_interval(
    outcome: np.ndarray, forecast: np.ndarray, *, level: float, groups: np.ndarray | None = None, unit: str = "",
) -> NewUnitInterval:
    """Split conformal reach from units that the forecast was not fitted to.

    Parameters
    ----------
    outcome, forecast : numpy.ndarray, shape (units,)
        What was seen and what the curve had said, for units left out of its fit.
    level : float
        Share of new units to be held, between 0 and 1.
    groups : array, shape (units,), optional
        Held in every group on its own (Mondrian).
    unit : str
        Unit code of the outcome.

    Returns
    -------
    NewUnitInterval

    Raises
    ------
    KinerjaError
        ``lengths_differ``, ``scores_not_finite`` or ``bad_level``.
    NotApplicable
        ``too_few_for_level`` when no group has the ceil(level / (1 - level)) units that the level needs.

    Notes
    -----
    The ceil((n + 1) level)-th smallest |outcome - forecast|. Holds for any forecast as long as new units are like these
    (exchangeable); not for units of a region that was never seen.

    References
    ----------
    Vovk, V., Gammerman, A., Shafer, G. (2005). Algorithmic Learning in a Random World, sections 2.3 and 4.5.

    Examples
    --------
    >>> found = new_unit_interval(np.arange(1.0, 20.0), np.zeros(19), level=0.95)
    >>> found.reach[""]
    19.0
    """
    outcome, forecast = np.asarray(outcome, dtype=float), np.asarray(forecast, dtype=float)
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    if len(outcome) != len(forecast):
        raise KinerjaError("lengths_differ", first=len(outcome), second=len(forecast))
    miss = np.abs(outcome - forecast)
    if not np.isfinite(miss).all():
        raise KinerjaError("scores_not_finite", n=int((~np.isfinite(miss)).sum()))
    names = np.full(len(miss), "") if groups is None else np.asarray(groups).astype(str)
    if len(names) != len(miss):
        raise KinerjaError("lengths_differ", first=len(miss), second=len(names))
    reach, n = {}, {}
    for name in np.unique(names):
        own = np.sort(miss[names == name])
        place = int(np.ceil((len(own) + 1) * level - 1e-9))
        reach[str(name)], n[str(name)] = float(own[place - 1]) if place <= len(own) else np.inf, len(own)
    if not np.isfinite(list(reach.values())).any():
        raise NotApplicable("too_few_for_level", n=max(n.values(), default=0),
                            least=int(np.ceil(level / (1 - level) - 1e-9)))
    return NewUnitInterval(reach=reach, level=level, n=n, unit=unit)
