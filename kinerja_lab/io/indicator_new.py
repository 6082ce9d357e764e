"""How is an indicator file begun, and what may stand in it? The template and the JSON Schema come from one model."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.io.indicator_fields import FIELD_ORDER
from kinerja_lab.io.indicator_text import new_text
from kinerja_lab.io.specs import IndicatorSpec
from kinerja_lab.io.whole_files import write_whole

__all__ = ["begin_file", "indicator_schema", "new_indicator", "required_fields", "write_schema"]


def required_fields() -> tuple[str, ...]:
    """Keys that every indicator file must have, in the order of a manual."""
    must = {name for name, item in IndicatorSpec.model_fields.items() if item.is_required()}
    return tuple(name for name in FIELD_ORDER if name in must)


def indicator_schema(help: Mapping[str, str]) -> dict[str, object]:
    """The JSON Schema of an indicator file, so that editors complete and check it.

    Parameters
    ----------
    help : mapping of str to str
        Key -> what it means, in the reader's language.

    Returns
    -------
    dict
        JSON Schema, draft 2020-12, with the keys in the order of a manual.
    """
    schema = IndicatorSpec.model_json_schema()
    keys = schema["properties"]
    schema["properties"] = {
        name: {**keys[name], **({"description": help[name]} if help.get(name) else {})} for name in FIELD_ORDER}
    for part in schema["$defs"].values():
        part.pop("description", None)  # remarks for programmers
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def new_indicator(code: str, *, help: Mapping[str, str], values: Mapping[str, object] | None = None,
                  schema: str = "") -> str:
    """The text of a new indicator file: every key with a remark that says what belongs there.

    Parameters
    ----------
    code : str
        Code of the indicator.
    help : mapping of str to str
        Key -> remark.
    values : mapping of str to object or None
        What is known already.
    schema : str
        Address of the JSON Schema.

    Returns
    -------
    str
        A file that ``check_file`` refuses until the required keys are filled in, naming each.
    """
    return new_text({**(values or {}), "code": code}, help=help, required=required_fields(), schema=schema)


def begin_file(folder: Path, code: str, *, help: Mapping[str, str], schema: str = "") -> Path:
    """Write the file of a new indicator, to be filled in.

    Parameters
    ----------
    folder : pathlib.Path
        Folder, made when absent.
    code, help, schema
        As in ``new_indicator``.

    Raises
    ------
    KinerjaError
        ``indicator_code``; ``file_exists``: nothing is overwritten.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,39}", code):
        raise KinerjaError("indicator_code", value=code)
    file = Path(folder) / f"{code}.yml"
    if file.exists():
        raise KinerjaError("file_exists", file=file.name)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, new_indicator(code, help=help, schema=schema).encode("utf-8"))
    return file


def write_schema(path: Path, *, help: Mapping[str, str]) -> None:
    """Write the JSON Schema of an indicator file.

    Parameters
    ----------
    path : pathlib.Path
        File to write.
    help : mapping of str to str
        As in ``indicator_schema``.
    """
    text = json.dumps(indicator_schema(help), ensure_ascii=False, indent=2) + "\n"
    write_whole(path, text.encode("utf-8"))
