"""The status of a figure against its proposed target, and whether non-response could change it (section 5)."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from helpers.kpis.figures import BLANK, Calculation
from helpers.plan import Kpi, quarters, read_settings

STATUSES = ("achieved", "achieved_late", "on_track", "at_risk", "off_track", "overdue", "not_assessable")
ACHIEVED, ACHIEVED_LATE, ON_TRACK, AT_RISK, OFF_TRACK, OVERDUE, NOT_ASSESSABLE = STATUSES
REACHED = (ACHIEVED, ACHIEVED_LATE)
UNDERWAY = (ON_TRACK, AT_RISK, OFF_TRACK)
STATUS_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Assessed:
    """The figure that a status is about, in one quarter: None is blank, `complete` whether all parts are covered."""

    quarter: str
    value: float | None
    lower: float | None
    upper: float | None
    coverage_class: str
    complete: bool = True


@dataclass(frozen=True)
class StatusResult:
    """A status at the value and at both bounds; `first_reached` is when the target first was (blank: not yet)."""

    status: Calculation
    lower: Calculation = BLANK
    upper: Calculation = BLANK
    first_reached: str = ""

    @property
    def robust(self) -> bool | None:
        """Tell whether both bounds give the same status; None where the figure is not assessable."""
        return None if self.lower is BLANK else self.status.result == self.lower.result == self.upper.result


def calculate_elapsed(kpi: Kpi, quarter: str) -> Calculation:
    """Return e(q), the part of the time from the baseline's quarter to the due one that has passed, 0-1."""
    first = read_settings().baseline_quarter
    passed, whole = (quarters.index(name) - quarters.index(first) for name in (quarter, kpi.due))
    text = f"min(1, ({quarter} - {first}) / ({kpi.due} - {first})) = min(1, {passed} / {whole})"
    return Calculation((text,), min(max(passed / whole, 0.0), 1.0))


def calculate_ratio(kpi: Kpi, quarter: str, value: float) -> Calculation:
    """Return r, the progress from the baseline over the progress expected for the time elapsed (1 = all of it)."""
    elapsed, base, target = calculate_elapsed(kpi, quarter).result, kpi.baseline, kpi.target
    arithmetic = ("(", value, " - ", base, ") / ((", target, " - ", base, ") × ", elapsed, ")")
    return Calculation(arithmetic, (value - base) / ((target - base) * elapsed))


def calculate_stage(kpi: Kpi, quarter: str) -> Calculation:
    """Return the stage that a milestone is expected to have reached by a quarter."""
    elapsed = calculate_elapsed(kpi, quarter).result
    return Calculation(("⌊", kpi.target, " × ", elapsed, "⌋"), math.floor(kpi.target * elapsed + STATUS_TOLERANCE))


def calculate_progress(kpi: Kpi, quarter: str, value: float, status: str) -> dict[str, Calculation]:
    """Return what a status is based on: the time elapsed and, before the target and the due quarter, the progress."""
    if kpi.measure == "rate":
        return {}
    elapsed = {"elapsed": calculate_elapsed(kpi, quarter)}
    if status in (*REACHED, OVERDUE):
        return elapsed
    if kpi.measure == "milestone":
        return elapsed | {"stage expected": calculate_stage(kpi, quarter)}
    baseline = Calculation(("plan/kpis.csv",), kpi.baseline)
    return elapsed | {"baseline": baseline, "ratio": calculate_ratio(kpi, quarter, value)}


def _reaches(value: float, limit: float) -> bool:
    return value >= limit - STATUS_TOLERANCE


def _judge_ratio(ratio: float) -> Calculation:
    if _reaches(ratio, 0.9):
        return Calculation((ratio, " ≥ 0.9"), ON_TRACK)
    if _reaches(ratio, 0.6):
        return Calculation(("0.6 ≤ ", ratio, " < 0.9"), AT_RISK)
    return Calculation((ratio, " < 0.6"), OFF_TRACK)


def _judge_stage(stage: float, expected: float) -> Calculation:
    if stage >= expected:
        return Calculation((stage, " ≥ ", expected), ON_TRACK)
    if stage >= expected - 1:
        return Calculation((stage, " ≥ ", expected, " - 1"), AT_RISK)
    return Calculation((stage, " < ", expected, " - 1"), OFF_TRACK)


def _judge_rate(rate: float, target: float) -> Calculation:
    if _reaches(rate, target):
        return Calculation((rate, " ≥ ", target), ACHIEVED)
    if _reaches(rate, 0.8 * target):
        return Calculation(("0.8 × ", target, " ≤ ", rate, " < ", target), AT_RISK)
    return Calculation((rate, " < 0.8 × ", target), OFF_TRACK)


def judge_status(kpi: Kpi, quarter: str, value: float, complete: bool, first_reached: str) -> Calculation:
    """Return the status of a figure, given the quarter in which the target was first reached (blank: not before)."""
    if kpi.measure == "rate":
        return _judge_rate(value, kpi.target)
    is_reached = _reaches(value, kpi.target)
    compared = (value, " ≥ " if is_reached else " < ", kpi.target)
    if is_reached and complete:
        reached = first_reached or quarter
        sign, status = ("≤", ACHIEVED) if reached <= kpi.due else (">", ACHIEVED_LATE)
        return Calculation((*compared, f"; {reached} {sign} {kpi.due}"), status)
    if quarter > kpi.due:
        return Calculation((*compared, f"; {quarter} > {kpi.due}"), OVERDUE)
    if kpi.measure == "milestone":
        return _judge_stage(value, calculate_stage(kpi, quarter).result)
    return _judge_ratio(calculate_ratio(kpi, quarter, value).result)


def _is_assessable(kpi: Kpi, figure: Assessed) -> bool:
    """Tell whether a figure has a status: known, with a target, and of class C only if its lower bound reaches it."""
    if kpi.target is None or figure.value is None:
        return False
    return figure.coverage_class != "C" or (figure.lower is not None and _reaches(figure.lower, kpi.target))


def assess_figure(kpi: Kpi, figure: Assessed, first_reached: str = "") -> StatusResult:
    """Return a figure's status (blank before 2022Q3) and robustness; a blank upper bound reaches the target."""
    if figure.quarter < read_settings().first_status_quarter:
        return StatusResult(Calculation((), ""), first_reached=first_reached)
    if not _is_assessable(kpi, figure):
        return StatusResult(Calculation((), NOT_ASSESSABLE), first_reached=first_reached)
    values = figure.value, figure.lower, math.inf if figure.upper is None else figure.upper
    status, low, high = (judge_status(kpi, figure.quarter, value, figure.complete, first_reached) for value in values)
    reached_now = figure.quarter if status.result in REACHED else ""
    return StatusResult(status, low, high, first_reached or reached_now)


def compute_statuses(kpi: Kpi, figures: Iterable[Assessed]) -> list[tuple[str, bool | None]]:
    """Return status and robustness of each quarter's figure, in order; robust is None when not assessable.

    A figure is robust when its value and both bounds give the same status. Only the quarter's own figure is replaced by
    its bounds: the history keeps its values.
    """
    statuses, first_reached = [], ""
    for figure in figures:
        result = assess_figure(kpi, figure, first_reached)
        first_reached = result.first_reached
        statuses.append((result.status.result, result.robust))
    return statuses
