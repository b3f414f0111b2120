"""What a member says of counts that it was asked to confirm: rows of a mailed questionnaire, columns of a form."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from openpyxl.utils.cell import column_index_from_string

from helpers.ingest.cells import CellValue, is_empty_cell, raw_text
from helpers.ingest.headers import canonical_header
from helpers.ingest.issues import Issue, Place, make_issue
from helpers.ingest.labels import read_mark
from helpers.ingest.layout import HeadedSheet, LayoutReader
from helpers.ingest.records import ConfirmedCount, Received, ReceivedReturn
from helpers.ingest.sheets import Contents, Sheet, cell_at
from helpers.plan import questionnaire

_CODE = re.compile(r"confirm/(?P<quarter>\d{4}Q[1-4])/(?P<question>\w+)/(?P<value>\d{1,12})")
_CHOICE = re.compile(r"(?P<quarter>\d{4}q[1-4])\.(?P<question>\w+)\.(?P<value>\d{1,12})", re.IGNORECASE)
_CHOICE_LABEL = re.compile(r"(?P<label>.+?) \((?P<quarter>\d{4}q[1-4])\) ?: (?P<value>\d{1,12})\s*", re.IGNORECASE)
_SAID = {True: "yes", False: "no", None: "unclear"}
_ANSWERS = "C"  # the column of the answers where no other is known


@dataclass(frozen=True)
class AskedRow:
    """A row that asks whether a count is right: which one, and where; `cells` as they came back."""

    quarter: str
    question: str
    value: int
    sheet: str
    number: int
    cells: Sequence[CellValue]

    def said(self, column: str) -> str:
        """Return what a column says, blank where nothing is said."""
        cell = cell_at(self.cells, column_index_from_string(column or _ANSWERS) - 1)
        text = "" if is_empty_cell(cell) else raw_text(cell).strip()
        return text if text.strip("-–—…. ☐") else ""


def confirm_code(quarter: str, question: str, value: int) -> str:
    """Return the code, in column A, of the row that asks whether a count is right."""
    return f"confirm/{quarter}/{question}/{value}"


def take_asked(contents: Contents) -> tuple[Contents, list[AskedRow]]:
    """Return the sheets of a file without the rows that ask to confirm a count, and these rows."""
    asked = [row for sheet in contents.sheets for row in _list_asked(sheet)]
    taken = {(row.sheet, row.number) for row in asked}
    sheets = (
        replace(sheet, rows=tuple(row for row in sheet.rows if (sheet.name, row[0]) not in taken))
        for sheet in contents.sheets
    )
    return (replace(contents, sheets=tuple(sheets)) if asked else contents), asked


def _list_asked(sheet: Sheet) -> Iterator[AskedRow]:
    for number, row in sheet.rows:
        if found := _CODE.fullmatch(raw_text(cell_at(row, 0)).strip()):
            yield AskedRow(found["quarter"], found["question"], int(found["value"]), sheet.name, number, row)


def read_said(
    asked: Sequence[AskedRow], returns: Sequence[tuple[ReceivedReturn, HeadedSheet]], reader: LayoutReader
) -> list[ReceivedReturn]:
    """Return the returns of a file with the counts that each confirms; what is denied, or unclear, is a warning.

    The only return of a file answers every row; of several, each answers in its own column of its sheets.
    """
    read, left = [], list(asked)
    for received, table in returns:
        sheets = {sheet for sheet, _ in table.row_of.values()}
        own = [row for row in asked if len(returns) == 1 or row.sheet in sheets]
        left = [row for row in left if row not in own]
        said = [(row, _issue(row, received.place, text)) for row in own if (text := row.said(table.column))]
        right = [row for row, issue in said if issue.key == "CONFIRM.yes"]
        counts = (ConfirmedCount(row.quarter, received.member, row.question, row.value) for row in right)
        notes = (*received.notes, *(issue for _, issue in said))
        read.append(replace(received, confirmed=tuple(dict.fromkeys((*received.confirmed, *counts))), notes=notes))
    reader.notes += [_issue(row, reader.place, text, "unclear") for row in left if (text := row.said(""))]
    return read


def choice_name(quarter: str, question: str, value: int) -> str:
    """Return the name of the choice of a form that an earlier count is right."""
    return f"{quarter}.{question}.{value}"


def read_ticked(
    cells: Mapping[str, str], answers: Mapping[str, questionnaire.Answer], place: Place, form: questionnaire.Form
) -> list[ConfirmedCount]:
    """Return the counts that a submission of a written form confirms: its own (`confirm_…`), and earlier ones.

    `cells` has its texts by canonical header, in names or labels; `answers` its own answers.
    """
    labels = {canonical_header(label): name for name in form.numbers for label in form.label_of(name).values()}
    found = []
    for header, text in cells.items():
        if not text or not form.is_added(header) or text in ("0", "false", "False"):
            continue
        own = header.rpartition("confirm_")[2] if "confirm_" in header else _name_labelled(header, labels)
        if own in form.numbers and answers[own].number is not None:
            found.append((place.quarter, own, answers[own].number))
        elif "confirm_before" in header or "↳" in header:
            # A column for each choice names it in its header, one for all of them in its cell.
            found += _list_choices(header, labels) or _list_choices(text, labels)
    named = (each for each in dict.fromkeys(found) if each[1] in form.numbers)
    return [ConfirmedCount(quarter, place.member, question, value) for quarter, question, value in named]


def _list_choices(text: str, labels: Mapping[str, str]) -> list[tuple[str, str, int]]:
    """Return the counts that a text names as choices of `confirm_before`, by their names or their labels."""
    named = [(each["quarter"], each["question"], each["value"]) for each in _CHOICE.finditer(text)]
    for each in _CHOICE_LABEL.finditer(text):
        label = canonical_header(each["label"])  # after whatever stands before it
        ends = [known for known in labels if label.endswith(known)]
        named += [(each["quarter"], labels[max(ends, key=len)], each["value"])] if ends else []
    return [(quarter.upper(), question, int(value)) for quarter, question, value in named]


def _name_labelled(header: str, labels: Mapping[str, str]) -> str:
    """Return the number whose label follows the arrow of a header, blank without one."""
    label = header.rpartition("↳ ")[2]
    return next((name for text, name in labels.items() if label.startswith((f"{text} :", f"{text}:"))), "")


def _issue(row: AskedRow, place: Place, said: str, kind: str = "") -> Issue:
    """Return what is told of an answer: that it is yes, no, or anything else."""
    at = replace(place, sheet=row.sheet, row=str(row.number), row_of={})
    key = f"CONFIRM.{kind or _SAID[read_mark(said)]}"
    return make_issue(key, at, row.quarter, row.value, question=row.question, observed=said)


def list_confirmed(received: Received, file: str = "") -> list[ConfirmedCount]:
    """Return the counts that the returns of a file (by its published name; blank: of all) confirm, each once.

    Returns that are refused at once, or whose member is unknown, are left out.
    """
    returns = (each for each in received.returns if file in ("", each.file.name) and not each.problems)
    return list(dict.fromkeys(count for each in returns if each.member for count in each.confirmed))
