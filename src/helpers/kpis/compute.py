"""The KPIs and their companions, for every quarter up to the one reported: the published tables of figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pandas as pd

from helpers.ingest import Registers, registers
from helpers.kpis import measures
from helpers.kpis.measures import NO_FIGURE, Figure, Observation
from helpers.kpis.observations import (
    CountedReturns,
    Snapshot,
    count_reported,
    is_cumulative,
    list_flow,
    observe,
    observe_history,
    observe_kpi,
)
from helpers.kpis.revisions import find_causes
from helpers.kpis.statuses import Assessed, compute_statuses
from helpers.plan import UNION, Kpi, Member, Plan, extractors, quarters, questionnaire, sources

REGISTER_FROM = date(2022, 1, 1)


# --- registers and the rate -------------------------------------------------------------------------------------


def find_milestone(snapshot: Snapshot, step: str) -> tuple[int, bool]:
    """Return the stage of a step's product and whether all its parts are covered: its latest row by the quarter."""
    rows = list_milestones(snapshot, step)
    return (rows[-1]["stage"], set(snapshot.plan.part_codes(step)) <= rows[-1]["parts"]) if rows else (0, False)


def list_milestones(snapshot: Snapshot, step: str) -> list[registers.RegisterRow]:
    """Return the register's rows on a step's product up to the quarter, in order; the last one tells its stage."""
    rows = snapshot.registers.at(snapshot.as_of)["milestones"]
    known = [
        row for row in rows if sources.MILESTONE_PRODUCTS[row["product"]] == step and row["quarter"] <= snapshot.quarter
    ]
    return sorted(known, key=lambda row: row["quarter"])  # of one quarter the last in file order


def list_workshops(snapshot: Snapshot, step: str) -> list[registers.RegisterRow]:
    """Return the register's rows on a step's workshops held up to the end of the quarter."""
    rows, end = snapshot.registers.at(snapshot.as_of)["workshops"], quarters.quarter_end(snapshot.quarter)
    return [row for row in rows if row["step"] == step and REGISTER_FROM <= row["held_on"] <= end]


def list_attendance(snapshot: Snapshot, step: str, members: Sequence[Member]) -> list[registers.RegisterRow]:
    """Return the register's rows on who came to a step's workshops, of some members; non-members count nowhere."""
    held, names = {row["workshop"] for row in list_workshops(snapshot, step)}, {member.member for member in members}
    rows = snapshot.registers.at(snapshot.as_of)["attendance"]
    return [row for row in rows if row["workshop"] in held and row["member"] in names]


def count_register(snapshot: Snapshot, kpi: Kpi, scope: str) -> float:
    """Return what the workshops' registers count for a KPI."""
    step, counted = sources.workshops_of(kpi.source)
    if not counted:
        return len(list_workshops(snapshot, step))
    came = [
        (row["member"], row["women"] + row["men"]) for row in list_attendance(snapshot, step, snapshot.members(scope))
    ]
    return sum(n for _, n in came) if counted == sources.ATTENDANCES else len({member for member, n in came if n > 0})


@dataclass(frozen=True)
class ResponseCounts:
    """Who answered the quarter's questionnaires: members by day, and the other questionnaires asked and returned."""

    by_cutoff: int
    on_time: int
    by_as_of: int
    asked: int
    returned: int


def cutoff_of(snapshot: Snapshot) -> date:
    """Return the day by which answers count for the rate: the quarter's own first cut-off, or the edition's date."""
    return min(quarters.first_cutoff(snapshot.quarter), snapshot.as_of)


def list_questionnaires(snapshot: Snapshot, members: Sequence[Member]) -> list[registers.RegisterRow]:
    """Return the other questionnaires due in the quarter, asked of some members: the register's rows."""
    rows, names = snapshot.registers.at(cutoff_of(snapshot))["questionnaires"], {member.member for member in members}
    return [row for row in rows if row["member"] in names and registers.due_quarter(row) == snapshot.quarter]


