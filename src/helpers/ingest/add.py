"""Adds received files to a quarter's folder: copied, listed in MANIFEST.csv, never overwritten."""

import contextlib
import csv
import hashlib
import io
import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePath

from filelock import FileLock

from helpers import durable, paths, strings
from helpers.ingest import offices, received
from helpers.ingest.issues import Issue, Place, make_issue
from helpers.ingest.quarter import read_quarter
from helpers.ingest.received import EDITION_TOML, LISTS, MANIFEST_COLUMNS, MANIFEST_CSV, FileBytes, Manifest
from helpers.ingest.records import Received, ReceivedFile
from helpers.plan import quarters
from helpers.speech import say_of, spoken

_RAW_MODE, _MANIFEST_MODE = 0o440, 0o640
_QUARTER = re.compile(r"\d{4}-?Q[1-4]|[TQ][1-4] \d{4}")
_UNFINISHED = (".part", ".tmp", ".crdownload")


class NotAdded(ValueError):
    """A file that was not added; the message says why and what to do."""

    def __init__(self, name: str, issue: Issue) -> None:
        super().__init__(say_of(name, issue.say(spoken())))
        self.name, self.issue = name, issue


@dataclass(frozen=True)
class Addition:
    """A file to add: where it is, the name it is given, its bytes (not a list's), and whether it is not listed yet."""

    source: Path
    name: str
    given: FileBytes
    is_new: bool

    @property
    def shown(self) -> str:
        """The name that it is published under."""
        return strings.mask_name(self.name)

    @property
    def is_list(self) -> bool:
        """Whether it is a list of offices, which has a folder of its own."""
        return self.name.startswith(f"{LISTS}/")


@dataclass(frozen=True)
class Outcome:
    """What became of one file: its name (path once added), key of letters.csv, why not added, name as published."""

    file: str
    key: str
    issue: Issue | None = None
    other_quarters: tuple[str, ...] = ()
    shown: str = ""

    @property
    def is_refused(self) -> bool:
        """Whether the file was given and not added."""
        return self.key in ("not_added", "other_quarter")


class Batch:
    """Files that were received together: read as though they were in the quarter's folder, then added one by one."""

    def __init__(self, files: Iterable[Path], quarter: str, received_on: date, channel: str, name: str = "") -> None:
        self.quarter, self.received_on, self.channel = quarter, received_on, channel
        self.files, left_out = find_files(files)
        self._known = [Outcome(path.name, "left_out") for path in left_out]
        self._additions: list[Addition] = []
        for path in self.files:
            try:
                taken = [each.name for each in self._additions]
                self._additions.append(prepare(path, quarter, name, taken))
            except NotAdded as reason:
                self._known.append(Outcome(path.name, "not_added", reason.issue))
        self.received = preview(self._additions, quarter, received_on, channel)

    def add(self, note: str = "", anyway: bool = False, dry_run: bool = False) -> Iterator[Outcome]:
        """Add the files, `anyway` also those for other quarters; yield what became of each. Raises OSError."""
        yield from self._known
        for addition in self._additions:
            others = list_other_quarters(self.received, addition.shown, self.quarter)
            if addition.is_new and others and not anyway:
                yield Outcome(addition.source.name, "other_quarter", other_quarters=tuple(others))
                continue
            try:
                yield self._add(addition, note, dry_run)
            except NotAdded as reason:
                yield Outcome(addition.source.name, "not_added", reason.issue)

    def _add(self, addition: Addition, note: str, dry_run: bool) -> Outcome:
        name, is_new = addition.name, addition.is_new
        if is_new and not dry_run:
            name, is_new = add_file(addition.source, self.quarter, self.received_on, self.channel, note, name)
        key = ("would_add" if dry_run else "added") if is_new else "added_before"
        path = (paths.returns(self.quarter) / name).relative_to(paths.root())
        return Outcome(path.as_posix(), key, shown=addition.shown)


