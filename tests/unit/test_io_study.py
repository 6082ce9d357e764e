"""The shipped studies load as what they say they are."""

import hashlib
import json
import re
import shutil

import pytest

from kinerja_lab.core.errors import InputFaults, KinerjaError
from kinerja_lab.core.options import Polarity
from kinerja_lab.io.checks import check_study
from kinerja_lab.io.places import data_home, external_folder
from kinerja_lab.io.sources import open_source
from kinerja_lab.io.study import find_studies, load_study, studies_root


@pytest.fixture(scope="module")
def studies(root):
    return root / "data" / "studies"


@pytest.fixture(scope="module")
def services(studies):
    return load_study(studies / "layanan-publik")


def test_the_four_studies_are_found(studies):
    names = {path.name for path in find_studies(studies)}
    assert {"layanan-publik", "dosen-eth", "cms-vbp-2015", "renstra-banyuwangi"} <= names


def test_services_have_four_regions_of_which_two_show_their_city(services):
    assert [(region.code, region.data_code, region.shown_name) for region in services.regions] == [
        ("52.71.03", "52.71", "Kota Mataram"), ("62.71", "62.71", ""), ("36.73.05", "36.73", "Kota Serang"),
        ("53.71", "53.71", ""),
    ]
    assert services.synthetic
    assert "BUATAN" in services.note["id"]
    assert services.suppress_below == 10


def test_services_have_the_claims_that_tests_rely_on(services):
    claims = {indicator.code: {c.measure: c.sign for c in indicator.criteria} for indicator in services.indicators}
    assert claims["ikm"] == {"pengaduan_selesai": 1, "waktu_tunggu": -1, "dokumen_tepat_waktu": 1, "nilai_ujian": 1}
    assert claims["skor_inovasi"] == claims["indeks_disiplin"] == {"pengaduan_selesai": 1, "waktu_tunggu": -1}
    assert [indicator.code for indicator in services.indicators if indicator.survey] == ["ikm"]


def test_the_planted_flaws_of_the_series_are_there(services):
    series = {indicator.code: indicator for indicator in services.indicators}
    soft = series["dokumen_tepat_waktu"].series
    assert all(later.target < earlier.realisation for earlier, later in zip(soft, soft[1:], strict=False))
    wrong = series["kecelakaan"]
    assert wrong.polarity is Polarity.MINIMISE
    assert all(later.target > earlier.target for earlier, later in zip(wrong.series, wrong.series[1:], strict=False))
    assert all(entry.target == entry.realisation for entry in series["kehadiran_pegawai"].series)


@pytest.mark.parametrize("period", ["2024", "2025"])
def test_every_region_of_services_has_its_57_units(services, period):
    source = open_source(services)
    total = 0
    for region in services.regions:
        survey = source.survey(region=region.code, period=period)
        outcomes = source.outcomes(region=region.code, period=period)
        assert survey.frame["unit"].nunique() == 11 + 24 + 6 + 8 + 8
        assert set(outcomes.frame["unit"]) == set(survey.frame["unit"])
        assert set(survey.frame["agency"]) == set(services.agencies)
        total += survey.n
    assert total == {"2024": 9257, "2025": 9377}[period]


def test_the_readme_of_each_shipped_table_names_its_checksum_or_its_rows(studies):
    text = (studies / "dosen-eth" / "README.md").read_text(encoding="utf-8")
    content = (studies / "dosen-eth" / "data" / "ratings.parquet").read_bytes()
    assert hashlib.sha256(content).hexdigest() in text
    assert len(content) < 300_000


def test_lecturers_are_real_ratings_in_fourteen_departments(studies):
    study = load_study(studies / "dosen-eth")
    assert [region.code for region in study.regions] == [str(code) for code in (*range(1, 13), 14, 15)]
    assert study.periods == ()
    assert study.rater_column == "rater"
    source = open_source(study)
    survey = source.survey()
    assert (survey.n, survey.frame["unit"].nunique(), survey.frame["rater"].nunique()) == (73_421, 1_128, 2_972)
    assert survey.design.cluster == "cluster"
    assert (survey.frame["cluster"] == survey.frame["rater"]).all()
    assert sum(source.survey(region=region.code).n for region in study.regions) == 73_421
    check_study(study)


