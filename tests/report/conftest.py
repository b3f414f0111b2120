"""The whole reports that several tests read: each is made once, however many workers run the tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from invented import empty, invent
from reports import make, write_hostile

LONG_WORD = "n" * 300
OTHERS = {"first quarter": lambda: invent("2022Q3"), "nobody answered": empty}


def _make(name: str, folder: Path) -> None:
    if name in OTHERS:
        make(OTHERS[name](), "fr", folder)
        return
    tables = invent()
    tables.issues.loc[:, ["observed", "question", "source_file"]] = LONG_WORD
    make(tables, name, folder, write_hostile)


@pytest.fixture(scope="session")
def whole(tmp_path_factory) -> Callable[[str], Path]:
    """Return what gives the folder of a whole report of invented tables, made when it is first asked for.

    By a language: all quarters, hostile texts and endless words in it; the languages share a folder. By a name of
    OTHERS: in French.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def get(name: str) -> Path:
        folder, done = shared / (name if name in OTHERS else "whole"), shared / f"{name}.done"
        with FileLock(shared / f"{name}.lock"):
            if not done.exists():
                folder.mkdir(exist_ok=True)
                _make(name, folder)
                done.touch()
        return folder

    return get
