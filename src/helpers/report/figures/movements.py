"""Figures of change on the last quarter: what a total's change is made of, and which members moved."""

import math
from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from helpers.i18n import Translator, terms
from helpers.plan import quarters, read_plan
from helpers.report import drawing, phrases
from helpers.report.blocks import Sentence
from helpers.report.document import Report
from helpers.report.drawing import Drawing, line_entry
from helpers.report.look import BLUE, GRID, INK, MUTED, VIOLET
from helpers.tables import Claim, queries

RISE_STYLE = {"facecolor": BLUE, "edgecolor": BLUE}
FALL_STYLE = {"facecolor": VIOLET, "edgecolor": VIOLET, "hatch": "////"}
TOTAL_COLOUR, CONNECTOR_COLOUR = "#7D8892", "#8A949D"


def _draw_waterfall(axes: Axes, fall: queries.Waterfall, t: Translator) -> None:
    last, wide = len(fall.steps) + 1, max(max(fall.levels) - fall.base, 1)
    beside = ("data", "offset points")
    for row, total in ((0, fall.before), (last, fall.after)):
        axes.barh(row, total - fall.base, 0.62, fall.base, color=TOTAL_COLOUR, linewidth=0)
        axes.annotate(t.number(total), (total, row), (3, 0), *beside, va="center", size=8, weight=700)
        if fall.base:
            _draw_cut(axes, fall.base + 0.07 * wide, row, wide)
    for row, (_, start, change) in enumerate(fall.steps, start=1):
        if change:
            axes.barh(row, change, 0.62, start, linewidth=0.8, **(RISE_STYLE if change > 0 else FALL_STYLE))
        else:
            axes.plot([start, start], [row - 0.31, row + 0.31], color=CONNECTOR_COLOUR, linewidth=1.2)
        end = max(start, start + change)
        axes.annotate(t.signed(change), (end, row), (3, 0), *beside, va="center", size=8)
    for row, level in enumerate(fall.levels):
        axes.plot([level, level], [row + 0.31, row + 0.69], color=CONNECTOR_COLOUR, linewidth=0.7, zorder=1)
    axes.set_xlim(fall.base, fall.base + 1.42 * wide)


def _draw_cut(axes: Axes, x: float, row: float, wide: float) -> None:
    """Cut a bar with two slanted strokes: it does not begin at 0."""
    for shift_by in (0.0, 0.035):
        start = x + shift_by * wide
        axes.plot([start, start + 0.03 * wide], [row + 0.36, row - 0.36], color="#FFFFFF", linewidth=1.6, zorder=4)


@drawing.in_report_style
def plot_changes(report: Report, kpis: Sequence[str]) -> Drawing:
    """Plot what the change of each total on the last quarter is made of: a waterfall each, from one total to the next.

    Where the steps are too small to be seen beside the totals the axis begins above 0, and the totals' bars are cut.
    """
    t = report.t
    before, now = t.quarter(quarters.shift(report.quarter, -1)), t.quarter(report.quarter)
    rows = [before, *(t(word) for word in terms.CHANGE_WORDS.values()), now]
    figure, grid = drawing.lay_out_figure(2.15, drawing.names_width(rows, 8.5, 700), 0.05, 0.62, 0.05, ncols=len(kpis))
    figure.subplots_adjust(wspace=0.16)
    for column, (kpi, axes) in enumerate(zip(kpis, grid.flat, strict=True)):
        fall = queries.select_waterfall(report.tables, kpi)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        axes.set_yticks(range(len(rows)), rows if column == 0 else [""] * len(rows), color=INK, size=8.5)
        axes.set_title(drawing.wrap(f"{kpi}  {t.localised(read_plan().by_kpi[kpi].title)}", 26))
        if fall:
            _draw_waterfall(axes, fall, t)
        else:
            text = drawing.wrap(t("no comparison with {quarter}", quarter=before), 22)
            axes.annotate(text, (0.5, 0.5), xycoords="axes fraction", ha="center", va="center", color=MUTED, size=8.5)
    ticks = figure.axes[0].yaxis.get_major_ticks()
    for label in (label for tick in (ticks[0], ticks[-1]) for label in (tick.label1, tick.label2)):
        label.set_fontweight(700)
    return figure


SLOPE_STYLES = {  # risen, unchanged, fallen
    1: {"color": BLUE, "linewidth": 1.3},
    0: {"color": "#9AA5AE", "linewidth": 1.0},
    -1: {
        "color": VIOLET, "linewidth": 1.3, "linestyle": (0, (4, 2)),
        "marker": "v", "markersize": 4, "markevery": (1, 3),  # where each line ends
    },
}  # fmt: skip
MEDIAN_STYLE = {"color": "#BCC6CE", "linewidth": 5.0, "solid_capstyle": "butt"}
NAMES_X = 1.18  # where names begin, the quarters being at 0 and 1


def _direction(change: float) -> int:
    return (change > 0) - (change < 0)