def count_responses_by_date(snapshot: Snapshot, members: Sequence[Member]) -> ResponseCounts:
    """Count answers at the quarter's own first cut-off, so that quarters compare (6.1.a)."""
    cutoff = cutoff_of(snapshot)
    on_time = min(cutoff, quarters.quarter_end(snapshot.quarter) + timedelta(days=quarters.ON_TIME_DAYS))
    firsts = [min(snapshot.returns.accepted.get((snapshot.quarter, member.member), [date.max])) for member in members]
    other = list_questionnaires(snapshot, members)
    return ResponseCounts(
        sum(first <= cutoff for first in firsts),
        sum(first <= on_time for first in firsts),
        sum(first <= snapshot.as_of for first in firsts),
        len(other),
        sum(bool(row["returned_on"]) and row["returned_on"] <= cutoff for row in other),
    )


def _percent(part: float, whole: float) -> float | None:
    return 100 * part / whole if whole else None


# --- one figure -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MeasuredKpi:
    """One row of kpis.csv before it is judged: the figure and who is behind it (None: blank)."""

    figure: Figure = NO_FIGURE
    n_reported: int | None = None
    n_carried: int | None = None
    n_expected: int | None = None
    coverage: float | None = None
    coverage_class: str = ""
    complete: bool = True


def _with_coverage(figure: Figure, coverage: float, n_reported: int, n_carried: int, n_expected: int) -> MeasuredKpi:
    answered = n_reported / n_expected if n_expected else 0
    grade = measures.coverage_class(coverage, answered)
    return MeasuredKpi(figure, n_reported, n_carried, n_expected, coverage, grade)


def _measure_stock(snapshot: Snapshot, kpi: Kpi, members: Sequence[Member]) -> MeasuredKpi:
    source, observations = sources.source_of(kpi, snapshot.form), observe_kpi(snapshot, kpi, members)
    if kpi.measure == "count_known":
        figure = measures.count_known(observations)
    elif kpi.measure == "mean_index":
        figure = measures.mean_index(observations)
    elif kpi.measure == "distinct_codes":
        figure = measures.distinct_codes(observations, source.codes)
    else:
        figure = (measures.sum_known_share if source.total else measures.sum_known)(observations)
    weights = [getattr(member, source.reference) if source.reference else 1 for member in members]
    known = sum(weight for weight, s in zip(weights, observations, strict=True) if s.is_known)
    n_reported = sum(s.is_reported for s in observations)
    n_carried = sum(s.is_known for s in observations) - n_reported
    return _with_coverage(figure, known / sum(weights) if weights else 0, n_reported, n_carried, len(members))


def _measure_cumulative(snapshot: Snapshot, kpi: Kpi, members: Sequence[Member], scope: str) -> MeasuredKpi:
    """Make the row of a figure that adds up since the first collected: flows, ever and items."""
    read = sources.extractor_of(kpi, snapshot.form)
    n_reported = count_reported(snapshot, read, members)
    if kpi.measure == "sum_flow":
        flow = list_flow(snapshot, read, scope)
        covered = sum(value is not None for value in flow) / len(flow) if flow else 0
        return _with_coverage(measures.sum_flow(flow), covered, n_reported, 0, len(members))
    histories = observe_history(snapshot, read, members, is_cumulative(kpi))
    figure = (measures.count_ever if kpi.measure == "count_ever" else measures.distinct_items)(histories)
    if is_cumulative(kpi):
        return _with_coverage(figure, n_reported / len(members) if members else 0, n_reported, 0, len(members))
    extracts = snapshot.returns.extracts(read)
    slots = [(quarter, m.member) for m in members for quarter in snapshot.collected if m.valid_in(quarter)]
    told = sum(extracts.get(slot, extractors.NO_EXTRACT).value is not None for slot in slots)
    return _with_coverage(figure, told / len(slots) if slots else 0, n_reported, 0, len(members))


def _certain(value: float | None) -> Figure:
    return Figure(value, value, value)


