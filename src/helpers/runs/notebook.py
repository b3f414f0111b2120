"""Runs notebooks with papermill, each in a kernel of its own, side by side; checks that every cell ran."""

import contextlib
import errno
import functools
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from helpers import editions, paths
from helpers.editions import REPORT_NOTEBOOK
from helpers.runs import fork, parallel, sections
from helpers.runs.errors import ExitCode, RunError, first_line
from helpers.runs.log import Reporter
from helpers.speech import say, say_of

CELL_TIMEOUT, NOTEBOOK_TIMEOUT, START_TIMEOUT = 600, 1800, 120  # seconds: a cell, a notebook, the start of a kernel
SOCKET_PATH = 107  # bytes that the path of a socket may have
PROMPT = 0.02  # seconds between looks at a kernel that starts or ends
UNWRITABLE_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
# jsonschema would check web addresses with it: a second to import, and no notebook has one to check.
sys.modules.setdefault("rfc3987_syntax", None)


class Task(NamedTuple):
    """A notebook to run: its file, the executed copy to write, the parameters."""

    notebook: Path
    executed: Path
    parameters: Mapping[str, str]


class Ran(NamedTuple):
    """A task that has ended: how long it took, in seconds, and its error, or None.

    `is_killed`: whether its kernel was killed, by something other than its own code it may be.
    """

    task: Task
    seconds: float
    error: Exception | None
    is_killed: bool = False


def check_parameters(notebook: Path, parameters: Mapping[str, str]) -> None:
    """Refuse a parameter that the notebook does not declare: papermill would only warn and run with the default."""
    import papermill

    try:
        known = papermill.inspect_notebook(str(notebook))
    except Exception as error:  # whatever of nbformat's, papermill's or the disk's
        problem = say(
            "{name} cannot be read: {first_line}; restore it", name=notebook.name, first_line=first_line(error)
        )
        raise RunError(ExitCode.NOTEBOOK_FAILED, problem, notebook.name) from error
    if unknown := sorted(set(parameters) - set(known)):
        problem = say("no parameter {names}; it declares {known}", names=", ".join(unknown), known=", ".join(known))
        raise RunError(ExitCode.NOTEBOOK_FAILED, say_of(notebook.name, problem))


def report_modified(notebooks: Sequence[str], report: Reporter) -> None:
    """Report which notebooks are not those of the release."""
    if modified := editions.list_modified(notebooks):
        report(say("not as released: {names}", names=", ".join(modified)))


def isolate_kernel(folder: Path) -> dict[str, str]:
    """Return the variables of a kernel that runs nothing of its user: profile, start-up file, modules in its folder.

    `folder` is a temporary one, for the profile that IPython makes there.
    """
    return {"IPYTHONDIR": str(folder), "PYTHONSTARTUP": "", "PYTHONSAFEPATH": "1"}


@contextlib.contextmanager
def _private_kernel(cwd: Path) -> Iterator[type]:
    """Yield a kernel manager of isolated kernels, with sockets in a temporary folder: no TCP port can collide.

    It sets the kernel's current folder: papermill would change that of this process, which threads share.
    """
    import zmq
    from jupyter_client.asynchronous import AsyncKernelClient
    from jupyter_client.manager import AsyncKernelManager

    # The path must stay short, however long that of the checkout or TMPDIR is.
    is_short = len(os.fsencode(tempfile.gettempdir())) + len("/papuxxxxxxxx/k-5") <= SOCKET_PATH
    variables = os.environ | paths.variables()
    with tempfile.TemporaryDirectory("", "papu", None if is_short else "/tmp", ignore_cleanup_errors=True) as folder:

        class PromptClient(AsyncKernelClient):
            def __init__(self, **options: object) -> None:
                super().__init__(**options)
                # Its sockets look for a kernel before there is one; they would look again after a tenth of a second.
                self.context.setsockopt(zmq.RECONNECT_IVL, int(1000 * PROMPT))

            async def wait_for_ready(self, timeout: float | None = None) -> None:
                """Wait for the kernel, and no longer than `PROMPT` for what it says of its start: that is no cell's."""
                channel, get = self.iopub_channel, self.iopub_channel.get_msg
                channel.get_msg = lambda timeout: get(timeout=min(timeout, PROMPT))
                await super().wait_for_ready(timeout)
                channel.get_msg = get

        class PrivateKernelManager(AsyncKernelManager):
            def __init__(self, **options: object) -> None:
                super().__init__(transport="ipc", ip=str(Path(folder) / "k"), client_factory=PromptClient, **options)

            async def _async_finish_shutdown(self, *given: object, **options: object) -> None:
                await super()._async_finish_shutdown(*given, **{"pollinterval": PROMPT} | options)

            def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
                command = super().format_kernel_cmd(extra_arguments)
                return ["helpers.runs.kernel" if word == "ipykernel_launcher" else word for word in command]

            async def start_kernel(self, **options: object) -> None:
                env = (options.get("env") or variables) | isolate_kernel(Path(folder) / "ipython")
                # What a kernel prints outside its cells, when it is ended for example, is not for the log.
                quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
                parallel.own_kernel(self)
                await super().start_kernel(**options | quiet | {"env": env, "cwd": str(cwd)})
                parallel.own_kernel(self)

        yield PrivateKernelManager


