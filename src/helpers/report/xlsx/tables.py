"""The tables of a report as a workbook: its contents, then a sheet a table, with the same numbers and names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from helpers.i18n import Badge, Translator, catalogue
from helpers.report.blocks import Block
from helpers.report.cells import Cell, Number, Picture, Shade, TwoLines, number_of
from helpers.report.xlsx.book import Book, SheetWriter, open_book

_ACROSS = 132  # characters: as wide together as a landscape page can show
_NARROWEST, _PICTURE = 8, 46
_CONTENTS_WIDTHS = (26, 52, 78)
_LONGEST_NAME, _LONGEST_FOOT = 31, 250
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_RULE, _SECTION = {"bottom": 1, "bottom_color": "#D8DFE5"}, {"bold": True, "font_size": 12}


@dataclass(frozen=True)
class SheetCell:
    """A cell of the workbook: the text printed, the number that it holds, its colours, and what follows the number."""

    text: str
    number: Number | None = None
    look: Mapping[str, object] = field(default_factory=dict)
    literal: str = ""
    is_picture: bool = False

    @property
    def least_width(self) -> int:
        """The characters that its column must have: for the whole number, or for a picture's words."""
        return len(self.text) + 2 if self.number else _PICTURE if self.is_picture else 0


def write_tables_workbook(document: Mapping, blocks: Sequence[Block], path: Path) -> None:
    """Write every table of a report as a workbook: the contents, then one sheet a table.

    The same document gives the same bytes. Raises OSError where nothing can be written.
    """
    tables = sorted((block for block in blocks if block.table), key=lambda block: block.in_workbook)  # printed first
    properties = {
        "title": str(document["title"]),
        "subject": str(document["subtitle"]),
        "author": str(document["author"]),
        "keywords": ", ".join(document["keywords"]),
        "comments": "\n".join(_notices(document)),
    }
    with open_book(path, date.fromisoformat(document["as_of"]), document["language"], **properties) as book:
        writer = _TablesWriter(book, document, [str(block.data["number"]) for block in tables])
        writer.write_contents([block.data for block in tables])
        for name, block in zip(writer.names, tables, strict=True):
            writer.write_table(name, block)


def _cover(document: Mapping) -> Mapping:
    return next((block for block in document["blocks"] if block["kind"] == "cover"), {})


def _notices(document: Mapping) -> list[str]:
    """Return the notices of every sheet: that the data are invented, or the translation unofficial."""
    notices = [document["sample_words"] if document["sample"] else "", _cover(document).get("unofficial", "")]
    return [str(text) for text in notices if text]


def name_sheets(wanted: Sequence[str]) -> list[str]:
    """Return names that a workbook may give its sheets, in the same order: legal, short enough, each unique."""
    names: list[str] = []
    for text in wanted:
        base = _NOT_IN_NAMES.sub(" ", text).strip().strip("'") or "–"
        name, taken, n = base[:_LONGEST_NAME], {other.casefold() for other in names}, 1
        while name.casefold() in taken:
            n += 1
            name = f"{base[: _LONGEST_NAME - len(str(n)) - 1]} {n}"
        names.append(name)
    return names


def number_format(number: Number, t: Translator, literal: str = "") -> str:
    """Return the format that shows a number as printed: decimals, percent sign, sign, true minus, what follows it.

    What separates thousands, and the decimal mark, follow the settings of the reader's own program.
    """
    shown = "#,##0" + ("." + "0" * number.places if number.places else "")
    if number.is_percent:
        shown += f'"{catalogue.NO_BREAK_SPACE}"%' if catalogue.NO_BREAK_SPACE in t.percent(0) else "%"
    after = _plain(f"{number.suffix}{literal}").replace("\n", " ").replace('"', "”")
    shown += f'"{after}"' if after else ""
    plus = "+" if number.is_signed else ""
    return f'{plus}{shown};"−"{shown};{shown}'


def number_value(number: Number) -> float:
    """Return a number as it is stored: a percentage as a fraction, with no digit that was not printed."""
    if number.is_percent:
        return round(float(number.value) / 100, number.places + 2)
    return round(float(number.value), number.places)


