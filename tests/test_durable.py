"""Writing that outlasts a power cut: what is on the disk, in which order, and what a failure leaves."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from helpers import durable


@pytest.fixture(name="calls")
def calls_fixture(monkeypatch) -> list[str]:
    """Return the syncs, by path, and renames in the order in which they happen."""
    made, fsync, replace = [], os.fsync, Path.replace

    def sync(descriptor: int) -> None:
        made.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        fsync(descriptor)

    def rename(path: Path, target: Path) -> Path:
        made.append(f"rename {target.name}")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", rename)
    return made


def test_a_file_is_on_the_disk_before_its_name_and_its_name_before_the_call_returns(calls, tmp_path):
    durable.write_durably(tmp_path / "a.csv", b"new", 0o444)
    assert calls == ["sync .writing", "rename a.csv", f"sync {tmp_path.name}"]
    assert (tmp_path / "a.csv").read_bytes() == b"new" and (tmp_path / "a.csv").stat().st_mode & 0o777 == 0o444


def test_a_failed_write_leaves_the_file_that_was_there_and_nothing_else(monkeypatch, tmp_path):
    (tmp_path / "a.csv").write_bytes(b"old")

    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        durable.write_durably(tmp_path / "a.csv", b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.csv", b"old")]


def test_the_file_of_a_killed_write_is_replaced_by_the_next(tmp_path):
    (tmp_path / ".writing").write_bytes(b"half")
    (tmp_path / ".writing").chmod(0o444)
    durable.write_durably(tmp_path / "a.csv", b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.csv", b"new")]


def test_the_names_of_new_folders_are_on_the_disk(calls, tmp_path):
    durable.make_folder_durably(tmp_path / "raw" / "2024Q3")
    durable.make_folder_durably(tmp_path / "raw" / "2024Q3")
    assert calls == ["sync raw", f"sync {tmp_path.name}"]


def test_a_tree_is_on_the_disk_with_every_file_and_folder(calls, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("a", "in/b"):
        (tmp_path / name).write_bytes(b"x")
    durable.sync_tree(tmp_path)
    assert calls == ["sync a", f"sync {tmp_path.name}", "sync b", "sync in"]


@pytest.mark.parametrize(("number", "raised"), [(errno.EINVAL, False), (errno.EIO, True)])
def test_only_a_file_system_that_cannot_sync_folders_is_excused(monkeypatch, tmp_path, number, raised):
    def fail(_: int) -> None:
        raise OSError(number, "refused")

    monkeypatch.setattr(os, "fsync", fail)
    if raised:
        with pytest.raises(OSError, match="refused"):
            durable.sync_folder(tmp_path)
    else:
        durable.sync_folder(tmp_path)


def test_files_written_together_are_all_on_the_disk_before_the_first_takes_its_place(calls, tmp_path):
    (tmp_path / "a.csv").write_bytes(b"old")
    (tmp_path / "a.csv").chmod(0o640)
    durable.write_together_durably({tmp_path / name: name.encode() for name in ("a.csv", "b.csv")})
    written = ["sync .writing-a.csv", "sync .writing-b.csv"]
    assert calls == [*written, "rename a.csv", "rename b.csv", f"sync {tmp_path.name}"]
    assert (tmp_path / "a.csv").stat().st_mode & 0o777 == 0o640
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.csv": b"a.csv", "b.csv": b"b.csv"}
