"""The command `papu`: how each of its commands logs, prints and ends."""

# Rooms are imported in the commands that use them: `papu --help` would take seconds to load them all.

import gc
import gettext
import json
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from helpers import paths, speech
from helpers.cli import options, spoken
from helpers.runs import Log, RunError, raise_run_errors
from helpers.speech import say
from helpers.strings import IN_LINES, escape

# For a command typed by people, who may keep what it prints in a file: its log is always sentences.
LOG_SENTENCES = {"obj": Log(is_json=False)}
gettext.textdomain(speech.DOMAIN)  # click's own words are in our catalogues too


class Command(spoken.SpokenCommand):
    """A command that logs an error, with what to do next, and exits with its code (design, Contracts)."""

    def make_context(self, *args: object, **extra: object) -> click.Context:
        """Read the arguments; a plan that they cannot be held against is an error as any other."""
        try:
            return super().make_context(*args, **extra)
        except RunError as error:
            log = self.context_settings.get("obj") or Log()
            sys.exit(log.bind(command=self.name).error(error))

    def invoke(self, context: click.Context) -> None:
        from helpers.runs import publish

        context.obj = (context.obj or Log()).bind(command=self.name)
        try:
            with context.obj.take_warnings(), raise_run_errors():
                with options.check_arguments():
                    paths.out("", "")  # refuses a PAPU_OUT among what was received or published
                publish.recover_all(context.obj.info)
                super().invoke(context)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            sys.exit(context.obj.error(error))


def bind_log(**facts: object) -> Log:
    """Add facts to every further line of the command's log, that of its error included."""
    context = click.get_current_context()
    context.obj = context.obj.bind(**facts)
    return context.obj


def _exit_on_signal(number: int, _: object) -> None:
    """Exit on Ctrl-C and SIGTERM; on the way out, a run ends its kernels and removes its private folder."""
    Log().info(say("papu: stopped before it was done; what was published is untouched; run it again"))
    sys.exit(128 + number)


def print_lines(lines: Iterable[str]) -> None:
    """Print lines, whatever they hold, as text that does nothing to a terminal."""
    try:
        for line in lines:
            click.echo(escape(line, IN_LINES))
    except BrokenPipeError:  # the reader, `head` for example, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def to_json_text(data: object) -> str:
    """Return data as JSON for another program."""
    return json.dumps(data, ensure_ascii=False, indent=1)


def relative_path(path: Path) -> str:
    """Return a path as it is printed: within the root if it is there."""
    root = paths.root()
    return str(path.relative_to(root) if path.is_relative_to(root) else path)


@click.group(cls=spoken.SpokenGroup, context_settings={"help_option_names": ["-h", "--help"]})
@options.own_language
def main() -> None:
    """The quarterly workbook of a union's action plan: from the returns of its members to the report."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _exit_on_signal)
    gc.set_threshold(20_000)  # Python's own 700 would have it search a tenth of the time, and find little


main.command_class = Command
