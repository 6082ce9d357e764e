"""Does each item behave as the model says? S-X2, infit and outfit."""

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.numeric.category_curves import category_curves
from kinerja_lab.numeric.quadrature import normal_grid
from kinerja_lab.psychometrics.irt_model import IrtModel
from kinerja_lab.psychometrics.irt_scores import numbered_answers, sheet_posterior

__all__ = ["item_fit", "mean_squares"]

LEAST_EXPECTED = 1.0
"""Cells with a smaller expected count are merged with a neighbour (as Orlando and Thissen do)."""


def item_fit(model: IrtModel, patterns: ResponsePatterns, *, group: str = "") -> pd.DataFrame:
    """S-X2: answers to an item against those expected of sheets with the same sum.

    Parameters
    ----------
    model : IrtModel
        The fitted model.
    patterns : ResponsePatterns
        Complete sheets (counted, not weighted).
    group : str
        The group the sheets belong to.

    Returns
    -------
    pandas.DataFrame
        ``item, statistic, df, p, rmsea, n``; NaN where too few cells are left. ``rmsea`` says how large the misfit is;
        with many sheets every p is small.

    Raises
    ------
    KinerjaError
        ``patterns_incomplete``.
    NotApplicable
        ``too_few_sheets``.

    Notes
    -----
    Expected shares by the recursion of Lord and Wingersky over the integration grid. Within a sum, the answer with the
    smallest expected count joins its smaller neighbour until every cell expects at least 1; sums that still expect less
    join their neighbour towards the middle. df = cells - sums - parameters of the item. Peers merge in other orders
    (R mirt also merges columns), so df may differ by one or two and the statistic with it.

    References
    ----------
    Orlando, M., Thissen, D. (2000). Applied Psychological Measurement 24, 50-64. Kang, T., Chen, T. T. (2008).
    Performance of the generalized S-X2 item fit index for polytomous IRT models. JEM 45, 391-406.
    """
    values, counts = _complete(model, patterns)
    sizes, plain = model.sizes, model.standard(group)
    nodes, weights = normal_grid(model.nodes)
    p = category_curves(model.model.kind, plain[:, 0], plain[:, 1:], sizes, nodes).p
    whole = _sums(p, sizes, range(len(sizes))) @ weights
    total, n, rows = values.sum(axis=1), int(counts.sum()), []
    by_sum = np.bincount(total, weights=counts, minlength=len(whole))
    for item, size in enumerate(sizes):
        others = _sums(p, sizes, [other for other in range(len(sizes)) if other != item])
        observed, expected = np.zeros((len(whole), size)), np.zeros((len(whole), size))
        np.add.at(observed, (total, values[:, item]), counts)
        for answer in range(size):
            joint = others * p[item, answer] @ weights
            expected[answer:answer + len(joint), answer] = joint
        expected *= (by_sum / whole)[:, None]
        rows.append((model.items[item], *_compare(observed[1:-1], expected[1:-1], _own(model, item)), n))
    frame = pd.DataFrame(rows, columns=["item", "statistic", "df", "n"])
    excess = np.maximum(frame["statistic"] / frame["df"] - 1, 0)
    frame.insert(3, "p", special.chdtrc(frame["df"], frame["statistic"]))
    frame.insert(4, "rmsea", np.sqrt(excess / (frame["n"] - 1)))
    return frame


def mean_squares(model: IrtModel, patterns: ResponsePatterns, *, group: str = "", at: str = "posterior",
                 ) -> pd.DataFrame:
    """Infit and outfit mean squares: near 1 when the item is as noisy as the model says.

    Parameters
    ----------
    model : IrtModel
        The fitted model.
    patterns : ResponsePatterns
        Sheets, incomplete ones too.
    group : str
        The group the sheets belong to.
    at : str
        ``"posterior"``: averaged over where the sheet may stand (as TAM; near 1 under the model). ``"eap"``: at the EAP
        score (as R mirt), which leans towards the items and is too small with few items.

    Returns
    -------
    pandas.DataFrame
        ``item, infit, outfit, n, method``. FACETS and WINSTEPS use joint maximum likelihood measures, whose values
        differ again: compare only within one method.

    Raises
    ------
    KinerjaError
        ``unknown_option``.

    Notes
    -----
    Outfit: mean of (x - E)^2 / V. Infit: sum of (x - E)^2 over sum of V. Sheets count with their weights.

    References
    ----------
    Wright, B. D., Masters, G. N. (1982). Rating scale analysis, pp. 99-101. Wu, M. L. (1997).
    """
    if at not in ("posterior", "eap"):
        raise KinerjaError("unknown_option", name="at", value=at, choices="posterior, eap", nearest="-")
    values, place = numbered_answers(model, patterns), model.place(group)
    points, share = sheet_posterior(model, patterns, group=group)
    if at == "eap":
        points, share = share @ points, None
    p = category_curves(model.model.kind, model.slopes[place], model.intercepts[place], model.sizes, points).p
    steps = np.arange(p.shape[1])
    mean = np.einsum("jck,c->jk", p, steps)
    spread = np.einsum("jck,c->jk", p, steps**2) - mean**2
    rows = []
    for item, code in enumerate(model.items):
        given = values[:, item] >= 0
        weight = patterns.weights[given]
        if share is None:
            square, variance = (values[given, item] - mean[item][given]) ** 2, spread[item][given]
            ratio = square / variance
        else:
            gap = (values[given, item][:, None] - mean[item]) ** 2
            square, ratio = (share[given] * gap).sum(axis=1), (share[given] * gap / spread[item]).sum(axis=1)
            variance = share[given] @ spread[item]
        rows.append((code, weight @ square / (weight @ variance), weight @ ratio / weight.sum(),
                     int(patterns.counts[given].sum()), f"marginal maximum likelihood, {at}"))
    return pd.DataFrame(rows, columns=["item", "infit", "outfit", "n", "method"])


