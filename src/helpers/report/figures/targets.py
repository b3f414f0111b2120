"""The figure of all indicators against their targets: how far each is on its way, and what its status was and is."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from helpers.i18n import Translator, is_blank, terms
from helpers.plan import quarters, read_plan
from helpers.report import drawing, phrases
from helpers.report.blocks import Sentence
from helpers.report.document import Report
from helpers.report.drawing import BOUNDS_BAR, PAGE_WIDTH, TARGET_LINE, Drawing, KeyEntry, line_entry, marker_entry
from helpers.report.headlines import describe_reached, list_figures
from helpers.report.look import BLUE, INK, OUTLINE_COLOUR, PALE, STATUS_COLOURS
from helpers.tables import Claim, KpiFigure, queries

FARTHEST = 150  # percent of the way that the axis shows; what lies beyond is cut
MARKERS = {  # of each status: none has another's shape; a dot within says that it came late
    "achieved": "o", "achieved_late": "o", "on_track": "^", "at_risk": "D", "off_track": "v", "overdue": "s",
    "missed": "X", "not_assessable": "d",
}  # fmt: skip
_NAMES, _MARK = 2.5, 0.42  # inches: of the names, and of a column of statuses
_LINE, _GAP, _LETTERS = 0.14, 0.06, 50  # inches of a line of a name, and between rows; letters of a line


def draw_status(axes: Axes, x: float, y: float, figure: KpiFigure) -> None:
    """Draw the status of a figure as a mark, hollow where missing data could change it."""
    status, hollow = figure.shown_status, figure.robust is False
    fill = STATUS_COLOURS[status][0]
    ink = OUTLINE_COLOUR if status in ("on_track", "at_risk", "not_assessable") else fill
    axes.plot([x], [y], MARKERS[status], color=ink, markerfacecolor="#FFFFFF" if hollow else fill, markersize=6.5)
    if status == "achieved_late":
        axes.plot([x], [y], "o", color=ink if hollow else "#FFFFFF", markersize=2.4, markeredgewidth=0)


def _list_marks(report: Report, figure: KpiFigure) -> list[KpiFigure]:
    """Return the figures whose statuses are shown beside a row: the last quarter's, where there is one, and this."""
    if not report.tables.had_statuses:
        return [figure]
    past = quarters.shift(report.quarter, -1)
    return [queries.select_figure(report.tables, figure.kpi.kpi, quarter=past), figure]


def _place_rows(names: Sequence[str], figures: Sequence[KpiFigure]) -> tuple[list[float], float]:
    """Return the middle of each row in inches from the top, themes a little apart, and the height of all."""
    places, bottom, theme = [], 0.0, 0
    for name, figure in zip(names, figures, strict=True):
        bottom += 0.09 * (theme not in (0, figure.kpi.theme))
        height, theme = _LINE * (name.count("\n") + 1) + _GAP, figure.kpi.theme
        places.append(bottom + height / 2)
        bottom += height
    return places, bottom


@drawing.in_report_style
def plot_distances(report: Report) -> Drawing:
    """Plot how far each indicator is on the way from its baseline to its target, in percent, with its bounds.

    Beside each row are its value and target, and its status in the last quarter and in this one.
    """
    t, figures = report.t, list_figures(report)
    names = [drawing.wrap(f"{each.kpi.kpi}  {phrases.name_kpi(each.kpi.kpi, t)}", _LETTERS) for each in figures]
    places, tall = _place_rows(names, figures)
    columns = [each.quarter for each in _list_marks(report, figures[0])]
    keys = _list_keys(report, figures)
    top, bottom = 0.22 + 0.2 * len(keys), 0.26
    values, wide = [_name_value(report, each) for each in figures], _MARK * len(columns)
    right = wide + 0.1 + drawing.names_width(values, 8, least=0.8)
    figure, ((axes,),) = drawing.lay_out_figure(tall + top + bottom, _NAMES, right, top, bottom)
    height, part = figure.get_figheight(), wide / PAGE_WIDTH
    marks = figure.add_axes((1 - part, bottom / height, part, tall / height), xlim=(0, len(columns)))
    marks.set_axis_off()
    drawing.mark_numbers(axes, FARTHEST, "percent", t, "x", most=3)
    for side in (axes, marks):
        side.set_ylim(tall, 0)
    axes.axvline(100, **TARGET_LINE)
    axes.hlines(places, 0, FARTHEST, color=PALE, linewidth=0.8, zorder=0)
    for place, each, value in zip(places, figures, values, strict=True):
        _draw_way(axes, place, each, t)
        drawing.write_beside(axes, value, place, 8, size=8, color=INK)
        for column, shown in enumerate(_list_marks(report, each)):
            draw_status(marks, column + 0.5, place, shown)
    for column, quarter in enumerate(columns):
        drawing.write_above(marks, t.short_quarter(quarter), column + 0.5, weight=600)
    drawing.write_beside(axes, t("value / target"), 0, 8, size=8, weight=600)
    axes.texts[-1].xyann = (8, 8)
    axes.set_yticks([])
    for place, name in zip(places, names, strict=True):
        drawing.write_beside(axes, name, place, -72 * _NAMES + 2, 0, size=8, color=INK, linespacing=1.0)
    for row, entries in enumerate(keys):
        drawing.write_key(figure, entries, row)
    return figure


