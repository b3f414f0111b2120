"""One file → its returns: which sheet and column holds what, and which items belong to which return."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from helpers import cells
from helpers.cells import BLANK, NOT_AVAILABLE, Answer, Cell, is_blank, read_answer, text_of
from helpers.issues import Issue, Place, issue, mask
from helpers.plan import Plan, parse_quarter
from helpers.questionnaire import NOTHING, PERSONAL, REPEAT, Column, Questionnaire
from helpers.returns.records import File, Item, Return, in_utc
from helpers.returns.sheets import Sheet, Unreadable, read_sheets

# What the tools add to a form's own questions (formats.md, 1.1): known, and no answer.
_SYSTEM = {
    "_id", "_uuid", "_submission_time", "_validation_status", "_notes", "_status", "_submitted_by", "__version__",
    "_tags", "meta/rootuuid", "_index", "start", "end", "today", "username", "deviceid", "phonenumber", "meta",
    "formhub/uuid", "meta/instanceid", "meta/instancename", "meta/deprecatedid", "submitted_on", "_xform_id_string",
}  # fmt: skip
_LINKS = {"member", "quarter", "submitted_on"}
_KOBO_MARKS, _KOBO_REPEAT_MARKS = {"_submission_time", "_uuid"}, {"_parent_index", "_submission__uuid"}
_PARENT_KEYS = (("_submission__uuid", "_uuid"), ("_submission__id", "_id"), ("_parent_index", "_index"))


# --- one sheet --------------------------------------------------------------------------------------------------

Row = tuple[Cell, ...]
Key = Column | str  # a question's column, a field of the repeat, or a name that a tool adds


@dataclass(frozen=True)
class _Table:
    """A sheet with its header understood: where each column stands."""

    sheet: Sheet
    columns: Mapping[Key, int]
    rows: Sequence[tuple[int, Row]]

    def cell(self, row: Row, key: Key) -> Cell:
        """Return the cell of a row under a column, None where there is none."""
        return _at(row, self.columns.get(key))

    @cached_property
    def choices(self) -> Mapping[str, list[tuple[str, int]]]:
        """The columns of each select-many question that was split: choice and place."""
        split: dict[str, list[tuple[str, int]]] = {}
        for key, index in self.columns.items():
            if isinstance(key, Column) and key.choice:
                split.setdefault(key.question, []).append((key.choice, index))
        return split


def _at(row: Row, index: int | None) -> Cell:
    return row[index] if index is not None and index < len(row) else None


def _header(sheet: Sheet) -> list[str]:
    return [text_of(cell) for cell in sheet.rows[0][1]] if sheet.rows else []


def _names(sheet: Sheet) -> set[str]:
    return {name.strip().casefold() for name in _header(sheet)}


class _SheetReader:
    """Reads the headers of a file's sheets; gathers notes on what it had to normalise."""

    def __init__(self, form: Questionnaire, place: Place) -> None:
        self.form, self.place, self.notes = form, place, []

    def table(self, sheet: Sheet) -> _Table:
        """Return a sheet of returns as a table."""
        place = replace(self.place, sheet=sheet.name)
        table = self._read(sheet, lambda name: self.form.column(name) or (name if name in _SYSTEM else None))
        rows = table.rows
        if rows and all(text_of(cell).startswith("#") for cell in rows[0][1] if not is_blank(cell)):
            self.notes.append(issue("ROW_TAGS", replace(place, row=str(rows[0][0]))))
            rows = rows[1:]
        asked = {key.question for key in table.columns if isinstance(key, Column)}
        missing = [name for name in self.form.substantive if name not in asked]
        if missing:
            self.notes.append(issue("COLUMN_MISSING", place, observed=", ".join(missing)))
        return replace(table, rows=rows)

    def items(self, sheet: Sheet) -> _Table:
        """Return a sheet of innovations as a table."""
        return self._read(sheet, lambda name: self.form.field(name) or (name if name in _LINKS else None))

    def _read(self, sheet: Sheet, understand: Callable[[str], Key | None]) -> _Table:
        columns: dict[Key, int] = {}
        rows, place = sheet.rows[1:], replace(self.place, sheet=sheet.name)
        for index, header in enumerate(_header(sheet)):
            name = header.strip().casefold()
            key = understand(name) or (name if name.startswith("_") else None)
            if key is None or (isinstance(key, Column) and not self._is_choice(key)):
                self._note_unknown(header, place)
            if key is None:
                continue
            if header != name and not name.startswith("_") and name not in _SYSTEM:
                self.notes.append(issue("HEADER_NORMALISED", place, name, observed=header))
            first = columns.setdefault(key, index)
            if first != index:
                self._check_same(rows, first, index, header, place)
        return _Table(sheet, columns, rows)

    def _is_choice(self, column: Column) -> bool:
        return not column.choice or column.choice in self.form.by_name[column.question].choices

    def _note_unknown(self, header: str, place: Place) -> None:
        if header.strip():
            names = [*self.form.by_name, *(field.name for field in self.form.fields)]
            near = difflib.get_close_matches(header.split("/")[-1].strip().casefold(), names, n=1, cutoff=0.8)
            hint = (f" (proche de {near[0]})", f" (close to {near[0]})") if near else ("", "")
            self.notes.append(issue("COLUMN_UNKNOWN", place, *hint, observed=header))

    def _check_same(self, rows: Sequence[tuple[int, Row]], first: int, second: int, header: str, place: Place) -> None:
        if any(text_of(_at(row, first)) != text_of(_at(row, second)) for _, row in rows):
            raise Unreadable(
                f"colonne {mask(header)} donnée deux fois avec des contenus différents ; n'en garder qu'une",
                f"column {mask(header)} stands twice with different content; keep one",
            )
        self.notes.append(issue("HEADER_DUPLICATE_SAME", place, observed=header))


