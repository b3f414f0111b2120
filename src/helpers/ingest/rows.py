"""From one file to its returns: reads every row of its tables, and links each item to its return."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import PurePath

from helpers.ingest import admit, cells, confirmed, delimited, odk, tools, xlsx
from helpers.ingest.cells import CellValue, is_empty_cell, raw_text, read_answer
from helpers.ingest.headers import HeaderColumn
from helpers.ingest.issues import Issue, Place, make_issue
from helpers.ingest.labels import decode, find_code, read_tick
from helpers.ingest.layout import AnswerColumns, HeadedSheet, LayoutReader, SheetRow
from helpers.ingest.records import DetachedItems, ReceivedFile, ReceivedItem, ReceivedReturn, in_utc
from helpers.ingest.sheets import Contents, cell_at
from helpers.plan import Plan, quarters, questionnaire, read_settings
from helpers.strings import fold, mask_names, mask_text, without_invisible

_SHOWN = 60  # characters of a free text in a note
# First words of a row that sums up the others. No member's name begins with one.
_SUMS = frozenset({
    "total", "totaux", "totals", "sous", "subtotal", "grand", "ensemble", "somme", "sum", "soma", "moyenne", "average",
    "mean", "média", "المجموع", "الإجمالي",
})  # fmt: skip


def open_file(content: bytes, name: str, form: questionnaire.Form) -> Contents:
    """Return a file's sheets by their published names. Raises Unreadable, or what readers raise on hostile bytes."""
    admit.check_size(len(content))
    kind = admit.admit(content)
    if kind == admit.WORKBOOK:
        contents = xlsx.read_workbook(content)
    elif kind == admit.ARCHIVE:
        contents = odk.read_archive(content, form)
    else:
        contents = odk.read_odata(content) if kind == admit.JSON else delimited.read_text(content, form)
    shown = mask_names(sheet.name for sheet in contents.sheets)
    sheets = [replace(sheet, name=shown[sheet.name]) for sheet in contents.sheets]
    remarks = [replace(remark, sheet=shown.get(remark.sheet, remark.sheet)) for remark in contents.remarks]
    suffix = PurePath(name).suffix
    if suffix.casefold() not in admit.SUFFIXES[kind]:
        remarks.append(admit.Remark("FILE_EXT_MISMATCH", suffix))
    return Contents(tuple(sheets), tuple(remarks))


@dataclass(frozen=True)
class FileRead:
    """What was read of a file: returns, or another file's items; notes; ids of other quarters' submissions."""

    returns: Sequence[ReceivedReturn]
    part: DetachedItems | None
    notes: Sequence[Issue]
    passed_over: frozenset[str] = frozenset()


def read_file(content: bytes, file: ReceivedFile, plan: Plan, form: questionnaire.Form) -> FileRead:
    """Read a file's returns with their items. Raises Unreadable, whatever its bytes, to refuse it whole."""
    try:
        return _read_file(content, file, plan, form)
    except admit.Unreadable:
        raise
    except Exception as reason:  # an unreadable file is an issue, never a crash
        raise admit.Unreadable("damaged") from reason


def _read_file(content: bytes, file: ReceivedFile, plan: Plan, form: questionnaire.Form) -> FileRead:
    reader = LayoutReader(form, plan, file.place, file.received_on)
    contents, asked = confirmed.take_asked(open_file(content, file.name, form))
    layout = reader.layout(contents)
    rows = [row for table in layout.returns for row in _TableReader(table, reader, file).read()]
    said = confirmed.read_said(asked, [(row.received, row.table) for row in rows], reader)
    rows = [replace(row, received=each) for row, each in zip(rows, said, strict=True)]
    items = list(_read_items(layout.items, reader, file))
    returns, part = [row.received for row in rows], None
    if layout.returns and (layout.items or layout.has_no_items):
        returns = _with_items(rows, layout.items, items, reader)
    elif layout.items:
        keys = ((table.text(row, "parent_key"), table.text(row, "key"), item) for table, row, item in items)
        part = DetachedItems(file, tuple(keys))
    if not rows and (layout.returns or not items):
        reader.note("FILE_NO_ROWS")
    others = [row for row in rows if row.other_quarter]
    if others:
        counts = Counter(row.other_quarter for row in others)
        key = "OTHER_QUARTERS" if len(others) < len(rows) else "OTHER_QUARTERS.only"
        reader.note(key, observed=", ".join(f"{quarter}: {n}" for quarter, n in counts.items()))
        returns = [received for row, received in zip(rows, returns, strict=True) if not row.other_quarter]
    notes = [replace(note, known_on=file.received_on) for note in reader.notes]
    return FileRead(returns, part, notes, frozenset(row.received.identity for row in others))


