"""The KPIs and their companions, for every quarter up to the one reported: the published tables of figures."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import pairwise, product
from typing import NamedTuple

import pandas as pd

from helpers.ingest import Registers
from helpers.kpis import measures, observations
from helpers.kpis.figures import CARRIED, REPORTED, Figure, MeasuredKpi
from helpers.kpis.measures import Observation
from helpers.kpis.observations import CountedReturns, Snapshot
from helpers.kpis.register_measures import count_received, cutoff_of, measure_from_registers
from helpers.kpis.revisions import find_causes
from helpers.kpis.statuses import Assessed, compute_statuses
from helpers.plan import Kpi, Member, Plan, quarters, questionnaire, sources

Row = dict[str, object]
MeasuredKpis = Mapping[tuple[str, str], Sequence[MeasuredKpi]]  # by scope and code, quarter by quarter


def _measure_stock(measure: str, observed: Sequence[Observation], has_share: bool, source: sources.KpiSource) -> Figure:
    if measure == "count_known":
        return measures.count_known(observed)
    if measure == "mean_index":
        return measures.mean_index(observed)
    if measure == "distinct_codes":
        return measures.distinct_codes(observed, source.codes, source.least)
    if not has_share:
        return measures.sum_known(observed)
    return measures.sum_known_share(observed, source.times if 1 < source.times < math.inf else 1)


def _measure_history(measure: str, histories: Sequence[measures.MemberHistory]) -> Figure:
    return (measures.count_ever if measure == "count_ever" else measures.distinct_items)(histories)


def _measure_returns(snapshot: Snapshot, kpi: Kpi, scope: str) -> MeasuredKpi:
    """Measure a KPI of the returns, its coverage and class; without an accepted return of the quarter it is blank."""
    members, source = snapshot.members(scope), sources.source_of(kpi, snapshot.form)
    if not snapshot.is_collected:
        return MeasuredKpi()
    if kpi.is_stock:
        observed = observations.observe_kpi(snapshot, kpi, members)
        figure = _measure_stock(kpi.measure, observed, bool(source.total), source)
    elif kpi.measure == "sum_flow":
        figure = measures.sum_flow(observations.observe_flow(snapshot, source.read, scope))
    else:
        figure = _measure_history(kpi.measure, observations.observe_history(snapshot, source, members))
    terms = figure.members or figure.terms
    bases = [term.basis for term in terms if term.quarter in ("", snapshot.quarter)]
    n_reported, coverage = bases.count(REPORTED), measures.calculate_coverage(terms)
    grade = measures.classify_coverage(coverage.result, n_reported, len(bases))
    return MeasuredKpi(figure, n_reported, bases.count(CARRIED), len(bases), coverage, grade)


def measure_kpi(snapshot: Snapshot, kpi: Kpi, scope: str) -> MeasuredKpi:
    """Measure one KPI for one scope in the snapshot's quarter."""
    return (measure_from_registers if kpi.is_from_registers else _measure_returns)(snapshot, kpi, scope)


class MeasuredCompanion(NamedTuple):
    """The figures of one row of kpi_components.csv; `n_reported` counts those that reported its own question."""

    value: float | None = None
    share: float | None = None
    n_reported: int | None = None


def _measure_rate_companion(snapshot: Snapshot, counted: str, members: Sequence[Member]) -> MeasuredCompanion:
    """Return the members that responded by a day, in percent of the members expected (section 6)."""
    cutoff = cutoff_of(snapshot)
    on_time = min(cutoff, snapshot.plan.settings.on_time_by(snapshot.quarter))
    days = {sources.BY_FIRST_CUTOFF: cutoff, sources.BY_ON_TIME: on_time, sources.BY_EDITION_DATE: snapshot.as_of}
    n_received = count_received(snapshot, members, days[counted])
    n_reported = count_received(snapshot, members, cutoff) if counted == sources.BY_ON_TIME else n_received
    return MeasuredCompanion(100 * n_received / len(members) if members else None, None, n_reported)


