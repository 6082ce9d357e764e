"""Small-area estimates: by hand, without a direct number, and what they refuse."""

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.estimation.area_level import area_estimates, benchmarked
from kinerja_lab.estimation.unit_level import unit_level_estimates


def areas(direct, errors, **how):
    m = len(direct)
    how = {"areas": np.arange(m), "n": np.full(m, 10), "level": 0.95, **how}
    return area_estimates(np.array(direct, dtype=float), np.array(errors, dtype=float), **how)


TEN = [70.0, 72.0, 75.0, 77.0, 78.0, 80.0, 81.0, 84.0, 88.0, 90.0]


def test_equal_errors_have_a_closed_form():
    """With equal D, REML gives A = s^2 - D and every area keeps the share A/(A + D) of its own number."""
    found = areas(TEN, [9.0] * 10)
    between = np.var(TEN, ddof=1) - 9
    assert found.between.value == pytest.approx(between, rel=1e-9)
    share = between / (between + 9)
    np.testing.assert_allclose(found.areas.frame["value"], share * np.array(TEN) + (1 - share) * np.mean(TEN))
    g1, g2 = share * 9, (1 - share) ** 2 * (between + 9) / 10
    g3 = 81 / (between + 9) ** 3 * 2 * (between + 9) ** 2 / 10
    np.testing.assert_allclose(found.mse, g1 + g2 + 2 * g3)


def test_no_difference_between_areas_gives_the_common_number_and_says_so():
    found = areas([75.0, 75.1, 74.9, 75.0, 75.05, 74.95, 75.0], [9.0] * 7)
    assert found.between.value == 0
    assert found.areas.frame["value"].nunique() == 1 or np.ptp(found.areas.frame["value"]) < 1e-9
    assert set(found.areas.frame["note"]) == {"no_area_variation"}
    assert (found.mse > 0).all()


def test_an_area_without_direct_number_has_the_regression_alone():
    found = areas([*TEN, np.nan], [9.0] * 10 + [1.0])
    last = found.areas.frame.iloc[-1]
    assert (last["note"], found.own_share[-1]) == ("synthetic", 0.0)
    assert last["value"] == pytest.approx(np.mean(TEN))
    assert found.mse[-1] == pytest.approx(found.between.value + (found.between.value + 9) / 10)
    without = areas(TEN, [9.0] * 10)
    np.testing.assert_allclose(found.areas.frame["value"][:10], without.areas.frame["value"])


def test_the_surer_an_area_the_more_it_keeps():
    found = areas(TEN, np.linspace(1, 30, 10))
    assert (np.diff(found.own_share) < 0).all()
    direct, value = np.array(TEN), found.areas.frame["value"].to_numpy()
    assert (np.abs(value - found.synthetic) <= np.abs(direct - found.synthetic)).all()


def test_benchmarking_meets_the_total_and_widens():
    found = areas(TEN, np.linspace(1, 30, 10))
    moved = benchmarked(found, shares=np.full(10, 0.1), target=80.0)
    assert moved.areas.frame["value"].mean() == pytest.approx(80.0)
    assert (moved.mse > found.mse).all()
    for shares, target in ((np.full(10, 0.2), 80.0), (np.full(9, 1 / 9), 80.0), (np.full(10, 0.1), np.nan)):
        with pytest.raises(KinerjaError):
            benchmarked(found, shares=shares, target=target)


@pytest.mark.parametrize(("how", "expected"), [
    ({"direct": TEN[:5], "errors": [9.0] * 5}, "not_applicable.too_few_areas"),
    ({"errors": [0.0] + [9.0] * 9}, "error.bad_errors"),
    ({"errors": [-1.0] + [9.0] * 9}, "error.bad_errors"),
    ({"areas": np.array(["52.71"] * 2 + [str(k) for k in range(8)])}, "error.areas_repeated"),
    ({"covariates": np.ones((10, 1)), "names": ("x",)}, "not_applicable.columns_collinear"),
    ({"covariates": np.full((10, 1), np.nan), "names": ("x",)}, "error.scores_not_finite"),
    ({"covariates": np.ones((10, 1)), "names": ()}, "error.lengths_differ"),
    ({"method": "EBLUP"}, "error.unknown_option"),
    ({"n": np.ones(3)}, "error.lengths_differ"),
])
def test_what_it_refuses(how, expected):
    with pytest.raises(KinerjaError) as raised:
        areas(**{"direct": TEN, "errors": [9.0] * 10, **how})
    assert raised.value.message.code == expected


def people(seed=1, m=12, per=6):
    rng = np.random.default_rng(seed)
    area = np.repeat(np.arange(m), per)
    x = rng.normal(size=m * per)
    return 5 + 2 * x + rng.normal(0, 1, m)[area] + rng.normal(size=m * per), area, x


def population(m=12, **more):
    return pd.DataFrame({"area": np.arange(m), "x": np.zeros(m), **more})


def predicted(values, area, x, frame):
    return unit_level_estimates(values, area, population=frame, level=0.95, covariates=x[:, None], names=("x",))


def test_asking_everybody_leaves_no_error():
    values, area, x = people()
    means = pd.Series(x).groupby(area).mean().to_numpy()
    found = predicted(values, area, x, population(size=6).assign(x=means))
    np.testing.assert_allclose(found.areas.frame["value"], pd.Series(values).groupby(area).mean(), atol=1e-9)
    np.testing.assert_allclose(found.mse, 0, atol=1e-12)
    assert set(found.areas.frame["note"]) == {"complete_list"}


def test_an_area_where_nobody_was_asked():
    values, area, x = people()
    found = predicted(values, area, x, population(m=13))
    last = found.areas.frame.iloc[-1]
    assert (last["note"], last["n"]) == ("synthetic", 0)
    assert found.mse[-1] > found.mse[:-1].max()
    assert last["value"] == pytest.approx(found.coefficients.row("constant").value)


def test_unit_level_refusals():
    values, area, x = people()
    cases = [
        ((values, area, x, population(m=11)), "error.area_without_population"),
        ((values, area, x, population().drop(columns="x")), "error.missing_columns"),
        ((values, area, x, pd.concat([population(), population()])), "error.areas_repeated"),
        ((values, area, x, population(size=3)), "error.population_too_small"),
        ((np.where(x > 0, np.nan, values), area, x, population()), "error.scores_not_finite"),
        ((values, area, np.ones_like(x), population()), "not_applicable.columns_collinear"),
        ((values[:18], area[:18], x[:18], population()), "not_applicable.too_few_areas"),
        ((values[::6], area[::6], x[::6], population()), "not_applicable.one_respondent_each"),
        ((area.astype(float), area, x, population()), "not_applicable.scores_constant"),
        ((values[:-1], area, x, population()), "error.lengths_differ"),
    ]
    for arguments, expected in cases:
        with pytest.raises(KinerjaError) as raised:
            predicted(*arguments)
        assert raised.value.message.code == expected
