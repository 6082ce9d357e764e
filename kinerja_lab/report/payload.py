"""Did the notebook hand over one set of results, is it well formed, and is it this region's?

A notebook displays its results once, as an output of type ``application/vnd.kinerja.results+json``.
"""

from collections.abc import Mapping
from math import isfinite
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.estimate import FIXED_COLUMNS
from kinerja_lab.report.show import RESULTS_MIME

__all__ = ["read_results"]

_SLACK = 1e-9
_NOT_NUMBERS = {"nan", "inf", "-inf", "Infinity", "-Infinity", "NaN"}
_TEXT_COLUMNS = ("label", "method", "unit", "note")


class _Region(BaseModel):
    model_config = ConfigDict(extra="forbid")
    code: str
    name: str


class _Headline(BaseModel):
    model_config = ConfigDict(extra="allow")
    label: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    note: str = ""


class _Results(BaseModel):
    model_config = ConfigDict(extra="forbid")
    schema_: Annotated[Literal[1], Field(alias="schema")]
    study: str
    region: _Region
    period: str
    language: Literal["id", "en"]
    level: float
    fingerprints: dict[str, str]
    headline: _Headline | None
    verdicts: dict[Literal["passed", "concern", "failed", "not_applicable", "not_run"], Annotated[int, Field(ge=0)]]
    findings: list[dict[str, Any]]
    estimates: list[dict[str, Any]]


def read_results(notebook: Mapping[str, Any], *, expected: Mapping[str, object]) -> dict[str, Any]:
    """The results of an executed notebook, checked.

    Parameters
    ----------
    notebook : mapping
        Executed notebook.
    expected : mapping
        The parameters it was run with: results under another study, region, period, language or level are refused.

    Returns
    -------
    dict
        Plain JSON values; where there is no number, ``None``.

    Raises
    ------
    KinerjaError
        ``results_not_one`` (none, or several), ``results_bad`` or ``results_of_another``.
    """
    found = [output["data"][RESULTS_MIME] for cell in notebook["cells"] for output in cell.get("outputs", ())
             if RESULTS_MIME in output.get("data", {})]
    if len(found) != 1:
        raise KinerjaError("results_not_one", n=len(found))
    results = _without_nan(found[0])
    try:
        checked = _Results.model_validate(results)
    except ValidationError as error:
        first = error.errors()[0]
        raise KinerjaError("results_bad", where=".".join(map(str, first["loc"])), detail=first["msg"]) from None
    for number, row in enumerate(results["estimates"], start=1):
        _check_row(row, f"estimates[{number}]")
    if results["headline"] is not None:
        _check_interval(results["headline"], "headline")
    actual = {"study": checked.study, "region": checked.region.code, "period": checked.period,
              "language": checked.language, "level": checked.level}
    for name, value in actual.items():
        if name in expected and expected[name] != value:
            raise KinerjaError("results_of_another", name=name, value=str(value), expected=str(expected[name]))
    return results


def _check_row(row: Mapping[str, Any], where: str) -> None:
    missing = [name for name in FIXED_COLUMNS if name not in row]
    if missing:
        raise KinerjaError("results_bad", where=where, detail=", ".join(missing))
    if not all(isinstance(row[name], str) for name in _TEXT_COLUMNS):
        raise KinerjaError("results_bad", where=where, detail="text")
    _check_interval(row, where)


def _check_interval(row: Mapping[str, Any], where: str) -> None:
    """The rule of ``EstimateTable`` once more: what reached the file is what the reader gets."""
    value, low, high = row["value"], row["low"], row["high"]
    numbers = [each for each in (value, low, high) if each is not None]
    if any(isinstance(each, bool) or not isinstance(each, int | float) for each in numbers):
        raise KinerjaError("results_bad", where=where, detail=str(numbers))
    if len(numbers) < 3:
        if not row.get("note"):
            raise KinerjaError("results_bad", where=where, detail="note")
    elif not low - _SLACK * (1 + abs(value)) <= value <= high + _SLACK * (1 + abs(value)):
        raise KinerjaError("results_bad", where=where, detail=f"{low} <= {value} <= {high}")


def _without_nan(value: Any, *, numeric: bool = False) -> Any:
    """``None`` for numbers that are not finite. Jupyter sends NaN as the text "nan" where a number should stand."""
    if isinstance(value, dict):
        return {key: _without_nan(item, numeric=key in _NUMERIC_KEYS or (numeric and not isinstance(item, dict)))
                for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item, numeric=numeric) for item in value]
    if isinstance(value, float) and not isfinite(value):
        return None
    if numeric and isinstance(value, str) and value in _NOT_NUMBERS:
        return None
    return value


_NUMERIC_KEYS = {"value", "low", "high", "n", "numbers", "statistic", "df", "p", "q"}
