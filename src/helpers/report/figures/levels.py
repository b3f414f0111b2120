"""Figures of members and regions in one quarter: values, and how many answered."""

import statistics
from collections.abc import Sequence

import matplotlib
import pandas as pd
from matplotlib.axes import Axes

from helpers.i18n import Translator, is_blank, terms
from helpers.plan import UNION, read_plan
from helpers.report.document import Report
from helpers.report.drawing import (
    FEWEST_TICKS,
    PAGE_WIDTH,
    TILE_STYLES,
    Drawing,
    KeyEntry,
    find_top,
    in_report_style,
    lay_out_figure,
    mark_numbers,
    mark_quarters,
    marker_entry,
    names_width,
    split_columns,
    write_key,
    write_labels,
)
from helpers.report.look import BAND, BLUE, INK, MUTED, PALE
from helpers.report.phrases import Caption, describe_coverage, describe_measure, format_target, name_kpi
from helpers.tables import queries

# --- members and regions ----------------------------------------------------------------------------------------


def _member_rows(report: Report, kpi: str, region: str) -> pd.DataFrame:
    """Return a region's members, known levels from high to low, then those without, by name."""
    members = queries.select_levels(report.tables, kpi)
    members = members[members["region"] == region]
    names = [report.t.member(member, short=True) for member in members["member"]]
    return members.assign(name=names).sort_values(["level", "name"], ascending=[False, True])


def _find_end(levels: Sequence[float], unit: str) -> float:
    """Return the end of an axis of members' levels: 100 for percentages that come near it."""
    known = [level for level in levels if not is_blank(level)]
    return find_top(known, unit if not known or max(known) > 50 else "")


@in_report_style
def plot_members(report: Report, kpi: str) -> Drawing:
    """Plot every member's value: sorted within its region, hollow where carried, a mark where there is none.

    A line through each region's rows is the median of its known members.
    """
    t = report.t
    unit = queries.select_figure(report.tables, kpi).unit
    medians = queries.find_medians(queries.select_levels(report.tables, kpi))
    columns = split_columns([(region, _member_rows(report, kpi, region)) for region in read_plan().regions])
    tallest = max(sum(len(rows) + 1.4 for _, rows in column) for column in columns)
    left = names_width([name for column in columns for _, rows in column for name in rows["name"]], 8, least=1.0)
    figure, ((*sides,),) = lay_out_figure(0.14 * tallest + 0.5, left, 0.82, 0.28, 0.24, ncols=2)
    figure.subplots_adjust(wspace=(left + 0.82) / ((PAGE_WIDTH - 2 * (left + 0.82)) / 2))
    end = _find_end([v for column in columns for _, rows in column for v in rows["level"]], unit)
    for axes, column in zip(sides, columns, strict=True):
        mark_numbers(axes, end, unit, t, "x")
        axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(4, integer=True))
        axes.spines["bottom"].set_visible(False)
        place, ticks = 0.0, {}
        for region, rows in column:
            _head_region(axes, place, left, t.region(region), medians.get(region), len(rows), unit, t)
            for row in rows.itertuples():
                place += 1
                ticks[place] = row.name
                _draw_member(axes, row, place, unit, t)
            place += 1.4
        axes.set_yticks(list(ticks), list(ticks.values()), color=INK)
        axes.tick_params("y", pad=4)
        axes.set_ylim(tallest - 0.8, -0.7)
    write_key(
        figure,
        [
            marker_entry(t("reported"), color=BLUE, markersize=5),
            marker_entry(t("carried forward (c)"), color=BLUE, markerfacecolor="#FFFFFF", markersize=5),
            marker_entry(t("median of the region's known members"), "|", color=INK, markersize=9),
            KeyEntry(t("{mark}: no data", mark=t.missing)),
        ],
    )
    return figure


def _head_region(
    axes: Axes, place: float, left: float, name: str, median: float | None, rows: int, unit: str, t: Translator
) -> None:
    """Write a region's name over its rows, and its median beside it and as a line through them."""
    beside = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center", "color": INK}
    axes.annotate(name, (0, place), (-72 * left + 2, 0), weight=700, size=9, **beside)
    if median is not None:
        axes.plot([median, median], [place + 0.5, place + rows + 0.5], color=INK, linewidth=0.9, zorder=1)
        axes.annotate(_level(median, unit, t), (1, place), (8, 0), weight=700, size=8, **beside)


def _level(level: float, unit: str, t: Translator) -> str:
    return t.measured(level, unit) if unit == "percent" else t.number(level, 0 if level == round(level) else 1)


