"""The figure of a choice: one KPI in one scope over chosen quarters, and beneath it the members chosen."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from helpers.i18n import Translator, is_blank
from helpers.report import drawing, phrases
from helpers.report.document import Report
from helpers.report.drawing import BOUNDS_BAR, PAGE_WIDTH, TARGET_LINE, Drawing, KeyEntry, line_entry, marker_entry
from helpers.report.figures.over_time import LINE_STYLES, describe_line_chart, draw_trend_with_target, label_ends
from helpers.report.look import BLUE, INK, MUTED
from helpers.tables import KpiFigure, queries

# Colour and marker as in a KPI's families, first with whole lines, then with dashed ones.
MEMBER_STYLES = tuple((shade, marker, dash) for dash in ("-", (0, (4, 1.5))) for shade, marker in LINE_STYLES)
MOST_MEMBERS = 8  # lines that can be told apart, and named at their ends
_UPPER, _LOWER, _BETWEEN, _FOOT, _SAMPLE = 1.85, 1.6, 0.5, 0.4, 0.22  # inches
_LETTERS_A_LINE = 92  # of a title in bold


@drawing.in_report_style
def plot_choice(report: Report, kpi: str, scope: str, members: Sequence[str], quarters: Sequence[str]) -> Drawing:
    """Plot one KPI in one scope, bounds as a band, with its proposed target; beneath it members' own values.

    Members are at most eight, each named at the end of its line; a value carried from an earlier quarter is hollow, a
    gap is a quarter in which none is known. Works as the report's figures do.
    """
    t = report.t
    trend = queries.select_trend(report.tables, kpi, scope, quarters)
    levels = queries.select_levels_over_time(report.tables, kpi, members[:MOST_MEMBERS], quarters) if members else None
    ends = [label_ends(trend[-1], t) or [(0, t.missing, {"color": MUTED, "size": 8})]]
    if levels is not None:
        ends.append(_member_ends(levels, kpi, t))
    title = drawing.wrap(f"{kpi}  {t.localised(trend[-1].kpi.title)} · {t.region(scope)}", _LETTERS_A_LINE)
    figure, axes = _make_room(title.count("\n"), ends, report.tables.sample)
    axes[0].set_title(title, pad=17, color=INK)
    draw_trend_with_target(axes[0], trend, t)
    if levels is not None:
        axes[0].tick_params(labelbottom=False)
        _draw_members(axes[1], levels, trend, t)
    for panel, labels in zip(axes, ends, strict=True):
        drawing.write_labels(panel, labels)
    drawing.write_key(figure, _make_key(trend, levels, t))
    if report.tables.sample:
        figure.text(0.004, 0.05 / figure.get_figheight(), t("invented sample (mark)"), size=8, color=MUTED)
    return figure


def _make_room(more_lines: int, ends: Sequence[Sequence[tuple]], is_sample: bool) -> tuple[Drawing, list[Axes]]:
    """Return a figure with room for its title, and one or two panels, each with room for the labels at its right."""
    top, bottom = 0.74 + 0.14 * more_lines, _FOOT + _SAMPLE * is_sample
    panels = (_UPPER, _LOWER)[: len(ends)]
    height = top + sum(panels) + _BETWEEN * (len(panels) - 1) + bottom
    texts = [text for labels in ends for _, text, _ in labels]
    right = min(max([1.2, *(drawing.text_width(text, 8, 600) + 0.22 for text in texts)]), PAGE_WIDTH / 2)
    grid = {"nrows": len(panels), "gridspec_kw": {"height_ratios": panels}}
    figure, axes = drawing.lay_out_figure(height, 0.5, right, top, bottom, **grid)
    figure.subplots_adjust(hspace=_BETWEEN / (sum(panels) / len(panels)))
    return figure, list(axes[:, 0])


def _make_key(trend: Sequence[KpiFigure], levels: pd.DataFrame | None, t: Translator) -> list[KeyEntry]:
    key = [line_entry(t("value"), color=BLUE, marker="o", markersize=4)]
    if not trend[-1].is_certain:
        key.append(line_entry(t("bounds"), **BOUNDS_BAR))
    if not is_blank(trend[-1].assessed_target):
        key.append(line_entry(t("Proposed target"), **TARGET_LINE))
    if levels is not None and levels["basis"].eq("carried").any():
        key.append(marker_entry(t("carried forward (c)"), color=INK, markerfacecolor="#FFFFFF", markersize=4.5))
    return key


def _draw_members(axes: Axes, levels: pd.DataFrame, trend: Sequence[KpiFigure], t: Translator) -> None:
    unit, is_flow = trend[-1].unit, trend[-1].kpi.measure == "sum_flow"
    title = t("The members chosen, each quarter alone") if is_flow else t("The members chosen")
    axes.set_title(title, pad=6, color=INK)
    for look, (_, rows) in zip(MEMBER_STYLES, levels.groupby("member", sort=False), strict=False):
        _draw_member(axes, rows, *look)
    drawing.mark_numbers(axes, drawing.find_members_top(levels["level"], unit), unit, t)
    drawing.mark_quarters(axes, [point.quarter for point in trend], t)


def _draw_member(axes: Axes, rows: pd.DataFrame, shade: str, marker: str, dash: object) -> None:
    heights = rows["level"].to_list()
    drawing.plot_runs(axes, heights, color=shade, linestyle=dash, linewidth=1.3, zorder=2)
    look = {"color": shade, "markersize": 4.2, "clip_on": False, "zorder": 3}
    for is_carried, face in ((False, shade), (True, "#FFFFFF")):
        here = [n for n, basis in enumerate(rows["basis"]) if (basis == "carried") == is_carried]
        axes.plot(here, [heights[n] for n in here], marker, markerfacecolor=face, **look)


def _member_ends(levels: pd.DataFrame, kpi: str, t: Translator) -> list[tuple[float, str, dict]]:
    """Return the label of each member: its name and last value, where its line ends; at 0 where it has none."""
    labels = []
    for (shade, _, _), (member, rows) in zip(MEMBER_STYLES, levels.groupby("member", sort=False), strict=False):
        known, last = rows["level"].dropna(), next(rows.tail(1).itertuples())
        text = f"{t.member(member, short=True)}  {phrases.format_member_value(kpi, last, t)}"
        labels.append((known.iloc[-1] if len(known) else 0.0, text, {"color": shade, "weight": 600, "size": 8}))
    return labels


def caption_choice(
    report: Report, kpi: str, scope: str, members: Sequence[str], quarters: Sequence[str]
) -> phrases.Caption:
    """Return the caption of a KPI in a scope: the finding, what is measured where, who is behind it, and its series."""
    t, trend = report.t, queries.select_trend(report.tables, kpi, scope, quarters)
    last, region, subtitle = trend[-1], t.region(scope), "{measure}, {region}, {period}"
    period, alt = phrases.name_period(trend, t), describe_line_chart(f"{phrases.name_kpi(kpi, t)}, {region}", trend, t)
    if members:
        quarter, lines = t.quarter(last.quarter), _describe_members(report, kpi, members, last.quarter)
        alt += " " + t("Beneath, the members chosen in {quarter}: {lines}.", quarter=quarter, lines=lines)
    return {
        "title": phrases.describe_trend(report, trend),
        "subtitle": t(subtitle, measure=phrases.describe_measure(last, t), region=region, period=period),
        "n": phrases.describe_coverage(report, last),
        "alt": alt,
    }


def _describe_members(report: Report, kpi: str, members: Sequence[str], quarter: str) -> str:
    """Return the value of each member in a quarter."""
    t, rows = report.t, queries.select_levels_over_time(report.tables, kpi, members, [quarter]).itertuples()
    values = ((t.member(row.member), phrases.format_member_value(kpi, row, t)) for row in rows)
    return t.joined(t("{what}: {value}", what=what, value=value) for what, value in values)
