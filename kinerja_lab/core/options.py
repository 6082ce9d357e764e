"""The closed lists of choices; strings become one of these at the door and nowhere else."""

from enum import StrEnum
from typing import TypeVar

from kinerja_lab.core.errors import KinerjaError, closest

__all__ = [
    "CapRule", "DownFormula", "Family", "IndicatorLevel", "MeasureKind", "Polarity", "Status", "WeightMode",
    "ZeroRule", "as_option",
]


class Polarity(StrEnum):
    """Which way is better."""

    MAXIMISE = "maximise"
    MINIMISE = "minimise"
    STABILISE = "stabilise"


class IndicatorLevel(StrEnum):
    """Where in the results chain an indicator stands (jenis)."""

    INPUT = "input"
    PROCESS = "process"
    OUTPUT = "output"
    OUTCOME = "outcome"
    IMPACT = "impact"


class MeasureKind(StrEnum):
    """How a period of an outcome measure is summed: events of a denominator, events against exposure, or a mean."""

    PROPORTION = "proportion"
    RATE = "rate"
    MEAN = "mean"


class Status(StrEnum):
    """What a check says. There is no "bad": the tool advises, people decide."""

    PASSED = "passed"
    CONCERN = "concern"
    FAILED = "failed"
    NOT_APPLICABLE = "not_applicable"
    NOT_RUN = "not_run"


class Family(StrEnum):
    """Families of checks, in the order of a dossier."""

    DEFINITION = "definition"
    DATA = "data"
    MEASUREMENT = "measurement"
    CRITERION = "criterion"
    PROFILE = "profile"
    ACHIEVEMENT = "achievement"


class WeightMode(StrEnum):
    """Element weight of the SKM: exact 1/x, or as some reports print it (only to reproduce an old report)."""

    EXACT = "exact"
    PRINTED_2 = "printed_0.11"
    PRINTED_3 = "printed_0.111"


class DownFormula(StrEnum):
    """Rival formulas of achievement where lower is better."""

    LINEAR = "linear"
    RATIO = "ratio"


class CapRule(StrEnum):
    """What is done with an achievement above 100 %."""

    NONE = "none"
    CAP_100 = "cap_100"
    CAP_120 = "cap_120"
    CAP_200 = "cap_200"


class ZeroRule(StrEnum):
    """What is done when the target is zero."""

    UNDEFINED = "undefined"
    HUNDRED_IF_MET = "hundred_if_met"


Option = TypeVar("Option", bound=StrEnum)


def as_option(kind: type[Option], value: str | Option) -> Option:
    """The option that a string names, exactly.

    Raises
    ------
    KinerjaError
        ``unknown_option`` with the choices and the nearest one.
    """
    try:
        return kind(value)
    except ValueError:
        choices = [member.value for member in kind]
        raise KinerjaError(
            "unknown_option", name=kind.__name__, value=str(value), choices=", ".join(choices),
            nearest=closest(str(value), choices) or "-",
        ) from None
