"""From the sheets of a file to tables: finds the header, the tool that wrote it, and the columns of each question."""

import difflib
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import range_boundaries

from helpers.ingest.admit import MAX_COLUMNS, MAX_ROWS, Remark, Unreadable
from helpers.ingest.cells import CellValue, is_empty_cell, raw_text
from helpers.ingest.headers import BY_NAME, Header, HeaderColumn, canonical_header, match_headers
from helpers.ingest.issues import Phrase, Place, make_issue
from helpers.ingest.labels import read_tick
from helpers.ingest.mailed import MIN_CODES, MailedReader, list_codes
from helpers.ingest.sections import split_sections
from helpers.ingest.sheets import HEADER_ROWS, Contents, Sheet, cell_at
from helpers.ingest.tools import KOBO, MAILED, ODK, PARENT_KEYS, PLAIN, Tool, is_review, read_times, recognise
from helpers.plan import Plan, quarters, questionnaire

SheetRow = tuple[CellValue, ...]
NumberedRows = Sequence[tuple[int, SheetRow]]
HeaderKey = HeaderColumn | str  # a question or a field of the repeat; or the canonical name of a tool's column

_LINKS = frozenset({"quarter", "submitted_on", *(child for child, _ in PARENT_KEYS)})
_NAMED = 20  # cells of a remark
_KNOWN_SHARE = 0.6  # of a row's cells, for it to be a header that lacks a key column
_MAX_QUOTED, _MAX_SHOWN = 3, 8  # cells of a column without a header, and of a row without one


@dataclass(frozen=True)
class AnswerColumns:
    """The columns that answer a question: its own, or one for each choice. `by_label`: headed by a label."""

    question: questionnaire.Question
    index: int | None
    split: Mapping[str, int]
    by_label: bool


@dataclass(frozen=True)
class HeadedSheet:
    """A table of a sheet, with its header understood.

    `twice` lists the answers that a row gives twice, differently, by the row's number; `unnamed` the columns without a
    header. A return of a mailed questionnaire is its `column`; `row_of` gives the sheet and row of each question.
    """

    sheet: Sheet
    tool: Tool
    width: int
    columns: Mapping[HeaderKey, int]
    rows: NumberedRows
    row_of: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    column: str = ""
    twice: Mapping[int, Sequence[tuple[str, str]]] = field(default_factory=dict)
    unnamed: Collection[int] = ()

    def holds(self, sheet: str, cells: str) -> bool:
        """Tell whether a cell of a sheet, or a range with more than one, holds answers of this table."""
        left, top, right, bottom = range_boundaries(cells)
        left, top, right, bottom = left or 1, top or 1, right or MAX_COLUMNS, bottom or MAX_ROWS  # whole rows, columns
        if self.row_of:  # one answer a row, whatever its column
            numbers, columns = {int(row) for name, row in self.row_of.values() if name == sheet}, 1
        else:
            numbers = {number for number, _ in self.rows} if self.sheet.name == sheet else set()
            columns = sum(left <= index + 1 <= right for index in self.columns.values())
        return sum(top <= number <= bottom for number in numbers) * columns > (":" in cells)

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
        own = {name: self.columns.get(HeaderColumn(name)) for name in self.languages}
        labelled = {name for name, language in self.languages.items() if self.tool is MAILED or language != BY_NAME}
        labelled |= {q.name for q in questions if q.name in map(canonical_header, q.label.values())}  # either of both
        by_label = {question.name for question in questions if question.choices} & labelled
        return [AnswerColumns(q, own.get(q.name), split[q.name], q.name in by_label) for q in questions]


@dataclass(frozen=True)
class Layout:
    """The tables in a file. Without `items` it lacks that part or, with `has_no_items`, nobody reported an item."""

    returns: Sequence[HeadedSheet]
    items: Sequence[HeadedSheet]
    has_no_items: bool = False


