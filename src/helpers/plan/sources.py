"""Parses the column `source` of kpis.csv: what a KPI is read from; checks it against the form."""

import difflib
import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import NamedTuple

from helpers.plan import extractors
from helpers.plan.columns import GENERAL_UNITS, OF_ANSWERS, OF_TOTAL
from helpers.plan.extractors import Extractor
from helpers.plan.plan import Companion, Kpi, Plan
from helpers.plan.questionnaire import Form
from helpers.plan.rules import expand, list_wholes

ATTENDANCES, DISTINCT_MEMBERS = "attendances", "distinct members"
RETURN_RATE_SOURCE = "return ledger and questionnaires register"
# What a rate's companions count: the returns received by one of these days.
BY_FIRST_CUTOFF, BY_ON_TIME, BY_EDITION_DATE = RETURN_COUNTS = (
    "returns by the first cut-off", "returns on time", "returns by the edition's date",
)  # fmt: skip
RESERVED = "nd_"  # of the questions what is not available
LEAST_NAMING = 3  # members that must name a code for it to count, unless the source says another number


@dataclass(frozen=True)
class KpiSource:
    """How a KPI or companion is read from one return; `asks` lists its questions, or the kinds of items.

    `total` is the question of its total, blank without one, `reference` the column of members.csv used until it is
    reported. `cap` is the most one member can add (infinite: no limit),
    with a reference for the total the most per unit of it. `times` is how often a number over a total may contain the
    total (infinite: no limit). `codes` are the codes that count, each, where codes are counted, if `least` members name
    it. `kind` is the measure, or the sentence where its words differ. `own` reads the one question of a part that is
    known only where its whole is. `is_remembered`: one answer covers all earlier quarters.
    """

    read: Extractor
    asks: tuple[str, ...]
    total: str = ""
    reference: str = ""
    cap: float = math.inf
    times: float = math.inf
    codes: tuple[str, ...] = ()
    least: int = LEAST_NAMING
    kind: str = ""
    own: Extractor | None = None
    is_remembered: bool = False


_OVER, _WITHIN, _SCORE = "`number over total`", "`number within total`", "`score of question`"
_ANY_ITEM = "`any <repeat> of kind kind|kind`"
# How the sources of each measure are written, for errors.
_SYNTAX = {
    "count_known": "`question in code|code`, `any question, question in code`, `any prefix_* in code`, `a code in "
    "every prefix_*` or `every *_part within *_whole at 95 %, at least 3`",
    "count_ever": f"`question in code|code`, `any prefix_* in code`, either with `, remembered`, or {_ANY_ITEM}",
    "sum_known": f"`number`, {_OVER}, the same with `, up to 1.2 times`, {_WITHIN}, `codes in question` or `codes in "
    "question with prefix_*`",
    "mean_index": f"{_OVER}, {_SCORE}, `share of codes in question` or `mean of *_part within *_whole, at least 3`",
    "distinct_codes": "`select-many question` or `select-many question named by 3`",
    "distinct_items": "`<repeat> of kind kind|kind`, with ` with detail detail` and `, each member's own` if needed",
    "sum_flow": "`number`",
    "sum_reported": "`number` or `question in code|code`",
    "milestone": "`milestones register, product name`",
    "register": f"`workshops of step N`, `attendance at workshops of step N: {DISTINCT_MEMBERS}` or `…: {ATTENDANCES}`",
    "rate": f"`{RETURN_RATE_SOURCE}`; of a companion {', '.join(f'`{text}`' for text in RETURN_COUNTS)}",
}
# The only unit of a measure; sums and distinct things have any other, with its words in units.csv.
_UNITS = {
    "count_known": "members", "count_ever": "members", "mean_index": "percent", "rate": "percent", "milestone": "stage",
}  # fmt: skip
_CODES = r"([^\s|,]+(?:\|[^\s|,]+)*)"
_SUFFIXES = r"\*(_\w+) within \*(_\w+)"
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
    return found[2], found[3] or ""


def workshop_steps(plan: Plan) -> tuple[str, ...]:
    """Return the steps whose workshops some KPI counts."""
    return tuple(dict.fromkeys(workshops_of(kpi.source)[0] for kpi in plan.kpis if kpi.measure == "register"))


