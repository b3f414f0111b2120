"""The figure of a choice: one KPI in one scope over chosen quarters, and beneath it the members chosen."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from helpers.i18n import Translator, is_blank
from helpers.plan import UNION
from helpers.report.document import Report
from helpers.report.drawing import (
    PAGE_WIDTH,
    Drawing,
    KeyEntry,
    draw_trend,
    find_runs,
    find_top,
    in_report_style,
    lay_out_figure,
    line_entry,
    mark_numbers,
    mark_quarters,
    marker_entry,
    text_width,
    wrap,
    write_key,
    write_labels,
)
from helpers.report.figures.over_time import LINE_STYLES, TARGET_LINE, label_ends, mark_due
from helpers.report.look import BAND, BLUE, INK, MUTED
from helpers.report.phrases import (
    Caption,
    describe_coverage,
    describe_measure,
    describe_trend,
    format_bounds,
    format_member_value,
    format_target,
    list_series,
    name_kpi,
    name_period,
)
from helpers.tables import KpiFigure, queries

# Colour and marker as in a KPI's families, first with whole lines, then with dashed ones.
MEMBER_STYLES = tuple((shade, marker, dash) for dash in ("-", (0, (4, 1.5))) for shade, marker in LINE_STYLES)
MOST_MEMBERS = 8  # lines that can be told apart, and named at their ends
_UPPER, _LOWER, _BETWEEN, _FOOT, _SAMPLE = 1.85, 1.6, 0.8, 0.4, 0.22  # inches
_LETTERS_A_LINE = 92  # of a title in bold


@in_report_style
def plot_choice(
    report: Report,
    kpi: str,
    scope: str = UNION,
    members: Sequence[str] = (),
    quarters: Sequence[str] = (),
) -> Drawing:
    """Plot one KPI in one scope, bounds as a band, with its proposed target; beneath it members' own values.

    The quarters default to the last nine. Members are at most eight, each named at the end of its line; a value carried
    from an earlier quarter is hollow, a gap is a quarter in which none is known. Works as the report's figures do.
    """
    t = report.t
    quarters = list(quarters) or queries.select_quarters(report.tables)
    trend = queries.select_trend(report.tables, kpi, scope, quarters)
    levels = queries.select_levels_over_time(report.tables, kpi, members[:MOST_MEMBERS], quarters) if members else None
    title = wrap(f"{kpi}  {t.localised(trend[-1].kpi.title)} · {t.region(scope)}", _LETTERS_A_LINE)
    figure, axes = _make_room(title.count("\n"), _ends(trend, levels, t), levels is not None, report.tables.sample)
    axes[0].set_title(title, pad=17, color=INK)
    _draw_scope(axes[0], trend, t)
    if levels is not None:
        axes[0].tick_params(labelbottom=False)
        axes[1].set_title(_head_members(trend[-1], t), pad=6, color=INK)
        _draw_members(axes[1], levels, trend, t)
    write_key(figure, _signs(trend, levels, t))
    if report.tables.sample:
        figure.text(0.004, 0.05 / figure.get_figheight(), t("invented sample (mark)"), size=8, color=MUTED)
    return figure


def _make_room(more_lines: int, ends: Sequence[str], has_members: bool, is_sample: bool) -> tuple[Drawing, list[Axes]]:
    """Return a figure with room for its title, for the labels at its right, and for one or two panels."""
    top, bottom = 0.74 + 0.14 * more_lines, _FOOT + _SAMPLE * is_sample
    panels = (_UPPER, _LOWER) if has_members else (_UPPER,)
    between = _BETWEEN - 0.3
    height = top + sum(panels) + between * (len(panels) - 1) + bottom
    right = min(max([1.2, *(text_width(text, 8, 600) + 0.22 for text in ends)]), PAGE_WIDTH / 2)
    figure, grid = lay_out_figure(
        height, 0.5, right, top, bottom, nrows=len(panels), gridspec_kw={"height_ratios": panels}
    )
    figure.subplots_adjust(hspace=between / (sum(panels) / len(panels)))
    return figure, list(grid[:, 0])


def _ends(trend: Sequence[KpiFigure], levels: pd.DataFrame | None, t: Translator) -> list[str]:
    """Return the texts beside the right end of the panels."""
    texts = [text for _, text, _ in label_ends(trend[-1], t)]
    return texts + ([] if levels is None else [text for _, text, _ in _member_ends(levels, trend[-1].kpi.kpi, t)])


def _signs(trend: Sequence[KpiFigure], levels: pd.DataFrame | None, t: Translator) -> list[KeyEntry]:
    signs = [line_entry(t("value"), color=BLUE, marker="o", markersize=4)]
    if not trend[-1].is_certain:
        signs.append(line_entry(t("bounds"), color=BAND, linewidth=7, solid_capstyle="butt"))
    if not is_blank(trend[-1].assessed_target):
        signs.append(line_entry(t("Proposed target"), **TARGET_LINE))
    if levels is not None and levels["basis"].eq("carried").any():
        signs.append(marker_entry(t("carried forward (c)"), color=INK, markerfacecolor="#FFFFFF", markersize=4.5))
    return signs


def _draw_scope(axes: Axes, trend: Sequence[KpiFigure], t: Translator) -> None:
    last = trend[-1]
    draw_trend(axes, trend)
    top = find_top([value for one in trend for value in (one.assessed, *one.bounds, one.assessed_target)], last.unit)
    mark_numbers(axes, top, last.unit, t)
    mark_quarters(axes, [one.quarter for one in trend], t)
    if not is_blank(last.assessed_target):
        axes.axhline(last.assessed_target, **TARGET_LINE)
    mark_due(axes, [one.quarter for one in trend], last.kpi.due, t)
    write_labels(axes, label_ends(last, t) or [(0, t.missing, {"color": MUTED, "size": 8})])


# --- members ----------------------------------------------------------------------------------------------------


def _head_members(last: KpiFigure, t: Translator) -> str:
    if last.kpi.measure == "sum_flow":
        return t("The members chosen, each quarter alone")
    return t("The members chosen")


def _draw_members(axes: Axes, levels: pd.DataFrame, trend: Sequence[KpiFigure], t: Translator) -> None:
    last, quarters = trend[-1], [one.quarter for one in trend]
    for look, (_, rows) in zip(MEMBER_STYLES, levels.groupby("member", sort=False), strict=False):
        _draw_member(axes, rows, *look)
    known = [level for level in levels["level"] if not is_blank(level)]
    mark_numbers(axes, find_top(known, last.unit if not known or max(known) > 50 else ""), last.unit, t)
    mark_quarters(axes, quarters, t)
    write_labels(axes, _member_ends(levels, last.kpi.kpi, t))


def _draw_member(axes: Axes, rows: pd.DataFrame, shade: str, marker: str, dash: object) -> None:
    heights = rows["level"].to_list()
    for run in find_runs(heights):
        axes.plot(run, [heights[n] for n in run], color=shade, linestyle=dash, linewidth=1.3, zorder=2)
    for is_carried, face in ((False, shade), (True, "#FFFFFF")):
        here = [n for n, basis in enumerate(rows["basis"]) if (basis == "carried") == is_carried]
        axes.plot(
            here, [heights[n] for n in here], marker, color=shade, markerfacecolor=face, markersize=4.2, clip_on=False,
            zorder=3,
        )  # fmt: skip


def _member_ends(levels: pd.DataFrame, kpi: str, t: Translator) -> list[tuple[float, str, dict]]:
    """Return the label of each member: its name and last value, where its line ends; at 0 where it has none."""
    labels = []
    for (shade, _, _), (member, rows) in zip(MEMBER_STYLES, levels.groupby("member", sort=False), strict=False):
        known = rows["level"].dropna()
        text = f"{t.member(member, short=True)}  {format_member_value(kpi, next(rows.tail(1).itertuples()), t)}"
        labels.append((known.iloc[-1] if len(known) else 0.0, text, {"color": shade, "weight": 600, "size": 8}))
    return labels


def caption_choice(report: Report, kpi: str, scope: str, members: Sequence[str], quarters: Sequence[str]) -> Caption:
    """Return the caption of a KPI in a scope: the finding, what is measured where, who is behind it, and its series."""
    t = report.t
    trend = queries.select_trend(report.tables, kpi, scope, list(quarters))
    last = trend[-1]
    alt = [
        t(
            "Line chart. {what}, by quarter: {series}. Bounds in the last quarter: {interval}. Proposed target: "
            "{target}.",
            what=f"{name_kpi(kpi, t)}, {t.region(scope)}",
            series=list_series(trend, t),
            interval=format_bounds(last, t),
            target=format_target(last, t),
        )
    ]
    if members:
        alt.append(t("Beneath, the members chosen in {quarter}: {lines}.", quarter=t.quarter(last.quarter),
                       lines=_describe_members(report, kpi, members, last)))  # fmt: skip
    return {
        "title": describe_trend(report, trend),
        "subtitle": t(
            "{measure}, {region}, {first} to {last}",
            measure=describe_measure(last, t),
            region=t.region(scope),
            **name_period(trend, t),
        ),
        "n": describe_coverage(last, t),
        "alt": " ".join(alt),
    }


def _describe_members(report: Report, kpi: str, members: Sequence[str], last: queries.KpiFigure) -> str:
    """Return the value of each member in the last quarter chosen."""
    t = report.t
    levels = queries.select_levels_over_time(report.tables, kpi, members, [last.quarter])
    return t.joined(
        t("{what}: {value}", what=t.member(row.member), value=format_member_value(kpi, row, t))
        for row in levels.itertuples()
    )
