"""Compares two versions of a published file and lists what differs: row, column, old and new value."""

import csv
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, zip_longest
from pathlib import Path

import openpyxl

from helpers.speech import say, say_of
from helpers.tables import datapackage, schema

MOST_DIFFERENCES = 20  # listed for one file; the others are counted
_LONGEST = 60  # letters of a value that are shown

_Place = tuple[str, ...]  # row and column, sheet and cell, cell and line…
_Cells = Mapping[_Place, str]  # the content of a file by place


def list_differences(name: str, old: Path, new: Path) -> list[str]:
    """List the differences between two versions of a file, under its name; none if every byte is the same."""
    old_bytes, new_bytes = old.read_bytes(), new.read_bytes()
    if old_bytes == new_bytes:
        return []
    lines = []
    if old.suffix in _READERS:
        read = _READERS[old.suffix]
        try:
            found = _compare_cells(read(old), read(new))
            lines = [say_of(name, line) for line in islice(found, MOST_DIFFERENCES)]
            more = sum(1 for _ in found)
            lines += [say("{name}: and {n} more", name=name, n=more)] if more else []
        except Exception as error:  # a published file may be damaged in any way
            why = f"{type(error).__name__}: {_shorten(str(error))}"
            return [say("{name}: cannot be read ({why})", name=name, why=why)]
    first = next(n for n, (a, b) in enumerate(zip_longest(old_bytes, new_bytes), start=1) if a != b)
    return lines or [say(
        "{name}: differs from byte {first} on ({before} bytes then, {now} now)",
        name=name, first=first, before=len(old_bytes), now=len(new_bytes),
    )]  # fmt: skip


def _compare_cells(old: _Cells, new: _Cells) -> Iterator[str]:
    for place in sorted(old.keys() | new.keys()):
        if old.get(place) != new.get(place):
            was, now = (_shorten(cells[place]) if place in cells else say("nothing") for cells in (old, new))
            yield say("{place}: was {was}, is {now}", place=", ".join(filter(None, place)), was=was, now=now)


def _shorten(value: str) -> str:
    text = " ".join(value.split())
    return f"{text[:_LONGEST]}…" if len(text) > _LONGEST else text or say("blank")


def _index_table(name: str, rows: Sequence[Sequence[str]]) -> _Cells:
    """Return the cells of a table by row and column. Rows without a key are counted by their whole content."""
    header, *body = rows
    key = [header.index(column) for column in datapackage.PRIMARY_KEYS.get(name, ()) if column in header]
    cells: dict[_Place, str] = {}
    for row in body:
        row_name = " ".join(row[n] for n in key)
        if row_name:
            cells |= {(row_name, column): value for column, value in zip(header, row, strict=True)}
        else:
            place = (say("row"), " | ".join(filter(None, row)))
            cells[place] = str(int(cells.get(place, "0")) + 1)
    return cells


def _read_csv(path: Path) -> _Cells:
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding="utf-8", newline="") as file:
        return _index_table(path.stem, list(csv.reader(file)))


def _read_parquet(path: Path) -> _Cells:
    rows = schema.read_parquet(path)
    return _index_table(path.stem, [list(rows.columns), *rows.astype("str").to_numpy().tolist()])


def _read_json(path: Path) -> _Cells:
    return dict(_list_leaves(json.loads(path.read_text(encoding="utf-8")), ()))


def _list_leaves(value: object, place: _Place) -> Iterator[tuple[_Place, str]]:
    if isinstance(value, Mapping | list):
        for key, part in value.items() if isinstance(value, Mapping) else enumerate(value, start=1):
            yield from _list_leaves(part, (*place, str(key)))
    else:
        yield place, str(value)


def _read_notebook(path: Path) -> _Cells:
    cells: dict[_Place, str] = {}
    in_cell, in_line = say("cell"), say("line")
    for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"], start=1):
        texts = [("source", cell["source"])]
        for output in cell.get("outputs", ()):
            texts += output.get("data", {}).items()
            texts += [("text", output["text"])] if "text" in output else []
        for kind, text in texts:
            lines = text if isinstance(text, list) else [text]
            cells |= {
                (f"{in_cell} {number}", kind, f"{in_line} {n}"): str(line) for n, line in enumerate(lines, start=1)
            }
    return cells


def _read_workbook(path: Path) -> _Cells:
    book = openpyxl.load_workbook(path, read_only=True)
    return {
        (sheet.title, cell.coordinate): str(cell.value)
        for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None
    }  # fmt: skip


def _read_lines(path: Path) -> _Cells:
    lines = path.read_text(encoding="utf-8").splitlines()
    width, in_line = int(math.log10(len(lines) or 1)) + 1, say("line")
    return {(f"{in_line} {number:0{width}}",): line for number, line in enumerate(lines, start=1)}


_READERS: Mapping[str, Callable[[Path], _Cells]] = {
    ".csv": _read_csv, ".parquet": _read_parquet, ".json": _read_json, ".ipynb": _read_notebook,
    ".xlsx": _read_workbook, ".html": _read_lines, ".svg": _read_lines,
}  # fmt: skip
