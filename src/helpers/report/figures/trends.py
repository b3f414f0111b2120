"""Figures of quarters: trends, by region too, companions and families."""

from __future__ import annotations

import math
from collections.abc import Sequence

import matplotlib
from matplotlib.axes import Axes

from helpers.i18n import Translator, is_blank
from helpers.plan import UNION, quarters, read_plan
from helpers.report.figures.drawing import (
    Drawing,
    draw_trend,
    find_runs,
    find_top,
    in_report_style,
    line_entry,
    make_figure,
    mark_numbers,
    mark_quarters,
    wrap,
    write_key,
    write_labels,
)
from helpers.report.look import BAND, BLUE, GRID, INK, MUTED
from helpers.tables import EditionTables, KpiFigure, queries

TARGET_LINE = {"color": INK, "linewidth": 0.9, "linestyle": (0, (5, 3)), "zorder": 2}

# --- trends -----------------------------------------------------------------------------------------------------


def label_ends(last: KpiFigure, t: Translator) -> list[tuple[float, str, dict]]:
    """Return the labels beside a trend's end, each with its height and look: value, bounds, proposed target."""
    labels = []
    if not is_blank(last.assessed):
        labels.append((last.assessed, t.measured(last.assessed, last.unit), {"color": BLUE, "weight": 700, "size": 11}))
    if not last.is_certain and not is_blank(last.bounds[0]):
        low, high = last.bounds
        labels.append((low, t("lower bound {value}", value=t.measured(low, last.unit)), {"color": MUTED, "size": 8}))
        if not is_blank(high):
            text = t("upper bound {value}", value=t.measured(high, last.unit))
            labels.append((high, text, {"color": MUTED, "size": 8}))
    if not is_blank(last.assessed_target):
        text = t("proposed target {value}", value=t.target(last.assessed_target, last.unit))
        labels.append((last.assessed_target, text, {"color": INK, "weight": 600, "size": 8}))
    return labels


def mark_due(axes: Axes, quarters: Sequence[str], due: str, t: Translator) -> None:
    """Mark the quarter by which a KPI is due."""
    if due in quarters:
        place = quarters.index(due)
        axes.axvline(place, color=MUTED, linewidth=0.8, linestyle=(0, (1, 2)), zorder=0)
        axes.annotate(
            t("due {quarter}", quarter=t.quarter(due)),
            (place, 1),
            (0, 2),
            ("data", "axes fraction"),
            "offset points",
            ha="center",
            va="bottom",
            size=8,
            color=MUTED,
        )


@in_report_style
def plot_trend(tables: EditionTables, kpi: str, t: Translator, height: float = 2.35) -> Drawing:
    """Plot one KPI over the quarters: value, bounds as a band, proposed target, due quarter."""
    trend = queries.select_trend(tables, kpi)
    quarters, last = [one.quarter for one in trend], trend[-1]
    figure, ((axes,),) = make_figure(height, 0.5, 1.55, 0.22, 0.38)
    draw_trend(axes, trend)
    top = find_top([value for one in trend for value in (one.assessed, *one.bounds, one.assessed_target)], last.unit)
    mark_numbers(axes, top, last.unit, t)
    mark_quarters(axes, quarters, t)
    if not is_blank(last.assessed_target):
        axes.axhline(last.assessed_target, **TARGET_LINE)
    mark_due(axes, quarters, last.kpi.due, t)
    write_labels(axes, label_ends(last, t))
    return figure


@in_report_style
def plot_trends(tables: EditionTables, kpis: Sequence[str], t: Translator) -> Drawing:
    """Plot several KPIs side by side, each on its own axis from 0, with its proposed target."""
    rows = math.ceil(len(kpis) / 2)
    figure, grid = make_figure(2.02 * rows, 0.42, 0.95, 0.4, 0.38, nrows=rows, ncols=2)
    figure.subplots_adjust(wspace=0.62, hspace=0.78)
    for kpi, axes in zip(kpis, grid.flat, strict=False):
        trend = queries.select_trend(tables, kpi)
        last = trend[-1]
        draw_trend(axes, trend, size=3)
        top = 1.12 * find_top([v for one in trend for v in (one.assessed, *one.bounds, one.assessed_target)], "")
        mark_numbers(axes, top, last.unit, t)
        axes.yaxis.set_major_locator(matplotlib.ticker.MaxNLocator(3, integer=True))
        mark_quarters(axes, [one.quarter for one in trend], t, every=2)
        axes.set_title(wrap(f"{kpi}  {t.localised(last.kpi.title)}", 50), pad=8)
        shown = t.number(last.value) if not is_blank(last.value) else t.interval(last.lower, last.upper)
        height = last.value if not is_blank(last.value) else 0 if is_blank(last.lower) else last.lower
        labels = [(height, shown, {"color": BLUE, "weight": 700, "size": 10})]
        if not is_blank(last.assessed_target):
            axes.axhline(last.assessed_target, **TARGET_LINE)
            target = t("proposed\ntarget {value}", value=t.target(last.assessed_target, last.unit))
            labels.append((last.assessed_target, target, {"color": INK, "size": 8, "linespacing": 0.95}))
        write_labels(axes, labels, 0.24)
    for axes in list(grid.flat)[len(kpis) :]:
        axes.set_axis_off()
    return figure


