"""Locks a quarter, so that one run at a time works on it."""

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import filelock

from helpers import paths
from helpers.runs.errors import ExitCode, RunError, raise_run_errors

LOCK_TIMEOUT = 0.5  # seconds: longer than another process needs to look who holds the lock


def _locate(quarter: str) -> tuple[Path, Path]:
    """Return a quarter's lock, and the file that says who holds it."""
    return paths.locks() / f"{quarter}.lock", paths.locks() / f"{quarter}.holder"


@contextlib.contextmanager
def lock_quarter(quarter: str) -> Iterator[None]:
    """Lock a quarter for one run. The lock of a process that died is free.

    Raises RunError (another run holds the quarter), naming the process and when it started.
    """
    lock_file, holder_file = _locate(quarter)
    lock = filelock.FileLock(lock_file)
    try:
        with raise_run_errors(paths.locks()):
            lock_file.parent.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire(timeout=LOCK_TIMEOUT, poll_interval=0.05)
            except filelock.Timeout as error:
                message = f"{quarter} is held by {find_lock_holder(quarter)}; wait for it to end, or end it"
                raise RunError(ExitCode.QUARTER_HELD, message) from error
            started = datetime.now(UTC).isoformat(timespec="seconds")
            holder_file.write_text(f"process {os.getpid()}, started {started}", encoding="utf-8")
        yield
    finally:
        lock.release()


def find_lock_holder(quarter: str) -> str:
    """Return the process that holds a quarter and when it started; blank when none does. Writes nothing."""
    lock_file, holder_file = _locate(quarter)
    if not lock_file.is_file():
        return ""
    try:
        with filelock.FileLock(lock_file).acquire(timeout=0):
            return ""
    except filelock.Timeout:
        with contextlib.suppress(OSError):
            return holder_file.read_text(encoding="utf-8")
    return "another process"
