"""Why a published figure changed: late returns, revised returns, or a change in a register."""

from collections import Counter
from collections.abc import Callable, Iterable

from helpers.kpis.measures import Observation
from helpers.kpis.observations import ReturnKey, Snapshot, observe
from helpers.plan import Kpi, extractors, quarters, sources

CAUSES = ("late", "revised", "register")
CodeSet = frozenset[str]


def _changed_codes(was: Iterable[CodeSet], now: Iterable[CodeSet], by: int = 1) -> CodeSet:
    """Return the codes that change a count: named by at least `by` members on one side only."""
    then, since = (Counter(code for codes in side for code in codes) for side in (was, now))
    return frozenset(code for code in then | since if (then[code] >= by) != (since[code] >= by))


def _contribution_of(kpi: Kpi, figure: str, changed: CodeSet) -> Callable[[Observation], object]:
    """Return the function that gives a member's contribution to a figure of a stock."""
    if figure == "share":
        return lambda observation: (0, 0) if observation.total is None else (observation.value, observation.total)
    if kpi.measure == "distinct_codes":
        return lambda observation: observation.codes & changed
    # Whether a member is known changes a mean, even where its value is 0.
    is_mean = kpi.measure == "mean_index"
    return lambda observation: observation.value if is_mean else observation.value or 0


def _find_stock_returns(first: Snapshot, now: Snapshot, kpi: Kpi, scope: str, figure: str) -> set[ReturnKey]:
    """Return the returns behind the change of a stock: of each member the latest one that differs."""
    source = sources.source_of(kpi, now.form)
    before, after = (observe(snapshot, source.read, snapshot.members(scope)) for snapshot in (first, now))
    changed = _changed_codes((old.codes for old in before), (new.codes for new in after), source.least)
    contribution, pairs = _contribution_of(kpi, figure, changed), list(zip(before, after, strict=True))
    members = [new.member for old, new in pairs if contribution(old) != contribution(new)]
    members = members or [new.member for old, new in pairs if old.is_known != new.is_known]  # from blank to 0
    was, are = first.returns.extracts(source.read), now.returns.extracts(source.read)
    window = [quarters.shift(now.quarter, -lag) for lag in range(now.plan.settings.carry_quarters + 1)]

    def differs(key: ReturnKey) -> bool:
        return was.get(key, extractors.NO_EXTRACT) != are.get(key, extractors.NO_EXTRACT)

    return {next(filter(differs, [(quarter, member) for quarter in window])) for member in members}


def _contribution_and_sum(kpi: Kpi, changed: CodeSet) -> tuple[Callable[[extractors.Extract], object], Callable]:
    """Return two functions: a quarter's contribution to a cumulative figure, and a member's from its quarters'."""
    if kpi.measure == "sum_flow":
        return lambda extract: extract.value or 0, sum
    if kpi.measure == "count_ever":
        return lambda extract: bool(extract.value), any
    return lambda extract: extract.codes & changed, lambda codes: frozenset().union(*codes)


def _find_cumulative_returns(first: Snapshot, now: Snapshot, kpi: Kpi, scope: str) -> set[ReturnKey]:
    """Return the returns behind the change of a flow, an ever-count or items."""
    collected, is_flow = sorted({*first.collected, *now.collected}), kpi.measure == "sum_flow"
    keys = [(q, m.member) for q in collected for m in now.plan.members_in(q if is_flow else now.quarter, scope)]
    extracts = [snapshot.returns.extracts(sources.source_of(kpi, now.form).read) for snapshot in (first, now)]
    was, are = ({key: side.get(key, extractors.NO_EXTRACT) for key in keys} for side in extracts)
    changed = _changed_codes((extract.codes for extract in was.values()), (extract.codes for extract in are.values()))
    contribution, combine = _contribution_and_sum(kpi, changed)

    def total(side: dict[ReturnKey, extractors.Extract], member: str) -> object:
        return combine([contribution(side[key]) for key in keys if key[1] == member])

    members = {member for _, member in keys if total(was, member) != total(are, member)}
    found = {key for key in keys if key[1] in members and contribution(was[key]) != contribution(are[key])}
    return found or {key for key in keys if (was[key].value is None) != (are[key].value is None)}


def _accepted_days(snapshot: Snapshot, key: ReturnKey) -> list:
    return sorted(snapshot.returns.accepted.get(key, ()))


def _find_opening_returns(first: Snapshot, now: Snapshot) -> set[ReturnKey]:
    """Return the first returns of the quarter: before them its figures were blank, even with values to carry."""
    keys = {key for key in (*first.returns.accepted, *now.returns.accepted) if key[0] == now.quarter}
    return {key for key in keys if _accepted_days(first, key) != _accepted_days(now, key)}


def _cause_of(first: Snapshot, now: Snapshot, key: ReturnKey) -> str:
    days = _accepted_days(first, key)
    if not days:
        return "late"
    return "register" if days == _accepted_days(now, key) else "revised"


def find_causes(first: Snapshot, now: Snapshot, kpi: Kpi, scope: str, figure: str) -> str:
    """Return why a figure is not what was first published: `late:XYZ revised:XYZ register:XYZ`; or `register`.

    Named are the members whose contribution changed. Late: no return of the quarter had been received; revised: a later
    version was received; register: the same return is read differently, such as with a value confirmed since.
    """
    if kpi.is_from_registers:
        return "register"
    if kpi.is_stock:
        keys = _find_stock_returns(first, now, kpi, scope, figure)
    else:
        keys = _find_cumulative_returns(first, now, kpi, scope)
    causes = {(_cause_of(first, now, key), key[1]) for key in keys or _find_opening_returns(first, now)}
    ordered = sorted(causes, key=lambda cause: (CAUSES.index(cause[0]), cause[1]))
    return " ".join(f"{cause}:{member}" for cause, member in ordered)
