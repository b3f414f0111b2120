"""A quarter's folder and its MANIFEST.csv: which files are there, and when each was received."""

import csv
import hashlib
import io
import os
import stat
import time
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from helpers.ingest import cells
from helpers.ingest.admit import MAX_BYTES, Unreadable, check_size
from helpers.ingest.issues import Issue, Place, make_issue
from helpers.strings import escape

MANIFEST_CSV, EDITION_TOML = "MANIFEST.csv", "edition.toml"
MANIFEST_COLUMNS = ("file", "sha256", "received_on", "channel", "note")
_SETTLED_AFTER = 1.0  # seconds without a change after which an unlisted file is complete


def file_name(path: Path) -> str:
    """Return a file's name as text, even when its bytes are not UTF-8; control characters are escaped."""
    return escape(os.fsencode(path.name).decode("utf-8", errors="replace"))


def read_manifest(folder: Path, quarter: str) -> tuple[dict[str, dict[str, str]], list[Issue]]:
    """Return the rows of MANIFEST.csv by file, and an issue for each row that cannot be read."""
    place = Place(quarter, MANIFEST_CSV)
    try:
        text = (folder / MANIFEST_CSV).read_bytes().decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        rows = list(reader)
        if not set(MANIFEST_COLUMNS[:3]) <= set(reader.fieldnames or ()):
            raise ValueError("file, sha256, received_on")
    except FileNotFoundError:
        return {}, []
    except (OSError, ValueError, csv.Error) as reason:
        return {}, [make_issue("V20.manifest", place, getattr(reason, "strerror", None) or reason)]
    listed, issues = {}, []
    for number, row in enumerate(rows, start=2):
        clean = {key: escape((row.get(key) or "").strip()) for key in MANIFEST_COLUMNS}
        if clean["received_on"] and cells.parse_day(clean["received_on"]) is None:
            at = replace(place, row=str(number))
            issues.append(make_issue("V20.manifest_row", at, observed=clean["received_on"]))
            clean["received_on"] = ""
        if clean["file"]:
            listed[clean["file"]] = clean
    return listed, issues


def list_manifest_rows(folder: Path, quarter: str, as_of: date, used: Container[str]) -> list[tuple[str, ...]]:
    """Return the rows of MANIFEST.csv, without remarks, for the files used or received by a date."""
    listed, _ = read_manifest(folder, quarter)
    days = {name: cells.parse_day(row["received_on"]) or date.max for name, row in listed.items()}
    known = [row for name, row in listed.items() if name in used or days[name] <= as_of]
    return sorted(tuple(row[column] for column in MANIFEST_COLUMNS[:4]) for row in known)


def list_candidates(folder: Path, quarter: str, listed: Mapping[str, object]) -> tuple[list[Path], list[Issue]]:
    """Return the files of a quarter's folder that may hold returns, and a note on each file skipped."""
    candidates, notes = [], []
    for path in sorted(folder.iterdir(), key=file_name):
        if path.name.startswith("~$"):
            notes.append(("FILE_LOCK", path))
        elif path.suffix.casefold() == ".part":
            notes.append(("FILE_PARTIAL", path))
        elif path.is_dir() and not path.is_symlink():
            notes.append(("FOLDER", path))
        elif path.name not in (MANIFEST_CSV, EDITION_TOML) and not path.name.startswith("."):
            candidates.append(path)
    changing = _find_changing([path for path in candidates if file_name(path) not in listed])
    notes += [("FILE_CHANGING", path) for path in changing]
    issues = [make_issue(key, Place(quarter, file_name(path))) for key, path in notes]
    return [path for path in candidates if path not in changing], issues


def _stat(path: Path) -> tuple[int, int] | None:
    """Return a file's size and time of change (ns), None when it is gone."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    return status.st_size, status.st_mtime_ns


def _find_changing(paths_: Sequence[Path]) -> set[Path]:
    """Return the files that are still being written: those changed just now are checked again after a second."""
    now = time.time_ns()
    states = {path: _stat(path) for path in paths_}
    fresh = {path: state for path, state in states.items() if state and 0 <= now - state[1] < _SETTLED_AFTER * 1e9}
    if fresh:
        time.sleep(_SETTLED_AFTER)
    return {path for path, state in fresh.items() if _stat(path) != state}


@dataclass(frozen=True)
class FileBytes:
    """The bytes of a file; `refusal` says why they were not read into memory."""

    content: bytes
    sha256: str
    size: int
    refusal: Unreadable | None = None


def read_bytes(path: Path) -> FileBytes:
    """Read a file. Links, special files and files over the limit are reported, not read."""
    reason = "link" if path.is_symlink() else "" if stat.S_ISREG(path.stat().st_mode) else "special"
    if reason:
        return FileBytes(b"", hashlib.sha256().hexdigest(), 0, Unreadable(reason))
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
        digest, size = hashlib.sha256(content), len(content)
        while more := file.read(1 << 20):
            digest.update(more)
            size += len(more)
    try:
        check_size(size)
    except Unreadable as reason:
        return FileBytes(b"", digest.hexdigest(), size, reason)
    return FileBytes(content, digest.hexdigest(), size)
