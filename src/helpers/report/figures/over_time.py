"""Figures of quarters: trends, by region too, companions and families."""

import math
from collections.abc import Sequence

import matplotlib
from matplotlib.axes import Axes

from helpers.i18n import Translator, is_blank
from helpers.plan import UNION, read_plan
from helpers.report.document import Report
from helpers.report.drawing import (
    Drawing,
    draw_trend,
    find_top,
    in_report_style,
    lay_out_figure,
    line_entry,
    mark_numbers,
    mark_quarters,
    wrap,
    write_key,
    write_labels,
)
from helpers.report.look import BAND, BLUE, GRID, INK, MUTED
from helpers.report.phrases import (
    Caption,
    describe_coverage,
    describe_measure,
    describe_trend,
    format_bounds,
    format_target,
    list_series,
    name_kpi,
    name_period,
)
from helpers.tables import KpiFigure, queries

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
def plot_trend(report: Report, kpi: str, height: float = 2.35) -> Drawing:
    """Plot one KPI over the quarters: value, bounds as a band, proposed target, due quarter."""
    t = report.t
    trend = queries.select_trend(report.tables, kpi)
    quarters, last = [one.quarter for one in trend], trend[-1]
    figure, ((axes,),) = lay_out_figure(height, 0.5, 1.55, 0.22, 0.38)
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
def plot_trends(report: Report, kpis: Sequence[str]) -> Drawing:
    """Plot several KPIs side by side, each on its own axis from 0, with its proposed target."""
    t = report.t
    rows = math.ceil(len(kpis) / 2)
    figure, grid = lay_out_figure(2.02 * rows, 0.42, 0.95, 0.4, 0.38, nrows=rows, ncols=2)
    figure.subplots_adjust(wspace=0.62, hspace=0.78)
    for kpi, axes in zip(kpis, grid.flat, strict=False):
        trend = queries.select_trend(report.tables, kpi)
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
def plot_regions_over_time(report: Report, kpi: str) -> Drawing:
    """Plot a KPI region by region and for the Union over the quarters, all on one scale, from 0.

    Bounds are a band; the proposed target is a line where a region is judged on it.
    """
    t = report.t
    trends = {scope: queries.select_trend(report.tables, kpi, scope) for scope in (*read_plan().regions, UNION)}
    every = [one for trend in trends.values() for one in trend]
    last = trends[UNION][-1]
    figure, grid = lay_out_figure(2.95, 0.45, 0.62, 0.46, 0.38, nrows=2, ncols=3, sharey=True)
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
            line_entry(
                t("proposed target {value}", value=t.target(goal.assessed_target, goal.unit)),
                **TARGET_LINE,
            )
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


LINE_STYLES = (("#0A3A5C", "o"), ("#0072B2", "s"), ("#6B4E9B", "^"), ("#2E7D6B", "D"), (INK, "v"))  # colour, marker


def caption_trend(report: Report, kpi: str) -> Caption:
    """Return the caption of one KPI's trend."""
    t = report.t
    trend = queries.select_trend(report.tables, kpi)
    last = trend[-1]
    subtitle = (
        "{measure}, Union, {first} to {last}"
        if last.is_certain
        else ("{measure}, Union, {first} to {last}; band: where the true figure lies, whatever the others would answer")
    )
    return {
        "title": describe_trend(report, trend),
        "subtitle": t(subtitle, measure=describe_measure(last, t), **name_period(trend, t)),
        "n": describe_coverage(last, t),
        "alt": t(
            "Line chart. {what}, by quarter: {series}. Bounds in the last quarter: {interval}. Proposed target: "
            "{target}.",
            what=name_kpi(kpi, t),
            series=list_series(trend, t),
            interval=format_bounds(last, t),
            target=format_target(last, t),
        ),
    }