def measure_kpi(snapshot: Snapshot, kpi: Kpi, scope: str) -> MeasuredKpi:
    """Measure one KPI for one scope in the scene's quarter."""
    members = snapshot.members(scope)
    if kpi.measure == "milestone":
        stage, complete = find_milestone(snapshot, kpi.step)
        return (
            MeasuredKpi(_certain(stage), coverage=1, coverage_class="A", complete=complete)
            if scope == UNION
            else MeasuredKpi()
        )
    if kpi.measure == "register":
        if scope != UNION and not sources.workshops_of(kpi.source)[1]:  # a workshop is held for all
            return MeasuredKpi()
        return MeasuredKpi(_certain(count_register(snapshot, kpi, scope)), coverage=1, coverage_class="A")
    if kpi.measure == "rate":
        who = count_responses_by_date(snapshot, members)
        rate = _percent(who.by_cutoff + who.returned, len(members) + who.asked)
        return MeasuredKpi(_certain(rate), who.by_cutoff, 0, len(members), 1, "A")
    if snapshot.quarter not in snapshot.returns.quarters:
        return MeasuredKpi()
    return (
        _measure_stock(snapshot, kpi, members) if kpi.is_stock else _measure_cumulative(snapshot, kpi, members, scope)
    )


# --- companions -------------------------------------------------------------------------------------------------


def _measure_participation(
    snapshot: Snapshot, companion: extractors.Companion, members: Sequence[Member]
) -> tuple[float | None, float | None, int]:
    observations = observe(
        snapshot, extractors.COMPANION_EXTRACTORS[companion.kpi, companion.component], members, carries=False
    )
    answered, yes = sum(s.is_reported for s in observations), measures.sum_reported(observations)
    return yes, yes / answered if answered else None, answered


def _measure_rate_companion(
    snapshot: Snapshot, companion: extractors.Companion, members: Sequence[Member]
) -> tuple[float | None, float | None, int]:
    who = count_responses_by_date(snapshot, members)
    came, n_reported = {
        "monitoring": (who.by_cutoff, who.by_cutoff),
        "on_time": (who.on_time, who.by_cutoff),
        "with_late": (who.by_as_of, who.by_as_of),
    }[companion.component]
    return _percent(came, len(members)), None, n_reported


_SHARED_OF = ("2.1.a", "2.2.a")  # companions of these that are sums have a share of their own total


def _measure_stock_companion(
    snapshot: Snapshot, companion: extractors.Companion, members: Sequence[Member]
) -> tuple[float | None, float | None]:
    observations = observe(snapshot, extractors.COMPANION_EXTRACTORS[companion.kpi, companion.component], members)
    if companion.measure == "count_known":
        return measures.count_known(observations).value, None
    if companion.measure == "mean_index":
        return measures.mean_index(observations).value, None
    if companion.measure == "distinct_codes":
        known = [observation for observation in observations if observation.is_known]
        return measures.codes_named(known, 1) if known else None, None
    return measures.sum_known(observations).value, measures.share_of(
        observations
    ) if companion.kpi in _SHARED_OF else None


def measure_companion(
    snapshot: Snapshot, companion: extractors.Companion, scope: str
) -> tuple[float | None, float | None, int | None]:
    """Measure one companion for one scope: value, share, and the members that reported its own question."""
    members, key = snapshot.members(scope), (companion.kpi, companion.component)
    if companion.measure == "rate":
        return _measure_rate_companion(snapshot, companion, members)
    if companion.kpi == "6.1.a":
        return _measure_participation(snapshot, companion, members)
    if snapshot.quarter not in snapshot.returns.quarters:
        return None, None, None
    read = extractors.COMPANION_EXTRACTORS[key]
    n_reported = count_reported(snapshot, extractors.OWN_QUESTION_EXTRACTORS.get(key, read), members)
    if companion.measure == "sum_reported":
        return measures.sum_reported(observe(snapshot, read, members, carries=False)), None, n_reported
    if companion.is_stock:
        return *_measure_stock_companion(snapshot, companion, members), n_reported
    histories = observe_history(snapshot, read, members)
    figure = (measures.count_ever if companion.measure == "count_ever" else measures.distinct_items)(histories)
    return figure.value, None, n_reported


