"""Figures made of tiles: each member's answer on a map, who answered, and how regularly."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from helpers import paths
from helpers.i18n import Translator, catalogue, terms
from helpers.plan import read_plan
from helpers.report import drawing, phrases
from helpers.report.blocks import Sentence
from helpers.report.document import Report
from helpers.report.drawing import PAGE_WIDTH, Drawing, KeyEntry
from helpers.report.look import AMBER, BAND, BLUE, GREY, HEAT, INK, MUTED, OUTLINE_COLOUR, VERMILION
from helpers.tables import Claim, queries, replies

NAMED_IN_TITLE = 8  # members that a title names
MAP_HEIGHT, MAP_COLUMNS, MAP_ROWS = 3.2, 10.2, 10.1  # inches; the members' tiles lie in columns 3-12, rows 1-10


class TileStyle(NamedTuple):
    """How a state is drawn: never by its fill alone."""

    fill: str
    edge: str
    ink: str
    hatch: str = ""
    symbol: str = ""
    hollow: bool = False  # the symbol
    mark: str = ""  # a letter beside the symbol
    line: float = 0.9

    @property
    def box(self) -> dict[str, object]:
        """The look of its area."""
        return {"facecolor": self.fill, "edgecolor": self.edge, "hatch": self.hatch, "linewidth": self.line}


TILE_STYLES = {
    replies.ON_TIME: TileStyle(BLUE, BLUE, "#FFFFFF", symbol="o"),
    replies.LATE: TileStyle(AMBER, OUTLINE_COLOUR, "#000000", symbol="D"),
    replies.ONLY_REFUSED: TileStyle("#FFFFFF", VERMILION, VERMILION, symbol="X"),
    replies.NO_RETURN: TileStyle("#FFFFFF", GREY, MUTED, hatch="////"),
    queries.YES: TileStyle(BLUE, BLUE, "#FFFFFF", symbol="o"),
    queries.YES_CARRIED: TileStyle("#FFFFFF", BLUE, BLUE, symbol="o", mark="c", line=1.6),
    queries.NO: TileStyle(BAND, OUTLINE_COLOUR, INK, symbol="o", hollow=True),
    queries.NO_CARRIED: TileStyle("#FFFFFF", OUTLINE_COLOUR, INK, symbol="o", hollow=True, mark="c"),
    queries.BETWEEN: TileStyle(HEAT[1], BLUE, INK, symbol="D"),
    queries.BETWEEN_CARRIED: TileStyle("#FFFFFF", HEAT[1], INK, symbol="D", mark="c", line=1.6),
    queries.UNKNOWN: TileStyle("#FFFFFF", GREY, MUTED, hatch="////"),
}


def _draw_symbol(axes: Axes, x: ArrayLike, y: ArrayLike, look: TileStyle, size: float) -> None:
    style = {"color": "none" if look.hollow else look.ink, "markeredgecolor": look.ink, "markersize": size}
    axes.plot(x, y, look.symbol, markeredgewidth=0.9 * look.hollow, linestyle="none", **style)


def _draw_tile(axes: Axes, column: float, row: float, look: TileStyle, letters: str) -> None:
    """Draw a tile of a map: letters, and under them its symbol and mark."""
    axes.add_patch(Rectangle((column + 0.04, row + 0.04), 0.92, 0.92, **look.box))
    middle = {"ha": "center", "va": "center", "size": 8, "color": look.ink}
    place = (column + 0.5, row + (0.37 if look.symbol else 0.5))
    axes.annotate(letters, place, weight=700, **middle, **(drawing.ON_HATCHING if look.hatch else {}))
    if look.symbol:
        _draw_symbol(axes, column + (0.4 if look.mark else 0.5), row + 0.76, look, 3.6)
    if look.mark:
        axes.annotate(look.mark, (column + 0.64, row + 0.73), **middle)


@cache
def _tile_grid() -> dict[str, tuple[int, int]]:
    rows = [row for row in catalogue.read_csv(paths.plan() / "tile_grid.csv") if row["member"] == "yes"]
    return {row["iso3"]: (int(row["row"]), int(row["column"])) for row in rows}


def _draw_map(rows: pd.DataFrame, words: Mapping[str, str], t: Translator) -> Drawing:
    """Draw one tile per member, roughly where its country lies, and beside the map what each state is, and how many.

    `words` names the states in their order. The key has axes of its own, so that for readers from right to left it
    comes before the map, not within it.
    """
    figure, wide = Drawing(figsize=(PAGE_WIDTH, MAP_HEIGHT)), MAP_HEIGHT * MAP_COLUMNS / MAP_ROWS
    limits = {"ylim": (0.95 + MAP_ROWS, 0.95)}
    tiles = {"label": drawing.MAP_AXES, "xlim": (2.9, 2.9 + MAP_COLUMNS), **limits}
    axes = figure.add_axes((0, 0, wide / PAGE_WIDTH, 1), **tiles)
    room = (PAGE_WIDTH - wide) * MAP_ROWS / MAP_HEIGHT
    key = figure.add_axes((wide / PAGE_WIDTH, 0, 1 - wide / PAGE_WIDTH, 1), xlim=(0, room), **limits)
    for side in (axes, key):
        side.set_axis_off()
    for member, state in zip(rows["member"], rows["state"], strict=True):
        if member in _tile_grid():
            row, column = _tile_grid()[member]
            _draw_tile(axes, column, row, TILE_STYLES[state], member)
    key.annotate(t.counted(len(rows), "members"), (1.3, 2.6), weight=700, size=10.5, va="center")
    for place, (state, word) in enumerate(words.items()):
        row, n = 3.2 + min(1.25, 7.8 / len(words)) * place, int((rows["state"] == state).sum())
        _draw_tile(key, 1.3, row, TILE_STYLES[state], t.number(n))
        key.annotate(drawing.wrap(word, 36), (2.55, row + 0.5), va="center", size=9.5)
    return figure


@drawing.in_report_style
def plot_map(report: Report) -> Drawing:
    """Plot who answered, one tile per member, roughly where the country lies; colour, symbol and letters."""
    return _draw_map(replies.select_responses(report.tables), _translate(terms.RESPONSE_WORDS, report.t), report.t)


def _translate(words: Mapping[str, str], t: Translator) -> dict[str, str]:
    """Return the words of states in a language, in the order of the states."""
    return {state: t(word) for state, word in words.items()}


@drawing.in_report_style
def plot_member_map(report: Report, kpi: str) -> Drawing:
    """Plot each member's answer to a yes-or-no KPI, one tile each: yes, no, no data; white with a c where carried."""
    rows = queries.select_yes_no_states(report.tables, kpi)
    return _draw_map(rows, _translate(terms.STATE_WORDS, report.t), report.t)


