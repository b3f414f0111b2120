"""Which version of a return counts: receipt, identity, duplicates, conflicts and revisions (methodology, section 3)."""

import contextlib
import difflib
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from helpers.ingest.issues import Issue, Phrase, make_issue
from helpers.ingest.records import ReceivedReturn, in_utc
from helpers.plan import Plan, quarters, questionnaire, read_settings
from helpers.strings import fold

_NAMED = 5  # returns of a conflict named in its message; there may be thousands
_SHOWN, _SHORT = 8, 24  # its questions that are shown with their values, and the characters of each value
RETURN_REFUSED, RETURN_DUPLICATE, RETURN_REVISED = "refused", "duplicate", "revised"
RETURN_ON_TIME, RETURN_LATE = "on_time", "late"
REJECTION = "V20.rejected"  # by the collection tool
Withdrawn = Collection[tuple[str, str, str]]  # by the Secretariat: quarter, file and row (blank: the whole file)
# The moment of an export at the end of its name, as KoboToolbox and `papu pull` write it: 2025-01-12-22-30-05.
_EXPORTED_AT = re.compile(r"\d{4}(?:-\d{2}){5}(?=(?:\.\w+)+$)")


@dataclass(frozen=True)
class LedgerEntry:
    """A received return in the ledger: its version (None when refused), its state, and whether it counts."""

    received: ReceivedReturn
    state: str
    version: int | None = None
    counts: bool = False

    @property
    def quarter(self) -> str:
        """The quarter of its folder."""
        return self.received.place.quarter

    @property
    def member(self) -> str:
        """The member it is from, blank when it does not resolve."""
        return self.received.member

    @property
    def is_version(self) -> bool:
        """Whether it is a new version: neither refused nor a duplicate."""
        return self.state not in (RETURN_REFUSED, RETURN_DUPLICATE)


def read_histories(
    returns: Iterable[ReceivedReturn], as_of: date, withdrawn: Withdrawn = frozenset()
) -> tuple[list[ReceivedReturn], list[Issue]]:
    """Read copies of one submission as its history: an equal copy is dropped, an edit is kept (section 2b).

    The latest export received by a date, or a row of withdrawals.csv, says whether the submission stands, in all its
    versions; a file that is withdrawn as a whole takes only its own copies away (section 2c). Returns the remaining
    returns, and a note on each that was dropped.
    """
    histories, notes = [], []
    for copies in group_copies(returns):
        last: ReceivedReturn | None = None
        for each in _review(copies, as_of, withdrawn):
            is_same = last is not None and each.member == last.member and repeats(each, last)
            if is_same and bool(each.problems) == bool(last.problems) and each.on_hold == last.on_hold:
                notes.append(make_issue("DUP_IDENTICAL", each.place, last.file.name, known_on=each.file.received_on))
                continue
            if last and not is_same:
                # The tools keep the date of the first submission: an edit is dated by the first file that has it.
                day, earlier = each.file.received_on, last.file.received_on
                if day and earlier and earlier < day:
                    each = replace(each, received_on=day, received_at=None)
                elif day and earlier == day:  # a further edit of one day is no older than the one before it
                    each = replace(each, received_on=last.received_on, received_at=last.received_at)
            histories.append(each)
            last = each
    return histories, notes


def group_copies(returns: Iterable[ReceivedReturn]) -> list[list[ReceivedReturn]]:
    """Group returns by submission, under its surest identity: the copies of each in the order of their exports."""
    returns = list(returns)
    surest = {(each.place.quarter, other): each.identity for each in returns for other in each.other_ids}
    known = [replace(each, identity=surest.get((each.place.quarter, each.identity), each.identity)) for each in returns]
    groups = _group(known, lambda each: (each.place.quarter, each.identity))
    return [sorted(copies, key=_file_order) for copies in groups]


def _review(copies: Sequence[ReceivedReturn], as_of: date, withdrawn: Withdrawn) -> list[ReceivedReturn]:
    """Give the copies of a submission, in file order, the word of the last one that was received by a date."""
    is_withdrawn = any((each.place.quarter, each.place.source_file, each.place.row) in withdrawn for each in copies)
    known = [each for each in copies if each.file.received_on is None or each.file.received_on <= as_of]
    last = known[-1] if known else copies[0]
    rejections = [problem for problem in last.problems if problem.key == REJECTION]
    reviewed = []
    for each in copies:
        own = [problem for problem in each.problems if problem.key != REJECTION]
        rejected = [make_issue(REJECTION, each.place, observed=problem.observed) for problem in rejections]
        if is_withdrawn or (each.place.quarter, each.place.source_file, "") in withdrawn:
            rejected.append(make_issue("V20.withdrawn", each.place))
        if last.member not in ("", each.member):  # the wrong member was chosen, and corrected in the tool
            rejected.append(make_issue("V20.moved", each.place, last.member))
        reviewed.append(replace(each, problems=(*own, *rejected)))
    return reviewed


