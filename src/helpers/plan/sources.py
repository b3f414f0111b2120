"""Parses the column `source` of kpis.csv: what a KPI is read from; checks it against the form."""

import difflib
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import NamedTuple

from helpers.plan import extractors
from helpers.plan.columns import OF_ANSWERS, OF_TOTAL  # noqa: F401, other rooms take it from here
from helpers.plan.extractors import Extractor
from helpers.plan.plan import Companion, Kpi, Plan
from helpers.plan.questionnaire import Form
from helpers.speech import say, to_say

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


# How the sources of each measure are written, for errors; what is written in them has one language.
_WRITTEN = {
    "over": "`number over total`", "within": "`number within total`", "score": "`score of question`",
    "any_item": "`any <repeat> of kind kind|kind`", "rate": f"`{RETURN_RATE_SOURCE}`",
    "counts": ", ".join(f"`{text}`" for text in RETURN_COUNTS), "workshops": "`workshops of step N`",
    "attendance": f"`attendance at workshops of step N: {DISTINCT_MEMBERS}`", "attendances": f"`…: {ATTENDANCES}`",
}  # fmt: skip
_SYNTAX = {
    "count_known": to_say("`question in code|code`, `any question, question in code`, `any prefix_* in code`, `a code "
                          "in every prefix_*` or `every *_part within *_whole at 95 %, at least 3`"),
    "count_ever": to_say("`question in code|code`, `any prefix_* in code`, either with `, remembered`, or {any_item}"),
    "sum_known": to_say("`number`, {over}, the same with `, up to 1.2 times`, {within}, `codes in question` or `codes "
                        "in question with prefix_*`"),
    "mean_index": to_say("{over}, {score}, `share of codes in question` or `mean of *_part within *_whole, at least "
                         "3`"),
    "distinct_codes": to_say("`select-many question` or `select-many question named by 3`"),
    "distinct_items": to_say("`<repeat> of kind kind|kind`, with ` with detail detail` and `, each member's own` if "
                             "needed"),
    "sum_flow": "`number`",
    "sum_reported": to_say("`number` or `question in code|code`"),
    "milestone": "`milestones register, product name`",
    "register": to_say("{workshops}, {attendance} or {attendances}"),
    "rate": to_say("{rate}; of a companion {counts}"),
}  # fmt: skip
_CODES = r"([^\s|,]+(?:\|[^\s|,]+)*)"
_SUFFIXES = r"\*(_\w+) within \*(_\w+)"
_MILESTONE = re.compile(r"milestones register, product (\w+)")
_WORKSHOPS = re.compile(rf"(attendance at )?workshops of step ([\d.]+)(?:: ({DISTINCT_MEMBERS}|{ATTENDANCES}))?")


def syntax_error(text: str, measure: str) -> ValueError:
    """Return the error for a source that no sentence of its measure reads, with those that there are."""
    return ValueError(say("source {text!r} is not understood; for {measure} write {written}", text=text,
                          measure=measure, written=say(_SYNTAX[measure], **_WRITTEN)))  # fmt: skip


@cache
def workshops_of(source: str) -> tuple[str, str]:
    """Return the step, and what is counted there (blank: workshops). Raises ValueError for any other source."""
    found = _WORKSHOPS.fullmatch(source)
    if not found or bool(found[1]) != bool(found[3]):
        raise syntax_error(source, "register")
    return found[2], found[3] or ""


def workshop_steps(plan: Plan) -> tuple[str, ...]:
    """Return the steps whose workshops some KPI counts."""
    return tuple(dict.fromkeys(workshops_of(kpi.source)[0] for kpi in plan.kpis if kpi.measure == "register"))


@cache
def product_of(source: str) -> str:
    """Return the product whose stage a milestone is. Raises ValueError for any other source."""
    if found := _MILESTONE.fullmatch(source):
        return found[1]
    raise syntax_error(source, "milestone")


def registers_of(kpi: Kpi) -> tuple[str, ...]:
    """Return the registers that a KPI's figures rest on; none where they rest on returns alone."""
    if kpi.measure == "register":
        return ("workshops", "attendance") if workshops_of(kpi.source)[1] else ("workshops",)
    return {"milestone": ("milestones",), "rate": ("questionnaires",)}.get(kpi.measure, ())


def _check_question(name: str, form: Form, *types: str) -> tuple[str, ...]:
    """Return the codes of a question; raise ValueError where the form lacks it or it has another type."""
    question = form.by_name.get(name)
    if question is None:
        near = difflib.get_close_matches(name, form.by_name, n=1)
        remedy = say("did you mean {name}?", name=near[0]) if near else say("add it to questionnaire/survey.csv")
        raise ValueError(
            say("source names {name}, which is no question of the form; {remedy}", name=name, remedy=remedy)
        )
    if question.type not in types:
        allowed = say(" or ").join(types)
        raise ValueError(say("source names {name}, a question of type {type}, where it takes {allowed}",
                             name=name, type=question.type, allowed=allowed))  # fmt: skip
    return question.choices