def _point(beyond: bool, t: Translator) -> str:
    """Return the marker that points along the axis, or back; the axis of a drawing may be mirrored, its markers not."""
    return ">" if beyond is not t.is_rtl else "<"


def _draw_way(axes: Axes, place: float, figure: KpiFigure, t: Translator) -> None:
    """Draw a figure as a dot, its bounds as a bar; a triangle at the end where it lies beyond the axis."""
    low, high = (figure.way_to(bound) for bound in figure.bounds)
    if not figure.is_certain and not is_blank(low):
        high = FARTHEST if is_blank(high) else high
        axes.plot([min(max(x, 0), FARTHEST) for x in (low, high)], [place, place], **BOUNDS_BAR)
    way = figure.way_to(figure.assessed)
    if is_blank(way):
        return
    marker = "o" if 0 <= way <= FARTHEST else _point(way > FARTHEST, t)
    axes.plot([min(max(way, 0), FARTHEST)], [place], marker, color=BLUE, markersize=5.5, clip_on=False, zorder=4)


def _name_value(report: Report, figure: KpiFigure) -> str:
    """Return a figure, or its bounds, and its target."""
    value = phrases.format_bounds(figure, report.t)
    if not is_blank(figure.assessed):
        value = phrases.format_level(report, figure).partition(" (")[0]
    return f"{value} / {phrases.format_target(figure, report.t)}"


def _list_keys(report: Report, figures: Sequence[KpiFigure]) -> list[list[KeyEntry]]:
    """Return the rows of the key: what dots, bars and lines are, and beneath it the statuses that occur."""
    t = report.t
    first = [
        marker_entry(t("value"), color=BLUE, markersize=5.5),
        line_entry(t("bounds"), **BOUNDS_BAR),
        line_entry(t("Proposed target"), **TARGET_LINE),
        marker_entry(t("beyond {value}", value=t.percent(FARTHEST, 0)), _point(True, t), color=BLUE, markersize=5.5),
    ]
    shown = [mark for each in figures for mark in _list_marks(report, each)]
    if any(mark.robust is False for mark in shown):
        first.append(KeyEntry(t("hollow: to be confirmed")))
    seen = {mark.shown_status: mark for mark in sorted(shown, key=lambda mark: mark.robust is False, reverse=True)}
    second = [_status_entry(t(terms.STATUS_WORDS[status]), seen[status]) for status in MARKERS if status in seen]
    return [*drawing.break_key(first), *drawing.break_key(second)]


def _status_entry(text: str, figure: KpiFigure) -> KeyEntry:
    return KeyEntry(text, lambda axes, x: draw_status(axes, x + 0.05, 0.085, figure), 0.1)


def caption_distances(report: Report) -> phrases.Caption:
    """Return the caption of all indicators against their targets."""
    t, figures = report.t, list_figures(report)
    title, quarter = _describe_farthest(report, figures), t.quarter(report.quarter)
    lines = t.joined(_describe_way(report, each) for each in figures)
    subtitle = (
        "Part of the way from the baseline to the target, in %, Union, {quarter}; status then and in {before}"
        if report.tables.had_statuses
        else "Part of the way from the baseline to the target, in %, Union, {quarter}; status at the end of the quarter"
    )
    before = t.quarter(quarters.shift(report.quarter, -1))
    return {
        "title": title,
        "subtitle": t(subtitle, quarter=quarter, before=before),
        "n": t.plural("{n} indicator", len(figures)),
        "alt": f"{title}. " + t("Dots by indicator, with bars from bound to bound: {lines}.", lines=lines),
        "source": phrases.describe_origin(read_plan().kpis, t),
    }


def _describe_farthest(report: Report, figures: Sequence[KpiFigure]) -> Sentence:
    """Return how many indicators do not reach their target, and which of them is farthest from it."""
    t, below = report.t, [each for each in figures if each.is_missed]
    ways = {each.kpi.kpi: each.way_to(each.assessed) for each in below if not is_blank(each.assessed)}
    if not ways:
        return describe_reached(report)
    least = min(ways.values())
    names = [kpi for kpi, way in ways.items() if way - least < 1e-6]
    what = phrases.name_kpi(names[0], t) if len(names) == 1 else t.plural("{n} indicator", len(names))
    text = t.plural(
        "{n} target is due and not reached; widest gap: {what}, at {way} of the way",
        len(below), what=what, way=t.percent(least, 0),
    )  # fmt: skip
    claim = Claim("missed", report.quarter, which=phrases.codes(below))
    return Sentence(text, claim, Claim("farthest", report.quarter, which=tuple(names), values={"way": least}))


def _describe_way(report: Report, figure: KpiFigure) -> str:
    """Return a figure in words: value and target, the part of the way, what its status was, if another, and is."""
    t, way = report.t, figure.way_to(figure.assessed)
    words = dict.fromkeys(phrases.badge(each, t).word for each in _list_marks(report, figure))
    shown = t.missing if is_blank(way) else t.percent(way, 0)
    return t.enumerated([f"{figure.kpi.kpi} {_name_value(report, figure)} ({shown})", " → ".join(words)])
