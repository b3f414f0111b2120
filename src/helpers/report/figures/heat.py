"""The figure of regions and indicators: a heat table, which seaborn draws in the report's fonts and colours."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.patches import Rectangle

from helpers.i18n import Translator, is_blank
from helpers.plan import Kpi, read_plan
from helpers.report import drawing, phrases
from helpers.report.blocks import Sentence
from helpers.report.document import Report
from helpers.report.drawing import Drawing, KeyEntry
from helpers.report.look import BLUE, GRID, HEAT, INK, in_plan_colours
from helpers.tables import KpiFigure, queries, replies

BOUNDS_ONLY = "(C)"
_NAMES, _LINE, _LETTERS = 2.72, 0.14, 54  # inches of the names and of a line of them; letters of a line
_UNCOLOURED, _ALL = -1.0, 101.0  # levels below and above those of the scale


def _scale() -> Colormap:
    """Return the colours from 0 to 100 %, in the plan's own tints; blue for all of the way, white for none."""
    scale = LinearSegmentedColormap.from_list("papu", in_plan_colours(" ".join(HEAT)).split())
    return scale.with_extremes(under="#FFFFFF", over=BLUE)


def list_regional() -> list[Kpi]:
    """Return the KPIs that are known by region."""
    return [kpi for kpi in read_plan().kpis if kpi.has_regions]


def find_heat(figure: KpiFigure, union: KpiFigure) -> float:
    """Return how far a region is, in percent: on its way to a target that it is judged on, or of its members.

    Of other numbers it is below 0, and above 100 where the target is reached, or every member counts.
    """
    if is_blank(figure.assessed):
        return _UNCOLOURED
    if figure.kpi.on_share and not is_blank(union.target):
        return _ALL if figure.is_reached else min(max(union.way_to(figure.assessed), 0.0), 100.0)
    if figure.kpi.unit != "members":
        return _UNCOLOURED
    part = 100 * figure.assessed / _count_members(figure)
    return _ALL if part >= 100 else part


def _count_members(figure: KpiFigure) -> int:
    return max(len(read_plan().members_in(figure.quarter, figure.scope)), 1)


def _show(figure: KpiFigure, t: Translator) -> str:
    """Return the figure of a cell: with the region's members where members are counted."""
    kpi = figure.kpi
    if is_blank(figure.assessed):
        return BOUNDS_ONLY if figure.is_bounds_only else t.missing
    shown = t.measured(figure.assessed, figure.unit) if kpi.on_share else t.number(figure.assessed)
    return f"{shown}/{t.number(_count_members(figure))}" if kpi.unit == "members" else shown


@drawing.in_report_style
def plot_heat(report: Report) -> Drawing:
    """Plot every KPI known by region: a row each, a column per region and for the Union, the figure in each cell."""
    import seaborn  # takes long to load: only this figure needs it

    t, kpis, scopes = report.t, list_regional(), (*read_plan().regions, read_plan().code)
    rows = [[queries.select_figure(report.tables, kpi.kpi, scope) for scope in scopes] for kpi in kpis]
    heat = pd.DataFrame([[find_heat(one, union) for one in regions] + [_UNCOLOURED] for *regions, union in rows])
    shown = [[_show(one, t) for one in row] for row in rows]
    names = [drawing.wrap(f"{kpi.kpi}  {phrases.name_kpi(kpi.kpi, t)}", _LETTERS) for kpi in kpis]
    tall = (0.05 + _LINE * max(name.count("\n") + 1 for name in names)) * len(kpis)
    heads = [drawing.wrap(t.region(scope), 12) for scope in scopes]
    top = 0.32 + 0.13 * max(head.count("\n") + 1 for head in heads)
    figure, ((axes,),) = drawing.lay_out_figure(tall + top + 0.02, _NAMES, 0.03, top, 0.02)
    seaborn.heatmap(
        heat, ax=axes, cmap=_scale(), vmin=0, vmax=100, cbar=False, annot=pd.DataFrame(shown), fmt="", linewidths=1.2,
        annot_kws={"size": 8}, xticklabels=False, yticklabels=False,
    )  # fmt: skip
    for text, level in zip(axes.texts, heat.to_numpy().ravel(), strict=True):
        text.set_color("#FFFFFF" if level == _ALL else INK)
        text.set_weight(700 if level == _ALL or text.get_position()[0] > len(read_plan().regions) else 400)
    _write_heads(axes, names, heads)
    _part_themes(axes, kpis)
    drawing.write_key(figure, _make_key(shown, t))
    return figure


