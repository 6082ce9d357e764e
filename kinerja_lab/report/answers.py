"""What do the checks say of one indicator, in the order in which a reader should hear it?"""

from collections.abc import Collection, Iterable, Sequence
from html import escape

from kinerja_lab.core.finding import Finding
from kinerja_lab.core.options import Status
from kinerja_lab.text.catalogue import Catalogue

__all__ = ["answers_html", "sentences_html"]

_FIRST = (Status.FAILED, Status.CONCERN)


def answers_html(
    findings: Sequence[Finding], *, words: Catalogue, good: str, not_judged: str, later: Collection[str] = (),
) -> str:
    """What deserves work first, each with its cure; what holds, and what has no answer, in one line each.

    Parameters
    ----------
    findings : sequence of Finding
        Of one indicator.
    words : Catalogue
        Words of one language.
    good, not_judged : str
        Keys under ``[forms]``: the sentence when nothing deserves work, and the line of checks without an answer.
    later : collection of str
        Codes of checks whose answer stands after the others, e.g. because it is about what is not written yet.

    Returns
    -------
    str
        HTML; what was typed by somebody is escaped.
    """
    todo = sorted((item for item in findings if item.status in _FIRST),
                  key=lambda item: (item.code in later, _FIRST.index(item.status)))
    parts = [f"<ul>{''.join(_item(item, words) for item in todo)}</ul>" if todo
             else f"<p>{escape(words.text(f'forms.{good}'))}</p>"]
    for status, key in ((Status.PASSED, "passed"), (Status.NOT_APPLICABLE, not_judged)):
        names = [_name(item, words) for item in findings if item.status is status]
        if names:
            parts.append(f"<p>{words.text(f'forms.{key}', n=len(names), names=', '.join(names))}</p>")
    return f'<div style="line-height:1.35">{"".join(parts)}</div>'


def sentences_html(findings: Iterable[Finding], *, words: Catalogue) -> str:
    """A list with the name, the status and the sentence of every finding, in the order given.

    Parameters
    ----------
    findings : iterable of Finding
        Any number.
    words : Catalogue
        Words of one language.
    """
    rows = (f"<li><strong>{_name(finding, words)}</strong> ({finding.code}, "
            f"{escape(words.text(f'status.{finding.status.value}'))}): {escape(words.sentence(finding.message))}</li>"
            for finding in findings)
    return f"<ul>{''.join(rows)}</ul>"


def _item(finding: Finding, words: Catalogue) -> str:
    advice = escape(words.sentence(finding.advice)) if finding.advice else ""
    head = f"{escape(words.text(f'status.{finding.status.value}'))}: {_name(finding, words)}"
    return (f"<li><strong>{head}</strong> ({finding.code}). {escape(words.sentence(finding.message))} "
            f"<em>{advice}</em></li>")


def _name(finding: Finding, words: Catalogue) -> str:
    return escape(words.text(f"check.{finding.code}.name"))
