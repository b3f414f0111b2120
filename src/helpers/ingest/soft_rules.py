"""The rules that keep a value and warn of it, run on the returns that count (methodology, section 4)."""

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from helpers.ingest.hard_rules import EPSILON, CheckedReturn, ConfirmedValues, shown_number
from helpers.ingest.issues import CONFIRMED, Issue, make_issue
from helpers.ingest.reconcile import KnownLists, warn_lists
from helpers.ingest.records import ReceivedItem
from helpers.plan import Member, Plan, checks, extractors, quarters, questionnaire
from helpers.strings import fold

_Measure = Callable[[CheckedReturn], float | None]
_Found = Iterator[Issue]


@dataclass(frozen=True)
class LastKnown:
    """The returns that count, by quarter and member, to compare a return with earlier ones of its member."""

    counting: Mapping[tuple[str, str], CheckedReturn]
    quarters: Sequence[str]

    def last(self, checked: CheckedReturn, measure: _Measure) -> tuple[float, str] | None:
        """Return the latest earlier value of a measure, at any age, and its quarter."""
        own_quarter, member = checked.key
        for quarter in reversed(self.quarters):
            earlier = self.counting.get((quarter, member)) if quarter < own_quarter else None
            value = measure(earlier) if earlier else None
            if value is not None:
                return value, quarter
        return None

    def last_number(self, checked: CheckedReturn, question: str) -> tuple[float, str] | None:
        """Return the latest earlier count of a question, and its quarter."""
        return self.last(checked, lambda earlier: earlier.number(question))


def _ratio(part: str, whole: str) -> _Measure:
    """Return a function that divides a number by another: None without both, or where the other is 0."""

    def measure(checked: CheckedReturn) -> float | None:
        value, total = checked.number(part), checked.number(whole)
        return value / total if value is not None and total else None

    return measure


def _level(rule: checks.Rule, form: questionnaire.Form) -> _Measure:
    """Return a function that reads the number a rule is about: a question's, or that of the codes ticked in some."""
    if not rule.counts_codes:
        return lambda checked: checked.number(rule.question)
    names = rule.questions(form)
    return lambda checked: extractors.all_codes(names, extractors.CountedReturn(checked.key[1], checked.answers)).value


def warn_reference(rule: checks.Rule, checked: CheckedReturn, member: Member, form: questionnaire.Form) -> _Found:
    """V06, reference_soft: a total is within limits of its reference."""
    value, reference = checked.number(rule.question), member.references[form.totals[rule.question]]
    low, high = rule.low * reference, rule.high * reference
    if value is not None and not low - EPSILON <= value <= high + EPSILON:
        details = (shown_number(low), shown_number(high), reference)
        yield checked.issue("V06.reference", *details, question=rule.question, observed=value)


def warn_ratio(rule: checks.Rule, checked: CheckedReturn) -> _Found:
    """V06, ratio: one number is within limits of another."""
    ratio = _ratio(rule.question, rule.other)(checked)
    if ratio is not None and not rule.low - EPSILON <= ratio <= rule.high + EPSILON:
        details = (rule.other, shown_number(rule.low), shown_number(rule.high))
        yield checked.issue("V06.ratio", *details, question=rule.question, observed=f"{ratio:.1f}")


def warn_fall(rule: checks.Rule, checked: CheckedReturn, past: LastKnown, form: questionnaire.Form) -> _Found:
    """V08, fall: a stock does not fall by more than a part of the last known value."""
    measure, kept = _level(rule, form), 1 - rule.low
    value, last = measure(checked), past.last(checked, measure)
    if value is not None and last and value < kept * last[0] - EPSILON:
        details = (f"{kept * last[0]:g}", shown_number(last[0]), last[1])
        yield checked.issue("V08", *details, question=rule.subject, observed=shown_number(value))


