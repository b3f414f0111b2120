"""The measures read from the Secretariat's registers: milestones, workshops, attendance and the return rate."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from helpers.ingest import registers
from helpers.kpis.figures import REPORTED, ROW, Calculation, Figure, MeasuredKpi, Term, add, divide, make_figure
from helpers.kpis.observations import Snapshot
from helpers.plan import UNION, Kpi, Member, quarters, sources

REGISTER_FROM = date(2022, 1, 1)


# --- rows ------------------------------------------------------------------------------------------------------


def _list_milestones(snapshot: Snapshot, step: str) -> list[registers.RegisterRow]:
    """Return the register's rows on a step's product up to the quarter, in order; the last one gives the stage."""
    rows = snapshot.registers.at(snapshot.as_of)["milestones"]
    known = [
        row for row in rows if sources.MILESTONE_PRODUCTS[row["product"]] == step and row["quarter"] <= snapshot.quarter
    ]
    return sorted(known, key=lambda row: row["quarter"])  # within a quarter they stay in file order


def _list_workshops(snapshot: Snapshot, step: str) -> list[registers.RegisterRow]:
    """Return the register's rows on a step's workshops held up to the end of the quarter."""
    rows, end = snapshot.registers.at(snapshot.as_of)["workshops"], quarters.quarter_end(snapshot.quarter)
    return [row for row in rows if row["step"] == step and REGISTER_FROM <= row["held_on"] <= end]


def _list_attendance(snapshot: Snapshot, step: str, members: Sequence[Member]) -> list[registers.RegisterRow]:
    """Return the register's rows on some members' attendance at a step's workshops; non-members count nowhere."""
    held, names = {row["workshop"] for row in _list_workshops(snapshot, step)}, {member.member for member in members}
    rows = snapshot.registers.at(snapshot.as_of)["attendance"]
    return [row for row in rows if row["workshop"] in held and row["member"] in names]


def count_people(row: registers.RegisterRow) -> int:
    """Return how many people attended, from a row of the attendance register."""
    return row["women"] + row["men"]


def _row_term(register: str, row: registers.RegisterRow, name: str, value: float) -> Term:
    members = (str(row["member"]),) if "member" in row else ()
    return Term(name, ROW, basis=REPORTED, value=value, lower=value, members=members, register=register, rows=(row,))


def _milestone_term(row: registers.RegisterRow, is_last: bool) -> Term:
    name = f"milestones.csv {row.get('row', '')}".strip()
    term = _row_term("milestones", row, name, row["stage"])
    return replace(term, quarter=row["quarter"], **({} if is_last else {"value": None, "lower": 0}))


def _attendance_terms(rows: Sequence[registers.RegisterRow], members: Sequence[Member]) -> list[Term]:
    """Return one term per member, 1 where it attended any workshop."""
    terms = []
    for name in (member.member for member in members):
        own = tuple(row for row in rows if row["member"] == name)
        attended = float(any(count_people(row) > 0 for row in own))
        basis = REPORTED if own else ""
        terms.append(
            Term(name, basis=basis, value=attended, lower=attended, members=(name,), register="attendance", rows=own)
        )
    return terms


def _list_register_terms(snapshot: Snapshot, kpi: Kpi, members: Sequence[Member]) -> list[Term]:
    """Return one term per workshop, per attendance, or per member, as the KPI counts them."""
    step, counted = sources.workshops_of(kpi.source)
    if not counted:
        rows = _list_workshops(snapshot, step)
        return [_row_term("workshops", row, str(row["workshop"]), 1) for row in rows]
    rows = _list_attendance(snapshot, step, members)
    if counted == sources.ATTENDANCES:
        names = [f"{row['workshop']} {row['member']}" for row in rows]
        return [_row_term("attendance", row, name, count_people(row)) for row, name in zip(rows, names, strict=True)]
    return _attendance_terms(rows, members)


# --- the return rate --------------------------------------------------------------------------------------------


