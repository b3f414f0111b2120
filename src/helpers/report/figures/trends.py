"""Figures of quarters: trends, by region too, companions and families."""

from __future__ import annotations

import math
from collections.abc import Sequence

import matplotlib
from matplotlib.axes import Axes

from helpers.i18n.formats import Words, is_blank
from helpers.plan.plan import UNION, read_plan
from helpers.plan.quarters import shift
from helpers.report.figures.drawing import (
    BAND,
    BLUE,
    GRID,
    INK,
    MUTED,
    Figure,
    draw_trend,
    drawn,
    find_runs,
    find_top,
    line_sign,
    make_figure,
    mark_numbers,
    mark_quarters,
    wrap,
    write_key,
    write_labels,
)
from helpers.tables import queries
from helpers.tables.pipeline import Tables
from helpers.tables.queries import Standing

TARGET = {"color": INK, "linewidth": 0.9, "linestyle": (0, (5, 3)), "zorder": 2}

# --- trends -----------------------------------------------------------------------------------------------------


def say_ends(last: Standing, say: Words) -> list[tuple[float, str, dict]]:
    """Return the labels beside a trend's end, each with its height and look: value, bounds, proposed target."""
    labels = []
    if not is_blank(last.assessed):
        labels.append(
            (last.assessed, say.measured(last.assessed, last.unit), {"color": BLUE, "weight": 700, "size": 11})
        )
    if not last.is_certain and not is_blank(last.bounds[0]):
        low, high = last.bounds
        labels.append(
            (low, say("lower bound {value}", value=say.measured(low, last.unit)), {"color": MUTED, "size": 8})
        )
        if not is_blank(high):
            text = say("upper bound {value}", value=say.measured(high, last.unit))
            labels.append((high, text, {"color": MUTED, "size": 8}))
    if not is_blank(last.goal):
        text = say("proposed target {value}", value=say.goal(last.goal, last.unit))
        labels.append((last.goal, text, {"color": INK, "weight": 600, "size": 8}))
    return labels


def mark_due(axes: Axes, quarters: Sequence[str], due: str, say: Words) -> None:
    """Mark the quarter by which a KPI is due."""
    if due in quarters:
        place = quarters.index(due)
        axes.axvline(place, color=MUTED, linewidth=0.8, linestyle=(0, (1, 2)), zorder=0)
        axes.annotate(
            say("due {quarter}", quarter=say.quarter(due)),
            (place, 1),
            (0, 2),
            ("data", "axes fraction"),
            "offset points",
            ha="center",
            va="bottom",
            size=8,
            color=MUTED,
        )


@drawn
def plot_trend(tables: Tables, kpi: str, say: Words, height: float = 2.35) -> Figure:
    """Plot one KPI over the quarters: value, bounds as a band, proposed target, due quarter."""
    trend = queries.select_trend(tables, kpi)
    quarters, last = [one.quarter for one in trend], trend[-1]
    figure, ((axes,),) = make_figure(height, 0.5, 1.55, 0.22, 0.38)
    draw_trend(axes, trend)
    top = find_top([value for one in trend for value in (one.assessed, *one.bounds, one.goal)], last.unit)
    mark_numbers(axes, top, last.unit, say)
    mark_quarters(axes, quarters, say)
    if not is_blank(last.goal):
        axes.axhline(last.goal, **TARGET)
    mark_due(axes, quarters, last.kpi.due, say)
    write_labels(axes, say_ends(last, say))
    return figure


