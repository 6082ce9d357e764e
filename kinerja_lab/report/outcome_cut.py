"""At which index does an outcome meet its target in one region? The report's own answer, one outcome at a time."""

from html import escape

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.evidence.calibration_results import CutLook
from kinerja_lab.report import show
from kinerja_lab.report.pictures import caption_of
from kinerja_lab.report.reasons import reason_html
from kinerja_lab.report.sections_adjusted import measure_name, measure_unit
from kinerja_lab.report.sections_calibration import cut_picture
from kinerja_lab.report.session import Report
from kinerja_lab.text.catalogue import catalogue

__all__ = ["outcome_cut", "show_outcome_cut"]


def outcome_cut(report: Report, *, measure: str) -> CutLook | NotApplicable:
    """The cut of the survey's index from one outcome, as the report has it.

    Parameters
    ----------
    report : Report
        From ``prepare``.
    measure : str
        Code of an outcome that the survey's indicator claims to go with.

    Returns
    -------
    CutLook or NotApplicable
        The reason where there is no cut: no claim with a target, or a curve that does not cross it.
    """
    found = report.results.calibration
    if isinstance(found, NotApplicable):
        return found
    surveyed = {item.code for item in report.study.indicators if item.survey}
    looks = [look for look in found.cuts if look.criterion == measure and look.indicator in surveyed]
    if not looks:
        return NotApplicable("cut_not_claimed")
    return looks[0].cut if isinstance(looks[0].cut, NotApplicable) else looks[0]


def show_outcome_cut(report: Report, *, measure: str) -> CutLook | NotApplicable:
    """Show the cut as a sentence and a picture, and give it back.

    Parameters
    ----------
    report, measure
        As for ``outcome_cut``.
    """
    from IPython.display import display

    look = outcome_cut(report, measure=measure)
    if isinstance(look, NotApplicable):
        display(show.html(reason_html(look, lang=report.language)))
        return look
    said = catalogue(report.language).text(
        "sentence.outcome_cut", outcome=measure_name(report, measure), unit=measure_unit(report, measure),
        target=look.target, cut=look.cut, band=look.legal_band, legal=look.legal_cut)
    display(show.html(f"<p>{escape(said)}</p>"))
    picture = cut_picture(report, look)
    alt, caption = caption_of(picture, report.language)
    show.picture(picture.draw().figure, alt=alt, caption=caption)
    return look
