"""Makes the members' briefs in parallel, each in a process of its own, and publishes them in one folder."""

import contextlib
import multiprocessing
import os
import shutil
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from tqdm import tqdm

from helpers import paths
from helpers.plan import read_plan
from helpers.runs import ExitCode, completeness, edition, log, notebook, publish, raise_run_errors, snapshot
from helpers.runs.lock import lock_quarter
from helpers.runs.log import Reporter
from helpers.tables import EditionTables, manifest, pipeline

BRIEF_NOTEBOOK = "04_country_brief"
END_TIMEOUT = 5  # seconds that a process has to end its kernel

BriefTask = tuple[str, dict[str, str]]  # name of the brief, parameters of the notebook


@dataclass(frozen=True)
class BriefsRequest:
    """The briefs to make: members, quarter, date and languages; without languages, each member's own."""

    quarter: str
    as_of: str
    members: tuple[str, ...]
    languages: tuple[str, ...] = ()

    @property
    def steps(self) -> list[BriefTask]:
        """One task a brief."""
        plan, common = read_plan(), {"quarter": self.quarter, "as_of": self.as_of}
        return [
            (f"brief_{member}_{language}", common | {"member": member, "language": language})
            for member in self.members
            for language in self.languages or (plan.by_iso3[member].language,)
        ]


def make_briefs_request(
    quarter: str, members: Sequence[str] = (), languages: Sequence[str] = (), as_of: str = ""
) -> BriefsRequest:
    """Complete the arguments, by default with all members of the quarter; raises ValueError for an unknown one."""
    checked = edition.make_request(quarter, languages, as_of)
    valid = [member.member for member in read_plan().members_in(checked.quarter)]
    chosen = tuple(dict.fromkeys(name.upper() for name in members)) or tuple(valid)
    if unknown := sorted(set(chosen) - set(valid)):
        raise ValueError(f"{', '.join(unknown)}: no member in {checked.quarter}; write the ISO3 code, such as SEN")
    return BriefsRequest(checked.quarter, checked.as_of, chosen, tuple(dict.fromkeys(languages)))


def run_briefs(
    request: BriefsRequest, report: Reporter, progress: bool = False, workers: int = 0
) -> tuple[Path, list[str]]:
    """Make the briefs in parallel and publish those that succeed.

    Returns the folder, unchanged if none succeeded, and a message for each that failed. Raises RunError if none can
    be started, if their inputs changed meanwhile, or if they cannot be published.
    """
    started, target = datetime.now(UTC), paths.briefs(request.quarter, request.as_of)
    about = {"command": "briefs"} | asdict(request)
    with raise_run_errors():
        pipeline.check_raw_folder()  # before there is a folder for locks
    with lock_quarter(request.quarter), log.record_run(about) as outcome, raise_run_errors(target):
        publish.recover(request.quarter)
        notebook.report_modified([BRIEF_NOTEBOOK], report)
        with (
            publish.private_folder(target) as folder,
            snapshot.take_snapshot(request.quarter, paths.locks()) as received_in,
        ):
            completeness.check_complete(request.quarter, request.as_of)
            tables = pipeline.load_tables(request.quarter, request.as_of)  # once, for every brief to read
            names, failures = make_briefs(request.steps, folder, workers or os.cpu_count() or 1, report, progress)
            snapshot.check_unchanged(tables.inputs, received_in)
            if names:
                new = _collect_briefs(request, folder, target, names, tables, started)
                publish.move_into_place((new, target))
        if failures:
            outcome |= {"exit_code": ExitCode.REPORT_FAILED, "failures": failures}
    return target, failures


