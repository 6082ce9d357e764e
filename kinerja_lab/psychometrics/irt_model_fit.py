"""Does the model fit as a whole, are items dependent beyond it, and which sheets does it not describe?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.core.hypothesis import HypothesisTest
from kinerja_lab.core.message import Message
from kinerja_lab.core.patterns import MISSING, ResponsePatterns
from kinerja_lab.numeric.category_curves import category_curves
from kinerja_lab.numeric.quadrature import normal_grid
from kinerja_lab.psychometrics.irt_model import IrtModel
from kinerja_lab.psychometrics.irt_scores import numbered_answers, person_scores

__all__ = ["ModelFit", "local_dependence", "model_fit", "person_fit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFit:
    """Fit of the whole model.

    Parameters
    ----------
    test : HypothesisTest
        C2 against the chi-square distribution.
    rmsea : Estimate
        Root mean square error of approximation, 90 % interval as everywhere in this field.
    srmsr : float
        Root mean square of the residual item correlations.
    """

    test: HypothesisTest
    rmsea: Estimate
    srmsr: float


def model_fit(model: IrtModel, patterns: ResponsePatterns) -> ModelFit:
    """C2: shares of answers and products of item pairs against the model.

    Parameters
    ----------
    model : IrtModel
        Fitted to one group.
    patterns : ResponsePatterns
        Complete sheets (counted, not weighted), those of the fit.

    Returns
    -------
    ModelFit
        ``n`` counts the sheets.

    Raises
    ------
    KinerjaError
        ``patterns_incomplete``, ``one_group_only``.
    NotApplicable
        ``fit_without_df`` when there are not more moments than parameters.

    Notes
    -----
    n e' (X - X D (D' X^-1 D)^-1 ...) e in the usual form: e the residual moments (all answers of each item, mean
    product of each pair), X their covariance under the model, D their derivatives by the parameters.

    References
    ----------
    Cai, L., Monroe, S. (2014). A new statistic for evaluating item response theory models for ordinal data. CRESST
    Report 839. Maydeu-Olivares, A., Joe, H. (2006). Psychometrika 71, 713-732.
    """
    if len(model.groups) > 1:
        raise KinerjaError("one_group_only", n=len(model.groups))
    values = numbered_answers(model, patterns)
    bare = (values < 0).any(axis=1)
    if bare.any():
        raise KinerjaError("patterns_incomplete", n=int(patterns.counts[bare].sum()))
    features = _features(values, model.sizes)
    df = features.shape[1] - model.free
    if df < 1:
        raise NotApplicable("fit_without_df", moments=features.shape[1], parameters=model.free)
    n = int(patterns.counts.sum())
    seen = patterns.counts @ features / n
    mean, spread, lean, pairs = _moments(model)
    gap, inverse = seen - mean, np.linalg.inv(spread)
    inner = lean.T @ inverse
    projected = inverse - inner.T @ np.linalg.solve(inner @ lean, inner)
    statistic = float(n * gap @ projected @ gap)
    test = HypothesisTest(statistic=statistic, df=df, p=float(special.chdtrc(df, statistic)), distribution="chi2",
                          method="C2", n=n, null=Message("null.irt_model"))
    return ModelFit(test=test, rmsea=_rmsea(statistic, df, n), srmsr=_srmsr(values, patterns.counts, pairs))


def local_dependence(model: IrtModel, patterns: ResponsePatterns, *, group: str = "") -> pd.DataFrame:
    """Q3: correlation of what is left of two items when the score is taken out.

    Parameters
    ----------
    model : IrtModel
        The fitted model.
    patterns : ResponsePatterns
        Sheets, incomplete ones too.
    group : str
        The group the sheets belong to.

    Returns
    -------
    pandas.DataFrame
        ``first, second, q3, adjusted, n``, the largest ``adjusted`` first. ``adjusted`` is q3 minus the mean of all
        pairs: with few items every q3 is negative, so 0 is not the place to compare with.

    References
    ----------
    Yen, W. M. (1984). Applied Psychological Measurement 8, 125-145. Christensen, K. B., Makransky, G., Horton, M.
    (2017). Critical values for Yen's Q3. Applied Psychological Measurement 41, 178-194.
    """
    left, given = _residuals(model, patterns, group)
    rows = []
    for one in range(len(model.items)):
        for two in range(one + 1, len(model.items)):
            both = given[:, one] & given[:, two]
            weight = patterns.weights[both] / patterns.weights[both].sum()
            pair = left[both][:, [one, two]]
            pair = pair - weight @ pair
            spread = (pair * weight[:, None]).T @ pair
            rows.append((model.items[one], model.items[two], spread[0, 1] / np.sqrt(spread[0, 0] * spread[1, 1]),
                         int(patterns.counts[both].sum())))
    frame = pd.DataFrame(rows, columns=["first", "second", "q3", "n"])
    frame.insert(3, "adjusted", frame["q3"] - frame["q3"].mean())
    return frame.sort_values("adjusted", ascending=False, ignore_index=True, kind="stable")


def person_fit(model: IrtModel, patterns: ResponsePatterns, *, group: str = "") -> pd.DataFrame:
    """lz: how usual a sheet is for its score; far below 0 is unusual.

    Parameters
    ----------
    model : IrtModel
        The fitted model.
    patterns : ResponsePatterns
        Sheets, incomplete ones too.
    group : str
        The group the sheets belong to.

    Returns
    -------
    pandas.DataFrame
        ``lz, n, count`` in the order of the patterns: the statistic, answers on the sheet, respondents with it. At the
        EAP score lz spreads less than a standard normal, so -1.96 flags fewer than 2.5 in a hundred honest sheets.

    References
    ----------
    Drasgow, F., Levine, M. V., Williams, E. A. (1985). British Journal of Mathematical and Statistical Psychology 38,
    67-86.
    """
    values, place = numbered_answers(model, patterns), model.place(group)
    at = person_scores(model, patterns, method="eap", level=0.95, group=group).frame["value"].to_numpy()
    at = np.where(np.isnan(at), 0.0, at)
    curves = category_curves(model.model.kind, model.slopes[place], model.intercepts[place], model.sizes, at)
    p, log_p, given = curves.p, curves.log_p, (values >= 0).T
    mean = (p * log_p).sum(axis=1)
    spread = (p * log_p**2).sum(axis=1) - mean**2
    items, sheets = np.arange(values.shape[1])[None, :], np.arange(len(values))[:, None]
    seen = np.where(given.T, log_p[items, np.maximum(values, 0), sheets], 0.0).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        lz = (seen - np.where(given, mean, 0).sum(axis=0)) / np.sqrt(np.where(given, spread, 0).sum(axis=0))
    return pd.DataFrame({"lz": np.where(given.any(axis=0), lz, np.nan), "n": given.sum(axis=0),
                         "count": patterns.counts})


def _residuals(model: IrtModel, patterns: ResponsePatterns, group: str) -> tuple[np.ndarray, np.ndarray]:
    values, place = numbered_answers(model, patterns), model.place(group)
    at = person_scores(model, patterns, method="eap", level=0.95, group=group).frame["value"].to_numpy()
    p = category_curves(model.model.kind, model.slopes[place], model.intercepts[place], model.sizes,
                        np.where(np.isnan(at), 0.0, at)).p
    return values - np.einsum("jck,c->kj", p, np.arange(p.shape[1])), patterns.values != MISSING


def _features(values: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Moments of a sheet: each answer above the lowest, then the product of every two items."""
    answers = [values[:, item] == answer for item, size in enumerate(sizes) for answer in range(1, size)]
    one, two = np.triu_indices(len(sizes), 1)
    return np.column_stack([*answers, values[:, one].astype(float) * values[:, two]]).astype(float)


