"""The parts of a figure, measure by measure: who or what it adds up, and which cells each comes from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from helpers.explain.cells import Cells, list_items, trace_row
from helpers.explain.records import CODE, ITEM, MEMBER, ROW, Part, Trace
from helpers.kpis import compute
from helpers.kpis.measures import NAMED_BY, Standing
from helpers.kpis.observations import Scene, recall, remembers, stand_on
from helpers.plan.plan import KEPT, STOCKS, UNION, Kpi, Member
from helpers.plan.questionnaire import REPEAT
from helpers.plan.readings import NO_CODES, NOTHING, Counted, Reading
from helpers.plan.sources import ATTENDANCES, Source, source_of, workshops_of

Parts = tuple[Part, ...]
REPORTED, CARRIED, EVER = "reported", "carried", "ever"
_MOST = {"count_known": 1.0, "mean_index": 100.0}  # what a member that did not report may add


@dataclass(frozen=True)
class Case:
    """One figure to be taken apart: what it is made of, and how each member's return of the quarter came."""

    scene: Scene
    kpi: Kpi
    scope: str
    cells: Cells
    states: Mapping[str, str]

    @property
    def members(self) -> Sequence[Member]:
        """The members expected."""
        return self.scene.members(self.scope)

    @property
    def source(self) -> Source:
        """How the KPI is read from a return."""
        return source_of(self.kpi, self.scene.form)

    @property
    def questions(self) -> tuple[str, ...]:
        """The questions that the value is read from; items stand under the repeat."""
        asks = self.source.asks
        return asks if set(asks) <= self.scene.form.by_name.keys() else (REPEAT,)

    def reading(self, quarter: str, member: str) -> Reading:
        """Return what a member's return of a quarter says."""
        return self.scene.evidence.readings(self.source.read).get((quarter, member), NOTHING)


def is_void(case: Case) -> bool:
    """Tell whether a figure is blank by definition: one held for all, in a region; or no return of the quarter."""
    if case.kpi.measure == "rate":
        return False
    if case.kpi.measure in KEPT:
        for_all = case.kpi.measure == "milestone" or not workshops_of(case.kpi.source)[1]
        return for_all and case.scope != UNION
    return case.scene.quarter not in case.scene.evidence.quarters


def list_parts(case: Case) -> tuple[Parts, Parts]:
    """Return the parts that a figure adds up, and where the members stand that are none of them themselves.

    A void figure has neither.
    """
    if is_void(case):
        return (), ()
    make = {"milestone": _milestone, "register": _register, "rate": _rate}.get(case.kpi.measure)
    if make:
        return make(case), ()
    if case.kpi.measure == "sum_flow":
        return _flow(case), ()
    if case.kpi.measure in STOCKS:
        stock = _stock(case)
        return (_codes(case, stock), stock) if case.kpi.measure == "distinct_codes" else (stock, ())
    history = _history(case)
    return (_items(case), history) if case.kpi.measure == "distinct_items" else (history, ())


# --- stocks -----------------------------------------------------------------------------------------------------


def _stock(case: Case) -> Parts:
    """List where each member stands on a stock: one part a member."""
    standings = stand_on(case.scene, case.kpi, case.members)
    return tuple(_of_standing(case, member, one) for member, one in zip(case.members, standings, strict=True))


def _of_standing(case: Case, member: Member, one: Standing) -> Part:
    source, is_sum = case.source, case.kpi.measure == "sum_known"
    weight = getattr(member, source.reference) if source.reference else 1
    has_both = one.is_reported and one.total is not None
    stands_in = is_sum and bool(source.total) and not has_both
    return Part(
        MEMBER, one.member, case.scene.quarter, one.basis, case.states.get(one.member, ""), one.source_quarter,
        value=one.value, low=one.value if one.is_reported else 0,
        cap=None if one.is_reported else one.bound if is_sum else _MOST.get(case.kpi.measure),
        total=one.total if source.total else None,
        share_cap=one.bound if stands_in else None, total_cap=one.total_cap if stands_in else None,
        told=weight if one.is_known else 0, asked=weight,
        members=(one.member,), traces=_stock_traces(case, one, stands_in),
    )  # fmt: skip