@in_report_style
def plot_regions_over_time(tables: EditionTables, kpi: str, t: Translator) -> Drawing:
    """Plot a KPI region by region and for the Union over the quarters, all on one scale, from 0.

    Bounds are a band; the proposed target is a line where a region is judged on it.
    """
    trends = {scope: queries.select_trend(tables, kpi, scope) for scope in (*read_plan().regions, UNION)}
    every = [one for trend in trends.values() for one in trend]
    last = trends[UNION][-1]
    figure, grid = make_figure(2.95, 0.45, 0.62, 0.46, 0.38, nrows=2, ncols=3, sharey=True)
    figure.subplots_adjust(wspace=0.5, hspace=0.36)
    top = find_top([v for one in every for v in (one.assessed, *one.bounds, one.assessed_target)], "")
    if last.unit == "percent":
        top = min(top, find_top([one.assessed for one in every], "percent"))
    for place, ((scope, trend), axes) in enumerate(zip(trends.items(), grid.flat, strict=True)):
        colour = INK if scope == UNION else BLUE
        draw_trend(axes, trend, colour, size=2.6)
        mark_numbers(axes, top, last.unit, t)
        axes.yaxis.set_major_locator(matplotlib.ticker.MaxNLocator(4, integer=True))
        mark_quarters(axes, [one.quarter for one in trend], t, every=4)
        axes.tick_params(labelleft=place % 3 == 0, labelbottom=place >= 3)
        axes.set_title(t.region(scope), pad=5, color=INK)
        if not is_blank(trend[-1].assessed_target):
            axes.axhline(trend[-1].assessed_target, **TARGET_LINE)
        write_labels(axes, _last_labels(trend[-1], colour, t))
    signs = [line_entry(t("value"), color=BLUE, marker="o", markersize=2.6)]
    if not last.is_certain:
        signs.append(line_entry(t("bounds"), color=BAND, linewidth=7, solid_capstyle="butt"))
    if any(not is_blank(trend[-1].assessed_target) for trend in trends.values()):
        goal = next(trend[-1] for trend in trends.values() if not is_blank(trend[-1].assessed_target))
        signs.append(
            line_entry(t("proposed target {value}", value=t.target(goal.assessed_target, goal.unit)), **TARGET_LINE)
        )
    write_key(figure, signs)
    return figure


def _last_labels(last: KpiFigure, colour: str, t: Translator) -> list[tuple[float, str, dict]]:
    """Return the label of a small chart's last quarter: its value, or its bounds one over the other."""
    if not is_blank(last.assessed):
        return [(last.assessed, t.measured(last.assessed, last.unit), {"color": colour, "weight": 700, "size": 9})]
    look = {"color": MUTED, "size": 8}
    known = [value for value in last.bounds if not is_blank(value)]
    return [(value, t.measured(value, last.unit), look) for value in known] or [(0, t.missing, look)]


TARGET_REACH = 1.6  # a target within so many times the highest figure is drawn in a word-sized line


