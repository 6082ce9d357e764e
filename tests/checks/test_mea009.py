"""MEA009: can units be ranked?"""

import numpy as np
import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status


@pytest.mark.parametrize(("ends", "pairs", "status"), [
    ((0.40, 0.10, 0.60), 0.0, Status.FAILED), ((0.75, 0.60, 0.85), 0.6, Status.CONCERN),
    ((0.85, 0.75, 0.92), 0.2, Status.CONCERN), ((0.85, 0.75, 0.92), 0.6, Status.PASSED),
])
def test_reliable_means_and_pairs_told_apart(make, instrument, ends, pairs, status):
    found = instrument(card=instrument.card(ends, pairs=pairs))
    assert make.judge("MEA009", make.indicator(), found).status is status


def test_means_that_are_reliable_but_too_close_say_so(make, instrument):
    finding = make.judge("MEA009", make.indicator(), instrument(card=instrument.card((0.85, 0.75, 0.92), pairs=0.2)))
    assert "berdekatan" in make.said(finding)


def test_names_the_elements_that_cannot_be_used(make, instrument):
    found = instrument(card=instrument.card((0.85, 0.75, 0.92), pairs=0.6, items={"waktu": (0.5, 0.3, 0.6),
                                                                                 "sarana": (0.9, 0.8, 0.95)}))
    finding = make.judge("MEA009", make.indicator(), found)
    assert "Waktu Penyelesaian" in make.said(finding) and "Sarana" not in make.said(finding)
    assert (finding.numbers["weak_elements"], finding.numbers["elements"]) == (1, 2)


def test_respondents_needed_are_named_or_unknown(make, instrument):
    few = instrument(card=instrument.card((0.4, 0.1, 0.6), pairs=0.0, needed=34.0))
    assert "34" in make.said(make.judge("MEA009", make.indicator(), few))
    unknown = instrument(card=instrument.card((0.0, 0.0, 0.3), pairs=0.0, needed=np.nan))
    assert "tidak dapat diperkirakan" in make.said(make.judge("MEA009", make.indicator(), unknown))


def test_not_applicable(make, instrument):
    found = instrument(card=NotApplicable("too_few_units", n=1, least=2))
    assert make.judge("MEA009", make.indicator(), found).status is Status.NOT_APPLICABLE
    assert make.judge("MEA009", make.indicator(), make.results(make.survey_results())).status is Status.NOT_APPLICABLE
    assert make.judge("MEA009", make.outcome_indicator(), instrument()).status is Status.NOT_APPLICABLE