def read_member(columns: AnswerColumns, row: SheetRow, plan: Plan) -> tuple[str, str]:
    """Return the text that names the member of a row, and its ISO3 code: blank unless it names exactly one."""
    text = without_invisible(raw_text(cell_at(row, columns.index)))
    code = decode(columns.question, text) if columns.by_label else text.strip()
    return text, code if code in columns.question.choices else plan.resolve(text).iso3


@dataclass(frozen=True)
class _ReturnRow:
    """A return with the row and table it was read from, so that items can be linked to it."""

    received: ReceivedReturn
    row: SheetRow
    table: HeadedSheet

    @property
    def other_quarter(self) -> str:
        """The quarter of the plan that a tool's submission is for, where it is not the folder's: the form goes on."""
        text = self.received.quarter_text
        if self.table.tool in (tools.PLAIN, tools.MAILED) or not quarters.is_quarter(text):
            return ""
        quarter = quarters.parse_quarter(text)
        return quarter if quarter != self.received.place.quarter and read_settings().in_plan(quarter) else ""

    def text(self, name: str) -> str:
        return self.table.text(self.row, name)


class _TableReader:
    """Reads the rows of one table of returns."""

    def __init__(self, table: HeadedSheet, reader: LayoutReader, file: ReceivedFile) -> None:
        self.table, self.reader, self.file, self.plan = table, reader, file, reader.plan
        form = reader.form
        older = () if form.repeat.asked in table.languages else (form.repeat.asked,)  # of an older form
        not_answers = ("member", "quarter", *form.identity.personal, *older)
        self.columns = table.answer_columns([q for q in form.questions if q.name not in not_answers])
        (self.member,) = table.answer_columns([form.by_name["member"]])
        self.decimal_mark = _find_decimal_mark(table, self.columns)

    def read(self) -> list[_ReturnRow]:
        """Return the table's returns; note the rows that are not returns."""
        rows = []
        personal = {self.table.columns.get(HeaderColumn(name)) for name in self.reader.form.identity.personal}
        for number, row in self.table.rows:
            if self._is_not_return(row):
                shown = (cell for index, cell in enumerate(row) if index not in personal and not is_empty_cell(cell))
                text = raw_text(next(shown, ""))
                self.reader.note("ROW_NOT_DATA", sheet=self.table.sheet.name, row=str(number), observed=text)
            else:
                rows.append(_ReturnRow(self._read_or_refuse(number, row), row, self.table))
        return rows

    def _is_not_return(self, row: SheetRow) -> bool:
        """Tell whether a row is a sum, a footnote or a stray remark instead of a return."""
        if self.table.tool.identity or self.table.tool is tools.MAILED:
            return False
        written = [raw_text(cell) for cell in row if not is_empty_cell(cell)]
        member = raw_text(cell_at(row, self.member.index))
        nobody = self.plan.resolve("")
        if not written or self.plan.resolve(member) != nobody:
            return False
        words = {fold(text).partition(" ")[0] for text in (member, written[0])}
        return bool(words & _SUMS) or (len(written) == 1 and self.plan.resolve(written[0]) == nobody)

    def _read_or_refuse(self, number: int, row: SheetRow) -> ReceivedReturn:
        """Read a row; one that the reader cannot take is refused (V20), and the others stand."""
        table, file = self.table, self.file
        member_text, member = read_member(self.member, row, self.plan)
        place = Place(file.quarter, file.name, table.sheet.name, str(number), member, table.row_of)
        try:
            return self._read_row(row, place, member_text)
        except Exception as reason:
            problem = make_issue("V20.row", place, type(reason).__name__)
            answers = {columns.question.name: questionnaire.UNANSWERED for columns in self.columns}
            quarter_text = raw_text(table.cell(row, HeaderColumn("quarter")))
            return ReceivedReturn(
                place, file, member, member_text, quarter_text, file.received_on, None, self._place_id(place), answers,
                {}, problems=(problem,),
            )  # fmt: skip

    def _place_id(self, place: Place) -> str:
        """Return the identity of a return without an id of its tool's."""
        return f"{place.quarter}/{place.source_file}/{place.sheet}/{place.row}{self.table.column}"

    def _read_row(self, row: SheetRow, place: Place, member_text: str) -> ReceivedReturn:
        table, file, member, form = self.table, self.file, place.member, self.reader.form
        quarter_text, notes = self._read_quarter(row, place)
        if member_text != raw_text(cell_at(row, self.member.index)):
            notes.append(make_issue("TEXT_INVISIBLE_STRIPPED", place, question="member"))
        if member and member_text.strip() != member:
            notes.append(make_issue("COUNTRY_NORMALISED", place, member, observed=member_text))
        answers = self._read_answers(row, place, notes)
        day, instant = self._read_receipt(row, place, notes)
        review = table.review(row)
        on_hold = tools.review_state(review) == tools.ON_HOLD
        if on_hold:
            notes.append(make_issue("ON_HOLD", place, observed=review))
        # The tool's ids, the surest first; a server's own number only with its day.
        texts = [(name, table.text(row, name)) for name in table.tool.identity]
        ids = [f"{text}@{day}" if name == "_id" else text for name, text in texts if text]
        ids = ids or [self._place_id(place)]
        added = {name: table.text(row, name) for name in table.columns if isinstance(name, str)}
        counts = confirmed.read_ticked(added, answers, place, form)
        notes += [make_issue("CONFIRM.yes", place, each.quarter, each.value, question=each.question) for each in counts]
        return ReceivedReturn(
            place, file, member, member_text, quarter_text, day, instant, ids[0], answers,
            {name: raw_text(table.cell(row, HeaderColumn(name))).strip() for name in form.identity.personal},
            problems=tuple(self._refuse(row, place)), notes=tuple(notes), on_hold=on_hold, other_ids=tuple(ids[1:]),
            confirmed=tuple(counts),
        )  # fmt: skip

    def _read_quarter(self, row: SheetRow, place: Place) -> tuple[str, list[Issue]]:
        """Return the quarter as written, without invisible characters; an online form may leave it to the folder."""
        if HeaderColumn("quarter") not in self.table.columns and self.table.tool.is_form:
            return place.quarter, [make_issue("QUARTER_FROM_FOLDER", place, place.quarter, rule=self.table.tool.source)]
        written = raw_text(self.table.cell(row, HeaderColumn("quarter")))
        text = without_invisible(written)
        notes = [make_issue("TEXT_INVISIBLE_STRIPPED", place, question="quarter")] if text != written else []
        if quarters.is_quarter(text) and (quarter := quarters.parse_quarter(text)) != text.strip():
            notes.append(make_issue("QUARTER_NORMALISED", place, quarter, observed=written))
        return text, notes

    def _read_receipt(self, row: SheetRow, place: Place, notes: list[Issue]) -> tuple[date | None, datetime | None]:
        """Return the day and instant of receipt: the row's own, else the MANIFEST's day (methodology, 2b)."""
        names = [name for name in self.table.tool.receipt if name in self.table.columns]
        cell, listed = self.table.cell(row, names[0]) if names else None, self.file.received_on
        day = cells.parse_day(cell)
        if day:
            if listed and day > listed:
                # A note of the file, not of the return: by the date of the edition the return may not exist yet.
                late = make_issue("RECEIPT_AFTER_FILE", place, listed.isoformat(), observed=day.isoformat())
                self.reader.notes.append(late)
            return day, cells.parse_instant(cell)
        if not is_empty_cell(cell):
            notes.append(make_issue("DATE_INVALID", place, observed=raw_text(cell)))
        return listed, None

    def _refuse(self, row: SheetRow, place: Place) -> Iterator[Issue]:
        """V20: yield why a row is refused at once: as any row of a table, not decrypted, or rejected in the tool."""
        yield from _refuse_row(self.table, row, place)
        review, status, deleted = self.table.review(row), "", ""
        if self.table.tool is tools.ODK:
            status, deleted = self.table.text(row, "status"), self.table.text(row, "deletedat")
        if status.casefold() in tools.UNDECRYPTED:
            yield make_issue("V20.undecrypted", place, observed=status)
        if tools.review_state(review) == tools.REJECTED or deleted:
            yield make_issue("V20.rejected", place, observed=review or f"deletedAt {deleted}")

    def _read_answers(self, row: SheetRow, place: Place, notes: list[Issue]) -> dict[str, questionnaire.Answer]:
        """Read every question of a row, `nd_<group>` ticks included; note each normalisation."""
        answers = {}
        for columns in self.columns:
            name = columns.question.name
            answer = answers[name] = self._answer(columns, row, place, notes)
            if answer.note:
                facts = {"question": name, "observed": answer.raw, "rule": answer.note}
                key = "CHOICE_RETIRED" if answer.note == "CHOICE_RETIRED" else "NUMBER_READ"
                notes.append(make_issue(key, place, answer.value, **facts))
            if columns.question.type == "text":
                notes += _text_notes(name, answer.raw, place)
        ticks = [name for ticked in answers if ticked.startswith("nd_") for name in answers[ticked].value.split()]
        for name in ticks:
            if name == questionnaire.NONE_CODE:
                continue
            if answers[name].is_reported:
                notes.append(make_issue("ND_ANSWERED", place, question=name, observed=answers[name].raw))
            elif answers[name].state == questionnaire.MISSING and not answers[name].rule:
                answers[name] = questionnaire.Answer(answers[name].raw, state=questionnaire.NOT_AVAILABLE)
        return answers

    def _answer(self, columns: AnswerColumns, row: SheetRow, place: Place, notes: list[Issue]) -> questionnaire.Answer:
        """Read the answer in a question's own column or, where that is blank, in the columns of its choices."""
        question, cell = columns.question, cell_at(row, columns.index)
        split = {choice: cell_at(row, index) for choice, index in columns.split.items()}
        ticks = {choice: read_tick(question, choice, mark) for choice, mark in split.items()}
        ticked = [choice for choice, tick in ticks.items() if tick]
        if split and is_empty_cell(cell):
            unclear = [f"{choice}: {raw_text(split[choice])}" for choice, tick in ticks.items() if tick is None]
            if unclear:
                return questionnaire.Answer("; ".join(unclear), rule="V07")
            # Columns that are all 0 are as good as blank: "none" is itself a choice, and ODK writes 0 for a blank.
            cell = " ".join(ticked) or None
        text = cells.stored_value(cell)
        if columns.by_label and type(text) is str and text.strip():
            cell = decode(question, text)
            if cell != text.strip() and self.table.tool is tools.MAILED:
                notes.append(make_issue("CHOICE_LABEL", place, cell, question=question.name, observed=text))
        answer = read_answer(question, cell, self.decimal_mark)
        # Choices that are all blank do not contradict the question's own column.
        is_twice = columns.index is not None and not all(map(is_empty_cell, split.values()))
        # A retired choice counts nowhere, and so is not in the answer.
        if is_twice and answer.value and set(ticked) - question.retired != set(answer.value.split()) & split.keys():
            notes.append(make_issue("SPLIT_DIFFERS", place, question=question.name, observed=answer.raw))
        return answer


