"""What does an official see first, and where are the details behind it?

Every function gives HTML text in which whatever a user wrote is escaped. Statistical terms stand only in the method
section (``report.method``).
"""

import re
from collections.abc import Iterable, Sequence
from html import escape
from math import isnan

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.core.finding import Dossier, Finding
from kinerja_lab.core.indicator import Indicator
from kinerja_lab.core.options import Family, Status
from kinerja_lab.core.ruleset import Band, Ruleset
from kinerja_lab.evidence.results import RegionResults, Setting, SurveyResults
from kinerja_lab.report.disclosure import SUPPRESSED
from kinerja_lab.report.method import method_section
from kinerja_lab.report.tables import chance_text
from kinerja_lab.text.catalogue import Catalogue, catalogue

__all__ = ["findings_table", "first_screen", "headline_sentence", "method_section"]

_TOP = 5
_NAMES = 3
_LONG = 15
_WORTH_NAMING = 0.01
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"(])")

# What costs trust most stands first: a wrong direction and bad data before a missing review date.
_FAMILIES = (Family.CRITERION, Family.DATA, Family.MEASUREMENT, Family.ACHIEVEMENT, Family.PROFILE, Family.DEFINITION)
_SERIOUS = (Status.FAILED, Status.CONCERN, Status.PASSED, Status.NOT_APPLICABLE, Status.NOT_RUN)
_CLASS = {Status.PASSED: "status-passed", Status.CONCERN: "status-concern", Status.FAILED: "status-failed",
          Status.NOT_APPLICABLE: "status-na", Status.NOT_RUN: "status-na"}

# That a check of the survey does not concern an indicator without a survey is no gap in what is known.
_NO_GAP = frozenset({"not_survey_indicator", "not_outcome_indicator", "no_series", "no_criteria", "wording_level",
                     "no_peers", "no_statements", "no_target_path", "nothing_to_compare"})

Found = tuple[Indicator, Finding]


def first_screen(
    results: RegionResults, dossiers: Sequence[Dossier], *, lang: str, source_note: str = "",
) -> str:
    """The first screen: which region, how sure, what holds, what does not, what to do.

    Parameters
    ----------
    results : RegionResults
        Everything computed for the region.
    dossiers : sequence of Dossier
        One an indicator.
    lang : str
        ``"id"`` or ``"en"``.
    source_note : str
        Source and licence of real data, printed in the banner.

    Returns
    -------
    str
        HTML with one ``h1``, banners, the headline sentence, three cards and one line on what could not be judged.
    """
    words, setting = catalogue(lang), results.setting
    found = _by_weight(dossiers)
    title = "screen.title" if setting.period else "screen.title_no_period"
    attention = _groups(found, (Status.FAILED, Status.CONCERN))
    cards = [
        _card("holds", "status-passed", [_grouped(group, words) for group in _groups(found, (Status.PASSED,))], words),
        _card("attention", "status-failed" if any(g[0][1].status is Status.FAILED for g in attention)
              else "status-concern", [_flagged(group, words) for group in attention], words),
        _card("advice", "status-advice", _advice(found, words), words),
    ]
    return "\n".join([
        f"<h1>{escape(words.text(title, region=setting.region_name, period=setting.period))}</h1>",
        *(f'<p class="banner">{escape(text)}</p>' for text in _banners(setting, source_note, words)),
        f'<p class="headline">{escape(headline_sentence(results, lang=lang))}</p>',
        f'<div class="verdict-grid">{"".join(cards)}</div>',
        f'<p class="not-judged">{escape(_not_judged(found, words))}</p>',
    ])


def headline_sentence(results: RegionResults, *, lang: str) -> str:
    """The region's number with its interval and the probability of its grade, as plain words (not escaped).

    Parameters
    ----------
    results : RegionResults
        Everything computed for the region.
    lang : str
        ``"id"`` or ``"en"``.
    """
    words, setting, survey = catalogue(lang), results.setting, results.survey
    if isinstance(survey, NotApplicable):
        return words.text("screen.no_headline", word=setting.region_word, why=words.sentence(survey.message))
    index = survey.index
    if 0 < index.n < setting.suppress_below:
        return words.text("screen.no_headline", word=setting.region_word,
                          why=words.text(f"note.{SUPPRESSED}") + ".")
    if isnan(index.value):
        return words.text("screen.no_headline", word=setting.region_word, why=words.name("note", index.note) + ".")
    kind = "screen.ikm" if index.unit == "index_100" else "screen.score"
    parts = [words.text(kind, region=setting.shown_name or setting.region_name, index=index)]
    parts.extend(_grade(survey, words))
    if index.has_interval:
        kind = "screen.interval_units" if setting.row_is_unit else "screen.interval"
        parts.append(words.text(kind, n=index.n, unit_word=setting.unit_word))
    else:
        parts.append(words.text("screen.no_interval", why=words.name("note", index.note)))
    return " ".join(parts)


