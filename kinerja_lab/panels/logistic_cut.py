"""At which score is a unit as likely to be called acceptable as not? A logistic curve by maximum likelihood."""

import numpy as np

__all__ = ["logistic_cut", "separated"]


def separated(scores: np.ndarray, passed: np.ndarray) -> bool:
    """Whether a score exists that parts the two groups, so that no logistic curve can be fitted.

    Parameters
    ----------
    scores : numpy.ndarray, shape (n,)
        Finite scores.
    passed : numpy.ndarray of bool, shape (n,)
        Who was called acceptable; both kinds occur.
    """
    above, below = scores[passed], scores[~passed]
    return bool(above.min() >= below.max() or above.max() <= below.min())


def logistic_cut(scores: np.ndarray, passed: np.ndarray) -> tuple[float, float]:
    """Score at which the fitted probability is one half, and the slope per unit of score.

    Parameters
    ----------
    scores : numpy.ndarray, shape (n,)
        Finite scores that vary.
    passed : numpy.ndarray of bool, shape (n,)
        Who was called acceptable; not separated.

    Returns
    -------
    tuple of float
        Cut and slope; the cut is NaN where the slope is not positive.

    Notes
    -----
    Newton's method on standardised scores, with halved steps where the likelihood would fall.

    References
    ----------
    Livingston, S. A., Zieky, M. J. (1982). Passing scores. Educational Testing Service.
    """
    centre, spread = scores.mean(), scores.std()
    design = np.column_stack([np.ones(len(scores)), (scores - centre) / spread])
    found = np.zeros(2)
    outcome = passed.astype(float)

    def loss(point: np.ndarray) -> float:
        line = design @ point
        return float(np.logaddexp(0, line).sum() - outcome @ line)

    for _ in range(100):
        share = 1 / (1 + np.exp(-np.clip(design @ found, -35, 35)))
        gradient = design.T @ (share - outcome)
        step = np.linalg.solve((design * (share * (1 - share))[:, None]).T @ design, gradient)
        size, here = 1.0, loss(found)
        while loss(found - size * step) > here + 1e-12 and size > 1e-8:
            size /= 2
        found = found - size * step
        if np.abs(size * step).max() < 1e-12:
            break
    slope = found[1] / spread
    return (float(centre - found[0] / slope) if slope > 0 else np.nan), float(slope)
