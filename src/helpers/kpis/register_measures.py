"""The measures read from the Secretariat's registers: milestones, workshops, attendance and the return rate."""

from collections.abc import Sequence
from datetime import date

from helpers.ingest import registers
from helpers.kpis.figures import REPORTED, ROW, Calculation, MeasuredKpi, Term, add, divide, make_figure
from helpers.kpis.observations import Snapshot
from helpers.plan import Kpi, Member, quarters, sources


def _row_term(register: str, row: registers.RegisterRow, name: str, value: float | None, **others: object) -> Term:
    members = (str(row["member"]),) if "member" in row else ()
    source = {"basis": REPORTED, "members": members, "register": register, "rows": (row,)}
    return Term(name, ROW, value=value, lower=0 if value is None else value, **source | others)


def _member_term(member: Member, value: float, is_reported: bool, **others: object) -> Term:
    basis, members = REPORTED if is_reported else "", (member.member,)
    return Term(member.member, basis=basis, value=value, lower=value, members=members, **others)


def _attendance_terms(rows: Sequence[registers.RegisterRow], members: Sequence[Member]) -> list[Term]:
    """Return one term per member, 1 where it attended any workshop."""
    terms = []
    for member in members:
        own = tuple(row for row in rows if row["member"] == member.member)
        attended = float(any(row["women"] + row["men"] > 0 for row in own))
        terms.append(_member_term(member, attended, bool(own), register="attendance", rows=own))
    return terms


def _list_register_terms(snapshot: Snapshot, kpi: Kpi, members: Sequence[Member]) -> list[Term]:
    """Return one term per workshop, per attendance, or per member, as the KPI counts them; only members count."""
    step, counted = sources.workshops_of(kpi.source)
    tables, end = snapshot.registers.at(snapshot.as_of), quarters.quarter_end(snapshot.quarter)
    own = [row for row in tables["workshops"] if row["step"] == step]
    workshops = [row for row in own if snapshot.plan.settings.counted_from <= row["held_on"] <= end]
    if not counted:
        return [_row_term("workshops", row, str(row["workshop"]), 1) for row in workshops]
    held, codes = {row["workshop"] for row in workshops}, {member.member for member in members}
    rows = [row for row in tables["attendance"] if row["workshop"] in held and row["member"] in codes]
    if counted == sources.DISTINCT_MEMBERS:
        return _attendance_terms(rows, members)
    names = [f"{row['workshop']} {row['member']}" for row in rows]
    people = [row["women"] + row["men"] for row in rows]
    return [_row_term("attendance", *term) for term in zip(rows, names, people, strict=True)]


def cutoff_of(snapshot: Snapshot) -> date:
    """Return the day by which answers count for the rate: the quarter's own first cut-off, or the edition's date."""
    return min(snapshot.plan.settings.first_cutoff(snapshot.quarter), snapshot.as_of)


def count_received(snapshot: Snapshot, members: Sequence[Member], day: date) -> int:
    """Count the members whose first accepted return of the quarter was received by a day."""
    accepted = snapshot.returns.accepted
    return sum(min(accepted.get((snapshot.quarter, member.member), [date.max])) <= day for member in members)


def _list_rate_terms(snapshot: Snapshot, members: Sequence[Member]) -> list[Term]:
    """Return one term per member for its return, one per other questionnaire due in the quarter."""
    cutoff, terms = cutoff_of(snapshot), []
    for member in members:
        received = float(count_received(snapshot, [member], cutoff))
        terms.append(_member_term(member, received, bool(received), total=1.0))
    for row, is_returned in list_questionnaires(snapshot, members):
        returned = float(is_returned)
        name, basis = f"{row['questionnaire']} {row['member']}", REPORTED if returned else ""
        terms.append(_row_term("questionnaires", row, name, returned, basis=basis, total=1.0))
    return terms


def list_questionnaires(snapshot: Snapshot, members: Sequence[Member]) -> list[tuple[registers.RegisterRow, bool]]:
    """Return what members were asked besides the quarterly return and was due in the quarter, with whether it came."""
    cutoff, names = cutoff_of(snapshot), {member.member for member in members}
    rows = snapshot.registers.at(cutoff)["questionnaires"]
    due = [row for row in rows if row["member"] in names and registers.due_quarter(row) == snapshot.quarter]
    return [(row, bool(row["returned_on"]) and row["returned_on"] <= cutoff) for row in due]


