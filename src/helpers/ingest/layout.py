"""From the sheets of a file to tables: finds the header, the tool that wrote it, and the columns of each question."""

import difflib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import range_boundaries

from helpers.ingest.admit import MAX_COLUMNS, MAX_ROWS, Remark, Unreadable
from helpers.ingest.cells import CellValue, is_empty_cell, raw_text
from helpers.ingest.headers import BY_NAME, Header, HeaderColumn, canonical_header, match_headers
from helpers.ingest.issues import Phrase, Place, make_issue
from helpers.ingest.tools import KOBO, MAILED, ODK, PARENT_KEYS, PLAIN, Tool, is_review, read_times, recognise
from helpers.ingest.xlsx import HEADER_ROWS, Contents, Sheet
from helpers.plan import quarters, questionnaire
from helpers.strings import mask

SheetRow = tuple[CellValue, ...]
NumberedRows = Sequence[tuple[int, SheetRow]]
HeaderKey = HeaderColumn | str  # a question or a field of the repeat; or the canonical name of a tool's column

_LINKS = frozenset({"quarter", "submitted_on", *(child for child, _ in PARENT_KEYS)})
_NAMED = 20  # cells of a remark
_MIN_CODES = 3  # in column A of a mailed questionnaire
_KNOWN_SHARE = 0.6  # of a row's cells, for it to be a header that lacks a key column


@dataclass(frozen=True)
class AnswerColumns:
    """The columns that answer a question: its own, or one for each choice. `by_label`: headed by a label."""

    question: questionnaire.Question
    index: int | None
    split: Mapping[str, int]
    by_label: bool


@dataclass(frozen=True)
class HeadedSheet:
    """A sheet whose header is understood. `row_of` gives each question's row in a mailed questionnaire."""

    sheet: Sheet
    tool: Tool
    width: int
    columns: Mapping[HeaderKey, int]
    rows: NumberedRows
    row_of: Mapping[str, str] = field(default_factory=dict)

    def loses(self, cells: str) -> bool:
        """Tell whether a cell, or a range with more than one, holds answers of this table."""
        left, top, right, bottom = range_boundaries(cells)
        left, top, right, bottom = left or 1, top or 1, right or MAX_COLUMNS, bottom or MAX_ROWS  # whole rows, columns
        is_page = bool(self.row_of)  # one answer a row, whatever its column
        numbers = {int(row) for row in self.row_of.values()} if is_page else {number for number, _ in self.rows}
        rows = sum(top <= number <= bottom for number in numbers)
        columns = is_page or sum(left <= index + 1 <= right for index in self.columns.values())
        return rows * columns > (":" in cells)

    def cell(self, row: SheetRow, key: HeaderKey) -> CellValue:
        """Return the cell of a row in a column, None where there is none."""
        return cell_at(row, self.columns.get(key))

    def text(self, row: SheetRow, name: str) -> str:
        """Return the text in a column that the tool added."""
        return raw_text(self.cell(row, name)).strip()

    def review(self, row: SheetRow) -> str:
        """Return what the collection tool says of the review of a submission."""
        texts = (self.text(row, name) for name in self.columns if isinstance(name, str) and is_review(name))
        return next(filter(None, texts), "")

    @cached_property
    def languages(self) -> Mapping[str, str]:
        """The language of each question's header (BY_NAME: its name): its own column's, else its choices'."""
        keys = sorted((key for key in self.columns if isinstance(key, HeaderColumn)), key=lambda key: not key.choice)
        return {key.question: key.language for key in keys}

    def answer_columns(self, questions: Sequence[questionnaire.Question]) -> list[AnswerColumns]:
        """Return the columns of each question."""
        split: dict[str, dict[str, int]] = defaultdict(dict)
        for key, index in self.columns.items():
            if isinstance(key, HeaderColumn) and key.choice:
                split[key.question][key.choice] = index
        found = []
        for question in questions:
            name = question.name
            by_label = self.tool is MAILED or self.languages.get(name, BY_NAME) != BY_NAME
            index = self.columns.get(HeaderColumn(name))
            found.append(AnswerColumns(question, index, split[name], bool(question.choices) and by_label))
        return found


def cell_at(row: SheetRow, index: int | None) -> CellValue:
    """Return a cell of a row, None where the row has none."""
    return row[index] if index is not None and index < len(row) else None