def _moments(model: IrtModel):
    """Means, covariance and derivatives of the moments under the model, and the model's item covariance matrix."""
    nodes, weights = normal_grid(model.nodes)
    plain, sizes = model.standard(), model.sizes
    curves = category_curves(model.model.kind, plain[:, 0], plain[:, 1:], sizes, nodes)
    p, steps = curves.p, np.arange(curves.p.shape[1])
    change = p[..., None] * curves.change  # by the parameters of the own item
    mean = np.einsum("jck,c->jk", p, steps)
    lean_mean = np.einsum("jckq,c->jkq", change, steps)
    one, two = np.triu_indices(len(sizes), 1)
    cells = [(item, answer) for item, size in enumerate(sizes) for answer in range(1, size)]
    at_node = np.concatenate([np.stack([p[cell] for cell in cells]), mean[one] * mean[two]])
    lean = _lean(cells, change, mean, lean_mean, (one, two), weights) @ model.chain[0]
    return at_node @ weights, _spread(cells, p, mean, steps, (one, two), at_node, weights), lean, (
        mean, np.einsum("jck,c->jk", p, steps**2), weights)


def _lean(cells, change, mean, lean_mean, pairs, weights) -> np.ndarray:
    items, parameters = len(mean), change.shape[3]
    out = np.zeros((len(cells) + len(pairs[0]), items, parameters))
    for row, (item, answer) in enumerate(cells):
        out[row, item] = weights @ change[item, answer]
    for row, (one, two) in enumerate(zip(*pairs, strict=True), start=len(cells)):
        out[row, one] = weights @ (lean_mean[one] * mean[two][:, None])
        out[row, two] = weights @ (lean_mean[two] * mean[one][:, None])
    return out.reshape(len(out), -1)


