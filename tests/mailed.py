"""A mailed questionnaire filled in as a person does: only cells that are not locked, labels instead of codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from helpers.desk.validations import TICKS
from helpers.plan.questionnaire import Form, Question

ANSWERS = 3  # column C


def rows_by_code(sheet: Worksheet) -> dict[str, int]:
    return {str(row[0].value): row[0].row for row in sheet.iter_rows(max_col=1) if row[0].value}


def cell_of(question: Question, text: str, language: str) -> object:
    """Return what a person has in the cell: a number, a day, a label of the list, a text."""
    if question.type == "integer":
        return int(text)
    if question.type == "date":
        return date.fromisoformat(text)
    return question.choice_labels[text][language] if question.choices else text


def fill(
    path: Path, form: Form, language: str, said: Mapping[str, str], items: Sequence[Mapping[str, str]] = (),
    confirms: Mapping[str, str] | None = None,
) -> Path:  # fmt: skip
    """Fill in a workbook as it was written: only cells that are not locked."""
    book = openpyxl.load_workbook(path)
    sheet, listed = book.worksheets[0], book.worksheets[1]
    rows = rows_by_code(sheet)

    def write(on: Worksheet, row: int, column: int, value: object) -> None:
        cell = on.cell(row, column)
        assert not cell.protection.locked, (on.title, cell.coordinate)
        cell.value = value
        if isinstance(value, str):
            cell.data_type = "s"

    for name, text in said.items():
        question = form.by_name[name]
        if question.type == "select_multiple":
            for code in text.split():
                write(sheet, rows[f"{name}/{code}"], ANSWERS, TICKS[0])
        else:
            write(sheet, rows[name], ANSWERS, cell_of(question, text, language))
    for code, text in (confirms or {}).items():
        write(sheet, rows[code], ANSWERS, text)
    labels = [field.label[language] for field in form.fields]
    top = next(row for row in range(1, 12) if [cell.value for cell in listed[row]][: len(labels)] == labels)
    for row, item in enumerate(items, start=top + 1):
        for column, field in enumerate(form.fields, start=1):
            text, details = item[field.name], form.lists.get(form.repeat.details.get(item[form.repeat.kind], ""), {})
            label = details.get(text, {}).get(language) if field.name == form.repeat.detail else ""
            write(listed, row, column, label or cell_of(field, text, language))
    book.save(path)
    return path
