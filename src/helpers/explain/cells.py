"""The cells that a member's value was read from, each with its return, its place and its issues."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import pandas as pd

from helpers.explain.office_rows import find_column
from helpers.explain.records import REGISTERS_FOLDER, CellIssue, CellTrace, Value, exact_number
from helpers.ingest import issues, registers
from helpers.plan import extractors, questionnaire, read_settings
from helpers.tables import EditionTables

_HIDDEN = ("row", "recorded_on", "reference", "title", "note")  # columns of a register's row: its place, and free text
_ANSWER_KEYS = ["quarter", "member", "version", "source_file"]
_COLONS = {"fr": " : ", "en": ": "}  # between an issue's place and its text
_Issues = Mapping[tuple[str, str, str, str], list[tuple[str, CellIssue]]]  # by file and row, each with its member
ItemCells = tuple[tuple[extractors.Item, CellTrace], ...]


@dataclass(frozen=True)
class CellIndex:
    """The cells of the counted returns by quarter, member and question; all else by quarter and member.

    `firsts` holds the first accepted returns, with the day as the value; `refused` the refused ones, with the reasons;
    `lists` the lists of offices that count, each with what is said of it.
    """

    answers: Mapping[tuple[str, str, str], object]  # rows, traced when they are asked for
    about: Callable[[object, str], tuple[CellIssue, ...]]  # the issues of a question in a row
    items: Mapping[tuple[str, str], ItemCells]
    firsts: Mapping[tuple[str, str], CellTrace]
    refused: Mapping[tuple[str, str], Sequence[CellTrace]]
    lists: Mapping[tuple[str, str], tuple[str, Sequence[CellIssue]]]

    def find(self, quarters: Iterable[str], member: str, questions: Iterable[str]) -> tuple[CellTrace, ...]:
        """Return a member's cells of some questions, quarter by quarter."""
        wanted = dict.fromkeys((quarter, member, name) for quarter in quarters for name in questions)
        return tuple(self._trace(key) for key in wanted if key in self.answers)

    def _trace(self, key: tuple[str, str, str]) -> CellTrace:
        row, question = self.answers[key], key[-1]
        cell = _trace(row, question, row.raw, row.value, row.obs_status, self.about(row, question))
        if key[:2] not in self.lists or not find_column(question):
            return cell
        file, said = self.lists[key[:2]]
        more = (issue for issue in said if issue.question in ("", question) and issue not in cell.issues)
        return replace(cell, offices=file, issues=(*cell.issues, *more))

    def find_last(self, question: str, member: str, quarter: str) -> tuple[CellTrace, ...]:
        """Return the last cell up to a quarter in which a member gave a number, if any."""
        keys = ((past, member, question) for past in read_settings().quarters_to(quarter))
        given = [key for key in keys if key in self.answers and self.answers[key].value]
        return tuple(self._trace(key) for key in given[-1:])

    def list_items(self, quarters: Iterable[str], member: str) -> Iterator[tuple[extractors.Item, CellTrace]]:
        """Yield a member's items of some quarters with their cells."""
        for quarter in quarters:
            yield from self.items.get((quarter, member), ())


def index_cells(tables: EditionTables, form: questionnaire.Form) -> CellIndex:
    """Index the cells of the counted returns, their items, and the refused returns, from an edition's tables."""
    found = _index_issues(tables.issues)
    counted = _select_counted(tables, tables.answers).itertuples()
    answers = {(row.quarter, row.member, row.question): row for row in counted}
    items: dict[tuple[str, str], ItemCells] = {}
    for row in _select_counted(tables, tables.items).itertuples():
        item = extractors.Item(row.kind, row.reference, row.title, row.detail)
        raw = "; ".join(text for text in (row.kind, row.reference, row.title, row.date, row.detail) if text)
        here = _find_issues(found, form, row, form.repeat.name)
        cell = _trace(row, form.repeat.name, raw, item.key(row.member), found=here)
        items[row.quarter, row.member] = (*items.get((row.quarter, row.member), ()), (item, cell))
    about = partial(_find_issues, found, form)
    lists = {
        (quarter, member): (file, [each for name, each in here if name == member])
        for (quarter, file, *_), here in found.items() for member, issue in here if issue.rule == "OFFICES_READ"
    }  # fmt: skip
    return CellIndex(answers, about, items, _index_firsts(tables), _index_refused(tables, found), lists)


