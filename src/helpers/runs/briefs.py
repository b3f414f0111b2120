"""The members' briefs: made side by side, each in a process of its own, and published together, with their manifest."""

from __future__ import annotations

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
from helpers.runs.edition import Reporter, check_unchanged, not_writable
from helpers.runs.errors import ExitCode, RunError
from helpers.runs.publish import move_into_place, private_folder, recover
from helpers.tables import EditionTables, manifest, pipeline

BRIEF_NOTEBOOK = "04_country_brief"
END_TIMEOUT = 5  # seconds that a process is given to end its kernel

BriefTask = tuple[str, dict[str, str]]


@dataclass(frozen=True)
class BriefsRequest:
    """What to make: the briefs of some members for one quarter; without languages each in its member's own."""

    quarter: str
    as_of: str
    members: tuple[str, ...]
    languages: tuple[str, ...] = ()

    @property
    def steps(self) -> list[BriefTask]:
        """The notebooks to run: name of the brief, parameters."""
        plan, common = read_plan(), {"quarter": self.quarter, "as_of": self.as_of}
        return [
            (f"brief_{member}_{language}", common | {"member": member, "language": language})
            for member in self.members
            for language in self.languages or (plan.by_iso3[member].language,)
        ]


def make_briefs_request(
    quarter: str, members: Sequence[str] = (), languages: Sequence[str] = (), as_of: str = ""
) -> BriefsRequest:
    """Check what is asked for and return it as an order; without members, those valid in the quarter.

    Raises ValueError for an unknown member or language, a quarter outside the plan, or a date that is none.
    """
    checked = edition.make_request(quarter, languages, as_of)
    valid = [member.member for member in read_plan().members_in(checked.quarter)]
    asked = tuple(dict.fromkeys(name.upper() for name in members)) or tuple(valid)
    unknown = sorted(set(asked) - set(valid))
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: no member in {checked.quarter}; write the ISO3 code, such as SEN")
    return BriefsRequest(checked.quarter, checked.as_of, asked, tuple(dict.fromkeys(languages)))


# --- the processes that make them -------------------------------------------------------------------------------


def _make_brief(name: str, parameters: Mapping[str, str], folder: Path) -> tuple[float, str]:
    """Make one brief; return the seconds it took and what stopped it, blank when nothing did."""
    began, error = time.monotonic(), ""
    try:
        notebook.run_notebook(paths.notebooks() / f"{BRIEF_NOTEBOOK}.ipynb", folder / f"{name}.ipynb", parameters)
    except Exception as stopped:  # whatever stops one brief must not stop the others
        error = str(stopped) or type(stopped).__name__
    return time.monotonic() - began, error


def _exit_on_signal(number: int, _: object) -> None:
    """Leave when told to, ending the kernel on the way out; what its client then says of a dead kernel is no news."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    sys.exit(128 + number)


def _make_briefs_from_pipe(pipe: Connection, folder: Path) -> None:
    """Make the briefs that come through the pipe, one after the other, until the run closes it or is gone."""
    signal.signal(signal.SIGTERM, _exit_on_signal)
    with contextlib.suppress(EOFError, OSError):
        while True:
            pipe.send(_make_brief(*pipe.recv(), folder))


class _Worker:
    """A process that makes one brief at a time, so that its death concerns that brief alone."""

    def __init__(self, folder: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self.step: BriefTask = ("", {})
        self.pipe, its_end = context.Pipe()
        self.process = context.Process(target=_make_briefs_from_pipe, args=(its_end, folder), daemon=True)
        # Ctrl-C reaches every process of the terminal. A worker is born deaf to it: the run ends it.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self.process.start()
        finally:
            signal.signal(signal.SIGINT, before)
        its_end.close()  # held by the process alone, whose death then closes the pipe

    def begin(self, step: BriefTask) -> None:
        self.step = step
        with contextlib.suppress(OSError):  # it has died meanwhile: reading its answer will tell
            self.pipe.send(step)


@contextlib.contextmanager
def _worker_pool() -> Iterator[list[_Worker]]:
    """Hold the processes of a run; however it is left, they are ended, and what they were making with them."""
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
            worker.process.kill()  # nothing, where it has ended; its kernel ends itself when its parent is gone
            worker.process.join()


def _results(
    steps: Sequence[BriefTask], folder: Path, count: int, workers: list[_Worker]
) -> Iterator[tuple[str, float, str]]:
    """Have the briefs made, so many at a time, and yield of each its name, its seconds and what stopped it.

    One whose process dies under it is tried once more, in a new process: what killed it may not have been the brief.
    """
    waiting, idle, busy, retried = deque(steps), [], {}, set()
    while waiting or busy:
        while waiting and len(busy) < count:
            if not idle:
                idle.append(_Worker(folder))
                workers.append(idle[-1])
            worker = idle.pop()
            worker.begin(waiting.popleft())
            busy[worker.pipe] = worker
        for pipe in wait(list(busy)):
            worker = busy.pop(pipe)
            name = worker.step[0]
            try:
                result = pipe.recv()
                idle.append(worker)
            except (EOFError, OSError):
                if name not in retried:
                    retried.add(name)
                    waiting.append(worker.step)
                    continue
                worker.process.join()
                result = 0.0, f"its process died twice, the last time with {worker.process.exitcode}"
            yield name, *result


def make_briefs(
    steps: Sequence[BriefTask], folder: Path, count: int, say: Reporter, progress: bool = False
) -> tuple[list[str], list[str]]:
    """Make the briefs side by side: the names of those made, and what to tell of those that failed."""
    made, failures = [], []
    with _worker_pool() as workers:
        results = _results(steps, folder, count, workers)
        for name, seconds, error in tqdm(results, total=len(steps), unit="brief", disable=not progress):
            if error:
                failures.append(f"{name}: {error}")
            else:
                made.append(name)
            if not progress:
                say(f"{name}: failed: {error.splitlines()[0]}" if error else f"{name}: done in {seconds:.1f} s")
    return sorted(made), sorted(failures)


# --- their folder -----------------------------------------------------------------------------------------------


def _read_brief_inputs(target: Path) -> dict[tuple[str, str], str]:
    """Return what each file of the folder in place was made from, by name and digest, as its manifest tells."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):  # none that can be read
        outputs = json.loads((target / manifest.MANIFEST_JSON).read_text(encoding="utf-8"))["outputs"]
        return {(name, told["sha256"]): told.get("input_id", "") for name, told in outputs.items()}
    return {}


