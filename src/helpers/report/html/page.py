"""The edition as one page for the screen: whole in itself, the same words and drawings as the PDF, no other file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.i18n import Translator
from helpers.report.html.markup import Data, NotebookView, as_attribute, as_html, badge_style, render_block
from helpers.report.html.order import order_column

if TYPE_CHECKING:
    from helpers.report.blocks import Block

STYLESHEET, SCRIPT = Path(__file__).with_name("report.css"), Path(__file__).with_name("report.js")
PIXELS = 96 / 25.4  # in a millimetre
UNSTYLED_ROLES = ("start",)  # roles that every element without a class has
# What is said when a table is sorted, by the way it is sorted: the page's script fills in {column}.
SORT_MESSAGES = {
    "ascending": "Sorted by {column}, lowest first",
    "descending": "Sorted by {column}, highest first",
    "none": "In the original order",
}


def _link(part: int) -> str:
    return f"part-{part}"


def _starts(block: Data) -> bool:
    return block["kind"] == "contents" or (block["kind"] == "heading" and block["level"] == 1)


def _parts(blocks: Sequence[Data]) -> list[list[Data]]:
    """Return the blocks by part: the cover, the contents, then one part for each heading of level 1."""
    parts: list[list[Data]] = []
    for block in blocks:
        if _starts(block) or not parts:
            parts.append([])
        parts[-1].append(block)
    return parts


class PageView(NotebookView):
    """How a block stands in the page: its looks are classes, its drawings are within, others point to it by name."""

    def __init__(self, document: Data, blocks: Sequence[Block], folder: Path) -> None:
        self.document, self.folder = document, folder
        self.tables = {block.data["number"]: block.table for block in blocks if block.table}
        self.t = Translator(str(document["language"]))
        self.parts = _parts(document["blocks"])

    def look(self, *roles: str) -> str:
        """Return the element's classes."""
        names = " ".join(role for role in roles if role not in UNSTYLED_ROLES)
        return f' class="{names}"' if names else ""

    def name(self, kind: str, number: object) -> str:
        """Return the id of a table or figure."""
        return f' id="{kind}-{number}"'

    def counted(self, kind: str, number: object) -> str:
        """Return `Table 3`, as the PDF has it."""
        return f"{as_html(self.document['words'][kind])} {as_html(number)}"

    def led(self, name: str, text: object) -> str:
        """Return a text behind its bold word."""
        return f"<b>{as_html(self.document['words'][name])}</b>{as_html(text)}"

    def draw(self, picture: Data) -> str:
        """Return a drawing as an image within the page.

        A data URI keeps the ids within one drawing apart from those of the others.
        """
        drawn = base64.b64encode((self.folder / str(picture["svg"])).read_bytes()).decode()
        alt, width = as_attribute(picture["alt"]), round(picture["width"] * PIXELS)
        return f'<img src="data:image/svg+xml;base64,{drawn}" alt="{alt}" width="{width}">'

    def describe(self, alt: object) -> str:
        """Return the alternative text, to be opened."""
        return (
            f"<details><summary>{as_html(self.t('Description of the figure'))}</summary><p>{as_html(alt)}</p></details>"
        )

    def frame(self, kind: str, number: object, inside: str) -> str:
        """Return a table or drawing in a part of its own that can be moved by keys: the page itself never is."""
        label = f'aria-label="{as_attribute(self.document["words"][kind])} {as_attribute(number)}"'
        return f'<div class="frame" tabindex="0" role="region" {label}>{inside}</div>'

    def columns(self, widths: Sequence[float]) -> str:
        """Return the columns, each with the class of its width."""
        classes = "".join(f'<col class="w-{width}">' for width in _percentages(widths))
        return f"<colgroup>{classes}</colgroup>\n"

    def order(self, number: object, place: int, rows: int) -> tuple[str, list[str]]:
        """Return the attributes that the page's script sorts rows by."""
        cells = [row[place] for row in self.tables[number].body if not isinstance(row, str)]
        kind, keys = order_column(cells, self.t)
        head = f' data-sort="{kind}"' if kind else ""
        return head, ["" if key is None else f' data-sort="{key}"' for key in keys]

    def entries(self) -> str:
        """Return the links to the parts."""
        links = "".join(self._entry(n, part[0]) for n, part in enumerate(self.parts) if part[0]["kind"] == "heading")
        return f'<nav aria-label="{as_attribute(self.t("Contents"))}"><ol>{links}</ol></nav>'

    def _entry(self, part: int, heading: Data) -> str:
        kicker = f"<small>{as_html(heading['kicker'])}</small> " if heading["kicker"] else ""
        return f'<li><a href="#{_link(part)}">{kicker}<span>{as_html(heading["text"])}</span></a></li>'

    def motif(self, tiles: Sequence[Sequence[object]]) -> str:
        """Return the tiles of the members, an ornament that says nothing."""
        drawn = "".join(
            f'<rect{self.look("lit") if on else ""} x="{(column - 3) * 93}" y="{(row - 1) * 77}" rx="8"/>'
            for row, column, on in tiles
        )
        return f'<svg class="motif" viewBox="0 0 930 770" aria-hidden="true">{drawn}</svg>'

    # --- the page around the blocks ---

    @cached_property
    def style(self) -> str:
        """The sheet of styles, its colours those of the document."""
        palette, statuses = self.document["palette"], self.document["statuses"]
        root = ";".join(f"--{name}:{colour}" for name, colour in palette.items())
        badges = [
            f".badge.{status}{'.hollow' * hollow}{{{badge_style(status, hollow, statuses, palette['ink'])}}}"
            for status in statuses
            for hollow in (False, True)
        ]
        bands = [f".band-{n}{{background:{colour}}}" for n, colour in enumerate(self.document["bands"])]
        tables = [block for block in self.document["blocks"] if block["kind"] == "table"]
        used = sorted({width for table in tables for width in _percentages(table["widths"])})
        widths = [f".w-{width}{{inline-size:{width}%}}" for width in used]
        return "\n".join([f":root{{{root}}}", STYLESHEET.read_text(encoding="utf-8"), *badges, *bands, *widths])

    @cached_property
    def script(self) -> str:
        """The script that sorts tables; without it they are plain."""
        return SCRIPT.read_text(encoding="utf-8")

    def head(self) -> Iterator[str]:
        """Return the lines of the page's head; the policy lets nothing in but what is in the page."""
        t, document = self.t, self.document
        policy = (
            f"default-src 'none'; style-src {_digest(self.style)}; script-src {_digest(self.script)}; "
            "img-src data:; base-uri 'none'; form-action 'none'"
        )
        yield '<meta charset="utf-8">'
        yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
        yield '<meta name="color-scheme" content="light">'
        yield f"<title>{as_attribute(document['title'])}</title>"
        yield f'<meta name="description" content="{as_attribute(t.joined([document["subtitle"], document["foot"]]))}">'
        yield f'<meta name="author" content="{as_attribute(document["author"])}">'
        yield '<link rel="icon" href="data:,">'
        yield f"<style>{self.style}</style>"

    def top(self) -> Iterator[str]:
        """Return the lines of what stays on top: where one is, the way to the contents, that the data are invented."""
        contents = next((n for n, part in enumerate(self.parts) if part[0]["kind"] == "contents"), None)
        yield f'<a class="skip" href="#report">{as_html(self.t("Skip to the report"))}</a>'
        yield '<header class="top">'
        if self.document["sample"]:
            yield f'<p class="sample">{as_html(self.document["sample_words"])}</p>'
        yield f'<div class="bar"><a href="#report">{as_html(self.document["running"])}</a>'
        yield '<span class="here" aria-hidden="true"></span>'
        if contents is not None:
            yield f'<a href="#{_link(contents)}">{as_html(self.t("Contents"))}</a>'
        yield "</div>\n</header>"

    def section(self, number: int, blocks: Sequence[Data]) -> str:
        """Return one part of the report."""
        first = blocks[0]
        leaf = ["leaf"] if first["kind"] == "contents" or first.get("page") else []
        shown = "\n".join(render_block(block, self) for block in blocks)
        return f'<section id="{_link(number)}"{self.look(str(first["kind"]), *leaf)}>\n{shown}\n</section>'

    def body(self) -> Iterator[str]:
        """Return the lines of the page's body."""
        said = " ".join(
            f'data-{way}="{as_attribute(self.t(text, column="{column}"))}"' for way, text in SORT_MESSAGES.items()
        )
        yield f"<body {said}>"
        yield from self.top()
        yield '<main id="report" tabindex="-1">'
        yield from (self.section(n, blocks) for n, blocks in enumerate(self.parts))
        yield f'</main>\n<footer><p>{as_html(self.document["foot"])}</p><p id="said" role="status"></p></footer>'
        yield f"<script>{self.script}</script>\n</body>"


def _percentages(widths: Sequence[float]) -> list[int]:
    return [round(100 * width / sum(widths)) for width in widths]


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def render_page(document: Mapping[str, object], blocks: Sequence[Block], folder: Path) -> str:
    """Return an edition as one HTML text that needs nothing else, from what Typst is given and the drawings' folder.

    Raises ValueError for a kind of block that has no markup.
    """
    page = PageView(document, blocks, folder)
    direction = "rtl" if page.t.is_rtl else "ltr"
    looks = page.look("sampled") if document["sample"] else ""
    opened = f'<!DOCTYPE html>\n<html lang="{document["language"]}" dir="{direction}"{looks}>\n<head>'
    return "\n".join([opened, *page.head(), "</head>", *page.body(), "</html>"]) + "\n"


def write_page(document: Mapping[str, object], blocks: Sequence[Block], path: Path) -> None:
    """Write an edition's page beside its drawings; they are within it, so it may be moved away from them."""
    path.write_text(render_page(document, blocks, path.parent), encoding="utf-8", newline="\n")