@drawn
def plot_trends(tables: Tables, kpis: Sequence[str], say: Words) -> Figure:
    """Plot several KPIs side by side, each on its own axis from 0, with its proposed target."""
    rows = math.ceil(len(kpis) / 2)
    figure, grid = make_figure(2.02 * rows, 0.42, 0.95, 0.4, 0.38, nrows=rows, ncols=2)
    figure.subplots_adjust(wspace=0.62, hspace=0.78)
    for kpi, axes in zip(kpis, grid.flat, strict=False):
        trend = queries.select_trend(tables, kpi)
        last = trend[-1]
        draw_trend(axes, trend, size=3)
        top = 1.12 * find_top([v for one in trend for v in (one.assessed, *one.bounds, one.goal)], "")
        mark_numbers(axes, top, last.unit, say)
        axes.yaxis.set_major_locator(matplotlib.ticker.MaxNLocator(3, integer=True))
        mark_quarters(axes, [one.quarter for one in trend], say, every=2)
        axes.set_title(wrap(f"{kpi}  {say.own(last.kpi.title)}", 50), pad=8)
        shown = say.number(last.value) if not is_blank(last.value) else say.interval(last.lower, last.upper)
        height = last.value if not is_blank(last.value) else 0 if is_blank(last.lower) else last.lower
        labels = [(height, shown, {"color": BLUE, "weight": 700, "size": 10})]
        if not is_blank(last.goal):
            axes.axhline(last.goal, **TARGET)
            target = say("proposed\ntarget {value}", value=say.goal(last.goal, last.unit))
            labels.append((last.goal, target, {"color": INK, "size": 8, "linespacing": 0.95}))
        write_labels(axes, labels, 0.24)
    for axes in list(grid.flat)[len(kpis) :]:
        axes.set_axis_off()
    return figure


@drawn
def plot_regions_over_time(tables: Tables, kpi: str, say: Words) -> Figure:
    """Plot a KPI region by region and for the Union over the quarters, all on one scale, from 0.

    Bounds are a band; the proposed target is a line where a region is judged on it.
    """
    trends = {scope: queries.select_trend(tables, kpi, scope) for scope in (*read_plan().regions, UNION)}
    every = [one for trend in trends.values() for one in trend]
    last = trends[UNION][-1]
    figure, grid = make_figure(2.95, 0.45, 0.62, 0.46, 0.38, nrows=2, ncols=3, sharey=True)
    figure.subplots_adjust(wspace=0.5, hspace=0.36)
    top = find_top([v for one in every for v in (one.assessed, *one.bounds, one.goal)], "")
    if last.unit == "percent":
        top = min(top, find_top([one.assessed for one in every], "percent"))
    for place, ((scope, trend), axes) in enumerate(zip(trends.items(), grid.flat, strict=True)):
        colour = INK if scope == UNION else BLUE
        draw_trend(axes, trend, colour, size=2.6)
        mark_numbers(axes, top, last.unit, say)
        axes.yaxis.set_major_locator(matplotlib.ticker.MaxNLocator(4, integer=True))
        mark_quarters(axes, [one.quarter for one in trend], say, every=4)
        axes.tick_params(labelleft=place % 3 == 0, labelbottom=place >= 3)
        axes.set_title(say.region(scope), pad=5, color=INK)
        if not is_blank(trend[-1].goal):
            axes.axhline(trend[-1].goal, **TARGET)
        write_labels(axes, _last_labels(trend[-1], colour, say))
    signs = [line_sign(say("value"), color=BLUE, marker="o", markersize=2.6)]
    if not last.is_certain:
        signs.append(line_sign(say("bounds"), color=BAND, linewidth=7, solid_capstyle="butt"))
    if any(not is_blank(trend[-1].goal) for trend in trends.values()):
        goal = next(trend[-1] for trend in trends.values() if not is_blank(trend[-1].goal))
        signs.append(line_sign(say("proposed target {value}", value=say.goal(goal.goal, goal.unit)), **TARGET))
    write_key(figure, signs)
    return figure


def _last_labels(last: Standing, colour: str, say: Words) -> list[tuple[float, str, dict]]:
    """Return the label of a small chart's last quarter: its value, or its bounds one over the other."""
    if not is_blank(last.assessed):
        return [(last.assessed, say.measured(last.assessed, last.unit), {"color": colour, "weight": 700, "size": 9})]
    look = {"color": MUTED, "size": 8}
    known = [value for value in last.bounds if not is_blank(value)]
    return [(value, say.measured(value, last.unit), look) for value in known] or [(0, say.missing, look)]


REACH = 1.6  # a target within so many times the highest figure is drawn in a word-sized line


