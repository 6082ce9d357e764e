"""Pictures of calibration draw what they are given, in both languages."""

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.calibration.anchored_cut import anchored_cut
from kinerja_lab.calibration.attainable import chance_to_reach
from kinerja_lab.calibration.outcome_curve import outcome_curve
from kinerja_lab.calibration.probability_calibration import probability_calibration
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.options import Polarity
from kinerja_lab.core.ruleset import Band, Ruleset
from kinerja_lab.estimation.grades import grade_table
from kinerja_lab.plot.calibration import anchored_cut_picture, calibration_curve, grade_chances, target_chances
from kinerja_lab.plot.style import blank_axes, row_axes

RULE = Ruleset(code="r", title="R", source="-", confidence="high", bands=tuple(
    Band(code=code, name=name, lower=lower) for code, name, lower in (
        ("D", "Tidak Baik", 25.0), ("C", "Kurang Baik", 65.0), ("B", "Baik", 76.61), ("A", "Sangat Baik", 88.31))))


def units(n=12):
    rows = [Estimate(label="index", value=value, low=value - 4, high=value + 4, n=40, method="t", unit="index_100")
            for value in np.linspace(66, 90, n)]
    return EstimateTable.from_estimates(rows, groups=("agency", "unit"), keys=[("a", f"Unit {i}") for i in range(n)])


@pytest.mark.parametrize("lang", ["id", "en"])
def test_pictures_are_drawn(lang):
    rng = np.random.default_rng(1)
    x = rng.normal(75, 6, 60)
    y = 40 - 0.8 * (x - 75) + rng.normal(0, 5, 60)
    curve = outcome_curve(x, y, level=0.95)
    axes = anchored_cut_picture(
        curve, points=pd.DataFrame({"indicator": x, "outcome": y}), cut=anchored_cut(curve, target=38.0), target=38.0,
        legal=("B", 76.61), scale=1.0, lang=lang, axes=blank_axes(), outcome="Waktu tunggu")
    assert len(axes.collections[0].get_offsets()) == 60
    grades = grade_chances(grade_table(units(), ruleset=RULE), ruleset=RULE, lang=lang, axes=row_axes(13))
    assert [tick.get_text() for tick in grades.get_yticklabels()][:2] == ["Unit 0", "Unit 1"]
    p = rng.uniform(0.02, 0.98, 400)
    drawn = calibration_curve(probability_calibration(p, rng.uniform(size=400) < p, level=0.95), lang=lang,
                              axes=blank_axes())
    assert len(drawn.collections[-1].get_offsets()) == 10
    chances = target_chances(chance_to_reach(units(), target=78.0, polarity=Polarity.MAXIMISE), target=78.0, lang=lang,
                             axes=row_axes(13))
    assert len(chances.collections[0].get_offsets()) == 12
    for item in (axes, grades, drawn, chances):
        item.figure.canvas.draw()
