"""Small results to judge: one indicator, one region, every number chosen by the test."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.calibration.criterion import CriterionResult
from kinerja_lab.calibration.raters import RaterEffects
from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.indicator import Criterion, Indicator, Realisation
from kinerja_lab.core.instrument import Instrument, Item
from kinerja_lab.core.options import IndicatorLevel, MeasureKind, Polarity
from kinerja_lab.core.outcome import OUTCOME_COLUMNS, Measure, OutcomeData
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.core.ruleset import Band, Element, Ruleset
from kinerja_lab.core.survey import SurveyData
from kinerja_lab.drafting.achievement import Achievement
from kinerja_lab.evidence.check import Case
from kinerja_lab.evidence.instrument_results import InstrumentResults
from kinerja_lab.evidence.registry import check_of
from kinerja_lab.evidence.results import CriterionLook, RegionResults, Setting, SurveyResults
from kinerja_lab.evidence.standing_results import UnitStanding
from kinerja_lab.profiling.funnel import Funnel
from kinerja_lab.psychometrics.items_careless import Copies, Misfit
from kinerja_lab.psychometrics.reliability_choices import ReliabilityChoices
from kinerja_lab.psychometrics.unit_card import SCALE as WHOLE
from kinerja_lab.psychometrics.unit_card import UnitCard
from kinerja_lab.psychometrics.unit_reliability import UnitReliability
from kinerja_lab.text.catalogue import catalogue

TODAY = date(2026, 11, 2)
ABSENT = NotApplicable("no_interval")
RULE = Ruleset(
    code="skm-2017", title="SKM", title_en="SKM", source="-", confidence="high", scale_low=1, scale_high=4,
    index_factor=25, elements=tuple(Element(code=code, name=name, name_en=english) for code, name, english in (
        ("waktu", "Waktu Penyelesaian", "Time"), ("biaya", "Biaya/Tarif", "Fee"), ("sarana", "Sarana", "Facilities"))),
    bands=(Band(code="D", name="Tidak Baik", lower=25.0), Band(code="C", name="Kurang Baik", lower=65.0),
           Band(code="B", name="Baik", lower=76.61), Band(code="A", name="Sangat Baik", lower=88.31)),
)
SCALE = Ruleset(
    code="scale", title="skala capaian", title_en="achievement scale", source="-", confidence="high",
    bands=(Band(code="1", name="sangat rendah", name_en="very low", lower=0.0),
           Band(code="2", name="rendah", name_en="low", lower=51.0),
           Band(code="3", name="sedang", name_en="middling", lower=66.0),
           Band(code="4", name="tinggi", name_en="high", lower=76.0),
           Band(code="5", name="sangat tinggi", name_en="very high", lower=91.0)),
)
SETTING = Setting(study="uji", region="53.71", region_name="Kota Kupang", region_word="kota", unit_word="unit",
                  period="2025", previous="2024", level=0.95, suppress_below=10)
INSTRUMENT = Instrument(code="skm", title="SKM", items=tuple(Item(code=element.code, text=element.name)
                                                             for element in RULE.elements), low=1, high=4,
                        ruleset="skm-2017")


def estimate(value, low=None, high=None, *, label="x", n=200, unit="share"):
    """An estimate; without ends it has no interval and says so."""
    bare = low is None
    return Estimate(label=label, value=value, low=np.nan if bare else low, high=np.nan if bare else high, n=n,
                    method="test", unit=unit, note="probability_no_interval" if bare else "")


def table(rows, *, n=200):
    """A table from ``{label: (value, low, high)}`` or ``{label: value}``."""
    return EstimateTable.from_estimates(
        estimate(*(ends if isinstance(ends, tuple) else (ends,)), label=label, n=n) for label, ends in rows.items())


def by_unit(sizes, *, label="index"):
    """A table of one row a unit, with the given n."""
    return EstimateTable.from_estimates(
        [estimate(80.0, 78.0, 82.0, label=label, n=n) for n in sizes.values()],
        groups=("agency", "unit"), keys=[("dukcapil", unit) for unit in sizes])


def indicator(**changes):
    """A survey indicator without a fault in its definition."""
    values = {
        "code": "ikm", "name": "Indeks kepuasan masyarakat", "question": "q", "why": "w", "numerator": "indeks SKM",
        "survey": True, "unit": "indeks", "polarity": Polarity.MAXIMISE, "level": IndicatorLevel.OUTCOME,
        "source": "survei", "baseline": 80.0, "baseline_year": 2023, "owner": "Bagian Organisasi",
        "checker": "Inspektorat", "reviewed": date(2026, 1, 5), "next_review": date(2027, 1, 5),
    }
    return Indicator(**{**values, **changes})


def outcome_indicator(**changes):
    """An indicator whose values are an outcome measure."""
    return indicator(**{"code": "waktu_tunggu", "name": "Waktu tunggu", "numerator": "menit",
                        "denominator": "pengunjung", "survey": False, "measure": "waktu_tunggu",
                        "unit": "menit", "polarity": Polarity.MINIMISE,
                        **changes})


def survey_results(**changes):
    """Results of a survey in which every survey check passes; change what a test is about."""
    answers = [[3, 4, 3], [4, 3, 4], [2, 2, 3], [3, 3, 2]]
    frame = pd.DataFrame(answers, columns=list(INSTRUMENT.item_codes), dtype=float)
    for name in ("region", "agency", "unit", "period"):
        frame[name] = "a"
    survey = SurveyData(frame=frame, instrument=INSTRUMENT)
    high = dict.fromkeys(INSTRUMENT.item_codes, (0.6, 0.5, 0.7))
    few = dict.fromkeys(INSTRUMENT.item_codes, (0.01, 0.0, 0.03))
    some = dict.fromkeys(INSTRUMENT.item_codes, (0.3, 0.2, 0.4))
    values = {
        "survey": survey, "patterns": ResponsePatterns.from_survey(survey), "ruleset": RULE,
        "index": estimate(83.3, 82.3, 84.3, label="index", unit="index_100"),
        "index_varying": NotApplicable("no_constant_items"), "constant_items": (), "elements": table(high),
        "grades": table({"D": 0.0, "C": 0.01, "B": 0.98, "A": 0.01}), "change": estimate(2.0, 0.5, 3.5),
        "agencies": ABSENT, "units": by_unit({"u1": 100, "u2": 100}), "unit_grades": ABSENT, "missing": table(few),
        "ceiling": table(some), "straightlining": estimate(0.1, 0.06, 0.15), "alpha": estimate(0.85, 0.8, 0.9),
        "item_rest": table(high), "unit_reliability": unit_reliability(0.85, 0.75, 0.92), "raters": ABSENT,
    }
    return SurveyResults(**{**values, **changes})


def unit_reliability(value, low, high, *, needed=(12.0, 8.0, 20.0)):
    """Reliability of the mean of 20 units with 200 sheets."""
    return UnitReliability(
        icc1=estimate(0.1, 0.05, 0.2), reliability=estimate(value, low, high),
        needed=table({"0.70": needed, "0.80": needed}), by_unit=by_unit({"u1": 100}),
        separable=estimate(0.5), units=20, n=200)


def unit_standing(**changes):
    """Standing of units of which nothing is known but what the test is about."""
    rates = EstimateTable.from_estimates([estimate(80.0, 78.0, 82.0, label="unit_rate", n=100) for _ in range(2)],
                                         groups=("unit",), keys=[("u0",), ("u1",)])
    nothing = NotApplicable("no_units")
    values = {"code": "survey", "polarity": Polarity.MAXIMISE, "rates": rates, "ranking": nothing, "fifths": nothing,
              "shrunken": nothing, "benchmark": nothing, "case_mix": nothing, "dispersion": 1.0, "method": "test"}
    return UnitStanding(**{**values, **changes})


def raters(low, value, high, *, moved=0.2):
    """Effects of raters who hold the given share of the variance."""
    shares = table({"rater": (value, low, high), "unit": (0.0, 0.0, 1.0), "residual": (1.0, 0.0, 1.0)})
    return RaterEffects(components=shares, shares=shares, severity=table({}), units=table({}),
                        rank_shift=estimate(moved), mean=3.0, n=200)


def results(survey=ABSENT, *, outcomes=ABSENT, funnels=None, looks=(), achievements=None, scale=SCALE, setting=SETTING):
    """Everything known of a region."""
    return RegionResults(setting=setting, survey=survey, outcomes=outcomes, funnels=funnels or {}, looks=looks,
                         achievements=achievements or {}, scale=scale)


def outcomes(rows, *, kind=MeasureKind.MEAN, code="waktu_tunggu", polarity=Polarity.MINIMISE):
    """Outcome data from ``(unit, period, value, events, denominator)``."""
    frame = pd.DataFrame(
        [("53.71", "dukcapil", unit, period, code, value, events, denominator, np.nan)
         for unit, period, value, events, denominator in rows], columns=list(OUTCOME_COLUMNS))
    measure = Measure(code=code, name="Waktu tunggu", name_en="Waiting time", kind=kind, unit="menit",
                      polarity=polarity)
    return OutcomeData(frame=frame, measures=(measure,))


def look(low, value, high, *, q=0.001, sign=1, criterion="waktu_tunggu", of="ikm", result=None):
    """One look at a claim."""
    if result is None:
        rank = estimate(value, low, high, label="spearman", n=40, unit="correlation")
        result = CriterionResult(indicator=of, criterion=criterion, expected_sign=sign, rank=rank, linear=rank, p=0.01,
                                 n=40, clusters=1, method="test")
    return CriterionLook(indicator=of, criterion=criterion, result=result, q=q, points=pd.DataFrame())


def funnel(flags, *, sizes, polarity=Polarity.MINIMISE, q=0.001):
    """A funnel with the given flags over units of the given sizes; every unit has the q-value."""
    units = EstimateTable.from_estimates([estimate(1.0, 0.5, 1.5, label="ratio", n=n) for n in sizes.values()],
                                         groups=("agency", "unit"), keys=[("rsud", unit) for unit in sizes])
    return Funnel(measure="waktu_tunggu", polarity=polarity, target=1.0, units=units, limits=pd.DataFrame(), phi=1.2,
                  tau2=0.01, flags=tuple(flags), method="test", q=np.full(len(sizes), q), looks=len(sizes))


def series(*rows):
    """Realisations from ``(period, target, realisation)`` or with the printed ratio."""
    return tuple(Realisation(period=row[0], target=row[1], realisation=row[2],
                             printed=row[3] if len(row) > 3 else float("nan")) for row in rows)


def achieved(period, percent, *, raw=None, rivals=None, formula="up", of="ikm"):
    """One achievement."""
    raw = percent if raw is None else raw
    return Achievement(indicator=of, period=period, percent=percent, raw=raw, capped=raw > percent, formula=formula,
                       rivals=rivals or {})


def judge(code, subject, found, *, today=TODAY):
    """Run a check and put its words together in both languages, so that no placeholder is left without a value."""
    finding = check_of(code).run(Case(indicator=subject, results=found, today=today))
    for lang in ("id", "en"):
        for message in (finding.message, finding.advice):
            if message is not None:
                text = catalogue(lang).sentence(message)
                assert text and "{" not in text and "nan" not in text.split()
    assert (finding.advice is None) == (finding.status.value in ("passed", "not_applicable"))
    return finding


def said(finding, lang="id"):
    """The sentence of a finding."""
    return catalogue(lang).sentence(finding.message)


@pytest.fixture(scope="session")
def make():
    """Everything a test of a check builds with."""
    return SimpleNamespace(
        ABSENT=ABSENT, RULE=RULE, SCALE=SCALE, SETTING=SETTING, TODAY=TODAY, Criterion=Criterion, achieved=achieved,
        by_unit=by_unit, estimate=estimate, funnel=funnel, indicator=indicator, judge=judge, look=look,
        outcome_indicator=outcome_indicator, outcomes=outcomes, raters=raters, replace=replace, results=results,
        said=said, series=series, survey_results=survey_results, table=table, unit_reliability=unit_reliability,
        unit_standing=unit_standing)


class Instrument:
    """Results of the instrument: call it with the fields a test is about; everything else is absent."""

    def __call__(self, **fields):
        blank = dict.fromkeys(InstrumentResults.__dataclass_fields__, ABSENT)
        own = InstrumentResults(**{**blank, "needed": float("nan"), **fields})
        return replace(results(survey_results()), instrument=own)

    def card(self, ends, *, pairs, items=None, needed=20.0):
        rows = {WHOLE: ends, **(items or {"waktu": (0.9, 0.8, 0.95)})}
        ends_needed = (needed, needed, needed) if np.isfinite(needed) else (needed,)
        labels = [label for label in rows for _ in range(2)]
        needs = EstimateTable.from_estimates(
            [estimate(*ends_needed, label=label, unit="respondents") for label in labels],
            groups=("target",), keys=[(target,) for _ in rows for target in ("0.70", "0.80")])
        return UnitCard(
            reliability=table(rows), needed=needs, separable=table(dict.fromkeys(rows, pairs)),
            scale=unit_reliability(*ends, needed=ends_needed), absent={}, smallest=5.0, typical=10.0, largest=20.0)

    def misfit(self, value, low, high):
        return Misfit(share=estimate(value, low, high), flagged=np.zeros(1, dtype=bool), judged=200,
                      expected=0.01)

    def copies(self, ratio):
        return Copies(within=estimate(0.02), between=estimate(0.01), ratio=ratio)

    def choices(self, values, *, other=None):
        own = [estimate(value, value - 0.05, value + 0.05, label=label) for label, value in values.items()]
        rest = [estimate(value, label=label) for label, value in (other or {}).items()]
        rows = [*own, *rest]
        kinds = [("sum",)] * len(own) + [("general",)] * len(rest)
        rows_table = EstimateTable.from_estimates(rows, groups=("kind",), keys=kinds)
        middle = float(np.median(list(values.values())))
        return ReliabilityChoices(
            table=rows_table, lowest=min(own, key=lambda row: row.value), highest=max(own, key=lambda row: row.value),
            extreme=max(rows, key=lambda row: abs(row.value - middle)), absent={"glb": NotApplicable("no_interval")})


@pytest.fixture(scope="session")
def instrument():
    """Builds results whose survey passes every check and whose instrument holds what a test gives."""
    return Instrument()
