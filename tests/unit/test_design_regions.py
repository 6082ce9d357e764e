"""On a page of many regions the small areas are regions, and a page of few still shows units."""

import numpy as np
import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.io.simulated import SimulatedSize, write_simulated_study
from kinerja_lab.io.sources import open_source
from kinerja_lab.io.study import load_study
from kinerja_lab.report.analyse import setting_of
from kinerja_lab.report.analyse_design import LEAST_REGIONS, design_results
from kinerja_lab.report.parameters import ALL_REGIONS
from kinerja_lab.report.sections_design import design_rows


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Survey part and setting of a study of sixty districts with few respondents."""
    folder = write_simulated_study(tmp_path_factory.mktemp("studies") / "enam-puluh", 3,
                                   size=SimulatedSize(regions=60, most_units=1, respondents=4))
    study = load_study(folder)
    source = open_source(study)
    setting = setting_of(study, region=ALL_REGIONS, period="2025", language="id", level=0.95)
    from kinerja_lab.report.analyse import _survey_results

    return _survey_results(study, source, None, setting), setting, study


def test_regions_are_the_small_areas(many):
    survey, setting, _ = many
    small = design_results(survey, setting=setting).small
    assert small.by == "region" and len(small.rows) == 60 >= LEAST_REGIONS
    rows = small.rows
    assert set(rows["printed"]) <= {"direct", "small_area", "synthetic"} and "small_area" in set(rows["printed"])
    known = rows.dropna(subset=["direct"])
    mean = np.average(known["direct"])
    nearer = np.abs(known["small_area"] - mean) <= np.abs(known["direct"] - mean) + 1.0
    assert nearer.mean() > 0.9, "a small area is drawn towards the pattern"
    narrower = (known["small_high"] - known["small_low"]) < (known["direct_high"] - known["direct_low"])
    assert narrower.mean() > 0.8


def test_their_errors_hold_what_the_design_costs(many):
    """Errors of direct numbers add up to those of the index table: the smoothing moves them between regions only."""
    survey, setting, _ = many
    from kinerja_lab.numeric.intervals import normal_quantile
    from kinerja_lab.report.analyse_design import _areas, _errors, person_index, sample_with

    rows, by = _areas(survey, setting)
    scores, some = person_index(survey.survey, survey.ruleset)
    errors = _errors(survey, sample_with(survey.survey, some), scores, some, rows, by)
    half = np.maximum(rows["high"] - rows["value"], rows["value"] - rows["low"])
    own = (half / normal_quantile(0.95)) ** 2
    both = np.isfinite(own) & np.isfinite(errors)
    assert errors[both].sum() == pytest.approx(own[both].sum(), rel=1e-9)


def test_numbers_for_machines_carry_the_region(many):
    survey, setting, _ = many
    table = dict(design_rows(design_results(survey, setting=setting)))["design.small_units"]
    assert table.groups == ("region",) and len(table) == 60


def test_few_regions_keep_their_units(many):
    survey, setting, study = many
    few = setting_of(study, region=study.regions[0].code, period="2025", language="id", level=0.95)
    assert isinstance(few.region, str) and few.region != ALL_REGIONS
    small = design_results(survey, setting=few).small
    assert isinstance(small, NotApplicable) or small.by == "unit"
