"""What does all the evidence say about one indicator, and about many?"""

from collections.abc import Iterable, Mapping
from datetime import date

from kinerja_lab.core.finding import Dossier
from kinerja_lab.core.indicator import Indicator
from kinerja_lab.core.options import Status
from kinerja_lab.evidence.check import Case
from kinerja_lab.evidence.registry import CHECKS
from kinerja_lab.evidence.results import RegionResults

__all__ = ["dossier_counts", "examine"]


def examine(
    indicator: Indicator, results: RegionResults, *, today: date, fingerprints: Mapping[str, str],
) -> Dossier:
    """Every check's finding on one indicator.

    Parameters
    ----------
    indicator : Indicator
        The indicator judged.
    results : RegionResults
        Everything computed for the region and period.
    today : datetime.date
        Day on which review dates are judged.
    fingerprints : mapping of str to str
        Hashes of data, specs and ruleset, and the package version.

    Returns
    -------
    Dossier
        Each registered check exactly once; one that has no answer says why.
    """
    case = Case(indicator=indicator, results=results, today=today)
    return Dossier(
        indicator=indicator, findings=tuple(check.run(case) for check in CHECKS),
        registered=tuple(check.code for check in CHECKS), fingerprints=fingerprints,
    )


def dossier_counts(dossiers: Iterable[Dossier]) -> dict[str, int]:
    """How many findings of some dossiers ended with each status.

    Parameters
    ----------
    dossiers : iterable of Dossier
        Of one region, or of many.

    Returns
    -------
    dict of str to int
        Every status by its value, also those that did not occur.

    Examples
    --------
    >>> dossier_counts([])["passed"]
    0
    """
    dossiers = tuple(dossiers)
    return {status.value: sum(dossier.count(status) for dossier in dossiers) for status in Status}
