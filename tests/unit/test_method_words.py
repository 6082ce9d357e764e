"""What methods call themselves, in the reader's language."""

import pytest

from kinerja_lab.report.method_words import method_text
from kinerja_lab.text.catalogue import catalogue


@pytest.mark.parametrize(("method", "wanted"), [
    ("beta-binomial, maximum likelihood; counts divided by 3.823 (variation within units)",
     "beta-binomial, kemungkinan maksimum; hitungan dibagi 3,823 (variasi di dalam unit)"),
    ("p' chart, all moving ranges kept", "peta p', semua rentang bergerak dipakai"),
    ("logistic regression, sandwich errors over 57 units, 10-fold cross-validation by units",
     "regresi logistik, galat sandwich atas 57 unit, 10 bagian validasi silang menurut unit"),
    ("all units, clustered in 50 regions by jackknife, t with 49 df",
     "semua unit, dikelompokkan dalam 50 wilayah dengan jackknife, t dengan 49 derajat bebas"),
    ("unheard of", "unheard of"),
])
def test_known_phrases_change_and_others_stay(method, wanted):
    assert method_text(method, words=catalogue("id")) == wanted
    assert method_text(method, words=catalogue("en")) == method
