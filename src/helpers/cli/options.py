"""How the arguments of the commands are read from the command line, each refused with a sentence of its own."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import click

from helpers import paths, speech
from helpers.runs import raise_run_errors
from helpers.speech import say
from helpers.strings import IN_LINES, escape

BACKENDS = ("dask", "ray")


@contextlib.contextmanager
def check_arguments() -> Iterator[None]:
    """Report a ValueError as a usage error. Around the checks only: elsewhere it is a defect of the program."""
    try:
        with raise_run_errors():
            yield
    except ValueError as error:
        raise click.UsageError(escape(str(error), IN_LINES)) from error


def convert_quarter(context: click.Context, parameter: click.Parameter, value: str | None) -> str:
    """Return a quarter in its one spelling, blank without one."""
    from helpers.plan import quarters

    try:
        return "" if value is None else quarters.parse_quarter(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def parse_date(context: click.Context, parameter: click.Parameter, value: str | None) -> date | None:
    """Return a date, None without one."""
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise click.BadParameter(say("{value!r} is not a date; write it as 2024-10-31", value=value)) from error


def parse_language(context: click.Context, parameter: click.Parameter, value: str | None) -> str:
    """Return the language given, blank without one; the command speaks it, or its main language."""
    if value:  # without one, the command tells of all that is wrong with the plan at once
        from helpers.runs import edition

        with check_arguments():
            edition.check_languages([value])
    with check_arguments():
        speech.speak(value or find_main_language())
    return value or ""


def find_main_language() -> str:
    """Return the language in which a command shows content: the locale's if the plan has it, else the plan's first."""
    from helpers.plan import read_settings

    settings = read_settings()
    return next(
        (each for each in speech.list_locale_languages() if each in settings.languages), settings.master_language
    )


def parse_main_language(context: click.Context, parameter: click.Parameter, value: str | None) -> str:
    """Return the language given, else the main one; the command speaks it."""
    return parse_language(context, parameter, value) or find_main_language()


def parse_own_language(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """Speak the language given."""
    if value:
        speech.speak(value)


def parse_past_date(context: click.Context, parameter: click.Parameter, value: str | None) -> date:
    """Return a date that has come, by default today."""
    from helpers.plan import quarters

    day = parse_date(context, parameter, value) or date.today()
    if day > quarters.today():
        raise click.BadParameter(say("{day} has not come yet; give the day the file was received", day=day))
    return day


def refuse_kept_folder(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    """Return a path that may be written to."""
    try:
        return paths.check_writable(path, str(path)) if path else None
    except ValueError as error:
        raise click.BadParameter(escape(str(error))) from error


def parse_today(context: click.Context, parameter: click.Parameter, value: str | None) -> date | None:
    """Return the day on which something is made, None without one: one that has come."""
    from helpers.plan import quarters

    day = parse_date(context, parameter, value)
    if day and day > quarters.today():
        raise click.BadParameter(say("{day} has not come yet; give today or an earlier day", day=day))
    return day


def parse_as_of(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """Return the date of an edition as it was given: one that has come."""
    parse_today(context, parameter, value)
    return value


def utc_today() -> date:
    """Return today in UTC: the same day wherever the machine is."""
    return datetime.now(UTC).date()


Codes = tuple[str, ...]  # of languages or members
quarter_argument = click.argument("quarter", callback=convert_quarter)
quarter_option = functools.partial(click.option, metavar="QUARTER", callback=convert_quarter)
optional_quarter = click.argument("quarter", required=False, callback=convert_quarter)
today_option = functools.partial(click.option, "--today", callback=parse_date)
as_of = click.option(
    "--as-of", default="", callback=parse_as_of,
    help="The date of the edition (default: its first cut-off).",
)  # fmt: skip
members_option = click.option("--member", "members", multiple=True, help="A member's ISO3 code (default: all of them).")
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print it as JSON, for another program.")
# Read before the other arguments: what is wrong with them is said in it.
language = functools.partial(click.option, "--language", callback=parse_language, is_eager=True)
main_language = language(
    callback=parse_main_language,
    help="The language of what is printed (default: the locale's if the plan has it, else the plan's first).",
)
own_language = language(
    type=click.Choice(speech.SPOKEN), callback=parse_own_language, expose_value=False,
    help="The language of the command itself (default: the locale's).",
)  # fmt: skip
languages = functools.partial(click.option, "--language", "languages", multiple=True)
received_path = click.Path(exists=True, readable=False, path_type=Path)
output_path = functools.partial(click.option, type=click.Path(path_type=Path), callback=refuse_kept_folder)


def cluster_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add `--backend` and `--scheduler`, which the command takes as one argument: `cluster`, None without them."""

    @click.option("--backend", type=click.Choice(BACKENDS), help="Make it on a cluster: what runs that.")
    @click.option("--scheduler", metavar="ADDRESS", help="The cluster's address, such as tcp://10.0.0.5:8786.")
    @functools.wraps(command)
    def with_cluster(backend: str | None, scheduler: str | None, **arguments: object) -> None:
        if bool(backend) != bool(scheduler):
            raise click.UsageError(say("--backend and --scheduler go together"))
        named = None
        if backend:
            from helpers.runs import cluster  # it takes a while to load, and most commands reach none

            named = cluster.Cluster(backend, scheduler)
        command(**arguments, cluster=named)

    return with_cluster