def _exit_on_signal(number: int, _: object) -> None:
    """SIGTERM handler: exit so that the kernel is shut down; hide the client's "kernel died" message."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    sys.exit(128 + number)


def _run_tasks(pipe: Connection, folder: Path) -> None:
    """Make the briefs that come through the pipe; send back the seconds and the error message (or blank) of each."""
    signal.signal(signal.SIGTERM, _exit_on_signal)
    template = paths.notebooks() / f"{BRIEF_NOTEBOOK}.ipynb"
    with log.Log({"command": "briefs"}).take_warnings(), contextlib.suppress(EOFError, OSError):
        while True:
            name, parameters = pipe.recv()
            began, message = time.monotonic(), ""
            try:
                notebook.run_notebook(template, folder / f"{name}.ipynb", parameters)
            except Exception as error:  # no error of one brief may stop the others
                message = str(error) or type(error).__name__
            pipe.send((time.monotonic() - began, message))


def _start_worker(folder: Path) -> tuple[Connection, BaseProcess]:
    """Start a process that makes one brief at a time; if it dies, only that brief is affected."""
    context = multiprocessing.get_context("spawn")
    pipe, process_pipe = context.Pipe()
    process = context.Process(target=_run_tasks, args=(process_pipe, folder), daemon=True)
    # Ctrl-C reaches every process of the terminal; a worker ignores it and is ended by the run.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process.start()
    finally:
        signal.signal(signal.SIGINT, before)
    process_pipe.close()  # only the process keeps it open, so that its death closes the pipe
    return pipe, process


def _end_workers(workers: dict[Connection, BaseProcess]) -> None:
    for pipe, process in workers.items():
        pipe.close()
        process.terminate()
    end = time.monotonic() + END_TIMEOUT
    for process in workers.values():
        process.join(max(end - time.monotonic(), 0))
        process.kill()  # no effect if it has ended; a kernel ends itself when its parent is gone
        process.join()


def _run_in_workers(
    tasks: Sequence[BriefTask], folder: Path, n_workers: int, workers: dict[Connection, BaseProcess]
) -> Iterator[tuple[str, float, str]]:
    """Make the briefs in parallel; yield the name of each as it is done, its seconds and its error message.

    A brief whose process dies is tried once more in a new process: something else may have killed it.
    """
    waiting, idle, busy, retried = deque(tasks), [], {}, set()
    while waiting or busy:
        while waiting and len(busy) < n_workers:
            if not idle:
                pipe, process = _start_worker(folder)
                workers[pipe] = process
                idle.append(pipe)
            pipe = idle.pop()
            busy[pipe] = waiting.popleft()
            with contextlib.suppress(OSError):  # if the process died meanwhile, reading its result will show it
                pipe.send(busy[pipe])
        for pipe in wait(list(busy)):
            name, parameters = busy.pop(pipe)
            try:
                result = pipe.recv()
                idle.append(pipe)
            except (EOFError, OSError):
                if name not in retried:
                    retried.add(name)
                    waiting.append((name, parameters))
                    continue
                workers[pipe].join()
                result = 0.0, f"its process died twice, the last time with {workers[pipe].exitcode}"
            yield name, *result


def make_briefs(
    tasks: Sequence[BriefTask], folder: Path, n_workers: int, report: Reporter, progress: bool = False
) -> tuple[list[str], list[str]]:
    """Make the briefs in parallel; return the names of those that succeeded and a message for each that failed."""
    names, failures, workers = [], [], {}
    results = _run_in_workers(tasks, folder, n_workers, workers)
    try:
        for name, seconds, error in tqdm(results, total=len(tasks), unit="brief", disable=not progress):
            if error:
                failures.append(f"{name}: {error}")
            else:
                names.append(name)
            if not progress:
                report(f"{name}: failed: {error.splitlines()[0]}" if error else f"{name}: done in {seconds:.1f} s")
    finally:
        _end_workers(workers)  # and their kernels, whatever happened
    return sorted(names), sorted(failures)


def _collect_briefs(
    request: BriefsRequest, folder: Path, target: Path, names: Sequence[str], tables: EditionTables, started: datetime
) -> Path:
    """Build the folder to publish: the briefs published before, the new ones over them, one manifest for all.

    It replaces the old folder in one move, so that folder and manifest always agree. In the manifest, the input id of
    a brief is blank when no run is known to have made it.
    """
    new = folder / "briefs"
    if target.exists():
        shutil.copytree(target, new)
    (new / "notebooks").mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / "work" / f"{name}.pdf").replace(new / f"{name}.pdf")
        (folder / f"{name}.ipynb").replace(new / "notebooks" / f"{name}.ipynb")
    published = manifest.read_outputs(target).items()
    outputs, input_ids = {}, {(name, facts["sha256"]): facts.get("input_id", "") for name, facts in published}
    for path in (*new.glob("*.pdf"), *(new / "notebooks").glob("*.ipynb")):
        name, facts = path.relative_to(new).as_posix(), manifest.describe_file(path)
        known = tables.input_id if path.stem in names else input_ids.get((name, facts["sha256"]), "")
        outputs[name] = facts | {"input_id": known}
    manifest.write_manifest(new, asdict(request), outputs, tables, started, notebooks=[BRIEF_NOTEBOOK])
    return new
