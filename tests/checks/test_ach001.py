"""ACH001: can the printed ratio be recomputed?"""

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status


def printed(make, *rows, achievements):
    subject = make.indicator(series=make.series(*rows))
    return subject, make.results(achievements={"ikm": tuple(achievements)})


def test_fires_and_lists_the_periods(make):
    subject, found = printed(
        make, ("2023", 94, 144, 46.81), ("2024", 93, 160.1, 60.0),
        achievements=[make.achieved("2023", 100 * (2 * 94 - 144) / 94), make.achieved("2024", 27.85)])
    finding = make.judge("ACH001", subject, found)
    assert finding.status is Status.FAILED
    assert "2024: tercetak 60,00, dihitung ulang 27,85" in make.said(finding) and "2023:" not in make.said(finding)
    assert finding.numbers["wrong"] == 1 and finding.numbers["total"] == 2


def test_the_tolerance_is_half_a_point_and_included(make):
    subject, found = printed(make, ("2023", 1, 1, 100.5), achievements=[make.achieved("2023", 100.0)])
    assert make.judge("ACH001", subject, found).status is Status.PASSED
    subject, found = printed(make, ("2023", 1, 1, 100.51), achievements=[make.achieved("2023", 100.0)])
    assert make.judge("ACH001", subject, found).status is Status.FAILED


def test_a_concern_when_another_formula_or_a_cap_explains_all(make):
    answers = [make.achieved("2022", 27.8, rivals={"linear": 27.8, "ratio": 58.1}), make.achieved("2023", 118.0)]
    subject, found = printed(make, ("2022", 93, 160.1, 58.1), ("2023", 1, 1, 100.0), achievements=answers)
    assert make.judge("ACH001", subject, found).status is Status.CONCERN
    subject, found = printed(make, ("2022", 93, 160.1, 58.1), ("2023", 1, 1, 90.0), achievements=answers)
    assert make.judge("ACH001", subject, found).status is Status.FAILED


def test_a_ratio_printed_where_there_is_none_fails(make):
    subject, found = printed(make, ("2023", 0, 1, 100.0), achievements=[NotApplicable("no_index")])
    finding = make.judge("ACH001", subject, found)
    assert finding.status is Status.FAILED and finding.numbers["largest_difference"] == 0


def test_not_applicable(make):
    assert make.judge("ACH001", make.indicator(), make.results()).message.code == "not_applicable.no_series"
    subject, found = printed(make, ("2023", 1, 1), achievements=[make.achieved("2023", 100.0)])
    assert make.judge("ACH001", subject, found).message.code == "not_applicable.no_printed_ratio"
    assert make.judge("ACH001", subject, make.results()).message.code == "not_applicable.no_achievements"
