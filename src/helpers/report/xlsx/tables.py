"""The tables of a report as a workbook: its contents, then a sheet a table, with the same numbers and names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.i18n import Badge, Translator, catalogue
from helpers.report.cells import Cell, Number, Picture, Shade, TwoLines, number_of
from helpers.report.xlsx.book import Book, SheetWriter, open_book

if TYPE_CHECKING:
    from helpers.report.blocks import Block

_ACROSS = 132  # characters: as wide together as a landscape page can show
_NARROWEST, _PICTURE = 8, 46
_CONTENTS_WIDTHS = (26, 52, 78)
_LONGEST_NAME, _LONGEST_FOOT = 31, 250
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_RULE = {"bottom": 1, "bottom_color": "#D8DFE5"}
_GROUP_FILL = "#EEF3F7"
_NOTICE = {"bold": True, "font_color": "#4A3A00"}


@dataclass(frozen=True)
class SheetCell:
    """A cell as the workbook has it: what is printed, the number that it holds, and its colours."""

    text: str
    number: Number | None = None
    look: tuple[tuple[str, object], ...] = ()
    literal: str = ""  # printed after the number


def write_tables_workbook(document: Mapping, blocks: Sequence[Block], path: Path) -> None:
    """Write every table of a report as a workbook: the contents, then one sheet a table.

    The same document gives the same bytes. Raises OSError where nothing can be written.
    """
    tables = [block for block in blocks if block.table]
    with open_book(path, date.fromisoformat(document["as_of"]), document["language"], **_properties(document)) as book:
        writer = _TablesWriter(book, document, [str(block.data["number"]) for block in tables])
        writer.write_contents([block.data for block in tables])
        for name, block in zip(writer.names, tables, strict=True):
            writer.write_table(name, block)


def _properties(document: Mapping) -> dict[str, str]:
    return {
        "title": str(document["title"]),
        "subject": str(document["subtitle"]),
        "author": str(document["author"]),
        "keywords": ", ".join(document["keywords"]),
        "comments": "\n".join(_notices(document)),
    }


def _cover(document: Mapping) -> Mapping:
    return next((block for block in document["blocks"] if block["kind"] == "cover"), {})


def _notices(document: Mapping) -> list[str]:
    """Return what every sheet has to say of the whole: that its data are invented, or its words unofficial."""
    said = [document["sample_words"] if document["sample"] else "", _cover(document).get("unofficial", "")]
    return [str(text) for text in said if text]


def name_sheets(wanted: Sequence[str]) -> list[str]:
    """Return names that a workbook may give its sheets, in the same order: legal, short enough, each its own."""
    names: list[str] = []
    for text in wanted:
        base = _NOT_IN_NAMES.sub(" ", text).strip().strip("'") or "–"
        name, taken, n = base[:_LONGEST_NAME], {one.casefold() for one in names}, 1
        while name.casefold() in taken:
            n += 1
            name = f"{base[: _LONGEST_NAME - len(str(n)) - 1]} {n}"
        names.append(name)
    return names


# --- cells ------------------------------------------------------------------------------------------------------


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
    """Return what the workbook has for a cell of a table, printed as the document has it."""
    if isinstance(cell, Badge):
        return SheetCell(str(cell), None, _badge_look(printed, document))
    if isinstance(cell, Picture):
        return SheetCell(_plain(printed["words"] or printed["alt"]))
    look = (("bg_color", document["bands"][cell.band]),) if isinstance(cell, Shade) else ()
    literal = f" · {printed['more']}" if isinstance(cell, TwoLines) and printed["more"] else ""
    text = printed["text"] if isinstance(cell, Shade) else printed
    if isinstance(cell, TwoLines):
        text = "\n".join(str(part) for part in (printed["strong"], printed["more"]) if part)
    return SheetCell(_plain(text), number_of(cell), look, literal)


def _plain(text: object) -> str:
    """Return a text without the places where a printed line may fold: they would be in the way of a search."""
    return str(text).replace("\u200b", "")


def _badge_look(badge: Mapping, document: Mapping) -> tuple[tuple[str, object], ...]:
    """Return a status's colours as the report draws it; one that non-response could change is left white."""
    fill, ink = document["statuses"][badge["status"]]
    if badge["hollow"] or badge["status"] == "not_assessable":
        return (("bold", True),)
    return (("bg_color", fill), ("bold", True), ("font_color", ink))


