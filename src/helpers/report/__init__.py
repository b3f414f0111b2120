"""Shows the tables: figures, tables and sentences, as PDF, page, workbook and letters. Only this room sets the look."""
