"""Reads the CSV files of the plan and checks their cells; problems name the file, the row and what to do."""

import contextlib
import csv
import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from helpers.paths import DataRefused
from helpers.plan.quarters import parse_quarter
from helpers.speech import say, say_of, to_say
from helpers.strings import LANGUAGES, clean

_REASONS = {UnicodeDecodeError: to_say("it is no UTF-8 text"),
            csv.Error: to_say("a quote is not closed, or stands within a cell")}  # fmt: skip
MOST_PLANS = 8  # that a process keeps: it needs one or two, a long run of tests would keep hundreds
# A column that is no slip of another: of a language that the plan has not, or a reference figure.
_OWN_COLUMN = re.compile(rf".+_(?:{'|'.join(LANGUAGES)})|reference_\w+")
_RESTORE = to_say("restore the file, or save it as CSV UTF-8 separated by commas")


class PlanError(DataRefused):
    """The plan is wrong: the message names the file, the row and the reason of every problem."""


class Allowed(NamedTuple):
    """What a cell may be: a pattern, and the words for it in a message; `note` says more, `parse` refuses the rest.

    Words and note are said only with a problem; `codes` stands in the words where they name {codes}.
    """

    pattern: str
    words: str
    note: str = ""
    parse: Callable[[str], object] = str
    codes: str = ""
    may_be_blank: bool = False

    def or_blank(self) -> "Allowed":
        """Return the same, or a blank."""
        return self._replace(pattern=f"(?:{self.pattern})?", may_be_blank=True)

    def say(self) -> str:
        """Return what a cell may be, in words."""
        words = say(self.words, codes=self.codes)
        return say("{words}, or blank", words=words) if self.may_be_blank else words


def one_of(codes: Iterable[str], source: str = "") -> Allowed:
    """Allow the codes of a list; anything where it is empty because the file that has it cannot be read."""
    codes = list(dict.fromkeys(codes))
    shown = ", ".join(codes[:12]) + (", …" if len(codes) > 12 else "")
    pattern = "|".join(map(re.escape, codes)) or "(?s:.*)"
    return Allowed(pattern, to_say("one of {codes}"), codes=shown + (f" ({source})" if source else ""))


ANY = Allowed("(?s:.*)", to_say("any text"))
LINE = Allowed(".+", to_say("a text of one line"))
NAME = Allowed("[a-z][a-z0-9_]*", to_say("a name of small letters, digits and _"))
ISO3 = Allowed("[A-Z]{3}", to_say("an ISO3 code: three capitals"))
QUARTER = Allowed(".+", to_say("a quarter such as 2023Q4"), parse=parse_quarter)
COUNT = Allowed("[1-9][0-9]{0,8}", to_say("a whole number above 0, in digits alone"))
NUMBER = Allowed(r"[0-9]{1,12}(\.[0-9]+)?", to_say("a number such as 12 or 0.80"), to_say("no sign, %, blank or comma"))


class CsvRow(dict[str, str]):
    """The cells of a row by column, with its place: the file and its number in a spreadsheet."""

    def __init__(self, cells: Iterable[tuple[str, str]], file: str, number: int) -> None:
        super().__init__(cells)
        self.file, self.number = file, number

    @property
    def place(self) -> str:
        """The file, and the row's number in a spreadsheet."""
        return say("{file}, row {number}", file=self.file, number=self.number)

    def say(self, problem: str, /, **values: object) -> str:
        """Return a problem of the row as a sentence, with its own cells and other values in its {fields}."""
        return self.tell(say(problem, **{**self, **values}))

    def tell(self, problem: str) -> str:
        """Return a problem that is said already with the place of the row."""
        return say_of(self.place, problem)


@dataclass(frozen=True)
class PlanTable:
    """The rows of one file: all of them, and those without a problem; `problems` are sentences."""

    file: str
    every_row: tuple[CsvRow, ...] = ()
    rows: tuple[CsvRow, ...] = ()
    problems: tuple[str, ...] = ()

    def codes(self, column: str) -> tuple[str, ...]:
        """Return what a column holds, rows with a problem included, so that nobody is told of it twice."""
        return tuple(row[column] for row in self.every_row)


def _check_header(header: list[str], columns: Iterable[str], optional: Iterable[str]) -> Iterator[str]:
    if missing := ", ".join(column for column in columns if column not in header):
        yield say("has no column {names}; add it to the first row, {restore}", names=missing, restore=say(_RESTORE))
    if twice := sorted({name for name in header if name and header.count(name) > 1}):
        yield say("has two columns {names}; keep one of each", names=", ".join(map(repr, twice)))
    for name in header:
        near = difflib.get_close_matches(name.strip().casefold(), optional, n=1, cutoff=0.7)
        if near and name not in (*columns, *optional) and not _OWN_COLUMN.fullmatch(name):
            yield say("has a column {name!r}; did you mean {near}?", name=name, near=near[0])


