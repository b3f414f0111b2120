"""One file → its returns: every row of its tables read, each with the innovations that belong to it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import PurePath

from helpers import strings
from helpers.ingest import admit, cells, odk, tools
from helpers.ingest.admit import Remark, Unreadable
from helpers.ingest.cells import CellValue, is_empty_cell, raw_text, read_answer
from helpers.ingest.delimited import read_text
from helpers.ingest.headers import Column, canonical_header
from helpers.ingest.issues import Issue, Place, make_issue
from helpers.ingest.labels import decode
from helpers.ingest.layout import AnswerColumns, HeadedSheet, Layout, LayoutReader, SheetRow, cell_at
from helpers.ingest.records import DetachedItems, ReceivedFile, ReceivedItem, ReceivedReturn, in_utc
from helpers.ingest.tools import MAILED, ON_HOLD, PARENT_KEYS, REJECTED
from helpers.ingest.xlsx import Contents, read_workbook
from helpers.plan import Plan, quarters, questionnaire
from helpers.strings import fold, mask_text

_SHOWN = 60  # characters of a free text in a note
_TICKED = ("1", "TRUE", "1.0")
# The first word of a row that sums the others up: no member is called so.
_SUMS = frozenset({
    "total", "totaux", "totals", "sous", "subtotal", "grand", "ensemble", "somme", "sum", "soma", "moyenne", "average",
    "mean", "média", "المجموع", "الإجمالي",
})  # fmt: skip


def open_file(content: bytes, name: str, form: questionnaire.Form) -> Contents:
    """Return the sheets of a file of any kind, with a remark where its name promises another kind.

    Raises Unreadable, or whatever the zip, XML and JSON readers raise on hostile bytes.
    """
    admit.check_size(len(content))
    kind = admit.admit(content)
    if kind == admit.WORKBOOK:
        contents = read_workbook(content)
    elif kind == admit.ARCHIVE:
        contents = odk.read_archive(content, form)
    else:
        contents = odk.read_odata(content) if kind == admit.JSON else read_text(content, form)
    suffix = PurePath(name).suffix
    if suffix.casefold() not in admit.SUFFIXES[kind]:
        contents = replace(contents, remarks=(*contents.remarks, Remark("FILE_EXT_MISMATCH", suffix)))
    return contents


@dataclass(frozen=True)
class FileRead:
    """What was read of a file: its returns, or the innovations of another file's, and notes."""

    returns: Sequence[ReceivedReturn]
    part: DetachedItems | None
    notes: Sequence[Issue]


def read_file(content: bytes, file: ReceivedFile, plan: Plan, form: questionnaire.Form) -> FileRead:
    """Read the returns of one file, with their innovations, and what had to be normalised on the way.

    Raises Unreadable, whatever the bytes, for a file that is refused as a whole: an unreadable file is an issue, never
    a crash (methodology, section 4).
    """
    try:
        return _read_file(content, file, plan, form)
    except Unreadable:
        raise
    except Exception as reason:
        raise Unreadable("damaged") from reason


def _read_file(content: bytes, file: ReceivedFile, plan: Plan, form: questionnaire.Form) -> FileRead:
    reader = LayoutReader(form, file.place, file.received_on)
    layout = reader.layout(open_file(content, file.name, form))
    found = [one for table in layout.returns for one in _TableReader(table, reader, file, plan, form).read()]
    rows = list(_read_items(layout.items, reader, file))
    if layout.returns:
        returns, part = _with_items(found, layout, rows, reader, plan), None
    else:
        keys = ((table.says(row, "parent_key"), table.says(row, "key"), item) for table, row, item in rows)
        returns, part = [], DetachedItems(file, tuple(keys))
    if not found and (layout.returns or not rows):
        reader.note("FILE_NO_ROWS")
    return FileRead(returns, part, [replace(note, known_on=file.received_on) for note in reader.notes])


def read_member(slot: AnswerColumns, row: SheetRow, plan: Plan) -> tuple[str, str]:
    """Return what names the member of a row, without what nobody sees, and its ISO3 code.

    The code is blank when the text names not just one; a choice of the questionnaire does.
    """
    text = strings.without_invisible(raw_text(cell_at(row, slot.index)))
    code = decode(slot.question, text) if slot.by_label else text.strip()
    return text, code if code in slot.question.choices else plan.resolve(text).iso3


# --- returns ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Found:
    """A return with the row and the table it was read from, for its items to be linked to."""

    one: ReceivedReturn
    row: SheetRow
    table: HeadedSheet


