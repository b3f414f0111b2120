"""The records of an explanation: the figure, its parts, the cells they come from, and the steps to the figure."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from helpers.ingest import issues
from helpers.kpis import figures
from helpers.plan import Kpi
from helpers.tables import schema

Value = float | int | str | bool | None
REGISTERS_FOLDER = "registers/"


@dataclass(frozen=True)
class CellIssue:
    """An issue of a cell, or without a `question` of a whole return; `message` is by language, fr and en."""

    severity: str
    rule: str
    question: str
    observed: str
    expected: str
    message: Mapping[str, str]


@dataclass(frozen=True)
class CellTrace:
    """One cell of a return, or one row of a register (`raw` is the row, `received_on` the day it was recorded).

    Without a question it is the return itself, with the issues about it as a whole, such as why it was refused.
    `offices` is the member's list of offices that counts for the quarter, for a question that is counted in it:
    `office_rows` are the first rows that count, each with its office, `office_doubts` those of which it is not known.
    """

    quarter: str
    member: str
    question: str = ""
    raw: str = ""
    value: str = ""
    state: str = ""
    version: int | None = None
    received_on: str = ""
    source_file: str = ""
    sheet: str = ""
    row: str = ""
    issues: tuple[CellIssue, ...] = ()
    offices: str = ""
    office_rows: tuple[str, ...] = ()
    office_doubts: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The file, within `data/raw`."""
        return self.source_file if self.is_register else f"{self.quarter}/{self.source_file}"

    @property
    def is_register(self) -> bool:
        """Whether it is a row of one of the Secretariat's registers."""
        return self.source_file.startswith(REGISTERS_FOLDER)


@dataclass
class ExplainedPart(figures.Term):
    """A term of a figure with the cells it comes from; `state` is that of the member's return of the quarter."""

    state: str = ""
    traces: tuple[CellTrace, ...] = ()


@dataclass(frozen=True)
class CalculationStep:
    """A step, its arithmetic written out; `published` is the value of its `column` in kpis.csv, if it has one."""

    name: str
    arithmetic: str
    result: Value
    column: str = ""
    published: Value = None

    @property
    def agrees(self) -> bool:
        """Whether the result is what is published, numbers to 1e-9; a step that is not published agrees."""
        if not self.column:
            return True
        numbers = [is_number(value) for value in (self.result, self.published)]
        if all(numbers):
            return math.isclose(self.result, self.published, rel_tol=1e-9, abs_tol=1e-9)
        return self.result == self.published and not any(numbers)  # True == 1, but a yes is not a number


@dataclass(frozen=True)
class LostFile:
    """A received file that is gone, or whose bytes are no longer those received, and whose returns it held."""

    issue: issues.Issue
    members: tuple[str, ...]  # none where no published edition lists it


@dataclass(frozen=True)
class Explanation:
    """How one figure was computed; `origin` is the folder of the published edition, blank where it is not published.

    `members` are the members' own parts where the parts that add up are codes or items. `only` is the member to which
    the parts were narrowed; the steps are always those of all members. `unread` are the registers under the KPI that
    cannot be read, which leaves it blank, and `n_lost` the rows that cannot be read and may be missing from it. `lost`
    are received files that are gone or damaged since.
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
    unread: tuple[str, ...] = ()
    n_lost: int = 0
    lost: tuple[LostFile, ...] = ()

    @property
    def differences(self) -> tuple[CalculationStep, ...]:
        """The steps whose result is not what is published."""
        return tuple(step for step in self.steps if not step.agrees)


def is_number(value: Value) -> bool:
    """Tell whether a value is a number; a yes or no (bool) is not one."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def exact_number(value: Value) -> str:
    """Return a value exactly as the CSV files write it; ∞ where there is no limit."""
    return "∞" if isinstance(value, float) and math.isinf(value) else schema.csv_text(value)


def write_sum(numbers: Iterable[float]) -> str:
    """Write a sum out, equal numbers together and zeros left out: `120 + 2×45 + 33`; of ones, their count."""
    times = Counter(number for number in numbers if number)
    if times.keys() == {1}:
        return str(times[1])
    terms = [(f"{n}×" if n > 1 else "") + exact_number(number) for number, n in times.items()]
    return " + ".join(terms) or "0"


def write_arithmetic(arithmetic: Sequence[figures.Token]) -> str:
    """Write out the arithmetic of a calculation; brackets enclose what has several terms within it."""
    if len(arithmetic) == 1 and isinstance(arithmetic[0], tuple):
        return write_sum(arithmetic[0])
    return "".join(_write_token(token) for token in arithmetic)


def _write_token(token: figures.Token) -> str:
    if isinstance(token, str):
        return token
    if not isinstance(token, tuple):
        return exact_number(token)
    text = write_arithmetic(token.arithmetic) if isinstance(token, figures.Calculation) else write_sum(token)
    return f"({text})" if " " in text else text