def prepare_kernels() -> None:
    """Start the process that kernels are forked from, where there is one: it imports while this process works on.

    The variables must be those that the kernels get, or another would be started for these.
    """
    # Prefer the kernel of this environment to one of the same name that a user installed elsewhere.
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")
    os.environ.setdefault("JUPYTER_DEFAULT_PROVISIONER_NAME", fork.name_provisioner())
    with contextlib.suppress(OSError):
        fork.start_server(os.environ | isolate_kernel(Path()))


def run_notebooks(tasks: Sequence[Task], workers: int = 0, progress: bool = False) -> Iterator[Ran]:
    """Run notebooks side by side, by default as many as there are processors; yield each as it ends.

    A caller that leaves early, on a signal too, ends those that still run.
    """
    cells = sum(_count_cells(task.notebook) for task in tasks) if progress else 0
    with tqdm(total=cells, unit=say("cell"), disable=not progress) as bar:
        run = functools.partial(try_notebook, count_cell=bar.update)
        with contextlib.closing(parallel.call_each(run, tasks, workers)) as all_ran:
            for ran in all_ran:
                bar.clear()  # the caller may print a line
                yield ran
                bar.refresh()


def _count_cells(notebook: Path) -> int:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return sum(cell["cell_type"] == "code" for cell in sections.read_notebook(notebook)["cells"])
    return 0


def try_notebook(task: Task, count_cell: Callable[[], object] = lambda: None) -> Ran:
    """Run one notebook, whatever becomes of it."""
    from nbclient.exceptions import DeadKernelError

    began, error = time.monotonic(), None
    try:
        run_notebook(*task, count_cell)
    except Exception as problem:
        error = problem
    return Ran(task, time.monotonic() - began, error, isinstance(error and error.__cause__, DeadKernelError))


def run_notebook(
    notebook: Path, executed: Path, parameters: Mapping[str, str], count_cell: Callable[[], object] = lambda: None
) -> None:
    """Run one notebook with papermill, check that every cell ran, and write the executed copy.

    Its sections are written from the plan in force before it runs; its own file stays as it is. The copy is written
    once, at the end; papermill would write it twice a cell. `count_cell` is called as each cell begins. Raises RunError
    naming the notebook, the cell and the message.
    """
    prepare_kernels()
    import nbformat
    import papermill
    from nbclient.exceptions import CellTimeoutError

    check_parameters(notebook, parameters)
    written = nbformat.reads(json.dumps(sections.read_notebook(notebook)), as_version=4)
    n_added = 1 if parameters else 0  # papermill inserts a cell with the parameters, which JupyterLab does not count
    begun: list[Mapping] = []
    end = time.monotonic() + NOTEBOOK_TIMEOUT

    def begin(cell: Mapping, cell_index: int) -> None:
        begun.append(cell)
        count_cell()

    try:
        with _private_kernel(notebook.parent) as kernel_manager:
            ran = papermill.execute_notebook(
                written, None, dict(parameters), kernel_name="python3", progress_bar=False,
                kernel_manager_class=kernel_manager, start_timeout=START_TIMEOUT, on_cell_execute=begin,
                timeout_func=lambda cell: max(min(CELL_TIMEOUT, end - time.monotonic()), 0.1),
            )  # fmt: skip
    except papermill.PapermillExecutionError as error:
        cell, code = (error.exec_count or error.cell_index + 1) - n_added, _find_exit_code(error, notebook)
        raise _cell_error(notebook.name, cell, f"{error.ename}: {error.evalue}", error.source, code=code) from error
    except (RuntimeError, CellTimeoutError) as error:  # a kernel that cannot start raises a bare RuntimeError
        if not begun:
            message = say("{name}: its kernel could not be started: {first_line}", name=notebook.name,
                          first_line=first_line(error))  # fmt: skip
            raise RunError(ExitCode.NOTEBOOK_FAILED, message, notebook.name) from error
        raise _cell_error(notebook.name, len(begun) - n_added, first_line(error), begun[-1]["source"]) from error
    check_executed(ran, notebook.stem)
    text = json.dumps(strip_notebook(ran), ensure_ascii=False, indent=1, sort_keys=True)
    executed.write_text(text + "\n", encoding="utf-8")


