"""Would other experts, other items or another day have put the bar elsewhere? Variance components of a judgement."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.numeric.agreement_components import (
    crossed_components,
    crossed_mean_squares,
    difference_interval,
    three_way_components,
)

__all__ = ["PanelError", "panel_error", "panel_error_over_occasions"]

ITEMS = ("fixed", "random")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PanelError:
    """Error of a panel's mean judgement.

    Parameters
    ----------
    se, df : float
        Standard error of the mean of all judgements, and its degrees of freedom.
    components : tuple of Estimate
        Variance components of one judgement.
    """

    se: float
    df: float
    components: tuple[Estimate, ...]


def panel_error(table: np.ndarray, *, items: str, level: float) -> PanelError:
    """Error of the mean of a complete judges by items table.

    Parameters
    ----------
    table : numpy.ndarray, shape (judges, items)
        Complete, at least two judges and two items.
    items : str
        ``"fixed"``: the standard is for these items; ``"random"``: for items like these.
    level : float
        Confidence level of the components, between 0 and 1.

    Returns
    -------
    PanelError
        Components ``"judge"``, ``"item"``, ``"judge x item"``; an estimate below 0 is kept as it is, and counts as 0 in
        the error.

    Raises
    ------
    KinerjaError
        ``panel_unknown_items``.

    Notes
    -----
    Items fixed: sqrt(v_j/n_j + v_ji/(n_j n_i)), which is the sd of the judges' means over sqrt(n_j), with n_j - 1
    degrees of freedom. Items random: v_i/n_i more under the root; Satterthwaite. Components from mean squares; limits
    after Ting and others.

    References
    ----------
    Brennan, R. L. (2001). Generalizability theory, chapters 2 and 3. Springer.
    Brennan, R. L., Lockwood, R. E. (1980). A comparison of the Nedelsky and Angoff cutting score procedures using
    generalizability theory. Applied Psychological Measurement 4, 219-240.
    """
    _check(items)
    squares = crossed_mean_squares(table)
    judges, count = table.shape
    judge, item, rest = crossed_components(squares)
    if items == "fixed":
        se, df = np.sqrt(squares.rows / table.size), judges - 1.0
    else:
        variance = max(judge, 0) / judges + max(item, 0) / count + rest / table.size
        se = np.sqrt(variance)
        df = _satterthwaite(squares, variance * table.size) if judge > 0 and item > 0 else judges - 1.0
    limits = {
        "judge": difference_interval(squares.rows, squares.residual, (squares.df[0], squares.df[2]), level=level,
                                     divisor=count),
        "item": difference_interval(squares.columns, squares.residual, (squares.df[1], squares.df[2]), level=level,
                                    divisor=judges),
    }
    rows = [Estimate(label=label, value=value, low=min(limits[label][0], value), high=max(limits[label][1], value),
                     level=level, n=table.size, method="mean squares, Ting and others", unit="variance")
            for label, value in (("judge", judge), ("item", item))]
    rows.append(_residual("judge x item", rest, squares.df[2], table.size, level))
    return PanelError(se=float(se), df=float(df), components=tuple(rows))


def panel_error_over_occasions(table: np.ndarray, *, items: str, level: float) -> PanelError:
    """Error of the mean of judgements repeated on several occasions.

    Parameters
    ----------
    table : numpy.ndarray, shape (judges, items, occasions)
        Complete, at least two of each; the occasions are repeats (not rounds between which the panel saw feedback).
    items : str
        ``"fixed"`` or ``"random"``.
    level : float
        Confidence level of the components, between 0 and 1.

    Returns
    -------
    PanelError
        Seven components, named by the facets they belong to; without intervals (``panel_component_no_interval``).

    Raises
    ------
    KinerjaError
        ``panel_unknown_items``.

    Notes
    -----
    The error is the root of v_j/n_j + v_o/n_o + v_ji/(n_j n_i) + v_jo/(n_j n_o) + v_jio/(n_j n_i n_o); with random
    items v_i/n_i + v_io/(n_i n_o) more. Negative components count as 0. Degrees of freedom by Satterthwaite on the
    judges by occasions table of means.

    References
    ----------
    Brennan, R. L. (2001). Generalizability theory, chapter 4. Springer.
    """
    _check(items)
    found = three_way_components(table, names=("judge", "item", "occasion"))
    sizes = dict(zip(("judge", "item", "occasion"), table.shape, strict=True))
    left_out = {("item",), ("item", "occasion")} if items == "fixed" else set()
    variance = sum(max(value, 0.0) / np.prod([sizes[name] for name in facets])
                   for facets, value in found.items() if facets not in left_out)
    squares = crossed_mean_squares(table.mean(axis=1))
    plain = (squares.rows + squares.columns - squares.residual) / (squares.df[0] + 1) / (squares.df[1] + 1)
    usable = squares.rows > squares.residual and squares.columns > squares.residual
    df = _satterthwaite(squares, plain * (squares.df[0] + 1) * (squares.df[1] + 1)) if usable else squares.df[0]
    rows = tuple(Estimate(label=" x ".join(facets), value=value, low=np.nan, high=np.nan, level=level, n=table.size,
                          method="mean squares, three facets", unit="variance", note="panel_component_no_interval")
                 for facets, value in found.items())
    return PanelError(se=float(np.sqrt(variance)), df=float(df), components=rows)


def _satterthwaite(squares, combined: float) -> float:
    parts = zip((squares.rows, squares.columns, squares.residual), squares.df, strict=True)
    return combined**2 / sum(square**2 / df for square, df in parts)


def _residual(label: str, value: float, df: int, n: int, level: float) -> Estimate:
    common = {"label": label, "value": value, "level": level, "n": n, "unit": "variance",
              "method": "mean square, chi-square"}
    if value <= 0:
        return Estimate(low=np.nan, high=np.nan, note="panel_no_spread", **common)
    tail = (1 - level) / 2
    low, high = (float(value * df / special.chdtri(df, end)) for end in (tail, 1 - tail))
    return Estimate(low=low, high=high, **common)


def _check(items: str) -> None:
    if items not in ITEMS:
        raise KinerjaError("panel_unknown_items", value=str(items), choices=", ".join(ITEMS))
