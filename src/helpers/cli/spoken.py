"""Lets click speak the language of the command: every text of a help page is looked up when it is printed.

What click would keep in the language of its import, in which the command may not speak, is kept in English.
"""

from __future__ import annotations

import click

from helpers.speech import say, speak


class _Option(click.Option):
    help = property(lambda self: say(self.__dict__["help"] or ""), lambda self, text: self.__dict__.update(help=text))

    def make_metavar(self, ctx: click.Context) -> str:
        return say(super().make_metavar(ctx))


class _Argument(click.Argument):
    def make_metavar(self, ctx: click.Context) -> str:
        bare = super().make_metavar(ctx)
        return bare.replace(bare.strip("[].…"), say(bare.strip("[].…")))


class _Path(click.Path):
    @property
    def name(self) -> str:
        return say("file") if not self.dir_okay else say("path") if self.file_okay else say("directory")


class _IntRange(click.IntRange):
    name = property(lambda self: say("integer range"))


_OURS = {click.Option: _Option, click.Argument: _Argument, click.Path: _Path, click.IntRange: _IntRange}


def _make_speak(parameter: click.Parameter) -> None:
    """Make a parameter of click one that speaks: they are declared by `click.option`, which names no class."""
    for part in (parameter, parameter.type):
        part.__class__ = _OURS.get(type(part), type(part))


class SpokenCommand(click.Command):
    """A command whose help and options are told in the language of the command.

    The catalogues have its help by paragraphs, each on one line.
    """

    def __init__(self, *given: object, **options: object) -> None:
        super().__init__(*given, **options)
        for parameter in self.params:
            _make_speak(parameter)

    @property
    def help(self) -> str:
        """The help text, in the language of the command."""
        return "\n\n".join(map(say, self.paragraphs))

    @help.setter
    def help(self, text: str | None) -> None:
        self.paragraphs = [" ".join(part.split()) for part in (text or "").split("\n\n")]

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return the option --help."""
        option = super().get_help_option(ctx)
        if option:
            _make_speak(option)
            option.help = "Show this message and exit."
        return option

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return the words of the usage line."""
        return [say(piece) for piece in super().collect_usage_pieces(ctx)]


class SpokenGroup(SpokenCommand, click.Group):
    """A group whose help and options are told in the language of the command: the locale's until one is given."""

    def make_context(self, *given: object, **extra: object) -> click.Context:
        """Read the arguments."""
        speak()
        return super().make_context(*given, **extra)
