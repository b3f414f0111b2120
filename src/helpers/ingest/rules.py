"""The checks: from returns as read to answers with their states, and what the checks have to say (section 4)."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from helpers.ingest.issues import Issue, Phrase, Place, issues_known_by, make_issue
from helpers.ingest.records import Received, ReceivedItem
from helpers.ingest.registers import Registers
from helpers.ingest.versions import RETURN_REFUSED, LedgerEntry, build_ledger, read_histories
from helpers.plan import Member, Plan, extractors, quarters, questionnaire, sources
from helpers.strings import fold, without_invisible

_EPSILON = 1e-9
OFFICE_QUESTIONS = (
    "offices_total", "offices_electrified", "offices_alternative_power", "offices_connected", "offices_networked",
)  # fmt: skip
# Part and whole, in the order of V04: electrified before alternative power, which is compared with it. Besides these,
# what a KPI of the plan takes as a part of a total.
_PARTS = (
    ("offices_connected", "offices_total"), ("offices_networked", "offices_total"),
    ("offices_electrified", "offices_total"), ("offices_alternative_power", "offices_electrified"),
    ("staff_women", "staff_total"),
)  # fmt: skip
_WIDE, _NARROW = (0.2, 5), (0.5, 2)
_STAFF_PER_OFFICE = (2, 15)
_SERVICES = tuple(f"services_{family}" for family in extractors.SERVICE_FAMILIES)

CheckedAnswers = dict[str, questionnaire.Answer]
ConfirmedValues = Mapping[tuple[str, str, str], int]


@dataclass(frozen=True)
class CheckedReturn:
    """A return in the ledger after the hard rules: its answers and its items as they stand."""

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
        """The count that stands for a question, None without one."""
        return self.answers[question].number


# --- hard rules: a value is withdrawn ---------------------------------------------------------------------------


def _withdraw(answers: CheckedAnswers, question: str, rule: str) -> None:
    answers[question] = replace(answers[question], value="", state=questionnaire.MISSING, rule=rule)


def _reference(member: Member, question: str) -> int:
    return member.reference_staff if question.startswith("staff") else member.reference_offices


def _unread(answers: CheckedAnswers, form: questionnaire.Form, place: Place) -> Iterator[Issue]:
    """Tell of the values that broke V03 or V07 in reading."""
    for name, answer in answers.items():
        question = form.by_name[name]
        hidden = Phrase("phrase.invisible") if without_invisible(answer.raw) != answer.raw else ""
        if answer.rule == "V03":
            key = "V03.date" if question.type == "date" else "V03.number"
            yield make_issue(key, place, hidden, question=name, observed=answer.raw)
        elif answer.rule == "V07":
            listed = " | ".join(question.choices)
            yield make_issue("V07.choice", place, listed, hidden, question=name, observed=answer.raw)


def _check_references(
    answers: CheckedAnswers, member: Member, place: Place, confirmed: ConfirmedValues
) -> Iterator[Issue]:
    """V05: totals within ×0.2…×5 of the reference, unless the member stands by the value."""
    for question in ("offices_total", "staff_total"):
        value, reference = answers[question].number, _reference(member, question)
        if value is None or confirmed.get((place.quarter, member.member, question)) == value:
            continue
        low, high = (factor * reference for factor in _WIDE)
        if not low - _EPSILON <= value <= high + _EPSILON:
            _withdraw(answers, question, "V05")
            yield make_issue("V05", place, f"{low:g}", f"{high:g}", reference, question=question, observed=str(value))


def _check_parts(
    answers: CheckedAnswers, member: Member, place: Place, parts: Iterable[tuple[str, str]]
) -> Iterator[Issue]:
    """V04: no part above its whole; where the whole does not stand, above 5 × its reference, if it has one."""
    for part, whole in parts:
        value, total = answers[part].number, answers[whole].number
        if value is None or (total is None and whole not in sources.REFERENCE_COLUMNS):
            continue
        limit = 5 * _reference(member, whole) if total is None else total
        if value > limit:
            source = f"5 × {_reference(member, whole)}" if total is None else whole
            _withdraw(answers, part, "V04")
            yield make_issue("V04", place, source, limit, question=part, observed=str(value))


def _check_trained(answers: CheckedAnswers, member: Member, place: Place) -> Iterator[Issue]:
    """V10, hard: trained_cumulative within 1.2 × staff_total, or 1.2 × 5 × its reference where it does not stand."""
    value, staff = answers["trained_cumulative"].number, answers["staff_total"].number
    limit = extractors.TRAINED_PER_STAFF * (5 * member.reference_staff if staff is None else staff)
    if value is not None and value > limit + _EPSILON:
        _withdraw(answers, "trained_cumulative", "V10")
        source = f"staff_total {staff}" if staff is not None else f"5 × {member.reference_staff}"
        yield make_issue("V10.cap", place, source, f"{limit:g}", question="trained_cumulative", observed=str(value))


def _check_item(item: ReceivedItem, form: questionnaire.Form) -> tuple[ReceivedItem, list[Issue]]:
    """V03 and V07 within the repeat: an unknown kind withdraws the item, an unknown detail the detail only."""
    answers, found = dict(item.answers), []
    for name in ("date", "local_experts"):
        if answers[name].rule == "V03":
            key = "V03.date" if name == "date" else "V03.number"
            found.append(make_issue(key, item.place, "", question=f"innovations.{name}", observed=answers[name].raw))
    kind = answers["kind"]
    if not kind.is_reported:
        kinds = next(field.choices for field in form.fields if field.name == "kind")
        found.append(
            make_issue("V07.kind", item.place, " | ".join(kinds), question="innovations.kind", observed=kind.raw)
        )
        return replace(
            item, answers=answers | {"kind": replace(kind, value="", state=questionnaire.MISSING, rule="V07")}
        ), found
    codes, detail = form.detail_codes.get(kind.value), answers["detail"]
    if codes and detail.is_reported and detail.value.strip() not in codes:
        answers["detail"] = replace(detail, value="", state=questionnaire.MISSING, rule="V07")
        expected = " | ".join(sorted(codes))
        found.append(make_issue("V07.detail", item.place, expected, question="innovations.detail", observed=detail.raw))
    return replace(item, answers=answers), found


def check_values(
    entry: LedgerEntry, plan: Plan, form: questionnaire.Form, confirmed: ConfirmedValues
) -> tuple[CheckedReturn, list[Issue]]:
    """Run the hard rules on an accepted return, in the order V03, V07, V05, V04, V10.

    A withdrawn value takes no part in later rules.
    """
    one, member = entry.received, plan.by_iso3[entry.member]
    answers, parts = dict(one.answers), dict.fromkeys((*_PARTS, *sources.list_part_totals(plan, form)))
    found = [
        *_unread(answers, form, one.place),
        *_check_references(answers, member, one.place, confirmed),
        *_check_parts(answers, member, one.place, parts),
        *_check_trained(answers, member, one.place),
    ]
    if one.items is None:
        return CheckedReturn(entry, answers, None), found
    checked = [_check_item(item, form) for item in one.items]
    found += [problem for _, problems in checked for problem in problems]
    return CheckedReturn(entry, answers, tuple(item for item, _ in checked)), found


# --- soft rules: a value is kept, and questioned ----------------------------------------------------------------


@dataclass(frozen=True)
class LastKnown:
    """The counting returns, by quarter and member, to compare one with what was known before it."""

    counting: Mapping[tuple[str, str], CheckedReturn]
    quarters: Sequence[str]

    def last(self, checked: CheckedReturn, question: str) -> tuple[int, str] | None:
        """Return the latest earlier count of a question, at any age, and its quarter."""
        return self._last(checked, lambda earlier: earlier.number(question))

    def _last(self, checked: CheckedReturn, value: object) -> tuple[float, str] | None:
        for quarter in reversed([q for q in self.quarters if q < checked.key[0]]):
            earlier = self.counting.get((quarter, checked.key[1]))
            found = value(earlier) if earlier else None
            if found is not None:
                return found, quarter
        return None

    def last_services(self, checked: CheckedReturn) -> tuple[float, str] | None:
        """Return the latest earlier number of live services and its quarter."""
        return self._last(checked, _live_services)

    def last_share(self, checked: CheckedReturn) -> tuple[float, str] | None:
        """Return the latest earlier share connected and its quarter."""
        return self._last(checked, _share_connected)


def _live_services(checked: CheckedReturn) -> float | None:
    return extractors.live_services(extractors.CountedReturn(checked.key[1], checked.answers)).value


def _share_connected(checked: CheckedReturn) -> float | None:
    connected, total = checked.number("offices_connected"), checked.number("offices_total")
    return connected / total if connected is not None and total else None


def _confirmed_words(confirmed: ConfirmedValues, checked: CheckedReturn, question: str) -> Phrase | str:
    value = confirmed.get((*checked.key, question))
    stands = value is not None and value == checked.number(question)
    return Phrase("phrase.confirmed") if stands else ""


def warn_reference(checked: CheckedReturn, member: Member, confirmed: ConfirmedValues) -> Iterator[Issue]:
    """V06: offices within ×0.5…×2 of the reference, 2-15 staff per office."""
    offices, staff = checked.number("offices_total"), checked.number("staff_total")
    low, high = (factor * member.reference_offices for factor in _NARROW)
    if offices is not None and not low - _EPSILON <= offices <= high + _EPSILON:
        words = _confirmed_words(confirmed, checked, "offices_total")
        details = (f"{low:g}", f"{high:g}", member.reference_offices, words)
        yield make_issue("V06.offices_total", checked.place, *details, question="offices_total", observed=str(offices))
    if offices and staff is not None:
        ratio, (fewest, most) = staff / offices, _STAFF_PER_OFFICE
        if not fewest - _EPSILON <= ratio <= most + _EPSILON:
            words = _confirmed_words(confirmed, checked, "staff_total")
            yield make_issue("V06.staff_total", checked.place, words, question="staff_total", observed=f"{ratio:.1f}")


def warn_fall(checked: CheckedReturn, past: LastKnown, confirmed: ConfirmedValues) -> Iterator[Issue]:
    """V08: no stock falls by more than 10 % on the last known value."""
    stocks = [(question, checked.number(question), past.last(checked, question)) for question in OFFICE_QUESTIONS]
    stocks.append(("services", _live_services(checked), past.last_services(checked)))
    for question, value, last in stocks:
        if value is not None and last and value < 0.9 * last[0] - _EPSILON:
            words = _confirmed_words(confirmed, checked, question) if question != "services" else ""
            details = (f"{0.9 * last[0]:g}", f"{last[0]:g}", last[1], words)
            yield make_issue("V08", checked.place, *details, question=question, observed=f"{value:g}")


def warn_share(checked: CheckedReturn, past: LastKnown, confirmed: ConfirmedValues) -> Iterator[Issue]:
    """V09: the share connected moves by no more than 15 points."""
    share, last = _share_connected(checked), past.last_share(checked)
    if share is not None and last and abs(share - last[0]) > 0.15 + _EPSILON:
        words = _confirmed_words(confirmed, checked, "offices_connected")
        details = (f"{100 * last[0]:.1f}", last[1], words)
        yield make_issue("V09", checked.place, *details, question="offices_connected", observed=f"{100 * share:.1f}")


def warn_trained(checked: CheckedReturn, past: LastKnown) -> Iterator[Issue]:
    """V10, soft: the cumulative number never falls, covers each kind, and women are among those trained."""
    cumulative, last = checked.number("trained_cumulative"), past.last(checked, "trained_cumulative")
    kinds = [checked.number(f"trained_{kind}") for kind in extractors.TRAINING_KINDS]
    known = [kind for kind in kinds if kind is not None]
    about = {"question": "trained_cumulative", "observed": str(cumulative)}
    if cumulative is not None and last and cumulative < last[0]:
        yield make_issue("V10.fall", checked.place, *last, **about)
    if cumulative is not None and known and cumulative < max(known):
        yield make_issue("V10.kinds", checked.place, max(known), **about)
    women = checked.number("trained_women")
    if women is not None and len(known) == len(kinds) and women > sum(known):
        yield make_issue("V10.women", checked.place, sum(known), question="trained_women", observed=str(women))


def warn_copied(checked: CheckedReturn, past: LastKnown, form: questionnaire.Form) -> Iterator[Issue]:
    """V11: fewer than 90 % of the numbers present in both are those of the calendar quarter before."""
    before = past.counting.get((quarters.shift(checked.key[0], -1), checked.key[1]))
    pairs = [(checked.number(q), before.number(q)) for q in form.numbers] if before else []
    both = [(now, then) for now, then in pairs if now is not None and then is not None]
    same = sum(now == then for now, then in both)
    if len(both) >= 10 and same >= 0.9 * len(both) - _EPSILON:
        yield make_issue("V11", checked.place, observed=f"{same}/{len(both)}")


def warn_zeros(checked: CheckedReturn, form: questionnaire.Form) -> Iterator[Issue]:
    """V12: not every number is 0."""
    numbers = [number for number in map(checked.number, form.numbers) if number is not None]
    if numbers and not any(numbers):
        yield make_issue("V12", checked.place, observed="0")


def warn_features(checked: CheckedReturn) -> Iterator[Issue]:
    """V13: events can only be tracked on an item with a barcode."""
    for product in extractors.IPP_PRODUCTS:
        codes = checked.answers[f"ipp_{product}"].value.split()
        if "tracking_events" in codes and "s10_barcode" not in codes:
            yield make_issue("V13", checked.place, question=f"ipp_{product}", observed=" ".join(codes))


def warn_roadmap(checked: CheckedReturn) -> Iterator[Issue]:
    """V14: a roadmap adopted has its date, not after the quarter's end."""
    status, adopted_on = checked.answers["roadmap_status"].value, checked.answers["roadmap_adopted_on"].value
    end, question = quarters.quarter_end(checked.key[0]).isoformat(), "roadmap_adopted_on"
    if adopted_on > end:
        yield make_issue("V14.late", checked.place, end, question=question, observed=adopted_on)
    elif status in ("adopted", "implementing", "completed") and not adopted_on:
        yield make_issue("V14.missing", checked.place, status, question=question)


