"""Figures of what a KPI is made of: its companions in percent, its families in numbers, the steps of a share.

`of` says which companions are shown, as in figures.csv of the plan: those of a unit, of a list of parts, or by name.
"""

import math
from collections.abc import Callable, Iterable

from helpers.i18n import Translator, is_blank
from helpers.plan import quarters, read_plan
from helpers.report import drawing, phrases
from helpers.report.blocks import Sentence
from helpers.report.document import Report
from helpers.report.drawing import Drawing
from helpers.report.figures.over_time import LINE_STYLES
from helpers.report.look import BLUE, GRID, INK, MUTED
from helpers.tables import Claim, queries


@drawing.in_report_style
def plot_companions(report: Report, kpi: str, of: str) -> Drawing:
    """Plot the companions of a unit in percent, now and a year before: one row per companion, in the plan's order."""
    t, names, before = report.t, phrases.companion_names(report, kpi, of), quarters.shift(report.quarter, -4)
    now, then = (queries.select_percents(report.tables, kpi, quarter) for quarter in (report.quarter, before))
    figure, ((axes,),) = drawing.lay_out_figure(0.62 + 0.25 * len(names), 2.15, 0.7, 0.24, 0.28)
    for place, code in enumerate(reversed(names)):
        value, past = now.get(code, math.nan), then.get(code, math.nan)
        if not is_blank(value) and not is_blank(past):
            axes.plot([past, value], [place, place], color="#9CC3DC", linewidth=2.4, zorder=2, solid_capstyle="butt")
        axes.plot([past], [place], "o", color="#FFFFFF", markeredgecolor=BLUE, markersize=5.5, zorder=3)
        axes.plot([value], [place], "o", color=BLUE, markersize=6.5, zorder=4)
        drawing.write_beside(axes, t.percent(value), place, 4, weight=600, color=MUTED if is_blank(value) else INK)
    drawing.mark_numbers(axes, 100, "percent", t, "x")
    labels = [drawing.wrap(name, 42) for name in reversed(names.values())]
    axes.set_yticks(range(len(names)), labels, color=INK, size=8.5)
    axes.set_ylim(-0.6, len(names) - 0.4)
    has_past = before >= report.tables.first_collected
    key = f"○ {t.quarter(before)}     ● {t.quarter(report.quarter)}" if has_past else f"● {t.quarter(report.quarter)}"
    axes.annotate(key, (0, 1), (0, 4), "axes fraction", "offset points", color=BLUE, weight=600, size=8.5)
    return figure


@drawing.in_report_style
def plot_families(report: Report, kpi: str, of: str) -> Drawing:
    """Plot a KPI's companions of a list in numbers, quarter by quarter: one line each, named at its end."""
    t, trend = report.t, queries.select_trend(report.tables, kpi)
    shown = [queries.select_companions(report.tables, kpi, quarter=point.quarter)["value"] for point in trend]
    figure, ((axes,),) = drawing.lay_out_figure(2.1, 0.4, 2.2, 0.12, 0.38)
    names, labels, highest = phrases.companion_names(report, kpi, listed=of), [], [1.0]
    for (shade, marker), (code, name) in zip(LINE_STYLES, names.items(), strict=False):
        values = [
            math.nan if point.coverage_class == "C" else float(companions.get(code, math.nan))
            for companions, point in zip(shown, trend, strict=True)
        ]
        highest += [value for value in values if not is_blank(value)]
        drawing.plot_runs(axes, values, color=shade, marker=marker, markersize=3.6)
        if not is_blank(values[-1]):
            labels.append((values[-1], f"{t.number(values[-1])}  {name}", {"color": shade, "weight": 600}))
    drawing.mark_numbers(axes, drawing.find_top(highest, ""), "", t)
    drawing.mark_quarters(axes, [point.quarter for point in trend], t)
    drawing.write_labels(axes, labels)
    return figure


