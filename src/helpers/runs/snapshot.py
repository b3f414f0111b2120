"""Copies what was received when a run begins: the run reads its copy, whatever is added meanwhile."""

import contextlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pandas as pd

from helpers import paths
from helpers.ingest import received
from helpers.plan import read_settings
from helpers.runs import ExitCode, RunError
from helpers.speech import say


@contextlib.contextmanager
def take_snapshot(quarter: str, parent: str | Path) -> Iterator[Mapping[str, Path]]:
    """Copy the returns of a quarter and of all before it, the registers and the plan, and let everything read the copy.

    Yields where each folder was copied from, by its name below `data/raw`. The copy holds personal data, so that its
    `parent` must not lie among what is published; copies that killed runs of the quarter left there are removed.
    """
    folders = {"plan": paths.plan(), "registers": paths.registers()}
    folders |= {name: paths.returns(name) for name in read_settings().quarters_to(quarter)}
    folders = {name: folder for name, folder in folders.items() if folder.is_dir()}
    for left in Path(parent).glob(f"{quarter}.*.raw"):
        shutil.rmtree(left, ignore_errors=True)
    copy = Path(tempfile.mkdtemp(prefix=f"{quarter}.", suffix=".raw", dir=parent))
    try:
        for name, folder in folders.items():
            _copy_folder(folder, copy / name)
        _drop_incomplete(folders, copy)
        with paths.set_variables(PAPU_SNAPSHOT=str(copy)):
            yield folders
    finally:
        shutil.rmtree(copy, ignore_errors=True)


def _copy_folder(source: Path, target: Path) -> None:
    """Copy a folder without hidden files, which nobody reads; MANIFEST.csv first: what it lists is there."""
    target.mkdir()
    _copy_file(source / received.MANIFEST_CSV, target / received.MANIFEST_CSV)
    for path in (path for path in source.iterdir() if not path.name.startswith(".")):
        if path.is_dir() and not path.is_symlink():
            _copy_folder(path, target / path.name)
        elif path.name != received.MANIFEST_CSV:
            _copy_file(path, target / path.name)


def _copy_file(source: Path, target: Path) -> None:
    """Copy a file, if it is there, as the reader will find it: a link, a special file, or one it may not read."""
    try:
        if stat.S_IFMT(source.lstat().st_mode) in (stat.S_IFREG, stat.S_IFLNK):
            shutil.copy2(source, target, follow_symlinks=False)
        else:
            os.mkfifo(target)
    except (FileNotFoundError, PermissionError) as error:
        if os.fspath(error.filename) != os.fspath(source):
            raise
        if isinstance(error, PermissionError):
            target.touch(0)


def _drop_incomplete(folders: Mapping[str, Path], copy: Path) -> None:
    """Remove the copies of files that were still being written: they were not there when the run began."""
    fresh = []
    for name in folders.keys() - {"plan", "registers"}:
        listed = received.read_manifest(copy / name, name).rows
        unlisted = [path for path in received.name_files(copy / name) if received.listed_name(path) not in listed]
        fresh += [path for path in unlisted if time.time() - path.lstat().st_mtime < received.SETTLED_AFTER]
    if fresh:
        time.sleep(received.SETTLED_AFTER)
    for path in fresh:
        name, *place = path.relative_to(copy).parts
        if path.is_file() and not _is_same(path, folders[name].joinpath(*place)):
            path.unlink()


def _is_same(copy: Path, original: Path) -> bool:
    with contextlib.suppress(OSError):
        return received.read_bytes(copy).sha256 == received.read_bytes(original).sha256
    return False


def check_unchanged(inputs: pd.DataFrame, folders: Mapping[str, Path]) -> None:
    """Refuse a run one of whose inputs was changed or removed since it began; of a MANIFEST.csv, a row.

    `inputs` is the table of the edition's inputs, `folders` what `take_snapshot` yielded. What was added meanwhile is
    for the next run. Raises RunError naming the files.
    """
    changed, names = [], set(inputs["file"])
    for folder, original in folders.items():
        shown = received.name_files(paths.raw() / folder)
        for copy in sorted((paths.raw() / folder).rglob("*")):
            place = copy.relative_to(paths.raw() / folder)
            name = f"{folder}/{shown.get(copy, place.as_posix())}"
            if name in names and not _still_holds(copy, original / place):
                changed.append(f"data/raw/{name}")
    if changed:
        message = say("{names} changed during the run; run again once it is whole", names=", ".join(changed))
        raise RunError(ExitCode.DATA_REFUSED, message)


def _still_holds(copy: Path, original: Path) -> bool:
    """Whether a file is what was copied, or a MANIFEST.csv has all the rows that it had."""
    if copy.name != received.MANIFEST_CSV:
        return _is_same(copy, original)
    before, now = (received.list_manifest_rows(path.parent, "", date.max, ()) for path in (copy, original))
    return set(before) <= set(now)
