"""Parses the column `source` of kpis.csv: what a KPI is read from; checks it against the form."""

import difflib
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial

from helpers.plan import extractors
from helpers.plan.extractors import Extractor
from helpers.plan.plan import Kpi, Plan
from helpers.plan.questionnaire import Form

MILESTONE_PRODUCTS = {"digital_model": "1.1", "software_guidelines": "2.3"}
WORKSHOP_STEPS = ("5.2", "5.3")
# The totals for which members.csv has a reference figure, used until a member has reported its own.
REFERENCE_COLUMNS = {"offices_total": "reference_offices", "staff_total": "reference_staff"}
# Numbers that may exceed their total, and the factor they may reach.
_CAP_FACTORS = {"trained_cumulative": extractors.TRAINED_PER_STAFF}
# Solutions count per member: two members with one reference have two. Events are shared.
_OWN_KINDS = frozenset({"solution"})
ATTENDANCES, DISTINCT_MEMBERS = "attendances", "distinct members"
RETURN_RATE_SOURCE = "return ledger and questionnaires register"


@dataclass(frozen=True)
class KpiSource:
    """How a KPI is read from one return; `asks` lists its questions, or the kinds of innovations that it counts.

    `total` is the question of its total, blank without one. `cap` is the most one member can add (infinite: no limit),
    with a reference for the total the most per unit of it. `codes` are the codes that count.
    """

    read: Extractor
    asks: tuple[str, ...]
    total: str = ""
    cap: float = math.inf
    codes: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        """The column of members.csv used until the total is reported; blank without one."""
        return REFERENCE_COLUMNS.get(self.total, "")


_HARDWARE_QUESTIONS = tuple(f"{kind}_{part}" for kind in extractors.HARDWARE_KINDS for part in ("required", "working"))
_SERVICE_QUESTIONS = tuple(f"services_{family}" for family in extractors.SERVICE_FAMILIES)
_IPP_QUESTIONS = tuple(f"ipp_{product}" for product in extractors.IPP_PRODUCTS)
# KPIs with a special formula, by their source in kpis.csv, each with its measure.
NAMED_FORMULAS: Mapping[str, tuple[str, KpiSource]] = {
    "hardware coverage index over 5 kinds":
        ("mean_index", KpiSource(extractors.hardware_index, _HARDWARE_QUESTIONS)),
    "number of live services in the 4 services_* questions":
        ("sum_known", KpiSource(extractors.live_services, _SERVICE_QUESTIONS, cap=24)),
    "Integrated Product Plan index over 3 products x 5 features":
        ("mean_index", KpiSource(extractors.ipp_index, _IPP_QUESTIONS)),
}  # fmt: skip
# How the source of each measure is written, for errors.
_SYNTAX = {
    "count_known": "`question in code|code`, `any question, question in code` or `any prefix_* in code`",
    "count_ever": "`question in code|code`, `any prefix_* in code` or `any innovation of kind kind|kind`",
    "sum_known": "`number` or `number over total`",
    "mean_index": "`number over total`",
    "distinct_codes": "`select-many question`",
    "distinct_items": "`innovations of kind kind|kind`",
    "sum_flow": "`number`",
    "milestone": f"`milestones register, product {'|'.join(MILESTONE_PRODUCTS)}`",
    "register": f"`workshops of step N`, `attendance at workshops of step N: {DISTINCT_MEMBERS}` or `…: {ATTENDANCES}`",
    "rate": f"`{RETURN_RATE_SOURCE}`",
}
# The only unit of a measure; sums and distinct things have any other.
_UNITS = {
    "count_known": "members", "count_ever": "members", "mean_index": "percent", "rate": "percent", "milestone": "stage",
}  # fmt: skip
_CODES = r"([^\s|]+(?:\|[^\s|]+)*)"
_ITEMS = re.compile(rf"(?:innovations|any innovation) of kind {_CODES}")
_ANSWERS = re.compile(rf"(any )?(\w+\*?(?:, ?\w+\*?)*) in {_CODES}")
_NAME, _PART = re.compile(r"(\w+)"), re.compile(r"(\w+) over (\w+)")
_MILESTONE = re.compile(r"milestones register, product (\w+)")
_WORKSHOPS = re.compile(rf"(attendance at )?workshops of step ([\d.]+)(?:: ({DISTINCT_MEMBERS}|{ATTENDANCES}))?")