def _make_certain(terms: Sequence[Term], value: Calculation, **others: object) -> MeasuredKpi:
    """Return a figure of the registers: its bounds are the value itself, its coverage is full."""
    same, coverage, grade = Calculation((value.result,), value.result), Calculation((1,), 1), ("1 ≥ 2/3",)
    figure = make_figure({"value": value, "lower": same, "upper": same}, terms)
    return MeasuredKpi(figure, coverage=coverage, coverage_class=Calculation(grade, "A"), **others)


def list_milestones(snapshot: Snapshot, kpi: Kpi) -> list[registers.RegisterRow]:
    """Return the rows of a step's product up to the quarter, by quarter; the last one is where it stands."""
    rows = snapshot.registers.at(snapshot.as_of)["milestones"]
    own = [row for row in rows if row["product"] == sources.product_of(kpi.source)]
    known = [row for row in own if row["quarter"] <= snapshot.quarter]
    return sorted(known, key=lambda row: row["quarter"])  # within a quarter they stay in file order


def _measure_milestone(snapshot: Snapshot, kpi: Kpi) -> MeasuredKpi:
    """Return the stage of a step's product: that of the last row of the register up to the quarter."""
    ordered, terms = list_milestones(snapshot, kpi), []
    for row in ordered:
        name, stage = f"milestones.csv {row.get('row', '')}".strip(), row["stage"] if row is ordered[-1] else None
        terms.append(_row_term("milestones", row, name, stage, quarter=row["quarter"]))
    complete = bool(ordered) and set(snapshot.plan.part_codes(kpi.step)) <= ordered[-1]["parts"]
    return _make_certain(terms, add(term.value for term in terms if term.value is not None), complete=complete)


def _measure_rate(snapshot: Snapshot, members: Sequence[Member]) -> MeasuredKpi:
    terms = _list_rate_terms(snapshot, members)
    rate = divide(add(term.value for term in terms), len(terms), 100)
    n_reported = count_received(snapshot, members, cutoff_of(snapshot))
    return _make_certain(terms, rate, n_reported=n_reported, n_carried=0, n_expected=len(members))


def find_refused(snapshot: Snapshot, kpi: Kpi) -> list[str]:
    """Return the registers under a KPI that cannot be read: nothing rests on them, so its figures are blank."""
    return [name for name in snapshot.registers.refused_at(snapshot.as_of) if name in sources.registers_of(kpi)]


def count_lost_rows(snapshot: Snapshot, kpi: Kpi) -> int:
    """Count the register rows that cannot be read and may be missing from a KPI's figure."""
    lost = {name: snapshot.registers.lost_at(name, snapshot.as_of) for name in sources.registers_of(kpi)}
    if kpi.measure == "milestone":
        product, products = sources.product_of(kpi.source), snapshot.plan.stages
        return sum(row["product"] in (product, None) or row["product"] not in products for row in lost["milestones"])
    if kpi.measure == "rate":
        due = [row["due_on"] and registers.due_quarter(row) for row in lost["questionnaires"]]
        return sum(quarter in (None, snapshot.quarter) for quarter in due)
    if kpi.measure != "register":
        return 0
    step = sources.workshops_of(kpi.source)[0]
    steps = {row["workshop"]: row["step"] for row in snapshot.registers.at(snapshot.as_of)["workshops"]}
    attended = [steps.get(row["workshop"]) for row in lost.get("attendance", ())]
    return sum(found in (None, step) for found in [*(row["step"] for row in lost["workshops"]), *attended])


def measure_from_registers(snapshot: Snapshot, kpi: Kpi, scope: str) -> MeasuredKpi:
    """Measure a KPI that the Secretariat records itself; what is held for all members is blank in a region.

    It is blank where a register under it cannot be read; the rate also before the first collected quarter, when nothing
    was asked.
    """
    members = snapshot.members(scope)
    if find_refused(snapshot, kpi):
        return MeasuredKpi()
    if kpi.measure == "rate":
        return _measure_rate(snapshot, members) if snapshot.is_asked else MeasuredKpi()
    is_for_all = kpi.measure == "milestone" or not sources.workshops_of(kpi.source)[1]
    if is_for_all and scope != snapshot.plan.code:
        return MeasuredKpi()
    if kpi.measure == "milestone":
        return _measure_milestone(snapshot, kpi)
    terms = _list_register_terms(snapshot, kpi, members)
    return _make_certain(terms, add(term.value for term in terms))
