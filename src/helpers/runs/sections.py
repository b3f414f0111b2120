"""Writes the sections of a notebook that follow from the plan: its themes, and the change of its sums, if any.

A cell written here has the tag `plan`, for the eye, and its text's digest in its id: once edited, it is an analyst's.
What analysts add or edit stays where it is. A notebook without any cell of the plan is left as it is.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from helpers.editions import KPIS, REPORT_NOTEBOOK, find_plan_section, name_plan_cell
from helpers.plan import Kpi, Plan, read_plan

TAG = "plan"
_CALLS = {"companions": "companion_dots", "changes": "waterfalls"}  # figures that figures.csv calls otherwise
_OF_SEVERAL = ("trends", "changes")  # figures that take KPIs side by side

_Cell = dict[str, object]
_Source = tuple[str, str]  # the kind of a cell and its text


def read_notebook(path: Path) -> dict[str, object]:
    """Read a notebook, its sections written from the plan in force; the file is not touched."""
    return write_sections(json.loads(path.read_text(encoding="utf-8")), path.stem)


def write_notebook(path: Path) -> None:
    """Write the sections of the plan in force into the file of a notebook."""
    text = json.dumps(read_notebook(path), ensure_ascii=False, indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")


def write_sections(notebook: Mapping, name: str, plan: Plan | None = None) -> dict[str, object]:
    """Return a notebook with the sections that it has by the plan (default: the one in force).

    An analyst's cell between them stays behind the cell that it followed; where this is gone, at the end of its
    section, and where this is gone too, behind the section before.
    """
    cells = list(notebook["cells"])
    ours = [number for number, cell in enumerate(cells) if find_plan_section(cell)]
    if not ours:
        return dict(notebook)
    between = cells[ours[0] : ours[-1] + 1]
    written = _make_cells(name, plan or read_plan(), {cell["id"]: cell for cell in between if find_plan_section(cell)})
    kept = _keep_cells(between, [cell["id"] for cell in written])
    middle = list(kept[""])
    for cell in written:
        middle += [cell, *kept[cell["id"]]]
    after = map(_disown, cells[ours[-1] + 1 :])
    return dict(notebook) | {"cells": [*map(_disown, cells[: ours[0]]), *middle, *after]}


def _make_cells(notebook: str, plan: Plan, there: Mapping[str, _Cell]) -> list[_Cell]:
    """Return the cells that a notebook has by the plan; those that are there already, as they are."""
    cells: dict[str, _Cell] = {}
    for section, sources in _SECTIONS[notebook](plan) if notebook in _SECTIONS else ():
        for kind, source in sources:
            code = {"execution_count": None, "outputs": []} if kind == "code" else {}
            first = name_plan_cell(section, source)
            name = next(name for name in (first, *(f"{first}-{n}" for n in range(2, 99))) if name not in cells)
            new = {"cell_type": kind, "id": name, "metadata": {"tags": [TAG]}, "source": source.splitlines(True)}
            cells[name] = there.get(name, new | code)
    return list(cells.values())


def _keep_cells(cells: Sequence[_Cell], written: Sequence[str]) -> Mapping[str, list[_Cell]]:
    """Return the cells that are not written from the plan, by the id of the written cell that each comes behind."""
    kept, last, behind, sections = defaultdict(list), {}, "", [""]
    for identifier in written:
        last[identifier.split("-")[1]] = identifier
    for cell in cells:
        if section := find_plan_section(cell):
            behind = cell["id"]
            sections += [section] if section != sections[-1] else []
        elif behind in written:
            kept[behind].append(_disown(cell))
        else:
            kept[next((last[name] for name in reversed(sections) if name in last), "")].append(_disown(cell))
    return kept


def _disown(cell: _Cell) -> _Cell:
    """Return a cell of an analyst, who may have copied or edited one of the plan's, without the plan's marks."""
    others = [tag for tag in cell["metadata"].get("tags", []) if tag != TAG]
    metadata = {name: value for name, value in cell["metadata"].items() if name != "tags"}
    kept = cell | {"metadata": metadata | ({"tags": others} if others else {})}
    if cell.get("id", "").startswith("plan-"):  # the id of a cell that is written again
        kept["id"] = cell["id"].replace("plan-", "own-", 1)
    return kept


def _head(plan: Plan, theme: int, question: str) -> _Source:
    title = next(one.title for one in plan.themes if one.theme == theme)
    return "markdown", f"## Theme {theme}: {_in_english(title)}\n\n{question}"


def _in_english(title: Mapping[str, str]) -> str:
    """Return a title in English, the notebooks' language, or in the plan's first."""
    return title.get("en") or next(filter(None, title.values()), "")


def _list_kpi_sections(plan: Plan) -> Iterator[tuple[str, list[_Source]]]:
    """Yield the sections of 02: what each theme's figures are, where, when, and who is behind them."""
    question = "Where do its indicators stand, how did they get there, in which regions, and what is behind them?"
    for theme in plan.themes:
        views = ["summarise_theme", "theme_figures", "theme_history", "theme_regions"]
        views += ["theme_companions"] if _has_companions(plan, theme.theme) else []
        views += ["theme_members"] if any(kpi.has_member_values for kpi in _kpis_of(plan, theme.theme)) else []
        calls = [("code", f"views.{view}(tables, {theme.theme})") for view in views]
        yield str(theme.theme), [_head(plan, theme.theme, question), *calls]
    if _has_changes(plan):
        text = (
            "## Why did the sums change?\n\n"
            "`before` as first published, then revisions, the members that answered both quarters (matched), those\n"
            "carried, entered and left; the parts add up to `after` exactly."
        )
        yield "change", [("markdown", text), ("code", "views.sum_changes(tables)")]


