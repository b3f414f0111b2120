"""Locks: one run at a time works on a quarter, and a second one learns who does."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from helpers import paths
from helpers.runs.errors import ExitCode, RunError
from helpers.runs.lock import find_lock_holder, lock_quarter


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("PAPU_ROOT", str(tmp_path))
    return tmp_path


def test_a_second_run_of_a_quarter_is_told_who_holds_it():
    with lock_quarter("2024Q3"), pytest.raises(RunError, match="held by process") as caught, lock_quarter("2024Q3"):
        pass
    assert caught.value.code == ExitCode.QUARTER_HELD


def test_another_quarter_is_free(root):
    with lock_quarter("2024Q3"), lock_quarter("2024Q2"):
        assert paths.locks() == root / ".runs" and paths.locks().is_dir()  # `make clean` removes build


def test_looking_for_the_holder_writes_nothing(root):
    assert find_lock_holder("2024Q3") == "" and not list(root.iterdir())


def test_a_lock_is_released_when_its_holder_cannot_be_written(monkeypatch):
    def full(path: Path, *_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        with pytest.raises(RunError, match="No space left") as caught, lock_quarter("2024Q3"):
            pass
    assert caught.value.code == ExitCode.NOT_WRITABLE
    with lock_quarter("2024Q3"):
        assert paths.locks().is_dir()
