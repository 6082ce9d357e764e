"""The first screen says what holds, what does not and what to do; nothing users wrote can break it."""

import json
import sys
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.finding import Dossier, Finding
from kinerja_lab.core.indicator import Indicator
from kinerja_lab.core.instrument import Instrument, Item
from kinerja_lab.core.message import Message
from kinerja_lab.core.options import Family, IndicatorLevel, Polarity, Status
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.core.ruleset import Band, Ruleset
from kinerja_lab.core.survey import Drop, SurveyData
from kinerja_lab.evidence.results import RegionResults, Setting, SurveyResults
from kinerja_lab.report import show
from kinerja_lab.report.screens import findings_table, first_screen, headline_sentence, method_section

NAN = float("nan")
EVIL = '<img src=x onerror="alert(1)">'
REASON = NotApplicable("no_previous_period")
RULE = Ruleset(
    code="skm-2017", title="PermenPANRB 14/2017", source="salinan", confidence="high", valid_from=2017,
    bands=(Band(code="D", name="Tidak Baik", lower=25.0), Band(code="C", name="Kurang Baik", lower=65.0),
           Band(code="B", name="Baik", lower=76.61), Band(code="A", name="Sangat Baik", lower=88.31)),
)
INSTRUMENT = Instrument(code="i", title="I", items=(Item(code="waktu", text="w"),), low=1, high=4, ruleset="skm-2017")


