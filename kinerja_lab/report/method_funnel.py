"""By which convention were funnel limits drawn, and how many looks were taken? Lines of the method section."""

from collections.abc import Iterator, Mapping

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.evidence.criterion import FALSE_DISCOVERY
from kinerja_lab.evidence.profile import funnel_looks
from kinerja_lab.profiling.funnel import Funnel
from kinerja_lab.profiling.funnel_rules import FunnelRules, Overdispersion
from kinerja_lab.text.catalogue import Catalogue

__all__ = ["funnel_lines", "funnel_rows"]


def funnel_lines(
    funnels: Mapping[str, Funnel | NotApplicable], *, words: Catalogue, measures: Mapping[str, str],
) -> list[str]:
    """A sentence for every convention with its measures, and one for the looks at all of them.

    Parameters
    ----------
    funnels : mapping of str to (Funnel or NotApplicable)
        By measure code.
    words : Catalogue
        Of the report's language.
    measures : mapping of str to str
        Names of measures by code.
    """
    drawn = {code: found for code, found in funnels.items() if isinstance(found, Funnel)}
    shared: dict[FunnelRules, list[str]] = {}
    for code, found in drawn.items():
        if found.rules is not None:
            shared.setdefault(found.rules, []).append(words.text(
                "funnel_rule.measure", measure=measures[code], phi=found.phi, tau2=found.tau2,
                limits=_limits(found, words)))
    lines = [words.text("method.funnel", rules=_rules(rules, words), measures="; ".join(parts))
             for rules, parts in shared.items()]
    if drawn:
        looks, flags, kept = funnel_looks(funnels)
        lines.append(words.text("method.funnel_looks", looks=looks, funnels=len(drawn), flags=flags, kept=kept,
                                fdr=FALSE_DISCOVERY))
    return lines


def _rules(rules: FunnelRules, words: Catalogue) -> str:
    parts = [words.text(f"funnel_rule.scale_{rules.scale.value}"),
             words.text(f"funnel_rule.ends_{rules.ends.value}", share=rules.share),
             words.text(f"funnel_rule.spread_{rules.overdispersion.value}")]
    if rules.overdispersion is not Overdispersion.NONE:
        parts.append(words.text(f"funnel_rule.estimator_{rules.estimator.value}"))
    if rules.exact:
        parts.append(words.text("funnel_rule.exact"))
    if rules.decimals is not None:
        parts.append(words.text("funnel_rule.decimals", decimals=rules.decimals))
    return "; ".join(parts)


def _limits(found: Funnel, words: Catalogue) -> str:
    if found.rules.overdispersion is Overdispersion.MULTIPLICATIVE:
        return words.text("funnel_rule.limits_factor", factor=found.factor)
    return words.text("funnel_rule.limits_tau2", tau2=found.tau2_limits)


def funnel_rows(measure: str, found: Funnel) -> Iterator[tuple[str, EstimateTable]]:
    """The q-value of every flagged unit over all looks, for ``result.json``.

    Parameters
    ----------
    measure : str
        Code of the measure.
    found : Funnel
        From ``flags_together``.
    """
    q = found.flag_q()
    if q:
        yield f"funnel.{measure}.flags", EstimateTable.from_estimates(
            [Estimate(label="flag_q", value=value, low=float("nan"), high=float("nan"), n=found.looks,
                      method="Benjamini-Hochberg over all funnels of the report", unit="probability",
                      note="probability_no_interval") for value in q.values()],
            groups=("unit",), keys=[(unit,) for unit in q])
