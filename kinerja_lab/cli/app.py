"""What can a user ask for at the command line?"""

import os
import signal
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from kinerja_lab import __version__
from kinerja_lab.cli.console import help_text, language, plain_line, record_bug, say, say_error, words
from kinerja_lab.core.errors import KinerjaError

__all__ = ["app", "main"]

_STOPPED = 130
_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
UsageError = typer.BadParameter.__mro__[1]
app = typer.Typer(name="kinerja", help=help_text("app"), no_args_is_help=True, add_completion=False,
                  pretty_exceptions_enable=False, rich_markup_mode=None)

Lang = Annotated[str | None, typer.Option("--lang", help=help_text("lang"), metavar="id|en")]


def _show_version(asked: bool) -> None:
    if asked:
        say(f"kinerja_lab {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", help=help_text("version"), callback=_show_version,
                                          is_eager=True)] = False,
) -> None:
    return


@app.command(help=help_text("report"))
def report(
    studies: Annotated[list[str] | None, typer.Argument(metavar="[STUDY ...]", help=help_text("studies"))] = None,
    regions: Annotated[str, typer.Option(help=help_text("regions"), metavar="A,B")] = "",
    period: Annotated[str, typer.Option(help=help_text("period"))] = "",
    lang: Lang = None,
    level: Annotated[float, typer.Option(help=help_text("level"))] = 0.95,
    jobs: Annotated[int, typer.Option(min=1, max=64, help=help_text("jobs"))] = min(8, os.cpu_count() or 1),
    force: Annotated[bool, typer.Option("--force", help=help_text("force"))] = False,
    engine: Annotated[str, typer.Option(help=help_text("engine"), metavar="fork|kernel")] = "fork",
    timeout: Annotated[float, typer.Option(min=1, help=help_text("timeout"))] = 600.0,
    today: Annotated[str, typer.Option(help=help_text("today"), metavar="YYYY-MM-DD")] = "",
    out: Annotated[Path, typer.Option(help=help_text("out"))] = Path("reports/out"),
) -> None:
    """Make reports."""
    from kinerja_lab.cli.report import ReportRequest, make_reports

    request = ReportRequest(
        studies=tuple(studies or ()), regions=tuple(code.strip() for code in regions.split(",") if code.strip()),
        period=period, lang=_checked(lang), level=level, jobs=jobs, force=force, engine=engine, timeout=timeout,
        today=_day(today), out=out,
    )
    raise typer.Exit(make_reports(request))


@app.command(help=help_text("check"))
def check(study: Annotated[str, typer.Argument(help=help_text("study"))], lang: Lang = None) -> None:
    """Check one study."""
    from kinerja_lab.cli.studies import check_one

    raise typer.Exit(check_one(study, lang=_checked(lang)))


@app.command(help=help_text("simulate"))
def simulate(
    seed: Annotated[int | None, typer.Option(min=0, help=help_text("seed"))] = None,
    out: Annotated[Path | None, typer.Option(help=help_text("simulate_out"))] = None,
    regions: Annotated[int | None, typer.Option(help=help_text("simulate_regions"))] = None,
    units: Annotated[int | None, typer.Option(help=help_text("simulate_units"))] = None,
    respondents: Annotated[float | None, typer.Option(help=help_text("simulate_respondents"))] = None,
    lang: Lang = None,
) -> None:
    """Make the synthetic study anew."""
    from kinerja_lab.cli.studies import simulate_study

    raise typer.Exit(simulate_study(seed, folder=out, regions=regions, units=units, respondents=respondents,
                                    lang=_checked(lang)))


@app.command("import", help=help_text("import"))
def import_files(
    source: Annotated[str, typer.Argument(metavar="cms-vbp|renstra", help=help_text("import_source"))],
    folder: Annotated[Path | None, typer.Option("--from", help=help_text("import_from"))] = None,
    lang: Lang = None,
) -> None:
    """Turn original files into a study's tables."""
    from kinerja_lab.cli.studies import import_source

    raise typer.Exit(import_source(source, folder=folder, lang=_checked(lang)))


