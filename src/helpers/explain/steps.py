"""The steps from the parts to the figure: added up again from the rows shown, each held against what is published."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from helpers.explain.parts import _CARRIED, _REPORTED, ExplainedParts
from helpers.explain.records import MEMBER, CalculationStep, ExplainedPart, Value, bracketed, exact_number, written_sum
from helpers.kpis import measures
from helpers.plan import Kpi

Calculated = tuple[str, Value]  # the arithmetic as it is written, and its result
NO_RESULT: Calculated = ("", None)
FIGURE_COLUMNS = ("value", "share", "lower", "upper", "share_lower", "share_upper")
COUNT_COLUMNS = ("n_reported", "n_carried", "n_expected", "coverage", "coverage_class")


def calculate_steps(
    kpi: Kpi, parts: ExplainedParts, members: ExplainedParts, published: Mapping[str, Value], is_void: bool
) -> list[CalculationStep]:
    """Return the steps to a figure, its bounds, who is behind it, coverage and class, in that order.

    A void figure is blank by definition: there is nothing to work out.
    """
    who = [part for part in members or parts if part.kind == MEMBER]
    worked = {} if is_void else _figures(kpi, parts, who) | _counts(kpi, who)
    return [
        CalculationStep(name, *worked.get(name, NO_RESULT), name, published[name])
        for name in (*FIGURE_COLUMNS, *COUNT_COLUMNS)
    ]


def _figures(kpi: Kpi, parts: ExplainedParts, who: Sequence[ExplainedPart]) -> dict[str, Calculated]:
    if kpi.is_from_registers:
        return _certain(kpi, parts)
    has_share = any(part.share_cap is not None or part.total is not None for part in parts)
    return _bounded(kpi, parts, who) | (_shares(parts) if has_share else {})


def _over(text: str, total: float, n: float) -> Calculated:
    """Divide a sum, written out, by a number."""
    return (f"{bracketed(text)} / {exact_number(n)}", total / n) if n else NO_RESULT


def _added(numbers: Iterable[float]) -> tuple[str, float]:
    listed = list(numbers)
    return written_sum(listed), sum(listed)


# --- value and bounds -------------------------------------------------------------------------------------------


def _certain(kpi: Kpi, parts: ExplainedParts) -> dict[str, Calculated]:
    """Work out what the registers say: its bounds are the figure itself."""
    value = text, total = _added(part.value for part in parts if part.value is not None)
    if kpi.measure == "rate":
        of = sum(part.total for part in parts)
        value = (f"100 × {bracketed(text)} / {exact_number(of)}", 100 * total / of) if of else NO_RESULT
    same = (exact_number(value[1]), value[1])
    return {"value": value, "lower": same, "upper": same}


def _bounded(kpi: Kpi, parts: ExplainedParts, who: Sequence[ExplainedPart]) -> dict[str, Calculated]:
    """Work out value, lower and upper bound of what returns say; an index is a mean, everything else a sum."""
    known = [part.value for part in parts if part.value is not None]
    value, lower, upper = _added(known), _added(part.low for part in parts), _upper(kpi, parts)
    if kpi.measure == "mean_index":
        n = len(parts)
        return {"value": _over(*value, len(known)), "lower": _over(*lower, n), "upper": _over(*upper, n)}
    is_known = any(part.basis for part in who)
    limited = upper if math.isfinite(upper[1]) else (upper[0], None)
    return {"value": value if is_known else NO_RESULT, "lower": lower, "upper": limited}


def _upper(kpi: Kpi, parts: ExplainedParts) -> tuple[str, float]:
    """Add what may come on top of the lower bound; nothing bounds the items that were not reported."""
    low, caps = sum(part.low for part in parts), [part.cap for part in parts if part.cap is not None]
    caps += [math.inf] if kpi.measure == "distinct_items" else []
    text, most = _added(caps)
    return (f"{exact_number(low)} + {bracketed(text)}" if caps else exact_number(low)), low + most


# --- shares -----------------------------------------------------------------------------------------------------


def _shares(parts: ExplainedParts) -> dict[str, Calculated]:
    """Work out a share and its bounds (methodology, section 5): B reported both numbers, the rest stand in."""
    both = [part for part in parts if part.value is not None and part.total is not None]
    part_of, whole = _added(one.value for one in both), _added(one.total for one in both)
    share: Calculated = (
        (f"{bracketed(part_of[0])} / {bracketed(whole[0])}", part_of[1] / whole[1]) if whole[1] else NO_RESULT
    )
    return {"share": share} | _share_bounds(parts, share[1])


def _share_bounds(parts: ExplainedParts, share: Value) -> dict[str, Calculated]:
    """Work out the bounds of a share: 0 and 1 where nothing limits a total."""
    certain, rest = ([part for part in parts if (part.share_cap is None) == one] for one in (True, False))
    part_of, most = _added(one.value for one in certain), _added(one.share_cap for one in rest)
    whole = sum(one.total for one in certain) + sum(one.total_cap for one in rest)
    if not whole:
        return {}
    if math.isinf(whole):
        lower, upper = ("0", 0.0), ("1", 1.0)
    else:
        lower = _over(*part_of, whole)
        upper = _over(f"{exact_number(part_of[1])} + {bracketed(most[0])}", part_of[1] + most[1], whole)
    return {"share_lower": _widened("min", lower, share), "share_upper": _widened("max", upper, share)}


def _widened(name: str, bound: Calculated, share: Value) -> Calculated:
    """Widen a bound where the share lies outside it."""
    held = bound[1] if share is None else (min if name == "min" else max)(bound[1], share)
    return bound if held == bound[1] else (f"{name}({bound[0]}, {exact_number(share)})", held)


# --- who is behind it -------------------------------------------------------------------------------------------


def _counts(kpi: Kpi, who: Sequence[ExplainedPart]) -> dict[str, Calculated]:
    if kpi.is_from_registers:
        return _kept_counts(kpi, who)
    now = [part for part in who if part.quarter == max(one.quarter for one in who)]  # of a flow the last quarter
    reported, carried = (sum(part.basis == basis for part in now) for basis in (_REPORTED, _CARRIED))
    told, asked = (_added(getattr(part, name) for part in who) for name in ("told", "asked"))
    coverage, answered = (told[1] / asked[1], reported / len(now)) if asked[1] else (0, 0)
    grade = measures.coverage_class(coverage, answered)
    return {
        "n_reported": (str(reported), reported),
        "n_carried": (str(carried), carried),
        "n_expected": (str(len(now)), len(now)),
        "coverage": (f"{bracketed(told[0])} / {exact_number(asked[1])}", coverage),
        "coverage_class": (_compare(grade, coverage, reported, len(now)), grade),
    }


def _compare(grade: str, coverage: float, reported: int, expected: int) -> str:
    """Write out what makes the class: the coverage, and for B also whether fewer than a third answered."""
    if grade == "A":
        return f"{exact_number(coverage)} ≥ 2/3"
    if grade == "C":
        return f"{exact_number(coverage)} < 1/2"
    is_few = measures.coverage_class(coverage, None) == "A"
    written = exact_number(coverage)
    return f"{written} ≥ 2/3; {reported}/{expected} < 1/3" if is_few else f"1/2 ≤ {written} < 2/3"


def _kept_counts(kpi: Kpi, who: Sequence[ExplainedPart]) -> dict[str, Calculated]:
    """Work out who is behind what the Secretariat keeps: coverage is 1 by definition."""
    certain = {"coverage": ("1", 1.0), "coverage_class": ("1 ≥ 2/3", "A")}
    if kpi.measure != "rate":
        return certain
    came = sum(int(part.value) for part in who)
    counts = {"n_reported": (str(came), came), "n_carried": ("0", 0), "n_expected": (str(len(who)), len(who))}
    return counts | certain