def _spread(cells, p, mean, steps, pairs, at_node, weights) -> np.ndarray:
    """E[f f'] - E[f] E[f]': independent given the place on the scale, but for items that both moments hold."""
    sets = [((item, np.eye(len(steps))[answer]),) for item, answer in cells]
    sets += [((one, steps), (two, steps)) for one, two in zip(*pairs, strict=True)]
    total = (at_node * weights) @ at_node.T
    for row, left in enumerate(sets):
        for column in range(row, len(sets)):
            shared = {item for item, _ in left} & {item for item, _ in sets[column]}
            if shared:
                total[row, column] = total[column, row] = weights @ _product(left, sets[column], shared, p)
    middle = at_node @ weights
    return total - np.outer(middle, middle)


def _product(left, right, shared, p: np.ndarray) -> np.ndarray:
    """E[f g | place] of two moments that hold a common item."""
    out = np.ones(p.shape[2])
    for item, value in left:
        other = next((worth for place, worth in right if place == item), None)
        out = out * ((value if other is None else value * other) @ p[item])
    for item, value in right:
        if item not in shared:
            out = out * (value @ p[item])
    return out


def _rmsea(statistic: float, df: float, n: int) -> Estimate:
    def bound(share: float) -> float:
        if special.chdtrc(df, statistic) > 1 - share:
            return 0.0
        top = max(4 * statistic, 50.0)
        return float(optimize.brentq(lambda shift: special.chndtr(statistic, df, shift) - share, 1e-9, top))

    low, high = (bound(share) if special.chdtr(df, statistic) > share else 0.0 for share in (0.95, 0.05))
    value = np.sqrt(max(statistic - df, 0.0) / (df * (n - 1)))
    return Estimate(label="rmsea", value=float(value), low=float(np.sqrt(low / (df * (n - 1)))),
                    high=float(np.sqrt(high / (df * (n - 1)))), level=0.90, n=n, method="C2, non-central chi-square",
                    unit="coefficient")


def _srmsr(values: np.ndarray, counts: np.ndarray, pairs) -> float:
    mean, square, weights = pairs
    centre = mean @ weights
    model = (mean * weights) @ mean.T - np.outer(centre, centre)
    np.fill_diagonal(model, square @ weights - centre**2)
    share = counts / counts.sum()
    left = values - share @ values
    seen = (left * share[:, None]).T @ left
    one, two = np.triu_indices(len(mean), 1)
    r_seen, r_model = (held[one, two] / np.sqrt(held[one, one] * held[two, two]) for held in (seen, model))
    return float(np.sqrt(np.mean((r_seen - r_model) ** 2)))