def check_codes(codes: Iterable[str], allowed: Iterable[str], what: str, **named: str) -> None:
    """Raise ValueError where a code is none of those allowed, which the sentence `what` says."""
    unknown = [code for code in codes if code not in allowed]
    if unknown:
        raise ValueError(say(what, codes=", ".join(unknown), allowed=", ".join(allowed), **named))


def _questions(listed: str, form: Form, *types: str) -> tuple[str, ...]:
    """Return the questions of a list, each of one of these types; `project_*` means all that begin so, in order."""
    names: list[str] = []
    for name in re.split(", ?", listed):
        is_prefix, prefix = name.endswith("*"), name[:-1]
        found = [question for question in form.substantive if question.startswith(prefix)] if is_prefix else [name]
        if not found:
            raise ValueError(
                say("source names {name}, but no question of the form begins with {prefix}", name=name, prefix=prefix)
            )
        names += found
    for name in names:
        _check_question(name, form, *types)
        if name.startswith(RESERVED):
            raise ValueError(
                say("source names {name}, which asks what is not available; name what is counted", name=name)
            )
    _check_once(names)
    return tuple(names)


def _check_once(names: Sequence[str]) -> None:
    """Raise ValueError where something is named twice, as a number over itself would."""
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(say("source names {twice} twice; name each once", twice=", ".join(twice)))


def _check_counting(codes: Iterable[str]) -> None:
    """Raise ValueError for the answers that select nothing of a list, which never count."""
    if neutral := sorted(extractors.NEUTRAL_CODES.intersection(codes)):
        raise ValueError(
            say("source names {neutral}, which counts nothing; name what is counted", neutral=", ".join(neutral))
        )


def _check_least(least: str, most: int, part: str) -> int:
    """Return the least number of parts; raise ValueError where it is 0, or more than there are."""
    if not 1 <= int(least) <= most:
        raise ValueError(
            say("source names at least {least} numbers *{part}; write 1 to {most}", least=least, part=part, most=most)
        )
    return int(least)


def _counting_codes(question: str, form: Form) -> tuple[str, ...]:
    return tuple(code for code in form.by_name[question].choices if code not in extractors.NEUTRAL_CODES)


def _read_answers(form: Form, any_of: str, listed: str, coded: str, remembered: str = "") -> KpiSource:
    names, codes = _questions(listed, form, "select_one", "select_multiple"), coded.split("|")
    if len(names) > 1 and not any_of:
        raise ValueError(
            say("source names {n} questions; write `any {listed} in {coded}`", n=len(names), listed=listed, coded=coded)
        )
    _check_once(codes)
    for name in names:
        check_codes(codes, form.by_name[name].choices,
                     to_say("source names {codes}, which is no answer to {name}; choose from {allowed}"),
                     name=name)  # fmt: skip
        if set(codes) >= set(form.by_name[name].choices):
            raise ValueError(say("source names every answer to {name}; name those that count", name=name))
    _check_counting(codes)
    read = partial(extractors.any_of, names, frozenset(codes))
    return KpiSource(read, names, codes=tuple(codes), is_remembered=bool(remembered))


def _read_items(form: Form, repeat: str, listed: str, detail: str = "", own: str = "") -> KpiSource:
    kinds = tuple(listed.split("|"))
    _check_once(kinds)
    if repeat != form.repeat.name:
        named = (say("did you mean {name}?", name=form.repeat.name) if form.repeat
                 else say("plan.toml names none in [repeat]"))  # fmt: skip
        raise ValueError(
            say("source names {repeat}, which is no repeat of the form; {named}", repeat=repeat, named=named)
        )
    check_codes(kinds, form.kinds,
                 to_say("source names {codes}, which is no kind of {repeat}; choose from {allowed}"),
                 repeat=repeat)  # fmt: skip
    if detail:
        details = {code for kind in kinds for code in form.detail_codes.get(kind, ())}
        check_codes([detail], sorted(details),
                     to_say("source names {codes}, which is no detail of {listed}; choose from {allowed}"),
                     listed=listed)  # fmt: skip
    _check_counting((*kinds, detail))
    read = partial(extractors.items, kinds, detail=detail or "", per_member=bool(own))
    return KpiSource(read, kinds)


def _read_number(form: Form, name: str) -> KpiSource:
    return KpiSource(partial(extractors.number, name), _questions(name, form, "integer"))


def _read_part(form: Form, name: str, total: str, times: str = "") -> KpiSource:
    """Read a number over its total, at most `times` as large."""
    asks, most = _questions(f"{name}, {total}", form, "integer"), float(times or 1)
    if most < 1:
        raise ValueError(
            say("source says up to {times} times, less than the total; write 1 or more, or leave it out", times=times)
        )
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
        raise ValueError(
            say("source names *{part} and *{whole}, but no question of the form ends so", part=part, whole=whole)
        )
    _questions(", ".join(name for pair in pairs for name in pair), form, "integer")
    return pairs


