"""The cells that a member's value was read from, each with its return, its place and what the checks said of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from helpers.explain.records import REGISTERS_FOLDER, CellIssue, CellTrace, Value, exact_number
from helpers.ingest import issues, registers
from helpers.plan import extractors, questionnaire
from helpers.tables import EditionTables

_HIDDEN = ("row", "recorded_on", "reference", "title", "note")  # of a register's row: its place, and free text


@dataclass(frozen=True)
class CellIndex:
    """The cells of the returns that count, by quarter, member and question, and their items by quarter and member.

    `firsts` is the first accepted return of each quarter and member: its day stands as the value. `refused` are the
    returns that do not count, with why.
    """

    answers: Mapping[tuple[str, str, str], CellTrace]
    items: Mapping[tuple[str, str], tuple[tuple[extractors.Innovation, CellTrace], ...]]
    firsts: Mapping[tuple[str, str], CellTrace]
    refused: Mapping[tuple[str, str], Sequence[CellTrace]]

    def find(self, quarters: Iterable[str], member: str, questions: Iterable[str]) -> tuple[CellTrace, ...]:
        """Return a member's cells of some questions, quarter by quarter; those that are there."""
        wanted = dict.fromkeys((quarter, member, name) for quarter in quarters for name in questions)
        return tuple(self.answers[key] for key in wanted if key in self.answers)

    def find_refused(self, quarter: str, member: str) -> tuple[CellTrace, ...]:
        """Return a member's returns of a quarter that were refused."""
        return tuple(self.refused.get((quarter, member), ()))

    def find_last(self, question: str, member: str, quarter: str) -> tuple[CellTrace, ...]:
        """Return the last cell up to a quarter in which a member gave a number; none where it never did."""
        rows = [one for (q, m, name), one in self.answers.items() if (m, name) == (member, question) and q <= quarter]
        return tuple(sorted((one for one in rows if one.value), key=lambda one: one.quarter)[-1:])


def index_cells(tables: EditionTables, form: questionnaire.Form) -> CellIndex:
    """Read the cells of the returns that count, the items, and what was refused, from an edition's tables."""
    findings = _index_findings(tables.issues)
    found = {
        (row.quarter, row.member, row.question): _trace(
            row, row.question, row.raw, row.value, row.obs_status, _said(findings, row, row.question, form)
        )
        for row in _counting(tables, tables.answers).itertuples()
    }
    items: dict[tuple[str, str], tuple[tuple[extractors.Innovation, CellTrace], ...]] = {}
    for row in _counting(tables, tables.innovations).itertuples():
        item, said = (
            extractors.Innovation(row.kind, row.reference, row.title, row.detail),
            _said(findings, row, questionnaire.REPEAT, form),
        )
        written = "; ".join(text for text in (row.kind, row.reference, row.title, row.date, row.detail) if text)
        one = _trace(row, questionnaire.REPEAT, written, item.key(row.member), "", said)
        items[row.quarter, row.member] = (*items.get((row.quarter, row.member), ()), (item, one))
    return CellIndex(found, items, _index_firsts(tables), _index_refused(tables, findings))


_KEYS = ["quarter", "member", "version", "source_file"]


def _index_firsts(tables: EditionTables) -> dict[tuple[str, str], CellTrace]:
    """Return the first accepted return of each quarter and member."""
    places = tables.answers[[*_KEYS, "sheet", "row"]].drop_duplicates(_KEYS)
    accepted = tables.returns[tables.returns["state"] != "refused"].merge(places, on=_KEYS, how="left")
    accepted = accepted.fillna({"sheet": "", "row": ""})  # of a version that only repeats another there are no answers
    firsts: dict[tuple[str, str], CellTrace] = {}
    for row in accepted.sort_values(["received_on", "version"], kind="stable").itertuples():
        firsts.setdefault((row.quarter, row.member), _trace(row, "", "", row.received_on, "", ()))
    return firsts


