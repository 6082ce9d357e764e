"""Bad input to estimation, profiling and calibration: every one ends in a reason that names it, none in a number."""

import shutil

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.calibration.association_parts import association_parts
from kinerja_lab.calibration.cut_points import data_cut
from kinerja_lab.calibration.drift import drift
from kinerja_lab.calibration.outcome_curve import outcome_curve, share_curve
from kinerja_lab.calibration.probability_calibration import probability_calibration
from kinerja_lab.calibration.rising_steps import rising_steps
from kinerja_lab.core.errors import InputFaults, KinerjaError, NotApplicable
from kinerja_lab.core.options import MeasureKind, Polarity
from kinerja_lab.core.outcome import Measure, OutcomeData
from kinerja_lab.estimation.area_level import area_estimates
from kinerja_lab.estimation.domains import domain_means
from kinerja_lab.estimation.one_off import design_regression
from kinerja_lab.estimation.replicates import balanced_halves, bootstrap, jackknife
from kinerja_lab.estimation.sample import Sample
from kinerja_lab.estimation.weighting import trim_weights
from kinerja_lab.io.privacy import check_study
from kinerja_lab.io.study import load_study
from kinerja_lab.profiling.benchmark import achievable_benchmark
from kinerja_lab.profiling.case_mix import case_mix
from kinerja_lab.profiling.charts import individuals_chart, proportion_chart, rate_chart
from kinerja_lab.profiling.funnel import funnel
from kinerja_lab.profiling.ranking import fifth_chances, rank_units
from kinerja_lab.profiling.shrinkage import shrink_means, shrink_rates, shrink_shares
from kinerja_lab.profiling.standardise import direct_rates, indirect_ratios, unit_rates
from kinerja_lab.profiling.watch import watch_units

MANY = 12
NAMES = np.arange(MANY).astype(str)
SIZE = np.full(MANY, 20.0)
SHARE = Measure(code="m", name="m", kind=MeasureKind.PROPORTION, unit="%", polarity=Polarity.MAXIMISE, scale=100)
RATE = Measure(code="r", name="r", kind=MeasureKind.RATE, unit="", polarity=Polarity.MINIMISE)


def rng():
    return np.random.default_rng(1)


def units(events, size=SIZE, **more):
    return pd.DataFrame({"agency": "a", "unit": NAMES[:len(events)], "events": events, "denominator": size,
                         "expected": np.nan, **more})


def months(events, size, names=None):
    count = len(events)
    return pd.DataFrame({"unit": "a", "period": [f"2025-{k + 1:02d}" for k in range(count)] if names is None else names,
                         "events": events, "denominator": size})


def code_of(question):
    with pytest.raises(KinerjaError) as raised:
        question()
    return raised.value.message.code


TOO_MANY = np.r_[np.full(MANY - 1, 5.0), 21.0]


@pytest.mark.parametrize("question", [
    lambda: unit_rates(units(TOO_MANY), measure=SHARE, level=0.95),
    lambda: shrink_shares(TOO_MANY, SIZE, units=NAMES, level=0.95),
    lambda: funnel(units(TOO_MANY), measure=SHARE, level=0.95),
    lambda: achievable_benchmark(TOO_MANY, SIZE, units=NAMES, polarity=Polarity.MAXIMISE),
    lambda: proportion_chart(TOO_MANY, SIZE, periods=NAMES),
    lambda: watch_units(months(TOO_MANY, SIZE), kind=MeasureKind.PROPORTION),
    lambda: case_mix(units(TOO_MANY, age=np.arange(MANY)), kind=MeasureKind.PROPORTION, columns=("age",), level=0.95,
                     rng=rng()),
    lambda: share_curve(np.arange(MANY), TOO_MANY, SIZE, level=0.95),
    lambda: OutcomeData(measures=(SHARE,), frame=units(TOO_MANY, region="r", period="2025", measure="m", value=1.0)),
])
def test_more_events_than_cases_are_refused_everywhere(question):
    code = code_of(question)
    assert code.startswith("error.") and ("counts" in code or "events" in code), code


@pytest.mark.parametrize("question", [
    lambda: unit_rates(units(-np.ones(MANY)), measure=RATE, level=0.95),
    lambda: indirect_ratios(units(np.ones(MANY), expected=-SIZE), level=0.95),
    lambda: shrink_rates(np.ones(MANY), -SIZE, units=NAMES, level=0.95),
    lambda: rate_chart(-np.ones(MANY), SIZE, periods=NAMES),
    lambda: funnel(units(-np.ones(MANY), expected=SIZE), measure=RATE, level=0.95),
    lambda: direct_rates(units(-np.ones(MANY), age="x"), standard=pd.Series({"x": 1.0}), strata=("age",), level=0.95),
])
def test_negative_counts_are_refused_everywhere(question):
    assert "counts" in code_of(question)