# --- the tables -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ComputedTables:
    """The tables of figures, as published (methodology, section 7); `revisions` compares with first publication."""

    kpis: pd.DataFrame
    components: pd.DataFrame
    member_values: pd.DataFrame
    changes: pd.DataFrame
    revisions: pd.DataFrame


def _kpi_row(
    snapshot: Snapshot, kpi: Kpi, scope: str, row: MeasuredKpi, status: str, robust: bool | None
) -> dict[str, object]:
    judged = scope == UNION or kpi.on_share
    figure = row.figure
    return {
        "quarter": snapshot.quarter, "scope": scope, "kpi": kpi.kpi, "unit": kpi.unit,
        "value": figure.value, "share": figure.share, "lower": figure.lower, "upper": figure.upper,
        "share_lower": figure.share_lower, "share_upper": figure.share_upper,
        "n_reported": row.n_reported, "n_carried": row.n_carried, "n_expected": row.n_expected,
        "coverage": row.coverage, "coverage_class": row.coverage_class,
        "target": kpi.target if judged else None, "target_status": kpi.target_status if judged else "",
        "status": status, "robust": robust,
    }  # fmt: skip


def _assessed(kpi: Kpi, quarter: str, row: MeasuredKpi) -> Assessed:
    figure = row.figure
    bounds = (
        (figure.share, figure.share_lower, figure.share_upper)
        if kpi.assessed == "share"
        else (figure.value, figure.lower, figure.upper)
    )
    return Assessed(quarter, *bounds, row.coverage_class, row.complete)


def _kpi_rows(snapshots: Sequence[Snapshot], plan: Plan) -> list[dict[str, object]]:
    rows = []
    for scope in (UNION, *plan.regions):
        for kpi in plan.kpis:
            measured = [measure_kpi(snapshot, kpi, scope) for snapshot in snapshots]
            figures = [_assessed(kpi, snapshot.quarter, row) for snapshot, row in zip(snapshots, measured, strict=True)]
            judged = scope == UNION or kpi.on_share
            statuses = compute_statuses(kpi if judged else replace(kpi, target=None), figures)
            rows += [
                _kpi_row(snapshot, kpi, scope, row, *status)
                for snapshot, row, status in zip(snapshots, measured, statuses, strict=True)
            ]
    return rows


def _component_rows(snapshot: Snapshot, plan: Plan) -> list[dict[str, object]]:
    rows = []
    for scope in (UNION, *plan.regions):
        for companion in plan.companions:
            value, share, n_reported = measure_companion(snapshot, companion, scope)
            rows.append(
                {"quarter": snapshot.quarter, "scope": scope, "kpi": companion.kpi, "component": companion.component,
                 "unit": companion.unit, "value": value, "share": share, "n_reported": n_reported}
            )  # fmt: skip
    return rows


def _member_rows(snapshot: Snapshot, plan: Plan) -> list[dict[str, object]]:
    """List the known members of the stock KPIs and the reported ones of the flows."""
    if snapshot.quarter not in snapshot.returns.quarters:
        return []
    rows = []
    for kpi in plan.kpis:
        if not kpi.has_member_values:
            continue
        for s in observe_kpi(snapshot, kpi, snapshot.members(UNION)):
            if s.is_known:
                denominator = s.total if sources.source_of(kpi, snapshot.form).total else None
                rows.append(
                    {"quarter": snapshot.quarter, "member": s.member, "kpi": kpi.kpi, "value": s.value,
                     "denominator": denominator, "basis": s.basis, "source_quarter": s.source_quarter}
                )  # fmt: skip
    return rows


def _known_observations(snapshot: Snapshot, kpi: Kpi, members: Sequence[Member]) -> dict[str, Observation]:
    """Return the known members of a sum; none in a quarter without returns, whose figure is blank."""
    if snapshot.quarter not in snapshot.returns.quarters:
        return {}
    return {s.member: s for s in observe_kpi(snapshot, kpi, members) if s.is_known}


