"""In which language, where to and in what form does the command line speak?"""

import os
import sys
import tempfile
import tomllib
import traceback
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from kinerja_lab.core.errors import KinerjaError

__all__ = ["help_text", "language", "plain_line", "record_bug", "say", "say_error", "words"]

_LANGUAGES = ("id", "en")


def language(chosen: str | None, *, argv: Sequence[str] = ()) -> str:
    """The language to speak: the one chosen, else the one in ``argv`` (not parsed yet), else the environment's.

    An unknown one in the environment counts as Indonesian; an unknown one that was chosen is for the caller to refuse.
    """
    if chosen:
        return chosen
    for position, word in enumerate(argv):
        value = word.removeprefix("--lang=") if word.startswith("--lang=") else "".join(argv[position + 1:position + 2])
        if word.startswith("--lang") and value in _LANGUAGES:
            return value
    named = os.environ.get("KINERJA_LANG", "id")
    return named if named in _LANGUAGES else "id"


@cache
def _own_words(lang: str) -> dict:
    """The command line's own file, read by itself: the whole catalogue would cost ``--help`` half a second."""
    return tomllib.loads(files("kinerja_lab.text").joinpath(lang, "cli.toml").read_text(encoding="utf-8"))


def help_text(key: str) -> str:
    """A help line, ``[help]`` of ``cli.toml``, in the language that ``sys.argv`` or the environment asks for."""
    return _own_words(language(None, argv=sys.argv))["help"][key]


def plain_line(key: str, lang: str, **params: str) -> str:
    """A line of ``[cli]`` that must be said even when the whole catalogue cannot be read."""
    return _own_words(lang)["cli"][key].format(**params)


def words(lang: str):
    """The text catalogue of a language."""
    from kinerja_lab.text.catalogue import catalogue

    return catalogue(lang)


def say(text: str = "", *, err: bool = False) -> None:
    """Print one line."""
    print(text, file=sys.stderr if err else sys.stdout, flush=True)


def say_error(error: KinerjaError, *, lang: str) -> None:
    """Print an error the user can act on; every fault of an input has its own line."""
    for line in words(lang).error(error):
        say(line, err=True)


def record_bug(error: BaseException) -> Path:
    """Write the details of a fault of ours where the user can find and send them."""
    handle, name = tempfile.mkstemp(prefix="kinerja-kesalahan-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write("".join(traceback.format_exception(error)))
    return Path(name)
