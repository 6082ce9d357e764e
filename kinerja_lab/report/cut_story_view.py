"""How does a notebook show what outcomes say about the bar: a sentence first, then the table?"""

from html import escape

import pandas as pd

from kinerja_lab.calibration.cut_points import RULES
from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.io.places import studies_root
from kinerja_lab.io.study import load_study
from kinerja_lab.report.cut_story import CutStory
from kinerja_lab.report.reasons import reason_html
from kinerja_lab.report.show import html
from kinerja_lab.report.tables import table_html
from kinerja_lab.text.catalogue import Catalogue, catalogue

__all__ = ["show_cuts", "show_fairness", "show_forecasts", "show_later"]

_AT_CUT = ("called_good", "sensitivity", "specificity", "wrong")
_FORETOLD = ("calibration_slope", "calibration_intercept", "brier", "ece")
_LATER = ("all_units", "within_regions", "beyond_case_mix")


def show_cuts(story: CutStory, *, language: str):
    """Cuts that three rules draw from the outcome beside the legal one, and what each does to the units.

    Parameters
    ----------
    story : CutStory
        From ``cut_story``.
    language : str
        ``"id"`` or ``"en"``.
    """
    words = catalogue(language)
    rows, missing = [], []
    for rule in RULES:
        found = story.cuts[rule]
        if isinstance(found, NotApplicable):
            missing.append(reason_html(found, lang=language))
            continue
        rows.append({"cut_rule": words.text(f"cut_rule.{rule}"), "cut": found.cut,
                     **{label: found.consequences.row(label) for label in _AT_CUT}})
    rows.append({"cut_rule": words.text("cut_rule.legal", band=story.band), "cut": story.legal_cut,
                 **{label: story.at_legal.row(label) for label in _AT_CUT}})
    good = int(story.points["good"].sum())
    said = words.text("sentence.cut_story_cuts", good=good, n=len(story.points), target=story.target,
                      **_outcome(story, language))
    headers = {name: words.text(f"cut_story_column.{name}") for name in ("cut_rule", "cut", "wrong")}
    headers |= {label: words.name("label", label) for label in _AT_CUT[:-1]}
    table = table_html(pd.DataFrame(rows), lang=language, headers=headers, caption=words.text("caption.cut_story_cuts"))
    return html(f"<p>{escape(said)}</p>{table}{''.join(missing)}")


def show_fairness(story: CutStory, *, language: str):
    """The legal cut region by region at an equal outcome.

    Parameters
    ----------
    story, language
        As for ``show_cuts``.
    """
    words = catalogue(language)
    found = story.fairness
    if isinstance(found, NotApplicable):
        return html(reason_html(found, lang=language))
    names = {region.data_code: region.shown_name or region.name for region in load_study(
        studies_root() / story.study).regions}
    apart = sorted({names.get(region, region) for region, _ in found.apart})
    said = words.text("sentence.cut_story_unfair" if apart else "sentence.cut_story_fair", regions=", ".join(apart),
                      band=story.band, cut=story.legal_cut, looks=int((found.q == found.q).sum()), rate=found.rate)
    return html(f"<p>{escape(said)}</p>" + _shown(found.table, words, caption="cut_story_fairness",
                                                  names={"region": names}))


def show_forecasts(story: CutStory, *, language: str):
    """Whether foretold chances came true, and what a new unit of a given index may have.

    Parameters
    ----------
    story, language
        As for ``show_cuts``.
    """
    words, parts = catalogue(language), []
    if isinstance(story.foretold, NotApplicable):
        parts.append(reason_html(story.foretold, lang=language))
    else:
        said = words.text(f"sentence.cut_story_foretold_{story.foretold.repair}", n=story.foretold.n)
        table = EstimateTable.from_estimates([story.foretold.summary.row(label) for label in _FORETOLD])
        parts.append(f"<p>{escape(said)}</p>" + _shown(table, words, caption="cut_story_foretold"))
    for name in ("new_unit", "steps"):
        found = getattr(story, name)
        parts.append(reason_html(found, lang=language) if isinstance(found, NotApplicable) else
                     _shown(found, words, caption=f"cut_story_{name}", outcome=_outcome(story, language)))
    return html("".join(parts))


def show_later(story: CutStory, *, language: str):
    """Whether last period's index says something about this period's outcome.

    Parameters
    ----------
    story, language
        As for ``show_cuts``.
    """
    words, found = catalogue(language), story.later
    if isinstance(found, NotApplicable):
        return html(reason_html(found, lang=language))
    own = found.row("beyond_case_mix")
    kind = "open" if not own.has_interval or own.low <= 0 <= own.high else "foretells"
    said = words.text(f"sentence.cut_story_later_{kind}", **_outcome(story, language))
    table = EstimateTable.from_estimates([found.row(label) for label in _LATER])
    return html(f"<p>{escape(said)}</p>" + _shown(table, words, caption="cut_story_later"))


def _outcome(story: CutStory, language: str) -> dict[str, str]:
    one = next(item for item in load_study(studies_root() / story.study).measures if item.code == story.measure)
    return {"outcome": (one.name_en if language == "en" else "") or one.name, "unit": one.unit}


def _shown(table: EstimateTable, words: Catalogue, *, caption: str, outcome: dict[str, str] | None = None,
           names: dict[str, dict[str, str]] | None = None) -> str:
    headers = {name: words.text(f"cut_story_column.{name}") for name in ("score", "region")}
    return table_html(table, lang=words.lang, names=names, headers=headers,
                      caption=words.text(f"caption.{caption}", **(outcome or {})))
