"""Any received file → the returns it holds, as read: the only reader of `data/raw/<quarter>`."""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from helpers import cells, paths
from helpers.cells import BLANK, NOT_AVAILABLE, Answer, Cell, is_blank, read_answer, text_of
from helpers.issues import Issue, Place, issue, mask
from helpers.plan import Plan, parse_quarter, read_plan
from helpers.questionnaire import NOTHING, PERSONAL, Column, Questionnaire, read_questionnaire
from helpers.sheets import Sheet, Unreadable, read_sheets

MANIFEST, EDITION_TEXT = "MANIFEST.csv", "edition.toml"
SAMPLE_CHANNEL = "sample"
_MANIFEST_COLUMNS = ("file", "sha256", "received_on", "channel", "note")
# What the tools add to a form's own questions (formats.md, 1.1): known, and no answer.
_SYSTEM = {
    "_id", "_uuid", "_submission_time", "_validation_status", "_notes", "_status", "_submitted_by", "__version__",
    "_tags", "meta/rootuuid", "_index", "start", "end", "today", "username", "deviceid", "phonenumber", "meta",
    "formhub/uuid", "meta/instanceid", "meta/instancename", "meta/deprecatedid", "submitted_on", "_xform_id_string",
}  # fmt: skip
_KOBO_MARKS, _KOBO_REPEAT_MARKS = {"_submission_time", "_uuid"}, {"_parent_index", "_submission__uuid"}
_PARENT_KEYS = (("_submission__uuid", "_uuid"), ("_submission__id", "_id"), ("_parent_index", "_index"))


@dataclass(frozen=True)
class File:
    """One file of a quarter's folder that was read."""

    quarter: str
    name: str
    sha256: str
    size: int
    channel: str
    received_on: date | None

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(self.quarter, self.name)


@dataclass(frozen=True)
class Item:
    """One entry of the repeat `innovations`, as read."""

    answers: Mapping[str, Answer]
    place: Place

    @property
    def content(self) -> tuple[str, ...]:
        """What makes two items the same."""
        return tuple((answer.value or answer.raw).strip() for answer in self.answers.values())


@dataclass(frozen=True)
class Return:
    """One row of a received file: one member's return for one quarter, as read, before any rule.

    `items` is None when it came without an innovations part. `identity` is the tool's own for the submission, or
    the file and row. `problems` are the findings that refuse it at once.
    """

    place: Place
    file: File
    member: str
    member_text: str
    quarter_text: str
    received_on: date | None
    received_at: datetime | None
    identity: str
    answers: Mapping[str, Answer]
    personal: Mapping[str, str] = field(repr=False)
    items: tuple[Item, ...] | None = None
    problems: tuple[Issue, ...] = ()
    notes: tuple[Issue, ...] = ()
    on_hold: bool = False

    @property
    def content(self) -> dict[str, tuple[str, str]]:
        """What makes two returns the same: every answer as read, the personal ones included (section 3)."""
        answers = {name: (answer.value or answer.raw.strip(), answer.state) for name, answer in self.answers.items()}
        return answers | {name: (text, "") for name, text in self.personal.items()}

    @property
    def items_content(self) -> list[tuple[str, ...]] | None:
        """What makes two innovations parts the same; None without a part."""
        return None if self.items is None else sorted(item.content for item in self.items)


@dataclass(frozen=True)
class Received:
    """All that was received: the files, the returns in them, and what could not be read."""

    files: tuple[File, ...]
    returns: tuple[Return, ...]
    issues: tuple[Issue, ...]

    @property
    def is_sample(self) -> bool:
        """Tell whether it is the invented sample (methodology, section 6)."""
        return any(file.channel == SAMPLE_CHANNEL for file in self.files)

    @property
    def is_mixed(self) -> bool:
        """Tell whether invented and received returns lie together: no edition can be made of that."""
        return len({file.channel == SAMPLE_CHANNEL for file in self.files}) > 1


# --- one sheet --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Table:
    """A sheet with its header understood: `columns` by question (and choice), `system` by lower-case name."""

    sheet: Sheet
    columns: Mapping[Column, int]
    system: Mapping[str, int]
    rows: Sequence[tuple[int, tuple[Cell, ...]]]

    def cell(self, row: tuple[Cell, ...], column: Column | str) -> Cell:
        index = self.system.get(column) if isinstance(column, str) else self.columns.get(column)
        return row[index] if index is not None and index < len(row) else None


