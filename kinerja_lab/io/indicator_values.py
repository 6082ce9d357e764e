"""From a checked file model to the indicator itself: nothing here is guessed or filled in."""

from kinerja_lab.core.errors import InputFault, KinerjaError
from kinerja_lab.core.indicator import AchievementRule, Criterion, Indicator, Realisation, Revision
from kinerja_lab.io.indicator_fields import extra_values, field_faults
from kinerja_lab.io.specs import IndicatorSpec, SeriesSpec
from kinerja_lab.io.yaml_text import YamlText

__all__ = ["as_indicator"]


_PLACE = {"indicator_owner": "checker", "indicator_range": "stable_range", "indicator_code": "code",
          "indicator_formula": "numerator", "target_range": "targets", "criterion_sign": "criteria"}
"""Where a fault that the value itself finds stands in the file."""

_PLAIN = (
    "code", "name", "name_en", "question", "why", "numerator", "denominator", "survey", "measure", "unit", "polarity",
    "level", "source", "frequency", "baseline_year", "owner", "checker", "reviewed", "next_review",
)


def as_indicator(spec: IndicatorSpec, text: YamlText) -> tuple[Indicator | None, list[InputFault]]:
    """The indicator of a file, and every fault between its keys.

    Parameters
    ----------
    spec : IndicatorSpec
        The file's model.
    text : YamlText
        The file, for lines.

    Returns
    -------
    tuple
        The indicator, or None where the value itself refuses, and the faults.
    """
    faults = field_faults(spec, text)
    if any(fault.message.code == "fault.target_ends" for fault in faults):
        return None, faults
    try:
        return _value(spec), faults
    except KinerjaError as error:
        code = error.message.code.split(".", 1)[1]
        return None, [*faults, text.fault("indicator_wrong", (_PLACE.get(code, "code"),), reason=error.message)]


def _value(spec: IndicatorSpec) -> Indicator:
    return Indicator(
        **{name: getattr(spec, name) for name in _PLAIN}, **extra_values(spec),
        stable_range=tuple(spec.stable_range) if spec.stable_range else None,
        agencies=tuple(spec.agencies), baseline=_number(spec.baseline),
        rule=AchievementRule(down=spec.rule.down, cap=spec.rule.cap, zero=spec.rule.zero),
        series=tuple(Realisation(period=item.period, target=_target(item, spec), realisation=_number(item.realisation),
                                 printed=_number(item.printed)) for item in spec.series),
        criteria=tuple(Criterion(measure=item.measure, sign=item.sign) for item in spec.criteria),
        revisions=tuple(Revision(on=item.on, by=item.by, reason=item.reason, changed=tuple(item.changed),
                                 breaks_series=item.breaks_series) for item in spec.revisions),
    )


def _target(entry: SeriesSpec, spec: IndicatorSpec) -> float:
    """The year's number; a single one may stand among the targets by period instead, a range is no number."""
    single = (item.low for item in spec.targets if item.period == entry.period and item.high in (None, item.low))
    return _number(next(single, None) if entry.target is None else entry.target)


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
