"""The `papu` command: its commands, and how their arguments are read."""

from helpers.cli.commands import main

__all__ = ["main"]
