"""Tables say what the numbers are, in the reader's language, and no name can break them."""

from html.parser import HTMLParser

import pandas as pd
import pytest

from kinerja_lab.core.estimate import MEASURED_IN, Estimate, EstimateTable
from kinerja_lab.core.message import Message
from kinerja_lab.report.disclosure import suppress
from kinerja_lab.report.tables import table_html

NAN = float("nan")


class Cells(HTMLParser):
    """Tags, and the text of each cell by row."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.rows, self.caption, self._in = [], [], "", ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._in = tag
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        if self._in in ("td", "th"):
            self.rows[-1][-1] += data
        elif self._in == "caption":
            self.caption += data


def estimate(label="index", **change):
    given = {"value": 78.314, "low": 77.7, "high": 78.92, "n": 2359, "method": "m", "unit": "index_100", **change}
    return Estimate(label=label, **given)


def units(*rows):
    frame = pd.DataFrame([{"agency": "dinkes", "unit": unit, "label": "index", "value": 80.0, "low": 78.0, "high": 82.0,
                           "level": 0.95, "n": n, "method": "m", "note": "", MEASURED_IN: "index_100"}
                          for unit, n in rows])
    return EstimateTable(frame=frame, groups=("agency", "unit"))


def test_estimates_in_indonesian():
    cells = Cells(table_html(EstimateTable.from_estimates([estimate()]), lang="id", caption="Nilai"))
    assert cells.rows == [["Nama", "Nilai", "Selang 95%", "Banyaknya data"],
                          ["Indeks", "78,31", "77,70 sampai 78,92", "2.359"]]
    assert cells.caption == "Nilai"


def test_estimates_in_english():
    cells = Cells(table_html(EstimateTable.from_estimates([estimate(level=0.9)]), lang="en"))
    assert cells.rows == [["Name", "Value", "90% interval", "Cases"], ["Index", "78.31", "77.70 to 78.92", "2,359"]]


def test_the_unit_of_a_row_decides_the_format():
    table = EstimateTable.from_estimates([estimate("a", value=0.257, low=0.2, high=0.3, unit="share"),
                                          estimate("b", value=0.8123, low=0.8, high=0.9, unit="coefficient")])
    assert [row[1:3] for row in Cells(table_html(table, lang="id")).rows[1:]] == [
        ["25,7%", "20,0% sampai 30,0%"], ["0,812", "0,800 sampai 0,900"]]


def test_groups_named_unit_keep_their_name_and_the_measure_its_format():
    cells = Cells(table_html(units(("PKM-1", 40)), lang="id", names={"unit": {"PKM-1": "Puskesmas Sikumana"}}))
    assert cells.rows == [["Dinas", "Unit", "Nilai", "Selang 95%", "Banyaknya data"],
                          ["dinkes", "Puskesmas Sikumana", "80,00", "78,00 sampai 82,00", "40"]]


def test_a_row_without_interval_says_why_in_words():
    bare = estimate("biaya", low=NAN, high=NAN, note="suppressed")
    cells = Cells(table_html(EstimateTable.from_estimates([bare, estimate("waktu")]), lang="id"))
    assert cells.rows[0][-1] == "Catatan"
    assert cells.rows[1][0] == "Biaya/Tarif"
    assert cells.rows[1][2] == "–"
    assert "respondennya terlalu sedikit" in cells.rows[1][-1]
    assert cells.rows[2][-1] == ""


def test_a_hidden_row_shows_neither_value_nor_count():
    cells = Cells(table_html(suppress(units(("u1", 3), ("u2", 4), ("u3", 90)), below=10), lang="id"))
    assert [row[2:5] for row in cells.rows[1:]] == [["–", "–", "–"], ["–", "–", "–"],
                                                    ["80,00", "78,00 sampai 82,00", "90"]]


@pytest.mark.parametrize("place", ["cell", "name", "caption", "header", "label"])
def test_whatever_users_write_is_escaped(place):
    evil = '<script>alert("x")</script>'
    frame = pd.DataFrame({"unit": [evil if place == "cell" else "u"], "value": [1.5]})
    if place == "label":
        html = table_html(EstimateTable.from_estimates([estimate(evil)]), lang="id")
    else:
        html = table_html(frame, lang="id", caption=evil if place == "caption" else "",
                          names={"unit": {"u": evil}} if place == "name" else None,
                          headers={"value": evil} if place == "header" else None)
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_scopes_classes_and_numbers_on_the_right():
    tags = Cells(table_html(pd.DataFrame({"unit": ["u"], "value": [1234.5]}), lang="id")).tags
    assert ("table", {"class": "numbers"}) in tags
    assert [attrs["scope"] for tag, attrs in tags if tag == "th"] == ["col", "col", "row"]
    assert [attrs["class"] for tag, attrs in tags if tag == "td"] == ["number"]


@pytest.mark.parametrize(("rows", "folded"), [(15, False), (16, True)])
def test_only_long_tables_are_folded(rows, folded):
    html = table_html(pd.DataFrame({"unit": ["u"] * rows}), lang="id", caption="Unit")
    assert html.startswith("<details><summary>Unit (16 baris") is folded


def test_every_kind_of_value_has_words():
    frame = pd.DataFrame({"a": [estimate()], "b": [Message("status.passed")], "c": [True], "d": [None], "e": [3],
                          "f": [0.0004], "g": [NAN]}).rename(columns={"f": "q"})
    assert Cells(table_html(frame, lang="id")).rows[1] == [
        "78,31 (selang 95%: 77,70 sampai 78,92)", "Terpenuhi", "ya", "–", "3", "kurang dari 0,001", "–"]


def test_an_estimate_without_interval_in_a_cell_says_why():
    frame = pd.DataFrame({"a": [estimate(low=NAN, high=NAN, note="suppressed")]})
    assert Cells(table_html(frame, lang="en")).rows[1] == ["78.31 (hidden: too few respondents)"]


def test_an_unknown_column_is_refused():
    with pytest.raises(KeyError, match="nilai"):
        table_html(pd.DataFrame({"value": [1.0]}), lang="id", columns=["nilai"])
