"""What do the tables say about one region? Only its rows, or only its counted answer sheets, leave the database."""

import hashlib
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.options import MeasureKind
from kinerja_lab.core.outcome import OUTCOME_COLUMNS, OutcomeData
from kinerja_lab.core.patterns import MISSING, ResponsePatterns
from kinerja_lab.core.survey import SURVEY_COLUMNS, Design, SurveyData
from kinerja_lab.estimation.design import item_unit
from kinerja_lab.estimation.region_estimates import RegionEstimates, region_estimates
from kinerja_lab.estimation.satisfaction import index_unit
from kinerja_lab.io.cells import numbers_where_safe
from kinerja_lab.io.fingerprints import region_hashes
from kinerja_lab.io.region_sums import region_sums
from kinerja_lab.io.relations import fetch, open_table
from kinerja_lab.io.study_values import Study, TableSource
from kinerja_lab.io.table_sources import DESIGN_COLUMNS

__all__ = ["StudySource", "open_source"]

NUMBERS = ("value", "events", "denominator", "expected")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StudySource:
    """A study's tables, opened lazily; make it with ``open_source``.

    Parameters
    ----------
    study : Study
        The study.
    """

    study: Study
    _cache: dict[str, object] = field(default_factory=dict, repr=False)

    def survey(self, *, region: str | None = None, period: str | None = None) -> SurveyData:
        """Answers of a region and period; None means all.

        Parameters
        ----------
        region : str or None
            Code of the study; what it ``shows`` is read.
        period : str or None
            Year.

        Raises
        ------
        NotApplicable
            ``no_survey`` when the study has none, ``no_rows`` when the region has no respondents in the period.
        KinerjaError
            ``unknown_region`` or ``study_data_absent``.
        """
        study, table = self._survey_table(region, period)
        frame = fetch(table.order_by(table.columns))
        if frame.empty:
            raise NotApplicable("no_rows", region=region or "-", period=period or "-")
        for name in SURVEY_COLUMNS:
            frame[name] = frame[name].astype(str)
        frame = self._extras(frame, study.survey)
        design = Design(**{name: name for name in ("weight", "stratum", "cluster") if name in study.survey.columns})
        return SurveyData(frame=frame, instrument=study.instrument, design=design)

    def outcomes(self, *, region: str | None = None, period: str | None = None) -> OutcomeData:
        """Outcomes of a region in a year; None means all.

        Parameters
        ----------
        region : str or None
            Code of the study; what it ``shows`` is read.
        period : str or None
            Year; months (``2024-05``) of that year are included.

        Raises
        ------
        NotApplicable
            ``no_outcomes`` when the study has none, ``no_rows`` when the region has none in the period.
        KinerjaError
            ``unknown_region`` or ``study_data_absent``.
        """
        if self.study.outcomes is None:
            raise NotApplicable("no_outcomes", study=self.study.code)
        table = self._filtered("outcomes", region, period)
        frame = fetch(table.order_by(table.columns))
        if frame.empty:
            raise NotApplicable("no_rows", region=region or "-", period=period or "-")
        for name in ("region", "agency", "unit", "period", "measure"):
            frame[name] = frame[name].astype(str)
        for name in NUMBERS:
            frame[name] = frame[name].astype(float) if name in frame else np.nan
        frame = self._extras(frame, self.study.outcomes)
        return OutcomeData(frame=self._with_values(frame), measures=self.study.measures)

    def patterns(self, *, region: str | None = None, period: str | None = None) -> ResponsePatterns:
        """Distinct answer sheets and how often each occurs, counted by the database.

        Parameters
        ----------
        region : str or None
            Code of the study.
        period : str or None
            Year.

        Raises
        ------
        NotApplicable
            ``no_survey`` or ``no_rows``.

        Notes
        -----
        Equal to ``ResponsePatterns.from_survey(self.survey(...))``, but the rows stay where they are.
        """
        study, table = self._survey_table(region, period)
        instrument = study.instrument
        items = list(instrument.item_codes)
        weight = table["weight"].cast("float64").sum() if "weight" in table.columns else table.count().cast("float64")
        counted = fetch(table.group_by(items).agg(_count=table.count(), _weight=weight))
        if counted.empty:
            raise NotApplicable("no_rows", region=region or "-", period=period or "-")
        values = counted[items].to_numpy(dtype=float, na_value=np.nan, copy=True)
        for position, item in enumerate(instrument.items):
            if item.reverse:
                values[:, position] = instrument.low + instrument.high - values[:, position]
        sheets = np.where(np.isnan(values), MISSING, values).astype(np.int16)
        order = np.lexsort(sheets.T[::-1])
        return ResponsePatterns(
            items=tuple(items), values=sheets[order], counts=counted["_count"].to_numpy(dtype=np.int64)[order],
            weights=counted["_weight"].to_numpy(dtype=float)[order], low=instrument.low, high=instrument.high,
        )

    def region_estimates(self, *, level: float) -> RegionEstimates:
        """Index and elements of every region in every period, and the changes between, from sums made in the database.

        Parameters
        ----------
        level : float
            Confidence level, between 0 and 1.

        Returns
        -------
        RegionEstimates
            The same numbers as ``element_scores``, ``satisfaction_index`` and ``index_change`` of every region's rows,
            which stay where they are.

        Raises
        ------
        NotApplicable
            ``no_survey`` or ``empty_sample``.
        KinerjaError
            ``elements_differ``, ``scale_differs``, ``bad_weights`` or ``study_data_absent``.
        """
        study, table = self._survey_table(None, None)
        rule, instrument = study.ruleset, study.instrument
        if "survey.sums" not in self._cache:
            self._cache["survey.sums"] = region_sums(table, instrument=instrument, ruleset=rule, periods=study.periods)
        return region_estimates(
            self._cache["survey.sums"], level=level, factor=rule.index_factor, scale=(instrument.low, instrument.high),
            item_unit=item_unit(instrument), index_unit=index_unit(rule))

    def data_regions(self) -> tuple[str, ...]:
        """Region codes that occur in the tables, in order."""
        found: set[str] = set()
        for key in ("survey", "outcomes"):
            if getattr(self.study, key) is not None:
                found |= set(self._hashes(key))
        return tuple(sorted(found))

    def unit_names(self) -> dict[str, str]:
        """Names of units by code; empty when the study has no table of them."""
        if self.study.units is None:
            return {}
        if "units" not in self._cache:
            source = self.study.units
            table = open_table(source)
            frame = fetch(table.select(unit=table[source.columns["unit"]].cast("string"),
                                       name=table[source.columns["name"]].cast("string")))
            self._cache["units"] = dict(zip(frame["unit"], frame["name"], strict=True))
        return self._cache["units"]

    def slice_fingerprint(self, region: str | None = None) -> str:
        """SHA-256 over the sorted rows of what a region's report reads, all periods; None means all regions.

        Parameters
        ----------
        region : str or None
            Code of the study.

        Notes
        -----
        The database hashes the rows of all regions in one pass, so asking for each region costs no more than asking for
        one. Rows of other regions do not enter; the order of the rows does not matter.
        """
        wanted = None if region is None else self.study.region(region).data_code
        parts = []
        for key in ("survey", "outcomes"):
            if getattr(self.study, key) is None:
                continue
            hashes = self._hashes(key)
            codes = sorted(hashes) if wanted is None else [wanted]
            parts += [f"{key}:{code}:{hashes.get(code, '')}" for code in codes]
        if "units.lines" not in self._cache:
            names = self.unit_names()
            self._cache["units.lines"] = [f"unit:{code}:{names[code]}" for code in sorted(names)]
        parts += self._cache["units.lines"]
        for path in self.study.external_files:
            parts.append(f"{path.name}:{hashlib.sha256(path.read_bytes()).hexdigest()}")
        return hashlib.sha256("\n".join(parts).encode("utf-8")).hexdigest()

    @staticmethod
    def _extras(frame: pd.DataFrame, source: TableSource) -> pd.DataFrame:
        """Further columns of a CSV file are read as text; those that are numbers become numbers."""
        if source.path is not None and source.path.suffix.lower() == ".csv":
            for name in source.extra:
                frame[name] = numbers_where_safe(frame[name])
        return frame

    def _survey_table(self, region: str | None, period: str | None):
        if self.study.survey is None or self.study.instrument is None:
            raise NotApplicable("no_survey", study=self.study.code)
        return self.study, self._filtered("survey", region, period)

    def _filtered(self, key: str, region: str | None, period: str | None):
        table = self._table(key)
        if region is not None:
            table = table.filter(table["region"] == self.study.region(region).data_code)
        if period is not None:
            year = table["period"].substr(0, len(period))
            table = table.filter((year == period) & (table["period"].length().isin([len(period), len(period) + 3])))
        return table

    def _table(self, key: str):
        """The table with canonical column names; opened once."""
        if key not in self._cache:
            source: TableSource = getattr(self.study, key)
            self._cache[key] = _canonical(open_table(source), source, survey=key == "survey")
        return self._cache[key]

    def _hashes(self, key: str) -> dict[str, str]:
        name = f"{key}.hashes"
        if name not in self._cache:
            self._cache[name] = region_hashes(getattr(self.study, key))
        return self._cache[name]

    def _with_values(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Fill ``value`` from events and denominator where the source leaves it out; the source's own value stands."""
        scale = frame["measure"].map({measure.code: measure.scale for measure in self.study.measures
                                      if measure.kind is not MeasureKind.MEAN}).astype(float)
        ratio = scale * frame["events"] / frame["denominator"].where(frame["denominator"] > 0)
        frame["value"] = frame["value"].where(frame["value"].notna(), ratio)
        rest = [name for name in frame.columns if name not in OUTCOME_COLUMNS]
        return frame[[*OUTCOME_COLUMNS, *rest]]


def open_source(study: Study) -> StudySource:
    """Open the tables of a study; nothing is read yet.

    Parameters
    ----------
    study : Study
        From ``load_study``.

    Raises
    ------
    KinerjaError
        ``study_data_absent`` when tables that the project does not contain are not on this machine.
    """
    for source in (study.survey, study.outcomes, study.units):
        if source is not None and source.external and not source.path.is_file():
            raise KinerjaError("study_data_absent", study=study.code)
    return StudySource(study=study)


def _canonical(table, source: TableSource, *, survey: bool):
    """Rename, cast what must be text, and take the year of the date where there is no period column."""
    import ibis

    chosen = {}
    for name in (*SURVEY_COLUMNS, *(() if survey else ("measure",))):
        if name in source.columns:
            chosen[name] = table[source.columns[name]].cast("string")
        elif name in source.constants:
            chosen[name] = ibis.literal(source.constants[name])
        elif name == "period":
            chosen[name] = _year(table[source.columns["date"]])
    if survey:
        chosen |= {code: table[column].cast("float64") for code, column in source.items.items()}
        chosen |= {name: table[source.columns[name]] for name in ("date", *DESIGN_COLUMNS) if name in source.columns}
        if "weight" in chosen:
            chosen["weight"] = chosen["weight"].cast("float64")
    else:
        chosen |= {name: table[source.columns[name]].cast("float64") for name in NUMBERS if name in source.columns}
    chosen |= {name: table[name] for name in source.extra if name not in chosen}
    return table.select(**chosen)


def _year(column):
    return (column.cast("date") if column.type().is_string() else column).year().cast("string")