class _TableReader:
    """Reads the rows of one table."""

    def __init__(
        self,
        table: HeadedSheet,
        reader: LayoutReader,
        file: ReceivedFile,
        plan: Plan,
        form: questionnaire.Form,
    ) -> None:
        self.table, self.reader, self.file, self.plan, self.form = table, reader, file, plan, form
        asked = [q for q in form.questions if q.name not in ("member", "quarter", *questionnaire.PERSONAL)]
        self.slots = table.slots(asked)
        (self.member,) = table.slots([form.by_name["member"]])
        asked_as = self.member.question
        self.headings = {canonical_header(text) for text in (asked_as.name, *asked_as.label.values())}

    def read(self) -> list[_Found]:
        """Return the table's returns; a row that is none is noted."""
        found = []
        for number, row in self.table.rows:
            if self._is_aside(row):
                personal = {self.table.columns.get(Column(name)) for name in questionnaire.PERSONAL}
                shown = (cell for place, cell in enumerate(row) if place not in personal and not is_empty_cell(cell))
                said = raw_text(next(shown, ""))
                self.reader.note("ROW_NOT_DATA", sheet=self.table.sheet.name, row=str(number), observed=said)
            else:
                found.append(_Found(self._read_row(number, row), row, self.table))
        return found

    def _is_aside(self, row: SheetRow) -> bool:
        """Tell a sum, a footnote, a stray remark or the header said again from a return."""
        if self.table.tool.identity or self.table.tool is MAILED:
            return False
        written = [raw_text(cell) for cell in row if not is_empty_cell(cell)]
        text = raw_text(cell_at(row, self.member.index))
        if canonical_header(text) in self.headings:
            return True
        if not written or self.plan.resolve(text) != self.plan.resolve(""):
            return False
        words = {fold(said).partition(" ")[0] for said in (text, written[0])}
        return bool(words & _SUMS) or (len(written) == 1 and self.plan.resolve(written[0]) == self.plan.resolve(""))

    def _read_row(self, number: int, row: SheetRow) -> ReceivedReturn:
        table, file = self.table, self.file
        member_text, member = read_member(self.member, row, self.plan)
        place = Place(file.quarter, file.name, table.sheet.name, str(number), member, table.row_of)
        quarter_text, notes = self._read_quarter(row, place)
        if member_text != raw_text(cell_at(row, self.member.index)):
            notes.append(make_issue("TEXT_INVISIBLE_STRIPPED", place, question="member"))
        if member and member_text.strip() != member:
            notes.append(make_issue("COUNTRY_NORMALISED", place, member, observed=member_text))
        answers = self._read_answers(row, place, notes)
        day, instant = self._read_receipt(row, place, notes)
        refused, held = self._check(row, place)
        ids = self._identities(row, day)
        return ReceivedReturn(
            place, file, member, member_text, quarter_text, day, instant,
            ids[0] if ids else f"{file.quarter}/{file.name}/{table.sheet.name}/{number}", answers,
            {name: raw_text(table.cell(row, Column(name))).strip() for name in questionnaire.PERSONAL},
            problems=tuple(refused), notes=(*notes, *held), on_hold=bool(held), other_ids=tuple(ids[1:]),
        )  # fmt: skip

    def _identities(self, row: SheetRow, day: date | None) -> list[str]:
        """Return what the tool knows a submission by, the surest first; a server's own number only with its day."""
        said = [(name, self.table.says(row, name)) for name in self.table.tool.identity]
        return [f"{text}@{day}" if name == "_id" else text for name, text in said if text]

    def _read_quarter(self, row: SheetRow, place: Place) -> tuple[str, list[Issue]]:
        """Return the quarter as it is named, without what nobody sees; an online form may leave it to the folder."""
        if Column("quarter") not in self.table.columns and self.table.tool.is_form:
            return place.quarter, [make_issue("QUARTER_FROM_FOLDER", place, place.quarter, rule=self.table.tool.source)]
        written = raw_text(self.table.cell(row, Column("quarter")))
        text = strings.without_invisible(written)
        notes = [make_issue("TEXT_INVISIBLE_STRIPPED", place, question="quarter")] if text != written else []
        with contextlib.suppress(ValueError):
            quarter = quarters.parse_quarter(text)
            if quarter != text.strip():
                notes.append(make_issue("QUARTER_NORMALISED", place, quarter, observed=written))
        return text, notes

    def _read_receipt(self, row: SheetRow, place: Place, notes: list[Issue]) -> tuple[date | None, datetime | None]:
        """Return the day and instant of receipt: the row's own, else the MANIFEST's (methodology, 2b)."""
        cell = next(
            (self.table.cell(row, name) for name in self.table.tool.receipt if name in self.table.columns), None
        )
        day = cells.parse_day(cell)
        if day:
            if self.file.received_on and day > self.file.received_on:
                # The file tells it, for on the day of an edition the return may not exist yet.
                note = make_issue(
                    "RECEIPT_AFTER_FILE", place, self.file.received_on.isoformat(), observed=day.isoformat()
                )
                self.reader.notes.append(note)
            return day, cells.parse_instant(cell)
        if not is_empty_cell(cell):
            notes.append(make_issue("DATE_INVALID", place, observed=raw_text(cell)))
        return self.file.received_on, None

    def _check(self, row: SheetRow, place: Place) -> tuple[list[Issue], list[Issue]]:
        """Return what refuses a row at once, and what puts it on hold."""
        table, refused, held = self.table, [], []
        if table.sheet.ragged and len(row) < table.width:
            refused.append(make_issue("V20.short", place, table.width, observed=str(len(row))))
        if table.says(row, "status").casefold() in tools.UNDECRYPTED and table.tool is tools.ODK:
            refused.append(make_issue("V20.undecrypted", place, observed=table.says(row, "status")))
        said = table.says(row, table.tool.status)
        state = tools.review_state(said)
        deleted = table.says(row, "deletedat") if table.tool is tools.ODK else ""
        if state == REJECTED or deleted:
            refused.append(make_issue("V20.rejected", place, observed=said or f"deletedAt {deleted}"))
        return refused, [make_issue("ON_HOLD", place, observed=said)] if state == ON_HOLD else held

    def _read_answers(self, row: SheetRow, place: Place, notes: list[Issue]) -> dict[str, questionnaire.Answer]:
        """Read every question of a row, `nd_<group>` ticks included; note each normalisation."""
        answers = {}
        for slot in self.slots:
            answer = answers[slot.question.name] = self._read_slot(slot, row, place, notes)
            if answer.note:
                observed = {"question": slot.question.name, "observed": answer.raw, "rule": answer.note}
                notes.append(make_issue("NUMBER_READ", place, answer.value, **observed))
            if slot.question.type == "text":
                notes += _text_notes(slot.question.name, answer.raw, place)
        for ticked in [name for name in answers if name.startswith("nd_")]:
            for name in answers[ticked].value.split():
                if name != questionnaire.NONE_CODE and answers[name].is_reported:
                    notes.append(make_issue("ND_ANSWERED", place, question=name, observed=answers[name].raw))
                elif (
                    name != questionnaire.NONE_CODE
                    and answers[name].state == questionnaire.MISSING
                    and not answers[name].rule
                ):
                    answers[name] = questionnaire.Answer(answers[name].raw, state=questionnaire.NOT_AVAILABLE)
        return answers

    def _read_slot(self, slot: AnswerColumns, row: SheetRow, place: Place, notes: list[Issue]) -> questionnaire.Answer:
        cell = _gather(slot, cell_at(row, slot.index), row) if slot.split else cell_at(row, slot.index)
        said = cells.stored_value(cell)
        if slot.by_label and type(said) is str and said.strip():
            cell = decode(slot.question, said)
            if cell != said.strip() and self.table.tool is MAILED:
                notes.append(make_issue("CHOICE_LABEL", place, cell, question=slot.question.name, observed=said))
        answer = read_answer(slot.question, cell)
        if slot.split and slot.index is not None and answer.value and _differs(slot, row, answer):
            notes.append(make_issue("SPLIT_DIFFERS", place, question=slot.question.name, observed=answer.raw))
        return answer


