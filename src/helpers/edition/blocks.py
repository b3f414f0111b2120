"""The blocks an edition is made of, and how each shows itself in JupyterLab as it will in the PDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

import pandas as pd

from helpers.charts import STATUS_COLOURS
from helpers.words import SYMBOLS, Chip


@dataclass(frozen=True)
class Picture:
    """A small drawing in a table's cell, with its alternative text; `width` in millimetres.

    `words` say the same in short where its row and column are seen already, as in a spreadsheet.
    """

    svg: str = field(repr=False)
    alt: str
    width: float = 22
    words: str = ""


@dataclass(frozen=True)
class Two:
    """A cell of two lines: the figure, and what it is made of."""

    strong: str
    more: str

    def __str__(self) -> str:
        return f"{self.strong} {self.more}".strip()


@dataclass(frozen=True)
class Shade:
    """A cell tinted by the quartile band its value lies in, 0 (lowest) to 3: position at a glance, never a rank."""

    text: str
    band: int

    def __str__(self) -> str:
        return self.text


Cell = str | float | int | Chip | Picture | Two | Shade | None


@dataclass(frozen=True)
class Sheet:
    """A frame ready to be set: relative widths, right-aligned columns, the column whose values head groups of rows.

    `figures` are the columns, besides the right-aligned ones, in which a number is a figure and never a code.
    """

    frame: pd.DataFrame
    widths: Sequence[float] = ()
    right: Sequence[str] = ()
    figures: Sequence[str] = ()
    group: str = ""
    size: float = 8.5
    pad: float = 2.6
    middle: bool = False
    wide: float = 0  # millimetres that it may reach into each margin
    beside: int = 1  # how many parts of it stand side by side

    @property
    def columns(self) -> list[str]:
        """The columns that are printed, in order."""
        return [name for name in self.frame.columns if name != self.group]

    def is_right(self, name: str) -> bool:
        """Tell whether a column is set at the right: one that was named, or where none was, one of numbers."""
        return name in self.right if self.right else pd.api.types.is_numeric_dtype(self.frame[name])

    def is_figure(self, name: str) -> bool:
        """Tell whether a number in a column is a figure, which a workbook may hold as a number."""
        return self.is_right(name) or name in self.figures


@dataclass(frozen=True)
class Tile:
    """A headline: value, change on the last quarter, proposed target, status, who is behind it."""

    label: str
    value: str
    detail: str
    change: str
    target: str
    chip: Chip
    behind: str


@dataclass(eq=False)
class Block:
    """One block of the report; JupyterLab shows what the PDF will."""

    kind: str
    data: Mapping[str, object] = field(repr=False)
    picture: str = field(default="", repr=False)

    def __repr__(self) -> str:
        number = f" {self.data['number']}" if "number" in self.data else ""
        title = self.data.get("title") or self.data.get("text") or ""
        return f"{self.kind}{number}: {title}" if title else self.kind

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        shown = {"text/plain": repr(self)}
        if self.picture:
            return shown | {"image/svg+xml": self.picture}
        return shown | {"text/html": html} if (html := self.as_html()) else shown

    def as_html(self) -> str:
        """Return the block as HTML: the same cells and words, every text escaped."""
        show = _SHOWN.get(self.kind)
        return show(self.data) if show else ""


# --- as HTML ----------------------------------------------------------------------------------------------------


def _lines(text: object) -> str:
    return escape(str(text)).replace("\n", "<br>")


def _chip(chip: Mapping[str, object]) -> str:
    fill, ink = STATUS_COLOURS[chip["status"]]
    fill, ink = ("#FFFFFF", "#1B2733") if chip["hollow"] else (fill, ink)
    edge = STATUS_COLOURS[chip["status"]][0] if chip["status"] != "not_assessable" else "#595959"
    remark = f" <i>{_lines(chip['remark'])}</i>" if chip["remark"] else ""
    style = f"background:{fill};color:{ink};border:1px solid {edge};border-radius:3px;padding:0 4px"
    return f'<span style="{style}">{SYMBOLS[chip["status"]]} {_lines(chip["word"])}</span>{remark}'


def _cell(cell: object) -> str:
    if not isinstance(cell, Mapping):
        return _lines(cell)
    if "status" in cell:
        return _chip(cell)
    if "band" in cell:
        return _lines(cell["text"])
    if "svg" in cell:
        return f'<span title="{escape(str(cell["alt"]))}">~</span>'
    return f"<b>{_lines(cell['strong'])}</b><br>{_lines(cell['more'])}"


def _row(row: Mapping[str, object], columns: int) -> str:
    if "group" in row:
        return f'<tr><th colspan="{columns}" style="text-align:left">{_lines(row["group"])}</th></tr>'
    cells = "".join(f'<td style="text-align:left">{_cell(cell)}</td>' for cell in row["cells"])
    return f"<tr>{cells}</tr>"


def _table(data: Mapping[str, object]) -> str:
    head = "".join(f'<th style="text-align:left">{_lines(name)}</th>' for name in data["columns"])
    body = "\n".join(_row(row, len(data["columns"])) for row in data["rows"])
    under = "<br>".join(_lines(data[name]) for name in ("n", "note", "source") if data[name])
    title = f"<b>{data['number']} · {_lines(data['title'])}</b><br>{_lines(data['subtitle'])}"
    table = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"
    return f"<div>{title}{table}<small>{under}</small></div>"


def _heading(data: Mapping[str, object]) -> str:
    kicker = f"<small>{_lines(data['kicker'])}</small><br>" if data["kicker"] else ""
    return f"<h{data['level'] + 1}>{kicker}{_lines(data['text'])}</h{data['level'] + 1}>"


def _tile(tile: Mapping[str, object]) -> str:
    said = "<br>".join(_lines(tile[name]) for name in ("change", "target", "behind"))
    figure = f"<big>{_lines(tile['value'])}</big> {_lines(tile['detail'])}"
    return f"<td><b>{_lines(tile['label'])}</b><br>{figure}<br>{said}<br>{_chip(tile['chip'])}</td>"


def _pairs(pairs: Sequence[Sequence[str]]) -> str:
    return "<br>".join(f"<b>{_lines(name)}</b> {_lines(value)}" for name, value in pairs)


_SHOWN = {
    "cover": lambda d: (
        f"<h1>{_lines(d['title'])}</h1>{_lines(d['quarter'])}, {_lines(d['months'])} ({_lines(d['label'])})<br>"
        f"{_pairs([*d['box'], *d['facts']])}"
    ),
    "contents": lambda d: f"<b>{_lines(d['title'])}</b><br>" + "<br>".join(_lines(note) for note in d["notes"]),
    "heading": _heading,
    "text": lambda d: f"<p>{_lines(d['text'])}</p>",
    "note": lambda d: f"<blockquote><b>{_lines(d['label'])}</b><br>{_lines(d['text'])}</blockquote>",
    "points": lambda d: "<ol>" + "".join(f"<li>{_lines(item)}</li>" for item in d["items"]) + "</ol>",
    "tiles": lambda d: "<table><tr>" + "".join(_tile(tile) for tile in d["tiles"]) + "</tr></table>",
    "head": lambda d: (
        f"<h1>{_lines(d['title'])}</h1>{_lines(d['subtitle'])}<br>{'<br>'.join(_lines(fact) for fact in d['facts'])}"
    ),
    "actions": lambda d: (
        f"<b>{_lines(d['title'])}</b><ul>" + "".join(f"<li>{_lines(item)}</li>" for item in d["items"]) + "</ul>"
        f"<b>{_lines(d['blank'])}</b>"
    ),
    "legend": lambda d: " ".join(_chip(chip) for chip in d["chips"]) + "<br>" + _pairs(d["marks"]),
    "table": _table,
}