def findings_table(dossiers: Sequence[Dossier], *, lang: str) -> str:
    """Every check of every indicator: a table of counts, then one table an indicator with full sentences.

    Parameters
    ----------
    dossiers : sequence of Dossier
        One an indicator.
    lang : str
        ``"id"`` or ``"en"``.

    Returns
    -------
    str
        An HTML ``section`` that begins with ``h2``.
    """
    words = catalogue(lang)
    title = f'<h2 id="findings">{escape(words.text("findings.title"))}</h2>'
    if not dossiers:
        return f"<section>{title}<p>{escape(words.text('findings.none'))}</p></section>"
    head = "".join(f'<th scope="col" class="number">{escape(words.text(f"status.{status.value}"))}</th>'
                   for status in Status)
    rows = "".join(
        f'<tr><th scope="row">{escape(_name(dossier.indicator, words))}</th>'
        + "".join(f'<td class="number">{dossier.count(status)}</td>' for status in Status) + "</tr>"
        for dossier in dossiers
    )
    counts = (f'<div class="scroll"><table class="numbers"><caption>{escape(words.text("findings.summary"))}</caption>'
              f'<thead><tr><th scope="col">{escape(words.text("column.indicator"))}</th>{head}</tr></thead>'
              f"<tbody>{rows}</tbody></table></div>")
    return f"<section>{title}{counts}{''.join(_one_dossier(dossier, words) for dossier in dossiers)}</section>"


def _one_dossier(dossier: Dossier, words: Catalogue) -> str:
    heads = "".join(f'<th scope="col">{escape(words.text(f"column.{name}"))}</th>'
                    for name in ("check", "status", "finding", "advice"))
    rows = "".join(
        f'<tr><th scope="row">{escape(_check_name(finding, words))}'
        f" <small>{escape(finding.code)}</small></th>"
        f'<td class="{_CLASS[finding.status]}">{escape(words.text(f"status.{finding.status.value}"))}</td>'
        f"<td>{escape(words.sentence(finding.message))}</td>"
        f"<td>{escape(words.sentence(finding.advice)) if finding.advice else ''}</td></tr>"
        for finding in dossier.findings
    )
    caption = escape(words.text("findings.detail", indicator=_name(dossier.indicator, words)))
    inside = f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody>"
    if len(dossier.findings) <= _LONG:
        return f'<div class="scroll"><table class="findings"><caption>{caption}</caption>{inside}</table></div>'
    return (f'<details><summary>{caption}</summary><div class="scroll"><table class="findings">{inside}</table></div>'
            "</details>")


def _banners(setting: Setting, source_note: str, words: Catalogue) -> list[str]:
    if setting.synthetic:
        lines = [words.text("screen.synthetic")]
    elif source_note:
        lines = [words.text("screen.real", source=source_note)]
    else:
        lines = [words.text("screen.real_plain")]
    if setting.shown_name:
        lines.append(words.text("screen.shows", region=setting.region_name, unit=setting.unit_word,
                                shown=setting.shown_name))
    return lines


def _grade(survey: SurveyResults, words: Catalogue) -> list[str]:
    """The grade in words, nothing where the rule has none or its probability is not known."""
    rule, grades = survey.ruleset, survey.grades
    if isinstance(grades, NotApplicable) or not rule.bands:
        return []
    band = rule.band_of(survey.index.value)
    share = dict(zip(grades.frame["label"], grades.frame["value"], strict=True))
    own = share.get(band.code, float("nan"))
    if isnan(own):
        return []
    title = (rule.title_en if words.lang == "en" else "") or rule.title
    parts = [words.text("screen.grade", rule=title, band=_band(band, words), p=chance_text(own, words=words))]
    others = _other_grades(rule, grades, band, words)
    if others:
        parts.append(words.text("screen.grade_other", others=others))
    return parts


def _other_grades(rule: Ruleset, grades: EstimateTable, band: Band, words: Catalogue) -> str:
    share = dict(zip(grades.frame["label"], grades.frame["value"], strict=True))
    rest = sorted(((share.get(other.code, 0.0), other) for other in rule.bands if other.code != band.code),
                  key=lambda pair: -pair[0])
    shown = (words.text("screen.other", band=_band(other, words), p=chance_text(p, words=words))
             for p, other in rest if p >= _WORTH_NAMING)
    return words.text("screen.between").join(shown)


def _band(band: Band, words: Catalogue) -> str:
    name = (band.name_en if words.lang == "en" else "") or band.name
    return band.code if name in ("", band.code) else f"{band.code} ({name})"


def _by_weight(dossiers: Sequence[Dossier]) -> list[Found]:
    """All findings, the most serious first; among equals the survey index, then the order of the dossiers."""
    found = [(dossier.indicator, finding) for dossier in dossiers for finding in dossier.findings]
    return sorted(found, key=lambda pair: (_SERIOUS.index(pair[1].status), _FAMILIES.index(pair[1].family),
                                           not pair[0].survey))


