"""The blocks of an edition as HTML, one set of functions for the page and for JupyterLab: data is never markup."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape

from helpers.i18n import terms
from helpers.report.look import BANDS, PALETTE, STATUS_COLOURS

_OUTLINE = STATUS_COLOURS["not_assessable"][1]
PALE_STATUSES = ("on_track", "at_risk", "not_assessable")  # their fill is too near to white to end by itself

Data = Mapping[str, object]


def as_html(text: object) -> str:
    """Return a text as HTML, its lines apart, every letter of it a letter.

    A place to fold is no letter: as one it would be in the way of whoever searches or copies.
    """
    return escape(str(text)).replace("\n", "<br>").replace("\u200b", "<wbr>")


def as_attribute(text: object) -> str:
    """Return a text as an attribute's value, on one line."""
    return escape(str(text)).replace("\n", " ").replace("\u200b", "")


def badge_style(status: str, hollow: bool, statuses: Mapping[str, Sequence[str]], ink: str) -> str:
    """Return the colours of a status as style: filled, or hollow because non-response could change it."""
    fill, text = statuses[status]
    edge = _OUTLINE if status in PALE_STATUSES else fill
    if hollow:
        fill, text = "#FFFFFF", ink if status in PALE_STATUSES else fill
    return f"background:{fill};color:{text};border:{2 if hollow else 1}px solid {edge}"


def _styles() -> dict[str, str]:
    """Return what an element needs of style where there is no page around it, by its role."""
    badges = {
        " ".join(("badge", status, *(["hollow"] if hollow else []))): badge_style(
            status, hollow, STATUS_COLOURS, PALETTE["ink"]
        )
        + ";border-radius:3px;padding:0 4px"
        for status in STATUS_COLOURS
        for hollow in (False, True)
    }
    bands = {f"band-{n}": f"background:{colour}" for n, colour in enumerate(BANDS)}
    return {
        **badges,
        **bands,
        "start": "text-align:left",  # JupyterLab sets every cell to the right
        "tiles": "display:flex;gap:1em;list-style:none;padding:0",
        "tile": "flex:1",
        "mark": "margin-right:1em",
    }


class NotebookView:
    """How a block stands in JupyterLab: alone, so it brings its own style, and nothing points to it."""

    styles: Mapping[str, str] = _styles()

    def look(self, *roles: str) -> str:
        """Return the attribute that gives an element of these roles its looks."""
        style = ";".join(self.styles[role] for role in roles if role in self.styles)
        return f' style="{style}"' if style else ""

    def name(self, kind: str, number: object) -> str:
        """Return the attribute by which others point to a table or figure."""
        return ""

    def counted(self, kind: str, number: object) -> str:
        """Return the number of a table or figure as its caption has it."""
        return f"{as_html(number)} ·"

    def led(self, name: str, text: object) -> str:
        """Return a text with the word that leads it: who, note, source, proposed target."""
        return as_html(text)

    def draw(self, picture: Data) -> str:
        """Return a drawing in the line of a text."""
        return f'<span title="{as_attribute(picture["alt"])}">~</span>'

    def describe(self, alt: object) -> str:
        """Return a drawing's alternative text for those who see it too."""
        return ""

    def frame(self, kind: str, number: object, inside: str) -> str:
        """Return a table or drawing in what it can be moved in where the page is narrow."""
        return inside

    def columns(self, widths: Sequence[float]) -> str:
        """Return what tells a table the widths of its columns."""
        return ""

    def order(self, number: object, place: int, rows: int) -> tuple[str, list[str]]:
        """Return, for a column of a table, the attributes of its head and cells that say how rows are sorted by it."""
        return "", [""] * rows

    def entries(self) -> str:
        """Return the table of contents' entries."""
        return ""

    def motif(self, tiles: Sequence[Sequence[object]]) -> str:
        """Return the cover's drawing."""
        return ""


# --- cells ------------------------------------------------------------------------------------------------------