def caption_companions(report: Report, kpi: str, of: str) -> phrases.Caption:
    """Return the caption of a KPI's companions in percent, now and a year before."""
    t, names, before = report.t, phrases.companion_names(report, kpi, of), quarters.shift(report.quarter, -4)
    now, then = (queries.select_percents(report.tables, kpi, quarter) for quarter in (report.quarter, before))
    values, past = ({name: rows.get(code, math.nan) for code, name in names.items()} for rows in (now, then))
    what = phrases.name_figure("companions", kpi, of, t)
    claims = _claim_parts(report, kpi, names, [now.get(code, math.nan) for code in names])
    lines = t.joined(f"{name} {t.percent(values[name])} ({t.percent(past[name])})" for name in values)
    answered = queries.select_companions(report.tables, kpi)["n_reported"]
    reported = [n for n in answered.reindex(list(names)) if not is_blank(n)]
    has_past = before >= report.tables.first_collected
    subtitle = "In %, Union, {quarter} (full) and {before} (hollow)" if has_past else "In %, Union, {quarter}"
    return {
        "title": Sentence(_extremes(values, what, t.percent, t), *claims),
        "subtitle": t(subtitle, quarter=t.quarter(report.quarter), before=t.quarter(before)),
        "n": t("{n} members reported", n=t.interval(min(reported), max(reported))) if reported else t.missing,
        "alt": t("Pairs of dots. {what}, now (a year before): {lines}.", what=what, lines=lines),
    }


def caption_families(report: Report, kpi: str, of: str) -> phrases.Caption:
    """Return the caption of a KPI's companions in numbers, quarter by quarter."""
    t, trend = report.t, queries.select_trend(report.tables, kpi)
    names = phrases.companion_names(report, kpi, listed=of)
    shown = [queries.select_companions(report.tables, kpi, quarter=point.quarter)["value"] for point in trend]
    rows = [values.reindex(list(names)) for values in shown]
    last = {name: math.nan if trend[-1].is_bounds_only else rows[-1][code] for code, name in names.items()}
    claims = [
        Claim("component", report.quarter, kpi, about=(code,), values={"value": last[name]})
        for code, name in names.items()
        if not is_blank(last[name])
    ]
    series = {name: t.enumerated(t.number(values[code]) for values in rows) for code, name in names.items()}
    lines, period = t.joined(f"{name}: {numbers}" for name, numbers in series.items()), phrases.name_period(trend, t)
    measure = t.localised(trend[-1].kpi.names.get("measured", trend[-1].kpi.title))
    return {
        "title": Sentence(_extremes(last, phrases.name_figure("families", kpi, of, t), t.number, t), *claims),
        "subtitle": t("{measure}, Union, {period}", measure=measure, period=period),
        "n": phrases.describe_coverage(report, trend[-1]),
        "alt": t("Lines by family, {period}. {lines}.", lines=lines, period=period),
    }


def _extremes(values: dict[str, float], what: str, show: Callable[[float], str], t: Translator) -> str:
    """Return which of several parts is highest and lowest, ties together; values that are printed alike are a tie."""
    known = {name: value for name, value in values.items() if not is_blank(value)}
    if not known:
        return t("{what}: no figure", what=what)
    low, high = show(min(known.values())), show(max(known.values()))
    if low == high:
        return t("{what}: {value} throughout", what=what, value=high)
    top, end = (t.listed([name for name, value in known.items() if show(value) == shown]) for shown in (high, low))
    sentence = "{what}: most for {top} ({high}), least for {end} ({low})"
    return t(sentence, what=what, top=top, high=high, end=end, low=low)


# --- steps of a share, by region ----------------------------------------------------------------------------------


def _list_steps(report: Report, kpi: str, of: str) -> dict[str, str]:
    """Return the steps of a ladder by their codes with their names: companions, and the KPI among them."""
    names = phrases.companion_names(report, kpi) | {kpi: phrases.name_own_kpi(kpi, report.t)}
    return {code: names[code] for code in of.split()}


def _find_steps(report: Report, kpi: str, of: str, scope: str) -> list[float]:
    """Return the share of each step in a scope, in percent; blank where it is not known, or too few members are."""
    figure = queries.select_figure(report.tables, kpi, scope)
    if is_blank(figure.assessed):
        return [math.nan] * len(of.split())
    percents = queries.select_percents(report.tables, kpi, report.quarter, scope) | {kpi: figure.assessed}
    return [percents.get(code, math.nan) for code in of.split()]


