"""One call per figure: the drawing and its words, made from the same arguments.

`figures.members(report, kpi)` can be shown by itself in a notebook, or handed to `report.add`.
"""

from collections.abc import Callable
from functools import wraps

from helpers.plan import read_plan
from helpers.report import phrases
from helpers.report.blocks import ReportFigure
from helpers.report.document import Report
from helpers.report.drawing import Drawing
from helpers.report.figures import chosen, flows, heat, levels, movements, over_time, parts, targets, tiles
from helpers.report.figures.chosen import MOST_MEMBERS
from helpers.report.phrases import Caption

__all__ = [
    "MOST_MEMBERS", "calendar", "companion_dots", "distances", "families", "flow", "heat_table", "ladder",
    "member_map", "member_stages", "members", "regions", "regions_over_time", "response_map", "response_trend",
    "selection", "slopes", "trend", "trends", "waterfalls",
]  # fmt: skip


def _figure(
    plot: Callable[..., Drawing], caption: Callable[..., Caption], compares: bool = False
) -> Callable[..., ReportFigure | None]:
    """Return the function that gives a figure with its words; None for one that `compares` where there is no past."""

    @wraps(plot)
    def make(report: Report, *args: object, **options: object) -> ReportFigure | None:
        if compares and report.tables.is_first:
            return None
        words = caption(report, *args, **options)
        asked = args[0] if args else ()
        if kpis := [asked] if isinstance(asked, str) else asked:  # without any, it is about the returns
            words["source"] = phrases.describe_origin((read_plan().by_kpi[kpi] for kpi in kpis), report.t)
        return ReportFigure(plot(report, *args, **options), **words)

    return make


response_map = _figure(tiles.plot_map, tiles.caption_map)
member_map = _figure(tiles.plot_member_map, tiles.caption_member_map)
distances = _figure(targets.plot_distances, targets.caption_distances)
heat_table = _figure(heat.plot_heat, heat.caption_heat)
member_stages = _figure(tiles.plot_member_stages, tiles.caption_member_stages)
calendar = _figure(tiles.plot_calendar, tiles.caption_calendar)
response_trend = _figure(levels.plot_responses, levels.caption_responses)
members = _figure(levels.plot_members, levels.caption_members)
regions = _figure(levels.plot_regions, levels.caption_regions)
trend = _figure(over_time.plot_trend, over_time.caption_trend)
trends = _figure(over_time.plot_trends, over_time.caption_trends)
regions_over_time = _figure(over_time.plot_regions_over_time, over_time.caption_regions_over_time)
companion_dots = _figure(parts.plot_companions, parts.caption_companions)
families = _figure(parts.plot_families, parts.caption_families)
ladder = _figure(parts.plot_ladder, parts.caption_ladder)
flow = _figure(flows.plot_flow, flows.caption_flow)
slopes = _figure(movements.plot_slopes, movements.caption_slopes, compares=True)
waterfalls = _figure(movements.plot_changes, movements.caption_changes, compares=True)
selection = _figure(chosen.plot_choice, chosen.caption_choice)
