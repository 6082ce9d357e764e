"""By which conventions were ranks, volumes, case mix and months computed? Lines of the method section."""

from collections.abc import Mapping

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.evidence.standing_results import StandingResults, UnitStanding
from kinerja_lab.report.method_words import method_text
from kinerja_lab.text.catalogue import Catalogue

__all__ = ["standing_lines"]


def standing_lines(
    found: StandingResults | NotApplicable, *, words: Catalogue, measures: Mapping[str, str],
) -> list[str]:
    """A sentence for every convention; measures that share one share the sentence.

    Parameters
    ----------
    found : StandingResults or NotApplicable
        As it stands in ``RegionResults``.
    words : Catalogue
        Of the report's language.
    measures : mapping of str to str
        Names of measures by code.
    """
    if isinstance(found, NotApplicable):
        return []
    shared: dict[tuple[str, tuple[tuple[str, str], ...]], list[str]] = {}

    def add(key: str, code: str, **params: str) -> None:
        name = measures.get(code) or words.text("sentence.standing_survey")
        params = {part: method_text(said, words=words) for part, said in params.items()}
        shared.setdefault((key, tuple(params.items())), []).append(name)

    for look in (found.survey, *found.measures.values()):
        if isinstance(look, UnitStanding):
            if not isinstance(look.ranking, NotApplicable):
                add("method.standing_ranks", look.code, scale=look.method, method=look.ranking.method)
            if not isinstance(look.shrunken, NotApplicable):
                add("method.standing_shrink", look.code, method=look.shrunken.method)
            if not isinstance(look.case_mix, NotApplicable):
                mix = look.case_mix
                add(f"method.standing_cases_{mix.source}", look.code, method=mix.method,
                    columns=", ".join(words.name("case_mix", column) for column in mix.columns))
    for code, watch in found.watches.items():
        if not isinstance(watch, NotApplicable):
            add("method.standing_watch", code, method=watch.method)
    for code, look in found.charts.items():
        if not isinstance(look, NotApplicable):
            add("method.standing_chart", code, method=look.chart.method, rules=look.chart.rules)
    for code, look in found.adjusted.items():
        if not isinstance(look, NotApplicable):
            add("method.standing_adjusted", code, method=look.scores.method)
    return [words.text(key, measure=", ".join(names), **dict(params)) for (key, params), names in shared.items()]