def warn_share(rule: checks.Rule, checked: CheckedReturn, past: LastKnown) -> _Found:
    """V09, share_moves: a share moves by no more than so much."""
    measure = _ratio(rule.question, rule.other)
    share, last = measure(checked), past.last(checked, measure)
    if share is not None and last and abs(share - last[0]) > rule.high + EPSILON:
        details = (f"{100 * last[0]:.1f}", last[1], shown_number(round(100 * rule.high, 9)), rule.other)
        yield checked.issue("V09", *details, question=rule.question, observed=f"{100 * share:.1f}")


def _numbers(rule: checks.Rule, checked: CheckedReturn) -> tuple[list[int], bool]:
    """Return the numbers that a rule compares with, and whether all of them are answered."""
    numbers = [checked.number(question) for question in rule.others]
    return [number for number in numbers if number is not None], None not in numbers


def warn_running_total(rule: checks.Rule, checked: CheckedReturn, past: LastKnown) -> _Found:
    """V10, never_falls: a running total does not fall."""
    value, last = checked.number(rule.question), past.last_number(checked, rule.question)
    if value is not None and last and value < last[0]:
        yield checked.issue("V10.fall", *last, question=rule.question, observed=value)


def warn_less_than_part(rule: checks.Rule, checked: CheckedReturn) -> _Found:
    """V10, at_least_each: a running total is not below what the quarter adds to it."""
    value, (known, _) = checked.number(rule.question), _numbers(rule, checked)
    if value is not None and known and value < max(known):
        yield checked.issue("V10.each", max(known), question=rule.question, observed=value)


def warn_more_than_sum(rule: checks.Rule, checked: CheckedReturn) -> _Found:
    """V10, at_most_sum: a number is not above the sum of those that it is among."""
    value, (known, is_complete) = checked.number(rule.question), _numbers(rule, checked)
    if value is not None and is_complete and value > sum(known):
        yield checked.issue("V10.sum", sum(known), question=rule.question, observed=value)


def warn_copied(checked: CheckedReturn, past: LastKnown, form: questionnaire.Form) -> Iterator[Issue]:
    """V11: fewer than 90 % of the numbers equal those of the calendar quarter before, where 10 or more are in both."""
    before = past.counting.get((quarters.shift(checked.key[0], -1), checked.key[1]))
    pairs = [(checked.number(q), before.number(q)) for q in form.numbers] if before else []
    both = [(now, then) for now, then in pairs if now is not None and then is not None]
    same = sum(now == then for now, then in both)
    if len(both) >= 10 and same >= 0.9 * len(both) - EPSILON:
        yield checked.issue("V11", observed=f"{same}/{len(both)}")


def warn_zeros(checked: CheckedReturn, form: questionnaire.Form) -> Iterator[Issue]:
    """V12: not every number is 0."""
    numbers = {checked.number(question) for question in form.numbers}
    if 0 in numbers and numbers <= {0, None}:
        yield checked.issue("V12", observed="0")


def warn_codes(rule: checks.Rule, checked: CheckedReturn) -> _Found:
    """V13, needs_code: one code does not go without another."""
    (code, needed), codes = rule.needs, checked.answers[rule.question].value.split()
    if code in codes and needed not in codes:
        yield checked.issue("V13", code, needed, question=rule.question, observed=" ".join(codes))


def warn_date(rule: checks.Rule, checked: CheckedReturn) -> _Found:
    """V14, needs_date: what is so since a day has that day, not after the quarter's end."""
    answer, day = checked.answers[rule.others[0]].value, checked.answers[rule.question].value
    end = quarters.quarter_end(checked.key[0]).isoformat()
    if day > end:
        yield checked.issue("V14.late", end, question=rule.question, observed=day)
    elif answer in rule.answers and not day:
        yield checked.issue("V14.missing", rule.others[0], answer, question=rule.question)


