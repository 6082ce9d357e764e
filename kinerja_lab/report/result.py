"""Every number of a report with its columns, for machines: what becomes ``result.json``."""

from collections.abc import Iterator
from math import isfinite, isnan

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import FIXED_COLUMNS, Estimate, EstimateTable
from kinerja_lab.core.finding import Finding
from kinerja_lab.core.options import Status
from kinerja_lab.drafting.achievement import Achievement
from kinerja_lab.report.method_funnel import funnel_rows
from kinerja_lab.report.sections_calibration import calibration_estimates
from kinerja_lab.report.sections_design import design_rows
from kinerja_lab.report.sections_instrument import instrument_sections
from kinerja_lab.report.sections_irt import fairness_estimates
from kinerja_lab.report.sections_regions import regions_estimates
from kinerja_lab.report.sections_standing import standing_estimates
from kinerja_lab.report.sections_structure import structure_estimates
from kinerja_lab.report.session import Report
from kinerja_lab.text.catalogue import catalogue

__all__ = ["SCHEMA", "headline", "result_of"]

SCHEMA = 1
"""Version of the shape of ``result.json``."""


def result_of(report: Report) -> dict:
    """A report as plain values.

    Parameters
    ----------
    report : Report
        From ``prepare``.

    Returns
    -------
    dict
        ``schema, study, region, period, language, level, fingerprints, headline, verdicts, findings, estimates``.
        Numbers are unrounded; where there is none the value is None and ``note`` says why.
    """
    setting = report.results.setting
    findings = [finding for dossier in report.dossiers for finding in dossier.findings]
    return {
        "schema": SCHEMA, "study": setting.study,
        "region": {"code": setting.region, "name": setting.region_name},
        "period": setting.period, "language": report.language, "level": setting.level,
        "fingerprints": dict(report.dossiers[0].fingerprints) if report.dossiers else {},
        "headline": _plain(headline(report)),
        "verdicts": {status.value: sum(f.status is status for f in findings) for status in Status},
        "findings": [_finding(finding, dossier.indicator.code, report.language)
                     for dossier in report.dossiers for finding in dossier.findings],
        "estimates": [row for section, rows in _sections(report) for row in _rows(section, rows)],
    }


def headline(report: Report) -> Estimate | None:
    """The one number a list of regions shows: the survey's index, else how many printed ratios can be recomputed.

    Parameters
    ----------
    report : Report
        From ``prepare``.
    """
    survey = report.results.survey
    if not isinstance(survey, NotApplicable):
        return survey.index
    pairs = [
        (entry, answer)
        for dossier in report.dossiers
        for entry, answer in zip(
            dossier.indicator.series, report.results.achievements[dossier.indicator.code], strict=True)
        if isinstance(answer, Achievement) and not isnan(entry.printed)
    ]
    if not pairs:
        return None
    agree = sum(abs(answer.percent - entry.printed) <= RECOMPUTED_WITHIN for entry, answer in pairs)
    return Estimate(label="recomputed", value=100 * agree / len(pairs), low=float("nan"), high=float("nan"),
                    n=len(pairs), method="count", unit="percent", note="complete_list",
                    level=report.results.setting.level)


RECOMPUTED_WITHIN = 0.5
"""Points by which a printed ratio may differ from the recomputed one and still count as reproduced."""


def _finding(finding: Finding, indicator: str, lang: str) -> dict:
    words = catalogue(lang)
    return {
        "indicator": indicator, "code": finding.code, "family": finding.family.value, "status": finding.status.value,
        "sentence": words.sentence(finding.message),
        "advice": words.sentence(finding.advice) if finding.advice else "",
        "numbers": {name: _number(value) for name, value in finding.numbers.items()},
    }


def _sections(report: Report) -> Iterator[tuple[str, Estimate | EstimateTable]]:
    """Every estimate of the report under the name of its section; a reason instead of a result yields nothing."""
    survey = report.results.survey
    if not isinstance(survey, NotApplicable):
        for name in ("index", "index_varying", "elements", "grades", "change", "agencies", "units", "unit_grades",
                     "missing", "ceiling", "straightlining", "alpha", "item_rest"):
            yield name, getattr(survey, name)
        if not isinstance(survey.unit_reliability, NotApplicable):
            for name in ("icc1", "reliability", "needed", "separable"):
                yield f"unit_reliability.{name}", getattr(survey.unit_reliability, name)
        if not isinstance(survey.raters, NotApplicable):
            yield "raters.components", survey.raters.components
            yield "raters.shares", survey.raters.shares
    yield from design_rows(report.results.design)
    yield from instrument_sections(report.results.instrument)
    yield from fairness_estimates(report)
    yield from structure_estimates(report)
    yield from regions_estimates(report)
    yield from standing_estimates(report)
    yield from calibration_estimates(report)
    for measure, funnel in report.results.funnels.items():
        if not isinstance(funnel, NotApplicable):
            yield f"funnel.{measure}", funnel.units
            yield from funnel_rows(measure, funnel)
    for look in report.results.looks:
        if not isinstance(look.result, NotApplicable):
            yield f"criterion.{look.indicator}.{look.criterion}.rank", look.result.rank
            yield f"criterion.{look.indicator}.{look.criterion}.linear", look.result.linear


def _rows(section: str, result: Estimate | EstimateTable | NotApplicable) -> Iterator[dict]:
    if isinstance(result, NotApplicable):
        return
    frame = result.to_frame()
    groups = result.groups if isinstance(result, EstimateTable) else ()
    # Groups get a prefix here, so that "unit" is the unit of measurement in every row of the file.
    keys = [{f"group_{name}": str(value) for name, value in zip(groups, row, strict=True)}
            for row in frame[list(groups)].itertuples(index=False, name=None)]
    estimates = result.estimates() if isinstance(result, EstimateTable) else (result,)
    for key, estimate in zip(keys, estimates, strict=True):
        row = {name: _json_value(getattr(estimate, name)) for name in FIXED_COLUMNS}
        if row["high"] is None or row["low"] is None:
            row["note"] = row["note"] or "unbounded"  # an end at infinity has no number in JSON
        yield {"section": section, **key, **row}


def _plain(estimate: Estimate | None) -> dict | None:
    if estimate is None:
        return None
    return {"label": estimate.label, "value": _number(estimate.value), "low": _number(estimate.low),
            "high": _number(estimate.high), "n": estimate.n, "unit": estimate.unit, "note": estimate.note}


def _json_value(value: str | float | int) -> str | float | int | None:
    return _number(value) if isinstance(value, float) else value


def _number(value: float) -> float | None:
    return float(value) if isfinite(value) else None