def _list_report_sections(plan: Plan) -> Iterator[tuple[str, list[_Source]]]:
    """Yield the sections of 03: each theme with its figures as figures.csv has them, the change, the components."""
    question = "What is the finding, and where do its indicators stand against their targets?"
    for theme in plan.themes:
        sources = [
            _head(plan, theme.theme, question),
            ("code", f"headlines.add_theme(report, {theme.theme})"),
            ("code", f"report.add(tables.theme(report, {theme.theme}), in_workbook=True)"),
            *_list_figures(plan, theme.theme),
        ]
        yield str(theme.theme), sources
    if _has_changes(plan):
        yield "change", _list_change(plan)
    themes = [theme.theme for theme in plan.themes if _has_companions(plan, theme.theme)]
    if themes:
        text = "## Components\n\nWhat is behind the indicators: their parts, and the figures beside them?"
        heading = 'report.heading(t("Components of the indicators"))'
        tables = [("code", f"report.add(tables.companions(report, {theme}))") for theme in themes]
        yield "components", [("markdown", text), ("code", heading), *tables]


def _list_change(plan: Plan) -> list[_Source]:
    """Return the section on the change of the sums since the last quarter."""
    question = "What is the change of each total made of: the same members, carried values, members newly known or not?"
    return [
        ("markdown", f"## Change\n\n{question}"),
        ("code", "headlines.add_change(report)"),
        *(_call(each.figure, each.kpis, each.of) for each in plan.figures_of(0)),
        ("code", "report.add(tables.changes(report), in_workbook=True)"),
    ]


def _list_figures(plan: Plan, theme: int) -> Iterator[_Source]:
    """Yield the figures of a theme; those of the same KPIs in a row come under the names of these."""
    for kpis, group in groupby(plan.figures_of(theme), key=lambda figure: figure.kpis):
        names = [f"**{kpi}** {_in_english(plan.by_kpi[kpi].title)}" for kpi in kpis]
        yield "markdown", "\n".join(names if len(names) == 1 else (f"- {name}" for name in names))
        yield from (_call(each.figure, each.kpis, each.of) for each in group)


def _call(figure: str, kpis: Sequence[str], of: str) -> _Source:
    """Return the call of a figure. What figures.csv may hold there is letters, digits, point and _, and no code."""
    codes = [f'"{kpi}"' for kpi in kpis]
    chosen = f"({', '.join(codes)}{',' * (len(codes) == 1)})" if figure in _OF_SEVERAL else codes[0]
    also = f', "{of}"' if of else ""
    return "code", f"report.add(figures.{_CALLS.get(figure, figure)}(report, {chosen}{also}))"


def _kpis_of(plan: Plan, theme: int) -> list[Kpi]:
    return [kpi for kpi in plan.kpis if kpi.theme == theme]


def _has_changes(plan: Plan) -> bool:
    return any(kpi.has_changes for kpi in plan.kpis)


def _has_companions(plan: Plan, theme: int) -> bool:
    return any(plan.parts_of(kpi.kpi) for kpi in _kpis_of(plan, theme))


_SECTIONS: Mapping[str, Callable[[Plan], Iterator[tuple[str, list[_Source]]]]] = {
    KPIS: _list_kpi_sections,
    REPORT_NOTEBOOK: _list_report_sections,
}
