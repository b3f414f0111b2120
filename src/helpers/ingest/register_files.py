"""A register as its file has it: its rows as texts, and how further rows are written below them."""

import contextlib
import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.ingest import admit, received
from helpers.ingest.admit import Unreadable
from helpers.ingest.delimited import Line, Records, split_records
from helpers.ingest.sheets import HEADER_ROWS, is_empty_row
from helpers.speech import say
from helpers.strings import fold, without_invisible

COLUMNS = {
    "milestones": ("quarter", "product", "stage", "parts", "reference", "recorded_on"),
    "workshops": ("workshop", "step", "topic", "held_on", "title", "recorded_on"),
    "attendance": ("workshop", "member", "women", "men", "recorded_on"),
    "confirmations": ("quarter", "member", "question", "value", "confirmed_on", "note", "recorded_on"),
    "questionnaires": ("questionnaire", "title", "sent_on", "due_on", "member", "returned_on", "recorded_on"),
    "withdrawals": ("quarter", "source_file", "row", "recorded_on", "note"),
    "actions": (
        "id", "quarter", "kpi", "member", "action", "responsible", "due", "status", "closed_on", "recorded_on",
    ),
}  # fmt: skip
Fault = tuple[str, str, str]  # why a row cannot be read: the column, its text, what is expected
_COUNTED = ("women", "men")  # blank is 0, but a row too short to have them is cut


def _list_headings(cells: Sequence[str]) -> list[str]:
    """Return headings as columns are named: without case, blanks and invisible characters."""
    return [fold(cell).replace(" ", "_") for cell in cells]


def find_columns(cells: Sequence[str], name: str) -> dict[str, int]:
    """Return the place of each column of a register that a row names."""
    headings = _list_headings(cells)
    return {column: headings.index(column) for column in COLUMNS[name] if column in headings}


def read_content(path: Path) -> bytes:
    """Read a file that is a text. Raises Unreadable for any other."""
    try:
        if not (path.exists() or path.is_symlink()):
            raise Unreadable("absent")
        given = received.read_bytes(path)
    except OSError as reason:
        raise Unreadable("file", reason.strerror) from reason
    if given.refusal:
        raise given.refusal
    try:
        kind = admit.admit(given.content)
    except Exception as reason:  # an archive that is damaged is no CSV either
        raise Unreadable("csv") from reason
    if kind != admit.TEXT:
        raise Unreadable("csv", observed=kind)
    return given.content


def _find_header(lines: Sequence[Line], name: str) -> Line:
    """Return the line of the headings. Raises Unreadable where a column is missing or stands twice."""
    top = max(lines[:HEADER_ROWS], key=lambda line: len(find_columns(line[1], name)), default=(0, []))
    headings = _list_headings(top[1])
    if missing := [column for column in COLUMNS[name] if column not in headings]:
        raise Unreadable("columns", ", ".join(missing))
    if twice := [column for column in COLUMNS[name] if headings.count(column) > 1]:
        raise Unreadable("twice", ", ".join(twice))
    return top


def list_raw_rows(records: Records, name: str) -> Iterator[tuple[dict[str, str], Fault | None]]:
    """Yield the rows below each header as text, with what is wrong. Raises Unreadable where a quote has joined rows."""
    lines = [(number, row) for number, (_, row) in enumerate(records.lines, start=1) if not is_empty_row(row)]
    top = _find_header(lines, name)
    columns, width = find_columns(top[1], name), len(top[1])
    for number, cells in [line for line in lines if line[0] > top[0]]:
        if len(again := find_columns(cells, name)) == len(columns):
            columns, width = again, len(cells)
            continue
        if any(_holds_row(cell, records.delimiter, width) for cell in cells):
            raise Unreadable("quote", number, observed=str(number))
        texts = {column: without_invisible(cells[at]).strip() for column, at in columns.items() if at < len(cells)}
        may_be_cut = number == len(records.lines) and not records.is_whole
        row = dict.fromkeys(columns, "") | texts
        if "row" in columns:
            row["of_row"] = row["row"]  # of the file that is withdrawn
        yield row | {"row": str(number)}, _find_fault(cells, columns, width, may_be_cut)


