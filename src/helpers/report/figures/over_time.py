"""Figures of quarters: one KPI's trend, several KPIs' trends, and a KPI by region."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes

from helpers.i18n import Translator, is_blank
from helpers.plan import read_plan
from helpers.report import drawing, phrases
from helpers.report.blocks import Sentence
from helpers.report.document import Report
from helpers.report.drawing import BOUNDS_BAR, TARGET_LINE, Drawing, KeyEntry, line_entry
from helpers.report.look import BLUE, GRID, INK, MUTED
from helpers.tables import Claim, KpiFigure, queries

LINE_STYLES = (("#0A3A5C", "o"), ("#0072B2", "s"), ("#6B4E9B", "^"), ("#2E7D6B", "D"), (INK, "v"))  # colour, marker
TARGET_REACH = 1.6  # a target up to this many times the highest figure is drawn in a word-sized line


def draw_trend_with_target(axes: Axes, trend: Sequence[KpiFigure], t: Translator) -> None:
    """Draw a KPI's trend on its own scale, with its proposed target and the quarter by which it is due."""
    last, quarters = trend[-1], [point.quarter for point in trend]
    drawing.draw_trend(axes, trend)
    drawing.mark_numbers(axes, drawing.find_top(drawing.list_heights(trend), last.unit), last.unit, t)
    drawing.mark_quarters(axes, quarters, t)
    draw_target(axes, last)
    if last.kpi.due in quarters:
        place, text = quarters.index(last.kpi.due), t("due {quarter}", quarter=t.quarter(last.kpi.due))
        axes.axvline(place, color=MUTED, linewidth=0.8, linestyle=(0, (1, 2)), zorder=0)
        drawing.write_above(axes, text, place, 2, va="bottom", color=MUTED)


def draw_target(axes: Axes, kpi_figure: KpiFigure) -> None:
    """Draw the proposed target as a line, where there is one."""
    if not is_blank(kpi_figure.assessed_target):
        axes.axhline(kpi_figure.assessed_target, **TARGET_LINE)


def label_ends(last: KpiFigure, t: Translator) -> list[tuple[float, str, dict]]:
    """Return the labels beside a trend's end, each with its height and look: value, bounds, proposed target."""
    labels, (low, high), target = [], last.bounds, last.assessed_target
    if not is_blank(last.assessed):
        labels.append((last.assessed, t.measured(last.assessed, last.unit), {"color": BLUE, "weight": 700, "size": 11}))
    if not last.is_certain and not is_blank(low):
        labels.append((low, t("lower bound {value}", value=t.measured(low, last.unit)), {"color": MUTED, "size": 8}))
        if not is_blank(high):
            text = t("upper bound {value}", value=t.measured(high, last.unit))
            labels.append((high, text, {"color": MUTED, "size": 8}))
    if not is_blank(target):
        text = t("proposed target {value}", value=t.target(target, last.unit))
        labels.append((target, text, {"color": INK, "weight": 600, "size": 8}))
    return labels


@drawing.in_report_style
def plot_trend(report: Report, kpi: str) -> Drawing:
    """Plot one KPI over the quarters: value, bounds as a band, proposed target, due quarter."""
    trend = queries.select_trend(report.tables, kpi)
    figure, ((axes,),) = drawing.lay_out_figure(1.9, 0.5, 1.55, 0.22, 0.38)
    draw_trend_with_target(axes, trend, report.t)
    drawing.write_labels(axes, label_ends(trend[-1], report.t))
    return figure


@drawing.in_report_style
def plot_trends(report: Report, kpis: Sequence[str]) -> Drawing:
    """Plot several KPIs side by side, each on its own axis from 0, with its proposed target."""
    rows = math.ceil(len(kpis) / 2)
    figure, grid = drawing.lay_out_figure(1.62 * rows, 0.42, 0.95, 0.4, 0.38, nrows=rows, ncols=2)
    figure.subplots_adjust(wspace=0.62, hspace=1.07)
    for kpi, axes in zip(kpis, grid.flat, strict=False):
        _draw_small_trend(axes, queries.select_trend(report.tables, kpi), report.t)
    for axes in list(grid.flat)[len(kpis) :]:
        axes.set_axis_off()
    return figure


