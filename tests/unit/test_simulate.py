"""The simulated study holds the truth that it says it holds."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.io.checks import check_study
from kinerja_lab.io.simulated import SHIPPED_SEED, write_simulated_study
from kinerja_lab.io.study import load_study
from kinerja_lab.simulate.outcomes import ATTENDANCE_ONLY, NOISE_ONLY, QUALITY_EFFECTS, UNREPORTED
from kinerja_lab.simulate.public_services import simulate_public_services
from kinerja_lab.simulate.surveys import ITEMS, GradedItem, graded_answers

CODES = [item.code for item in ITEMS]


@pytest.fixture(scope="module")
def study():
    return simulate_public_services(rng=np.random.default_rng(7))


@pytest.fixture(scope="module")
def quality(study):
    """True quality of each unit, mean of the two years."""
    return pd.Series({unit: (truth["2024"] + truth["2025"]) / 2 for unit, truth in study.truth["units"].items()})


def test_the_same_seed_gives_the_same_study(study):
    again = simulate_public_services(rng=np.random.default_rng(7))
    pd.testing.assert_frame_equal(study.survey, again.survey)
    pd.testing.assert_frame_equal(study.outcomes, again.outcomes)
    assert study.truth == again.truth
    other = simulate_public_services(rng=np.random.default_rng(8))
    assert not other.survey["weight"].equals(study.survey["weight"])


def test_the_shipped_tables_come_from_the_shipped_seed(root, tmp_path):
    written = write_simulated_study(tmp_path / "layanan-publik", SHIPPED_SEED) / "data"
    shipped = root / "data" / "studies" / "layanan-publik" / "data"
    for name in ("survey", "outcomes", "units"):
        pd.testing.assert_frame_equal(pd.read_parquet(written / f"{name}.parquet"),
                                      pd.read_parquet(shipped / f"{name}.parquet"), rtol=1e-9)
    truth = [json.loads((folder / "truth.json").read_text(encoding="utf-8")) for folder in (written, shipped)]
    assert truth[0] == truth[1]
    assert truth[1]["seed"] == SHIPPED_SEED


def test_a_study_made_from_another_seed_loads_without_a_fault(tmp_path):
    folder = write_simulated_study(tmp_path / "percobaan", 3)
    study = load_study(folder)
    assert study.code == "percobaan"
    check_study(study)
    assert not list((folder / "data").glob(".*"))


def test_writing_again_leaves_the_definitions_alone(root, tmp_path):
    folder = tmp_path / "layanan-publik"
    shutil.copytree(root / "data" / "studies" / "layanan-publik", folder)
    (folder / "study.yml").write_text("milik saya", encoding="utf-8")
    write_simulated_study(folder, 5)
    assert (folder / "study.yml").read_text(encoding="utf-8") == "milik saya"


def test_a_negative_seed_is_refused_and_nothing_written(tmp_path):
    with pytest.raises(KinerjaError, match="bad_seed"):
        write_simulated_study(tmp_path / "x", -1)
    assert not (tmp_path / "x").exists()


def test_graded_answers_follow_the_model():
    item = GradedItem(code="x", slope=2.0, thresholds=(-1.0, 0.0, 1.5))
    latent = np.full(200_000, 0.4)
    answers = graded_answers(latent, item=item, shift=np.zeros_like(latent), rng=np.random.default_rng(1))
    for k, threshold in zip((2, 3, 4), item.thresholds, strict=True):
        expected = 1 / (1 + np.exp(-2.0 * (0.4 - threshold)))
        assert (answers >= k).mean() == pytest.approx(expected, abs=4 * np.sqrt(0.25 / 200_000))


def test_missing_answers_and_free_services(study):
    survey = study.survey
    share = sum(item.missing for item in ITEMS) / 9
    assert survey[CODES].isna().to_numpy().mean() == pytest.approx(share, abs=0.002)
    free = study.units.set_index("unit")["free"]
    given = survey[survey["unit"].map(free)]["biaya"].dropna()
    assert (given == 4).all()
    paid = survey[~survey["unit"].map(free)]["biaya"].dropna()
    assert paid.nunique() == 4


def test_weights_sum_to_the_visitors_of_each_unit(study):
    year = study.survey["date"].dt.year
    sums = study.survey.groupby(["unit", year])["weight"].sum().unstack()
    visitors = study.units.set_index("unit")["visitors"].loc[sums.index]
    for column in sums:
        np.testing.assert_allclose(sums[column], visitors, rtol=1e-4)


def test_straight_liners_are_there(study):
    survey = study.survey
    paid = survey[~survey["unit"].map(study.units.set_index("unit")["free"])].dropna(subset=CODES)
    same = (paid[CODES].nunique(axis=1) == 1).mean()
    assert same > 0.04


def test_women_answer_one_item_lower_at_equal_satisfaction(study):
    survey = study.survey
    assert study.truth["dif"]["item"] == "kompetensi"
    rest = survey[["prosedur", "produk", "perilaku"]].mean(axis=1)
    gap = {}
    for item in ("kompetensi", "persyaratan"):
        difference = survey[item] - rest
        by_sex = difference.groupby(survey["sex"]).mean()
        gap[item] = by_sex["P"] - by_sex["L"]
    assert gap["kompetensi"] < -0.10
    assert abs(gap["persyaratan"]) < 0.04


@pytest.mark.parametrize("measure", list(QUALITY_EFFECTS))
def test_outcomes_follow_quality_as_the_truth_says(study, quality, measure):
    rows = study.outcomes[study.outcomes["measure"] == measure]
    means = rows.groupby("unit")["value"].mean()
    # Residuals from the agency's mean: agencies differ in level, which is not the unit's merit.
    agency = rows.drop_duplicates("unit").set_index("unit")["agency"]
    within = means - means.groupby(agency).transform("mean")
    true = quality[means.index] - quality[means.index].groupby(agency).transform("mean")
    correlation = np.corrcoef(within, true)[0, 1]
    effect = QUALITY_EFFECTS[measure]
    if effect == 0:
        assert abs(correlation) < 4 / np.sqrt(len(means))
    else:
        assert np.sign(effect) * correlation > 0.25


def test_one_measure_is_noise_and_one_is_attendance(study):
    wide = study.outcomes.pivot_table(index=["unit", "period"], columns="measure", values="value")
    assert wide[ATTENDANCE_ONLY].corr(wide["kehadiran_pegawai"]) > 0.6
    noise = study.outcomes[study.outcomes["measure"] == NOISE_ONLY]
    between = noise.groupby("unit")["value"].mean().var()
    assert between == pytest.approx(noise["value"].var() / 8, rel=0.4)  # eight quarters of pure chance


def test_counts_vary_more_than_chance(study):
    rows = study.outcomes[study.outcomes["measure"] == "dokumen_tepat_waktu"]
    share = rows.groupby("unit")["events"].transform("sum") / rows.groupby("unit")["denominator"].transform("sum")
    z_squared = (rows["events"] - rows["denominator"] * share) ** 2 / (rows["denominator"] * share * (1 - share))
    assert z_squared.mean() > 2


def test_zeros_of_one_unit_mean_not_reported(study):
    rows = study.outcomes
    silent = rows[(rows["unit"] == UNREPORTED["unit"]) & (rows["measure"] == UNREPORTED["measure"])
                  & rows["period"].between(UNREPORTED["first"], UNREPORTED["last"])]
    assert len(silent) >= 4
    assert (silent["value"] == 0).all()
    assert (silent["denominator"] > 0).all()


def test_values_agree_with_their_events(study):
    rows = study.outcomes.dropna(subset=["events"])
    scale = rows["measure"].map({"kecelakaan": 10_000}).fillna(100)
    np.testing.assert_allclose(rows["value"], scale * rows["events"] / rows["denominator"], rtol=1e-12)
    assert not study.outcomes.duplicated(["unit", "period", "measure"]).any()