# --- sheets -----------------------------------------------------------------------------------------------------


class _TablesWriter:
    """What writes a document's sheets: the workbook, the words, the names of the sheets."""

    def __init__(self, book: Book, document: Mapping, numbers: Sequence[str]) -> None:
        self.book, self.document, self.t = book, document, Translator(document["language"])
        self.words, self.notices = document["words"], _notices(document)
        wanted = [self.t("Contents"), *(f"{self.words['table']} {number}" for number in numbers)]
        self.contents, *self.names = name_sheets(wanted)

    def add_sheet(self, name: str, widths: Sequence[float]) -> SheetWriter:
        """Add a sheet; each of its printed pages says which it is, of what, and that its data are invented."""
        sheet = self.book.add_sheet(name, self.document["language"], widths)
        sheet.worksheet.set_footer(f"&L{_escaped(str(self.document['foot']))}&R&P/&N")
        if self.notices:
            sheet.worksheet.set_header(f"&C&B{_escaped(' · '.join(self.notices))}")
        # A mark such as 0, a class or a code is a text on purpose.
        sheet.worksheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        return sheet

    # contents

    def write_contents(self, tables: Sequence[Mapping]) -> None:
        """Write the first sheet: what the report is, what its marks mean, its tables with links, its figures."""
        sheet, t = self.add_sheet(self.contents, _CONTENTS_WIDTHS), self.t
        row = sheet.write_lines(0, str(self.document["title"]), bold=True, font_size=14)
        row = sheet.write_lines(row, f"{self.document['subtitle']} · {self.document['author']}")
        for notice in self.notices:
            row = sheet.write_lines(row, notice, **_NOTICE)
        facts = _cover(self.document).get("facts") or [["", self.document["foot"]]]
        row = self._write_pairs(sheet, row + 1, facts)
        rounded = t(
            "The numbers are those printed in the report. The published tables, kpis.csv first, hold them unrounded."
        )
        row = sheet.write_lines(row, rounded)
        marks = [pair for block in self.document["blocks"] if block["kind"] == "legend" for pair in block["marks"]]
        row = self._write_pairs(sheet, row + 1, marks, t("What the marks mean"))
        row = self._write_list(sheet, row + 1, tables)
        self._write_figures(sheet, row + 1)
        sheet.set_page(0)

    def _write_pairs(self, sheet: SheetWriter, row: int, pairs: Sequence[Sequence[object]], title: str = "") -> int:
        """Write names with what they mean, below a title if one is given; nothing without a pair."""
        if title and pairs:
            sheet.write(row, 0, title, bold=True, font_size=12)
            row += 1
        for name, meaning in pairs:
            sheet.write(row, 0, str(name).strip(f" {catalogue.NO_BREAK_SPACE}"), bold=True)
            sheet.write(row, 1, str(meaning))
            row += 1
        return row

    def _write_list(self, sheet: SheetWriter, row: int, tables: Sequence[Mapping]) -> int:
        """Write the list of tables: one row each, with a link to its sheet."""
        t = self.t
        sheet.write(row, 0, t("Tables"), bold=True, font_size=12)
        sheet.write_heads(row + 1, [self.words["table"], t("Title"), t("Measure, unit, population and period")])
        for place, (name, block) in enumerate(zip(self.names, tables, strict=True), start=row + 2):
            sheet.write_row(place, [name, _plain(block["title"]), _plain(block["subtitle"])], **_RULE)
            sheet.link(place, 0, name, name, **_RULE)
        return row + 2 + len(tables)

    def _write_figures(self, sheet: SheetWriter, row: int) -> None:
        """Write the list of figures: one row each, with what it shows in words."""
        t, figures = self.t, [block for block in self.document["blocks"] if block["kind"] == "figure"]
        if not figures:
            return
        sheet.write(row, 0, t("Figures, which stand in the report only"), bold=True, font_size=12)
        sheet.write_heads(row + 1, [self.words["figure"], t("Title"), t("Description")])
        for place, block in enumerate(figures, start=row + 2):
            name = f"{self.words['figure']} {block['number']}"
            sheet.write_row(place, [name, _plain(block["title"]), _plain(block["alt"])], **_RULE)

    # a table

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
        sheet = self.add_sheet(name, _widths(data, cells))
        head = self._write_above(sheet, name, data)
        are_numbers = [any(row[column].number for row in cells) for column in range(len(sheet.widths))]
        places = _places(are_numbers, "right" if sheet.is_rtl else "left")
        sheet.write_heads(head, [_plain(text) for text in data["columns"]], places)
        for number, row in enumerate(rows, start=head + 1):
            if isinstance(row, list):
                self._write_cells(sheet, number, row, places)
            else:
                look = {"bold": True, "bg_color": _GROUP_FILL, **_RULE}
                for column, text in enumerate([_plain(row), *[""] * (len(places) - 1)]):
                    sheet.write(number, column, text, **look)
        below = head + len(rows) + 2
        for part in ("n", "note", "source"):
            if data[part]:
                below = sheet.write_lines(below, f"{self.words[part]}{_plain(data[part])}")
        sheet.worksheet.freeze_panes(head + 1, 0)
        sheet.set_page(head)

    def _write_above(self, sheet: SheetWriter, name: str, block: Mapping) -> int:
        """Write what stands above a table; return the row of its column heads."""
        row = sheet.write_lines(0, f"{name} · {_plain(block['title'])}", bold=True, font_size=14)
        row = sheet.write_lines(row, _plain(block["subtitle"]), font_color="#55616D")
        for notice in self.notices:
            row = sheet.write_lines(row, notice, **_NOTICE)
        sheet.link(row, 0, self.contents, self.t("Back to the contents"))
        return row + 1

    def _write_cells(self, sheet: SheetWriter, row: int, cells: Sequence[SheetCell], places: Sequence[Mapping]) -> None:
        for column, (cell, place) in enumerate(zip(cells, places, strict=True)):
            look = {**_RULE, **place, **dict(cell.look)}
            if cell.number:
                shown = number_format(cell.number, self.t, cell.literal)
                sheet.write(row, column, number_value(cell.number), num_format=shown, **look)
            else:
                sheet.write(row, column, cell.text, text_wrap=True, **look)
        sheet.fit_row(row, [cell.text for cell in cells])


