"""Two versions of a published file compared, and what differs told as a person would: row, column, was, is."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, zip_longest
from pathlib import Path

import openpyxl

from helpers.tables import datapackage, schema

MOST_DIFFERENCES = 20  # lines told of one file; the rest are counted
_LONGEST = 60  # letters of a value that are shown

TableCells = Mapping[tuple[str, ...], str]  # what a file says, by where it says it


def _short(value: str) -> str:
    text = " ".join(value.split())
    return f"{text[:_LONGEST]}…" if len(text) > _LONGEST else text or "blank"


def compare_cells(was: TableCells, now: TableCells) -> Iterator[str]:
    """Tell where two versions say something else: each place with what was and what is there."""
    for place in sorted(was.keys() | now.keys()):
        if was.get(place) != now.get(place):
            said = (_short(one[place]) if place in one else "nothing" for one in (was, now))
            yield "{}: was {}, is {}".format(", ".join(filter(None, place)), *said)


# --- what a file says, by where ---------------------------------------------------------------------------------


def _table(name: str, rows: Sequence[Sequence[str]]) -> TableCells:
    """Return the cells of a table by row and column; a row is named by its key, or without one by all it says."""
    header, *body = rows
    key = [header.index(column) for column in datapackage.PRIMARY_KEYS.get(name, ()) if column in header]
    cells: dict[tuple[str, ...], str] = {}
    for row in body:
        named = " ".join(row[n] for n in key)
        if named:
            cells |= {(named, column): value for column, value in zip(header, row, strict=True)}
        else:
            place = ("row", " | ".join(filter(None, row)))
            cells[place] = str(int(cells.get(place, "0")) + 1)
    return cells


def _read_csv(path: Path) -> TableCells:
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding="utf-8", newline="") as file:
        return _table(path.stem, list(csv.reader(file)))


def _read_parquet(path: Path) -> TableCells:
    rows = schema.read_parquet(path)
    return _table(path.stem, [list(rows.columns), *rows.astype("str").to_numpy().tolist()])


def _read_json(path: Path) -> TableCells:
    return dict(_leaves(json.loads(path.read_text(encoding="utf-8")), ()))


def _leaves(value: object, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _leaves(part, (*place, str(key)))
    elif isinstance(value, list):
        for number, part in enumerate(value, start=1):
            yield from _leaves(part, (*place, str(number)))
    else:
        yield place, str(value)


def _read_notebook(path: Path) -> TableCells:
    """Return what a notebook's cells show, line by line."""
    cells: dict[tuple[str, ...], str] = {}
    for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"], start=1):
        for kind, text in _texts(cell):
            lines = text if isinstance(text, list) else [text]
            cells |= {(f"cell {number}", kind, f"line {n}"): str(line) for n, line in enumerate(lines, start=1)}
    return cells


def _texts(cell: Mapping) -> Iterator[tuple[str, object]]:
    yield "source", cell["source"]
    for output in cell.get("outputs", ()):
        yield from output.get("data", {}).items()
        if "text" in output:
            yield "text", output["text"]


def _read_workbook(path: Path) -> TableCells:
    book = openpyxl.load_workbook(path, read_only=True)
    return {
        (sheet.title, cell.coordinate): str(cell.value)
        for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None
    }  # fmt: skip


def _read_lines(path: Path) -> TableCells:
    lines = path.read_text(encoding="utf-8").splitlines()
    width = int(math.log10(len(lines) or 1)) + 1
    return {(f"line {number:0{width}}",): line for number, line in enumerate(lines, start=1)}


_READERS: Mapping[str, Callable[[Path], TableCells]] = {
    ".csv": _read_csv, ".parquet": _read_parquet, ".json": _read_json, ".ipynb": _read_notebook,
    ".xlsx": _read_workbook, ".html": _read_lines, ".svg": _read_lines,
}  # fmt: skip


# --- two files --------------------------------------------------------------------------------------------------


def _first_different_byte(was: bytes, now: bytes) -> int:
    return next(n for n, (a, b) in enumerate(zip_longest(was, now), start=1) if a != b)


def list_differences(name: str, was: Path, now: Path) -> list[str]:
    """Tell how a file differs from what it was, under a name; nothing where every byte is the same."""
    before, after = was.read_bytes(), now.read_bytes()
    if before == after:
        return []
    reader, lines = _READERS.get(was.suffix), []
    if reader:
        try:
            found = compare_cells(reader(was), reader(now))
            lines = [f"{name}: {line}" for line in islice(found, MOST_DIFFERENCES)]
            more = sum(1 for _ in found)
            lines += [f"{name}: and {more} more"] if more else []
        except Exception as reason:  # what was published may be damaged in any way: its bytes are told then
            lines = [f"{name}: cannot be read ({type(reason).__name__}: {_short(str(reason))})"]
    return lines or [
        f"{name}: differs from byte {_first_different_byte(before, after)} on "
        f"({len(before)} bytes then, {len(after)} now)"
    ]
