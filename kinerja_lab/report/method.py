"""By which rules, conventions and versions were the numbers of a report made?"""

from collections.abc import Sequence
from html import escape

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.core.finding import Dossier
from kinerja_lab.core.ruleset import Ruleset
from kinerja_lab.evidence.results import RegionResults, SurveyResults
from kinerja_lab.psychometrics.unit_reliability import UnitReliability
from kinerja_lab.report.method_funnel import funnel_lines
from kinerja_lab.report.method_standing import standing_lines
from kinerja_lab.report.method_words import method_text
from kinerja_lab.text.catalogue import Catalogue, catalogue
from kinerja_lab.text.numbers import number

__all__ = ["method_section"]

_SHORT = 12
_CITED = ("high", "medium")


def method_section(
    results: RegionResults, dossiers: Sequence[Dossier], *, lang: str, source_note: str = "",
) -> str:
    """Rules, conventions, rows not used, versions and fingerprints, and how to read an interval.

    Parameters
    ----------
    results : RegionResults
        Everything computed for the region.
    dossiers : sequence of Dossier
        Carry the fingerprints.
    lang : str
        ``"id"`` or ``"en"``.
    source_note : str
        Source and licence of the data.

    Returns
    -------
    str
        An HTML ``section`` that begins with ``h2``.
    """
    words = catalogue(lang)
    level = number(results.setting.level, lang=lang, spec=".0%")
    parts = [
        f'<h2 id="method">{escape(words.text("method.title"))}</h2>',
        _block("reading", [words.text("method.reading_text", level=level)], words),
        _block("rules", [_rule(rule, words) for rule in _rules(results)], words, listed=True),
        _block("conventions", _conventions(results, words, level), words, listed=True),
        _block("drops", _drops(results, words), words, listed=True),
        _block("source", [source_note], words) if source_note else "",
        _fingerprints(dossiers, words),
    ]
    return f"<section>{''.join(parts)}</section>"


def _block(kind: str, lines: list[str], words: Catalogue, *, listed: bool = False) -> str:
    if not lines:
        return ""
    title = f"<h3>{escape(words.text(f'method.{kind}'))}</h3>"
    if listed:
        return f"{title}<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"
    return title + "".join(f"<p>{escape(line)}</p>" for line in lines)


def _rules(results: RegionResults) -> list[Ruleset]:
    rules = [] if isinstance(results.survey, NotApplicable) else [results.survey.ruleset]
    if results.scale is not None and any(results.achievements.values()):
        rules.append(results.scale)
    return rules


def _rule(rule: Ruleset, words: Catalogue) -> str:
    """A rule in words; one whose facts come from memory is never cited."""
    title = (rule.title_en if words.lang == "en" else "") or rule.title
    parts = [words.text("method.rule", title=title, code=rule.code)]
    if rule.confidence in _CITED:
        parts.append(words.text("method.rule_source", source=rule.source))
    else:
        parts.append(words.text("method.rule_unverified"))
    if rule.valid_from is not None:
        end = str(rule.valid_to) if rule.valid_to is not None else words.text("method.still")
        years = words.text("method.since", start=str(rule.valid_from), end=end)
        parts.append(words.text("method.rule_years", years=years))
    if rule.bands:
        parts.append(words.text("method.rounding", decimals=rule.decimals))
    return " ".join(parts)


def _conventions(results: RegionResults, words: Catalogue, level: str) -> list[str]:
    lines = [words.text("method.level", level=level)]
    if not isinstance(results.survey, NotApplicable):
        lines.extend(_survey_lines(results.survey, words))
    measures = {code: _measure_name(results, code, words) for code in results.funnels}
    lines.extend(funnel_lines(results.funnels, words=words, measures=measures))
    lines.extend(standing_lines(results.standing, words=words, measures=measures))
    if results.looks:
        lines.append(words.text("method.looks", n=len(results.looks)))
        methods = dict.fromkeys(look.result.method for look in results.looks
                                if not isinstance(look.result, NotApplicable))
        lines.extend(words.text("method.look_method", method=method_text(method, words=words)) for method in methods)
    below = results.setting.suppress_below
    lines.append(words.text("method.suppression", below=below) if below > 1 else words.text("method.no_suppression"))
    return lines


def _survey_lines(survey: SurveyResults, words: Catalogue) -> list[str]:
    lines = [words.text("method.index_method", method=method_text(survey.index.method, words=words),
                        n=survey.index.n)]
    if not isinstance(survey.grades, NotApplicable):
        lines.append(words.text("method.grades"))
    if isinstance(survey.alpha, Estimate):
        lines.append(words.text("method.alpha", alpha=survey.alpha,
                                method=method_text(survey.alpha.method, words=words)))
    if isinstance(survey.unit_reliability, UnitReliability):
        lines.append(words.text("method.unit_reliability", icc=survey.unit_reliability.icc1,
                                reliability=survey.unit_reliability.reliability))
    return lines


def _measure_name(results: RegionResults, code: str, words: Catalogue) -> str:
    if isinstance(results.outcomes, NotApplicable):
        return code
    measure = results.outcomes.measure(code)
    return (measure.name_en if words.lang == "en" else "") or measure.name


def _drops(results: RegionResults, words: Catalogue) -> list[str]:
    if isinstance(results.survey, NotApplicable):
        return [words.text("method.no_survey", why=words.sentence(results.survey.message))]
    drops = results.survey.survey.drops
    return [words.text("method.drop", n=drop.n, reason=drop.reason) for drop in drops] or [
        words.text("method.no_drops")]


def _fingerprints(dossiers: Sequence[Dossier], words: Catalogue) -> str:
    prints = {name: value for dossier in dossiers for name, value in dossier.fingerprints.items()}
    if not prints:
        return ""
    rows = "".join(f'<tr><th scope="row">{escape(name)}</th><td><code>{escape(str(value)[:_SHORT])}</code></td></tr>'
                   for name, value in sorted(prints.items()))
    heads = "".join(f'<th scope="col">{escape(words.text(f"method.{name}"))}</th>'
                    for name in ("fingerprint_name", "fingerprint"))
    return (f"<h3>{escape(words.text('method.versions'))}</h3><p>{escape(words.text('method.versions_text'))}</p>"
            f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>")
