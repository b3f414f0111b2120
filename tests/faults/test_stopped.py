"""A run that is killed, ended, or refused by the disk at any moment leaves what was published as it was."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from started import DAY, QUARTER, RUN, kill, make_root, may, papu, published, start

import interrupted
from commands import hashes, wait_until
from helpers import cli
from helpers.runs import errors
from helpers.runs.lock import find_lock_holder
from quick import quick_root, run_edition  # noqa: F401

KILLS, SEEDS = 25, (1, 2)  # fifty in all, half of them beside the other half


def receive(root: Path, day: str) -> None:
    """Change a date of receipt, so that the next edition differs from the one before."""
    manifest = root / "data" / "raw" / QUARTER / "MANIFEST.csv"
    rows = manifest.read_text(encoding="utf-8").splitlines()
    name, digest, _, *rest = rows[1].split(",")
    manifest.write_text("\n".join([rows[0], ",".join([name, digest, day, *rest]), *rows[2:], ""]), encoding="utf-8")


@pytest.mark.parametrize("seed", SEEDS)
def test_f1_fifty_runs_killed_at_random_moments(tmp_path, seed):
    root, chance, editions, seconds = make_root(tmp_path / "root"), random.Random(seed), {}, 0.0
    for day in ("2022-10-13", "2022-10-14"):
        receive(root, day)
        began = time.monotonic()
        papu(root, *RUN)
        seconds, editions[day] = time.monotonic() - began, published(root)
    assert editions["2022-10-13"] != editions["2022-10-14"]
    old, killed, finished = "2022-10-14", 0, 0
    while killed < KILLS:
        new = "2022-10-13" if old == "2022-10-14" else "2022-10-14"
        receive(root, new)
        run = start(root, *RUN)
        try:
            log = run.communicate(timeout=chance.uniform(0, 1.1 * seconds))[1]
            assert run.returncode == 0, log
            old, finished = "", finished + 1
        except subprocess.TimeoutExpired:
            left = kill(run)
            killed += 1
            assert not psutil.wait_procs(left, timeout=5)[1]
        found = published(root)  # a run killed near its end may have published already
        assert found in (editions[new], editions.get(old))
        old = new if found == editions[new] else old
        json.loads((root / "reports" / QUARTER / DAY / "manifest.json").read_text(encoding="utf-8"))
    receive(root, "2022-10-13")
    papu(root, *RUN)
    assert published(root) == editions["2022-10-13"]
    assert [path.name for path in (root / "reports" / QUARTER).iterdir()] == [DAY]
    print(f"seed {seed}: {killed} killed, {finished} finished before they were killed")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("step", ["01_ingest", "02_kpis"])
def test_f2_a_run_that_is_ended_releases_its_lock_and_ends_its_processes(tmp_path, step, number):
    root = make_root(tmp_path / "root")
    run = start(root, *RUN)
    assert any(f"{step}: done" in line for line in iter(run.stderr.readline, ""))
    wait_until(lambda: psutil.Process(run.pid).children())
    children = psutil.Process(run.pid).children(recursive=True)
    run.send_signal(number)
    log = run.communicate(timeout=60)[1]
    assert run.returncode == 128 + number and "untouched" in log and "Traceback" not in log
    assert not psutil.wait_procs(children, timeout=5)[1]
    assert not list((root / "reports" / QUARTER).iterdir()) and not published(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAPU_ROOT", str(root))
        assert not find_lock_holder(QUARTER)


# --- the disk -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [interrupted.fill_disk, interrupted.kill], ids=["F6 disk full", "F1 killed"])
def test_each_write_of_an_edition_in_turn(quick, tmp_path, fault):
    """Every file, folder, move and removal of a run; only its notebooks are replaced."""
    beside, removals = tmp_path.with_name(f"beside-{tmp_path.name}"), fault is interrupted.kill
    saved = beside / "saved"
    beside.mkdir()
    run_edition()  # so that modules are imported and caches filled before the forks

    def run() -> None:
        with (beside / "log").open("w") as file, contextlib.redirect_stderr(file):
            cli.main(["run", QUARTER, "--language", "fr"])

    def again() -> None:
        shutil.rmtree(tmp_path)
        shutil.copytree(saved, tmp_path)

    before = published(tmp_path)
    quick.add(QUARTER, "more.csv", b"member,quarter,offices_total\nKEN,2022Q3,623\n", "2022-10-12")
    shutil.copytree(tmp_path, saved)
    writes = interrupted.list_writes(run, tmp_path, beside / "seen", removals)
    new = published(tmp_path)
    assert new != before and len(writes) > 40
    for nth, write in enumerate(writes, start=1):
        again()
        code, found = interrupted.run(run, tmp_path, nth, fault, removals), published(tmp_path)
        if fault is interrupted.kill:
            # Killed between the moves of its two folders: the next run completes or undoes them.
            assert code == -9 and (found in (before, new) or write.startswith("os.rename")), write
        else:
            # The record of runs may fail without failing the run, and a file that cannot be moved is copied.
            is_optional = "runs.jsonl" in write or write.startswith("os.rename")
            assert code == errors.ExitCode.NOT_WRITABLE or (code == 0 and is_optional), write
            assert found == (before if code else new), write
            assert not list((tmp_path / "reports" / QUARTER).glob(".*")), write
        # The next run cleans up and succeeds; where there is nothing to clean up, every tenth is tried.
        if found != before or nth % 10 == 0:
            assert interrupted.run(run, tmp_path, 0, fault) == 0 and published(tmp_path) == new, write


MOUNT = """set -e
mount -t tmpfs -o size={size} none {root}/reports
cp -a {root}/saved/. {root}/reports/
[ {locked} = no ] || mount -o remount,ro {root}/reports
mount --bind {root}/data/raw {root}/data/raw && mount -o remount,bind,ro {root}/data/raw
set +e
"$@"
code=$?
cp -a {root}/reports/. {root}/left/
exit $code
"""
can_mount = may("unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt")


@pytest.fixture(scope="module")
def edition(tmp_path_factory) -> Path:
    """Return a root with an edition."""
    root = make_root(tmp_path_factory.mktemp("edition") / "root")
    papu(root, *RUN)
    return root


@pytest.mark.skipif(not can_mount, reason="NOT CHECKED: no disk can be mounted here")
@pytest.mark.parametrize(("more", "locked"), [(16, "no"), (300, "no"), (1400, "no"), (60_000, "yes"), (60_000, "no")])
def test_f6_f7_a_small_disk_a_read_only_one_and_read_only_raw_files(tmp_path, edition, more, locked):
    root = Path(shutil.copytree(edition, tmp_path / "root"))
    receive(root, "2022-10-14")
    old, raw = hashes(root / "reports"), hashes(root / "data" / "raw")
    for name in ("saved", "left"):
        (root / name).mkdir()
    shutil.copytree(root / "reports", root / "saved", dirs_exist_ok=True)
    size = sum(path.stat().st_size for path in (root / "saved").rglob("*")) + 1024 * more
    script = MOUNT.format(size=size, root=root, locked=locked)
    run = start(root, *RUN, before=("unshare", "-rm", "sh", "-c", script, "sh"))
    log = run.communicate(timeout=120)[1]
    works = (more, locked) == (60_000, "no")
    assert run.returncode == (0 if works else errors.ExitCode.NOT_WRITABLE), log
    left = hashes(root / "left")
    assert left.keys() == old.keys() and (left == old) is not works
    last = json.loads(log.splitlines()[-1])
    assert works or ("No space left" if locked == "no" else "Read-only file system") in last["message"]
    assert hashes(root / "data" / "raw") == raw
