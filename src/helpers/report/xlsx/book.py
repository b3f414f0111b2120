"""Workbooks in which every text is a text, and the same content is the same bytes."""

from __future__ import annotations

import contextlib
import re
import textwrap
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from helpers.i18n import bidi, isolate
from helpers.strings import clean

HEAD_FILL = "#E8EDF3"
_LONGEST_CELL = 32_767  # UTF-16 units, a limit of the format
_LINE = 15  # points
_MOST_LINES = 27  # a row is at most 409 points high
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff]")
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


class Book:
    """A workbook whose every text is text: never a formula, a link or a control character."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        self._styles: dict[tuple[tuple[str, object], ...], Format] = {}
        self._languages: dict[str, str] = {}

    def style(self, **properties: object) -> Format:
        """Return the format with some properties, made once: each look is one entry of the file."""
        key = tuple(sorted(properties.items()))
        if key not in self._styles:
            self._styles[key] = self.book.add_format(properties)
        return self._styles[key]

    def text(self, **properties: object) -> Format:
        """Return the format of a text that wraps, from the top of its cell."""
        return self.style(text_wrap=True, valign="top", **properties)

    def add_sheet(self, name: str, language: str) -> Worksheet:
        """Add a sheet that is read as its language is."""
        sheet = self.book.add_worksheet(name)
        self._languages[name] = language
        if language in bidi.RIGHT_TO_LEFT:
            sheet.right_to_left()
        return sheet

    def write(self, sheet: Worksheet, row: int, column: int, text: str, style: Format) -> None:
        """Write a text as it is, as far as a cell can hold it."""
        sheet.write_string(row, column, _shown(text, self._languages[sheet.name]), style)

    def link(self, sheet: Worksheet, row: int, column: int, target: str, text: str, style: Format) -> None:
        """Write a text that leads to the first cell of another sheet of the workbook."""
        name = target.replace("'", "''")
        sheet.write_url(row, column, f"internal:'{name}'!A1", style, _shown(text, self._languages[sheet.name]))


def has_arabic(text: str) -> bool:
    """Tell whether a text holds a letter that is read from right to left."""
    return bool(_RIGHT_TO_LEFT.search(text))


def _shown(text: str, language: str) -> str:
    """Return a text as a cell shows it: codes within a right-to-left sentence kept in order, codes alone bare.

    A code alone is looked up and filtered by: an invisible mark of direction would be in the way.
    """
    bare = clean(text)
    if language not in bidi.RIGHT_TO_LEFT or not has_arabic(bare):
        return _fit(bare)
    return _fit("\n".join(isolate(line, language) for line in bare.split("\n")))


def _fit(text: str) -> str:
    """Return a text cut where a cell ends: letters beyond the first 65,536 count twice."""
    if len(text) <= _LONGEST_CELL // 2:
        return text
    return text.encode("utf-16-le", "replace")[: 2 * _LONGEST_CELL].decode("utf-16-le", "ignore")


@contextlib.contextmanager
def open_book(path: Path, created: date, **properties: str) -> Iterator[Book]:
    """Open a workbook to be written, which takes its place once it is whole; properties are those of the document.

    The same content gives the same bytes, whenever and wherever. Raises OSError where nothing can be written.
    """
    private = path.with_name(f".{path.name}.writing")
    try:
        with xlsxwriter.Workbook(private, _OPTIONS) as book:
            book.set_properties({**properties, "created": datetime.combine(created, time())})
            yield Book(book)
        private.replace(path)
    except xlsxwriter.exceptions.FileCreateError as reason:
        raise OSError(getattr(reason.args[0], "errno", 0), str(reason), str(path)) from reason
    finally:
        private.unlink(missing_ok=True)


def fit_row(sheet: Worksheet, row: int, texts: Sequence[str], widths: Sequence[float]) -> None:
    """Make a row as high as the longest of its wrapped texts needs: not every program does it itself."""
    needed = (
        sum(len(textwrap.wrap(line, max(int(1.05 * width), 1))) or 1 for line in text.split("\n"))
        for text, width in zip(texts, widths, strict=False)
    )
    sheet.set_row(row, _LINE * min(max(needed, default=1), _MOST_LINES))


def set_page(sheet: Worksheet, header: int) -> None:
    """Make a sheet fit to be printed: landscape A4, as wide as the page, the header on every page."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(header)
    sheet.hide_gridlines(2)
