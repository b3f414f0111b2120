"""Charts: every figure can be drawn of any data, the same bytes each time, in colours that everybody can tell apart."""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations, pairwise
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_svg import RendererSVG
from PIL import Image

from helpers.i18n.formats import Translator
from helpers.report import drawing, figures, look, svg
from helpers.report.figures import chosen, flows, heat, levels, movements, over_time, parts, targets, tiles
from helpers.report.pdf.typeset import draw_picture
from helpers.strings import without_invisible
from helpers.tables import queries, replies
from invented import Invented, empty, invent
from reports import report_of

pytestmark = pytest.mark.slow

FR = Translator("fr")
FULL = invent()
TRAININGS = ("5.1.b", "5.1.c", "5.2.a", "5.3.b")


def on_axes(plot: Callable, data: object) -> drawing.Drawing:
    """Return a word-sized figure on axes of its own."""
    figure = drawing.Drawing(figsize=(0.65, 0.22))
    with matplotlib.rc_context(drawing.STYLE):
        axes = figure.subplots()
        axes.set_axis_off()
        plot(axes, data)
    return figure


def choose(tables: Invented, t: Translator, kpi: str, scope: str, members: list[str]) -> drawing.Drawing:
    """Return the figure of a choice over the last nine quarters."""
    return chosen.plot_choice(report_of(tables, t), kpi, scope, members, queries.select_quarters(tables))


FIGURES: dict[str, Callable] = {
    "heat table": lambda tables, t: heat.plot_heat(report_of(tables, t)),
    "distances": lambda tables, t: targets.plot_distances(report_of(tables, t)),
    "trend": lambda tables, t: over_time.plot_trend(report_of(tables, t), "2.1.a"),
    "trends": lambda tables, t: over_time.plot_trends(report_of(tables, t), TRAININGS),
    "sparkline": lambda tables, t: on_axes(over_time.plot_sparkline, queries.select_trend(tables, "3.1.a")),
    "companions": lambda tables, t: parts.plot_companions(report_of(tables, t), "1.1.b", "percent"),
    "companions' shares": lambda tables, t: parts.plot_companions(report_of(tables, t), "2.2.a", "items"),
    "families": lambda tables, t: parts.plot_families(report_of(tables, t), "3.1.a", "service_family"),
    "members": lambda tables, t: levels.plot_members(report_of(tables, t), "2.1.a"),
    "index by member": lambda tables, t: levels.plot_members(report_of(tables, t), "2.2.a"),
    "share by member": lambda tables, t: levels.plot_members(report_of(tables, t), "5.1.a"),
    "regions": lambda tables, t: levels.plot_regions(report_of(tables, t), "5.1.a"),
    "regions over time": lambda tables, t: over_time.plot_regions_over_time(report_of(tables, t), "2.1.a"),
    "rates over time": lambda tables, t: over_time.plot_regions_over_time(report_of(tables, t), "6.1.a"),
    "counts over time": lambda tables, t: over_time.plot_regions_over_time(report_of(tables, t), "3.1.a"),
    "map": lambda tables, t: tiles.plot_map(report_of(tables, t)),
    "member map": lambda tables, t: tiles.plot_member_map(report_of(tables, t), "1.1.b"),
    "member stages": lambda tables, t: tiles.plot_member_stages(report_of(tables, t), "1.1.b", "adopted_or_beyond"),
    "ladder": lambda tables, t: parts.plot_ladder(report_of(tables, t), "2.1.a", "electrified 2.1.a networked"),
    "flow": lambda tables, t: flows.plot_flow(report_of(tables, t), "5.1.a", "women"),
    "calendar": lambda tables, t: tiles.plot_calendar(report_of(tables, t)),
    "responses": lambda tables, t: levels.plot_responses(report_of(tables, t)),
    "changes": lambda tables, t: movements.plot_changes(report_of(tables, t), ("2.1.a", "3.1.a", "5.1.a")),
    "slopes of shares": lambda tables, t: movements.plot_slopes(report_of(tables, t), "2.1.a"),
    "choice": lambda tables, t: choose(tables, t, "2.1.a", "Western", ["SEN", "GHA", "NGA"]),
    "choice of many": lambda tables, t: choose(
        tables, t, "3.1.b", "", ["SEN", "KEN", "COD", "CAF", "TZA", "MAR", "ZAF", "GNQ", "SSD"]
    ),
    "choice of flows": lambda tables, t: choose(tables, t, "5.1.c", "Central", ["COD"]),
    "choice of one quarter": lambda tables, t: chosen.plot_choice(
        report_of(tables, t), "6.1.a", "Northern", [], [tables.quarter]
    ),
    "slopes of counts": lambda tables, t: movements.plot_slopes(report_of(tables, t), "3.1.a"),
}