def _stock_traces(case: Case, one: Standing, stands_in: bool) -> tuple[Trace, ...]:
    """Return the cells of the quarter itself, of the quarter carried from, and that of the total a cap rests on."""
    quarters = dict.fromkeys([case.scene.quarter, one.source_quarter or case.scene.quarter])
    found = case.cells.find(quarters, one.member, case.questions)
    last = case.cells.find_last(case.source.total, one.member, case.scene.quarter) if stands_in else ()
    refused = case.cells.find_refused(case.scene.quarter, one.member)
    return (*refused, *found, *(cell for cell in last if cell not in found))


def _codes(case: Case, stock: Parts) -> Parts:
    """List the codes of the list: one part a code, which counts once three known members name it."""
    (question,), parts = case.questions, []
    for code in (code for code in case.scene.form.by_name[question].choices if code not in NO_CODES):
        naming = [one for one in stock if one.basis and code in case.reading(one.source_quarter, one.name).codes]
        reported = [one for one in naming if one.basis == REPORTED]
        low = float(len(reported) >= NAMED_BY)
        parts.append(
            Part(
                CODE, code, case.scene.quarter, value=float(len(naming) >= NAMED_BY), low=low, cap=1 - low,
                told=len(naming), members=tuple(one.name for one in naming),
            )
        )  # fmt: skip
    return tuple(parts)


# --- since the first collected ----------------------------------------------------------------------------------


def _history(case: Case) -> Parts:
    """List what each member has said since the first collected: one part a member."""
    parts, only_now = [], remembers(case.kpi)
    histories = recall(case.scene, case.source.read, case.members, only_now)
    for member, history in zip(case.members, histories, strict=True):
        asked = [quarter for quarter in case.scene.collected if only_now or member.valid_in(quarter)]
        asked = asked[-1:] if only_now else asked
        told = [quarter for quarter in case.scene.collected if case.reading(quarter, history.member).value is not None]
        met = next((quarter for quarter in told if case.reading(quarter, history.member).value), "")
        basis = REPORTED if case.scene.quarter in told else EVER if told else ""
        value = float(history.ever) if history.reported_once else None
        unseen = case.kpi.measure == "count_ever" and not history.ever and not history.always
        traces = case.cells.find([met] if met else told, history.member, case.questions)
        found = [cell for item, cell in list_items(case.cells, [met], history.member) if item.kind in case.source.asks]
        parts.append(
            Part(
                MEMBER, history.member, case.scene.quarter, basis, case.states.get(history.member, ""), met,
                value=value, low=value or 0, cap=1.0 if unseen else None,
                told=sum(quarter in told for quarter in asked), asked=len(asked),
                members=(history.member,),
                traces=(*case.cells.find_refused(case.scene.quarter, history.member), *traces, *found),
            )
        )  # fmt: skip
    return tuple(parts)


def _items(case: Case) -> Parts:
    """List the distinct items reported since the first collected: one part an item, whoever reported it."""
    found: dict[str, list[Trace]] = {}
    for member in case.members:
        for item, cell in list_items(case.cells, case.scene.collected, member.member):
            for code in case.source.read(Counted(member.member, {}, (item,))).codes:
                found.setdefault(code, []).append(cell)
    return tuple(
        Part(
            ITEM, code, case.scene.quarter, source_quarter=min(cell.quarter for cell in cells), value=1.0, low=1.0,
            members=tuple(dict.fromkeys(cell.member for cell in cells)), traces=tuple(cells),
        )
        for code, cells in sorted(found.items())
    )  # fmt: skip