@app.command(help=help_text("lab"))
def lab(lang: Lang = None) -> None:
    """Open JupyterLab in the notebooks."""
    from kinerja_lab.cli.lab import open_lab

    raise typer.Exit(open_lab(lang=_checked(lang)))


@app.command(help=help_text("indicator"), add_help_option=False, context_settings=_PASSED_ON)
def indicator(context: typer.Context) -> None:
    """Hand over to the commands of ``cli.indicator``, loaded only now: its words would slow down every ``--help``."""
    from kinerja_lab.cli.indicator import indicator_app

    raise typer.Exit(indicator_app(context.args or ["--help"], prog_name="kinerja indicator",
                                   standalone_mode=False) or 0)


@app.command(help=help_text("workshop"), add_help_option=False, context_settings=_PASSED_ON)
def workshop(context: typer.Context) -> None:
    """Hand over to the commands of ``cli.workshop``, as above."""
    from kinerja_lab.cli.workshop import app as workshop_app

    raise typer.Exit(workshop_app(context.args or ["--help"], prog_name="kinerja workshop", standalone_mode=False) or 0)


@app.command(help=help_text("capaian"))
def capaian(
    study: Annotated[str, typer.Argument(metavar="[STUDY]", help=help_text("capaian_study"))] = "",
    target: Annotated[str, typer.Option(help=help_text("capaian_target"))] = "",
    realisation: Annotated[str, typer.Option(help=help_text("capaian_realisation"))] = "",
    polarity: Annotated[str, typer.Option(help=help_text("capaian_polarity"), metavar="naik|turun|rentang")] = "naik",
    range_: Annotated[str, typer.Option("--range", help=help_text("capaian_range"))] = "",
    formula: Annotated[str, typer.Option(help=help_text("capaian_formula"), metavar="linear|ratio")] = "linear",
    cap: Annotated[str, typer.Option(help=help_text("capaian_cap"), metavar="none|cap_100|cap_120|cap_200")] = "none",
    zero: Annotated[str, typer.Option(help=help_text("capaian_zero"),
                                      metavar="undefined|hundred_if_met")] = "undefined",
    annual: Annotated[str, typer.Option(help=help_text("capaian_annual"))] = "",
    rival: Annotated[bool, typer.Option("--rival", help=help_text("capaian_rival"))] = False,
    reproduce: Annotated[str, typer.Option(help=help_text("capaian_reproduce"), metavar="PRINTED")] = "",
    indicator: Annotated[str, typer.Option(help=help_text("capaian_indicator"))] = "",
    period: Annotated[str, typer.Option(help=help_text("capaian_period"))] = "",
    printed: Annotated[bool, typer.Option("--printed", help=help_text("capaian_printed"))] = False,
    lang: Lang = None,
) -> None:
    """Compute achievements."""
    from kinerja_lab.cli.capaian import PairRequest, rule_of, show_pair
    from kinerja_lab.cli.capaian_study import show_study

    if bool(study) == bool(realisation):
        raise KinerjaError("capaian_what")
    if study:
        raise typer.Exit(show_study(study, indicator=indicator, period=period, rival=rival, printed=printed,
                                    lang=_checked(lang)))
    raise typer.Exit(show_pair(PairRequest(
        target=target, realisation=realisation, polarity=polarity, stable_range=range_,
        rule=rule_of(formula=formula, cap=cap, zero=zero), annual=annual, rival=rival, printed=reproduce,
        lang=_checked(lang))))


