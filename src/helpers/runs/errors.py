"""Exit codes of the command, and the error that carries one."""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path

from helpers import paths
from helpers.speech import say, to_say


class ExitCode(IntEnum):
    """The exit codes of `papu` (design, Contracts)."""

    DONE = 0
    NOTEBOOK_FAILED = 1
    USAGE = 2  # click's own
    DATA_REFUSED = 3
    QUARTER_HELD = 4
    REPORT_FAILED = 5
    DIFFERENCES_FOUND = 6
    NOT_WRITABLE = 7
    NOT_FETCHED = 8


NEXT_STEPS = {
    ExitCode.NOTEBOOK_FAILED: to_say("fix the cause, then run it again"),
    ExitCode.DATA_REFUSED: to_say("do what the message says, then run it again"),
    ExitCode.QUARTER_HELD: to_say("wait for that run to end, or end it, then run it again"),
    ExitCode.REPORT_FAILED: to_say("fix the cause, then run it again"),
    ExitCode.NOT_WRITABLE: to_say("free the disk, or correct the folder's permissions, then run it again"),
    ExitCode.NOT_FETCHED: to_say("do what the message says, or wait until the server answers, then run it again"),
}


class RunError(RuntimeError):
    """A command that could not finish: its exit code, and a message for whoever ran it.

    `cell` is the number that JupyterLab shows beside it, `line` its first line; 0 and blank when no cell failed.
    """

    def __init__(self, code: int, message: str, notebook: str = "", cell: int = 0, line: str = "") -> None:
        super().__init__(message)
        self.code, self.notebook, self.cell, self.line = code, notebook, cell, line

    def __reduce__(self) -> tuple:
        """Let an error come back from another process with all that it says."""
        return type(self), (self.code, str(self), self.notebook, self.cell, self.line)

    @property
    def facts(self) -> dict[str, object]:
        """Everything but the message, for the log and the record of runs."""
        where = {"notebook": self.notebook, "cell": self.cell, "line": self.line} if self.notebook else {}
        return {"exit_code": int(self.code), **where, "next": say(NEXT_STEPS.get(self.code, ""))}


@contextlib.contextmanager
def raise_run_errors(target: Path | None = None) -> Iterator[None]:
    """Raise RunError, with its exit code, for data that are refused and for a file that cannot be written.

    A file in the private folder of a run is reported as its `target`: the private folder is deleted with the run.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            message = say("more files are open than this session may have; raise the limit (ulimit -n 1024)")
            raise RunError(ExitCode.NOTEBOOK_FAILED, message) from error
        is_private = target is not None and f"{os.sep}.{target.name}." in str(error.filename or "")
        path = target if is_private or not error.filename else error.filename
        # shutil.Error lists every file that it could not copy: the first one tells the cause.
        cause = error.args[0][0][2] if isinstance(error, shutil.Error) else say(error.strerror or str(error))
        raise RunError(ExitCode.NOT_WRITABLE, say("cannot write {path}: {cause}", path=path, cause=cause)) from error
    except paths.DataRefused as error:
        raise RunError(ExitCode.DATA_REFUSED, _tell_all(error)) from error


def _tell_all(error: paths.DataRefused) -> str:
    """Return what an error says: of a plan that cannot be meant, everything, where its reader met the first of it."""
    from helpers.plan import checks  # needed by nothing else here: most commands end without an error

    first, *_ = str(error).splitlines()
    try:
        if isinstance(error, checks.PlanError):
            checks.check_plan()
    except checks.PlanError as whole:
        return str(whole) if first in str(whole) else str(error)
    return str(error)


def first_line(error: Exception) -> str:
    """Return the first line of what an error says; its name where it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
