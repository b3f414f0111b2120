"""The parts of a figure, measure by measure: who or what it adds up, and which cells each comes from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from helpers.explain.cells import CellIndex, list_items, trace_row
from helpers.explain.records import CODE, ITEM, MEMBER, ROW, CellTrace, ExplainedPart
from helpers.kpis import Snapshot, compute, measures, observations
from helpers.plan import UNION, Kpi, Member, extractors, questionnaire, sources

ExplainedParts = tuple[ExplainedPart, ...]
_REPORTED, _CARRIED, _EVER = "reported", "carried", "ever"
_MOST = {"count_known": 1.0, "mean_index": 100.0}  # what a member that did not report may add


@dataclass(frozen=True)
class FigureCase:
    """One figure to be taken apart: what it is made of, and how each member's return of the quarter came."""

    snapshot: Snapshot
    kpi: Kpi
    scope: str
    cells: CellIndex
    states: Mapping[str, str]

    @property
    def members(self) -> Sequence[Member]:
        """The members expected."""
        return self.snapshot.members(self.scope)

    @property
    def source(self) -> sources.KpiSource:
        """How the KPI is read from a return."""
        return sources.source_of(self.kpi, self.snapshot.form)

    @property
    def questions(self) -> tuple[str, ...]:
        """The questions that the value is read from; items stand under the repeat."""
        asks = self.source.asks
        return asks if set(asks) <= self.snapshot.form.by_name.keys() else (questionnaire.REPEAT,)

    def extract(self, quarter: str, member: str) -> extractors.Extract:
        """Return what a member's return of a quarter says."""
        return self.snapshot.returns.extracts(self.source.read).get((quarter, member), extractors.NO_EXTRACT)


def is_blank_by_definition(case: FigureCase) -> bool:
    """Tell whether a figure is blank by definition: one held for all, in a region; or no return of the quarter."""
    if case.kpi.measure == "rate":
        return False
    if case.kpi.is_from_registers:
        for_all = case.kpi.measure == "milestone" or not sources.workshops_of(case.kpi.source)[1]
        return for_all and case.scope != UNION
    return case.snapshot.quarter not in case.snapshot.returns.quarters


def list_figure_parts(case: FigureCase) -> tuple[ExplainedParts, ExplainedParts]:
    """Return the parts that a figure adds up, and where the members stand that are none of them themselves.

    A void figure has neither.
    """
    if is_blank_by_definition(case):
        return (), ()
    make = {"milestone": _milestone, "register": _register, "rate": _rate}.get(case.kpi.measure)
    if make:
        return make(case), ()
    if case.kpi.measure == "sum_flow":
        return _flow(case), ()
    if case.kpi.is_stock:
        stock = _stock(case)
        return (_codes(case, stock), stock) if case.kpi.measure == "distinct_codes" else (stock, ())
    history = _history(case)
    return (_items(case), history) if case.kpi.measure == "distinct_items" else (history, ())


# --- stocks -----------------------------------------------------------------------------------------------------


def _stock(case: FigureCase) -> ExplainedParts:
    """List where each member stands on a stock: one part a member."""
    observed = observations.observe_kpi(case.snapshot, case.kpi, case.members)
    return tuple(_of_standing(case, member, one) for member, one in zip(case.members, observed, strict=True))


def _of_standing(case: FigureCase, member: Member, one: measures.Observation) -> ExplainedPart:
    source, is_sum = case.source, case.kpi.measure == "sum_known"
    weight = getattr(member, source.reference) if source.reference else 1
    has_both = one.is_reported and one.total is not None
    stands_in = is_sum and bool(source.total) and not has_both
    return ExplainedPart(
        MEMBER, one.member, case.snapshot.quarter, one.basis, case.states.get(one.member, ""), one.source_quarter,
        value=one.value, low=one.value if one.is_reported else 0,
        cap=None if one.is_reported else one.bound if is_sum else _MOST.get(case.kpi.measure),
        total=one.total if source.total else None,
        share_cap=one.bound if stands_in else None, total_cap=one.total_cap if stands_in else None,
        told=weight if one.is_known else 0, asked=weight,
        members=(one.member,), traces=_stock_traces(case, one, stands_in),
    )  # fmt: skip


