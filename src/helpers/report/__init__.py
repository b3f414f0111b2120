"""Shows the tables: figures, tables and sentences, as a PDF, a page, a workbook and letters. The only room that knows how things look."""
