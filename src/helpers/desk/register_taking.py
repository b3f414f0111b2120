"""The workbook of the registers taken back: rows that were filled in; those that are there held against the files."""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from helpers.desk import register_rows
from helpers.desk.register_book import CSV_ROW, UP_TO
from helpers.desk.register_rows import RECORDED_ON, TextRow
from helpers.desk.register_words import EVERYBODY, RegisterWords
from helpers.i18n import plain
from helpers.ingest import register_files, registers
from helpers.plan import quarters, read_plan, read_settings
from helpers.speech import say
from helpers.strings import clean

_FIRST_HEAD = re.compile(rf"{CSV_ROW}(?:{UP_TO}(?P<last>\d+))?")
_HEAD_ROWS = 5  # within which the row of codes is: somebody may have written above it


@dataclass(frozen=True)
class BookRows:
    """What a workbook of registers would add, by register; how many rows it repeats; what is refused, and noticed."""

    new: Mapping[str, Sequence[TextRow]] = field(default_factory=dict)
    n_known: int = 0
    refused: Sequence[str] = ()
    remarks: Sequence[str] = ()


PlacedRow = tuple[str, TextRow]  # where a row is, to be told, and its texts by column, codes for words


@dataclass(frozen=True)
class _Sheet:
    """One register's sheet: the last row of the file that it was written from, what it shows of it, what is new."""

    title: str
    name: str
    last: int
    known: Mapping[int, PlacedRow]
    new: Sequence[PlacedRow]
    refused: Sequence[str]


def take_register_book(path: Path, recorded_on: date, write: bool = False) -> BookRows:
    """Read a workbook of registers, hold it against the registers, and add its new rows if `write`.

    Rows are added all or none: to none of the registers where any row is refused. Raises ValueError for a file that is
    no such workbook, DataRefused for registers that cannot be read, OSError where nothing can be written.
    """
    book = open_register_sheets(path)
    with register_rows.lock_registers():
        files, words = register_rows.read_register_files(), RegisterWords(read_settings().master_language)
        sheets = [sheet for each in book if (sheet := _read_sheet(each, words))]
        if not sheets:
            raise ValueError(say("{file} has no sheet of a register; give what papu registers --out wrote", file=path))
        read = _compare(sheets, files, words)
        if write and not read.refused:
            register_rows.write_rows(files, read.new, recorded_on)
    return read


def open_register_sheets(path: Path) -> Sequence:
    """Return the sheets of a workbook. Raises ValueError for any other file."""
    import openpyxl  # it takes long to load

    try:
        book = openpyxl.load_workbook(io.BytesIO(path.read_bytes()), read_only=True)
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(say("{file} is no Excel workbook; save it as .xlsx", file=path)) from error
    return book.worksheets


def _read_sheet(sheet, words: RegisterWords) -> _Sheet | None:
    """Read the sheet of a register; None for any other."""
    sheet.reset_dimensions()  # a program may declare a million rows
    rows = [[read_cell(cell) for cell in row] for row in sheet.iter_rows()]
    top = next((n for n, row in enumerate(rows[:_HEAD_ROWS]) if any(map(_FIRST_HEAD.fullmatch, row))), None)
    if top is None:
        return None
    heads = rows[top]
    name = next((name for name, columns in registers.COLUMNS.items() if set(columns) <= set(heads)), "")
    if not name:
        missing = say("the first row lacks codes of its columns; write the workbook again", sheet=sheet.title)
        return _Sheet(sheet.title, "", 0, {}, (), [f"{sheet.title}: {missing}"])
    first = next(n for n, head in enumerate(heads) if _FIRST_HEAD.fullmatch(head))
    places = {register_files.key_of_column(column): heads.index(column) for column in registers.COLUMNS[name]}
    known, new, refused = {}, [], []
    for number, cells in enumerate(rows[top + 2 :], start=top + 3):
        cells += [""] * (len(heads) - len(cells))
        place = place_row(sheet.title, number)
        texts = {column: words.read(column, cells[at]) for column, at in places.items()}
        if cells[first].isdigit():
            known[int(cells[first])] = place, texts
        elif cells[first]:
            wrong = say("the first column is not filled in; leave it blank")
            refused.append(f"{place}: {wrong}")
        elif any(text for column, text in texts.items() if column != RECORDED_ON):
            new += [(place, each) for each in _expand(name, texts)]
    last = int(_FIRST_HEAD.fullmatch(heads[first])["last"] or 0)
    return _Sheet(sheet.title, name, last, known, new, refused)


