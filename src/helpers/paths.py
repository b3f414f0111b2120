"""Where things live: every path of the workbook, from one root."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from types import MappingProxyType

from helpers.speech import say, to_say

PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = PACKAGE.parents[1]


class DataRefused(ValueError):
    """Data that no edition can be made from; the message says why and what to do."""


# What a run sets for itself: of several runs in one process, each in its thread has its own.
_own: ContextVar[Mapping[str, str]] = ContextVar("own", default=MappingProxyType({}))


@contextlib.contextmanager
def set_variables(**variables: str) -> Iterator[None]:
    """Set environment variables (`PAPU_…`) for this run and its kernels alone; blank for none."""
    token = _own.set({**_own.get(), **variables})
    try:
        yield
    finally:
        _own.reset(token)


def variables() -> Mapping[str, str]:
    """Return the variables that this run set for itself: what it starts, threads and kernels, must be given them."""
    return _own.get()


def _variable(name: str) -> str:
    return variables().get(name, os.environ.get(name, ""))


def root() -> Path:
    """Return the checkout: `PAPU_ROOT` when set, else the one that holds this package."""
    chosen = _variable("PAPU_ROOT")
    return _resolve(os.getcwd(), chosen) if chosen else _CHECKOUT  # noqa: PTH109 (a text is the cheaper key)


# These folders are asked for thousands of times: resolving looks at every folder on the way, and joining takes as long.
@cache
def _resolve(folder: str, path: str) -> Path:
    return Path(folder, path).resolve()


@cache
def _part(folder: Path, *names: str) -> Path:
    return folder.joinpath(*names)


def _or_shipped(own: Path, *parts: str) -> Path:
    """Return a part of the root, or the one shipped with this package where the root has data only."""
    return own if own.exists() else _part(_CHECKOUT, *parts)


def raw() -> Path:
    """Return the folder of what was received; nothing under it is ever edited. Runs set `PAPU_SNAPSHOT`, their copy."""
    snapshot = _variable("PAPU_SNAPSHOT")
    return _part(Path(snapshot)) if snapshot else _part(root(), "data", "raw")


def check_raw_folder() -> None:
    """Raise DataRefused if there is nothing in `data/raw`: it was not mounted, or the root is another folder."""
    folder = raw()
    if not folder.is_dir() or all(path.name.startswith(".") for path in folder.iterdir()):
        is_empty = to_say("{folder} is empty: nothing was received there; mount it, or correct PAPU_ROOT")
        is_absent = to_say("{folder} is not there: nothing was received there; mount it, or correct PAPU_ROOT")
        raise DataRefused(say(is_empty if folder.is_dir() else is_absent, folder=folder))


def plan() -> Path:
    """Return the folder of the action plan as data."""
    return _or_shipped(_part(raw(), "plan"), "data", "raw", "plan")


def questionnaire() -> Path:
    """Return the folder of the questionnaire, an XLSForm in text form."""
    return _or_shipped(_part(raw(), "plan", "questionnaire"), "data", "raw", "plan", "questionnaire")


def registers() -> Path:
    """Return the folder of the Secretariat's own registers."""
    return raw() / "registers"


def returns(quarter: str) -> Path:
    """Return the folder of the files received for a quarter."""
    return raw() / quarter


def notebooks() -> Path:
    """Return the folder of the notebooks."""
    return _or_shipped(root() / "notebooks", "notebooks")


def lock() -> Path:
    """Return the lock file of the environment."""
    return _or_shipped(root() / "requirements.lock", "requirements.lock")


def place_in_root(path: Path) -> str:
    """Return where a file lies in a root: one of this root, of the copy of `data/raw` that a run reads, or shipped."""
    places = {raw(): "data/raw", root(): "", _CHECKOUT: ""}
    innermost = max(filter(path.is_relative_to, places), key=lambda folder: len(folder.parts))
    return Path(places[innermost], path.relative_to(innermost)).as_posix()


def processed(quarter: str, as_of: str) -> Path:
    """Return the folder of the published tables of an edition."""
    return root() / "data" / "processed" / quarter / as_of


def site() -> Path:
    """Return the folder of all that is published: the index of the editions, and the editions within."""
    return root() / "reports"


def reports(quarter: str, as_of: str) -> Path:
    """Return the folder of a published edition."""
    return site() / quarter / as_of


def briefs(quarter: str, as_of: str) -> Path:
    """Return the folder of an edition's briefs: beside the edition, which is always replaced whole."""
    return site() / quarter / f"{as_of}-briefs"


def build() -> Path:
    """Return the folder of what can be made again."""
    return root() / "build"


def desk() -> Path:
    """Return the folder of what the desk has done: no input of any edition, and kept when what was built is removed."""
    return root() / "data" / "desk"


def locks() -> Path:
    """Return the folder of the locks, and of the copies that runs read: where `make clean` does not reach."""
    return root() / ".runs"


def record() -> Path:
    """Return the record of runs: a line for each that began, was published, failed or was ended."""
    return build() / "runs.jsonl"


def error_log() -> Path:
    """Return the file of the tracebacks of unexpected errors."""
    return build() / "errors.log"


def out(quarter: str, as_of: str) -> Path:
    """Return the only folder notebooks write to: `PAPU_OUT` when set, else one under `build/`.

    Raises ValueError for one among what was received or published.
    """
    chosen = _variable("PAPU_OUT")
    return check_writable(Path(chosen), "PAPU_OUT").resolve() if chosen else build() / quarter / as_of


def check_writable(path: Path, name: str) -> Path:
    """Return a path that may be written to; raises ValueError for one among what was received or published.

    The private folder of a run, whose name begins with a dot, is not yet published.
    """
    full, editions = path.resolve(), say("editions")
    kept = {raw(): say("what was received"), reports("", ""): editions, processed("", ""): editions}
    for folder, content in kept.items():
        if full.is_relative_to(inside := folder.resolve()):
            is_private = any(part.startswith(".") for part in full.relative_to(inside).parts)
            if folder == raw() or not is_private:
                where = folder.relative_to(root())
                raise ValueError(say(
                    "{name} is in {where}, which holds {content}, nothing else; write elsewhere", name=name,
                    where=where, content=content,
                ))  # fmt: skip
    return path