def convert_cell(cell: Cell, printed: object, document: Mapping) -> SheetCell:
    """Return the workbook's cell for a cell of a table, given as the document prints it."""
    if isinstance(cell, Badge):
        return SheetCell(str(cell), look=_badge_look(printed, document))
    if isinstance(cell, Picture):
        return SheetCell(_plain(printed["words"] or printed["alt"]), is_picture=True)
    if isinstance(cell, Shade):
        return SheetCell(_plain(printed["text"]), number_of(cell), {"bg_color": document["bands"][cell.band]})
    if isinstance(cell, TwoLines):
        text = "\n".join(str(part) for part in (printed["strong"], printed["more"]) if part)
        return SheetCell(_plain(text), number_of(cell), literal=f" · {printed['more']}" if printed["more"] else "")
    return SheetCell(_plain(printed), number_of(cell))


def _plain(text: object) -> str:
    """Return a text without the places where a printed line may fold: they would be in the way of a search."""
    return str(text).replace("\u200b", "")


def _badge_look(badge: Mapping, document: Mapping) -> dict[str, object]:
    """Return a status's colours as the report draws it; one that non-response could change is left white."""
    fill, ink = document["statuses"][badge["status"]]
    if badge["hollow"] or badge["status"] == "not_assessable":
        return {"bold": True}
    return {"bold": True, "bg_color": fill, "font_color": ink}


