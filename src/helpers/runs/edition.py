"""Makes one edition: runs its notebooks in a private folder, checks and publishes what they make."""

from __future__ import annotations

import contextlib
import itertools
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from helpers import editions, paths
from helpers.editions import INGEST, KPIS, REPORT_NOTEBOOK
from helpers.i18n import catalogue
from helpers.plan import quarters, read_settings
from helpers.runs import ExitCode, RunError, log, publish, raise_run_errors
from helpers.runs.lock import lock_quarter
from helpers.runs.log import Reporter
from helpers.speech import say

# What makes an edition is imported where it is made: `papu status` asks only what there is to make.
if TYPE_CHECKING:
    from helpers.runs.cluster import Cluster
    from helpers.tables import EditionTables


@dataclass(frozen=True)
class EditionRequest:
    """An edition to make: quarter, date and languages."""

    quarter: str
    as_of: str
    languages: tuple[str, ...] = ()

    def __str__(self) -> str:
        told = say("{quarter} as of {as_of}", quarter=self.quarter, as_of=self.as_of)
        return f"{told} ({say('Rev. 1')})" if self.is_revised else told

    @property
    def is_revised(self) -> bool:
        """Whether it is the quarter's revised edition."""
        return read_settings().is_revised(self.quarter, date.fromisoformat(self.as_of))

    @property
    def steps(self) -> list[tuple[str, str, dict[str, str]]]:
        """The notebooks to run, in order: notebook, name of its executed copy, parameters."""
        common = {"quarter": self.quarter, "as_of": self.as_of}
        named = {language: f"{REPORT_NOTEBOOK}_{language}" for language in self.languages}
        reports = ((REPORT_NOTEBOOK, name, common | {"language": language}) for language, name in named.items())
        return [(INGEST, INGEST, common), (KPIS, KPIS, common), *reports]

    def read_published(self) -> editions.PublishedEdition | None:
        """Return the edition as it is published; None without a manifest that can be read."""
        return editions.read_published_edition(self.quarter, self.as_of)


def check_languages(languages: Sequence[str]) -> None:
    """Raise ValueError, naming the languages of the plan, for any other."""
    known = read_settings().languages
    if unknown := sorted(set(languages) - set(known)):
        raise ValueError(
            say("no report in {languages}; choose among {known}", languages=", ".join(unknown), known=", ".join(known))
        )


def make_request(quarter: str, languages: Sequence[str] = (), as_of: str = "") -> EditionRequest:
    """Complete the arguments of a run with the defaults; raises ValueError for an unknown quarter, date or language."""
    check_languages(languages)
    name = quarters.parse_quarter(quarter)
    day = read_settings().resolve_date(name, as_of).isoformat()
    return EditionRequest(name, day, tuple(dict.fromkeys(languages or catalogue.official_languages())))


def keep_languages(request: EditionRequest) -> EditionRequest:
    """Add to a request the languages in which the edition is published, so that it replaces all of its files."""
    published = request.read_published()
    files = paths.reports(request.quarter, request.as_of).glob("report_*.pdf")
    known = {*(published.languages if published else ()), *(path.stem.removeprefix("report_") for path in files)}
    kept = [language for language in read_settings().languages if language in known]
    return replace(request, languages=tuple(dict.fromkeys([*kept, *request.languages])))


def is_current(request: EditionRequest) -> bool:
    """Whether an edition is published, undamaged, in these languages, and made of all that is there now."""
    published = request.read_published()
    return (
        published is not None
        and set(published.languages) == set(request.languages)
        and published.state == editions.digest_state(request.quarter)
        and not published.list_damaged()
    )


def run_edition(
    request: EditionRequest, report: Reporter, progress: bool = False, without: Sequence[str] = (),
    cluster: Cluster | None = None,
) -> Path:  # fmt: skip
    """Lock the quarter, make its edition and publish it. Returns the published folder; raises RunError."""
    with raise_run_errors():
        paths.check_raw_folder()  # before there is a folder for locks
    with lock_quarter(request.quarter):
        return run_locked_edition(request, report, progress, without, cluster)