def _escaped(text: str) -> str:
    """Return a text for the edge of a printed page, where `&` begins a command, as far as there is room."""
    return text.replace("\n", " ").replace("&", "&&")[:_LONGEST_FOOT].rstrip("&")


def _places(figures: Sequence[bool], start: str) -> list[dict[str, object]]:
    """Return how each column's cells stand: figures at the right, a text after figures a little off them.

    `start` is the side where lines begin.
    """
    before = [False, *figures[:-1]]
    return [
        {"align": "right"} if is_figure else {"align": start, "indent": 1} if after else {}
        for is_figure, after in zip(figures, before, strict=True)
    ]


def _widths(data: Mapping, rows: Sequence[Sequence[SheetCell]]) -> list[float]:
    """Return the columns' widths in characters: as in print, but wide enough for a number and a picture's words."""
    share = _ACROSS / sum(data["widths"])
    widths = [max(round(width * share, 1), _NARROWEST) for width in data["widths"]]
    for column in range(len(widths)):
        cells = [row[column] for row in rows]
        longest = max((len(cell.text) + 2 for cell in cells if cell.number), default=0)
        widths[column] = max(widths[column], longest)
    for row in data["rows"]:
        for column, cell in enumerate(row.get("cells", [])):
            if isinstance(cell, Mapping) and "svg" in cell:
                widths[column] = max(widths[column], _PICTURE)
    return widths