@cache
def product_of(source: str) -> str:
    """Return the product whose stage a milestone is. Raises ValueError for any other source."""
    if found := _MILESTONE.fullmatch(source):
        return found[1]
    raise _syntax_error(source, "milestone")


def registers_of(kpi: Kpi) -> tuple[str, ...]:
    """Return the registers that a KPI's figures rest on; none where they rest on returns alone."""
    if kpi.measure == "register":
        return ("workshops", "attendance") if workshops_of(kpi.source)[1] else ("workshops",)
    return {"milestone": ("milestones",), "rate": ("questionnaires",)}.get(kpi.measure, ())


def _check_register_source(kpi: Kpi, plan: Plan) -> None:
    """Raise ValueError where the registers do not hold what the source names."""
    if kpi.measure == "register":
        _check_codes([workshops_of(kpi.source)[0]], [step.step for step in plan.steps], "step of steps.csv")
    elif kpi.measure == "rate" and kpi.source != RETURN_RATE_SOURCE:
        raise _syntax_error(kpi.source, kpi.measure)
    elif kpi.measure == "milestone":
        _check_codes([product := product_of(kpi.source)], plan.stages, "product of stages.csv")
        others = [each.kpi for each in plan.kpis if each.measure == "milestone" and each.kpi != kpi.kpi]
        if owner := next((other for other in others if product_of(plan.by_kpi[other].source) == product), ""):
            raise ValueError(f"source names {product}, the product of {owner}; each milestone has its own")


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


def _questions(listed: str, form: Form, *types: str) -> tuple[str, ...]:
    """Return the questions of a list, each of one of these types; `project_*` means all that begin so, in order."""
    names: list[str] = []
    for name in re.split(", ?", listed):
        is_prefix, prefix = name.endswith("*"), name[:-1]
        found = [question for question in form.substantive if question.startswith(prefix)] if is_prefix else [name]
        if not found:
            raise ValueError(f"source names {name}, but no question of the form begins with {prefix}")
        names += found
    for name in names:
        _check_question(name, form, *types)
        if name.startswith(RESERVED):
            raise ValueError(f"source names {name}, which asks what is not available; name what is counted")
    _check_once(names)
    return tuple(names)


def _check_once(names: Sequence[str]) -> None:
    """Raise ValueError where something is named twice, as a number over itself would."""
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"source names {', '.join(twice)} twice; name each once")


def _check_counting(codes: Iterable[str]) -> None:
    """Raise ValueError for the answers that select nothing of a list, which never count."""
    if neutral := sorted(extractors.NEUTRAL_CODES.intersection(codes)):
        raise ValueError(f"source names {', '.join(neutral)}, which counts nothing; name what is counted")


def _check_least(least: str, most: int, what: str) -> int:
    """Return the least number of something; raise ValueError where it is 0, or more than there are."""
    if not 1 <= int(least) <= most:
        raise ValueError(f"source names at least {least} {what}; write 1 to {most}")
    return int(least)


def _counting_codes(question: str, form: Form) -> tuple[str, ...]:
    return tuple(code for code in form.by_name[question].choices if code not in extractors.NEUTRAL_CODES)


def _read_answers(form: Form, any_of: str, listed: str, coded: str, remembered: str = "") -> KpiSource:
    names, codes = _questions(listed, form, "select_one", "select_multiple"), coded.split("|")
    if len(names) > 1 and not any_of:
        raise ValueError(f"source names {len(names)} questions; write `any {listed} in {coded}`")
    _check_once(codes)
    for name in names:
        _check_codes(codes, form.by_name[name].choices, f"answer to {name}")
        if set(codes) >= set(form.by_name[name].choices):
            raise ValueError(f"source names every answer to {name}; name those that count")
    _check_counting(codes)
    read = partial(extractors.any_of, names, frozenset(codes))
    return KpiSource(read, names, codes=tuple(codes), is_remembered=bool(remembered))