def _write_heads(axes: Axes, names: Sequence[str], heads: Sequence[str]) -> None:
    for place, name in enumerate(names):
        drawing.write_beside(axes, name, place + 0.5, -72 * _NAMES + 2, 0, size=8, color=INK, linespacing=1.0)
    for place, head in enumerate(heads):
        drawing.write_above(axes, head, place + 0.5, weight=600)
    axes.set(xlabel="", ylabel="")
    axes.spines["bottom"].set_visible(False)


def _part_themes(axes: Axes, kpis: Sequence[Kpi]) -> None:
    """Draw a line where a theme begins."""
    begins = [n for n in range(1, len(kpis)) if kpis[n].theme != kpis[n - 1].theme]
    axes.hlines(begins, 0, 1, color=GRID, linewidth=1, transform=axes.get_yaxis_transform(), clip_on=False)


def _make_key(shown: Sequence[Sequence[str]], t: Translator) -> list[KeyEntry]:
    """Return the key: the scale, what is beyond it, and the marks that occur."""
    key = [
        KeyEntry(t("{lower} to {upper}", lower=t.percent(0, 0), upper=t.percent(100, 0)), _draw_scale, 0.6),
        KeyEntry(t("target reached, or all members"), _draw_all, 0.18),
    ]
    marks = {text for row in shown for text in row}
    if t.missing in marks:
        key.append(KeyEntry(t("{mark}: no data", mark=t.missing)))
    if BOUNDS_ONLY in marks:
        key.append(KeyEntry(t("{mark}: too few answers", mark=BOUNDS_ONLY)))
    return key


def _draw_scale(axes: Axes, x: float) -> None:
    for n in range(5):
        axes.add_patch(Rectangle((x + 0.12 * n, 0.025), 0.12, 0.12, facecolor=_scale()(n / 4), linewidth=0))


def _draw_all(axes: Axes, x: float) -> None:
    axes.add_patch(Rectangle((x, 0.025), 0.18, 0.12, facecolor=BLUE, linewidth=0))


def caption_heat(report: Report) -> phrases.Caption:
    """Return the caption of the KPIs by region."""
    t, kpis, plan = report.t, list_regional(), read_plan()
    judged = [kpi.kpi for kpi in kpis if kpi.on_share and kpi.target is not None]
    figures = {region: [queries.select_figure(report.tables, kpi, region) for kpi in judged] for region in plan.regions}
    title, others = _describe_regions(report, figures), [kpi.kpi for kpi in plan.kpis if not kpi.has_regions]
    lines = t.joined(
        t("{what}: {value}", what=t.region(region), value=t.enumerated(_describe_cell(one, t) for one in row))
        for region, row in figures.items()
    )
    n, of = len(replies.select_answered(report.tables)), len(plan.members_in(report.quarter))
    subtitle = (
        "By region, {quarter}; colour: part of the way from the baseline to the target, or of the region's members; "
        "other numbers have none"
    )
    return {
        "title": title,
        "subtitle": t(subtitle, quarter=t.quarter(report.quarter)),
        "n": t("{n}/{of} members", n=n, of=of),
        "note": t("Not known by region: {kpis}.", kpis=t.enumerated(others)) if others else "",
        "alt": f"{title}. " + t("Heat table of indicators by region. {lines}.", lines=lines),
        "source": phrases.describe_origin(kpis, t),
    }


def _describe_cell(figure: KpiFigure, t: Translator) -> str:
    """Return a region's figure in words, with its status."""
    return f"{figure.kpi.kpi} {_show(figure, t)} ({phrases.badge(figure, t).word})"


def _describe_regions(report: Report, figures: Mapping[str, Sequence[KpiFigure]]) -> Sentence:
    """Return how many of the targets that regions are judged on are reached, and by which region most and least."""
    t, reached = report.t, {region: sum(one.is_reached for one in row) for region, row in figures.items()}
    claims = [phrases.claim_status(one) for row in figures.values() for one in row]
    n, of = sum(reached.values()), len(claims)
    if not of:
        return Sentence(t.plural("{n} indicator by region", len(list_regional())))
    if not n:
        return Sentence(t("None of the {of} targets that regions are held to is known to be reached", of=of), *claims)
    text = t.plural("{n} of {of} targets that regions are held to is reached", n, of=of)
    most, least = max(reached.values()), min(reached.values())
    if most > least:
        top, end = (t.listed([t.region(name) for name in reached if reached[name] == one]) for one in (most, least))
        text = t("{what}; most: {top}; fewest: {end}", what=text, top=top, end=end)
    return Sentence(text, *claims)
