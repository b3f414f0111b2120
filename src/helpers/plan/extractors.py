"""Extracts the value of a KPI or companion from the answers of one return (methodology, section 5)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from helpers.plan.questionnaire import NOT_APPLICABLE, UNANSWERED, Answer
from helpers.strings import fold

# Answers that select nothing of the list: they never count as a code.
NEUTRAL_CODES = frozenset({"none", "other"})

Answers = Mapping[str, Answer]


@dataclass(frozen=True)
class Extract:
    """What one return reports: `value` is None if not reported; `ends` if not applicable, which ends carrying."""

    value: float | None = None
    total: float | None = None
    codes: frozenset[str] = frozenset()
    ends: bool = False


NO_EXTRACT = Extract()


@dataclass(frozen=True)
class Item:
    """One item of the repeat of a counted return; withdrawn fields are blank."""

    kind: str
    reference: str
    title: str
    detail: str

    def key(self, member: str) -> str:
        """Return what identifies it: its reference, else the member and its title (4.x); blank without either."""
        reference = self.reference.strip().casefold()
        title = fold(self.title)
        return reference or (f"{member}: {title}" if title else "")


@dataclass(frozen=True)
class CountedReturn:
    """A member's return that counts for a quarter; `items` is None without the part of the repeat."""

    member: str
    answers: Answers
    items: tuple[Item, ...] | None = None


Extractor = Callable[[CountedReturn], Extract]


def answer_to(answers: Answers, question: str) -> Answer:
    """Return the answer to a question; one that the return does not have is unanswered."""
    return answers.get(question, UNANSWERED)


def _no_extract(*answers: Answer) -> Extract:
    return Extract(ends=any(answer.state == NOT_APPLICABLE for answer in answers))


# A function below that takes more than the return is made an extractor by `partial`, which fills in the rest.


def number(question: str, counted: CountedReturn, total: str = "") -> Extract:
    """Read a count, with its total where it is a part of one."""
    answer = answer_to(counted.answers, question)
    whole = answer_to(counted.answers, total).number if total else None
    return _no_extract(answer) if answer.number is None else Extract(answer.number, whole)


def percentage(question: str, total: str, counted: CountedReturn) -> Extract:
    """Read a count in percent of its total, at most 100; not reported where the total is 0."""
    part, whole = (answer_to(counted.answers, name) for name in (question, total))
    if part.number is None or whole.number is None:
        return _no_extract(part, whole)
    return Extract(100 * min(1, part.number / whole.number)) if whole.number else NO_EXTRACT


def within(question: str, total: str, counted: CountedReturn) -> Extract:
    """Read a count, at most its total, with the total; NA when either is."""
    part, whole = (answer_to(counted.answers, name) for name in (question, total))
    if part.number is None or whole.number is None:
        return _no_extract(part, whole)
    return Extract(min(part.number, whole.number), whole.number)


def score(question: str, percents: Mapping[str, float], counted: CountedReturn) -> Extract:
    """Read a choice as the percentage that its code stands for."""
    answer = answer_to(counted.answers, question)
    return Extract(percents.get(answer.value, 0)) if answer.is_reported else _no_extract(answer)


def selected_codes(question: str, counted: CountedReturn) -> Extract:
    """Read the codes that are ticked and their number."""
    answer = answer_to(counted.answers, question)
    if not answer.is_reported:
        return _no_extract(answer)
    codes = frozenset(answer.value.split()) - NEUTRAL_CODES
    return Extract(len(codes), codes=codes)


def offered_codes(question: str, counted: CountedReturn) -> Extract:
    """Read the codes that are ticked; not applicable means that nothing is offered: 0, and reported."""
    if answer_to(counted.answers, question).state == NOT_APPLICABLE:
        return Extract(0)
    return selected_codes(question, counted)


def _all_offered(questions: Iterable[str], counted: CountedReturn) -> list[Extract] | None:
    """Return what each question offers; None where one is not reported."""
    offered = [offered_codes(question, counted) for question in questions]
    return None if any(each.value is None for each in offered) else offered


