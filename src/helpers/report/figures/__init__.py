"""One call per figure: the drawing and its words, made from the same arguments.

`figures.members(report, "2.1.a")` can be shown by itself in a notebook, or handed to `report.add`.
"""

from collections.abc import Callable
from functools import wraps

from helpers.report.blocks import ReportFigure
from helpers.report.document import Report
from helpers.report.drawing import Drawing
from helpers.report.figures import chosen as _chosen
from helpers.report.figures import levels as _levels
from helpers.report.figures import movements as _movements
from helpers.report.figures import over_time as _over_time
from helpers.report.figures import parts as _parts
from helpers.report.figures import tiles as _tiles
from helpers.report.figures.chosen import MOST_MEMBERS
from helpers.report.phrases import Caption

__all__ = [
    "MOST_MEMBERS",
    "calendar",
    "companion_dots",
    "families",
    "member_map",
    "members",
    "regions",
    "regions_over_time",
    "response_map",
    "response_trend",
    "selection",
    "slopes",
    "trend",
    "trends",
    "waterfalls",
]


def _figure(plot: Callable[..., Drawing], caption: Callable[..., Caption]) -> Callable[..., ReportFigure]:
    """Return the call that gives a figure whole: what is drawn and what is said of it."""

    @wraps(plot)
    def make(report: Report, *args: object, **options: object) -> ReportFigure:
        return ReportFigure(plot(report, *args, **options), **caption(report, *args, **options))

    return make


response_map = _figure(_tiles.plot_map, _tiles.caption_map)
member_map = _figure(_tiles.plot_member_map, _tiles.caption_member_map)
calendar = _figure(_tiles.plot_calendar, _tiles.caption_calendar)
response_trend = _figure(_levels.plot_responses, _levels.caption_responses)
members = _figure(_levels.plot_members, _levels.caption_members)
regions = _figure(_levels.plot_regions, _levels.caption_regions)
trend = _figure(_over_time.plot_trend, _over_time.caption_trend)
trends = _figure(_over_time.plot_trends, _over_time.caption_trends)
regions_over_time = _figure(_over_time.plot_regions_over_time, _over_time.caption_regions_over_time)
companion_dots = _figure(_parts.plot_companions, _parts.caption_companions)
families = _figure(_parts.plot_families, _parts.caption_families)
slopes = _figure(_movements.plot_slopes, _movements.caption_slopes)
waterfalls = _figure(_movements.plot_changes, _movements.caption_changes)
selection = _figure(_chosen.plot_choice, _chosen.caption_choice)