def measure_companion(snapshot: Snapshot, companion: sources.Companion, scope: str) -> MeasuredCompanion:
    """Measure one companion for one scope."""
    members = snapshot.members(scope)
    if not snapshot.is_asked:
        return MeasuredCompanion()
    if companion.measure == "rate":
        return _measure_rate_companion(snapshot, companion.source, members)
    source = sources.source_of(companion, snapshot.form)
    answers = observations.observe(snapshot, source.own or source.read, members, carries=False)
    n_reported, total = sum(answer.is_reported for answer in answers), measures.sum_reported(answers)
    if companion.share == sources.OF_ANSWERS:
        return MeasuredCompanion(total, total / n_reported if n_reported else None, n_reported)
    if not snapshot.is_collected:
        return MeasuredCompanion()
    if companion.measure == "sum_reported":
        return MeasuredCompanion(total, None, n_reported)
    if companion.is_stock:
        observed = observations.observe(snapshot, source.read, members)
        figure = _measure_stock(companion.measure, observed, companion.share == sources.OF_TOTAL, source)
    else:
        figure = _measure_history(companion.measure, observations.observe_history(snapshot, source, members))
    return MeasuredCompanion(figure.value, figure.share, n_reported)


@dataclass(frozen=True)
class ComputedTables:
    """The tables of figures, as published (methodology, section 7); `revisions` compares with first publication."""

    kpis: pd.DataFrame
    components: pd.DataFrame
    member_values: pd.DataFrame
    changes: pd.DataFrame
    revisions: pd.DataFrame


def judged_kpi(kpi: Kpi, is_region: bool) -> Kpi:
    """Return a KPI as it is judged in a scope: a region has targets only on shares and percentages."""
    return kpi if not is_region or kpi.on_share else replace(kpi, target=None, target_status="")


def find_assessed(kpi: Kpi, quarter: str, measured: MeasuredKpi) -> Assessed:
    """Return the figure that the target is about: the value or the share, with its bounds."""
    figure, grade = measured.figure, measured.coverage_class.result or ""
    if kpi.assessed == "share":
        return Assessed(quarter, figure.share, figure.share_lower, figure.share_upper, grade, measured.complete)
    return Assessed(quarter, figure.value, figure.lower, figure.upper, grade, measured.complete)


def _kpi_row(quarter: str, scope: str, kpi: Kpi, measured: MeasuredKpi, status: str, robust: bool | None) -> Row:
    figure = measured.figure
    return {
        "quarter": quarter, "scope": scope, "kpi": kpi.kpi, "unit": kpi.unit,
        "value": figure.value, "share": figure.share, "lower": figure.lower, "upper": figure.upper,
        "share_lower": figure.share_lower, "share_upper": figure.share_upper,
        "n_reported": measured.n_reported, "n_carried": measured.n_carried, "n_expected": measured.n_expected,
        "coverage": measured.coverage.result, "coverage_class": measured.coverage_class.result or "",
        "target": kpi.target, "target_status": kpi.target_status, "status": status, "robust": robust,
    }  # fmt: skip


def _list_kpi_rows(plan: Plan, snapshots: Sequence[Snapshot], by_scope: MeasuredKpis) -> Iterator[Row]:
    names = [snapshot.quarter for snapshot in snapshots]
    for scope, kpi in product(plan.scopes, plan.kpis):
        judged, measured = judged_kpi(kpi, scope != plan.code), by_scope[scope, kpi.kpi]
        statuses = compute_statuses(judged, map(partial(find_assessed, kpi), names, measured))
        for name, figure, status in zip(names, measured, statuses, strict=True):
            yield _kpi_row(name, scope, judged, figure, *status)


def _list_companion_rows(snapshot: Snapshot) -> Iterator[Row]:
    for scope, companion in product(snapshot.plan.scopes, snapshot.plan.companions):
        yield {
            "quarter": snapshot.quarter, "scope": scope, "kpi": companion.kpi, "component": companion.component,
            "unit": companion.unit, **measure_companion(snapshot, companion, scope)._asdict(),
        }  # fmt: skip


def _known_observations(snapshot: Snapshot, kpi: Kpi, scope: str) -> dict[str, Observation]:
    """Return the known members of a KPI; none in a quarter without returns, whose figures are blank."""
    if not snapshot.is_collected:
        return {}
    observed = observations.observe_kpi(snapshot, kpi, snapshot.members(scope))
    return {observation.member: observation for observation in observed if observation.is_known}


