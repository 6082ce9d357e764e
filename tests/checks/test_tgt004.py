"""TGT004: has the same measure the same unit everywhere?"""

from kinerja_lab.core.options import Status


def run(make, *units, name="Indeks Kepuasan Masyarakat"):
    subjects = [make.indicator(code=f"kode_{place}", name=name, unit=unit, survey=False)
                for place, unit in enumerate(units)]
    return make.judge("TGT004", subjects[0], make.replace(make.results(), peers=tuple(subjects)))


def test_fires_for_the_satisfaction_index_under_four_units(make):
    finding = run(make, "%", "Angka", "Indeks", "Nilai")
    assert finding.status is Status.CONCERN and finding.numbers["others"] == 3
    assert "Indeks Kepuasan Masyarakat: Angka" in make.said(finding)


def test_stays_silent(make):
    assert run(make, "Indeks", "indeks").status is Status.PASSED
    assert run(make, "%", "persen", name="Akta kelahiran").status is Status.PASSED


def test_not_applicable_alone(make):
    assert run(make, "Indeks").message.code == "not_applicable.no_peers"
