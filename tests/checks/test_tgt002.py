"""TGT002: was the realisation overwritten by the target?"""

from kinerja_lab.core.options import Status


def run(make, *rows):
    return make.judge("TGT002", make.indicator(series=make.series(*rows)), make.results())


def test_fires_when_the_printed_ratio_tells(make):
    finding = run(make, ("2023", 100, 80, 80.0), ("2024", 100, 100, 65.93))
    assert finding.status is Status.FAILED and finding.numbers["overwritten"] == 1
    assert "2024" in make.said(finding) and "65,93" in make.said(finding)


def test_stays_silent_for_a_target_that_was_met(make):
    assert run(make, ("2023", 100, 100, 100.0), ("2024", 100, 66, 65.93)).status is Status.PASSED


def test_not_applicable_without_printed_ratios(make):
    assert run(make, ("2023", 100, 100)).message.code == "not_applicable.no_printed_ratio"
    assert make.judge("TGT002", make.indicator(), make.results()).message.code == "not_applicable.no_series"
