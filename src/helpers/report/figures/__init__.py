"""One function per figure: the same grammar, palette and letters in all of them, drawn without touching pyplot."""

from helpers.report.figures.changes import plot_changes, plot_slopes
from helpers.report.figures.choice import MOST_MEMBERS, plot_choice
from helpers.report.figures.drawing import PAGE_WIDTH, Drawing, svg
from helpers.report.figures.members import plot_members, plot_regions, plot_responses
from helpers.report.figures.profile import plot_history, plot_strip
from helpers.report.figures.tiles import plot_calendar, plot_map, plot_member_map
from helpers.report.figures.trends import (
    plot_companions,
    plot_families,
    plot_regions_over_time,
    plot_sparkline,
    plot_trend,
    plot_trends,
)
from helpers.report.look import BANDS, FONTS, PALETTE, STATUS_COLOURS, printable_code_points

__all__ = [
    "BANDS",
    "Drawing",
    "FONTS",
    "MOST_MEMBERS",
    "PAGE_WIDTH",
    "PALETTE",
    "STATUS_COLOURS",
    "plot_calendar",
    "plot_changes",
    "plot_choice",
    "plot_companions",
    "plot_families",
    "plot_history",
    "plot_map",
    "plot_member_map",
    "plot_members",
    "plot_regions",
    "plot_regions_over_time",
    "plot_responses",
    "plot_slopes",
    "plot_sparkline",
    "plot_strip",
    "plot_trend",
    "plot_trends",
    "printable_code_points",
    "svg",
]
