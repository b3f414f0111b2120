"""Publishing: a run's own folder beside its target, moved into place whole and last, or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

LAST_MOVED = ("report", "briefs")  # in a run's own folder, what it moves into place last


@contextlib.contextmanager
def folder_beside(target: Path) -> Iterator[Path]:
    """Make a folder beside a target, so that moving it into place is one rename on one disk; remove it after."""
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".run", dir=target.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def private_folder(target: Path) -> Iterator[Path]:
    """Make the run's own folder beside its target, and have notebooks write there."""
    with folder_beside(target) as folder:
        before = os.environ.get("PAPU_OUT")
        os.environ["PAPU_OUT"] = str(folder / "work")
        try:
            yield folder
        finally:
            os.environ.pop("PAPU_OUT") if before is None else os.environ.update(PAPU_OUT=before)


def _backup_of(target: Path) -> Path:
    """Return where what is being replaced stands meanwhile."""
    return target.with_name(f".{target.name}.old")


def recover(*targets: Path) -> None:
    """Clear what a killed run left: where it had not moved all of its folders into place, those before come back.

    The folders are given as to `move_into_place`: the run's own folder is beside the last, and still holds what it
    had not moved.
    """
    left = [folder for target in targets for folder in target.parent.glob(f".{target.name}.*.run")]
    half = any((folder / name).exists() for folder in left for name in LAST_MOVED)
    for old, target in [(_backup_of(target), target) for target in targets if _backup_of(target).exists()]:
        if half or not target.exists():
            shutil.rmtree(target, ignore_errors=True)
            old.rename(target)
        else:
            shutil.rmtree(old)
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)


def move_into_place(*moves: tuple[Path, Path]) -> None:
    """Put finished folders in the place of those before; all of these come back if anything stops the move."""
    for _, target in moves:
        target.parent.mkdir(parents=True, exist_ok=True)
    try:
        for new, target in moves:
            if target.exists():
                target.rename(_backup_of(target))
            new.rename(target)
    except BaseException:
        for new, target in moves:
            _undo_move(new, target)
        raise
    for _, target in moves:
        shutil.rmtree(_backup_of(target), ignore_errors=True)


def _undo_move(new: Path, target: Path) -> None:
    """Undo one move, as far as it came."""
    if not new.exists():
        target.rename(new)
    if _backup_of(target).exists():
        _backup_of(target).rename(target)
