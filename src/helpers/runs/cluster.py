"""Runs notebooks on a cluster of machines, Dask's or Ray's, by joblib: bytes go to its workers, and bytes come back.

A worker shares no disk with this machine; it has this package installed, and runs a notebook in a folder of its own.
"""

import contextlib
import functools
import io
import platform
import re
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from tqdm import tqdm

from helpers import editions, paths, speech
from helpers.ingest import received
from helpers.runs import notebook, parallel
from helpers.runs.errors import ExitCode, RunError, first_line
from helpers.runs.notebook import Ran, Task
from helpers.speech import say
from helpers.tables import pipeline

Runner = Callable[[Sequence[Task]], Iterator[Ran]]

DISTRIBUTION = "papu-workbook"  # as it is installed
CONNECT_TIMEOUT = 20  # seconds, for the scheduler to answer and a worker to be there


@dataclass(frozen=True)
class Cluster:
    """A cluster that is there already: what runs it, and the address of its scheduler."""

    backend: str
    scheduler: str

    @property
    def is_concurrent(self) -> bool:
        """Whether threads can use it side by side, and each result comes back as it is made.

        Joblib takes Ray for processes of this machine: from threads it would make the calls here.
        """
        return self.backend == "dask"

    @contextlib.contextmanager
    def connect(self) -> Iterator[None]:
        """Let joblib make its calls there. Raises RunError, or whatever the cluster's own library raises."""
        from joblib import parallel_config

        if self.backend == "dask":
            with self._connect_dask() as backend, parallel_config(backend):
                yield
        else:
            import ray
            from ray.util.joblib import register_ray

            register_ray()
            # One connection serves every run of this process, and ends with it.
            ray.init(self.scheduler, log_to_driver=False, ignore_reinit_error=True)
            with parallel_config("ray"):
                yield

    @contextlib.contextmanager
    def _connect_dask(self) -> Iterator[object]:
        """Yield Dask's part of joblib; the connection ends where no worker is left, or whoever called has left."""
        import dask
        from distributed import Client
        from distributed.comm import resolve_address
        from joblib._dask import DaskDistributedBackend

        class Backend(DaskDistributedBackend):
            def effective_n_jobs(self, n_jobs: int) -> int:
                return max(2, super().effective_n_jobs(n_jobs))  # for one at a time, joblib makes the calls here

        resolve_address(self.scheduler)  # a client of an address that cannot be one would hang at its end
        if self.scheduler.startswith("tls://") and not dask.config.get("distributed.comm.tls.ca-file", None):
            raise RunError(ExitCode.NOTEBOOK_FAILED, say(
                "{scheduler}: Dask's configuration names no certificates (distributed.comm.tls)",
                scheduler=self.scheduler,
            ))  # fmt: skip
        lost = RunError(ExitCode.NOTEBOOK_FAILED, say(
            "{backend} at {scheduler}: no worker is there, after {seconds} seconds; start one, then run it again",
            backend=self.backend, scheduler=self.scheduler, seconds=CONNECT_TIMEOUT,
        ))  # fmt: skip
        with Client(self.scheduler, timeout=CONNECT_TIMEOUT, set_as_default=False) as client:
            done, is_lost = threading.Event(), threading.Event()

            def watch() -> None:
                seen = time.monotonic()
                while not done.wait(1) and client.status == "running":
                    seen = time.monotonic() if client.ncores() else seen
                    if time.monotonic() - seen > CONNECT_TIMEOUT:
                        is_lost.set()
                    if is_lost.is_set() or parallel.is_ended():
                        client.close()  # what waits for its results raises an error

            watching = threading.Thread(target=copy_context().run, args=(watch,), daemon=True)
            try:
                client.wait_for_workers(1, timeout=CONNECT_TIMEOUT)
                watching.start()
                yield Backend(client=client)
            except Exception as error:
                raise (lost if is_lost.is_set() or isinstance(error, TimeoutError) else error) from error
            finally:
                done.set()


@dataclass(frozen=True)
class Parcel:
    """What a worker needs to run notebooks of an edition: its files, what they were made with, the language to speak.

    `files` is a zip archive of a root: plan, registers, notebooks, manifests of what is published, and in `work` the
    edition's tables; no return is in it. `installation` is that of `describe_installation`.
    """

    quarter: str
    as_of: str
    files: bytes
    installation: Mapping[str, str]
    language: str


@dataclass(frozen=True)
class Returned:
    """What comes back of a task: as `Ran`, and the content of the files made, by name; "" is the executed notebook."""

    number: int
    seconds: float
    error: RunError | None
    is_killed: bool
    files: Mapping[str, bytes]


def describe_installation() -> dict[str, str]:
    """Return what the same bytes take: the digest of the package, and the versions of Python and of its libraries."""
    facts = {DISTRIBUTION: editions.digest_package()[:12], "python": sys.version.split()[0]}
    with contextlib.suppress(metadata.PackageNotFoundError):
        names = (re.match(r"[\w.-]+", required)[0] for required in metadata.requires(DISTRIBUTION) or ())
        facts |= {name: metadata.version(name) for name in names}
    return facts