def _refuse_row(table: HeadedSheet, row: SheetRow, place: Place) -> Iterator[Issue]:
    """V20: yield why a row of returns or items is refused: too short, too long, or one answer given twice."""
    if table.sheet.ragged and len(row) < table.width:
        yield make_issue("V20.short", place, table.width, observed=str(len(row)))
    if any(not is_empty_cell(cell) and n not in table.unnamed for n, cell in enumerate(row) if n >= table.width):
        yield make_issue("V20.long", place, table.width, observed=str(len(row)))
    for name, texts in table.twice.get(int(place.row), ()):
        yield make_issue("V20.duplicate", place, name, observed=texts)


def _text_notes(question: str, text: str, place: Place) -> list[Issue]:
    """Note what needs care wherever a free text is shown."""
    masked = mask_text(text)
    keys = [*cells.text_remarks(text), *(["TEXT_PII"] if masked != text else [])]
    observed = masked if len(masked) <= _SHOWN else masked[:_SHOWN] + "…"
    return [make_issue(key, place, len(text), question=question, observed=observed) for key in keys]


_ItemRow = tuple[HeadedSheet, SheetRow, ReceivedItem]


def _read_items(tables: Sequence[HeadedSheet], reader: LayoutReader, file: ReceivedFile) -> Iterator[_ItemRow]:
    """Yield every item of some tables with the row it was read from; skip blank rows."""
    repeat = reader.form.repeat
    for table in tables:
        fields = table.answer_columns(reader.form.fields)
        roles = [repeat.role_of.get(each.question.name, each.question.name) for each in fields]
        mark = _find_decimal_mark(table, fields)
        for number, row in table.rows:
            if all(is_empty_cell(cell_at(row, columns.index)) for columns in fields):
                continue
            place = Place(file.quarter, file.name, table.sheet.name, str(number))
            refused = list(_refuse_row(table, row, place))
            reader.notes += refused
            if refused:
                continue
            try:
                found = {role: _read_field(each, row, mark) for role, each in zip(roles, fields, strict=True)}
                answers = dict.fromkeys(repeat.ROLES, questionnaire.UNANSWERED) | found
            except Exception as reason:  # the other items stand
                reader.notes.append(make_issue("V20.row", place, type(reason).__name__))
                continue
            answers |= _decode_detail(answers, place, reader)
            yield table, row, ReceivedItem(answers, place)
            for role, each in zip(roles, fields, strict=True):
                if each.question.type == "text":
                    reader.notes += _text_notes(f"{repeat.name}.{each.question.name}", answers[role].raw, place)