def _expand(name: str, texts: TextRow) -> list[TextRow]:
    """Return a row of a questionnaire that was sent to everybody as a row for each member; any other as it is."""
    if name != "questionnaires" or texts["member"] != EVERYBODY:
        return [texts]
    day, _ = registers.parse_written_day(texts["sent_on"])
    members = read_plan().members_in(quarters.quarter_of(day)) if day else read_plan().members
    return [texts | {"member": member.member} for member in members]


def read_cell(cell) -> str:
    """Return a cell as a register writes it: days as 2024-10-31, whole numbers without decimals, one line of text."""
    value = cell.value
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = plain(clean("" if value is None else str(value)))
    return " ".join(text.split())


def place_row(title: str, number: int) -> str:
    """Return where a row is, to be told."""
    return say("{sheet}, row {row}", sheet=title, row=number)


def _compare(
    sheets: Sequence[_Sheet], files: Mapping[str, register_files.RegisterFile], words: RegisterWords
) -> BookRows:
    """Return what is new, refused and noticed in a workbook, held against the registers as they are."""
    new, n_known = {}, 0
    refused = [each for sheet in sheets for each in sheet.refused]
    by_name = {sheet.name: sheet for sheet in sheets if sheet.name}
    twice = [sheet for sheet in sheets if sheet.name and sheet is not by_name[sheet.name]]
    refused += [say("{sheet}: there is another sheet of this register; keep one", sheet=each.title) for each in twice]
    workshops = register_rows.list_workshops(files)
    workshops += [texts["workshop"] for _, texts in by_name["workshops"].new] if "workshops" in by_name else []
    for name, sheet in by_name.items():
        refused += _list_changes(sheet, files[name], words)
        rows, faults = check_rows(name, sheet.new, workshops)
        refused += faults
        new[name] = register_rows.select_new_rows(files[name], rows, sheet.last)
        n_known += len(rows) - len(new[name])
    lacking = (name for name in files if name not in by_name)
    remarks = [say("no sheet of {register}: nothing is taken for it", register=name) for name in lacking]
    return BookRows(new, n_known, refused, remarks)


def check_rows(register: str, placed: Iterable[PlacedRow], workshops: Sequence[str]) -> tuple[list[TextRow], list[str]]:
    """Return the rows that can be taken, as they are written, and why the others cannot, each once."""
    rows, refused = [], {}
    for place, texts in placed:
        if fault := register_rows.find_fault(register, texts, workshops):
            column, text, expected = fault
            facts = {"column": "row" if column == "of_row" else column, "text": text, "expected": expected}
            said = say("{column} is “{text}”, which cannot be taken; expected: {expected}", **facts)
            refused[f"{place}: {said}"] = None
        else:
            rows.append(register_rows.normalise_row(register, texts))
    return rows, list(refused)


def _list_changes(sheet: _Sheet, file: register_files.RegisterFile, words: RegisterWords) -> Iterator[str]:
    """Yield each row of the register that the sheet shows otherwise, or no more: rows are never changed."""
    remedy = say("rows are never changed: leave it as it was, and add a further row")
    there = {int(row["row"]): row for row in file.rows}
    for number in sorted({*sheet.known, *(n for n in there if n <= sheet.last)}):
        shown, own = sheet.known.get(number), there.get(number)
        where = say("row {row} of {file}", row=number, file=f"{file.name}.csv")
        if shown is None:
            missing = say("{where} is missing here; {remedy}", where=where, remedy=remedy)
            yield f"{sheet.title}: {missing}"
            continue
        place, texts = shown
        if own is None:
            gone = say("{where} is not there; write the workbook again", where=where)
            yield f"{place}: {gone}"
            continue
        for column, text in texts.items():
            if text != (before := words.read(column, _plain(own[column]))):
                facts = {"column": column, "text": text, "before": before, "where": where, "remedy": remedy}
                changed = say("{column} is “{text}”, and “{before}” in {where}; {remedy}", **facts)
                yield f"{place}: {changed}"


def _plain(text: str) -> str:
    return " ".join(plain(clean(text)).split())