def pack_parcel(quarter: str, as_of: str) -> Parcel:
    """Pack what notebooks of an edition read once its tables are made."""
    folders = (paths.plan(), paths.questionnaire(), paths.registers(), paths.notebooks())
    made = [paths.reports(each.quarter, each.as_of) for each in editions.list_published_editions()]
    read = [path for folder in folders for path in _list(folder)]
    read += [paths.returns(quarter) / received.EDITION_TOML, *(folder / editions.MANIFEST_JSON for folder in made)]
    files = {paths.place_in_root(path): path for path in read if path.is_file()}
    tables = (path for path in _list(paths.out(quarter, as_of)) if path.suffix in (".csv", ".parquet"))
    files |= {f"work/{path.name}": path for path in tables}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in files.items():
            archive.write(path, name)
    return Parcel(quarter, as_of, packed.getvalue(), describe_installation(), speech.spoken())


def _list(folder: Path) -> list[Path]:
    """Return the files of a folder but hidden ones, which nobody reads."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)]


def choose_runner(
    cluster: Cluster | None, quarter: str, as_of: str, progress: bool = False, workers: int = 0
) -> Runner:
    """Return what runs notebooks of an edition whose tables are made: `workers` at a time here, or a cluster."""
    if cluster:
        return functools.partial(run_on_cluster, cluster, quarter, as_of, progress=progress)
    return functools.partial(notebook.run_notebooks, workers=workers, progress=progress)


def run_on_cluster(
    cluster: Cluster, quarter: str, as_of: str, tasks: Sequence[Task], progress: bool = False
) -> Iterator[Ran]:
    """Run notebooks of an edition whose tables are made, as `run_notebooks` does, and leave the same files here.

    Raises RunError if the cluster cannot be reached or gives up; on a worker that has something else installed, the
    notebook fails.
    """
    from joblib import delayed

    parcel = pack_parcel(quarter, as_of) if tasks else None
    calls = (
        delayed(run_there)(parcel, number, task.notebook.name, task.executed.name, dict(task.parameters))
        for number, task in enumerate(tasks)
    )
    with tqdm(total=len(tasks), unit=say("notebook"), disable=not progress) as bar:
        for back in _call_there(cluster, calls) if tasks else ():
            task, work = tasks[back.number], paths.out(quarter, as_of)
            work.mkdir(parents=True, exist_ok=True)
            for name, content in back.files.items():
                (work / Path(name).name if name else task.executed).write_bytes(content)
            bar.update()
            bar.clear()  # the caller may print a line
            yield Ran(task, back.seconds, back.error, back.is_killed)
            bar.refresh()


def _call_there(cluster: Cluster, calls: Iterable) -> Iterator[Returned]:
    from joblib import Parallel

    try:
        with cluster.connect():
            return_as = "generator_unordered" if cluster.is_concurrent else "list"
            yield from Parallel(-1, batch_size=1, return_as=return_as)(calls)
    except ImportError as error:
        problem = say(
            "{name} is not installed here ({why}); --backend {backend} needs it on this machine and on each worker",
            name=error.name, why=error, backend=cluster.backend,
        )  # fmt: skip
        raise RunError(ExitCode.NOTEBOOK_FAILED, problem) from error
    except RunError:
        raise
    except Exception as error:
        problem = say(
            "{backend} at {scheduler}: {why}; see that its scheduler answers, and that each worker has {package}",
            **vars(cluster), why=first_line(error).rstrip(" ."), package=DISTRIBUTION,
        )  # fmt: skip
        raise RunError(ExitCode.NOTEBOOK_FAILED, problem) from error


def run_there(parcel: Parcel, number: int, name: str, executed: str, parameters: Mapping[str, str]) -> Returned:
    """Run one notebook on this worker, in a folder of its own; nothing is left of it."""
    speech.speak(parcel.language)
    ran, files = Ran(Task(Path(name), Path(executed), parameters), 0.0, None), {}
    try:
        _check_installation(parcel.installation)
        with tempfile.TemporaryDirectory(prefix="papu-", ignore_cleanup_errors=True) as folder:
            work, copy = Path(folder, "work"), Path(folder, executed)
            zipfile.ZipFile(io.BytesIO(parcel.files)).extractall(folder)
            with paths.set_variables(PAPU_ROOT=folder, PAPU_OUT=str(work), PAPU_SNAPSHOT=""):
                pipeline.adopt_tables(parcel.quarter, parcel.as_of)
                before = _list(work)
                ran = notebook.try_notebook(Task(paths.notebooks() / name, copy, parameters))
                made = [path for path in _list(work) if path.parent == work and path not in before]
                files = {path.name: path.read_bytes() for path in made}
                files |= {"": copy.read_bytes()} if ran.error is None else {}
    except Exception as error:  # of this worker: others may do better
        ran = ran._replace(error=error)
    error = ran.error
    if error and not isinstance(error, RunError):  # another machine may not know its class
        error = RunError(ExitCode.NOTEBOOK_FAILED, f"{type(error).__name__}: {error}")
    return Returned(number, ran.seconds, error, ran.is_killed, files)


def _check_installation(expected: Mapping[str, str]) -> None:
    """Raise RunError where this worker would not make the same bytes."""
    here = describe_installation()
    different = [
        say("{name} {here} instead of {there}", name=name, here=here.get(name) or "-", there=version)
        for name, version in expected.items() if here.get(name) != version
    ]  # fmt: skip
    if different:
        problem = say("the worker on {host} has {differences}; install there what is installed here",
                      host=platform.node(), differences=", ".join(different))  # fmt: skip
        raise RunError(ExitCode.NOTEBOOK_FAILED, problem)
