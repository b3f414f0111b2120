"""Figures of members and regions in one quarter: values, and how many answered."""

import math
import statistics
from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from helpers.i18n import Translator, is_blank, terms
from helpers.plan import read_plan
from helpers.report import drawing, phrases
from helpers.report.blocks import Sentence
from helpers.report.document import Report
from helpers.report.drawing import BOUNDS_BAR, PAGE_WIDTH, Drawing, KeyEntry, marker_entry, write_beside
from helpers.report.figures.tiles import TILE_STYLES
from helpers.report.look import BLUE, INK, MUTED, PALE
from helpers.tables import Claim, KpiFigure, queries, replies


def _member_rows(report: Report, kpi: str, region: str) -> pd.DataFrame:
    """Return a region's members, known levels from high to low, then those without, by name."""
    members = queries.select_levels(report.tables, kpi)
    members = members[members["region"] == region]
    names = [report.t.member(member, short=True) for member in members["member"]]
    return members.assign(name=names).sort_values(["level", "name"], ascending=[False, True])


@drawing.in_report_style
def plot_members(report: Report, kpi: str) -> Drawing:
    """Plot every member's value: sorted within its region, hollow where carried, a mark where there is none.

    A line through each region's rows is the median of its known members.
    """
    t, figure_of_union = report.t, queries.select_figure(report.tables, kpi)
    unit, has_target = figure_of_union.unit, _is_members_target(figure_of_union)
    medians = queries.find_medians(queries.select_levels(report.tables, kpi))
    columns = drawing.split_columns([(region, _member_rows(report, kpi, region)) for region in read_plan().regions])
    members = pd.concat([rows for column in columns for _, rows in column])
    tallest = max(sum(len(rows) + 1.4 for _, rows in column) for column in columns)
    left, right = drawing.names_width(list(members["name"]), 8, least=1.0), 0.82
    figure, ((*sides,),) = drawing.lay_out_figure(0.114 * tallest + 0.46, left, right, 0.28, 0.24, ncols=2)
    figure.subplots_adjust(wspace=(left + right) / ((PAGE_WIDTH - 2 * (left + right)) / 2))
    end = drawing.find_members_top(members["level"], unit)
    for axes, column in zip(sides, columns, strict=True):
        drawing.mark_numbers(axes, end, unit, t, "x", most=4)
        axes.spines["bottom"].set_visible(False)
        axes.set_ylim(tallest - 0.8, -0.7)
        _draw_column(axes, column, medians, left, unit, t)
        if has_target:
            axes.axvline(figure_of_union.assessed_target, **drawing.TARGET_LINE | {"zorder": 1})
    key = [
        marker_entry(t("reported"), color=BLUE, markersize=5),
        marker_entry(t("carried forward (c)"), color=BLUE, markerfacecolor="#FFFFFF", markersize=5),
        marker_entry(t("median of the region's known members"), "|", color=INK, markersize=9),
        KeyEntry(t("{mark}: no data", mark=t.missing)),
    ]
    if has_target:
        key.insert(0, drawing.line_entry(t("Proposed target"), **drawing.TARGET_LINE))
    drawing.write_key(figure, key)
    return figure


def _is_members_target(figure: KpiFigure) -> bool:
    """Tell whether each member can be held against the Union's target: one on a share or an index, not on a sum."""
    return figure.kpi.on_share and not is_blank(figure.target)


def _draw_column(
    axes: Axes, column: Sequence[tuple[str, pd.DataFrame]], medians: dict, left: float, unit: str, t: Translator
) -> None:
    """Draw regions one under another: name and median, then a row per member; `left` is the margin in inches."""
    top, members = 0.0, {}
    for region, rows in column:
        write_beside(axes, t.region(region), top, -72 * left + 2, 0, weight=700, size=9, color=INK)
        if region in medians:
            _draw_median(axes, medians[region], top, len(rows), unit, t)
        members |= {top + n: row for n, row in enumerate(rows.itertuples(), start=1)}
        top += len(rows) + 1.4
    axes.hlines(list(members), 0, 1, color=PALE, linewidth=0.8, zorder=0, transform=axes.get_yaxis_transform())
    for carried, fill in ((False, BLUE), (True, "#FFFFFF")):
        known = [row.level if (row.basis == "carried") is carried else math.nan for row in members.values()]
        style = {"markersize": 5, "color": BLUE, "markerfacecolor": fill, "clip_on": False, "zorder": 3}
        axes.plot(known, list(members), "o", **style)
    for place, row in members.items():
        _write_value(axes, row, place, unit, t)
    drawing.write_names(axes, {place: row.name for place, row in members.items()})


