"""What ran, when, with what result: lines for a person or a log, and the record that `papu status` reads."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from helpers import paths
from helpers.runs.errors import RunError

RUN_BEGAN, RUN_PUBLISHED, RUN_FAILED, RUN_ENDED = "began", "published", "failed", "ended"

LogFacts = Mapping[str, object]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _line(facts: LogFacts) -> str:
    return json.dumps(facts, ensure_ascii=False, default=str)


# --- what is told while it happens ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Log:
    """Tells what a command does, on the error output: sentences on a terminal, else JSON, a line each.

    `facts` stand in every JSON line: what it is about (command, quarter, as_of…).
    """

    facts: LogFacts = field(default_factory=dict)

    def about(self, **facts: object) -> Log:
        """Return the same log, about something more particular."""
        return Log({**self.facts, **facts})

    def say(self, message: str) -> None:
        """Tell of a step."""
        self._tell("info", message)

    def note(self, message: str) -> None:
        """Tell what the command has told by itself already: in a log only."""
        if not sys.stderr.isatty():
            self.say(message)

    def fail(self, error: RunError) -> int:
        """Tell what went wrong and what to do next; return the exit code."""
        self._tell("error", str(error), **error.facts)
        return error.code

    def _tell(self, level: str, message: str, **facts: object) -> None:
        if sys.stderr.isatty():
            name = " ".join(filter(None, ("papu", str(self.facts.get("command", "")))))
            text = f"{name}: {message}" if level == "error" else message
            text += "".join(f"\n  {name}: {facts[name]}" for name in ("line", "next") if facts.get(name))
        else:
            text = _line({"at": _now(), "level": level, **self.facts, "message": message, **facts})
        print(text, file=sys.stderr, flush=True)


# --- what is kept -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RunEvent:
    """One line of the record: a run began, and was published, failed or was ended."""

    at: str
    event: str
    command: str
    quarter: str
    as_of: str
    facts: LogFacts

    @property
    def edition(self) -> tuple[str, str]:
        """The edition it is about: quarter and date."""
        return self.quarter, self.as_of


_KEYS = ("at", "event", "command", "quarter", "as_of")


def append_event(event: str, about: LogFacts, **facts: object) -> None:
    """Add a line to the record; a record that cannot be written stops no run, and none is begun for it."""
    line = _line({"at": _now(), "event": event, "process": os.getpid(), **about, **facts}) + "\n"
    with contextlib.suppress(OSError):
        path = paths.record()
        path.parent.mkdir(parents=True, exist_ok=True)
        # One write to the end of the file: the lines of two runs never mix.
        with path.open("ab") as file:
            file.write(line.encode())


def read_events() -> list[RunEvent]:
    """Read the record, oldest first; a line that a full disk cut short is passed over."""
    return list(_events())


def _events() -> Iterator[RunEvent]:
    try:
        lines = paths.record().read_bytes().decode(errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            told = json.loads(line)
            yield RunEvent(*(str(told[key]) for key in _KEYS), {k: v for k, v in told.items() if k not in _KEYS})


@contextlib.contextmanager
def record_run(about: LogFacts) -> Iterator[dict[str, object]]:
    """Record that a run began and how it ended; the run adds what it is published with to the dict.

    A run that is killed leaves its beginning only, and that tells.
    """
    append_event(RUN_BEGAN, about)
    outcome: dict[str, object] = {}
    try:
        yield outcome
    except SystemExit as stopped:
        append_event(RUN_ENDED, about, exit_code=stopped.code)
        raise
    except BaseException as error:
        facts = error.facts if isinstance(error, RunError) else {}
        append_event(RUN_FAILED, about, message=str(error) or type(error).__name__, **facts)
        raise
    append_event(RUN_PUBLISHED, about, **{"exit_code": 0, **outcome})