@pytest.mark.parametrize("plot", FIGURES.values(), ids=FIGURES)
@pytest.mark.parametrize("tables", [FULL, invent("2022Q3"), empty()], ids=["full", "first quarter", "nobody"])
def test_every_figure_can_be_drawn_of_any_data(plot, tables):
    assert "<svg" in drawing.draw_svg(plot(tables, Translator("en")))


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_the_same_bytes_each_time_with_letters_as_text_and_no_date(name):
    first, second = (drawing.draw_svg(FIGURES[name](FULL, FR)) for _ in range(2))
    assert first == second and not re.search(r"date>|20\d\d-\d\d-\d\dT", first)
    assert ("<text" in first) == (name != "sparkline")


@pytest.mark.parametrize("language", ["fr", "pt", "ar"])
@pytest.mark.parametrize("name", FIGURES)
def test_letters_say_what_the_figure_was_told_to_say(name, language):
    """So that no number is another one in print: in Portuguese 13.677 is thirteen thousand."""
    figure = FIGURES[name](FULL, Translator(language))
    drawn = ElementTree.fromstring(drawing.draw_svg(figure)).iter(f"{{{svg.NAMESPACE}}}text")
    told = {line for text in figure.findobj(matplotlib.text.Text) for line in text.get_text().split("\n")}
    assert {without_invisible(text.text) for text in drawn} <= {without_invisible(line) for line in told}


def test_the_style_of_a_user_changes_no_figure():
    drawn = drawing.draw_svg(FIGURES["trend"](FULL, FR))
    with matplotlib.rc_context({"axes.grid": True, "lines.marker": "o", "font.weight": "bold", "svg.id": "mine"}):
        assert drawing.draw_svg(FIGURES["trend"](FULL, FR)) == drawn


def test_importing_and_drawing_leaves_matplotlib_as_it_was():
    before = dict(matplotlib.rcParams)
    drawing.draw_svg(FIGURES["trend"](FULL, FR))
    assert dict(matplotlib.rcParams) == before
    probe = "import helpers.report.figures, sys; print('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.parametrize("t", [FR, Translator("en"), Translator("ar")], ids=["fr", "en", "ar"])
@pytest.mark.parametrize("plot", FIGURES.values(), ids=FIGURES)
def test_letters_are_the_reports_own_at_eight_points_or_more_and_inside_the_figure(plot, t):
    figure = plot(FULL, t)
    figure.set_dpi(72)
    renderer = RendererSVG(*figure.bbox.size, io.StringIO())  # that of pictures fits letters to pixels, and widens them
    figure.draw(renderer)
    frame, unused = figure.bbox, unused_ticks(figure)
    for text in figure.findobj(matplotlib.text.Text):
        if not text.get_text().strip() or not text.get_visible() or text in unused:
            continue
        assert text.get_fontsize() >= 8 and text.get_fontfamily() == [look.FONT, look.ARABIC_FONT], text.get_text()
        box = text.get_window_extent(renderer)
        assert box.x0 >= frame.x0 - 1 and box.x1 <= frame.x1 + 1, text.get_text()
        assert box.y0 >= frame.y0 - 1 and box.y1 <= frame.y1 + 1, text.get_text()


