"""The steps from a figure to its status against the proposed target, and whether non-response could change it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from helpers.explain.records import CalculationStep, Value, exact_number, is_same_value
from helpers.kpis import statuses
from helpers.plan import Kpi, quarters


def assess_figure(kpi: Kpi, quarter: str, results: Mapping[str, Value], is_complete: bool) -> statuses.Assessed:
    """Return the figure that the target is about, as it was worked out."""
    names = ("share", "share_lower", "share_upper") if kpi.assessed == "share" else ("value", "lower", "upper")
    return statuses.Assessed(quarter, *(results[name] for name in names), results["coverage_class"] or "", is_complete)


def find_first_reached(history: pd.DataFrame, quarter: str) -> str:
    """Return the first earlier quarter whose own status is that of a target reached; blank without one."""
    earlier = history[
        (history["quarter"] < quarter) & history["status"].isin((statuses.ACHIEVED, statuses.ACHIEVED_LATE))
    ]
    return min(earlier["quarter"], default="")


def list_status_steps(
    kpi: Kpi, figure: statuses.Assessed, first_reached: str, published: Mapping[str, Value]
) -> list[CalculationStep]:
    """Return the steps to a status; `kpi` has no target where the scope is not judged."""
    target = CalculationStep("target", _said_proposed(kpi), kpi.target, "target", published["target"])
    if figure.quarter < quarters.FIRST_STATUS_QUARTER:
        return [target, *_statuses(("", "", ""), None, published)]
    if not statuses.is_assessable(kpi, figure):
        return [target, *_statuses((statuses.NOT_ASSESSABLE, "", ""), None, published)]
    found = statuses.judge_bounds(kpi, figure, first_reached)
    is_robust = found[0] == found[1] == found[2]
    reached = first_reached or (figure.quarter if found[0] in (statuses.ACHIEVED, statuses.ACHIEVED_LATE) else "")
    first = [CalculationStep("first reached", "", reached)] if kpi.measure != "rate" else []
    parts = [CalculationStep("all parts", "", figure.complete)] if kpi.measure == "milestone" else []
    told = _statuses(found, is_robust, published, _compare_all(kpi, figure, found, first_reached))
    return [target, *_asked(kpi, figure, found[0]), *first, *parts, *told]


def _said_proposed(kpi: Kpi) -> str:
    return "plan/kpis.csv" if kpi.target is not None else ""


def _asked(kpi: Kpi, figure: statuses.Assessed, status: str) -> list[CalculationStep]:
    """Return what the time that has passed asks of a figure that has neither reached its target nor is overdue."""
    if kpi.measure == "rate":
        return []
    start, e = quarters.index(quarters.BASELINE_QUARTER), statuses.elapsed_share(kpi, figure.quarter)
    time = f"({figure.quarter} - {quarters.BASELINE_QUARTER}) / ({kpi.due} - {quarters.BASELINE_QUARTER})"
    counted = f"{quarters.index(figure.quarter) - start} / {quarters.index(kpi.due) - start}"
    passed = CalculationStep("elapsed", f"min(1, {time}) = min(1, {counted})", e)
    if status in (statuses.ACHIEVED, statuses.ACHIEVED_LATE, statuses.OVERDUE):
        return [passed]
    target, base, past = (exact_number(float(number)) for number in (kpi.target, kpi.baseline, e))
    if kpi.measure == "milestone":
        return [
            passed,
            CalculationStep("stage expected", f"⌊{target} × {past}⌋", statuses.expected_stage(kpi, figure.quarter)),
        ]
    ratio = f"({exact_number(float(figure.value))} - {base}) / (({target} - {base}) × {past})"
    return [passed, CalculationStep("baseline", "plan/kpis.csv", kpi.baseline),
            CalculationStep("ratio", ratio, statuses.progress_ratio(kpi, figure.quarter, figure.value))]  # fmt: skip


def _statuses(
    found: Sequence[str], is_robust: bool | None, published: Mapping[str, Value], compared: Sequence[str] = ("", "", "")
) -> list[CalculationStep]:  # fmt: skip
    """Return the status at the value, at both bounds, and whether they are one."""
    differing = list(dict.fromkeys(found))
    arithmetic = "" if is_robust is None else " = ".join(found) if is_robust else " ≠ ".join(differing)
    status = CalculationStep("status", compared[0], found[0], "status", published["status"])
    robust = CalculationStep("robust", arithmetic, is_robust, "robust", published["robust"])
    if is_robust is None:
        return [status, robust]
    lower, upper = (
        CalculationStep(f"status at the {bound} bound", text, one)
        for bound, text, one in zip(("lower", "upper"), compared[1:], found[1:], strict=True)
    )
    return [status, lower, upper, robust]


# --- why ------------------------------------------------------------------------------------------------------------


def _compare_all(kpi: Kpi, figure: statuses.Assessed, found: Sequence[str], first_reached: str) -> list[str]:
    """Write out the comparison behind the status at the value, at the lower and at the upper bound."""
    upper = math.inf if figure.upper is None else figure.upper
    values = (figure.value, figure.lower, upper)
    compare = _compare_rate if kpi.measure == "rate" else _compare
    return [
        compare(kpi, figure.quarter, value, status, first_reached)
        for value, status in zip(values, found, strict=True)
    ]  # fmt: skip


def _compare_rate(kpi: Kpi, _: str, value: float, status: str, __: str) -> str:
    shown, target = exact_number(value), exact_number(kpi.target)
    least = f"0.8 × {target}"
    return {statuses.ACHIEVED: f"{shown} ≥ {target}", statuses.AT_RISK: f"{least} ≤ {shown} < {target}"}.get(
        status, f"{shown} < {least}"
    )


def _compare(kpi: Kpi, quarter: str, value: float, status: str, first_reached: str) -> str:
    """Write out which side of the target and of the due quarter a figure is on, else what time asks of it."""
    shown, target = exact_number(value), exact_number(kpi.target)
    sign = "≥" if math.isinf(value) or is_same_value(value, kpi.target) or value > kpi.target else "<"
    reached = first_reached or quarter
    if status in (statuses.ACHIEVED, statuses.ACHIEVED_LATE):
        return f"{shown} ≥ {target}; {reached} {'≤' if reached <= kpi.due else '>'} {kpi.due}"
    if status == statuses.OVERDUE:
        return f"{shown} {sign} {target}; {quarter} > {kpi.due}"
    if kpi.measure == "milestone":
        return _compare_stage(value, statuses.expected_stage(kpi, quarter), status)
    ratio = exact_number(statuses.progress_ratio(kpi, quarter, value))
    return {statuses.ON_TRACK: f"{ratio} ≥ 0.9", statuses.AT_RISK: f"0.6 ≤ {ratio} < 0.9"}.get(status, f"{ratio} < 0.6")


def _compare_stage(value: float, expected: int, status: str) -> str:
    shown = exact_number(value)
    return {statuses.ON_TRACK: f"{shown} ≥ {expected}", statuses.AT_RISK: f"{shown} ≥ {expected} - 1"}.get(
        status, f"{shown} < {expected} - 1"
    )
