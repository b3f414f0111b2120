"""The steps from a figure to its status against the proposed target, and whether non-response could change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from helpers.explain.records import Step, Value, write_number
from helpers.plan import BASELINE_QUARTER, FIRST_STATUS_QUARTER, Kpi, index
from helpers.status import (
    ACHIEVED,
    ACHIEVED_LATE,
    NOT_ASSESSABLE,
    OVERDUE,
    Assessed,
    elapsed,
    expected_stage,
    is_assessable,
    judge_bounds,
    progress,
)

PROPOSED = "proposed"


def assess(kpi: Kpi, quarter: str, results: Mapping[str, Value], is_complete: bool) -> Assessed:
    """Return the figure that the target is about, as it was worked out."""
    names = ("share", "share_lower", "share_upper") if kpi.assessed == "share" else ("value", "lower", "upper")
    return Assessed(quarter, *(results[name] for name in names), results["coverage_class"] or "", is_complete)


def find_first_reached(history: pd.DataFrame, quarter: str) -> str:
    """Return the first earlier quarter whose own status is that of a target reached; blank without one."""
    earlier = history[(history["quarter"] < quarter) & history["status"].isin((ACHIEVED, ACHIEVED_LATE))]
    return min(earlier["quarter"], default="")


def list_verdict(kpi: Kpi, figure: Assessed, first_reached: str, published: Mapping[str, Value]) -> list[Step]:
    """Return the steps to a status; `kpi` has no target where the scope is not judged."""
    target = Step("target", _said_proposed(kpi), kpi.target, "target", published["target"])
    if figure.quarter < FIRST_STATUS_QUARTER:
        return [target, *_statuses(("", "", ""), None, published)]
    if not is_assessable(kpi, figure):
        return [target, *_statuses((NOT_ASSESSABLE, "", ""), None, published)]
    found = judge_bounds(kpi, figure, first_reached)
    is_robust = found[0] == found[1] == found[2]
    reached = first_reached or (figure.quarter if found[0] in (ACHIEVED, ACHIEVED_LATE) else "")
    first = [Step("first reached", "", reached)] if kpi.measure != "rate" else []
    return [target, *_asked(kpi, figure, found[0]), *first, *_statuses(found, is_robust, published, figure)]


def _said_proposed(kpi: Kpi) -> str:
    return f"kpis.csv, {kpi.target_status}" if kpi.target is not None else ""


def _asked(kpi: Kpi, figure: Assessed, status: str) -> list[Step]:
    """Return what the time that has passed asks of a figure that has neither reached its target nor is overdue."""
    if kpi.measure == "rate":
        return []
    start, e = index(BASELINE_QUARTER), elapsed(kpi, figure.quarter)
    passed = Step("elapsed", f"({figure.quarter} - {BASELINE_QUARTER}) / ({kpi.due} - {BASELINE_QUARTER}) = "
                  f"{index(figure.quarter) - start} / {index(kpi.due) - start}", e)  # fmt: skip
    if status in (ACHIEVED, ACHIEVED_LATE, OVERDUE):
        return [passed]
    target, base, past = (write_number(float(number)) for number in (kpi.target, kpi.baseline, e))
    if kpi.measure == "milestone":
        return [passed, Step("stage expected", f"⌊{target} × {past}⌋", expected_stage(kpi, figure.quarter))]
    ratio = f"({write_number(float(figure.value))} - {base}) / (({target} - {base}) × {past})"
    return [passed, Step("baseline", f"kpis.csv, {PROPOSED}", kpi.baseline),
            Step("ratio", ratio, progress(kpi, figure.quarter, figure.value))]  # fmt: skip


def _statuses(
    found: Sequence[str], is_robust: bool | None, published: Mapping[str, Value], figure: Assessed | None = None
) -> list[Step]:  # fmt: skip
    """Return the status at the value, at both bounds, and whether they are one."""
    status = Step("status", write_number(figure.value) if figure else "", found[0], "status", published["status"])
    robust = Step("robust", " = ".join(dict.fromkeys(found)) if is_robust else " ≠ ".join(dict.fromkeys(found)),
                  is_robust, "robust", published["robust"])  # fmt: skip
    if figure is None:
        return [status, Step("robust", "", None, "robust", published["robust"])]
    upper = "∞" if figure.upper is None else write_number(figure.upper)
    return [status, Step("status at the lower bound", write_number(figure.lower), found[1]),
            Step("status at the upper bound", upper, found[2]), robust]  # fmt: skip
