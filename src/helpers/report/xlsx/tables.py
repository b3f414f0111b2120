"""The tables of a report as a workbook: its contents, then a sheet a table, with the same numbers and names."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from helpers.i18n import Badge, Translator, bidi, catalogue
from helpers.report.cells import Cell, Number, Picture, Shade, TwoLines, number_of
from helpers.report.xlsx.book import HEAD_FILL, Book, fit_row, has_arabic, open_book, set_page

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
    with open_book(path, date.fromisoformat(document["as_of"]), **_properties(document)) as book:
        book.book.set_custom_property("Language", document["language"], "text")
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
        self.is_rtl = document["language"] in bidi.RIGHT_TO_LEFT

    # texts

    def style(self, text: str = "", **look: object) -> Format:
        """Return the format of a text; where one reads from the right, a code alone still reads from the left."""
        if not self.is_rtl:
            return self.book.style(valign="top", **look)
        order = {"reading_order": 2 if not text or has_arabic(text) else 1}
        return self.book.style(valign="top", **{"align": "right"} | order | look)

    def write(self, sheet: Worksheet, row: int, column: int, text: str, **look: object) -> None:
        """Write a text."""
        self.book.write(sheet, row, column, text, self.style(text, **look))

    def write_wrapped(
        self, sheet: Worksheet, row: int, texts: Sequence[str], widths: Sequence[float], **look: object
    ) -> None:
        """Write a row of texts that wrap in their columns."""
        for column, text in enumerate(texts):
            self.write(sheet, row, column, text, text_wrap=True, **look)
        fit_row(sheet, row, texts, widths)

    def write_lines(self, sheet: Worksheet, row: int, text: str, across: float, **look: object) -> int:
        """Write a text in the first column, over the empty cells beside it; return the row after it.

        What is longer than the sheet is wide goes on in the next row: no cell is merged, none is wrapped to a tower.
        """
        lines = [
            line
            for part in text.split("\n")
            for line in textwrap.wrap(part, max(int(across), 40), break_long_words=False, break_on_hyphens=False)
        ]
        for number, line in enumerate(lines):
            self.write(sheet, row + number, 0, line, **look)
            sheet.set_row(row + number, 1.4 * float(look.get("font_size", 11)))
        return row + len(lines)

    def set_sheet(self, sheet: Worksheet, head: int) -> None:
        """Make a sheet fit to be printed; each page says which it is, of what, and that its data are invented."""
        set_page(sheet, head)
        sheet.set_footer(f"&L{_escaped(str(self.document['foot']))}&R&P/&N")
        if self.notices:
            sheet.set_header(f"&C&B{_escaped(' · '.join(self.notices))}")
        # A mark such as 0, a class or a code is a text on purpose.
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})

    # contents

    def write_contents(self, tables: Sequence[Mapping]) -> None:
        """Write the first sheet: what the report is, what its marks mean, its tables with links, its figures."""
        sheet, t = self.book.add_sheet(self.contents, self.document["language"]), self.t
        for column, width in enumerate(_CONTENTS_WIDTHS):
            sheet.set_column(column, column, width)
        across = sum(_CONTENTS_WIDTHS)
        row = self.write_lines(sheet, 0, str(self.document["title"]), across / 1.4, bold=True, font_size=14)
        row = self.write_lines(sheet, row, f"{self.document['subtitle']} · {self.document['author']}", across)
        for notice in self.notices:
            row = self.write_lines(sheet, row, notice, across, **_NOTICE)
        row = self._write_facts(sheet, row + 1)
        rounded = t(
            "The numbers are those printed in the report. The published tables, kpis.csv first, hold them unrounded."
        )
        row = self.write_lines(sheet, row, rounded, across)
        row = self._write_marks(sheet, row + 1)
        row = self._write_list(sheet, row + 1, tables)
        self._write_figures(sheet, row + 1)
        self.set_sheet(sheet, 0)

    def _write_facts(self, sheet: Worksheet, row: int) -> int:
        facts = _cover(self.document).get("facts") or [["", self.document["foot"]]]
        for name, fact in facts:
            self.write(sheet, row, 0, str(name).strip(f" {catalogue.NO_BREAK_SPACE}"), bold=True)
            self.write(sheet, row, 1, str(fact))
            row += 1
        return row

    def _write_marks(self, sheet: Worksheet, row: int) -> int:
        marks = [pair for block in self.document["blocks"] if block["kind"] == "legend" for pair in block["marks"]]
        if marks:
            self.write(sheet, row, 0, self.t("What the marks mean"), bold=True, font_size=12)
            row += 1
        for mark, meaning in marks:
            self.write(sheet, row, 0, str(mark), bold=True)
            self.write(sheet, row, 1, str(meaning))
            row += 1
        return row

    def _write_head(self, sheet: Worksheet, row: int, title: str, heads: Sequence[str]) -> int:
        self.write(sheet, row, 0, title, bold=True, font_size=12)
        self.write_wrapped(sheet, row + 1, heads, _CONTENTS_WIDTHS, bold=True, bottom=1, bg_color=HEAD_FILL)
        return row + 2

    def _write_list(self, sheet: Worksheet, row: int, tables: Sequence[Mapping]) -> int:
        """Write the list of tables: one row each, with a link to its sheet."""
        t = self.t
        row = self._write_head(
            sheet, row, t("Tables"), [self.words["table"], t("Title"), t("Measure, unit, population and period")]
        )
        for name, block in zip(self.names, tables, strict=True):
            texts = [name, _plain(block["title"]), _plain(block["subtitle"])]
            self.write_wrapped(sheet, row, texts, _CONTENTS_WIDTHS, **_RULE)
            self.book.link(sheet, row, 0, name, name, self.style(name, font_color="#0000EE", underline=1, **_RULE))
            row += 1
        return row

    def _write_figures(self, sheet: Worksheet, row: int) -> int:
        """Write the list of figures: one row each, with what it shows in words."""
        figures = [block for block in self.document["blocks"] if block["kind"] == "figure"]
        if not figures:
            return row
        t = self.t
        heads = [self.words["figure"], t("Title"), t("Description")]
        row = self._write_head(sheet, row, t("Figures, which stand in the report only"), heads)
        for block in figures:
            texts = [f"{self.words['figure']} {block['number']}", _plain(block["title"]), _plain(block["alt"])]
            self.write_wrapped(sheet, row, texts, _CONTENTS_WIDTHS, **_RULE)
            row += 1
        return row

    # a table

    def write_table(self, name: str, block: Block) -> None:
        """Write a table's sheet: title, subtitle, link back, column heads, rows, who is behind it, note, source."""
        sheet, data = self.book.add_sheet(name, self.document["language"]), block.data
        rows = [
            str(printed["group"])
            if "group" in printed
            else [convert_cell(*pair, self.document) for pair in zip(row, printed["cells"], strict=True)]
            for row, printed in zip(block.table.body or (None,), data["rows"], strict=True)
        ]
        cells = [row for row in rows if isinstance(row, list)]
        widths = _widths(data, cells)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        head = self._write_above(sheet, name, data, sum(widths))
        heads = [_plain(text) for text in data["columns"]]
        are_numbers = [any(row[column].number for row in cells) for column in range(len(widths))]
        places = _places(are_numbers, "right" if self.is_rtl else "left")
        for column, (text, place) in enumerate(zip(heads, places, strict=True)):
            self.write(sheet, head, column, text, bold=True, text_wrap=True, bottom=1, bg_color=HEAD_FILL, **place)
        fit_row(sheet, head, heads, widths)
        for number, row in enumerate(rows, start=head + 1):
            if isinstance(row, list):
                self._write_row(sheet, number, row, places, widths)
            else:
                self._write_group(sheet, number, row, len(widths))
        self._write_below(sheet, head + len(rows) + 2, data, sum(widths))
        sheet.freeze_panes(head + 1, 0)
        self.set_sheet(sheet, head)

    def _write_above(self, sheet: Worksheet, name: str, block: Mapping, across: float) -> int:
        """Write what stands above a table; return the row of its column heads."""
        row = self.write_lines(sheet, 0, f"{name} · {_plain(block['title'])}", across / 1.4, bold=True, font_size=14)
        row = self.write_lines(sheet, row, _plain(block["subtitle"]), across, font_color="#55616D")
        for notice in self.notices:
            row = self.write_lines(sheet, row, notice, across, **_NOTICE)
        text = self.t("Back to the contents")
        self.book.link(sheet, row, 0, self.contents, text, self.style(text, font_color="#0000EE", underline=1))
        return row + 1

    def _write_row(
        self, sheet: Worksheet, row: int, cells: Sequence[SheetCell], places: Sequence[Mapping], widths: Sequence[float]
    ) -> None:
        for column, (cell, place) in enumerate(zip(cells, places, strict=True)):
            look = {**_RULE, **place, **dict(cell.look)}
            if cell.number:
                style = self.book.style(
                    valign="top", num_format=number_format(cell.number, self.t, cell.literal), **look
                )
                sheet.write_number(row, column, number_value(cell.number), style)
            else:
                self.write(sheet, row, column, cell.text, text_wrap=True, **look)
        fit_row(sheet, row, [cell.text for cell in cells], widths)

    def _write_group(self, sheet: Worksheet, row: int, text: str, columns: int) -> None:
        look = {"bold": True, "bg_color": _GROUP_FILL, **_RULE}
        self.write(sheet, row, 0, _plain(text), **look)
        for column in range(1, columns):
            sheet.write_blank(row, column, None, self.style(**look))

    def _write_below(self, sheet: Worksheet, row: int, block: Mapping, across: float) -> None:
        for part in ("n", "note", "source"):
            if block[part]:
                row = self.write_lines(sheet, row, f"{self.words[part]}{_plain(block[part])}", across)


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