def _list_member_rows(snapshot: Snapshot) -> Iterator[Row]:
    """List the known members of the stock KPIs and the reported ones of the flows."""
    listed = [kpi for kpi in snapshot.plan.kpis if kpi.has_member_values]
    for kpi in listed:
        has_total = bool(sources.source_of(kpi, snapshot.form).total)
        for known in _known_observations(snapshot, kpi, snapshot.plan.code).values():
            yield {
                "quarter": snapshot.quarter, "member": known.member, "kpi": kpi.kpi, "value": known.value,
                "denominator": known.total if has_total else None, "basis": known.basis,
                "source_quarter": known.source_quarter,
            }  # fmt: skip


def explain_change(before: float, past: Mapping[str, Observation], now: Mapping[str, Observation]) -> dict[str, float]:
    """Split the change of a sum on the previous quarter into its sources, which add up exactly (section 5)."""
    both = past.keys() & now.keys()
    matched = {member for member in both if past[member].is_reported and now[member].is_reported}
    return {
        "before": before,
        "revisions": sum(observation.value for observation in past.values()) - before,
        "matched": sum(now[m].value - past[m].value for m in matched),
        "carried_effect": sum(now[m].value - past[m].value for m in both - matched),
        "entered": sum(now[m].value for m in now.keys() - both),
        "left": -sum(past[m].value for m in past.keys() - both),
        "after": sum(observation.value for observation in now.values()),
    }


def _list_change_rows(plan: Plan, firsts: Sequence[Snapshot], snapshots: Sequence[Snapshot]) -> Iterator[Row]:
    sums = [(scope, kpi) for scope, kpi in product(plan.scopes, plan.kpis) if kpi.measure == "sum_known"]
    for first, (past, now) in zip(firsts, pairwise(snapshots), strict=False):
        for scope, kpi in sums:
            published, before, after = (_known_observations(snapshot, kpi, scope) for snapshot in (first, past, now))
            total = sum(observation.value for observation in published.values())
            yield {"quarter": now.quarter, "scope": scope, "kpi": kpi.kpi} | explain_change(total, before, after)


def _list_revision_rows(
    plan: Plan, firsts: Sequence[Snapshot], snapshots: Sequence[Snapshot], by_scope: MeasuredKpis
) -> Iterator[Row]:
    """List the values and shares that are not what they were at their own first cut-off."""
    for place, (first, now) in enumerate(zip(firsts, snapshots, strict=True)):
        for scope, kpi in product(plan.scopes, plan.kpis):
            was, figure = measure_kpi(first, kpi, scope).figure, by_scope[scope, kpi.kpi][place].figure
            for name in ("value", "share"):
                old, new = getattr(was, name), getattr(figure, name)
                if old != new and (old is None or new is None or abs(old - new) > 1e-9):
                    row = {"quarter": now.quarter, "scope": scope, "kpi": kpi.kpi, "figure": name}
                    yield row | {"first": old, "now": new, "causes": find_causes(first, now, kpi, scope, name)}


def compute_tables(
    plan: Plan, form: questionnaire.Form, quarter: str, as_of: date,
    returns: CountedReturns, registers: Registers, first: Mapping[str, CountedReturns],
) -> ComputedTables:  # fmt: skip
    """Compute every table of figures up to a quarter, as of a date.

    `first` holds, for each earlier quarter, the returns that counted at its own first cut-off (or at `as_of` if
    earlier): what was published then.
    """
    first_status = plan.settings.first_status_quarter
    start = min(returns.first_collected or first_status, first_status)
    names, nothing = quarters.quarters_between(start, quarter), CountedReturns({}, {})
    asked_from = returns.first_collected or quarter
    snapshots = [Snapshot(plan, form, name, as_of, returns, registers, asked_from) for name in names]
    firsts = []
    for now in snapshots:
        cutoff = min(plan.settings.first_cutoff(now.quarter), as_of)
        firsts.append(replace(now, as_of=cutoff, returns=first.get(now.quarter, nothing)))
    measured = {
        (scope, kpi.kpi): [measure_kpi(snapshot, kpi, scope) for snapshot in snapshots]
        for scope, kpi in product(plan.scopes, plan.kpis)
    }
    return ComputedTables(
        pd.DataFrame(_list_kpi_rows(plan, snapshots, measured)),
        pd.DataFrame(row for snapshot in snapshots for row in _list_companion_rows(snapshot)),
        pd.DataFrame(row for snapshot in snapshots for row in _list_member_rows(snapshot)),
        pd.DataFrame(_list_change_rows(plan, firsts, snapshots)),
        pd.DataFrame(_list_revision_rows(plan, firsts, snapshots, measured)),
    )