def warn_items(checked: CheckedReturn) -> Iterator[Issue]:
    """V15: an innovation is dated in the quarter and can be told from others."""
    start, end = quarters.quarter_start(checked.key[0]).isoformat(), quarters.quarter_end(checked.key[0]).isoformat()
    for item in checked.items or ():
        day, title = item.answers["date"], item.answers["title"].value
        reference = item.answers["reference"].value
        if not item.answers["kind"].value:
            continue
        if day.rule or (day.value and not start <= day.value <= end):
            question = "innovations.date"
            yield make_issue(
                "V15.date", item.place, f"{start} - {end}", reference or title, question=question, observed=day.raw
            )
        if not reference.strip() and not fold(title):
            yield make_issue("V15.nameless", item.place, question="innovations.reference")


def warn_training(checked: CheckedReturn) -> Iterator[Issue]:
    """V16: nobody is trained without a session, and no session trains nobody."""
    kinds = [checked.number(f"trained_{kind}") for kind in extractors.TRAINING_KINDS]
    sessions = checked.number("training_sessions")
    trained = sum(kind for kind in kinds if kind is not None)
    if sessions is None or all(kind is None for kind in kinds):
        return
    nobody = trained == 0 and None not in kinds
    if (trained > 0 and sessions == 0) or (nobody and sessions > 0):
        yield make_issue("V16", checked.place, trained, question="training_sessions", observed=str(sessions))


