"""Which checks are there, in which order do they stand in a dossier?"""

from kinerja_lab.core.errors import KinerjaError, closest
from kinerja_lab.evidence import (
    achievement,
    calibration,
    criterion,
    data,
    definition,
    design,
    instrument,
    irt,
    measurement,
    profile,
    standing,
    structure,
    targets,
    wording,
)
from kinerja_lab.evidence.check import Check

__all__ = ["CHECKS", "check_of"]

CHECKS: tuple[Check, ...] = (
    *definition.CHECKS, *wording.WORDING_CHECKS, *data.CHECKS, *design.CHECKS, *measurement.CHECKS,
    *structure.CHECKS, *instrument.CHECKS, *irt.CHECKS, *criterion.CHECKS,
    *calibration.CRITERION_CHECKS, *profile.CHECKS, *standing.CHECKS, *calibration.STANDARD_CHECKS,
    *achievement.CHECKS, *targets.TARGET_CHECKS, *calibration.ACHIEVEMENT_CHECKS,
)
"""Every check, by family in the order of ``Family``."""


def check_of(code: str) -> Check:
    """The check of a code.

    Parameters
    ----------
    code : str
        E.g. ``"MEA001"``.

    Raises
    ------
    KinerjaError
        ``unknown_check`` with the nearest code.

    Examples
    --------
    >>> check_of("MEA001").family.value
    'measurement'
    """
    for check in CHECKS:
        if check.code == code:
            return check
    raise KinerjaError("unknown_check", value=code, nearest=closest(code, [check.code for check in CHECKS]) or "-")
