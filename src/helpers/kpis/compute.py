"""The KPIs and their companions, for every quarter up to the one reported: the published tables of figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pandas as pd

from helpers.ingest.registers import RegisterRow, Registers, due_quarter
from helpers.kpis import measures
from helpers.kpis.measures import BLANK, Figure, Standing
from helpers.kpis.observations import Evidence, Scene, count_reported, recall, remembers, stand, stand_on, tell_flow
from helpers.kpis.revisions import find_causes
from helpers.kpis.status import Assessed, compute_statuses
from helpers.plan.plan import MILESTONE_PRODUCTS, STOCKS, UNION, Companion, Kpi, Member, Plan
from helpers.plan.quarters import FIRST_STATUS_QUARTER, ON_TIME_DAYS, first_cutoff, quarter_end, quarters_between
from helpers.plan.questionnaire import Questionnaire
from helpers.plan.readings import COMPANION_READS, NOTHING, OWN_QUESTION
from helpers.plan.sources import ATTENDANCES, read_of, source_of, workshops_of

REGISTER_FROM = date(2022, 1, 1)


# --- registers and the rate -------------------------------------------------------------------------------------


def milestone_at(scene: Scene, step: str) -> tuple[int, bool]:
    """Return the stage of a step's product and whether all its parts are covered: its latest row by the quarter."""
    rows = list_milestones(scene, step)
    return (rows[-1]["stage"], set(scene.plan.part_codes(step)) <= rows[-1]["parts"]) if rows else (0, False)


def list_milestones(scene: Scene, step: str) -> list[RegisterRow]:
    """Return the register's rows on a step's product up to the quarter, in order; the last one tells its stage."""
    rows = scene.registers.at(scene.as_of)["milestones"]
    known = [row for row in rows if MILESTONE_PRODUCTS[row["product"]] == step and row["quarter"] <= scene.quarter]
    return sorted(known, key=lambda row: row["quarter"])  # of one quarter the last in file order


def list_workshops(scene: Scene, step: str) -> list[RegisterRow]:
    """Return the register's rows on a step's workshops held up to the end of the quarter."""
    rows, end = scene.registers.at(scene.as_of)["workshops"], quarter_end(scene.quarter)
    return [row for row in rows if row["step"] == step and REGISTER_FROM <= row["held_on"] <= end]


def list_attendance(scene: Scene, step: str, members: Sequence[Member]) -> list[RegisterRow]:
    """Return the register's rows on who came to a step's workshops, of some members; non-members count nowhere."""
    held, names = {row["workshop"] for row in list_workshops(scene, step)}, {member.member for member in members}
    rows = scene.registers.at(scene.as_of)["attendance"]
    return [row for row in rows if row["workshop"] in held and row["member"] in names]


def register_value(scene: Scene, kpi: Kpi, scope: str) -> float:
    """Return what the workshops' registers count for a KPI."""
    step, counted = workshops_of(kpi.source)
    if not counted:
        return len(list_workshops(scene, step))
    came = [(row["member"], row["women"] + row["men"]) for row in list_attendance(scene, step, scene.members(scope))]
    return sum(n for _, n in came) if counted == ATTENDANCES else len({member for member, n in came if n > 0})


@dataclass(frozen=True)
class Answering:
    """Who answered the quarter's questionnaires: members by day, and the other questionnaires asked and returned."""

    by_cutoff: int
    on_time: int
    by_as_of: int
    asked: int
    returned: int


def cutoff_of(scene: Scene) -> date:
    """Return the day by which answers count for the rate: the quarter's own first cut-off, or the edition's date."""
    return min(first_cutoff(scene.quarter), scene.as_of)


def list_questionnaires(scene: Scene, members: Sequence[Member]) -> list[RegisterRow]:
    """Return the other questionnaires due in the quarter, asked of some members: the register's rows."""
    rows, names = scene.registers.at(cutoff_of(scene))["questionnaires"], {member.member for member in members}
    return [row for row in rows if row["member"] in names and due_quarter(row) == scene.quarter]


def count_answering(scene: Scene, members: Sequence[Member]) -> Answering:
    """Count answers at the quarter's own first cut-off, so that quarters compare (6.1.a)."""
    cutoff = cutoff_of(scene)
    on_time = min(cutoff, quarter_end(scene.quarter) + timedelta(days=ON_TIME_DAYS))
    firsts = [min(scene.evidence.accepted.get((scene.quarter, member.member), [date.max])) for member in members]
    other = list_questionnaires(scene, members)
    return Answering(
        sum(first <= cutoff for first in firsts),
        sum(first <= on_time for first in firsts),
        sum(first <= scene.as_of for first in firsts),
        len(other),
        sum(bool(row["returned_on"]) and row["returned_on"] <= cutoff for row in other),
    )


