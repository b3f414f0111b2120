"""Kernels that are forked are those that are started: the same bytes, and nothing old."""

from __future__ import annotations

import json
import os
import select
import socket
import sys
import time
from pathlib import Path

import pytest
from jupyter_client.provisioning import KernelProvisionerFactory

from commands import write_notebook
from helpers import paths
from helpers.runs import briefs, fork
from helpers.runs.notebook import isolate_kernel, prepare_kernels, run_notebook
from helpers.runs.sections import read_notebook

pytestmark = pytest.mark.slow

# Whatever depends on when or where something was imported: a wide table, a figure, the backend, the flags.
CELLS = (
    "import pandas as pd\npd.DataFrame([range(25)] * 70)",
    "import matplotlib.pyplot as plt\nfigure, axes = plt.subplots()\naxes.plot([1, 2]);",
    "import matplotlib, sys, os, signal\nmatplotlib.get_backend(), sys.flags, sys.argv[0], os.getcwd(), __name__",
    "signal.getsignal(signal.SIGCHLD), signal.getsignal(signal.SIGINT).__name__, sys.stdin is None",
    "from tqdm.auto import tqdm\ntqdm.__module__",
    "!echo from a program",
)
PARENT = "import os\nos.getppid()"


def run_here(tmp_path: Path, *cells: str) -> list[dict]:
    """Run cells in a kernel; return the executed cells without the parameters."""
    run_notebook(write_notebook(tmp_path / "n.ipynb", *cells), tmp_path / "out.ipynb", {})
    return json.loads((tmp_path / "out.ipynb").read_text(encoding="utf-8"))["cells"][1:]


def parent_of_a_kernel(tmp_path: Path) -> int:
    """Return the process that started a kernel."""
    return int(run_here(tmp_path, PARENT)[0]["outputs"][0]["data"]["text/plain"][0])


def print_of(tmp_path: Path, *cells: str) -> str:
    """Run cells in a kernel; return what the last one prints."""
    return "".join(run_here(tmp_path, *cells)[-1]["outputs"][0]["text"])


def start_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let jupyter_client start kernels in its own way."""
    monkeypatch.setattr(KernelProvisionerFactory.instance(), "default_provisioner_name", "local-provisioner")


def test_a_forked_kernel_gives_the_bytes_of_one_that_was_started(tmp_path, monkeypatch):
    forked = run_here(tmp_path, *CELLS)
    assert parent_of_a_kernel(tmp_path) != os.getpid()
    start_plainly(monkeypatch)
    assert parent_of_a_kernel(tmp_path) == os.getpid()
    assert run_here(tmp_path, *CELLS) == forked


def test_one_process_forks_until_variables_or_the_package_change(tmp_path, monkeypatch):
    parent = parent_of_a_kernel(tmp_path)
    monkeypatch.setenv("PAPU_ROOT", str(tmp_path))  # read by helpers when they run
    assert parent_of_a_kernel(tmp_path) == parent
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    other = parent_of_a_kernel(tmp_path)
    assert other != parent
    (tmp_path / "runs").mkdir()
    (tmp_path / "edited.py").write_text("", encoding="utf-8")
    monkeypatch.setattr(fork, "__file__", str(tmp_path / "runs" / "fork.py"))
    assert parent_of_a_kernel(tmp_path) != other


def test_the_process_that_was_prepared_forks_the_kernels(tmp_path, monkeypatch):
    for name in ("JUPYTER_PREFER_ENV_PATH", "JUPYTER_DEFAULT_PROVISIONER_NAME"):
        monkeypatch.delenv(name, raising=False)  # what a first run sets
    prepare_kernels()
    assert parent_of_a_kernel(tmp_path) == fork._servers[-1]._process.pid


def test_what_notebooks_come_to_import_was_imported_once_for_all(tmp_path, monkeypatch):
    monkeypatch.setenv("PAPU_OUT", str(tmp_path / "out"))
    prepare_kernels()
    deadline = time.monotonic() + 60  # it imports while it has nothing else to do
    while fork.PRELOADED[-1] not in print_of(tmp_path, "import sys\nprint(*sys.modules)"):
        assert time.monotonic() < deadline
    cells = [
        "".join(cell["source"])
        for path in sorted(paths.notebooks().glob("*.ipynb"))
        for cell in read_notebook(path)["cells"] if cell["cell_type"] == "code"
    ]  # fmt: skip
    before, after = "import sys\nbefore = set(sys.modules)", "print(*set(sys.modules) - before)\nprint(*before)"
    late, early = (names.split() for names in print_of(tmp_path, before, *cells, after).splitlines())
    packages = {name.partition(".")[0] for name in early} | {"matplotlib_inline"}  # it looks for a kernel's shell
    assert [name for name in late if name.partition(".")[0] not in packages or name.startswith("helpers.")] == []


def test_kernels_share_what_was_prepared_for_their_run_and_read_anew_what_changed_since(checkout, monkeypatch):
    monkeypatch.setenv("PAPU_ROOT", str(checkout))
    shown = """from helpers.tables import pipeline
