"""An explanation as facts and tables in a language, for the terminal and the workbook."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from helpers.explain import records
from helpers.explain.office_rows import add_office_rows, find_column
from helpers.explain.records import CalculationStep, CellIssue, CellTrace, ExplainedPart, Explanation, Value
from helpers.i18n import Translator, catalogue, terms
from helpers.ingest import offices
from helpers.kpis import figures
from helpers.plan import read_plan, read_settings
from helpers.report import letters, phrases
from helpers.speech import say

STEP_WORDS = {
    "value": "value", "share": "share", "lower": "lower bound", "upper": "upper bound",
    "share_lower": "lower bound of the share", "share_upper": "upper bound of the share",
    "n_reported": "members that reported", "n_carried": "members carried forward", "n_expected": "members expected",
    "coverage": "coverage", "coverage_class": "Class", "target": "Proposed target", "baseline": "baseline",
    "elapsed": "part of the time elapsed", "ratio": "progress for the time elapsed",
    "stage expected": "stage expected by now", "first reached": "proposed target first reached",
    "all parts": "all parts covered",
    "status": "Status against the proposed target", "status at the lower bound": "status at the lower bound",
    "status at the upper bound": "status at the upper bound", "robust": "independent of non-response",
}  # fmt: skip
BASIS_WORDS = {
    "reported": "reported this quarter", "carried": "carried forward (c)", "ever": "known from earlier",
    "": "not known",
}  # fmt: skip
WHAT_WORDS = {figures.MEMBER: "Member", figures.CODE: "Answer", figures.ITEM: "Item", figures.ROW: "Register row"}
CELL_WORDS = {  # what an item's state (methodology, section 3) means
    "A": "given", "N": "negligible, counted as 0", "U": "unusual, kept", "L": "exists, not available",
    "M": "not applicable", "O": "not answered, or withdrawn",
}  # fmt: skip


class Listing(NamedTuple):
    """A table: heads, rows of texts and numbers, a foot with their sums, and notes on its heads."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    foot: tuple[Value, ...] = ()
    notes: tuple[str, ...] = ()


def narrow_to_member(explanation: Explanation, member: str) -> Explanation:
    """Return an explanation with one member's parts and cells only; its steps are those of all.

    Raises ValueError for a member that is not expected, with those that are.
    """
    if not member:
        return explanation
    expected = [known.member for known in read_plan().members_in(explanation.quarter, explanation.scope)]
    if member not in expected:
        raise ValueError(say("no member {member} in {scope}; choose from {known}", member=member,
                             scope=explanation.scope, known=", ".join(expected)))  # fmt: skip
    parts, members = _narrow_parts(explanation.parts, member), _narrow_parts(explanation.members, member)
    return replace(explanation, parts=parts, members=members, only=member)


def _narrow_parts(parts: Sequence[ExplainedPart], member: str) -> tuple[ExplainedPart, ...]:
    own = [part for part in parts if member in (part.name, *part.members, *(cell.member for cell in part.traces))]
    return tuple(
        replace(part, traces=tuple(add_office_rows(cell) for cell in part.traces if cell.member == member))
        for part in own
    )


def list_facts(explanation: Explanation, t: Translator) -> list[str]:
    """Return a line each on the figure, how it is measured, from what source, and where it is published."""
    kpi, quarter = explanation.kpi, explanation.quarter
    label = t.label(read_settings().is_revised(quarter, date.fromisoformat(explanation.as_of)))
    marks = [t("invented sample: no figure here is real")] if explanation.sample else []
    marks += [] if catalogue.is_official(t.language) else [t("unofficial translation")]
    only = explanation.only
    shown = [t("shown: the rows and cells of {member}; the steps are those of all", member=only)] if only else []
    dated = t("Data as of: ") + t.day(explanation.as_of)
    return [
        f"{kpi.kpi} – {t.localised(kpi.title)} ({t.unit(kpi.unit)})",
        " · ".join([t.region(explanation.scope), t.quarter(quarter), label, dated]),
        *marks,
        t("{what}: {value}", what=t("How it is measured"), value=phrases.describe_formula(kpi, t)),
        t("Source: ") + phrases.describe_source(kpi, t),
        t("published figures: {place}", place=f"{explanation.origin}/kpis.csv") if explanation.origin
        else t("this edition is not published: figures computed now from data/raw"),
        *shown,
        *(_describe_lost(lost, t) for lost in explanation.lost if not only or not lost.members or only in lost.members),
    ]  # fmt: skip


def _describe_lost(lost: records.LostFile, t: Translator) -> str:
    """Return a line on a received file that is gone or damaged: which, whose, what to do."""
    members = ", ".join(lost.members) or letters.letter_text("members_unknown", t.language)
    file, what = f"data/raw/{lost.issue.quarter}/{lost.issue.source_file}", lost.issue.say(t.language)
    return letters.letter_text("lost_file", t.language, file=file, members=members, what=what)