def warn_magnitude(checked: CheckedReturn, past: LastKnown, form: questionnaire.Form) -> Iterator[Issue]:
    """V18: no number is close to 10, 100 or 1000 times the last known one."""
    for question in form.numbers:
        value, last = checked.number(question), past.last(checked, question)
        for factor in (10, 100, 1000) if value and last and last[0] else ():
            if abs(value / (factor * last[0]) - 1) <= 0.05 + _EPSILON:
                yield make_issue("V18", checked.place, last[0], factor, last[1], question=question, observed=str(value))


def warn_outliers(quarter: Sequence[CheckedReturn]) -> Iterator[Issue]:
    """V17: no ratio stands far from the other members' (modified z-score over 3.5 in size)."""
    ratios = {
        "offices_connected": ("offices_connected", "offices_total"),
        "staff_total": ("staff_total", "offices_total"),
        "trained_cumulative": ("trained_cumulative", "staff_total"),
    }
    for question, (part, whole) in ratios.items():
        known = [(c, c.number(part), c.number(whole)) for c in quarter]
        logs = [(c, math.log1p(value / total)) for c, value, total in known if value is not None and total]
        for checked, score in _modified_z(logs):
            if abs(score) > 3.5 + _EPSILON:
                yield make_issue("V17", checked.place, question=question, observed=f"{score:.1f}")


