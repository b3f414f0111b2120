"""What all figures share: styles, letters, axes, labels, keys, and how a figure becomes SVG."""

import io
import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import cache, wraps
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import matplotlib
import matplotlib.figure
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.font_manager import FontProperties
from matplotlib.patheffects import Normal, Stroke
from matplotlib.text import Annotation, Text
from matplotlib.textpath import text_to_path
from matplotlib.ticker import FixedFormatter

from helpers.i18n import Translator, is_blank, isolate
from helpers.report.document import Report
from helpers.report.look import ARABIC_FONT, BAND, BAND_EDGE, BLUE, FONT, FONTS, INK, in_plan_colours
from helpers.report.svg import simplify
from helpers.tables import KpiFigure

FEWEST_TICKS = 4  # an axis of quarters has room for at least five, so that a first edition looks like the next
PAGE_WIDTH = 6.69  # inches: the text width of the page, so that letters are printed at their true size
TARGET_LINE = {"color": INK, "linewidth": 0.9, "linestyle": (0, (5, 3)), "zorder": 2}
CLOSEST = 0.12  # inches between the entries of a key
_EDGED = [Stroke(linewidth=8, foreground=BAND_EDGE), Normal()]
BOUNDS_BAR = {"color": BAND, "linewidth": 7, "solid_capstyle": "butt", "path_effects": _EDGED}
_BAND = {"facecolor": BAND, "edgecolor": BAND_EDGE, "linewidth": 0.5, "zorder": 1}
ON_HATCHING = {"bbox": {"facecolor": "#FFFFFF", "edgecolor": "none", "pad": 0.8}}  # letters on a hatched area


# With matplotlib's own defaults, so that no matplotlibrc of a user changes a figure.
STYLE = matplotlib.rc_params_from_file(Path(__file__).with_name("figures.mplstyle"))


class Drawing(matplotlib.figure.Figure):
    """A matplotlib figure drawn in the report's style."""


@cache
def _use_fonts() -> None:
    for file in sorted(FONTS.glob("*.ttf")):
        font_manager.fontManager.addfont(file)


def in_report_style(plot: Callable[..., Drawing]) -> Callable[..., Drawing]:
    """Draw a figure in the report's style and reading direction, and leave matplotlib as it was."""

    @wraps(plot)
    def draw(report: Report, *args: object, **options: object) -> Drawing:
        _use_fonts()
        with matplotlib.rc_context(STYLE | ({"axes.titlelocation": "right"} if report.t.is_rtl else {})):
            figure = plot(report, *args, **options)
            if report.t.is_rtl:
                _mirror(figure, report.t.language)
            return figure

    return draw


_SIDES = {"left": "right", "right": "left"}
MAP_AXES = "map"  # the label of axes whose sides are compass points: they may change places, but are never mirrored


def _mirror(figure: Drawing, language: str) -> None:
    """Mirror a figure for readers from right to left: axes, names, labels; letters and numbers stay as they are."""
    for axes in figure.axes:
        box = axes.get_position()
        axes.set_position((1 - box.x1, box.y0, box.width, box.height))
        if axes.get_label() != MAP_AXES:
            axes.set_xlim(*reversed(axes.get_xlim()))
            axes.yaxis.tick_right()
            for text in axes.texts:
                _mirror_text(text)
    for text in figure.texts:
        text.set_x(1 - text.get_position()[0])
        text.set_ha(_SIDES.get(text.get_ha(), text.get_ha()))
    for text in figure.findobj(Text):
        text.set_text("\n".join(isolate(line, language) for line in text.get_text().split("\n")))
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        if isinstance(axis.get_major_formatter(), FixedFormatter):
            axis.set_ticklabels([isolate(label.get_text(), language) for label in axis.get_ticklabels()])


def _mirror_text(text: Text) -> None:
    text.set_ha(_SIDES.get(text.get_ha(), text.get_ha()))
    if not isinstance(text, Annotation):
        return
    along = text.xycoords if isinstance(text.xycoords, str) else text.xycoords[0]
    if along == "axes fraction":
        text.xy = (1 - text.xy[0], text.xy[1])
    if text.anncoords == "offset points":
        text.xyann = (-text.xyann[0], text.xyann[1])


