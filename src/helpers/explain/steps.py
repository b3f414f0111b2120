"""The steps to a figure and its status: the arithmetic of each, held against what is published."""

from collections.abc import Iterator, Mapping

import pandas as pd

from helpers.explain.records import CalculationStep, Value, exact_number, write_arithmetic
from helpers.kpis import figures, statuses
from helpers.plan import Kpi

FIGURE_COLUMNS = ("value", "share", "lower", "upper", "share_lower", "share_upper")
COUNT_COLUMNS = ("n_reported", "n_carried", "n_expected")
Published = Mapping[str, Value]


def _step(name: str, calculation: figures.Calculation, published: Published | None = None) -> CalculationStep:
    arithmetic = write_arithmetic(calculation.arithmetic)
    compared = () if published is None else (name, published[name])
    return CalculationStep(name, arithmetic, calculation.result, *compared)


def list_figure_steps(measured: figures.MeasuredKpi, published: Published) -> Iterator[CalculationStep]:
    """Yield the steps to a figure, its bounds, the members behind it, its coverage and class, in that order."""
    for name in FIGURE_COLUMNS:
        yield _step(name, measured.figure.calculations.get(name, figures.BLANK), published)
    for name in COUNT_COLUMNS:
        count = getattr(measured, name)
        yield CalculationStep(name, exact_number(count), count, name, published[name])
    yield _step("coverage", measured.coverage, published)
    yield _step("coverage_class", measured.coverage_class, published)


def find_first_reached(history: pd.DataFrame, quarter: str) -> str:
    """Return the first earlier quarter whose own status says that the target was reached; blank without one."""
    is_reached = history["status"].isin(statuses.REACHED) & (history["quarter"] < quarter)
    return min(history.loc[is_reached, "quarter"], default="")


def list_status_steps(
    kpi: Kpi, figure: statuses.Assessed, first_reached: str, published: Published
) -> Iterator[CalculationStep]:
    """Yield the steps to a status; `kpi` has no target where the scope is not judged."""
    result = statuses.assess_figure(kpi, figure, first_reached)
    target = "" if kpi.target is None else "plan/kpis.csv"
    yield CalculationStep("target", target, kpi.target, "target", published["target"])
    if result.robust is None:
        yield from (_step("status", result.status, published), _step("robust", figures.BLANK, published))
        return
    progress = statuses.calculate_progress(kpi, figure.quarter, figure.value, result.status.result)
    yield from (_step(name, calculation) for name, calculation in progress.items())
    if kpi.measure != "rate":
        yield CalculationStep("first reached", "", result.first_reached)
    if kpi.measure == "milestone":
        yield CalculationStep("all parts", "", figure.complete)
    yield _step("status", result.status, published)
    yield _step("status at the lower bound", result.lower)
    yield _step("status at the upper bound", result.upper)
    names = [result.status.result, result.lower.result, result.upper.result]
    compared = " = ".join(names) if result.robust else " ≠ ".join(dict.fromkeys(names))
    yield CalculationStep("robust", compared, result.robust, "robust", published["robust"])