def _header(sheet: Sheet) -> list[str]:
    return [text_of(cell).strip() for cell in sheet.rows[0][1]] if sheet.rows else []


def _lower(sheet: Sheet) -> set[str]:
    return {name.casefold() for name in _header(sheet)}


def _same_column(rows: Sequence[tuple[int, tuple[Cell, ...]]], first: int, second: int) -> bool:
    return all(
        text_of(row[first] if first < len(row) else None) == text_of(row[second] if second < len(row) else None)
        for _, row in rows
    )


class _SheetReader:
    """Reads the header of one sheet; gathers notes on what it had to normalise."""

    def __init__(self, form: Questionnaire, place: Place) -> None:
        self.form, self.place, self.notes = form, place, []

    def table(self, sheet: Sheet) -> _Table:
        """Return the sheet as a table of returns."""
        columns: dict[Column, int] = {}
        system: dict[str, int] = {}
        rows = sheet.rows[1:]
        for index, header in enumerate(_header(sheet)):
            key = header.casefold()
            column = self.form.column(key)
            if column is None:
                system.setdefault(key, index)
                if header and key not in _SYSTEM and not key.startswith("_"):
                    self._unknown(header)
            elif column not in columns:
                columns[column] = index
                if header != key:
                    self.notes.append(issue("HEADER_NORMALISED", self.place, key, observed=header))
            elif _same_column(rows, columns[column], index):
                self.notes.append(issue("HEADER_DUPLICATE_SAME", self.place, observed=header))
            else:
                raise Unreadable(
                    f"colonne {mask(header)} donnée deux fois avec des contenus différents ; n'en garder qu'une",
                    f"column {mask(header)} stands twice with different content; keep one",
                )
        if rows and all(text_of(c).startswith("#") for c in rows[0][1] if not is_blank(c)):
            self.notes.append(issue("ROW_TAGS", replace(self.place, row=str(rows[0][0]))))
            rows = rows[1:]
        self._missing(columns)
        return _Table(sheet, columns, system, rows)

    def _unknown(self, header: str) -> None:
        near = difflib.get_close_matches(header.split("/")[-1].casefold(), self.form.by_name, n=1, cutoff=0.8)
        hint = (f" (proche de {near[0]})", f" (close to {near[0]})") if near else ("", "")
        self.notes.append(issue("COLUMN_UNKNOWN", self.place, *hint, observed=header))

    def _missing(self, columns: Mapping[Column, int]) -> None:
        asked = {column.question for column in columns}
        missing = [name for name in self.form.substantive if name not in asked]
        if missing:
            self.notes.append(issue("COLUMN_MISSING", self.place, observed=", ".join(missing)))


def _selected(table: _Table, row: tuple[Cell, ...], form: Questionnaire, name: str) -> Cell:
    """Return the cell of a question; a select-many question split into columns is put together again."""
    if Column(name) in table.columns:
        return table.cell(row, Column(name))
    split = {
        c: table.cell(row, Column(name, c)) for c in form.by_name[name].choices if Column(name, c) in table.columns
    }
    if all(is_blank(cell) for cell in split.values()):
        return None
    ticked = [code for code, cell in split.items() if text_of(cell).strip().upper() in ("1", "TRUE")]
    return " ".join(ticked) or NOTHING


def _answers(
    table: _Table, row: tuple[Cell, ...], form: Questionnaire, place: Place
) -> tuple[dict[str, Answer], list[Issue]]:
    """Read every question of a row, `nd_<group>` ticks included; note each normalisation."""
    answers = {
        question.name: read_answer(question, _selected(table, row, form, question.name))
        for question in form.questions
        if question.name not in ("member", "quarter", *PERSONAL)
    }
    notes = [
        issue("NUMBER_READ", place, answer.value, question=name, observed=answer.raw, rule=answer.note)
        for name, answer in answers.items()
        if answer.note
    ]
    for ticked in [name for name in answers if name.startswith("nd_")]:
        for name in answers[ticked].value.split():
            if name != NOTHING and answers[name].is_reported:
                notes.append(issue("ND_ANSWERED", place, question=name, observed=answers[name].raw))
            elif name != NOTHING and answers[name] == BLANK:
                answers[name] = Answer("", state=NOT_AVAILABLE)
    return answers, notes