def _draw_median(axes: Axes, median: float, place: float, rows: int, unit: str, t: Translator) -> None:
    """Draw a region's median as a line through its rows, and write it beside the region's name."""
    text = t.measured(median, unit) if unit == "percent" else t.number(median, 0 if median == round(median) else 1)
    axes.plot([median, median], [place + 0.5, place + rows + 0.5], color=INK, linewidth=0.9, zorder=1)
    write_beside(axes, text, place, 8, weight=700, size=8, color=INK)


def _write_value(axes: Axes, row: object, place: float, unit: str, t: Translator) -> None:
    """Write a member's value at the end of its row."""
    if is_blank(row.value):
        write_beside(axes, t.missing, place, 8, size=8, color=MUTED, style="italic")
        return
    if is_blank(row.denominator):
        shown = t.number(row.value) if is_blank(row.level) else t.measured(row.value, unit)
    else:
        shown = f"{t.number(row.value)}/{t.number(row.denominator)}"
    write_beside(axes, shown + " c" * (row.basis == "carried"), place, 8, size=8, color=INK)


@drawing.in_report_style
def plot_regions(report: Report, kpi: str) -> Drawing:
    """Plot a KPI by region and for the Union: value as a dot, bounds as a bar, the proposed target as a line."""
    t, scopes = report.t, [*read_plan().regions, read_plan().code]
    kpi_figures = [queries.select_figure(report.tables, kpi, scope) for scope in scopes]
    unit, target = kpi_figures[-1].unit, _regional_target(kpi_figures[-1])
    left = drawing.names_width([t.region(scope) for scope in scopes], 8.5, least=0.8)
    figure, ((axes,),) = drawing.lay_out_figure(0.62 + 0.27 * len(scopes), left, 2.75, 0.24, 0.28)
    top = drawing.find_top(drawing.list_heights(kpi_figures), "")
    is_cut = unit == "percent" and not (target or 0) > 100
    drawing.mark_numbers(axes, min(top, 100) if is_cut else top, unit, t, "x")
    for place, kpi_figure in enumerate(reversed(kpi_figures)):
        low, high = kpi_figure.bounds
        if not kpi_figure.is_certain and not is_blank(low):
            axes.plot([low, top if is_blank(high) else high], [place, place], **BOUNDS_BAR)
        axes.plot([kpi_figure.assessed], [place], "o", color=INK if place == 0 else BLUE, markersize=7, zorder=4)
        write_beside(axes, _value_and_bounds(report, kpi_figure), place, 6, size=8, weight=400 if place else 700)
    axes.set_yticks(range(len(scopes)), [t.region(scope) for scope in reversed(scopes)], color=INK, size=8.5)
    axes.set_ylim(-0.6, len(scopes) - 0.4)
    if not is_blank(target):
        axes.axvline(target, **drawing.TARGET_LINE | {"zorder": 1})
        text = t("proposed target {value}", value=t.target(target, unit))
        drawing.write_above(axes, text, target, 3, weight=600)
    return figure


def _regional_target(union: KpiFigure) -> float | None:
    """Return the target that regions are judged on too: only one on a share or a percentage."""
    return union.assessed_target if union.on_share else None


