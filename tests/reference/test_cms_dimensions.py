"""The real hospitals: which parts of the survey go with readmissions, survival and spending.

Point estimates are recomputed here with pandas and scipy from the study's own source; the verdicts after case mix are
pinned, so that a change of a method shows.
"""

import numpy as np
import pytest
from scipy import stats

from kinerja_lab.io.places import studies_root
from kinerja_lab.io.sources import open_source
from kinerja_lab.io.study import load_study
from kinerja_lab.report.outcome_table import dimension_looks, dimension_sentences

MEASURES = ("readm_30_hf", "readm_30_pn", "excess_30_hf", "excess_30_pn", "survival_30_ami", "survival_30_hf",
            "survival_30_pn", "mspb_ratio")


@pytest.fixture(scope="module")
def found(shared):
    study = load_study(studies_root() / "cms-vbp-2015")
    source = open_source(study)
    period = study.periods[-1]
    survey, outcomes = source.survey(period=period), source.outcomes(period=period)
    return study, survey, outcomes, dimension_looks(survey, outcomes, measures=MEASURES, level=0.95)


def cell(found, item, measure, label):
    rows = found[3].part(label)
    return rows[(rows["item"] == item) & (rows["measure"] == measure)].iloc[0]


@pytest.mark.parametrize(("item", "measure"), [("discharge_information", "readm_30_hf"),
                                             ("overall_rating", "mspb_ratio")])
def test_values_by_other_means(found, item, measure):
    _, survey, outcomes, _ = found
    values = outcomes.by_unit(measure)[["unit", "value"]]
    both = survey.frame[["unit", "region", item]].merge(values, on="unit").dropna()
    row = cell(found, item, measure, "all_units")
    assert row["n"] == len(both)
    assert row["value"] == pytest.approx(stats.spearmanr(both[item], both["value"]).statistic, abs=1e-12)
    ranks = both[[item, "value"]].rank()
    means = ranks.groupby(both["region"]).mean()
    inner = ranks - ranks.groupby(both["region"]).transform("mean")
    assert cell(found, item, measure, "within_regions")["value"] == pytest.approx(inner.corr().iloc[0, 1], abs=1e-12)
    between = cell(found, item, measure, "between_regions")
    assert between["value"] == pytest.approx(means.corr().iloc[0, 1], abs=1e-12) and between["n"] == len(means)
    ends = np.tanh(np.arctanh(between["value"]) + np.array([-1, 1]) * stats.norm.ppf(0.975) / np.sqrt(len(means) - 3))
    np.testing.assert_allclose([between["low"], between["high"]], ends)


def test_what_holds_after_all_looks(found):
    looks = found[3]
    assert looks.looks == 256 and int(looks.held.sum()) == 139
    held = looks.part("beyond_case_mix").groupby("measure")["held"].sum().to_dict()
    assert held == {"readm_30_hf": 6, "readm_30_pn": 2, "excess_30_hf": 6, "excess_30_pn": 4, "survival_30_ami": 3,
                    "survival_30_hf": 5, "survival_30_pn": 2, "mspb_ratio": 8}


@pytest.mark.parametrize(("label", "value", "low", "high"), [
    ("all_units", -0.2963, -0.3633, -0.2263), ("beyond_case_mix", -0.2367, -0.3017, -0.1695),
    ("within_regions", -0.2101, -0.2680, -0.1507), ("between_regions", -0.6602, -0.7929, -0.4679)])
def test_discharge_information_and_heart_failure_readmissions(found, label, value, low, high):
    row = cell(found, "discharge_information", "readm_30_hf", label)
    assert row["held"] and (row["value"], row["low"], row["high"]) == pytest.approx((value, low, high), abs=6e-5)


def test_the_sentences_say_directions(found):
    study, *_, looks = found
    first, second, third = dimension_sentences(looks, study=study, language="id")
    assert "64 pasangan (8 bagian survei dan 8 luaran) 28 berjalan ke arah yang baik" in first
    assert "8 berlawanan arah, 28 belum pasti" in first
    assert "Informasi kepulangan" in second and "Rasio kelebihan rawat ulang, gagal jantung" in second
    assert "(14), tidak ada yang berbalik arah" in third
