"""What does a report show of the instrument? The card, the answers, and the numbers behind them."""

from collections.abc import Iterator
from html import escape
from math import isfinite, isnan

import pandas as pd

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.core.options import Family
from kinerja_lab.evidence.instrument import ranking_verdict
from kinerja_lab.evidence.instrument_results import InstrumentResults
from kinerja_lab.evidence.measurement import UNITS_ENOUGH
from kinerja_lab.psychometrics.reliability_choices import KINDS
from kinerja_lab.psychometrics.unit_card import SCALE, UnitCard
from kinerja_lab.report import pictures, show
from kinerja_lab.report.answers import sentences_html
from kinerja_lab.report.disclosure import suppress
from kinerja_lab.report.pictures import Picture, words_for
from kinerja_lab.report.reasons import reason_html
from kinerja_lab.report.session import Report
from kinerja_lab.report.tables import table_html
from kinerja_lab.text.catalogue import catalogue

__all__ = ["card", "card_table", "instrument", "instrument_sections", "item_names", "sentences", "verdicts"]


def instrument(report: Report) -> None:
    """Can units be ranked, and do the questions measure: two pictures, short sentences, tables to open."""
    from IPython.display import display

    found, lang = report.results.instrument, report.language
    display(show.html(f"<h2>{escape(_text(report, 'section.instrument'))}</h2>"))
    if isinstance(found, NotApplicable):
        display(show.html(reason_html(found, lang=lang)))
        return
    for picture in _pictures(report, found):
        if isinstance(picture.draw, NotApplicable):
            display(show.html(reason_html(picture.draw, lang=report.language, section=picture.name)))
        else:
            alt, caption = pictures.caption_of(picture, lang)
            show.picture(picture.draw().figure, alt=alt, caption=caption)
    text = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences(report))
    display(show.html("\n".join([text, *_tables(report, found)])))


def card(report: Report):
    """The card "can these units be ranked?" as a table.

    Parameters
    ----------
    report : Report
        From ``prepare``, with instrument results.
    """
    found = report.results.instrument.card
    if isinstance(found, NotApplicable):
        return show.html(reason_html(found, lang=report.language, section="instrument_card"))
    return show.html(_card_html(report, found))


def _card_html(report: Report, found: UnitCard) -> str:
    return table_html(card_table(found, lang=report.language), lang=report.language,
                      names={"label": item_names(report)}, caption=_text(report, "caption.instrument_card"),
                      specs={"separable": ".0%", "needed_70": ".0f", "needed_80": ".0f"})


def verdicts(report: Report):
    """What every check of the measurement says about the survey index: one sentence each.

    Parameters
    ----------
    report : Report
        From ``prepare``.
    """
    return show.html(sentences_html(
        (finding for dossier in report.dossiers if dossier.indicator.survey
         for finding in dossier.findings if finding.family is Family.MEASUREMENT), words=catalogue(report.language)))


def _pictures(report: Report, found: InstrumentResults) -> Iterator[Picture]:
    from kinerja_lab.plot.instrument import answer_profile, ranking_card
    from kinerja_lab.plot.style import row_axes

    names, lang = item_names(report), report.language
    items = found.shares.frame["label"].nunique()
    yield Picture(name="instrument_card", params={"k": len(_card_rows(found))}, draw=found.card if isinstance(
        found.card, NotApplicable) else lambda: ranking_card(
            found.card, bar=UNITS_ENOUGH, lang=lang, names=names, axes=row_axes(len(found.card.reliability))))
    yield Picture(name="instrument_shares", params={"k": items, "n": report.results.survey.patterns.n},
                  draw=lambda: answer_profile(found.shares, lang=lang, names=names, axes=row_axes(items + 1)))


def sentences(report: Report) -> list[str]:
    """What the results mean, one sentence each.

    Parameters
    ----------
    report : Report
        From ``prepare``, with instrument results.
    """
    found = report.results.instrument
    lines = [_about_units(report, found), _about_dimensions(report, found), _about_choices(report, found),
             _about_validity(report, found)]
    if not isinstance(found.error, NotApplicable):
        lines.append(_text(report, "sentence.instrument_error", sem=found.error))
    return [line for line in lines if line]


def _about_units(report: Report, found: InstrumentResults) -> str:
    if isinstance(found.card, NotApplicable):
        return ""
    card = found.card
    line = _text(report, "sentence.instrument_sizes", units=card.scale.units, smallest=card.smallest,
                 largest=card.largest, enough=card.enough(UNITS_ENOUGH), bar=UNITS_ENOUGH)
    if isinstance(found.study, NotApplicable):
        return line
    components = found.study.components.frame["value"].clip(lower=0)
    needed = card.scale.needed.row("0.80").value
    key = "sentence.instrument_study" if isfinite(needed) else "sentence.instrument_study_unknown"
    more = {"needed": needed} if isfinite(needed) else {}
    return line + " " + _text(report, key, unit=float(components.iloc[0] / components.sum()), **more)


def _about_dimensions(report: Report, found: InstrumentResults) -> str:
    if isinstance(found.parallel, NotApplicable):
        return ""
    count = found.parallel.n_factors
    kind = "none" if count == 0 else "one" if count == 1 else "many"
    params = {"draws": found.parallel.draws, "seed": found.parallel.seed}
    return _text(report, f"sentence.instrument_dimensions_{kind}",
                 **(params | {"factors": count} if kind == "many" else params))


def _about_choices(report: Report, found: InstrumentResults) -> str:
    if isinstance(found.choices, NotApplicable):
        return ""
    alpha = found.choices.table.row("alpha")
    words = catalogue(report.language)
    return " ".join([
        _text(report, "sentence.instrument_alpha", alpha=alpha),
        _text(report, "sentence.instrument_choices_spread", alpha=alpha.value, extreme=found.choices.extreme.value,
              extreme_name=words.name("label", found.choices.extreme.label))])


