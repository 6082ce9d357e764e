"""Parameters of a report: typed, complete, and refused all at once."""

import pytest

from kinerja_lab.core.errors import InputFaults
from kinerja_lab.report.parameters import ALL_REGIONS, parse_parameters, select_regions

GOOD = {"study": "layanan-publik", "region": "53.71", "period": "2025", "language": "id", "level": 0.95,
        "today": "2026-01-31"}


def faults_of(values: dict) -> dict[str, str]:
    with pytest.raises(InputFaults) as caught:
        parse_parameters(values)
    return {fault.column: fault.message.code for fault in caught.value.faults}


def test_good_parameters_come_back_as_they_are():
    assert parse_parameters(GOOD).model_dump() == GOOD


@pytest.mark.parametrize("region", ["0101", "1e3", "NaN", "5371"])
def test_a_region_code_is_text(region):
    assert parse_parameters({**GOOD, "region": region}).region == region


@pytest.mark.parametrize(("name", "value"), [
    ("region", 101), ("region", ""), ("region", 101.0), ("period", 2025), ("language", "jv"), ("level", 0.4),
    ("level", 1.0), ("level", "0.95"), ("level", float("nan")), ("study", ""), ("today", "31-01-2026"), ("today", None),
])
def test_a_bad_value_is_refused(name, value):
    assert faults_of({**GOOD, name: value}) == {name: "fault.parameter_bad"}


def test_every_fault_is_reported_at_once():
    values = {"study": "layanan-publik", "regoin": "53.71", "period": 2025, "language": "id", "level": 0.95,
              "today": "2026-01-31"}
    assert faults_of(values) == {"regoin": "fault.parameter_unknown", "region": "fault.parameter_missing",
                                 "period": "fault.parameter_bad"}


def test_an_unknown_name_gets_the_one_probably_meant():
    with pytest.raises(InputFaults) as caught:
        parse_parameters({**GOOD, "langauge": "id"})
    assert caught.value.faults[0].message.params["nearest"] == "language"


def test_regions_keep_the_order_of_the_study_and_none_means_all():
    known = ("52.71", "0101", "53.71")
    assert select_regions(("53.71", "52.71"), known=known) == ("52.71", "53.71")
    assert select_regions((), known=known) == known


def test_every_unknown_region_is_named_with_the_nearest():
    with pytest.raises(InputFaults) as caught:
        select_regions(("101", "53.71", "53.17"), known=("0101", "53.71"))
    assert [(fault.message.params["region"], fault.message.params["nearest"]) for fault in caught.value.faults] == [
        ("101", "0101"), ("53.17", "53.71")]


def test_the_word_for_all_regions_is_the_one_that_the_analysis_knows():
    from kinerja_lab.report import analyse

    assert analyse.ALL_REGIONS == ALL_REGIONS
