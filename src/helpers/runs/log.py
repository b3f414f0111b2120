"""Logs what a command does, and keeps the record of runs that `papu status` reads."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from helpers import paths
from helpers.runs.errors import ExitCode, RunError
from helpers.speech import say, say_of
from helpers.strings import IN_LINES, escape

RUN_BEGAN, RUN_PUBLISHED, RUN_FAILED, RUN_ENDED = "began", "published", "failed", "ended"

LogFacts = Mapping[str, object]
Reporter = Callable[[str], None]  # takes one line about the progress of a run


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _to_json(facts: LogFacts) -> str:
    return escape(json.dumps(facts, ensure_ascii=False, default=str))


@dataclass(frozen=True)
class Log:
    """Writes to the error output: sentences on a terminal, elsewhere one JSON object a line.

    `facts` are in every JSON line: command, quarter, as_of… With `is_json` False it is sentences everywhere.
    """

    facts: LogFacts = field(default_factory=dict)
    is_json: bool = field(default_factory=lambda: not sys.stderr.isatty())

    def bind(self, **facts: object) -> Log:
        """Return a log with these facts in every line as well."""
        return replace(self, facts={**self.facts, **facts})

    def info(self, message: str, on_terminal: bool = True) -> None:
        """Report a step; `on_terminal=False` for what the command prints there itself."""
        if on_terminal or self.is_json:
            self._write("info", message)

    def error(self, error: Exception) -> int:
        """Report what went wrong and what to do next; return the exit code.

        Of an error that the program does not expect, one line says where its traceback is kept.
        """
        known = error if isinstance(error, RunError) else keep_traceback(error)
        self._write("error", str(known), **known.facts)
        return known.code

    @contextlib.contextmanager
    def take_warnings(self) -> Iterator[None]:
        """Write what libraries warn of as lines of this log."""
        handler, root = logging.Handler(logging.WARNING), logging.getLogger()
        handler.emit = self._take_record
        root.addHandler(handler)
        logging.captureWarnings(True)
        try:
            yield
        finally:
            logging.captureWarnings(False)
            root.removeHandler(handler)

    def _take_record(self, record: logging.LogRecord) -> None:
        if message := record.getMessage().strip():
            self._write(record.levelname.lower(), message)

    def _write(self, level: str, message: str, **facts: object) -> None:
        if not self.is_json:
            command = f"papu {self.facts.get('command', '')}".strip()
            text = say_of(command, message) if level == "error" else message
            named = {say("line"): facts.get("line"), say("next"): facts.get("next")}
            text += "".join(f"\n  {say_of(name, fact)}" for name, fact in named.items() if fact)
            text = escape(text, IN_LINES)
        else:
            text = _to_json({"at": _now(), "level": level, **self.facts, "message": message, **facts})
        print(text + "\n", end="", file=sys.stderr, flush=True)  # in one piece: editions may run side by side


def keep_traceback(error: Exception) -> RunError:
    """Append the traceback of an unexpected error to a file; return the error that says so in one line."""
    path, kept = paths.error_log(), say("its traceback could not be kept")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{_now()}\n{''.join(traceback.format_exception(error))}\n")
        kept = say("its traceback is in {path}", path=path)
    first_line = next(iter(str(error).splitlines()), "")
    return RunError(
        ExitCode.NOTEBOOK_FAILED,
        say("unexpected {name}: {first_line}; {kept}", name=type(error).__name__, first_line=first_line, kept=kept),
    )


@dataclass(frozen=True)
class RunEvent:
    """One line of the record: a run began, was published, failed or was ended."""

    at: str
    event: str
    command: str
    quarter: str
    as_of: str
    facts: LogFacts


def append_event(event: str, about: LogFacts, **facts: object) -> None:
    """Add a line to the record. A record that cannot be written does not stop the run."""
    line = _to_json({"at": _now(), "event": event, "process": os.getpid(), **about, **facts}) + "\n"
    with contextlib.suppress(OSError):
        path = paths.record()
        path.parent.mkdir(parents=True, exist_ok=True)
        # One write at the end of the file, so that the lines of two runs never mix.
        with path.open("ab") as file:
            file.write(line.encode())


def read_events() -> list[RunEvent]:
    """Read the record, oldest event first; a line that a full disk cut short is skipped."""
    events = []
    with contextlib.suppress(OSError):
        for line in paths.record().read_bytes().decode(errors="replace").splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
                facts = json.loads(line)
                named = [str(facts.pop(name)) for name in ("at", "event", "command", "quarter", "as_of")]
                events.append(RunEvent(*named, facts))
    return events


@contextlib.contextmanager
def record_run(about: LogFacts) -> Iterator[dict[str, object]]:
    """Record that a run began and how it ended; what the run adds to the dict is recorded when it is published.

    A killed run leaves only its first line.
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
