"""Lists that others keep, taken into a register: who came, who replied, as a host's spreadsheet has it."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from helpers.desk import register_rows, register_taking
from helpers.desk.register_taking import BookRows
from helpers.desk.register_words import RegisterWords
from helpers.ingest import register_files, registers
from helpers.plan import read_settings
from helpers.speech import say

_HEAD_ROWS = 30  # within which the headings are: titles may come before them
_Line = tuple[int, Sequence[str]]  # its number, and its cells


def take_list(
    path: Path, register: str, given: Mapping[str, str], recorded_on: date, write: bool = False
) -> BookRows:  # fmt: skip
    """Read a spreadsheet or CSV file whose columns are called as a register's; add its rows if `write`.

    `given` are the cells that all rows share, by column: the workshop, the questionnaire. Rows are added all or none. A
    column of neither is named, and not taken. Raises ValueError for a file that has no such columns, DataRefused for
    registers that cannot be read, OSError where nothing can be written.
    """
    if register not in registers.COLUMNS:
        known = ", ".join(registers.COLUMNS)
        raise ValueError(say("{register} is no register; choose among {names}", register=register, names=known))
    own = register_rows.list_own_columns(register)
    if unknown := sorted(set(given) - set(own)):
        names = {"names": ", ".join(unknown), "register": register, "columns": ", ".join(own)}
        raise ValueError(say("{names}: no column of {register}; choose among {columns}", **names))
    words = RegisterWords(read_settings().master_language)
    shared = dict.fromkeys(own, "") | {column: words.read(column, text) for column, text in given.items()}
    read, remarks = [], []
    for title, lines in _read_sheets(path, words):
        found = _find_rows(lines, [column for column in own if column not in given], words)
        if found is None:
            remarks.append(say("{sheet}: no row of headings; not read", sheet=title))
            continue
        places, unread, below = found
        remarks += [say("{sheet}: column “{head}” is not taken", sheet=title, head=head) for head in unread]
        for number, cells in below:
            texts = {column: words.read(column, _cell(cells, at)) for column, at in places.items()}
            read.append((register_taking.place_row(title, number), shared | texts))
    if not read:
        expected = ", ".join(column for column in own if column not in given)
        raise ValueError(say("{file}: no row under headings such as {columns}", file=path, columns=expected))
    with register_rows.lock_registers():
        files = register_rows.read_register_files()
        rows, refused = register_taking.check_rows(register, read, register_rows.list_workshops(files))
        new = {register: register_rows.select_new_rows(files[register], rows)}
        if write and not refused:
            register_rows.write_rows(files, new, recorded_on)
    return BookRows(new, len(rows) - len(new[register]), refused, remarks)


def _read_sheets(path: Path, words: RegisterWords) -> list[tuple[str, list[_Line]]]:
    """Return the sheets of a workbook, or of a CSV file the only one, as lines of texts."""
    if path.suffix.casefold() == ".csv":
        return [(path.name, register_files.read_lines(path, words.count_headings))]
    sheets = []
    for sheet in register_taking.open_register_sheets(path):
        sheet.reset_dimensions()
        rows = [[register_taking.read_cell(cell) for cell in row] for row in sheet.iter_rows()]
        sheets.append((sheet.title, [(n, row) for n, row in enumerate(rows, start=1) if any(row)]))
    return sheets


def _find_rows(
    lines: Sequence[_Line], columns: Sequence[str], words: RegisterWords
) -> tuple[dict[str, int], list[str], Sequence[_Line]] | None:
    """Return the places of the columns that a sheet has, its other headings, and the lines below; None without."""
    named = [[words.read_heading(cell, columns) for cell in cells] for _, cells in lines[:_HEAD_ROWS]]
    top = max(range(len(named)), key=lambda n: len({*named[n]} - {""}), default=None)
    if top is None or not any(named[top]):
        return None
    places = {column: named[top].index(column) for column in columns if column in named[top]}
    heads = lines[top][1]
    unread = [
        head for n, head in enumerate(heads)
        if head and n not in places.values() and any(_cell(cells, n) for _, cells in lines[top + 1 :])
    ]  # fmt: skip
    return places, unread, lines[top + 1 :]


def _cell(cells: Sequence[str], at: int) -> str:
    return cells[at] if at < len(cells) else ""
