"""Markup: each kind of block and cell as HTML, alone in JupyterLab; every letter of the data is a letter."""

from __future__ import annotations

import pytest

from helpers.i18n.formats import Translator
from helpers.report.blocks import Block
from helpers.report.html.markup import NotebookView, render_block, render_cell
from helpers.report.look import BANDS, PALETTE

CHIP = vars(Translator("en").status("off_track", False))


def table(rows: list[dict], columns: tuple[str, ...] = ("KPI", "Value")) -> Block:
    """Return a table of text columns, the second to the right."""
    words = {"title": "T", "subtitle": "", "note": "", "n": "", "source": "S"}
    looks = {"right": [False, True][: len(columns)], "widths": [1] * len(columns), "breakable": True}
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
def test_a_cell_is_shown_with_every_letter_a_letter(cell, shown):
    assert render_cell(cell, NotebookView()) == shown


def test_a_status_brings_its_colours_symbol_and_word_and_hollow_says_why():
    shown = render_cell(CHIP, NotebookView())
    assert "background:#FFFFFF;color:#A3320B;border:2px solid #A3320B" in shown
    assert '<span aria-hidden="true">▼</span> Off track' in shown and "<i>depends on non-response</i>" in shown


def test_what_no_cell_is_is_refused():
    with pytest.raises(ValueError, match="a cell of colour cannot be shown; it has one of status, svg, strong, band"):
        render_cell({"colour": "red"}, NotebookView())


def test_a_kind_of_block_without_markup_is_refused():
    with pytest.raises(ValueError, match="no markup for a block of kind 'carousel'"):
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
    assert "<ul><li>Send &lt;it&gt;.</li></ul><p>Agreed</p>" in render_block(data, NotebookView())


def test_a_place_to_fold_is_not_a_letter():
    assert render_cell("data/\u200braw", NotebookView()) == "data/<wbr>raw"


def contrast(ink: str, ground: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, pale = sorted((light(ink), light(ground)))
    return (pale + 0.05) / (dark + 0.05)