def _badge(badge: Data, at: NotebookView) -> str:
    role = f"badge {badge['status']}" + (" hollow" if badge["hollow"] else "")
    said = f" <i{at.look('remark')}>{as_html(badge['remark'])}</i>" if badge["remark"] else ""
    symbol = f'<span aria-hidden="true">{terms.SYMBOLS[badge["status"]]}</span>'
    return f"<span{at.look(role)}>{symbol} {as_html(badge['word'])}</span>{said}"


def _two(cell: Data, at: NotebookView) -> str:
    more = f"<br><span{at.look('more')}>{as_html(cell['more'])}</span>" if cell["more"] else ""
    return f"<b>{as_html(cell['strong'])}</b>{more}"


def render_cell(cell: object, at: NotebookView) -> str:
    """Return what stands in a cell: a text, a status, a drawing, two lines, or a text on a tint."""
    if not isinstance(cell, Mapping):
        return as_html(cell)
    shows: dict[str, Callable[[], str]] = {
        "status": lambda: _badge(cell, at),
        "svg": lambda: at.draw(cell),
        "strong": lambda: _two(cell, at),
        "band": lambda: as_html(cell["text"]),
    }
    for key, show in shows.items():
        if key in cell:
            return show()
    raise ValueError(f"a cell of {', '.join(cell)} cannot be shown; it has one of {', '.join(shows)}, or is a text")


def _roles(cell: object, side: str) -> list[str]:
    return [side, f"band-{cell['band']}"] if isinstance(cell, Mapping) and "band" in cell else [side]


# --- tables and figures -----------------------------------------------------------------------------------------


def _caption(data: Data, at: NotebookView) -> str:
    count = f"<span{at.look('count')}>{at.counted(str(data['kind']), data['number'])}</span>"
    title = f"<div{at.look('title')}>{count} <b>{as_html(data['title'])}</b></div>"
    return title + (f"<div{at.look('subtitle')}>{as_html(data['subtitle'])}</div>" if data["subtitle"] else "")


def _under(data: Data, at: NotebookView) -> str:
    said = "<br>".join(at.led(name, data[name]) for name in ("n", "note", "source") if data[name])
    return f"<p{at.look('under')}><small>{said}</small></p>" if said else ""


def _groups(rows: Sequence[Data]) -> list[tuple[object, list[Sequence[object]]]]:
    """Return the rows under the group that heads them; None heads those before the first."""
    groups: list[tuple[object, list[Sequence[object]]]] = []
    for row in rows:
        if "group" in row:
            groups.append((row["group"], []))
        elif not groups:
            groups.append((None, []))
        if "cells" in row:
            groups[-1][1].append(row["cells"])
    return groups


def _row(cells: Sequence[object], sides: Sequence[str], keys: Sequence[str], at: NotebookView) -> str:
    shown = []
    for place, (cell, side, key) in enumerate(zip(cells, sides, keys, strict=True)):
        # The first cell names its row to those who hear the table; an empty name would be none.
        tag, scope = ("th", ' scope="row"') if place == 0 and cell != "" else ("td", "")
        shown.append(f"<{tag}{scope}{key}{at.look(*_roles(cell, side))}>{render_cell(cell, at)}</{tag}>")
    return f"<tr>{''.join(shown)}</tr>"


def _body(group: object, rows: Sequence[str], columns: int, at: NotebookView) -> str:
    if group is None:
        head = ""
    elif rows:
        scope = f'colspan="{columns}" scope="rowgroup"{at.look("start")}'
        head = f"<tr{at.look('group')}><th {scope}><span>{as_html(group)}</span></th></tr>\n"
    else:
        head = f'<tr><td colspan="{columns}"{at.look("start")}>{as_html(group)}</td></tr>\n'
    return "<tbody>\n" + head + "".join(f"{row}\n" for row in rows) + "</tbody>"