@in_report_style
def plot_sparkline(trend: Sequence[KpiFigure], t: Translator) -> Drawing:
    """Plot a KPI's last quarters as a word-sized line: band of bounds, line, last quarter as a dot.

    The proposed target is a fine dashed line where it lies within reach, the due quarter a tick on the base.
    """
    figure = Drawing(figsize=(0.65, 0.22))
    axes = figure.add_axes((0.03, 0.1, 0.94, 0.8))
    draw_trend(axes, trend, size=0)
    ends = [n for n, one in enumerate(trend) if not is_blank(one.assessed)]
    if ends:
        axes.plot(ends[-1], trend[ends[-1]].assessed, "o", color=BLUE, markersize=3)
    known = [v for one in trend for v in (one.assessed, one.bounds[0]) if not is_blank(v)]
    goal, highest = trend[-1].assessed_target, max([*known, 1e-9])
    if not is_blank(goal) and goal <= TARGET_REACH * highest:
        axes.axhline(goal, color=INK, linewidth=0.5, linestyle=(0, (3, 2)))
        highest = max(highest, goal)
    axes.set_ylim(0, highest * 1.15)
    axes.set_xlim(-0.4, len(trend) - 0.6)
    axes.axhline(0, color=GRID, linewidth=0.6)
    for place in (n for n, one in enumerate(trend) if one.quarter == one.kpi.due):
        axes.plot([place, place], [0, highest * 0.3], color=INK, linewidth=0.9)
    axes.set_axis_off()
    return figure


@in_report_style
def plot_companions(
    tables: EditionTables, kpi: str, names: dict[str, str], t: Translator, on_share: bool = False
) -> Drawing:
    """Plot companions in percent, now and a year before: one row per companion, in the plan's order."""
    before = quarters.shift(tables.quarter, -4)
    now, then = (queries.select_companions(tables, kpi, quarter=q) for q in (tables.quarter, before))
    figure, ((axes,),) = make_figure(0.62 + 0.25 * len(names), 2.15, 0.7, 0.24, 0.28)
    for place, code in enumerate(reversed(names)):
        value, past = (queries.companion_percent(rows, code, on_share) for rows in (now, then))
        if not is_blank(value) and not is_blank(past):
            axes.plot([past, value], [place, place], color="#9CC3DC", linewidth=2.4, zorder=2, solid_capstyle="butt")
        axes.plot([past], [place], "o", color="#FFFFFF", markeredgecolor=BLUE, markersize=5.5, zorder=3)
        axes.plot([value], [place], "o", color=BLUE, markersize=6.5, zorder=4)
        axes.annotate(
            t.percent(value),
            (1, place),
            (4, 0),
            ("axes fraction", "data"),
            "offset points",
            va="center",
            weight=600,
            color=MUTED if is_blank(value) else INK,
        )
    mark_numbers(axes, 100, "percent", t, "x")
    axes.set_yticks(range(len(names)), [wrap(name, 42) for name in reversed(names.values())], color=INK, size=8.5)
    axes.set_ylim(-0.6, len(names) - 0.4)
    labels = [f"○ {t.quarter(before)}", f"● {t.quarter(tables.quarter)}"]
    axes.annotate(
        "     ".join(labels), (0, 1), (0, 4), "axes fraction", "offset points", color=BLUE, weight=600, size=8.5
    )
    return figure


LINE_STYLES = (("#0A3A5C", "o"), ("#0072B2", "s"), ("#6B4E9B", "^"), ("#2E7D6B", "D"), (INK, "v"))  # colour, marker


@in_report_style
def plot_families(tables: EditionTables, kpi: str, names: dict[str, str], t: Translator) -> Drawing:
    """Plot a KPI's companions in numbers, quarter by quarter: one line each, named at its end."""
    quarters = queries.select_quarters(tables)
    trend = queries.select_trend(tables, kpi)
    rows = [queries.select_companions(tables, kpi, quarter=quarter) for quarter in quarters]
    figure, ((axes,),) = make_figure(2.3, 0.4, 2.2, 0.12, 0.38)
    labels, highest = [], [1.0]
    for (shade, marker), (code, name) in zip(LINE_STYLES, names.items(), strict=False):
        shown = [
            math.nan if code not in one.index or kpi_figure.coverage_class == "C" else float(one.at[code, "value"])
            for one, kpi_figure in zip(rows, trend, strict=True)
        ]
        highest += [value for value in shown if not is_blank(value)]
        for run in find_runs(shown):
            axes.plot(run, [shown[n] for n in run], color=shade, marker=marker, markersize=3.6)
        if not is_blank(shown[-1]):
            labels.append((shown[-1], f"{t.number(shown[-1])}  {name}", {"color": shade, "weight": 600}))
    mark_numbers(axes, find_top(highest, ""), "", t)
    mark_quarters(axes, quarters, t)
    write_labels(axes, labels)
    return figure
