"""The blocks an edition is made of, and how each shows itself in JupyterLab as it will in the PDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from helpers.i18n import Badge
from helpers.report.html.markup import NotebookView, render_block


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
class TwoLines:
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


Cell = str | float | int | Badge | Picture | TwoLines | Shade | None


@dataclass(frozen=True)
class Table:
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
class HeadlineTile:
    """A headline: value, change on the last quarter, proposed target, status, who is behind it, and its reference."""

    label: str
    value: str
    detail: str
    change: str
    target: str
    badge: Badge
    behind: str
    reference: str = ""


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
        return render_block(self.data, NotebookView()) if self.data else ""
