"""Starts kernels by forking a process that has imported what the notebooks import: imports and start are paid once.

`ForkProvisioner` is how jupyter_client starts kernels where JUPYTER_DEFAULT_PROVISIONER_NAME is "papu": papermill,
nbval and JupyterLab need not know of it. What cannot be forked (another interpreter or program, a system without
fork) starts as usual, and gives the same bytes.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

from jupyter_client.provisioning import LocalProvisioner

PROVISIONER = "papu"  # the entry point's name in pyproject.toml
LONGEST_REQUEST = 1 << 20  # bytes
FORK_TIMEOUT = 60  # seconds to import everything and to fork
KERNEL_MODULES = ("ipykernel_launcher", "helpers.runs.kernel")
# What a kernel reads when it runs; every other variable may decide how Python or a library starts.
PRIVATE_VARIABLES = ("IPYTHONDIR", "JPY_", "PAPU_", "PYTEST_")
# Freed memory goes back to the system, where the next kernel finds it, instead of waiting in pools.
FRUGAL = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "131072"}
# All that notebooks come to import, late too: each kernel would take time and memory of its own for it. What the first
# notebooks of an edition need comes first.
PRELOADED = (
    "ipykernel.kernelapp", "IPython.core.completerlib", "IPython.core.debugger", "IPython.extensions.storemagic",
    "sqlite3", "tornado.platform.asyncio", "helpers.runs.parameters", "helpers.tables.views", "helpers.ingest.rows",
    "helpers.report.brief", "helpers.report.tables", "matplotlib.backends.backend_svg", "seaborn",
    "helpers.report.html.page", "helpers.report.pdf.typeset", "helpers.report.xlsx.book", "xlsxwriter",
    "helpers.explore",
)  # fmt: skip
# The variable of a run whose kernels have much in common: a module, its function that is called before the first of
# them is forked, and with what.
PREPARE = "PAPU_PREPARE"
# A module beside a notebook must not hide a library's: no current folder is searched.
_SERVE = "import sys; sys.path = [p for p in sys.path if p]; from helpers.runs import fork; fork.serve()"


class ForkedKernel:
    """A kernel that was forked, with the methods of `subprocess.Popen` that LocalProvisioner uses."""

    stdin = stdout = stderr = None

    def __init__(self, line: socket.socket) -> None:
        """Wait for the kernel's process id; raises OSError if it was not forked. `line` ends when it ends."""
        self._line, self.returncode = line, None
        line.settimeout(FORK_TIMEOUT)
        told = line.recv(16)
        if not told:
            raise OSError("the process that starts kernels ended")
        self.pid = int(told)

    def poll(self) -> int | None:
        """Return None while the kernel runs; how it ended is not known."""
        if self.returncode is None and select.select([self._line], [], [], 0)[0]:
            self.returncode = 1
        return self.returncode

    def __del__(self) -> None:
        """Close the line, no earlier: another thread may look at it too."""
        self._line.close()

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the kernel has ended."""
        if self.returncode is None and not select.select([self._line], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("kernel", timeout or 0)
        return self.poll() or 0

    def send_signal(self, number: int) -> None:
        """Send the kernel a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """End the kernel."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the kernel at once."""
        self.send_signal(signal.SIGKILL)


class ForkServer:
    """The process that forks kernels, and the line to it; it ends with the process that started it."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.state, self._kernels = _state(env), []
        self._line, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other:
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}  # what cells print takes another way
            self._process = subprocess.Popen(
                [sys.executable, "-c", _SERVE], stdin=other, env=FRUGAL | env, start_new_session=True, **quiet
            )

    def fork(self, command: Sequence[str], env: Mapping[str, str], cwd: str) -> ForkedKernel:
        """Fork a kernel; raises OSError where that cannot be done."""
        request = json.dumps({"command": list(command), "env": dict(env), "cwd": cwd})
        kernels_end, ours = socket.socketpair()
        with kernels_end:
            socket.send_fds(self._line, [request.encode(errors="surrogateescape")], [kernels_end.fileno()])
        kernel = ForkedKernel(ours)
        self._kernels = [*(one for one in self._kernels if one.poll() is None), kernel]
        return kernel

    @property
    def is_idle(self) -> bool:
        """Whether none of its kernels runs."""
        return all(kernel.poll() is not None for kernel in self._kernels)

    def end(self) -> None:
        """End the process. Its kernels end themselves, as jupyter_client's do when the process above them is gone."""
        self._line.close()
        self._process.kill()
        self._process.wait()


_lock = threading.Lock()
_servers: list[ForkServer] = []  # the last is that of today's files; kernels of those before it still run


def _state(env: Mapping[str, str]) -> object:
    """Return what a fork server rests on: the variables, and the package's files as they lie there now."""
    package = Path(__file__).parents[1]
    files = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in package.rglob("*.*") if path.is_file()}
    files = {path: facts for path, facts in files.items() if path.suffix != ".pyc"}
    return {name: value for name, value in env.items() if not name.startswith(PRIVATE_VARIABLES)}, files