def run_locked_edition(
    request: EditionRequest, report: Reporter, progress: bool = False, without: Sequence[str] = (),
    cluster: Cluster | None = None,
) -> Path:  # fmt: skip
    """Make and publish an edition whose quarter is locked; a RunError leaves the one published before untouched.

    It must rest on whatever that one rests on, except `without` some files. Its reports may be made on a cluster.
    """
    from helpers.runs import notebook

    notebook.prepare_kernels()  # first of all: it imports pandas, and more, while this process does too
    from helpers.runs import completeness, snapshot

    target = paths.reports(request.quarter, request.as_of)
    tables_target = paths.processed(request.quarter, request.as_of)
    with log.record_run({"command": "run"} | asdict(request)) as outcome, raise_run_errors(target):
        publish.recover(request.quarter)
        with (
            publish.private_folder(target) as folder,
            publish.folder_beside(tables_target) as beside_tables,
            snapshot.take_snapshot(request.quarter, paths.locks()) as received_in,
        ):
            completeness.check_complete(request.quarter, request.as_of, without)
            tables_folder, report_folder, tables = build_edition(
                request, folder, report, progress, received_in, cluster
            )
            # First onto the disk of their target, which may be another one than that of the report.
            tables_folder = Path(shutil.move(tables_folder, beside_tables / "tables"))
            publish.move_into_place((tables_folder, tables_target), (report_folder, target))
            keep_words(folder / "work", request.quarter, request.as_of)
            outcome["input_id"] = tables.input_id
    return target


def build_edition(
    request: EditionRequest, folder: Path, report: Reporter, progress: bool = False,
    received_in: Mapping[str, Path] | None = None, cluster: Cluster | None = None,
) -> tuple[Path, Path, EditionTables]:  # fmt: skip
    """Run the notebooks in a private folder; return the folders of tables and report to publish, and the tables.

    The languages are made side by side, on this machine or on a cluster.
    What was copied from the folders `received_in` must not have changed there meanwhile; else raises RunError.
    """
    from helpers.runs import notebook, snapshot
    from helpers.runs.cluster import choose_runner
    from helpers.tables import pipeline

    started = datetime.now(UTC)
    notebook.report_modified(editions.EDITION_NOTEBOOKS, report)
    for name, steps in itertools.groupby(request.steps, key=lambda step: step[0]):
        path = paths.notebooks() / f"{name}.ipynb"
        tasks = [notebook.Task(path, folder / f"{executed}.ipynb", parameters) for _, executed, parameters in steps]
        run = choose_runner(cluster if name == REPORT_NOTEBOOK else None, request.quarter, request.as_of, progress)
        for ran in run(tasks):
            if ran.error:
                raise ran.error
            report(say("{name}: done in {seconds:.1f} s", name=ran.task.executed.stem, seconds=ran.seconds))
    tables = pipeline.load_tables(request.quarter, request.as_of)
    snapshot.check_unchanged(tables.inputs, received_in or {})
    _collect_outputs(request, folder, tables, started)
    return folder / "tables", folder / "report", tables


def keep_words(work: Path, quarter: str, as_of: str) -> None:
    """Keep what a run says as examples for translators, in the build folder; where it cannot, the run goes on."""
    kept = paths.build() / quarter / as_of
    with contextlib.suppress(OSError):
        kept.mkdir(parents=True, exist_ok=True)
        for path in work.glob("words_*.json"):
            shutil.copyfile(path, kept / path.name)


def _collect_outputs(request: EditionRequest, folder: Path, tables: EditionTables, started: datetime) -> None:
    """Put what the notebooks made into the two folders to publish, tables and report, and write the manifest."""
    from helpers.tables import claims, datapackage, manifest, schema

    work, tables_folder, report_folder = folder / "work", folder / "tables", folder / "report"
    tables_folder.mkdir()
    report_folder.mkdir()
    for name in schema.PUBLISHED_TABLES:
        file = f"{name}.parquet" if name in schema.PARQUET_TABLES else f"{name}.csv"
        shutil.copyfile(work / file, tables_folder / file)
    if any(work.glob("claims_*.json")):  # none: a notebook of one's own, whose report makes no claim
        claims.merge(work, report_folder / claims.CLAIMS_JSON, request.languages)
        if false := claims.check(report_folder / claims.CLAIMS_JSON, tables_folder, request.as_of):
            message = say("the report says what the tables do not: {lines}", lines="\n".join(false))
            raise RunError(ExitCode.REPORT_FAILED, message)
    facts = {"sample": tables.sample, "input_id": tables.input_id}
    datapackage.write_datapackage(tables_folder, request.quarter, request.as_of, **facts)
    for language in request.languages:
        for file in (f"report_{language}.pdf", f"report_{language}.html", f"tables_{language}.xlsx"):
            shutil.copyfile(work / file, report_folder / file)
    for _, name, _ in request.steps:
        shutil.move(folder / f"{name}.ipynb", report_folder / f"{name}.ipynb")
    outputs = {name: manifest.describe_file(path) for name, path in name_outputs(tables_folder, report_folder).items()}
    revises = editions.find_revised(request.quarter, request.as_of)
    manifest.write_manifest(report_folder, asdict(request), outputs, tables, started, revises)


def name_outputs(tables_folder: Path, report_folder: Path) -> dict[str, Path]:
    """Return the files of an edition by their names in its manifest."""
    folders = {"processed": tables_folder, "report": report_folder}
    return {f"{part}/{path.name}": path for part, folder in folders.items() for path in folder.iterdir()}