def _percent(part: float, whole: float) -> float | None:
    return 100 * part / whole if whole else None


# --- one figure -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class KpiRow:
    """One row of kpis.csv before it is judged: the figure and who is behind it (None: blank)."""

    figure: Figure = BLANK
    n_reported: int | None = None
    n_carried: int | None = None
    n_expected: int | None = None
    coverage: float | None = None
    coverage_class: str = ""
    complete: bool = True


def _graded(figure: Figure, coverage: float, n_reported: int, n_carried: int, n_expected: int) -> KpiRow:
    answered = n_reported / n_expected if n_expected else 0
    grade = measures.coverage_class(coverage, answered)
    return KpiRow(figure, n_reported, n_carried, n_expected, coverage, grade)


def _stock(scene: Scene, kpi: Kpi, members: Sequence[Member]) -> KpiRow:
    source, standings = source_of(kpi, scene.form), stand_on(scene, kpi, members)
    if kpi.measure == "count_known":
        figure = measures.count_known(standings)
    elif kpi.measure == "mean_index":
        figure = measures.mean_index(standings)
    elif kpi.measure == "distinct_codes":
        figure = measures.distinct_codes(standings, source.codes)
    else:
        figure = (measures.sum_known_share if source.total else measures.sum_known)(standings)
    weights = [getattr(member, source.reference) if source.reference else 1 for member in members]
    known = sum(weight for weight, s in zip(weights, standings, strict=True) if s.is_known)
    n_reported = sum(s.is_reported for s in standings)
    n_carried = sum(s.is_known for s in standings) - n_reported
    return _graded(figure, known / sum(weights) if weights else 0, n_reported, n_carried, len(members))


def _cumulative(scene: Scene, kpi: Kpi, members: Sequence[Member], scope: str) -> KpiRow:
    """Make the row of a figure that adds up since the first collected: flows, ever and items."""
    read = read_of(kpi, scene.form)
    n_reported = count_reported(scene, read, members)
    if kpi.measure == "sum_flow":
        flow = tell_flow(scene, read, scope)
        covered = sum(value is not None for value in flow) / len(flow) if flow else 0
        return _graded(measures.sum_flow(flow), covered, n_reported, 0, len(members))
    histories = recall(scene, read, members, remembers(kpi))
    figure = (measures.count_ever if kpi.measure == "count_ever" else measures.distinct_items)(histories)
    if remembers(kpi):
        return _graded(figure, n_reported / len(members) if members else 0, n_reported, 0, len(members))
    readings = scene.evidence.readings(read)
    slots = [(quarter, m.member) for m in members for quarter in scene.collected if m.valid_in(quarter)]
    told = sum(readings.get(slot, NOTHING).value is not None for slot in slots)
    return _graded(figure, told / len(slots) if slots else 0, n_reported, 0, len(members))


def _certain(value: float | None) -> Figure:
    return Figure(value, value, value)


def measure(scene: Scene, kpi: Kpi, scope: str) -> KpiRow:
    """Measure one KPI for one scope in the scene's quarter."""
    members = scene.members(scope)
    if kpi.measure == "milestone":
        stage, complete = milestone_at(scene, kpi.step)
        return (
            KpiRow(_certain(stage), coverage=1, coverage_class="A", complete=complete) if scope == UNION else KpiRow()
        )
    if kpi.measure == "register":
        if scope != UNION and not workshops_of(kpi.source)[1]:  # a workshop is held for all
            return KpiRow()
        return KpiRow(_certain(register_value(scene, kpi, scope)), coverage=1, coverage_class="A")
    if kpi.measure == "rate":
        who = count_answering(scene, members)
        rate = _percent(who.by_cutoff + who.returned, len(members) + who.asked)
        return KpiRow(_certain(rate), who.by_cutoff, 0, len(members), 1, "A")
    if scene.quarter not in scene.evidence.quarters:
        return KpiRow()
    return _stock(scene, kpi, members) if kpi.measure in STOCKS else _cumulative(scene, kpi, members, scope)


# --- companions -------------------------------------------------------------------------------------------------


def _participation(
    scene: Scene, companion: Companion, members: Sequence[Member]
) -> tuple[float | None, float | None, int]:
    standings = stand(scene, COMPANION_READS[companion.kpi, companion.component], members, carries=False)
    answered, yes = sum(s.is_reported for s in standings), measures.sum_reported(standings)
    return yes, yes / answered if answered else None, answered


