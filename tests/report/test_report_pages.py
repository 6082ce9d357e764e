"""The pages an official opens: right language, no code, everything escaped, self-contained, numbers that agree."""

import json
import re
from html.parser import HTMLParser

import pytest

from kinerja_lab.text.numbers import number

pytestmark = pytest.mark.xdist_group("reports")


class Page(HTMLParser):
    """Tags, headings, texts and links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.lang, self.headings, self.images, self.links, self.tags, self.words = "", [], [], [], set(), []
        self._open = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.add(tag)
        self._open.append(tag)
        if tag == "html":
            self.lang = attributes.get("lang", "")
        if re.fullmatch("h[1-6]", tag):
            self.headings.append((int(tag[1]), ""))
        if tag == "img":
            self.images.append(attributes)
        self.links += [attributes[name] for name in ("href", "src") if attributes.get(name)]

    def handle_endtag(self, tag):
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        if self._open and self._open[-1] in ("style", "script"):
            return
        self.words.append(data)
        if self._open and re.fullmatch("h[1-6]", self._open[-1]) and self.headings:
            level, text = self.headings[-1]
            self.headings[-1] = (level, text + data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def page(made) -> Page:
    return Page(made.page("layanan-publik", "53.71"))


@pytest.fixture(scope="module")
def result(made) -> dict:
    return json.loads((made.folder / "layanan-publik/53.71/result.json").read_text(encoding="utf-8"))


def test_a_report_in_english_stands_beside_the_indonesian_one(made, made_english):
    assert Page(made_english.page("layanan-publik", "53.71")).lang == "en"
    assert Page(made.page("layanan-publik", "53.71")).lang == "id"
    assert '<html lang="en"' in (made_english.folder / "index.html").read_text(encoding="utf-8")


def test_language_and_one_first_heading(page):
    assert page.lang == "id"
    assert [text for level, text in page.headings if level == 1].__len__() == 1
    assert "Kupang" in page.headings[0][1]


def test_headings_never_skip_a_level(page):
    levels = [level for level, _ in page.headings]
    assert all(later - earlier <= 1 for earlier, later in zip(levels, levels[1:], strict=False))


def test_the_first_screen_says_what_holds_what_does_not_and_what_to_do(page):
    start = page.text.split("Hasil survei")[0]
    for words in ("terpenuhi", "perlu perhatian", "harus dilakukan"):
        assert words in start.lower()
    assert "buatan komputer" in start and "bukan kinerja instansi mana pun" in start


def test_no_code_no_traceback_no_warning(made):
    for region in ("53.71", "52.71.03", "ringkasan"):
        text = made.page("layanan-publik", region)
        for trace in ("kinerja_lab.report", "Traceback", "Warning", "import ", "In [", "prepare("):
            assert trace not in text, f"{region}: {trace}"


def test_self_contained_and_small(made):
    for region in ("53.71", "52.71.03", "ringkasan"):
        text = made.page("layanan-publik", region)
        assert len(text.encode()) < 2_000_000
        outside = [link for link in Page(text).links if re.match(r"(https?:)?//", link)]
        assert outside == []
        assert "<script" not in text


def test_pictures_have_descriptions(page):
    assert len(page.images) >= 4
    assert all(image.get("alt", "").strip() for image in page.images)
    assert all(image["src"].startswith("data:image/png;base64,") for image in page.images)


def test_the_headline_on_the_page_is_the_one_in_the_result(page, result):
    headline = result["headline"]
    for name in ("value", "low", "high"):
        assert number(headline[name], lang="id") in page.text


def test_decimal_commas_only(page):
    body = re.sub(r"\b\d{2}\.\d{2}(\.\d{2})?\b", "", page.text)  # region codes
    body = re.sub(r"\d\.\d{3}(\.\d{3})*\b", "", body)  # thousands
    odd = re.findall(r"(?<![\w.])\d+\.\d+(?![\w.])", body)
    assert odd == []


ENGLISH = re.compile(r"\b(with|the|of|over|by|and|within|units|errors|against|left|kept|draws|months|chart)\b")


def in_english(page: Page) -> list[str]:
    """English function words of the method section, but for names of packages, sources and hospitals."""
    text = page.text.split("Kesepakatan perhitungan")[1].split("Baris yang tidak dipakai")[0]
    return ENGLISH.findall(text)


def test_conventions_are_named_in_the_readers_language(made, lecturers):
    assert in_english(Page(made.page("layanan-publik", "53.71"))) == []
    assert in_english(Page(made.page("layanan-publik", "ringkasan"))) == []
    assert in_english(Page(lecturers.page("dosen-eth", "1"))) == []


def test_kecamatan_says_whose_units_are_shown(made):
    text = Page(made.page("layanan-publik", "52.71.03")).text
    assert "Cakranegara" in text and "Kota Mataram" in text and "dinas" in text


def test_every_number_has_an_interval_or_says_why_not(result):
    for row in result["estimates"]:
        if row["low"] is None or row["high"] is None or row["value"] is None:
            assert row["note"], row
        else:
            assert row["low"] <= row["value"] + 1e-9 and row["value"] <= row["high"] + 1e-9


def test_small_groups_are_hidden(result):
    shown = [row for row in result["estimates"] if row["section"] == "units" and row["value"] is not None]
    assert shown and all(row["n"] >= 10 for row in shown)


def test_each_check_appears_once_for_each_indicator(result):
    pairs = [(finding["indicator"], finding["code"]) for finding in result["findings"]]
    assert len(pairs) == len(set(pairs))
    assert sum(result["verdicts"].values()) == len(pairs)
    by_indicator = {}
    for indicator, code in pairs:
        by_indicator.setdefault(indicator, set()).add(code)
    assert len({frozenset(codes) for codes in by_indicator.values()}) == 1


def test_no_sentence_is_left_unfilled(page):
    assert not re.search(r"\{[a-z_]+(:[^}]*)?\}", page.text)


def test_english_report_has_the_same_numbers(made_english, result):
    other = json.loads((made_english.folder / "layanan-publik/53.71/result.json").read_text(encoding="utf-8"))
    assert other["estimates"] == result["estimates"]
    assert other["verdicts"] == result["verdicts"]
    assert [f["sentence"] for f in other["findings"]] != [f["sentence"] for f in result["findings"]]


def test_english_page_has_no_indonesian_cards(made_english):
    text = Page(made_english.page("layanan-publik", "53.71")).text.lower()
    assert "yang harus dilakukan" not in text and "selang 95" not in text


def test_lecturers_report_tells_about_raters(lecturers):
    page = Page(lecturers.page("dosen-eth", "1"))
    assert "penilai" in page.text.lower()
    assert "InstEval" in page.text or "ETH" in page.text


def test_a_state_speaks_of_hospitals_not_of_answer_sheets(hospitals):
    page = Page(hospitals.page("cms-vbp-2015", "DE"))
    assert "Delaware" in page.headings[0][1]
    assert "rumah sakit dapat bergeser oleh kebetulan" in page.text
    assert "lembar jawaban)" not in page.text
    result = json.loads((hospitals.folder / "cms-vbp-2015/DE/result.json").read_text(encoding="utf-8"))
    by_code = {f["code"]: f["status"] for f in result["findings"] if f["indicator"] == "pengalaman_pasien"}
    assert (by_code["DAT002"], by_code["DAT004"]) == ("not_applicable", "not_applicable")


def test_the_plan_document_lists_the_ratios_that_do_not_agree(hospitals, shared):
    import pandas as pd

    printed = pd.read_csv(shared / "data/renstra-banyuwangi/capaian_2020_2024.csv")
    differ = printed[printed["selisih"].abs() > 0.5]
    page = Page(hospitals.page("renstra-banyuwangi", "35.10"))
    assert f"{len(differ)} rasio tercetak berbeda" in page.text
    for row in differ.itertuples():
        assert number(row.rasio_laporan, lang="id") in page.text


def test_index_lists_every_region_and_links_to_reports(made):
    page = Page((made.folder / "layanan-publik/index.html").read_text(encoding="utf-8"))
    for code in ("53.71", "52.71.03", "62.71", "36.73.05"):
        assert code in page.text
    assert any(link.startswith("53.71/") for link in page.links)
    for link in page.links:
        if not link.startswith(("data:", "#", "http")):
            assert (made.folder / "layanan-publik" / link).exists(), link
