"""From a workbook to its sheets of cells, with remarks on hidden rows, comments and macros."""

import io
import posixpath
import re
import warnings
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

import openpyxl

from helpers.ingest.admit import MAX_COLUMNS, MAX_ROWS, Remark, check_range, unpack
from helpers.ingest.cells import CellValue, Formula, is_empty_cell

HEADER_ROWS = 30  # the first rows, among which the header is; titles may come before it

_ROW_OR_COLUMN = re.compile(rb"<(?:\w+:)?(row|col)\s([^<>]*)>")
_HIDDEN, _NUMBER = re.compile(rb'\bhidden="(?:1|true)"'), re.compile(rb'(?:^|\s)(?:r|min)="(\d+)"')
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
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


def read_workbook(content: bytes) -> Contents:
    """Return the sheets of a workbook that was admitted; formulas keep their text and their stored value.

    Raises Unreadable over the limits of methodology 2b. They are counted as rows are read, for the used range that a
    file declares may be a bomb. Anything else the parser raises means that the file is damaged.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = _parts(archive)
        remarks = [Remark("FILE_MACROS")] if "xl/vbaProject.bin" in archive.namelist() else []
        texts = {name: unpack(archive, path) for name, path in parts.items()}
        for name, path in parts.items():
            remarks += [*_hidden(name, texts[name]), *_comments(archive, name, path)]
    computed = {name for name, text in texts.items() if _FORMULA.search(text)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of styles and validations that no value depends on
        values = _grids(content, data_only=True)
        formulas = _grids(content, data_only=False, only=computed) if computed else {}
    sheets = []
    for name, (hidden, rows) in values.items():
        if name in formulas:
            rows = [_with_formulas(*pair) for pair in zip(rows, formulas[name][1], strict=True)]
        sheets.append(Sheet(name, hidden, tuple((number, row) for number, row in rows if not is_empty_row(row))))
    return Contents(tuple(sheets), tuple(remarks))


def _grids(content: bytes, data_only: bool, only: set[str] | None = None) -> dict[str, tuple[bool, list[NumberedRow]]]:
    """Return whether each sheet is hidden, and its rows: of formulas the value or the text."""
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=data_only, keep_links=False)
    grids, n_cells = {}, 0
    for sheet in book.worksheets:
        if only is None or sheet.title in only:
            sheet.reset_dimensions()
            rows = []
            for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
                n_cells += len(row)
                check_range(number, len(row), n_cells)
                if row:
                    rows.append((number, row))
            grids[sheet.title] = (sheet.sheet_state != "visible", rows)
    book.close()
    return grids


def _with_formulas(row: NumberedRow, written: NumberedRow) -> NumberedRow:
    cells = []
    for value, formula in zip(row[1], written[1], strict=True):
        text = getattr(formula, "text", formula)  # openpyxl gives an array formula as an object
        is_formula = isinstance(text, str) and text.startswith("=") and text != value
        cells.append(Formula.of(text, value) if is_formula else value)
    return row[0], tuple(cells)


def _relations(archive: zipfile.ZipFile, path: str) -> Mapping[str, str]:
    """Return the parts that a part points to, by the id of the relation."""
    folder, name = posixpath.split(path)
    listed = f"{folder}/_rels/{name}.rels"
    if listed not in archive.namelist():
        return {}
    relations = ElementTree.fromstring(unpack(archive, listed))
    return {
        each.get("Id", ""): posixpath.normpath(posixpath.join("/" + folder, each.get("Target", ""))).lstrip("/")
        for each in relations
        if each.get("TargetMode") != "External"
    }


def _parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the part of each sheet, by the sheet's name."""
    targets = _relations(archive, "xl/workbook.xml")
    book = ElementTree.fromstring(unpack(archive, "xl/workbook.xml"))
    listed = {}
    for each in book.iter():
        relation = next((value for key, value in each.attrib.items() if key.endswith("}id")), "")
        if each.get("name") and targets.get(relation) in archive.namelist():
            listed[each.get("name", "")] = targets[relation]
    return listed


def _hidden(sheet: str, part: bytes) -> list[Remark]:
    """Remark on hidden rows and columns; they are read like the others."""
    rows, columns = [], []
    for kind, attributes in _ROW_OR_COLUMN.findall(part):
        number = _NUMBER.search(attributes)
        if number and _HIDDEN.search(attributes) and int(number[1]) <= MAX_ROWS:
            (rows if kind == b"row" else columns).append(int(number[1]))
    columns = [openpyxl.utils.get_column_letter(number) for number in columns if number <= MAX_COLUMNS]
    return [Remark("SHEET_HIDDEN_ROWS", ", ".join([*columns, *map(str, rows)][:20]), sheet)] if rows or columns else []


def _comments(archive: zipfile.ZipFile, sheet: str, path: str) -> list[Remark]:
    """Remark on the comments on a sheet's cells; they are not answers."""
    remarks = []
    for target in _relations(archive, path).values():
        if not posixpath.basename(target).startswith("comment") or target not in archive.namelist():
            continue
        root = ElementTree.fromstring(unpack(archive, target))
        authors = {each.text for each in root.iter() if each.tag.endswith("}author") and each.text}
        for comment in (each for each in root.iter() if each.get("ref")):
            text = " ".join("".join(comment.itertext()).split())
            # Spreadsheets write the author's name into the text; names are personal data.
            author = next((name for name in authors if text.startswith(f"{name}:")), None)
            text = text.removeprefix(f"{author}:").strip() if author else text
            row = re.sub(r"\D", "", comment.get("ref"))
            remarks.append(Remark("CELL_COMMENT", f"{comment.get('ref')}: {text}", sheet, row))
    return remarks
