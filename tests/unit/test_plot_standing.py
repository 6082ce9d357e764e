"""Pictures of standing hold what they should, in both languages."""

import numpy as np
import pytest

from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.options import Polarity
from kinerja_lab.plot.adjusted import waterfall, waterfall_axes
from kinerja_lab.plot.standing import control_chart, expected_fifths, shift_chart, shrunken_rows, tier_rows
from kinerja_lab.plot.style import blank_axes, row_axes
from kinerja_lab.profiling.adjusted import adjusted_scores
from kinerja_lab.profiling.charts import proportion_chart
from kinerja_lab.profiling.ranking import rank_units
from kinerja_lab.profiling.shrinkage import shrink_shares
from kinerja_lab.profiling.small_shifts import cusum_chart, ewma_chart

LANGUAGES = pytest.mark.parametrize("lang", ["id", "en"])
MONTHS = np.array([f"2025-{month:02d}" for month in range(1, 13)])


def texts(axes):
    return [text.get_text() for text in axes.texts]


@LANGUAGES
def test_tiers_begin_with_a_word_and_units_stand_in_their_order(lang):
    names = np.array([f"u{i}" for i in range(6)])
    events = np.array([10.0, 12, 50, 52, 90, 91])
    found = shrink_shares(events, np.full(6, 100.0), units=names, level=0.95)
    ranking = rank_units(events, np.full(6, 3.0), units=names, polarity=Polarity.MAXIMISE, level=0.95,
                         rng=np.random.default_rng(1))
    rows = ranking.ranks.frame.query("label == 'rank'")
    table = type(found.units)(groups=("unit",), frame=found.units.frame.query("label == 'raw'"))
    axes = tier_rows(table, tiers=dict(zip(names, ranking.tiers, strict=True)), lang=lang, axes=row_axes(6),
                     ranks=dict(zip(rows["unit"], rows["value"], strict=True)))
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert [label.split()[-1] for label in labels] == ["u5", "u4", "u3", "u2", "u1", "u0"]
    word = "jenjang" if lang == "id" else "tier"
    assert [text for text in texts(axes) if text.startswith(word)] == [f"{word} {place}" for place in (1, 2, 3)]
    axes.figure.canvas.draw()


@LANGUAGES
def test_control_chart_marks_the_named_month_and_the_base_line(lang):
    events = np.array([20, 21, 19, 20, 22, 18, 20, 21, 19, 20, 20, 60])
    chart = proportion_chart(events, np.full(12, 200), periods=MONTHS, base=np.arange(12) < 10)
    axes = control_chart(chart, lang=lang, axes=blank_axes(), name="x", unit="%")
    marked = [line for line in axes.lines if line.get_marker() == "D"]
    assert len(marked) == 1 and marked[0].get_xdata().tolist() == [11]
    assert axes.get_ylabel() == "%" and len(texts(axes)) == 1
    axes.figure.canvas.draw()


@LANGUAGES
@pytest.mark.parametrize("make", [cusum_chart, ewma_chart])
def test_small_shifts_are_marked_beyond_the_limit_only(make, lang):
    values = np.r_[np.zeros(4), np.full(8, 2.0)]
    chart = make(values, periods=MONTHS, centre=0.0, sd=1.0)
    axes = shift_chart(chart, lang=lang, axes=blank_axes())
    marked = np.concatenate([line.get_xdata() for line in axes.lines if line.get_marker() == "D"])
    assert [MONTHS[int(place)] for place in sorted(marked)] == list(chart.flagged) != []
    axes.figure.canvas.draw()


@LANGUAGES
def test_waterfall_has_a_bar_a_step_that_ends_at_the_adjusted_score(lang):
    scores = adjusted_scores(np.array([70.0, 80.0, 95.0]), np.ones(3), units=np.array(["a", "b", "c"]), level=0.95,
                             expected=np.array([75.0, 80.0, 85.0]))
    axes = waterfall(scores, units=["c", "a"], lang=lang, axes=waterfall_axes(scores, units=2), measure="x")
    final = scores.units.frame.query("label == 'adjusted'").set_index("unit")["value"]
    assert len(axes.patches) == 4
    for place, unit in ((1, "c"), (3, "a")):
        bar = axes.patches[place]
        ends = bar.get_x(), bar.get_x() + bar.get_width()
        assert final[unit] in (pytest.approx(ends[0]), pytest.approx(ends[1]))
    assert [text for text in texts(axes) if text in ("a", "c")] == ["c", "a"] and axes.get_xlabel() == "x"
    axes.figure.canvas.draw()
    with pytest.raises(KeyError):
        waterfall(scores, units=["z"], lang=lang, axes=waterfall_axes(scores, units=1))


@LANGUAGES
def test_expectations_stand_against_the_line_of_one(lang):
    groups = EstimateTable.from_estimates([
        Estimate(label=str(place), value=1.2, low=1.1, high=1.3, n=5, method="m") for place in range(1, 6)])
    axes = expected_fifths(groups, lang=lang, axes=row_axes(6))
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert len(set(names)) == 5 and "5" in names[0]
    left, right = axes.get_xlim()
    assert left < 1 < right, "the line must be seen where no interval reaches it"
    axes.figure.canvas.draw()


@LANGUAGES
def test_numbers_are_drawn_towards_the_mean_and_the_most_changed_stand_on_top(lang):
    names = np.array([f"u{i}" for i in range(6)])
    found = shrink_shares(np.array([1.0, 12, 50, 52, 90, 9]), np.array([10.0, 100, 100, 100, 100, 10]), units=names,
                          level=0.95)
    axes = shrunken_rows(found.units, mean=found.mean, lang=lang, axes=row_axes(4), limit=4, percent=True)
    shown = [label.get_text() for label in axes.get_yticklabels()]
    assert set(shown[:2]) == {"u0", "u5"} and len(shown) == 4
    raw = next(line for line in axes.lines if line.get_markerfacecolor() == "white" and len(line.get_xdata()) == 4)
    assert sorted(np.asarray(raw.get_xdata())[:2].tolist()) == [0.1, 0.9]
    assert any(text.startswith("2 unit") for text in texts(axes))
    axes.figure.canvas.draw()