def _groups(found: Iterable[Found], statuses: Sequence[Status]) -> list[list[Found]]:
    """Findings of the same check and status together, in the order of the first."""
    groups: dict[tuple[str, Status], list[Found]] = {}
    for pair in found:
        if pair[1].status in statuses:
            groups.setdefault((pair[1].code, pair[1].status), []).append(pair)
    return list(groups.values())


def _grouped(group: list[Found], words: Catalogue) -> str:
    """One check's finding as HTML that names every indicator it concerns."""
    sentences = [words.sentence(finding.message) for _, finding in group]
    names = list(dict.fromkeys(_name(indicator, words) for indicator, _ in group))
    if len(set(sentences)) == 1:
        return _item(names, sentences[0], words)
    rest = words.text("screen.similar", indicators=_list(names[1:], words)) if names[1:] else ""
    return _item(names[:1], sentences[0], words, after=rest)


def _item(names: list[str], text: str, words: Catalogue, *, after: str = "") -> str:
    """Whom it concerns and the first sentence in sight, the rest one touch away: the screen must stay a screen."""
    first, *rest = _SENTENCE_END.split(text, maxsplit=1)
    if after:
        rest.append(after)
    if len(names) > 1:
        rest.append(words.text("screen.meant", indicators=_list(names, words, most=len(names))))
    who = names[0] if len(names) == 1 else words.text("screen.several", n=len(names))
    html = f"<strong>{escape(who)}</strong>: {escape(first)}"
    if not rest:
        return html
    summary = escape(words.text("screen.details"))
    return f'{html}<details class="rest"><summary>{summary}</summary>{escape(" ".join(rest))}</details>'


def _flagged(group: list[Found], words: Catalogue) -> str:
    status = group[0][1].status
    flag = escape(words.text(f"status.{status.value}"))
    return f'<span class="{_CLASS[status]}">{flag}.</span> {_grouped(group, words)}'


def _advice(found: Iterable[Found], words: Catalogue) -> list[str]:
    """What to do, each advice once, with the indicators it is meant for."""
    meant: dict[str, list[str]] = {}
    for indicator, finding in found:
        if finding.advice is not None:
            names = meant.setdefault(words.sentence(finding.advice), [])
            if _name(indicator, words) not in names:
                names.append(_name(indicator, words))
    return [_item(names, sentence, words) for sentence, names in meant.items()]


def _card(kind: str, css: str, items: list[str], words: Catalogue) -> str:
    """A card with the first items; ``items`` are escaped already."""
    title = escape(words.text(f"screen.card_{kind}"))
    if not items:
        body = f"<p>{escape(words.text(f'screen.nothing_{kind}'))}</p>"
    else:
        body = f"<ul>{''.join(f'<li>{item}</li>' for item in items[:_TOP])}</ul>"
        if len(items) > _TOP:
            body += f'<p class="more">{escape(words.text("screen.more", n=len(items) - _TOP))}</p>'
    return f'<section class="card {css}"><h2>{title}</h2>{body}</section>'


def _not_judged(found: Iterable[Found], words: Catalogue) -> str:
    """One line: which checks had no answer and why."""
    reasons: dict[str, list[str]] = {}
    not_run = 0
    for _, finding in found:
        if finding.status is Status.NOT_RUN:
            not_run += 1
        elif finding.status is Status.NOT_APPLICABLE and finding.message.code.rpartition(".")[2] not in _NO_GAP:
            checks = reasons.setdefault(words.sentence(finding.message), [])
            if _check_name(finding, words) not in checks:
                checks.append(_check_name(finding, words))
    parts = [words.text("screen.not_judged_item", checks=_list(checks, words), reason=reason)
             for reason, checks in sorted(reasons.items(), key=lambda item: -len(item[1]))]
    more = [words.text("screen.more", n=len(parts) - _NAMES)] if len(parts) > _NAMES else []
    lines = [words.text("screen.not_judged", list=" ".join([*parts[:_NAMES], *more]))] if parts else []
    if not_run:
        lines.append(words.text("screen.not_run", n=not_run))
    return " ".join(lines) or words.text("screen.all_judged")


def _list(names: list[str], words: Catalogue, *, most: int = _NAMES) -> str:
    shown = list(names[:most])
    if len(names) > most:
        shown.append(words.text("screen.and_more", n=len(names) - most))
    return words.text("screen.between").join(shown)


def _name(indicator: Indicator, words: Catalogue) -> str:
    return (indicator.name_en if words.lang == "en" else "") or indicator.name


def _check_name(finding: Finding, words: Catalogue) -> str:
    return words.text(f"check.{finding.code}.name") if words.has(f"check.{finding.code}.name") else finding.code