def _count_moves(rows: pd.DataFrame) -> dict[str, int]:
    """Count the members that moved up, stayed the same, and moved down."""
    ways = list(rows["change"].map(_direction))
    return {name: ways.count(way) for name, way in (("up", 1), ("same", 0), ("down", -1))}


def _write_names(axes: Axes, rows: pd.DataFrame, unit: str, t: Translator) -> None:
    """Write the members that moved most at the end of their lines, none over another, each tied to its end."""
    named = rows[rows["named"]]
    bottom, top = axes.get_ylim()
    gap = (top - bottom) * 0.128 / drawing.inches_high(axes)
    heights = drawing.spread(list(named["now"]), gap, bottom + gap / 3, top)
    for direction, part in named.assign(height=heights).groupby(named["change"].map(_direction)):
        colour = SLOPE_STYLES[direction]["color"]
        ties = part[["now", "height"]].assign(gap=math.nan).to_numpy().ravel()
        axes.plot([1.03, NAMES_X - 0.02, math.nan] * len(part), ties, color=colour, linewidth=0.5)
        for row in part.itertuples():
            change = t.signed(row.change, 1 if unit == "percent" else 0)
            axes.annotate(f"{row.member} {change}", (NAMES_X, row.height), va="center", size=8, color=colour)


def _draw_slopes(axes: Axes, rows: pd.DataFrame, unit: str, t: Translator) -> None:
    for direction in (0, 1, -1):
        part = rows[rows["change"].map(_direction) == direction]
        # One line with gaps: before, now, nothing; before, now, nothing…
        levels = part[["before", "now"]].assign(gap=math.nan).to_numpy().ravel()
        axes.plot([0, 1, math.nan] * len(part), levels, zorder=3, **SLOPE_STYLES[direction])
    medians = [queries.find_medians(rows, when) for when in ("before", "now")]
    for region, now in medians[1].items():
        axes.plot([0, 1], [medians[0][region], now], zorder=1, **MEDIAN_STYLE)
    if len(rows):
        _write_names(axes, rows, unit, t)
    else:
        look = {"ha": "center", "va": "center", "color": MUTED, "style": "italic"}
        axes.annotate(t.missing, (0.5, 0.5), xycoords=("data", "axes fraction"), **look)


def _scale(axes: Axes, levels: Sequence[float], unit: str, t: Translator) -> None:
    """Set the common scale: what the members' levels need, from 0 where the lowest is near it."""
    if not levels:
        axes.set_yticks([])
        return
    low, high = min(levels), max(levels)
    room = max(high - low, 0.04 * high, 1) * 0.07
    axes.set_ylim(0 if low < 0.3 * high else low - room, high + room)
    drawing.format_numbers(axes.yaxis, unit, t)


@drawing.in_report_style
def plot_slopes(report: Report, kpi: str) -> Drawing:
    """Plot the members that reported a KPI in the last quarter and in this one: a line each, by region, on one scale.

    Those that moved most are named, and by how much they moved; the thick line is their region's median.
    """
    t, unit = report.t, queries.select_figure(report.tables, kpi).unit
    rows = queries.select_matched(report.tables, kpi)
    regions, two_quarters = read_plan().regions, (quarters.shift(report.quarter, -1), report.quarter)
    figure, ((*sides,),) = drawing.lay_out_figure(2.4, 0.42, 0.02, 0.48, 0.38, ncols=len(regions), sharey=True)
    figure.subplots_adjust(wspace=0.03)
    _scale(sides[0], [*rows["before"], *rows["now"]], unit, t)
    for axes, region in zip(sides, regions, strict=True):
        axes.set_title(t.region(region))
        axes.set_xticks([0, 1], [f"{t.short_quarter(quarter)}\n{quarter[:4]}" for quarter in two_quarters])
        axes.set_xlim(-0.06, 2.14)
        axes.spines["bottom"].set_visible(False)
        axes.tick_params(labelleft=axes is sides[0])
        axes.hlines(axes.get_yticks(), 0, 1, color=GRID, linewidth=0.6, zorder=0)
        axes.set_ylim(sides[0].get_ylim())
        axes.vlines([0, 1], *axes.get_ylim(), color=GRID, linewidth=0.8, zorder=0)
        _draw_slopes(axes, rows[rows["region"] == region], unit, t)
    moves = _count_moves(rows)
    unchanged = "unchanged to within 0.1 point: {n}" if unit == "percent" else "unchanged: {n}"
    words = (t("up: {n}", n=moves["up"]), t(unchanged, n=moves["same"]), t("down: {n}", n=moves["down"]))
    key = [line_entry(text, **look) for text, look in zip(words, SLOPE_STYLES.values(), strict=True)]
    drawing.write_key(figure, [*key, line_entry(t("median of the region's members"), **MEDIAN_STYLE)])
    return figure