def _draw_member(axes: Axes, row: object, place: float, unit: str, t: Translator) -> None:
    axes.axhline(place, color=PALE, linewidth=0.8, zorder=0)
    beside = ((1, place), (8, 0), ("axes fraction", "data"), "offset points")
    if is_blank(row.value):
        axes.annotate(t.missing, *beside, va="center", size=8, color=MUTED, style="italic")
        return
    carried = row.basis == "carried"
    fill = "#FFFFFF" if carried else BLUE
    axes.plot(row.level, place, "o", markersize=5, color=BLUE, markerfacecolor=fill, clip_on=False, zorder=3)
    if is_blank(row.denominator):
        shown = t.number(row.value) if is_blank(row.level) else t.measured(row.value, unit)
    else:
        shown = f"{t.number(row.value)}/{t.number(row.denominator)}"
    axes.annotate(shown + (" c" if carried else ""), *beside, va="center", size=8, color=INK)


@in_report_style
def plot_regions(report: Report, kpi: str) -> Drawing:
    """Plot a KPI by region and for the Union: value as a dot, bounds as a bar, the proposed target as a line."""
    t = report.t
    scopes = [*read_plan().regions, UNION]
    kpi_figures = [queries.select_figure(report.tables, kpi, scope) for scope in scopes]
    unit, goal = kpi_figures[-1].unit, kpi_figures[-1].assessed_target
    left = names_width([t.region(scope) for scope in scopes], 8.5, least=0.8)
    figure, ((axes,),) = lay_out_figure(0.62 + 0.27 * len(scopes), left, 2.75, 0.24, 0.28)
    top = find_top([v for one in kpi_figures for v in (one.assessed, *one.bounds, goal)], "")
    mark_numbers(axes, min(top, 100) if unit == "percent" else top, unit, t, "x")
    for place, one in enumerate(reversed(kpi_figures)):
        low, high = one.bounds
        if not one.is_certain and not is_blank(low):
            axes.plot(
                [low, top if is_blank(high) else high], [place, place], color=BAND, linewidth=7, solid_capstyle="butt"
            )
        axes.plot([one.assessed], [place], "o", color=INK if place == 0 else BLUE, markersize=7, zorder=4)
        bounds = t("bounds {interval}", interval=t.interval(low, high, unit))
        parts = queries.select_rate_parts(report.tables, one)
        value = "" if one.is_bounds_only else t.measured(one.assessed, unit) if is_blank(parts[1]) else t.rate(*parts)
        text = value if one.is_certain or is_blank(low) else f"{value}   {bounds}" if value else bounds
        axes.annotate(
            text,
            (1, place),
            (6, 0),
            ("axes fraction", "data"),
            "offset points",
            va="center",
            size=8,
            weight=700 if place == 0 else 400,
        )
    axes.set_yticks(range(len(scopes)), [t.region(scope) for scope in reversed(scopes)], color=INK, size=8.5)
    axes.set_ylim(-0.6, len(scopes) - 0.4)
    if not is_blank(goal):
        axes.axvline(goal, color=INK, linewidth=0.9, linestyle=(0, (5, 3)), zorder=1)
        text = t("proposed target {value}", value=t.target(goal, unit))
        axes.annotate(
            text, (goal, 1), (0, 3), ("data", "axes fraction"), "offset points", ha="center", weight=600, size=8
        )
    return figure


# --- who answered -----------------------------------------------------------------------------------------------


@in_report_style
def plot_responses(report: Report) -> Drawing:
    """Plot how many members answered on time, late, or not at all, quarter by quarter, at each one's own cut-off."""
    t = report.t
    counted = queries.count_responses(report.tables)
    figure, ((axes,),) = lay_out_figure(2.2, 0.05, 1.05, 0.1, 0.38)
    below = pd.Series(0, index=counted.index)
    labels = []
    for state in queries.RESPONSE_STATES:
        fill, edge, ink, hatch = TILE_STYLES[state][:4]
        heights = counted[state]
        axes.bar(range(len(heights)), heights, 0.82, below, color=fill, edgecolor=edge, hatch=hatch, linewidth=0.8)
        for place, (n, base) in enumerate(zip(heights, below, strict=True)):
            if n >= 2:
                box = {"bbox": {"facecolor": "#FFFFFF", "edgecolor": "none", "pad": 0.8}} if hatch else {}
                axes.text(
                    place,
                    base + n / 2,
                    t.number(n),
                    ha="center",
                    va="center",
                    color=ink,
                    weight=600,
                    size=8.5,
                    **box,
                )
        if heights.iloc[-1]:
            labels.append(
                (
                    below.iloc[-1] + heights.iloc[-1] / 2,
                    t(terms.RESPONSE_WORDS[state]),
                    {"color": INK, "size": 8.5},
                )
            )
        below = below + heights
    mark_quarters(axes, list(counted.index), t)
    axes.set_xlim(-0.5, max(len(counted), FEWEST_TICKS + 1) - 0.5)
    axes.set_ylim(0, max([*below, 1]))
    axes.set_yticks([])
    write_labels(axes, labels)
    return figure