def warn_items(checked: CheckedReturn, repeat: questionnaire.Repeat) -> Iterator[Issue]:
    """V15: an item is dated in the quarter, and has a reference or a title."""
    start, end = (day(checked.key[0]).isoformat() for day in (quarters.quarter_start, quarters.quarter_end))
    for item in checked.items or ():
        day, title, reference = item.answers["date"], item.answers["title"].value, item.answers["reference"].value
        if not item.answers["kind"].value:
            continue
        if day.rule or (day.value and not start <= day.value <= end):
            details = (f"{start} - {end}", reference or title)
            yield make_issue("V15.date", item.place, *details, question=repeat.question("date"), observed=day.raw)
        if not reference.strip() and not fold(title):
            yield make_issue("V15.nameless", item.place, question=repeat.question("reference"))


def warn_stated(checked: CheckedReturn, repeat: questionnaire.Repeat) -> Iterator[Issue]:
    """V15: the answer whether there are items agrees with the items listed."""
    question = repeat.asked
    stated, items = checked.answers.get(question, questionnaire.UNANSWERED), checked.items or ()
    if stated.value == "no" and items:
        yield checked.issue("V15.no", len(items), question=question, observed=stated.raw)
    elif stated.value == "yes" and not items:
        yield checked.issue("V15.yes", question=question, observed=stated.raw)


def warn_pair(rule: checks.Rule, checked: CheckedReturn) -> _Found:
    """V16, both_or_neither: neither of two things is above 0 while the other is 0."""
    (known, is_complete), value = _numbers(rule, checked), checked.number(rule.question)
    if value is None or not known:
        return
    nothing = is_complete and not any(known)
    if (any(known) and value == 0) or (nothing and value > 0):
        yield checked.issue("V16", sum(known), ", ".join(rule.others), question=rule.question, observed=value)


def warn_magnitude(checked: CheckedReturn, past: LastKnown, form: questionnaire.Form) -> Iterator[Issue]:
    """V18: no number is within 5 % of 10, 100 or 1000 times the last known one."""
    for question in form.numbers:
        value = checked.number(question)
        last = past.last_number(checked, question) if value else None
        for factor in (10, 100, 1000) if last and last[0] else ():
            if abs(value / (factor * last[0]) - 1) <= 0.05 + EPSILON:
                yield checked.issue("V18", last[0], factor, last[1], question=question, observed=value)


def warn_outliers(rule: checks.Rule, returns: Sequence[CheckedReturn]) -> _Found:
    """V17: among a quarter's returns no ratio is an outlier: modified z-score in size, on log(1 + x)."""
    part, whole = rule.question, rule.other
    known = [(checked, checked.number(part), checked.number(whole)) for checked in returns]
    ratios = [(checked, value, total) for checked, value, total in known if value is not None and total]
    limits = _usual_range([math.log1p(value / total) for _, value, total in ratios], rule.high)
    for checked, value, total in ratios if limits else ():
        low, high = (total * math.expm1(limit) for limit in limits)
        if not low - EPSILON * total <= value <= high + EPSILON * total:
            details = (*(str(round(max(limit, 0), 1)).removesuffix(".0") for limit in (low, high)), whole, total)
            yield checked.issue("V17", *details, question=part, observed=value)


def _usual_range(values: Sequence[float], most: float) -> tuple[float, float] | None:
    """Return where 0.6745·(x − median)/MAD is within a limit; None below 8 members or when the MAD is 0."""
    if len(values) < 8:
        return None
    median = statistics.median(values)
    spread = most / 0.6745 * statistics.median(abs(x - median) for x in values)
    return (median - spread, median + spread) if spread > 0 else None