def _find_fault(cells: Sequence[str], columns: Mapping[str, int], width: int, may_be_cut: bool) -> Fault | None:
    """Return what is wrong with a row's number of cells. Blank ones at its end may be left out, as spreadsheets do."""
    beyond = " ".join(cells[width:]).strip()
    needed = columns if may_be_cut else _COUNTED
    lacks = next((column for column in needed if columns.get(column, 0) >= len(cells)), "")
    return ("*" if beyond else lacks, beyond, ", ".join(columns)) if beyond or lacks else None


def _holds_row(cell: str, delimiter: str, width: int) -> bool:
    """Tell whether a stray quote has joined a further row to a cell."""
    return any(line.count(delimiter) >= width - 1 for line in re.split(r"[\r\n]+", cell)[1:])


def key_of_column(column: str) -> str:
    """Return the name of a column in a row as read, whose `row` is its own place in the file."""
    return "of_row" if column == "row" else column


@dataclass(frozen=True)
class RegisterFile:
    """A register's file: its content, and its rows as texts by column, each with its number in the file as `row`."""

    name: str
    content: bytes
    rows: tuple[Mapping[str, str], ...]

    def extend(self, rows: Sequence[Mapping[str, str]]) -> bytes:
        """Return the content with rows below it: the file's own delimiter, order of columns, line ends and encoding.

        Where its encoding lacks a letter, or could be taken for another then, the whole becomes UTF-8 with its mark.
        Raises ValueError where the rows would not be read back as they are.
        """
        records = split_register(self.name, self.content)
        end = (re.findall(r"\r\n|\n|\r", records.text) or ["\n"])[-1]
        added = io.StringIO(newline="")
        writer = csv.writer(added, delimiter=records.delimiter, lineterminator=end)
        headers = [row for _, row in records.lines if len(find_columns(row, self.name)) == len(COLUMNS[self.name])]
        columns, width = find_columns(headers[-1], self.name), len(headers[-1])
        for row in rows:
            cells = dict.fromkeys(range(width), "") | {at: row[key_of_column(name)] for name, at in columns.items()}
            writer.writerow(cells.values())
        more = ("" if records.is_whole else end) + added.getvalue()
        for whole in _list_encoded(self.content, records, more):
            meant = [_texts_of(row, self.name) for row in (*self.rows, *rows)]
            if [_texts_of(row, self.name) for row in split_rows(self.name, whole)] == meant:
                return whole
        raise ValueError(f"{self.name}.csv: the rows would not be read back as they are; save it as CSV UTF-8 first")


def _list_encoded(content: bytes, records: Records, more: str) -> Iterator[bytes]:
    """Yield a content with more text in its own encoding, where that can be, then the whole in UTF-8."""
    with contextlib.suppress(UnicodeEncodeError):
        if records.codec:
            yield content + more.encode(records.codec)
    yield (records.text + more).encode("utf-8-sig")


def _texts_of(row: Mapping[str, str], name: str) -> list[str]:
    return [row[key_of_column(column)] for column in COLUMNS[name]]


def split_register(name: str, content: bytes) -> Records:
    """Split a register into records. Raises Unreadable for what is no text, or a quote that is never closed."""
    return split_records(content, lambda row: len(find_columns(row, name)))


def split_rows(name: str, content: bytes) -> Iterator[dict[str, str]]:
    """Yield the rows of a register as texts. Raises Unreadable as `list_raw_rows` does."""
    yield from (row for row, _ in list_raw_rows(split_register(name, content), name))


def read_lines(path: Path, count_known: Callable[[Sequence[str]], int]) -> list[Line]:
    """Read any CSV file, separated by whatever gives a row of the most known headings: its lines that are not blank.

    Raises ValueError for a file that is no text.
    """
    try:
        lines = split_records(read_content(path), count_known).lines
    except Unreadable as reason:
        raise ValueError(say("{file} cannot be read as CSV; save it as .xlsx, or as CSV UTF-8", file=path)) from reason
    texts = [(number, [without_invisible(cell).strip() for cell in cells]) for number, cells in lines]
    return [(number, cells) for number, cells in texts if any(cells)]


def read_register_file(name: str, path: Path) -> RegisterFile:
    """Read a register's file; one that is not there is its head alone. Raises Unreadable for what is no register."""
    is_there = path.exists() or path.is_symlink()
    content = read_content(path) if is_there else (",".join(COLUMNS[name]) + "\n").encode()
    return RegisterFile(name, content, tuple(split_rows(name, content)))