class _TablesWriter:
    """Writes a document's sheets: holds the workbook, the document's words, the names of the sheets."""

    def __init__(self, book: Book, document: Mapping, numbers: Sequence[str]) -> None:
        self.book, self.document, self.t = book, document, Translator(document["language"])
        self.words, self.notices = document["words"], _notices(document)
        wanted = [self.t("Contents"), *(f"{self.words['table']} {number}" for number in numbers)]
        self.contents, *self.names = name_sheets(wanted)

    def _add_sheet(self, name: str, widths: Sequence[float]) -> SheetWriter:
        """Add a sheet; each of its printed pages names the document, and says where its data are invented."""
        sheet = self.book.add_sheet(name, self.document["language"], widths)
        sheet.worksheet.set_footer(f"&L{_escaped(str(self.document['foot']))}&R&P/&N")
        if self.notices:
            sheet.worksheet.set_header(f"&C&B{_escaped(' · '.join(self.notices))}")
        # A mark such as 0, a class or a code is a text on purpose.
        sheet.worksheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        return sheet

    def _write_title(self, sheet: SheetWriter, title: str, subtitle: str, **look: object) -> int:
        """Write a sheet's title, its subtitle, and the notices; return the row after them."""
        row = sheet.write_lines(0, title, bold=True, font_size=14)
        row = sheet.write_lines(row, subtitle, **look)
        for notice in self.notices:
            row = sheet.write_lines(row, notice, bold=True, font_color="#4A3A00")
        return row

    def write_contents(self, tables: Sequence[Mapping]) -> None:
        """Write the first sheet: what the report is, what its marks mean, its tables with links, its figures."""
        sheet, t, blocks = self._add_sheet(self.contents, _CONTENTS_WIDTHS), self.t, self.document["blocks"]
        subtitle = f"{self.document['subtitle']} · {self.document['author']}"
        row = self._write_title(sheet, str(self.document["title"]), subtitle)
        row = self._write_pairs(sheet, row + 1, _cover(self.document).get("facts") or [["", self.document["foot"]]])
        rounded = (
            "The numbers are those printed in the report. The published tables, kpis.csv first, hold them unrounded."
        )
        row = sheet.write_lines(row, t(rounded)) + 1
        if marks := [pair for block in blocks if block["kind"] == "legend" for pair in block["marks"]]:
            sheet.write(row, 0, t("What the marks mean"), **_SECTION)
            row = self._write_pairs(sheet, row + 1, marks)
        heads = [self.words["table"], t("Title"), t("Measure, unit, population and period")]
        rows = [(name, block["title"], block["subtitle"]) for name, block in zip(self.names, tables, strict=True)]
        row = self._write_list(sheet, row + 1, t("Tables"), heads, rows)
        if figures := [block for block in blocks if block["kind"] == "figure"]:
            word = self.words["figure"]
            rows = [(f"{word} {block['number']}", block["title"], block["description"]) for block in figures]
            heads = [word, t("Title"), t("Description")]
            self._write_list(sheet, row + 1, t("Figures, which stand in the report only"), heads, rows)
        sheet.set_page(0)

    def _write_pairs(self, sheet: SheetWriter, row: int, pairs: Sequence[Sequence[object]]) -> int:
        """Write names with what they mean; return the row after them."""
        for place, (name, meaning) in enumerate(pairs, start=row):
            sheet.write(place, 0, str(name).strip(f" {catalogue.NO_BREAK_SPACE}"), bold=True)
            sheet.write(place, 1, str(meaning))
        return row + len(pairs)

    def _write_list(self, sheet: SheetWriter, row: int, title: str, heads: Sequence[str], rows: Sequence) -> int:
        """Write a list under a title and heads; a name that is a sheet's leads to it. Return the row after the list."""
        sheet.write(row, 0, title, **_SECTION)
        sheet.write_heads(row + 1, heads)
        for place, (name, *texts) in enumerate(rows, start=row + 2):
            sheet.write_row(place, [name, *map(_plain, texts)], **_RULE)
            if name in self.names:
                sheet.link(place, 0, name, name, **_RULE)
        return row + 2 + len(rows)

    def write_table(self, name: str, block: Block) -> None:
        """Write a table's sheet: title, subtitle, link back, column heads, rows, who is behind it, note, source."""
        data = block.data
        rows = [
            str(printed["group"])
            if "group" in printed
            else [convert_cell(*pair, self.document) for pair in zip(row, printed["cells"], strict=True)]
            for row, printed in zip(block.table.body or (None,), data["rows"], strict=True)
        ]
        cells = [row for row in rows if isinstance(row, list)]
        sheet = self._add_sheet(name, _widths(data["widths"], cells))
        title = f"{name} · {_plain(data['title'])}"
        head = 1 + self._write_title(sheet, title, _plain(data["subtitle"]), font_color="#55616D")
        sheet.link(head - 1, 0, self.contents, self.t("Back to the contents"))
        are_numbers = [any(row[column].number for row in cells) for column in range(len(sheet.widths))]
        alignments = _align_columns(are_numbers, "right" if sheet.is_rtl else "left")
        sheet.write_heads(head, [_plain(text) for text in data["columns"]], alignments)
        for number, row in enumerate(rows, start=head + 1):
            if isinstance(row, list):
                self._write_cells(sheet, number, row, alignments)
            else:
                for column, text in enumerate([_plain(row), *[""] * (len(alignments) - 1)]):
                    sheet.write(number, column, text, bold=True, bg_color="#EEF3F7", **_RULE)
        below = head + len(rows) + 2
        for part in ("n", "note", "source"):
            if data[part]:
                below = sheet.write_lines(below, f"{self.words[part]}{_plain(data[part])}")
        sheet.worksheet.freeze_panes(head + 1, 0)
        sheet.set_page(head)

    def _write_cells(self, sheet: SheetWriter, row: int, cells: Sequence[SheetCell], looks: Sequence[Mapping]) -> None:
        for column, (cell, look) in enumerate(zip(cells, looks, strict=True)):
            look = {**_RULE, **look, **cell.look}
            if cell.number:
                shown = number_format(cell.number, self.t, cell.literal)
                sheet.write(row, column, number_value(cell.number), num_format=shown, **look)
            else:
                sheet.write(row, column, cell.text, text_wrap=True, **look)
        sheet.fit_row(row, [cell.text for cell in cells])


def _escaped(text: str) -> str:
    """Return a text for the edge of a printed page, where `&` begins a command, as far as there is room."""
    return text.replace("\n", " ").replace("&", "&&")[:_LONGEST_FOOT].rstrip("&")


def _align_columns(are_numbers: Sequence[bool], start: str) -> list[dict[str, object]]:
    """Return how columns are aligned: numbers at the right, a text after numbers a little away from them.

    `start` is the side where lines begin.
    """
    before = [False, *are_numbers[:-1]]
    return [
        {"align": "right"} if is_number else {"align": start, "indent": 1} if after else {}
        for is_number, after in zip(are_numbers, before, strict=True)
    ]


def _widths(printed: Sequence[float], rows: Sequence[Sequence[SheetCell]]) -> list[float]:
    """Return the columns' widths in characters: as in print, but wide enough for a number and a picture's words."""
    widths = [max(round(width * (_ACROSS / sum(printed)), 1), _NARROWEST) for width in printed]
    for row in rows:
        widths = [max(width, cell.least_width) for width, cell in zip(widths, row, strict=True)]
    return widths