def warn_references(counting: Iterable[CheckedReturn], repeat: questionnaire.Repeat) -> Iterator[Issue]:
    """V23: two members that use one reference give it one title (folded)."""
    uses: dict[str, list[tuple[str, str, str, ReceivedItem]]] = defaultdict(list)
    for checked in counting:
        for item in checked.items or ():
            title, reference = item.answers["title"].value, item.answers["reference"].value.strip()
            if reference and item.answers["kind"].value and fold(title):
                uses[reference.casefold()].append((checked.key[1], title, reference, item))
    for same in uses.values():
        for member, title, reference, item in same:
            others = ((other, theirs) for other, theirs, *_ in same if other != member and fold(theirs) != fold(title))
            differing = next(others, None)
            if differing:
                facts = {"question": repeat.question("reference"), "observed": title}
                yield make_issue("V23", item.place, reference, *differing, **facts)


def _warn_by_rules(checked: CheckedReturn, past: LastKnown, plan: Plan, form: questionnaire.Form) -> _Found:
    """Run the checks of rules.csv that look at one return."""
    by_name = {
        "reference_soft": lambda rule: warn_reference(rule, checked, plan.by_iso3[checked.key[1]], form),
        "ratio": lambda rule: warn_ratio(rule, checked),
        "fall": lambda rule: warn_fall(rule, checked, past, form),
        "share_moves": lambda rule: warn_share(rule, checked, past),
        "never_falls": lambda rule: warn_running_total(rule, checked, past),
        "at_least_each": lambda rule: warn_less_than_part(rule, checked),
        "at_most_sum": lambda rule: warn_more_than_sum(rule, checked),
        "needs_code": lambda rule: warn_codes(rule, checked),
        "needs_date": lambda rule: warn_date(rule, checked),
        "both_or_neither": lambda rule: warn_pair(rule, checked),
    }
    for rule in checks.expand(plan.rules, form):
        if check := by_name.get(rule.check):
            yield from check(rule)


def list_warnings(
    counting: Sequence[CheckedReturn],
    plan: Plan,
    form: questionnaire.Form,
    confirmed: ConfirmedValues,
    lists: KnownLists,
) -> list[Issue]:
    """Run the soft rules on the versions that count, and hold them against the lists of offices."""
    past = LastKnown({checked.key: checked for checked in counting}, sorted({checked.key[0] for checked in counting}))
    issues: list[Issue] = []
    for checked in counting:
        issues += _warn_by_rules(checked, past, plan, form)
        issues += warn_copied(checked, past, form)
        issues += warn_zeros(checked, form)
        issues += warn_items(checked, form.repeat)
        issues += warn_stated(checked, form.repeat)
        issues += warn_magnitude(checked, past, form)
    for quarter in past.quarters:
        returns = [checked for checked in counting if checked.key[0] == quarter]
        for rule in checks.expand(plan.rules, form):
            issues += warn_outliers(rule, returns) if rule.check == "outlier" else ()
    issues += [*warn_references(counting, form.repeat), *warn_lists(counting, lists)]
    return [_mention_confirmed(issue, past, confirmed) for issue in issues]


def _mention_confirmed(issue: Issue, past: LastKnown, confirmed: ConfirmedValues) -> Issue:
    """Say of an issue on a value that its member has confirmed that nothing is asked any more."""
    value, answers = confirmed.get((issue.quarter, issue.member, issue.question)), past.counting
    answer = None if value is None else answers[issue.quarter, issue.member].answers.get(issue.question)
    return replace(issue, details=(*issue.details, CONFIRMED)) if answer and answer.number == value else issue


def mark_unusual(
    checked: CheckedReturn, questioned: Collection[str], plan: Plan, form: questionnaire.Form
) -> CheckedReturn:
    """Mark as unusual (U) the answers that a warning questions, or all of them when the tool has the return on hold."""
    counted = (rule for rule in plan.rules if rule.counts_codes and rule.subject in questioned)
    names = {*questioned, *(name for rule in counted for name in rule.questions(form))}
    unusual = {
        name: answer._replace(state=questionnaire.UNUSUAL)
        for name, answer in checked.answers.items()
        if (name in names or checked.entry.received.on_hold) and answer.state == questionnaire.ANSWERED
    }
    return replace(checked, answers=checked.answers | unusual)
