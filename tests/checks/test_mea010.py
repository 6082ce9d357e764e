"""MEA010: were the sheets filled in with care?"""

import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status


@pytest.mark.parametrize(("ends", "status"), [
    ((0.01, 0.005, 0.02), Status.PASSED), ((0.05, 0.03, 0.08), Status.CONCERN), ((0.3, 0.2, 0.4), Status.FAILED)])
def test_the_interval_decides(make, instrument, ends, status):
    assert make.judge("MEA010", make.indicator(), instrument(misfit=instrument.misfit(*ends))).status is status


def test_many_copies_in_one_unit_are_a_concern(make, instrument):
    careful = instrument.misfit(0.01, 0.005, 0.02)
    few = make.judge("MEA010", make.indicator(), instrument(misfit=careful, copies=instrument.copies(2.0)))
    many = make.judge("MEA010", make.indicator(), instrument(misfit=careful, copies=instrument.copies(12.0)))
    assert (few.status, many.status) == (Status.PASSED, Status.CONCERN)
    assert "penyalinan" in make.said(many) and "2,0" in make.said(few)


def test_not_applicable(make, instrument):
    found = instrument(misfit=NotApplicable("instrument_none_judged"))
    assert make.judge("MEA010", make.indicator(), found).status is Status.NOT_APPLICABLE
