"""Reads the returns in all files of a quarter: the only reader of `data/raw/<quarter>`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from helpers import paths
from helpers.ingest import cells
from helpers.ingest.admit import Unreadable, is_cut
from helpers.ingest.issues import Issue, Place, make_issue
from helpers.ingest.received import file_name, list_candidates, read_bytes, read_manifest
from helpers.ingest.records import DetachedItems, Received, ReceivedFile, ReceivedReturn
from helpers.ingest.rows import orphan_issue, read_file
from helpers.plan import questionnaire, read_plan


class _QuarterReader:
    """Reads the files of one quarter's folder, one by one, and collects their returns and issues."""

    def __init__(self, quarter: str, listed: Mapping[str, Mapping[str, str]]) -> None:
        self.quarter, self.listed, self.plan = quarter, listed, read_plan()
        self.form = questionnaire.read_form().at(quarter)
        self.files: list[ReceivedFile] = []
        self.returns: list[ReceivedReturn] = []
        self.parts: list[DetachedItems] = []
        self.issues: list[Issue] = []
        self.passed_over: set[str] = set()  # submissions for other quarters
        self._first: dict[str, str] = {}  # by digest: the first file with these bytes

    def read(self, path: Path) -> None:
        """Read a file; if that fails, add an issue."""
        name = file_name(path)
        row, place = self.listed.get(name, {}), Place(self.quarter, name)
        known_on = cells.parse_day(row.get("received_on", ""))
        try:
            self._read_listed(path, place, row, known_on)
        except Unreadable as reason:
            facts = {"observed": reason.observed, "known_on": known_on}
            self.issues.append(make_issue(f"V20.{reason.reason}", place, *reason.details, **facts))
        except OSError as reason:
            self.issues.append(make_issue("V20.file", place, reason.strerror))

    def _read_listed(self, path: Path, place: Place, row: Mapping[str, str], known_on: date | None) -> None:
        name, given, digest = place.source_file, read_bytes(path), row.get("sha256", "").casefold()
        file = ReceivedFile(self.quarter, name, given.sha256, given.size, row.get("channel", ""), known_on)
        self.files.append(file)
        if given.refusal:
            raise given.refusal
        if digest and digest != given.sha256:
            raise Unreadable("tampered", observed=given.sha256)
        # The digest shows that a listed file is whole; of an unlisted one, only how it ends.
        if not digest and is_cut(given.content):
            raise Unreadable("cut")
        first = self._first.setdefault(given.sha256, name)
        if first != name:
            self.issues.append(make_issue("FILE_DUPLICATE", place, first, known_on=known_on))
            return
        read = read_file(given.content, file, self.plan, self.form)
        self.returns += read.returns
        self.parts += [read.part] if read.part else []
        self.issues += read.notes
        self.passed_over |= read.passed_over

    def join(self) -> None:
        """Give returns the innovations of a file beside theirs, received on the same day, or the part they state."""
        for day in dict.fromkeys(part.file.received_on for part in self.parts):
            self._join_day(day, [part for part in self.parts if part.file.received_on == day])
        self.returns = [each.with_stated_part() for each in self.returns]

    def _join_day(self, day: date | None, parts: Sequence[DetachedItems]) -> None:
        """Join by the identity of the submissions. An item in several files counts once, by its own identity."""
        items = {(key, own or item.place): item for part in parts for key, own, item in part.items}
        keys = {key for key, _ in items}
        files = {each.file for each in self.returns if each.identity in keys and each.file.received_on == day}
        if not files:
            self.issues += [make_issue("V20.no_root", part.file.place, known_on=day) for part in parts]
            return
        known = {each.identity for each in self.returns if each.file in files} | self.passed_over
        orphans = [item for (key, _), item in items.items() if key not in known]
        self.issues += [replace(orphan_issue(item), known_on=day) for item in orphans]
        for n, each in enumerate(self.returns):
            if each.file in files and each.items is None:
                own = tuple(item.of(each.member) for (key, _), item in items.items() if key == each.identity)
                self.returns[n] = replace(each, items=own)


def read_quarter(quarter: str) -> Received:
    """Read every file received for a quarter. A file that cannot be read is an issue and never stops the others."""
    folder = paths.returns(quarter)
    if not folder.is_dir():
        return Received((), (), ())
    listed, problems = read_manifest(folder, quarter)
    try:
        candidates, notes = list_candidates(folder, quarter, listed)
    except OSError as reason:
        return Received((), (), (*problems, make_issue("V20.file", Place(quarter), reason.strerror)))
    reader = _QuarterReader(quarter, listed)
    days = {path: listed.get(path.name, {}).get("received_on") or "9999" for path in candidates}
    # Of files with the same bytes, the first received is read.
    for path in sorted(candidates, key=lambda path: (days[path], file_name(path))):
        reader.read(path)
    reader.join()
    absent = sorted(set(listed) - {file_name(path) for path in candidates} - {note.source_file for note in notes})
    missing = [make_issue("V20.missing", Place(quarter, name)) for name in absent]
    return Received(tuple(reader.files), tuple(reader.returns), (*problems, *notes, *reader.issues, *missing))


def read_returns(quarters: Sequence[str]) -> Received:
    """Read the returns of several quarters: what an edition of the last one is made from."""
    parts = [read_quarter(quarter) for quarter in quarters]
    return Received(
        tuple(file for part in parts for file in part.files),
        tuple(each for part in parts for each in part.returns),
        tuple(issue for part in parts for issue in part.issues),
    )