def caption_trends(report: Report, kpis: Sequence[str]) -> Caption:
    """Return the caption of several KPIs' trends."""
    t = report.t
    trends = [queries.select_trend(report.tables, kpi) for kpi in kpis]
    reached = sum(trend[-1].is_reached for trend in trends)
    if reached == len(kpis):
        title = t("All {of} of these indicators reach their proposed target", of=reached)
    elif reached:
        title = t.plural("{n} of these {of} indicators reaches its proposed target", reached, of=len(kpis))
    else:
        title = t("None of these {of} indicators is known to reach its proposed target", of=len(kpis))
    lines = [
        t(
            "{what}, proposed target {target}: {series}",
            what=f"{kpi} {name_kpi(kpi, t)}",
            target=format_target(trend[-1], t),
            series=list_series(trend, t),
        )
        for kpi, trend in zip(kpis, trends, strict=True)
    ]
    return {
        "title": title,
        "subtitle": t(
            "Totals since the first quarter collected, Union, {first} to {last}; bars: bounds only",
            **name_period(trends[0], t),
        ),
        "n": _behind_each([trend[-1] for trend in trends], t),
        "alt": t("Small line charts. {lines}.", lines=". ".join(lines)),
    }


def _region_line(trend: list[KpiFigure], t: Translator) -> str:
    """Return where a region's line begins and ends."""
    known = [one for one in trend if not is_blank(one.assessed)]
    what, last = t.region(trend[-1].scope), trend[-1]
    if is_blank(last.assessed):
        return t("{what}: {value}", what=what, value=t.interval(*last.bounds, last.unit))
    if len(known) == 1:
        return t("{what}: {value}", what=what, value=t.measured(last.assessed, last.unit))
    return t(
        "{what}: {before} in {quarter}, {value} in {now}",
        what=what,
        before=t.measured(known[0].assessed, last.unit),
        quarter=t.quarter(known[0].quarter),
        value=t.measured(last.assessed, last.unit),
        now=t.quarter(last.quarter),
    )


def caption_regions_over_time(report: Report, kpi: str) -> Caption:
    """Return the caption of a KPI by region over the quarters."""
    t = report.t
    trends = [queries.select_trend(report.tables, kpi, scope) for scope in (*read_plan().regions, UNION)]
    last, what = trends[-1][-1], name_kpi(kpi, t)
    past, found = queries.compare_regions(report.tables, kpi)
    shown = [[t.measured(figure, last.unit) for figure in pair] for pair in found.values()]
    rises = [now > then for then, now in found.values()]
    up = sum(rise and one != other for rise, (one, other) in zip(rises, shown, strict=True))
    if not found:
        title = t("{what}: no region can be compared with an earlier quarter", what=what)
    elif up == len(found):
        title = t.plural(
            "{what}: higher than in {quarter} in the {n} region known in both quarters",
            up,
            what=what,
            quarter=t.quarter(past),
        )
    elif up:
        sentence = "{what}: higher than in {quarter} in {n} of the {of} regions known in both quarters"
        title = t.plural(sentence, up, of=len(found), what=what, quarter=t.quarter(past))
    else:
        sentence = "{what}: no region known in both quarters stands higher than in {quarter}"
        title = t(sentence, what=what, quarter=t.quarter(past))
    subtitle = (
        "{measure}, by region and for the Union, {first} to {last}, on one scale"
        if last.is_certain
        else "{measure}, by region and for the Union, {first} to {last}, on one scale; band: bounds"
    )
    return {
        "title": title,
        "subtitle": t(
            subtitle,
            measure=describe_measure(last, t),
            first=t.quarter(trends[0][0].quarter),
            last=t.quarter(last.quarter),
        ),
        "n": describe_coverage(last, t),
        "alt": t(
            "Small line charts, one per region and one for the Union. {what}. {lines}. Proposed target: {target}.",
            what=what,
            lines=t.joined(_region_line(trend, t) for trend in trends),
            target=format_target(last, t),
        ),
    }


def _behind_each(kpi_figures: Sequence[KpiFigure], t: Translator) -> str:
    """Return who is behind several figures, said once where it is the same."""
    groups: dict[str, list[str]] = {}
    for one in kpi_figures:
        groups.setdefault(describe_coverage(one, t), []).append(one.kpi.kpi)
    return t.joined(t("{what}: {value}", what=t.enumerated(kpis), value=behind) for behind, kpis in groups.items())