def _syntax_error(text: str, measure: str) -> ValueError:
    return ValueError(f"source {text!r} is not understood; for {measure} write {_SYNTAX[measure]}")


@cache
def workshops_of(source: str) -> tuple[str, str]:
    """Return the step, and what is counted there (blank: workshops). Raises ValueError for any other source."""
    found = _WORKSHOPS.fullmatch(source)
    if not found or bool(found[1]) != bool(found[3]):
        raise _syntax_error(source, "register")
    if found[2] not in WORKSHOP_STEPS:
        raise ValueError(f"source names step {found[2]}; the steps with workshops are {', '.join(WORKSHOP_STEPS)}")
    return found[2], found[3] or ""


def registers_of(kpi: Kpi) -> tuple[str, ...]:
    """Return the registers that a KPI's figures rest on; none where they rest on returns alone."""
    if kpi.measure == "register":
        return ("workshops", "attendance") if workshops_of(kpi.source)[1] else ("workshops",)
    return {"milestone": ("milestones",), "rate": ("questionnaires",)}.get(kpi.measure, ())


def _check_register_source(kpi: Kpi) -> None:
    """Raise ValueError where the registers do not hold what the source names."""
    if kpi.measure == "register":
        workshops_of(kpi.source)
    elif kpi.measure == "rate" and kpi.source != RETURN_RATE_SOURCE:
        raise _syntax_error(kpi.source, kpi.measure)
    elif kpi.measure == "milestone":
        found = _MILESTONE.fullmatch(kpi.source)
        if not found:
            raise _syntax_error(kpi.source, kpi.measure)
        if MILESTONE_PRODUCTS.get(found[1]) != kpi.step:
            raise ValueError(f"source names {found[1]}, which is no product of step {kpi.step} in the register")


def _check_question(name: str, form: Form, *types: str) -> tuple[str, ...]:
    """Return the codes of a question; raise ValueError where the form lacks it or it has another type."""
    question = form.by_name.get(name)
    if question is None:
        near = difflib.get_close_matches(name, form.by_name, n=1)
        remedy = f"did you mean {near[0]}?" if near else "add it to questionnaire/survey.csv"
        raise ValueError(f"source names {name}, which is no question of the form; {remedy}")
    if question.type not in types:
        allowed = " or ".join(types)
        raise ValueError(f"source names {name}, a question of type {question.type}, where it takes {allowed}")
    return question.choices


def _check_codes(codes: Iterable[str], allowed: Iterable[str], what: str) -> None:
    unknown = [code for code in codes if code not in allowed]
    if unknown:
        raise ValueError(f"source names {', '.join(unknown)}, which is no {what}; choose from {', '.join(allowed)}")


def _names(listed: str, form: Form) -> Iterator[str]:
    """Yield the questions of a list; `project_*` means all that begin so, in the form's order."""
    for name in re.split(", ?", listed):
        is_prefix, prefix = name.endswith("*"), name[:-1]
        found = [question for question in form.substantive if question.startswith(prefix)] if is_prefix else [name]
        if not found:
            raise ValueError(f"source names {name}, but no question of the form begins with {prefix}")
        yield from found


def _read_answers(found: re.Match[str], form: Form) -> KpiSource:
    names, codes = tuple(_names(found[2], form)), found[3].split("|")
    if len(names) > 1 and not found[1]:
        raise ValueError(f"source names {len(names)} questions; write `any {found[2]} in {found[3]}`")
    for name in names:
        _check_codes(codes, _check_question(name, form, "select_one", "select_multiple"), f"answer to {name}")
    return KpiSource(partial(extractors.any_of, names, frozenset(codes)), names)


def _read_items(found: re.Match[str], form: Form) -> KpiSource:
    kinds = tuple(found[1].split("|"))
    _check_codes(kinds, form.kinds, "kind of innovation")
    return KpiSource(partial(extractors.innovations, kinds, per_member=_OWN_KINDS.issuperset(kinds)), kinds)


def _read_number(found: re.Match[str], form: Form) -> KpiSource:
    """Read a number, or a number over its total."""
    for question in found.groups():
        _check_question(question, form, "integer")
    total = found[2] if found.re is _PART else ""
    cap = _CAP_FACTORS.get(found[1], 1) if total in REFERENCE_COLUMNS else math.inf
    return KpiSource(partial(extractors.number, found[1], total=total), found.groups(), total, cap)