def _selected(table: _Table, row: Row, name: str) -> Cell:
    """Return the cell of a question; a select-many question split into columns is put together again."""
    if Column(name) in table.columns:
        return table.cell(row, Column(name))
    # Columns that are all 0 say as little as blank ones: "none" is a choice of its own, and ODK writes 0 for a blank.
    cells_of = ((choice, text_of(_at(row, index)).strip().upper()) for choice, index in table.choices.get(name, ()))
    return " ".join(choice for choice, text in cells_of if text in ("1", "TRUE")) or None


def _answers(table: _Table, row: Row, form: Questionnaire, place: Place) -> tuple[dict[str, Answer], list[Issue]]:
    """Read every question of a row, `nd_<group>` ticks included; note each normalisation."""
    answers = {
        question.name: read_answer(question, _selected(table, row, question.name))
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

    returns: Sequence[Sheet]
    items: Sheet | None
    is_kobo: bool


@dataclass(frozen=True)
class _Found:
    """A return with the row and the table it was read from, for its items to be linked to."""

    one: Return
    row: Row
    table: _Table

    def says(self, key: str) -> str:
        """Return what stands under a column that the tool added."""
        return text_of(self.table.cell(self.row, key)).strip()


def _has_returns(sheet: Sheet) -> bool:
    return {"member", "quarter"} <= {name.split("/")[-1] for name in _names(sheet)}


def _has_items(sheet: Sheet) -> bool:
    return sheet.name.strip().casefold() == REPEAT or bool(_names(sheet) & _KOBO_REPEAT_MARKS)


def _layout(sheets: list[Sheet], reader: _SheetReader) -> _Layout:
    """Find the sheets of returns and of innovations by what stands in their headers (methodology, 2b)."""
    for sheet in sheets:
        if sheet.hidden and sheet.rows[1:] and (_has_returns(sheet) or _has_items(sheet)):
            raise Unreadable(
                f"données dans une feuille masquée ({mask(sheet.name)}) ; l'afficher et renvoyer",
                f"data in a hidden sheet ({mask(sheet.name)}); unhide it and send again",
            )
    visible = [sheet for sheet in sheets if not sheet.hidden]
    items = [sheet for sheet in visible if _has_items(sheet)]
    returns = [sheet for sheet in visible if _has_returns(sheet) and sheet not in items]
    if not returns:
        raise Unreadable(
            "aucune feuille « returns » avec les colonnes member et quarter ; prendre le classeur du Secrétariat",
            "no sheet “returns” with columns member and quarter; use the Secretariat's workbook",
        )
    is_kobo = any(_names(sheet) & _KOBO_MARKS for sheet in returns)
    if is_kobo:
        items = [sheet for sheet in items if any(reader.form.field(name) for name in _names(sheet))]
    for sheet in returns if not is_kobo else ():
        if sheet.name and sheet.name.strip().casefold() != "returns":
            reader.notes.append(issue("SHEET_NAME", reader.place, observed=sheet.name))
    others = [sheet for sheet in visible if sheet.rows and sheet not in returns and sheet not in items[:1]]
    reader.notes += [issue("SHEET_UNKNOWN", reader.place, observed=sheet.name) for sheet in others]
    return _Layout(returns, items[0] if items else None, is_kobo)


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


def _check_row(table: _Table, row: Row, place: Place, is_kobo: bool) -> tuple[list[Issue], list[Issue]]:
    """Return what refuses a row at once, and what puts it on hold."""
    width, refused = len(table.sheet.rows[0][1]), []
    if table.sheet.ragged and len(row) < width:
        refused.append(issue("V20.short", place, width, observed=str(len(row))))
    status = text_of(table.cell(row, "_validation_status")).strip() if is_kobo else ""
    folded = status.casefold().removeprefix("validation_status_").replace("_", " ")
    if folded == "not approved":
        refused.append(issue("V20.rejected", place, observed=status))
    return refused, [issue("ON_HOLD", place, observed=status)] if folded == "on hold" else []


def _note_names(place: Place, member_text: str, quarter_text: str) -> list[Issue]:
    """Note a member or a quarter that was not written as its code."""
    notes = []
    if place.member and member_text.strip() != place.member:
        notes.append(issue("COUNTRY_NORMALISED", place, place.member, observed=member_text))
    with contextlib.suppress(ValueError):
        quarter = parse_quarter(quarter_text)
        if quarter != quarter_text.strip():
            notes.append(issue("QUARTER_NORMALISED", place, quarter, observed=quarter_text))
    return notes


def _read_return(
    table: _Table, number: int, row: Row, file: File, plan: Plan, form: Questionnaire, is_kobo: bool
) -> Return:
    """Read one row of a sheet of returns."""
    member_text, quarter_text = (text_of(table.cell(row, Column(name))) for name in ("member", "quarter"))
    member = _member(plan, form, table.cell(row, Column("member")))
    place = Place(file.quarter, file.name, table.sheet.name, str(number), member)
    answers, notes = _answers(table, row, form, place)
    own_date = table.cell(row, "_submission_time" if is_kobo else "submitted_on")
    day, instant, unread = _receipt(own_date, file, place)
    refused, held = _check_row(table, row, place, is_kobo)
    ids = [text_of(table.cell(row, name)).strip() for name in ("meta/rootuuid", "_id")] if is_kobo else []
    identity = next(filter(None, ids), f"{file.quarter}/{file.name}/{table.sheet.name}/{number}")
    personal = {name: text_of(table.cell(row, Column(name))).strip() for name in PERSONAL}
    said = (*notes, *unread, *held, *_note_names(place, member_text, quarter_text))
    return Return(
        place, file, member, member_text, quarter_text, day, instant, identity, answers, personal,
        problems=tuple(refused), notes=said, on_hold=bool(held),
    )  # fmt: skip


def _parents(item: Row, table: _Table, found: Sequence[_Found], plan: Plan, form: Questionnaire) -> list[int]:
    """Return the returns that an item belongs to: by the tool's keys, else by its member and date of receipt."""
    for child, parent in _PARENT_KEYS:
        key = text_of(table.cell(item, child)).strip()
        linked = [n for n, candidate in enumerate(found) if key and candidate.says(parent) == key]
        if linked:
            return linked
    if any(child in table.columns for child, _ in _PARENT_KEYS):
        return []
    member, cell = _member(plan, form, table.cell(item, "member")), table.cell(item, "submitted_on")
    return [
        n for n, each in enumerate(found) if member and each.one.member == member and _names_receipt(cell, each.one)
    ]


def _names_receipt(cell: Cell, one: Return) -> bool:
    """Tell whether a `submitted_on` names a return: nothing names all, a day those of the day, an instant that one."""
    instant = cells.parse_instant(cell)
    if is_blank(cell) or instant is None:
        return is_blank(cell) or one.received_on == cells.parse_day(cell)
    return one.received_at is not None and in_utc(instant) == in_utc(one.received_at)


def _read_parts(
    sheet: Sheet, found: Sequence[_Found], reader: _SheetReader, file: File, plan: Plan
) -> list[tuple[Item, ...]]:
    """Read the innovations of a sheet: those of each return, in the order of the returns."""
    table, form = reader.items(sheet), reader.form
    parts: list[list[Item]] = [[] for _ in found]
    for number, row in table.rows:
        if all(is_blank(table.cell(row, field.name)) for field in form.fields):
            continue
        place = Place(file.quarter, file.name, sheet.name, str(number))
        item = Item({field.name: read_answer(field, table.cell(row, field.name)) for field in form.fields}, place)
        parents = _parents(row, table, found, plan, form)
        for n in parents:
            parts[n].append(replace(item, place=replace(place, member=found[n].one.member)))
        if not parents:
            reader.notes.append(issue("ITEM_ORPHAN", place, observed=" ".join(item.content).strip()))
    return [tuple(part) for part in parts]


def read_file(path: Path, file: File, plan: Plan, form: Questionnaire) -> tuple[list[Return], list[Issue]]:
    """Read the returns of one file, with their innovations, and what had to be normalised on the way.

    Raises Unreadable for a file that is refused as a whole.
    """
    reader = _SheetReader(form, file.place)
    layout = _layout(read_sheets(path), reader)
    found = [
        _Found(_read_return(table, number, row, file, plan, form, layout.is_kobo), row, table)
        for table in map(reader.table, layout.returns)
        for number, row in table.rows
    ]
    if not found:
        reader.notes.append(issue("FILE_NO_ROWS", file.place))
    returns = [each.one for each in found]
    if layout.items:
        parts = _read_parts(layout.items, found, reader, file, plan)
        returns = [replace(one, items=part) for one, part in zip(returns, parts, strict=True)]
    return returns, [replace(note, known_on=file.received_on) for note in reader.notes]