def _draw_small_trend(axes: Axes, trend: Sequence[KpiFigure], t: Translator) -> None:
    last = trend[-1]
    drawing.draw_trend(axes, trend, size=3)
    drawing.mark_numbers(axes, 1.12 * drawing.find_top(drawing.list_heights(trend), ""), last.unit, t, most=3)
    drawing.mark_quarters(axes, [point.quarter for point in trend], t, every=2)
    axes.set_title(drawing.wrap(f"{last.kpi.kpi}  {t.localised(last.kpi.title)}", 50), pad=8)
    shown = t.number(last.value) if not is_blank(last.value) else t.interval(last.lower, last.upper)
    height = next((height for height in (last.value, last.lower) if not is_blank(height)), 0)
    labels = [(height, shown, {"color": BLUE, "weight": 700, "size": 10})]
    draw_target(axes, last)
    if not is_blank(last.assessed_target):
        target = t("proposed target {value}", value=t.target(last.assessed_target, last.unit)).replace(" ", "\n", 1)
        labels.append((last.assessed_target, target, {"color": INK, "size": 8, "linespacing": 0.95}))
    drawing.write_labels(axes, labels, 0.24)


@drawing.in_report_style
def plot_regions_over_time(report: Report, kpi: str) -> Drawing:
    """Plot a KPI region by region and for the Union over the quarters, all on one scale, from 0.

    Bounds are a band; the proposed target is a line where a region is judged on it.
    """
    t = report.t
    trends = [queries.select_trend(report.tables, kpi, scope) for scope in (*read_plan().regions, "")]
    points, unit = [point for trend in trends for point in trend], trends[-1][-1].unit
    places = {"nrows": math.ceil(len(trends) / 3), "ncols": 3, "sharey": True}
    figure, grid = drawing.lay_out_figure(0.3 + 1.12 * places["nrows"], 0.45, 0.62, 0.46, 0.38, **places)
    figure.subplots_adjust(wspace=0.5, hspace=0.36)
    top = drawing.find_top(drawing.list_heights(points), "")
    if unit == "percent":
        top = min(top, drawing.find_top([point.assessed for point in points], "percent"))
    for place, (trend, axes) in enumerate(zip(trends, grid.flat, strict=False)):
        last, colour = trend[-1], INK if trend is trends[-1] else BLUE
        drawing.draw_trend(axes, trend, colour, size=2.6)
        drawing.mark_numbers(axes, top, unit, t, most=4)
        drawing.mark_quarters(axes, [point.quarter for point in trend], t, every=4)
        axes.tick_params(labelleft=place % 3 == 0, labelbottom=place + 3 >= len(trends))
        axes.set_title(t.region(last.scope), pad=5, color=INK)
        draw_target(axes, last)
        drawing.write_labels(axes, _last_labels(last, colour, t))
    for axes in grid.flat[len(trends) :]:
        axes.set_visible(False)
    drawing.write_key(figure, _region_key([trend[-1] for trend in trends], t))
    return figure


def _region_key(lasts: Sequence[KpiFigure], t: Translator) -> list[KeyEntry]:
    """Return the key of a KPI by region, from the last figure of each region and of the Union."""
    key = [line_entry(t("value"), color=BLUE, marker="o", markersize=2.6)]
    if not lasts[-1].is_certain:
        key.append(line_entry(t("bounds"), **BOUNDS_BAR))
    targets = [t.target(last.assessed_target, last.unit) for last in lasts if not is_blank(last.assessed_target)]
    if targets:
        key.append(line_entry(t("proposed target {value}", value=targets[0]), **TARGET_LINE))
    return key