@drawing.in_report_style
def plot_member_stages(report: Report, kpi: str, of: str) -> Drawing:
    """Plot the map of a yes-or-no KPI; members that meet a companion already, and not yet the KPI, have a look."""
    return _draw_map(*_find_stages(report, kpi, of), report.t)


def _find_stages(report: Report, kpi: str, of: str) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return each member's state, those between marked, and the words for the states in their order."""
    t, rows = report.t, queries.select_yes_no_states(report.tables, kpi)
    own = {queries.NO: queries.BETWEEN, queries.NO_CARRIED: queries.BETWEEN_CARRIED}
    is_between = rows["member"].isin(queries.list_between(report.tables, kpi, of))
    rows = rows.assign(state=rows["state"].mask(is_between, rows["state"].map(own)))
    words, what = _translate(terms.STATE_WORDS, t), phrases.name_figure("member_stages", kpi, of, t)
    between = {queries.BETWEEN: what, queries.BETWEEN_CARRIED: f"{what} (c)"}
    first = {state: words[state] for state in (queries.YES, queries.YES_CARRIED)}
    return rows, first | between | words


def _make_entry(state: str, t: Translator) -> KeyEntry:
    def draw(axes: Axes, x: float) -> None:
        axes.add_patch(Rectangle((x, 0.025), 0.18, 0.12, **TILE_STYLES[state].box))
        if TILE_STYLES[state].symbol:
            _draw_symbol(axes, x + 0.09, 0.085, TILE_STYLES[state], 3.2)

    return KeyEntry(t(terms.RESPONSE_WORDS[state]), draw, 0.18)


def _draw_cells(axes: Axes, places: Sequence[tuple[int, float]], look: TileStyle) -> None:
    """Draw the cells of one state, each about its column and row."""
    boxes = [Rectangle((column - 0.44, row - 0.4), 0.88, 0.8) for column, row in places]
    axes.add_collection(PatchCollection(boxes, **look.box))
    if look.symbol:
        _draw_symbol(axes, *zip(*places, strict=True), look, 3.2)


