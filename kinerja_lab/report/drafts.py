"""What do the checks say of an indicator that is still being written, and can it be saved?"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from kinerja_lab.core.errors import InputFault, KinerjaError, NotApplicable
from kinerja_lab.core.finding import Finding
from kinerja_lab.core.indicator import Indicator
from kinerja_lab.core.options import IndicatorLevel, Polarity
from kinerja_lab.drafting.wording_rules import WordingRules
from kinerja_lab.evidence.check import Case
from kinerja_lab.evidence.definition import CHECKS
from kinerja_lab.evidence.results import RegionResults, Setting
from kinerja_lab.evidence.wording import WORDING_CHECKS
from kinerja_lab.io.indicator_files import check_file
from kinerja_lab.io.indicator_new import new_indicator
from kinerja_lab.io.whole_files import write_whole

__all__ = ["draft_faults", "draft_findings", "draft_text", "save_draft"]

_CODE = "draf"
_UNWRITTEN = "(belum ditulis)"
"""In parentheses: a remark, which the checks take as empty."""

_OTHER = "--"
"""Stands for the checker, who is judged when the file is read."""

_NOTHING = NotApplicable("no_index")
_SETTING = Setting(study="-", region="-", region_name="-", region_word="-", unit_word="-", period="", level=0.95,
                   suppress_below=10)


def draft_findings(
    values: Mapping[str, object], *, rules: WordingRules, today: date, owner: str,
) -> tuple[Finding, ...]:
    """Every check of definition and wording, as in a dossier, on a draft that may have gaps.

    Parameters
    ----------
    values : mapping of str to object
        Keys of an indicator file with what is written so far; a key may be absent.
    rules : WordingRules
        Rules about wording.
    today : datetime.date
        Review dates are compared with it.
    owner : str
        What the office that answers for it is called while no office is written.

    Returns
    -------
    tuple of Finding
        One for each check of the family, in the order of a dossier; empty where not even the name is there.
    """
    if not str(values.get("name", "")).strip():
        return ()
    results = RegionResults(setting=_SETTING, survey=_NOTHING, outcomes=_NOTHING, wording=rules)
    case = Case(indicator=_stand_in(values, owner), results=results, today=today)
    return tuple(check.run(case) for check in (*CHECKS, *WORDING_CHECKS))


def _stand_in(values: Mapping[str, object], owner: str) -> Indicator:
    """The draft as an indicator; what is missing and judged by no check of the wording gets a place-holder."""
    def text(key: str) -> str:
        return str(values.get(key, "") or "")

    def day(key: str) -> date | None:
        value = values.get(key)
        return value if isinstance(value, date) else None

    baseline, year = values.get("baseline"), values.get("baseline_year")
    return Indicator(
        code=_CODE, name=text("name"), question=text("question"), why=text("why"),
        numerator=text("numerator") or _UNWRITTEN, denominator=text("denominator"), unit=text("unit"),
        survey=bool(values.get("survey")), polarity=Polarity.MAXIMISE,
        level=IndicatorLevel(values.get("level", IndicatorLevel.OUTCOME)),
        source=text("source"), frequency=text("frequency"),
        baseline=float(baseline) if isinstance(baseline, int | float) else float("nan"),
        baseline_year=year if isinstance(year, int) else None, owner=text("owner") or owner, checker=_OTHER,
        reviewed=day("reviewed"), next_review=day("next_review"),
    )


def draft_text(values: Mapping[str, object], *, help: Mapping[str, str]) -> str:
    """The indicator file that would be written.

    Parameters
    ----------
    values : mapping of str to object
        Keys of an indicator file.
    help : mapping of str to str
        Key -> remark above it.
    """
    rest = {key: value for key, value in values.items() if key != "code"}
    return new_indicator(str(values.get("code", "")), help=help, values=rest)


def draft_faults(values: Mapping[str, object], *, help: Mapping[str, str]) -> tuple[InputFault, ...]:
    """Why the draft cannot be saved yet: the faults that the reader of indicator files would find, by key.

    Parameters
    ----------
    values, help
        As in ``draft_text``.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "draf.yml"
        write_whole(path, draft_text(values, help=help).encode("utf-8"))
        return check_file(path)


def save_draft(values: Mapping[str, object], *, folder: Path, help: Mapping[str, str]) -> Path:
    """Write a draft without faults as a new indicator file.

    Parameters
    ----------
    values, help
        As in ``draft_text``.
    folder : pathlib.Path
        Made when absent.

    Raises
    ------
    KinerjaError
        ``draft_faults``, or ``file_exists``: an indicator in use is changed by ``kinerja indicator revise``, never
        written over.
    """
    faults = draft_faults(values, help=help)
    if faults:
        raise KinerjaError("draft_faults", n=len(faults))
    path = Path(folder) / f"{values['code']}.yml"
    if path.exists():
        raise KinerjaError("file_exists", file=path.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, draft_text(values, help=help).encode("utf-8"))
    return path
