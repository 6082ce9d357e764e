"""``kinerja indicator``: how is an indicator begun, checked, changed, ended, and carried to and from a kamus?"""

import sys
import tomllib
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kinerja_lab.cli.console import help_text, language, say, words
from kinerja_lab.core.errors import KinerjaError

if TYPE_CHECKING:
    from kinerja_lab.io.dictionary_words import DictionaryWords

__all__ = ["indicator_app"]


@cache
def _help(key: str) -> str:
    """A help line, read alone: the whole catalogue would cost ``--help`` half a second."""
    lang = language(None, argv=sys.argv)
    text = files("kinerja_lab.text").joinpath(lang, "drafting.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["indicator_cli"][key]


indicator_app = typer.Typer(name="indicator", help=_help("help"), no_args_is_help=True, rich_markup_mode=None)

Lang = Annotated[str | None, typer.Option("--lang", help=help_text("lang"), metavar="id|en")]
By = Annotated[str, typer.Option("--by", help=_help("by"))]
Reason = Annotated[str, typer.Option("--reason", help=_help("reason"))]
On = Annotated[str, typer.Option("--on", metavar="YYYY-MM-DD", help=_help("on"))]
File = Annotated[Path, typer.Argument(help=_help("file"))]


@indicator_app.command("new", help=_help("new"))
def new(
    code: Annotated[str, typer.Argument(help=_help("code"))],
    folder: Annotated[Path, typer.Option("--folder", help=_help("folder"))] = Path(),
    lang: Lang = None,
) -> None:
    """Make a new indicator file."""
    from kinerja_lab.io.indicator_new import begin_file

    file = begin_file(folder, code, help=_field_help(_lang(lang)))
    _tell(lang, "made", file=str(file))


@indicator_app.command("check", help=_help("check"))
def check(path: Annotated[Path, typer.Argument(help=_help("path"))], lang: Lang = None) -> None:
    """Check a file or a folder."""
    from kinerja_lab.io.indicator_files import read_folder, read_indicator

    n = len(read_folder(path)) if path.is_dir() else len([read_indicator(path)])
    _tell(lang, "sound", n=n)


@indicator_app.command("diff", help=_help("diff"))
def diff(
    old: Annotated[Path, typer.Argument(help=_help("old"))],
    new: Annotated[Path, typer.Argument(help=_help("new_file"))],
    lang: Lang = None,
) -> None:
    """Show two versions side by side."""
    from kinerja_lab.drafting.revision import diff_indicators
    from kinerja_lab.io.dictionary_words import indicator_cells
    from kinerja_lab.io.indicator_files import read_indicator

    before, after = read_indicator(old), read_indicator(new)
    changes = diff_indicators(before, new=after)
    if not changes:
        _tell(lang, "unchanged")
    catalogue, book = words(_lang(lang)), _dictionary_words(_lang(lang))
    left, right = indicator_cells(before, words=book), indicator_cells(after, words=book)
    for change in changes:
        _tell(lang, "change", field=catalogue.text(f"indicator_field.{change.field}"), old=left[change.field] or "-",
              new=right[change.field] or "-", effect=catalogue.text(f"series_effect.{change.effect.value}"))


@indicator_app.command("history", help=_help("history"))
def history(
    file: File, git: Annotated[bool, typer.Option("--git", help=_help("git"))] = False, lang: Lang = None,
) -> None:
    """Show the recorded changes."""
    from kinerja_lab.io.indicator_history import history as entries_of

    entries = entries_of(file, with_git=git)
    if not entries:
        _tell(lang, "no_history")
    for entry in entries:
        line = words(_lang(lang)).text("indicator_cli.entry", on=entry.on, by=entry.by, reason=entry.reason)
        say(words(_lang(lang)).text("dictionary.broken", revision=line) if entry.breaks_series else line)


@indicator_app.command("revise", help=_help("revise"))
def revise(
    file: File, by: By, reason: Reason,
    set_: Annotated[list[str], typer.Option("--set", metavar="FIELD=VALUE", help=_help("set"))],
    on: On = "", lang: Lang = None,
) -> None:
    """Change fields and record it."""
    from kinerja_lab.drafting.revision import SeriesEffect
    from kinerja_lab.io.indicator_files import revise as record_change
    from kinerja_lab.io.indicator_text import read_value

    changes = {}
    for setting in set_:
        field, sign, value = setting.partition("=")
        if not sign:
            raise KinerjaError("indicator_setting", value=setting)
        changes[field.strip()] = read_value(value)
    record = record_change(file, changes, by=by, reason=reason, on=_day(on))
    effect = SeriesEffect.BREAKS if record.breaks_series else SeriesEffect.NONE
    catalogue = words(_lang(lang))
    _tell(lang, "revised", file=file.name, effect=catalogue.text(f"series_effect.{effect.value}"),
          fields=", ".join(catalogue.text(f"indicator_field.{field}") for field in record.changed))


@indicator_app.command("retire", help=_help("retire"))
def retire(file: File, by: By, reason: Reason, on: On = "", lang: Lang = None) -> None:
    """End an indicator."""
    from kinerja_lab.io.indicator_files import retire as record_end

    record = record_end(file, by=by, reason=reason, on=_day(on))
    _tell(lang, "retired", indicator=file.stem, on=record.on)


@indicator_app.command("export", help=_help("export"))
def export(
    source: Annotated[Path, typer.Argument(help=_help("path"))],
    target: Annotated[Path, typer.Argument(help=_help("book"))],
    lang: Lang = None,
) -> None:
    """Write a kamus."""
    from kinerja_lab.io.dictionary_docx import write_dictionary_docx
    from kinerja_lab.io.dictionary_xlsx import write_dictionary_xlsx
    from kinerja_lab.io.indicator_files import read_folder, read_indicator

    writers = {".xlsx": write_dictionary_xlsx, ".docx": write_dictionary_docx}
    if target.suffix.lower() not in writers:
        raise KinerjaError("dictionary_suffix", suffix=target.suffix or "-")
    indicators = read_folder(source) if source.is_dir() else (read_indicator(source),)
    writers[target.suffix.lower()](target, indicators, words=_dictionary_words(_lang(lang)))
    _tell(lang, "exported", n=len(indicators), file=str(target))


@indicator_app.command("import", help=_help("import"))
def import_book(
    source: Annotated[Path, typer.Argument(help=_help("book"))],
    folder: Annotated[Path, typer.Argument(help=_help("folder"))],
    mapping: Annotated[Path | None, typer.Option("--mapping", help=_help("mapping"))] = None,
    lang: Lang = None,
) -> None:
    """Read a kamus."""
    from kinerja_lab.io.dictionary_import import read_dictionary, write_imported
    from kinerja_lab.io.dictionary_mapping import own_mapping, read_mapping

    chosen = read_mapping(mapping) if mapping is not None else own_mapping(_dictionary_words(_lang(lang)))
    imported = read_dictionary(source, chosen)
    paths = write_imported(folder, imported, help=_field_help(_lang(lang)))
    for path, item in zip(paths, imported, strict=True):
        if item.missing:
            _tell(lang, "unfinished", file=path.name, fields=", ".join(item.missing))
    _tell(lang, "imported", n=len(paths), folder=str(folder))


@indicator_app.command("schema", help=_help("schema"))
def schema(target: Annotated[Path, typer.Argument(help=_help("schema_file"))], lang: Lang = None) -> None:
    """Write the JSON Schema."""
    from kinerja_lab.io.indicator_new import write_schema

    write_schema(target, help=_field_help(_lang(lang)))
    _tell(lang, "made", file=str(target))


def _lang(chosen: str | None) -> str:
    lang = language(chosen)
    words(lang)  # raises for a language that does not exist
    return lang


def _tell(lang: str | None, key: str, **params: object) -> None:
    say(words(_lang(lang)).text(f"indicator_cli.{key}", **params))


def _field_help(lang: str) -> dict[str, str]:
    from kinerja_lab.io.indicator_fields import FIELD_ORDER

    return {field: words(lang).text(f"indicator_help.{field}") for field in FIELD_ORDER}


def _dictionary_words(lang: str) -> "DictionaryWords":
    from kinerja_lab.io.dictionary_words import DictionaryWords

    return DictionaryWords(text=words(lang).text, decimal_mark="," if lang == "id" else ".")


def _day(text: str) -> date:
    if not text:
        return date.today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise KinerjaError("cli_bad_date", value=text) from None