@drawing.in_report_style
def plot_ladder(report: Report, kpi: str, of: str) -> Drawing:
    """Plot shares that lead from one to the next by region and for the Union: a row each, a mark for each step."""
    t, scopes, steps = report.t, (*read_plan().regions, read_plan().code), _list_steps(report, kpi, of)
    left = drawing.names_width([t.region(scope) for scope in scopes], 8.5, least=0.8)
    figure, ((axes,),) = drawing.lay_out_figure(0.62 + 0.25 * len(scopes), left, 0.57 * len(steps) + 0.1, 0.28, 0.28)
    drawing.mark_numbers(axes, 100, "percent", t, "x")
    for place, scope in enumerate(reversed(scopes)):
        values = _find_steps(report, kpi, of, scope)
        known = [value for value in values if not is_blank(value)]
        axes.plot(known, [place] * len(known), color=GRID, linewidth=2.4, zorder=1)
        for n, ((shade, marker), value) in enumerate(zip(LINE_STYLES, values, strict=False)):
            axes.plot([value], [place], marker, color=shade, markersize=6.5, clip_on=False, zorder=3)
            look = {"color": shade, "weight": 400 if place else 700, "size": 8.5}
            drawing.write_beside(axes, t.percent(value), place, 10 + 41 * n, **look)
    axes.set_yticks(range(len(scopes)), [t.region(scope) for scope in reversed(scopes)], color=INK, size=8.5)
    axes.set_ylim(-0.6, len(scopes) - 0.4)
    looks = zip(steps.values(), LINE_STYLES, strict=False)
    key = [drawing.marker_entry(name, marker, color=shade, markersize=6) for name, (shade, marker) in looks]
    drawing.write_key(figure, key)
    return figure


def caption_ladder(report: Report, kpi: str, of: str) -> phrases.Caption:
    """Return the caption of shares that lead from one to the next: the Union's, and the region that ends lowest."""
    t, steps, regions = report.t, _list_steps(report, kpi, of), read_plan().regions
    found = {scope: _find_steps(report, kpi, of, scope) for scope in (*regions, "")}
    what, figure = phrases.name_figure("ladder", kpi, of, t), queries.select_figure(report.tables, kpi)
    lasts = {region: found[region][-1] for region in regions if not is_blank(found[region][-1])}
    lowest = min(lasts, key=lasts.get) if len(lasts) > 1 else ""
    shown = t.enumerated(f"{name} {t.percent(value)}" for name, value in zip(steps.values(), found[""], strict=True))
    parts, claims = [shown], _claim_parts(report, kpi, steps, found[""])
    if lowest:
        parts.append(t("lowest: {region}, {value}", region=t.region(lowest), value=t.percent(lasts[lowest])))
        claims += _claim_parts(report, kpi, list(steps)[-1:], [lasts[lowest]], lowest)
    if is_blank(figure.assessed):
        title = phrases.describe_unknown(figure, t)
    else:
        title = Sentence(t("{what}: {value}", what=what, value=t.joined(parts)), *claims)
    lines = t.joined(
        t("{what}: {value}", what=t.region(scope), value=t.enumerated(map(t.percent, values)))
        for scope, values in found.items()
    )
    subtitle = "In % of the total of the members known, by region, {quarter}; each step of its own members"
    alt = t("Dots by region, a mark for each of {names}: {lines}.", names=t.enumerated(steps.values()), lines=lines)
    return {
        "title": title,
        "subtitle": t(subtitle, quarter=t.quarter(report.quarter)),
        "n": phrases.describe_coverage(report, figure),
        "alt": f"{title}. {alt}",
    }


def _claim_parts(
    report: Report, kpi: str, codes: Iterable[str], values: Iterable[float], scope: str = ""
) -> list[Claim]:
    """Return what is said by printing some companions in percent in a scope; the KPI itself may be among them."""
    claims = []
    for code, value in zip(codes, values, strict=True):
        if is_blank(value):
            continue
        if code == kpi:
            claims.append(Claim("level", report.quarter, kpi, scope, values={"level": value}))
        else:
            claims.append(Claim("component", report.quarter, kpi, scope, about=(code,), values={"percent": value}))
    return claims
