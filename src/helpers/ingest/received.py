"""A quarter's folder and its MANIFEST.csv: which files are there, and when each was received."""

import csv
import hashlib
import io
import os
import re
import stat
import time
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from helpers import paths, strings
from helpers.ingest import cells
from helpers.ingest.admit import MAX_BYTES, MAX_LIST_BYTES, Unreadable, check_size
from helpers.ingest.issues import Issue, Phrase, Place, make_issue
from helpers.ingest.records import SAMPLE_CHANNEL as SAMPLE_CHANNEL
from helpers.plan import quarters, read_settings
from helpers.strings import escape

MANIFEST_CSV, EDITION_TOML = "MANIFEST.csv", "edition.toml"
LISTS = "offices"  # the folder, in a quarter's, of lists of offices
MANIFEST_COLUMNS = ("file", "sha256", "received_on", "channel", "note")
SETTLED_AFTER = 1.0  # seconds without a change after which an unlisted file is complete


def file_name(path: Path) -> str:
    """Return a file's name as text, even when its bytes are not UTF-8; control characters are escaped."""
    return escape(os.fsencode(path.name).decode("utf-8", errors="replace"))


def listed_name(path: Path) -> str:
    """Return a file of a quarter's folder as MANIFEST.csv lists it: `file_name`, or `offices/` and it."""
    return f"{LISTS}/{file_name(path)}" if path.parent.name == LISTS else file_name(path)


def name_files(folder: Path) -> dict[Path, str]:
    """Return the files and folders of a quarter's folder, by name, each with the name that it is published under.

    The folder of lists of offices is opened, where the plan takes such lists.
    """
    found = list(folder.iterdir()) if folder.is_dir() else []
    lists = folder / LISTS
    if lists in found and lists.is_dir() and not lists.is_symlink() and read_settings().offices:
        found.remove(lists)
        found += lists.iterdir()
    names = {path: listed_name(path) for path in sorted(found, key=listed_name)}
    shown = strings.mask_names(names.values())
    return {path: shown[name] for path, name in names.items()}


@dataclass(frozen=True)
class Manifest:
    """The rows of MANIFEST.csv by file, why files are refused for their rows, and an issue for what cannot be read."""

    rows: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    refusals: Mapping[str, Unreadable] = field(default_factory=dict)
    issues: Sequence[Issue] = ()


def read_manifest(folder: Path, quarter: str) -> Manifest:
    """Read MANIFEST.csv, also as a spreadsheet saves it: other delimiters and encodings, dates with the day first.

    Two rows of one file that differ, and a day of receipt that cannot be, refuse the file (methodology, 2c).
    """
    place = Place(quarter, MANIFEST_CSV)
    try:
        header, *lines = split_manifest((folder / MANIFEST_CSV).read_bytes())
        if not set(MANIFEST_COLUMNS[:3]) <= set(header):
            raise ValueError("file, sha256, received_on")
    except FileNotFoundError:
        return Manifest()
    except (OSError, ValueError, csv.Error) as reason:
        return Manifest(issues=[make_issue("V20.manifest", place, getattr(reason, "strerror", None) or reason)])
    found, issues = _group_rows(header, lines, place)
    rows, refusals = {}, {}
    for name, named in found.items():
        number, row = next(iter(named.items()))
        if len({(each["sha256"].casefold(), each["received_on"], each["channel"]) for each in named.values()}) > 1:
            refusals[name] = Unreadable("listed_twice", ", ".join(named))
        day = _read_day(row["received_on"])
        if wrong := _judge_day(day, row["received_on"], quarter):
            refusals.setdefault(name, Unreadable("manifest_date", number, wrong, observed=row["received_on"]))
        elif day and cells.parse_day(row["received_on"]) is None:
            at = replace(place, row=number)
            issues.append(make_issue("V20.manifest_day", at, day.isoformat(), observed=row["received_on"]))
        rows[name] = row | {"received_on": day.isoformat() if day and not wrong else ""}
    return Manifest(rows, refusals, issues)


def _group_rows(
    header: Sequence[str], lines: Sequence[Sequence[str]], place: Place
) -> tuple[dict[str, dict[str, dict[str, str]]], list[Issue]]:
    """Return the rows of a MANIFEST by file and number, and an issue for each without a file or with too many cells."""
    found, issues = defaultdict(dict), []
    for number, values in enumerate(lines, start=2):
        row = dict.fromkeys(MANIFEST_COLUMNS, "") | dict(zip(header, values, strict=False))
        if row["file"] and len(values) <= len(header):
            found[row["file"]][str(number)] = row
        elif any(values):
            seen = " | ".join(filter(None, values))
            issues.append(make_issue("V20.manifest_row", replace(place, row=str(number)), observed=seen))
    return found, issues


def list_channels(quarter: str) -> set[str]:
    """Return how the listed files of a quarter came, SAMPLE_CHANNEL for those of the invented sample."""
    return {row["channel"] for row in read_manifest(paths.returns(quarter), quarter).rows.values()}


