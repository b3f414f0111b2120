"""Excel workbooks: every text is a text, every number a number, and the same content is the same bytes."""

from helpers.report.xlsx.book import REPLY, Book, SheetWriter, name_cells, open_book
from helpers.report.xlsx.tables import write_tables_workbook

__all__ = ["REPLY", "Book", "SheetWriter", "name_cells", "open_book", "write_tables_workbook"]
