"""Pictures of item response models show the numbers they were given, in the reader's language."""

import numpy as np
import pytest
from matplotlib.text import Text

from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.plot.irt import answer_curve_plot, dif_effects, information_plot, item_person_map
from kinerja_lab.plot.style import blank_axes, row_axes
from kinerja_lab.psychometrics.irt import item_response
from kinerja_lab.psychometrics.irt_information import answer_curves, information, reliability_at
from kinerja_lab.simulate.item_answers import count_sheets, simulate_graded

AT = np.linspace(-3, 3, 25)


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(1)
    steps = np.array([[-1.5, -0.3, 1.0], [-1.2, 0.0, 1.2], [-1.8, -0.6, 0.7]])
    values = simulate_graded(rng.normal(size=400), slopes=np.array([1.2, 1.8, 1.5]), thresholds=steps, rng=rng)
    return item_response(count_sheets(values, low=1, high=4), model="graded", level=0.95)


def texts(axes):
    axes.figure.draw_without_rendering()
    return [text.get_text() for text in axes.figure.findobj(Text) if text.get_text()]


@pytest.mark.parametrize(("lang", "comma"), [("id", "0,20"), ("en", "0.20")])
def test_effects_stand_where_they_are(lang, comma):
    rows = [Estimate(label="difference", value=value, low=value - 0.1, high=value + 0.1, n=90, method="m",
                     unit="scale_points") for value in (0.3, -0.25)]
    table = EstimateTable.from_estimates(rows, groups=("item", "group"), keys=[("biaya", "x"), ("biaya", "y")])
    axes = dif_effects(table, limit=0.2, group="dinas", lang=lang, axes=row_axes(2), names={"biaya": "Biaya"})
    dots = [float(x) for line in axes.lines if line.get_marker() not in ("None", "") for x in line.get_xdata()]
    assert sorted(dots) == [-0.25, 0.3]
    found = texts(axes)
    assert "Biaya: x" in found and any(comma in text for text in found)


def test_map_marks_every_threshold_in_sight(model):
    share = np.exp(-AT**2 / 2)
    axes = item_person_map((AT, share / share.sum()), thresholds=model.thresholds(), items=model.items, enough=0.7,
                           reliability=(AT, reliability_at(model, at=AT)), lang="id", axes=blank_axes(height=5))
    marks = sorted(float(x) for line in axes.lines if line.get_marker() not in ("None", "") for x in line.get_xdata())
    assert marks == pytest.approx(sorted(model.thresholds().ravel()))
    assert "Responden" in texts(axes)


def test_curves_and_information(model):
    axes = answer_curve_plot(answer_curves(model, at=AT), item="i1", name="Biaya", lang="id", axes=blank_axes())
    assert np.sum([line.get_ydata() for line in axes.lines], axis=0) == pytest.approx(1)
    assert "jawaban 4" in texts(axes)
    curves = information(model, at=AT, level=0.95)
    axes = information_plot(curves.test, enough=0.7 / 0.3, lang="id", axes=blank_axes())
    assert axes.lines[0].get_ydata() == pytest.approx(curves.test.frame["value"])
    assert any("2,33" in text for text in texts(axes))
