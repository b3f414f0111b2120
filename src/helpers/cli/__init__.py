"""The `papu` command: its commands, and how their arguments are read."""

from helpers.cli import asking, collect, commands, desk, records, words  # noqa: F401, they add themselves to it
from helpers.cli.papu import main

__all__ = ["main"]