def start_server(env: Mapping[str, str]) -> ForkServer:
    """Return this process's fork server; it is started anew where variables or the package's files have changed.

    It need not be ready yet. Raises OSError where there is no fork.
    """
    if not hasattr(os, "fork") or not hasattr(socket, "SOCK_SEQPACKET"):
        raise OSError("no fork on this system")
    with _lock:
        if not _servers or _servers[-1].state != _state(env):
            _servers.append(ForkServer(env))
        for server in [server for server in _servers[:-1] if server.is_idle]:
            server.end()
            _servers.remove(server)
        return _servers[-1]


def run_modules(commands: Sequence[Sequence[str]], env: Mapping[str, str]) -> None:
    """Run modules side by side, each with its arguments, forked from what has imported all; return when they ended.

    What became of them is for the caller to see. Raises OSError where there is no fork.
    """
    server = start_server(env)
    for running in [server.fork(command, env, str(Path.cwd())) for command in commands]:
        running.wait()


@atexit.register
def _end_servers() -> None:
    for server in _servers:
        server.end()


class ForkProvisioner(LocalProvisioner):
    """Starts this environment's Python kernels by forking, every other kernel as usual."""

    async def launch_kernel(self, cmd: list[str], **options: object) -> Mapping[str, object]:
        """Start a kernel; returns how to connect to it."""
        env, cwd = options["env"], str(options.get("cwd") or Path.cwd())
        if is_ours(cmd):
            with contextlib.suppress(OSError):
                kernel = await asyncio.to_thread(lambda: start_server(env).fork(cmd[2:], env, cwd))
                self.process, self.pid, self.pgid, self.cwd = kernel, kernel.pid, kernel.pid, cwd
                return self.connection_info
        return await super().launch_kernel(cmd, **options)


@functools.cache
def name_provisioner() -> str:
    """Return the provisioner to name to jupyter_client: its own where the package was installed before it had one."""
    known = {entry.name for entry in metadata.entry_points(group="jupyter_client.kernel_provisioners")}
    return PROVISIONER if PROVISIONER in known else "local-provisioner"


def is_ours(command: Sequence[str]) -> bool:
    """Whether a command starts a Python kernel of this environment, with no option that Python itself would take."""
    return command[1:2] == ["-m"] and command[2] in KERNEL_MODULES and Path(command[0]) == Path(sys.executable)


def serve() -> None:
    """Fork a kernel per request that comes through the standard input; while none waits, import what notebooks import.

    The first kernels need not wait for what only later ones need.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")  # as a kernel does
    gc.set_threshold(20_000)  # of new objects; Python's own 700 would have kernels search a tenth of their time
    import pandas as pd

    pd.options.display.max_columns = 20  # what pandas takes when it is imported in a kernel
    inbox, to_import, prepared = socket.socket(fileno=os.dup(0)), [*PRELOADED], []
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a kernel here
    while True:
        while to_import and not select.select([inbox], [], [], 0)[0]:
            importlib.import_module(to_import.pop(0))
        request, lines, _, _ = socket.recv_fds(inbox, LONGEST_REQUEST, 1)
        if not request:
            return
        asked = json.loads(request.decode(errors="surrogateescape"))
        shared = {name: value for name, value in asked["env"].items() if name.startswith("PAPU_")}
        if PREPARE in shared and shared not in prepared:
            prepared.append(shared)
            _prepare(shared)
        gc.collect()
        gc.freeze()  # what was imported stays: no kernel searches it for garbage, or copies its pages by doing so
        if os.fork() == 0:
            inbox.close()
            _become_kernel(**asked, line=socket.socket(fileno=lines[0]))
        os.close(lines[0])


def _prepare(variables: Mapping[str, str]) -> None:
    """Do what all kernels of a run would do, once; what goes wrong here a kernel meets too, and says."""
    os.environ.update(variables)
    module, function, *arguments = variables[PREPARE].split()
    with contextlib.suppress(Exception):
        getattr(importlib.import_module(module), function)(*arguments)


def _become_kernel(command: list[str], env: dict[str, str], cwd: str, line: socket.socket) -> None:
    """Be a kernel from here on, in a process group of its own; `line` stays open as long as it runs."""
    import numpy as np
    from ipykernel.parentpoller import ParentPollerUnix

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.dup2(1, 0)  # nothing to read
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env | {"JPY_PARENT_PID": str(os.getppid())})
    np.random.seed()  # the module `random` seeds itself after a fork
    # ipykernel starts one too, by the JPY_PARENT_PID that it found when it was imported: in the parent, none.
    ParentPollerUnix(os.getppid()).start()
    line.send(str(os.getpid()).encode())
    sys.argv = command
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)
    sys.exit()
