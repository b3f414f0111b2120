"""What an explanation consists of: the figure, its parts, the cells they come from, and the steps from these to it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from helpers.plan import Kpi
from helpers.tables import schema

TOLERANCE = 1e-9
Value = float | int | str | bool | None
MEMBER, CODE, ITEM, ROW = "member", "code", "item", "row"  # what one part is
REGISTERS_FOLDER = "registers/"


@dataclass(frozen=True)
class CellIssue:
    """What a check found; notes tell what was normalised. `message` is by language, fr and en.

    `question` is blank where it is about a return as a whole.
    """

    severity: str
    rule: str
    question: str
    observed: str
    expected: str
    message: Mapping[str, str]


@dataclass(frozen=True)
class CellTrace:
    """One cell of a return, or one row of a register (then `raw` is the row, `received_on` the day it was recorded).

    Without a question it is the return itself: what the checks said of it as a whole, such as why it was refused.
    """

    quarter: str
    member: str
    question: str
    raw: str
    value: str
    state: str
    version: int | None
    received_on: str
    source_file: str
    sheet: str
    row: str
    findings: tuple[CellIssue, ...] = ()

    @property
    def path(self) -> str:
        """The file, within `data/raw`."""
        return self.source_file if self.is_kept else f"{self.quarter}/{self.source_file}"

    @property
    def is_kept(self) -> bool:
        """Whether it is a row of a register that the Secretariat keeps."""
        return self.source_file.startswith(REGISTERS_FOLDER)


@dataclass(frozen=True)
class ExplainedPart:
    """One row of those that a figure adds up: a member (of a flow: in a quarter), a code, an item, a register's row.

    `value` is what it adds to the figure, None where it is not known, and `low` what it adds to the lower bound. `cap`
    is the most it may add besides to the upper one (infinite without a limit). Of a share, `total` is its denominator;
    `share_cap` and `total_cap` stand in where it did not report both. `told` of `asked` is what it adds to coverage.
    """

    kind: str
    name: str
    quarter: str
    basis: str = ""
    state: str = ""
    source_quarter: str = ""
    value: float | None = None
    low: float = 0
    cap: float | None = None
    total: float | None = None
    share_cap: float | None = None
    total_cap: float | None = None
    told: float = 0
    asked: float = 0
    members: tuple[str, ...] = ()
    traces: tuple[CellTrace, ...] = ()

    def is_of(self, member: str) -> bool:
        """Tell whether a member is behind it."""
        return member == self.name or member in self.members or any(one.member == member for one in self.traces)


@dataclass(frozen=True)
class CalculationStep:
    """One step: what is worked out, the arithmetic with its numbers, the result, and what is published of it.

    `column` is its name in kpis.csv; blank for a step that is not published itself.
    """

    name: str
    arithmetic: str
    result: Value
    column: str = ""
    published: Value = None

    @property
    def agrees(self) -> bool:
        """Tell whether the result is what is published, to 1e-9; a step that is not published agrees."""
        return not self.column or is_same_value(self.result, self.published)


@dataclass(frozen=True)
class Explanation:
    """How one figure was made; `origin` is the folder of the published edition, blank where it was computed now.

    `members` tells where the members stand when the parts that add up are codes or items. `only` is the member to whose
    rows what is shown was narrowed; the steps are those of all.
    """

    kpi: Kpi
    quarter: str
    scope: str
    as_of: str
    origin: str
    sample: bool
    published: Mapping[str, Value]
    parts: tuple[ExplainedPart, ...]
    members: tuple[ExplainedPart, ...]
    steps: tuple[CalculationStep, ...]
    only: str = ""

    @property
    def is_void(self) -> bool:
        """Whether the figure is blank by definition: then nothing was worked out, not even its coverage."""
        return all(step.result is None for step in self.steps if step.name == "coverage")

    @property
    def differences(self) -> tuple[CalculationStep, ...]:
        """The steps that do not give what is published."""
        return tuple(step for step in self.steps if not step.agrees)


def is_same_value(result: Value, published: Value) -> bool:
    """Tell whether two values are the same, numbers to 1e-9; blank equals blank only."""
    numbers = [isinstance(one, int | float) and not isinstance(one, bool) for one in (result, published)]
    if all(numbers):
        return math.isclose(result, published, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return result == published and not any(numbers)


# --- arithmetic -------------------------------------------------------------------------------------------------


def exact_number(value: Value) -> str:
    """Return a value exactly as the CSV files write it; ∞ where there is no limit."""
    return "∞" if isinstance(value, float) and math.isinf(value) else schema.csv_text(value)


def written_sum(numbers: Iterable[float]) -> str:
    """Write a sum out, equal numbers together and noughts left out: `120 + 2×45 + 33`; of ones, their count."""
    counted: dict[float, int] = {}
    for number in numbers:
        counted[number] = counted.get(number, 0) + 1
    counted.pop(0, None)
    if counted.keys() == {1}:
        return str(counted[1])
    terms = [(f"{n}×" if n > 1 else "") + exact_number(number) for number, n in counted.items()]
    return " + ".join(terms) or "0"


def bracketed(text: str) -> str:
    """Return a sum as a factor or part of a fraction: in brackets where it has more than one term."""
    return f"({text})" if " " in text else text
