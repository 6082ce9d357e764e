"""TGT007: do the targets as printed move the right way?"""

import pytest

from kinerja_lab.core.options import Polarity, Status
from kinerja_lab.drafting.targets import Quantity, Statement


def run(make, path, *baselines, polarity=Polarity.MINIMISE, **changes):
    row = Statement(indicator="ikm", quantity=Quantity.TARGET_PATH, text=path, place="Tabel 3.4")
    starts = [Statement(indicator="ikm", quantity=Quantity.BASELINE, text=text, place="Tabel 2.1")
              for text in baselines]
    return make.judge("TGT007", make.indicator(code="ikm", polarity=polarity, **changes),
                      make.replace(make.results(), statements=(row, *starts)))


def test_fires_when_the_targets_end_worse(make):
    finding = run(make, "3,2; 3,7; 4; 4,2; 4,6; 5")
    assert finding.status is Status.FAILED
    assert "3,2 → 3,7 → 4 → 4,2 → 4,6 → 5 (Tabel 3.4)" in make.said(finding)


@pytest.mark.parametrize(("path", "polarity", "status"), [
    ("5; 4; 4,5; 3", Polarity.MINIMISE, Status.CONCERN), ("80; 85; 83; 90", Polarity.MAXIMISE, Status.CONCERN),
    ("5; 5; 3", Polarity.MINIMISE, Status.PASSED), ("80; 85", Polarity.MAXIMISE, Status.PASSED),
    ("85; 80", Polarity.MAXIMISE, Status.FAILED),
])
def test_the_polarity_decides(make, path, polarity, status):
    assert run(make, path, polarity=polarity).status is status


def test_a_baseline_on_which_all_places_agree_is_where_the_path_begins(make):
    assert run(make, "0,385; 0,372").status is Status.PASSED
    finding = run(make, "0,385; 0,372", "0,325", "0.325")
    assert finding.status is Status.FAILED and "(0,325) → 0,385" in make.said(finding)
    assert run(make, "0,385; 0,372", "0,325", "0,4").status is Status.PASSED, "which baseline is not known"


def test_not_applicable(make):
    assert run(make, "3,2").message.code == "not_applicable.no_target_path"
    assert make.judge("TGT007", make.indicator(), make.results()).message.code == "not_applicable.no_target_path"
    keep = run(make, "1; 2", polarity=Polarity.STABILISE, stable_range=(60.0, 85.0))
    assert keep.message.code == "not_applicable.polarity_stabilise"
