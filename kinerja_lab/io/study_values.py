"""What is a study? Regions, periods, instrument, indicators, and where its tables stand; frozen once faultless."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kinerja_lab.core.errors import KinerjaError, closest
from kinerja_lab.core.indicator import Indicator
from kinerja_lab.core.instrument import Instrument
from kinerja_lab.core.outcome import Measure
from kinerja_lab.core.ruleset import Ruleset
from kinerja_lab.core.standard import Standard
from kinerja_lab.drafting.targets import Statement

__all__ = ["PlanSpec", "Region", "Study", "TableSource"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One region that has a report of its own.

    Parameters
    ----------
    code : str
        Code in the study's scheme; text, never a number (``0101`` would become 101).
    name : str
        As the study calls it.
    level : str
        Word for its level, e.g. ``"kecamatan"``.
    shows : str
        Code of the region whose units are shown instead (a kecamatan has no dinas of its own); empty means its own.
    shown_name : str
        Name of that region; empty where it shows its own units.
    """

    code: str
    name: str
    level: str
    shows: str = ""
    shown_name: str = ""

    @property
    def data_code(self) -> str:
        """The code that the tables hold for what this region shows."""
        return self.shows or self.code


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSpec:
    """Which notebook makes a region's report and which the summary (empty: none)."""

    notebook: str
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSource:
    """Where a table stands and what its columns are called there.

    Parameters
    ----------
    path : pathlib.Path or None
        Parquet or CSV file.
    address : str
        Database address without a password; empty for a file.
    address_env : str
        Environment variable that holds the address.
    table : str
        Table of the database.
    columns : mapping of str to str
        Canonical column to the source's column.
    constants : mapping of str to str
        Canonical columns with one value for all rows.
    items : mapping of str to str
        Item code to the source's column (survey only).
    extra : tuple of str
        Further columns taken over under their own name.
    external : bool
        Whether the table is made from original files that the project does not contain.
    name : str
        How faults call the table.
    """

    path: Path | None = None
    address: str = ""
    address_env: str = ""
    table: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, str] = field(default_factory=dict)
    extra: tuple[str, ...] = ()
    external: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Study:
    """A study without faults; ``load_study`` makes it.

    Parameters
    ----------
    code : str
        Name of the study and of its folder.
    title, note, region_word, unit_word, agency_word, source_note, limits : mapping of str to str
        Words by language.
    synthetic : bool
        Whether the data are made up.
    folder : pathlib.Path
        Where ``study.yml`` is.
    scheme : str
        Scheme of the region codes: ``"kemendagri"``, ``"us-state"`` or ``"own"``.
    regions : tuple of Region
        Every region with a report.
    periods : tuple of str
        Years in order; empty when the study has none.
    instrument : Instrument or None
        The questionnaire.
    ruleset : Ruleset or None
        The rule the survey follows.
    indicators : tuple of Indicator
        The indicators judged.
    measures : tuple of Measure
        Outcome measures.
    agencies : mapping of str to mapping
        Agency names by code and language.
    rater_column : str
        Column of the survey frame that says who rated; empty when unknown.
    suppress_below : int
        Groups with fewer respondents are hidden.
    plan : PlanSpec
        Notebooks.
    survey, outcomes : TableSource or None
        The tables.
    units : TableSource or None
        Names of units, columns ``unit`` and ``name``.
    row_is_unit : bool
        Whether a row of the survey is a unit (published scores of a hospital, say) and not a respondent.
    external_files : tuple of pathlib.Path
        Files outside the study that it was read from.
    statements : tuple of Statement
        Numbers as the study's plans print them, with their place; empty where the study has no such table.
    standards : tuple of Standard
        What panels have set for indicators of the study: ``plan.name`` is the indicator's code.
    """

    code: str
    title: Mapping[str, str]
    note: Mapping[str, str]
    synthetic: bool
    folder: Path
    scheme: str
    region_word: Mapping[str, str]
    unit_word: Mapping[str, str]
    agency_word: Mapping[str, str]
    regions: tuple[Region, ...]
    periods: tuple[str, ...]
    instrument: Instrument | None
    ruleset: Ruleset | None
    indicators: tuple[Indicator, ...]
    measures: tuple[Measure, ...]
    agencies: Mapping[str, Mapping[str, str]]
    rater_column: str = ""
    suppress_below: int = 10
    plan: PlanSpec
    source_note: Mapping[str, str]
    limits: Mapping[str, str] = field(default_factory=dict)
    survey: TableSource | None = None
    outcomes: TableSource | None = None
    units: TableSource | None = None
    row_is_unit: bool = False
    external_files: tuple[Path, ...] = ()
    statements: tuple[Statement, ...] = ()
    standards: tuple[Standard, ...] = ()

    def region(self, code: str) -> Region:
        """The region of a code.

        Raises
        ------
        KinerjaError
            ``unknown_region`` with the nearest code or name.
        """
        for region in self.regions:
            if region.code == code:
                return region
        codes = [region.code for region in self.regions]
        by_name = {region.name.casefold(): region.code for region in self.regions}
        near = closest(code, codes) or by_name.get(closest(code.casefold(), list(by_name)), "-")
        raise KinerjaError("unknown_region", value=code, nearest=near, choices=", ".join(codes))

    def fingerprints(self) -> Mapping[str, str]:
        """SHA-256 of ``study.yml`` and of every value the study was read into."""
        out = {"study.yml": hashlib.sha256((self.folder / "study.yml").read_bytes()).hexdigest()}
        for name, value in (("instrument", self.instrument), ("ruleset", self.ruleset)):
            if value is not None:
                out[name] = _sha(repr(value))
        if self.statements:
            out["statements"] = _sha(repr(self.statements))
        out |= {f"standard.{standard.plan.name}": _sha(repr(standard)) for standard in self.standards}
        out |= {f"indicator.{indicator.code}": _sha(repr(indicator)) for indicator in self.indicators}
        return out

    def __str__(self) -> str:
        return f"Study {self.code}: {len(self.regions)} regions, {len(self.indicators)} indicators"


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
