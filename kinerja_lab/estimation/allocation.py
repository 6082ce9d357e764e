"""How are the answers one can afford spread over units?"""

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError, NotApplicable

__all__ = ["allocation"]


def allocation(
    sizes: dict[str, float], *, total: int, spreads: dict[str, float] | None = None, least: int = 0,
) -> pd.DataFrame:
    """Spread a number of answers over units.

    Parameters
    ----------
    sizes : dict of str to float
        People of each unit, positive.
    total : int
        Answers there are to spread.
    spreads : dict of str to float or None
        Spread within each unit; with it Neyman's allocation (by size times spread), without it by size.
    least : int
        Answers every unit must have (never more than its people).

    Returns
    -------
    pandas.DataFrame
        ``unit, size, n``; ``n`` adds up to ``total``.

    Raises
    ------
    KinerjaError
        ``number_out_of_range``.
    NotApplicable
        ``total_too_small`` when the least numbers alone need more; ``total_too_large`` when there are not so many
        people.

    Notes
    -----
    Units whose share falls below the least, or above their people, are fixed there and the rest is spread anew; whole
    numbers by largest remainders.

    References
    ----------
    Cochran, W. G. (1977). Sampling techniques, 3rd ed., sections 5.5 and 5.9. Wiley.

    Examples
    --------
    >>> allocation({"a": 900, "b": 100}, total=100, least=20)["n"].tolist()
    [80, 20]
    """
    names = list(sizes)
    size = np.array([sizes[name] for name in names], dtype=float)
    pull = size * np.array([1.0 if spreads is None else spreads[name] for name in names])
    if not names or not (size >= 1).all() or not (pull > 0).all():
        raise KinerjaError("number_out_of_range", name="sizes", value=str(size.min() if names else 0), low="1", high="")
    low, high = np.minimum(least, np.floor(size)), np.floor(size)
    if low.sum() > total:
        raise NotApplicable("total_too_small", n=total, least=int(low.sum()))
    if high.sum() < total:
        raise NotApplicable("total_too_large", n=total, most=int(high.sum()))
    return pd.DataFrame({"unit": names, "size": size, "n": _whole(_between(pull, low, high, total), low, high, total)})


def _between(pull, low, high, total) -> np.ndarray:
    """Shares by pull that stay between the limits: the multiplier is found by bisection."""
    left, right = 0.0, float((high / pull).max()) + 1
    for _ in range(200):
        middle = (left + right) / 2
        if np.clip(middle * pull, low, high).sum() < total:
            left = middle
        else:
            right = middle
    return np.clip(right * pull, low, high)


def _whole(share, low, high, total) -> np.ndarray:
    n = np.clip(np.floor(share + 1e-9), low, high)
    while n.sum() < total:
        rest = np.where(n < high, share - n, -np.inf)
        n[int(np.argmax(rest))] += 1
    return n.astype(int)