# --- one file ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Layout:
    """Where the returns and the innovations of a file stand; `items` is None when it carries no such part."""

    returns: Sheet
    items: Sheet | None
    is_kobo: bool


def _is_plain(sheet: Sheet) -> bool:
    return {"member", "quarter"} <= {name.split("/")[-1] for name in _lower(sheet)}


def _layout(sheets: list[Sheet], reader: _SheetReader) -> _Layout:
    """Find the sheets of returns and of innovations by what stands in their headers (methodology, 2b)."""
    hidden = [sheet.name for sheet in sheets if sheet.hidden and sheet.rows and _is_plain(sheet)]
    if hidden:
        raise Unreadable(
            f"données dans une feuille masquée ({mask(hidden[0])}) ; l'afficher et renvoyer",
            f"data in a hidden sheet ({mask(hidden[0])}); unhide it and send again",
        )
    visible = [sheet for sheet in sheets if not sheet.hidden]
    repeats = [sheet for sheet in visible if _lower(sheet) & _KOBO_REPEAT_MARKS]
    kobo = [sheet for sheet in visible if sheet not in repeats and _lower(sheet) & _KOBO_MARKS and _is_plain(sheet)]
    if kobo:
        items = [s for s in repeats if any(reader.form.field(name) for name in _lower(s))]
        return _Layout(kobo[0], items[0] if items else None, is_kobo=True)
    named = {sheet.name.strip().casefold(): sheet for sheet in visible}
    plain = named.get("returns") or next((sheet for sheet in visible if _is_plain(sheet)), None)
    if plain is None or not _is_plain(plain):
        raise Unreadable(
            "aucune feuille « returns » avec les colonnes member et quarter ; prendre le classeur du Secrétariat",
            "no sheet “returns” with columns member and quarter; use the Secretariat's workbook",
        )
    if plain.name and plain.name.strip().casefold() != "returns":
        reader.notes.append(issue("SHEET_NAME", reader.place, observed=plain.name))
    return _Layout(plain, named.get(REPEAT_SHEET), is_kobo=False)


REPEAT_SHEET = "innovations"


def _member(plan: Plan, form: Questionnaire, cell: Cell) -> str:
    """Return the ISO3 code of what a cell names, blank when it names not just one; a choice code does."""
    text = text_of(cell).strip()
    return text if text in form.by_name["member"].choices else plan.resolve(text).iso3


def _receipt(cell: Cell, file: File, place: Place) -> tuple[date | None, datetime | None, list[Issue]]:
    """Return the day and instant of receipt: the row's own, else the MANIFEST's (methodology, 2b)."""
    day = cells.parse_day(cell)
    if day:
        return day, cells.parse_instant(cell), []
    unread = [] if is_blank(cell) else [issue("DATE_INVALID", place, observed=text_of(cell))]
    return file.received_on, None, unread


def _row_problems(table: _Table, row: tuple[Cell, ...], place: Place, is_kobo: bool) -> tuple[list[Issue], list[Issue]]:
    """Return what refuses a row at once, and what puts it on hold."""
    width = len(table.sheet.rows[0][1])
    refused = (
        [issue("V20.short", place, width, observed=str(len(row)))] if table.sheet.ragged and len(row) < width else []
    )
    status = text_of(table.cell(row, "_validation_status")).strip() if is_kobo else ""
    folded = status.casefold().removeprefix("validation_status_").replace("_", " ")
    if folded == "not approved":
        refused.append(issue("V20.rejected", place, observed=status))
    return refused, [issue("ON_HOLD", place, observed=status)] if folded == "on hold" else []


def _note_names(plan: Plan, file: File, one: Return) -> list[Issue]:
    """Note a member or a quarter that was not written as its code."""
    notes = []
    if one.member and one.member_text.strip() != one.member:
        notes.append(issue("COUNTRY_NORMALISED", one.place, one.member, observed=one.member_text))
    text = one.quarter_text.strip()
    try:
        quarter = parse_quarter(text) if text else ""
    except ValueError:
        quarter = ""
    if quarter and quarter != text:
        notes.append(issue("QUARTER_NORMALISED", one.place, quarter, observed=text))
    return notes


