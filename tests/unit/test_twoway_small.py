"""A small table solved full and the same table solved sparse give the same components, effects and errors."""

import numpy as np
import pytest

from kinerja_lab.numeric import twoway


@pytest.mark.parametrize(("rows", "columns", "n"), [(8, 7, 56), (30, 12, 200)])
def test_full_and_sparse_are_the_same(monkeypatch, rows, columns, n):
    rng = np.random.default_rng(rows)
    first, second = rng.integers(0, rows, n), rng.integers(0, columns, n)
    first[:rows], second[:columns] = np.arange(rows), np.arange(columns)
    values = rng.normal(size=n) + rng.normal(size=rows)[first] + 0.5 * rng.normal(size=columns)[second]
    layout = twoway.two_way(values, first, second)
    full = twoway.crossed_random(layout)
    monkeypatch.setattr(twoway, "_SMALL", 0)
    thin = twoway.crossed_random(layout)
    assert full.variances == pytest.approx(thin.variances, rel=1e-8)
    np.testing.assert_allclose(full.ratio_covariance, thin.ratio_covariance, rtol=1e-6)
    for name in ("effects", "effect_se", "level_se"):
        for one, two in zip(getattr(full, name), getattr(thin, name), strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-7, atol=1e-10)