def cutoff_of(snapshot: Snapshot) -> date:
    """Return the day by which answers count for the rate: the quarter's own first cut-off, or the edition's date."""
    return min(quarters.first_cutoff(snapshot.quarter), snapshot.as_of)


def count_received(snapshot: Snapshot, members: Sequence[Member], day: date) -> int:
    """Count the members whose first accepted return of the quarter was received by a day."""
    accepted = snapshot.returns.accepted
    return sum(min(accepted.get((snapshot.quarter, member.member), [date.max])) <= day for member in members)


def _questionnaire_term(row: registers.RegisterRow, cutoff: date) -> Term:
    returned = float(bool(row["returned_on"]) and row["returned_on"] <= cutoff)
    term = _row_term("questionnaires", row, f"{row['questionnaire']} {row['member']}", returned)
    return replace(term, basis=REPORTED if returned else "", total=1.0)


def _list_rate_terms(snapshot: Snapshot, members: Sequence[Member]) -> list[Term]:
    """Return one term per member for its return, one per other questionnaire due in the quarter (6.1.a)."""
    cutoff, terms = cutoff_of(snapshot), []
    for member in members:
        received, name = float(count_received(snapshot, [member], cutoff)), member.member
        basis = REPORTED if received else ""
        terms.append(Term(name, basis=basis, value=received, lower=received, total=1.0, members=(name,)))
    names = {member.member for member in members}
    rows = snapshot.registers.at(cutoff)["questionnaires"]
    due = [row for row in rows if row["member"] in names and registers.due_quarter(row) == snapshot.quarter]
    return terms + [_questionnaire_term(row, cutoff) for row in due]


# --- measures ---------------------------------------------------------------------------------------------------

_FULL = {"coverage": Calculation((1,), 1), "coverage_class": Calculation(("1 ≥ 2/3",), "A")}


def _make_certain(terms: Sequence[Term], value: Calculation) -> Figure:
    """Return a figure of the registers, whose bounds are the value itself."""
    same = Calculation((value.result,), value.result)
    return make_figure({"value": value, "lower": same, "upper": same}, terms)


def _measure_milestone(snapshot: Snapshot, kpi: Kpi) -> MeasuredKpi:
    rows = _list_milestones(snapshot, kpi.step)
    terms = [_milestone_term(row, row is rows[-1]) for row in rows]
    complete = bool(rows) and set(snapshot.plan.part_codes(kpi.step)) <= rows[-1]["parts"]
    stage = add(term.value for term in terms if term.value is not None)
    return MeasuredKpi(_make_certain(terms, stage), complete=complete, **_FULL)


def _measure_register(snapshot: Snapshot, kpi: Kpi, members: Sequence[Member]) -> MeasuredKpi:
    terms = _list_register_terms(snapshot, kpi, members)
    return MeasuredKpi(_make_certain(terms, add(term.value for term in terms)), **_FULL)


def _measure_rate(snapshot: Snapshot, members: Sequence[Member]) -> MeasuredKpi:
    terms = _list_rate_terms(snapshot, members)
    rate = divide(add(term.value for term in terms), len(terms), 100)
    n_reported = count_received(snapshot, members, cutoff_of(snapshot))
    return MeasuredKpi(_make_certain(terms, rate), n_reported, 0, len(members), **_FULL)


def measure_from_registers(snapshot: Snapshot, kpi: Kpi, scope: str) -> MeasuredKpi:
    """Measure a KPI that the Secretariat records itself; what is held for all members is blank in a region."""
    members = snapshot.members(scope)
    if kpi.measure == "rate":
        return _measure_rate(snapshot, members)
    if kpi.measure == "milestone":
        return _measure_milestone(snapshot, kpi) if scope == UNION else MeasuredKpi()
    is_for_all = not sources.workshops_of(kpi.source)[1]
    return MeasuredKpi() if is_for_all and scope != UNION else _measure_register(snapshot, kpi, members)
