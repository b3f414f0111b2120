"""Blocks and cells as HTML, in JupyterLab's output and in the page, from the same templates (blocks.html.jinja)."""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from html import escape
from itertools import repeat
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.runtime import Macro
from markupsafe import Markup

from helpers.i18n import terms
from helpers.report.look import BANDS, DARK, PALETTE, STATUS_COLOURS
from helpers.speech import say

BLOCKS = "blocks.html.jinja"
PALE_STATUSES = ("on_track", "at_risk", "not_assessable")  # their fill is so near to white that it needs an outline
Data = Mapping[str, object]
SortKeys = tuple[str, Iterable[str | None]]  # of a column: how it is sorted, and by which key of each cell


def as_html(text: object) -> str:
    """Return a text as HTML: escaped, with its line breaks; where a long word may break becomes `<wbr>`."""
    return escape(str(text)).replace("\n", "<br>").replace("\u200b", "<wbr>")


def as_attribute(text: object) -> str:
    """Return a text as an attribute's value: escaped, on one line."""
    return escape(str(text)).replace("\n", " ").replace("\u200b", "")


def digest_source(text: str) -> str:
    """Return the digest by which a page's Content-Security-Policy lets a style or script in."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def load_templates() -> Environment:
    """Return the templates. Whatever they print is escaped unless it is Markup, which only they themselves make."""
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        finalize=lambda value: value if isinstance(value, Markup) else Markup(as_html(value)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters["one_line"] = lambda text: Markup(as_attribute(text))
    templates.globals |= {"badge_style": badge_style, "group_rows": group_rows, "digest": digest_source}
    templates.globals |= {"symbols": terms.SYMBOLS, "dark": DARK}
    return templates


def badge_style(status: str, is_hollow: bool) -> str:
    """Return a status's colours as CSS: filled, or hollow because non-response could change it."""
    fill, text = STATUS_COLOURS[status]
    edge = STATUS_COLOURS["not_assessable"][1] if status in PALE_STATUSES else fill
    if is_hollow:
        fill, text = "#FFFFFF", PALETTE["ink"] if status in PALE_STATUSES else fill
    return f"background:{fill};color:{text};border:{2 if is_hollow else 1}px solid {edge}"


class NotebookView:
    """How blocks look in JupyterLab: elements bring their own style, and nothing links to another part."""

    is_page = False
    styles: Mapping[str, str] = {  # by role: the CSS that an element needs where there is no stylesheet
        "start": "text-align:left",  # JupyterLab aligns every cell at the right
        "tiles": "display:flex;gap:1em;list-style:none;padding:0",
        "tile": "flex:1",
        "mark": "margin-right:1em",
        **{f"band-{n}": f"background:{colour}" for n, colour in enumerate(BANDS)},
        **{
            f"badge {status}{hollow}": f"{badge_style(status, bool(hollow))};border-radius:3px;padding:0 4px"
            for status in STATUS_COLOURS
            for hollow in ("", " hollow")
        },
    }

    def look(self, *roles: str) -> Markup:
        """Return the attribute that styles an element of these roles; blank where it needs none."""
        style = ";".join(self.styles[role] for role in roles if role in self.styles)
        return Markup(' style="{}"').format(style) if style else Markup("")

    def sort_keys(self, table: Data) -> list[SortKeys]:
        """Return how each of a table's columns is sorted: not at all."""
        return [("", repeat(None)) for _ in table["columns"]]

    @cached_property
    def macros(self) -> Mapping[str, Macro]:
        """The templates of blocks and cells, by name, as they are rendered in this view."""
        names = {"view": self, "look": self.look, "show": lambda cell: Markup(render_cell(cell, self))}
        module = load_templates().get_template(BLOCKS).make_module(names)
        return {name: macro for name, macro in sorted(vars(module).items()) if isinstance(macro, Macro)}


NOTEBOOK = NotebookView()


def group_rows(table: Data, columns: Sequence[SortKeys]) -> list[tuple[object, list[list[tuple]]]]:
    """Return a table's rows of (cell, sort key) under the name of their group, None for those before the first."""
    groups: list[tuple[object, list[list[tuple]]]] = []
    keys = zip(*(keys for _, keys in columns), strict=True)
    for row in table["rows"]:
        if "group" in row or not groups:
            groups.append((row.get("group"), []))
        if "cells" in row:
            groups[-1][1].append(list(zip(row["cells"], next(keys), strict=True)))
    return groups


def render_cell(cell: object, view: NotebookView) -> str:
    """Return a cell as HTML: a text, or data with a key that names its kind. Raises ValueError for any other."""
    if not isinstance(cell, Mapping):
        return as_html(cell)
    kinds = [name.removeprefix("cell_") for name in view.macros if name.startswith("cell_")]
    if kind := next((kind for kind in kinds if kind in cell), ""):
        return str(view.macros[f"cell_{kind}"](cell))
    raise ValueError(say(
        "a cell of {keys} cannot be shown; it has one of {kinds}, or is a text: add a macro cell_<key> to "
        "report/html/{file}", keys=", ".join(cell), kinds=", ".join(kinds), file=BLOCKS,
    ))  # fmt: skip


def render_block(data: Data, view: NotebookView) -> str:
    """Return a block as HTML. Raises ValueError for a kind of block that has no template."""
    kind, name = data["kind"], f"block_{data['kind']}"
    if name not in view.macros:
        raise ValueError(say(
            "no template for a block of kind {kind!r}: add a macro {name} to report/html/{file}", kind=kind, name=name,
            file=BLOCKS,
        ))  # fmt: skip
    return str(view.macros[name](data))