def _complete(model: IrtModel, patterns: ResponsePatterns) -> tuple[np.ndarray, np.ndarray]:
    values = numbered_answers(model, patterns)
    bare = (values < 0).any(axis=1)
    if bare.any():
        raise KinerjaError("patterns_incomplete", n=int(patterns.counts[bare].sum()))
    if not len(values):
        raise NotApplicable("too_few_sheets", n=0, least=1)
    return values.astype(int), patterns.counts


def _own(model: IrtModel, item: int) -> int:
    """Parameters spent on one item."""
    return int(model.sizes[item]) - (1 if model.model.equal_slopes else 0)


def _sums(p: np.ndarray, sizes: np.ndarray, items) -> np.ndarray:
    """Probability of every sum of answers at every point, shape (sums, points)."""
    out = np.ones((1, p.shape[2]))
    for item in items:
        longer = np.zeros((len(out) + sizes[item] - 1, p.shape[2]))
        for answer in range(sizes[item]):
            longer[answer:answer + len(out)] += out * p[item, answer]
        out = longer
    return out


def _compare(observed: np.ndarray, expected: np.ndarray, parameters: int) -> tuple[float, float]:
    """Chi-square and degrees of freedom of the merged table."""
    held = [[(o, e) for o, e in zip(*pair, strict=True) if e > 0] for pair in zip(observed, expected, strict=True)]
    rows = _rows_enough([row for row in held if row])
    cells = [_cells_enough(row) for row in rows]
    df = float(sum(len(row) - 1 for row in cells) - parameters)
    if df < 1:
        return np.nan, np.nan
    return float(sum((o - e) ** 2 / e for row in cells for o, e in row)), df


def _rows_enough(rows: list[list[tuple[float, float]]]) -> list[list[tuple[float, float]]]:
    """Join sums, from both ends towards the middle, until each expects two answers in sufficient number."""
    rows = [list(row) for row in rows]
    for end in (0, -1):
        while len(rows) > 1 and not _two_cells(rows[end]):
            row, beside = rows.pop(end), 0 if end == 0 else len(rows) - 1
            rows[beside] = _joined(row, rows[beside], shorter_low=end == 0)
    return rows


def _two_cells(row: list[tuple[float, float]]) -> bool:
    return len(row) > 1 and sum(sorted(e for _, e in row)[:-1]) >= LEAST_EXPECTED and sum(
        e for _, e in row) >= 2 * LEAST_EXPECTED


def _joined(row, other, *, shorter_low: bool):
    """Add a row of the end to its neighbour: low sums lack the high answers, high sums the low ones."""
    size = max(len(row), len(other))
    pad = [(0.0, 0.0)]
    one, two = ([*held, *pad * (size - len(held))] if shorter_low else [*pad * (size - len(held)), *held]
                for held in (row, other))
    return [(a + c, b + d) for (a, b), (c, d) in zip(one, two, strict=True)]


def _cells_enough(row: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Join answers within a sum until each expects enough."""
    row = list(row)
    while len(row) > 1 and min(e for _, e in row) < LEAST_EXPECTED:
        place = min(range(len(row)), key=lambda cell: row[cell][1])
        sides = [side for side in (place - 1, place + 1) if 0 <= side < len(row)]
        beside = min(sides, key=lambda cell: row[cell][1])
        row[beside] = (row[beside][0] + row[place][0], row[beside][1] + row[place][1])
        del row[place]
    return row