def draw_svg(figure: Drawing) -> str:
    """Return a figure as SVG: letters are text, no date, the same bytes each time."""
    _use_fonts()
    buffer = io.StringIO()
    with matplotlib.rc_context(STYLE):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return in_plan_colours(simplify(buffer.getvalue()))


@cache
def _word_axes(width: float) -> Axes:
    axes = Drawing(figsize=(width, 0.22)).add_axes((0.03, 0.1, 0.94, 0.8))
    axes.set_axis_off()
    return axes


def draw_word(plot: Callable[[Axes, object], None], data: object, width: float, t: Translator) -> str:
    """Return a figure of the size of a word, drawn by `plot` from some data, as SVG text; `width` is in inches.

    The axes take longer to make than what is drawn on them: each width has one, emptied after use.
    """
    with matplotlib.rc_context(STYLE):
        axes = _word_axes(width)
        try:
            plot(axes, data)
            if t.is_rtl:
                axes.set_xlim(*reversed(axes.get_xlim()))
            return draw_svg(axes.figure)
        finally:
            for artist in (*axes.lines, *axes.collections, *axes.patches):
                artist.remove()


def lay_out_figure(height: float, left: float, right: float, top: float, bottom: float, **grid: object) -> tuple:
    """Return a figure of the page's width and its axes; margins in inches."""
    figure = Drawing(figsize=(PAGE_WIDTH, height))
    axes = figure.subplots(squeeze=False, **grid)
    figure.subplots_adjust(left / PAGE_WIDTH, bottom / height, 1 - right / PAGE_WIDTH, 1 - top / height)
    return figure, axes


TIME_TO_THE_LEFT = "←"  # beside the first year of a mirrored axis


def name_quarters(quarters: Sequence[str], t: Translator) -> list[tuple[str, str]]:
    """Return the short name of each quarter, and its year where the year begins, else a blank."""
    years = [quarter[:4] for quarter in quarters]
    return [(t.short_quarter(quarters[n]), "" if year in years[:n] else year) for n, year in enumerate(years)]


def mark_quarters(axes: Axes, quarters: Sequence[str], t: Translator, every: int = 1) -> None:
    """Write quarters under an axis, the last one always, the year where it begins."""
    ticks = range((len(quarters) - 1) % every, len(quarters), every)
    names = name_quarters([quarters[n] for n in ticks], t)
    labels = [f"{name}\n{year}" for name, year in names]
    if t.is_rtl and len(labels) > 1:
        labels[0] += f" {TIME_TO_THE_LEFT}"
    axes.set_xticks(ticks, labels)
    axes.set_xlim(-0.4, max(len(quarters) - 1, FEWEST_TICKS) + 0.25)


def find_top(values: Sequence[float], unit: str) -> float:
    """Return the end of an axis that begins at 0: 100 for percentages, else a little above the highest."""
    known = [value for value in values if not is_blank(value)]
    return 100 if unit == "percent" and max(known, default=0) <= 100 else max([*known, 1]) * 1.12


def find_members_top(levels: Sequence[float], unit: str) -> float:
    """Return the end of an axis of members' levels: 100 for percentages that come near it."""
    highest = max((level for level in levels if not is_blank(level)), default=100)
    return find_top(levels, unit if highest > 50 else "")


def list_heights(figures: Sequence[KpiFigure]) -> list[float]:
    """Return the values that an axis must have room for: figures, their bounds and their proposed targets."""
    return [height for figure in figures for height in (figure.assessed, *figure.bounds, figure.assessed_target)]


def mark_numbers(axes: Axes, top: float, unit: str, t: Translator, along: str = "y", most: int = 5) -> None:
    """Scale an axis from 0 to `top`, with a grid and at most `most` steps between its numbers."""
    axes.grid(axis=along)
    format_numbers(axes.yaxis if along == "y" else axes.xaxis, unit, t, most)
    (axes.set_ylim if along == "y" else axes.set_xlim)(0, top)


