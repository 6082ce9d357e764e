"""What does a report show about calibration: claims taken apart, drift, cuts from outcomes, letters and targets?"""

from collections.abc import Iterator
from html import escape

import numpy as np
import pandas as pd

from kinerja_lab.calibration.drift import Drift
from kinerja_lab.calibration.gain import PredictiveGain
from kinerja_lab.calibration.item_outcomes import ItemOutcomes
from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.evidence.calibration import REACH_FEW, RISK
from kinerja_lab.evidence.calibration_results import CalibrationResults, CutLook, TargetLook
from kinerja_lab.evidence.criterion import FALSE_DISCOVERY
from kinerja_lab.report import show
from kinerja_lab.report.disclosure import hidden_units, mask_units
from kinerja_lab.report.outcome_table import dimension_html, dimension_sentences, pair_names
from kinerja_lab.report.pictures import Picture, caption_of, words_for
from kinerja_lab.report.reasons import reason_html
from kinerja_lab.report.session import Report
from kinerja_lab.report.tables import table_html
from kinerja_lab.text.catalogue import catalogue
from kinerja_lab.text.numbers import number

__all__ = ["calibration", "calibration_estimates", "calibration_pictures", "cut_picture"]

_MOST_UNITS = 15
_MOST_TABLED = 100
_SLOPES = ("slope", "slope_mixed")
_PARTS = ("all_units", "within_regions", "between_regions", "beyond_case_mix", "without_noise")


def calibration(report: Report) -> None:
    """Sentences, at most two pictures, and tables; a reason where there is no result."""
    from IPython.display import display

    found, words = report.results.calibration, catalogue(report.language)
    head = f"<h2>{escape(words.text('section.calibration'))}</h2>"
    if isinstance(found, NotApplicable):
        display(show.html(head + reason_html(found, lang=report.language)))
        return
    sentences, drawn = list(_sentences(report, found)), list(calibration_pictures(report))
    tables = [table for table in (_claims(report, found), _drifts(report, found), _cuts(report, found),
                                  _answers(report, found), _targets(report, found)) if table]
    if not (sentences or drawn or tables):
        sentences = [words.text("sentence.calibration_nothing")]
    display(show.html("".join([head, *(f"<p>{escape(line)}</p>" for line in sentences)])))
    for picture in drawn:
        alt, caption = caption_of(picture, report.language)
        show.picture(picture.draw().figure, alt=alt, caption=caption)
    display(show.html("\n".join(tables)))
    if isinstance(found.dimensions, ItemOutcomes):
        _dimensions(report, found.dimensions)


def _dimensions(report: Report, looks: ItemOutcomes) -> None:
    """Every part of the survey with every outcome: sentences, one picture and the table."""
    from IPython.display import display

    from kinerja_lab.plot.calibration import item_outcome_cells
    from kinerja_lab.plot.style import row_axes

    words, names = catalogue(report.language), pair_names(report.study, language=report.language)
    lines = dimension_sentences(looks, study=report.study, language=report.language)
    display(show.html(f"<h3>{escape(words.text('section.dimensions'))}</h3>"
                      + "".join(f"<p>{escape(line)}</p>" for line in lines)))
    rows = looks.part("beyond_case_mix" if looks.part("beyond_case_mix")["value"].notna().any() else "all_units")
    count = rows["item"].nunique()
    drawn = item_outcome_cells(rows, lang=report.language, axes=row_axes(count + 6),
                               names={**names["item"], **names["criterion"]})
    show.picture(drawn.figure, alt=words.text("picture.item_outcomes.alt", n=count),
                 caption=words.text("picture.item_outcomes.caption"))
    display(show.html(dimension_html(looks, study=report.study, language=report.language)))