tables = pipeline.load_tables("2022Q4")
print(len(tables.kpis) > 0, any(tables is kept for kept in pipeline._kept.values()), len(tables.derived) > 9)"""
    assert print_of(checkout, shown) == "True False False\n"
    threads = Path(f"/proc/{fork._servers[-1]._process.pid}/task")
    before = set(threads.iterdir())
    with paths.set_variables(**{fork.PREPARE: f"{briefs.PREPARATION} 2022Q4 2023-02-14"}):
        assert print_of(checkout, shown) == "True True True\n"
        (checkout / "data" / "raw" / "registers" / "milestones.csv").touch()
        assert set(threads.iterdir()) == before  # none would outlive a fork
        for _ in range(3):
            assert print_of(checkout, shown) == "True False False\n"
    with paths.set_variables(**{fork.PREPARE: "helpers.no_such_module prepare"}):
        assert print_of(checkout, "print('it runs')") == "it runs\n"


def test_where_nothing_can_be_forked_a_kernel_starts_as_usual(tmp_path, monkeypatch):
    server = fork.start_server(os.environ | isolate_kernel(tmp_path))
    server.end()
    assert parent_of_a_kernel(tmp_path) == os.getpid()
    fork._servers.remove(server)


def test_a_kernel_outlives_a_change_of_the_package(tmp_path, monkeypatch):
    env = os.environ | isolate_kernel(tmp_path)
    server = fork.start_server(env)
    kernel = server.fork(["ipykernel_launcher", "-f", str(tmp_path / "kernel.json")], env, str(tmp_path))
    (tmp_path / "runs").mkdir()
    monkeypatch.setattr(fork, "__file__", str(tmp_path / "runs" / "fork.py"))
    assert fork.start_server(env) is not server
    time.sleep(2.5)  # a kernel looks every second whether the process above it is there
    assert kernel.poll() is None and not server.is_idle
    kernel.kill()
    kernel.wait(10)
    fork.start_server(env)
    assert server not in fork._servers and server.is_idle


def test_a_kernel_ends_when_the_process_that_forked_it_is_gone(tmp_path):
    env = os.environ | isolate_kernel(tmp_path)
    server = fork.ForkServer(env)
    kernel = server.fork(["ipykernel_launcher", "-f", str(tmp_path / "kernel.json")], env, str(tmp_path))
    server.end()
    kernel.wait(10)  # raises subprocess.TimeoutExpired


def test_a_kernel_that_one_thread_finds_ended_is_no_error_for_another_that_waits_for_it(monkeypatch):
    line, other = socket.socketpair()
    other.send(b"7")
    kernel, look = fork.ForkedKernel(line), select.select

    def between(*arguments: object) -> object:
        monkeypatch.undo()
        other.close()
        assert kernel.poll() == 1  # as another thread would, meanwhile
        return look(*arguments)

    monkeypatch.setattr(fork.select, "select", between)
    assert kernel.wait(5) == 1


@pytest.mark.parametrize(
    ("command", "is_ours"),
    [
        ([sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"], True),
        (["/usr/bin/python3", "-m", "ipykernel_launcher", "-f", "{connection_file}"], False),
        ([sys.executable, "-X", "dev", "-m", "ipykernel_launcher"], False),
        ([sys.executable, "-m", "another_kernel"], False),
        (["R", "--slave"], False),
    ],
)
def test_only_the_python_kernels_of_this_environment_are_forked(command, is_ours):
    assert fork.is_ours(command) is is_ours
