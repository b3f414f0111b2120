"""The rules that keep a value and warn of it, run on the returns that count (methodology, section 4)."""

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from helpers.ingest.hard_rules import EPSILON, CheckedReturn, ConfirmedValues
from helpers.ingest.issues import CONFIRMED, Issue, make_issue
from helpers.ingest.records import ReceivedItem
from helpers.plan import Member, Plan, extractors, quarters, questionnaire
from helpers.strings import fold

OFFICE_QUESTIONS = (
    "offices_total", "offices_electrified", "offices_alternative_power", "offices_connected", "offices_networked",
)  # fmt: skip
_RATIOS = (
    ("offices_connected", "offices_total"), ("staff_total", "offices_total"), ("trained_cumulative", "staff_total"),
)  # fmt: skip
_Measure = Callable[[CheckedReturn], float | None]
_SERVICES = ("services_epost", "services_ecommerce", "services_egovernment", "services_efinance")
_TRAINED_KINDS = ("trained_capacity_building", "trained_upskilling", "trained_reskilling")
_PRODUCTS = ("ipp_ecompro", "ipp_tracked", "ipp_small_packets")


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


def _live_services(checked: CheckedReturn) -> float | None:
    return extractors.all_codes(_SERVICES, extractors.CountedReturn(checked.key[1], checked.answers)).value


def _share_connected(checked: CheckedReturn) -> float | None:
    connected, total = checked.number("offices_connected"), checked.number("offices_total")
    return connected / total if connected is not None and total else None


def warn_reference(checked: CheckedReturn, member: Member) -> Iterator[Issue]:
    """V06: offices within ×0.5…×2 of the reference, 2-15 staff per office."""
    offices, staff = checked.number("offices_total"), checked.number("staff_total")
    low, high = (n * member.references["reference_offices"] for n in (0.5, 2))
    if offices is not None and not low - EPSILON <= offices <= high + EPSILON:
        details = (f"{low:g}", f"{high:g}", member.references["reference_offices"])
        yield checked.issue("V06.offices_total", *details, question="offices_total", observed=offices)
    if offices and staff is not None and not 2 - EPSILON <= staff / offices <= 15 + EPSILON:
        yield checked.issue("V06.staff_total", question="staff_total", observed=f"{staff / offices:.1f}")


def warn_fall(checked: CheckedReturn, past: LastKnown) -> Iterator[Issue]:
    """V08: no stock falls by more than 10 % on the last known value."""
    stocks = [(name, checked.number(name), past.last_number(checked, name)) for name in OFFICE_QUESTIONS]
    stocks.append(("services", _live_services(checked), past.last(checked, _live_services)))
    for question, value, last in stocks:
        if value is not None and last and value < 0.9 * last[0] - EPSILON:
            details = (f"{0.9 * last[0]:g}", f"{last[0]:g}", last[1])
            yield checked.issue("V08", *details, question=question, observed=f"{value:g}")


def warn_share(checked: CheckedReturn, past: LastKnown) -> Iterator[Issue]:
    """V09: the share connected moves by no more than 15 points."""
    share, last = _share_connected(checked), past.last(checked, _share_connected)
    if share is not None and last and abs(share - last[0]) > 0.15 + EPSILON:
        facts = {"question": "offices_connected", "observed": f"{100 * share:.1f}"}
        yield checked.issue("V09", f"{100 * last[0]:.1f}", last[1], **facts)


def _trained_kinds(checked: CheckedReturn) -> tuple[list[int], bool]:
    """Return the numbers of people trained by kind of training, and whether all kinds are answered."""
    kinds = [checked.number(question) for question in _TRAINED_KINDS]
    return [kind for kind in kinds if kind is not None], None not in kinds


def warn_trained(checked: CheckedReturn, past: LastKnown) -> Iterator[Issue]:
    """V10, soft: the cumulative number never falls nor is below one kind; women are among those trained."""
    question = "trained_cumulative"
    cumulative, women = checked.number(question), checked.number("trained_women")
    last, (known, is_complete) = past.last_number(checked, question), _trained_kinds(checked)
    if cumulative is not None and last and cumulative < last[0]:
        yield checked.issue("V10.fall", *last, question=question, observed=cumulative)
    if cumulative is not None and known and cumulative < max(known):
        yield checked.issue("V10.kinds", max(known), question=question, observed=cumulative)
    if women is not None and is_complete and women > sum(known):
        yield checked.issue("V10.women", sum(known), question="trained_women", observed=women)


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


def warn_features(checked: CheckedReturn) -> Iterator[Issue]:
    """V13: no tracking events without a barcode."""
    for question in _PRODUCTS:
        codes = checked.answers[question].value.split()
        if "tracking_events" in codes and "s10_barcode" not in codes:
            yield checked.issue("V13", question=question, observed=" ".join(codes))


