"""Markup: each kind of block and cell as HTML, as JupyterLab shows it; no text of the data ever becomes markup."""

from __future__ import annotations

import re

import pytest
from jinja2 import UndefinedError

from helpers.i18n.formats import Translator
from helpers.report.blocks import Block
from helpers.report.html.markup import (
    NotebookView,
    as_attribute,
    as_html,
    load_templates,
    render_block,
    render_cell,
)  # fmt: skip
from helpers.report.look import BANDS, PALETTE

BADGE = vars(Translator("en").status("off_track", False))


def table(rows: list[dict], columns: tuple[str, ...] = ("KPI", "Value")) -> Block:
    """Return a table of text columns, the second aligned at its end."""
    words = {"title": "T", "subtitle": "", "note": "", "n": "", "source": "S"}
    looks = {"right": [False, True][: len(columns)], "widths": [1] * len(columns), "breakable": True, "named_by": 0}
    return Block("table", {"kind": "table", "number": 3, "columns": list(columns), "rows": rows, **words, **looks})


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("<b>&", "&lt;b&gt;&amp;"),
        ("a\nb", "a<br>b"),
        ({"strong": "7", "more": "of <9>"}, "<b>7</b><br><span>of &lt;9&gt;</span>"),
        ({"strong": "7", "more": ""}, "<b>7</b>"),
        ({"text": "4 < 5", "band": 1}, "4 &lt; 5"),
        ({"svg": "x.svg", "alt": 'a "b"', "width": 9}, '<span title="a &quot;b&quot;">~</span>'),
    ],
)
def test_every_text_of_a_cell_is_escaped(cell, shown):
    assert render_cell(cell, NotebookView()) == shown


def test_a_status_brings_its_colours_symbol_and_word_and_hollow_says_why():
    shown = render_cell(BADGE, NotebookView())
    assert "background:#FFFFFF;color:#A3320B;border:2px solid #A3320B" in shown
    assert '<span aria-hidden="true">▼</span> Off track' in shown and "<i>to be confirmed: missing data</i>" in shown


def test_a_kind_of_cell_without_template_is_refused():
    with pytest.raises(
        ValueError, match="a cell of colour cannot be shown; it has one of band, status, strong, svg, or is a text"
    ):
        render_cell({"colour": "red"}, NotebookView())


def test_a_kind_of_block_without_template_is_refused_with_what_to_add_where():
    with pytest.raises(ValueError, match="'carousel': add a macro block_carousel to report/html/blocks.html.jinja"):
        render_block({"kind": "carousel"}, NotebookView())
    assert Block("nothing", {}).as_html() == ""


def test_a_table_has_a_caption_and_every_head_its_scope():
    shown = table(
        [{"group": "1 <Theme>"}, {"cells": ["1.1.a", "7"]}, {"group": "2"}, {"cells": ["2.1.a", "8"]}]
    ).as_html()
    assert shown.count("<tbody>") == 2 and "<caption" in shown
    assert 'colspan="2" scope="rowgroup" style="text-align:left"><span>1 &lt;Theme&gt;</span></th>' in shown
    assert '<th scope="row" style="text-align:left">1.1.a</th><td>7</td>' in shown
    assert '<th scope="col" style="text-align:left">KPI</th><th scope="col">Value</th>' in shown


def test_an_empty_table_says_so_in_a_row_and_has_no_empty_head():
    shown = table([{"group": "nothing to report"}], ("",)).as_html()
    assert "<thead>" not in shown and "rowgroup" not in shown and ">nothing to report</td>" in shown


def test_a_shaded_cell_brings_its_tint_and_every_tint_keeps_the_text_readable():
    shaded = table([{"cells": ["a", {"text": "9", "band": 3}]}]).as_html()
    assert f'<td style="background:{BANDS[3]}">9</td>' in shaded
    assert all(contrast(PALETTE["ink"], colour) > 7 for colour in BANDS)


def test_what_is_asked_next_is_a_list_beside_a_place_for_what_is_agreed():
    data = {"kind": "actions", "title": "Next", "items": ["Send <it>."], "blank": "Agreed"}
    assert "<ul><li>Send &lt;it&gt;.</li></ul><p>Agreed</p>" in compact(render_block(data, NotebookView()))


def test_where_a_word_may_break_is_not_a_character():
    assert render_cell("data/\u200braw", NotebookView()) == as_html("data/\u200braw") == "data/<wbr>raw"
    assert as_attribute('"data/\u200braw"\nhere') == "&quot;data/raw&quot; here"


def test_markup_that_others_join_texts_to_is_not_escaped_by_them():
    cell, block = render_cell({"strong": "7", "more": ""}, NotebookView()), {"kind": "text", "text": "a", "lead": False}
    assert "<td>" + cell + render_block(block, NotebookView()) + "</td>" == "<td><b>7</b><p>a</p></td>"


def test_a_template_that_asks_for_what_a_block_has_not_fails():
    with pytest.raises(UndefinedError, match="lead"):
        render_block({"kind": "text", "text": "a"}, NotebookView())


def test_whatever_a_template_prints_is_escaped_once():
    template = load_templates().from_string("{{ a }} <b title='{{ a | one_line }}'>{{ a ~ 1 }}</b>")
    assert template.render(a="<\n&") == "&lt;<br>&amp; <b title='&lt; &amp;'>&lt;<br>&amp;1</b>"


def compact(html: str) -> str:
    """Return HTML without the white space between elements."""
    return re.sub(r">\s+<", "><", html)


def contrast(ink: str, ground: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, pale = sorted((light(ink), light(ground)))
    return (pale + 0.05) / (dark + 0.05)