class LayoutReader:
    """Understands the sheets of a file, and collects notes on what it had to normalise."""

    def __init__(self, form: questionnaire.Form, plan: Plan, place: Place, received_on: date | None) -> None:
        self.form, self.plan, self.place, self.received_on, self.notes = form, plan, place, received_on, []
        self._fields = tuple(field.name for field in form.fields)

    def note(self, key: str, *details: object, sheet: str = "", row: str = "", observed: str = "") -> None:
        """Add a finding on the file, on one of its sheets or on a row."""
        place = replace(self.place, sheet=sheet, row=row)
        self.notes.append(make_issue(key, place, *details, observed=observed))

    def layout(self, contents: Contents) -> Layout:
        """Find the tables of returns and of items by their headers (methodology, 2b and 2c).

        ODK's table of items may be a file by itself. Raises Unreadable for any other file without returns, and
        for data on a hidden sheet.
        """
        returns, items, pages, others = [], [], [], []
        for sheet in contents.sheets:
            tables, parts = self._read_sheet(sheet)
            if sheet.hidden and any(table.rows for table in (*tables, *parts)):
                raise Unreadable("hidden", sheet.name, observed=sheet.name)
            if not tables and not parts and list_codes(sheet, self.form):
                pages.append(sheet)
            elif not sheet.hidden:
                returns += tables
                items += parts
                others += [sheet] if sheet.rows and not tables and not parts else []
        returns += self._read_pages(pages, bool(returns))
        # A form may have other repeats, whose questions have the same names; a person may call a sheet anything.
        named = [table for table in items if table.tool is PLAIN or self._is_named(table.sheet)] or items
        items, spare = named, [table.sheet for table in items if table not in named]
        if not returns and not any("parent_key" in table.columns for table in items):
            raise self._without_returns(contents.sheets)
        for table in returns:
            self._note_return(table)
        for sheet in (*others, *spare):
            self._note_unread(sheet)
        self._note_remarks(contents.remarks, (*returns, *items))
        has_no_items = not (items or others or spare) and any(map(self._is_whole_export, returns))
        return Layout(returns, items, has_no_items)

    def _note_remarks(self, remarks: Sequence[Remark], tables: Sequence[HeadedSheet]) -> None:
        """Pass on what was noticed of the file and of the sheets that are read; of cells, only those of answers."""
        read = {"", *(table.sheet.name for table in tables)}
        read |= {name for table in tables for name, _ in table.row_of.values()}  # a mailed one may go on in another
        for remark in (remark for remark in remarks if remark.sheet in read):
            cells = [cell for cell in remark.cells if any(table.holds(remark.sheet, cell) for table in tables)]
            named = ", ".join(cells[:_NAMED]) + (" …" if len(cells) > _NAMED else "")
            if cells or not remark.cells:
                self.note(remark.key, sheet=remark.sheet, row=remark.row, observed=named or remark.observed)

    def _read_sheet(self, sheet: Sheet) -> tuple[list[HeadedSheet], list[HeadedSheet]]:
        """Return a sheet's tables of returns and of items; rows below a header not understood are refused."""
        found = self._find_returns(sheet)
        if not found and len(list_codes(sheet, self.form)) < MIN_CODES:
            found = self._find_items(sheet)
        if not found:
            return [], []
        top, headers, _ = found
        returns, items = [], []
        for rows, repeated in split_sections(sheet.rows[top:], headers, self.form, self.plan):
            is_first, row = rows[0] is sheet.rows[top], str(rows[0][0])
            section = replace(sheet, rows=(*(sheet.rows[:top] if is_first else ()), *rows))
            for number in repeated:
                self.note("ROW_NOT_DATA", sheet=sheet.name, row=str(number), observed=headers[0].text)
            if heading := self._find_returns(section):
                returns.append(self._table(section, *heading))
            elif heading := self._find_items(section):
                items.append(self._table(section, *heading))
            elif rows[1:]:
                unread = "-".join(dict.fromkeys((str(rows[1][0]), str(rows[-1][0]))))
                self.note("V20.header_again", sheet=sheet.name, row=row, observed=unread)
            if heading and not is_first:
                self.note("HEADER_AGAIN", sheet=sheet.name, row=row)
        return [table for table in returns if table.rows] or returns[:1], items

    def _read_pages(self, pages: Sequence[Sheet], has_returns: bool) -> list[HeadedSheet]:
        """Return the returns of a mailed questionnaire, each as a table of one row."""
        reader = MailedReader(self.form, self.plan, self.place.quarter, self.note, self.note_unknown)
        tables = [
            replace(self._table(each.sheet, 0, each.headers, MAILED), row_of=each.row_of, column=each.column)
            for each in reader.read(pages, has_returns)
        ]
        self.notes = list(dict.fromkeys(self.notes))  # returns side by side have one header
        return tables

    def _is_whole_export(self, table: HeadedSheet) -> bool:
        """Tell whether a table is of KoboToolbox's workbook with every other group: no submission had an item.

        The tool writes no sheet for such a repeat. Its CSV never has the repeat, and an export of chosen columns may
        leave it out: of each group more than half of the questions must be there.
        """
        inside = {group for field in self.form.fields for group in field.path}
        groups: dict[str, list[bool]] = defaultdict(list)
        for question in self.form.questions:
            groups[question.group].append(question.name in table.languages)
        is_whole = all(2 * sum(found) > len(found) for group, found in groups.items() if group not in inside)
        if is_whole and table.tool is KOBO and not table.sheet.ragged:
            self.note("PART_EMPTY", sheet=table.sheet.name)
            return True
        return False

    def _note_return(self, table: HeadedSheet) -> None:
        if table.tool is PLAIN and table.sheet.name.strip().casefold() not in ("", "returns"):
            self.note("SHEET_NAME", observed=table.sheet.name)
        if missing := [name for name in self.form.substantive if name not in table.languages]:
            self.note("COLUMN_MISSING", sheet=table.sheet.name, observed=", ".join(missing))

    def _note_unread(self, sheet: Sheet) -> None:
        """Note a sheet without known questions; warn where it has the name of the repeat, or returns on it."""
        for number, row in sheet.rows[:HEADER_ROWS]:
            texts = list(map(raw_text, row))
            named = [text for text in texts if quarters.is_quarter(text) or self.plan.resolve(text).iso3]
            is_return = any(map(quarters.is_quarter, named)) and not all(map(quarters.is_quarter, named))
            if is_return or self._is_named(sheet):
                shown = " | ".join(named if is_return else texts[:_MAX_SHOWN])
                self.note("SHEET_UNKNOWN.filled", sheet=sheet.name, row=str(number), observed=shown)
                return
        self.note("SHEET_UNKNOWN", observed=sheet.name)

    def _without_returns(self, sheets: Sequence[Sheet]) -> Unreadable:
        """Return why a file holds no returns: a key column is missing, it is empty, or it holds no header."""
        for sheet in sheets:
            for _, headers, named in self._candidates(sheet, tuple(self.form.by_name)):
                written = [header for header in headers if header.name]
                if len(named) >= MIN_CODES and len(named) >= _KNOWN_SHARE * len(written):
                    missing = ", ".join(name for name in ("member", "quarter") if name not in named)
                    return Unreadable("key", missing, observed=missing)
        past = next((found.observed for found in self.notes if found.key == "MAILED_OTHER_QUARTER"), "")
        if past:
            return Unreadable("past", past, observed=past)
        if not any(sheet.rows for sheet in sheets):
            return Unreadable("empty", observed="0")
        return Unreadable("header", len(self.form.questions))

    def _candidates(self, sheet: Sheet, questions: tuple[str, ...]) -> Iterator[tuple[int, Sequence[Header], set[str]]]:
        """Yield the rows that may be a sheet's header: index, headers, questions; titles may come before it."""
        for index, (_, row) in enumerate(sheet.rows[:HEADER_ROWS]):
            texts = [raw_text(cell) for cell in row]
            if sum(map(bool, texts)) > 1:
                headers = match_headers(tuple(texts), self.form, questions)
                yield index, headers, {header.column.question for header in headers if header.column}

    def _find_returns(self, sheet: Sheet) -> tuple[int, Sequence[Header], Tool] | None:
        """Return the header of a sheet of returns: its place, headers and tool; None for any other sheet."""
        for index, headers, named in self._candidates(sheet, tuple(self.form.by_name)):
            tool = recognise([header.name for header in headers])
            if "member" in named and ("quarter" in named or (tool.is_form and len(named) >= MIN_CODES)):
                return index, headers, tool
        return None

    def _find_items(self, sheet: Sheet) -> tuple[int, Sequence[Header], Tool] | None:
        """Return the header of a sheet of items: its place, headers and tool; None for any other sheet.

        A table with links is accepted by its name or, without a telling name, when most of its headers are known: a
        form may have other repeats whose questions have the same names.
        """
        kind = self.form.repeat.kind
        for index, headers, named in self._candidates(sheet, (*self._fields, "member")):
            fields = named - {"member"}
            linked = {header.name for header in headers} & {child for child, _ in PARENT_KEYS}
            tool = ODK if "parent_key" in linked else KOBO if linked else PLAIN
            others = [h for h in headers if h.name and not h.column and not self._is_system(h.name, tool)]
            if linked:
                mostly = kind in fields and len(fields) > max(2, len(others))
                found = self._is_named(sheet) or (mostly and not (tool is ODK and sheet.name))
            else:
                found = kind in fields or (self._is_named(sheet) and fields)
            if found:
                return index, headers, tool
        return None

    def _is_named(self, sheet: Sheet) -> bool:
        """Tell whether a sheet is called as the repeat, after a form or path, before a copy's number."""
        name = re.sub(r"(~\d+)?(\.csv)?$", "", sheet.name.casefold())
        last = re.split(r"[-.]", canonical_header(re.sub(r"[ _]*\(?\d+\)?$", "", name)))[-1]
        repeat = self.form.repeat
        names = (repeat.name, *self.form.groups.get(repeat.name, {}).values()) if repeat else ()
        return last.strip() in map(canonical_header, names)

    def _table(self, sheet: Sheet, top: int, headers: Sequence[Header], tool: Tool) -> HeadedSheet:
        """Make a table of a sheet, given its header; note what differs from what the tool writes."""
        rows = sheet.rows[top + 1 :]
        tags = [raw_text(cell) for cell in rows[0][1] if not is_empty_cell(cell)] if rows else []
        if tags and all(tag.startswith("#") for tag in tags):
            self.note("ROW_TAGS", sheet=sheet.name, row=str(rows[0][0]))
            rows = rows[1:]
        indexes: dict[HeaderKey, list[int]] = defaultdict(list)
        for index, header in enumerate(headers):
            self._note_header(header, tool, sheet.name, rows, index)
            if header.column or header.name:
                indexes[header.column or header.name].append(index)
        if top:
            self.note("HEADER_ROW_OFFSET", sheet=sheet.name, row=str(sheet.rows[top][0]))
        if tool.source:
            self.note(tool.source, sheet=sheet.name)
        width = max((index + 1 for index, header in enumerate(headers) if header.name), default=0)
        unnamed = self._note_unheaded(headers, rows, sheet, width)
        columns, twice = {}, defaultdict(list)
        for key, places in indexes.items():
            # Answers are labels as soon as one of the headers is.
            named = (headers[n].column for n in places if headers[n].column)
            columns[next((column for column in named if column.language != BY_NAME), key)] = places[0]
            is_needed = isinstance(key, HeaderColumn) or key in (*tool.receipt, *tool.identity, *_LINKS)
            if places[1:] and (is_needed or is_review(key)):
                rows = self._merge(rows, key, places, twice)
                texts = dict.fromkeys(headers[n].text for n in places)
                below = sheet.rows[top + 1 :]
                same = all(len({raw_text(cell_at(row, n)) for n in places}) == 1 for _, row in below)
                if same or not twice:
                    note = "HEADER_DUPLICATE_SAME" if same else "HEADER_MERGED"
                    self.note(note, sheet=sheet.name, observed=" | ".join(texts))
        table = HeadedSheet(sheet, tool, width, columns, rows, twice=twice, unnamed=unnamed)
        is_export = tool.is_form or tool.identity  # all its times are written alike
        return self._read_times(table) if is_export and not {*tool.receipt}.isdisjoint(columns) else table

    def _merge(
        self, rows: NumberedRows, key: HeaderKey, places: Sequence[int], twice: Mapping[int, list[tuple[str, str]]]
    ) -> NumberedRows:
        """Read several columns as one, the first: in each row the one that is filled; `twice` gets what differs."""
        merged = []
        for number, row in rows:
            filled = {raw_text(cell).strip(): cell for n in places if not is_empty_cell(cell := cell_at(row, n))}
            name = key.question if isinstance(key, HeaderColumn) else key
            if isinstance(key, HeaderColumn) and key.choice and len(filled) > 1:
                question = self.form.by_name[name]
                filled = {
                    text: cell for text, cell in filled.items() if read_tick(question, key.choice, cell) is not False
                }
            if len(filled) > 1 and name not in self.form.identity.personal:
                twice[number].append((name, " | ".join(filled)))
            cells = list(row) + [None] * (places[0] + 1 - len(row))
            cells[places[0]] = next(iter(filled.values()), cell_at(row, places[0]))
            merged.append((number, tuple(cells)))
        return merged

    def _read_times(self, table: HeadedSheet) -> HeadedSheet:
        """Read times written in the order of days and months of a country, by an online form or a spreadsheet."""
        index = next(table.columns[name] for name in table.tool.receipt if name in table.columns)
        column = [cell_at(row, index) for _, row in table.rows]
        times, guess = read_times(column, quarters.quarter_start(self.place.quarter), self.received_on or date.max)
        if guess:
            self.note(f"DATE_AMBIGUOUS.{guess}", sheet=table.sheet.name, observed=raw_text(column[0]))
        rows = []
        for (number, row), time in zip(table.rows, times, strict=True):
            rows.append((number, row if time is cell_at(row, index) else (*row[:index], time, *row[index + 1 :])))
        return replace(table, rows=rows)

    def _note_header(self, header: Header, tool: Tool, sheet: str, rows: NumberedRows, index: int) -> None:
        """Note an unknown header, a label among names, and a header that is not spelled as the tool spells it."""
        column = header.column
        if column is None:
            if header.name and not self._is_system(header.name, tool):
                filled = sum(not is_empty_cell(cell_at(row, index)) for _, row in rows)
                self.note_unknown(header, sheet, filled=filled)
            elif tool is PLAIN and header.name in tool.receipt and header.text != header.name:
                self.note("HEADER_NORMALISED", header.name, sheet=sheet, observed=header.text)
        elif column.choice and column.choice not in self.form.by_name[column.question].choices:
            self.note_unknown(header, sheet)  # an answer that ticks it breaks V07
        elif tool is PLAIN and column.language != BY_NAME:
            self.note("HEADER_LABEL_MAPPED", column.question, sheet=sheet, observed=header.text)
        elif header.is_edited or (header.text != header.spelled and not tool.is_form):
            self.note("HEADER_NORMALISED", header.spelled, sheet=sheet, observed=header.text)

    def _is_system(self, name: str, tool: Tool) -> bool:
        """Tell whether a column is one that a tool adds, an item's link, or a note of the form."""
        is_known = name in tool.system or name in _LINKS or is_review(name) or self.form.is_added(name)
        return is_known or name.startswith("_") or name.endswith(self.form.notes)

    def _note_unheaded(self, headers: Sequence[Header], rows: NumberedRows, sheet: Sheet, width: int) -> set[int]:
        """Warn of the columns without a header, which are not read, and return them.

        To the right of the last header a column is one if most rows fill it; else those rows are too long (V20).
        """
        unnamed = set()
        longest = max((len(row) for _, row in rows), default=0)
        for index in (n for n in range(longest) if n >= width or not headers[n].name):
            filled = [(number, row[index]) for number, row in rows if not is_empty_cell(cell_at(row, index))]
            is_column = 1 < len(filled) > len(rows) / 2 and (index < len(headers) or not sheet.ragged)
            if is_column or (filled and index < width):
                unnamed.add(index)
                letter = get_column_letter(index + 1)
                cells = "; ".join(f"{letter}{number}: {raw_text(cell)}" for number, cell in filled[:_MAX_QUOTED])
                self.note("COLUMN_UNNAMED", letter, sheet=sheet.name, observed=cells)
        return unnamed

    def note_unknown(self, header: Header, sheet: str, row: str = "", filled: int = 0) -> None:
        """Note a header of no question, with the nearest name; warn if cells under it are not read."""
        names = [*self.form.by_name, *self._fields]
        near = difflib.get_close_matches(header.name.split("/")[-1], names, n=1, cutoff=0.8)
        hint = Phrase("phrase.near", near[0]) if near else ""
        key = "COLUMN_UNKNOWN.filled" if filled else "COLUMN_UNKNOWN"
        self.note(key, hint, filled, sheet=sheet, row=row, observed=header.text)