def _read_percentage(found: re.Match[str], form: Form) -> KpiSource:
    for name in found.groups():
        _check_question(name, form, "integer")
    return KpiSource(partial(extractors.percentage, *found.groups()), found.groups())


def _read_codes(found: re.Match[str], form: Form) -> KpiSource:
    choices = _check_question(found[1], form, "select_multiple")
    codes = tuple(code for code in choices if code not in extractors.NEUTRAL_CODES)
    return KpiSource(partial(extractors.selected_codes, found[1]), (found[1],), codes=codes)


_FORMS: Mapping[str, tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Form], KpiSource]], ...]] = {
    "count_known": ((_ANSWERS, _read_answers),),
    "count_ever": ((_ANSWERS, _read_answers), (_ITEMS, _read_items)),
    "sum_known": ((_NAME, _read_number), (_PART, _read_number)),
    "mean_index": ((_PART, _read_percentage),),
    "distinct_codes": ((_NAME, _read_codes),),
    "distinct_items": ((_ITEMS, _read_items),),
    "sum_flow": ((_NAME, _read_number),),
}


def _capped(formula: KpiSource, form: Form) -> KpiSource:
    """Return a formula whose cap is a number of codes with as many as the form offers, retired ones left out."""
    if math.isinf(formula.cap):
        return formula
    offered = [form.by_name[name].choices for name in formula.asks if name in form.by_name]
    return replace(formula, cap=sum(len(set(codes) - extractors.NEUTRAL_CODES) for codes in offered))


@cache
def parse_source(measure: str, text: str, form: Form) -> KpiSource:
    """Parse a source of the returns, once. Raises ValueError with what is wrong and what is allowed."""
    meant_for, formula = NAMED_FORMULAS.get(text, ("", None))
    if formula and meant_for == measure:
        return _capped(formula, form)
    for pattern, make in _FORMS[measure]:
        if found := pattern.fullmatch(text):
            return make(found, form)
    raise _syntax_error(text, measure)


def source_of(kpi: Kpi, form: Form) -> KpiSource:
    """Return how a KPI of the returns is read from one return."""
    return parse_source(kpi.measure, kpi.source, form)


def extractor_of(kpi: Kpi, form: Form) -> Extractor:
    """Return the extractor of a KPI of the returns."""
    return source_of(kpi, form).read


@cache
def list_part_totals(plan: Plan, form: Form) -> tuple[tuple[str, str], ...]:
    """Return the numbers that cannot exceed the total in their KPI's source, each with its total."""
    sums = [source_of(kpi, form) for kpi in plan.kpis if kpi.measure == "sum_known"]
    parts = [(source.asks[0], source.total) for source in sums if source.total]
    return tuple((name, total) for name, total in parts if name not in _CAP_FACTORS)


def check_unit(unit: str, measure: str, known: Iterable[str]) -> str:
    """Return what is wrong with the unit of a measure, blank where nothing is."""
    only = _UNITS.get(measure)
    units = [only] if only else [unit for unit in sorted(known) if unit not in ("percent", "stage")]
    return "" if unit in units else f"unit {unit!r} is not one of {measure}'s: {', '.join(units)}"


def _check_source(kpi: Kpi, form: Form) -> Iterator[str]:
    """Yield what is wrong with a KPI's source, such as a share assessed of a source without a total."""
    try:
        if kpi.is_from_registers:
            _check_register_source(kpi)
        has_total = not kpi.is_from_registers and bool(source_of(kpi, form).total)
    except ValueError as reason:
        yield str(reason)
    else:
        if kpi.assessed == "share" and not has_total:
            yield "assessed is share, which takes sum_known of a source with a total: `number over total`"


def list_problems(plan: Plan, form: Form, units: Iterable[str]) -> Iterator[str]:
    """Yield the row of kpis.csv and the reason of everything that is wrong with its KPIs, held against the form."""
    for kpi in sorted(plan.kpis, key=lambda kpi: kpi.row):
        is_of_step = re.fullmatch(rf"{re.escape(kpi.step)}\.[a-z]", kpi.kpi)
        naming = "" if is_of_step else f"a KPI of step {kpi.step} is called {kpi.step}.a, {kpi.step}.b…"
        for problem in (naming, check_unit(kpi.unit, kpi.measure, units), *_check_source(kpi, form)):
            if problem:
                yield f"kpis.csv, row {kpi.row} ({kpi.kpi}): {problem}"
