"""An explanation as tables of named columns, in a language: what a terminal and a workbook both show."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from helpers.explain.records import (
    CODE,
    ITEM,
    MEMBER,
    ROW,
    Explanation,
    Finding,
    Part,
    Step,
    Trace,
    Value,
    write_number,
)
from helpers.i18n.catalogue import is_official
from helpers.i18n.formats import Words
from helpers.i18n.terms import RESPONSE_WORDS, STATUS_WORDS
from helpers.plan.plan import read_plan
from helpers.plan.quarters import is_revised
from helpers.report.sentences.methods import say_formula, say_source

STEP_WORDS = {
    "value": "value", "share": "share", "lower": "lower bound", "upper": "upper bound",
    "share_lower": "lower bound of the share", "share_upper": "upper bound of the share",
    "n_reported": "members that reported", "n_carried": "members carried forward", "n_expected": "members expected",
    "coverage": "coverage", "coverage_class": "Class", "target": "Proposed target", "baseline": "proposed baseline",
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
WHAT_WORDS = {MEMBER: "Member", CODE: "Answer", ITEM: "Innovation", ROW: "Register row"}
CELL_WORDS = {  # what an item's state (methodology, section 3) means
    "A": "given", "N": "negligible, counted as 0", "U": "unusual, kept", "L": "exists, not available",
    "M": "not applicable", "O": "not answered, or withdrawn",
}  # fmt: skip


@dataclass(frozen=True)
class Listing:
    """A table: heads, rows of texts and numbers, a foot that adds them up, and what its heads mean.

    A column that is blank throughout is left out, and so is what its head means.
    """

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    foot: tuple[Value, ...] = ()
    notes: tuple[str, ...] = ()


def only_of(explanation: Explanation, member: str) -> Explanation:
    """Return an explanation that shows one member's parts and cells only; its steps are those of all.

    Raises ValueError for a member that is not expected, naming those that are.
    """
    expected = [one.member for one in read_plan().members_in(explanation.quarter, explanation.scope)]
    if member and member not in expected:
        raise ValueError(f"no member {member} in {explanation.scope}; choose from {', '.join(expected)}")
    if not member:
        return explanation
    parts, members = (
        tuple(
            replace(part, traces=tuple(one for one in part.traces if one.member == member))
            for part in listed
            if part.is_of(member)
        )
        for listed in (explanation.parts, explanation.members)
    )
    return replace(explanation, parts=parts, members=members, only=member)


# --- what it is about -------------------------------------------------------------------------------------------


def list_facts(explanation: Explanation, say: Words) -> list[str]:
    """Return what figure it is, how it is measured and from what, and where the published one stands: a line each."""
    kpi, quarter = explanation.kpi, explanation.quarter
    label = say.label(is_revised(quarter, date.fromisoformat(explanation.as_of)))
    marks = [say("invented sample: no figure here is real")] if explanation.sample else []
    marks += [] if is_official(say.language) else [say("unofficial translation")]
    only = explanation.only
    shown = [say("shown: the rows and cells of {member}; the steps are those of all", member=only)] if only else []
    scope = say.region(explanation.scope)
    dated = say("Data as of: ") + say.day(explanation.as_of)
    return [
        f"{kpi.kpi} – {say.own(kpi.title)} ({say(f'unit {kpi.unit}')})",
        " · ".join([scope, say.quarter(quarter), label, dated]),
        *marks,
        say("{what}: {value}", what=say("How it is measured"), value=say_formula(kpi, say)),
        say("Source: ") + say_source(kpi, say),
        say("published figures: {place}", place=f"{explanation.origin}/kpis.csv") if explanation.origin
        else say("this edition is not published: figures computed now from data/raw"),
        *shown,
    ]  # fmt: skip


def say_foot(explanation: Explanation, say: Words) -> list[str]:
    """Return whether the rows give the figure of the edition: one line, or one for each step that does not."""
    if explanation.differences:
        return [
            say("DIFFERENT – {name}: {result} from the rows, {published} in kpis.csv", name=say_step(step, say),
                result=say_value(step, step.result, say), published=say_value(step, step.published, say))
            for step in explanation.differences
        ]  # fmt: skip
    if explanation.is_void:
        return [say("nothing: the figure is blank by definition")]
    shown = [step for step in explanation.steps if step.name in ("value", "share") and step.result is not None]
    figure = say.joined(f"{say_step(step, say)} {say_value(step, step.result, say)}" for step in shown) or say.missing
    if explanation.origin:
        return [say("Added up, the rows give the published figure: {value}", value=figure)]
    return [say("Added up, the rows give the figure of the edition: {value}", value=figure)]


# --- steps ------------------------------------------------------------------------------------------------------


def say_step(step: Step, say: Words) -> str:
    """Return the name of a step."""
    return say(STEP_WORDS[step.name])


def say_value(step: Step, value: Value, say: Words) -> str:
    """Return a step's value: numbers exactly as the CSV files write them, a status in words, a mark where blank."""
    if value in (None, ""):
        return say.missing
    if value in STATUS_WORDS:
        return say(STATUS_WORDS[value])
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    return write_number(value)