def describe_agreement(explanation: Explanation, t: Translator) -> list[str]:
    """Return a line saying that the steps give the figure of the edition, or a line per step that differs."""
    if explanation.differences:
        return [
            t("DIFFERENT – {name}: {result} from the rows, {published} in kpis.csv", name=t(STEP_WORDS[step.name]),
                result=format_step_value(step.result, t), published=format_step_value(step.published, t))
            for step in explanation.differences
        ]  # fmt: skip
    # Without even a coverage, nothing was computed.
    if explanation.unread:
        return [t("a register under it could not be read: blank, not 0") + f" ({t.enumerated(explanation.unread)})"]
    if all(step.result is None for step in explanation.steps if step.name == "coverage"):
        return [t("nothing: the figure is blank by definition")]
    shown = [step for step in explanation.steps if step.name in ("value", "share") and step.result is not None]
    figure = t.joined(f"{t(STEP_WORDS[step.name])} {format_step_value(step.result, t)}" for step in shown) or t.missing
    lost = phrases.describe_lost_rows(explanation.n_lost, t)
    if explanation.origin:
        return [t("Added up, the rows give the published figure: {value}", value=figure), *lost]
    return [t("Added up, the rows give the figure of the edition: {value}", value=figure), *lost]


def format_step_value(value: Value, t: Translator) -> str:
    """Return a step's value as text: numbers as in the CSV files, a status in words, a mark where blank."""
    if value in (None, ""):
        return t.missing
    if value in terms.STATUS_WORDS:
        return t(terms.STATUS_WORDS[value])
    if isinstance(value, bool):
        return t("yes") if value else t("no")
    return records.exact_number(value)


def format_arithmetic(step: CalculationStep, t: Translator) -> str:
    """Return a step's arithmetic with statuses in words; blank where it is only the result."""
    if step.name == "robust":
        words = step.arithmetic.split(" ")
        return " ".join(t(terms.STATUS_WORDS[word]) if word in terms.STATUS_WORDS else word for word in words)
    return "" if step.arithmetic == records.exact_number(step.result) else step.arithmetic


def find_steps(explanation: Explanation) -> list[CalculationStep]:
    """Return the steps worth showing: value and status, and all that differ or are not blank."""
    return [
        step for step in explanation.steps
        if step.name in ("value", "status") or not step.agrees or step.result not in (None, "")
    ]  # fmt: skip


def list_step_rows(explanation: Explanation, t: Translator) -> Listing:
    """List the steps: name, arithmetic, result, value in kpis.csv, and whether both are the same."""
    heads = (t("Step"), t("Arithmetic"), t("Result"), "kpis.csv", t("The same"))
    rows = tuple(
        (
            t(STEP_WORDS[step.name]), format_arithmetic(step, t), _workbook_value(step.result, t),
            _workbook_value(step.published, t) if step.column else "",
            (t("yes") if step.agrees else t("no")) if step.column else "",
        )
        for step in find_steps(explanation)
    )  # fmt: skip
    return Listing(t("Step by step"), heads, rows)


def _workbook_value(value: Value, t: Translator) -> Value:
    """Return a step's value for a workbook: a number as a number, all else in words."""
    return _number(value) if records.is_number(value) else format_step_value(value, t)


class _Column(NamedTuple):
    head: str
    get: Callable[[ExplainedPart], Value]
    meaning: str = ""
    is_added: bool = False


def _origin(part: ExplainedPart) -> str:
    """Return the quarter that a part's value comes from, with the version of the return."""
    versions = {cell.version for cell in part.traces if cell.quarter == part.source_quarter} - {None}
    return f"{part.source_quarter} v{max(versions)}" if versions else part.source_quarter


_COLUMNS = (
    _Column("Quarter", lambda part: part.quarter),
    _Column("from", _origin, "from: the quarter, and the version (v) of its return, that the value comes from"),
    _Column("Value", lambda part: part.value, is_added=True),
    _Column("Total", lambda part: part.total, "Total: what the value is a share of", is_added=True),
    _Column("at most", lambda part: part.cap if part.share_cap is None else part.share_cap,
            "at most: what the answers that are missing could add at most, in the upper bound"),
    _Column("Total, at most", lambda part: part.total_cap,
            "total at most: stands in for a total that was not reported; last known, else the reference"),
    _Column("named by", lambda part: part.known if part.kind == figures.CODE else None),
    _Column("known", lambda part: part.known if part.expected else None, is_added=True, meaning=
            "known, expected: what coverage divides; members by one, by their reference figure, or by quarter"),
    _Column("expected", lambda part: part.expected or None, is_added=True),
    _Column("Members", lambda part: " ".join(part.members) if part.kind != figures.MEMBER else ""),
)  # fmt: skip