def _modified_z(values: Sequence[tuple[CheckedReturn, float]]) -> list[tuple[CheckedReturn, float]]:
    """Return 0.6745·(x − median)/MAD of each; nothing below 8 members or without spread."""
    if len(values) < 8:
        return []
    median = statistics.median(x for _, x in values)
    spread = statistics.median(abs(x - median) for _, x in values)
    return [(checked, 0.6745 * (x - median) / spread) for checked, x in values] if spread > 0 else []


def warn_references(counting: Iterable[CheckedReturn]) -> Iterator[Issue]:
    """V23: two members that use one reference give it one title."""
    uses: dict[str, list[tuple[str, ReceivedItem]]] = defaultdict(list)
    for checked in counting:
        for item in checked.items or ():
            reference = item.answers["reference"].value.strip().casefold()
            if reference and item.answers["kind"].value:
                uses[reference].append((checked.key[1], item))
    for named in uses.values():
        for member, item in named:
            others = [
                (m, i) for m, i in named if m != member and _title(i) and _title(item) and _title(i) != _title(item)
            ]
            if others:
                other, reference = others[0], item.answers["reference"].value.strip()
                details = (reference, other[0], other[1].answers["title"].value)
                yield make_issue(
                    "V23", item.place, *details, question="innovations.reference", observed=item.answers["title"].value
                )