ALONE = Sample(weights=np.ones(5), strata=np.array([1, 1, 2, 2, 2]), clusters=np.array([1, 1, 2, 3, 3]))


@pytest.mark.parametrize("question", [
    lambda: domain_means(ALONE, np.arange(5.0), level=0.95),
    lambda: jackknife(ALONE),
    lambda: balanced_halves(ALONE),
    lambda: bootstrap(ALONE, replicates=100, rng=rng()),
    lambda: design_regression(ALONE, np.arange(5.0), {"x": np.array([1.0, 3, 2, 5, 4])}, level=0.95),
])
def test_a_stratum_with_one_cluster_has_no_error_unless_somebody_says_which(question):
    assert code_of(question) in ("not_applicable.lonely_strata", "not_applicable.not_paired")


@pytest.mark.parametrize("bad", [-1.0, 0.0, np.nan, np.inf])
def test_weights_that_are_not_positive_are_refused(bad):
    weights = np.r_[np.ones(4), bad]
    assert code_of(lambda: Sample(weights=weights)) == "error.bad_weights"
    assert code_of(lambda: trim_weights(weights, upper=3.0)) == "error.bad_weights"
    assert code_of(lambda: rising_steps(np.arange(10.0), np.arange(10.0), level=0.95, rng=rng(),
                                        weights=np.r_[np.ones(9), bad])) == "error.steps_weights"


NOBODY = np.zeros(0)


@pytest.mark.parametrize("question", [
    lambda: unit_rates(units(NOBODY, NOBODY), measure=SHARE, level=0.95),
    lambda: indirect_ratios(units(NOBODY, NOBODY), level=0.95),
    lambda: direct_rates(units(NOBODY, NOBODY, age=NOBODY), standard=pd.Series({"x": 1.0}), strata=("age",),
                         level=0.95),
    lambda: shrink_shares(NOBODY, NOBODY, units=NOBODY, level=0.95),
    lambda: shrink_means(NOBODY, NOBODY, level=0.95),
    lambda: funnel(units(NOBODY, NOBODY), measure=SHARE, level=0.95),
    lambda: rank_units(NOBODY, NOBODY, units=NOBODY, polarity=Polarity.MAXIMISE, level=0.95, rng=rng()),
    lambda: fifth_chances(NOBODY, NOBODY, units=NOBODY, polarity=Polarity.MAXIMISE, level=0.95, rng=rng()),
    lambda: achievable_benchmark(NOBODY, NOBODY, units=NOBODY, polarity=Polarity.MAXIMISE),
    lambda: watch_units(months(NOBODY, NOBODY), kind=MeasureKind.PROPORTION),
    lambda: area_estimates(NOBODY, NOBODY, areas=NOBODY, n=NOBODY, level=0.95),
    lambda: individuals_chart(NOBODY, periods=NOBODY),
    lambda: data_cut(NOBODY, NOBODY, level=0.95, rng=rng()),
    lambda: association_parts(pd.DataFrame(columns=["unit", "region", "indicator", "outcome"]), level=0.95),
])
def test_a_region_with_no_units_has_a_reason(question):
    with pytest.raises(NotApplicable):
        question()


PARTED = np.arange(30) >= 15


@pytest.mark.parametrize("question", [
    lambda: case_mix(pd.DataFrame({"unit": np.arange(30).astype(str), "events": 20.0 * PARTED, "denominator": 20.0,
                                   "hard": np.arange(30.0)}), kind=MeasureKind.PROPORTION, columns=("hard",),
                     level=0.95, rng=rng()),
    lambda: share_curve(np.arange(30.0), 20.0 * PARTED, np.full(30, 20.0), level=0.95),
    lambda: probability_calibration(np.r_[np.linspace(0.1, 0.4, 60), np.linspace(0.6, 0.9, 60)],
                                    np.arange(120) >= 60, level=0.95),
    lambda: design_regression(Sample(weights=np.ones(30)), PARTED.astype(float), {"x": np.arange(30.0)}, level=0.95,
                              family="binomial"),
])
def test_perfect_separation_is_named(question):
    assert "separated" in code_of(question)