def _last_labels(last: KpiFigure, colour: str, t: Translator) -> list[tuple[float, str, dict]]:
    """Return the label of a small chart's last quarter: its value, or its bounds one over the other."""
    if not is_blank(last.assessed):
        return [(last.assessed, t.measured(last.assessed, last.unit), {"color": colour, "weight": 700, "size": 9})]
    look = {"color": MUTED, "size": 8}
    known = [value for value in last.bounds if not is_blank(value)]
    return [(value, t.measured(value, last.unit), look) for value in known] or [(0, t.missing, look)]


def plot_sparkline(axes: Axes, trend: Sequence[KpiFigure]) -> None:
    """Plot a KPI's last quarters as a word-sized line: band of bounds, line, last quarter as a dot.

    The proposed target is a fine dashed line where it lies within reach, the due quarter a tick on the base.
    """
    drawing.draw_trend(axes, trend, size=0)
    ends = [n for n, point in enumerate(trend) if not is_blank(point.assessed)]
    if ends:
        axes.plot(ends[-1], trend[ends[-1]].assessed, "o", color=BLUE, markersize=3)
    known = [value for point in trend for value in (point.assessed, point.bounds[0]) if not is_blank(value)]
    target, highest = trend[-1].assessed_target, max([*known, 1e-9])
    if not is_blank(target) and target <= TARGET_REACH * highest:
        axes.axhline(target, color=INK, linewidth=0.5, linestyle=(0, (3, 2)))
        highest = max(highest, target)
    axes.set_ylim(0, highest * 1.15)
    axes.set_xlim(-0.4, len(trend) - 0.6)
    axes.axhline(0, color=GRID, linewidth=0.6)
    for place in (n for n, point in enumerate(trend) if point.quarter == point.kpi.due):
        axes.plot([place, place], [0, highest * 0.3], color=INK, linewidth=0.9)


def caption_trend(report: Report, kpi: str) -> phrases.Caption:
    """Return the caption of one KPI's trend."""
    t, trend = report.t, queries.select_trend(report.tables, kpi)
    last = trend[-1]
    subtitle = (
        "{measure}, Union, {period}"
        if last.is_certain
        else "{measure}, Union, {period}; band: where the true figure lies, whatever the missing data are"
    )
    return {
        "title": phrases.describe_trend(report, trend),
        "subtitle": t(subtitle, measure=phrases.describe_measure(last, t), period=phrases.name_period(trend, t)),
        "n": phrases.describe_coverage(report, last),
        "alt": describe_line_chart(phrases.name_kpi(kpi, t), trend, t),
    }


def describe_line_chart(what: str, trend: Sequence[KpiFigure], t: Translator) -> str:
    """Return the alternative text of a trend: each quarter's figure, the last bounds, the proposed target."""
    return t(
        "Line chart. {what}, by quarter: {series}. Bounds in the last quarter: {interval}. Proposed target: {target}.",
        what=what,
        series=phrases.list_series(trend, t),
        interval=phrases.format_bounds(trend[-1], t),
        target=phrases.format_target(trend[-1], t),
    )


def caption_trends(report: Report, kpis: Sequence[str]) -> phrases.Caption:
    """Return the caption of several KPIs' trends."""
    t, trends, lines = report.t, [queries.select_trend(report.tables, kpi) for kpi in kpis], []
    for kpi, trend in zip(kpis, trends, strict=True):
        what, target = f"{kpi} {phrases.name_kpi(kpi, t)}", phrases.format_target(trend[-1], t)
        series = phrases.list_series(trend, t)
        lines.append(t("{what}, proposed target {target}: {series}", what=what, target=target, series=series))
    subtitle = (
        "Totals since the first quarter collected, Union, {period}; bars: bounds only"
        if all(trend[-1].kpi.is_running_total for trend in trends)
        else "Each in its own unit, Union, {period}; bars: bounds only"
    )
    return {
        "title": _count_reached([trend[-1] for trend in trends], t),
        "subtitle": t(subtitle, period=phrases.name_period(trends[0], t)),
        "n": phrases.describe_each_coverage(report, [trend[-1] for trend in trends]),
        "alt": t("Small line charts. {lines}.", lines=". ".join(lines)),
    }


