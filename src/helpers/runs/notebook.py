"""Runs one notebook with papermill in a kernel of its own, and makes sure that every cell of it ran."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from helpers.runs.errors import ExitCode, RunError

INGEST, KPIS, REPORT_NOTEBOOK = "01_ingest", "02_kpis", "03_report"


CELL_TIMEOUT, NOTEBOOK_TIMEOUT, START_TIMEOUT = 600, 1800, 120  # seconds: a cell, a notebook, the start of its kernel


SOCKET_PATH = 107  # bytes that the path of a socket may have


UNWRITABLE_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}


WIDGET_MIME = "application/vnd.jupyter.widget-view+json"


def check_parameters(notebook: Path, parameters: Mapping[str, str]) -> None:
    """Refuse a parameter that the notebook does not declare: papermill only warns, and runs with the default."""
    import papermill

    known = papermill.inspect_notebook(str(notebook))
    unknown = sorted(set(parameters) - set(known))
    if unknown:
        raise RunError(
            ExitCode.NOTEBOOK_FAILED,
            f"{notebook.name}: no parameter {', '.join(unknown)}; it declares {', '.join(known)}",
        )


@contextlib.contextmanager
def _private_kernel() -> Iterator[dict[str, object]]:
    """Give papermill a kernel that talks through sockets in a folder of its own: no TCP port to collide on."""
    from jupyter_client.manager import AsyncKernelManager

    # A kernel of the same name that a user installed elsewhere must not take the place of ours.
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")
    # A short folder, wherever the checkout lies and whatever TMPDIR says.
    short = len(os.fsencode(tempfile.gettempdir())) + len("/papuxxxxxxxx/k-5") <= SOCKET_PATH
    with tempfile.TemporaryDirectory("", "papu", None if short else "/tmp", ignore_cleanup_errors=True) as folder:

        class Private(AsyncKernelManager):
            def __init__(self, **options: object) -> None:
                super().__init__(transport="ipc", ip=str(Path(folder) / "k"), **options)

            def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
                command = super().format_kernel_cmd(extra_arguments)
                return ["helpers.runs.kernel" if word == "ipykernel_launcher" else word for word in command]

            async def start_kernel(self, **options: object) -> None:
                # What a kernel prints outside its cells, when it is ended say, is no message of ours.
                options |= {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
                await super().start_kernel(**options)

        yield {"kernel_manager_class": Private}


class _CellClock:
    """The cells begun so far, and the seconds that the next one may take: its own limit, or what is left of all."""

    def __init__(self) -> None:
        self.begun: list[Mapping] = []
        self.end = time.monotonic() + NOTEBOOK_TIMEOUT

    def begin(self, cell: Mapping, cell_index: int) -> None:
        self.begun.append(cell)

    def left(self, cell: Mapping) -> float:
        return max(min(CELL_TIMEOUT, self.end - time.monotonic()), 0.1)


def _exit_code_of(name: str, message: str, notebook: Path) -> int:
    """Return the exit code for an error that a cell raised."""
    number = re.match(r"\[Errno (\d+)\]", message)
    if number and int(number[1]) in UNWRITABLE_ERRNOS:
        return ExitCode.NOT_WRITABLE
    return (
        ExitCode.DATA_REFUSED
        if name == "DataRefused"
        else ExitCode.REPORT_FAILED
        if notebook.stem == REPORT_NOTEBOOK
        else ExitCode.NOTEBOOK_FAILED
    )


def run_notebook(notebook: Path, executed: Path, parameters: Mapping[str, str], progress: bool = False) -> None:
    """Run one notebook with papermill, make sure that every cell of it ran, and write the executed copy.

    The copy is written once, at the end: papermill would write it twice a cell. Raises RunError naming the notebook,
    the cell and the message.
    """
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    check_parameters(notebook, parameters)
    clock = _CellClock()
    try:
        with _private_kernel() as kernel:
            ran = papermill.execute_notebook(
                str(notebook), None, dict(parameters), kernel_name="python3", progress_bar=progress,
                cwd=str(notebook.parent), start_timeout=START_TIMEOUT, timeout_func=clock.left,
                on_cell_execute=clock.begin, **kernel,
            )  # fmt: skip
    except papermill.PapermillExecutionError as error:
        code = _exit_code_of(error.ename, error.evalue, notebook)
        # As JupyterLab numbers it after Run All: papermill has put a cell with the parameters before it.
        cell = (error.exec_count or error.cell_index + 1) - bool(parameters)
        message = f"{notebook.name}, cell {cell}: {error.ename}: {error.evalue}"
        raise RunError(code, message, notebook.name, cell, error.source.strip().partition("\n")[0]) from error
    except (DeadKernelError, CellTimeoutError) as error:
        cell, lines = len(clock.begun) - bool(parameters), clock.begun[-1]["source"].strip() if clock.begun else ""
        message = f"{notebook.name}, cell {cell}: {str(error).splitlines()[0]}"
        raise RunError(ExitCode.NOTEBOOK_FAILED, message, notebook.name, cell, lines.partition("\n")[0]) from error
    check_executed(ran, notebook.stem)
    executed.write_text(
        json.dumps(strip_notebook(ran), ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )


def check_executed(notebook: Mapping, name: str) -> None:
    """Refuse a notebook in which any cell did not run, in order, without error: papermill's own mark proves nothing."""
    cells = [c for c in notebook["cells"] if c["cell_type"] == "code" and "".join(c["source"]).strip()]
    # As JupyterLab numbers them after Run All: papermill has put a cell with the parameters before the others.
    added = sum("injected-parameters" in cell["metadata"].get("tags", ()) for cell in cells)
    for number, cell in enumerate(cells, start=1):
        failed = [output["ename"] for output in cell["outputs"] if output["output_type"] == "error"]
        if cell.get("execution_count") != number or failed:
            what = failed[0] if failed else "it did not run, or not in its turn"
            at, line = number - added or 1, "".join(cell["source"]).strip().partition("\n")[0]
            message = f"{name}.ipynb, cell {at} of {len(cells) - added}: {what}"
            raise RunError(ExitCode.NOTEBOOK_FAILED, message, f"{name}.ipynb", at, line)


def strip_notebook(notebook: Mapping) -> dict[str, object]:
    """Return an executed notebook without the times, paths and ids that change from run to run, and without widgets."""
    kernel = {"kernelspec": notebook["metadata"]["kernelspec"], "language_info": {"name": "python"}}
    return dict(notebook) | {"metadata": kernel, "cells": [_strip_cell(*c) for c in enumerate(notebook["cells"])]}


def _strip_cell(number: int, cell: Mapping) -> dict[str, object]:
    tags = cell["metadata"].get("tags", [])
    kept = {name: _lines(value) if name == "source" else value for name, value in cell.items()}
    kept |= {"metadata": {"tags": tags} if tags else {}}
    if "outputs" in cell:
        kept["outputs"] = [_strip_output(output) for output in cell["outputs"]]
    return kept | ({"id": f"injected-{number}"} if "injected-parameters" in tags else {})


def _strip_output(output: Mapping) -> dict[str, object]:
    """Split long texts into lines, as notebooks are stored, so that a difference can be read.

    A widget goes: it lives as long as its kernel, and what stands beside it in the output shows the same for ever.
    """
    kept = dict(output)
    if "text" in kept:
        kept["text"] = _lines(kept["text"])
    if "data" in kept:
        kept["data"] = {kind: _lines(value) for kind, value in kept["data"].items() if kind != WIDGET_MIME}
    return kept


def _lines(value: object) -> object:
    return value.splitlines(keepends=True) if isinstance(value, str) else value