def _head(columns: Sequence[object], sides: Sequence[str], orders: Sequence[str], at: NotebookView) -> str:
    if not any(columns):
        return ""
    heads = (
        f'<th scope="col"{order}{at.look(side)}>{as_html(name)}</th>' if name else "<td></td>"
        for name, side, order in zip(columns, sides, orders, strict=True)
    )
    return f"<thead><tr>{''.join(heads)}</tr></thead>\n"


def _bodies(data: Data, sides: Sequence[str], keys: Iterator[Sequence[str]], at: NotebookView) -> str:
    return "\n".join(
        _body(group, [_row(cells, sides, next(keys), at) for cells in rows], len(sides), at)
        for group, rows in _groups(data["rows"])
    )


def _table(data: Data, at: NotebookView) -> str:
    sides = ["end" if right else "start" for right in data["right"]]
    n_rows = sum("cells" in row for row in data["rows"])
    orders = [at.order(data["number"], place, n_rows) for place in range(len(sides))]
    head = _head(data["columns"], sides, [order for order, _ in orders], at)
    bodies = _bodies(data, sides, zip(*(keys for _, keys in orders), strict=True), at)
    caption = f"<caption{at.look('start')}>{_caption(data, at)}</caption>"
    looks = at.look(*_width(len(sides)), *(["whole"] if not data["breakable"] else []))
    table = f"<table{looks}>\n{caption}\n{at.columns(data['widths'])}{head}{bodies}\n</table>"
    shown = at.frame("table", data["number"], table)
    return f"<div{at.name('table', data['number'])}{at.look('sheet')}>{shown}{_under(data, at)}</div>"


def _width(columns: int) -> list[str]:
    return ["many"] if columns >= 7 else ["some"] if columns >= 4 else []


def _figure(data: Data, at: NotebookView) -> str:
    drawing = at.frame("figure", data["number"], at.draw(data))
    caption = f"<figcaption>{_caption(data, at)}</figcaption>"
    under = _under(data, at) + at.describe(data["alt"])
    return f"<figure{at.name('figure', data['number'])}>{caption}{drawing}{under}</figure>"


# --- other blocks -----------------------------------------------------------------------------------------------


def _pairs(pairs: Sequence[Sequence[object]], role: str, at: NotebookView) -> str:
    said = "".join(f"<div><dt>{as_html(name)}</dt><dd>{as_html(text)}</dd></div>" for name, text in pairs)
    return f"<dl{at.look(role)}>{said}</dl>" if pairs else ""


def _cover(data: Data, at: NotebookView) -> str:
    said = [f"<p{at.look('union')}>{as_html(data['union'])}</p><h1>{as_html(data['title'])}</h1>"]
    said += [f"<p{at.look(name)}>{as_html(data[name])}</p>" for name in ("subtitle", "quarter", "months")]
    labels = [f"<span{at.look(name)}>{as_html(data[name])}</span>" for name in ("label", "unofficial") if data[name]]
    front = f"<div{at.look('words')}>{''.join(said)}<p{at.look('labels')}>{' '.join(labels)}</p></div>"
    pairs = _pairs(data["box"], "box", at) + _pairs(data["facts"], "facts", at)
    return f"<div{at.look('front')}>{front}{at.motif(data['tiles'])}</div>\n<div{at.look('desk')}>{pairs}</div>"


def _head_of_brief(data: Data, at: NotebookView) -> str:
    unofficial = f" <span{at.look('unofficial')}>{as_html(data['unofficial'])}</span>" if data["unofficial"] else ""
    facts = "".join(f"<p>{as_html(fact)}</p>" for fact in data["facts"])
    said = f"<p{at.look('union')}>{as_html(data['union'])}{unofficial}</p><h1>{as_html(data['title'])}</h1>"
    return f"<div{at.look('front')}>{said}<p{at.look('quarter')}>{as_html(data['subtitle'])}</p>{facts}</div>"


