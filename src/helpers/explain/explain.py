"""Explains a figure of an edition: its parts with their cells, and the steps to it, compared with what is published."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from helpers import editions, paths
from helpers.explain.cells import CellIndex, index_cells, trace_row
from helpers.explain.records import (
    CalculationStep,
    CellTrace,
    ExplainedPart,
    Explanation,
    LostFile,
    Value,
    write_arithmetic,
)
from helpers.i18n import is_blank
from helpers.ingest import received
from helpers.kpis import Snapshot, compute, figures, register_measures, statuses
from helpers.paths import DataRefused
from helpers.plan import Kpi, extractors, questionnaire, read_plan, read_settings, sources
from helpers.speech import say, to_say
from helpers.tables import EditionTables, manifest, pipeline, queries, replies, schema

PublishedRow = Mapping[str, Value]


@dataclass(frozen=True)
class FigureSources:
    """What a KPI's figures are traced in: the snapshot, its cells, and the state of each member's return."""

    snapshot: Snapshot
    kpi: Kpi
    cells: CellIndex
    states: Mapping[str, str]

    @property
    def source(self) -> sources.KpiSource:
        """How the KPI is read from a return."""
        return sources.source_of(self.kpi, self.snapshot.form)

    @property
    def questions(self) -> tuple[str, ...]:
        """The questions that the value is read from; for items the repeat."""
        names = self.source.asks
        return names if set(names) <= self.snapshot.form.by_name.keys() else (self.snapshot.form.repeat.name,)


def explain(kpi: str, quarter: str, scope: str = "", as_of: str = "") -> Explanation:
    """Explain one figure: of the published edition, or computed from `data/raw` where there is none.

    Raises ValueError for an unknown KPI, quarter or scope, with the known ones; DataRefused as an edition would, and
    for a published one whose damaged tables do not give the figure.
    """
    plan = read_plan()
    if kpi not in plan.by_kpi:
        raise ValueError(say("no KPI {kpi}; choose from {known}", kpi=kpi, known=", ".join(plan.by_kpi)))
    scope = scope or plan.code
    if scope not in plan.scopes:
        raise ValueError(say("no scope {scope}; choose from {known}", scope=scope, known=", ".join(plan.scopes)))
    day = read_settings().resolve_date(quarter, as_of).isoformat()
    published, damaged = manifest.read_published_tables(quarter, day), _list_damaged(quarter, day)
    origin = f"data/processed/{quarter}/{day}" if published else ""
    try:
        if damaged and not published:
            raise ValueError("they cannot be read")
        tables = published or pipeline.load_tables(quarter, day)
        explanation = next(explain_figures(tables, [(plan.by_kpi[kpi], scope)], origin))
    except Exception as error:  # damaged tables raise whatever they meet
        if not damaged:
            raise
        told = to_say(
            "{names}: damaged since it was published; papu run {quarter} --as-of {day} makes the edition again"
        )
        raise DataRefused(say(told, names=", ".join(damaged), quarter=quarter, day=day)) from error
    return replace(explanation, lost=_find_lost(tables.quarter))


def _list_damaged(quarter: str, as_of: str) -> list[str]:
    """Return the tables of a published edition that are gone, or not the bytes that its manifest lists."""
    edition = editions.read_published_edition(quarter, as_of)
    listed = edition.outputs.items() if edition else ()
    files = {edition.find(name): digest for name, digest in listed if name.startswith("processed/")}
    damaged = (path for path, digest in files.items() if not editions.has_digest(path, digest))
    return [path.relative_to(paths.root()).as_posix() for path in damaged]


def _find_lost(quarter: str) -> tuple[LostFile, ...]:
    """Return the files of a quarter and of those before it that can no longer be read as they were received."""
    past = read_settings().quarters_to(quarter)
    found = [issue for each in past for issue in received.find_damaged(each)]
    return tuple(LostFile(issue, manifest.find_members(issue.quarter, issue.source_file)) for issue in found)


def explain_figures(
    tables: EditionTables, kpis_and_scopes: Iterable[tuple[Kpi, str]], origin: str = ""
) -> Iterator[Explanation]:
    """Explain figures of an edition's quarter, each by KPI and scope; the edition's tables are read once.

    Raises ValueError where the tables have no such row.
    """
    snapshot, cells = queries.read_snapshot(tables), index_cells(tables, questionnaire.read_form())
    states = replies.select_responses(tables).set_index("member")["state"].to_dict()
    for kpi, scope in kpis_and_scopes:
        traced = FigureSources(snapshot, kpi, cells, states)
        history = tables.kpis[(tables.kpis["kpi"] == kpi.kpi) & (tables.kpis["scope"] == scope)]
        published = _read_published_row(history, tables.quarter)
        measured = compute.measure_kpi(snapshot, kpi, scope)
        status_steps = _list_status_steps(kpi, scope, measured, history, published)
        steps = (*_list_figure_steps(measured, published), *status_steps)
        parts = tuple(_trace_term(traced, term) for term in measured.figure.terms)
        members = tuple(_trace_term(traced, term) for term in measured.figure.members)
        about = (kpi, tables.quarter, scope, tables.as_of, origin, tables.sample)
        unread = tuple(f"{name}.csv" for name in register_measures.find_refused(snapshot, kpi))
        n_lost = 0 if unread else register_measures.count_lost_rows(snapshot, kpi)
        yield Explanation(*about, published, parts, members, steps, unread=unread, n_lost=n_lost)


def _read_published_row(history: pd.DataFrame, quarter: str) -> PublishedRow:
    """Return the cells of the published row, blanks as None (a blank status as "")."""
    rows = history[history["quarter"] == quarter].to_dict("records")
    if not rows:
        first = read_settings().first_status_quarter
        raise ValueError(
            say("no figure for {quarter}; they begin with {first}, or the first returns", quarter=quarter, first=first)
        )
    row = {name: rows[0].get(name) for name in schema.SCHEMAS["kpis"].columns}
    published = {name: None if is_blank(value) or value == "" else value for name, value in row.items()}
    return published | {"status": published["status"] or ""}


def _step(name: str, calculation: figures.Calculation, published: PublishedRow | None = None) -> CalculationStep:
    compared = () if published is None else (name, published[name])
    return CalculationStep(name, write_arithmetic(calculation.arithmetic), calculation.result, *compared)


def _list_figure_steps(measured: figures.MeasuredKpi, published: PublishedRow) -> Iterator[CalculationStep]:
    """Yield the steps to a figure, its bounds, the members behind it, its coverage and class, in that order."""
    for name in ("value", "share", "lower", "upper", "share_lower", "share_upper"):
        yield _step(name, measured.figure.calculations.get(name, figures.BLANK), published)
    for name in ("n_reported", "n_carried", "n_expected"):
        count = getattr(measured, name)
        yield _step(name, figures.Calculation((count,), count), published)
    yield _step("coverage", measured.coverage, published)
    yield _step("coverage_class", measured.coverage_class, published)


def _list_status_steps(
    kpi: Kpi, scope: str, measured: figures.MeasuredKpi, history: pd.DataFrame, published: PublishedRow
) -> Iterator[CalculationStep]:
    """Yield the steps to a status. The target may first have been reached in an earlier quarter of the history."""
    quarter = published["quarter"]
    judged, figure = compute.judged_kpi(kpi, scope != read_plan().code), compute.find_assessed(kpi, quarter, measured)
    is_reached = history["status"].isin(statuses.REACHED) & (history["quarter"] < quarter)
    result = statuses.assess_figure(judged, figure, min(history.loc[is_reached, "quarter"], default=""))
    target = "" if judged.target is None else "plan/kpis.csv"  # there is none where the scope is not judged
    yield CalculationStep("target", target, judged.target, "target", published["target"])
    if result.robust is None:
        yield from (_step("status", result.status, published), _step("robust", figures.BLANK, published))
        return
    progress = statuses.calculate_progress(judged, quarter, figure.value, result.status.result)
    yield from (_step(name, calculation) for name, calculation in progress.items())
    if kpi.measure != "rate":
        yield CalculationStep("first reached", "", result.first_reached)
    if kpi.measure == "milestone":
        yield CalculationStep("all parts", "", figure.complete)
    yield _step("status", result.status, published)
    yield _step("status at the lower bound", result.lower)
    yield _step("status at the upper bound", result.upper)
    names = [result.status.result, result.lower.result, result.upper.result]
    compared = " = ".join(names) if result.robust else " ≠ ".join(dict.fromkeys(names))
    yield CalculationStep("robust", compared, result.robust, "robust", published["robust"])


def _trace_term(traced: FigureSources, term: figures.Term) -> ExplainedPart:
    """Return a term of a figure with its cells and the state of the member's return of the quarter."""
    now = traced.snapshot.quarter
    quarter, cells = term.quarter or now, _find_cells(traced, term)
    has_state = term.kind == figures.MEMBER and not term.register and quarter == now
    source_quarter = min(cell.quarter for cell in cells) if term.kind == figures.ITEM else term.source_quarter
    part = ExplainedPart(**vars(term), state=traced.states.get(term.name, "") if has_state else "", traces=cells)
    return replace(part, quarter=quarter, source_quarter=source_quarter)


