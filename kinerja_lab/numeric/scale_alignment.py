"""Which origin and unit for each group's scale leaves few differences between groups' lines, and how sure is it?

Every group has lines, location + slope * scale, on a scale of its own. Moving a group's origin and unit changes all its
lines at once; the search wants most lines the same in all groups and a few different, rather than all a little.
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize

__all__ = ["Alignment", "GroupLines", "aligned_lines", "alignment_slopes", "find_alignment", "misfit", "misfit_slope"]

_SMALL, _NEWTON = 1e-10, 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupLines:
    """Lines of every group, each on its own scale.

    Parameters
    ----------
    slopes : numpy.ndarray, shape (groups, lines)
        Slope of each line.
    locations : numpy.ndarray, shape (groups, places)
        Heights at the scale's origin; a line may have several (steps).
    owner : numpy.ndarray of int, shape (places,)
        The line each place belongs to.
    weights : numpy.ndarray, shape (groups, groups)
        Weight of each pair, symmetric, zero on the diagonal.
    epsilon : float
        Softens the corner at equality, above 0.
    """

    slopes: np.ndarray
    locations: np.ndarray
    owner: np.ndarray
    weights: np.ndarray
    epsilon: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alignment:
    """Where the search ended.

    Parameters
    ----------
    origins, log_units : numpy.ndarray, shape (groups,)
        Mean of each group, and the logarithm of its standard deviation (summing to 0).
    value : float
        What is left of the misfit.
    agreeing : int
        Starts that ended there, of ``starts``.
    starts : int
        Starts tried.
    slope : float
        Largest slope left.
    """

    origins: np.ndarray
    log_units: np.ndarray
    value: float
    agreeing: int
    starts: int
    slope: float


def aligned_lines(lines: GroupLines, origins: np.ndarray, log_units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slopes and locations on the common scale.

    Parameters
    ----------
    lines : GroupLines
        The lines.
    origins, log_units : numpy.ndarray, shape (groups,)
        As in ``Alignment``.
    """
    slopes = lines.slopes * np.exp(-log_units)[:, None]
    return slopes, lines.locations - origins[:, None] * slopes[:, lines.owner]