def _ticked(slot: AnswerColumns, row: SheetRow) -> set[str]:
    return {choice for choice, index in slot.split if raw_text(cell_at(row, index)).strip().upper() in _TICKED}


def _differs(slot: AnswerColumns, row: SheetRow, answer: questionnaire.Answer) -> bool:
    """Tell whether the split columns say something else than their summary; blank ones say nothing."""
    told = any(not is_empty_cell(cell_at(row, index)) for _, index in slot.split)
    return told and _ticked(slot, row) != set(answer.value.split()) & {choice for choice, _ in slot.split}


def _gather(slot: AnswerColumns, summary: CellValue, row: SheetRow) -> CellValue:
    """Return the summary of a select-many answer, or put its split columns together again, in the columns' order.

    Columns that are all 0 say as little as blank ones: "none" is a choice of its own, and ODK writes 0 for a blank.
    """
    if not is_empty_cell(summary):
        return summary
    ticked = _ticked(slot, row)
    return " ".join(choice for choice, _ in slot.split if choice in ticked) or None


def _text_notes(question: str, text: str, place: Place) -> list[Issue]:
    """Note what a free text holds that has to be handled with care wherever it is shown."""
    masked = mask_text(text)
    keys = [*cells.text_remarks(text), *(["TEXT_PII"] if masked != text else [])]
    observed = masked if len(masked) <= _SHOWN else masked[:_SHOWN] + "…"
    return [make_issue(key, place, len(text), question=question, observed=observed) for key in keys]