def _outputs(folder: Path, before: Mapping[tuple[str, str], str], made: Sequence[str], input_id: str) -> dict:
    """Tell of every brief in a folder what it was made from; blank for one that its manifest did not tell of."""
    outputs = {}
    for path in (*folder.glob("*.pdf"), *(folder / "notebooks").glob("*.ipynb")):
        name, told = path.relative_to(folder).as_posix(), manifest.describe_file(path)
        rests_on = input_id if path.stem in made else before.get((name, told["sha256"]), "")
        outputs[name] = told | {"input_id": rests_on}
    return outputs


def stage_briefs(
    order: BriefsRequest, folder: Path, target: Path, made: Sequence[str], edition: EditionTables, started: datetime
) -> Path:
    """Build the folder to publish: the briefs that are in place, those just made over them, the manifest of them all.

    It is built aside and takes the old one's place in one move: whenever a run is ended, the folder and its manifest
    tell the same, which no order of moving the briefs and the manifest one by one could promise.
    """
    new = folder / "briefs"
    if target.exists():
        shutil.copytree(target, new)
    (new / "notebooks").mkdir(parents=True, exist_ok=True)
    for name in made:
        (folder / "work" / f"{name}.pdf").replace(new / f"{name}.pdf")
        (folder / f"{name}.ipynb").replace(new / "notebooks" / f"{name}.ipynb")
    outputs = _outputs(new, _read_brief_inputs(target), made, edition.input_id)
    manifest.write_manifest(new, asdict(order), outputs, edition, started)
    return new


def run_briefs(order: BriefsRequest, say: Reporter, progress: bool = False, count: int = 0) -> tuple[Path, list[str]]:
    """Make the briefs side by side and publish those that could be made; one that fails stops no other.

    Returns the folder, as it was when none could be made, and what to tell of each that failed. Raises RunError when
    none could be begun, when what they rest on changed meanwhile, or when they could not be published.
    """
    with edition.lock_quarter(order.quarter), log.record_run({"command": "briefs"} | asdict(order)) as outcome:
        target, failures = _publish(order, say, progress, count)
        outcome |= {"exit_code": ExitCode.REPORT_FAILED, "failures": failures} if failures else {}
    return target, failures


def _publish(order: BriefsRequest, say: Reporter, progress: bool, count: int) -> tuple[Path, list[str]]:
    started, target = datetime.now(UTC), paths.briefs(order.quarter, order.as_of)
    try:
        recover(target)
        with private_folder(target) as folder:
            edition = pipeline.load_tables(order.quarter, order.as_of)  # the tables, once, that every brief reads
            made, failures = make_briefs(order.steps, folder, count or os.cpu_count() or 1, say, progress)
            check_unchanged(edition.inputs, folder / "work")
            if made:
                move_into_place((stage_briefs(order, folder, target, made, edition, started), target))
    except pipeline.DataRefused as error:
        raise RunError(ExitCode.DATA_REFUSED, str(error)) from error
    except OSError as error:
        raise not_writable(error, target) from error
    return target, failures
