"""The questionnaire as a workbook for each member, in its language: sent by mail, and read back by `ingest`."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from openpyxl.utils import get_column_letter

from helpers.desk.previous import Asked, Previous
from helpers.desk.texts import desk_text
from helpers.desk.validations import ALLOWED, Lists, Validation, Validator, offered
from helpers.i18n import Translator
from helpers.ingest import confirmed
from helpers.plan import Member, Plan, quarters, questionnaire
from helpers.report import xlsx

FOLDER = "mail"
MOST_ITEMS = 60  # rows of the sheet of the repeat
_CODE, _LABEL, _ANSWER, _LAST, _HINT = range(5)  # columns
_WIDTHS = (8, 54, 34, 24, 68)
_FIELD_WIDTHS = {"select_one": 20, "date": 14, "integer": 14, "text": 34}
_LONGEST_NAME, _NOT_IN_NAMES = 31, re.compile(r"[\[\]:*?/\\']")  # of a sheet
_REMARKS_HEIGHT = 180  # points: twelve lines
_FREE = xlsx.REPLY | {"locked": False}
_PRESET = {"bg_color": "#EEF1F4", "bold": True}
_RULE = {"bottom": 1, "bottom_color": "#DDE3E9"}
_SMALL = {"font_size": 7, "font_color": "#8A939C"}
_QUIET = {"font_color": "#55616D", "text_wrap": True, "indent": 1} | _RULE
_HEADING = {"bold": True, "bg_color": "#DCE5EE", "top": 1, "top_color": "#9FB3C8"}
_FORMATS = {"integer": "#,##0", "date": "yyyy-mm-dd", "text": "@"}


def write_mail_forms(
    folder: Path, plan: Plan, form: questionnaire.Form, quarter: str, previous: Mapping[str, Previous], as_of: date,
    members: Collection[str] = (),
) -> list[Path]:  # fmt: skip
    """Write `mail/<ISO3>.xlsx` for each member valid in a quarter (or those given), in its language; return the files.

    `previous` is what each answered last, by member; `as_of` the day the workbooks are of. The same inputs give the
    same bytes. Raises OSError where nothing can be written.
    """
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    written = []
    for member in (each for each in plan.members_in(quarter) if not members or each.member in members):
        path = folder / FOLDER / f"{member.member}.xlsx"
        name = member.name.get(member.language) or member.member
        title = desk_text("title", member.language, quarter=Translator(member.language).quarter(quarter), member=name)
        with xlsx.open_book(path, as_of, member.language, title=title) as book:
            known = previous.get(member.member, Previous())
            _MailForm(book, plan, form, quarter, member, known).write(title)
        written.append(path)
    return written


@dataclass(frozen=True)
class _Line:
    """A row of the sheet of questions; a heading has neither question nor asked."""

    code: str
    label: str
    question: questionnaire.Question | None = None
    choice: str = ""
    asked: Asked | None = None

    @property
    def has_answer(self) -> bool:
        """Whether its cell is to be filled in: not that of a heading, or of a question with a row for each choice."""
        is_split = self.question and self.question.type == "select_multiple" and not self.choice
        return bool(self.asked or self.question) and not is_split


class _MailForm:
    """Writes the workbook of one member."""

    def __init__(
        self, book: xlsx.Book, plan: Plan, form: questionnaire.Form, quarter: str, member: Member, previous: Previous
    ) -> None:
        self.book, self.settings, self.form, self.quarter, self.member = book, plan.settings, form, quarter, member
        self.previous, self.language, self.t = previous, member.language, Translator(member.language)
        self.validator = Validator(Lists(self.text("sheet_lists")), member.language)
        self.last_quarter = max((each.quarter for each in previous.answers.values()), default="")
        self.items_name = self._name_items()

    def text(self, key: str, **values: object) -> str:
        return desk_text(key, self.language, **values)

    def word(self, label: questionnaire.Label, code: str) -> str:
        """Return a label in the member's language, its code where it has none."""
        return label.get(self.language) or code

    def write(self, title: str) -> None:
        """Write the sheets: the questions, the repeat where there is one, the lists."""
        self._write_questions(title)
        if self.form.repeat:
            self._write_items()
        sheet = self.book.add_sheet(self.validator.lists.sheet, "", (8, 8, 60))  # bare texts, as they are chosen
        for row, text in enumerate(self.validator.lists.texts):
            sheet.write(row, Lists.COLUMN, text)
        sheet.worksheet.hide()
        sheet.worksheet.protect("", ALLOWED)

    def _name_items(self) -> str:
        """Return the name of the sheet of the repeat: its label where a sheet may be called so, else its name."""
        name = self.form.repeat.name
        label = self.word(self.form.groups.get(name, {}), name)
        others = (self.text("sheet_questions").casefold(), self.text("sheet_lists").casefold())
        is_legal = len(label) <= _LONGEST_NAME and not _NOT_IN_NAMES.search(label) and label.casefold() not in others
        return label if is_legal else name

    # --- the sheet of questions ---

    def _write_questions(self, title: str) -> None:
        sheet = self.book.add_sheet(self.text("sheet_questions"), self.language, _WIDTHS)
        sheet.write_lines(0, title, bold=True, font_size=14)
        last = "head_last_of" if self.last_quarter else "head_last"
        heads = ("head_code", "head_question", "head_answer", last, "head_definition")
        of = self.t.quarter_in_cell(self.last_quarter)
        sheet.write_heads(1, [self.text(head, quarter=of) for head in heads], [_SMALL])
        row = 2
        for line in self._list_instructions():
            row = sheet.write_lines(row, line)
        lines = dict(enumerate(self._list_lines(), start=row + 1))
        cells = {line.question.name: _cell(row) for row, line in lines.items() if line.question and not line.choice}
        for row, line in lines.items():
            self._write_line(sheet, row, line)
            if line.has_answer and not self._preset(line):
                self._hold(sheet, row, line, lines, cells)
        first = next(row for row, line in lines.items() if line.has_answer and not self._preset(line))
        sheet.worksheet.freeze_panes(2, 0)
        sheet.worksheet.set_selection(first, _ANSWER, first, _ANSWER)
        sheet.worksheet.activate()
        self._finish(sheet, 1, title)

    def _list_instructions(self) -> Iterator[str]:
        """Yield what to know before answering: by when and to whom, how, and what the form itself says."""
        yield self.text("return_by", day=self.t.day(self.settings.on_time_by(self.quarter)))
        if contact := self.settings.name_contact(self.language):
            yield self.text("return_to", contact=contact)
        yield from (self.text(key) for key in ("how_cells", "how_blank", "how_tick"))
        if self.previous.answers:
            yield self.text("how_last")
        yield from filter(None, (self.word(text, "") for text in self.form.note_texts.values()))

    def _list_lines(self) -> Iterator[_Line]:
        """Yield the rows: what is to be confirmed, then the questions under the headings of their groups."""
        if self.previous.asked:
            yield _Line("", self.text("confirm"))
        for asked in self.previous.asked:
            words = {"quarter": self.t.quarter(asked.quarter), "value": self.t.number(asked.value)}
            label = self.word(self.form.label_of(asked.question), asked.question)
            code = confirmed.confirm_code(asked.quarter, asked.question, asked.value)
            yield _Line(code, self.text("confirm_count", question=label, **words), asked=asked)
        group = ""
        for question in self.form.questions:
            if question.group != group:
                group = question.group
                yield _Line(group, self.word(self.form.groups.get(group, {}), group))
            yield _Line(question.name, self._word(question), question)
            if question.type == "select_multiple":
                for code, label in offered(question):
                    yield _Line(f"{question.name}/{code}", self.word(label, code), question, code)

    def _word(self, question: questionnaire.Question) -> str:
        """Return a question in words; below it when it is asked, or where its answer goes on."""
        lines = [self.word(question.label, question.name)]
        answers: dict[str, list[str]] = {}
        for name, code in question.asked_if:
            other = self.form.by_name.get(name)
            label = self.word(other.choice_labels.get(code, {}), code) if other else code
            answers.setdefault(self.word(self.form.label_of(name), name), []).append(label)
        for asked, labels in answers.items():
            lines.append(self.text("only_if", question=asked, answers=", ".join(labels)))
        if self.form.repeat and question.name == self.form.repeat.asked:
            lines.append(self.text("see_sheet", sheet=self.items_name))
        return "\n".join(lines)

    def _preset(self, line: _Line) -> str:
        """Return the answer that is written already, blank for all other questions."""
        own = self.form.identity
        presets = {own.member: self.member.member, own.quarter: self.quarter, own.language: self.language}
        value = presets.get(line.code, "")
        is_possible = not line.question or not line.question.choices or value in line.question.choices
        return value if is_possible else ""

    def _write_line(self, sheet: xlsx.SheetWriter, row: int, line: _Line) -> None:
        if not (line.question or line.asked):
            for column, text in enumerate((line.code, line.label, "", "", "")):
                sheet.write(row, column, text, **_HEADING | (_SMALL if column == _CODE else {}))
            return
        hint, last = self._explain(line), self._last(line)
        start = "right" if sheet.is_rtl else "left"
        quiet = _QUIET | {"align": start}
        shown = quiet | ({"num_format": "#,##0"} if isinstance(last, int) else {})
        within = {"indent": 2, "align": start} if line.choice else {"bold": not line.has_answer}
        sheet.write(row, _CODE, line.code, **_SMALL, **_RULE)
        sheet.write(row, _LABEL, line.label, text_wrap=True, **within, **_RULE)
        sheet.write(row, _LAST, last, **shown)
        sheet.write(row, _HINT, hint, **quiet)
        sheet.fit_row(row, ["", line.label, "", str(last), hint])
        if preset := self._preset(line):
            sheet.write(row, _ANSWER, preset, **_PRESET)
        elif line.has_answer:
            kind = "select_one" if line.choice or line.asked else line.question.type
            sheet.write(row, _ANSWER, "", **_FREE, num_format=_FORMATS.get(kind, "General"))

    def _explain(self, line: _Line) -> str:
        if line.asked:
            return self.text("confirm_why", yes=self.text("yes"), no=self.text("no"))
        return "" if line.choice else self.word(line.question.hint, "")

    def _last(self, line: _Line) -> object:
        """Return the last answer to a question as it is shown: a number as such where it is of the last quarter."""
        question, identity = line.question, self.form.identity
        answer = self.previous.answers.get(question.name) if question else None
        if answer is None or question.name in (identity.member, identity.quarter, identity.language, identity.remarks):
            return ""
        value: object = answer.value
        if line.choice:
            value = "✓" if line.choice in answer.value.split() else ""
        elif question.type == "select_multiple":
            value = ""
        elif question.type == "select_one":
            value = self.word(question.choice_labels.get(answer.value, {}), answer.value)
        elif question.type == "integer" and answer.quarter == self.last_quarter:
            return int(answer.value)
        elif question.type == "integer":
            value = self.t.number(int(answer.value))
        if not value or answer.quarter == self.last_quarter:
            return value
        return self.text("of_quarter", value=value, quarter=self.t.quarter_in_cell(answer.quarter))

    def _hold(
        self, sheet: xlsx.SheetWriter, row: int, line: _Line, lines: Mapping[int, _Line], cells: Mapping[str, str]
    ) -> None:
        """Hold the cell of an answer to what may be written in it."""
        if line.asked:
            rule = self.validator.choice([self.text("yes"), self.text("no")])
        elif line.choice:
            rule = self.validator.tick(line.question, _list_excluding(line, lines))
        else:
            rule = self.validator.of_question(line.question, cells, quarters.quarter_end(self.quarter))
        sheet.worksheet.data_validation(row, _ANSWER, row, _ANSWER, rule)
        if line.code == self.form.identity.remarks:
            sheet.worksheet.set_row(row, _REMARKS_HEIGHT)

    # --- the sheet of the repeat ---

    def _write_items(self) -> None:
        """Write a row for each item that can be listed, under the labels of its fields."""
        fields, repeat = self.form.fields, self.form.repeat
        widths = [_FIELD_WIDTHS.get(field.type, 34) for field in fields]
        sheet = self.book.add_sheet(self.items_name, self.language, widths)
        label = self.word(self.form.groups.get(repeat.name, {}), repeat.name)
        sheet.write_lines(0, label, bold=True, font_size=14)
        asked = self.word(self.form.label_of(repeat.asked), repeat.asked)
        words = {"months": self.t.months(self.quarter), "no": self.text("no"), "question": asked}
        top = sheet.write_lines(1, self.text("one_row_each" if repeat.asked else "one_row_only", **words))
        sheet.write_row(top, [self.word(field.hint, "") for field in fields], font_color="#55616D", italic=True)
        sheet.write_heads(top + 1, [self.word(field.label, field.name) for field in fields])
        first, last = top + 2, top + 1 + MOST_ITEMS
        for row in range(first, last + 1):
            for column, field in enumerate(fields):
                sheet.write(row, column, "", **_FREE, num_format=_FORMATS.get(field.type, "General"))
        for column, rule in enumerate(self._list_field_rules(first)):
            sheet.worksheet.data_validation(first, column, last, column, rule)
        sheet.worksheet.freeze_panes(first, 0)
        sheet.worksheet.set_selection(first, 0, first, 0)
        sheet.worksheet.print_area(0, 0, last, len(fields) - 1)
        self._finish(sheet, top + 1, label)

    def _list_field_rules(self, first: int) -> Iterator[Validation]:
        """Yield what may be written in each column of the repeat, whose first row is given."""
        repeat, fields = self.form.repeat, self.form.fields
        kinds = {code: self.word(label, code) for field in fields if field.name == repeat.kind
                 for code, label in field.choice_labels.items()}  # fmt: skip
        details = {
            kinds[kind]: [self.word(label, code) for code, label in self.form.lists.get(listed, {}).items()]
            for kind, listed in repeat.details.items() if kind in kinds
        }  # fmt: skip
        cells = {field.name: f"${get_column_letter(n)}{first + 1}" for n, field in enumerate(fields, start=1)}
        start, end = quarters.quarter_start(self.quarter), quarters.quarter_end(self.quarter)
        for field in fields:
            if field.name == repeat.date:
                yield self.validator.day(start, end)
            elif field.name == repeat.detail and details:
                yield self.validator.detail(cells[repeat.kind], details)
            else:
                yield self.validator.of_question(field, cells, end)

    def _finish(self, sheet: xlsx.SheetWriter, head: int, title: str) -> None:
        """Protect a sheet but for its answers, and make it fit to be printed."""
        sheet.set_page(head)
        sheet.worksheet.set_footer(f"&L{title.replace('&', '&&')[:200]}&R&P/&N")
        sheet.worksheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        sheet.worksheet.protect("", ALLOWED)


def _cell(row: int) -> str:
    """Return the address of the answer in a row, counted from 0."""
    return f"$C${row + 1}"


def _list_excluding(line: _Line, lines: Mapping[int, _Line]) -> list[str]:
    """Return the cells that exclude a choice: that of *none* every other one, and the others it."""
    rows = {other.choice: row for row, other in lines.items() if other.choice and other.question is line.question}
    none = questionnaire.NONE_CODE
    if none not in rows:
        return []
    if line.choice != none:
        return [_cell(rows[none])]
    return _join_rows(sorted(row for code, row in rows.items() if code != none))


def _join_rows(rows: Sequence[int]) -> list[str]:
    """Return the ranges of cells of answers in some rows, in order."""
    ranges: list[list[int]] = []
    for row in rows:
        if ranges and ranges[-1][1] == row - 1:
            ranges[-1][1] = row
        else:
            ranges.append([row, row])
    return [_cell(first) if first == last else f"{_cell(first)}:{_cell(last)}" for first, last in ranges]
