"""Makes the members' briefs in parallel, each in a process of its own, and publishes them in one folder."""

import contextlib
import json
import multiprocessing
import os
import shutil
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection, wait
from pathlib import Path

from tqdm import tqdm

from helpers import paths
from helpers.plan import read_plan
from helpers.runs import edition, log, notebook
from helpers.runs.errors import ExitCode, raise_run_errors
from helpers.runs.lock import lock_quarter
from helpers.runs.log import Reporter
from helpers.runs.publish import move_into_place, private_folder, recover
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
    """Check the arguments and complete them with the defaults: all members of the quarter.

    Raises ValueError for an unknown member or language, a quarter outside the plan, or an invalid date.
    """
    checked = edition.make_request(quarter, languages, as_of)
    valid = [member.member for member in read_plan().members_in(checked.quarter)]
    chosen = tuple(dict.fromkeys(name.upper() for name in members)) or tuple(valid)
    unknown = sorted(set(chosen) - set(valid))
    if unknown:
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
    with (
        lock_quarter(request.quarter),
        log.record_run({"command": "briefs"} | asdict(request)) as outcome,
        raise_run_errors(target),
    ):
        recover(target)
        with private_folder(target) as folder:
            tables = pipeline.load_tables(request.quarter, request.as_of)  # once, for every brief to read
            names, failures = make_briefs(request.steps, folder, workers or os.cpu_count() or 1, report, progress)
            edition.check_unchanged(tables.inputs, folder / "work")
            if names:
                move_into_place((_collect_briefs(request, folder, target, names, tables, started), target))
        if failures:
            outcome |= {"exit_code": ExitCode.REPORT_FAILED, "failures": failures}
    return target, failures


# --- the processes ----------------------------------------------------------------------------------------------


def _run_task(task: BriefTask, folder: Path) -> tuple[float, str]:
    """Make one brief; return the seconds it took and the error message, blank if it succeeded."""
    name, parameters = task
    began, message = time.monotonic(), ""
    try:
        notebook.run_notebook(paths.notebooks() / f"{BRIEF_NOTEBOOK}.ipynb", folder / f"{name}.ipynb", parameters)
    except Exception as error:  # no error of one brief may stop the others
        message = str(error) or type(error).__name__
    return time.monotonic() - began, message