def _read_returns(
    layout: _Layout, table: _Table, file: File, plan: Plan, form: Questionnaire
) -> list[tuple[Return, tuple]]:
    """Read the rows of the table of returns; each with its raw row, for the items to be linked to."""
    found = []
    for number, row in table.rows:
        member_cell, quarter_cell = table.cell(row, Column("member")), table.cell(row, Column("quarter"))
        member = _member(plan, form, member_cell)
        place = Place(file.quarter, file.name, table.sheet.name, str(number), member)
        answers, notes = _answers(table, row, form, place)
        own_date = table.cell(row, "_submission_time" if layout.is_kobo else "submitted_on")
        day, instant, unread = _receipt(own_date, file, place)
        refused, held = _row_problems(table, row, place, layout.is_kobo)
        identity = text_of(table.cell(row, "meta/rootuuid")).strip() or text_of(table.cell(row, "_id")).strip()
        one = Return(
            place, file, member, text_of(member_cell), text_of(quarter_cell), day, instant,
            identity if layout.is_kobo and identity else f"{file.quarter}/{file.name}/{table.sheet.name}/{number}",
            answers, {name: text_of(table.cell(row, Column(name))).strip() for name in PERSONAL},
            problems=tuple(refused), notes=(*notes, *unread, *held), on_hold=bool(held),
        )  # fmt: skip
        found.append((replace(one, notes=(*one.notes, *_note_names(plan, file, one))), row))
    return found


def _read_items(sheet: Sheet, file: File, form: Questionnaire) -> Iterator[tuple[Item, dict[str, Cell]]]:
    """Read the entries of an innovations sheet; each with the cells that link it to its return."""
    header = [name.casefold() for name in _header(sheet)]
    for number, row in sheet.rows[1:]:
        by_header = dict(zip(header, row, strict=False))
        by_field = {form.field(name): cell for name, cell in by_header.items() if form.field(name)}
        if not all(is_blank(cell) for cell in by_field.values()):
            place = Place(file.quarter, file.name, sheet.name, str(number))
            yield Item({f.name: read_answer(f, by_field.get(f.name)) for f in form.fields}, place), by_header


def _kobo_parent(links: Mapping[str, Cell], found: list[tuple[Return, tuple]], table: _Table) -> list[int]:
    for child, parent in _PARENT_KEYS:
        key = text_of(links.get(child)).strip()
        matches = [n for n, (_, row) in enumerate(found) if key and text_of(table.cell(row, parent)).strip() == key]
        if matches:
            return matches
    return []


def _plain_parent(
    links: Mapping[str, Cell], found: list[tuple[Return, tuple]], plan: Plan, form: Questionnaire
) -> list[int]:
    """Return the returns that an item names: its member and, where given, the day or instant of `submitted_on`."""
    member = _member(plan, form, links.get("member"))
    cell = links.get("submitted_on")
    day, instant = cells.parse_day(cell), cells.parse_instant(cell)
    return [
        n
        for n, (one, _) in enumerate(found)
        if member
        and one.member == member
        and (is_blank(cell) or one.received_on == day)
        and (instant is None or one.received_at is None or in_utc(instant) == in_utc(one.received_at))
    ]


def in_utc(instant: datetime) -> datetime:
    """Return an instant in UTC; one without a zone is read as UTC (methodology, section 3)."""
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)


def _read_file(path: Path, file: File, plan: Plan, form: Questionnaire) -> tuple[list[Return], list[Issue]]:
    reader = _SheetReader(form, file.place)
    layout = _layout(read_sheets(path), reader)
    reader.place = replace(file.place, sheet=layout.returns.name)
    table = reader.table(layout.returns)
    found = _read_returns(layout, table, file, plan, form)
    if not found:
        reader.notes.append(issue("FILE_NO_ROWS", file.place))
    parts: list[list[Item]] = [[] for _ in found]
    for item, links in _read_items(layout.items, file, form) if layout.items else ():
        parents = _kobo_parent(links, found, table) if layout.is_kobo else _plain_parent(links, found, plan, form)
        for n in parents:
            parts[n].append(replace(item, place=replace(item.place, member=found[n][0].member)))
        if not parents:
            reader.notes.append(issue("ITEM_ORPHAN", item.place, observed=" ".join(item.content)))
    returns = [
        replace(one, items=tuple(part) if layout.items else None) for (one, _), part in zip(found, parts, strict=True)
    ]
    return returns, [replace(note, known_on=file.received_on) for note in reader.notes]


# --- one quarter ------------------------------------------------------------------------------------------------