@pytest.mark.parametrize("name", ["map", "member map", "member stages"])
def test_a_map_changes_sides_for_readers_from_right_to_left_but_not_its_compass(name):
    for t, before_the_key in ((FR, True), (Translator("ar"), False)):
        tiles, key = FIGURES[name](FULL, t).axes
        assert tiles.get_label() == drawing.MAP_AXES and key.get_label() != drawing.MAP_AXES
        assert (tiles.get_position().x0 < key.get_position().x0) == before_the_key
        places = {without_invisible(text.get_text()): tiles.transData.transform(text.xy)[0] for text in tiles.texts}
        assert places["SEN"] < places["ETH"] and places["GNQ"] < places["KEN"]


def test_quarters_run_from_right_to_left_for_those_who_read_so():
    ends = {}
    for t in (FR, Translator("ar")):
        axes = movements.plot_slopes(report_of(FULL, t), "2.1.a").axes[0]
        ends[t.is_rtl] = axes.transData.transform([(0, 50), (1, 50)])[:, 0]
    assert ends[False][0] < ends[False][1] and ends[True][0] > ends[True][1]


def unused_ticks(figure: drawing.Drawing) -> list[matplotlib.text.Text]:
    """Return the labels of ticks that lie outside their axis and are never drawn."""
    axes = [axis for one in figure.axes for axis in (one.xaxis, one.yaxis)]
    return [
        label
        for axis in axes
        for tick in axis.get_major_ticks()
        for label in (tick.label1, tick.label2)
        if not min(axis.get_view_interval()) - 1e-9 <= tick.get_loc() <= max(axis.get_view_interval()) + 1e-9
    ]


def test_a_sparkline_shows_the_target_within_reach_and_the_due_quarter():
    def styles(goal: float) -> list:
        trend = [replace(one, target=goal) for one in queries.select_trend(FULL, "3.1.a")]
        return [
            (line.get_linestyle(), list(line.get_xdata()))
            for line in on_axes(over_time.plot_sparkline, trend).axes[0].lines
        ]

    highest = max(one.assessed for one in queries.select_trend(FULL, "3.1.a") if one.assessed == one.assessed)
    due = [n for n, quarter in enumerate(queries.select_quarters(FULL)) if quarter == "2024Q1"]
    assert "--" in dict(styles(highest)) and "--" not in dict(styles(9 * highest))
    assert [x for _, x in styles(highest) if x == due * 2]


@pytest.mark.parametrize(("target", "end"), [(0.95, 100), (1.1, 123.2)])
def test_regions_are_cut_at_the_whole_unless_the_target_is_above_it(target, end):
    kpis = FULL.kpis.assign(target=FULL.kpis["target"].mask(FULL.kpis["kpi"] == "5.1.a", target))
    kpis.loc[kpis["kpi"] == "5.1.a", ["share_lower", "share_upper"]] = (0, 1.05)
    axes = FIGURES["regions"](replace(FULL, kpis=kpis), FR).axes[0]
    assert axes.get_xlim()[1] == pytest.approx(end)


def test_word_sized_figures_share_axes_and_leave_nothing_on_them():
    first, second = (queries.select_trend(FULL, kpi) for kpi in ("3.1.a", "2.1.a"))

    def fail(axes, data):
        over_time.plot_sparkline(axes, data)
        raise RuntimeError("in the middle")

    drawn = drawing.draw_word(over_time.plot_sparkline, first, 0.65, FR)
    assert drawing.draw_word(over_time.plot_sparkline, second, 0.65, FR) != drawn
    with pytest.raises(RuntimeError):
        drawing.draw_word(fail, second, 0.65, FR)
    mirrored = drawing.draw_word(over_time.plot_sparkline, first, 0.65, Translator("ar"))
    assert mirrored != drawn == drawing.draw_word(over_time.plot_sparkline, first, 0.65, FR)