def _title(item: ReceivedItem) -> str:
    return fold(item.answers["title"].value)


def list_warnings(
    counting: Sequence[CheckedReturn], plan: Plan, form: questionnaire.Form, confirmed: ConfirmedValues
) -> list[Issue]:
    """Run the soft rules on the versions that count."""
    past = LastKnown({checked.key: checked for checked in counting}, sorted({checked.key[0] for checked in counting}))
    found: list[Issue] = []
    for checked in counting:
        found += warn_reference(checked, plan.by_iso3[checked.key[1]], confirmed)
        found += warn_fall(checked, past, confirmed)
        found += warn_share(checked, past, confirmed)
        found += warn_trained(checked, past)
        found += warn_copied(checked, past, form)
        found += warn_zeros(checked, form)
        found += warn_features(checked)
        found += warn_roadmap(checked)
        found += warn_items(checked)
        found += warn_training(checked)
        found += warn_magnitude(checked, past, form)
    for quarter in past.quarters:
        found += warn_outliers([checked for checked in counting if checked.key[0] == quarter])
    return [*found, *warn_references(counting)]


def mark_unusual(checked: CheckedReturn, warnings: Iterable[Issue]) -> CheckedReturn:
    """Mark as unusual (U) the answers that a warning questions, all of them where the tool holds the return back."""
    asked = {found.question for found in warnings}
    asked |= set(_SERVICES) if "services" in asked else set()
    asked |= set(checked.answers) if checked.entry.received.on_hold else set()
    answers = {
        name: replace(answer, state=questionnaire.UNUSUAL)
        if name in asked and answer.state == questionnaire.ANSWERED
        else answer
        for name, answer in checked.answers.items()
    }
    return replace(checked, answers=answers)


# --- all of it --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Checked:
    """Everything known at a date: the ledger, the returns accepted with the values that stand, and the issues."""

    ledger: tuple[LedgerEntry, ...]
    returns: tuple[CheckedReturn, ...]
    issues: tuple[Issue, ...]


def resolve(received: Received, registers: Registers, plan: Plan, form: questionnaire.Form, as_of: date) -> Checked:
    """Say which returns count at a date and which values stand: versions, then the hard rules (sections 3 and 4)."""
    returns, repeated = read_histories(received.returns)
    ledger, issues = build_ledger(returns, plan, form, as_of)
    confirmed = registers.confirmed(as_of)
    checked = []
    for entry in ledger:
        if entry.state != RETURN_REFUSED:
            one, found = check_values(entry, plan, form, confirmed)
            checked.append(one)
            issues += found
    files = issues_known_by([*received.issues, *repeated, *registers.issues_at(as_of)], as_of)
    return Checked(tuple(ledger), tuple(checked), (*files, *issues))


def check_received(
    received: Received, registers: Registers, plan: Plan, form: questionnaire.Form, as_of: date
) -> Checked:
    """Check all that was received by a date: settle what counts, then question it by the soft rules."""
    verdict = resolve(received, registers, plan, form, as_of)
    counting = [one for one in verdict.returns if one.entry.counts]
    warnings = list_warnings(counting, plan, form, registers.confirmed(as_of))
    asked: dict[Place, list[Issue]] = defaultdict(list)
    for found in warnings:
        asked[Place(found.quarter, found.source_file, found.sheet, found.row, found.member)].append(found)
    flagged = tuple(
        mark_unusual(one, [w for place in one.place.all_rows for w in asked[place]]) for one in verdict.returns
    )
    return Checked(verdict.ledger, flagged, (*verdict.issues, *warnings))