# --- innovations ------------------------------------------------------------------------------------------------


_Rows = Iterable[tuple[HeadedSheet, SheetRow, ReceivedItem]]


def _read_items(
    tables: Sequence[HeadedSheet], reader: LayoutReader, file: ReceivedFile
) -> Iterator[tuple[HeadedSheet, SheetRow, ReceivedItem]]:
    """Yield every item of some tables with the row it was read from; a blank row is none."""
    for table in tables:
        slots = table.slots(reader.form.fields)
        for number, row in table.rows:
            if any(not is_empty_cell(cell_at(row, slot.index)) for slot in slots):
                place = Place(file.quarter, file.name, table.sheet.name, str(number))
                answers = {slot.question.name: _read_field(slot, row) for slot in slots}
                yield table, row, ReceivedItem(answers, place)
                for slot in (slot for slot in slots if slot.question.type == "text"):
                    name = slot.question.name
                    reader.notes += _text_notes(f"innovations.{name}", answers[name].raw, place)


def _with_items(
    found: Sequence[_Found], layout: Layout, rows: _Rows, reader: LayoutReader, plan: Plan
) -> list[ReceivedReturn]:
    """Give each return the items that name it; without a table of innovations no return has such a part."""
    if not layout.items:
        return [each.one for each in found]
    parts: list[list[ReceivedItem]] = [[] for _ in found]
    links = {id(table): _Links(table, found, plan, reader.form) for table in layout.items}
    for table, row, item in rows:
        parents = links[id(table)].parents(row)
        for n in parents:
            parts[n].append(item.of(found[n].one.member))
        if not parents:
            reader.notes.append(orphan_issue(item))
    return [replace(each.one, items=tuple(part)) for each, part in zip(found, parts, strict=True)]


def orphan_issue(item: ReceivedItem) -> Issue:
    """Tell of an item that names no return."""
    return make_issue("ITEM_ORPHAN", item.place, observed=" ".join(item.content).strip())


def _read_field(slot: AnswerColumns, row: SheetRow) -> questionnaire.Answer:
    cell = cell_at(row, slot.index)
    said = cells.stored_value(cell)
    return read_answer(slot.question, decode(slot.question, said) if slot.by_label and type(said) is str else cell)


class _Links:
    """Finds the returns that an item belongs to: by the tool's keys, else by its member and date of receipt."""

    def __init__(self, table: HeadedSheet, found: Sequence[_Found], plan: Plan, form: questionnaire.Form) -> None:
        self.table, self.found, self.plan = table, found, plan
        (self.member,) = table.slots([form.by_name["member"]])
        self.keys: list[tuple[str, str, dict[str, list[int]]]] = []
        for child, parent in PARENT_KEYS:
            if child in table.columns:
                numbers: dict[str, list[int]] = {}
                for n, each in enumerate(found):
                    numbers.setdefault(each.table.says(each.row, parent), []).append(n)
                self.keys.append((child, parent, numbers))

    def parents(self, item: SheetRow) -> list[int]:
        """Return the numbers of the returns that an item names, none when it names none of the file.

        A further key counts only for returns that lack the ids which the item's surer keys name.
        """
        surer: list[str] = []
        for child, parent, numbers in self.keys:
            key = self.table.says(item, child)
            named = [n for n in numbers.get(key, ()) if key and not any(self._id(n, other) for other in surer)]
            if named:
                return named
            surer += [parent] if key else []
        if self.keys:
            return []
        if self.member.index is None:
            return [0] if len(self.found) == 1 else []
        _, member = read_member(self.member, item, self.plan)
        cell = self.table.cell(item, "submitted_on")
        named = [n for n, each in enumerate(self.found) if member and each.one.member == member]
        return [n for n in named if _names_receipt(cell, self.found[n].one)]

    def _id(self, n: int, name: str) -> str:
        return self.found[n].table.says(self.found[n].row, name)


def _names_receipt(cell: CellValue, one: ReceivedReturn) -> bool:
    """Tell whether a `submitted_on` names a return: nothing names all, a day those of the day, an instant that one."""
    instant = cells.parse_instant(cell)
    if is_empty_cell(cell) or instant is None:
        return is_empty_cell(cell) or one.received_on == cells.parse_day(cell)
    return one.received_at is not None and in_utc(instant) == in_utc(one.received_at)
