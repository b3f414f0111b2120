"""The mailed questionnaire: codes down column A, labels in B, answers in the columns to the right (methodology, 2c)."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from openpyxl.utils import get_column_letter

from helpers.ingest.admit import Unreadable
from helpers.ingest.cells import CellValue, is_empty_cell, raw_text, read_answer
from helpers.ingest.headers import Header, canonical_header, match_headers
from helpers.ingest.labels import decode
from helpers.ingest.sheets import Sheet, cell_at
from helpers.ingest.tools import MAILED
from helpers.plan import Plan, quarters, questionnaire
from helpers.strings import fold, without_invisible

_LABELS, _ANSWERS = 1, 2  # columns B and C
MIN_CODES = 3  # of a page that begins a questionnaire
_MAX_QUOTED = 12  # cells in one warning

# In the heading of a column, folded: that its answers are those of another quarter, examples, or none at all.
_PAST = re.compile(
    r"\b(rappel|precedente?s?|dernier trimestre|last quarter|previous|prior|reminder|anterior|ultimo trimestre"
    r"|trimestre passado)\b|السابق|الماضي|تذكير"
)
_EXAMPLE = re.compile(r"\b(exemples?|examples?|exemplos?)\b|مثال")
_NO_ANSWERS = re.compile(
    r"\b(definitions?|definicao|descri\w+|types?|tipo|formato?|units?|unites?|unidades?|libelles?|labels?|hint)\b"
    r"|تعريف|وصف|وحدة"
)
_QUARTERS = re.compile(
    r"\b(?:[tq] ?([1-4])|([1-4]) ?(?:er?|eme|st|nd|rd|th|o)? (?:trim\w*|quarter)|(?:trim\w*|quarter) ([1-4])"
    r"|20\d\d ?[tq]([1-4]))\b|\b([1-4]) ?[tq](?=20|\b)"
)
_YEARS = re.compile(r"\b(20\d\d)(?![0-9])")
_MONTHS = re.compile(r"\b(?:20\d\d (\d\d) \d\d|\d\d? (\d\d) 20\d\d)\b")
_WORDS = (  # of each quarter, beside the word for quarter or a year
    "premier first primeiro الاول janvier fevrier mars january february march janeiro fevereiro marco",
    "deuxieme second segundo الثاني avril mai juin april may june abril maio junho",
    "troisieme third terceiro الثالث juillet aout septembre july august september julho agosto setembro",
    "quatrieme fourth quarto الرابع octobre novembre decembre october november december outubro novembro dezembro",
)


def names_other_quarter(heading: str, quarter: str) -> bool:
    """Tell whether the heading of a column names another quarter than the folder's, or the one before in words."""
    text, year, number = fold(heading), quarter[:4], quarter[-1]
    years, words = set(_YEARS.findall(text)), set(text.split())
    named = {"".join(found) for found in _QUARTERS.findall(text)}
    dated = {str((int("".join(found)) + 2) // 3) for found in _MONTHS.findall(text)}
    if years or re.search("trimestre|quarter|الربع", text):
        dated |= {str(n) for n, of_quarter in enumerate(_WORDS, start=1) if words & set(of_quarter.split())}
    is_other = named - {number} or (named and years and year not in years)
    # A later date may be the day by which to answer.
    is_past = any(each < year for each in years) or any(each < number for each in dated if not years or year in years)
    return bool(_PAST.search(text) or is_other or is_past)


@dataclass(frozen=True)
class MailedReturn:
    """One return: its answers as a row of its first sheet, their headers, its column, and where each answer is."""

    sheet: Sheet
    headers: Sequence[Header]
    column: str
    row_of: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class _Line:
    """A row of a page: a question (by its code or label), the date of receipt, or anything else."""

    number: int
    row: Sequence[CellValue]
    header: Header

    @property
    def question(self) -> str:
        return self.header.column.question if self.header.column else self.header.name

    @property
    def is_known(self) -> bool:
        return bool(self.header.column) or self.header.name in MAILED.system


@dataclass
class _Column:
    """A column of answers: its filled cells beside the codes, by row."""

    page: "_Page"
    index: int
    cells: dict[int, CellValue] = field(default_factory=dict)

    def text(self, question: str) -> str:
        rows = (line.number for line in self.page.lines if line.question == question)
        return next((without_invisible(raw_text(self.cells[row])).strip() for row in rows if row in self.cells), "")

    @property
    def answers(self) -> dict[int, CellValue]:
        """Its cells, without those that only repeat the form's hint on their question."""
        return {row: cell for row, cell in self.cells.items() if not self.page.is_hint(row, cell)}

    @property
    def letter(self) -> str:
        return get_column_letter(self.index + 1)

    @property
    def heading(self) -> str:
        return " ".join(self.page.heads(self.index))

    @property
    def is_past(self) -> bool:
        """Whether another quarter heads it."""
        return names_other_quarter(self.heading, self.page.quarter)

    @property
    def is_for_another(self) -> bool:
        """Whether its own answer is another quarter."""
        text = self.text("quarter")
        return quarters.is_quarter(text) and quarters.parse_quarter(text) != self.page.quarter


class _Page:
    """A sheet with codes in column A."""

    def __init__(self, sheet: Sheet, form: questionnaire.Form, plan: Plan, quarter: str) -> None:
        self.sheet, self.form, self.plan, self.quarter = sheet, form, plan, quarter
        headers = match_headers(tuple(_code(row) for _, row in sheet.rows), form, tuple(form.by_name))
        lines = [_Line(number, row, header) for (number, row), header in zip(sheet.rows, headers, strict=True)]
        first = next((n for n, line in enumerate(lines) if line.header.column), len(lines))
        self.above = lines[:first]
        self.lines = [line for line in lines if line.is_known]
        self.others = [line for line in lines[first:] if not line.is_known]
        self.codes = {line.question for line in self.lines if line.header.column}
        cells = ((n, cell) for line in lines for n, cell in enumerate(line.row))
        self.indexes = sorted({n for n, cell in cells if n >= _LABELS and not is_empty_cell(cell)})
        self.columns: list[_Column] = []

    def is_hint(self, row: int, cell: CellValue) -> bool:
        """Tell whether a cell beside a question only repeats the form's hint, in any language."""
        asked = next((line.question for line in self.lines if line.number == row and line.header.column), "")
        hints = self.form.by_name[asked].hint.values() if asked else ()
        return canonical_header(raw_text(cell)) in map(canonical_header, hints)

    def heads(self, index: int) -> list[str]:
        """Return the texts above a column, from top to bottom."""
        texts = (raw_text(cell_at(line.row, index)).strip() for line in self.above)
        return list(filter(None, texts))

    def column(self, index: int) -> _Column:
        """Return a column beside the codes."""
        cells = {line.number: cell_at(line.row, index) for line in self.lines}
        return _Column(self, index, {row: cell for row, cell in cells.items() if not is_empty_cell(cell)})

    def iso3(self, text: str) -> str:
        """Return the state that a text names, blank for none; a name that could be two is returned as it is."""
        member = self.form.by_name["member"]
        code, resolved = decode(member, text), self.plan.resolve(text)
        return code if code in member.choices else resolved.iso3 or (text if resolved != self.plan.resolve("") else "")

    def find_columns(self) -> list[_Column]:
        """Return the columns of answers: those that name a member, else those that answer anything validly."""
        beside = [column for column in map(self.column, self.indexes) if not _EXAMPLE.search(fold(column.heading))]
        columns = [column for column in beside if not column.is_past]
        named = [column for column in columns if self._name(column)]
        # Another quarter's answers beside this one's are not taken; alone they are refused like any return of another.
        named = [column for column in named if not column.is_for_another] or named
        columns = [column for column in columns if not _NO_ANSWERS.search(fold(column.heading))]
        answering = [column for column in columns if self._count_answers(column)]
        found = named or [column for column in answering if column.text("member")] or answering
        if len(found) == 1 and not found[0].text("member"):
            self._share_identity(found[0], beside)
        return found

    def _share_identity(self, column: _Column, beside: Sequence[_Column]) -> None:
        """Give the only column of answers the member that is written once, in a column of another quarter."""
        for other in beside:
            if self.iso3(other.text("member")):
                shared = ("member",) if other.is_for_another else ("member", "quarter", "submitted_on")
                rows = [line.number for line in self.lines if line.question in shared]
                column.cells = {row: other.cells[row] for row in rows if row in other.cells} | column.cells

    def _name(self, column: _Column) -> bool:
        """Tell whether a column names a member, in its row or in its heading; its answer is then the member."""
        written, heads = column.text("member"), [text for text in self.heads(column.index) if self.iso3(text)]
        if column.index == _LABELS or not heads or (written and self.iso3(written) == self.iso3(heads[-1])):
            return bool(self.iso3(written))
        row = next((line.number for line in self.lines if line.question == "member"), None)
        if row is None:  # headed by members alone
            (header,) = match_headers(("member",), self.form, ("member",))
            row = self.above[-1].number
            self.lines.insert(0, _Line(row, (), header))
        # Where the two differ no rule can choose: nobody has this name (V01).
        column.cells[row] = f"{heads[-1]} / {written}" if written else heads[-1]
        return True

    def _count_answers(self, column: _Column) -> int:
        """Count the valid answers; a text is one only on a page that asks for nothing else: it may be a definition."""
        found = 0
        only_texts = all(self.form.by_name[name].type == "text" for name in self.codes)
        for line in self.lines:
            question, cell = self.form.by_name.get(line.question), column.cells.get(line.number)
            if question and (question.type != "text" or only_texts):
                labelled = isinstance(cell, str) and question.choices
                answer = read_answer(question, decode(question, cell) if labelled else cell)
                found += not answer.rule and answer.state != questionnaire.MISSING
        return found + (not only_texts and quarters.is_quarter(column.text("quarter")))

    def take_moved(self) -> list[tuple[_Column, _Column]]:
        """Take the answers typed one column too far to the right; return the columns with those they were taken from.

        Only where nothing heads that column and no row fills both: else it holds something else.
        """
        taken = {column.index for column in self.columns}
        pairs = [(column, self.column(column.index + 1)) for column in self.columns if column.index + 1 not in taken]
        pairs = [(own, beside) for own, beside in pairs if beside.cells and not self.heads(beside.index)]
        moved = [(own, beside) for own, beside in pairs if not own.cells.keys() & beside.cells.keys()]
        for own, beside in moved:
            own.cells |= beside.cells
        return moved

    def quote(self, cells: Mapping[int, CellValue], letter: str) -> list[str]:
        """Quote cells of a column: the address and the text of each, without personal data."""
        personal = {line.number for line in self.lines if line.question in self.form.identity.personal}
        texts = {row: "[…]" if row in personal else raw_text(cell) for row, cell in sorted(cells.items())}
        return [f"{letter}{row}: {text}" for row, text in texts.items()]


def _code(row: Sequence[CellValue]) -> str:
    """Return the code of a row, or its label where column A holds none (blank, or a number)."""
    texts = [raw_text(cell) for cell in row[:_ANSWERS]]
    return next((text for text in texts if any(map(str.isalpha, text))), "")


def list_codes(sheet: Sheet, form: questionnaire.Form) -> set[str]:
    """Return the questions whose codes or labels run down a sheet."""
    headers = match_headers(tuple(_code(row) for _, row in sheet.rows), form, tuple(form.by_name))
    return {header.column.question for header in headers if header.column}


class MailedReader:
    """Reads the pages of one file as one questionnaire: a return for each column of answers, down all pages."""

    def __init__(
        self, form: questionnaire.Form, plan: Plan, quarter: str, note: Callable[..., None],
        note_unknown: Callable[..., None],
    ) -> None:  # fmt: skip
        self.form, self.plan, self.quarter, self.note, self.note_unknown = form, plan, quarter, note, note_unknown
        self.parts: list[list[_Column]] = []  # the columns of each return

    def read(self, sheets: Iterable[Sheet], has_returns: bool) -> list[MailedReturn]:
        """Return the returns on some sheets. Raises Unreadable for answers on a hidden sheet.

        A page without answers is a list of codes; only where the file has nothing else it is a blank return.
        """
        pages = [_Page(sheet, self.form, self.plan, self.quarter) for sheet in sheets]
        for page in pages:
            page.columns = page.find_columns()
        answered = [page for page in pages if page.columns]
        used = [page for page in answered if not page.sheet.hidden]
        for page in pages if not (answered or has_returns) else ():
            if "member" in page.codes and not any(page.column(n).cells for n in page.indexes if n >= _ANSWERS):
                page.columns = [page.column(_ANSWERS)]
                used.append(page)
        moved = [page.take_moved() for page in used]
        for page in sorted(used, key=lambda page: not any(column.text("member") for column in page.columns)):
            page.columns = [column for column in page.columns if self._join(column)]
        for page, taken in zip(used, moved, strict=True):
            self._report(page, taken)
        for page in pages:
            if page not in used and not page.sheet.hidden:
                self._report_unused(page)
        if hidden := next((page.sheet for page in answered if page.sheet.hidden), None):
            raise Unreadable("hidden", hidden.name, observed=hidden.name)
        return [_make_return(part) for part in self.parts]

    def _join(self, column: _Column) -> bool:
        """Add a column to the return that it goes on with, or begin one with it; return whether it was either.

        A column that names no member belongs to the only return, else to that with the same heading, or place on its
        page.
        """
        page, is_named = column.page, bool(column.text("member"))
        heading = fold(column.heading)
        parts = [part for part in self.parts if part[-1].page is not page and _goes_on(part, column)]
        if not is_named and len(self.parts) > 1 and heading:
            parts = [part for part in parts if fold(part[0].heading) == heading]
        elif not is_named and (len(self.parts) > 1 or len(page.columns) > 1):
            parts = [part for part in parts if part[0].index == column.index]
        begins = len(page.codes) >= MIN_CODES and (is_named or ("member" in page.codes and not self.parts))
        if len(parts) == 1:
            parts[0].append(column)
        elif begins:
            self.parts.append([column])
        return len(parts) == 1 or begins

    def _report_unused(self, page: _Page) -> None:
        past = next((column for column in map(page.column, page.indexes) if column.is_past and column.cells), None)
        if past:
            self.note("MAILED_OTHER_QUARTER", past.letter, sheet=page.sheet.name, observed=past.heading)
        else:
            key = "SHEET_CODEBOOK" if len(page.codes) >= MIN_CODES else "SHEET_UNKNOWN"
            self.note(key, observed=page.sheet.name)

    def _report(self, page: _Page, moved: Sequence[tuple[_Column, _Column]]) -> None:
        """Warn of every filled cell that was moved or not read; note the columns of another quarter."""
        name, taken = page.sheet.name, {column.index for column in page.columns}
        for own, beside in moved:
            if own.index in taken:
                taken.add(beside.index)
                cells = _shorten(page.quote(beside.cells, beside.letter))
                self.note("MAILED_SHIFTED", own.letter, sheet=name, observed=cells)
        unread = []
        for index in (index for index in page.indexes if index >= _ANSWERS):
            column = page.column(index)
            if index not in taken and (column.is_past or column.is_for_another) and column.cells:
                heading = column.heading or column.text("quarter")
                self.note("MAILED_OTHER_QUARTER", column.letter, sheet=name, observed=heading)
            elif index not in taken:
                unread += page.quote(column.answers, column.letter)
            for line in (line for line in page.others if not is_empty_cell(cell_at(line.row, index))):
                if line.header.name and index in taken:
                    self.note_unknown(line.header, name, str(line.number), filled=1)
                else:
                    unread += page.quote({line.number: line.row[index]}, column.letter)
        if unread:
            self.note("MAILED_UNREAD", sheet=name, observed=_shorten(unread))


def _goes_on(part: Sequence[_Column], column: _Column) -> bool:
    """Tell whether a column goes on with a return: the same member and quarter if any, and other questions."""
    members = {each.page.iso3(text) or fold(text) for each in (*part, column) if (text := each.text("member"))}
    named = {text for each in (*part, column) if (text := each.text("quarter"))}
    asked = set().union(*(each.page.codes for each in part)) - {"member", "quarter"}
    return len(members) < 2 and len(named) < 2 and not asked & column.page.codes


def _make_return(part: Sequence[_Column]) -> MailedReturn:
    first, row_of, headers, answers = part[0], {}, [], []
    for column in part:
        for line in column.page.lines:
            answer = column.cells.get(line.number)
            if line.question not in row_of or answer is not None:
                row_of[line.question] = (column.page.sheet.name, str(line.number))
            headers.append(line.header)
            answers.append(answer)
    row = first.page.lines[0].number
    sheet = replace(first.page.sheet, rows=((row, ()), (row, tuple(answers))), ragged=False)
    return MailedReturn(sheet, headers, first.letter, row_of)


def _shorten(cells: Sequence[str]) -> str:
    return "; ".join(cells[:_MAX_QUOTED]) + ("; …" if len(cells) > _MAX_QUOTED else "")
