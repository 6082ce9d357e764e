"""Many groups in a report: who is compared, who is left out, and what a reader is told."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.core.instrument import Instrument, Item
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.core.survey import SurveyData
from kinerja_lab.evidence.structure_results import StructureResults
from kinerja_lab.report.analyse_structure import LEAST_SHEETS, aligned_look, structure_results
from kinerja_lab.report.reasons import or_reason
from kinerja_lab.report.sections_structure import structure_estimates, structure_parts

ITEMS = tuple("abcde")
INSTRUMENT = Instrument(code="uji", title="Uji", low=1, high=4, ruleset="skm-2017",
                        items=tuple(Item(code=code, text=f"Unsur {code}") for code in ITEMS))


def survey(*, agencies=14, each=160, shift=0.0, flat=0, small=0, units=1):
    """Agencies alike but for the last item of the first one, ``flat`` ones that agree on it, ``small`` ones too few."""
    rng, frames = np.random.default_rng(3), []
    for place in range(agencies):
        n = 40 if place < small else each
        points = 2.6 + 0.15 * rng.normal() + 0.5 * rng.normal(size=(n, 1)) + 0.4 * rng.normal(size=(n, 5))
        points[:, 4] += shift * (place == 0)
        answers = np.clip(np.rint(points), 1, 4)
        if place < flat:
            answers[:, 0] = 3
        frames.append(pd.DataFrame(answers, columns=list(ITEMS)).assign(
            region="1", agency=f"d{place:02d}", period="2025",
            unit=[f"d{place:02d}-{row % units}" for row in range(n)]))
    data = SurveyData(frame=pd.concat(frames, ignore_index=True), instrument=INSTRUMENT)
    patterns = ResponsePatterns.from_survey(data)
    return SimpleNamespace(survey=data, patterns=patterns, constant_items=(),
                           ruleset=SimpleNamespace(index_factor=25.0, elements=()))


def report_of(found, own, *, language="id"):
    study = SimpleNamespace(regions=(), agencies={f"d{place:02d}": {"id": f"Dinas {place}", "en": f"Agency {place}"}
                                                  for place in range(20)}, measures=(), indicators=(),
                            instrument=INSTRUMENT)
    results = SimpleNamespace(structure=found, survey=own, unit_names={}, setting=SimpleNamespace(level=0.95))
    return SimpleNamespace(language=language, study=study, results=results)


def looked_at(own, **changes):
    """The alignment alone: the factors of all respondents together take longer and are not the matter here."""
    reason = NotApplicable("structure_not_computed")
    return StructureResults(model=reason, invariance=reason, column="agency",
                            aligned=or_reason(lambda: aligned_look(own, level=0.95, **changes)))


@pytest.fixture(scope="module", autouse=True)
def one_start():
    """The search is tested elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kinerja_lab.report.analyse_structure._STARTS", 1)
        yield


@pytest.fixture(scope="module")
def odd(one_start):
    own = survey(shift=0.6)
    return own, looked_at(own)


def test_the_group_in_which_an_element_works_differently_is_named(odd):
    own, found = odd
    look = found.aligned
    assert look.columns == ("agency",) and len(look.result.groups) == 14 and not look.clustered
    assert min(look.q, key=look.q.get) == "d00" and look.q["d00"] < 1e-4
    gap = look.result.points.frame.set_index(["group", "label"])
    # 0.6 on one of five elements, 25 points a step: 3 points, less its part in the average of fourteen
    assert gap.loc[("d00", "difference"), "value"] == pytest.approx(3 * 13 / 14, abs=0.8)
    assert gap.loc[("d00", "difference"), "low"] > 0
    html = "".join(structure_parts(report_of(found, own)))
    assert "Dinas 0" in html and "bukan karena layanan" in html and "d00" not in html and " dinas ditaruh" in html
    assert "Agency 0" in "".join(structure_parts(report_of(found, own, language="en")))


def test_estimates_go_into_the_result_file(odd):
    own, found = odd
    rows = dict(structure_estimates(report_of(found, own)))
    assert {"structure.aligned.means", "structure.aligned.share", "structure.aligned.points"} <= set(rows)


def test_where_nothing_differs_plain_values_may_be_read():
    own = survey(agencies=13)
    found = looked_at(own)
    assert min(found.aligned.q.values()) > 0.05
    html = "".join(structure_parts(report_of(found, own)))
    assert "boleh dibandingkan" in html and "Tidak satu pun dari 130 ukuran" in html


def test_few_groups_are_left_to_the_ladder_without_a_word():
    own = survey(agencies=4, small=1)
    found = structure_results(own, level=0.95, row_is_unit=False)
    assert len(found.invariance.groups) == 3
    assert found.aligned.message.code == "not_applicable.alignment_ladder"
    assert not any("satu skala" in part for part in structure_parts(report_of(found, own)))
    assert LEAST_SHEETS == 150


def test_a_threshold_of_disclosure_above_the_sheets_hides_the_groups():
    assert isinstance(looked_at(survey(agencies=13), suppress_below=161).aligned, NotApplicable)


def test_an_item_without_differences_in_few_groups_costs_those_groups_and_in_many_the_item():
    few = looked_at(survey(agencies=15, flat=2)).aligned
    assert few.groups_left_out == ("d00", "d01") and few.items_left_out == () and len(few.result.groups) == 13
    many = looked_at(survey(agencies=15, flat=6)).aligned
    assert many.items_left_out == ("a",) and len(many.result.groups) == 15


def test_errors_are_those_of_units_where_every_group_has_enough():
    look = looked_at(survey(agencies=13, units=16)).aligned
    assert look.clustered and np.isfinite(look.result.points.frame["low"]).all()


def test_share_that_differs_too_often_forbids_the_comparison(odd):
    own, found = odd
    result = found.aligned.result
    frame = result.share.frame.assign(value=0.4)
    much = replace(found.aligned, result=replace(result, share=EstimateTable(frame=frame)))
    html = "".join(structure_parts(report_of(replace(found, aligned=much), own)))
    assert "jangan membandingkan kelompok-kelompok ini" in html


def test_groups_beyond_the_most_are_counted(monkeypatch):
    monkeypatch.setattr("kinerja_lab.report.analyse_structure.MOST_ALIGNED", 13)
    own = survey(agencies=15)
    found = looked_at(own)
    assert found.aligned.beyond == 2 and len(found.aligned.result.groups) == 13
    assert "2 kelompok lain" in "".join(structure_parts(report_of(found, own)))


def test_the_ladder_that_is_not_climbed_says_how_many_groups_there_are():
    own = survey(agencies=13)
    own.patterns = own.patterns.only(("a", "b", "c"))  # too few items for a factor of all respondents
    own.constant_items = ("d", "e")
    found = structure_results(own, level=0.95, row_is_unit=False)
    assert found.invariance.message.params == {"n": 13, "most": 12}
