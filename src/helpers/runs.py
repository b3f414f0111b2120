"""Runs of the notebooks by papermill: one edition, whole or not at all, with its manifest."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import filelock
import pandas as pd

from helpers import journal, paths, provenance, tables, workbook
from helpers.datapackage import write_datapackage
from helpers.plan import LANGUAGES, parse_quarter
from helpers.publishing import clear_left, folder_beside, move_into_place, private_folder
from helpers.returns.manifest import name_of, read_bytes
from helpers.words import official_languages
from helpers.workbook import Tables, settle_date

INGEST, KPIS, REPORT = "01_ingest", "02_kpis", "03_report"
CELL_TIMEOUT, NOTEBOOK_TIMEOUT, START_TIMEOUT = 600, 1800, 120  # seconds: a cell, a notebook, the start of its kernel
DONE, FAILED, REFUSED, HELD, REPORT_FAILED, UNWRITABLE = 0, 1, 3, 4, 5, 7
HOLD_TIMEOUT = 0.5  # seconds: as long as somebody else may look who holds a quarter
SOCKET_PATH = 107  # bytes that the path of a socket may have
FULL_OR_LOCKED = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}
WIDGET = "application/vnd.jupyter.widget-view+json"

Say = Callable[[str], None]


NEXT_STEPS = {
    FAILED: "mend the cause, then run it again",
    REFUSED: "do what the message says, then run it again",
    HELD: "wait for that run to end, or end it, then run it again",
    REPORT_FAILED: "mend the cause, then run it again",
    UNWRITABLE: "free the disk, or mend the folder's rights, then run it again",
}


class RunError(journal.Failure):
    """A run that could not be finished: its exit code (design, Contracts) and what to tell the person.

    `cell` is the number that JupyterLab shows beside it, `line` its first line; 0 where no cell is to be named.
    """

    def __init__(self, code: int, message: str, notebook: str = "", cell: int = 0, line: str = "") -> None:
        super().__init__(message)
        self.code, self.notebook, self.cell, self.line = code, notebook, cell, line

    @property
    def facts(self) -> dict[str, object]:
        """What the log and the record say of it besides its message."""
        where = {"notebook": self.notebook, "cell": self.cell, "line": self.line} if self.notebook else {}
        return {"exit_code": self.code, **where, "next": NEXT_STEPS.get(self.code, "")}


@dataclass(frozen=True)
class Order:
    """What to run: one edition of one quarter, in some languages."""

    quarter: str
    as_of: str
    languages: tuple[str, ...]

    @property
    def steps(self) -> list[tuple[str, str, dict[str, str]]]:
        """The notebooks to run, in order: notebook, name of its executed copy, parameters."""
        common = {"quarter": self.quarter, "as_of": self.as_of}
        reports = [(REPORT, f"{REPORT}_{language}", common | {"language": language}) for language in self.languages]
        return [(INGEST, INGEST, common), (KPIS, KPIS, common), *reports]


def check_languages(languages: Sequence[str]) -> None:
    """Refuse a language without a catalogue: raises ValueError naming those there are."""
    unknown = sorted(set(languages) - set(LANGUAGES))
    if unknown:
        raise ValueError(f"no report in {', '.join(unknown)}; choose among {', '.join(LANGUAGES)}")


def order(quarter: str, languages: Sequence[str] = (), as_of: str = "") -> Order:
    """Check what is asked for and return it as an order.

    Raises ValueError for a quarter outside the plan, a date that is none, or a language without a catalogue.
    """
    check_languages(languages)
    name = parse_quarter(quarter)
    return Order(name, settle_date(name, as_of).isoformat(), tuple(dict.fromkeys(languages or official_languages())))


# --- one notebook -----------------------------------------------------------------------------------------------


def check_parameters(notebook: Path, parameters: Mapping[str, str]) -> None:
    """Refuse a parameter that the notebook does not declare: papermill only warns, and runs with the default."""
    import papermill

    known = papermill.inspect_notebook(str(notebook))
    unknown = sorted(set(parameters) - set(known))
    if unknown:
        raise RunError(FAILED, f"{notebook.name}: no parameter {', '.join(unknown)}; it declares {', '.join(known)}")


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
                return ["helpers.kernel" if word == "ipykernel_launcher" else word for word in command]

            async def start_kernel(self, **options: object) -> None:
                # What a kernel prints outside its cells, when it is ended say, is no message of ours.
                options |= {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
                await super().start_kernel(**options)

        yield {"kernel_manager_class": Private}


class _Clock:
    """The cells begun so far, and the seconds that the next one may take: its own limit, or what is left of all."""

    def __init__(self) -> None:
        self.begun: list[Mapping] = []
        self.end = time.monotonic() + NOTEBOOK_TIMEOUT

    def begin(self, cell: Mapping, cell_index: int) -> None:
        self.begun.append(cell)

    def left(self, cell: Mapping) -> float:
        return max(min(CELL_TIMEOUT, self.end - time.monotonic()), 0.1)


def _code_of(name: str, message: str, notebook: Path) -> int:
    """Return the exit code for an error that a cell raised."""
    number = re.match(r"\[Errno (\d+)\]", message)
    if number and int(number[1]) in FULL_OR_LOCKED:
        return UNWRITABLE
    return REFUSED if name == "DataRefused" else REPORT_FAILED if notebook.stem == REPORT else FAILED


def run_notebook(notebook: Path, executed: Path, parameters: Mapping[str, str], progress: bool = False) -> None:
    """Run one notebook with papermill, make sure that every cell of it ran, and write the executed copy.

    The copy is written once, at the end: papermill would write it twice a cell. Raises RunError naming the notebook,
    the cell and the message.
    """
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    check_parameters(notebook, parameters)
    clock = _Clock()
    try:
        with _private_kernel() as kernel:
            ran = papermill.execute_notebook(
                str(notebook), None, dict(parameters), kernel_name="python3", progress_bar=progress,
                cwd=str(notebook.parent), start_timeout=START_TIMEOUT, timeout_func=clock.left,
                on_cell_execute=clock.begin, **kernel,
            )  # fmt: skip
    except papermill.PapermillExecutionError as error:
        code = _code_of(error.ename, error.evalue, notebook)
        # As JupyterLab numbers it after Run All: papermill has put a cell with the parameters before it.
        cell = (error.exec_count or error.cell_index + 1) - bool(parameters)
        message = f"{notebook.name}, cell {cell}: {error.ename}: {error.evalue}"
        raise RunError(code, message, notebook.name, cell, error.source.strip().partition("\n")[0]) from error
    except (DeadKernelError, CellTimeoutError) as error:
        cell, lines = len(clock.begun) - bool(parameters), clock.begun[-1]["source"].strip() if clock.begun else ""
        message = f"{notebook.name}, cell {cell}: {str(error).splitlines()[0]}"
        raise RunError(FAILED, message, notebook.name, cell, lines.partition("\n")[0]) from error
    check_executed(ran, notebook.stem)
    executed.write_text(json.dumps(strip(ran), ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


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
            raise RunError(FAILED, message, f"{name}.ipynb", at, line)


def strip(notebook: Mapping) -> dict[str, object]:
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
        kept["data"] = {kind: _lines(value) for kind, value in kept["data"].items() if kind != WIDGET}
    return kept


def _lines(value: object) -> object:
    return value.splitlines(keepends=True) if isinstance(value, str) else value


# --- one edition ------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def hold(quarter: str) -> Iterator[None]:
    """Hold a quarter for one run; the lock of a run that died is free.

    Raises RunError (another run holds the quarter) naming its process and start.
    """
    folder = paths.locks()
    lock = filelock.FileLock(folder / f"{quarter}.lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=HOLD_TIMEOUT, poll_interval=0.05)
        started = datetime.now(UTC).isoformat(timespec="seconds")
        _holder(quarter).write_text(f"process {os.getpid()}, started {started}", encoding="utf-8")
    except filelock.Timeout as error:
        raise RunError(HELD, f"{quarter} is held by {find_holder(quarter)}; wait for it to end, or end it") from error
    except OSError as error:
        lock.release()
        raise unwritable(error, folder) from error
    try:
        yield
    finally:
        lock.release()


def _holder(quarter: str) -> Path:
    return paths.locks() / f"{quarter}.holder"


def find_holder(quarter: str) -> str:
    """Return which process holds a quarter and since when; blank when none does."""
    path = paths.locks() / f"{quarter}.lock"
    if not path.is_file():  # nobody ever did, and nothing is written to find out
        return ""
    try:
        with filelock.FileLock(path).acquire(timeout=0):
            return ""
    except filelock.Timeout:
        with contextlib.suppress(OSError):
            return _holder(quarter).read_text(encoding="utf-8")
    return "another process"


def unwritable(error: OSError, target: Path) -> RunError:
    """Say what could not be written; a file of the private folder, gone by then, by the folder it was meant for."""
    private = f"{os.sep}.{target.name}." in str(error.filename or "")
    named = target if private or not error.filename else error.filename
    why = error.args[0][0][2] if isinstance(error, shutil.Error) else error.strerror or error  # of many, the first
    return RunError(UNWRITABLE, f"cannot write {named}: {why}")


def check_unchanged(before: pd.DataFrame, work: Path) -> None:
    """Refuse a run during which its inputs, as listed at its start, changed: its tables would be of two moments.

    A notebook that notices a change makes the tables again: the list now in the work folder tells of files that came,
    and of one that changed and changed back; the received files themselves tell of what came after the last notebook.
    """
    listed = [set(zip(rows["file"], rows["sha256"], strict=True)) for rows in (before, _inputs_in(work))]
    changed = {file for file, _ in listed[0] ^ listed[1]}
    received = before[~before["channel"].isin(["register", "plan"])]
    folders = [paths.raw() / quarter for quarter in {file.partition("/")[0] for file in received["file"]}]
    # A file is known by its name as text, whatever bytes that is made of on this machine.
    there = {f"{one.name}/{name_of(path)}": path for one in folders if one.is_dir() for path in one.iterdir()}
    for row in received.itertuples():
        path = there.get(row.file)
        if path is None or read_bytes(path).sha256 != row.sha256:
            changed.add(row.file)
    if changed:
        named = ", ".join(f"data/raw/{file}" for file in sorted(changed))
        raise RunError(REFUSED, f"{named} changed during the run; run again once it is whole")


def _inputs_in(work: Path) -> pd.DataFrame:
    """Return the list of inputs in a work folder, without making it again as asking for the tables would."""
    return tables.read_table("inputs", work)


def _run_steps(order: Order, folder: Path, say: Say, progress: bool) -> pd.DataFrame:
    """Run the notebooks, and return the list of inputs that the first one left."""
    inputs = pd.DataFrame()
    for notebook, name, parameters in order.steps:
        began = time.monotonic()
        run_notebook(paths.notebooks() / f"{notebook}.ipynb", folder / f"{name}.ipynb", parameters, progress)
        if notebook == INGEST:
            inputs = _inputs_in(folder / "work")
        say(f"{name}: done in {time.monotonic() - began:.1f} s")
    return inputs


def _stage(order: Order, folder: Path, edition: Tables, started: datetime) -> tuple[Path, Path]:
    """Sort what the notebooks left into the two folders to publish: the tables and the report."""
    work, kept, report = folder / "work", folder / "tables", folder / "report"
    kept.mkdir()
    report.mkdir()
    for name in tables.PUBLISHED:
        file = f"{name}.parquet" if name in tables.AS_PARQUET else f"{name}.csv"
        shutil.copyfile(work / file, kept / file)
    write_datapackage(kept, order.quarter, order.as_of, sample=edition.sample, input_id=edition.input_id)
    for language in order.languages:
        for file in (f"report_{language}.pdf", f"report_{language}.html", f"tables_{language}.xlsx"):
            shutil.copyfile(work / file, report / file)
    for _, name, _ in order.steps:
        shutil.move(folder / f"{name}.ipynb", report / f"{name}.ipynb")
    outputs = {f"processed/{path.name}": provenance.facts(path) for path in kept.iterdir()}
    outputs |= {f"report/{path.name}": provenance.facts(path) for path in report.iterdir()}
    revises = provenance.find_revised(order.quarter, order.as_of)
    provenance.write_manifest(report, asdict(order), outputs, edition, started, revises)
    return kept, report


def build_edition(order: Order, folder: Path, say: Say, progress: bool = False) -> tuple[Path, Path, Tables]:
    """Run 01, 02 and 03 in a private folder: the tables' folder, the report's, and the tables. Nothing is published."""
    started = datetime.now(UTC)
    inputs = _run_steps(order, folder, say, progress)
    edition = workbook.measured(order.quarter, order.as_of)  # made again, and so noticed, where anything changed
    check_unchanged(inputs, folder / "work")
    return *_stage(order, folder, edition, started), edition


def make_edition(order: Order, say: Say, progress: bool = False) -> Path:
    """Build an edition in a private folder and publish it, moved into place whole and last.

    Its quarter must be held. Returns the published folder. Raises RunError; what was published before is untouched.
    """
    target, tables_folder = paths.reports(order.quarter, order.as_of), paths.processed(order.quarter, order.as_of)
    with journal.recorded({"command": "run"} | asdict(order)) as outcome:
        try:
            clear_left(tables_folder, target)
            with private_folder(target) as folder, folder_beside(tables_folder) as beside:
                kept, report, edition = build_edition(order, folder, say, progress)
                kept = Path(shutil.move(kept, beside / "tables"))  # onto their own disk, where that is another
                move_into_place((kept, tables_folder), (report, target))
                outcome["input_id"] = edition.input_id
        except OSError as error:
            raise unwritable(error, target) from error
    return target


def run_edition(order: Order, say: Say, progress: bool = False) -> Path:
    """Hold the quarter, make its edition and publish it. Returns the published folder; raises RunError."""
    with hold(order.quarter):
        return make_edition(order, say, progress)