def warn_roadmap(checked: CheckedReturn) -> Iterator[Issue]:
    """V14: an adopted roadmap has a date, not after the quarter's end."""
    status, adopted_on = checked.answers["roadmap_status"].value, checked.answers["roadmap_adopted_on"].value
    end, question = quarters.quarter_end(checked.key[0]).isoformat(), "roadmap_adopted_on"
    if adopted_on > end:
        yield checked.issue("V14.late", end, question=question, observed=adopted_on)
    elif status in ("adopted", "implementing", "completed") and not adopted_on:
        yield checked.issue("V14.missing", status, question=question)


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


def warn_training(checked: CheckedReturn) -> Iterator[Issue]:
    """V16: nobody is trained without a session, and no session trains nobody."""
    (known, is_complete), sessions = _trained_kinds(checked), checked.number("training_sessions")
    if sessions is None or not known:
        return
    nobody = is_complete and not any(known)
    if (any(known) and sessions == 0) or (nobody and sessions > 0):
        yield checked.issue("V16", sum(known), question="training_sessions", observed=sessions)


def warn_magnitude(checked: CheckedReturn, past: LastKnown, form: questionnaire.Form) -> Iterator[Issue]:
    """V18: no number is within 5 % of 10, 100 or 1000 times the last known one."""
    for question in form.numbers:
        value = checked.number(question)
        last = past.last_number(checked, question) if value else None
        for factor in (10, 100, 1000) if last and last[0] else ():
            if abs(value / (factor * last[0]) - 1) <= 0.05 + EPSILON:
                yield checked.issue("V18", last[0], factor, last[1], question=question, observed=value)


def warn_outliers(returns: Sequence[CheckedReturn]) -> Iterator[Issue]:
    """V17: among a quarter's returns no ratio is an outlier: modified z-score over 3.5 in size, on log(1 + x)."""
    for part, whole in _RATIOS:
        known = [(checked, checked.number(part), checked.number(whole)) for checked in returns]
        ratios = [(checked, value, total) for checked, value, total in known if value is not None and total]
        limits = _usual_range([math.log1p(value / total) for _, value, total in ratios])
        for checked, value, total in ratios if limits else ():
            low, high = (total * math.expm1(limit) for limit in limits)
            if not low - EPSILON * total <= value <= high + EPSILON * total:
                details = (*(str(round(max(limit, 0), 1)).removesuffix(".0") for limit in (low, high)), whole, total)
                yield checked.issue("V17", *details, question=part, observed=value)


def _usual_range(values: Sequence[float]) -> tuple[float, float] | None:
    """Return where 0.6745·(x − median)/MAD is within 3.5; None below 8 members or when the MAD is 0."""
    if len(values) < 8:
        return None
    median = statistics.median(values)
    spread = 3.5 / 0.6745 * statistics.median(abs(x - median) for x in values)
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


def list_warnings(
    counting: Sequence[CheckedReturn], plan: Plan, form: questionnaire.Form, confirmed: ConfirmedValues
) -> list[Issue]:
    """Run the soft rules on the versions that count."""
    past = LastKnown({checked.key: checked for checked in counting}, sorted({checked.key[0] for checked in counting}))
    issues: list[Issue] = []
    for checked in counting:
        issues += warn_reference(checked, plan.by_iso3[checked.key[1]])
        issues += warn_fall(checked, past)
        issues += warn_share(checked, past)
        issues += warn_trained(checked, past)
        issues += warn_copied(checked, past, form)
        issues += warn_zeros(checked, form)
        issues += warn_features(checked)
        issues += warn_roadmap(checked)
        issues += warn_items(checked, form.repeat)
        issues += warn_stated(checked, form.repeat)
        issues += warn_training(checked)
        issues += warn_magnitude(checked, past, form)
    for quarter in past.quarters:
        issues += warn_outliers([checked for checked in counting if checked.key[0] == quarter])
    return [_mention_confirmed(issue, past, confirmed) for issue in (*issues, *warn_references(counting, form.repeat))]


def _mention_confirmed(issue: Issue, past: LastKnown, confirmed: ConfirmedValues) -> Issue:
    """Say of an issue on a value that its member has confirmed that nothing is asked any more."""
    value, answers = confirmed.get((issue.quarter, issue.member, issue.question)), past.counting
    answer = None if value is None else answers[issue.quarter, issue.member].answers.get(issue.question)
    return replace(issue, details=(*issue.details, CONFIRMED)) if answer and answer.number == value else issue


def mark_unusual(checked: CheckedReturn, questioned: Collection[str]) -> CheckedReturn:
    """Mark as unusual (U) the answers that a warning questions, or all of them when the tool has the return on hold."""
    names = {*questioned, *(_SERVICES if "services" in questioned else ())}
    unusual = {
        name: replace(answer, state=questionnaire.UNUSUAL)
        for name, answer in checked.answers.items()
        if (name in names or checked.entry.received.on_hold) and answer.state == questionnaire.ANSWERED
    }
    return replace(checked, answers=checked.answers | unusual)
