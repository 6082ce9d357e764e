"""CRI002: does the indicator go against an outcome that it claims to serve?"""

import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status


def claim(make, sign=1):
    return make.indicator(criteria=(make.Criterion(measure="waktu_tunggu", sign=sign),))


@pytest.mark.parametrize(("ends", "sign", "status"), [
    ((-0.7, -0.5, -0.2), 1, Status.FAILED),
    ((0.2, 0.5, 0.7), -1, Status.FAILED),
    ((-0.3, 0.1, 0.4), 1, Status.CONCERN),
    ((-0.4, -0.1, 0.3), -1, Status.CONCERN),
    ((-0.10, 0.2, 0.4), 1, Status.PASSED),
    ((-0.7, -0.5, -0.2), -1, Status.PASSED),
])
def test_the_interval_decides(make, ends, sign, status):
    found = make.results(looks=(make.look(*ends, sign=sign),))
    assert make.judge("CRI002", claim(make, sign), found).status is status


def test_names_only_what_goes_against(make):
    looks = (make.look(0.2, 0.5, 0.7, criterion="searah"), make.look(-0.7, -0.5, -0.2, criterion="terbalik"))
    finding = make.judge("CRI002", claim(make), make.results(looks=looks))
    assert "terbalik" in make.said(finding) and "searah" not in make.said(finding)
    assert finding.numbers["wrong"] == 1


def test_not_applicable(make):
    assert make.judge("CRI002", make.indicator(), make.results()).message.code == "not_applicable.no_criteria"
    found = make.results(looks=(make.look(0, 0, 0, result=NotApplicable("no_index"), q=float("nan")),))
    assert make.judge("CRI002", claim(make), found).message.code == "not_applicable.no_index"
