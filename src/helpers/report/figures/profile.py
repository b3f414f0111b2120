"""Word-sized figures of one member: its value among those of the others, and its own history."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from helpers.i18n import is_blank
from helpers.report.drawing import plot_runs
from helpers.report.look import BLUE, GRID, INK, MUTED
from helpers.tables import profiles

_OTHERS, _REGION = "#C3CDD5", "#6E7C88"


def plot_strip(axes: Axes, position: profiles.MemberPosition) -> None:
    """Plot a member among the others: Union pale, region darker, the member a diamond, the Union's median a line."""
    axes.axhline(0, color=GRID, linewidth=0.8, zorder=0)
    axes.plot(position.union, [0] * len(position.union), "|", color=_OTHERS, markersize=7, markeredgewidth=1)
    axes.plot(position.region, [0] * len(position.region), "|", color=_REGION, markersize=9, markeredgewidth=1)
    middle = position.middle(position.union)
    if not is_blank(middle):
        axes.plot(middle, 0.62, "v", color=INK, markersize=3.4, clip_on=False)
    if not is_blank(position.level):
        face = "#FFFFFF" if position.basis == "carried" else BLUE
        axes.plot(position.level, 0, "D", color=BLUE, markerfacecolor=face, markersize=5, zorder=5)
    top = max([1e-9, *position.union])
    axes.set_xlim(-0.04 * top, 1.04 * top)
    axes.set_ylim(-0.8, 0.8)


def plot_history(axes: Axes, history: Sequence[profiles.PastValue]) -> None:
    """Plot a member's own values over the quarters, from 0; hollow where carried, a gap where not known."""
    values = [past.level for past in history]
    plot_runs(axes, values, color=BLUE, linewidth=1.2)
    for n, past in enumerate(history):
        if not is_blank(past.level):
            face = BLUE if past.basis == "reported" else "#FFFFFF"
            axes.plot(n, past.level, "o", color=BLUE, markerfacecolor=face, markersize=2.6, markeredgewidth=0.7)
        else:
            axes.plot(n, 0, "|", color=MUTED, markersize=2.5, markeredgewidth=0.6)
    axes.axhline(0, color=GRID, linewidth=0.6, zorder=0)
    known = [value for value in values if not is_blank(value)]
    axes.set_ylim(-0.08 * max([*known, 1e-9]), max([*known, 1e-9]) * 1.15)
    axes.set_xlim(-0.4, len(history) - 0.6)
