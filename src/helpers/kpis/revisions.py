"""Why a published figure changed: whose returns came late, were revised, or read otherwise by a row of the register."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from helpers.kpis.measures import LEAST_NAMING, Observation
from helpers.kpis.observations import CARRY_QUARTERS, Snapshot, observe
from helpers.plan import Kpi, extractors, quarters, sources

CAUSES = ("late", "revised", "register")

ReturnKey = tuple[str, str]  # the quarter and the member of a return
CodeSet = frozenset[str]


def _changed_codes(was: Iterable[CodeSet], now: Iterable[CodeSet], by: int = 1) -> CodeSet:
    """Return the codes that so many name on one side only: those that make a count of codes change."""
    then, since = (Counter(code for codes in side for code in codes) for side in (was, now))
    return frozenset(code for code in then | since if (then[code] >= by) != (since[code] >= by))


def _contribution_of(kpi: Kpi, figure: str, turned: CodeSet) -> Callable[[Observation], object]:
    """Return how to tell what a member adds to a figure of a stock; to be known or not changes a mean alone."""
    if figure == "share":
        return lambda s: (0, 0) if s.total is None else (s.value, s.total)
    if kpi.measure == "distinct_codes":
        return lambda s: s.codes & turned
    return (lambda s: s.value) if kpi.measure == "mean_index" else (lambda s: s.value or 0)


def _find_stock_returns(first: Snapshot, now: Snapshot, kpi: Kpi, scope: str, figure: str) -> set[ReturnKey]:
    """Return the returns behind the change of a stock: of a member, the latest one that reads otherwise decides."""
    read = sources.extractor_of(kpi, now.form)
    before, after = (observe(snapshot, read, snapshot.members(scope)) for snapshot in (first, now))
    adds = _contribution_of(
        kpi, figure, _changed_codes((s.codes for s in before), (s.codes for s in after), LEAST_NAMING)
    )
    pairs = list(zip(before, after, strict=True))
    members = [s.member for old, s in pairs if adds(old) != adds(s)]
    members = members or [s.member for old, s in pairs if old.is_known != s.is_known]  # from blank to 0
    was, says = (snapshot.returns.extracts(read) for snapshot in (first, now))
    window = [quarters.shift(now.quarter, -lag) for lag in range(CARRY_QUARTERS + 1)]
    latest = ([(quarter, member) for quarter in window] for member in members)
    return {
        next(slot for slot in slots if was.get(slot, extractors.NO_EXTRACT) != says.get(slot, extractors.NO_EXTRACT))
        for slots in latest
    }


def _extract_contribution(
    kpi: Kpi, turned: CodeSet
) -> tuple[Callable[[extractors.Extract], object], Callable[[list], object]]:
    """Return what a quarter adds to a figure that adds up, and how a member's quarters are put together."""
    if kpi.measure == "sum_flow":
        return lambda extract: extract.value or 0, sum
    if kpi.measure == "count_ever":
        return lambda extract: bool(extract.value), any
    return lambda extract: extract.codes & turned, lambda quarters: frozenset().union(*quarters)


def _find_cumulative_returns(first: Snapshot, now: Snapshot, kpi: Kpi, scope: str) -> set[ReturnKey]:
    """Return the returns behind the change of a flow, ever or items: of members valid in the flow's own quarter."""
    quarters, is_flow = sorted({*first.collected, *now.collected}), kpi.measure == "sum_flow"
    slots = [(q, m.member) for q in quarters for m in now.plan.members_in(q if is_flow else now.quarter, scope)]
    extracts = [snapshot.returns.extracts(sources.extractor_of(kpi, now.form)) for snapshot in (first, now)]
    was, are = ({slot: side.get(slot, extractors.NO_EXTRACT) for slot in slots} for side in extracts)
    says, together = _extract_contribution(
        kpi, _changed_codes((r.codes for r in was.values()), (r.codes for r in are.values()))
    )

    def whole(side: dict[ReturnKey, extractors.Extract], member: str) -> object:
        return together([says(side[slot]) for slot in slots if slot[1] == member])

    moved = {member for _, member in slots if whole(was, member) != whole(are, member)}
    found = {slot for slot in slots if slot[1] in moved and says(was[slot]) != says(are[slot])}
    return found or {slot for slot in slots if (was[slot].value is None) != (are[slot].value is None)}


def _accepted_days(snapshot: Snapshot, slot: ReturnKey) -> list:
    return sorted(snapshot.returns.accepted.get(slot, ()))


def _find_opening_returns(first: Snapshot, now: Snapshot) -> set[ReturnKey]:
    """Return the returns that made a quarter one with any: until then its figures are blank, whatever is carried."""
    slots = {slot for slot in (*first.returns.accepted, *now.returns.accepted) if slot[0] == now.quarter}
    return {slot for slot in slots if _accepted_days(first, slot) != _accepted_days(now, slot)}


def _cause_of(first: Snapshot, now: Snapshot, slot: ReturnKey) -> str:
    was = _accepted_days(first, slot)
    if not was:
        return "late"
    return "register" if was == _accepted_days(now, slot) else "revised"


def find_causes(first: Snapshot, now: Snapshot, kpi: Kpi, scope: str, figure: str) -> str:
    """Return why a figure is not what was first published: `late:KEN revised:SEN register:MOZ`; or `register`.

    Named are the members whose own part of that very figure changed. Late is one none of whose returns of the quarter
    behind it was there; revised one that sent another; register one whose same return is read otherwise (confirmed).
    """
    if kpi.is_from_registers:
        return "register"
    is_stock = kpi.is_stock
    slots = (
        _find_stock_returns(first, now, kpi, scope, figure)
        if is_stock
        else _find_cumulative_returns(first, now, kpi, scope)
    )
    found = {(_cause_of(first, now, slot), slot[1]) for slot in slots or _find_opening_returns(first, now)}
    return " ".join(":".join(one) for one in sorted(found, key=lambda one: (CAUSES.index(one[0]), one[1])))
