"""Publishes folders, or single files, together: all of them or none, whenever a run is killed or the power is cut.

Finished folders wait beside their targets (`.<target>.new`) until a journal, written once they are on the disk, decides
that they are published. From then on whoever finds the journal completes the publication. Old folders are all moved
aside (`.<target>.old`) before the first new one comes in, so that nobody sees folders of two editions.
"""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import filelock

from helpers import durable, paths
from helpers.runs import log
from helpers.runs.errors import ExitCode, RunError, raise_run_errors
from helpers.runs.lock import lock_quarter
from helpers.speech import say

SITE = "reports"  # locked and recovered as a quarter is: what lies beside the folders of the quarters
JOURNAL = ".publishing"  # ends the name of a journal, which is that of the last folder it lists


@contextlib.contextmanager
def folder_beside(target: Path) -> Iterator[Path]:
    """Make a temporary folder beside a target: on the same disk, moving it into place is one rename.

    It is locked, so that no other run takes it for that of a killed one, even if the lock of the quarter was deleted.
    """
    durable.make_folder_durably(target.parent)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".run", dir=target.parent))
    try:
        with filelock.FileLock(folder / ".lock"):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def private_folder(target: Path) -> Iterator[Path]:
    """Make the private folder of a run beside its target, and let notebooks write to its `work`."""
    with folder_beside(target) as folder, paths.set_variables(PAPU_OUT=str(folder / "work")):
        yield folder


def _new_of(target: Path) -> Path:
    """Return where the finished folder waits to be published."""
    return target.with_name(f".{target.name}.new")


def _old_of(target: Path) -> Path:
    """Return where the folder that is being replaced is kept until the new one is on the disk."""
    return target.with_name(f".{target.name}.old")


def move_into_place(*moves: tuple[Path, Path]) -> None:
    """Replace each target by its finished folder, given as (folder, target); they are on the disk when this returns.

    If anything fails, all of it is undone; if that fails too, the next command completes it.
    """
    targets, is_decided = [target for _, target in moves], False
    journal = targets[-1].with_name(f".{targets[-1].name}{JOURNAL}")
    try:
        for folder, target in moves:
            durable.make_folder_durably(target.parent)
            durable.sync_tree(folder)
            folder.rename(_new_of(target))
            durable.sync_folder(target.parent)
        names = [os.path.relpath(target, paths.root()) for target in targets]
        durable.write_durably(journal, json.dumps(names).encode())
        is_decided = True
        _replace(targets)
    except BaseException:
        if is_decided:
            _undo(targets)
        journal.unlink(missing_ok=True)
        for target in targets:
            _remove(_new_of(target))
        raise
    with contextlib.suppress(OSError):  # what cannot be removed now, the next command removes
        _clean_up(journal, targets)


def _replace(targets: Sequence[Path]) -> None:
    """Replace each target by the folder that waits beside it, however far that has come before."""
    waiting = [target for target in targets if _new_of(target).exists()]
    for target in waiting:
        if target.exists():
            target.rename(_old_of(target))
    for target in waiting:
        _new_of(target).rename(target)
    for target in targets:
        durable.sync_folder(target.parent)


def _undo(targets: Sequence[Path]) -> None:
    """Take back what `_replace` did, however far it came."""
    for target in targets:
        if not _new_of(target).exists():
            target.rename(_new_of(target))
    for target in targets:
        if _old_of(target).exists():
            _old_of(target).rename(target)


def _remove(path: Path) -> None:
    """Remove a folder or a file as far as that is possible."""
    shutil.rmtree(path, ignore_errors=True)
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _clean_up(journal: Path, targets: Sequence[Path]) -> None:
    for old in filter(Path.exists, map(_old_of, targets)):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    journal.unlink(missing_ok=True)
    durable.sync_folder(journal.parent)


def _list_left(quarter: str, *endings: str) -> list[Path]:
    """Return the files and folders that runs of a quarter (`*`: of any) work with, by the ends of their names."""
    folders = [paths.site()] if quarter in ("*", SITE) else []
    folders += [folder for parent in (paths.site(), paths.processed("", "")) for folder in parent.glob(quarter)]
    return [path for folder in folders for end in endings for path in sorted(folder.glob(f".*{end}"))]


def list_unfinished() -> list[Path]:
    """Return the published folders (of a report or of briefs) whose publication was decided and is not complete."""
    journals = _list_left("*", JOURNAL)
    return [journal.with_name(journal.name[1 : -len(JOURNAL)]) for journal in journals]


def recover(quarter: str) -> None:
    """Complete the publications of a locked quarter that were decided; remove what killed runs left besides.

    Raises RunError when a run, whose lock was deleted, is still at work there.
    """
    private_folders = _list_left(quarter, ".run")
    for folder in private_folders:
        try:
            with filelock.FileLock(folder / ".lock").acquire(timeout=0):
                pass
        except filelock.Timeout as error:
            message = say(
                "another run of {quarter} is at work in {folder}, although its lock was deleted; wait for it to end, "
                "or end it", quarter=quarter, folder=folder,
            )  # fmt: skip
            raise RunError(ExitCode.QUARTER_HELD, message) from error
    for journal in _list_left(quarter, JOURNAL):
        targets = [paths.root() / name for name in json.loads(journal.read_bytes())]
        _replace(targets)
        _clean_up(journal, targets)
    (paths.site() / ("" if quarter == SITE else quarter) / durable.PRIVATE).unlink(missing_ok=True)
    for folder in [*private_folders, *_list_left(quarter, ".new")]:
        _remove(folder)
    for folder in _list_left(quarter, ".old"):  # of a version without journals
        target = folder.with_name(folder.name[1 : -len(".old")])
        _remove(folder) if target.exists() else folder.rename(target)


def recover_all(report: Callable[[str], None]) -> None:
    """Recover every quarter on which no run is at work; report the publications completed, or why they are not."""
    unfinished = list_unfinished()
    for quarter in sorted({path.parent.name for path in _list_left("*", ".run", ".new", ".old", JOURNAL)}):
        problem = ""
        try:
            with lock_quarter(quarter), raise_run_errors():
                recover(quarter)
        except RunError as error:
            problem = str(error)
        for target in (target for target in unfinished if target.parent.name == quarter):
            state = (say("is still incomplete: {problem}", problem=problem) if problem
                     else say("was interrupted, and is complete now"))  # fmt: skip
            report(say("the publication of {folder} {state}", folder=target.relative_to(paths.root()), state=state))
            if not problem and quarter != SITE:
                command = "briefs" if target.name.endswith("-briefs") else "run"
                about = {"command": command, "quarter": quarter, "as_of": target.name.removesuffix("-briefs")}
                log.append_event(log.RUN_PUBLISHED, about, exit_code=0)
