"""Excel workbooks: every text is a text, every number a number, and the same content is the same bytes."""

from helpers.report.xlsx.book import HEAD_FILL, Book, fit_row, open_book, set_page
from helpers.report.xlsx.tables import write_tables_workbook

__all__ = ["HEAD_FILL", "Book", "fit_row", "open_book", "set_page", "write_tables_workbook"]