def format_numbers(axis: Axis, unit: str, t: Translator, most: int = 5) -> None:
    """Write an axis's numbers in the reader's language, with at most `most` steps between them."""
    axis.set_major_locator(matplotlib.ticker.MaxNLocator(most, integer=True))
    axis.set_major_formatter(lambda value, _: t.percent(value, 0) if unit == "percent" else t.number(value))


def spread(heights: Sequence[float], gap: float, lowest: float = -math.inf, highest: float = math.inf) -> list[float]:
    """Move labels apart, as little as it takes, keeping their order; `lowest` wins where there is not room for all."""
    order = sorted(range(len(heights)), key=lambda n: heights[n])
    pools: list[tuple[float, int]] = []  # labels that touch move as one: the sum of their heights, how many they are
    for place, n in enumerate(order):
        pools.append((heights[n] - place * gap, 1))
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] >= pools[-1][0] / pools[-1][1]:
            (last, many), (total, count) = pools.pop(), pools.pop()
            pools.append((total + last, count + many))
    levels = [total / count for total, count in pools for _ in range(count)]
    top = highest - (len(heights) - 1) * gap
    placed = {n: max(min(level, top), lowest) + k * gap for k, (n, level) in enumerate(zip(order, levels, strict=True))}
    return [placed[n] for n in range(len(heights))]


def write_beside(axes: Axes, text: str, height: float, shift: float = 5, x: float = 1, **look: object) -> None:
    """Write a text beside an axis (`x` 1: its right end, 0: its left), at a height of its scale, shifted by points."""
    axes.annotate(text, (x, height), (shift, 0), ("axes fraction", "data"), "offset points", va="center", **look)


def write_above(axes: Axes, text: str, x: float, shift: float = 4, **look: object) -> None:
    """Write a text above an axis, at a place `x` of its scale, shifted by points."""
    axes.annotate(text, (x, 1), (0, shift), ("data", "axes fraction"), "offset points", ha="center", size=8, **look)


def write_names(axes: Axes, names: Mapping[float, str]) -> None:
    """Write names before the beginning of an axis, each at its height; matplotlib's ticks take four times as long."""
    axes.set_yticks([])
    for height, name in names.items():
        write_beside(axes, name, height, -4, 0, ha="right", size=8, color=INK)


def write_labels(axes: Axes, labels: Sequence[tuple[float, str, dict]], line_inches: float = 0.15) -> None:
    """Write labels beside the right end of an axis, each at its height, none over another."""
    bottom, top = axes.get_ylim()
    gap = (top - bottom) * line_inches / inches_high(axes)
    heights = spread([min(max(height, bottom), top) for height, _, _ in labels], gap, bottom, top)
    for (_, text, look), height in zip(labels, heights, strict=True):
        write_beside(axes, text, height, **look)


def inches_high(axes: Axes) -> float:
    """Return the height of axes in inches."""
    return axes.get_position().height * axes.figure.get_figheight()


@cache
def text_width(text: str, size: float, weight: int = 400) -> float:
    """Return the width of a text in inches."""
    if not text.strip():
        return 0.0
    font = FontProperties(family=[FONT, ARABIC_FONT], size=size, weight=weight)
    return text_to_path.get_text_width_height_descent(text, font, ismath=False)[0] / 72


def names_width(names: Sequence[str], size: float, weight: int = 400, least: float = 0.0) -> float:
    """Return the margin, in inches, that names beside an axis need."""
    return max([least, *(text_width(name, size, weight) + 0.1 for name in names)])


class KeyEntry(NamedTuple):
    """One entry of a key: its words, and what draws its sign from a place `x` on, `inches` wide."""

    text: str
    draw: Callable[[Axes, float], object] = lambda axes, x: None
    inches: float = 0.0

    @property
    def start(self) -> float:
        """Where its words begin, from its own place on, in inches."""
        return self.inches + 0.07 * bool(self.inches)


def line_entry(text: str, **look: object) -> KeyEntry:
    """Return the entry of a line."""
    return KeyEntry(text, lambda axes, x: axes.plot([x, x + 0.28], [0.085, 0.085], **look), 0.28)


