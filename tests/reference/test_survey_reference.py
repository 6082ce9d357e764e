"""Taylor linearisation against R survey 4.5 on the California schools.

The plain verbs of ``numeric.linearisation`` as ``satisfaction`` uses them: no finite population correction, a domain as
a sample of its own. The estimates with the correction and with R's domains stand in ``test_design_reference``.
"""

import json

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.numeric.intervals import t_interval
from kinerja_lab.numeric.linearisation import domain_variances, stratified_cluster_variance


@pytest.fixture(scope="module")
def cases(shared):
    return json.loads((shared / "refs/calibration/survey/api_survey_4.5.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def schools(shared):
    folder = shared / "refs/calibration/data"
    return {"dstrat": pd.read_csv(folder / "apistrat.csv"), "dclus1": pd.read_csv(folder / "apiclus1.csv")}


DESIGNS = {"dstrat": {"strata": "stype"}, "dclus1": {"clusters": "dnum"}}


def linearised(frame, columns):
    weights, values = frame["pw"].to_numpy(), frame[columns].to_numpy(dtype=float)
    means = weights @ values / weights.sum()
    return means, (values - means) * (weights / weights.sum())[:, None]


@pytest.mark.parametrize("design", DESIGNS)
def test_two_means_and_their_covariance(cases, schools, design):
    frame, expected = schools[design], cases[f"{design}_nofpc"]
    labels = {role: frame[column].to_numpy() for role, column in DESIGNS[design].items()}
    means, scores = linearised(frame, ["api00", "api99"])
    covariance, df = stratified_cluster_variance(scores, **labels)
    np.testing.assert_allclose(means, expected["svymean_two"]["est"], rtol=1e-10)
    np.testing.assert_allclose(covariance, expected["svymean_two"]["vcov"], rtol=1e-10)
    assert df == expected["degf"]
    low, high = t_interval(means[0], np.sqrt(covariance[0, 0]), df, level=0.95)
    np.testing.assert_allclose([low, high], expected["svymean_api00"]["ci_t"][0], rtol=1e-10)


def test_the_finite_population_correction_is_all_that_is_missing(cases, schools):
    frame = schools["dclus1"]
    _, scores = linearised(frame, ["api00"])
    covariance, _ = stratified_cluster_variance(scores, clusters=frame["dnum"].to_numpy())
    sampled = frame["dnum"].nunique() / frame["fpc"].iloc[0]
    expected = cases["dclus1"]["svymean_api00"]["se"]
    assert np.sqrt(covariance[0, 0] * (1 - sampled)) == pytest.approx(expected, rel=1e-10)
    assert np.sqrt(covariance[0, 0]) > expected, "without it we err on the careful side"


@pytest.mark.parametrize("design", DESIGNS)
def test_a_ratio(cases, schools, design):
    frame = schools[design].dropna(subset=["api.stu", "enroll"])
    labels = {role: frame[column].to_numpy() for role, column in DESIGNS[design].items()}
    weights, top, bottom = (frame[name].to_numpy(dtype=float) for name in ("pw", "api.stu", "enroll"))
    ratio = weights @ top / (weights @ bottom)
    scores = weights * (top - ratio * bottom) / (weights @ bottom)
    expected = cases[f"{design}_nofpc"]["svyratio"]
    assert ratio == pytest.approx(expected["est"], rel=1e-10)
    covariance, _ = stratified_cluster_variance(scores[:, None], **labels)
    assert np.sqrt(covariance[0, 0]) == pytest.approx(expected["se"], rel=1e-9)


def test_groups_that_are_strata_in_one_pass(cases, schools):
    frame, expected = schools["dstrat"], cases["dstrat_nofpc"]["svyby_mean_api00_by_stype"]
    kinds, codes = np.unique(frame["stype"], return_inverse=True)
    weights, values = frame["pw"].to_numpy(), frame["api00"].to_numpy(dtype=float)
    total = np.bincount(codes, weights)
    means = np.bincount(codes, weights * values) / total
    scores = weights * (values - means[codes]) / total[codes]
    found = domain_variances(scores, domains=codes, count=3, strata=frame["stype"].to_numpy())
    assert kinds.tolist() == expected["by"]
    np.testing.assert_allclose(means, expected["est"], rtol=1e-10)
    np.testing.assert_allclose(np.sqrt(found.variance), expected["se"], rtol=1e-10)


@pytest.mark.parametrize("design", DESIGNS)
def test_a_domain_as_r_counts_it(cases, schools, design):
    frame = schools[design]
    labels = {role: frame[column].to_numpy() for role, column in DESIGNS[design].items()}
    inside = (frame["comp.imp"] == "Yes").to_numpy()
    weights, values = np.where(inside, frame["pw"], 0.0), frame["api00"].to_numpy(dtype=float)
    mean = weights @ values / weights.sum()
    covariance, _ = stratified_cluster_variance((weights * (values - mean) / weights.sum())[:, None], **labels)
    expected = cases[f"{design}_nofpc"]["subset_mean_api00_compimpYes"]
    assert mean == pytest.approx(expected["est"], rel=1e-10)
    assert np.sqrt(covariance[0, 0]) == pytest.approx(expected["se"], rel=1e-9)