def misfit(lines: GroupLines, origins: np.ndarray, log_units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What each line's slopes and each place's locations add to the misfit.

    Notes
    -----
    Sum over pairs of weight times the fourth root of (difference squared + epsilon).
    """
    parts = []
    for values in aligned_lines(lines, origins, log_units):
        gap = values.T[:, :, None] - values.T[:, None, :]
        parts.append(0.5 * np.einsum("gh,pgh->p", lines.weights, (gap**2 + lines.epsilon) ** 0.25))
    return parts[0], parts[1]


def misfit_slope(lines: GroupLines, origins: np.ndarray, log_units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slope of the misfit in origins and log units; complex points too."""
    slopes, locations = aligned_lines(lines, origins, log_units)
    up, down = _first(lines, slopes), _first(lines, locations)
    steep = slopes[:, lines.owner]
    to_origin = -(down * steep).sum(axis=1)
    return to_origin, -(up * slopes).sum(axis=1) + origins * (down * steep).sum(axis=1)


def find_alignment(lines: GroupLines, *, fixed: int | None, starts: int, rng: np.random.Generator) -> Alignment:
    """Search from several starts; the best end counts.

    Parameters
    ----------
    lines : GroupLines
        At least two groups.
    fixed : int or None
        Group whose origin is held at 0; None: every origin is free.
    starts : int
        Starts: from no shift at all, then at random.
    rng : numpy.random.Generator
        Source of the starts.
    """
    groups = len(lines.slopes)
    free = np.array([place for place in range(groups) if place != fixed])

    def split(point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        origins = np.zeros(groups)
        origins[free] = point[:len(free)]
        return origins, point[len(free):] - point[len(free):].mean()

    def objective(point: np.ndarray) -> tuple[float, np.ndarray]:
        origins, log_units = split(point)
        value = sum(float(part.sum()) for part in misfit(lines, origins, log_units))
        to_origin, to_unit = misfit_slope(lines, origins, log_units)
        return value / scale, np.concatenate([to_origin[free], to_unit - to_unit.mean()]) / scale
    scale = float(lines.weights.sum())
    ends = []
    for place in range(starts):
        start = np.concatenate([rng.normal(scale=0.5, size=len(free)), rng.normal(scale=0.2, size=groups)])
        ends.append(optimize.minimize(objective, start * (place > 0), jac=True, method="L-BFGS-B",
                                      options={"maxiter": 1000, "ftol": 1e-11, "gtol": 1e-6, "maxcor": 30}))
    best = min(ends, key=lambda end: end.fun)
    agreeing = sum(bool(end.fun <= best.fun + 1e-5 * max(abs(best.fun), 1.0)) for end in ends)
    origins, log_units, slope = _polished(lines, *split(best.x), fixed)
    return Alignment(origins=origins, log_units=log_units, agreeing=agreeing, starts=starts, slope=slope / scale,
                     value=sum(float(part.sum()) for part in misfit(lines, origins, log_units)))


def alignment_slopes(lines: GroupLines, found: Alignment, *, fixed: int | None) -> tuple[np.ndarray, np.ndarray] | None:
    """How origins and log units move with the lines they were found from.

    Parameters
    ----------
    lines : GroupLines
        The lines.
    found : Alignment
        The end of the search.
    fixed : int or None
        As for ``find_alignment``.

    Returns
    -------
    tuple of numpy.ndarray or None
        Slope of (origins, log units), 2 groups long, in the slopes (2 groups, groups, lines) and in the locations
        (2 groups, groups, places); None where the misfit has no sharp lowest point.

    Notes
    -----
    Implicit function theorem: minus the inverse of the misfit's second derivatives times the mixed ones.
    """
    groups, (origins, log_units) = len(lines.slopes), (found.origins, found.log_units)
    slopes, locations = aligned_lines(lines, origins, log_units)
    shrink, steep = np.exp(-log_units), slopes[:, lines.owner]
    up, down = _first(lines, slopes), _first(lines, locations)
    bend_up, bend_down = _second(lines, slopes), _second(lines, locations)
    # mixed: a location moves itself; a slope moves its aligned slope and, through the origin, its locations
    in_place = np.concatenate([-np.einsum("lgh,gl->ghl", bend_down, steep),
                               origins[:, None, None] * np.einsum("lgh,gl->ghl", bend_down, steep)])
    through = -in_place * (origins * shrink)[None, :, None]
    to_slope = np.zeros((2 * groups, groups, lines.slopes.shape[1]))
    np.add.at(to_slope, (slice(None), slice(None), lines.owner), through)
    to_slope[groups:] -= np.einsum("pgh,gp->ghp", bend_up, slopes) * shrink[None, :, None]
    own, drop = np.arange(groups), np.zeros((groups, lines.slopes.shape[1]))
    np.add.at(drop, (slice(None), lines.owner), down)
    to_slope[own, own] -= drop * shrink[:, None]
    to_slope[groups + own, own] += (origins[:, None] * drop - up) * shrink[:, None]
    basis = _basis(groups, fixed)
    inner = basis.T @ _curvature(lines, origins, log_units) @ basis
    if np.linalg.eigvalsh(inner)[0] <= _SMALL * np.abs(inner).max():
        return None
    solve = -basis @ np.linalg.solve(inner, basis.T)
    return (np.tensordot(solve, to_slope, axes=1), np.tensordot(solve, in_place, axes=1))


def _curvature(lines: GroupLines, origins: np.ndarray, log_units: np.ndarray) -> np.ndarray:
    """Second derivatives of the misfit in origins and log units."""
    slopes, locations = aligned_lines(lines, origins, log_units)
    steep = slopes[:, lines.owner]
    up, down = _first(lines, slopes), _first(lines, locations)
    crossed = np.einsum("lgh,gl,hl->gh", _second(lines, locations), steep, steep)
    level = np.diag((down * steep).sum(axis=1))
    stretched = np.einsum("pgh,gp,hp->gh", _second(lines, slopes), slopes, slopes) + np.diag((up * slopes).sum(axis=1))
    mixed = level - crossed * origins
    return np.block([[crossed, mixed],
                     [mixed.T, stretched + origins[:, None] * crossed * origins - level * origins]])


def _polished(lines: GroupLines, origins: np.ndarray, log_units: np.ndarray, fixed: int | None,
              ) -> tuple[np.ndarray, np.ndarray, float]:
    """Newton's steps from the end of a search, as long as the slope falls; and the largest slope left."""
    groups, basis = len(origins), _basis(len(origins), fixed)
    point = np.concatenate([origins, log_units])
    slope = basis.T @ np.concatenate(misfit_slope(lines, origins, log_units))
    for _ in range(_NEWTON):
        inner = basis.T @ _curvature(lines, point[:groups], point[groups:]) @ basis
        if np.linalg.eigvalsh(inner)[0] <= _SMALL * np.abs(inner).max():
            break
        moved = point - basis @ np.linalg.solve(inner, slope)
        after = basis.T @ np.concatenate(misfit_slope(lines, moved[:groups], moved[groups:]))
        if np.abs(after).max() >= np.abs(slope).max():
            break
        point, slope = moved, after
    return point[:groups], point[groups:], float(np.abs(slope).max())


def _first(lines: GroupLines, values: np.ndarray) -> np.ndarray:
    """Slope of the misfit in each value, shape (groups, columns)."""
    gap = values.T[:, :, None] - values.T[:, None, :]
    return np.einsum("gh,pgh->gp", lines.weights, 0.5 * gap * (gap**2 + lines.epsilon) ** -0.75)


def _second(lines: GroupLines, values: np.ndarray) -> np.ndarray:
    """Second derivatives of the misfit in the values of one column, shape (columns, groups, groups)."""
    gap = values.T[:, :, None] - values.T[:, None, :]
    square = gap**2 + lines.epsilon
    bend = lines.weights * (0.5 * square**-0.75 - 0.75 * gap**2 * square**-1.75)
    own = np.arange(len(values))
    out = -bend
    out[:, own, own] = bend.sum(axis=2) - bend[:, own, own]
    return out


def _basis(groups: int, fixed: int | None) -> np.ndarray:
    """Directions the search is free to take: origins (but the fixed one), log units that sum to 0."""
    free = [place for place in range(groups) if place != fixed]
    out = np.zeros((2 * groups, len(free) + groups - 1))
    out[free, range(len(free))] = 1.0
    units = np.eye(groups) - 1 / groups
    out[groups:, len(free):] = np.linalg.qr(units)[0][:, :groups - 1]
    return out