def test_a_picture_for_the_screen_shows_every_row_of_a_drawing():
    for height in (100.3, 331.2, 447.9):  # points: a row of black and one of white per pixel
        n = round(height / 0.75)
        rows = "".join(f'<rect y="{row * height / n}" width="481.68" height="{height / n}"/>' for row in range(0, n, 2))
        size = f'width="481.68pt" height="{height}pt" viewBox="0 0 481.68 {height}"'
        picture = Image.open(io.BytesIO(draw_picture(f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{rows}</svg>')))
        shades = [picture.convert("L").getpixel((300, row)) for row in range(picture.height)]
        assert picture.size == (642, n) and all(abs(a - b) > 200 for a, b in pairwise(shades))


def test_a_figure_alone_is_shown_by_its_words_the_digest_of_its_strokes_and_a_picture():
    figure = figures.trend(report_of(FULL, FR), "2.1.a")
    shown = figure._repr_mimebundle_()
    digest = hashlib.sha256(figure.svg.encode()).hexdigest()
    assert shown["text/plain"] == f"{figure.title}\n{figure.alt}\nSVG sha256 {digest}"
    assert shown["image/png"].startswith(b"\x89PNG") and set(shown) == {"text/plain", "image/png"}


def test_every_plot_gives_a_drawing():
    assert all(isinstance(plot(FULL, FR), drawing.Drawing) for plot in FIGURES.values())


def test_a_choice_shows_members_beneath_on_the_same_quarters_and_carried_values_hollow():
    upper, lower, *_ = FIGURES["choice"](FULL, FR).axes
    assert upper.get_xlim() == lower.get_xlim()
    points = [line for line in lower.lines if line.get_marker() in list("os^")]
    basis = queries.select_levels_over_time(FULL, "2.1.a", ["SEN", "GHA", "NGA"], queries.select_quarters(FULL))
    hollow = sum(len(line.get_xdata()) for line in points if line.get_markerfacecolor() == "#FFFFFF")
    assert hollow == basis["basis"].eq("carried").sum() > 0


def test_a_choice_says_where_its_data_are_invented():
    said = {text.get_text() for text in FIGURES["choice"](FULL, FR).texts}
    assert said == {"Données fictives / invented sample"}
    assert not FIGURES["choice"](replace(FULL, sample=False), FR).texts


def test_a_gap_is_a_gap_and_carried_values_are_hollow():
    assert drawing.find_runs([1.0, float("nan"), 2.0, 3.0]) == [[0], [2, 3]]
    axes = FIGURES["members"](FULL, FR).axes
    fills = {line.get_markerfacecolor() for one in axes for line in one.lines if line.get_marker() == "o"}
    assert fills == {"#FFFFFF", look.BLUE}


def test_labels_never_lie_over_each_other_and_move_as_little_as_it_takes():
    rng = np.random.default_rng(1)
    for _ in range(50):
        heights = sorted(drawing.spread(list(rng.uniform(0, 1, 6)), 0.1, 0.0))
        assert min(b - a for a, b in zip(heights, heights[1:], strict=False)) >= 0.1 - 1e-9
    assert drawing.spread([0.5, 0.1, 0.9], 0.1) == pytest.approx([0.5, 0.1, 0.9])
    assert drawing.spread([0.5, 0.5], 0.25) == pytest.approx([0.375, 0.625])
    assert drawing.spread([1.0, 1.0, 0.0], 0.25, 0.0, 1.0) == pytest.approx([0.75, 1.0, 0.0])


@pytest.mark.parametrize("name", ["map", "member map", "member stages"])
def test_a_map_shows_each_member_once_and_nobody_else(name):
    shown = {text.get_text() for text in FIGURES[name](FULL, FR).axes[0].texts}
    members = {member.member for member in queries.read_plan().members}
    assert {text for text in shown if re.fullmatch("[A-Z]{3}", text)} == members


# --- colours ----------------------------------------------------------------------------------------------------

# Machado, Oliveira and Fernandes (2009), severity 1.
BLINDNESS = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    scaled = TO_XYZ @ np.clip(rgb, 0, 1) / np.array([0.9505, 1, 1.089])
    x, y, z = np.where(scaled > 0.008856, np.cbrt(scaled), 7.787 * scaled + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one: str, other: str) -> float:
    light, dark = sorted((float(TO_XYZ[1] @ linear(colour)) for colour in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


WORST = {"normal": 62, "protan": 56, "deutan": 44, "tritan": 39}  # of the status fills, as designed (CIE76)


def distance(one: str, other: str, eye: str) -> float:
    see = np.eye(3) if eye == "normal" else np.array(BLINDNESS[eye])
    return float(np.linalg.norm(lab(see @ linear(one)) - lab(see @ linear(other))))


def lightness(colour: str) -> float:
    """Return how light a colour is in grey: L* of its luminance."""
    return 116 * np.cbrt(float(TO_XYZ[1] @ linear(colour))) - 16


@pytest.mark.parametrize("eye", WORST)
def test_status_fills_can_be_told_apart(eye):
    fills = sorted({fill for fill, _ in look.STATUS_COLOURS.values()})
    assert len(fills) == 4
    assert min(distance(*pair, eye) for pair in combinations(fills, 2)) >= WORST[eye] - 0.5


# What one figure tells apart: colours, and beside each whatever else tells it from the others, as it is drawn.
TILE_SIGNS = {state: (look.fill, look[3:7]) for state, look in tiles.TILE_STYLES.items()}  # hatch, symbol, hollow, mark
TOLD_APART = {
    "tiles of who answered": [TILE_SIGNS[state] for state in replies.RESPONSE_STATES],
    "tiles of the roadmap": [TILE_SIGNS[state] for state in queries.YES_NO_STATES],
    "slopes": [
        (look["color"], (look.get("linestyle"), look.get("marker"), look["linewidth"] > 3))
        for look in (*movements.SLOPE_STYLES.values(), movements.MEDIAN_STYLE)
    ],
    "steps of a waterfall": [
        (look["facecolor"], look.get("hatch")) for look in (movements.RISE_STYLE, movements.FALL_STYLE)
    ],
    "lines of families": list(over_time.LINE_STYLES),
    "lines of members": [
        (shade, (marker, dash)) for shade, marker, dash in chosen.MEMBER_STYLES[: chosen.MOST_MEMBERS]
    ],
    "region and Union": [(look.BLUE, None), (look.INK, None)],
    "value and bounds": [(look.BLUE, None), (look.BAND, None)],
}
# These hang on more than colour, and why that is enough: the tiles on symbols, slopes that rise and fall on dashes and
# a marker, their median on its width, a waterfall's falls on hatching and a sign, families on markers and their names.
ON_SIGNS_TOO = {
    "tiles of who answered", "tiles of the roadmap", "slopes", "steps of a waterfall", "lines of families",
    "lines of members",
}  # fmt: skip


@pytest.mark.parametrize("figure", TOLD_APART)
def test_what_a_figure_tells_apart_is_told_to_every_eye(figure):
    for (one, sign), (other, other_sign) in combinations(TOLD_APART[figure], 2):
        for eye in WORST:
            assert distance(one, other, eye) > 20 or sign != other_sign, (figure, one, other, eye)


@pytest.mark.parametrize("figure", TOLD_APART)
def test_what_a_figure_tells_apart_is_told_in_grey(figure):
    for (one, sign), (other, other_sign) in combinations(TOLD_APART[figure], 2):
        assert abs(lightness(one) - lightness(other)) > 15 or sign != other_sign, (figure, one, other)


def test_colours_stand_alone_only_where_every_eye_tells_them():
    def alone(pairs: list) -> bool:
        return all(distance(a, b, eye) > 20 for (a, _), (b, _) in combinations(pairs, 2) for eye in WORST)

    assert {figure for figure, signs in TOLD_APART.items() if not alone(signs)} == ON_SIGNS_TOO


def test_texts_stand_out_from_what_is_behind_them():
    for fill, text in look.STATUS_COLOURS.values():
        assert contrast(fill, text) >= 4.5
    for ink in (look.INK, look.MUTED, look.BLUE, look.VIOLET):
        assert contrast(ink, "#FFFFFF") >= 4.5
        assert contrast(ink, look.PALE) >= 4.5
