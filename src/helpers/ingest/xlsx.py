"""From a workbook to its sheets of cells, with remarks on what a person sees otherwise (methodology, 2b and 2c).

The parts of the package are read as they are: what a program wrote badly and no value depends on (a fill, a font, a
date in the properties, the name of a part) never stands in the way.
"""

import io
import posixpath
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from openpyxl.styles.numbers import BUILTIN_FORMATS
from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import column_index_from_string
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel, from_ISO8601

from helpers.ingest.admit import MAX_COLUMNS, Remark, Unreadable, check_range, unpack
from helpers.ingest.cells import CellValue, Formula, ShownAs, is_empty_cell
from helpers.ingest.sheets import Contents, NumberedRow, Sheet, is_empty_row
from helpers.ingest.shown import is_date_format, is_elapsed_format, show_number

_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")  # a character that XML cannot hold (ECMA-376, ST_Xstring)
_ADDRESS = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_TRUE = ("1", "true", "on")

# By key of the remark: cells, rows or columns that a person sees otherwise than they are read, each once.
Noticed = dict[str, dict[str, None]]


def read_workbook(content: bytes) -> Contents:
    """Return the sheets of a workbook that was admitted; formulas keep their text and their stored value.

    Raises Unreadable over the limits of methodology 2b, counted as rows are read, for the used range that a file
    declares may be a bomb; and for a part that is missing or makes no sense, which a spreadsheet program may mend.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        try:
            return _Workbook(archive).read()
        except Unreadable:
            raise
        except (ElementTree.ParseError, LookupError, ValueError) as reason:
            raise Unreadable("resave") from reason


@lru_cache(maxsize=1024)
def _local(tag: str) -> str:
    """Return a tag without its namespace: strict and transitional Open XML differ in nothing else here."""
    return tag.rpartition("}")[2]


def _is_struck(element: Element) -> bool:
    """Tell whether the property `<strike/>` is in an element and not switched off."""
    strike = element.find(".//{*}strike")
    return strike is not None and strike.get("val", "1").casefold() in _TRUE


def _unescape(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


@dataclass(frozen=True)
class _Style:
    """What a cell's style does to its value."""

    code: str = "General"
    is_struck: bool = False