def _count_reached(kpi_figures: Sequence[KpiFigure], t: Translator) -> Sentence:
    reached, of = sum(kpi_figure.is_reached for kpi_figure in kpi_figures), len(kpi_figures)
    if reached == of:
        text = t("All {of} indicators shown reach their proposed target", of=of)
    elif reached:
        text = t.plural("{n} of the {of} indicators shown reaches its proposed target", reached, of=of)
    else:
        text = t("None of the {of} indicators shown is known to reach its proposed target", of=of)
    return Sentence(text, *map(phrases.claim_status, kpi_figures))


def caption_regions_over_time(report: Report, kpi: str) -> phrases.Caption:
    """Return the caption of a KPI by region over the quarters."""
    t, what = report.t, phrases.name_kpi(kpi, report.t)
    trends = [queries.select_trend(report.tables, kpi, scope) for scope in (*read_plan().regions, "")]
    last, period = trends[-1][-1], phrases.name_period(trends[-1], t)
    subtitle = (
        "{measure}, by region and for the Union, {period}, on one scale"
        if last.is_certain
        else "{measure}, by region and for the Union, {period}, on one scale; band: bounds"
    )
    alt = "Small line charts, one per region and one for the Union. {what}. {lines}. Proposed target: {target}."
    lines, target = t.joined(_region_line(trend, t) for trend in trends), phrases.format_target(last, t)
    return {
        "title": _compare_regions(report, kpi, last.unit),
        "subtitle": t(subtitle, measure=phrases.describe_measure(last, t), period=period),
        "n": phrases.describe_coverage(report, last),
        "alt": t(alt, what=what, lines=lines, target=target),
    }


def _compare_regions(report: Report, kpi: str, unit: str) -> Sentence:
    """Return how many regions are higher than before; a rise that rounding hides is none."""
    t, what = report.t, phrases.name_kpi(kpi, report.t)
    if report.tables.is_first:
        return phrases.describe_trend(report, queries.select_trend(report.tables, kpi))
    past, found = queries.compare_regions(report.tables, kpi)
    if not found:
        return Sentence(t("{what}: no region can be compared with an earlier quarter", what=what))
    rose = [
        region
        for region, (then, now) in found.items()
        if now > then and t.measured(then, unit) != t.measured(now, unit)
    ]
    values = {"n": len(found), "decimals": 1 if unit == "percent" else 0}
    claim = Claim("regions up", report.quarter, kpi, since=past, which=tuple(rose), values=values)
    words = {"what": what, "quarter": t.quarter(past), "of": len(found)}
    if len(rose) == len(found):
        text = t.plural("{what}: higher than in {quarter} in the {n} region known in both quarters", len(rose), **words)
    elif rose:
        sentence = "{what}: higher than in {quarter} in {n} of the {of} regions known in both quarters"
        text = t.plural(sentence, len(rose), **words)
    else:
        text = t("{what}: no region known in both quarters stands higher than in {quarter}", **words)
    return Sentence(f"{text} {t('(same members)')}" if read_plan().by_kpi[kpi].is_stock else text, claim)


def _region_line(trend: Sequence[KpiFigure], t: Translator) -> str:
    """Return where a region's line begins and ends."""
    last, what = trend[-1], t.region(trend[-1].scope)
    if is_blank(last.assessed):
        return t("{what}: {value}", what=what, value=t.interval(*last.bounds, last.unit))
    value = t.measured(last.assessed, last.unit)
    first = next(point for point in trend if not is_blank(point.assessed))
    if first is last:
        return t("{what}: {value}", what=what, value=value)
    before, then, now = t.measured(first.assessed, last.unit), t.quarter(first.quarter), t.quarter(last.quarter)
    sentence = "{what}: {before} in {quarter}, {value} in {now}"
    return t(sentence, what=what, before=before, quarter=then, value=value, now=now)
