"""From a workshop to revised files, a standard and minutes; the rehearsal goes through the same doors as a real one."""

from contextlib import closing
from datetime import date

import docx
import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.panel import JudgePanel, Question
from kinerja_lab.io.indicator_files import read_indicator, write_field
from kinerja_lab.io.indicator_history import history
from kinerja_lab.panels.item_minutes import Meeting, item_minutes
from kinerja_lab.text.catalogue import LANGUAGES, catalogue
from kinerja_lab.workshop.create import create_workshop
from kinerja_lab.workshop.minutes_docx import MinutesPaper, write_minutes
from kinerja_lab.workshop.plan import WorkshopPlan, item_sheet
from kinerja_lab.workshop.reading import read_panel, snapshot
from kinerja_lab.workshop.rehearsal import TRUTH, rehearse, rehearsed_units
from kinerja_lab.workshop.revise import revise_after_workshop
from kinerja_lab.workshop.schema import reading
from kinerja_lab.workshop.store import Store
from kinerja_lab.workshop.tables import text_table

from .conftest import NAMES

pytestmark = pytest.mark.xdist_group("workshop-rehearsal")
MEETING = Meeting(name="Indikator kependudukan", panel="panel rekaan", date=date(2026, 11, 2))
ACT = {"question": "clarity", "round": 2, "by": "Dinas A", "why": "Penyebutnya tidak jelas.", "on": date(2026, 11, 3)}


@pytest.fixture(scope="module")
def held(root, tmp_path_factory):
    return rehearse(root / "data/library/indicators/dukcapil", folder=tmp_path_factory.mktemp("latihan") / "satu")


@pytest.fixture(scope="module")
def panel(held):
    return read_panel(held.workshop)


@pytest.fixture
def copied(held, tmp_path):
    """A copy of an indicator's file, to be changed."""
    path = tmp_path / "ikd_aktif.yml"
    path.write_bytes(held.indicators["ikd_aktif"].read_bytes())
    return path


def rated(values, *, low=1, high=4, round=1, question="relevance"):
    """A panel of one question, judges in rows."""
    values = np.asarray(values, dtype=float)
    rows = [{"judge": f"j{i}", "item": f"b{j}", "question": question, "round": round, "value": value}
            for i, line in enumerate(values) for j, value in enumerate(line)]
    return JudgePanel(frame=pd.DataFrame(rows), questions=(Question(code=question, low=low, high=high),))


def text_of(path):
    document = docx.Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)


