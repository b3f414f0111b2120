"""One file → its returns: which sheet and column holds what, and which items belong to which return."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
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
_KOBO_MARKS, _KOBO_REPEAT_MARKS = {"_submission_time", "_uuid"}, {"_parent_index", "_submission__uuid"}
_PARENT_KEYS = (("_submission__uuid", "_uuid"), ("_submission__id", "_id"), ("_parent_index", "_index"))


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
    # Columns that are all 0 say as little as blank ones: "none" is a choice of its own, and ODK writes 0 for a blank.
    ticked = [code for code, cell in split.items() if text_of(cell).strip().upper() in ("1", "TRUE")]
    return " ".join(ticked) or None


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
    return _Layout(plain, named.get(REPEAT), is_kobo=False)


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
        and (instant is None or (one.received_at is not None and in_utc(instant) == in_utc(one.received_at)))
    ]


def read_file(path: Path, file: File, plan: Plan, form: Questionnaire) -> tuple[list[Return], list[Issue]]:
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
