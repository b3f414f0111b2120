"""Shows the tables: figures, tables and sentences, as PDF, page, workbook and letters. Only this room sets the look."""

from helpers.report.document import Report

__all__ = [
    "Report",
    "actions",
    "blocks",
    "brief",
    "figures",
    "headlines",
    "html",
    "letters",
    "mailing",
    "phrases",
    "site",
    "tables",
    "xlsx",
]
