"""Everything a report notebook shows: the study, one region's results and the dossier of every indicator."""

from dataclasses import dataclass
from datetime import date

from kinerja_lab import __version__
from kinerja_lab.core.errors import InputFault, InputFaults
from kinerja_lab.core.finding import Dossier
from kinerja_lab.core.message import Message
from kinerja_lab.evidence.dossier import examine
from kinerja_lab.evidence.results import RegionResults
from kinerja_lab.io.places import studies_root
from kinerja_lab.io.sources import open_source
from kinerja_lab.io.study import load_study
from kinerja_lab.io.study_values import Study
from kinerja_lab.report.analyse import analyse, setting_of
from kinerja_lab.report.parameters import ALL_REGIONS

__all__ = ["Report", "prepare"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Report:
    """One report, computed and not yet shown.

    Parameters
    ----------
    study : Study
        The study as loaded.
    results : RegionResults
        Every method's result.
    dossiers : tuple of Dossier
        One for each indicator of the study, in its order.
    language : str
        ``"id"`` or ``"en"``.
    today : datetime.date
        The day the report was asked for; review dates are compared with it.
    """

    study: Study
    results: RegionResults
    dossiers: tuple[Dossier, ...]
    language: str
    today: date


def prepare(*, study: str, region: str, period: str, language: str, level: float, today: str) -> Report:
    """Read one region, compute everything once, examine every indicator.

    Parameters
    ----------
    study : str
        Name of a study folder.
    region : str
        Region code of the study, or ``"semua"`` for all together.
    period : str
        One of the study's periods; empty where it has none.
    language : str
        ``"id"`` or ``"en"``.
    level : float
        Confidence level, 0.5 to below 1.
    today : str
        The day, as ``YYYY-MM-DD``.

    Raises
    ------
    KinerjaError
        What ``load_study`` and ``open_source`` raise; ``unknown_region``.
    InputFaults
        ``unknown_period`` or ``bad_date``.
    """
    loaded = load_study(studies_root() / study)
    if period not in (loaded.periods or ("",)):
        raise InputFaults([InputFault(
            message=Message("fault.unknown_period", {"choices": ", ".join(loaded.periods) or "-"}),
            column="period", value=period)])
    try:
        day = date.fromisoformat(today)
    except ValueError:
        raise InputFaults([InputFault(message=Message("fault.bad_date"), column="today", value=today)]) from None
    source = open_source(loaded)
    setting = setting_of(loaded, region=region, period=period, language=language, level=level)
    results = analyse(loaded, source, setting=setting)
    prints = {**loaded.fingerprints(), "package": __version__}
    if region != ALL_REGIONS:
        prints["data"] = source.slice_fingerprint(region)
    dossiers = tuple(examine(indicator, results, today=day, fingerprints=prints) for indicator in loaded.indicators)
    return Report(study=loaded, results=results, dossiers=dossiers, language=language, today=day)