def _index_firsts(tables: EditionTables) -> dict[tuple[str, str], CellTrace]:
    places = tables.answers[[*_ANSWER_KEYS, "sheet", "row"]].drop_duplicates(_ANSWER_KEYS)
    accepted = tables.returns[tables.returns["state"] != "refused"].merge(places, on=_ANSWER_KEYS, how="left")
    accepted = accepted.fillna({"sheet": "", "row": ""})  # the answers of a duplicate are not kept
    firsts: dict[tuple[str, str], CellTrace] = {}
    for row in accepted.sort_values(["received_on", "version"], kind="stable").itertuples():
        firsts.setdefault((row.quarter, row.member), _trace(row, value=row.received_on))
    return firsts


def _index_refused(tables: EditionTables, issues_found: _Issues) -> dict[tuple[str, str], list[CellTrace]]:
    returns = tables.returns[tables.returns["state"] == "refused"]
    days = {(row.quarter, row.member, row.source_file): row.received_on for row in returns.itertuples()}
    refused: dict[tuple[str, str], list[CellTrace]] = {}
    for (quarter, file, sheet, row), here in issues_found.items():
        for member in dict.fromkeys(member for member, issue in here if issue.severity == "refused"):
            reasons = tuple(issue for name, issue in here if name == member and issue.severity == "refused")
            day = days.get((quarter, member, file), "")
            cell = CellTrace(quarter, member, "", "", "", "refused", None, day, file, sheet, row, reasons)
            refused.setdefault((quarter, member), []).append(cell)
    return refused


def _select_counted(tables: EditionTables, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the counted returns, with the day each was received."""
    key = ["quarter", "member", "version"]
    return rows.merge(tables.counted_returns[[*key, "received_on"]], on=key)


def _trace(
    row: object, question: str = "", raw: str = "", value: str = "", state: str = "", found: Sequence[CellIssue] = ()
) -> CellTrace:
    received, place = (int(row.version), row.received_on), (row.source_file, row.sheet, row.row)
    return CellTrace(row.quarter, row.member, question, raw, value, state, *received, *place, found)


def _index_issues(rows: pd.DataFrame) -> _Issues:
    """Return the issues by the place of their return or item, each with its member."""
    found: dict[tuple[str, str, str, str], list[tuple[str, CellIssue]]] = {}
    for row in rows.itertuples():
        place = issues.Place(row.quarter, row.source_file, row.sheet, row.row, row.member)
        message = {
            language: getattr(row, f"message_{language}").removeprefix(f"{place.say(language)}{colon}")
            for language, colon in _COLONS.items()
        }
        issue = CellIssue(row.severity, row.rule, row.question, row.observed, row.expected, message)
        found.setdefault((row.quarter, row.source_file, row.sheet, row.row), []).append((row.member, issue))
    return found


def _find_issues(found: _Issues, form: questionnaire.Form, row: object, question: str) -> tuple[CellIssue, ...]:
    """Return the issues of a cell: of its question or the question's group, of a field of the item, of the return."""
    here = found.get((row.quarter, row.source_file, row.sheet, row.row), ())
    group = form.by_name[question].group if question in form.by_name else ""
    return tuple(
        issue for _, issue in here
        if issue.question in (question, group, "") or issue.question.startswith(f"{question}.")
    )  # fmt: skip


def trace_row(register: str, row: registers.RegisterRow, value: Value) -> CellTrace:
    """Return a register's row with its place, without its free texts."""
    texts = (f"{name}={_text(cell)}" for name, cell in row.items() if name not in _HIDDEN)
    names = ("quarter", "member", "recorded_on", "row")
    quarter, member, recorded_on, line = (str(row.get(name) or "") for name in names)
    content, file = ("; ".join(texts), exact_number(value), ""), f"{REGISTERS_FOLDER}{register}.csv"
    return CellTrace(quarter, member, register, *content, None, recorded_on, file, "", line)


def _text(cell: object) -> str:
    return " ".join(sorted(cell)) if isinstance(cell, frozenset) else "" if cell is None else str(cell)
