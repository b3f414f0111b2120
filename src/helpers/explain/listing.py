"""An explanation as tables of named columns, in a language: what a terminal and a workbook both show."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from helpers.explain.records import Explanation, Finding, Part, Step, Trace, Value, write_number
from helpers.plan import is_revised, read_plan
from helpers.sentences import say_formula, say_source
from helpers.words import RESPONSE_WORDS, STATUS_WORDS, Words, is_official

STEP_WORDS = {
    "value": "value", "share": "share", "lower": "lower bound", "upper": "upper bound",
    "share_lower": "lower bound of the share", "share_upper": "upper bound of the share",
    "n_reported": "members that reported", "n_carried": "members carried forward", "n_expected": "members expected",
    "coverage": "coverage", "coverage_class": "Class", "target": "Proposed target", "baseline": "proposed baseline",
    "elapsed": "part of the time elapsed", "ratio": "progress for the time elapsed",
    "stage expected": "stage expected by now", "first reached": "proposed target first reached",
    "status": "Status against the proposed target", "status at the lower bound": "status at the lower bound",
    "status at the upper bound": "status at the upper bound", "robust": "independent of non-response",
}  # fmt: skip
BASIS_WORDS = {
    "reported": "reported this quarter", "carried": "carried forward (c)", "ever": "known from earlier",
    "": "not known",
}  # fmt: skip


@dataclass(frozen=True)
class Listing:
    """A table: heads, and rows of texts and numbers; a column that is blank throughout is left out."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]

    @staticmethod
    def of(title: str, heads: Sequence[str], rows: Sequence[Sequence[Value]]) -> Listing:
        """Make a table of the columns that say anything."""
        kept = [n for n in range(len(heads)) if any(row[n] not in (None, "") for row in rows)]
        return Listing(title, tuple(heads[n] for n in kept), tuple(tuple(row[n] for n in kept) for row in rows))


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
    return replace(explanation, parts=parts, members=members)


# --- what it is about -------------------------------------------------------------------------------------------


def list_facts(explanation: Explanation, say: Words) -> list[str]:
    """Return what figure it is, how it is measured and from what, and where the published one stands: a line each."""
    kpi, quarter = explanation.kpi, explanation.quarter
    label = say.label(is_revised(quarter, date.fromisoformat(explanation.as_of)))
    marks = [say("invented sample: no figure here is real")] if explanation.sample else []
    marks += [] if is_official(say.language) else [say("unofficial translation")]
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
    ]  # fmt: skip


def say_foot(explanation: Explanation, say: Words) -> list[str]:
    """Return whether the rows shown give the published figure: one line, or one for each step that does not."""
    if explanation.differences:
        return [
            say("DIFFERENT – {name}: {result} from the rows shown, {published} published", name=say_step(step, say),
                result=say_value(step, step.result, say), published=say_value(step, step.published, say))
            for step in explanation.differences
        ]  # fmt: skip
    figure = "share" if explanation.kpi.assessed == "share" else "value"
    step = next(step for step in explanation.steps if step.name == figure)
    return [say("The rows shown give the published figure: {value}", value=say_value(step, step.result, say))]


# --- tables -----------------------------------------------------------------------------------------------------


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
    proposed = f" ({say('proposed (mark)')})" if step.name == "target" else ""
    return write_number(value) + proposed


def list_steps(explanation: Explanation, say: Words) -> Listing:
    """List the steps: name, arithmetic, result, published figure, and whether they are the same."""
    heads = ("Step", "Arithmetic", "Result", "Published", "The same")
    rows = [
        (
            say_step(step, say), step.arithmetic, say_value(step, step.result, say),
            say_value(step, step.published, say) if step.column else "",
            (say("yes") if step.agrees else say("no")) if step.column else "",
        )
        for step in explanation.steps
    ]  # fmt: skip
    return Listing.of(say("Step by step"), [say(head) for head in heads], rows)


_PART_COLUMNS: tuple[tuple[str, Callable[[Part], Value]], ...] = (
    ("Row", lambda part: part.name),
    ("Quarter", lambda part: part.quarter),
    ("from", lambda part: part.source_quarter),
    ("Value", lambda part: part.value),
    ("Total", lambda part: part.total),
    ("at most", lambda part: part.share_cap if part.share_cap is not None else part.cap),
    ("Total, at most", lambda part: part.total_cap),
    ("told", lambda part: part.told or None),
    ("asked", lambda part: part.asked or None),
)


def list_parts(parts: Sequence[Part], title: str, say: Words) -> Listing:
    """List the parts: what each is, on what basis, how its return came, what it adds, and the most it could add."""
    heads = [say(name) for name, _ in _PART_COLUMNS]
    heads[1:1] = [say("Basis"), say("Return")]
    heads.append(say("Members"))
    rows = []
    for part in parts:
        cells = [_number(get(part)) for _, get in _PART_COLUMNS]
        basis = say(BASIS_WORDS[part.basis]) if part.kind == "member" else ""
        cells[1:1] = [basis, say(RESPONSE_WORDS[part.state]) if part.state else ""]
        rows.append((*cells, " ".join(part.members) if part.kind != "member" else ""))
    return Listing.of(title, heads, rows)


def _number(value: Value) -> Value:
    """Return a number as a reader takes it in: whole ones without `.0`, ∞ where there is no limit."""
    if isinstance(value, float):
        return write_number(value) if math.isinf(value) else int(value) if value.is_integer() else value
    return value


def list_tables(explanation: Explanation, say: Words) -> list[Listing]:
    """List what is added up, and where the members stand where they are not what is added up."""
    made = [list_parts(explanation.parts, say("What is added up"), say)]
    if explanation.members:
        made.append(list_parts(explanation.members, say("Where the members stand"), say))
    return made


# --- cells ------------------------------------------------------------------------------------------------------


def find_cells(explanation: Explanation) -> list[Trace]:
    """Return every cell that a part comes from, once, in the order of the parts."""
    seen: dict[tuple[object, ...], Trace] = {}
    for part in (*explanation.parts, *explanation.members):
        for one in part.traces:
            seen.setdefault((one.quarter, one.source_file, one.sheet, one.row, one.question, one.raw), one)
    return list(seen.values())


def say_cell_place(cell: Trace, say: Words) -> str:
    """Return where a cell stands: file, sheet and row."""
    folder = f"{cell.quarter}/" if cell.version is not None else ""
    if not cell.sheet:
        where = f"{folder}{cell.source_file}"
        return f"{where}, {say('row {row}', row=cell.row)}" if cell.row else where
    return say("{file}, {sheet}, row {row}", file=f"{folder}{cell.source_file}", sheet=cell.sheet, row=cell.row)


def say_cell_finding(found: Finding, say: Words) -> str:
    """Return what a check found on a cell: in French, or in English for every other language."""
    message = found.message["fr" if say.language == "fr" else "en"]
    return f"{say(f'severity {found.severity}')} {found.rule}: {message}"


def list_cells(explanation: Explanation, say: Words) -> Listing:
    """List the cells: one row each, with its return, its place and what the checks said of it."""
    heads = ("Member", "Quarter", "Question", "as written", "understood", "State", "Version", "Received on", "Place",
             "Findings")  # fmt: skip
    rows = [
        (
            cell.member, cell.quarter, cell.question, cell.raw, cell.value, cell.state, cell.version, cell.received_on,
            say_cell_place(cell, say), "\n".join(say_cell_finding(found, say) for found in cell.findings),
        )
        for cell in find_cells(explanation)
    ]  # fmt: skip
    return Listing(say("The cells it comes from"), tuple(say(head) for head in heads), tuple(rows))