@dataclass(frozen=True)
class Layout:
    """The tables of returns and of innovations in a file; without the latter its returns have no innovations part."""

    returns: Sequence[HeadedSheet]
    items: Sequence[HeadedSheet]


class LayoutReader:
    """Understands the sheets of a file, and collects notes on what it had to normalise."""

    def __init__(self, form: questionnaire.Form, place: Place, received_on: date | None) -> None:
        self.form, self.place, self.received_on, self.notes = form, place, received_on, []
        self._fields = tuple(field.name for field in form.fields)

    def note(self, key: str, *details: object, sheet: str = "", row: str = "", observed: str = "") -> None:
        """Add a note on the file, on one of its sheets or on a row."""
        place = replace(self.place, sheet=sheet, row=row)
        self.notes.append(make_issue(key, place, *details, observed=observed))

    def layout(self, contents: Contents) -> Layout:
        """Find the tables of returns and of innovations by their headers (methodology, 2b).

        ODK's table of innovations may be a file by itself. Raises Unreadable for any other file without returns, and
        for data on a hidden sheet.
        """
        returns, items, others = [], [], []
        for sheet in contents.sheets:
            table, part = self._read_sheet(sheet)
            if sheet.hidden:
                continue
            returns += [table] if table else []
            items += [part] if part else []
            others += [sheet] if sheet.rows and not table and not part else []
        named = [part for part in items if self._is_named(part.sheet)]
        others += [part.sheet for part in items if named and part not in named]
        items = named or items
        if not returns and not any("parent_key" in table.columns for table in items):
            raise self._without_returns(contents.sheets)
        self._note_returns(returns)
        for sheet in others:
            self.note("SHEET_UNKNOWN", observed=sheet.name)
        self._note_remarks(contents.remarks, (*returns, *items))
        return Layout(returns, items)

    def _note_remarks(self, remarks: Sequence[Remark], tables: Sequence[HeadedSheet]) -> None:
        """Pass on what was noticed of the file and of the sheets that are read; of cells, only those of answers."""
        read = {table.sheet.name: table for table in tables}
        for remark in remarks:
            if remark.cells and remark.sheet in read:
                cells = [cell for cell in remark.cells if read[remark.sheet].loses(cell)]
                if cells:
                    named = ", ".join(cells[:_NAMED]) + (" …" if len(cells) > _NAMED else "")
                    self.note(remark.key, sheet=remark.sheet, observed=named)
            elif remark.sheet in ("", *read) and not remark.cells:
                self.note(remark.key, sheet=remark.sheet, row=remark.row, observed=remark.observed)

    def _read_sheet(self, sheet: Sheet) -> tuple[HeadedSheet | None, HeadedSheet | None]:
        """Return a sheet as a table of returns, or as one of innovations, or as neither."""
        table = self._returns(sheet) or self._mailed(sheet)
        part = None if table else self._items(sheet)
        if sheet.hidden and any(found.rows for found in (table, part) if found):
            raise Unreadable("hidden", sheet.name, observed=sheet.name)
        return table, part

    def _note_returns(self, returns: Sequence[HeadedSheet]) -> None:
        for table in returns:
            if table.tool is PLAIN and table.sheet.name.strip().casefold() not in ("", "returns"):
                self.note("SHEET_NAME", observed=table.sheet.name)
            missing = [name for name in self.form.substantive if name not in table.languages]
            if missing:
                self.note("COLUMN_MISSING", sheet=table.sheet.name, observed=", ".join(missing))

    def _without_returns(self, sheets: Sequence[Sheet]) -> Unreadable:
        """Return why a file holds no returns: a key column is missing, it is empty, or it holds no header."""
        for sheet in sheets:
            for _, headers, named in self._candidates(sheet, tuple(self.form.by_name)):
                written = [header for header in headers if header.name]
                if len(named) >= _MIN_CODES and len(named) >= _KNOWN_SHARE * len(written):
                    missing = ", ".join(name for name in ("member", "quarter") if name not in named)
                    return Unreadable("key", missing, observed=missing)
        if not any(sheet.rows for sheet in sheets):
            return Unreadable("empty", observed="0")
        return Unreadable("header", len(self.form.questions))

    def _candidates(self, sheet: Sheet, questions: tuple[str, ...]) -> Iterator[tuple[int, list[Header], set[str]]]:
        """Yield the rows that may be a sheet's header: index, headers, questions; titles may come before it."""
        for index, (_, row) in enumerate(sheet.rows[:HEADER_ROWS]):
            texts = [raw_text(cell) for cell in row]
            if sum(map(bool, texts)) > 1:
                headers = match_headers(texts, self.form, questions)
                yield index, headers, {header.column.question for header in headers if header.column}

    def _returns(self, sheet: Sheet) -> HeadedSheet | None:
        """Return a sheet of returns, one per row, as a table; None for any other sheet."""
        for index, headers, named in self._candidates(sheet, tuple(self.form.by_name)):
            if "member" in named:
                tool = recognise([header.name for header in headers])
                if "quarter" in named or (tool.is_form and len(named) >= _MIN_CODES):
                    return self._table(sheet, index, headers, tool)
        return None

    def _items(self, sheet: Sheet) -> HeadedSheet | None:
        """Return a sheet of innovations as a table; None for any other sheet.

        A table with links is accepted by its name or, without a telling name, when most of its headers are known: a
        form may have other repeats whose questions have the same names.
        """
        for index, headers, named in self._candidates(sheet, (*self._fields, "member")):
            fields = named - {"member"}
            linked = {header.name for header in headers} & {child for child, _ in PARENT_KEYS}
            tool = ODK if "parent_key" in linked else KOBO if linked else PLAIN
            others = [h for h in headers if h.name and not h.column and not self._is_system(h.name, tool)]
            if linked:
                mostly = "kind" in fields and len(fields) > max(2, len(others))
                found = self._is_named(sheet) or (mostly and not (tool is ODK and sheet.name))
            else:
                found = "kind" in fields or (self._is_named(sheet) and fields)
            if found:
                return self._table(sheet, index, headers, tool)
        return None

    def _is_named(self, sheet: Sheet) -> bool:
        """Tell whether a sheet has the name or a label of the repeat `innovations`, after a form's name or a path."""
        last = re.split(r"[-.]", canonical_header(re.sub(r"(~\d+)?(\.csv)?$", "", sheet.name.casefold())))[-1]
        names = (questionnaire.REPEAT, *self.form.groups[questionnaire.REPEAT].values())
        return last in map(canonical_header, names)

    def _mailed(self, sheet: Sheet) -> HeadedSheet | None:
        """Return a mailed questionnaire (codes in column A, answers in C) as a table of one return; else None."""
        codes = [raw_text(cell_at(row, 0)) for _, row in sheet.rows]
        headers = match_headers(codes, self.form, tuple(self.form.by_name))
        named = [header.column.question for header in headers if header.column]
        if "member" not in named or len(named) < _MIN_CODES:
            return None
        first = next(number for (number, _), header in zip(sheet.rows, headers, strict=True) if header.column)
        known, answers, row_of = [], [], {}
        for (number, row), header in zip(sheet.rows, headers, strict=True):
            answer = cell_at(row, 2)
            if header.column:
                row_of[header.column.question] = str(number)
            if header.column or header.name in MAILED.system:
                known.append(header)
                answers.append(answer)
            elif number > first and header.name and not is_empty_cell(answer):
                self._note_unknown(header, sheet.name, str(number))
        transposed = replace(sheet, rows=((first, ()), (first, tuple(answers))), ragged=False)
        return replace(self._table(transposed, 0, known, MAILED), row_of=row_of)

    def _table(self, sheet: Sheet, top: int, headers: Sequence[Header], tool: Tool) -> HeadedSheet:
        """Make a table of a sheet, given its header; note what differs from what the tool writes."""
        rows = sheet.rows[top + 1 :]
        tags = [raw_text(cell) for cell in rows[0][1] if not is_empty_cell(cell)] if rows else []
        if tags and all(tag.startswith("#") for tag in tags):
            self.note("ROW_TAGS", sheet=sheet.name, row=str(rows[0][0]))
            rows = rows[1:]
        columns: dict[HeaderKey, int] = {}
        for index, header in enumerate(headers):
            key = header.column or header.name
            self._note_header(header, tool, sheet.name)
            first = columns.setdefault(key, index) if key else index
            is_needed = header.column or key in (*tool.receipt, *tool.identity, *_LINKS) or is_review(header.name)
            if first != index and is_needed:
                self._check_same(rows, first, index, header, sheet)
        if top:
            self.note("HEADER_ROW_OFFSET", sheet=sheet.name, row=str(sheet.rows[top][0]))
        if tool.source:
            self.note(tool.source, sheet=sheet.name)
        self._note_unheaded(headers, rows, sheet)
        width = max((index + 1 for index, header in enumerate(headers) if header.name), default=0)
        table = HeadedSheet(sheet, tool, width, columns, rows)
        is_export = tool.is_form or tool.identity  # all its times are written alike
        return self._read_times(table) if is_export and not {*tool.receipt}.isdisjoint(columns) else table

    def _read_times(self, table: HeadedSheet) -> HeadedSheet:
        """Read times written in the order of days and months of a country, by an online form or a spreadsheet."""
        index = next(table.columns[name] for name in table.tool.receipt if name in table.columns)
        column = [cell_at(row, index) for _, row in table.rows]
        times, guess = read_times(column, quarters.quarter_start(self.place.quarter), self.received_on or date.max)
        if guess:
            self.note(f"DATE_AMBIGUOUS.{guess}", sheet=table.sheet.name, observed=raw_text(column[0]))
        timed = zip(table.rows, times, strict=True)
        rows = [
            (number, row if time is cell_at(row, index) else (*row[:index], time, *row[index + 1 :]))
            for (number, row), time in timed
        ]
        return replace(table, rows=rows)

    def _check_same(self, rows: NumberedRows, first: int, second: int, header: Header, sheet: Sheet) -> None:
        if any(raw_text(cell_at(row, first)) != raw_text(cell_at(row, second)) for _, row in rows):
            raise Unreadable("duplicate", mask(header.text), observed=header.text)
        self.note("HEADER_DUPLICATE_SAME", sheet=sheet.name, observed=header.text)

    def _note_header(self, header: Header, tool: Tool, sheet: str) -> None:
        """Note an unknown header, a label among names, and a header that is not spelled as the tool spells it."""
        column = header.column
        if column is None:
            if header.name and not self._is_system(header.name, tool):
                self._note_unknown(header, sheet)
            elif tool is PLAIN and header.name in tool.receipt and header.text != header.name:
                self.note("HEADER_NORMALISED", header.name, sheet=sheet, observed=header.text)
        elif column.choice and column.choice not in self.form.by_name[column.question].choices:
            self._note_unknown(header, sheet)
        elif tool is PLAIN and column.language != BY_NAME:
            self.note("HEADER_LABEL_MAPPED", column.question, sheet=sheet, observed=header.text)
        elif header.text != header.spelled and not tool.is_form:
            self.note("HEADER_NORMALISED", header.spelled, sheet=sheet, observed=header.text)

    def _is_system(self, name: str, tool: Tool) -> bool:
        """Tell whether a column is one that a tool adds, an item's link, or a note of the form."""
        is_known = name in tool.system or name in _LINKS or is_review(name)
        return is_known or name.startswith("_") or name.endswith(self.form.notes)

    def _note_unheaded(self, headers: Sequence[Header], rows: NumberedRows, sheet: Sheet) -> None:
        """Note cells under a blank header and beyond the last header: they are not read."""
        for index, header in enumerate(headers):
            if not header.name and any(not is_empty_cell(cell_at(row, index)) for _, row in rows):
                self.note("COLUMN_UNNAMED", sheet=sheet.name, observed=get_column_letter(index + 1))
        for number, row in rows:
            if any(not is_empty_cell(cell) for cell in row[len(headers) :]):
                self.note("ROW_EXTRA_CELLS", len(headers), sheet=sheet.name, row=str(number), observed=str(len(row)))

    def _note_unknown(self, header: Header, sheet: str, row: str = "") -> None:
        names = [*self.form.by_name, *self._fields]
        near = difflib.get_close_matches(header.name.split("/")[-1], names, n=1, cutoff=0.8)
        hint = Phrase("phrase.near", near[0]) if near else ""
        self.note("COLUMN_UNKNOWN", hint, sheet=sheet, row=row, observed=header.text)
