"""Of how many people does something hold, with limits that stay between none and all?"""

import numpy as np
from scipy import special

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.estimation.domains import METHOD, DomainEstimates, domain_means
from kinerja_lab.estimation.sample import Sample
from kinerja_lab.numeric.intervals import binomial_exact, wilson

__all__ = ["SHARE_METHODS", "domain_shares"]

SHARE_METHODS = {"logit": "Taylor linearisation, logit", "wilson": "Taylor linearisation, Wilson on effective n",
                 "beta": "Taylor linearisation, Korn-Graubard", "mean": METHOD}
"""Intervals of a share, by the name R survey gives them, and the name that is printed."""

_FLAT = 1e-10


def domain_shares(
    sample: Sample, events: np.ndarray, *, level: float, method: str = "logit", domains: np.ndarray | None = None,
) -> DomainEstimates:
    """Share of people of whom something holds.

    Parameters
    ----------
    sample : Sample
        How the respondents were drawn.
    events : numpy.ndarray of float, shape (n,)
        1 where it holds, 0 where not, NaN where unknown.
    level : float
        Confidence level, between 0 and 1.
    method : str
        ``"logit"``, ``"wilson"``, ``"beta"`` (Korn and Graubard) or ``"mean"`` (plain t, may leave 0 to 1 and is cut).
    domains : numpy.ndarray or None, shape (n,)
        Label of the domain of each respondent; None means one domain of all.

    Returns
    -------
    DomainEstimates
        Where all or none have it, the limits are Clopper and Pearson's with the clusters counted as n
        (``share_at_edge``): the sample says nothing about its own spread there.

    Raises
    ------
    KinerjaError
        ``events_not_binary`` when a value is not 0, 1 or NaN; ``unknown_option``; as ``domain_means``.
    NotApplicable
        As ``domain_means``.

    Notes
    -----
    Effective n = p (1 - p) / variance, times (t_{n-1} / t_df)^2; Wilson and beta limits on it.

    References
    ----------
    Korn, E. L., Graubard, B. I. (1998). Confidence intervals for proportions with small expected number of positive
    counts estimated from survey data. Survey Methodology 24, 193-201.
    Lumley, T. (2010). Complex surveys, section 2.2. Wiley.
    """
    if method not in SHARE_METHODS:
        raise KinerjaError("unknown_option", name="method", value=str(method), choices=", ".join(SHARE_METHODS),
                           nearest="-")
    events = np.asarray(events, dtype=float)
    odd = ~(np.isnan(events) | (events == 0) | (events == 1))
    if odd.any():
        raise KinerjaError("events_not_binary", n=int(odd.sum()))
    found = domain_means(sample, events, level=level, domains=domains, unit="share")
    frame = found.table.frame.copy()
    low, high, edge = _share_limits(found, sample.n, level, method)
    known = np.isin(frame["note"], ("", "lonely_stratum", "no_variation")) & ~np.isnan(low)
    frame["low"], frame["high"] = np.where(known, low, np.nan), np.where(known, high, np.nan)
    frame["note"] = np.where(known & edge, "share_at_edge", frame["note"])
    frame["label"], frame["method"] = "share", SHARE_METHODS[method]
    return DomainEstimates(table=EstimateTable(frame=frame, groups=found.table.groups), se=found.se, df=found.df,
                           deff=found.deff, deff_without=found.deff_without)


def _share_limits(found: DomainEstimates, n: int, level: float, method: str):
    """Limits of shares, and which of them stand at 0 or 1."""
    share = found.table.frame["value"].to_numpy()
    edge = (share <= _FLAT) | (share >= 1 - _FLAT)
    usable = (found.df > 0) & ~np.isnan(share)
    df = np.where(usable, found.df, 1)
    inside = np.where(edge | ~usable, 0.5, share)
    se = np.where(edge | ~usable | ~(found.se > 0), 0.1, found.se)
    tail = (1 + level) / 2
    t = special.stdtrit(df, tail)
    effective = inside * (1 - inside) / se**2 * (special.stdtrit(max(n - 1, 1), tail) / t) ** 2
    if method == "logit":
        half = t * se / (inside * (1 - inside))
        low, high = special.expit(special.logit(inside) - half), special.expit(special.logit(inside) + half)
    elif method == "mean":
        low, high = np.maximum(inside - t * se, 0.0), np.minimum(inside + t * se, 1.0)
    elif method == "wilson":
        low, high = wilson(inside * effective, effective, level=level)
    else:
        low, high = binomial_exact(inside * effective, effective, level=level)
    # at 0 or 1 the sample shows no spread of its own: as many independent answers as there are clusters
    clusters = np.maximum(found.df + 1, 1).astype(float)
    edge_low, edge_high = binomial_exact(np.where(share > 0.5, clusters, 0.0), clusters, level=level)
    low, high = np.where(edge, edge_low, low), np.where(edge, edge_high, high)
    return np.where(usable, low, np.nan), np.where(usable, high, np.nan), edge
