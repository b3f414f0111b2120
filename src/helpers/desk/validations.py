"""What may be written in a cell, and what a spreadsheet program says else: validations as xlsxwriter takes them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from helpers.desk import limits
from helpers.desk.texts import desk_text
from helpers.i18n import Translator
from helpers.plan import questionnaire

Validation = dict[str, object]
LONGEST_ANSWER = 2_000  # characters of a text whose constraint says nothing: longer ones are shown cut
ALLOWED = {"format_columns": True, "format_rows": True, "select_locked_cells": True}  # in a sheet that is protected
TICKS, BLOCKED = ("✓", "x"), ("-",)  # what ticks a choice; what is left once another choice excludes it
_EARLIEST, _LATEST = date(1950, 1, 1), date(2099, 12, 31)  # of a day that nothing else limits
_LONGEST_TITLE, _LONGEST_MESSAGE = 32, 255  # characters, limits of the format


class Lists:
    """The lists of a workbook, one below the other in one column of a hidden sheet.

    It is column C, which holds no code and no label for whoever reads the workbook: it is never taken for answers.
    """

    COLUMN = 2

    def __init__(self, sheet: str) -> None:
        self.sheet = sheet
        self.texts: list[str] = []
        self._known: dict[tuple[str, ...], str] = {}

    def range_of(self, texts: Iterable[str]) -> str:
        """Return where a list is, which is added unless it is there."""
        key = tuple(texts)
        if key not in self._known:
            first = len(self.texts) + 1
            self.texts += key
            self._known[key] = f"'{self.sheet}'!$C${first}:$C${len(self.texts)}"
        return self._known[key]

    def blank(self) -> str:
        """Return an empty cell of the sheet, far below the lists."""
        return f"'{self.sheet}'!$C$10000"


class Validator:
    """Makes the validations of one workbook, in its language."""

    def __init__(self, lists: Lists, language: str) -> None:
        self.lists, self.language, self.t = lists, language, Translator(language)

    def of_question(self, question: questionnaire.Question, cells: Mapping[str, str], last_day: date) -> Validation:
        """Return what may answer a question in one cell: `cells` are those of other answers, by question."""
        if question.type == "integer":
            return self._count(question, cells)
        if question.type == "date":
            return self.day(_EARLIEST, last_day if limits.is_past(question) else _LATEST, question)
        if question.type == "select_one":
            labels = [label.get(self.language) or code for code, label in offered(question)]
            return self.choice(labels, self._message(question))
        most = limits.longest_text(question, LONGEST_ANSWER)
        otherwise = self.text("text_length", most=self.t.number(most))
        error = self._error(self._message(question) or otherwise)
        return {"validate": "length", "criteria": "<=", "value": most, **error}

    def _count(self, question: questionnaire.Question, cells: Mapping[str, str]) -> Validation:
        found = limits.read_limits(question, cells)
        message = " ".join(filter(None, (self._message(question), self.text("whole_number"))))
        # A formula that names a blank cell would let anything pass where blanks are ignored.
        between = {"criteria": "between", "minimum": found.lowest, "maximum": found.highest}
        return {"validate": "integer", **between, "ignore_blank": found.are_fixed, **self._error(message)}

    def day(self, first: date, last: date, question: questionnaire.Question | None = None) -> Validation:
        """Return a day between two others, both included."""
        limited = self.text("date_between", first=self.t.day(first), last=self.t.day(last))
        message = " ".join(filter(None, (self._message(question) if question else "", limited)))
        between = {"criteria": "between", "minimum": first, "maximum": last}
        return {"validate": "date", **between, **self._error(message)}

    def choice(self, texts: Sequence[str], message: str = "") -> Validation:
        """Return one text of a list."""
        source = f"={self.lists.range_of(texts)}"
        return {"validate": "list", "source": source, **self._error(message or self.text("not_in_list"))}

    def tick(self, question: questionnaire.Question, excluded_by: Sequence[str]) -> Validation:
        """Return a tick, unless one of some cells is filled, which exclude it."""
        ticks, blocked = self.lists.range_of(TICKS), self.lists.range_of(BLOCKED)
        source = f"=IF(COUNTA({','.join(excluded_by)})>0,{blocked},{ticks})" if excluded_by else f"={ticks}"
        message = self._message(question) or self.text("not_in_list")
        return {"validate": "list", "source": source, "ignore_blank": not excluded_by, **self._error(message)}

    def detail(self, kind_cell: str, by_kind: Mapping[str, Sequence[str]]) -> Validation:
        """Return a text that is offered from the list of the kind in another cell; others are let pass."""
        source = self.lists.blank()
        for kind, texts in by_kind.items():
            quoted = kind.replace('"', '""')
            source = f'IF({kind_cell}="{quoted}",{self.lists.range_of(texts)},{source})'
        is_short = len(source) < limits.LONGEST_FORMULA
        return {"validate": "list", "source": f"={source}", "show_error": False} if is_short else {"validate": "any"}

    def text(self, key: str, **values: object) -> str:
        """Return a text of the desk in the workbook's language."""
        return desk_text(key, self.language, **values)

    def _message(self, question: questionnaire.Question) -> str:
        return question.constraint_message.get(self.language, "")

    def _error(self, message: str) -> dict[str, str]:
        return {"error_title": self.text("to_correct")[:_LONGEST_TITLE], "error_message": message[:_LONGEST_MESSAGE]}


def offered(question: questionnaire.Question) -> list[tuple[str, questionnaire.Label]]:
    """Return the choices that the form offers today: their codes and labels."""
    return [(code, label) for code, label in question.choice_labels.items() if code not in question.retired]
