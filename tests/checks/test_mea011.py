"""MEA011: do those who leave answers empty judge differently?"""

import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status


@pytest.mark.parametrize(("ends", "status"), [
    ((0.1, -0.1, 0.3), Status.PASSED), ((-0.2, -0.35, -0.05), Status.CONCERN), ((-0.6, -0.8, -0.4), Status.FAILED),
    ((0.6, 0.4, 0.8), Status.FAILED)])
def test_the_interval_decides(make, instrument, ends, status):
    found = instrument(gaps=make.table({"waktu": ends, "sarana": (0.0, -0.1, 0.1)}))
    assert make.judge("MEA011", make.indicator(), found).status is status


def test_names_the_element_and_the_difference(make, instrument):
    found = instrument(gaps=make.table({"waktu": (-0.6, -0.8, -0.4), "sarana": (0.0, -0.1, 0.1)}))
    finding = make.judge("MEA011", make.indicator(), found)
    assert "Waktu Penyelesaian" in make.said(finding) and "Sarana" not in make.said(finding)
    assert "-0,60" in make.said(finding)


def test_not_applicable(make, instrument):
    found = instrument(gaps=NotApplicable("instrument_nothing_missing"))
    assert make.judge("MEA011", make.indicator(), found).status is Status.NOT_APPLICABLE
