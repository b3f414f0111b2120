"""The parts of a figure: each term that it adds up, with the cells that the term comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from helpers.explain.cells import CellIndex, trace_row
from helpers.explain.records import CellTrace, ExplainedPart
from helpers.kpis import Snapshot, figures
from helpers.plan import Kpi, extractors, questionnaire, sources

Cells = tuple[CellTrace, ...]


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
        """The questions that the value is read from; for innovations the repeat."""
        asks = self.source.asks
        return asks if set(asks) <= self.snapshot.form.by_name.keys() else (questionnaire.REPEAT,)


def trace_term(traced: FigureSources, term: figures.Term) -> ExplainedPart:
    """Return a term of a figure with its cells and the state of the member's return of the quarter."""
    now = traced.snapshot.quarter
    quarter, cells = term.quarter or now, _find_cells(traced, term)
    has_state = term.kind == figures.MEMBER and not term.register and quarter == now
    source_quarter = min(cell.quarter for cell in cells) if term.kind == figures.ITEM else term.source_quarter
    part = ExplainedPart(**vars(term), state=traced.states.get(term.name, "") if has_state else "", traces=cells)
    return replace(part, quarter=quarter, source_quarter=source_quarter)


def _find_cells(traced: FigureSources, term: figures.Term) -> Cells:
    if term.register:
        return tuple(trace_row(term.register, row, _row_value(term, row)) for row in term.rows)
    if term.kind == figures.CODE:
        return ()
    if term.kind == figures.ITEM:
        return _find_item_cells(traced, term)
    refused = traced.cells.find_refused(term.quarter or traced.snapshot.quarter, term.name)
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


def _find_item_cells(traced: FigureSources, term: figures.Term) -> Cells:
    found = []
    for member in term.members:
        for item, cell in traced.cells.list_items(traced.snapshot.collected, member):
            if term.name in traced.source.read(extractors.CountedReturn(member, {}, (item,))).codes:
                found.append(cell)
    return tuple(found)


def _find_value_cells(traced: FigureSources, term: figures.Term) -> Cells:
    """Return the cells of the quarter, of the quarter carried from, and of the total that a cap comes from."""
    quarter = term.quarter or traced.snapshot.quarter
    found = traced.cells.find([quarter, term.source_quarter or quarter], term.name, traced.questions)
    last = traced.cells.find_last(traced.source.total, term.name, quarter) if term.share_cap is not None else ()
    return (*found, *(cell for cell in last if cell not in found))


def _find_history_cells(traced: FigureSources, term: figures.Term) -> Cells:
    """Return the cells of the quarter in which the condition was first met, else of all quarters reported."""
    if not term.source_quarter:
        extracts = traced.snapshot.returns.extracts(traced.source.read)
        answers = {name: extracts.get((name, term.name), extractors.NO_EXTRACT) for name in traced.snapshot.collected}
        reported = [quarter for quarter, extract in answers.items() if extract.value is not None]
        return traced.cells.find(reported, term.name, traced.questions)
    items = traced.cells.list_items([term.source_quarter], term.name)
    met = [cell for item, cell in items if item.kind in traced.source.asks]
    return (*traced.cells.find([term.source_quarter], term.name, traced.questions), *met)