def _rate_companion(
    scene: Scene, companion: Companion, members: Sequence[Member]
) -> tuple[float | None, float | None, int]:
    who = count_answering(scene, members)
    came, n_reported = {
        "monitoring": (who.by_cutoff, who.by_cutoff),
        "on_time": (who.on_time, who.by_cutoff),
        "with_late": (who.by_as_of, who.by_as_of),
    }[companion.component]
    return _percent(came, len(members)), None, n_reported


_SHARED = ("2.1.a", "2.2.a")  # companions of these that are sums have a share of their own total


def _stock_companion(
    scene: Scene, companion: Companion, members: Sequence[Member]
) -> tuple[float | None, float | None]:
    standings = stand(scene, COMPANION_READS[companion.kpi, companion.component], members)
    if companion.measure == "count_known":
        return measures.count_known(standings).value, None
    if companion.measure == "mean_index":
        return measures.mean_index(standings).value, None
    if companion.measure == "distinct_codes":
        known = [standing for standing in standings if standing.is_known]
        return measures.codes_named(known, 1) if known else None, None
    return measures.sum_known(standings).value, measures.share_of(standings) if companion.kpi in _SHARED else None


def measure_companion(scene: Scene, companion: Companion, scope: str) -> tuple[float | None, float | None, int | None]:
    """Measure one companion for one scope: value, share, and the members that reported its own question."""
    members, key = scene.members(scope), (companion.kpi, companion.component)
    if companion.measure == "rate":
        return _rate_companion(scene, companion, members)
    if companion.kpi == "6.1.a":
        return _participation(scene, companion, members)
    if scene.quarter not in scene.evidence.quarters:
        return None, None, None
    read = COMPANION_READS[key]
    n_reported = count_reported(scene, OWN_QUESTION.get(key, read), members)
    if companion.measure == "sum_reported":
        return measures.sum_reported(stand(scene, read, members, carries=False)), None, n_reported
    if companion.measure in STOCKS:
        return *_stock_companion(scene, companion, members), n_reported
    histories = recall(scene, read, members)
    figure = (measures.count_ever if companion.measure == "count_ever" else measures.distinct_items)(histories)
    return figure.value, None, n_reported


# --- the tables -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measured:
    """The tables of figures, as published (methodology, section 7); `revisions` compares with first publication."""

    kpis: pd.DataFrame
    components: pd.DataFrame
    member_values: pd.DataFrame
    changes: pd.DataFrame
    revisions: pd.DataFrame


def _kpi_row(scene: Scene, kpi: Kpi, scope: str, row: KpiRow, status: str, robust: bool | None) -> dict[str, object]:
    judged = scope == UNION or kpi.on_share
    figure = row.figure
    return {
        "quarter": scene.quarter, "scope": scope, "kpi": kpi.kpi, "unit": kpi.unit,
        "value": figure.value, "share": figure.share, "lower": figure.lower, "upper": figure.upper,
        "share_lower": figure.share_lower, "share_upper": figure.share_upper,
        "n_reported": row.n_reported, "n_carried": row.n_carried, "n_expected": row.n_expected,
        "coverage": row.coverage, "coverage_class": row.coverage_class,
        "target": kpi.target if judged else None, "target_status": kpi.target_status if judged else "",
        "status": status, "robust": robust,
    }  # fmt: skip


def _assessed(kpi: Kpi, quarter: str, row: KpiRow) -> Assessed:
    figure = row.figure
    bounds = (
        (figure.share, figure.share_lower, figure.share_upper)
        if kpi.assessed == "share"
        else (figure.value, figure.lower, figure.upper)
    )
    return Assessed(quarter, *bounds, row.coverage_class, row.complete)


def _kpi_rows(scenes: Sequence[Scene], plan: Plan) -> list[dict[str, object]]:
    rows = []
    for scope in (UNION, *plan.regions):
        for kpi in plan.kpis:
            measured = [measure(scene, kpi, scope) for scene in scenes]
            figures = [_assessed(kpi, scene.quarter, row) for scene, row in zip(scenes, measured, strict=True)]
            judged = scope == UNION or kpi.on_share
            statuses = compute_statuses(kpi if judged else replace(kpi, target=None), figures)
            rows += [
                _kpi_row(scene, kpi, scope, row, *status)
                for scene, row, status in zip(scenes, measured, statuses, strict=True)
            ]
    return rows