def _file_order(received: ReceivedReturn) -> tuple[date, str, str, int]:
    file = received.file
    return file.received_on or date.max, _exported_at(received), file.name, int(received.place.row)


def _exported_at(received: ReceivedReturn) -> str:
    """Return the moment that the name of an export ends in, by which those of one day are ordered; blank without."""
    found = _EXPORTED_AT.search(received.file.name)
    return found[0] if found else ""


def _suggestion(plan: Plan, text: str) -> Phrase | str:
    """Suggest the member of the nearest name, also for a text saved in a wrong encoding; blank without one."""
    names = {fold(name): m.member for m in plan.members for name in (*m.name.values(), m.member)}
    with contextlib.suppress(UnicodeError):
        mended = plan.resolve(text.encode("cp1252").decode("utf-8")).iso3
        if mended:
            return Phrase("phrase.suggestion", mended)
    near = difflib.get_close_matches(fold(text), names, n=1, cutoff=0.75)
    return Phrase("phrase.suggestion", names[near[0]]) if near else ""


def check_member(received: ReceivedReturn, plan: Plan) -> list[Issue]:
    """V01: the member resolves to one valid in the quarter."""
    place, text, code = received.place, received.member_text, received.member
    member = plan.by_iso3.get(code)
    if member:
        is_valid = member.valid_in(place.quarter)
        return [] if is_valid else [make_issue("V01.not_valid", place, code, place.quarter, observed=text)]
    if code:
        return [make_issue("V01.non_member", place, code, observed=text)]
    if not text.strip():
        return [make_issue("V01.blank", place)]
    if candidates := plan.resolve(text).candidates:
        return [make_issue("V01.ambiguous", place, " / ".join(candidates), observed=text)]
    return [make_issue("V01.unknown", place, _suggestion(plan, text), observed=text)]


def check_quarter(received: ReceivedReturn) -> list[Issue]:
    """V02: the quarter inside is the folder's, within the plan, and had begun by the day of receipt."""
    place, text, day = received.place, received.quarter_text.strip(), received.received_on
    if not quarters.is_quarter(text):
        return [make_issue("V02.unreadable" if text else "V02.blank", place, observed=text)]
    inside = quarters.parse_quarter(text)
    if inside != place.quarter:
        return [make_issue("V02.other", place, inside, observed=text)]
    if not read_settings().in_plan(inside):
        return [make_issue("V02.outside", place, inside, observed=text)]
    start = quarters.quarter_start(inside)
    if day and day < start:
        return [make_issue("V02.early", place, start.isoformat(), observed=day.isoformat())]
    return []


def check_receipt(received: ReceivedReturn) -> list[Issue]:
    """V20: the return has a date of receipt, is whole, and was not rejected in the collection tool."""
    return [*received.problems, *([] if received.received_on else [make_issue("V20.receipt", received.place)])]


def check_answered(received: ReceivedReturn, form: questionnaire.Form) -> list[Issue]:
    """V21: at least one question is answered before any rule, or an item is reported."""
    answers = [received.answers[name] for name in form.substantive]
    is_blank = all(answer.state == questionnaire.MISSING and not answer.rule for answer in answers)
    return [make_issue("V21", received.place)] if is_blank and not received.items else []


def _is_ordered(left: ReceivedReturn, right: ReceivedReturn) -> bool:
    """Tell whether identity or time of receipt says which of two returns came first."""
    if left.received_on != right.received_on:
        return True
    if left.identity == right.identity:  # copies of the same submission, on the day of the submission itself
        exported = {_exported_at(left), _exported_at(right)}
        if left.file.received_on != right.file.received_on or (len(exported) > 1 and "" not in exported):
            return True
    return bool(left.received_at and right.received_at and in_utc(left.received_at) != in_utc(right.received_at))


def _clusters(returns: Sequence[ReceivedReturn]) -> list[list[ReceivedReturn]]:
    """Group the returns of a member and quarter that nothing orders, directly or through one another.

    Days are ordered, and so are instants on a day where every return has one; only ties within these are compared.
    """
    blocks = []
    for day in _group(returns, lambda each: each.received_on):
        instants = _group(day, lambda each: each.received_at and in_utc(each.received_at))
        blocks += instants if all(each.received_at for each in day) else [day]
    clusters = [cluster for block in blocks for cluster in _ties(block)]
    return sorted(clusters, key=lambda cluster: min(map(_receipt_order, cluster)))


def _group(returns: Iterable[ReceivedReturn], key: Callable[[ReceivedReturn], object]) -> list[list[ReceivedReturn]]:
    groups: dict[object, list[ReceivedReturn]] = defaultdict(list)
    for each in returns:
        groups[key(each)].append(each)
    return list(groups.values())


def _ties(block: list[ReceivedReturn]) -> list[list[ReceivedReturn]]:
    """Group the returns of one day that nothing orders; those without an instant, which tie the others, go first."""
    rest, clusters = sorted(block, key=lambda each: each.received_at is not None), []
    while rest:
        cluster, rest = rest[:1], rest[1:]
        for each in cluster:  # grows during the loop
            cluster += [other for other in rest if not _is_ordered(each, other)]
            rest = [other for other in rest if _is_ordered(each, other)]
        clusters.append(cluster)
    return clusters