def _mark_columns(axes: Axes, quarters: Sequence[str], t: Translator) -> None:
    """Write quarters over the columns, the year over its first."""
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(quarters)), [f"{year}\n{name}" for name, year in drawing.name_quarters(quarters, t)])
    axes.tick_params("x", pad=2)
    axes.set_xlim(-0.5, max(len(quarters), replies.SPARK_QUARTERS) - 0.5)
    axes.spines["bottom"].set_visible(False)


@drawing.in_report_style
def plot_calendar(report: Report) -> Drawing:
    """Plot how each member answered quarter by quarter, each as of its own first cut-off; counts are at the end."""
    t, quarters, regions = report.t, queries.select_quarters(report.tables), []
    for region, rows in replies.select_calendar(report.tables).groupby("region", sort=False):
        members = rows.groupby("member", sort=False)
        regions.append((region, [(t.member(member, short=True), part) for member, part in members]))
    columns = drawing.split_columns(regions)
    tallest = max(sum(len(members) + 1.3 for _, members in column) for column in columns)
    left = drawing.names_width([name for _, members in regions for name, _ in members], 8, least=1.0)
    figure, ((*sides,),) = drawing.lay_out_figure(0.137 * tallest + 0.58, left, 0.4, 0.55, 0.03, ncols=2)
    figure.subplots_adjust(wspace=(left + 0.5) / ((PAGE_WIDTH - 2 * left - 0.9) / 2))
    for axes, column in zip(sides, columns, strict=True):
        _mark_columns(axes, quarters, t)
        axes.set_ylim(tallest - 0.8, -0.6)
        row, names, cells = 0.0, {}, defaultdict(list)
        for region, members in column:
            drawing.write_beside(axes, t.region(region), row, -72 * left + 2, 0, weight=700, size=8.5, color=INK)
            for name, rows in members:
                row += 1
                names[row] = name
                for quarter, state in zip(rows["quarter"], rows["state"], strict=True):
                    cells[state].append((quarters.index(quarter), row))
                answered = f"{t.number(int(rows['answered'].sum()))}/{t.number(len(rows))}"
                axes.annotate(
                    answered, (len(quarters) - 0.5, row), (4, 0), "data", "offset points", va="center", size=8
                )
            row += 1.3
        for state, places in cells.items():
            _draw_cells(axes, places, TILE_STYLES[state])
        drawing.write_names(axes, names)
    key = [_make_entry(state, t) for state in replies.RESPONSE_STATES]
    drawing.write_key(figure, [*key, KeyEntry(t("n/N: quarters answered, of those asked"))])
    return figure


def _describe_map(rows: pd.DataFrame, words: Mapping[str, str], t: Translator) -> str:
    """Return the alternative text of a map: how many members are in each state, and which."""
    groups = [(word, list(rows[rows["state"] == state]["member"])) for state, word in words.items()]
    lines = (t("{what} ({n}): {value}", n=len(members), what=word, value=t.listed(members)) for word, members in groups)
    return t("Tile map of the members. {groups}.", groups=t.joined(lines))


def caption_map(report: Report) -> phrases.Caption:
    """Return the caption of the map of who answered."""
    t, answers = report.t, replies.select_responses(report.tables)
    counts = {state: int((answers["state"] == state).sum()) for state in replies.RESPONSE_STATES}
    subtitle = "Accepted returns for {quarter} received by {day}; one tile per member, no boundaries are implied"
    return {
        "title": Sentence(
            t("On time: {on_time}; late: {late}; refused: {refused}; no return: {missing}", **counts),
            *(phrases.claim_returns(report, (state,)) for state in replies.RESPONSE_STATES),
        ),
        "subtitle": t(subtitle, quarter=t.quarter(report.quarter), day=t.day(report.as_of)),
        "n": t("{n} returns expected", n=len(answers)),
        "alt": _describe_map(answers, _translate(terms.RESPONSE_WORDS, t), t),
    }