def split_manifest(content: bytes) -> list[list[str]]:
    """Return the trimmed records of a MANIFEST. Raises ValueError for what is no text, csv.Error for an open quote."""
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode("cp1252")  # what Excel writes in French or Portuguese
    delimiter = max((",", ";", "\t"), key=text.partition("\n")[0].count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    cleaned = ([escape(strings.unguard_formula(cell.strip())) for cell in row] for row in rows)
    return [row[: max((n for n, cell in enumerate(row, start=1) if cell), default=0)] for row in cleaned] or [[]]


def _read_day(text: str) -> date | None:
    """Return a day of receipt as MANIFEST.csv has it; a spreadsheet may have put the day first."""
    found = re.fullmatch(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", text)
    day_first = f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}" if found else text
    return cells.parse_day(day_first)


def _judge_day(day: date | None, text: str, quarter: str) -> Phrase | None:
    """Return why a day of receipt cannot be, None where it can or where none is given."""
    if day is None:
        return Phrase("phrase.no_date") if text else None
    if day > quarters.today():
        return Phrase("phrase.not_come")
    return Phrase("phrase.long_before", quarter) if quarter and is_long_before(day, quarter) else None


def is_long_before(day: date, quarter: str) -> bool:
    """Tell whether a day is before a quarter's end by more than a quarter: no return of it can have come then."""
    return day < quarters.quarter_end(quarters.shift(quarter, -1))


def list_manifest_rows(folder: Path, quarter: str, as_of: date, used: Container[str]) -> list[tuple[str, ...]]:
    """Return the rows of MANIFEST.csv, without remarks, for the files used or received by a date."""
    listed = read_manifest(folder, quarter).rows
    names = {listed_name(path): name for path, name in name_files(folder).items()}
    days = {name: cells.parse_day(row["received_on"]) or date.max for name, row in listed.items()}
    known = [row for name, row in listed.items() if names.get(name) in used or days[name] <= as_of]
    return sorted(tuple(row[column] for column in MANIFEST_COLUMNS[:4]) for row in known)


def find_damaged(quarter: str) -> list[Issue]:
    """Return an issue for each listed file of a quarter that is gone or whose bytes are no longer those received."""
    folder, issues = paths.returns(quarter), []
    shown = strings.mask_names(listed := read_manifest(folder, quarter).rows)
    for name, row in listed.items():
        path, digest = folder / name, row["sha256"].casefold()
        if not path.is_file():
            issues.append(make_issue("V20.missing", Place(quarter, shown[name]), digest))
        elif digest and (found := read_bytes(path).sha256) != digest:
            issues.append(make_issue("V20.tampered", Place(quarter, shown[name]), digest, observed=found))
    return issues


def list_candidates(shown: Mapping[Path, str], quarter: str, listed: Container[str]) -> tuple[list[Path], list[Issue]]:
    """Return the files that may hold returns, and an issue for each file skipped; `shown` has their published names."""
    candidates, notes = [], []
    for path in shown:
        if key := skipped(path):
            notes.append((key, path))
        elif path.name not in (MANIFEST_CSV, EDITION_TOML) and not path.name.startswith("."):
            candidates.append(path)
    changing = _find_changing([path for path in candidates if listed_name(path) not in listed])
    notes += [("FILE_CHANGING", path) for path in changing]
    issues = [make_issue(key, Place(quarter, shown[path])) for key, path in notes]
    return [path for path in candidates if path not in changing], issues


def skipped(path: Path) -> str:
    """Return the key of the issue on a lock file, an unfinished download or a folder, blank for any other path."""
    if path.name.startswith("~$"):
        return "FILE_LOCK"
    if path.suffix.casefold() == ".part":
        return "FILE_PARTIAL"
    return "FOLDER" if path.is_dir() and not path.is_symlink() else ""


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
    fresh = {path: state for path, state in states.items() if state and 0 <= now - state[1] < SETTLED_AFTER * 1e9}
    if fresh:
        time.sleep(SETTLED_AFTER)
    return {path for path, state in fresh.items() if _stat(path) != state}


@dataclass(frozen=True)
class FileBytes:
    """The bytes of a file; `refusal` says why they were not read into memory."""

    content: bytes
    sha256: str
    size: int
    refusal: Unreadable | None = None


def digest_list(path: Path) -> FileBytes:
    """Return the digest and size of a list of offices, and no content: it may not fit into the memory."""
    return replace(read_bytes(path, MAX_LIST_BYTES), content=b"")


def read_bytes(path: Path, most: int = MAX_BYTES) -> FileBytes:
    """Read a file. Links, special files and files over the limit are reported, not read.

    Of a file of `most` bytes the content is read as far as MAX_BYTES.
    """
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
        check_size(size, most)
    except Unreadable as reason:
        return FileBytes(b"", digest.hexdigest(), size, reason)
    return FileBytes(content, digest.hexdigest(), size)
