"""One function per figure: the same grammar, palette and letters in all of them, drawn without touching pyplot."""

from helpers.charts.grammar import BANDS, FONTS, PALETTE, STATUS_COLOURS, Figure, letters, svg
from helpers.charts.members import plot_map, plot_members, plot_regions, plot_responses
from helpers.charts.profile import plot_history, plot_strip
from helpers.charts.trends import (
    plot_changes,
    plot_companions,
    plot_families,
    plot_sparkline,
    plot_trend,
    plot_trends,
)  # fmt: skip

__all__ = [
    "BANDS", "FONTS", "PALETTE", "STATUS_COLOURS", "Figure", "letters", "plot_changes", "plot_companions",
    "plot_families", "plot_history", "plot_map", "plot_members", "plot_regions", "plot_responses",
    "plot_sparkline", "plot_strip", "plot_trend", "plot_trends", "svg",
]  # fmt: skip
