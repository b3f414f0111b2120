"""Runs the notebooks, publishes what they make, verifies it, and makes what is due."""

from helpers.runs.errors import ExitCode, RunError, raise_run_errors
from helpers.runs.log import Log

__all__ = [
    "ExitCode", "Log", "RunError", "briefs", "cluster", "doctor", "edition", "parameters", "publish",
    "raise_run_errors", "schedule", "site", "verify",
]  # fmt: skip
