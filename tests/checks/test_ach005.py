"""ACH005: does the category hang on the formula?"""

from dataclasses import replace
from math import inf

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status


def run(make, *answers, scale="given"):
    years = (str(2020 + position) for position in range(len(answers)))
    subject = make.indicator(series=make.series(*((year, 1.0, 1.0) for year in years)))
    found = make.results(achievements={"ikm": answers}, scale=make.SCALE if scale == "given" else scale)
    return make.judge("ACH005", subject, found)


def rivals(make, linear, ratio, period="2024"):
    return make.achieved(period, linear, formula="linear", rivals={"linear": linear, "ratio": ratio})


def test_fires_when_the_latest_category_differs(make):
    # AKI: T = 93, R = 160.1: linear (2T - R) / T = 27.8 is very low, ratio T / R = 58.1 is low.
    finding = run(make, rivals(make, 100 * (2 * 93 - 160.1) / 93, 100 * 93 / 160.1))
    assert finding.status is Status.FAILED
    assert "27,85% (sangat rendah)" in make.said(finding) and "58,09% (rendah)" in make.said(finding)
    assert "very low" in make.said(finding, "en")


def test_a_concern_when_only_an_earlier_one_differs(make):
    assert run(make, rivals(make, 27.8, 58.1), rivals(make, 95.0, 96.0)).status is Status.CONCERN


def test_silent_within_one_category_also_below_and_beyond_the_scale(make):
    assert run(make, rivals(make, 95.0, 96.0)).status is Status.PASSED
    assert run(make, rivals(make, -40.0, 20.0)).status is Status.PASSED
    assert run(make, rivals(make, 200.0, inf)).status is Status.PASSED


def test_rounding_comes_before_the_category(make):
    # 90.996 rounds to 91.00, the lower bound of the highest category.
    assert run(make, rivals(make, 90.996, 95.0)).status is Status.PASSED
    assert run(make, rivals(make, 90.994, 95.0)).status is Status.FAILED


def test_not_applicable(make):
    assert run(make).message.code == "not_applicable.no_series"
    assert run(make, NotApplicable("no_index")).message.code == "not_applicable.no_achievements"
    assert run(make, rivals(make, 1, 2), scale=None).message.code == "not_applicable.no_scale"
    assert run(make, rivals(make, 1, 2), scale=replace(make.SCALE, bands=())).message.code == "not_applicable.no_scale"
    alone = make.achieved("2024", 95.0, formula="up", rivals={"up": 95.0})
    assert run(make, alone).message.code == "not_applicable.no_rival_formula"
    assert run(make, rivals(make, 95.0, float("nan"))).message.code == "not_applicable.no_rival_formula"
