"""The SKM golden case (29 respondents), to all digits, and the three ways reports print it."""

import json
from fractions import Fraction

import pandas as pd
import pytest

from kinerja_lab.core.instrument import Instrument, Item
from kinerja_lab.core.options import WeightMode
from kinerja_lab.core.ruleset import Band, Element, Ruleset
from kinerja_lab.core.survey import SurveyData
from kinerja_lab.estimation.satisfaction import element_scores, satisfaction_index

CODES = ("persyaratan", "prosedur", "waktu", "biaya", "produk", "kompetensi", "perilaku", "sarana", "pengaduan")


@pytest.fixture(scope="module")
def case(shared):
    return json.loads((shared / "data/reference.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def rule(case):
    bands = [(row["mutu"], row["kinerja"], row["nik"][0]) for row in case["skm"]["mutu"]]
    return Ruleset(code="skm-2017", title="SKM", source="reference.json", confidence="high", scale_low=1, scale_high=4,
                   index_factor=25, elements=tuple(Element(code=code, name=code) for code in CODES),
                   bands=tuple(Band(code=code, name=name, lower=lower) for code, name, lower in bands))


@pytest.fixture(scope="module")
def survey(case):
    """Sheets with the totals of the case: any such sheets have the same index."""
    n = case["skm"]["uji"]["n"]
    columns = {code: [float(total // n + (row < total % n)) for row in range(n)]
               for code, total in zip(CODES, case["skm"]["uji"]["total"], strict=True)}
    frame = pd.DataFrame(columns).assign(region="r", agency="a", unit="u", period="2020")
    items = tuple(Item(code=code, text=code) for code in CODES)
    instrument = Instrument(code="i", title="i", items=items, low=1, high=4, ruleset="skm")
    return SurveyData(frame=frame, instrument=instrument)


@pytest.mark.parametrize(("mode", "key", "weight", "grade"), [
    (WeightMode.EXACT, "ikm_bobot_1_9", Fraction(1, 9), "A"),
    (WeightMode.PRINTED_3, "ikm_bobot_0_111", Fraction(111, 1000), "A"),
    (WeightMode.PRINTED_2, "ikm_bobot_0_11", Fraction(11, 100), "A"),
])
def test_index(case, survey, rule, mode, key, weight, grade):
    uji = case["skm"]["uji"]
    found = satisfaction_index(survey, ruleset=rule, level=0.95, weight_mode=mode).row("index")
    exact = 25 * weight * Fraction(sum(uji["total"]), uji["n"])
    assert found.value == pytest.approx(float(exact), abs=1e-12)
    assert round(found.value, 4) == uji[key]
    assert found.n == uji["n"] and rule.band_of(found.value).code == grade


def test_elements(case, survey, rule):
    table = element_scores(survey, ruleset=rule, level=0.95)
    for code, total in zip(CODES, case["skm"]["uji"]["total"], strict=True):
        assert table.row(code).value == pytest.approx(total / 29, abs=1e-14)
        assert table.row(code).n == 29
    assert table.row("biaya").note == "no_variation", "everybody answered 4"


def test_the_printed_weight_moves_a_grade(rule):
    """A trap of the printed weight: a true index of 88,50 is A, but B with 0,11."""
    assert rule.band_of(88.5).code == "A" and rule.band_of(88.5 * 0.99).code == "B"


def test_the_interval_is_that_of_a_mean_of_person_means(survey, rule):
    person = survey.answers().mean(axis=1)
    found = satisfaction_index(survey, ruleset=rule, level=0.95).row("index")
    reach = 2.048407141795244 * 25 * person.std(ddof=1) / 29**0.5
    assert (found.low, found.high) == pytest.approx((found.value - reach, found.value + reach))
