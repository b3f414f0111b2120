"""Runs of the notebooks by papermill: one edition, whole or not at all, with its manifest."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import filelock
import pandas as pd

from helpers import paths
from helpers.i18n import catalogue
from helpers.ingest import received
from helpers.plan import quarters
from helpers.runs import log
from helpers.runs.errors import ExitCode, RunError
from helpers.runs.notebook import INGEST, KPIS, REPORT_NOTEBOOK, run_notebook
from helpers.runs.publish import folder_beside, move_into_place, private_folder, recover
from helpers.strings import LANGUAGES
from helpers.tables import EditionTables, datapackage, manifest, pipeline, schema

LOCK_TIMEOUT = 0.5  # seconds: as long as somebody else may look who holds a quarter

Reporter = Callable[[str], None]


@dataclass(frozen=True)
class EditionRequest:
    """What to run: one edition of one quarter, in some languages."""

    quarter: str
    as_of: str
    languages: tuple[str, ...]

    @property
    def steps(self) -> list[tuple[str, str, dict[str, str]]]:
        """The notebooks to run, in order: notebook, name of its executed copy, parameters."""
        common = {"quarter": self.quarter, "as_of": self.as_of}
        reports = [
            (REPORT_NOTEBOOK, f"{REPORT_NOTEBOOK}_{language}", common | {"language": language})
            for language in self.languages
        ]
        return [(INGEST, INGEST, common), (KPIS, KPIS, common), *reports]


def check_languages(languages: Sequence[str]) -> None:
    """Refuse a language without a catalogue: raises ValueError naming those there are."""
    unknown = sorted(set(languages) - set(LANGUAGES))
    if unknown:
        raise ValueError(f"no report in {', '.join(unknown)}; choose among {', '.join(LANGUAGES)}")


def make_request(quarter: str, languages: Sequence[str] = (), as_of: str = "") -> EditionRequest:
    """Check what is asked for and return it as an order.

    Raises ValueError for a quarter outside the plan, a date that is none, or a language without a catalogue.
    """
    check_languages(languages)
    name = quarters.parse_quarter(quarter)
    return EditionRequest(
        name,
        pipeline.resolve_date(name, as_of).isoformat(),
        tuple(dict.fromkeys(languages or catalogue.official_languages())),
    )


# --- one notebook -----------------------------------------------------------------------------------------------


# --- one edition ------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def lock_quarter(quarter: str) -> Iterator[None]:
    """Hold a quarter for one run; the lock of a run that died is free.

    Raises RunError (another run holds the quarter) naming its process and start.
    """
    folder = paths.locks()
    lock = filelock.FileLock(folder / f"{quarter}.lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=LOCK_TIMEOUT, poll_interval=0.05)
        started = datetime.now(UTC).isoformat(timespec="seconds")
        _holder_file(quarter).write_text(f"process {os.getpid()}, started {started}", encoding="utf-8")
    except filelock.Timeout as error:
        raise RunError(
            ExitCode.QUARTER_HELD, f"{quarter} is held by {find_lock_holder(quarter)}; wait for it to end, or end it"
        ) from error
    except OSError as error:
        lock.release()
        raise not_writable(error, folder) from error
    try:
        yield
    finally:
        lock.release()


def _holder_file(quarter: str) -> Path:
    return paths.locks() / f"{quarter}.holder"


def find_lock_holder(quarter: str) -> str:
    """Return which process holds a quarter and since when; blank when none does."""
    path = paths.locks() / f"{quarter}.lock"
    if not path.is_file():  # nobody ever did, and nothing is written to find out
        return ""
    try:
        with filelock.FileLock(path).acquire(timeout=0):
            return ""
    except filelock.Timeout:
        with contextlib.suppress(OSError):
            return _holder_file(quarter).read_text(encoding="utf-8")
    return "another process"


def not_writable(error: OSError, target: Path) -> RunError:
    """Say what could not be written; a file of the private folder, gone by then, by the folder it was meant for."""
    private = f"{os.sep}.{target.name}." in str(error.filename or "")
    named = target if private or not error.filename else error.filename
    why = error.args[0][0][2] if isinstance(error, shutil.Error) else error.strerror or error  # of many, the first
    return RunError(ExitCode.NOT_WRITABLE, f"cannot write {named}: {why}")


def check_unchanged(before: pd.DataFrame, work: Path) -> None:
    """Refuse a run during which its inputs, as listed at its start, changed: its tables would be of two moments.

    A notebook that notices a change makes the tables again: the list now in the work folder tells of files that came,
    and of one that changed and changed back; the returned files themselves tell of what came after the last notebook.
    """
    listed = [set(zip(rows["file"], rows["sha256"], strict=True)) for rows in (before, _inputs_in(work))]
    changed = {file for file, _ in listed[0] ^ listed[1]}
    returned = before[~before["channel"].isin(["register", "plan"])]
    folders = [paths.raw() / quarter for quarter in {file.partition("/")[0] for file in returned["file"]}]
    # A file is known by its name as text, whatever bytes that is made of on this machine.
    there = {
        f"{one.name}/{received.file_name(path)}": path for one in folders if one.is_dir() for path in one.iterdir()
    }
    for row in returned.itertuples():
        path = there.get(row.file)
        if path is None or received.read_bytes(path).sha256 != row.sha256:
            changed.add(row.file)
    if changed:
        named = ", ".join(f"data/raw/{file}" for file in sorted(changed))
        raise RunError(ExitCode.DATA_REFUSED, f"{named} changed during the run; run again once it is whole")


def _inputs_in(work: Path) -> pd.DataFrame:
    """Return the list of inputs in a work folder, without making it again as asking for the tables would."""
    return schema.read_table("inputs", work)


def _run_steps(order: EditionRequest, folder: Path, say: Reporter, progress: bool) -> pd.DataFrame:
    """Run the notebooks, and return the list of inputs that the first one left."""
    inputs = pd.DataFrame()
    for notebook, name, parameters in order.steps:
        began = time.monotonic()
        run_notebook(paths.notebooks() / f"{notebook}.ipynb", folder / f"{name}.ipynb", parameters, progress)
        if notebook == INGEST:
            inputs = _inputs_in(folder / "work")
        say(f"{name}: done in {time.monotonic() - began:.1f} s")
    return inputs


def _stage_outputs(order: EditionRequest, folder: Path, edition: EditionTables, started: datetime) -> tuple[Path, Path]:
    """Sort what the notebooks left into the two folders to publish: the tables and the report."""
    work, kept, report = folder / "work", folder / "tables", folder / "report"
    kept.mkdir()
    report.mkdir()
    for name in schema.PUBLISHED_TABLES:
        file = f"{name}.parquet" if name in schema.PARQUET_TABLES else f"{name}.csv"
        shutil.copyfile(work / file, kept / file)
    datapackage.write_datapackage(kept, order.quarter, order.as_of, sample=edition.sample, input_id=edition.input_id)
    for language in order.languages:
        for file in (f"report_{language}.pdf", f"report_{language}.html", f"tables_{language}.xlsx"):
            shutil.copyfile(work / file, report / file)
    for _, name, _ in order.steps:
        shutil.move(folder / f"{name}.ipynb", report / f"{name}.ipynb")
    outputs = {f"processed/{path.name}": manifest.describe_file(path) for path in kept.iterdir()}
    outputs |= {f"report/{path.name}": manifest.describe_file(path) for path in report.iterdir()}
    revises = manifest.find_revised(order.quarter, order.as_of)
    manifest.write_manifest(report, asdict(order), outputs, edition, started, revises)
    return kept, report


def build_edition(
    order: EditionRequest, folder: Path, say: Reporter, progress: bool = False
) -> tuple[Path, Path, EditionTables]:
    """Run 01, 02 and 03 in a private folder: the tables' folder, the report's, and the tables. Nothing is published."""
    started = datetime.now(UTC)
    inputs = _run_steps(order, folder, say, progress)
    edition = pipeline.load_tables(order.quarter, order.as_of)  # made again, and so noticed, where anything changed
    check_unchanged(inputs, folder / "work")
    return *_stage_outputs(order, folder, edition, started), edition


def run_locked_edition(order: EditionRequest, say: Reporter, progress: bool = False) -> Path:
    """Build an edition in a private folder and publish it, moved into place whole and last.

    Its quarter must be held. Returns the published folder. Raises RunError; what was published before is untouched.
    """
    target, tables_folder = paths.reports(order.quarter, order.as_of), paths.processed(order.quarter, order.as_of)
    with log.record_run({"command": "run"} | asdict(order)) as outcome:
        try:
            recover(tables_folder, target)
            with private_folder(target) as folder, folder_beside(tables_folder) as beside:
                kept, report, edition = build_edition(order, folder, say, progress)
                kept = Path(shutil.move(kept, beside / "tables"))  # onto their own disk, where that is another
                move_into_place((kept, tables_folder), (report, target))
                outcome["input_id"] = edition.input_id
        except OSError as error:
            raise not_writable(error, target) from error
    return target


def run_edition(order: EditionRequest, say: Reporter, progress: bool = False) -> Path:
    """Hold the quarter, make its edition and publish it. Returns the published folder; raises RunError."""
    with lock_quarter(order.quarter):
        return run_locked_edition(order, say, progress)
