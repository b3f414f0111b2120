"""Figures of members and regions: values, and who answered."""

from __future__ import annotations

import csv
from functools import cache

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers import paths, selections
from helpers.charts.grammar import (
    BAND,
    BLUE,
    FEWEST_TICKS,
    INK,
    MUTED,
    PALE,
    TILES,
    WIDTH,
    drawn,
    find_top,
    make_figure,
    mark_numbers,
    mark_quarters,
    write_labels,
)
from helpers.plan import UNION, read_plan
from helpers.selections import RESPONSES, Tables
from helpers.words import RESPONSE_WORDS, Words, is_blank

# --- members and regions ----------------------------------------------------------------------------------------


def _member_rows(tables: Tables, kpi: str, region: str, say: Words) -> pd.DataFrame:
    """Return a region's members, known values from high to low, then those without, by name."""
    members = selections.select_members(tables, kpi)
    members = members[members["region"] == region]
    shown = members["value"] if members["denominator"].isna().all() else 100 * members["value"] / members["denominator"]
    names = [say.member(member, short=True) for member in members["member"]]
    return members.assign(shown=shown, name=names).sort_values(["shown", "name"], ascending=[False, True])


def _columns(tables: Tables, kpi: str, say: Words) -> list[list[tuple[str, pd.DataFrame]]]:
    """Put the regions into two columns of about one length, in their own order."""
    blocks = [(region, _member_rows(tables, kpi, region, say)) for region in read_plan().regions]
    total, so_far, columns = sum(len(rows) + 2 for _, rows in blocks), 0, ([], [])
    for block in blocks:
        columns[0 if so_far + len(block[1]) / 2 < total / 2 else 1].append(block)
        so_far += len(block[1]) + 2
    return list(columns)


@drawn
def plot_members(tables: Tables, kpi: str, say: Words) -> Figure:
    """Plot every member's value: sorted within its region, hollow where carried, a mark where there is none."""
    standing = selections.select_standing(tables, kpi)
    columns = _columns(tables, kpi, say)
    tallest = max(sum(len(rows) + 1.6 for _, rows in column) for column in columns)
    figure, ((*sides,),) = make_figure(0.155 * tallest + 0.52, 1.12, 0.8, 0.28, 0.24, ncols=2)
    figure.subplots_adjust(wspace=1.92 / ((WIDTH - 1.12 - 0.8 - 1.92) / 2))
    highest = find_top([v for column in columns for _, rows in column for v in rows["shown"]], standing.unit)
    for axes, column in zip(sides, columns, strict=True):
        mark_numbers(axes, highest * (1 if standing.unit == "percent" else 1.0), standing.unit, say, "x")
        axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(4, integer=True))
        axes.spines["bottom"].set_visible(False)
        place, ticks = 0.0, {}
        for region, rows in column:
            axes.annotate(
                say.region(region),
                (0, place),
                (-1.1 * 72, 0),
                ("axes fraction", "data"),
                "offset points",
                va="center",
                weight=700,
                size=9,
                color=INK,
            )
            for row in rows.itertuples():
                place += 1
                ticks[place] = row.name
                _draw_member(axes, row, place, say)
            place += 1.6
        axes.set_yticks(list(ticks), list(ticks.values()), color=INK)
        axes.tick_params("y", pad=4)
        axes.set_ylim(tallest - 0.9, -0.7)
    handles = [
        ("o", {"color": BLUE}, say("reported")),
        ("o", {"markerfacecolor": "#FFFFFF", "color": BLUE}, say("carried forward (c)")),
    ]
    lines = [
        matplotlib.lines.Line2D([], [], linestyle="", marker=m, markersize=5, label=t, **look) for m, look, t in handles
    ]
    lines.append(matplotlib.lines.Line2D([], [], linestyle="", label=say("{mark}: no data", mark=say.missing)))
    figure.legend(
        handles=lines,
        loc="upper left",
        bbox_to_anchor=(0, 1),
        ncols=3,
        borderpad=0,
        borderaxespad=0.1,
        handletextpad=0.3,
        columnspacing=1.4,
        fontsize=8.5,
    )
    return figure


def _draw_member(axes: Axes, row: object, place: float, say: Words) -> None:
    axes.axhline(place, color=PALE, linewidth=0.8, zorder=0)
    beside = ((1, place), (8, 0), ("axes fraction", "data"), "offset points")
    if is_blank(row.shown):
        axes.annotate(say.missing, *beside, va="center", size=8, color=MUTED, style="italic")
        return
    carried = row.basis == "carried"
    axes.plot(
        row.shown, place, "o", markersize=5, color=BLUE, markerfacecolor="#FFFFFF" if carried else BLUE, clip_on=False
    )
    parts = [say.number(row.value)] + ([] if is_blank(row.denominator) else [say.number(row.denominator)])
    axes.annotate("/".join(parts) + (" c" if carried else ""), *beside, va="center", size=8, color=INK)