def calibration_pictures(report: Report) -> Iterator[Picture]:
    """The cut from outcomes with the narrowest interval, and the units whose letter is least certain."""
    from kinerja_lab.plot.calibration import grade_chances
    from kinerja_lab.plot.style import row_axes

    found, survey, names = report.results.calibration, report.results.survey, words_for(report)
    if isinstance(found, NotApplicable) or isinstance(survey, NotApplicable):
        return
    look = _sharpest(found)
    if look is not None:
        yield cut_picture(report, look)
    grades = _unsure_grades(report, found)
    if grades is not None:
        n = grades.frame["unit"].nunique()
        yield Picture(name="grade_chances", params={"n": n}, draw=lambda: grade_chances(
            grades, ruleset=survey.ruleset, lang=report.language, axes=row_axes(n + 1), names=names["unit"]))


def cut_picture(report: Report, look: CutLook) -> Picture:
    """The outcome as a function of the index, and where it meets its target; the look must have a cut."""
    from kinerja_lab.plot.calibration import anchored_cut_picture
    from kinerja_lab.plot.style import blank_axes

    name, points, survey = words_for(report)["measure"][look.criterion], look.points, report.results.survey
    if not isinstance(survey, NotApplicable) and not isinstance(survey.units, NotApplicable):
        points = mask_units(points, hidden=hidden_units(survey.units))
    return Picture(
        name="anchored_cut", params={"outcome": name, "target": look.target, "cut": look.cut.value,
                                     "legal": look.legal_cut},
        draw=lambda: anchored_cut_picture(
            look.curve, points=points, cut=look.cut, target=look.target, legal=(look.legal_band, look.legal_cut),
            scale=look.shown_scale, lang=report.language, axes=blank_axes(height=4.2), outcome=name))


def calibration_estimates(report: Report) -> Iterator[tuple[str, Estimate | EstimateTable]]:
    """Every estimate of this part under the name of its section, for ``result.json``."""
    found = report.results.calibration
    if isinstance(found, NotApplicable):
        return
    for claim in found.claims:
        section = f"calibration.{claim.indicator}.{claim.criterion}"
        for name in ("parts", "slope", "slope_mixed"):
            if not isinstance(getattr(claim, name), NotApplicable):
                yield f"{section}.{name}", getattr(claim, name)
        if not isinstance(claim.gain, NotApplicable):
            yield f"{section}.gain", claim.gain.gain
        if not isinstance(claim.drift, NotApplicable):
            yield f"{section}.drift", claim.drift.table
    for look in found.cuts:
        if not isinstance(look.cut, NotApplicable):
            yield f"calibration.{look.indicator}.{look.criterion}.cut", look.cut
        if not isinstance(look.beside, NotApplicable):
            yield f"calibration.{look.indicator}.{look.criterion}.beside", look.beside.difference
        if not isinstance(look.beside_panel, NotApplicable):
            yield f"calibration.{look.indicator}.{look.criterion}.beside_panel", look.beside_panel.difference
    if isinstance(found.dimensions, ItemOutcomes):
        yield "calibration.dimensions", found.dimensions.table
    if not isinstance(found.risk, NotApplicable):
        yield "calibration.risk", found.risk.wrong
        yield "calibration.risk.cuts", found.risk.cuts
    if not isinstance(found.unit_answers, NotApplicable):
        yield "calibration.unit_answers", found.unit_answers
    for code, look in found.targets.items():
        if isinstance(look, TargetLook):
            for name in ("options", "trend", "chances", "shares"):
                if not isinstance(getattr(look, name), NotApplicable):
                    yield f"calibration.{code}.{name}", getattr(look, name)


def _sentences(report: Report, found: CalibrationResults) -> Iterator[str]:
    words, names = catalogue(report.language), words_for(report)
    units = {measure.code: measure.unit for measure in report.study.measures}
    gains = [claim for claim in found.claims if isinstance(claim.gain, PredictiveGain)]
    if gains:
        helps = sum(claim.gain.gain.low > 0 and claim.gain_q <= FALSE_DISCOVERY for claim in gains)
        yield words.text("sentence.calibration_claims", total=len(gains), helps=helps, fdr=FALSE_DISCOVERY)
        if found.case_mix:
            yield words.text("sentence.calibration_mix", columns=", ".join(
                words.name("case_mix", column) for column in found.case_mix))
    yield from _target_sentence(report, found)
    look = _sharpest(found)
    if look is None:
        return
    name = names["measure"][look.criterion]
    for claim in found.claims:
        if (claim.indicator, claim.criterion) == (look.indicator, look.criterion) and not isinstance(
                claim.slope, NotApplicable):
            yield words.text("sentence.calibration_slope", outcome=name, slope=claim.slope.row("indicator"),
                             unit=units.get(look.criterion, ""))
    yield words.text("sentence.calibration_cut", outcome=name, target=look.target, cut=look.cut, band=look.legal_band,
                     legal=look.legal_cut, unit=units.get(look.criterion, ""))