def say_arithmetic(step: Step, say: Words) -> str:
    """Return how a step was worked out, statuses in words; blank where that is the result itself."""
    if step.name == "robust":
        return " ".join(say(STATUS_WORDS[one]) if one in STATUS_WORDS else one for one in step.arithmetic.split(" "))
    return "" if step.arithmetic == write_number(step.result) else step.arithmetic


def find_steps(explanation: Explanation) -> list[Step]:
    """Return the steps that say anything: those that differ, the value and the status, all that are not blank."""
    return [
        step for step in explanation.steps
        if step.name in ("value", "status") or not step.agrees or step.result not in (None, "")
    ]  # fmt: skip


def list_steps(explanation: Explanation, say: Words) -> Listing:
    """List the steps: name, arithmetic, result, what kpis.csv has, and whether they are the same."""
    heads = (say("Step"), say("Arithmetic"), say("Result"), "kpis.csv", say("The same"))
    rows = tuple(
        (
            say_step(step, say), say_arithmetic(step, say), _shown(step, step.result, say),
            _shown(step, step.published, say) if step.column else "",
            (say("yes") if step.agrees else say("no")) if step.column else "",
        )
        for step in find_steps(explanation)
    )  # fmt: skip
    return Listing(say("Step by step"), heads, rows)


def _shown(step: Step, value: Value, say: Words) -> Value:
    """Return a step's value as a workbook holds it: a number as a number, all else in words."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return _number(value) if is_number else say_value(step, value, say)


# --- tables -----------------------------------------------------------------------------------------------------

_KNOWN = "known, expected: what coverage divides; members by one, by reference offices or staff, or by quarter"


@dataclass(frozen=True)
class _Column:
    head: str
    get: Callable[[Part], Value]
    meaning: str = ""
    is_added: bool = False


_COLUMNS = (
    _Column("Quarter", lambda part: part.quarter),
    _Column(
        "from", lambda part: _origin(part),
        "from: the quarter, and the version (v) of its return, that the value comes from",
    ),
    _Column("Value", lambda part: part.value, is_added=True),
    _Column("Total", lambda part: part.total, "Total: what the value is a share of", is_added=True),
    _Column(
        "at most", lambda part: part.cap if part.share_cap is None else part.share_cap,
        "at most: what the answers that are missing could add at most, in the upper bound",
    ),
    _Column(
        "Total, at most", lambda part: part.total_cap,
        "total at most: stands in for a total that was not reported; last known, else the reference",
    ),
    _Column("named by", lambda part: part.told if part.kind == CODE else None),
    _Column("known", lambda part: part.told if part.kind == MEMBER and part.asked else None, _KNOWN, is_added=True),
    _Column("expected", lambda part: part.asked or None, is_added=True),
    _Column("Members", lambda part: " ".join(part.members) if part.kind != MEMBER else ""),
)  # fmt: skip


def _origin(part: Part) -> str:
    """Return the quarter that a part's value comes from, with the version of the return."""
    versions = {one.version for one in part.traces if one.quarter == part.source_quarter and one.version is not None}
    return f"{part.source_quarter} v{max(versions)}" if versions else part.source_quarter


