"""Locks a quarter, so that one run at a time works on it."""

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime

import filelock

from helpers import paths
from helpers.runs.errors import ExitCode, RunError, raise_run_errors
from helpers.speech import say

LOCK_TIMEOUT = 0.5  # seconds: longer than another process needs to look who holds the lock


@contextlib.contextmanager
def lock_quarter(quarter: str, timeout: float = LOCK_TIMEOUT) -> Iterator[None]:
    """Lock a quarter for one run; raises RunError, naming its process, if another run that is alive holds it."""
    lock_file = paths.locks() / f"{quarter}.lock"
    lock = filelock.FileLock(lock_file)
    try:
        with raise_run_errors(paths.locks()):
            lock_file.parent.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire(timeout=timeout, poll_interval=0.05)
            except filelock.Timeout as error:
                holder = find_lock_holder(quarter)
                message = say(
                    "{quarter} is held by {holder}; wait for it to end, or end it", quarter=quarter, holder=holder
                )
                raise RunError(ExitCode.QUARTER_HELD, message) from error
            holder = f"{os.getpid()} {datetime.now(UTC).isoformat(timespec='seconds')}"
            lock_file.with_suffix(".holder").write_text(holder, encoding="utf-8")
        yield
    finally:
        lock.release()


def find_lock_holder(quarter: str) -> str:
    """Return the process that holds a quarter and when it started; blank when none does. Writes nothing."""
    lock_file = paths.locks() / f"{quarter}.lock"
    if not lock_file.is_file():
        return ""
    try:
        with filelock.FileLock(lock_file).acquire(timeout=0):
            return ""
    except filelock.Timeout:
        with contextlib.suppress(OSError, ValueError):
            number, began = lock_file.with_suffix(".holder").read_text(encoding="utf-8").split()
            return say("process {number}, started {began}", number=number, began=began)
    return say("another process")
