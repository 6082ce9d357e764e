"""Are these the parameters of this notebook, with the right types, before anything runs?

papermill itself only logs an unknown name and keeps the default of a forgotten one: a typo would give one region's
report under another region's name. Its command line also turns the region code 0101 into the number 101.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kinerja_lab.core.errors import InputFault, InputFaults, closest
from kinerja_lab.core.message import Message

__all__ = ["ALL_REGIONS", "ReportParameters", "check_names", "notebook_parameters", "parse_parameters",
           "select_regions"]

ALL_REGIONS = "semua"
"""Value of the parameter ``region`` that stands for all regions together: the summary."""


class ReportParameters(BaseModel):
    """Parameters of a region's notebook. Strict: text stays text, an unknown or forgotten name is refused."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    study: Annotated[str, Field(min_length=1)]
    region: Annotated[str, Field(min_length=1)]
    period: str
    language: Literal["id", "en"]
    level: Annotated[float, Field(ge=0.5, lt=1)]
    today: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


def parse_parameters(values: dict[str, object], *, model: type[BaseModel] = ReportParameters) -> BaseModel:
    """Values as typed parameters.

    Parameters
    ----------
    values : dict
        Names and values as given.
    model : type of pydantic.BaseModel
        The strict model.

    Raises
    ------
    InputFaults
        ``parameter_unknown`` (with the name probably meant), ``parameter_missing`` or ``parameter_bad``, all at once.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        names = list(model.model_fields)
        faults = []
        for item in error.errors():
            name = ".".join(map(str, item["loc"]))
            if item["type"] == "extra_forbidden":
                faults.append(InputFault(message=_unknown(name, names), column=name))
            elif item["type"] == "missing":
                faults.append(InputFault(message=Message("fault.parameter_missing", {"name": name}), column=name))
            else:
                faults.append(InputFault(message=Message("fault.parameter_bad", {"name": name, "detail": item["msg"]}),
                                         column=name, value=str(item["input"])))
        raise InputFaults(faults) from None


def notebook_parameters(notebook: Path) -> tuple[str, ...]:
    """Names in the parameters cell of a notebook, as papermill reads them."""
    from papermill import inspect_notebook

    return tuple(inspect_notebook(str(notebook)))


def check_names(notebook: Path, names: Sequence[str]) -> None:
    """Compare the names that will be passed with the notebook's own, both ways.

    Parameters
    ----------
    notebook : Path
        Template notebook with a cell tagged ``parameters``.
    names : sequence of str
        Names that will be passed.

    Raises
    ------
    InputFaults
        ``parameters_cell_absent``, ``parameter_unknown`` (passed, but not in the notebook) and ``parameter_missing``
        (in the notebook, but not passed: its default would silently hold for every region).
    """
    own = notebook_parameters(notebook)
    if not own:
        raise InputFaults([InputFault(message=Message("fault.parameters_cell_absent"), file=notebook.name)])
    faults = [InputFault(message=_unknown(name, own), file=notebook.name, column=name)
              for name in names if name not in own]
    faults += [InputFault(message=Message("fault.parameter_missing", {"name": name}), file=notebook.name, column=name)
               for name in own if name not in names]
    if faults:
        raise InputFaults(faults)


def select_regions(wanted: Sequence[str], *, known: Sequence[str]) -> tuple[str, ...]:
    """The regions asked for, in the order of the study; all of them when none is named.

    Parameters
    ----------
    wanted : sequence of str
        Codes as typed.
    known : sequence of str
        Codes of the study.

    Raises
    ------
    InputFaults
        ``report_region_unknown`` for each code that is not the study's, with the nearest one.
    """
    faults = [
        InputFault(message=Message("fault.report_region_unknown", {
            "region": code, "nearest": closest(code, known) or "-", "choices": _some(known)}))
        for code in wanted if code not in known
    ]
    if faults:
        raise InputFaults(faults)
    return tuple(code for code in known if not wanted or code in wanted)


def _unknown(name: str, known: Sequence[str]) -> Message:
    return Message("fault.parameter_unknown", {
        "name": name, "nearest": closest(name, known) or "-", "choices": ", ".join(known)})


def _some(codes: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(codes[:most])
    return shown if len(codes) <= most else f"{shown}, …"