SAME = pd.DataFrame({"unit": np.arange(20), "region": "r", "indicator": np.arange(20.0), "outcome": 7.0})


@pytest.mark.parametrize("question", [
    lambda: shrink_shares(np.zeros(MANY), SIZE, units=NAMES, level=0.95),
    lambda: shrink_shares(SIZE, SIZE, units=NAMES, level=0.95),
    lambda: shrink_rates(np.zeros(MANY), SIZE, units=NAMES, level=0.95),
    lambda: shrink_means(np.ones(MANY), np.repeat(np.arange(4), 3), level=0.95),
    lambda: funnel(units(np.zeros(MANY)), measure=RATE, level=0.95),
    lambda: funnel(units(SIZE), measure=SHARE, level=0.95),
    lambda: achievable_benchmark(np.full(MANY, 5.0), SIZE, units=NAMES, polarity=Polarity.MAXIMISE),
    lambda: proportion_chart(np.zeros(MANY), SIZE, periods=NAMES),
    lambda: individuals_chart(np.ones(MANY), periods=NAMES),
    lambda: case_mix(units(SIZE, age=np.arange(MANY)), kind=MeasureKind.PROPORTION, columns=("age",), level=0.95,
                     rng=rng()),
    lambda: association_parts(SAME, level=0.95),
    lambda: drift(SAME, SAME, sign=1, level=0.95),
    lambda: outcome_curve(np.arange(20.0), np.full(20, 7.0), level=0.95),
    lambda: rising_steps(np.arange(20.0), np.full(20, 7.0), level=0.95, rng=rng()),
    lambda: data_cut(np.arange(20.0), np.ones(20), level=0.95, rng=rng()),
    lambda: probability_calibration(np.linspace(0.1, 0.9, 150), np.ones(150), level=0.95),
])
def test_outcomes_that_are_all_equal_have_no_answer(question):
    with pytest.raises(NotApplicable):
        question()


@pytest.mark.parametrize("question", [
    lambda: OutcomeData(measures=(SHARE,), frame=pd.concat(2 * [
        units(np.ones(MANY), region="r", period="2025", measure="m", value=5.0)])),
    lambda: watch_units(months(np.ones(8), np.full(8, 9.0), names=["2025-01"] * 8), kind=MeasureKind.PROPORTION),
    lambda: proportion_chart(np.ones(8), np.full(8, 9.0), periods=["2025-01"] * 8),
    lambda: unit_rates(pd.concat(2 * [units(np.ones(MANY))]), measure=SHARE, level=0.95),
    lambda: shrink_shares(np.ones(MANY), SIZE, units=np.full(MANY, "a"), level=0.95),
    lambda: rank_units(np.arange(3.0), np.ones(3), units=np.array(["a", "a", "b"]), polarity=Polarity.MAXIMISE,
                       level=0.95, rng=rng()),
    lambda: direct_rates(pd.concat(2 * [units(np.ones(MANY), age="x")]), standard=pd.Series({"x": 1.0}),
                         strata=("age",), level=0.95),
    lambda: association_parts(pd.concat(2 * [SAME.assign(outcome=np.arange(20.0))]), level=0.95),
    lambda: area_estimates(np.arange(MANY), np.ones(MANY), areas=np.full(MANY, "52.71"), n=SIZE, level=0.95),
])
def test_a_unit_or_a_period_that_stands_twice_is_refused(question):
    code = code_of(question)
    assert code.startswith("error.") and any(word in code for word in ("duplicate", "repeated", "periods")), code


@pytest.mark.parametrize("table", ["outcomes", "survey"])
def test_codes_of_two_schemes_in_the_tables_are_found(root, tmp_path, table):
    """BPS writes 5371 where Kemendagri writes 53.71: such rows would silently belong to no region. Named once, not row
    by row."""
    folder = tmp_path / "layanan-publik"
    shutil.copytree(root / "data" / "studies" / "layanan-publik", folder)
    path = folder / "data" / f"{table}.parquet"
    frame = pd.read_parquet(path)
    where = frame.index[frame["region"] == "53.71"][:3]
    frame.loc[where, "region"] = "5371"
    frame.to_parquet(path, index=False)
    with pytest.raises(InputFaults) as caught:
        check_study(load_study(folder))
    (named,) = [fault for fault in caught.value.faults if fault.column == "region"]
    assert (named.message.code, named.value) == ("fault.region_scheme_mixed", "5371")