def list_part_rows(explanation: Explanation, parts: Sequence[ExplainedPart], title: str, t: Translator) -> Listing:
    """List parts: name, basis, state of the return, what each adds and the most it could add; no empty columns."""
    what = {WHAT_WORDS[part.kind] for part in parts}
    is_now = all(part.quarter == explanation.quarter for part in parts)
    columns = [
        _Column(what.pop() if len(what) == 1 else "Row", lambda part: part.name),
        _Column("Basis", lambda part: t(BASIS_WORDS[part.basis]) if part.kind == figures.MEMBER else ""),
        _Column("Return", lambda part: t(terms.RESPONSE_WORDS[part.state]) if part.state else ""),
        *(_COLUMNS[1:] if is_now else _COLUMNS),
    ]
    columns = [column for column in columns if any(column.get(part) not in (None, "") for part in parts)]
    has_sums = parts is explanation.parts and not explanation.only and len(parts) > 1
    return Listing(
        title, tuple(t(column.head) for column in columns),
        tuple(tuple(_number(column.get(part)) for column in columns) for part in parts),
        (t("Sum"), *(_add_up(column, parts) for column in columns[1:])) if has_sums else (),
        tuple(t(column.meaning) for column in columns if column.meaning),
    )  # fmt: skip


def _add_up(column: _Column, parts: Sequence[ExplainedPart]) -> Value:
    return _number(float(sum(column.get(part) or 0 for part in parts))) if column.is_added else ""


def _number(value: Value) -> Value:
    """Return a number for a reader: whole ones without `.0`, ∞ where there is no limit."""
    if isinstance(value, float):
        return records.exact_number(value) if math.isinf(value) else int(value) if value.is_integer() else value
    return value


def list_tables(explanation: Explanation, t: Translator) -> list[Listing]:
    """List the parts, then the members' values where the parts are codes or items."""
    made = [list_part_rows(explanation, explanation.parts, t("What is added up"), t)]
    if explanation.members:
        made.append(list_part_rows(explanation, explanation.members, t("Where the members stand"), t))
    return made


def find_cells(explanation: Explanation) -> list[CellTrace]:
    """Return the cells of all parts, each once, in the order of the parts."""
    seen: dict[tuple[object, ...], CellTrace] = {}
    for part in (*explanation.parts, *explanation.members):
        for cell in part.traces:
            key = (cell.quarter, cell.member, cell.path, cell.sheet, cell.row, cell.question, cell.raw)
            seen.setdefault(key, cell)
    return list(seen.values())


def describe_place(cell: CellTrace, t: Translator) -> str:
    """Return the place of a cell: file, sheet and row."""
    file = f"data/raw/{cell.path}"
    if cell.sheet:
        return t("{file}, {sheet}, row {row}", file=file, sheet=cell.sheet, row=cell.row)
    return f"{file}, {t('row {row}', row=cell.row)}" if cell.row else file


def describe_office_rows(cell: CellTrace, t: Translator) -> list[str]:
    """Return a line on the first rows of a list of offices that count for a cell, and one on those in doubt."""
    file, column = f"data/raw/{cell.quarter}/{cell.offices}", find_column(cell.question)
    rows, doubts = (", ".join(found) for found in (cell.office_rows, cell.office_doubts))
    return [
        *([t("{file}, rows with {condition}: {rows}", file=file, condition=offices.say_condition(column), rows=rows)]
          if rows else []),
        *([t("{file}, rows in which {column} is not known: {rows}", file=file, column=column, rows=doubts)]
          if doubts else []),
    ]  # fmt: skip


def describe_issue(issue: CellIssue, t: Translator) -> str:
    """Return an issue in French, or in English for every other language."""
    message = issue.message["fr" if t.language == "fr" else "en"]
    return t("{what}: {value}", what=f"{t(f'severity {issue.severity}')} {issue.rule}", value=message)


def describe_states(cells: Sequence[CellTrace], t: Translator) -> str:
    """Return the meaning of the state letters that occur, in one line; blank without any."""
    letters = sorted({cell.state for cell in cells if cell.state in CELL_WORDS})
    return t.joined(f"[{letter}] {t(CELL_WORDS[letter])}" for letter in letters)


def list_cell_rows(explanation: Explanation, t: Translator) -> Listing:
    """List the cells: one row each, with its return, its place and its issues."""
    heads = ("Member", "Quarter", "Question", "as written", "understood", "State", "Version", "Received on", "Place",
             "Findings")  # fmt: skip
    rows = tuple(
        (
            cell.member, cell.quarter, cell.question, cell.raw, cell.value, _describe_state(cell, t), cell.version,
            cell.received_on, describe_place(cell, t),
            "\n".join((*(describe_issue(issue, t) for issue in cell.issues), *describe_office_rows(cell, t))),
        )
        for cell in find_cells(explanation)
    )  # fmt: skip
    return Listing(t("The cells it comes from"), tuple(t(head) for head in heads), rows)


def _describe_state(cell: CellTrace, t: Translator) -> str:
    if cell.state in CELL_WORDS:
        return f"{cell.state}: {t(CELL_WORDS[cell.state])}"
    return t(terms.RESPONSE_WORDS[cell.state]) if cell.state else ""