def caption_member_map(report: Report, kpi: str) -> phrases.Caption:
    """Return the caption of the map of the members' answers to a yes-or-no KPI."""
    t, rows = report.t, queries.select_yes_no_states(report.tables, kpi)
    shares = rows["state"].isin((queries.YES, queries.YES_CARRIED)).groupby(rows["region"]).mean()
    half, what, of = shares.index[shares >= 0.5], phrases.name_own_kpi(kpi, t), len(shares)
    if len(half):
        sentence = "In {n} of {of} regions at least half of the members have reported: {what}"
        text = t.plural(sentence, len(half), of=of, what=what)
    else:
        text = t("In none of the {of} regions have half of the members reported: {what}", of=of, what=what)
    claim = Claim("half", report.quarter, kpi, which=tuple(half), values={"of": of})
    figure = queries.select_figure(report.tables, kpi)
    subtitle = "{measure}, {quarter}; white with a c: carried forward; one tile per member, no boundaries are implied"
    return {
        "title": Sentence(text, claim),
        "subtitle": t(subtitle, measure=phrases.describe_measure(figure, t), quarter=t.quarter(report.quarter)),
        "n": phrases.describe_coverage(report, figure),
        "alt": _describe_map(rows, _translate(terms.STATE_WORDS, t), t),
    }


def caption_member_stages(report: Report, kpi: str, of: str) -> phrases.Caption:
    """Return the caption of the same map with those between: how many they are, and which."""
    t, (rows, states), between = report.t, _find_stages(report, kpi, of), queries.list_between(report.tables, kpi, of)
    what, n = phrases.name_figure("member_stages", kpi, of, t), len(between)
    claim = Claim("between", report.quarter, kpi, about=(of,), which=tuple(between), values={"n": n})
    is_known = queries.select_members(report.tables, kpi)["value"].notna().any()
    text = t("{what}: no member", what=what) if is_known else t("{what}: {value}", what=what, value=t.missing)
    if n > NAMED_IN_TITLE:
        text = t("{what}: {value}", what=what, value=t.counted(n, "members"))
    elif n:
        names = t.listed([t.member(member, short=True) for member in between])
        text = t("{what} ({n}): {value}", what=what, n=n, value=names)
    words = {"title": Sentence(text, claim), "alt": f"{text}. {_describe_map(rows, states, t)}"}
    return caption_member_map(report, kpi) | words


def _describe_calendar(every: int, never: int, of: int, n_quarters: int, since: str, t: Translator) -> str:
    """Return how many members have answered every quarter, and how many never."""
    counted = {"of": of, "never": never, "quarter": t.quarter(since)}
    if never == of:
        return t("No member has answered since {quarter}", **counted)
    if n_quarters > 1 and not every:
        return t("No member has answered every quarter since {quarter}; {never} of {of} never", **counted)
    if n_quarters > 1 and every == of:
        return t("All {of} members have answered every quarter since {quarter}", **counted)
    sentence = "{n} of {of} members has answered every quarter since {quarter}, and each at least once"
    if n_quarters == 1:
        sentence = "{n} of {of} members has answered for {quarter}, the first quarter"
    elif never:
        sentence = "{n} of {of} members has answered every quarter since {quarter}; {never} never"
    return t.plural(sentence, every, **counted)


def caption_calendar(report: Report) -> phrases.Caption:
    """Return the caption of the calendar of responses."""
    t, calendar = report.t, replies.select_calendar(report.tables)
    shares, since = calendar.groupby("member")["answered"].mean(), calendar["quarter"].min()
    every, never = (list(shares[shares == share].index) for share in (1, 0))
    counts = {"every": len(every), "never": len(never), "of": len(shares)}
    title = _describe_calendar(**counts, n_quarters=calendar["quarter"].nunique(), since=since, t=t)
    regions = []
    for region in read_plan().regions:
        answered = calendar[calendar["region"] == region]["answered"]
        value = t.rate(int(answered.sum()), len(answered))
        regions.append(t("{what}: {value}", what=t.region(region), value=value))
    lists = {"every": t.enumerated(every), "never": t.enumerated(never), "regions": t.joined(regions)}
    subtitle = (
        "Accepted returns by member and quarter, each at its own first cut-off (quarter end + 45 days); a member has "
        "no cell before it joined"
    )
    alt = (
        "Calendar of responses by member and quarter. Answered every quarter: {every}. Never: {never}. Quarters "
        "answered, of those asked, by region: {regions}."
    )
    return {
        "title": Sentence(title, Claim("calendar", report.quarter, since=since, values=counts)),
        "subtitle": t(subtitle),
        "n": t("{n} returns expected", n=len(calendar)),
        "alt": t(alt, **lists),
    }
