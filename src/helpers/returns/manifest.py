"""A quarter's folder and its MANIFEST.csv: what lies there, when it was received, and a file added to it."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import stat
import time
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path, PurePath

from filelock import FileLock

from helpers import cells, paths
from helpers.issues import Issue, Place, issue
from helpers.returns.gate import MAX_BYTES, Unreadable, check_size

MANIFEST, EDITION_TEXT = "MANIFEST.csv", "edition.toml"
COLUMNS = ("file", "sha256", "received_on", "channel", "note")
_PRIVATE = ".adding"  # what is being written; no other add writes in the folder at the same time
_SETTLED_AFTER = 1.0  # seconds without a change, before a file that nobody listed is taken for whole


def name_of(path: Path) -> str:
    """Return a file's name as text, whatever bytes it is made of."""
    return os.fsencode(path.name).decode("utf-8", errors="replace")


def read_manifest(folder: Path, quarter: str) -> tuple[dict[str, dict[str, str]], list[Issue]]:
    """Return the rows of MANIFEST.csv by file; what cannot be read is an issue, and other files stand."""
    place = Place(quarter, MANIFEST)
    try:
        text = (folder / MANIFEST).read_bytes().decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        rows = list(reader)
        if not set(COLUMNS[:3]) <= set(reader.fieldnames or ()):
            raise ValueError("file, sha256, received_on")
    except FileNotFoundError:
        return {}, []
    except (OSError, ValueError, csv.Error) as reason:
        return {}, [issue("V20.manifest", place, getattr(reason, "strerror", None) or reason)]
    listed, issues = {}, []
    for number, row in enumerate(rows, start=2):
        clean = {key: (row.get(key) or "").strip() for key in COLUMNS}
        if clean["received_on"] and cells.parse_day(clean["received_on"]) is None:
            issues.append(issue("V20.manifest_row", replace(place, row=str(number)), observed=clean["received_on"]))
            clean["received_on"] = ""
        if clean["file"]:
            listed[clean["file"]] = clean
    return listed, issues


def list_known(folder: Path, quarter: str, as_of: date, used: Container[str]) -> list[tuple[str, ...]]:
    """Return what MANIFEST.csv says of the files received by a date, and of those used: all but the remarks."""
    listed, _ = read_manifest(folder, quarter)
    days = {name: cells.parse_day(row["received_on"]) or date.max for name, row in listed.items()}
    known = [row for name, row in listed.items() if name in used or days[name] <= as_of]
    return sorted(tuple(row[column] for column in COLUMNS[:4]) for row in known)


def list_candidates(folder: Path, quarter: str, listed: Mapping[str, object]) -> tuple[list[Path], list[Issue]]:
    """Return the files of a quarter's folder that may hold returns, and a note on each that is passed over."""
    kept, notes = [], []
    for path in sorted(folder.iterdir(), key=name_of):
        place = Place(quarter, name_of(path))
        if path.name.startswith("~$"):
            notes.append(issue("FILE_LOCK", place))
        elif path.suffix.casefold() == ".part":
            notes.append(issue("FILE_PARTIAL", place))
        elif path.is_dir() and not path.is_symlink():
            notes.append(issue("FOLDER", place))
        elif path.name not in (MANIFEST, EDITION_TEXT) and not path.name.startswith("."):
            kept.append(path)
    changing = _changing([path for path in kept if name_of(path) not in listed])
    notes += [issue("FILE_CHANGING", Place(quarter, name_of(path))) for path in changing]
    return [path for path in kept if path not in changing], notes


def _look(path: Path) -> tuple[int, int] | None:
    """Return a file's size and time of change, None when it is gone."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    return found.st_size, found.st_mtime_ns


def _changing(paths_: Sequence[Path]) -> set[Path]:
    """Return the files that are still being written: those that were touched just now are looked at a second time."""
    now = time.time_ns()
    looks = {path: _look(path) for path in paths_}
    fresh = {path: seen for path, seen in looks.items() if seen and 0 <= now - seen[1] < _SETTLED_AFTER * 1e9}
    if fresh:
        time.sleep(_SETTLED_AFTER)
    return {path for path, seen in fresh.items() if _look(path) != seen}


@dataclass(frozen=True)
class Bytes:
    """What a file is made of; `refusal` is why its content was not taken into memory."""

    content: bytes
    sha256: str
    size: int
    refusal: Unreadable | None = None


def read_bytes(path: Path) -> Bytes:
    """Return a file's bytes; of a link, of what is no file, and of one over the limit only that it is there."""
    nothing = hashlib.sha256().hexdigest()
    if path.is_symlink():
        return Bytes(b"", nothing, 0, Unreadable("link"))
    if not stat.S_ISREG(path.stat().st_mode):
        return Bytes(b"", nothing, 0, Unreadable("special"))
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
        digest, size = hashlib.sha256(content), len(content)
        while more := file.read(1 << 20):
            digest.update(more)
            size += len(more)
    try:
        check_size(size)
    except Unreadable as reason:
        return Bytes(b"", digest.hexdigest(), size, reason)
    return Bytes(content, digest.hexdigest(), size)


