"""Were the sheets filled in with care? Long runs of one answer, copies, and sheets that do not fit anybody."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.core.patterns import MISSING, ResponsePatterns
from kinerja_lab.numeric.intervals import wilson
from kinerja_lab.psychometrics.sheets import ordinal_codes, require_complete

__all__ = ["Copies", "Misfit", "copied_sheets", "guttman_errors", "long_runs", "misfitting_sheets"]

EXPECTED = 0.01
"""Share of careful sheets that look as strange as the strangest hundredth."""
_NEAR = 200
"""Made-up careful sheets with nearly the same total that a sheet is compared with, at least."""
_NODES = 31


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Misfit:
    """Sheets whose answers hardly go together.

    Parameters
    ----------
    share : Estimate
        Share of judged sheets that are stranger than the strangest hundredth of careful ones with the same total.
    flagged : numpy.ndarray of bool, shape (patterns,)
        Which distinct sheets are flagged.
    judged : int
        Sheets that could be judged.
    expected : float
        Share that would be flagged if all were careful.
    """

    share: Estimate
    flagged: np.ndarray
    judged: int
    expected: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Copies:
    """Pairs of equal sheets.

    Parameters
    ----------
    within : Estimate
        Share of pairs of sheets of one unit that are equal on every item; sheets with one answer throughout left out.
    between : Estimate
        The same for pairs of different units: what equal taste alone does.
    ratio : float
        within / between; NaN where no pair of different units is equal.
    """

    within: Estimate
    between: Estimate
    ratio: float


def long_runs(patterns: ResponsePatterns, *, at_least: int, level: float) -> Estimate:
    """Share of complete sheets with the same answer to many items in a row.

    Parameters
    ----------
    patterns : ResponsePatterns
        All sheets; incomplete ones are left out. Items in the order in which they were asked.
    at_least : int
        Items in a row, 2 to the number of items.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    Estimate
        ``n`` counts the complete sheets.

    Raises
    ------
    KinerjaError
        ``instrument_bad_run`` or ``bad_level``.
    NotApplicable
        ``too_few_items`` or ``too_few_sheets``.

    Notes
    -----
    Reversed items are compared as they were turned, so a run over a reversed item is not one that the hand made; honest
    respondents may also answer alike. A sign, not a proof. Wilson limits.

    References
    ----------
    Johnson, J. A. (2005). Ascertaining the validity of individual protocols from web-based personality inventories.
    Journal of Research in Personality 39, 103-129.
    """
    k = len(patterns.items)
    if k < 2:
        raise NotApplicable("too_few_items", n=k, least=2)
    if not 2 <= at_least <= k:
        raise KinerjaError("instrument_bad_run", value=at_least, items=k)
    whole = (patterns.values != MISSING).all(axis=1)
    n = int(patterns.counts[whole].sum())
    if not n:
        raise NotApplicable("too_few_sheets", n=0, least=1)
    values = patterns.values[whole]
    run, longest = np.ones(len(values), dtype=int), np.ones(len(values), dtype=int)
    for item in range(1, k):
        run = np.where(values[:, item] == values[:, item - 1], run + 1, 1)
        longest = np.maximum(longest, run)
    events = int(patterns.counts[whole][longest >= at_least].sum())
    return _share("long_runs", events, n, level, f"runs of {at_least} or more equal answers, Wilson")


def guttman_errors(patterns: ResponsePatterns) -> np.ndarray:
    """Guttman errors of each distinct sheet: hard steps taken though easier ones were not.

    Parameters
    ----------
    patterns : ResponsePatterns
        Complete sheets of at least two items that vary.

    Returns
    -------
    numpy.ndarray of int, shape (patterns,)

    Raises
    ------
    KinerjaError
        ``patterns_incomplete``.
    NotApplicable
        ``too_few_items``, ``too_few_sheets``, ``constant_items`` or ``all_items_constant``.

    Notes
    -----
    An item with m + 1 answers has m steps, each as popular as the share of sheets at or above it. Pairs of steps in
    which the more popular one is failed and the less popular one passed are counted.

    References
    ----------
    Emons, W. H. M. (2008). Nonparametric person-fit analysis of polytomous item scores. Applied Psychological
    Measurement 32, 224-247, equation 5.
    """
    require_complete(patterns)
    steps = np.arange(patterns.low + 1, patterns.high + 1)
    passed = (patterns.values[:, :, None] >= steps).reshape(len(patterns.counts), -1)
    popular = patterns.weights @ passed
    order = np.argsort(-popular, kind="stable")
    ranked = passed[:, order]
    failed_before = np.cumsum(~ranked, axis=1) - ~ranked
    errors = (failed_before * ranked).sum(axis=1)
    # steps of one item are nested: a harder one cannot be passed without the easier one, so none counts falsely
    return errors.astype(int)


def misfitting_sheets(
    patterns: ResponsePatterns, *, loadings: np.ndarray, draws: int, level: float, rng: np.random.Generator,
) -> Misfit:
    """Sheets stranger than careful respondents with the same total would give.

    Parameters
    ----------
    patterns : ResponsePatterns
        Complete sheets of at least two items that vary.
    loadings : numpy.ndarray, shape (items,)
        Standardised loadings of one factor behind the answers, between -1 and 1.
    draws : int
        Careful sheets made up, at least 1000.
    level : float
        Confidence level, between 0 and 1.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    Misfit

    Raises
    ------
    KinerjaError
        ``patterns_incomplete``, ``lengths_differ``, ``instrument_bad_loading``, ``instrument_few_draws`` or
        ``bad_level``.
    NotApplicable
        ``too_few_items``, ``too_few_sheets``, ``constant_items``, ``all_items_constant``, or
        ``instrument_none_judged`` when no sheet has enough made-up ones to be compared with.

    Notes
    -----
    Surprise = -log of the probability of the sheet given its total, under one normal factor; a low total alone is never
    strange. A sheet is flagged when its surprise exceeds that of 99 % of the made-up sheets whose total differs by at
    most one; totals with fewer than 200 of those are not judged. Where many are careless the model is fitted to them
    too, so the share errs on the low side; when one factor does not fit, on the high side.

    References
    ----------
    Meijer, R. R., Sijtsma, K. (2001). Methodology review: evaluating person fit. Applied Psychological Measurement 25,
    107-135.
    """
    ordinal = ordinal_codes(patterns)
    loadings, codes, thresholds = np.asarray(loadings, dtype=float), ordinal.codes, ordinal.thresholds
    if len(loadings) != len(patterns.items):
        raise KinerjaError("lengths_differ", first=len(loadings), second=len(patterns.items))
    if not (np.abs(loadings) < 1).all():
        raise KinerjaError("instrument_bad_loading", value=float(loadings[np.argmax(np.abs(loadings))]))
    if draws < 1000:
        raise KinerjaError("instrument_few_draws", value=draws, least=1000)
    made = _careful(loadings, thresholds, draws, rng)
    surprise, made_surprise = _surprise(np.vstack([codes, made]), loadings, thresholds, split=len(codes))
    totals, made_totals = codes.sum(axis=1), made.sum(axis=1)
    bar = np.full(int(max(totals.max(), made_totals.max())) + 1, np.nan)
    for total in range(len(bar)):
        near = made_surprise[np.abs(made_totals - total) <= 1]
        if len(near) >= _NEAR:
            bar[total] = np.quantile(near, 1 - EXPECTED)
    judged = ~np.isnan(bar[totals])
    n = int(patterns.counts[judged].sum())
    if not n:
        raise NotApplicable("instrument_none_judged")
    flagged = judged & (surprise > np.where(judged, bar[totals], np.inf) + 1e-9)
    share = _share("misfit", int(patterns.counts[flagged].sum()), n, level,
                   "surprise given the total, one normal factor; Wilson")
    return Misfit(share=share, flagged=flagged, judged=n, expected=EXPECTED)


def _careful(loadings, thresholds, draws: int, rng: np.random.Generator) -> np.ndarray:
    factor = rng.standard_normal(draws)
    latent = factor[:, None] * loadings + rng.standard_normal((draws, len(loadings))) * np.sqrt(1 - loadings**2)
    return np.stack([np.searchsorted(cuts, latent[:, item]) for item, cuts in enumerate(thresholds)], axis=1)


def _surprise(codes: np.ndarray, loadings, thresholds, *, split: int) -> tuple[np.ndarray, np.ndarray]:
    """-log P(sheet) + log P(total), by quadrature over the factor."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    sheet = np.zeros((len(codes), _NODES))
    total = np.ones((1, _NODES))
    for item, (loading, cuts) in enumerate(zip(loadings, thresholds, strict=True)):
        edges = np.concatenate([[-np.inf], cuts, [np.inf]])
        below = special.ndtr((edges[:, None] - loading * nodes) / np.sqrt(1 - loading**2))
        chances = np.maximum(np.diff(below, axis=0), 1e-300)
        sheet += np.log(chances)[codes[:, item]]
        grown = np.zeros((len(total) + len(chances) - 1, _NODES))
        for answer, chance in enumerate(chances):
            grown[answer:answer + len(total)] += total * chance
        total = grown
    share = weights / weights.sum()
    of_sheet = special.logsumexp(sheet, axis=1, b=share)
    of_total = np.log(np.maximum(total @ share, 1e-300))
    found = of_total[codes.sum(axis=1)] - of_sheet
    return found[:split], found[split:]