@lru_cache(maxsize=16_384)
def _find_fault(text: str, allowed: Allowed) -> str:
    """Return what is wrong with a text, blank where nothing is; a sentence that lacks its values yet."""
    if text != text.strip() or clean(text) != text:
        return to_say("{column} {text!r} has blanks around it, or invisible characters; remove them")
    with contextlib.suppress(ValueError):
        if re.fullmatch(allowed.pattern, text) and (not text or allowed.parse(text)):
            return ""
    return to_say("{column} {text!r} is not {words}") if text else to_say("{column} is blank; write {words}")


def _check_cell(column: str, text: str, allowed: Allowed) -> str:
    """Return what is wrong with a cell, blank where nothing is."""
    if not (fault := _find_fault(text, allowed)):
        return ""
    words = allowed.say()
    note = f" ({say(allowed.note)})" if allowed.note and text else ""
    return say(fault, column=column, text=text, words=words + note)


def read_plan_table(
    path: Path,
    columns: Mapping[str, Allowed],
    key: tuple[str, ...] = (),
    optional: Mapping[str, Allowed] | None = None,
    may_be_empty: bool = False,
) -> PlanTable:
    """Read a file of the plan (UTF-8, comma, RFC 4180) and check its header, its cells, and that no key occurs twice.

    Rows that are all blank are no rows. Columns that are not named may hold anything.
    """
    optional, name = optional or {}, path.name
    allowed = {**columns, **optional}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *lines = list(csv.reader(file, strict=True)) or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as reason:
        why = say(_REASONS.get(type(reason)) or reason.strerror or to_say("no file"))
        problem = say("{file}: cannot be read ({why}); {restore}", file=name, why=why, restore=say(_RESTORE))
        return PlanTable(name, problems=(problem,))
    found = [say_of(name, problem) for problem in _check_header(header, columns, optional)]
    if not found and not may_be_empty and not any(map(any, lines)):
        told = to_say("{file}: has no row below its header; write its rows, {restore}")
        found = [say(told, file=name, restore=say(_RESTORE))]
    if found:
        return PlanTable(name, problems=tuple(found))
    every_row, rows, first = [], [], {}
    for number, line in enumerate(lines, start=2):
        if not any(cell.strip() for cell in line):
            continue
        row = CsvRow(zip_longest(header, line[: len(header)], fillvalue=""), name, number)
        problems = [*_check_line(row, line, header, allowed), *_check_key(row, key, first)]
        every_row.append(row)
        rows += [] if problems else [row]
        found += map(row.tell, problems)
    return PlanTable(name, tuple(every_row), tuple(rows), tuple(found))


def _check_line(row: CsvRow, line: list[str], header: list[str], allowed: Mapping[str, Allowed]) -> Iterator[str]:
    """Yield what is wrong with the cells of a row, or with their number; a blank cell under no heading is dropped."""
    if len(line) != len(header):
        yield say("has {n} cells where the header has {of}; write the row again, or restore it",
                  n=len(line), of=len(header))  # fmt: skip
        return
    yield from filter(None, (_check_cell(column, text, allowed.get(column, ANY)) for column, text in row.items()))
    if row.pop("", ""):
        yield say("has a cell under no heading; name its column, or empty it")


def _check_key(row: CsvRow, key: tuple[str, ...], first: dict[tuple[str, ...], int]) -> Iterator[str]:
    """Yield that a code occurs twice; `first` has the row of each, and takes this one.

    Codes that differ in capitals alone are told apart by nobody, nor by every file system.
    """
    code = tuple(row[column] for column in key)
    if key and all(code):
        number = first.setdefault(tuple(map(str.casefold, code)), row.number)
        if number != row.number:
            yield say("{code} occurs twice, first in row {first}; keep one", code=" ".join(code), first=number)


def refuse(problems: Iterable[str]) -> None:
    """Raise PlanError with all problems, each once; nothing where there is none."""
    if problems := list(dict.fromkeys(problems)):
        raise PlanError("\n".join([*problems, say("Correct these files of data/raw/plan, or restore them.")]))


def read_rows(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Read a CSV file as text, by column. Raises PlanError where it cannot be read, has no row or lacks a column."""
    table = read_plan_table(path, dict.fromkeys(columns, ANY))
    refuse(table.problems)
    return [dict(row) for row in table.rows]
