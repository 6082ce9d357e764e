"""The workbook of all estimates holds text as text, whatever it begins with."""

import io

import openpyxl
import pandas as pd
import pytest

from kinerja_lab.io.dictionary_xlsx import DANGEROUS
from kinerja_lab.report.summary import xlsx_bytes


@pytest.mark.parametrize("sign", DANGEROUS)
def test_a_name_that_looks_like_a_formula_stays_a_name(sign):
    frame = pd.DataFrame({"region": [f"{sign}1+1", "53.71"], "value": [81.5, float("nan")]})
    page = openpyxl.load_workbook(io.BytesIO(xlsx_bytes(frame))).active
    name, plain = page["A2"], page["A3"]
    assert (name.data_type, name.quotePrefix) == ("s", True) and str(name.value).endswith("1+1")
    assert not plain.quotePrefix and (page["B2"].value, page["B3"].value) == (81.5, None)
