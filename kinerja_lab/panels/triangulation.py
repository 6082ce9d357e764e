"""Do different ways of setting the standard end in the same place?"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable

__all__ = ["Triangulation", "triangulate"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Triangulation:
    """Cuts of several sources side by side.

    Parameters
    ----------
    cuts : EstimateTable
        Groups ``("source",)``.
    differences : EstimateTable
        Groups ``("first", "second")``: first less second, for each cut.
    moved : EstimateTable or None
        Groups ``("first", "second")``; label ``"share_moved"``: units that would change band; None without scores.
    apart : tuple of tuple of str
        ``(first, second, cut)`` where the interval of the difference does not hold 0.
    """

    cuts: EstimateTable
    differences: EstimateTable
    moved: EstimateTable | None
    apart: tuple[tuple[str, str, str], ...]


def triangulate(sources: Mapping[str, tuple[Estimate, ...]], *, scores: np.ndarray | None = None) -> Triangulation:
    """Compare the cuts of two or more sources.

    Parameters
    ----------
    sources : mapping of str to tuple of Estimate
        Cuts of each source, e.g. ``{"angoff": one.cuts, "borderline": other.cuts, "outcome": (cut,)}``; as many cuts
        each, with the same unit and level. A cut found from outcomes comes as an estimate from elsewhere.
    scores : numpy.ndarray, shape (units,), optional
        Scores of all units, to count those that would change band.

    Returns
    -------
    Triangulation
        Cuts take their names from the first source. A pair of which one cut has no interval has none either
        (``panel_part_without_interval``).

    Raises
    ------
    KinerjaError
        ``triangulation_unlike`` (number of cuts, unit or level differ) or ``score_not_finite``.
    NotApplicable
        ``triangulation_one_source``.

    Notes
    -----
    The sources are taken as independent. Limits of a difference: d - sqrt((v1 - l1)^2 + (u2 - v2)^2) and
    d + sqrt((u1 - v1)^2 + (v2 - l2)^2), which needs no symmetry.

    References
    ----------
    Zou, G. Y., Donner, A. (2008). Construction of confidence limits about effect measures: a general approach.
    Statistics in Medicine 27, 1693-1702.

    Examples
    --------
    60 [57, 63] against 55 [51, 59]: the difference is 5 with limits 5 -+ sqrt(9 + 16), that is 0 and 10.
    """
    if len(sources) < 2:
        raise NotApplicable("triangulation_one_source", n=len(sources))
    names = list(sources)
    first = sources[names[0]]
    for name in names[1:]:
        other = sources[name]
        if len(other) != len(first) or any(a.unit != b.unit or abs(a.level - b.level) > 1e-12
                                           for a, b in zip(first, other, strict=False)):
            raise KinerjaError("triangulation_unlike", first=names[0], second=name)
    if scores is not None and not np.isfinite(scores).all():
        raise KinerjaError("score_not_finite", value=str(np.asarray(scores)[~np.isfinite(scores)][0]))
    rows, keys, apart, moved = [], [], [], []
    pairs = list(combinations(names, 2))
    for one, two in pairs:
        for a, b, named in zip(sources[one], sources[two], first, strict=True):
            found = _difference(a, b, named.label)
            rows.append(found)
            keys.append((one, two))
            if found.has_interval and (found.low > 0 or found.high < 0):
                apart.append((one, two, named.label))
        if scores is not None:
            moved.append(_moved(sources[one], sources[two], np.asarray(scores, dtype=float)))
    return Triangulation(
        cuts=EstimateTable.from_estimates([cut for name in names for cut in sources[name]], groups=("source",),
                                          keys=[(name,) for name in names for _ in sources[name]]),
        differences=EstimateTable.from_estimates(rows, groups=("first", "second"), keys=keys), apart=tuple(apart),
        moved=EstimateTable.from_estimates(moved, groups=("first", "second"), keys=pairs) if moved else None,
    )


def _difference(a: Estimate, b: Estimate, label: str) -> Estimate:
    gap = a.value - b.value
    common = {"label": label, "value": gap, "level": a.level, "n": min(a.n, b.n), "unit": a.unit,
              "method": "difference of independent cuts, Zou-Donner"}
    if not (a.has_interval and b.has_interval):
        return Estimate(low=np.nan, high=np.nan, note="panel_part_without_interval", **common)
    return Estimate(low=gap - np.hypot(a.value - a.low, b.high - b.value),
                    high=gap + np.hypot(a.high - a.value, b.value - b.low), **common)


def _moved(one: tuple[Estimate, ...], two: tuple[Estimate, ...], scores: np.ndarray) -> Estimate:
    settled = np.round(scores, 10)
    bands = [np.searchsorted(np.round([cut.value for cut in cuts], 10), settled, side="right") for cuts in (one, two)]
    return Estimate(label="share_moved", value=float((bands[0] != bands[1]).mean()), low=np.nan, high=np.nan,
                    level=one[0].level, n=len(scores), method="units counted", unit="share", note="census_no_interval")