def _target_sentence(report: Report, found: CalibrationResults) -> Iterator[str]:
    """How many targets most units have reached already, and how many hardly any has."""
    shares = [look.shares.row("target").value for look in found.targets.values()
              if isinstance(look, TargetLook) and not isinstance(look.shares, NotApplicable)]
    if shares:
        yield catalogue(report.language).text(
            "sentence.calibration_targets", total=len(shares), reached=sum(share > 0.5 for share in shares),
            few=REACH_FEW, far=sum(share < REACH_FEW for share in shares))


def _sharpest(found: CalibrationResults) -> CutLook | None:
    known = [look for look in found.cuts if not isinstance(look.cut, NotApplicable)]
    return min(known, key=lambda look: look.cut.high - look.cut.low, default=None)


def _unsure_grades(report: Report, found: CalibrationResults) -> EstimateTable | None:
    grades = report.results.survey.unit_grades
    if isinstance(found.unit_answers, NotApplicable) or isinstance(grades, NotApplicable):
        return None
    frame = found.unit_answers.frame
    wrong = frame[(frame["label"] == "wrong") & (frame["value"] > RISK)].sort_values("value", ascending=False)
    chosen = list(wrong["unit"].astype(str).head(_MOST_UNITS))
    if not chosen:
        return None
    part = grades.frame[grades.frame["unit"].astype(str).isin(chosen)]
    order = part["unit"].astype(str).map({unit: place for place, unit in enumerate(chosen)})
    return EstimateTable(frame=part.assign(_place=order).sort_values("_place", kind="stable"), groups=grades.groups)


def _claims(report: Report, found: CalibrationResults) -> str:
    words, names = catalogue(report.language), words_for(report)
    rows = []
    for claim in found.claims:
        if isinstance(claim.parts, NotApplicable):
            continue
        parts = {row.label: row for row in claim.parts.estimates() if not np.isnan(row.value)}
        row = {"indicator": names["indicator"][claim.indicator], "criterion": names["measure"][claim.criterion]}
        row |= {label: parts.get(label) for label in _PARTS}
        row |= {name: _slope_text(getattr(claim, name), report.language) for name in _SLOPES}
        gain = claim.gain.gain if isinstance(claim.gain, PredictiveGain) else None
        rows.append({**row, "gain": gain, "gain_q": "" if gain is None else claim.gain_q})
    if not rows:
        return ""
    frame = pd.DataFrame(rows)
    one_region = frame["between_regions"].isna().all()
    hidden = [name for name in (*_PARTS, *_SLOPES) if frame[name].isna().all() or (
        name in ("within_regions", "slope") and one_region)]
    return _shown(report, frame.drop(columns=hidden), words.text("caption.calibration_claims"), {})


def _slope_text(slopes: EstimateTable | NotApplicable, lang: str) -> str | None:
    """A slope with as many decimals as its interval can bear: two digits of the half width."""
    if isinstance(slopes, NotApplicable):
        return None
    row = slopes.row("indicator")
    if not row.has_interval:
        return catalogue(lang).name("note", row.note)
    half = (row.high - row.low) / 2
    decimals = int(np.clip(1 - np.floor(np.log10(half)), 0, 6)) if half > 0 else 2
    value, low, high = (number(end, lang=lang, spec=f".{decimals}f") for end in (row.value, row.low, row.high))
    return catalogue(lang).text("number.interval", value=value, low=low, high=high,
                                level=number(row.level, lang=lang, spec=".0%"))