def _receipt_order(received: ReceivedReturn) -> tuple:
    instant = in_utc(received.received_at or datetime.min)
    return received.received_on, received.received_at is None, instant, *_file_order(received)


def _conflict(cluster: list[ReceivedReturn]) -> list[Issue]:
    """V19: returns that nothing orders must be equal; if any two differ, all are refused."""
    contents = [each.content for each in cluster]
    names = [name for name in contents[0] if len({content[name] for content in contents}) > 1]
    parts = {tuple(each.items_content) for each in cluster if each.items is not None}
    names = sorted([*names, *([read_settings().repeat.name] if len(parts) > 1 else [])])
    if not names:
        return []
    where = ", ".join(f"{each.file.name}:{each.place.row}" for each in cluster[:_NAMED])
    where += f" … (+{len(cluster) - _NAMED})" if len(cluster) > _NAMED else ""
    said = ", ".join(_say_conflict(name, cluster) if len(names) <= _SHOWN else name for name in names)
    return [make_issue("V19", each.place, where, said) for each in cluster]


def _say_conflict(name: str, cluster: Sequence[ReceivedReturn]) -> str:
    """Return a question with the values that contradict one another, in the order of the returns named beside it."""
    given = [each.answers[name].content for each in cluster[:_NAMED] if name in each.answers]
    shown = [text if len(text) <= _SHORT else f"{text[:_SHORT]}…" for text in given]
    return f"{name} ({' / '.join(text or '–' for text in shown)})" if shown else name  # a personal one is only named


def repeats(received: ReceivedReturn, before: ReceivedReturn) -> bool:
    """Tell whether a return adds nothing to the one before it: equal answers, and no part of the repeat to add."""
    content, content_before = received.content, before.content
    if any(content[name] != content_before.get(name) for name in content):
        return False
    return received.items is None or received.items_content == before.items_content


def _version_state(received: ReceivedReturn, number: int) -> str:
    if number > 1:
        return RETURN_REVISED
    last_day = read_settings().on_time_by(received.place.quarter)
    return RETURN_ON_TIME if received.received_on <= last_day else RETURN_LATE


def _list_losses(
    received: ReceivedReturn, before: ReceivedReturn, number: int, form: questionnaire.Form
) -> Iterator[Issue]:
    """Yield what a revision takes away from the version before it: answers that it leaves blank, and items."""
    blank = [
        name for name in form.substantive
        if before.answers[name].is_reported
        and received.answers[name].state == questionnaire.MISSING and not received.answers[name].rule
    ]  # fmt: skip
    if blank:
        groups = ", ".join(dict.fromkeys(form.by_name[name].group for name in blank))
        yield make_issue("REVISION_EMPTIES", received.place, number, groups, observed=str(len(blank)))
    if received.items is None and before.items:
        yield make_issue("HIDES_ITEMS", received.place, number)


def number_versions(
    returns: Sequence[ReceivedReturn], form: questionnaire.Form
) -> tuple[list[LedgerEntry], list[Issue]]:
    """Number the versions of one member and quarter from 1; the last one counts."""
    entries, issues, version, number = [], [], None, 0
    for cluster in _clusters(returns):
        conflict = _conflict(cluster) if len(cluster) > 1 else []
        issues += conflict
        if conflict:
            entries += [LedgerEntry(each, RETURN_REFUSED) for each in cluster]
            continue
        # Of equal returns the one with that part is the version, else the first.
        for each in sorted(cluster, key=lambda each: (each.items is None, _receipt_order(each))):
            if version and repeats(each, version):
                entries.append(LedgerEntry(each, RETURN_DUPLICATE, number))
                issues.append(make_issue("DUPLICATE", each.place, number))
                continue
            if version:
                issues += _list_losses(each, version, number, form)
            version, number = each, number + 1
            entries.append(LedgerEntry(each, _version_state(each, number), number))
    counting = max((n for n, entry in enumerate(entries) if entry.is_version), default=None)
    return [replace(entry, counts=n == counting) for n, entry in enumerate(entries)], issues


def build_ledger(
    returns: Iterable[ReceivedReturn], plan: Plan, form: questionnaire.Form, as_of: date
) -> tuple[list[LedgerEntry], list[Issue]]:
    """Enter every return received by a date in the ledger (section 3)."""
    entries, issues, usable = [], [], []
    for each in returns:
        if each.received_on and each.received_on > as_of:
            continue
        problems = [*check_member(each, plan), *check_quarter(each), *check_receipt(each), *check_answered(each, form)]
        issues += [*problems, *each.notes]
        if problems:
            entries.append(LedgerEntry(each, RETURN_REFUSED))
        else:
            usable.append(each)
    for group in _group(usable, lambda each: (each.place.quarter, each.member)):
        numbered, conflicts = number_versions(group, form)
        entries += numbered
        issues += conflicts
    return entries, issues