def _read_manifest(folder: Path, quarter: str) -> tuple[dict[str, dict[str, str]], list[Issue]]:
    """Return the rows of MANIFEST.csv by file; what cannot be read is an issue, and other files stand."""
    place = Place(quarter, MANIFEST)
    try:
        text = (folder / MANIFEST).read_bytes().decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        rows = list(reader)
        if not set(_MANIFEST_COLUMNS[:3]) <= set(reader.fieldnames or ()):
            raise ValueError("file, sha256, received_on")
    except FileNotFoundError:
        return {}, []
    except (OSError, ValueError, csv.Error) as reason:
        return {}, [issue("V20.manifest", place, reason)]
    listed, issues = {}, []
    for number, row in enumerate(rows, start=2):
        clean = {key: (row.get(key) or "").strip() for key in _MANIFEST_COLUMNS}
        if clean["received_on"] and cells.parse_day(clean["received_on"]) is None:
            issues.append(issue("V20.manifest_row", replace(place, row=str(number)), observed=clean["received_on"]))
            clean["received_on"] = ""
        listed[clean["file"]] = clean
    return listed, issues


def _candidates(folder: Path, quarter: str) -> tuple[list[Path], list[Issue]]:
    """Return the files of a quarter's folder that may hold returns, and a note on each that is passed over."""
    kept, notes = [], []
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        place = Place(quarter, path.name)
        if path.name.startswith("~$"):
            notes.append(issue("FILE_LOCK", place))
        elif path.suffix.casefold() == ".part":
            notes.append(issue("FILE_PARTIAL", place))
        elif path.is_dir() and not path.is_symlink():
            notes.append(issue("FOLDER", place))
        elif path.name not in (MANIFEST, EDITION_TEXT) and not path.name.startswith("."):
            kept.append(path)
    return kept, notes


def _open(path: Path, quarter: str, listed: Mapping[str, Mapping[str, str]]) -> File:
    row = listed.get(path.name, {})
    content = b"" if path.is_symlink() else path.read_bytes()
    received_on = cells.parse_day(row.get("received_on", ""))
    return File(
        quarter, path.name, hashlib.sha256(content).hexdigest(), len(content), row.get("channel", ""), received_on
    )


def read_quarter(quarter: str) -> Received:
    """Read every file received for a quarter; a file that cannot be read is an issue and never stops the others."""
    plan, form, folder = read_plan(), read_questionnaire(), paths.returns(quarter)
    if not folder.is_dir():
        return Received((), (), ())
    listed, issues = _read_manifest(folder, quarter)
    candidates, notes = _candidates(folder, quarter)
    # Of files with the same bytes the first received is the one that is read.
    candidates.sort(key=lambda path: (listed.get(path.name, {}).get("received_on") or "9999", path.name))
    issues += notes
    files, returns, seen = [], [], {}
    for path in candidates:
        try:
            file = _open(path, quarter, listed)
            files.append(file)
            if (listed.get(path.name, {}).get("sha256") or file.sha256).casefold() != file.sha256:
                raise Unreadable(
                    "contenu différent de celui inscrit à MANIFEST.csv ; remettre le fichier d'origine",
                    "its content differs from what MANIFEST.csv recorded; put the original back",
                )
            first = seen.setdefault(file.sha256, path.name)
            if first != path.name:
                issues.append(issue("FILE_DUPLICATE", file.place, first, known_on=file.received_on))
                continue
            read, found = _read_file(path, file, plan, form)
            returns += read
            issues += found
        except Unreadable as reason:
            known_on = cells.parse_day(listed.get(path.name, {}).get("received_on", ""))
            issues.append(issue("V20.file", Place(quarter, path.name), *reason.args, known_on=known_on))
        except OSError as reason:
            issues.append(issue("V20.file", Place(quarter, path.name), reason.strerror, reason.strerror))
    present = {path.name for path in candidates}
    issues += [issue("V20.missing", Place(quarter, name)) for name in sorted(set(listed) - present)]
    return Received(tuple(files), tuple(returns), tuple(issues))


def read_returns(quarters: Sequence[str]) -> Received:
    """Read every quarter's returns: what an edition of the last of them rests on."""
    parts = [read_quarter(quarter) for quarter in quarters]
    return Received(
        tuple(file for part in parts for file in part.files),
        tuple(one for part in parts for one in part.returns),
        tuple(found for part in parts for found in part.issues),
    )
