"""What a command's exit code says, and the error that carries one."""

from __future__ import annotations

from enum import IntEnum


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


NEXT_STEPS = {
    ExitCode.NOTEBOOK_FAILED: "mend the cause, then run it again",
    ExitCode.DATA_REFUSED: "do what the message says, then run it again",
    ExitCode.QUARTER_HELD: "wait for that run to end, or end it, then run it again",
    ExitCode.REPORT_FAILED: "mend the cause, then run it again",
    ExitCode.NOT_WRITABLE: "free the disk, or mend the folder's rights, then run it again",
}


class RunError(RuntimeError):
    """A command that could not finish: its exit code, and what to tell the person.

    `cell` is the number that JupyterLab shows beside it, `line` its first line; 0 where no cell is to be named.
    """

    def __init__(self, code: int, message: str, notebook: str = "", cell: int = 0, line: str = "") -> None:
        super().__init__(message)
        self.code, self.notebook, self.cell, self.line = code, notebook, cell, line

    @property
    def facts(self) -> dict[str, object]:
        """What the log and the record say of it besides its message."""
        where = {"notebook": self.notebook, "cell": self.cell, "line": self.line} if self.notebook else {}
        return {"exit_code": int(self.code), **where, "next": NEXT_STEPS.get(self.code, "")}
