"""Notebooks on a cluster: Dask's scheduler and its workers, as processes of this machine that share nothing with it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec

import psutil
import pytest
from joblib import delayed

from commands import hashes, papu, wait_until
from helpers.runs import ExitCode, RunError, cluster, notebook, parallel

pytest.importorskip("distributed")
pytestmark = pytest.mark.slow

QUARTER, DAY = "2022Q4", "2023-02-14"
NO_CLUSTER = "tcp://127.0.0.1:9"


@pytest.fixture(scope="module")
def start(tmp_path_factory) -> Iterator[Callable[..., subprocess.Popen]]:
    """Return what starts a part of a cluster, by the name of its command; all of them are ended."""
    started: list[subprocess.Popen] = []

    def begin(part: str, *arguments: str) -> subprocess.Popen:
        folder = tmp_path_factory.mktemp(part)
        command = [sys.executable, "-m", f"distributed.cli.dask_{part}", "--no-dashboard", *arguments]
        env = {name: text for name, text in os.environ.items() if not name.startswith("PAPU_")} | {"HOME": str(folder)}
        log = folder / "log.txt"
        with log.open("w") as file:
            process = subprocess.Popen(command, cwd=folder, env=env, stdout=file, stderr=file, start_new_session=True)
        started.append(process)
        wait_until(lambda: ("Registered to" if part == "worker" else "Scheduler at") in log.read_text())
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, 9)
        process.wait(10)


@pytest.fixture(scope="module")
def start_scheduler(start, tmp_path_factory) -> Callable[[], str]:
    """Return what starts a scheduler without a worker, and returns its address."""

    def begin() -> str:
        told = tmp_path_factory.mktemp("address") / "scheduler.json"
        start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(told))
        return json.loads(told.read_text(encoding="utf-8"))["address"]

    return begin


@pytest.fixture(scope="module")
def scheduler(start, start_scheduler) -> str:
    """Return the address of a scheduler that has one worker."""
    address = start_scheduler()
    start("worker", address, "--nthreads", "1", "--no-nanny")
    return address


def on(address: str, backend: str = "dask") -> list[str]:
    return ["--backend", backend, "--scheduler", address]


def test_briefs_are_the_same_bytes_though_a_worker_is_killed_over_one(checkout, scheduler, start):
    members = [word for member in ("SEN", "KEN", "TUN", "GHA", "MOZ", "EGY") for word in ("--member", member)]
    here = papu("briefs", QUARTER, *members, PAPU_ROOT=str(checkout))
    assert here.returncode == 0, here.stderr
    reports = checkout / "reports"
    expected = hashes(reports)
    assert len(expected) == 12  # six briefs and their notebooks
    reports.rename(checkout / "made here")
    doomed = psutil.Process(start("worker", scheduler, "--nthreads", "1", "--no-nanny").pid)
    command = [sys.executable, "-m", "helpers", "briefs", QUARTER, *members, *on(scheduler)]
    run = subprocess.Popen(
        command,
        env=os.environ | {"PAPU_ROOT": str(checkout)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(doomed.children)
    kernels = doomed.children(recursive=True)
    doomed.kill()
    out, err = run.communicate(timeout=120)
    assert run.returncode == 0, err
    assert "6 of 6 briefs" in out
    assert hashes(reports) == expected
    assert not psutil.wait_procs(kernels, timeout=20)[1]  # what the worker had begun ends with it


def test_an_edition_is_the_same_bytes_as_here_and_a_range_of_quarters_has_it_already(checkout, scheduler):
    there = papu("run", QUARTER, "--language", "fr", *on(scheduler), PAPU_ROOT=str(checkout))
    assert there.returncode == 0, there.stderr
    verified = papu("verify", QUARTER, PAPU_ROOT=str(checkout))
    assert verified.returncode == 0 and "every byte is the same" in verified.stdout, verified.stderr
    asked = papu("run", "--from", QUARTER, "--to", QUARTER, "--today", DAY, "--language", "fr", *on(NO_CLUSTER),
                 PAPU_ROOT=str(checkout))  # fmt: skip
    assert asked.returncode == 0, asked.stderr
    assert "nothing to do: from 2022Q4 to 2022Q4" in asked.stdout


def test_a_worker_with_something_else_installed_makes_nothing_and_says_what(checkout, scheduler, monkeypatch, tmp_path):
    monkeypatch.setenv("PAPU_ROOT", str(checkout))
    monkeypatch.setenv("PAPU_OUT", str(tmp_path / "work"))
    installed = cluster.describe_installation()
    monkeypatch.setattr(cluster, "describe_installation", lambda: installed | {"typst": "0.1"})
    task = notebook.Task(checkout / "notebooks" / "04_country_brief.ipynb", tmp_path / "brief.ipynb",
                         {"quarter": QUARTER, "as_of": DAY, "member": "SEN", "language": "fr"})  # fmt: skip
    (ran,) = cluster.run_on_cluster(cluster.Cluster("dask", scheduler), QUARTER, DAY, [task])
    assert isinstance(ran.error, RunError) and not ran.is_killed
    assert f"typst {installed['typst']} instead of 0.1" in str(ran.error)
    assert not task.executed.exists() and not any((tmp_path / "work").glob("*"))


def test_one_thread_of_one_worker_makes_the_calls_and_not_this_process(start, start_scheduler):
    address = start_scheduler()
    worker = start("worker", address, "--nthreads", "1", "--no-nanny")
    pids = list(cluster._call_there(cluster.Cluster("dask", address), [delayed(os.getpid)()] * 3))
    assert set(pids) == {worker.pid}


def test_where_no_worker_comes_or_none_is_left_the_calls_end_with_an_error(start, start_scheduler, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_TIMEOUT", 3)
    address = start_scheduler()
    wait = cluster._call_there(cluster.Cluster("dask", address), [delayed(time.sleep)(60)] * 2)
    with pytest.raises(RunError, match="no worker is there, after 3 seconds"):
        list(wait)
    worker = start("worker", address, "--nthreads", "1", "--no-nanny")
    threading.Timer(2, worker.kill).start()
    wait = cluster._call_there(cluster.Cluster("dask", address), [delayed(time.sleep)(60)] * 2)
    with pytest.raises(RunError, match="no worker is there, after 3 seconds"):
        list(wait)


def test_whoever_leaves_ends_what_waits_for_a_cluster(start, start_scheduler):
    address = start_scheduler()
    start("worker", address, "--nthreads", "1", "--no-nanny")

    def wait(seconds: int) -> list:
        calls = [delayed(time.sleep)(seconds)] if seconds else []
        return list(cluster._call_there(cluster.Cluster("dask", address), calls))

    began = time.monotonic()
    with contextlib.closing(parallel.call_each(wait, [60, 0], workers=2)) as results:
        assert next(results) == []  # of what had nothing to wait for
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (on(NO_CLUSTER), f"dask at {NO_CLUSTER}: "),
        (on("no address"), "dask at no address: "),
        (on("ray://127.0.0.1:9", "ray"), "--backend ray needs it on this machine and on each worker"),
    ],
)
def test_a_cluster_that_cannot_be_had_is_an_error_and_nothing_is_written(checkout, arguments, says):
    if arguments[1] == "ray" and find_spec("ray"):
        pytest.skip("ray is installed here")
    failed = papu("briefs", QUARTER, "--member", "SEN", *arguments, PAPU_ROOT=str(checkout))
    assert failed.returncode == ExitCode.NOTEBOOK_FAILED
    assert says in failed.stderr and "Traceback" not in failed.stderr
    assert not list((checkout / "reports" / QUARTER).iterdir())


@pytest.mark.parametrize(
    "arguments", [["--backend", "dask"], ["--scheduler", NO_CLUSTER], [*on(NO_CLUSTER), "--workers", "2"]]
)
def test_options_that_do_not_go_together_are_a_usage_error(arguments):
    assert papu("briefs", QUARTER, *arguments).returncode == ExitCode.USAGE