def caption_members(report: Report, kpi: str) -> Caption:
    """Return the caption of a KPI member by member."""
    t = report.t
    kpi_figure, rows = queries.select_figure(report.tables, kpi), queries.select_members(report.tables, kpi)
    known = rows.dropna(subset=["value"])
    values = list(known["value"] if known["denominator"].isna().all() else 100 * known["value"] / known["denominator"])
    values = [value for value in values if not is_blank(value)]
    what = name_kpi(kpi, t)
    low, high, middle = (
        [t.measured(f(values), kpi_figure.unit) for f in (min, max, statistics.median)] if values else [t.missing] * 3
    )
    if len(values) < 2:
        title = (
            t.plural("{what}: known for {n} member", len(values), what=what)
            if values
            else t("{what}: no member's value is known", what=what)
        )
    elif low == high:
        title = t("{what}: {value} in each of the {n} known members", what=what, value=low, n=len(values))
    else:
        title = t(
            "{what}: half of the {n} known members stand at {middle} or more", what=what, n=len(values), middle=middle
        )
    regions = t.joined(
        t("{what}: {value}", what=t.region(region), value=f"{part['value'].notna().sum()}/{len(part)}")
        for region, part in rows.groupby("region", sort=False)
    )
    return {
        "title": title,
        "subtitle": t(
            "{measure}, by member, {quarter}; sorted within regions, not ranked",
            quarter=t.quarter(report.quarter),
            measure=describe_measure(kpi_figure, t),
        ),
        "n": describe_coverage(kpi_figure, t),
        "alt": t(
            "Dots by member. {what}: from {low} to {high}, median {middle}; {reported} reported, {carried} carried "
            "forward, {missing} without data. Known by region: {regions}.",
            what=what,
            low=low,
            high=high,
            middle=middle,
            reported=int((rows["basis"] == "reported").sum()),
            carried=int((rows["basis"] == "carried").sum()),
            missing=int(rows["value"].isna().sum()),
            regions=regions,
        ),
    }


def caption_regions(report: Report, kpi: str) -> Caption:
    """Return the caption of a KPI by region."""
    t = report.t
    scopes = [*read_plan().regions, UNION]
    kpi_figures = {scope: queries.select_figure(report.tables, kpi, scope) for scope in scopes}
    reached = sum(kpi_figures[scope].is_reached for scope in scopes[:-1])
    title = (
        t.plural("{n} of {of} regions reaches the proposed target", reached, of=len(scopes) - 1)
        if reached
        else t("None of the {of} regions is known to reach the proposed target", of=len(scopes) - 1)
    )
    lines = t.joined(
        f"{t.region(scope)} {t.measured(one.assessed, one.unit)}"
        + ("" if one.is_certain else f" [{t.interval(*one.bounds, one.unit)}]")
        for scope, one in kpi_figures.items()
    )
    return {
        "title": title,
        "subtitle": t(
            "{measure}, by region, {quarter}; bar: bounds",
            measure=describe_measure(kpi_figures[UNION], t),
            quarter=t.quarter(report.quarter),
        )
        if not kpi_figures[UNION].is_certain
        else t(
            "{measure}, by region, {quarter}",
            measure=describe_measure(kpi_figures[UNION], t),
            quarter=t.quarter(report.quarter),
        ),
        "n": describe_coverage(kpi_figures[UNION], t),
        "alt": t(
            "Dots by region. {what}: {lines}. Proposed target: {target}.",
            what=name_kpi(kpi, t),
            lines=lines,
            target=format_target(kpi_figures[UNION], t),
        ),
    }


def caption_responses(report: Report) -> Caption:
    """Return the caption of the responses quarter by quarter."""
    t = report.t
    counted = queries.count_responses(report.tables)
    answered = counted["on_time"] + counted["late"]
    last, first, of = int(answered.iloc[-1]), int(answered.iloc[0]), int(counted.iloc[-1].sum())
    shown = {"value": t.rate(last, of), "before": first, "quarter": t.quarter(counted.index[0])}
    if len(counted) == 1:
        title = t("{value} of members answered by the first cut-off", value=shown["value"])
    elif last == first:
        title = t("{value} of members answered by the first cut-off, as many as in {quarter}", **shown)
    else:
        title = t(
            "{value} of members answered by the first cut-off, up from {before} in {quarter}"
            if last > first
            else "{value} of members answered by the first cut-off, down from {before} in {quarter}",
            **shown,
        )
    lines = t.joined(
        f"{t.quarter(q)} " + "/".join(t.number(int(row[s])) for s in queries.RESPONSE_STATES)
        for q, row in counted.iterrows()
    )
    return {
        "title": title,
        "subtitle": t("Number of members by response, at each quarter's own first cut-off (quarter end + 45 days)"),
        "n": t("{n} members expected", n=of),
        "alt": t("Stacked bars, members on time/late/refused/no return: {lines}.", lines=lines),
    }