def _actions(data: Data, at: NotebookView) -> str:
    asked = "".join(f"<li>{as_html(item)}</li>" for item in data["items"])
    agreed = f"<p{at.look('agreed')}>{as_html(data['blank'])}</p>"
    return f"<div{at.look('actions')}><p><b>{as_html(data['title'])}</b></p><ul>{asked}</ul>{agreed}</div>"


def _contents(data: Data, at: NotebookView) -> str:
    first, *notes = data["notes"]
    said = "".join(f"<p>{as_html(note)}</p>" for note in notes)
    reading = f"<div{at.look('reading')}><p><b>{as_html(first)}</b></p>{said}</div>"
    return f"<h2>{as_html(data['title'])}</h2>{at.entries()}{reading}"


def _heading(data: Data, at: NotebookView) -> str:
    kicker = f"<small>{as_html(data['kicker'])}</small><br>" if data["kicker"] else ""
    reference = f"<p{at.look('reference')}>{as_html(data['reference'])}</p>" if data["reference"] else ""
    return f"<h{data['level'] + 1}>{kicker}{as_html(data['text'])}</h{data['level'] + 1}>{reference}"


def _text(data: Data, at: NotebookView) -> str:
    return f"<p{at.look('lead') if data['lead'] else ''}>{as_html(data['text'])}</p>"


def _points(data: Data, at: NotebookView) -> str:
    return f"<ol{at.look('points')}>{''.join(f'<li>{as_html(item)}</li>' for item in data['items'])}</ol>"


def _note(data: Data, at: NotebookView) -> str:
    return f"<blockquote{at.look('note')}><b>{as_html(data['label'])}</b><br>{as_html(data['text'])}</blockquote>"


def _tile(tile: Data, at: NotebookView) -> str:
    said = [
        f"<b>{as_html(tile['label'])}</b>",
        f"<big>{as_html(tile['value'])}</big> {as_html(tile['detail'])}",
        as_html(tile["change"]),
        f"{at.led('proposed-target', tile['target'])} {_badge(tile['badge'], at)}",
        f"<small>{as_html(tile['behind'])} <span{at.look('reference')}>{as_html(tile['reference'])}</span></small>",
    ]
    return f"<li{at.look('tile')}>{''.join(f'<p>{one}</p>' for one in said)}</li>"


def _tiles(data: Data, at: NotebookView) -> str:
    return f"<ul{at.look('tiles')}>{''.join(_tile(tile, at) for tile in data['tiles'])}</ul>"


def _mark(mark: object, meaning: object, role: str, at: NotebookView) -> str:
    return f"<span{at.look('mark')}><b{at.look(role) if role else ''}>{as_html(mark)}</b> {as_html(meaning)}</span>"


def _legend(data: Data, at: NotebookView) -> str:
    badges = [f"<span{at.look('mark')}>{_badge(badge, at)}</span>" for badge in (*data["badges"], data["hollow"])]
    marks = [_mark(*pair, "hatched" if pair[0] == data["hatched"] else "", at) for pair in data["marks"]]
    return f"<p{at.look('legend')}>{' '.join(badges)}</p>\n<p{at.look('legend')}>{' '.join(marks)}</p>"


_SHOWN: dict[str, Callable[[Data, NotebookView], str]] = {
    "cover": _cover,
    "head": _head_of_brief,
    "contents": _contents,
    "heading": _heading,
    "text": _text,
    "points": _points,
    "tiles": _tiles,
    "legend": _legend,
    "actions": _actions,
    "note": _note,
    "table": _table,
    "figure": _figure,
}


def render_block(data: Data, at: NotebookView) -> str:
    """Return a block as HTML where it stands: alone, or in the page.

    Raises ValueError for a kind of block that has no markup.
    """
    if data["kind"] not in _SHOWN:
        raise ValueError(f"no markup for a block of kind {data['kind']!r}; add one to edition/markup.py")
    return _SHOWN[data["kind"]](data, at)