class _Workbook:
    """An open package: finds its parts by their relations, whatever their names, and reads its sheets."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.names = {name.casefold(): name for name in archive.namelist()}
        self.moved = {posixpath.basename(name): name for name in self.names}  # by the name alone
        self.path = next(self._targets("", "/officeDocument"), "xl/workbook.xml")
        self.book = self._parse(self.path)
        properties = self.book.find(".//{*}workbookPr")
        is_1904 = properties is not None and properties.get("date1904", "").casefold() in _TRUE
        self.epoch = CALENDAR_MAC_1904 if is_1904 else CALENDAR_WINDOWS_1900
        self.strings = [_rich_text(item) for item in self._part_of("/sharedStrings").iterfind(".//{*}si")]
        self.styles = self._read_styles()
        self.n_cells = 0

    def read(self) -> Contents:
        """Read every sheet of cells."""
        has_macros = any(posixpath.basename(name) == "vbaproject.bin" for name in self.names)
        remarks, sheets = [Remark("FILE_MACROS")] if has_macros else [], []
        parts = dict(self._relations(self.path))
        for listed in self.book.iterfind(".//{*}sheets/{*}sheet"):
            relation = next((value for key, value in listed.attrib.items() if key.endswith("}id")), "")
            kind, path = parts[relation]
            if kind.endswith("/worksheet"):  # others are charts
                name, noticed = listed.get("name", ""), defaultdict(dict)
                rows = [(number, row) for number, row in self._read_rows(path, noticed) if not is_empty_row(row)]
                sheets.append(Sheet(name, listed.get("state", "visible") != "visible", tuple(rows)))
                remarks += [Remark(key, sheet=name, cells=tuple(cells)) for key, cells in noticed.items()]
                remarks += self._comments(name, path)
        return Contents(tuple(sheets), tuple(remarks))

    def _parse(self, path: str) -> Element:
        return ElementTree.fromstring(unpack(self.archive, self.names[path.casefold()]))

    def _relations(self, path: str) -> Iterator[tuple[str, tuple[str, str]]]:
        """Yield the id of each relation of a part, with its type and the part that it points to, wherever that lies."""
        folder, name = posixpath.split(path)
        listed = posixpath.join(folder, "_rels", f"{name}.rels")
        for each in self._parse(listed) if listed.casefold() in self.names else ():
            target = posixpath.normpath(posixpath.join("/" + folder, each.get("Target", ""))).lstrip("/").casefold()
            target = target if target in self.names else self.moved.get(posixpath.basename(target), "")
            if each.get("TargetMode") != "External" and target:
                yield each.get("Id", ""), (each.get("Type", ""), target)

    def _targets(self, path: str, kind: str) -> Iterator[str]:
        return (target for _, (type_, target) in self._relations(path) if type_.endswith(kind))

    def _part_of(self, kind: str) -> Element:
        """Return the workbook's part of a kind, an empty element without one."""
        path = next(self._targets(self.path, kind), "")
        return self._parse(path) if path else Element("none")

    def _read_styles(self) -> list[_Style]:
        root = self._part_of("/styles")
        formats = root.iterfind(".//{*}numFmts/{*}numFmt")
        own = {each.get("numFmtId"): each.get("formatCode", "") for each in formats}
        struck = [_is_struck(each) for each in root.iterfind(".//{*}fonts/{*}font")]
        styles = []
        for each in root.iterfind(".//{*}cellXfs/{*}xf"):
            number, font = each.get("numFmtId", "0"), int(each.get("fontId", "0"))
            code = own.get(number) or BUILTIN_FORMATS.get(int(number), "General")
            styles.append(_Style(code, font < len(struck) and struck[font]))
        return styles

    def _read_rows(self, path: str, noticed: Noticed) -> Iterator[NumberedRow]:
        """Yield the rows of a sheet; notice what is struck out, merged, hidden, or of no width."""
        hidden_columns: set[int] = set()
        content = unpack(self.archive, self.names[path])
        formulas: dict[str, str] = {}  # shared formulas: only the first cell of each has the text
        number = 0
        for _, element in ElementTree.iterparse(io.BytesIO(content)):
            name = _local(element.tag)
            if name == "cols":
                hidden_columns = _list_hidden(element)
            elif name == "row":
                number = int(element.get("r", number + 1))
                check_range(number, 0)
                row = self._read_row(element, number, hidden_columns, noticed, formulas)
                if row:
                    yield number, row
                element.clear()
            elif name == "mergeCell":
                noticed["CELL_MERGED"][element.get("ref", "")] = None

    def _read_row(
        self, element: Element, number: int, hidden: set[int], noticed: Noticed, formulas: dict[str, str]
    ) -> tuple[CellValue, ...]:
        """Return a row's cells, up to its last."""
        row: dict[int, CellValue] = {}
        column, is_hidden = 0, element.get("hidden", "").casefold() in _TRUE
        for cell in element.iterfind("{*}c"):
            address = cell.get("r", "").upper()
            found = _ADDRESS.fullmatch(address)
            if address and not found:
                raise ValueError(f"no address of a cell: {address}")
            column = column_index_from_string(found[1]) if found else column + 1
            check_range(number, column, self.n_cells + column)
            index = int(cell.get("s", "0"))
            style = self.styles[index] if index < len(self.styles) else _Style()
            value = row[column] = self._read_cell(cell, style, formulas)
            if is_empty_cell(value):
                continue
            letter = get_column_letter(column)
            if style.is_struck:
                noticed["CELL_STRUCK"][f"{letter}{number}"] = None
            shown = value.stored if isinstance(value, Formula) else value
            if isinstance(shown, ShownAs) and not shown.text:
                noticed["CELL_HIDDEN"][f"{letter}{number}"] = None
            if is_hidden or column in hidden:
                noticed["SHEET_HIDDEN_ROWS"][f"{number}:{number}" if is_hidden else f"{letter}:{letter}"] = None
        width = max(row, default=0)
        self.n_cells += width
        return tuple(row.get(column) for column in range(1, width + 1))

    def _read_cell(self, cell: Element, style: _Style, formulas: dict[str, str]) -> CellValue:
        parts = {_local(part.tag): part for part in cell}
        stored = self._read_value(cell.get("t", "n"), parts, style)
        formula = parts.get("f")
        if formula is None or (stored == "" and cell.get("t") == "str"):
            return stored  # a formula that shows nothing is a blank
        text = formulas.setdefault(formula.get("si", ""), formula.text or "") if formula.get("si") else formula.text
        return Formula.of(f"={text or ''}", stored)

    def _read_value(self, kind: str, parts: Mapping[str, Element], style: _Style) -> CellValue:
        text = parts["v"].text if "v" in parts else None
        if kind == "inlineStr":
            return _rich_text(parts["is"]) if "is" in parts else None
        if kind == "str":
            return _unescape(text or "")
        if text is None:
            return None
        if kind == "s":
            return self.strings[int(text)]
        if kind == "b":
            return text.strip() in _TRUE
        if kind == "e":
            return text
        try:
            return from_ISO8601(text) if kind == "d" else self._read_number(text.strip(), style.code)
        except (ValueError, OverflowError):  # neither a number nor a date that a machine can hold
            return text

    def _read_number(self, text: str, code: str) -> CellValue:
        """Return a number, with what its cell shows if that is another one, or the date that its format makes of it."""
        number = int(text) if text.lstrip("+-").isdigit() else float(text)
        if is_date_format(code):
            return from_excel(number, self.epoch, timedelta=is_elapsed_format(code))
        shown = show_number(number, code)
        return number if shown is None else ShownAs(number, shown)

    def _comments(self, sheet: str, path: str) -> Iterator[Remark]:
        """Remark on the comments on a sheet's cells; they are not answers."""
        for target in self._targets(path, "/comments"):
            root = self._parse(target)
            authors = {each.text for each in root.iterfind(".//{*}author") if each.text}
            for comment in (each for each in root.iter() if each.get("ref")):
                text = " ".join("".join(comment.itertext()).split())
                # Spreadsheets write the author's name into the text; names are personal data.
                author = next((name for name in authors if text.startswith(f"{name}:")), None)
                text = text.removeprefix(f"{author}:").strip() if author else text
                row = re.sub(r"\D", "", comment.get("ref"))
                yield Remark("CELL_COMMENT", f"{comment.get('ref')}: {text}", sheet, row)


