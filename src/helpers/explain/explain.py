"""An edition's figure taken apart: its parts, its steps, and whether they give what is published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import pandas as pd

from helpers.explain.cells import index_cells
from helpers.explain.parts import FigureCase, is_blank_by_definition, list_figure_parts
from helpers.explain.records import Explanation, Value
from helpers.explain.steps import calculate_steps
from helpers.explain.verdict import assess_figure, find_first_reached, list_status_steps
from helpers.i18n import is_blank
from helpers.kpis import compute
from helpers.plan import UNION, Kpi, quarters, questionnaire, read_plan
from helpers.tables import EditionTables, manifest, pipeline, queries, schema


def explain(kpi: str, quarter: str, scope: str = UNION, as_of: str = "") -> Explanation:
    """Explain one figure of an edition: the published one where it is there, else computed from `data/raw` as it is.

    Raises ValueError for a KPI, a quarter or a scope that there is none of, naming those there are; DataRefused as an
    edition would.
    """
    record, day = _find(kpi, scope), pipeline.resolve_date(quarter, as_of).isoformat()
    published = manifest.read_published_tables(quarter, day)
    origin = f"data/processed/{quarter}/{day}" if published else ""
    tables = published or pipeline.load_tables(quarter, day)
    return next(explain_figures(tables, [(record, scope)], origin))


def _find(kpi: str, scope: str) -> Kpi:
    plan = read_plan()
    if kpi not in plan.by_kpi:
        raise ValueError(f"no KPI {kpi}; choose from {', '.join(plan.by_kpi)}")
    if scope not in (UNION, *plan.regions):
        raise ValueError(f"no scope {scope}; choose from {', '.join((UNION, *plan.regions))}")
    return plan.by_kpi[kpi]


def explain_figures(
    tables: EditionTables, figures: Iterable[tuple[Kpi, str]], origin: str = ""
) -> Iterator[Explanation]:  # fmt: skip
    """Explain figures of an edition's own quarter, KPI and scope, from the edition's tables, which are read once.

    Raises ValueError where the tables have no such row.
    """
    snapshot, cells = queries.read_snapshot(tables), index_cells(tables, questionnaire.read_form())
    states = queries.select_responses(tables).set_index("member")["state"].to_dict()
    for kpi, scope in figures:
        yield _explain(tables, FigureCase(snapshot, kpi, scope, cells, states), origin)


def _explain(tables: EditionTables, case: FigureCase, origin: str) -> Explanation:
    kpi, scope = case.kpi, case.scope
    history = tables.kpis[(tables.kpis["kpi"] == kpi.kpi) & (tables.kpis["scope"] == scope)]
    published = _published(history, tables.quarter)
    parts, members = list_figure_parts(case)
    steps = calculate_steps(kpi, parts, members, published, is_blank_by_definition(case))
    judged = kpi if scope == UNION or kpi.on_share else replace(kpi, target=None)
    is_complete = compute.find_milestone(case.snapshot, kpi.step)[1] if kpi.measure == "milestone" else True
    figure = assess_figure(kpi, tables.quarter, {step.name: step.result for step in steps}, is_complete)
    verdict = list_status_steps(judged, figure, find_first_reached(history, tables.quarter), published)
    return Explanation(
        kpi, tables.quarter, scope, tables.as_of, origin, tables.sample, published, parts, members, (*steps, *verdict)
    )


def _published(history: pd.DataFrame, quarter: str) -> Mapping[str, Value]:
    """Return the cells of the published row, blanks as None.

    Raises ValueError where there is no such row.
    """
    rows = history[history["quarter"] == quarter].to_dict("records")
    if not rows:
        raise ValueError(
            f"no figure for {quarter}; they begin with {quarters.FIRST_STATUS_QUARTER}, or the first returns"
        )
    row = rows[0]
    blank = {name: "" if name == "status" else None for name in schema.SCHEMAS["kpis"].columns}
    told = {name: _plain(row.get(name)) for name in blank}
    return blank | {name: value for name, value in told.items() if value is not None}


def _plain(value: object) -> Value:
    if is_blank(value) or value == "":
        return None
    return value.item() if hasattr(value, "item") else value