class TestRehearsal:
    def test_it_is_a_whole_workshop_with_every_round_closed(self, held, panel):
        with reading(held.workshop) as db:
            found = snapshot(db, now=0.0)
        assert [status.state for status in found.rounds] == ["closed"] * 4
        assert found.anonymous and "rekaan" in found.name
        assert {judge.link for judge in found.judges} == {"used"}
        assert panel.of("angoff", 4).matrix().shape == (9, len(TRUTH))
        assert not np.isnan(panel.of("relevance", 2).matrix()).any()
        assert sorted(held.workshop.parent.glob("cadangan/*.db"))  # each closed round left its backup

    def test_everybody_gets_the_same(self, held, panel, root, tmp_path):
        again = read_panel(rehearse(root / "data/library/indicators/dukcapil", folder=tmp_path / "x").workshop)
        # names are dealt at random, so the judges' order differs; what was answered does not
        for question, number in (("relevance", 2), ("clarity", 1), ("angoff", 4)):
            ours, theirs = (one.of(question, number).matrix() for one in (panel, again))
            assert sorted(map(tuple, ours)) == sorted(map(tuple, theirs))

    def test_the_truth_comes_back(self, panel):
        cut = panel.of("angoff", 4).matrix().mean()
        assert abs(cut - np.mean([truth[2] for truth in TRUTH.values()]) / 100) < 0.05
        clear = dict(zip(panel.items, panel.of("clarity", 2).matrix().mean(axis=0), strict=True))
        assert min(clear, key=clear.get) == "ikd_aktif"

    def test_a_folder_that_holds_something_is_left_alone(self, root, tmp_path):
        (tmp_path / "milik_orang.txt").write_text("x", encoding="utf-8")
        with pytest.raises(KinerjaError, match="rehearsal_folder"):
            rehearse(root / "data/library/indicators/dukcapil", folder=tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["milik_orang.txt"]

    def test_units_are_reliable_as_told(self):
        units = rehearsed_units()
        again = rehearsed_units()
        assert np.array_equal(units.scores, again.scores) and units.reliability == again.reliability
        # made with 60 things asked and shapes 6 and 3: reliability 60 / (60 + 9)
        assert units.reliability.low < 60 / 69 < units.reliability.high
        assert units.measurement_error == pytest.approx(
            units.scores.std(ddof=1) * np.sqrt(1 - units.reliability.value))


class TestRevision:
    CHANGE = {"definition": "Penduduk wajib KTP yang IKD-nya aktif dibagi penduduk wajib KTP, dikalikan 100."}

    def test_the_file_holds_who_when_why_and_the_panels_numbers(self, held, copied):
        record = revise_after_workshop(copied, self.CHANGE, workshop=held.workshop, **ACT)
        assert "0,22 (selang 95%: 0,06 sampai 0,55) dari 9 ahli" in record.reason and "ronde 2" in record.reason
        indicator = read_indicator(copied)
        assert indicator.definition == self.CHANGE["definition"] and indicator.revisions[-1] == record
        assert history(copied)[0].by == "Dinas A" and not record.breaks_series

    def test_a_text_that_the_panel_did_not_read_is_refused(self, held, copied):
        write_field(copied, "numerator", "penduduk lain")
        before = copied.read_bytes()
        with pytest.raises(KinerjaError) as caught:
            revise_after_workshop(copied, self.CHANGE, workshop=held.workshop, **ACT)
        assert caught.value.message.code == "error.workshop_sheet_changed"
        assert caught.value.message.params["fields"] == catalogue("id").text("indicator_field.numerator")
        assert copied.read_bytes() == before

    def test_values_that_came_in_since_do_not_stand_in_the_way(self, held, copied):
        write_field(copied, "baseline", 3.05)
        assert revise_after_workshop(copied, self.CHANGE, workshop=held.workshop, **ACT)

    def test_an_indicator_that_was_not_judged_is_refused(self, held, root, tmp_path):
        path = tmp_path / "bor.yml"
        path.write_bytes((root / "data/library/indicators/rsud/bor.yml").read_bytes())
        with pytest.raises(KinerjaError, match="workshop_item_not_judged"):
            revise_after_workshop(path, {"why": "x"}, workshop=held.workshop, **ACT)

    @pytest.mark.parametrize(("changes", "code"), [
        ({"round": 9}, "workshop_no_such_round"), ({"round": 0}, "workshop_no_such_round"),
        ({"question": "angoff"}, "workshop_not_asked"), ({"by": " "}, "revision_by"),
        ({"question": "measurability"}, "workshop_not_asked"),
    ])
    def test_what_does_not_fit_is_refused_and_nothing_written(self, held, copied, changes, code):
        before = copied.read_bytes()
        with pytest.raises(KinerjaError) as caught:
            revise_after_workshop(copied, self.CHANGE, workshop=held.workshop, **{**ACT, **changes})
        assert caught.value.message.code == f"error.{code}" and copied.read_bytes() == before

    def test_a_round_that_is_open_decides_nothing(self, copied, tmp_path):
        path = tmp_path / "w" / "satu.db"
        create_workshop(path, WorkshopPlan(name="Satu", study="uji", items=(item_sheet(read_indicator(copied)),),
                                           rounds=(("clarity",),), judges=NAMES))
        with closing(Store(path)) as store:
            store.open_round(1)
            with pytest.raises(KinerjaError, match="workshop_round_not_closed"):
                revise_after_workshop(copied, self.CHANGE, workshop=path, **{**ACT, "round": 1})
            store.close_round(1)
        with pytest.raises(NotApplicable, match="workshop_nothing_answered"):
            revise_after_workshop(copied, self.CHANGE, workshop=path, **{**ACT, "round": 1})


class TestItemMinutes:
    @pytest.mark.parametrize("lang", LANGUAGES)
    @pytest.mark.parametrize("way", ["content_validity", "rand_ucla"])
    @pytest.mark.parametrize("number", [1, 2])
    def test_every_statement_and_convention_has_words(self, panel, lang, way, number):
        record = item_minutes(panel, meeting=MEETING, question="relevance", round=number, way=way, favourable=3,
                              level=0.95)
        words = catalogue(lang)
        for message in (*record.statements, *record.conventions):
            assert "{" not in words.sentence(message)

    def test_the_percentile_rule_is_named(self, panel):
        said = {}
        for percentiles in ((30, 70), (10, 90)):
            record = item_minutes(panel, meeting=MEETING, question="relevance", round=2, way="rand_ucla", favourable=3,
                                  level=0.95, percentiles=percentiles)
            said[percentiles] = " ".join(catalogue("id").sentence(message) for message in record.conventions)
        assert "persentil 30 sampai persentil 70" in said[30, 70] and "bukan 10 dan 90" in said[30, 70]
        assert "persentil 10 sampai persentil 90" in said[10, 90] and "berbeda dari buku panduan" in said[10, 90]
        assert "direntangkan dahulu" in said[30, 70]  # four points, not nine

    def test_nine_points_are_not_stretched(self):
        made = rated([[7, 2], [8, 3], [7, 9], [9, 1]], high=9)
        record = item_minutes(made, meeting=MEETING, question="relevance", round=1, way="rand_ucla", favourable=7,
                              level=0.95)
        assert "convention.stretched" not in [message.code for message in record.conventions]

    def test_who_is_kept_and_what_one_expert_could_turn(self):
        # nine experts: 9, 7 and 5 in favour; the line is .78 x 9 = 7.02, so 7 fails and 8 of 10 would pass
        columns = np.array([[4] * 9, [4] * 7 + [1] * 2, [4] * 5 + [1] * 4]).T
        record = item_minutes(rated(columns), meeting=MEETING, question="relevance", round=1, way="content_validity",
                              favourable=3, level=0.95)
        said = {message.code: message.params for message in record.statements}
        assert said["minutes.items_kept"]["n"] == 1 and said["minutes.items_kept"]["total"] == 3
        assert said["minutes.items_not_kept"]["names"] == "b1, b2"
        assert said["minutes.items_flip"]["names"] == "b1"
        assert "minutes.no_earlier_round" in said
        assert said["minutes.s_cvi"]["value"].value == pytest.approx((9 + 7 + 5) / 27)

    def test_a_scale_without_aiken_says_so(self):
        record = item_minutes(rated([[1, 0], [1, 1], [0, 1]], low=0, high=1), meeting=MEETING, question="relevance",
                              round=1, way="content_validity", favourable=1, level=0.95)
        assert "minutes.no_aiken" in [message.code for message in record.statements]
        assert "aiken" not in record.tables

    def test_an_unknown_way_is_refused(self, panel):
        with pytest.raises(KinerjaError, match="panel_unknown_way"):
            item_minutes(panel, meeting=MEETING, question="relevance", round=2, way="x", favourable=3, level=0.95)


class TestDocument:
    @pytest.mark.parametrize("lang", LANGUAGES)
    def test_every_statement_convention_and_name_is_printed(self, held, panel, tmp_path, lang):
        record = item_minutes(panel, meeting=MEETING, question="relevance", round=2, way="content_validity",
                              favourable=3, level=0.95)
        paper = MinutesPaper(title="Rapat", date=MEETING.date, names=held.names, remark="LATIHAN",
                             signers=(("Ani", "Ketua"), ("", "Fasilitator")))
        write_minutes(tmp_path / "ba.docx", record, paper=paper, lang=lang)
        text, words = text_of(tmp_path / "ba.docx"), catalogue(lang)
        for message in (*record.statements, *record.conventions):
            sentence = words.sentence(message)
            for code, name in held.names.items():
                sentence = sentence.replace(code, name)
            assert sentence.replace(", ", "; ") in text.replace(", ", "; ")
        assert {"LATIHAN", "Ani", "Ketua", "Fasilitator"} <= set(text.split("\n"))
        assert all(name in text for name in held.names.values()) and "{" not in text
        assert ("Senin" if lang == "id" else "Monday") in text

    def test_the_change_of_an_indicator_is_told(self, held, copied, panel, tmp_path):
        revision = revise_after_workshop(copied, {"source": "SIAK", **TestRevision.CHANGE},
                                         workshop=held.workshop, **ACT)
        record = item_minutes(panel, meeting=MEETING, question="clarity", round=2, way="content_validity",
                              favourable=3, level=0.95)
        paper = MinutesPaper(title="Rapat", date=MEETING.date, revisions={"IKD aktif": revision})
        write_minutes(tmp_path / "ba.docx", record, paper=paper, lang="id")
        text = text_of(tmp_path / "ba.docx")
        assert "IKD aktif: diubah" in text and "tidak dapat dibandingkan" in text and "Penyebutnya tidak jelas." in text

    def test_what_a_person_typed_cannot_break_the_document(self, panel, tmp_path):
        record = item_minutes(panel, meeting=MEETING, question="clarity", round=2, way="content_validity",
                              favourable=3, level=0.95)
        paper = MinutesPaper(title="<w:p>\x00\x0b & =1+1", date=MEETING.date, place="\ud800", number="\x01")
        write_minutes(tmp_path / "ba.docx", record, paper=paper, lang="id")
        assert "<w:p> & =1+1" in text_of(tmp_path / "ba.docx")


class TestTables:
    def test_values_are_written_as_the_reader_writes_them(self):
        rows = [Estimate(label="i_cvi", value=0.5, low=0.25, high=0.75, n=9, method="m", unit="share"),
                Estimate(label="s_cvi_ua", value=1.0, low=np.nan, high=np.nan, n=9, method="m", unit="share",
                         note="universal_agreement_shrinks")]
        made = text_table(EstimateTable.from_estimates(rows), lang="id")
        assert made.rows[0][:4] == ("Dukungan ahli (I-CVI)", "50%", "25% sampai 75%", "9")
        assert made.rows[1][2] == "–" and made.rows[1][4] != ""
        assert made.columns == ("label", "value", "interval", "n", "note")
        only = text_table(EstimateTable.from_estimates(rows), lang="en", labels=["i_cvi"], columns=["value"])
        assert only.rows == (("50%",),)

    def test_nothing_a_person_wrote_becomes_markup(self):
        html = text_table(pd.DataFrame({"comment": ["<script>x</script>"]}), lang="id", caption="<b>")._repr_html_()
        assert "<script>" not in html and "<b>" not in html and "&lt;script&gt;" in html