@drawn
def plot_regions(tables: Tables, kpi: str, say: Words) -> Figure:
    """Plot a KPI by region and for the Union: value as a dot, bounds as a bar, the proposed target as a line."""
    scopes = [*read_plan().regions, UNION]
    standings = [selections.select_standing(tables, kpi, scope) for scope in scopes]
    unit, goal = standings[-1].unit, standings[-1].goal
    figure, ((axes,),) = make_figure(0.62 + 0.27 * len(scopes), 0.8, 2.75, 0.24, 0.28)
    top = find_top([v for one in standings for v in (one.assessed, *one.bounds, goal)], "")
    mark_numbers(axes, min(top, 100) if unit == "percent" else top, unit, say, "x")
    for place, one in enumerate(reversed(standings)):
        low, high = one.bounds
        if not one.is_certain and not is_blank(low):
            axes.plot(
                [low, top if is_blank(high) else high], [place, place], color=BAND, linewidth=7, solid_capstyle="butt"
            )
        axes.plot([one.assessed], [place], "o", color=INK if place == 0 else BLUE, markersize=7, zorder=4)
        bounds = say("bounds {interval}", interval=say.interval(low, high, unit))
        parts = selections.select_parts(tables, one)
        value = (
            "" if one.is_bounds_only else say.measured(one.assessed, unit) if is_blank(parts[1]) else say.rate(*parts)
        )
        text = value if one.is_certain or is_blank(low) else f"{value}   {bounds}" if value else bounds
        axes.annotate(
            text,
            (1, place),
            (6, 0),
            ("axes fraction", "data"),
            "offset points",
            va="center",
            size=8,
            weight=700 if place == 0 else 400,
        )
    axes.set_yticks(range(len(scopes)), [say.region(scope) for scope in reversed(scopes)], color=INK, size=8.5)
    axes.set_ylim(-0.6, len(scopes) - 0.4)
    if not is_blank(goal):
        axes.axvline(goal, color=INK, linewidth=0.9, linestyle=(0, (5, 3)), zorder=1)
        text = say("proposed target {value}", value=say.goal(goal, unit))
        axes.annotate(
            text, (goal, 1), (0, 3), ("data", "axes fraction"), "offset points", ha="center", weight=600, size=8
        )
    return figure


# --- who answered -----------------------------------------------------------------------------------------------


@cache
def _tile_grid() -> dict[str, tuple[int, int]]:
    with (paths.plan() / "tile_grid.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["papu_member"] == "yes"]
    return {row["iso3"]: (int(row["row"]), int(row["column"])) for row in rows}


def _draw_tile(axes: Axes, column: float, row: float, state: str, letters: str) -> None:
    fill, edge, ink, hatch, symbol = TILES[state]
    axes.add_patch(
        Rectangle((column + 0.04, row + 0.04), 0.92, 0.92, facecolor=fill, edgecolor=edge, hatch=hatch, linewidth=0.9)
    )
    look = {"bbox": {"facecolor": "#FFFFFF", "edgecolor": "none", "pad": 0.8}} if hatch else {}
    axes.text(
        column + 0.5,
        row + (0.4 if symbol else 0.5),
        letters,
        ha="center",
        va="center",
        size=8,
        weight=700,
        color=ink,
        **look,
    )
    if symbol:
        axes.plot(column + 0.5, row + 0.77, symbol, color=ink, markersize=3.4, markeredgewidth=0)


@drawn
def plot_map(tables: Tables, say: Words) -> Figure:
    """Plot who answered, one tile per member, roughly where the country lies; colour, symbol and letters."""
    answers = selections.select_responses(tables).set_index("member")["state"]
    figure = Figure(figsize=(WIDTH, 3.75))
    axes = figure.add_axes((0, 0, 1, 1))
    grid = _tile_grid()
    for member, state in answers.items():
        if member in grid:
            _draw_tile(axes, grid[member][1], grid[member][0], state, member)
    for place, state in enumerate(RESPONSES):
        _draw_tile(axes, 14.2, 2.2 + 1.35 * place, state, say.number(int((answers == state).sum())))
        axes.text(15.4, 2.7 + 1.35 * place, say(RESPONSE_WORDS[state]), va="center", size=10)
    axes.text(14.2, 1.75, say.plural("{n} member", len(answers)), weight=700, size=11, va="center")
    axes.set_xlim(2.9, 2.9 + 10.1 * WIDTH / 3.75)
    axes.set_ylim(11.05, 0.95)
    axes.set_axis_off()
    return figure


@drawn
def plot_responses(tables: Tables, say: Words) -> Figure:
    """Plot how many members answered on time, late, or not at all, quarter by quarter, at each one's own cut-off."""
    counted = selections.count_responses(tables)
    figure, ((axes,),) = make_figure(2.2, 0.05, 1.05, 0.1, 0.38)
    below = pd.Series(0, index=counted.index)
    labels = []
    for state in RESPONSES:
        fill, edge, ink, hatch, _ = TILES[state]
        heights = counted[state]
        axes.bar(range(len(heights)), heights, 0.82, below, color=fill, edgecolor=edge, hatch=hatch, linewidth=0.8)
        for place, (n, base) in enumerate(zip(heights, below, strict=True)):
            if n >= 2:
                box = {"bbox": {"facecolor": "#FFFFFF", "edgecolor": "none", "pad": 0.8}} if hatch else {}
                axes.text(
                    place, base + n / 2, say.number(n), ha="center", va="center", color=ink, weight=600, size=8.5, **box
                )
        if heights.iloc[-1]:
            labels.append(
                (below.iloc[-1] + heights.iloc[-1] / 2, say(RESPONSE_WORDS[state]), {"color": INK, "size": 8.5})
            )
        below = below + heights
    mark_quarters(axes, list(counted.index), say)
    axes.set_xlim(-0.5, max(len(counted), FEWEST_TICKS + 1) - 0.5)
    axes.set_ylim(0, max([*below, 1]))
    axes.set_yticks([])
    write_labels(axes, labels)
    return figure
