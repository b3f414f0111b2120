"""Shows the tables: figures, tables and sentences, as PDF, page, workbook and letters. Only this room sets the look."""

from helpers.report.blocks import Table
from helpers.report.document import Report

__all__ = [
    "Report",
    "Table",
    "brief",
    "figures",
    "headlines",
    "html",
    "letters",
    "methods",
    "tables",
    "xlsx",
]