@app.command(help=help_text("sampel"))
def sampel(
    study: Annotated[str, typer.Argument(metavar="[STUDY]", help=help_text("sampel_study"))] = "",
    region: Annotated[str, typer.Option(help=help_text("sampel_region"))] = "",
    period: Annotated[str, typer.Option(help=help_text("sampel_period"))] = "",
    population: Annotated[str, typer.Option(help=help_text("sampel_population"))] = "",
    sd: Annotated[str, typer.Option(help=help_text("sampel_sd"))] = "",
    deff: Annotated[str, typer.Option(help=help_text("sampel_deff"))] = "",
    margin: Annotated[str, typer.Option(help=help_text("sampel_margin"))] = "5",
    precision: Annotated[str, typer.Option(help=help_text("sampel_precision"))] = "",
    difference: Annotated[str, typer.Option(help=help_text("sampel_difference"))] = "",
    power: Annotated[str, typer.Option(help=help_text("sampel_power"))] = "80",
    response: Annotated[str, typer.Option(help=help_text("sampel_response"))] = "100",
    level: Annotated[str, typer.Option(help=help_text("sampel_level"))] = "95",
    sure: Annotated[str, typer.Option(help=help_text("sampel_sure"))] = "90",
    index: Annotated[str, typer.Option(help=help_text("sampel_index"))] = "",
    units: Annotated[str, typer.Option(help=help_text("sampel_units"))] = "",
    total: Annotated[str, typer.Option(help=help_text("sampel_total"))] = "",
    least: Annotated[str, typer.Option(help=help_text("sampel_least"))] = "10",
    lang: Lang = None,
) -> None:
    """Plan a sample."""
    from kinerja_lab.cli.sampel import show_plan
    from kinerja_lab.cli.sampel_request import SampelRequest

    raise typer.Exit(show_plan(SampelRequest(
        study=study, region=region, period=period, population=population, sd=sd, deff=deff, margin=margin,
        precision=precision, difference=difference, power=power, response=response, level=level, sure=sure,
        index=index, units=units, total=total, least=least, lang=_checked(lang))))


@app.command(help=help_text("cascade"))
def cascade(
    file: Annotated[Path, typer.Argument(help=help_text("cascade_file"))],
    levels: Annotated[Path | None, typer.Option(help=help_text("cascade_levels"))] = None,
    out: Annotated[Path | None, typer.Option(help=help_text("cascade_out"))] = None,
    lang: Lang = None,
) -> None:
    """Show a cascade."""
    from kinerja_lab.cli.cascade import show_cascade

    raise typer.Exit(show_cascade(file, levels=levels, out=out, lang=_checked(lang)))


@app.command(help=help_text("skp"))
def skp(
    file: Annotated[Path, typer.Argument(help=help_text("skp_file"))],
    organisation: Annotated[str, typer.Option(help=help_text("skp_organisation"))] = "",
    what_if: Annotated[list[str] | None, typer.Option("--what-if", help=help_text("skp_what_if"))] = None,
    below: Annotated[int, typer.Option(min=2, help=help_text("skp_below"))] = 10,
    lang: Lang = None,
) -> None:
    """Count predicates of employees."""
    from kinerja_lab.cli.skp import show_ratings

    raise typer.Exit(show_ratings(file, organisation=organisation, moves=tuple(what_if or ()), below=below,
                                  lang=_checked(lang)))


@app.command(help=help_text("doctor"))
def doctor(lang: Lang = None) -> None:
    """Tell what is missing or broken on this machine."""
    from kinerja_lab.cli.doctor import examine_machine

    raise typer.Exit(examine_machine(lang=_checked(lang)))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code, and never shows a traceback.

    Parameters
    ----------
    argv : sequence of str or None
        Words after the program's name; those of the process by default.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    lang = language(None, argv=arguments)
    if hasattr(signal, "SIGTERM"):
        # Asked to end, we end as on Ctrl-C: with nothing half done.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = app(arguments, standalone_mode=False) or 0
        if code == _STOPPED:  # typer turns Ctrl-C into this code without a word
            say(plain_line("stopped", lang), err=True)
        return code
    except UsageError as error:
        say(plain_line("usage", lang, detail=error.format_message().rstrip(".") + "."), err=True)
        return 2
    except KinerjaError as error:
        say_error(error, lang=lang)
        return 2
    except (KeyboardInterrupt, typer.Abort):
        say(plain_line("stopped", lang), err=True)
        return _STOPPED
    except BrokenPipeError:  # the reader of our output went away, e.g. `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # a fault of ours: one line, and the details in a file
        say(plain_line("bug", lang, kind=type(error).__name__, file=str(record_bug(error))), err=True)
        return 3


def _checked(lang: str | None) -> str:
    chosen = language(lang)
    words(chosen)  # raises for a language that does not exist
    return chosen


def _day(text: str) -> date:
    if not text:
        return date.today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise KinerjaError("cli_bad_date", value=text) from None