def _read_items(form: Form, repeat: str, listed: str, detail: str = "", own: str = "") -> KpiSource:
    kinds = tuple(listed.split("|"))
    _check_once(kinds)
    if repeat != form.repeat.name:
        named = f"did you mean {form.repeat.name}?" if form.repeat else "plan.toml names none in [repeat]"
        raise ValueError(f"source names {repeat}, which is no repeat of the form; {named}")
    _check_codes(kinds, form.kinds, f"kind of {repeat}")
    if detail:
        details = {code for kind in kinds for code in form.detail_codes.get(kind, ())}
        _check_codes([detail], sorted(details), f"detail of {listed}")
    _check_counting((*kinds, detail))
    read = partial(extractors.items, kinds, detail=detail or "", per_member=bool(own))
    return KpiSource(read, kinds)


def _read_number(form: Form, name: str) -> KpiSource:
    return KpiSource(partial(extractors.number, name), _questions(name, form, "integer"))


def _read_part(form: Form, name: str, total: str, times: str = "") -> KpiSource:
    """Read a number over its total, at most `times` as large."""
    asks, most = _questions(f"{name}, {total}", form, "integer"), float(times or 1)
    if most < 1:
        raise ValueError(f"source says up to {times} times, less than the total; write 1 or more, or leave it out")
    reference = form.totals.get(total, "")
    cap = most if reference else math.inf
    return KpiSource(partial(extractors.number, name, total=total), asks, total, reference, cap, most)


def _read_percentage(form: Form, name: str, total: str) -> KpiSource:
    return KpiSource(partial(extractors.percentage, name, total), _questions(f"{name}, {total}", form, "integer"))


def _read_within(form: Form, name: str, total: str) -> KpiSource:
    return replace(_read_part(form, name, total), read=partial(extractors.within, name, total), times=math.inf)


def _pairs(form: Form, part: str, whole: str) -> tuple[tuple[str, str], ...]:
    """Return the numbers that end in two ways, each part with its whole, in the form's order."""
    stems = [name.removesuffix(end) for name in form.by_name for end in (part, whole) if name.endswith(end)]
    pairs = tuple((stem + part, stem + whole) for stem in dict.fromkeys(stems))
    if not pairs:
        raise ValueError(f"source names *{part} and *{whole}, but no question of the form ends so")
    _questions(", ".join(name for pair in pairs for name in pair), form, "integer")
    return pairs


def _read_mean_within(form: Form, part: str, whole: str, least: str) -> KpiSource:
    pairs = _pairs(form, part, whole)
    read = partial(extractors.mean_within, pairs, _check_least(least, len(pairs), f"numbers *{part}"))
    return KpiSource(read, tuple(name for pair in pairs for name in pair))


def _read_all_within(form: Form, part: str, whole: str, percent: str, least: str) -> KpiSource:
    pairs = _pairs(form, part, whole)
    if not 0 < float(percent) <= 100:
        raise ValueError(f"source names {percent} %, which is no part of a whole; write 1 to 100")
    at_least = _check_least(least, len(pairs), f"numbers *{part}")
    read = partial(extractors.all_within, pairs, at_least, float(percent) / 100)
    return KpiSource(read, tuple(name for pair in pairs for name in pair))


def _read_score(form: Form, name: str) -> KpiSource:
    asks = _questions(name, form, "select_one")
    question = form.by_name[name]
    scores, highest = question.scores, max(question.scores.values(), default=0)
    if lacking := [code for code in question.choices if code not in scores]:
        message = f"source names the score of {name}, but list {question.listed} has none for {', '.join(lacking)}"
        raise ValueError(f"{message}; write one in choices.csv")
    if not highest:
        raise ValueError(f"source names the score of {name}, but all of list {question.listed} are 0; correct them")
    return KpiSource(partial(extractors.score, name, {code: 100 * n / highest for code, n in scores.items()}), asks)


def _read_all_codes(form: Form, listed: str) -> KpiSource:
    names = _questions(listed, form, "select_multiple")
    codes = tuple(code for name in names for code in _counting_codes(name, form))
    return KpiSource(partial(extractors.all_codes, names), names, cap=len(codes))


