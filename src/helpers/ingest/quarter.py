"""Reads the returns in all files of a quarter: the only reader of `data/raw/<quarter>`."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from helpers import paths
from helpers.ingest import cells, offices, received
from helpers.ingest.admit import Unreadable, is_cut
from helpers.ingest.issues import Issue, Place, make_issue
from helpers.ingest.received import Manifest, listed_name
from helpers.ingest.records import DetachedItems, OfficeList, Received, ReceivedFile, ReceivedReturn
from helpers.plan import questionnaire, read_plan
from helpers.strings import mask_name


class _QuarterReader:
    """Reads the files of one quarter's folder, one by one, and collects their returns and issues."""

    def __init__(self, quarter: str, manifest: Manifest) -> None:
        self.quarter, self.manifest, self.plan = quarter, manifest, read_plan()
        self.form = questionnaire.read_form().at(quarter)
        self.files: list[ReceivedFile] = []
        self.returns: list[ReceivedReturn] = []
        self.parts: list[DetachedItems] = []
        self.offices: list[OfficeList] = []
        self.issues: list[Issue] = []
        self.passed_over: set[str] = set()  # submissions for other quarters
        self._first: dict[str, str] = {}  # by digest: the first file with these bytes

    def read(self, path: Path, shown: str) -> None:
        """Read a file, named in what is published as `shown`; if that fails, add an issue."""
        row, place = self.manifest.rows.get(listed_name(path), {}), Place(self.quarter, shown)
        # Copied by hand, a list of offices may lie beside the returns.
        is_list = path.parent.name == received.LISTS or offices.is_list(path)
        place = replace(place, member=offices.find_owner(path, self.plan)) if is_list else place
        known_on = cells.parse_day(row.get("received_on", ""))
        with self._report_unreadable(place, known_on):
            given = received.digest_list(path) if is_list else received.read_bytes(path)
            digest = row.get("sha256", "").casefold()
            file = ReceivedFile(self.quarter, shown, given.sha256, given.size, row.get("channel", ""), known_on)
            self.files.append(file)
            if refusal := given.refusal or self.manifest.refusals.get(listed_name(path)):
                raise refusal
            if digest and digest != given.sha256:
                raise Unreadable("tampered", digest, observed=given.sha256)
            # The digest shows that a listed file is whole; of an unlisted one, only how it ends.
            if not digest and not is_list and is_cut(given.content):
                raise Unreadable("cut")
            self._read_content(path if is_list else given.content, file)

    def read_given(self, file: ReceivedFile, content: bytes | Path) -> None:
        """Read a file that is not in the folder yet (a list of offices: its path); if that fails, add an issue."""
        self.files.append(file)
        owner = offices.find_owner(content, self.plan) if isinstance(content, Path) else ""
        with self._report_unreadable(replace(file.place, member=owner), file.received_on):
            self._read_content(content, file)

    @contextlib.contextmanager
    def _report_unreadable(self, place: Place, known_on: date | None) -> Iterator[None]:
        try:
            yield
        except Unreadable as reason:
            facts = {"observed": reason.observed, "known_on": known_on}
            self.issues.append(make_issue(f"V20.{reason.reason}", place, *reason.details, **facts))
        except OSError as reason:
            self.issues.append(make_issue("V20.file", place, reason.strerror))

    def _read_content(self, content: bytes | Path, file: ReceivedFile) -> None:
        first = self._first.setdefault(file.sha256, file.name)
        if first != file.name:
            self.issues.append(make_issue("FILE_DUPLICATE", file.place, first, known_on=file.received_on))
            return
        if isinstance(content, Path):
            if file.received_on is None:
                raise Unreadable("receipt")
            self.offices.append(offices.read_list(content, file, self.plan))
            return
        from helpers.ingest.rows import read_file  # it takes long to load: a published edition needs no reader

        read = read_file(content, file, self.plan, self.form)
        self.returns += read.returns
        self.parts += [read.part] if read.part else []
        self.issues += read.notes
        self.passed_over |= read.passed_over

    def join(self) -> None:
        """Give returns the items of a file beside theirs, received on the same day, or the part they state."""
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
        self.issues += [replace(item.orphan_issue, known_on=day) for item in orphans]
        for n, each in enumerate(self.returns):
            if each.file in files and each.items is None:
                own = tuple(item.of(each.member) for (key, _), item in items.items() if key == each.identity)
                self.returns[n] = replace(each, items=own)


def read_quarter(quarter: str, given: Sequence[tuple[ReceivedFile, bytes | Path]] = ()) -> Received:
    """Read all files received for a quarter; one that cannot be read is an issue and stops none.

    Those `given` are not in its folder yet: each comes with its content, a list of offices with its path.
    """
    folder = paths.returns(quarter)
    manifest = received.read_manifest(folder, quarter)
    try:
        shown = received.name_files(folder)
        candidates, skipped = received.list_candidates(shown, quarter, manifest.rows)
    except OSError as reason:
        return Received((), (), (*manifest.issues, make_issue("V20.file", Place(quarter), reason.strerror)))
    reader = _QuarterReader(quarter, manifest)
    for file, content in given:
        reader.read_given(file, content)
    days = {path: manifest.rows.get(listed_name(path), {}).get("received_on") or "9999" for path in candidates}
    # Of files with the same bytes, the first received is read.
    for path in sorted(candidates, key=lambda path: (days[path], listed_name(path))):
        if shown[path] not in [file.name for file, _ in given]:
            reader.read(path, shown[path])
    reader.join()
    for name in sorted(manifest.rows.keys() - set(map(listed_name, shown))):
        reader.issues.append(make_issue("V20.missing", Place(quarter, mask_name(name)), manifest.rows[name]["sha256"]))
    found = (*manifest.issues, *skipped, *reader.issues)
    return Received(tuple(reader.files), tuple(reader.returns), found, tuple(reader.offices))


def read_returns(quarters: Sequence[str]) -> Received:
    """Read the returns of several quarters: what an edition of the last one is made from."""
    parts = [read_quarter(quarter) for quarter in quarters]
    return Received(
        tuple(file for part in parts for file in part.files),
        tuple(each for part in parts for each in part.returns),
        tuple(issue for part in parts for issue in part.issues),
        tuple(each for part in parts for each in part.offices),
    )
