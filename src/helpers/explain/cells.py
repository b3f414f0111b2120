"""The cells that a member's value was read from, each with its return, its place and what the checks said of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from helpers.explain.records import Finding, Trace
from helpers.indicators import Item
from helpers.issues import Place
from helpers.questionnaire import REPEAT, Questionnaire
from helpers.registers import Row
from helpers.workbook import Tables

_HIDDEN = ("row", "recorded_on", "reference", "title", "note")  # of a register's row: its place, and free text


@dataclass(frozen=True)
class Cells:
    """The cells of the returns that count, by quarter, member and question, and their items by quarter and member.

    `firsts` is the first accepted return of each quarter and member: its day stands as the value.
    """

    answers: Mapping[tuple[str, str, str], Trace]
    items: Mapping[tuple[str, str], tuple[tuple[Item, Trace], ...]]
    firsts: Mapping[tuple[str, str], Trace]

    def find(self, quarters: Iterable[str], member: str, questions: Iterable[str]) -> tuple[Trace, ...]:
        """Return a member's cells of some questions, quarter by quarter; those that are there."""
        wanted = dict.fromkeys((quarter, member, name) for quarter in quarters for name in questions)
        return tuple(self.answers[key] for key in wanted if key in self.answers)

    def find_last(self, question: str, member: str, quarter: str) -> tuple[Trace, ...]:
        """Return the last cell up to a quarter in which a member gave a number; none where it never did."""
        rows = [one for (q, m, name), one in self.answers.items() if (m, name) == (member, question) and q <= quarter]
        return tuple(sorted((one for one in rows if one.value), key=lambda one: one.quarter)[-1:])


def read_cells(tables: Tables, form: Questionnaire, questions: Iterable[str]) -> Cells:
    """Read the cells of some questions, and the items, from an edition's tables."""
    wanted, findings = {*questions, REPEAT}, _index_findings(tables.issues)
    answers = _counting(tables, tables.answers[tables.answers["question"].isin(wanted)])
    found = {
        (row.quarter, row.member, row.question): _trace(
            row, row.question, row.raw, row.value, row.obs_status, _said(findings, row, row.question, form)
        )
        for row in answers.itertuples()
    }
    items: dict[tuple[str, str], tuple[tuple[Item, Trace], ...]] = {}
    for row in _counting(tables, tables.innovations).itertuples():
        item, said = Item(row.kind, row.reference, row.title, row.detail), _said(findings, row, REPEAT, form)
        written = "; ".join(text for text in (row.kind, row.reference, row.title, row.date, row.detail) if text)
        one = _trace(row, REPEAT, written, item.key(row.member), "", said)
        items[row.quarter, row.member] = (*items.get((row.quarter, row.member), ()), (item, one))
    return Cells(found, items, _index_firsts(tables.returns))


def _index_firsts(returns: pd.DataFrame) -> dict[tuple[str, str], Trace]:
    """Return the first accepted return of each quarter and member."""
    accepted = returns[returns["state"] != "refused"].sort_values(["received_on", "version"], kind="stable")
    firsts: dict[tuple[str, str], Trace] = {}
    for row in accepted.itertuples():
        cell = Trace(
            row.quarter, row.member, "", "", row.received_on, "", int(row.version), row.received_on, row.source_file,
            "", "",
        )  # fmt: skip
        firsts.setdefault((row.quarter, row.member), cell)
    return firsts


def _counting(tables: Tables, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the returns that count, with the day each was received."""
    returns = tables.returns[tables.returns["counts"].fillna(False).astype(bool)]
    return rows.merge(returns[["quarter", "member", "version", "received_on"]], on=["quarter", "member", "version"])


def _trace(row: object, question: str, raw: str, value: str, state: str, findings: tuple[Finding, ...]) -> Trace:
    return Trace(
        row.quarter, row.member, question, raw, value, state, int(row.version), row.received_on,
        row.source_file, row.sheet, row.row, findings,
    )  # fmt: skip


# --- what the checks said ---------------------------------------------------------------------------------------

_Findings = Mapping[tuple[str, str, str, str], list[tuple[str, Finding]]]


def _index_findings(issues: pd.DataFrame) -> _Findings:
    """Return the findings by the place of their cell, each with its question."""
    found: dict[tuple[str, str, str, str], list[tuple[str, Finding]]] = {}
    for row in issues.itertuples():
        place = Place(row.quarter, row.source_file, row.sheet, row.row, row.member)
        said = {
            "fr": row.message_fr.removeprefix(f"{place.say('fr')} : "),
            "en": row.message_en.removeprefix(f"{place.say('en')}: "),
        }
        finding = Finding(row.severity, row.rule, row.observed, row.expected, said)
        found.setdefault((row.quarter, row.source_file, row.sheet, row.row), []).append((row.question, finding))
    return found


def _said(findings: _Findings, row: object, question: str, form: Questionnaire) -> tuple[Finding, ...]:
    """Return what was found on a cell: on its question, on the group it stands in, or on a field of the item."""
    here = findings.get((row.quarter, row.source_file, row.sheet, row.row), ())
    group = form.by_name[question].group if question in form.by_name else ""
    return tuple(one for asked, one in here if asked in (question, group) or asked.startswith(f"{question}."))


# --- registers --------------------------------------------------------------------------------------------------


def trace_row(register: str, row: Row, value: object) -> Trace:
    """Return where a register's row stands and what it says, without its free texts."""
    texts = (f"{name}={_text(cell)}" for name, cell in row.items() if name not in _HIDDEN)
    recorded = row.get("recorded_on")
    blank = Trace(str(row.get("quarter", "")), str(row.get("member", "")), register, "", "", "", None, "", "", "", "")
    return replace(
        blank, raw="; ".join(texts), value=str(value), received_on=str(recorded or ""),
        source_file=f"registers/{register}.csv", row=str(row.get("row", "")),
    )  # fmt: skip


def _text(cell: object) -> str:
    return " ".join(sorted(cell)) if isinstance(cell, frozenset) else "" if cell is None else str(cell)


def list_items(cells: Cells, quarters: Iterable[str], member: str) -> Iterator[tuple[Item, Trace]]:
    """Yield a member's items of some quarters with their cells."""
    for quarter in quarters:
        yield from cells.items.get((quarter, member), ())
