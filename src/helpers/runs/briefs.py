"""Makes the members' briefs in parallel, each in a kernel of its own, and publishes them in one folder."""

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from helpers import editions, paths
from helpers.plan import read_plan
from helpers.runs import ExitCode, completeness, edition, fork, log, notebook, publish, raise_run_errors, snapshot
from helpers.runs.cluster import Cluster, Runner, choose_runner
from helpers.runs.lock import lock_quarter
from helpers.runs.log import Reporter
from helpers.runs.notebook import Task
from helpers.speech import say, say_of
from helpers.tables import EditionTables, manifest, pipeline

BRIEF_NOTEBOOK = "04_country_brief"
PREPARATION = "helpers.report.tables.brief prepare_briefs"  # what asks once what all briefs ask

BriefStep = tuple[str, dict[str, str]]  # name of the brief, parameters of the notebook


@dataclass(frozen=True)
class BriefsRequest:
    """The briefs to make: members, quarter, date and languages; without languages, each member's own."""

    quarter: str
    as_of: str
    members: tuple[str, ...]
    languages: tuple[str, ...] = ()

    @property
    def steps(self) -> list[BriefStep]:
        """One step a brief."""
        plan, common = read_plan(), {"quarter": self.quarter, "as_of": self.as_of}
        return [
            (f"brief_{member}_{language}", common | {"member": member, "language": language})
            for member in self.members for language in self.languages or (plan.by_iso3[member].language,)
        ]  # fmt: skip


def make_briefs_request(
    quarter: str, members: Sequence[str] = (), languages: Sequence[str] = (), as_of: str = ""
) -> BriefsRequest:
    """Complete the arguments, by default with all members of the quarter; raises ValueError for an unknown one."""
    checked = edition.make_request(quarter, languages, as_of)
    valid = [member.member for member in read_plan().members_in(checked.quarter)]
    chosen = tuple(dict.fromkeys(name.upper() for name in members)) or tuple(valid)
    if unknown := sorted(set(chosen) - set(valid)):
        raise ValueError(
            say("{names}: no member in {quarter}; write the ISO3 code of members.csv",
                names=", ".join(unknown), quarter=checked.quarter)
        )  # fmt: skip
    return BriefsRequest(checked.quarter, checked.as_of, chosen, tuple(dict.fromkeys(languages)))


def run_briefs(
    request: BriefsRequest, report: Reporter, progress: bool = False, workers: int = 0, cluster: Cluster | None = None
) -> tuple[Path, list[str]]:
    """Make the briefs in parallel, on this machine or on a cluster, and publish those that succeed.

    Returns the folder, unchanged if none succeeded, and a message for each that failed. Raises RunError if none can
    be started, if their inputs changed meanwhile, or if they cannot be published.
    """
    started, target = datetime.now(UTC), paths.briefs(request.quarter, request.as_of)
    about = {"command": "briefs"} | asdict(request)
    with raise_run_errors():
        paths.check_raw_folder()  # before there is a folder for locks
    notebook.prepare_kernels()
    with lock_quarter(request.quarter), log.record_run(about) as outcome, raise_run_errors(target):
        publish.recover(request.quarter)
        notebook.report_modified([BRIEF_NOTEBOOK], report)
        with (
            publish.private_folder(target) as folder,
            snapshot.take_snapshot(request.quarter, paths.locks()) as received_in,
        ):
            completeness.check_complete(request.quarter, request.as_of)
            tables = pipeline.load_tables(request.quarter, request.as_of)  # once, for every brief to read
            run = choose_runner(cluster, request.quarter, request.as_of, progress, workers)
            with paths.set_variables(**{fork.PREPARE: f"{PREPARATION} {request.quarter} {request.as_of}"}):
                names, failures = make_briefs(request.steps, folder, run, report)
            snapshot.check_unchanged(tables.inputs, received_in)
            if names:
                new = _collect_briefs(request, folder, target, names, tables, started)
                publish.move_into_place((new, target))
                edition.keep_words(folder / "work", request.quarter, request.as_of)
        if failures:
            outcome |= {"exit_code": ExitCode.REPORT_FAILED, "failures": failures}
    return target, failures


def make_briefs(steps: Sequence[BriefStep], folder: Path, run: Runner, report: Reporter) -> tuple[list[str], list[str]]:
    """Run the notebook for each brief; return the names of those that succeeded and a message for each that failed.

    A brief whose kernel was killed is tried once more: something else may have killed it.
    """
    template = paths.notebooks() / f"{BRIEF_NOTEBOOK}.ipynb"
    tasks = [Task(template, folder / f"{name}.ipynb", parameters) for name, parameters in steps]
    names, failures, killed = [], [], []
    for attempt in (tasks, killed):
        for ran in run(attempt):
            name = ran.task.executed.stem
            if ran.is_killed and attempt is tasks:
                killed.append(ran.task)
            elif ran.error is None:
                names.append(name)
                report(say("{name}: done in {seconds:.1f} s", name=name, seconds=ran.seconds))
            else:
                message = str(ran.error) or type(ran.error).__name__
                failures.append(say_of(name, message))
                report(say("{name}: failed: {why}", name=name, why=message.splitlines()[0]))
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
    published = editions.read_outputs(target).items()
    outputs, input_ids = {}, {(name, facts["sha256"]): facts.get("input_id", "") for name, facts in published}
    for path in (*new.glob("*.pdf"), *(new / "notebooks").glob("*.ipynb")):
        name, facts = path.relative_to(new).as_posix(), manifest.describe_file(path)
        known = tables.input_id if path.stem in names else input_ids.get((name, facts["sha256"]), "")
        outputs[name] = facts | {"input_id": known}
    manifest.write_manifest(new, asdict(request), outputs, tables, started, notebooks=[BRIEF_NOTEBOOK])
    return new
