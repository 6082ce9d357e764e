"""Claims about uncertainty, tested both ways: the right interval covers, the naive one does not."""

import numpy as np
import pandas as pd
import pytest
from scipy import special

from kinerja_lab.calibration.criterion import association
from kinerja_lab.calibration.raters import adjust_for_raters
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.core.instrument import Instrument, Item
from kinerja_lab.core.options import MeasureKind, Polarity
from kinerja_lab.core.outcome import Measure
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.core.ruleset import Band, Element, Ruleset
from kinerja_lab.core.survey import Design, SurveyData
from kinerja_lab.estimation.satisfaction import grade_table, index_change, satisfaction_index
from kinerja_lab.profiling.funnel import funnel
from kinerja_lab.psychometrics.reliability import alpha
from kinerja_lab.psychometrics.unit_reliability import unit_reliability

pytestmark = pytest.mark.slow

CODES = tuple(f"q{item}" for item in range(9))
CUTS = np.array([-1.6, -0.9, 0.4])
RULE = Ruleset(code="r", title="R", source="test", confidence="high", scale_low=1, scale_high=4, index_factor=25,
               elements=tuple(Element(code=code, name=code) for code in CODES),
               bands=tuple(Band(code=c, name=c, lower=b) for c, b in zip("DCBA", (25, 65, 76.61, 88.31), strict=True)))
INSTRUMENT = Instrument(code="i", title="i", items=tuple(Item(code=code, text=code) for code in CODES), low=1, high=4,
                        ruleset="r")
SPREAD = {"cluster": 0.4, "person": 0.6, "item": 0.7}
TOTAL = np.sqrt(sum(part**2 for part in SPREAD.values()))
TRUTH = 25 * (1 + special.ndtr(-CUTS / TOTAL).sum())
"""Every answer is a normal variable of variance TOTAL^2 cut at CUTS."""


def draw(rng, clusters=30, each=12, shift=None):
    """Respondents in clusters; a given shift keeps the clusters of an earlier period."""
    shift = rng.normal(0, SPREAD["cluster"], clusters) if shift is None else shift
    person = np.repeat(shift, each) + rng.normal(0, SPREAD["person"], clusters * each)
    latent = person[:, None] + rng.normal(0, SPREAD["item"], (clusters * each, 9))
    answers = 1.0 + (latent[:, :, None] > CUTS).sum(axis=2)
    answers[rng.uniform(size=answers.shape) < 0.03] = np.nan
    frame = pd.DataFrame(answers, columns=CODES).assign(region="r", agency="a", unit="u", period="p",
                                                        village=np.repeat(np.arange(clusters), each))
    return SurveyData(frame=frame, instrument=INSTRUMENT, design=Design(cluster="village"))


def naive(survey):
    return SurveyData(frame=survey.frame, instrument=INSTRUMENT)


def test_the_index_interval_covers_under_clusters_and_the_naive_one_does_not():
    rng = np.random.default_rng(20261121)
    right = wrong = 0
    for _ in range(500):
        survey = draw(rng)
        first, second = (satisfaction_index(data, ruleset=RULE, level=0.95).row("index")
                         for data in (survey, naive(survey)))
        right += first.low <= TRUTH <= first.high
        wrong += second.low <= TRUTH <= second.high
    assert 0.93 <= right / 500 <= 0.97
    assert wrong / 500 < 0.85


def test_the_change_interval_covers_when_villages_return_and_too_widely_when_that_is_forgotten():
    """No change in truth; the same villages in both periods."""
    rng = np.random.default_rng(7)
    right = forgotten = 0
    for _ in range(500):
        shift = rng.normal(0, SPREAD["cluster"], 30)
        before, after = draw(rng, shift=shift), draw(rng, shift=shift)
        apart = SurveyData(frame=after.frame.assign(village=after.frame["village"] + 1000), instrument=INSTRUMENT,
                           design=after.design)
        first, second = (index_change(before, later, ruleset=RULE, level=0.95) for later in (after, apart))
        right += first.low <= 0 <= first.high
        forgotten += second.low <= 0 <= second.high
    assert 0.93 <= right / 500 <= 0.97
    assert forgotten / 500 > 0.985


