"""The figure of what was reported of each quarter alone: how much it was, and how much of it a part."""

import math

from helpers.i18n import is_blank
from helpers.plan import quarters, read_plan
from helpers.report import drawing, phrases
from helpers.report.blocks import Sentence
from helpers.report.document import Report
from helpers.report.drawing import Drawing, KeyEntry
from helpers.report.look import BAND, BLUE, MUTED
from helpers.tables import Claim, queries

ROOM = 0.13  # of the height: a part that is less has no room for its percentage


def _find_flows(report: Report, kpi: str, of: str) -> dict[str, tuple[float, float, int]]:
    """Return the whole, the part in percent and the number of members of each quarter; blank where none gave all."""
    found = {}
    for quarter in queries.select_quarters(report.tables):
        whole, percent, n = queries.sum_flow_part(report.tables, kpi, of, quarter)
        found[quarter] = (whole if n else math.nan, percent, n)
    return found


@drawing.in_report_style
def plot_flow(report: Report, kpi: str, of: str) -> Drawing:
    """Plot what was reported of each quarter alone as bars, and a part of it as a darker bar within, in percent."""
    t, flows = report.t, _find_flows(report, kpi, of)
    figure, ((axes,),) = drawing.lay_out_figure(1.75, 0.5, 0.1, 0.3, 0.38)
    top = drawing.find_top([whole for whole, _, _ in flows.values()], "")
    for place, (whole, percent, _) in enumerate(flows.values()):
        if is_blank(whole):
            axes.annotate(t.missing, (place, 0), (0, 3), "data", "offset points", ha="center", size=8, color=MUTED)
            continue
        axes.bar([place], [whole], 0.66, color=BAND, linewidth=0)
        part = whole * (0 if is_blank(percent) else percent) / 100
        axes.bar([place], [part], 0.66, color=BLUE, linewidth=0)
        has_room = part > ROOM * top
        label = t.number(whole) if has_room or is_blank(percent) else f"{t.number(whole)} ({t.percent(percent, 0)})"
        beside = {"xycoords": "data", "textcoords": "offset points", "ha": "center"}
        axes.annotate(label, (place, whole), (0, 3), size=8.5, weight=700, **beside)
        if has_room:
            axes.annotate(t.percent(percent, 0), (place, part), (0, -3), va="top", size=8, color="#FFFFFF", **beside)
    drawing.mark_numbers(axes, top, "", t, most=4)
    drawing.mark_quarters(axes, list(flows), t)
    axes.set_xlim(-0.5, max(len(flows), drawing.FEWEST_TICKS + 1) - 0.5)
    shades = {t.localised(read_plan().by_kpi[kpi].title): BAND, phrases.name_figure("flow", kpi, of, t): BLUE}
    drawing.write_key(figure, [_bar_entry(text, shade) for text, shade in shades.items()])
    return figure


def _bar_entry(text: str, shade: str) -> KeyEntry:
    return KeyEntry(text, lambda axes, x: axes.barh(0.085, 0.18, 0.12, x, color=shade, linewidth=0), 0.18)


def caption_flow(report: Report, kpi: str, of: str) -> phrases.Caption:
    """Return the caption of what was reported of each quarter alone: how much, and how the same members moved."""
    t, flows = report.t, _find_flows(report, kpi, of)
    what, part = t.localised(read_plan().by_kpi[kpi].title), phrases.name_figure("flow", kpi, of, t)
    whole, percent, n = flows[report.quarter]
    claims = []
    if is_blank(whole):
        title = t("{what}, in the quarter alone: no figure", what=what)
    else:
        shown = {"value": t.number(whole), "part": part, "share": t.percent(percent)}
        title = t("{what}, in the quarter alone: {value}; {part}: {share}", what=what, **shown)
        values = {"total": whole, "n": n} | ({} if is_blank(percent) else {"percent": percent})
        claims.append(Claim("flow part", report.quarter, kpi, about=(of,), values=values))
        past, (before, now, both) = quarters.shift(report.quarter, -1), queries.compare_flow(report.tables, kpi)
        if both and not report.tables.is_first:
            values = {"before": before, "now": now, "n": both}
            sentence = "same members ({n}): {now}, against {before} in {quarter}"
            title = t.joined([title, t(sentence, quarter=t.quarter(past), **values)])
            claims.append(Claim("flow", report.quarter, kpi, since=past, values=values))
    series = []
    for quarter, (total, share, members) in flows.items():
        value = f"{t.number(total)} ({t.percent(share, 0)}, {t.number(members)})"
        series.append(t("{what}: {value}", what=t.quarter(quarter), value=value))
    period = phrases.name_span([min(flows), report.quarter], t)
    subtitle = (
        "Each quarter alone, of members that gave all its parts, Union, {period}; share: of those that gave it too"
    )
    alt = "Bars by quarter, a darker part within: {part}. Number (share, members): {series}."
    return {
        "title": Sentence(title, *claims),
        "subtitle": t(subtitle, period=period),
        "n": t("{n}/{of} members", n=n, of=len(read_plan().members_in(report.quarter))),
        "alt": f"{title}. " + t(alt, part=part, series=t.joined(series)),
    }
