"""DAT001: missing answers per element."""

import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status


@pytest.mark.parametrize(("biaya", "status"), [
    ((0.20, 0.15, 0.26), Status.FAILED), ((1.0, 0.98, 1.0), Status.FAILED), ((0.06, 0.03, 0.10), Status.CONCERN),
    ((0.04, 0.03, 0.05), Status.PASSED), ((0.0, 0.0, 0.13), Status.PASSED),
])
def test_the_interval_decides(make, biaya, status):
    rows = {"waktu": (0.01, 0.0, 0.02), "biaya": biaya}
    finding = make.judge("DAT001", make.indicator(), make.results(make.survey_results(missing=make.table(rows))))
    assert finding.status is status


def test_names_the_element_in_the_language_of_the_reader(make):
    rows = {"waktu": (0.01, 0.0, 0.02), "biaya": (0.2, 0.15, 0.26)}
    finding = make.judge("DAT001", make.indicator(), make.results(make.survey_results(missing=make.table(rows))))
    assert "Biaya/Tarif" in make.said(finding) and "Waktu" not in make.said(finding)
    assert "Fee" in make.said(finding, "en")


def test_a_row_without_a_number_is_left_out_and_none_is_not_applicable(make):
    rows = {"waktu": float("nan"), "biaya": (0.01, 0.0, 0.02)}
    found = make.results(make.survey_results(missing=make.table(rows)))
    assert make.judge("DAT001", make.indicator(), found).status is Status.PASSED
    for empty in ({"waktu": float("nan")}, {}):
        found = make.results(make.survey_results(missing=make.table(empty)))
        assert make.judge("DAT001", make.indicator(), found).status is Status.NOT_APPLICABLE


def test_not_applicable_without_a_survey_value_or_a_survey(make):
    finding = make.judge("DAT001", make.outcome_indicator(), make.results(make.survey_results()))
    assert finding.message.code == "not_applicable.not_survey_indicator"
    finding = make.judge("DAT001", make.indicator(), make.results(NotApplicable("no_index")))
    assert finding.message.code == "not_applicable.no_index"
