"""Which version of a return counts: receipt, identity, duplicates, conflicts and revisions (methodology, section 3)."""

from __future__ import annotations

import contextlib
import difflib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from helpers.ingest.issues import Issue, Phrase, make_issue
from helpers.ingest.records import ReceivedReturn, in_utc
from helpers.plan import Plan, quarters, questionnaire
from helpers.strings import fold

_NAMED = 5  # returns of a conflict that are named; there may be thousands
RETURN_REFUSED, RETURN_DUPLICATE, RETURN_REVISED, RETURN_ON_TIME, RETURN_LATE = (
    "refused",
    "duplicate",
    "revised",
    "on_time",
    "late",
)


@dataclass(frozen=True)
class LedgerEntry:
    """A received return in the ledger: its version (None when refused), its state, and whether it counts."""

    received: ReceivedReturn
    state: str
    version: int | None = None
    counts: bool = False

    @property
    def quarter(self) -> str:
        """The quarter whose folder it lies in."""
        return self.received.place.quarter

    @property
    def member(self) -> str:
        """The member it is from, blank when it does not resolve."""
        return self.received.member

    @property
    def is_version(self) -> bool:
        """Tell whether it is a version of its own: neither refused nor a duplicate."""
        return self.state not in (RETURN_REFUSED, RETURN_DUPLICATE)


# --- one submission seen several times --------------------------------------------------------------------------


def read_histories(returns: Iterable[ReceivedReturn]) -> tuple[list[ReceivedReturn], list[Issue]]:
    """Read snapshots of one submission as its history: a copy is one return, an edit a further one (section 2b).

    The tools keep the first date at an edit, so an edit is dated by the MANIFEST of the first file that has it.
    """
    returns = list(returns)
    surest = {(one.place.quarter, other): one.identity for one in returns for other in one.other_ids}
    submissions: dict[tuple[str, str], list[ReceivedReturn]] = defaultdict(list)
    for one in returns:
        identity = surest.get((one.place.quarter, one.identity), one.identity)
        submissions[one.place.quarter, identity].append(replace(one, identity=identity))
    kept, notes = [], []
    for snapshots in submissions.values():
        snapshots.sort(key=lambda one: (one.file.received_on or date.max, one.file.name, int(one.place.row)))
        last: ReceivedReturn | None = None
        for one in snapshots:
            same = last is not None and _repeats(one, last)
            if same and bool(one.problems) == bool(last.problems):
                notes.append(make_issue("DUP_IDENTICAL", one.place, last.file.name, known_on=one.file.received_on))
                continue
            days = (last.file.received_on, one.file.received_on) if last and not same else ()
            if all(days) and days and days[0] < days[1]:
                one = replace(one, received_on=one.file.received_on, received_at=None)
            kept.append(one)
            last = one
    return kept, notes


# --- may it be used at all --------------------------------------------------------------------------------------


def _suggestion(plan: Plan, text: str) -> Phrase | str:
    """Return the member whose name is nearest to a text, to be asked about; a text saved in a wrong encoding too."""
    names = {fold(name): m.member for m in plan.members for name in (*m.name.values(), m.member)}
    with contextlib.suppress(UnicodeError):
        mended = plan.resolve(text.encode("cp1252").decode("utf-8")).iso3
        if mended:
            return Phrase("phrase.suggestion", mended)
    near = difflib.get_close_matches(fold(text), names, n=1, cutoff=0.75)
    return Phrase("phrase.suggestion", names[near[0]]) if near else ""


def check_member(one: ReceivedReturn, plan: Plan) -> list[Issue]:
    """V01: the member resolves to one valid in the quarter."""
    place, text, quarter = one.place, one.member_text, one.place.quarter
    if one.member:
        state = plan.by_iso3.get(one.member)
        if state is None:
            return [make_issue("V01.non_member", place, one.member, observed=text)]
        if not state.valid_in(quarter):
            return [make_issue("V01.not_valid", place, one.member, quarter, observed=text)]
        return []
    if not text.strip():
        return [make_issue("V01.blank", place)]
    candidates = plan.resolve(text).candidates
    if candidates:
        return [make_issue("V01.ambiguous", place, " / ".join(candidates), observed=text)]
    return [make_issue("V01.unknown", place, _suggestion(plan, text), observed=text)]


def check_quarter(one: ReceivedReturn) -> list[Issue]:
    """V02: the quarter inside is the folder's, within the plan, and had begun by the day of receipt."""
    place, text = one.place, one.quarter_text.strip()
    try:
        inside = quarters.parse_quarter(text)
    except ValueError:
        return [make_issue("V02.unreadable" if text else "V02.blank", place, observed=text)]
    if inside != place.quarter:
        return [make_issue("V02.other", place, inside, observed=text)]
    if not quarters.in_plan(inside):
        return [make_issue("V02.outside", place, inside, observed=text)]
    begun = quarters.quarter_start(inside)
    if one.received_on and one.received_on < begun:
        return [make_issue("V02.early", place, begun.isoformat(), observed=one.received_on.isoformat())]
    return []


def check_receipt(one: ReceivedReturn) -> list[Issue]:
    """V20: the return can be dated, was not cut, and was not rejected in the collection tool."""
    return [*one.problems, *([] if one.received_on else [make_issue("V20.receipt", one.place)])]


def check_answered(one: ReceivedReturn, form: questionnaire.Form) -> list[Issue]:
    """V21: at least one question is answered, or an innovation reported, before any rule."""
    silent = all(
        one.answers[name].state == questionnaire.MISSING and not one.answers[name].rule for name in form.substantive
    )
    return [make_issue("V21", one.place)] if silent and not one.items else []


# --- which of several holds -------------------------------------------------------------------------------------