def _value_and_bounds(report: Report, kpi_figure: KpiFigure) -> str:
    """Return a figure and its bounds, each where there is one."""
    t, unit, (low, high) = report.t, kpi_figure.unit, kpi_figure.bounds
    part, whole = queries.select_rate_parts(report.tables, kpi_figure)
    value = t.measured(kpi_figure.assessed, unit) if is_blank(whole) else t.rate(part, whole)
    if kpi_figure.is_bounds_only:
        value = ""
    if kpi_figure.is_certain or is_blank(low):
        return value
    bounds = t("bounds {interval}", interval=t.interval(low, high, unit))
    return f"{value}   {bounds}" if value else bounds


@drawing.in_report_style
def plot_responses(report: Report) -> Drawing:
    """Plot how many members answered on time, late, or not at all, quarter by quarter, at each one's own cut-off."""
    t, counted = report.t, replies.count_responses(report.tables)
    figure, ((axes,),) = drawing.lay_out_figure(2.2, 0.05, 1.05, 0.1, 0.38)
    below = pd.Series(0, index=counted.index)
    labels = []
    for state in replies.RESPONSE_STATES:
        style, heights = TILE_STYLES[state], counted[state]
        middles = below + heights / 2
        axes.bar(range(len(heights)), heights, 0.82, below, **style.box | {"linewidth": 0.8})
        look = {"ha": "center", "va": "center", "color": style.ink, "weight": 600, "size": 8.5}
        for place, (n, middle) in enumerate(zip(heights, middles, strict=True)):
            if n >= 2:
                axes.text(place, middle, t.number(n), **look, **(drawing.ON_HATCHING if style.hatch else {}))
        if heights.iloc[-1]:
            labels.append((middles.iloc[-1], t(terms.RESPONSE_WORDS[state]), {"color": INK, "size": 8.5}))
        below = below + heights
    drawing.mark_quarters(axes, list(counted.index), t)
    axes.set_xlim(-0.5, max(len(counted), drawing.FEWEST_TICKS + 1) - 0.5)
    axes.set_ylim(0, max([*below, 1]))
    axes.set_yticks([])
    drawing.write_labels(axes, labels)
    return figure


def caption_members(report: Report, kpi: str) -> phrases.Caption:
    """Return the caption of a KPI member by member."""
    t, what, quarter = report.t, phrases.name_kpi(kpi, report.t), report.t.quarter(report.quarter)
    kpi_figure, rows = queries.select_figure(report.tables, kpi), queries.select_levels(report.tables, kpi)
    values = list(rows["level"].dropna())
    found = [summary(values) if values else None for summary in (min, statistics.median, max)]
    low, middle, high = (t.measured(value, kpi_figure.unit) for value in found)
    known_values = {"median": found[1]} if values else {}
    claim = Claim("members", report.quarter, kpi, values={"n": len(values)} | known_values)
    regions = t.joined(
        t("{what}: {value}", what=t.region(region), value=f"{part['value'].notna().sum()}/{len(part)}")
        for region, part in rows.groupby("region", sort=False)
    )
    counts = {basis: int((rows["basis"] == basis).sum()) for basis in ("reported", "carried")}
    counts["missing"] = int(rows["value"].isna().sum())
    subtitle = "{measure}, by member, {quarter}; sorted within regions, not ranked"
    alt = (
        "Dots by member. {what}: from {low} to {high}, median {middle}; {reported} reported, {carried} carried "
        "forward, {missing} without data. Known by region: {regions}."
    )
    return {
        "title": _reaching_title(report, kpi_figure, middle, claim)
        if len(values) > 1 and _is_members_target(kpi_figure)
        else Sentence(_members_title(what, len(values), low, middle, high, t), claim),
        "subtitle": t(subtitle, quarter=quarter, measure=phrases.describe_measure(kpi_figure, t)),
        "n": phrases.describe_coverage(report, kpi_figure),
        "alt": t(alt, what=what, low=low, high=high, middle=middle, regions=regions, **counts),
    }


