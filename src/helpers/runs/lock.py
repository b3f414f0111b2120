"""Locks a quarter, so that one run at a time works on it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import filelock

from helpers import paths
from helpers.runs.errors import ExitCode, RunError, raise_run_errors

LOCK_TIMEOUT = 0.5  # seconds: longer than another process needs to look who holds the lock


@contextlib.contextmanager
def lock_quarter(quarter: str) -> Iterator[None]:
    """Lock a quarter for one run; the lock of a process that died is free.

    Raises RunError (another run holds the quarter), naming the process and when it started.
    """
    lock = filelock.FileLock(_lock_file(quarter))
    try:
        with raise_run_errors(paths.locks()):
            paths.locks().mkdir(parents=True, exist_ok=True)
            _acquire(lock, quarter)
            started = datetime.now(UTC).isoformat(timespec="seconds")
            _holder_file(quarter).write_text(f"process {os.getpid()}, started {started}", encoding="utf-8")
        yield
    finally:
        lock.release()


def _acquire(lock: filelock.BaseFileLock, quarter: str) -> None:
    try:
        lock.acquire(timeout=LOCK_TIMEOUT, poll_interval=0.05)
    except filelock.Timeout as error:
        holder = find_lock_holder(quarter)
        raise RunError(
            ExitCode.QUARTER_HELD, f"{quarter} is held by {holder}; wait for it to end, or end it"
        ) from error


def find_lock_holder(quarter: str) -> str:
    """Return the process that holds a quarter and when it started; blank when none does. Writes nothing."""
    if not _lock_file(quarter).is_file():
        return ""
    try:
        with filelock.FileLock(_lock_file(quarter)).acquire(timeout=0):
            return ""
    except filelock.Timeout:
        with contextlib.suppress(OSError):
            return _holder_file(quarter).read_text(encoding="utf-8")
    return "another process"


def _lock_file(quarter: str) -> Path:
    return paths.locks() / f"{quarter}.lock"


def _holder_file(quarter: str) -> Path:
    return paths.locks() / f"{quarter}.holder"