def _list_hidden(columns: Element) -> set[int]:
    """Return the numbers of a sheet's columns that are hidden or have no width."""
    hidden: set[int] = set()
    for each in columns.iterfind("{*}col"):
        if each.get("hidden", "").casefold() in _TRUE or float(each.get("width") or 1) == 0:
            hidden.update(range(int(each.get("min", "1")), min(int(each.get("max", "1")), MAX_COLUMNS) + 1))
    return hidden


def _rich_text(item: Element) -> CellValue:
    """Return the text of a string; how it looks, where a digit in it is raised, lowered or struck out."""
    if [_local(each.tag) for each in item] == ["t"]:
        return _unescape(item[0].text or "")
    parts, shown, is_marked = [], [], False
    for each in item:
        if _local(each.tag) not in ("r", "t"):
            continue  # phonetic hints
        text = _unescape("".join(part.text or "" for part in each.iter() if _local(part.tag) == "t"))
        place = each.find(".//{*}vertAlign")
        place = "" if place is None else place.get("val", "")
        table, is_struck = {"superscript": _RAISED, "subscript": _LOWERED}.get(place), _is_struck(each)
        is_marked = is_marked or bool(text.strip() and (table or is_struck))
        parts.append(text)
        shown.append(text.translate(table) if table else f"-{text}-" if is_struck else text)
    whole = "".join(parts)
    return ShownAs(whole, "".join(shown)) if is_marked and re.search(r"\d", whole) else whole
