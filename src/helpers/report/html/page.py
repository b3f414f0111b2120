"""A report as one page for the screen: a file that needs no other, with the words and drawings of the PDF."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from helpers.i18n import Translator
from helpers.report import svg
from helpers.report.cells import Cell, Picture, order_of, text_of
from helpers.report.html import markup
from helpers.report.html.markup import Data, NotebookView, SortKeys

if TYPE_CHECKING:
    from helpers.report.blocks import Block

STYLESHEET, SCRIPT = Path(__file__).with_name("report.css"), Path(__file__).with_name("report.js")


class PageView(NotebookView):
    """How blocks look in the page: with classes, their drawings inside, and names that links lead to."""

    is_page = True

    def __init__(self, document: Data, blocks: Sequence[Block], folder: Path) -> None:
        self.folder, self.words, self.parts = folder, document["words"], _split_parts(document["blocks"])
        self.n_drawings = 0
        self.tables = {block.data["number"]: block.table for block in blocks if block.table and not block.in_workbook}
        self.t = t = Translator(str(document["language"]))
        self.texts = {"contents": t("Contents"), "alt": t("Description of the figure"), "skip": t("Skip to the report")}
        self.sort_messages = {  # the page's script fills in {column}
            "ascending": t("Sorted by {column}, lowest first", column="{column}"),
            "descending": t("Sorted by {column}, highest first", column="{column}"),
            "none": t("In the original order"),
        }

    def look(self, *roles: str) -> Markup:
        """Return the attribute with an element's classes; `start` has none, as it is the page's default."""
        names = " ".join(role for role in roles if role not in ("", "start"))
        return Markup(' class="{}"').format(names) if names else Markup("")

    def draw(self, name: str, alt: str) -> Markup:
        """Return a drawing as a part of the page, whose letters can be searched; `alt` says what it shows."""
        self.n_drawings += 1  # its names must not be those of another drawing
        drawn = svg.name_apart((self.folder / name).read_text(encoding="utf-8"), f"d{self.n_drawings}-")
        return Markup(drawn.replace("<svg", f'<svg role="img" aria-label="{markup.as_attribute(alt)}"', 1).strip())

    def data_uri(self, name: str) -> str:
        """Return a picture from elsewhere as a URI that holds it: what is in it cannot act in the page."""
        return f"data:image/svg+xml;base64,{base64.b64encode((self.folder / name).read_bytes()).decode()}"

    def has_statuses(self, table: Data) -> bool:
        """Tell whether a table has statuses: on a telephone its rows are cards, so that none lies off the screen."""
        return any(
            isinstance(cell, Mapping) and "status" in cell for row in table["rows"] for cell in row.get("cells", ())
        )

    def sort_keys(self, table: Data) -> list[SortKeys]:
        """Return how each of a table's columns is sorted, and by what."""
        rows = [row for row in self.tables[table["number"]].body if not isinstance(row, str)]
        return [order_column([row[place] for row in rows], self.t) for place in range(len(table["columns"]))]


def order_column(cells: Sequence[Cell], t: Translator) -> tuple[str, list[str | None]]:
    """Return how a column is sorted (`number`, `text`, or blank: not at all), and the sort key of each cell.

    It is sorted as numbers if most cells have one, marks (no data, not applicable) left aside; cells without a number
    get a blank key, which sorts last in both directions. None: the cell is sorted by the text it shows.
    """
    if len(cells) < 2 or any(isinstance(cell, Picture) for cell in cells):
        return "", [None] * len(cells)
    marks = ("", "–", "(C)", t.missing, t.not_applicable)
    is_mark = [text_of(cell, t) in marks for cell in cells]
    orders = [None if blank else order_of(cell) for cell, blank in zip(cells, is_mark, strict=True)]
    if 2 * sum(order is not None for order in orders) <= is_mark.count(False):
        return "text", ["" if blank else None for blank in is_mark]
    return "number", ["" if order is None else f"{order:.10g}" for order in orders]


def _split_parts(blocks: Sequence[Data]) -> list[dict[str, object]]:
    """Return the page's parts: the cover, the contents, then one for each heading of level 1."""
    parts: list[list[Data]] = []
    for block in blocks:
        if not parts or block["kind"] == "contents" or (block["kind"] == "heading" and block["level"] == 1):
            parts.append([])
        parts[-1].append(block)
    return [{"name": f"part-{n}", "first": part[0], "blocks": part} for n, part in enumerate(parts)]


def render_page(document: Data, blocks: Sequence[Block], folder: Path) -> str:
    """Return a document as one HTML text. Raises ValueError for a kind of block that has no template."""
    view, templates = PageView(document, blocks, folder), markup.load_templates()
    stylesheet, script = (Markup(path.read_text(encoding="utf-8")) for path in (STYLESHEET, SCRIPT))
    fonts = Markup(svg.embed_fonts(document["rtl"]))
    style = templates.get_template("style.css.jinja").render(document=document, stylesheet=stylesheet, fonts=fonts)
    names = {"view": view, "look": view.look, "document": document, "script": script}
    names["render"] = lambda block: Markup(markup.render_block(block, view))
    return templates.get_template("page.html.jinja").render(names, style=Markup(style))


def write_page(document: Data, blocks: Sequence[Block], path: Path) -> None:
    """Write a document's page beside its drawings; it holds them, so it can be moved away alone."""
    path.write_text(render_page(document, blocks, path.parent), encoding="utf-8", newline="\n")
