"""Figures of what a KPI is made of: its companions in percent, its families in numbers."""

import math

from helpers.i18n import Translator, is_blank
from helpers.plan import quarters
from helpers.report.document import Report
from helpers.report.drawing import (
    Drawing,
    find_runs,
    find_top,
    in_report_style,
    lay_out_figure,
    mark_numbers,
    mark_quarters,
    wrap,
    write_labels,
)
from helpers.report.figures.over_time import LINE_STYLES
from helpers.report.look import BLUE, INK, MUTED
from helpers.report.phrases import Caption, companion_names, describe_coverage, family_names
from helpers.tables import queries


@in_report_style
def plot_companions(report: Report, kpi: str, unit: str, what: str, on_share: bool = False) -> Drawing:
    """Plot companions in percent, now and a year before: one row per companion, in the plan's order."""
    t = report.t
    names = companion_names(report, kpi, unit)
    before = quarters.shift(report.quarter, -4)
    now, then = (queries.select_companions(report.tables, kpi, quarter=q) for q in (report.quarter, before))
    figure, ((axes,),) = lay_out_figure(0.62 + 0.25 * len(names), 2.15, 0.7, 0.24, 0.28)
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
    labels = [f"○ {t.quarter(before)}", f"● {t.quarter(report.quarter)}"]
    axes.annotate(
        "     ".join(labels), (0, 1), (0, 4), "axes fraction", "offset points", color=BLUE, weight=600, size=8.5
    )
    return figure


@in_report_style
def plot_families(report: Report, kpi: str) -> Drawing:
    """Plot a KPI's companions in numbers, quarter by quarter: one line each, named at its end."""
    t = report.t
    names = family_names(report)
    quarters = queries.select_quarters(report.tables)
    trend = queries.select_trend(report.tables, kpi)
    rows = [queries.select_companions(report.tables, kpi, quarter=quarter) for quarter in quarters]
    figure, ((axes,),) = lay_out_figure(2.3, 0.4, 2.2, 0.12, 0.38)
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


def caption_companions(report: Report, kpi: str, unit: str, what: str, on_share: bool = False) -> Caption:
    """Return the caption of a KPI's companions in percent, now and a year before."""
    t = report.t
    names = companion_names(report, kpi, unit)
    now, then = (
        queries.select_companions(report.tables, kpi, quarter=q)
        for q in (report.quarter, quarters.shift(report.quarter, -4))
    )
    values, past = (
        {name: queries.companion_percent(rows, code, on_share) for code, name in names.items()} for rows in (now, then)
    )
    lines = t.joined(f"{name} {t.percent(values[name])} ({t.percent(past[name])})" for name in values)
    reported = [n for n in now["n_reported"].reindex(list(names)) if not is_blank(n)]
    return {
        "title": _extremes(values, what, t.percent, t),
        "subtitle": t(
            "In %, Union, {quarter} (full) and {before} (hollow)",
            quarter=t.quarter(report.quarter),
            before=t.quarter(quarters.shift(report.quarter, -4)),
        ),
        "n": t("{n} members reported", n=t.interval(min(reported), max(reported))) if reported else t.missing,
        "alt": t("Pairs of dots. {what}, now (a year before): {lines}.", what=what, lines=lines),
    }


def caption_families(report: Report, kpi: str) -> Caption:
    """Return the caption of a KPI's companions in numbers, quarter by quarter."""
    t = report.t
    names = family_names(report)
    quarters = queries.select_quarters(report.tables)
    kpi_figure = queries.select_figure(report.tables, kpi)
    rows = {
        quarter: queries.select_companions(report.tables, kpi, quarter=quarter)["value"].reindex(list(names))
        for quarter in quarters
    }
    last = {
        name: float("nan") if kpi_figure.is_bounds_only else rows[report.quarter][code] for code, name in names.items()
    }
    lines = t.joined(
        f"{name}: " + t.enumerated(t.number(rows[quarter][code]) for quarter in quarters)
        for code, name in names.items()
    )
    return {
        "title": _extremes(last, t("Services by family"), t.number, t),
        "subtitle": t(
            "Number of live services of the members known, Union, {first} to {last}",
            first=t.quarter(quarters[0]),
            last=t.quarter(quarters[-1]),
        ),
        "n": describe_coverage(kpi_figure, t),
        "alt": t(
            "Lines by family, {first} to {last}. {lines}.",
            first=t.quarter(quarters[0]),
            last=t.quarter(quarters[-1]),
            lines=lines,
        ),
    }


def _extremes(values: dict[str, float], what: str, show: object, t: Translator) -> str:
    """Return which of several parts is highest and lowest; ties and blanks are said as such."""
    known = {name: value for name, value in values.items() if not is_blank(value)}
    if not known:
        return t("{what}: no figure", what=what)
    low, high = min(known.values()), max(known.values())
    if show(low) == show(high):
        return t("{what}: {value} throughout", what=what, value=show(high))
    tops, ends = ([name for name, v in known.items() if show(v) == show(end)] for end in (high, low))
    return t(
        "{what}: most for {top} ({high}), least for {end} ({low})",
        what=what,
        top=t.listed(tops),
        high=show(high),
        end=t.listed(ends),
        low=show(low),
    )