def _decode_detail(
    answers: Mapping[str, questionnaire.Answer], place: Place, reader: LayoutReader
) -> dict[str, questionnaire.Answer]:
    """Return the detail of an item as its code, with a note, where it is a label of the list of its kind."""
    repeat, detail = reader.form.repeat, answers["detail"]
    listed = reader.form.lists.get(repeat.details.get(answers["kind"].value, ""), {})
    code = find_code(listed, detail.value) if detail.is_reported else ""
    if not code or code == detail.value.strip():
        return {}
    question = repeat.question("detail")
    reader.notes.append(make_issue("CHOICE_LABEL", place, code, question=question, observed=detail.raw))
    return {"detail": detail._replace(value=code)}


def _find_decimal_mark(table: HeadedSheet, columns: Sequence[AnswerColumns]) -> str:
    """Return the mark before three decimals that a table's counts are written with, blank without one."""
    counts = [each.index for each in columns if each.question.type == "integer"]
    texts = (cell_at(row, index) for _, row in table.rows for index in counts)
    return cells.find_decimal_mark(text for text in texts if isinstance(text, str))


def _read_field(columns: AnswerColumns, row: SheetRow, decimal_mark: str) -> questionnaire.Answer:
    cell = cell_at(row, columns.index)
    text = cells.stored_value(cell)
    is_label = columns.by_label and type(text) is str
    return read_answer(columns.question, decode(columns.question, text) if is_label else cell, decimal_mark)


