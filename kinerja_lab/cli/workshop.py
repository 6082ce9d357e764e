"""``kinerja workshop``: how does a facilitator make a workshop, run it, and take the answers home?"""

import sys
import tomllib
from contextlib import closing
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from kinerja_lab.cli.console import language, say, words
from kinerja_lab.core.errors import KinerjaError, closest

__all__ = ["app", "workshop_help"]

DEFAULT_NAME = "lokakarya"
LOOPBACK = "127.0.0.1"


@cache
def _own_help(lang: str) -> dict[str, str]:
    """Read by itself: the whole catalogue would cost ``--help`` half a second."""
    text = files("kinerja_lab.text").joinpath(lang, "workshop.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["workshop_help"]


def workshop_help(key: str) -> str:
    """A help line of these commands in the language that ``sys.argv`` or the environment asks for.

    Parameters
    ----------
    key : str
        Under ``[workshop_help]``.
    """
    return _own_help(language(None, argv=sys.argv))[key]


app = typer.Typer(name="workshop", help=workshop_help("app"), no_args_is_help=True, add_completion=False,
                  pretty_exceptions_enable=False, rich_markup_mode=None)

StudyName = Annotated[str, typer.Argument(help=workshop_help("study"))]
FileName = Annotated[str, typer.Option("--name", help=workshop_help("name"))]
Lang = Annotated[str | None, typer.Option("--lang", help=workshop_help("lang"), metavar="id|en")]


@app.command("open", help=workshop_help("open"))
def open_workshop(
    study: StudyName,
    rounds: Annotated[list[str] | None, typer.Option("--round", help=workshop_help("round"))] = None,
    judges: Annotated[list[str] | None, typer.Option("--judge", help=workshop_help("judge"))] = None,
    judges_file: Annotated[Path | None, typer.Option("--judges", help=workshop_help("judges"))] = None,
    indicators: Annotated[str, typer.Option(help=workshop_help("indicators"), metavar="A,B")] = "",
    name: FileName = DEFAULT_NAME,
    title: Annotated[str, typer.Option(help=workshop_help("title"))] = "",
    anonymous: Annotated[bool, typer.Option("--anonymous", help=workshop_help("anonymous"))] = False,
    hours: Annotated[float, typer.Option(help=workshop_help("hours"))] = 72.0,
    lang: Lang = None,
) -> None:
    """Make a workshop's file."""
    from kinerja_lab.io.study import load_study, studies_root
    from kinerja_lab.workshop.create import create_workshop
    from kinerja_lab.workshop.places import study_sheets, workshop_file
    from kinerja_lab.workshop.plan import WorkshopPlan, round_questions

    chosen = language(lang)
    held = load_study(studies_root() / study)
    codes = tuple(code.strip() for code in indicators.split(",") if code.strip())
    plan = WorkshopPlan(
        name=title or held.title[chosen], study=held.code, items=study_sheets(held, codes=codes),
        rounds=round_questions(rounds or []), judges=(*(judges or []), *_names(judges_file)), anonymous=anonymous,
        hours=hours, lang=chosen)
    path = workshop_file(held.folder, name)
    secret = create_workshop(path, plan)
    text = words(chosen).text
    say(text("workshop.opened", name=plan.name, items=len(plan.items), judges=len(plan.judges), rounds=len(plan.rounds),
             file=str(path)))
    say(text("workshop.opened_secret", secret=secret))
    say(text("workshop.opened_next", study=study))


@app.command("serve", help=workshop_help("serve"))
def serve_workshop(
    study: StudyName,
    name: FileName = DEFAULT_NAME,
    host: Annotated[str, typer.Option(help=workshop_help("host"))] = LOOPBACK,
    port: Annotated[int, typer.Option(min=0, max=65535, help=workshop_help("port"))] = 8765,
    public_name: Annotated[list[str] | None, typer.Option(help=workshop_help("public_name"))] = None,
    certfile: Annotated[Path | None, typer.Option(help=workshop_help("certfile"))] = None,
    keyfile: Annotated[Path | None, typer.Option(help=workshop_help("keyfile"))] = None,
    lang: Lang = None,
) -> None:
    """Serve until Ctrl-C."""
    from kinerja_lab.workshop.server import Place, serve
    from kinerja_lab.workshop.store import Store

    text, path = words(language(lang)).text, _path(study, name)

    def ready(site) -> None:
        say(text("workshop.serving", address=site.address))
        if site.in_the_open:
            say(text("workshop.in_the_open"), err=True)
        elif host in (LOOPBACK, "localhost", "::1"):
            say(text("workshop.loopback"))

    serve(Store(path), Place(host=host, port=port, names=tuple(public_name or ()), certfile=certfile, keyfile=keyfile),
          ready=ready)
    say(text("workshop.stopped", file=str(path)))


@app.command("links", help=workshop_help("links"))
def make_links(
    study: StudyName,
    address: Annotated[str, typer.Option(help=workshop_help("address"))],
    name: FileName = DEFAULT_NAME,
    judge: Annotated[list[str] | None, typer.Option("--judge", help=workshop_help("only"))] = None,
    out: Annotated[Path, typer.Option(help=workshop_help("out"))] = Path("tautan-panelis.html"),
    lang: Lang = None,
) -> None:
    """Write slips with new links."""
    from kinerja_lab.workshop.export import write_slips
    from kinerja_lab.workshop.store import Store

    with closing(Store(_path(study, name))) as store:
        numbers = _numbers(store, judge or [])
        n = write_slips(store, address=address, judges=numbers, to=out, lang=language(lang))
    say(words(language(lang)).text("workshop.slips_written", n=n, file=str(out)))


@app.command("export", help=workshop_help("export"))
def export_answers(
    study: StudyName,
    name: FileName = DEFAULT_NAME,
    out: Annotated[Path, typer.Option(help=workshop_help("out"))] = Path("lokakarya.xlsx"),
    lang: Lang = None,
) -> None:
    """Write the spreadsheet."""
    from kinerja_lab.workshop.export import export_xlsx

    export_xlsx(_path(study, name), to=out, lang=language(lang))
    say(words(language(lang)).text("workshop.exported", file=str(out)))


@app.command("secret", help=workshop_help("secret"))
def renew_secret(study: StudyName, name: FileName = DEFAULT_NAME, lang: Lang = None) -> None:
    """Make a new secret."""
    from kinerja_lab.workshop.store import Store

    with closing(Store(_path(study, name))) as store:
        say(words(language(lang)).text("workshop.renewed", secret=store.renew_secret()))


@app.command("revoke", help=workshop_help("revoke"))
def revoke_access(
    study: StudyName,
    judge: Annotated[str, typer.Option(help=workshop_help("only"))],
    name: FileName = DEFAULT_NAME,
    lang: Lang = None,
) -> None:
    """End a panellist's access."""
    from kinerja_lab.workshop.store import Store

    with closing(Store(_path(study, name))) as store:
        store.revoke(_numbers(store, [judge])[0])
    say(words(language(lang)).text("workshop.revoked", name=judge))


@app.command("backup", help=workshop_help("backup"))
def copy_now(study: StudyName, name: FileName = DEFAULT_NAME, lang: Lang = None) -> None:
    """Copy the file."""
    from datetime import datetime

    from kinerja_lab.workshop.store import Store

    with closing(Store(_path(study, name))) as store:
        copy = store.backup(f"{datetime.now():%Y%m%d-%H%M%S}")
    say(words(language(lang)).text("workshop.copied", file=str(copy)))


def _path(study: str, name: str) -> Path:
    from kinerja_lab.io.study import studies_root
    from kinerja_lab.workshop.places import find_workshop

    return find_workshop(studies_root() / study, name)


def _names(path: Path | None) -> list[str]:
    if path is None:
        return []
    if not path.is_file():
        raise KinerjaError("workshop_no_names_file", file=str(path))
    return [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]


def _numbers(store, wanted: list[str]) -> list[int]:
    """Panellists by name; all where none is named."""
    from kinerja_lab.workshop.reading import snapshot

    known = {judge.name: judge.id for judge in snapshot(store.db, now=store.now()).judges}
    for name in wanted:
        if name not in known:
            raise KinerjaError("workshop_no_such_name", value=name, nearest=closest(name, list(known)) or "-")
    return [known[name] for name in wanted or known]
