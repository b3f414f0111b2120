"""Publishes folders whole or not at all: they are made beside their target and moved into place last."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

LAST_MOVED = ("report", "briefs")  # the folder that a run moves last, by its name in the private folder


@contextlib.contextmanager
def folder_beside(target: Path) -> Iterator[Path]:
    """Make a temporary folder beside a target: on the same disk, moving it into place is one rename."""
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".run", dir=target.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def private_folder(target: Path) -> Iterator[Path]:
    """Make the private folder of a run beside its target, and let notebooks write to its `work`."""
    with folder_beside(target) as folder, set_environment(PAPU_OUT=str(folder / "work")):
        yield folder


@contextlib.contextmanager
def set_environment(**variables: str) -> Iterator[None]:
    """Set environment variables, for kernels to inherit, and restore them afterwards."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ |= variables
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _backup_of(target: Path) -> Path:
    """Return where the folder that is being replaced is kept until the move is complete."""
    return target.with_name(f".{target.name}.old")


def recover(*targets: Path) -> None:
    """Clean up after a killed run, given the targets in the order in which `move_into_place` moves them.

    If it had moved only some of its folders, those that they replaced come back. Its private folder, beside the last
    target, still holds what it had not moved.
    """
    private_folders = [folder for target in targets for folder in target.parent.glob(f".{target.name}.*.run")]
    is_incomplete = any((folder / name).exists() for folder in private_folders for name in LAST_MOVED)
    for target in targets:
        backup = _backup_of(target)
        if backup.exists() and (is_incomplete or not target.exists()):
            shutil.rmtree(target, ignore_errors=True)
            backup.rename(target)
        elif backup.exists():
            shutil.rmtree(backup)
    for folder in private_folders:
        shutil.rmtree(folder, ignore_errors=True)


def move_into_place(*moves: tuple[Path, Path]) -> None:
    """Replace each target by its finished folder, given as (folder, target); undo all of it if anything fails."""
    for _, target in moves:
        target.parent.mkdir(parents=True, exist_ok=True)
    try:
        for folder, target in moves:
            if target.exists():
                target.rename(_backup_of(target))
            folder.rename(target)
    except BaseException:
        for folder, target in moves:  # each however far it came
            if not folder.exists():
                target.rename(folder)
            if _backup_of(target).exists():
                _backup_of(target).rename(target)
        raise
    for _, target in moves:
        shutil.rmtree(_backup_of(target), ignore_errors=True)