def _reaching_title(report: Report, figure: KpiFigure, middle: str, claim: Claim) -> Sentence:
    """Return how many members reach the target themselves, and the median."""
    t, (n, of) = report.t, queries.count_reaching(report.tables, figure.kpi.kpi)
    what, target = phrases.name_kpi(figure.kpi.kpi, t), phrases.format_target(figure, t)
    sentence = "{what}: {n} of {of} members at {target} or above, median {middle}"
    text = t(sentence, what=what, n=n, of=of, target=target, middle=middle)
    return Sentence(text, claim, Claim("reaching", report.quarter, figure.kpi.kpi, values={"n": n, "of": of}))


def _members_title(what: str, n: int, low: str, middle: str, high: str, t: Translator) -> str:
    if not n:
        return t("{what}: no member's value is known", what=what)
    if n == 1:
        return t.plural("{what}: known for {n} member", n, what=what)
    if low == high:
        return t("{what}: {value} in each of the {n} known members", what=what, value=low, n=n)
    return t("{what}: half of the {n} known members stand at {middle} or more", what=what, n=n, middle=middle)


def caption_regions(report: Report, kpi: str) -> phrases.Caption:
    """Return the caption of a KPI by region."""
    t, regions = report.t, read_plan().regions
    kpi_figures = [queries.select_figure(report.tables, kpi, scope) for scope in (*regions, "")]
    union, of = kpi_figures[-1], len(regions)
    claims = [phrases.claim_status(kpi_figure) for kpi_figure in kpi_figures[:-1]]
    reached = sum(kpi_figure.is_reached for kpi_figure in kpi_figures[:-1])
    lines = []
    for figure in kpi_figures:
        bounds = "" if figure.is_certain else f" [{t.interval(*figure.bounds, figure.unit)}]"
        lines.append(f"{t.region(figure.scope)} {t.measured(figure.assessed, figure.unit)}{bounds}")
    if is_blank(_regional_target(union)):
        title = phrases.describe_trend(report, [union])
    elif reached:
        title = Sentence(t.plural("{n} of {of} regions reaches the proposed target", reached, of=of), *claims)
    else:
        title = Sentence(t("None of the {of} regions is known to reach the proposed target", of=of), *claims)
    subtitle = "{measure}, by region, {quarter}" if union.is_certain else "{measure}, by region, {quarter}; bar: bounds"
    alt = "Dots by region. {what}: {lines}. Proposed target: {target}."
    return {
        "title": title,
        "subtitle": t(subtitle, measure=phrases.describe_measure(union, t), quarter=t.quarter(report.quarter)),
        "n": phrases.describe_coverage(report, union),
        "alt": t(alt, what=phrases.name_kpi(kpi, t), lines=t.joined(lines), target=phrases.format_target(union, t)),
    }


def caption_responses(report: Report) -> phrases.Caption:
    """Return the caption of the responses quarter by quarter."""
    t, counted = report.t, replies.count_responses(report.tables)
    answered, of = counted["on_time"] + counted["late"], int(counted.iloc[-1].sum())
    last, first = int(answered.iloc[-1]), int(answered.iloc[0])
    claims = []
    for quarter, n in ((counted.index[-1], last), (counted.index[0], first)):
        values = {"n": n, "of": int(counted.loc[quarter].sum())}
        claims.append(Claim("returns by cutoff", quarter, about=replies.ANSWERED_STATES, values=values))
    shown = {"n": last, "of": of, "before": first, "quarter": t.quarter(counted.index[0])}
    words = "Returns accepted by the first cut-off: {n} of {of}"
    if len(counted) > 1:
        words = "Returns accepted by the first cut-off: {n} of {of}; in {quarter}: {before}"
    lines = t.joined(
        f"{t.quarter(quarter)} " + "/".join(t.number(int(counts[state])) for state in replies.RESPONSE_STATES)
        for quarter, counts in counted.iterrows()
    )
    return {
        "title": Sentence(t(words, **shown), *claims),
        "subtitle": t("Number of members by response, at each quarter's own first cut-off (quarter end + 45 days)"),
        "n": t("{n} returns expected", n=of),
        "alt": t("Stacked bars, members on time/late/refused/no return: {lines}.", lines=lines),
    }