def test_fingerprints_change_with_the_file_they_stand_for(mini_study):
    before = load_study(mini_study()).fingerprints()
    assert set(before) == {"study.yml", "instrument", "ruleset"}
    assert all(re.fullmatch("[0-9a-f]{64}", value) for value in before.values())
    folder = mini_study()
    path = folder / "instrument.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("Petugas ramah", "Petugas sopan"), encoding="utf-8")
    after = load_study(folder).fingerprints()
    assert {name for name in before if before[name] != after[name]} == {"instrument"}


def test_studies_root_follows_the_variable_then_the_current_folder(tmp_path, monkeypatch, root):
    monkeypatch.delenv("KINERJA_STUDIES", raising=False)
    (tmp_path / "data" / "studies").mkdir(parents=True)
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert studies_root() == tmp_path / "data" / "studies"
    monkeypatch.setenv("KINERJA_STUDIES", str(root / "data"))
    assert studies_root() == root / "data"
    monkeypatch.setenv("KINERJA_STUDIES", str(tmp_path / "none"))
    with pytest.raises(KinerjaError, match="no_studies_folder"):
        studies_root()


def test_data_home_prefers_the_variable(tmp_path, monkeypatch):
    (tmp_path / "cms-vbp-2015").mkdir()
    monkeypatch.setenv("KINERJA_DATA", str(tmp_path))
    assert data_home("cms-vbp-2015") == tmp_path / "cms-vbp-2015"
    assert data_home("no-such-study") is None
    assert external_folder(tmp_path / "studies" / "x") == tmp_path / "external" / "x"


class TestStandards:
    """A study may hold what panels have set for its index."""

    def _made(self, root, tmp_path, **changes):
        folder = tmp_path / "salinan"
        shutil.copytree(root / "data" / "studies" / "layanan-publik", folder)
        text = (folder / "study.yml").read_text(encoding="utf-8").replace("code: layanan-publik", "code: salinan")
        (folder / "study.yml").write_text(text, encoding="utf-8")
        path = folder / "standards" / "ikm.yml"
        standard = path.read_text(encoding="utf-8")
        for old, new in changes.items():
            assert f"{old}: " in standard
            standard = re.sub(rf"(?m)^{old}: .*$", f"{old}: {new}", standard)
        path.write_text(standard, encoding="utf-8")
        return folder

    def test_the_shipped_one_is_read_and_counts_in_the_fingerprint(self, root, tmp_path):
        study = load_study(self._made(root, tmp_path))
        assert [(item.plan.name, item.plan.bands) for item in study.standards] == [("ikm", ("C", "B"))]
        truth = json.loads((study.folder / "data" / "truth.json").read_text(encoding="utf-8"))
        cut = study.standards[0].cuts[0]
        assert cut.low < truth["panel_cut_b"] < cut.high
        assert "standard.ikm" in study.fingerprints()

    @pytest.mark.parametrize("change", [{"name": "waktu_tunggu"}, {"unit": "percent"}])
    def test_one_of_something_else_is_a_fault(self, root, tmp_path, change):
        with pytest.raises(InputFaults) as error:
            load_study(self._made(root, tmp_path, **change))
        fault, = error.value.faults
        assert fault.message.code == "fault.standard_of_study"
        assert fault.line

    def test_a_missing_file_is_a_fault(self, root, tmp_path):
        folder = self._made(root, tmp_path)
        (folder / "standards" / "ikm.yml").unlink()
        with pytest.raises(InputFaults) as error:
            load_study(folder)
        assert [fault.message.code for fault in error.value.faults] == ["fault.file_missing"]
