"""A process that is stopped at the n-th thing it writes: killed there, or told that the disk is full.

What is written is seen through Python's own audit events, in a fork of the test's process, so that every file that is
opened for writing, every folder that is made and every move and removal has its turn, and none has to be named.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

MAKES = ("os.mkdir", "os.rename", "os.link", "os.symlink")
REMOVES = ("os.remove", "os.rmdir")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT

Act = Callable[[], object]
Strike = Callable[[str], None]


def fill_disk(path: str) -> None:
    """Refuse a write as a full disk does."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)


def lock_disk(path: str) -> None:
    """Refuse a write as a folder without the right to write does."""
    raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)


def kill(_: str) -> None:
    """End this process as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)


def _told(event: str, arguments: tuple, removals: bool) -> str:
    """Return the path that an audit event is about to write; blank when it writes none."""
    if event == "open" and isinstance(arguments[0], (str, bytes)) and arguments[2] & WRITES:
        return os.fsdecode(arguments[0])
    if event == "os.mkdir" and Path(os.fsdecode(arguments[0])).is_dir():  # it is only made sure of
        return ""
    if event in MAKES or (removals and event in REMOVES):
        return os.fsdecode(arguments[0])
    return ""


def _watch(folder: Path, nth: int, strike: Strike, removals: bool, seen: Path | None) -> None:
    """Strike at the n-th write below a folder; what `rmtree` removes has relative names, and counts too."""
    log = os.open(seen, os.O_WRONLY | os.O_CREAT) if seen else -1
    count = 0

    def hook(event: str, arguments: tuple) -> None:
        nonlocal count
        path = _told(event, arguments, removals)
        if path.startswith(str(folder)) or (path and event in REMOVES and not path.startswith("/")):
            count += 1
            if log >= 0:
                os.write(log, f"{event} {path}\n".encode())
            if count == nth:
                strike(path)

    sys.addaudithook(hook)


def run(act: Act, folder: Path, nth: int, strike: Strike, removals: bool = False, seen: Path | None = None) -> int:
    """Do something in a fork, struck at its n-th write below a folder: return how it ended, -9 when killed.

    `seen` is a file for the writes in their order.
    """
    child = os.fork()
    if child == 0:
        code = 99
        try:
            _watch(folder, nth, strike, removals, seen)
            code = act() or 0
        except SystemExit as stopped:
            code = stopped.code
        finally:
            os._exit(code if isinstance(code, int) else 98)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def list_writes(act: Act, folder: Path, seen: Path, removals: bool = False) -> list[str]:
    """Return what is written, in order, when nothing stops it."""
    assert run(act, folder, 0, kill, removals, seen) == 0
    return seen.read_text(encoding="utf-8").splitlines()
