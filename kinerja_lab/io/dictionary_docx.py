"""How is a kamus written as a document in the form of a manual IKU?"""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from kinerja_lab.core.indicator import Indicator
from kinerja_lab.io.dictionary_words import DictionaryWords, manual_rows, printable
from kinerja_lab.io.whole_files import write_whole

__all__ = ["write_dictionary_docx"]

_HEADING_SHARE = 0.3
_PAGE_MM = (210, 297)
_MARGIN_MM = 18


def write_dictionary_docx(path: Path, indicators: Sequence[Indicator], *, words: DictionaryWords) -> None:
    """Write one table an indicator, each on its own page, with a heading for every field.

    Parameters
    ----------
    path : pathlib.Path
        File to write; it appears whole or not at all.
    indicators : sequence of Indicator
        The indicators.
    words : DictionaryWords
        Words of one language.
    """
    import docx
    from docx.oxml import OxmlElement
    from docx.shared import Mm, Pt

    document = docx.Document()
    document.core_properties.title = words.text("dictionary.title")
    document.core_properties.author = ""
    document.styles["Normal"].font.size = Pt(10)
    document.add_heading(words.text("dictionary.title"), level=0)
    section = document.sections[0]
    section.page_width, section.page_height = map(Mm, _PAGE_MM)
    for side in ("left", "right", "top", "bottom"):
        setattr(section, f"{side}_margin", Mm(_MARGIN_MM))
    width = section.page_width - section.left_margin - section.right_margin
    for position, indicator in enumerate(indicators):
        if position:
            document.add_page_break()
        document.add_heading(printable(words.text("dictionary.manual", name=indicator.name)), level=1)
        rows = manual_rows(indicator, words=words)
        table = document.add_table(rows=len(rows), cols=2, style="Table Grid")
        table.autofit = False
        left, right = table.columns
        left.width, right.width = int(width * _HEADING_SHARE), int(width * (1 - _HEADING_SHARE))
        for (heading, value), first, second in zip(rows, left.cells, right.cells, strict=True):
            first.width, second.width = left.width, right.width
            first.paragraphs[0].add_run(heading).bold = True
            second.paragraphs[0].add_run(value)
        for row in table.rows:  # a row is not torn by the end of a page
            row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    out = BytesIO()
    document.save(out)
    write_whole(path, out.getvalue())