def _with_items(
    rows: Sequence[_ReturnRow], tables: Sequence[HeadedSheet], items: Iterable[_ItemRow], reader: LayoutReader
) -> list[ReceivedReturn]:
    """Give each return the items that name it, and note those that name none."""
    parts: list[list[ReceivedItem]] = [[] for _ in rows]
    links = {id(table): _Links(table, rows, reader) for table in tables}
    for table, row, item in items:
        parents = links[id(table)].parents(row)
        for n in parents:
            parts[n].append(item.of(rows[n].received.member))
        if not parents:
            reader.notes.append(item.orphan_issue)
    # The sheet of one member's own questionnaire, left blank, says nothing: it also asks whether there is any item. A
    # list that names its members is complete.
    is_own = not any(HeaderColumn(questionnaire.MEMBER_ASKED) in table.columns for table in tables)
    returns = []
    for row, part in zip(rows, parts, strict=True):
        also_asks = row.table.tool is tools.MAILED and reader.form.repeat.asked in row.table.languages
        items = None if is_own and also_asks and not part else tuple(part)
        returns.append(replace(row.received, items=items))
    return returns


class _Links:
    """Finds the returns that an item belongs to: by the tool's keys, else by its member and date of receipt."""

    def __init__(self, table: HeadedSheet, rows: Sequence[_ReturnRow], reader: LayoutReader) -> None:
        self.table, self.rows, self.plan = table, rows, reader.plan
        (self.member,) = table.answer_columns([reader.form.by_name["member"]])
        self.keys = [(child, parent) for child, parent in tools.PARENT_KEYS if child in table.columns]
        self.named: dict[tuple[str, str], list[int]] = defaultdict(list)  # the returns, by key column and key
        for n, each in enumerate(rows):
            for _, parent in self.keys:
                self.named[parent, each.text(parent)].append(n)

    def parents(self, item: SheetRow) -> list[int]:
        """Return the indexes of the returns that an item names, none when it names none of this file.

        A less sure key counts only for returns that lack the ids which the item's surer keys name.
        """
        if not self.keys:
            return self._by_member(item)
        surer: list[str] = []
        for child, parent in self.keys:
            key = self.table.text(item, child)
            if not key:
                continue
            named = [n for n in self.named[parent, key] if not any(self.rows[n].text(other) for other in surer)]
            if named:
                return named
            surer.append(parent)
        return []

    def _by_member(self, item: SheetRow) -> list[int]:
        if self.member.index is None:
            return [0] if len(self.rows) == 1 else []
        _, member = read_member(self.member, item, self.plan)
        cell = self.table.cell(item, "submitted_on")
        named = [n for n, each in enumerate(self.rows) if member and each.received.member == member]
        return [n for n in named if _names_receipt(cell, self.rows[n].received)]


def _names_receipt(cell: CellValue, received: ReceivedReturn) -> bool:
    """Tell whether a `submitted_on` names a return: a blank names all, a day those of that day, an instant that one."""
    instant = cells.parse_instant(cell)
    if instant is None:
        return is_empty_cell(cell) or received.received_on == cells.parse_day(cell)
    return received.received_at is not None and in_utc(instant) == in_utc(received.received_at)
