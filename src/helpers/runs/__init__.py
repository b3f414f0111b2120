"""Runs the notebooks, publishes what they make, verifies it, and makes what is due."""

from helpers.runs.errors import ExitCode, RunError
from helpers.runs.log import Log

__all__ = [
    "ExitCode",
    "Log",
    "RunError",
    "briefs",
    "diff",
    "edition",
    "notebook",
    "publish",
    "schedule",
    "verify",
]
