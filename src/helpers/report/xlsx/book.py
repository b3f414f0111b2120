"""Workbooks in which every text is a text, and the same content is the same bytes."""

from __future__ import annotations

import contextlib
import itertools
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.i18n import bidi, isolate
from helpers.strings import clean

if TYPE_CHECKING:  # it takes long to load, and most commands write no workbook
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

REPLY = {"text_wrap": True, "bg_color": "#FFF8DC", "border": 1, "border_color": "#C8B560"}  # a cell to be filled in
_HEAD = {"bold": True, "text_wrap": True, "bottom": 1, "bg_color": "#E8EDF3"}
_LONGEST_CELL = 32_767  # UTF-16 units, a limit of the format
_FONT_SIZE, _LINE = 11, 15  # points
_MOST_LINES = 27  # a row is at most 409 points high
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff]")
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


class Book:
    """A workbook whose every text is text: never a formula, a link or a control character."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._styles: dict[tuple[tuple[str, object], ...], Format] = {}

    def style(self, **look: object) -> Format:
        """Return the format with some properties, made once: each look is one entry of the file."""
        key = tuple(sorted(look.items()))
        if key not in self._styles:
            self._styles[key] = self._workbook.add_format(look)
        return self._styles[key]

    def add_sheet(self, name: str, language: str, widths: Sequence[float]) -> SheetWriter:
        """Add a sheet with the reading direction of its language; `widths` of its columns in characters."""
        return SheetWriter(self, self._workbook.add_worksheet(name), language, widths)


class SheetWriter:
    """One sheet of a workbook, in one language; a look is given as the properties of a format."""

    def __init__(self, book: Book, worksheet: Worksheet, language: str, widths: Sequence[float]) -> None:
        self.worksheet, self.widths = worksheet, widths
        self._book, self._language = book, language
        if self.is_rtl:
            worksheet.right_to_left()
        for column, width in enumerate(widths):
            worksheet.set_column(column, column, width)

    @property
    def is_rtl(self) -> bool:
        """Whether the sheet is read from right to left."""
        return self._language in bidi.RIGHT_TO_LEFT

    def write(self, row: int, column: int, value: object, **look: object) -> None:
        """Write a text as it is, as far as a cell can hold it; a number or a day as such; nothing as a blank cell."""
        if isinstance(value, date):
            self.worksheet.write_datetime(row, column, value, self._style("", num_format="yyyy-mm-dd", align="left"))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            self.worksheet.write_number(row, column, value, self._book.style(valign="top", **look))
        elif value in (None, ""):
            self.worksheet.write_blank(row, column, None, self._style("", **look))
        else:
            self.worksheet.write_string(row, column, self._shown(str(value)), self._style(str(value), **look))

    def write_row(self, row: int, values: Sequence[object], **look: object) -> None:
        """Write a row of values that wrap in their columns, as high as the longest of them needs."""
        for column, value in enumerate(values):
            self.write(row, column, value, text_wrap=True, **look)
        self.fit_row(row, [str(value or "") for value in values])

    def write_heads(self, row: int, heads: Sequence[str], looks: Sequence[Mapping[str, object]] = ()) -> None:
        """Write the heads of columns, each with a look of its own if any are given."""
        for column, (head, look) in enumerate(itertools.zip_longest(heads, looks, fillvalue={})):
            self.write(row, column, head, **_HEAD | look)
        self.fit_row(row, heads)

    def write_lines(self, row: int, text: str, **look: object) -> int:
        """Write a text in the first column, over the empty cells beside it; return the row after it.

        What is longer than the sheet is wide goes on in the next row: no cell is merged, none is wrapped to a tower.
        """
        size = float(look.get("font_size", _FONT_SIZE))
        across = max(int(sum(self.widths) * _FONT_SIZE / size), 40)
        wrap = textwrap.TextWrapper(across, break_long_words=False, break_on_hyphens=False).wrap
        lines = [line for part in text.split("\n") for line in wrap(part)]
        for place, line in enumerate(lines, start=row):
            self.write(place, 0, line, **look)
            self.worksheet.set_row(place, 1.4 * size)
        return row + len(lines)

    def link(self, row: int, column: int, target: str, text: str, **look: object) -> None:
        """Write a text that leads to the first cell of another sheet of the workbook."""
        name = target.replace("'", "''")
        style = self._style(text, font_color="#0000EE", underline=1, **look)
        self.worksheet.write_url(row, column, f"internal:'{name}'!A1", style, self._shown(text))

    def fit_row(self, row: int, texts: Sequence[str]) -> None:
        """Make a row as high as the longest of its wrapped texts needs: not every program does it itself."""
        needed = (
            sum(len(textwrap.wrap(line, max(int(1.05 * width), 1))) or 1 for line in text.split("\n"))
            for text, width in zip(texts, self.widths, strict=False)
        )
        self.worksheet.set_row(row, _LINE * min(max(needed, default=1), _MOST_LINES))

    def set_page(self, header: int) -> None:
        """Make the sheet fit to be printed: landscape A4, as wide as the page, the header on every page."""
        self.worksheet.set_landscape()
        self.worksheet.set_paper(9)
        self.worksheet.fit_to_pages(1, 0)
        self.worksheet.repeat_rows(header)
        self.worksheet.hide_gridlines(2)

    def _style(self, text: str, **look: object) -> Format:
        """Return the format of a text; where one reads from the right, a code alone still reads from the left."""
        if not self.is_rtl:
            return self._book.style(valign="top", **look)
        order = 2 if not text or _RIGHT_TO_LEFT.search(text) else 1
        return self._book.style(**{"valign": "top", "align": "right", "reading_order": order} | look)

    def _shown(self, text: str) -> str:
        """Return a text as a cell shows it, cut at its limit: codes in a right-to-left sentence kept in order.

        A code alone stays bare: it is looked up and filtered by, and an invisible direction mark would be in the way.
        """
        shown = clean(text)
        if self.is_rtl and _RIGHT_TO_LEFT.search(shown):
            shown = "\n".join(isolate(line, self._language) for line in shown.split("\n"))
        if len(shown) <= _LONGEST_CELL // 2:
            return shown
        # The format counts letters beyond the first 65,536 of Unicode twice, as UTF-16 does.
        return shown.encode("utf-16-le", "replace")[: 2 * _LONGEST_CELL].decode("utf-16-le", "ignore")


def name_cells(sheet: str, column: int, rows: range) -> str:
    """Return the formula of some cells of a column, such as `='Sheet'!$B$3:$B$9`: where a drop-down list stands."""
    from xlsxwriter.utility import xl_range_abs

    name = sheet.replace("'", "''")
    return f"='{name}'!{xl_range_abs(rows[0], column, rows[-1], column)}"


@contextlib.contextmanager
def open_book(path: Path, created: date, language: str = "", **properties: str) -> Iterator[Book]:
    """Open a workbook to be written, which takes its place once it is whole; properties are those of the document.

    The same content gives the same bytes, whenever and wherever. Raises OSError where nothing can be written.
    """
    import xlsxwriter

    private = path.with_name(f".{path.name}.writing")
    try:
        with xlsxwriter.Workbook(private, _OPTIONS) as book:
            book.set_properties({**properties, "created": datetime.combine(created, time())})
            if language:
                book.set_custom_property("Language", language, "text")
            yield Book(book)
        private.replace(path)
    except xlsxwriter.exceptions.FileCreateError as reason:
        raise OSError(getattr(reason.args[0], "errno", 0), str(reason), str(path)) from reason
    finally:
        private.unlink(missing_ok=True)
