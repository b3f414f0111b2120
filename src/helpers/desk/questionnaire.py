"""Writes the questionnaire of a quarter: the XLSForm, and the file of last answers that goes with it."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import openpyxl

from helpers.desk.form_lint import lint_form
from helpers.desk.previous import Previous
from helpers.desk.xlsform import PREVIOUS, FormRow, XlsForm, make_xlsform
from helpers.durable import make_folder_durably, write_durably
from helpers.plan import Plan, questionnaire
from helpers.report import xlsx

FORM = "questionnaire.xlsx"
_Sheets = Mapping[str, Sequence[FormRow]]
_WIDTHS = {"survey": 24, "choices": 20, "settings": 24}


@dataclass(frozen=True)
class WrittenForm:
    """What was written of a form: its files, its version, and what to mend in it, as sentences."""

    files: tuple[Path, ...]
    version: str
    findings: tuple[str, ...]


def write_xlsform(
    folder: Path, plan: Plan, form: questionnaire.Form, quarter: str, previous: Mapping[str, Previous], today: date
) -> WrittenForm:
    """Write the form of a quarter into a folder, with its attached file where there are earlier answers.

    Its version grows by itself: it stays that of the form in the folder where nothing else has changed, else it is
    later than those of all forms beside the folder. Raises OSError where nothing can be written.
    """
    made = make_xlsform(plan, form, quarter, previous)
    path = folder / FORM
    known = {each: _read_sheets(each) for each in sorted({path, *folder.parent.glob(f"*/{FORM}")}) if each.exists()}
    made.settings["version"] = _next_version(made, known, path, today)
    last = max(known.values(), key=_version, default=None)
    make_folder_durably(folder)
    _write_book(path, made)
    files = [path]
    if made.previous:
        files.append(folder / f"{PREVIOUS}.csv")
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, made.previous[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(made.previous)
        write_durably(files[-1], text.getvalue().encode())  # without the mark of Excel: forms read it
    findings = tuple(lint_form(made, plan, form, last))
    return WrittenForm(tuple(files), made.settings["version"], findings)


def _write_book(path: Path, made: XlsForm) -> None:
    version = made.settings["version"]
    written = date(int(version[:4]), int(version[4:6]), int(version[6:8]))
    with xlsx.open_book(path, written, title=made.settings["form_title"]) as book:
        for name, rows in _list_sheets(made).items():
            columns = list(dict.fromkeys(column for row in rows for column in row))
            sheet = book.add_sheet(name, "en", [_WIDTHS[name]] * len(columns))
            for place, row in enumerate([dict(zip(columns, columns, strict=True)), *rows]):
                for number, column in enumerate(columns):
                    if row.get(column):
                        sheet.write(place, number, row[column], bold=place == 0)
            sheet.worksheet.freeze_panes(1, 2)


def _list_sheets(made: XlsForm) -> _Sheets:
    return {"survey": made.survey, "choices": made.choices, "settings": [made.settings]}


def _read_sheets(path: Path) -> _Sheets:
    """Return the rows of a form that was written before."""
    book, sheets = openpyxl.load_workbook(path, read_only=True), {}
    for sheet in book.worksheets:
        heads, *rows = sheet.iter_rows(values_only=True)
        named = (zip(heads, row, strict=False) for row in rows)
        sheets[sheet.title] = [{head: str(text) for head, text in row if head and text is not None} for row in named]
    book.close()
    return sheets


def _version(sheets: _Sheets) -> int:
    return int(sheets["settings"][0]["version"])


def _next_version(made: XlsForm, known: Mapping[Path, _Sheets], path: Path, today: date) -> str:
    """Return the version of a form to be written: a day and two digits."""
    if path in known and _without_version(known[path]) == _without_version(_list_sheets(made)):
        return str(_version(known[path]))
    last = max([int(made.settings["version"]) - 1, *map(_version, known.values())])
    return str(max(last + 1, int(f"{today:%Y%m%d}01")))


def _without_version(sheets: _Sheets) -> dict[str, list[FormRow]]:
    kept = {name: [dict(row) for row in rows] for name, rows in sheets.items()}
    kept["settings"][0].pop("version")
    return kept