def _read_codes_among(form: Form, name: str, listed: str) -> KpiSource:
    _questions(name, form, "select_multiple")
    names, own = _questions(listed, form, "select_multiple"), partial(extractors.offered_codes, name)
    return KpiSource(partial(extractors.codes_among, name, names), names, own=own)


def _read_share_of_codes(form: Form, listed: str) -> KpiSource:
    names = _questions(listed, form, "select_multiple")
    sizes = tuple((name, len(_counting_codes(name, form))) for name in names)
    if empty := [name for name, size in sizes if not size]:
        raise ValueError(f"source names {', '.join(empty)}, which lists no code that counts")
    return KpiSource(partial(extractors.share_of_codes, sizes), names)


def _read_a_code_in_each(form: Form, listed: str) -> KpiSource:
    names = _questions(listed, form, "select_multiple")
    return KpiSource(partial(extractors.a_code_in_each, names), names)


def _read_named_codes(form: Form, listed: str, least: str = "") -> KpiSource:
    names = _questions(listed, form, "select_multiple")
    codes = tuple(dict.fromkeys(code for name in names for code in _counting_codes(name, form)))
    read = partial(extractors.all_codes, names) if listed.endswith("*") else partial(extractors.selected_codes, listed)
    return KpiSource(read, names, codes=codes, least=int(least or LEAST_NAMING))


class _Sentence(NamedTuple):
    """One sentence that a source can be: its pattern, what reads it, the measures it is for, and what it is called."""

    pattern: re.Pattern[str]
    read: Callable[..., KpiSource]
    measures: set[str]
    kind: str


def _sentence(pattern: str, read: Callable[..., KpiSource], measures: str, kind: str = "") -> _Sentence:
    return _Sentence(re.compile(pattern), read, set(measures.split()), kind)


_ANSWERS = rf"(any )?(\w+\*?(?:, ?\w+\*?)*) in {_CODES}"
_ITEMS = rf"(\w+) of kind {_CODES}(?: with detail (\w+))?"
_SENTENCES = (
    _sentence(_ANSWERS, _read_answers, "count_known count_ever sum_reported"),
    _sentence(rf"{_ANSWERS}(, remembered)", _read_answers, "count_ever"),
    _sentence(rf"any {_ITEMS}", _read_items, "count_ever", "any item"),
    _sentence(_ITEMS, _read_items, "distinct_items"),
    _sentence(rf"{_ITEMS}(, each member's own)", _read_items, "distinct_items", "own items"),
    _sentence(r"(\w+)", _read_number, "sum_known sum_flow sum_reported"),
    _sentence(r"(\w+) over (\w+)(?:, up to (\d+(?:\.\d+)?) times)?", _read_part, "sum_known"),
    _sentence(r"(\w+) over (\w+)", _read_percentage, "mean_index"),
    _sentence(r"(\w+) within (\w+)", _read_within, "sum_known"),
    _sentence(rf"mean of {_SUFFIXES}, at least (\d+)", _read_mean_within, "mean_index", "mean of parts"),
    _sentence(
        rf"every {_SUFFIXES} at (\d+(?:\.\d+)?) %, at least (\d+)", _read_all_within, "count_known", "every part"
    ),
    _sentence(r"score of (\w+)", _read_score, "mean_index", "score"),
    _sentence(r"codes in (\w+\*?)", _read_all_codes, "sum_known", "codes"),
    _sentence(r"codes in (\w+) with (\w+\*)", _read_codes_among, "sum_known"),
    _sentence(r"share of codes in (\w+\*?)", _read_share_of_codes, "mean_index", "share of codes"),
    _sentence(r"a code in every (\w+\*)", _read_a_code_in_each, "count_known", "a code in each"),
    _sentence(r"(\w+\*?)(?: named by ([1-9]\d*))?", _read_named_codes, "distinct_codes"),
)


@cache
def parse_source(measure: str, text: str, form: Form) -> KpiSource:
    """Parse a source of the returns, once. Raises ValueError with what is wrong and what is allowed."""
    for sentence in _SENTENCES:
        found = sentence.pattern.fullmatch(text)
        if found and measure in sentence.measures:
            return replace(sentence.read(form, *found.groups()), kind=sentence.kind or measure)
    raise _syntax_error(text, measure)


