"""Holds the sources of KPIs and companions against the form, the registers, the units and the rules."""

import re
from collections.abc import Collection, Iterator

from helpers.plan import sources
from helpers.plan.columns import GENERAL_UNITS, OF_ANSWERS, OF_TOTAL
from helpers.plan.plan import Companion, Kpi, Plan
from helpers.plan.questionnaire import Form
from helpers.plan.rules import expand, list_wholes
from helpers.speech import say, to_say

# The only unit of a measure; sums and distinct things have any other, with its words in units.csv.
_UNITS = {
    "count_known": "members", "count_ever": "members", "mean_index": "percent", "rate": "percent", "milestone": "stage",
}  # fmt: skip


def _check_register_source(kpi: Kpi, plan: Plan) -> None:
    """Raise ValueError where the registers do not hold what the source names."""
    if kpi.measure == "register":
        told = to_say("source names {codes}, which is no step of steps.csv; choose from {allowed}")
        sources.check_codes([sources.workshops_of(kpi.source)[0]], [step.step for step in plan.steps], told)
    elif kpi.measure == "rate" and kpi.source != sources.RETURN_RATE_SOURCE:
        raise sources.syntax_error(kpi.source, kpi.measure)
    elif kpi.measure == "milestone":
        told = to_say("source names {codes}, which is no product of stages.csv; choose from {allowed}")
        sources.check_codes([product := sources.product_of(kpi.source)], plan.stages, told)
        others = [each.kpi for each in plan.kpis if each.measure == "milestone" and each.kpi != kpi.kpi]
        if owner := next((other for other in others if sources.product_of(plan.by_kpi[other].source) == product), ""):
            raise ValueError(say(
                "source names {product}, the product of {owner}; each milestone has its own", product=product,
                owner=owner,
            ))  # fmt: skip


def check_unit(unit: str, measure: str, known: Collection[str]) -> str:
    """Return what is wrong with the unit of a measure, blank where nothing is, or units.csv cannot be read."""
    only = _UNITS.get(measure)
    if not known:
        return ""
    units = [only] if only else sorted({*known, "number"} - {"percent", "stage"})
    if unit not in units:
        return say(
            "unit {unit!r} is not one of {measure}'s: {units}", unit=unit, measure=measure, units=", ".join(units)
        )
    return ("" if unit in GENERAL_UNITS or unit in known
            else say("unit {unit!r} has no words in units.csv; add its rows", unit=unit))  # fmt: skip


def _check_whole(kpi: Kpi | Companion, plan: Plan, form: Form) -> Iterator[str]:
    """Yield what a source takes of its own part, as the plan's rules say which is the part."""
    asks = sources.source_of(kpi, form).asks if re.search(" (?:over|within) ", kpi.source) else ()
    for part, whole in zip(asks[::2], asks[1::2], strict=True):
        if part in list_wholes(whole, expand(plan.rules, form)):
            yield say("source takes {part} of {whole}, which is a part of it (rules.csv); exchange them",
                      part=part, whole=whole)  # fmt: skip


def _check_source(kpi: Kpi, plan: Plan, form: Form) -> Iterator[str]:
    """Yield what is wrong with a KPI's source, such as a share assessed of a source without a total."""
    try:
        if kpi.is_from_registers:
            _check_register_source(kpi, plan)
        has_total = not kpi.is_from_registers and bool(sources.source_of(kpi, form).total)
    except ValueError as reason:
        yield str(reason)
    else:
        if kpi.assessed == "share" and not has_total:
            yield say("assessed is share, which takes sum_known of a source with a total: `number over total`")
        if not kpi.is_from_registers:
            yield from _check_whole(kpi, plan, form)


def _check_companion(companion: Companion, plan: Plan, form: Form) -> Iterator[str]:
    """Yield what is wrong with a companion's source, or with the share that it is to have."""
    if companion.measure == "rate":
        if companion.source not in sources.RETURN_COUNTS:
            yield str(sources.syntax_error(companion.source, companion.measure))
        return
    try:
        total = sources.source_of(companion, form).total
    except ValueError as reason:
        yield str(reason)
        return
    if companion.share == OF_TOTAL and not total:
        yield say(
            "share is {share}, which takes sum_known of a source with a total: `number over total`", share=OF_TOTAL
        )
    if companion.share == OF_ANSWERS and companion.measure != "sum_reported":
        yield say("share is {share}, which takes sum_reported", share=OF_ANSWERS)
    yield from _check_whole(companion, plan, form)


def list_source_problems(plan: Plan, form: Form) -> Iterator[str]:
    """Yield the file, the row and the reason of all that is wrong with KPIs and companions, held against the form."""
    for kpi in sorted(plan.kpis, key=lambda kpi: kpi.row):
        is_of_step = re.fullmatch(rf"{re.escape(kpi.step)}\.[a-z]", kpi.kpi)
        naming = "" if is_of_step else say("a KPI of step {step} is called {step}.a, {step}.b…", step=kpi.step)
        for problem in (naming, check_unit(kpi.unit, kpi.measure, plan.units), *_check_source(kpi, plan, form)):
            if problem:
                yield say("kpis.csv, row {row} ({kpi}): {problem}", row=kpi.row, kpi=kpi.kpi, problem=problem)
    for companion in plan.companions:
        for problem in _check_companion(companion, plan, form):
            yield say("companions.csv, row {row} ({kpi} {component}): {problem}", row=companion.row,
                      kpi=companion.kpi, component=companion.component, problem=problem)  # fmt: skip
