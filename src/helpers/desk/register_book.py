"""The registers as a workbook: a sheet each, what is there locked, below it rows to be filled in from lists."""

from datetime import date
from pathlib import Path

from helpers.desk.register_rows import RECORDED_ON, read_register_files
from helpers.desk.register_words import COUNTS, DAYS, SEVERAL, SUGGESTED, RegisterWords, name_column
from helpers.desk.texts import desk_text
from helpers.desk.validations import ALLOWED
from helpers.ingest import register_files, registers
from helpers.plan import read_plan
from helpers.report import xlsx

CSV_ROW, UP_TO = "csv_row", "<="  # the code of the first column: csv_row<=12, the last row when it was written
_EMPTY_ROWS = 200  # to be filled in, of each register
_HEADS = 2  # rows: codes, then words
_CODE, _KNOWN = {"font_size": 8, "font_color": "#7A858E"}, {"font_color": "#4A555E", "bg_color": "#F1F3F5"}
_WIDTHS = {
    CSV_ROW: 10, "quarter": 18, "product": 34, "parts": 44, "reference": 40, "step": 44, "topic": 28, "title": 44,
    "member": 28, "question": 48, "note": 44, "source_file": 32, "id": 30, "kpi": 44, "action": 60,
}  # fmt: skip
_WIDTH, _LIST_WIDTH, _GUIDE_WIDTH = 16, 44, 110
_GUIDE = 4  # texts
_FIRST_DAY, _LAST_DAY, _MOST = date(2000, 1, 1), date(2099, 12, 31), 10**9  # that a register takes


def write_register_book(path: Path, language: str, today: date) -> dict[str, int]:
    """Write the registers as a workbook in a language; return the rows that each has.

    The same registers give the same bytes on the same day. Raises DataRefused for registers that cannot be read, and
    OSError where nothing can be written.
    """
    files = read_register_files()
    with xlsx.open_book(path, today, language, title=desk_text("register_title", language)) as book:
        writer = _BookWriter(book, language, len(files["workshops"].rows))
        writer.write_guide()
        for file in files.values():
            writer.write_register(file)
        writer.write_lists()
    return {name: len(file.rows) for name, file in files.items()}


class _BookWriter:
    """Writes the sheets: holds the workbook, the words, and where the list of each column stands."""

    def __init__(self, book: xlsx.Book, language: str, n_workshops: int) -> None:
        self.book, self.language, self.words = book, language, RegisterWords(language)
        self.n_workshops = n_workshops
        lists = {column: self.words.list_shown(column) for column in self.words.labels}
        self.lists = {column: entries for column, entries in lists.items() if entries}

    def text(self, key: str, **values: object) -> str:
        """Return a text of the registers in the workbook's language."""
        return desk_text(f"register_{key}", self.language, **values)

    def label(self, column: str) -> str:
        """Return what a column is called."""
        return name_column(column, self.language)

    def write_guide(self) -> None:
        """Write what the workbook is, and how it is filled in."""
        sheet = self.book.add_sheet(self.text("guide"), self.language, (_GUIDE_WIDTH,))
        for row in range(_GUIDE):
            sheet.write_row(row, [self.text(f"help_{row + 1}")])

    def write_register(self, file: register_files.RegisterFile) -> None:
        """Write a register's sheet: its heads, the rows that it has, and those to be filled in."""
        columns = [CSV_ROW, *map(register_files.key_of_column, registers.COLUMNS[file.name])]
        widths = [_WIDTHS.get(column, _WIDTH) for column in columns]
        sheet = self.book.add_sheet(self.text(file.name), self.language, widths)
        last = max((int(row["row"]) for row in file.rows), default=1)
        for place, code in enumerate((f"{CSV_ROW}{UP_TO}{last}", *registers.COLUMNS[file.name])):
            sheet.write(0, place, code, **_CODE)
        sheet.write_heads(1, [self.label(column) for column in columns])
        for at, row in enumerate(file.rows, start=_HEADS):
            shown = [row["row"], *(self.words.show(column, row[column]) for column in columns[1:])]
            for place, text in enumerate(shown):
                sheet.write(at, place, text, **_KNOWN)
        first = _HEADS + len(file.rows)
        for place, column in enumerate(columns):
            if column not in (CSV_ROW, RECORDED_ON):
                self._open_column(sheet, file.name, column, place, first)
        sheet.worksheet.freeze_panes(_HEADS, 1, max(_HEADS, first - 3), 1)
        sheet.worksheet.set_selection(first, 1, first, 1)
        sheet.worksheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        sheet.worksheet.protect("", ALLOWED)
        sheet.set_page(1)

    def _open_column(self, sheet: xlsx.SheetWriter, name: str, column: str, place: int, first: int) -> None:
        """Make the cells of a column below a register's rows to be filled in, with their list or limits."""
        last, shown = first + _EMPTY_ROWS - 1, "dd/mm/yyyy" if column in DAYS else "0" if column in COUNTS else "@"
        for at in range(first, last + 1):
            sheet.write(at, place, "", **xlsx.REPLY, locked=False, num_format=shown)
        if rule := self._make_rule(name, column):
            sheet.worksheet.data_validation(first, place, last, place, rule)

    def _make_rule(self, name: str, column: str) -> dict[str, object]:
        """Return what a spreadsheet is told of a column: what it takes, offers and says; nothing for any text."""
        if column in DAYS:
            rule = {"validate": "date", "criteria": "between", "minimum": _FIRST_DAY, "maximum": _LAST_DAY}
            said = self.text("hint_day")
        elif column in COUNTS:
            highest = max(map(len, read_plan().stages.values()), default=0) if column == "stage" else _MOST
            rule = {"validate": "integer", "criteria": "between", "minimum": 0, "maximum": highest}
            said = self.text("hint_count", least=0, most=highest)
        elif column in SEVERAL:
            rule, said = {"validate": "any"}, self.text("hint_several")
        elif source := self._find_list(name, column):
            is_open = column in SUGGESTED
            rule = {"validate": "list", "source": source, "error_type": "information" if is_open else "stop"}
            said = self.text("hint_suggested" if is_open else "hint_list")
        else:
            return {}
        return rule | {"input_message": said, "error_message": said}

    def _find_list(self, name: str, column: str) -> str:
        """Return the cells that the list of a column is, blank for a column without one."""
        if name == "attendance" and column == "workshop":  # the register's, and those filled in beside it
            place, n = 1 + registers.COLUMNS["workshops"].index(column), self.n_workshops + _EMPTY_ROWS
            return xlsx.name_cells(self.text("workshops"), place, range(_HEADS, _HEADS + n))
        if column not in self.lists:
            return ""
        place = list(self.lists).index(column)
        # The list of members begins with all of them, whom only a questionnaire can be sent to in one row.
        first = 2 if column == "member" and name != "questionnaires" else 1
        return xlsx.name_cells(self.text("lists"), place, range(first, 1 + len(self.lists[column])))

    def write_lists(self) -> None:
        """Write the lists of the columns, and what the stages of each product are, side by side."""
        lists = self.lists | {"stage": self.words.list_stages()}
        sheet = self.book.add_sheet(self.text("lists"), self.language, [_LIST_WIDTH] * len(lists))
        sheet.write_heads(0, [self.label(column) for column in lists])
        for place, entries in enumerate(lists.values()):
            for row, text in enumerate(entries, start=1):
                sheet.write(row, place, text)
        sheet.worksheet.freeze_panes(1, 0)
        sheet.worksheet.protect("", ALLOWED)
