"""What does a report show of the questionnaire's factors: do they hold, and do they hold everywhere?"""

from collections.abc import Iterator
from html import escape

import pandas as pd

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.message import Message
from kinerja_lab.evidence.reading import element_words
from kinerja_lab.evidence.structure import EFFECT_POINTS, MOST_DIFFERENT
from kinerja_lab.evidence.structure_results import AlignedLook, StructureResults
from kinerja_lab.psychometrics.confirmatory_ordinal import OrdinalFactors
from kinerja_lab.psychometrics.invariance_ordinal import Invariance, LadderStep
from kinerja_lab.report import show
from kinerja_lab.report.pictures import words_for
from kinerja_lab.report.reasons import reason_html
from kinerja_lab.report.sections_instrument import item_names
from kinerja_lab.report.session import Report
from kinerja_lab.report.tables import table_html
from kinerja_lab.text.catalogue import catalogue
from kinerja_lab.text.numbers import number

__all__ = ["structure", "structure_estimates", "structure_parts"]


def structure(report: Report) -> None:
    """One picture, two or three sentences, and the tables behind them."""
    from IPython.display import display

    words, found = catalogue(report.language), report.results.structure
    display(show.html(f"<h2>{escape(words.text('section.structure'))}</h2>"))
    if isinstance(found, NotApplicable):
        display(show.html(reason_html(found, lang=report.language)))
        return
    display(show.html(f"<p>{escape(words.text('sentence.structure_intro'))}</p>"))
    if isinstance(found.model, NotApplicable):
        display(show.html(reason_html(found.model, lang=report.language, section="structure_loadings")))
    else:
        _picture(report, found.model)
    display(show.html("\n".join(structure_parts(report))))


def structure_parts(report: Report) -> list[str]:
    """The part below the picture as HTML: fit, ladder, and many groups on one scale."""
    found = report.results.structure
    return [*_fit(report, found), *_ladder(report, found), *_aligned(report, found)]


def structure_estimates(report: Report) -> Iterator[tuple[str, Estimate | EstimateTable]]:
    """Every estimate of this part under the name of its section, for ``result.json``."""
    found = report.results.structure
    if isinstance(found, NotApplicable):
        return
    if not isinstance(found.model, NotApplicable):
        yield "structure.loadings", found.model.loadings
        yield "structure.fit", found.model.fit
        if len(found.model.correlations):
            yield "structure.correlations", found.model.correlations
    if not isinstance(found.invariance, NotApplicable):
        for name in ("effects", "means"):
            if len(getattr(found.invariance, name)):
                yield f"structure.invariance.{name}", getattr(found.invariance, name)
    if not isinstance(found.aligned, NotApplicable):
        yield "structure.aligned.means", found.aligned.result.means
        yield "structure.aligned.share", found.aligned.result.share
        if not isinstance(found.aligned.result.points, NotApplicable):
            yield "structure.aligned.points", found.aligned.result.points


def _picture(report: Report, model: OrdinalFactors) -> None:
    from kinerja_lab.plot.structure import factor_loadings
    from kinerja_lab.plot.style import row_axes

    words = catalogue(report.language)
    axes = factor_loadings(model.loadings, lang=report.language, names=item_names(report),
                           axes=row_axes(len(model.loadings)))
    show.picture(axes.figure, alt=words.text("picture.structure_loadings.alt", k=len(model.items)),
                 caption=words.text("picture.structure_loadings.caption"))


def _fit(report: Report, found: StructureResults) -> list[str]:
    if isinstance(found.model, NotApplicable):
        return []
    words = catalogue(report.language)
    names = {"family": {name: words.name("fit_family", name) for name in ("plain", "scaled", "robust", "all")}}
    table = found.model.fit
    keep = (table.frame["label"] != "chi2").to_numpy()
    return [table_html(EstimateTable(frame=table.frame[keep], groups=("family",)), lang=report.language, names=names,
                       caption=words.text("caption.structure_fit"))]


def _ladder(report: Report, found: StructureResults) -> list[str]:
    ladder, words = found.invariance, catalogue(report.language)
    if isinstance(ladder, NotApplicable):
        return [reason_html(ladder, lang=report.language, section="invariance_effects")]
    column = words.text(f"group_column.{found.column}")
    lines = [words.text("sentence.structure_ladder", column=column,
                        steps="; ".join(_step(report, step) for step in ladder.steps[1:])),
             words.text("sentence.structure_clustered" if found.clustered else "sentence.structure_unclustered")]
    if found.left_out:
        lines.append(words.text("sentence.structure_left_out", items=_elements(report, found.left_out)))
    parts = [f"<p>{escape(' '.join(lines))}</p>"]
    names = {"item": {**item_names(report), "all": words.text("fit_family.all")},
             "group": words_for(report).get(found.column, {}) | _regions(report, found.column),
             "version": {name: words.name("ladder_version", name) for name in ("freed", "ignored")}}
    for key, table in (("invariance_effects", ladder.effects), _places(ladder)):
        if len(table):
            parts.append(table_html(table, lang=report.language, names=names, caption=words.text(f"caption.{key}")))
    return parts