def explain_change(before: float, past: Mapping[str, Observation], now: Mapping[str, Observation]) -> dict[str, float]:
    """Split the change of a sum on the previous quarter into its sources, which add up exactly (section 5)."""
    both = past.keys() & now.keys()
    matched = {m for m in both if past[m].is_reported and now[m].is_reported}
    return {
        "before": before,
        "revisions": sum(s.value for s in past.values()) - before,
        "matched": sum(now[m].value - past[m].value for m in matched),
        "carried_effect": sum(now[m].value - past[m].value for m in both - matched),
        "entered": sum(now[m].value for m in now.keys() - both),
        "left": -sum(past[m].value for m in past.keys() - both),
        "after": sum(s.value for s in now.values()),
    }


def _change_rows(snapshots: Sequence[Snapshot], firsts: Mapping[str, Snapshot], plan: Plan) -> list[dict[str, object]]:
    rows = []
    for past, now in zip(snapshots, snapshots[1:], strict=False):
        for scope in (UNION, *plan.regions):
            for kpi in (kpi for kpi in plan.kpis if kpi.measure == "sum_known"):
                first = _known_observations(firsts[past.quarter], kpi, past.members(scope))
                before = sum(observation.value for observation in first.values())
                sides = (_known_observations(snapshot, kpi, snapshot.members(scope)) for snapshot in (past, now))
                rows.append({"quarter": now.quarter, "scope": scope, "kpi": kpi.kpi} | explain_change(before, *sides))
    return rows


def _revision_rows(
    snapshots: Sequence[Snapshot], firsts: Mapping[str, Snapshot], plan: Plan
) -> list[dict[str, object]]:
    """List the figures that are not what they were at their own first cut-off."""
    rows = []
    for snapshot in snapshots:
        first = firsts[snapshot.quarter]
        for scope in (UNION, *plan.regions):
            for kpi in plan.kpis:
                was, now = measure_kpi(first, kpi, scope).figure, measure_kpi(snapshot, kpi, scope).figure
                for figure in ("value", "share"):
                    old, new = getattr(was, figure), getattr(now, figure)
                    if old != new and (old is None or new is None or abs(old - new) > 1e-9):
                        rows.append(
                            {"quarter": snapshot.quarter, "scope": scope, "kpi": kpi.kpi, "figure": figure,
                             "first": old, "now": new, "causes": find_causes(first, snapshot, kpi, scope, figure)}
                        )  # fmt: skip
    return rows


def compute_tables(
    plan: Plan, form: questionnaire.Form, quarter: str, as_of: date,
    returns: CountedReturns, registers: Registers, first: Mapping[str, CountedReturns],
) -> ComputedTables:  # fmt: skip
    """Compute every table of figures for the names up to one, as known on a date.

    `first` holds the evidence of each earlier quarter at its own first cut-off (or at `as_of` if earlier), for what
    was published then.
    """
    start = min(returns.first_collected or quarters.FIRST_STATUS_QUARTER, quarters.FIRST_STATUS_QUARTER)
    names = quarters.quarters_between(start, quarter)
    snapshots = [Snapshot(plan, form, q, as_of, returns, registers) for q in names]
    nothing = CountedReturns({}, {})
    firsts = {
        q: Snapshot(plan, form, q, min(quarters.first_cutoff(q), as_of), first.get(q, nothing), registers)
        for q in names
    }
    return ComputedTables(
        pd.DataFrame(_kpi_rows(snapshots, plan)),
        pd.DataFrame([row for snapshot in snapshots for row in _component_rows(snapshot, plan)]),
        pd.DataFrame([row for snapshot in snapshots for row in _member_rows(snapshot, plan)]),
        pd.DataFrame(_change_rows(snapshots, firsts, plan)),
        pd.DataFrame(_revision_rows(snapshots, firsts, plan)),
    )