def _is_ordered(one: ReceivedReturn, other: ReceivedReturn) -> bool:
    """Tell whether identity or time of receipt says which of two returns came first."""
    if one.received_on != other.received_on:
        return True
    if one.identity == other.identity and one.file.received_on != other.file.received_on:
        return True  # two snapshots of one submission, on the day of the submission itself
    return bool(one.received_at and other.received_at and in_utc(one.received_at) != in_utc(other.received_at))


def differing(one: ReceivedReturn, other: ReceivedReturn) -> list[str]:
    """Return the questions that two returns answer differently; a part that one lacks is not compared."""
    left, right = one.content, other.content
    names = [name for name in left if left[name] != right.get(name)]
    both = one.items is not None and other.items is not None
    return names + (["innovations"] if both and one.items_content != other.items_content else [])


def _clusters(returns: Sequence[ReceivedReturn]) -> list[list[ReceivedReturn]]:
    """Group the returns of a member and quarter that nothing orders, directly or through one another.

    Days are ordered, and so are instants where every return of a day has one: only within these is anything compared.
    """
    days: dict[object, list[ReceivedReturn]] = defaultdict(list)
    for one in returns:
        days[one.received_on].append(one)
    blocks: list[list[ReceivedReturn]] = []
    for day in days.values():
        instants: dict[object, list[ReceivedReturn]] = defaultdict(list)
        for one in day:
            instants[in_utc(one.received_at) if one.received_at else None].append(one)
        blocks += [day] if None in instants else instants.values()
    clusters = [cluster for block in blocks for cluster in _ties(block)]
    return sorted(clusters, key=lambda cluster: min(map(_order, cluster)))


def _ties(block: list[ReceivedReturn]) -> list[list[ReceivedReturn]]:
    """Group the returns of one day that nothing orders; those without an instant, which tie the others, go first."""
    rest, clusters = sorted(block, key=lambda one: one.received_at is not None), []
    while rest:
        cluster, rest = rest[:1], rest[1:]
        for one in cluster:  # it grows while it is gone through
            cluster += [other for other in rest if not _is_ordered(one, other)]
            rest = [other for other in rest if _is_ordered(one, other)]
        clusters.append(cluster)
    return clusters


def _order(one: ReceivedReturn) -> tuple:
    instant = in_utc(one.received_at) if one.received_at else None
    file_day = one.file.received_on or date.max
    return (
        one.received_on,
        instant is None,
        instant or in_utc(datetime.min),
        file_day,
        one.file.name,
        int(one.place.row),
    )


def _conflict(cluster: list[ReceivedReturn]) -> list[Issue]:
    """V19: returns that nothing orders must be equal; if any two differ, none can be chosen."""
    contents = [one.content for one in cluster]
    names = [name for name in contents[0] if len({content[name] for content in contents}) > 1]
    parts = {tuple(one.items_content) for one in cluster if one.items is not None}
    names = sorted([*names, *(["innovations"] if len(parts) > 1 else [])])
    if not names:
        return []
    where = ", ".join(f"{one.file.name}:{one.place.row}" for one in cluster[:_NAMED])
    where += f" … (+{len(cluster) - _NAMED})" if len(cluster) > _NAMED else ""
    return [make_issue("V19", one.place, where, ", ".join(names)) for one in cluster]


def _repeats(one: ReceivedReturn, version: ReceivedReturn) -> bool:
    """Tell whether a return adds nothing to the version before it: equal, and without a part of its own to add."""
    return not differing(one, version) and not (one.items is not None and version.items is None)


def _punctuality(one: ReceivedReturn) -> str:
    return (
        RETURN_ON_TIME
        if one.received_on <= quarters.quarter_end(one.place.quarter) + timedelta(days=quarters.ON_TIME_DAYS)
        else RETURN_LATE
    )


def number_versions(returns: Sequence[ReceivedReturn]) -> tuple[list[LedgerEntry], list[Issue]]:
    """Number the versions of one member and quarter; the last one counts."""
    entries, issues, version, number = [], [], None, 0
    for cluster in _clusters(returns):
        conflict = _conflict(cluster)
        issues += conflict
        if conflict:
            entries += [LedgerEntry(one, RETURN_REFUSED) for one in cluster]
            continue
        # Of equal returns the one with an innovations part stands, else the first.
        for one in sorted(cluster, key=lambda one: (one.items is None, _order(one))):
            if version and _repeats(one, version):
                entries.append(LedgerEntry(one, RETURN_DUPLICATE, number))
                issues.append(make_issue("DUPLICATE", one.place, number))
                continue
            if version and one.items is None and version.items:
                issues.append(make_issue("HIDES_ITEMS", one.place, number))
            version, number = one, number + 1
            entries.append(LedgerEntry(one, RETURN_REVISED if number > 1 else _punctuality(one), number))
    counting = max((n for n, entry in enumerate(entries) if entry.is_version), default=None)
    return [replace(entry, counts=n == counting) for n, entry in enumerate(entries)], issues


def build_ledger(
    returns: Iterable[ReceivedReturn], plan: Plan, form: questionnaire.Form, as_of: date
) -> tuple[list[LedgerEntry], list[Issue]]:
    """Enter every return received by a date in the ledger; one received after it does not exist (section 3)."""
    there = [one for one in returns if one.received_on is None or one.received_on <= as_of]
    entries, issues, usable = [], [], defaultdict(list)
    for one in there:
        problems = [*check_member(one, plan), *check_quarter(one), *check_receipt(one), *check_answered(one, form)]
        issues += [*problems, *one.notes]
        if problems:
            entries.append(LedgerEntry(one, RETURN_REFUSED))
        else:
            usable[one.place.quarter, one.member].append(one)
    for group in usable.values():
        numbered, found = number_versions(group)
        entries += numbered
        issues += found
    return entries, issues
