"""The rules that withdraw a value: V03, V07, V05, V04 and V10, in this order (methodology, section 4)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from helpers.ingest.issues import Issue, Phrase, Place, make_issue
from helpers.ingest.records import ReceivedItem
from helpers.ingest.versions import LedgerEntry
from helpers.plan import Member, Plan, questionnaire, sources
from helpers.strings import without_invisible

EPSILON = 1e-9  # allowed in comparisons with a limit
_TRAINED_PER_STAFF = 1.2  # may exceed the staff: some of those trained have left since
# Part and total in the order of V04: electrified before alternative power, which is compared with it. The plan's KPIs
# add theirs.
_PARTS = (
    ("offices_connected", "offices_total"), ("offices_networked", "offices_total"),
    ("offices_electrified", "offices_total"), ("offices_alternative_power", "offices_electrified"),
    ("staff_women", "staff_total"),
)  # fmt: skip

CheckedAnswers = dict[str, questionnaire.Answer]
ConfirmedValues = Mapping[tuple[str, str, str], int]  # by quarter, member and question


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
    return replace(answer, value="", state=questionnaire.MISSING, rule=rule)


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


def _check_totals(
    answers: CheckedAnswers, member: Member, place: Place, confirmed: ConfirmedValues, form: questionnaire.Form
) -> Iterator[Issue]:
    """V05: totals within ×0.2…×5 of the reference, unless the member confirmed the value."""
    for question, column in form.totals.items():
        value, reference = answers[question].number, member.references[column]
        if value is None or confirmed.get((place.quarter, member.member, question)) == value:
            continue
        low, high = 0.2 * reference, 5 * reference
        if not low - EPSILON <= value <= high + EPSILON:
            answers[question] = _withdrawn(answers[question], "V05")
            yield make_issue("V05", place, f"{low:g}", f"{high:g}", reference, question=question, observed=str(value))


def _check_parts(
    answers: CheckedAnswers,
    member: Member,
    place: Place,
    parts: Iterable[tuple[str, str]],
    form: questionnaire.Form,
) -> Iterator[Issue]:
    """V04: no part above its total; without the total, none above 5 × its reference, if it has one."""
    for part, whole in parts:
        value, limit, source = answers[part].number, answers[whole].number, whole
        if limit is None and whole in form.totals:
            reference = member.references[form.totals[whole]]
            limit, source = 5 * reference, f"5 × {reference}"
        if value is not None and limit is not None and value > limit:
            answers[part] = _withdrawn(answers[part], "V04")
            yield make_issue("V04", place, source, limit, question=part, observed=str(value))


def _check_trained(answers: CheckedAnswers, member: Member, place: Place) -> Iterator[Issue]:
    """V10: trained_cumulative within 1.2 × staff_total; without that total, 1.2 × 5 × its reference."""
    question = "trained_cumulative"
    value, staff = answers[question].number, answers["staff_total"].number
    limit = _TRAINED_PER_STAFF * (5 * member.references["reference_staff"] if staff is None else staff)
    if value is not None and value > limit + EPSILON:
        answers[question] = _withdrawn(answers[question], "V10")
        source = f"staff_total {staff}" if staff is not None else f"5 × {member.references['reference_staff']}"
        yield make_issue("V10.cap", place, source, f"{limit:g}", question=question, observed=str(value))


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
    answers, parts = dict(received.answers), dict.fromkeys((*_PARTS, *sources.list_part_totals(plan, form)))
    checked_items = [_check_item(item, form.at(entry.quarter)) for item in received.items or ()]
    issues = [
        *_list_unreadable(answers, form, received.place),
        *_check_totals(answers, member, received.place, confirmed, form),
        *_check_parts(answers, member, received.place, parts, form),
        *_check_trained(answers, member, received.place),
        *(issue for _, found in checked_items for issue in found),
    ]
    items = None if received.items is None else tuple(item for item, _ in checked_items)
    return CheckedReturn(entry, answers, items), issues