# --- adding a file ----------------------------------------------------------------------------------------------


class NotAdded(ValueError):
    """A file that was not added: says why and what to do."""


def _free_name(folder: Path, name: str, taken: Mapping[str, object]) -> str:
    """Return a name that no other file bears: nothing that was received is ever overwritten."""
    stem, suffix = PurePath(name).stem, PurePath(name).suffix
    number, free = 1, name
    while os.path.lexists(folder / free) or free in taken:
        number += 1
        free = f"{stem}-{number}{suffix}"
    return free


def add_file(source: Path, quarter: str, received_on: date, channel: str = "mail", note: str = "") -> tuple[str, bool]:
    """Copy a received file into a quarter's folder, read-only, and list it in MANIFEST.csv.

    Returns the name it bears there, and whether it was added: the same bytes already listed are not added again.
    Raises NotAdded for what is no file of a fit size, changes while it is copied, or has a MANIFEST.csv that cannot
    be read to be listed in; OSError where nothing can be written.
    """
    if source.is_dir():
        raise NotAdded(f"{source.name} is a folder; give the files in it one by one")
    try:
        given = read_bytes(source)
    except PermissionError as reason:
        raise NotAdded(f"{source.name} cannot be read: {reason.strerror}; check its permissions") from reason
    if given.refusal:
        refused = issue(f"V20.{given.refusal.reason}", Place(quarter), observed=given.refusal.observed)
        raise NotAdded(f"{source.name}: {refused.say('en')}")
    folder = paths.returns(quarter)
    folder.mkdir(parents=True, exist_ok=True)
    lock = paths.locks() / f"{quarter}.add.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock):
        listed, problems = read_manifest(folder, quarter)
        if any(problem.rule == "V20" and not problem.row for problem in problems):
            raise NotAdded(problems[0].message_en)
        for known, row in listed.items():
            kept = folder / known
            if row["sha256"].casefold() == given.sha256 and kept.is_file() and read_bytes(kept).sha256 == given.sha256:
                return known, False
        if read_bytes(source).sha256 != given.sha256:
            raise NotAdded(f"{source.name} changed while it was copied; wait until it is whole, then add it again")
        name = _free_name(folder, _tame(name_of(source)), listed)
        _write(folder / name, given.content)
        said = (name, given.sha256, received_on.isoformat(), channel, note)
        _list(folder / MANIFEST, dict(zip(COLUMNS, said, strict=True)))
    return name, True


def _tame(name: str) -> str:
    """Return a name that is a return's: none that the reader would pass over, nor one with control characters."""
    plain = cells.clean(name).replace("\\", "_").replace("/", "_").strip().lstrip(".~$") or "return"
    reserved = plain in (MANIFEST, EDITION_TEXT) or plain.casefold().endswith(".part")
    return f"return-{plain}"[: -len(".part") if plain.casefold().endswith(".part") else None] if reserved else plain


def _write(target: Path, content: bytes) -> None:
    """Write a file whole or not at all, then make it read-only."""
    private = target.with_name(_PRIVATE)
    try:
        private.write_bytes(content)
        private.chmod(0o444)
        private.rename(target)
    finally:
        private.unlink(missing_ok=True)


def _list(manifest: Path, row: dict[str, str]) -> None:
    """Add a row to MANIFEST.csv, under its own header; the file is replaced whole, never seen half written."""
    before = manifest.read_bytes().decode("utf-8-sig") if manifest.exists() else ""
    header = next(csv.reader(io.StringIO(before, newline="")), None) or list(COLUMNS)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [name.strip() for name in header], lineterminator="\n", extrasaction="ignore")
    if not before:
        writer.writeheader()
    writer.writerow(row)
    private = manifest.with_name(_PRIVATE)
    end = "\n" if before and not before.endswith(("\n", "\r")) else ""
    private.write_text(before + end + text.getvalue(), encoding="utf-8", newline="")
    private.replace(manifest)
