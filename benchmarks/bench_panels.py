"""Panels: agreement from counts against loops over pairs and against statsmodels; ratios, not seconds."""

import time

import numpy as np
import pandas as pd
from statsmodels.stats.inter_rater import fleiss_kappa

from kinerja_lab.core.panel import JudgePanel, Question
from kinerja_lab.numeric.agreement_counts import distance_weights, fleiss, krippendorff
from kinerja_lab.panels.content_validity import aiken_p
from kinerja_lab.panels.judges import judge_profile


def best_of(function, *, times: int = 5) -> float:
    """Shortest of some runs."""
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        spent.append(time.perf_counter() - start)
    return min(spent)


def alpha_by_pairs(table: np.ndarray) -> float:
    """Krippendorff's interval alpha as its definition is written: every pair of ratings."""
    within = pairs = 0.0
    for row in table:
        given = row[~np.isnan(row)]
        for i, one in enumerate(given):
            for j, other in enumerate(given):
                if i != j:
                    within += (one - other) ** 2 / (len(given) - 1)
        pairs += len(given)
    flat = table[~np.isnan(table)]
    among = sum(((flat - one) ** 2).sum() for one in flat)
    return 1 - (within / pairs) / (among / pairs / (pairs - 1))


def aiken_by_enumeration(total: int, n: int, points: int) -> float:
    """Every combination of n ratings."""
    sums = np.indices((points,) * n).reshape(n, -1).sum(axis=0)
    return float((sums >= total).mean())


def row(name: str, ours: float, other: float, against: str) -> None:
    """One line of the table."""
    print(f"{name:46s} {1000 * ours:9.2f} ms   {against:34s} {1000 * other:9.2f} ms   {other / ours:7.1f} x")


def main() -> None:
    """Print the table."""
    rng = np.random.default_rng(1)
    table = rng.integers(1, 6, size=(300, 20)).astype(float)
    table[rng.random(table.shape) < 0.1] = np.nan
    categories = np.arange(1, 6)

    def counted() -> np.ndarray:
        return np.stack([(table == category).sum(axis=1) for category in categories], axis=1).astype(float)

    weights = distance_weights(categories, kind="quadratic")
    assert abs(krippendorff(counted(), weights).value - alpha_by_pairs(table)) < 1e-10
    row("Krippendorff alpha, 300 items x 20 judges", best_of(lambda: krippendorff(counted(), weights)),
        best_of(lambda: alpha_by_pairs(table), times=1), "pairs of ratings")

    full = rng.integers(0, 5, size=(20000, 12))
    counts = np.stack([(full == category).sum(axis=1) for category in range(5)], axis=1).astype(float)
    nominal = distance_weights(np.arange(5), kind="nominal")
    assert abs(fleiss(counts, nominal).value - fleiss_kappa(counts)) < 1e-10
    row("Fleiss kappa with its error, 20,000 items", best_of(lambda: fleiss(counts, nominal)),
        best_of(lambda: fleiss_kappa(counts)), "statsmodels (no error)")

    assert abs(aiken_p(24, 10, points=4) - aiken_by_enumeration(24, 10, 4)) < 1e-12
    aiken_p.__globals__["_ways_from"].cache_clear()

    def fresh() -> float:
        aiken_p.__globals__["_ways_from"].cache_clear()
        return aiken_p(24, 10, points=4)

    row("Aiken exact p, 10 experts, 4 points", best_of(fresh),
        best_of(lambda: aiken_by_enumeration(24, 10, 4), times=2), "all 4^10 sheets")

    values = rng.normal(size=(60, 200))
    judges, items = np.nonzero(np.ones(values.shape))
    panel = JudgePanel(
        frame=pd.DataFrame({"judge": judges, "item": items, "question": "q", "round": 1, "value": values.ravel()}),
        questions=(Question(code="q", low=-99, high=99, whole=False),),
    )
    design = np.hstack([np.eye(200)[items], np.eye(60)[judges][:, 1:]])
    row("judge profile, 60 judges x 200 items", best_of(lambda: judge_profile(panel, level=0.95), times=2),
        best_of(lambda: np.linalg.lstsq(design, values.ravel(), rcond=None), times=2), "dense least squares alone")


if __name__ == "__main__":
    main()
