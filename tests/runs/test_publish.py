"""F26, F28, F36: an edition is published whole, is on the disk when it is, and no second run disturbs the first."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

import interrupted
from commands import hashes
from helpers import cli, durable, paths
from helpers.runs import publish
from helpers.runs.errors import ExitCode, RunError
from helpers.runs.lock import lock_quarter
from quick import DAY, QUARTER, quick_root, run_edition  # noqa: F401

pytestmark = pytest.mark.slow


def state() -> dict[str, str]:
    """Return the digests of what is published, as a reader finds it."""
    root = paths.root()
    found = {part: hashes(root / part) for part in ("reports", "data/processed")}
    return {
        f"{part}/{name}": digest for part, files in found.items() for name, digest in files.items() if "/." not in name
    }


def papu(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli.main, words)
    return result.exit_code, result.output


COMMANDS = (
    ("status", "--today", "2022-11-15"), ("run", "--due", "--today", "2022-11-14", "--dry-run"), ("verify", "2022Q4"),
    ("explain", "2.1.a", QUARTER, "--language", "en"), ("check", QUARTER, "--language", "en"),
)  # fmt: skip


def test_f28_an_edition_killed_at_each_move_is_completed_or_undone_by_the_next_command(quick, tmp_path):
    seen, saved = tmp_path.with_name("seen"), tmp_path.with_name("saved")
    run_edition()
    before = state()
    quick.add(QUARTER, "more.csv", b"member,quarter,offices_total\nKEN,2022Q3,623\n", "2022-10-12")
    shutil.copytree(tmp_path, saved)

    def run() -> None:
        with Path(os.devnull).open("w") as nothing, contextlib.redirect_stderr(nothing):
            cli.main(["run", QUARTER, "--language", "fr"])

    writes = interrupted.list_writes(run, tmp_path, seen)
    after, outcomes = state(), set()
    moves = [n for n, write in enumerate(writes, 1) if write.startswith("os.rename") and "/work/" not in write]
    for turn, nth in enumerate(moves):
        shutil.rmtree(tmp_path)
        shutil.copytree(saved, tmp_path)
        assert interrupted.run(run, tmp_path, nth, interrupted.kill) == -9
        assert state().items() <= before.items() or state().items() <= after.items(), writes[nth - 1]
        is_decided = bool(publish.list_unfinished())
        code, said = papu(*COMMANDS[turn % len(COMMANDS)])
        assert ("was interrupted, and is complete now" in said) is is_decided, said
        assert state() == (after if is_decided else before), writes[nth - 1]
        status = papu("status", "--today", "2022-11-15", "--language", "fr")[1]
        assert ("it was killed" in status) is not is_decided
        assert not list(tmp_path.glob("reports/*/.*")) + list(tmp_path.glob("data/processed/*/.*"))
        outcomes.add(is_decided)
    assert outcomes == {True, False} and len(moves) >= 8 and before != after


def test_f28_briefs_killed_between_their_two_moves_are_completed(raw):
    target = paths.briefs(QUARTER, DAY)
    for folder, text in ((target, "old"), (target.with_name("made"), "new")):
        folder.mkdir(parents=True)
        (folder / "brief_SEN_fr.pdf").write_text(text)
    writes = []
    for nth in (4, 5):  # the folder that waits, the journal, the old one aside, the new one in

        def move() -> None:
            publish.move_into_place((target.with_name("made"), target))

        writes.append(interrupted.run(move, raw.root, nth, interrupted.kill))
        papu("status", "--today", "2022-11-15")
    assert writes[0] == -9 and (target / "brief_SEN_fr.pdf").read_text() == "new"


@pytest.mark.parametrize("fails", range(1, 9))
def test_f28_what_fails_as_it_publishes_is_undone(raw, monkeypatch, fails):
    moves = [(raw.root / name, raw.root / "reports" / QUARTER / name) for name in ("tables", "report")]
    for folder, target in moves:
        folder.mkdir(parents=True)
        (folder / "it").write_text("new")
        if target.name == "tables" or fails % 2:  # the first edition of all, or a later one
            target.mkdir(parents=True)
            (target / "it").write_text("old")
    before, sync, count = hashes(raw.root / "reports"), durable.sync_folder, []

    def fail(folder: Path) -> None:
        count.append(folder)
        if len(count) == fails:
            raise OSError(5, "Input/output error", str(folder))
        sync(folder)

    monkeypatch.setattr(durable, "sync_folder", fail)
    with contextlib.suppress(OSError):
        publish.move_into_place(*moves)
    left = [path.name for path in (raw.root / "reports" / QUARTER).iterdir() if path.name.startswith(".")]
    # The eighth comes when all is published, and only the journal was still to be removed.
    assert (hashes(raw.root / "reports") == before) is (fails < 8) and left == []


def test_f26_every_file_is_on_the_disk_before_it_is_published_and_the_old_edition_goes_last(quick, monkeypatch):
    run_edition()
    calls, fsync, rename, rmtree = [], os.fsync, Path.rename, shutil.rmtree

    def record(kind: str, path: object) -> None:
        calls.append((kind, os.fspath(path)))

    monkeypatch.setattr(os, "fsync", lambda fd: (record("sync", Path(f"/proc/self/fd/{fd}").readlink()), fsync(fd)))
    monkeypatch.setattr(Path, "rename", lambda path, to: (record("to", to), rename(path, to))[1])
    monkeypatch.setattr(
        shutil, "rmtree", lambda path, *rest, **more: (record("gone", path), rmtree(path, *rest, **more))
    )
    run_edition()
    for target in (paths.processed(QUARTER, DAY), paths.reports(QUARTER, DAY)):
        come, old = calls.index(("to", str(target))), calls.index(("gone", str(target.with_name(f".{DAY}.old"))))
        synced = {Path(path).name for kind, path in calls[:come] if kind == "sync"}
        assert synced >= {path.name for path in target.iterdir()}
        assert ("sync", str(target.parent)) in calls[come:old]


def test_f36_a_run_whose_lock_was_deleted_is_not_disturbed_by_a_second_one(quick):
    target = paths.reports(QUARTER, DAY)
    with lock_quarter(QUARTER), publish.private_folder(target) as folder:
        shutil.rmtree(paths.locks())
        with pytest.raises(
            RunError, match="another run of 2022Q3 is at work in .*, although its lock was deleted"
        ) as caught:
            run_edition()
        assert caught.value.code == ExitCode.QUARTER_HELD and folder.is_dir()
        assert papu("status", "--today", "2022-11-15")[0] == 0 and folder.is_dir()
    assert run_edition() == target
