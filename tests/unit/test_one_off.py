"""The adapter of svy: what it refuses before svy is asked, and that nothing heavy is imported until then."""

import subprocess
import sys

import numpy as np
import pytest

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.estimation.one_off import design_independence, design_regression, design_t_test
from kinerja_lab.estimation.sample import Sample
from kinerja_lab.estimation.weighting import Margin, calibrate_weights

N = 20
X = np.linspace(0, 1, N)
PLAIN = Sample(weights=np.ones(N))


def code(call):
    with pytest.raises(KinerjaError) as raised:
        call()
    return raised.value.message.code.split(".")[1]


def test_a_line_is_found_with_text_as_categories():
    rng = np.random.default_rng(1)
    group = np.where(np.arange(N) % 2 == 0, "a", "b")
    y = 1 + 2 * X + 3 * (group == "b") + rng.normal(0, 0.1, N)
    found = design_regression(PLAIN, y, {"x": X, "g": group}, level=0.95)
    values = dict(zip(found.frame["label"], found.frame["value"], strict=True))
    assert list(values)[0] == "constant" and len(values) == 3
    np.testing.assert_allclose(list(values.values()), [1, 2, 3], atol=0.25)


def test_refusals():
    half = np.repeat([0.0, 1.0], N // 2)
    assert code(lambda: design_regression(PLAIN, half, {"x": X}, level=0.95, family="binomial")) == "events_separated"
    assert code(lambda: design_regression(PLAIN, X, {"x": X, "y": 2 * X}, level=0.95)) == "columns_collinear"
    assert code(lambda: design_regression(PLAIN, X, {}, level=0.95)) == "regression_without_columns"
    assert code(lambda: design_regression(PLAIN, X, {"x": X}, level=0.95, family="gamma")) == "unknown_option"
    assert code(lambda: design_regression(PLAIN, X, {"x": X}, level=0.95, family="binomial")) == "events_not_binary"
    assert code(lambda: design_t_test(PLAIN, X, groups=np.full(N, "a"))) == "groups_not_two"
    assert code(lambda: design_t_test(PLAIN, np.ones(N), groups=np.repeat(["a", "b"], N // 2))) == "scores_constant"
    assert code(lambda: design_independence(PLAIN, np.full(N, "a"), np.repeat(["a", "b"], N // 2))) == "groups_not_two"
    assert code(lambda: design_t_test(PLAIN, X[:-1], groups=np.repeat(["a", "b"], N // 2))) == "lengths_differ"


def test_lonely_strata_are_refused_in_our_words():
    strata = np.array([1] + [0] * (N - 1))
    with pytest.raises(NotApplicable) as raised:
        design_t_test(Sample(weights=np.ones(N), strata=strata), X, groups=np.tile(["a", "b"], N // 2))
    assert raised.value.message.code == "not_applicable.lonely_strata"
    found = design_t_test(Sample(weights=np.ones(N), strata=strata, lonely="centre"), X,
                          groups=np.tile(["a", "b"], N // 2))
    assert 0 <= found.p <= 1


def test_calibrated_weights_are_refused():
    sample = calibrate_weights(PLAIN, [Margin(name="g", values=np.repeat(["a", "b"], N // 2),
                                              totals={"a": 30.0, "b": 10.0})]).sample
    assert code(lambda: design_t_test(sample, X, groups=np.tile(["a", "b"], N // 2))) == "calibrated_refused"


def test_neither_svy_nor_polars_is_imported_before_it_is_asked():
    script = ("import sys; import kinerja_lab.estimation.one_off, kinerja_lab.report.analyse; "
              "sys.exit(any(name in sys.modules for name in ('svy', 'polars')))")
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