def _drifts(report: Report, found: CalibrationResults) -> str:
    words, names = catalogue(report.language), words_for(report)
    rows = []
    for claim in found.claims:
        if isinstance(claim.drift, Drift):
            table = claim.drift.table
            rows.append({"indicator": names["indicator"][claim.indicator],
                         "criterion": names["measure"][claim.criterion],
                         **{label: table.row(label) for label in ("rank_before", "rank_now", "rank_change")},
                         "repair": words.name("calibration_repair", claim.drift.repair)})
    if not rows:
        return ""
    caption = words.text("caption.calibration_drift", previous=report.results.setting.previous)
    return _shown(report, pd.DataFrame(rows), caption, {})


def _cuts(report: Report, found: CalibrationResults) -> str:
    words, names = catalogue(report.language), words_for(report)
    rows = []
    for look in found.cuts:
        legal, panel = (None if isinstance(beside, NotApplicable) else beside
                        for beside in (look.beside, look.beside_panel))
        rows.append({
            "criterion": names["measure"][look.criterion], "target": look.target, "cut_anchored": look.cut
            if isinstance(look.cut, Estimate) else words.sentence(look.cut.message), "cut_legal": look.legal_cut,
            "cut_between": legal.between if legal else "",
            "cut_panel": "" if isinstance(look.panel, NotApplicable) else look.panel,
            "panel_less_anchored": panel.difference if panel else ""})
    if not rows:
        return ""
    frame = pd.DataFrame(rows)
    caption = words.text("caption.calibration_cuts", band=found.cuts[0].legal_band)
    return _shown(report, frame.drop(columns=[name for name in frame if (frame[name] == "").all()]), caption, {})


def _answers(report: Report, found: CalibrationResults) -> str:
    if isinstance(found.unit_answers, NotApplicable):
        return ""
    words, names = catalogue(report.language), words_for(report)
    frame = found.unit_answers.frame
    unsure = frame.loc[(frame["label"] == "wrong") & (frame["value"] > RISK), ["unit", "value"]].astype({"unit": str})
    riskiest = unsure.sort_values("value", ascending=False, kind="stable")["unit"].head(_MOST_TABLED)
    part = frame[frame["unit"].astype(str).isin(set(riskiest))]
    if part.empty:
        return ""
    left_out = len(unsure) - len(riskiest)
    caption = words.text("caption.calibration_answers")
    if left_out:  # the page of all regions would be too heavy to open with thousands of units
        caption = f"{caption}. {words.text('caption.answers_left_out', n=left_out)}"
    table = EstimateTable(frame=part, groups=found.unit_answers.groups)
    columns = ["unit", "label", "value", "n", "note"]
    return table_html(table, lang=report.language, columns=columns, names={"unit": names["unit"]},
                      caption=caption)


def _targets(report: Report, found: CalibrationResults) -> str:
    """A row a target and each of its alternatives: where it lies and how many units would stand there."""
    words, names = catalogue(report.language), words_for(report)
    rows = []
    for code, look in found.targets.items():
        if not isinstance(look, TargetLook) or isinstance(look.options, NotApplicable):
            continue
        shares = {} if isinstance(look.shares, NotApplicable) else {row.label: row for row in look.shares.estimates()}
        trend = () if isinstance(look.trend, NotApplicable) else look.trend.estimates()
        values = {"target": look.target, **{row.label: row for row in (*look.options.estimates(), *trend)}}
        rows.extend({"indicator": names["indicator"][code], "target_kind": words.name("label", label),
                     "target_value": value, "reach_share": shares.get(label)} for label, value in values.items())
    if not rows:
        return ""
    return _shown(report, pd.DataFrame(rows), words.text("caption.calibration_targets"), {})


def _shown(report: Report, frame: pd.DataFrame, caption: str, specs: dict[str, str]) -> str:
    words = catalogue(report.language)
    headers = {name: words.text(f"calibration_column.{name}") for name in frame.columns
               if words.has(f"calibration_column.{name}")}
    return table_html(frame, lang=report.language, headers=headers, caption=caption, specs=specs)