def _find_cells(traced: FigureSources, term: figures.Term) -> tuple[CellTrace, ...]:
    if term.register:
        return tuple(trace_row(term.register, row, _row_value(term, row)) for row in term.rows)
    if term.kind == figures.CODE:
        return ()
    if term.kind == figures.ITEM:
        read, collected = traced.source.read, traced.snapshot.collected
        items = (pair for member in term.members for pair in traced.cells.list_items(collected, member))
        alone = ((cell, extractors.CountedReturn(cell.member, {}, (item,))) for item, cell in items)
        return tuple(cell for cell, one_item in alone if term.name in read(one_item).codes)
    refused = tuple(traced.cells.refused.get((term.quarter or traced.snapshot.quarter, term.name), ()))
    if traced.kpi.measure == "rate":
        first = traced.cells.firsts.get((traced.snapshot.quarter, term.name))
        return (first,) if first else refused
    is_history = traced.kpi.measure in ("count_ever", "distinct_items")
    return (*refused, *(_find_history_cells if is_history else _find_value_cells)(traced, term))


def _row_value(term: figures.Term, row: Mapping[str, object]) -> float | None:
    """Return the number that a register's row contributes: a stage, people, or one workshop or questionnaire."""
    if term.register == "milestones":
        return row["stage"]
    return row["women"] + row["men"] if term.register == "attendance" else term.value


def _find_value_cells(traced: FigureSources, term: figures.Term) -> tuple[CellTrace, ...]:
    """Return the cells of the quarter, of the quarter carried from, and of the total that a cap comes from."""
    quarter = term.quarter or traced.snapshot.quarter
    found = traced.cells.find([quarter, term.source_quarter or quarter], term.name, traced.questions)
    last = traced.cells.find_last(traced.source.total, term.name, quarter) if term.share_cap is not None else ()
    return (*found, *(cell for cell in last if cell not in found))


def _find_history_cells(traced: FigureSources, term: figures.Term) -> tuple[CellTrace, ...]:
    """Return the cells of the quarter in which the condition was first met, else of all quarters reported."""
    if not term.source_quarter:
        extracts = traced.snapshot.returns.extracts(traced.source.read)
        answers = {name: extracts.get((name, term.name), extractors.NO_EXTRACT) for name in traced.snapshot.collected}
        reported = [quarter for quarter, extract in answers.items() if extract.value is not None]
        return traced.cells.find(reported, term.name, traced.questions)
    items = traced.cells.list_items([term.source_quarter], term.name)
    met = [cell for item, cell in items if item.kind in traced.source.asks]
    return (*traced.cells.find([term.source_quarter], term.name, traced.questions), *met)