def all_codes(questions: tuple[str, ...], counted: CountedReturn) -> Extract:
    """Read the codes of several questions and how many there are; not reported where one question is not."""
    offered = _all_offered(questions, counted)
    if offered is None:
        return NO_EXTRACT
    codes = frozenset().union(*(each.codes for each in offered))
    return Extract(sum(each.value for each in offered), codes=codes)


def codes_among(question: str, questions: tuple[str, ...], counted: CountedReturn) -> Extract:
    """Read how many codes one of several questions has; reported only where all of them are."""
    is_reported = _all_offered(questions, counted) is not None
    return Extract(offered_codes(question, counted).value) if is_reported else NO_EXTRACT


def a_code_in_each(questions: tuple[str, ...], counted: CountedReturn) -> Extract:
    """Read whether each of several questions has a code; reported only where all of them are."""
    offered = _all_offered(questions, counted)
    return NO_EXTRACT if offered is None else Extract(float(all(each.value for each in offered)))


def share_of_codes(sizes: tuple[tuple[str, int], ...], counted: CountedReturn) -> Extract:
    """Read the mean, 0-100, of the codes that each question has in percent of those that it lists, its size."""
    offered = _all_offered((question for question, _ in sizes), counted)
    if offered is None:
        return NO_EXTRACT
    percents = [100 * each.value / size for each, (_, size) in zip(offered, sizes, strict=True)]
    return Extract(sum(percents) / len(percents))


def _combine_ratios(
    pairs: tuple[tuple[str, str], ...], least: int, counted: CountedReturn, combine: Callable[[list[float]], float]
) -> Extract:
    """Combine count/total of the pairs with a total above 0: of `least` pairs, or of all that have one.

    With fewer it is not reported; it is not applicable where every total is.
    """
    both = [within(*pair, counted) for pair in pairs]
    ratios = [each.value / each.total for each in both if each.value is not None and each.total]
    totals = [answer_to(counted.answers, total) for _, total in pairs]
    all_answered = all(answer.is_reported or answer.state == NOT_APPLICABLE for answer in totals)
    all_known = all_answered and len(ratios) == sum(bool(answer.number) for answer in totals)
    if len(ratios) >= least or (ratios and all_known):
        return Extract(combine(ratios))
    return Extract(ends=all(answer.state == NOT_APPLICABLE for answer in totals))


def mean_within(pairs: tuple[tuple[str, str], ...], least: int, counted: CountedReturn) -> Extract:
    """Read the mean of counts within their totals, 0-100; see `_combine_ratios`."""
    return _combine_ratios(pairs, least, counted, lambda ratios: 100 * sum(ratios) / len(ratios))


def all_within(pairs: tuple[tuple[str, str], ...], least: int, share: float, counted: CountedReturn) -> Extract:
    """Read whether every count reaches a share of its total; see `_combine_ratios`."""
    return _combine_ratios(pairs, least, counted, lambda ratios: float(all(ratio >= share - 1e-9 for ratio in ratios)))


def any_of(questions: tuple[str, ...], codes: frozenset[str], counted: CountedReturn) -> Extract:
    """Read whether any of the questions has one of the codes; reported when one is answered, NA when all are NA."""
    answers = [answer_to(counted.answers, question) for question in questions]
    reported = [answer for answer in answers if answer.is_reported]
    if not reported:
        return Extract(ends=all(answer.state == NOT_APPLICABLE for answer in answers))
    return Extract(float(any(codes.intersection(answer.value.split()) for answer in reported)))


def items(kinds: tuple[str, ...], counted: CountedReturn, detail: str = "", per_member: bool = False) -> Extract:
    """Read the items of some kinds as codes; reported when the return has the part of the repeat."""
    if counted.items is None:
        return NO_EXTRACT
    wanted = [i for i in counted.items if i.kind in kinds and (not detail or i.detail == detail)]
    keys = {item.key(counted.member) for item in wanted} - {""}
    codes = frozenset(f"{counted.member}: {key}" for key in keys) if per_member else frozenset(keys)
    return Extract(float(bool(codes)), codes=codes)
