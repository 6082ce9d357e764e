"""May units be ranked, are they large enough, do their cases matter, has a month stood out, and who is surely best?"""

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.core.message import Message
from kinerja_lab.core.options import Family, MeasureKind, Polarity, Status
from kinerja_lab.evidence.check import Answer, Case, Check
from kinerja_lab.evidence.reading import need, need_interval, words
from kinerja_lab.evidence.standing_results import UnitStanding, standing_of

__all__ = ["CHECKS", "PAIRS_ENOUGH", "SURE"]

PAIRS_ENOUGH = 0.5
"""Share of pairs whose order must be sure before a list of ranks says more than chance (house convention)."""

SURE = 0.80
"""Chance from which a unit is named as one of the best or the worst fifth (house convention)."""

MOVED = 0.10
"""Share of units that change places by more than a tenth of the list, from which cases are said to matter."""

_COUNTED = {MeasureKind.PROPORTION: "volume_cases", MeasureKind.RATE: "volume_expected",
            MeasureKind.MEAN: "volume_months"}


def _standing(case: Case) -> UnitStanding:
    return need(standing_of(need(case.results.standing), case.indicator))


def _named(case: Case, units: list[str], hidden: frozenset[str]) -> Message | object:
    """Names of the units that may be named."""
    known = case.results.unit_names
    shown = [known.get(unit, unit) for unit in units if unit not in hidden]
    return words(shown) if shown else Message("finding_part.nobody")


def _tiers(case: Case) -> Answer:
    """PRO005: the order of pairs decides, at the level of the report and for all pairs at once."""
    ranking = need(_standing(case).ranking)
    share, tiers = ranking.separable.value, ranking.tier_count
    frame = ranking.ranks.frame
    rows = frame[frame["label"] == "rank"]
    width = float((rows["high"] - rows["low"]).median()) + 1
    params = {"units": len(ranking.tiers), "tiers": tiers, "share": share, "width": width,
              "level": ranking.separable.level}
    status = Status.PASSED if share >= PAIRS_ENOUGH else Status.CONCERN if tiers > 1 else Status.FAILED
    return Answer(status=status, params=params, numbers={"tiers": tiers, "separable": share, "median_width": width})


def _volume(case: Case) -> Answer:
    """PRO006: only the interval of the least volume decides; endless means that units do not differ beyond chance."""
    standing = _standing(case)
    if standing.code == "survey":
        reliability = need(case.results.survey.unit_reliability)
        volume, sizes = reliability.needed.row("0.70"), standing.rates.frame["n"]
        what = Message("finding_part.volume_sheets")
    else:
        volume, sizes = need(standing.shrunken).volume, need(standing.shrunken).reliability.frame["n"]
        kind = case.results.outcomes.measure(standing.code).kind
        what = Message(f"finding_part.{_COUNTED[kind]}")
    if volume.note == "no_unit_differences":
        raise NotApplicable("units_do_not_differ")
    volume = need_interval(volume)
    below, surely = int((sizes < volume.value).sum()), int((sizes < volume.low).sum())
    params = {"units": len(sizes), "below": below, "surely": surely, "volume": volume, "what": what,
              "smallest": int(sizes.min())}
    status = Status.CONCERN
    if (sizes >= volume.high).all():
        status = Status.PASSED
    elif 2 * surely > len(sizes):
        status = Status.FAILED
    return Answer(status=status, params=params,
                  numbers={"volume": volume.value, "low": volume.low, "below": below, "surely_below": surely})


def _case_mix(case: Case) -> Answer:
    """PRO007: expectations that do not come true may not be used; those that do are, where they change the picture."""
    look = need(_standing(case).case_mix)
    slope, moved = need_interval(look.calibration.slope), look.moved.value
    numbers = {"slope": slope.value, "low": slope.low, "high": slope.high, "moved": moved}
    params = {"slope": slope, "moved": moved, "explained": look.explained}
    if look.source == "model" and not look.explained > 0:
        return Answer(status=Status.PASSED, numbers=numbers, params={
            **params, "what": Message("finding_part.cases_explain_nothing")})
    wrong = slope.high < 1 or slope.low > 1
    what = "cases_wrong" if wrong else "cases_unsure" if slope.low <= 0 else "cases_right"
    status = Status.FAILED if wrong else Status.CONCERN if moved > MOVED or slope.low <= 0 else Status.PASSED
    return Answer(status=status, numbers=numbers, params={**params, "what": Message(f"finding_part.{what}")})


def _months(case: Case) -> Answer:
    """PRO008: single months of units with the false discovery rate controlled; runs of the whole region."""
    standing, code = need(case.results.standing), case.indicator.measure
    watch = need(standing.watches.get(code, NotApplicable("no_months")))
    polarity = case.results.outcomes.measure(code).polarity
    if polarity is Polarity.STABILISE:  # neither side is the worse one, so no month can be called worse
        raise NotApplicable("polarity_stabilise")
    hidden = frozenset()
    if isinstance(standing.measures.get(code), UnitStanding):
        hidden = standing.measures[code].hidden
    flagged = watch.flagged
    worse = flagged[flagged["side"] == ("low" if polarity is Polarity.MAXIMISE else "high")]
    names = list(dict.fromkeys(worse["unit"] if len(worse) else flagged["unit"]))
    chart = standing.charts.get(code)
    runs = () if chart is None or isinstance(chart, NotApplicable) else chart.chart.signals
    region = Message("finding_part.region_signal" if runs else "finding_part.region_calm")
    params = {"units": int(watch.points["unit"].nunique()), "months": int(watch.points["judged"].sum()),
              "worse": len(worse), "better": len(flagged) - len(worse), "names": _named(case, names, hidden),
              "region": region, "rate": watch.rate}
    status = Status.FAILED if len(worse) else Status.CONCERN if len(flagged) or runs else Status.PASSED
    return Answer(status=status, params=params,
                  numbers={"worse": len(worse), "better": len(flagged) - len(worse), "region_signals": len(runs)})


def _fifths(case: Case) -> Answer:
    """PRO009: names a unit only where it is surely in its fifth."""
    standing = _standing(case)
    table = need(standing.fifths)
    best, worst = (_sure(table, label) for label in ("best_fifth", "worst_fifth"))
    units = len(table) // 2
    size = max(round(units / 5), 1)
    params = {"units": units, "size": size, "sure": SURE, "best": len(best), "worst": len(worst),
              "best_names": _named(case, best, standing.hidden), "worst_names": _named(case, worst, standing.hidden)}
    status = Status.CONCERN
    if not best and not worst:
        status = Status.FAILED
    elif 2 * len(best) >= size and 2 * len(worst) >= size:
        status = Status.PASSED
    return Answer(status=status, params=params, numbers={"best": len(best), "worst": len(worst), "size": size})


def _sure(table: EstimateTable, label: str) -> list[str]:
    rows = table.frame[(table.frame["label"] == label) & (table.frame["value"] >= SURE)]
    return rows.sort_values("value", ascending=False, kind="stable")["unit"].astype(str).tolist()


CHECKS = (
    Check(code="PRO005", family=Family.PROFILE, scope="indicator", judge=_tiers),
    Check(code="PRO006", family=Family.PROFILE, scope="indicator", judge=_volume),
    Check(code="PRO007", family=Family.PROFILE, scope="outcome", judge=_case_mix),
    Check(code="PRO008", family=Family.PROFILE, scope="outcome", judge=_months),
    Check(code="PRO009", family=Family.PROFILE, scope="indicator", judge=_fifths),
)
"""Checks of where units stand among each other, in the order of a dossier."""