def _stock_traces(case: FigureCase, one: measures.Observation, stands_in: bool) -> tuple[CellTrace, ...]:
    """Return the cells of the quarter itself, of the quarter carried from, and that of the total a cap rests on."""
    quarters = dict.fromkeys([case.snapshot.quarter, one.source_quarter or case.snapshot.quarter])
    found = case.cells.find(quarters, one.member, case.questions)
    last = case.cells.find_last(case.source.total, one.member, case.snapshot.quarter) if stands_in else ()
    refused = case.cells.find_refused(case.snapshot.quarter, one.member)
    return (*refused, *found, *(cell for cell in last if cell not in found))


def _codes(case: FigureCase, stock: ExplainedParts) -> ExplainedParts:
    """List the codes of the list: one part a code, which counts once three known members name it."""
    (question,), parts = case.questions, []
    for code in (code for code in case.snapshot.form.by_name[question].choices if code not in extractors.NEUTRAL_CODES):
        naming = [one for one in stock if one.basis and code in case.extract(one.source_quarter, one.name).codes]
        reported = [one for one in naming if one.basis == _REPORTED]
        low = float(len(reported) >= measures.LEAST_NAMING)
        parts.append(
            ExplainedPart(
                CODE,
                code,
                case.snapshot.quarter,
                value=float(len(naming) >= measures.LEAST_NAMING),
                low=low,
                cap=1 - low,
                told=len(naming),
                members=tuple(one.name for one in naming),
            )
        )
    return tuple(parts)


# --- since the first collected ----------------------------------------------------------------------------------


def _history(case: FigureCase) -> ExplainedParts:
    """List what each member has said since the first collected: one part a member."""
    parts, only_now = [], observations.is_cumulative(case.kpi)
    histories = observations.observe_history(case.snapshot, case.source.read, case.members, only_now)
    for member, history in zip(case.members, histories, strict=True):
        asked = [quarter for quarter in case.snapshot.collected if only_now or member.valid_in(quarter)]
        asked = asked[-1:] if only_now else asked
        told = [
            quarter for quarter in case.snapshot.collected if case.extract(quarter, history.member).value is not None
        ]
        met = next((quarter for quarter in told if case.extract(quarter, history.member).value), "")
        basis = _REPORTED if case.snapshot.quarter in told else _EVER if told else ""
        value = float(history.ever) if history.reported_once else None
        unseen = case.kpi.measure == "count_ever" and not history.ever and not history.always
        traces = case.cells.find([met] if met else told, history.member, case.questions)
        found = [cell for item, cell in list_items(case.cells, [met], history.member) if item.kind in case.source.asks]
        parts.append(
            ExplainedPart(
                MEMBER, history.member, case.snapshot.quarter, basis, case.states.get(history.member, ""), met,
                value=value, low=value or 0, cap=1.0 if unseen else None,
                told=sum(quarter in told for quarter in asked), asked=len(asked),
                members=(history.member,),
                traces=(*case.cells.find_refused(case.snapshot.quarter, history.member), *traces, *found),
            )
        )  # fmt: skip
    return tuple(parts)


def _items(case: FigureCase) -> ExplainedParts:
    """List the distinct items reported since the first collected: one part an item, whoever reported it."""
    found: dict[str, list[CellTrace]] = {}
    for member in case.members:
        for item, cell in list_items(case.cells, case.snapshot.collected, member.member):
            for code in case.source.read(extractors.CountedReturn(member.member, {}, (item,))).codes:
                found.setdefault(code, []).append(cell)
    return tuple(
        ExplainedPart(
            ITEM, code, case.snapshot.quarter, source_quarter=min(cell.quarter for cell in cells), value=1.0, low=1.0,
            members=tuple(dict.fromkeys(cell.member for cell in cells)), traces=tuple(cells),
        )
        for code, cells in sorted(found.items())
    )  # fmt: skip


