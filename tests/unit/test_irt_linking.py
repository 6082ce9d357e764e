"""Linking has no peer case: what follows by hand from moving a scale must come out exactly."""

from dataclasses import replace

import numpy as np
import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.numeric.intervals import normal_quantile
from kinerja_lab.psychometrics.irt import item_response
from kinerja_lab.psychometrics.irt_linking import LinkMethod, link_scales
from kinerja_lab.simulate.item_answers import count_sheets, simulate_graded

STEPS = np.array([[-1.5, 0.0, 1.2], [-1.0, 0.4, 1.6], [-2.0, -0.5, 0.7], [-1.2, 0.1, 1.0]])
METHODS = list(LinkMethod)


def fit(model, *, seed=1, steps=STEPS, slopes=(1.2, 1.6, 0.9, 2.0)):
    rng = np.random.default_rng(seed)
    values = simulate_graded(rng.normal(size=900), slopes=np.array(slopes), thresholds=steps, rng=rng)
    return item_response(count_sheets(values, low=1, high=4), model=model, level=0.95, nodes=31)


@pytest.fixture(scope="module")
def old():
    return fit("graded")


def moved(model, slope, shift):
    """The same model seen from a scale on which a place t of the old one is (t - shift) / slope.

    a t + d = (a slope) t' + (d + a shift), and a mean or spread moves as a place does.
    """
    return replace(model, slopes=model.slopes * slope, intercepts=model.intercepts + model.slopes[:, :, None] * shift,
                   mean=(model.mean - shift) / slope, sd=model.sd / slope)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("slope", "shift"), [(1.25, 0.4), (0.8, -1.1)])
def test_a_moved_scale_is_moved_back(old, method, slope, shift):
    link = link_scales(moved(old, slope, shift), old=old, method=method, level=0.95)
    assert (link.slope.value, link.shift.value) == pytest.approx((slope, shift), abs=1e-7)
    assert [gap.value for gap in link.gaps] == pytest.approx([0.0] * 4, abs=1e-7)


@pytest.mark.parametrize("method", [LinkMethod.MEAN_SIGMA, LinkMethod.MEAN_MEAN])
def test_there_and_back_is_nothing(old, method):
    """t_old = s t_new + m, so t_new = t_old / s - m / s, whatever the two models are."""
    other = fit("graded", seed=2, steps=STEPS + 0.3)
    there, back = (link_scales(one, old=two, method=method, level=0.95) for one, two in ((other, old), (old, other)))
    assert back.slope.value == pytest.approx(1 / there.slope.value, rel=1e-12)
    assert back.shift.value == pytest.approx(-there.shift.value / there.slope.value, rel=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_two_links_in_a_row_are_one(old, method):
    """The second scale is 1.2 t + 0.3 of the third, the first 0.9 t - 0.5 of the second: 1.08 t - 0.3 in all."""
    middle = moved(old, 1.2, 0.3)
    link = link_scales(moved(middle, 0.9, -0.5), old=old, method=method, level=0.95)
    assert (link.slope.value, link.shift.value) == pytest.approx((1.2 * 0.9, 1.2 * -0.5 + 0.3), abs=1e-7)


def test_thresholds_by_hand(old):
    """Two items: old thresholds 0, 1, 2 and 1, 2, 3, new ones twice as far apart and slopes 1 and 2 against 2 and 6."""
    thresholds = {"old": np.array([[0.0, 1, 2], [1, 2, 3]]), "new": np.array([[0.0, 2, 4], [2, 4, 6]])}
    slopes = {"old": np.array([2.0, 6.0]), "new": np.array([1.0, 2.0])}
    made = {}
    for name, rows in thresholds.items():
        own = replace(old, slopes=old.slopes.copy(), intercepts=old.intercepts.copy())
        own.slopes[0, :2], own.intercepts[0, :2] = slopes[name], -slopes[name][:, None] * rows
        made[name] = own
    sigma = link_scales(made["new"], old=made["old"], method="mean_sigma", level=0.95, items=("i1", "i2"))
    assert (sigma.slope.value, sigma.shift.value) == pytest.approx((0.5, 1.5 - 0.5 * 3))
    mean = link_scales(made["new"], old=made["old"], method="mean_mean", level=0.95, items=("i1", "i2"))
    assert (mean.slope.value, mean.shift.value) == pytest.approx((1.5 / 4, 1.5 - 1.5 / 4 * 3))
    assert mean.items == ("i1", "i2")


def test_the_error_of_a_mean_of_thresholds_by_hand():
    """With equal slopes the shift is a difference of two means of thresholds from two samples."""
    one, two = fit("partial_credit", slopes=(1.0,) * 4), fit("partial_credit", seed=3, slopes=(1.0,) * 4)
    link = link_scales(two, old=one, method="mean_mean", level=0.95)
    variance = 0.0
    for model in (one, two):
        lean = model.jacobian[0].reshape(4, 4, -1)[:, 1:].reshape(12, -1)  # intercepts are minus the thresholds
        variance += (lean @ model.covariance @ lean.T).sum() / 12**2
    gap = np.nanmean(one.thresholds()) - np.nanmean(two.thresholds())
    assert link.slope.value == 1.0 and not link.slope.has_interval
    assert link.shift.value == pytest.approx(gap, abs=1e-12)
    assert link.shift.high - link.shift.value == pytest.approx(normal_quantile(0.95) * np.sqrt(variance), rel=1e-5)


def test_scales_that_run_against_each_other_are_refused(old):
    turned = replace(old, slopes=-old.slopes)
    with pytest.raises(NotApplicable) as caught:
        link_scales(turned, old=old, method="mean_mean", level=0.95)
    assert caught.value.message.code == "not_applicable.link_negative"