def copied_sheets(patterns: ResponsePatterns, *, by_unit: np.ndarray, level: float) -> Copies:
    """Are sheets of one unit equal more often than sheets of different units?

    Parameters
    ----------
    patterns : ResponsePatterns
        Complete sheets of at least two items that vary.
    by_unit : numpy.ndarray of int, shape (patterns, units)
        How often each distinct sheet occurs in each unit; its rows add up to the counts.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    Copies
        ``n`` counts pairs. No intervals (``instrument_pairs_no_interval``): pairs share sheets.

    Raises
    ------
    KinerjaError
        ``patterns_incomplete`` or ``lengths_differ``.
    NotApplicable
        ``too_few_items``, ``too_few_sheets``, ``constant_items``, ``all_items_constant``, ``too_few_units``, or
        ``instrument_all_straight`` when hardly a sheet is left.

    Notes
    -----
    Sheets with one answer throughout are left out: they are equal without being copied. A unit whose users really agree
    has more equal pairs too, so a ratio of 2 or 3 is no proof; one of 10 asks for a look at the paper.

    References
    ----------
    Kuriakose, N., Robbins, M. (2016). Don't get duped: fraud through duplication in public opinion surveys. Statistical
    Journal of the IAOS 32, 283-291 (the question; their measure is the nearest neighbour of each row).
    """
    require_complete(patterns)
    by_unit = np.asarray(by_unit)
    if by_unit.shape[0] != len(patterns.counts) or (by_unit.sum(axis=1) != patterns.counts).any():
        raise KinerjaError("lengths_differ", first=len(patterns.counts), second=len(by_unit))
    straight = (patterns.values == patterns.values[:, :1]).all(axis=1)
    counts = by_unit[~straight].astype(float)
    counts = counts[:, counts.sum(axis=0) >= 2]
    if counts.shape[1] < 2:
        kept = int(counts.sum())
        raise NotApplicable("instrument_all_straight", n=kept) if straight.any() else NotApplicable(
            "too_few_units", n=counts.shape[1], least=2)
    sizes = counts.sum(axis=0)
    equal_within = float((counts * (counts - 1)).sum() / 2)
    pairs_within = float((sizes * (sizes - 1)).sum() / 2)
    all_counts, n = counts.sum(axis=1), float(sizes.sum())
    equal_between = float((all_counts * (all_counts - 1)).sum() / 2) - equal_within
    pairs_between = n * (n - 1) / 2 - pairs_within
    within, between = equal_within / pairs_within, equal_between / pairs_between
    rows = [Estimate(label=label, value=value, low=np.nan, high=np.nan, level=level, n=int(pairs), unit="share",
                     method="pairs of equal sheets", note="instrument_pairs_no_interval")
            for label, value, pairs in (("copies_within", within, pairs_within),
                                        ("copies_between", between, pairs_between))]
    return Copies(within=rows[0], between=rows[1], ratio=within / between if between > 0 else np.nan)


def _share(label: str, events: int, n: int, level: float, method: str) -> Estimate:
    low, high = wilson(events, n, level=level)
    return Estimate(label=label, value=events / n, low=float(low), high=float(high), level=level, n=n, method=method,
                    unit="share")
