"""Writes files so that they outlast a power cut: on the disk, with their names, before the caller goes on."""

import csv
import errno
import io
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

PRIVATE = ".writing"  # the file being written, hidden from readers of the folder; the next write replaces it
_CANNOT_SYNC = (errno.EINVAL, errno.ENOTSUP)  # from file systems that do not sync folders


def write_durably(path: Path, content: bytes | Iterable[bytes], mode: int | None = None) -> None:
    """Write a file whole or not at all, and return once it is on the disk; one that is there is replaced.

    What is too large for the memory is given in parts; an error in making them writes nothing. `mode` are its
    permissions, by default as the umask allows. Callers lock what they write: one file of a folder is written at a
    time. Raises OSError; what was there then stays.
    """
    private = path.with_name(PRIVATE)
    try:
        _write_new(private, (content,) if isinstance(content, bytes) else content, mode)
        private.replace(path)
    finally:
        private.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_together_durably(contents: Mapping[Path, bytes]) -> None:
    """Write several files, all or none; those that are there are replaced, and keep their permissions.

    All are on the disk under private names before the first takes its place, so that a full disk changes nothing. A
    kill between two of those renames leaves the files after it as they were. Callers lock what they write. Raises
    OSError.
    """
    private = {path.with_name(f"{PRIVATE}-{path.name}"): path for path in contents}
    try:
        for new, path in private.items():
            mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
            _write_new(new, (contents[path],), mode)
        for new, path in private.items():
            new.replace(path)
    finally:
        for new in private:
            new.unlink(missing_ok=True)
    for folder in {path.parent for path in contents}:
        sync_folder(folder)


def _write_new(private: Path, parts: Iterable[bytes], mode: int | None) -> None:
    """Write a file under a private name, onto the disk; what a killed write left there is removed."""
    private.unlink(missing_ok=True)
    with private.open("xb") as file:
        file.writelines(parts)
        if mode is not None:
            private.chmod(mode)
        file.flush()
        os.fsync(file.fileno())


def write_csv_durably(path: Path, rows: Iterable[Sequence[object]]) -> None:
    """Write rows as CSV for a spreadsheet: with the mark by which Excel knows UTF-8. Raises OSError."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    write_durably(path, text.getvalue().encode("utf-8-sig"))


def make_folder_durably(folder: Path) -> None:
    """Make a folder and its missing parents; return once their names are on the disk."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in missing:
        sync_folder(each.parent)


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk: what was added, renamed or removed there."""
    if os.name != "nt":  # Windows cannot open a folder, and writes its names at once
        _sync(folder)


def sync_tree(folder: Path) -> None:
    """Put every file and folder of a folder on the disk, itself included, but not its own name; or a single file."""
    if folder.is_file():
        _sync(folder)
    for parent, _, names in os.walk(folder):
        for name in names:
            _sync(Path(parent, name))
        sync_folder(Path(parent))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() or os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise
    finally:
        os.close(descriptor)