def test_the_probability_of_a_grade_is_calibrated():
    """A prior spread over a wide range: of all indices said to be A with about 70-90 %, about that share are A."""
    rng = np.random.default_rng(3)
    truth = rng.uniform(80, 96, 4000)
    seen = truth + rng.normal(0, 2.0, 4000)
    index = EstimateTable(groups=("place",), frame=pd.DataFrame({
        "place": np.arange(4000), "label": "index", "value": seen, "low": seen - 1.959964 * 2, "n": 100, "level": 0.95,
        "high": seen + 1.959964 * 2, "method": "t", "unit": "index_100", "note": ""}))
    grades = grade_table(index, ruleset=RULE).frame
    chance = grades[grades["label"] == "A"]["value"].to_numpy()
    unsure = (chance > 0.7) & (chance < 0.9)
    hit = np.array([RULE.band_of(value).code == "A" for value in truth[unsure]])
    assert hit.mean() == pytest.approx(chance[unsure].mean(), abs=0.05) and len(hit) > 200


def test_feldt_covers_the_alpha_of_parallel_items():
    rng = np.random.default_rng(5)
    covered, reps, items, noise = 0, 600, 6, 1.0
    ends = np.linspace(-4, 4, 40)
    truth = None
    for _ in range(reps):
        latent = rng.normal(size=(60, 1)) + rng.normal(0, noise, (60, items))
        values = np.digitize(latent, ends).astype(np.int16)
        sheets = ResponsePatterns(items=tuple(map(str, range(items))), values=values, low=0, high=40,
                                  counts=np.ones(60, dtype=np.int64), weights=np.ones(60))
        truth = items * 0.5 / (1 + (items - 1) * 0.5)
        found = alpha(sheets, level=0.95)
        covered += found.low <= truth <= found.high
    assert 0.93 <= covered / reps <= 0.97


def test_the_reliability_interval_covers_with_unequal_units():
    rng = np.random.default_rng(11)
    sizes = rng.integers(2, 60, 25)
    units, covered = np.repeat(np.arange(25), sizes), 0
    for _ in range(400):
        scores = rng.normal(0, 0.5, 25)[units] + rng.normal(size=len(units))
        found = unit_reliability(scores, units, level=0.95).icc1
        covered += found.low <= 0.25 / 1.25 <= found.high
    assert 0.93 <= covered / 400 <= 0.975


def test_the_association_interval_covers_in_regions_and_the_naive_one_does_not():
    """No association, but units of a region share both sides' luck."""
    rng = np.random.default_rng(13)
    region = np.repeat(np.arange(30), 8)
    units = pd.DataFrame({"unit": np.arange(240).astype(str), "region": region.astype(str)})
    right = wrong = 0
    for _ in range(250):
        x, y = (rng.normal(0, 1, 30)[region] + rng.normal(0, 1, 240) for _ in range(2))
        options = {"indicator_code": "a", "criterion": "b", "expected_sign": 1, "level": 0.95}
        first = association(units.assign(value=x), units.assign(value=y), **options)
        second = association(units.assign(value=x, region="one"), units.assign(value=y), **options)
        right += first.rank.low <= 0 <= first.rank.high
        wrong += second.rank.low <= 0 <= second.rank.high
    assert 0.91 <= right / 250 <= 0.985
    assert wrong / 250 < 0.85


def test_a_funnel_rarely_flags_units_that_vary_in_the_ordinary_way():
    rng = np.random.default_rng(17)
    measure = Measure(code="m", name="m", kind=MeasureKind.RATE, unit="", polarity=Polarity.MINIMISE)
    expected, flags, sharp = np.geomspace(3, 400, 60), 0, 0
    for _ in range(150):
        events = rng.poisson(expected * np.exp(rng.normal(0, 0.2, 60))).astype(float)
        table = pd.DataFrame({"agency": "a", "unit": np.arange(60).astype(str), "events": events,
                              "denominator": expected * 10, "expected": expected})
        flags += len(funnel(table, measure=measure, level=0.95).flags)
        sharp += (np.abs(np.log(np.maximum(events, 0.5) / expected) * np.sqrt(expected)) > 3.0902).sum()
    assert flags / (150 * 60) < 0.008
    assert sharp / (150 * 60) > 0.05


def test_the_adjusted_interval_of_a_unit_covers_its_quality():
    rng = np.random.default_rng(19)
    covered, total = 0, 0
    for _ in range(150):
        unit, rater = rng.integers(0, 20, 160), rng.integers(0, 10, 160)
        quality, mild = rng.normal(0, 1, 20), rng.normal(0, 0.8, 10)
        scores = 70 + quality[unit] + mild[rater] + rng.normal(0, 1, 160)
        found = adjust_for_raters(scores, unit, rater, level=0.95).units.frame
        rows = found[found["label"] == "adjusted"]
        truth = 70 + quality[rows["unit"]]
        covered += ((rows["low"] <= truth) & (truth <= rows["high"])).sum()
        total += len(rows)
    assert 0.925 <= covered / total <= 0.97