def _flow(case: FigureCase) -> ExplainedParts:
    """List a flow's member-quarters: one part each, of the members valid in the quarter of the flow."""
    parts = []
    for quarter in case.snapshot.collected:
        for member in case.snapshot.plan.members_in(quarter, case.scope):
            value = case.extract(quarter, member.member).value
            known, refused = value is not None, case.cells.find_refused(quarter, member.member)
            traces = (*refused, *case.cells.find([quarter], member.member, case.questions))
            state = case.states.get(member.member, "") if quarter == case.snapshot.quarter else ""
            parts.append(
                ExplainedPart(
                    MEMBER, member.member, quarter, _REPORTED if known else "", state, quarter if known else "",
                    value=value, low=value or 0, cap=None if known else math.inf, told=float(known), asked=1,
                    members=(member.member,), traces=traces,
                )
            )  # fmt: skip
    return tuple(parts)


# --- registers and the rate -------------------------------------------------------------------------------------


def _milestone(case: FigureCase) -> ExplainedParts:
    """List the register's rows on a milestone: the last of the latest quarter tells the stage, the others nothing."""
    rows = compute.list_milestones(case.snapshot, case.kpi.step)
    return tuple(
        ExplainedPart(
            ROW, f"milestones.csv {row.get('row', '')}".strip(), row["quarter"], _REPORTED,
            value=float(row["stage"]) if row is rows[-1] else None, low=row["stage"] if row is rows[-1] else 0,
            traces=(trace_row("milestones", row, row["stage"]),),
        )
        for row in rows
    )  # fmt: skip


def _register(case: FigureCase) -> ExplainedParts:
    """List what the workshops' registers count: workshops, attendances, or the members that came to any."""
    step, counted = sources.workshops_of(case.kpi.source)
    if not counted:
        held = compute.list_workshops(case.snapshot, step)
        return tuple(_of_row("workshops", row, str(row["workshop"]), 1, case) for row in held)
    came = compute.list_attendance(case.snapshot, step, case.members)
    if counted == sources.ATTENDANCES:
        return tuple(
            _of_row("attendance", row, f"{row['workshop']} {row['member']}", row["women"] + row["men"], case)
            for row in came
        )
    return tuple(_of_attending(case, member, [row for row in came if row["member"] == member.member])
                 for member in case.members)  # fmt: skip


def _of_row(register: str, row: Mapping[str, object], name: str, value: float, case: FigureCase) -> ExplainedPart:
    members = (str(row["member"]),) if "member" in row else ()
    cell = trace_row(register, row, value)
    return ExplainedPart(
        ROW, name, case.snapshot.quarter, _REPORTED, value=value, low=value, members=members, traces=(cell,)
    )


def _of_attending(case: FigureCase, member: Member, rows: Sequence[Mapping[str, object]]) -> ExplainedPart:
    value = float(any(row["women"] + row["men"] > 0 for row in rows))
    traces = tuple(trace_row("attendance", row, row["women"] + row["men"]) for row in rows)
    return ExplainedPart(
        MEMBER, member.member, case.snapshot.quarter, _REPORTED if rows else "", value=value, low=value,
        members=(member.member,), traces=traces,
    )  # fmt: skip


def _rate(case: FigureCase) -> ExplainedParts:
    """List who was asked: one part a member for its return, one for each other questionnaire that it was asked."""
    parts = []
    for member in case.members:
        came = float(compute.count_responses_by_date(case.snapshot, [member]).by_cutoff)
        first = case.cells.firsts.get((case.snapshot.quarter, member.member))
        parts.append(
            ExplainedPart(
                MEMBER, member.member, case.snapshot.quarter, _REPORTED if came else "",
                case.states.get(member.member, ""), value=came, low=came, total=1.0,
                members=(member.member,),
                traces=(first,) if first else case.cells.find_refused(case.snapshot.quarter, member.member),
            )
        )  # fmt: skip
    cutoff = compute.cutoff_of(case.snapshot)
    for row in compute.list_questionnaires(case.snapshot, case.members):
        back = float(bool(row["returned_on"]) and row["returned_on"] <= cutoff)
        part = _of_row("questionnaires", row, f"{row['questionnaire']} {row['member']}", back, case)
        parts.append(replace(part, basis=_REPORTED if back else "", total=1.0))
    return tuple(parts)
