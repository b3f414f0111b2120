"""A file's sheets as rows of cells, whatever kind of file they were in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from helpers.ingest.admit import Remark
from helpers.ingest.cells import CellValue, is_empty_cell

HEADER_ROWS = 30  # the first rows, among which the header is; titles may come before it
NumberedRow = tuple[int, tuple[CellValue, ...]]  # with the number that the spreadsheet shows


@dataclass(frozen=True)
class Sheet:
    """One sheet: its rows that are not blank."""

    name: str
    hidden: bool
    rows: tuple[NumberedRow, ...]
    ragged: bool = False  # a text file, in which a row shorter than the header was cut


@dataclass(frozen=True)
class Contents:
    """The sheets of a file, and remarks from opening it."""

    sheets: tuple[Sheet, ...]
    remarks: tuple[Remark, ...] = ()


def is_empty_row(row: Iterable[CellValue]) -> bool:
    """Tell whether nothing is written in a row."""
    return all(map(is_empty_cell, row))


def cell_at(row: Sequence[CellValue], index: int | None) -> CellValue:
    """Return a cell of a row, None where the row has none."""
    return row[index] if index is not None and index < len(row) else None
