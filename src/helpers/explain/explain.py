"""Explains a figure of an edition: its parts, its steps, and whether the steps give what is published."""

from collections.abc import Iterable, Iterator, Mapping

import pandas as pd

from helpers.explain.cells import index_cells
from helpers.explain.parts import FigureSources, trace_term
from helpers.explain.records import Explanation, Value
from helpers.explain.steps import find_first_reached, list_figure_steps, list_status_steps
from helpers.i18n import is_blank
from helpers.kpis import compute
from helpers.plan import UNION, Kpi, quarters, questionnaire, read_plan
from helpers.tables import EditionTables, manifest, pipeline, queries, schema


def explain(kpi: str, quarter: str, scope: str = UNION, as_of: str = "") -> Explanation:
    """Explain one figure: of the published edition, or computed from `data/raw` where there is none.

    Raises ValueError for an unknown KPI, quarter or scope, with the known ones; DataRefused as an edition would.
    """
    plan = read_plan()
    if kpi not in plan.by_kpi:
        raise ValueError(f"no KPI {kpi}; choose from {', '.join(plan.by_kpi)}")
    if scope not in (UNION, *plan.regions):
        raise ValueError(f"no scope {scope}; choose from {', '.join((UNION, *plan.regions))}")
    day = pipeline.resolve_date(quarter, as_of).isoformat()
    published = manifest.read_published_tables(quarter, day)
    origin = f"data/processed/{quarter}/{day}" if published else ""
    tables = published or pipeline.load_tables(quarter, day)
    return next(explain_figures(tables, [(plan.by_kpi[kpi], scope)], origin))


def explain_figures(
    tables: EditionTables, kpis_and_scopes: Iterable[tuple[Kpi, str]], origin: str = ""
) -> Iterator[Explanation]:
    """Explain figures of an edition's quarter, each by KPI and scope; the edition's tables are read once.

    Raises ValueError where the tables have no such row.
    """
    snapshot, cells = queries.read_snapshot(tables), index_cells(tables, questionnaire.read_form())
    states = queries.select_responses(tables).set_index("member")["state"].to_dict()
    for kpi, scope in kpis_and_scopes:
        yield _explain(tables, FigureSources(snapshot, kpi, cells, states), scope, origin)


def _explain(tables: EditionTables, traced: FigureSources, scope: str, origin: str) -> Explanation:
    kpi, quarter = traced.kpi, tables.quarter
    history = tables.kpis[(tables.kpis["kpi"] == kpi.kpi) & (tables.kpis["scope"] == scope)]
    published = _read_published_row(history, quarter)
    measured = compute.measure_kpi(traced.snapshot, kpi, scope)
    judged, assessed = compute.judged_kpi(kpi, scope), compute.find_assessed(kpi, quarter, measured)
    status = list_status_steps(judged, assessed, find_first_reached(history, quarter), published)
    steps = (*list_figure_steps(measured, published), *status)
    parts = tuple(trace_term(traced, term) for term in measured.figure.terms)
    members = tuple(trace_term(traced, term) for term in measured.figure.members)
    return Explanation(kpi, quarter, scope, tables.as_of, origin, tables.sample, published, parts, members, steps)


def _read_published_row(history: pd.DataFrame, quarter: str) -> Mapping[str, Value]:
    """Return the cells of the published row, blanks as None (a blank status as "").

    Raises ValueError where there is no such row.
    """
    rows = history[history["quarter"] == quarter].to_dict("records")
    if not rows:
        first = quarters.FIRST_STATUS_QUARTER
        raise ValueError(f"no figure for {quarter}; they begin with {first}, or the first returns")
    row = {name: _python_value(rows[0].get(name)) for name in schema.SCHEMAS["kpis"].columns}
    return row | {"status": row["status"] or ""}


def _python_value(value: object) -> Value:
    if is_blank(value) or value == "":
        return None
    return value.item() if hasattr(value, "item") else value