def list_parts(explanation: Explanation, parts: Sequence[Part], title: str, say: Words) -> Listing:
    """List parts: what each is, on what basis, how its return came, what it adds, and the most it could add."""
    what = {WHAT_WORDS[part.kind] for part in parts}
    is_now = all(part.quarter == explanation.quarter for part in parts)
    columns = [
        _Column(what.pop() if len(what) == 1 else "Row", lambda part: part.name),
        _Column("Basis", lambda part: say(BASIS_WORDS[part.basis]) if part.kind == MEMBER else ""),
        _Column("Return", lambda part: say(RESPONSE_WORDS[part.state]) if part.state else ""),
        *(_COLUMNS[1:] if is_now else _COLUMNS),
    ]
    columns = [one for one in columns if any(one.get(part) not in (None, "") for part in parts)]
    adds = parts is explanation.parts and not explanation.only and len(parts) > 1
    return Listing(
        title, tuple(say(one.head) for one in columns),
        tuple(tuple(_number(one.get(part)) for one in columns) for part in parts),
        _add_up(columns, parts, say) if adds else (),
        tuple(say(one.meaning) for one in columns if one.meaning),
    )  # fmt: skip


def _add_up(columns: Sequence[_Column], parts: Sequence[Part], say: Words) -> tuple[Value, ...]:
    """Return the foot of a table: the sum of what is added up."""
    sums = [_number(float(sum(one.get(part) or 0 for part in parts))) if one.is_added else "" for one in columns]
    return (say("Sum"), *sums[1:])


def _number(value: Value) -> Value:
    """Return a number as a reader takes it in: whole ones without `.0`, ∞ where there is no limit."""
    if isinstance(value, float):
        return write_number(value) if math.isinf(value) else int(value) if value.is_integer() else value
    return value


def list_tables(explanation: Explanation, say: Words) -> list[Listing]:
    """List what is added up, and where the members stand where they are not what is added up."""
    made = [list_parts(explanation, explanation.parts, say("What is added up"), say)]
    if explanation.members:
        made.append(list_parts(explanation, explanation.members, say("Where the members stand"), say))
    return made


# --- cells ------------------------------------------------------------------------------------------------------


def find_cells(explanation: Explanation) -> list[Trace]:
    """Return every cell that a part comes from, once, in the order of the parts."""
    seen: dict[tuple[object, ...], Trace] = {}
    for part in (*explanation.parts, *explanation.members):
        for one in part.traces:
            seen.setdefault((one.quarter, one.member, one.path, one.sheet, one.row, one.question, one.raw), one)
    return list(seen.values())


def say_cell_place(cell: Trace, say: Words) -> str:
    """Return where a cell stands: file, sheet and row."""
    file = f"data/raw/{cell.path}"
    if cell.sheet:
        return say("{file}, {sheet}, row {row}", file=file, sheet=cell.sheet, row=cell.row)
    return f"{file}, {say('row {row}', row=cell.row)}" if cell.row else file


def say_cell_finding(found: Finding, say: Words) -> str:
    """Return what a check found on a cell: in French, or in English for every other language."""
    message = found.message["fr" if say.language == "fr" else "en"]
    return say("{what}: {value}", what=f"{say(f'severity {found.severity}')} {found.rule}", value=message)


def say_states(cells: Sequence[Trace], say: Words) -> str:
    """Return what the letters of the states that occur mean, in one line; blank where there are none."""
    letters = sorted({cell.state for cell in cells if cell.state in CELL_WORDS})
    return say.joined(f"[{letter}] {say(CELL_WORDS[letter])}" for letter in letters)


def list_cells(explanation: Explanation, say: Words) -> Listing:
    """List the cells: one row each, with its return, its place and what the checks said of it."""
    heads = ("Member", "Quarter", "Question", "as written", "understood", "State", "Version", "Received on", "Place",
             "Findings")  # fmt: skip
    cells = find_cells(explanation)
    rows = tuple(
        (
            cell.member, cell.quarter, cell.question, cell.raw, cell.value, _said_state(cell, say), cell.version,
            cell.received_on, say_cell_place(cell, say),
            "\n".join(say_cell_finding(found, say) for found in cell.findings),
        )
        for cell in cells
    )  # fmt: skip
    return Listing(say("The cells it comes from"), tuple(say(head) for head in heads), rows)


def _said_state(cell: Trace, say: Words) -> str:
    if cell.state in CELL_WORDS:
        return f"{cell.state}: {say(CELL_WORDS[cell.state])}"
    return say(RESPONSE_WORDS[cell.state]) if cell.state else ""