def _read_mean_within(form: Form, part: str, whole: str, least: str) -> KpiSource:
    pairs = _pairs(form, part, whole)
    read = partial(extractors.mean_within, pairs, _check_least(least, len(pairs), part))
    return KpiSource(read, tuple(name for pair in pairs for name in pair))


def _read_all_within(form: Form, part: str, whole: str, percent: str, least: str) -> KpiSource:
    pairs = _pairs(form, part, whole)
    if not 0 < float(percent) <= 100:
        raise ValueError(say("source names {percent} %, which is no part of a whole; write 1 to 100", percent=percent))
    at_least = _check_least(least, len(pairs), part)
    read = partial(extractors.all_within, pairs, at_least, float(percent) / 100)
    return KpiSource(read, tuple(name for pair in pairs for name in pair))


def _read_score(form: Form, name: str) -> KpiSource:
    asks = _questions(name, form, "select_one")
    question = form.by_name[name]
    scores, highest = question.scores, max(question.scores.values(), default=0)
    if lacking := [code for code in question.choices if code not in scores]:
        told = to_say(
            "source names the score of {name}, but list {listed} has none for {codes}; write one in choices.csv"
        )
        raise ValueError(say(told, name=name, listed=question.listed, codes=", ".join(lacking)))
    if not highest:
        raise ValueError(say(
            "source names the score of {name}, but all of list {listed} are 0; correct them", name=name,
            listed=question.listed,
        ))  # fmt: skip
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
        raise ValueError(say("source names {empty}, which lists no code that counts", empty=", ".join(empty)))
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

    pattern: str
    read: Callable[..., KpiSource]
    measures: str
    kind: str = ""


_ANSWERS = rf"(any )?(\w+\*?(?:, ?\w+\*?)*) in {_CODES}"
_ITEMS = rf"(\w+) of kind {_CODES}(?: with detail (\w+))?"
_SENTENCES = (
    _Sentence(_ANSWERS, _read_answers, "count_known count_ever sum_reported"),
    _Sentence(rf"{_ANSWERS}(, remembered)", _read_answers, "count_ever"),
    _Sentence(rf"any {_ITEMS}", _read_items, "count_ever", "any item"),
    _Sentence(_ITEMS, _read_items, "distinct_items"),
    _Sentence(rf"{_ITEMS}(, each member's own)", _read_items, "distinct_items", "own items"),
    _Sentence(r"(\w+)", _read_number, "sum_known sum_flow sum_reported"),
    _Sentence(r"(\w+) over (\w+)(?:, up to (\d+(?:\.\d+)?) times)?", _read_part, "sum_known"),
    _Sentence(r"(\w+) over (\w+)", _read_percentage, "mean_index"),
    _Sentence(r"(\w+) within (\w+)", _read_within, "sum_known"),
    _Sentence(rf"mean of {_SUFFIXES}, at least (\d+)", _read_mean_within, "mean_index", "mean of parts"),
    _Sentence(
        rf"every {_SUFFIXES} at (\d+(?:\.\d+)?) %, at least (\d+)", _read_all_within, "count_known", "every part"
    ),
    _Sentence(r"score of (\w+)", _read_score, "mean_index", "score"),
    _Sentence(r"codes in (\w+\*?)", _read_all_codes, "sum_known", "codes"),
    _Sentence(r"codes in (\w+) with (\w+\*)", _read_codes_among, "sum_known"),
    _Sentence(r"share of codes in (\w+\*?)", _read_share_of_codes, "mean_index", "share of codes"),
    _Sentence(r"a code in every (\w+\*)", _read_a_code_in_each, "count_known", "a code in each"),
    _Sentence(r"(\w+\*?)(?: named by ([1-9]\d*))?", _read_named_codes, "distinct_codes"),
)


@cache
def parse_source(measure: str, text: str, form: Form) -> KpiSource:
    """Parse a source of the returns, once. Raises ValueError with what is wrong and what is allowed."""
    for sentence in _SENTENCES:
        found = re.fullmatch(sentence.pattern, text)
        if found and measure in sentence.measures.split():
            return replace(sentence.read(form, *found.groups()), kind=sentence.kind or measure)
    raise syntax_error(text, measure)


def source_of(kpi: Kpi | Companion, form: Form) -> KpiSource:
    """Return how a KPI or companion of the returns is read from one return."""
    return parse_source(kpi.measure, kpi.source, form)


@cache
def list_part_totals(plan: Plan, form: Form) -> tuple[tuple[str, str, float], ...]:
    """Return the numbers that their KPI's source limits, each with its total and how often it may contain that."""
    sums = [source_of(kpi, form) for kpi in plan.kpis if kpi.measure == "sum_known"]
    return tuple((source.asks[0], source.total, source.times) for source in sums if source.times < math.inf)
