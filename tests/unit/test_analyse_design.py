"""What the report says of a survey's design: small units, hidden units, normed weights."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.instrument import Instrument, Item
from kinerja_lab.core.ruleset import Band, Element, Ruleset
from kinerja_lab.core.survey import Design, SurveyData
from kinerja_lab.estimation.satisfaction import satisfaction_index
from kinerja_lab.report.analyse_design import design_results
from kinerja_lab.report.disclosure import suppress

CODES = ("u1", "u2", "u3")
RULE = Ruleset(code="r", title="R", source="-", confidence="high", index_factor=25, scale_low=1, scale_high=4,
               elements=tuple(Element(code=code, name=code) for code in CODES),
               bands=tuple(Band(code=code, name=code, lower=lower)
                           for code, lower in (("D", 25.0), ("C", 65.0), ("B", 76.61), ("A", 88.31))))
SETTING = SimpleNamespace(region="53.71", level=0.95, row_is_unit=False, suppress_below=10)


def survey(sizes, *, scale=1.0, flip=None, seed=1):
    """Units of the given sizes; ``flip`` turns the answers of one unit round."""
    rng = np.random.default_rng(seed)
    unit = np.repeat([f"u{place:02d}" for place in range(len(sizes))], sizes)
    level = np.repeat(rng.normal(3, 0.3, len(sizes)), sizes)
    answers = np.clip(np.round(level[:, None] + rng.normal(0, 1.2, (len(unit), 3))), 1, 4)
    if flip is not None:
        answers[unit == flip] = 5 - answers[unit == flip]
    frame = pd.DataFrame(answers, columns=list(CODES)).assign(
        region="53.71", agency="dinkes", unit=unit, period="2025", w=scale * rng.uniform(1, 2, len(unit)))
    data = SurveyData(frame=frame, design=Design(weight="w", stratum="unit"), instrument=Instrument(
        code="i", title="I", low=1, high=4, ruleset="r", items=tuple(Item(code=code, text=code) for code in CODES)))
    units = suppress(satisfaction_index(data, ruleset=RULE, level=0.95, by=("agency", "unit")), below=10)
    return SimpleNamespace(survey=data, ruleset=RULE, units=units,
                           index=satisfaction_index(data, ruleset=RULE, level=0.95).row("index"))


SIZES = [60, 55, 50, 45, 40, 35, 30, 25, 14, 12, 6, 5]


def test_each_unit_gets_the_number_it_deserves():
    found = design_results(survey(SIZES), setting=SETTING)
    rows = found.small.rows.set_index("unit")
    assert rows.loc["u10":"u11", "printed"].tolist() == ["synthetic", "synthetic"]
    half = np.maximum(rows["direct_high"] - rows["direct"], rows["direct"] - rows["direct_low"])
    narrow = half[half.notna()] <= found.small.widest
    assert narrow.any() and not narrow.all()
    assert (rows.loc[narrow.index, "printed"] == np.where(narrow, "direct", "small_area")).all()
    assert (rows["small_low"] <= rows["small_area"]).all() and (rows["small_area"] <= rows["small_high"]).all()
    assert found.effects.row("effective_n").value == pytest.approx(
        found.plan.n / found.effects.row("design_effect").value)


def test_nothing_of_a_hidden_unit_shows():
    plain, turned = (design_results(survey(SIZES, flip=flip), setting=SETTING).small.rows.set_index("unit")
                     for flip in (None, "u11"))
    hidden = ["n", "direct", "direct_low", "direct_high"]
    assert plain.loc["u11", hidden].isna().all()
    # the common spread within units is all that its answers may touch, and that only a little
    assert abs(plain.loc["u11", "small_area"] - turned.loc["u11", "small_area"]) < 0.2
    assert plain.loc["u11", "own_share"] == 0


@pytest.mark.parametrize(("scale", "known"), [(1.0, False), (100.0, True)])
def test_normed_weights_are_not_taken_for_people(scale, known):
    plan = design_results(survey(SIZES, scale=scale), setting=SETTING).plan
    assert np.isfinite(plan.population) == known
    assert ("slovin" in set(plan.sizes["rule"])) == known


def test_where_there_is_no_answer_the_reason_stands():
    reason = NotApplicable("no_survey", study="x")
    assert design_results(reason, setting=SETTING) is reason
    rows = design_results(survey(SIZES), setting=SimpleNamespace(level=0.95, row_is_unit=True, suppress_below=1))
    assert rows.message.code == "not_applicable.rows_are_units"
    assert design_results(survey([40, 40]), setting=SETTING).small.message.code == "not_applicable.too_few_areas"
    flat = survey(SIZES)
    flat.survey.frame[list(CODES)] = 3.0
    found = design_results(flat, setting=SETTING)
    assert isinstance(found.plan, NotApplicable) and isinstance(found.small, NotApplicable)


def test_pictures_can_be_drawn():
    from kinerja_lab.plot.design import fewest_first, sample_size_curve, small_unit_chart
    from kinerja_lab.plot.style import blank_axes, row_axes

    found = design_results(survey(SIZES), setting=SETTING)
    marks = [(row.rule, int(row.answers)) for row in found.plan.sizes.itertuples() if row.rule != "mean"]
    for lang in ("id", "en"):
        axes = sample_size_curve(found.plan.curve, n=found.plan.n, level=0.95, power=0.8, lang=lang, marks=marks,
                                 step=0.5, axes=blank_axes())
        assert len(axes.get_lines()) >= 5 and axes.get_title(loc="left")
        rows, left_out = fewest_first(found.small.rows, limit=8)
        assert left_out == 4 and rows["unit"].tolist()[:2] == ["u10", "u11"]
        axes = small_unit_chart(rows, lang=lang, level=0.95, left_out=left_out, axes=row_axes(12))
        assert len(axes.get_yticklabels()) == 8
