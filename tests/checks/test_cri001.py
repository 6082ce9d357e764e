"""CRI001: does the indicator go with the outcomes that it claims?"""

import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status


def claim(make, sign=1):
    return make.indicator(criteria=(make.Criterion(measure="waktu_tunggu", sign=sign),))


@pytest.mark.parametrize(("ends", "q", "status"), [
    ((0.2, 0.5, 0.7), 0.001, Status.PASSED),
    ((0.2, 0.5, 0.7), 0.20, Status.CONCERN),
    ((-0.1, 0.3, 0.6), 0.30, Status.CONCERN),
    ((-0.12, -0.01, 0.099), 0.9, Status.FAILED),
    ((-0.7, -0.5, -0.2), 0.001, Status.FAILED),
])
def test_interval_and_false_discovery_decide(make, ends, q, status):
    found = make.results(looks=(make.look(*ends, q=q),))
    assert make.judge("CRI001", claim(make), found).status is status


def test_a_negative_claim_is_read_the_other_way(make):
    found = make.results(looks=(make.look(-0.7, -0.5, -0.2, sign=-1),))
    assert make.judge("CRI001", claim(make, sign=-1), found).status is Status.PASSED
    found = make.results(looks=(make.look(0.2, 0.5, 0.7, sign=-1),))
    assert make.judge("CRI001", claim(make, sign=-1), found).status is Status.FAILED


def test_one_claim_without_support_fails_the_indicator_and_each_is_listed(make):
    looks = (make.look(0.2, 0.5, 0.7, criterion="a"), make.look(-0.1, 0.0, 0.05, criterion="b", q=1.0),
             make.look(-0.9, -0.8, -0.7, criterion="c", of="other"))
    finding = make.judge("CRI001", claim(make), make.results(looks=looks))
    assert finding.status is Status.FAILED and finding.numbers["looks"] == 2
    assert "a: terdukung" in make.said(finding) and "b: tidak berkaitan" in make.said(finding)


def test_a_look_without_an_answer_is_left_out(make):
    looks = (make.look(0.2, 0.5, 0.7), make.look(0, 0, 0, result=NotApplicable("no_index"), q=float("nan")))
    finding = make.judge("CRI001", claim(make), make.results(looks=looks))
    assert finding.status is Status.PASSED and finding.numbers["looks"] == 1


def test_names_the_outcome_in_the_language_of_the_reader(make):
    found = make.results(looks=(make.look(0.2, 0.5, 0.7),), outcomes=make.outcomes([("u", "2025", 1.0, 1.0, 2.0)]))
    finding = make.judge("CRI001", claim(make), found)
    assert "Waktu tunggu" in make.said(finding) and "Waiting time" in make.said(finding, "en")


def test_not_applicable(make):
    assert make.judge("CRI001", make.indicator(), make.results()).message.code == "not_applicable.no_criteria"
    found = make.results(looks=(make.look(0, 0, 0, result=NotApplicable("no_index"), q=float("nan")),))
    assert make.judge("CRI001", claim(make), found).message.code == "not_applicable.no_index"
    assert make.judge("CRI001", claim(make), make.results()).message.code == "not_applicable.no_looks"
    found = make.results(looks=(make.look(None, float("nan"), None),))
    assert make.judge("CRI001", claim(make), found).message.code == "not_applicable.no_interval"
