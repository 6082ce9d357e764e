"""What outcomes say about the bar of the index, on the study whose truth is known."""

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.calibration.cut_points import consequences
from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.io.sources import open_source
from kinerja_lab.io.study import load_study
from kinerja_lab.report.cut_story import cut_story, scored_units
from kinerja_lab.report.cut_story_view import show_cuts, show_fairness, show_forecasts, show_later


@pytest.fixture(scope="module")
def served():
    return cut_story("layanan-publik", measure="pengaduan_selesai", target=72.0, rng=np.random.default_rng(1))


@pytest.fixture(scope="module")
def noise():
    return cut_story("layanan-publik", measure="skor_inovasi", target=60.0, rng=np.random.default_rng(1))


def test_units_are_those_of_the_reports(root):
    study = load_study(root / "data" / "studies" / "layanan-publik")
    source = open_source(study)
    measure = next(item for item in study.measures if item.code == "waktu_tunggu")
    points = scored_units(source, measure=measure, target=35.0, period="2025", level=0.95)
    waits = source.outcomes(period="2025").by_unit("waktu_tunggu")
    assert len(points) == len(waits)
    assert points["good"].sum() == (waits["value"] <= 35).sum()  # minutes: less is better


def test_what_follows_the_index_gives_cuts_forecasts_and_a_later_link(served):
    cut = served.cuts["youden"].cut
    assert cut.low < 79.3 < cut.high and served.band == "B" and served.legal_cut == 76.61
    scores, good = (served.points[name].to_numpy() for name in ("score", "good"))
    frame = consequences(scores, good, cut=76.61, level=0.95).frame
    pd.testing.assert_frame_equal(frame, served.at_legal.frame)
    slope = served.foretold.summary.row("calibration_slope")
    assert slope.low < 1 < slope.high and slope.low > 0.5 and served.foretold.repair == "none"
    assert served.later.row("beyond_case_mix").low > 0
    assert served.fairness.apart == ()
    assert served.new_unit.frame["high"].max() <= 100


def test_a_new_unit_is_less_sure_than_the_mean_of_units(served):
    wide = (served.new_unit.frame["high"] - served.new_unit.frame["low"]).min()
    assert wide > (served.steps.frame["high"] - served.steps.frame["low"]).max()


def test_planted_noise_foretells_nothing(noise):
    later = noise.later.row("beyond_case_mix")
    assert later.low < 0 < later.high
    slope = noise.foretold.summary.row("calibration_slope")
    assert slope.high < 0.5 or noise.foretold.summary.row("resolution").value < 0.01
    assert noise.at_legal.row("wrong").value > 0.4


def test_pages_speak_both_languages_without_codes(served, noise):
    for language, word in (("id", "unit sudah mencapai target"), ("en", "units reach the target")):
        pages = [show(story, language=language).data for story in (served, noise)
                 for show in (show_cuts, show_fairness, show_forecasts, show_later)]
        assert word in pages[0]
        assert not [page for page in pages for code in ("beyond_case_mix", "youden<", "nan", "calibration_slope")
                    if code in page]
    assert "79,32" in show_cuts(served, language="id").data


def test_what_has_no_bands_or_no_measure_says_so():
    with pytest.raises(NotApplicable) as error:
        cut_story("dosen-eth", measure="x", target=1.0, rng=np.random.default_rng(1))
    assert error.value.message.code == "not_applicable.no_grades"
    with pytest.raises(KinerjaError) as error:
        cut_story("layanan-publik", measure="waktu_tungu", target=1.0, rng=np.random.default_rng(1))
    assert error.value.message.code == "error.unknown_measure"