def _places(ladder: Invariance) -> tuple[str, EstimateTable]:
    """Where groups stand; both versions only where something was set free."""
    if len(ladder.effects) or not len(ladder.means):
        return "invariance_means", ladder.means
    frame = ladder.means.frame
    return "invariance_places", EstimateTable(frame=frame[frame["version"] == "freed"], groups=("group",))


def _aligned(report: Report, found: StructureResults) -> list[str]:
    """Many groups on one scale beside their plain values: which of them stand elsewhere."""
    look, words = found.aligned, catalogue(report.language)
    if isinstance(look, NotApplicable) or isinstance(look.result.points, NotApplicable):
        # where the ladder could look at all groups there is nothing to add
        silent = isinstance(look, NotApplicable) and look.message.code.endswith((".alignment_ladder", ".too_few_items"))
        reason = look if isinstance(look, NotApplicable) else look.result.points
        return [] if silent else [reason_html(reason, lang=report.language, section="aligned")]
    names, share = _group_names(report, look), look.result.share.row("all")
    away = [names[group] for group, q in look.q.items() if q < 1 - report.results.setting.level]
    gap = look.result.points.frame.query("label == 'difference'")
    largest = float(gap[["low", "high"]].abs().to_numpy().max())
    if share.value > MOST_DIFFERENT:
        verdict = words.text("sentence.aligned_too_many", limit=MOST_DIFFERENT)
    elif away:
        verdict = words.text("sentence.aligned_some", n=len(away), names="; ".join(away))
    else:
        verdict = words.text(f"sentence.aligned_{'unsure' if largest > EFFECT_POINTS else 'none'}", largest=largest)
    columns = words.text(f"group_column.{'_'.join(look.columns)}")
    lines = [words.text("sentence.aligned_intro", n=len(look.result.groups), columns=columns),
             words.text(f"sentence.aligned_share{'' if share.value else '_none'}", total=share.n,
                        count=round(share.value * share.n), limit=MOST_DIFFERENT),
             words.text(f"sentence.structure_{'clustered' if look.clustered else 'unclustered'}")]
    if look.beyond:
        lines.append(words.text("sentence.aligned_beyond", n=look.beyond))
    if look.items_left_out:
        lines.append(words.text("sentence.aligned_items", items=_elements(report, look.items_left_out)))
    if look.groups_left_out:
        left = "; ".join(names[group] for group in look.groups_left_out)
        lines.append(words.text("sentence.aligned_left", groups=left))
    return [f"<h3>{escape(words.text('section.aligned'))}</h3><p>{escape(verdict)}</p><p>{escape(' '.join(lines))}</p>",
            _aligned_table(report, look, names)]


def _aligned_table(report: Report, look: AlignedLook, names: dict[str, str]) -> str:
    """Groups in the order of their plain values."""
    words, frame = catalogue(report.language), look.result.points.frame
    rows = {label: dict(zip(own["group"], own.to_dict("records"), strict=True))
            for label, own in frame.groupby("label")}
    order = {label: {group: place for place, group in enumerate(
        sorted(own, key=lambda group, own=own: -own[group]["value"]), 1)} for label, own in rows.items()}

    def cell(label: str, group: str) -> str:
        row = rows[label][group]
        value, low, high = (number(row[name], lang=report.language, spec=".1f") for name in ("value", "low", "high"))
        return f"{value} ({words.text('table.interval', low=low, high=high)})"
    shown = pd.DataFrame([{
        "aligned_group": names[group], **{f"aligned_{label}": cell(label, group)
                                          for label in ("plain", "aligned", "difference")},
        "aligned_ranks": words.text("aligned.ranks", plain=order["plain"][group], aligned=order["aligned"][group])}
        for group in order["plain"]])
    return table_html(shown, lang=report.language, caption=words.text("caption.aligned"))


def _group_names(report: Report, look: AlignedLook) -> dict[str, str]:
    """Words for the codes of aligned groups."""
    words, out = catalogue(report.language), {}
    regions, agencies = _regions(report, "region"), words_for(report)["agency"]
    for group in (*look.result.groups, *look.groups_left_out):
        parts = dict(zip(look.columns, group.split("/"), strict=True))
        region, agency = (own.get(parts.get(column, ""), parts.get(column, "")) for column, own in
                          (("region", regions), ("agency", agencies)))
        out[group] = words.text("aligned.pair", region=region, agency=agency) if len(parts) > 1 else region or agency
    return out


def _regions(report: Report, column: str) -> dict[str, str]:
    if column != "region":
        return {}
    return {region.data_code: region.shown_name or region.name for region in report.study.regions}


def _step(report: Report, step: LadderStep) -> str:
    words = catalogue(report.language)
    name = words.text(f"ladder_step.{step.step}")
    if not step.holds:
        p = "< 0,001" if report.language == "id" else "< 0.001"
        shown = p if step.test.p < 0.001 else f"= {number(step.test.p, lang=report.language, spec='.3f')}"
        return words.text("sentence.structure_step_fails", step=name, p=shown)
    key = "structure_step_freed" if step.freed else "structure_step_holds"
    more = {"items": _elements(report, step.freed)} if step.freed else {}
    return words.text(f"sentence.{key}", step=name, **more)


def _elements(report: Report, codes: tuple[str, ...]) -> str:
    found = element_words(codes, survey=report.results.survey)
    words = catalogue(report.language)
    return words.sentence(found) if isinstance(found, Message) else found.of(report.language)