def _exit_on_signal(number: int, _: object) -> None:
    """SIGTERM handler: exit so that the kernel is shut down; hide the client's "kernel died" message."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    sys.exit(128 + number)


def _run_tasks(pipe: Connection, folder: Path) -> None:
    """Make the briefs that come through the pipe, one by one, until the other end is closed."""
    signal.signal(signal.SIGTERM, _exit_on_signal)
    with contextlib.suppress(EOFError, OSError):
        while True:
            pipe.send(_run_task(pipe.recv(), folder))


class _Worker:
    """A process that makes one brief at a time; if it dies, only that brief is affected."""

    def __init__(self, folder: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self.task: BriefTask = ("", {})
        self.pipe, process_pipe = context.Pipe()
        self.process = context.Process(target=_run_tasks, args=(process_pipe, folder), daemon=True)
        # Ctrl-C reaches every process of the terminal; a worker ignores it and is ended by the run.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self.process.start()
        finally:
            signal.signal(signal.SIGINT, before)
        process_pipe.close()  # only the process keeps it open, so that its death closes the pipe

    def start(self, task: BriefTask) -> None:
        self.task = task
        with contextlib.suppress(OSError):  # if the process died meanwhile, reading its result will show it
            self.pipe.send(task)


@contextlib.contextmanager
def _worker_pool() -> Iterator[list[_Worker]]:
    """Yield a list for the workers of a run; end them and their kernels afterwards, whatever happened."""
    workers: list[_Worker] = []
    try:
        yield workers
    finally:
        for worker in workers:
            worker.pipe.close()
            worker.process.terminate()
        end = time.monotonic() + END_TIMEOUT
        for worker in workers:
            worker.process.join(max(end - time.monotonic(), 0))
            worker.process.kill()  # no effect if it has ended; a kernel ends itself when its parent is gone
            worker.process.join()


def _run_in_workers(
    tasks: Sequence[BriefTask], folder: Path, n_workers: int, workers: list[_Worker]
) -> Iterator[tuple[str, float, str]]:
    """Make the briefs in parallel; yield the name of each as it is done, its seconds and its error message.

    A brief whose process dies is tried once more in a new process: something else may have killed it.
    """
    waiting, idle, busy, retried = deque(tasks), [], {}, set()
    while waiting or busy:
        while waiting and len(busy) < n_workers:
            if not idle:
                idle.append(_Worker(folder))
                workers.append(idle[-1])
            worker = idle.pop()
            worker.start(waiting.popleft())
            busy[worker.pipe] = worker
        for pipe in wait(list(busy)):
            worker = busy.pop(pipe)
            name = worker.task[0]
            try:
                result = pipe.recv()
                idle.append(worker)
            except (EOFError, OSError):
                if name not in retried:
                    retried.add(name)
                    waiting.append(worker.task)
                    continue
                worker.process.join()
                result = 0.0, f"its process died twice, the last time with {worker.process.exitcode}"
            yield name, *result


def make_briefs(
    tasks: Sequence[BriefTask], folder: Path, n_workers: int, report: Reporter, progress: bool = False
) -> tuple[list[str], list[str]]:
    """Make the briefs in parallel; return the names of those that succeeded and a message for each that failed."""
    names, failures = [], []
    with _worker_pool() as workers:
        results = _run_in_workers(tasks, folder, n_workers, workers)
        for name, seconds, error in tqdm(results, total=len(tasks), unit="brief", disable=not progress):
            if error:
                failures.append(f"{name}: {error}")
            else:
                names.append(name)
            if not progress:
                report(f"{name}: failed: {error.splitlines()[0]}" if error else f"{name}: done in {seconds:.1f} s")
    return sorted(names), sorted(failures)


# --- the folder to publish --------------------------------------------------------------------------------------


def _collect_briefs(
    request: BriefsRequest, folder: Path, target: Path, names: Sequence[str], tables: EditionTables, started: datetime
) -> Path:
    """Build the folder to publish: the briefs published before, the new ones over them, one manifest for all.

    It replaces the old folder in one move, so that folder and manifest always agree.
    """
    new = folder / "briefs"
    if target.exists():
        shutil.copytree(target, new)
    (new / "notebooks").mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / "work" / f"{name}.pdf").replace(new / f"{name}.pdf")
        (folder / f"{name}.ipynb").replace(new / "notebooks" / f"{name}.ipynb")
    outputs = _describe_outputs(new, _read_input_ids(target), names, tables.input_id)
    manifest.write_manifest(new, asdict(request), outputs, tables, started)
    return new


def _read_input_ids(target: Path) -> dict[tuple[str, str], str]:
    """Return the input id of each published file, by name and digest; none if the manifest cannot be read."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        outputs = json.loads((target / manifest.MANIFEST_JSON).read_text(encoding="utf-8"))["outputs"]
        return {(name, facts["sha256"]): facts.get("input_id", "") for name, facts in outputs.items()}
    return {}


def _describe_outputs(
    folder: Path, before: Mapping[tuple[str, str], str], names: Sequence[str], input_id: str
) -> dict[str, dict[str, object]]:
    """Describe every brief for the manifest; its input id is blank when no run is known to have made it."""
    outputs = {}
    for path in (*folder.glob("*.pdf"), *(folder / "notebooks").glob("*.ipynb")):
        name, facts = path.relative_to(folder).as_posix(), manifest.describe_file(path)
        known = input_id if path.stem in names else before.get((name, facts["sha256"]), "")
        outputs[name] = facts | {"input_id": known}
    return outputs