@drawn
def plot_sparkline(trend: Sequence[Standing], say: Words) -> Figure:
    """Plot a KPI's last quarters as a word-sized line: band of bounds, line, last quarter as a dot.

    The proposed target is a fine dashed line where it lies within reach, the due quarter a tick on the base.
    """
    figure = Figure(figsize=(0.65, 0.22))
    axes = figure.add_axes((0.03, 0.1, 0.94, 0.8))
    draw_trend(axes, trend, size=0)
    ends = [n for n, one in enumerate(trend) if not is_blank(one.assessed)]
    if ends:
        axes.plot(ends[-1], trend[ends[-1]].assessed, "o", color=BLUE, markersize=3)
    known = [v for one in trend for v in (one.assessed, one.bounds[0]) if not is_blank(v)]
    goal, highest = trend[-1].goal, max([*known, 1e-9])
    if not is_blank(goal) and goal <= REACH * highest:
        axes.axhline(goal, color=INK, linewidth=0.5, linestyle=(0, (3, 2)))
        highest = max(highest, goal)
    axes.set_ylim(0, highest * 1.15)
    axes.set_xlim(-0.4, len(trend) - 0.6)
    axes.axhline(0, color=GRID, linewidth=0.6)
    for place in (n for n, one in enumerate(trend) if one.quarter == one.kpi.due):
        axes.plot([place, place], [0, highest * 0.3], color=INK, linewidth=0.9)
    axes.set_axis_off()
    return figure


@drawn
def plot_companions(tables: Tables, kpi: str, names: dict[str, str], say: Words, on_share: bool = False) -> Figure:
    """Plot companions in percent, now and a year before: one row per companion, in the plan's order."""
    before = shift(tables.quarter, -4)
    now, then = (queries.select_components(tables, kpi, quarter=q) for q in (tables.quarter, before))
    figure, ((axes,),) = make_figure(0.62 + 0.25 * len(names), 2.15, 0.7, 0.24, 0.28)
    for place, code in enumerate(reversed(names)):
        value, past = (queries.percent_of(rows, code, on_share) for rows in (now, then))
        if not is_blank(value) and not is_blank(past):
            axes.plot([past, value], [place, place], color="#9CC3DC", linewidth=2.4, zorder=2, solid_capstyle="butt")
        axes.plot([past], [place], "o", color="#FFFFFF", markeredgecolor=BLUE, markersize=5.5, zorder=3)
        axes.plot([value], [place], "o", color=BLUE, markersize=6.5, zorder=4)
        axes.annotate(
            say.percent(value),
            (1, place),
            (4, 0),
            ("axes fraction", "data"),
            "offset points",
            va="center",
            weight=600,
            color=MUTED if is_blank(value) else INK,
        )
    mark_numbers(axes, 100, "percent", say, "x")
    axes.set_yticks(range(len(names)), [wrap(name, 42) for name in reversed(names.values())], color=INK, size=8.5)
    axes.set_ylim(-0.6, len(names) - 0.4)
    labels = [f"○ {say.quarter(before)}", f"● {say.quarter(tables.quarter)}"]
    axes.annotate(
        "     ".join(labels), (0, 1), (0, 4), "axes fraction", "offset points", color=BLUE, weight=600, size=8.5
    )
    return figure


FAMILIES = (("#0A3A5C", "o"), ("#0072B2", "s"), ("#6B4E9B", "^"), ("#2E7D6B", "D"), (INK, "v"))  # colour, marker


@drawn
def plot_families(tables: Tables, kpi: str, names: dict[str, str], say: Words) -> Figure:
    """Plot a KPI's companions in numbers, quarter by quarter: one line each, named at its end."""
    quarters = queries.select_quarters(tables)
    trend = queries.select_trend(tables, kpi)
    rows = [queries.select_components(tables, kpi, quarter=quarter) for quarter in quarters]
    figure, ((axes,),) = make_figure(2.3, 0.4, 2.2, 0.12, 0.38)
    labels, highest = [], [1.0]
    for (shade, marker), (code, name) in zip(FAMILIES, names.items(), strict=False):
        shown = [
            math.nan if code not in one.index or standing.coverage_class == "C" else float(one.at[code, "value"])
            for one, standing in zip(rows, trend, strict=True)
        ]
        highest += [value for value in shown if not is_blank(value)]
        for run in find_runs(shown):
            axes.plot(run, [shown[n] for n in run], color=shade, marker=marker, markersize=3.6)
        if not is_blank(shown[-1]):
            labels.append((shown[-1], f"{say.number(shown[-1])}  {name}", {"color": shade, "weight": 600}))
    mark_numbers(axes, find_top(highest, ""), "", say)
    mark_quarters(axes, quarters, say)
    write_labels(axes, labels)
    return figure
