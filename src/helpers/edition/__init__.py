"""An edition: its blocks, its tables, and the report that Typst makes of them."""

from helpers.edition.blocks import Block, Picture, Shade, Sheet, Tile, Two
from helpers.edition.edition import Edition
from helpers.edition.texts import printable, read_edition_text
from helpers.edition.typesetting import Rendered, draw_pages

__all__ = [
    "Block",
    "Edition",
    "Picture",
    "Rendered",
    "Shade",
    "Sheet",
    "Tile",
    "Two",
    "draw_pages",
    "printable",
    "read_edition_text",
]
