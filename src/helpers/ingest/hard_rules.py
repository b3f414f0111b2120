"""The rules that withdraw a value: V03, V07, V05, V04 and V10, in this order (methodology, section 4)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from helpers.ingest.issues import Issue, Phrase, Place, make_issue
from helpers.ingest.records import ReceivedItem
from helpers.ingest.versions import LedgerEntry
from helpers.plan import Member, Plan, checks, questionnaire, sources
from helpers.strings import without_invisible

EPSILON = 1e-9  # allowed in comparisons with a limit
_PART_KEYS = {"V04": "V04", "V10": "V10.part"}  # of the issues of parts, in issues.csv

CheckedAnswers = dict[str, questionnaire.Answer]
ConfirmedValues = Mapping[tuple[str, str, str], int]  # by quarter, member and question


def shown_number(value: float) -> str:
    """Return a limit as a message has it: whole where it is, never as a power of ten."""
    return f"{value:.0f}" if value == round(value) else f"{value:g}"


@dataclass(frozen=True)
class CheckedReturn:
    """An accepted return after the hard rules: its remaining answers and items."""

    entry: LedgerEntry
    answers: CheckedAnswers
    items: tuple[ReceivedItem, ...] | None

    @property
    def place(self) -> Place:
        """Where it was read."""
        return self.entry.received.place

    @property
    def key(self) -> tuple[str, str]:
        """Its quarter and member."""
        return self.entry.quarter, self.entry.member

    def number(self, question: str) -> int | None:
        """Return the count answered to a question, None without one."""
        return self.answers[question].number

    def issue(self, key: str, *details: object, question: str = "", observed: object = "") -> Issue:
        """Make an issue of the return, or of its answer to a question."""
        return make_issue(key, self.place, *details, question=question, observed=str(observed))


def _withdrawn(answer: questionnaire.Answer, rule: str) -> questionnaire.Answer:
    return answer._replace(value="", state=questionnaire.MISSING, rule=rule)


def _list_unreadable(answers: CheckedAnswers, form: questionnaire.Form, place: Place) -> Iterator[Issue]:
    """V03, V07: report the values that were withdrawn in reading."""
    for name, answer in answers.items():
        question, seen = form.by_name[name], {"question": name, "observed": answer.raw}
        if answer.rule == "V03":
            yield make_issue("V03.date" if question.type == "date" else "V03.number", place, _unseen(answer), **seen)
        elif answer.rule == "V07":
            yield make_issue("V07.choice", place, " | ".join(question.choices), _unseen(answer), **seen)


def _unseen(answer: questionnaire.Answer) -> Phrase | str:
    """Say what a person does not see of an answer: what the file holds instead, or invisible characters."""
    if answer.held:
        return Phrase("phrase.held", answer.held)
    return Phrase("phrase.invisible") if without_invisible(answer.raw) != answer.raw else ""


def _find_limits(plan: Plan, form: questionnaire.Form, member: Member) -> dict[str, tuple[float, float, int]]:
    """Return the limits of each total that has a reference and rule V05: lowest, highest, and the reference."""
    rules = [rule for rule in checks.expand(plan.rules, form) if rule.check == "reference"]
    references = {rule: member.references[form.totals[rule.question]] for rule in rules}
    return {rule.question: (rule.low * n, rule.high * n, n) for rule, n in references.items()}


def _check_totals(
    answers: CheckedAnswers, place: Place, limits: Mapping[str, tuple[float, float, int]], confirmed: ConfirmedValues
) -> Iterator[Issue]:
    """V05: totals within limits of their reference, unless the member confirmed the value."""
    for question, (low, high, reference) in limits.items():
        value = answers[question].number
        if value is None or confirmed.get((place.quarter, place.member, question)) == value:
            continue
        if not low - EPSILON <= value <= high + EPSILON:
            answers[question] = _withdrawn(answers[question], "V05")
            yield make_issue(
                "V05", place, shown_number(low), shown_number(high), reference, question=question, observed=str(value)
            )


def _list_parts(plan: Plan, form: questionnaire.Form) -> Iterator[tuple[str, str, str, float]]:
    """Yield rule, part, whole and how often the part may contain it: by rules.csv, then by the KPIs' sources.

    A part of a part is checked after it, in the order of the rows, so that what was withdrawn limits nothing.
    """
    rules = [rule for rule in checks.expand(plan.rules, form) if rule.check == "part"]
    ruled = [(rule.rule, rule.question, rule.other, rule.high) for rule in rules]
    named = {(part, whole) for _, part, whole, _ in ruled}
    own = [("V10" if times > 1 else "V04", *each, times) for *each, times in sources.list_part_totals(plan, form)]
    yield from sorted([*ruled, *(part for part in own if part[1:3] not in named)], key=lambda part: part[0])


def _check_parts(
    answers: CheckedAnswers,
    place: Place,
    parts: Iterable[tuple[str, str, str, float]],
    limits: Mapping[str, tuple[float, float, int]],
) -> Iterator[Issue]:
    """V04, V10: no part above its total, or a multiple; without the total, above the most that V05 lets it be."""
    for rule, part, whole, times in parts:
        value, limit, source = answers[part].number, answers[whole].number, whole
        if limit is None and whole in limits:
            _, limit, reference = limits[whole]
            source = f"{limit / reference:g} × {reference}"
        if value is not None and limit is not None and value > times * limit + EPSILON:
            answers[part] = _withdrawn(answers[part], rule)
            details = (source, shown_number(times * limit))
            yield make_issue(_PART_KEYS[rule], place, *details, question=part, observed=str(value))


def _check_item(item: ReceivedItem, form: questionnaire.Form) -> tuple[ReceivedItem, list[Issue]]:
    """V03, V07 in the repeat: an unknown kind withdraws the item, an unknown detail only the detail."""
    answers, issues = dict(item.answers), []

    def report(key: str, name: str, expected: Phrase | str = "") -> None:
        question = form.repeat.question(name)
        issues.append(make_issue(key, item.place, expected, question=question, observed=item.answers[name].raw))

    for name, answer in answers.items():
        if answer.rule == "V03":
            report("V03.date" if name == "date" else "V03.number", name, _unseen(answer))
    kind, detail = answers["kind"], answers["detail"]
    codes = form.detail_codes.get(kind.value)
    if kind.state not in questionnaire.REPORTED_STATES:
        report("V07.kind", "kind", " | ".join(form.kinds))
        answers["kind"] = _withdrawn(kind, "V07")
    elif codes and detail.is_reported and detail.value.strip() not in codes:
        report("V07.detail", "detail", " | ".join(sorted(codes)))
        answers["detail"] = _withdrawn(detail, "V07")
    return replace(item, answers=answers), issues


def check_values(
    entry: LedgerEntry, plan: Plan, form: questionnaire.Form, confirmed: ConfirmedValues
) -> tuple[CheckedReturn, list[Issue]]:
    """Run the hard rules on an accepted return. Withdrawn values take no part in later rules."""
    received, member = entry.received, plan.by_iso3[entry.member]
    answers, limits = dict(received.answers), _find_limits(plan, form, member)
    checked_items = [_check_item(item, form.at(entry.quarter)) for item in received.items or ()]
    issues = [
        *_list_unreadable(answers, form, received.place),
        *_check_totals(answers, received.place, limits, confirmed),
        *_check_parts(answers, received.place, _list_parts(plan, form), limits),
        *(issue for _, found in checked_items for issue in found),
    ]
    items = None if received.items is None else tuple(item for item, _ in checked_items)
    return CheckedReturn(entry, answers, items), issues