def _find_exit_code(error: object, notebook: Path) -> ExitCode:
    """Return the exit code for an error that a cell raised, as papermill reports it."""
    number = re.match(r"\[Errno (\d+)\]", error.evalue)
    if number and int(number[1]) in UNWRITABLE_ERRNOS:
        return ExitCode.NOT_WRITABLE
    if error.ename == "DataRefused":
        return ExitCode.DATA_REFUSED
    return ExitCode.REPORT_FAILED if notebook.stem == REPORT_NOTEBOOK else ExitCode.NOTEBOOK_FAILED


def _cell_error(
    name: str, cell: int, message: str, source: str, of: int = 0, code: ExitCode = ExitCode.NOTEBOOK_FAILED
) -> RunError:
    line = source.strip().partition("\n")[0]
    place = say("cell {cell} of {of}", cell=cell, of=of) if of else say("cell {cell}", cell=cell)
    return RunError(code, say_of(f"{name}, {place}", message), name, cell, line)


def check_executed(notebook: Mapping, name: str) -> None:
    """Refuse a notebook unless all its cells ran, in order, without error; papermill's own mark does not prove it."""
    cells = [c for c in notebook["cells"] if c["cell_type"] == "code" and "".join(c["source"]).strip()]
    n_added = sum("injected-parameters" in cell["metadata"].get("tags", ()) for cell in cells)
    for number, cell in enumerate(cells, start=1):
        errors = [output["ename"] for output in cell["outputs"] if output["output_type"] == "error"]
        if cell.get("execution_count") != number or errors:
            message = errors[0] if errors else say("it did not run, or not in order")
            raise _cell_error(
                f"{name}.ipynb", number - n_added or 1, message, "".join(cell["source"]), len(cells) - n_added
            )


def strip_notebook(notebook: Mapping) -> dict[str, object]:
    """Return an executed notebook without what differs from run to run (times, paths, ids), and without widgets."""
    cells = []
    for number, cell in enumerate(notebook["cells"]):
        tags = cell["metadata"].get("tags", [])
        kept = dict(cell) | {"metadata": {"tags": tags} if tags else {}, "source": _split_lines(cell["source"])}
        if "outputs" in cell:
            kept["outputs"] = [_strip_output(output) for output in cell["outputs"]]
        cells.append(kept | ({"id": f"injected-{number}"} if "injected-parameters" in tags else {}))
    kernel = {"kernelspec": notebook["metadata"]["kernelspec"], "language_info": {"name": "python"}}
    return dict(notebook) | {"metadata": kernel, "cells": cells}


def _strip_output(output: Mapping) -> dict[str, object]:
    """Drop widgets, which end with their kernel, and split texts into lines, so that a diff can be read."""
    kept = {name: _split_lines(value) if name == "text" else value for name, value in output.items()}
    if "data" in kept:
        kept["data"] = {kind: _split_lines(value) for kind, value in kept["data"].items() if kind != WIDGET_MIME}
    return kept


def _split_lines(value: object) -> object:
    return value.splitlines(keepends=True) if isinstance(value, str) else value
