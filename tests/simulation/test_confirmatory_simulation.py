"""Do intervals over units cover and does the test keep its level, where maximum likelihood as it is does neither?"""

import numpy as np
import pytest

from kinerja_lab.psychometrics.confirmatory import confirmatory
from kinerja_lab.psychometrics.invariance import measured_ladder
from kinerja_lab.psychometrics.item_moments import answer_moments

ITEMS = tuple("abcdef")
FACTORS = {"X": ITEMS[:3], "Y": ITEMS[3:]}
LOADINGS = np.array([0.8, 0.7, 0.6, 0.8, 0.7, 0.6])
CORRELATION, UNITS, EACH, ICC, RUNS = 0.5, 80, 25, 0.2, 300


def long_tailed(rng, *shape):
    """Variance one, kurtosis 9: a few respondents answer far from the others."""
    return rng.standard_t(5, size=shape) * np.sqrt(3 / 5)


def answers(rng):
    """Two factors; units differ in the factors and in every item's own part."""
    unit = np.repeat(np.arange(UNITS), EACH)
    root = np.linalg.cholesky(np.array([[1.0, CORRELATION], [CORRELATION, 1.0]])).T
    factor = np.sqrt(1 - ICC) * long_tailed(rng, len(unit), 2) + np.sqrt(ICC) * rng.normal(size=(UNITS, 2))[unit]
    own = np.sqrt(1 - ICC) * long_tailed(rng, len(unit), 6) + np.sqrt(ICC) * rng.normal(size=(UNITS, 6))[unit]
    return 3 + np.repeat(factor @ root, 3, axis=1) * LOADINGS + own * np.sqrt(1 - LOADINGS**2), unit


@pytest.mark.slow
def test_intervals_over_units_cover_and_the_test_keeps_its_level():
    rng = np.random.default_rng(31)
    hits = {(kind, what): [] for kind in ("units", "naive")
            for what in ("loading", "standard", "residual", "intercept", "correlation", "omega", "rejected")}
    truth = {"loading": LOADINGS, "residual": 1 - LOADINGS**2, "intercept": np.full(6, 3.0)}
    omega = 2.1**2 / (2.1**2 + np.sum(1 - LOADINGS[:3] ** 2))
    for _ in range(RUNS):
        rows, unit = answers(rng)
        for kind, source, errors in (("units", answer_moments(rows, items=ITEMS, clusters=unit), "huber_white"),
                                     ("naive", answer_moments(rows, items=ITEMS), "normal")):
            model = confirmatory(source, factors=FACTORS, level=0.95, errors=errors)
            for what, true in truth.items():
                own = model.raw.frame[model.raw.frame["kind"] == what]
                hits[kind, what].append(((own["low"] <= true) & (own["high"] >= true)).mean())
            for what, table, true in (("standard", model.loadings, LOADINGS), ("omega", model.reliability, omega),
                                      ("correlation", model.correlations, CORRELATION)):
                own = table.frame[table.frame["factor"] != "all"] if what == "omega" else table.frame
                hits[kind, what].append(((own["low"] <= true) & (own["high"] >= true)).mean())
            hits[kind, "rejected"].append(model.test.p < 0.05)
    share = {key: float(np.mean(own)) for key, own in hits.items()}
    print(share)
    for what in ("loading", "standard", "residual", "intercept", "correlation", "omega"):
        assert 0.93 <= share["units", what] <= 0.97, what
    assert share["naive", "intercept"] < 0.75 and share["naive", "loading"] < 0.90
    assert 0.03 <= share["units", "rejected"] <= 0.08 < share["naive", "rejected"]


def group(rng, n, *, shift=0.0, mean=0.0):
    """One factor and five items with long tails; the last item moved."""
    loadings = np.array([0.8, 0.75, 0.7, 0.65, 0.6])
    rows = 3 + (mean + long_tailed(rng, n, 1)) * loadings + long_tailed(rng, n, 5) * np.sqrt(1 - loadings**2)
    rows[:, -1] += shift
    return answer_moments(rows, items=ITEMS[:5])


@pytest.mark.slow
def test_the_ladder_cries_wolf_as_often_as_it_says_and_its_effects_cover():
    rng, runs, one = np.random.default_rng(32), 200, {"F": ITEMS[:5]}
    wrong = {(errors, step): 0 for errors in ("satorra_bentler", "normal")
             for step in ("loadings", "intercepts", "residuals")}
    alone = covered = 0
    for _ in range(runs):
        same = {"x": group(rng, 501), "y": group(rng, 500, mean=0.3)}
        for errors in ("satorra_bentler", "normal"):
            found = measured_ladder(same, factors=one, level=0.95, alpha=1e-12, last="residuals", errors=errors)
            for step in found.steps[1:]:
                wrong[errors, step.step] += step.test.p < 0.05
        moved = {"x": group(rng, 501), "y": group(rng, 500, mean=0.3, shift=0.4)}
        found = measured_ladder(moved, factors=one, level=0.95, alpha=0.01)
        if "intercepts" in [step.step for step in found.steps] and found.steps[-1].freed == ("e",):
            alone += 1
            row = found.effects.frame.set_index("item").loc["e"]
            covered += row["low"] <= 0.4 * 25 / 5 <= row["high"]
    share = {key: count / runs for key, count in wrong.items()}
    print(share, alone / runs, covered / alone)
    assert all(0.02 <= share["satorra_bentler", step] <= 0.085 for step in ("loadings", "intercepts", "residuals"))
    assert share["normal", "residuals"] > 0.15  # variances need the fourth moments
    assert alone / runs > 0.9 and 0.92 <= covered / alone <= 0.98
