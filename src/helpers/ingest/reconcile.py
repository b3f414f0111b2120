"""Holds a member's list of offices against its return: fills in totals left blank, warns where they differ (V24)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from helpers.ingest.hard_rules import CheckedReturn
from helpers.ingest.issues import Issue, make_issue
from helpers.ingest.offices import FLAG_UNREADABLE, say_condition
from helpers.ingest.records import OfficeList
from helpers.ingest.versions import LedgerEntry, Withdrawn
from helpers.plan import questionnaire, read_settings

KnownLists = Mapping[tuple[str, str], OfficeList]  # by quarter and member
_FILLED = (questionnaire.MISSING, questionnaire.NOT_AVAILABLE)


def choose_lists(
    lists: Iterable[OfficeList], as_of: date, withdrawn: Withdrawn
) -> tuple[dict[tuple[str, str], OfficeList], list[Issue]]:
    """Return the list that counts for each quarter and member at a date, the last received, and what it says.

    Lists of one day that differ refuse one another; one that was withdrawn does not exist.
    """
    issues, standing = [], defaultdict(list)
    for each in lists:
        if each.file.received_on > as_of:
            continue
        if (each.file.quarter, each.file.name, "") in withdrawn:
            issues.append(make_issue("V20.offices_withdrawn", each.place))
        else:
            standing[each.file.quarter, each.member].append(each)
    chosen = {}
    for key, found in standing.items():
        *earlier, last = sorted(found, key=lambda each: (each.file.received_on, each.file.name))
        same_day = [each for each in found if each.file.received_on == last.file.received_on]
        if any(each.counts != last.counts for each in same_day):
            names = ", ".join(each.file.name for each in same_day)
            issues += [make_issue("V24.conflict", each.place, names) for each in same_day]
            continue
        chosen[key] = last
        issues += [make_issue("OFFICES_SUPERSEDED", each.place, last.file.name) for each in earlier]
        issues += _list_remarks(last)
    return chosen, issues


def _list_remarks(each: OfficeList) -> Iterator[Issue]:
    """Yield what a list holds, and what in it is not counted or not known."""
    counts = each.counts
    said = "; ".join(f"{name}: {', '.join(f'{n} {flag}' for flag, n in sorted(found.items(), reverse=True))}"
                     for name, found in counts.values.items() if found and name not in each.absent)  # fmt: skip
    yield make_issue("OFFICES_READ", each.place, counts.rows, counts.offices, said)
    numbers = {
        "repeated": counts.repeated, "contradicted": counts.contradicted, "unnamed": counts.unnamed,
        "unreadable": sum(found.get(FLAG_UNREADABLE, 0) for found in counts.values.values()),
    }  # fmt: skip
    columns = ", ".join(name for name, found in counts.values.items() if FLAG_UNREADABLE in found)
    yield from (make_issue(f"V24.{key}", each.place, columns, observed=str(n)) for key, n in numbers.items() if n)
    if each.absent:
        yield make_issue("V24.columns", each.place, ", ".join(each.absent))
    if each.others:
        named = ", ".join(f"{member or '–'}: {n}" for member, n in list(each.others.items())[:5])
        yield make_issue("V24.others", each.place, sum(each.others.values()), observed=named)


def fill_totals(entry: LedgerEntry, lists: KnownLists) -> tuple[LedgerEntry, list[Issue]]:
    """Return a return with the totals of its member's list where it gives none: not answered, or not available.

    What breaks a rule, or is not applicable, was answered. A total that the list leaves open is not filled in.
    """
    each, received = lists.get((entry.quarter, entry.member)), entry.received
    if each is None:
        return entry, []
    filled, issues = {}, []
    for column, question in read_settings().offices.items():
        answer, (low, high) = received.answers.get(question), _limits(each, column)
        if answer is None or answer.rule or answer.state not in _FILLED or column in each.absent:
            continue
        if low == high:
            filled[question] = questionnaire.Answer(say_condition(column), str(low), questionnaire.ANSWERED)
            facts = {"question": question, "observed": str(low)}
            issues.append(make_issue("OFFICES_TAKEN", each.place, say_condition(column), **facts))
        else:
            facts = {"question": question, "observed": f"{low}-{high}"}
            issues.append(make_issue("V24.unknown", each.place, low, high, high - low, **facts))
    place = replace(received.place, file_of=dict.fromkeys(filled, each.file.name))
    return replace(entry, received=replace(received, answers={**received.answers, **filled}, place=place)), issues


def _limits(each: OfficeList, column: str) -> tuple[int, int]:
    return each.counts.least[column], each.counts.most[column]


def list_lists_alone(lists: KnownLists, entries: Iterable[LedgerEntry]) -> Iterator[Issue]:
    """Yield an issue for each list whose member has no return that counts: nothing is taken from it."""
    counting = {(entry.quarter, entry.member) for entry in entries if entry.counts}
    yield from (make_issue("V24.no_return", each.place) for key, each in lists.items() if key not in counting)


def warn_lists(counting: Sequence[CheckedReturn], lists: KnownLists) -> Iterator[Issue]:
    """V24: a total that a return gives is what its member's list comes to; the return's stands."""
    for checked in counting:
        each = lists.get(checked.key)
        for column, question in read_settings().offices.items() if each else ():
            value = checked.number(question) if question in checked.answers else None
            low, high = _limits(each, column)
            if value is None or column in each.absent or low <= value <= high:
                continue
            said = str(low) if low == high else f"{low}-{high}"
            details = (said, each.file.name, say_condition(column))
            yield checked.issue("V24.differs", *details, question=question, observed=value)