def _flow(case: Case) -> Parts:
    """List a flow's member-quarters: one part each, of the members valid in the quarter of the flow."""
    parts = []
    for quarter in case.scene.collected:
        for member in case.scene.plan.members_in(quarter, case.scope):
            value = case.reading(quarter, member.member).value
            known, refused = value is not None, case.cells.find_refused(quarter, member.member)
            traces = (*refused, *case.cells.find([quarter], member.member, case.questions))
            state = case.states.get(member.member, "") if quarter == case.scene.quarter else ""
            parts.append(
                Part(
                    MEMBER, member.member, quarter, REPORTED if known else "", state, quarter if known else "",
                    value=value, low=value or 0, cap=None if known else math.inf, told=float(known), asked=1,
                    members=(member.member,), traces=traces,
                )
            )  # fmt: skip
    return tuple(parts)


# --- registers and the rate -------------------------------------------------------------------------------------


def _milestone(case: Case) -> Parts:
    """List the register's rows on a milestone: the last of the latest quarter tells the stage, the others nothing."""
    rows = compute.list_milestones(case.scene, case.kpi.step)
    return tuple(
        Part(
            ROW, f"milestones.csv {row.get('row', '')}".strip(), row["quarter"], REPORTED,
            value=float(row["stage"]) if row is rows[-1] else None, low=row["stage"] if row is rows[-1] else 0,
            traces=(trace_row("milestones", row, row["stage"]),),
        )
        for row in rows
    )  # fmt: skip


def _register(case: Case) -> Parts:
    """List what the workshops' registers count: workshops, attendances, or the members that came to any."""
    step, counted = workshops_of(case.kpi.source)
    if not counted:
        held = compute.list_workshops(case.scene, step)
        return tuple(_of_row("workshops", row, str(row["workshop"]), 1, case) for row in held)
    came = compute.list_attendance(case.scene, step, case.members)
    if counted == ATTENDANCES:
        return tuple(
            _of_row("attendance", row, f"{row['workshop']} {row['member']}", row["women"] + row["men"], case)
            for row in came
        )
    return tuple(_of_attending(case, member, [row for row in came if row["member"] == member.member])
                 for member in case.members)  # fmt: skip


def _of_row(register: str, row: Mapping[str, object], name: str, value: float, case: Case) -> Part:
    members = (str(row["member"]),) if "member" in row else ()
    cell = trace_row(register, row, value)
    return Part(ROW, name, case.scene.quarter, REPORTED, value=value, low=value, members=members, traces=(cell,))


def _of_attending(case: Case, member: Member, rows: Sequence[Mapping[str, object]]) -> Part:
    value = float(any(row["women"] + row["men"] > 0 for row in rows))
    traces = tuple(trace_row("attendance", row, row["women"] + row["men"]) for row in rows)
    return Part(
        MEMBER, member.member, case.scene.quarter, REPORTED if rows else "", value=value, low=value,
        members=(member.member,), traces=traces,
    )  # fmt: skip


def _rate(case: Case) -> Parts:
    """List who was asked: one part a member for its return, one for each other questionnaire that it was asked."""
    parts = []
    for member in case.members:
        came = float(compute.count_answering(case.scene, [member]).by_cutoff)
        first = case.cells.firsts.get((case.scene.quarter, member.member))
        parts.append(
            Part(
                MEMBER, member.member, case.scene.quarter, REPORTED if came else "",
                case.states.get(member.member, ""), value=came, low=came, total=1.0,
                members=(member.member,),
                traces=(first,) if first else case.cells.find_refused(case.scene.quarter, member.member),
            )
        )  # fmt: skip
    cutoff = compute.cutoff_of(case.scene)
    for row in compute.list_questionnaires(case.scene, case.members):
        back = float(bool(row["returned_on"]) and row["returned_on"] <= cutoff)
        part = _of_row("questionnaires", row, f"{row['questionnaire']} {row['member']}", back, case)
        parts.append(replace(part, basis=REPORTED if back else "", total=1.0))
    return tuple(parts)