def _about_validity(report: Report, found: InstrumentResults) -> str:
    if isinstance(found.validity, NotApplicable):
        return ""
    noise = found.validity.noise.frame["value"]
    return _text(report, "sentence.instrument_validity", passed=len(found.validity.passed), items=len(noise),
                 critical=found.validity.critical, noise=float(noise.mean()))


def _tables(report: Report, found: InstrumentResults) -> Iterator[str]:
    names, lang = item_names(report), report.language
    if isinstance(found.card, NotApplicable):
        yield reason_html(found.card, lang=report.language, section="instrument_card")
    else:
        yield _card_html(report, found.card)
    if isinstance(found.choices, NotApplicable):
        yield reason_html(found.choices, lang=report.language, section="instrument_choices")
    else:
        words = catalogue(lang)
        kinds = {kind: words.text(f"instrument_kind.{kind}") for kind in ("sum", "best", "general", "other")}
        yield _folded(table_html(found.choices.table, lang=lang, names={"kind": kinds},
                                 columns=["label", "kind", "value", "interval", "note"]),
                      _text(report, "caption.instrument_choices"))
    if not isinstance(found.validity, NotApplicable):
        validity = found.validity
        frame = validity.r.frame.rename(columns={"value": "r"}).assign(r_noise=validity.noise.frame["value"])
        yield _folded(table_html(frame[["label", "r", "low", "high", "r_noise"]], lang=lang, names={"label": names}),
                      _text(report, "caption.instrument_validity", critical=validity.critical, n=validity.n))
    if not isinstance(found.study, NotApplicable):
        yield _folded(table_html(found.study.components, lang=lang,
                                 columns=["label", "value", "interval", "note"]),
                      _text(report, "caption.instrument_components"))
    if not isinstance(found.gaps, NotApplicable):
        gaps = suppress(found.gaps, below=report.results.setting.suppress_below)
        yield _folded(table_html(gaps, lang=lang, names={"label": names}), _text(report, "caption.instrument_gaps"))
    care = [row for row in (found.runs, *_care_rows(found)) if not isinstance(row, NotApplicable)]
    if care:
        yield _folded(table_html(EstimateTable.from_estimates(care), lang=lang),
                      _text(report, "caption.instrument_care"))


def _care_rows(found: InstrumentResults) -> Iterator:
    if not isinstance(found.misfit, NotApplicable):
        yield found.misfit.share
    if not isinstance(found.copies, NotApplicable):
        yield found.copies.within
        yield found.copies.between


def card_table(card: UnitCard, *, lang: str) -> pd.DataFrame:
    """The card as rows: reliability, respondents needed, pairs told apart, and whether units may be ranked.

    Parameters
    ----------
    card : UnitCard
        Whether units can be ranked.
    lang : str
        ``"id"`` or ``"en"``.
    """
    words = catalogue(lang)
    needed = {(target, row.label): row for target, row in zip(
        card.needed.frame["target"], card.needed.estimates(), strict=True)}
    rows = []
    for row in card.reliability.estimates():
        pairs = card.separable.row(row.label)
        verdict = "unknown" if isnan(row.low) else ranking_verdict(row, pairs=pairs.value).value
        rows.append({"label": row.label, "reliability": row, "needed_70": needed["0.70", row.label],
                     "needed_80": needed["0.80", row.label], "separable": pairs.value,
                     "verdict": words.text(f"instrument_verdict.{verdict}")})
    return pd.DataFrame(rows)


def instrument_sections(found: InstrumentResults | NotApplicable) -> Iterator[tuple[str, object]]:
    """Every estimate about the instrument under the name of its section, for ``result.json``.

    Parameters
    ----------
    found : InstrumentResults or NotApplicable
        As it stands in ``RegionResults``.
    """
    if isinstance(found, NotApplicable):
        return
    for name in ("shares", "floor", "difficulty", "alpha_clustered", "error", "gaps", "runs"):
        yield f"instrument.{name}", getattr(found, name)
    if not isinstance(found.validity, NotApplicable):
        yield "instrument.validity", found.validity.r
    if not isinstance(found.choices, NotApplicable):
        yield "instrument.choices", found.choices.table
    if not isinstance(found.misfit, NotApplicable):
        yield "instrument.misfit", found.misfit.share
    if not isinstance(found.card, NotApplicable):
        yield "instrument.card.reliability", found.card.reliability
        yield "instrument.card.needed", found.card.needed
        yield "instrument.card.separable", found.card.separable
    if not isinstance(found.study, NotApplicable):
        yield "instrument.components", found.study.components
    if not isinstance(found.decision, NotApplicable):
        yield "instrument.ranking", found.decision.relative


def _card_rows(found: InstrumentResults) -> list[str]:
    return [] if isinstance(found.card, NotApplicable) else [
        label for label in found.card.reliability.frame["label"] if label != SCALE]


def item_names(report: Report) -> dict[str, str]:
    """Names of items as the rule or the instrument gives them, of the whole scale, and of the coefficients.

    Parameters
    ----------
    report : Report
        From ``prepare``, with a survey.
    """
    from kinerja_lab.plot.words import element_names

    rule, lang = report.results.survey.ruleset, report.language
    words = catalogue(lang)
    return {**{code: words.text(f"label.{code}") for code in (SCALE, *KINDS)}, **words_for(report)["item"],
            **element_names(rule, lang=lang)}


def _folded(table: str, summary: str) -> str:
    return f"<details><summary>{escape(summary)}</summary>{table}</details>"



def _text(report: Report, key: str, **params: object) -> str:
    return catalogue(report.language).text(key, **params)
