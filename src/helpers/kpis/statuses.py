"""How a figure stands against its proposed target, and whether non-response could change that (section 5)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from helpers.plan import Kpi, quarters

ACHIEVED, ACHIEVED_LATE, ON_TRACK, AT_RISK, OFF_TRACK, OVERDUE, NOT_ASSESSABLE = (
    "achieved", "achieved_late", "on_track", "at_risk", "off_track", "overdue", "not_assessable",
)  # fmt: skip
STATUSES = (ACHIEVED, ACHIEVED_LATE, ON_TRACK, AT_RISK, OFF_TRACK, OVERDUE, NOT_ASSESSABLE)
STATUS_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Assessed:
    """The figure that a status is about, in one quarter: None is blank, `complete` whether all parts are there."""

    quarter: str
    value: float | None
    lower: float | None
    upper: float | None
    coverage_class: str
    complete: bool = True


def elapsed_share(kpi: Kpi, quarter: str) -> float:
    """Return e(q), the part of the time from 2022Q2 to the due quarter that has passed, 0-1."""
    start = quarters.index(quarters.BASELINE_QUARTER)
    return min(max((quarters.index(quarter) - start) / (quarters.index(kpi.due) - start), 0.0), 1.0)


def _reaches(value: float, limit: float) -> bool:
    return value >= limit - STATUS_TOLERANCE


def progress_ratio(kpi: Kpi, quarter: str, value: float) -> float:
    """Return r, how far a figure has come from the baseline of what the time that has passed asks, 1 = all of it."""
    return (value - kpi.baseline) / ((kpi.target - kpi.baseline) * elapsed_share(kpi, quarter))


def expected_stage(kpi: Kpi, quarter: str) -> int:
    """Return the stage that a milestone should have come to by a quarter."""
    return math.floor(kpi.target * elapsed_share(kpi, quarter) + STATUS_TOLERANCE)


def _progress(kpi: Kpi, quarter: str, value: float) -> str:
    ratio = progress_ratio(kpi, quarter, value)
    return ON_TRACK if _reaches(ratio, 0.9) else AT_RISK if _reaches(ratio, 0.6) else OFF_TRACK


def _stage(kpi: Kpi, quarter: str, value: float) -> str:
    expected = expected_stage(kpi, quarter)
    return ON_TRACK if value >= expected else AT_RISK if value >= expected - 1 else OFF_TRACK


def _rate(kpi: Kpi, value: float) -> str:
    return ACHIEVED if _reaches(value, kpi.target) else AT_RISK if _reaches(value, 0.8 * kpi.target) else OFF_TRACK


def judge_status(kpi: Kpi, quarter: str, value: float, complete: bool, first_reached: str) -> str:
    """Return the status of a figure, given the quarter in which the target was first reached (blank: not before)."""
    if kpi.measure == "rate":
        return _rate(kpi, value)
    if _reaches(value, kpi.target) and complete:
        return ACHIEVED if (first_reached or quarter) <= kpi.due else ACHIEVED_LATE
    if quarter > kpi.due:
        return OVERDUE
    return _stage(kpi, quarter, value) if kpi.measure == "milestone" else _progress(kpi, quarter, value)


def is_assessable(kpi: Kpi, figure: Assessed) -> bool:
    """Tell whether a figure has a status: known, with a target, and not of class C unless its lower bound reaches."""
    if kpi.target is None or figure.value is None:
        return False
    return figure.coverage_class != "C" or (figure.lower is not None and _reaches(figure.lower, kpi.target))


def judge_bounds(kpi: Kpi, figure: Assessed, first_reached: str) -> tuple[str, str, str]:
    """Return the status of an assessable figure at its value, at its lower and at its upper bound."""
    upper = kpi.target if figure.upper is None else figure.upper
    status, low, high = (
        judge_status(kpi, figure.quarter, value, figure.complete, first_reached)
        for value in (figure.value, figure.lower, upper)
    )
    return status, low, high


def compute_statuses(kpi: Kpi, figures: Iterable[Assessed]) -> list[tuple[str, bool | None]]:
    """Return status and robustness of each quarter's figure, in order; robust is None when not assessable.

    Statuses are given from 2022Q3 on; before, both are blank.

    A figure is robust when it has the same status at its value and at both bounds; a blank upper bound counts as
    reaching the target. Only the quarter's own figure is replaced: the history keeps its values.
    """
    found, first_reached = [], ""
    for figure in figures:
        if figure.quarter < quarters.FIRST_STATUS_QUARTER:
            found.append(("", None))
            continue
        if not is_assessable(kpi, figure):
            found.append((NOT_ASSESSABLE, None))
            continue
        status, low, high = judge_bounds(kpi, figure, first_reached)
        if status in (ACHIEVED, ACHIEVED_LATE):
            first_reached = first_reached or figure.quarter
        found.append((status, status == low == high))
    return found
