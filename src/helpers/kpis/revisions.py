"""Why a published figure changed: whose returns came late, were revised, or read otherwise by a row of the register."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from helpers.kpis.measures import NAMED_BY, Standing
from helpers.kpis.observations import CARRY_QUARTERS, Scene, stand
from helpers.plan.plan import STOCKS, Kpi
from helpers.plan.quarters import shift
from helpers.plan.readings import NOTHING, Reading
from helpers.plan.sources import is_kept, read_of

KINDS = ("late", "revised", "register")

Slot = tuple[str, str]  # the quarter and the member of a return
Codes = frozenset[str]


def _turned(was: Iterable[Codes], now: Iterable[Codes], by: int = 1) -> Codes:
    """Return the codes that so many name on one side only: those that make a count of codes change."""
    then, since = (Counter(code for codes in side for code in codes) for side in (was, now))
    return frozenset(code for code in then | since if (then[code] >= by) != (since[code] >= by))


def _adds(kpi: Kpi, figure: str, turned: Codes) -> Callable[[Standing], object]:
    """Return how to tell what a member adds to a figure of a stock; to be known or not changes a mean alone."""
    if figure == "share":
        return lambda s: (0, 0) if s.total is None else (s.value, s.total)
    if kpi.measure == "distinct_codes":
        return lambda s: s.codes & turned
    return (lambda s: s.value) if kpi.measure == "mean_index" else (lambda s: s.value or 0)


def _stock_slots(first: Scene, now: Scene, kpi: Kpi, scope: str, figure: str) -> set[Slot]:
    """Return the returns behind the change of a stock: of a member, the latest one that reads otherwise decides."""
    read = read_of(kpi, now.form)
    before, after = (stand(scene, read, scene.members(scope)) for scene in (first, now))
    adds = _adds(kpi, figure, _turned((s.codes for s in before), (s.codes for s in after), NAMED_BY))
    pairs = list(zip(before, after, strict=True))
    members = [s.member for old, s in pairs if adds(old) != adds(s)]
    members = members or [s.member for old, s in pairs if old.is_known != s.is_known]  # from blank to 0
    was, says = (scene.evidence.readings(read) for scene in (first, now))
    window = [shift(now.quarter, -lag) for lag in range(CARRY_QUARTERS + 1)]
    latest = ([(quarter, member) for quarter in window] for member in members)
    return {next(slot for slot in slots if was.get(slot, NOTHING) != says.get(slot, NOTHING)) for slots in latest}


def _says(kpi: Kpi, turned: Codes) -> tuple[Callable[[Reading], object], Callable[[list], object]]:
    """Return what a quarter adds to a figure that adds up, and how a member's quarters are put together."""
    if kpi.measure == "sum_flow":
        return lambda reading: reading.value or 0, sum
    if kpi.measure == "count_ever":
        return lambda reading: bool(reading.value), any
    return lambda reading: reading.codes & turned, lambda quarters: frozenset().union(*quarters)


def _cumulative_slots(first: Scene, now: Scene, kpi: Kpi, scope: str) -> set[Slot]:
    """Return the returns behind the change of a flow, ever or items: of members valid in the flow's own quarter."""
    quarters, is_flow = sorted({*first.collected, *now.collected}), kpi.measure == "sum_flow"
    slots = [(q, m.member) for q in quarters for m in now.plan.members_in(q if is_flow else now.quarter, scope)]
    readings = [scene.evidence.readings(read_of(kpi, now.form)) for scene in (first, now)]
    was, are = ({slot: side.get(slot, NOTHING) for slot in slots} for side in readings)
    says, together = _says(kpi, _turned((r.codes for r in was.values()), (r.codes for r in are.values())))

    def whole(side: dict[Slot, Reading], member: str) -> object:
        return together([says(side[slot]) for slot in slots if slot[1] == member])

    moved = {member for _, member in slots if whole(was, member) != whole(are, member)}
    found = {slot for slot in slots if slot[1] in moved and says(was[slot]) != says(are[slot])}
    return found or {slot for slot in slots if (was[slot].value is None) != (are[slot].value is None)}


def _accepted(scene: Scene, slot: Slot) -> list:
    return sorted(scene.evidence.accepted.get(slot, ()))


def _opening_slots(first: Scene, now: Scene) -> set[Slot]:
    """Return the returns that made a quarter one with any: until then its figures are blank, whatever is carried."""
    slots = {slot for slot in (*first.evidence.accepted, *now.evidence.accepted) if slot[0] == now.quarter}
    return {slot for slot in slots if _accepted(first, slot) != _accepted(now, slot)}


def _kind(first: Scene, now: Scene, slot: Slot) -> str:
    was = _accepted(first, slot)
    if not was:
        return "late"
    return "register" if was == _accepted(now, slot) else "revised"


def find_causes(first: Scene, now: Scene, kpi: Kpi, scope: str, figure: str) -> str:
    """Return why a figure is not what was first published: `late:KEN revised:SEN register:MOZ`; or `register`.

    Named are the members whose own part of that very figure changed. Late is one none of whose returns of the quarter
    behind it was there; revised one that sent another; register one whose same return is read otherwise (confirmed).
    """
    if is_kept(kpi):
        return "register"
    is_stock = kpi.measure in STOCKS
    slots = _stock_slots(first, now, kpi, scope, figure) if is_stock else _cumulative_slots(first, now, kpi, scope)
    found = {(_kind(first, now, slot), slot[1]) for slot in slots or _opening_slots(first, now)}
    return " ".join(":".join(one) for one in sorted(found, key=lambda one: (KINDS.index(one[0]), one[1])))