def source_of(kpi: Kpi | Companion, form: Form) -> KpiSource:
    """Return how a KPI or companion of the returns is read from one return."""
    return parse_source(kpi.measure, kpi.source, form)


@cache
def list_part_totals(plan: Plan, form: Form) -> tuple[tuple[str, str, float], ...]:
    """Return the numbers that their KPI's source limits, each with its total and how often it may contain that."""
    sums = [source_of(kpi, form) for kpi in plan.kpis if kpi.measure == "sum_known"]
    return tuple((source.asks[0], source.total, source.times) for source in sums if source.times < math.inf)


def check_unit(unit: str, measure: str, known: Collection[str]) -> str:
    """Return what is wrong with the unit of a measure, blank where nothing is, or units.csv cannot be read."""
    only = _UNITS.get(measure)
    if not known:
        return ""
    units = [only] if only else sorted({*known, "number"} - {"percent", "stage"})
    if unit not in units:
        return f"unit {unit!r} is not one of {measure}'s: {', '.join(units)}"
    return "" if unit in GENERAL_UNITS or unit in known else f"unit {unit!r} has no words in units.csv; add its rows"


def _check_whole(kpi: Kpi | Companion, plan: Plan, form: Form) -> Iterator[str]:
    """Yield what a source takes of its own part, as the plan's rules say which is the part."""
    asks = source_of(kpi, form).asks if re.search(" (?:over|within) ", kpi.source) else ()
    for part, whole in zip(asks[::2], asks[1::2], strict=True):
        if part in list_wholes(whole, expand(plan.rules, form)):
            yield f"source takes {part} of {whole}, which is a part of it (rules.csv); exchange them"


def _check_source(kpi: Kpi, plan: Plan, form: Form) -> Iterator[str]:
    """Yield what is wrong with a KPI's source, such as a share assessed of a source without a total."""
    try:
        if kpi.is_from_registers:
            _check_register_source(kpi, plan)
        has_total = not kpi.is_from_registers and bool(source_of(kpi, form).total)
    except ValueError as reason:
        yield str(reason)
    else:
        if kpi.assessed == "share" and not has_total:
            yield "assessed is share, which takes sum_known of a source with a total: `number over total`"
        if not kpi.is_from_registers:
            yield from _check_whole(kpi, plan, form)


def _check_companion(companion: Companion, plan: Plan, form: Form) -> Iterator[str]:
    """Yield what is wrong with a companion's source, or with the share that it is to have."""
    if companion.measure == "rate":
        if companion.source not in RETURN_COUNTS:
            yield str(_syntax_error(companion.source, companion.measure))
        return
    try:
        total = source_of(companion, form).total
    except ValueError as reason:
        yield str(reason)
        return
    if companion.share == OF_TOTAL and not total:
        yield f"share is {OF_TOTAL}, which takes sum_known of a source with a total: `number over total`"
    if companion.share == OF_ANSWERS and companion.measure != "sum_reported":
        yield f"share is {OF_ANSWERS}, which takes sum_reported"
    yield from _check_whole(companion, plan, form)


def list_problems(plan: Plan, form: Form) -> Iterator[str]:
    """Yield the file, the row and the reason of all that is wrong with KPIs and companions, held against the form."""
    for kpi in sorted(plan.kpis, key=lambda kpi: kpi.row):
        is_of_step = re.fullmatch(rf"{re.escape(kpi.step)}\.[a-z]", kpi.kpi)
        naming = "" if is_of_step else f"a KPI of step {kpi.step} is called {kpi.step}.a, {kpi.step}.b…"
        for problem in (naming, check_unit(kpi.unit, kpi.measure, plan.units), *_check_source(kpi, plan, form)):
            if problem:
                yield f"kpis.csv, row {kpi.row} ({kpi.kpi}): {problem}"
    for companion in plan.companions:
        for problem in _check_companion(companion, plan, form):
            yield f"companions.csv, row {companion.row} ({companion.kpi} {companion.component}): {problem}"