def _component_rows(scene: Scene, plan: Plan) -> list[dict[str, object]]:
    rows = []
    for scope in (UNION, *plan.regions):
        for companion in plan.companions:
            value, share, n_reported = measure_companion(scene, companion, scope)
            rows.append(
                {"quarter": scene.quarter, "scope": scope, "kpi": companion.kpi, "component": companion.component,
                 "unit": companion.unit, "value": value, "share": share, "n_reported": n_reported}
            )  # fmt: skip
    return rows


def _member_rows(scene: Scene, plan: Plan) -> list[dict[str, object]]:
    """List the known members of the stock KPIs and the reported ones of the flows."""
    if scene.quarter not in scene.evidence.quarters:
        return []
    rows = []
    for kpi in plan.kpis:
        if kpi.measure not in (*STOCKS, "sum_flow"):
            continue
        for s in stand_on(scene, kpi, scene.members(UNION)):
            if s.is_known:
                denominator = s.total if source_of(kpi, scene.form).total else None
                rows.append(
                    {"quarter": scene.quarter, "member": s.member, "kpi": kpi.kpi, "value": s.value,
                     "denominator": denominator, "basis": s.basis, "source_quarter": s.source_quarter}
                )  # fmt: skip
    return rows


def _sums(scene: Scene, kpi: Kpi, members: Sequence[Member]) -> dict[str, Standing]:
    """Return the known members of a sum; none in a quarter without returns, whose figure is blank."""
    if scene.quarter not in scene.evidence.quarters:
        return {}
    return {s.member: s for s in stand_on(scene, kpi, members) if s.is_known}


def explain_change(before: float, past: Mapping[str, Standing], now: Mapping[str, Standing]) -> dict[str, float]:
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


def _change_rows(scenes: Sequence[Scene], firsts: Mapping[str, Scene], plan: Plan) -> list[dict[str, object]]:
    rows = []
    for past, now in zip(scenes, scenes[1:], strict=False):
        for scope in (UNION, *plan.regions):
            for kpi in (kpi for kpi in plan.kpis if kpi.measure == "sum_known"):
                first = _sums(firsts[past.quarter], kpi, past.members(scope))
                before = sum(standing.value for standing in first.values())
                sides = (_sums(scene, kpi, scene.members(scope)) for scene in (past, now))
                rows.append({"quarter": now.quarter, "scope": scope, "kpi": kpi.kpi} | explain_change(before, *sides))
    return rows


def _revision_rows(scenes: Sequence[Scene], firsts: Mapping[str, Scene], plan: Plan) -> list[dict[str, object]]:
    """List the figures that are not what they were at their own first cut-off."""
    rows = []
    for scene in scenes:
        first = firsts[scene.quarter]
        for scope in (UNION, *plan.regions):
            for kpi in plan.kpis:
                was, now = measure(first, kpi, scope).figure, measure(scene, kpi, scope).figure
                for figure in ("value", "share"):
                    old, new = getattr(was, figure), getattr(now, figure)
                    if old != new and (old is None or new is None or abs(old - new) > 1e-9):
                        rows.append(
                            {"quarter": scene.quarter, "scope": scope, "kpi": kpi.kpi, "figure": figure,
                             "first": old, "now": new, "causes": find_causes(first, scene, kpi, scope, figure)}
                        )  # fmt: skip
    return rows


def compute(
    plan: Plan, form: Questionnaire, quarter: str, as_of: date,
    evidence: Evidence, registers: Registers, first: Mapping[str, Evidence],
) -> Measured:  # fmt: skip
    """Compute every table of figures for the quarters up to one, as known on a date.

    `first` holds the evidence of each earlier quarter at its own first cut-off (or at `as_of` if earlier), for what
    was published then.
    """
    start = min(evidence.first_collected or FIRST_STATUS_QUARTER, FIRST_STATUS_QUARTER)
    quarters = quarters_between(start, quarter)
    scenes = [Scene(plan, form, q, as_of, evidence, registers) for q in quarters]
    nothing = Evidence({}, {})
    firsts = {q: Scene(plan, form, q, min(first_cutoff(q), as_of), first.get(q, nothing), registers) for q in quarters}
    return Measured(
        pd.DataFrame(_kpi_rows(scenes, plan)),
        pd.DataFrame([row for scene in scenes for row in _component_rows(scene, plan)]),
        pd.DataFrame([row for scene in scenes for row in _member_rows(scene, plan)]),
        pd.DataFrame(_change_rows(scenes, firsts, plan)),
        pd.DataFrame(_revision_rows(scenes, firsts, plan)),
    )