def _index_refused(tables: EditionTables, findings: _Findings) -> dict[tuple[str, str], list[CellTrace]]:
    """Return the returns that were refused, by quarter and member, each with why."""
    returns = tables.returns[tables.returns["state"] == "refused"]
    days = {(row.quarter, row.member, row.source_file): row.received_on for row in returns.itertuples()}
    refused: dict[tuple[str, str], list[CellTrace]] = {}
    for (quarter, file, sheet, row), told in findings.items():
        why = [(member, found) for member, found in told if found.severity == "refused"]
        for member in dict.fromkeys(member for member, _ in why):
            said = tuple(found for whose, found in why if whose == member)
            day = days.get((quarter, member, file), "")
            one = CellTrace(quarter, member, "", "", "", "refused", None, day, file, sheet, row, said)
            refused.setdefault((quarter, member), []).append(one)
    return refused


def _counting(tables: EditionTables, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the returns that count, with the day each was received."""
    returns = tables.returns[tables.returns["counts"].fillna(False).astype(bool)]
    return rows.merge(returns[["quarter", "member", "version", "received_on"]], on=["quarter", "member", "version"])


def _trace(row: object, question: str, raw: str, value: str, state: str, findings: tuple[CellIssue, ...]) -> CellTrace:
    return CellTrace(
        row.quarter, row.member, question, raw, value, state, int(row.version), row.received_on,
        row.source_file, row.sheet, row.row, findings,
    )  # fmt: skip


# --- what the checks said ---------------------------------------------------------------------------------------

_Findings = Mapping[tuple[str, str, str, str], list[tuple[str, CellIssue]]]  # by place, each with its member


_COLONS = {"fr": " : ", "en": ": "}  # between a finding's place and what is said there


def _index_findings(rows: pd.DataFrame) -> _Findings:
    """Return the findings by the place of their return or item, each with its member."""
    found: dict[tuple[str, str, str, str], list[tuple[str, CellIssue]]] = {}
    for row in rows.itertuples():
        place = issues.Place(row.quarter, row.source_file, row.sheet, row.row, row.member)
        said = {
            language: getattr(row, f"message_{language}").removeprefix(f"{place.say(language)}{colon}")
            for language, colon in _COLONS.items()
        }
        finding = CellIssue(row.severity, row.rule, row.question, row.observed, row.expected, said)
        key = (row.quarter, row.source_file, row.sheet, row.row)
        found.setdefault(key, []).append((row.member, finding))
    return found


def _said(findings: _Findings, row: object, question: str, form: questionnaire.Form) -> tuple[CellIssue, ...]:
    """Return what was found on a cell: on its question, the group it stands in, a field of the item, or the return."""
    here = findings.get((row.quarter, row.source_file, row.sheet, row.row), ())
    group = form.by_name[question].group if question in form.by_name else ""
    return tuple(
        one for _, one in here if one.question in (question, group, "") or one.question.startswith(f"{question}.")
    )


# --- registers --------------------------------------------------------------------------------------------------


def trace_row(register: str, row: registers.RegisterRow, value: Value) -> CellTrace:
    """Return where a register's row stands and what it says, without its free texts."""
    texts = (f"{name}={_text(cell)}" for name, cell in row.items() if name not in _HIDDEN)
    recorded = row.get("recorded_on")
    blank = CellTrace(
        str(row.get("quarter", "")), str(row.get("member", "")), register, "", "", "", None, "", "", "", ""
    )
    return replace(
        blank, raw="; ".join(texts), value=exact_number(value), received_on=str(recorded or ""),
        source_file=f"{REGISTERS_FOLDER}{register}.csv", row=str(row.get("row", "")),
    )  # fmt: skip


def _text(cell: object) -> str:
    return " ".join(sorted(cell)) if isinstance(cell, frozenset) else "" if cell is None else str(cell)


def list_items(
    cells: CellIndex, quarters: Iterable[str], member: str
) -> Iterator[tuple[extractors.Innovation, CellTrace]]:
    """Yield a member's items of some quarters with their cells."""
    for quarter in quarters:
        yield from cells.items.get((quarter, member), ())