def marker_entry(text: str, marker: str = "o", **look: object) -> KeyEntry:
    """Return the entry of a marker."""
    return KeyEntry(text, lambda axes, x: axes.plot([x + 0.05], [0.085], marker, **look), 0.1)


def write_key(figure: Drawing, entries: Sequence[KeyEntry], row: int = 0) -> None:
    """Write a key in one row along the top of a figure, each sign before its words, closer where they must be.

    A further `row` lies beneath the first, 0.
    """
    height = figure.get_figheight()
    place = (0, 1 - 0.2 * (row + 1) / height, 1, 0.2 / height)
    axes = figure.add_axes(place, xlim=(0, PAGE_WIDTH), ylim=(0, 0.2))
    axes.set_axis_off()
    for size in (8.5, 8.0):
        widths, gap = _measure_key(entries, size)
        if gap >= CLOSEST:
            break
    x = 0.03
    for entry, width in zip(entries, widths, strict=True):
        entry.draw(axes, x)
        axes.annotate(entry.text, (x + entry.start, 0.085), va="center", size=size)
        x += width + min(gap, 0.26)


def _measure_key(entries: Sequence[KeyEntry], size: float) -> tuple[list[float], float]:
    """Return the widths of a key's entries, and the room between them where they fill a row; in inches."""
    widths = [entry.start + text_width(entry.text, size) for entry in entries]
    return widths, (PAGE_WIDTH - 0.08 - sum(widths)) / max(len(entries) - 1, 1)


def break_key(entries: Sequence[KeyEntry]) -> list[list[KeyEntry]]:
    """Return the rows that a key takes, each with as many entries as it has room for."""
    rows: list[list[KeyEntry]] = []
    for entry in entries:
        if not rows or _measure_key([*rows[-1], entry], 8.0)[1] < CLOSEST:
            rows.append([])
        rows[-1].append(entry)
    return rows


def find_runs(values: Sequence[float]) -> list[list[int]]:
    """Return the runs of places with a value: a line never crosses a gap."""
    runs = groupby(range(len(values)), lambda n: is_blank(values[n]))
    return [list(places) for blank, places in runs if not blank]


def plot_runs(axes: Axes, values: Sequence[float], **look: object) -> None:
    """Plot values by their places as a line that breaks where one is blank."""
    for run in find_runs(values):
        axes.plot(run, [values[n] for n in run], **look)


def draw_trend(axes: Axes, trend: Sequence[KpiFigure], colour: str = BLUE, size: float = 4) -> None:
    """Draw bounds as a band, values as a line with dots; a quarter with bounds only is a bar, without any a gap."""
    lower, upper = zip(*(point.bounds for point in trend), strict=True)
    banded = [math.nan if is_blank(u) else u - low for low, u in zip(lower, upper, strict=True)]
    for run in find_runs(banded):
        if len(run) == 1:
            axes.bar(run, [banded[run[0]]], 0.14, [lower[run[0]]], **_BAND)
        axes.fill_between(run, [lower[n] for n in run], [upper[n] for n in run], **_BAND)
    values = [point.assessed for point in trend]
    plot_runs(axes, values, color=colour, marker="o", markersize=size, zorder=3)
    for n, point in enumerate(trend):
        if point.is_bounds_only:
            high = lower[n] if is_blank(upper[n]) else upper[n]
            axes.plot([n, n], [lower[n], high], color=colour, marker="_", markersize=7, linewidth=1, zorder=2)


def wrap(text: str, width: int) -> str:
    """Break a text into lines of at most `width` letters, between words only."""
    return textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)


def split_columns(blocks: Sequence[tuple[str, Sequence]]) -> list[list[tuple[str, Sequence]]]:
    """Put blocks of rows, each with its heading, into two columns of about one length, in their own order."""
    total, so_far, columns = sum(len(rows) + 2 for _, rows in blocks), 0, ([], [])
    for block in blocks:
        columns[0 if so_far + len(block[1]) / 2 < total / 2 else 1].append(block)
        so_far += len(block[1]) + 2
    return list(columns)
