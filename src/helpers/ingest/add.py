"""Adds a received file to a quarter's folder: copied, listed in MANIFEST.csv, never overwritten."""

import csv
import io
import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path, PurePath

from filelock import FileLock

from helpers import paths, strings
from helpers.ingest import received
from helpers.ingest.issues import Place, make_issue
from helpers.ingest.received import MANIFEST_CSV, FileBytes, file_name, read_bytes, read_manifest

_PRIVATE = ".adding"  # the file being written, under a lock


class NotAdded(ValueError):
    """A file that was not added; the message says why and what to do."""


def _free_name(folder: Path, name: str, taken: Mapping[str, object]) -> str:
    """Return a name that no other file has, so that nothing received is overwritten."""
    stem, suffix = PurePath(name).stem, PurePath(name).suffix
    number, free = 1, name
    while os.path.lexists(folder / free) or free in taken:
        number += 1
        free = f"{stem}-{number}{suffix}"
    return free


def add_file(source: Path, quarter: str, received_on: date, channel: str = "mail", note: str = "") -> tuple[str, bool]:
    """Copy a received file into a quarter's folder, read-only, and list it in MANIFEST.csv.

    Returns its name there, and whether it was added: bytes that are already listed are not added again. Raises
    NotAdded for a folder, a file that cannot be read or is of a wrong size, one that changes while it is copied, and
    when MANIFEST.csv cannot be read; OSError when nothing can be written.
    """
    given = _read_source(source, quarter)
    folder = paths.returns(quarter)
    folder.mkdir(parents=True, exist_ok=True)
    paths.locks().mkdir(parents=True, exist_ok=True)
    with FileLock(paths.locks() / f"{quarter}.add.lock"):
        listed, problems = read_manifest(folder, quarter)
        if any(problem.rule == "V20" and not problem.row for problem in problems):
            raise NotAdded(problems[0].message_en)
        for known, row in listed.items():
            path = folder / known
            if row["sha256"].casefold() == given.sha256 and path.is_file() and read_bytes(path).sha256 == given.sha256:
                return known, False
        if read_bytes(source).sha256 != given.sha256:
            raise NotAdded(f"{source.name} changed while it was copied; wait until it is whole, then add it again")
        name = _free_name(folder, _safe_name(file_name(source)), listed)
        _write_read_only(folder / name, given.content)
        values = (name, given.sha256, received_on.isoformat(), channel, note)
        _append_to_manifest(folder / MANIFEST_CSV, dict(zip(received.MANIFEST_COLUMNS, values, strict=True)))
    return name, True


def _read_source(source: Path, quarter: str) -> FileBytes:
    if source.is_dir():
        raise NotAdded(f"{source.name} is a folder; give the files in it one by one")
    try:
        given = read_bytes(source)
    except PermissionError as reason:
        raise NotAdded(f"{source.name} cannot be read: {reason.strerror}; check its permissions") from reason
    if given.refusal:
        refused = make_issue(f"V20.{given.refusal.reason}", Place(quarter), observed=given.refusal.observed)
        raise NotAdded(f"{source.name}: {refused.say('en')}")
    return given


def _safe_name(name: str) -> str:
    """Return a name without control characters that the reader does not skip."""
    plain = strings.clean(name).replace("\\", "_").replace("/", "_").strip().lstrip(".~$") or "return"
    if plain.casefold().endswith(".part"):
        return f"return-{plain[: -len('.part')]}"
    return f"return-{plain}" if plain in (MANIFEST_CSV, received.EDITION_TOML) else plain


def _write_read_only(target: Path, content: bytes) -> None:
    """Write a read-only file, whole or not at all."""
    private = target.with_name(_PRIVATE)
    try:
        private.write_bytes(content)
        private.chmod(0o444)
        private.rename(target)
    finally:
        private.unlink(missing_ok=True)


def _append_to_manifest(manifest: Path, row: dict[str, str]) -> None:
    """Add a row to MANIFEST.csv under its header; replace the file whole, so that nobody reads half of it."""
    before = manifest.read_bytes().decode("utf-8-sig") if manifest.exists() else ""
    header = next(csv.reader(io.StringIO(before, newline="")), None) or list(received.MANIFEST_COLUMNS)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [name.strip() for name in header], lineterminator="\n", extrasaction="ignore")
    if not before:
        writer.writeheader()
    writer.writerow(row)
    private = manifest.with_name(_PRIVATE)
    end = "\n" if before and not before.endswith(("\n", "\r")) else ""
    private.write_text(before + end + text.getvalue(), encoding="utf-8", newline="")
    private.replace(manifest)