class Page(HTMLParser):
    """Heads, list items and text of a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self.items, self._open = [], "", [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)
        if tag == "li":
            self.items.append("")

    def handle_endtag(self, tag):
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data):
        self.text += data
        if "li" in self._open:
            self.items[-1] += data


def estimate(label="index", **change):
    given = {"value": 78.31, "low": 77.7, "high": 78.92, "n": 2359, "method": "Taylor", "unit": "index_100", **change}
    return Estimate(label=label, **given)


def probabilities(**share):
    return EstimateTable.from_estimates([
        estimate(code, value=p, low=NAN, high=NAN, unit="probability", note="suppressed") for code, p in share.items()])


def survey_results(**change):
    frame = pd.DataFrame({"region": "r", "agency": "a", "unit": "u", "period": "2025", "waktu": [3.0, 4.0]})
    survey = SurveyData(frame=frame, instrument=INSTRUMENT)
    empty = EstimateTable.from_estimates([])
    given = dict.fromkeys(("index_varying", "change", "agencies", "units", "unit_grades", "straightlining", "alpha",
                           "item_rest", "unit_reliability", "raters"), REASON)
    return SurveyResults(**{
        "survey": survey, "patterns": ResponsePatterns.from_survey(survey), "ruleset": RULE, "index": estimate(),
        "constant_items": (), "elements": empty, "grades": probabilities(D=0.0, C=0.2, B=0.795, A=0.005),
        "missing": empty, "ceiling": empty, **given, **change})


def results(survey=None, **change):
    given = {"study": "s", "region": "53.71", "region_name": "Kota Kupang", "region_word": "kota", "unit_word": "unit",
             "period": "2025", "level": 0.95, "suppress_below": 10, "synthetic": True, **change}
    return RegionResults(setting=Setting(**given), survey=survey or survey_results(),
                         outcomes=NotApplicable("no_outcomes"))


def indicator(code, **change):
    return Indicator(**{"code": code, "name": f"Nama {code}", "question": "q", "why": "w", "numerator": "n",
                        "unit": "%", "polarity": Polarity.MAXIMISE, "level": IndicatorLevel.OUTCOME, "source": "s",
                        "owner": "o", "checker": "c", **change})


def finding(code, status, text="status.passed", advice=None, **params):
    family = {"DEF": Family.DEFINITION, "DAT": Family.DATA, "CRI": Family.CRITERION}[code[:3]]
    return Finding(code=code, family=family, status=status, message=Message(text, params),
                   advice=Message(advice, params) if advice else None)


def dossier(code, *findings, **change):
    return Dossier(indicator=indicator(code, **change), findings=findings, registered=tuple(f.code for f in findings),
                   fingerprints={"data": "0123456789abcdef" * 4, "package": "0.1.0"})


def cards(html):
    """Items of the three cards."""
    parts = html.split('<section class="card')[1:]
    return [Page("<section" + part).items for part in parts]


class TestHeadline:
    def test_number_interval_and_probability_of_the_grade(self):
        assert headline_sentence(results(), lang="id") == (
            "Indeks Kepuasan Masyarakat (IKM) Kota Kupang: 78,31 (selang 95%: 77,70 sampai 78,92). Menurut PermenPANRB "
            "14/2017, angka ini masuk mutu B (Baik). Peluang mutu yang sebenarnya memang B (Baik): 80%. Kemungkinan "
            "lain: C (Kurang Baik) 20%. Selang itu menunjukkan ketidakpastian: hanya sebagian pengguna layanan yang "
            "ditanya (2.359 lembar jawaban).")

    def test_what_is_nearly_certain_is_not_printed_as_certain(self):
        sure = survey_results(grades=probabilities(D=0.0, C=0.004, B=0.996, A=0.0))
        text = headline_sentence(results(sure), lang="en")
        assert "B (Baik): more than 99%." in text
        assert "100%" not in text
        assert "Other possibilities" not in text

    def test_the_region_whose_units_are_shown_has_the_number(self):
        text = headline_sentence(results(region_name="Cakranegara", shown_name="Kota Mataram"), lang="id")
        assert "(IKM) Kota Mataram: 78,31" in text

    def test_without_interval_it_says_why(self):
        bare = survey_results(index=estimate(low=NAN, high=NAN, note="suppressed"), grades=REASON)
        text = headline_sentence(results(bare), lang="id")
        assert "tanpa selang: disembunyikan" in text
        assert "mutu" not in text

    def test_a_region_with_too_few_people_has_no_number(self):
        few = survey_results(index=estimate(n=9))
        text = headline_sentence(results(few), lang="id")
        assert "78,31" not in text
        assert "respondennya terlalu sedikit" in text

    def test_without_a_survey_the_reason_stands_there(self):
        text = headline_sentence(results(REASON), lang="id")
        assert text == ("Tidak ada satu angka untuk seluruh kota ini: "
                        "Tidak ada periode sebelumnya dalam studi ini.")

    def test_a_scale_without_grades(self):
        rule = replace(RULE, bands=())
        plain = survey_results(ruleset=rule, grades=REASON,
                               index=estimate(value=3.2, low=3.1, high=3.3, unit="scale_points"))
        assert headline_sentence(results(plain), lang="id").startswith(
            "Nilai survei Kota Kupang: 3,20 (selang 95%: 3,10 sampai 3,30). Selang itu")


class TestFirstScreen:
    def test_one_h1_banner_and_three_cards(self):
        html = first_screen(results(), (dossier("ikm", finding("DEF001", Status.PASSED)),), lang="id")
        page = Page(html)
        assert [tag for tag, _ in page.tags if tag in ("h1", "h2", "h3")] == ["h1", "h2", "h2", "h2"]
        assert "Kota Kupang, 2025" in page.text
        assert "buatan komputer" in page.text

    def test_real_data_name_their_source_and_a_kecamatan_says_whose_units_are_shown(self):
        html = first_screen(results(synthetic=False, region_name="Cakranegara", shown_name="Kota Mataram"), (),
                            lang="id", source_note="Sumber: BPS.")
        assert "data nyata. Sumber: BPS." in html
        assert "Cakranegara tidak memiliki dinas sendiri. Yang ditampilkan adalah unit milik Kota Mataram." in html
        assert "buatan komputer" not in html

    def test_failures_stand_before_concerns_and_graver_families_first(self):
        one = dossier("ikm", finding("DEF001", Status.FAILED), finding("DAT001", Status.CONCERN),
                      finding("CRI001", Status.FAILED), survey=True)
        passed, attention, _ = cards(first_screen(results(), (one,), lang="id"))
        assert passed == []
        assert [item.split(".")[0] for item in attention] == ["Tidak terpenuhi", "Tidak terpenuhi", "Perlu perhatian"]
        html = first_screen(results(), (dossier("ikm", finding("DEF001", Status.FAILED, "status.concern"),
                                                finding("CRI001", Status.FAILED, "status.failed")),), lang="id")
        assert [item.rsplit(": ", 1)[1] for item in cards(html)[1]] == ["Tidak terpenuhi", "Perlu perhatian"]

    def test_the_same_sentence_for_two_indicators_stands_once_with_both_names(self):
        pair = (dossier("aa", finding("DEF001", Status.CONCERN, advice="status.failed")),
                dossier("bb", finding("DEF001", Status.CONCERN, advice="status.failed")))
        _, attention, advice = cards(first_screen(results(), pair, lang="id"))
        assert attention == ["Perlu perhatian. 2 indikator: TerpenuhirincianBerlaku untuk: Nama aa, Nama bb."]
        assert advice == ["2 indikator: Tidak terpenuhirincianBerlaku untuk: Nama aa, Nama bb."]

    def test_only_the_first_sentence_is_in_sight(self):
        one = dossier("ikm", finding("DEF001", Status.PASSED, "error.bad_level", value="2"))
        html = first_screen(results(), (one,), lang="id")
        seen, hidden = html.split("<strong>Nama ikm</strong>: ")[1].split("<details", 1)
        assert seen == "Tingkat keyakinan harus di antara 0 dan 1, misalnya 0.95."
        assert "Yang diberikan: 2." in hidden

    def test_the_same_check_with_other_numbers_names_the_others(self):
        pair = tuple(dossier(code, finding("DEF001", Status.PASSED, "error.bad_level", value=code))
                     for code in ("aa", "bb"))
        (passed,) = cards(first_screen(results(), pair, lang="id"))[0]
        assert passed.startswith("Nama aa: ")
        assert passed.endswith("Hal serupa: Nama bb.")
        assert "diberikan: aa" in passed

    def test_at_most_five_and_the_number_of_the_others(self):
        many = dossier("ikm", *(finding(f"DEF{i:03d}", Status.PASSED) for i in range(8)))
        html = first_screen(results(), (many,), lang="id")
        assert len(cards(html)[0]) == 5
        assert "Masih ada 3 butir lain" in html

    def test_nothing_to_say_is_said(self):
        html = first_screen(results(), (), lang="id")
        assert "Belum ada pemeriksaan yang terpenuhi." in html
        assert "Tidak ada tindakan yang disarankan." in html
        assert "Semua pemeriksaan yang berlaku dapat dijalankan." in html

    def test_what_could_not_be_judged_and_why(self):
        one = dossier("ikm", finding("DEF001", Status.NOT_APPLICABLE, "not_applicable.no_previous_period"),
                      finding("DAT001", Status.NOT_APPLICABLE, "not_applicable.not_survey_indicator"),
                      finding("DAT002", Status.NOT_RUN))
        line = Page(first_screen(results(), (one,), lang="id")).text.split("Yang tidak dapat dinilai: ")[1]
        assert "Tidak ada periode sebelumnya dalam studi ini." in line
        assert "1 pemeriksaan tidak dijalankan." in line
        assert line.count(":") == 1  # a survey check that does not concern the indicator is no gap

    @pytest.mark.parametrize("lang", ["id", "en"])
    def test_whatever_users_write_is_escaped(self, lang):
        one = dossier("ikm", finding("DEF001", Status.CONCERN, "error.bad_level", advice="error.bad_level", value=EVIL),
                      finding("DAT001", Status.NOT_APPLICABLE, "not_applicable.no_survey", study=EVIL),
                      name=EVIL)
        given = results(synthetic=False, region_name=EVIL, shown_name=EVIL, unit_word=EVIL, period=EVIL)
        for html in (first_screen(given, (one,), lang=lang, source_note=EVIL), findings_table((one,), lang=lang),
                     method_section(given, (one,), lang=lang, source_note=EVIL)):
            assert "<img" not in html
            assert "&lt;img" in html

    def test_no_statistical_jargon(self):
        one = dossier("ikm", finding("DEF001", Status.PASSED))
        text = Page(first_screen(results(), (one,), lang="id")).text.lower()
        assert not [word for word in ("feldt", "icc", "taylor", "p-value", "nilai p") if word in text]


class TestFindingsTable:
    def test_counts_then_every_check_with_its_sentence(self):
        one = dossier("ikm", finding("DEF001", Status.PASSED), finding("DAT001", Status.FAILED, "status.failed",
                                                                       advice="status.concern"))
        page = Page(findings_table((one,), lang="id"))
        assert [attrs.get("class") for tag, attrs in page.tags if tag == "td"][5:] == [
            "status-passed", None, None, "status-failed", None, None]
        assert page.text.count("DEF001") == 1
        html = findings_table((one,), lang="id")
        counts = [html.split("<td")[i].split(">")[1][0] for i in range(1, 6)]
        assert counts == ["1", "0", "1", "0", "0"]

    def test_a_long_dossier_is_folded(self):
        one = dossier("ikm", *(finding(f"DEF{i:03d}", Status.PASSED) for i in range(16)))
        assert findings_table((one,), lang="id").count("<details>") == 1

    def test_no_indicator(self):
        assert "Tidak ada indikator yang diperiksa." in findings_table((), lang="id")


class TestMethodSection:
    def test_rule_conventions_and_short_fingerprints(self):
        text = Page(method_section(results(), (dossier("ikm", finding("DEF001", Status.PASSED)),), lang="id")).text
        assert "PermenPANRB 14/2017 (kode skm-2017). Sumber: salinan. Berlaku: 2017 sampai sekarang." in text
        assert "Taylor, 2.359 responden" in text
        assert "kurang dari 10 responden disembunyikan" in text
        assert "0123456789ab" in text
        assert "0123456789abc" not in text

    def test_a_rule_known_only_from_memory_is_not_cited(self):
        unsure = survey_results(ruleset=replace(RULE, confidence="mem"))
        text = Page(method_section(results(unsure), (), lang="id")).text
        assert "Sumber: salinan" not in text
        assert "tidak dikutip sebagai dasar hukum" in text

    def test_rows_left_out_are_listed(self):
        survey = survey_results()
        dropped = replace(survey.survey, drops=(Drop(reason=Message("not_applicable.no_previous_period"), n=12),))
        text = Page(method_section(results(replace(survey, survey=dropped)), (), lang="id")).text
        assert "12 baris: Tidak ada periode sebelumnya" in text


class TestShow:
    def figure(self):
        from matplotlib.figure import Figure

        figure = Figure(figsize=(2, 1))
        figure.add_subplot().plot([0, 1], [0, 1])
        return figure

    def test_a_picture_has_its_description_everywhere(self):
        data, metadata = show.picture_bundle(self.figure(), alt='a "b" <c>', caption="<d>")
        assert metadata["image/png"]["alt"] == 'a "b" <c>'
        page = Page(data["text/html"])
        (image,) = [attrs for tag, attrs in page.tags if tag == "img"]
        assert image["alt"] == 'a "b" <c>'
        assert image["src"] == f"data:image/png;base64,{data['image/png']}"
        assert "&lt;d&gt;</figcaption>" in data["text/html"]

    def test_the_picture_has_110_dots_an_inch_and_the_same_bytes_again(self):
        from base64 import b64decode
        from io import BytesIO

        from PIL import Image

        first, again = (show.picture_bundle(self.figure(), alt="a", caption="c")[0]["image/png"] for _ in range(2))
        assert first == again
        with Image.open(BytesIO(b64decode(first))) as image:
            assert image.size == (2 * 110, 1 * 110)

    def test_a_picture_without_a_description_is_refused(self):
        with pytest.raises(ValueError, match="alt"):
            show.picture_bundle(self.figure(), alt=" ", caption="c")

    def test_results_are_one_output_of_their_own_kind(self, monkeypatch):
        shown = []
        monkeypatch.setattr("IPython.display.display", lambda data, **options: shown.append((data, options)))
        show.emit_results({"schema": 1})
        assert shown == [({show.RESULTS_MIME: {"schema": 1}}, {"raw": True})]
        assert json.loads(json.dumps(shown[0][0]))

    def test_a_shown_picture_is_closed_so_that_it_is_not_shown_twice(self, monkeypatch):
        import matplotlib

        matplotlib.use("agg")
        from matplotlib import pyplot

        monkeypatch.setattr("IPython.display.display", lambda *_, **__: None)
        figure = pyplot.figure()
        assert pyplot.fignum_exists(figure.number)
        show.picture(figure, alt="a", caption="c")
        assert not pyplot.fignum_exists(figure.number)
        assert "matplotlib.pyplot" in sys.modules
        assert np.isfinite(figure.get_figwidth())