def caption_changes(report: Report, kpis: tuple[str, ...]) -> phrases.Caption:
    """Return the caption of what the changes of the totals are made of."""
    t = report.t
    before, now = t.quarter(quarters.shift(report.quarter, -1)), t.quarter(report.quarter)
    falls = {kpi: fall for kpi in kpis if (fall := queries.select_waterfall(report.tables, kpi))}
    if falls:
        titles = {kpi: t.localised(read_plan().by_kpi[kpi].title) for kpi in falls}
        claims = [phrases.claim_change(report, kpi) for kpi in falls]
        lines = t.joined(f"{titles[claim.kpi]} {t.signed(claim.values['change'])}" for claim in claims)
        title = Sentence(t("Since {quarter}, as it is known now: {lines}", quarter=before, lines=lines), *claims)
    else:
        title = t("Too few members are known to compare the totals with {quarter}", quarter=before)
    parts = []
    for kpi, fall in falls.items():
        steps = t.enumerated(f"{t(terms.CHANGE_WORDS[part])} {t.signed(change)}" for part, _, change in fall.steps)
        ends = {"before": fall.before, "quarter": before, "after": fall.after, "now": now}
        parts.append(t("{what}: {before} in {quarter}, then {steps}, {after} in {now}", what=kpi, steps=steps, **ends))
    subtitle = (
        "From each total published for {quarter} to this quarter's, by cause, Union; cut bars do not begin at 0"
        if any(fall.base for fall in falls.values())
        else "From each total published for {quarter} to this quarter's, by cause, Union"
    )
    return {
        "title": title,
        "subtitle": t(subtitle, quarter=before),
        "n": phrases.describe_each_coverage(report, [queries.select_figure(report.tables, kpi) for kpi in kpis]),
        "alt": t("Waterfalls of the causes of change. {parts}.", parts=". ".join(parts) or t.missing),
    }


def _slopes_title(what: str, n: int, up: int, down: int, t: Translator) -> str:
    if not n:
        return t("{what}: no member reported it in both quarters", what=what)
    if up and down:
        sentence = "{what}: up in {up} of the {n} members that reported it in both quarters, down in {down}"
    elif up == n:
        sentence = "{what}: up in each of the {n} members that reported it in both quarters"
    elif down == n:
        sentence = "{what}: down in each of the {n} members that reported it in both quarters"
    elif up:
        sentence = "{what}: up in {up} of the {n} members that reported it in both quarters, down in none"
    elif down:
        sentence = "{what}: down in {down} of the {n} members that reported it in both quarters, up in none"
    else:
        sentence = "{what}: unchanged in the {n} member that reported it in both quarters"
    return t.plural(sentence, n, what=what, up=up, down=down)


def _list_moved(rows: pd.DataFrame, unit: str, t: Translator) -> str:
    """Return members with how much each moved, the most first."""
    rows = rows.assign(far=-rows["change"].abs()).sort_values(["far", "member"])
    decimals = 1 if unit == "percent" else 0
    return t.enumerated(f"{row.member} {t.signed(row.change, decimals)}" for row in rows.itertuples())


def caption_slopes(report: Report, kpi: str) -> phrases.Caption:
    """Return the caption of the members that reported a KPI in the last quarter and in this one."""
    t, what = report.t, phrases.name_kpi(kpi, report.t)
    rows, kpi_figure = queries.select_matched(report.tables, kpi), queries.select_figure(report.tables, kpi)
    past, unit, change, moves = quarters.shift(report.quarter, -1), kpi_figure.unit, rows["change"], _count_moves(rows)
    two_quarters = {"before": t.quarter(past), "quarter": t.quarter(report.quarter)}
    counts = {"up": moves["up"], "down": moves["down"], "n": len(rows)}
    title, claims = _slopes_title(what, **counts, t=t), []
    if len(rows):
        claims.append(Claim("moved", report.quarter, kpi, since=past, values=counts))
    expected, unnamed = len(read_plan().members_in(report.quarter)), int((~rows["named"]).sum())
    medians = queries.find_medians(rows, "now")
    regions = t.joined(
        t("{what}: {value}", what=t.region(region), value=t.measured(medians.get(region), unit))
        for region in read_plan().regions
    )
    subtitle = "{measure}, by member and region, {before} and {quarter}, on one scale; named: those that moved most"
    alt = (
        "Slope chart. {what}, {before} and {quarter}, members that reported it in both: {n}. Up: {up}. Down: {down}. "
        "Unchanged: {same}. Medians by region: {regions}."
    )
    lists = {"up": _list_moved(rows[change > 0], unit, t), "down": _list_moved(rows[change < 0], unit, t)}
    return {
        "title": Sentence(title, *claims),
        "subtitle": t(subtitle, measure=phrases.describe_measure(kpi_figure, t), **two_quarters),
        "n": t.plural("{n}/{of} members reported it in both quarters", len(rows), of=expected),
        "note": t.plural("{n} member that moved less or not at all is not named", unnamed) if unnamed else "",
        "alt": t(alt, what=what, n=len(rows), same=moves["same"], regions=regions, **lists, **two_quarters),
    }
