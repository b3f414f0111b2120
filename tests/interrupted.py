"""A process that is stopped at its n-th write: killed there, or refused by a full or locked disk.

Python's audit events show every file that is opened for writing, every new folder, move and removal. The process is a
fork of the test, so that each write can be tried in turn.
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

Action = Callable[[], object]
Fault = Callable[[str], None]


def fill_disk(path: str) -> None:
    """Fail as on a full disk."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)


def lock_disk(path: str) -> None:
    """Fail as on a read-only disk."""
    raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)


def kill(_: str) -> None:
    """End this process like `kill -9`."""
    os.kill(os.getpid(), signal.SIGKILL)


def _find_written_path(event: str, arguments: tuple, removals: bool) -> str:
    """Return the path that an audit event is about to write; blank if it writes none."""
    if event == "open" and isinstance(arguments[0], (str, bytes)) and arguments[2] & WRITES:
        return os.fsdecode(arguments[0])
    if event == "os.mkdir" and Path(os.fsdecode(arguments[0])).is_dir():  # it exists already
        return ""
    if event in MAKES or (removals and event in REMOVES):
        return os.fsdecode(arguments[0])
    return ""


def _watch(folder: Path, nth: int, fault: Fault, removals: bool, seen: Path | None) -> None:
    """Cause a fault at the n-th write below a folder; `rmtree` reports relative names, which count too."""
    log = os.open(seen, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) if seen else -1
    count = 0

    def hook(event: str, arguments: tuple) -> None:
        nonlocal count
        path = _find_written_path(event, arguments, removals)
        if path.startswith(str(folder)) or (path and event in REMOVES and not path.startswith("/")):
            count += 1
            if log >= 0:
                os.write(log, f"{event} {path}\n".encode())
            if count == nth:
                fault(path)

    sys.addaudithook(hook)


def run(action: Action, folder: Path, nth: int, fault: Fault, removals: bool = False, seen: Path | None = None) -> int:
    """Run an action in a fork, with a fault at its n-th write below a folder; return its exit code, -9 if killed.

    The file `seen` gets the writes in order.
    """
    child = os.fork()
    if child == 0:
        code = 99
        try:
            _watch(folder, nth, fault, removals, seen)
            code = action() or 0
        except SystemExit as stopped:
            code = stopped.code
        finally:
            os._exit(code if isinstance(code, int) else 98)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def list_writes(action: Action, folder: Path, seen: Path, removals: bool = False) -> list[str]:
    """Return the writes of an action in order, without a fault."""
    assert run(action, folder, 0, kill, removals, seen) == 0
    return seen.read_text(encoding="utf-8").splitlines()