def find_files(sources: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """Return the files given or in folders given, and what folders hold besides: hidden, unfinished, folders."""
    files: list[Path] = []
    skipped: list[Path] = []
    for source in sources:
        if not source.is_dir():
            files.append(source)
            continue
        for path in sorted(source.iterdir()):
            is_other = path.name in (MANIFEST_CSV, EDITION_TOML) or path.name.startswith((".", "~$")) or path.is_dir()
            (skipped if is_other or path.suffix.casefold() in _UNFINISHED else files).append(path)
    return files, skipped


def prepare(source: Path, quarter: str, name: str = "", taken: Collection[str] = ()) -> Addition:
    """Read a file to add and choose its name: its own or the one given, unless another file has it.

    Bytes that are in the folder already keep the name that they have there. Raises NotAdded for a file that cannot be
    read or is of a wrong size, and when MANIFEST.csv cannot be read. Writes nothing.
    """
    given, folder = _read_source(source, quarter), paths.returns(quarter)
    manifest = received.read_manifest(folder, quarter)
    if unreadable := [issue for issue in manifest.issues if issue.key == "V20.manifest"]:
        raise NotAdded(source.name, unreadable[0])
    stored = _find_stored(folder, manifest, given.sha256)
    plain = _safe_name(name.removeprefix(f"{LISTS}/") or received.file_name(source))
    free = f"{LISTS}/{plain}" if offices.is_list(source) else plain
    name = stored or _free_name(folder, free, {*manifest.rows, *taken})
    return Addition(source, name, given, stored not in manifest.rows)


def preview(additions: Sequence[Addition], quarter: str, received_on: date, channel: str) -> Received:
    """Read a quarter as though the new files were in its folder."""
    given = []
    for each in (each for each in additions if each.is_new):
        file = ReceivedFile(quarter, each.shown, each.given.sha256, each.given.size, channel, received_on)
        given.append((file, each.source if each.is_list else each.given.content))
    return read_quarter(quarter, given)


def list_other_quarters(read: Received, shown: str, quarter: str) -> list[str]:
    """Return the quarters that a file's returns are for, none where one is for the quarter or names none."""
    try:
        named = {quarters.parse_quarter(each.quarter_text) for each in read.returns if each.file.name == shown}
    except ValueError:
        return []
    notes = [each for each in read.issues if each.source_file == shown and "OTHER_QUARTER" in each.rule]
    named |= {quarters.parse_quarter(found) for note in notes for found in _QUARTER.findall(note.observed)}
    return [] if quarter in named else sorted(named)


def add_file(
    source: Path, quarter: str, received_on: date, channel: str = "mail", note: str = "", name: str = ""
) -> tuple[str, bool]:
    """Copy a received file into a quarter's folder, read-only, and list it in MANIFEST.csv.

    Returns its name there, and whether it was added: bytes that are already listed are not added again; both are then
    on the disk. Raises NotAdded as `prepare` does, and for a file that changes while it is copied; OSError when nothing
    can be written: the file is then not there either, and adding it again completes what a killed command began.
    """
    folder = paths.returns(quarter)
    given = _read_source(source, quarter)
    if not folder.exists():
        _make_folder(folder)
    paths.locks().mkdir(parents=True, exist_ok=True)
    with FileLock(paths.locks() / f"{quarter}.add.lock"):
        addition = prepare(source, quarter, name)
        if not addition.is_new:
            return addition.name, False
        if addition.given.sha256 != given.sha256:
            raise NotAdded(source.name, make_issue("V20.changed", Place(quarter)))
        target = folder / addition.name
        was_there = target.exists()
        if not target.parent.exists():
            _make_folder(target.parent)
        durable.write_durably(target, _parts(source, given, quarter) if addition.is_list else given.content, _RAW_MODE)
        try:
            _append_to_manifest(folder, (addition.name, given.sha256, received_on.isoformat(), channel, note))
        except OSError:
            if not was_there and addition.name not in received.read_manifest(folder, quarter).rows:
                target.unlink()
            raise
    return addition.name, True


def _make_folder(folder: Path) -> None:
    durable.make_folder_durably(folder)
    folder.chmod(folder.stat().st_mode | 0o050)


def _parts(source: Path, given: FileBytes, quarter: str) -> Iterator[bytes]:
    """Yield the bytes of a list of offices, which may be large; raises NotAdded where they are no longer those read."""
    digest = hashlib.sha256()
    with source.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
            yield part
    if digest.hexdigest() != given.sha256:
        raise NotAdded(source.name, make_issue("V20.changed", Place(quarter)))


def _read_source(source: Path, quarter: str) -> FileBytes:
    try:
        given = received.digest_list(source) if offices.is_list(source) else received.read_bytes(source)
    except OSError as reason:
        raise NotAdded(source.name, make_issue("V20.file", Place(quarter), reason.strerror)) from reason
    if given.refusal:
        refused = make_issue(f"V20.{given.refusal.reason}", Place(quarter), observed=given.refusal.observed)
        raise NotAdded(source.name, refused)
    return given


def _find_stored(folder: Path, manifest: Manifest, digest: str) -> str:
    """Return the name of a file with these bytes in the folder, a listed one first; blank without one.

    An unlisted one was put there by hand, or by a command that was killed before it listed it.
    """
    names = {received.listed_name(path): path for path in received.name_files(folder) if path.name[0] != "."}
    listed = [name for name, row in manifest.rows.items() if row["sha256"].casefold() == digest and name in names]
    unlisted = [name for name in names if name not in manifest.rows and name not in (MANIFEST_CSV, EDITION_TOML)]
    return next((name for name in (*listed, *unlisted) if received.read_bytes(names[name]).sha256 == digest), "")


def _free_name(folder: Path, name: str, taken: Collection[str]) -> str:
    """Return a name that no other file has, so that nothing received is overwritten."""
    stem, suffix = PurePath(name).with_suffix("").as_posix(), PurePath(name).suffix
    number, free = 1, name
    while os.path.lexists(folder / free) or free in taken:
        number += 1
        free = f"{stem}-{number}{suffix}"
    return free


def _safe_name(name: str) -> str:
    """Return a name without control characters that the reader does not skip."""
    plain = strings.clean(name).replace("\\", "_").replace("/", "_").strip().lstrip(".~$") or "return"
    if plain.casefold().endswith(".part"):
        return f"return-{plain[: -len('.part')]}"
    return f"return-{plain}" if plain in (MANIFEST_CSV, EDITION_TOML) else plain


def _append_to_manifest(folder: Path, values: Sequence[str]) -> None:
    """Add a row to MANIFEST.csv under its header; the file keeps its permissions and owner."""
    path, row = folder / MANIFEST_CSV, dict(zip(MANIFEST_COLUMNS, values, strict=True))
    status = path.stat() if path.exists() else None
    before = path.read_bytes() if status else b""
    header, *rows = received.split_manifest(before) if before else [list(MANIFEST_COLUMNS)]
    is_plain = _is_plain(before)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    if not is_plain:  # a new file, or one that a spreadsheet saved in its own way
        writer.writerows([header, *([strings.guard_formula(cell) for cell in cells] for cells in rows)])
    writer.writerow([strings.guard_formula(row.get(name, "")) for name in header])
    end = b"\n" if is_plain and not before.endswith((b"\n", b"\r")) else b""
    mode = stat.S_IMODE(status.st_mode) if status else _MANIFEST_MODE
    durable.write_durably(path, (before + end if is_plain else b"") + text.getvalue().encode(), mode)
    if status and hasattr(os, "chown"):
        with contextlib.suppress(PermissionError):
            os.chown(path, status.st_uid, status.st_gid)


def _is_plain(content: bytes) -> bool:
    """Tell whether a MANIFEST is as this module writes it: UTF-8, separated by commas."""
    try:
        header = next(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")), [])
    except UnicodeDecodeError:
        return False
    return set(MANIFEST_COLUMNS[:3]) <= {name.strip() for name in header}
