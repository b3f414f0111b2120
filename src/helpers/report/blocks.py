"""The parts of a document: figures and tables with their words, and blocks, shown in JupyterLab as in the PDF."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from helpers.i18n import Badge, Translator
from helpers.report.cells import Cell, Number, as_data
from helpers.report.svg import stand_alone
from helpers.speech import say
from helpers.tables import Claim

# matplotlib, Typst and templates take long to load: only what draws or shows asks for them.
if TYPE_CHECKING:
    from helpers.report.drawing import Drawing


class Sentence(str):
    """A sentence, and the claims that it is rendered from; as text it is like any other."""

    claims: tuple[Claim, ...]

    def __new__(cls, text: str, *claims: Claim) -> Sentence:
        """Return a text with its claims."""
        sentence = super().__new__(cls, text)
        sentence.claims = claims
        return sentence


@dataclass(frozen=True)
class ReportFigure:
    """A figure and its words: finding, measure, who is behind it, and the alternative text made from its data.

    Of the drawing only its SVG, the same bytes each time, and its width in millimetres are kept: a drawing of
    matplotlib's holds megabytes.
    """

    drawing: InitVar[Drawing]
    title: str
    alt: str
    subtitle: str = ""
    n: str = ""
    note: str = ""
    source: str | None = None  # None: the members' returns
    svg: str = field(init=False, repr=False)
    width: float = field(init=False)

    def __post_init__(self, drawing: Drawing) -> None:
        from helpers.report.drawing import draw_svg

        if not self.alt.strip():
            raise ValueError(
                say("figure {title!r} has no alternative text; say in words what its data show", title=self.title)
            )
        object.__setattr__(self, "svg", draw_svg(drawing))
        object.__setattr__(self, "width", 25.4 * drawing.get_figwidth())

    @cached_property
    def png(self) -> bytes:
        """The drawing as a small picture, for the eye; its strokes are guarded by the digest of the SVG."""
        from helpers.report.pdf.typeset import draw_picture

        return draw_picture(self.svg)

    @property
    def whole_svg(self) -> str:
        """The drawing with the fonts of its letters, to be shown or kept apart from the report."""
        return stand_alone(self.svg)

    @property
    def summary(self) -> str:
        """What the picture is for those who hear it: its finding, and its kind. `alt` says all that it shows."""
        kind = re.split(r"[.:](?=\s|$)", self.alt.removeprefix(self.title).lstrip(" .:"))[0].rstrip()
        return f"{self.title}. {kind}." if kind else self.title

    def describe(self) -> str:
        """Return the figure as text that can be compared: title, alternative text, digest of the SVG."""
        return f"{self.title}\n{self.alt}\nSVG sha256 {hashlib.sha256(self.svg.encode()).hexdigest()}"

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        return {"text/plain": self.describe(), "image/png": self.png}


@dataclass(frozen=True)
class Column:
    """A column of a table: its head, its relative width, the cell that it takes from an item, how cells are aligned."""

    head: str
    width: float
    value: Callable[[object], Cell]
    align: str = "start"  # or "end"


@dataclass(frozen=True)
class Table:
    """A table and its words: one row per item, each column taking its cell from the item.

    `group` names the group that heads an item's row, and `named_by` is the column whose cells name it to those who
    hear the table. `whole` keeps it on one page with the legend that follows;
    `reserve` millimetres of that page are left to what stands above it.
    """

    items: Sequence[object]
    columns: Sequence[Column]
    title: str
    subtitle: str = ""
    n: str = ""
    note: str = ""
    source: str | None = None  # None: the members' returns
    group: Callable[[object], str] | None = None
    named_by: int = 0
    size: float = 8.5
    pad: float = 2.6
    middle: bool = False
    wide: float = 0  # millimetres that it may reach into each margin
    beside: int = 1  # how many parts of it are set side by side
    whole: bool = False
    reserve: float = 24

    @classmethod
    def of(cls, frame: pd.DataFrame, title: str, **words: object) -> Table:
        """Make a table of a frame: columns of equal width, numbers at the right."""
        columns = [_plain_column(place, name, frame.dtypes.iloc[place]) for place, name in enumerate(frame.columns)]
        return cls(list(frame.itertuples(index=False, name=None)), columns, title, **words)

    @cached_property
    def body(self) -> tuple[str | tuple[Cell, ...], ...]:
        """The rows in order: a text heads a group, all others are cells in the order of the columns."""
        body: list[str | tuple[Cell, ...]] = []
        for name, items in itertools.groupby(self.items, self.group or (lambda item: None)):
            body += [name] if self.group else []
            body += [tuple(column.value(item) for column in self.columns) for item in items]
        return tuple(body)


def _plain_column(place: int, name: object, dtype: object) -> Column:
    """Return the column of a table that shows a column of a frame; its cells are taken by their place in the row."""
    if not pd.api.types.is_numeric_dtype(dtype):
        return Column(str(name), 1, lambda row: "" if row[place] is None else str(row[place]))

    def number(row: tuple) -> Number:
        return Number(row[place], decimals=0 if pd.isna(row[place]) or float(row[place]).is_integer() else 1)

    return Column(str(name), 1, number, "end")


def cell_as_html(cell: Cell, t: Translator) -> str:
    """Return a cell of words or figures as HTML, as JupyterLab shows it, every text escaped."""
    from helpers.report.html.markup import NOTEBOOK, render_cell

    return render_cell(as_data(cell, t), NOTEBOOK)


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
    """One block of a document, as plain data; JupyterLab shows what the PDF will."""

    kind: str
    data: Mapping[str, object] = field(repr=False)
    table: Table | None = field(default=None, repr=False)
    figure: ReportFigure | None = field(default=None, repr=False)
    in_workbook: bool = field(default=False, repr=False)  # and not on the pages

    def __repr__(self) -> str:
        number = f" {self.data['number']}" if "number" in self.data else ""
        title = self.data.get("title") or self.data.get("text") or ""
        return f"{self.kind}{number}: {title}" if title else self.kind

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        if self.figure:
            text = f"{self.kind} {self.data['number']}: {self.figure.describe()}"
            return {"text/plain": text, "image/png": self.figure.png}
        shown = {"text/plain": repr(self)}
        return shown | {"text/html": html} if (html := self.as_html()) else shown

    def as_html(self) -> str:
        """Return the block as HTML: the same cells and words, every text escaped."""
        from helpers.report.html.markup import NOTEBOOK, render_block

        return render_block(self.data, NOTEBOOK) if self.data else ""
